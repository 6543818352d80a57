//! The risk report as one page: figures, a chart drawn as SVG, the levels of every column, and the formulas.
//!
//! It must never need a script, a font or the network, and shows nothing that the report does not hold.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use musubi_model::policy::{ColumnClass, Recoding};

use super::{BINS, ColumnReport, Report, Risk};
use crate::micro::measure::{AVERAGE_CLASS, DISCERNIBILITY, LOSS, MARKETER, PROSECUTOR};

const STYLE: &str = "body{font-family:sans-serif;line-height:1.6;max-width:60em;margin:2em auto;padding:0 1em;color:#222}\
    h1{font-size:1.5em}h2{font-size:1.15em;border-bottom:1px solid #999;margin-top:2em}\
    table{border-collapse:collapse}th,td{border:1px solid #bbb;padding:.2em .6em;text-align:right}\
    th{text-align:left}td.word{text-align:left}td.formula{text-align:left;font-family:monospace;font-size:.85em}\
    .before{fill:#c96}.after{fill:#369}p.note{color:#555;font-size:.9em}";

/// Chooses a word.
#[derive(Clone, Copy)]
struct Words {
    english: bool,
}

impl Words {
    fn of<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        if self.english { en } else { ja }
    }
}

/// The page, in Japanese or English.
#[must_use]
pub fn html(report: &Report, english: bool) -> String {
    let w = Words { english };
    let title = w.of("再識別リスク報告書", "Re-identification risk report");
    let page = html! {
        (DOCTYPE)
        html lang=(w.of("ja", "en")) {
            head {
                meta charset="utf-8";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                (summary(report, w))
                h2 { (w.of("攻撃者から見たリスク", "Risks by attacker")) }
                (risks(report, w))
                h2 { (w.of("群の大きさの分布", "Sizes of classes")) }
                (chart(report, w))
                h2 { (w.of("項目と一般化の水準", "Columns and levels")) }
                (columns(report, w))
                h2 { (w.of("算式", "Formulas")) }
                (formulas(w))
            }
        }
    };
    page.into_string()
}

fn summary(report: &Report, w: Words) -> Markup {
    let recoding = match report.recoding {
        Recoding::Local => w.of("局所一般化(群ごとに水準を選ぶ)", "local (levels by class)"),
        Recoding::Global => w.of(
            "大域一般化(項目ごとに一つの水準、最適性は証明済み)",
            "global (one level by column, proven best)",
        ),
        Recoding::None => w.of("なし", "none"),
    };
    html! {
        table {
            tr { th { (w.of("方針", "Policy")) } td.word { (report.policy) " v" (report.version) } }
            tr { th { (w.of("方針のハッシュ", "Hash of the policy")) } td.formula { (report.policy_hash) } }
            tr { th { (w.of("方法", "Method")) } td.word { (recoding) } }
            tr { th { (w.of("基準", "Models")) } td.word {
                "k = " (report.k)
                @if let Some(l) = report.l { ", ℓ = " (l) }
                @if let Some(t) = report.t { ", t = " (t) }
            } }
            tr { th { (w.of("行数", "Rows")) } td { (report.rows) } }
            tr { th { (w.of("削除した行(上限)", "Rows left out (limit)")) }
                td { (report.suppressed) " (" (percent(report.suppression_limit)) ")" } }
            tr { th { (w.of("情報損失", "Loss")) } td { (format!("{:.5}", report.loss)) } }
        }
    }
}

fn risks(report: &Report, w: Words) -> Markup {
    let row = |ja: &str, en: &str, value: &dyn Fn(&Risk) -> String| {
        html! { tr { th { (w.of(ja, en)) } td { (value(&report.before)) } td { (value(&report.after)) } } }
    };
    html! {
        table {
            tr { th { } th { (w.of("加工前", "Before")) } th { (w.of("加工後", "After")) } }
            (row("検察官型: 表にいると分かっている人を最悪の場合に特定する確率",
                "Prosecutor: finding a person known to be in the table, at worst", &|r| percent(r.prosecutor)))
            (row("記者型: 母集団の誰かを最悪の場合に特定する確率(上界)",
                "Journalist: finding some person of the population, at worst (upper bound)", &|r| percent(r.journalist)))
            (row("マーケター型: 全件を照合したときに当たる割合",
                "Marketer: share found when all are matched", &|r| percent(r.marketer)))
            (row("最小の群", "Smallest class", &|r| r.smallest.to_string()))
            (row("一人だけの群", "Rows alone in their class", &|r| r.unique.to_string()))
            (row("群の数", "Classes", &|r| r.classes.to_string()))
            (row("群の平均の大きさ", "Mean size of a class", &|r| format!("{:.2}", r.average_class)))
            (row("識別不能度", "Discernibility", &|r| r.discernibility.to_string()))
        }
        p.note { (w.of("母集団の人数が与えられていないため、いずれも表を母集団とみなした上界です。",
            "No population was given: every figure takes the table for the population and so is an upper bound.")) }
    }
}

/// Rows by size of their class, before and after, as bars and as figures.
fn chart(report: &Report, w: Words) -> Markup {
    let (step, height) = (80_u32, 220_u32);
    let width = BINS.iter().fold(0, |wide, _| wide + step);
    let most = report.rows.max(1) as f64;
    let bar = |class: &str, x: u32, rows: u64| {
        let tall = (rows as f64 / most).clamp(0.0, 1.0) * f64::from(height);
        html! { rect class=(class) x=(x) y=(format!("{:.1}", f64::from(height) - tall)) width=(step / 2 - 8)
        height=(format!("{tall:.1}")) { } }
    };
    let bins: Vec<_> =
        report.before.histogram.iter().zip(&report.after.histogram).zip(BINS.iter().enumerate()).collect();
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {width} {}", height + 40)) width=(width) role="img" {
            title { (w.of("群の大きさごとの行数", "Rows by size of class")) }
            @for ((((_, before), (_, after)), (at, _)), x) in bins.iter().zip((0..).step_by(step as usize)) {
                (bar("before", x + 6, *before))
                (bar("after", x + step / 2, *after))
                text x=(x + step / 2) y=(height + 16) text-anchor="middle" font-size="12" { (bin(*at)) }
            }
            line x1="0" y1=(height) x2=(width) y2=(height) stroke="#555" { }
            text x="4" y=(height + 34) font-size="12" { (w.of("横: 群の大きさ、縦: 行の割合", "across: size of class; up: share of rows")) }
        }
        p.note { (w.of("橙: 加工前、青: 加工後", "Orange: before; blue: after")) }
        table {
            tr { th { (w.of("群の大きさ", "Size")) }
                th { (w.of("加工前の群", "Classes before")) } th { (w.of("加工前の行", "Rows before")) }
                th { (w.of("加工後の群", "Classes after")) } th { (w.of("加工後の行", "Rows after")) } }
            @for ((before, after), (at, _)) in &bins {
                tr { th { (bin(*at)) } td { (before.0) } td { (before.1) } td { (after.0) } td { (after.1) } }
            }
        }
    }
}

/// `2–4`, `1000–`.
fn bin(at: usize) -> String {
    let from = BINS.get(at).copied().unwrap_or_default();
    match BINS.get(at + 1) {
        Some(next) if *next == from + 1 => from.to_string(),
        Some(next) => format!("{from}–{}", next - 1),
        None => format!("{from}–"),
    }
}

fn columns(report: &Report, w: Words) -> Markup {
    let class = |c: &ColumnReport| match c.class {
        ColumnClass::Direct => w.of("直接識別子(削除)", "direct (dropped)"),
        ColumnClass::Quasi => w.of("準識別子", "quasi-identifier"),
        ColumnClass::Sensitive => w.of("機微", "sensitive"),
        ColumnClass::Neutral => w.of("その他", "neutral"),
    };
    html! {
        table {
            tr { th { (w.of("項目", "Column")) } th { (w.of("区分", "Class")) } th { (w.of("損失", "Loss")) }
                th { (w.of("水準: 行の割合(水準の節の数)", "Level: share of rows (nodes of the level)")) } }
            @for column in &report.columns {
                tr {
                    td.word { (column.name) }
                    td.word { (class(column)) }
                    td { @if let Some(loss) = column.loss { (format!("{loss:.5}")) } }
                    td.word {
                        @for used in &column.levels {
                            @if used.level > 0 { " → " }
                            (used.level) ": " (percent(used.rows as f64 / report.rows.max(1) as f64)) " (" (used.nodes) ")"
                        }
                    }
                }
            }
        }
        p.note { (w.of("水準0は元の値、最後の水準は何も示さない「*」です。",
            "Level 0 is the value itself; the last level, `*`, tells nothing.")) }
    }
}

fn formulas(w: Words) -> Markup {
    let rows = [
        (w.of("情報損失", "Loss"), LOSS),
        (w.of("検察官型", "Prosecutor"), PROSECUTOR),
        (w.of("記者型", "Journalist"), "1 / smallest class (no population given)"),
        (w.of("マーケター型", "Marketer"), MARKETER),
        (w.of("群の平均の大きさ", "Mean size of a class"), AVERAGE_CLASS),
        (w.of("識別不能度", "Discernibility"), DISCERNIBILITY),
    ];
    html! { table { @for (name, formula) in rows { tr { th { (name) } td.formula { (formula) } } } } }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
