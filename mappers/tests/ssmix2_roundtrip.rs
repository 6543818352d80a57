//! What the synthetic writers write comes back: persons exactly, values as written, every data type, in every feed the
//! same.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;
mod harness;

use std::collections::{BTreeMap, BTreeSet};

use common_ssmix2::line;
use harness::{mapper, run};
use musubi_mappers::VersionState;
use musubi_mappers::ssmix2::types::TYPES;
use musubi_model::FactTable;
use musubi_model::manifest::FeedKind;
use musubi_testdata::formats::{self, Format, Job, Site, Subject, SynthFile};

fn format(kind: FeedKind) -> Format {
    formats::all().into_iter().find(|f| f.kind == kind).expect("a writer")
}

fn files(kind: FeedKind, persons: u64) -> Vec<SynthFile> {
    formats::sample(&format(kind), persons, 11).expect("files")
}

/// The text of a stored message.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&0x1B) => text.to_owned(),
        _ => encoding_rs::ISO_2022_JP.decode(bytes).0.into_owned(),
    }
}

/// A field of the first segment of a name; nothing when it is not there.
fn field(text: &str, segment: &str, number: usize) -> String {
    let line = text.split('\r').find(|l| l.starts_with(segment)).unwrap_or_default();
    line.split('|').nth(number).unwrap_or_default().to_owned()
}

#[test]
fn every_data_type_is_written_and_read() {
    let mapper = mapper(FeedKind::SsMix2Standard, "");
    let mut seen: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for file in files(FeedKind::SsMix2Standard, 400) {
        let done = run(mapper.as_ref(), &file.bytes, &file.path);
        let kind = file.path.split('/').nth(4).expect("a data type").to_owned();
        assert!(!done.units[0].facts.is_empty(), "{}", file.path);
        seen.entry(kind).or_default().extend(done.counts().keys());
    }
    let types: Vec<&str> = TYPES.iter().map(|t| t.name).collect();
    let mut written: Vec<&str> = seen.keys().map(String::as_str).collect();
    written.sort_unstable_by_key(|k| types.iter().position(|t| t == k));
    assert_eq!(written, types);
    // Beyond the person, each type gives what it is about.
    for (kind, table) in [
        ("ADT-00", "measurement"),
        ("ADT-01", "observation"),
        ("ADT-12", "visit_occurrence"),
        ("ADT-21", "observation"),
        ("ADT-22", "visit_occurrence"),
        ("ADT-31", "observation"),
        ("ADT-32", "observation"),
        ("ADT-41", "observation"),
        ("ADT-42", "observation"),
        ("ADT-51", "observation"),
        ("ADT-52", "visit_occurrence"),
        ("ADT-61", "observation"),
        ("PPR-01", "condition_occurrence"),
        ("OMD", "observation"),
        ("OMP-01", "drug_exposure"),
        ("OMP-02", "drug_exposure"),
        ("OMP-11", "drug_exposure"),
        ("OMP-12", "drug_exposure"),
        ("OML-01", "procedure_occurrence"),
        ("OML-11", "measurement"),
        ("OMG-01", "procedure_occurrence"),
        ("OMG-02", "procedure_occurrence"),
        ("OMG-03", "procedure_occurrence"),
        ("OMG-11", "procedure_occurrence"),
        ("OMG-12", "device_exposure"),
        ("OMG-13", "measurement"),
    ] {
        assert!(seen[kind].contains(table), "{kind} gives no {table}: {:?}", seen[kind]);
    }
}

#[test]
fn values_come_back_as_written() {
    let mapper = mapper(FeedKind::SsMix2Standard, "");
    let mut checked: BTreeMap<&str, u32> = BTreeMap::new();
    for file in files(FeedKind::SsMix2Standard, 300) {
        let text = text(&file.bytes);
        let unit = run(mapper.as_ref(), &file.bytes, &file.path).units.remove(0);
        let d = &unit.demographics;
        assert_eq!(d.local_number.expose().as_str(), field(&text, "PID", 3).trim_end_matches("^^^^PI"));
        assert_eq!(
            d.birth.expose().expect("a birth date").to_string().replace('-', ""),
            field(&text, "PID", 7)
        );
        let measured: Vec<String> = unit
            .facts
            .iter()
            .filter(|f| {
                f.table == FactTable::Measurement
                    && f.range.slice(&file.bytes).expect("in").starts_with(b"OBX")
            })
            .map(|f| f.value.text.to_string())
            .collect();
        let sent: Vec<String> = text
            .split('\r')
            .filter(|l| l.starts_with("OBX"))
            .map(|l| l.split('|').collect::<Vec<_>>())
            .filter(|f| {
                f[2] == "NM" || f[2] == "SN" || f[2] == "ST" || (f[2] == "CWE" && f[5].ends_with("JANIS"))
            })
            .map(|f| match f[2] {
                "CWE" => f[5].split('^').next().unwrap_or_default().to_owned(),
                _ => f[5].replace('^', ""),
            })
            .collect();
        assert_eq!(measured, sent, "{}", file.path);
        *checked.entry("measurement").or_default() += u32::try_from(sent.len()).expect("few");
        for fact in &unit.facts {
            match fact.table {
                FactTable::ConditionOccurrence => {
                    let record = text.split('\r').filter(|l| l.starts_with("PRB"));
                    let sent: BTreeSet<String> = record
                        .filter_map(|l| l.split('|').nth(10))
                        .map(|c| c.split('^').next().unwrap_or_default().to_owned())
                        .collect();
                    assert!(sent.contains(fact.standard.as_ref().expect("ICD-10").code.as_str()));
                    *checked.entry("icd10").or_default() += 1;
                }
                FactTable::VisitOccurrence => {
                    let day = field(&text, "PV1", 44);
                    assert_eq!(fact.start.expect("a day").to_string().replace('-', ""), day[..8]);
                    assert_eq!(fact.status, field(&text, "PV1", 36));
                    *checked.entry("visit").or_default() += 1;
                }
                FactTable::DrugExposure if file.path.contains("OMP-01") => {
                    assert_eq!(fact.quantity.expect("an amount").to_string(), field(&text, "RXE", 10));
                    let days = field(&text, "TQ1", 6);
                    assert_eq!(
                        fact.times.map(|n| n.to_string()).unwrap_or_default(),
                        days.split('^').next().unwrap_or_default()
                    );
                    *checked.entry("drug").or_default() += 1;
                }
                _ => {}
            }
        }
    }
    assert!(checked.values().all(|n| *n > 20) && checked.len() == 4, "{checked:?}");
}

#[test]
fn no_third_person_is_in_a_fact() {
    for kind in
        [FeedKind::SsMix2Standard, FeedKind::SsMix2Extended, FeedKind::SsMix2Transaction, FeedKind::Hl7V2]
    {
        let mapper = mapper(kind, "");
        for file in files(kind, 120) {
            for unit in run(mapper.as_ref(), &file.bytes, &file.path).units {
                let d = &unit.demographics;
                let said: Vec<&str> = unit.findings.iter().map(|f| f.found.as_str()).collect();
                let facts = format!("{:?} {said:?}", unit.facts);
                for secret in ["医師", "看護^", "家族", "自由記載", "見本の", "1.2.392.200036"] {
                    assert!(!facts.contains(secret), "{secret} in {facts}");
                }
                for own in [
                    d.name_kanji.expose(),
                    d.name_kana.expose(),
                    d.address.expose(),
                    d.phone.expose(),
                    d.local_number.expose(),
                ] {
                    assert!(
                        own.len() < 4 || !facts.contains(own.as_str()),
                        "a value of the person in {facts}"
                    );
                }
            }
        }
    }
}

/// One made-up person, so that all of what is sent of them is known.
fn subject() -> Subject {
    Subject {
        number: 22,
        chart: "0000022".to_owned(),
        kanji: ("見本".to_owned(), "太郎".to_owned()),
        kana: ("ミホン".to_owned(), "タロウ".to_owned()),
        birth: jiff::civil::date(1950, 2, 3),
        sex: musubi_model::Sex::Male,
        age: 76,
        insurer: "39131234".to_owned(),
        symbol: String::new(),
        insured_number: "12345678".to_owned(),
        branch: String::new(),
        own: true,
        assistance: false,
        prefecture: "13",
        postal: "100-0001".to_owned(),
        address: "東京都千代田区見本町１－２－３".to_owned(),
        phone: "03-0000-0000".to_owned(),
        care: None,
    }
}

#[test]
fn the_person_comes_back_exactly() {
    let site = Site {
        id: "1310000001".to_owned(),
        institution: "0000001".to_owned(),
        name: "見本病院".to_owned(),
        prefecture: "13",
        phone: "03-0000-0000".to_owned(),
    };
    let subjects = [subject()];
    let month = jiff::civil::date(2026, 9, 1);
    let job = Job { subjects: &subjects, site: &site, month, business_date: month, part: 1, seed: 3 };
    for kind in [FeedKind::SsMix2Standard, FeedKind::SsMix2Transaction, FeedKind::Hl7V2] {
        let mapper = mapper(kind, "");
        let mut basics = 0;
        for file in (format(kind).write)(&job).expect("files") {
            for unit in run(mapper.as_ref(), &file.bytes, &file.path).units {
                let d = &unit.demographics;
                let s = &subjects[0];
                assert_eq!(*d.local_number.expose(), s.chart);
                assert_eq!(*d.name_kanji.expose(), format!("{} {}", s.kanji.0, s.kanji.1));
                assert_eq!(*d.name_kana.expose(), format!("{} {}", s.kana.0, s.kana.1));
                assert_eq!((d.sex, d.birth.expose().and_then(|b| b.to_date())), (s.sex, Some(s.birth)));
                if d.address.expose().is_empty() {
                    continue;
                }
                basics += 1;
                assert_eq!(*d.address.expose(), s.address);
                assert_eq!(*d.postal_code.expose(), s.postal);
                assert_eq!(*d.phone.expose(), s.phone);
                assert_eq!(*d.insurer_number.expose(), s.insurer);
                assert_eq!(*d.insured_number.expose(), s.insured_number);
            }
        }
        assert_eq!(basics, 1, "{kind:?}");
    }
}

/// The same messages, in three feeds: the same facts, and in the two storages the same versions.
#[test]
fn the_feeds_say_the_same() {
    let all = |kind: FeedKind| {
        let mapper = mapper(kind, "");
        let mut units = Vec::new();
        for file in files(kind, 60) {
            for unit in run(mapper.as_ref(), &file.bytes, &file.path).units {
                let facts: Vec<String> = unit.facts.iter().map(line).collect();
                units.push((facts, unit.version.expect("a version")));
            }
        }
        units
    };
    let standard = all(FeedKind::SsMix2Standard);
    let transaction = all(FeedKind::SsMix2Transaction);
    let plain = all(FeedKind::Hl7V2);
    let current: Vec<_> = transaction.iter().filter(|(_, v)| v.state == VersionState::Current).collect();
    assert_eq!(current.len(), standard.len());
    for (one, other) in standard.iter().zip(&current) {
        assert_eq!((&one.0, &one.1), (&other.0, &other.1));
    }
    // A deletion is a later version of something that was sent.
    let deleted: Vec<_> = transaction.iter().filter(|(_, v)| v.state == VersionState::Deleted).collect();
    for (_, version) in &deleted {
        assert!(standard.iter().any(|(_, v)| v.key == version.key && v.time < version.time));
    }
    assert_eq!(plain.len(), standard.len());
    for ((one, _), (other, _)) in standard.iter().zip(&plain) {
        assert_eq!(one, other);
    }
}

#[test]
fn some_transactions_delete() {
    let mapper = mapper(FeedKind::SsMix2Transaction, "");
    let mut deleted = 0;
    for file in files(FeedKind::SsMix2Transaction, 300) {
        let done = run(mapper.as_ref(), &file.bytes, &file.path);
        deleted += done
            .units
            .iter()
            .filter(|u| u.version.as_ref().is_some_and(|v| v.state == VersionState::Deleted))
            .count();
    }
    assert!(deleted > 0);
}

#[test]
fn extended_storage_has_documents_of_every_kind() {
    let mapper = mapper(FeedKind::SsMix2Extended, "");
    let (mut kinds, mut formats_seen, mut vitals) = (BTreeSet::new(), BTreeSet::new(), 0);
    for file in files(FeedKind::SsMix2Extended, 400) {
        let done = run(mapper.as_ref(), &file.bytes, &file.path);
        vitals += done.facts(FactTable::Measurement).len();
        for note in done.facts(FactTable::Note) {
            kinds.insert(note.standard.as_ref().expect("a kind").code.to_string());
            formats_seen.extend(
                note.qualifiers.split(' ').filter_map(|w| w.strip_prefix("format=")).map(str::to_owned),
            );
        }
    }
    let expect = [
        "discharge-summary",
        "imaging-report",
        "nursing-summary",
        "outpatient-record",
        "pathology-report",
        "referral",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expect);
    assert_eq!(formats_seen.into_iter().collect::<Vec<_>>(), ["cda", "dicom", "jpeg", "pdf", "text"]);
    assert!(vitals >= 15);
}
