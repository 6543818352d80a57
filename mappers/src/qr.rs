//! JAHIS QR records: 電子版お薬手帳 and 処方箋 QR.
//!
//! A document holds one record set after the other, each from its header (`JAHISTC08,1`, `JAHIS10`); a set is about one
//! patient and is a unit. Sets that were divided over several codes (record 911) are put together when they stand
//! together. Source of the records: the two JAHIS conventions, as summarised in formats.md §6.

mod cover;
mod line;
mod map;
mod notebook;
mod prescription;
mod reader;
mod rp;
mod rules;
mod split;

use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::text::{self, Encoding};
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};
use line::{Header, Lines};
use map::Standard;

/// What stands around a record set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Encoding of the whole document.
    pub encoding: Encoding,
}

/// The rules of this module.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    rules::rules()
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static Covered> {
    cover::rows()
}

/// 電子版お薬手帳.
#[derive(Debug, Clone, Copy, Default)]
pub struct Notebook;

/// 処方箋 QR.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prescription;

/// Does the document begin with the header of this standard?
fn begins_with(document: &Document<'_>, notebook: bool) -> bool {
    let first = Lines::new(document.bytes).next();
    first.and_then(|line| Header::read(line.bytes)).is_some_and(|header| header.notebook == notebook)
}

fn show(bytes: &[u8]) -> String {
    let encoding = text::detect(bytes).unwrap_or(Encoding::ShiftJis);
    text::decode(encoding, bytes).into_owned()
}

impl Mapper for Notebook {
    fn version(&self) -> &str {
        "medication-notebook/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        begins_with(document, true)
    }

    fn split(&self, document: &Document<'_>) -> Split {
        split::split(document)
    }

    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit {
        map::map(document, split, unit, masters, Standard::Notebook(notebook::Notebook::default()))
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}

impl Mapper for Prescription {
    fn version(&self) -> &str {
        "prescription-qr/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        begins_with(document, false)
    }

    fn split(&self, document: &Document<'_>) -> Split {
        split::split(document)
    }

    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit {
        map::map(
            document,
            split,
            unit,
            masters,
            Standard::Prescription(prescription::Prescription::default()),
        )
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}
