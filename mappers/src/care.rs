//! Long-term care (介護): claims, certification, LIFE, care plans.

use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};

/// What stands around a record.
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

/// 介護給付費請求.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claim;

impl Mapper for Claim {
    fn version(&self) -> &str {
        "care-claim/1"
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

/// 要介護認定.
#[derive(Debug, Clone, Copy, Default)]
pub struct Certification;

impl Mapper for Certification {
    fn version(&self) -> &str {
        "care-certification/1"
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

/// LIFE.
#[derive(Debug, Clone, Copy, Default)]
pub struct Life;

impl Mapper for Life {
    fn version(&self) -> &str {
        "care-life/1"
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

/// ケアプラン標準.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan;

impl Mapper for Plan {
    fn version(&self) -> &str {
        "care-plan/1"
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
