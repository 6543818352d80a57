//! Clinical Document Architecture R2: check-ups (特定健診等) and clinical documents (診療情報提供書, 電子処方箋).

use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};

/// What stands around a document.
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

/// 特定健診, 特定保健指導, 後期高齢者 and other check-ups.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checkup;

impl Mapper for Checkup {
    fn version(&self) -> &str {
        "checkup-cda/1"
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

/// 診療情報提供書, 退院時サマリー, 電子処方箋, 調剤結果.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clinical;

impl Mapper for Clinical {
    fn version(&self) -> &str {
        "clinical-cda/1"
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
