//! The draft of the minutes and the public summary (議事録案・議事要旨), made from what was kept, never from what is remembered.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::organisation::role_of;
use musubi_etl::house::japanese_day;
use musubi_review_board::committee::ballot::Outcome;
use musubi_review_board::committee::document::Document;
use musubi_review_board::committee::member::Ground;
use musubi_review_board::committee::minutes::{CaseLine, ConditionLine, Minutes as Draft};
use musubi_review_board::committee::quorum::{view_ja, view_of};
use musubi_storage::board_ballot::{BoxRow, StandingRead as _};
use musubi_storage::registry::BoardDb;
use serde_json::{Value, json};

use super::case::{Case, Room, all, refuse, text, unknown};
use super::conditions::words;
use crate::args::Cli;
use crate::commands::{Ending, books};
use crate::say::Voice;

/// `musubi committee minutes` and `summary`.
#[derive(Debug, Args)]
pub struct Minutes {
    /// A meeting, or the ballot of an expedited review.
    of: String,
    /// The file to write; default: to the screen.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Minutes, public: bool) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    let draft = draft(&mut room.db, &order.of)?;
    let text = if public { draft.summary() } else { draft.text() };
    let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    let object = AuditObject::Book(Name::new(&order.of)?);
    books::audit(&mut room.db, cli, AuditRole::ReviewSecretary, AuditAction::Report, object, 0)?;
    match &order.out {
        Some(out) => fs::write(out, &text).with_context(|| format!("書けません: {}", out.display()))?,
        None => voice.line(text.trim_end()),
    }
    voice.say(format!("ハッシュ: {hash}"), format!("hash: {hash}"));
    let told = if public { Value::Null } else { json!(draft) };
    voice.value(&json!({ "of": order.of, "hash": hash, "text": text, "minutes": told }));
    Ok(Ending::Done)
}

/// The draft for a meeting, or for the ballot of an expedited review.
pub(super) fn draft(db: &mut BoardDb, of: &str) -> Result<Draft> {
    let boxes = db.ballots()?;
    let cases = all(db)?;
    let members = db.members()?;
    let present = |there: &mut dyn FnMut(&str) -> bool| -> Vec<(String, String, bool)> {
        members
            .iter()
            .filter(|m| there(&m.member))
            .map(|m| (m.member.clone(), view_of(&m.view).map_or("", view_ja).to_owned(), m.outside))
            .collect()
    };
    if let Some(row) = boxes.iter().find(|b| b.ballot_id == of) {
        if row.meeting_id.is_some() {
            return Err(refuse(
                "REV_MINUTES: this ballot was taken in a meeting; name it (会議の番号を指定してください)",
            ));
        }
        let sat: Vec<String> = db.sitting(of)?.into_iter().map(|s| s.member).collect();
        let case = cases.iter().find(|c| c.id() == row.application_id).context("申出がありません")?;
        return Ok(Draft {
            meeting: of.to_owned(),
            held_on: japanese_day(row.closed_at.unwrap_or(row.opened_at)),
            place: "迅速審査(会議によらない)".to_owned(),
            present: present(&mut |m| sat.iter().any(|s| s == m)),
            cases: vec![line(db, case, Some(row))?],
        });
    }
    let meeting = db.meetings()?.into_iter().find(|m| m.meeting_id == of);
    let meeting = meeting.ok_or_else(|| unknown(&format!("meeting {of}")))?;
    let mode = match meeting.mode.as_str() {
        "in-person" => "対面",
        "online" => "オンライン",
        _ => "対面・オンライン併用",
    };
    let mut lines = Vec::new();
    for id in &meeting.items {
        let case = cases.iter().find(|c| c.id() == id).context("申出がありません")?;
        let own = |b: &&BoxRow| b.application_id == *id && b.meeting_id.as_deref() == Some(of);
        lines.push(line(db, case, boxes.iter().rev().find(own))?);
    }
    Ok(Draft {
        meeting: of.to_owned(),
        held_on: meeting.held_on,
        place: format!("{mode} {}", meeting.place),
        present: present(&mut |m| meeting.present.iter().any(|p| p == m)),
        cases: lines,
    })
}

fn line(db: &mut BoardDb, case: &Case, row: Option<&BoxRow>) -> Result<CaseLine> {
    let version = case.version(row.map(|r| r.version).or(case.submitted()))?;
    let title = Document::kept(&version.document)?.field("title").to_owned();
    let mut found = CaseLine {
        application: case.id().to_owned(),
        title,
        version: version.version,
        documents: BTreeMap::from([("申出書", version.hash.clone())]),
        aside: Vec::new(),
        counted: BTreeMap::new(),
        votes: BTreeMap::new(),
        outcome: None,
        conditions: Vec::new(),
    };
    let Some(row) = row else { return Ok(found) };
    found.documents.insert("抽出仕様(範囲)", row.scope_hash.clone());
    if !row.dossier_hash.is_empty() {
        found.documents.insert("審査資料", row.dossier_hash.clone());
    }
    let declared = db.declarations(case.id())?;
    for s in db.sitting(&row.ballot_id)? {
        let grounds: Vec<Value> = serde_json::from_str(&s.grounds).unwrap_or_default();
        let mut why: Vec<String> = grounds.iter().map(ground_ja).collect();
        if declared.iter().any(|d| d.member == s.member && d.conflict) && why.is_empty() {
            why.push(Ground::Declared.ja().to_owned());
        }
        if !why.is_empty() {
            found.aside.push((s.member, why));
        }
    }
    if let Some((outcome, tally)) = &row.result {
        let tally: Value = serde_json::from_str(tally).unwrap_or_default();
        found.outcome = Outcome::from_name(outcome).map(|o| o.ja().to_owned());
        for vote in tally.get("votes").and_then(Value::as_array).into_iter().flatten() {
            let n = vote.get("n").and_then(Value::as_u64).unwrap_or(0);
            let ja = text(vote, "ja");
            found.votes.insert(ja.to_owned(), n);
        }
        let views = tally.get("counted").and_then(|c| c.get("views")).and_then(Value::as_object);
        for (view, n) in views.into_iter().flatten() {
            let ja = view_of(view).map_or("", view_ja);
            found.counted.insert(ja.to_owned(), n.as_u64().unwrap_or(0));
        }
        if outcome == Outcome::Conditional.as_str() {
            for c in db.conditions_of(&row.ballot_id)? {
                found.conditions.push(ConditionLine {
                    words: words(&c),
                    verifier: role_of(&c.verifier).map_or("", AuditRole::ja).to_owned(),
                    due: c.due,
                    closed: c.closed.is_some(),
                });
            }
        }
    }
    Ok(found)
}

/// A ground as it was kept, in Japanese and without names.
fn ground_ja(ground: &Value) -> String {
    let word = match ground.get("ground").and_then(Value::as_str) {
        Some("affiliation") => Ground::Affiliation { party: String::new() }.ja(),
        Some("interest") => Ground::Interest { id: 0, kind: String::new(), party: String::new() }.ja(),
        Some("team") => Ground::Team.ja(),
        Some("declared") => Ground::Declared.ja(),
        _ => Ground::Term.ja(),
    };
    word.to_owned()
}
