//! The binary `musubi-precheck` itself: what it says, how it ends, and that no person stands in anything it writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use encoding_rs::{ISO_2022_JP, SHIFT_JIS};
use musubi_testdata::{ErrorRates, RegionSpec, Scenario, formats, write_region};
use serde_json::Value;
use tempfile::TempDir;

/// What was printed, and the exit code.
struct Said {
    code: i32,
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.out)
            .unwrap_or_else(|e| panic!("no JSON ({e}): {}", String::from_utf8_lossy(&self.out)))
    }
}

fn precheck(words: &[&str]) -> Said {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_musubi-precheck"))
        .args(words)
        .timeout(Duration::from_secs(300))
        .output()
        .unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("killed: {words:?}"));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{words:?}");
    Said { code, out: output.stdout, err: output.stderr }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A synthetic region with errors of registers and broken files.
fn region() -> &'static Path {
    static REGION: OnceLock<TempDir> = OnceLock::new();
    let folder = REGION.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let spec = RegionSpec {
            persons: 150,
            seed: 3,
            nights: 2,
            first_night: "2026-11-10".parse().unwrap(),
            errors: ErrorRates::default(),
            scenario: Scenario { others: 0, ..Scenario::demo() },
        };
        write_region(&spec, &folder.path().join("region"), &mut |_| {}).unwrap();
        folder
    });
    Box::leak(folder.path().join("region").into_boxed_path())
}

fn packages(night: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        fs::read_dir(region().join("inbox").join(night)).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let at = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &at);
        } else {
            fs::copy(entry.path(), at).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_clean_night_ends_well_and_its_totals_hold() {
    let said = precheck(&["--json", text(&region().join("inbox/night-01"))]);
    assert_eq!(said.code, 0, "{}", String::from_utf8_lossy(&said.out));
    let all = said.json();
    assert_eq!(all["errors"], 0);
    assert!(all["units"].as_u64().unwrap() > 50 && all["facts"]["person"].as_u64().unwrap() > 50);
    let packages = all["packages"].as_array().unwrap();
    assert!(packages.len() >= 2);
    for package in packages {
        assert_eq!(package["holds"], true);
        let totals = package["totals"].as_object().unwrap();
        assert!(!totals.is_empty());
        for (kind, both) in totals {
            assert_eq!(both[0], both[1], "{kind}");
        }
    }
    let documents = all["documents"].as_array().unwrap();
    assert_eq!(all["document_count"].as_u64().unwrap(), documents.len() as u64);
    let units: u64 = documents.iter().map(|d| d["units"].as_u64().unwrap()).sum();
    assert_eq!(units, all["units"].as_u64().unwrap());
}

#[test]
fn broken_files_are_told_of_by_rule_with_the_way_to_mend_them() {
    let night = region().join("inbox/night-02");
    let said = precheck(&[text(&night)]);
    assert_eq!(said.code, 3);
    let words = String::from_utf8(said.out).unwrap();
    for rule in ["UKE-GO-COUNT", "HL7-ESC-SWALLOWED", "SSMIX2-PATH-PID"] {
        assert!(words.contains(rule), "{rule}: {words}");
    }
    assert!(words.contains("→ 欠けたレセプトがないか確かめ、送り直してください。"));
    let english = String::from_utf8(precheck(&["--lang", "en", text(&night)]).out).unwrap();
    assert!(english.contains("Put ESC ( B after the kanji"), "{english}");
}

#[test]
fn a_zip_says_what_its_folder_says() {
    let folder = tempfile::tempdir().unwrap();
    for package in packages("night-02") {
        let at = folder.path().join("package.zip");
        let mut zip = zip::ZipWriter::new(fs::File::create(&at).unwrap());
        for file in files(&package) {
            let name = text(file.strip_prefix(&package).unwrap()).to_owned();
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(&file).unwrap()).unwrap();
        }
        zip.finish().unwrap();
        let (one, two) = (precheck(&["--json", text(&package)]), precheck(&["--json", text(&at)]));
        assert_eq!(one.code, two.code);
        let (one, two) = (one.json(), two.json());
        for key in ["document_count", "units", "units_quarantined", "facts", "errors", "warnings", "kinds"] {
            assert_eq!(one[key], two[key], "{key}");
        }
    }
}

#[test]
fn a_package_that_is_not_as_its_manifest_says_is_code_4() {
    let sound = packages("night-01").into_iter().find(|p| text(p).contains("receipts")).unwrap();
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 6] = [
        ("SUB-FILE-MISSING", |p| fs::remove_file(receipt(p)).unwrap()),
        ("SUB-FILE-TRUNCATED", |p| {
            let bytes = fs::read(receipt(p)).unwrap();
            fs::write(receipt(p), &bytes[..bytes.len() - 9]).unwrap();
        }),
        ("SUB-FILE-ALTERED", |p| {
            let mut bytes = fs::read(receipt(p)).unwrap();
            *bytes.last_mut().unwrap() = b' ';
            fs::write(receipt(p), &bytes).unwrap();
        }),
        ("SUB-TOTALS", |p| {
            let at = p.join("manifest.toml");
            let manifest = fs::read_to_string(&at).unwrap();
            fs::write(at, manifest.replacen("RE = ", "RE = 9", 1)).unwrap();
        }),
        ("SUB-UNSIGNED", |p| fs::remove_file(p.join("manifest.toml.sig")).unwrap()),
        ("SUB-MANIFEST-UNREADABLE", |p| fs::write(p.join("manifest.toml"), "version = ").unwrap()),
    ];
    for (rule, harm) in harms {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package");
        copy(&sound, &package);
        harm(&package);
        let said = precheck(&["--json", text(&package)]);
        let all = said.json();
        let rules: Vec<&str> =
            all["rules"].as_array().unwrap().iter().map(|r| r["rule"].as_str().unwrap()).collect();
        assert_eq!((said.code, rules.contains(&rule)), (4, true), "{rule}: {rules:?}");
        assert_eq!(all["packages"][0]["holds"], false);
    }
}

fn receipt(package: &Path) -> PathBuf {
    files(package).into_iter().find(|f| f.extension().is_some_and(|e| e == "UKE")).unwrap()
}

#[test]
fn the_signature_is_verified_with_a_key() {
    let package = packages("night-01").into_iter().find(|p| text(p).contains("receipts")).unwrap();
    let feeds = fs::read_to_string(region().join("feeds.toml")).unwrap();
    let keys: Vec<&str> =
        feeds.lines().filter_map(|l| l.strip_prefix("public_key = \"")?.strip_suffix('"')).collect();
    let codes: BTreeSet<i32> = keys.iter().map(|k| precheck(&["--key", k, text(&package)]).code).collect();
    assert!(keys.len() > 1 && codes == BTreeSet::from([0, 4]), "{} {codes:?}", keys.len());
    assert_eq!(precheck(&["--key", "x", text(&package)]).code, 1);
}

#[test]
fn what_nobody_knows_is_an_error_and_hidden_files_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("見本太郎の覚え書き.pdf"), b"%PDF-1.7 ...").unwrap();
    fs::write(folder.path().join(".DS_Store"), b"\0\0\0\x01Bud1").unwrap();
    let said = precheck(&["--json", text(folder.path())]);
    let all = said.json();
    assert_eq!((said.code, &all["document_count"]), (3, &Value::from(1)));
    assert_eq!(all["rules"][0]["rule"], "PRE-UNRECOGNISED");
    assert!(!String::from_utf8_lossy(&said.out).contains("太郎"));
    assert_eq!(precheck(&[text(&folder.path().join("nothing"))]).code, 1);
    assert_eq!(precheck(&["--kind", "nonsense", "x"]).code, 2);
}

#[test]
fn every_file_of_others_ends() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    if !samples.is_dir() {
        println!("skipped: no samples at hand");
        return;
    }
    let all = precheck(&["--json", text(&samples)]);
    assert!([0, 3].contains(&all.code));
    assert!(all.json()["document_count"].as_u64().unwrap() > 20);
    for (kind, part) in [
        ("receipt-medical", "rece-receiptisan/RECEIPTC_GAIRAI_SAMPLE_part1.UKE"),
        ("ss-mix2-standard", "ssmix2-nhohq-standard"),
    ] {
        let said = precheck(&["--json", "--kind", kind, text(&samples.join(part))]);
        let all = said.json();
        assert!(all["facts"]["person"].as_u64().unwrap() > 0, "{part}");
        assert!(!all["rules"].as_array().unwrap().is_empty(), "{part}");
    }
}

/// Damaged files of every format end, and what intake would quarantine gives no fact.
#[test]
fn damaged_files_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut sources: Vec<(String, PathBuf)> = Vec::new();
    for package in packages("night-01") {
        let kind = if text(&package).contains("receipts") { "receipt-medical" } else { "ss-mix2-standard" };
        let inside = files(&package).into_iter().filter(|f| !text(f).contains("manifest.toml"));
        sources.extend(inside.take(6).map(|f| (kind.to_owned(), f)));
    }
    for format in formats::all() {
        for (n, file) in formats::sample(&format, 40, 1).unwrap().into_iter().take(2).enumerate() {
            let at = folder.path().join("samples").join(format!(
                "{}-{}-{n}",
                format.kind.as_str(),
                format.interface
            ));
            let at = at.join(&file.path);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(&at, &file.bytes).unwrap();
            sources.push((format.kind.as_str().to_owned(), at));
        }
    }
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    for (n, (kind, source)) in sources.iter().enumerate() {
        let bytes = fs::read(source).unwrap();
        for way in 0..6usize {
            let mut harmed = bytes.clone();
            let at = (n * 7919 + way * 104_729) % harmed.len().max(1);
            match way {
                0 => harmed.truncate(at),
                1 => harmed[at] = 0xFF,
                2 => drop(harmed.drain(..at)),
                3 => harmed.retain(|b| *b != b'\n'),
                4 => harmed.extend_from_within(at..),
                _ => harmed.iter_mut().skip(at).step_by(97).for_each(|b| *b = b.wrapping_add(1)),
            }
            // The path says much in SS-MIX2: keep its last parts.
            // Not that of the temporary folder, whose name is a hidden one, and none that would lead back to the root.
            let shown = source
                .components()
                .filter(|c| matches!(c, Component::Normal(name) if !name.to_string_lossy().starts_with('.')));
            let parts: Vec<_> = shown.collect::<Vec<_>>().into_iter().rev().take(7).collect();
            let inner: PathBuf = parts.into_iter().rev().collect();
            let to = folder.path().join("harmed").join(kind).join(format!("{n}-{way}")).join(inner);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(&to, &harmed).unwrap();
        }
        kinds.insert(kind.clone());
    }
    for kind in kinds.iter().filter(|k| *k != "table") {
        let said = precheck(&["--json", "--kind", kind, text(&folder.path().join("harmed").join(kind))]);
        assert!([0, 3].contains(&said.code), "{kind} {} {}", said.code, String::from_utf8_lossy(&said.err));
        let all = said.json();
        let all_of_kind = sources.iter().filter(|(k, _)| k == kind).count() * 6;
        assert_eq!(all["document_count"], all_of_kind as u64, "{kind}");
        for document in all["documents"].as_array().unwrap() {
            let none = document["facts"].as_object().unwrap().is_empty();
            assert!(document["quarantined_whole"] == false || none, "{document}");
        }
    }
}

/// Names and numbers of the region, in the encodings in which they could leak.
fn needles() -> Vec<Vec<u8>> {
    let mut texts = BTreeSet::new();
    let table = |name: &str| fs::read_to_string(region().join(name)).unwrap();
    for line in table("truth/persons.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        for name in [fields[6], fields[7]] {
            texts.extend(["", " ", "\u{3000}"].map(|gap| name.replace(' ', gap)));
        }
        texts.insert(fields[15].to_owned());
    }
    for line in table("truth/records.csv").lines().skip(1) {
        let path: Vec<&str> = line.split(',').nth(1).unwrap().split('/').collect();
        if path.len() == 7 {
            texts.insert(path[3].to_owned());
        }
    }
    texts.retain(|t| {
        let digits = t.bytes().all(|b| b.is_ascii_digit());
        if digits { t.len() >= 7 } else { t.chars().count() >= 4 }
    });
    assert!(texts.len() > 200, "{}", texts.len());
    let mut needles = Vec::new();
    for text in &texts {
        needles.push(text.as_bytes().to_vec());
        if !text.is_ascii() {
            needles.push(SHIFT_JIS.encode(text).0.into_owned());
        }
        // Between the escape sequences that switch kanji on and off.
        if !text.contains(|c: char| c.is_ascii()) {
            let jis = ISO_2022_JP.encode(text).0;
            needles.push(jis[3..jis.len() - 3].to_vec());
        }
    }
    needles
}

#[test]
fn nobody_stands_in_anything_that_is_said() {
    let needles = needles();
    let folder = tempfile::tempdir().unwrap();
    let (csv, html) = (folder.path().join("all.csv"), folder.path().join("page.html"));
    let inbox = region().join("inbox");
    let delivered: Vec<u8> = files(&inbox).iter().flat_map(|f| fs::read(f).unwrap()).collect();
    let found = needles.iter().filter(|n| memchr::memmem::find(&delivered, n).is_some()).count();
    assert!(
        found > 100,
        "only {found} of the needles stand in the deliveries: this test would prove nothing"
    );
    // Whole packages, the files by themselves, and as another format than they are: shifted fields must not leak either.
    let runs: [&[&str]; 4] = [
        &[],
        &["--json"],
        &["--lang", "en", "--kind", "receipt-medical"],
        &["--json", "--kind", "ss-mix2-standard"],
    ];
    for options in runs {
        let words: Vec<&str> =
            [options, &["--csv", text(&csv), "--html", text(&html), text(&inbox)]].concat();
        let said = precheck(&words);
        let hays = [
            ("stdout", said.out),
            ("stderr", said.err),
            ("csv", fs::read(&csv).unwrap()),
            ("html", fs::read(&html).unwrap()),
        ];
        for (place, hay) in hays {
            for needle in &needles {
                let there = memchr::memmem::find_iter(&hay, needle).any(|at| {
                    // Digits inside a hash are nobody's.
                    let alone = |i: Option<&u8>| i.is_none_or(|b| !b.is_ascii_alphanumeric());
                    !needle.iter().all(u8::is_ascii_digit)
                        || (alone(at.checked_sub(1).and_then(|i| hay.get(i)))
                            && alone(hay.get(at + needle.len())))
                });
                assert!(!there, "{options:?}: {} stands in {place}", String::from_utf8_lossy(needle));
            }
        }
    }
    // A path that cannot be opened holds a chart number too.
    let said = precheck(&["0001234567/000/123/0001234567/20261110/OML-11/0001234567_x"]);
    assert!(said.code == 1 && !String::from_utf8_lossy(&said.err).contains("0001234567"));
}

#[test]
fn what_is_no_file_and_a_zip_in_a_zip_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let inner = {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("a.txt", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(b"nothing known").unwrap();
        zip.finish().unwrap().into_inner()
    };
    let mut zip = zip::ZipWriter::new(fs::File::create(folder.path().join("outer.zip")).unwrap());
    zip.start_file("inner.zip", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&inner).unwrap();
    zip.finish().unwrap();
    std::os::unix::fs::symlink("/dev/null", folder.path().join("link")).unwrap();
    let said = precheck(&["--json", text(folder.path())]);
    assert_eq!(said.code, 3);
    let rules = said.json()["rules"].to_string();
    for rule in ["PRE-ZIP-INSIDE", "PRE-NOT-A-FILE"] {
        assert!(rules.contains(rule), "{rule}: {rules}");
    }
}
