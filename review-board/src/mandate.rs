//! What allows the board's key to sign (審査の議決): a ballot of the committee that was closed with a quorum, for exactly
//! this scope. It must never be made from words of whoever wants to sign.

use musubi_storage::board::BoardRead as _;
use musubi_storage::registry::BoardDb;

use crate::committee::ballot::Outcome;
use crate::error::ApprovalError;

/// What allows an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate(Inner);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Inner {
    NotRequired,
    Ballot { id: String, scope_hash: String },
}

impl Mandate {
    /// While the parameter `board.committee_required` says no: a house before its committee is founded.
    #[must_use]
    pub fn not_required() -> Self {
        Self(Inner::NotRequired)
    }

    /// The newest ballot on a request that approved it, with or without conditions.
    ///
    /// # Errors
    /// [`ApprovalError::NoCommittee`] when there is none; what the store finds.
    pub fn of_request(db: &mut BoardDb, request_id: &str) -> Result<Self, ApprovalError> {
        let unknown = || ApprovalError::Unknown(format!("request {request_id}"));
        let request = db.request(request_id)?.ok_or_else(unknown)?;
        let boxes = db.ballots()?;
        // Only the last word on an application counts: what it decided before is history.
        let newest = boxes.iter().rev().find(|b| b.request_id == request_id && b.result.is_some());
        let ballot = newest.ok_or(ApprovalError::NoCommittee)?;
        let word = ballot.result.as_ref().map_or("", |(outcome, _)| outcome.as_str());
        match Outcome::from_name(word) {
            Some(Outcome::Approved | Outcome::Conditional) if ballot.scope_hash == request.scope_hash => {
                Ok(Self(Inner::Ballot {
                    id: ballot.ballot_id.clone(),
                    scope_hash: ballot.scope_hash.clone(),
                }))
            }
            _ => Err(ApprovalError::NoCommittee),
        }
    }

    /// The ballot.
    #[must_use]
    pub fn ballot(&self) -> Option<&str> {
        match &self.0 {
            Inner::NotRequired => None,
            Inner::Ballot { id, .. } => Some(id),
        }
    }

    /// The scope that was decided on.
    #[must_use]
    pub fn scope_hash(&self) -> Option<&str> {
        match &self.0 {
            Inner::NotRequired => None,
            Inner::Ballot { scope_hash, .. } => Some(scope_hash),
        }
    }

    #[cfg(test)]
    pub(crate) fn test(id: &str, scope_hash: &str) -> Self {
        Self(Inner::Ballot { id: id.to_owned(), scope_hash: scope_hash.to_owned() })
    }
}
