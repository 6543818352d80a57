//! What a package claims (リスク評価): the figures of `risk.json`, each with its formula.
//!
//! It must hold no figure that the released files do not show anyway, except how many persons were left out.

use std::collections::BTreeMap;

use musubi_model::policy::{ColumnClass, Policy};
use musubi_model::spec::Product;
use serde::{Deserialize, Serialize};

/// The layout of `risk.json`.
pub const RISK_LAYOUT: &str = "musubi-risk/1";

/// The content of `risk.json` (docs/release-package.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// [`RISK_LAYOUT`].
    pub layout: String,
    /// The product.
    pub product: Product,
    /// The policy it satisfies.
    pub policy: RiskPolicy,
    /// Claims of a product of rows.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowClaims>,
    /// Claims of tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableClaims>,
    /// How each figure is computed: name of the figure → formula, English (Japanese).
    pub formulas: BTreeMap<String, String>,
}

/// The policy by name, version and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskPolicy {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// BLAKE3 of its canonical form.
    pub hash: String,
}

/// Claims of a product of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowClaims {
    /// How many persons.
    pub persons: Persons,
    /// Persons in the smallest class (k-匿名性); none: not claimed (pseudonymised products).
    pub k: Option<u64>,
    /// Fewest different values of a sensitive column in a class (ℓ-多様性).
    pub l: Option<u64>,
    /// Greatest distance of a class from the whole (t-近接性).
    pub t: Option<f64>,
    /// Classes of persons equal in all quasi-identifiers.
    pub classes: u64,
    /// Share of detail lost, 0 (as it was) to 1 (nothing told).
    pub loss: f64,
    /// Events; none: none released.
    pub events: Option<EventClaims>,
    /// Every column with its class and level.
    pub columns: Vec<RiskColumn>,
    /// Bounds between which measured values lie.
    pub clip: Vec<Clip>,
    /// Probabilities of being recognised.
    pub risk: Probabilities,
}

/// How many persons there are and were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persons {
    /// In the cohort.
    pub cohort: u64,
    /// In the files.
    pub released: u64,
    /// Left out for the sake of the others (抑制).
    pub suppressed: u64,
}

/// What holds of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventClaims {
    /// So many items an attacker may know (m).
    pub known_events: u32,
    /// Persons of a class that have any such items of one person in common.
    pub k: u64,
    /// Different items `(file, code, when)`.
    pub items: u64,
    /// Events in the files.
    pub released: u64,
    /// Of these, told more coarsely than they were recorded.
    pub coarsened: u64,
    /// Events left out.
    pub removed: u64,
    /// Events by level of detail, for the picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<EventLevel>,
}

/// Events of a file that are told at one level of detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLevel {
    /// The file.
    pub file: String,
    /// The level in Japanese, finest first.
    pub ja: String,
    /// The level in English.
    pub en: String,
    /// How many.
    pub events: u64,
}

/// A column with its class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskColumn {
    /// The file.
    pub file: String,
    /// The column.
    pub name: String,
    /// Its class.
    pub class: ColumnClass,
    /// Level of its hierarchy, 0 the finest; none: no hierarchy, or levels chosen class by class.
    pub level: Option<u32>,
    /// The levels of the hierarchy and how many persons are told at each, finest first, for the picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<ColumnLevel>,
}

/// A level of a hierarchy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLevel {
    /// Its name in Japanese (`5歳階級`).
    pub ja: String,
    /// Its name in English (`five-year bands`).
    pub en: String,
    /// Persons told at it.
    pub persons: u64,
}

/// Bounds of a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clip {
    /// The released code.
    pub code: String,
    /// The unit.
    pub unit: String,
    /// Smallest value, a decimal number.
    pub low: String,
    /// Greatest value.
    pub high: String,
}

/// Probabilities of being recognised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Probabilities {
    /// The greatest, for an attacker who knows that the person is in the data: 1 ÷ smallest class.
    pub prosecutor_max: f64,
    /// The mean over all persons: classes ÷ persons.
    pub marketer: f64,
}

/// What holds of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableClaims {
    /// Its name.
    pub name: String,
    /// Cells.
    pub cells: u64,
    /// Shown.
    pub shown: u64,
    /// Hidden because they are small (一次秘匿).
    pub primary: u64,
    /// Hidden so that the others cannot be worked out (二次秘匿).
    pub complementary: u64,
    /// How small counts are kept from view.
    pub rule: String,
    /// Smallest number of persons shown.
    pub cell_min: u64,
}

/// The formulas of the figures: name, English, Japanese.
const FORMULAS: [(&str, &str, &str); 10] = [
    (
        "k",
        "min over classes C of |C|; a class is all persons equal in every quasi-identifier",
        "すべての同値類Cの人数|C|の最小値。同値類は準識別子がすべて等しい人の集まり",
    ),
    (
        "l",
        "min over classes and sensitive columns of the number of distinct values",
        "同値類ごと・機微項目ごとの異なる値の数の最小値",
    ),
    (
        "t",
        "max over classes and sensitive columns of 1/2 * sum over values v of |p_C(v) - p(v)|",
        "同値類ごと・機微項目ごとの ½·Σ|p_C(v)−p(v)| の最大値",
    ),
    (
        "loss",
        "mean over persons and quasi-identifiers of the share of the value range that the label covers",
        "人と準識別子ごとに、ラベルが値域に占める割合の平均(0=元のまま、1=何も示さない)",
    ),
    ("prosecutor_max", "1 / k", "1÷k"),
    ("marketer", "classes / persons released", "同値類の数÷提供した人数"),
    (
        "events.k",
        "min over persons and over any known_events of their items of the persons of the class that have them all",
        "ある人の任意の known_events 個の記録をすべて持つ、同じ同値類の人数の最小値",
    ),
    (
        "clip",
        "values below the lower (above the upper) bound are set to it; bounds are quantiles of the product",
        "下限(上限)の外の値は限界値に置き換える。限界値は提供データの分位点",
    ),
    ("primary", "cells of 1 to cell_min - 1 persons", "1人以上 cell_min 人未満の欄"),
    (
        "complementary",
        "cells hidden so that for every hidden cell the solutions of all sums leave room for 1 to cell_min - 1",
        "合計の差し引きで1〜cell_min−1の範囲より狭く絞れないように隠した欄",
    ),
];

impl Risk {
    /// The claims of a product of rows under a policy.
    #[must_use]
    pub fn of_rows(policy: &Policy, rows: RowClaims) -> Self {
        Self { rows: Some(rows), ..Self::of(policy) }
    }

    /// The claims of tables under a policy.
    #[must_use]
    pub fn of_tables(policy: &Policy, tables: Vec<TableClaims>) -> Self {
        Self { tables, ..Self::of(policy) }
    }

    fn of(policy: &Policy) -> Self {
        let tables = policy.product == Product::Statistics;
        let told = |name: &str| tables == matches!(name, "primary" | "complementary");
        Self {
            layout: RISK_LAYOUT.to_owned(),
            product: policy.product,
            policy: RiskPolicy { name: policy.name.clone(), version: policy.version, hash: policy.hash() },
            rows: None,
            tables: Vec::new(),
            formulas: FORMULAS
                .iter()
                .filter(|(name, ..)| told(name))
                .map(|(name, en, ja)| ((*name).to_owned(), format!("{en} ({ja})")))
                .collect(),
        }
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The formula of a figure: English, Japanese.
pub(crate) fn formula(name: &str) -> (&'static str, &'static str) {
    FORMULAS.iter().find(|(n, ..)| *n == name).map_or(("", ""), |(_, en, ja)| (en, ja))
}
