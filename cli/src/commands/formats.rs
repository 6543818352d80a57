//! `musubi formats`: which formats are read, and with `--coverage` what becomes of every item of the operator's plan.
//! `docs/coverage.md` is its output.

use anyhow::Result;
use clap::Args;
use musubi_mappers::coverage::items::{Class, ITEMS};
use musubi_mappers::coverage::{Covered, all, serving};
use musubi_mappers::mapper_for;
use musubi_mappers::table::Interfaces;
use musubi_model::csv::{BOM, row};
use musubi_model::manifest::FeedKind;
use serde_json::json;

use super::Ending;
use crate::say::Voice;

/// `musubi formats`.
#[derive(Debug, Args)]
pub struct Order {
    /// Show what becomes of every item of the plan (DI-01 … DI-73), as Markdown.
    #[arg(long)]
    pub coverage: bool,
    /// The coverage as CSV.
    #[arg(long, requires = "coverage")]
    pub csv: bool,
}

/// Runs the verb.
pub fn run(order: &Order, voice: Voice) -> Result<Ending> {
    match (order.coverage, order.csv) {
        (false, _) => list(voice),
        (true, false) => coverage(voice),
        (true, true) => table()?,
    }
    Ok(Ending::Done)
}

fn list(voice: Voice) {
    let interfaces = Interfaces::builtin();
    let mut rows = Vec::new();
    for kind in FeedKind::ALL {
        let names: Vec<&str> = match kind {
            FeedKind::Table => interfaces.iter().map(|i| i.name()).collect(),
            _ => vec![""],
        };
        for interface in names {
            let Some(mapper) = mapper_for(*kind, interface, &interfaces) else { continue };
            voice.line(
                format!("{:<22}{:<26}{}  {interface}", kind.as_str(), mapper.version(), kind.ja()).trim_end(),
            );
            rows.push(
                json!({ "kind": kind, "ja": kind.ja(), "interface": interface, "mapper": mapper.version() }),
            );
        }
    }
    voice.value(&rows);
}

/// Items of a class: mapped, all.
fn mapped(class: Class) -> (usize, usize) {
    let of = ITEMS.iter().filter(|i| i.class == class);
    (of.clone().filter(|i| !serving(i.id).is_empty()).count(), of.count())
}

fn coverage(voice: Voice) {
    voice.line("# Coverage of the plan's items\n");
    voice.line("Generated: `musubi formats --coverage > docs/coverage.md` writes this file anew. For each item that the operator's");
    voice.line("plan lists: the fields that carry it, what becomes of them, and the test (below `mappers/tests`) that proves it.");
    voice.line("`fact`: a column of a table; `demographics`: sealed in the identity zone; `context`, `checked`: read, not kept as a");
    voice.line(
        "value; `note`: kind and place are kept, the text stays sealed; `sealed`: in the original only.\n",
    );
    voice.line("| class | 区分 | mapped | items |\n|---|---|--:|--:|");
    for class in [Class::Core, Class::Should, Class::Beyond] {
        let (done, of) = mapped(class);
        voice.line(format!("| {} | {} | {done} | {of} |", class.as_str(), class.ja()));
    }
    let mut items = Vec::new();
    for item in ITEMS {
        let rows = serving(item.id);
        voice.line(format!("\n## {} {} ({}, {})\n", item.id, item.ja, item.en, item.class.as_str()));
        if rows.is_empty() {
            voice.line("Not mapped.");
        } else {
            voice.line("| format | field | becomes | | test |\n|---|---|---|---|---|");
        }
        for r in &rows {
            voice.line(format!(
                "| {} | {} | {} | {} | `{}` |",
                format_of(r),
                cell(r.field),
                r.becomes.word(),
                cell(&r.becomes.detail()),
                r.test
            ));
        }
        items.push(json!({ "item": item.id, "ja": item.ja, "en": item.en, "class": item.class.as_str(),
            "rows": rows.iter().map(|r| as_json(r)).collect::<Vec<_>>() }));
    }
    let others: Vec<&Covered> = all().into_iter().filter(|r| r.items.is_empty()).collect();
    if !others.is_empty() {
        voice.line("\n## Fields beside the plan's items\n\n| format | field | becomes | | test |\n|---|---|---|---|---|");
    }
    for r in &others {
        let (word, detail) = (r.becomes.word(), cell(&r.becomes.detail()));
        voice.line(format!("| {} | {} | {word} | {detail} | `{}` |", format_of(r), cell(r.field), r.test));
    }
    let count = |class| {
        let (done, of) = mapped(class);
        json!({ "mapped": done, "items": of })
    };
    voice.value(&json!({
        "summary": { "core": count(Class::Core), "should": count(Class::Should), "beyond": count(Class::Beyond) },
        "items": items, "others": others.iter().map(|r| as_json(r)).collect::<Vec<_>>(),
    }));
}

fn as_json(r: &Covered) -> serde_json::Value {
    json!({ "kind": r.kind, "interface": r.interface, "field": r.field, "becomes": r.becomes.word(),
        "detail": r.becomes.detail(), "test": r.test })
}

fn format_of(r: &Covered) -> String {
    [r.kind.as_str(), r.interface].join(" ").trim_end().to_owned()
}

/// A text as a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

fn table() -> Result<()> {
    let mut out = BOM.to_owned();
    out.push_str(&row(&["item", "ja", "class", "kind", "interface", "field", "becomes", "detail", "test"]));
    for item in ITEMS {
        let rows = serving(item.id);
        for r in &rows {
            out.push_str(&row(&[
                item.id,
                item.ja,
                item.class.as_str(),
                r.kind.as_str(),
                r.interface,
                r.field,
                r.becomes.word(),
                &r.becomes.detail(),
                r.test,
            ]));
        }
        if rows.is_empty() {
            out.push_str(&row(&[item.id, item.ja, item.class.as_str(), "", "", "", "unmapped", "", ""]));
        }
    }
    crate::say::raw(out.as_bytes())?;
    Ok(())
}
