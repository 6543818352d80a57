//! What becomes of a credential (認証情報): pure steps from one row to the next. An attempt is counted before it is judged,
//! so that many at once get no more guesses than one after the other.

use jiff::Timestamp;
use musubi_storage::login::{CredentialRow, Digest};

use super::{PasswordRefused, Refused, Rules};

/// Why somebody did not come in, as the audit log says it. Whoever stands outside is told less: [`Why::told`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// No such account.
    Unknown,
    /// The account is closed, or its organisation.
    Closed,
    /// A service, where a human is asked for, or the reverse.
    Kind,
    /// Nothing to log in with: never invited, or the invitation is still open.
    NoCredential,
    /// Locked by people.
    Locked,
    /// Locked by failures.
    LockedOut,
    /// Another password.
    Password,
    /// Other digits.
    Code,
    /// Digits that were used.
    Replayed,
    /// Nothing pending, or too late.
    Over,
    /// No such invitation, or its time is over.
    Invitation,
    /// No certificate, or it no longer holds.
    Certificate,
    /// The new password follows no rule.
    Rules(PasswordRefused),
    /// Somebody changed the credential at the same moment.
    Busy,
}

impl Why {
    /// The code for the audit log.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN-ACCOUNT",
            Self::Closed => "CLOSED-ACCOUNT",
            Self::Kind => "ACCOUNT-KIND",
            Self::NoCredential => "NO-CREDENTIAL",
            Self::Locked => "LOCKED",
            Self::LockedOut => "LOCKED-OUT",
            Self::Password => "PASSWORD",
            Self::Code => "CODE",
            Self::Replayed => "CODE-REPLAYED",
            Self::Over => "PENDING-OVER",
            Self::Invitation => "INVITATION",
            Self::Certificate => "CERTIFICATE",
            Self::Rules(_) => "PASSWORD-RULES",
            Self::Busy => "BUSY",
        }
    }

    /// What is told outside of why the second factor is not taken.
    pub(super) fn told(self) -> Refused {
        match self {
            Self::Over => Refused::Over,
            Self::Invitation => Refused::Invitation,
            Self::Rules(why) => Refused::Password(why),
            Self::Code | Self::Replayed => Refused::Code,
            _ => Refused::Credentials,
        }
    }
}

/// A credential that has none of anything yet.
pub(super) fn blank(account: &str, now: Timestamp) -> CredentialRow {
    CredentialRow {
        account: account.to_owned(),
        version: 0,
        password: None,
        totp: None,
        totp_step: 0,
        invitation: None,
        invited_until: None,
        failures: 0,
        failed_at: None,
        locked: false,
        must_change: false,
        english: false,
        last_login: None,
        changed_at: now,
    }
}

/// Invited: whatever there was to log in with is gone.
pub(super) fn invited(row: &CredentialRow, code: Digest, until: Timestamp, now: Timestamp) -> CredentialRow {
    CredentialRow {
        invitation: Some(code),
        invited_until: Some(until),
        version: row.version,
        locked: row.locked,
        english: row.english,
        last_login: row.last_login,
        ..blank(&row.account, now)
    }
}

/// One attempt more, when an attempt may be made at all.
pub(super) fn attempt(row: CredentialRow, rules: &Rules, now: Timestamp) -> Result<CredentialRow, Why> {
    if row.locked {
        return Err(Why::Locked);
    }
    if row.invitation.is_some() || row.password.is_none() || row.totp.is_none() {
        return Err(Why::NoCredential);
    }
    if rules.locked(row.failures, row.failed_at, now) {
        return Err(Why::LockedOut);
    }
    Ok(CredentialRow { failures: rules.one_more(row.failures), failed_at: Some(now), ..row })
}

/// The attempt was none: the first factor was right. The count of the second factor's failures stays.
pub(super) fn forgiven(row: CredentialRow) -> CredentialRow {
    CredentialRow { failures: row.failures.saturating_sub(1), ..row }
}

/// Logged in with a code of this step. No step up to it is taken again.
pub(super) fn logged_in(row: CredentialRow, step: i64, now: Timestamp) -> Result<CredentialRow, Why> {
    if step <= row.totp_step {
        return Err(Why::Replayed);
    }
    Ok(CredentialRow { totp_step: step, failures: 0, failed_at: None, last_login: Some(now), ..row })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn active() -> CredentialRow {
        let now = Timestamp::UNIX_EPOCH;
        CredentialRow {
            password: Some(String::new()),
            totp: Some(Vec::new()),
            version: 1,
            ..blank("linker-01", now)
        }
    }

    proptest! {
        /// Whatever steps are shown in whatever order, each comes in at most once, and none after a later one.
        #[test]
        fn a_step_comes_in_once(steps in prop::collection::vec(1i64..40, 1..60)) {
            let (mut row, mut taken) = (active(), Vec::new());
            for step in steps {
                match logged_in(row.clone(), step, Timestamp::UNIX_EPOCH) {
                    Ok(next) => {
                        taken.push(step);
                        row = next;
                    }
                    Err(why) => prop_assert_eq!(why, Why::Replayed),
                }
            }
            prop_assert!(taken.windows(2).all(|w| matches!(w, [a, b] if a < b)));
        }
    }

    #[test]
    fn an_invitation_leaves_nothing_to_log_in_with() {
        let row = invited(&active(), [7; 32], Timestamp::MAX, Timestamp::UNIX_EPOCH);
        assert!(row.password.is_none() && row.totp.is_none() && row.invitation.is_some());
        assert_eq!(row.version, 1);
        let rules = crate::login::Rules::of(
            &crate::parameters::parameters(None).unwrap(),
            jiff::civil::Date::constant(2026, 4, 1),
        )
        .unwrap();
        assert_eq!(attempt(row, &rules, Timestamp::UNIX_EPOCH), Err(Why::NoCredential));
        let locked = CredentialRow { locked: true, ..active() };
        assert_eq!(attempt(locked, &rules, Timestamp::UNIX_EPOCH), Err(Why::Locked));
        assert_eq!(attempt(active(), &rules, Timestamp::UNIX_EPOCH).map(|r| r.failures), Ok(1));
    }
}
