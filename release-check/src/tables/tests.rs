//! The attacker's bounds against an enumeration of all tables that agree with a publication.

#![allow(clippy::needless_range_loop)] // rows and columns by their numbers

use std::collections::HashMap;

use proptest::prelude::*;

use super::cube::{Cube, Rounding, Row};
use super::interval::propagate;
use super::solve::{Found, narrow};
use super::system::System;
use crate::report::Report;

/// A table of sex by prefecture with all totals; `hidden` says which inner cells are not told.
fn cube(counts: &[[u64; 3]; 3], hidden: &[[bool; 3]; 3]) -> Cube {
    let mut rows = Vec::new();
    for r in 0..=3 {
        for c in 0..=3 {
            let sum: u64 = (0..3)
                .filter(|i| r == 3 || *i == r)
                .flat_map(|i| (0..3).filter(move |j| c == 3 || *j == c).map(move |j| counts[i][j]))
                .sum();
            let told = r == 3 || c == 3 || !hidden[r][c];
            let label = |n: usize| (n < 3).then(|| n.to_string());
            rows.push(Row {
                at: vec![label(r), label(c)],
                persons: told.then_some(sum),
                row: rows.len() + 2,
            });
        }
    }
    let index: HashMap<_, _> = rows.iter().enumerate().map(|(at, row)| (row.at.clone(), at)).collect();
    Cube {
        name: "t".into(),
        file: "t.csv".into(),
        universe: "cohort".into(),
        dimensions: vec!["sex".into(), "insurer".into()],
        rows,
        index,
    }
}

/// All tables with these margins that agree where nothing is hidden: the ends of each cell.
fn enumerate(counts: &[[u64; 3]; 3], hidden: &[[bool; 3]; 3]) -> [[(u64, u64); 3]; 3] {
    let row = |i: usize| counts[i].iter().sum::<u64>();
    let column = |j: usize| counts.iter().map(|r| r[j]).sum::<u64>();
    let mut ends = [[(u64::MAX, 0); 3]; 3];
    for a in 0..=row(0) {
        for b in 0..=row(0) {
            for c in 0..=row(1) {
                for d in 0..=row(1) {
                    let whole = || {
                        let mut t =
                            [[a, b, row(0).checked_sub(a + b)?], [c, d, row(1).checked_sub(c + d)?], [0; 3]];
                        for j in 0..3 {
                            t[2][j] = column(j).checked_sub(t[0][j] + t[1][j])?;
                        }
                        Some(t)
                    };
                    let Some(table) = whole() else { continue };
                    let cells = || (0..3).flat_map(|i| (0..3).map(move |j| (i, j)));
                    if cells().all(|(i, j)| hidden[i][j] || table[i][j] == counts[i][j]) {
                        for (i, j) in cells() {
                            ends[i][j] = (ends[i][j].0.min(table[i][j]), ends[i][j].1.max(table[i][j]));
                        }
                    }
                }
            }
        }
    }
    ends
}

proptest! {
    /// Too narrow is what an enumeration says is too narrow: tables of two dimensions have whole corners.
    #[test]
    fn bounds_are_those_of_all_tables(
        counts in prop::array::uniform3(prop::array::uniform3(0u64..5)),
        hidden in prop::array::uniform3(prop::array::uniform3(any::<bool>())),
        most in 2u64..5,
    ) {
        let system = System::of(&[cube(&counts, &hidden)], Rounding::Suppress, &mut Report::default());
        let bounds = propagate(&system).unwrap();
        let open = system.hidden();
        let Found { narrow, .. } = narrow(&system, &bounds, &open, (1, most)).unwrap();
        let ends = enumerate(&counts, &hidden);
        for cell in open {
            let at = system.cells[cell].row - 2;
            let (low, high) = ends[at / 4][at % 4];
            let fixed = bounds[cell].low == bounds[cell].high;
            // A cell that is fixed is no variable of a program any more; the propagation has named it.
            let found = fixed || narrow.contains(&cell);
            prop_assert_eq!(found, low > 1 || high < most, "{} {} {:?}", low, high, bounds[cell]);
            prop_assert!(bounds[cell].low <= i128::from(low) && bounds[cell].high >= i128::from(high));
        }
    }
}
