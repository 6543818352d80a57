//! `musubi account`: credentials of those who log in, their sessions, certificates of machines, roles lent in an emergency.
//!
//! What is shown once (a code, a password, a secret) is printed and kept nowhere. It must never be given as an argument by
//! whoever works with a real account; `account code` is help for demonstrations and tests.

mod break_glass;
mod certificate;
mod list;
mod permissions;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, Name};
use musubi_compliance::login::{Invitation, Keeper, NotKept, Refused, code_now};
use musubi_compliance::operation::OperationKind;
use musubi_storage::registry::LoginDb;
use serde_json::json;

use self::break_glass::BreakGlassOrder;
use self::certificate::CertificateOrder;
use super::{Ending, books, operation};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::{Voice, warn};

/// `musubi account`.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// Invite an account: prints the first half of a code, once. With both halves its holder sets a password and a second
    /// factor.
    Invite {
        /// The account.
        id: String,
    },
    /// Print the second half of an invitation's code, for its holder; never for whoever invited.
    SecondHalf {
        /// The account.
        id: String,
        /// Who invited; named wrongly, the half does not fit.
        #[arg(long, value_name = "ACCOUNT")]
        invited_by: String,
    },
    /// Give accounts a password and a second factor ready for use, printed once. Only where parameter login.issue_allowed
    /// is 1 (a house of demonstration), and only accounts that never had any.
    Issue {
        /// The accounts.
        #[arg(required = true)]
        ids: Vec<String>,
        /// The password need not be changed at the first login.
        #[arg(long)]
        keep: bool,
    },
    /// Take away what an account logs in with and invite it anew; decided by two people.
    Reset {
        /// The account.
        id: String,
        /// Why; for the second person. No value of a person.
        #[arg(long)]
        reason: String,
    },
    /// Lock an account and end its sessions.
    Lock {
        /// The account.
        id: String,
    },
    /// Unlock an account that people or failures locked.
    Unlock {
        /// The account.
        id: String,
    },
    /// List accounts: whether and how they can log in.
    List,
    /// List which commands an account may give.
    Permissions {
        /// The account.
        id: String,
    },
    /// List sessions.
    Sessions {
        /// Of this account only.
        id: Option<String>,
        /// Ended ones too.
        #[arg(long)]
        all: bool,
    },
    /// End all sessions of an account.
    EndSessions {
        /// The account.
        id: String,
    },
    /// Certificates of machines (機械の証明書).
    #[command(subcommand)]
    Certificate(CertificateOrder),
    /// Roles lent in an emergency (緊急時の例外).
    #[command(subcommand)]
    BreakGlass(BreakGlassOrder),
    /// Print the six digits of a secret now; for demonstrations and tests.
    Code {
        /// The secret, as `account issue` printed it.
        secret: String,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Account) -> Result<Ending> {
    match order {
        Account::Invite { id } => invite(cli, voice, id),
        Account::SecondHalf { id, invited_by } => second_half(cli, voice, id, invited_by),
        Account::Issue { ids, keep } => issue(cli, voice, ids, *keep),
        Account::Reset { id, reason } => reset(cli, voice, id, reason),
        Account::Lock { id } => lock(cli, voice, id),
        Account::Unlock { id } => unlock(cli, voice, id),
        Account::List => list::accounts(cli, voice),
        Account::Permissions { id } => permissions::run(cli, voice, id),
        Account::Sessions { id, all } => list::sessions(cli, voice, id.as_deref(), *all),
        Account::EndSessions { id } => end_sessions(cli, voice, id),
        Account::Certificate(order) => certificate::run(cli, voice, order),
        Account::BreakGlass(order) => break_glass::run(cli, voice, order),
        Account::Code { secret } => Ok(code(voice, secret)),
    }
}

/// Does something to an account and books it; refused: says why, exit code 2.
fn kept<T>(
    cli: &Cli,
    home: &Home,
    voice: Voice,
    account: &Name,
    action: AuditAction,
    act: impl FnOnce(&mut Keeper<'_>) -> Result<T, NotKept>,
) -> Result<Option<T>> {
    let mut db: LoginDb = home.registry.login()?;
    let by = &home.acting.granted.principal;
    let done = Keeper::new(&mut db, &home.ring, &home.parameters, by, now()).and_then(|mut k| act(&mut k));
    match done {
        Ok(done) => {
            let object = AuditObject::Principal(account.clone());
            books::audit(&mut db, cli, home.acting.granted.role, action, object, 0)?;
            Ok(Some(done))
        }
        Err(NotKept::Refused(Refused::Storage(e))) => Err(e.into()),
        Err(refused) => {
            warn(&if voice.english { refused.to_string() } else { refused.ja() });
            Ok(None)
        }
    }
}

fn invite(cli: &Cli, voice: Voice, id: &str) -> Result<Ending> {
    let (home, account) = (Home::open(cli)?, operation::name(id)?);
    let done = kept(cli, &home, voice, &account, AuditAction::Credential, |k| k.invite(&account))?;
    Ok(invited(voice, done))
}

fn invited(voice: Voice, done: Option<Invitation>) -> Ending {
    let Some(invitation) = done else { return Ending::Usage };
    voice.say(
        format!(
            "{} の招待コードの前半(一度だけ表示します。{} まで有効): {}\n後半は別の人が本人に渡します: musubi account second-half {} --invited-by {}",
            invitation.account, invitation.until, invitation.code, invitation.account, invitation.invited_by
        ),
        format!(
            "Invitation of {}, first half (shown once, open until {}): {}\nSomebody else gives its holder the second half: musubi account second-half {} --invited-by {}",
            invitation.account, invitation.until, invitation.code, invitation.account, invitation.invited_by
        ),
    );
    voice.value(&invitation);
    Ending::Done
}

fn second_half(cli: &Cli, voice: Voice, id: &str, invited_by: &str) -> Result<Ending> {
    let (home, account, inviter) = (Home::open(cli)?, operation::name(id)?, operation::name(invited_by)?);
    let done =
        kept(cli, &home, voice, &account, AuditAction::Credential, |k| k.second_half(&account, &inviter))?;
    let Some(half) = done else { return Ok(Ending::Usage) };
    voice.say(
        format!("{} の招待コードの後半({} まで有効): {}", half.account, half.until, half.second_half),
        format!(
            "Invitation of {}, second half (open until {}): {}",
            half.account, half.until, half.second_half
        ),
    );
    voice.value(&half);
    Ok(Ending::Done)
}

fn issue(cli: &Cli, voice: Voice, ids: &[String], keep: bool) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut told = Vec::new();
    for id in ids {
        let account = operation::name(id)?;
        let done = kept(cli, &home, voice, &account, AuditAction::Credential, |k| k.issue(&account, keep))?;
        let Some(issued) = done else {
            warn(&format!("{id}: {}", voice.word("発行していません", "not issued")));
            voice.value(&json!({ "issued": told }));
            return Ok(Ending::Usage);
        };
        voice.say(
            format!(
                "{}\n  パスワード {}\n  確認コードの鍵 {}\n  {}",
                issued.account, issued.password, issued.totp_secret, issued.otpauth_url
            ),
            format!(
                "{}\n  password {}\n  secret of the second factor {}\n  {}",
                issued.account, issued.password, issued.totp_secret, issued.otpauth_url
            ),
        );
        told.push(issued);
    }
    voice.value(&json!({ "issued": told }));
    Ok(Ending::Done)
}

fn reset(cli: &Cli, voice: Voice, id: &str, reason: &str) -> Result<Ending> {
    let (home, account) = (Home::open(cli)?, operation::name(id)?);
    // Two people agree to take it away from this account, as it is now: a second reset is a second agreement.
    let credential = home.registry.login()?.credential(id)?.map(|c| c.version);
    let content = json!({ "account": id, "version": credential });
    let kind = OperationKind::CredentialReset;
    let Some(agreed) = operation::obtain(cli, &home, voice, kind, &content, reason)? else {
        return Ok(Ending::LookAtIt);
    };
    agreed.spend(kind)?;
    let done = kept(cli, &home, voice, &account, AuditAction::Credential, |k| k.reset(&account))?;
    Ok(invited(voice, done))
}

fn lock(cli: &Cli, voice: Voice, id: &str) -> Result<Ending> {
    let (home, account) = (Home::open(cli)?, operation::name(id)?);
    let done = kept(cli, &home, voice, &account, AuditAction::Credential, |k| k.lock(&account))?;
    let Some(ended) = done else { return Ok(Ending::Usage) };
    voice.say(
        format!("{id} をロックしました。終えたセッション {ended}"),
        format!("Locked {id}; {ended} sessions ended"),
    );
    voice.value(&json!({ "account": id, "locked": true, "sessions_ended": ended }));
    Ok(Ending::Done)
}

fn unlock(cli: &Cli, voice: Voice, id: &str) -> Result<Ending> {
    let (home, account) = (Home::open(cli)?, operation::name(id)?);
    let done = kept(cli, &home, voice, &account, AuditAction::Credential, |k| k.unlock(&account))?;
    if done.is_none() {
        return Ok(Ending::Usage);
    }
    voice.say(format!("{id} のロックを解除しました"), format!("Unlocked {id}"));
    voice.value(&json!({ "account": id, "locked": false }));
    Ok(Ending::Done)
}

fn end_sessions(cli: &Cli, voice: Voice, id: &str) -> Result<Ending> {
    let (home, account) = (Home::open(cli)?, operation::name(id)?);
    let done = kept(cli, &home, voice, &account, AuditAction::Logout, |k| k.end_sessions(&account))?;
    let Some(ended) = done else { return Ok(Ending::Usage) };
    voice.say(format!("{id} のセッションを終えました: {ended}"), format!("Ended sessions of {id}: {ended}"));
    voice.value(&json!({ "account": id, "sessions_ended": ended }));
    Ok(Ending::Done)
}

fn code(voice: Voice, secret: &str) -> Ending {
    let Some(code) = code_now(secret, now()) else {
        warn(voice.word("確認コードの鍵ではありません", "this is no secret of a second factor"));
        return Ending::Usage;
    };
    voice.line(&code);
    voice.value(&json!({ "code": code }));
    Ending::Done
}

/// Reads a time until which something holds: the end of a day in Japan.
fn end_of(day: jiff::civil::Date) -> Result<jiff::Timestamp> {
    let next = day.tomorrow().context("日付")?;
    let midnight = next.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).context("日付")?;
    Ok(midnight.timestamp())
}
