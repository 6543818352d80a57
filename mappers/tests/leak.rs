//! The radar: what it must see, what it must not see, and that the whole synthetic corpus is clean to it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod harness;

use std::collections::BTreeSet;

use harness::{mapper, run};
use musubi_mappers::leak::{self, guard, watch};
use musubi_mappers::notes::Notes;
use musubi_mappers::{MappedUnit, RecordCounts};
use musubi_model::limits::Limits;
use musubi_model::{ByteRange, CodeSystem, Coded, Demographics, Fact, FactTable, Identifying, Severity};
use musubi_testdata::formats;
use proptest::prelude::*;

fn person() -> Demographics {
    let text = |t: &str| Identifying::new(t.into());
    Demographics {
        local_number: text("0001234567"),
        insurer_number: text("06130017"),
        insured_symbol: text("１２"),
        insured_number: text("７６５４３２１"),
        name_kanji: text("見本田 健太郎"),
        name_kana: text("ﾐﾎﾝﾀﾞ ｹﾝﾀﾛｳ"),
        address: text("東京都港区見本１丁目２－３"),
        phone: text("03-0000-1234"),
        ..Demographics::default()
    }
}

fn fact() -> Fact {
    let mut fact = Fact::new(FactTable::Measurement, ByteRange::default());
    fact.source = Some(Coded::new(CodeSystem::Jlac10, "3D010000001926101").with_text("グルコース"));
    fact.value.text = "98".into();
    fact.value.number = Some(98.into());
    fact.value.unit = "mg/dL".into();
    fact
}

/// Every place of a text in a fact, by name.
const PLACES: [&str; 11] = [
    "code",
    "source",
    "standard",
    "value",
    "unit",
    "range",
    "flag",
    "qualifiers",
    "status",
    "group",
    "department",
];

fn put(place: &str, text: &str) -> Fact {
    let mut fact = fact();
    let other = || CodeSystem::Other("99XY1".into());
    match place {
        "code" => fact.source = Some(Coded::new(other(), text)),
        "source" => fact.source = Some(Coded::new(CodeSystem::Jlac10, "3D010").with_text(text)),
        "standard" => fact.standard = Some(Coded::new(CodeSystem::Icd10, "K297").with_text(text)),
        "value" => {
            fact.value.text = text.into();
            fact.value.number = None;
        }
        "unit" => fact.value.unit = text.into(),
        "range" => fact.value.range = text.into(),
        "flag" => fact.value.flag = text.into(),
        "qualifiers" => fact.qualifiers = text.into(),
        "status" => fact.status = text.into(),
        "group" => fact.group = text.into(),
        _ => fact.department = text.into(),
    }
    fact
}

/// Rules raised for a fact, and the fact as it is left.
fn look(fact: Fact) -> (Vec<&'static str>, Fact) {
    let mut notes = Notes::new(50);
    let mut facts = [fact];
    watch(&person(), &mut facts, &mut notes);
    let [fact] = facts;
    (notes.finish().iter().map(|f| f.rule.id).collect(), fact)
}

const HITS: [(&str, &str); 22] = [
    ("LEAK-OWN-NAME", "見本田健太郎"),
    ("LEAK-OWN-NAME", "再検 見本田　健太郎"),
    ("LEAK-OWN-NAME", "見本田様"),
    ("LEAK-OWN-NAME", "健太郎さん"),
    ("LEAK-OWN-NAME", "ミホンダ ケンタロウ"),
    ("LEAK-OWN-NAME", "ﾐﾎﾝﾀﾞｹﾝﾀﾛｳ"),
    ("LEAK-OWN-NAME", "みほんだ けんたろう"),
    ("LEAK-OWN-NUMBER", "ID 0001234567"),
    ("LEAK-OWN-NUMBER", "カルテ０００１２３４５６７"),
    ("LEAK-OWN-NUMBER", "番号 00007654321"),
    ("LEAK-OWN-NUMBER", "TEL 03-0000-1234"),
    ("LEAK-OWN-NUMBER", "0300001234"),
    ("LEAK-OWN-ADDRESS", "住所 東京都港区 見本1丁目2-3"),
    ("LEAK-MY-NUMBER", "123456789018"),
    ("LEAK-MY-NUMBER", "1234 5678 9018"),
    ("LEAK-PHONE", "045-000-9876"),
    ("LEAK-PHONE", "０９０－００００－９８７６"),
    ("LEAK-INSURANCE", "保険者番号 01130012"),
    ("LEAK-MAIL", "someone@example.co.jp"),
    ("LEAK-ADDRESS", "〒105-0004"),
    ("LEAK-ADDRESS", "大阪府見本市仮町3-4"),
    ("LEAK-ADDRESS", "530-0001 大阪府"),
];

/// Seen in every place; what is soft is taken out, and the fact says so.
#[test]
fn what_identifies_is_seen_wherever_it_stands() {
    let mut seen = BTreeSet::new();
    for (rule, text) in HITS {
        for place in PLACES {
            let (rules, left) = look(put(place, text));
            assert_eq!(rules, [rule], "{text} as {place}");
            assert!(!format!("{left:?}").contains(text), "{text} is left as {place}");
            if matches!(place, "source" | "value") {
                assert!(left.qualifiers.ends_with("text=sealed"), "{text} as {place}");
            }
        }
        seen.insert(rule);
    }
    let all: BTreeSet<_> = leak::rules().iter().map(|r| r.id).collect();
    assert_eq!(seen, all, "a rule without a hit");
    assert!(leak::rules().iter().all(|r| !r.example.is_empty()));
}

/// A part of the name alone is a name in words, but not in the title of a drug or a disease.
#[test]
fn parts_of_a_name_are_judged_by_their_field() {
    for (place, hit) in
        [("value", true), ("department", true), ("qualifiers", true), ("source", false), ("standard", false)]
    {
        let rules: &[&str] = if hit { &["LEAK-OWN-NAME"] } else { &[] };
        for text in ["見本田", "(健太郎)", "担当：見本田"] {
            assert_eq!(look(put(place, text)).0, rules, "{text} as {place}");
        }
    }
}

#[test]
fn what_only_looks_alike_is_left_alone() {
    for (place, text) in [
        ("source", "見本田製薬アスピリン錠"),
        ("source", "見本田病"),
        ("source", "見本田氏病"),
        ("source", "ミホンダルシン錠２．５ｍｇ"),
        ("source", "健太郎飴"),
        ("source", "モーラステープＬ４０ｍｇ　１０ｃｍ×１４ｃｍ"),
        ("source", "造影ＣＴ（１２－３４５－６）"),
        ("value", "陰性(-)"),
        ("value", "120/80"),
        ("value", "12345678"),
        ("value", "2312321222"),
        ("value", "777777777777777777"),
        ("value", "2024-04-10"),
        ("unit", "×10^4/μL"),
        ("range", "3.5-5.0"),
        ("range", "100000-400000"),
        ("code", "000123456789"),
        ("code", "HOSP0001234568"),
        ("qualifiers", "usage=1012040400000000 generic=1149019F1ZZZ"),
        ("qualifiers", "ward=1906244444 flags=1000000"),
        ("qualifiers", "generic=1234567F1ZZZ"),
        ("group", "21-3"),
        ("status", "F"),
        ("department", "循環器内科"),
        ("department", "見本田記念病棟"),
    ] {
        let before = put(place, text);
        let (rules, left) = look(before.clone());
        assert_eq!(rules, [""; 0], "{text} as {place}");
        assert_eq!(left, before, "{text} as {place}");
    }
}

/// A named code of the sender's own may have twelve digits; a nameless one may not.
#[test]
fn codes_of_the_senders_own() {
    let mut named = put("code", "123456789018");
    assert_eq!(look(named.clone()).0, ["LEAK-MY-NUMBER"]);
    named.source = named.source.map(|s| s.with_text("院内検査"));
    assert_eq!(look(named).0, [""; 0]);
    // Codes of known systems are not texts.
    let mut known = fact();
    known.source = Some(Coded::new(CodeSystem::Hot, "0001234567"));
    assert_eq!(look(known).0, [""; 0]);
}

/// A measured number is only the person's when it is long.
#[test]
fn measured_numbers() {
    let measured = |text: &str| {
        let mut fact = fact();
        fact.value.text = text.into();
        fact.value.number = Some(1.into());
        look(fact).0
    };
    assert_eq!(measured("7654321"), ["LEAK-OWN-NUMBER"]);
    assert_eq!(measured("765432"), [""; 0]);
    let short = Demographics { local_number: Identifying::new("123456".into()), ..person() };
    let mut notes = Notes::new(5);
    let mut fact = fact();
    fact.value.text = "123456".into();
    watch(&short, &mut [fact], &mut notes);
    assert!(!notes.has_error());
}

fn unit(facts: Vec<Fact>) -> MappedUnit {
    MappedUnit {
        demographics: person(),
        facts,
        findings: Vec::new(),
        records: RecordCounts::default(),
        version: None,
        master_version: "".into(),
    }
}

#[test]
fn an_error_takes_the_facts_out_a_warning_does_not() {
    let limits = Limits::default();
    let mut bad = unit(vec![fact(), put("value", "見本田健太郎")]);
    guard(&mut bad, &limits);
    assert!(bad.is_unsound() && bad.facts.is_empty());
    let mut soft = unit(vec![fact(), put("unit", "045-000-9876")]);
    guard(&mut soft, &limits);
    assert_eq!((soft.facts.len(), soft.findings.len()), (2, 1));
    assert_eq!(soft.findings[0].rule.severity, Severity::Warning);
    let mut clean = unit(vec![fact()]);
    guard(&mut clean, &limits);
    assert_eq!(clean, unit(vec![fact()]));
    // The limit of findings holds, and an error is not lost.
    let mut many =
        unit((0..20).map(|_| put("unit", "045-000-9876")).chain([put("value", "見本田様")]).collect());
    guard(&mut many, &Limits { findings_per_unit_max: 3, ..limits });
    assert!(many.findings.len() <= 4 && many.is_unsound());
}

#[test]
fn findings_show_no_value() {
    for (_, text) in HITS {
        let mut bad = unit(vec![put("value", text)]);
        guard(&mut bad, &Limits::default());
        let shown: String = bad.findings.iter().map(|f| format!("{f}")).collect();
        assert!(!shown.contains(text), "{text} in {shown}");
    }
}

/// All facts of all formats, with the people they are about: nothing is seen in them.
#[test]
fn the_synthetic_corpus_is_clean() {
    let (mut facts, mut texts) = (0, 0);
    for format in formats::all() {
        let mapper = mapper(format.kind, format.interface);
        for file in formats::sample(&format, 400, 9).unwrap() {
            for mut unit in run(mapper.as_ref(), &file.bytes, &file.path).units {
                let before = unit.clone();
                guard(&mut unit, &Limits::default());
                let new: Vec<_> =
                    unit.findings[before.findings.len()..].iter().map(ToString::to_string).collect();
                assert_eq!(unit, before, "{format:?} {new:?}");
                facts += unit.facts.len();
                texts +=
                    unit.facts.iter().filter(|f| f.source.as_ref().is_some_and(|s| s.text.is_some())).count();
            }
        }
    }
    assert!(facts > 2000 && texts > 300, "{facts} facts, {texts} texts");
}

/// The person's own name put into any fact of the corpus is seen.
#[test]
fn a_name_in_any_fact_of_the_corpus_is_seen() {
    let mut tried = 0;
    for format in formats::all() {
        let mapper = mapper(format.kind, format.interface);
        for file in formats::sample(&format, 60, 3).unwrap().into_iter().take(1) {
            for mut unit in run(mapper.as_ref(), &file.bytes, &file.path).units {
                let name = unit.demographics.name_kanji.expose().clone();
                let letters = name.chars().filter(|c| !c.is_whitespace()).count();
                let Some(last) = unit.facts.last_mut().filter(|_| letters >= 3) else { continue };
                last.value.text = format!("{name} 様").into();
                last.value.number = None;
                guard(&mut unit, &Limits::default());
                assert!(unit.is_unsound(), "{format:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 10, "{tried}");
}

proptest! {
    #[test]
    fn any_texts(text in ".{0,40}", kanji in ".{0,8}", kana in "[ア-ンﾞﾟｱ-ﾝ ]{0,10}", number in "[0-9A-Z-]{0,14}", place in prop::sample::select(PLACES.to_vec())) {
        let d = Demographics {
            name_kanji: Identifying::new(kanji.into()),
            name_kana: Identifying::new(kana.into()),
            local_number: Identifying::new(number.into()),
            ..Demographics::default()
        };
        let mut notes = Notes::new(20);
        watch(&d, &mut [put(place, &text)], &mut notes);
    }

    /// A name between any other words is seen, in whatever width its kana are.
    #[test]
    fn a_whole_name_is_always_seen(before in "[a-z0-9 、。（]{0,10}", after in "[a-z0-9 、。）]{0,10}", form in 0usize..5) {
        let name = ["見本田健太郎", "見本田 健太郎", "ミホンダケンタロウ", "ﾐﾎﾝﾀﾞ ｹﾝﾀﾛｳ", "みほんだけんたろう"][form];
        prop_assert_eq!(look(put("value", &format!("{before}{name}{after}"))).0, ["LEAK-OWN-NAME"]);
    }
}
