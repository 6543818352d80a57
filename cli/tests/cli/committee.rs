//! The review committee from an application to an approval that binds, through the verbs alone: who may see what, that
//! votes stay secret, that recusals break a quorum (G-13), that conditions and suspensions stop a release.

use std::fs;

use serde_json::{Value, json};

use crate::house::{House, Region, Said, string, text};

/// Runs as an account.
pub fn by(house: &House, account: &str, code: i32, words: &[&str]) -> Said {
    house.run(code, &[&["--actor", account], words].concat())
}

/// The same, with its answer.
pub fn say(house: &House, account: &str, words: &[&str]) -> Value {
    house.json(0, &[&["--actor", account], words].concat())
}

/// A file beside the house.
pub fn file(house: &House, name: &str, content: &str) -> String {
    let path = house.beside(name);
    fs::write(&path, content).unwrap();
    text(&path).to_owned()
}

/// A document that can be handed in: every field that is always asked, and a reason for every item.
pub fn document(house: &House, change: &dyn Fn(&mut Value)) -> String {
    document_of(house, "s5-drug-recipients", change)
}

/// The same for another template.
pub fn document_of(house: &House, template: &str, change: &dyn Fn(&mut Value)) -> String {
    let fields = house.json(0, &["application", "fields"]);
    let mut given = json!({});
    for section in fields["sections"].as_array().unwrap() {
        for field in section["fields"].as_array().unwrap().iter().filter(|f| f["required"] == "always") {
            let value = match field["kind"].as_str().unwrap() {
                "word" => field["words"][0][0].as_str().unwrap(),
                "date" => "2027-03-31",
                "number" => "1000",
                _ => "見本",
            };
            given[field["id"].as_str().unwrap()] = json!(value);
        }
    }
    let items =
        ["sex", "age", "area", "drug_exposure"].map(|i| json!({ "item": i, "necessity": "解析に必要" }));
    let mut document = json!({
        "fields": given, "items": items,
        "template": { "name": template, "from": "2026-01-01", "to": "2026-12-31" },
    });
    // The template's items are the house's to say: what it asks for is what is given.
    let draft = file(house, "draft.json", &document.to_string());
    let begun = say(house, "applicant-02", &["application", "new", &draft]);
    let shown = say(house, "applicant-02", &["application", "show", &string(&begun, "application")]);
    let asked = shown["asked_items"].as_array().unwrap();
    document["items"] = asked.iter().map(|i| json!({ "item": i, "necessity": "解析に必要" })).collect();
    change(&mut document);
    file(house, "document.json", &document.to_string())
}

/// Seats. The first belongs to the university that applies.
pub fn members(house: &House, n: usize) {
    const SEATS: [(&str, &str, bool, &str); 7] = [
        ("natural-science", "female", true, "mihon-university"),
        ("natural-science", "male", false, "見本病院"),
        ("humanities", "male", true, "見本法律事務所"),
        ("public", "female", false, "見本市民の会"),
        ("public", "male", true, "見本患者会"),
        ("natural-science", "female", true, "見本研究所"),
        ("humanities", "male", true, "見本大学院"),
    ];
    let rows: String = (1..)
        .zip(SEATS)
        .take(n)
        .map(|(i, (view, sex, outside, organisation))| {
            format!(
                "[[member]]\nmember = \"member-{i:02}\"\nview = \"{view}\"\nsex = \"{sex}\"\noutside = {outside}\n\
                 organisation = \"{organisation}\"\nfrom = \"2020-04-01\"\nuntil = \"2099-03-31\"\n"
            )
        })
        .collect();
    let rows = file(house, "members.toml", &rows);
    by(house, "secretary-01", 0, &["committee", "member", "load", &rows]);
}

/// Handed in by the university and put before the committee.
pub fn before_the_committee(house: &House, change: &dyn Fn(&mut Value)) -> String {
    handed_in(house, &document(house, change))
}

/// A document handed in by the university and put before the committee.
pub fn handed_in(house: &House, document: &str) -> String {
    let id = string(&say(house, "applicant-01", &["application", "new", document]), "application");
    by(house, "applicant-01", 0, &["application", "submit", &id]);
    accepted(house, &id);
    id
}

pub fn accepted(house: &House, id: &str) {
    by(house, "secretary-01", 0, &["application", "take", id]);
    by(house, "secretary-01", 0, &["application", "accept", id]);
}

/// A meeting with the case on its agenda and these members there.
fn meeting(house: &House, id: &str, there: &[&str]) -> String {
    let call = ["committee", "meeting", "new", "--on", "2026-11-20", "--place", "見本会議室"];
    let meeting = string(&say(house, "secretary-01", &call), "meeting");
    by(house, "secretary-01", 0, &["committee", "meeting", "put", &meeting, id]);
    by(house, "secretary-01", 0, &[&["committee", "meeting", "attend", &meeting], there].concat());
    meeting
}

pub fn declare(house: &House, id: &str, who: &[&str]) {
    for member in who {
        by(house, member, 0, &["committee", "declare", id, "--conflict", "no"]);
    }
}

pub fn vote(house: &House, ballot: &str, member: &str, word: &str, code: i32) -> Said {
    let cast = file(house, "vote.toml", &format!("vote = \"{word}\"\nreason = \"秘密の理由\"\n"));
    by(house, member, code, &["committee", "ballot", "vote", ballot, &cast])
}

pub const SIX: [&str; 6] = ["member-02", "member-03", "member-04", "member-05", "member-06", "member-07"];
const ALL: [&str; 7] =
    ["member-01", "member-02", "member-03", "member-04", "member-05", "member-06", "member-07"];

/// Opened, voted by six with the same word, closed.
pub fn decided(house: &House, id: &str, word: &str, conditions: Option<&str>) -> String {
    let meeting = meeting(house, id, &ALL);
    let mut open = vec!["committee", "ballot", "open", id, "--meeting", &meeting];
    if let Some(conditions) = conditions {
        open.extend(["--conditions", conditions]);
    }
    let ballot = string(&say(house, "secretary-01", &open), "ballot");
    declare(house, id, &SIX);
    for member in SIX {
        vote(house, &ballot, member, word, 0);
    }
    let closed = say(house, "secretary-01", &["committee", "ballot", "close", &ballot]);
    assert_eq!(closed["tally"]["counted"]["members"], 6);
    string(&closed, "ballot")
}

fn state(house: &House, id: &str) -> String {
    string(&say(house, "applicant-01", &["application", "show", id]), "state")
}

#[test]
fn an_application_goes_all_the_way_and_the_approval_binds() {
    let region = Region::get();
    let house = region.house();
    members(&house, 7);
    // A draft with holes is kept and not taken.
    let empty = file(&house, "empty.json", "{\"fields\":{\"title\":\"見本\"}}");
    let id = string(&say(&house, "applicant-01", &["application", "new", &empty]), "application");
    by(&house, "applicant-01", 2, &["application", "submit", &id]);
    // Neither another applicant nor the secretariat sees it yet.
    for other in ["applicant-02", "city-01", "secretary-01", "member-02"] {
        let said = by(&house, other, 2, &["application", "show", &id]);
        assert!(said.err.contains("REV_UNKNOWN"), "{other}: {}", said.err);
    }
    let full = document(&house, &|_| ());
    by(&house, "applicant-01", 0, &["application", "save", &id, &full]);
    by(&house, "applicant-02", 2, &["application", "save", &id, &full]);
    by(&house, "applicant-01", 0, &["application", "submit", &id]);
    by(&house, "applicant-01", 2, &["application", "save", &id, &full]);
    // Sent back with reasons, changed, handed in again.
    by(&house, "secretary-01", 2, &["application", "accept", &id]);
    by(&house, "secretary-01", 0, &["application", "take", &id]);
    let none = file(&house, "none.toml", "");
    by(&house, "secretary-01", 2, &["application", "return", &id, &none]);
    let reasons = file(&house, "reasons.toml", "purpose = \"意義をもう少し詳しく\"\n");
    by(&house, "secretary-01", 0, &["application", "return", &id, &reasons]);
    let longer = document(&house, &|d| d["fields"]["value"] = json!("地域の医療に役立つ"));
    by(&house, "applicant-01", 0, &["application", "save", &id, &longer]);
    let diff = say(&house, "applicant-01", &["application", "diff", &id]);
    assert_eq!(
        (diff["changes"].as_array().unwrap().len(), diff["changes"][0]["of"].as_str()),
        (1, Some("value"))
    );
    let message = file(&house, "message.txt", "直しました。");
    by(&house, "applicant-01", 0, &["application", "say", &id, "purpose", &message]);
    by(&house, "applicant-01", 0, &["application", "submit", &id]);
    accepted(&house, &id);
    let request = string(&say(&house, "applicant-01", &["application", "show", &id]), "request");
    // Nobody signs before the committee has decided.
    let early = by(&house, "board-01", 2, &["board", "approve", &request, "--approver", "board-01"]);
    assert!(early.err.contains("REV_NO_COMMITTEE"), "{}", early.err);
    let dossier = say(&house, "secretary-01", &["committee", "dossier", "make", &id]);
    assert!(dossier["dossier"]["columns"].as_array().unwrap().iter().all(|c| c["necessity"].is_string()));
    // The member of the applicant's university is recused and sees nothing of the case.
    let recusals = say(&house, "secretary-01", &["committee", "recusals", &id]);
    assert_eq!(
        (recusals["members"][0]["recused"].as_bool(), recusals["quorum"]["holds"].as_bool()),
        (Some(true), Some(true))
    );
    by(&house, "member-01", 2, &["committee", "dossier", "show", &id]);
    by(&house, "member-02", 0, &["committee", "dossier", "show", &id]);
    let meeting = meeting(&house, &id, &ALL);
    let open = ["committee", "ballot", "open", &id, "--meeting", &meeting];
    let ballot = string(&say(&house, "secretary-01", &open), "ballot");
    assert!(vote(&house, &ballot, "member-02", "approve", 2).err.contains("REV_DECLARE_FIRST"));
    declare(&house, &id, &SIX);
    assert!(vote(&house, &ballot, "member-01", "approve", 2).err.contains("REV_UNKNOWN"));
    for member in SIX {
        vote(&house, &ballot, member, if member == "member-07" { "reject" } else { "approve" }, 0);
    }
    assert!(vote(&house, &ballot, "member-02", "reject", 2).err.contains("voted already"));
    // Until it is closed nobody sees how anybody voted, nor how many.
    for account in ["secretary-01", "member-03", "board-01", "officer-01", "auditor-01"] {
        let open = say(&house, account, &["committee", "ballot", "show", &ballot]).to_string();
        assert!(open.contains("\"result\":null") && !open.contains("秘密の理由"), "{account}: {open}");
    }
    let minutes = say(&house, "secretary-01", &["committee", "minutes", &meeting]);
    assert!(!string(&minutes, "text").contains("票数"));
    let closed = say(&house, "secretary-01", &["committee", "ballot", "close", &ballot]);
    assert_eq!((closed["outcome"].as_str(), closed["tally"]["needed"].as_u64()), (Some("approved"), Some(4)));
    by(&house, "secretary-01", 2, &["committee", "ballot", "close", &ballot]);
    by(&house, "member-01", 2, &["committee", "ballot", "show", &ballot]);
    assert!(
        say(&house, "member-03", &["committee", "ballot", "show", &ballot])
            .to_string()
            .contains("秘密の理由")
    );
    // Signed with the ballot, and once.
    let signed = say(&house, "board-01", &["board", "approve", &request, "--approver", "board-01"]);
    let approval = string(&signed, "approval");
    assert_eq!(signed["ballot"].as_str(), Some(ballot.as_str()));
    by(&house, "board-01", 2, &["board", "approve", &request, "--approver", "board-01"]);
    // A release goes on until the approval is suspended, and again when it is resumed.
    let out = house.beside("releases");
    let build = |expect: &str| {
        let said = house.run(1, &["release", "build", &approval, "--out", text(&out)]);
        assert!(said.err.contains(expect), "{}", said.err);
    };
    build("リポジトリにまだ何も格納されていません");
    by(&house, "officer-01", 0, &["board", "suspend", &approval, "--reason", "目的外の利用の疑い"]);
    build("REV_SUSPENDED");
    assert_eq!(state(&house, &id), "suspended");
    by(&house, "officer-01", 2, &["board", "suspend", &approval, "--reason", "二度"]);
    by(&house, "officer-01", 0, &["board", "resume", &approval, "--reason", "確認済み"]);
    build("リポジトリにまだ何も格納されていません");
    assert_eq!(state(&house, &id), "approved");
    // The minutes say all, the summary names nobody.
    let minutes = string(&say(&house, "secretary-01", &["committee", "minutes", &meeting]), "text");
    let summary = string(&say(&house, "auditor-01", &["committee", "summary", &meeting]), "text");
    for word in ["member-01", "申出に関わる機関に所属", string(&dossier, "hash").as_str()] {
        assert!(minutes.contains(word) && !summary.contains(word), "{word}");
    }
    assert!(minutes.contains("承認 5") && summary.contains("承認 5") && summary.contains("除斥: 1 人"));
    // The checks of the Act read the tables.
    let checks = ["check", "--id", "C-060", "--id", "C-061", "--id", "C-062"];
    let checked = house.json(0, &checks);
    for check in checked["checks"].as_array().unwrap() {
        assert_eq!(check["verdict"], "pass", "{check}");
    }
}

#[test]
fn g13_a_committee_of_five_with_one_of_the_applicants_university_decides_nothing() {
    let region = Region::get();
    let house = region.house();
    members(&house, 5);
    let id = before_the_committee(&house, &|_| ());
    let there = &ALL[..5];
    let held = meeting(&house, &id, there);
    let shown = say(&house, "secretary-01", &["committee", "meeting", "show", &held]);
    assert_eq!(shown["agenda"][0]["quorum"]["holds"], false);
    let open = ["committee", "ballot", "open", &id, "--meeting", &held];
    let refused = by(&house, "secretary-01", 2, &open);
    assert!(refused.err.contains("REV_NO_QUORUM"), "{}", refused.err);
    // One more makes a quorum; who then finds a conflict breaks it, and the vote is worth nothing.
    members(&house, 6);
    by(&house, "secretary-01", 0, &["committee", "meeting", "attend", &held, "member-06"]);
    let ballot = string(&say(&house, "secretary-01", &open), "ballot");
    declare(&house, &id, &SIX[..4]);
    for member in &SIX[..4] {
        vote(&house, &ballot, member, "approve", 0);
    }
    let why = file(&house, "why.txt", "共同研究を始めました");
    by(&house, "member-06", 0, &["committee", "declare", &id, "--conflict", "yes", "--reason", &why]);
    assert!(vote(&house, &ballot, "member-06", "approve", 2).err.contains("REV_UNKNOWN"));
    let closed = say(&house, "secretary-01", &["committee", "ballot", "close", &ballot]);
    assert_eq!(closed["outcome"], "void");
    let request = string(&say(&house, "applicant-01", &["application", "show", &id]), "request");
    let refused = by(&house, "board-01", 2, &["board", "approve", &request, "--approver", "board-01"]);
    assert!(refused.err.contains("REV_NO_COMMITTEE"), "{}", refused.err);
    // Interests are added and ended, and an ended one still counts for some years.
    let interest = "[[interest]]\nkind = \"funding\"\nwith = \"見本大学\"\nsince = \"2026-04-01\"\n";
    let interest = file(&house, "interest.toml", interest);
    let entered = say(&house, "member-02", &["committee", "interest", "add", &interest]);
    let number = entered["interests"][0].to_string();
    by(&house, "member-03", 2, &["committee", "interest", "end", &number, "--on", "2026-05-01"]);
    by(&house, "member-02", 0, &["committee", "interest", "end", &number, "--on", "2026-05-01"]);
    let recusals = say(&house, "secretary-01", &["committee", "recusals", &id]);
    assert_eq!(recusals["members"][1]["recused"], true);
}

#[test]
fn conditions_bite_until_their_verifiers_close_them() {
    let region = Region::get();
    let house = region.house();
    members(&house, 7);
    let id = before_the_committee(&house, &|_| ());
    let put = "[[condition]]\ngate = \"contract-in-force\"\nverifier = \"officer\"\ndue = \"2099-03-31\"\n\
               [[condition]]\ngate = \"other\"\nwords = \"手順書を提出する\"\nverifier = \"review-secretary\"\ndue = \"2099-03-31\"\n";
    let put = file(&house, "conditions.toml", put);
    let ballot = decided(&house, &id, "conditional", Some(&put));
    assert_eq!(state(&house, &id), "conditional");
    let request = string(&say(&house, "applicant-01", &["application", "show", &id]), "request");
    let sign = ["board", "approve", &request, "--approver", "board-01"];
    assert!(by(&house, "board-01", 2, &sign).err.contains("REV_CONDITIONS"));
    // Another's condition, one without evidence, one that the registers deny.
    let close = |account: &str, nth: &str, code: i32, evidence: Option<&str>| {
        let mut words = vec!["committee", "condition", "close", &ballot, nth];
        words.extend(evidence.iter().flat_map(|e| ["--evidence", *e]));
        by(&house, account, code, &words).err
    };
    let seen = file(&house, "seen.txt", "手順書 第1版を確認");
    assert!(close("officer-01", "2", 2, Some(&seen)).contains("REV_NOT_VERIFIER"));
    assert!(close("secretary-01", "2", 2, None).contains("REV_EVIDENCE"));
    assert!(close("officer-01", "1", 2, Some(&seen)).contains("REV_GATE"));
    close("secretary-01", "2", 0, Some(&seen));
    assert_eq!(state(&house, &id), "conditional");
    let contract = fs::read_to_string(region.path("registers/registers.toml")).unwrap();
    let user = contract.lines().find(|l| l.starts_with("user = ")).unwrap().to_owned();
    let contract = file(&house, "registers.toml", &contract.replace(&user, "user = \"見本大学\""));
    by(&house, "officer-01", 0, &["register", "load", &contract]);
    close("officer-01", "1", 0, None);
    assert_eq!(state(&house, &id), "approved");
    let approval = string(&say(&house, "board-01", &sign), "approval");
    // The contract ends: what was closed is shut again, and nothing is released.
    let ended = contract_until(&fs::read_to_string(&contract).unwrap(), "2026-01-01");
    let ended = file(&house, "ended.toml", &ended);
    by(&house, "officer-01", 0, &["register", "load", &ended]);
    let out = house.beside("releases");
    let said = house.run(1, &["release", "build", &approval, "--out", text(&out)]);
    assert!(said.err.contains("REV_GATE"), "{}", said.err);
}

/// The contract of a file of registers with another last day.
fn contract_until(registers: &str, until: &str) -> String {
    let mut of_contract = false;
    let lines = registers.lines().map(|line| {
        if line.starts_with("class = ") {
            of_contract = line.contains("\"contract\"");
        }
        if of_contract && line.starts_with("until = ") {
            format!("until = \"{until}\"")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn amendments_are_short_only_when_they_are_minor_and_a_refusal_can_be_appealed() {
    let region = Region::get();
    let house = region.house();
    members(&house, 7);
    let id = before_the_committee(&house, &|_| ());
    decided(&house, &id, "reject", None);
    assert_eq!(state(&house, &id), "rejected");
    let why = file(&house, "why.txt", "計画を誤解されています");
    by(&house, "applicant-01", 0, &["application", "appeal", &id, &why]);
    accepted(&house, &id);
    decided(&house, &id, "approve", None);
    let request = string(&say(&house, "applicant-01", &["application", "show", &id]), "request");
    let sign = ["board", "approve", &request, "--approver", "board-01"];
    let approval = string(&say(&house, "board-01", &sign), "approval");
    // A change of the plan is no minor change; one of the contact is.
    let amended = |change: &dyn Fn(&mut Value)| {
        let document = document(&house, change);
        let amended = say(&house, "applicant-01", &["application", "amend", &id, &document]);
        let amended = string(&amended, "application");
        by(&house, "applicant-01", 0, &["application", "submit", &amended]);
        accepted(&house, &amended);
        amended
    };
    let expedited = ["--expedited", "--member", "member-02", "--member", "member-03"];
    let plan = amended(&|d| d["fields"]["plan"] = json!("別の計画"));
    let refused =
        by(&house, "secretary-01", 2, &[&["committee", "ballot", "open", &plan], &expedited[..]].concat());
    assert!(refused.err.contains("REV_NOT_MINOR"), "{}", refused.err);
    by(&house, "applicant-01", 0, &["application", "withdraw", &plan, "--reason", "取りやめ"]);
    let contact = amended(&|d| d["fields"]["contact"] = json!("新しい部署"));
    let open = [&["committee", "ballot", "open", &contact], &expedited[..]].concat();
    let ballot = string(&say(&house, "secretary-01", &open), "ballot");
    declare(&house, &contact, &SIX[..2]);
    for member in &SIX[..2] {
        vote(&house, &ballot, member, "approve", 0);
    }
    let closed = say(&house, "secretary-01", &["committee", "ballot", "close", &ballot]);
    assert_eq!(closed["outcome"], "approved");
    // The new approval takes the place of the old one.
    let newer = string(
        &say(&house, "board-02", &["board", "approve", &request, "--approver", "board-02"]),
        "approval",
    );
    let all = say(&house, "board-01", &["board", "list"]);
    let standing = |id: &str| {
        let row = all["approvals"].as_array().unwrap().iter().find(|a| a["approval"] == id).unwrap();
        string(row, "standing")
    };
    assert_eq!((standing(&approval).as_str(), standing(&newer).as_str()), ("ended", "holds"));
    assert_eq!(state(&house, &id), "completed");
    let board = say(&house, "secretary-01", &["application", "board"]);
    let column = |name: &str| {
        let columns = board["columns"].as_array().unwrap();
        columns.iter().find(|c| c["state"] == name).unwrap()["applications"].as_array().unwrap().len()
    };
    assert_eq!((column("completed"), column("approved"), column("withdrawn")), (1, 1, 1));
    house.fingerprint();
}
