//! Accounts, what two people decide, instructions, the log and traces, over HTTP: the pages of those who keep the house.

use crate::house::{Region, string};
use crate::web::{Server, between, words_of};

/// The newest proposal of the house.
fn newest(house: &crate::house::House) -> String {
    let all = house.json(0, &["--actor", "officer-01", "operation", "list", "--all"]);
    all.as_array().unwrap().last().unwrap()["operation"]["id"].to_string()
}

#[test]
fn an_invitation_is_made_in_the_browser_and_taken_up_in_another() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let (keeper, officer) = (server.login("security-01"), server.login("officer-01"));
    assert!(keeper.get("/accounts.csv").ok(200).text().contains("\"linker-02\",\"M-"));
    // The list knows who is active; the page of an account says what it may do.
    let list = keeper.get("/accounts?state=active").ok(200).text();
    assert!(list.contains("security-01") && !list.contains("linker-02"), "{}", words_of(&list));
    let one = keeper.get("/accounts/linker-02").ok(200).text();
    assert!(one.contains("person show"), "{}", words_of(&one));
    keeper.get("/accounts/nobody").ok(404);
    // Invited: the code stands on this answer and nowhere else.
    let told = keeper.post("/accounts/linker-02/invite", &[]).ok(200).text();
    let code = between(&told, "<code id=\"invitation\">", "</code>");
    assert_eq!(code.len(), 39);
    assert!(!keeper.get("/accounts/linker-02").ok(200).text().contains(&code));
    // The second half goes to somebody else, and not to whoever has the first.
    keeper.post("/accounts/linker-02/second-half", &[("invited_by", "security-01")]).ok(400);
    let told =
        officer.post("/accounts/linker-02/second-half", &[("invited_by", "security-01")]).ok(200).text();
    let half = between(&told, "<code id=\"second-half\">", "</code>");
    // Asked for under another's name, it does not fit.
    let told = keeper.post("/accounts/linker-02/second-half", &[("invited_by", "officer-01")]).ok(200).text();
    let wrong = between(&told, "<code id=\"second-half\">", "</code>");
    // Taken up by its holder.
    let holder = server.stranger();
    let password = [("new", "a long new password"), ("again", "a long new password")];
    let both = |half| [&[("invitation", code.as_str()), ("second-half", half)][..], &password[..]].concat();
    holder.post("/invitation", &both("")).ok(400);
    holder.post("/invitation", &both(wrong.as_str())).ok(400);
    let fields = both(half.as_str());
    let enrol = holder.post("/invitation", &fields).ok(200).text();
    let (pending, secret) =
        (between(&enrol, "name=\"pending\" value=\"", "\""), between(&enrol, "<code>", "</code>"));
    let digits = string(&house.json(0, &["account", "code", &secret]), "code");
    let entered = holder.post("/invitation/confirm", &[("pending", &pending), ("code", &digits)]).ok(303);
    assert!(entered.header("set-cookie").is_some());
    holder.post("/invitation", &fields).ok(400);
    // Locked by a keeper; a reset is decided by two people.
    keeper.post("/accounts/linker-02/lock", &[]).ok(303);
    assert!(keeper.get("/accounts/linker-02").ok(200).text().contains("人がロックしました"));
    keeper.post("/accounts/linker-02/unlock", &[]).ok(303);
    keeper.post("/accounts/linker-02/reset", &[("reason", "試験")]).ok(303);
    let id = newest(&house);
    let waits = officer.get("/operations").ok(200).text();
    assert!(waits.contains("認証情報の初期化"), "{}", words_of(&waits));
    // Not by the same person, then by another.
    keeper.post(&format!("/operations/{id}/approve"), &[("reason", "試験")]).ok(400);
    officer.post(&format!("/operations/{id}/approve"), &[("reason", "試験")]).ok(303);
    let again = keeper.post("/accounts/linker-02/reset", &[("reason", "試験")]).ok(200).text();
    assert_ne!(between(&again, "<code id=\"invitation\">", "</code>"), code);
    // Nobody does it to themselves, and machines are no humans.
    keeper.post("/accounts/security-01/lock", &[]).ok(400);
    keeper.post("/accounts/night-job/invite", &[]).ok(400);
    let print = "ab".repeat(32);
    let fields = [("account", "night-job"), ("fingerprint", print.as_str()), ("until", "2026-12-31")];
    let added = keeper.post("/machines/add", &fields);
    // Its day lies ahead of the clock of this machine, or not: the rule answers, never a failure.
    assert!(matches!(added.status, 303 | 400), "{}", words_of(&added.text()));
    assert!(keeper.get("/machines").ok(200).text().contains("証明書"));
}

#[test]
fn an_emergency_is_taken_shown_and_not_reviewed_by_whoever_took_it() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let (linker, officer) = (server.login("linker-01"), server.login("officer-01"));
    linker.get("/audit").ok(403);
    // Whoever could decide, or invite others, is lent to nobody.
    for role in ["officer", "security-admin", "board", "key-custodian"] {
        linker.post("/emergency", &[("role", role), ("minutes", "30"), ("reason", "試験")]).ok(400);
    }
    linker.post("/emergency", &[("role", "curator"), ("minutes", "30"), ("reason", "試験")]).ok(303);
    // The lent role opens its pages at once, under a banner.
    let page = linker.get("/audit").ok(200).text();
    assert!(page.contains("緊急時の例外操作中です"), "{}", words_of(&page));
    // One role, and no other's pages.
    linker.post("/accounts/linker-02/invite", &[]).ok(403);
    let list = officer.get("/emergencies").ok(200).text();
    assert!(list.contains("例外中") && list.contains("linker-01"), "{}", words_of(&list));
    let refused = officer.post("/emergencies/1/review", &[("justified", "yes"), ("note", "試験")]).ok(400);
    assert!(refused.text().contains("終わってから"), "{}", words_of(&refused.text()));
}

#[test]
fn the_log_is_looked_into_proved_verified_and_reviewed() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let (auditor, officer) = (server.login("auditor-01"), server.login("officer-01"));
    house.run(0, &["audit", "checkpoint"]);
    let page = auditor.get("/audit?action=login").ok(200).text();
    assert!(page.contains("officer-01"), "{}", words_of(&page));
    let entry = auditor.get("/audit/entry/1").ok(200).text();
    assert!(entry.contains("ハッシュ"), "{}", words_of(&entry));
    auditor.get("/audit/entry/999999999").ok(404);
    auditor.get("/audit?since=yesterday").ok(400);
    let proof = auditor.post("/audit/entry/1/proof", &[]).ok(200);
    assert!(proof.header("content-disposition").is_some_and(|h| h.contains("entry-1.proof.txt")));
    assert!(auditor.get("/audit/state").ok(200).text().contains("署名された控え"));
    assert!(auditor.post("/audit/verify", &[]).ok(200).text().contains("改変されていません"));
    assert!(!auditor.post("/audit/export", &[]).ok(200).body.is_empty());
    // An auditor looks; an officer records the review.
    auditor.get("/audit/review").ok(200);
    auditor.post("/audit/review", &[("month", "2026-10"), ("result", "no-finding")]).ok(403);
    officer.post("/audit/review", &[("month", "2026-10; x"), ("result", "no-finding")]).ok(400);
    officer.post("/audit/review", &[("month", "2026-10"), ("result", "no-finding")]).ok(303);
    assert!(officer.get("/audit/review").ok(200).text().contains("2026-10-no-finding"));
    // Traces: a number that leads nowhere is said so.
    assert!(auditor.get("/trace?fact=00").ok(200).text().contains("見つかりません"));
    auditor.get("/trace").ok(200);
    officer.get("/trace").ok(403);
}

#[test]
fn an_instruction_is_given_and_revoked_by_an_officer() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let (officer, auditor) = (server.login("officer-01"), server.login("auditor-01"));
    let fields =
        [("job", "release"), ("to", "mihon-contractor"), ("until", "2099-03-31"), ("reason", "試験")];
    auditor.post("/instructions/give", &fields).ok(403);
    officer.post("/instructions/give", &fields).ok(303);
    officer
        .post("/instructions/give", &[("job", "release"), ("to", "x"), ("until", "soon"), ("reason", "試験")])
        .ok(400);
    let all = house.json(0, &["--actor", "auditor-01", "instruction", "list"]);
    let id = string(all["instructions"].as_array().unwrap().last().unwrap(), "id");
    assert!(auditor.get("/instructions").ok(200).text().contains(&id));
    officer.post(&format!("/instructions/{id}/revoke"), &[("reason", "試験")]).ok(303);
    assert!(auditor.get("/instructions").ok(200).text().contains("取消済"));
}
