//! Events brought into order: checked, sorted by class and person, without what a whole class would give away.
//!
//! It must never let the order of the input show in the order of the output.

use musubi_model::fact::Measured;
use musubi_model::policy::SensitiveGroup;
use rayon::prelude::*;
use rust_decimal::Decimal;

use super::codes::Codes;
use super::grid::DAY_MAX;
use super::{ClassPart, Event, EventsError, LEFT_OUT};

/// The number of a measured value; none when it has a comparator or is more than a number (`1+`, `<0.5`).
#[must_use]
pub fn plain_value(measured: &Measured) -> Option<Decimal> {
    measured.number.filter(|_| measured.comparator.is_empty())
}

/// Persons that have a code of the watch list (指定難病など), by number, each once: their prefecture must be blanked
/// *before* classes are formed. Entries are beginnings of codes.
#[must_use]
pub fn watch_list_persons(events: &[Event], codes: &Codes, watch: &[String]) -> Vec<u32> {
    let watched = codes_beginning(codes, |_| true, watch);
    let hit = |e: &&Event| watched.get(e.code as usize) == Some(&true);
    let mut persons: Vec<u32> = events.iter().filter(hit).map(|e| e.person).collect();
    persons.sort_unstable();
    persons.dedup();
    persons
}

/// By code: does it lie in one of these tables and begin with one of these texts?
fn codes_beginning(
    codes: &Codes,
    table: impl Fn(musubi_model::fact::FactTable) -> bool,
    beginnings: &[String],
) -> Vec<bool> {
    let begins = |text: &str| beginnings.iter().any(|b| !b.is_empty() && text.starts_with(b.as_str()));
    codes.iter().map(|(_, of, _, text)| table(of) && begins(text)).collect()
}

/// The events of persons in the product, each found possible.
pub(super) fn checked(
    mut events: Vec<Event>,
    codes: &Codes,
    classes: &[u32],
) -> Result<Vec<Event>, EventsError> {
    for event in &mut events {
        if event.person as usize >= classes.len() {
            return Err(EventsError::Person { found: event.person, persons: classes.len() });
        }
        if event.code as usize >= codes.len() || event.unit as usize > codes.units() {
            return Err(EventsError::Code { code: event.code, unit: event.unit });
        }
        if let Some(days) = event.day.filter(|day| !(-DAY_MAX..=DAY_MAX).contains(day)) {
            return Err(EventsError::Day { days });
        }
        // 6.20 and 6.2 are one value.
        event.value = event.value.map(|v| v.normalize());
    }
    events.retain(|e| class(classes, e.person) != LEFT_OUT);
    Ok(events)
}

fn class(classes: &[u32], person: u32) -> u32 {
    classes.get(person as usize).copied().unwrap_or(LEFT_OUT)
}

/// Sorts by class, person, code, day and all the rest, so that equal input in any order gives equal output.
pub(super) fn sort(events: &mut [Event], classes: &[u32]) {
    events.par_sort_unstable_by(|a, b| {
        let key = |e: &Event| (class(classes, e.person), e.person, e.code, e.day, e.days, e.unit);
        key(a).cmp(&key(b)).then_with(|| a.value.cmp(&b.value))
    });
}

/// The classes in order, each with its part of the sorted events; classes without events are left out.
pub(super) fn parts(events: &[Event], classes: &[u32]) -> Vec<ClassPart> {
    let mut sorted: Vec<u32> = classes.iter().copied().filter(|&c| c != LEFT_OUT).collect();
    sorted.sort_unstable();
    let mut at = 0;
    let chunks = events.chunk_by(|a, b| class(classes, a.person) == class(classes, b.person));
    chunks
        .map(|chunk| {
            let id = chunk.first().map_or(LEFT_OUT, |e| class(classes, e.person));
            let persons = sorted.partition_point(|&c| c <= id) - sorted.partition_point(|&c| c < id);
            let from = at;
            at += chunk.len();
            ClassPart { persons: persons as u64, events: from..at }
        })
        .collect()
}

/// Takes the events of a group out of every class in which all persons have one (C-038). Codes of the source are
/// looked at, not labels: what is coarser than the group tells no more.
pub(super) fn drop_sensitive(
    events: &mut Vec<Event>,
    parts: &mut Vec<ClassPart>,
    codes: &Codes,
    groups: &[SensitiveGroup],
) {
    let groups: Vec<Vec<bool>> =
        groups.iter().map(|g| codes_beginning(codes, |table| table == g.table, &g.prefixes)).collect();
    let out: Vec<bool> = parts
        .par_iter()
        .flat_map_iter(|part| {
            let own = events.get(part.events.clone()).unwrap_or_default();
            let mut out = vec![false; own.len()];
            for group in &groups {
                let has = |e: &Event| group.get(e.code as usize) == Some(&true);
                let persons =
                    own.chunk_by(|a, b| a.person == b.person).filter(|of| of.iter().any(has)).count();
                if persons as u64 == part.persons {
                    out.iter_mut().zip(own).filter(|(_, e)| has(e)).for_each(|(out, _)| *out = true);
                }
            }
            out
        })
        .collect();
    let mut kept = 0;
    for part in parts.iter_mut() {
        let own = out.get(part.events.clone()).unwrap_or_default();
        let from = kept;
        kept += own.iter().filter(|out| !**out).count();
        part.events = from..kept;
    }
    let mut out = out.into_iter();
    events.retain(|_| !out.next().unwrap_or(false));
    parts.retain(|part| !part.events.is_empty());
}
