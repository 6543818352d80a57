//! Home nursing: what one small file does not show.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

mod harness;
mod receipt_common;

use musubi_mappers::receipt::Receipts;
use receipt_common::{facts, map, nursing, position, record};

#[test]
fn a_public_payer_pays_alone() {
    let mut lines = nursing();
    let at = position(&lines, "HO", 0);
    lines[at] =
        record("KO", 8, &[(1, "12143210"), (2, "0000000"), (4, "2"), (5, "21770"), (6, "0"), (7, "500")]);
    for line in lines.iter_mut().filter(|l| l.starts_with("KA,")) {
        *line = line.replacen(",1,", ",5,", 1);
    }
    let done = map(Receipts::NURSING, &lines);
    assert_eq!(done.rules(), [""; 0]);
    let paid: Vec<String> = facts(&done, 0).into_iter().filter(|l| l.contains("g=KO1")).collect();
    assert_eq!(
        paid,
        [
            // What RE says of the burden stands with whoever pays first.
            "payer_plan_period 2026-09 PAYER:12 v=90 n=90 % ×2 s=3 m=29 g=KO1",
            "cost 2026-09 POINTS:KO1 q=21770 円 ×2 g=KO1",
            "cost 2026-09 POINTS:KO1.burden q=0 円 g=KO1",
            "cost 2026-09 POINTS:KO1.covered-burden q=500 円 g=KO1",
        ]
    );
    let visit = facts(&done, 0).into_iter().find(|l| l.starts_with("visit")).unwrap();
    assert_eq!(visit, "visit_occurrence 2026-09 - ×2 s=6318 m=review=2");
    assert_eq!(done.split.totals.get("points"), Some(&21_770));
}
