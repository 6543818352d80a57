//! The steps of a cohort applied to one person (組入れ・除外): pure, over the facts that were found.
//!
//! Never reads a fact itself.

use super::rules::{Asks, Rules, Window};
use crate::grid::Attributes;

/// A fact that a rule looks for: the days it can lie on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Whose, in the unit.
    pub(super) person: u32,
    /// Which rule's facts.
    pub(super) atom: u32,
    /// First day.
    pub(super) low: i32,
    /// Last day.
    pub(super) high: i32,
}

/// How far a person came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Steps satisfied one after the other.
    pub(super) passed: usize,
    /// The index day, when all are.
    pub(super) index: Option<i32>,
}

/// Room for the days of one rule, kept from person to person.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    days: Vec<i32>,
    named: Vec<i32>,
}

impl Scratch {
    /// The days of one rule's facts in a window, each once, in order.
    fn days_in(&mut self, hits: &[Hit], atom: usize, window: Window) -> &[i32] {
        let of = |h: &Hit| usize::try_from(h.atom).is_ok_and(|a| a == atom);
        let found = hits.iter().filter(|h| of(h)).filter_map(|h| window.meets(h.low, h.high));
        self.days.clear();
        self.days.extend(found);
        self.days.sort_unstable();
        self.days.dedup();
        &self.days
    }
}

/// Applies the steps to somebody whose first diagnosis that counts is on `first`. `on`: what is known of them on a day.
pub(super) fn walk(
    rules: &Rules,
    first: i32,
    hits: &[Hit],
    on: &dyn Fn(i32) -> Attributes,
    scratch: &mut Scratch,
) -> Outcome {
    scratch.named.clear();
    scratch.named.resize(rules.names, first);
    for (passed, step) in rules.steps.iter().enumerate() {
        let satisfied = match &step.asks {
            Asks::Event { atom, days, around, name } => {
                let window = around.map_or(rules.period, |(of, from, to)| {
                    let day = scratch.named.get(of).copied().unwrap_or(first);
                    Window { from: day.saturating_add(from), to: day.saturating_add(to) }
                });
                let found = scratch.days_in(hits, *atom, window);
                let (enough, day) = (found.len() >= *days, found.first().copied());
                if let Some((day, place)) = day.zip(name.and_then(|n| scratch.named.get_mut(n))) {
                    *place = day;
                }
                enough
            }
            Asks::Age { min, max, on: event } => {
                let day = event.and_then(|e| scratch.named.get(e)).copied().unwrap_or(rules.period.from);
                on(day).age.is_some_and(|age| (*min..=*max).contains(&age))
            }
            Asks::Sex(code) => on(rules.period.from).sex == Some(*code),
            Asks::Area(bits) => on(rules.period.from)
                .prefecture
                .is_some_and(|p| bits.checked_shr(p.into()).is_some_and(|b| b & 1 == 1)),
        };
        if satisfied == step.exclude {
            return Outcome { passed, index: None };
        }
    }
    let index = rules.index.and_then(|i| scratch.named.get(i)).copied().unwrap_or(first);
    Outcome { passed: rules.steps.len(), index: Some(index) }
}

#[cfg(test)]
#[path = "tests/steps.rs"]
mod tests;
