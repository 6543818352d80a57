//! Stops at the desk: impact, who asks, confirmation, the entry with its deadlines, the paper for printing, taking back, the
//! certificate of erasure, and doubts. The rules are the verbs'; nothing here asks for a reason.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use musubi_compliance::desk::Way;
use musubi_compliance::organisation::Book;
use serde_json::Value;

use super::describe::{self, Fault, Wrong};
use super::person::{held_table, releases, scope_words};
use crate::web::house::{Ended, Order};
use crate::web::pages::aftermath;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::{desk as w, output};
use crate::words::Lang;

/// Fields of the request besides who asks and the person.
const REQUEST: [&str; 4] = ["channel", "checked_by", "scope", "received"];

fn way(v: &Visit<'_>, at: usize) -> Markup {
    describe::way(v, &[&w::STEP_IMPACT, &w::STEP_CONFIRM, &w::STEP_PAPER], at)
}

/// Desk accounts other than the visitor's: somebody else makes sure who asks.
fn checkers(v: &Visit<'_>) -> Result<Vec<(String, String)>, Problem> {
    let me = v.me()?.account.clone();
    let told = |e: &dyn std::fmt::Display| Problem::Broken(e.to_string());
    let rows = v
        .house()
        .act()?
        .using(|db| Ok::<_, musubi_storage::StorageError>((db.organisations()?, db.principals()?)));
    let (organisations, principals) = rows.map_err(|e| told(&e))?;
    let ids: Vec<String> = principals.iter().map(|p| p.id.clone()).filter(|id| *id != me).collect();
    let book = Book::new(organisations, principals).map_err(|e| told(&e))?;
    let today = v.house().today();
    let at_desk = |id: &String| {
        book.principal(id)
            .is_some_and(|p| p.human && p.active(today) && p.roles_on(today).contains(&AuditRole::HelpDesk))
    };
    Ok(ids.into_iter().filter(at_desk).map(|id| (id.clone(), id)).collect())
}

/// Who took part in the check, and by which way it came: the fields of a request besides who asks.
fn request_fields(v: &Visit<'_>) -> Result<Markup, Problem> {
    let ways: Vec<(String, String)> =
        Way::ALL.iter().map(|c| (c.as_str().to_owned(), v.pick(c.ja(), c.as_str()).to_owned())).collect();
    let channel = if v.field("channel").is_empty() { "operator-helpdesk" } else { v.field("channel") };
    let checkers = checkers(v)?;
    Ok(html! {
        (ui::choice(v.lang, "channel", &w::CHANNEL, &ways, channel))
        (ui::choice(v.lang, "checked_by", &w::CHECKED_BY, &checkers, v.field("checked_by")))
        p.help { (v.say(&w::CHECKED_BY_HELP)) }
        (ui::field(v.lang, "received", &w::RECEIVED, "date", v.field("received"), false, v.say(&w::RECEIVED_HELP)))
    })
}

/// The options of a verb on who asks.
fn asking(v: &Visit<'_>, order: Order) -> Order {
    let order = order
        .option("--channel", v.field("channel"))
        .option("--requester", v.field("requester"))
        .given("--life", v.field("life"))
        .given("--capacity", v.field("capacity"))
        .option("--check", v.field("check"))
        .option("--checked-by", v.field("checked_by"))
        .given("--received", v.field("received"));
    if v.field("confirmed") == "yes" { order } else { order.flag("--not-confirmed") }
}

/// What a stop would do, and the fields of the request.
pub(super) fn impact(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if !describe::is_described(v) {
        return Ok(Reply::to("/desk/person"));
    }
    impact_page(v, &Wrong::new())
}

fn impact_page(v: &mut Visit<'_>, wrong: &[Fault]) -> Result<Reply, Problem> {
    let seen = v.value(&Order::new("optout preview").option_file("--file", describe::file(v)))?;
    let mut scopes = vec![(String::new(), scope_words(v.lang, ""))];
    scopes.extend(
        seen.list("held").iter().map(|h| (h.text("provider").to_owned(), h.text("provider").to_owned())),
    );
    let fields = request_fields(v)?;
    let body = html! {
        (way(v, 0))
        (describe::summary(v.lang, wrong))
        (preview(v.lang, &seen))
        (ui::form("/desk/stop/confirm", v.say(&w::NEXT), &html! {
            (describe::carry_person(v)) (describe::carried(v, &["confirmed", "purpose"]))
            (describe::asking_fields(v))
            (fields)
            (ui::choice(v.lang, "scope", &w::REACH, &scopes, v.field("scope")))
        }))
    };
    Ok(describe::asked_again(v, &w::REGISTER_STOP, wrong, &body))
}

/// What is stored, what is being made, what was released. Pure.
fn preview(lang: Lang, seen: &Value) -> Markup {
    let running = seen.list("running").len();
    let stops = seen.list("stops");
    html! {
        @if !stops.is_empty() {
            div.problem role="alert" { p {
                (lang.say(&w::ALREADY))
                @for s in stops { " " (ui::link(&format!("/desk/stops/{}", s.as_str().unwrap_or_default()), s.as_str().unwrap_or_default())) }
            } }
        }
        (ui::section(lang.say(&w::IMPACT_STORED), lang.say(&w::IMPACT_STORED_NOTE), &held_table(lang, seen.list("held"))))
        (ui::section(lang.say(&w::IMPACT_RUNNING), "", &html! {
            @if running == 0 { (ui::empty(lang.say(&w::NONE_RUNNING))) } @else { p { (running) " — " (lang.say(&w::RUNNING_NOTE)) } }
        }))
        (ui::section(lang.say(&w::RELEASES), "", &releases(lang, seen.list("releases"))))
        (ui::section(lang.say(&output::AFTERMATH), lang.say(&w::AFTERMATH_DESK), &aftermath::shown(lang, seen.at("handed"))))
    }
}

/// The last look before the stop is entered.
pub(super) fn confirm(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if !describe::is_described(v) {
        return Ok(Reply::to("/desk/person"));
    }
    if v.field("checked_by").is_empty() {
        return impact_page(v, &[("checked_by", v.say(&w::NEED_CHECKER).to_owned())]);
    }
    let said = |all: &[(&str, crate::words::Word)], code: &str| {
        all.iter().find(|(c, _)| *c == code).map_or(String::new(), |(_, word)| v.say(word).to_owned())
    };
    let received = if v.field("received").is_empty() {
        v.house().today().to_string()
    } else {
        v.field("received").to_owned()
    };
    let body = html! {
        (way(v, 1))
        (ui::facts(&[
            (v.say(&w::REQUESTER), html! { (said(&describe::REQUESTERS, v.field("requester"))) }),
            (v.say(&w::REACH), html! { (scope_words(v.lang, v.field("scope"))) }),
            (v.say(&w::CHECKED_BY), html! { code { (v.field("checked_by")) } }),
            (v.say(&w::RECEIVED), html! { (received) }),
            (v.say(&w::CONFIRMED), html! { @if v.field("confirmed") == "yes" { (v.pick("はい", "yes")) } @else { (v.pick("いいえ(受け付けられません)", "no (will be refused)")) } }),
        ]))
        p { (v.say(&w::CONFIRM_NOTE)) }
        form.stack action="/desk/stop/register" method="post" data-confirm=(v.say(&w::CONFIRM_ASK)) {
            (describe::carry_person(v)) (describe::carry_asking(v)) (describe::carried(v, &REQUEST))
            div.go { button.main autofocus { (v.say(&w::DO_REGISTER)) } }
        }
        (describe::onward("/desk/stop", v.say(&w::BACK_TO_FORM), &html! {
            (describe::carry_person(v)) (describe::carry_asking(v)) (describe::carried(v, &REQUEST))
        }))
    };
    Ok(v.page(v.say(&w::REGISTER_STOP), &body))
}

/// Enters the stop.
pub(super) fn register(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if !describe::is_described(v) {
        return Ok(Reply::to("/desk/person"));
    }
    let order = Order::new("optout register")
        .option_file("--file", describe::file(v))
        .given("--provider", v.field("scope"));
    let answer = v.give(&asking(v, order))?;
    entered(v, &answer)
}

/// A request got a number, refused or not: on to it. Else: what is wrong with it.
fn entered(v: &mut Visit<'_>, answer: &crate::web::house::Answer) -> Result<Reply, Problem> {
    let entry = answer.value.text("entry").to_owned();
    if entry.is_empty() || answer.ended == Ended::Usage {
        return Err(Problem::Bad(answer.said()));
    }
    let said = match answer.value.text("refused") {
        "" => v.say(&w::ENTERED),
        _ => v.say(&w::ENTERED_REFUSED),
    };
    Ok(v.done(format!("/desk/stops/{entry}"), said))
}

/// All requests of the desk: numbers and days, no persons.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("optout status"))?;
    let today = v.house().today();
    let requests = told.list("requests");
    let rows: Vec<Vec<Markup>> = requests.iter().rev().map(|r| row(v.lang, r, today)).collect();
    let heads = [
        (v.say(&w::ENTRY), false),
        (v.say(&w::RECEIVED), false),
        (v.say(&w::STATE), false),
        (v.say(&w::REACH), false),
        (v.say(&w::PAPER), false),
    ];
    let body = html! {
        p { (v.say(&w::STOPS_NOTE)) }
        @if rows.is_empty() { (ui::empty(v.say(&w::NO_STOPS))) } @else { (ui::table(v.say(&w::STOPS), &heads, &rows)) }
        p { (ui::link("/desk/person", v.say(&w::REGISTER_FROM_PERSON))) }
    };
    Ok(v.page(v.say(&w::STOPS), &body))
}

fn row(lang: Lang, r: &Value, today: jiff::civil::Date) -> Vec<Markup> {
    let refused = !r.text("refused").is_empty();
    let state = if refused {
        ui::badge(Tone::Plain, lang.pick("受け付けず", "refused"))
    } else if !r.text("withdraws").is_empty() {
        ui::badge(Tone::Plain, lang.pick("撤回の求め", "takes one back"))
    } else if !r.text("withdrawn_by").is_empty() {
        ui::badge(Tone::Plain, lang.pick("撤回済み", "taken back"))
    } else {
        ui::badge(Tone::Good, lang.pick("有効", "in force"))
    };
    let due = r.day("receipt_due");
    let paper = match (refused, r.day("issued_on")) {
        (true, _) => html! { "—" },
        (_, Some(on)) => html! { (lang.pick("交付 ", "issued ")) (ui::day(on)) },
        _ if due.is_some_and(|due| due < today) => {
            ui::badge(Tone::Bad, lang.pick("期限を過ぎています", "late"))
        }
        _ => html! { (lang.pick("期限 ", "due ")) @if let Some(due) = due { (ui::day(due)) } },
    };
    vec![
        ui::link(&format!("/desk/stops/{}", r.text("entry")), r.text("entry")),
        html! { (r.text("received_on")) },
        state,
        html! { (scope_words(lang, r.text("provider"))) },
        paper,
    ]
}

/// One request.
pub(super) fn one(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let answer = v.give(&Order::new("optout status").word(v.param("entry")))?;
    if !answer.went() {
        return Err(Problem::NotFound);
    }
    let told = answer.value;
    let entry = v.param("entry").to_owned();
    let fields = request_fields(v)?;
    let actions = actions(v, &told, &fields);
    let body = html! { (entry_facts(v.lang, &told)) (actions) };
    Ok(v.page(&format!("{} {entry}", v.say(&w::ENTRY)), &body))
}

/// State, deadlines, erasure, releases of a request. Pure.
fn entry_facts(lang: Lang, told: &Value) -> Markup {
    let receipt = told.at("receipt");
    let issued = receipt.day("issued_on");
    let due = receipt.day("due");
    let erasure = told.at("erasure");
    let erased = erasure.text("state") == "verified";
    let state = told.text("state");
    let (tone, sentence, next, owner, by) = match state {
        "refused" => (
            Tone::Plain,
            lang.pick("受け付けていません。", "Refused.").to_owned() + told.word("refused_words", lang),
            lang.pick(
                "理由を説明し、必要なら書類をそろえて改めて受け付けます。",
                "Explain why; take it up again with the papers that are missing.",
            ),
            &w::DESK,
            None,
        ),
        "withdrawn" => {
            (Tone::Plain, lang.pick("撤回されています。", "Taken back.").to_owned(), "", &w::DESK, None)
        }
        _ if issued.is_none() => (
            if receipt.yes("late") { Tone::Bad } else { Tone::Waiting },
            lang.pick(
                "登録され、直ちに有効です。書面はまだ交付していません。",
                "Entered and in effect. The paper is not handed over yet.",
            )
            .to_owned(),
            lang.pick("書面を印刷して交付します。", "Print and hand over the paper."),
            &w::DESK,
            due,
        ),
        "withdrawal" => (
            Tone::Good,
            lang.pick("撤回の求めで、書面は交付済みです。", "Takes a stop back; the paper is handed over.")
                .to_owned(),
            "",
            &w::DESK,
            None,
        ),
        _ if told.count("identities") > 0 && !erased => (
            Tone::Waiting,
            lang.pick(
                "有効で、書面は交付済みです。保有する情報の削除が終わっていません。",
                "In force, the paper is handed over. The erasure is not finished.",
            )
            .to_owned(),
            lang.pick(
                "削除の担当者が削除し、別の担当者が検証します。終わったら証明書を交付します。",
                "Erasers erase, somebody else verifies; then hand over the certificate.",
            ),
            &w::ERASER,
            None,
        ),
        _ => (
            Tone::Good,
            lang.pick("有効で、することは残っていません。", "In force; nothing is left to do.").to_owned(),
            "",
            &w::DESK,
            None,
        ),
    };
    html! {
        (ui::standing(lang, tone, &sentence, next, lang.say(owner), by))
        (ui::facts(&[
            (lang.say(&w::RECEIVED), html! { (told.text("received_on")) }),
            (lang.say(&w::REQUESTER), html! { (lang.pick(told.text("requester_ja"), told.text("requester"))) @if !told.text("relation").is_empty() { " (" (told.text("relation")) ")" } }),
            (lang.say(&w::CHANNEL), html! { (lang.pick(told.text("channel_ja"), told.text("channel"))) }),
            (lang.say(&w::CHECKED_BY), html! { code { (told.text("checker")) } }),
            (lang.say(&w::TAKEN_BY), html! { code { (told.text("taken_by")) } }),
            (lang.say(&w::REACH), html! { (scope_words(lang, told.text("provider"))) }),
            (lang.say(&w::EFFECTIVE), html! { (told.text("effective_from")) }),
            (lang.say(&w::PAPER_DUE), html! { @if let Some(due) = due { (ui::day_with_era(due)) } }),
            (lang.say(&w::PAPER_ISSUED), html! { @if let Some(on) = issued { (ui::day_with_era(on)) } @else { "—" } }),
            (lang.say(&w::DESCRIPTIONS), html! { (told.count("identities")) }),
            (lang.say(&w::ERASURE), html! { @if erasure.is_null() { "—" } @else { code { (erasure.text("erasure")) } " " (erasure_word(lang, erasure.text("state"))) } }),
        ]))
        @if !told.list("releases").is_empty() {
            (ui::section(lang.say(&w::RELEASES), "", &html! {
                p { (lang.pick(musubi_compliance::desk::RELEASED_JA, musubi_compliance::desk::RELEASED_EN)) }
                ul { @for r in told.list("releases") { li { code { (r.as_str().unwrap_or_default()) } } } }
                (aftermath::shown(lang, told.at("handed")))
            }))
        }
    }
}

fn erasure_word(lang: Lang, state: &str) -> &str {
    match state {
        "planned" => lang.pick("計画済み", "planned"),
        "confirmed" => lang.pick("確認済み", "confirmed"),
        "running" => lang.pick("実行中", "running"),
        "erased" => lang.pick("削除済み(検証前)", "erased, not verified"),
        "verified" => lang.pick("検証済み", "verified"),
        other => other,
    }
}

fn actions(v: &Visit<'_>, told: &Value, fields: &Markup) -> Markup {
    let entry = told.text("entry");
    let state = told.text("state");
    let refused = state == "refused";
    let post = |what: &str, go: &str| html! { form.inline action={ "/desk/stops/" (entry) "/" (what) } method="post" { button { (go) } } };
    let erased = told.at("erasure").text("state") == "verified";
    html! {
        (ui::section(v.say(&w::ACTIONS), "", &html! {
            div.go {
                @if refused { (ui::greyed(v.say(&w::PRINT_PAPER), v.say(&w::REFUSED_NO_PAPER))) }
                @else { (post("paper", v.say(&w::PRINT_PAPER))) (post("paper/file", v.say(&w::SAVE_PAPER))) }
                @if erased { (post("certificate", v.say(&w::CERTIFICATE_PAGE))) (post("certificate/file", v.say(&w::CERTIFICATE_FILE))) }
                @else { (ui::greyed(v.say(&w::CERTIFICATE), v.say(&w::NO_CERTIFICATE_YET))) }
            }
        }))
        @if state == "in-force" {
            (ui::section(v.say(&w::WITHDRAW), v.say(&w::WITHDRAW_NOTE), &html! {
                form.stack action={ "/desk/stops/" (entry) "/withdraw" } method="post" data-confirm=(v.say(&w::WITHDRAW_ASK)) {
                    (describe::asking_fields(v)) (fields)
                    label.radio { input id="confirmed" type="checkbox" name="confirmed" value="yes" required; " " (v.say(&w::CONFIRMED)) }
                    div.go { button.danger { (v.say(&w::WITHDRAW)) } }
                }
            }))
        }
    }
}

/// Takes a stop back.
pub(super) fn withdraw(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if v.field("requester").is_empty() || v.field("checked_by").is_empty() {
        return Err(Problem::Bad(v.say(&w::NEED_CHECKER).to_owned()));
    }
    let order = asking(v, Order::new("optout withdraw")).word(v.param("entry"));
    let answer = v.give(&order)?;
    entered(v, &answer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_says_what_is_next_and_until_when() {
        let told = json!({ "entry": "O-2026-0001", "state": "in-force", "identities": 2,
            "receipt": { "due": "2026-11-26", "issued_on": null, "late": false } });
        let page = entry_facts(Lang::Ja, &told).into_string();
        assert!(page.contains("書面を印刷して交付します") && page.contains("2026-11-26"));
        let told = json!({ "state": "in-force", "identities": 2, "erasure": { "erasure": "E-1", "state": "verified" },
            "receipt": { "due": "2026-11-26", "issued_on": "2026-11-20" } });
        assert!(entry_facts(Lang::En, &told).into_string().contains("nothing is left to do"));
        let told = json!({ "state": "refused", "refused_words": { "ja": "本人が死亡している", "en": "the person is dead" } });
        assert!(entry_facts(Lang::En, &told).into_string().contains("the person is dead"));
    }
}
