//! `musubi release dry-run`: how many persons a request would reach, in bands, before anybody decides on it.
//!
//! The cohort is written as for a release, after opt-outs, and dropped again. Never shows a number of persons.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_model::spec::ExtractSpec;
use musubi_release::{Feasibility, ReleaseError};
use musubi_storage::dry_run::{DRY_RUN, DryRunRow};
use musubi_storage::identity::{CohortOrder, CohortUse};
use musubi_storage::registry::ReleaseDb;
use serde_json::json;

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// After so many hours a cohort of a dry run belongs to one that was stopped.
const LEFT_BEHIND_HOURS: i64 = 24;

/// Counts, and tells the bands.
pub fn dry_run(cli: &Cli, voice: Voice, file: &Path) -> Result<Ending> {
    let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
    let spec = ExtractSpec::parse(&text).map_err(ReleaseError::Spec)?;
    let home = Home::open(cli)?;
    let floor = home.parameters.number("release.cohort_min_persons", today())?;
    let mut db = home.registry.release()?;
    let (cohort_id, asked, allowed) = enter(&home, cli, voice, &mut db, &spec)?;
    let told = musubi_release::dry_run(&mut db, &home.folders().lake, &spec, &cohort_id, floor);
    // What it served for is done, whatever came out.
    db.drop_cohort(&cohort_id)?;
    let told = told.context("試算できません")?;
    say(voice, &told, asked, allowed);
    told.verdict()?;
    Ok(Ending::Done)
}

/// Counts in bands for the committee's dossier; too few is a finding there, no failure.
pub fn count(home: &Home, cli: &Cli, voice: Voice, text: &str) -> Result<serde_json::Value> {
    let spec = ExtractSpec::parse(text).map_err(ReleaseError::Spec)?;
    let floor = home.parameters.number("release.cohort_min_persons", today())?;
    let mut db = home.registry.release()?;
    let (cohort_id, ..) = enter(home, cli, voice, &mut db, &spec)?;
    let told = musubi_release::dry_run(&mut db, &home.folders().lake, &spec, &cohort_id, floor);
    db.drop_cohort(&cohort_id)?;
    Ok(serde_json::to_value(told.context("試算できません")?)?)
}

/// Counts the asking, then writes the cohort. Its name, how often was asked today, and how often may be.
fn enter(
    home: &Home,
    cli: &Cli,
    voice: Voice,
    db: &mut ReleaseDb,
    spec: &ExtractSpec,
) -> Result<(String, u64, u64)> {
    let (at, on) = (now(), today());
    let allowed = home.parameters.number("release.dry_runs_per_day", on)?;
    let nothing = ReleaseError::Snapshot("nothing was ever loaded");
    let commit = db.current_commit()?.ok_or(nothing)?;
    let mut identities = home.registry.identity()?;
    super::gate::must_be_open(&mut identities, voice)?;
    let actor = Name::new(&cli.actor).context("--actor")?.to_string();
    let row = DryRunRow {
        applicant: spec.recipient.trim(),
        on,
        at,
        actor: &actor,
        scope_hash: &spec.scope_hash(),
        commit,
    };
    let before = db.enter_dry_run(&row, allowed)?.map_err(|asked| ReleaseError::Quota { asked, allowed })?;
    db.drop_dry_runs(at - jiff::SignedDuration::from_hours(LEFT_BEHIND_HOURS))?;
    // Named after who asked what and when: no two are the same.
    let name = blake3::hash(format!("{}\0{at}\0{before}", row.scope_hash).as_bytes()).to_hex();
    let cohort_id = format!("D-{commit}-{}", name.chars().take(16).collect::<String>());
    let untold = super::release::untold(home, db, spec.product, commit)?;
    let usage = untold.as_ref().map_or(CohortUse::Anonymised, |untold| CohortUse::Pseudonymised { untold });
    let order = CohortOrder { cohort_id: &cohort_id, approval_id: DRY_RUN, commit_id: commit, usage, on, at };
    let written = identities.write_cohort(&order).context("対象集団を書けません")?;
    let object = AuditObject::Cohort(Name::new(&cohort_id).context("cohort")?);
    let entered = books::audit(
        &mut identities,
        cli,
        AuditRole::Release,
        AuditAction::BuildCohort,
        object,
        written.persons,
    );
    if let Err(error) = entered {
        // Nothing is counted that is not on record.
        db.drop_cohort(&cohort_id)?;
        return Err(error);
    }
    Ok((cohort_id, before + 1, allowed))
}

fn say(voice: Voice, told: &Feasibility, asked: u64, allowed: u64) {
    voice.say(
        format!("試算(人数は階級で示します。本日 {asked}/{allowed} 回)"),
        format!("Dry run (persons in bands; {asked} of {allowed} today)"),
    );
    voice.say(
        format!("  停止の求めを除いた人: {}\n  数える傷病のある人: {}", told.persons, told.diagnosed),
        format!(
            "  persons after opt-outs: {}\n  with a diagnosis that counts: {}",
            told.persons, told.diagnosed
        ),
    );
    for (nth, step) in (1..).zip(&told.steps) {
        voice.line(format!("  {nth}. {}: {}", step.title, step.left));
    }
    let (ja, en) = if told.feasible {
        ("作成できます", "feasible")
    } else {
        ("作成できません", "not feasible")
    };
    voice.say(
        format!("  対象集団: {} — {ja}(下限 {} 人)", told.cohort, told.floor),
        format!("  cohort: {} — {en} (at least {} persons)", told.cohort, told.floor),
    );
    voice.value(&json!({ "dry_run": told, "asked_today": asked, "allowed_a_day": allowed }));
}
