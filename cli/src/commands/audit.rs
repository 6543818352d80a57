//! `musubi audit`: the audit log (監査証跡) looked into, verified, signed, witnessed, proven, printed, written out.
//!
//! Looking is written down too. A witness runs `witness` on its own machine, without this house's data.

mod look;
mod witness;

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use musubi_audit_log::note::{Bundle, Keys, Note, PublicKey};
use musubi_compliance::audit::tree::{self, LogError};
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use musubi_console::{CheckpointPage, checkpoint_page};
use musubi_storage::compliance::Audited;
use musubi_storage::registry::ActDb;
use serde_json::json;

use super::Ending;
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// `musubi audit`.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Show entries, the newest last.
    Log(look::LogOrder),
    /// Verify everything from entry one: entries, chain, tree, checkpoints.
    Verify {
        /// A checkpoint kept elsewhere that must be in the log; may be given again.
        #[arg(long)]
        checkpoint: Vec<PathBuf>,
        /// Public key of a witness that must have signed; may be given again.
        #[arg(long)]
        witness: Vec<PathBuf>,
    },
    /// Sign the log as it is now (控え).
    Checkpoint {
        /// Where to write it, with proofs for the witnesses.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Also prove that it continues the checkpoint of this many entries; may be given again.
        #[arg(long, requires = "out")]
        since: Vec<u64>,
    },
    /// Write the newest checkpoint as a page to print, for notaries.
    Print {
        /// Where to.
        #[arg(long, default_value = "checkpoint.html")]
        out: PathBuf,
    },
    /// Co-sign a checkpoint as a witness (立会人), on any machine; refuses what does not continue what was signed before.
    Witness(witness::Order),
    /// Take a witness's signature back in.
    Accept {
        /// The co-signed checkpoint.
        file: PathBuf,
        /// Public key of the witness, known from elsewhere.
        #[arg(long, required = true)]
        witness: Vec<PathBuf>,
    },
    /// Prove that one entry is in the log of the newest checkpoint.
    Prove {
        /// Its number.
        seq: u64,
        /// Where to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the whole log for `musubi-audit-verify`.
    Export {
        /// Where to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Count what was done in which role in a month, for its review.
    Summary {
        /// The month.
        #[arg(value_name = "YYYY-MM")]
        month: String,
    },
    /// Write the program that verifies an exported log anywhere, without this house (`musubi-audit-verify`).
    Verifier {
        /// Where to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Record that the log was reviewed (月次点検).
    Review {
        /// What came of it, as a short code, e.g. 2026-11-no-finding.
        #[arg(long)]
        note: String,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Audit) -> Result<Ending> {
    if let Audit::Witness(order) = order {
        return witness::run(voice, order);
    }
    let home = Home::open(cli)?;
    let done = match order {
        Audit::Log(order) => look::log(cli, &home, voice, order),
        Audit::Verify { checkpoint, witness } => verify(cli, &home, voice, checkpoint, witness),
        Audit::Checkpoint { out, since } => checkpoint(cli, &home, voice, out.as_deref(), since),
        Audit::Print { out } => print(cli, &home, voice, out),
        Audit::Witness(_) => Ok(Ending::Usage),
        Audit::Accept { file, witness } => accept(cli, &home, voice, file, witness),
        Audit::Prove { seq, out } => prove(cli, &home, voice, *seq, out),
        Audit::Export { out } => export(cli, &home, voice, out),
        Audit::Summary { month } => look::summary(cli, &home, voice, month),
        Audit::Verifier { out } => verifier(voice, out),
        Audit::Review { note } => review(cli, &home, voice, note),
    };
    done.or_else(|e| match e.downcast::<LogError>() {
        // What is wrong with the log is said as such; a store that failed is an error like any other.
        Ok(wrong) if wrong.is_damage() => {
            voice.say(format!("✗ {}", wrong.ja()), format!("✗ {wrong}"));
            Ok(Ending::NotVerified)
        }
        Ok(LogError::Storage(e)) => Err(e.into()),
        Ok(wrong) => {
            voice.say(wrong.ja(), wrong.to_string());
            Ok(Ending::Usage)
        }
        Err(e) => Err(e),
    })
}

/// Writes down what was done here.
fn record(
    db: &mut impl Audited,
    cli: &Cli,
    action: AuditAction,
    object: AuditObject,
    result: AuditResult,
) -> Result<u64> {
    let actor = Name::new(&cli.actor).context("--actor")?;
    // The role in which the account was let in: another one would be a forbidden pair in the log (C-074).
    let role = cli.actor.role().unwrap_or(AuditRole::Auditor);
    let entry = AuditEntry { at: now(), actor, role, action, object, persons: 0, result };
    Ok(audit::append(db, &entry).context("証跡に記録できません")?.seq)
}

/// The object of looking at the log as a whole.
fn book() -> Result<AuditObject> {
    Ok(AuditObject::Book(Name::new("audit-log")?))
}

fn keys(home: &Home, witnesses: &[PathBuf]) -> Result<Keys> {
    let witnesses = witnesses.iter().map(|w| public_key(w)).collect::<Result<_>>()?;
    Ok(Keys { house: tree::house_key(&home.ring.house), witnesses })
}

fn public_key(path: &Path) -> Result<PublicKey> {
    let text = fs::read_to_string(path).with_context(|| format!("読めません: {}", path.display()))?;
    PublicKey::from_hex(text.trim_end()).ok_or_else(|| anyhow!("公開鍵ではありません: {}", path.display()))
}

/// A checkpoint file. `None`: it can be read, and is none.
fn bundle(path: &Path) -> Result<Option<Bundle>> {
    let text = fs::read_to_string(path).with_context(|| format!("読めません: {}", path.display()))?;
    Ok(Bundle::from_text(&text))
}

/// What a verification of this house's log came to.
pub struct Verified {
    /// Entries that hold, from the first.
    pub entries: u64,
    /// Checkpoints that hold and fit.
    pub checkpoints: u64,
    /// The root over the entries.
    pub root: String,
    /// What is wrong, as a sentence.
    pub wrong: Option<String>,
    /// The same for machines: kind and first entry.
    pub finding: Option<(String, u64)>,
}

/// Verifies this house's log, with a bar for people.
pub fn verified(home: &Home, voice: Voice, kept: Vec<Note>, witnesses: Vec<PublicKey>) -> Result<Verified> {
    let mut db = home.registry.act()?;
    let keys = Keys { witnesses, ..keys(home, &[])? };
    let size = db.audit_tail()?.map_or(0, |t| t.seq);
    let hidden = voice.json || !std::io::IsTerminal::is_terminal(&std::io::stderr());
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(size), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {per_sec} {elapsed}") {
        bar.set_style(style.progress_chars("█▉ "));
    }
    bar.set_message(voice.word("監査証跡", "audit log").to_owned());
    let found = tree::verify(&mut db, &keys, kept, |seq| {
        if seq % 1_000 == 0 {
            bar.set_position(seq);
        }
    });
    bar.finish_and_clear();
    match found {
        Ok(r) => Ok(Verified {
            entries: r.entries,
            checkpoints: r.checkpoints,
            root: r.root.to_string(),
            wrong: r.first.map(|f| f.sentence(voice.english)),
            finding: r.first.map(|f| (f.what.to_string(), f.place)),
        }),
        Err(e) if e.is_damage() => Ok(Verified {
            entries: 0,
            checkpoints: 0,
            root: String::new(),
            wrong: Some(if voice.english { e.to_string() } else { e.ja() }),
            finding: None,
        }),
        Err(e) => Err(e.into()),
    }
}

fn verify(cli: &Cli, home: &Home, voice: Voice, kept: &[PathBuf], witnesses: &[PathBuf]) -> Result<Ending> {
    let mut notes = Vec::new();
    for path in kept {
        match bundle(path)? {
            Some(bundle) => notes.push(bundle.note),
            None => {
                let path = path.display();
                voice.say(format!("✗ 控えとして読めません: {path}"), format!("✗ not a checkpoint: {path}"));
                return Ok(Ending::NotVerified);
            }
        }
    }
    let found = verified(home, voice, notes, keys(home, witnesses)?.witnesses)?;
    let result = if found.wrong.is_some() { AuditResult::Failed("DAMAGED") } else { AuditResult::Done };
    record(
        &mut home.registry.act()?,
        cli,
        AuditAction::VerifyAudit,
        AuditObject::Chain(found.entries),
        result,
    )?;
    match &found.wrong {
        None => voice.say(
            format!(
                "✓ 証跡は改変されていません: 記録 {} 件、控え {} 件\n  根 {}",
                found.entries, found.checkpoints, found.root
            ),
            format!(
                "✓ the log holds: {} entries, {} checkpoints\n  root {}",
                found.entries, found.checkpoints, found.root
            ),
        ),
        Some(wrong) => voice.line(format!("✗ {wrong}")),
    }
    let (what, place) = found.finding.unzip();
    voice.value(&json!({
        "ok": found.wrong.is_none(), "entries": found.entries, "checkpoints": found.checkpoints, "root": found.root,
        "wrong": found.wrong, "what": what, "first_bad_entry": place,
    }));
    Ok(if found.wrong.is_none() { Ending::Done } else { Ending::NotVerified })
}

/// Signs the log as it is now; that it was signed is the last entry under the signature.
fn signed(cli: &Cli, home: &Home, db: &mut ActDb) -> Result<Note> {
    let before = db.audit_tail()?.map_or(0, |t| t.seq);
    record(db, cli, AuditAction::SignCheckpoint, AuditObject::Chain(before), AuditResult::Done)?;
    Ok(tree::sign(db, &home.ring.house, now())?)
}

/// At the end of a night. `false`: the log does not continue its last checkpoint, and was not signed.
pub fn after_night(cli: &Cli, home: &Home, voice: Voice) -> Result<bool> {
    match signed(cli, home, &mut home.registry.act()?).map_err(anyhow::Error::downcast::<LogError>) {
        Ok(note) => {
            let c = &note.checkpoint;
            voice.say(
                format!("監査証跡に署名しました: {} 件", c.size),
                format!("Signed the audit log: {} entries", c.size),
            );
            Ok(true)
        }
        Err(Ok(wrong)) if wrong.is_damage() => {
            voice.say(
                format!("✗ 監査証跡に署名していません: {}", wrong.ja()),
                format!("✗ audit log not signed: {wrong}"),
            );
            Ok(false)
        }
        Err(Ok(e)) => Err(e.into()),
        Err(Err(e)) => Err(e),
    }
}

fn checkpoint(cli: &Cli, home: &Home, voice: Voice, out: Option<&Path>, since: &[u64]) -> Result<Ending> {
    let mut db = home.registry.act()?;
    let note = signed(cli, home, &mut db)?;
    let c = note.checkpoint.clone();
    if let Some(out) = out {
        // What each witness signed last, and the checkpoint before this one: what those who check will have kept.
        let mut sizes = since.to_vec();
        let mut last = std::collections::BTreeMap::new();
        for old in tree::checkpoints(&mut db)?.iter().filter(|n| n.checkpoint.size < c.size) {
            let size = old.checkpoint.size;
            last.extend(old.signatures.iter().map(|s| (s.signer.clone(), size)));
        }
        sizes.extend(last.values());
        let text = tree::bundle(&mut db, note, &sizes)?.text();
        fs::write(out, text).with_context(|| format!("書けません: {}", out.display()))?;
    }
    voice.say(
        format!("監査証跡に署名しました: {} 件\n  根 {}", c.size, c.root),
        format!("Signed the audit log: {} entries\n  root {}", c.size, c.root),
    );
    voice.value(&json!({ "size": c.size, "root": c.root.to_string(), "at": c.at, "origin": c.origin }));
    Ok(Ending::Done)
}

fn print(cli: &Cli, home: &Home, voice: Voice, out: &Path) -> Result<Ending> {
    let mut db = home.registry.act()?;
    let note = tree::checkpoints(&mut db)?.pop().ok_or(LogError::Empty)?;
    note.check(&keys(home, &[])?.house).map_err(LogError::Checkpoint)?;
    let c = &note.checkpoint;
    let page = CheckpointPage {
        origin: c.origin.clone(),
        size: c.size,
        root: c.root.to_string(),
        at: c.at.clone(),
        signatures: note
            .signatures
            .iter()
            .map(|s| [s.signer.clone(), s.key.to_hex(), musubi_audit_log::hash::to_hex(&s.bytes)])
            .collect(),
        text: note.text(),
    };
    fs::write(out, checkpoint_page(&page).into_string())
        .with_context(|| format!("書けません: {}", out.display()))?;
    record(&mut db, cli, AuditAction::Report, AuditObject::Chain(c.size), AuditResult::Done)?;
    told(voice, out, c.size)
}

fn told(voice: Voice, out: &Path, size: u64) -> Result<Ending> {
    let path = out.display();
    voice.say(format!("書き出しました: {path}(記録 {size} 件)"), format!("Wrote {path} ({size} entries)"));
    voice.value(&json!({ "file": out, "entries": size }));
    Ok(Ending::Done)
}

fn accept(cli: &Cli, home: &Home, voice: Voice, file: &Path, witnesses: &[PathBuf]) -> Result<Ending> {
    let mut db = home.registry.act()?;
    let note = bundle(file)?.ok_or(LogError::Checkpoint(audit::Damage::Unreadable))?.note;
    let new = tree::accept(&mut db, &note, &keys(home, witnesses)?, now())?;
    let size = note.checkpoint.size;
    record(&mut db, cli, AuditAction::Witness, AuditObject::Chain(size), AuditResult::Done)?;
    voice.say(
        format!("立会署名を {new} 件受け入れました({size} 件までの控え)"),
        format!("Accepted {new} witness signatures under the checkpoint of {size} entries"),
    );
    voice.value(&json!({ "new": new, "size": size }));
    Ok(Ending::Done)
}

fn prove(cli: &Cli, home: &Home, voice: Voice, seq: u64, out: &Path) -> Result<Ending> {
    let mut db = home.registry.act()?;
    let text = tree::prove(&mut db, seq)?;
    fs::write(out, text).with_context(|| format!("書けません: {}", out.display()))?;
    record(&mut db, cli, AuditAction::Report, AuditObject::Chain(seq), AuditResult::Done)?;
    let path = out.display();
    voice.say(
        format!("{seq} 番目の記録の証明を書き出しました: {path}"),
        format!("Wrote the proof of entry {seq}: {path}"),
    );
    voice.value(&json!({ "file": out, "seq": seq }));
    Ok(Ending::Done)
}

fn export(cli: &Cli, home: &Home, voice: Voice, out: &Path) -> Result<Ending> {
    let mut db = home.registry.act()?;
    record(&mut db, cli, AuditAction::ExportBooks, book()?, AuditResult::Done)?;
    // Signed anew, so that the export ends under a checkpoint.
    signed(cli, home, &mut db)?;
    let file = File::create(out).with_context(|| format!("書けません: {}", out.display()))?;
    let (mut writer, size) = tree::export(&mut db, BufWriter::with_capacity(1 << 20, file))?;
    writer.flush().with_context(|| format!("書けません: {}", out.display()))?;
    told(voice, out, size)
}

/// The program lies beside this one, built from the same sources.
fn verifier(voice: Voice, out: &Path) -> Result<Ending> {
    let program = std::env::current_exe().context("プログラムの場所が分かりません")?;
    let beside = program.with_file_name("musubi-audit-verify");
    if !beside.exists() {
        voice.say(
            "検証プログラム musubi-audit-verify がこのプログラムの隣にありません",
            "the program musubi-audit-verify does not lie beside this one",
        );
        return Ok(Ending::Usage);
    }
    let bytes = fs::read(&beside).context("検証プログラムを読めません")?;
    fs::write(out, &bytes).with_context(|| format!("書けません: {}", out.display()))?;
    let hash = blake3::hash(&bytes).to_hex().to_string();
    voice.say(format!("書き出しました(BLAKE3 {hash})"), format!("Written (BLAKE3 {hash})"));
    voice.value(&json!({ "file": out, "bytes": bytes.len(), "blake3": hash }));
    Ok(Ending::Done)
}

fn review(cli: &Cli, home: &Home, voice: Voice, note: &str) -> Result<Ending> {
    let mut db = home.registry.act()?;
    let object = AuditObject::Book(Name::new(note).context("--note")?);
    let seq = record(&mut db, cli, AuditAction::ReviewLog, object, AuditResult::Done)?;
    voice.say(
        format!("ログの点検を記録しました({seq} 番目の記録)"),
        format!("Recorded the review as entry {seq}"),
    );
    voice.value(&json!({ "seq": seq }));
    Ok(Ending::Done)
}
