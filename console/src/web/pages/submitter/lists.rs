//! Codes without a standard, notices and what waits, and the list of opt-outs with an answer for every line.

use maud::{Markup, html};
use serde_json::Value;

use super::detail::file;
use crate::web::house::Order;
use crate::web::pages::said::{count, day, list, moment, part, text, words, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::submitter as w;
use crate::words::Lang;

/// Rows of a page.
const A_PAGE: usize = 50;
/// Codes asked for at once.
const CODES: usize = 500;

pub(super) fn codes(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("codes unmapped")
        .option("--limit", CODES.to_string())
        .given("--provider", v.field("provider"));
    let value = v.value(&order)?;
    let page = v.field("page").parse::<u64>().unwrap_or(1).max(1);
    let body = codes_view(v.lang, &value, page);
    Ok(v.page(v.say(&w::UNMAPPED), &body))
}

/// Codes, those with most records first, each with its form.
pub(super) fn codes_view(lang: Lang, value: &Value, page: u64) -> Markup {
    let all = list(value, "codes");
    let pages = u64::try_from(all.len().div_ceil(A_PAGE)).unwrap_or(1).max(1);
    let from = usize::try_from(page.min(pages) - 1).unwrap_or(0) * A_PAGE;
    let open = count(value, "all");
    let tone = if open == 0 { Tone::Good } else { Tone::Waiting };
    let or_shape = |r: &Value, key: &str, shape: &str| {
        let (plain, shape) = (text(r, key).to_owned(), text(r, shape).to_owned());
        html! { @if plain.is_empty() { @if !shape.is_empty() { "⟨" (shape) "⟩" } @else { "—" } } @else { (plain) } }
    };
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .skip(from)
        .take(A_PAGE)
        .map(|r| {
            vec![
                html! { code { (or_shape(r, "code", "code_shape")) } },
                or_shape(r, "name", "name_shape"),
                html! { (text(r, "system")) },
                html! { (text(r, "provider")) },
                html! { (ui::number(count(r, "records"))) },
                html! { @if !text(r, "code").is_empty() { (proposal(lang, r)) } @else { span.soft { (lang.pick("人数が少ないため形だけを示しています", "few persons: only its shape is shown")) } } },
            ]
        })
        .collect();
    let heads = [
        (lang.say(&w::CODE), false),
        (lang.say(&w::NAME), false),
        (lang.say(&w::SYSTEM), false),
        (lang.say(&w::PROVIDER), false),
        (lang.pick("レコード", "Records"), true),
        (lang.say(&w::PROPOSE), false),
    ];
    html! {
        (ui::standing(lang, tone, &lang.pick(format!("標準コードのないコードが {open} 種類あります。"), format!("{open} codes have no standard.")),
            if open == 0 { "" } else { lang.pick("件数の多いものから、対応する標準コードを提案してください。別の人が承認すると使われます。", "Propose the standard code of the most frequent first. It is used once another person approves.") }, "", None))
        @if rows.is_empty() { (ui::empty(lang.pick("ありません。", "None."))) } @else {
            (ui::section(lang.say(&w::UNMAPPED), "", &ui::table(lang.say(&w::UNMAPPED), &heads, &rows)))
            (ui::pager(lang, "/deliveries/codes?", page.min(pages), pages))
        }
    }
}

fn proposal(lang: Lang, r: &Value) -> Markup {
    let hidden = |name: &str, value: &str| html! { input type="hidden" name=(name) value=(value); };
    html! {
        details {
            summary { (lang.say(&w::PROPOSE)) span.hidden { " " (text(r, "code")) } }
            (ui::form("/deliveries/codes/propose", lang.say(&w::PROPOSE), &html! {
                (hidden("provider", text(r, "provider"))) (hidden("system", text(r, "system")))
                (hidden("code", text(r, "code"))) (hidden("name", text(r, "name")))
                @for (name, label, value) in [("standard_system", &w::STANDARD_SYSTEM, ""), ("standard_code", &w::STANDARD_CODE, ""), ("reason", &w::REASON, "")] {
                    // One form for each code of the page: fields are told apart by their label, not by an id.
                    div.field { label { (lang.say(label)) " " span.must { (lang.pick("必須", "required")) } br; input name=(name) value=(value) required; } }
                }
            }))
        }
    }
}

pub(super) fn propose(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("codes propose")
        .option("--provider", v.need("provider", &w::PROVIDER)?)
        .option("--system", v.field("system"))
        .option("--code", v.need("code", &w::CODE)?)
        .option("--name", v.field("name"))
        .option("--standard-system", v.need("standard_system", &w::STANDARD_SYSTEM)?)
        .option("--standard-code", v.need("standard_code", &w::STANDARD_CODE)?)
        .option("--reason", v.need("reason", &w::REASON)?);
    let answer = v.give(&order)?;
    v.after(&answer, "/deliveries/codes")
}

pub(super) fn notices(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let status = v.value(&Order::new("notice status"))?;
    let held = v.value(&Order::new("notice held"))?;
    let rows = v.value(&Order::new("notice reconcile"))?;
    let body = notices_view(v.lang, &status, &held, &rows);
    Ok(v.page(v.say(&w::NOTICES), &body))
}

/// Ledgers, what waits, and the reconciliation.
pub(super) fn notices_view(lang: Lang, status: &Value, held: &Value, rows: &Value) -> Markup {
    let ledgers = list(status, "providers");
    let waits = list(held, "held");
    let broken = ledgers.iter().filter(|l| !yes(l, "chain")).count();
    let waiting: u64 = waits.iter().map(|h| count(h, "units")).sum();
    let (tone, said) = match (ledgers.len(), broken) {
        (0, _) => (
            Tone::Bad,
            lang.pick(
                "通知の台帳がまだ届いていません。台帳がない医療機関等の記録は受け付けられません。",
                "No ledger of notices has come. Without one, nothing of a provider is taken in.",
            )
            .to_owned(),
        ),
        (_, 0) => (
            Tone::Good,
            lang.pick(
                format!(
                    "通知の台帳は揃っています。通知の期間などを待つ単位が {} あります。",
                    ui::number(waiting)
                ),
                format!("The ledgers are in order. {} units wait for their notice.", ui::number(waiting)),
            ),
        ),
        (_, n) => (
            Tone::Bad,
            lang.pick(
                format!("{n} 施設の台帳の連鎖が切れています。"),
                format!("The chain of {n} ledgers is broken."),
            ),
        ),
    };
    let own = |l: &Value| {
        vec![
            html! { (text(l, "provider")) },
            html! { @if let Some(at) = moment(l, "exported_at") { (ui::moment(at)) } },
            html! { (ui::number(count(l, "persons"))) },
            html! { (ui::number(count(l, "ledgers"))) },
            if yes(l, "chain") {
                ui::badge(Tone::Good, lang.pick("正しい", "holds"))
            } else {
                ui::badge(Tone::Bad, lang.pick("切れている", "broken"))
            },
        ]
    };
    let wait = |h: &Value| {
        vec![
            html! { a href={ "/deliveries/" (text(h, "submission")) } { (text(h, "submission")) } },
            html! { (text(h, "provider")) },
            html! { (reason(lang, text(h, "reason"))) },
            html! { (ui::number(count(h, "units"))) },
            html! { @if let Some(d) = day(h, "next_ripe") { (ui::day(d)) } @else { "—" } },
        ]
    };
    let line = |r: &Value| {
        let mut cells = vec![
            html! { a href={ "/deliveries/" (text(r, "submission")) } { (crate::format::short(text(r, "submission"))) } },
            html! { (text(r, "provider")) },
        ];
        for key in ["notified", "opted_out", "eligible", "in_feed", "admitted", "set_aside", "unnotified"] {
            cells.push(html! { (ui::number(count(r, key))) });
        }
        cells
    };
    html! {
        (ui::standing(lang, tone, &said, lang.pick("台帳は「提出物を送る」から送れます。", "Send ledgers from “Send a delivery”."), lang.pick("提出者", "Sender"), None))
        (ui::section(lang.pick("通知の台帳", "Ledgers of notices"), "", &html! {
            @if ledgers.is_empty() { (ui::empty(lang.pick("まだ届いていません。", "None yet."))) } @else {
                (ui::table(lang.pick("通知の台帳", "Ledgers"), &[(lang.say(&w::PROVIDER), false), (lang.pick("作成", "Written"), false), (lang.pick("通知済みの人", "Notified"), true), (lang.pick("台帳", "Ledgers"), true), (lang.pick("連鎖", "Chain"), false)], &ledgers.iter().map(own).collect::<Vec<_>>()))
            }
        }))
        (ui::section(lang.pick("待っているもの(保留)", "What waits"), lang.pick("条件が整うと、夜間処理が自動で格納します。", "The night loads it by itself once it may come in."), &html! {
            @if waits.is_empty() { (ui::empty(lang.pick("保留はありません。", "Nothing waits."))) } @else {
                (ui::table(lang.pick("保留", "What waits"), &[(lang.pick("提出", "Delivery"), false), (lang.say(&w::PROVIDER), false), (lang.say(&w::REASON), false), (lang.pick("単位", "Units"), true), (lang.pick("最初の満了日", "First ripe"), false)], &waits.iter().map(wait).collect::<Vec<_>>()))
            }
        }))
        (ui::section(lang.pick("突合(人数)", "Reconciliation (persons)"), lang.pick("通知 N − 停止 O = 対象 E。提出に含まれる F のうち、受け入れた人が A、保留などが Q です。", "Notified N − opted out O = eligible E. Of F in the feed, A were admitted and Q set aside."), &html! {
            @let all = list(rows, "rows");
            @if all.is_empty() { (ui::empty(lang.pick("まだありません。", "None yet."))) } @else {
                (ui::table(lang.pick("突合", "Reconciliation"), &[(lang.pick("提出", "Delivery"), false), (lang.say(&w::PROVIDER), false), (lang.pick("通知 N", "Notified N"), true), (lang.pick("停止 O", "Opted out O"), true), (lang.pick("対象 E", "Eligible E"), true), (lang.pick("提出 F", "In feed F"), true), (lang.pick("受入 A", "Admitted A"), true), (lang.pick("保留等 Q", "Set aside Q"), true), (lang.pick("通知なし", "Unnotified"), true)], &all.iter().map(line).collect::<Vec<_>>()))
            }
        }))
    }
}

/// Why something waits, in words.
pub(crate) fn reason(lang: Lang, code: &str) -> String {
    musubi_compliance::notice::HoldReason::read(code)
        .map_or_else(|| code.to_owned(), |r| lang.pick(r.ja(), r.as_str()).to_owned())
}

pub(super) fn optouts(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let body = optout_form(v.lang);
    Ok(v.page(v.say(&w::OPTOUTS), &body))
}

fn optout_form(lang: Lang) -> Markup {
    html! {
        (ui::standing(lang, Tone::Plain, lang.pick("医療機関等で受けた停止の求めを、一覧で登録します。登録した時から効きます。", "Requests to stop that providers have received are entered as a list. They hold at once."), "", "", None))
        (ui::section(lang.say(&w::OPTOUTS), lang.pick("自分の所属の医療機関等の番号がある行だけを受け付けます。", "Only lines with the number of a provider of your own organisation are taken."), &html! {
            (ui::form_with_files("/deliveries/optouts", lang.pick("登録する", "Enter"), &file(lang, "file", lang.say(&w::LIST_FILE), ".csv,text/csv")))
            details { summary { (lang.pick("列の名前", "Columns")) } p { code { (musubi_compliance::optout_list::COLUMNS.join(",")) } } }
        }))
    }
}

pub(super) fn take_optouts(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let Some(bytes) = v.paper("file") else {
        return Err(Problem::Bad(v.pick("一覧(CSV)を選んでください。", "Choose a list (CSV).").to_owned()));
    };
    let answer = v.give(&Order::new("optout load").file(bytes))?;
    if !answer.went() {
        return Err(Problem::Bad(answer.said()));
    }
    let body = answers_view(v.lang, &answer.value);
    Ok(v.page(v.pick("停止の求めの登録結果", "What became of the list"), &body))
}

/// The answer to every line, for printing as the sender's receipt.
pub(super) fn answers_view(lang: Lang, value: &Value) -> Markup {
    let lines = list(value, "lines");
    let refused = count(value, "refused");
    let rows: Vec<Vec<Markup>> = lines
        .iter()
        .map(|l| {
            vec![
                html! { @if count(l, "line") > 0 { (count(l, "line")) } @else { "—" } },
                if yes(l, "ok") { ui::badge(Tone::Good, lang.pick("登録", "entered")) } else { ui::badge(Tone::Bad, lang.pick("不受理", "not taken")) },
                html! { (text(l, "entry")) },
                html! { (words(l, "", lang)) @if !text(l, "field").is_empty() { " (" (text(l, "field")) ")" } },
                html! { (words(l, "mend", lang)) },
            ]
        })
        .collect();
    let fine = lines.iter().all(|l| yes(l, "ok"));
    let tone = if fine { Tone::Good } else { Tone::Bad };
    html! {
        (ui::standing(lang, tone, &lang.pick(
            format!("{} 行を登録し、{refused} 行を受け付けませんでした。", count(value, "rows")),
            format!("{} lines were entered and {refused} were not.", count(value, "rows"))),
            if fine { "" } else { lang.pick("不受理の行を直し、その行だけを送ってください。", "Mend the lines that were not taken and send only those.") },
            lang.pick("提出者", "Sender"), None))
        (ui::section(lang.pick("行ごとの結果", "Line by line"), lang.pick("この画面を印刷して控えにできます。氏名などの値は表示しません。", "Print this page as your receipt. No value of a person is shown."),
            &ui::table(lang.pick("行ごとの結果", "Line by line"), &[(lang.pick("行", "Line"), true), (lang.pick("結果", "Result"), false), (lang.pick("受付番号", "Entry"), false), (lang.pick("説明", "Why"), false), (lang.say(&w::MEND), false)], &rows)))
        p { (ui::link("/deliveries/optouts", lang.pick("続けて送る", "Send another list"))) }
        @if part(value, "lines").is_null() { (ui::empty(lang.pick("行ごとの結果はありません。", "There are no lines."))) }
    }
}
