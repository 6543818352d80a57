//! The capability (承認): what a release needs, and what only this module can make.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::sign::{PublicKey, Signature};
use musubi_model::spec::ExtractSpec;
use musubi_storage::board::{ApprovalRow, BoardRead, RequestRow};
use musubi_storage::board_ballot::{ApprovalEventRow, StandingRead};

use crate::committee::ballot::Outcome;

use crate::decision::{DECISION_DOMAIN, Decision};
use crate::error::ApprovalError;
use crate::request::request_id;

/// A checked approval. Its fields are private and it has no other maker than [`Approval::load`], so that whoever holds
/// one has shown a stored decision with a good signature, an equal scope hash and an open term.
#[derive(Debug)]
pub struct Approval {
    id: String,
    decision: Decision,
    canonical: String,
    signature: Signature,
    spec: ExtractSpec,
    spec_toml: String,
}

/// The day in Japan. The Act's days are Japanese days, wherever the machine stands.
pub(crate) fn japan_day(now: Timestamp) -> Date {
    jiff::tz::offset(9).to_datetime(now).date()
}

impl Approval {
    /// Reads an approval and checks all of it: name, signature, scope, term, the committee's ballot, its conditions, and
    /// that it was neither suspended nor ended.
    ///
    /// `today` is the day in Japan.
    ///
    /// # Errors
    /// [`ApprovalError::Unknown`], [`ApprovalError::Signature`], [`ApprovalError::Damaged`],
    /// [`ApprovalError::ScopeMismatch`], [`ApprovalError::Expired`], [`ApprovalError::NoCommittee`],
    /// [`ApprovalError::Conditions`], [`ApprovalError::Suspended`], [`ApprovalError::Ended`], or the store's.
    pub fn load(
        db: &mut (impl BoardRead + StandingRead),
        approval_id: &str,
        board: &PublicKey,
        today: Date,
    ) -> Result<Self, ApprovalError> {
        Self::load_as_of(db, approval_id, board, today, Timestamp::MAX)
    }

    /// The same as it stood at a time that has passed: what came after is not looked at.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_as_of(
        db: &mut (impl BoardRead + StandingRead),
        approval_id: &str,
        board: &PublicKey,
        day: Date,
        at: Timestamp,
    ) -> Result<Self, ApprovalError> {
        let approval = Self::signed(db, approval_id, board, day)?;
        let committee = approval.decision.committee.clone();
        standing(db, approval_id, committee.as_deref(), &approval.decision.scope_hash, at)?;
        Ok(approval)
    }

    /// What was signed and is in its term.
    fn signed(
        db: &mut impl BoardRead,
        approval_id: &str,
        board: &PublicKey,
        today: Date,
    ) -> Result<Self, ApprovalError> {
        let row = db
            .approval(approval_id)?
            .ok_or_else(|| ApprovalError::Unknown(format!("approval {approval_id}")))?;
        let request = db
            .request(&row.request_id)?
            .ok_or_else(|| ApprovalError::Unknown(format!("request {}", row.request_id)))?;
        Self::check(row, request, board, today)
    }

    /// The checks of [`Self::load`], without the store.
    fn check(
        row: ApprovalRow,
        request: RequestRow,
        board: &PublicKey,
        today: Date,
    ) -> Result<Self, ApprovalError> {
        let signature = Signature::from_hex(&row.signature).ok_or(ApprovalError::Signature)?;
        if !board.verifies(DECISION_DOMAIN, row.decision.as_bytes(), &signature) {
            return Err(ApprovalError::Signature);
        }
        let decision: Decision = serde_json::from_str(&row.decision).map_err(|_| ApprovalError::Damaged)?;
        // The columns are for looking up; what was signed is what counts, and they must say the same.
        let fits = decision.canonical() == row.decision
            && Decision::approval_id(&row.decision) == row.approval_id
            && decision.request_id == row.request_id
            && decision.request_id == request.request_id
            && decision.scope_hash == row.scope_hash
            && decision.approver == row.approver
            && decision.approved_at == row.approved_at
            && decision.expires_on == row.expires_on;
        if !fits {
            return Err(ApprovalError::Damaged);
        }
        let spec = ExtractSpec::parse(&request.spec)?;
        if spec.scope_hash() != decision.scope_hash
            || request.scope_hash != decision.scope_hash
            || request_id(&spec) != request.request_id
        {
            return Err(ApprovalError::ScopeMismatch);
        }
        if today > decision.expires_on {
            return Err(ApprovalError::Expired);
        }
        Ok(Self {
            id: row.approval_id,
            decision,
            canonical: row.decision,
            signature,
            spec,
            spec_toml: request.spec,
        })
    }

    /// What was approved.
    #[must_use]
    pub fn spec(&self) -> &ExtractSpec {
        &self.spec
    }

    /// The spec as filed, byte for byte.
    #[must_use]
    pub fn spec_toml(&self) -> &str {
        &self.spec_toml
    }

    /// The hash of what was approved.
    #[must_use]
    pub fn scope_hash(&self) -> &str {
        &self.decision.scope_hash
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The request it answers.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.decision.request_id
    }

    /// The decision.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The signed bytes.
    #[must_use]
    pub fn decision_json(&self) -> &str {
        &self.canonical
    }

    /// The board's signature over them.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The last day on which it holds, Japanese time.
    #[must_use]
    pub fn expires_on(&self) -> Date {
        self.decision.expires_on
    }
}

/// Whether an approval stands, besides its signature: its ballot, its conditions, what became of it.
fn standing(
    db: &mut impl StandingRead,
    approval_id: &str,
    ballot: Option<&str>,
    scope_hash: &str,
    at: Timestamp,
) -> Result<(), ApprovalError> {
    if let Some(ballot) = ballot {
        let (outcome, scope) = db.outcome(ballot)?.ok_or(ApprovalError::NoCommittee)?;
        if scope != scope_hash {
            return Err(ApprovalError::ScopeMismatch);
        }
        match Outcome::from_name(&outcome) {
            Some(Outcome::Approved) => {}
            Some(Outcome::Conditional) => {
                let open = |closed: &Option<(String, Timestamp, String)>| {
                    closed.as_ref().is_none_or(|(_, when, _)| *when > at)
                };
                let conditions = db.conditions_of(ballot)?;
                let open = conditions.iter().filter(|c| open(&c.closed)).count();
                if open > 0 {
                    return Err(ApprovalError::Conditions(u64::try_from(open).unwrap_or(u64::MAX)));
                }
            }
            _ => return Err(ApprovalError::NoCommittee),
        }
    }
    became(&db.events_of(approval_id)?, at)
}

/// What became of an approval by a time.
pub(crate) fn became(events: &[ApprovalEventRow], at: Timestamp) -> Result<(), ApprovalError> {
    let past: Vec<&str> = events.iter().filter(|e| e.at <= at).map(|e| e.kind.as_str()).collect();
    if past.contains(&"end") {
        return Err(ApprovalError::Ended);
    }
    match past.last() {
        None | Some(&"resume") => Ok(()),
        // A word that is not understood does not let anything out.
        Some(_) => Err(ApprovalError::Suspended),
    }
}

#[cfg(test)]
#[path = "tests/approval.rs"]
mod tests;
