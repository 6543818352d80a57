//! The desk of matching: persons shown, explained, ruled upon and found, and what of it stands in the audit chain.

use std::fs;
use std::sync::Arc;

use musubi_storage::compliance::Audited as _;
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};
use serde_json::Value;

use crate::house::{House, Region, Said, string, text};

/// A house after the first night.
fn after_a_night() -> House {
    let region = Region::get();
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    house
}

/// A person of the truth: kanji, kana, birth date, sex.
pub struct Truth {
    kanji: String,
    kana: String,
    birth: String,
    sex: String,
}

fn truth(house: &House) -> Vec<Truth> {
    let table = fs::read_to_string(house.region.path("truth/persons.csv")).unwrap();
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let [person, kanji, kana, birth, sex] = ["person", "name_kanji", "name_kana", "birth", "sex"].map(column);
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    // persons who stay as they are, so that no change of name stands in the way
    let once = |p: &str| rows.iter().filter(|r| r[person] == p).count() == 1;
    rows.iter()
        .filter(|r| once(r[person]))
        .map(|r| Truth {
            kanji: r[kanji].to_owned(),
            kana: r[kana].to_owned(),
            birth: r[birth].to_owned(),
            sex: r[sex].to_owned(),
        })
        .collect()
}

impl Truth {
    fn ask(&self, house: &House, more: &[&str]) -> Said {
        let words = ["--json", "person", "match", "--kana", &self.kana, "--kanji", &self.kanji];
        let words = [&words[..], &["--birth", &self.birth, "--sex", &self.sex, "--purpose", "inquiry"], more]
            .concat();
        house.run(0, &words)
    }
}

/// Persons found by their names: the research id of the surest answer.
pub fn found(house: &House, how_many: usize) -> Vec<(Truth, String)> {
    let mut out: Vec<(Truth, String)> = Vec::new();
    for person in truth(house) {
        let answer = person.ask(house, &[]).json();
        assert_eq!(answer["resourceType"], "Bundle");
        let Some(first) = answer["entry"].get(0) else { continue };
        let grade = first["search"]["extension"][0]["valueCode"].as_str().unwrap();
        let id = string(&first["resource"], "id");
        if grade == "certain" && out.iter().all(|(_, other)| *other != id) {
            out.push((person, id));
        }
        if out.len() == how_many {
            return out;
        }
    }
    panic!("{} of {how_many} persons found", out.len());
}

fn members(house: &House, person: &str) -> Vec<String> {
    let shown = house.json(0, &["person", "show", person]);
    shown["members"].as_array().unwrap().iter().map(|m| string(m, "identity")).collect()
}

/// The audit chain as `account action object`, read from the books themselves: no command prints it.
fn booked(house: &House) -> Vec<String> {
    let server = Server::open(&house.data(), &DatabaseChoice::Embedded).unwrap();
    // the server stops with the registry
    let registry = Registry::open(server).unwrap();
    let mut db = registry.ingest().unwrap();
    let rows = db.audit_after(0, 10_000).unwrap();
    rows.iter().map(|r| format!("{} {} {}", r.actor, r.action, r.object)).collect()
}

fn count(rows: &[String], start: &str) -> usize {
    rows.iter().filter(|r| r.starts_with(start)).count()
}

#[test]
fn a_merge_is_shown_first_ruled_by_one_and_undone_by_two() {
    let house = after_a_night();
    let two = found(&house, 2);
    let (p, q) = (two[0].1.as_str(), two[1].1.as_str());
    let (of_p, of_q) = (members(&house, p), members(&house, q));
    let merge = ["person", "merge", p, q, "--by", "linker-01", "--reason", "same person by the chart"];
    let with = |more: &[&'static str]| [&merge[..], more].concat();

    // tried, and refused without --yes: nothing changes
    let tried = house.json(0, &with(&["--dry-run"]));
    assert_eq!((tried["merged"].as_u64(), &tried["ruled"]), (Some(1), &Value::Null), "{tried}");
    assert_eq!(tried["persons"].as_array().unwrap().len(), 2);
    let refused = house.run(2, &merge);
    assert!(
        refused.out.contains("--yes") && refused.out.contains(p) && refused.out.contains(q),
        "{}",
        refused.out
    );
    assert_eq!((members(&house, p), members(&house, q)), (of_p.clone(), of_q.clone()));

    let done = house.json(0, &with(&["--yes"]));
    let ruling = done["ruled"].as_i64().unwrap().to_string();
    let alive = house.json(0, &["person", "show", &of_p[0]]);
    let alive = string(&alive, "research_id");
    let gone = if alive == p { q } else { p };
    let shown = house.json(0, &["person", "show", gone]);
    assert_eq!(
        (shown["state"].as_str(), shown["replaced_by"][0].as_str()),
        (Some("merged"), Some(alive.as_str()))
    );
    assert_eq!(members(&house, &alive).len(), of_p.len() + of_q.len());
    // as it was known before: two persons
    let before = house.json(0, &["person", "show", gone, "--as-of", "2020-01-01T00:00:00Z"]);
    assert_eq!(before["members"].as_array().unwrap().len(), 0);
    // said twice, it is refused in words
    let again =
        house.run(1, &["person", "split", &of_p[0], &of_q[0], "--by", "linker-01", "--reason", "x", "--yes"]);
    assert!(again.err.contains(&format!("裁定 {ruling}")), "{}", again.err);

    let why = house.json(0, &["person", "explain", &of_p[0], &of_q[0]]);
    assert_eq!(why["same"], true);
    assert_eq!(why["rulings"].as_array().unwrap().len(), 1, "{why}");
    assert_eq!(string(&why["rulings"][0], "by"), "linker-01");

    // one person alone undoes nothing
    let undo = |by: &str, more: &[&str], code: i32| {
        house.run(code, &[&["person", "undo", ruling.as_str(), "--by", by], more].concat())
    };
    assert!(undo("linker-02", &["--confirm"], 1).err.contains("提案されていません"));
    undo("linker-01", &["--reason", "other birth place"], 0);
    let waiting = house.json(0, &["person", "undo"]);
    assert_eq!(string(&waiting[0], "proposed_by"), "linker-01");
    assert!(undo("linker-01", &["--confirm"], 1).err.contains("別の担当者"));
    undo("linker-02", &["--confirm"], 0);
    assert!(undo("linker-02", &["--confirm"], 1).err.contains("すでに取り消されています"));
    assert_eq!((members(&house, p), members(&house, q)), (of_p, of_q), "merge and undo give back what was");
    assert_eq!(house.json(0, &["person", "show", gone])["state"], "active");

    let rows = booked(&house);
    for entry in ["linker-01 rule-person", "linker-01 propose-undo", "linker-02 confirm-undo"] {
        assert_eq!(count(&rows, &format!("{entry} ruling:{ruling}")), 1, "{rows:?}");
    }
    assert_eq!(count(&rows, "linker-01 rule-person"), 1, "what was only tried is not booked");
    assert!(count(&rows, &format!("desk-01 trace person:{p}")) > 0);
    assert_eq!(house.json(0, &["check"])["ok"], true);
}

#[test]
fn a_split_names_the_releases_that_it_touches() {
    let house = after_a_night();
    house.without_committee();
    let request =
        house.json(0, &["request", "new", text(&house.region.path("requests/persons-by-diagnosis.toml"))]);
    let approved =
        house.json(0, &["board", "approve", &string(&request, "request"), "--approver", "board-01"]);
    house.run(0, &["release", "build", &string(&approved, "approval"), "--out", text(&house.beside("out"))]);
    // somebody with two records
    let (person, pair) = truth(&house)
        .iter()
        .find_map(|t| {
            let answer = t.ask(&house, &[]).json();
            let id = string(&answer["entry"].get(0)?["resource"], "id");
            let all = members(&house, &id);
            (all.len() > 1).then_some((id, all))
        })
        .expect("somebody with two records");
    let split = ["person", "split", &pair[0], &pair[1], "--by", "linker-01", "--reason", "father and son"];
    let tried = house.json(0, &[&split[..], &["--dry-run"]].concat());
    assert_eq!(string(&tried["releases"][0], "approval"), string(&approved, "approval"));
    assert_eq!(tried["releases"][0]["releases"].as_array().unwrap().len(), 1, "{tried}");
    let touched = house.json(0, &["person", "affected", &person]);
    assert_eq!(touched["releases"][0]["cohort"], tried["releases"][0]["cohort"]);
    house.run(0, &[&split[..], &["--yes"]].concat());
    let [a, b] =
        [&pair[0], &pair[1]].map(|id| string(&house.json(0, &["person", "show", id]), "research_id"));
    assert_ne!(a, b);
    assert!([&a, &b].contains(&&person), "one of the two keeps the research id that was released");
    let words =
        house.run(1, &["person", "split", &a, &pair[1], "--by", "linker-01", "--reason", "x", "--yes"]);
    assert!(words.err.contains("元データ上の本人の番号"), "{}", words.err);
}

#[test]
fn an_explanation_draws_the_weights_in_words_without_values() {
    let house = after_a_night();
    let (t, pair) = truth(&house)
        .into_iter()
        .find_map(|t| {
            let answer = t.ask(&house, &[]).json();
            let all = members(&house, &string(&answer["entry"].get(0)?["resource"], "id"));
            (all.len() > 1).then_some((t, all))
        })
        .expect("somebody with two records");
    let words = house.run(0, &["person", "explain", &pair[0]]);
    assert!(words.out.contains("生年月日: 一致") && words.out.contains("同じ人として結ぶ"), "{}", words.out);
    let english = house.run(0, &["--lang", "en", "person", "explain", &pair[0], &pair[1]]);
    assert!(
        english.out.contains("birth date: equal") && english.out.contains("one person today"),
        "{}",
        english.out
    );
    let json = house.json(0, &["person", "explain", &pair[0], &pair[1]]);
    let steps = json["compared"]["steps"].as_array().unwrap();
    let sum: i64 = steps.iter().map(|s| s["adds"].as_i64().unwrap()).sum();
    assert_eq!(Some(sum), json["compared"]["weight"].as_i64(), "the steps add up to the weight");
    assert!(json.get("values").is_none());

    // values: only with a purpose, and booked
    let given = t.kana.split(' ').next_back().unwrap();
    for said in [&words, &english, &house.run(0, &["person", "show", &pair[0]]), &t.ask(&house, &[])] {
        assert!(!said.out.contains(&t.kanji) && !said.out.contains(&t.kana), "{}", said.out);
    }
    assert!(!house.json(0, &["person", "show", &pair[0]]).to_string().contains("values"));
    house.run(2, &["person", "show", &pair[0], "--values"]);
    house.run(2, &["person", "show", &pair[0], "--values", "--purpose", "curiosity"]);
    house.run(2, &["person", "match", "--kana", &t.kana, "--birth", &t.birth]);
    assert_eq!(count(&booked(&house), "desk-01 view-person"), 0);
    let shown = house.run(0, &["person", "show", &pair[0], "--values", "--purpose", "disclosure"]);
    assert!(shown.out.contains(&t.birth) || shown.out.contains(given), "{}", shown.out);
    let beside = house.run(0, &["person", "explain", &pair[0], &pair[1], "--values", "--purpose", "review"]);
    assert!(beside.out.contains("並べて見る"), "{}", beside.out);
    let person = json["persons"][0].as_str().unwrap().to_owned();
    let rows = booked(&house);
    for purpose in ["disclosure", "review"] {
        assert_eq!(count(&rows, &format!("desk-01 view-person person:{person}:{purpose}")), 1, "{rows:?}");
    }
    assert!(count(&rows, "desk-01 query-person persons:inquiry") > 0);
    let answer = t.ask(&house, &["--values"]).json();
    assert!(answer["values"][0]["records"][0]["values"].is_object());
}

#[test]
fn the_queue_is_ranked_paged_and_decided() {
    // a queue holds at most one pair of a thousand: 200 persons have none
    let house = Arc::new(Region::of("2500")).house();
    house.run(0, &["nightly", "--inbox", text(&house.region.path("inbox/night-01"))]);
    house.run(3, &["nightly", "--inbox", text(&house.region.path("inbox/night-02"))]);
    let all = house.json(0, &["person", "queue"]);
    let pairs = all["pairs"].as_array().unwrap();
    assert!(!pairs.is_empty(), "nothing to look at: {all}");
    let harm: Vec<u64> = pairs.iter().map(|p| p["harm"].as_u64().unwrap()).collect();
    assert!(harm.is_sorted_by(|a, b| a >= b), "{harm:?}");
    let first = house.json(0, &["person", "queue", "--limit", "1"]);
    assert_eq!(first["pairs"][0], pairs[0]);
    let next = house.json(0, &["person", "queue", "--limit", "1", "--after", &string(&first, "next")]);
    assert_eq!(next["pairs"].get(0), pairs.get(1));
    assert!(house.run(1, &["person", "queue", "--after", "12"]).err.contains("--after"));

    let (a, b) = (string(&pairs[0], "a"), string(&pairs[0], "b"));
    let why = ["--by", "linker-01", "--reason", "the chart does not tell"];
    house.run(0, &[&["person", "queue", "postpone", &b, &a], &why[..]].concat());
    let state = |word: &str| house.json(0, &["person", "queue", "--state", word]);
    assert_eq!(string(&state("postponed")["pairs"][0], "reason"), why[3]);
    house.run(2, &[&["person", "queue", "different", &a, &b], &why[..]].concat());
    house.run(0, &[&["person", "queue", "different", &a, &b, "--yes"], &why[..]].concat());
    assert_eq!(string(&state("different")["pairs"][0], "a"), a);
    assert!(
        house.run(1, &[&["person", "queue", "postpone", &a, &b], &why[..]].concat()).err.contains("保留")
    );
    let rows = booked(&house);
    assert_eq!((count(&rows, "linker-01 postpone-review"), count(&rows, "linker-01 rule-person")), (1, 1));
    let unknown = house.run(1, &["person", "show", &"0".repeat(32)]);
    assert!(unknown.err.contains("ありません"), "{}", unknown.err);
}

#[test]
fn a_question_with_little_in_it_is_refused_and_one_from_a_file_is_read() {
    let house = after_a_night();
    let person = &found(&house, 1)[0];
    let none = house.run(1, &["person", "match", "--sex", "2", "--purpose", "inquiry"]);
    assert!(none.err.contains("照合できる項目がありません"), "{}", none.err);
    let file = house.beside("question.json");
    let question = serde_json::json!({ "kana": person.0.kana, "birth": person.0.birth, "sex": person.0.sex });
    fs::write(&file, question.to_string()).unwrap();
    let answer = house.json(0, &["person", "match", "--from", text(&file), "--purpose", "opt-out"]);
    let ids: Vec<String> =
        answer["entry"].as_array().unwrap().iter().map(|e| string(&e["resource"], "id")).collect();
    assert!(ids.contains(&person.1), "{answer}");
    fs::write(&file, "{\"kana\": 12, \"秘密\": 1}").unwrap();
    let broken = house.run(1, &["person", "match", "--from", text(&file), "--purpose", "opt-out"]);
    assert!(!broken.err.contains("秘密"), "{}", broken.err);
}
