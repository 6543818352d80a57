//! `musubi incident`: what went wrong (漏えい等), from the first suspicion: reported first, counted later, the clocks shown.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use jiff::Timestamp;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::incident::{
    self, AlarmHours, IncidentClass, IncidentKind, IncidentRefused, IncidentState, Opening, Step,
};
use serde_json::json;

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// `musubi incident`.
#[derive(Debug, Subcommand)]
pub enum Incident {
    /// Open one, on suspicion.
    Open {
        /// What it seems to be: unnotified, leak, loss, damage, identified, other.
        #[arg(long)]
        kind: IncidentKind,
        /// One line; nothing of a person.
        #[arg(long)]
        title: String,
        /// When it was first suspected, e.g. 2026-11-20T09:30:00+09:00; default: now.
        #[arg(long)]
        suspected: Option<Timestamp>,
        /// Un-notified persons known already.
        #[arg(long, default_value_t = 0)]
        unnotified: u64,
        /// What is frozen until the report, e.g. submission:1234.
        #[arg(long)]
        freeze: Vec<String>,
    },
    /// Note the report to the ministers (a version each time).
    Report {
        /// The incident.
        id: String,
        /// The report as sent; its hash is kept.
        file: PathBuf,
        /// A note; nothing of a person.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Add what is known: a note, a count of un-notified persons, a frozen set, a class.
    Update {
        /// The incident.
        id: String,
        /// Un-notified persons counted so far.
        #[arg(long)]
        unnotified: Option<u64>,
        /// What is frozen as well.
        #[arg(long)]
        freeze: Option<String>,
        /// Class: serious, minor.
        #[arg(long)]
        class: Option<IncidentClass>,
        /// A note; nothing of a person.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Close one that was reported.
    Close {
        /// The incident.
        id: String,
        /// What was learned; nothing of a person.
        #[arg(long)]
        note: String,
    },
    /// All incidents with their clocks; fails when a clock ran out without its report (C-085).
    List,
}

/// Runs one of them.
pub fn run(cli: &Cli, voice: Voice, order: &Incident) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let by = Name::new(&cli.actor).context("--actor")?.to_string();
    let (id, steps) = match order {
        Incident::List => return list(&home, voice),
        Incident::Open { kind, title, suspected, unnotified, freeze } => {
            let at = now();
            let new = Opening {
                suspected_at: suspected.unwrap_or(at),
                at,
                by: &by,
                kind: *kind,
                automatic: false,
                title,
                unnotified: *unnotified,
                frozen: freeze,
            };
            let id = incident::open(&mut db, &new).context("事故を記録できません")?;
            books::audit(
                &mut db,
                cli,
                AuditRole::Officer,
                AuditAction::Incident,
                AuditObject::Incident(Name::new(&id)?),
                *unnotified,
            )?;
            voice.say(format!("事故を開きました: {id}"), format!("Opened incident {id}"));
            voice.value(&json!({ "incident": id }));
            return Ok(Ending::Done);
        }
        Incident::Report { id, file, note } => {
            let bytes = fs::read(file).with_context(|| format!("読めません: {}", file.display()))?;
            (id, vec![Step::Report(blake3::hash(&bytes).to_hex().to_string(), note.clone())])
        }
        Incident::Update { id, unnotified, freeze, class, note } => {
            let mut steps = Vec::new();
            steps.extend(unnotified.map(Step::Count));
            steps.extend(freeze.clone().map(Step::Freeze));
            steps.extend(class.map(|class| Step::Class(class, note.clone())));
            if steps.is_empty() || (class.is_none() && !note.is_empty()) {
                steps.push(Step::Update(note.clone()));
            }
            (id, steps)
        }
        Incident::Close { id, note } => (id, vec![Step::Close(note.clone())]),
    };
    for step in &steps {
        match incident::step(&mut db, id, now(), &by, step) {
            Ok(event) => {
                let object = AuditObject::Incident(Name::new(id)?);
                books::audit(&mut db, cli, AuditRole::Officer, AuditAction::Incident, object, event.persons)?;
                let version = if event.version > 0 { format!(" v{}", event.version) } else { String::new() };
                voice.say(
                    format!("{id}: {}{version} を記録しました", event.action),
                    format!("{id}: noted {}{version}", event.action),
                );
            }
            Err(IncidentRefused::Storage(e)) => return Err(e).context("事故を記録できません"),
            Err(why) => {
                let ja = match why {
                    IncidentRefused::NotReported => "主務大臣への報告の前に閉じることはできません",
                    IncidentRefused::AlwaysSerious => "未通知の本人が1人でもいれば重大です",
                    _ => "閉じた事故です",
                };
                voice.say(ja, why.to_string());
                voice.value(&json!({ "incident": id, "refused": why.to_string() }));
                return Ok(Ending::Usage);
            }
        }
    }
    voice.value(&json!({ "incident": id, "steps": steps.len() }));
    Ok(Ending::Done)
}

fn list(home: &Home, voice: Voice) -> Result<Ending> {
    let mut db = home.registry.act()?;
    let alarms = AlarmHours::in_force(&home.parameters, today())?;
    let (mut told, mut failed) = (Vec::new(), false);
    for (row, events) in db.incidents().context("事故の記録を読めません")? {
        let state = incident::state(&row, &events, &alarms, now());
        failed |= state.fails();
        let open = if state.closed.is_some() {
            voice.word("終結", "closed")
        } else {
            voice.word("対応中", "open")
        };
        voice.line(format!(
            "{}  {}  {}  {open}  {}",
            row.id,
            row.kind,
            voice.word(state.class.ja(), state.class.as_str()),
            row.title
        ));
        for line in clocks(voice, &state) {
            voice.line(line);
        }
        told.push(json!({
            "incident": row.id, "kind": row.kind, "class": state.class.as_str(), "title": row.title,
            "suspected_at": row.suspected_at, "automatic": row.automatic, "unnotified": state.unnotified,
            "reports": state.reports, "frozen": state.frozen, "closed": state.closed, "fails": state.fails(),
            "clocks": state.clocks.iter().map(|c| json!({ "hours": c.hours, "due": c.due,
                "minutes_left": c.minutes_left, "met": c.met })).collect::<Vec<_>>(),
        }));
    }
    voice.value(&json!({ "incidents": told, "ok": !failed }));
    Ok(if failed { Ending::NotVerified } else { Ending::Done })
}

fn clocks(voice: Voice, state: &IncidentState) -> Vec<String> {
    let reports = state.reports.len();
    let mut lines = vec![format!(
        "    {} {}  {} {reports}",
        voice.word("未通知の本人", "un-notified persons"),
        state.unnotified,
        voice.word("報告", "reports")
    )];
    for c in &state.clocks {
        let (mark, word) = match (c.met, c.minutes_left < 0) {
            (true, _) => ("✓", voice.word("報告済み", "reported")),
            (_, true) => ("✗", voice.word("超過", "run out")),
            _ => ("・", voice.word("残り", "left")),
        };
        let left = c.minutes_left.unsigned_abs();
        lines.push(format!("    {mark} {} h  {}  {word} {} h {} min", c.hours, c.due, left / 60, left % 60));
    }
    lines
}
