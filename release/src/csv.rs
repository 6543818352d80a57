//! The published table (集計表): UTF-8 with BOM, CRLF, Japanese headers, totals before their parts, `*` for what is
//! hidden. It must never write a count that the mask hides.

use crate::anonymize::{Mask, Tree};
use crate::grid::{Grid, TOTAL};

/// The sign of a hidden cell, the same whatever the reason.
pub const HIDDEN: &str = "*";
/// The byte order mark with which the file begins, for spreadsheets.
pub const BOM: &str = "\u{feff}";

/// Writes the table: one tree with its mask for each outer category (one, when there is none).
#[must_use]
pub fn write(grid: &Grid, trees: &[(Tree, Mask)]) -> String {
    let mut out = String::from(BOM);
    out.push_str(&grid.columns().join(","));
    out.push_str("\r\n");
    for (at, (tree, mask)) in trees.iter().enumerate() {
        let mut path: Vec<&str> = Vec::new();
        if let Some(outer) = &grid.outer {
            path.push(outer.labels.get(at).map_or("", String::as_str));
        }
        node(&mut out, grid, tree, mask, &mut path, (0, 0));
    }
    out
}

/// Writes a node and what is beneath it.
fn node<'a>(
    out: &mut String,
    grid: &'a Grid,
    tree: &Tree,
    mask: &Mask,
    path: &mut Vec<&'a str>,
    (level, at): (usize, usize),
) {
    let totals = grid.inner.len().saturating_sub(level);
    for label in path.iter().copied().chain(std::iter::repeat_n(TOTAL, totals)) {
        out.push_str(label);
        out.push(',');
    }
    match tree.level(level).get(at) {
        Some(count) if !mask.hidden(level, at) => out.push_str(&count.to_string()),
        _ => out.push_str(HIDDEN),
    }
    out.push_str("\r\n");
    let Some(axis) = grid.inner.get(level) else { return };
    for (nth, label) in axis.labels.iter().enumerate() {
        path.push(label);
        node(out, grid, tree, mask, path, (level + 1, at * axis.labels.len() + nth));
        path.pop();
    }
}
