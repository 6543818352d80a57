//! The help desk and the desk of matching over HTTP: a person is looked up and stopped, a pair is ruled on and judged again
//! blind; and nothing of a person stands where it must not.

use std::fs;

use jiff::Timestamp;
use musubi_console::web::route::{self, Who};
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server as Database};

use crate::erasure::asking;
use crate::house::{House, Region, string, text};
use crate::web::{Browser, Page, Server, between, words_of};

fn night(region: &std::sync::Arc<Region>) -> House {
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    house
}

/// What the desk types of a person of the truth.
fn typed(p: &[String]) -> Vec<(&'static str, String)> {
    let names = ["insurer_number", "symbol", "number", "branch", "name_kana", "name_kanji", "birth", "sex"];
    let values = [&p[13], &p[14], &p[15], &p[16], &p[7], &p[6], &p[5], &p[4]];
    names.into_iter().zip(values.into_iter().cloned()).collect()
}

const ASKING: [(&str, &str); 5] = [
    ("purpose", "disclosure"),
    ("requester", "self"),
    ("life", "living"),
    ("capacity", "able"),
    ("check", "document"),
];

fn post(desk: &Browser, path: &str, typed: &[(&str, String)], more: &[(&str, &str)]) -> Page {
    let fields: Vec<(&str, &str)> =
        typed.iter().map(|(n, v)| (*n, v.as_str())).chain(ASKING).chain(more.iter().copied()).collect();
    desk.post(path, &fields)
}

fn log(house: &House) -> String {
    house.run(0, &["--json", "--actor", "auditor-01", "audit", "log", "--last", "5000"]).out
}

/// The newest rows of the log.
fn rows(house: &House) -> Vec<serde_json::Value> {
    house.json(0, &["--actor", "auditor-01", "audit", "log"]).as_array().unwrap().clone()
}

#[test]
fn the_desk_looks_up_stops_and_answers_without_naming_anybody() {
    let region = Region::clean();
    let house = night(&region);
    let server = Server::start(&house);
    let desk = server.login("desk-01");
    let p = asking(&region).remove(0);
    let person = typed(&p);

    // Nothing is looked up before it was made sure who asks.
    desk.get("/desk/person").ok(200);
    let wrong = post(&desk, "/desk/person", &[], &[]).ok(400).text();
    assert!(wrong.contains("href=\"#confirmed\""), "{}", words_of(&wrong));
    post(&desk, "/desk/person/standing", &person, &[]).ok(400);
    assert!(!log(&house).contains("query-person"));
    post(&desk, "/desk/person", &[], &[("confirmed", "yes")]).ok(200);
    let nobody = post(&desk, "/desk/person/standing", &[], &[("confirmed", "yes")]).ok(400).text();
    assert!(nobody.contains("href=\"#name_kana\""));
    let seen = post(&desk, "/desk/person/standing", &person, &[("confirmed", "yes")]).ok(200).text();
    assert!(seen.contains("停止の登録はありません") && seen.contains("通知済み"), "{}", words_of(&seen));
    assert!(log(&house).contains("query-person"));
    for shown in [between(&seen, "<title>", "</title>"), words_of(&seen)] {
        assert!(!shown.contains(&p[7]) && !shown.contains(&p[15]), "only hidden fields carry what was typed");
    }
    // A slip in the kana: nobody is found, and the desk is told that somebody is near, not who.
    let slip: Vec<(&str, String)> = person
        .iter()
        .filter(|(n, _)| ["name_kana", "name_kanji", "birth", "sex"].contains(n))
        .map(|(n, v)| (*n, if *n == "name_kana" { format!("{v}ア") } else { v.clone() }))
        .collect();
    let near = post(&desk, "/desk/person/standing", &slip, &[("confirmed", "yes")]).ok(200).text();
    assert!(
        near.contains("記入に近い人がいます") && near.contains("保有していません"),
        "{}",
        words_of(&near)
    );
    // On a day before anything came nothing is held.
    let early = post(&desk, "/desk/person/standing", &person, &[("confirmed", "yes"), ("on", "2001-01-01")]);
    assert!(early.ok(200).text().contains("保有していません"));

    // The stop: impact, confirmation by another account, entry, paper.
    let confirmed = [("confirmed", "yes")];
    let impact = post(&desk, "/desk/stop", &person, &confirmed).ok(200).text();
    assert!(
        impact.contains("desk-02") && !impact.contains("<option value=\"desk-01\""),
        "{}",
        words_of(&impact)
    );
    let request =
        |checker: &'static str| [("confirmed", "yes"), ("channel", "phone"), ("checked_by", checker)];
    post(&desk, "/desk/stop/confirm", &person, &request("desk-02")).ok(200);
    post(&desk, "/desk/stop/register", &person, &request("desk-01")).ok(400);
    let entered = post(&desk, "/desk/stop/register", &person, &request("desk-02")).ok(303);
    let way = entered.header("location").unwrap().to_owned();
    let entry = way.rsplit('/').next().unwrap().to_owned();
    assert!(entry.starts_with("O-"), "{way}");
    assert!(desk.get(&way).ok(200).text().contains("書面を印刷して交付します"));
    let paper = desk.post(&format!("{way}/paper"), &[]).ok(200).text();
    assert!(
        paper.contains(&entry) && paper.contains("提供停止の求めに関する書面") && !paper.contains("style=")
    );
    let file = desk.post(&format!("{way}/paper/file"), &[]).ok(200);
    let kept = house.json(0, &["optout", "status", &entry]);
    assert_eq!(string(&kept["receipt"], "copy_hash"), blake3::hash(&file.body).to_hex().to_string());
    assert_eq!(desk.post(&format!("{way}/certificate"), &[]).status, 409, "nothing is erased yet");
    assert!(desk.get("/desk/stops").ok(200).text().contains(&entry));
    let stopped = post(&desk, "/desk/person/standing", &person, &confirmed).ok(200).text();
    assert!(stopped.contains("提供の停止が登録されています") && stopped.contains(&entry));

    // A case of this person: sealed, answered, passed on, found again.
    let asked = "いつから保有していますか";
    let case =
        post(&desk, "/desk/cases", &person, &[("kind", "disclosure"), ("channel", "phone"), ("text", asked)]);
    let case = case.ok(303).header("location").unwrap().to_owned();
    assert!(!desk.get(&case).ok(200).text().contains(asked), "sealed until it is opened");
    assert!(desk.post(&format!("{case}/words"), &[]).ok(200).text().contains(asked));
    assert!(
        desk.get(&format!("{case}?script=what-is-held"))
            .ok(200)
            .text()
            .contains("相談窓口では見ることができません")
    );
    desk.post(&format!("{case}/answer"), &[("text", "お答えします")]).ok(303);
    desk.post(&format!("{case}/escalate"), &[("to", "complaint-officer")]).ok(303);
    desk.post(&format!("{case}/escalate"), &[("to", "nobody")]).ok(400);
    let again = post(&desk, "/desk/person/standing", &person, &confirmed).ok(200).text();
    assert!(again.contains(&case), "past answers are found by the person: {}", words_of(&again));
    desk.post(&format!("{case}/close"), &[]).ok(303);
    desk.post(&format!("{case}/answer"), &[("text", "もう一度")]).ok(400);
    desk.get("/desk/cases/Q-2000-0001").ok(404);
    desk.get("/desk/stops/O-2000-0001").ok(404);
    for path in ["/desk", "/desk/cases?state=all", "/desk/numbers", "/desk/rates", "/desk/doubts"] {
        desk.get(path).ok(200);
    }

    // Taken back by a new entry.
    let back = post(&desk, &format!("{way}/withdraw"), &[], &request("desk-02")).ok(303);
    assert_ne!(back.header("location").unwrap(), way);
    assert!(desk.get(&way).ok(200).text().contains("撤回されています"));
    let lists = desk.get("/desk/stops").ok(200).text() + &desk.get("/desk/cases?state=all").ok(200).text();
    let said = fs::read_to_string(house.beside("serve.log")).unwrap_or_default();
    for kept in [log(&house), lists, said] {
        for value in [&p[6], &p[7], &p[15]] {
            assert!(!kept.contains(value.as_str()), "a value of a person");
        }
    }
}

/// C-086: an account of the desk that asks for anything clinical, or for any page that is not the desk's, gets 403; a verb is
/// refused likewise; both stand in the log.
#[test]
fn c_086_the_desk_sees_nothing_clinical() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let desk = server.login("desk-01");
    let mut refused = 0;
    for row in route::all() {
        let Who::Roles(roles) = row.who else { continue };
        if roles.iter().any(|r| r.as_str() == "help-desk") {
            continue;
        }
        let path = row.path.replace(['{', '}'], "");
        let page = if row.post { desk.post(&path, &[]) } else { desk.get(&path) };
        assert_eq!(page.status, 403, "{} {path}", row.method());
        refused += 1;
    }
    assert!(refused > 5, "{refused} pages");
    let before = rows(&house).iter().filter_map(|r| r["seq"].as_u64()).max().unwrap();
    let fact = "0".repeat(18);
    house.run(2, &["--actor", "desk-01", "trace", &fact]);
    house.run(2, &["--actor", "desk-01", "rebuild", &"0".repeat(64), "--out", text(&house.beside("x"))]);
    house.run(2, &["--actor", "desk-01", "submission"]);
    let after = rows(&house);
    let refused = after
        .iter()
        .filter(|r| r["seq"].as_u64() > Some(before) && r["action"] == "refuse" && r["actor"] == "desk-01");
    assert_eq!(refused.count(), 3, "{:?}", after.first());
}

/// Identities of two persons whom their names find.
fn two_identities(house: &House, region: &Region) -> (String, String) {
    let mut found: Vec<String> = Vec::new();
    for p in asking(region) {
        let words = ["person", "match", "--kana", &p[7], "--kanji", &p[6], "--birth", &p[5], "--sex", &p[4]];
        let answer = house.json(0, &[&words[..], &["--purpose", "inquiry"]].concat());
        let Some(first) = answer["entry"].get(0) else { continue };
        let shown = house.json(0, &["person", "show", &string(&first["resource"], "id")]);
        let id = string(&shown["members"][0], "identity");
        if !found.contains(&id) {
            found.push(id);
        }
        if let [a, b] = found.as_slice() {
            // As rulings keep a pair: the smaller first.
            return (a.min(b).clone(), a.max(b).clone());
        }
    }
    panic!("nobody is found");
}

#[test]
fn a_pair_is_ruled_on_and_judged_again_by_somebody_who_is_not_told() {
    let region = Region::clean();
    let house = night(&region);
    let (a, b) = two_identities(&house, &region);
    let server = Server::start(&house);
    let (first, second) = (server.login("linker-01"), server.login("linker-02"));
    let pair = format!("/matching/pair/{a}/{b}");
    for path in ["/matching", "/matching/second", "/matching/undo", "/matching/person"] {
        first.get(path).ok(200);
    }
    let shown = first.get(&pair).ok(200).text();
    assert!(shown.contains("今は別人として") && shown.contains("<svg") && !shown.contains("<ins>"));
    let looked = first.post(&pair, &[]).ok(200).text();
    assert!(looked.contains("<ins>") && looked.contains("並べて見る"), "{}", words_of(&looked));
    first.get(&format!("/matching/pair/{a}/none")).ok(404);

    // Shown before it is done; then it is done by whoever is logged in.
    let rule = format!("{pair}/rule");
    let verdict = |sure: &'static str| [("verdict", "different"), ("reason", "別の世帯"), ("sure", sure)];
    first.post(&rule, &[("verdict", "different")]).ok(400);
    assert!(first.post(&rule, &verdict("")).ok(200).text().contains("まだ何も変えていません"));
    assert!(first.get(&pair).ok(200).text().contains("今は別人として"));
    first.post(&rule, &verdict("yes")).ok(303);
    let told = house.json(0, &["person", "explain", &a, &b]);
    let ruling = told["rulings"][0]["ruling"].as_i64().unwrap();
    // Chance may have drawn it; here it is drawn for certain.
    let database = Database::open(&house.data(), &DatabaseChoice::Embedded).unwrap();
    Registry::open(database)
        .unwrap()
        .identity()
        .unwrap()
        .draw_second_look(ruling, Timestamp::UNIX_EPOCH)
        .unwrap();

    // The second reviewer sees the pair, and nothing of the first word.
    assert!(second.get("/matching/second").ok(200).text().contains(&pair));
    assert!(!first.get("/matching/second").ok(200).text().contains(&pair), "not for whoever ruled");
    let blind = second.post(&pair, &[]).ok(200).text();
    assert!(
        blind.contains("先の判断は示しません") && !blind.contains("別の世帯") && !blind.contains("今は別人")
    );
    // Looking the identities up by themselves, or in the queue, tells no more; whoever ruled sees all.
    for path in [format!("/matching/person?id={a}"), format!("/matching/person?id={b}")] {
        let kept = second.get(&path).ok(200).text();
        assert!(kept.contains("先の判断が分かるもの") && !kept.contains("別の世帯"), "{}", words_of(&kept));
        assert!(!kept.contains("所属"), "{}", words_of(&kept));
        assert!(first.get(&path).ok(200).text().contains("別の世帯"));
    }
    let mut ways: Vec<Vec<&str>> = Vec::new();
    for id in [&a, &b] {
        for verb in ["show", "explain", "affected"] {
            ways.push(vec!["person", verb, id]);
        }
    }
    for words in &ways {
        let kept = house.json(0, &[&["--actor", "linker-02"], &words[..]].concat());
        assert_eq!(kept["blind"], ruling, "{words:?}: {kept}");
        let fields: Vec<&String> = kept.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["asked", "blind"], "{words:?}");
        let open = house.json(0, &[&["--actor", "linker-01"], &words[..]].concat());
        assert!(open.get("blind").is_none(), "{words:?}: {open}");
    }
    for state in ["same", "different"] {
        let queue = house.json(0, &["--actor", "linker-02", "person", "queue", "--state", state]);
        assert!(!queue["pairs"].to_string().contains(&a), "{queue}");
    }
    let number = ruling.to_string();
    let word =
        |verdict: &'static str| [("ruling", number.as_str()), ("verdict", verdict), ("reason", "同じ世帯")];
    assert_eq!(first.post("/matching/second", &word("same")).status, 409, "nobody judges twice");
    second.post("/matching/second", &word("same")).ok(303);
    assert_eq!(second.post("/matching/second", &word("different")).status, 409, "said once");
    let differs = second.get("/matching/second?state=differs").ok(200).text();
    assert!(differs.contains("linker-01") && differs.contains("同じ世帯"), "{}", words_of(&differs));
    assert!(second.get(&pair).ok(200).text().contains("別の世帯"), "afterwards all is told");
    for words in &ways {
        let open = house.json(0, &[&["--actor", "linker-02"], &words[..]].concat());
        assert!(open.get("blind").is_none(), "{words:?}: {open}");
    }

    // The past of a person, and the undoing by two.
    let past = first.get(&format!("/matching/person?id={a}")).ok(200).text();
    assert!(past.contains("別の世帯") && past.contains("新しい人"), "{}", words_of(&past));
    first.get("/matching/person?id=zz").ok(400);
    first.get(&format!("/matching/person?id={}", "f".repeat(32))).ok(404);
    let undo = [("ruling", number.as_str()), ("reason", "見直し")];
    first.post("/matching/undo", &undo).ok(303);
    assert!(first.get("/matching/undo").ok(200).text().contains("提案した人は承認できません"));
    assert_eq!(first.post("/matching/undo/confirm", &undo[..1]).status, 400);
    second.post("/matching/undo/confirm", &undo[..1]).ok(303);
    assert_eq!(house.json(0, &["person", "explain", &a, &b])["rulings"][0]["in_force"], false);
    assert!(log(&house).contains("rule-person"));
}
