//! Receipts beside the medical one (レセプト): DPC, dental, dispensing, home nursing.

use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};

/// What stands above a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {}

/// The rules of this module.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    &[]
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static Covered> {
    Vec::new()
}

/// The mapper of one kind of receipt.
#[derive(Debug, Clone, Copy, Default)]
pub struct Receipts {}

impl Mapper for Receipts {
    fn version(&self) -> &str {
        "receipt/1"
    }

    fn split(&self, _: &Document<'_>) -> Split {
        todo!()
    }

    fn map(&self, _: &Document<'_>, _: &Split, _: &UnitSlice, _: &dyn Masters) -> MappedUnit {
        todo!()
    }

    fn show(&self, _: &[u8]) -> String {
        todo!()
    }
}

impl Receipts {
    /// DPC レセプト.
    pub const DPC: Self = Self {};
    /// 歯科レセプト.
    pub const DENTAL: Self = Self {};
    /// 調剤レセプト.
    pub const DISPENSING: Self = Self {};
    /// 訪問看護レセプト.
    pub const NURSING: Self = Self {};
}
