//! What an approval is checked for, without the store.

use musubi_model::sign::SecretKey;

use super::*;
use crate::decision::decide;
use crate::mandate::Mandate;

const SPEC: &str = "version=1\nname='mihon'\ntitle='見本'\npurpose='試験'\nrecipient='見本大学'\n\
    product='statistics'\n[cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n\
    [table]\naxes=['diagnosis_chapter','sex']\nmeasure='persons'\nage_on='2026-10-01'\n";

fn key() -> SecretKey {
    SecretKey::from_seed(&[3; 32])
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn request() -> RequestRow {
    let spec = ExtractSpec::parse(SPEC).unwrap();
    RequestRow {
        request_id: request_id(&spec),
        spec: SPEC.to_owned(),
        scope_hash: spec.scope_hash(),
        filed_at: at("2026-11-01T00:00:00Z"),
        filed_by: "見本 研究者".to_owned(),
    }
}

fn decided() -> ApprovalRow {
    let (now, until) = (at("2026-11-02T03:04:05Z"), Date::constant(2027, 11, 1));
    decide(&request(), &key(), "見本 委員長", now, until, &Mandate::not_required()).unwrap()
}

fn code(result: Result<Approval, ApprovalError>) -> &'static str {
    result.map_or_else(|e| e.code(), |_| "ok")
}

/// The outcome after one change to what is stored.
fn check(change: impl FnOnce(&mut ApprovalRow, &mut RequestRow), today: Date, expect: &str) {
    let (mut row, mut request) = (decided(), request());
    change(&mut row, &mut request);
    assert_eq!(code(Approval::check(row, request, &key().public(), today)), expect);
}

#[test]
fn only_what_was_signed_counts() {
    let day = Date::constant(2027, 1, 1);
    check(|_, _| {}, day, "ok");
    check(|_, _| {}, Date::constant(2027, 11, 1), "ok");
    check(|_, _| {}, Date::constant(2027, 11, 2), "REV_EXPIRED");
    check(|row, _| row.expires_on = Date::constant(2030, 1, 1), day, "REV_DAMAGED");
    check(|row, _| row.approver = "別人".to_owned(), day, "REV_DAMAGED");
    check(|row, _| row.approval_id = "A-0000000000000000".to_owned(), day, "REV_DAMAGED");
    check(|row, _| row.decision = row.decision.replace("2027-11-01", "2028-11-01"), day, "REV_SIGNATURE");
    check(|row, _| row.signature = "00".repeat(64), day, "REV_SIGNATURE");
    check(
        |_, request| request.spec = request.spec.replace("'sex'", "'prefecture'"),
        day,
        "REV_SCOPE_MISMATCH",
    );
    check(|_, request| request.spec.push_str("# a comment does not change the scope\n"), day, "ok");
    check(|_, request| request.spec.push_str("extra=1\n"), day, "REV_SPEC");
}

/// One item more than the board saw is another scope, however small; so is one less.
#[test]
fn g12_a_spec_that_asks_for_one_item_more_than_was_approved_is_refused() {
    let day = Date::constant(2027, 1, 1);
    let asks = |axes: &str| {
        let spec = SPEC.replace("'diagnosis_chapter','sex'", axes);
        check(|_, request| request.spec = spec, day, "REV_SCOPE_MISMATCH");
    };
    asks("'diagnosis_chapter','prefecture','sex'");
    asks("'diagnosis_chapter'");
}

#[test]
fn another_key_or_purpose_is_worth_nothing() {
    let day = Date::constant(2027, 1, 1);
    let other = SecretKey::from_seed(&[4; 32]);
    assert_eq!(code(Approval::check(decided(), request(), &other.public(), day)), "REV_SIGNATURE");
    let mut row = decided();
    row.signature = key().sign("release/1", row.decision.as_bytes()).to_string();
    assert_eq!(code(Approval::check(row, request(), &key().public(), day)), "REV_SIGNATURE");
}

#[test]
fn the_requester_does_not_approve() {
    let (now, until) = (at("2026-11-02T00:00:00Z"), Date::constant(2027, 11, 1));
    let free = Mandate::not_required();
    let outcome = |approver: &str, until: Date| match decide(&request(), &key(), approver, now, until, &free)
    {
        Ok(_) => "ok",
        Err(e) => e.code(),
    };
    assert_eq!(outcome("見本 研究者", until), "REV_SAME_PERSON");
    assert_eq!(outcome(" 見本\u{3000}研究者 ", until), "REV_SAME_PERSON");
    assert_eq!(outcome("", until), "REV_NOBODY");
    assert_eq!(outcome("見本 委員長", Date::constant(2026, 11, 1)), "REV_TERM");
    assert_eq!(outcome("見本 委員長", Date::constant(2026, 11, 2)), "ok");
}

#[test]
fn a_ballot_is_signed_with_and_only_for_its_scope() {
    let (now, until) = (at("2026-11-02T00:00:00Z"), Date::constant(2027, 11, 1));
    let scope = request().scope_hash;
    let row =
        decide(&request(), &key(), "board-01", now, until, &Mandate::test("AP-0001-B1", &scope)).unwrap();
    assert!(row.decision.contains("\"committee\":\"AP-0001-B1\""), "{}", row.decision);
    let other = decide(&request(), &key(), "board-01", now, until, &Mandate::test("AP-0001-B1", "0"));
    assert_eq!(other.map_or_else(|e| e.code(), |_| "ok"), "REV_SCOPE_MISMATCH");
    // Another ballot written over the signed one is seen.
    let (mut row, day) = (row, Date::constant(2027, 1, 1));
    row.decision = row.decision.replace("B1", "B2");
    assert_eq!(code(Approval::check(row, request(), &key().public(), day)), "REV_SIGNATURE");
}

#[test]
fn what_became_of_an_approval_counts_from_its_time_on() {
    let event = |kind: &str, when: &str| ApprovalEventRow {
        approval_id: "A-1".to_owned(),
        kind: kind.to_owned(),
        reason: String::new(),
        account: "officer-01".to_owned(),
        at: at(when),
    };
    let said = |events: &[ApprovalEventRow], when: &str| match became(events, at(when)) {
        Ok(()) => "ok",
        Err(e) => e.code(),
    };
    let events = [
        event("suspend", "2026-11-02T00:00:00Z"),
        event("resume", "2026-11-04T00:00:00Z"),
        event("end", "2026-11-06T00:00:00Z"),
    ];
    for (when, expect) in [("01", "ok"), ("03", "REV_SUSPENDED"), ("05", "ok"), ("07", "REV_ENDED")] {
        assert_eq!(said(&events, &format!("2026-11-{when}T00:00:00Z")), expect, "{when}");
    }
    assert_eq!(said(&[event("unheard", "2026-11-02T00:00:00Z")], "2026-11-03T00:00:00Z"), "REV_SUSPENDED");
}
