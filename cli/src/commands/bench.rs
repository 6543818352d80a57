//! `musubi bench`: intake to loaded, beside two floors measured in the same run on the same bytes.
//!
//! Floor (a) reads, hashes, seals and writes the same bytes; floor (b) writes the same facts to the lake from memory.
//! CPU seconds are those of the process and everything it started (PostgreSQL included), from the kernel's books.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use musubi_id_resolution::{TokenKey, describe};
use musubi_mappers::{Document, mapper_for};
use musubi_model::code::NoMasters;
use musubi_model::fact::{Provenance, UnitFacts};
use musubi_model::limits::Limits;
use musubi_model::manifest::{FeedKind, MANIFEST_FILE, Manifest, ManifestFile};
use musubi_model::{ByteRange, DocumentHash, ProviderId, SourceIdentity, SubmissionId};
use musubi_storage::keys::SealKey;
use musubi_storage::lake::{self, PlacedUnit};
use musubi_storage::vault::{PackWriter, Segment, seal_document};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::Ending;
use crate::args::Bench;
use crate::say::{Voice, warn};

/// One measured row.
#[derive(Debug, Clone, Serialize)]
struct Row {
    format: &'static str,
    what: String,
    megabytes: f64,
    wall_seconds: f64,
    cpu_seconds: f64,
    records: u64,
    facts: u64,
    peak_mib: Option<u64>,
}

/// Runs the verb.
pub fn run(order: &Bench, voice: Voice) -> Result<Ending> {
    if order.work.exists() {
        bail!("作業フォルダーが既にあります: {}", order.work.display());
    }
    fs::create_dir_all(&order.work)?;
    let mut rows = Vec::new();
    let mut stages = BTreeMap::new();
    for kind in [FeedKind::ReceiptMedical, FeedKind::SsMix2Standard] {
        for (part, share) in [("1/4", order.megabytes / 4), ("1", order.megabytes)] {
            let corpus = order.work.join(format!("{}-{share}", kind.as_str()));
            warn(&format!("bench: {} {share} MB", kind.as_str()));
            musubi_testdata::write_bench_corpus(kind, share << 20, 7, &corpus).context("corpus")?;
            if part == "1" {
                rows.extend(floors(kind, &corpus, &order.work)?);
            }
            let (row, seconds) = pipeline(kind, part, &corpus, &order.work)?;
            rows.push(row);
            if part == "1" {
                stages.insert(kind.as_str(), seconds);
            }
            fs::remove_dir_all(&corpus)?;
        }
    }
    tell(voice, &rows, &stages);
    voice.value(&json!({ "rows": rows, "stages": stages, "cores": std::thread::available_parallelism().map_or(0, usize::from) }));
    fs::remove_dir_all(&order.work)?;
    Ok(Ending::Done)
}

fn tell(voice: Voice, rows: &[Row], stages: &BTreeMap<&'static str, Value>) {
    voice.line("| format | what | MB | wall s | CPU s | MB/s wall | MB/s per CPU s | records/CPU s | facts/CPU s | peak MiB |");
    voice.line("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for r in rows {
        let per = |n: f64, s: f64| if s > 0.0 { format!("{:.0}", n / s) } else { "-".to_owned() };
        #[allow(clippy::cast_precision_loss)] // a rate for people
        let (records, facts) = (r.records as f64, r.facts as f64);
        voice.line(format!(
            "| {} | {} | {:.0} | {:.2} | {:.2} | {} | {} | {} | {} | {} |",
            r.format,
            r.what,
            r.megabytes,
            r.wall_seconds,
            r.cpu_seconds,
            per(r.megabytes, r.wall_seconds),
            per(r.megabytes, r.cpu_seconds),
            if r.records > 0 { per(records, r.cpu_seconds) } else { "-".to_owned() },
            if r.facts > 0 { per(facts, r.cpu_seconds) } else { "-".to_owned() },
            r.peak_mib.map_or("-".to_owned(), |m| m.to_string()),
        ));
    }
    for format in [FeedKind::ReceiptMedical.as_str(), FeedKind::SsMix2Standard.as_str()] {
        let cpu = |what: &str| {
            rows.iter().find(|r| r.format == format && r.what.starts_with(what)).map(|r| r.cpu_seconds)
        };
        if let (Some(a), Some(b), Some(all)) = (cpu("floor (a)"), cpu("floor (b)"), cpu("pipeline, whole")) {
            voice.line(format!("{format}: pipeline CPU / (floor a + floor b) = {:.1}", all / (a + b)));
        }
        if let Some(seconds) = stages.get(format) {
            voice.line(format!("{format}: wall seconds by stage: {seconds}"));
        }
    }
}

/// The files of a corpus, each with its manifest's provider.
pub(super) fn listing(corpus: &Path) -> Result<Vec<(PathBuf, ManifestFile, ProviderId)>> {
    let mut all = Vec::new();
    for package in musubi_etl::night::packages(&corpus.join("inbox/night-01"))? {
        let manifest: Manifest = toml::from_str(&fs::read_to_string(package.join(MANIFEST_FILE))?)?;
        for file in manifest.files {
            let provider = file.provider.clone().or_else(|| manifest.providers.first().cloned());
            all.push((package.join(&file.path), file, provider.ok_or_else(|| anyhow!("no provider"))?));
        }
    }
    Ok(all)
}

fn floors(kind: FeedKind, corpus: &Path, work: &Path) -> Result<Vec<Row>> {
    let files = listing(corpus)?;
    let format = kind.as_str();
    let megabytes = mb(files.iter().map(|(_, f, _)| f.bytes).sum());
    let row = |what: &str, wall: f64, cpu: f64, records: u64, facts: u64| Row {
        format,
        what: what.to_owned(),
        megabytes,
        wall_seconds: wall,
        cpu_seconds: cpu,
        records,
        facts,
        peak_mib: None,
    };

    // (a) read + BLAKE3 + seal + write
    let vault = work.join("floor-vault");
    let (clock, cpu) = (Instant::now(), cpu_seconds());
    let key = SealKey::random()?;
    for some in files.chunks(4096) {
        let sealed: Vec<Result<_>> = some
            .par_iter()
            .map(|(path, _, _)| {
                let bytes = fs::read(path)?;
                let hash = DocumentHash::of(&bytes);
                let whole = Segment { range: ByteRange::within(0, 0, bytes.len()), key_id: [1; 16] };
                Ok(seal_document(&hash, &bytes, &[whole], |_| Ok(key.clone()))?)
            })
            .collect();
        let mut pack = PackWriter::create(&vault)?;
        for one in sealed {
            pack.append(&one?)?;
        }
        pack.finish()?;
    }
    let mut rows = vec![row(
        "floor (a): read, BLAKE3, seal, write",
        clock.elapsed().as_secs_f64(),
        cpu_seconds() - cpu,
        0,
        0,
    )];
    fs::remove_dir_all(&vault)?;

    // decode + map on one core, then (b) the same facts into the lake
    let interfaces = musubi_mappers::table::Interfaces::builtin();
    let mapper =
        mapper_for(kind, "", &interfaces).ok_or_else(|| anyhow!("{} has no mapper", kind.as_str()))?;
    let limits = Limits::default();
    let tokens = TokenKey::new(SealKey::random()?.expose());
    let folder = work.join("floor-lake");
    let (mut map_seconds, mut lake_wall, mut lake_cpu) = (0.0, 0.0, 0.0);
    let (mut records, mut facts) = (0u64, 0u64);
    let mut waiting: Vec<(u16, UnitFacts)> = Vec::new();
    let mut bytes_waiting = 0;
    for (index, (path, file, provider)) in files.iter().enumerate() {
        let bytes = fs::read(path)?;
        let document = Document { bytes: &bytes, path: &file.path, provider, limits: &limits };
        let clock = thread_seconds();
        let split = mapper.split(&document);
        for unit in &split.units {
            std::hint::black_box(mapper.map(&document, &split, unit, &NoMasters));
        }
        map_seconds += thread_seconds() - clock;
        let mapped: Vec<_> =
            split.units.iter().map(|u| mapper.map(&document, &split, u, &NoMasters)).collect();
        for (ordinal, unit) in (0u32..).zip(mapped) {
            records += unit.records.total();
            facts += u64::try_from(unit.facts.len())?;
            let who = describe(
                &tokens,
                &SourceIdentity { provider: provider.clone(), demographics: unit.demographics },
            );
            let [first, ..] = who.identity_id.0;
            let provenance = Provenance {
                identity: who.identity_id,
                provider: provider.clone(),
                document: file.blake3,
                unit: ordinal,
                submission: SubmissionId([0; 16]),
                mapper_version: mapper.version().into(),
                master_version: unit.master_version,
                notice: 0,
            };
            waiting.push((u16::from(first), UnitFacts { provenance, facts: unit.facts }));
        }
        bytes_waiting += bytes.len();
        if bytes_waiting >= 32 << 20 || index + 1 == files.len() {
            let placed: Vec<PlacedUnit<'_>> =
                waiting.iter().map(|(bucket, unit)| PlacedUnit { bucket: *bucket, unit }).collect();
            let (clock, cpu) = (Instant::now(), cpu_seconds());
            lake::write_part(&folder, &placed)?;
            lake_wall += clock.elapsed().as_secs_f64();
            lake_cpu += cpu_seconds() - cpu;
            drop(placed);
            waiting.clear();
            bytes_waiting = 0;
        }
    }
    rows.push(row("floor (b): same facts to the lake", lake_wall, lake_cpu, 0, facts));
    rows.push(row("decode + map, one core", map_seconds, map_seconds, records, facts));
    fs::remove_dir_all(&folder)?;
    Ok(rows)
}

fn pipeline(kind: FeedKind, part: &str, corpus: &Path, work: &Path) -> Result<(Row, Value)> {
    let data = work.join("data");
    let files = listing(corpus)?;
    let program = std::env::current_exe()?;
    let musubi = |words: &[&str]| -> Result<Command> {
        let mut command = Command::new(&program);
        command.arg("--data").arg(&data).arg("--json").args(words);
        Ok(command)
    };
    let set_up = musubi(&["feeds"])?.arg(corpus.join("feeds.toml")).stdout(Stdio::null()).status()?;
    let masters = musubi(&["masters", "load"])?.arg(corpus.join("masters")).stdout(Stdio::null()).status()?;
    if !set_up.success() || !masters.success() {
        bail!("the corpus cannot be registered");
    }
    let (clock, cpu) = (Instant::now(), children_cpu_seconds());
    let out = work.join("night.json");
    let mut child = musubi(&["nightly", "--inbox"])?
        .arg(corpus.join("inbox/night-01"))
        .stdout(fs::File::create(&out)?)
        .stderr(fs::File::create(work.join("night.log"))?)
        .spawn()?;
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak.max(peak_mib(child.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    };
    let wall = clock.elapsed().as_secs_f64();
    if !status.success() {
        bail!("the pipeline ended with {status}: {}", fs::read_to_string(work.join("night.log"))?.trim());
    }
    let cpu = children_cpu_seconds() - cpu;
    let night: Value = serde_json::from_str(&fs::read_to_string(&out)?)?;
    let mut seconds: BTreeMap<String, f64> = BTreeMap::new();
    let (mut records, mut facts) = (0, 0);
    for package in night.get("packages").and_then(Value::as_array).into_iter().flatten() {
        let Some(counts) = package.pointer("/outcome/Ok/counts").and_then(Value::as_object) else { continue };
        let count = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
        records += count("records");
        facts += count("facts");
        for (name, value) in counts.iter().filter(|(n, _)| n.ends_with("_seconds")) {
            *seconds.entry(name.trim_end_matches("_seconds").to_owned()).or_default() +=
                value.as_f64().unwrap_or(0.0);
        }
    }
    for value in seconds.values_mut() {
        *value = (*value * 100.0).round() / 100.0;
    }
    fs::remove_dir_all(&data)?;
    let row = Row {
        format: kind.as_str(),
        what: format!("pipeline, {}: intake to loaded", if part == "1" { "whole" } else { "a quarter" }),
        megabytes: mb(files.iter().map(|(_, f, _)| f.bytes).sum()),
        wall_seconds: wall,
        cpu_seconds: cpu,
        records,
        facts,
        peak_mib: Some(peak),
    };
    Ok((row, json!(seconds)))
}

#[allow(clippy::cast_precision_loss)] // megabytes for people
pub(super) fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Fields 14 to 17 of `/proc/self/stat`: user, system, children's user, children's system, in ticks of 1/100 s.
fn stat() -> [f64; 4] {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let mut fields = rest.split_whitespace().skip(11).map(|f| f.parse::<f64>().unwrap_or(0.0) / 100.0);
    std::array::from_fn(|_| fields.next().unwrap_or(0.0))
}

/// CPU seconds of this process so far, user and system.
pub fn cpu_seconds() -> f64 {
    let [user, system, ..] = stat();
    user + system
}

/// CPU time of this thread, finer than the ticks of `/proc`.
#[allow(clippy::cast_precision_loss)] // seconds for people
fn thread_seconds() -> f64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}

fn children_cpu_seconds() -> f64 {
    let [_, _, user, system] = stat();
    user + system
}

fn peak_mib(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|l| l.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
