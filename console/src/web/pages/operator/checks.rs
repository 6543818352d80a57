//! The checks of the Act with how each stands, one check with its cases, and when promises were last proven.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::Value;

use crate::web::house::{Ended, Order};
use crate::web::pages::said::{count, day, list, moment, part, some, text, words, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::operator as w;
use crate::words::Lang;

/// How a verdict reads: a check that fails and stops, one that fails and warns, one that could not be read.
fn verdict(lang: Lang, row: &Value) -> (Tone, &'static str) {
    match (text(row, "verdict"), yes(row, "blocking")) {
        ("pass", _) => (Tone::Good, lang.pick("合格", "passes")),
        ("no-case", _) => (Tone::Plain, lang.pick("該当なし", "no case")),
        ("never", _) => (Tone::Waiting, lang.pick("未実施", "never run")),
        ("unreadable", _) => (Tone::Bad, lang.pick("読めない", "unreadable")),
        (_, true) => (Tone::Bad, lang.pick("不合格(停止)", "fails and stops")),
        _ => (Tone::Waiting, lang.pick("不合格(注意)", "fails, warns")),
    }
}

/// The group of a verdict, for the filter.
fn group(row: &Value) -> &'static str {
    match (text(row, "verdict"), yes(row, "blocking")) {
        ("pass", _) => "pass",
        ("no-case", _) => "no-case",
        ("never", _) => "never",
        (_, true) | ("unreadable", _) => "stop",
        _ => "warn",
    }
}

pub(super) fn page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = v.value(&Order::new("check status"))?;
    let running = v.house().jobs().iter().any(|j| j.verb == "check" && j.ended.is_none());
    let body = view(v.lang, &value, v.field("state"), v.field("stage"), v.field("q").trim(), running);
    Ok(v.page(v.say(&w::CHECKS), &body))
}

/// All checks, filtered.
pub(super) fn view(
    lang: Lang,
    value: &Value,
    state: &str,
    stage: &str,
    wanted: &str,
    running: bool,
) -> Markup {
    let all = list(value, "checks");
    let of = |name: &str| all.iter().filter(|c| group(c) == name).count();
    let (stop, warn, never) = (of("stop"), of("warn"), of("never"));
    let (tone, said) = if stop > 0 {
        (
            Tone::Bad,
            lang.pick(
                format!("業務を止める不合格が {stop} 件あります。"),
                format!("{stop} checks fail and stop work."),
            ),
        )
    } else if warn + never > 0 {
        (
            Tone::Waiting,
            lang.pick(
                format!("止める不合格はありません。注意 {warn} 件、未実施 {never} 件。"),
                format!("None stops work; {warn} warn, {never} never ran."),
            ),
        )
    } else {
        (Tone::Good, lang.pick("すべて合格です。".to_owned(), "All of them pass.".to_owned()))
    };
    let fits = |c: &&Value| {
        let check = part(c, "check");
        let stages = list(check, "stages").iter().filter_map(Value::as_str).collect::<Vec<_>>();
        let words = [text(check, "id"), text(check, "rule_ja"), text(check, "rule_en")];
        (state.is_empty() || group(c) == state)
            && (stage.is_empty() || stages.contains(&stage))
            && (wanted.is_empty() || words.iter().any(|w| w.contains(wanted)))
    };
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .filter(fits)
        .map(|c| {
            let check = part(c, "check");
            let (tone, word) = verdict(lang, c);
            let stages: Vec<&str> = list(check, "stages").iter().filter_map(Value::as_str).collect();
            vec![
                html! { a href={ "/checks/" (text(check, "id")) } { (text(check, "id")) } },
                ui::badge(tone, word),
                html! { (words(check, "rule", lang)) @if matches!(group(c), "stop" | "warn") { br; span.soft { "→ " (words(check, "mend", lang)) } } },
                html! { (stages.join(" ")) },
                html! { @if let Some(at) = moment(c, "at") { (ui::moment(at)) } @else { "—" } },
            ]
        })
        .collect();
    let states = [
        ("", lang.pick("すべて", "all")),
        ("stop", lang.pick("不合格(停止)・読めない", "fails and stops, unreadable")),
        ("warn", lang.pick("不合格(注意)", "fails, warns")),
        ("never", lang.pick("未実施", "never run")),
        ("pass", lang.pick("合格", "passes")),
        ("no-case", lang.pick("該当なし", "no case")),
    ];
    let stages = [
        ("", lang.pick("すべて", "all")),
        ("I", lang.pick("受入れ", "intake")),
        ("L", lang.pick("名寄せ", "linkage")),
        ("S", lang.pick("毎夜", "nightly")),
        ("A", lang.pick("加工", "processing")),
        ("R", lang.pick("提供前", "release")),
        ("P", lang.pick("定期", "periodic")),
    ];
    html! {
        (ui::standing(lang, tone, &said, if stop > 0 { lang.pick("不合格の項目を開き、対処を確かめてください。", "Open those that fail and see how to mend them.") } else { "" }, lang.pick("管理責任者", "Officer"), None))
        ul.tiles {
            @for (name, word) in states.iter().skip(1) {
                li { div.k { a href={ "/checks?state=" (name) } { (word) } } div.v { (of(name)) span.u { (lang.pick("件", "")) } } }
            }
        }
        form.inline action="/checks" method="get" role="search" {
            (select("state", lang.pick("結果", "Result"), &states, state))
            (select("stage", lang.pick("時期", "Stage"), &stages, stage))
            div.field { label for="q" { (lang.pick("番号・言葉", "Number or word")) } input #q name="q" type="search" value=(wanted); }
            button { (lang.pick("絞り込む", "Filter")) }
        }
        @if running { p role="status" { (lang.pick("点検を実行しています。終わると結果が変わります。", "Checks are running; results change when they end.")) } } @else {
            form action="/checks/run" method="post" { div.go { button { (lang.say(&w::RUN_CHECKS)) } } }
        }
        (ui::section(&lang.pick(format!("点検項目({} 件中 {} 件)", all.len(), rows.len()), format!("Checks ({} of {})", rows.len(), all.len())), "", &html! {
            @if rows.is_empty() { (ui::empty(lang.pick("該当する項目はありません。", "None fits."))) } @else {
                (ui::table(lang.say(&w::CHECKS), &[(lang.pick("番号", "Number"), false), (lang.pick("結果", "Result"), false), (lang.pick("規則", "Rule"), false), (lang.pick("時期", "Stage"), false), (lang.pick("実施", "Run"), false)], &rows))
            }
        }))
    }
}

fn select(name: &str, label: &str, choices: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) { @for (value, word) in choices { option value=(value) selected[*value == chosen] { (word) } } }
        }
    }
}

pub(super) fn run(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    v.start(AuditRole::Operator, "act", Order::new("check").flag("--act"))?;
    Ok(v.done("/checks", v.pick("点検を始めました。", "The checks have been started.")))
}

pub(super) fn one(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    // A number that is no check's is not asked for.
    let known =
        id.strip_prefix("C-").and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| (1..=92).contains(&n));
    if !known {
        return Err(Problem::NotFound);
    }
    let answer = v.give(&Order::new("check show").option("--limit", "30").word(id.as_str()))?;
    if answer.ended != Ended::Done {
        return Err(Problem::NotFound);
    }
    let body = one_view(v.lang, &answer.value);
    Ok(v.page(&format!("{} {id}", v.say(&w::CHECK)), &body))
}

/// One check: rule, criterion, basis, newest results with their cases.
pub(super) fn one_view(lang: Lang, value: &Value) -> Markup {
    let check = part(value, "check");
    let results = list(value, "results");
    let latest = results.first();
    let (tone, word) =
        latest.map_or((Tone::Waiting, lang.pick("未実施", "never run")), |r| verdict(lang, r));
    let joined = |key: &str| list(check, key).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let failed = tone == Tone::Bad || latest.is_some_and(|r| group(r) == "warn");
    let rows: Vec<Vec<Markup>> = results
        .iter()
        .map(|r| {
            let (tone, word) = verdict(lang, r);
            vec![
                html! { @if let Some(at) = moment(r, "at") { (ui::moment(at)) } },
                ui::badge(tone, word),
                html! { code { (counts(part(r, "counts"))) } },
                html! { code { (text(r, "run")) } },
                html! { code title=(text(r, "input_hash")) { (crate::format::short(text(r, "input_hash"))) } },
            ]
        })
        .collect();
    html! {
        (ui::standing(lang, tone, &format!("{word}: {}", words(check, "rule", lang)), if failed { words(check, "mend", lang) } else { "" }, if failed { lang.pick("管理責任者", "Officer") } else { "" }, None))
        (ui::section(lang.say(&w::CHECK), "", &ui::facts(&[
            (lang.pick("合格の条件", "Passes when"), html! { (words(check, "pass", lang)) }),
            (lang.pick("対処", "How to mend it"), html! { (words(check, "mend", lang)) }),
            (lang.pick("読むもの", "Reads"), html! { (joined("reads")) }),
            (lang.say(&w::BASIS), html! { (joined("basis")) " (" (text(check, "tags")) ")" }),
            (lang.pick("時期", "Stage"), html! { (joined("stages")) }),
            (lang.pick("人が登録する理由", "Why people enter it"), html! { @if text(check, "evidence").is_empty() { "—" } @else { (text(check, "evidence")) } }),
        ])))
        @if let Some(latest) = latest {
            (ui::section(lang.pick("最新の結果の事例", "Cases of the newest result"), "", &html! {
                @let cases = list(latest, "evidence");
                @if cases.is_empty() { (ui::empty(lang.pick("事例はありません。", "No cases."))) } @else { ul { @for case in cases.iter().take(200) { li { code { (case.as_str().unwrap_or_default()) } } } } }
            }))
        }
        (ui::section(lang.pick("結果の履歴", "Results"), "", &html! {
            @if rows.is_empty() { (ui::empty(lang.pick("まだ実施していません。", "It has not been run yet."))) } @else {
                (ui::table(lang.pick("結果の履歴", "Results"), &[(lang.pick("実施", "Run"), false), (lang.pick("結果", "Result"), false), (lang.pick("件数", "Counts"), false), (lang.pick("実行の番号", "Run number"), false), (lang.pick("入力のハッシュ", "Hash of input"), false)], &rows))
            }
        }))
        p { (ui::link("/checks", lang.pick("一覧へ戻る", "Back to the list"))) }
    }
}

/// Counts as `name=n`; they are kept as JSON, or as the text of it.
fn counts(value: &Value) -> String {
    let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    let object: Value = parsed.unwrap_or_else(|| value.clone());
    let all = object.as_object().map(|o| o.iter().map(|(k, n)| format!("{k}={n}")).collect::<Vec<_>>());
    all.unwrap_or_default().join(" ")
}

pub(super) fn trust(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = v.value(&Order::new("trust"))?;
    let body = trust_view(v.lang, &value);
    Ok(v.page(v.say(&w::TRUST), &body))
}

/// When promises were last proven.
pub(super) fn trust_view(lang: Lang, value: &Value) -> Markup {
    let proofs = list(value, "proofs");
    let open = count(value, "open");
    let rows: Vec<Vec<Markup>> = proofs
        .iter()
        .map(|p| {
            let tone = if text(p, "standing") == "good" { Tone::Good } else { Tone::Bad };
            vec![
                html! { (words(p, "", lang)) },
                ui::badge(tone, words(p, "standing", lang)),
                html! { @if let Some(at) = moment(p, "at") { (ui::moment(at)) " " span.soft { (text(p, "what")) } } @else { (lang.pick("一度もありません", "never")) } },
                html! { @if let Some(due) = day(p, "due") { (ui::day(due)) } @else { "—" } },
                html! { (count(p, "within_days")) " " (lang.pick("日", "days")) " " a.soft href={ "/parameters/" (text(p, "parameter")) } { code { (text(p, "parameter")) } } },
                html! { code { (text(p, "mend")) } },
            ]
        })
        .collect();
    let figures = part(value, "figures");
    let tables = list(figures, "tables");
    let number = |n: Option<u64>| n.map_or_else(|| "—".to_owned(), ui::number);
    let witnesses: Vec<&str> = list(figures, "witnesses").iter().filter_map(Value::as_str).collect();
    html! {
        (ui::standing(lang, if open == 0 { Tone::Good } else { Tone::Bad }, &if open == 0 {
            lang.pick("すべて期限内に確かめられています。".to_owned(), "Everything was proven in time.".to_owned())
        } else {
            lang.pick(format!("期限を過ぎたか失敗した確かめが {open} 件あります。"), format!("{open} proofs are overdue or failed."))
        }, if open == 0 { "" } else { lang.pick("右の操作を行うと記録が新しくなります。", "Give the commands at the right.") }, lang.pick("運用・安全管理", "Operator, security"), None))
        (ui::section(lang.say(&w::TRUST), lang.pick("一度も確かめていないものは、期限を過ぎたものとして扱います。", "What was never proven counts as overdue."), &ui::table(lang.say(&w::TRUST), &[(lang.pick("確かめること", "What"), false), (lang.pick("状態", "State"), false), (lang.pick("最後に行った時刻と対象", "Last, and on what"), false), (lang.pick("次の期限", "Due"), false), (lang.pick("間隔", "Interval"), false), (lang.pick("行う操作", "How"), false)], &rows)))
        (ui::section(lang.pick("数で見る", "Figures"), "", &html! {
            (ui::facts(&[
                (lang.pick("証跡の件数", "Entries of the log"), html! { (number(some(figures, "audit_entries"))) }),
                (lang.pick("署名の立会人", "Witnesses"), html! { @if witnesses.is_empty() { "—" } @else { (witnesses.join(", ")) } }),
                (lang.pick("統合データの版", "Snapshot"), html! { (number(some(figures, "lake_commit"))) }),
                (lang.pick("置き換えられた単位", "Units replaced"), html! { (number(some(figures, "dead_units"))) }),
                (lang.pick("最後の提供物", "Last release"), html! { (text(part(figures, "releases"), "release")) }),
                (lang.pick("プログラム", "Program"), html! { (text(figures, "code_version")) }),
                (lang.pick("パラメータのハッシュ", "Hash of parameters"), html! { code { (text(figures, "parameter_hash")) } }),
            ]))
            @if !tables.is_empty() {
                (ui::table(lang.pick("統合データの表", "Tables"), &[(lang.pick("表", "Table"), false), (lang.pick("行", "Rows"), true)], &tables.iter().map(|t| vec![html! { (text(t, "table")) }, html! { (ui::number(count(t, "rows"))) }]).collect::<Vec<_>>()))
            }
        }))
        p.note { (lang.pick("全データの再構築(来歴からの作り直し)の記録は、この版では取っていません。", "A rebuild of all data from its sources is not recorded by this version.")) }
    }
}
