//! What the members are given (審査資料一式): one value, kept with its hash, so that the minutes can say what was read.
//!
//! It holds counts in bands and the class of every column, and must never hold a record of a person.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::AuditAction;
use musubi_compliance::checks::items_of;
use musubi_model::policy::Policy;
use musubi_model::spec::ExtractSpec;
use musubi_review_board::committee::basis::{Basis, Change, changed};
use musubi_review_board::committee::document::Document;
use musubi_review_board::committee::fields::sections;
use musubi_review_board::committee::risk::usual;
use musubi_review_board::committee::similar::likeness;
use musubi_review_board::committee::stage::State;
use musubi_storage::board_application::DossierRow;
use serde_json::{Value, json};

use super::application::before;
use super::case::{Case, Room, all, book, kept, organisation_name, refuse, unknown};
use crate::args::Cli;
use crate::commands::{Ending, dry_run};
use crate::home::now;
use crate::say::Voice;

/// Earlier decisions that are shown.
const SIMILAR: usize = 5;

/// `musubi committee dossier`.
#[derive(Debug, Subcommand)]
pub enum Dossier {
    /// Make it anew for the version handed in last.
    Make {
        /// The application.
        application: String,
        /// Count the cohort in bands (one of the day's dry runs of this recipient).
        #[arg(long)]
        count: bool,
        /// Count it, and try out what protection leaves of the product, under the policy and parameters in force
        /// (小さいセルの試算). It may take long.
        #[arg(long)]
        simulate: bool,
    },
    /// Show the newest one, and what has changed since it was counted.
    Show {
        /// The application.
        application: String,
        /// Write it as one file for reading and printing, with its hashes.
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Dossier) -> Result<Ending> {
    let mut room = Room::open(cli)?;
    match order {
        Dossier::Make { application, count, simulate } => {
            let case = room.case(application)?;
            let version = case.version(case.submitted())?.clone();
            if case.submitted().is_none() {
                return Err(refuse("REV_STEP: nothing was handed in yet (まだ提出されていません)"));
            }
            let counting = match (simulate, count) {
                (true, _) => Counting::Simulated,
                (false, true) => Counting::Counted,
                (false, false) => Counting::None,
            };
            let content = make(cli, voice, &mut room, &case, counting)?.to_string();
            let hash = blake3::hash(content.as_bytes()).to_hex().to_string();
            let nth = room.db.newest_dossier(application)?.map_or(1, |d| d.nth.saturating_add(1));
            let row = DossierRow {
                application_id: application.clone(),
                nth,
                version: version.version,
                content,
                hash,
                made_by: room.account(),
                made_at: now(),
            };
            kept(room.db.keep_dossier(&row))?;
            book(&mut room.db, cli, AuditAction::Report, application)?;
            tell(voice, &room, &case, &row, None)
        }
        Dossier::Show { application, html } => {
            let case = room.case(application)?;
            let row = room.db.newest_dossier(application)?;
            let row = row.ok_or_else(|| unknown("dossier of this application"))?;
            tell(voice, &room, &case, &row, html.as_deref())
        }
    }
}

/// How much of the cohort a dossier tells.
#[derive(Clone, Copy)]
enum Counting {
    /// Nothing.
    None,
    /// How many persons, in bands.
    Counted,
    /// That, and what protection leaves.
    Simulated,
}

/// Tells a dossier as it was given to the members, with what has changed since; and writes it as one file.
fn tell(voice: Voice, room: &Room, case: &Case, row: &DossierRow, html: Option<&Path>) -> Result<Ending> {
    voice.say(
        format!("審査資料: {} 第{}版  {}", row.application_id, row.version, row.hash),
        format!("Dossier: {} version {}  {}", row.application_id, row.version, row.hash),
    );
    let content: Value = serde_json::from_str(&row.content).context("審査資料を読めません")?;
    let stale = stale(room, case, row, &content)?;
    for change in &stale {
        voice.say(
            format!("  ! 作成後に変わったこと: {}", change.ja()),
            format!("  ! since it was made: {}", change.en()),
        );
    }
    let stale: Vec<Value> =
        stale.iter().map(|c| json!({ "change": c.as_str(), "ja": c.ja(), "en": c.en() })).collect();
    let mut told = json!({
        "application": row.application_id, "nth": row.nth, "version": row.version, "hash": row.hash,
        "made_at": row.made_at, "made_by": row.made_by, "dossier": content, "stale": stale,
    });
    if let Some(file) = html {
        let page = musubi_console::dossier(&told, voice.english).into_string();
        fs::write(file, &page).with_context(|| format!("書けません: {}", file.display()))?;
        let hash = blake3::hash(page.as_bytes()).to_hex().to_string();
        voice.say(
            format!("  1つのファイルに書きました: {}  {hash}", file.display()),
            format!("  one file: {}  {hash}", file.display()),
        );
        if let Some(fields) = told.as_object_mut() {
            fields.insert("html_hash".to_owned(), json!(hash));
        }
    }
    voice.value(&told);
    Ok(Ending::Done)
}

/// What has changed since a dossier was made; only the document where nothing was tried out.
fn stale(room: &Room, case: &Case, row: &DossierRow, content: &Value) -> Result<Vec<Change>> {
    let Some(submitted) = case.submitted() else { return Ok(Vec::new()) };
    let document = case.version(Some(submitted))?;
    let counted = content.get("simulation").and_then(|s| s.get("basis")).cloned();
    let Some(then) = counted.and_then(|basis| serde_json::from_value::<Basis>(basis).ok()) else {
        let same = document.version == row.version;
        return Ok(if same { Vec::new() } else { vec![Change::Document] });
    };
    let spec = Document::kept(&document.document)?.extract().context("抽出仕様を読めません")?;
    Ok(changed(&then, &dry_run::basis(&room.home, &spec, &document.hash)?.0))
}

fn make(cli: &Cli, voice: Voice, room: &mut Room, case: &Case, counting: Counting) -> Result<Value> {
    let version = case.version(case.submitted())?.clone();
    let document = Document::kept(&version.document)?;
    let spec = document.extract().context("抽出仕様を読めません")?;
    let mut shown = Vec::new();
    for section in sections()? {
        let fields: Vec<Value> = section
            .fields
            .iter()
            .filter(|f| !document.field(&f.id).is_empty())
            .map(|f| json!({ "id": f.id, "ja": f.ja, "en": f.en, "value": f.shown(document.field(&f.id)) }))
            .collect();
        shown.push(json!({ "id": section.id, "ja": section.ja, "en": section.en, "fields": fields }));
    }
    let changes = match before(room, case, &version)? {
        Some(earlier) => document.changes(&earlier)?,
        None => Vec::new(),
    };
    let (counted, tried) = match counting {
        Counting::None => (Value::Null, Value::Null),
        Counting::Counted => (dry_run::count(&room.home, cli, voice, &document.spec)?, Value::Null),
        Counting::Simulated => dry_run::simulate(&room.home, cli, voice, &document.spec, &version.hash)?,
    };
    Ok(json!({
        "application": case.id(), "version": version.version, "document_hash": version.hash,
        "organisation_name": organisation_name(&room.book, &case.row.organisation),
        "amends": case.row.amends,
        "scope_hash": spec.scope_hash(), "product": spec.product.as_str(), "product_ja": spec.product.ja(),
        "sections": shown,
        "columns": columns(room, &document, &spec)?,
        "count": counted, "simulation": tried,
        "similar": similar(room, case, &document)?,
        "changes": changes,
    }))
}

/// Every item with its necessity and what the policy says that it tells of a person.
fn columns(room: &mut Room, document: &Document, spec: &ExtractSpec) -> Result<Vec<Value>> {
    let policy = match &spec.policy {
        Some(named) => {
            let rows = room.db.policies()?;
            let row = rows.into_iter().find(|p| p.name == named.name && p.version == named.version);
            row.and_then(|p| Policy::parse(&p.text).ok())
        }
        None => None,
    };
    let person = policy.as_ref().and_then(|p| p.person.as_ref());
    Ok(items_of(spec)
        .into_iter()
        .map(|item| {
            let column = person.and_then(|p| p.columns.iter().find(|c| c.name == item));
            let necessity = document.items.iter().find(|i| i.item == item).map(|i| i.necessity.clone());
            // Policies of statistics name no columns, and those of rows no tables of events.
            let (class, known_by) = column.map_or_else(|| usual(&item), |c| (c.class, c.known_by));
            json!({
                "item": item, "necessity": necessity, "class": class, "known_by": known_by,
                "by_policy": column.is_some(),
            })
        })
        .collect())
}

/// Earlier applications that were decided and are like this one.
fn similar(room: &mut Room, case: &Case, document: &Document) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for other in all(&mut room.db)?.into_iter().filter(|c| c.id() != case.id()) {
        let decided = matches!(
            other.state,
            State::Approved
                | State::Conditional
                | State::Rejected
                | State::Suspended
                | State::Completed
                | State::Expired
        );
        if decided {
            let theirs = Document::kept(&other.version(other.submitted())?.document)?;
            let likeness = likeness(document, &theirs);
            found.push((likeness, other, theirs.field("title").to_owned()));
        }
    }
    found.sort_by_key(|(likeness, ..)| std::cmp::Reverse(*likeness));
    let of = |(likeness, case, title): (u8, Case, String)| {
        json!({
            "application": case.id(), "title": title, "likeness": likeness, "state": case.state.as_str(),
            "state_ja": case.state.ja(),
        })
    };
    Ok(found.into_iter().filter(|(likeness, ..)| *likeness > 0).take(SIMILAR).map(of).collect())
}
