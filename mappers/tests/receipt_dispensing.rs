//! Dispensing: what one small file does not show.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

mod harness;
mod receipt_common;

use musubi_mappers::receipt::Receipts;
use receipt_common::{dispensing, facts, map, position, record, with};

#[test]
fn a_prescription_dispensed_in_parts() {
    let mut lines = with(dispensing(), "CZ", 0, 48, "450000001");
    let at = position(&lines, "GO", 0);
    let split = [(1, "1"), (2, "20260903"), (3, "20260905"), (4, "1"), (5, "3"), (6, "300"), (7, "100")];
    lines.insert(at, record("ST", 16, &split));
    // What is left after the split is not what the lines add up to: the total is not held against them.
    lines = with(with(lines, "HO", 0, 5, "174"), "GO", 0, 2, "174");
    let done = map(Receipts::DISPENSING, &lines);
    assert_eq!(done.rules(), [""; 0]);
    assert!(facts(&done, 0).contains(&"cost 2026-09-05 POINTS:split q=100 点 ×3 g=ST".to_owned()));
}

#[test]
fn a_line_that_only_public_payers_bear_is_not_the_insurers() {
    let mut lines = dispensing();
    let at = position(&lines, "SH", 1);
    lines.insert(
        at,
        record(
            "CZ",
            71,
            &[(2, "20260903"), (3, "20260905"), (5, "7"), (6, "5"), (9, "420001810"), (10, "24"), (13, "70")],
        ),
    );
    assert_eq!(map(Receipts::DISPENSING, &lines).rules(), [""; 0]);
}
