//! `musubi bench --pack`: the package writer's speed on made-up events: CSV and Parquet, hashed, synced, signed; then
//! encrypted and opened. Beside it, hashing the same bytes twice (BLAKE3 as a floor). No row stands for anybody.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use musubi_model::policy::{ColumnClass, Policy};
use musubi_model::sign::SecretKey;
use musubi_model::spec::ExtractSpec;
use musubi_release::pack::{self, Column, Parts, Persons, Probabilities, Risk, RowClaims, Sheet, Values};
use serde::Serialize;
use serde_json::json;

use super::Ending;
use super::bench::cpu_seconds;
use crate::args::Bench;
use crate::home::now;
use crate::say::Voice;

const SPEC: &str = include_str!("bench_pack.spec.toml");
const POLICY: &str = include_str!("bench_pack.policy.toml");
/// Rows of one person.
const PER_PERSON: usize = 30;

#[derive(Debug, Serialize)]
struct Row {
    what: &'static str,
    seconds: f64,
    cpu_seconds: f64,
    megabytes: f64,
}

/// Runs the verb.
pub fn run(order: &Bench, voice: Voice) -> Result<Ending> {
    if order.work.exists() {
        bail!("作業フォルダーが既にあります: {}", order.work.display());
    }
    fs::create_dir_all(&order.work)?;
    let rows = measure(usize::try_from(order.rows)?, &order.work)?;
    voice.line("| what | rows | MB | seconds | CPU s | rows per CPU s |");
    voice.line("|---|--:|--:|--:|--:|--:|");
    for r in &rows {
        #[allow(clippy::cast_precision_loss)] // a rate for people
        let rate = order.rows as f64 / r.cpu_seconds.max(0.01);
        voice.line(format!(
            "| {} | {} | {:.0} | {:.2} | {:.2} | {rate:.0} |",
            r.what, order.rows, r.megabytes, r.seconds, r.cpu_seconds
        ));
    }
    voice.value(&json!({ "rows": order.rows, "measured": rows }));
    fs::remove_dir_all(&order.work)?;
    Ok(Ending::Done)
}

fn measure(rows: usize, work: &Path) -> Result<Vec<Row>> {
    let (spec, policy) = (ExtractSpec::parse(SPEC)?, Policy::parse(POLICY)?);
    let sheets = sheets(rows);
    let key = SecretKey::from_seed(&[0; 32]);
    let none = key.sign("bench", b"").to_string();
    let persons = sheets.first().map_or(0, Sheet::rows) as u64;
    let claims = RowClaims {
        persons: Persons { cohort: persons, released: persons, suppressed: 0 },
        k: None,
        l: None,
        t: None,
        classes: 0,
        loss: 0.0,
        events: None,
        columns: Vec::new(),
        clip: Vec::new(),
        risk: Probabilities { prosecutor_max: 1.0, marketer: 1.0 },
    };
    let parts = Parts {
        spec: &spec,
        spec_toml: SPEC,
        policy: &policy,
        policy_toml: POLICY,
        policy_signature: &none,
        approval_id: "A-bench",
        request_id: "bench",
        decision: "{}",
        decision_signature: &none,
        snapshot_commit: 1,
        sealed_at: now(),
        parameters: &BTreeMap::new(),
        parameter_set_hash: "",
        code_version: "bench",
        attrition: &[],
        sheets: &sheets,
        risk: &Risk::of_rows(&policy, claims),
        key: &key,
    };
    let mut measured = Vec::new();
    let out = work.join("out");
    let folder = timed(&mut measured, "package: CSV + Parquet, BLAKE3 + SHA-256, synced", || {
        Ok(pack::stage(&parts, &out, &|_| ())?.place()?)
    })?;
    let bytes = fs::read_dir(&folder)?.map(|e| Ok(e?.metadata()?.len())).sum::<Result<u64>>()?;
    timed(&mut measured, "floor: BLAKE3 of the same files", || {
        for entry in fs::read_dir(&folder)? {
            let file = fs::File::open(entry?.path())?;
            blake3::Hasher::new().update_reader(file)?;
        }
        Ok(())
    })?;
    let (recipient, identity) = pack::key_pair();
    let file = timed(&mut measured, "encrypted to one recipient", || {
        Ok(pack::encrypt(&folder, &[recipient], &out)?)
    })?;
    timed(&mut measured, "opened", || {
        pack::open(&file, &identity, &work.join("in")).context("open")?;
        Ok(())
    })?;
    #[allow(clippy::cast_precision_loss)] // a size for people
    measured.iter_mut().for_each(|row| row.megabytes = bytes as f64 / 1e6);
    Ok(measured)
}

fn timed<T>(rows: &mut Vec<Row>, what: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let (clock, before) = (Instant::now(), cpu_seconds());
    let done = work()?;
    let (seconds, cpu_seconds) = (clock.elapsed().as_secs_f64(), cpu_seconds() - before);
    rows.push(Row { what, seconds, cpu_seconds, megabytes: 0.0 });
    Ok(done)
}

/// A table of persons and one of so many events.
fn sheets(rows: usize) -> [Sheet; 2] {
    let mut pids: Vec<String> = (0..rows.div_ceil(PER_PERSON))
        .map(|n| blake3::hash(&n.to_be_bytes()).to_hex().chars().take(16).collect())
        .collect();
    pids.sort_unstable();
    let column = |name: &str, values| Column::new(name, name, name, ColumnClass::Neutral, values);
    let person = column("pid", Values::text(pids.iter().map(Some)));
    let shared = match &person.values {
        Values::Text { labels, .. } => Arc::clone(labels),
        _ => Arc::from(Vec::new()),
    };
    let pid = |n: usize| u32::try_from(n / PER_PERSON).unwrap_or(pack::NOT_TOLD);
    let draw = |n: usize, of: usize| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % of;
    let events = vec![
        column("pid", Values::Text { ids: (0..rows).map(pid).collect(), labels: shared }),
        column("code", Values::text((0..rows).map(|n| Some(format!("{:07}", 1_000_000 + draw(n, 2500)))))),
        column(
            "when",
            Values::text(
                (0..rows).map(|n| Some(format!("{}..{}", 30 * draw(n + 1, 36), 30 * draw(n + 1, 36) + 29))),
            ),
        ),
        column(
            "days",
            Values::text((0..rows).map(|n| ["1", "2-7", "8-30", "31-90", "91+"].get(draw(n + 2, 5)))),
        ),
    ];
    let sheet = |name: &str, columns| Sheet {
        name: name.into(),
        title_ja: name.into(),
        title_en: name.into(),
        columns,
    };
    [sheet("person", vec![person]), sheet("drug_exposure", events)]
}
