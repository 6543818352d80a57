//! Deliveries: the states they pass through and the balance that must close.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a submission (提出の状態). Order is the order of work; see design.md §4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubmissionState {
    /// The package was found and its manifest kept.
    Received,
    /// Signature, hashes, sizes, feed and control totals of the manifest hold.
    Verified,
    /// Every document was decoded and mapped.
    Mapped,
    /// Opt-outs and notices were applied.
    Gated,
    /// Every source identity has a person.
    Resolved,
    /// Facts, raw units and catalogue are committed.
    Loaded,
    /// The balance equation closed to zero.
    Balanced,
    /// The sender's report was written. The end.
    Acknowledged,
    /// Kept, but no part of it was loaded; waits for people.
    Quarantined,
    /// Not accepted; nothing of its content was kept.
    Rejected,
}

impl SubmissionState {
    /// All states.
    pub const ALL: [Self; 10] = [
        Self::Received,
        Self::Verified,
        Self::Mapped,
        Self::Gated,
        Self::Resolved,
        Self::Loaded,
        Self::Balanced,
        Self::Acknowledged,
        Self::Quarantined,
        Self::Rejected,
    ];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Verified => "verified",
            Self::Mapped => "mapped",
            Self::Gated => "gated",
            Self::Resolved => "resolved",
            Self::Loaded => "loaded",
            Self::Balanced => "balanced",
            Self::Acknowledged => "acknowledged",
            Self::Quarantined => "quarantined",
            Self::Rejected => "rejected",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Received => "受領",
            Self::Verified => "検証済",
            Self::Mapped => "変換済",
            Self::Gated => "関門通過",
            Self::Resolved => "名寄せ済",
            Self::Loaded => "格納済",
            Self::Balanced => "突合済",
            Self::Acknowledged => "受領通知済",
            Self::Quarantined => "隔離",
            Self::Rejected => "受付不可",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Nothing more happens by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Acknowledged | Self::Quarantined | Self::Rejected)
    }
}

/// What became of one unit (処理結果).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// In the repository, current (格納).
    Loaded,
    /// In the repository, but a later version already stands (旧版).
    Superseded,
    /// The same bytes were here before (重複).
    Duplicate,
    /// Kept sealed, not mapped into facts, because of an error (隔離).
    Quarantined,
    /// Not taken in, because the person asked to stop (提供停止による除外).
    Excluded,
    /// Kept sealed until the notice's clock has run out (通知待ち).
    Held,
}

impl Disposition {
    /// All dispositions, in the order of the balance equation.
    pub const ALL: [Self; 6] =
        [Self::Loaded, Self::Superseded, Self::Duplicate, Self::Quarantined, Self::Excluded, Self::Held];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Superseded => "superseded",
            Self::Duplicate => "duplicate",
            Self::Quarantined => "quarantined",
            Self::Excluded => "excluded",
            Self::Held => "held",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Loaded => "格納",
            Self::Superseded => "旧版",
            Self::Duplicate => "重複",
            Self::Quarantined => "隔離",
            Self::Excluded => "停止による除外",
            Self::Held => "通知待ち",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == name)
    }
}

/// One line of the balance: a kind of record, how many came, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BalanceLine {
    /// Counted when the document was cut into records, before anything was mapped.
    pub received: u64,
    /// Current in the repository.
    pub loaded: u64,
    /// In the repository as an older version.
    pub superseded: u64,
    /// Same bytes as before.
    pub duplicate: u64,
    /// Quarantined.
    pub quarantined: u64,
    /// Left out by opt-out.
    pub excluded: u64,
    /// Held for notice.
    pub held: u64,
}

impl BalanceLine {
    /// Counts `n` records with this disposition.
    pub fn add(&mut self, disposition: Disposition, n: u64) {
        match disposition {
            Disposition::Loaded => self.loaded += n,
            Disposition::Superseded => self.superseded += n,
            Disposition::Duplicate => self.duplicate += n,
            Disposition::Quarantined => self.quarantined += n,
            Disposition::Excluded => self.excluded += n,
            Disposition::Held => self.held += n,
        }
    }

    /// `received − (loaded + superseded + duplicate + quarantined + excluded + held)`; zero when it closes.
    #[must_use]
    pub fn difference(&self) -> i128 {
        let accounted =
            [self.loaded, self.superseded, self.duplicate, self.quarantined, self.excluded, self.held];
        i128::from(self.received) - accounted.into_iter().map(i128::from).sum::<i128>()
    }
}

/// The balance equation (突合) of a submission, by kind of record (`RE`, `SY`, `OML-11`, …).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Balance {
    /// One line for each kind.
    pub lines: BTreeMap<String, BalanceLine>,
}

impl Balance {
    /// The line of a kind.
    pub fn line(&mut self, kind: &str) -> &mut BalanceLine {
        self.lines.entry(kind.to_owned()).or_default()
    }

    /// Does every line close to zero?
    #[must_use]
    pub fn closes(&self) -> bool {
        self.lines.values().all(|l| l.difference() == 0)
    }

    /// Sum of all lines.
    #[must_use]
    pub fn total(&self) -> BalanceLine {
        self.lines.values().fold(BalanceLine::default(), |mut t, l| {
            t.received += l.received;
            t.loaded += l.loaded;
            t.superseded += l.superseded;
            t.duplicate += l.duplicate;
            t.quarantined += l.quarantined;
            t.excluded += l.excluded;
            t.held += l.held;
            t
        })
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, l) in &self.lines {
            writeln!(
                f,
                "{kind:>8}  受領 {:>8} = 格納 {:>8} + 旧版 {:>5} + 重複 {:>5} + 隔離 {:>5} + 除外 {:>5} + 通知待ち {:>5}   差 {}",
                l.received,
                l.loaded,
                l.superseded,
                l.duplicate,
                l.quarantined,
                l.excluded,
                l.held,
                l.difference()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_record_keeps_the_balance_open() {
        let mut balance = Balance::default();
        balance.line("SY").received = 3;
        balance.line("SY").add(Disposition::Loaded, 2);
        assert!(!balance.closes());
        balance.line("SY").add(Disposition::Excluded, 1);
        assert!(balance.closes());
        balance.line("SY").add(Disposition::Held, 1);
        assert_eq!(balance.total().difference(), -1);
    }

    #[test]
    fn names_round_trip() {
        assert!(SubmissionState::ALL.into_iter().all(|s| SubmissionState::from_name(s.as_str()) == Some(s)));
        assert!(Disposition::ALL.into_iter().all(|d| Disposition::from_name(d.as_str()) == Some(d)));
    }
}
