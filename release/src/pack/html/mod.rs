//! `risk.html` (リスク評価書): what is claimed, how it was worked out, and what cannot be claimed; Japanese with English
//! below. One file with its own style: it must fetch nothing, run nothing, and show no figure that `risk.json` or the
//! released files do not hold.

mod charts;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use musubi_model::spec::Product;

use super::dictionary::{class_ja, class_word};
use super::readme::{claims, product_en};
use super::risk::{RowClaims, TableClaims, formula};
use super::seal::{PERSON, Parts};
use super::sheet::Sheet;
use crate::manifest::thousands;

const SAFE: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("page.css");

/// Japanese with English below it.
fn both(ja: &str, en: &str) -> Markup {
    html! { (ja) span.en lang="en" { (en) } }
}

/// The whole page.
pub(crate) fn page(parts: &Parts<'_>, release_id: &str) -> String {
    let (spec, policy, risk) = (parts.spec, parts.policy, parts.risk);
    let page = html! {
        (DOCTYPE)
        html lang="ja" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(SAFE);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "リスク評価書 " (release_id) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                h1 { (both(&format!("リスク評価書: {}", spec.title), "Disclosure risk report")) }
                dl.facts {
                    dt { "提供物 Release" } dd { (release_id) }
                    dt { "区分 Product" } dd { (spec.product.ja()) " / " (product_en(spec.product)) }
                    dt { "利用目的 Purpose" } dd { (spec.purpose) }
                    dt { "方針 Policy" } dd { (policy.name) " v" (policy.version) " — " (policy.title) br; "BLAKE3 " (policy.hash()) }
                    dt { "作成 Sealed" } dd { (parts.sealed_at.strftime("%Y-%m-%d")) }
                }
                @if let Some(rows) = &risk.rows { (tiles(rows)) }
                @if spec.product == Product::Pseudonymized {
                    p.warn { (both(
                        "仮名加工医療情報です。匿名ではありません。k-匿名性などは主張しません。",
                        "Pseudonymised data: not anonymous. Neither k-anonymity nor anything like it is claimed."
                    )) }
                }
                section {
                    h2 { (both("言えること・言えないこと", "What can and cannot be claimed")) }
                    ul.claims {
                        @for (ja, en) in claims(parts) {
                            li.not[ja.starts_with("言えない")] { (both(&ja, &en)) }
                        }
                    }
                }
                @if !parts.attrition.is_empty() {
                    section {
                        h2 { (both("対象集団の経過", "How the cohort came about")) }
                        p { (both(
                            "各段階で残った人数を幅で示します。濃い部分は確実な人数、淡い部分は幅の残りです。",
                            "Persons left after each step, in bands: the dark part is certain, the pale part is the rest of the band."
                        )) }
                        (charts::funnel(parts.attrition))
                    }
                }
                @if let Some(rows) = &risk.rows { (persons(parts, rows)) (events(rows)) }
                @if !risk.tables.is_empty() { (tables(parts, &risk.tables)) }
                section {
                    h2 { (both("数値と計算式", "Figures and formulas")) }
                    (figures(parts))
                }
                @if let Some(rows) = &risk.rows { (columns(rows)) }
                footer { (both(
                    "この評価書は risk.json と同じ数値を人が読むためのものです。独立検査 musubi-release-check は、提供ファイルだけからこれらを計算し直し、合わなければ不合格とします。",
                    "This page shows the figures of risk.json to people. The independent checker musubi-release-check works them out again from the released files alone and fails where they differ."
                )) }
            } }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

fn tile(value: &str, ja: &str, en: &str) -> Markup {
    html! { div.tile { b { (value) } (both(ja, en)) } }
}

fn tiles(rows: &RowClaims) -> Markup {
    let n = |n: u64| thousands(n);
    html! {
        div.tiles {
            @if let Some(k) = rows.k { (tile(&n(k), "最小の同値類(人)", "smallest class (persons), k")) }
            @if let Some(l) = rows.l { (tile(&n(l), "機微な値の種類の最小", "fewest sensitive values in a class, l")) }
            (tile(&n(rows.persons.released), "提供した人", "persons released"))
            (tile(&n(rows.persons.suppressed), "除いた人", "persons left out"))
            @if let Some(e) = &rows.events {
                (tile(&n(e.released), "提供した記録", "events released"))
                @if rows.k.is_some() {
                    (tile(
                        &format!("{} (m = {})", n(e.k), e.known_events),
                        "記録m件を知る者に当てはまる人の最少",
                        "fewest persons that fit whoever knows m events"
                    ))
                }
            }
        }
    }
}

fn persons(parts: &Parts<'_>, rows: &RowClaims) -> Markup {
    let person = parts.sheets.iter().find(|s| s.name == PERSON);
    let sizes = person.map(Sheet::class_sizes).unwrap_or_default();
    let levelled = rows.columns.iter().filter(|c| !c.levels.is_empty());
    html! {
        section {
            h2 { (both("人の同値類", "Classes of persons")) }
            p { (both(
                "準識別子がすべて等しい人の集まりの大きさです。小さい類ほど、本人と推定される確率(1÷人数)が高くなります。",
                "How large the groups of persons equal in all quasi-identifiers are. The smaller, the likelier (1 ÷ persons) a guess is right."
            )) }
            @if !sizes.is_empty() { (charts::histogram(&sizes)) }
            h3 { (both("階層の段", "Levels of the hierarchies")) }
            p { (both(
                "上ほど細かく、下ほど粗い段です。帯の長さはその段で示した人の割合です。",
                "Finest level first. The bar shows the share of persons told at each level."
            )) }
            @for column in levelled {
                h3 { (column.file) "." (column.name) }
                (charts::column_levels(&column.name, &column.levels))
            }
        }
    }
}

fn events(rows: &RowClaims) -> Markup {
    let Some(e) = &rows.events else { return html! {} };
    let mut files: Vec<&str> = e.levels.iter().map(|l| l.file.as_str()).collect();
    files.dedup();
    html! {
        section {
            h2 { (both("記録の細かさ", "Detail of events")) }
            p { (both(
                &format!("提供 {} 件(うち粗くした {} 件)、除いた {} 件。", thousands(e.released), thousands(e.coarsened), thousands(e.removed)),
                &format!("{} released, {} of them coarser than recorded; {} left out.", thousands(e.released), thousands(e.coarsened), thousands(e.removed))
            )) }
            @for file in &files {
                h3 { (file) }
                @let levels: Vec<_> = e.levels.iter().filter(|l| l.file == *file).collect();
                (charts::event_levels(file, &levels, None))
            }
            @if files.is_empty() { (charts::event_levels("events", &[], Some(e.removed))) }
        }
    }
}

fn tables(parts: &Parts<'_>, claims: &[TableClaims]) -> Markup {
    html! {
        section {
            h2 { (both("集計表", "Tables")) }
            table {
                thead { tr {
                    th { (both("表", "table")) } th.n { (both("欄", "cells")) } th.n { (both("公表", "shown")) }
                    th.n { (both("小さい数", "primary")) } th.n { (both("差し引き防止", "complementary")) }
                    th.n { (both("最小人数", "smallest shown")) } th { (both("方法", "rule")) }
                } }
                tbody { @for t in claims { tr {
                    td { (t.name) } td.n { (thousands(t.cells)) }
                    td.n { (thousands(t.shown)) " (" (charts::percent(t.shown, t.cells)) ")" }
                    td.n { (thousands(t.primary)) } td.n { (thousands(t.complementary)) }
                    td.n { (thousands(t.cell_min)) } td { (t.rule) }
                } } }
            }
            p.key {
                i style="background:#b9cfe4" {} "公表 shown"
                i style="background:#6f3411" {} "* 秘匿 hidden"
                i style="background:#fff" {} "0人 nobody"
            }
            @for sheet in parts.sheets {
                h3 { (both(&format!("{} — {}", sheet.name, sheet.title_ja), &sheet.title_en)) }
                (charts::map(sheet))
            }
        }
    }
}

/// Every figure with its value and its formula.
fn figures(parts: &Parts<'_>) -> Markup {
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(r) = &parts.risk.rows {
        let whole = |n: Option<u64>| n.map(thousands);
        let share = |x: f64| Some(format!("{x:.4}"));
        let claimed = r.k.is_some();
        let all = [
            ("k", whole(r.k)),
            ("l", whole(r.l)),
            ("t", r.t.and_then(share)),
            ("loss", share(r.loss)),
            ("prosecutor_max", share(r.risk.prosecutor_max).filter(|_| claimed)),
            ("marketer", share(r.risk.marketer).filter(|_| claimed)),
            (
                "events.k",
                r.events.as_ref().filter(|_| claimed).map(|e| format!("{} (m = {})", e.k, e.known_events)),
            ),
            ("clip", (!r.clip.is_empty()).then(|| r.clip.len().to_string())),
        ];
        rows.extend(all.into_iter().filter_map(|(name, value)| Some((name, value?))));
    } else {
        let sum = |f: fn(&TableClaims) -> u64| thousands(parts.risk.tables.iter().map(f).sum());
        rows.push(("primary", sum(|t| t.primary)));
        rows.push(("complementary", sum(|t| t.complementary)));
    }
    html! {
        table {
            thead { tr { th { "数値 Figure" } th.n { "値 Value" } th { "計算式 Formula" } } }
            tbody { @for (name, value) in &rows {
                @let (en, ja) = formula(name);
                tr { td { (name) } td.n { (value) } td { (both(ja, en)) } }
            } }
        }
    }
}

fn columns(rows: &RowClaims) -> Markup {
    html! {
        section {
            h2 { (both("列の区分", "Classes of the columns")) }
            table {
                thead { tr { th { "ファイル File" } th { "列 Column" } th { "区分 Class" } th { "段 Level" } } }
                tbody { @for c in &rows.columns { tr {
                    td { (c.file) } td { (c.name) } td { (class_ja(c.class)) " / " (class_word(c.class)) }
                    td { @match c.level { Some(level) => (level), None => "–" } }
                } } }
            }
        }
    }
}
