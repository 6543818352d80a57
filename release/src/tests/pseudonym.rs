//! Pseudonyms: no two alike, none shared between releases, an order that tells nothing. Keys are fixed, so that what holds
//! once holds always.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// So many that the order of a fair shuffle stays below 0.05 by seven standard deviations (σ = 1/√n); with 1,000 persons one
/// fair shuffle in nine would not.
const PERSONS: u32 = 20_000;

/// A made-up person's key; numbers near each other give keys in the same order.
fn person(number: u32) -> PersonKey {
    let mut key = [0u8; PERSON_KEY_BYTES];
    key[..4].copy_from_slice(&number.to_be_bytes());
    key
}

fn seeded(seed: u8, persons: &[PersonKey]) -> Pseudonyms {
    Pseudonyms::assign(persons, &BTreeSet::new(), || Ok(ReleaseKey::from_seed([seed; 32]))).unwrap()
}

/// Spearman's ρ between the order of the persons' numbers and another order of them (no ties).
fn rho(a: &[PersonKey], b: &[PersonKey]) -> f64 {
    let place: BTreeMap<&PersonKey, f64> = b.iter().zip(0u32..).map(|(p, n)| (p, f64::from(n))).collect();
    let n = f64::from(u32::try_from(a.len()).unwrap());
    let squares: f64 = a.iter().zip(0u32..).map(|(p, at)| (f64::from(at) - place[p]).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

fn order(p: &Pseudonyms) -> Vec<PersonKey> {
    p.in_order().into_iter().map(|(_, person)| person).collect()
}

#[test]
fn the_same_key_gives_the_same_pseudonyms_in_any_order_of_asking() {
    let mut persons: Vec<PersonKey> = (0..PERSONS).map(person).collect();
    let first = seeded(1, &persons);
    persons.reverse();
    persons.push(person(3));
    assert_eq!(first.in_order(), seeded(1, &persons).in_order());
    // A pseudonym that went out stays what it was in later versions of the program.
    let ReleasePid(bytes) = ReleaseKey::from_seed([7; 32]).pid(&person(42));
    let ours = blake3::keyed_hash(&[7; 32], &[&b"musubi release pid/1\0"[..], &person(42)].concat());
    assert_eq!(bytes, ours.as_bytes()[..8]);
}

#[test]
fn g16_two_releases_of_one_cohort_share_no_pseudonym_no_order_and_no_date() {
    let persons: Vec<PersonKey> = (0..PERSONS).map(person).collect();
    let (one, two) = (seeded(1, &persons), seeded(2, &persons));
    let pids =
        |p: &Pseudonyms| -> BTreeSet<ReleasePid> { p.in_order().into_iter().map(|(pid, _)| pid).collect() };
    assert_eq!(pids(&one).len(), persons.len());
    assert!(pids(&one).is_disjoint(&pids(&two)));
    for (a, b) in [(persons.clone(), order(&one)), (persons.clone(), order(&two)), (order(&one), order(&two))]
    {
        assert!(rho(&a, &b).abs() < 0.05, "ρ = {}", rho(&a, &b));
    }

    // Anonymised: dates are bins since the index day, the same in both. Whoever joins the files by their bins and by the
    // order of the rows finds within each class of equal bins no more than by guessing: about one person for each class.
    let bins = |p: &PersonKey| (u32::from(p[3]) % 12, u32::from(p[2]) % 3);
    let classes = |p: &Pseudonyms| -> BTreeMap<(u32, u32), Vec<PersonKey>> {
        let mut by_bins = BTreeMap::new();
        order(p).into_iter().for_each(|key| by_bins.entry(bins(&key)).or_insert_with(Vec::new).push(key));
        by_bins
    };
    let (a, b) = (classes(&one), classes(&two));
    let found: usize =
        a.iter().map(|(bins, list)| list.iter().zip(&b[bins]).filter(|(x, y)| x == y).count()).sum();
    // A random matching finds one in each class, with a variance of one each: three standard deviations.
    let chance = f64::from(u32::try_from(a.len()).unwrap());
    assert!(f64::from(u32::try_from(found).unwrap()) <= chance + 3.0 * chance.sqrt(), "{found} of {chance}");

    // Pseudonymised: each release moves each person's dates by weeks of its own; a join on them finds what chance finds.
    let weeks = 26;
    let same = persons.iter().filter(|p| one.shift_weeks(p, weeks) == two.shift_weeks(p, weeks)).count();
    let chance = f64::from(PERSONS) / f64::from(2 * weeks + 1);
    assert!(f64::from(u32::try_from(same).unwrap()) <= chance + 3.0 * chance.sqrt(), "{same} of {chance}");
    let shifts: BTreeSet<i64> = persons.iter().map(|p| one.shift_weeks(p, weeks)).collect();
    assert_eq!((shifts.first(), shifts.last(), shifts.len()), (Some(&-26), Some(&26), 53));
}

#[test]
fn a_collision_is_mended_with_another_key() {
    let persons: Vec<PersonKey> = (0..3).map(person).collect();
    let taken = BTreeSet::from([ReleaseKey::from_seed([1; 32]).pid(&persons[1])]);
    let mut seeds = 1u8..;
    let mut keys = || Ok(ReleaseKey::from_seed([seeds.next().unwrap(); 32]));
    let made = Pseudonyms::assign(&persons, &taken, &mut keys).unwrap();
    assert_eq!(made.pid(&persons[0]), Some(ReleaseKey::from_seed([2; 32]).pid(&persons[0])));
    assert_eq!(made.pid(&person(9)), None);
    let never = Pseudonyms::assign(&persons, &taken, || Ok(ReleaseKey::from_seed([1; 32])));
    assert_eq!(never.unwrap_err().code(), "REL_INTERNAL");
}

#[test]
fn a_key_shows_its_name_only() {
    let key = ReleaseKey::fresh().unwrap();
    assert!(!format!("{key:?}").contains(&musubi_model::ids::to_hex(&key.0[..4])));
    assert_eq!(key.name().len(), 64);
    assert_ne!(key.name(), ReleaseKey::fresh().unwrap().name());
    assert_ne!(key.name(), blake3::hash(key.0.as_slice()).to_hex().to_string());
}

#[test]
fn pseudonyms_are_read_back_from_what_went_out() {
    let made = seeded(5, &(0..4).map(person).collect::<Vec<_>>());
    let pids: BTreeSet<ReleasePid> = made.in_order().into_iter().map(|(pid, _)| pid).collect();
    let lines: String = pids.iter().map(|pid| format!("{pid},1,40-49\r\n")).collect();
    let csv = format!("\u{feff}pid,sex,age\r\n{lines}");
    assert_eq!(pids_of(csv.as_bytes()).unwrap(), pids);
    assert_eq!(digest(&pids).len(), 64);
    assert_eq!(pids_of(b"pid\r\nx,1\r\n").unwrap_err().code(), "REL_VAULT");
}

proptest! {
    #[test]
    fn everybody_has_one_of_their_own(numbers in proptest::collection::vec(0u32..5_000, 1..300), seed: [u8; 32]) {
        let persons: Vec<PersonKey> = numbers.iter().map(|n| person(*n)).collect();
        let made = Pseudonyms::assign(&persons, &BTreeSet::new(), || Ok(ReleaseKey::from_seed(seed))).unwrap();
        let order = made.in_order();
        prop_assert!(order.windows(2).all(|pair| pair[0].0 < pair[1].0));
        prop_assert_eq!(order.len(), persons.iter().collect::<BTreeSet<_>>().len());
        for p in &persons {
            prop_assert_eq!(made.pid(p), Some(ReleaseKey::from_seed(seed).pid(p)));
            prop_assert!(made.shift_weeks(p, 4).abs() <= 4);
        }
    }
}
