//! `musubi ack`, `musubi quality`: the acknowledgement package of a delivery, its verification, and what comes back.
//!
//! Packages of a night lie in the outbox, `<data>/outbox/<submitter>/<submission>/`; whoever carries them to the senders
//! takes them from there. Writing one again changes nothing unless there is something new to say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_console::{AckMore, AckReport, Lang, UnmappedCode, submission_report};
use musubi_etl::acknowledge::{
    Acknowledgement, Desk, NotVerified, QUALITY_FILE, Written, read_answers, verify, write,
};
use musubi_etl::night::NightOutcome;
use musubi_model::sign::PublicKey;
use musubi_model::{FactId, SubmissionId};
use serde_json::json;

use super::findings::rule_named;
use super::outside::Reach;
use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// Positions of each rule in the page; all of them stand in the CSV.
const POSITIONS: u32 = 20;

/// `musubi ack`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Order {
    /// Submission: its id or the beginning of it.
    pub submission: Option<String>,
    /// Where to: a folder, or a file that ends in `.zip`; default: the outbox of the data folder.
    #[arg(long, value_name = "DIR|ZIP")]
    pub out: Option<PathBuf>,
    /// Another job.
    #[command(subcommand)]
    pub job: Option<Job>,
}

/// Other jobs of `musubi ack`.
#[derive(Debug, Subcommand)]
pub enum Job {
    /// Verify an acknowledgement package offline.
    Verify {
        /// The package: folder or zip.
        package: PathBuf,
        /// The house's public key, 64 hexadecimal digits or a file of them; default: this house's.
        #[arg(long, value_name = "PUB")]
        key: Option<String>,
    },
}

/// `musubi quality`.
#[derive(Debug, Subcommand)]
pub enum Quality {
    /// Enter a form that a sender has filled (quality.csv).
    Import {
        /// The form.
        file: PathBuf,
    },
}

/// Runs `musubi ack`.
pub fn run(cli: &Cli, voice: Voice, order: &Order) -> Result<Ending> {
    if let Some(Job::Verify { package, key }) = &order.job {
        return check(cli, voice, package, key.as_deref());
    }
    let prefix = order.submission.as_deref().ok_or_else(|| anyhow!("提出の番号を書いてください"))?;
    let home = Home::open(cli)?;
    let Some(id) = Reach::of(&home)?.delivery(&home, prefix)? else {
        bail!("その番号の提出はありません")
    };
    let (at, written) = acknowledge(cli, &home, voice, &id, order.out.as_deref())?;
    let new = written == Written::New;
    let word = if new {
        ("書き出しました", "written")
    } else {
        ("同じものがあります", "already there")
    };
    voice.line(format!(
        "{}: {} ({})",
        voice.word("受領通知一式", "Acknowledgement"),
        at.display(),
        voice.word(word.0, word.1)
    ));
    voice.value(&json!({ "submission": id, "package": at, "new": new }));
    Ok(Ending::Done)
}

/// Acknowledges every delivery of a night.
pub fn after_night(cli: &Cli, home: &Home, voice: Voice, outcome: &NightOutcome) -> Result<()> {
    let mut new = 0u64;
    for one in outcome.packages.iter().filter_map(|p| p.outcome.as_ref().ok()) {
        let (_, written) = acknowledge(cli, home, voice, &one.submission, None)?;
        new += u64::from(written == Written::New);
    }
    if new > 0 {
        voice.say(
            format!("受領通知一式を書き出しました: {new} 件 (outbox/)"),
            format!("Wrote {new} acknowledgements (outbox/)"),
        );
    }
    Ok(())
}

/// What reading an acknowledgement needs.
pub fn desk<'a>(home: &'a Home, lake: &'a Path) -> Result<Desk<'a>> {
    Ok(Desk {
        registry: &home.registry,
        ring: &home.ring,
        lake,
        sample_units: home.parameters.number("quality.sample_units", today())?,
        rule: &rule_named,
    })
}

/// Writes the package of one delivery.
fn acknowledge(
    cli: &Cli,
    home: &Home,
    voice: Voice,
    id: &SubmissionId,
    out: Option<&Path>,
) -> Result<(PathBuf, Written)> {
    let lake = home.folders().lake;
    let desk = desk(home, &lake)?;
    let ack = Acknowledgement::read(&desk, id)
        .context("受領通知に書くことを読めません")?
        .ok_or_else(|| anyhow!("その番号の提出はありません"))?;
    let at = match out {
        Some(out) => out.to_owned(),
        None => home.data.join("outbox").join(ack.sender()).join(id.to_string()),
    };
    let report = AckReport {
        submission: ack.view.clone(),
        positions: home.registry.console()?.findings(id, POSITIONS)?,
        made_at: ack.concluded_at,
        house: String::new(),
        more: AckMore {
            before: ack.before.clone(),
            totals: ack.totals.clone(),
            makers: ack.makers.clone(),
            sampled_units: u64::try_from(ack.sampled_units()).unwrap_or(u64::MAX),
            answers: ack.answers.clone(),
            unmapped: ack
                .unmapped
                .iter()
                .map(|u| UnmappedCode {
                    system: u.system.clone(),
                    // Codes that few persons have are shown by their shape only.
                    code: if u.code.is_empty() { u.code_shape.clone() } else { u.code.clone() },
                    reason: voice.word(u.reason.ja(), u.reason.as_str()).to_owned(),
                    count: u.records,
                })
                .collect(),
        },
    };
    let lang = if voice.english { Lang::En } else { Lang::Ja };
    let page = submission_report(&report, lang, &rule_named).into_string();
    let written = write(&desk, &ack, &page, &at)
        .with_context(|| format!("受領通知一式を書けません: {}", at.display()))?;
    if written == Written::New {
        let mut db = home.registry.ingest()?;
        books::audit(
            &mut db,
            cli,
            AuditRole::Operator,
            AuditAction::Report,
            AuditObject::Submission(*id),
            0,
        )?;
    }
    Ok((at, written))
}

/// Verifies a package. With a key nothing of an installation is opened.
fn check(cli: &Cli, voice: Voice, package: &Path, key: Option<&str>) -> Result<Ending> {
    let text = match key {
        Some(text) if PublicKey::from_hex(text.trim()).is_some() => text.to_owned(),
        Some(file) => fs::read_to_string(file).with_context(|| format!("鍵を読めません: {file}"))?,
        None => {
            let file = cli.data.join("keys/house.pub");
            fs::read_to_string(&file).with_context(|| format!("鍵を読めません: {}", file.display()))?
        }
    };
    let key = PublicKey::from_hex(text.trim()).ok_or_else(|| anyhow!("公開鍵は16進64桁です"))?;
    match verify(package, &key) {
        Ok(verified) => {
            voice.say(
                format!("✓ 受領通知一式を検証しました: {} ({})", verified.submission, verified.state),
                format!("✓ The acknowledgement holds: {} ({})", verified.submission, verified.state),
            );
            voice.value(&json!({ "ok": true, "submission": verified.submission, "state": verified.state, "files": verified.files }));
            Ok(Ending::Done)
        }
        Err(why) => {
            let word = match &why {
                NotVerified::Unreadable(_) => "it cannot be read",
                NotVerified::Signature => "the signature does not hold",
                NotVerified::File(_) => "a file is not as the receipt says",
            };
            voice.say(format!("✗ {why}"), format!("✗ {word}"));
            voice.value(&json!({ "ok": false, "why": why.to_string() }));
            Ok(Ending::NotVerified)
        }
    }
}

/// Runs `musubi quality`.
pub fn quality(cli: &Cli, voice: Voice, order: &Quality) -> Result<Ending> {
    let Quality::Import { file } = order;
    let bytes = fs::read(file).with_context(|| format!("読めません: {}", file.display()))?;
    let (submission, answers) = match read_answers(&bytes) {
        Ok(read) => read,
        Err(why) => {
            voice.say(
                format!("✗ {QUALITY_FILE} を取り込めません: {why}"),
                format!("✗ {QUALITY_FILE} was refused: {why}"),
            );
            voice.value(&json!({ "ok": false, "why": why.to_string() }));
            return Ok(Ending::LookAtIt);
        }
    };
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    let reach = Reach::of(&home)?;
    if let Some(id) = submission {
        let own = db.submission(&id)?.filter(|s| reach.covers(s.submitter.as_deref()));
        own.ok_or_else(|| anyhow!("その番号の提出はありません"))?;
        let documents: BTreeSet<Vec<u8>> =
            db.documents_of(&id)?.iter().map(|d| d.document.as_bytes().to_vec()).collect();
        let of_it = |fact: &FactId| documents.iter().any(|d| d.starts_with(&fact.document_prefix()));
        if !answers.keys().all(of_it) {
            bail!("この提出にない事実への回答が含まれています");
        }
        db.keep_answers(&id, &answers, now()).context("回答を記録できません")?;
        books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Report, AuditObject::Submission(id), 0)?;
    }
    voice.say(format!("回答を記録しました: {} 件", answers.len()), format!("Kept {} answers", answers.len()));
    voice.value(&json!({ "ok": true, "submission": submission, "answers": answers.len() }));
    Ok(Ending::Done)
}
