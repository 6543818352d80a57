//! `musubi model report`: what a model does with a table of records, as one HTML file.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use musubi_console::{Lang, ModelReport, model_report};
use musubi_id_resolution::eval;
use musubi_id_resolution::train::TrainingReport;
use musubi_id_resolution::train::measure::measure;
use serde_json::json;

use super::super::Ending;
use super::table::{Table, Truth};
use super::{bar, beside, open, refuse};
use crate::args::Cli;
use crate::home::{self, now};
use crate::say::Voice;

/// `musubi model report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Table of records (CSV).
    #[arg(long, value_name = "FILE")]
    records: PathBuf,
    /// Which column is what, as TOML.
    #[arg(long, value_name = "FILE")]
    columns: Option<PathBuf>,
    /// `record_id,person_id,tags`: with it, the curve shows what is right and not what is expected.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// The model.
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Where to.
    #[arg(long, default_value = "model-report.html")]
    out: PathBuf,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Report) -> Result<Ending> {
    let (_, ring) = home::keys(&cli.data)?;
    let file = match open(&order.model, &ring.house.public())? {
        Ok(file) => file,
        Err(why) => return Ok(refuse(voice, why)),
    };
    // the counts of the training lie beside the model; without them, or with another model's, the table shows bits only
    let training = fs::read(beside(&order.model, ".training.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<TrainingReport>(&bytes).ok())
        .filter(|t| t.cells.iter().all(|c| weight(&file.model, c) == Some(c.learned)) && !t.cells.is_empty());
    let table = Table::open(&order.records, order.columns.as_deref())?;
    let truth = order.truth.as_deref().map(Truth::open).transpose()?;

    let mut ids: Vec<String> = Vec::new();
    table.each(&mut |id, _| ids.push(id.to_owned()));
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let persons: Vec<Option<u32>> = ids
        .iter()
        .map(|id| {
            let person = truth.as_ref()?.persons.get(id)?;
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            Some(*numbers.entry(person.as_str()).or_insert(next))
        })
        .collect();
    let bar = bar(voice, table.records);
    bar.set_message(voice.word("照合", "matching"));
    let mut steps = |step: usize, all: usize| {
        bar.set_message(voice.word("しきい値", "thresholds"));
        bar.set_length(all as u64);
        bar.set_position(step as u64);
    };
    let of = |i: usize| persons.get(i).copied().flatten();
    let (figures, clusters) = measure(
        &file.model,
        &of,
        |take| -> Result<()> {
            table.each(&mut |_, record| {
                bar.inc(1);
                take(record);
            });
            Ok(())
        },
        &mut steps,
    )?;
    bar.finish_and_clear();
    let verdict = truth.as_ref().map(|t| {
        let clusters: eval::Persons =
            ids.iter().zip(&clusters).map(|(id, c)| (id.clone(), c.to_string())).collect();
        let mut verdict = eval::judge(&t.persons, &clusters);
        verdict.tags = eval::by_tag(&t.persons, &clusters, &t.tags);
        verdict
    });
    let report = ModelReport {
        made_at: now(),
        version: file.model.version.clone(),
        hash: file.hash(),
        trained_on: file.trained_on.clone(),
        weights: file.model.weights.clone(),
        grey: file.model.rules.grey,
        population: file.model.rules.population,
        training,
        figures,
        verdict,
    };
    let lang = if voice.english { Lang::En } else { Lang::Ja };
    let html = model_report(&report, lang).into_string();
    fs::write(&order.out, &html).with_context(|| format!("書けません: {}", order.out.display()))?;
    let (f, v) = (&report.figures, &report.verdict);
    voice.say(
        format!("報告を書きました: {}(記録 {}、比べた組 {})", order.out.display(), f.records, f.compared),
        format!("Wrote {} ({} records, {} pairs compared)", order.out.display(), f.records, f.compared),
    );
    if let Some(v) = v {
        let p = &v.pairwise;
        voice.say(
            format!(
                "    適合率 {:.5}  再現率 {:.5}  F1 {:.5}  過統合 {}  過分割 {}",
                p.precision, p.recall, p.f1, v.over_merged, v.split
            ),
            format!(
                "    precision {:.5}  recall {:.5}  F1 {:.5}  over-merged {}  split {}",
                p.precision, p.recall, p.f1, v.over_merged, v.split
            ),
        );
    }
    voice.value(&json!({
        "version": report.version, "bytes": html.len(), "unreadable": table.bad, "figures": f, "verdict": v,
    }));
    Ok(if table.bad > 0 { Ending::LookAtIt } else { Ending::Done })
}

fn weight(
    model: &musubi_id_resolution::mpi::model::Model,
    c: &musubi_id_resolution::train::Cell,
) -> Option<i32> {
    model.weights.of(c.comparison as usize, c.level).get(c.class as usize).copied()
}
