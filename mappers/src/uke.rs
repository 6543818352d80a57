//! Receipts (レセプト電算処理): the claim of one institution for one patient and month. Here stands what all kinds have
//! in common and the medical kind (医科, RECEIPTC.UKE); the other kinds are in [`crate::receipt`].
//!
//! [`UkeMedical`] cuts a file into receipts and turns each into facts. Source: formats.md §2 (記録条件仕様 医科用).
//! It never repairs a value silently, never normalises a text and never puts an identifying number into a fact.

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::{PartialDate, Rule};

use crate::{Document, MappedUnit, Mapper, Split, UnitSlice};

pub(crate) mod book;
pub(crate) mod claim;
mod coverage;
mod disease;
pub(crate) mod encoding;
pub(crate) mod line;
pub(crate) mod map;
pub(crate) mod number;
mod payer;
pub(crate) mod person;
pub(crate) mod rules;
mod sink;
pub(crate) mod sniff;
pub(crate) mod spec;
pub(crate) mod split;

pub use encoding::{TextEncoding, decode};

/// The institution record (医療機関情報, IR) above a receipt, and how its file is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Institution {
    /// Who examines and pays (審査支払機関): 1 支払基金, 2 国保連.
    pub payer_organisation: CompactString,
    /// Prefecture (都道府県), JIS X 0401.
    pub prefecture: CompactString,
    /// Fee table (点数表): 1 medical.
    pub fee_table: CompactString,
    /// Institution code (医療機関コード), 7 digits.
    pub code: CompactString,
    /// Month of billing (請求年月), when it could be read.
    pub billing_month: Option<PartialDate>,
    /// Encoding of the whole file.
    pub encoding: TextEncoding,
    /// Every line has three leading columns (保険者側の形式).
    pub prefixed: bool,
    /// The file is one of returned receipts (返戻, HI … HG).
    pub returned: bool,
}

/// The mapper of 医科 receipts.
#[derive(Debug, Clone, Copy, Default)]
pub struct UkeMedical;

/// The rules of this format, for the catalogue of findings.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    rules::rules()
}

impl Mapper for UkeMedical {
    fn version(&self) -> &str {
        spec::MEDICAL.version
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        sniff::kind_of(document.bytes) == Some(spec::ReceiptKind::Medical)
    }

    fn split(&self, document: &Document<'_>) -> Split {
        split::split(&spec::MEDICAL, document)
    }

    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit {
        map::map(&spec::MEDICAL, document, split, unit, masters)
    }

    fn show(&self, bytes: &[u8]) -> String {
        encoding::show(bytes)
    }
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static crate::coverage::Covered> {
    coverage::coverage()
}
