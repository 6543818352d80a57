//! Persons that are equal in everything the engine sees, merged with their number.
//!
//! It must never depend on the order of the rows: the tuples are sorted.

use super::{Dataset, Ids};

/// Distinct rows with their number, ascending by quasi-identifiers, then by sensitive values, in declared order.
#[derive(Debug, Clone)]
pub struct Tuples {
    /// For every quasi-identifier the leaves, tuple by tuple.
    pub quasi: Vec<Ids>,
    /// For every sensitive column the values, tuple by tuple.
    pub sensitive: Vec<Ids>,
    /// How many rows each tuple stands for.
    pub weight: Vec<u32>,
    /// For every row its tuple.
    pub of_row: Vec<u32>,
}

impl Tuples {
    /// How many distinct tuples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weight.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weight.is_empty()
    }

    pub(super) fn of(data: &Dataset) -> Self {
        let columns: Vec<(&Ids, u32)> = data
            .columns()
            .iter()
            .map(|c| (&c.ids, u32::try_from(c.hierarchy.leaves()).unwrap_or(u32::MAX)))
            .chain(data.sensitive().iter().map(|s| (&s.ids, s.domain)))
            .collect();
        let bits: u32 = columns.iter().map(|(_, values)| bits(*values)).sum();
        let order = match bits {
            0..=64 => sorted(data.rows(), &columns, |key: u64, width, id| key << width | u64::from(id)),
            65..=128 => sorted(data.rows(), &columns, |key: u128, width, id| key << width | u128::from(id)),
            _ => sorted_long(data.rows(), &columns),
        };
        Self::merge(data, &order)
    }

    /// From (tuple begins here, row) in ascending order.
    fn merge(data: &Dataset, order: &[(bool, u32)]) -> Self {
        let mut out = Self {
            quasi: data.columns().iter().map(|c| Ids::for_values(c.hierarchy.leaves())).collect(),
            sensitive: data.sensitive().iter().map(|s| Ids::for_values(s.domain as usize)).collect(),
            weight: Vec::new(),
            of_row: vec![0; data.rows()],
        };
        let from = || data.columns().iter().map(|c| &c.ids).chain(data.sensitive().iter().map(|s| &s.ids));
        for (fresh, row) in order {
            if *fresh {
                for (to, from) in out.quasi.iter_mut().chain(&mut out.sensitive).zip(from()) {
                    to.push(from.get(*row as usize));
                }
                out.weight.push(0);
            }
            if let (Some(weight), Some(slot)) = (out.weight.last_mut(), out.of_row.get_mut(*row as usize)) {
                *weight += 1;
                *slot = u32::try_from(out.quasi.first().map_or(0, Ids::len) - 1).unwrap_or(u32::MAX);
            }
        }
        out
    }
}

/// Bits that hold the numbers below `values`.
fn bits(values: u32) -> u32 {
    u32::BITS - values.saturating_sub(1).leading_zeros()
}

fn sorted<K: Copy + Ord + Default>(
    rows: usize,
    columns: &[(&Ids, u32)],
    join: impl Fn(K, u32, u32) -> K,
) -> Vec<(bool, u32)> {
    let mut keys: Vec<(K, u32)> =
        (0..u32::try_from(rows).unwrap_or(u32::MAX)).map(|r| (K::default(), r)).collect();
    for (ids, values) in columns {
        let width = bits(*values);
        ids.each(|row, id| {
            if let Some((key, _)) = keys.get_mut(row) {
                *key = join(*key, width, id);
            }
        });
    }
    keys.sort_unstable();
    let mut last = None;
    keys.into_iter()
        .map(|(key, row)| {
            let fresh = last != Some(key);
            last = Some(key);
            (fresh, row)
        })
        .collect()
}

/// For rows too wide for one number: compared column by column.
fn sorted_long(rows: usize, columns: &[(&Ids, u32)]) -> Vec<(bool, u32)> {
    let cells = |row: u32| columns.iter().map(move |(ids, _)| ids.get(row as usize));
    let mut order: Vec<u32> = (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect();
    order.sort_unstable_by(|a, b| cells(*a).cmp(cells(*b)).then(a.cmp(b)));
    let mut last: Option<u32> = None;
    order
        .into_iter()
        .map(|row| {
            let fresh = last.is_none_or(|last| !cells(last).eq(cells(row)));
            last = Some(row);
            (fresh, row)
        })
        .collect()
}
