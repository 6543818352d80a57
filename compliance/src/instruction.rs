//! Instructions (指示; law: R-OUT-02, C-071): the operator decides, others carry out. A job without a valid instruction does
//! not start.
//!
//! Giving one is the act of an officer of the operator; nobody instructs their own account.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::StorageError;
use musubi_storage::act::instruction::{InstructionRow, NewInstruction};
use musubi_storage::registry::ActDb;

use crate::audit::{AuditRole, Name};
use crate::authority::Granted;
use crate::organisation::{Book, OrganisationKind, Principal, role_of};

word_list! {
    /// A job that needs an instruction.
    Job {
        /// Taking deliveries in, linking and loading them.
        Intake = "intake", "受入れ";
        /// Loading what was held until its notice was ripe.
        HeldLoad = "held-load", "通知待ちの格納";
        /// Deciding everybody anew.
        Relink = "relink", "全件再突合";
        /// Training a model on stored persons.
        Train = "train", "名寄せモデルの学習";
        /// Writing an extract of persons.
        Extract = "extract", "抽出";
        /// Building a release.
        Release = "release", "提供物の作成";
        /// Erasing persons.
        Erasure = "erasure", "削除";
        /// Handing data to another certified operator, or taking them from one.
        Transfer = "transfer", "認定事業者間の提供";
    }
}

/// The two who stand behind what a job does: the account that does it, and the person on whose instruction (C-035).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hands {
    /// The account.
    pub made_by: String,
    /// The officer who instructed it.
    pub ordered_by: String,
}

/// Whose hands a job is in. `None`: it runs under no instruction, or under one that the same account gave.
///
/// # Errors
/// The store's.
pub fn hands(db: &mut ActDb, granted: &Granted) -> Result<Option<Hands>, StorageError> {
    let Some(instruction) = granted.instruction.as_ref().map(ToString::to_string) else { return Ok(None) };
    let given = db.instructions()?.into_iter().find(|i| i.id == instruction);
    let made_by = granted.principal.to_string();
    Ok(given
        .map(|i| Hands { made_by, ordered_by: i.said.given_by })
        .filter(|hands| hands.made_by != hands.ordered_by))
}

/// Why an instruction cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGiven {
    /// Not an officer of the operator.
    #[error("only an officer of the operator gives instructions")]
    NotAnOfficer,
    /// The organisation is not registered, or retired.
    #[error("the organisation instructed is not registered")]
    Organisation,
    /// No such role.
    #[error("no such role")]
    Role,
    /// No such job, or none at all.
    #[error("no such job")]
    Job,
    /// Ends before it begins.
    #[error("it ends before it begins")]
    Dates,
    /// Says no reason.
    #[error("it says no reason")]
    Reason,
}

/// Holds an instruction that is to be given against the book.
pub fn check(book: &Book, new: &NewInstruction, on: Date) -> Result<(), NotGiven> {
    let giver = book.principal(&new.given_by).filter(|p| p.active(on) && p.human);
    if !giver.is_some_and(|p| p.holds(AuditRole::Officer, on) && of_operator(book, p)) {
        return Err(NotGiven::NotAnOfficer);
    }
    if book.organisation(&new.organisation).is_none_or(|o| o.row.retired) {
        return Err(NotGiven::Organisation);
    }
    if new.role.as_deref().is_some_and(|r| role_of(r).is_none()) {
        return Err(NotGiven::Role);
    }
    if new.jobs.is_empty() || new.jobs.iter().any(|j| Job::from_name(j).is_none()) {
        return Err(NotGiven::Job);
    }
    if new.valid_to < new.valid_from {
        return Err(NotGiven::Dates);
    }
    if new.reason.trim().is_empty() {
        return Err(NotGiven::Reason);
    }
    Ok(())
}

fn of_operator(book: &Book, principal: &Principal) -> bool {
    book.organisation(&principal.row.organisation).is_some_and(|o| o.kind == OrganisationKind::Operator)
}

/// A job that is about to start.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// Which job.
    pub job: Job,
    /// For what, where the command names it; without it, everything.
    pub scope: Option<&'a str>,
    /// Who carries it out.
    pub executor: &'a Principal,
    /// In which role.
    pub role: AuditRole,
    /// When.
    pub at: Timestamp,
    /// The day in Japan.
    pub on: Date,
}

/// How near the nearest instruction comes: what the words of a refusal say. Later ones are nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// None for this job, organisation and role.
    None,
    /// Not for this day.
    Date,
    /// Taken back.
    Revoked,
    /// Not for this.
    Scope,
    /// Given by the account that would carry it out.
    OwnHand,
}

/// The instruction under which a job may start: the oldest that covers it.
pub fn find<'i>(
    book: &Book,
    instructions: &'i [InstructionRow],
    start: &Start<'_>,
) -> Result<&'i InstructionRow, Lacking> {
    let mut nearest = Lacking::None;
    for one in instructions {
        match covers(book, one, start) {
            Ok(()) => return Ok(one),
            Err(lacking) => nearest = nearest.max(lacking),
        }
    }
    Err(nearest)
}

fn covers(book: &Book, one: &InstructionRow, start: &Start<'_>) -> Result<(), Lacking> {
    let said = &one.said;
    let giver = book.principal(&said.given_by).filter(|p| of_operator(book, p));
    let meant = said.jobs.iter().any(|j| j == start.job.as_str())
        && said.organisation == start.executor.row.organisation
        && said.role.as_deref().is_none_or(|r| r == start.role.as_str());
    if !meant || giver.is_none() {
        return Err(Lacking::None);
    }
    if start.at < one.given_at || start.on < said.valid_from || said.valid_to < start.on {
        return Err(Lacking::Date);
    }
    if one.revoked.as_ref().is_some_and(|(at, _)| *at <= start.at) {
        return Err(Lacking::Revoked);
    }
    if !said.scope.is_empty() && !start.scope.is_some_and(|s| said.scope.iter().any(|one| one == s)) {
        return Err(Lacking::Scope);
    }
    if said.given_by == start.executor.row.id {
        return Err(Lacking::OwnHand);
    }
    Ok(())
}

/// The number of an instruction as a name of the audit chain.
pub fn name(row: &InstructionRow) -> Result<Name, musubi_model::ids::InvalidId> {
    Name::new(&row.id)
}
