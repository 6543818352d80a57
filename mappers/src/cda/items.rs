//! The tables of check-up items and of guidance items, as data: what a code means, its type, unit, range and choices.
//!
//! Made from the item code tables of the fiscal year 2024 (令和6年度 項目コード表, and 追加項目). `concept` is our own: one
//! for all methods of an examination, so that a series of one person can be followed over methods.

use std::collections::HashMap;
use std::sync::OnceLock;

use rust_decimal::Decimal;

static ITEMS: &str = include_str!("items.tsv");
static GUIDANCE: &str = include_str!("guidance.tsv");

/// What an item's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// Free text, taken only when it is a known word of result.
    Free,
    /// A date.
    Date,
    /// A name or number of somebody: never taken.
    Sealed,
}

/// One item.
#[derive(Debug)]
pub(super) struct Item {
    /// 17 characters; guidance items have 10.
    pub(super) code: &'static str,
    /// Our concept.
    pub(super) concept: &'static str,
    /// The concept's name.
    pub(super) name: &'static str,
    /// `PQ`, `CD`, `CO`, `ST`; empty: any.
    pub(super) kind: &'static str,
    /// Unit, UCUM.
    pub(super) unit: &'static str,
    /// Unit as shown.
    pub(super) shown: &'static str,
    /// Least possible value.
    pub(super) min: Option<Decimal>,
    /// Greatest possible value.
    pub(super) max: Option<Decimal>,
    /// Choices, joined by commas; empty: any.
    pub(super) choices: &'static str,
    /// Is it something measured (otherwise something told or judged)?
    pub(super) measured: bool,
    /// What its text is.
    pub(super) words: Words,
}

impl Item {
    fn read(row: &'static str) -> Option<Self> {
        let mut fields = row.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let item = Self {
            code: next(),
            concept: next(),
            name: next(),
            kind: next(),
            unit: next(),
            shown: next(),
            min: next().parse().ok(),
            max: next().parse().ok(),
            choices: next(),
            measured: next() == "m",
            words: match next() {
                "seal" => Words::Sealed,
                "date" => Words::Date,
                _ => Words::Free,
            },
        };
        (!item.code.is_empty() && !item.concept.is_empty()).then_some(item)
    }

    /// Is this unit the item's, by whatever spelling?
    pub(super) fn has_unit(&self, unit: &str) -> bool {
        if unit == self.unit {
            return true;
        }
        let folded = fold_unit(unit);
        folded == fold_unit(self.unit) || folded == fold_unit(self.shown)
    }

    /// Is this coded value one of the choices?
    pub(super) fn has_choice(&self, value: &str) -> bool {
        self.choices.is_empty() || self.choices.split(',').any(|c| c == value)
    }
}

/// Units are spelt in many ways; case, blanks and micro signs make no difference.
fn fold_unit(unit: &str) -> String {
    unit.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            'μ' | 'µ' => 'u',
            '\u{FF01}'..='\u{FF5E}' => {
                char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c).to_ascii_lowercase()
            }
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

fn table(text: &'static str) -> HashMap<&'static str, Item> {
    let rows = text.lines().filter(|l| !l.starts_with('#')).skip(1);
    rows.filter_map(Item::read).map(|item| (item.code, item)).collect()
}

/// An item of a check-up, or of guidance.
pub(super) fn item(code: &str) -> Option<&'static Item> {
    static ALL: OnceLock<HashMap<&'static str, Item>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut all = table(ITEMS);
        all.extend(table(GUIDANCE));
        all
    });
    all.get(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        let (items, guidance) = (table(ITEMS), table(GUIDANCE));
        assert_eq!(items.len(), ITEMS.lines().count() - 2);
        assert_eq!(guidance.len(), GUIDANCE.lines().count() - 2);
        assert!(items.len() > 500 && guidance.len() >= 60, "{} {}", items.len(), guidance.len());
        assert!(items.keys().all(|c| c.len() == 17) && guidance.keys().all(|c| c.len() == 10));
        assert!(items.values().all(|i| ["PQ", "CD", "CO", "ST"].contains(&i.kind)));
        assert!(items.values().all(|i| i.min.is_none() || i.min < i.max));
        assert!(items.values().all(|i| i.kind != "PQ" || i.measured));
        assert!(items.values().filter(|i| i.name.contains("氏名")).all(|i| i.words == Words::Sealed));
        // All methods of an examination have one concept; other examinations have others.
        let concept = |code| item(code).unwrap().concept;
        assert_eq!(concept("3F015000002327101"), concept("3F015000002399901"));
        assert_ne!(concept("3F015000002327101"), concept("3F015129902327101"));
        assert_eq!(concept("9A751000000000001"), concept("9A755000000000001"));
        assert_eq!(concept("3D010000001926101"), concept("3D010000002227101"));
        assert_ne!(concept("3A015000002327101"), concept("3A015000000106101"));
    }

    #[test]
    fn units_have_spellings() {
        let height = item("9N001000000000001").unwrap();
        assert!(height.has_unit("ＣＭ") && !height.has_unit("m"));
        assert!(item("9A751000000000001").unwrap().has_unit("mmHg"));
        assert!(item("9N786000000000011").unwrap().has_choice("8"));
        assert!(!item("9N716000000000011").unwrap().has_choice("3"));
    }
}
