//! What a security-admin does with credentials and sessions (認証情報の管理). The verbs `musubi account …` ask the authority
//! table first and book the act in their own account's name; here is what may be done at all.
//!
//! Nobody invites or resets themselves, and a password is never set for somebody who has one.

use jiff::Timestamp;
use musubi_model::parameter::ParameterSet;
use musubi_storage::StorageError;
use musubi_storage::keys::{KeyRing, SealKey};
use musubi_storage::login::{CertificateRow, CredentialRow, Digest};
use musubi_storage::registry::LoginDb;

use super::book::Account;
use super::credential;
use super::password::Hasher;
use super::rules::later;
use super::secret::{self, Factor, sealing};
use super::{Refused, Rules};
use crate::audit::Name;
use crate::book::japanese_day;

/// Why something is not done with an account.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// No such account, or it is closed.
    #[error("no such account, or it is closed")]
    Unknown,
    /// Humans log in; machines have certificates.
    #[error("only a human account logs in; a machine has a certificate")]
    Service,
    /// Humans have two factors, not a certificate.
    #[error("only a service account has a certificate; a human logs in with two factors")]
    Human,
    /// The account of whoever gives the command.
    #[error("nobody does this to their own account")]
    Self_,
    /// There is something to log in with already.
    #[error("the account can log in already; `account reset` takes that away and invites anew")]
    Active,
    /// There is nothing to log in with.
    #[error("the account has never been invited")]
    NoCredential,
    /// No invitation is open.
    #[error("the account has no open invitation")]
    NoInvitation,
    /// Both halves of an invitation for one person.
    #[error("whoever invited has the first half; somebody else fetches the second")]
    SamePerson,
    /// The house is none of demonstration.
    #[error("parameter login.issue_allowed is 0: this house issues no credentials ready for use")]
    NoDemonstration,
    /// Longer than the parameter allows, or over already.
    #[error("a certificate holds from now on, and not longer than parameter login.certificate_days")]
    Term,
    /// Somebody changed it at the same moment, or it stands there already.
    #[error("somebody else changed it, or it stands there already; look and try again")]
    Busy,
    /// The parameters or the store.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl NotKept {
    /// The same in Japanese.
    #[must_use]
    pub fn ja(&self) -> String {
        match self {
            Self::Unknown => "登録されていないか、閉鎖されたアカウントです".to_owned(),
            Self::Service => "ログインするのは人のアカウントだけです。機械には証明書を登録します".to_owned(),
            Self::Human => {
                "証明書はサービス用アカウントだけのものです。人は二要素でログインします".to_owned()
            }
            Self::Self_ => "自分自身のアカウントにはできません".to_owned(),
            Self::Active => {
                "すでにログインできるアカウントです。account reset で初期化してください".to_owned()
            }
            Self::NoCredential => "まだ招待されていないアカウントです".to_owned(),
            Self::NoInvitation => "使われていない招待がありません".to_owned(),
            Self::SamePerson => {
                "前半を受け取った人は後半を受け取れません。別の人が受け取ってください".to_owned()
            }
            Self::NoDemonstration => {
                "この環境では認証情報を発行済みの状態で渡せません(パラメータ login.issue_allowed が 0)"
                    .to_owned()
            }
            Self::Term => "証明書の期限が過ぎているか、login.certificate_days を超えています".to_owned(),
            Self::Busy => "同時に変更されたか、すでに登録されています。確認してやり直してください".to_owned(),
            Self::Refused(why) => why.ja(),
        }
    }
}

impl From<StorageError> for NotKept {
    fn from(error: StorageError) -> Self {
        Self::Refused(error.into())
    }
}

/// An invitation, shown once: its first half. The second is told to another person ([`Keeper::second_half`]).
#[derive(Debug, Clone, serde::Serialize)]
pub struct Invitation {
    /// For whom.
    pub account: String,
    /// The first half of the code.
    pub code: String,
    /// Who invited: whoever fetches the second half names them.
    pub invited_by: String,
    /// Until when.
    pub until: Timestamp,
}

/// The second half of an invitation's code, for somebody else than whoever invited.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SecondHalf {
    /// For whom.
    pub account: String,
    /// The second half.
    pub second_half: String,
    /// Until when.
    pub until: Timestamp,
}

/// Credentials ready for use, shown once.
#[derive(Clone, serde::Serialize)]
pub struct Issued {
    /// Whose.
    pub account: String,
    /// The password.
    pub password: String,
    /// The secret of the second factor.
    pub totp_secret: String,
    /// The same for an app.
    pub otpauth_url: String,
    /// The password is to be changed first.
    pub must_change: bool,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Keeps credentials, at one moment, for one account that gives the command.
#[derive(Debug)]
pub struct Keeper<'a> {
    db: &'a mut LoginDb,
    key: SealKey,
    rules: Rules,
    by: &'a Name,
    now: Timestamp,
}

impl<'a> Keeper<'a> {
    /// For a command of this account.
    pub fn new(
        db: &'a mut LoginDb,
        ring: &KeyRing,
        parameters: &ParameterSet,
        by: &'a Name,
        now: Timestamp,
    ) -> Result<Self, NotKept> {
        let rules = Rules::of(parameters, japanese_day(now)).map_err(Refused::from)?;
        Ok(Self { db, key: sealing(ring), rules, by, now })
    }

    /// Invites an account that cannot log in: never could, or did not use its invitation.
    pub fn invite(&mut self, account: &Name) -> Result<Invitation, NotKept> {
        let row = self.others_credential(account)?;
        if row.as_ref().is_some_and(|r| r.invitation.is_none()) {
            return Err(NotKept::Active);
        }
        self.write_invitation(account, row)
    }

    /// The second half of an open invitation. Never for whoever invited, nor for the invited; it fits only when the inviter
    /// was named truly, so nobody gets it by naming another.
    pub fn second_half(&mut self, account: &Name, inviter: &Name) -> Result<SecondHalf, NotKept> {
        if inviter == self.by {
            return Err(NotKept::SamePerson);
        }
        let row = self.others_credential(account)?.ok_or(NotKept::NoCredential)?;
        let until = row.invited_until.filter(|until| self.now < *until).ok_or(NotKept::NoInvitation)?;
        let second_half = secret::second_half(&self.key, &row.account, &inviter.to_string(), until);
        Ok(SecondHalf { account: row.account, second_half, until })
    }

    /// Takes away what an account logs in with and invites it anew. Its sessions end.
    pub fn reset(&mut self, account: &Name) -> Result<Invitation, NotKept> {
        let row = self.others_credential(account)?.ok_or(NotKept::NoCredential)?;
        let invitation = self.write_invitation(account, Some(row))?;
        self.end_sessions(account)?;
        Ok(invitation)
    }

    /// Gives an account that never had any credentials ready for use, in a house of demonstration.
    pub fn issue(&mut self, account: &Name, keep: bool) -> Result<Issued, NotKept> {
        if !self.rules.issue_allowed {
            return Err(NotKept::NoDemonstration);
        }
        let id = self.human(account)?;
        if self.db.credential(&id)?.is_some() {
            return Err(NotKept::Active);
        }
        let password = secret::password()?;
        let factor = Factor::fresh(&id)?;
        self.keep(&CredentialRow {
            password: Some(Hasher::new(&self.rules)?.hash(&password)?),
            totp: Some(factor.seal(&self.key, &id)?),
            must_change: !keep,
            ..credential::blank(&id, self.now)
        })?;
        Ok(Issued {
            account: id,
            password,
            totp_secret: factor.base32(),
            otpauth_url: factor.url()?,
            must_change: !keep,
        })
    }

    /// Locks an account until it is unlocked. Its sessions end.
    pub fn lock(&mut self, account: &Name) -> Result<u64, NotKept> {
        let row = self.others_credential(account)?.ok_or(NotKept::NoCredential)?;
        self.keep(&CredentialRow { locked: true, ..row })?;
        self.end_sessions(account)
    }

    /// Unlocks an account that people or failures locked.
    pub fn unlock(&mut self, account: &Name) -> Result<(), NotKept> {
        let row = self.others_credential(account)?.ok_or(NotKept::NoCredential)?;
        self.keep(&CredentialRow { locked: false, failures: 0, failed_at: None, ..row })
    }

    /// Ends all sessions of an account, and what it may have begun.
    pub fn end_sessions(&mut self, account: &Name) -> Result<u64, NotKept> {
        let id = account.to_string();
        self.db.drop_pending(&id)?;
        Ok(self.db.end_sessions(&id, None, self.now, "ended")?)
    }

    /// Registers the certificate of a machine for a service account.
    pub fn add_certificate(
        &mut self,
        account: &Name,
        fingerprint: Digest,
        valid_to: Timestamp,
    ) -> Result<(), NotKept> {
        let found = self.open_account(account)?;
        if found.human() {
            return Err(NotKept::Human);
        }
        if valid_to <= self.now || later(self.now, self.rules.certificate) < valid_to {
            return Err(NotKept::Term);
        }
        let row = CertificateRow {
            fingerprint,
            account: found.row.id,
            registered_by: self.by.to_string(),
            registered_at: self.now,
            valid_to,
            ended: None,
            used_at: None,
        };
        if self.db.add_certificate(&row)? { Ok(()) } else { Err(NotKept::Busy) }
    }

    /// Takes a certificate back.
    pub fn end_certificate(&mut self, fingerprint: &Digest) -> Result<(), NotKept> {
        if self.db.end_certificate(fingerprint, &self.by.to_string(), self.now)? {
            Ok(())
        } else {
            Err(NotKept::Busy)
        }
    }

    fn open_account(&mut self, account: &Name) -> Result<Account, NotKept> {
        let today = japanese_day(self.now);
        let found = Account::read(self.db, &account.to_string(), today)?;
        found.filter(|a| a.open(today)).ok_or(NotKept::Unknown)
    }

    fn human(&mut self, account: &Name) -> Result<String, NotKept> {
        let found = self.open_account(account)?;
        if found.human() { Ok(found.row.id) } else { Err(NotKept::Service) }
    }

    /// The credential of another human account.
    fn others_credential(&mut self, account: &Name) -> Result<Option<CredentialRow>, NotKept> {
        if account == self.by {
            return Err(NotKept::Self_);
        }
        let id = self.human(account)?;
        Ok(self.db.credential(&id)?)
    }

    fn write_invitation(
        &mut self,
        account: &Name,
        row: Option<CredentialRow>,
    ) -> Result<Invitation, NotKept> {
        let account = account.to_string();
        let row = row.unwrap_or_else(|| credential::blank(&account, self.now));
        // Whole seconds, as the second half is made from it again.
        let until = later(self.now, self.rules.invitation);
        let until = Timestamp::from_second(until.as_second()).unwrap_or(until);
        let invited_by = self.by.to_string();
        let second = secret::second_half(&self.key, &account, &invited_by, until);
        let (code, kept) = secret::invitation(&second)?;
        self.keep(&credential::invited(&row, kept, until, self.now))?;
        Ok(Invitation { account, code, invited_by, until })
    }

    fn keep(&mut self, row: &CredentialRow) -> Result<(), NotKept> {
        if self.db.change_credential(row)? { Ok(()) } else { Err(NotKept::Busy) }
    }
}
