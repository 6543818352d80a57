//! Bad packages: each kind of badness has its rule and its final state, and nothing of it is half loaded.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use musubi_etl::Outcome;
use musubi_model::ProviderId;
use musubi_model::manifest::{FeedKind, MANIFEST_FILE, SIGNATURE_DOMAIN, SIGNATURE_FILE};
use musubi_model::sign::SecretKey;
use musubi_model::submission::SubmissionState::{self, Acknowledged, Quarantined, Rejected};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Parcel, Room, key, write_folder, write_zip};

type Files = BTreeMap<String, Vec<u8>>;

/// Takes a package in and expects a state and exactly these findings, told and stored.
fn check(room: &Room, what: &str, path: &Path, state: SubmissionState, rules: &[(&str, u64)]) -> Outcome {
    let outcome = room.take(path);
    let expected: BTreeMap<String, u64> = rules.iter().map(|(r, n)| ((*r).to_owned(), *n)).collect();
    assert_eq!((outcome.state, &outcome.findings), (state, &expected), "{what}");
    assert_eq!(room.rules_of(&outcome.submission), expected, "{what}: as stored");
    assert!(!outcome.repeated, "{what}");
    outcome
}

/// A signed manifest of another text.
fn with_text(parcel: &Parcel, text: String) -> Files {
    let mut files = parcel.all();
    let signature = key().sign(SIGNATURE_DOMAIN, text.as_bytes()).to_string();
    files.insert(SIGNATURE_FILE.to_owned(), signature.into_bytes());
    files.insert(MANIFEST_FILE.to_owned(), text.into_bytes());
    files
}

#[test]
fn a_manifest_that_does_not_hold_is_rejected_and_nothing_is_kept() {
    let room = Room::new();
    let base = room.parcel();
    let text = base.text();
    let edit = |f: &dyn Fn(&mut Parcel)| {
        let mut parcel = base.clone();
        f(&mut parcel);
        parcel.all()
    };
    let without = |name: &str| {
        let mut files = base.all();
        files.remove(name);
        files
    };
    let with_signature = |bytes: Vec<u8>| {
        let mut files = base.clone().of_day(bytes.len() as i64).all();
        files.insert(SIGNATURE_FILE.to_owned(), bytes);
        files
    };
    let another = {
        let parcel = base.clone().of_day(200);
        let mut files = parcel.all();
        let signature = SecretKey::from_seed(&[8; 32]).sign(SIGNATURE_DOMAIN, parcel.text().as_bytes());
        files.insert(SIGNATURE_FILE.to_owned(), signature.to_string().into_bytes());
        files
    };
    let changed = {
        let mut files = base.clone().of_day(201).all();
        files.get_mut(MANIFEST_FILE).expect("there").extend_from_slice(b"# later\n");
        files
    };
    let huge = |parcel: &mut Parcel| {
        let mut file = parcel.manifest.files[0].clone();
        file.bytes = i64::MAX.unsigned_abs();
        for n in 0..3 {
            file.path = format!("huge-{n}");
            parcel.manifest.files.insert(0, file.clone());
        }
    };
    let path = |p: &'static str| move |parcel: &mut Parcel| parcel.manifest.files[0].path = p.to_owned();
    let cases: Vec<(&str, Files, &str)> = vec![
        ("no manifest", without(MANIFEST_FILE), "SUB-MANIFEST-MISSING"),
        ("not TOML", with_text(&base, "= =".to_owned()), "SUB-MANIFEST-UNREADABLE"),
        (
            "not UTF-8",
            {
                let mut files = base.all();
                files.insert(MANIFEST_FILE.to_owned(), vec![0xff, 0xfe, 0x00]);
                files
            },
            "SUB-MANIFEST-UNREADABLE",
        ),
        ("unknown field", with_text(&base, format!("colour = \"red\"\n{text}")), "SUB-MANIFEST-UNREADABLE"),
        ("missing field", with_text(&base, text.replace("version = 1\n", "")), "SUB-MANIFEST-UNREADABLE"),
        (
            "negative size",
            with_text(&base, text.replacen("bytes = ", "bytes = -", 1)),
            "SUB-MANIFEST-UNREADABLE",
        ),
        ("version 2", edit(&|p| p.manifest.version = 2), "SUB-MANIFEST-VERSION"),
        ("no signature", without(SIGNATURE_FILE), "SUB-UNSIGNED"),
        ("signature is no hexadecimal number", with_signature(vec![b'x'; 128]), "SUB-SIGNATURE"),
        ("signature is cut", with_signature(vec![b'0'; 127]), "SUB-SIGNATURE"),
        ("signature is not UTF-8", with_signature(vec![0xff; 64]), "SUB-SIGNATURE"),
        ("another key", another, "SUB-SIGNATURE"),
        ("changed after signing", changed, "SUB-SIGNATURE"),
        (
            "unknown feed",
            edit(&|p| p.manifest.feed = "receipts-99".parse().expect("a feed")),
            "SUB-FEED-UNKNOWN",
        ),
        (
            "other submitter",
            edit(&|p| p.manifest.submitter = "mihon-ishikai-99".parse().expect("one")),
            "SUB-FEED-MISMATCH",
        ),
        ("other kind", edit(&|p| p.manifest.kind = FeedKind::SsMix2Standard), "SUB-FEED-MISMATCH"),
        (
            "provider outside the agreement",
            edit(&|p| p.manifest.providers.push(stranger())),
            "SUB-PROVIDER-UNKNOWN",
        ),
        (
            "file of a provider that is not named",
            edit(&|p| p.manifest.files[0].provider = Some(stranger())),
            "SUB-PROVIDER-UNKNOWN",
        ),
        (
            "no provider at all",
            edit(&|p| {
                p.manifest.providers.clear();
                p.manifest.files.iter_mut().for_each(|f| f.provider = None);
            }),
            "SUB-PROVIDER-UNKNOWN",
        ),
        ("path leads out", edit(&path("../x")), "SUB-PATH"),
        ("path leads out from inside", edit(&path("a/../../x")), "SUB-PATH"),
        ("absolute path", edit(&path("/etc/hostname")), "SUB-PATH"),
        ("path of another system", edit(&path("C:\\x")), "SUB-PATH"),
        ("empty path", edit(&path("")), "SUB-PATH"),
        (
            "path listed twice",
            edit(&|p| {
                let twice = p.manifest.files[0].clone();
                p.manifest.files.push(twice);
            }),
            "SUB-PATH",
        ),
        ("sizes beyond counting", edit(&huge), "SUB-OVERSIZE"),
    ];
    for (n, (what, files, rule)) in cases.iter().enumerate() {
        let outcome = check(
            &room,
            what,
            &write_folder(&room.path(&format!("case-{n}")), files),
            Rejected,
            &[(rule, 1)],
        );
        assert_eq!(outcome.balance.lines.len(), 0, "{what}");
        assert!(
            room.ingest().documents_of(&outcome.submission).expect("read").is_empty(),
            "{what}: nothing is kept"
        );
    }
    assert_eq!(room.files(), []);
    assert_eq!(room.partition().len(), 0);
}

fn stranger() -> ProviderId {
    ProviderId::new("1399999999").expect("a provider")
}

#[test]
fn a_rejected_package_can_be_mended_and_each_reason_is_told() {
    let room = Room::new();
    let parcel = room.parcel();
    let mut files = parcel.all();
    let signature = files.remove(SIGNATURE_FILE).expect("signed");
    check(&room, "unsigned", &write_folder(&room.path("one"), &files), Rejected, &[("SUB-UNSIGNED", 1)]);
    files.insert(SIGNATURE_FILE.to_owned(), b"00".to_vec());
    let two = room.take(&write_folder(&room.path("two"), &files));
    assert_eq!(two.findings, BTreeMap::from([("SUB-SIGNATURE".to_owned(), 1)]));
    let both = BTreeMap::from([("SUB-SIGNATURE".to_owned(), 1), ("SUB-UNSIGNED".to_owned(), 1)]);
    assert_eq!(room.rules_of(&two.submission), both);
    room.take(&room.path("two"));
    assert_eq!(room.rules_of(&two.submission), both, "the same reason is not kept twice");
    files.insert(SIGNATURE_FILE.to_owned(), signature);
    let three = room.take(&write_folder(&room.path("three"), &files));
    assert_eq!((three.state, three.submission, three.repeated), (Acknowledged, two.submission, false));
}

#[test]
fn links_and_things_that_are_no_files_are_rejected() {
    let room = Room::new();
    let good = room.parcel();
    for (n, what) in ["file", "folder", "socket"].iter().enumerate() {
        let folder = write_folder(&room.path(what), &good.clone().of_day(n as i64).all());
        let at = folder.join("extra");
        let _socket = match *what {
            "file" => std::os::unix::fs::symlink("/etc/hostname", &at).map(|()| None).expect("linked"),
            "folder" => std::os::unix::fs::symlink("/etc", &at).map(|()| None).expect("linked"),
            _ => Some(std::os::unix::net::UnixListener::bind(&at).expect("a socket")),
        };
        check(&room, what, &folder, Rejected, &[("SUB-PATH", 1)]);
    }
    assert_eq!(room.files(), []);
}

/// A zip of one entry with any name.
fn zip_of(to: &Path, entry: impl FnOnce(&mut ZipWriter<fs::File>)) {
    let mut zip = ZipWriter::new(fs::File::create(to).expect("a file"));
    entry(&mut zip);
    zip.finish().expect("a zip");
}

#[test]
fn hostile_zips_are_rejected_before_anything_is_unpacked() {
    let mut room = Room::new();
    room.limits.zip_entries_max = 40;
    room.limits.zip_bytes_max = 2 << 20;
    let put = |zip: &mut ZipWriter<fs::File>, name: &str, bytes: &[u8]| {
        zip.start_file(name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("written");
    };
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let at = |name: &str| room.path(&format!("{name}.zip"));
    zip_of(&at("slip"), |z| put(z, "../../escaped.txt", b"x"));
    zip_of(&at("absolute"), |z| put(z, "/tmp/escaped.txt", b"x"));
    zip_of(&at("backslash"), |z| put(z, "..\\escaped.txt", b"x"));
    zip_of(&at("link"), |z| {
        z.add_symlink("manifest.toml", "/etc/hostname", SimpleFileOptions::default()).expect("a link");
    });
    zip_of(&at("bomb"), |z| put(z, MANIFEST_FILE, &vec![0u8; 1 << 20]));
    zip_of(&at("large"), |z| {
        for name in ["a", "b", "c"] {
            z.start_file(name, stored).expect("an entry");
            z.write_all(&vec![7u8; 1 << 20]).expect("written");
        }
    });
    zip_of(&at("many"), |z| (0..41).for_each(|n| put(z, &format!("f{n}"), b"x")));
    zip_of(&at("empty"), |_| {});
    fs::write(at("garbage"), b"PK\x03\x04 this is no zip").expect("written");
    fs::write(at("nothing"), b"").expect("written");
    for (name, rule) in [
        ("slip", "SUB-PATH"),
        ("absolute", "SUB-PATH"),
        ("backslash", "SUB-PATH"),
        ("link", "SUB-PATH"),
        ("bomb", "SUB-OVERSIZE"),
        ("large", "SUB-OVERSIZE"),
        ("many", "SUB-OVERSIZE"),
        ("garbage", "SUB-ZIP"),
        ("nothing", "SUB-ZIP"),
        ("empty", "SUB-MANIFEST-MISSING"),
    ] {
        check(&room, name, &at(name), Rejected, &[(rule, 1)]);
    }
    assert!(!room.path("../escaped.txt").exists());
    assert_eq!(room.files(), []);
}

#[test]
fn a_zip_damaged_inside_is_a_finding_and_the_whole_one_is_taken_in_later() {
    let room = Room::new();
    let parcel = room.parcel();
    let path = write_zip(&room.path("p.zip"), "", &parcel.all());
    let whole = fs::read(&path).expect("read");
    // Into the packed bytes of the first document: the list of entries stays sound.
    let place = whole.windows(12).position(|w| w == b"RECEIPTC.UKE").expect("a name") + 200;
    let mut damaged = whole.clone();
    damaged[place..place + 40].iter_mut().for_each(|b| *b ^= 0x5a);
    fs::write(&path, &damaged).expect("written");
    let outcome = check(&room, "damaged", &path, Rejected, &[("SUB-ZIP", 1)]);
    assert_eq!(outcome.submission, parcel.id(), "the manifest could be read: the delivery has its name");
    fs::write(&path, &whole).expect("written");
    assert_eq!(room.take(&path).state, Acknowledged);
}

#[test]
fn limits_of_size_and_number_are_rejected() {
    let mut room = Room::new();
    let parcel = room.parcel();
    let path = write_folder(&room.path("p"), &parcel.all());
    let largest = parcel.files.values().map(Vec::len).max().expect("files") as u64;
    room.limits.document_bytes_max = largest - 1;
    check(&room, "document", &path, Rejected, &[("SUB-OVERSIZE", 1)]);
    room.limits.document_bytes_max = largest;
    room.limits.manifest_bytes_max = 10;
    check(&room, "manifest", &path, Rejected, &[("SUB-OVERSIZE", 1)]);
    room.limits.manifest_bytes_max = 1 << 20;
    room.limits.files_per_submission_max = 1;
    check(&room, "files", &path, Rejected, &[("SUB-OVERSIZE", 1)]);
    room.limits.files_per_submission_max = 100;
    assert_eq!(room.take(&path).state, Acknowledged, "exactly at the limits it is good");
}

/// Spoils a parcel after it was made.
type Spoil<'a> = &'a dyn Fn(&mut Parcel);

#[test]
fn files_that_are_not_as_listed_quarantine_the_package_which_lies_whole_in_the_vault() {
    let mut room = Room::new();
    room.batch_bytes = 1; // every document is a batch of its own: what came before the bad one must vanish too
    let base = room.parcel();
    let last = base.manifest.files.last().expect("files").path.clone();
    let cases: [(&str, &str, Spoil<'_>); 4] = [
        ("missing", "SUB-FILE-MISSING", &|p| drop(p.files.remove(&last))),
        ("truncated", "SUB-FILE-TRUNCATED", &|p| p.files.get_mut(&last).expect("there").truncate(50)),
        ("altered", "SUB-FILE-ALTERED", &|p| p.files.get_mut(&last).expect("there")[9] ^= 1),
        ("totals", "SUB-TOTALS", &|p| *p.manifest.totals.get_mut("SY").expect("counted") += 1),
    ];
    for (n, (what, rule, spoil)) in cases.into_iter().enumerate() {
        let mut parcel = base.clone().of_day(n as i64);
        spoil(&mut parcel);
        for form in ["folder", "zip"] {
            let parcel = if form == "zip" { parcel.clone().of_day(100 + n as i64) } else { parcel.clone() };
            let path = match form {
                "zip" => write_zip(&room.path(&format!("{what}.zip")), "", &parcel.all()),
                _ => write_folder(&room.path(what), &parcel.all()),
            };
            let outcome = check(&room, what, &path, Quarantined, &[(rule, 1)]);
            assert_eq!(room.rebuilt(&outcome.submission), parcel.all(), "{what}: byte for byte");
            let again = room.take(&path);
            assert_eq!((again.state, again.repeated), (Quarantined, true), "{what}");
        }
    }
    assert_eq!(room.files(), []);
    let sound = room.take_parcel(&base);
    assert_eq!(sound.state, Acknowledged);
    assert_eq!(
        sound.balance.total().duplicate,
        0,
        "a quarantined document does not make the mended one a repeat"
    );
}

#[test]
fn after_a_broken_transfer_the_same_manifest_with_whole_files_is_taken_in() {
    let room = Room::new();
    let parcel = room.parcel();
    let mut broken = parcel.clone();
    let last = parcel.manifest.files.last().expect("files").path.clone();
    broken.files.get_mut(&last).expect("there").truncate(50);
    let cut = write_folder(&room.path("cut"), &broken.all());
    let first = check(&room, "cut", &cut, Quarantined, &[("SUB-FILE-TRUNCATED", 1)]);
    let kept = room.ingest().documents_of(&first.submission).expect("read").len();
    assert!(room.take(&cut).repeated);
    // Whoever cannot sign changes nothing, whatever the files.
    let mut unsigned = parcel.all();
    unsigned.remove(SIGNATURE_FILE);
    let unsigned = room.take(&write_folder(&room.path("unsigned"), &unsigned));
    assert_eq!((unsigned.state, unsigned.repeated), (Quarantined, true));
    broken.files.get_mut(&last).expect("there").truncate(20);
    let shorter = room.take(&write_folder(&room.path("shorter"), &broken.all()));
    assert_eq!((shorter.state, shorter.repeated), (Quarantined, false));
    assert_eq!(room.ingest().documents_of(&first.submission).expect("read").len(), 2 * kept);
    let whole = room.take_parcel(&parcel);
    assert_eq!((whole.submission, whole.state, whole.repeated), (first.submission, Acknowledged, false));
    assert_eq!(
        whole.balance.lines["file"].quarantined,
        2 * kept as u64,
        "what was put away stays on the books"
    );
    let plain = Room::new();
    plain.take_parcel(&parcel);
    assert_eq!((room.fingerprint(), room.partition()), (plain.fingerprint(), plain.partition()));
    assert!(room.take_parcel(&parcel).repeated);
}

#[test]
fn an_unlisted_file_is_told_and_left_out() {
    let room = Room::new();
    let parcel = room.parcel();
    let mut files = parcel.all();
    files.insert("extra/RECEIPTC.UKE".to_owned(), b"IR,1\r\n".to_vec());
    let path = write_folder(&room.path("p"), &files);
    let outcome = room.take(&path);
    assert_eq!(outcome.state, Acknowledged);
    assert_eq!(outcome.findings.get("SUB-FILE-UNLISTED"), Some(&1));
    let kept = room.rebuilt(&outcome.submission);
    assert!(!kept.contains_key("extra/RECEIPTC.UKE"));
    assert_eq!(kept[MANIFEST_FILE], files[MANIFEST_FILE]);
    let plain = Room::new();
    plain.take_parcel(&parcel);
    assert_eq!(room.fingerprint(), plain.fingerprint());
}

#[test]
fn the_same_package_again_changes_nothing() {
    let room = Room::new();
    let parcel = room.parcel();
    let first = room.take_parcel(&parcel);
    assert_eq!((first.state, first.repeated), (Acknowledged, false));
    let before = (room.fingerprint(), room.files(), room.partition(), room.rules_of(&first.submission));
    let again = room.take_parcel(&parcel);
    assert_eq!((again.state, again.repeated), (Acknowledged, true));
    assert_eq!(again.findings, BTreeMap::from([("SUB-REPEATED".to_owned(), 1)]));
    assert_eq!(again.balance, first.balance);
    assert_eq!(
        (room.fingerprint(), room.files(), room.partition(), room.rules_of(&first.submission)),
        before
    );
}

#[test]
fn folder_zip_and_zip_of_a_folder_give_the_same_facts() {
    let mut prints = Vec::new();
    for form in ["folder", "zip", "zip of a folder"] {
        let room = Room::new();
        let files = room.parcel().all();
        let path = match form {
            "folder" => write_folder(&room.path("p"), &files),
            "zip" => write_zip(&room.path("p.zip"), "", &files),
            _ => write_zip(&room.path("p.zip"), "package/", &files),
        };
        let outcome = room.take(&path);
        assert_eq!(outcome.state, Acknowledged);
        prints.push((room.fingerprint(), room.partition(), outcome.balance, outcome.submission));
    }
    assert!(prints[0].0.rows > 100);
    assert_eq!(prints[0], prints[1]);
    assert_eq!(prints[0], prints[2]);
}

#[test]
fn a_bad_document_is_quarantined_alone() {
    let room = Room::new();
    let mut parcel = room.parcel();
    parcel.put("empty/RECEIPTC.UKE", Vec::new());
    parcel.put("other/RECEIPTC.UKE", b"%PDF-1.4 not a receipt\r\n".to_vec());
    let outcome = room.take_parcel(&parcel);
    assert_eq!(outcome.state, Acknowledged);
    assert_eq!(outcome.findings.get("UKE-EMPTY"), Some(&1), "{:?}", outcome.findings);
    assert!(
        outcome.findings.keys().any(|r| r == "UKE-KIND" || r == "UKE-IR-MISSING"),
        "{:?}",
        outcome.findings
    );
    let kept = room.rebuilt(&outcome.submission);
    assert!(parcel.files.iter().all(|(path, bytes)| kept.get(path) == Some(bytes)));
    let plain = Room::new();
    plain.take_parcel(&plain.parcel());
    assert_eq!(room.fingerprint(), plain.fingerprint(), "the rest is loaded");
}

#[test]
fn a_document_that_stands_twice_in_one_package_is_loaded_once() {
    let room = Room::new();
    let mut parcel = room.parcel();
    let first = parcel.first_path();
    let bytes = parcel.files[&first].clone();
    parcel.put("again/RECEIPTC.UKE", bytes.clone());
    parcel.manifest.totals.clear();
    let outcome = room.take_parcel(&parcel);
    assert_eq!(outcome.state, Acknowledged);
    let copies = bytes.split(|b| *b == b'\n').filter(|l| l.starts_with(b"RE,")).count() as u64;
    assert_eq!(outcome.balance.lines["RE"].duplicate, copies);
    let plain = Room::new();
    plain.take_parcel(&plain.parcel());
    assert_eq!(room.fingerprint(), plain.fingerprint());
    assert_eq!(room.rebuilt(&outcome.submission)["again/RECEIPTC.UKE"], bytes);
}

#[test]
fn a_package_without_files_is_acknowledged() {
    let room = Room::new();
    let mut parcel = room.parcel();
    parcel.files.clear();
    parcel.manifest.files.clear();
    parcel.manifest.totals.clear();
    let outcome = room.take_parcel(&parcel);
    assert_eq!((outcome.state, outcome.balance.lines.len()), (Acknowledged, 0));
}
