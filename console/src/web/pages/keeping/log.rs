//! The audit log: looking entries up, proving one, verifying all, writing it out, and the monthly review.

use jiff::civil::Date;
use maud::{Markup, html};
use musubi_compliance::audit::AuditAction;
use serde_json::Value;

use super::{
    GOVERN, count, filter, filter_choice, may, moment, role_word, rows, segment, text, typed_day, word,
};
use crate::web::house::{Ended, Order};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::keeping as w;

/// Entries on a page.
const PAGE: u64 = 50;

/// An action's word.
pub(super) fn action_word(v: &Visit<'_>, stored: &str) -> String {
    let known = AuditAction::ALL.iter().find(|a| a.as_str() == stored);
    known.map_or(stored, |a| v.pick(a.ja(), a.as_str())).to_owned()
}

/// Midnight in Japan, as the verb reads it.
fn begins(day: Date) -> String {
    format!("{day}T00:00:00+09:00")
}

/// How an act ended, in words; the code stays where there is one.
pub(super) fn result_word(v: &Visit<'_>, result: &str) -> String {
    let (word, code) = result.split_once(':').unwrap_or((result, ""));
    let word = match word {
        "done" => v.pick("済み", "done"),
        "refused" => v.pick("拒否", "refused"),
        "failed" => v.pick("失敗", "failed"),
        other => other,
    };
    if code.is_empty() { word.to_owned() } else { format!("{word} {code}") }
}

fn result_tone(result: &str) -> Tone {
    match result.split(':').next() {
        Some("done") => Tone::Good,
        Some("refused") => Tone::Waiting,
        _ => Tone::Bad,
    }
}

fn table(v: &Visit<'_>, told: &[Value]) -> Markup {
    let shown: Vec<Vec<Markup>> = told
        .iter()
        .rev()
        .map(|e| {
            let seq = count(e, "seq").to_string();
            let result = text(e, "result");
            vec![
                ui::link(&format!("/audit/entry/{seq}"), &seq),
                moment(e, "at"),
                html! { code { (text(e, "actor")) } br; span.soft { (role_word(v, text(e, "role"))) } },
                html! { (action_word(v, text(e, "action"))) },
                html! { code { (text(e, "object")) } },
                html! { (word(v, e, "purpose", "purpose_ja")) },
                html! { @if count(e, "persons") > 0 { (ui::number(count(e, "persons"))) } },
                ui::badge(result_tone(result), &result_word(v, result)),
            ]
        })
        .collect();
    let heads = [
        ("#", true),
        (v.pick("時刻", "When"), false),
        (v.pick("だれが", "Who"), false),
        (v.say(&w::ACTION), false),
        (v.pick("何に", "To what"), false),
        (v.pick("利用目的", "Purpose"), false),
        (v.pick("人数", "Persons"), true),
        (v.say(&w::RESULT), false),
    ];
    ui::table(v.pick("証跡", "The log"), &heads, &shown)
}

/// Looking entries up.
pub(super) fn look(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (since, until) = (typed_day(v, "since")?, typed_day(v, "until")?);
    let mut order = Order::new("audit log").option("--last", PAGE.to_string());
    if let Some(day) = since {
        order = order.option("--since", begins(day));
    }
    if let Some(next) = until.and_then(|day| day.tomorrow().ok()) {
        order = order.option("--until", begins(next));
    }
    if let Ok(before) = v.field("before").parse::<u64>() {
        order = order.option("--before", before.to_string());
    }
    order = order
        .given("--by", v.field("by"))
        .given("--action", v.field("action"))
        .given("--object", v.field("object"));
    let told = v.value(&order)?;
    let entries = rows(&told);
    let mut actions = vec![(String::new(), v.pick("すべて", "all").to_owned())];
    actions.extend(
        AuditAction::ALL.iter().map(|a| (a.as_str().to_owned(), v.pick(a.ja(), a.as_str()).to_owned())),
    );
    let full = u64::try_from(entries.len()).is_ok_and(|n| n == PAGE);
    let older = entries.first().filter(|_| full).map(|e| {
        let kept: Vec<String> = ["since", "until", "by", "action", "object"]
            .iter()
            .filter(|name| !v.field(name).is_empty())
            .map(|name| format!("{name}={}&", segment(v.field(name))))
            .collect();
        format!("/audit?{}before={}", kept.concat(), count(e, "seq"))
    });
    let body = html! {
        p.note { (v.pick("調べたこと自体も証跡に残ります。", "Looking is written down too.")) }
        form.inline method="get" action="/audit" {
            (filter("since", v.say(&w::SINCE), "date", v.field("since")))
            (filter("until", v.say(&w::BEFORE_DAY), "date", v.field("until")))
            (filter("by", v.say(&w::BY), "text", v.field("by")))
            (filter_choice("action", v.say(&w::ACTION), &actions, v.field("action")))
            (filter("object", v.say(&w::OBJECT), "text", v.field("object")))
            button { (v.say(&w::LOOK)) }
        }
        @if entries.is_empty() { (ui::empty(v.pick("当てはまる記録がありません", "No such entry"))) }
        @else { (table(v, entries)) }
        @if let Some(older) = older { nav.pager aria-label=(v.pick("ページ", "Pages")) { a rel="next" href=(older) { (v.pick("古い記録へ", "Older entries")) } } }
    };
    let title = v.say(&w::LOG);
    Ok(v.page(title, &body))
}

/// One entry, as it is chained.
pub(super) fn entry(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let seq: u64 = v.param("seq").parse().map_err(|_| Problem::NotFound)?;
    let next = seq.checked_add(1).filter(|n| *n <= i64::MAX.unsigned_abs()).ok_or(Problem::NotFound)?;
    let order = Order::new("audit log").option("--before", next.to_string()).option("--last", "1");
    let told = v.value(&order)?;
    let e = rows(&told).iter().find(|e| count(e, "seq") == seq).ok_or(Problem::NotFound)?;
    let body = html! {
        (ui::facts(&[
            (v.pick("時刻", "When"), moment(e, "at")),
            (v.pick("時刻(記録のまま)", "When, as written"), html! { code { (text(e, "at")) } }),
            (v.pick("だれが", "Who"), html! { code { (text(e, "actor")) } " " (role_word(v, text(e, "role"))) }),
            (v.say(&w::ACTION), html! { (action_word(v, text(e, "action"))) " " code { (text(e, "action")) } }),
            (v.pick("何に", "To what"), html! { code { (text(e, "object")) } }),
            (v.pick("利用目的", "Purpose"), html! { (word(v, e, "purpose", "purpose_ja")) }),
            (v.pick("対象の種類", "Kind of object"), html! { (word(v, e, "object_class", "object_class_ja")) }),
            (v.pick("人数", "Persons"), html! { (count(e, "persons")) }),
            (v.say(&w::RESULT), ui::badge(result_tone(text(e, "result")), &result_word(v, text(e, "result")))),
            (v.pick("前の記録のハッシュ", "Hash of the entry before"), html! { code { (text(e, "previous")) } }),
            (v.pick("この記録のハッシュ", "Hash of this entry"), html! { code { (text(e, "hash")) } }),
        ]))
        (ui::section(
            v.pick("この記録が証跡に含まれることの証明", "Proof that it is in the log"),
            v.pick("署名された控えと照らして、この環境なしに確かめられます。", "To be held against a signed checkpoint, without this house."),
            &ui::form(&format!("/audit/entry/{seq}/proof"), v.say(&w::PROOF), &html! {}),
        ))
    };
    let title = v.pick(format!("証跡の記録 {seq}"), format!("Entry {seq}"));
    Ok(v.page(&title, &body))
}

/// What a verb wrote, to be kept by the visitor.
fn written(v: &Visit<'_>, order: &Order, kind: &'static str, name: &str) -> Result<Reply, Problem> {
    let mut answer = v.give(order)?;
    if answer.ended != Ended::Done {
        return Err(Problem::Conflict(answer.said()));
    }
    let bytes =
        answer.files.pop().ok_or_else(|| Problem::Broken(format!("{} wrote nothing", order.verb())))?;
    Ok(Reply::bytes(kind, bytes).named(name))
}

pub(super) fn proof(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let seq: u64 = v.param("seq").parse().map_err(|_| Problem::NotFound)?;
    let order = Order::new("audit prove").out("--out", "txt").word(seq.to_string());
    written(v, &order, "text/plain; charset=utf-8", &format!("entry-{seq}.proof.txt"))
}

pub(super) fn export(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    written(
        v,
        &Order::new("audit export").out("--out", "log"),
        "application/octet-stream",
        "audit-log.export",
    )
}

pub(super) fn verifier(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("audit verifier").out("--out", "bin");
    written(v, &order, "application/octet-stream", "musubi-audit-verify")
}

/// Where the log stands: its newest checkpoint, and what people can do.
pub(super) fn state(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (checkpoints, size) = v.house().act()?.using(|db| {
        use musubi_storage::compliance::Audited as _;
        let size = db.audit_tail()?.map_or(0, |tail| tail.seq);
        db.checkpoints().map(|all| (all, size))
    })?;
    let newest = checkpoints.last();
    let since = newest.map_or(size, |c| size.saturating_sub(c.size));
    let sentence = match newest {
        Some(c) => v.pick(
            format!(
                "{}件のうち {} 件までが署名された控えの下にあります",
                ui::number(size),
                ui::number(c.size)
            ),
            format!("{} of {} entries stand under a signed checkpoint", ui::number(c.size), ui::number(size)),
        ),
        None => v.pick(
            "まだ署名された控えがありません".to_owned(),
            "There is no signed checkpoint yet".to_owned(),
        ),
    };
    let next = v.pick("控えは毎晩署名されます", "A checkpoint is signed every night");
    let tone = if newest.is_none() { Tone::Waiting } else { Tone::Good };
    let shown: Vec<Vec<Markup>> = checkpoints
        .iter()
        .rev()
        .take(30)
        .map(|c| {
            let witnesses: Vec<&str> = c.witnesses.keys().map(String::as_str).collect();
            vec![
                html! { (ui::number(c.size)) },
                html! { @match c.at.parse() { Ok(at) => (ui::moment(at)), Err(_) => (c.at) } },
                html! { code { (c.root) } },
                html! { (witnesses.join(", ")) },
            ]
        })
        .collect();
    let heads = [
        (v.pick("記録の件数", "Entries"), true),
        (v.pick("時刻", "When"), false),
        (v.pick("根のハッシュ", "Root"), false),
        (v.pick("立会人", "Witnesses"), false),
    ];
    let body = html! {
        (ui::standing(v.lang, tone, &sentence, next, "", None))
        (ui::facts(&[(v.pick("控えの後の記録", "Entries since"), html! { (ui::number(since)) })]))
        @if !shown.is_empty() { (ui::section(v.pick("控え(新しい順に30件)", "Checkpoints (the newest 30)"), "", &ui::table(v.pick("控え", "Checkpoints"), &heads, &shown))) }
        (ui::section(
            v.pick("確かめる", "Verify"),
            v.pick("最初の記録から、ハッシュの鎖・木・署名を計算し直します。", "Entries, chain, tree and signatures are computed anew from the first entry."),
            &html! {
                (ui::form("/audit/verify", v.say(&w::VERIFY), &html! {}))
                p.note { (v.pick("この環境を信用せずに確かめるときは、書き出した証跡と検証プログラムを別の機械で使います。", "To verify without trusting this house, take the exported log and the verifier to another machine.")) }
                div.columns {
                    (ui::form("/audit/export", v.say(&w::EXPORT), &html! {}))
                    (ui::form("/audit/verifier", v.say(&w::VERIFIER), &html! {}))
                }
            },
        ))
    };
    let title = v.say(&w::LOG_STATE);
    Ok(v.page(title, &body))
}

/// What a verification found; a log that does not hold is no failure of the page.
pub(super) fn verify(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let answer = v.give(&Order::new("audit verify"))?;
    let holds = answer.ended == Ended::Done;
    let body = html! {
        (ui::standing(
            v.lang,
            if holds { Tone::Good } else { Tone::Bad },
            if holds { v.pick("証跡は改変されていません", "The log holds") } else { v.pick("証跡に誤りがあります", "The log does not hold") },
            if holds { "" } else { v.pick("事故として扱い、控えと照らしてください", "Treat it as an incident and hold it against kept checkpoints") },
            if holds { "" } else { v.pick("安全管理・管理責任者", "security-admin, officer") },
            None,
        ))
        @for line in &answer.lines { p { (line) } }
        p { (ui::link("/audit/state", v.say(&w::LOG_STATE))) }
    };
    let title = v.say(&w::VERIFY);
    Ok(v.page(title, &body))
}

/// The monthly review: what was done in the month, counted, and the reviews before.
pub(super) fn review(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let today = v.house().today();
    let last = today.first_of_month().yesterday().unwrap_or(today);
    let month = match v.field("month") {
        "" => last.strftime("%Y-%m").to_string(),
        typed => typed.to_owned(),
    };
    let told = v.value(&Order::new("audit summary").word(month.as_str()))?;
    let before = v.value(&Order::new("audit log").option("--action", "review-log").option("--last", "12"))?;
    let shown: Vec<Vec<Markup>> = super::parts(&told, "rows")
        .iter()
        .map(|r| {
            let path = format!("/audit?action={}&since={month}-01", segment(text(r, "action")));
            vec![
                ui::link(&path, &action_word(v, text(r, "action"))),
                html! { (role_word(v, text(r, "role"))) },
                html! { (ui::number(count(r, "entries"))) },
                html! { (ui::number(count(r, "actors"))) },
                html! { @if count(r, "refused") > 0 { (ui::badge(Tone::Waiting, &ui::number(count(r, "refused")))) } @else { "0" } },
                html! { @if count(r, "failed") > 0 { (ui::badge(Tone::Bad, &ui::number(count(r, "failed")))) } @else { "0" } },
                html! { (ui::number(count(r, "persons"))) },
            ]
        })
        .collect();
    let heads = [
        (v.say(&w::ACTION), false),
        (v.say(&w::ROLE), false),
        (v.pick("件数", "Entries"), true),
        (v.pick("アカウント", "Accounts"), true),
        (v.pick("拒否", "Refused"), true),
        (v.pick("失敗", "Failed"), true),
        (v.pick("延べ人数", "Persons"), true),
    ];
    let reviews: Vec<Vec<Markup>> = rows(&before)
        .iter()
        .rev()
        .map(|e| {
            vec![
                moment(e, "at"),
                html! { code { (text(e, "actor")) } },
                html! { code { (text(e, "object")) } },
            ]
        })
        .collect();
    let review_heads =
        [(v.pick("時刻", "When"), false), (v.pick("点検した人", "By"), false), (v.say(&w::RESULT), false)];
    let governs = may(v, GOVERN)?;
    let body = html! {
        (ui::standing(
            v.lang,
            Tone::Plain,
            &v.pick(format!("{month} の記録を点検します"), format!("Review of {month}")),
            v.pick("拒否・失敗・見慣れない操作を見て、結果を記録します", "Look at refusals, failures and what is unusual, then record the result"),
            v.pick("安全管理・管理責任者(毎月)", "security-admin or officer, every month"),
            None,
        ))
        form.inline method="get" action="/audit/review" {
            (filter("month", v.say(&w::MONTH), "month", &month))
            button { (v.say(&w::LOOK)) }
        }
        @if shown.is_empty() { (ui::empty(v.pick("この月の記録はありません", "Nothing was done in this month"))) }
        @else { (ui::table(&month, &heads, &shown)) }
        @if governs {
            form.stack action="/audit/review" method="post" {
                input type="hidden" name="month" value=(month);
                (ui::radios(v.lang, "result", &w::RESULT, &[
                    ("no-finding", v.pick("問題なし", "nothing found")),
                    ("finding", v.pick("問題あり(事故・問い合わせとして別に記録する)", "something found (recorded as an incident or inquiry)")),
                ], ""))
                div.go { button.main { (v.say(&w::RECORD_REVIEW)) } }
            }
        } @else { (ui::greyed(v.say(&w::RECORD_REVIEW), v.pick("安全管理・管理責任者が記録します", "by a security-admin or officer"))) }
        @if !reviews.is_empty() { (ui::section(v.pick("これまでの点検", "Reviews before"), "", &ui::table(v.pick("点検", "Reviews"), &review_heads, &reviews))) }
    };
    let title = v.say(&w::LOG_REVIEW);
    Ok(v.page(title, &body))
}

pub(super) fn reviewed(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let month = v.need("month", &w::MONTH)?;
    let result = match v.need("result", &w::RESULT)? {
        "no-finding" => "no-finding",
        _ => "finding",
    };
    // A code of the log, not a free text: nothing else fits into it.
    if format!("{month}-01").parse::<Date>().is_err() {
        return Err(Problem::Bad(v.pick("月は 2026-11 のように", "Write the month as 2026-11").to_owned()));
    }
    let answer = v.give(&Order::new("audit review").option("--note", format!("{month}-{result}")))?;
    v.after(&answer, "/audit/review")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_their_tone() {
        assert_eq!(result_tone("done"), Tone::Good);
        assert_eq!(result_tone("refused:ROLE"), Tone::Waiting);
        assert_eq!(result_tone("failed:DAMAGED"), Tone::Bad);
        assert_eq!(begins(Date::constant(2026, 11, 1)), "2026-11-01T00:00:00+09:00");
    }
}
