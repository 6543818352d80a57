//! What all formats have in common, held against the synthetic corpus and against any bytes at all.

mod harness;

use std::collections::{BTreeMap, BTreeSet};

use harness::{mapper, run};
use musubi_mappers::table::Interfaces;
use musubi_mappers::{Document, coverage, mapper_for, recognise};
use musubi_model::ProviderId;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_testdata::formats;
use proptest::prelude::*;

#[test]
fn the_clean_corpus_raises_no_warning_and_its_totals_hold() {
    for format in formats::all() {
        let mapper = mapper(format.kind, format.interface);
        let files = formats::sample(&format, 400, 7).unwrap();
        assert!(!files.is_empty(), "{format:?} writes nothing");
        let (mut units, mut facts) = (0, 0);
        for file in files {
            let done = run(mapper.as_ref(), &file.bytes, &file.path);
            assert_eq!(
                done.complaints(),
                [""; 0],
                "{format:?} {:?}",
                done.findings().next().map(ToString::to_string)
            );
            let totals: BTreeMap<String, u64> =
                done.split.totals.iter().map(|(k, n)| (k.to_string(), *n)).collect();
            assert_eq!(totals, file.totals, "{format:?}");
            units += done.units.len();
            facts += done.units.iter().map(|u| u.facts.len()).sum::<usize>();
        }
        assert!(units > 0 && facts >= units, "{format:?}: {units} units, {facts} facts");
    }
}

#[test]
fn every_synthetic_file_is_recognised_as_what_it_is() {
    let (provider, limits) = (ProviderId::new("1310000001").unwrap(), Limits::default());
    let interfaces = Interfaces::builtin();
    for format in formats::all() {
        for file in formats::sample(&format, 400, 7).unwrap() {
            let document =
                Document { bytes: &file.bytes, path: &file.path, provider: &provider, limits: &limits };
            let expected = if format.kind == FeedKind::Table { format.interface } else { "" };
            assert_eq!(
                recognise(&document, &interfaces),
                Some((format.kind, expected.to_owned())),
                "{format:?}"
            );
        }
    }
}

/// Each row of the coverage names a test that is there.
#[test]
fn coverage_names_tests_that_exist() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut missing = BTreeSet::new();
    for row in coverage::all() {
        let there = row.test.split_once("::").is_some_and(|(file, test)| {
            std::fs::read_to_string(folder.join(format!("{file}.rs")))
                .is_ok_and(|text| text.contains(&format!("fn {test}(")))
        });
        if !there {
            missing.insert(format!("{} {}: {}", row.kind.as_str(), row.field, row.test));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

fn kinds() -> impl Strategy<Value = (FeedKind, String)> {
    let mut all: Vec<(FeedKind, String)> =
        FeedKind::ALL.iter().filter(|k| **k != FeedKind::Table).map(|k| (*k, String::new())).collect();
    all.extend(Interfaces::builtin().iter().map(|i| (FeedKind::Table, i.name().to_owned())));
    proptest::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes((kind, interface) in kinds(), bytes in proptest::collection::vec(any::<u8>(), 0..600), path in ".{0,40}") {
        let mapper = mapper_for(kind, &interface, &Interfaces::builtin()).unwrap();
        run(mapper.as_ref(), &bytes, &path);
        let (provider, limits) = (ProviderId::new("1310000001").unwrap(), Limits::default());
        let _ = mapper.recognises(&Document { bytes: &bytes, path: &path, provider: &provider, limits: &limits });
    }

    /// A valid file with one run of bytes replaced, cut out or doubled.
    #[test]
    fn any_damage(at in 0.0f64..1.0, len in 0usize..40, with in proptest::collection::vec(any::<u8>(), 0..40), which in any::<prop::sample::Index>(), seed in 0u64..4) {
        let all = formats::all();
        prop_assume!(!all.is_empty());
        let format = &all[which.index(all.len())];
        for file in formats::sample(format, 12, seed).unwrap().into_iter().take(2) {
            let mut bytes = file.bytes;
            let from = ((bytes.len() as f64) * at) as usize;
            let to = (from + len).min(bytes.len());
            bytes.splice(from..to, with.iter().copied());
            let mapper = mapper_for(format.kind, format.interface, &Interfaces::builtin()).unwrap();
            run(mapper.as_ref(), &bytes, &file.path);
        }
    }
}
