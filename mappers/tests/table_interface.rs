//! The language of interfaces: the shipped ones are sound, and each slip of the pen is told with its line, its key and
//! how to mend it.

#![allow(clippy::unwrap_used, reason = "helpers of tests; a panic is a failed test")]

use std::collections::BTreeSet;
use std::path::Path;

use musubi_mappers::Mapper as _;
use musubi_mappers::table::{Interface, Interfaces, Table};

const GOOD: &str = r#"name = "sample-city"
version = 1
title = "見本"
csv = { headings = 1 }
record = { day = "受診日" }
versions = { key = ["番号"], time = ["受診日"] }
column = [
  { head = "番号", person = "local_number" },
  { head = "受診日", kind = "date" },
  { head = "体重", kind = "number", unit = "kg", range = [1, 200], fact = "measurement", code = "MUSUBI-ITEM:BODY-WEIGHT" },
  { head = "判定", kind = "code", values = { 1 = "可" }, fact = "observation", code = "MUSUBI-ITEM:JUDGEMENT" },
  { head = "所見", note = "FINDING" },
  { head = "医師", seal = "第三者" },
]
fact = [
  { table = "programme_event", code = "99-CITY:X", start = "@受診日", status = "@判定" },
]
check = [
  { order = ["受診日", "受診日"] },
]
"#;

#[test]
fn shipped_interfaces_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interfaces");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let interface = Interface::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(Some(interface.name()), path.file_stem().and_then(|n| n.to_str()));
        assert!(!interface.title().is_empty());
        assert!(names.insert(interface.name().to_owned()));
    }
    let builtin = Interfaces::builtin();
    assert_eq!(names, builtin.iter().map(|i| i.name().to_owned()).collect());
    assert_eq!(names.len(), Interfaces::templates().len());
    assert!(names.len() >= 37);
}

#[test]
fn one_is_added_and_one_replaced() {
    let mut interfaces = Interfaces::builtin();
    let before = interfaces.iter().count();
    interfaces.with(GOOD).unwrap();
    assert_eq!(interfaces.iter().count(), before + 1);
    let newer = interfaces.with(&GOOD.replace("version = 1", "version = 2")).unwrap().clone();
    assert_eq!(Table::new(&newer).version(), "table/1 sample-city@2");
    assert_eq!(interfaces.iter().count(), before + 1);
    // A broken one changes nothing.
    assert!(interfaces.with(&GOOD.replace("version = 1", "version = 0")).is_err());
    assert_eq!(interfaces.get("sample-city").unwrap().version(), 2);
}

/// What is changed in [`GOOD`], the line in which it is told, and words of the key and of what is said.
const SLIPS: &[(&str, &str, u32, &str, &str)] = &[
    ("name = \"sample-city\"", "name = \"見本\"", 1, "name", "小文字"),
    ("version = 1", "version = 0", 1, "version", "1以上"),
    ("version = 1", "version = 1\nautor = \"x\"", 3, "TOML", "autor"),
    ("title = \"見本\"", "title = ", 3, "TOML", ""),
    ("headings = 1", "headings = 1, heading = 2", 1, "name", "headingsまで"),
    ("headings = 1", "separator = \"colon\"", 1, "name", "separator"),
    ("headings = 1", "encoding = \"utf-16\"", 1, "name", "encoding"),
    ("headings = 1", "key = [\"無い列\"]", 1, "name", "無い列"),
    ("title = \"見本\"", "title = \"見本\"\nxml = { record = \"a\" }", 9, "番号", "path"),
    ("day = \"受診日\"", "day = \"来所日\"", 5, "record", "来所日"),
    ("day = \"受診日\"", "age_months = [9, 3]", 5, "record", "逆"),
    ("key = [\"番号\"]", "key = []", 6, "versions", "key"),
    ("time = [\"受診日\"]", "deleted = { a = [\"1\"], b = [\"2\"] }", 6, "versions", "deleted"),
    ("person = \"local_number\"", "person = \"chart\"", 8, "番号", "chart"),
    ("person = \"local_number\"", "seal = \"x\"", 1, "name", "本人"),
    ("{ head = \"番号\",", "{ head = \"番号\", at = 1,", 8, "番号", "在りか"),
    ("{ head = \"番号\",", "{", 8, "column", "在りか"),
    ("{ head = \"番号\",", "{ at = 0,", 8, "列0", "1から"),
    ("{ head = \"番号\",", "{ head = \" \",", 8, "column", "見出しが空"),
    ("{ head = \"番号\",", "{ head = \"番号\", need = \"yes\",", 8, "番号", "need"),
    ("{ head = \"番号\",", "{ head = \"番号\", note = \"X\",", 8, "番号", "二つ以上"),
    ("{ head = \"受診日\",", "{ head = \"番号\",", 9, "番号", "同じ名前"),
    ("kind = \"date\"", "kind = \"day\"", 9, "受診日", "day"),
    ("kind = \"date\"", "kind = \"date\", unit = \"kg\"", 9, "受診日", "number"),
    ("kind = \"date\"", "kind = \"date\", values = { 1 = \"x\" }", 9, "受診日", "code"),
    ("kind = \"number\", unit", "unit", 10, "体重", "kind"),
    ("kind = \"number\", unit = \"kg\", range = [1, 200]", "kind = \"text\"", 10, "体重", "文章"),
    ("range = [1, 200]", "range = [200, 1]", 10, "体重", "逆"),
    ("range = [1, 200]", "range = [1]", 10, "体重", "二つ"),
    ("range = [1, 200]", "range = [1, \"x\"]", 10, "体重", "数ではありません"),
    ("range = [1, 200]", "trap = { unit = \"g\", range = [1, 2] }", 10, "体重", "range"),
    ("unit = \"kg\", range", "convert = { unit = \"g\", times = 1000 }, range", 10, "体重", "unit"),
    ("fact = \"measurement\"", "fact = \"measure\"", 10, "体重", "measure"),
    ("fact = \"measurement\"", "fact = \"person\"", 10, "体重", "person"),
    (", code = \"MUSUBI-ITEM:BODY-WEIGHT\"", "", 10, "体重", "code"),
    ("MUSUBI-ITEM:BODY-WEIGHT", "BODY-WEIGHT", 10, "体重", "体系"),
    ("MUSUBI-ITEM:BODY-WEIGHT", "MUSUBI-ITEMS:BODY-WEIGHT", 10, "体重", "MUSUBI-ITEMS"),
    ("MUSUBI-ITEM:BODY-WEIGHT", "MUSUBI-ITEM:@判定", 10, "体重", "他の列"),
    ("values = { 1 = \"可\" }", "values = { 1 = \"可\" }, also = { x = \"2\" }", 11, "判定", "values"),
    ("values = { 1 = \"可\" }", "digit = \"luhn\"", 11, "判定", "luhn"),
    ("values = { 1 = \"可\" }", "length = [3, 2]", 11, "判定", "length"),
    ("note = \"FINDING\"", "kind = \"text\"", 12, "所見", "何も作られません"),
    ("note = \"FINDING\"", "note = \"FINDING\", when = { x = \"1\" }", 12, "所見", "「x」"),
    ("table = \"programme_event\"", "table = \"programme\"", 16, "fact", "programme"),
    ("start = \"@受診日\"", "start = \"受診日\"", 16, "fact", "列ではありません"),
    ("start = \"@受診日\"", "start = \"@判定\"", 16, "fact", "kind"),
    ("status = \"@判定\"", "status = \"@所見\"", 16, "fact", "kind"),
    ("status = \"@判定\"", "times = \"@受診日\"", 16, "fact", "kind"),
    ("status = \"@判定\"", "state = \"@判定\"", 16, "TOML", "state"),
    ("order = [\"受診日\", \"受診日\"]", "order = [\"受診日\"]", 19, "check", "一つだけ"),
    ("order = [\"受診日\", \"受診日\"]", "sum = [\"体重\"]", 19, "check", "is"),
    ("order = [\"受診日\", \"受診日\"]", "below = [\"体重\", \"身長\"]", 19, "check", "身長"),
];

#[test]
fn every_slip_is_told_with_its_line_and_how_to_mend_it() {
    Interface::parse(GOOD).unwrap();
    for (from, to, line, key, word) in SLIPS {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let error = Interface::parse(&text).expect_err(to);
        assert_eq!(error.line, Some(*line), "{to}: {error}");
        assert!(error.key.contains(key), "{to}: {error}");
        assert!(error.what.contains(word) || error.mend.contains(word), "{to}: {error}");
        assert!(!error.mend.is_empty() && error.to_string().contains("対処:"), "{to}: {error}");
    }
}

/// The worked example of the manual is an interface, and reads the file beside it.
#[test]
fn the_manuals_example_works() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/interfaces.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let block = |mark: &str| {
        let (_, rest) = manual.split_once(mark).unwrap();
        rest.split_once("\n```").unwrap().0.trim_start().to_owned()
    };
    let mut interfaces = Interfaces::default();
    let interface = interfaces.with(&block("```toml")).unwrap().clone();
    let csv = block("```csv");
    let table = Table::new(&interface);
    let (provider, limits) =
        (musubi_model::ProviderId::new("1310000001").unwrap(), musubi_model::limits::Limits::default());
    let document = musubi_mappers::Document {
        bytes: csv.as_bytes(),
        path: "x.csv",
        provider: &provider,
        limits: &limits,
    };
    assert!(table.recognises(&document));
    let split = table.split(&document);
    assert!(split.findings.is_empty(), "{:?}", split.findings);
    let unit = table.map(&document, &split, &split.units[0], &musubi_model::code::NoMasters);
    assert!(unit.findings.is_empty(), "{:?}", unit.findings);
    assert_eq!(unit.facts.len(), 6, "{:#?}", unit.facts);
}
