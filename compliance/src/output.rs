//! Output check by two and the two keys (出力確認・提供の二つの鍵): the states a release goes through before anybody outside
//! gets a byte of it, as types. [`Built`] → [`Checked`] → [`Keyed`] → [`Permit`]; each is made from the one before only.
//!
//! It stands in this room because the checks C-063 to C-069 judge hand-overs by the same rules. It must never count a vote
//! of whoever made or approved the release, nor a key of whoever checked it, and never let a missing word pass for a yes.

use std::collections::{BTreeMap, BTreeSet};

use musubi_storage::act::output::{HandKeyRow, OutputRows, VoteRow};

use crate::audit::AuditRole;
use crate::handover::Condition;
use crate::operation::PEOPLE;

word_list! {
    /// What a checker says of a file.
    Verdict {
        /// May go out as it is.
        Approve = "approve", "適";
        /// Not as it is.
        Change = "change", "要修正";
        /// Not at all.
        Reject = "reject", "不適";
    }
}

word_list! {
    /// When a vote is given.
    Phase {
        /// Nobody sees another's vote.
        Blind = "blind", "独立確認";
        /// All see all, and each votes once more.
        Consolidation = "consolidation", "突合せ";
    }
}

word_list! {
    /// From which rule an exception is asked.
    Ground {
        /// The least number of persons in a cell. No officer can grant it.
        CellMinimum = "cell-minimum", "最小の人数(法令等の下限)";
        /// Cells close above the least number.
        NearThreshold = "near-threshold", "下限に近いセル";
        /// What the difference to an earlier release tells.
        Differencing = "differencing", "過去の提供との差";
        /// One part that is nearly all of a total.
        Concentration = "concentration", "一つの区分への集中";
        /// A category that few have.
        RareCategory = "rare-category", "まれな区分";
        /// Something else, told in the reason.
        Other = "other", "その他";
    }
}

impl Ground {
    /// May an officer grant it? What the law asks of every cell, nobody can.
    #[must_use]
    pub fn grantable(self) -> bool {
        self != Self::CellMinimum
    }
}

/// Files that go with every package and say nothing of anybody: they are held by the signatures.
const ACCOMPANYING: [&str; 10] = [
    "README.txt",
    "README.en.txt",
    "approval.json",
    "approval.sig",
    "spec.toml",
    "policy.toml",
    "policy.sig",
    "dictionary.csv",
    "risk.json",
    "risk.html",
];

/// Of the files of a manifest, those that are voted on: all that hold results. A Parquet file beside a CSV of the same
/// name holds the same values, as the independent checker has found, and is voted on with it.
pub fn voted_files<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let twin = |name: &str| {
        let csv = name.strip_suffix(".parquet").map(|stem| format!("{stem}.csv"));
        csv.is_some_and(|csv| names.contains(csv.as_str()))
    };
    let own = names.iter().filter(|n| !ACCOMPANYING.contains(n) && !twin(n));
    own.map(|n| (*n).to_owned()).collect()
}

/// A built release (作成済).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its name.
    pub release: String,
    /// BLAKE3 of its manifest.
    pub manifest_hash: String,
    /// The files that are voted on.
    pub files: BTreeSet<String>,
    /// Accounts that made it.
    pub makers: BTreeSet<String>,
    /// Whoever approved it.
    pub approver: String,
}

/// A release that enough checkers found fit (確認済). Made by [`Built::standing`] only:
///
/// ```compile_fail,E0451
/// use musubi_compliance::output::{Built, Checked};
///
/// fn unchecked(built: Built) -> Checked {
///     Checked { built, checkers: Default::default() }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    built: Built,
    checkers: BTreeSet<String>,
}

/// A checked release on which enough keys are set (鍵設定済). Made by [`Checked::keyed`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    checked: Checked,
    holders: BTreeSet<String>,
}

/// The leave to hand a release over (引渡し可). Made by [`Keyed::permit`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    keyed: Keyed,
}

/// Where the check of a release stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Checkers vote blind; these have.
    Blind(BTreeSet<String>),
    /// They differ and vote once more; these have.
    Consolidating(BTreeSet<String>),
    /// They still differ: an officer decides.
    Undecided,
    /// So many exceptions wait for an officer.
    Exceptions(usize),
    /// Goes back to whoever made it.
    Returned,
    /// Fit.
    Checked(Checked),
}

impl Standing {
    /// The word of the state.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Blind(_) => "blind",
            Self::Consolidating(_) => "consolidation",
            Self::Undecided => "undecided",
            Self::Exceptions(_) => "exceptions",
            Self::Returned => "returned",
            Self::Checked(_) => "checked",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(&self) -> &'static str {
        match self {
            Self::Blind(_) => "独立確認中",
            Self::Consolidating(_) => "突合せ中",
            Self::Undecided => "責任者の判断待ち",
            Self::Exceptions(_) => "例外の判断待ち",
            Self::Returned => "差戻し",
            Self::Checked(_) => "確認済",
        }
    }
}

/// Whole ballots by checker.
type Ballots<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>;

/// Do all say the same, and is it a yes to everything? `None`: they differ.
fn agreement(ballots: &Ballots<'_>) -> Option<bool> {
    let mut all = ballots.values();
    let first = all.next()?;
    all.all(|b| b == first).then(|| first.values().all(|v| *v == Verdict::Approve.as_str()))
}

impl Built {
    /// May this account check it?
    #[must_use]
    pub fn may_check(&self, account: &str) -> bool {
        !self.makers.contains(account) && self.approver != account
    }

    /// The ballots of a phase that count: on this manifest, of all files, by somebody apart.
    fn ballots<'a>(&self, votes: &'a [VoteRow], phase: Phase) -> Ballots<'a> {
        let mut ballots = Ballots::new();
        let counts = |v: &&VoteRow| {
            v.phase == phase.as_str() && v.manifest_hash == self.manifest_hash && self.may_check(&v.checker)
        };
        for vote in votes.iter().filter(counts) {
            ballots.entry(&vote.checker).or_default().insert(&vote.file, &vote.verdict);
        }
        ballots.retain(|_, said| {
            !self.files.is_empty() && said.keys().copied().eq(self.files.iter().map(String::as_str))
        });
        ballots
    }

    /// Is the blind phase over, so that votes and comments may be read?
    #[must_use]
    pub fn open(&self, rows: &OutputRows, checkers: usize) -> bool {
        self.ballots(&rows.votes, Phase::Blind).len() >= checkers.max(PEOPLE)
    }

    /// Where the check stands. `checkers`: how many it takes; never fewer than two.
    #[must_use]
    pub fn standing(&self, rows: &OutputRows, checkers: usize) -> Standing {
        let names = |b: &Ballots<'_>| b.keys().map(|c| (*c).to_owned()).collect::<BTreeSet<_>>();
        let blind = self.ballots(&rows.votes, Phase::Blind);
        if blind.len() < checkers.max(PEOPLE) {
            return Standing::Blind(names(&blind));
        }
        let fit = match agreement(&blind) {
            Some(fit) => fit,
            None => {
                let mut again = self.ballots(&rows.votes, Phase::Consolidation);
                again.retain(|checker, _| blind.contains_key(checker));
                if again.len() < blind.len() {
                    return Standing::Consolidating(names(&again));
                }
                match agreement(&again) {
                    Some(fit) => fit,
                    None => match &rows.decision {
                        Some((hash, word))
                            if *hash == self.manifest_hash && self.decides(&word.by, &blind) =>
                        {
                            word.yes
                        }
                        _ => return Standing::Undecided,
                    },
                }
            }
        };
        let own = rows.exceptions.iter().filter(|e| e.manifest_hash == self.manifest_hash);
        let (decided, open): (Vec<_>, Vec<_>) = own.partition(|e| e.decision.is_some());
        let refused = decided.iter().filter_map(|e| e.decision.as_ref()).any(|d| !d.yes);
        if !fit || refused {
            Standing::Returned
        } else if open.is_empty() {
            Standing::Checked(Checked { built: self.clone(), checkers: names(&blind) })
        } else {
            Standing::Exceptions(open.len())
        }
    }

    /// May this account decide where checkers differ?
    fn decides(&self, account: &str, ballots: &Ballots<'_>) -> bool {
        self.may_check(account) && !ballots.contains_key(account)
    }
}

impl Checked {
    /// Whoever checked it.
    #[must_use]
    pub fn checkers(&self) -> &BTreeSet<String> {
        &self.checkers
    }

    /// May this account set a key on it, in this role?
    #[must_use]
    pub fn may_key(&self, account: &str, role: &str) -> bool {
        let holds = [AuditRole::ReleaseApprover, AuditRole::Officer].iter().any(|r| r.as_str() == role);
        holds && !self.checkers.contains(account) && !self.built.makers.contains(account)
    }

    /// The keys that count: of different people apart, on exactly this manifest.
    #[must_use]
    pub fn holders(&self, keys: &[HandKeyRow]) -> BTreeSet<String> {
        let counts =
            |k: &&HandKeyRow| k.manifest_hash == self.built.manifest_hash && self.may_key(&k.holder, &k.role);
        keys.iter().filter(counts).map(|k| k.holder.clone()).collect()
    }

    /// With enough keys. `keys_needed`: how many it takes; never fewer than two.
    ///
    /// # Errors
    /// How many are missing.
    pub fn keyed(self, keys: &[HandKeyRow], keys_needed: usize) -> Result<Keyed, usize> {
        let holders = self.holders(keys);
        match keys_needed.max(PEOPLE).saturating_sub(holders.len()) {
            0 => Ok(Keyed { checked: self, holders }),
            missing => Err(missing),
        }
    }
}

impl Keyed {
    /// The leave to hand over, when all conditions are met.
    ///
    /// # Errors
    /// Those that are not.
    pub fn permit(self, conditions: &[Condition]) -> Result<Permit, Vec<Condition>> {
        let unmet: Vec<Condition> = conditions.iter().filter(|c| !c.met()).cloned().collect();
        if conditions.is_empty() || !unmet.is_empty() { Err(unmet) } else { Ok(Permit { keyed: self }) }
    }
}

impl Permit {
    /// The release.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.keyed.checked.built.release
    }

    /// BLAKE3 of the manifest that was checked and keyed.
    #[must_use]
    pub fn manifest_hash(&self) -> &str {
        &self.keyed.checked.built.manifest_hash
    }

    /// Whoever checked it.
    #[must_use]
    pub fn checkers(&self) -> &BTreeSet<String> {
        &self.keyed.checked.checkers
    }

    /// Whose keys are set.
    #[must_use]
    pub fn holders(&self) -> &BTreeSet<String> {
        &self.keyed.holders
    }
}

#[cfg(test)]
mod tests;
