//! `musubi bench --formats`: how fast each format is cut and mapped on one core, beside a floor on the same bytes in the
//! same run: reading, BLAKE3, and decoding to text (a packed unit is unpacked first, in both).

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};
use musubi_mappers::table::Interfaces;
use musubi_mappers::{Document, Mapper, Split, leak, mapper_for, text};
use musubi_model::ProviderId;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_testdata::formats::{self, Format};
use serde::Serialize;
use serde_json::json;

use super::Ending;
use crate::args::Bench;
use crate::say::{Voice, warn};

/// Rounds of each measurement; the best counts, for a core is shared with whatever else runs.
const ROUNDS: u32 = 3;
/// Samples of a thousand persons for one corpus, at most: of some tables (certificates of death) there is little.
const SEEDS_MAX: u64 = 60;

/// One format, measured.
#[derive(Debug, Clone, Serialize)]
struct Row {
    format: String,
    files: usize,
    /// Bytes that are mapped: those of the files, of packages the unpacked ones.
    megabytes: f64,
    records: u64,
    facts: u64,
    floor_seconds: f64,
    map_seconds: f64,
}

/// Files of a corpus: path inside the submission, and where it lies.
type Corpus = Vec<(String, PathBuf)>;

/// Runs the verb.
pub fn run(order: &Bench, voice: Voice) -> Result<Ending> {
    if order.work.exists() {
        bail!("作業フォルダーが既にあります: {}", order.work.display());
    }
    let mut rows = Vec::new();
    let target = order.megabytes << 20;
    for kind in [FeedKind::ReceiptMedical, FeedKind::SsMix2Standard] {
        let folder = order.work.join(kind.as_str());
        musubi_testdata::write_bench_corpus(kind, target, 7, &folder).context("corpus")?;
        let corpus = super::bench::listing(&folder)?.into_iter().map(|(at, f, _)| (f.path, at)).collect();
        rows.push(measure(kind, "", kind.as_str(), &corpus)?);
    }
    for format in formats::all() {
        if matches!(format.kind, FeedKind::ReceiptMedical | FeedKind::SsMix2Standard) {
            continue;
        }
        let interface = if format.kind == FeedKind::Table { format.interface } else { "" };
        let name = [format.kind.as_str(), interface].join(" ").trim_end().to_owned();
        warn(&format!("bench: {name}"));
        let folder = order.work.join(name.replace(' ', "-"));
        let corpus = write(&format, target, &folder)?;
        rows.push(measure(format.kind, interface, &name, &corpus)?);
    }
    tell(voice, &rows);
    voice.value(&json!({ "rows": rows }));
    if !order.keep {
        fs::remove_dir_all(&order.work)?;
    }
    Ok(Ending::Done)
}

/// Writes samples of a format, seed after seed, until there are enough bytes or seeds.
fn write(format: &Format, target: u64, folder: &Path) -> Result<Corpus> {
    fs::create_dir_all(folder)?;
    let mut corpus = Corpus::new();
    let mut bytes = 0;
    for seed in 1..=SEEDS_MAX {
        let files = formats::sample(format, 1_000, seed).context("sample")?;
        if files.is_empty() {
            break;
        }
        for file in files {
            let at = folder.join(format!("{:06}.bin", corpus.len()));
            fs::write(&at, &file.bytes)?;
            bytes += file.bytes.len() as u64;
            corpus.push((file.path, at));
            if bytes >= target {
                return Ok(corpus);
            }
        }
    }
    Ok(corpus)
}

fn measure(kind: FeedKind, interface: &str, name: &str, corpus: &Corpus) -> Result<Row> {
    let interfaces = Interfaces::builtin();
    let mapper = mapper_for(kind, interface, &interfaces).ok_or_else(|| anyhow!("{name} has no mapper"))?;
    let limits = Limits::default();
    let provider = ProviderId::new("1310000001")?;
    let mut row = Row {
        format: name.to_owned(),
        files: corpus.len(),
        megabytes: 0.0,
        records: 0,
        facts: 0,
        floor_seconds: f64::MAX,
        map_seconds: f64::MAX,
    };
    for _ in 0..ROUNDS {
        let (mut floor, mut map) = (0.0, 0.0);
        let (mut bytes_seen, mut records, mut facts) = (0u64, 0, 0);
        for (path, at) in corpus {
            let start = Instant::now();
            let bytes = fs::read(at)?;
            black_box(blake3::hash(&bytes));
            let read = start.elapsed().as_secs_f64();
            let document = Document { bytes: &bytes, path, provider: &provider, limits: &limits };

            let start = Instant::now();
            let split = mapper.split(&document);
            for unit in &split.units {
                let mut unit = mapper.map(&document, &split, unit, &NoMasters);
                leak::guard(&mut unit, &limits);
                records += unit.records.total();
                facts += unit.facts.len() as u64;
                black_box(&unit);
            }
            map += read + start.elapsed().as_secs_f64();

            let start = Instant::now();
            bytes_seen += decode(mapper.as_ref(), &bytes, &split);
            floor += read + start.elapsed().as_secs_f64();
        }
        row.megabytes = super::bench::mb(bytes_seen);
        (row.records, row.facts) = (records, facts);
        row.floor_seconds = row.floor_seconds.min(floor);
        row.map_seconds = row.map_seconds.min(map);
    }
    Ok(row)
}

/// The floor's decoding. Returns how many bytes there were to decode.
fn decode(mapper: &dyn Mapper, bytes: &[u8], split: &Split) -> u64 {
    let as_text = |bytes: &[u8]| {
        let encoding = text::detect(bytes).unwrap_or(text::Encoding::ShiftJis);
        black_box(text::decode(encoding, bytes));
        bytes.len() as u64
    };
    let packed = split.units.first().and_then(|u| u.range.slice(bytes)).is_some_and(|u| u.starts_with(b"PK"));
    if packed {
        let units = split.units.iter().filter_map(|u| u.range.slice(bytes));
        units.map(|unit| as_text(&mapper.open(unit))).sum()
    } else {
        as_text(bytes)
    }
}

fn tell(voice: Voice, rows: &[Row]) {
    voice.line("| format | files | MB | MB/s a core | floor MB/s | of the floor | records/s | facts/s |");
    voice.line("|---|--:|--:|--:|--:|--:|--:|--:|");
    let mut slow: BTreeMap<&str, f64> = BTreeMap::new();
    for r in rows {
        #[allow(clippy::cast_precision_loss)] // rates for people
        let (records, facts) = (r.records as f64, r.facts as f64);
        let rate = r.megabytes / r.map_seconds;
        voice.line(format!(
            "| {} | {} | {:.1} | {:.0} | {:.0} | {:.2} | {:.0} | {:.0} |",
            r.format,
            r.files,
            r.megabytes,
            rate,
            r.megabytes / r.floor_seconds,
            r.floor_seconds / r.map_seconds,
            records / r.map_seconds,
            facts / r.map_seconds,
        ));
        if rate < 100.0 || r.floor_seconds / r.map_seconds < 0.2 {
            slow.insert(&r.format, rate);
        }
    }
    let names: Vec<String> = slow.iter().map(|(name, rate)| format!("{name} ({rate:.0})")).collect();
    if !names.is_empty() {
        voice.line(format!("below 100 MB/s or a fifth of the floor: {}", names.join(", ")));
    }
}
