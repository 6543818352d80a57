//! A small valid receipt file of our own making, and a way to map it. Shared by the `uke_*` tests.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "helpers of tests; a panic is a failed test"
)]

use encoding_rs::SHIFT_JIS;
use musubi_mappers::uke::UkeMedical;
use musubi_mappers::{Document, MappedUnit, Mapper, Split};
use musubi_model::code::{Masters, NoMasters};
use musubi_model::limits::Limits;
use musubi_model::{Finding, ProviderId};

/// A record of `columns` columns, the given ones filled.
pub fn record(id: &str, columns: usize, filled: &[(usize, &str)]) -> String {
    let mut fields = vec![""; columns];
    fields[0] = id;
    for (column, value) in filled {
        fields[*column] = value;
    }
    fields.join(",")
}

/// Lines of a clean file: an employee with a public payer, and one insured by a municipality.
pub fn clean() -> Vec<String> {
    vec![
        record(
            "IR",
            10,
            &[(1, "1"), (2, "13"), (3, "1"), (4, "1234567"), (6, "見本医院"), (7, "202404"), (8, "00")],
        ),
        record(
            "RE",
            38,
            &[
                (1, "1"),
                (2, "1122"),
                (3, "202403"),
                (4, "見本　太郎"),
                (5, "1"),
                (6, "19600410"),
                (13, "00012"),
                (21, "01"),
                (36, "ミホンタロウ"),
            ],
        ),
        record("HO", 15, &[(1, "01130012"), (2, "１２"), (3, "３４５"), (4, "2"), (5, "510")]),
        record("KO", 12, &[(1, "12143210"), (2, "0000000"), (4, "2"), (5, "100")]),
        record("SN", 9, &[(1, "1"), (2, "01"), (6, "01")]),
        record("JD", 33, &[(1, "1"), (6, "1"), (16, "1")]),
        record("MF", 33, &[(1, "00")]),
        record("SY", 8, &[(1, "8830052"), (2, "20240305"), (3, "1"), (6, "01")]),
        record("SY", 8, &[(1, "4659007"), (2, "20240305"), (3, "2"), (4, "80022056")]),
        record("SY", 8, &[(1, "0000999"), (2, "20240306"), (3, "1"), (5, "見本病")]),
        record("SI", 44, &[(1, "12"), (2, "2"), (3, "112007410"), (5, "75"), (6, "2"), (17, "1"), (27, "1")]),
        record("CO", 5, &[(1, "21"), (2, "2"), (3, "810000001"), (4, "見本の注記")]),
        record("IY", 44, &[(2, "2"), (3, "620098801"), (4, "1.5"), (6, "3"), (17, "3")]),
        record("IY", 44, &[(2, "2"), (3, "620160501"), (4, "3"), (5, "20"), (6, "3"), (17, "3")]),
        record(
            "TO",
            48,
            &[(1, "40"), (2, "2"), (3, "710010001"), (4, "2"), (5, "300"), (6, "1"), (7, "001"), (21, "1")],
        ),
        record("SJ", 3, &[(1, "01"), (2, "見本の症状")]),
        record(
            "RE",
            38,
            &[
                (1, "2"),
                (2, "1112"),
                (3, "202403"),
                (4, "見本　花子"),
                (5, "2"),
                (6, "3450228"),
                (13, "00013"),
                (36, "ミホンハナコ"),
            ],
        ),
        record("HO", 15, &[(1, "  138057"), (3, "６７８"), (4, "1"), (5, "291")]),
        record("SY", 8, &[(1, "8830052"), (2, "20240310"), (3, "1"), (6, "01")]),
        record("SI", 44, &[(1, "11"), (2, "1"), (3, "111000110"), (5, "291"), (6, "1"), (22, "1")]),
        record("GO", 4, &[(1, "3"), (2, "801"), (3, "99")]),
    ]
}

/// Lines as a file: Shift_JIS, CRLF.
pub fn sjis(lines: &[String]) -> Vec<u8> {
    let text: String = lines.iter().map(|l| format!("{l}\r\n")).collect();
    let (bytes, _, lost) = SHIFT_JIS.encode(&text);
    assert!(!lost, "test text must fit Shift_JIS");
    bytes.into_owned()
}

/// The clean file with one column of its `nth` record `id` replaced.
pub fn with(id: &str, nth: usize, column: usize, value: &str) -> Vec<String> {
    let mut lines = clean();
    let at = position(&lines, id, nth);
    let mut fields: Vec<&str> = lines[at].split(',').collect();
    fields[column] = value;
    lines[at] = fields.join(",");
    lines
}

/// Where the `nth` record `id` stands.
pub fn position(lines: &[String], id: &str, nth: usize) -> usize {
    let mut found = lines.iter().enumerate().filter(|(_, l)| l.starts_with(id)).map(|(at, _)| at);
    found.nth(nth).expect("the clean file has such a record")
}

/// A document split and mapped.
pub struct Mapped {
    pub split: Split,
    pub units: Vec<MappedUnit>,
}

impl Mapped {
    /// All findings, those of the document first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.split.findings.iter().chain(self.units.iter().flat_map(|u| &u.findings))
    }

    /// Rule ids of all findings.
    pub fn ids(&self) -> Vec<&'static str> {
        self.findings().map(|f| f.rule.id).collect()
    }
}

/// Splits and maps with limits and masters.
pub fn run_with(bytes: &[u8], limits: &Limits, masters: &dyn Masters) -> Mapped {
    let provider = ProviderId::new("sample-clinic").expect("a valid id");
    let document = Document { bytes, path: "RECEIPTC.UKE", provider: &provider, limits };
    let split = UkeMedical.split(&document);
    let units = split.units.iter().map(|u| UkeMedical.map(&document, &split, u, masters)).collect();
    Mapped { split, units }
}

/// Splits and maps with default limits and no masters.
pub fn run(bytes: &[u8]) -> Mapped {
    run_with(bytes, &Limits::default(), &NoMasters)
}
