//! The code masters as one receipt asks them: the edition of each is asked once, and remembered when used.

use compact_str::CompactString;
use musubi_model::code::{MasterEntry, Masters};
use musubi_model::{CodeSystem, PartialDate};

/// A receipt master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Book {
    Disease,
    Modifier,
    Procedure,
    Drug,
    Material,
    Comment,
    Dental,
    DentalAddition,
    Dispensing,
    Nursing,
}

impl Book {
    pub(crate) const fn system(self) -> CodeSystem {
        match self {
            Self::Disease => CodeSystem::ReceiptDisease,
            Self::Modifier => CodeSystem::ReceiptModifier,
            Self::Procedure => CodeSystem::ReceiptProcedure,
            Self::Drug => CodeSystem::ReceiptDrug,
            Self::Material => CodeSystem::ReceiptMaterial,
            Self::Comment => CodeSystem::ReceiptComment,
            Self::Dental => CodeSystem::ReceiptDental,
            Self::DentalAddition => CodeSystem::ReceiptDentalAddition,
            Self::Dispensing => CodeSystem::ReceiptDispensing,
            Self::Nursing => CodeSystem::ReceiptNursing,
        }
    }
}

/// All of them, in the order of the variants.
const ALL: [Book; 10] = [
    Book::Disease,
    Book::Modifier,
    Book::Procedure,
    Book::Drug,
    Book::Material,
    Book::Comment,
    Book::Dental,
    Book::DentalAddition,
    Book::Dispensing,
    Book::Nursing,
];

#[derive(Debug, Clone, Default)]
enum Edition {
    #[default]
    NotAsked,
    NotLoaded,
    Loaded(CompactString),
}

/// What a master said.
#[derive(Debug)]
pub(crate) enum Answer {
    /// No master of that system is loaded.
    NoMaster,
    /// The code is not in this edition.
    Unknown(CompactString),
    /// Its row.
    Known(MasterEntry),
}

pub(crate) struct Books<'m> {
    masters: &'m dyn Masters,
    /// The month of care.
    pub on: Option<PartialDate>,
    editions: [Edition; ALL.len()],
}

impl<'m> Books<'m> {
    pub(crate) fn new(masters: &'m dyn Masters) -> Self {
        Self { masters, on: None, editions: Default::default() }
    }

    pub(crate) fn ask(&mut self, book: Book, code: &str) -> Answer {
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
    pub(crate) fn used(&self) -> CompactString {
        let mut out = CompactString::default();
        for (book, edition) in ALL.into_iter().zip(&self.editions) {
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
