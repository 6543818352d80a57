//! Machines of outside organisations (機械の証明書): a client certificate, registered by its fingerprint, is a service account.
//! It must never stand for a human: a human has two factors (R-SEC-07).

use musubi_storage::StorageError;
use musubi_storage::login::Digest;

use super::book::{Account, book};
use super::credential::Why;
use super::door::{Door, Visitor};
use crate::audit::{AuditAction, AuditResult};
use crate::book::japanese_day;

impl Door<'_> {
    /// Whose machine shows this certificate (SHA-256 of its DER). `None`: nobody's. The first use on a day is booked.
    pub fn by_certificate(&mut self, fingerprint: &Digest) -> Result<Option<Visitor>, StorageError> {
        let row = self.db.certificate(fingerprint)?;
        let row = row.filter(|c| c.ended.is_none() && self.now < c.valid_to);
        let Some(row) = row else {
            self.no(None, Why::Certificate)?;
            return Ok(None);
        };
        let account = match Account::read(self.db, &row.account, self.today)? {
            Some(account) => account.admitted(false, self.today),
            None => Err((None, Why::Unknown)),
        };
        let account = match account {
            Ok(account) => account,
            Err((account, why)) => {
                self.no(account.as_ref(), why)?;
                return Ok(None);
            }
        };
        if row.used_at.is_none_or(|at| japanese_day(at) != self.today) {
            book(self.db, Some(&account), AuditAction::Login, AuditResult::Done, self.now)?;
        }
        self.db.use_certificate(fingerprint, self.now)?;
        Ok(Some(Visitor {
            account: account.id,
            organisation: account.row.organisation,
            organisation_name: account.row.organisation_name,
            roles: account.roles,
            english: false,
            since: self.now,
            session: None,
            break_glass: None,
            must_change: false,
        }))
    }
}
