//! One run: what it was given, under which versions, how it ended, beside the run before; and the way of a delivery from its
//! package to facts and releases.

use jiff::Timestamp;
use maud::{Markup, html};
use musubi_storage::act::instruction::RunSeen;
use serde_json::Value;

use super::tonight::ending;
use crate::charts::{Node, lineage as graph};
use crate::format::short;
use crate::web::house::Order;
use crate::web::pages::said::{count, list, text};
use crate::web::pages::submitter::delivery;
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::operator as w;
use crate::words::Lang;

/// Nodes of one column of the picture; the table has all.
const NODES: usize = 8;

pub(super) fn page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id: i64 = v.param("id").parse().map_err(|_| Problem::NotFound)?;
    let all = v.house().act()?.using(|db| db.runs_since(Timestamp::UNIX_EPOCH))?;
    let run = all.iter().find(|r| r.id == id).ok_or(Problem::NotFound)?;
    let before = all.iter().rev().find(|r| r.id < id && r.verb == run.verb);
    let body = view(v.lang, run, before);
    Ok(v.page(&format!("{} {id}", v.say(&w::RUN)), &body))
}

fn took(run: &RunSeen) -> Option<i64> {
    run.ended.as_ref().map(|(at, _)| at.duration_since(run.started_at).as_secs())
}

/// A run beside the one before.
pub(super) fn view(lang: Lang, run: &RunSeen, before: Option<&RunSeen>) -> Markup {
    let result = run.ended.as_ref().map_or("", |(_, result)| result.as_str());
    let (tone, said) = match result {
        "" => (Tone::Waiting, lang.pick("動いているか、途中で途絶えました。", "It runs, or died under way.")),
        "done" => (Tone::Good, lang.pick("終わりました。", "It ended well.")),
        "look-at-it" => {
            (Tone::Bad, lang.pick("終わりましたが、確認が必要です。", "It ended with something to look at."))
        }
        _ => (Tone::Bad, lang.pick("失敗で終わりました。", "It failed.")),
    };
    let line = |name: &'static str, now: Markup, then: Markup, same: bool| {
        vec![
            html! { (name) },
            now,
            then,
            if same {
                html! { (lang.pick("同じ", "same")) }
            } else {
                ui::badge(Tone::Waiting, lang.pick("違う", "differs"))
            },
        ]
    };
    let seconds = |r: &RunSeen| {
        took(r).map_or_else(|| "—".to_owned(), |s| lang.pick(format!("{s} 秒"), format!("{s} s")))
    };
    let rows: Vec<Vec<Markup>> = before
        .map(|b| {
            vec![
                line(
                    lang.pick("始まり", "Began"),
                    ui::moment(run.started_at),
                    ui::moment(b.started_at),
                    true,
                ),
                line(
                    lang.pick("かかった時間", "Took"),
                    html! { (seconds(run)) },
                    html! { (seconds(b)) },
                    took(run) == took(b),
                ),
                line(
                    lang.pick("プログラム", "Program"),
                    html! { (run.code_version) " " code { (short(&run.binary_hash)) } },
                    html! { (b.code_version) " " code { (short(&b.binary_hash)) } },
                    run.binary_hash == b.binary_hash,
                ),
                line(
                    lang.pick("パラメータ", "Parameters"),
                    html! { code { (short(&run.parameter_hash)) } },
                    html! { code { (short(&b.parameter_hash)) } },
                    run.parameter_hash == b.parameter_hash,
                ),
                line(
                    lang.pick("結果", "Result"),
                    ending(lang, result),
                    ending(lang, b.ended.as_ref().map_or("", |(_, r)| r.as_str())),
                    run.ended.as_ref().map(|e| &e.1) == b.ended.as_ref().map(|e| &e.1),
                ),
            ]
        })
        .unwrap_or_default();
    html! {
        (ui::standing(lang, tone, said, "", "", None))
        (ui::section(lang.pick("この実行", "This run"), "", &ui::facts(&[
            (lang.pick("操作", "Verb"), html! { code { (run.verb) } }),
            (lang.pick("業務", "Job"), html! { (run.job) }),
            (lang.pick("対象", "Scope"), html! { (run.scope.as_deref().unwrap_or("—")) }),
            (lang.pick("指示", "Instruction"), html! { (run.instruction) }),
            (lang.pick("アカウント", "Account"), html! { (run.principal) }),
            (lang.pick("始まり", "Began"), ui::moment(run.started_at)),
            (lang.pick("終わり", "Ended"), html! { @if let Some((at, _)) = &run.ended { (ui::moment(*at)) } @else { "—" } }),
            (lang.pick("プログラム", "Program"), html! { (run.code_version) " " code { (run.binary_hash) } }),
            (lang.pick("パラメータのハッシュ", "Hash of parameters"), html! { code { (run.parameter_hash) } }),
        ])))
        @if let Some(b) = before {
            (ui::section(&lang.pick(format!("前の実行 {} との比較", b.id), format!("Compared with run {}", b.id)), "", &ui::table(lang.pick("前の実行との比較", "Comparison"), &[("", false), (lang.pick("この実行", "This run"), false), (lang.pick("前の実行", "The run before"), false), ("", false)], &rows)))
        }
        p.note { (lang.pick("再実行は同じ入力に同じ結果を返します。過去の実行をこの画面からやり直すことはできません。", "The same input gives the same result. A past run cannot be repeated from this page.")) }
    }
}

pub(super) fn lineage(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let shown = delivery(v, v.param("id"))?;
    let id = text(&shown, "submission").to_owned();
    // Of what was refused nothing was kept: it has no way to show.
    if text(&shown, "state") == "rejected" {
        return Err(Problem::Conflict(
            v.pick("受付不可の提出からは何も格納していません。", "Nothing was kept of a refused delivery.")
                .to_owned(),
        ));
    }
    let traced = v.value(&Order::new("trace").option("--submission", id.as_str()))?;
    let body = way(v.lang, &shown, &traced);
    Ok(v.page(&format!("{} {}", v.say(&w::LINEAGE), short(&id)), &body))
}

fn some_of(lang: Lang, all: Vec<Node>) -> Vec<Node> {
    let rest = all.len().saturating_sub(NODES);
    let mut shown: Vec<Node> = all.into_iter().take(NODES).collect();
    if rest > 0 {
        shown.push(Node {
            head: lang.pick(format!("ほか {rest}"), format!("{rest} more")),
            under: String::new(),
        });
    }
    shown
}

/// From the package to facts and releases.
pub(super) fn way(lang: Lang, shown: &Value, traced: &Value) -> Markup {
    let id = text(shown, "submission");
    let documents: Vec<Node> = list(traced, "documents")
        .iter()
        .filter_map(Value::as_str)
        .map(|d| Node { head: short(d), under: lang.pick("文書", "document").to_owned() })
        .collect();
    let facts = list(traced, "facts");
    let tables: Vec<Node> = facts
        .iter()
        .map(|f| Node {
            head: text(f, "table").to_owned(),
            under: format!("{} / {}", ui::number(count(f, "current")), ui::number(count(f, "superseded"))),
        })
        .collect();
    let releases: Vec<Node> = list(traced, "releases")
        .iter()
        .filter_map(Value::as_str)
        .map(|r| Node { head: r.to_owned(), under: lang.pick("提供物", "release").to_owned() })
        .collect();
    let persons = count(traced, "identities");
    let columns = [
        vec![Node { head: short(id), under: text(shown, "feed").to_owned() }],
        some_of(lang, documents.clone()),
        vec![Node {
            head: ui::number(persons),
            under: lang.pick("元データ上の本人", "source identities").to_owned(),
        }],
        some_of(lang, tables),
        some_of(lang, releases.clone()),
    ];
    let rows: Vec<Vec<Markup>> = facts
        .iter()
        .map(|f| {
            vec![
                html! { (text(f, "table")) },
                html! { (ui::number(count(f, "current"))) },
                html! { (ui::number(count(f, "superseded"))) },
            ]
        })
        .collect();
    let said = lang.pick(
        format!(
            "提出 1、文書 {}、元データ上の本人 {persons}、表 {}、提供物 {}",
            documents.len(),
            facts.len(),
            releases.len()
        ),
        format!(
            "1 delivery, {} documents, {persons} source identities, {} tables, {} releases",
            documents.len(),
            facts.len(),
            releases.len()
        ),
    );
    html! {
        (ui::standing(lang, Tone::Plain, &said, "", "", None))
        (ui::section(lang.say(&w::LINEAGE), lang.pick("左から右へ: 提出、文書、本人、事実の表(現行/旧版)、提供物。", "Left to right: delivery, documents, identities, tables of facts (current / superseded), releases."), &html! { div.wide { (graph(lang.say(&w::LINEAGE), &said, &columns)) } }))
        (ui::section(lang.pick("格納された事実", "Facts stored"), "", &html! {
            @if rows.is_empty() { (ui::empty(lang.pick("格納された事実はありません。", "No fact was stored."))) } @else {
                (ui::table(lang.pick("格納された事実", "Facts"), &[(lang.pick("表", "Table"), false), (lang.pick("現行", "Current"), true), (lang.pick("旧版", "Superseded"), true)], &rows))
            }
        }))
        (ui::section(lang.pick("この提出が使われた提供物", "Releases that used it"), "", &html! {
            @if releases.is_empty() { (ui::empty(lang.pick("まだありません。", "None yet."))) } @else { ul { @for r in &releases { li { (r.head) } } } }
        }))
        p { (ui::link(&format!("/deliveries/{id}"), lang.pick("提出の内容へ戻る", "Back to the delivery"))) }
    }
}
