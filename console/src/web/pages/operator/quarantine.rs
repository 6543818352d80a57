//! What was set aside or waits: what, why, whose turn it is; and reading it again without loading anything, for one or many.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::house::Order;
use crate::web::pages::said::{count, day, list, part, text, words, yes};
use crate::web::pages::submitter::{reason, state_of, state_word, tone};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::operator as w;
use crate::words::Lang;

pub(super) fn page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = v.value(&Order::new("delivery set-aside").given("--from", v.field("from")))?;
    let may = v.me()?.roles.iter().any(|r| super::MEND.contains(r));
    let body = view(v.lang, &value, may);
    Ok(v.page(v.say(&w::QUARANTINE), &body))
}

/// The page from what the verb said.
pub(super) fn view(lang: Lang, value: &Value, may: bool) -> Markup {
    let all = list(value, "set_aside");
    let theirs = all.iter().filter(|d| text(part(d, "owner"), "code") == "sender").count();
    let standing = if all.is_empty() {
        ui::standing(
            lang,
            Tone::Good,
            lang.pick("隔離も保留もありません。", "Nothing is set aside or held."),
            "",
            "",
            None,
        )
    } else {
        ui::standing(
            lang,
            Tone::Waiting,
            &lang.pick(
                format!(
                    "{} 件の提出に隔離または保留があります。うち {theirs} 件は提出者の対応を待っています。",
                    all.len()
                ),
                format!("{} deliveries are set aside or held; {theirs} wait for their sender.", all.len()),
            ),
            lang.pick(
                "理由を確かめ、必要なら空実行で読み直してください。",
                "See why, and read again without loading where it helps.",
            ),
            lang.pick("運用", "Operator"),
            None,
        )
    };
    html! {
        (standing)
        p.note { (lang.pick("まず空実行で、いま通せば何件が格納され、何がなぜ止まるかを確かめます。そのうえで、丸ごと隔離した提出物の再取込みを指示するか、提出者に差し戻します。保留は条件が整うと夜間処理が格納します。破棄は消去の手続(二人の実施者と確認者)だけができます。", "Begin with a dry run: what would be loaded today, what would stop again and why. Then order that a package set aside whole is taken in again, or give it back to its sender. What waits is loaded by the night once it may. Destroying is an erasure, by two executors and a verifier.")) }
        @if !all.is_empty() {
            @if may {
                form action="/quarantine/retry" method="post" { (rows(lang, all, true)) div.go { button.main { (lang.say(&w::RETRY)) } } }
                p.help { (lang.pick("空実行は、選んだ提出を今日の関門(提出物の検査、様式の読取り、停止の求め、通知、統制合計)と名寄せの索引に通し、何も書きません。開いたことは証跡に残ります。", "A dry run takes the chosen deliveries through the gates of today (package, mapping, requests to stop, notices, totals) and the index of matching, and writes nothing. That bytes were opened is booked.")) }
            } @else {
                (rows(lang, all, false))
                (ui::greyed(lang.say(&w::RETRY), lang.pick("運用またはデータ管理の役割が必要です。", "For operators and curators.")))
            }
        }
    }
}

fn rows(lang: Lang, all: &[Value], choose: bool) -> Markup {
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|d| {
            let id = text(d, "submission");
            vec![
                html! {
                    @if choose { label.radio { input type="checkbox" name="id" value=(id); " " (crate::format::short(id)) } } @else { (crate::format::short(id)) }
                    a href={ "/deliveries/" (id) } { (lang.pick("内容を開く", "Open")) span.hidden { " " (id) } }
                },
                html! { (text(d, "feed")) br; span.soft { (text(d, "submitter")) } },
                html! { @if let Some(on) = day(d, "day") { (ui::day(on)) } },
                ui::badge(tone(state_of(d)), &state_word(lang, d)),
                html! { (ui::number(count(d, "quarantined"))) },
                html! { (ui::number(count(d, "held"))) },
                why(lang, d),
                html! { (words(part(d, "owner"), "", lang)) (decided(lang, part(d, "decided"))) },
            ]
        })
        .collect();
    let heads = [
        (lang.say(&w::DELIVERIES), false),
        (lang.pick("フィード・提出者", "Feed, sender"), false),
        (lang.pick("日", "Day"), false),
        (lang.pick("状態", "State"), false),
        (lang.pick("隔離", "Set aside"), true),
        (lang.pick("保留", "Held"), true),
        (lang.pick("理由", "Why"), false),
        (lang.pick("担当", "Owner"), false),
    ];
    ui::section(lang.pick("一覧", "List"), "", &ui::table(lang.say(&w::QUARANTINE), &heads, &rows))
}

/// What was decided about it already.
fn decided(lang: Lang, d: &Value) -> Markup {
    let word = match text(d, "what") {
        "ordered" => lang.pick("再取込みを指示済み", "to be taken in again"),
        "returned" => lang.pick("差戻し済み", "given back"),
        _ => return html! {},
    };
    html! { br; (ui::badge(Tone::Waiting, word)) " " span.soft { (text(d, "reason")) } }
}

fn why(lang: Lang, d: &Value) -> Markup {
    html! {
        ul {
            @for rule in list(d, "why").iter().take(3) {
                li { a href={ "/deliveries/" (text(d, "submission")) "/findings#" (text(rule, "rule")) } { (words(rule, "", lang)) } " ×" (ui::number(count(rule, "count"))) }
            }
            @if list(d, "why").len() > 3 { li.soft { (lang.pick("ほか", "and more")) } }
            @for wait in list(d, "waits") {
                li { (reason(lang, text(wait, "reason"))) " " (ui::number(count(wait, "units"))) " " (lang.pick("単位", "units"))
                    @if let Some(on) = day(wait, "next_ripe") { " (" (lang.pick("満了 ", "ripe ")) (ui::day(on)) ")" } }
            }
        }
    }
}

pub(super) fn retry(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let ids: Vec<&str> = v.fields("id").filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return Err(Problem::Bad(
            v.pick("提出を一つ以上選んでください。", "Choose one delivery or more.").to_owned(),
        ));
    }
    let order = ids.iter().fold(Order::new("delivery retry"), |order, id| order.word(*id));
    let value = v.value(&order)?;
    let body = retried(v.lang, &value);
    Ok(v.page(v.pick("空実行の結果", "What the dry run found"), &body))
}

/// Orders that a package is taken in again.
pub(super) fn load(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    deed(v, "delivery load")
}

/// Gives a delivery back to its sender.
pub(super) fn give_back(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    deed(v, "delivery return")
}

fn deed(v: &Visit<'_>, verb: &'static str) -> Result<Reply, Problem> {
    let order = Order::new(verb)
        .option("--reason", v.need("reason", &w::REASON)?)
        .word(v.need("id", &w::DELIVERIES)?);
    let answer = v.give(&order)?;
    v.after(&answer, "/quarantine".to_owned())
}

/// What a dry run found.
pub(super) fn retried(lang: Lang, value: &Value) -> Markup {
    let all = list(value, "read");
    let ready = all.iter().filter(|r| yes(r, "ready")).count();
    html! {
        (ui::standing(lang, if ready == all.len() { Tone::Good } else { Tone::Waiting },
            &lang.pick(
                format!("{} 件のうち {ready} 件は、そのまま取り込めます。何も書いていません。", all.len()),
                format!("{ready} of {} can be taken in as they are. Nothing was written.", all.len()),
            ),
            lang.pick("取り込めるものは再取込みを指示し、ほかは提出者に差し戻してください。", "Order what can be taken in, and give the others back to their senders."),
            lang.pick("運用", "Operator"), None))
        @for r in all { (one(lang, r)) }
        p.note { (lang.pick("消去済みの人と、停止の求めとの疑義(同じ人か分からない場合)は、実際の取込みで分かります。", "Erased persons, and doubts whether somebody asked to stop, are found out by the real intake.")) }
        p { (ui::link("/quarantine", lang.pick("一覧へ戻る", "Back to the list"))) }
    }
}

/// One delivery of a dry run, with what can be done about it.
fn one(lang: Lang, r: &Value) -> Markup {
    let id = text(r, "submission");
    let rules = |name: &str| {
        let all = list(r, name);
        html! {
            @if all.is_empty() { "—" }
            ul { @for rule in all.iter().take(20) { li { code { (text(rule, "rule")) } " " (words(rule, "", lang)) " ×" (ui::number(count(rule, "count"))) " " span.soft { (words(rule, "mend", lang)) } } } }
        }
    };
    let n = |name: &str| html! { (ui::number(count(r, name))) };
    let facts = [
        (lang.pick("隔離したレコード", "Records set aside"), n("quarantined")),
        (lang.pick("提出物としての問題", "Against the package"), rules("package_rules")),
        (
            lang.pick("全体の停止", "Stopped as a whole"),
            html! { @if text(r, "stopped").is_empty() { "—" } @else { (lang.pick(text(r, "stopped_ja"), text(r, "stopped"))) } },
        ),
        (lang.pick("読んだ文書", "Documents read"), n("documents")),
        (lang.pick("単位", "Units"), n("units")),
        (lang.pick("格納される", "Would be loaded"), n("loaded")),
        (
            lang.pick("保留になる", "Would be held"),
            html! {
                (ui::number(count(r, "held_units")))
                @for held in list(r, "held_for") { " " span.soft { (lang.pick(text(held, "ja"), text(held, "reason"))) " " (ui::number(count(held, "units"))) } }
            },
        ),
        (
            lang.pick("再び隔離", "Set aside again"),
            html! { (ui::number(count(r, "again"))) (rules("rules")) },
        ),
        (lang.pick("重複", "Duplicates"), n("duplicate")),
        (lang.pick("除外(停止の求め)", "Excluded (requests to stop)"), n("excluded")),
        (lang.pick("名寄せ: 既知の記述", "Matching: known as described"), n("known")),
        (lang.pick("名寄せ: 既知の人と比べる", "Matching: to be compared with known persons"), n("compared")),
        (lang.pick("名寄せ: 新しい", "Matching: new"), n("fresh")),
    ];
    // The page may show many deliveries: the field of each has its own id.
    let field = format!("reason-{id}");
    let body = html! {
        p { (ui::link(&format!("/deliveries/{id}"), lang.pick("提出の内容を開く", "Open the delivery"))) }
        (ui::facts(&facts))
        form.stack action="/quarantine/return" method="post" {
            input type="hidden" name="id" value=(id);
            div.field {
                label for=(field) { (lang.say(&w::REASON)) }
                input id=(field) name="reason" type="text" maxlength="400" required;
                p.help { (lang.pick("提出者が読みます。個人の値を書かないでください。", "The sender reads it. No value of a person.")) }
            }
            div.go {
                button.main { (lang.say(&w::GIVE_BACK)) }
                @if yes(r, "ready") { " " button formaction="/quarantine/load" { (lang.say(&w::LOAD_AGAIN)) } }
            }
        }
        @if !yes(r, "ready") { (ui::greyed(lang.say(&w::LOAD_AGAIN), words(r, "why_not", lang))) }
    };
    ui::section(&format!("{} {}", lang.pick("提出", "Delivery"), crate::format::short(id)), "", &body)
}
