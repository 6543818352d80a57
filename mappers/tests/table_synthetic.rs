//! What the writers of tables put in comes out again, without a complaint; any bytes and any damage are borne.

mod harness;

use std::collections::BTreeMap;

use harness::{mapper, run};
use musubi_mappers::table::{Interfaces, Table};
use musubi_mappers::{Document, Mapper as _};
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{FactTable, ProviderId};
use musubi_testdata::formats::{self, Format};
use proptest::prelude::*;

fn tables() -> Vec<Format> {
    formats::all().into_iter().filter(|f| f.kind == FeedKind::Table).collect()
}

#[test]
fn every_shipped_interface_has_a_writer() {
    let mut written: Vec<&str> = tables().iter().map(|f| f.interface).collect();
    written.sort_unstable();
    let shipped = Interfaces::builtin();
    assert_eq!(written, shipped.iter().map(|i| i.name()).collect::<Vec<_>>());
}

#[test]
fn the_clean_corpus_raises_no_warning_and_its_totals_hold() {
    for format in tables() {
        let mapper = mapper(format.kind, format.interface);
        for seed in [7, 8] {
            let (mut units, mut facts) = (0, 0);
            for file in formats::sample(&format, 400, seed).unwrap() {
                let done = run(mapper.as_ref(), &file.bytes, &file.path);
                let first = done.findings().find(|f| f.rule.severity != musubi_model::Severity::Note);
                assert_eq!(done.complaints(), [""; 0], "{format:?} {:?}", first.map(ToString::to_string));
                let totals: BTreeMap<String, u64> =
                    done.split.totals.iter().map(|(k, n)| (k.to_string(), *n)).collect();
                assert_eq!(totals, file.totals, "{format:?}");
                // No heading of the writer is unknown, so no column is lost.
                assert!(!done.rules().contains(&"TABLE-HEADING-UNKNOWN"), "{format:?}");
                units += done.units.len();
                facts += done.units.iter().map(|u| u.facts.len()).sum::<usize>();
                assert!(done.facts(FactTable::Person).len() == done.units.len(), "{format:?}");
            }
            assert!(units > 0 && facts >= 2 * units, "{format:?}: {units} units, {facts} facts");
        }
    }
}

/// The person of each unit is one of the subjects, with the values the writer was given.
#[test]
fn persons_come_back_as_written() {
    for name in ["municipal-checkup", "otc-purchase", "employer-checkup", "death-certificate-xml"] {
        let format = tables().into_iter().find(|f| f.interface == name).unwrap();
        let mapper = mapper(format.kind, name);
        for file in formats::sample(&format, 200, 3).unwrap() {
            let text = harness_text(&file.bytes);
            for unit in run(mapper.as_ref(), &file.bytes, &file.path).units {
                let d = &unit.demographics;
                assert!(!d.name_kanji.expose().is_empty() && !d.name_kana.expose().is_empty(), "{name}");
                for value in [&d.local_number, &d.insured_number, &d.address, &d.phone] {
                    assert!(text.contains(value.expose().as_str()), "{name}");
                }
                for part in d.name_kanji.expose().split(' ').chain(d.name_kana.expose().split(' ')) {
                    assert!(text.contains(part), "{name}");
                }
                assert!(d.birth.expose().is_some(), "{name}");
            }
        }
    }
}

fn harness_text(bytes: &[u8]) -> String {
    let encoding = musubi_mappers::text::detect(bytes).unwrap();
    musubi_mappers::text::decode(encoding, bytes).into_owned()
}

#[test]
fn each_file_is_recognised_by_its_own_interface_alone() {
    let (provider, limits) = (ProviderId::new("1310000001").unwrap(), Limits::default());
    for format in tables() {
        for file in formats::sample(&format, 400, 7).unwrap() {
            let document =
                Document { bytes: &file.bytes, path: &file.path, provider: &provider, limits: &limits };
            let shipped = Interfaces::builtin();
            let sure: Vec<&str> =
                shipped.iter().filter(|i| Table::new(i).recognises(&document)).map(|i| i.name()).collect();
            assert_eq!(sure, [format.interface]);
        }
    }
}

fn names() -> impl Strategy<Value = String> {
    proptest::sample::select(Interfaces::builtin().iter().map(|i| i.name().to_owned()).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_bytes(name in names(), bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mapper = mapper(FeedKind::Table, &name);
        run(mapper.as_ref(), &bytes, "x.csv");
        let (provider, limits) = (ProviderId::new("1310000001").unwrap(), Limits::default());
        let _ = mapper.recognises(&Document { bytes: &bytes, path: "", provider: &provider, limits: &limits });
    }

    #[test]
    fn any_damage(which in any::<prop::sample::Index>(), at in 0.0f64..1.0, len in 0usize..40, with in "[0-9,\"\n\r<>/&;年月日#A-Zア-ン]{0,30}") {
        let all = tables();
        let format = &all[which.index(all.len())];
        for file in formats::sample(format, 20, 1).unwrap() {
            let mut bytes = file.bytes;
            let from = ((bytes.len() as f64) * at) as usize;
            let to = (from + len).min(bytes.len());
            bytes.splice(from..to, with.bytes());
            run(mapper(FeedKind::Table, format.interface).as_ref(), &bytes, &file.path);
        }
    }
}
