//! Counts for a public page: small ones hidden, and enough beside them that the total does not give them away
//! (law: R-DIS-01, R-STA-01, R-STA-02; check C-089).
//!
//! Pure. A table here is one row of cells with its total, and no cell of it stands in another table of the page.

/// A count as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Shown as it is.
    Count(u64),
    /// Hidden.
    Hidden,
}

impl Shown {
    /// As it stands on the page: `*` for what is hidden.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Count(n) => n.to_string(),
            Self::Hidden => "*".to_owned(),
        }
    }
}

/// Hides every cell from 1 to `min` − 1, and then further cells, smallest first, until somebody who knows the total and
/// every shown cell can narrow no hidden cell down below the whole range 1 to `min` − 1. When no cell is left, the total
/// is hidden too.
#[must_use]
pub fn mask(cells: &[u64], min: u64) -> (Vec<Shown>, Shown) {
    let small = |n: u64| n > 0 && n < min;
    let mut hidden: Vec<bool> = cells.iter().map(|n| small(*n)).collect();
    let total: u64 = cells.iter().sum();
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|at| (cells.get(*at).copied().unwrap_or(0), *at));
    let mut total_shown = !small(total);
    while total_shown && !is_open_enough(cells, &hidden, min) {
        // A shown zero says more than a count: it is taken last.
        let candidates = || order.iter().copied().filter(|at| hidden.get(*at) == Some(&false));
        let next =
            candidates().find(|at| cells.get(*at).is_some_and(|n| *n > 0)).or_else(|| candidates().next());
        match next.and_then(|at| hidden.get_mut(at)) {
            Some(slot) => *slot = true,
            None => total_shown = false,
        }
    }
    let shown = cells
        .iter()
        .zip(&hidden)
        .map(|(n, hidden)| if *hidden { Shown::Hidden } else { Shown::Count(*n) })
        .collect();
    (shown, if total_shown { Shown::Count(total) } else { Shown::Hidden })
}

/// The sum of the hidden cells is known from the total. Each of them must still be able to be anything from 1 to
/// `min` − 1: upwards, when the others are as small as hidden cells are; downwards, even when all of them were small.
fn is_open_enough(cells: &[u64], hidden: &[bool], min: u64) -> bool {
    let chosen: Vec<u64> = cells.iter().zip(hidden).filter(|(_, h)| **h).map(|(n, _)| *n).collect();
    let Some(others) = u64::try_from(chosen.len()).unwrap_or(u64::MAX).checked_sub(1) else { return true };
    let sum: u64 = chosen.iter().sum();
    let largest = min.saturating_sub(1);
    let all_small = chosen.iter().all(|n| *n < min);
    let up = sum >= largest + others;
    let down = !all_small || sum <= 1 + others * largest;
    others > 0 && up && down
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(cells: &[u64]) -> String {
        let (cells, total) = mask(cells, 10);
        let mut words: Vec<String> = cells.into_iter().map(Shown::text).collect();
        words.push(total.text());
        words.join(" ")
    }

    #[test]
    fn examples() {
        for (cells, expect) in [
            (vec![10, 20, 30], "10 20 30 60"),
            (vec![3, 20, 30], "* * 30 53"),
            (vec![1, 1, 30, 40], "* * * 40 72"),
            (vec![9, 9, 30], "* * * 48"),
            (vec![4, 7, 30], "* * * 41"),
            (vec![4, 6, 30], "* * 30 40"),
            (vec![3, 0], "* 0 *"),
            (vec![3], "* *"),
            (vec![0, 0], "0 0 0"),
            (vec![], "0"),
            (vec![12, 5], "* * 17"),
        ] {
            assert_eq!(words(&cells), expect, "{cells:?}");
        }
    }

    /// Every way to fill the hidden cells that fits what is shown.
    fn possible(shown: &[Shown], total: Shown, most: u64) -> Vec<Vec<u64>> {
        let mut ways: Vec<Vec<u64>> = vec![Vec::new()];
        for cell in shown {
            ways = ways
                .into_iter()
                .flat_map(|way| {
                    let values: Vec<u64> = match cell {
                        Shown::Count(n) => vec![*n],
                        Shown::Hidden => (0..=most).collect(),
                    };
                    values.into_iter().map(move |v| [way.clone(), vec![v]].concat())
                })
                .collect();
        }
        ways.retain(|way| match total {
            Shown::Count(n) => way.iter().sum::<u64>() == n,
            Shown::Hidden => true,
        });
        ways
    }

    proptest! {
        #[test]
        fn whoever_tries_everything_narrows_no_small_cell_down(cells in prop::collection::vec(0u64..14, 1..4)) {
            let (min, most) = (4, 45);
            let (shown, total) = mask(&cells, min);
            let ways = possible(&shown, total, most);
            for (at, cell) in cells.iter().enumerate() {
                let small = *cell > 0 && *cell < min;
                match shown[at] {
                    Shown::Count(n) => prop_assert!(n == *cell && !small),
                    Shown::Hidden => for value in 1..min {
                        prop_assert!(ways.iter().any(|w| w[at] == value), "{cells:?}: cell {at} cannot be {value}");
                    },
                }
            }
            if let Shown::Count(n) = total {
                prop_assert!(n == 0 || n >= min);
            }
        }
    }
}
