//! For every rule of receipts the smallest change of a valid file that breaks it, and no rule without one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

mod harness;
mod receipt_common;
mod uke_common;

use std::collections::BTreeSet;

use compact_str::CompactString;
use harness::{Done, run, run_with};
use musubi_mappers::receipt::{self, Receipts};
use musubi_mappers::uke::{self, UkeMedical};
use musubi_model::code::{MasterEntry, Masters, NoMasters, PartialDateOrToday};
use musubi_model::limits::Limits;
use musubi_model::{CodeSystem, Severity};
use receipt_common::{dental, dispensing, dpc, map, nursing, position, record, sjis, with, without};

/// A valid file changed, as what it is mapped, and the rules that then speak.
fn kinds() -> Vec<(Receipts, Vec<String>, &'static [&'static str])> {
    use Receipts as R;
    let mut below = without(dpc(), "RE", 1);
    below.drain(1..position(&below, "RE", 1));
    let mut early = dispensing();
    early.swap(3, 5);
    vec![
        (R::DPC, with(dpc(), "KK", 0, 8, "45"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "KK", 0, 8, "混濁"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "KK", 0, 3, "4"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "KK", 0, 7, "99999"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "KK", 0, 10, "101"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "KK", 0, 13, "12"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "BU", 0, 4, "8"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "SB", 0, 4, "126D"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "SB", 0, 5, "99"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "HH", 0, 2, "7"), &["RECEIPT-VALUE"]),
        (R::DPC, with(dpc(), "BU", 0, 1, "060100xx01xx0"), &["RECEIPT-DPC-CODE"]),
        (R::DPC, with(dpc(), "KK", 0, 6, "16"), &["RECEIPT-AGE"]),
        (R::DPC, with(dpc(), "BU", 0, 3, "20260902"), &["RECEIPT-DATE-ORDER"]),
        (R::DPC, with(dpc(), "KK", 0, 4, "20260904"), &["RECEIPT-DATE-ORDER"]),
        (R::DPC, with(dpc(), "BU", 0, 2, "19600301"), &["RECEIPT-DATE-ORDER", "UKE-DATE-BEFORE-BIRTH"]),
        (R::DPC, with(dpc(), "CD", 0, 1, "20260931"), &["UKE-DATE"]),
        (R::DPC, with(dpc(), "GT", 0, 8, "18001"), &["UKE-POINTS-SUM"]),
        (R::DPC, with(dpc(), "HH", 1, 8, "8001"), &["RECEIPT-SUBTOTAL"]),
        (R::DPC, with(dpc(), "GA", 0, 3, "00003300000000000000000000000"), &["RECEIPT-LEAVE"]),
        (R::DPC, with(dpc(), "GA", 0, 3, "0000120000000000000000000000000"), &["RECEIPT-LEAVE"]),
        (R::DPC, with(dpc(), "KK", 0, 11, "家族によれば重い"), &["RECEIPT-TEXT-SEALED"]),
        (R::DPC, below, &["RECEIPT-TOTAL-MISSING", "UKE-GO-COUNT", "UKE-GO-POINTS", "UKE-PAYER-MISSING"]),
        (R::DENTAL, with(dental(), "HS", 0, 3, "10160"), &["RECEIPT-TOOTH"]),
        (R::DENTAL, with(dental(), "HS", 0, 3, "201600"), &["RECEIPT-TOOTH"]),
        (R::DENTAL, with(dental(), "SS", 2, 6, "CB23"), &["UKE-CODE-SHAPE"]),
        (R::DENTAL, with(dental(), "SS", 0, 3, "101000110"), &["UKE-CODE-SHAPE"]),
        (R::DENTAL, with(dental(), "SS", 1, 88, ""), &["UKE-DAYS-SUM"]),
        (R::DENTAL, with(dental(), "SS", 3, 76, ""), &["UKE-POINTS-PLACE", "UKE-POINTS-SUM"]),
        (R::DENTAL, with(dental(), "HS", 0, 1, "19690101"), &["UKE-DATE-BEFORE-BIRTH"]),
        (R::DISPENSING, without(dispensing(), "SH", 0), &["RECEIPT-NO-PRESCRIPTION"]),
        (R::DISPENSING, early, &["RECEIPT-NO-PRESCRIPTION"]),
        (R::DISPENSING, with(dispensing(), "CZ", 0, 3, "20261005"), &["RECEIPT-OUTSIDE-MONTH"]),
        (R::DISPENSING, with(dispensing(), "CZ", 0, 2, "20260906"), &["RECEIPT-DATE-ORDER"]),
        (R::DISPENSING, with(dispensing(), "KI", 0, 67, "20260906"), &["RECEIPT-DATE-ORDER"]),
        (R::DISPENSING, with(dispensing(), "CZ", 0, 9, ""), &["RECEIPT-FEE"]),
        (R::DISPENSING, with(dispensing(), "CZ", 0, 61, ""), &["RECEIPT-FEE", "UKE-POINTS-SUM"]),
        (R::DISPENSING, with(dispensing(), "CZ", 0, 13, "113"), &["UKE-POINTS-SUM"]),
        (R::DISPENSING, with(dispensing(), "CZ", 0, 46, "1"), &[]),
        (R::DISPENSING, with(dispensing(), "SH", 0, 2, "8"), &["RECEIPT-VALUE"]),
        (R::DISPENSING, with(dispensing(), "RE", 0, 8, "290"), &["UKE-CODE-LIST"]),
        (R::DISPENSING, with(dispensing(), "RE", 0, 40, "12345678"), &["UKE-CODE-SHAPE"]),
        (R::NURSING, with(nursing(), "KA", 0, 1, "20261001"), &["RECEIPT-OUTSIDE-MONTH"]),
        (R::NURSING, with(nursing(), "HJ", 0, 3, "20260731"), &["RECEIPT-DATE-ORDER"]),
        (R::NURSING, with(nursing(), "HJ", 0, 1, "09"), &["RECEIPT-VALUE"]),
        (R::NURSING, with(nursing(), "RJ", 0, 14, "20250301"), &["RECEIPT-DATE-ORDER"]),
        (R::NURSING, with(nursing(), "RJ", 0, 15, "2460"), &["RECEIPT-VALUE"]),
        (R::NURSING, with(nursing(), "KA", 0, 5, "5560"), &["UKE-POINTS-SUM"]),
        (R::NURSING, with(nursing(), "KA", 0, 6, "031"), &["UKE-CODE-LIST"]),
        (R::NURSING, with(nursing(), "KA", 0, 3, "410000110"), &["UKE-CODE-SHAPE"]),
        (R::NURSING, with(nursing(), "GO", 0, 1, "2"), &["UKE-GO-COUNT"]),
        (R::NURSING, with(nursing(), "RE", 0, 10, "900"), &["UKE-NUMBER"]),
    ]
}

#[test]
fn each_change_raises_its_rules() {
    for (at, (kind, lines, expect)) in kinds().into_iter().enumerate() {
        let done = map(kind, &lines);
        let said: Vec<_> = done.findings().map(ToString::to_string).collect();
        assert_eq!(done.rules(), expect, "{kind:?}, change {at}: {said:#?}");
        // A warning stops nothing.
        let stops = done.findings().any(|f| f.rule.severity == Severity::Error);
        assert_eq!(
            stops,
            done.split.is_unsound() || done.units.iter().any(musubi_mappers::MappedUnit::is_unsound)
        );
    }
}

/// Values that were refused do not stand in facts.
#[test]
fn what_does_not_fit_is_not_taken() {
    let jcs = map(Receipts::DPC, &with(dpc(), "KK", 0, 8, "45"));
    assert!(!format!("{:?}", jcs.units[0].facts).contains("dpc.jcs"));
    let weight = map(Receipts::DPC, &with(dpc(), "KK", 0, 7, "99999"));
    assert!(!format!("{:?}", weight.units[0].facts).contains("99999"));
    let teeth = map(Receipts::DENTAL, &with(dental(), "HS", 0, 3, "201600"));
    assert!(!format!("{:?}", teeth.units[0].facts).contains("201600"));
    let severity = map(Receipts::DPC, &with(dpc(), "KK", 0, 11, "秘密の家族"));
    assert!(!format!("{:?}{:?}", severity.units[0].facts, severity.units[0].findings).contains("秘密"));
    let income = map(Receipts::DISPENSING, &with(dispensing(), "RE", 0, 40, "12345678"));
    assert!(!format!("{:?}{:?}", income.units[0].facts, income.units[0].findings).contains("12345678"));
}

struct OneDisease;

impl Masters for OneDisease {
    fn edition(&self, system: &CodeSystem, _: PartialDateOrToday) -> Option<CompactString> {
        matches!(system, CodeSystem::ReceiptDisease | CodeSystem::ReceiptDentalAddition)
            .then(|| "20240601".into())
    }

    fn look_up(&self, _: &CodeSystem, _: &str, _: PartialDateOrToday) -> Option<MasterEntry> {
        None
    }
}

/// Medical files, each broken in one way, with the rule it is for.
fn medical() -> Vec<(Vec<u8>, Limits, &'static str)> {
    use uke_common::{clean, position, sjis, with};
    let usual = Limits::default();
    let line = |bytes: Vec<u8>, rule| (bytes, usual, rule);
    let changed = |id, nth, column, value, rule| (sjis(&with(id, nth, column, value)), usual, rule);
    let edited = |edit: &dyn Fn(&mut Vec<String>), rule| {
        let mut lines = clean();
        edit(&mut lines);
        (sjis(&lines), usual, rule)
    };
    let bytes_at = |mark: u8, with: &[u8], lines: Vec<String>, rule| {
        let mut bytes = sjis(&lines);
        let at = bytes.iter().position(|b| *b == mark).unwrap();
        bytes.splice(at..=at, with.iter().copied());
        (bytes, usual, rule)
    };
    let text = clean().join("\r\n");
    vec![
        line(Vec::new(), "UKE-EMPTY"),
        (sjis(&clean()), Limits { record_bytes_max: 20, ..usual }, "UKE-LIMIT"),
        line(sjis(&["YK,1,13,4,1234567,見本薬局,202404,00,".to_owned()]), "UKE-KIND"),
        edited(&|l| drop(l.remove(0)), "UKE-IR-MISSING"),
        line(encoding_rs::EUC_JP.encode(&text).0.into_owned(), "UKE-ENCODING"),
        line(text.clone().into_bytes(), "UKE-UTF8"),
        line([b"\xEF\xBB\xBF", text.as_bytes()].concat(), "UKE-BOM"),
        line(sjis(&clean()).into_iter().filter(|b| *b != b'\r').collect(), "UKE-LINE-END"),
        edited(&|l| l.truncate(l.len() - 1), "UKE-GO-MISSING"),
        changed("GO", 0, 1, "2", "UKE-GO-COUNT"),
        changed("GO", 0, 2, "800", "UKE-GO-POINTS"),
        changed("IR", 0, 8, "01", "UKE-GO-VOLUME"),
        edited(
            &|l| {
                l.truncate(l.len() - 1);
                l.iter_mut().for_each(|line| line.insert_str(0, "1,1,0,"));
            },
            "UKE-GO-NONE",
        ),
        edited(
            &|l| {
                l[0] = "HI,1,202404,1234567".to_owned();
                let last = l.len() - 1;
                l[last] = "HG,2,801,99".to_owned();
            },
            "UKE-HG-TOTALS",
        ),
        edited(&|l| l.insert(position(l, "SY", 0), "MK,1".to_owned()), "UKE-REVIEW-RESULT"),
        changed("IR", 0, 7, "202413", "UKE-BILLING-MONTH"),
        edited(&|l| l.insert(1, "SY,8830052,20240305,1,,,,".to_owned()), "UKE-RE-MISSING"),
        changed("RE", 0, 1, "", "UKE-RE-NUMBER"),
        changed("RE", 0, 3, "202400", "UKE-CARE-MONTH"),
        edited(&|l| drop(l.remove(position(l, "HO", 1))), "UKE-PAYER-MISSING"),
        edited(&|l| l.insert(position(l, "GO", 0), "KH,1".to_owned()), "UKE-RECORD-UNKNOWN"),
        edited(
            &|l| {
                let at = position(l, "SY", 0);
                l[at].push_str(",1");
            },
            "UKE-COLUMNS",
        ),
        changed("SY", 0, 3, "\"1\"", "UKE-QUOTES"),
        changed("HO", 0, 1, "1130012", "UKE-ZERO-DROPPED"),
        (
            {
                // Two defects in one receipt, one finding allowed.
                let mut lines = with("RE", 0, 5, "3");
                let at = position(&lines, "HO", 0);
                lines[at] = lines[at].replace("01130012", "01130013");
                sjis(&lines)
            },
            Limits { findings_per_unit_max: 1, ..usual },
            "UKE-FINDINGS-MORE",
        ),
        bytes_at(b'*', &[0x83], with("RE", 0, 4, "見本太郎*"), "UKE-TEXT-CUT"),
        bytes_at(b'*', &[0xFF], with("CO", 0, 4, "見本*見本"), "UKE-TEXT-BAD"),
        changed("SY", 2, 5, "見本見本見本見本見本見本見本見本見本見本見", "UKE-TEXT-LONG"),
        bytes_at(b'*', &[0xF0, 0x40], with("RE", 0, 4, "見本太*"), "UKE-GAIJI"),
        changed("RE", 0, 4, "ﾐﾎﾝ ﾀﾛｳ", "UKE-NAME-HALFWIDTH"),
        changed("HO", 0, 2, "12", "UKE-SYMBOL-HALFWIDTH"),
        changed("RE", 0, 5, "3", "UKE-SEX"),
        changed("RE", 0, 6, "19600431", "UKE-BIRTH-DATE"),
        changed("SY", 0, 2, "20240231", "UKE-DATE"),
        changed("SY", 0, 2, "20240300", "UKE-DATE-PART"),
        changed("SY", 0, 2, "4360305", "UKE-DATE-ERA"),
        changed("SY", 0, 2, "19600409", "UKE-DATE-BEFORE-BIRTH"),
        changed("RE", 0, 8, "19600409", "UKE-DATE-BEFORE-BIRTH"),
        changed("HO", 0, 1, "01130013", "UKE-CHECK-DIGIT"),
        changed("HO", 1, 1, "138057", "UKE-INSURER-PADDING"),
        changed("KO", 0, 1, "121432100", "UKE-NUMBER-SHAPE"),
        changed("RE", 0, 13, "123456789018", "UKE-MYNUMBER"),
        changed("SI", 1, 3, "11100011", "UKE-CODE-SHAPE"),
        changed("RE", 0, 11, "290", "UKE-CODE-LIST"),
        changed("SY", 2, 5, "", "UKE-UNCODED-NAME"),
        changed("SY", 1, 4, "8002205", "UKE-MODIFIER"),
        changed("SI", 1, 4, "二", "UKE-NUMBER"),
        changed("SI", 0, 1, "", "UKE-SECTION"),
        changed("IY", 1, 5, "", "UKE-POINTS-PLACE"),
        changed("SI", 1, 5, "292", "UKE-POINTS-SUM"),
        changed("SI", 0, 17, "2", "UKE-DAYS-SUM"),
        changed("JD", 0, 1, "1", "UKE-DAY-BEYOND"),
    ]
}

#[test]
fn every_rule_has_a_change_that_breaks_it() {
    let mut broken: BTreeSet<&str> = BTreeSet::new();
    for (kind, lines, _) in kinds() {
        broken.extend(map(kind, &lines).rules());
    }
    for (mut bytes, limits, rule) in medical() {
        if rule == "UKE-DAY-BEYOND" {
            let mut lines = uke_common::with("RE", 0, 3, "202402");
            let at = uke_common::position(&lines, "JD", 0);
            lines[at] = record("JD", 33, &[(1, "1"), (31, "1")]);
            bytes = uke_common::sjis(&lines);
        }
        let done: Done = run_with(&UkeMedical, &bytes, "RECEIPTC.UKE", &limits, &NoMasters);
        assert!(done.rules().contains(&rule), "{rule}: {:?}", done.rules());
        broken.extend(done.rules());
    }
    // What needs a master, or a provider that is an institution, or a file that may say nothing.
    let known =
        run_with(&UkeMedical, &uke_common::sjis(&uke_common::clean()), "", &Limits::default(), &OneDisease);
    broken.extend(known.rules());
    let addition = run_with(&Receipts::DENTAL, &sjis(&dental()), "", &Limits::default(), &OneDisease);
    assert!(addition.rules().contains(&"UKE-CODE-UNKNOWN"));
    broken.extend(map(Receipts::NURSING, &with(with(nursing(), "GO", 0, 1, ""), "GO", 0, 2, "")).rules());
    broken.extend(another_institution());
    let all: BTreeSet<&str> = uke::rules().iter().chain(receipt::rules()).map(|r| r.id).collect();
    let missing: Vec<_> = all.difference(&broken).collect();
    assert!(missing.is_empty(), "no change breaks {missing:?}");
    for rule in uke::rules().iter().chain(receipt::rules()) {
        assert!(!rule.example.is_empty(), "{} has no example", rule.id);
    }
}

/// The provider of the manifest and the institution of the file: the fee table does not matter, the number does.
fn another_institution() -> Vec<&'static str> {
    use musubi_mappers::{Document, Mapper};
    use musubi_model::ProviderId;
    let limits = Limits::default();
    let split = |kind: Receipts, lines: &[String], provider: &str| -> Vec<&'static str> {
        let (bytes, provider) = (sjis(lines), ProviderId::new(provider).unwrap());
        let document = Document { bytes: &bytes, path: "", provider: &provider, limits: &limits };
        kind.split(&document).findings.iter().map(|f| f.rule.id).collect()
    };
    assert_eq!(split(Receipts::DISPENSING, &dispensing(), "1341234567"), [""; 0]);
    assert_eq!(split(Receipts::DENTAL, &dental(), "1311234567"), [""; 0]);
    assert_eq!(split(Receipts::DENTAL, &dental(), "1331234568"), ["UKE-PROVIDER"]);
    split(Receipts::NURSING, &nursing(), "1361234568")
}

/// A My Number stops the receipt, wherever a number of a person is written.
#[test]
fn my_numbers_are_refused_in_every_kind() {
    let number = "123456789018";
    for (kind, lines) in [
        (Receipts::DPC, with(dpc(), "RE", 0, 13, number)),
        (Receipts::DENTAL, with(dental(), "RE", 0, 15, number)),
        (Receipts::DISPENSING, with(dispensing(), "RE", 0, 35, number)),
        (Receipts::NURSING, with(nursing(), "RE", 0, 13, number)),
        (Receipts::NURSING, with(nursing(), "HO", 0, 3, "１２３４５６７８９０１８")),
    ] {
        let done = map(kind, &lines);
        assert!(done.rules().contains(&"UKE-MYNUMBER") && done.units[0].is_unsound(), "{kind:?}");
        assert!(done.units[0].facts.is_empty());
    }
}

/// No finding shows a value of a person.
#[test]
fn findings_show_shapes_only() {
    for (kind, mut lines) in [
        (Receipts::DPC, dpc()),
        (Receipts::DENTAL, dental()),
        (Receipts::DISPENSING, dispensing()),
        (Receipts::NURSING, nursing()),
    ] {
        // Every column of every record is replaced by a secret, one record at a time.
        let original = lines.clone();
        for at in 0..lines.len() {
            let columns = lines[at].split(',').count();
            let id: String = lines[at].split(',').next().unwrap().to_owned();
            lines[at] = std::iter::once(id)
                .chain((1..columns).map(|_| "ヒミツ98765".to_owned()))
                .collect::<Vec<_>>()
                .join(",");
            let done = run(&kind, &sjis(&lines), "");
            for finding in done.findings() {
                let shown = format!("{finding} {finding:?}");
                assert!(!shown.contains("ヒミツ") && !shown.contains("98765"), "{shown}");
            }
            lines[at] = original[at].clone();
        }
    }
}
