//! The help desk end to end: who may ask, what the paper says, and what an opt-out does to a release that is being made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};
use serde_json::Value;

use crate::erasure::asking;
use crate::house::{House, Region, Said, files, string, text};

/// The key of the advisory lock under which opt-outs are entered and releases sealed, in halves.
const OPT_OUT_LOCK: (i64, i64) = (0x4d55_5355, 0x4249_0006);

/// The desk's file on a person of the truth.
fn person(house: &House, p: &[String]) -> PathBuf {
    let names = ["insurer_number", "symbol", "number", "branch", "name_kana", "name_kanji", "birth", "sex"];
    let values = [&p[13], &p[14], &p[15], &p[16], &p[7], &p[6], &p[5], &p[4]];
    let lines = names.iter().zip(values).map(|(name, value)| format!("{name} = \"{value}\"\n"));
    let file = house.beside(&format!("person-{}.toml", p[0]));
    fs::write(&file, lines.collect::<String>()).unwrap();
    file
}

/// Who asks, and how that was made sure.
fn asks<'w>(requester: &'w str, life: &'w [&'w str]) -> Vec<&'w str> {
    let sure = ["--check", "document", "--checked-by", "desk-02"];
    [&["--channel", "phone", "--requester", requester][..], &sure, life].concat()
}

fn register(house: &House, code: i32, file: &Path, requester: &str, life: &[&str]) -> Value {
    house.json(code, &[&["optout", "register", "--file", text(file)][..], &asks(requester, life)].concat())
}

#[test]
fn g7_the_desk_hears_a_spouse_of_the_dead_and_refuses_a_cousin() {
    let region = Region::clean();
    let house = region.house();
    let p = asking(&region).remove(0);
    let file = person(&house, &p);
    let dead = ["--life", "dead"];
    let heard = register(&house, 0, &file, "family:spouse", &dead);
    let entry = string(&heard, "entry");
    assert!(entry.starts_with("O-20") && entry.ends_with("-0001"), "{entry}");
    assert!(heard["erase"].is_null(), "nothing is held: {heard}");
    let cousin = register(&house, 3, &file, "family:cousin", &dead);
    assert_eq!(string(&cousin, "refused"), "relation-not-listed");
    let early = register(&house, 3, &file, "family:spouse", &["--life", "living"]);
    assert_eq!(string(&early, "refused"), "family-of-living");
    register(&house, 0, &file, "agent", &[]);
    // What cannot be a request leaves nothing.
    let words = |more: &[&'static str]| -> Vec<String> {
        let own = [&["optout", "register", "--file", text(&file), "--channel", "phone"][..], more].concat();
        own.iter().map(|w| (*w).to_owned()).collect()
    };
    for more in [
        &["--requester", "family:spouse", "--check", "document", "--checked-by", "desk-02"][..],
        &["--requester", "self", "--check", "document", "--checked-by", "desk-01"],
        &["--requester", "self", "--check", "document", "--checked-by", "nobody"],
        &["--requester", "self", "--check", "document", "--checked-by", "desk-02", "--reason", "x"],
        &[
            "--requester",
            "self",
            "--check",
            "document",
            "--checked-by",
            "desk-02",
            "--received",
            "2099-01-01",
        ],
    ] {
        let words = words(more);
        house.run(2, &words.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let all = house.json(0, &["optout", "status"]);
    assert_eq!(all["entries"], 2, "refused ones block nobody: {all}");
    assert_eq!(all["requests"].as_array().unwrap().len(), 4);
    assert_eq!(house.json(0, &["optout", "status", &entry])["state"], "in-force");
    let refused = string(&cousin, "entry");
    assert_eq!(house.json(0, &["optout", "status", &refused])["state"], "refused");

    // The paper: the same again, for whom it is due, and naming nobody.
    let (paper, again) = (house.beside("paper.html"), house.beside("again.html"));
    let issued = house.json(0, &["optout", "receipt", &entry, "--out", text(&paper)]);
    assert_eq!(house.json(0, &["optout", "receipt", &entry, "--out", text(&again)])["again"], true);
    let page = fs::read_to_string(&paper).unwrap();
    assert_eq!(page, fs::read_to_string(&again).unwrap());
    assert!(page.contains(&entry) && page.contains("遺族") && page.contains("不利益はありません"));
    assert_eq!(blake3::hash(page.as_bytes()).to_hex().to_string(), string(&issued, "copy_hash"));
    house.run(3, &["optout", "receipt", &refused, "--out", text(&again)]);
    house.run(3, &["optout", "certificate", &entry, "--out", text(&house.beside("c.json"))]);
    for said in [page, heard.to_string(), all.to_string()] {
        assert!(!said.contains(&p[7]) && !said.contains(&p[6]) && !said.contains(&p[15]), "{said}");
    }
    // A file that cannot be read says so without showing a line of it.
    let bad = house.beside("bad.toml");
    fs::write(&bad, format!("nmae_kana = \"{}\"\n", p[7])).unwrap();
    let said = house.run(1, &["optout", "preview", "--file", text(&bad)]);
    assert!(!said.err.contains(&p[7]) && !said.err.contains("nmae"), "{}", said.err);

    let withdraw = [&["optout", "withdraw", entry.as_str()][..], &asks("family:child", &dead)].concat();
    let back = house.json(0, &withdraw);
    assert_eq!(string(&back, "withdraws"), entry);
    let stands = house.json(0, &["optout", "status", &entry]);
    assert_eq!(
        (string(&stands, "state"), string(&stands, "withdrawn_by")),
        ("withdrawn".into(), string(&back, "entry"))
    );
    house.run(2, &withdraw);
    assert_eq!(house.json(0, &["optout", "rates"])["alarms"], 0);
}

/// A request, approved.
fn approved(house: &House, suspected_too: bool) -> String {
    house.without_committee();
    let spec = fs::read_to_string(house.region.path("requests/persons-by-diagnosis.toml")).unwrap();
    let wanted = format!("without_suspected = {}", !suspected_too);
    let file = house.beside("spec.toml");
    fs::write(&file, spec.replace("without_suspected = true", &wanted)).unwrap();
    let request = string(&house.json(0, &["request", "new", text(&file), "--by", "board-02"]), "request");
    string(&house.json(0, &["board", "approve", &request, "--approver", "board-01"]), "approval")
}

/// Starts a command that goes on by itself.
fn start(house: &House, words: &[&str]) -> Child {
    let mut command = house.command(&[&["--json"], words].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn ended(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    let said = Said::new(&output);
    assert_eq!(output.status.code(), Some(0), "{}", said.err);
    said.json()
}

#[test]
fn g6_an_opt_out_during_a_build_rebuilds_the_extract_and_lists_sealed_releases() {
    let region = Region::clean();
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    let p = asking(&region).remove(0);
    let file = person(&house, &p);
    let out = house.beside("releases");
    let first = house.json(0, &["release", "build", &approved(&house, false), "--out", text(&out)]);
    assert_eq!(first["rebuilt"], 0);
    let before = contents(&out);
    let seen = house.json(0, &["optout", "preview", "--file", text(&file)]);
    assert!(seen["identities"].as_u64() > Some(0) && seen["held"][0]["units"].as_u64() > Some(0), "{seen}");
    assert_eq!(seen["releases"][0]["release"], first["release"]);
    // Not handed over yet: made anew. The desk is told how many, not which.
    assert_eq!(
        (&seen["handed"]["releases"], &seen["handed"]["duties"][0]["duty"]),
        (&Value::Null, &"hold-back".into())
    );

    // The desk's commit is held up, the extract is staged behind it, and then the desk goes first.
    let second = approved(&house, true);
    let server = Server::open(&house.data(), &DatabaseChoice::Embedded).unwrap();
    let registry = Registry::open(server).unwrap();
    let (mut holder, mut watcher) =
        (registry.server().connect_owner().unwrap(), registry.server().connect_owner().unwrap());
    let (high, low) = OPT_OUT_LOCK;
    holder.batch_execute(&format!("SELECT pg_advisory_lock({})", (high << 32) | low)).unwrap();
    let mut waiting = |n: i64| {
        let since = Instant::now();
        let sql = format!(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
             AND classid::bigint = {high} AND objid::bigint = {low}"
        );
        while watcher.query_one(&sql, &[]).unwrap().get::<_, i64>(0) < n {
            assert!(since.elapsed() < Duration::from_secs(240), "nobody waits");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let words = [&["optout", "register", "--file", text(&file)][..], &asks("self", &[])].concat();
    let desk = start(&house, &words);
    waiting(1);
    let build = start(&house, &["release", "build", &second, "--out", text(&out)]);
    waiting(2);
    holder.batch_execute(&format!("SELECT pg_advisory_unlock({})", (high << 32) | low)).unwrap();
    let (heard, built) = (ended(desk), ended(build));
    assert_eq!(built["rebuilt"], 1, "{built}");
    assert_eq!(heard["releases"], serde_json::json!([first["release"]]), "sealed ones are listed");
    for (path, bytes) in &before {
        assert_eq!(fs::read(path).unwrap(), *bytes, "and not touched");
    }
    let entry = string(&heard, "entry");
    assert_eq!(house.json(0, &["optout", "status", &entry])["releases"], heard["releases"]);
    let after = house.json(0, &["optout", "preview", "--file", text(&file)]);
    assert_eq!(after["releases"].as_array().unwrap().len(), 1, "the second was made without them: {after}");
    assert_eq!(after["stops"], serde_json::json!([entry]));

    // And on to the certificate.
    let certificate = house.beside("certificate.json");
    let certify = ["optout", "certificate", &entry, "--out", text(&certificate)];
    house.run(3, &certify);
    let by = |actor: &str, words: &[&str]| house.json(0, &[&["--actor", actor], words].concat());
    let plan = by("eraser-01", &["erasure", "plan", "--opt-outs", "--instruction", &entry]);
    let erasure = string(&plan, "erasure");
    by("eraser-01", &["erasure", "confirm", &erasure]);
    by("eraser-02", &["erasure", "run", &erasure]);
    house.run(3, &certify);
    by("confirmer-01", &["erasure", "verify", &erasure]);
    house.run(0, &certify);
    let said = fs::read_to_string(&certificate).unwrap();
    assert!(said.contains(&erasure) && said.contains(&entry) && !said.contains(&p[7]));
    assert_eq!(house.json(0, &["optout", "preview", "--file", text(&file)])["identities"], 0);
    on_paper(&house, (&entry, &erasure), &string(&first, "release"));
    house.fingerprint();
}

/// The certificate in the browser, for printing and as the signed file; and what the officer sees of the entry.
fn on_paper(house: &House, (entry, erasure): (&str, &str), release: &str) {
    let served = crate::web::Server::start(house);
    let desk = served.login("desk-01");
    let way = format!("/desk/stops/{entry}");
    assert!(desk.get(&way).ok(200).text().contains("削除証明書を印刷する"));
    let printed = desk.post(&format!("{way}/certificate"), &[]).ok(200).text();
    assert!(printed.contains(erasure) && printed.contains("削除後の残存") && !printed.contains("style="));
    assert_eq!(printed.matches("<h1").count(), 1, "one heading is the page's");
    let signed = house.beside("signed.json");
    fs::write(&signed, desk.post(&format!("{way}/certificate/file"), &[]).ok(200).body).unwrap();
    house.run(0, &["erasure", "verify-certificate", text(&signed)]);
    assert_eq!(desk.get("/affected").status, 403);
    let officer = served.login("officer-01");
    let seen = officer.get(&format!("/affected?id={entry}")).ok(200).text();
    assert!(seen.contains(release) && seen.contains("本人を除いて作り直してください"));
    for nobody in ["O-2000-0001", "zz", &"f".repeat(32)] {
        officer.get(&format!("/affected?id={nobody}")).ok(404);
    }
}

fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    files(folder).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}
