//! `musubi application`: the applicant's side (申出): fields, drafts, versions, thread, handing in, taking back, objecting.
//!
//! It must never show one organisation what another one wrote.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditRole};
use musubi_review_board::committee::document::{Document, Receiver, minor};
use musubi_review_board::committee::fields::{is_section, sections};
use musubi_review_board::committee::stage::{State, Step, possible};
use musubi_review_board::templates::TEMPLATES;
use musubi_storage::board_application::{ApplicationRow, VersionRow};
use serde_json::{Value, json};

use super::case::{Case, Room, all, book, flaws, kept, organisation_name, read, refuse, unknown, words};
use super::secretary;
use crate::args::Cli;
use crate::commands::Ending;
use crate::home::{now, today};
use crate::say::Voice;

/// `musubi application`.
#[derive(Debug, Subcommand)]
pub enum Application {
    /// The fields of an application, by section, with help.
    Fields,
    /// Begin an application with a document (TOML or JSON: fields, items, spec or template).
    New {
        /// The document.
        file: PathBuf,
    },
    /// Save another version of a draft, or of one that was sent back.
    Save {
        /// The application.
        application: String,
        /// The document.
        file: PathBuf,
        /// Keep as it is what the document does not name.
        #[arg(long)]
        keep: bool,
    },
    /// Show an application: state, sections, items, thread, flaws, what may follow.
    Show {
        /// The application.
        application: String,
        /// Which version; default: the newest.
        #[arg(long)]
        version: Option<u32>,
    },
    /// List the applications that the account may see.
    List,
    /// What differs between two versions, field by field.
    Diff {
        /// The application.
        application: String,
        /// From which version; default: the one before.
        #[arg(long)]
        from: Option<u32>,
        /// To which; default: the newest.
        #[arg(long)]
        to: Option<u32>,
    },
    /// Write into the thread of a section.
    Say {
        /// The application.
        application: String,
        /// The section, or `spec`, or `general`.
        section: String,
        /// The message.
        file: PathBuf,
    },
    /// Look what stands against handing it in.
    Check {
        /// The application.
        application: String,
    },
    /// Hand it in.
    Submit {
        /// The application.
        application: String,
    },
    /// Take it back for good.
    Withdraw {
        /// The application.
        application: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Begin a change of an approved application (変更申出): a new application that refers to it.
    Amend {
        /// The approved application.
        application: String,
        /// The document as it would be.
        file: PathBuf,
    },
    /// Object to a refusal (異議の申立て).
    Appeal {
        /// The application.
        application: String,
        /// The reasons.
        file: PathBuf,
    },
    /// The secretariat takes an application up for its pre-check.
    Take {
        /// The application.
        application: String,
        /// Who works on it; default: the account itself.
        #[arg(long)]
        assignee: Option<String>,
    },
    /// Send it back with reasons (TOML or JSON: section = reason).
    Return {
        /// The application.
        application: String,
        /// The reasons by section.
        file: PathBuf,
    },
    /// Put it before the committee; its specification is filed as a request.
    Accept {
        /// The application.
        application: String,
    },
    /// Keep the card of an application: who does what until when.
    Card(secretary::Card),
    /// The secretariat's board: all applications by state, with cards.
    Board,
    /// Note that the work is done (完了).
    Complete {
        /// The application.
        application: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Application) -> Result<Ending> {
    if matches!(order, Application::Fields) {
        return fields(voice);
    }
    let mut room = Room::open(cli)?;
    match order {
        Application::Fields => fields(voice),
        Application::New { file } => new(cli, voice, &mut room, file, None),
        Application::Save { application, file, keep } => {
            save(cli, voice, &mut room, application, (file, *keep))
        }
        Application::Show { application, version } => show(voice, &mut room, application, *version),
        Application::List => list(voice, &mut room),
        Application::Diff { application, from, to } => diff(voice, &mut room, application, (*from, *to)),
        Application::Say { application, section, file } => {
            say(cli, voice, &mut room, application, section, file)
        }
        Application::Check { application } => check(voice, &mut room, application),
        Application::Submit { application } => submit(cli, voice, &mut room, application),
        Application::Withdraw { application, reason } => {
            let case = room.case(application)?;
            case.step(&mut room.db, cli, Step::Withdraw, None, &json!({ "reason": reason }))?;
            told(voice, &room, &case, State::Withdrawn)
        }
        Application::Amend { application, file } => {
            let case = room.case(application)?;
            if !matches!(case.state, State::Approved | State::Suspended) {
                return Err(refuse(
                    "REV_AMEND: only an approved application is amended (承認された申出だけを変更できます)",
                ));
            }
            new(cli, voice, &mut room, file, Some(&case))
        }
        Application::Appeal { application, file } => appeal(cli, voice, &mut room, application, file),
        Application::Take { application, assignee } => {
            secretary::take(cli, voice, &mut room, application, assignee.as_deref())
        }
        Application::Return { application, file } => {
            secretary::send_back(cli, voice, &mut room, application, file)
        }
        Application::Accept { application } => secretary::accept(cli, voice, &mut room, application),
        Application::Card(card) => secretary::card(cli, voice, &mut room, card),
        Application::Board => secretary::board(voice, &mut room),
        Application::Complete { application, reason } => {
            let case = room.case(application)?;
            case.step(&mut room.db, cli, Step::Complete, None, &json!({ "reason": reason }))?;
            told(voice, &room, &case, State::Completed)
        }
    }
}

/// Says where an application stands now.
pub fn told(voice: Voice, room: &Room, case: &Case, state: State) -> Result<Ending> {
    voice.say(format!("{}: {}", case.id(), state.ja()), format!("{}: {}", case.id(), state.as_str()));
    voice.value(&case.short(&room.book, state)?);
    Ok(Ending::Done)
}

fn fields(voice: Voice) -> Result<Ending> {
    let all = sections()?;
    for section in &all {
        voice.line(format!("■ {}  {}", section.id, voice.word(&section.ja, &section.en)));
        for f in &section.fields {
            let words: Vec<&str> = f.words.iter().map(|(word, _)| word.as_str()).collect();
            let mark = if f.required == "always" { "*" } else { " " };
            voice.line(format!(
                "  {mark} {}  {}  {}  {}",
                f.id,
                voice.word(&f.ja, &f.en),
                voice.word(&f.help_ja, &f.help_en),
                words.join("|")
            ));
        }
    }
    let templates: Vec<&str> = TEMPLATES.iter().map(|t| t.name).collect();
    voice.value(&json!({ "sections": all, "templates": templates }));
    Ok(Ending::Done)
}

fn document(room: &Room, file: &std::path::Path) -> Result<Document> {
    let organisation = room.organisation()?;
    let name = organisation_name(&room.book, &organisation);
    Document::read(&read(file)?, Receiver { id: &organisation, name: &name }).map_err(refuse)
}

fn new(
    cli: &Cli,
    voice: Voice,
    room: &mut Room,
    file: &std::path::Path,
    amends: Option<&Case>,
) -> Result<Ending> {
    let document = document(room, file)?;
    let row = ApplicationRow {
        application_id: String::new(),
        organisation: room.organisation()?,
        amends: amends.map(|c| c.id().to_owned()),
        created_by: room.account(),
        created_at: now(),
    };
    let id = room.db.begin_application(&row, &document.canonical(), &document.hash())?;
    book(&mut room.db, cli, AuditAction::Apply, &id)?;
    let flaws = flaws(room, &document)?;
    voice.say(
        format!("申出を作りました: {id}(残り {} 件)", flaws.len()),
        format!("Application {id} begun ({} things left)", flaws.len()),
    );
    voice.value(&json!({
        "application": id, "version": 1, "hash": document.hash(), "state": "draft", "flaws": flaws,
        "amends": row.amends,
    }));
    Ok(Ending::Done)
}

fn save(
    cli: &Cli,
    voice: Voice,
    room: &mut Room,
    application: &str,
    (file, keep): (&std::path::Path, bool),
) -> Result<Ending> {
    let case = room.case(application)?;
    if !matches!(case.state, State::Draft | State::Returned) {
        return Err(refuse(format!(
            "REV_STEP: only a draft or a returned application is changed ({}の申出は変更できません)",
            case.state.ja()
        )));
    }
    let given = document(room, file)?;
    let document = if keep { given.over(case.document()?) } else { given };
    let newest = case.newest()?;
    let version = if newest.hash == document.hash() {
        newest.version
    } else {
        let version = newest.version.saturating_add(1);
        room.db.save_version(&VersionRow {
            application_id: application.to_owned(),
            version,
            document: document.canonical(),
            hash: document.hash(),
            saved_by: room.account(),
            saved_at: now(),
        })?;
        book(&mut room.db, cli, AuditAction::Apply, application)?;
        version
    };
    let flaws = flaws(room, &document)?;
    voice.say(
        format!("保存しました: {application} 第{version}版(残り {} 件)", flaws.len()),
        format!("Saved: {application} version {version} ({} things left)", flaws.len()),
    );
    voice.value(&json!({
        "application": application, "version": version, "hash": document.hash(), "flaws": flaws,
    }));
    Ok(Ending::Done)
}

/// The thread and the steps, for people of the application.
fn history(room: &Room, case: &Case) -> Vec<Value> {
    let inside = room.role() != AuditRole::Applicant;
    let of = |e: &&musubi_storage::board_application::EventRow| inside || e.kind != "card";
    case.events
        .iter()
        .filter(of)
        .map(|e| {
            let step = Step::from_name(&e.kind);
            // To the applicant a member is the committee, not somebody.
            let named = inside || e.role != AuditRole::ReviewMember.as_str();
            json!({
                "nth": e.nth, "kind": e.kind, "ja": step.map_or("", Step::ja), "version": e.version,
                "body": serde_json::from_str::<Value>(&e.body).unwrap_or_default(),
                "account": if named { &e.account } else { &e.role }, "role": e.role, "at": e.at,
            })
        })
        .collect()
}

fn show(voice: Voice, room: &mut Room, application: &str, version: Option<u32>) -> Result<Ending> {
    let case = room.case(application)?;
    let row = case.version(version)?;
    let document = Document::kept(&row.document)?;
    let flaws = flaws(room, &document)?;
    let mut answer = case.short(&room.book, case.state)?;
    let mut told = Vec::new();
    for section in sections()? {
        voice.line(format!("■ {}", voice.word(&section.ja, &section.en)));
        let mut given = Vec::new();
        for f in &section.fields {
            let value = document.field(&f.id);
            if !value.is_empty() {
                voice.line(format!("  {}: {}", voice.word(&f.ja, &f.en), f.shown(value)));
            }
            given.push(json!({
                "id": f.id, "kind": f.kind, "ja": f.ja, "en": f.en, "help_ja": f.help_ja, "help_en": f.help_en,
                "words": f.words, "required": f.required(&document.fields), "value": value,
                "shown": f.shown(value),
            }));
        }
        told.push(json!({ "id": section.id, "ja": section.ja, "en": section.en, "fields": given }));
    }
    for item in &document.items {
        voice.line(format!("  {}: {}", item.item, item.necessity));
    }
    for flaw in &flaws {
        voice.line(format!("! {}", voice.word(&flaw.ja, &flaw.en)));
    }
    let asked = document.extract().map(|s| musubi_compliance::checks::items_of(&s)).unwrap_or_default();
    let conditions = super::conditions::of_case(room, &case)?;
    let outcome = super::ballots::outcome_of(room, &case)?;
    let next: Vec<Value> =
        possible(&case.steps).into_iter().map(|s| json!({ "step": s.as_str(), "ja": s.ja() })).collect();
    if let Some(fields) = answer.as_object_mut() {
        fields.extend([
            ("shown_version".to_owned(), json!(row.version)),
            ("hash".to_owned(), json!(row.hash)),
            ("versions".to_owned(), json!(versions(&case))),
            ("sections".to_owned(), json!(told)),
            ("items".to_owned(), json!(document.items)),
            ("asked_items".to_owned(), json!(asked)),
            ("spec".to_owned(), json!(document.spec)),
            ("document".to_owned(), json!(document)),
            ("flaws".to_owned(), json!(flaws)),
            ("history".to_owned(), json!(history(room, &case))),
            ("next_steps".to_owned(), json!(next)),
            ("request".to_owned(), json!(case.request())),
            ("outcome".to_owned(), outcome),
            ("conditions".to_owned(), json!(conditions)),
        ]);
    }
    voice.say(
        format!("{application} 第{}版 {}", row.version, case.state.ja()),
        format!("{application} version {} {}", row.version, case.state.as_str()),
    );
    voice.value(&answer);
    Ok(Ending::Done)
}

fn versions(case: &Case) -> Vec<Value> {
    let of = |v: &VersionRow| json!({ "version": v.version, "hash": v.hash, "saved_by": v.saved_by, "saved_at": v.saved_at });
    case.versions.iter().map(of).collect()
}

fn list(voice: Voice, room: &mut Room) -> Result<Ending> {
    let mut told = Vec::new();
    for case in all(&mut room.db)? {
        if room.sees(&case)? {
            let short = case.short(&room.book, case.state)?;
            voice.line(format!(
                "{}  {}  {}  {}",
                case.id(),
                voice.word(case.state.ja(), case.state.as_str()),
                organisation_name(&room.book, &case.row.organisation),
                case.document()?.field("title")
            ));
            told.push(short);
        }
    }
    voice.value(&json!({ "applications": told }));
    Ok(Ending::Done)
}

/// What a case is compared with when nothing is said: the approved version that it amends, or its version before.
pub fn before(room: &mut Room, case: &Case, to: &VersionRow) -> Result<Option<Document>> {
    if to.version > 1 {
        let earlier = case.version(Some(to.version - 1))?;
        return Ok(Some(Document::kept(&earlier.document)?));
    }
    original(room, case)
}

/// The decided version of the application that a case amends.
pub fn original(room: &mut Room, case: &Case) -> Result<Option<Document>> {
    let Some(amends) = &case.row.amends else { return Ok(None) };
    let original = all(&mut room.db)?.into_iter().find(|c| c.id() == amends);
    let original = original.ok_or_else(|| unknown(&format!("application {amends}")))?;
    let decided = original.version(original.submitted())?;
    Ok(Some(Document::kept(&decided.document)?))
}

fn diff(
    voice: Voice,
    room: &mut Room,
    application: &str,
    (from, to): (Option<u32>, Option<u32>),
) -> Result<Ending> {
    let case = room.case(application)?;
    let to = case.version(to)?.clone();
    let earlier = match from {
        Some(n) => Some(Document::kept(&case.version(Some(n))?.document)?),
        None => before(room, &case, &to)?,
    };
    let changes = Document::kept(&to.document)?.changes(&earlier.unwrap_or_default())?;
    for c in &changes {
        voice.line(format!("■ {}", voice.word(&c.ja, &c.en)));
        voice.line(format!("  - {}", c.before.as_deref().unwrap_or("")));
        voice.line(format!("  + {}", c.after.as_deref().unwrap_or("")));
    }
    let listed = room.list("board.expedited_fields")?;
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    voice.value(&json!({
        "application": application, "from": from, "to": to.version, "changes": changes,
        "minor": case.row.amends.is_some() && minor(&changes, &listed),
    }));
    Ok(Ending::Done)
}

fn say(
    cli: &Cli,
    voice: Voice,
    room: &mut Room,
    application: &str,
    section: &str,
    file: &std::path::Path,
) -> Result<Ending> {
    let case = room.case(application)?;
    if !is_section(section)? {
        return Err(refuse(format!("REV_SECTION: there is no section {section} (その区分はありません)")));
    }
    let body = json!({ "section": section, "text": words(file)? });
    let entry = case.entry("message", case.versions.last().map(|v| v.version), &body, cli)?;
    kept(room.db.enter_event(&entry))?;
    book(&mut room.db, cli, AuditAction::Apply, application)?;
    voice.say(format!("送りました: {application}"), format!("Sent: {application}"));
    voice.value(&json!({ "application": application, "nth": entry.nth, "section": section }));
    Ok(Ending::Done)
}

fn check(voice: Voice, room: &mut Room, application: &str) -> Result<Ending> {
    let case = room.case(application)?;
    let flaws = flaws(room, &case.document()?)?;
    for flaw in &flaws {
        voice.line(format!("! {}", voice.word(&flaw.ja, &flaw.en)));
    }
    if flaws.is_empty() {
        voice.say("提出できます", "Ready to be handed in");
    }
    voice.value(&json!({ "application": application, "flaws": flaws, "ready": flaws.is_empty() }));
    Ok(if flaws.is_empty() { Ending::Done } else { Ending::LookAtIt })
}

fn submit(cli: &Cli, voice: Voice, room: &mut Room, application: &str) -> Result<Ending> {
    let case = room.case(application)?;
    let newest = case.newest()?;
    let flaws = flaws(room, &Document::kept(&newest.document)?)?;
    if !flaws.is_empty() {
        for flaw in &flaws {
            voice.line(format!("! {}", voice.word(&flaw.ja, &flaw.en)));
        }
        voice.value(&json!({ "application": application, "submitted": false, "flaws": flaws }));
        return Ok(Ending::Usage);
    }
    case.step(&mut room.db, cli, Step::Submit, Some(newest.version), &json!({ "hash": newest.hash }))?;
    told(voice, room, &case, State::Submitted)
}

fn appeal(
    cli: &Cli,
    voice: Voice,
    room: &mut Room,
    application: &str,
    file: &std::path::Path,
) -> Result<Ending> {
    let case = room.case(application)?;
    let rejected = case.events.iter().rev().find(|e| e.kind == Step::Reject.as_str());
    let days = room.home.parameters.number("board.appeal_days", today())?;
    let window = jiff::Span::new().try_days(i64::try_from(days)?)?;
    if let Some(rejected) = rejected {
        let last = musubi_etl::house::japanese_day(rejected.at).checked_add(window)?;
        if today() > last {
            return Err(refuse(format!(
                "REV_APPEAL_LATE: an appeal comes within {days} days of the refusal ({days} 日以内に申し立ててください)"
            )));
        }
    }
    if case.events.iter().any(|e| e.kind == Step::Appeal.as_str()) {
        return Err(refuse("REV_APPEAL_ONCE: a refusal is appealed once (異議の申立ては一度です)"));
    }
    let body = json!({ "reason": words(file)? });
    case.step(&mut room.db, cli, Step::Appeal, case.submitted(), &body)?;
    told(voice, room, &case, State::Submitted)
}
