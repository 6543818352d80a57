//! Who an account is today, and the audit entry of everything that happens at the door. A name that is no account's never
//! goes into the log: people type passwords into the wrong field.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::StorageError;
use musubi_storage::login::AccountRow;
use musubi_storage::registry::LoginDb;

use super::credential::Why;
use crate::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use crate::organisation::role_of;

/// An account, understood.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) id: Name,
    pub(super) row: AccountRow,
    /// Its roles today; none when it is closed.
    pub(super) roles: Vec<AuditRole>,
}

impl Account {
    /// Reads an account as it is today. A role that is no word is none.
    pub(super) fn read(db: &mut LoginDb, id: &str, today: Date) -> Result<Option<Self>, StorageError> {
        // What is no name at all is not even asked for.
        let Ok(name) = Name::new(id) else { return Ok(None) };
        Ok(db.account(id)?.map(|row| Self::of(name, row, today)))
    }

    /// Understands a row.
    pub(super) fn of(id: Name, row: AccountRow, today: Date) -> Self {
        let mut account = Self { id, row, roles: Vec::new() };
        if account.open(today) {
            let held = account.row.roles.iter();
            let held = held.filter(|r| r.from <= today && r.to.is_none_or(|to| today <= to));
            account.roles = held.filter_map(|r| role_of(&r.role)).collect();
        }
        account
    }

    /// Neither closed nor left.
    pub(super) fn open(&self, today: Date) -> bool {
        !self.row.retired && self.row.left_on.is_none_or(|left| today < left)
    }

    /// The role under which the log names it: one of today, or else one that it ever held. Another one could make a pair
    /// that nobody may hold together out of nothing (C-074).
    fn acts_in(&self) -> Option<AuditRole> {
        self.roles.first().copied().or_else(|| self.row.roles.iter().find_map(|r| role_of(&r.role)))
    }

    /// A human, not a service.
    pub(super) fn human(&self) -> bool {
        self.row.kind == "human"
    }

    /// May come in as what it is; whether it proves it is another question.
    #[allow(clippy::result_large_err)] // who it was goes into the log; one knock at a time
    pub(super) fn admitted(self, human: bool, today: Date) -> Result<Self, (Option<Self>, Why)> {
        if !self.open(today) {
            return Err((Some(self), Why::Closed));
        }
        if self.human() != human {
            return Err((Some(self), Why::Kind));
        }
        Ok(self)
    }
}

/// Books something at the door; nobody known: as `unknown`.
pub(super) fn book(
    db: &mut LoginDb,
    who: Option<&Account>,
    action: AuditAction,
    result: AuditResult,
    now: Timestamp,
) -> Result<(), StorageError> {
    let actor = match who {
        Some(account) => account.id.clone(),
        None => Name::new("unknown").map_err(|_| StorageError::Damaged("a name".to_owned()))?,
    };
    let role = who.and_then(Account::acts_in).unwrap_or(AuditRole::Operator);
    let object = AuditObject::Principal(actor.clone());
    audit::append(db, &AuditEntry { at: now, actor, role, action, object, persons: 0, result })?;
    Ok(())
}

/// Books that somebody was refused.
pub(super) fn refused(
    db: &mut LoginDb,
    who: Option<&Account>,
    why: Why,
    now: Timestamp,
) -> Result<(), StorageError> {
    book(db, who, AuditAction::RefuseLogin, AuditResult::Refused(why.code()), now)
}
