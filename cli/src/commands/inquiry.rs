//! `musubi inquiry`: the desk's book of questions, complaints and wishes (問い合わせ・苦情), with the days by which they are
//! answered. Who asked and what was said lies sealed; lists show kinds and days only.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::calendar::Calendar;
use musubi_compliance::inquiry::{self, Channel, InquiryKind, Promises};
use musubi_model::IdentityId;
use musubi_storage::StorageError;
use musubi_storage::act::inquiry::{InquiryEventRow, InquiryRow};
use musubi_storage::keys::SealKey;
use serde_json::json;

use super::{Ending, Unfit, books, optout};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// Context under which who asked and what is sealed.
const ASKED: &[u8] = b"inquiry-asked/1";
/// Context under which an answer is sealed.
const ANSWERED: &[u8] = b"inquiry-answered/1";

/// `musubi inquiry`.
#[derive(Debug, Subcommand)]
pub enum Inquiry {
    /// Take one up. Who asks and what stands in a file, which is sealed.
    New {
        /// By which way: phone, letter, mail, web, visit, provider.
        #[arg(long)]
        channel: Channel,
        /// What it is: opt-out, question, complaint, disclosure, incident.
        #[arg(long)]
        kind: InquiryKind,
        /// File with who asks and what, in words.
        #[arg(long)]
        text: PathBuf,
        /// The person it is about (TOML, as `optout preview` takes it): the desk finds its answers again by it.
        #[arg(long)]
        person: Option<PathBuf>,
        /// The number of the opt-out it led to.
        #[arg(long, default_value = "")]
        opt_out: String,
    },
    /// Note an answer; its words stand in a file, which is sealed.
    Answer {
        /// The inquiry.
        id: String,
        /// File with the answer.
        #[arg(long)]
        text: PathBuf,
    },
    /// Pass one on.
    Escalate {
        /// The inquiry.
        id: String,
        /// To which office.
        #[arg(long)]
        to: String,
    },
    /// Close one.
    Close {
        /// The inquiry.
        id: String,
    },
    /// Read the sealed words of one; the reading is booked.
    Show {
        /// The inquiry.
        id: String,
    },
    /// The desk's numbers of a year, month by month.
    Numbers {
        /// The year; default: this one.
        #[arg(long)]
        year: Option<i16>,
    },
    /// All of them; fails when an answer is late or one is open for too long (C-087).
    List,
}

/// Runs one of them.
pub fn run(cli: &Cli, voice: Voice, order: &Inquiry) -> Result<Ending> {
    let home = Home::open(cli)?;
    let by = Name::new(&cli.actor).context("--actor")?.to_string();
    match order {
        Inquiry::New { channel, kind, text, person, opt_out } => {
            if !opt_out.is_empty() {
                Name::new(opt_out).context("--opt-out")?;
            }
            let words = read(text)?;
            let about = match person.as_deref().map(|file| optout::about(&home, voice, file)).transpose()? {
                Some(Err(ending)) => return Ok(ending),
                Some(Ok(person)) => Some(person),
                None => None,
            };
            let at = now();
            let promises = Promises::in_force(&home.parameters, today())?;
            let due = promises.due(*kind, today(), &Calendar::shipped()?)?;
            let row = InquiryRow {
                id: String::new(),
                at,
                taken_by: by,
                channel: channel.as_str().to_owned(),
                kind: kind.as_str().to_owned(),
                answer_due: due,
                opt_out: opt_out.clone(),
                sealed: Vec::new(),
            };
            let mut seal = |id: &str| -> Result<Vec<u8>, StorageError> {
                key_in_store(&home, id)?.seal(&[ASKED, id.as_bytes()], &words)
            };
            let mut db = home.registry.act()?;
            let id = inquiry::take_up(&mut db, at, row, &mut seal).context("問い合わせを記録できません")?;
            if let Some(person) = &about {
                let mut db = home.registry.identity()?;
                db.inquiry_is_about(&id, &person.described, person.without)
                    .context("問い合わせを記録できません")?;
            }
            book(cli, &home, &id, AuditAction::Inquiry)?;
            voice.say(
                format!("受け付けました: {id}  {}  回答期限 {due}", kind.ja()),
                format!("Taken up: {id}  {}  answer due {due}", kind.as_str()),
            );
            voice.value(&json!({ "inquiry": id, "due": due }));
            Ok(Ending::Done)
        }
        Inquiry::Answer { id, text } => {
            // A number that is not in the book gets no key.
            if !home.registry.act()?.inquiries()?.iter().any(|(q, _)| q.id == *id) {
                return Err(Unfit::new(format!("問い合わせがありません: {id}")).into());
            }
            let sealed = key_in_store(&home, id)?.seal(&[ANSWERED, id.as_bytes()], &read(text)?)?;
            add(cli, voice, &home, id, ("answer", "回答"), String::new(), Some(sealed))
        }
        Inquiry::Escalate { id, to } => {
            let to = Name::new(to).context("--to")?.to_string();
            add(cli, voice, &home, id, ("escalate", "引継ぎ"), to, None)
        }
        Inquiry::Close { id } => add(cli, voice, &home, id, ("close", "終結"), String::new(), None),
        Inquiry::Show { id } => show(cli, voice, &home, id),
        Inquiry::List => list(voice, &home),
        Inquiry::Numbers { year } => numbers(voice, &home, year.unwrap_or(today().year())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("読めません: {}", path.display()))
}

fn book(cli: &Cli, home: &Home, id: &str, action: AuditAction) -> Result<()> {
    let object = AuditObject::Inquiry(Name::new(id)?);
    books::audit(&mut home.registry.act()?, cli, AuditRole::HelpDesk, action, object, 1)
}

/// The key of an inquiry, made when it is new.
fn key_in_store(home: &Home, id: &str) -> Result<SealKey, StorageError> {
    let key = IdentityId(inquiry::key_id(id));
    home.registry
        .identity()?
        .data_keys(&home.ring.kek, &[key])?
        .remove(&key)
        .ok_or(StorageError::Key("the key of an inquiry was destroyed"))
}

fn add(
    cli: &Cli,
    voice: Voice,
    home: &Home,
    id: &str,
    (action, ja): (&str, &str),
    reference: String,
    sealed: Option<Vec<u8>>,
) -> Result<Ending> {
    let event = InquiryEventRow {
        at: now(),
        actor: Name::new(&cli.actor).context("--actor")?.to_string(),
        action: action.to_owned(),
        reference,
        sealed,
    };
    match home.registry.act()?.add_inquiry_event(id, &event) {
        Ok(()) => {}
        Err(StorageError::Refused(why)) => {
            voice.say(format!("未了の問い合わせではありません: {id}"), why);
            return Ok(Ending::Usage);
        }
        Err(e) => return Err(e).context("問い合わせを記録できません"),
    }
    book(cli, home, id, AuditAction::Inquiry)?;
    voice.say(format!("{id}: {ja}を記録しました"), format!("{id}: noted ({action})"));
    voice.value(&json!({ "inquiry": id, "noted": action }));
    Ok(Ending::Done)
}

fn show(cli: &Cli, voice: Voice, home: &Home, id: &str) -> Result<Ending> {
    let all = home.registry.act()?.inquiries().context("問い合わせを読めません")?;
    let (q, events) = all
        .into_iter()
        .find(|(q, _)| q.id == id)
        .ok_or_else(|| Unfit::new(format!("問い合わせがありません: {id}")))?;
    // Booked before it is shown: what cannot be booked is not shown.
    book(cli, home, id, AuditAction::ViewPerson)?;
    let key = key_in_store(home, id)?;
    let words = |context: &[u8], sealed: &[u8]| -> Result<String> {
        let plain = key.open(&[context, id.as_bytes()], sealed).context("封を開けません")?;
        Ok(String::from_utf8_lossy(&plain).into_owned())
    };
    let asked = words(ASKED, &q.sealed)?;
    voice.line(&asked);
    let mut answers = Vec::new();
    for sealed in events.iter().filter_map(|e| e.sealed.as_deref()) {
        let answer = words(ANSWERED, sealed)?;
        voice.line(format!("→ {answer}"));
        answers.push(answer);
    }
    voice.value(&json!({ "inquiry": id, "asked": asked, "answers": answers }));
    Ok(Ending::Done)
}

fn list(voice: Voice, home: &Home) -> Result<Ending> {
    let promises = Promises::in_force(&home.parameters, today())?;
    let (mut told, mut failed) = (Vec::new(), false);
    for (q, events) in home.registry.act()?.inquiries().context("問い合わせを読めません")? {
        let state = inquiry::state(&q, &events, &promises, today());
        failed |= state.late || state.too_long;
        let kind = InquiryKind::from_name(&q.kind).map_or("?", |k| voice.word(k.ja(), k.as_str()));
        let word = match (state.closed, state.answered) {
            (Some(_), _) => voice.word("終結", "closed"),
            (_, Some(_)) => voice.word("回答済み", "answered"),
            _ => voice.word("未回答", "not answered"),
        };
        let mark = if state.late || state.too_long { "✗" } else { "✓" };
        voice.line(format!(
            "{mark} {}  {kind}  {word}  {} {}",
            q.id,
            voice.word("回答期限", "due"),
            q.answer_due
        ));
        let kind_ja = InquiryKind::from_name(&q.kind).map(InquiryKind::ja);
        let steps: Vec<_> = events
            .iter()
            .map(|e| json!({ "at": e.at, "by": e.actor, "action": e.action, "reference": e.reference }))
            .collect();
        told.push(json!({ "inquiry": q.id, "kind": q.kind, "kind_ja": kind_ja, "channel": q.channel,
            "channel_ja": Channel::from_name(&q.channel).map(Channel::ja), "at": q.at, "due": q.answer_due,
            "opt_out": q.opt_out, "taken_by": q.taken_by, "events": steps, "answered": state.answered, "closed": state.closed, "late": state.late, "too_long": state.too_long }));
    }
    voice.value(&json!({ "inquiries": told, "ok": !failed }));
    Ok(if failed { Ending::LookAtIt } else { Ending::Done })
}

fn numbers(voice: Voice, home: &Home, year: i16) -> Result<Ending> {
    let promises = Promises::in_force(&home.parameters, today())?;
    let mut db = home.registry.act()?;
    let months =
        inquiry::months(&db.inquiries().context("問い合わせを読めません")?, &promises, year, today());
    let requests = db.opt_out_requests().context("停止の求めを読めません")?;
    let mut told = Vec::new();
    for m in &months {
        let of = |r: &&musubi_storage::act::opt_out_request::OptOutRequestRow| {
            (r.received_on.year(), r.received_on.month()) == (year, m.month)
        };
        let stops =
            requests.iter().filter(of).filter(|r| r.refused.is_none() && r.withdraws.is_none()).count();
        let withdrawn =
            requests.iter().filter(of).filter(|r| r.refused.is_none() && r.withdraws.is_some()).count();
        let refused = requests.iter().filter(of).filter(|r| r.refused.is_some()).count();
        let taken: u64 = m.taken.values().sum();
        voice.say(
            format!(
                "{year}-{:02}  受付 {taken}  期限内 {}  遅れ {}  停止 {stops}",
                m.month, m.in_time, m.late
            ),
            format!(
                "{year}-{:02}  taken {taken}  in time {}  late {}  stops {stops}",
                m.month, m.in_time, m.late
            ),
        );
        told.push(json!({ "month": m.month, "taken": m.taken, "in_time": m.in_time, "late": m.late,
            "escalated": m.escalated, "closed": m.closed, "stops": stops, "withdrawn": withdrawn, "refused": refused }));
    }
    voice.value(&json!({ "year": year, "months": told }));
    Ok(Ending::Done)
}
