//! `musubi account break-glass`: one role more for a short time, at once; somebody else judges it afterwards, with all that
//! was done in it before their eyes.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::login::break_glass::{self, NotLent, Waits, Wish, waits};
use musubi_compliance::organisation::role_of;
use musubi_storage::act::audit_log::AuditFilter;
use musubi_storage::login::BreakGlassRow;
use musubi_storage::registry::ActDb;
use serde_json::{Value, json};

use super::list::role_words;
use crate::args::Cli;
use crate::authority;
use crate::commands::{Ending, books, operation};
use crate::home::{Home, now, today};
use crate::say::{Voice, warn};

/// `musubi account break-glass`.
#[derive(Debug, Subcommand)]
pub enum BreakGlassOrder {
    /// Take one more role for a short time, at once. Everything done in it is booked, and somebody else judges it.
    Ask {
        /// The role.
        role: String,
        /// Why; no value of a person.
        #[arg(long)]
        reason: String,
        /// For how long.
        #[arg(long, default_value_t = 30)]
        minutes: u64,
    },
    /// List loans: those that last, those that wait for their review.
    List {
        /// Reviewed ones too.
        #[arg(long)]
        all: bool,
    },
    /// Judge a loan that is over; not by whoever took it.
    Review {
        /// Its number.
        id: i64,
        /// Whether it was justified.
        #[arg(long, value_parser = ["yes", "no"])]
        justified: String,
        /// What was found; no value of a person.
        #[arg(long)]
        note: String,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &BreakGlassOrder) -> Result<Ending> {
    match order {
        BreakGlassOrder::Ask { role, reason, minutes } => ask(cli, voice, role, reason, *minutes),
        BreakGlassOrder::List { all } => list(cli, voice, *all),
        BreakGlassOrder::Review { id, justified, note } => review(cli, voice, *id, justified == "yes", note),
    }
}

fn refused(voice: Voice, why: NotLent) -> Result<Ending> {
    if let NotLent::Storage(e) = why {
        return Err(e.into());
    }
    warn(&if voice.english { why.to_string() } else { why.ja() });
    Ok(Ending::Usage)
}

fn booked(cli: &Cli, home: &Home, account: &Name) -> Result<()> {
    let object = AuditObject::Principal(account.clone());
    let role = home.acting.granted.role;
    books::audit(&mut home.registry.login()?, cli, role, AuditAction::BreakGlass, object, 0)
}

fn ask(cli: &Cli, voice: Voice, role: &str, reason: &str, minutes: u64) -> Result<Ending> {
    let home = Home::open(cli)?;
    let Some(role) = role_of(role) else { return refused(voice, NotLent::Role) };
    let book = &home.books.organisations;
    let pairs = authority::pairs(&home.parameters)?;
    let office =
        break_glass::Office { book, pairs: &pairs, parameters: &home.parameters, now: now(), today: today() };
    let account = &home.acting.granted.principal;
    let wish = Wish { account, role, minutes, reason };
    let loan = match break_glass::ask(&mut home.registry.login()?, &office, &wish) {
        Ok(loan) => loan,
        Err(why) => return refused(voice, why),
    };
    booked(cli, &home, account)?;
    voice.say(
        format!(
            "例外 {}: {account} は {} まで「{}」の役割を借ります。終わった後、別の人が確認します",
            loan.id,
            loan.until,
            role.ja()
        ),
        format!(
            "Loan {}: {account} has the role {} until {}; somebody else judges it afterwards",
            loan.id,
            role.as_str(),
            loan.until
        ),
    );
    voice.value(
        &json!({ "break_glass": loan, "account": account.to_string(), "role": role_words(role.as_str()) }),
    );
    Ok(Ending::Done)
}

/// What an account did in the role while it was lent.
fn acts(db: &mut ActDb, loan: &BreakGlassRow) -> Result<Vec<Value>> {
    let filter = AuditFilter {
        since: Some(loan.asked_at.to_string()),
        actor: Some(loan.account.clone()),
        last: 1_000,
        ..AuditFilter::default()
    };
    let rows = db.audit_entries(&filter).context("証跡を読めません")?;
    let until = format!("{:.6}", loan.until);
    let of_loan = rows.into_iter().filter(|r| r.role == loan.role && r.at <= until);
    Ok(of_loan
        .map(|r| json!({ "seq": r.seq, "at": r.at, "action": r.action, "object": r.object, "result": r.result }))
        .collect())
}

fn list(cli: &Cli, voice: Voice, all: bool) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let mut told = Vec::new();
    for loan in db.break_glasses(None)? {
        let state = waits(&loan, &home.parameters, now())?;
        if state == Waits::Reviewed && !all {
            continue;
        }
        let done = acts(&mut db, &loan)?;
        voice.line(format!(
            "{}  {}  {}  {}  {}–{}: {}",
            loan.id,
            voice.word(state.ja(), state.as_str()),
            loan.account,
            role_of(&loan.role).map_or(loan.role.as_str(), |r: AuditRole| voice.word(r.ja(), r.as_str())),
            loan.asked_at,
            loan.until,
            loan.reason
        ));
        voice.say(format!("    記録 {}", done.len()), format!("    {} entries of the log", done.len()));
        told.push(json!({
            "state": state.as_str(),
            "state_ja": state.ja(),
            "role": role_words(&loan.role),
            "acts": done,
            "loan": loan,
        }));
    }
    voice.value(&told);
    Ok(Ending::Done)
}

fn review(cli: &Cli, voice: Voice, id: i64, justified: bool, note: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let by = &home.acting.granted.principal;
    let done = break_glass::review(&mut home.registry.login()?, id, by, justified, note, now());
    let loan = match done {
        Ok(loan) => loan,
        Err(why) => return refused(voice, why),
    };
    booked(cli, &home, &operation::name(&loan.account)?)?;
    voice.say(format!("例外 {id} を確認しました"), format!("Loan {id} is reviewed"));
    voice.value(&json!({ "loan": loan }));
    Ok(Ending::Done)
}
