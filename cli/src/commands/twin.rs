//! `musubi release twin`: the synthetic twin of an extract. It must never open a house.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use musubi_compliance::policies::PRESETS;
use musubi_model::policy::Policy;
use musubi_model::spec::ExtractSpec;
use musubi_model::{CodeSystem, FactTable};
use musubi_release::extract::{InsurerKind, Life, LifeFact};
use musubi_release::{ReleaseError, twin};
use musubi_testdata::{LifeEvent, LifeEventKind, TwinLife, lives};
use serde_json::json;

use super::Ending;
use crate::say::Voice;

/// `musubi release twin`.
#[derive(Debug, Args)]
pub struct Order {
    /// The request (TOML, version 2, for rows).
    spec: PathBuf,
    /// Synthetic persons, of whom those in the cohort stand in the files.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    persons: u64,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder to write; must not be there.
    #[arg(long)]
    out: PathBuf,
    /// The disclosure policy (TOML); none: the preset that the request names.
    #[arg(long)]
    policy: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(voice: Voice, order: &Order) -> Result<Ending> {
    let read =
        |file: &PathBuf| fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()));
    let spec = ExtractSpec::parse(&read(&order.spec)?).map_err(ReleaseError::Spec)?;
    if spec.rows.is_none() {
        return Err(ReleaseError::Twin.into());
    }
    let policy = match &order.policy {
        Some(file) => Policy::parse(&read(file)?)?,
        None => named(&spec)?,
    };
    let people = lives(order.persons, order.seed, spec.cohort.from, spec.cohort.to).map(life);
    let made = twin(people, &spec, &policy, order.seed, &order.out).with_context(|| {
        voice.word(
            "合成データを作れません。対象者が足りないときは --persons を増やしてください",
            "no twin can be made; when too few are in the cohort, give more --persons",
        )
    })?;
    voice.say(
        format!(
            "合成データを書きました(実在の人はいません): 合成した {} 人のうち対象集団 {} 人",
            made.attrition.persons,
            made.attrition.last()
        ),
        format!(
            "Wrote synthetic data (nobody exists): {} persons made, {} in the cohort",
            made.attrition.persons,
            made.attrition.last()
        ),
    );
    made.files.iter().for_each(|(name, rows)| voice.line(format!("  {name}: {rows}")));
    let files: serde_json::Map<_, _> =
        made.files.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
    voice.value(&json!({
        "synthetic": true, "persons": made.attrition.persons, "diagnosed": made.attrition.diagnosed,
        "steps": made.attrition.steps, "cohort": made.attrition.last(), "files": files,
    }));
    Ok(Ending::Done)
}

/// The preset that the request names.
fn named(spec: &ExtractSpec) -> Result<Policy> {
    for preset in PRESETS {
        let policy = Policy::parse(preset.text).context(preset.name)?;
        if spec.policy.as_ref().is_some_and(|p| p.name == policy.name && p.version == policy.version) {
            return Ok(policy);
        }
    }
    bail!(
        "申出の方針はひな型にありません。方針のファイルを --policy で指定してください \
         (the policy of the request is no preset; name its file by --policy)"
    )
}

/// The generator's words in those of the extract.
#[allow(clippy::needless_pass_by_value)] // called with what an iterator hands over
fn life(from: TwinLife) -> Life {
    Life {
        sex: if from.female { 2 } else { 1 },
        birth: from.birth,
        prefecture: from.prefecture.parse().ok(),
        insurer: InsurerKind::read(from.insurer),
        death: from.death,
        facts: from.events.iter().map(fact).collect(),
    }
}

fn fact(event: &LifeEvent) -> LifeFact {
    let (table, system) = match event.kind {
        LifeEventKind::Diagnosis => (FactTable::ConditionOccurrence, CodeSystem::Icd10),
        LifeEventKind::Drug => (FactTable::DrugExposure, CodeSystem::Yj),
        LifeEventKind::Procedure => (FactTable::ProcedureOccurrence, CodeSystem::ReceiptProcedure),
        LifeEventKind::Measurement => (FactTable::Measurement, CodeSystem::Jlac10),
        LifeEventKind::Visit => (FactTable::VisitOccurrence, CodeSystem::Other("VISIT".into())),
    };
    LifeFact {
        table,
        system: system.as_str().into(),
        code: event.code.into(),
        day: event.day,
        suspected: event.suspected,
        times: event.days,
        value: event.value,
        unit: event.unit.into(),
    }
}
