//! Small valid receipt files of our own making, one for each kind, and facts as lines. Shared by the `receipt_*` tests.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests; a panic is a failed test"
)]

use encoding_rs::SHIFT_JIS;
use musubi_mappers::receipt::Receipts;
use musubi_model::Fact;
use musubi_model::code::Coded;

use crate::harness::{Done, run};

/// A record of `columns` columns, the given ones filled.
pub fn record(id: &str, columns: usize, filled: &[(usize, &str)]) -> String {
    let mut fields = vec![""; columns];
    fields[0] = id;
    for (column, value) in filled {
        fields[*column] = value;
    }
    fields.join(",")
}

/// Lines as a file: Shift_JIS, CRLF.
pub fn sjis(lines: &[String]) -> Vec<u8> {
    let text: String = lines.iter().map(|l| format!("{l}\r\n")).collect();
    let (bytes, _, lost) = SHIFT_JIS.encode(&text);
    assert!(!lost, "test text must fit Shift_JIS");
    bytes.into_owned()
}

/// Where the `nth` record `id` stands.
pub fn position(lines: &[String], id: &str, nth: usize) -> usize {
    let mut found = lines.iter().enumerate().filter(|(_, l)| l.starts_with(&format!("{id},")) || *l == id);
    found.nth(nth).unwrap_or_else(|| panic!("no {id} {nth}")).0
}

/// The lines with one column of the `nth` record `id` replaced (the record grows when it must).
pub fn with(mut lines: Vec<String>, id: &str, nth: usize, column: usize, value: &str) -> Vec<String> {
    let at = position(&lines, id, nth);
    let mut fields: Vec<&str> = lines[at].split(',').collect();
    while fields.len() <= column {
        fields.push("");
    }
    fields[column] = value;
    lines[at] = fields.join(",");
    lines
}

/// The lines without the `nth` record `id`.
pub fn without(mut lines: Vec<String>, id: &str, nth: usize) -> Vec<String> {
    let at = position(&lines, id, nth);
    lines.remove(at);
    lines
}

/// Maps lines as a kind of receipt.
pub fn map(kind: Receipts, lines: &[String]) -> Done {
    run(&kind, &sjis(lines), "RECEIPT.UKE")
}

fn code(coded: Option<&Coded>) -> String {
    coded.map_or_else(
        || "-".to_owned(),
        |c| format!("{}:{}{}", c.system, c.code, c.text.as_ref().map_or(String::new(), |t| format!("({t})"))),
    )
}

/// `table start..end source>standard v=value number q=quantity unit ×times s=status m=qualifiers g=group`.
pub fn line(fact: &Fact) -> String {
    let mut out = fact.table.as_str().to_owned();
    let part = |out: &mut String, mark: &str, value: &str| {
        if !value.is_empty() {
            out.push(' ');
            out.push_str(mark);
            out.push_str(value);
        }
    };
    part(&mut out, "", &fact.start.map_or(String::new(), |d| d.to_string()));
    part(&mut out, "t=", &fact.start_second.map_or(String::new(), |t| t.to_string()));
    part(&mut out, "..", &fact.end.map_or(String::new(), |d| d.to_string()));
    part(&mut out, "", &code(fact.source.as_ref()));
    part(&mut out, ">", &fact.standard.as_ref().map_or(String::new(), |c| code(Some(c))));
    part(&mut out, "v=", &fact.value.text);
    part(&mut out, "n=", &fact.value.number.map_or(String::new(), |n| n.to_string()));
    part(&mut out, "q=", &fact.quantity.map_or(String::new(), |q| q.to_string()));
    part(&mut out, "", &fact.value.unit);
    part(&mut out, "×", &fact.times.map_or(String::new(), |t| t.to_string()));
    part(&mut out, "s=", &fact.status);
    part(&mut out, "m=", &fact.qualifiers);
    part(&mut out, "g=", &fact.group);
    part(&mut out, "d=", &fact.department);
    out
}

/// The facts of a unit as lines.
pub fn facts(done: &Done, unit: usize) -> Vec<String> {
    done.units[unit].facts.iter().map(line).collect()
}

/// The facts of a unit, compared with a golden table.
#[track_caller]
pub fn check(done: &Done, unit: usize, expect: &[&str]) {
    assert_eq!(done.rules(), [""; 0], "{:#?}", done.findings().collect::<Vec<_>>());
    assert_eq!(facts(done, unit).join("\n"), expect.join("\n"));
}

/// DPC: a stay with an operation, and a total receipt with a DPC and a medical part.
pub fn dpc() -> Vec<String> {
    let re = |n: &str, part: &str| {
        record(
            "RE",
            38,
            &[
                (1, n),
                (2, "1111"),
                (3, "202609"),
                (4, "見本　太郎"),
                (5, "1"),
                (6, "19600410"),
                (7, "70"),
                (8, "20260903"),
                (13, "00012"),
                (16, part),
                (21, "10"),
                (36, "ミホンタロウ"),
            ],
        )
    };
    vec![
        record(
            "IR",
            10,
            &[(1, "1"), (2, "13"), (3, "1"), (4, "1234567"), (6, "見本病院"), (7, "202610"), (8, "00")],
        ),
        re("1", "0"),
        record(
            "HO",
            16,
            &[
                (1, "01130012"),
                (2, "１２"),
                (3, "３４５"),
                (4, "6"),
                (5, "23000"),
                (7, "17"),
                (8, "11390"),
                (11, "57600"),
            ],
        ),
        record("BU", 6, &[(1, "060100xx01xx0x"), (2, "20260903"), (3, "20260908"), (4, "2")]),
        record("SB", 8, &[(1, "2113008"), (4, "D126"), (5, "01")]),
        record("SB", 8, &[(1, "2113008"), (2, "8002"), (4, "D126"), (5, "11"), (7, "見本の補足")]),
        record("SB", 8, &[(1, "0000999"), (3, "見本病"), (5, "41")]),
        record(
            "KK",
            14,
            &[
                (1, "0"),
                (2, "1"),
                (3, "3"),
                (4, "20250610"),
                (5, "0"),
                (6, "66"),
                (7, "3020"),
                (8, "020"),
                (10, "10.5"),
                (11, "3"),
                (12, "60"),
                (13, "4"),
            ],
        ),
        record("SK", 7, &[(1, "150285010"), (2, "K721-1"), (3, "20260904"), (5, "0001")]),
        record(
            "GA",
            7,
            &[
                (1, "202609"),
                (2, "2"),
                (3, "0000330000000000000000000000000"),
                (4, "060100xx01xx0x"),
                (5, "1.4215"),
                (6, "1"),
            ],
        ),
        record(
            "HH",
            9,
            &[(1, "202609"), (2, "2"), (3, "1"), (4, "1"), (5, "1"), (6, "2500"), (7, "2"), (8, "5000")],
        ),
        record(
            "HH",
            9,
            &[(1, "202609"), (2, "2"), (3, "1"), (4, "1"), (5, "2"), (6, "2000"), (7, "4"), (8, "8000")],
        ),
        record(
            "GT",
            12,
            &[
                (1, "202609"),
                (2, "2"),
                (3, "1"),
                (4, "1"),
                (5, "13000"),
                (6, "18000"),
                (7, "-10"),
                (8, "18000"),
                (9, "93"),
            ],
        ),
        record("SI", 44, &[(1, "50"), (2, "1"), (3, "150285010"), (5, "5000"), (6, "1"), (16, "1")]),
        record(
            "CD",
            11,
            &[(1, "20260903"), (2, "21"), (3, "0001"), (4, "001"), (5, "620003887"), (6, "1.5"), (9, "3")],
        ),
        record("CD", 11, &[(1, "20260903"), (2, "60"), (3, "0002"), (4, "001"), (5, "160008010"), (9, "1")]),
        record(
            "CD",
            11,
            &[
                (1, "20260904"),
                (2, "50"),
                (3, "0003"),
                (4, "002"),
                (5, "710010001"),
                (7, "2"),
                (8, "001"),
                (9, "1"),
            ],
        ),
        record("CD", 11, &[(1, "20260904"), (2, "50"), (3, "0003"), (4, "003"), (5, "810000001")]),
        re("2", "1").replace("19600410", "19600411").replace("00012", "00013"),
        record("HO", 16, &[(1, "01130012"), (2, "１２"), (3, "３４６"), (4, "8"), (5, "10288")]),
        re("2", "2").replace("19600410", "19600411").replace("00012", "00013"),
        record("HO", 16, &[(1, "01130012"), (2, "１２"), (3, "３４６"), (4, "5"), (5, "10000")]),
        record(
            "BU",
            6,
            &[(1, "040080x099x0xx"), (2, "20260903"), (3, "20260907"), (4, "6"), (5, "見本の死因")],
        ),
        record("SB", 8, &[(1, "4860030"), (4, "J189"), (5, "01")]),
        record("GT", 12, &[(1, "202609"), (2, "2"), (3, "1"), (4, "1"), (8, "10000")]),
        re("2", "3").replace("19600410", "19600411").replace("00012", "00013"),
        record("SY", 8, &[(1, "8833421"), (2, "20260907"), (3, "1"), (6, "01")]),
        record("SI", 44, &[(1, "60"), (2, "1"), (3, "160095710"), (5, "288"), (6, "1"), (19, "1")]),
        record("GO", 4, &[(1, "2"), (2, "33288"), (3, "99")]),
    ]
}

/// Dental: decay and gums of an adult.
pub fn dental() -> Vec<String> {
    vec![
        record(
            "UK",
            10,
            &[(1, "1"), (2, "13"), (3, "3"), (4, "1234567"), (6, "見本歯科"), (7, "202610"), (9, "00")],
        ),
        record("IR", 9, &[(1, "1"), (2, "13"), (3, "3"), (4, "1234567"), (6, "202610"), (7, "042-000-0000")]),
        record(
            "RE",
            27,
            &[
                (1, "1"),
                (2, "3112"),
                (3, "202609"),
                (4, "見本　花子"),
                (5, "2"),
                (6, "19700228"),
                (9, "20260902"),
                (10, "2"),
                (13, "26"),
                (15, "D001"),
                (25, "ミホンハナコ"),
                (26, "001"),
            ],
        ),
        record("HO", 14, &[(1, "01130012"), (2, "１２"), (3, "６７８"), (4, "2"), (5, "612"), (10, "1840")]),
        record(
            "HS",
            13,
            &[(1, "20260902"), (2, "2"), (3, "101600101700"), (4, "5210010"), (7, "1"), (9, "01")],
        ),
        record(
            "HS",
            13,
            &[
                (1, "20260902"),
                (2, "1"),
                (3, "100000"),
                (4, "5234009"),
                (5, "8002"),
                (8, "2"),
                (10, "810000001"),
                (11, "見本の補足"),
            ],
        ),
        record("SS", 109, &[(1, "11"), (2, "1"), (3, "301000110"), (76, "267"), (77, "1"), (79, "1")]),
        record(
            "SS",
            109,
            &[(1, "12"), (2, "1"), (3, "301001610"), (76, "58"), (77, "2"), (87, "1"), (88, "1")],
        ),
        record(
            "SS",
            109,
            &[
                (1, "40"),
                (2, "1"),
                (3, "309004710"),
                (4, "2"),
                (6, "CB023"),
                (7, "1"),
                (8, "CB045"),
                (9, "2"),
                (77, "1"),
                (79, "1"),
            ],
        ),
        record("SS", 109, &[(2, "1"), (3, "309004810"), (76, "72"), (77, "1"), (79, "1")]),
        record("SI", 39, &[(1, "60"), (2, "1"), (3, "160000310"), (5, "26"), (6, "1"), (9, "1")]),
        record("IY", 39, &[(1, "21"), (2, "1"), (3, "620160501"), (4, "3"), (5, "9"), (6, "3"), (9, "3")]),
        record(
            "TO",
            45,
            &[
                (1, "60"),
                (2, "1"),
                (3, "799010101"),
                (4, "1.5"),
                (5, "001"),
                (6, "10"),
                (7, "CA010"),
                (8, "1"),
                (11, "見本材料"),
                (12, "104"),
                (13, "1"),
                (15, "1"),
            ],
        ),
        record("CO", 6, &[(1, "80"), (2, "1"), (3, "810000001"), (4, "見本の注記"), (5, "101600")]),
        record("GO", 4, &[(1, "1"), (2, "612"), (3, "99")]),
    ]
}

/// Dispensing: two prescriptions, one taken daily, in the layout since 2022.
pub fn dispensing() -> Vec<String> {
    vec![
        record(
            "YK",
            9,
            &[
                (1, "1"),
                (2, "13"),
                (3, "4"),
                (4, "1234567"),
                (5, "見本薬局"),
                (6, "202610"),
                (7, "00"),
                (8, "042-000-0000"),
            ],
        ),
        record(
            "RE",
            42,
            &[
                (1, "1"),
                (2, "4112"),
                (3, "202609"),
                (4, "見本　太郎"),
                (5, "1"),
                (6, "19600410"),
                (8, "29"),
                (9, "13"),
                (10, "1"),
                (11, "7654321"),
                (12, "見本処方医院"),
                (13, "見本市見本町"),
                (14, "秘密　医師"),
                (34, "麻１２３４５"),
                (35, "C0099"),
                (40, "1"),
                (41, "ミホンタロウ"),
            ],
        ),
        record("HO", 14, &[(1, "01130012"), (2, "１２"), (3, "３４５"), (4, "1"), (5, "374"), (9, "1120")]),
        record("SH", 10, &[(1, "01"), (2, "1"), (3, "006"), (5, "8")]),
        record(
            "CZ",
            71,
            &[
                (1, "1"),
                (2, "20260903"),
                (3, "20260905"),
                (4, "1"),
                (5, "14"),
                (6, "1"),
                (7, "1"),
                (8, "01"),
                (9, "420001810"),
                (10, "24"),
                (13, "112"),
                (15, "1"),
                (16, "430000370"),
                (17, "8"),
                (57, "1"),
                (58, "1"),
                (59, "01"),
                (60, "440011610"),
                (61, "28"),
            ],
        ),
        record("IY", 10, &[(1, "1"), (2, "620003887"), (3, "1"), (9, "0.5")]),
        record("IY", 10, &[(1, "1"), (2, "622143501"), (3, "2"), (6, "1"), (7, "1")]),
        record("CO", 3, &[(1, "810000001"), (2, "見本の注記")]),
        record("SH", 10, &[(1, "02"), (2, "5"), (3, "900"), (4, "見本の用法"), (5, "30")]),
        record(
            "CZ",
            71,
            &[
                (2, "20260903"),
                (3, "20260905"),
                (4, "1"),
                (5, "1"),
                (6, "1"),
                (7, "1"),
                (8, "02"),
                (9, "420002510"),
                (10, "10"),
                (13, "30"),
            ],
        ),
        record("IY", 10, &[(1, "1"), (2, "620000033"), (3, "30")]),
        record("TO", 7, &[(1, "1"), (2, "710010001"), (3, "2"), (4, "001"), (5, "10"), (6, "見本器材")]),
        record("TK", 3, &[(1, "810000001"), (2, "見本の摘要")]),
        record(
            "KI",
            114,
            &[
                (1, "20260905"),
                (2, "1"),
                (3, "1"),
                (4, "410005910"),
                (5, "35"),
                (7, "1"),
                (8, "440012010"),
                (9, "1"),
                (10, "45"),
                (55, "1"),
                (56, "440020170"),
                (57, "1"),
                (58, "20"),
                (67, "20260805"),
                (68, "14"),
                (69, "1"),
                (70, "450001170"),
                (71, "2"),
                (72, "31"),
            ],
        ),
        record("GO", 4, &[(1, "1"), (2, "374"), (3, "99")]),
    ]
}

/// Home nursing: two visits of somebody who died at home.
pub fn nursing() -> Vec<String> {
    vec![
        record(
            "HM",
            8,
            &[
                (1, "2"),
                (2, "13"),
                (3, "6"),
                (4, "1234567"),
                (5, "見本訪問看護"),
                (6, "202610"),
                (7, "042-000-0000"),
            ],
        ),
        record(
            "RE",
            15,
            &[
                (1, "1"),
                (2, "6318"),
                (3, "202609"),
                (4, "見本　花子"),
                (5, "ミホンハナコ"),
                (6, "2"),
                (7, "19400228"),
                (10, "90"),
                (11, "29"),
                (12, "3"),
                (13, "N77"),
            ],
        ),
        record("HO", 12, &[(1, "39131156"), (3, "６７８"), (4, "2"), (5, "21770"), (8, "2180")]),
        record("SN", 9, &[(1, "1"), (2, "01"), (6, "00")]),
        record("JD", 33, &[(1, "1"), (5, "1"), (12, "1")]),
        record("MF", 33, &[(1, "01")]),
        record(
            "IH",
            7,
            &[(1, "13"), (2, "1"), (3, "7654321"), (4, "見本指示医院"), (5, "秘密　医師"), (6, "20260831")],
        ),
        record("HJ", 4, &[(1, "01"), (2, "20260801"), (3, "20261031")]),
        record("JS", 6, &[(1, "見本の状態"), (2, "01"), (3, "008011"), (4, "05"), (5, "20260901")]),
        record("SY", 5, &[(1, "3320002"), (2, "8002")]),
        record("SY", 5, &[(1, "0000999"), (3, "見本病"), (4, "見本の補足")]),
        record(
            "RJ",
            29,
            &[
                (1, "20250401"),
                (2, "01"),
                (3, "見本の場所"),
                (10, "20260911"),
                (11, "1030"),
                (12, "03"),
                (14, "20260911"),
                (15, "2310"),
                (16, "01"),
                (18, "0102"),
            ],
        ),
        record("TJ", 3, &[(1, "01")]),
        record("TZ", 4, &[(1, "01"), (3, "見本の特記")]),
        record("KS", 5, &[(1, "02")]),
        record("CO", 4, &[(1, "810000001"), (2, "見本の注記")]),
        record(
            "KA",
            9,
            &[(1, "20260904"), (2, "1"), (3, "510000110"), (5, "5550"), (6, "0311"), (7, "02"), (8, "01")],
        ),
        record("KA", 9, &[(1, "20260904"), (2, "1"), (3, "550000110"), (4, "1"), (5, "7670")]),
        record("KA", 9, &[(1, "20260911"), (2, "1"), (3, "510000110"), (5, "5550"), (6, "03")]),
        record("KA", 9, &[(1, "20260911"), (2, "1"), (3, "550000110"), (5, "3000")]),
        record("GO", 4, &[(1, "1"), (2, "21770"), (3, "99")]),
    ]
}
