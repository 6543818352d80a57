//! Output check (出力確認): the queue, a release with its risky cells, voting, exceptions, the result. What may be seen of
//! whose vote is decided by the verbs; a page shows what they tell and nothing else.

mod look;
mod vote;

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::Value;

use crate::web::house::Order;
use crate::web::pages::said::{count, list, moment, part, text, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::output as w;

use AuditRole::{Auditor, Checker, Officer, ReleaseApprover};

pub(crate) const ROUTES: &[Route] = &[
    page("/output", w::QUEUE, queue)
        .roles(&[Checker, Officer, ReleaseApprover, Auditor])
        .verbs(&["output list"])
        .menu(Area::Output),
    page("/output/{id}", w::FILE_VIEW, look::look)
        .roles(&[Checker, Officer, ReleaseApprover])
        .verbs(&["output show"]),
    action("/output/{id}/vote", w::VOTE, vote::vote).roles(&[Checker]).verbs(&[
        "output list",
        "output vote",
        "output consolidate",
    ]),
    action("/output/{id}/exception", w::EXCEPTION, vote::exception)
        .roles(&[Checker])
        .verbs(&["output exception"]),
    action("/output/{id}/exception/{number}", w::GRANT, vote::grant)
        .roles(&[Officer])
        .verbs(&["output grant", "output refuse"]),
    action("/output/{id}/decide", w::DECIDE, vote::decide).roles(&[Officer]).verbs(&["output decide"]),
    page("/output/{id}/result", w::RESULT, result)
        .roles(&[Checker, Officer, ReleaseApprover, Auditor])
        .verbs(&["output result"]),
];

/// Texts of a list, one after the other.
pub(super) fn joined(value: &Value, key: &str) -> String {
    list(value, key).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// A word of a state, in the visitor's language.
pub(super) fn state<'v>(v: &Visit<'_>, value: &'v Value) -> &'v str {
    v.pick(text(value, "state_ja"), text(value, "state"))
}

fn tone(state: &str) -> Tone {
    match state {
        "checked" => Tone::Good,
        "returned" => Tone::Bad,
        _ => Tone::Waiting,
    }
}

/// What the state asks for, in a sentence.
fn next(v: &Visit<'_>, check: &Value) -> (String, &'static str) {
    let (cast, needed) = (count(check, "cast"), count(check, "needed"));
    let sentence = match text(check, "state") {
        "blind" => v.pick(
            format!("独立確認中です({needed}人のうち{cast}人が投票)。全員が投票するまで、ほかの人の意見は見えません。"),
            format!("Checked blind: {cast} of {needed} have voted. Nobody sees another's vote before all have."),
        ),
        "consolidation" => v.pick(
            format!("意見が分かれたため突合せ中です({needed}人のうち{cast}人が投票)。"),
            format!("The checkers differ and vote once more: {cast} of {needed} have."),
        ),
        "undecided" => v.pick(
            "突合せでも意見が分かれました。".to_owned(),
            "The checkers still differ.".to_owned(),
        ),
        "exceptions" => v.pick(
            "例外の求めが、責任者の判断を待っています。".to_owned(),
            "An exception waits for the officer.".to_owned(),
        ),
        "returned" => v.pick(
            "作成者に差し戻しました。この提供物は引き渡せません。".to_owned(),
            "Returned to its makers; it cannot be handed over.".to_owned(),
        ),
        _ => v.pick("出力確認が済みました。".to_owned(), "The output check is done.".to_owned()),
    };
    let owner = match text(check, "state") {
        "blind" | "consolidation" => v.pick("出力確認の担当者", "Output checkers"),
        "undecided" | "exceptions" => v.pick("管理責任者", "Officer"),
        "returned" => v.pick("提供の担当", "Makers of releases"),
        _ => v.pick("提供承認の担当者", "Release officers"),
    };
    (sentence, owner)
}

/// State, next step, owner: on top of every page about a release.
fn standing(v: &Visit<'_>, check: &Value) -> Markup {
    let (sentence, owner) = next(v, check);
    let step = match text(check, "mine") {
        "outstanding" => v.pick("あなたの投票を待っています。", "Your vote is awaited."),
        _ => "",
    };
    ui::standing(v.lang, tone(text(check, "state")), &sentence, step, owner, None)
}

fn queue(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("output list"))?;
    let all = list(&told, "releases");
    let of = |mine: &str| all.iter().filter(|r| text(part(r, "check"), "mine") == mine).collect::<Vec<_>>();
    let groups = [
        (v.pick("自分が未確認のもの", "Waiting for me"), of("outstanding")),
        (v.pick("自分が確認したもの", "Done by me"), of("done")),
        (v.pick("差し戻したもの", "Returned"), of("returned")),
        (v.pick("そのほか", "Others"), of("none")),
    ];
    let body = html! {
        @for (heading, rows) in &groups {
            @if !rows.is_empty() { (ui::section(heading, "", &rows_of(v, heading, rows))) }
        }
        @if all.is_empty() { (ui::empty(v.pick("確認を待つ提供物はありません。", "No release waits for a check."))) }
    };
    Ok(v.page(v.say(&w::QUEUE), &body))
}

fn rows_of(v: &Visit<'_>, caption: &str, rows: &[&Value]) -> Markup {
    let heads = [
        (v.pick("提供番号", "Release"), false),
        (v.pick("題名", "Title"), false),
        (v.pick("区分", "Product"), false),
        (v.pick("作成日時", "Sealed"), false),
        (v.pick("状態", "State"), false),
        (v.pick("投票", "Votes"), true),
    ];
    let rows: Vec<Vec<Markup>> = rows
        .iter()
        .map(|r| {
            let (check, id) = (part(r, "check"), text(r, "release"));
            let looks = v
                .me()
                .is_ok_and(|me| me.roles.iter().any(|r| [Checker, Officer, ReleaseApprover].contains(r)));
            let path = if looks { format!("/output/{id}") } else { format!("/output/{id}/result") };
            vec![
                ui::link(&path, id),
                html! { (text(r, "title")) },
                html! { (v.pick(text(r, "product_ja"), text(r, "product"))) },
                html! { @if let Some(at) = moment(r, "sealed_at") { (ui::moment(at)) } },
                ui::badge(tone(text(check, "state")), state(v, check)),
                html! { (count(check, "cast")) " / " (count(check, "needed")) },
            ]
        })
        .collect();
    ui::table(caption, &heads, &rows)
}

/// What a release is, in facts.
fn head(v: &Visit<'_>, told: &Value) -> Markup {
    let made = part(told, "made");
    let policy = part(told, "policy");
    ui::facts(&[
        (v.pick("題名", "Title"), html! { (text(told, "title")) }),
        (v.pick("区分", "Product"), html! { (v.pick(text(told, "product_ja"), text(told, "product"))) }),
        (v.pick("利用目的", "Purpose"), html! { (text(told, "purpose")) }),
        (v.pick("提供先", "Recipient"), html! { (text(told, "recipient")) }),
        (
            v.pick("作成", "Made by"),
            html! { (joined(made, "by")) " " @if let Some(at) = moment(made, "at") { (ui::moment(at)) }
            " " span.soft { (text(made, "program")) } },
        ),
        (
            v.pick("作成プログラムのハッシュ", "Hash of the program"),
            html! { code { (text(made, "program_hash")) } },
        ),
        (
            v.pick("承認", "Approval"),
            html! { (text(told, "approval")) " " span.soft { (text(told, "approver")) } },
        ),
        (
            v.pick("開示制御方針", "Policy"),
            html! { @if policy.is_null() { (v.pick("入れ子の集計表(パラメータによる)", "nested table, by parameters")) }
            @else { (text(policy, "name")) "/" (count(policy, "version")) " " (text(policy, "title")) } },
        ),
        (v.pick("目録のハッシュ", "Hash of the manifest"), html! { code { (text(told, "manifest_hash")) } }),
    ])
}

fn result(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("output result").word(v.param("id")))?;
    let check = part(&told, "check");
    let officer = v.me()?.roles.contains(&Officer);
    let body = html! {
        (standing(v, check))
        (ui::section(v.pick("提供物", "The release"), "", &head(v, &told)))
        (votes(v, check))
        (vote::exceptions(v, text(&told, "release"), check, officer))
        (vote::decision(v, text(&told, "release"), check, officer))
    };
    let title = format!("{} {}", v.say(&w::RESULT), v.param("id"));
    Ok(v.page(&title, &body))
}

/// Who said what, as far as it may be seen.
fn votes(v: &Visit<'_>, check: &Value) -> Markup {
    let heads = [
        (v.pick("確認者", "Checker"), false),
        (v.pick("段階", "Phase"), false),
        (v.pick("ファイル", "File"), false),
        (v.pick("判断", "Verdict"), false),
        (v.pick("コメント", "Comment"), false),
        (v.pick("日時", "When"), false),
    ];
    let rows: Vec<Vec<Markup>> = list(check, "votes")
        .iter()
        .map(|vote| {
            let phase = match text(vote, "phase") {
                "blind" => v.pick("独立確認", "blind"),
                _ => v.pick("突合せ", "consolidation"),
            };
            vec![
                html! { (text(vote, "checker")) },
                html! { (phase) },
                html! { (text(vote, "file")) },
                verdict(v, text(vote, "verdict")),
                html! { (text(vote, "comment")) },
                html! { @if let Some(at) = moment(vote, "at") { (ui::moment(at)) } },
            ]
        })
        .collect();
    let heading = v.pick("投票", "Votes");
    let note = if yes(check, "open") {
        ""
    } else {
        v.pick(
            "全員が投票するまで、自分の投票だけが見えます。",
            "Until all have voted, only your own vote is shown.",
        )
    };
    let table = if rows.is_empty() {
        ui::empty(v.pick("見られる投票はありません。", "No vote to be seen."))
    } else {
        ui::table(heading, &heads, &rows)
    };
    ui::section(heading, note, &table)
}

fn verdict(v: &Visit<'_>, word: &str) -> Markup {
    match word {
        "approve" => ui::badge(Tone::Good, v.pick("適", "approve")),
        "change" => ui::badge(Tone::Waiting, v.pick("要修正", "change")),
        _ => ui::badge(Tone::Bad, v.pick("不適", "reject")),
    }
}
