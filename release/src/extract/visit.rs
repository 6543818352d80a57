//! Handing the rows of a cohort's persons to whoever asks (該当者の事実): current ones in the period, nobody else's.

// As in `scan`: rows below the chunk's number of rows, persons below the unit's.
#![allow(clippy::indexing_slicing)]

use musubi_model::FactTable;
use musubi_storage::StorageError;
use musubi_storage::lake::{Chunk, Column, ColumnSet};

use super::Snapshot;
use super::cohort::Chosen;
use super::people::{NOBODY, Unit};
use super::rules::Rules;
use super::scan::{Alive, DAY_COLUMNS, Days, NO_DAY, Suspected, Whose};
use crate::error::ReleaseError;

/// Who looks at rows.
pub(super) trait Visit {
    /// The columns it looks at, beside days.
    fn columns(&self) -> Vec<Column>;
    /// Another chunk begins.
    fn load(&mut self, chunk: &Chunk) -> Result<(), StorageError>;
    /// A row of a person of the cohort.
    fn row(&mut self, row: usize, seen: Seen);
}

/// Whose row it is, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Place of the person in the unit.
    pub(super) person: u32,
    /// First day in the period.
    pub(super) day: i32,
    /// How precise the first day is.
    pub(super) precision: u8,
}

/// Shows a table's facts in the period to `visitor`.
pub(super) fn visit(
    snapshot: &Snapshot,
    rules: &Rules,
    unit: &Unit,
    chosen: &Chosen,
    table: FactTable,
    visitor: &mut impl Visit,
) -> Result<(), ReleaseError> {
    let mut alive = Alive::new(snapshot);
    let doubts = table == FactTable::ConditionOccurrence && rules.without_suspected;
    let mut columns = alive.columns(ColumnSet::of(&DAY_COLUMNS).with(Column::IdentityId));
    columns = visitor.columns().into_iter().fold(columns, ColumnSet::with);
    if doubts {
        columns = columns.with(Column::Qualifiers);
    }
    let few = unit.identities_of(&|p| chosen.has(p));
    for group in snapshot.reader.groups(table, &unit.buckets, &(i32::MIN..=rules.period.to)) {
        let mut whose = Whose::new(unit);
        snapshot.reader.read(group, columns, few.as_ref(), &mut |chunk| {
            let identities = chunk.bytes::<16>(Column::IdentityId)?;
            let days = Days::load(chunk, table)?;
            let suspected = Suspected::load(chunk, doubts)?;
            let units = alive.load(chunk)?;
            visitor.load(chunk)?;
            for (row, identity) in identities.iter().enumerate() {
                let person = whose.person(identity);
                if person == NOBODY || chosen.index[person as usize] == NO_DAY {
                    continue;
                }
                let day = days.whole(row).and_then(|(low, high)| rules.period.meets(low, high));
                let Some(day) = day.filter(|_| !suspected.is(row)) else { continue };
                if alive.is(&units, row) {
                    visitor.row(row, Seen { person, day, precision: days.start_precision[row] });
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}
