//! What a day of a feed may be called, over any deliveries. It must not know how the words are chosen.

#![allow(clippy::unwrap_used)] // test code: a failure here is a failed test

use jiff::civil::{Date, date};
use musubi_model::ids::SubmissionId;
use proptest::prelude::*;

use super::*;

const FROM: Date = date(2026, 11, 1);
const UNTIL: Date = date(2026, 11, 30);
const RULES: CalendarRules = CalendarRules { late_days: 1, volume_low_percent: 50 };

fn one(day: i8, state: SubmissionState, quarantined: u64, after_days: i64, records: u64) -> DeliveryRow {
    let day = date(2026, 11, day);
    let noon = day.at(3, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    DeliveryRow {
        submission: SubmissionId::from_slice(&[7; 16]).unwrap(),
        feed: Some("feed-01".to_owned()),
        submitter: Some("submitter-01".to_owned()),
        kind: None,
        day,
        received_at: noon.checked_add(SignedDuration::from_hours(24 * after_days)).unwrap(),
        settled_at: noon,
        state,
        files: 1,
        bytes: 1,
        records,
        quarantined,
        held: 0,
        errors: Vec::new(),
    }
}

fn any_delivery() -> impl Strategy<Value = DeliveryRow> {
    let state = prop_oneof![
        Just(SubmissionState::Acknowledged),
        Just(SubmissionState::Rejected),
        Just(SubmissionState::Quarantined),
        Just(SubmissionState::Mapped),
    ];
    (1i8..=30, state, 0u64..3, 0i64..4, 0u64..1000)
        .prop_map(|(day, state, quarantined, after, records)| one(day, state, quarantined, after, records))
}

fn rhythm(every_days: u32, before: Option<Date>) -> Rhythm {
    Rhythm { every_days, before }
}

proptest! {
    #[test]
    fn every_day_has_one_mark_and_missing_means_that_nothing_came(
        mut all in prop::collection::vec(any_delivery(), 0..20), every in 1u32..10, today in 1i8..=30,
    ) {
        all.sort_by_key(|d| d.day);
        let today = date(2026, 11, today);
        let days = days(rhythm(every, Some(date(2026, 10, 31))), &all, (FROM, UNTIL), today, &RULES);
        prop_assert_eq!(days.len(), 30);
        for one in &days {
            let came = all.iter().filter(|d| d.day == one.day).count();
            prop_assert_eq!(one.deliveries, came);
            prop_assert_eq!(one.counts.is_some(), came > 0);
            let without = matches!(one.mark, Mark::Missing | Mark::Awaited | Mark::NotDue);
            prop_assert_eq!(without, came == 0);
            prop_assert!(one.mark != Mark::Missing || one.day < today);
            prop_assert!(one.mark != Mark::Awaited || one.day == today);
        }
    }

    #[test]
    fn a_refusal_never_hides_what_was_taken_in(day in 1i8..=30, late in 0i64..4) {
        let good = one(day, SubmissionState::Acknowledged, 0, late, 10);
        let bad = one(day, SubmissionState::Rejected, 0, late, 0);
        for all in [vec![good.clone(), bad.clone()], vec![bad, good.clone()]] {
            let days = days(rhythm(1, None), &all, (FROM, UNTIL), UNTIL, &RULES);
            let that = days.iter().find(|d| d.deliveries == 2).unwrap();
            prop_assert_eq!(that.mark, mark_of(&good, &RULES));
        }
    }

    #[test]
    fn a_nightly_feed_is_missing_on_every_past_day_without_a_delivery(came in prop::collection::btree_set(1i8..=30, 0..30)) {
        let all: Vec<_> = came.iter().map(|d| one(*d, SubmissionState::Acknowledged, 0, 0, 5)).collect();
        let days = days(rhythm(1, Some(date(2026, 10, 31))), &all, (FROM, UNTIL), date(2026, 12, 1), &RULES);
        let missing = days.iter().filter(|d| d.mark == Mark::Missing).count();
        prop_assert_eq!(missing, 30 - came.len());
    }

    #[test]
    fn a_forecast_needs_runs_and_lies_within_them(took in prop::collection::vec(1i64..10_000, 0..9), gone in 0i64..20_000) {
        let began = Timestamp::UNIX_EPOCH;
        let now = began.checked_add(SignedDuration::from_secs(gone)).unwrap();
        let all: Vec<_> = took.iter().map(|s| SignedDuration::from_secs(*s)).collect();
        let told = forecast(began, now, &all);
        prop_assert_eq!(told.is_some(), took.len() >= FORECAST_FROM);
        if let Some(told) = told {
            let longest = *took.iter().max().unwrap();
            prop_assert!(told.likely <= told.latest);
            prop_assert_eq!(told.latest.as_second(), longest);
            prop_assert_eq!(told.overrun, gone > longest);
        }
    }
}

#[test]
fn late_is_counted_in_days_of_japan() {
    let rules = CalendarRules { late_days: 0, ..RULES };
    // 03:00 UTC is noon in Japan, the same day; a day later it is late.
    assert_eq!(mark_of(&one(10, SubmissionState::Acknowledged, 0, 0, 1), &rules), Mark::OnTime);
    assert_eq!(mark_of(&one(10, SubmissionState::Acknowledged, 0, 1, 1), &rules), Mark::Late);
    assert_eq!(mark_of(&one(10, SubmissionState::Acknowledged, 0, 1, 1), &RULES), Mark::OnTime);
}

#[test]
fn a_delivery_far_below_the_usual_is_marked_small() {
    let all = [
        one(1, SubmissionState::Acknowledged, 0, 0, 100),
        one(2, SubmissionState::Acknowledged, 0, 0, 100),
        one(3, SubmissionState::Acknowledged, 0, 0, 100),
        one(4, SubmissionState::Acknowledged, 0, 0, 49),
    ];
    let days = days(rhythm(1, None), &all, (FROM, UNTIL), UNTIL, &RULES);
    let small: Vec<i8> = days.iter().filter(|d| d.small).map(|d| d.day.day()).collect();
    assert_eq!(small, [4]);
}

#[test]
fn every_mark_has_its_own_word() {
    for mark in Mark::ALL {
        assert_eq!(Mark::read(mark.as_str()), Some(mark));
    }
}
