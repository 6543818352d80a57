//! Ballots (投票): opened over whoever is there after recusals, cast in secret, counted by rule when they are closed.
//!
//! Until then nobody sees a vote, the secretariat neither: the database shows only who has voted. Whoever stands aside never
//! sees one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditRole};
use musubi_review_board::committee::ballot::{Outcome, Procedure, Tally, Vote, Voter, tally};
use musubi_review_board::committee::condition::PutList;
use musubi_review_board::committee::document::{Document, minor};
use musubi_review_board::committee::member::{Ground, seat};
use musubi_review_board::committee::quorum::{Seat, count, sex_of, view_of};
use musubi_review_board::committee::stage::{State, Step};
use musubi_storage::board_application::EventRow;
use musubi_storage::board_ballot::{BoxRow, ConditionRow, SittingRow, VoteRow};
use musubi_storage::board_committee::MemberRow;
use serde::Deserialize;
use serde_json::{Value, json};

use super::application::original;
use super::case::{Case, Room, all, book, kept, organisation_name, read, refuse, unknown};
use super::meetings::meeting;
use super::members::counted;
use crate::args::Cli;
use crate::commands::Ending;
use crate::home::{now, today};
use crate::say::Voice;

/// `musubi committee ballot`.
#[derive(Debug, Subcommand)]
pub enum Ballot {
    /// Open the vote on an application; refused without a quorum after recusals.
    Open {
        /// The application.
        application: String,
        /// The meeting in which it is taken.
        #[arg(long, required_unless_present = "expedited")]
        meeting: Option<String>,
        /// Without a meeting (迅速審査), by these members; only for minor changes.
        #[arg(long, conflicts_with = "meeting")]
        expedited: bool,
        /// A member of an expedited review; may be given several times.
        #[arg(long, requires = "expedited")]
        member: Vec<String>,
        /// Conditions that are put with the vote (TOML or JSON: `[[condition]]` with gate, words, verifier, due).
        #[arg(long)]
        conditions: Option<PathBuf>,
    },
    /// What waits for this member: declarations and votes.
    Mine,
    /// Vote (TOML or JSON: vote, reason). One vote, and it stays.
    Vote {
        /// The ballot.
        ballot: String,
        /// The vote.
        file: PathBuf,
    },
    /// Close a ballot: the result is counted by rule.
    Close {
        /// The ballot.
        ballot: String,
    },
    /// Show a ballot: who has voted; after the closing the result.
    Show {
        /// The ballot.
        ballot: String,
    },
    /// List the ballots.
    List,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cast {
    vote: String,
    reason: String,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Ballot) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    match order {
        Ballot::Open { application, meeting, expedited: _, member, conditions } => {
            let put = match conditions {
                Some(file) => parse::<PutList>(&read(file)?)?,
                None => PutList::default(),
            };
            open(cli, voice, &mut room, application, meeting.as_deref(), member, &put)
        }
        Ballot::Mine => mine(voice, &mut room),
        Ballot::Vote { ballot, file } => vote(cli, voice, &mut room, ballot, &parse(&read(file)?)?),
        Ballot::Close { ballot } => close(cli, voice, &mut room, ballot),
        Ballot::Show { ballot } => show(voice, &mut room, ballot),
        Ballot::List => list(voice, &mut room),
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|e| refuse(format!("REV_FILE: {e} (書式が違います)")))
    } else {
        toml::from_str(text).map_err(|e| refuse(format!("REV_FILE: {} (書式が違います)", e.message())))
    }
}

/// The members who take part, and why it may be done in this way.
fn taking_part(room: &mut Room, case: &Case, id: Option<&str>, named: &[String]) -> Result<Vec<MemberRow>> {
    let members = room.db.members()?;
    if let Some(id) = id {
        let meeting = meeting(room, id)?;
        if !meeting.items.iter().any(|i| i == case.id()) {
            return Err(refuse("REV_AGENDA: the case is not on the agenda (この会議の議題にありません)"));
        }
        return Ok(members.into_iter().filter(|m| meeting.present.contains(&m.member)).collect());
    }
    let submitted = case.version(case.submitted())?;
    let changes = match original(room, case)? {
        Some(before) => Document::kept(&submitted.document)?.changes(&before)?,
        None => Vec::new(),
    };
    let listed = room.list("board.expedited_fields")?;
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    if !minor(&changes, &listed) {
        return Err(refuse(
            "REV_NOT_MINOR: only an amendment of listed fields is reviewed without a meeting \
             (迅速審査は、定められた軽微な変更だけが対象です)",
        ));
    }
    Ok(members.into_iter().filter(|m| named.contains(&m.member)).collect())
}

fn open(
    cli: &Cli,
    voice: Voice,
    room: &mut Room,
    application: &str,
    meeting: Option<&str>,
    named: &[String],
    put: &PutList,
) -> Result<Ending> {
    let case = room.case(application)?;
    if case.state != State::InReview {
        return Err(refuse(format!(
            "REV_STEP: only what is before the committee is voted on ({}の申出は採決できません)",
            case.state.ja()
        )));
    }
    let earlier: Vec<BoxRow> =
        room.db.ballots()?.into_iter().filter(|b| b.application_id == application).collect();
    if earlier.iter().any(|b| b.closed_at.is_none()) {
        return Err(refuse("REV_BALLOT_OPEN: a ballot on this application is open (採決中です)"));
    }
    put.condition.iter().try_for_each(|c| c.check(today())).map_err(refuse)?;
    let members = taking_part(room, &case, meeting, named)?;
    let (mut sitting, mut seats) = (Vec::new(), Vec::new());
    for (m, grounds) in room.aside(&case, &members)? {
        if grounds.is_empty() {
            seats.push(seat(&m).context("委員の区分を読めません")?);
        }
        sitting.push(SittingRow {
            member: m.member,
            view: m.view,
            sex: m.sex,
            outside: m.outside,
            grounds: serde_json::to_string(&grounds)?,
        });
    }
    may_begin(&seats, room.procedure(meeting.is_some())?)?;
    let version = case.version(case.submitted())?;
    let request = room.request(&case)?;
    let dossier = room.db.newest_dossier(application)?.filter(|d| d.version == version.version);
    let row = BoxRow {
        ballot_id: format!("{application}-B{}", earlier.len() + 1),
        application_id: application.to_owned(),
        version: version.version,
        document_hash: version.hash.clone(),
        dossier_hash: dossier.map(|d| d.hash).unwrap_or_default(),
        request_id: request.request_id,
        scope_hash: request.scope_hash,
        meeting_id: meeting.map(str::to_owned),
        opened_by: room.account(),
        opened_at: now(),
        closed_at: None,
        result: None,
    };
    let mut conditions = Vec::new();
    for (nth, c) in (1..).zip(&put.condition) {
        conditions.push(ConditionRow {
            ballot_id: row.ballot_id.clone(),
            nth,
            gate: serde_json::to_string(&c.gate)?,
            words: c.words.trim().to_owned(),
            verifier: c.verifier.clone(),
            due: c.due,
            closed: None,
        });
    }
    kept(room.db.open_ballot(&row, &sitting, &conditions))?;
    book(&mut room.db, cli, AuditAction::Record, application)?;
    voice.say(format!("採決を始めました: {}", row.ballot_id), format!("Ballot open: {}", row.ballot_id));
    voice.value(&json!({
        "ballot": row.ballot_id, "application": application, "version": row.version,
        "members": seats.iter().map(|s| &s.member).collect::<Vec<_>>(), "conditions": conditions.len(),
    }));
    Ok(Ending::Done)
}

/// G-13: without a quorum after recusals no vote begins.
fn may_begin(seats: &[Seat], procedure: Procedure) -> Result<()> {
    match procedure {
        Procedure::Meeting(rule) => {
            let count = count(seats, rule);
            if !count.holds() {
                let (ja, en): (Vec<&str>, Vec<&str>) =
                    count.lacks.iter().map(|l| (l.ja(), l.as_str())).unzip();
                return Err(refuse(format!(
                    "REV_NO_QUORUM: {} left after recusals; missing: {} (除斥の後 {} 人で定足数に足りません: {})",
                    count.members,
                    en.join(", "),
                    count.members,
                    ja.join("、")
                )));
            }
        }
        Procedure::Expedited { members } => {
            if u64::try_from(seats.len())? < members {
                return Err(refuse(format!(
                    "REV_NO_QUORUM: an expedited review takes {members} members (迅速審査には委員 {members} 人が必要です)"
                )));
            }
        }
    }
    Ok(())
}

/// A ballot and its case, when the account may see it.
fn found(room: &mut Room, ballot: &str) -> Result<(BoxRow, Case)> {
    let row = room.db.ballot(ballot)?.ok_or_else(|| unknown(&format!("ballot {ballot}")))?;
    let case = room.case(&row.application_id).map_err(|_| unknown(&format!("ballot {ballot}")))?;
    Ok((row, case))
}

fn vote(cli: &Cli, voice: Voice, room: &mut Room, ballot: &str, cast: &Cast) -> Result<Ending> {
    let me = room.account();
    let (row, case) = found(room, ballot)?;
    let sits = room.db.sitting(ballot)?.into_iter().any(|s| s.member == me && s.grounds == "[]");
    if !sits {
        return Err(refuse(
            "REV_NOT_SITTING: this account does not sit in this ballot (この採決の委員ではありません)",
        ));
    }
    let declared = room.db.declarations(case.id())?.into_iter().any(|d| d.member == me);
    if !declared {
        return Err(refuse(
            "REV_DECLARE_FIRST: declare first whether there is a conflict (先に利益相反の有無を申告してください)",
        ));
    }
    if row.closed_at.is_some() {
        return Err(refuse("REV_CLOSED: the ballot is closed (採決は終わりました)"));
    }
    let Some(word) = Vote::from_name(&cast.vote) else {
        let all: Vec<&str> = Vote::ALL.iter().map(|v| v.as_str()).collect();
        return Err(refuse(format!("REV_VOTE: a vote is one of {} (票の種類が違います)", all.join(", "))));
    };
    if cast.reason.trim().is_empty() {
        return Err(refuse("REV_REASON: a vote has a reason (理由を書いてください)"));
    }
    if word == Vote::Conditional && conditions(room, ballot)?.is_empty() {
        return Err(refuse(
            "REV_NO_CONDITIONS: no conditions were put with this vote (条件が示されていません)",
        ));
    }
    let cast = VoteRow { member: me, vote: word.as_str().to_owned(), reason: cast.reason.trim().to_owned() };
    kept(room.db.cast(ballot, &cast, now()))?;
    // The chain says that somebody voted, never how.
    book(&mut room.db, cli, AuditAction::Vote, case.id())?;
    voice.say(format!("投票しました: {ballot}"), format!("Voted: {ballot}"));
    voice.value(&json!({ "ballot": ballot, "voted": true }));
    Ok(Ending::Done)
}

fn conditions(room: &mut Room, ballot: &str) -> Result<Vec<ConditionRow>> {
    use musubi_storage::board_ballot::StandingRead as _;
    Ok(room.db.conditions_of(ballot)?)
}

fn close(cli: &Cli, voice: Voice, room: &mut Room, ballot: &str) -> Result<Ending> {
    let (row, case) = found(room, ballot)?;
    let (procedure, percent) = (
        room.procedure(row.meeting_id.is_some())?,
        room.home.parameters.number("board.majority_percent", today())?,
    );
    // As it is now: who found a conflict after the opening stands aside; who never declared does not count.
    let sitting = room.db.sitting(ballot)?;
    let declared = room.db.declarations(case.id())?;
    let mut seats = Vec::new();
    for s in &sitting {
        let own: Vec<bool> = declared.iter().filter(|d| d.member == s.member).map(|d| d.conflict).collect();
        let free = s.grounds == "[]" && !own.is_empty() && !own.contains(&true);
        let view = view_of(&s.view).context("委員の区分を読めません")?;
        let sex = sex_of(&s.sex).context("委員の区分を読めません")?;
        seats.push((Seat { member: s.member.clone(), view, sex, outside: s.outside }, free));
    }
    let mut steps: BTreeMap<Outcome, Option<EventRow>> = BTreeMap::new();
    for (outcome, step) in [
        (Outcome::Approved, Some(Step::Approve)),
        (Outcome::Conditional, Some(Step::Attach)),
        (Outcome::Revise, Some(Step::Revise)),
        (Outcome::Rejected, Some(Step::Reject)),
        (Outcome::Continued, None),
        (Outcome::Void, None),
    ] {
        let body = json!({ "ballot": ballot, "outcome": outcome.as_str() });
        let event = step.map(|step| case.event(step, Some(row.version), &body, cli)).transpose()?;
        steps.insert(outcome, event);
    }
    let mut counted = None;
    let by = room.account();
    let done = room.db.close_ballot(ballot, &by, now(), |votes| {
        let voters: Vec<Voter> = seats
            .into_iter()
            .map(|(seat, free)| {
                let vote = votes.iter().find(|v| v.member == seat.member);
                Voter { vote: vote.and_then(|v| Vote::from_name(&v.vote)), seat, free }
            })
            .collect();
        let tally = tally(&voters, procedure, percent);
        let step = steps.remove(&tally.outcome).flatten();
        let said = (tally.outcome.as_str().to_owned(), tally_value(&tally).to_string(), step);
        counted = Some(tally);
        said
    });
    kept(done)?;
    book(&mut room.db, cli, AuditAction::Decide, case.id())?;
    let tally = counted.context("数えられませんでした")?;
    voice.say(
        format!("採決の結果: {} {}", ballot, tally.outcome.ja()),
        format!("Result: {} {}", ballot, tally.outcome.as_str()),
    );
    voice.value(&json!({
        "ballot": ballot, "application": case.id(), "outcome": tally.outcome.as_str(),
        "outcome_ja": tally.outcome.ja(), "tally": tally_value(&tally),
    }));
    Ok(Ending::Done)
}

fn tally_value(tally: &Tally) -> Value {
    let votes: Vec<Value> = tally
        .votes
        .iter()
        .map(|(vote, n)| json!({ "vote": vote.as_str(), "ja": vote.ja(), "n": n }))
        .collect();
    json!({ "votes": votes, "counted": counted(&tally.counted), "aside": tally.aside, "needed": tally.needed })
}

/// What may be told of a ballot: votes never before the closing, and reasons without names.
pub fn value(room: &mut Room, row: &BoxRow) -> Result<Value> {
    let sitting = room.db.sitting(&row.ballot_id)?;
    let voted = room.db.voted(&row.ballot_id)?;
    let inside = room.role() != AuditRole::Applicant;
    let reasons: Vec<Value> = room
        .db
        .votes(&row.ballot_id)?
        .into_iter()
        .map(|v| {
            json!({ "vote": v.vote, "ja": Vote::from_name(&v.vote).map_or("", Vote::ja), "reason": v.reason })
        })
        .collect();
    let members: Vec<Value> = sitting
        .iter()
        .map(|s| {
            let grounds: Vec<Value> = serde_json::from_str(&s.grounds).unwrap_or_default();
            json!({ "member": s.member, "view": s.view, "outside": s.outside, "recused": !grounds.is_empty(),
                    "voted": voted.contains(&s.member) })
        })
        .collect();
    let put: Vec<Value> = conditions(room, &row.ballot_id)?.iter().map(super::conditions::value).collect();
    let result = row.result.as_ref().map(|(outcome, tally)| {
        json!({
            "outcome": outcome, "outcome_ja": Outcome::from_name(outcome).map_or("", Outcome::ja),
            "tally": if inside { serde_json::from_str(tally).unwrap_or_default() } else { Value::Null },
        })
    });
    Ok(json!({
        "ballot": row.ballot_id, "application": row.application_id, "version": row.version,
        "meeting": row.meeting_id, "expedited": row.meeting_id.is_none(), "opened_at": row.opened_at,
        "closed_at": row.closed_at, "document_hash": row.document_hash, "dossier_hash": row.dossier_hash,
        "scope_hash": row.scope_hash, "request": row.request_id,
        "members": if inside { json!(members) } else { json!([]) }, "conditions": put, "result": result,
        "reasons": if inside { json!(reasons) } else { json!([]) },
    }))
}

fn show(voice: Voice, room: &mut Room, ballot: &str) -> Result<Ending> {
    let (row, _) = found(room, ballot)?;
    let value = value(room, &row)?;
    match &row.result {
        None => voice.say(
            format!("{ballot}: 採決中(票は締切りまで誰にも見えません)"),
            format!("{ballot}: open (nobody sees a vote before the closing)"),
        ),
        Some((outcome, _)) => {
            let ja = Outcome::from_name(outcome).map_or("", Outcome::ja);
            voice.say(format!("{ballot}: {ja}"), format!("{ballot}: {outcome}"));
        }
    }
    voice.value(&value);
    Ok(Ending::Done)
}

fn list(voice: Voice, room: &mut Room) -> Result<Ending> {
    let cases = all(&mut room.db)?;
    let mut told = Vec::new();
    for row in room.db.ballots()? {
        let Some(case) = cases.iter().find(|c| c.id() == row.application_id) else { continue };
        if room.sees(case)? {
            let outcome = row.result.as_ref().map_or("", |(o, _)| o.as_str());
            voice.line(format!("{}  {outcome}", row.ballot_id));
            told.push(value(room, &row)?);
        }
    }
    voice.value(&json!({ "ballots": told }));
    Ok(Ending::Done)
}

/// What waits for the member that asks. Of a case from which it is recused only the number and the reason are told.
fn mine(voice: Voice, room: &mut Room) -> Result<Ending> {
    let me = room.account();
    let (mut waiting, mut done) = (Vec::new(), Vec::new());
    let boxes = room.db.ballots()?;
    for case in all(&mut room.db)?.into_iter().filter(|c| c.request().is_some()) {
        let grounds = room.grounds_of(&case, &me)?;
        let declared = room.db.declarations(case.id())?.into_iter().any(|d| d.member == me);
        let row = boxes.iter().rev().find(|b| b.application_id == case.id());
        let sits = match row {
            Some(row) => room.db.sitting(&row.ballot_id)?.iter().any(|s| s.member == me),
            None => false,
        };
        let voted = match row {
            Some(row) => room.db.voted(&row.ballot_id)?.contains(&me),
            None => false,
        };
        let open = row.is_some_and(|r| r.closed_at.is_none());
        let next = match (grounds.is_empty(), declared, open && sits, voted) {
            (false, ..) => "recused",
            (true, false, ..) => "declare",
            (true, true, true, false) => "vote",
            _ => "wait",
        };
        let line = json!({
            "application": case.id(), "title": case.document()?.field("title"),
            "organisation_name": organisation_name(&room.book, &case.row.organisation),
            "state": case.state.as_str(), "state_ja": case.state.ja(),
            "ballot": row.map(|r| r.ballot_id.clone()), "open": open, "expedited": row.is_some_and(|r| r.meeting_id.is_none()), "sitting": sits, "voted": voted,
            "declared": declared, "recused": !grounds.is_empty(),
            "grounds_ja": grounds.iter().map(Ground::ja).collect::<Vec<_>>(), "next": next,
        });
        if case.state == State::InReview {
            voice.line(format!("{}  {next}", case.id()));
            waiting.push(line);
        } else {
            done.push(line);
        }
    }
    voice.value(&json!({ "waiting": waiting, "past": done }));
    Ok(Ending::Done)
}

/// What the committee decided last on a case, for whoever sees the case.
pub fn outcome_of(room: &mut Room, case: &Case) -> Result<Value> {
    let boxes = room.db.ballots()?;
    let decided = boxes.iter().rev().find(|b| b.application_id == case.id() && b.result.is_some());
    decided.map_or(Ok(Value::Null), |row| value(room, row))
}
