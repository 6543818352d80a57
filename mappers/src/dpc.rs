//! DPC data of a hospital (DPC データ): 様式1 (stays) and EF 統合ファイル (what was done).
//!
//! Both are tables of tab-separated rows, many rows for each stay; a stay is a unit. The データ識別番号 is the patient's
//! number at the hospital and goes to the identity zone only; doctors' codes are never read. Layouts: the survey's
//! manual (DPC の評価・検証等に係る調査 実施説明資料), editions 2014 to 2026.

mod cover;
mod ef;
mod file;
mod form1;
mod items;
mod reader;
mod rules;

use compact_str::CompactString;
use musubi_model::Rule;
use musubi_model::code::Masters;

use crate::coverage::Covered;
use crate::text::{self, Encoding};
use crate::{Document, MappedUnit, Mapper, Split, UnitContext, UnitSlice};
use file::Form;

/// What a DPC file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Encoding of the whole file.
    pub encoding: Encoding,
    /// Tab, or comma in files that were exported again.
    pub separator: u8,
    /// Where the EF columns stand, when a heading says so; empty: as the manual orders them.
    pub columns: Vec<u16>,
    /// Survey month of the file name, `YYYYMM`; may be empty.
    pub month: CompactString,
    /// Day of delivery, when a folder of the path names one, `YYYYMMDD`.
    pub delivered: CompactString,
    /// 外来 EF (`EFg_…`): birth date and day of visit stand where discharge and admission do.
    pub outpatient: bool,
    /// Which run of the same stay's rows: 0, or more when they do not stand together.
    pub piece: u32,
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

/// The frame a unit stands under.
fn frame<'s>(split: &'s Split, unit: &UnitSlice) -> Option<&'s Frame> {
    match usize::try_from(unit.context).ok().and_then(|at| split.contexts.get(at)) {
        Some(UnitContext::Dpc(frame)) => Some(frame),
        _ => None,
    }
}

/// A unit of which nothing is known; only a defect of ours makes one.
fn nothing(unit: &UnitSlice) -> MappedUnit {
    MappedUnit {
        demographics: musubi_model::Demographics::default(),
        facts: Vec::new(),
        findings: Vec::new(),
        records: unit.records.clone(),
        version: None,
        master_version: CompactString::default(),
    }
}

fn show(bytes: &[u8]) -> String {
    let encoding = text::detect(bytes).unwrap_or(Encoding::ShiftJis);
    text::decode(encoding, bytes).into_owned()
}

/// DPC 様式1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Form1;

impl Mapper for Form1 {
    fn version(&self) -> &str {
        "dpc-form1/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        file::begins(document, file::is_form1)
    }

    fn split(&self, document: &Document<'_>) -> Split {
        file::split(document, Form::Form1)
    }

    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit {
        frame(split, unit).map_or_else(|| nothing(unit), |frame| form1::map(document, frame, unit, masters))
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}

/// DPC EF 統合ファイル.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ef;

impl Mapper for Ef {
    fn version(&self) -> &str {
        "dpc-ef/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        file::begins(document, file::is_ef)
    }

    fn split(&self, document: &Document<'_>) -> Split {
        file::split(document, Form::Ef)
    }

    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit {
        frame(split, unit).map_or_else(|| nothing(unit), |frame| ef::map(document, frame, unit, masters))
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}
