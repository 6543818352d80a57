//! Measured values (検査値): clipped to what enough persons have, rounded to significant digits.
//!
//! It must never tell a value beyond a bound that fewer than the required persons reach.

use musubi_model::policy::ValueRule;
use rayon::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

use super::Event;
use super::codes::Codes;

/// The bounds of a code's values in one unit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Clip {
    /// The code.
    pub code: String,
    /// The unit, may be empty.
    pub unit: String,
    /// Least value told.
    pub low: String,
    /// Greatest value told.
    pub high: String,
}

/// One value on its way.
#[derive(Clone, Copy)]
struct Seen {
    code: u32,
    unit: u32,
    value: Decimal,
    person: u32,
    at: usize,
}

/// Clips and rounds in place; values (and units) of too few persons go. Returns the bounds, and how many events changed.
pub(super) fn clip(events: &mut [Event], codes: &Codes, rule: ValueRule, least: u64) -> (Vec<Clip>, usize) {
    let seen = |(at, e): (usize, &Event)| {
        e.value.map(|value| Seen { code: e.code, unit: e.unit, value, person: e.person, at })
    };
    let mut all: Vec<Seen> = events.iter().enumerate().filter_map(seen).collect();
    all.par_sort_unstable_by_key(|s| (s.code, s.unit, s.value, s.person, s.at));
    let mut clips = Vec::new();
    let mut changed = 0;
    for group in all.chunk_by(|a, b| (a.code, a.unit) == (b.code, b.unit)) {
        let bounds = bounds(group, rule, least);
        if let (Some((low, high)), Some(first)) = (bounds, group.first()) {
            clips.push(Clip {
                code: codes.get(first.code).map_or("", |(_, _, text)| text).to_owned(),
                unit: codes.unit_text(first.unit).to_owned(),
                low: low.to_string(),
                high: high.to_string(),
            });
        }
        for seen in group {
            let told = bounds.map(|(low, high)| rounded(seen.value, rule.digits).clamp(low, high));
            changed += usize::from(told != Some(seen.value));
            if let Some(event) = events.get_mut(seen.at) {
                event.value = told;
                if told.is_none() {
                    event.unit = 0;
                }
            }
        }
    }
    (clips, changed)
}

/// The rounded bounds of sorted values: the quantiles, moved inwards until enough persons lie at or beyond each.
fn bounds(sorted: &[Seen], rule: ValueRule, least: u64) -> Option<(Decimal, Decimal)> {
    let cut = quantile(sorted.len(), rule.clip);
    let low = reached(sorted.iter(), cut, least)?;
    let high = reached(sorted.iter().rev(), cut, least)?;
    (low <= high).then(|| (rounded(low, rule.digits), rounded(high, rule.digits)))
}

/// How many of `n` values a share is, rounded down.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // share in 0..0.5
fn quantile(n: usize, share: f64) -> usize {
    (n as f64 * share) as usize
}

/// The first value after `cut` at which `least` distinct persons have been met.
fn reached<'a>(values: impl Iterator<Item = &'a Seen>, cut: usize, least: u64) -> Option<Decimal> {
    let mut persons = std::collections::HashSet::new();
    for (at, seen) in values.enumerate() {
        if (persons.len() as u64) < least {
            persons.insert(seen.person);
        }
        if at >= cut && persons.len() as u64 >= least {
            return Some(seen.value);
        }
    }
    None
}

/// A value with so many significant digits.
fn rounded(value: Decimal, digits: u32) -> Decimal {
    value.round_sf_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero).unwrap_or(value).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use musubi_model::code::CodeSystem;
    use musubi_model::fact::FactTable;

    #[test]
    fn extremes_go_to_what_enough_persons_reach() {
        let mut codes = Codes::new();
        let code = codes.code(FactTable::Measurement, &CodeSystem::Jlac10, "3D045000001906202");
        let unit = codes.unit("%");
        let event = |person: u32, hundredths: i64| Event {
            person,
            code,
            day: Some(0),
            days: 0,
            value: Some(Decimal::new(hundredths, 2)),
            unit,
        };
        let mut events: Vec<Event> = (0..100).map(|p| event(p, 500 + i64::from(p))).collect();
        // One person, many times, far out.
        events.extend((0..20).map(|i| event(7, 2_000 + i)));
        let rule = ValueRule { clip: 0.01, digits: 2 };
        let (clips, _) = clip(&mut events, &codes, rule, 10);
        let bounds: Vec<_> = clips.iter().map(|c| (c.low.as_str(), c.high.as_str())).collect();
        assert_eq!(bounds, [("5.1", "5.9")]);
        assert!(
            events
                .iter()
                .all(|e| e.value <= Some(Decimal::new(59, 1)) && e.value >= Some(Decimal::new(51, 1)))
        );
        // Nine persons are too few for any value.
        let mut few: Vec<Event> = (0..9).map(|p| event(p, 500)).collect();
        assert!(clip(&mut few, &codes, rule, 10).0.is_empty());
        assert!(few.iter().all(|e| e.value.is_none() && e.unit == 0));
    }
}
