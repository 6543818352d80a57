//! A member's pages (審査委員): what waits, the declaration first, then the dossier and the vote; the result only after the
//! closing. Whoever stands aside sees the number of the case and nothing of it.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::{Value, json};

use super::meetings::interests_table;
use super::papers::chapters;
use super::{act, answers, ask, list, number, outcome, text, yes};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::review as w;

const MEMBER: &[AuditRole] = &[AuditRole::ReviewMember];

pub(crate) const ROUTES: &[Route] = &[
    page("/committee", w::WAITING, all).roles(MEMBER).verbs(&["committee ballot mine"]).menu(Area::Committee),
    page("/committee/cases/{id}", w::CASE, case).roles(MEMBER).verbs(&[
        "committee ballot mine",
        "committee dossier show",
        "committee ballot show",
    ]),
    action("/committee/cases/{id}/declare", w::DECLARE, declare).roles(MEMBER).verbs(&["committee declare"]),
    action("/committee/cases/{id}/vote", w::VOTE, vote).roles(MEMBER).verbs(&["committee ballot vote"]),
    page("/committee/interests", w::INTERESTS, interests)
        .roles(MEMBER)
        .verbs(&["committee interest list"])
        .menu(Area::Committee),
    action("/committee/interests", w::INTEREST_ADD, add).roles(MEMBER).verbs(&["committee interest add"]),
    action("/committee/interests/end", w::INTEREST_END, end).roles(MEMBER).verbs(&["committee interest end"]),
];

/// What a member does next in a case.
fn next(v: &Visit<'_>, line: &Value) -> (Tone, &'static str) {
    match text(line, "next") {
        "recused" => (Tone::Plain, v.pick("除斥(審査に加わりません)", "recused")),
        "declare" => (Tone::Bad, v.pick("利益相反を申告してください", "declare first")),
        "vote" if yes(line, "expedited") => {
            (Tone::Bad, v.pick("迅速審査: 投票してください", "expedited review: vote"))
        }
        "vote" => (Tone::Bad, v.pick("投票してください", "vote")),
        _ => (Tone::Waiting, v.pick("待っています", "waiting")),
    }
}

fn rows(v: &Visit<'_>, all: &[Value]) -> Vec<Vec<Markup>> {
    all.iter()
        .map(|line| {
            let id = text(line, "application");
            let (tone, words) = next(v, line);
            vec![
                ui::link(&format!("/committee/cases/{id}"), id),
                html! { (text(line, "title")) },
                html! { (text(line, "organisation_name")) },
                html! { (v.pick(text(line, "state_ja"), text(line, "state"))) },
                ui::badge(tone, words),
            ]
        })
        .collect()
}

fn all(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("committee ballot mine"))?;
    let heads = [
        (v.pick("番号", "Number"), false),
        (v.pick("研究課題名", "Title"), false),
        (v.pick("申出者", "Applicant"), false),
        (v.pick("状態", "State"), false),
        (v.pick("あなたがすること", "Your next step"), false),
    ];
    let (waiting, past) = (rows(v, list(&told, "waiting")), rows(v, list(&told, "past")));
    let body = html! {
        (ui::section(v.pick("審査中", "Under review"), "", &html! {
            @if waiting.is_empty() { (ui::empty(v.pick("今、審査するものはありません。", "Nothing to review now."))) }
            @else { (ui::table(v.pick("審査中", "Under review"), &heads, &waiting)) }
        }))
        @if !past.is_empty() { (ui::section(v.pick("終わった審査", "Past reviews"), "", &ui::table(v.pick("終わった審査", "Past reviews"), &heads, &past))) }
    };
    Ok(v.page(v.say(&w::WAITING), &body))
}

fn case(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let told = ask(v, &Order::new("committee ballot mine"))?;
    let mut lines = list(&told, "waiting").iter().chain(list(&told, "past"));
    let line = lines.find(|l| text(l, "application") == id).ok_or(Problem::NotFound)?;
    let (tone, todo) = next(v, line);
    let me = v.me()?.account.clone();
    let head =
        ui::standing(v.lang, tone, v.pick(text(line, "state_ja"), text(line, "state")), todo, &me, None);
    let title = format!("{id} {}", text(line, "title"));
    if yes(line, "recused") {
        let why: Vec<&str> = list(line, "grounds_ja").iter().filter_map(Value::as_str).collect();
        let words = v.pick(
            "次の理由により、この申出の審査には加わらず、資料と票は見られません: ",
            "You stand aside in this case and see neither papers nor votes: ",
        );
        let body = html! { (head) p { (words) (why.join("、")) } };
        return Ok(v.page(&title, &body));
    }
    // The declaration comes first: nothing is read before it.
    let body = if yes(line, "declared") {
        let papers = papers(v, &id)?;
        let ballot = text(line, "ballot");
        let vote = if ballot.is_empty() {
            html! {}
        } else {
            vote_section(v, &id, ballot, line)?
        };
        html! { (head) (vote) (papers) (declare_again(v, &id)) }
    } else {
        html! { (head) (ui::section(v.say(&w::DECLARE), "", &declare_form(v, &id))) }
    };
    Ok(v.page(&title, &body))
}

fn declare_form(v: &Visit<'_>, id: &str) -> Markup {
    let choices = [
        ("no", v.pick("ない", "there is none")),
        ("yes", v.pick("ある(審査に加わらない)", "there is one: I stand aside")),
    ];
    ui::form(
        &format!("/committee/cases/{id}/declare"),
        v.say(&w::DECLARE),
        &html! {
            (ui::radios(v.lang, "conflict", &w::CONFLICT, &choices, ""))
            (ui::area(v.lang, "reason", &w::REASON, "", false, v.pick("ある場合は必ず書いてください。", "Needed when there is one.")))
        },
    )
}

fn declare_again(v: &Visit<'_>, id: &str) -> Markup {
    html! { details { summary { (v.pick("後から利益相反に気づいた場合", "If you find a conflict later")) } (declare_form(v, id)) } }
}

/// The dossier: what all members were given.
fn papers(v: &Visit<'_>, id: &str) -> Result<Markup, Problem> {
    let told = match ask(v, &Order::new("committee dossier show").word(id)) {
        Ok(told) => told,
        Err(Problem::NotFound) => {
            return Ok(ui::empty(v.pick("審査資料はまだ作られていません。", "No dossier yet.")));
        }
        Err(e) => return Err(e),
    };
    Ok(html! {
        p { (ui::link(&format!("/committee/cases/{id}/dossier.html"), v.pick("審査資料を1つのファイルで保存する", "Save the dossier as one file"))) }
        (chapters(v, &told))
    })
}

fn vote_section(v: &Visit<'_>, id: &str, ballot: &str, line: &Value) -> Result<Markup, Problem> {
    let shown = ask(v, &Order::new("committee ballot show").word(ballot))?;
    let put = list(&shown, "conditions");
    let mut choices = vec![("approve", v.pick("承認", "approve"))];
    if !put.is_empty() {
        choices.push(("conditional", v.pick("条件付き承認", "approve under the conditions")));
    }
    choices.extend([
        ("revise", v.pick("修正のうえ再審査", "revise")),
        ("reject", v.pick("不承認", "reject")),
        ("abstain", v.pick("棄権", "abstain")),
    ]);
    let form = html! {
        p { (v.pick("投票は一度だけで、変えられません。締切りまで誰にも見えません。", "You vote once. Nobody sees it before the closing.")) }
        (ui::form(&format!("/committee/cases/{id}/vote"), v.say(&w::VOTE), &html! {
            input type="hidden" name="ballot" value=(ballot);
            (ui::radios(v.lang, "vote", &w::VOTE_WORD, &choices, ""))
            (ui::area(v.lang, "reason", &w::REASON, "", true, ""))
        }))
    };
    let body = html! {
        @if !put.is_empty() { h3 { (v.pick("示された条件", "Conditions that were put")) } ul { @for c in put { li { (v.pick(text(c, "ja"), text(c, "en"))) " (" (text(c, "due")) ")" } } } }
        @if yes(line, "open") {
            (answers(v, &shown))
            @if !yes(line, "sitting") { p { (v.pick("あなたは、この採決では回答を求められていません。", "You are not asked in this ballot.")) } }
        }
        @if text(line, "next") == "vote" { (form) } @else { (outcome(v, &shown)) }
        @if yes(line, "voted") && yes(line, "open") { p { (v.pick("あなたの票は受け付けました。", "Your vote has been taken.")) } }
    };
    Ok(ui::section(v.pick("採決", "Ballot"), "", &body))
}

fn declare(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order =
        Order::new("committee declare").word(&id).option("--conflict", v.need("conflict", &w::CONFLICT)?);
    let reason = v.field("reason").trim();
    let order =
        if reason.is_empty() { order } else { order.option_file("--reason", reason.as_bytes().to_vec()) };
    act(v, &order, format!("/committee/cases/{id}"))
}

fn vote(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let cast = json!({ "vote": v.need("vote", &w::VOTE_WORD)?, "reason": v.need("reason", &w::REASON)? });
    let order = Order::new("committee ballot vote").word(v.field("ballot")).file(cast.to_string());
    act(v, &order, format!("/committee/cases/{id}"))
}

fn interests(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("committee interest list"))?;
    let kinds: Vec<(String, String)> = list(&told, "kinds")
        .iter()
        .map(|k| {
            let word = |i: usize| k.get(i).and_then(Value::as_str).unwrap_or_default().to_owned();
            (word(0), v.pick(word(1), word(0)))
        })
        .collect();
    let running: Vec<(String, String)> = list(&told, "interests")
        .iter()
        .filter(|i| text(i, "ended").is_empty())
        .map(|i| {
            (
                number(i, "id").to_string(),
                format!("{} {}", text(i, "with"), v.pick(text(i, "kind_ja"), text(i, "kind"))),
            )
        })
        .collect();
    let note = v.pick(
        "利害関係は加えるか終了を記録するだけで、書き換えられません。終了後もしばらくは除斥の判定に使われます。",
        "Interests are added or ended, never rewritten. An ended one still counts for some years.",
    );
    let body = html! {
        p { (note) }
        (interests_table(v, &told))
        (ui::section(v.say(&w::INTEREST_ADD), "", &ui::form("/committee/interests", v.say(&w::INTEREST_ADD), &html! {
            (ui::field(v.lang, "with", &w::WITH, "text", "", true, ""))
            (ui::choice(v.lang, "kind", &w::KIND, &kinds, ""))
            (ui::field(v.lang, "since", &w::SINCE, "date", "", true, ""))
        })))
        @if !running.is_empty() {
            (ui::section(v.say(&w::INTEREST_END), "", &ui::form("/committee/interests/end", v.say(&w::INTEREST_END), &html! {
                (ui::choice(v.lang, "id", &w::INTERESTS, &running, ""))
                (ui::field(v.lang, "on", &w::ENDED, "date", "", true, ""))
            })))
        }
    };
    Ok(v.page(v.say(&w::INTERESTS), &body))
}

fn add(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let row = json!({ "interest": [{
        "kind": v.field("kind"), "with": v.need("with", &w::WITH)?, "since": v.need("since", &w::SINCE)?,
    }] });
    act(v, &Order::new("committee interest add").file(row.to_string()), "/committee/interests")
}

fn end(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("committee interest end")
        .word(v.need("id", &w::INTERESTS)?)
        .option("--on", v.need("on", &w::ENDED)?);
    act(v, &order, "/committee/interests")
}
