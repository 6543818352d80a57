//! Long-term care (介護): claims, certification, LIFE, care plans.
//!
//! Four formats of rows, each with its own mapper: [`Claim`], [`Certification`], [`Life`], [`Plan`]. Which field stands
//! where and what becomes of it is data (`care/*.tsv`). Numbers of insured persons, names, care managers, staff and
//! free text never enter a fact. Source: formats.md §4.

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::{PartialDate, Rule};

use crate::coverage::Covered;
use crate::text::{self, Encoding};
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};

mod certification;
mod claim;
mod covered;
mod life;
mod plan;
mod rules;
mod sheet;
mod work;

/// What stands around a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    encoding: Encoding,
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    /// A claim: month of processing of its control record; how often the same rows came before in the file.
    Claim { processing: Option<PartialDate>, occurrence: u32 },
    /// Certification: the item of each column (`None`: not interpreted), by headings or by an interface code, of the
    /// whole row or its head; and the column of each item.
    Survey { separator: u8, columns: Vec<Option<u16>>, places: Vec<Option<u16>>, named: bool, whole: bool },
    /// LIFE: the interface, its columns, and the first column of each class.
    Life { interface: CompactString, columns: Vec<life::Column>, places: life::Places, time: CompactString },
    /// A table of a care plan: which one, from whom to whom and when by the file's name, how often the same person
    /// came before in the file.
    Plan { table: u8, route: CompactString, time: CompactString, occurrence: u32 },
}

/// The rules of this module.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    rules::rules()
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static Covered> {
    covered::all()
}

/// Text of one record, whatever its encoding.
fn show(bytes: &[u8]) -> String {
    let encoding = text::detect(bytes).unwrap_or(Encoding::ShiftJis);
    text::decode(encoding, bytes).into_owned()
}

macro_rules! mapper {
    ($(#[$doc:meta])* $name:ident $version:literal $module:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        impl Mapper for $name {
            fn version(&self) -> &str {
                $version
            }

            fn recognises(&self, document: &Document<'_>) -> bool {
                $module::recognises(document)
            }

            fn split(&self, document: &Document<'_>) -> Split {
                $module::split(document)
            }

            fn map(
                &self,
                document: &Document<'_>,
                split: &Split,
                unit: &UnitSlice,
                masters: &dyn Masters,
            ) -> MappedUnit {
                $module::map(document, split, unit, masters)
            }

            fn show(&self, bytes: &[u8]) -> String {
                show(bytes)
            }
        }
    };
}

mapper! {
    /// 介護給付費請求 (7111, 71xx), 計画費 (812x), 給付管理票 (82xx).
    Claim "care-claim/1" claim
}
mapper! {
    /// 要介護認定 data of the certification software.
    Certification "care-certification/1" certification
}
mapper! {
    /// LIFE (科学的介護情報システム), the 21 interfaces of 2021, and later ones as far as their fields are known.
    Life "care-life/1" life
}
mapper! {
    /// ケアプラン標準仕様: tables 1, 2, 3, 6, 7, the supplement and the deletions.
    Plan "care-plan/1" plan
}
