//! Conditions of approvals (承認の条件): what is open, whether the records say it is met, and closing by the verifier named.
//! Nobody closes what the records deny.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditRole};
use musubi_compliance::contract::may_receive;
use musubi_compliance::organisation::{Book, role_of};
use musubi_model::policy::Policy;
use musubi_review_board::committee::condition::{Facts, Gate, close};
use musubi_review_board::committee::document::Document;
use musubi_review_board::committee::stage::{State, Step};
use musubi_storage::board_ballot::{ConditionRow, StandingRead as _};
use musubi_storage::registry::BoardDb;
use serde_json::{Value, json};

use super::case::{Case, Room, all, book, kept, organisation_name, read, refuse, text, unknown};
use crate::args::Cli;
use crate::commands::Ending;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// `musubi committee condition`.
#[derive(Debug, Subcommand)]
pub enum Condition {
    /// List the conditions of approvals, with what the records say.
    List {
        /// Of one application.
        application: Option<String>,
    },
    /// Close a condition, as its verifier.
    Close {
        /// The ballot.
        ballot: String,
        /// Its number.
        nth: u32,
        /// What shows that it is met, in a file; not needed where the records say so.
        #[arg(long)]
        evidence: Option<PathBuf>,
    },
}

/// A condition as an answer.
pub fn value(row: &ConditionRow) -> Value {
    let gate: Option<Gate> = serde_json::from_str(&row.gate).ok();
    let verifier_ja = role_of(&row.verifier).map_or("", AuditRole::ja);
    json!({
        "ballot": row.ballot_id, "nth": row.nth, "gate": gate, "ja": words(row), "words": row.words,
        "en": gate.as_ref().map(Gate::en), "verifier": row.verifier, "verifier_ja": verifier_ja, "due": row.due,
        "closed": row.closed.is_some(), "closed_at": row.closed.as_ref().map(|(_, at, _)| at),
        "overdue": row.closed.is_none() && row.due < today(),
    })
}

/// A condition in Japanese.
pub fn words(row: &ConditionRow) -> String {
    let gate: Option<Gate> = serde_json::from_str(&row.gate).ok();
    match gate {
        None | Some(Gate::Other) => row.words.clone(),
        Some(gate) if row.words.is_empty() => gate.ja(),
        Some(gate) => format!("{}({})", gate.ja(), row.words),
    }
}

/// The ballot that attached conditions to a case, if the last one did.
fn attached(room: &mut Room, case: &Case) -> Result<Option<String>> {
    let boxes = room.db.ballots()?;
    let last = boxes.iter().rev().find(|b| b.application_id == case.id() && b.result.is_some());
    let conditional = |(outcome, _): &(String, String)| outcome == "conditional";
    Ok(last.filter(|b| b.result.as_ref().is_some_and(conditional)).map(|b| b.ballot_id.clone()))
}

/// The conditions of a case as answers, with what the records say.
pub fn of_case(room: &mut Room, case: &Case) -> Result<Vec<Value>> {
    let Some(ballot) = attached(room, case)? else { return Ok(Vec::new()) };
    let facts = facts(&room.home, &mut room.db, &room.book, case)?;
    Ok(room
        .db
        .conditions_of(&ballot)?
        .iter()
        .map(|row| {
            let mut value = value(row);
            let gate: Option<Gate> = serde_json::from_str(&row.gate).ok();
            if let Some(fields) = value.as_object_mut() {
                fields.insert("records_say".to_owned(), json!(gate.and_then(|g| g.holds(&facts))));
                fields.insert("application".to_owned(), json!(case.id()));
            }
            value
        })
        .collect())
}

/// What the records say about a case today.
pub fn facts(home: &Home, db: &mut BoardDb, book: &Book, case: &Case) -> Result<Facts> {
    let document = Document::kept(&case.version(case.submitted())?.document)?;
    let newest = case.document()?;
    let spec = document.extract().context("抽出仕様を読めません")?;
    let mut act = home.registry.act()?;
    let (contracts, obligations) = (act.register("contract", None)?, act.register("obligation", None)?);
    let mut users = vec![spec.recipient.clone()];
    users.extend(spec.recipients.iter().map(|r| r.name.clone()));
    let contract = users.iter().all(|user| may_receive(&contracts, &obligations, user, today()).is_ok());
    let certified = |user: &str| {
        book.organisations().any(|o| {
            (o.row.id == user || o.row.name == user)
                && !o.row.retired
                && (o.row.valid_from..=o.row.valid_to).contains(&today())
        })
    };
    let name = organisation_name(book, &case.row.organisation);
    let certificate = certified(&name) && users.iter().all(|u| certified(u));
    let policy = match &spec.policy {
        Some(named) => {
            let rows = db.policies()?;
            let row = rows.into_iter().find(|p| p.name == named.name && p.version == named.version);
            row.and_then(|p| Policy::parse(&p.text).ok())
        }
        None => None,
    };
    let house_cell = home.parameters.number("statistics.cell_min_persons", today()).ok();
    let cell_min = policy.as_ref().map_or(house_cell, |p| p.tables.as_ref().map(|t| t.cell_min.value));
    Ok(Facts {
        contract,
        certificate,
        k: policy.and_then(|p| p.person).map(|p| p.k.value),
        cell_min,
        period_end: Some(spec.cohort.to),
        destruction: document.field("destruction").parse::<Date>().ok(),
        ethics: !newest.field("ethics-number").is_empty(),
    })
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Condition) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    match order {
        Condition::List { application } => {
            let mut told = Vec::new();
            for case in all(&mut room.db)? {
                let asked = application.as_ref().is_none_or(|a| a == case.id());
                if asked && room.sees(&case)? {
                    told.extend(of_case(&mut room, &case)?);
                }
            }
            for c in &told {
                let nth = c.get("nth").and_then(Value::as_u64).unwrap_or(0);
                voice.line(format!("{} {nth}  {}  {}", text(c, "ballot"), text(c, "ja"), text(c, "due")));
            }
            voice.value(&json!({ "conditions": told }));
            Ok(Ending::Done)
        }
        Condition::Close { ballot, nth, evidence } => {
            let evidence = match evidence {
                Some(file) => read(file)?.trim().to_owned(),
                None => String::new(),
            };
            closed(cli, voice, &mut room, (ballot, *nth), &evidence)
        }
    }
}

fn closed(
    cli: &Cli,
    voice: Voice,
    room: &mut Room,
    (ballot, nth): (&str, u32),
    evidence: &str,
) -> Result<Ending> {
    let row = room.db.ballot(ballot)?.ok_or_else(|| unknown(&format!("ballot {ballot}")))?;
    let case = room.case(&row.application_id)?;
    if attached(room, &case)?.as_deref() != Some(ballot) {
        return Err(refuse(
            "REV_NOT_CONDITIONAL: this ballot attached no conditions (条件付き承認ではありません)",
        ));
    }
    let conditions = room.db.conditions_of(ballot)?;
    let condition = conditions.iter().find(|c| c.nth == nth).ok_or_else(|| unknown("such condition"))?;
    let gate: Gate = serde_json::from_str(&condition.gate).context("条件を読めません")?;
    let facts = facts(&room.home, &mut room.db, &room.book, &case)?;
    // The account may hold more roles than the one in which it was let in.
    let verifier = role_of(&condition.verifier).context("確認者の役割を読めません")?;
    let role = if room.home.acting.roles.contains(&verifier) { verifier } else { room.role() };
    close(&gate, &condition.verifier, role, evidence, &facts).map_err(refuse)?;
    let me = room.account();
    kept(room.db.close_condition((ballot, nth), evidence, (&me, role.as_str()), now()))?;
    book(&mut room.db, cli, AuditAction::Condition, case.id())?;
    let open = conditions.iter().filter(|c| c.nth != nth && c.closed.is_none()).count();
    if open == 0 && case.state == State::Conditional {
        case.step(&mut room.db, cli, Step::Fulfil, Some(row.version), &json!({ "ballot": ballot }))?;
    }
    voice.say(
        format!("条件を閉じました: {ballot} {nth}(残り {open} 件)"),
        format!("Condition closed: {ballot} {nth} ({open} left)"),
    );
    voice.value(&json!({ "ballot": ballot, "nth": nth, "open": open }));
    Ok(Ending::Done)
}
