//! Classes of equal persons (同値類), by sorting.
//!
//! It must never hash: two different persons in one class would be a claim that is not true.

// Hot loops over rows: every index is below the number of persons, which the constructor holds the columns against.
#![allow(clippy::indexing_slicing)]

/// Persons by class: `order` has the persons of the first class, then those of the second and so on.
pub struct Classes {
    order: Vec<u32>,
    /// Where each class begins, and the end.
    starts: Vec<usize>,
}

impl Classes {
    /// Puts persons that are equal in all columns together; without columns all are equal. Columns shorter than
    /// `persons` are taken as filled up with one more label.
    pub fn of(columns: &[&[u32]], persons: usize) -> Self {
        let filled: Vec<Vec<u32>> = columns
            .iter()
            .map(|c| c.iter().copied().chain(std::iter::repeat(u32::MAX)).take(persons).collect())
            .collect();
        let count = u32::try_from(persons).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..count).collect();
        let compare = |a: u32, b: u32| {
            let (a, b) = (a as usize, b as usize);
            filled.iter().map(|c| c[a].cmp(&c[b])).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        };
        order.sort_unstable_by(|a, b| compare(*a, *b).then(a.cmp(b)));
        let mut starts = Vec::new();
        for at in 0..order.len() {
            if at == 0 || compare(order[at - 1], order[at]).is_ne() {
                starts.push(at);
            }
        }
        starts.push(order.len());
        Self { order, starts }
    }

    /// The classes, each with its persons in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|w| &self.order[w[0]..w[1]])
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.starts.len() as u64 - 1
    }

    /// The smallest; 0 without persons.
    pub fn smallest(&self) -> u64 {
        self.iter().map(|c| c.len() as u64).min().unwrap_or(0)
    }
}
