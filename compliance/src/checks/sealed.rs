//! Products (C-030 to C-058): what a case is, and when it is sound. Pure. The room that builds releases reads the sealed
//! files; this module knows no format, and sees counts, ids and hashes only.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Judgement, Unreadable, each};

/// What every judgement here returns.
type Judged = Result<Judgement, Unreadable>;

/// A release with the number of things wrong with it.
#[derive(Debug, Clone, Serialize)]
pub struct Flaws {
    /// The release.
    pub release: String,
    /// The hash of the file that was looked at.
    pub file: String,
    /// Values, columns or cells looked at.
    pub looked: u64,
    /// Of them, wrong ones.
    pub wrong: u64,
}

/// C-030 to C-033, C-037, C-039, C-044 to C-047, C-049, C-051 to C-055: nothing is wrong.
pub fn flawless(cases: &[Flaws]) -> Judged {
    let values = cases.iter().map(|c| c.looked).sum();
    let wrong = cases.iter().map(|c| c.wrong).sum();
    Ok(each(cases, |c| c.release.clone(), |c| c.wrong == 0)?.with("values", values).with("wrong", wrong))
}

/// C-034: the ids of a release, as hashes.
#[derive(Debug, Clone, Serialize)]
pub struct Pids {
    /// The release.
    pub release: String,
    /// Ids it shares with an earlier one.
    pub shared: u64,
}

/// C-034: none shared.
pub fn new_pids(cases: &[Pids]) -> Judged {
    each(cases, |c| c.release.clone(), |c| c.shared == 0)
}

/// What became of the key of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum KeyFate {
    /// Destroyed.
    Destroyed,
    /// Kept in the vault under two people.
    Vaulted,
    /// Anything else.
    Loose,
}

/// C-035: the key of a release.
#[derive(Debug, Clone, Serialize)]
pub struct ReleaseKey {
    /// The release.
    pub release: String,
    /// Pseudonymised?
    pub pseudonymised: bool,
    /// What became of it.
    pub fate: KeyFate,
    /// Who signed.
    pub signers: BTreeSet<String>,
}

/// C-035: destroyed or vaulted as the product asks, by two.
pub fn release_keys(cases: &[ReleaseKey]) -> Judged {
    let due = |c: &ReleaseKey| if c.pseudonymised { KeyFate::Vaulted } else { KeyFate::Destroyed };
    each(cases, |c| c.release.clone(), |c| c.fate == due(c) && c.signers.len() >= 2)
}

/// C-036, C-038: the smallest of something, and how small it may be.
#[derive(Debug, Clone, Serialize)]
pub struct Smallest {
    /// The release.
    pub release: String,
    /// The smallest found by the independent checker.
    pub smallest: u64,
    /// What the product asks.
    pub least: u64,
}

/// C-036, C-038, C-040: at least what the product asks, and at least the floor.
pub fn at_least(cases: &[Smallest], floor: u64) -> Judged {
    each(cases, |c| c.release.clone(), |c| c.smallest >= c.least.max(floor))
}

/// C-043: dates of a release.
#[derive(Debug, Clone, Serialize)]
pub struct Dates {
    /// The release.
    pub release: String,
    /// Pseudonymised?
    pub pseudonymised: bool,
    /// Coarsened to month, quarter or days since an index?
    pub coarse: bool,
    /// Shifted?
    pub shifted: bool,
    /// Different shifts among the persons.
    pub shifts: u64,
    /// Does a shift stand outside the vault?
    pub shift_outside: bool,
}

/// C-043: a shift alone is enough for pseudonymised data only, and never one shift for all.
pub fn dates(cases: &[Dates]) -> Judged {
    let sound = |c: &Dates| {
        !c.shift_outside && (!c.shifted || c.shifts > 1) && if c.pseudonymised { c.shifted } else { c.coarse }
    };
    each(cases, |c| c.release.clone(), sound)
}

/// C-050: persons of a release and what they were told.
#[derive(Debug, Clone, Serialize)]
pub struct Scope {
    /// The release.
    pub release: String,
    /// Persons whose notice does not cover the product.
    pub outside: u64,
}

/// C-050: none outside.
pub fn scope(cases: &[Scope]) -> Judged {
    each(cases, |c| c.release.clone(), |c| c.outside == 0)
}

/// C-056: two releases of one universe.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The newer release.
    pub release: String,
    /// The older one.
    pub earlier: String,
    /// Cells shown in both.
    pub cells: u64,
    /// Cells whose difference gives few persons away.
    pub few: u64,
}

/// C-056: no difference gives few persons away.
pub fn differences(cases: &[Difference], releases: u64) -> Judged {
    let judged = each(cases, |c| format!("{} − {}", c.release, c.earlier), |c| c.few == 0)?;
    Ok(judged.looked_over(releases).with("pairs", super::number(cases.len())))
}

/// C-057: a statistic asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Statistic {
    /// The release.
    pub release: String,
    /// Is it one of those allowed?
    pub allowed: bool,
}

/// C-057: all allowed.
pub fn statistics(cases: &[Statistic]) -> Judged {
    each(cases, |c| c.release.clone(), |c| c.allowed)
}

/// C-058: who built a release, and who verified it.
#[derive(Debug, Clone, Serialize)]
pub struct Apart {
    /// The release.
    pub release: String,
    /// Who built it; `None`: nobody noted it.
    pub built: Option<Hand>,
    /// Sound verifications of the package that the ledger names.
    pub verified: Vec<Hand>,
}

/// An account at work: in a run, with a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hand {
    /// The account.
    pub actor: String,
    /// The run; empty: nobody noted it.
    pub run: String,
    /// Does the signed list name the program? Where there is no list, C-092 says so, and this is not asked.
    pub listed: bool,
}

/// C-058: verified by somebody else in another run, and both programs are on the list. The checker's code is its own
/// (`musubi_release::checker` shares nothing with the builder), so one vouched binary may hold both.
pub fn apart(cases: &[Apart]) -> Judged {
    let sound = |c: &Apart| {
        c.built.as_ref().is_some_and(|b| {
            let other = |v: &&Hand| v.actor != b.actor && v.run != b.run && !v.run.is_empty() && v.listed;
            b.listed && c.verified.iter().any(|v| other(&v))
        })
    };
    each(cases, |c| c.release.clone(), sound)
}
