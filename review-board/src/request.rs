//! Filing a request (申出): the spec is checked and kept byte for byte.

use jiff::Timestamp;
use musubi_model::spec::ExtractSpec;
use musubi_storage::board::{BoardRead as _, RequestRow};
use musubi_storage::registry::BoardDb;

use crate::error::ApprovalError;

/// Hexadecimal digits of the scope hash in a request's name.
const ID_DIGITS: usize = 12;

/// A filed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name: the spec's name and the beginning of the scope hash.
    pub request_id: String,
    /// What is asked for.
    pub spec: ExtractSpec,
    /// The hash a committee approves.
    pub scope_hash: String,
    /// Who filed it first.
    pub filed_by: String,
    /// When.
    pub filed_at: Timestamp,
}

/// The name of a request for `spec`.
pub(crate) fn request_id(spec: &ExtractSpec) -> String {
    let digits: String = spec.scope_hash().chars().take(ID_DIGITS).collect();
    format!("{}-{digits}", spec.name)
}

/// Files a request. Filing the same text again changes nothing and gives the request that is there.
///
/// # Errors
/// [`ApprovalError::Spec`] when the TOML is no usable spec, [`ApprovalError::Duplicate`] when the same scope was filed
/// with another text, [`ApprovalError::Nobody`] without a name.
pub fn file_request(
    db: &mut BoardDb,
    spec_toml: &str,
    filed_by: &str,
    now: Timestamp,
) -> Result<Request, ApprovalError> {
    let spec = ExtractSpec::parse(spec_toml)?;
    if filed_by.trim().is_empty() {
        return Err(ApprovalError::Nobody);
    }
    let row = RequestRow {
        request_id: request_id(&spec),
        spec: spec_toml.to_owned(),
        scope_hash: spec.scope_hash(),
        filed_at: now,
        filed_by: filed_by.trim().to_owned(),
    };
    let kept = if db.insert_request(&row)? {
        row
    } else {
        let there = db
            .request(&row.request_id)?
            .ok_or_else(|| ApprovalError::Unknown(format!("request {}", row.request_id)))?;
        if there.spec != row.spec {
            return Err(ApprovalError::Duplicate { request_id: there.request_id });
        }
        there
    };
    Ok(Request {
        request_id: kept.request_id,
        scope_hash: kept.scope_hash,
        filed_by: kept.filed_by,
        filed_at: kept.filed_at,
        spec,
    })
}
