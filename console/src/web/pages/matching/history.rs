//! The past of a person (経緯): members, merges and splits on a time line, rulings, touched releases, and the undoing of a ruling
//! that two people make.

use maud::{Markup, html};
use serde_json::Value;

use super::pair::{affected, rulings, what};
use super::{is_id, pair_path, reason, short};
use crate::web::house::Order;
use crate::web::pages::aftermath;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::{matching as w, output};
use crate::words::Lang;

fn find_form(v: &Visit<'_>, id: &str) -> Markup {
    html! {
        form.inline action="/matching/person" method="get" {
            (ui::field(v.lang, "id", &w::ID, "text", id, true, v.say(&w::ID_HELP)))
            (ui::field(v.lang, "as_of", &w::AS_OF, "date", v.field("as_of"), false, ""))
            button { (v.say(&w::SHOW)) }
        }
    }
}

/// A person by research id or identity. Both are random or keyed; neither says anything of who it is.
pub(super) fn person(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.field("id").trim().to_ascii_lowercase();
    if id.is_empty() {
        let body = find_form(v, "");
        return Ok(v.page(v.say(&w::HISTORY), &body));
    }
    if !is_id(&id) {
        let body = html! { div.problem role="alert" { p { a href="#id" { (v.say(&w::ID_HELP)) } } } (find_form(v, &id)) };
        return Ok(super::bad(v.page(v.say(&w::HISTORY), &body)));
    }
    let answer = v.give(&Order::new("person show").given("--as-of", v.field("as_of")).word(id.as_str()))?;
    if !answer.went() {
        return Err(Problem::NotFound);
    }
    let shown = answer.value;
    if shown.at("blind").is_i64() {
        let body = html! {
            (find_form(v, &id))
            (ui::standing(v.lang, Tone::Plain, v.say(&w::KEPT_NOTE), "", v.say(&w::CLERK), None))
            p { (ui::link("/matching/second", v.say(&w::SECOND))) }
        };
        return Ok(v.page(v.say(&w::HISTORY), &body));
    }
    let told = v.value(&Order::new("person explain").word(id.as_str()))?;
    let touched = v.value(&Order::new("person affected").word(id.as_str()))?;
    let body = html! { (find_form(v, &id)) (past(v.lang, &shown, &told, &touched)) };
    Ok(v.page(v.say(&w::HISTORY), &body))
}

fn state_word(lang: Lang, state: &str) -> (Tone, &str) {
    match state {
        "active" => (Tone::Good, lang.pick("有効", "active")),
        "merged" => (Tone::Plain, lang.pick("統合済み", "merged")),
        "split" => (Tone::Plain, lang.pick("分割済み", "split")),
        "retired" => (Tone::Plain, lang.pick("廃止", "retired")),
        other => (Tone::Plain, other),
    }
}

fn kind_word(lang: Lang, kind: &str) -> &str {
    match kind {
        "new" => lang.pick("新しい人", "a new person"),
        "join" => lang.pick("同じ人に加わった", "joined the person"),
        "merge" => lang.pick("二人が一人になった", "two became one"),
        "split" => lang.pick("分かれて新しい人になった", "split off"),
        "move" => lang.pick("別の人に移った", "moved to another person"),
        "revive" => lang.pick("統合前の研究用IDに戻った", "got an old id back"),
        "ruling" => lang.pick("人による裁定", "a ruling"),
        other => other,
    }
}

/// The whole page of a person. Pure.
fn past(lang: Lang, shown: &Value, told: &Value, touched: &Value) -> Markup {
    let (tone, state) = state_word(lang, shown.text("state"));
    let members = shown.list("members");
    let sentence = lang.pick(
        format!("研究用ID {}: {state}、元データ {} 件", shown.text("research_id"), members.len()),
        format!("Research id {}: {state}, {} identities", shown.text("research_id"), members.len()),
    );
    let mut line: Vec<(jiff::Timestamp, String, Markup)> = told
        .list("decisions")
        .iter()
        .filter_map(|d| {
            let spoke = html! {
                (kind_word(lang, d.text("kind"))) " " (short(d.text("identity")))
                @if !d.text("record").is_empty() { " ↔ " a href=(pair_path(d.text("identity"), d.text("record"))) { (short(d.text("record"))) } }
                @if !d.text("former").is_empty() { " (" (short(d.text("former"))) " → " (short(d.text("research_id"))) ")" }
            };
            Some((d.moment("at")?, d.text("model").to_owned(), spoke))
        })
        .collect();
    line.extend(told.list("rulings").iter().filter_map(|r| {
        let said = html! { (lang.say(&w::RULING)) " #" (r.count("ruling")) ": " (what(lang, r.yes("same"))) " — " (r.text("reason")) };
        Some((r.moment("at")?, r.text("by").to_owned(), said))
    }));
    line.extend(told.list("rulings").iter().filter_map(|r| {
        let said = html! { (lang.say(&w::UNDONE)) " #" (r.count("ruling")) };
        Some((r.moment("undone_at")?, r.text("undone_by").to_owned(), said))
    }));
    line.sort_by_key(|(at, ..)| *at);
    let aliases: Vec<&str> = shown.list("replaced_by").iter().filter_map(Value::as_str).collect();
    let in_force: Vec<&Value> = told.list("rulings").iter().filter(|r| r.yes("in_force")).collect();
    html! {
        (ui::standing(lang, tone, &sentence, "", lang.say(&w::CLERK), None))
        (ui::section(lang.say(&w::MEMBERS), "", &member_table(lang, members)))
        (ui::section(lang.say(&w::ALIASES), "", &html! {
            @if aliases.is_empty() { p { (lang.say(&w::NO_ALIASES)) } } @else { ul { @for a in &aliases { li { a href={ "/matching/person?id=" (a) } { code { (a) } } } } } }
        }))
        (ui::section(lang.say(&w::TIMELINE), "", &ui::timeline(&line)))
        @if !told.list("rulings").is_empty() { (ui::section(lang.say(&w::RULINGS), "", &html! {
            (rulings(lang, told.list("rulings")))
            @for r in in_force { p { a href={ "/matching/undo?ruling=" (r.count("ruling")) } { (lang.say(&w::PROPOSE_UNDO)) " #" (r.count("ruling")) } } }
        })) }
        (ui::section(lang.say(&w::AFFECTED), "", &affected(lang, touched.list("releases"))))
        (ui::section(lang.say(&output::AFTERMATH), "", &aftermath::shown(lang, touched.at("handed"))))
    }
}

fn member_table(lang: Lang, members: &[Value]) -> Markup {
    let rows: Vec<Vec<Markup>> = members
        .iter()
        .map(|m| {
            vec![
                short(m.text("identity")),
                html! { (m.text("provider")) },
                html! { (m.text("seen_first")) },
                html! { (m.text("seen_last")) },
                html! { @if let Some(at) = m.moment("since") { (ui::moment(at)) } @else { "—" } },
            ]
        })
        .collect();
    let heads = [
        (lang.say(&w::IDENTITY), false),
        (lang.say(&w::PROVIDER), false),
        (lang.say(&w::SEEN_FIRST), false),
        (lang.say(&w::SEEN_LAST), false),
        (lang.say(&w::SINCE), false),
    ];
    if rows.is_empty() {
        ui::empty(lang.say(&w::NO_MEMBERS))
    } else {
        ui::table(lang.say(&w::MEMBERS), &heads, &rows)
    }
}

/// Undoings that wait for a second person, and the form of a new one.
pub(super) fn undos(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("person undo"))?;
    let me = v.me()?.account.clone();
    let rows: Vec<Vec<Markup>> = told
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|r| {
            let ruling = r.count("ruling");
            vec![
                html! { (ruling) },
                html! { (what(v.lang, r.yes("same"))) },
                html! { a href=(pair_path(r.text("a"), r.text("b"))) { (short(r.text("a"))) " / " (short(r.text("b"))) } },
                html! { code { (r.text("proposed_by")) } ": " (r.text("reason")) },
                html! {
                    @if r.text("proposed_by") == me { (ui::greyed(v.say(&w::CONFIRM_UNDO), v.say(&w::OTHER_CONFIRMS))) }
                    @else {
                        form.inline action="/matching/undo/confirm" method="post" data-confirm=(v.say(&w::UNDO_ASK)) {
                            input type="hidden" name="ruling" value=(ruling);
                            button.danger { (v.say(&w::CONFIRM_UNDO)) }
                        }
                    }
                },
            ]
        })
        .collect();
    let heads = [
        ("#", true),
        (v.say(&w::RULING), false),
        (v.say(&w::PAIR), false),
        (v.say(&w::PROPOSED), false),
        (v.say(&w::CONFIRM_UNDO), false),
    ];
    let body = html! {
        p { (v.say(&w::UNDO_NOTE)) }
        @if rows.is_empty() { (ui::empty(v.say(&w::NO_UNDOS))) } @else { (ui::table(v.say(&w::UNDOS), &heads, &rows)) }
        (ui::section(v.say(&w::PROPOSE_UNDO), "", &ui::form("/matching/undo", v.say(&w::PROPOSE_UNDO), &html! {
            (ui::field(v.lang, "ruling", &w::RULING_NUMBER, "number", v.field("ruling"), true, ""))
            (ui::area(v.lang, "reason", &w::REASON, "", true, v.say(&w::REASON_HELP)))
        })))
    };
    Ok(v.page(v.say(&w::UNDOS), &body))
}

fn number(v: &Visit<'_>) -> Result<String, Problem> {
    let ruling = v.need("ruling", &w::RULING_NUMBER)?;
    if ruling.parse::<u32>().is_ok() { Ok(ruling.to_owned()) } else { Err(Problem::NotFound) }
}

/// Proposes to undo a ruling.
pub(super) fn propose(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order =
        Order::new("person undo").option("--by", v.me()?.account.clone()).option("--reason", reason(v)?);
    let answer = v.give(&order.word(number(v)?))?;
    v.after(&answer, "/matching/undo")
}

/// Confirms what another person proposed.
pub(super) fn confirm(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("person undo").option("--by", v.me()?.account.clone()).flag("--confirm");
    let answer = v.give(&order.word(number(v)?))?;
    v.after(&answer, "/matching/undo")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decisions_and_rulings_stand_on_one_line_in_order() {
        let id = "0".repeat(32);
        let told = json!({ "decisions": [{ "kind": "merge", "at": "2026-11-02T00:00:00Z", "identity": id }],
            "rulings": [{ "ruling": 5, "same": false, "at": "2026-11-01T00:00:00Z", "by": "linker-01", "reason": "家族", "in_force": true }] });
        let shown = json!({ "research_id": id, "state": "active", "members": [] });
        let page = past(Lang::Ja, &shown, &told, &json!({ "releases": [] })).into_string();
        let at = |words: &str| page.find(words).unwrap_or(usize::MAX);
        assert!(at("#5: 別人") < at("二人が一人になった"), "{page}");
        assert!(page.contains("/matching/undo?ruling=5"));
    }
}
