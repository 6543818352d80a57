//! Clinical documents: referral letters (診療情報提供書), discharge summaries (退院時サマリー), electronic prescriptions.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use musubi_model::Sex;

use super::checkup::day;
use super::xml::Xml;
use crate::SynthError;
use crate::clinical::{Course, DISEASES, DRUGS, Disease, Drug, ITEMS, Route, Whom};
use crate::formats::{Job, Subject, SynthFile};
use crate::rng::Rng;

const LOINC: &str = "2.16.840.1.113883.6.1";
const ICD10: &str = "2.16.840.1.113883.6.3";
const YJ: &str = "1.2.392.100495.20.1.73";
const RECEIPT: &str = "1.2.392.100495.20.1.71";
const JLAC10: &str = "1.2.392.200119.4.504";

/// Writes the files of a job: one document a file.
pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut files = Vec::new();
    for subject in job.subjects.iter().filter(|s| !s.kana.0.is_empty()) {
        let mut rng = job.rng(subject, 50);
        let (kind, bytes) = match rng.below(20) {
            0 => ("referral", letter(job, subject, &mut rng, false)),
            1 => ("discharge", letter(job, subject, &mut rng, true)),
            2 | 3 => ("prescription", prescription(job, subject, &mut rng)),
            _ => continue,
        };
        let n = files.len() + 1;
        files.push(SynthFile {
            path: format!("cda/{kind}-{}-{}-{n:04}.xml", day(job.business_date), job.part),
            bytes,
            totals: BTreeMap::from([("cda".to_owned(), 1)]),
        });
    }
    Ok(files)
}

/// A day of the job's month.
fn written(job: &Job<'_>, rng: &mut Rng) -> Date {
    let n = i8::try_from(rng.between(8, 28)).unwrap_or(8);
    Date::new(job.month.year(), job.month.month(), n).unwrap_or(job.month)
}

/// The head up to the body: kind of document, patient, author.
fn head(job: &Job<'_>, subject: &Subject, code: (&str, &str, &str), made: Date, rng: &mut Rng) -> Xml {
    let site = &job.site.id;
    let mut xml = Xml::new("ClinicalDocument", "urn:hl7-org:v3");
    xml.empty("realmCode", &[("code", "JP")]);
    xml.empty("typeId", &[("root", "2.16.840.1.113883.1.3"), ("extension", "POCD_HD000040")]);
    let number = format!("{:09}", rng.below(1_000_000_000));
    xml.empty("id", &[("root", &format!("1.2.392.100495.20.3.11.1{site}")), ("extension", &number)]);
    xml.empty("code", &[("code", code.0), ("codeSystem", code.1)]);
    xml.leaf("title", &[], code.2);
    let (hour, minute) = (rng.between(9, 17), rng.between(0, 59));
    xml.empty("effectiveTime", &[("value", &format!("{}{hour:02}{minute:02}00+0900", day(made)))]);
    xml.empty("confidentialityCode", &[("code", "N"), ("codeSystem", "2.16.840.1.113883.5.25")]);
    xml.empty("versionNumber", &[("value", "1")]);
    xml.nest(&["recordTarget", "patientRole"]);
    let chart = format!("1.2.392.100495.20.3.51.1{site}");
    xml.empty("id", &[("root", &chart), ("extension", &subject.chart)]);
    xml.nest(&["addr"]);
    xml.leaf("postalCode", &[], &subject.postal);
    xml.leaf("streetAddressLine", &[], &subject.address);
    xml.close(1);
    xml.empty("telecom", &[("use", "HP"), ("value", &format!("tel:{}", subject.phone))]);
    xml.nest(&["patient"]);
    for (kind, name) in [("IDE", &subject.kanji), ("SYL", &subject.kana)] {
        xml.open("name", &[("use", kind)]);
        xml.leaf("family", &[], &name.0);
        xml.leaf("given", &[], &name.1);
        xml.close(1);
    }
    let sex = if subject.sex == Sex::Male { "M" } else { "F" };
    xml.empty("administrativeGenderCode", &[("code", sex), ("codeSystem", "2.16.840.1.113883.5.1")]);
    xml.empty("birthTime", &[("value", &day(subject.birth))]);
    xml.close(3);
    xml.nest(&["author"]);
    xml.empty("time", &[("value", &day(made))]);
    xml.nest(&["assignedAuthor"]);
    xml.empty("id", &[("root", &format!("1.2.392.100495.20.3.41.1{site}")), ("extension", "D100")]);
    xml.nest(&["assignedPerson"]);
    xml.open("name", &[("use", "IDE")]);
    xml.leaf("family", &[], "見本");
    xml.leaf("given", &[], "一郎");
    xml.close(2);
    xml.nest(&["representedOrganization"]);
    xml.leaf("name", &[], &job.site.name);
    xml.close(3);
    xml.nest(&["custodian", "assignedCustodian"]);
    xml.empty("representedCustodianOrganization", &[("nullFlavor", "NA")]);
    xml.close(2);
    xml
}

fn section(xml: &mut Xml, loinc: &str, title: &str, words: &str) {
    xml.nest(&["component", "section"]);
    xml.empty("code", &[("code", loinc), ("codeSystem", LOINC)]);
    xml.leaf("title", &[], title);
    xml.nest(&["text"]);
    xml.leaf("paragraph", &[], words);
    xml.close(1);
}

fn disease(subject: &Subject, rng: &mut Rng) -> &'static Disease {
    let fits = |d: &Disease| {
        let whom = match d.whom {
            Whom::Both => true,
            Whom::Men => subject.sex == Sex::Male,
            Whom::Women => subject.sex == Sex::Female,
        };
        whom && (d.ages.0..=d.ages.1).contains(&subject.age) && !d.drugs.is_empty()
    };
    let all: Vec<&Disease> = DISEASES.iter().filter(|d| fits(d)).collect();
    let at = usize::try_from(rng.below(u64::try_from(all.len()).unwrap_or(0))).unwrap_or(0);
    all.get(at).copied().unwrap_or(&DISEASES[0])
}

/// A referral letter, or a discharge summary: problems, allergies, drugs, results, and words.
fn letter(job: &Job<'_>, subject: &Subject, rng: &mut Rng, discharge: bool) -> Vec<u8> {
    let made = written(job, rng);
    let code = if discharge {
        ("18842-5", LOINC, "退院時サマリー")
    } else {
        ("57133-1", LOINC, "診療情報提供書")
    };
    let mut xml = head(job, subject, code, made, rng);
    let main = disease(subject, rng);
    let began = made.checked_sub(rng.between(5, 400).days()).unwrap_or(made).max(subject.birth);
    if discharge {
        let admitted = made.checked_sub(rng.between(3, 7).days()).unwrap_or(made).max(subject.birth);
        xml.nest(&["componentOf", "encompassingEncounter"]);
        xml.empty("code", &[("code", "IMP"), ("codeSystem", "2.16.840.1.113883.5.4")]);
        xml.nest(&["effectiveTime"]);
        xml.empty("low", &[("value", &day(admitted))]);
        xml.empty("high", &[("value", &day(made))]);
        xml.close(3);
    }
    xml.nest(&["component", "structuredBody"]);
    if !discharge {
        section(
            &mut xml,
            "42349-1",
            "紹介目的",
            "精査加療をお願いいたします。いつもお世話になっております。",
        );
        xml.close(2);
    }
    let problems = if discharge { "11535-2" } else { "11450-4" };
    section(&mut xml, problems, "傷病名", main.name);
    xml.nest(&["entry"]);
    xml.open("observation", &[("classCode", "OBS"), ("moodCode", "EVN")]);
    xml.empty("code", &[("code", "29308-4"), ("codeSystem", LOINC)]);
    xml.empty("statusCode", &[("code", "completed")]);
    xml.nest(&["effectiveTime"]);
    xml.empty("low", &[("value", &day(began))]);
    xml.close(1);
    xml.empty(
        "value",
        &[("xsi:type", "CD"), ("code", main.icd10), ("codeSystem", ICD10), ("displayName", main.name)],
    );
    xml.close(4);
    if rng.chance(0.3) {
        allergy(&mut xml);
    }
    section(&mut xml, "10160-0", "処方", "現在の処方は下記のとおりです。");
    let days = if main.course == Course::Chronic { 28 } else { 5 };
    for (n, drug) in (1u32..).zip(main.drugs.iter().filter_map(|at| DRUGS.get(*at))) {
        xml.nest(&["entry"]);
        administration(&mut xml, drug, n, days, (YJ, drug.yj));
        xml.close(1);
    }
    xml.close(2);
    section(&mut xml, "30954-2", "検査結果", "検査結果は下記のとおりです。");
    for item in ITEMS.iter().filter(|i| i.panels.contains(&main.panel)) {
        xml.nest(&["entry"]);
        result(&mut xml, item, made, rng);
        xml.close(1);
    }
    xml.close(2);
    section(&mut xml, "18776-5", "今後の方針", "外来で経過を見る予定です。");
    xml.finish()
}

fn allergy(xml: &mut Xml) {
    section(xml, "48765-2", "アレルギー", "下記のアレルギーがあります。");
    xml.nest(&["entry"]);
    xml.open("observation", &[("classCode", "OBS"), ("moodCode", "EVN")]);
    xml.empty("code", &[("code", "ASSERTION"), ("codeSystem", "2.16.840.1.113883.5.4")]);
    xml.empty("statusCode", &[("code", "completed")]);
    xml.empty("value", &[("xsi:type", "CD"), ("code", "DALG"), ("codeSystem", "2.16.840.1.113883.5.4")]);
    xml.open("participant", &[("typeCode", "CSM")]);
    xml.nest(&["participantRole", "playingEntity"]);
    xml.empty(
        "code",
        &[("code", "6131001F1201"), ("codeSystem", YJ), ("displayName", "アモキシシリン水和物")],
    );
    xml.close(7);
}

fn result(xml: &mut Xml, item: &crate::clinical::Item, on: Date, rng: &mut Rng) {
    let scale = 10i64.pow(item.decimals);
    let decimals = usize::try_from(item.decimals).unwrap_or(0);
    let show = |n: i64| {
        if decimals == 0 { n.to_string() } else { format!("{}.{:0decimals$}", n / scale, n % scale) }
    };
    let n = rng.between(item.values.0, item.values.1);
    xml.open("observation", &[("classCode", "OBS"), ("moodCode", "EVN")]);
    xml.empty("code", &[("code", item.jlac10), ("codeSystem", JLAC10), ("displayName", item.name)]);
    xml.empty("effectiveTime", &[("value", &day(on))]);
    xml.empty("value", &[("xsi:type", "PQ"), ("value", &show(n)), ("unit", item.unit)]);
    let flag = if n < item.range.0 {
        "L"
    } else if n > item.range.1 {
        "H"
    } else {
        "N"
    };
    xml.empty("interpretationCode", &[("code", flag)]);
    xml.nest(&["referenceRange", "observationRange"]);
    xml.open("value", &[("xsi:type", "IVL_PQ")]);
    xml.empty("low", &[("value", &show(item.range.0)), ("unit", item.unit)]);
    xml.empty("high", &[("value", &show(item.range.1)), ("unit", item.unit)]);
    xml.close(4);
}

/// A drug: usage, days, dose, quantity.
fn administration(xml: &mut Xml, drug: &Drug, rp: u32, days: u32, code: (&str, &str)) {
    let unit = drug.unit.1;
    let oral = drug.route == Route::Oral;
    let total = if oral { drug.amount * days } else { drug.amount };
    xml.open("substanceAdministration", &[("classCode", "SBADM"), ("moodCode", "RQO")]);
    xml.empty("id", &[("root", "1.2.392.100495.20.3.81"), ("extension", &rp.to_string())]);
    let form = match drug.route {
        Route::Oral => "1",
        Route::AsNeeded => "2",
        Route::External => "3",
    };
    xml.empty("code", &[("code", form), ("codeSystem", "1.2.392.100495.20.2.21")]);
    if oral {
        xml.open("effectiveTime", &[("operator", "A"), ("xsi:type", "EIVL_TS")]);
        xml.empty("event", &[("code", "1013044400000000"), ("codeSystem", "1.2.392.100495.20.2.31")]);
        xml.close(1);
        xml.open("effectiveTime", &[("xsi:type", "IVL_TS")]);
        xml.empty("width", &[("value", &format!("{days}.0")), ("unit", "d")]);
        xml.close(1);
        xml.empty("doseQuantity", &[("value", &format!("{}.0", drug.amount)), ("unit", unit)]);
    }
    xml.nest(&["consumable", "manufacturedProduct", "manufacturedLabeledDrug"]);
    xml.empty("code", &[("code", code.1), ("codeSystem", code.0), ("displayName", drug.name)]);
    xml.close(3);
    xml.open("entryRelationship", &[("typeCode", "REFR")]);
    xml.open("supply", &[("classCode", "SPLY"), ("moodCode", "RQO")]);
    xml.leaf("text", &[], "");
    xml.empty("quantity", &[("value", &format!("{total}.0")), ("unit", unit)]);
    xml.close(3);
}

/// An electronic prescription, with its insurance.
fn prescription(job: &Job<'_>, subject: &Subject, rng: &mut Rng) -> Vec<u8> {
    let made = written(job, rng);
    let code = ("01", "1.2.392.100495.20.2.11", "処方箋");
    let mut xml = head(job, subject, code, made, rng);
    let main = disease(subject, rng);
    let days = if main.course == Course::Chronic { 28 } else { 5 };
    xml.nest(&["component", "structuredBody", "component", "section"]);
    xml.empty("code", &[("code", "01"), ("codeSystem", "1.2.392.100495.20.2.12")]);
    xml.leaf("title", &[], "処方指示");
    xml.nest(&["text", "list"]);
    for drug in main.drugs.iter().filter_map(|at| DRUGS.get(*at)) {
        xml.leaf("item", &[], drug.name);
    }
    xml.close(2);
    for (n, drug) in (1u32..).zip(main.drugs.iter().filter_map(|at| DRUGS.get(*at))) {
        xml.nest(&["entry"]);
        let code = if rng.chance(0.5) { (YJ, drug.yj) } else { (RECEIPT, drug.code) };
        administration(&mut xml, drug, n, days, code);
        xml.close(1);
    }
    xml.close(2);
    if !subject.assistance {
        insurance(&mut xml, subject);
    }
    xml.finish()
}

fn insurance(xml: &mut Xml, subject: &Subject) {
    const ROOT: &str = "1.2.392.100495.20.3.";
    xml.nest(&["component", "section"]);
    xml.empty("code", &[("code", "11"), ("codeSystem", "1.2.392.100495.20.2.12")]);
    xml.leaf("title", &[], "保険・公費情報");
    xml.nest(&["entry"]);
    xml.open("act", &[("classCode", "ACT"), ("moodCode", "EVN")]);
    xml.empty("code", &[("codeSystem", "1.2.392.100495.20.2.64")]);
    xml.open("entryRelationship", &[("typeCode", "COMP")]);
    xml.open("act", &[("classCode", "ACT"), ("moodCode", "EVN")]);
    xml.empty("code", &[("code", "1"), ("codeSystem", "1.2.392.100495.20.2.61"), ("displayName", "医保")]);
    xml.nest(&["performer", "assignedEntity"]);
    xml.empty("id", &[("root", &format!("{ROOT}61")), ("extension", &subject.insurer)]);
    xml.close(2);
    xml.open("participant", &[("typeCode", "COV")]);
    xml.nest(&["participantRole"]);
    for (arc, number) in [("62", &subject.symbol), ("63", &subject.insured_number), ("64", &subject.branch)] {
        if !number.is_empty() {
            xml.empty("id", &[("root", &format!("{ROOT}{arc}")), ("extension", number)]);
        }
    }
    let relation = if subject.own { "1" } else { "2" };
    xml.empty("code", &[("code", relation), ("codeSystem", "1.2.392.100495.20.2.62")]);
    xml.close(8);
}
