//! The way of a delivery as a graph, left to right: delivery, documents, units or persons, tables of facts, releases. A list
//! with the same words stands beside it.

use maud::{Markup, html};

use crate::format::c;

/// One node: its words, and a second line.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) head: String,
    pub(crate) under: String,
}

const WIDE: f64 = 178.0;
const GAP: f64 = 35.0;
const HIGH: f64 = 44.0;
const STEP: f64 = 54.0;

/// Draws columns of nodes; every node leads to every node of the next column that is not empty.
pub(crate) fn lineage(title: &str, said: &str, columns: &[Vec<Node>]) -> Markup {
    let columns: Vec<&Vec<Node>> = columns.iter().filter(|column| !column.is_empty()).collect();
    let most = columns.iter().map(|column| column.len()).max().unwrap_or(1).max(1);
    let height = STEP * most as f64 + 10.0;
    let width = columns.len() as f64 * (WIDE + GAP);
    let x = |i: usize| i as f64 * (WIDE + GAP) + 2.0;
    let y = |at: usize, of: usize| (height - STEP * of as f64) / 2.0 + STEP * at as f64 + (STEP - HIGH) / 2.0;
    html! {
        svg viewBox={ "0 0 " (c(width)) " " (c(height)) } role="img" {
            title { (title) }
            desc { (said) }
            @for (i, pair) in columns.windows(2).enumerate() {
                @if let [left, right] = pair {
                    @for a in 0..left.len() {
                        @for b in 0..right.len() {
                            @let (ya, yb) = (y(a, left.len()) + HIGH / 2.0, y(b, right.len()) + HIGH / 2.0);
                            path d={ "M" (c(x(i) + WIDE)) " " (c(ya)) "C" (c(x(i) + WIDE + GAP / 2.0)) " " (c(ya)) " "
                                (c(x(i + 1) - GAP / 2.0)) " " (c(yb)) " " (c(x(i + 1))) " " (c(yb)) }
                                stroke="#8d8776" stroke-width="1.2" fill="none" {}
                        }
                    }
                }
            }
            @for (i, column) in columns.iter().enumerate() {
                @for (at, node) in column.iter().enumerate() {
                    @let top = y(at, column.len());
                    rect x=(c(x(i))) y=(c(top)) width=(c(WIDE)) height=(c(HIGH)) rx="6" fill="#fff" stroke="#1d4e6e" stroke-width="1.2" {}
                    text x=(c(x(i) + WIDE / 2.0)) y=(c(top + 19.0)) text-anchor="middle" font-size="12.5" font-weight="600" { (node.head) }
                    text x=(c(x(i) + WIDE / 2.0)) y=(c(top + 35.0)) text-anchor="middle" font-size="11" fill="#4d5965" { (node.under) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_node_is_drawn_and_joined_to_the_next_column(sizes in prop::collection::vec(0usize..5, 1..5)) {
            let node = |n: usize| Node { head: format!("n{n}"), under: String::new() };
            let columns: Vec<Vec<Node>> = sizes.iter().map(|n| (0..*n).map(node).collect()).collect();
            let svg = lineage("t", "s", &columns).into_string();
            prop_assert_eq!(svg.matches("<rect").count(), sizes.iter().sum::<usize>());
            let there: Vec<usize> = sizes.iter().copied().filter(|n| *n > 0).collect();
            let joins: usize = there.windows(2).map(|w| w.iter().product::<usize>()).sum();
            prop_assert_eq!(svg.matches("<path").count(), joins);
        }
    }
}
