//! `musubi bench --log`: the audit log's speed, beside BLAKE3 over the same bytes in the same run.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, bail};
use musubi_audit_log::entry::Entry;
use musubi_audit_log::export::{ExportWriter, verify_export};
use musubi_audit_log::hash::Hash;
use musubi_audit_log::note::{Bundle, Keys};
use musubi_compliance::audit::tree;
use musubi_compliance::audit::{
    self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name, append, append_many,
};
use musubi_model::ids::SubmissionId;
use musubi_storage::compliance::Audited as _;
use musubi_storage::keys::SealKey;
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};
use serde::Serialize;
use serde_json::json;

use super::Ending;
use crate::args::Bench;
use crate::home::now;
use crate::say::Voice;

/// Entries of one transaction.
const BATCH: u64 = 5_000;
/// Entries appended one transaction each: enough to see what one costs.
const SINGLE: u64 = 1_000;

#[derive(Debug, Serialize)]
struct Row {
    what: &'static str,
    entries: u64,
    seconds: f64,
    per_second: f64,
}

fn timed<T>(
    rows: &mut Vec<Row>,
    what: &'static str,
    entries: u64,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let clock = Instant::now();
    let done = work()?;
    let seconds = clock.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss)] // a rate for people
    rows.push(Row { what, entries, seconds, per_second: entries as f64 / seconds });
    Ok(done)
}

/// Runs the verb.
pub fn run(order: &Bench, voice: Voice) -> Result<Ending> {
    if order.work.exists() {
        bail!("作業フォルダーが既にあります: {}", order.work.display());
    }
    fs::create_dir_all(&order.work)?;
    let rows = measure(order)?;
    voice.line("| what | entries | seconds | entries/s |");
    voice.line("|---|--:|--:|--:|");
    for r in &rows {
        voice.line(format!("| {} | {} | {:.2} | {:.0} |", r.what, r.entries, r.seconds, r.per_second));
    }
    voice.value(&json!({ "rows": rows }));
    fs::remove_dir_all(&order.work)?;
    Ok(Ending::Done)
}

fn entry(n: u64) -> Result<AuditEntry> {
    let mut id = [0u8; 16];
    id.iter_mut().zip(n.to_le_bytes()).for_each(|(to, from)| *to = from);
    Ok(AuditEntry {
        at: now(),
        actor: Name::new("night-job")?,
        role: AuditRole::Intake,
        action: AuditAction::Load,
        object: AuditObject::Submission(SubmissionId(id)),
        persons: n % 1_000,
        result: AuditResult::Done,
    })
}

fn measure(order: &Bench) -> Result<Vec<Row>> {
    let n = order.entries.max(BATCH);
    let registry = Registry::open(Server::open(&order.work.join("data"), &DatabaseChoice::Embedded)?)?;
    let mut db = registry.act()?;
    let key = musubi_model::sign::SecretKey::from_seed(&first_half(&SealKey::random()?));
    let keys = Keys { house: tree::house_key(&key), witnesses: Vec::new() };
    let mut rows = Vec::new();

    let batches: Vec<Vec<AuditEntry>> =
        (0..n / BATCH).map(|b| (b * BATCH..(b + 1) * BATCH).map(entry).collect()).collect::<Result<_>>()?;
    let n = n / BATCH * BATCH;
    timed(&mut rows, "append to PostgreSQL, 5000 a transaction", n, || {
        batches.iter().try_for_each(|batch| append_many(&mut db, batch).map(drop)).map_err(Into::into)
    })?;
    drop(batches);
    timed(&mut rows, "append to PostgreSQL, one a transaction", SINGLE, || {
        (n..n + SINGLE).try_for_each(|i| append(&mut db, &entry(i)?).map(drop).map_err(Into::into))
    })?;
    let all = n + SINGLE;
    let note = timed(&mut rows, "first checkpoint: tree over all, signed", all, || {
        Ok(tree::sign(&mut db, &key, now())?)
    })?;
    append(&mut db, &entry(all)?)?;
    let later =
        timed(&mut rows, "next checkpoint: what came since", 1, || Ok(tree::sign(&mut db, &key, now())?))?;
    let bundle = timed(&mut rows, "consistency proof between the two", 1, || {
        Ok(tree::bundle(&mut db, later.clone(), &[note.checkpoint.size])?)
    })?;
    check(&bundle, &note)?;
    let (file, size) =
        timed(&mut rows, "export from PostgreSQL", all + 1, || Ok(tree::export(&mut db, Vec::new())?))?;
    let report = timed(&mut rows, "verify in PostgreSQL (musubi audit verify)", size, || {
        Ok(tree::verify(&mut db, &keys, vec![note.clone()], |_| {})?)
    })?;
    let outside = timed(&mut rows, "verify the export (musubi-audit-verify)", size, || {
        Ok(verify_export(file.as_slice(), &keys, vec![note], |_| {})?)
    })?;
    if report.first.is_some() || outside.first.is_some() || report.root != outside.root {
        bail!("the log of the bench does not hold: {:?} {:?}", report.first, outside.first);
    }

    // Without a database: what an append costs in itself, and the floor under both.
    let stored = db.audit_after(0, u32::try_from(n.min(200_000))?)?;
    let entries: Vec<Entry<'_>> = stored.iter().filter_map(audit::entry_of).collect();
    let count = entries.len() as u64;
    timed(&mut rows, "append in memory: bytes, hash, tree, line", count, || {
        let mut writer = ExportWriter::new(std::io::sink(), "bench")?;
        let mut edge = musubi_audit_log::tree::Frontier::new();
        let mut scratch = Vec::new();
        for e in &entries {
            edge.push(e.hashes(&mut scratch).leaf);
            writer.entry(e)?;
        }
        black_box(edge.root());
        Ok(())
    })?;
    let mut bytes = Vec::new();
    let canonical: Vec<Vec<u8>> = entries
        .iter()
        .map(|e| {
            e.canonical(&mut bytes);
            bytes.clone()
        })
        .collect();
    timed(&mut rows, "floor: BLAKE3 of each entry's bytes", count, || {
        canonical.iter().for_each(|b| {
            black_box(Hash::leaf(b));
        });
        Ok(())
    })?;
    let whole = canonical.concat();
    timed(&mut rows, "floor: BLAKE3 of all these bytes in one", count, || {
        black_box(Hash::plain(&whole));
        Ok(())
    })?;
    Ok(rows)
}

fn check(bundle: &Bundle, note: &musubi_audit_log::note::Note) -> Result<()> {
    if bundle.follows(&note.checkpoint) == Some(true) { Ok(()) } else { bail!("the proof does not hold") }
}

fn first_half(key: &SealKey) -> [u8; 32] {
    let mut seed = [0u8; 32];
    seed.iter_mut().zip(key.expose()).for_each(|(to, from)| *to = *from);
    seed
}
