//! Each rule of tables, by the smallest change of a clean file: it raises exactly its finding, with the row, the heading
//! and a shape, never the value.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; a panic is a failed test"
)]

mod harness;

use std::collections::BTreeSet;
use std::sync::Arc;

use harness::{Done, run, run_with};
use musubi_mappers::table::{Interface, Table, rules};
use musubi_mappers::{Mapper as _, VersionState};
use musubi_model::code::{CodeSystem, Coded, MasterEntry, Masters, NoMasters, PartialDateOrToday};
use musubi_model::limits::Limits;
use musubi_model::{FactTable, Finding, Severity};

const INTERFACE: &str = r#"
name = "sample-city"
version = 3
title = "見本市の表"
items = ["DI-56"]
csv = { separator = "auto", encoding = "auto", columns = 27, trailer = { mark = "合計", rows = 2 }, key = ["文書番号"] }
record = { day = "受診日", time = "時刻", age_months = [240, 1200] }
versions = { key = ["文書番号", "受診日"], time = ["更新"], deleted = { "削除" = ["1"] } }

column = [
  { head = "文書番号", seal = "文書の番号" },
  { head = ["宛名番号", "住民番号"], person = "local_number" },
  { head = "氏名", person = "name_kanji" },
  { head = "生年月日", person = "birth" },
  { head = "性別", person = "sex" },
  { head = "保険者番号", person = "insurer_number" },
  { head = "介護番号", person = "care_number" },
  { head = "受診日", kind = "date", need = "value", serial = true },
  { head = "時刻", kind = "time" },
  { head = "身長", kind = "number", unit = "cm", range = [100, 250], fact = "measurement", code = "MUSUBI-ITEM:HEIGHT" },
  { head = ["体重", "体重(kg)"], kind = "number", unit = "kg", range = [20, 250], trap = { unit = "g", range = [2000, 250000] }, absent = { "未実施" = "not-done" }, beyond = true, fact = "measurement", code = "MUSUBI-ITEM:BODY-WEIGHT" },
  { head = "BMI", kind = "number", range = [10, 100], fact = "measurement", code = "MUSUBI-ITEM:BMI" },
  { head = "最高", kind = "number", range = [60, 300], fact = "measurement", code = "MUSUBI-ITEM:BP-SYSTOLIC" },
  { head = "最低", kind = "number", range = [30, 200], fact = "measurement", code = "MUSUBI-ITEM:BP-DIASTOLIC" },
  { head = "健全", kind = "number", range = [0, 32], fact = "measurement", code = "MUSUBI-ITEM:A" },
  { head = "処置", kind = "number", range = [0, 32], fact = "measurement", code = "MUSUBI-ITEM:B" },
  { head = "現在", kind = "number", range = [0, 32], fact = "measurement", code = "MUSUBI-ITEM:C" },
  { head = "判定", kind = "code", need = "expected", values = { 1 = "精検不要", 2 = "要精検" }, also = { "不要" = "1", "要" = "2" }, fact = "observation", code = "MUSUBI-ITEM:JUDGEMENT" },
  { head = "精検日", kind = "date" },
  { head = "精検結果", kind = "word", fact = "observation", code = "MUSUBI-ITEM:WORKUP", when = { "判定" = "2" } },
  { head = "JAN", kind = "code", length = [8, 13], digit = "jan" },
  { head = "数量", kind = "number", range = [0, 99] },
  { head = "病名", kind = "code", length = [3, 6] },
  { head = "所見", note = "FINDING" },
  { head = "期間", kind = "duration", fact = "observation", code = "MUSUBI-ITEM:SPAN" },
  { head = "更新", kind = "date" },
  { head = "削除", kind = "flag" },
]

fact = [
  { table = "drug_exposure", code = "JAN:@JAN", quantity = "@数量", needs = ["@JAN"] },
  { table = "condition_occurrence", code = "ICD10:@病名", start = "@精検日", qualifiers = ["suspected", "judged=@判定"] },
]

check = [
  { order = ["受診日", "精検日"] },
  { sum = ["健全", "処置"], is = "現在" },
  { below = ["最低", "最高"] },
  { bmi = ["身長", "体重", "BMI"] },
  { filled = "精検結果", when = { "判定" = "2" } },
  { empty = "精検日", when = { "判定" = ["1"] } },
]
"#;

const HEADS: &str = "文書番号,宛名番号,氏名,生年月日,性別,保険者番号,介護番号,受診日,時刻,身長,体重,BMI,最高,最低,健全,処置,現在,判定,精検日,精検結果,JAN,数量,病名,所見,期間,更新,削除";
const ROW: &str = "D1,00123,見本 太郎,19600403,1,01130012,0000012345,20261009,9:30,170.0,65.0,22.5,128,76,20,4,24,2,20261109,陰性,4901234567894,2,K297,所見の文章,約3時間,20261010,0";

fn table() -> Table {
    Table::new(&Arc::new(Interface::parse(INTERFACE).unwrap()))
}

/// The clean row with the fields of these headings changed.
fn with(changes: &[(&str, &str)]) -> String {
    let mut cells: Vec<&str> = ROW.split(',').collect();
    for (head, value) in changes {
        cells[HEADS.split(',').position(|h| h == *head).unwrap()] = value;
    }
    cells.join(",")
}

fn file(rows: &[String]) -> String {
    format!("{HEADS}\r\n{}\r\n合計,{}\r\n", rows.join("\r\n"), rows.len())
}

fn changed(changes: &[(&str, &str)]) -> Done {
    run(&table(), file(&[with(changes)]).as_bytes(), "x.csv")
}

#[track_caller]
fn check(done: &Done, expect: &[&str]) {
    assert_eq!(done.rules(), expect, "{:#?}", done.findings().map(ToString::to_string).collect::<Vec<_>>());
}

/// Every mutant: rule that it raises (and others that follow from it), and the file.
fn mutants() -> Vec<(Vec<&'static str>, Vec<u8>)> {
    let one = |changes: &[(&str, &str)]| file(&[with(changes)]).into_bytes();
    let heads = |from: &str, to: &str| file(&[ROW.to_owned()]).replacen(from, to, 1).into_bytes();
    let sheet = |text: String| text.into_bytes();
    let two = |changes: &[(&str, &str)]| file(&[ROW.to_owned(), with(changes)]).into_bytes();
    vec![
        (vec!["TABLE-EMPTY"], sheet(format!("{HEADS}\r\n"))),
        (vec!["TABLE-EMPTY"], Vec::new()),
        (vec!["TABLE-ENCODING"], b"\xFF\xFEa\x00,\x00b\x00\r\x00\n\x00".to_vec()),
        (vec!["TABLE-HEADING-MISSING", "TABLE-HEADING-UNKNOWN"], heads("受診日", "来所日")),
        (vec!["TABLE-HEADING-TWICE"], heads("BMI", "体重（ｋｇ）")),
        (vec!["TABLE-HEADING-UNKNOWN"], heads("BMI", "肥満")),
        (
            vec!["TABLE-COLUMN-COUNT"],
            sheet(file(&[ROW.rsplit_once(',').unwrap().0.to_owned()]).replace(",削除", "")),
        ),
        (vec!["TABLE-TRAILER-COUNT"], sheet(file(&[ROW.to_owned()]).replace("合計,1", "合計,2"))),
        (vec!["TABLE-TRAILER-COUNT"], sheet(file(&[ROW.to_owned()]).replace("合計,1", "合計,一"))),
        (vec!["TABLE-ROW-LONG"], sheet(file(&[format!("{ROW},余り")]))),
        (vec!["TABLE-ROW-SHORT"], sheet(file(&[ROW.rsplit_once(',').unwrap().0.to_owned()]))),
        (vec!["TABLE-OPEN-QUOTE"], one(&[("所見", "\"所見")])),
        (vec!["TABLE-TEXT"], {
            let mut bytes = one(&[("所見", "所見X")]);
            let at = bytes.windows(7).position(|w| w == "所見X".as_bytes()).unwrap();
            bytes[at + 2] = b'?';
            bytes
        }),
        (vec!["TABLE-VALUE-MISSING"], one(&[("受診日", "")])),
        (vec!["TABLE-VALUE-EXPECTED", "TABLE-VALUE-UNUSED"], one(&[("判定", "")])),
        (vec!["TABLE-VALUE-CALLED-FOR"], one(&[("精検結果", "")])),
        (vec!["TABLE-VALUE-OUT-OF-PLACE"], one(&[("判定", "1"), ("精検結果", "")])),
        (vec!["TABLE-VALUE-UNUSED"], one(&[("判定", "1"), ("精検日", "")])),
        (vec!["TABLE-NUMBER"], one(&[("健全", "二十")])),
        (vec!["TABLE-RANGE"], one(&[("最高", "9000")])),
        (vec!["TABLE-BMI", "TABLE-UNIT"], one(&[("体重", "65000")])),
        (vec!["TABLE-BEYOND"], one(&[("体重", "H")])),
        (vec!["TABLE-CODE", "TABLE-VALUE-UNUSED"], one(&[("判定", "9")])),
        (vec!["TABLE-TEXT-SEALED"], one(&[("精検結果", "見本医師の文章による結果")])),
        (vec!["TABLE-TEXT-SEALED"], one(&[("期間", "見本太郎が言う")])),
        (vec!["TABLE-DATE"], one(&[("精検日", "20261131")])),
        (vec!["TABLE-RECORD-DATE"], one(&[("受診日", "99999999")])),
        (vec!["TABLE-DATE-ERA"], one(&[("精検日", "平成38年11月9日")])),
        (vec!["TABLE-DATE-PART"], one(&[("精検日", "20261100")])),
        (vec!["TABLE-TIME"], one(&[("時刻", "25:70")])),
        (vec!["TABLE-PERSON-NONE"], one(&[("宛名番号", ""), ("氏名", ""), ("介護番号", "")])),
        (vec!["TABLE-PERSON-DIFFERS"], two(&[("生年月日", "19600404")])),
        (vec!["TABLE-BIRTH"], one(&[("生年月日", "19601301")])),
        (vec!["TABLE-BIRTH"], one(&[("生年月日", "")])),
        (vec!["TABLE-SEX"], one(&[("性別", "3")])),
        (vec!["TABLE-CHECK-DIGIT"], one(&[("保険者番号", "01130013")])),
        (vec!["TABLE-CHECK-DIGIT"], one(&[("JAN", "4901234567895")])),
        (vec!["TABLE-ZERO-DROPPED"], one(&[("保険者番号", "1130012")])),
        (vec!["TABLE-NUMBER-SHAPE"], one(&[("介護番号", "12345678901")])),
        (vec!["TABLE-MYNUMBER"], one(&[("宛名番号", "1234-5678-9018")])),
        (vec!["TABLE-HEADING-UNKNOWN", "TABLE-MYNUMBER"], {
            let text = file(&[with(&[("期間", "123456789018")])]).replacen("期間", "個人番号", 1);
            text.into_bytes()
        }),
        (vec!["TABLE-BEFORE-BIRTH"], one(&[("受診日", "19060403"), ("精検日", "19060503")])),
        (vec!["TABLE-AGE"], one(&[("生年月日", "20200403")])),
        (vec!["TABLE-ORDER"], one(&[("精検日", "20261008")])),
        (vec!["TABLE-SUM"], one(&[("現在", "25")])),
        (vec!["TABLE-BELOW"], one(&[("最低", "130")])),
        (vec!["TABLE-BMI"], one(&[("BMI", "20.0")])),
    ]
}

#[test]
fn the_clean_row_raises_nothing_and_gives_its_facts() {
    let done = changed(&[]);
    check(&done, &[]);
    let counts = done.counts();
    let expected = [
        ("condition_occurrence", 1),
        ("drug_exposure", 1),
        ("measurement", 8),
        ("note", 1),
        ("observation", 3),
        ("person", 1),
    ];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
    let drug = done.facts(FactTable::DrugExposure)[0];
    assert_eq!(drug.source.as_ref().unwrap().code, "4901234567894");
    assert_eq!((drug.quantity, drug.start_second), (Some(2.into()), Some(9 * 3600 + 1800)));
    let disease = done.facts(FactTable::ConditionOccurrence)[0];
    assert_eq!(disease.qualifiers, "suspected judged=2");
    assert_eq!(disease.start.unwrap().to_string(), "2026-11-09");
    let version = done.units[0].version.as_ref().unwrap();
    assert_eq!(version.key.expose(), "sample-city\u{1f}D1\u{1f}2026-10-09");
    assert_eq!((version.time.as_str(), version.state), ("2026-10-10T00000", VersionState::Current));
    assert_eq!(table().version(), "table/1 sample-city@3");
    assert_eq!(done.split.envelope.iter().collect::<Vec<_>>(), [("heading", 1), ("trailer", 1)]);
}

#[test]
fn every_rule_has_a_mutant_that_raises_it_and_nothing_else() {
    let mut raised = BTreeSet::new();
    for (expected, bytes) in mutants() {
        let done = run(&table(), &bytes, "x.csv");
        check(&done, &expected);
        raised.extend(expected);
    }
    // Those that need other files or limits have tests of their own below.
    raised.extend(["TABLE-LIMIT", "TABLE-XML"]);
    let all: BTreeSet<&str> = rules::rules().iter().map(|r| r.id).collect();
    assert_eq!(raised, all);
    assert!(rules::rules().iter().all(|r| !r.example.is_empty()));
}

#[test]
fn limits_are_kept() {
    let rows: Vec<String> = ["A", "B", "C"].iter().map(|n| with(&[("文書番号", n)])).collect();
    let text = file(&rows);
    let with_limits = |limits: &Limits| run_with(&table(), text.as_bytes(), "x.csv", limits, &NoMasters);
    let few = with_limits(&Limits { units_per_document_max: 2, ..Limits::default() });
    check(&few, &["TABLE-LIMIT"]);
    assert!(few.split.is_unsound());
    // The row beyond is counted all the same.
    assert_eq!(few.units.len(), 2);
    assert!(few.split.envelope.iter().any(|count| count == ("row", 1)));
    assert_eq!(few.split.totals.get("row"), Some(&3));
    let small = with_limits(&Limits { document_bytes_max: 100, ..Limits::default() });
    check(&small, &["TABLE-LIMIT"]);
    let same = file(&[ROW.to_owned(), ROW.to_owned(), ROW.to_owned()]);
    let limits = Limits { records_per_unit_max: 2, ..Limits::default() };
    let long = run_with(&table(), same.as_bytes(), "x.csv", &limits, &NoMasters);
    check(&long, &["TABLE-LIMIT"]);
    assert!(long.units[0].is_unsound() && !long.split.is_unsound());
}

#[test]
fn an_error_quarantines_its_row_and_no_other() {
    let rows = [with(&[("文書番号", "A"), ("受診日", "")]), with(&[("文書番号", "B")])];
    let done = run(&table(), file(&rows).as_bytes(), "x.csv");
    assert_eq!(done.units.iter().map(|u| u.is_unsound()).collect::<Vec<_>>(), [true, false]);
    assert!(!done.split.is_unsound() && done.units[1].facts.len() > 10);
}

#[test]
fn findings_say_row_heading_shape_and_mend() {
    let done = run(
        &table(),
        file(&[ROW.to_owned(), with(&[("文書番号", "B"), ("保険者番号", "01130013")])]).as_bytes(),
        "x",
    );
    let finding: &Finding = done.findings().next().unwrap();
    assert_eq!((finding.position.record.as_str(), finding.position.field.as_str()), ("行 3", "保険者番号"));
    assert_eq!(finding.found, "9×8");
    assert!(finding.to_string().contains("対処:"));
    // No finding of any mutant shows what stands in the row.
    for (_, bytes) in mutants() {
        for finding in run(&table(), &bytes, "x.csv").findings() {
            let said = format!("{} {}", finding.found, finding.expected);
            for secret in ["見本", "太郎", "1234-5678", "01130013", "00123", "文章"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}

#[test]
fn rows_of_one_key_are_one_unit() {
    let rows = [
        with(&[("文書番号", "A")]),
        with(&[("文書番号", "A"), ("受診日", "20261010")]),
        with(&[("文書番号", "B")]),
        with(&[("文書番号", "A")]),
    ];
    let done = run(&table(), file(&rows).as_bytes(), "x.csv");
    check(&done, &[]);
    assert_eq!(done.units.iter().map(|u| u.records.total()).collect::<Vec<_>>(), [2, 1, 1]);
    assert_eq!(done.facts(FactTable::Person).len(), 3);
}

#[test]
fn a_deleted_record_gives_no_fact_but_its_version() {
    let done = changed(&[("削除", "1")]);
    check(&done, &[]);
    assert_eq!(done.counts().into_iter().collect::<Vec<_>>(), [("person", 1)]);
    assert_eq!(done.units[0].version.as_ref().unwrap().state, VersionState::Deleted);
    let later = changed(&[("更新", "令和8年10月11日")]);
    assert!(later.units[0].version.as_ref().unwrap().time > done.units[0].version.as_ref().unwrap().time);
}

#[test]
fn spellings_and_layouts_are_one() {
    let clean = changed(&[]);
    let facts = |done: &Done| -> Vec<musubi_model::Fact> {
        let strip = |f: &musubi_model::Fact| musubi_model::Fact { range: Default::default(), ..f.clone() };
        done.units.iter().flat_map(|u| u.facts.iter().map(strip)).collect()
    };
    let text = file(&[ROW.to_owned()]);
    let same = [
        // Full-width headings with blanks, line ends, quotes.
        text.replacen("体重", "体　重（ｋｇ）", 1).replacen("宛名番号", "\"住民\n番号\"", 1).into_bytes(),
        // Tabs.
        text.replace(',', "\t").into_bytes(),
        // LF, blank and hollow rows.
        text.replace("\r\n", "\n").replace(&format!("{ROW}\n"), &format!("\n{ROW}\n,,,\n")).into_bytes(),
        // Shift_JIS, a UTF-8 mark.
        encoding(&text),
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
    ];
    for bytes in same {
        let done = run(&table(), &bytes, "x.csv");
        check(&done, &[]);
        assert_eq!(facts(&done), facts(&clean));
        assert_eq!(done.units[0].demographics, clean.units[0].demographics);
    }
    // Dates in other spellings, codes by word: the same facts, the word kept as sent beside its code.
    let done = changed(&[("受診日", "46304"), ("精検日", "R8.11.9"), ("判定", "要")]);
    check(&done, &[]);
    let judged =
        done.facts(FactTable::Observation).into_iter().find(|f| f.value.text == "要").unwrap().clone();
    assert_eq!(judged.qualifiers, "value=2");
    assert_eq!(done.facts(FactTable::ConditionOccurrence)[0].qualifiers, "suspected judged=2");
    assert_eq!(done.facts(FactTable::Measurement)[0].start, clean.facts(FactTable::Measurement)[0].start);
}

fn encoding(text: &str) -> Vec<u8> {
    encoding_rs::SHIFT_JIS.encode(text).0.into_owned()
}

struct OneMaster;

impl Masters for OneMaster {
    fn edition(&self, system: &CodeSystem, _: PartialDateOrToday) -> Option<compact_str::CompactString> {
        (*system == CodeSystem::Icd10).then(|| "2013".into())
    }

    fn look_up(&self, _: &CodeSystem, code: &str, _: PartialDateOrToday) -> Option<MasterEntry> {
        (code == "K297").then(|| MasterEntry {
            name: "胃炎".into(),
            standard: Some(Coded::new(CodeSystem::Icd10, "K297")),
        })
    }
}

#[test]
fn masters_name_codes_that_cells_give_and_miss_unknown_ones() {
    let limits = Limits::default();
    let text = file(&[ROW.to_owned()]);
    let done = run_with(&table(), text.as_bytes(), "x.csv", &limits, &OneMaster);
    let disease = done.facts(FactTable::ConditionOccurrence)[0].clone();
    assert_eq!(disease.source.unwrap().text.as_deref(), Some("胃炎"));
    assert_eq!(disease.standard.unwrap().code, "K297");
    assert_eq!(done.units[0].master_version, "ICD10 2013");
    let text = file(&[with(&[("病名", "Z999")])]);
    let done = run_with(&table(), text.as_bytes(), "x.csv", &limits, &OneMaster);
    check(&done, &["CODE-NOT-IN-MASTER"]);
    assert_eq!(done.findings().next().unwrap().rule.severity, Severity::Warning);
}

/// Titles, two rows of headings that name nothing, comments; columns by position; one item in each row.
const LONG: &str = r#"
name = "sample-long"
version = 1
title = "縦持ちの表"
items = ["DI-54"]
csv = { skip = 1, headings = 2, comment = "//", columns = 6, separator = "semicolon" }
record = { day = "日" }
column = [
  { at = 1, id = "番号", person = "local_number", need = "value" },
  { at = 2, id = "日", kind = "date", need = "value" },
  { at = 3, id = "項目", kind = "code", length = [17, 17], need = "value" },
  { at = 4, id = "値", kind = "word" },
  { at = 5, id = "単位", kind = "code", values = { "mg/dL" = "", "%" = "" } },
  { at = 6, id = "旗", kind = "code", values = { H = "高", L = "低" } },
]
fact = [
  { table = "measurement", code = "JC10:@項目", value = "@値", unit = "@単位", flag = "@旗", needs = ["@項目"] },
]
"#;

#[test]
fn long_layouts_by_position() {
    let mapper = Table::new(&Arc::new(Interface::parse(LONG).unwrap()));
    let head = "見本健診の結果\n番号;日;項目;値;単位;旗\n;;コード;;;\n";
    let text = format!(
        "{head}1;20261009;3D046000001920402;7.2;%;H\n// 注\n1;20261009;1A010000000191111;陰性;;\n         2;20261009;3D010000001926101;見本の文章;mg/dL;\n"
    );
    let done = run(&mapper, text.as_bytes(), "x.csv");
    check(&done, &["TABLE-TEXT-SEALED"]);
    let facts = done.facts(FactTable::Measurement);
    let values: Vec<_> = facts
        .iter()
        .map(|f| (f.value.text.as_str(), f.value.unit.as_str(), f.value.flag.as_str(), f.qualifiers.as_str()))
        .collect();
    assert_eq!(values, [("7.2", "%", "H", ""), ("陰性", "", "", ""), ("", "mg/dL", "", "text=sealed")]);
    assert_eq!(facts[0].value.number.unwrap().to_string(), "7.2");
    assert_eq!(facts[0].source.as_ref().unwrap().system, CodeSystem::Jlac10);
    assert_eq!(
        done.split.envelope.iter().collect::<Vec<_>>(),
        [("comment", 1), ("heading", 2)],
        "the title is skipped"
    );
    // The row that has one field too many is the row in error.
    let long = format!("{head}1;20261009;3D046000001920402;7.2;%;H;x\n");
    check(&run(&mapper, long.as_bytes(), "x.csv"), &["TABLE-ROW-LONG"]);
}

const XML: &str = r#"
name = "sample-xml"
version = 1
title = "見本のXML"
items = ["DI-67"]
xml = { record = "人" }
record = { day = "死亡日" }
column = [
  { id = "番号", path = "@id", person = "local_number" },
  { id = "氏名", path = "氏名", person = "name_kanji" },
  { id = "死亡日", path = "死亡/日", kind = "date", need = "value" },
  { id = "死因2", path = "死因/行[2]", note = "DEATH-CAUSE" },
]
fact = [{ table = "death", start = "@死亡日" }]
"#;

fn xml(body: &str) -> Done {
    let mapper = Table::new(&Arc::new(Interface::parse(XML).unwrap()));
    run(&mapper, body.as_bytes(), "x.xml")
}

#[test]
fn xml_records_are_units() {
    let one = |id: u32| {
        format!(
            "<x:人 xmlns:x=\"urn:y\" id=\"{id}\"><氏名>見本 &amp;&#x592A;郎</氏名>\n<死亡><日><![CDATA[20261009]]></日></死亡>\
             <死因><行>a</行><!-- c --><行>b</行></死因></x:人>\n"
        )
    };
    let text = format!("<?xml version=\"1.0\"?>\n<人々>\n{}{}</人々>\n", one(1), one(2));
    let done = xml(&text);
    check(&done, &[]);
    assert_eq!(done.units.len(), 2);
    assert_eq!(done.units[1].demographics.local_number.expose(), "2");
    assert_eq!(done.units[1].demographics.name_kanji.expose(), "見本 &太郎");
    assert_eq!((done.facts(FactTable::Death).len(), done.facts(FactTable::Note).len()), (2, 2));
    let range = done.split.units[1].range;
    assert!(text[range.start as usize..].starts_with("<x:人"));
    assert!(text[..range.end() as usize].ends_with("</x:人>"));
    // The second record's fault is told in its line.
    let done = xml(&text.replacen("20261009", "2026", 1).replacen("id=\"2\"", "id=\"123456789018\"", 1));
    check(&done, &["TABLE-MYNUMBER"]);
    assert_eq!(done.findings().next().unwrap().position.record, "行 5");
}

#[test]
fn broken_xml_is_told() {
    check(&xml("<人々><人 id=\"1\"><氏名>x</氏名>"), &["TABLE-XML"]);
    check(&xml("<人々><人 id=\"1\"></氏名></人></人々>"), &["TABLE-XML"]);
    check(&xml("<人々></人々>"), &["TABLE-EMPTY"]);
    check(&xml(&format!("{}x", "<a>".repeat(100))), &["TABLE-LIMIT"]);
    let mapper = Table::new(&Arc::new(Interface::parse(XML).unwrap()));
    let done = run(&mapper, &encoding("<人々><人 id=\"1\"><氏名>見本</氏名></人></人々>"), "x.xml");
    check(&done, &["TABLE-ENCODING"]);
}
