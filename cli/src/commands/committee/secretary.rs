//! The secretariat (審査事務局): pre-check, sending back with reasons, putting before the committee, and the board of cards.
//! It prepares; it must never decide.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Args;
use jiff::civil::Date;
use musubi_compliance::audit::AuditAction;
use musubi_review_board::committee::document::Document;
use musubi_review_board::committee::fields::is_section;
use musubi_review_board::committee::stage::{State, Step};
use musubi_review_board::{ApprovalError, file_request};
use serde_json::{Value, json};

use super::application::told;
use super::case::{Case, Room, all, book, flaws, kept, read, refuse};
use crate::args::Cli;
use crate::commands::Ending;
use crate::home::now;
use crate::say::Voice;

/// `musubi application card`.
#[derive(Debug, Args)]
pub struct Card {
    /// The application.
    application: String,
    /// Who works on it.
    #[arg(long)]
    assignee: Option<String>,
    /// Until when.
    #[arg(long)]
    due: Option<Date>,
    /// What is to be done next.
    #[arg(long)]
    next: Option<String>,
    /// Who does it.
    #[arg(long)]
    owner: Option<String>,
    /// A document that is missing; may be given several times, none of it clears the list.
    #[arg(long)]
    missing: Vec<String>,
}

/// Takes an application up.
pub fn take(
    cli: &Cli,
    voice: Voice,
    room: &mut Room,
    application: &str,
    assignee: Option<&str>,
) -> Result<Ending> {
    let case = room.case(application)?;
    let assignee = assignee.map_or_else(|| room.account(), str::to_owned);
    case.step(&mut room.db, cli, Step::Take, case.submitted(), &json!({ "assignee": assignee }))?;
    told(voice, room, &case, State::PreCheck)
}

/// Sends it back, with a reason for each section named.
pub fn send_back(cli: &Cli, voice: Voice, room: &mut Room, application: &str, file: &Path) -> Result<Ending> {
    let case = room.case(application)?;
    let text = read(file)?;
    let reasons: BTreeMap<String, String> = if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).context("区分ごとの理由を読めません")?
    } else {
        toml::from_str(&text).context("区分ごとの理由を読めません")?
    };
    let reasons: BTreeMap<String, String> =
        reasons.into_iter().filter(|(_, why)| !why.trim().is_empty()).collect();
    if reasons.is_empty() {
        return Err(refuse("REV_REASON: say for at least one section why (区分ごとの理由を書いてください)"));
    }
    for section in reasons.keys() {
        if !is_section(section)? {
            return Err(refuse(format!("REV_SECTION: there is no section {section} (その区分はありません)")));
        }
    }
    case.step(&mut room.db, cli, Step::SendBack, case.submitted(), &json!({ "reasons": reasons }))?;
    told(voice, room, &case, State::Returned)
}

/// Puts it before the committee and files its specification.
pub fn accept(cli: &Cli, voice: Voice, room: &mut Room, application: &str) -> Result<Ending> {
    let case = room.case(application)?;
    let version = case.version(case.submitted())?.clone();
    let document = Document::kept(&version.document)?;
    // What was handed in is looked at again: the list of purposes may have changed meanwhile.
    let found = flaws(room, &document)?;
    if let Some(flaw) = found.first() {
        return Err(refuse(format!("{}: {} ({})", flaw.code, flaw.en, flaw.ja)));
    }
    // Before anything is filed: may it be accepted at all?
    case.event(Step::Accept, Some(version.version), &Value::Null, cli)?;
    let filed =
        file_request(&mut room.db, &document.spec, &case.row.created_by, now()).map_err(|e| match e {
            ApprovalError::Storage(e) => e.into(),
            e => refuse(e),
        })?;
    let body =
        json!({ "request": filed.request_id, "scope_hash": filed.scope_hash, "document_hash": version.hash });
    case.step(&mut room.db, cli, Step::Accept, Some(version.version), &body)?;
    told(voice, room, &case, State::InReview)
}

/// Keeps a card.
pub fn card(cli: &Cli, voice: Voice, room: &mut Room, card: &Card) -> Result<Ending> {
    let case = room.case(&card.application)?;
    let body = json!({
        "assignee": card.assignee, "due": card.due, "next": card.next, "owner": card.owner, "missing": card.missing,
    });
    let entry = case.entry("card", case.submitted(), &body, cli)?;
    kept(room.db.enter_event(&entry))?;
    book(&mut room.db, cli, AuditAction::Apply, case.id())?;
    voice.say(format!("記録しました: {}", case.id()), format!("Kept: {}", case.id()));
    voice.value(&json!({ "application": case.id(), "card": body }));
    Ok(Ending::Done)
}

/// The card of a case: the newest word on each point.
fn card_of(case: &Case) -> Value {
    let mut card = json!({ "assignee": null, "due": null, "next": null, "owner": null, "missing": [] });
    for event in &case.events {
        let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
        let (Some(card), Some(said)) = (card.as_object_mut(), body.as_object()) else { continue };
        match event.kind.as_str() {
            "card" => {
                for (name, value) in said.iter().filter(|(_, v)| !v.is_null()) {
                    card.insert(name.clone(), value.clone());
                }
            }
            "take" => {
                card.insert("assignee".to_owned(), said.get("assignee").cloned().unwrap_or_default());
            }
            _ => {}
        }
    }
    card
}

/// The board: every state with its cards.
pub fn board(voice: Voice, room: &mut Room) -> Result<Ending> {
    let cases = all(&mut room.db)?;
    let mut columns = Vec::new();
    for state in State::ALL.iter().filter(|s| **s != State::Draft) {
        let mut cards = Vec::new();
        for case in cases.iter().filter(|c| c.state == *state && c.submitted().is_some()) {
            let mut short = case.short(&room.book, case.state)?;
            if let Some(fields) = short.as_object_mut() {
                fields.insert("card".to_owned(), card_of(case));
                fields.insert("last_at".to_owned(), json!(case.events.last().map(|e| e.at)));
            }
            voice.line(format!("{}  {}", voice.word(state.ja(), state.as_str()), case.id()));
            cards.push(short);
        }
        columns.push(json!({ "state": state.as_str(), "ja": state.ja(), "applications": cards }));
    }
    voice.value(&json!({ "columns": columns }));
    Ok(Ending::Done)
}
