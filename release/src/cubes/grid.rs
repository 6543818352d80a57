//! The cells of all tables of a release with what holds between them (集計の枠): counted total by total.
//!
//! Only categories that occur stand in a table. It must never add up persons over a dimension of which one person may
//! have several values.

use std::collections::{BTreeMap, BTreeSet};

use musubi_disclosure::table::{Cell as Counted, Law, Relation, System};
use musubi_model::FactTable;
use musubi_model::spec::{Cohort, CubeSpec, Dimension, EventTable};

use crate::error::ReleaseError;
use crate::extract::{self, Attrition, Cell, Snapshot, Stored};

/// The coordinates of a cell: a label, or none for all.
type At = Vec<Option<String>>;

/// One table.
#[derive(Debug)]
struct Table {
    name: String,
    universe: usize,
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
    /// Places of the cells in the system, by universe and name.
    index: BTreeMap<(usize, String), usize>,
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
pub(super) fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Sex => "sex",
        Dimension::AgeBand5 => "age_band5",
        Dimension::AgeBand10 => "age_band10",
        Dimension::Prefecture => "prefecture",
        Dimension::BedClass => "bed_class",
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
fn apart(dimension: Dimension) -> bool {
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
        let word = universe(of.as_ref());
        let universe = self.universes.iter().position(|u| *u == word).unwrap_or_else(|| {
            self.universes.push(word);
            self.universes.len() - 1
        });
        let width = asked.dimensions.len();
        let mut table = Table {
            name: asked.name.clone(),
            universe,
            dimensions: asked.dimensions.clone(),
            labels: vec![Vec::new(); width],
            cells: BTreeMap::new(),
        };
        let mut attrition = Attrition::default();
        let mut occurring: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); width];
        for told in 0..1usize << width {
            let kept: Vec<usize> = (0..width).filter(|d| told >> d & 1 == 1).collect();
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
        self.enter(&table)?;
        self.tables.push(table);
        Ok(attrition)
    }

    /// The name of a cell, the same in every table of its universe.
    fn named(dimensions: &[Dimension], at: &At) -> String {
        let mut parts: Vec<String> = dimensions
            .iter()
            .zip(at)
            .filter_map(|(dimension, label)| Some(format!("{}={}", name(*dimension), label.as_ref()?)))
            .collect();
        parts.sort_unstable();
        if parts.is_empty() { "Total".to_owned() } else { parts.join("|") }
    }

    fn enter(&mut self, table: &Table) -> Result<(), ReleaseError> {
        for at in all(&table.labels) {
            let count = table.cells.get(&at).map_or(0, |cell| cell.persons);
            let name = Self::named(&table.dimensions, &at);
            let next = self.counts.len();
            let place = *self.index.entry((table.universe, name.clone())).or_insert(next);
            if place == next {
                let top = at.iter().all(Option::is_none);
                self.counts.push(Counted { universe: table.universe, name, count, top, population: None });
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
            let place =
                |at: &At| self.index.get(&(table.universe, Self::named(&table.dimensions, at))).copied();
            for at in all(&table.labels) {
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
                    let law = if apart(*dimension) { Law::Sum } else { Law::Overlap };
                    relations.entry((total, *dimension)).or_insert(Relation { total, parts, law });
                }
            }
        }
        Ok(System::new(self.universes.clone(), self.counts.clone(), relations.into_values().collect())?)
    }

    /// The name of a cell within its universe.
    pub(super) fn key(&self, asked: &CubeSpec, place: &Place<'_>) -> String {
        Self::named(&asked.dimensions, &place.labels)
    }

    /// Who is counted in a table.
    pub(super) fn universe_of(&self, asked: &CubeSpec) -> &str {
        let table = self.tables.iter().find(|t| t.name == asked.name);
        table.and_then(|t| self.universes.get(t.universe)).map_or("", String::as_str)
    }

    /// The cells of a table, totals before their parts.
    pub(super) fn places(&self, asked: &CubeSpec) -> Vec<Place<'_>> {
        let Some(table) = self.tables.iter().find(|t| t.name == asked.name) else { return Vec::new() };
        let place = |labels: At| {
            let name = Self::named(&table.dimensions, &labels);
            let cell = self.index.get(&(table.universe, name)).copied()?;
            let measured = table.cells.get(&labels);
            let count = measured.map_or(0, |cell| cell.persons);
            Some(Place { labels, cell, count, measured })
        };
        all(&table.labels).into_iter().filter_map(place).collect()
    }
}

/// All coordinates over these labels, totals before their parts.
fn all(labels: &[Vec<String>]) -> Vec<At> {
    let mut rows: Vec<At> = vec![Vec::new()];
    for labels in labels {
        let step = |row: At| {
            let told = std::iter::once(None).chain(labels.iter().cloned().map(Some));
            told.map(move |label| row.iter().cloned().chain([label]).collect::<At>()).collect::<Vec<_>>()
        };
        rows = rows.into_iter().flat_map(step).collect();
    }
    rows
}
