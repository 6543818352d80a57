//! An application from its first word to the signed approval, all of it in the browser: the applicant writes and hands in, the
//! office looks, calls a meeting and opens the ballot, members vote (one of them without script), the office closes, whoever
//! signs for the board signs.

use super::committee::{go, newest_meeting};
use crate::driver::Window;
use crate::stage::Stage;

/// What the region's made-up application says, by field.
fn said(stage: &Stage<'_>) -> impl Fn(&str) -> Option<String> {
    let text = std::fs::read_to_string(stage.region.path("committee/application.toml")).unwrap();
    let fields: toml::Table = text.parse().unwrap();
    move |name| {
        let given = match name.split_once('.') {
            Some(("f", field)) => fields["fields"].get(field),
            _ => None,
        };
        given.and_then(|v| v.as_str()).map(str::to_owned)
    }
}

/// Writes all sections and hands in; the number of the application.
fn hands_in(stage: &Stage<'_>, window: &Window) -> String {
    window.menu("/applications");
    window.follow("/applications/new");
    stage.look(window, "applicant-new");
    let form = "/applications/new";
    window.write(form, "title", "医薬品別の受療者数の地域差");
    window.choose(form, "template", "s5-drug-recipients");
    window.day(form, "from", "2026-01-01");
    window.day(form, "to", "2026-12-31");
    window.send(form);
    let own = window.at();
    stage.look(window, "applicant-draft");
    let said = said(stage);
    for section in ["applicant", "purpose", "data", "recipients", "security", "after", "spec"] {
        let edit = format!("{own}/edit/{section}");
        window.follow(&edit);
        window.fill_in(&edit, &|name| match name.strip_prefix("i.") {
            Some(_) => Some("地域・性・年齢で処方が異なるため".to_owned()),
            None => said(name),
        });
        if matches!(section, "purpose" | "spec") {
            stage.look(window, &format!("applicant-{section}"));
        }
        window.send(&edit);
    }
    window.sees("提出できます");
    stage.look(window, "applicant-complete");
    window.send(&format!("{own}/submit"));
    stage.look(window, "applicant-handed-in");
    own.trim_start_matches("/applications/").to_owned()
}

/// The office: pre-check, dossier, meeting, attendance, ballot. The number of the meeting.
fn puts_to_vote(stage: &Stage<'_>, window: &Window, id: &str) -> String {
    let case = format!("/office/cases/{id}");
    window.menu("/office/board");
    window.follow(&case);
    stage.look(window, "secretary-handed-in");
    window.send(&format!("{case}/take"));
    window.send(&format!("{case}/accept"));
    window.send(&format!("{case}/dossier"));
    window.menu("/office/meetings");
    let form = "/office/meetings";
    window.day(form, "on", "2026-11-27");
    window.choose(form, "mode", "online");
    window.write(form, "place", "見本会議室");
    window.send(form);
    stage.look(window, "secretary-meetings");
    let meeting = newest_meeting(&window.words());
    window.go(&case);
    stage.look(window, "secretary-accepted");
    window.choose(&format!("{case}/put"), "meeting", &meeting);
    window.send(&format!("{case}/put"));
    let held = format!("/office/meetings/{meeting}");
    window.go(&held);
    for member in window.all(&format!("main form[action='{held}/attend'] input[name=member]")) {
        member.click();
    }
    window.send(&format!("{held}/attend"));
    window.sees("定足数を満たす");
    stage.look(window, "secretary-meeting");
    window.go(&case);
    window.choose(&format!("{case}/open"), "meeting", &meeting);
    // Both choices of a meeting have names of their own.
    stage.look(window, "secretary-agenda");
    window.send(&format!("{case}/open"));
    window.sees("票は締切りまで誰にも見えません");
    meeting
}

/// Declares and votes with the mouse, or as a browser without script does.
fn votes(window: &Window, id: &str, vote: &str, reason: &str) {
    let own = format!("/committee/cases/{id}");
    window.menu("/committee");
    window.follow(&own);
    window.choose(&format!("{own}/declare"), "conflict", "no");
    window.send(&format!("{own}/declare"));
    window.choose(&format!("{own}/vote"), "vote", vote);
    window.write(&format!("{own}/vote"), "reason", reason);
    window.send(&format!("{own}/vote"));
    window.sees("あなたの票は受け付けました");
    assert!(!window.words().contains(reason), "a vote is shown before the closing");
}

/// All of it.
pub fn decided(stage: &Stage<'_>) {
    let applicant = stage.come_in("applicant-01");
    let id = hands_in(stage, &applicant);
    let office = stage.come_in("secretary-01");
    let meeting = puts_to_vote(stage, &office, &id);
    let case = format!("/office/cases/{id}");

    let plain = stage.window(false);
    stage.login(&plain, "member-03");
    votes(&plain, &id, "approve", "目的と項目が釣り合っている");
    for member in ["member-04", "member-05"] {
        votes(&stage.come_in(member), &id, "approve", "項目は必要な範囲にとどまる");
    }
    for member in ["member-02", "member-06", "member-07"] {
        let beside = stage.beside(member);
        let own = format!("/committee/cases/{id}");
        go(&beside, &format!("{own}/declare"), &[("conflict", "no"), ("reason", "")]);
        let ballot = format!("{id}-B1");
        let word = if member == "member-07" { "reject" } else { "approve" };
        go(
            &beside,
            &format!("{own}/vote"),
            &[("ballot", &ballot), ("vote", word), ("reason", "小地域の偏り")],
        );
    }

    office.go(&case);
    assert!(!office.words().contains("小地域の偏り"), "a vote is shown before the closing");
    stage.look(&office, "secretary-ballot");
    office.send(&format!("{case}/close"));
    office.sees("小地域の偏り");
    stage.look(&office, "secretary-decided");
    office.go(&format!("/office/minutes/{meeting}"));
    office.sees("member-07");
    stage.look(&office, "secretary-minutes");
    office.go(&format!("/office/summary/{meeting}"));
    assert!(!office.words().contains("member-0"), "the public summary names somebody");
    stage.look(&office, "secretary-summary");

    let board = stage.come_in("board-01");
    board.menu("/approvals");
    board.sees(&id);
    stage.look(&board, "board-waiting");
    board.send("/approvals/sign");
    board.one("main .flash");
    stage.look(&board, "board-signed");
    applicant.go(&format!("/applications/{id}"));
    applicant.one(&format!("main form[action='/applications/{id}/amend']"));
    assert!(!applicant.words().contains("member-0"), "the applicant is told who voted");
    stage.look(&applicant, "applicant-approved");
}
