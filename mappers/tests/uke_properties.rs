//! What holds for any bytes at all.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "helpers of tests; a panic is a failed test"
)]

mod uke_common;

use musubi_mappers::uke::UkeMedical;
use musubi_mappers::{Mapper, RecordCounts};
use proptest::prelude::*;
use uke_common::{Mapped, clean, run, sjis};

/// Ranges ascend and stay inside; records are the same before and after mapping; every byte that is no line end belongs
/// to a unit or to a record of the envelope.
fn hold(bytes: &[u8], mapped: &Mapped) -> Result<(), TestCaseError> {
    let mut end = 0;
    let mut all = RecordCounts::default();
    for (unit, out) in mapped.split.units.iter().zip(&mapped.units) {
        prop_assert!(unit.range.start >= end);
        prop_assert!(unit.range.len > 0);
        end = unit.range.end();
        prop_assert_eq!(&unit.records, &out.records);
        prop_assert!(unit.context < u32::try_from(mapped.split.contexts.len()).unwrap());
        prop_assert!(!out.is_unsound() || out.facts.is_empty());
        let mut last = unit.range.start;
        for fact in &out.facts {
            prop_assert!(
                fact.range.start >= last && fact.range.end() <= end,
                "facts in the order of their bytes"
            );
            last = fact.range.start;
            let record = fact.range.slice(bytes).unwrap();
            prop_assert!(!record.is_empty() && !record.contains(&b'\n') && !record.contains(&b'\r'));
        }
        unit.records.iter().for_each(|(kind, n)| all.add(kind, n));
    }
    prop_assert!(end <= u64::try_from(bytes.len()).unwrap());
    mapped.split.envelope.iter().for_each(|(kind, n)| all.add(kind, n));
    let mut totals = mapped.split.totals.clone();
    totals.remove("points");
    let all: Vec<(String, u64)> = all.iter().map(|(k, n)| (k.to_owned(), n)).collect();
    let totals: Vec<(String, u64)> = totals.into_iter().map(|(k, n)| (k.to_string(), n)).collect();
    prop_assert_eq!(all, totals);

    let mut outside = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).to_vec();
    let shift = bytes.len() - outside.len();
    for unit in &mapped.split.units {
        let start = usize::try_from(unit.range.start).unwrap() - shift;
        let stop = usize::try_from(unit.range.end()).unwrap() - shift;
        outside[start..stop].fill(b'\n');
    }
    let rest =
        outside.split(|b| *b == b'\n' || *b == b'\r').filter(|l| !l.iter().all(|b| *b == 0x1A)).count();
    prop_assert_eq!(u64::try_from(rest).unwrap(), mapped.split.envelope.total());
    Ok(())
}

fn file() -> Vec<u8> {
    sjis(&clean())
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        hold(&bytes, &run(&bytes))?;
        let _ = UkeMedical.show(&bytes);
    }

    #[test]
    fn any_lines(picks in proptest::collection::vec((0usize..30, any::<u8>()), 0..60)) {
        let lines = clean();
        let mut bytes = Vec::new();
        for (pick, noise) in picks {
            match lines.get(pick) {
                Some(line) => bytes.extend_from_slice(&sjis(std::slice::from_ref(line))),
                None if pick < 24 => bytes.extend_from_slice(b"8,1,0,RE,1\r\n"),
                None => bytes.extend_from_slice(&[b'"', noise, b',', b'"', b'\n']),
            }
        }
        hold(&bytes, &run(&bytes))?;
    }

    #[test]
    fn damaged_files(at in 0usize..1500, noise in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = file();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = noise }
        hold(&bytes, &run(&bytes))?;
    }

    #[test]
    fn mapping_is_a_function(at in 0usize..1500, noise in any::<u8>()) {
        let mut bytes = file();
        let at = at % bytes.len();
        bytes[at] = noise;
        prop_assert_eq!(run(&bytes).units, run(&bytes).units);
    }
}
