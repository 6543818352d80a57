//! Small hand-made DPC files.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)] // each test binary uses its part of it

use encoding_rs::SHIFT_JIS;
use musubi_model::{Fact, PartialDate};

use crate::harness::{Done, mapper, run};
use musubi_model::manifest::FeedKind;

pub const FORM1: FeedKind = FeedKind::DpcForm1;
pub const EF: FeedKind = FeedKind::DpcEf;
pub const FORM1_PATH: &str = "2024-07-22/FF1_131234567_2404.txt";
pub const EF_PATH: &str = "2024-07-22/EFn_131234567_2404.txt";

/// A row of 様式1: code, serial number, payloads by number.
pub fn row(code: &str, serial: &str, payloads: &[(usize, &str)]) -> String {
    let mut fields = vec!["131234567", "0000001234", "20240410", "0", "0", code, "20140401", serial];
    fields.resize(17, "");
    for (n, value) in payloads {
        fields[7 + n] = value;
    }
    fields.join("\t")
}

/// A stay with the items that matter most.
pub fn stay() -> Vec<String> {
    vec![
        row("A000010", "0", &[(1, "19440303"), (2, "1"), (3, "1050004")]),
        row("A000020", "0", &[(1, "20240410"), (2, "1"), (3, "1"), (4, "0"), (5, "333"), (6, "1"), (7, "0")]),
        row("A000030", "0", &[(1, "20240425"), (2, "1"), (3, "1"), (4, "0"), (5, "0")]),
        row("A000031", "0", &[(1, "20240410"), (2, "20240425")]),
        row("A000040", "0", &[(2, "050"), (3, "0")]),
        row("A000050", "0", &[(2, "1"), (3, "0"), (4, "0")]),
        row("A000070", "0", &[(1, "20231105"), (2, "99999999")]),
        row("A000080", "0", &[(2, "2"), (3, "7"), (9, "秘密の理由")]),
        row("A001010", "0", &[(2, "165"), (3, "58.5"), (4, "000")]),
        row("A003010", "0", &[(2, "3010"), (3, "39")]),
        row("A006010", "0", &[(2, "J189"), (4, "4860030"), (9, "肺炎")]),
        row("A006020", "0", &[(2, "J189"), (4, "4860030"), (5, "8002"), (9, "肺炎の疑い")]),
        row("A006030", "0", &[(2, "I509"), (3, "30102"), (4, "0000999"), (9, "見本心不全")]),
        row("A006040", "1", &[(2, "E11"), (9, "２型糖尿病")]),
        row("A006040", "2", &[(2, "I10"), (4, "8833421"), (9, "高血圧症")]),
        row(
            "A007010",
            "1",
            &[
                (1, "20240412"),
                (2, "K4073ｲ"),
                (3, "AB12-34"),
                (4, "1"),
                (5, "1"),
                (6, "6"),
                (9, "秘密の手術"),
            ],
        ),
        row("ADL0010", "0", &[(2, "2312321222")]),
        row("ADL0020", "0", &[(2, "2313321222")]),
        row("CAN0020", "0", &[(3, "T1a"), (4, "N0"), (5, "M0"), (6, "8")]),
        row("FIM0020", "1", &[(1, "20240420"), (2, "777777777777777777")]),
        row("JCS0010", "0", &[(2, "30RI")]),
        row("M040010", "0", &[(2, "3")]),
        row("M040020", "0", &[(2, "1100005"), (3, "0")]),
        row("M160010", "0", &[(2, "37")]),
    ]
}

pub fn sjis(lines: &[String]) -> Vec<u8> {
    let text = lines.iter().map(|l| format!("{l}\r\n")).collect::<String>();
    let (bytes, _, lost) = SHIFT_JIS.encode(&text);
    assert!(!lost);
    bytes.into_owned()
}

pub fn form1(lines: &[String]) -> Done {
    run(mapper(FORM1, "").as_ref(), &sjis(lines), FORM1_PATH)
}

/// A stay with the row of a code (and serial) changed; an empty text takes it out.
pub fn with(code: &str, serial: &str, payloads: &[(usize, &str)]) -> Vec<String> {
    let start = format!("\t{code}\t20140401\t{serial}\t");
    let mut lines = stay();
    let at = lines.iter().position(|l| l.contains(&start)).unwrap();
    if payloads.is_empty() {
        lines.remove(at);
        return lines;
    }
    let mut fields: Vec<&str> = lines[at].split('\t').collect();
    for (n, value) in payloads {
        fields[7 + n] = value;
    }
    lines[at] = fields.join("\t");
    lines
}

/// An EF row: columns as the manual numbers them.
pub fn ef_row(columns: &[(usize, &str)]) -> String {
    let mut fields = vec![""; 31];
    let base = [
        (1, "131234567"),
        (2, "0000001234"),
        (3, "20240425"),
        (4, "20240410"),
        (5, "60"),
        (6, "0001"),
        (7, "001"),
        (12, "0000000.000"),
        (13, "000"),
        (14, "0"),
        (15, "0"),
        (16, "0"),
        (17, "000000000000"),
        (18, "0"),
        (19, "0"),
        (20, "0"),
        (21, "1"),
        (22, "06130017"),
        (24, "20240411"),
        (25, "01"),
        (26, "050"),
        (27, "HIMITSU1"),
        (28, "1906244444"),
        (29, "0"),
        (30, "0"),
    ];
    for (n, value) in base.iter().chain(columns) {
        fields[n - 1] = value;
    }
    fields.join("\t")
}

/// A stay of an EF file: an act of tests, one of drugs, one with a material, a comment, a move of ward.
pub fn ef() -> Vec<String> {
    let act = [(7, "000"), (9, "160008010"), (11, "末梢血液一般検査"), (17, "NULL"), (18, "21")];
    vec![
        ef_row(&[(5, "21"), (7, "000"), (9, "620003887"), (17, "NULL"), (18, "14"), (19, "14"), (21, "7")]),
        ef_row(&[
            (5, "21"),
            (9, "620003887"),
            (11, "見本錠"),
            (12, "0000002.500"),
            (13, "016"),
            (14, "13.6"),
            (15, "1"),
            (17, "100000000000"),
            (21, "7"),
        ]),
        ef_row(&act),
        ef_row(&[(9, "160008010"), (11, "末梢血液一般検査"), (14, "21")]),
        ef_row(&[(6, "0002"), (9, "810000001"), (11, "秘密のコメント")]),
        ef_row(&[
            (5, "50"),
            (9, "150253010"),
            (11, "水晶体再建術"),
            (24, "20240412"),
            (28, "1906255555"),
            (29, "1"),
        ]),
        ef_row(&[
            (5, "50"),
            (7, "002"),
            (9, "710010093"),
            (12, "0000001.000"),
            (13, "001"),
            (24, "20240415"),
            (28, "1906255555"),
            (29, "1"),
        ]),
        ef_row(&[
            (5, "31"),
            (8, "HOSP001"),
            (9, ""),
            (11, "院内製剤"),
            (12, "0000010.000"),
            (24, "20240416"),
        ]),
    ]
}

pub fn ef_with(at: usize, columns: &[(usize, &str)]) -> Vec<String> {
    let mut lines = ef();
    let mut fields: Vec<&str> = lines[at].split('\t').collect();
    for (n, value) in columns {
        fields[n - 1] = value;
    }
    lines[at] = fields.join("\t");
    lines
}

pub fn read_ef(lines: &[String]) -> Done {
    run(mapper(EF, "").as_ref(), &sjis(lines), EF_PATH)
}

/// A fact in one line; parts that are empty are left out.
pub fn show(fact: &Fact) -> String {
    let mut out = fact.table.as_str().to_owned();
    let mut add = |part: String| {
        if !part.is_empty() {
            out.push(' ');
            out.push_str(&part);
        }
    };
    let date = |d: Option<PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
    add(date(fact.start));
    add(if fact.end.is_some() { format!("–{}", date(fact.end)) } else { String::new() });
    let coded = |c: &musubi_model::Coded| {
        format!("{}:{}{}", c.system, c.code, c.text.as_ref().map(|t| format!("({t})")).unwrap_or_default())
    };
    add(fact.source.as_ref().map(coded).unwrap_or_default());
    add(fact.standard.as_ref().map(|c| format!("→{}", coded(c))).unwrap_or_default());
    add(fact.quantity.map(|q| format!("{q}{}", fact.value.unit)).unwrap_or_default());
    add(fact.times.map(|t| format!("×{t}")).unwrap_or_default());
    let tagged =
        |tag: &str, text: &str| if text.is_empty() { String::new() } else { format!("{tag}={text}") };
    add(if fact.qualifiers.is_empty() { String::new() } else { format!("[{}]", fact.qualifiers) });
    add(tagged("status", &fact.status));
    add(tagged("group", &fact.group));
    add(tagged("dept", &fact.department));
    add(tagged("value", &fact.value.text));
    add(fact.value.number.map(|n| format!("={n}{}", fact.value.unit)).unwrap_or_default());
    out
}
