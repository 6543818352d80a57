//! The code masters as one receipt asks them: the edition of each is asked once, and remembered when used.

use compact_str::CompactString;
use musubi_model::code::{MasterEntry, Masters};
use musubi_model::{CodeSystem, PartialDate};

/// A receipt master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Book {
    Disease,
    Modifier,
    Procedure,
    Drug,
    Material,
    Comment,
}

impl Book {
    pub(super) const fn system(self) -> CodeSystem {
        match self {
            Self::Disease => CodeSystem::ReceiptDisease,
            Self::Modifier => CodeSystem::ReceiptModifier,
            Self::Procedure => CodeSystem::ReceiptProcedure,
            Self::Drug => CodeSystem::ReceiptDrug,
            Self::Material => CodeSystem::ReceiptMaterial,
            Self::Comment => CodeSystem::ReceiptComment,
        }
    }
}

#[derive(Debug, Clone, Default)]
enum Edition {
    #[default]
    NotAsked,
    NotLoaded,
    Loaded(CompactString),
}

/// What a master said.
#[derive(Debug)]
pub(super) enum Answer {
    /// No master of that system is loaded.
    NoMaster,
    /// The code is not in this edition.
    Unknown(CompactString),
    /// Its row.
    Known(MasterEntry),
}

pub(super) struct Books<'m> {
    masters: &'m dyn Masters,
    /// The month of care.
    pub on: Option<PartialDate>,
    editions: [Edition; 6],
}

impl<'m> Books<'m> {
    pub(super) fn new(masters: &'m dyn Masters) -> Self {
        Self { masters, on: None, editions: Default::default() }
    }

    pub(super) fn ask(&mut self, book: Book, code: &str) -> Answer {
        let Some(edition) = self.editions.get_mut(book as usize) else { return Answer::NoMaster };
        if matches!(edition, Edition::NotAsked) {
            *edition = match self.masters.edition(&book.system(), self.on) {
                Some(name) => Edition::Loaded(name),
                None => Edition::NotLoaded,
            };
        }
        let Edition::Loaded(name) = edition else { return Answer::NoMaster };
        match self.masters.look_up(&book.system(), code, self.on) {
            Some(entry) => Answer::Known(entry),
            None => Answer::Unknown(name.clone()),
        }
    }

    /// `RECE-B 20240601, RECE-S 20240601`: the editions that were asked; empty when none is loaded.
    pub(super) fn used(&self) -> CompactString {
        let mut out = CompactString::default();
        let books =
            [Book::Disease, Book::Modifier, Book::Procedure, Book::Drug, Book::Material, Book::Comment];
        for (book, edition) in books.into_iter().zip(&self.editions) {
            if let Edition::Loaded(name) = edition {
                if !out.is_empty() {
                    out.push_str(", ");
                }
                out.push_str(book.system().as_str());
                out.push(' ');
                out.push_str(name);
            }
        }
        out
    }
}
