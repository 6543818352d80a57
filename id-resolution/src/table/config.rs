//! How a table is to be matched (突合設定): a TOML file, checked as a whole before anything is read.

use serde::Deserialize;
use std::collections::BTreeSet;

use super::transform::Transform;
use crate::table::level::Test;

/// What a configuration is for.
#[derive(Debug, Clone)]
pub enum Config {
    /// Any table, by the generic model of this module.
    Table(Box<Plan>),
    /// Japanese persons, by the MPI engine; its columns are named by the file, the rest is the engine's own.
    PersonJa(PersonJa),
}

/// `kind = "person-ja"`: which column of the table is what, for the MPI engine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonJa {
    /// Column of the record id.
    pub id: String,
    /// What the engine knows → the column that holds it.
    pub columns: std::collections::BTreeMap<String, String>,
}

/// A checked configuration of the generic model.
#[derive(Debug, Clone)]
pub struct Plan {
    /// For people.
    pub title: String,
    /// Column of the record id.
    pub id: String,
    /// Column that says which source a record is from; only records of different sources are linked.
    pub source: Option<String>,
    /// With a source: each source holds a person at most once.
    pub once_per_source: bool,
    /// What is compared and blocked on, made of the table's columns.
    pub columns: Vec<Column>,
    /// Comparisons, at most [`COMPARISONS_MAX`].
    pub compare: Vec<Compare>,
    /// Two comparisons whose columns are sometimes exchanged (first name and surname), as indices into `compare`.
    pub swap: Option<(usize, usize)>,
    /// Blocking rules: a pair is looked at when all parts of one rule agree.
    pub block: Vec<Rule>,
    /// Records that may share one blocking key; a larger block is left out and counted.
    pub block_max: usize,
    /// Join above this many bits; without it the threshold of the greatest expected F1.
    pub threshold: Option<f64>,
}

/// Level vectors hold 4 bits a comparison; two are kept for the orientation of names.
pub const COMPARISONS_MAX: usize = 14;

/// A column of ours.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Columns of the table, joined with a blank.
    pub from: Vec<String>,
    /// The first of `from` that is filled, instead of all of them.
    pub first: bool,
    /// Steps.
    pub steps: Vec<Transform>,
}

/// A comparison.
#[derive(Debug, Clone)]
pub struct Compare {
    /// Index of its column.
    pub on: usize,
    /// Tests after equality, best first; what passes none is the last level.
    pub tests: Vec<Test>,
    /// Rare values weigh more (頻度補正), at every level.
    pub frequency: bool,
    /// A person may have several values in the course of time (an address).
    pub changing: bool,
}

/// A blocking rule: parts that must all agree.
#[derive(Debug, Clone)]
pub struct Rule {
    /// As written.
    pub name: String,
    /// Column and further steps.
    pub parts: Vec<(usize, Vec<Transform>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    #[serde(default)]
    title: String,
    id: String,
    source: Option<String>,
    #[serde(default)]
    once_per_source: bool,
    column: Vec<RawColumn>,
    compare: Vec<RawCompare>,
    #[serde(default)]
    swap: Vec<String>,
    block: Vec<Vec<String>>,
    #[serde(default = "block_max")]
    block_max: usize,
    threshold: Option<f64>,
}

/// Basis: two thousand equal keys make two million pairs, about a second; a key so common tells nothing.
fn block_max() -> usize {
    2000
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawColumn {
    name: String,
    from: Option<OneOrMore>,
    #[serde(default)]
    first: bool,
    #[serde(default)]
    steps: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCompare {
    on: String,
    #[serde(default)]
    levels: Vec<String>,
    #[serde(default = "yes")]
    frequency: bool,
    #[serde(default)]
    changing: bool,
}

fn yes() -> bool {
    true
}

/// Configurations that come with Musubi, by name.
pub const SHIPPED: [(&str, &str); 7] = [
    ("febrl", include_str!("../../configs/febrl.toml")),
    ("febrl4", include_str!("../../configs/febrl4.toml")),
    ("fake", include_str!("../../configs/fake.toml")),
    ("rldata", include_str!("../../configs/rldata.toml")),
    ("pseudopeople", include_str!("../../configs/pseudopeople.toml")),
    ("historical_50k", include_str!("../../configs/historical_50k.toml")),
    ("ja", include_str!("../../configs/ja.toml")),
];

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// What is wrong with it, in Japanese and English.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
        match table.remove("kind").as_ref().map_or(Some("table"), toml::Value::as_str) {
            Some("table") => {
                let raw: RawPlan = table.try_into().map_err(|e: toml::de::Error| e.to_string())?;
                Ok(Self::Table(Box::new(Plan::check(raw)?)))
            }
            Some("person-ja") => {
                Ok(Self::PersonJa(table.try_into().map_err(|e: toml::de::Error| e.to_string())?))
            }
            other => Err(format!(
                "kind = {:?} はありません(table, person-ja) / no such kind (table, person-ja)",
                other.unwrap_or("?")
            )),
        }
    }
}

impl Plan {
    fn check(raw: RawPlan) -> Result<Self, String> {
        let mut columns: Vec<Column> = Vec::new();
        for c in raw.column {
            if columns.iter().any(|o| o.name == c.name) {
                return Err(format!(
                    "列「{0}」が二度定義されています / column `{0}` is defined twice",
                    c.name
                ));
            }
            let from = match c.from {
                None => vec![c.name.clone()],
                Some(OneOrMore::One(f)) => vec![f],
                Some(OneOrMore::More(f)) => f,
            };
            columns.push(Column { from, first: c.first, steps: steps(&c.steps)?, name: c.name });
        }
        let column = |name: &str| {
            columns.iter().position(|c| c.name == name).ok_or_else(|| {
                format!("列「{name}」は [[column]] にありません / no [[column]] is named `{name}`")
            })
        };
        let mut compare = Vec::new();
        for c in &raw.compare {
            let tests = c.levels.iter().map(|l| Test::read(l)).collect::<Result<Vec<_>, _>>()?;
            if tests.len() > 12 {
                return Err(format!("「{}」の段階は12まで / at most 12 levels for `{0}`", c.on));
            }
            compare.push(Compare { on: column(&c.on)?, tests, frequency: c.frequency, changing: c.changing });
        }
        if compare.is_empty() || compare.len() > COMPARISONS_MAX {
            return Err(format!(
                "[[compare]] は1から{COMPARISONS_MAX}まで / 1 to {COMPARISONS_MAX} of [[compare]]"
            ));
        }
        let compared = |name: &String| {
            let at = column(name)?;
            compare.iter().position(|c| c.on == at).ok_or_else(|| {
                format!("swap の「{name}」は比較されていません / `{name}` in swap is not compared")
            })
        };
        let swap = match raw.swap.as_slice() {
            [] => None,
            [a, b] if a != b => Some((compared(a)?, compared(b)?)),
            _ => return Err("swap は二つの列 / swap takes two columns".to_owned()),
        };
        let mut block = Vec::new();
        for parts in &raw.block {
            let mut rule = Rule { name: parts.join(" + "), parts: Vec::new() };
            for part in parts {
                let mut words = part.split('|');
                let at = column(words.next().unwrap_or_default().trim())?;
                let more: Vec<String> = words.map(str::to_owned).collect();
                rule.parts.push((at, steps(&more)?));
            }
            if !rule.parts.is_empty() {
                block.push(rule);
            }
        }
        let names: BTreeSet<&str> = block.iter().map(|r| r.name.as_str()).collect();
        if block.is_empty() || block.len() > 32 || names.len() != block.len() {
            return Err("block は異なる規則を1から32まで / block takes 1 to 32 different rules".to_owned());
        }
        Ok(Self {
            title: raw.title,
            id: raw.id,
            once_per_source: raw.once_per_source && raw.source.is_some(),
            source: raw.source,
            columns,
            compare,
            swap,
            block,
            block_max: raw.block_max.max(2),
            threshold: raw.threshold,
        })
    }
}

fn steps(texts: &[String]) -> Result<Vec<Transform>, String> {
    texts.iter().map(|t| Transform::read(t)).collect()
}
