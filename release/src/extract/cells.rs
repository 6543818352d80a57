//! The cells of a table (集計表のセル): distinct persons, sums, and the greatest contribution of one person to each.
//!
//! Only leaves: totals, hiding and what may be shown are made of these by disclosure control. A person counts once in a
//! cell, and stands in several when the dimension is one of facts. Never published as it is.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;

use musubi_model::FactTable;
use musubi_model::spec::{Cohort, CubeMeasure, CubeSpec, Dimension};
use rust_decimal::Decimal;

use super::Snapshot;
use super::cohort::{Attrition, Chosen, choose};
use super::cubing::{Facts, Measured, facts_of, insurers};
use super::dims::{self, Label};
use super::linked::InsurerKind;
use super::people::{OfId, Source, Unit, for_units};
use super::rules::{Rules, date_of};
use super::scan::NO_DAY;
use crate::error::ReleaseError;

/// Dimensions at most: each takes 16 bits of a key, beside the person's 32.
pub(super) const DIMENSIONS_MAX: usize = 6;

/// The leaves of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CubeCells {
    /// For each dimension of the request its categories.
    pub labels: Vec<Vec<Label>>,
    /// The cells in which anybody is, by category of each dimension (places in `labels`).
    pub cells: BTreeMap<Vec<u16>, Cell>,
    /// How the cohort came about.
    pub attrition: Attrition,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Distinct persons.
    pub persons: u64,
    /// Quantity times times, or points, when asked for.
    pub amount: Option<Sum>,
    /// Measured values, when asked for; the mean is `total / facts`.
    pub value: Option<Sum>,
    /// 25th, 50th and 75th percentile of the values (of n in order the one at ⌈n·q/4⌉), when asked for.
    pub quartiles: Option<[Decimal; 3]>,
    /// The values behind the quartiles.
    values: BTreeMap<Decimal, u64>,
}

/// A sum over persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// The sum.
    pub total: Decimal,
    /// Facts in it.
    pub facts: u64,
    /// The greatest contribution of one person, in absolute value (dominance, law.md R-STA-04).
    pub greatest: Decimal,
    /// The second greatest.
    pub second: Decimal,
}

impl Sum {
    /// One person's contribution.
    fn of_person(&mut self, total: Decimal, facts: u64) {
        self.total = self.total.saturating_add(total);
        self.facts += facts;
        self.rank(total.abs());
    }

    fn rank(&mut self, size: Decimal) {
        if size > self.greatest {
            self.second = self.greatest;
            self.greatest = size;
        } else {
            self.second = self.second.max(size);
        }
    }

    fn add(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.facts += other.facts;
        self.rank(other.greatest);
        self.rank(other.second);
    }
}

impl Tally {
    /// The same persons are never in two units: what was counted apart adds up.
    fn add(&mut self, other: Self) {
        self.persons += other.persons;
        match (&mut self.measured, other.measured) {
            (Some(mine), Some(theirs)) => mine.add(*theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }

    fn cell(self) -> Cell {
        let measured = self.measured.map(|m| *m).unwrap_or_default();
        Cell { persons: self.persons, quartiles: dims::quarters(&measured.values), ..measured }
    }
}

impl Cell {
    fn add(&mut self, other: Self) {
        for (mine, theirs) in [(&mut self.amount, other.amount), (&mut self.value, other.value)] {
            match (mine.as_mut(), theirs) {
                (Some(a), Some(b)) => a.add(&b),
                (None, b) => *mine = b,
                (Some(_), None) => {}
            }
        }
        other.values.into_iter().for_each(|(value, n)| *self.values.entry(value).or_insert(0) += n);
    }
}

/// What is asked for, ready.
pub(super) struct Ask<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) rules: &'a Rules,
    pub(super) cube: &'a CubeSpec,
    pub(super) table: Option<FactTable>,
    pub(super) age_top: u16,
    /// The quarters of all values, once they are known.
    pub(super) cuts: Option<[Decimal; 3]>,
}

impl Ask<'_> {
    pub(super) fn asks(&self, dimension: Dimension) -> bool {
        self.cube.dimensions.contains(&dimension)
    }

    /// Are amounts summed?
    pub(super) fn amounts(&self) -> bool {
        self.cube
            .measures
            .iter()
            .any(|m| matches!(m, CubeMeasure::Quantity | CubeMeasure::Points | CubeMeasure::Units))
    }

    /// The unit of the costs that are summed: points, units and yen stand beside each other in one table.
    pub(super) fn unit(&self) -> &'static str {
        if self.cube.measures.contains(&CubeMeasure::Units) { "単位" } else { "点" }
    }

    /// Are values looked at?
    pub(super) fn values(&self) -> bool {
        self.asks(Dimension::ValueBand) || self.averages()
    }

    fn averages(&self) -> bool {
        self.cube.measures.iter().any(|m| matches!(m, CubeMeasure::Mean | CubeMeasure::Quartiles))
    }
}

/// What one unit gives: cells by categories, of which those of codes are places in the unit's own list.
struct Part {
    attrition: Attrition,
    codes: Vec<String>,
    cells: Tallies,
}

/// Cells by their categories, 16 bits each, the first dimension lowest.
type Tallies = HashMap<u128, Tally, BuildHasherDefault<OfId>>;

/// A cell while it is counted: small, because most only count persons.
#[derive(Default)]
struct Tally {
    persons: u64,
    measured: Option<Box<Cell>>,
}

/// Counts the cells of a table. `age_top`: from which age on ages are not told apart, a multiple of ten.
///
/// # Errors
/// [`ReleaseError::Spec`]: see the dimensions' limits in docs/extracts.md. The store's.
pub fn cube(
    source: &mut dyn Source,
    snapshot: &Snapshot,
    cohort: &Cohort,
    cube: &CubeSpec,
    age_top: u16,
) -> Result<CubeCells, ReleaseError> {
    let rules = Rules::of(cohort)?;
    let table = dims::table_of(cube)?;
    let mut ask = Ask { snapshot, rules: &rules, cube, table, age_top, cuts: None };
    if ask.asks(Dimension::ValueBand) {
        let mut all: BTreeMap<Decimal, u64> = BTreeMap::new();
        let add = &mut |part: BTreeMap<Decimal, u64>| {
            part.into_iter().for_each(|(value, n)| *all.entry(value).or_insert(0) += n);
        };
        for_units(source, snapshot, &|unit| values_of(&ask, unit), add)?;
        ask.cuts = dims::quarters(&all);
    }
    let mut parts: Vec<Part> = Vec::new();
    for_units(source, snapshot, &|unit| of_unit(&ask, unit), &mut |part| parts.push(part))?;
    Ok(join(&ask, parts))
}

/// All values of a unit's persons.
fn values_of(ask: &Ask<'_>, unit: &Unit) -> Result<BTreeMap<Decimal, u64>, ReleaseError> {
    let chosen = choose(ask.snapshot, ask.rules, unit, false)?;
    let mut values = BTreeMap::new();
    for value in facts_of(ask, unit, &chosen)?.measured.iter().filter_map(|m| m.value) {
        *values.entry(value).or_insert(0) += 1;
    }
    Ok(values)
}

fn of_unit(ask: &Ask<'_>, unit: &Unit) -> Result<Part, ReleaseError> {
    let described = [Dimension::Sex, Dimension::AgeBand5, Dimension::AgeBand10, Dimension::Prefecture];
    let chosen = choose(ask.snapshot, ask.rules, unit, described.into_iter().any(|d| ask.asks(d)))?;
    let payers = match ask.asks(Dimension::Insurer) {
        true => insurers(ask.snapshot, ask.rules, unit, &chosen)?,
        false => vec![None; unit.persons()],
    };
    let mut cells = Tallies::default();
    let mut facts = match ask.table {
        Some(_) => facts_of(ask, unit, &chosen)?,
        None => Facts::of_nothing(&chosen),
    };
    facts.rows.sort_unstable();
    let mut whose = (u32::MAX, 0);
    for run in facts.rows.chunk_by(|a, b| (a.person, a.key) == (b.person, b.key)) {
        let Some(first) = run.first() else { continue };
        if whose.0 != first.person {
            let person = usize::try_from(first.person).unwrap_or(usize::MAX);
            let insurer = payers.get(person).copied().flatten();
            whose = (first.person, person_categories(ask, &chosen, person, insurer));
        }
        let tally = cells.entry(whose.1 | facts.spread(first.key)).or_default();
        tally.persons += 1;
        if ask.amounts() || ask.averages() {
            let cell = tally.measured.get_or_insert_default();
            measure(ask, cell, &mut run.iter().map(|fact| facts.measured(fact)));
        }
    }
    Ok(Part { attrition: chosen.attrition, codes: facts.codes, cells })
}

/// Adds what one person's facts measure to a cell.
fn measure(ask: &Ask<'_>, cell: &mut Cell, facts: &mut dyn Iterator<Item = Measured>) {
    let mut sums = [(Decimal::ZERO, 0); 2];
    for fact in facts {
        for (sum, part) in sums.iter_mut().zip([fact.amount, fact.value]) {
            if let Some(part) = part {
                *sum = (sum.0.saturating_add(part), sum.1 + 1);
            }
        }
        if ask.cube.measures.contains(&CubeMeasure::Quartiles)
            && let Some(value) = fact.value
        {
            *cell.values.entry(value).or_insert(0) += 1;
        }
    }
    let [amount, value] = sums;
    if ask.amounts() {
        cell.amount.get_or_insert_default().of_person(amount.0, amount.1);
    }
    if ask.averages() {
        cell.value.get_or_insert_default().of_person(value.0, value.1);
    }
}

/// The categories of a person, with 0 for the dimensions of facts.
fn person_categories(ask: &Ask<'_>, chosen: &Chosen, person: usize, insurer: Option<InsurerKind>) -> u128 {
    let index = chosen.index.get(person).copied().unwrap_or(NO_DAY);
    let about = chosen.persons.as_ref().and_then(|p| p.get(person));
    let known = about.map(|p| p.on(date_of(index))).unwrap_or_default();
    ask.cube.dimensions.iter().enumerate().fold(0, |key, (place, dimension)| {
        let category = dims::of_attributes(*dimension, &known, insurer, ask.age_top).unwrap_or(0);
        key | u128::from(u16::try_from(category).unwrap_or(u16::MAX)) << (16 * place)
    })
}

/// Joins what units gave; codes get their places in one list, what is not known last.
fn join(ask: &Ask<'_>, parts: Vec<Part>) -> CubeCells {
    let by_code =
        ask.cube.dimensions.iter().position(|d| {
            matches!(d, Dimension::DrugIngredient | Dimension::Examination | Dimension::CareLevel)
        });
    let mut codes: Vec<&str> = parts.iter().flat_map(|p| &p.codes).map(String::as_str).collect();
    codes.sort_unstable_by_key(|code| (code.is_empty(), *code));
    codes.dedup();
    let mut whole = CubeCells { attrition: Attrition::empty(ask.rules), ..CubeCells::default() };
    let period = dims::period_of(ask.rules.period);
    for dimension in &ask.cube.dimensions {
        whole.labels.push(match dimension {
            Dimension::DrugIngredient | Dimension::Examination | Dimension::CareLevel => {
                codes.iter().map(|code| dims::code_label(*dimension, code)).collect()
            }
            Dimension::ValueBand => dims::band_labels(ask.cuts),
            Dimension::BedClass => dims::bed_labels(ask.snapshot.bed_classes()),
            Dimension::Municipality | Dimension::MedicalArea => ask.snapshot.places().labels(*dimension),
            fixed => dims::fixed_labels(*fixed, period, ask.age_top),
        });
    }
    for part in &parts {
        whole.attrition.add(&part.attrition);
    }
    let place: HashMap<&str, u128> = codes.iter().copied().zip(0..).collect();
    let places: Vec<Vec<u128>> = parts
        .iter()
        .map(|p| p.codes.iter().filter_map(|code| place.get(code.as_str())).copied().collect())
        .collect();
    let mut cells = Tallies::default();
    for (part, places) in parts.into_iter().zip(places) {
        for (mut key, tally) in part.cells {
            if let Some(shift) = by_code.map(|at| 16 * at) {
                let own = usize::try_from(key >> shift & 0xffff).unwrap_or(usize::MAX);
                key &= !(0xffff << shift);
                key |= places.get(own).copied().unwrap_or(0xffff) << shift;
            }
            cells.entry(key).or_default().add(tally);
        }
    }
    let dimensions = ask.cube.dimensions.len();
    let apart = |key: u128| (0..dimensions).map(|at| (key >> (16 * at) & 0xffff) as u16).collect();
    whole.cells = cells.into_iter().map(|(key, tally)| (apart(key), tally.cell())).collect();
    whole
}
