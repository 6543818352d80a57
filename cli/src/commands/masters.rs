//! `musubi masters`: loads code masters by the names of their files, lists the editions, shows what they say of a code.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_model::code::Masters as _;
use musubi_model::{CodeSystem, PartialDate};
use musubi_storage::StorageError;
use musubi_storage::master_file::declared::{DECLARATION_FILE, Declaration, declarations};
use musubi_storage::master_file::pattern::day_in;
use musubi_storage::master_file::{Kind, Parsed, parse, recognise};
use musubi_storage::master_store::{MasterLoad, MasterSource};
use musubi_storage::registry::IngestDb;
use serde_json::{Value, json};

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// Lines that were left out are named up to here; the number of all is always told.
const BAD_LINES_SHOWN: usize = 10;

/// `musubi masters`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Masters {
    /// What to do; `musubi masters PATH` loads.
    #[command(subcommand)]
    pub order: Option<Order>,
    /// Folder or file to load.
    pub path: Option<PathBuf>,
}

/// The verbs of `musubi masters`.
#[derive(Debug, Subcommand)]
pub enum Order {
    /// Load the masters of a folder, or one file (`b_YYYYMMDD.csv`, `y_ALL…`, …; others by a `master.toml`).
    Load {
        /// Folder or file.
        path: PathBuf,
        /// First day on which they hold: of the one file, or of the files of a folder whose names tell no day.
        #[arg(long, value_name = "YYYY-MM-DD")]
        valid_from: Option<Date>,
        /// Where an edition of that day stands with other content, load the file beside it as its next revision.
        #[arg(long)]
        replace: bool,
    },
    /// List the editions.
    List {
        /// Only of this code system.
        #[arg(long)]
        system: Option<String>,
    },
    /// Show what the editions say of a code.
    Show {
        /// Code system, e.g. `RECE-Y`.
        system: String,
        /// The code.
        code: String,
        /// As of this day of care; without it, the newest.
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: Option<Date>,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Masters) -> Result<Ending> {
    match (&order.order, &order.path) {
        (Some(Order::Load { path, valid_from, replace }), _) => load(cli, voice, path, *valid_from, *replace),
        (Some(Order::List { system }), _) => list(cli, voice, system.as_deref()),
        (Some(Order::Show { system, code, on }), _) => show(cli, voice, system, code, *on),
        (None, Some(path)) => load(cli, voice, path, None, false),
        (None, None) => list(cli, voice, None),
    }
}

/// A file that some pattern or declaration knows.
struct Found {
    path: PathBuf,
    name: String,
    bytes: u64,
    what: What,
    valid_from: Option<Date>,
}

enum What {
    Known(Kind),
    Declared(Box<Declaration>),
}

impl Found {
    fn title(&self, voice: Voice) -> String {
        match &self.what {
            What::Known(kind) => voice.word(kind.ja(), kind.en()).to_owned(),
            What::Declared(one) => one.system.clone(),
        }
    }
}

/// The files to load, in order of their names, and the names of those that no pattern knows.
fn find(path: &Path, valid_from: Option<Date>) -> Result<(Vec<Found>, Vec<String>)> {
    let declaration = |path: &Path| path.file_name().is_some_and(|n| n == DECLARATION_FILE);
    let single = path.is_file() && !declaration(path);
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    let mut files: Vec<PathBuf> = match single {
        true => vec![path.to_owned()],
        false => fs::read_dir(folder)
            .with_context(|| format!("読めません: {}", folder.display()))?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<Result<_, _>>()?,
    };
    files.retain(|file| file.is_file() && !declaration(file));
    files.sort();
    let declared = match fs::read_to_string(folder.join(DECLARATION_FILE)) {
        Ok(text) => {
            declarations(&text).with_context(|| format!("書式が違います: {DECLARATION_FILE}"))?.master
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(e).context(DECLARATION_FILE),
    };
    let (mut found, mut passed) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = fs::metadata(&file).with_context(|| format!("読めません: {name}"))?.len();
        // What a declaration says goes before the name, what was said on the command line for one file before both.
        let by_hand = valid_from.filter(|_| single);
        if let Some(one) = declared.iter().find(|d| d.file == name) {
            let valid_from = by_hand.or(one.valid_from).or_else(|| day_in(&name)).or(valid_from);
            found.push(Found {
                path: file,
                name,
                bytes,
                what: What::Declared(Box::new(one.clone())),
                valid_from,
            });
        } else if let Some(pattern) = recognise(&name).filter(|_| !declaration(path)) {
            let valid_from = by_hand.or(pattern.day).or(valid_from);
            found.push(Found { path: file, name, bytes, what: What::Known(pattern.kind), valid_from });
        } else {
            passed.push(name);
        }
    }
    for one in &declared {
        if !single && !found.iter().any(|f| f.name == one.file) {
            bail!("{DECLARATION_FILE} にあるファイルがありません: {}", one.file);
        }
    }
    Ok((found, passed))
}

fn load(cli: &Cli, voice: Voice, path: &Path, valid_from: Option<Date>, replace: bool) -> Result<Ending> {
    let (found, passed) = find(path, valid_from)?;
    if found.is_empty() {
        bail!("マスタファイルが見つかりません(名前の規則は docs/masters.md): {}", path.display());
    }
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    let bar = bar(voice, found.iter().map(|f| f.bytes).sum());
    let mut told = Vec::new();
    let mut fine = true;
    for file in &found {
        bar.set_message(file.name.clone());
        let outcome = load_file(cli, voice, &home, &mut db, file, replace)?;
        fine &= outcome.fine;
        bar.inc(file.bytes);
        bar.suspend(|| outcome.lines.iter().for_each(|line| voice.line(line)));
        told.extend(outcome.values);
    }
    bar.finish_and_clear();
    if !passed.is_empty() {
        voice.say(
            format!("マスタではないファイル {} 件は読みませんでした: {}", passed.len(), passed.join(", ")),
            format!("{} files are no masters and were not read: {}", passed.len(), passed.join(", ")),
        );
    }
    voice.value(&json!({ "masters": told, "passed": passed }));
    Ok(if fine { Ending::Done } else { Ending::LookAtIt })
}

/// What became of a file.
struct Outcome {
    fine: bool,
    lines: Vec<String>,
    values: Vec<Value>,
}

impl Outcome {
    fn refused(voice: Voice, file: &Found, state: &str, ja: String, en: String) -> Self {
        let why = if voice.english { en } else { ja };
        Self {
            fine: false,
            lines: vec![format!("✗ {} {}: {why}", file.title(voice), file.name)],
            values: vec![json!({ "file": file.name, "state": state, "why": why })],
        }
    }
}

fn load_file(
    cli: &Cli,
    voice: Voice,
    home: &Home,
    db: &mut IngestDb,
    file: &Found,
    replace: bool,
) -> Result<Outcome> {
    let Some(effective_on) = file.valid_from else {
        return Ok(Outcome::refused(
            voice,
            file,
            "no-date",
            "ファイル名に日付がありません。--valid-from で適用開始日を指定してください".to_owned(),
            "the name tells no day; say it with --valid-from".to_owned(),
        ));
    };
    let max = home.limits.document_bytes_max;
    if file.bytes > max {
        let (ja, en) = (format!("上限 {max} バイトを超えています"), format!("larger than {max} bytes"));
        return Ok(Outcome::refused(voice, file, "too-large", ja, en));
    }
    let bytes = fs::read(&file.path).with_context(|| format!("読めません: {}", file.name))?;
    let parsed: Parsed = match &file.what {
        What::Known(kind) => parse(*kind, &bytes),
        What::Declared(one) => match one.parse(&bytes) {
            Ok(parsed) => parsed,
            Err(e) => return Ok(Outcome::refused(voice, file, "declaration", e.to_string(), e.to_string())),
        },
    };
    let bad = bad_lines(voice, &parsed);
    if parsed.rows() == 0 {
        let (ja, en) = (
            format!("この種類のマスタとして読める行がありません({bad})"),
            format!("no line fits this master ({bad})"),
        );
        return Ok(Outcome::refused(voice, file, "no-rows", ja, en));
    }
    let blake3 = blake3::hash(&bytes).to_hex().to_string();
    let source = MasterSource {
        effective_on,
        blake3: &blake3,
        file_name: &file.name,
        bad_lines: u64::try_from(parsed.bad.len()).unwrap_or(u64::MAX),
        at: now(),
        by: &cli.actor,
        replace,
    };
    let loads = match db.load_masters(&source, &parsed.lists) {
        Ok(loads) => loads,
        Err(StorageError::Refused(_)) => {
            return Ok(Outcome::refused(
                voice,
                file,
                "refused",
                format!(
                    "{effective_on} から有効な版が別の内容で登録済みです。訂正版として残すには --replace を付けてください"
                ),
                format!(
                    "an edition valid from {effective_on} stands with other content; --replace keeps both, this one as its revision"
                ),
            ));
        }
        Err(e) => return Err(e).with_context(|| format!("登録できません: {}", file.name)),
    };
    let mut outcome = Outcome { fine: parsed.bad.is_empty(), lines: Vec::new(), values: Vec::new() };
    for (list, load) in parsed.lists.iter().zip(loads) {
        let system = &list.system;
        let (state, edition, revision) = match load {
            MasterLoad::Loaded { edition, revision, entries } => {
                let object =
                    AuditObject::Master(Name::new(system.as_str()).context("master")?, Name::new(&edition)?);
                books::audit(db, cli, AuditRole::Operator, AuditAction::LoadMaster, object, 0)?;
                outcome.lines.push(match voice.english {
                    true => format!("✓ {} {system}: edition {edition}, {entries} entries", file.title(voice)),
                    false => format!("✓ {} {system}: {edition} 版 {entries} 件", file.title(voice)),
                });
                ("loaded", edition, revision)
            }
            MasterLoad::AlreadyThere { edition } => {
                outcome.lines.push(match voice.english {
                    true => format!("＝ {} {system}: edition {edition} is there", file.title(voice)),
                    false => format!("＝ {} {system}: {edition} 版は登録済み", file.title(voice)),
                });
                ("already-there", edition, 0)
            }
        };
        outcome.values.push(json!({
            "file": file.name, "state": state, "system": system, "part": list.part, "edition": edition,
            "valid_from": effective_on, "revision": revision, "entries": list.rows.len(), "blake3": blake3,
            "bad_lines": parsed.bad.len(),
            "first_bad_lines": parsed.bad.iter().take(BAD_LINES_SHOWN).collect::<Vec<_>>(),
        }));
    }
    if !parsed.bad.is_empty() {
        outcome.lines.push(format!("    {}: {bad}", file.name));
    }
    Ok(outcome)
}

/// `読めない行 12: 3行目 コードの形、…`.
fn bad_lines(voice: Voice, parsed: &Parsed) -> String {
    let first: Vec<String> = parsed
        .bad
        .iter()
        .take(BAD_LINES_SHOWN)
        .map(|b| match voice.english {
            true => format!("line {} {}", b.line, b.why.en()),
            false => format!("{}行目 {}", b.line, b.why.ja()),
        })
        .collect();
    let more = if parsed.bad.len() > first.len() { voice.word("、…", ", …") } else { "" };
    let head = voice.word("読めない行", "unreadable lines");
    format!("{head} {}: {}{more}", parsed.bad.len(), first.join(voice.word("、", ", ")))
}

fn bar(voice: Voice, bytes: u64) -> ProgressBar {
    let seen = std::io::IsTerminal::is_terminal(&std::io::stderr()) && !voice.json;
    let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    if let Ok(style) =
        ProgressStyle::with_template("{msg:<32} [{bar:30}] {bytes:>10}/{total_bytes:<10} {elapsed}")
    {
        bar.set_style(style.progress_chars("█▉ "));
    }
    bar
}

fn list(cli: &Cli, voice: Voice, system: Option<&str>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut rows = home.registry.ingest()?.master_editions().context("マスタの一覧を読めません")?;
    rows.retain(|r| system.is_none_or(|s| r.system == s));
    for r in &rows {
        let replaced = if r.replaced { voice.word(" (訂正前)", " (replaced)") } else { "" };
        let bad = if r.bad_lines > 0 {
            format!("  {} {}", voice.word("読めない行", "unreadable"), r.bad_lines)
        } else {
            String::new()
        };
        let hash: String = r.blake3.chars().take(12).collect();
        voice.line(format!(
            "{:20} {:16} {}  {:>8}  {hash}  {}{bad}{replaced}",
            r.system, r.edition, r.valid_from, r.entries, r.file_name
        ));
    }
    if rows.is_empty() {
        voice.say("マスタは登録されていません", "No masters are loaded");
    }
    voice.value(&rows);
    Ok(Ending::Done)
}

fn show(cli: &Cli, voice: Voice, system: &str, code: &str, on: Option<Date>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    let known = CodeSystem::from_name(system);
    let on = on.map(PartialDate::day);
    let masters = home.registry.masters(&mut db).context("マスタを読めません")?;
    let edition = masters.edition(&known, on);
    let in_force = masters.look_up(&known, code, on);
    let entries = db.master_entries(system, code).context("マスタを読めません")?;
    voice.line(match (&edition, &in_force) {
        (None, _) => voice
            .word("この体系のマスタは登録されていません", "No master of this system is loaded")
            .to_owned(),
        (Some(edition), None) => match voice.english {
            true => format!("{system} {code}: not in edition {edition}"),
            false => format!("{system} {code}: {edition} 版にありません"),
        },
        (Some(edition), Some(entry)) => {
            let standard = entry.standard.as_ref().map(|s| format!(" → {} {}", s.system, s.code));
            format!("{system} {code} {}{}  ({edition})", entry.name, standard.unwrap_or_default())
        }
    });
    for e in &entries {
        let day = |d: Option<Date>| d.map(|d| d.to_string()).unwrap_or_default();
        voice.line(format!(
            "    {:16} {}  {} {}  {} {}  {} – {}",
            e.edition,
            e.row.name,
            e.row.standard_system,
            e.row.standard_code,
            e.row.also,
            e.row.unit,
            day(e.row.valid_from),
            day(e.row.valid_until)
        ));
    }
    voice.value(&json!({
        "system": system, "code": code, "edition": edition, "name": in_force.as_ref().map(|e| &e.name),
        "standard": in_force.as_ref().and_then(|e| e.standard.as_ref()), "entries": entries,
    }));
    Ok(Ending::Done)
}
