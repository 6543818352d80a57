//! Linked events (個人に結び付く記録): what happened to the persons of a product, told so that knowing some of a person's
//! events does not find the person.
//!
//! The steps, in this order: rare codes, bins of days, clipped values, sensitive groups, k^m within the classes of the
//! person table ([`anonymise`]); or only dates moved by whole weeks ([`pseudonymise`]). `docs/linked-events.md` says
//! what is claimed and against whom. It must never read a file, a clock or a random number: the same input gives the
//! same rows on any number of threads.

pub mod attack;
pub mod claim;
mod codes;
mod gather;
mod grid;
mod pseudonymise;
mod rare;
mod rows;
mod specialise;
mod split;
mod support;
mod values;

use std::collections::BTreeMap;
use std::ops::Range;

use musubi_model::fact::FactTable;
use musubi_model::policy::EventPolicy;
use rayon::prelude::*;
use rust_decimal::Decimal;

pub use codes::{Codes, Ladders, UNTOLD};
pub use gather::{plain_value, watch_list_persons};
pub use grid::When;
pub use pseudonymise::{ShiftKey, pseudonymise};
pub use rows::{Days, Released, Row};
pub use values::Clip;

use grid::Grid;
use specialise::{Aim, Placed, leaves, specialise};

/// The class of a person who is not in the product; events of such persons are passed over.
pub const LEFT_OUT: u32 = u32::MAX;

/// An event of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Position of the person in the product, 0 for the first.
    pub person: u32,
    /// Number of the code in [`Codes`]; it says the table as well.
    pub code: u32,
    /// Days since the person's index day; none when the source gives no day.
    pub day: Option<i32>,
    /// Days it lasted or was prescribed for; 0: none given.
    pub days: u16,
    /// The number measured; none for texts and for values with a comparator ([`plain_value`]).
    pub value: Option<Decimal>,
    /// Number of the unit in [`Codes`]; 0: none.
    pub unit: u32,
}

/// What becomes finer first. Without preference the engine tries all on a sample of classes and keeps the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Codes before bins: what happened matters more.
    CodesFirst,
    /// Bins before codes: when it happened matters more.
    TimeFirst,
    /// The items of most persons and bins first, whether code or bin.
    Balanced,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CodesFirst, Self::TimeFirst, Self::Balanced];

    fn word(self) -> &'static str {
        match self {
            Self::CodesFirst => "codes_first",
            Self::TimeFirst => "time_first",
            Self::Balanced => "balanced",
        }
    }
}

/// How the engine searches; the claim is the same with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// What becomes finer first; none: the best on a sample.
    pub order: Option<Order>,
    /// May single persons stay coarser than the rest of their class? Otherwise an item is as fine for all or for none:
    /// more comparable, much less detail.
    pub local: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self { order: None, local: true }
    }
}

/// What a step did, for the book of the release. All numbers are events.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Log {
    /// The step.
    pub rule: &'static str,
    /// Its parameters.
    pub parameters: String,
    /// Events before it.
    pub before: u64,
    /// Events after it.
    pub after: u64,
    /// Taken out.
    pub removed: u64,
    /// Made coarser (for values: changed).
    pub coarsened: u64,
}

/// How far the events of a table were made coarser: steps up the ladder, steps up the bins (0: as in the source, for
/// the bins: the finest).
pub type Detail = BTreeMap<(FactTable, u8, u8), u64>;

/// Counts for `risk.json`, section `events`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Known events (m).
    pub known_events: u32,
    /// Persons that share any so many.
    pub k: u64,
    /// Different items in the product.
    pub items: u64,
    /// Rows.
    pub released: u64,
    /// Events told less finely than in the source, bins apart.
    pub coarsened: u64,
    /// Events not told at all.
    pub removed: u64,
}

/// Why events could not be made ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// An event of nobody.
    #[error(
        "ANON_EVENT_PERSON: an event names person {found}, there are {persons}; number persons from 0 and give a class \
         for each (記録の人の番号が範囲外です)"
    )]
    Person {
        /// The number.
        found: u32,
        /// Persons there are.
        persons: usize,
    },
    /// An event with a code or a unit that was never interned.
    #[error(
        "ANON_EVENT_CODE: an event names code {code}, unit {unit}, which the list of codes does not have; take numbers \
         from Codes::code and Codes::unit (記録のコードが一覧にありません)"
    )]
    Code {
        /// The code's number.
        code: u32,
        /// The unit's number.
        unit: u32,
    },
    /// A day nobody lives to see.
    #[error(
        "ANON_EVENT_DAY: an event lies {days} days from its index day; expected at most 1,000,000, mend the index day \
         (記録の日が範囲外です)"
    )]
    Day {
        /// The days.
        days: i32,
    },
    /// More known events than can be protected.
    #[error(
        "ANON_EVENT_KNOWN: the policy says {found} known events; 1 to 3 can be protected (既知事象数は1から3までです)"
    )]
    Known {
        /// The number.
        found: u32,
    },
    /// The policy's rule for dates is not for this product.
    #[error(
        "ANON_EVENT_DATES: the policy's rule for dates is {found}, expected {expected} (日付の扱いが成果物の種類に合いません)"
    )]
    Dates {
        /// The rule.
        found: &'static str,
        /// What would do.
        expected: &'static str,
    },
    /// Index days are missing.
    #[error(
        "ANON_EVENT_INDEX: {found} index days for {expected} persons; give one for each (起点日の数が人数と違います)"
    )]
    Index {
        /// Days given.
        found: usize,
        /// Persons.
        expected: usize,
    },
}

/// A class of the person table with its part of the sorted events.
#[derive(Debug, Clone)]
pub(crate) struct ClassPart {
    /// Persons of the class, also those without events.
    pub persons: u64,
    /// Its events.
    pub events: Range<usize>,
}

/// Makes the events of an anonymised product.
///
/// `classes` has for each person the number of its class, equal for persons equal in all quasi-identifiers *as
/// published*, or [`LEFT_OUT`].
///
/// # Errors
/// [`EventsError`].
pub fn anonymise(
    events: Vec<Event>,
    codes: &Codes,
    classes: &[u32],
    policy: &EventPolicy,
    search: Search,
) -> Result<Released, EventsError> {
    let m = policy.known_events.value;
    if !(1..=3).contains(&m) {
        return Err(EventsError::Known { found: m });
    }
    let grid = Grid::new(policy.dates.value).ok_or(EventsError::Dates {
        found: "not relative, or its bins do not lie in each other",
        expected: "relative bins, each a multiple of the one before",
    })?;
    let ladders = Ladders::new(codes, &policy.ladders);
    let given = events.len();
    let mut events = gather::checked(events, codes, classes)?;
    gather::sort(&mut events, classes);
    let mut log = vec![Log::new("scope", "events of persons in the product", given, events.len(), 0)];

    // 1. Rare codes, counted over the whole product.
    let least = policy.rare_min_persons.value;
    let before = events.len();
    let depth = rare::depths(&events, &ladders, codes.len(), least);
    events.retain(|e| rare::told(&depth, e.code) > 0);
    let coarser = |e: &&Event| usize::from(rare::told(&depth, e.code)) < ladders.chain(e.code).len();
    let coarsened = events.iter().filter(coarser).count();
    log.push(Log::new("rare_codes", format!("rare_min_persons={least}"), before, events.len(), coarsened));

    // 2. Bins of days: events keep their day inside the engine, rows only ever tell bins.
    log.push(Log::new("dates", grid.parameters(), events.len(), events.len(), events.len()));

    // 3. Values.
    let (clips, changed) = values::clip(&mut events, codes, policy.values.value, least);
    let parameters = format!("clip={} digits={}", policy.values.value.clip, policy.values.value.digits);
    log.push(Log::new("values", parameters, events.len(), events.len(), changed));

    // 4. Sensitive groups that a whole class has.
    let before = events.len();
    let mut parts = gather::parts(&events, classes);
    gather::drop_sensitive(&mut events, &mut parts, codes, &policy.sensitive);
    log.push(Log::new("sensitive", format!("groups={}", policy.sensitive.len()), before, events.len(), 0));

    // 5. k^m within the classes.
    let mut aim = Aim {
        m,
        k: u32::try_from(policy.k.value).unwrap_or(u32::MAX),
        dates_known: policy.dates_known.value,
        order: search.order.unwrap_or(Order::Balanced),
        local: search.local,
    };
    let run = |part: &ClassPart, aim: Aim| {
        let part = events.get(part.events.clone()).unwrap_or_default();
        specialise(leaves(part, &grid, aim.dates_known), &ladders, &depth, &grid, aim)
    };
    if search.order.is_none() {
        let sample: Vec<&ClassPart> = parts.iter().step_by(parts.len().div_ceil(SAMPLE).max(1)).collect();
        let score = |order: Order| -> u64 {
            let score = |part: &&ClassPart| {
                let placed = run(part, Aim { order, ..aim });
                let part = events.get(part.events.clone()).unwrap_or_default();
                rows::utility(&leaves(part, &grid, aim.dates_known), &placed, &ladders, &grid)
            };
            sample.par_iter().map(score).sum()
        };
        let scores = Order::ALL.map(|order| (score(order), std::cmp::Reverse(order)));
        aim.order = scores.into_iter().max().map_or(Order::Balanced, |(_, order)| order.0);
    }
    let mut placed: Vec<Placed> = parts.par_iter().map(|part| run(part, aim)).collect();

    let product = rows::Product { events: &events, parts: &parts, ladders: &ladders, grid: &grid, aim };
    let told = product.told(&placed);
    let parameters =
        format!("m={m} k={} dates_known={} order={}", policy.k.value, aim.dates_known, aim.order.word());
    log.push(Log::new("km", parameters, events.len(), told, product.coarsened(&placed, &depth)));

    // 6. Labels that have become rare on the way: off for everybody, which no count of others can feel.
    product.drop_rare_labels(&mut placed, least);
    let after = product.told(&placed);
    log.push(Log::new("rare_labels", format!("rare_min_persons={least}"), told, after, 0));

    let mut released = product.release(&placed, codes, policy);
    log.push(Log::new("one_row_per_item", "", after, released.rows.len(), 0));
    released.counts.removed = (given - after) as u64;
    released.log = log;
    released.clips = clips;
    Ok(released)
}

/// Classes on which the orders are compared.
const SAMPLE: usize = 16;

impl Log {
    fn new(
        rule: &'static str,
        parameters: impl Into<String>,
        before: usize,
        after: usize,
        coarsened: usize,
    ) -> Self {
        let (before, after, coarsened) = (before as u64, after as u64, coarsened as u64);
        Self { rule, parameters: parameters.into(), before, after, removed: before - after, coarsened }
    }
}
