//! One delivery: where it stands, what became of every record, what was wrong and how to mend it, and what to take home.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use musubi_model::submission::{Balance, SubmissionState};
use serde_json::Value;

use super::act::{answer_form, stopped, take_home};
use super::delivery;
use crate::charts;
use crate::format::{bytes, short, signed};
use crate::night;
use crate::web::pages::said::{count, day, list, moment, part, some, text, words};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::submitter as w;
use crate::words::Lang;

pub(super) fn page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = delivery(v, v.param("id"))?;
    let may_fetch = v.me()?.roles.iter().any(|r| super::SEND.contains(r));
    let body = html! {
        (view(v.lang, &value))
        (take_home(v.lang, &value, may_fetch))
        @if v.me()?.roles.iter().any(|r| matches!(r, AuditRole::Operator | AuditRole::Curator)) {
            p { a href={ "/lineage/" (text(&value, "submission")) } { (v.pick("この提出の来歴(事実・提供物まで)", "Its way to facts and releases")) } }
        }
        (stopped(v.lang, &value, v.me()?.roles.iter().any(|r| super::ALLOW.contains(r))))
        @if may_fetch && count(&value, "sampled_units") > 0 { (answer_form(v.lang, &value)) }
    };
    Ok(v.page(&format!("{} {}", v.say(&w::DETAIL), short(text(&value, "submission"))), &body))
}

/// A state's feel.
pub(crate) fn tone(state: Option<SubmissionState>) -> Tone {
    match state {
        Some(SubmissionState::Acknowledged | SubmissionState::Balanced) => Tone::Good,
        Some(SubmissionState::Quarantined | SubmissionState::Rejected) => Tone::Bad,
        Some(_) => Tone::Waiting,
        None => Tone::Plain,
    }
}

/// The state of a value.
pub(crate) fn state_of(value: &Value) -> Option<SubmissionState> {
    SubmissionState::from_name(text(value, "state"))
}

/// The word of a state.
pub(crate) fn state_word(lang: Lang, value: &Value) -> String {
    state_of(value).map_or_else(String::new, |s| lang.pick(s.ja(), s.as_str()).to_owned())
}

fn balance_of(value: &Value) -> Balance {
    serde_json::from_value(part(value, "balance").clone()).unwrap_or_default()
}

fn errors(value: &Value) -> u64 {
    list(value, "findings").iter().filter(|f| text(f, "severity") == "error").map(|f| count(f, "count")).sum()
}

pub(super) fn standing(lang: Lang, value: &Value) -> Markup {
    let total = balance_of(value).total();
    let sender = lang.pick("提出者", "Sender");
    let (tone, sentence, next, owner) = match state_of(value) {
        Some(SubmissionState::Rejected) => (
            Tone::Bad,
            lang.pick(
                "受け付けられませんでした。何も保存していません。",
                "It was refused. Nothing of it was kept.",
            ),
            lang.pick(
                "下の直し方に従って直し、もう一度送ってください。",
                "Mend it as shown below and send it again.",
            ),
            sender,
        ),
        Some(SubmissionState::Quarantined) => (
            Tone::Bad,
            lang.pick(
                "全体を隔離しました。一件も使われていません。",
                "It was set aside as a whole. None of it is used.",
            ),
            lang.pick(
                "下の直し方に従って直し、もう一度送ってください。",
                "Mend it as shown below and send it again.",
            ),
            sender,
        ),
        Some(state) if !state.is_final() => (
            Tone::Waiting,
            lang.pick("処理の途中です。", "It is being worked on."),
            lang.pick("終わるまでお待ちください。", "Wait until it is done."),
            lang.pick("運用", "Operator"),
        ),
        Some(_) if total.quarantined > 0 || errors(value) > 0 => (
            Tone::Waiting,
            lang.pick(
                "受け付けましたが、一部を隔離しました。",
                "It was taken in, but part of it was set aside.",
            ),
            lang.pick(
                "隔離された分を直し、その分を送ってください。",
                "Mend what was set aside and send that part.",
            ),
            sender,
        ),
        Some(_) if total.held > 0 => (
            Tone::Good,
            lang.pick(
                "受け付けました。一部は通知の期間が満ちるまで待っています。",
                "It was taken in. Part of it waits until its notice is old enough.",
            ),
            "",
            "",
        ),
        Some(_) => (Tone::Good, lang.pick("すべて受け付けました。", "All of it was taken in."), "", ""),
        None => (Tone::Plain, "", "", ""),
    };
    ui::standing(lang, tone, sentence, next, owner, None)
}

/// The steps of the way, as far as it went.
fn way(lang: Lang, value: &Value) -> Markup {
    use SubmissionState as S;
    const WAY: [S; 8] =
        [S::Received, S::Verified, S::Mapped, S::Gated, S::Resolved, S::Loaded, S::Balanced, S::Acknowledged];
    let reached: Vec<Option<S>> = list(value, "events").iter().map(state_of).collect();
    let stopped = matches!(state_of(value), Some(S::Quarantined | S::Rejected));
    let mut here = false;
    let mut steps: Vec<(&str, Option<bool>)> = Vec::new();
    // Steps between two that were reached were passed, even when they were committed in one go.
    let last = WAY.iter().rposition(|s| reached.contains(&Some(*s)));
    for (place, state) in WAY.into_iter().enumerate() {
        let word = lang.pick(state.ja(), state.as_str());
        let done = last.is_some_and(|last| place <= last);
        if stopped && !done {
            break;
        }
        let at = if done {
            Some(true)
        } else if here {
            None
        } else {
            here = true;
            Some(false)
        };
        steps.push((word, at));
    }
    if let Some(state) = state_of(value).filter(|_| stopped) {
        steps.push((lang.pick(state.ja(), state.as_str()), Some(false)));
    }
    ui::steps(lang, &steps)
}

/// The page from what the verb said, without what one can do.
pub(super) fn view(lang: Lang, value: &Value) -> Markup {
    let id = text(value, "submission");
    let balance = balance_of(value);
    let total = balance.total();
    html! {
        (standing(lang, value))
        (way(lang, value))
        (ui::section(lang.pick("この提出", "This delivery"), "", &ui::facts(&[
            (lang.pick("提出の番号", "Number"), html! { code { (id) } }),
            (lang.say(&w::FEED), html! { (text(value, "feed")) " " span.soft { (if lang == Lang::Ja { text(value, "kind_ja") } else { text(value, "kind") }) } }),
            (lang.pick("提出者", "Sender"), html! { (text(value, "submitter")) }),
            (lang.pick("業務日付", "Business day"), html! { @if let Some(d) = day(value, "business_date") { (ui::day(d)) } @else { "—" } }),
            (lang.pick("受領", "Received"), html! { @if let Some(at) = moment(value, "received_at") { (ui::moment(at)) } }),
            (lang.pick("大きさ", "Size"), html! { (ui::number(count(value, "files"))) " " (lang.pick("ファイル", "files")) " · " (bytes(count(value, "bytes"))) }),
            (lang.pick("処理したプログラム", "Program"), html! { (text(value, "code_version")) " " span.soft { (lang.pick("パラメータ", "parameters")) " " code { (short(text(value, "parameter_hash"))) } } }),
        ])))
        (ui::section(lang.pick("突合(受領した件数の行方)", "Balance: what became of every record"), lang.pick("左の受領が右の合計と一致します。差が 0 でない提出は完了になりません。", "What was received equals the sum at the right. A delivery with a difference is not done."), &html! {
            @if balance.lines.is_empty() {
                p { (lang.pick("まだ突合していません。", "It has not been balanced yet.")) }
            } @else {
                (night::legend(lang))
                (charts::stacked(lang, &total, total.received))
                (night::equation(lang, &total))
                details { summary { (lang.pick("レコードの種類別", "By kind of record")) } div.wide { (night::by_kind(lang, &balance)) } }
            }
        }))
        (findings_short(lang, value))
        (totals(lang, value))
        (copies(lang, value))
        (compared(lang, value))
        (unmapped(lang, value))
        (ui::section(lang.pick("経過", "What happened"), "", &timeline(lang, value)))
    }
}

fn timeline(lang: Lang, value: &Value) -> Markup {
    let entries: Vec<_> = list(value, "events")
        .iter()
        .filter_map(|e| Some((moment(e, "at")?, state_word(lang, e), html! { (text(e, "detail")) })))
        .collect();
    ui::timeline(&entries)
}

pub(super) fn severity(lang: Lang, f: &Value) -> Markup {
    match text(f, "severity") {
        "error" => ui::badge(Tone::Bad, lang.pick("エラー", "error")),
        "warning" => ui::badge(Tone::Waiting, lang.pick("注意", "warning")),
        _ => ui::badge(Tone::Plain, lang.pick("参考", "note")),
    }
}

fn findings_short(lang: Lang, value: &Value) -> Markup {
    let all = list(value, "findings");
    let id = text(value, "submission");
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .take(10)
        .map(|f| {
            vec![
                html! { a href={ "/deliveries/" (id) "/findings#" (text(f, "rule")) } { (words(part(f, "words"), "", lang)) } " " code.soft { (text(f, "rule")) } },
                severity(lang, f),
                html! { (ui::number(count(f, "count"))) },
                html! { (change(lang, f)) },
            ]
        })
        .collect();
    ui::section(
        lang.say(&w::FINDINGS),
        "",
        &html! {
            @if all.is_empty() { p { (lang.pick("指摘はありません。", "Nothing was found wrong.")) } } @else {
                (ui::table(lang.say(&w::FINDINGS), &[(lang.say(&w::RULE), false), (lang.pick("重さ", "Severity"), false), (lang.say(&w::HOW_MANY), true), (lang.say(&w::BEFORE), true)], &rows))
                p { a href={ "/deliveries/" (id) "/findings" } { (lang.pick("すべての指摘を、規則・メーカー・レコードの順に見る", "All findings by rule, maker and record")) } }
                p { a href={ "/deliveries/" (id) "/findings.csv" } { (lang.say(&w::FINDINGS_CSV)) } }
            }
        },
    )
}

/// The count before, and whether it grew: with a word, not by colour.
pub(super) fn change(lang: Lang, f: &Value) -> Markup {
    let (now, before) = (count(f, "count"), count(f, "before"));
    html! {
        (ui::number(before)) " "
        @match now.cmp(&before) {
            std::cmp::Ordering::Greater => { "▲ " (lang.pick("増えた", "more")) },
            std::cmp::Ordering::Less => { "▼ " (lang.pick("減った", "fewer")) },
            std::cmp::Ordering::Equal => { (lang.pick("同じ", "same")) },
        }
    }
}

fn totals(lang: Lang, value: &Value) -> Markup {
    let all = list(value, "totals");
    if all.is_empty() {
        return html! {};
    }
    let number = |n: Option<u64>| n.map_or_else(|| "—".to_owned(), ui::number);
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|t| {
            let (sent, got) = (some(t, "promised"), some(t, "counted"));
            let differ = sent.zip(got).map(|(a, b)| i128::from(b) - i128::from(a));
            vec![
                html! { code { (text(t, "kind")) } },
                html! { (number(sent)) },
                html! { (number(got)) },
                html! { (number(some(t, "stored"))) },
                html! { @match differ {
                    Some(0) => { (ui::badge(Tone::Good, lang.pick("一致", "equal"))) },
                    Some(d) => { (ui::badge(Tone::Bad, &signed(d))) },
                    None => { "—" },
                } },
            ]
        })
        .collect();
    let heads = [
        (lang.pick("種類", "Kind"), false),
        (lang.pick("送った側の件数", "Sender's total"), true),
        (lang.pick("受け取った件数", "Received"), true),
        (lang.pick("格納した件数", "Stored"), true),
        (lang.pick("差(受取−送付)", "Difference"), true),
    ];
    ui::section(
        lang.pick("統制合計", "Control totals"),
        lang.pick(
            "格納した件数は、旧版・重複・隔離・除外・保留を除いた件数です。",
            "Stored leaves out what was superseded, repeated, set aside, excluded or held.",
        ),
        &ui::table(lang.pick("統制合計", "Control totals"), &heads, &rows),
    )
}

fn copies(lang: Lang, value: &Value) -> Markup {
    let duplicates = balance_of(value).total().duplicate;
    if duplicates == 0 {
        return html! {};
    }
    html! {
        (ui::section(lang.pick("重複", "Duplicates"), lang.pick("同じ内容がすでに格納されている分です。二重には数えません。", "The same content is stored already. It is not counted twice."), &html! {
            p { (lang.pick("重複したレコード", "Repeated records")) ": " b { (ui::number(duplicates)) } }
            ul { @for c in list(value, "first_copies") {
                li { (lang.pick("最初に届いた提出", "First came in")) " " a href={ "/deliveries/" (text(c, "submission")) } { (text(c, "submission")) } " (" (ui::number(count(c, "units"))) " " (lang.pick("単位", "units")) ")" }
            } }
        }))
    }
}

fn compared(lang: Lang, value: &Value) -> Markup {
    let before = part(value, "before");
    if before.is_null() {
        return html! {};
    }
    let then: Balance = serde_json::from_value(part(before, "balance").clone()).unwrap_or_default();
    let (now, then) = (balance_of(value).total(), then.total());
    let gone = list(value, "gone");
    let row = |name: &'static str, a: u64, b: u64| {
        vec![
            html! { (name) },
            html! { (ui::number(a)) },
            html! { (ui::number(b)) },
            html! { (signed(i128::from(b) - i128::from(a))) },
        ]
    };
    let rows = vec![
        row(lang.pick("受領", "received"), then.received, now.received),
        row(lang.pick("格納", "loaded"), then.loaded, now.loaded),
        row(lang.pick("隔離", "set aside"), then.quarantined, now.quarantined),
        row(lang.pick("通知待ち", "held"), then.held, now.held),
    ];
    ui::section(
        lang.pick("前回の提出との比較", "Compared with the delivery before"),
        "",
        &html! {
            p { (lang.pick("前回", "Before")) ": " a href={ "/deliveries/" (text(before, "submission")) } { (text(before, "submission")) } }
            (ui::table(lang.pick("前回との比較", "Comparison"), &[("", false), (lang.say(&w::BEFORE), true), (lang.pick("今回", "Now"), true), (lang.pick("差", "Difference"), true)], &rows))
            @if !gone.is_empty() {
                h3 { (lang.pick("なくなった指摘", "Findings that are gone")) }
                ul { @for g in gone { li { (words(part(g, "words"), "", lang)) " " code.soft { (text(g, "rule")) } " (" (ui::number(count(g, "before"))) " → 0)" } } }
            }
        },
    )
}

fn unmapped(lang: Lang, value: &Value) -> Markup {
    let all = list(value, "unmapped");
    if all.is_empty() {
        return html! {};
    }
    html! {
        (ui::section(lang.say(&w::UNMAPPED), "", &html! {
            p { (ui::number(u64::try_from(all.len()).unwrap_or(0))) " " (lang.pick("種類(多い順に 50 まで)", "codes (the 50 most frequent at most)")) }
            p { a href="/deliveries/codes" { (lang.pick("一覧を見て対応を提案する", "See them and propose maps")) } }
        }))
    }
}

/// A field for one file.
pub(super) fn file(lang: Lang, name: &str, label: &str, accept: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) " " span.must { (lang.pick("必須", "required")) } }
            input id=(name) name=(name) type="file" accept=(accept) required;
        }
    }
}
