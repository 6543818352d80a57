//! Deciding (承認): what is signed, and the signing.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::ids::to_hex;
use musubi_model::sign::SecretKey;
use musubi_model::spec::ExtractSpec;
use musubi_storage::board::{ApprovalRow, BoardRead as _, RequestRow};
use musubi_storage::registry::BoardDb;
use serde::{Deserialize, Serialize};

use crate::approval::Approval;
use crate::error::ApprovalError;
use crate::mandate::Mandate;

/// What a signature of the board is for; a signature made for anything else is worth nothing here.
pub const DECISION_DOMAIN: &str = "approval/1";

/// The signed decision. Its canonical form is JSON with the fields in this order and no spaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The request decided on.
    pub request_id: String,
    /// The hash of what is approved.
    pub scope_hash: String,
    /// Who approved.
    pub approver: String,
    /// When.
    pub approved_at: Timestamp,
    /// The last day on which it holds, Japanese time.
    pub expires_on: Date,
    /// The ballot of the committee that decided it; none: it was decided while no committee was required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committee: Option<String>,
}

impl Decision {
    /// The bytes that are signed.
    #[must_use]
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The approval's name, bound to what was decided.
    #[must_use]
    pub fn approval_id(canonical: &str) -> String {
        let hash = blake3::hash(canonical.as_bytes());
        format!("A-{}", to_hex(hash.as_bytes().get(..8).unwrap_or_default()))
    }
}

/// Do two names mean the same principal? Spaces and letter case do not tell people apart.
fn same_principal(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<String>().to_lowercase();
    plain(a) == plain(b)
}

/// Makes the row of a decision, checking the rules that need no store.
pub(crate) fn decide(
    request: &RequestRow,
    key: &SecretKey,
    approver: &str,
    now: Timestamp,
    expires_on: Date,
    mandate: &Mandate,
) -> Result<ApprovalRow, ApprovalError> {
    if mandate.scope_hash().is_some_and(|scope| scope != request.scope_hash) {
        return Err(ApprovalError::ScopeMismatch);
    }
    let approver = approver.trim();
    if approver.is_empty() {
        return Err(ApprovalError::Nobody);
    }
    if same_principal(approver, &request.filed_by) {
        return Err(ApprovalError::SamePerson);
    }
    if expires_on < crate::approval::japan_day(now) {
        return Err(ApprovalError::Term);
    }
    let spec = ExtractSpec::parse(&request.spec)?;
    if spec.scope_hash() != request.scope_hash {
        return Err(ApprovalError::ScopeMismatch);
    }
    // The database keeps microseconds; the signed time is the stored one.
    let approved_at = Timestamp::from_microsecond(now.as_microsecond()).map_err(|_| ApprovalError::Term)?;
    let decision = Decision {
        request_id: request.request_id.clone(),
        scope_hash: request.scope_hash.clone(),
        approver: approver.to_owned(),
        approved_at,
        expires_on,
        committee: mandate.ballot().map(str::to_owned),
    };
    let canonical = decision.canonical();
    Ok(ApprovalRow {
        approval_id: Decision::approval_id(&canonical),
        request_id: decision.request_id,
        scope_hash: decision.scope_hash,
        approver: decision.approver,
        approved_at,
        expires_on,
        signature: key.sign(DECISION_DOMAIN, canonical.as_bytes()).to_string(),
        decision: canonical,
    })
}

/// Approves a request: signs the decision with the board's key, keeps it, and gives the capability read back from
/// what was kept. What allows it is the mandate: the committee's ballot, or that none is required.
///
/// # Errors
/// [`ApprovalError::SamePerson`] when the requester approves, [`ApprovalError::Term`] when it would end before today,
/// [`ApprovalError::Unknown`] when there is no such request, and what [`Approval::load`] finds.
pub fn approve(
    db: &mut BoardDb,
    key: &SecretKey,
    request_id: &str,
    approver: &str,
    now: Timestamp,
    expires_on: Date,
    mandate: &Mandate,
) -> Result<Approval, ApprovalError> {
    let request =
        db.request(request_id)?.ok_or_else(|| ApprovalError::Unknown(format!("request {request_id}")))?;
    let row = decide(&request, key, approver, now, expires_on, mandate)?;
    db.insert_approval(&row)?;
    Approval::load(db, &row.approval_id, &key.public(), crate::approval::japan_day(now))
}
