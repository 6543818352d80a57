//! Who is in a cohort (組入れ): the steps applied to all persons of it, and how many are left after each.
//!
//! Never hands out a person but to its own module.

use super::people::{Source, Unit, for_units};
use super::rules::Rules;
use super::scan::{self, NO_DAY};
use super::steps::{Scratch, walk};
use super::{Snapshot, rules};
use crate::error::ReleaseError;
use crate::grid::Attributes;
use crate::person::Person;

/// How many persons are left (組入れの流れ). Exact: for the operator; what others see is banded, see [`super::Band`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attrition {
    /// Persons that are asked, after opt-outs.
    pub persons: u64,
    /// Of these: with a diagnosis that counts, where one is asked for.
    pub diagnosed: u64,
    /// Of these: left after each step, in order.
    pub steps: Vec<u64>,
}

impl Attrition {
    pub(super) fn empty(rules: &Rules) -> Self {
        Self { persons: 0, diagnosed: 0, steps: vec![0; rules.steps.len()] }
    }

    /// Persons in the cohort.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.steps.last().copied().unwrap_or(self.diagnosed)
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        self.persons += other.persons;
        self.diagnosed += other.diagnosed;
        self.steps.iter_mut().zip(&other.steps).for_each(|(a, b)| *a += b);
    }
}

/// The persons of a unit that are in the cohort.
pub(super) struct Chosen {
    /// How many were left after each step.
    pub(super) attrition: Attrition,
    /// For each person of the unit the index day; [`NO_DAY`]: not in the cohort.
    pub(super) index: Vec<i32>,
    /// What is known of the persons, when it was asked for.
    pub(super) persons: Option<Vec<Person>>,
}

impl Chosen {
    /// Is this person of the unit in the cohort?
    pub(super) fn has(&self, person: u32) -> bool {
        self.index(person).is_some()
    }

    /// The index day of a person in the cohort.
    pub(super) fn index(&self, person: u32) -> Option<i32> {
        let day = usize::try_from(person).ok().and_then(|p| self.index.get(p)).copied();
        day.filter(|d| *d != NO_DAY)
    }
}

/// Applies the rules to a unit. `describe`: what is known of the persons is wanted in any case.
pub(super) fn choose(
    snapshot: &Snapshot,
    rules: &Rules,
    unit: &Unit,
    describe: bool,
) -> Result<Chosen, ReleaseError> {
    let found = scan::find(snapshot, rules, unit)?;
    let first = |person: u32| usize::try_from(person).ok().and_then(|p| found.first.get(p)).copied();
    let diagnosed = |person: u32| rules.everybody || first(person).is_some_and(|d| d != NO_DAY);
    let persons = match describe || rules.looks_at_persons() {
        true => Some(scan::persons(snapshot, unit, &diagnosed)?),
        false => None,
    };
    let mut attrition = Attrition::empty(rules);
    let mut index = vec![NO_DAY; unit.persons()];
    let mut scratch = Scratch::default();
    let mut hits = found.hits.as_slice();
    for (person, day) in (0u32..).zip(&found.first) {
        // Hits lie by person: this one's are the next.
        let (own, rest) = hits.split_at(hits.partition_point(|h| h.person <= person));
        hits = rest;
        attrition.persons += 1;
        // Of whom no diagnosis is asked begins with the period.
        let day = if *day == NO_DAY && rules.everybody { &rules.period.from } else { day };
        if *day == NO_DAY {
            continue;
        }
        attrition.diagnosed += 1;
        let about = persons.as_ref().and_then(|p| p.get(usize::try_from(person).ok()?));
        let on = |day: i32| about.map_or(Attributes::default(), |p| p.on(rules::date_of(day)));
        let outcome = walk(rules, *day, own, &on, &mut scratch);
        attrition.steps.iter_mut().take(outcome.passed).for_each(|n| *n += 1);
        if let Some((to, from)) =
            usize::try_from(person).ok().and_then(|p| index.get_mut(p)).zip(outcome.index)
        {
            *to = from;
        }
    }
    Ok(Chosen { attrition, index, persons })
}

/// Counts who satisfies the steps of a cohort.
///
/// # Errors
/// The store's; a file of the snapshot that is missing or damaged.
pub fn find(source: &mut dyn Source, snapshot: &Snapshot, rules: &Rules) -> Result<Attrition, ReleaseError> {
    let mut sum = Attrition::empty(rules);
    let work = |unit: &Unit| choose(snapshot, rules, unit, false).map(|chosen| chosen.attrition);
    for_units(source, snapshot, &work, &mut |part| sum.add(&part))?;
    Ok(sum)
}

impl Chosen {
    /// How many persons are in the cohort.
    pub(super) fn count(&self) -> usize {
        self.index.iter().filter(|d| **d != NO_DAY).count()
    }
}
