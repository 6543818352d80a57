//! Voting, exceptions and the officer's word. A comment travels as a file in memory, never as a word of a command line.

use std::fmt::Write as _;

use maud::{Markup, html};
use serde_json::Value;

use super::verdict;
use crate::web::house::Order;
use crate::web::pages::said::{list, part, text};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::output as w;

/// The form of a ballot; why there is none, otherwise.
pub(super) fn form(v: &Visit<'_>, id: &str, told: &Value) -> Markup {
    let check = part(told, "check");
    let heading = v.say(&w::VOTE);
    let why = match (text(check, "mine"), text(check, "state")) {
        ("outstanding", _) => "",
        (_, "blind" | "consolidation") => {
            v.pick("投票済み、または作成者・承認者です。", "You have voted, or you made or approved it.")
        }
        _ => v.pick("投票の段階は終わっています。", "Voting is over."),
    };
    if !why.is_empty() {
        return ui::section(heading, "", &ui::greyed(heading, why));
    }
    let choices = [
        ("approve", v.pick("適(そのまま提供してよい)", "approve")),
        ("change", v.pick("要修正(直してから)", "change")),
        ("reject", v.pick("不適(提供してはならない)", "reject")),
    ];
    let body = html! {
        @for (at, file) in list(told, "files").iter().filter(|f| super::yes(f, "voted")).enumerate() {
            @let name = text(file, "name");
            fieldset {
                legend { (name) }
                input type="hidden" name="file" value=(name);
                @for (value, words) in choices {
                    label.radio { input type="radio" name={ "verdict-" (at) } value=(value) required; " " (words) }
                }
                div.field {
                    label for={ "comment-" (at) } { (v.say(&w::COMMENT)) }
                    textarea id={ "comment-" (at) } name={ "comment-" (at) } rows="3" {}
                    p.help { (v.pick("要修正・不適のとき、突合せで意見を変えるときは必須です。", "Needed for change and reject, and when a vote is changed.")) }
                }
            }
        }
    };
    let note = match text(check, "state") {
        "consolidation" => v.pick(
            "ほかの確認者の意見が見えます。もう一度、全てのファイルに投票してください。",
            "The others' votes are shown. Vote on every file once more.",
        ),
        _ => v.pick(
            "全員が投票するまで、あなたの意見はほかの確認者に見えません。",
            "Nobody sees your vote before all have voted.",
        ),
    };
    html! {
        (ui::section(heading, note, &ui::form(&format!("/output/{id}/vote"), heading, &body)))
        (exception_form(v, id, told))
    }
}

fn exception_form(v: &Visit<'_>, id: &str, told: &Value) -> Markup {
    let files: Vec<(String, String)> = list(told, "files")
        .iter()
        .filter(|f| super::yes(f, "voted"))
        .map(|f| (text(f, "name").to_owned(), text(f, "name").to_owned()))
        .collect();
    let grounds: Vec<(String, String)> = musubi_compliance::output::Ground::ALL
        .iter()
        .filter(|g| g.grantable())
        .map(|g| (g.as_str().to_owned(), v.pick(g.ja(), g.as_str()).to_owned()))
        .collect();
    let body = html! {
        (ui::choice(v.lang, "file", &w::FILE, &files, ""))
        (ui::choice(v.lang, "ground", &w::GROUND, &grounds, ""))
        (ui::area(v.lang, "reason", &w::REASON, "", true, v.pick("個人が分かることは書かないでください。", "Nothing of a person.")))
    };
    let note = v.pick(
        "最小の人数(法令等の下限)に例外はありません。責任者が決めるまで確認は終わりません。",
        "There is no exception from the law's least number. The check waits for the officer.",
    );
    let heading = v.say(&w::EXCEPTION);
    ui::section(heading, note, &ui::form(&format!("/output/{id}/exception"), heading, &body))
}

/// A ballot in the form that the verb reads.
fn ballot(v: &Visit<'_>) -> String {
    let mut text = String::new();
    for (at, name) in v.fields("file").enumerate() {
        let quoted = |words: &str| Value::String(words.trim().replace("\r\n", "\n")).to_string();
        // A JSON string is a TOML string; writing to a string does not fail.
        let _ = writeln!(
            text,
            "[[file]]\nname = {}\nverdict = {}\ncomment = {}",
            quoted(name),
            quoted(v.field(&format!("verdict-{at}"))),
            quoted(v.field(&format!("comment-{at}")))
        );
    }
    text
}

pub(super) fn vote(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let told = v.value(&Order::new("output list"))?;
    let this = list(&told, "releases").iter().find(|r| text(r, "release") == id).ok_or(Problem::NotFound)?;
    let verb = match text(part(this, "check"), "state") {
        "consolidation" => "output consolidate",
        _ => "output vote",
    };
    let answer = v.give(&Order::new(verb).word(&id).file(ballot(v)))?;
    v.after(&answer, "/output")
}

pub(super) fn exception(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let reason = v.need("reason", &w::REASON)?;
    let order = Order::new("output exception")
        .word(&id)
        .option("--file", v.field("file"))
        .option("--ground", v.field("ground"))
        .option("--reason", reason);
    let answer = v.give(&order)?;
    v.after(&answer, format!("/output/{id}"))
}

pub(super) fn grant(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let verb = if v.field("word") == "grant" { "output grant" } else { "output refuse" };
    let order = Order::new(verb).word(v.param("number")).option("--reason", v.need("reason", &w::REASON)?);
    let answer = v.give(&order)?;
    v.after(&answer, format!("/output/{}/result", v.param("id")))
}

pub(super) fn decide(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("output decide")
        .word(v.param("id"))
        .option("--word", v.field("word"))
        .option("--reason", v.need("reason", &w::REASON)?);
    let answer = v.give(&order)?;
    v.after(&answer, format!("/output/{}/result", v.param("id")))
}

/// The exceptions asked for; an officer decides on open ones.
pub(super) fn exceptions(v: &Visit<'_>, id: &str, check: &Value, officer: bool) -> Markup {
    let all = list(check, "exceptions");
    if all.is_empty() {
        return html! {};
    }
    let body = html! {
        @for e in all {
            @let decision = part(e, "decision");
            @let number = super::count(e, "exception");
            h3 { (v.pick("例外 ", "Exception ")) (number) " " (text(e, "file")) }
            (ui::facts(&[
                (v.pick("規則", "Rule"), html! { (ground(v, text(e, "ground"))) }),
                (v.pick("理由", "Reason"), html! { (text(e, "reason")) }),
                (v.pick("求めた人", "Asked by"), html! { (text(e, "asked_by")) }),
            ]))
            @if decision.is_null() {
                p { (ui::badge(Tone::Waiting, v.pick("責任者の判断待ち", "waits for the officer"))) }
                @if officer { (word_form(v, &format!("/output/{id}/exception/{number}"), ["grant", "refuse"], [v.pick("認める", "grant"), v.pick("認めない(差戻し)", "refuse (returns the release)")], v.say(&w::GRANT))) }
            } @else {
                p {
                    @if super::yes(decision, "granted") { (ui::badge(Tone::Good, v.pick("認めた", "granted"))) }
                    @else { (ui::badge(Tone::Bad, v.pick("認めなかった", "refused"))) }
                    " " (text(decision, "by")) ": " (text(decision, "reason"))
                }
            }
        }
    };
    ui::section(v.pick("例外の求め", "Exceptions"), "", &body)
}

fn ground<'a>(v: &Visit<'_>, word: &'a str) -> &'a str {
    musubi_compliance::output::Ground::from_name(word).map_or(word, |g| v.pick(g.ja(), g.as_str()))
}

/// A choice of two words with a reason. The words' ids are told apart by the path of the form.
fn word_form(v: &Visit<'_>, path: &str, values: [&str; 2], words: [&str; 2], go: &str) -> Markup {
    let id = path.rsplit('/').next().unwrap_or_default();
    let body = html! {
        fieldset {
            legend { (v.say(&w::VERDICT)) }
            @for (value, words) in values.iter().zip(words) {
                label.radio { input type="radio" name="word" value=(value) required; " " (words) }
            }
        }
        div.field {
            label for={ "reason-" (id) } { (v.say(&w::REASON)) " " span.must { (v.pick("必須", "required")) } }
            textarea id={ "reason-" (id) } name="reason" rows="3" required {}
        }
    };
    ui::form(path, go, &body)
}

/// The officer's word where checkers still differ.
pub(super) fn decision(v: &Visit<'_>, id: &str, check: &Value, officer: bool) -> Markup {
    let said = part(check, "decision");
    let heading = v.pick("責任者の判断", "The officer's word");
    if !said.is_null() {
        let word = if super::yes(said, "accepted") { "approve" } else { "reject" };
        let body = html! { p { (verdict(v, word)) " " (text(said, "by")) ": " (text(said, "reason")) } };
        return ui::section(heading, "", &body);
    }
    if text(check, "state") != "undecided" {
        return html! {};
    }
    let body = if officer {
        let words = [v.pick("進めてよい", "accept"), v.pick("差し戻す", "return")];
        word_form(v, &format!("/output/{id}/decide"), ["accept", "return"], words, v.say(&w::DECIDE))
    } else {
        ui::greyed(v.say(&w::DECIDE), v.pick("管理責任者が判断します。", "The officer decides."))
    };
    ui::section(heading, "", &body)
}
