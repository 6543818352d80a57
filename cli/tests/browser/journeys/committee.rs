//! A member of the committee without a mouse: declares, reads the dossier, votes. What the applicant and the review office do
//! before it goes over HTTP; their pages are looked at on the walks.

use crate::driver::ENTER;
use crate::house::{House, text};
use crate::stage::Stage;
use crate::web::{Browser, between};

/// Seven members with their seats.
pub fn seat(house: &House) {
    let members = house.region.path("committee/members.toml");
    house.run(0, &["--actor", "secretary-01", "committee", "member", "load", text(&members)]);
}

/// The number of the meeting that was called last, on the page of meetings.
pub fn newest_meeting(page: &str) -> String {
    let of = |piece: &str| piece.chars().take_while(char::is_ascii_digit).collect::<String>();
    let last = page.split("MT-").skip(1).map(of).max().unwrap();
    format!("MT-{last}")
}

/// A form over HTTP that must go on to another page.
pub fn go(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let went = browser.post(path, fields).ok(303);
    let to = went.header("location").unwrap().to_owned();
    browser.get(&to).ok(200).text()
}

/// An application, written and handed in; its number.
fn handed_in(applicant: &Browser) -> String {
    let begin = [
        ("title", "処方の研究"),
        ("template", "s5-drug-recipients"),
        ("from", "2026-01-01"),
        ("to", "2026-12-31"),
    ];
    let began = applicant.post("/applications/new", &begin).ok(303);
    let path = began.header("location").unwrap().to_owned();
    for section in ["applicant", "purpose", "data", "recipients", "security", "after"] {
        let edit = format!("{path}/edit/{section}");
        let page = applicant.get(&edit).ok(200).text();
        let fields: Vec<(String, String)> = page.split(" name=\"f.").skip(1).map(filled).collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        go(applicant, &edit, &fields);
    }
    let edit = format!("{path}/edit/spec");
    let page = applicant.get(&edit).ok(200).text();
    let items: Vec<String> =
        page.split(" name=\"i.").skip(1).map(|p| format!("i.{}", p.split('"').next().unwrap())).collect();
    let spec = between(&page, "aria-describedby=\"spec-help\">", "</textarea>");
    let spec = spec.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let mut fields: Vec<(&str, &str)> = items.iter().map(|n| (n.as_str(), "解析に必要")).collect();
    fields.push(("spec", &spec));
    go(applicant, &edit, &fields);
    go(applicant, &format!("{path}/submit"), &[]);
    path.trim_start_matches("/applications/").to_owned()
}

/// A field of a section with something that fits.
fn filled(piece: &str) -> (String, String) {
    let name = format!("f.{}", piece.split('"').next().unwrap());
    let tag = piece.split('>').next().unwrap();
    let value = match piece.split_once("<option value=\"\">") {
        Some((_, options)) if !tag.contains("type=") => between(options, "<option value=\"", "\""),
        _ if tag.contains("type=\"date\"") => "2027-03-31".to_owned(),
        _ if tag.contains("numeric") => "1000".to_owned(),
        _ => "見本".to_owned(),
    };
    (name, value)
}

/// Declares, reads, votes.
pub fn vote(stage: &Stage<'_>) {
    let applicant = stage.beside("applicant-01");
    let id = handed_in(&applicant);
    let office = stage.beside("secretary-01");
    let case = format!("/office/cases/{id}");
    for step in ["take", "accept", "dossier"] {
        go(&office, &format!("{case}/{step}"), &[]);
    }
    let call = [("on", "2026-11-20"), ("mode", "online"), ("place", "見本会議室")];
    let meeting = newest_meeting(&go(&office, "/office/meetings", &call));
    go(&office, &format!("{case}/put"), &[("meeting", &meeting)]);
    let there: Vec<String> = (1..=7).map(|n| format!("member-{n:02}")).collect();
    let there: Vec<(&str, &str)> = there.iter().map(|m| ("member", m.as_str())).collect();
    go(&office, &format!("/office/meetings/{meeting}/attend"), &there);
    go(&office, &format!("{case}/open"), &[("meeting", &meeting)]);

    let window = stage.come_in("member-02");
    window.key_press("nav.menu a[href='/committee']");
    window.one("main table");
    stage.look(&window, "committee-waiting");
    let own = format!("/committee/cases/{id}");
    window.key_press(&format!("main a[href='{own}']"));
    let declare = format!("main form[action='{own}/declare']");
    window.one(&declare);
    stage.look(&window, "committee-declare");
    window.key_choice("conflict", "no");
    window.key_press(&format!("{declare} button.main"));
    let ballot = format!("main form[action='{own}/vote']");
    window.one(&ballot);
    stage.look(&window, "committee-dossier");
    window.key_choice("vote", "approve");
    window.key_in("reason", "必要な項目に限られている");
    window.tab_to(&format!("{ballot} button.main"));
    window.type_keys(&ENTER.to_string());
    window.one("main .flash, main .standing.waiting");
    assert!(!window.has(&ballot), "somebody may vote twice");
    stage.look(&window, "committee-voted");
    let member = stage.come_in("member-01");
    member.go(&own);
    member.sees("除斥");
    stage.look(&member, "committee-recused");
    let written = stage.come_in("applicant-01");
    written.go(&format!("/applications/{id}"));
    stage.look(&written, "applicant-application");
    let board = stage.come_in("secretary-01");
    board.go("/office/board");
    stage.look(&board, "secretary-board");
    board.go(&case);
    stage.look(&board, "secretary-case");
}
