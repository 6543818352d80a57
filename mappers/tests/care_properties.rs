//! Long-term care under damage: whatever the bytes, nothing panics, no record is lost, facts stand in their units.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "helpers of tests; a panic is a failed test"
)]

mod care_common;
mod harness;

use care_common::*;
use harness::{mapper, run};
use musubi_model::manifest::FeedKind;
use proptest::prelude::*;

const KINDS: [FeedKind; 4] =
    [FeedKind::CareClaim, FeedKind::CareCertification, FeedKind::CareLife, FeedKind::CarePlan];

/// A clean file of each kind.
fn clean(which: usize) -> (FeedKind, Vec<u8>, String) {
    let of = |kind, lines: Vec<String>, path: &str| (kind, sjis(&lines), path.to_owned());
    match which % 8 {
        0 => of(FeedKind::CareClaim, claim(), "d.csv"),
        1 => of(
            FeedKind::CareClaim,
            framed(&[claim_records(), plan_records(), vec![fee_record()]].concat()),
            "d.csv",
        ),
        2 => of(FeedKind::CareCertification, vec![survey_row().join(",")], "n.csv"),
        3 => of(FeedKind::CareCertification, survey_named(), "n.csv"),
        4 => of(FeedKind::CareLife, life_user(), "l.csv"),
        5 => of(FeedKind::CareLife, life_form(), "l.csv"),
        6 => of(FeedKind::CarePlan, sixth(), &plan_path("UPPLAN")),
        _ => of(FeedKind::CarePlan, second(), &plan_path("UP2KYO")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(which in 0usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..400), path in ".{0,30}") {
        run(mapper(KINDS[which], "").as_ref(), &bytes, &path);
    }

    /// Rows that look like the formats, with marks of order, quotes and ends of file in odd places.
    #[test]
    fn any_rows(which in 0usize..4, text in "([123],)?([0-9]{0,3},)?(\"?(7131|8222|1112|09A|UPPLAN|FORM_0000_2021)\"?,)?([0-9A-Z\",\r\n\u{1a} あ]{0,60}\r?\n){0,6}", prefix in "(UPPLAN|UPJSK|UP2KYO|DLTPLAN|x)_") {
        let path = format!("{prefix}202609_1390000013_20261001093000.CSV");
        run(mapper(KINDS[which], "").as_ref(), text.as_bytes(), &path);
    }

    #[test]
    fn any_damage(which in 0usize..8, at in 0.0f64..1.0, len in 0usize..30, with in proptest::collection::vec(any::<u8>(), 0..30)) {
        let (kind, mut bytes, path) = clean(which);
        let from = ((bytes.len() as f64) * at) as usize;
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, with);
        run(mapper(kind, "").as_ref(), &bytes, &path);
    }

    /// A cell of any content anywhere in a clean file: what identifies nobody is all that a finding shows.
    #[test]
    fn any_cell(which in 0usize..8, line in 0usize..8, cell in 0usize..60, secret in "(秘密|ひみつ|ＳＥＣＲＥＴ){1,3}") {
        let (kind, bytes, path) = clean(which);
        let text = encoding_rs::SHIFT_JIS.decode(&bytes).0.into_owned();
        let mut lines: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
        let line = line % lines.len();
        let mut cells: Vec<String> = lines[line].split(',').map(str::to_owned).collect();
        let cell = cell % cells.len();
        cells[cell] = secret.clone();
        lines[line] = cells.join(",");
        let bytes = encoding_rs::SHIFT_JIS.encode(&lines.join("\r\n")).0.into_owned();
        let done = run(mapper(kind, "").as_ref(), &bytes, &path);
        let shown = format!("{:?}{:?}", done.split.findings, done.units.iter().map(|u| (&u.facts, &u.findings)).collect::<Vec<_>>());
        prop_assert!(!shown.contains(&secret), "{}", shown);
    }
}
