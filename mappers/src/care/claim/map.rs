//! One claim, fee or plan into facts: the walk over its rows.

use compact_str::{CompactString, format_compact};
use musubi_model::code::Masters;
use musubi_model::{CodeSystem, Coded, FactTable, PartialDate};
use rust_decimal::Decimal;

use super::check::Sums;
use super::layout::{Key, Layout};
use super::{Record, record_of};
use crate::care::sheet::{Cells, each_row, frame, unit_bytes};
use crate::care::work::{At, Work, key, month, sortable};
use crate::care::{Shape, rules};
use crate::text::Encoding;
use crate::{Document, MappedUnit, Split, UnitSlice, UnitVersion, VersionState};

/// A claim while it is read.
pub(super) struct Reader<'m> {
    pub work: Work<'m>,
    pub sums: Sums,
    /// Month of care.
    pub care: Option<PartialDate>,
    pub processing: Option<PartialDate>,
    occurrence: u32,
    has_basic: bool,
    head: bool,
    /// The first row does not tell whose it is: the rest would only make noise.
    unreadable: bool,
    cancelled: bool,
    unverified: bool,
    version: Option<UnitVersion>,
}

/// A row with its layout: fields by key.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a, 'r> {
    pub cells: Cells<'a, 'r>,
    pub layout: &'static Layout,
}

impl<'a> Fields<'a, '_> {
    /// The bytes of a field; empty when the record has none.
    pub(super) fn raw(&self, key: Key) -> &'a [u8] {
        self.layout.column(key).map_or(&b""[..], |at| self.cells.raw(at))
    }

    /// Where a field stands. A column past the end when the record has none: such a cell is blank.
    pub(super) fn at(&self, key: Key, name: &'static str) -> At {
        At(self.layout.column(key).unwrap_or(usize::MAX / 2), name)
    }

    /// The field `offset` places behind another.
    pub(super) fn behind(&self, key: Key, offset: usize, name: &'static str) -> At {
        let At(column, _) = self.at(key, name);
        At(column + offset, name)
    }
}

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let (encoding, processing, occurrence) = match frame(split, unit).map(|f| (f.encoding, &f.shape)) {
        Some((encoding, Shape::Claim { processing, occurrence })) => (encoding, *processing, *occurrence),
        _ => (Encoding::ShiftJis, None, 0),
    };
    let mut reader = Reader {
        work: Work::new(document, unit, masters),
        sums: Sums::default(),
        care: None,
        processing,
        occurrence,
        has_basic: false,
        head: false,
        unreadable: false,
        cancelled: false,
        unverified: false,
        version: None,
    };
    reader.work.expect_facts(unit, 4);
    let (bytes, start) = unit_bytes(document, unit);
    each_row(bytes, start, b',', document.limits.record_bytes_max, |row| {
        reader.row(document, Cells { bytes, row, encoding, shift: 0 });
    });
    reader.sums.close(&mut reader.work);
    let version = reader.version.take();
    reader.work.finish(version)
}

impl Reader<'_> {
    fn row(&mut self, document: &Document<'_>, cells: Cells<'_, '_>) {
        if cells.raw(0) != b"2" {
            self.work.take_up(document, &cells, "??");
            let found = format!("{} 項目の行", cells.len());
            self.work.say(&rules::CLAIM_ROW, "レコード種別", found, "1・2・3");
            return;
        }
        let (record, layout) = record_of(&cells);
        let label = record.label(&cells);
        if !self.work.take_up(document, &cells, &label) {
            return;
        }
        let Some(layout) = layout else {
            if record == Record::Result {
                self.work.say(&rules::LAYOUT, "", label.to_string(), "並びの分かるレコード");
                return;
            }
            self.work.say(&rules::CLAIM_RECORD, "交換情報識別番号", label.to_string(), "");
            return;
        };
        let fields = Fields { cells, layout };
        self.columns(&fields);
        if !self.head {
            self.head = true;
            self.begin(&fields, record);
        }
        if self.unreadable {
            return;
        }
        match record {
            Record::Basic => {
                self.has_basic = true;
                self.basic(&fields);
            }
            Record::Line => self.line(&fields, &label),
            Record::Fee => self.fee(&fields),
            Record::Plan => self.plan(&fields),
            Record::Bill | Record::Result | Record::Unknown => {}
        }
        if record == Record::Line && !self.has_basic && self.work.row == 1 {
            self.work.say(&rules::CLAIM_BASIC, "", format!("{label} から"), "01 から");
        }
    }

    /// Number of fields; empty ones at the end do not count against it.
    fn columns(&mut self, fields: &Fields<'_, '_>) {
        let (expected, len) = (fields.layout.columns, fields.cells.len().saturating_sub(2));
        if expected > 0 && len != expected && (len < expected || fields.cells.filled() > expected + 2) {
            self.work.say(&rules::COLUMNS, "", format!("{len} 項目"), &format!("{expected} 項目"));
        }
    }

    /// What all rows of the unit share: who, when, and which version.
    fn begin(&mut self, fields: &Fields<'_, '_>, record: Record) {
        let (insurer, insured) =
            (fields.at(Key::Insurer, "証記載保険者番号"), fields.at(Key::Insured, "被保険者番号"));
        if !fields.layout.verified {
            self.unverified(fields, record);
        }
        if fields.raw(Key::Insured).is_empty() && fields.cells.len() <= insured.0 {
            self.unreadable = true;
            self.work.say(
                &rules::CLAIM_SHORT,
                insured.1,
                format!("{} 項目", fields.cells.len()),
                "被保険者番号まで",
            );
            return;
        }
        self.work.insured(&fields.cells, insurer, insured);
        self.work.is_somebody();
        self.care = month(fields.raw(Key::Month));
        if self.care.is_none() {
            self.work.say_shape(
                &rules::CLAIM_MONTH,
                &fields.cells,
                fields.at(Key::Month, "提供年月"),
                "YYYYMM",
            );
        }
        if self.care.zip(self.processing).is_some_and(|(care, processing)| care > processing) {
            self.work.say(
                &rules::CLAIM_FUTURE,
                "提供年月",
                "処理対象年月より後".to_owned(),
                "処理対象年月以前",
            );
        }
        self.work.code(&fields.cells, fields.at(Key::Office, "事業所番号"), 10);
        self.cancelled = fields.raw(Key::Action) == b"3";
        if self.cancelled {
            self.work.say(&rules::CLAIM_CANCELLED, "作成区分", "3".to_owned(), "");
        }
        self.version = self.version_of(fields, record);
    }

    /// A layout from memory is only believed when its keys look like what they should be.
    fn unverified(&mut self, fields: &Fields<'_, '_>, record: Record) {
        if !self.unverified {
            self.unverified = true;
            self.work.say(&rules::UNVERIFIED, "", fields.layout.record.to_owned(), "");
        }
        let fits = match record {
            Record::Fee | Record::Plan => matches!(fields.raw(Key::Insured).len(), 7..=12),
            _ => true,
        };
        if !fits {
            self.work.say(
                &rules::LAYOUT,
                "",
                "想定と異なる並び".to_owned(),
                "作成区分・事業所番号・被保険者番号",
            );
        }
    }

    /// Claims of one office for one person and month are versions of one; a later month of processing supersedes.
    fn version_of(&self, fields: &Fields<'_, '_>, record: Record) -> Option<UnitVersion> {
        let text = |key| std::str::from_utf8(fields.raw(key)).unwrap_or_default();
        let (office, insurer, insured) = (text(Key::Office), text(Key::Insurer), text(Key::Insured));
        let care = sortable(self.care?);
        let occurrence = format_compact!("{}", self.occurrence);
        let processing = self.processing.map(sortable).unwrap_or_default();
        let (kind, time) = match record {
            Record::Basic | Record::Line => ("claim", processing),
            Record::Fee => ("fee", processing),
            Record::Plan => {
                let made = text(Key::Made);
                let sound = made.len() == 8 && made.bytes().all(|b| b.is_ascii_digit());
                ("plan", format_compact!("{processing}{}", if sound { made } else { "00000000" }))
            }
            Record::Bill | Record::Result | Record::Unknown => return None,
        };
        // A plan is one for all offices and generations of its form.
        let form = if matches!(record, Record::Plan | Record::Fee) { "" } else { text(Key::Id) };
        (!time.is_empty()).then(|| UnitVersion {
            key: key(&[kind, office, insurer, insured, &care, form, &occurrence]),
            time,
            state: if self.cancelled { VersionState::Deleted } else { VersionState::Current },
        })
    }

    /// Any record of a claim but the basic one.
    fn line(&mut self, fields: &Fields<'_, '_>, label: &str) {
        match label {
            "02" | "14" => self.service_line(fields, label, "actual"),
            "04" | "11" => self.numbered_line(fields, label),
            "10" => self.service_total(fields),
            "12" => {
                let kind = self.work.code(&fields.cells, fields.at(Key::Kind, "サービス種類コード"), 2);
                let source = Coded::new(CodeSystem::CareService, &kind);
                let amount = self.work.number(&fields.cells, fields.at(Key::Claim, "軽減額"));
                self.work.cost(source, ("relief", "円"), "welfare", self.care, amount);
                self.work.note(&fields.cells, fields.at(Key::Remark, "備考"), "CARE-CLAIM-REMARK", self.care);
            }
            "03" => {
                let mut fact = self.work.fact(FactTable::Note, self.care);
                fact.source = Some(Coded::new(CodeSystem::DocumentKind, "CARE-CLAIM-EMERGENCY"));
                self.work.facts.push(fact);
            }
            _ => self.work.say(&rules::CLAIM_RECORD, "レコード種別", label.to_owned(), ""),
        }
    }

    /// 02 明細, 14 住所地特例: one service.
    fn service_line(&mut self, fields: &Fields<'_, '_>, label: &str, status: &'static str) {
        let cells = &fields.cells;
        let kind = self.work.code(cells, fields.at(Key::Kind, "サービス種類コード"), 2);
        let item = self.work.code(cells, fields.at(Key::Item, "サービス項目コード"), 4);
        if kind.len() != 2 || item.len() != 4 {
            self.work.say(
                &rules::CODE,
                "サービスコード",
                format!("{}+{} 文字", kind.len(), item.len()),
                "2+4 文字",
            );
        }
        let unit = self.work.number(cells, fields.at(Key::Unit, "単位数"));
        let times = self.work.count(cells, fields.at(Key::Times, "日数・回数"));
        let total = self.work.number(cells, fields.at(Key::Total, "サービス単位数"));
        if let (Some(unit), Some(times), Some(total)) = (unit, times, total)
            && !unit.is_zero()
            && times > 0
            && unit.checked_mul(Decimal::from(times)).is_some_and(|product| product != total)
        {
            self.work.say(&rules::CLAIM_LINE, "サービス単位数", "積と異なる".to_owned(), "単位数×回数");
        }
        self.sums.add_line(&kind, total);
        self.care_service(&format_compact!("{kind}{item}"), (unit, times, total), (status, label));
        self.work.note(cells, fields.at(Key::Remark, "摘要"), "CARE-CLAIM-REMARK", self.care);
    }

    /// 04 特定診療費, 11 特定入所者: numbered lines, 99 is their total.
    fn numbered_line(&mut self, fields: &Fields<'_, '_>, label: &str) {
        let cells = &fields.cells;
        if !fields.layout.verified && !self.unverified {
            self.unverified = true;
            self.work.say(&rules::UNVERIFIED, "", label.to_owned(), "");
        }
        if fields.raw(Key::Line) == b"99" {
            return;
        }
        let kind = self.work.code(cells, fields.at(Key::Kind, "サービス種類コード"), 2);
        let item = self.work.code(cells, fields.at(Key::Item, "識別番号・項目コード"), 4);
        let unit = self.work.number(cells, fields.at(Key::Unit, "単位数・費用単価"));
        let times = self.work.count(cells, fields.at(Key::Times, "回数・日数"));
        let total = self.work.number(cells, fields.at(Key::Total, "合計"));
        self.care_service(&format_compact!("{kind}{item}"), (unit, times, total), ("actual", label));
        let kind = if label == "04" { "CARE-CLAIM-SPECIAL" } else { "CARE-CLAIM-REMARK" };
        self.work.note(cells, fields.at(Key::Text, "傷病名"), kind, self.care);
        self.work.note(cells, fields.at(Key::Remark, "摘要"), "CARE-CLAIM-REMARK", self.care);
    }

    /// A service as a fact.
    pub(super) fn care_service(
        &mut self,
        code: &str,
        (unit, times, total): (Option<Decimal>, Option<u32>, Option<Decimal>),
        (status, group): (&'static str, &str),
    ) {
        let mut fact = self.work.fact(FactTable::CareService, self.care);
        if !code.is_empty() {
            // The special fees of 04 have a code list of their own, the plan names kinds only.
            let source = match group {
                "04" | "plan" => Coded::new(CodeSystem::CareService, code),
                _ => self.work.service(code, self.care, "サービスコード"),
            };
            fact.source = Some(source);
        }
        if let Some(unit) = unit {
            fact.value.text = format_compact!("{unit}");
            fact.value.number = Some(unit);
        }
        fact.value.unit = CompactString::const_new(if group == "11" { "円" } else { "単位" });
        fact.quantity = total;
        fact.times = times;
        fact.status = CompactString::const_new(status);
        fact.group = CompactString::from(group);
        self.work.facts.push(fact);
    }

    /// 計画費 (812x).
    fn fee(&mut self, fields: &Fields<'_, '_>) {
        let cells = &fields.cells;
        if self.work.row == 1 {
            self.person(fields);
            self.need(fields, "fee");
            let amount = self.work.number(cells, fields.at(Key::Claim, "請求金額"));
            let payer = Coded::new(CodeSystem::Payer, "CARE");
            self.work.cost(payer, ("claim", "円"), "insurer", self.care, amount);
            let law = self.work.public_number(cells, fields.at(Key::Payer1, "公費負担者番号"), 8);
            self.work.public_number(cells, fields.at(Key::Recipient1, "公費受給者番号"), 7);
            self.cover("insurer", "CARE", None);
            if let Some(law) = law {
                self.cover("public1", &law, None);
            }
            self.work.radar(cells, fields.at(Key::Manager, "介護支援専門員番号"));
        }
        if fields.raw(Key::Line) == b"99" {
            return;
        }
        let code = self.work.code(cells, fields.at(Key::Service, "サービスコード"), 6);
        let by_line = !fields.raw(Key::Total).is_empty();
        let total = if by_line {
            fields.at(Key::Total, "サービス単位数")
        } else {
            fields.at(Key::Units, "単位数")
        };
        let total = self.work.number(cells, total);
        let unit = self.work.number(cells, fields.at(Key::Unit, "明細の単位数"));
        let times = self.work.count(cells, fields.at(Key::Times, "回数"));
        self.care_service(&code, (unit, times, total), ("actual", "fee"));
        self.work.note(cells, fields.at(Key::Remark, "摘要"), "CARE-CLAIM-REMARK", self.care);
    }

    /// 給付管理票 (82xx).
    fn plan(&mut self, fields: &Fields<'_, '_>) {
        let cells = &fields.cells;
        if self.work.row == 1 {
            self.person(fields);
            if !self.cancelled {
                self.need(fields, "limit");
            }
            self.work.date(cells, fields.at(Key::Made, "作成年月日"));
            self.work.radar(cells, fields.at(Key::Manager, "介護支援専門員番号"));
        }
        if self.cancelled {
            return;
        }
        let total = self.work.number(cells, fields.at(Key::Total, "給付計画合計"));
        if fields.raw(Key::Line) != b"99" {
            let kind = self.work.code(cells, fields.at(Key::Kind, "サービス種類コード"), 2);
            let units = self.work.number(cells, fields.at(Key::Units, "計画単位数"));
            self.sums.planned(units);
            self.care_service(&kind, (None, None, units), ("plan", "plan"));
        }
        self.sums.plan_total(total, &self.work);
    }
}
