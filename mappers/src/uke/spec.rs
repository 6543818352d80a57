//! What sets one kind of receipt apart from the others, as data: its head record, its columns, its own records.
//!
//! Everything else (lines, encodings, numbers, payers, day columns, units of points, versions) is common. A column that
//! turns out to stand elsewhere is corrected here and nowhere else. Sources: formats.md §2 and, where it has no
//! positions, the column order of the national database's tables of the same records; marked [M] there: a default.
//! Nothing here reads a byte.

use super::line::Kind;
use super::map::Reader;

/// The five kinds of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceiptKind {
    /// 医科.
    Medical,
    /// DPC.
    Dpc,
    /// 歯科.
    Dental,
    /// 調剤.
    Dispensing,
    /// 訪問看護.
    Nursing,
}

/// Where the columns of RE stand; 0: the kind has no such column (column 0 is the record id).
#[derive(Debug)]
pub(crate) struct ReColumns {
    pub columns: usize,
    pub sex: usize,
    pub birth: usize,
    /// 給付割合.
    pub ratio: usize,
    pub admission: usize,
    /// 病棟区分.
    pub ward: usize,
    /// 一部負担金・標準負担額区分.
    pub income: usize,
    /// レセプト特記事項.
    pub special: usize,
    /// カルテ番号, 調剤録番号, 訪問看護記録番号.
    pub local: usize,
    /// 検索番号.
    pub search: usize,
    /// 診療開始日 and 転帰 of the whole course, where RE has them.
    pub course: (usize, usize),
    /// レセプト総括区分.
    pub part: usize,
    pub department: usize,
    /// カタカナ氏名 and 患者の状態; the first pair whose name is not plain ASCII counts.
    pub kana_and_state: &'static [(usize, usize)],
    /// What makes receipts of one person, month and kind different ones (the prescriber of a dispensing receipt).
    pub apart: &'static [usize],
}

/// Where the columns of HO or KO stand; 0: there is none.
#[derive(Debug)]
pub(crate) struct PayerColumns {
    pub columns: usize,
    /// 証明書番号.
    pub certificate: usize,
    /// 職務上の事由.
    pub duty: usize,
    /// Times and yen of meals (食事療養・生活療養).
    pub meals: (usize, usize),
    /// 減免区分, 減額割合, 減額金額.
    pub reduction: (usize, usize, usize),
    /// Amounts in yen, each under a name.
    pub yen: &'static [(usize, &'static str)],
}

/// One kind of receipt.
pub(crate) struct Spec {
    pub kind: ReceiptKind,
    pub version: &'static str,
    /// How findings call a file of it.
    pub name: &'static str,
    /// The record at the head of a file.
    pub head: Kind,
    /// 点数表.
    pub fee_table: u8,
    /// First digit of レセプト種別.
    pub digit: u8,
    /// Where the head record has the billing month, in the order of likelihood.
    pub months: &'static [usize],
    /// Where the head record has its volume number; 0: nowhere.
    pub volume: usize,
    /// Totals are in yen, not in points.
    pub yen: bool,
    pub re: ReColumns,
    pub ho: PayerColumns,
    pub ko: PayerColumns,
    /// Reads the record at hand when it is one of this kind's own. `false`: it is not interpreted.
    pub record: fn(&mut Reader<'_, '_>, Kind) -> bool,
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spec({})", self.version)
    }
}

/// RE of medical receipts (formats.md §2.2).
pub(crate) const MEDICAL_RE: ReColumns = ReColumns {
    columns: 38,
    sex: 5,
    birth: 6,
    ratio: 7,
    admission: 8,
    ward: 9,
    income: 10,
    special: 11,
    local: 13,
    search: 18,
    course: (0, 0),
    part: 0,
    department: 21,
    kana_and_state: &[(36, 37)],
    apart: &[],
};
/// HO of medical receipts.
pub(crate) const MEDICAL_HO: PayerColumns = PayerColumns {
    columns: 15,
    certificate: 10,
    duty: 9,
    meals: (7, 8),
    reduction: (12, 13, 14),
    yen: &[(11, "burden")],
};
/// KO of medical receipts.
pub(crate) const MEDICAL_KO: PayerColumns = PayerColumns {
    columns: 12,
    certificate: 0,
    duty: 0,
    meals: (10, 11),
    reduction: (0, 0, 0),
    yen: &[(6, "burden"), (7, "outpatient"), (8, "inpatient")],
};

/// Medical receipts.
pub(crate) static MEDICAL: Spec = Spec {
    kind: ReceiptKind::Medical,
    version: "uke-medical/2",
    name: "医科 (IR)",
    head: Kind(*b"IR"),
    fee_table: b'1',
    digit: b'1',
    months: &[7],
    volume: 8,
    yen: false,
    re: MEDICAL_RE,
    ho: MEDICAL_HO,
    ko: MEDICAL_KO,
    record: super::map::medical_record,
};

/// The kind of file a record belongs to, when only one kind has it.
pub(crate) fn owner(kind: Kind) -> Option<(ReceiptKind, &'static str)> {
    use ReceiptKind::{Dental, Dispensing, Dpc, Nursing};
    Some(match &kind.0 {
        b"UK" | b"SS" | b"HS" => (Dental, "歯科"),
        b"YK" | b"SH" | b"CZ" | b"KI" => (Dispensing, "調剤"),
        b"HM" | b"KA" | b"HJ" | b"RJ" => (Nursing, "訪問看護"),
        b"BU" | b"SB" | b"KK" | b"HH" | b"GT" => (Dpc, "DPC"),
        _ => return None,
    })
}

/// Is it a record that receipts have, at the head of a file or elsewhere?
pub(crate) fn is_receipt_record(kind: Kind) -> bool {
    matches!(
        &kind.0,
        b"IR"
            | b"GO"
            | b"RE"
            | b"HO"
            | b"KO"
            | b"SN"
            | b"JD"
            | b"MF"
            | b"SY"
            | b"SI"
            | b"IY"
            | b"TO"
            | b"CO"
            | b"SJ"
            | b"GR"
            | b"NI"
            | b"TI"
            | b"TR"
            | b"TS"
            | b"KH"
            | b"MN"
            | b"HI"
            | b"HR"
            | b"HG"
            | b"RC"
    ) || owner(kind).is_some()
}

/// A record of the results of a review (再審査等, *.SAH), whose layout is not documented.
pub(crate) fn is_review_result(kind: Kind) -> bool {
    matches!(&kind.0, b"MD" | b"RT" | b"JR" | b"MK")
}
