//! What a vote comes to (票決): counted by rule from votes that were closed. It must never take an outcome from anybody.

use std::collections::BTreeMap;

use super::quorum::{Count, Rule, Seat, count};

musubi_compliance::word_list! {
    /// A vote.
    Vote {
        /// For.
        Approve = "approve", "承認";
        /// For, under the conditions that were put.
        Conditional = "conditional", "条件付き承認";
        /// To be changed and shown again.
        Revise = "revise", "修正のうえ再審査";
        /// Against.
        Reject = "reject", "不承認";
        /// Neither.
        Abstain = "abstain", "棄権";
    }
}

musubi_compliance::word_list! {
    /// What came out.
    Outcome {
        /// Approved.
        Approved = "approved", "承認";
        /// Approved once its conditions are closed.
        Conditional = "conditional", "条件付き承認";
        /// To be changed.
        Revise = "revise", "修正のうえ再審査";
        /// Refused.
        Rejected = "rejected", "不承認";
        /// No majority for anything: it stays before the committee.
        Continued = "continued", "継続審査";
        /// Not enough were left when it was closed: the vote is worth nothing.
        Void = "void", "無効(定足数不足)";
    }
}

/// How votes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Procedure {
    /// In a meeting with a quorum.
    Meeting(Rule),
    /// Without a meeting, by at least so many members.
    Expedited {
        /// Members who vote, at least.
        members: u64,
    },
}

/// Somebody at the vote when it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// The seat.
    pub seat: Seat,
    /// Declared for the case that there is no conflict, and nothing computed says otherwise.
    pub free: bool,
    /// The vote, if cast.
    pub vote: Option<Vote>,
}

/// A count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// What came out.
    pub outcome: Outcome,
    /// Votes by kind.
    pub votes: BTreeMap<Vote, u64>,
    /// Those who counted: there, and free.
    pub counted: Count,
    /// Those who were there and did not count.
    pub aside: u64,
    /// Votes that a majority needs.
    pub needed: u64,
}

/// Counts. A majority is more than `percent` of those who count, whether they voted or not: silence and abstention carry
/// nothing.
#[must_use]
pub fn tally(voters: &[Voter], procedure: Procedure, percent: u64) -> Tally {
    let free: Vec<&Voter> = voters.iter().filter(|v| v.free).collect();
    let seats: Vec<Seat> = free.iter().map(|v| v.seat.clone()).collect();
    let mut votes: BTreeMap<Vote, u64> = Vote::ALL.iter().map(|v| (*v, 0)).collect();
    for vote in free.iter().filter_map(|v| v.vote) {
        *votes.entry(vote).or_default() += 1;
    }
    let (counted, valid) = match procedure {
        Procedure::Meeting(rule) => {
            let counted = count(&seats, rule);
            let valid = counted.holds();
            (counted, valid)
        }
        Procedure::Expedited { members } => {
            let mut counted = count(&seats, Rule { members, outside: 0 });
            counted.lacks.retain(|lack| *lack == super::quorum::Lack::Members);
            // Silence is no review: all who were asked have to answer.
            let all = free.iter().all(|v| v.vote.is_some());
            let valid = counted.holds() && all;
            (counted, valid)
        }
    };
    let needed = counted.members.saturating_mul(percent.min(100)) / 100 + 1;
    let of = |vote: Vote| votes.get(&vote).copied().unwrap_or(0);
    let outcome = if !valid {
        Outcome::Void
    } else if of(Vote::Approve) >= needed {
        Outcome::Approved
    } else if of(Vote::Approve) + of(Vote::Conditional) >= needed {
        Outcome::Conditional
    } else if of(Vote::Reject) >= needed {
        Outcome::Rejected
    } else if of(Vote::Revise) + of(Vote::Reject) >= needed {
        Outcome::Revise
    } else {
        Outcome::Continued
    };
    let aside = u64::try_from(voters.len() - free.len()).unwrap_or(u64::MAX);
    Tally { outcome, votes, counted, aside, needed }
}
