//! Why a cell is hidden (秘匿の理由), as far as the published table itself lets anybody know.
//!
//! A table has one sign for small counts and for those that protect them, because telling which is which would narrow the
//! small ones down. So this module works out what follows from shown cells, and names no more. It must never see a count
//! that was hidden.

use musubi_model::spec::Dimension;
use serde::Serialize;

use super::table::Table;
use super::{Released, name, names};
use crate::cubes::grid::apart;

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Counts of a place of so few people are never shown (人口の区分).
    Tier,
    /// All persons together are too few: nothing of them is shown (全体が少数).
    Closed,
    /// What is shown leaves fewer than the threshold: it is a small count (少数).
    Small,
    /// A small count, or hidden so that a small one cannot be worked out; which of the two is not told (少数または二次秘匿).
    SmallOrProtecting,
    /// The persons behind a sum, mean or percentile are hidden (人数が秘匿).
    OfHidden,
    /// Too few persons are behind it (人数が少ない).
    TooFew,
    /// One person makes too much of it, or a total less other parts would tell it (一人の割合、または差し引き).
    Concentrated,
}

/// A shown total that a hidden cell is a part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// The dimension over which it is the total.
    pub over: &'static str,
    /// Its names: Japanese, English.
    pub names: (&'static str, &'static str),
    /// The persons it shows.
    pub persons: u64,
    /// Its shown parts together.
    pub shown: u64,
    /// Its hidden parts, this one among them.
    pub hidden: u64,
}

/// Why a cell is hidden, and what is known of it nonetheless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hidden {
    /// Why.
    pub reason: Reason,
    /// The smallest count that would be shown there; none: none ever is.
    pub threshold: Option<u64>,
    /// What anybody can work out that it is at most.
    pub at_most: Option<u64>,
    /// The shown totals that it would be subtracted from.
    pub totals: Vec<Total>,
}

impl Hidden {
    /// Why the persons of a cell are hidden; `people`: those of the place it speaks of. `None`: they are shown, or there is no
    /// such cell.
    #[must_use]
    pub fn of(
        released: &Released,
        table: &Table,
        at: &[Option<String>],
        people: Option<u64>,
    ) -> Option<Self> {
        let row = table.row(at)?;
        if row.persons.is_some() {
            return None;
        }
        let threshold = released.minimum(people);
        let totals: Vec<Total> = (0..at.len()).filter_map(|nth| total(table, at, nth)).collect();
        let at_most = totals.iter().map(|t| t.persons.saturating_sub(t.shown)).min();
        let top: Vec<Option<String>> = table
            .dimensions
            .iter()
            .zip(at)
            .map(|(dimension, label)| label.clone().filter(|_| !apart(*dimension)))
            .collect();
        let closed = table.row(&top).is_some_and(|top| top.persons.is_none());
        let reason = match (threshold, at_most) {
            (None, _) => Reason::Tier,
            _ if closed => Reason::Closed,
            (Some(threshold), Some(most)) if most < threshold => Reason::Small,
            _ => Reason::SmallOrProtecting,
        };
        Some(Self { reason, threshold, at_most, totals })
    }

    /// Why a measure of a cell is hidden. `None`: there is no such cell.
    #[must_use]
    pub fn of_measure(released: &Released, table: &Table, at: &[Option<String>]) -> Option<Reason> {
        Some(match table.row(at)?.persons {
            None => Reason::OfHidden,
            Some(persons) if persons < released.measure_min => Reason::TooFew,
            Some(_) => Reason::Concentrated,
        })
    }
}

/// The total of a cell over its dimension number `nth`, when there is one and it is shown.
fn total(table: &Table, at: &[Option<String>], nth: usize) -> Option<Total> {
    let dimension: Dimension = *table.dimensions.get(nth)?;
    if !apart(dimension) || at.get(nth)?.is_none() {
        return None;
    }
    let with = |label: Option<String>| {
        let mut other = at.to_vec();
        *other.get_mut(nth)? = label;
        table.row(&other)
    };
    let persons = with(None)?.persons?;
    let parts = || table.labels(dimension).iter().filter_map(|label| with(Some(label.clone())));
    let shown = parts().filter_map(|part| part.persons).sum();
    let hidden = parts().filter(|part| part.persons.is_none()).count() as u64;
    Some(Total { over: name(dimension), names: names(dimension), persons, shown, hidden })
}
