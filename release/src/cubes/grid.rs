//! The cells of all tables of a release with what holds between them (集計の枠): counted total by total.
//!
//! Only categories that occur stand in a table. Over a dimension of which one person may have several values there is no
//! total: each value is a table of its own, and no sum ties it to the others. It must never add up persons over such a
//! dimension.

use std::collections::{BTreeMap, BTreeSet};

use musubi_disclosure::table::{Cell as Counted, Law, Relation, System};
use musubi_model::FactTable;
use musubi_model::spec::{Cohort, CubeSpec, Dimension, EventTable};

use crate::error::ReleaseError;
use crate::extract::{self, Attrition, Cell, Places, Snapshot, Stored};

/// The coordinates of a cell: a label, or none for all.
type At = Vec<Option<String>>;

/// One table.
#[derive(Debug)]
struct Table {
    name: String,
    /// Who is counted, in a word.
    word: String,
    dimensions: Vec<Dimension>,
    /// The labels that occur, in the order of their dimension.
    labels: Vec<Vec<String>>,
    /// Whoever is counted, by coordinates; what is missing is nobody.
    cells: BTreeMap<At, Cell>,
}

/// The tables.
#[derive(Debug, Default)]
pub(super) struct Grid {
    universes: Vec<String>,
    tables: Vec<Table>,
    /// Places of the cells in the system, by who is counted and name.
    index: BTreeMap<(String, String), usize>,
    counts: Vec<Counted>,
}

/// A cell of a table, with its place in the system.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// The coordinates.
    pub(super) labels: At,
    /// Its place in the system.
    pub(super) cell: usize,
    /// Persons.
    pub(super) count: u64,
    /// Its measures.
    pub(super) measured: Option<&'a Cell>,
}

impl Place<'_> {
    /// The coordinates of all totals it is a part of.
    pub(super) fn totals(&self) -> Vec<At> {
        let mut above: Vec<At> = vec![Vec::new()];
        for label in &self.labels {
            let told = [label.clone(), None];
            let told = if label.is_some() { told.as_slice() } else { told.get(..1).unwrap_or_default() };
            above = above
                .iter()
                .flat_map(|at| told.iter().map(|l| at.iter().cloned().chain([l.clone()]).collect()))
                .collect();
        }
        above
    }
}

/// The name of a dimension in the files.
pub(crate) fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Sex => "sex",
        Dimension::AgeBand5 => "age_band5",
        Dimension::AgeBand10 => "age_band10",
        Dimension::Prefecture => "prefecture",
        Dimension::BedClass => "bed_class",
        Dimension::Municipality => "municipality",
        Dimension::MedicalArea => "medical_area",
        Dimension::Insurer => "insurer",
        Dimension::DiagnosisChapter => "diagnosis_chapter",
        Dimension::DrugIngredient => "drug_ingredient",
        Dimension::CareLevel => "care_level",
        Dimension::Examination => "examination",
        Dimension::ValueBand => "value_band",
        Dimension::Year => "year",
        Dimension::Month => "month",
    }
}

/// Has every person one value at most?
pub(crate) fn apart(dimension: Dimension) -> bool {
    use Dimension::{AgeBand5, AgeBand10, Insurer, Prefecture, Sex};
    matches!(dimension, Sex | AgeBand5 | AgeBand10 | Prefecture | Insurer)
}

/// The facts that a table counts: dropping a dimension for its total must not change who is counted.
fn of_facts(asked: &CubeSpec) -> Option<EventTable> {
    let table = asked.dimensions.iter().find_map(|d| match d {
        Dimension::DiagnosisChapter => Some(FactTable::ConditionOccurrence),
        Dimension::DrugIngredient => Some(FactTable::DrugExposure),
        Dimension::Examination | Dimension::ValueBand => Some(FactTable::Measurement),
        Dimension::CareLevel => Some(FactTable::CareNeed),
        _ => None,
    });
    let plain = |table| EventTable { table, prefixes: Vec::new(), values: false };
    asked.of.clone().or_else(|| table.map(plain))
}

/// Who is counted, in a word.
fn universe(of: Option<&EventTable>) -> String {
    of.map_or_else(
        || "cohort".to_owned(),
        |of| {
            let mut prefixes = of.prefixes.clone();
            prefixes.sort_unstable();
            format!("{} {}", of.table.as_str(), prefixes.join(" "))
        },
    )
}

impl Grid {
    /// Counts a table with all its totals.
    pub(super) fn count(
        &mut self,
        source: &mut Stored<'_>,
        snapshot: &Snapshot,
        cohort: &Cohort,
        asked: &CubeSpec,
        age_top: u16,
    ) -> Result<Attrition, ReleaseError> {
        let of = of_facts(asked);
        let width = asked.dimensions.len();
        let mut table = Table {
            name: asked.name.clone(),
            word: universe(of.as_ref()),
            dimensions: asked.dimensions.clone(),
            labels: vec![Vec::new(); width],
            cells: BTreeMap::new(),
        };
        let mut attrition = Attrition::default();
        let mut occurring: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); width];
        let summed = |d: usize| asked.dimensions.get(d).is_some_and(|dimension| apart(*dimension));
        for told in 0..1usize << width {
            let kept: Vec<usize> = (0..width).filter(|d| told >> d & 1 == 1).collect();
            if (0..width).any(|d| !summed(d) && !kept.contains(&d)) {
                continue;
            }
            let part = CubeSpec {
                dimensions: kept.iter().filter_map(|d| asked.dimensions.get(*d).copied()).collect(),
                of: of.clone(),
                ..asked.clone()
            };
            let counted = extract::cube(source, snapshot, cohort, &part, age_top)?;
            attrition = counted.attrition;
            for (key, cell) in counted.cells {
                let mut at: At = vec![None; width];
                for ((dimension, place), labels) in kept.iter().zip(&key).zip(&counted.labels) {
                    let place = usize::from(*place);
                    let label = labels.get(place).map(|l| l.ja.clone());
                    let label = label.ok_or(ReleaseError::Internal("a category without a label"))?;
                    if let (Some(slot), Some(seen)) = (at.get_mut(*dimension), occurring.get_mut(*dimension))
                    {
                        *slot = Some(label);
                        seen.insert(place);
                    }
                }
                table.cells.insert(at, cell);
            }
            if kept.len() == width {
                let in_order = occurring.iter().zip(&counted.labels).map(|(seen, labels)| {
                    seen.iter().filter_map(|at| labels.get(*at).map(|l| l.ja.clone())).collect()
                });
                table.labels = in_order.collect();
            }
        }
        self.enter(&table, snapshot.places())?;
        self.tables.push(table);
        Ok(attrition)
    }

    fn enter(&mut self, table: &Table, places: &Places) -> Result<(), ReleaseError> {
        for at in table.all() {
            let count = table.cells.get(&at).map_or(0, |cell| cell.persons);
            let (word, name) = table.key(&at);
            let universe = self.universes.iter().position(|u| *u == word).unwrap_or_else(|| {
                self.universes.push(word.clone());
                self.universes.len() - 1
            });
            let next = self.counts.len();
            let top = name == TOP;
            let place = *self.index.entry((word, name.clone())).or_insert(next);
            if place == next {
                let population = table.population(&at, places);
                self.counts.push(Counted { universe, name, count, top, population });
            } else if self.counts.get(place).is_some_and(|known| known.count != count) {
                return Err(ReleaseError::Internal("two tables of the same persons disagree"));
            }
        }
        Ok(())
    }

    /// All cells and what holds between them.
    pub(super) fn system(&self) -> Result<System, ReleaseError> {
        let mut relations: BTreeMap<(usize, Dimension), Relation> = BTreeMap::new();
        for table in &self.tables {
            let place = |at: &At| self.index.get(&table.key(at)).copied();
            for at in table.all() {
                let Some(total) = place(&at) else { continue };
                for (nth, (dimension, labels)) in table.dimensions.iter().zip(&table.labels).enumerate() {
                    if at.get(nth).is_none_or(Option::is_some) || labels.is_empty() {
                        continue;
                    }
                    let part = |label: &String| {
                        let mut at = at.clone();
                        *at.get_mut(nth)? = Some(label.clone());
                        place(&at)
                    };
                    let parts = labels.iter().filter_map(part).collect();
                    relations.entry((total, *dimension)).or_insert(Relation { total, parts, law: Law::Sum });
                }
            }
        }
        Ok(System::new(self.universes.clone(), self.counts.clone(), relations.into_values().collect())?)
    }

    /// The name of a cell for the ledger, with who is counted.
    pub(super) fn key(&self, asked: &CubeSpec, place: &Place<'_>) -> String {
        let table = self.tables.iter().find(|t| t.name == asked.name);
        table.map_or_else(String::new, |table| {
            let (word, name) = table.key(&place.labels);
            format!("{word} {name}")
        })
    }

    /// Who is counted in a table.
    pub(super) fn universe_of(&self, asked: &CubeSpec) -> &str {
        let table = self.tables.iter().find(|t| t.name == asked.name);
        table.map_or("", |t| t.word.as_str())
    }

    /// The cells of a table, totals before their parts.
    pub(super) fn places(&self, asked: &CubeSpec) -> Vec<Place<'_>> {
        let Some(table) = self.tables.iter().find(|t| t.name == asked.name) else { return Vec::new() };
        let place = |labels: At| {
            let cell = self.index.get(&table.key(&labels)).copied()?;
            let measured = table.cells.get(&labels);
            let count = measured.map_or(0, |cell| cell.persons);
            Some(Place { labels, cell, count, measured })
        };
        table.all().into_iter().filter_map(place).collect()
    }
}

/// The name of a grand total.
const TOP: &str = "Total";

impl Table {
    /// Who is counted in a cell, and its name among theirs: the same in every table that counts them.
    fn key(&self, at: &At) -> (String, String) {
        let (mut who, mut parts) = (vec![self.word.clone()], Vec::new());
        for (dimension, label) in self.dimensions.iter().zip(at) {
            let Some(label) = label else { continue };
            let part = format!("{}={label}", name(*dimension));
            if apart(*dimension) { parts.push(part) } else { who.push(part) }
        }
        parts.sort_unstable();
        who.sort_unstable();
        let name = if parts.is_empty() { TOP.to_owned() } else { parts.join("|") };
        (who.join("|"), name)
    }

    /// The people who live where a cell speaks of, when it speaks of a place.
    fn population(&self, at: &At, places: &Places) -> Option<u64> {
        let of = |(dimension, label): (&Dimension, &Option<String>)| {
            places.population(*dimension, label.as_ref()?)
        };
        self.dimensions.iter().zip(at).find_map(of)
    }

    /// All coordinates, totals before their parts; no total over a dimension of several values.
    fn all(&self) -> Vec<At> {
        let mut rows: Vec<At> = vec![Vec::new()];
        for (dimension, labels) in self.dimensions.iter().zip(&self.labels) {
            let step = |row: At| {
                let total = apart(*dimension).then_some(None);
                let told = total.into_iter().chain(labels.iter().cloned().map(Some));
                told.map(move |label| row.iter().cloned().chain([label]).collect::<At>()).collect::<Vec<_>>()
            };
            rows = rows.into_iter().flat_map(step).collect();
        }
        rows
    }
}
