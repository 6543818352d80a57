//! Trying out what protection leaves of a product (小さいセルの試算), before anybody decides on it: the very makers of a
//! release work on the cohort as it is held now, under the policy and the parameters, and what they make is dropped.
//!
//! Never tells a number, of persons, classes or cells: bands only, and nothing below the smallest count that may be shown,
//! so that what is told cannot be subtracted. Never writes a file.

use std::path::Path;

use jiff::civil::Date;
use musubi_model::FactTable;
use musubi_model::parameter::ParameterSet;
use musubi_model::policy::{Policy, Recoding};
use musubi_model::spec::{ExtractSpec, Product, RowSpec, TableSpec};
use musubi_storage::registry::ReleaseDb;
use serde::Serialize;

use crate::anonymize::{Tree, protect, small_cells};
use crate::cohort::{Facts, Question, count_cohort};
use crate::cubes;
use crate::error::ReleaseError;
use crate::extract::{self, Band, Stored};
use crate::grid::Grid;
use crate::pack::{RowClaims, TableClaims};
use crate::package::InForce;
use crate::rows;
use crate::sealing;

/// On what it is tried.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// The lake's folder.
    pub lake: &'a Path,
    /// The request.
    pub spec: &'a ExtractSpec,
    /// The policy it names; none: a request of version 1.
    pub policy: Option<&'a Policy>,
    /// A cohort that was written to count only; its writer drops it.
    pub cohort_id: &'a str,
    /// The parameters.
    pub parameters: &'a ParameterSet,
    /// The day.
    pub on: Date,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Simulation {
    /// No count below this one is told.
    pub least: u64,
    /// Of each table of statistics.
    pub tables: Vec<TableTried>,
    /// Of the rows.
    pub rows: Option<RowsTried>,
    /// Why it would not be made as it is asked for; none: it would.
    pub refused: Option<Refusal>,
}

/// Why nothing would be made. The engine's own words may tell how many there are: they are not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The rule.
    pub code: &'static str,
    /// In Japanese.
    pub ja: &'static str,
    /// In English.
    pub en: &'static str,
}

/// A table of statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableTried {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The smallest count that may be shown in it (most places; the policy's tiers hold besides).
    pub cell_min: u64,
    /// Cells, totals among them.
    pub cells: Band,
    /// Hidden because they are small (一次秘匿).
    pub small: Band,
    /// Hidden because a small one could be worked out otherwise (二次秘匿).
    pub complementary: Band,
    /// Hidden in all.
    pub hidden: Band,
    /// Left to be shown.
    pub shown: Band,
}

/// The rows of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowsTried {
    /// Persons that a class must have (k).
    pub k: u64,
    /// Whether values are made coarser at all (not in pseudonymised products).
    pub generalised: bool,
    /// Classes of persons equal in all quasi-identifiers, as the values are.
    pub classes: Band,
    /// Of these: classes of fewer than k persons.
    pub small_classes: Band,
    /// Persons in these.
    pub small_persons: Band,
    /// What is left under the policy; none: it refuses.
    pub after: Option<RowsLeft>,
}

/// What is left of rows under the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowsLeft {
    /// Persons in the files.
    pub released: Band,
    /// Records left out for the sake of the others (抑制).
    pub suppressed: Band,
    /// Classes.
    pub classes: Band,
    /// Whether every class has k persons.
    pub holds_k: bool,
    /// Share of detail lost, in whole percent.
    pub loss_percent: u8,
    /// Columns with their levels.
    pub columns: Vec<ColumnLeft>,
    /// Events; none: none are asked for.
    pub events: Option<EventsLeft>,
}

/// A column under the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnLeft {
    /// Its name.
    pub name: String,
    /// Its level, 0 the finest; none: no hierarchy, or another level in each class.
    pub level: Option<u32>,
    /// The level's name, when all are told at one.
    pub ja: Option<String>,
    /// The same in English.
    pub en: Option<String>,
}

/// Events under the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventsLeft {
    /// Told.
    pub released: Band,
    /// Of these: more coarsely than they were recorded.
    pub coarsened: Band,
    /// Left out.
    pub removed: Band,
}

/// Tries a request out.
///
/// # Errors
/// The store's; [`ReleaseError::Parameter`]; a request that cannot be carried out at all. What the policy refuses is no
/// error but [`Simulation::refused`].
pub fn simulate(db: &mut ReleaseDb, trial: &Trial<'_>) -> Result<Simulation, ReleaseError> {
    let force = InForce::on(trial.parameters, trial.on)?;
    let rules = trial.policy.and_then(|p| p.tables.as_ref()).map_or(0, |t| t.cell_min.value);
    let least = force.cell_min.max(rules);
    let blank = Simulation { least, tables: Vec::new(), rows: None, refused: None };
    let told = match (trial.policy, &trial.spec.rows, &trial.spec.table) {
        (_, None, Some(nested)) => of_nested(db, trial, nested, &force, least),
        (Some(policy), Some(asked), _) => of_rows(db, trial, policy, asked, least),
        (Some(policy), None, None) => of_tables(db, trial, policy, &force, least),
        (None, ..) => Err(ReleaseError::Policy("the request names no policy")),
    };
    told.or_else(|why| match refusal(&why) {
        Some(refused) => Ok(Simulation { refused: Some(refused), ..blank }),
        None => Err(why),
    })
}

/// The rule that refuses; none: the store failed, or the house.
fn refusal(error: &ReleaseError) -> Option<Refusal> {
    use ReleaseError::{Column, Empty, Events, Floor, Policy, Proof, Rows, Table};
    let (ja, en) = match error {
        Column(_) => ("方針にない項目があります", "a column that the policy does not know"),
        Empty(_) => ("対象集団に該当者がいません", "nobody is in the cohort"),
        Floor { .. } => ("対象集団が群の下限に足りません", "the cohort is smaller than a class must be"),
        Policy(_) => ("方針が申出に合いません", "the policy does not fit the request"),
        Rows(_) => ("方針を満たす個票を作れません", "no recoding satisfies the policy"),
        Events(_) => ("方針を満たす記録を作れません", "no events satisfy the policy"),
        Table(_) | Proof(_) => ("保護できないセルがあります", "a cell that nothing protects"),
        _ => return None,
    };
    Some(Refusal { code: error.code(), ja, en })
}

/// A nested table (version 1).
fn of_nested(
    db: &mut ReleaseDb,
    trial: &Trial<'_>,
    nested: &TableSpec,
    force: &InForce,
    least: u64,
) -> Result<Simulation, ReleaseError> {
    let commit = db.cohort(trial.cohort_id)?.ok_or(ReleaseError::Cohort("unknown"))?.commit;
    let mut files = db.snapshot_files(commit)?;
    files.retain(|f| matches!(f.table, FactTable::Person | FactTable::ConditionOccurrence));
    let facts = Facts { folder: trial.lake, files, dead: db.dead_units_at(commit)? };
    let question = Question::of(trial.spec, nested, force.age_top);
    let tally = count_cohort(db, &facts, &question, trial.cohort_id)?;
    let widths = Grid::of(&nested.axes, force.age_top).widths();
    let (mut cells, mut small, mut hidden) = (0, 0, 0);
    for leaves in tally.leaves {
        let tree = Tree::from_leaves(&widths, leaves)?;
        small += small_cells(&tree, force.cell_min).counts().1;
        let (shown, covered) = protect(&tree, force.cell_min).counts();
        cells += shown + covered;
        hidden += covered;
    }
    let claims = TableClaims {
        name: trial.spec.name.clone(),
        cells,
        shown: cells - hidden,
        primary: small,
        complementary: hidden.saturating_sub(small),
        rule: String::new(),
        cell_min: force.cell_min,
    };
    let tables = vec![table(&claims, &trial.spec.title, least)];
    Ok(Simulation { least, tables, rows: None, refused: None })
}

/// Tables (version 2).
fn of_tables(
    db: &mut ReleaseDb,
    trial: &Trial<'_>,
    policy: &Policy,
    force: &InForce,
    least: u64,
) -> Result<Simulation, ReleaseError> {
    let snapshot = snapshot(db, trial, policy)?;
    let (claims, refused) = cubes::tried(db, trial.cohort_id, &snapshot, trial.spec, policy, force.age_top)?;
    let titles = trial.spec.tables.iter().map(|t| t.title.as_str());
    let tables = claims.iter().zip(titles).map(|(claims, title)| table(claims, title, least)).collect();
    let refused = refused.map(|why| refusal(&why).ok_or(why)).transpose()?;
    Ok(Simulation { least, tables, rows: None, refused })
}

/// Rows.
fn of_rows(
    db: &mut ReleaseDb,
    trial: &Trial<'_>,
    policy: &Policy,
    asked: &RowSpec,
    least: u64,
) -> Result<Simulation, ReleaseError> {
    let snapshot = snapshot(db, trial, policy)?;
    let facts = trial.spec.product == Product::Pseudonymized;
    let mut source = Stored { db, cohort_id: trial.cohort_id };
    let linked = extract::linked(&mut source, &snapshot, &trial.spec.cohort, asked, facts)?;
    let tried = rows::tried(linked, asked, policy)?;
    let small: Vec<u64> = tried.before.iter().copied().filter(|persons| *persons < tried.k).collect();
    let (after, refused) = match tried.after {
        Ok(claims) => (Some(left(&claims, tried.k, least)), None),
        Err(why) => (None, Some(refusal(&why).ok_or(why)?)),
    };
    let band = |n: u64| Band::from_least(n, least);
    let generalised = policy.person.as_ref().is_some_and(|p| p.recoding.value != Recoding::None);
    let rows = RowsTried {
        k: tried.k,
        generalised,
        classes: band(tried.before.len() as u64),
        small_classes: band(small.len() as u64),
        small_persons: band(small.iter().sum()),
        after,
    };
    Ok(Simulation { least, tables: Vec::new(), rows: Some(rows), refused })
}

fn snapshot(
    db: &mut ReleaseDb,
    trial: &Trial<'_>,
    policy: &Policy,
) -> Result<extract::Snapshot, ReleaseError> {
    let commit = db.cohort(trial.cohort_id)?.ok_or(ReleaseError::Cohort("unknown"))?.commit;
    Ok(sealing::snapshot(db, trial.lake, commit, policy)?.0)
}

fn table(claims: &TableClaims, title: &str, least: u64) -> TableTried {
    let band = |n: u64| Band::from_least(n, least);
    TableTried {
        name: claims.name.clone(),
        title: title.to_owned(),
        cell_min: claims.cell_min,
        cells: band(claims.cells),
        small: band(claims.primary),
        complementary: band(claims.complementary),
        hidden: band(claims.primary.saturating_add(claims.complementary)),
        shown: band(claims.shown),
    }
}

fn left(claims: &RowClaims, k: u64, least: u64) -> RowsLeft {
    let band = |n: u64| Band::from_least(n, least);
    let mut columns = Vec::with_capacity(claims.columns.len());
    for column in &claims.columns {
        // Where all are told at one level its name may be said; how many are told at each is not.
        let mut told = column.levels.iter().filter(|level| level.persons > 0);
        let one = told.next().filter(|_| told.next().is_none());
        columns.push(ColumnLeft {
            name: column.name.clone(),
            level: column.level,
            ja: one.map(|level| level.ja.clone()),
            en: one.map(|level| level.en.clone()),
        });
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 100
    let loss_percent = (claims.loss.clamp(0.0, 1.0) * 100.0).round() as u8;
    RowsLeft {
        released: band(claims.persons.released),
        suppressed: band(claims.persons.suppressed),
        classes: band(claims.classes),
        holds_k: claims.k.is_some_and(|smallest| smallest >= k),
        loss_percent,
        columns,
        events: claims.events.as_ref().map(|events| EventsLeft {
            released: band(events.released),
            coarsened: band(events.coarsened),
            removed: band(events.removed),
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the table: a small number of cells stands in the same words as any other small number, and no sum of
        /// what is told gives it away, because nothing told is a number.
        #[test]
        fn small_numbers_of_cells_look_alike(small in 1u64..10, other in 1u64..10, big in 100u64..10_000) {
            let claims = |primary: u64| TableClaims {
                name: "t".to_owned(), cells: big + 20, shown: big, primary, complementary: 0,
                rule: String::new(), cell_min: 10,
            };
            prop_assert_eq!(table(&claims(small), "t", 10), table(&claims(other), "t", 10));
        }
    }
}
