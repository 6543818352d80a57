//! Dates of pseudonymised products (仮名加工): as they are, or moved by whole weeks, another number for each person.
//!
//! Gaps between dates stay, and gaps re-identify: it must never be used for an anonymised product.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use musubi_model::policy::{DateRule, EventPolicy};

use super::codes::Codes;
use super::gather;
use super::grid::When;
use super::rows::{Days, Released, Row};
use super::{Counts, Event, EventsError, LEFT_OUT, Log};

/// The key from which the weeks of each person follow. Fresh for each release, kept in the vault, never written here.
#[derive(Clone, Copy)]
pub struct ShiftKey(pub [u8; 32]);

impl ShiftKey {
    /// Weeks by which the dates of a person are moved: within `max` in either direction, never none (unless `max` is 0).
    fn weeks(&self, person: u32, round: u32, max: u32) -> i64 {
        let mut message = [0; 8];
        let (head, tail) = message.split_at_mut(4);
        head.copy_from_slice(&person.to_le_bytes());
        tail.copy_from_slice(&round.to_le_bytes());
        let hash = blake3::keyed_hash(&self.0, &message);
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        let max = i64::from(max);
        let choice = i64::try_from(u64::from_le_bytes(bytes) % (2 * max.unsigned_abs()).max(1)).unwrap_or(0);
        match choice {
            _ if max == 0 => 0,
            low if low < max => low - max,
            high => high - max + 1,
        }
    }

    /// The weeks of all persons, not the same for all (C-043).
    fn all(&self, persons: u32, max: u32) -> Vec<i64> {
        let weeks = |round| -> Vec<i64> { (0..persons).map(|p| self.weeks(p, round, max)).collect() };
        let differ = |weeks: &Vec<i64>| weeks.windows(2).any(|pair| pair.first() != pair.last());
        (0..64).map(weeks).find(differ).unwrap_or_else(|| weeks(0))
    }
}

/// Makes the events of a pseudonymised product: codes, values and days as in the source, dates as the policy says.
///
/// `index_days` has the index day of each person, `classes` is [`LEFT_OUT`] for persons not in the product (other
/// numbers do not matter). Rare codes, clipping and k^m are *off* (R-PSE-01), and the log says so.
///
/// # Errors
/// [`EventsError`].
pub fn pseudonymise(
    events: Vec<Event>,
    codes: &Codes,
    classes: &[u32],
    index_days: &[Date],
    policy: &EventPolicy,
    key: &ShiftKey,
) -> Result<Released, EventsError> {
    if index_days.len() != classes.len() {
        return Err(EventsError::Index { found: index_days.len(), expected: classes.len() });
    }
    let persons = u32::try_from(classes.len()).unwrap_or(LEFT_OUT);
    let (parameters, weeks) = match policy.dates.value {
        DateRule::Exact => ("exact".to_owned(), vec![0; classes.len()]),
        DateRule::Shifted { max_weeks: 0 } if persons > 1 => {
            return Err(EventsError::Dates { found: "shifted by 0 weeks", expected: "max_weeks from 1 on" });
        }
        DateRule::Shifted { max_weeks } => {
            (format!("shifted max_weeks={max_weeks}"), key.all(persons, max_weeks))
        }
        DateRule::Relative { .. } => {
            return Err(EventsError::Dates { found: "relative", expected: "shifted or exact" });
        }
    };
    let given = events.len();
    let events = gather::checked(events, codes, classes)?;
    let date = |e: &Event| {
        let (index, weeks) = (index_days.get(e.person as usize)?, weeks.get(e.person as usize)?);
        let days = i64::from(e.day?) + 7 * weeks;
        index.checked_add(Span::new().try_days(days).ok()?).ok()
    };
    let row = |e: &Event| Row {
        person: e.person,
        label: e.code,
        when: date(e).map_or(When::Untold, When::Day),
        days: if e.days == 0 { Days::Untold } else { Days::Exactly(e.days) },
        value: e.value,
        unit: e.unit,
    };
    let rows: Vec<Row> = events.iter().map(row).collect();
    let off = ["rare_codes", "values", "sensitive", "km"];
    let mut log = vec![
        Log::new("scope", "events of persons in the product", given, rows.len(), 0),
        Log::new("dates", parameters, rows.len(), rows.len(), 0),
    ];
    log.extend(off.map(|rule| Log::new(rule, "off (pseudonymised)", rows.len(), rows.len(), 0)));
    let counts =
        Counts { known_events: 0, k: 0, items: 0, released: rows.len() as u64, coarsened: 0, removed: 0 };
    Ok(Released {
        rows,
        log,
        counts,
        clips: Vec::new(),
        detail: BTreeMap::new(),
        utility: 1.0,
        watch_hits: Vec::new(),
        labels: codes.iter().map(|(_, table, _, text)| (table, text.to_owned())).collect(),
        units: (1u32..).take(codes.units()).map(|u| codes.unit_text(u).to_owned()).collect(),
    }
    .finish(policy.watch_list.as_ref().map_or(&[], |w| w.value.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_differ_and_stay_within() {
        let key = ShiftKey([7; 32]);
        let weeks = key.all(1_000, 3);
        assert!(weeks.iter().all(|w| (-3..=3).contains(w) && *w != 0));
        assert_eq!(weeks.iter().collect::<std::collections::BTreeSet<_>>().len(), 6);
        assert_eq!(weeks, key.all(1_000, 3));
        assert_ne!(weeks, ShiftKey([8; 32]).all(1_000, 3));
        for seed in 0..32 {
            let two = ShiftKey([seed; 32]).all(2, 1);
            assert_ne!(two.first(), two.last());
        }
    }
}
