//! What each record of a notebook and a prescription becomes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod harness;
mod qr_common;

use harness::{Done, mapper, run, run_with};
use musubi_mappers::VersionState;
use musubi_model::code::{MasterEntry, Masters, PartialDateOrToday};
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{CodeSystem, Coded, Fact, FactTable, PartialDate, Sex};
use qr_common::{NOTEBOOK, PRESCRIPTION, line, sjis};

fn notebook(text: &str) -> Done {
    run(mapper(FeedKind::MedicationNotebook, "").as_ref(), &sjis(text), "notebook.csv")
}

fn prescription(text: &str) -> Done {
    run(mapper(FeedKind::PrescriptionQr, "").as_ref(), &sjis(text), "prescription.csv")
}

/// A fact in one line: table, start–end, system:code text → standard, quantity unit ×times, qualifiers, status, group,
/// department, value; parts that are empty are left out.
fn show(fact: &Fact) -> String {
    let mut out = fact.table.as_str().to_owned();
    let mut add = |part: String| {
        if !part.is_empty() {
            out.push(' ');
            out.push_str(&part);
        }
    };
    let date = |d: Option<PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
    add(date(fact.start));
    if fact.end.is_some() {
        add(format!("–{}", date(fact.end)));
    }
    let coded = |c: &Coded| {
        format!("{}:{}{}", c.system, c.code, c.text.as_ref().map(|t| format!("({t})")).unwrap_or_default())
    };
    add(fact.source.as_ref().map(coded).unwrap_or_default());
    add(fact.standard.as_ref().map(|c| format!("→{}", coded(c))).unwrap_or_default());
    add(fact.quantity.map(|q| format!("{q}{}", fact.value.unit)).unwrap_or_default());
    add(fact.times.map(|t| format!("×{t}")).unwrap_or_default());
    add(if fact.qualifiers.is_empty() { String::new() } else { format!("[{}]", fact.qualifiers) });
    add(if fact.status.is_empty() { String::new() } else { format!("status={}", fact.status) });
    add(if fact.group.is_empty() { String::new() } else { format!("group={}", fact.group) });
    add(if fact.department.is_empty() { String::new() } else { format!("dept={}", fact.department) });
    add(if fact.value.text.is_empty() { String::new() } else { format!("value={}", fact.value.text) });
    out
}

#[track_caller]
fn shows(done: &Done, expected: &[&str]) {
    assert_eq!(done.rules(), [""; 0], "{:?}", done.findings().map(ToString::to_string).collect::<Vec<_>>());
    let facts: Vec<String> = done.units[0].facts.iter().map(show).collect();
    assert_eq!(facts, expected, "{facts:#?}");
}

#[test]
fn every_record_of_a_notebook() {
    shows(
        &notebook(NOTEBOOK),
        &[
            "person 1958-03 JISX0401:13 status=1",
            "observation JAHIS-QR:1-8 →LN:882-1 value=AB型Rh(-)",
            "measurement JAHIS-QR:1-9 →LN:29463-7 value=63.7",
            "observation JAHIS-QR:2-1 →LN:48765-2 [text=sealed author=1]",
            "note JAHIS-QR:2-1 [author=1]",
            "observation JAHIS-QR:2-2 →LN:85585-8 [text=sealed author=1]",
            "note JAHIS-QR:2-2 [author=1]",
            "observation JAHIS-QR:2-3 →LN:11348-0 [text=sealed author=1]",
            "note JAHIS-QR:2-3 [author=1]",
            "note JAHIS-QR:2-9 [author=2]",
            "drug_exposure 2024-04-01 –2024-04-05 JAN:4900000000009(見本散) [kind=otc author=2] group=otc-1",
            "drug_exposure 2024-04-01 –2024-04-05 IPPANMEI:1149019F1ZZZ(見本成分) [kind=otc-component author=2] group=otc-1",
            "note 2024-04-11 JAHIS-QR:4 [author=2]",
            "visit_occurrence 2024-04-10 MHLW-INSTITUTION:1341234567 [author=1] status=dispensing group=1",
            "visit_occurrence MHLW-INSTITUTION:1317654321 status=prescribing group=1.1 dept=内科",
            "drug_exposure 2024-04-10 RECE-Y:620000001(見本錠5mg) 2錠 ×14 [generic=1149019F1ZZZ author=1 form=oral basis=daily times=days per-day=2 usage=1012040400000000] group=1.1-1 dept=内科",
            "note 2024-04-10 JAHIS-QR:281 [author=1] group=1.1-1",
            "drug_exposure 2024-04-10 YJ:2171014G1020(例示錠) 3錠 ×14 [author=1 form=oral basis=daily times=days per-day=2 usage=1012040400000000] group=1.1-1 dept=内科",
            "note 2024-04-10 JAHIS-QR:291 [author=1] group=1.1-1",
            "note 2024-04-10 JAHIS-QR:311 [author=1] group=1.1-1",
            "note 2024-04-10 JAHIS-QR:391 [author=1] group=1.1-1",
            "device_exposure 2024-04-10 RECE-T:710010093(見本針) 10本 ×1 [author=1 form=material basis=total times=dispensings] group=1.1-2 dept=内科",
            "note 2024-04-10 JAHIS-QR:401 [author=1]",
            "note 2024-04-10 JAHIS-QR:411-31 [author=1]",
            "observation 2024-04-10 JAHIS-QR:421 [text=sealed author=1]",
            "note 2024-04-10 JAHIS-QR:421 [author=1]",
            "note 2024-04-10 JAHIS-QR:501 [author=1]",
            "visit_occurrence 2024-03-01 MHLW-INSTITUTION:1341234567 [author=1] status=dispensing group=2",
            "visit_occurrence MHLW-INSTITUTION:1317654321 status=prescribing group=2.1",
            "drug_exposure 2024-03-01 HOT:123456789(見本軟膏) 5g ×1 [author=1 form=external basis=total times=dispensings] group=2.1-1",
            "note 2024-04-12 JAHIS-QR:601",
            "observation 2023-01-01 –2024-12-31 JAHIS-QR:701 [author=1]",
        ],
    );
}

#[test]
fn every_record_of_a_prescription() {
    shows(
        &prescription(PRESCRIPTION),
        &[
            "visit_occurrence 2024-03-19 MHLW-INSTITUTION:1311234567 [expires=2024-03-22] status=prescribing dept=01",
            "person 1967-10 JISX0401:13 status=2",
            "payer_plan_period 2024-03-19 PAYER:39 [burden-class=5 own=2 share=30 benefit=70 on-duty=1 receipt=1112] status=7 group=HO",
            "payer_plan_period 2024-03-19 PAYER:21 group=KO1",
            "observation 2024-03-19 JAHIS-QR:62 value=1",
            "observation 2024-03-19 JAHIS-QR:63 3 ×2",
            "observation 2024-03-19 JAHIS-QR:64 3",
            "note 2024-03-19 JAHIS-QR:81-1",
            "note 2024-03-19 JAHIS-QR:181-1 group=1",
            "drug_exposure 2024-03-19 IPPANMEI:1149019F1ZZZ(【般】見本錠) 3錠 ×14 [factor=500 uneven=1.5/0.5 uneven-codes=V11.5NNN/V20.5NNN public=1/0 once=2/3 once-times=3 supplement=3 form=oral basis=daily times=days split-now=7 split-total=14 usage=1013044400000000 per-day=3 supplement=1 supplement-code=V11.5NNN site=01C] group=1 dept=01",
            "note 2024-03-19 JAHIS-QR:281-3 group=1",
            "drug_exposure 2024-03-19 JAHIS:(見本軟膏) 20g ×1 [uninsured=1 dose-of=ingredient form=external basis=total] group=2 dept=01",
        ],
    );
}

#[test]
fn who_it_is_goes_to_the_identity_zone_only() {
    let done = notebook(NOTEBOOK);
    let d = &done.units[0].demographics;
    let birth = PartialDate::new(1958, 3, 3);
    assert_eq!((d.name_kanji.expose().as_str(), d.name_kana.expose().as_str()), ("見本 太郎", "ﾐﾎﾝ ﾀﾛｳ"));
    assert_eq!((*d.birth.expose(), d.sex), (birth, Sex::Male));
    assert_eq!(d.postal_code.expose().as_str(), "105-0004");
    assert_eq!(d.address.expose().as_str(), "東京都港区見本一丁目");
    assert_eq!(d.phone.expose().as_str(), "03-0000-0000");
    let done = prescription(PRESCRIPTION);
    let d = &done.units[0].demographics;
    assert_eq!(d.local_number.expose().as_str(), "0000123");
    assert_eq!((d.name_kanji.expose().as_str(), d.name_kana.expose().as_str()), ("見本 花子", "ﾐﾎﾝ ﾊﾅｺ"));
    let insured = [&d.insurer_number, &d.insured_symbol, &d.insured_number, &d.insured_branch];
    assert_eq!(insured.map(|p| p.expose().as_str()), ["39131230", "12", "98765", "01"]);
    assert_eq!((*d.birth.expose(), d.sex), (PartialDate::new(1967, 10, 12), Sex::Female));
}

/// Names of third persons, texts, numbers and addresses are in no fact and no finding.
#[test]
fn sealed_values_stay_out_of_facts_and_findings() {
    for done in [notebook(NOTEBOOK), prescription(PRESCRIPTION)] {
        let shown = format!("{:?} {:?}", done.units[0].facts, done.units[0].findings);
        for secret in [
            "太郎",
            "花子",
            "ﾐﾎﾝ",
            "次郎",
            "三郎",
            "見本薬局",
            "見本病院",
            "見本クリニック",
            "港区",
            "0000-000",
            "62516",
            "98765",
            "6247373",
            "21136791",
            "39131230",
            "0000123",
            "1234567890123456",
            "乳製品",
            "発疹",
            "狭心症",
            "嚥下",
            "健康診断",
            "粉砕",
            "一包化",
            "残って",
            "眠く",
            "特殊",
            "減らす",
            "変更不可",
            "塗布",
            "食後",
        ] {
            assert!(!shown.contains(secret), "{secret}");
        }
    }
}

#[test]
fn a_section_has_its_own_department_and_rp_numbers() {
    let two = line(
        NOTEBOOK,
        "55,",
        "55,医師 三郎,内科,1\n201,1,他錠,1,錠,2,620000009,1\n301,1,,3,日分,1,1,,1\n55,医師 四郎,整形外科,1",
    );
    let done = notebook(&two);
    let drugs: Vec<_> = done
        .facts(FactTable::DrugExposure)
        .iter()
        .map(|f| format!("{} {} {:?}", f.group, f.department, f.times))
        .collect();
    assert_eq!(drugs[2..4], ["1.1-1 内科 Some(3)", "1.2-1 整形外科 Some(14)"]);
    // A text that is no department might be a name.
    let done = notebook(&line(NOTEBOOK, "55,", "55,医師 三郎,見本 四郎,1"));
    assert!(done.facts(FactTable::DrugExposure).iter().all(|f| f.department.is_empty()));
}

#[test]
fn several_patients_in_one_document() {
    let other = line(NOTEBOOK, "1,", "1,例示 花子,2,19800101");
    let done = notebook(&format!("{NOTEBOOK}{other}"));
    let names: Vec<_> = done.units.iter().map(|u| u.demographics.name_kanji.expose().to_string()).collect();
    assert_eq!(names, ["見本 太郎", "例示 花子"]);
    assert_eq!(done.split.totals.get("201"), Some(&8));
    assert_eq!(done.split.totals.get("JAHIS"), Some(&2));
    assert_eq!(done.complaints(), [""; 0]);
}

/// Parts stand in any order; the facts are those of the undivided set.
#[test]
fn divided_sets_are_put_together() {
    let lines: Vec<&str> = NOTEBOOK.lines().collect();
    let parts: Vec<String> = [(1, 1..16), (2, 16..24), (3, 24..lines.len())]
        .into_iter()
        .map(|(n, range)| format!("JAHISTC08,1\n{}\n911,20240410123456,3,{n}\n", lines[range].join("\n")))
        .collect();
    let facts = |done: &Done| -> Vec<String> {
        let mut facts: Vec<String> = done.units[0].facts.iter().map(show).collect();
        facts.sort();
        facts
    };
    let whole = facts(&notebook(NOTEBOOK));
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let text: String = order.iter().map(|n| parts[*n].as_str()).collect();
        let done = notebook(&text);
        assert_eq!((done.units.len(), done.rules()), (1, vec![]));
        assert_eq!(facts(&done), whole);
    }
    // The patient may be repeated in each part.
    let repeated = parts[1].replacen("JAHISTC08,1\n", &format!("JAHISTC08,1\n{}\n", lines[1]), 1);
    let done = notebook(&[parts[0].as_str(), &repeated, &parts[2]].concat());
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(facts(&done), whole);
}

#[test]
fn a_numbered_prescription_is_a_version() {
    let unit = |text: &str| prescription(text).units.remove(0);
    let version = unit(PRESCRIPTION).version.unwrap();
    assert_eq!((version.time.as_str(), version.state), ("2024-03-19", VersionState::Current));
    let later = unit(&line(PRESCRIPTION, "51,", "51,20240320")).version.unwrap();
    assert!(later.key == version.key && later.time > version.time);
    let third = unit(&line(PRESCRIPTION, "63,", "63,3,3")).version.unwrap();
    assert!(third.key != version.key);
    assert!(unit(&line(PRESCRIPTION, "82,", "")).version.is_none());
    assert!(notebook(NOTEBOOK).units[0].version.is_none());
}

#[test]
fn eras_in_digits_and_letters() {
    for (birth, expected) in [("3330303", 1958), ("S330303", 1958), ("19580303", 1958), ("2100101", 1921)] {
        let done = notebook(&line(NOTEBOOK, "1,", &format!("1,見本 太郎,1,{birth}")));
        assert_eq!(done.facts(FactTable::Person)[0].start.unwrap().year(), expected, "{birth}");
        let done = prescription(&line(PRESCRIPTION, "13,", &format!("13,{birth}")));
        assert_eq!(done.facts(FactTable::Person)[0].start.unwrap().year(), expected, "{birth}");
    }
}

#[test]
fn materials_are_devices() {
    let text = line(PRESCRIPTION, "201,2", "201,2,1,2,2,710010093,見本針,10,1,本");
    let devices: Vec<_> =
        prescription(&text).facts(FactTable::DeviceExposure).iter().map(|f| show(f)).collect();
    let expected = "device_exposure 2024-03-19 RECE-T:710010093(見本針) 10本 ×1 [form=external basis=total] group=2 dept=01";
    assert_eq!(devices, [expected]);
}

struct OneDrug;

impl Masters for OneDrug {
    fn edition(&self, system: &CodeSystem, _: PartialDateOrToday) -> Option<compact_str::CompactString> {
        (*system == CodeSystem::ReceiptDrug).then(|| "20240601".into())
    }

    fn look_up(&self, _: &CodeSystem, code: &str, _: PartialDateOrToday) -> Option<MasterEntry> {
        let standard = Some(Coded::new(CodeSystem::Yj, "2171014G1020"));
        (code == "620000001").then(|| MasterEntry { name: "見本錠".into(), standard })
    }
}

#[test]
fn codes_are_asked_of_the_masters() {
    let mapper = mapper(FeedKind::MedicationNotebook, "");
    let known = run_with(mapper.as_ref(), &sjis(NOTEBOOK), "n.csv", &Limits::default(), &OneDrug);
    let drug = known.facts(FactTable::DrugExposure)[2];
    assert_eq!(drug.standard.as_ref().unwrap().code, "2171014G1020");
    assert_eq!(known.units[0].master_version, "RECE-Y 20240601");
    assert_eq!(known.rules(), [""; 0]);
    let text = line(NOTEBOOK, "201,1,見本錠", "201,1,見本錠5mg,2,錠,2,620000002,1");
    let unknown = run_with(mapper.as_ref(), &sjis(&text), "n.csv", &Limits::default(), &OneDrug);
    assert_eq!(unknown.rules(), ["CODE-NOT-IN-MASTER"]);
}

#[test]
fn records_show_as_text() {
    let mapper = mapper(FeedKind::MedicationNotebook, "");
    assert_eq!(mapper.show(&sjis("1,見本 太郎")), "1,見本 太郎");
}
