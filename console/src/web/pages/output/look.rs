//! A release before its checkers: columns, cells with what is risky about them, earlier releases beside it.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::Value;

use super::{head, joined, standing, vote, votes};
use crate::web::house::{Ended, Order};
use crate::web::pages::said::{count, list, moment, part, text, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::output as w;

/// Cells on one page.
const CELLS: u64 = 200;

pub(super) fn look(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let page = v.field("page").parse::<u64>().unwrap_or(1).max(1);
    let mut order = Order::new("output show").word(&id).option("--cells", CELLS.to_string());
    if !v.field("file").is_empty() {
        let from = (page - 1).saturating_mul(CELLS);
        order = order.option("--file", v.field("file")).option("--from", from.to_string());
        order = order.given("--beside", v.field("beside"));
    }
    // A release that the independent checker refuses is shown, too: with what is wrong.
    let answer = v.give(&order)?;
    if answer.ended == Ended::Usage || answer.value.is_null() {
        return Err(Problem::NotFound);
    }
    let told = &answer.value;
    let check = part(told, "check");
    let me = v.me()?;
    let checker = me.roles.contains(&AuditRole::Checker);
    let body = html! {
        (standing(v, check))
        (ui::section(v.pick("提供物", "The release"), "", &head(v, told)))
        (ui::section(v.pick("独立検査", "Independent checker"), "", &verified(v, told)))
        (files(v, &id, told))
        @if !part(told, "page").is_null() { (cells(v, &id, part(told, "page"), page)) }
        (earlier(v, &id, told))
        (votes(v, check))
        @if checker { (vote::form(v, &id, told)) }
        (vote::exceptions(v, &id, check, me.roles.contains(&AuditRole::Officer)))
        p { (ui::link(&format!("/output/{id}/result"), v.say(&w::RESULT))) }
    };
    let title = format!("{} {id}", v.say(&w::FILE_VIEW));
    Ok(v.page(&title, &body))
}

fn verified(v: &Visit<'_>, told: &Value) -> Markup {
    let verdict = part(told, "verified");
    html! {
        @if yes(verdict, "ok") {
            p { (ui::badge(Tone::Good, v.pick("合格", "sound"))) " "
                (v.pick("保管しているバイト列を、いま独立検査にかけた結果です。", "The kept bytes, checked just now.")) }
        } @else {
            p { (ui::badge(Tone::Bad, v.pick("不合格", "refused"))) }
            ul { @for problem in list(verdict, "problems") { li { (problem.as_str().unwrap_or_default()) } } }
        }
        @for c in list(told, "checks") {
            p.note { (text(c, "by")) " " @if let Some(at) = moment(c, "at") { (ui::moment(at)) } " "
                @if yes(c, "ok") { (v.pick("検証して合格を記録", "verified: sound")) }
                @else { (v.pick("検証して不合格を記録", "verified: refused")) } }
        }
    }
}

fn files(v: &Visit<'_>, id: &str, told: &Value) -> Markup {
    let least = count(told, "least");
    let note = v.pick(
        format!("最小の人数は{least}です。人に関する行(個票)は、列の統計だけを表示します。"),
        format!(
            "The least number of persons is {least}. Of rows about persons, only counts of columns are shown."
        ),
    );
    let body = html! {
        @for file in list(told, "files").iter().filter(|f| yes(f, "voted")) {
            h3 { (text(file, "name")) }
            p.note { (ui::number(count(file, "bytes"))) " " (v.pick("バイト", "bytes")) " BLAKE3 " code { (text(file, "blake3")) } }
            @let table = part(file, "table");
            @if table.is_null() { (columns(v, file)) } @else { (table_summary(v, id, text(file, "name"), table)) }
        }
    };
    ui::section(v.pick("ファイル", "Files"), &note, &body)
}

fn columns(v: &Visit<'_>, file: &Value) -> Markup {
    let heads = [
        (v.pick("列", "Column"), false),
        (v.pick("行", "Rows"), true),
        (v.pick("空欄", "Empty"), true),
        (v.pick("値の種類", "Distinct"), true),
        (v.pick("最もまれな値の行", "Rows of the rarest"), true),
        (v.pick("下限未満の値", "Values below the least"), true),
    ];
    let rows: Vec<Vec<Markup>> = list(file, "columns")
        .iter()
        .map(|c| {
            let number = |name: &str| html! { (ui::number(count(c, name))) };
            vec![
                html! { (text(c, "name")) },
                number("rows"),
                number("empty"),
                number("distinct"),
                number("rarest"),
                number("rare"),
            ]
        })
        .collect();
    if rows.is_empty() {
        return html! { p.note { (v.pick("表ではないファイルです。", "Not a table.")) } };
    }
    ui::table(v.pick("列の統計", "Counts of columns"), &heads, &rows)
}

/// Words of a risk, with a mark that does not need colour.
fn risk(v: &Visit<'_>, risk: &Value) -> Markup {
    let word = text(risk, "word");
    let (tone, words) = match word {
        "below-minimum" => (Tone::Bad, v.pick("下限未満", "below the least")),
        "narrow" => (Tone::Bad, v.pick("範囲が狭い", "narrow range")),
        "near-threshold" => (Tone::Waiting, v.pick("下限に近い", "near the least")),
        _ => (Tone::Plain, v.pick("秘匿", "hidden")),
    };
    ui::badge(tone, words)
}

fn table_summary(v: &Visit<'_>, id: &str, name: &str, table: &Value) -> Markup {
    let risks = part(table, "risks");
    let risky: Vec<&Value> = list(table, "risky").iter().take(20).collect();
    html! {
        (ui::facts(&[
            (v.pick("欄", "Cells"), html! { (ui::number(count(table, "cells"))) }),
            (v.pick("下限未満", "Below the least"), html! { (ui::number(count(risks, "below-minimum"))) }),
            (v.pick("範囲が狭い秘匿", "Hidden, narrow range"), html! { (ui::number(count(risks, "narrow"))) }),
            (v.pick("下限に近い", "Near the least"), html! { (ui::number(count(risks, "near-threshold"))) }),
            (v.pick("秘匿", "Hidden"), html! { (ui::number(count(risks, "hidden"))) }),
        ]))
        @if !risky.is_empty() {
            (cell_table(v, v.pick("特に見る欄(先頭20)", "Cells to look at (first 20)"), table, &risky, false))
        }
        p { (ui::link(&format!("/output/{id}?file={name}"), &v.pick(format!("{name} を全部見る"), format!("All cells of {name}")))) }
    }
}

/// The range in which a reader can place a hidden cell.
fn range(v: &Visit<'_>, cell: &Value) -> Markup {
    match (cell.get("low").and_then(Value::as_u64), cell.get("high").and_then(Value::as_u64)) {
        (Some(low), Some(high)) => html! { (low) "–" (high) },
        (Some(low), None) => html! { (low) "–" (v.pick("上限なし", "no bound")) },
        _ => html! {},
    }
}

fn cell_table(v: &Visit<'_>, caption: &str, table: &Value, cells: &[&Value], beside: bool) -> Markup {
    let labels = joined(table, "labels");
    let count_name = text(table, "count");
    let more = joined(table, "more");
    let mut heads = vec![
        (labels.as_str(), false),
        (v.pick("行", "Row"), true),
        (count_name, true),
        (v.pick("推定できる範囲", "Range a reader can tell"), true),
        (v.pick("注意", "Why"), false),
    ];
    if !more.is_empty() {
        heads.push((more.as_str(), true));
    }
    if beside {
        heads.push((v.pick("過去の提供", "Earlier"), true));
        heads.push((v.pick("差", "Difference"), true));
    }
    let rows: Vec<Vec<Markup>> = cells
        .iter()
        .map(|cell| {
            let shown = cell.get("shown").and_then(Value::as_u64);
            let mut row = vec![
                html! { (joined(cell, "labels")) },
                html! { (count(cell, "row")) },
                html! { @match shown {
                // Not by colour alone: why stands in words beside it.
                Some(n) if !list(cell, "risks").is_empty() => mark { (ui::number(n)) },
                Some(n) => (ui::number(n)),
                None => { "* " span.soft { (v.pick("秘匿", "hidden")) } } } },
                range(v, cell),
                html! { @for r in list(cell, "risks") { (risk(v, r)) " " } },
            ];
            if !more.is_empty() {
                row.push(html! { (joined(cell, "more")) });
            }
            if beside {
                let there = part(cell, "beside");
                let old = there.get("shown").and_then(Value::as_u64);
                row.push(html! {
                    @if there.is_null() { (v.pick("なし", "none")) }
                    @else if let Some(n) = old { (ui::number(n)) } @else { "* " }
                });
                row.push(html! { @if let (Some(a), Some(b)) = (shown, old) { (ui::number(a.abs_diff(b))) } });
            }
            row
        })
        .collect();
    ui::table(caption, &heads, &rows)
}

fn cells(v: &Visit<'_>, id: &str, page: &Value, at: u64) -> Markup {
    let name = text(page, "file");
    let beside = text(page, "beside");
    let pages = count(page, "total").div_ceil(CELLS);
    let cells: Vec<&Value> = list(page, "cells").iter().collect();
    let path = format!("/output/{id}?file={name}&beside={beside}&");
    let heading = v.pick(format!("{name} の全ての欄"), format!("All cells of {name}"));
    let body = html! {
        (cell_table(v, &heading, page, &cells, !beside.is_empty()))
        (ui::pager(v.lang, &path, at, pages))
    };
    ui::section(&heading, beside, &body)
}

fn earlier(v: &Visit<'_>, id: &str, told: &Value) -> Markup {
    let earlier = part(told, "earlier");
    let (tables, rows) = (list(earlier, "tables"), list(earlier, "rows"));
    let body = html! {
        @if !tables.is_empty() { (earlier_tables(v, id, tables)) }
        @if !rows.is_empty() { (earlier_rows(v, rows)) }
        @if tables.is_empty() && rows.is_empty() {
            (ui::empty(v.pick("比べる過去の提供はありません。", "No earlier release to compare with.")))
        }
    };
    let note = v.pick(
        "差が少数の欄があると、二つの提供の引き算で少人数が分かることがあります。",
        "A difference of few persons can tell of them to whoever has both releases.",
    );
    ui::section(v.pick("過去の提供との差", "Differences to earlier releases"), note, &body)
}

fn earlier_tables(v: &Visit<'_>, id: &str, tables: &[Value]) -> Markup {
    let heads = [
        (v.pick("過去の提供", "Earlier release"), false),
        (v.pick("作成日時", "Sealed"), false),
        (v.pick("ファイル", "File"), false),
        (v.pick("共通の欄", "Cells in both"), true),
        (v.pick("異なる欄", "Differ"), true),
        (v.pick("差が少数の欄", "Differ by few"), true),
        (v.pick("過去は秘匿", "Hidden there"), true),
        (v.pick("今回は秘匿", "Hidden here"), true),
        (v.pick("並べて見る", "Side by side"), false),
    ];
    let rows: Vec<Vec<Markup>> = tables
        .iter()
        .map(|t| {
            let number = |name: &str| html! { (ui::number(count(t, name))) };
            let (old, file) = (text(t, "release"), text(t, "file"));
            vec![
                ui::link(&format!("/output/{old}"), old),
                html! { @if let Some(at) = moment(t, "sealed_at") { (ui::moment(at)) } },
                html! { (file) },
                number("both"),
                number("differ"),
                html! { @if count(t, "few") > 0 { (ui::badge(Tone::Bad, &ui::number(count(t, "few")))) } @else { "0" } },
                number("opened"),
                number("closed"),
                ui::link(
                    &format!("/output/{id}?file={file}&beside={old}"),
                    &v.pick(format!("{old} と並べる"), format!("beside {old}")),
                ),
            ]
        })
        .collect();
    ui::table(v.pick("過去の表", "Earlier tables"), &heads, &rows)
}

fn earlier_rows(v: &Visit<'_>, all: &[Value]) -> Markup {
    let heads = [
        (v.pick("過去の提供", "Earlier release"), false),
        (v.pick("区分", "Product"), false),
        (v.pick("提供先", "Recipients"), false),
        (v.pick("同じ対象", "Same cohort"), false),
        (v.pick("同じ提供先", "Same recipient"), false),
        (v.pick("共通の記述", "Identities in both"), true),
        (v.pick("細かさ(今回/過去)", "Levels (here/there)"), false),
        (v.pick("今回だけの列", "New columns"), false),
    ];
    let yn = |value: &Value, name: &str| {
        if yes(value, name) { v.pick("はい", "yes") } else { v.pick("いいえ", "no") }
    };
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|r| {
            vec![
                ui::link(&format!("/output/{}", text(r, "release")), text(r, "release")),
                html! { (text(r, "product")) },
                html! { (joined(r, "recipients")) },
                html! { (yn(r, "same_cohort")) },
                html! { (yn(r, "same_recipient")) },
                html! { @match r.get("shared").and_then(Value::as_u64) {
                    Some(n) => (ui::number(n)), None => (v.pick("10未満", "fewer than 10")) } },
                html! { @for c in list(r, "columns") {
                    (text(c, "file")) "." (text(c, "column")) " " (count(c, "here")) "/" (count(c, "there")) br; } },
                html! { (joined(r, "new_columns")) },
            ]
        })
        .collect();
    ui::table(v.pick("過去の個票", "Earlier rows"), &heads, &rows)
}
