//! What the synthetic writer writes comes back: persons, values, amounts, drugs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a panic is a failed test"
)]

mod cda_common;
mod harness;

use std::collections::BTreeSet;

use harness::{Done, mapper, run};
use musubi_model::manifest::FeedKind;
use musubi_model::{FactTable, Sex};
use musubi_testdata::formats::{self, Format, SynthFile};

fn format(kind: FeedKind) -> Format {
    formats::all().into_iter().find(|f| f.kind == kind).unwrap()
}

fn corpus(kind: FeedKind) -> Vec<(SynthFile, Done)> {
    let files = formats::sample(&format(kind), 900, 3).unwrap();
    let mapper = mapper(kind, "");
    files.into_iter().map(|f| (f.clone(), run(mapper.as_ref(), &f.bytes, &f.path))).collect()
}

/// The texts of all documents of a file: unpacked units.
fn texts(kind: FeedKind, file: &SynthFile, done: &Done) -> Vec<String> {
    let mapper = mapper(kind, "");
    let open = |u: &musubi_mappers::UnitSlice| mapper.open(u.range.slice(&file.bytes).unwrap()).into_owned();
    done.split.units.iter().map(|u| String::from_utf8(open(u)).unwrap()).collect()
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> Vec<&'t str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

#[test]
fn every_kind_of_document_is_written() {
    let corpus = corpus(FeedKind::CheckupCda);
    let kinds: BTreeSet<_> =
        corpus.iter().flat_map(|(_, d)| d.split.totals.keys().map(ToString::to_string)).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["cc08", "gc08", "hc08", "hg08", "ix08", "su08"]);
    let zips = corpus.iter().filter(|(f, _)| f.path.ends_with(".zip")).count();
    assert!(zips >= 2 && corpus.len() > zips, "{zips} of {}", corpus.len());
    let programmes: BTreeSet<_> = corpus
        .iter()
        .flat_map(|(_, d)| d.facts(FactTable::VisitOccurrence))
        .filter_map(|f| f.source.as_ref().map(|s| s.code.to_string()))
        .collect();
    assert_eq!(programmes.into_iter().collect::<Vec<_>>(), ["010", "020", "030", "900"]);
}

#[test]
fn every_result_comes_back() {
    let mut compared = 0;
    for (file, done) in corpus(FeedKind::CheckupCda) {
        for (text, unit) in texts(FeedKind::CheckupCda, &file, &done).iter().zip(&done.units) {
            let observations =
                between(text, "<observation classCode=\"OBS\" moodCode=\"EVN\"", "<observation ");
            let facts: Vec<_> = unit
                .facts
                .iter()
                .filter(|f| {
                    f.source.as_ref().is_some_and(|s| s.system == musubi_model::CodeSystem::CheckupItem)
                })
                .collect();
            assert_eq!(facts.len(), observations.len());
            for (fact, written) in facts.iter().zip(observations) {
                let code = between(written, "<code code=\"", "\"")[0];
                assert_eq!(fact.source.as_ref().unwrap().code, code);
                assert!(fact.standard.is_some(), "{code} has no concept");
                let value = between(written, "<value xsi:type=\"", ">").first().copied().unwrap_or_default();
                if let Some(number) = between(value, "value=\"", "\"").first() {
                    assert_eq!(fact.value.text, *number);
                    assert_eq!(fact.value.number.unwrap().to_string(), *number);
                    compared += 1;
                } else if let Some(coded) = between(value, "code=\"", "\"").first() {
                    assert_eq!(fact.value.text, *coded);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 5_000, "{compared}");
}

#[test]
fn every_person_comes_back() {
    let mut persons = 0;
    for (file, done) in corpus(FeedKind::CheckupCda) {
        for (text, unit) in texts(FeedKind::CheckupCda, &file, &done).iter().zip(&done.units) {
            let d = &unit.demographics;
            let attribute = |mark: &str| between(text, mark, "\"").first().copied().unwrap_or_default();
            assert_eq!(between(text, "<postalCode>", "<")[0], d.postal_code.expose());
            assert_eq!(
                attribute("<birthTime value=\""),
                d.birth.expose().unwrap().to_string().replace('-', "")
            );
            let head = text.split("<author>").next().unwrap();
            assert!(head.contains(d.name_kana.expose().as_str()) && !d.name_kana.expose().is_empty());
            assert!(head.contains(d.address.expose().as_str()) && !d.address.expose().is_empty());
            let insurer = d.insurer_number.expose();
            assert!(head.contains(&format!("extension=\"{insurer}\"")) && insurer.len() == 8);
            assert!(head.contains(&format!("extension=\"{}\"", d.insured_number.expose())));
            assert!(matches!(d.sex, Sex::Male | Sex::Female));
            persons += 1;
        }
    }
    assert!(persons > 300, "{persons}");
}

/// The sums of su08 are those of the claims as mapped; each settlement knows the day of its result.
#[test]
fn amounts_come_back() {
    let mut packages = 0;
    for (file, done) in corpus(FeedKind::CheckupCda).into_iter().filter(|(f, _)| f.path.ends_with(".zip")) {
        let cost = |name: &str| -> rust_decimal::Decimal {
            let of = done.facts(FactTable::Cost);
            let named = of.iter().filter(|f| f.source.as_ref().is_some_and(|s| s.code == name));
            named.map(|f| f.quantity.unwrap()).sum()
        };
        let total = cost("unitAmount")
            + if cost("unitAmount").is_zero() { cost("calculatedAmount") } else { 0.into() };
        assert_eq!(total - cost("paymentAmount"), cost("claimAmount"), "{}", file.path);
        assert!(done.facts(FactTable::Cost).iter().all(|f| f.start.is_some()));
        packages += 1;
    }
    assert!(packages >= 2);
}

#[test]
fn every_drug_and_disease_of_a_letter_comes_back() {
    let (mut drugs, mut diseases, mut results, mut prescriptions) = (0, 0, 0, 0);
    for (file, done) in corpus(FeedKind::ClinicalCda) {
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        let written: Vec<_> = between(&text, "<manufacturedLabeledDrug>\n<code code=\"", "\"");
        let mapped: Vec<_> = done
            .facts(FactTable::DrugExposure)
            .iter()
            .map(|f| f.source.as_ref().unwrap().code.to_string())
            .collect();
        assert_eq!(mapped, written);
        let quantities: Vec<_> = between(&text, "<quantity value=\"", ".0\"");
        for (fact, quantity) in done.facts(FactTable::DrugExposure).iter().zip(quantities) {
            assert_eq!(fact.quantity.unwrap().normalize().to_string(), quantity);
        }
        drugs += mapped.len();
        diseases += done.facts(FactTable::ConditionOccurrence).len();
        results += done.facts(FactTable::Measurement).len();
        prescriptions += done.facts(FactTable::PayerPlanPeriod).len();
        let d = &done.units[0].demographics;
        assert!(text.contains(&format!("extension=\"{}\"", d.local_number.expose())));
        let (family, given) = d.name_kanji.expose().split_once(' ').unwrap();
        assert!(text.contains(&format!("<family>{family}</family>\n<given>{given}</given>")));
        assert!(text.contains(d.address.expose().as_str()) && text.contains(d.phone.expose().as_str()));
    }
    assert!(
        drugs > 50 && diseases > 20 && results > 10 && prescriptions > 20,
        "{drugs} {diseases} {results} {prescriptions}"
    );
}
