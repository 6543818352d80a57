//! `musubi match`: links the records of any table, and `musubi match eval` judges a result. Opens no installation.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use musubi_id_resolution::table::config::{Config, Plan, SHIPPED};
use musubi_id_resolution::table::csv::{Sheet, cell};
use musubi_id_resolution::table::{self, Linked, Step, bits};
use serde_json::json;

use super::Ending;
use crate::say::{Voice, warn};

mod eval;
mod person;
mod stream;

/// `musubi match`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Order {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The table: CSV or tab-separated, UTF-8 or Shift_JIS, with a header.
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// How to match: a TOML file, or the name of one that comes with Musubi (febrl, febrl4, fake, rldata,
    /// pseudopeople, historical_50k, ja).
    #[arg(long, required = true, value_name = "FILE|NAME")]
    config: Option<String>,
    /// Write record_id,cluster_id.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the pairs that speak for one person, with their weights in bits.
    #[arg(long, value_name = "FILE")]
    edges: Option<PathBuf>,
    /// Write the joins, also those not made, with the weight at which each falls apart: the tree behind the clusters.
    #[arg(long, value_name = "FILE")]
    joins: Option<PathBuf>,
    /// Write what was learned, as JSON.
    #[arg(long, value_name = "FILE")]
    model_out: Option<PathBuf>,
    /// Use this model instead of learning from the table (person-ja).
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Join above this many bits, instead of where the greatest F1 is expected.
    #[arg(long, value_name = "BITS", allow_negative_numbers = true)]
    threshold: Option<f64>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Judge a result against a truth: pairs, B³, wrong merges and splits, changes of id.
    Eval(eval::Order),
}

/// Runs the verb.
pub fn run(order: &Order, voice: Voice) -> Result<Ending> {
    match (&order.verb, &order.file, &order.config) {
        (Some(Verb::Eval(order)), ..) => eval::run(order, voice),
        (None, Some(file), Some(config)) => link(order, file, config, voice),
        // clap asks for both.
        _ => Ok(Ending::Usage),
    }
}

fn refuse(voice: Voice, what: &str, why: &str) -> Ending {
    warn(&format!("{}: {what}: {why}", voice.word("エラー", "error")));
    Ending::Usage
}

fn link(order: &Order, file: &Path, config: &str, voice: Voice) -> Result<Ending> {
    let text = match SHIPPED.iter().find(|(name, _)| *name == config) {
        Some((_, text)) => (*text).to_owned(),
        None => fs::read_to_string(config).with_context(|| format!("設定を読めません: {config}"))?,
    };
    let mut plan = match Config::read(&text) {
        Ok(Config::Table(plan)) => plan,
        Ok(Config::PersonJa(columns)) => return person::link(order, file, &columns, voice),
        Err(why) => return Ok(refuse(voice, config, &why)),
    };
    plan.threshold = order.threshold.or(plan.threshold);
    let bytes = fs::read(file).with_context(|| format!("表を読めません: {}", file.display()))?;
    let sheet = match table::csv::read(&bytes) {
        Ok(sheet) => sheet,
        Err(why) => return Ok(refuse(voice, &file.display().to_string(), &why.to_string())),
    };
    let target = if voice.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(5), target);
    if let Ok(style) = ProgressStyle::with_template("{msg:<16} [{bar:30}] {pos}/{len} {elapsed}") {
        bar.set_style(style.progress_chars("█▉ "));
    }
    let linked = table::link(&sheet, &plan, &mut |step| {
        bar.set_message(
            match step {
                Step::Read => voice.word("読み込み", "laying out"),
                Step::Block => voice.word("候補", "candidates"),
                Step::Compare => voice.word("比較", "comparing"),
                Step::Train => voice.word("学習", "learning"),
                Step::Join => voice.word("統合", "joining"),
            }
            .to_owned(),
        );
        bar.set_position(step as u64);
    });
    bar.finish_and_clear();
    let linked = match linked {
        Ok(linked) => linked,
        Err(why) => return Ok(refuse(voice, &file.display().to_string(), &why.to_string())),
    };
    write(order, &sheet, &plan, &linked)?;
    tell(voice, &sheet, &linked);
    Ok(if sheet.ragged.is_empty() { Ending::Done } else { Ending::LookAtIt })
}

fn put(path: Option<&PathBuf>, text: impl FnOnce() -> String) -> Result<()> {
    match path {
        Some(path) => fs::write(path, text()).with_context(|| format!("書けません: {}", path.display())),
        None => Ok(()),
    }
}

fn write(order: &Order, sheet: &Sheet, plan: &Plan, linked: &Linked) -> Result<()> {
    let at = sheet.header.iter().position(|h| *h == plan.id).unwrap_or_default();
    let id = |row: usize| cell(sheet.rows.get(row).and_then(|r| r.get(at)).map_or("", |c| c.trim()));
    put(order.out.as_ref(), || {
        let mut text = "record_id,cluster_id\n".to_owned();
        for (row, person) in linked.person.iter().enumerate() {
            let _ = writeln!(text, "{},{}", id(row), id(*person));
        }
        text
    })?;
    let pairs = |pairs: &mut dyn Iterator<Item = (usize, usize, i32)>| {
        let mut text = "record_id_l,record_id_r,weight\n".to_owned();
        for (a, b, weight) in pairs {
            let _ = writeln!(text, "{},{},{:.3}", id(a), id(b), bits(weight));
        }
        text
    };
    put(order.edges.as_ref(), || pairs(&mut linked.edges.iter().map(|e| (e.a, e.b, e.weight))))?;
    put(order.joins.as_ref(), || pairs(&mut linked.joins.iter().copied()))?;
    put(order.model_out.as_ref(), || {
        let model = linked.model_of(plan);
        serde_json::to_string_pretty(&model).unwrap_or_default() + "\n"
    })
}

fn tell(voice: Voice, sheet: &Sheet, linked: &Linked) {
    let records = sheet.rows.len();
    let persons = linked.persons();
    for (line, cells) in sheet.ragged.iter().take(20) {
        warn(
            &voice
                .word("{l} 行目: セルが {c} 個(見出しは {h} 個)", "line {l}: {c} cells (the header has {h})")
                .replace("{l}", &line.to_string())
                .replace("{c}", &cells.to_string())
                .replace("{h}", &sheet.header.len().to_string()),
        );
    }
    if sheet.ragged.len() > 20 {
        warn(&format!("… {}", sheet.ragged.len()));
    }
    let crowded: u64 = linked.rules.iter().map(|r| r.2).sum();
    voice.say(
        format!(
            "記録 {records} 件 → 本人 {persons} 人(しきい値 {:.2} bit、見込み F1 {:.4}、候補 {} 組、照合する値のない記録 {} 件、大きすぎて除いた塊 {crowded}、列数の合わない行 {})",
            bits(linked.threshold), linked.expected_f1, linked.candidates, linked.blank, sheet.ragged.len()
        ),
        format!(
            "{records} records → {persons} persons (threshold {:.2} bits, expected F1 {:.4}, {} candidate pairs, {} records with nothing to match on, {crowded} blocks left out as too large, {} ragged rows)",
            bits(linked.threshold), linked.expected_f1, linked.candidates, linked.blank, sheet.ragged.len()
        ),
    );
    voice.value(&json!({
        "records": records, "persons": persons, "blank": linked.blank, "encoding": sheet.encoding,
        "candidates": linked.candidates, "edges": linked.edges.len(),
        "threshold_bits": bits(linked.threshold), "expected_f1": linked.expected_f1,
        "ragged": sheet.ragged.iter().map(|(l, c)| json!({ "line": l, "cells": c })).collect::<Vec<_>>(),
        "rules": linked.rules.iter().map(|(n, p, c)| json!({ "rule": n, "pairs": p, "left_out": c })).collect::<Vec<_>>(),
    }));
}
