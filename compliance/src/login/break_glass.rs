//! Break-glass (緊急時の例外): an account is lent one role for a short time, at once, and somebody else judges it afterwards.
//!
//! A loan gives the role's commands and nothing more: it never counts as one of two people's approvals, never joins roles
//! that nobody may hold together, and never makes a role that the parameter does not name.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::login::{BreakGlassRow, NewBreakGlass, ReviewRow};
use musubi_storage::registry::LoginDb;

use super::rules::{later, span};
use crate::audit::{AuditRole, Name};
use crate::authority::ForbiddenPairs;
use crate::organisation::{Book, Principal, role_of};
use crate::parameters::word;

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

/// The roles lent to a human at a moment; a service is lent none.
#[must_use]
pub fn lent_roles(rows: &[BreakGlassRow], principal: &Principal, at: Timestamp) -> Vec<AuditRole> {
    if principal.human { lent(rows, &principal.row.id, at).map(|l| l.role).collect() } else { Vec::new() }
}

/// Why a role is not lent, or a loan not reviewed.
#[derive(Debug, thiserror::Error)]
pub enum NotLent {
    /// No such account, closed, or a service.
    #[error("no such human account, or it is closed")]
    Unknown,
    /// The parameter does not name the role.
    #[error("parameter login.break_glass_roles does not name this role")]
    Role,
    /// The account holds it anyway.
    #[error("the account holds this role anyway")]
    Held,
    /// Its kind of organisation has no such role.
    #[error("an account of this kind of organisation cannot hold this role")]
    Organisation,
    /// Roles that nobody may hold together.
    #[error("roles that do not go together: {} and {}", .0.as_str(), .1.as_str())]
    Pair(AuditRole, AuditRole),
    /// One at a time.
    #[error("a role is lent to the account already")]
    Already,
    /// Longer than the parameter allows, or not at all.
    #[error("from 1 minute to parameter login.break_glass_minutes")]
    Time,
    /// Nothing says why.
    #[error("say why")]
    NoReason,
    /// No such loan.
    #[error("no such loan")]
    NoLoan,
    /// Whoever was lent the role cannot judge it.
    #[error("somebody else judges it")]
    SamePerson,
    /// It still lasts: what is yet to be done cannot be judged.
    #[error("it lasts until {0}; it is judged afterwards")]
    Lasts(Timestamp),
    /// Judged before.
    #[error("it was judged before")]
    Reviewed,
    /// The parameters.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl NotLent {
    /// The same in Japanese.
    #[must_use]
    pub fn ja(&self) -> String {
        match self {
            Self::Unknown => "登録されていないか、閉鎖されたか、サービス用のアカウントです".to_owned(),
            Self::Role => "この役割は借りられません(パラメータ login.break_glass_roles)".to_owned(),
            Self::Held => "すでに持っている役割です".to_owned(),
            Self::Organisation => "この種類の事業者のアカウントは持てない役割です".to_owned(),
            Self::Pair(a, b) => format!("兼務できない役割です: 「{}」と「{}」", a.ja(), b.ja()),
            Self::Already => "すでに役割を借りています".to_owned(),
            Self::Time => "時間は1分から login.break_glass_minutes までです".to_owned(),
            Self::NoReason => "理由を書いてください".to_owned(),
            Self::NoLoan => "その番号の例外はありません".to_owned(),
            Self::SamePerson => "借りた本人ではない人が確認してください".to_owned(),
            Self::Lasts(until) => format!("{until} まで続いています。終わってから確認してください"),
            Self::Reviewed => "確認済みです".to_owned(),
            Self::Parameter(_) => "パラメータ login.break_glass_* を使えません".to_owned(),
            Self::Storage(_) => "保存先が応答しません".to_owned(),
        }
    }
}

/// What is known when a role is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Office<'a> {
    /// Organisations and accounts.
    pub book: &'a Book,
    /// Pairs of roles that do not come together.
    pub pairs: &'a ForbiddenPairs,
    /// Parameters.
    pub parameters: &'a ParameterSet,
    /// The moment.
    pub now: Timestamp,
    /// Its day in Japan.
    pub today: Date,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// By which account.
    pub account: &'a Name,
    /// Which role.
    pub role: AuditRole,
    /// For how long.
    pub minutes: u64,
    /// Why.
    pub reason: &'a str,
}

/// Until when a role would be lent, or why it is not. Pure.
pub fn judge(office: &Office<'_>, loans: &[BreakGlassRow], wish: &Wish<'_>) -> Result<Timestamp, NotLent> {
    let id = wish.account.to_string();
    let principal = office.book.principal(&id).filter(|p| p.human && p.active(office.today));
    let principal = principal.ok_or(NotLent::Unknown)?;
    let longest = span(office.parameters, "login.break_glass_minutes", 60, office.today)?;
    let minutes = i64::try_from(wish.minutes).ok().and_then(|m| m.checked_mul(60));
    let asked = minutes.map(jiff::SignedDuration::from_secs).filter(|s| !s.is_zero() && *s <= longest);
    let asked = asked.ok_or(NotLent::Time)?;
    if wish.reason.trim().is_empty() {
        return Err(NotLent::NoReason);
    }
    let lendable = word(office.parameters, "login.break_glass_roles", office.today)?;
    if !lendable.split_whitespace().any(|w| w == wish.role.as_str()) {
        return Err(NotLent::Role);
    }
    let organisation = office.book.organisation(&principal.row.organisation);
    if !organisation.is_some_and(|o| o.kind.admits(wish.role)) {
        return Err(NotLent::Organisation);
    }
    let held = principal.roles_on(office.today);
    if held.contains(&wish.role) {
        return Err(NotLent::Held);
    }
    if lent(loans, &id, office.now).next().is_some() {
        return Err(NotLent::Already);
    }
    if let Some(other) = held.into_iter().find(|r| office.pairs.forbid(wish.role, *r)) {
        return Err(NotLent::Pair(wish.role, other));
    }
    Ok(later(office.now, asked))
}

/// Lends a role from now on.
pub fn ask(db: &mut LoginDb, office: &Office<'_>, wish: &Wish<'_>) -> Result<BreakGlass, NotLent> {
    let loans = db.break_glasses(Some(office.now))?;
    let until = judge(office, &loans, wish)?;
    let account = wish.account.to_string();
    let reason = wish.reason.trim();
    let new = NewBreakGlass { account: &account, role: wish.role.as_str(), reason, at: office.now, until };
    let id = db.lend(&new)?;
    Ok(BreakGlass { id, role: wish.role, reason: reason.to_owned(), until })
}

/// Writes down what another person found of a loan that is over, and gives the loan.
pub fn review(
    db: &mut LoginDb,
    id: i64,
    by: &Name,
    justified: bool,
    note: &str,
    now: Timestamp,
) -> Result<BreakGlassRow, NotLent> {
    let loan = db.break_glasses(None)?.into_iter().find(|l| l.id == id).ok_or(NotLent::NoLoan)?;
    let by = by.to_string();
    if loan.account == by {
        return Err(NotLent::SamePerson);
    }
    if now < loan.until {
        return Err(NotLent::Lasts(loan.until));
    }
    if note.trim().is_empty() {
        return Err(NotLent::NoReason);
    }
    let review = ReviewRow { by, at: now, justified, note: note.trim().to_owned() };
    if !db.review_break_glass(id, &review)? {
        return Err(NotLent::Reviewed);
    }
    Ok(BreakGlassRow { review: Some(review), ..loan })
}

/// Whether a loan waits for its review, and whether for too long.
pub fn waits(loan: &BreakGlassRow, set: &ParameterSet, now: Timestamp) -> Result<Waits, ParameterError> {
    if loan.review.is_some() {
        return Ok(Waits::Reviewed);
    }
    if now < loan.until {
        return Ok(Waits::Lasts);
    }
    let days = span(set, "login.break_glass_review_days", 86_400, crate::book::japanese_day(now))?;
    Ok(if later(loan.until, days) < now { Waits::Overdue } else { Waits::Open })
}

word_list! {
    /// Where a loan stands.
    Waits {
        /// The role is lent now.
        Lasts = "lasts", "例外中";
        /// It is over and waits for its review.
        Open = "open", "確認待ち";
        /// It waits for too long.
        Overdue = "overdue", "確認の期限超過";
        /// Somebody else judged it.
        Reviewed = "reviewed", "確認済";
    }
}
