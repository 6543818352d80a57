//! `musubi yearly`: the report to the ministers and the public page, from the books alone (事業報告・公表).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::disclosure;
use musubi_compliance::yearly::{self, YearlyError, YearlyReport};
use musubi_console::Lang;
use musubi_console::yearly::{disclosure_page, yearly_page};
use musubi_storage::act::published::PublishedRow;
use musubi_storage::registry::ActDb;
use serde_json::{Value, json};

use super::book::write;
use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// `musubi yearly`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Yearly {
    /// The business year.
    #[arg(long)]
    pub year: Option<i16>,
    /// Folder.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Another job.
    #[command(subcommand)]
    pub job: Option<Job>,
}

/// Other jobs of `musubi yearly`.
#[derive(Debug, Subcommand)]
pub enum Job {
    /// Compute a report or page anew and compare it, byte for byte, with the JSON file (C-088).
    Verify {
        /// `report.json` or `disclosure.json`.
        file: PathBuf,
    },
}

/// Runs it.
pub fn run(cli: &Cli, voice: Voice, order: &Yearly) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    match &order.job {
        Some(Job::Verify { file }) => verify(voice, &home, &mut db, file),
        None => {
            let (Some(year), Some(out)) = (order.year, order.out.as_deref()) else {
                voice.say("--year と --out を書いてください", "--year and --out are needed");
                return Ok(Ending::Usage);
            };
            make(cli, voice, &home, &mut db, year, out)
        }
    }
}

fn make(cli: &Cli, voice: Voice, home: &Home, db: &mut ActDb, year: i16, out: &Path) -> Result<Ending> {
    // To the microsecond, as the books keep times: the cutoff that is kept makes the same bytes again (C-088).
    let at = Timestamp::from_microsecond(now().as_microsecond()).context("now")?;
    let report = match yearly::compute(db, &home.parameters, year, at, &mut yearly::notices) {
        Err(e @ YearlyError::Year(_)) => {
            voice.say(format!("{year} 年度はまだ始まっていないか、年度ではありません"), e.to_string());
            return Ok(Ending::Usage);
        }
        other => other.context("報告を集計できません")?,
    };
    let page = disclosure::compute(db, &home.parameters, year, at).context("公表事項を集計できません")?;
    fs::create_dir_all(out).with_context(|| format!("作れません: {}", out.display()))?;
    let html = disclosure_page(&page).into_string();
    let names = db.people_of_the_books().context("帳簿を読めません")?;
    let min = home.parameters.number("disclosure.count_min", today())?;
    let found = disclosure::scan(&html, &names, min);
    if !found.is_empty() {
        for what in &found {
            voice.say(format!("✗ 公表できません: {what}"), format!("✗ not published: {what}"));
        }
        voice.value(&json!({ "ok": false, "found": found }));
        return Ok(Ending::NotVerified);
    }
    let lang = if voice.english { Lang::En } else { Lang::Ja };
    let (report_json, page_json) = (report.json()?, page.json()?);
    write(&out.join("report.json"), report_json.as_bytes())?;
    write(&out.join("report.csv"), report.csv().as_bytes())?;
    write(&out.join("report.html"), yearly_page(lang, &report).into_string().as_bytes())?;
    write(&out.join("disclosure.json"), page_json.as_bytes())?;
    write(&out.join("disclosure.html"), html.as_bytes())?;
    for (kind, json, cutoff) in
        [("yearly", &report_json, report.cutoff), ("disclosure", &page_json, page.cutoff)]
    {
        db.keep_published(&PublishedRow {
            kind: kind.to_owned(),
            year,
            cutoff,
            made_at: at,
            actor: cli.actor.to_string(),
            hash: yearly::hash(json),
        })
        .context("報告を記録できません")?;
    }
    let object = AuditObject::Book(Name::new(&format!("yearly-{year}"))?);
    books::audit(db, cli, AuditRole::Officer, AuditAction::Disclose, object, 0)?;
    tell(voice, &report);
    voice.say(format!("書き出しました: {}", out.display()), format!("Written to {}", out.display()));
    voice.value(&json!({ "year": year, "cutoff": report.cutoff, "report": yearly::hash(&report_json),
        "disclosure": yearly::hash(&page_json), "sections": report.sections }));
    Ok(Ending::Done)
}

fn tell(voice: Voice, report: &YearlyReport) {
    for s in &report.sections {
        voice.line(voice.word(&s.ja, &s.key));
        for l in &s.lines {
            let n = l.count.map_or_else(|| "—".to_owned(), |n| n.to_string());
            voice.line(format!("    {}: {n}", voice.word(&l.ja, &l.key)));
        }
    }
}

fn verify(voice: Voice, home: &Home, db: &mut ActDb, file: &Path) -> Result<Ending> {
    let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
    let value: Value = serde_json::from_str(&text).context("JSON ではありません")?;
    let year = value.get("year").and_then(Value::as_i64).and_then(|y| i16::try_from(y).ok());
    let cutoff = value.get("cutoff").and_then(Value::as_str).and_then(|t| t.parse::<Timestamp>().ok());
    let (Some(year), Some(cutoff)) = (year, cutoff) else {
        bail!("年度の報告・公表事項ではありません")
    };
    let (kind, again) = if value.get("sections").is_some() {
        let report = yearly::compute(db, &home.parameters, year, cutoff, &mut yearly::notices)?;
        ("yearly", report.json()?)
    } else {
        ("disclosure", disclosure::compute(db, &home.parameters, year, cutoff)?.json()?)
    };
    let same = again == text;
    let hash = yearly::hash(&text);
    let kept = db.published()?.iter().any(|p| p.kind == kind && p.hash == hash);
    let ok = same && kept;
    voice.say(
        match (same, kept) {
            (true, true) => "✓ 帳簿から同じ数が得られ、公表した時の記録と一致します",
            (true, false) => "✗ 帳簿から同じ数が得られますが、公表の記録がありません",
            (false, _) => "✗ 帳簿から得られる数と違います",
        },
        match (same, kept) {
            (true, true) => "✓ the books give the same bytes, and they were kept when it was made",
            (true, false) => "✗ the books give the same bytes, but nothing was kept of it",
            (false, _) => "✗ the books give other bytes",
        },
    );
    voice.value(&json!({ "ok": ok, "same": same, "kept": kept, "hash": hash }));
    Ok(if ok { Ending::Done } else { Ending::NotVerified })
}
