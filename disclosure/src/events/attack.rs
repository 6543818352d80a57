//! Attackers on released events, to measure what a release withstands. Instruments of tests and of reviews: the engine
//! never uses them.
//!
//! An attacker knows the class of a target (sex, age, area) and some of its true events. A person of the class matches
//! when every known event has a row that can be it: the same code or one its ladder leads to, and a day that fits. It
//! must never use anything of the release but rows, classes and the public ladders.

use std::collections::HashMap;

use jiff::civil::Date;
use rayon::prelude::*;

use super::codes::{Codes, Ladders};
use super::grid::When;
use super::rows::Released;
use super::{Event, LEFT_OUT};
use musubi_model::policy::CodeLadder;

/// What is known of the known events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// Their codes.
    Codes,
    /// Their codes, and the days between them.
    Gaps,
    /// Their codes and their days.
    Days,
}

/// How the attack went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Targets.
    pub targets: usize,
    /// Exactly one match, and it is the target.
    pub certain: usize,
    /// Targets that are among their matches.
    pub covered: usize,
    /// Targets that are not: an event they are known by was taken out.
    pub suppressed: usize,
    /// Mean chance to name the target by drawing one of the matches.
    pub expected: f64,
    /// Greatest such chance of a single target.
    pub greatest: f64,
}

/// A row as an attacker reads it: first and last possible day.
#[derive(Debug, Clone, Copy)]
struct Seen {
    label: u32,
    days: Option<(i64, i64)>,
}

/// Attacks `targets`: each a person with the events known of it. Days of the known events count from the index day;
/// `index_days` turn them into dates where the release tells dates.
#[must_use]
pub fn attack(
    released: &Released,
    codes: &Codes,
    ladders: &[CodeLadder],
    classes: &[u32],
    index_days: &[Date],
    targets: &[(u32, Vec<Event>)],
    knowledge: Knowledge,
) -> Outcome {
    let ladders = Ladders::new(codes, ladders);
    let mut labels = HashMap::new();
    for label in (0u32..).take(ladders.labels()) {
        if let Some((table, text)) = ladders.label(label) {
            labels.insert((table, text), label);
        }
    }
    let mut people: HashMap<u32, Vec<(u32, Vec<Seen>)>> = HashMap::new();
    for of in released.rows.chunk_by(|a, b| a.person == b.person) {
        let Some(person) = of.first().map(|row| row.person) else { continue };
        let seen = of.iter().filter_map(|row| {
            let label = labels.get(&(released.table(row)?, released.code(row)))?;
            Some(Seen { label: *label, days: days(row.when) })
        });
        let class = classes.get(person as usize).copied().unwrap_or(LEFT_OUT);
        people.entry(class).or_default().push((person, seen.collect()));
    }
    let dated = released.rows.iter().any(|row| matches!(row.when, When::Day(_)));
    let one = |(target, known): &(u32, Vec<Event>)| -> (usize, bool) {
        let class = classes.get(*target as usize).copied().unwrap_or(LEFT_OUT);
        // Where dates are told, what is known of a day is a date.
        let zero = if dated { index_days.get(*target as usize).map_or(0, |d| day_number(*d)) } else { 0 };
        let candidates = people.get(&class).map_or(&[][..], Vec::as_slice);
        let matching = candidates
            .iter()
            .filter(|(_, rows)| matches(rows, known, &ladders, knowledge, zero))
            .map(|(p, _)| *p);
        let found: Vec<u32> = matching.collect();
        (found.len(), found.contains(target))
    };
    let results: Vec<(usize, bool)> = targets.par_iter().map(one).collect();
    #[allow(clippy::cast_precision_loss)] // shares for people
    let chance = |&(n, right): &(usize, bool)| if right { 1.0 / n.max(1) as f64 } else { 0.0 };
    let covered = results.iter().filter(|r| r.1).count();
    #[allow(clippy::cast_precision_loss)] // shares for people
    Outcome {
        targets: targets.len(),
        certain: results.iter().filter(|r| **r == (1, true)).count(),
        covered,
        suppressed: targets.len() - covered,
        expected: results.iter().map(chance).sum::<f64>() / targets.len().max(1) as f64,
        greatest: results.iter().map(chance).fold(0.0, f64::max),
    }
}

fn day_number(date: Date) -> i64 {
    date.since(Date::constant(1970, 1, 1)).map_or(0, |span| i64::from(span.get_days()))
}

fn days(when: When) -> Option<(i64, i64)> {
    match when {
        When::Untold | When::Any => None,
        When::Days { from, to } => Some((i64::from(from), i64::from(to))),
        When::Day(date) => Some((day_number(date), day_number(date))),
    }
}

/// Can these rows be of somebody with the known events?
fn matches(rows: &[Seen], known: &[Event], ladders: &Ladders, knowledge: Knowledge, zero: i64) -> bool {
    let can_be = |event: &Event, zero: Option<i64>| {
        rows.iter().any(|row| {
            ladders.chain(event.code).contains(&row.label)
                && match (row.days, event.day, zero) {
                    (Some((from, to)), Some(day), Some(zero)) => {
                        (from..=to).contains(&(i64::from(day) + zero))
                    }
                    _ => true,
                }
        })
    };
    match knowledge {
        Knowledge::Codes => known.iter().all(|e| can_be(e, None)),
        Knowledge::Days => known.iter().all(|e| can_be(e, Some(zero))),
        Knowledge::Gaps => {
            // Some beginning must put the first known event into one of its rows, and all others into theirs.
            let Some(first) = known.first() else { return true };
            let Some(day) = first.day.map(i64::from) else { return known.iter().all(|e| can_be(e, None)) };
            let mut firsts = rows.iter().filter(|row| ladders.chain(first.code).contains(&row.label));
            firsts.any(|row| match row.days {
                None => known.iter().all(|e| can_be(e, None)),
                Some((from, to)) => (from..=to).any(|at| known.iter().all(|e| can_be(e, Some(at - day)))),
            })
        }
    }
}
