//! The capability (承認): what a release needs, and what only this module can make.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::sign::{PublicKey, Signature};
use musubi_model::spec::ExtractSpec;
use musubi_storage::board::{ApprovalRow, BoardRead, RequestRow};

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
    /// Reads an approval and checks all of it: name, signature, scope, term.
    ///
    /// `today` is the day in Japan.
    ///
    /// # Errors
    /// [`ApprovalError::Unknown`], [`ApprovalError::Signature`], [`ApprovalError::Damaged`],
    /// [`ApprovalError::ScopeMismatch`], [`ApprovalError::Expired`], or the store's.
    pub fn load(
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

#[cfg(test)]
#[path = "tests/approval.rs"]
mod tests;
