//! Products of tables (集計表の製品): from counted cells to published tables in which nobody small can be found out.
//!
//! Every total is counted, not added up: persons stand in several diagnoses or drugs, and a percentile of a total is none
//! of its parts'. All tables of a release that count the same persons are protected together. It must never decide that
//! a product may leave: the independent checker does.

pub(crate) mod grid;

use std::collections::BTreeSet;

use musubi_disclosure::table::round::{Preset, Shown};
use musubi_disclosure::table::{
    Limits, Mask, Protect, Relation, Rule, System, Tier, Tiers, audit, primary, suppress,
};
use musubi_model::policy::{ColumnClass, Policy, PopulationTier, Protection, TablePolicy};
use musubi_model::spec::{CubeMeasure, CubeSpec, Dimension, ExtractSpec};
use musubi_storage::registry::ReleaseDb;
use musubi_storage::release_ledger::{CellSaid, TableSaid};

use crate::error::ReleaseError;
use crate::extract::{Attrition, Cell, Snapshot, Stored, Sum};
use crate::pack::{Column, Risk, Sheet, TableClaims, Values};

use grid::Grid;

/// The sign of a hidden value, whatever the reason.
const HIDDEN: &str = "*";
/// The label of a total.
const TOTAL: &str = "計";

/// The tables, ready to be written.
#[derive(Debug)]
pub struct Made {
    /// The files.
    pub sheets: Vec<Sheet>,
    /// What is claimed.
    pub risk: Risk,
    /// How the cohort came about.
    pub attrition: Attrition,
    /// What each table says: its name, its universe, its cells with what is shown.
    cells: Vec<(String, String, Vec<CellSaid>)>,
}

impl Made {
    /// What the tables say, as constraints on later releases.
    pub(crate) fn said(&self, release: &str, spec: &ExtractSpec) -> Vec<TableSaid> {
        let recipients: BTreeSet<String> = spec.recipients.iter().map(|r| r.id.clone()).collect();
        let cohort = crate::ledger::cohort_hash(&spec.cohort);
        let table = |(name, universe, cells): &(String, String, Vec<CellSaid>)| TableSaid {
            release_id: release.to_owned(),
            name: name.clone(),
            universe: format!("{cohort} {universe}"),
            recipients: recipients.clone(),
            cells: cells.clone(),
        };
        self.cells.iter().map(table).collect()
    }
}

/// Counts, protects and writes out the tables of a request.
///
/// # Errors
/// [`ReleaseError::Empty`], [`ReleaseError::Policy`]; [`ReleaseError::Table`] when nothing protects a cell.
pub fn make(
    db: &mut ReleaseDb,
    cohort_id: &str,
    snapshot: &Snapshot,
    spec: &ExtractSpec,
    policy: &Policy,
    age_top: u16,
) -> Result<Made, ReleaseError> {
    let rules = rules_of(policy)?;
    let (grid, attrition) = counted(db, cohort_id, snapshot, spec, age_top)?;
    let system = grid.system()?;
    let small = primary(&system, &tiers(rules));
    let mask = masked(&system, &small, rules)?;
    let written = Written { grid: &grid, rules, small: &small, mask: &mask };
    let (sheets, claims) = spec.tables.iter().map(|asked| written.sheet(asked)).unzip();
    let cells = spec.tables.iter().map(|asked| {
        let told = |place: &grid::Place<'_>| CellSaid {
            key: grid.key(asked, place),
            shown: (!mask.hidden(place.cell)).then_some(place.count),
        };
        let cells = grid.places(asked).iter().map(told).collect();
        (asked.name.clone(), grid.universe_of(asked).to_owned(), cells)
    });
    let cells = cells.collect();
    Ok(Made { sheets, risk: Risk::of_tables(policy, claims), attrition, cells })
}

/// What the tables of a request would come to (試算): what is claimed of each, as [`make`] would claim it, and why nothing
/// protects them, when nothing does; then only the small cells are hidden in what is claimed.
///
/// # Errors
/// As [`make`], but for what cannot be protected.
pub(crate) fn tried(
    db: &mut ReleaseDb,
    cohort_id: &str,
    snapshot: &Snapshot,
    spec: &ExtractSpec,
    policy: &Policy,
    age_top: u16,
) -> Result<(Vec<TableClaims>, Option<ReleaseError>), ReleaseError> {
    let rules = rules_of(policy)?;
    let (grid, _) = counted(db, cohort_id, snapshot, spec, age_top)?;
    let system = grid.system()?;
    let small = primary(&system, &tiers(rules));
    let (mask, refused) = match masked(&system, &small, rules) {
        Ok(mask) => (mask, None),
        Err(refused) => (small.clone(), Some(refused)),
    };
    let written = Written { grid: &grid, rules, small: &small, mask: &mask };
    Ok((spec.tables.iter().map(|asked| written.sheet(asked).1).collect(), refused))
}

fn rules_of(policy: &Policy) -> Result<&TablePolicy, ReleaseError> {
    let rules = policy.tables.as_ref();
    rules.ok_or(ReleaseError::Policy("the policy has no [tables] (集計表の規則がありません)"))
}

/// All tables of a request, counted from the same persons.
fn counted(
    db: &mut ReleaseDb,
    cohort_id: &str,
    snapshot: &Snapshot,
    spec: &ExtractSpec,
    age_top: u16,
) -> Result<(Grid, Attrition), ReleaseError> {
    let mut grid = Grid::default();
    let mut attrition = Attrition::default();
    for asked in &spec.tables {
        let mut source = Stored { db: &mut *db, cohort_id };
        attrition = grid.count(&mut source, snapshot, &spec.cohort, asked, age_top)?;
    }
    if attrition.last() == 0 {
        return Err(ReleaseError::Empty("all steps".to_owned()));
    }
    Ok((grid, attrition))
}

/// What is hidden under the rules of a policy.
fn masked(system: &System, small: &Mask, rules: &TablePolicy) -> Result<Mask, ReleaseError> {
    match preset(rules.protection.value) {
        // Rounding shows no exact count: no other cell has to go.
        Some(_) => Ok(small.clone()),
        None => protected(system, small),
    }
}

/// The smallest counts of a policy, by the people of the place that a cell speaks of.
fn tiers(rules: &TablePolicy) -> Tiers {
    let tier = |t: &PopulationTier| Tier { from: t.from, cell_min: t.cell_min };
    Tiers { cell_min: rules.cell_min.value, municipalities: rules.tiers.iter().map(tier).collect() }
}

/// How far the search for the least cost goes: tables of up to so many connected cells are proven, others are safe.
const SEARCH: Limits = Limits { exact_cells: 150, rounds: 60 };

/// Cells are added in so many rounds at most.
const ROUNDS: usize = 12;

/// Hides what must be hidden besides, and plays the attacker over the result. Where the hidden parts of a shown total are
/// together fewer than may be shown, their sum is as good as a small count: one more part goes, or the total.
fn protected(system: &System, small: &Mask) -> Result<Mask, ReleaseError> {
    let rule = Rule { protect: Protect::EveryCell };
    let mut more: BTreeSet<usize> = BTreeSet::new();
    let mut blocking: BTreeSet<String> = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mask = suppress(system, &small.with_secondary(more.iter().copied()), &rule, &SEARCH)?;
        let found = audit(system, &mask, &rule, &[])?;
        if found.clean() {
            return Ok(mask);
        }
        let stopping = found.findings.iter().filter(|f| f.kind.blocks());
        blocking = stopping.map(|f| format!("{} ×{}", f.kind.code(), found.count(f.kind))).collect();
        let before = more.len();
        more.extend(system.relations().iter().filter_map(|relation| one_more(system, &mask, relation)));
        if more.len() == before {
            break;
        }
    }
    Err(ReleaseError::Proof(blocking.into_iter().collect()))
}

/// The cell to hide so that the hidden parts of a shown total are enough together: the cheapest part that is shown and not
/// empty, or else the total. `None`: they are enough, or there are none.
fn one_more(system: &System, mask: &Mask, relation: &Relation) -> Option<usize> {
    let count = |cell: usize| system.cells().get(cell).map_or(0, |c| c.count);
    let (hidden, shown): (Vec<usize>, Vec<usize>) = relation.parts.iter().partition(|p| mask.hidden(**p));
    let sum: u64 = hidden.iter().map(|p| count(*p)).sum();
    let least = hidden.iter().map(|p| mask.minimum(*p)).min()?;
    if mask.hidden(relation.total) || !(1..least).contains(&sum) {
        return None;
    }
    let cheapest = shown.into_iter().filter(|p| count(*p) > 0).min_by_key(|p| (count(*p), *p));
    Some(cheapest.unwrap_or(relation.total))
}

fn preset(protection: Protection) -> Option<Preset> {
    match protection {
        Protection::Suppress => None,
        Protection::RoundUpTens => Some(Preset::UpToTens),
        Protection::RoundNearestTen => Some(Preset::NearestTen),
        Protection::RoundTotals => Some(Preset::TotalsOnly),
    }
}

fn word(protection: Protection) -> &'static str {
    match protection {
        Protection::Suppress => "suppress",
        Protection::RoundUpTens => "round_up_tens",
        Protection::RoundNearestTen => "round_nearest_ten",
        Protection::RoundTotals => "round_totals",
    }
}

/// The counted grid with what is hidden of it.
struct Written<'a> {
    grid: &'a Grid,
    rules: &'a TablePolicy,
    small: &'a Mask,
    mask: &'a Mask,
}

impl Written<'_> {
    /// The file of a table, and what is claimed of it.
    fn sheet(&self, asked: &CubeSpec) -> (Sheet, TableClaims) {
        let places = self.grid.places(asked);
        let mut labels: Vec<Vec<String>> = vec![Vec::with_capacity(places.len()); asked.dimensions.len()];
        let mut persons = Vec::with_capacity(places.len());
        let (mut shown, mut primary, mut complementary) = (0u64, 0u64, 0u64);
        for place in &places {
            for (column, label) in labels.iter_mut().zip(&place.labels) {
                column.push(label.clone().unwrap_or_else(|| TOTAL.to_owned()));
            }
            let total = place.labels.contains(&None);
            let text = if self.mask.hidden(place.cell) {
                match self.small.hidden(place.cell) {
                    true => primary += 1,
                    false => complementary += 1,
                }
                HIDDEN.to_owned()
            } else {
                shown += 1;
                self.told(place.count, total)
            };
            persons.push(text);
        }
        let mut columns: Vec<Column> = asked
            .dimensions
            .iter()
            .zip(labels)
            .map(|(dimension, labels)| {
                let (ja, en) = described(*dimension);
                let values = Values::text(labels.iter().map(|l| Some(l.as_str())));
                Column::new(grid::name(*dimension), ja, en, ColumnClass::Neutral, values)
                    .meaning(ja, en)
                    .grammar("label, or 計 for all")
            })
            .collect();
        let text = |texts: &[String]| Values::text(texts.iter().map(|t| Some(t.as_str())));
        columns.push(
            Column::new("persons", "人数", "Persons", ColumnClass::Neutral, text(&persons))
                .meaning("人数。* は秘匿", "number of persons; * is hidden")
                .grammar("whole number, or *"),
        );
        for measure in &asked.measures {
            columns.extend(self.measure(*measure, &places, text));
        }
        let sheet = Sheet {
            name: asked.name.clone(),
            title_ja: asked.title.clone(),
            title_en: asked.name.clone(),
            columns,
        };
        let claims = TableClaims {
            name: asked.name.clone(),
            cells: places.len() as u64,
            shown,
            primary,
            complementary,
            rule: word(self.rules.protection.value).to_owned(),
            cell_min: self.rules.cell_min.value,
        };
        (sheet, claims)
    }

    fn told(&self, count: u64, total: bool) -> String {
        let shown = preset(self.rules.protection.value)
            .map_or(Shown::Number(count), |p| p.show(count, total, self.rules.cell_min.value));
        match shown {
            Shown::Number(number) => number.to_string(),
            Shown::Hidden => HIDDEN.to_owned(),
        }
    }

    /// The columns of a measure. Where one part of a total does not tell it, no total above does: it could be subtracted.
    fn measure(
        &self,
        measure: CubeMeasure,
        places: &[grid::Place<'_>],
        text: impl Fn(&[String]) -> Values,
    ) -> Vec<Column> {
        let adds_up = matches!(measure, CubeMeasure::Quantity | CubeMeasure::Points | CubeMeasure::Units);
        let mut silent: BTreeSet<Vec<Option<String>>> = BTreeSet::new();
        for place in places.iter().filter(|place| !self.tellable(place, measure)) {
            if adds_up && place.count > 0 {
                silent.extend(place.totals());
            }
            silent.insert(place.labels.clone());
        }
        let untold = |place: &grid::Place<'_>| silent.contains(&place.labels);
        let names: &[(&str, &str)] = match measure {
            CubeMeasure::Quantity => &[("quantity", "数量")],
            CubeMeasure::Points => &[("points", "点数")],
            CubeMeasure::Units => &[("units", "単位数")],
            CubeMeasure::Mean => &[("mean", "平均")],
            CubeMeasure::Quartiles => {
                &[("p25", "25パーセンタイル"), ("p50", "中央値"), ("p75", "75パーセンタイル")]
            }
        };
        let column = |(nth, (name, ja)): (usize, &(&str, &str))| {
            let texts: Vec<String> = places
                .iter()
                .map(|place| {
                    let value =
                        (!untold(place)).then(|| place.measured.and_then(|cell| value(cell, measure, nth)));
                    value.flatten().unwrap_or_else(|| HIDDEN.to_owned())
                })
                .collect();
            Column::new(name, ja, name, ColumnClass::Neutral, text(&texts))
                .meaning(ja, name)
                .grammar("decimal number, or *")
        };
        names.iter().enumerate().map(column).collect()
    }

    /// May this cell tell the measure? Not where its persons are hidden or too few, nor where one person makes most of it
    /// (law.md R-STA-04).
    fn tellable(&self, place: &grid::Place<'_>, measure: CubeMeasure) -> bool {
        if self.mask.hidden(place.cell) || place.count < self.rules.measure_min.value {
            return false;
        }
        let Some(cell) = place.measured else { return false };
        let sum = match measure {
            CubeMeasure::Quantity | CubeMeasure::Points | CubeMeasure::Units => cell.amount,
            CubeMeasure::Mean => cell.value,
            CubeMeasure::Quartiles => return cell.quartiles.is_some(),
        };
        sum.is_some_and(|sum| self.spread(&sum))
    }

    /// Is no one person most of the sum?
    fn spread(&self, sum: &Sum) -> bool {
        use rust_decimal::prelude::FromPrimitive as _;
        let share = rust_decimal::Decimal::from_f64(self.rules.dominance_share.value).unwrap_or_default();
        let most = sum.total.abs().checked_mul(share);
        !sum.total.is_zero() && most.is_some_and(|most| sum.greatest <= most)
    }
}

/// A measure's value as it is told; `nth` of the quartiles.
fn value(cell: &Cell, measure: CubeMeasure, nth: usize) -> Option<String> {
    const DIGITS: u32 = 2;
    let number = match measure {
        CubeMeasure::Quantity | CubeMeasure::Points | CubeMeasure::Units => cell.amount.map(|s| s.total)?,
        CubeMeasure::Mean => {
            let sum = cell.value?;
            sum.total.checked_div(sum.facts.into())?.round_dp(DIGITS)
        }
        CubeMeasure::Quartiles => cell.quartiles?.get(nth).copied()?,
    };
    Some(number.normalize().to_string())
}

pub(crate) fn described(dimension: Dimension) -> (&'static str, &'static str) {
    match dimension {
        Dimension::Sex => ("性別", "sex"),
        Dimension::AgeBand5 => ("年齢階級(5歳)", "five-year age band"),
        Dimension::AgeBand10 => ("年齢階級(10歳)", "ten-year age band"),
        Dimension::Prefecture => ("都道府県", "prefecture of residence"),
        Dimension::BedClass => ("病床規模", "class of beds of the facility"),
        Dimension::Municipality => ("市区町村", "municipality of the facility, or which recorded the fact"),
        Dimension::MedicalArea => ("二次医療圏", "secondary medical area of that municipality"),
        Dimension::Insurer => ("保険者種別", "kind of insurance"),
        Dimension::DiagnosisChapter => ("傷病大分類", "chapter of the diagnosis"),
        Dimension::DrugIngredient => ("医薬品(成分)", "ingredient of the drug, YJ 7 digits"),
        Dimension::CareLevel => ("要介護度", "level of the need for care"),
        Dimension::Examination => ("検査項目", "examination"),
        Dimension::ValueBand => ("検査値区分", "band of the value"),
        Dimension::Year => ("年", "year"),
        Dimension::Month => ("月", "month"),
    }
}
