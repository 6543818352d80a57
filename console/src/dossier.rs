//! What the members are given (審査資料一式) as pages: the request, its columns by class, the cohort after opt-outs, the trial of
//! protection, decisions like it, the hashes of the documents. Chapters for the console, and all of them as one file for
//! reading and printing that fetches nothing.
//!
//! Shows bands, never a number of persons, and nothing that the verb did not tell.

use maud::{Markup, html};
use serde_json::Value;

use crate::page::{section, shell};
use crate::web::told::Told as _;
use crate::web::ui;
use crate::words::Lang;

/// A chapter: heading, how to read it, body.
pub(crate) struct Chapter<'a> {
    pub(crate) heading: &'a str,
    pub(crate) note: &'static str,
    pub(crate) body: Markup,
}

/// The dossier that `committee dossier show` told, as one self-contained file.
#[must_use]
pub fn dossier(told: &Value, english: bool) -> Markup {
    let lang = if english { Lang::En } else { Lang::Ja };
    let content = told.at("dossier");
    let title = lang.pick("審査資料", "Dossier");
    let field = |id: &str| {
        let sections = content.list("sections").iter();
        let all = sections.flat_map(|s| s.list("fields"));
        all.into_iter().find(|f| f.text("id") == id).map_or("", |f| f.text("value"))
    };
    let body = html! {
        header.top { h1 { (title) " " (told.text("application")) } }
        p { b { (field("title")) } " — " (content.text("organisation_name")) }
        (outdated(lang, told))
        @for chapter in chapters(lang, told) { (section(chapter.heading, chapter.note, &chapter.body)) }
    };
    shell(lang, &format!("{title} {}", told.text("application")), &body)
}

/// What has changed since it was made; nothing when it holds.
pub(crate) fn outdated(lang: Lang, told: &Value) -> Markup {
    let changes = told.list("stale");
    html! {
        @if !changes.is_empty() {
            div.problem role="note" {
                p { strong { (lang.pick(
                    "この資料は作成時のものです。その後、次のことが変わりました。試算をやり直してください。",
                    "This dossier is as it was made. Since then the following has changed; count it again.",
                )) } }
                ul { @for change in changes { li { (lang.pick(change.text("ja"), change.text("en"))) } } }
            }
        }
    }
}

/// The chapters in the order in which a member reads them.
pub(crate) fn chapters(lang: Lang, told: &Value) -> Vec<Chapter<'_>> {
    let content = told.at("dossier");
    let chapter = |heading, note, body| Chapter { heading, note, body };
    let mut all: Vec<Chapter<'_>> = content
        .list("sections")
        .iter()
        .filter(|s| !s.list("fields").is_empty())
        .map(|s| chapter(lang.pick(s.text("ja"), s.text("en")), "", fields(lang, s)))
        .collect();
    all.push(chapter(
        lang.pick("項目・リスク区分・必要性", "Columns by risk class, with necessity"),
        lang.pick(
            "個人について伝えることの大きい順に示します。* は、方針に定めがなく項目の種類による区分です。",
            "Those that tell most of a person come first. *: by the kind of item, where the policy does not say.",
        ),
        columns(lang, content.list("columns")),
    ));
    let count = content.at("count");
    if count.is_object() {
        all.push(chapter(
            lang.pick("対象集団(停止の求めを除いた後)", "Cohort after opt-outs"),
            lang.pick("人数は階級で示します。", "Persons in bands."),
            cohort(lang, count),
        ));
    }
    let tried = content.at("simulation");
    if tried.is_object() {
        all.push(chapter(
            lang.pick("小さいセルの試算", "Trial of protection: small cells"),
            lang.pick(
                "提供物を作るときと同じ処理を、今の対象集団で試した結果です。小さい数は示しません。",
                "What the makers of a release leave of the cohort held today. No small number is shown.",
            ),
            simulation(lang, tried),
        ));
    }
    if !content.list("similar").is_empty() {
        all.push(chapter(
            lang.pick("似た審査例", "Similar decisions"),
            "",
            similar(lang, content.list("similar")),
        ));
    }
    all.push(chapter(
        lang.pick("前の版からの違い", "Changes since the last version"),
        "",
        changes(lang, content.list("changes")),
    ));
    all.push(chapter(
        lang.pick("文書のハッシュ", "Hashes of the documents"),
        lang.pick("議事録と採決には、この値が記録されます。", "Minutes and ballots name these values."),
        hashes(lang, told),
    ));
    all
}

fn fields(lang: Lang, section: &Value) -> Markup {
    html! {
        dl.facts {
            @for f in section.list("fields") {
                dt { (lang.pick(f.text("ja"), f.text("en"))) }
                dd { @for line in f.text("value").lines() { (line) br; } }
            }
        }
    }
}

/// Classes in the order in which they are shown.
const CLASSES: [(&str, &str, &str); 4] = [
    ("direct", "直接識別", "direct identifier"),
    ("quasi", "準識別子", "quasi-identifier"),
    ("sensitive", "機微", "sensitive"),
    ("neutral", "その他", "neutral"),
];

fn columns(lang: Lang, columns: &[Value]) -> Markup {
    let place =
        |c: &Value| CLASSES.iter().position(|(code, ..)| *code == c.text("class")).unwrap_or(CLASSES.len());
    let known = |c: &Value| match c.text("known_by") {
        "public" => lang.pick("誰でも", "anybody"),
        "acquaintance" => lang.pick("知人・家族", "acquaintances"),
        "provider" => lang.pick("医療機関・保険者", "provider, insurer"),
        "nobody" => lang.pick("本人のみ", "nobody else"),
        _ => "–",
    };
    let mut sorted: Vec<&Value> = columns.iter().collect();
    sorted.sort_by_key(|c| place(c));
    let rows: Vec<Vec<Markup>> = sorted
        .into_iter()
        .map(|c| {
            let class = CLASSES.get(place(c)).map_or("–", |(_, ja, en)| lang.pick(*ja, *en));
            vec![
                html! { code { (c.text("item")) } },
                html! { (class) @if c.at("by_policy").as_bool() == Some(false) { " *" } },
                html! { (known(c)) },
                html! { (c.text("necessity")) },
            ]
        })
        .collect();
    let heads = [
        (lang.pick("項目", "Item"), false),
        (lang.pick("リスク区分", "Risk class"), false),
        (lang.pick("知り得る人", "Known by"), false),
        (lang.pick("必要性", "Necessity"), false),
    ];
    ui::table(lang.pick("項目", "Items"), &heads, &rows)
}

/// A band of a number: `0`, `<10`, `10–99`.
fn band(value: &Value) -> String {
    match (value.count("from"), value.count("to")) {
        _ if !value.is_object() => "–".to_owned(),
        (0, _) => "0".to_owned(),
        (1, to) => format!("<{}", ui::number(to.saturating_add(1))),
        (from, to) => format!("{}–{}", ui::number(from), ui::number(to)),
    }
}

fn cohort(lang: Lang, count: &Value) -> Markup {
    let row = |name: &str, of: &Value| vec![html! { (name) }, html! { (band(of)) }];
    let mut rows = vec![
        row(lang.pick("停止の求めを除いた人", "after opt-outs"), count.at("persons")),
        row(lang.pick("数える傷病のある人", "with a diagnosis that counts"), count.at("diagnosed")),
    ];
    rows.extend(count.list("steps").iter().map(|s| row(s.text("title"), s.at("left"))));
    rows.push(row(lang.pick("対象集団", "cohort"), count.at("cohort")));
    let floor = ui::number(count.count("floor"));
    html! {
        (ui::table(lang.pick("対象集団の絞り込み", "How the cohort comes about"), &[
            (lang.pick("段階", "Step"), false), (lang.pick("人数", "Persons"), true),
        ], &rows))
        p { @if count.yes("feasible") { (lang.pick("下限を満たします", "enough persons")) } @else { (lang.pick("下限に足りません", "too few persons")) }
            " (" (lang.pick("下限", "at least")) " " (floor) (lang.pick("人", " persons")) ")" }
    }
}

fn simulation(lang: Lang, tried: &Value) -> Markup {
    let refused = tried.at("refused");
    html! {
        @if refused.is_object() {
            p { strong { (lang.pick("このままでは提供物を作れません: ", "Nothing could be made as it is asked for: ")) (lang.pick(refused.text("ja"), refused.text("en"))) } " (" code { (refused.text("code")) } ")" }
        }
        @if !tried.list("tables").is_empty() { (tables(lang, tried.list("tables"))) }
        @if tried.at("rows").is_object() { (rows(lang, tried.at("rows"))) }
        (basis(lang, tried))
    }
}

fn tables(lang: Lang, tables: &[Value]) -> Markup {
    let heads = [
        (lang.pick("集計表", "Table"), false),
        (lang.pick("最小集計単位(人)", "Smallest count"), true),
        (lang.pick("セル", "Cells"), true),
        (lang.pick("小さいため秘匿", "Hidden, small"), true),
        (lang.pick("逆算を防ぐため秘匿", "Hidden, complementary"), true),
        (lang.pick("秘匿の合計", "Hidden in all"), true),
        (lang.pick("示せるセル", "Left to be shown"), true),
    ];
    let row = |t: &Value| {
        let bands = ["cells", "small", "complementary", "hidden", "shown"];
        let name = html! { (t.text("title")) " " code { (t.text("name")) } };
        let mut row = vec![name, html! { (ui::number(t.count("cell_min"))) }];
        row.extend(bands.map(|name| html! { (band(t.at(name))) }));
        row
    };
    ui::table(
        lang.pick("秘匿されるセルの見込み", "Cells that would be hidden"),
        &heads,
        &tables.iter().map(row).collect::<Vec<_>>(),
    )
}

fn rows(lang: Lang, tried: &Value) -> Markup {
    let after = tried.at("after");
    let k = ui::number(tried.count("k"));
    let before = [
        (
            lang.pick("群(準識別子が等しい人)", "Classes of equal quasi-identifiers"),
            html! { (band(tried.at("classes"))) },
        ),
        (
            lang.pick("うち k 人未満の群", "of these fewer than k persons"),
            html! { (band(tried.at("small_classes"))) },
        ),
        (lang.pick("その群にいる人", "persons in these"), html! { (band(tried.at("small_persons"))) }),
    ];
    html! {
        h3 { (lang.pick(format!("一般化の前(k = {k})"), format!("Before anything is made coarser (k = {k})"))) }
        (ui::facts(&before))
        @if after.is_object() {
            h3 { (lang.pick("採択された方針を適用した後", "Under the adopted policy")) }
            @if !tried.yes("generalised") {
                p { (lang.pick("仮名加工では値を一般化せず、契約と安全管理で守ります。", "Pseudonymised values are not made coarser; contract and safeguards protect them.")) }
            }
            (ui::facts(&[
                (lang.pick("提供物に残る人", "Persons in the files"), html! { (band(after.at("released"))) }),
                (lang.pick("抑制される記録(人)", "Records left out"), html! { (band(after.at("suppressed"))) }),
                (lang.pick("群", "Classes"), html! { (band(after.at("classes"))) }),
                (lang.pick("すべての群が k 人以上", "Every class has k persons"), html! { @if after.yes("holds_k") { (lang.pick("はい", "yes")) } @else { (lang.pick("いいえ", "no")) } }),
                (lang.pick("失われる詳しさ", "Detail lost"), html! { (after.count("loss_percent")) "%" }),
            ]))
            (ui::table(lang.pick("項目の一般化", "Levels of columns"), &[
                (lang.pick("項目", "Column"), false), (lang.pick("段階(0 が最も細かい)", "Level, 0 the finest"), false),
            ], &after.list("columns").iter().map(|c| vec![
                html! { code { (c.text("name")) } },
                html! { @if c.at("level").is_u64() { (c.count("level")) } @else { "–" } " " (lang.pick(c.text("ja"), c.text("en"))) },
            ]).collect::<Vec<_>>()))
            @let events = after.at("events");
            @if events.is_object() {
                (ui::facts(&[
                    (lang.pick("残る記録", "Events told"), html! { (band(events.at("released"))) }),
                    (lang.pick("うち粗くする記録", "of these made coarser"), html! { (band(events.at("coarsened"))) }),
                    (lang.pick("除く記録", "Events left out"), html! { (band(events.at("removed"))) }),
                ]))
            }
        }
    }
}

/// On what the trial was counted.
fn basis(lang: Lang, tried: &Value) -> Markup {
    let basis = tried.at("basis");
    let policy = basis.at("policy");
    let parameters = basis.at("parameters").as_object();
    html! {
        h3 { (lang.pick("試算の前提", "On what it was counted")) }
        dl.facts {
            dt { (lang.pick("示す最小の数", "Smallest number told")) } dd { (tried.count("least")) }
            dt { (lang.pick("スナップショット", "Snapshot")) } dd { (basis.count("snapshot")) }
            dt { (lang.pick("開示制御方針", "Disclosure policy")) }
            dd { @if policy.is_object() { (policy.text("name")) "/" (policy.count("version")) " " code { (policy.text("hash")) } } @else { "–" } }
            @for (name, value) in parameters.into_iter().flatten() { dt { code { (name) } } dd { (value.as_str().unwrap_or_default()) } }
            dt { (lang.pick("プログラム", "Program")) } dd { (basis.text("program")) }
        }
    }
}

fn similar(lang: Lang, similar: &[Value]) -> Markup {
    let rows: Vec<Vec<Markup>> = similar
        .iter()
        .map(|s| {
            vec![
                html! { (s.text("application")) },
                html! { (s.text("title")) },
                html! { (s.count("likeness")) "%" },
                html! { (lang.pick(s.text("state_ja"), s.text("state"))) },
            ]
        })
        .collect();
    let heads = [
        (lang.pick("番号", "Number"), false),
        (lang.pick("題名", "Title"), false),
        (lang.pick("似ている度合い", "Likeness"), true),
        (lang.pick("結論", "State"), false),
    ];
    ui::table(lang.pick("似た審査例", "Similar decisions"), &heads, &rows)
}

/// What changed, field by field.
pub(crate) fn changes(lang: Lang, all: &[Value]) -> Markup {
    if all.is_empty() {
        return ui::empty(lang.pick("違いはありません。", "No differences."));
    }
    html! {
        @for c in all {
            h3 { (lang.pick(c.text("ja"), c.text("en"))) }
            p { del { (c.text("before")) } }
            p { ins { (c.text("after")) } }
        }
    }
}

fn hashes(lang: Lang, told: &Value) -> Markup {
    let content = told.at("dossier");
    let code = |text: &str| html! { code { (text) } };
    ui::facts(&[
        (lang.pick("審査資料", "Dossier"), code(told.text("hash"))),
        (
            lang.pick("申出の文書", "Document"),
            html! { (lang.pick("第", "version ")) (told.count("version")) (lang.pick("版 ", " ")) (code(content.text("document_hash"))) },
        ),
        (lang.pick("抽出の範囲", "Scope"), code(content.text("scope_hash"))),
        (
            lang.pick("提供区分", "Product"),
            html! { (lang.pick(content.text("product_ja"), content.text("product"))) },
        ),
        (
            lang.pick("作成", "Made"),
            html! { @if let Some(at) = told.moment("made_at") { (ui::moment(at)) } " " (told.text("made_by")) },
        ),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told() -> Value {
        json!({
            "application": "AP-0001", "hash": "d".repeat(64), "version": 2, "made_by": "secretary-01",
            "made_at": "2026-11-20T00:00:00Z", "stale": [],
            "dossier": {
                "organisation_name": "見本大学", "document_hash": "e".repeat(64), "scope_hash": "f".repeat(64),
                "sections": [{ "ja": "目的", "en": "Purpose", "fields": [{ "id": "title", "ja": "題名", "en": "Title", "value": "<b>見本</b>" }] }],
                "columns": [{ "item": "drug", "class": "neutral", "necessity": "要" }, { "item": "age", "class": "quasi", "known_by": "public", "necessity": "要" }],
                "count": { "persons": { "from": 1000, "to": 1999 }, "diagnosed": { "from": 1, "to": 9 }, "cohort": { "from": 0, "to": 0 }, "floor": 10, "feasible": false },
                "simulation": { "least": 20, "tables": [{ "name": "t", "title": "表", "cell_min": 20, "cells": { "from": 100, "to": 499 }, "small": { "from": 1, "to": 19 } }],
                    "basis": { "snapshot": 3, "parameters": { "statistics.cell_min_persons": "10" }, "program": "musubi 1" } },
                "similar": [{ "application": "AP-0000", "title": "別", "likeness": 80, "state": "approved", "state_ja": "承認" }],
            },
        })
    }

    #[test]
    fn one_file_holds_all_and_fetches_nothing() {
        let page = dossier(&told(), false).into_string();
        for words in ["1,000–1,999", "&lt;10", "&lt;20", "100–499", "似た審査例", "AP-0000", "試算の前提"]
        {
            assert!(page.contains(words), "{words}");
        }
        for hash in ["d", "e", "f"] {
            assert!(page.contains(&hash.repeat(64)));
        }
        // What tells most stands first; what was typed is escaped; nothing is loaded.
        assert!(page.find("準識別子") < page.find("その他") && page.contains("&lt;b&gt;見本"));
        for outside in ["http://", "https://", "src=", "<script", "url(", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("role=\"note\""));
    }

    #[test]
    fn it_says_when_it_is_out_of_date() {
        let mut old = told();
        old["stale"] = json!([{ "change": "snapshot", "ja": "保有する情報が変わりました", "en": "what is held has changed" }]);
        assert!(dossier(&old, false).into_string().contains("保有する情報が変わりました"));
        assert!(dossier(&old, true).into_string().contains("what is held has changed"));
    }
}
