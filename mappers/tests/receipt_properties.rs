//! What holds for any bytes and any order of records, in every kind.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

mod harness;
mod receipt_common;

use harness::run;
use musubi_mappers::Mapper;
use musubi_mappers::receipt::Receipts;
use musubi_mappers::uke::UkeMedical;
use proptest::prelude::*;
use receipt_common::{dental, dispensing, dpc, nursing, sjis};

fn kinds() -> [(&'static dyn Mapper, Vec<String>); 5] {
    [
        (&UkeMedical, dpc()),
        (&Receipts::DPC, dpc()),
        (&Receipts::DENTAL, dental()),
        (&Receipts::DISPENSING, dispensing()),
        (&Receipts::NURSING, nursing()),
    ]
}

/// Facts stand in the order of their bytes; a record that no unit has is one of the envelope.
fn hold(mapper: &dyn Mapper, bytes: &[u8]) -> Result<(), TestCaseError> {
    let done = run(mapper, bytes, "RECEIPT.UKE");
    let mut all = 0;
    for (slice, unit) in done.split.units.iter().zip(&done.units) {
        let mut last = 0;
        for fact in &unit.facts {
            prop_assert!(fact.range.start >= last, "facts in the order of their bytes");
            last = fact.range.start;
        }
        all += slice.records.total();
    }
    all += done.split.envelope.total();
    let totals: u64 = done.split.totals.iter().filter(|(k, _)| *k != "points").map(|(_, n)| n).sum();
    prop_assert_eq!(all, totals);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes(which in 0usize..5, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        hold(kinds()[which].0, &bytes)?;
    }

    /// Records of all kinds in any order, each perhaps with a column changed.
    #[test]
    fn any_records(
        which in 0usize..5,
        picks in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..40, "[ -~ァ-ヶ一-龠]{0,12}", any::<bool>()), 0..60),
        prefixed in any::<bool>(),
    ) {
        let mut pool: Vec<String> = [dpc(), dental(), dispensing(), nursing()].concat();
        pool.extend(["HI,1,202611,1234567", "HR,202611,,,E2,,", "HG,1,1,99", "8,1,0,IR,1,13,1,1234567,,,202610", "MN,1", "MK,1"].map(str::to_owned));
        let mut lines = Vec::new();
        for (pick, column, text, change) in picks {
            let mut fields: Vec<String> = pick.get(&pool).split(',').map(str::to_owned).collect();
            if change && column > 0 && column < fields.len() {
                fields[column] = text.replace(',', "");
            }
            let line = fields.join(",");
            lines.push(if prefixed { format!("1,1,0,{line}") } else { line });
        }
        let text: String = lines.iter().map(|l| format!("{l}\r\n")).collect();
        hold(kinds()[which].0, &encoding_rs::SHIFT_JIS.encode(&text).0)?;
    }

    #[test]
    fn damaged_files(which in 0usize..5, at in 0.0f64..1.0, len in 0usize..30, with in proptest::collection::vec(any::<u8>(), 0..30)) {
        let (mapper, lines) = &kinds()[which];
        let mut bytes = sjis(lines);
        let from = ((bytes.len() as f64) * at) as usize;
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, with);
        hold(*mapper, &bytes)?;
        prop_assert_eq!(run(*mapper, &bytes, "").units, run(*mapper, &bytes, "").units);
    }
}
