//! `musubi erasure`: plan, confirm, run, verify and certify an erasure; look for what must be gone; apply all of them
//! again in a restored house.
//!
//! Shows counts and numbers of books. It must never print whom an erasure is about.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::erasure::{
    self, ErasureFaults, Ground, Order, Running, Scanned, SignedCertificate, Stores, Whom,
};
use musubi_etl::matching::Mpi;
use musubi_model::sign::PublicKey;
use musubi_model::{ResearchId, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::identity::random_research_ids;
use serde_json::json;

use super::Ending;
use super::books::audit;
use crate::args::Cli;
use crate::home::{Home, RESTORED, now, today};
use crate::say::Voice;

/// The ledger of erasures in the data folder; never part of a backup.
pub const LEDGER: &str = "erasures.ledger";

/// `musubi erasure`.
#[derive(Debug, Subcommand)]
pub enum Erasure {
    /// Plan an erasure: whom it reaches and how much; nothing is removed.
    Plan(Plan),
    /// Agree to a planned erasure, as the first of two executors.
    Confirm {
        /// Its number.
        id: String,
    },
    /// Carry out a confirmed erasure, as the second executor; or go on with one that was interrupted.
    Run {
        /// Its number.
        id: String,
        /// Inject a fault for a test: `kill@POINT`.
        #[arg(long, hide = true)]
        fault: Option<ErasureFaults>,
    },
    /// Show erasures: states, counts, who did what.
    Status {
        /// Its number; without it, all.
        id: Option<String>,
    },
    /// Look for the erased everywhere: lake, vault, registry, folders, logs.
    Scan {
        /// Its number.
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// All erasures that were carried out.
        #[arg(long)]
        all: bool,
    },
    /// Verify an erasure, as somebody who executed nothing of it.
    Verify {
        /// Its number.
        id: String,
    },
    /// Write the signed certificate (削除証明書): JSON, and HTML for printing.
    Certificate {
        /// Its number.
        id: String,
        /// Where to; the HTML gets the same name with `.html`.
        #[arg(long)]
        out: PathBuf,
    },
    /// Verify a certificate offline.
    VerifyCertificate {
        /// The certificate.
        file: PathBuf,
        /// Public key of the house; default: this house's.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Write the signed ledger of erasures and opt-outs, which is kept apart from backups.
    Ledger {
        /// Where to; default: `erasures.ledger` in the data folder.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Apply all erasures and opt-outs of the ledger again, in a restored house.
    Reapply {
        /// The ledger; default: `erasures.ledger` in the data folder.
        #[arg(long)]
        ledger: Option<PathBuf>,
    },
}

/// `musubi erasure plan`.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    whom: WhomOrder,
    /// Legal ground: `opt-out`, `no-longer-needed`, `wrongly-received`, `contract-end`, `certification-lost`.
    #[arg(long, value_parser = ground, default_value_if("opt_outs", "true", "opt-out"), required_unless_present = "opt_outs")]
    ground: Option<Ground>,
    /// Number of the instruction or request.
    #[arg(long, default_value = "")]
    instruction: String,
}

/// Who is to go.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhomOrder {
    /// Everybody whom the opt-outs in force reach.
    #[arg(long)]
    opt_outs: bool,
    /// A person, by research id.
    #[arg(long)]
    person: Option<ResearchId>,
    /// All of a delivery.
    #[arg(long)]
    submission: Option<SubmissionId>,
}

fn ground(text: &str) -> Result<Ground, String> {
    let words: Vec<&str> = Ground::ALL.iter().map(|g| g.as_str()).collect();
    Ground::read(text).ok_or_else(|| format!("expected one of {}", words.join(", ")))
}

/// The stores of an open house.
fn with_stores<T>(home: &Home, job: impl FnOnce(&Stores<'_>) -> Result<T>) -> Result<T> {
    let folders = home.folders();
    job(&Stores { registry: &home.registry, ring: &home.ring, lake: &folders.lake, vault: &folders.vault })
}

fn object(id: &str) -> Result<AuditObject> {
    Ok(AuditObject::Erasure(Name::new(id).context("削除の番号")?))
}

/// Writes the ledger anew: after every erasure and whenever opt-outs changed.
pub fn keep_ledger(home: &Home) -> Result<()> {
    write_ledger(home, &home.data.join(LEDGER))
}

fn write_ledger(home: &Home, to: &Path) -> Result<()> {
    let text = with_stores(home, |stores| Ok(erasure::export_ledger(stores, now())?))
        .context("削除台帳を書き出せません")?;
    // Whole or not at all: an old ledger is better than half a new one.
    let beside = to.with_extension("new");
    fs::write(&beside, text)
        .and_then(|()| fs::File::open(&beside)?.sync_all())
        .and_then(|()| fs::rename(&beside, to))
        .context("削除台帳を書き出せません")
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Erasure) -> Result<Ending> {
    if let Erasure::VerifyCertificate { file, key } = order {
        return verify_certificate(cli, voice, file, key.as_deref());
    }
    let home = Home::open(cli)?;
    match order {
        Erasure::Plan(order) => plan(cli, &home, voice, order),
        Erasure::Confirm { id } => confirm(cli, &home, voice, id),
        Erasure::Run { id, fault } => carry_out(cli, &home, voice, id, fault.clone().unwrap_or_default()),
        Erasure::Status { id } => status(cli, &home, voice, id.as_deref()),
        Erasure::Scan { id, .. } => scan(cli, &home, voice, id.as_deref()),
        Erasure::Verify { id } => verify(cli, &home, voice, id),
        Erasure::Certificate { id, out } => certificate(cli, &home, voice, id, out),
        Erasure::Ledger { out } => {
            write_ledger(&home, out.as_deref().unwrap_or(&home.data.join(LEDGER)))?;
            let mut db = home.registry.erasure()?;
            audit(
                &mut db,
                cli,
                AuditRole::Operator,
                AuditAction::ExportBooks,
                AuditObject::Book(Name::new("erasures")?),
                0,
            )?;
            voice.say("削除台帳を書き出しました", "Wrote the ledger of erasures");
            Ok(Ending::Done)
        }
        Erasure::Reapply { ledger } => reapply(cli, &home, voice, ledger.as_deref()),
        Erasure::VerifyCertificate { .. } => Ok(Ending::Done),
    }
}

fn plan(cli: &Cli, home: &Home, voice: Voice, order: &Plan) -> Result<Ending> {
    let whom = match (order.whom.person, order.whom.submission) {
        (Some(person), _) => Whom::Person(person),
        (_, Some(submission)) => Whom::Submission(submission),
        _ => Whom::OptOuts(today()),
    };
    let ground = order.ground.unwrap_or(Ground::OptOut);
    let order =
        Order { whom, ground, instruction: &order.instruction, at: now(), day: today(), by: &cli.actor };
    let planned =
        with_stores(home, |stores| Ok(erasure::plan(stores, &order)?)).context("削除を計画できません")?;
    let Some(planned) = planned else {
        voice.say("削除の対象はありません", "There is nothing to erase");
        voice.value(&json!({ "erasure": null }));
        return Ok(Ending::Done);
    };
    let b = &planned.before;
    let mut db = home.registry.erasure()?;
    audit(&mut db, cli, AuditRole::Eraser, AuditAction::PlanErasure, object(&planned.erasure)?, b.persons)?;
    voice.say(
        format!(
            "削除 {} を計画しました({})\n    本人 {} / 識別 {} / 単位 {} / 事実 {} / ファイル {} ({} バイト)\n    提供済み {} 件、バックアップ {} 件、未読の隔離 {} 件",
            planned.erasure, ground.ja(), b.persons, b.identities, b.units, b.facts, b.files, b.bytes,
            b.releases.len(), b.backups.len(), b.unread
        ),
        format!(
            "Planned erasure {} ({})\n    persons {} / identities {} / units {} / facts {} / files {} ({} bytes)\n    {} releases, {} backups, {} unread quarantined deliveries",
            planned.erasure, ground.as_str(), b.persons, b.identities, b.units, b.facts, b.files, b.bytes,
            b.releases.len(), b.backups.len(), b.unread
        ),
    );
    voice.value(&planned);
    Ok(Ending::Done)
}

fn confirm(cli: &Cli, home: &Home, voice: Voice, id: &str) -> Result<Ending> {
    with_stores(home, |stores| Ok(erasure::confirm(stores, id, &cli.actor, now())?))?;
    let mut db = home.registry.erasure()?;
    audit(&mut db, cli, AuditRole::Eraser, AuditAction::ConfirmErasure, object(id)?, 0)?;
    voice.say(
        format!("削除 {id} を確認しました。実行は別の人が行います"),
        format!("Confirmed erasure {id}; another person runs it"),
    );
    voice.value(&json!({ "erasure": id, "state": "confirmed" }));
    Ok(Ending::Done)
}

/// Runs a job with what only this room has: the engine of matching, the clock, the parameters.
fn with_running<T>(
    cli: &Cli,
    home: &Home,
    faults: ErasureFaults,
    job: impl FnOnce(&Stores<'_>, Running<'_>) -> Result<T>,
) -> Result<T> {
    let matching = super::night::matching(home)?;
    let engine = Mpi::new(&matching, &home.ring);
    let mut redecide = |components: &BTreeSet<i64>| -> Result<u64, StorageError> {
        let mut db = home.registry.identity()?;
        let decided = db.redecide(now(), components, &engine, &mut random_research_ids)?.decided;
        // A decision younger than the last gates would shut releases until the next night.
        musubi_etl::gates::run(&mut db, &matching, now())?;
        Ok(decided)
    };
    let running = Running {
        by: &cli.actor,
        now: &now,
        redecide: &mut redecide,
        crowd_max: matching.crowd_max,
        faults,
        again: false,
    };
    with_stores(home, |stores| job(stores, running))
}

fn carry_out(cli: &Cli, home: &Home, voice: Voice, id: &str, faults: ErasureFaults) -> Result<Ending> {
    let done =
        with_running(cli, home, faults, |stores, mut running| Ok(erasure::run(stores, id, &mut running)?))
            .context("削除が中断しました(再実行で続きから行えます)")?;
    keep_ledger(home)?;
    let mut db = home.registry.erasure()?;
    audit(&mut db, cli, AuditRole::Eraser, AuditAction::Erase, object(id)?, done.persons_retired)?;
    voice.say(
        format!(
            "削除 {id} を実行しました: 事実 {}、ファイル {}/{} (再符号化 {} バイト)、鍵 {}、経路名 {}、名寄せ再判定 {}",
            done.facts, done.files, done.files_all, done.bytes_encoded, done.keys, done.paths, done.decided
        ),
        format!(
            "Ran erasure {id}: {} facts, {} of {} files ({} bytes encoded anew), {} keys, {} paths, {} decided again",
            done.facts, done.files, done.files_all, done.bytes_encoded, done.keys, done.paths, done.decided
        ),
    );
    for (table, rows) in done.rows.iter().filter(|(_, n)| n.as_u64() != Some(0)) {
        voice.line(format!("    {table} {rows}"));
    }
    voice.value(&done);
    Ok(Ending::Done)
}

fn status(cli: &Cli, home: &Home, voice: Voice, id: Option<&str>) -> Result<Ending> {
    let mut db = home.registry.erasure()?;
    let jobs: Vec<_> = db.erasures()?.into_iter().filter(|j| id.is_none_or(|id| j.id == id)).collect();
    let what = id.map_or(Ok(AuditObject::Book(Name::new("erasures")?)), object)?;
    audit(&mut db, cli, AuditRole::Operator, AuditAction::Report, what, 0)?;
    let mut rows = Vec::new();
    for job in &jobs {
        let name = |who: &Option<(jiff::Timestamp, String)>| who.as_ref().map(|(_, name)| name.clone());
        let ja = Ground::read(&job.ground).map_or("", Ground::ja);
        let by: Vec<String> =
            [&job.confirmed, &job.run, &job.verified].into_iter().filter_map(name).collect();
        voice.line(format!("{}  {}  {}  {}", job.id, job.state, voice.word(ja, &job.ground), by.join(" / ")));
        let steps = db.erasure_steps(&job.id)?;
        let steps: Vec<_> =
            steps.iter().map(|s| json!({ "step": s.step, "at": s.at, "again": s.again })).collect();
        rows.push(json!({
            "erasure": job.id, "state": job.state, "ground": job.ground, "scope": job.scope,
            "instruction": job.instruction, "scope_hash": job.scope_hash,
            "before": serde_json::from_str::<serde_json::Value>(&job.before)?,
            "planned_by": job.planned.1, "confirmed_by": name(&job.confirmed), "run_by": name(&job.run),
            "verified_by": name(&job.verified), "erased_at": job.erased_at, "steps": steps,
        }));
    }
    if jobs.is_empty() {
        voice.say("削除はありません", "There are no erasures");
    }
    voice.value(&rows);
    Ok(Ending::Done)
}

/// Says what a scan found. Everything that is left is named; what is kept on purpose says why.
fn tell(voice: Voice, scanned: &Scanned) -> Ending {
    for place in scanned.places.iter().filter(|p| p.hits > 0 || p.kept > 0) {
        let mark = if place.hits > 0 { "✗" } else { "・" };
        voice.say(
            format!("  {mark} {}: 残存 {}、保持 {} {}", place.place, place.hits, place.kept, place.why),
            format!("  {mark} {}: left {}, kept {} {}", place.place, place.hits, place.kept, place.why),
        );
    }
    let (left, places) = (scanned.left_over, scanned.places.len());
    voice.say(
        format!("削除 {} 件・{} 箇所を確認: 残存 {left}", scanned.erasures, places),
        format!("Looked for {} erasures in {places} places: {left} left", scanned.erasures),
    );
    if left == 0 { Ending::Done } else { Ending::NotVerified }
}

fn scan(cli: &Cli, home: &Home, voice: Voice, id: Option<&str>) -> Result<Ending> {
    let scanned = with_stores(home, |stores| {
        let jobs = match id {
            Some(id) => vec![erasure::job(stores, id)?],
            None => erasure::finished(stores)?,
        };
        Ok(erasure::scan(stores, &home.data, &jobs)?)
    })
    .context("残存を確認できません")?;
    let mut db = home.registry.erasure()?;
    let what = id.map_or(Ok(AuditObject::Book(Name::new("erasures")?)), object)?;
    audit(&mut db, cli, AuditRole::Auditor, AuditAction::ScanErased, what, scanned.identities)?;
    let ending = tell(voice, &scanned);
    voice.value(&scanned);
    Ok(ending)
}

fn verify(cli: &Cli, home: &Home, voice: Voice, id: &str) -> Result<Ending> {
    let scanned =
        with_stores(home, |stores| Ok(erasure::verify(stores, &home.data, id, &cli.actor, now())?))?;
    let mut db = home.registry.erasure()?;
    audit(&mut db, cli, AuditRole::Auditor, AuditAction::ScanErased, object(id)?, scanned.identities)?;
    let ending = tell(voice, &scanned);
    if ending == Ending::Done {
        audit(&mut db, cli, AuditRole::Auditor, AuditAction::ConfirmErasure, object(id)?, 0)?;
        keep_ledger(home)?;
        voice.say(format!("削除 {id} を検証しました"), format!("Verified erasure {id}"));
    }
    voice.value(&scanned);
    Ok(ending)
}

/// Writes the certificate of a verified erasure.
pub fn certificate(cli: &Cli, home: &Home, voice: Voice, id: &str, out: &Path) -> Result<Ending> {
    let signed = with_stores(home, |stores| Ok(erasure::certify(stores, id, now())?))?;
    let page = out.with_extension("html");
    fs::write(out, serde_json::to_string_pretty(&signed)?).context("証明書を書けません")?;
    fs::write(&page, musubi_console::erasure_certificate(&signed).into_string())
        .context("証明書を書けません")?;
    let mut db = home.registry.erasure()?;
    audit(&mut db, cli, AuditRole::Officer, AuditAction::Certify, object(id)?, 0)?;
    voice.say(
        format!("削除証明書を書きました: {}、{}", out.display(), page.display()),
        format!("Wrote the certificate: {}, {}", out.display(), page.display()),
    );
    voice.value(&signed);
    Ok(Ending::Done)
}

fn verify_certificate(cli: &Cli, voice: Voice, file: &Path, key: Option<&Path>) -> Result<Ending> {
    let house = cli.data.join("keys").join("house.pub");
    let key = key.unwrap_or(&house);
    let text = fs::read_to_string(key).with_context(|| format!("読めません: {}", key.display()))?;
    let key = PublicKey::from_hex(text.trim()).context("公開鍵ではありません")?;
    let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
    let signed = serde_json::from_str::<SignedCertificate>(&text);
    let holds = signed.as_ref().is_ok_and(|s| s.verify(&key).is_ok());
    voice.say(
        if holds {
            "✓ 証明書の署名は正しい"
        } else {
            "✗ 証明書は署名されたものと異なる"
        },
        if holds { "✓ The certificate is as signed" } else { "✗ The certificate is not as signed" },
    );
    voice.value(&json!({ "ok": holds, "erasure": signed.ok().map(|s| s.certificate.erasure) }));
    Ok(if holds { Ending::Done } else { Ending::NotVerified })
}

fn reapply(cli: &Cli, home: &Home, voice: Voice, ledger: Option<&Path>) -> Result<Ending> {
    let own = home.data.join(LEDGER);
    let ledger = ledger.unwrap_or(&own);
    let text = fs::read_to_string(ledger)
        .context("削除台帳を読めません。バックアップとは別に保管した erasures.ledger が必要です")?;
    let done = with_running(cli, home, ErasureFaults::default(), |stores, mut running| {
        let ledger = erasure::read_ledger(stores, &text)?;
        Ok(erasure::reapply(stores, &home.data, &ledger, &mut running)?)
    })
    .context("削除の再適用が中断しました(再実行で続きから行えます)")?;
    let mut db = home.registry.erasure()?;
    audit(
        &mut db,
        cli,
        AuditRole::Eraser,
        AuditAction::ReapplyErasures,
        AuditObject::House,
        done.scanned.identities,
    )?;
    voice.say(
        format!(
            "削除 {} 件を再適用しました: 事実 {}、停止の求め {} 行",
            done.erasures, done.facts, done.opt_outs
        ),
        format!(
            "Applied {} erasures again: {} facts, {} opt-out rows",
            done.erasures, done.facts, done.opt_outs
        ),
    );
    let ending = tell(voice, &done.scanned);
    voice.value(&done);
    if ending == Ending::Done {
        match fs::remove_file(home.data.join(RESTORED)) {
            Ok(()) => voice.say("復元した環境を使えるようにしました", "The restored house is open"),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => bail!("復元の印を消せません: {e}"),
        }
        keep_ledger(home)?;
    }
    Ok(ending)
}
