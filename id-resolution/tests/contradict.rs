//! Identities as tokens, and numbers that contradict birth date or sex.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // test data, not input

mod common;

use std::collections::BTreeSet;

use common::{Sample, key};
use musubi_id_resolution::contradict::{PAIRS_PER_KEY_MAX, contradictions};
use musubi_id_resolution::rules::{rule_of, rules};
use musubi_id_resolution::{
    ConflictKind, Contradictions, Described, Neighbour, Neighbourhood, TokenKey, TokenKind, describe,
};
use musubi_model::identity::{Demographics, Sex};
use musubi_model::ids::IdentityId;
use musubi_model::{Identifying, PartialDate, ProviderId, SourceIdentity};

/// The contradictions of `new` beside `stored`.
fn told(stored: &[Described], new: &[Described]) -> Contradictions {
    let mut known = Neighbourhood::default();
    for d in stored {
        known.identities.insert(d.identity_id, Neighbour { complete: d.complete, guard: d.guard });
        known.postings.extend(d.tokens.iter().map(|t| (t.clone(), d.identity_id)));
    }
    contradictions(&known, new)
}

/// The kinds of contradiction among samples, the same whether they come at once or one after the other.
fn check(samples: &[Sample], expect: &[&str]) {
    let all: Vec<Described> = samples.iter().map(Sample::described).collect();
    let at_once = told(&[], &all);
    let kinds: Vec<&str> = at_once.pairs.iter().map(|c| c.kind.as_str()).collect();
    assert_eq!(kinds, expect);
    let one_by_one: BTreeSet<_> =
        (0..all.len()).flat_map(|n| told(&all[..n], std::slice::from_ref(&all[n])).pairs).collect();
    assert_eq!(one_by_one, at_once.pairs);
}

fn with(change: impl FnOnce(&mut Sample)) -> Sample {
    let mut sample = Sample::default();
    change(&mut sample);
    sample
}

fn elsewhere(change: impl FnOnce(&mut Sample)) -> Sample {
    with(|s| {
        s.provider = "1310000002";
        s.local = "9".into();
        change(s);
    })
}

#[test]
fn what_agrees_or_shares_nothing_contradicts_nothing() {
    check(&[Sample::default(), elsewhere(|_| {})], &[]);
    check(&[Sample::default(), elsewhere(|s| s.number = "777".into())], &[]);
}

#[test]
fn one_chart_number_with_two_birth_dates_is_told() {
    let reused = with(|s| {
        s.birth = Some((1950, 1, 1));
        s.number = "999".into();
    });
    check(&[Sample::default(), reused], &["local"]);
    assert_eq!(rule_of(ConflictKind::Guard(TokenKind::Local)).id, "MPI-LOCAL-BIRTH");
}

#[test]
fn one_card_with_two_sexes_is_told() {
    check(&[Sample::default(), elsewhere(|s| s.sex = Sex::Male)], &["insured"]);
    assert_eq!(rule_of(ConflictKind::Guard(TokenKind::Insured)).id, "MPI-INSURED-GUARD");
}

#[test]
fn what_is_incomplete_is_told_as_such() {
    check(&[Sample::default(), with(|s| s.birth = None)], &["incomplete"]);
    check(&[with(|s| s.birth = Some((1980, 4, 0)))], &[]);
    check(&[Sample::default(), with(|s| s.sex = Sex::Other)], &["incomplete"]);
}

#[test]
fn a_crowded_key_is_counted_not_listed() {
    let of_day = |day| {
        with(|s| {
            s.birth = Some((1980, 5, day));
            s.number = format!("{day}");
        })
    };
    let crowd: Vec<Described> = (1..=28).map(|day| of_day(day).described()).collect();
    let found = told(&[], &crowd);
    assert_eq!(found.pairs.len(), PAIRS_PER_KEY_MAX);
    assert_eq!(found.left_out, 28 * 27 / 2 - PAIRS_PER_KEY_MAX as u64);
}

#[test]
fn a_block_key_is_sealed_and_the_same_every_time() {
    assert_eq!(key().block(7), key().block(7));
    assert_ne!(key().block(7), key().block(8));
    assert_ne!(key().block(7), TokenKey::new(&[8; 64]).block(7));
}

#[test]
fn a_number_of_long_term_care_is_one_key_in_any_writing() {
    let key = TokenKey::new(&[7; 64]);
    let described = |birth: (i16, u8, u8), number: &str| {
        let demographics = Demographics {
            birth: Identifying::new(PartialDate::new(birth.0, birth.1, birth.2)),
            sex: Sex::Female,
            care_insurer: Identifying::new("139998".into()),
            care_number: Identifying::new(number.into()),
            ..Demographics::default()
        };
        let provider = ProviderId::new("sample-care").unwrap();
        describe(&key, &SourceIdentity { provider, demographics })
    };
    let first = described((1940, 2, 3), "0001000001");
    assert_eq!(first.tokens.iter().map(|t| t.kind).collect::<Vec<_>>(), [TokenKind::Care]);
    // Full width is the same number; a filling is none.
    assert_eq!(first.tokens, described((1940, 2, 3), "０００１０００００１").tokens);
    assert!(described((1940, 2, 3), "0000000000").tokens.is_empty());
    assert!(described((1940, 2, 3), "12345").tokens.is_empty());
    let other = described((1941, 2, 3), "0001000001");
    assert_eq!((first.tokens == other.tokens, first.guard == other.guard), (true, false));
    assert_eq!(rule_of(ConflictKind::Guard(TokenKind::Care)).id, "MPI-CARE-GUARD");
    assert_eq!(rule_of(ConflictKind::Guard(TokenKind::Name)).id, "MPI-NAME-GUARD");
    assert_eq!(rule_of(ConflictKind::Incomplete).id, "MPI-INCOMPLETE");
}

#[test]
fn an_identity_is_named_by_everything_as_sent() {
    let id = |s: &Sample| s.described().identity_id;
    let base = Sample::default();
    assert_eq!(id(&base), id(&base.clone()));
    let changed: BTreeSet<IdentityId> = [
        with(|s| s.provider = "1310000002"),
        with(|s| s.local = "0101".into()),
        with(|s| s.kana = "ﾃｽﾄ ﾊﾅｺ".into()),
        with(|s| s.birth = Some((1980, 4, 2))),
        with(|s| s.sex = Sex::Male),
        with(|s| {
            s.local = "10".into();
            s.insurer = "101130012".into();
        }),
        base,
    ]
    .iter()
    .map(id)
    .collect();
    assert_eq!(changed.len(), 7);
    assert_eq!(with(|s| s.local = "0101".into()).described().tokens, Sample::default().described().tokens);
}

#[test]
fn a_token_opens_only_for_the_desk_and_shows_nothing() {
    let described = Sample::default().described();
    let opened = key().open(&described.tokens[0]).unwrap();
    assert_eq!(opened.as_str(), "1310000001\u{1f}101");
    assert!(musubi_id_resolution::TokenKey::new(&[8; 64]).open(&described.tokens[0]).is_none());
    let shown = format!("{described:?} {:?} {:?}", key(), Sample::default().identity());
    assert!(!shown.contains("101\"") && !shown.contains("テスト"), "{shown}");
}

#[test]
fn rules_have_distinct_ids_and_words() {
    let ids: BTreeSet<&str> = rules().iter().map(|r| r.id).collect();
    assert_eq!(ids.len(), rules().len());
    assert!(rules().iter().all(|r| !r.ja.is_empty() && !r.mend_ja.is_empty() && r.id.starts_with("MPI-")));
}
