//! Products of rows (個票の製品): from the extracted persons and events to files that satisfy a policy.
//!
//! The order is that of the rule chain: pseudonyms, person table, events inside the classes of the person table, labels.
//! Everything here is a function of the extract, the policy and the pseudonyms; nothing is written. It must never
//! decide that a product may leave: the independent checker does.

mod events;
mod keyed;
mod person;

pub(crate) use keyed::{Keyed, pseudonyms, said};

use std::collections::BTreeMap;

use musubi_disclosure::events::{self as engine, LEFT_OUT, Log, Released, Search, ShiftKey};
use musubi_model::FactTable;
use musubi_model::policy::{PersonPolicy, Policy, Recoding};
use musubi_model::spec::{Product, RowSpec};

use crate::error::ReleaseError;
use crate::extract::Linked;
use crate::pack::{EventClaims, EventLevel, Persons, Probabilities, Risk, RowClaims, Sheet};

/// A product, ready to be written.
#[derive(Debug)]
pub struct Made {
    /// The files.
    pub sheets: Vec<Sheet>,
    /// What is claimed.
    pub risk: Risk,
    /// What each step on the events did.
    pub log: Vec<Log>,
    /// For each row of each file of events the fact behind it, for pseudonymised products (law.md G-20): the file's
    /// name, then for each of its rows the place of the event in the extract.
    pub sources: Vec<(String, Vec<usize>)>,
    /// By how many days the dates of each person of the extract were moved (pseudonymised products).
    pub shifts: Vec<i32>,
    /// The persons of the extract who are in the product.
    pub kept: Vec<usize>,
    /// For each table the finest steps told: up the ladder of codes, up the bins.
    pub finest: BTreeMap<FactTable, (u8, u8)>,
}

/// Persons in the order of their pseudonyms, with these.
#[derive(Debug)]
pub struct Ordered {
    /// The extract, its persons in the order of `pids`.
    pub linked: Linked,
    /// The pseudonyms, ascending, 16 hexadecimal digits each.
    pub pids: Vec<String>,
}

impl Ordered {
    /// Puts the persons of an extract in the order of their pseudonyms: the order of the files says nothing of the order
    /// in the house (law.md C-049). `pids` has one for each person of the extract.
    ///
    /// # Errors
    /// [`ReleaseError::Internal`] when there is not one pseudonym for each person.
    #[allow(clippy::needless_pass_by_value)] // pseudonyms in the order of before are not to be had any more
    pub fn new(mut linked: Linked, pids: Vec<String>) -> Result<Self, ReleaseError> {
        let persons = linked.persons.len();
        if pids.len() != persons || linked.keys.len() != persons {
            return Err(ReleaseError::Internal("not one pseudonym for each person"));
        }
        let mut order: Vec<usize> = (0..persons).collect();
        order.sort_unstable_by(|a, b| pids.get(*a).cmp(&pids.get(*b)));
        let mut rank = vec![0u32; persons];
        for (to, from) in (0u32..).zip(&order) {
            if let Some(rank) = rank.get_mut(*from) {
                *rank = to;
            }
        }
        fn taken<T: Clone>(all: &[T], order: &[usize]) -> Vec<T> {
            order.iter().filter_map(|at| all.get(*at).cloned()).collect()
        }
        linked.persons = taken(&linked.persons, &order);
        linked.keys = taken(&linked.keys, &order);
        linked.index_days = taken(&linked.index_days, &order);
        for event in &mut linked.events {
            event.person = usize::try_from(event.person)
                .ok()
                .and_then(|at| rank.get(at).copied())
                .ok_or(ReleaseError::Internal("an event of nobody"))?;
        }
        Ok(Self { pids: taken(&pids, &order), linked })
    }
}

/// Makes the product.
///
/// # Errors
/// [`ReleaseError::Column`]: a column that the policy does not classify, or may not leave. [`ReleaseError::Floor`]: fewer
/// persons than a class must have. What the engine says when nothing satisfies the policy.
pub fn make(
    ordered: &Ordered,
    asked: &RowSpec,
    policy: &Policy,
    shift: &ShiftKey,
) -> Result<Made, ReleaseError> {
    let person_policy = person_rules(policy)?;
    let with_events = !asked.events.is_empty();
    let k = smallest_class(person_policy, asked);
    let persons = ordered.linked.persons.len();
    match u64::try_from(persons).unwrap_or(u64::MAX) {
        0 => return Err(ReleaseError::Empty("all steps".to_owned())),
        n if n < k => return Err(ReleaseError::Floor { floor: k }),
        _ => {}
    }
    let events = with_events
        .then(|| {
            let events = policy.events.as_ref();
            events.ok_or(ReleaseError::Policy("the policy has no [events] (記録の規則がありません)"))
        })
        .transpose()?;

    let own = events::of_engine(&ordered.linked, asked);
    let table = table_of(ordered, &own, asked, policy)?;
    let recoded = match person_policy.recoding.value {
        Recoding::None => table.as_it_is(),
        how => table.recoded(person_policy, k, how)?,
    };
    let released = match events {
        None => None,
        Some(events) => Some(told(ordered, &own, &recoded.classes, policy, events, shift)?),
    };
    let kept = persons - recoded.left_out();
    let mut sheets = vec![person::sheet(&table, &recoded, &ordered.pids)];
    let mut sources = Vec::new();
    let mut log = Vec::new();
    let mut clip = Vec::new();
    let mut claims = None;
    let mut shifts = Vec::new();
    let mut finest: BTreeMap<FactTable, (u8, u8)> = BTreeMap::new();
    if let Some(released) = released {
        let files = events::sheets(&released, asked, policy, &ordered.pids)?;
        if policy.product == Product::Pseudonymized {
            sources = events::sources(&released, &own.events, &own.origin);
            shifts = events::shifts(&released, &sources, &ordered.linked)?;
        }
        sheets.extend(files);
        claims = Some(claimed(&released));
        clip = events::clips(&released);
        for (table, code, bin) in released.detail.keys() {
            let least = finest.entry(*table).or_insert((*code, *bin));
            *least = (least.0.min(*code), least.1.min(*bin));
        }
        log = released.log;
    }
    let classes = recoded.sizes.len().max(1);
    let smallest = recoded.sizes.iter().copied().min().unwrap_or(0);
    #[allow(clippy::cast_precision_loss)] // numbers of persons, far below 2^53
    let risk = Probabilities {
        prosecutor_max: if smallest == 0 { 1.0 } else { 1.0 / smallest as f64 },
        marketer: classes as f64 / kept.max(1) as f64,
    };
    let rows = RowClaims {
        persons: Persons {
            cohort: persons as u64,
            released: kept as u64,
            suppressed: recoded.left_out() as u64,
        },
        k: (policy.product != Product::Pseudonymized).then_some(smallest),
        l: None,
        t: None,
        classes: recoded.sizes.len() as u64,
        loss: recoded.loss,
        events: claims,
        columns: person::columns(&table, &recoded),
        clip,
        risk,
    };
    let kept = (0..persons).filter(|p| recoded.classes.get(*p).copied().is_some_and(in_product)).collect();
    Ok(Made { sheets, risk: Risk::of_rows(policy, rows), log, sources, shifts, kept, finest })
}

/// The policy's rules for persons.
fn person_rules(policy: &Policy) -> Result<&PersonPolicy, ReleaseError> {
    let rules = policy.person.as_ref();
    rules.ok_or(ReleaseError::Policy("the policy has no [person] (個票の規則がありません)"))
}

/// Persons that a class must have at least.
fn smallest_class(rules: &PersonPolicy, asked: &RowSpec) -> u64 {
    match (&rules.k_with_events, asked.events.is_empty()) {
        (Some(k), false) => k.value.max(rules.k.value),
        _ => rules.k.value,
    }
}

/// The person table before it is recoded. A rare disease of the watch list takes the prefecture with it (law.md C-045).
fn table_of(
    ordered: &Ordered,
    own: &events::Own,
    asked: &RowSpec,
    policy: &Policy,
) -> Result<person::Table, ReleaseError> {
    let rules = person_rules(policy)?;
    let watched = policy
        .events
        .as_ref()
        .filter(|_| !asked.events.is_empty())
        .and_then(|e| e.watch_list.as_ref())
        .map_or_else(Vec::new, |list| engine::watch_list_persons(&own.events, &own.codes, &list.value));
    person::Table::read(&ordered.linked, asked, rules, &watched)
}

/// What the rows of a request would come to (試算).
pub(crate) struct Tried {
    /// Persons that a class must have at least.
    pub(crate) k: u64,
    /// Persons of each class as the values are, before anything is made coarser.
    pub(crate) before: Vec<u64>,
    /// What is claimed of the product; or why there is none.
    pub(crate) after: Result<RowClaims, ReleaseError>,
}

/// Tries the rows of a request out: made as [`make`] makes them, under numbers that mean nothing, and dropped.
pub(crate) fn tried(linked: Linked, asked: &RowSpec, policy: &Policy) -> Result<Tried, ReleaseError> {
    let pids = (0..linked.persons.len()).map(|n| format!("{n:016x}")).collect();
    let ordered = Ordered::new(linked, pids)?;
    let own = events::of_engine(&ordered.linked, asked);
    let before = table_of(&ordered, &own, asked, policy)?.as_it_is().sizes;
    let made = make(&ordered, asked, policy, &ShiftKey([0; 32]));
    let lost = ReleaseError::Internal("rows without claims");
    let after = made.and_then(|made| made.risk.rows.ok_or(lost));
    Ok(Tried { k: smallest_class(person_rules(policy)?, asked), before, after })
}

fn told(
    ordered: &Ordered,
    own: &events::Own,
    classes: &[u32],
    policy: &Policy,
    events: &musubi_model::policy::EventPolicy,
    shift: &ShiftKey,
) -> Result<Released, ReleaseError> {
    let given = own.events.clone();
    if policy.product == Product::Pseudonymized {
        let days = events::index_days(&ordered.linked)?;
        return Ok(engine::pseudonymise(given, &own.codes, classes, &days, events, shift)?);
    }
    let released = engine::anonymise(given, &own.codes, classes, events, Search::default())?;
    // The claim is recounted from the rows alone before anything is written.
    let (m, k) = (events.known_events.value, events.k.value);
    let least = engine::claim::least_shared(&released, classes, m, events.dates_known.value);
    if least.is_some_and(|least| least < k) {
        return Err(ReleaseError::Internal("the events do not keep their own claim"));
    }
    Ok(released)
}

fn claimed(released: &Released) -> EventClaims {
    let levels = released.detail.iter().map(|((table, code, bin), events)| EventLevel {
        file: table.as_str().to_owned(),
        ja: format!("コード{code}段・時期{bin}段"),
        en: format!("code step {code}, bin step {bin}"),
        events: *events,
    });
    let counts = &released.counts;
    EventClaims {
        known_events: counts.known_events,
        k: counts.k,
        items: counts.items,
        released: counts.released,
        coarsened: counts.coarsened,
        removed: counts.removed,
        levels: levels.collect(),
    }
}

/// Is a person in the product?
fn in_product(class: u32) -> bool {
    class != LEFT_OUT
}
