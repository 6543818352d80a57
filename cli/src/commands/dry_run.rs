//! `musubi release dry-run`: how many persons a request would reach, in bands, before anybody decides on it; and for the
//! committee's dossier what protection would leave of it.
//!
//! The cohort is written as for a release, after opt-outs, and dropped again. Never shows a number of persons.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_model::policy::Policy;
use musubi_model::spec::ExtractSpec;
use musubi_release::simulate::{self, Trial};
use musubi_release::{Feasibility, ReleaseError};
use musubi_review_board::committee::basis::{Basis, PolicyBasis};
use musubi_review_board::{ApprovalError, SignedPolicy};
use musubi_storage::dry_run::{DRY_RUN, DryRunRow};
use musubi_storage::identity::{CohortOrder, CohortUse};
use musubi_storage::registry::ReleaseDb;
use serde_json::{Value, json};

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{CODE_VERSION, Home, now, today};
use crate::say::Voice;

/// After so many hours a cohort of a dry run belongs to one that was stopped.
const LEFT_BEHIND_HOURS: i64 = 24;

/// Counts, and tells the bands.
pub fn dry_run(cli: &Cli, voice: Voice, file: &Path) -> Result<Ending> {
    let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
    let home = Home::open(cli)?;
    let asked = asked(&text)?;
    let counted = on_cohort(&home, cli, voice, &asked, |db, cohort| count_in(&home, db, &asked, cohort))?;
    let told = &counted.told;
    say(voice, told, counted.asked, counted.allowed);
    told.verdict()?;
    Ok(Ending::Done)
}

/// Counts in bands for the committee's dossier; too few is a finding there, no failure.
pub fn count(home: &Home, cli: &Cli, voice: Voice, text: &str) -> Result<Value> {
    let asked = asked(text)?;
    let counted = on_cohort(home, cli, voice, &asked, |db, cohort| count_in(home, db, &asked, cohort))?;
    Ok(serde_json::to_value(counted.told)?)
}

/// What a request would come to (小さいセルの試算): its counts in bands, what protection leaves, and on what that was
/// counted. One asking of the recipient's day.
pub fn simulate(
    home: &Home,
    cli: &Cli,
    voice: Voice,
    text: &str,
    document_hash: &str,
) -> Result<(Value, Value)> {
    let asked = asked(text)?;
    let (basis, policy) = basis(home, &asked, document_hash)?;
    let counted = on_cohort(home, cli, voice, &asked, |db, cohort| {
        let trial = Trial {
            lake: &home.folders().lake,
            spec: &asked,
            policy: policy.as_ref(),
            cohort_id: cohort,
            parameters: &home.parameters,
            on: today(),
        };
        Ok((count_in(home, db, &asked, cohort)?, simulate::simulate(db, &trial)?))
    })?;
    // The snapshot is the cohort's own: a delivery may have come in since the basis was read.
    let basis = Basis { snapshot: counted.commit, ..basis };
    let (count, told) = counted.told;
    let mut told = serde_json::to_value(told)?;
    if let Some(fields) = told.as_object_mut() {
        fields.insert("basis".to_owned(), serde_json::to_value(basis)?);
    }
    Ok((serde_json::to_value(count)?, told))
}

/// On what a trial of this request would be counted now, and the policy, when it may be used today.
pub fn basis(home: &Home, spec: &ExtractSpec, document_hash: &str) -> Result<(Basis, Option<Policy>)> {
    const COUNTS: [&str; 3] =
        ["statistics.cell_min_persons", "statistics.age_top_years", "release.cohort_min_persons"];
    let mut db = home.registry.release()?;
    let policy = match spec.policy.as_ref() {
        None => None,
        Some(named) => match SignedPolicy::load(&mut db, named, &home.ring.board.public(), today()) {
            Ok(signed) => Some(signed.policy().clone()),
            // Nothing is made under it either: the trial says so.
            Err(ApprovalError::Unknown(_) | ApprovalError::PolicyDate { .. }) => None,
            Err(failed) => return Err(failed.into()),
        },
    };
    let adopted = home.registry.board()?.policies()?;
    let name = spec.policy.as_ref().map(|named| named.name.as_str());
    let mut parameters = BTreeMap::new();
    for counts in COUNTS {
        parameters.insert(counts.to_owned(), home.parameters.number(counts, today())?.to_string());
    }
    let stops = blake3::hash(format!("stops {}", db.opt_out_mark()?).as_bytes()).to_hex();
    let basis = Basis {
        document_hash: document_hash.to_owned(),
        snapshot: db.current_commit()?.unwrap_or(0),
        stops: stops.chars().take(16).collect(),
        policy: policy.as_ref().map(|p| PolicyBasis {
            name: p.name.clone(),
            version: p.version,
            hash: p.hash(),
        }),
        newest_version: adopted.iter().filter(|p| Some(p.name.as_str()) == name).map(|p| p.version).max(),
        parameters,
        program: CODE_VERSION.to_owned(),
    };
    Ok((basis, policy))
}

fn asked(text: &str) -> Result<ExtractSpec> {
    Ok(ExtractSpec::parse(text).map_err(ReleaseError::Spec)?)
}

fn count_in(
    home: &Home,
    db: &mut ReleaseDb,
    spec: &ExtractSpec,
    cohort: &str,
) -> Result<Feasibility, ReleaseError> {
    let floor = home.parameters.number("release.cohort_min_persons", today())?;
    musubi_release::dry_run(db, &home.folders().lake, spec, cohort, floor)
}

/// What was found on a cohort that was written to count only.
struct Counted<T> {
    told: T,
    asked: u64,
    allowed: u64,
    commit: i64,
}

/// Writes the cohort of a request, works on it, and drops it.
fn on_cohort<T>(
    home: &Home,
    cli: &Cli,
    voice: Voice,
    spec: &ExtractSpec,
    work: impl FnOnce(&mut ReleaseDb, &str) -> Result<T, ReleaseError>,
) -> Result<Counted<T>> {
    let mut db = home.registry.release()?;
    let entered = enter(home, cli, voice, &mut db, spec)?;
    let told = work(&mut db, &entered.cohort_id);
    // What it served for is done, whatever came out.
    db.drop_cohort(&entered.cohort_id)?;
    let told = told.context("試算できません")?;
    Ok(Counted { told, asked: entered.asked, allowed: entered.allowed, commit: entered.commit })
}

/// A cohort written to count only: its name and snapshot, how often was asked today, and how often may be.
struct Entered {
    cohort_id: String,
    commit: i64,
    asked: u64,
    allowed: u64,
}

/// Counts the asking, then writes the cohort.
fn enter(home: &Home, cli: &Cli, voice: Voice, db: &mut ReleaseDb, spec: &ExtractSpec) -> Result<Entered> {
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
    Ok(Entered { cohort_id, commit, asked: before + 1, allowed })
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
