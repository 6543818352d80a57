//! Meetings (会議): called, filled with cases, attended. The forecast of the quorum counts after recusals, before anybody
//! travels in vain.

use anyhow::Result;
use clap::{Subcommand, builder::PossibleValuesParser};
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_review_board::committee::stage::State;
use musubi_storage::board_committee::{MeetingRow, MemberRow};
use serde_json::{Value, json};

use super::case::{Room, all, refuse, unknown};
use super::members::{counted, forecast};
use crate::args::Cli;
use crate::commands::{Ending, books};
use crate::home::now;
use crate::say::Voice;

/// `musubi committee meeting`.
#[derive(Debug, Subcommand)]
pub enum Meeting {
    /// Call a meeting.
    New {
        /// The day.
        #[arg(long)]
        on: Date,
        /// How.
        #[arg(long, default_value = "hybrid", value_parser = PossibleValuesParser::new(["in-person", "online", "hybrid"]))]
        mode: String,
        /// Where.
        #[arg(long)]
        place: String,
    },
    /// Put applications that are before the committee on the agenda.
    Put {
        /// The meeting.
        meeting: String,
        /// The applications.
        #[arg(required = true)]
        applications: Vec<String>,
    },
    /// Note which members are there.
    Attend {
        /// The meeting.
        meeting: String,
        /// The members.
        #[arg(required = true)]
        members: Vec<String>,
    },
    /// Show a meeting: agenda, attendance, forecast of the quorum for each case.
    Show {
        /// The meeting.
        meeting: String,
    },
    /// List the meetings.
    List,
}

/// A meeting of that number.
pub fn meeting(room: &mut Room, id: &str) -> Result<MeetingRow> {
    let found = room.db.meetings()?.into_iter().find(|m| m.meeting_id == id);
    found.ok_or_else(|| unknown(&format!("meeting {id}")))
}

/// The seats of those who are there; of all, while nobody was noted.
pub fn there(room: &mut Room, meeting: &MeetingRow) -> Result<Vec<MemberRow>> {
    let members = room.db.members()?;
    if meeting.present.is_empty() {
        return Ok(members);
    }
    Ok(members.into_iter().filter(|m| meeting.present.contains(&m.member)).collect())
}

fn booked(cli: &Cli, room: &mut Room, meeting: &str) -> Result<()> {
    let object = AuditObject::Book(Name::new(meeting)?);
    books::audit(&mut room.db, cli, AuditRole::ReviewSecretary, AuditAction::Record, object, 0)
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Meeting) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    let me = room.account();
    match order {
        Meeting::New { on, mode, place } => {
            let row = MeetingRow {
                meeting_id: String::new(),
                held_on: *on,
                mode: mode.clone(),
                place: place.trim().to_owned(),
                items: Vec::new(),
                present: Vec::new(),
            };
            let id = room.db.call_meeting(&row, &me, now())?;
            booked(cli, &mut room, &id)?;
            voice.say(format!("会議を招集しました: {id}"), format!("Called: {id}"));
            voice.value(&json!({ "meeting": id }));
            Ok(Ending::Done)
        }
        Meeting::Put { meeting: id, applications } => {
            let row = meeting(&mut room, id)?;
            for application in applications {
                let case = room.case(application)?;
                if case.state != State::InReview {
                    return Err(refuse(format!(
                        "REV_STEP: {application} is not before the committee ({}の申出は議題にできません)",
                        case.state.ja()
                    )));
                }
            }
            for application in applications {
                room.db.put_on_agenda(&row.meeting_id, application, &me, now())?;
            }
            booked(cli, &mut room, id)?;
            show(voice, &mut room, id)
        }
        Meeting::Attend { meeting: id, members } => {
            let row = meeting(&mut room, id)?;
            let seats = room.db.members()?;
            if let Some(none) = members.iter().find(|m| !seats.iter().any(|s| s.member == **m)) {
                return Err(unknown(&format!("member {none}")));
            }
            for member in members {
                room.db.attend(&row.meeting_id, member, &me, now())?;
            }
            booked(cli, &mut room, id)?;
            show(voice, &mut room, id)
        }
        Meeting::Show { meeting: id } => show(voice, &mut room, id),
        Meeting::List => {
            let mut told = Vec::new();
            for m in room.db.meetings()? {
                voice.line(format!("{}  {}  {}", m.meeting_id, m.held_on, m.place));
                told.push(shown(&m));
            }
            voice.value(&json!({ "meetings": told }));
            Ok(Ending::Done)
        }
    }
}

fn shown(m: &MeetingRow) -> Value {
    let mode_ja = match m.mode.as_str() {
        "in-person" => "対面",
        "online" => "オンライン",
        _ => "対面・オンライン併用",
    };
    json!({
        "meeting": m.meeting_id, "held_on": m.held_on, "mode": m.mode, "mode_ja": mode_ja, "place": m.place,
        "items": m.items, "present": m.present,
    })
}

fn show(voice: Voice, room: &mut Room, id: &str) -> Result<Ending> {
    let row = meeting(room, id)?;
    let members = there(room, &row)?;
    let mut answer = shown(&row);
    let mut agenda = Vec::new();
    for case in all(&mut room.db)?.into_iter().filter(|c| row.items.iter().any(|i| i == c.id())) {
        let (recusals, count) = forecast(room, &case, &members)?;
        let mut short = case.short(&room.book, case.state)?;
        if let Some(fields) = short.as_object_mut() {
            // Members do not see each other's interests, only how many are left.
            if room.role() != AuditRole::ReviewMember {
                fields.insert("members".to_owned(), json!(recusals));
            }
            fields.insert("quorum".to_owned(), counted(&count));
        }
        let (ja, en) = if count.holds() {
            ("定足数を満たします", "quorum")
        } else {
            ("定足数に足りません", "no quorum")
        };
        voice.say(
            format!("{}: {ja}({} 人)", case.id(), count.members),
            format!("{}: {en} ({} members)", case.id(), count.members),
        );
        agenda.push(short);
    }
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("agenda".to_owned(), json!(agenda));
        fields
            .insert("forecast_of".to_owned(), json!(if row.present.is_empty() { "all" } else { "present" }));
    }
    voice.value(&answer);
    Ok(Ending::Done)
}
