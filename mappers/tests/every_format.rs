//! What all formats have in common, held against the synthetic corpus and against any bytes at all.
#![allow(clippy::indexing_slicing)] // test data, not input

mod harness;

use std::collections::{BTreeMap, BTreeSet};

use harness::{mapper, run};
use musubi_mappers::table::Interfaces;
use musubi_mappers::{Document, coverage, mapper_for, recognise};
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{CodeSystem, ProviderId};
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

/// Whatever a format says of a person, name, numbers, address and telephone stay out of facts and findings. Independent
/// of the radar: this looks at what mappers give by themselves.
#[test]
fn nobody_stands_in_a_fact_or_a_finding() {
    let mut needles: Vec<String> = Vec::new();
    for s in formats::sample_subjects(400, 7) {
        for (family, given) in [&s.kanji, &s.kana] {
            if !given.is_empty() {
                needles.extend(["", " ", "\u{3000}"].map(|blank| format!("{family}{blank}{given}")));
            }
        }
        needles.extend([s.chart, s.insured_number, s.address, s.postal, s.phone]);
        needles.extend(s.care.map(|c| c.number));
    }
    needles.retain(|n| n.chars().count() >= 4);
    needles.sort();
    needles.dedup();
    assert!(needles.len() > 1_000);
    let search = finder(&needles);
    for format in formats::all() {
        let mapper = mapper(format.kind, format.interface);
        for file in formats::sample(&format, 400, 7).unwrap() {
            let done = run(mapper.as_ref(), &file.bytes, &file.path);
            for unit in &done.units {
                for fact in &unit.facts {
                    // Measured numbers and quantities may equal some number by chance; texts may not.
                    let texts =
                        [&fact.qualifiers, &fact.status, &fact.group, &fact.department, &fact.value.unit];
                    let coded = [&fact.source, &fact.standard].into_iter().flatten();
                    let coded = coded.flat_map(|c| {
                        c.text.iter().chain(matches!(c.system, CodeSystem::Other(_)).then_some(&c.code))
                    });
                    for text in texts.into_iter().chain(coded) {
                        assert!(!search(text), "{format:?}: a person stands in {:?}", fact.table);
                    }
                    assert!(
                        fact.value.number.is_some() || !search(&fact.value.text),
                        "{format:?}: {:?}",
                        fact.table
                    );
                }
            }
            for finding in done.findings() {
                assert!(!search(&finding.to_string()), "{format:?}: a person stands in {}", finding.rule.id);
            }
        }
    }
}

/// Is one of the needles in a text? By their first four characters, then whole.
fn finder(needles: &[String]) -> impl Fn(&str) -> bool {
    let mut by_start: BTreeMap<[char; 4], Vec<Vec<char>>> = BTreeMap::new();
    for needle in needles {
        let chars: Vec<char> = needle.chars().collect();
        by_start.entry([chars[0], chars[1], chars[2], chars[3]]).or_default().push(chars);
    }
    move |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        chars.windows(4).enumerate().any(|(at, start)| {
            let found = by_start.get(&[start[0], start[1], start[2], start[3]]);
            found.is_some_and(|all| all.iter().any(|needle| chars[at..].starts_with(needle)))
        })
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
