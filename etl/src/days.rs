//! The days on which a source was seen to write a person so (記載日): what time lines in matching are made of.

use jiff::civil::Date;
use musubi_model::fact::{Fact, FactTable};

/// First and last day.
pub type Days = (Date, Date);

/// The days on which the source wrote the person so, as far as facts show. An illness may have begun, and a coverage may
/// begin and end, long before and after the day on which somebody wrote a name and a number down: these do not count.
pub(crate) fn days_seen(facts: &[Fact]) -> Option<Days> {
    let telling = |f: &&Fact| {
        use FactTable as T;
        !matches!(f.table, T::Person | T::ConditionOccurrence | T::PayerPlanPeriod | T::CareNeed | T::Death)
    };
    let days = facts.iter().filter(telling).filter_map(|f| f.start).map(|start| start.earliest());
    days.fold(None, |seen: Option<Days>, day| {
        Some(seen.map_or((day, day), |(first, last)| (first.min(day), last.max(day))))
    })
}

/// The span of two spans of days.
pub(crate) fn wider(a: Option<Days>, b: Option<Days>) -> Option<Days> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (one, other) => one.or(other),
    }
}

/// A span of days adds nothing to what is known.
pub(crate) fn within(new: Option<Days>, known: Option<Days>) -> bool {
    new.is_none() || (known.is_some() && wider(new, known) == known)
}
