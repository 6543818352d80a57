//! Members, their interests, and who stands aside (委員・利害関係・除斥). A member enters interests for itself; the secretariat
//! for anybody. It must never rewrite one.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::checks::evidence::{Sex, View};
use musubi_review_board::committee::member::{Ground, InterestKind, seat};
use musubi_review_board::committee::quorum::{Count, Seat, count, sex_word, view_ja, view_of, view_word};
use musubi_storage::board_committee::{DeclarationRow, InterestRow, MemberRow};
use serde::Deserialize;
use serde_json::{Value, json};

use super::case::{Case, Room, kept, organisation_name, read, refuse, text, unknown, words};
use crate::args::Cli;
use crate::commands::{Ending, books};
use crate::home::{now, today};
use crate::say::Voice;

/// `musubi committee member`.
#[derive(Debug, Subcommand)]
pub enum Member {
    /// Enter members from a TOML file: `[[member]]` with member, view, sex, outside, organisation, from, until.
    Load {
        /// The file.
        file: PathBuf,
    },
    /// List the members.
    List,
}

/// `musubi committee interest`.
#[derive(Debug, Subcommand)]
pub enum Interest {
    /// Enter interests from a TOML file: `[[interest]]` with member, kind, with, since.
    Add {
        /// The file.
        file: PathBuf,
    },
    /// Enter that an interest has ended.
    End {
        /// Its number.
        id: i64,
        /// The day on which it ended.
        #[arg(long)]
        on: Date,
    },
    /// List the interests; a member sees its own.
    List,
}

/// Is there a conflict?
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Conflict {
    /// There is.
    Yes,
    /// There is none.
    No,
}

/// `musubi committee declare`.
#[derive(Debug, Args)]
pub struct Declare {
    /// The application.
    application: String,
    /// Whether there is a conflict.
    #[arg(long)]
    conflict: Conflict,
    /// Why, in a file.
    #[arg(long)]
    reason: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberFile {
    member: Vec<MemberGiven>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberGiven {
    member: String,
    view: View,
    sex: Sex,
    outside: bool,
    organisation: String,
    from: Date,
    until: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InterestFile {
    interest: Vec<InterestGiven>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InterestGiven {
    #[serde(default)]
    member: Option<String>,
    kind: String,
    with: String,
    since: Date,
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|e| refuse(format!("REV_FILE: {e} (書式が違います)")))
    } else {
        toml::from_str(text).map_err(|e| refuse(format!("REV_FILE: {} (書式が違います)", e.message())))
    }
}

/// Runs `musubi committee member`.
pub fn member(cli: &Cli, voice: Voice, order: &Member) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    match order {
        Member::Load { file } => {
            let file: MemberFile = parse(&read(file)?)?;
            for m in &file.member {
                let holds = |p: &musubi_compliance::organisation::Principal| {
                    p.human && p.roles.iter().any(|r| r.role == AuditRole::ReviewMember)
                };
                if !room.book.principal(&m.member).is_some_and(holds) {
                    return Err(refuse(format!(
                        "REV_MEMBER: {} is no human account with the role review-member (審査委員のアカウントではありません)",
                        m.member
                    )));
                }
                if m.until < m.from {
                    return Err(refuse(
                        "REV_TERM: a term ends before it begins (任期の終わりが始まりより前です)",
                    ));
                }
            }
            let by = room.account();
            for m in &file.member {
                let row = MemberRow {
                    member: m.member.clone(),
                    view: view_word(m.view).to_owned(),
                    sex: sex_word(m.sex).to_owned(),
                    outside: m.outside,
                    organisation: m.organisation.trim().to_owned(),
                    from: m.from,
                    until: m.until,
                };
                room.db.enter_member(&row, &by, now())?;
                let object = AuditObject::Principal(Name::new(&m.member)?);
                books::audit(
                    &mut room.db,
                    cli,
                    AuditRole::ReviewSecretary,
                    AuditAction::Register,
                    object,
                    0,
                )?;
            }
            voice.say(
                format!("委員を登録しました: {} 人", file.member.len()),
                format!("{} members entered", file.member.len()),
            );
            voice.value(&json!({ "entered": file.member.len() }));
            Ok(Ending::Done)
        }
        Member::List => {
            let rule = room.rule()?;
            let members = room.db.members()?;
            let seats: Vec<Seat> =
                members.iter().filter(|m| (m.from..=m.until).contains(&today())).filter_map(seat).collect();
            let told: Vec<Value> = members.iter().map(|m| shown(&room, m)).collect();
            for m in &members {
                voice.line(format!("{}  {}  {}  {}–{}", m.member, m.view, m.organisation, m.from, m.until));
            }
            voice.value(&json!({ "members": told, "quorum": counted(&count(&seats, rule)) }));
            Ok(Ending::Done)
        }
    }
}

fn shown(room: &Room, m: &MemberRow) -> Value {
    json!({
        "member": m.member, "view": m.view, "view_ja": view_of(&m.view).map_or("", view_ja), "sex": m.sex,
        "outside": m.outside, "organisation": m.organisation,
        "organisation_name": organisation_name(&room.book, &m.organisation),
        "from": m.from, "until": m.until, "in_term": (m.from..=m.until).contains(&today()),
    })
}

/// A count as an answer.
pub fn counted(count: &Count) -> Value {
    json!({
        "members": count.members, "views": count.views, "outside": count.outside, "holds": count.holds(),
        "lacks": count.lacks.iter().map(|l| json!({ "lack": l.as_str(), "ja": l.ja() })).collect::<Vec<_>>(),
    })
}

/// Runs `musubi committee interest`.
pub fn interest(cli: &Cli, voice: Voice, order: &Interest) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    let (me, own) = (room.account(), room.role() == AuditRole::ReviewMember);
    match order {
        Interest::Add { file } => {
            let file: InterestFile = parse(&read(file)?)?;
            let members = room.db.members()?;
            let mut rows = Vec::new();
            for given in file.interest {
                let member = given.member.unwrap_or_else(|| me.clone());
                if (own && member != me) || !members.iter().any(|m| m.member == member) {
                    return Err(unknown("member of that name"));
                }
                if InterestKind::from_name(&given.kind).is_none() || given.with.trim().is_empty() {
                    let all: Vec<&str> = InterestKind::ALL.iter().map(|k| k.as_str()).collect();
                    return Err(refuse(format!(
                        "REV_INTEREST: kind is one of {} and `with` names an organisation (種類か相手が違います)",
                        all.join(", ")
                    )));
                }
                let with = given.with.trim().to_owned();
                rows.push(InterestRow {
                    id: 0,
                    member,
                    kind: given.kind,
                    with,
                    since: given.since,
                    ended: None,
                });
            }
            let mut ids = Vec::new();
            for row in &rows {
                ids.push(room.db.enter_interest(row, &me, now())?);
                declared(cli, &mut room, &row.member)?;
            }
            voice.say(
                format!("利害関係を登録しました: {} 件", ids.len()),
                format!("{} interests entered", ids.len()),
            );
            voice.value(&json!({ "interests": ids }));
            Ok(Ending::Done)
        }
        Interest::End { id, on } => {
            let found = room.db.interests()?.into_iter().find(|i| i.id == *id && (!own || i.member == me));
            let found = found.ok_or_else(|| unknown("interest of that number"))?;
            if *on < found.since || *on > today() {
                return Err(refuse(
                    "REV_INTEREST: it ends after it began and not after today (終了日が違います)",
                ));
            }
            kept(room.db.end_interest(*id, *on, &me, now()))?;
            declared(cli, &mut room, &found.member)?;
            voice.say(format!("終了を記録しました: {id}"), format!("Ended: {id}"));
            voice.value(&json!({ "interest": id, "ended": on }));
            Ok(Ending::Done)
        }
        Interest::List => {
            let rows: Vec<Value> = room
                .db
                .interests()?
                .into_iter()
                .filter(|i| !own || i.member == me)
                .map(|i| {
                    let kind = InterestKind::from_name(&i.kind).map_or("", InterestKind::ja);
                    voice.line(format!("{}  {}  {kind}  {}", i.id, i.member, i.with));
                    json!({ "id": i.id, "member": i.member, "kind": i.kind, "kind_ja": kind, "with": i.with,
                            "since": i.since, "ended": i.ended })
                })
                .collect();
            let kinds: Vec<Value> = InterestKind::ALL.iter().map(|k| json!([k.as_str(), k.ja()])).collect();
            voice.value(&json!({ "interests": rows, "kinds": kinds }));
            Ok(Ending::Done)
        }
    }
}

fn declared(cli: &Cli, room: &mut Room, member: &str) -> Result<()> {
    let object = AuditObject::Principal(Name::new(member)?);
    books::audit(&mut room.db, cli, AuditRole::ReviewMember, AuditAction::Declare, object, 0)
}

/// Runs `musubi committee declare`. Whoever once declared a conflict has one in this case.
pub fn declare(cli: &Cli, voice: Voice, order: &Declare) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    let me = room.account();
    let case = super::case::all(&mut room.db)?
        .into_iter()
        .find(|c| c.id() == order.application && c.request().is_some())
        .ok_or_else(|| unknown("such application"))?;
    if !room.db.members()?.iter().any(|m| m.member == me) {
        return Err(unknown("seat of this account"));
    }
    let conflict = order.conflict == Conflict::Yes;
    let reason = order.reason.as_deref().map(words).transpose()?.unwrap_or_default();
    if conflict && reason.is_empty() {
        return Err(refuse("REV_REASON: say why there is a conflict (利益相反の内容を書いてください)"));
    }
    room.db.declare(&DeclarationRow {
        application_id: case.id().to_owned(),
        member: me.clone(),
        conflict,
        reason,
        at: now(),
    })?;
    super::case::book(&mut room.db, cli, AuditAction::Declare, case.id())?;
    let grounds = room.grounds_of(&case, &me)?;
    voice.say(
        format!("申告しました: {} 除斥 {}", case.id(), if grounds.is_empty() { "なし" } else { "あり" }),
        format!("Declared: {} ({})", case.id(), if grounds.is_empty() { "not recused" } else { "recused" }),
    );
    voice.value(&json!({ "application": case.id(), "recused": !grounds.is_empty(), "grounds": grounds }));
    Ok(Ending::Done)
}

/// Who stands aside among members, and the count of the others.
pub fn forecast(room: &mut Room, case: &Case, members: &[MemberRow]) -> Result<(Vec<Value>, Count)> {
    let declared = room.db.declarations(case.id())?;
    let (mut told, mut seats) = (Vec::new(), Vec::new());
    for (m, grounds) in room.aside(case, members)? {
        told.push(json!({
            "member": m.member, "view": m.view, "view_ja": view_of(&m.view).map_or("", view_ja),
            "outside": m.outside, "recused": !grounds.is_empty(), "grounds": grounds,
            "grounds_ja": grounds.iter().map(Ground::ja).collect::<Vec<_>>(),
            "declared": declared.iter().any(|d| d.member == m.member),
        }));
        if grounds.is_empty() {
            seats.push(seat(&m).context("委員の区分を読めません")?);
        }
    }
    Ok((told, count(&seats, room.rule()?)))
}

/// Runs `musubi committee recusals`.
pub fn recusals(cli: &Cli, voice: Voice, application: &str) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    let case = room.case(application)?;
    let members = room.db.members()?;
    let (told, count) = forecast(&mut room, &case, &members)?;
    for m in &told {
        voice.line(format!(
            "{}  {}",
            text(m, "member"),
            m.get("grounds_ja").map(ToString::to_string).unwrap_or_default()
        ));
    }
    voice.say(
        if count.holds() {
            "定足数の見込み: 足りる"
        } else {
            "定足数の見込み: 足りない"
        },
        if count.holds() { "quorum: yes" } else { "quorum: no" },
    );
    voice.value(&json!({ "application": application, "members": told, "quorum": counted(&count) }));
    Ok(Ending::Done)
}
