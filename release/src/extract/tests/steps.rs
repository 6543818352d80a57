//! Tests of the steps: against an evaluator that asks every fact anew, day by day.

use super::*;
use crate::extract::rules::{Atom, Check, CodeTest};
use jiff::civil::Date;
use musubi_model::FactTable;
use musubi_model::spec::{Cohort, EventRule, Rule, Step, Within};
use proptest::prelude::*;

/// A period of a hundred days, so that chance finds its borders.
const FROM: Date = Date::constant(2026, 1, 1);
const TO: Date = Date::constant(2026, 4, 10);

fn event(named: Option<&str>, days: u32, within: Option<(String, i32, i32)>) -> Rule {
    Rule::Event(EventRule {
        named: named.map(str::to_owned),
        table: FactTable::DrugExposure,
        system: None,
        prefixes: Vec::new(),
        days,
        within: within.map(|(of, from, to)| Within { of, from, to }),
        value_min: None,
        value_max: None,
    })
}

fn cohort(steps: Vec<(Rule, bool)>) -> Cohort {
    let step = |(rule, exclude)| Step { title: String::new(), rule, exclude };
    Cohort {
        from: FROM,
        to: TO,
        icd10_prefixes: Vec::new(),
        without_suspected: true,
        everybody: false,
        steps: steps.into_iter().map(step).collect(),
    }
}

/// The same by trying every day there is: which days of the window does some fact of the rule share?
fn naive(rules: &Rules, first: i32, facts: &[Hit], age: Option<u16>) -> (usize, Option<i32>) {
    let mut named = vec![first; rules.names];
    for (passed, Check { asks, exclude }) in rules.steps.iter().enumerate() {
        let holds = match asks {
            Asks::Event { atom, days, around, name } => {
                let (from, to) = match around {
                    Some((of, from, to)) => (named[*of] + from, named[*of] + to),
                    None => (rules.period.from, rules.period.to),
                };
                // A fact's day is the first of the window that it may lie on.
                let day_of = |h: &Hit| (from..=to).find(|d| (h.low..=h.high).contains(d));
                let on: std::collections::BTreeSet<i32> =
                    facts.iter().filter(|h| h.atom as usize == *atom).filter_map(day_of).collect();
                if let (Some(name), Some(day)) = (name, on.first()) {
                    named[*name] = *day;
                }
                on.len() >= *days
            }
            Asks::Age { min, max, .. } => age.is_some_and(|a| a >= *min && a <= *max),
            Asks::Sex(code) => *code == 2,
            Asks::Area(bits) => bits & (1 << 13) != 0,
        };
        if holds == *exclude {
            return (passed, None);
        }
    }
    (rules.steps.len(), Some(rules.index.map_or(first, |i| named[i])))
}

fn any_rule() -> impl Strategy<Value = (Rule, bool, bool)> {
    let window = (-40i32..40, 0i32..40).prop_map(|(from, long)| (from, from + long));
    prop_oneof![
        6 => (1u32..4, proptest::option::of(window), any::<bool>(), any::<bool>()).prop_map(
            |(days, window, exclude, index)| {
                // Names are put in below: only what was named may be spoken of.
                (event(None, days, window.map(|(a, b)| (String::new(), a, b))), exclude, index)
            }
        ),
        1 => (0u16..90, 0u16..90).prop_map(|(min, max)| (Rule::Age { min: Some(min), max: Some(max), on: None }, false, false)),
        1 => any::<bool>().prop_map(|exclude| (Rule::Sex { code: if exclude { 1 } else { 2 } }, exclude, false)),
        1 => any::<bool>().prop_map(|_| (Rule::Area { prefectures: vec!["13".to_owned(), "01".to_owned()] }, false, false)),
    ]
}

/// Gives names to the events, and windows the name of the last one named.
fn with_names(rules: Vec<(Rule, bool, bool)>) -> Vec<(Rule, bool)> {
    let mut last: Option<String> = None;
    rules
        .into_iter()
        .enumerate()
        .map(|(at, (mut rule, exclude, index))| {
            if let Rule::Event(e) = &mut rule {
                e.within = e.within.take().zip(last.clone()).map(|(w, of)| Within { of, ..w });
                if !exclude {
                    let name = if index { "index".to_owned() } else { format!("event-{at}") };
                    last = Some(name.clone());
                    e.named = Some(name);
                }
            }
            (rule, exclude)
        })
        .collect()
}

proptest! {
    #[test]
    fn steps_agree_with_trying_every_day(
        rules in proptest::collection::vec(any_rule(), 0..5),
        facts in proptest::collection::vec((1u32..6, -60i32..160, 0i32..40), 0..14),
        first in 0i32..100,
        age in proptest::option::of(0u16..100),
    ) {
        let rules = Rules::of(&cohort(with_names(rules))).unwrap();
        let base = rules.period.from;
        let hit = |(atom, low, long): (u32, i32, i32)| {
            // Half of the facts are known to the day.
            let high = if long < 20 { low } else { low + long };
            Hit { person: 0, atom, low: base + low, high: base + high }
        };
        let facts: Vec<Hit> = facts.into_iter().map(hit).collect();
        let known = Attributes { sex: Some(2), prefecture: Some(13), age };
        let outcome = walk(&rules, base + first, &facts, &|_| known, &mut Scratch::default());
        prop_assert_eq!((outcome.passed, outcome.index), naive(&rules, base + first, &facts, age));
    }
}

#[test]
fn words_that_cannot_be_carried_out_are_refused() {
    let area = Rule::Area { prefectures: vec!["48".to_owned()] };
    assert!(Rules::of(&cohort(vec![(area, false)])).is_err());
    let mut bad = event(None, 1, None);
    if let Rule::Event(e) = &mut bad {
        e.value_min = Some("6,5".to_owned());
    }
    assert!(Rules::of(&cohort(vec![(bad, false)])).is_err());
    let unnamed = event(None, 1, Some(("index".to_owned(), 0, 1)));
    assert!(Rules::of(&cohort(vec![(unnamed, false)])).is_err());
    let many = vec![(event(None, 1, None), false); 64];
    assert!(Rules::of(&cohort(many)).is_err());
}

#[test]
fn codes_are_of_the_standard_or_else_the_senders() {
    let test = |system: Option<&str>, prefixes: &[&str], standard, source| {
        let prefixes: Vec<String> = prefixes.iter().map(|p| (*p).to_owned()).collect();
        CodeTest::new(system, &prefixes).holds(standard, source)
    };
    let (icd, own, none) = (("ICD10", "E119"), ("RECE-B", "2500013"), ("", ""));
    assert!(test(None, &["E11"], icd, own));
    assert!(test(None, &["e11.9"], icd, own));
    assert!(!test(None, &["2500"], icd, own));
    assert!(test(None, &["2500"], none, own));
    assert!(test(Some("RECE-B"), &["2500"], icd, own));
    assert!(!test(Some("YJ"), &[], icd, own));
    assert!(test(None, &[], none, none));
    assert!(!test(Some("ICD10"), &["E12", "I"], icd, own));
}

#[test]
fn bounds_take_the_sign_of_a_value_seriously() {
    let mut rule = event(None, 1, None);
    if let Rule::Event(e) = &mut rule {
        (e.value_min, e.value_max) = (Some("6.50".to_owned()), None);
    }
    let at_least = Rules::of(&cohort(vec![(rule.clone(), false)])).unwrap();
    if let Rule::Event(e) = &mut rule {
        (e.value_min, e.value_max) = (None, Some("6.5".to_owned()));
    }
    let at_most = Rules::of(&cohort(vec![(rule, false)])).unwrap();
    let holds = |rules: &Rules, value: &str, sign: &str| {
        let Some(Atom { values: Some(bounds), .. }) = rules.atoms.get(1) else { panic!("no bounds") };
        bounds.hold(value.parse().unwrap(), sign)
    };
    assert!(holds(&at_least, "6.5", "") && !holds(&at_least, "6.49", ""));
    assert!(holds(&at_least, "6.5", ">=") && !holds(&at_least, "7", "<"));
    assert!(holds(&at_most, "6.5", "") && holds(&at_most, "6", "<") && !holds(&at_most, "6", ">"));
}
