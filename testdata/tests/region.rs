//! A whole region, read again by a small reader of this test's own: totals, rules of the formats, signatures, truth.

// Helpers of tests stand outside #[test] functions, where clippy.toml does not reach.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use jiff::civil::date;
use musubi_model::checkdigit::modulus10_weight21;
use musubi_model::manifest::{FeedKind, MANIFEST_FILE, SIGNATURE_DOMAIN, SIGNATURE_FILE};
use musubi_model::sign::Signature;
use musubi_model::spec::ExtractSpec;
use musubi_testdata::{ErrorRates, RegionSpec, Scenario, SynthError, write_bench_corpus, write_region};

mod reader;

use reader::{agreements, check_message, check_uke, files_below, manifest, sjis, submissions, tree_hash};

fn spec(persons: u64, seed: u64, nights: u32) -> RegionSpec {
    RegionSpec {
        persons,
        seed,
        nights,
        first_night: date(2026, 10, 9),
        errors: ErrorRates::default(),
        scenario: Scenario::demo(),
    }
}

fn write(spec: &RegionSpec) -> tempfile::TempDir {
    let out = tempfile::tempdir().unwrap();
    write_region(spec, out.path(), &mut |_| {}).unwrap();
    out
}

#[test]
fn the_same_spec_gives_the_same_bytes_and_another_seed_others() {
    let (a, b, c) = (write(&spec(600, 1, 3)), write(&spec(600, 1, 3)), write(&spec(600, 2, 3)));
    assert_eq!(tree_hash(a.path()), tree_hash(b.path()));
    assert_ne!(tree_hash(a.path()), tree_hash(c.path()));
}

#[test]
fn what_is_written_is_what_the_manifests_say() {
    let out = write(&spec(1_500, 5, 3));
    let root = out.path();
    let agreed = agreements(root);
    let expected: toml::Table =
        toml::from_str(&fs::read_to_string(root.join("truth/expected.toml")).unwrap()).unwrap();
    let broken: BTreeSet<&str> =
        expected["broken"].as_array().unwrap().iter().map(|b| b["path"].as_str().unwrap()).collect();
    assert_eq!(broken.len(), 3);
    let mut seen_kinds = BTreeSet::new();
    let mut units: BTreeMap<String, i64> = BTreeMap::new();
    for folder in submissions(root) {
        let m = manifest(&folder);
        let bytes = fs::read(folder.join(MANIFEST_FILE)).unwrap();
        let signature =
            Signature::from_hex(&fs::read_to_string(folder.join(SIGNATURE_FILE)).unwrap()).unwrap();
        let submitter = agreed.submitters.iter().find(|s| s.id == m.submitter).unwrap();
        assert!(submitter.public_key.verifies(SIGNATURE_DOMAIN, &bytes, &signature));
        let feed = agreed.feeds.iter().find(|f| f.id == m.feed).unwrap();
        assert!(feed.kind == m.kind && m.providers.iter().all(|p| feed.providers.contains(p)));
        let mut totals: BTreeMap<String, u64> = BTreeMap::new();
        for file in &m.files {
            let content = fs::read(folder.join(&file.path)).unwrap();
            assert_eq!(
                (content.len() as u64, file.blake3.0),
                (file.bytes, *blake3::hash(&content).as_bytes())
            );
            assert!(m.providers.contains(file.provider.as_ref().unwrap()));
            let sound = !broken.contains(file.path.as_str());
            match m.kind {
                FeedKind::ReceiptMedical => {
                    let counted = check_uke(&sjis(&content), sound);
                    for (k, n) in counted {
                        *totals.entry(k).or_default() += n;
                    }
                }
                _ => {
                    *totals.entry(check_message(&file.path, &content, sound)).or_default() += 1;
                }
            }
        }
        assert_eq!(totals, m.totals, "{}", folder.display());
        seen_kinds.extend(totals.keys().cloned());
        // Nothing lies beside the listed files.
        assert_eq!(files_below(&folder).len(), m.files.len() + 2);
        if !folder.to_str().unwrap().ends_with("-again") {
            for (k, n) in totals.iter().filter(|(k, _)| k.contains('-') || *k == "RE") {
                *units.entry(k.clone()).or_default() += i64::try_from(*n).unwrap();
            }
        }
    }
    for kind in ["IR", "RE", "HO", "KO", "SN", "JD", "SY", "SI", "IY", "CO", "SJ", "GO", "points"] {
        assert!(seen_kinds.contains(kind), "{kind}");
    }
    let told: BTreeMap<String, i64> = expected["units"]
        .as_table()
        .unwrap()
        .iter()
        .map(|(k, v)| (k.clone(), v.as_integer().unwrap()))
        .collect();
    assert_eq!(units, told);
    let rows = fs::read_to_string(root.join("truth/records.csv")).unwrap().lines().count() as i64 - 1;
    assert_eq!(rows, units.values().sum::<i64>(), "each unit has its person in the truth");
    for kind in ["kanji-variant", "missing-kana", "correction"] {
        assert!(expected["units_with_error"][kind].as_integer().unwrap() > 0, "{kind}");
    }
}

#[test]
fn corrections_rename_the_old_file_and_keep_its_bytes() {
    let mut wanted = spec(1_500, 6, 2);
    wanted.errors.correction = 0.2;
    wanted.errors.deletion = 0.1;
    let out = write(&wanted);
    let list = |night: &str| -> BTreeMap<String, Vec<u8>> {
        submissions(out.path())
            .into_iter()
            .filter(|f| f.to_str().unwrap().contains(night))
            .flat_map(|f| files_below(&f))
            .filter_map(|f| {
                let name = f.file_name()?.to_str()?.to_owned();
                Some((name, fs::read(&f).unwrap()))
            })
            .collect()
    };
    let (first, second) = (list("night-01"), list("night-02"));
    let (mut superseded, mut deleted) = (0, 0);
    for (name, bytes) in &second {
        if let Some(stem) = name.strip_suffix("_2") {
            assert_eq!(first.get(&format!("{stem}_1")), Some(bytes), "an old version has the old bytes");
            // Patient, day, kind and order are the key; the new version has a later time and flag 1.
            let key: Vec<&str> = stem.split('_').collect();
            let prefix = format!("{}_", key[..4].join("_"));
            let newer = second
                .keys()
                .any(|n| n.starts_with(&prefix) && n.ends_with("_1") && n.as_str() > name.as_str());
            assert!(newer, "a new version takes its place");
            superseded += 1;
        }
        if let Some(stem) = name.strip_suffix("_0") {
            deleted += usize::from(first.get(&format!("{stem}_1")) == Some(bytes));
        }
    }
    assert!(superseded > 10 && deleted > 3, "{superseded} {deleted}");
}

#[test]
fn a_repeated_submission_is_the_same_byte_for_byte() {
    let out = write(&spec(400, 7, 3));
    let again: Vec<PathBuf> =
        submissions(out.path()).into_iter().filter(|f| f.to_str().unwrap().ends_with("-again")).collect();
    let [again] = again.as_slice() else { panic!("one repeated submission") };
    let name = again.file_name().unwrap().to_str().unwrap().trim_end_matches("-again").to_owned();
    let first = out.path().join("inbox/night-01").join(name);
    assert_eq!(tree_hash(&first), tree_hash(again));
}

#[test]
fn without_errors_everything_sent_is_true() {
    let mut clean = spec(1_200, 8, 3);
    clean.errors = ErrorRates::NONE;
    clean.scenario = Scenario::default();
    let out = write(&clean);
    let expected: toml::Table =
        toml::from_str(&fs::read_to_string(out.path().join("truth/expected.toml")).unwrap()).unwrap();
    assert!(expected["units_with_error"].as_table().unwrap().is_empty());
    assert!(expected["broken"].as_array().unwrap().is_empty());
    let persons: BTreeMap<String, Vec<String>> = fs::read_to_string(out.path().join("truth/persons.csv"))
        .unwrap()
        .lines()
        .skip(1)
        .map(|l| l.split(',').map(str::to_owned).collect::<Vec<_>>())
        .filter(|f| f[2] == "1")
        .map(|f| (f[0].clone(), f))
        .collect();
    let mut receipts: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for line in fs::read_to_string(out.path().join("truth/records.csv")).unwrap().lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        receipts.insert((f[0].to_owned(), f[1].to_owned(), f[2].to_owned()), f[3].to_owned());
    }
    let mut checked = 0;
    for folder in
        submissions(out.path()).into_iter().filter(|f| f.to_str().unwrap().contains("night-01/receipts"))
    {
        let name = folder.strip_prefix(out.path()).unwrap().to_str().unwrap().to_owned();
        for file in manifest(&folder).files {
            for line in sjis(&fs::read(folder.join(&file.path)).unwrap()).split("\r\n") {
                let f: Vec<&str> = line.split(',').collect();
                if f[0] == "HO" {
                    assert_eq!(modulus10_weight21(f[1].trim()), Some(true));
                }
                if f[0] != "RE" {
                    continue;
                }
                let person = &persons[&receipts[&(name.clone(), file.path.clone(), f[1].to_owned())]];
                assert_eq!(f[5], person[4]);
                assert_eq!(f[6], person[5].replace('-', ""));
                assert_eq!(f[4].replace('　', ""), person[6].replace(' ', ""));
                assert_eq!(f[36], person[7].replace(' ', ""));
                checked += 1;
            }
        }
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn the_request_and_the_help_desks_list_can_be_read() {
    let out = write(&spec(900, 9, 2));
    let read = |path: &str| fs::read_to_string(out.path().join(path)).unwrap();
    let request = ExtractSpec::parse(&read("requests/persons-by-diagnosis.toml")).unwrap();
    assert_eq!(request.table.map(|t| t.axes.len()), Some(4));
    let list = read("optout/optout.csv");
    assert!(list.lines().count() > 3, "{list}");
    assert!(list.lines().skip(1).all(|l| l.split(',').count() == 11 && l.ends_with("2026-10-10")));
    let master = sjis(&fs::read(out.path().join("masters/b_20240601.csv")).unwrap());
    let rows: Vec<Vec<&str>> = master.trim_end().split("\r\n").map(|l| l.split("\",\"").collect()).collect();
    assert!(rows.len() > 60 && rows.iter().all(|r| r[2].len() == 7 && !r[5].is_empty() && r[13] == r[15]));
    let chapters: BTreeSet<u8> =
        rows.iter().filter_map(|r| musubi_model::icd10::chapter_of(r[13])).map(|c| c.number).collect();
    assert!(chapters.len() >= 19, "{chapters:?}");
}

#[test]
fn refuses_what_cannot_be_made() {
    let out = tempfile::tempdir().unwrap();
    for (persons, nights) in [(0, 1), (1, 0), (1, 400)] {
        let result = write_region(&spec(persons, 1, nights), out.path(), &mut |_| {});
        assert!(matches!(result, Err(SynthError::Spec(_))));
    }
    write_region(&spec(1, 1, 1), out.path(), &mut |_| {}).unwrap();
    assert!(matches!(write_region(&spec(1, 1, 1), out.path(), &mut |_| {}), Err(SynthError::Spec(_))));
}

#[test]
fn a_bench_corpus_is_sound_and_large_enough() {
    for kind in [FeedKind::ReceiptMedical, FeedKind::SsMix2Standard] {
        let out = tempfile::tempdir().unwrap();
        let summary = write_bench_corpus(kind, 2_000_000, 3, out.path()).unwrap();
        assert!(summary.bytes >= 2_000_000, "{summary:?}");
        let mut names = BTreeSet::new();
        for folder in submissions(out.path()) {
            let m = manifest(&folder);
            let mut totals: BTreeMap<String, u64> = BTreeMap::new();
            for file in &m.files {
                let content = fs::read(folder.join(&file.path)).unwrap();
                assert!(names.insert(file.path.clone()), "a path twice");
                match kind {
                    FeedKind::ReceiptMedical => totals.extend(check_uke(&sjis(&content), true)),
                    _ => {
                        *totals.entry(check_message(&file.path, &content, true)).or_default() += 1;
                    }
                }
            }
            if kind == FeedKind::SsMix2Standard {
                assert_eq!(totals, m.totals);
            }
        }
    }
}
