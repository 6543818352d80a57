//! DPC data of a hospital (DPC データ): 様式1 (stays) and EF 統合ファイル (what was done).

use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};

/// What a DPC file says of itself.
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

/// DPC 様式1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Form1;

impl Mapper for Form1 {
    fn version(&self) -> &str {
        "dpc-form1/1"
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

/// DPC EF 統合ファイル.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ef;

impl Mapper for Ef {
    fn version(&self) -> &str {
        "dpc-ef/1"
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
