//! The audit log from the command line: what root changed is named, a witness elsewhere finds two histories, the export is
//! checked without the house, and a load whose process died before booking gets its entry.

use std::path::Path;
use std::process::Command;

use musubi_storage::server::{DatabaseChoice, Server};

use crate::house::{House, Region, folder, run_in, string, text};

const PACKAGE: &str = "inbox/night-01/receipts-13";

/// As the owner of the database, triggers out of the way: what only root can do.
fn as_root(house: &House, table: &str, sql: &str) {
    let server = Server::open(&house.data(), &DatabaseChoice::Embedded).unwrap();
    let sql = format!(
        "ALTER TABLE compliance.{table} DISABLE TRIGGER ALL; {sql}; ALTER TABLE compliance.{table} ENABLE TRIGGER ALL"
    );
    server.connect_owner().unwrap().batch_execute(&sql).unwrap();
}

fn entries(house: &House, words: &[&str]) -> Vec<serde_json::Value> {
    let all = [&["audit", "log"], words].concat();
    house.json(0, &all).as_array().unwrap().clone()
}

#[test]
fn g17_the_row_that_root_changed_is_named() {
    let house = Region::get().house();
    house.json(0, &["nightly", "--inbox", text(&house.region.path("inbox/night-01"))]);
    let kept = house.data().join("kept.txt");
    house.run(0, &["audit", "checkpoint", "--out", text(&kept)]);
    let sound = house.json(0, &["audit", "verify", "--checkpoint", text(&kept)]);
    assert_eq!(sound["ok"], true);
    assert!(sound["checkpoints"].as_u64().unwrap() >= 3, "the night signed one, and one was kept: {sound}");

    as_root(&house, "audit", "UPDATE compliance.audit SET actor = actor || 'x' WHERE seq = 4");
    let found = house.json(4, &["audit", "verify"]);
    assert_eq!((&*string(&found, "what"), found["first_bad_entry"].as_u64()), ("changed", Some(4)));
    // The check of the house finds it too, and says it in words.
    let check = house.json(4, &["check"]);
    assert!(check["audit_ok"] == false && string(&check, "audit_wrong").contains("4 番目"), "{check}");
    as_root(&house, "audit", "UPDATE compliance.audit SET actor = left(actor, -1) WHERE seq = 4");
    assert_eq!(house.json(0, &["audit", "verify"])["ok"], true);

    // The end cut off, stored checkpoints too: the kept one tells.
    as_root(&house, "audit", "DELETE FROM compliance.audit WHERE seq > 5");
    as_root(&house, "checkpoint", "DELETE FROM compliance.checkpoint");
    let found = house.json(4, &["audit", "verify", "--checkpoint", text(&kept)]);
    assert_eq!((&*string(&found, "what"), found["first_bad_entry"].as_u64()), ("truncated", Some(6)));
}

/// The verifier that needs nothing else, built beside the binary under test.
pub fn verifier() -> Command {
    let beside = Path::new(crate::house::MUSUBI).with_file_name("musubi-audit-verify");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--offline", "-q", "-p", "musubi-audit-log", "--bin", "musubi-audit-verify"])
        .args(beside.parent().unwrap().ends_with("release").then_some("--release"))
        .status()
        .unwrap();
    assert!(built.success());
    Command::new(beside)
}

#[test]
fn a_witness_elsewhere_and_the_verifier_find_two_histories() {
    let house = Region::get().house();
    let elsewhere = folder();
    let at = |name: &str| elsewhere.path().join(name);
    let (first, second, key) = (at("first.txt"), at("second.txt"), at("notary.key"));
    let public = house.data().join("keys/house.pub");
    let sign = |code: i32, file: &Path| {
        let key = ["--key", text(&key), "--house", text(&public), "--name", "notary-1"];
        run_in(elsewhere.path(), code, &[&["--json", "audit", "witness", text(file)], &key[..]].concat())
    };
    house.run(0, &["audit", "review", "--note", "2026-11-no-finding"]);
    house.run(0, &["audit", "checkpoint", "--out", text(&first)]);
    sign(0, &first);
    let witness = at("notary.pub");
    house.run(4, &["audit", "accept", text(&first), "--witness", text(&public)]);
    assert_eq!(house.json(0, &["audit", "accept", text(&first), "--witness", text(&witness)])["new"], 1);
    house.run(0, &["audit", "checkpoint", "--out", text(&second)]);
    sign(0, &second);
    // Shown the old one again, the witness refuses; it keeps what it signed last.
    sign(4, &first);

    let log = at("log.tsv");
    house.run(0, &["audit", "export", "--out", text(&log)]);
    let check = |code: i32, words: &[&str]| {
        let output = verifier().args(words).arg("--english").arg("--key").arg(&public).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        said
    };
    let with = ["--checkpoint", text(&first), "--witness", text(&witness)];
    assert!(check(0, &[&[text(&log)], &with[..]].concat()).contains("the log holds"));
    assert!(check(0, &["--compare", text(&first), text(&second)]).contains("continues"));
    let proof = at("proof.txt");
    house.run(0, &["audit", "prove", "1", "--out", text(&proof)]);
    assert!(check(0, &["--inclusion", text(&proof)]).contains("entry 1 is in the signed log"));
    check(2, &[text(&at("nothing"))]);
    check(2, &[text(&log), text(&log)]);

    // One byte of the file changed: the entry is named.
    let bad = at("bad.tsv");
    std::fs::write(&bad, std::fs::read_to_string(&log).unwrap().replacen("review-log", "review-lo9", 1))
        .unwrap();
    assert!(check(4, &[text(&bad)]).contains("(changed)"));

    // The house starts its log anew, from nothing, with the same key. Alone it holds; whoever kept something knows.
    for table in ["audit", "audit_node", "checkpoint", "checkpoint_witness"] {
        as_root(&house, table, &format!("DELETE FROM compliance.{table}"));
    }
    // Longer than what was kept, or it would be cut off and not forked.
    for _ in 0..90 {
        house.run(0, &["audit", "review", "--note", "other"]);
    }
    let third = at("third.txt");
    house.run(0, &["audit", "checkpoint", "--out", text(&third), "--since", "2", "--since", "5"]);
    house.run(0, &["audit", "export", "--out", text(&log)]);
    assert!(check(0, &[text(&log)]).contains("the log holds"));
    let said = check(4, &[text(&log), "--checkpoint", text(&first)]);
    assert!(said.contains("(forked)"), "{said}");
    assert_eq!(house.json(4, &["audit", "verify", "--checkpoint", text(&first)])["what"], "forked");
    let kept = std::fs::read_to_string(&second).unwrap();
    let size = kept.lines().nth(1).unwrap().to_owned();
    house.run(0, &["audit", "checkpoint", "--out", text(&third), "--since", &size]);
    assert!(check(4, &["--compare", text(&second), text(&third)]).contains("(forked)"));
    sign(4, &third);
}

#[test]
fn looking_is_written_down_and_the_page_carries_the_root() {
    let house = Region::get().house();
    house.run(2, &["audit", "print"]);
    house.run(2, &["audit", "prove", "1", "--out", text(&house.data().join("p"))]);
    let signed = house.json(0, &["audit", "checkpoint"]);
    let page = house.data().join("page.html");
    house.run(0, &["audit", "print", "--out", text(&page)]);
    let html = std::fs::read_to_string(&page).unwrap();
    let root = string(&signed, "root");
    assert!(html.contains(&root) && html.contains(&format!("<td>{}</td>", &root[..4])));

    let seen = entries(&house, &["--action", "report"]);
    let last = seen.last().unwrap();
    assert_eq!((&*string(last, "object"), &*string(last, "purpose")), ("book:audit-log", "governance"));
    assert_eq!(string(last, "object_class"), "book");
    house.run(2, &["audit", "log", "--action", "no-such-action"]);
    assert!(house.run(0, &["audit", "log", "--last", "9"]).out.contains("証跡の署名"));
    assert_eq!(entries(&house, &["--object", "feed:"]), Vec::<serde_json::Value>::new());
}

#[test]
fn a_load_that_was_not_booked_gets_its_entry() {
    let house = Region::get().house();
    let package = house.region.path(PACKAGE);
    house.intake(0, &package);
    let loads = |house: &House| {
        let all = entries(house, &["--object", "submission:"]);
        all.iter().filter(|e| e["action"] == "load").map(|e| string(e, "object")).collect::<Vec<_>>()
    };
    let booked = loads(&house);
    assert_eq!(booked.len(), 1);
    // As after a process that died between the two.
    as_root(
        &house,
        "audit",
        &format!(
            "DELETE FROM compliance.audit WHERE seq >= (SELECT min(seq) FROM compliance.audit WHERE object = '{}')",
            booked[0]
        ),
    );
    assert_eq!(loads(&house), [""; 0]);
    house.intake(0, &package);
    assert_eq!(loads(&house), booked);
    house.intake(0, &package);
    assert_eq!(loads(&house), booked, "and only once");
}
