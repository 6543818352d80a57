//! Emergency access: asking for one role more, and judging afterwards what was done in it.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;

use super::{GOVERN, accounts, count, may, moment, parts, rows, segment, text, word};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::keeping as w;

/// Loans: those that last, those that wait for their review.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let all = v.field("all") == "1";
    let order = Order::new("account break-glass list");
    let told = v.value(&if all { order.flag("--all") } else { order })?;
    let (governs, me) = (may(v, GOVERN)?, v.me()?.account.clone());
    let waiting = rows(&told).iter().filter(|l| matches!(text(l, "state"), "open" | "overdue")).count();
    let late = rows(&told).iter().any(|l| text(l, "state") == "overdue");
    let tone = match (late, waiting) {
        (true, _) => Tone::Bad,
        (false, 0) => Tone::Good,
        _ => Tone::Waiting,
    };
    let other = if all {
        ("/emergencies", v.pick("確認待ちだけ", "Waiting ones only"))
    } else {
        ("/emergencies?all=1", v.pick("確認済みも", "Reviewed ones too"))
    };
    let body = html! {
        (ui::standing(
            v.lang,
            tone,
            &v.pick(format!("確認を待つ例外 {waiting} 件"), format!("{waiting} loans wait for their review")),
            v.pick("借りた本人ではない人が、記録を読んで確認します", "Somebody else reads what was done and judges it"),
            v.pick("安全管理・管理責任者", "security-admin, officer"),
            None,
        ))
        p { (ui::link(other.0, other.1)) }
        @if rows(&told).is_empty() { (ui::empty(v.pick("例外はありません", "There is none"))) }
        @for one in rows(&told) { (loan(v, one, governs, &me)) }
    };
    let title = v.say(&w::EMERGENCIES);
    Ok(v.page(title, &body))
}

fn loan(v: &Visit<'_>, told: &serde_json::Value, governs: bool, me: &str) -> Markup {
    let nothing = serde_json::Value::Null;
    let loan = told.get("loan").unwrap_or(&nothing);
    let (id, state) = (count(loan, "id"), text(told, "state"));
    let tone = match state {
        "reviewed" => Tone::Good,
        "overdue" => Tone::Bad,
        _ => Tone::Waiting,
    };
    let done: Vec<Vec<Markup>> = parts(told, "acts")
        .iter()
        .map(|a| {
            let seq = count(a, "seq").to_string();
            vec![
                ui::link(&format!("/audit/entry/{seq}"), &seq),
                moment(a, "at"),
                html! { (super::log::action_word(v, text(a, "action"))) },
                html! { code { (text(a, "object")) } },
                html! { (super::log::result_word(v, text(a, "result"))) },
            ]
        })
        .collect();
    let heads = [
        ("#", true),
        (v.pick("時刻", "When"), false),
        (v.say(&w::ACTION), false),
        (v.pick("対象", "Object"), false),
        (v.say(&w::RESULT), false),
    ];
    let body = html! {
        p { (ui::badge(tone, word(v, told, "state", "state_ja"))) " " (accounts::account_with_role(v, text(loan, "account"), text(loan, "role"))) }
        (ui::facts(&[
            (v.pick("理由", "Reason"), html! { (text(loan, "reason")) }),
            (v.pick("始まり", "From"), moment(loan, "asked_at")),
            (v.pick("終わり", "Until"), moment(loan, "until")),
        ]))
        @if done.is_empty() { (ui::empty(v.pick("この役割では何もしていません", "Nothing was done in this role"))) }
        @else { (ui::table(v.pick("この役割でしたこと", "Done in this role"), &heads, &done)) }
        @if let Some(review) = loan.get("review").filter(|r| !r.is_null()) {
            p { (moment(review, "at")) " " b { (text(review, "by")) } " " (text(review, "note")) }
        } @else if governs && matches!(state, "open" | "overdue") {
            @if me == text(loan, "account") {
                (ui::greyed(v.say(&w::REVIEW_EMERGENCY), v.pick("借りた本人は確認できません", "not by whoever took it")))
            } @else {
                form.stack action={ "/emergencies/" (segment(&id.to_string())) "/review" } method="post" {
                    (ui::radios(v.lang, "justified", &w::JUSTIFIED, &[("yes", v.pick("必要だった", "yes")), ("no", v.pick("必要ではなかった", "no"))], ""))
                    div.field {
                        label for={ "note-" (id) } { (v.say(&w::NOTE)) }
                        textarea id={ "note-" (id) } name="note" rows="2" required {}
                    }
                    div.go { button.main { (v.say(&w::REVIEW_EMERGENCY)) } }
                }
            }
        }
    };
    ui::section(&v.pick(format!("例外 {id}"), format!("Loan {id}")), "", &body)
}

pub(super) fn review(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let justified = v.need("justified", &w::JUSTIFIED)?.to_owned();
    let note = v.need("note", &w::NOTE)?.to_owned();
    let order = Order::new("account break-glass review")
        .option("--justified", justified)
        .option("--note", note)
        .word(v.param("id"));
    v.after(&v.give(&order)?, "/emergencies")
}

/// The form; which roles are lent at all is said by the verb.
pub(super) fn form(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let held = v.me()?.roles.clone();
    let lendable = [
        AuditRole::Operator,
        AuditRole::Intake,
        AuditRole::Identity,
        AuditRole::HelpDesk,
        AuditRole::Curator,
    ];
    let choices: Vec<(String, String)> = lendable
        .iter()
        .filter(|r| !held.contains(r))
        .map(|r| (r.as_str().to_owned(), v.pick(r.ja(), r.as_str()).to_owned()))
        .collect();
    let fields = html! {
        (ui::choice(v.lang, "role", &w::ROLE, &choices, ""))
        (ui::field(v.lang, "minutes", &w::MINUTES, "number", "30", true, ""))
        (ui::area(v.lang, "reason", &w::REASON, "", true, ""))
    };
    let body = html! {
        (ui::standing(
            v.lang,
            Tone::Waiting,
            v.pick(
                "普段の役割ではできない操作を、緊急のときだけ短い時間できるようにします",
                "For a short time, what your own roles do not allow, in an emergency",
            ),
            v.pick(
                "すぐに始まり、すべて記録され、終わった後に別の人が確認します。承認の一票にはなりません",
                "It begins at once, all is recorded, and somebody else judges it afterwards. It is no vote",
            ),
            "",
            None,
        ))
        form.stack action="/emergency" method="post" data-confirm=(v.pick("例外を始めますか。記録され、後で確認されます", "Begin? It is recorded and will be reviewed")) {
            (fields)
            div.go { button.danger { (v.say(&w::EMERGENCY)) } }
        }
    };
    let title = v.say(&w::EMERGENCY);
    Ok(v.page(title, &body))
}

pub(super) fn ask(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let role = v.need("role", &w::ROLE)?.to_owned();
    let reason = v.need("reason", &w::REASON)?.to_owned();
    let minutes = v.need("minutes", &w::MINUTES)?.to_owned();
    let order = Order::new("account break-glass ask")
        .option("--reason", reason)
        .option("--minutes", minutes)
        .word(role);
    v.after(&v.give(&order)?, "/")
}
