//! Adopting disclosure policies (開示制御方針の採択): what the board signs, a release can use, and nothing else.
//!
//! It must never give out a policy whose signature it has not just checked.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::policy::Policy;
use musubi_model::sign::{PublicKey, SecretKey, Signature};
use musubi_model::spec::PolicyRef;
use musubi_storage::board_policy::PolicyRow;
use musubi_storage::registry::{BoardDb, ReleaseDb};

use crate::error::ApprovalError;

/// What a signature over a policy is for.
pub const POLICY_DOMAIN: &str = "musubi policy/1";

/// A policy that the board signed. It has no other makers than [`adopt`] and [`SignedPolicy::load`].
#[derive(Debug, Clone)]
pub struct SignedPolicy {
    policy: Policy,
    text: String,
    signature: Signature,
}

/// Signs a policy and keeps it. Adopting the same text again changes nothing.
///
/// # Errors
/// [`ApprovalError::Policy`] when the text is no usable policy, [`ApprovalError::PolicyThere`] when this version has
/// another text, [`ApprovalError::Nobody`] without a name.
pub fn adopt(
    db: &mut BoardDb,
    key: &SecretKey,
    text: &str,
    by: &str,
    now: Timestamp,
) -> Result<SignedPolicy, ApprovalError> {
    let policy = Policy::parse(text)?;
    if by.trim().is_empty() {
        return Err(ApprovalError::Nobody);
    }
    let row = PolicyRow {
        name: policy.name.clone(),
        version: policy.version,
        text: text.to_owned(),
        adopted_by: by.trim().to_owned(),
        adopted_at: now,
        signature: key.sign(POLICY_DOMAIN, text.as_bytes()).to_string(),
    };
    let kept = if db.insert_policy(&row)? { Some(row) } else { db.policy(&policy.name, policy.version)? };
    match kept {
        Some(kept) if kept.text == text => SignedPolicy::check(kept, &key.public()),
        _ => Err(ApprovalError::PolicyThere { name: policy.name, version: policy.version }),
    }
}

impl SignedPolicy {
    /// Reads a policy for a release and checks signature, name, and that it is in force on the day.
    ///
    /// # Errors
    /// [`ApprovalError::Unknown`], [`ApprovalError::Signature`], [`ApprovalError::PolicyDate`], or the store's.
    pub fn load(
        db: &mut ReleaseDb,
        named: &PolicyRef,
        board: &PublicKey,
        day: Date,
    ) -> Result<Self, ApprovalError> {
        let row = db
            .policy(&named.name, named.version)?
            .ok_or_else(|| ApprovalError::Unknown(format!("policy {}/{}", named.name, named.version)))?;
        let signed = Self::check(row, board)?;
        if !signed.policy.in_force(day) {
            return Err(ApprovalError::PolicyDate { name: named.name.clone(), version: named.version });
        }
        Ok(signed)
    }

    /// The checks that need no store.
    fn check(row: PolicyRow, board: &PublicKey) -> Result<Self, ApprovalError> {
        let signature = Signature::from_hex(&row.signature).ok_or(ApprovalError::Signature)?;
        if !board.verifies(POLICY_DOMAIN, row.text.as_bytes(), &signature) {
            return Err(ApprovalError::Signature);
        }
        let policy = Policy::parse(&row.text)?;
        if policy.name != row.name || policy.version != row.version {
            return Err(ApprovalError::Damaged);
        }
        Ok(Self { policy, text: row.text, signature })
    }

    /// What it says.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The signed text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The board's signature over it.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }
}
