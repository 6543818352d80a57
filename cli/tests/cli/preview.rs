//! The preview of parameters: counted where the books hold it, and plainly not where they do not.

use serde_json::Value;

use crate::house::{Region, text};

#[test]
fn a_preview_counts_on_what_the_house_holds_and_changes_nothing() {
    let house = Region::get().house();
    house.run(0, &["nightly", "--inbox", text(&house.region.path("inbox/night-01"))]);
    let preview = |name: &str, value: &str| -> Value {
        house.json(0, &["--actor", "officer-01", "parameter", "preview", name, "--value", value])
    };
    // Deliveries: all of them have more than no file.
    let told = preview("limits.files_per_submission_max", "0");
    let effect = &told["effects"][0];
    assert_eq!((&told["counted"], &effect["before"]), (&true.into(), &0.into()), "{told}");
    assert!(effect["after"].as_u64() > Some(0) && effect["after"] == effect["of"], "{told}");
    // Every measure answers with numbers.
    for name in [
        "gates.identities_min",
        "matching.reviews_per_day",
        "statistics.cell_min_persons",
        "inquiry.open_days_max",
        "optout.receipt_business_days",
        "checks.optout_erase_days",
        "checks.review_members_min",
        "output.checkers",
        "handover.keys",
        "handover.remind_days",
        "ledger.retention_years",
        "retention.receipt_years",
        "operation.valid_days",
        "authority.unused_days",
        "login.failures",
        "login.idle_minutes",
        "login.certificate_days",
        "trust.backup_days",
    ] {
        let told = preview(name, "1");
        assert_eq!(told["counted"], true, "{told}");
        assert!(told["effects"][0]["of"].is_u64(), "{told}");
    }
    // What cannot be counted says what it governs.
    for name in ["console.at_once", "matching.crowd_max", "board.purpose_codes"] {
        let told = preview(name, "5");
        assert_eq!(told["counted"], false, "{told}");
        assert!(told["governs_ja"].as_str().is_some_and(|words| !words.is_empty()), "{told}");
    }
    assert_eq!(preview("limits.files_per_submission_max", "0")["now"], told["now"]);
}
