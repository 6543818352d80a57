//! Files of other people: the ministry's empty templates and schemas (V08), and a published electronic prescription.
//! They are not part of the repository; where they are missing the tests say so and pass.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a panic is a failed test"
)]

mod cda_common;
mod harness;

use cda_common::lines;
use harness::{Done, mapper, run};
use musubi_mappers::{Document, recognise, table::Interfaces};
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{FactTable, ProviderId, Sex};

fn sample(name: &str) -> Option<Vec<u8>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {name} is not here");
    }
    bytes
}

fn read(kind: FeedKind, name: &str) -> Option<Done> {
    sample(name).map(|bytes| run(mapper(kind, "").as_ref(), &bytes, name))
}

#[test]
fn the_empty_template_of_a_result_is_refused_although_it_validates() {
    let Some(done) = read(FeedKind::CheckupCda, "kenshin-xsd-v08/CDAtemplate-hc18.xml") else { return };
    let expected = [
        "CDA-BIRTH",
        "CDA-DATE",
        "CDA-EXAM-DATE",
        "CDA-INSURED",
        "CDA-INSURER",
        "CDA-NAME",
        "CDA-PLACEHOLDER",
        "CDA-POSTAL",
        "CDA-PROGRAMME",
        "CDA-REPORT",
        "CDA-SEX",
    ];
    for rule in expected {
        assert!(done.rules().contains(&rule), "{rule}: {:?}", done.rules());
    }
    assert!(done.units[0].is_unsound() && done.units[0].facts.is_empty());
}

#[test]
fn the_empty_settlement_is_taken_for_what_it_is() {
    let Some(done) = read(FeedKind::CheckupCda, "kenshin-xsd-v08/CCV08_template.xml") else { return };
    for rule in ["CDA-AMOUNT", "CDA-INSURED", "CDA-INSURER", "CDA-NAME", "CDA-POSTAL", "CDA-SEX"] {
        assert!(done.rules().contains(&rule), "{rule}: {:?}", done.rules());
    }
    // The template holds one value: a birth date.
    assert_eq!(done.facts(FactTable::Cost).len(), 0);
    assert_eq!(done.split.totals.keys().collect::<Vec<_>>(), ["cc08"]);
}

#[test]
fn index_and_summary_alone_are_envelope() {
    for (name, kind) in [("IXtemplate.xml", "ix08"), ("SUtemplate.xml", "su08")] {
        let Some(done) = read(FeedKind::CheckupCda, &format!("kenshin-xsd-v08/{name}")) else { return };
        assert_eq!(done.units.len(), 0);
        assert_eq!(done.split.envelope.iter().collect::<Vec<_>>(), [(kind, 1)]);
    }
}

#[test]
fn schemas_are_no_documents() {
    for name in ["hc08_V08.xsd", "cc08_V08.xsd", "voc_hcgv08.xsd", "datatypes_hcgv08.xsd"] {
        let Some(done) = read(FeedKind::CheckupCda, &format!("kenshin-xsd-v08/{name}")) else { return };
        assert!(done.units[0].is_unsound() && done.complaints() == ["CDA-ROOT"], "{name} {:?}", done.rules());
    }
}

#[test]
fn a_published_prescription_gives_its_four_drugs() {
    let name = "cda-eprescription-fhirp/example_prescription.xml";
    let Some(bytes) = sample(name) else { return };
    let done = run(mapper(FeedKind::ClinicalCda, "").as_ref(), &bytes, name);
    assert_eq!(
        lines(&done, FactTable::DrugExposure),
        [
            "2018-11-30||HOT:103835401||||錠|||9|3|ordered|s1-1-RP1|usage=1013044400000000 repeat=3 form=1 dose=1錠 daily=3錠",
            "2018-11-30||HOT:110626901||||錠|||18|3|ordered|s1-2-RP1|usage=1013044400000000 repeat=3 form=1 dose=2錠 daily=6錠",
            "2018-11-30||HOT:100607002||||ｇ|||1.4|14|ordered|s1-3-RP2|usage=1012040400000000 repeat=2 form=1 dose=50ｍｇ daily=100ｍｇ",
            "2018-11-30||HOT:100565315||||ｇ|||1.4|14|ordered|s1-4-RP2|usage=1012040400000000 repeat=2 form=1 dose=50ｍｇ daily=100ｍｇ",
        ]
    );
    assert_eq!(
        lines(&done, FactTable::PayerPlanPeriod),
        ["2018-11-30||PAYER:06|||||||||1|HO|", "2018-11-30||PAYER:15||||||||||KO1|"]
    );
    assert_eq!(done.facts(FactTable::Note).len(), 6, "{:#?}", lines(&done, FactTable::Note));
    assert_eq!(done.complaints(), [""; 0]);
    let d = &done.units[0].demographics;
    assert_eq!((d.local_number.expose().as_str(), d.sex), ("99990010", Sex::Male));
    assert_eq!(d.name_kana.expose(), "カンジャ タロウ");
    assert_eq!(d.insurer_number.expose(), "06050116");
    assert_eq!(d.insured_symbol.expose(), "９２０４５");
    assert_eq!(d.phone.expose(), "0335068010");
    let shown = format!("{:?}", done.units[0].facts);
    for secret in ["患者", "カンジャ", "医師", "新橋", "06050116", "99990010", "粉砕", "15138092", "9603283"]
    {
        assert!(!shown.contains(secret), "{secret}");
    }
}

/// Everything of others is told apart, whatever its name.
#[test]
fn samples_are_recognised() {
    let (provider, limits, interfaces) =
        (ProviderId::new("1310000001").unwrap(), Limits::default(), Interfaces::builtin());
    for (name, kind) in [
        ("cda-eprescription-fhirp/example_prescription.xml", Some(FeedKind::ClinicalCda)),
        ("kenshin-xsd-v08/CDAtemplate-hc18.xml", Some(FeedKind::CheckupCda)),
        ("kenshin-xsd-v08/CCV08_template.xml", Some(FeedKind::CheckupCda)),
        ("kenshin-xsd-v08/IXtemplate.xml", Some(FeedKind::CheckupCda)),
        ("kenshin-xsd-v08/hc08_V08.xsd", None),
    ] {
        let Some(bytes) = sample(name) else { return };
        let document = Document { bytes: &bytes, path: "x", provider: &provider, limits: &limits };
        assert_eq!(recognise(&document, &interfaces).map(|r| r.0), kind, "{name}");
    }
}
