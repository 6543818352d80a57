//! `musubi board`: the board's key signs what the committee decided, and an approval is suspended, resumed, looked at
//! (承認とその効力). While the parameter `board.committee_required` says no, the key signs without a committee: a house before
//! its committee is founded.

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::parameters::word;
use musubi_review_board::committee::condition::Gate;
use musubi_review_board::committee::stage::{State, Step};
use musubi_review_board::{Approval, ApprovalError, Mandate, approve};
use musubi_storage::board::{ApprovalRow, BoardRead as _};
use musubi_storage::board_ballot::{ApprovalEventRow, BoxRow, StandingRead as _};
use musubi_storage::registry::BoardDb;
use serde_json::{Value, json};

use super::case::{Case, Room, all, committee, refuse, text, unknown};
use super::conditions::facts;
use crate::args::{Board, Cli};
use crate::commands::{Ending, books};
use crate::home::{Home, now, today};
use crate::say::Voice;

/// Runs `musubi board`.
pub fn board(cli: &Cli, voice: Voice, order: &Board) -> Result<Ending> {
    match order {
        Board::Approve { request, approver, expires } => sign(cli, voice, request, approver, *expires),
        Board::Suspend { approval, reason } => {
            event(cli, voice, approval, ("suspend", Step::Suspend), reason)
        }
        Board::Resume { approval, reason } => event(cli, voice, approval, ("resume", Step::Resume), reason),
        Board::List => list(cli, voice),
    }
}

/// The mandate under which the key may sign.
fn mandate(home: &Home, db: &mut BoardDb, request: &str) -> Result<Mandate> {
    if word(&home.parameters, "board.committee_required", today())? == "no" {
        return Ok(Mandate::not_required());
    }
    Mandate::of_request(db, request).map_err(|e| match e {
        // Whoever asks for the impossible is told so; a store that fails is another thing.
        ApprovalError::NoCommittee => refuse(e),
        e => e.into(),
    })
}

fn sign(cli: &Cli, voice: Voice, request: &str, approver: &str, expires: Option<Date>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let months = home.parameters.number("approval.valid_months", today())?;
    let months = i64::try_from(months).context("approval.valid_months")?;
    let expires = match expires {
        Some(date) => date,
        None => today().checked_add(jiff::Span::new().try_months(months)?)?,
    };
    let mut db = home.registry.board()?;
    let mandate = mandate(&home, &mut db, request)?;
    let cases = all(&mut db)?;
    let case = mandate.ballot().and_then(|ballot| {
        let of = ballot.rsplit_once("-B").map_or("", |(application, _)| application);
        cases.iter().find(|c| c.id() == of)
    });
    if let Some(case) = case {
        // A ballot is signed once; what it decided may meanwhile have been taken back or replaced.
        if !matches!(case.state, State::Approved | State::Conditional) {
            return Err(refuse(format!(
                "REV_STEP: the application is {} ({}の申出は承認できません)",
                case.state.as_str(),
                case.state.ja()
            )));
        }
        let signed = case.approval.as_ref().and_then(committee);
        if signed.as_deref() == mandate.ballot() {
            return Err(refuse("REV_SIGNED: this decision was signed already (この議決は署名済みです)"));
        }
        let open = mandate.ballot().map(|b| open_conditions(&mut db, b)).transpose()?.unwrap_or(0);
        if open > 0 && case.state == State::Conditional {
            return Err(refuse(ApprovalError::Conditions(open)));
        }
    }
    let approval = approve(&mut db, &home.ring.board, request, approver, now(), expires, &mandate)
        .context("承認できません")?;
    let object = AuditObject::Approval(Name::new(approval.id()).context("approval")?);
    books::audit(&mut db, cli, AuditRole::Board, AuditAction::Decide, object, 0)?;
    if let Some(original) = case.and_then(|c| c.row.amends.as_ref()) {
        replaced(cli, &mut db, &cases, original, approval.id())?;
    }
    voice.say(
        format!(
            "承認しました: {}\n  範囲ハッシュ: {}\n  有効期限: {}",
            approval.id(),
            approval.scope_hash(),
            approval.expires_on()
        ),
        format!(
            "Approved: {}\n  scope hash: {}\n  expires: {}",
            approval.id(),
            approval.scope_hash(),
            approval.expires_on()
        ),
    );
    voice.value(&json!({
        "approval": approval.id(), "scope_hash": approval.scope_hash(), "expires_on": approval.expires_on(),
        "ballot": mandate.ballot(),
    }));
    Ok(Ending::Done)
}

/// How many conditions of a ballot are open.
fn open_conditions(db: &mut BoardDb, ballot: &str) -> Result<u64> {
    Ok(u64::try_from(db.conditions_of(ballot)?.iter().filter(|c| c.closed.is_none()).count())?)
}

/// An amendment that was signed ends the approval that it changes.
fn replaced(cli: &Cli, db: &mut BoardDb, cases: &[Case], original: &str, by: &str) -> Result<()> {
    let Some(case) = cases.iter().find(|c| c.id() == original) else { return Ok(()) };
    let Some(approval) = &case.approval else { return Ok(()) };
    let reason = format!("replaced by {by}");
    let event = ApprovalEventRow {
        approval_id: approval.approval_id.clone(),
        kind: "end".to_owned(),
        reason: reason.clone(),
        account: cli.actor.to_string(),
        at: now(),
    };
    let may = matches!(case.state, State::Approved | State::Suspended);
    let step =
        if may { Some(case.event(Step::Complete, None, &json!({ "reason": reason }), cli)?) } else { None };
    db.enter_approval_event(&event, step.as_ref())?;
    let object = AuditObject::Approval(Name::new(&approval.approval_id)?);
    books::audit(db, cli, AuditRole::Board, AuditAction::Condition, object, 0)
}

fn event(
    cli: &Cli,
    voice: Voice,
    approval: &str,
    (kind, step): (&str, Step),
    reason: &str,
) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    let row = room.db.approval(approval)?.ok_or_else(|| unknown(&format!("approval {approval}")))?;
    let events = room.db.events_of(approval)?;
    let last = events.last().map_or("resume", |e| e.kind.as_str());
    if last == "end" || last == kind {
        return Err(refuse(format!(
            "REV_STANDING: after {last} there is no {kind} (承認の現在の状態ではできません)"
        )));
    }
    let cases = all(&mut room.db)?;
    let case = cases.iter().find(|c| c.approval.as_ref().is_some_and(|a| a.approval_id == approval));
    let body = json!({ "reason": reason, "approval": approval });
    let step = case.map(|c| c.event(step, None, &body, cli)).transpose()?;
    let entered = ApprovalEventRow {
        approval_id: approval.to_owned(),
        kind: kind.to_owned(),
        reason: reason.to_owned(),
        account: room.account(),
        at: now(),
    };
    room.db.enter_approval_event(&entered, step.as_ref())?;
    let object = AuditObject::Approval(Name::new(approval)?);
    books::audit(&mut room.db, cli, AuditRole::Board, AuditAction::Condition, object, 0)?;
    let value = standing(&room.home, &mut room.db, &row)?;
    voice.say(
        format!("{approval}: {}", text(&value, "standing_ja")),
        format!("{approval}: {}", text(&value, "standing")),
    );
    voice.value(&value);
    Ok(Ending::Done)
}

/// Whether an approval holds today, as a release would find it.
fn standing(home: &Home, db: &mut BoardDb, row: &ApprovalRow) -> Result<Value> {
    let (code, ja) = match Approval::load(db, &row.approval_id, &home.ring.board.public(), today()) {
        Ok(_) => ("holds", "有効"),
        Err(ApprovalError::Storage(e)) => return Err(e.into()),
        Err(ApprovalError::Suspended) => ("suspended", "停止中"),
        Err(ApprovalError::Ended) => ("ended", "終了"),
        Err(ApprovalError::Expired) => ("expired", "期限切れ"),
        Err(ApprovalError::Conditions(_)) => ("conditions", "条件未充足"),
        Err(_) => ("not-valid", "無効"),
    };
    let events: Vec<Value> = db
        .events_of(&row.approval_id)?
        .into_iter()
        .map(|e| json!({ "kind": e.kind, "reason": e.reason, "account": e.account, "at": e.at }))
        .collect();
    Ok(json!({
        "approval": row.approval_id, "request": row.request_id, "scope_hash": row.scope_hash,
        "approver": row.approver, "approved_at": row.approved_at, "expires_on": row.expires_on,
        "ballot": committee(row), "standing": code, "standing_ja": ja, "events": events,
    }))
}

fn list(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.board()?;
    let mut told = Vec::new();
    for request in db.requests()? {
        for row in db.approvals_of(&request.request_id)? {
            let value = standing(&home, &mut db, &row)?;
            voice.line(format!(
                "{}  {}  {}  {}",
                row.approval_id,
                row.request_id,
                text(&value, "standing_ja"),
                row.expires_on
            ));
            told.push(value);
        }
    }
    let mut waiting = Vec::new();
    for case in all(&mut db)? {
        let Some(request) =
            case.request().filter(|_| matches!(case.state, State::Approved | State::Conditional))
        else {
            continue;
        };
        let Ok(mandate) = Mandate::of_request(&mut db, &request) else { continue };
        let ballot = mandate.ballot().unwrap_or_default().to_owned();
        let own = ballot.rsplit_once("-B").is_some_and(|(application, _)| application == case.id());
        if !own || case.approval.as_ref().and_then(committee).as_deref() == Some(ballot.as_str()) {
            continue;
        }
        let open = if case.state == State::Conditional { open_conditions(&mut db, &ballot)? } else { 0 };
        waiting.push(json!({
            "application": case.id(), "title": case.document()?.field("title"), "request": request, "ballot": ballot,
            "state": case.state.as_str(), "state_ja": case.state.ja(), "open_conditions": open,
        }));
    }
    voice.value(&json!({ "approvals": told, "waiting": waiting }));
    Ok(Ending::Done)
}

/// Gates of an approval, and of the one that it amends, that the records deny today: nothing is released then.
pub fn shut_again(home: &Home, approval: &Approval) -> Result<Vec<String>> {
    let Some(ballot) = approval.decision().committee.as_deref() else { return Ok(Vec::new()) };
    let mut db = home.registry.board()?;
    let (cases, ballots) = (all(&mut db)?, db.ballots()?);
    let of = ballot.rsplit_once("-B").map_or("", |(application, _)| application);
    let case = cases.iter().find(|c| c.id() == of).context("承認の申出がありません")?;
    // A short review of a minor change does not lift what the committee had asked for before.
    let amended = |c: &&Case| c.row.amends.as_ref().and_then(|id| cases.iter().find(|o| o.id() == id));
    let mut gates: Vec<Gate> = Vec::new();
    for one in std::iter::successors(Some(case), amended).take(cases.len()) {
        let decided = ballots.iter().rev().find(|b| b.application_id == one.id() && b.result.is_some());
        let under = |b: &&BoxRow| b.result.as_ref().is_some_and(|(outcome, _)| outcome == "conditional");
        if let Some(row) = decided.filter(under) {
            let put = db.conditions_of(&row.ballot_id)?;
            gates.extend(put.iter().filter_map(|c| serde_json::from_str::<Gate>(&c.gate).ok()));
        }
    }
    if gates.is_empty() {
        return Ok(Vec::new());
    }
    let book = &home.books.organisations;
    let facts = facts(home, &mut db, book, case)?;
    Ok(gates.iter().filter(|g| g.holds(&facts) == Some(false)).map(Gate::en).collect())
}
