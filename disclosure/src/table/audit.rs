//! The attacker (攻撃者の視点での検査): everything published, this release's tables and the earlier ones, as one system of
//! equations over counts that are whole numbers from 0 on, and the least and greatest each hidden count can then be.
//!
//! The attacker does not use the meaning of the mark. Ends of intervals are whole numbers: an answer of the solver that
//! lies within 1e-6 of one counts as that number, every other is moved inward, and where the solver's point is not whole
//! the question is asked again over whole numbers. So an interval is never stated wider than it is.
//!
//! It must never look at a hidden count: what it knows is what [`super::Published`] knows.

use std::collections::{BTreeMap, HashMap};

use super::TableError;
use super::primary::{Mask, State};
use super::published::Published;
use super::suppress::{Protect, Rule};
use super::system::{Law, Relation, System};

mod attack;

/// What can be known of a hidden count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The cell of the system.
    pub cell: usize,
    /// At least.
    pub low: u64,
    /// At most; none: nothing published limits it.
    pub high: Option<u64>,
}

impl Interval {
    /// Could the count be anything from `low` to `high`?
    #[must_use]
    pub fn covers(&self, low: u64, high: u64) -> bool {
        self.low <= low && self.high.is_none_or(|h| h >= high)
    }

    /// Distance of the ends; none: without end.
    #[must_use]
    pub fn width(&self) -> Option<u64> {
        self.high.map(|h| h.saturating_sub(self.low))
    }
}

/// What an audit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// A count below its threshold is shown (C-052).
    SmallShown,
    /// A hidden count can be narrowed down more than the rule allows (C-055).
    Narrow,
    /// A count hidden in an earlier release can be narrowed down by this one.
    Reopened,
    /// The hidden parts of a shown total add up to less than the threshold.
    SmallSum,
    /// The same cell over other persons differs by less than the threshold (C-056).
    Difference,
    /// An earlier release says another count of the same cell.
    Contradiction,
    /// All persons of a total are in one part: whoever is known to be in the total is known to be in the part.
    Concentrated,
}

impl FindingKind {
    /// May the tables not leave? A concentrated row is for a committee to weigh; the others are failures.
    #[must_use]
    pub fn blocks(self) -> bool {
        self != Self::Concentrated
    }

    /// Its code word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SmallShown => "TABLE_SMALL",
            Self::Narrow => "TABLE_NARROW",
            Self::Reopened => "TABLE_REOPENED",
            Self::SmallSum => "TABLE_SMALL_SUM",
            Self::Difference => "TABLE_DIFFERENCE",
            Self::Contradiction => "TABLE_CONTRADICTION",
            Self::Concentrated => "TABLE_CONCENTRATED",
        }
    }
}

/// One finding. It names the cell, never a count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// Who is counted.
    pub universe: String,
    /// The cell.
    pub cell: String,
}

/// The result of an audit (検査結果).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Every hidden cell of the system with its interval, in order.
    pub intervals: Vec<Interval>,
    /// What was found, sorted.
    pub findings: Vec<Finding>,
    /// Linear programs solved.
    pub programs: u64,
    /// Of these, those that had to be asked again over whole numbers.
    pub whole: u64,
}

impl Audit {
    /// Nothing that blocks.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.findings.iter().all(|f| !f.kind.blocks())
    }

    /// Findings of a kind.
    #[must_use]
    pub fn count(&self, kind: FindingKind) -> usize {
        self.findings.iter().filter(|f| f.kind == kind).count()
    }
}

/// All that is published: cells by who and what, known or not, and the relations.
#[derive(Default)]
struct Knowledge {
    names: Vec<(String, String)>,
    counts: Vec<Option<u64>>,
    relations: Vec<Relation>,
    index: HashMap<(String, String), usize>,
    contradicted: Vec<usize>,
}

impl Knowledge {
    fn add(&mut self, published: &Published) {
        let mut here = Vec::with_capacity(published.cells.len());
        for cell in &published.cells {
            let key = (published.universe(cell).to_owned(), cell.name.clone());
            let at = *self.index.entry(key.clone()).or_insert(self.names.len());
            if at == self.names.len() {
                self.names.push(key);
                self.counts.push(cell.count);
            } else if let (Some(known), Some(count)) = (self.counts.get_mut(at), cell.count) {
                if known.is_some_and(|k| k != count) {
                    self.contradicted.push(at);
                }
                *known = Some(known.unwrap_or(count));
            }
            here.push(at);
        }
        for relation in &published.relations {
            let parts: Vec<usize> = relation.parts.iter().filter_map(|p| here.get(*p).copied()).collect();
            if let (Some(total), true) = (here.get(relation.total), parts.len() == relation.parts.len()) {
                self.relations.push(Relation { total: *total, parts, law: relation.law });
            }
        }
    }

    /// Says that the persons of one universe are all in another: so is each count.
    fn nest(&mut self, inner: &str, outer: &str) {
        let pairs: Vec<Relation> = self
            .names
            .iter()
            .enumerate()
            .filter(|(_, (universe, _))| universe == inner)
            .filter_map(|(at, (_, name))| {
                let total = *self.index.get(&(outer.to_owned(), name.clone()))?;
                Some(Relation { total, parts: vec![at], law: Law::Within })
            })
            .collect();
        self.relations.extend(pairs);
    }
}

/// Audits what a mask lets through, together with what was published before.
///
/// # Errors
/// [`TableError::Mask`], [`TableError::Contradiction`] when no counts satisfy what was published, [`TableError::Solver`].
pub fn audit(system: &System, mask: &Mask, rule: &Rule, previous: &[Published]) -> Result<Audit, TableError> {
    audit_nested(system, mask, rule, previous, &[])
}

/// As [`audit`], for an attacker who also knows that all persons of one universe are in another: pairs (inner, outer).
///
/// # Errors
/// As [`audit`].
pub fn audit_nested(
    system: &System,
    mask: &Mask,
    rule: &Rule,
    previous: &[Published],
    nested: &[(String, String)],
) -> Result<Audit, TableError> {
    mask.fits(system)?;
    let current = Published::new(system, mask);
    let mut knowledge = Knowledge::default();
    knowledge.add(&current);
    let own = knowledge.names.len();
    for earlier in previous {
        knowledge.add(earlier);
    }
    for (inner, outer) in nested {
        knowledge.nest(inner, outer);
    }
    let mut audit = Audit::default();
    let mut findings = Vec::new();
    let mut find = |kind, at: usize| {
        if let Some((universe, cell)) = knowledge.names.get(at) {
            findings.push(Finding { kind, universe: universe.clone(), cell: cell.clone() });
        }
    };
    for at in &knowledge.contradicted {
        find(FindingKind::Contradiction, *at);
    }
    for (at, cell) in system.cells().iter().enumerate() {
        if !mask.hidden(at) && (1..mask.minimum(at)).contains(&cell.count) {
            find(FindingKind::SmallShown, at);
        }
    }
    for (kind, at) in rows(system, mask) {
        find(kind, at);
    }
    for at in differences(&knowledge, own, mask, previous) {
        find(FindingKind::Difference, at);
    }
    // Contradictory counts have no intervals; they block in any case.
    if knowledge.contradicted.is_empty() {
        // What an earlier release hid is protected by the strictest threshold of this one.
        let strictest = (0..mask.len()).map(|c| mask.minimum(c)).max().unwrap_or(0);
        let asked: Vec<bool> = (0..knowledge.names.len()).map(|at| at >= own || mask.hidden(at)).collect();
        let attack = attack::run(&knowledge.counts, &knowledge.relations, &asked)?;
        (audit.programs, audit.whole) = (attack.programs, attack.whole);
        for interval in attack.intervals {
            let at = interval.cell;
            if at >= own {
                let narrow = interval.width().is_some_and(|w| w < strictest);
                let unknown = knowledge.counts.get(at).is_some_and(Option::is_none);
                if unknown && narrow && interval.low < strictest && interval.high != Some(0) {
                    find(FindingKind::Reopened, at);
                }
                continue;
            }
            if !protected(rule.protect, mask.state(at), mask.minimum(at), interval) {
                find(FindingKind::Narrow, at);
            }
            audit.intervals.push(interval);
        }
    }
    findings.sort_unstable();
    findings.dedup();
    audit.findings = findings;
    Ok(audit)
}

/// Does an interval satisfy the rule for a cell of this state?
fn protected(protect: Protect, state: State, min: u64, interval: Interval) -> bool {
    match (protect, state) {
        (_, State::Shown) => true,
        (Protect::EveryCell, _) => interval.covers(1, min.saturating_sub(1)),
        (_, State::Secondary) => true,
        (Protect::Bounds, State::Primary) => interval.covers(0, min),
        (Protect::Width, State::Primary) | (_, State::Never) => interval.width().is_none_or(|w| w >= min),
    }
}

/// Totals whose hidden parts add up to little, or whose persons are all in one part.
fn rows(system: &System, mask: &Mask) -> Vec<(FindingKind, usize)> {
    let mut found = Vec::new();
    let count = |at: usize| system.cells().get(at).map_or(0, |c| c.count);
    for relation in system.relations().iter().filter(|r| r.law == Law::Sum && !mask.hidden(r.total)) {
        let (hidden, shown): (Vec<usize>, Vec<usize>) = relation.parts.iter().partition(|p| mask.hidden(**p));
        let rest = count(relation.total).saturating_sub(shown.iter().map(|p| count(*p)).sum());
        let least = hidden.iter().map(|p| mask.minimum(*p)).min().unwrap_or(0);
        if (1..least).contains(&rest) {
            found.push((FindingKind::SmallSum, relation.total));
        }
        let whole = count(relation.total);
        if whole > 0 && relation.parts.len() > 1 && shown.iter().any(|p| count(*p) == whole) {
            found.push((FindingKind::Concentrated, relation.total));
        }
    }
    found
}

/// Cells of this release that differ by little from the cell of the same name over other persons.
fn differences(knowledge: &Knowledge, own: usize, mask: &Mask, previous: &[Published]) -> Vec<usize> {
    let mut before: BTreeMap<&str, Vec<(&str, u64)>> = BTreeMap::new();
    for published in previous {
        for cell in &published.cells {
            if let Some(count) = cell.count {
                before.entry(&cell.name).or_default().push((published.universe(cell), count));
            }
        }
    }
    let differs = |at: &usize| {
        let (Some((universe, name)), Some(Some(count))) =
            (knowledge.names.get(*at), knowledge.counts.get(*at))
        else {
            return false;
        };
        let small = 1..mask.minimum(*at);
        let others = before.get(name.as_str()).into_iter().flatten();
        others.into_iter().any(|(other, c)| other != universe && small.contains(&c.abs_diff(*count)))
    };
    (0..own).filter(differs).collect()
}
