//! Operations that two people decide (二人制; law: R-SEC-08, C-075): proposed word for word, approved by two different
//! people of the right roles, used once and only as proposed.
//!
//! [`take`] alone makes a [`Capability`]; whatever must not happen without two people asks for one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use musubi_storage::StorageError;
use musubi_storage::act::operation::{DecisionRow, NewOperation, OperationRow};
use musubi_storage::registry::ActDb;
use serde_json::Value;

use crate::audit::{AuditRole, Name};

word_list! {
    /// What is done by two people only.
    OperationKind {
        /// Organisations, accounts and their roles change.
        OrganisationChange = "organisation-change", "事業者・アカウントの変更";
        /// A parameter changes.
        ParameterChange = "parameter-change", "パラメータの変更";
        /// The map from research ids to persons is read.
        RevealMap = "reveal-map", "対応表の閲覧";
        /// Persons are deleted.
        MassDeletion = "mass-deletion", "削除";
        /// A key is exported or rotated.
        KeyUse = "key-use", "鍵の使用";
        /// A gate that stopped is opened.
        GateOpening = "gate-opening", "停止した関門の開放";
        /// Cells of a pseudonymised release are held against their sources.
        VerifySource = "verify-source", "原資料確認";
        /// A release may tell more than an earlier one to the same recipients did.
        AllowRefinement = "allow-refinement", "過去の提供より細かい提供";
        /// What an account logs in with is taken away, and it is invited anew.
        CredentialReset = "credential-reset", "認証情報の初期化";
    }
}

/// How many different people it takes.
pub const PEOPLE: usize = 2;

impl OperationKind {
    /// The roles whose approval counts.
    #[must_use]
    pub fn roles(self) -> &'static [AuditRole] {
        match self {
            Self::OrganisationChange | Self::ParameterChange | Self::CredentialReset => {
                &[AuditRole::Officer, AuditRole::SecurityAdmin]
            }
            Self::RevealMap => &[AuditRole::Officer, AuditRole::HelpDesk],
            Self::MassDeletion => &[AuditRole::Officer, AuditRole::Confirmer],
            Self::KeyUse | Self::VerifySource => &[AuditRole::Officer, AuditRole::KeyCustodian],
            Self::GateOpening => &[AuditRole::Officer, AuditRole::Curator],
            Self::AllowRefinement => &[AuditRole::Officer, AuditRole::ReleaseApprover],
        }
    }

    /// Whether whoever carries it out must be a third person.
    #[must_use]
    pub fn executor_apart(self) -> bool {
        match self {
            Self::OrganisationChange
            | Self::ParameterChange
            | Self::GateOpening
            | Self::VerifySource
            | Self::AllowRefinement
            | Self::CredentialReset => false,
            Self::RevealMap | Self::MassDeletion | Self::KeyUse => true,
        }
    }

    /// The first of somebody's roles that counts.
    #[must_use]
    pub fn counts(self, roles: &[AuditRole]) -> Option<AuditRole> {
        self.roles().iter().copied().find(|r| roles.contains(r))
    }
}

/// Somebody who proposes or decides: a human account and the roles it holds today.
#[derive(Debug, Clone, Copy)]
pub struct Signatory<'a> {
    /// The account.
    pub name: &'a Name,
    /// Its roles.
    pub roles: &'a [AuditRole],
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// So many more people have to approve.
    Wants(usize),
    /// May be used.
    Approved,
    /// Somebody said no.
    Rejected,
    /// Its time is over.
    Expired,
    /// Was used.
    Used,
}

/// Where an operation stands for whoever would carry it out; without one, for a third person.
#[must_use]
pub fn state(row: &OperationRow, executor: Option<&str>, at: Timestamp) -> State {
    if row.used.is_some() {
        return State::Used;
    }
    if row.decisions.iter().any(|d| !d.approved) {
        return State::Rejected;
    }
    if row.expires_at < at {
        return State::Expired;
    }
    // A kind or a content that is not the one hashed is nobody's proposal.
    let Some(kind) = OperationKind::from_name(&row.kind).filter(|k| hash(*k, &row.content) == row.hash)
    else {
        return State::Wants(PEOPLE);
    };
    let proposal = row.proposed_role.as_deref().map(|role| (row.proposed_by.as_str(), role));
    let approvals = row.decisions.iter().map(|d| (d.by.as_str(), d.role.as_str()));
    let people: BTreeSet<&str> = proposal
        .into_iter()
        .chain(approvals)
        .filter(|(_, role)| kind.roles().iter().any(|r| r.as_str() == *role))
        .map(|(by, _)| by)
        .filter(|by| !(kind.executor_apart() && executor == Some(*by)))
        .collect();
    match PEOPLE.saturating_sub(people.len()) {
        0 => State::Approved,
        missing => State::Wants(missing),
    }
}

/// Why a decision or a use is refused.
#[derive(Debug, thiserror::Error)]
pub enum OperationRefused {
    /// No operation of this number.
    #[error("no such operation")]
    Unknown,
    /// Its role does not count for this kind.
    #[error("the account's roles do not count for this kind of operation")]
    Role,
    /// Whoever proposed it, or decided before, cannot decide (again).
    #[error("somebody else has to decide: this account proposed it or has decided")]
    SamePerson,
    /// Rejected, expired or used.
    #[error("the operation is closed")]
    Closed,
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Proposes an operation. The proposal counts as the first approval when one of the proposer's roles counts.
pub fn propose(
    db: &mut ActDb,
    kind: OperationKind,
    content: &Value,
    who: Signatory<'_>,
    reason: &str,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<i64, StorageError> {
    let content = content.to_string();
    db.propose_operation(&NewOperation {
        kind: kind.as_str(),
        hash: &hash(kind, &content),
        content: &content,
        reason,
        by: &who.name.to_string(),
        role: kind.counts(who.roles).map(AuditRole::as_str),
        at,
        expires_at,
    })
}

/// Approves or rejects, and says where the operation stands then.
pub fn decide(
    db: &mut ActDb,
    id: i64,
    who: Signatory<'_>,
    approved: bool,
    reason: &str,
    at: Timestamp,
) -> Result<State, OperationRefused> {
    let row = db.operation(id)?.ok_or(OperationRefused::Unknown)?;
    let kind = OperationKind::from_name(&row.kind).ok_or(OperationRefused::Unknown)?;
    if !matches!(state(&row, None, at), State::Wants(_) | State::Approved) {
        return Err(OperationRefused::Closed);
    }
    let role = kind.counts(who.roles).ok_or(OperationRefused::Role)?;
    let by = who.name.to_string();
    // Whoever proposed may take it back, but not approve it a second time.
    if approved && row.proposed_by == by {
        return Err(OperationRefused::SamePerson);
    }
    let decision =
        DecisionRow { by, role: role.as_str().to_owned(), approved, reason: reason.to_owned(), at };
    if !db.decide_operation(id, &decision)? {
        return Err(OperationRefused::SamePerson);
    }
    let row = db.operation(id)?.ok_or(OperationRefused::Unknown)?;
    Ok(state(&row, None, at))
}

/// The right to do one approved operation once. Only [`take`] makes it.
#[derive(Debug)]
#[must_use = "what was taken is used up"]
pub struct Capability {
    operation: i64,
    kind: OperationKind,
}

impl Capability {
    /// The operation's number.
    #[must_use]
    pub fn operation(&self) -> i64 {
        self.operation
    }

    /// What it allows.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        self.kind
    }

    /// Uses it up for something of a kind, and gives the operation's number for the book of what was done.
    pub fn spend(self, on: OperationKind) -> Result<i64, StorageError> {
        if self.kind == on {
            Ok(self.operation)
        } else {
            Err(StorageError::Refused("the approval is for something else".into()))
        }
    }
}

/// Takes the approval of exactly this, for whoever carries it out: afterwards it is used up. `Err` holds the open
/// proposals' numbers, of which none is approved.
pub fn take(
    db: &mut ActDb,
    kind: OperationKind,
    content: &Value,
    executor: &Name,
    at: Timestamp,
) -> Result<Result<Capability, Vec<i64>>, StorageError> {
    let executor = executor.to_string();
    let mut open = Vec::new();
    for row in db.operations(Some(&hash(kind, &content.to_string())))? {
        match state(&row, Some(&executor), at) {
            State::Approved if db.use_operation(row.id, &executor, at)? => {
                return Ok(Ok(Capability { operation: row.id, kind }));
            }
            State::Approved | State::Rejected | State::Expired | State::Used => {}
            State::Wants(_) => open.push(row.id),
        }
    }
    Ok(Err(open))
}

/// The hash by which exactly this is found again.
#[must_use]
pub fn hash(kind: OperationKind, content: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_str().as_bytes()).update(b"\0").update(content.as_bytes());
    hasher.finalize().to_hex().to_string()
}
