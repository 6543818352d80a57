//! Break-glass (緊急時の例外): an account is lent one role for a short time, at once, and somebody else judges it afterwards.
//!
//! A loan gives the role's commands and nothing more: it never counts as one of two people's approvals, never joins roles
//! that nobody may hold together, and never makes a role that the parameter does not name.

use jiff::Timestamp;
use musubi_storage::login::BreakGlassRow;

use crate::audit::AuditRole;
use crate::organisation::role_of;

/// A role that is lent now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BreakGlass {
    /// Its number.
    pub id: i64,
    /// Which role.
    #[serde(serialize_with = "as_word")]
    pub role: AuditRole,
    /// Why, as was said.
    pub reason: String,
    /// Until when.
    pub until: Timestamp,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
fn as_word<S: serde::Serializer>(role: &AuditRole, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(role.as_str())
}

/// What is lent to an account at a moment. A role that is no word is none.
pub fn lent<'a>(
    rows: &'a [BreakGlassRow],
    account: &'a str,
    at: Timestamp,
) -> impl Iterator<Item = BreakGlass> + 'a {
    rows.iter().filter(move |r| r.account == account && r.asked_at <= at && at < r.until).filter_map(|r| {
        Some(BreakGlass { id: r.id, role: role_of(&r.role)?, reason: r.reason.clone(), until: r.until })
    })
}
