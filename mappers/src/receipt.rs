//! Receipts beside the medical one (レセプト): DPC, dental, dispensing, home nursing.
//!
//! All of them are read by the machinery of [`crate::uke`]; here stand their columns and their own records. Sources:
//! formats.md §2.5–2.8; where it has no positions, the column order of the same records in the national database, and
//! the published 記録条件仕様 as others wrote them out. Positions that are not verified are marked `[M]` beside them.
//! No name, number or text of a person, doctor or nurse ever enters a fact.

use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::uke::spec::Spec;
use crate::uke::{encoding, map, sniff, split};
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};

mod coverage;
mod dental;
pub(crate) mod dispensing;
pub(crate) mod dpc;
mod nursing;
pub(crate) mod rules;
mod value;

/// What stands above a receipt: the same as above a medical one.
pub type Frame = crate::uke::Institution;

/// The rules of this module.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    rules::rules()
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static Covered> {
    coverage::coverage()
}

/// The mapper of one kind of receipt.
#[derive(Debug, Clone, Copy)]
pub struct Receipts(&'static Spec);

impl Mapper for Receipts {
    fn version(&self) -> &str {
        self.0.version
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        sniff::kind_of(document.bytes) == Some(self.0.kind)
    }

    fn split(&self, document: &Document<'_>) -> Split {
        split::split(self.0, document)
    }

    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit {
        map::map(self.0, document, split, unit, masters)
    }

    fn show(&self, bytes: &[u8]) -> String {
        encoding::show(bytes)
    }
}

impl Receipts {
    /// DPC レセプト.
    pub const DPC: Self = Self(&dpc::SPEC);
    /// 歯科レセプト.
    pub const DENTAL: Self = Self(&dental::SPEC);
    /// 調剤レセプト.
    pub const DISPENSING: Self = Self(&dispensing::SPEC);
    /// 訪問看護レセプト.
    pub const NURSING: Self = Self(&nursing::SPEC);
}
