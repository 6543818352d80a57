//! Erasure end to end: two executors and a verifier, nothing left wherever one looks, and a backup that does not bring
//! anybody back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use musubi_compliance::erasure::ERASURE_POINTS;
use musubi_model::{IdentityId, SubmissionId};
use musubi_storage::identity::open_demographics;
use musubi_storage::keys::{KekSource, KeyRing};
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};
use musubi_storage::vault::{PackEntry, read_range, read_table};
use serde_json::Value;

use crate::house::{House, Region, Said, files, run_in, string, text};

/// A house with a night in it and, after it, the opt-outs of some who are in it.
fn loaded_in(region: &Arc<Region>) -> House {
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    let mut list = String::from(
        "entry,provider_id,local_number,insurer_number,symbol,number,branch,name_kana,birth,sex,effective_from\n",
    );
    for (entry, p) in asking(region).iter().enumerate() {
        let row = ["", "", &p[13], &p[14], &p[15], &p[16], &p[7], &p[5], &p[4], "2026-01-01"].join(",");
        list.push_str(&format!("{},{row}\n", entry + 1));
    }
    let file = house.beside("stop.csv");
    fs::write(&file, list).unwrap();
    house.run(0, &["optout", "load", text(&file)]);
    house
}

fn loaded() -> House {
    loaded_in(&Region::clean())
}

/// Six of those who stand in the first night: rows of the truth, of people who stay as they are.
pub fn asking(region: &Region) -> Vec<Vec<String>> {
    let table = |name: &str| fs::read_to_string(region.path(name)).unwrap();
    let seen: BTreeSet<String> = table("truth/records.csv")
        .lines()
        .filter(|l| l.starts_with("inbox/night-01"))
        .map(|l| l.rsplit(',').next().unwrap().to_owned())
        .collect();
    let rows: Vec<Vec<String>> = table("truth/persons.csv")
        .lines()
        .skip(1)
        .map(|l| l.split(',').map(str::to_owned).collect())
        .collect();
    let alone = |p: &[String], place: usize| rows.iter().filter(|r| r[place] == p[place]).count() == 1;
    let some: Vec<Vec<String>> = rows
        .iter()
        .filter(|p| seen.contains(&p[0]) && [0, 6, 7].iter().all(|place| alone(p, *place)))
        .take(6)
        .cloned()
        .collect();
    assert_eq!(some.len(), 6);
    some
}

fn by(house: &House, actor: &str, code: i32, words: &[&str]) -> Said {
    house.run(code, &[&["--json", "--actor", actor], words].concat())
}

/// Plans what the opt-outs reach and has it confirmed.
fn confirmed(house: &House) -> String {
    let id = string(&by(house, "eraser-01", 0, &["erasure", "plan", "--opt-outs"]).json(), "erasure");
    by(house, "eraser-01", 0, &["erasure", "confirm", &id]);
    id
}

fn erased(house: &House) -> (String, Value) {
    let id = confirmed(house);
    let done = by(house, "eraser-02", 0, &["erasure", "run", &id]).json();
    (id, done)
}

/// Their names, which nobody else bears: they must be nowhere.
fn needles(region: &Region) -> BTreeSet<String> {
    let names = asking(region).into_iter().flat_map(|p| [p[6].clone(), p[7].clone()]);
    names.flat_map(|n| [n.replace(' ', "\u{3000}"), n]).filter(|n| n.chars().count() >= 5).collect()
}

/// Everything that the installation's keys still open, as text: raw bytes, paths, demographics.
fn everything_that_opens(data: &Path) -> String {
    let server = Server::open(data, &DatabaseChoice::Embedded).unwrap();
    let registry = Registry::open(server).unwrap();
    let ring =
        KeyRing::open_or_create(&data.join("keys"), &KekSource::File(data.join("keys/kek.key"))).unwrap();
    let (mut db, mut identities) = (registry.ingest().unwrap(), registry.identity().unwrap());
    let mut open = String::new();
    let mut take = |bytes: &[u8]| {
        for encoding in [encoding_rs::UTF_8, encoding_rs::SHIFT_JIS, encoding_rs::ISO_2022_JP] {
            open.push_str(&encoding.decode_without_bom_handling(bytes).0);
            open.push('\n');
        }
    };
    let submissions: Vec<SubmissionId> = db.submissions_like("", 1_000).unwrap();
    assert!(!submissions.is_empty());
    for submission in submissions {
        for document in db.documents_of(&submission).unwrap() {
            let pack = document.pack.parse().unwrap();
            let entry = PackEntry { offset: document.pack_offset, len: document.pack_len };
            let (_, segments) = read_table(&data.join("vault"), &pack, entry).unwrap();
            let wanted: Vec<IdentityId> = segments.iter().map(|s| IdentityId(s.key_id)).collect();
            let keys = db.existing_data_keys(&ring.kek, &wanted).unwrap();
            for segment in segments {
                let key = |id: &[u8; 16]| Ok(keys.get(&IdentityId(*id)).cloned());
                if keys.contains_key(&IdentityId(segment.key_id)) {
                    take(
                        &read_range(&data.join("vault"), &pack, entry, segment.range, key).unwrap().unwrap(),
                    );
                }
            }
            let path_key = IdentityId(document.path_key);
            if let Some(key) = db.existing_data_keys(&ring.kek, &[path_key]).unwrap().get(&path_key)
                && !document.path_sealed.is_empty()
            {
                take(&key.open(&[b"path/1", document.document.as_bytes()], &document.path_sealed).unwrap());
            }
        }
    }
    let mut after = None;
    loop {
        let rows = identities.sealed_after(after.as_ref(), 500).unwrap();
        let Some(last) = rows.last() else { break };
        after = Some(last.identity_id);
        let ids: Vec<IdentityId> = rows.iter().map(|r| r.identity_id).collect();
        let keys = db.existing_data_keys(&ring.kek, &ids).unwrap();
        for row in &rows {
            let opened = open_demographics(&keys[&row.identity_id], &row.identity_id, &row.sealed).unwrap();
            opened.iter().for_each(|(_, part)| take(part.expose().as_bytes()));
        }
    }
    open
}

fn standing(needles: &BTreeSet<String>, hay: &str) -> Vec<String> {
    needles.iter().filter(|n| hay.contains(n.as_str())).cloned().collect()
}

#[test]
fn two_execute_a_third_verifies_and_nothing_opens_any_more() {
    let house = loaded();
    let needles = needles(&house.region);
    assert!(!standing(&needles, &everything_that_opens(&house.data())).is_empty(), "they are there before");
    let before = house.json(0, &["submission"]);

    let plan = by(&house, "eraser-01", 0, &["erasure", "plan", "--opt-outs"]).json();
    let id = string(&plan, "erasure");
    assert!(id.starts_with("E-20") && plan["before"]["facts"].as_u64().unwrap() > 0, "{plan}");
    // Not before it is confirmed, not by who confirmed it, not verified by who ran it.
    by(&house, "eraser-02", 1, &["erasure", "run", &id]);
    by(&house, "eraser-01", 0, &["erasure", "confirm", &id]);
    by(&house, "eraser-01", 1, &["erasure", "run", &id]);
    by(&house, "confirmer-01", 1, &["erasure", "verify", &id]);
    let done = by(&house, "eraser-02", 0, &["erasure", "run", &id]).json();
    assert_eq!(done["facts"], plan["before"]["facts"]);
    assert_eq!(done["files"], plan["before"]["files"]);
    for executor in ["eraser-01", "eraser-02"] {
        by(&house, executor, 2, &["erasure", "verify", &id]);
    }
    by(
        &house,
        "confirmer-01",
        1,
        &["erasure", "certificate", &id, "--out", text(&house.beside("early.json"))],
    );
    let verified = by(&house, "confirmer-01", 0, &["erasure", "verify", &id]).json();
    assert_eq!(verified["left_over"], 0, "{verified}");
    assert!(verified["identities"].as_u64() == plan["before"]["identities"].as_u64());

    // An independent look at whatever still opens.
    assert_eq!(standing(&needles, &everything_that_opens(&house.data())), Vec::<String>::new());
    // The books of the deliveries still close, every file is as the catalogue says, and a second plan finds nobody.
    assert_eq!(house.json(0, &["submission"]), before);
    assert_eq!(house.json(0, &["check"])["ok"], true);
    assert!(by(&house, "eraser-01", 0, &["erasure", "plan", "--opt-outs"]).json()["erasure"].is_null());

    let paper = house.beside("certificate.json");
    house.run(0, &["erasure", "certificate", &id, "--out", text(&paper)]);
    house.run(0, &["erasure", "verify-certificate", text(&paper)]);
    let page = fs::read_to_string(paper.with_extension("html")).unwrap();
    let said = fs::read_to_string(&paper).unwrap();
    assert!(page.contains("削除証明書") && page.contains(&id));
    assert_eq!(standing(&needles, &(page + &said)), Vec::<String>::new());
    fs::write(&paper, said.replacen("\"verifier\": \"confirmer-01\"", "\"verifier\": \"confirmer-02\"", 1))
        .unwrap();
    house.run(4, &["erasure", "verify-certificate", text(&paper)]);
}

#[test]
fn killed_at_every_point_an_erasure_is_run_to_the_same_end() {
    // The same keys in all houses, so that fingerprints can be compared.
    let region = Region::clean();
    let whole = loaded_in(&region);
    erased(&whole);
    // What was opened to blank the names of the erased in manifests was announced first.
    whole.run(0, &["check", "--id", "C-077"]);
    let expected = whole.fingerprint();
    for point in ERASURE_POINTS {
        let house = loaded_in(&region);
        let id = confirmed(&house);
        let fault = format!("kill@{point}");
        let words = ["--actor", "eraser-02", "erasure", "run", &id, "--fault", &fault];
        let killed = house.command(&words).output().unwrap();
        assert_eq!(killed.status.code(), None, "{point}: the process was to die of a signal");
        by(&house, "eraser-02", 0, &["erasure", "run", &id]);
        assert_eq!(house.fingerprint(), expected, "{point}");
        let scanned = by(&house, "confirmer-01", 0, &["erasure", "verify", &id]).json();
        assert_eq!(scanned["left_over"], 0, "{point}: {scanned}");
        // Nothing of a dead run is left beside the catalogue.
        let check = house.json(0, &["check"]);
        let lake = files(&house.data().join("lake"));
        let parquet = lake.iter().filter(|p| p.extension().is_some_and(|e| e == "parquet")).count();
        assert_eq!(check["lake_files"].as_u64(), u64::try_from(parquet).ok(), "{point}");
    }
}

#[test]
fn g9_a_restored_house_opens_only_when_the_erasures_were_applied_again() {
    let house = loaded();
    let needles = needles(&house.region);
    let (backup, new) = (house.beside("backup"), house.beside("new"));
    house.run(0, &["backup", "make", "--out", text(&backup)]);
    // Neither keys nor ledger travel with it, and nothing can be changed unnoticed.
    assert!(!files(&backup).iter().any(|p| p.to_string_lossy().contains("key") && p.is_dir()));
    assert!(!backup.join("keys").exists() && !backup.join("erasures.ledger").exists());
    let (id, _) = erased(&house);
    by(&house, "confirmer-01", 0, &["erasure", "verify", &id]);
    let expected = house.fingerprint();

    let (keys, ledger) = (house.data().join("keys"), house.data().join("erasures.ledger"));
    let words = ["backup", "restore", text(&backup), "--keys", text(&keys), "--ledger", text(&ledger)];
    run_in(&new, 0, &words);
    // They are back, and so the house opens for nothing else.
    for words in [&["optout", "status"][..], &["check"], &["erasure", "status"]] {
        assert!(run_in(&new, 1, words).err.contains("erasure reapply"));
    }
    assert!(!standing(&needles, &everything_that_opens(&new)).is_empty(), "the backup holds them");
    for round in 0..2 {
        let again = run_in(&new, 0, &["--json", "erasure", "reapply"]).json();
        assert_eq!((again["erasures"].as_u64(), again["scanned"]["left_over"].as_u64()), (Some(1), Some(0)));
        assert_eq!(again["facts"].as_u64().unwrap() > 0, round == 0, "{again}");
    }
    assert_eq!(standing(&needles, &everything_that_opens(&new)), Vec::<String>::new());
    let check = run_in(&new, 0, &["--json", "check"]).json();
    assert_eq!(check["fingerprint"].as_str(), Some(expected.as_str()));
    run_in(&new, 0, &["erasure", "scan", "--all"]);
    // The same night again brings nobody back.
    run_in(&new, 0, &["nightly", "--inbox", text(&house.region.path("inbox/night-01"))]);
    assert_eq!(standing(&needles, &everything_that_opens(&new)), Vec::<String>::new());

    // A ledger that was changed is none.
    let text_of = fs::read_to_string(&ledger).unwrap();
    let forged = house.beside("forged.ledger");
    fs::write(&forged, text_of.replacen("\"eraser-02\"", "\"nobody\"", 1)).unwrap();
    run_in(&new, 1, &["erasure", "reapply", "--ledger", text(&forged)]);
}

#[test]
fn the_log_of_matching_still_gives_everybody_their_person() {
    let house = loaded();
    erased(&house);
    let server = Server::open(&house.data(), &DatabaseChoice::Embedded).unwrap();
    let registry = Arc::new(Registry::open(server).unwrap());
    let mut db = registry.identity().unwrap();
    let replayed = db.replay_decisions().unwrap();
    assert!(!replayed.is_empty());
    let ids: Vec<IdentityId> = replayed.keys().copied().collect();
    let known: BTreeMap<_, _> =
        db.known(&ids).unwrap().into_iter().map(|(id, p)| (id, p.research_id)).collect();
    assert_eq!(known, replayed);
}
