//! What becomes of every column of the shipped interfaces, taken from the interfaces themselves: whoever adds a column
//! there has declared its coverage.

use std::sync::OnceLock;

use musubi_model::FactTable;
use musubi_model::manifest::FeedKind;

use super::Interfaces;
use super::plan::{Interface, Part};
use crate::coverage::{Becomes, Covered};

/// The test that checks every column end to end.
const TEST: &str = "table_columns::every_column_of_every_interface_gives_what_it_declares";

/// The rows, made at first use and kept.
pub(super) fn all() -> Vec<&'static Covered> {
    static ROWS: OnceLock<Vec<Covered>> = OnceLock::new();
    ROWS.get_or_init(|| Interfaces::builtin().iter().flat_map(|i| rows(i)).collect()).iter().collect()
}

/// Texts live as long as the program: the shipped interfaces do not change while it runs.
fn keep(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn keep_all(items: &[String]) -> &'static [&'static str] {
    Box::leak(items.iter().map(|i| keep(i)).collect::<Vec<_>>().into_boxed_slice())
}

fn rows(interface: &Interface) -> Vec<Covered> {
    let name = keep(&interface.name);
    let mut out = Vec::new();
    for (index, column) in interface.columns.iter().enumerate() {
        let field = keep(&column.title);
        let row = |items: &[String], becomes| Covered {
            kind: FeedKind::Table,
            interface: name,
            field,
            items: keep_all(items),
            becomes,
            test: TEST,
        };
        let before = out.len();
        if let Some(part) = column.part {
            let items = match part {
                Part::Birth => ["DI-03"],
                Part::Sex => ["DI-02"],
                Part::InsurerNumber | Part::CareInsurer => ["DI-05"],
                Part::InsuredSymbol | Part::InsuredNumber | Part::InsuredBranch | Part::CareNumber => {
                    ["DI-06"]
                }
                Part::LocalNumber => ["DI-10"],
                _ => ["DI-01"],
            };
            let part = match part {
                Part::Name => "name_kana",
                Part::FamilyKanji | Part::GivenKanji => "name_kanji",
                Part::FamilyKana | Part::GivenKana => "name_kana",
                part => part.name(),
            };
            out.push(row(&items.map(str::to_owned), Becomes::Demographics(part)));
        }
        if let Some(why) = &column.seal {
            out.push(row(&column.items, Becomes::Sealed(keep(why))));
        }
        for fact in &interface.facts {
            if fact.slots.is_empty() && fact.needs.contains(&index) {
                out.push(row(&fact.items, Becomes::Note));
            }
            for (slot, _) in fact.slots.iter().filter(|(_, n)| *n == index) {
                let becomes = if fact.template.table == FactTable::Note && slot.column() == "value" {
                    Becomes::Note
                } else {
                    Becomes::Fact(fact.template.table, slot.column())
                };
                let new = row(&fact.items, becomes);
                if !out.get(before..).is_some_and(|rows| rows.contains(&new)) {
                    out.push(new);
                }
            }
        }
        if interface.day == Some(index) {
            out.push(row(&column.items, Becomes::Context("day of the record: start of its facts")));
        }
        if interface.time == Some(index) {
            out.push(row(
                &column.items,
                Becomes::Context("time of day of the record: start_second of its facts"),
            ));
        }
        if interface.versions.as_ref().is_some_and(|v| {
            v.key.contains(&index)
                || v.time.contains(&index)
                || v.deleted.as_ref().is_some_and(|d| d.0 == index)
        }) && out.len() == before
        {
            out.push(row(&column.items, Becomes::Context("version of the record")));
        }
        if out.len() == before {
            out.push(row(&column.items, Becomes::Checked("other columns of the row")));
        }
    }
    out
}
