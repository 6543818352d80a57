//! Each defect of formats.md §2.10 as the smallest change of a clean file: it raises exactly its finding.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "helpers of tests; a panic is a failed test"
)]

mod uke_common;

use musubi_model::limits::Limits;
use uke_common::{clean, position, record, run, run_with, sjis, with};

#[track_caller]
fn check(bytes: &[u8], expect: &[&str]) {
    let mapped = run(bytes);
    assert_eq!(mapped.ids(), expect, "{:#?}", mapped.findings().collect::<Vec<_>>());
}

#[track_caller]
fn check_lines(lines: &[String], expect: &[&str]) {
    check(&sjis(lines), expect);
}

fn without(id: &str, nth: usize) -> Vec<String> {
    let mut lines = clean();
    lines.remove(position(&lines, id, nth));
    lines
}

#[test]
fn the_clean_file_raises_none() {
    check_lines(&clean(), &[]);
}

#[test]
fn control_totals() {
    check_lines(&without("GO", 0), &["UKE-GO-MISSING"]);
    check_lines(&with("GO", 0, 1, "2"), &["UKE-GO-COUNT"]);
    check_lines(&with("GO", 0, 2, "800"), &["UKE-GO-POINTS"]);
    check_lines(&with("GO", 0, 3, "01"), &["UKE-GO-VOLUME"]);
    // A lost receipt: both totals speak.
    let mut lines = clean();
    let second = position(&lines, "RE", 1);
    lines.drain(second..second + 4);
    check_lines(&lines, &["UKE-GO-COUNT", "UKE-GO-POINTS"]);
}

#[test]
fn several_blocks_are_accepted() {
    let twice: Vec<String> = clean().into_iter().chain(clean()).collect();
    check_lines(&twice, &[]);
    let mut cut = twice.clone();
    cut.remove(position(&cut, "GO", 0));
    check_lines(&cut, &["UKE-GO-MISSING"]);
    assert_eq!(run(&sjis(&twice)).split.totals.get("points"), Some(&1602));
}

#[test]
fn other_files() {
    check(b"", &["UKE-EMPTY"]);
    check(b"\r\n\x1A", &["UKE-EMPTY"]);
    check_lines(&with("IR", 0, 3, "3"), &["UKE-KIND"]);
    let mut dpc = clean();
    dpc.insert(position(&dpc, "SY", 0), "BU,040080x099x0xx,20240301,,1,".to_owned());
    let of_another_kind = [
        sjis(&["UK,1,13,3,1234567,,見本歯科,202404,,00".to_owned(), "IR,1,13,3,1234567,,202404,".to_owned()]),
        sjis(&["YK,1,13,4,1234567,見本薬局,202404,00,".to_owned()]),
        sjis(&dpc),
        b"<?xml version=\"1.0\"?>\r\n<a/>\r\n".to_vec(),
        b"MSH|^~\\&|A|B\rPID|1".to_vec(),
    ];
    for bytes in of_another_kind {
        let split = run(&bytes).split;
        assert_eq!(split.findings.iter().map(|f| f.rule.id).collect::<Vec<_>>(), ["UKE-KIND"]);
    }
    check_lines(&without("IR", 0), &["UKE-IR-MISSING"]);
    let mut review = clean();
    review.insert(position(&review, "SY", 0), "MK,1".to_owned());
    check_lines(&review, &["UKE-REVIEW-RESULT", "UKE-RECORD-UNKNOWN"]);
    // Only HI: the receipts and HG are missing.
    check(&sjis(&["HI,1,202404,1234567".to_owned()]), &["UKE-GO-MISSING"]);
}

#[test]
fn receipts() {
    check_lines(&with("RE", 0, 1, ""), &["UKE-RE-NUMBER"]);
    for bad in ["", "202413", "20240301", "64303"] {
        check_lines(&with("RE", 1, 3, bad), &["UKE-CARE-MONTH"]);
    }
    let mut lines = without("HO", 1);
    lines.retain(|l| !l.starts_with("GO"));
    lines.push("GO,2,510,99".to_owned());
    check_lines(&lines, &["UKE-PAYER-MISSING"]);
    let mut orphan = clean();
    orphan.insert(1, record("SY", 8, &[(1, "8830052"), (2, "20240305"), (3, "1")]));
    check_lines(&orphan, &["UKE-RE-MISSING"]);
    let mapped = run(&sjis(&orphan));
    assert_eq!(
        mapped.units.iter().map(musubi_mappers::MappedUnit::is_unsound).collect::<Vec<_>>(),
        [true, false, false]
    );
    assert!(mapped.units[0].facts.is_empty());
    let mut strange = clean();
    for _ in 0..2 {
        strange.insert(position(&strange, "GO", 0), "KH,見本".to_owned());
    }
    check_lines(&strange, &["UKE-RECORD-UNKNOWN"]);
    check_lines(&with("IR", 0, 7, "2024"), &["UKE-BILLING-MONTH"]);
}

#[test]
fn persons() {
    check_lines(&with("RE", 0, 5, "3"), &["UKE-SEX"]);
    check_lines(&with("RE", 0, 6, "19600431"), &["UKE-BIRTH-DATE"]);
    check_lines(&with("RE", 0, 6, ""), &["UKE-BIRTH-DATE"]);
    check_lines(&with("RE", 0, 6, "3650401"), &["UKE-DATE-ERA"]);
    check_lines(&with("RE", 0, 6, "19600400"), &["UKE-DATE-PART"]);
    check_lines(&with("RE", 0, 4, "ﾐﾎﾝ ﾀﾛｳ"), &["UKE-NAME-HALFWIDTH"]);
    check_lines(&with("RE", 0, 36, "ﾐﾎﾝﾀﾛｳ"), &["UKE-NAME-HALFWIDTH"]);
    check_lines(&with("HO", 0, 2, "12"), &["UKE-SYMBOL-HALFWIDTH"]);
    check_lines(&with("HO", 0, 3, "345"), &["UKE-SYMBOL-HALFWIDTH"]);
    check_lines(&with("RE", 0, 13, "123456789018"), &["UKE-MYNUMBER"]);
    check_lines(&with("RE", 0, 13, "123456789012"), &[]);
    check_lines(&with("HO", 0, 3, "１２３４５６７８９０１８"), &["UKE-MYNUMBER"]);
    check_lines(&with("SN", 0, 5, "1234-5678-9018"), &["UKE-MYNUMBER"]);
}

#[test]
fn payer_numbers() {
    check_lines(&with("HO", 0, 1, "01130013"), &["UKE-CHECK-DIGIT"]);
    check_lines(&with("HO", 1, 1, "  138058"), &["UKE-CHECK-DIGIT"]);
    check_lines(&with("KO", 0, 1, "83136019"), &["UKE-CHECK-DIGIT"]);
    check_lines(&with("KO", 0, 2, "0000001"), &["UKE-CHECK-DIGIT"]);
    check_lines(&with("HO", 1, 1, "138057"), &["UKE-INSURER-PADDING"]);
    check_lines(&with("HO", 1, 1, "00138057"), &["UKE-INSURER-PADDING"]);
    check_lines(&with("HO", 0, 1, "1130012"), &["UKE-ZERO-DROPPED"]);
    check_lines(&with("KO", 0, 2, "0"), &["UKE-ZERO-DROPPED"]);
    check_lines(&with("HO", 0, 1, "0113001X"), &["UKE-NUMBER-SHAPE"]);
    check_lines(&with("KO", 0, 1, "121432100"), &["UKE-NUMBER-SHAPE"]);
}

#[test]
fn diagnoses() {
    check_lines(&with("SY", 2, 5, ""), &["UKE-UNCODED-NAME"]);
    check_lines(&with("SY", 2, 1, "999"), &["UKE-ZERO-DROPPED"]);
    check_lines(&with("SY", 0, 6, "1"), &["UKE-ZERO-DROPPED"]);
    check_lines(&with("SY", 0, 1, "88300520"), &["UKE-CODE-SHAPE"]);
    check_lines(&with("SY", 1, 4, "8002205"), &["UKE-MODIFIER"]);
    check_lines(&with("SY", 1, 4, &"8002".repeat(21)), &["UKE-MODIFIER"]);
    check_lines(&with("SY", 0, 2, "20240231"), &["UKE-DATE"]);
    check_lines(&with("SY", 0, 2, "4360305"), &["UKE-DATE-ERA"]);
    check_lines(&with("SY", 0, 2, "19600409"), &["UKE-DATE-BEFORE-BIRTH"]);
}

#[test]
fn claim_lines() {
    check_lines(&with("HO", 1, 5, "292"), &["UKE-GO-POINTS", "UKE-POINTS-SUM"]);
    check_lines(&with("SI", 1, 5, "292"), &["UKE-POINTS-SUM"]);
    check_lines(&with("SI", 0, 17, "2"), &["UKE-DAYS-SUM"]);
    check_lines(&with("SI", 0, 1, ""), &["UKE-SECTION"]);
    check_lines(&with("SI", 1, 3, "11100011"), &["UKE-CODE-SHAPE"]);
    check_lines(&with("SI", 1, 4, "二"), &["UKE-NUMBER"]);
    // Points moved from the last line of their unit to the first.
    let mut moved = with("IY", 0, 5, "20");
    let last = position(&moved, "IY", 1);
    moved[last] = moved[last].replacen(",20,", ",,", 1);
    check_lines(&moved, &["UKE-POINTS-PLACE"]);
    // Day 31 in a month of 30 days, the number of times in accord.
    let mut beyond = with("RE", 1, 3, "202404");
    let line = position(&beyond, "SI", 1);
    beyond[line] =
        record("SI", 44, &[(1, "11"), (2, "1"), (3, "111000110"), (5, "291"), (6, "1"), (43, "1")]);
    check_lines(&beyond, &["UKE-DAY-BEYOND"]);
    let mut attended = with("RE", 0, 3, "202402");
    let line = position(&attended, "JD", 0);
    attended[line] = record("JD", 33, &[(1, "1"), (6, "1"), (31, "1")]);
    check_lines(&attended, &["UKE-DAY-BEYOND"]);
    // A line that only public payers bear does not count in the insurer's total.
    let mut public = clean();
    let line = record("SI", 44, &[(1, "60"), (2, "5"), (3, "160000310"), (5, "26"), (6, "1"), (17, "1")]);
    public.insert(position(&public, "SJ", 0), line);
    check_lines(&public, &[]);
    // Meals count yen.
    let mut meals = clean();
    let line = record("SI", 44, &[(1, "97"), (2, "1"), (3, "197000110"), (5, "640"), (6, "3"), (17, "3")]);
    meals.insert(position(&meals, "SJ", 0), line);
    check_lines(&meals, &[]);
}

#[test]
fn text() {
    let mut cut = sjis(&with("RE", 0, 4, "見本太郎*"));
    let at = cut.iter().position(|b| *b == b'*').unwrap();
    cut[at] = 0x83;
    check(&cut, &["UKE-TEXT-CUT"]);
    let mut bad = sjis(&with("CO", 0, 4, "見本*見本"));
    let at = bad.iter().position(|b| *b == b'*').unwrap();
    bad[at] = 0xFF;
    check(&bad, &["UKE-TEXT-BAD"]);
    check_lines(&with("SY", 2, 5, &"見".repeat(21)), &["UKE-TEXT-LONG"]);
    check_lines(&with("SY", 2, 5, &"見".repeat(20)), &[]);
    let mut gaiji = sjis(&with("RE", 0, 4, "見本太**"));
    let at = gaiji.iter().position(|b| *b == b'*').unwrap();
    gaiji[at..at + 2].copy_from_slice(b"\xF0\x40");
    check(&gaiji, &["UKE-GAIJI"]);
    let utf8 = clean().join("\r\n").into_bytes();
    check(&utf8, &["UKE-UTF8"]);
    check(&[b"\xEF\xBB\xBF", &utf8[..]].concat(), &["UKE-BOM"]);
    let euc = encoding_rs::EUC_JP.encode(&clean().join("\r\n")).0.into_owned();
    assert!(run(&euc).split.is_unsound() && run(&euc).ids().contains(&"UKE-ENCODING"));
}

#[test]
fn line_ends_and_columns() {
    let replaced = |end: &[u8]| -> Vec<u8> {
        let bytes = sjis(&clean());
        bytes
            .split(|b| *b == b'\n')
            .flat_map(|l| [l.strip_suffix(b"\r").unwrap_or(l), end].concat())
            .collect()
    };
    check(&replaced(b"\r"), &["UKE-LINE-END"]);
    check(&replaced(b"\n"), &["UKE-LINE-END"]);
    check(&[&sjis(&clean())[..], b"\x1A"].concat(), &[]);
    // Trailing commas dropped: empty columns are empty columns.
    let bare: Vec<String> = clean().iter().map(|l| l.trim_end_matches(',').to_owned()).collect();
    check_lines(&bare, &[]);
    let facts = |lines: &[String]| -> Vec<_> {
        let blank = |mut f: musubi_model::Fact| {
            f.range = musubi_model::ByteRange::default();
            f
        };
        run(&sjis(lines)).units.into_iter().flat_map(|u| u.facts).map(blank).collect()
    };
    assert_eq!(facts(&bare), facts(&clean()));
    // Quotation marks around every column of one record, and around its id.
    let mut quoted = clean();
    let at = position(&quoted, "SY", 0);
    quoted[at] = quoted[at].split(',').map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(",");
    check_lines(&quoted, &["UKE-QUOTES"]);
    assert_eq!(facts(&quoted), facts(&clean()));
    let mut wide = clean();
    let at = position(&wide, "SJ", 0);
    wide[at].push_str(",余り");
    check_lines(&wide, &["UKE-COLUMNS"]);
}

#[test]
fn limits() {
    let bytes = sjis(&clean());
    let check = |limits: Limits, times: usize| {
        let mapped = run_with(&bytes, &limits, &musubi_model::code::NoMasters);
        assert_eq!(mapped.ids(), vec!["UKE-LIMIT"; times]);
        mapped
    };
    let base = Limits::default();
    check(Limits { document_bytes_max: 100, ..base }, 1);
    check(Limits { record_bytes_max: 80, ..base }, 2);
    check(Limits { records_per_unit_max: 10, ..base }, 1);
    // What was glued to the last unit within the limit is not sound, but it is counted.
    let one = run_with(&bytes, &Limits { units_per_document_max: 1, ..base }, &musubi_model::code::NoMasters);
    assert_eq!(one.split.findings.iter().map(|f| f.rule.id).collect::<Vec<_>>(), ["UKE-LIMIT"]);
    assert!(one.split.is_unsound());
    let total: u64 = one.split.units.iter().map(|u| u.records.total()).sum();
    assert_eq!(total + one.split.envelope.total(), u64::try_from(clean().len()).unwrap());
}

#[test]
fn findings_show_no_value_of_a_person() {
    let mut lines = with("HO", 0, 3, "987654321");
    for (id, nth, column, value) in [
        ("RE", 0, 4, "ﾋﾐﾂ秘密"),
        ("RE", 0, 6, "19991399"),
        ("RE", 0, 5, "秘"),
        ("HO", 0, 1, "98765"),
        ("SY", 0, 1, "秘密"),
    ] {
        let at = position(&lines, id, nth);
        let mut fields: Vec<&str> = lines[at].split(',').collect();
        fields[column] = value;
        lines[at] = fields.join(",");
    }
    let mapped = run(&sjis(&lines));
    let shown: String = mapped.findings().map(|f| format!("{f} {f:?}")).collect();
    assert_eq!(mapped.findings().count(), 6, "{shown}");
    for secret in ["ﾋﾐﾂ", "秘密", "秘", "19991399", "98765", "見本"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let facts = format!("{:?}", mapped.units.iter().map(|u| &u.facts).collect::<Vec<_>>());
    assert!(!facts.contains("秘"), "{facts}");
}
