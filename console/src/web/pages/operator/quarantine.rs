//! What was set aside or waits: what, why, whose turn it is; and reading it again without loading anything, for one or many.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::house::Order;
use crate::web::pages::said::{count, day, list, part, text, words};
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
        p.note { (lang.pick("この画面から直接の格納・破棄はできません。隔離した分は、提出者が直して再提出すると格納されます。保留は条件が整うと夜間処理が格納します。", "Nothing can be loaded or discarded from here. What was set aside comes in when its sender sends it mended; what waits is loaded by the night once it may.")) }
        @if !all.is_empty() {
            @if may {
                form action="/quarantine/retry" method="post" { (rows(lang, all, true)) div.go { button.main { (lang.say(&w::RETRY)) } } }
                p.help { (lang.pick("空実行は、選んだ提出を今のプログラムで読み直し、何件が読めるようになるかを数えます。格納はしません。開いたことは証跡に残ります。", "A dry run reads the chosen deliveries with the program of today and counts what could be read. It loads nothing; that bytes were opened is booked.")) }
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
                html! { (words(part(d, "owner"), "", lang)) },
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

/// What reading again found.
pub(super) fn retried(lang: Lang, value: &Value) -> Markup {
    let all = list(value, "read");
    let better = all.iter().filter(|r| count(r, "unsound") == 0 && count(r, "units") > 0).count();
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|r| {
            let id = text(r, "submission");
            vec![
                html! { a href={ "/deliveries/" (id) } { (crate::format::short(id)) } },
                html! { (ui::number(count(r, "quarantined"))) },
                html! { (ui::number(count(r, "documents"))) },
                html! { (ui::number(count(r, "units"))) },
                html! { (ui::number(count(r, "sound"))) },
                html! { (ui::number(count(r, "unsound"))) },
                html! { ul { @for rule in list(r, "rules").iter().take(5) { li { (words(rule, "", lang)) " ×" (ui::number(count(rule, "count"))) } } } },
            ]
        })
        .collect();
    let heads = [
        (lang.pick("提出", "Delivery"), false),
        (lang.pick("隔離したレコード", "Records set aside"), true),
        (lang.pick("読んだ文書", "Documents read"), true),
        (lang.pick("単位", "Units"), true),
        (lang.pick("いま読める", "Readable now"), true),
        (lang.pick("読めない", "Not readable"), true),
        (lang.pick("残る理由", "What is still wrong"), false),
    ];
    html! {
        (ui::standing(lang, if better == all.len() { Tone::Good } else { Tone::Waiting },
            &lang.pick(format!("{} 件のうち {better} 件は、今のプログラムですべて読めます。格納はしていません。", all.len()), format!("{better} of {} can be read whole by the program of today. Nothing was loaded.", all.len())),
            lang.pick("読める提出は、提出者に同じ提出物の再提出を依頼してください。読めないものは直してもらってください。", "Ask the sender to send again what can be read, and to mend what cannot."), lang.pick("提出者", "Sender"), None))
        (ui::section(lang.pick("結果", "Result"), lang.pick("通知・停止の関門、名寄せ、統制合計は空実行では確かめません。", "Gates, linkage and control totals are not tried by a dry run."), &ui::table(lang.pick("空実行の結果", "Dry run"), &heads, &rows)))
        p { (ui::link("/quarantine", lang.pick("一覧へ戻る", "Back to the list"))) }
    }
}
