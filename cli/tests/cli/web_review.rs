//! The way of an application through the pages alone: applicant, review office, members, the board's signature.

use crate::committee::{accepted, before_the_committee, by, decided, document, members, say};
use serde_json::json;

use crate::house::{Region, string};
use crate::web::{Browser, Page, Server, between, words_of};

/// A post that must go on to another page; the page it goes on to.
fn go(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let went = browser.post(path, fields).ok(303);
    let to = went.header("location").unwrap().to_owned();
    browser.get(&to).ok(200)
}

/// The fields of a form, each filled in.
fn filled(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for piece in page.split(" name=\"f.").skip(1) {
        let name = format!("f.{}", piece.split('"').next().unwrap());
        // What follows up to the next field: options of a choice, or the type of an input.
        let own = piece.split(" name=\"f.").next().unwrap();
        let tag = own.split('>').next().unwrap();
        let value = if let Some((_, options)) = own.split_once("<option value=\"\">") {
            between(options, "<option value=\"", "\"")
        } else if tag.contains("type=\"date\"") {
            "2027-03-31".to_owned()
        } else if tag.contains("numeric") {
            "1000".to_owned()
        } else {
            "見本".to_owned()
        };
        found.push((name, value));
    }
    found
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

#[test]
fn an_application_goes_through_the_pages_to_a_signed_approval() {
    let region = Region::get();
    let house = region.house();
    members(&house, 7);
    let server = Server::start(&house);
    let applicant = server.login("applicant-01");
    let begin = [
        ("title", "処方の研究"),
        ("template", "s5-drug-recipients"),
        ("from", "2026-01-01"),
        ("to", "2026-12-31"),
    ];
    let began = applicant.post("/applications/new", &begin).ok(303);
    let path = began.header("location").unwrap().to_owned();
    let id = path.trim_start_matches("/applications/").to_owned();
    let draft = applicant.get(&path).ok(200).text();
    assert!(draft.contains("残っている項目があります"), "{}", words_of(&draft));
    // Each section is written on a page of its own, without script.
    for section in ["applicant", "purpose", "data", "recipients", "security", "after"] {
        let edit = format!("{path}/edit/{section}");
        let fields = filled(&applicant.get(&edit).ok(200).text());
        assert!(fields.len() >= 3, "{section}");
        go(&applicant, &edit, &borrowed(&fields));
    }
    let edit = format!("{path}/edit/spec");
    let page = applicant.get(&edit).ok(200).text();
    let asked: Vec<(String, String)> = page
        .split(" name=\"i.")
        .skip(1)
        .map(|piece| (format!("i.{}", piece.split('"').next().unwrap()), "解析に必要".to_owned()))
        .collect();
    let spec = between(&page, "aria-describedby=\"spec-help\">", "</textarea>");
    let spec = spec.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let with_spec = [borrowed(&asked), vec![("spec", spec.as_str())]].concat();
    let written = go(&applicant, &edit, &with_spec).text();
    assert!(written.contains("提出できます"), "{}", words_of(&written));
    go(&applicant, &format!("{path}/submit"), &[]);
    // Somebody else's number is nobody's.
    assert_eq!(server.login("applicant-02").get(&path).status, 404);

    let office = server.login("secretary-01");
    let case = format!("/office/cases/{id}");
    assert!(office.get("/office/board").ok(200).text().contains(&id));
    go(&office, &format!("{case}/take"), &[]);
    go(&office, &format!("{case}/accept"), &[]);
    go(&office, &format!("{case}/dossier"), &[]);
    let dossier = office.get(&format!("{case}/dossier")).ok(200).text();
    assert!(dossier.contains("文書のハッシュ") && dossier.contains("リスク区分"), "{}", words_of(&dossier));
    let one = office.get(&format!("{case}/dossier.html")).ok(200);
    assert!(one.header("content-disposition").unwrap().contains(&format!("dossier-{id}.html")));
    assert!(one.text().starts_with("<!DOCTYPE html>") && one.text().contains("文書のハッシュ"));
    // A trial is a job of the office; in a house that holds nothing it says why there is none.
    go(&office, &format!("{case}/dossier"), &[("simulate", "1")]);
    let began = std::time::Instant::now();
    while !office.get(&format!("{case}/dossier")).ok(200).text().contains("試算できませんでした") {
        assert!(began.elapsed().as_secs() < 60, "the trial hangs");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    go(&office, "/office/meetings", &[("on", "2026-11-20"), ("mode", "online"), ("place", "見本会議室")]);
    go(&office, &format!("{case}/put"), &[("meeting", "MT-0001")]);
    let there: Vec<String> = (1..=7).map(|n| format!("member-{n:02}")).collect();
    let there: Vec<(&str, &str)> = there.iter().map(|m| ("member", m.as_str())).collect();
    let meeting = go(&office, "/office/meetings/MT-0001/attend", &there).text();
    assert!(meeting.contains("定足数を満たす") && meeting.contains("member-01"), "{}", words_of(&meeting));
    let opened = go(&office, &format!("{case}/open"), &[("meeting", "MT-0001")]).text();
    assert!(opened.contains("票は締切りまで誰にも見えません"), "{}", words_of(&opened));

    // The university's own member sees neither papers nor votes; the others declare first.
    let ballot = format!("{id}-B1");
    let seen = format!("/committee/cases/{id}");
    let recused = server.login("member-01").get(&seen).ok(200).text();
    assert!(recused.contains("除斥") && !recused.contains("資料のハッシュ"), "{}", words_of(&recused));
    assert_eq!(server.login("member-01").get(&format!("{seen}/dossier.html")).status, 404);
    for n in 2..=7 {
        let member = server.login(&format!("member-{n:02}"));
        let file = format!("{seen}/dossier.html");
        assert_eq!(member.get(&file).status, 404, "the declaration comes first");
        let before = member.get(&seen).ok(200).text();
        assert!(before.contains("利益相反を申告してください") && !before.contains("資料のハッシュ"));
        let after = go(&member, &format!("{seen}/declare"), &[("conflict", "no"), ("reason", "")]).text();
        assert!(
            after.contains("資料のハッシュ") && after.contains("投票してください"),
            "{}",
            words_of(&after)
        );
        assert!(member.get(&file).ok(200).text().contains("文書のハッシュ"));
        let cast = [("ballot", ballot.as_str()), ("vote", "approve"), ("reason", "ひそかな理由")];
        let voted = go(&member, &format!("{seen}/vote"), &cast).text();
        assert!(!voted.contains("ひそかな理由"), "{}", words_of(&voted));
        assert_eq!(member.post(&format!("{seen}/vote"), &cast).status, 400);
    }
    assert!(!office.get(&case).ok(200).text().contains("ひそかな理由"));
    let closed = go(&office, &format!("{case}/close"), &[("ballot", &ballot)]).text();
    assert!(closed.contains("ひそかな理由") && closed.contains("承認"), "{}", words_of(&closed));
    assert!(office.get("/office/minutes/MT-0001").ok(200).text().contains("member-01"));
    assert!(!office.get("/office/summary/MT-0001").ok(200).text().contains("member-01"));

    let board = server.login("board-01");
    let waiting = board.get("/approvals").ok(200).text();
    let request = between(&waiting, "name=\"request\" value=\"", "\"");
    let signed = go(&board, "/approvals/sign", &[("request", &request)]).text();
    assert!(signed.contains(&ballot) && signed.contains("有効"), "{}", words_of(&signed));
    let approved = applicant.get(&path).ok(200).text();
    assert!(
        approved.contains("変更の申出を始める") && !approved.contains("ひそかな理由"),
        "{}",
        words_of(&approved)
    );
    assert_eq!(say(&house, "applicant-01", &["application", "show", &id])["state"], "approved");
}

#[test]
fn a_minor_amendment_is_decided_without_a_meeting_through_the_pages() {
    let region = Region::get();
    let house = region.house();
    members(&house, 7);
    let id = before_the_committee(&house, &|_| ());
    decided(&house, &id, "approve", None);
    let request = string(&say(&house, "applicant-01", &["application", "show", &id]), "request");
    by(&house, "board-01", 0, &["board", "approve", &request, "--approver", "board-01"]);
    let amended = |name: &str| {
        let document = document(&house, &|d| d["fields"][name] = json!("新しい記載"));
        let amended = say(&house, "applicant-01", &["application", "amend", &id, &document]);
        let amended = string(&amended, "application");
        by(&house, "applicant-01", 0, &["application", "submit", &amended]);
        accepted(&house, &amended);
        amended
    };
    let (plan, contact) = (amended("plan"), amended("contact"));
    let server = Server::start(&house);
    let office = server.login("secretary-01");
    // What is no minor amendment is offered no vote without a meeting, and gets none.
    let large = office.get(&format!("/office/cases/{plan}")).ok(200).text();
    assert!(large.contains("軽微な変更の申出ではありません"), "{}", words_of(&large));
    let two = [("member", "member-02"), ("member", "member-03")];
    assert_eq!(office.post(&format!("/office/cases/{plan}/expedite"), &two).status, 400);
    // Opened over two members; who has answered is seen, never how.
    let case = format!("/office/cases/{contact}");
    assert!(office.get(&case).ok(200).text().contains(&format!("{case}/expedite")));
    assert_eq!(office.post(&format!("{case}/expedite"), &two[..1]).status, 400, "one is too few");
    let opened = go(&office, &format!("{case}/expedite"), &two).text();
    assert!(opened.contains("会議を開かず") && opened.contains("未回答"), "{}", words_of(&opened));
    let (seen, ballot) = (format!("/committee/cases/{contact}"), format!("{contact}-B1"));
    let answer = |who: &str| {
        let member = server.login(who);
        go(&member, &format!("{seen}/declare"), &[("conflict", "no"), ("reason", "")]);
        assert!(member.get("/committee").ok(200).text().contains("迅速審査: 投票してください"));
        go(
            &member,
            &format!("{seen}/vote"),
            &[("ballot", &ballot), ("vote", "approve"), ("reason", "ひそかな理由")],
        )
    };
    let voted = answer("member-02").text();
    assert!(voted.contains("回答済み") && !voted.contains("ひそかな理由"), "{}", words_of(&voted));
    let half = office.get(&case).ok(200).text();
    assert!(
        half.contains("回答済み") && half.contains("未回答") && !half.contains("ひそかな理由"),
        "{}",
        words_of(&half)
    );
    // A member who is not asked is told so.
    let other = server.login("member-04");
    go(&other, &format!("{seen}/declare"), &[("conflict", "no"), ("reason", "")]);
    let other = other.get(&seen).ok(200).text();
    assert!(
        other.contains("回答を求められていません") && !other.contains("投票する</button>"),
        "{}",
        words_of(&other)
    );
    answer("member-03");
    let closed = go(&office, &format!("{case}/close"), &[("ballot", &ballot)]).text();
    assert!(closed.contains("承認") && closed.contains("ひそかな理由"), "{}", words_of(&closed));
    assert!(office.get(&format!("/office/minutes/{ballot}")).ok(200).text().contains("member-02"));
}
