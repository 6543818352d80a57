//! `musubi report`: the operator's page of a night, or one delivery's acknowledgement, as one HTML file.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_compliance::optout::OptOutGate;
use musubi_console::night::{AgeBand, People, Place, ReleaseSummary};
use musubi_console::{AckMore, AckReport, Lang, NightReport, night_report, submission_report};
use musubi_model::{FactTable, PartialDate, ResearchId, Sex};
use musubi_release::Manifest;
use musubi_storage::lake::{self, Column, ColumnSet, Want};
use musubi_storage::registry::IngestDb;
use serde_json::json;

use super::findings::rule_named;
use super::show::one_submission;
use super::{Ending, books};
use crate::args::Cli;
use crate::home::{CODE_VERSION, Home, now, today};
use crate::say::Voice;

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, out: &Path, submission: Option<&str>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let lang = if voice.english { Lang::En } else { Lang::Ja };
    let mut db = home.registry.ingest()?;
    let html = match submission {
        Some(prefix) => {
            let id = one_submission(&mut db, prefix)?;
            let mut console = home.registry.console()?;
            let view = console.submission(&id)?.ok_or_else(|| anyhow!("その番号の提出はありません"))?;
            let positions = console.findings(&id, 20)?;
            let report = AckReport {
                submission: view,
                positions,
                made_at: now(),
                house: String::new(),
                more: AckMore::default(),
            };
            books::audit(
                &mut db,
                cli,
                AuditRole::Operator,
                AuditAction::Report,
                AuditObject::Submission(id),
                0,
            )?;
            submission_report(&report, lang, &rule_named).into_string()
        }
        None => {
            let report = read(cli, &home, &mut db)?;
            books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Report, AuditObject::House, 0)?;
            night_report(&report, lang, &rule_named).into_string()
        }
    };
    fs::write(out, &html).with_context(|| format!("書けません: {}", out.display()))?;
    voice.say(
        format!("報告書を書き出しました: {}", out.display()),
        format!("Wrote the report: {}", out.display()),
    );
    voice.value(&json!({ "report": out, "bytes": html.len() }));
    Ok(Ending::Done)
}

fn read(cli: &Cli, home: &Home, db: &mut IngestDb) -> Result<NightReport> {
    let mut console = home.registry.console()?;
    let made_at = now();
    let from = made_at.checked_sub(jiff::SignedDuration::from_hours(24))?;
    let until = made_at.checked_add(jiff::SignedDuration::from_secs(1))?;
    let mut report = NightReport::read(&mut console, today(), made_at, from, until)?;
    let mut identities = home.registry.identity()?;
    let counts = identities.people_counts()?;
    report.people = Some(People {
        identities: counts.identities,
        persons: counts.persons,
        conflicts_open: counts.conflicts_open,
    });
    report.pyramid = pyramid(home, db, &identities.person_map()?, made_at)?;
    report.cell_min_persons = home.parameters.number("statistics.cell_min_persons", today())?;
    let gate = OptOutGate::load(db, &home.parameters, today())?;
    report.opt_outs = Some(gate.entries_in_force(today()));
    for release in console.releases(20)? {
        let manifest: Option<Manifest> = serde_json::from_str(&release.manifest).ok();
        let title = home
            .registry
            .board()?
            .requests()?
            .into_iter()
            .find(|r| r.request_id == release.request_id)
            .and_then(|r| musubi_model::spec::ExtractSpec::parse(&r.spec).ok())
            .map_or_else(|| release.request_id.clone(), |s| s.title);
        report.releases.push(ReleaseSummary {
            release_id: release.release_id.clone(),
            title,
            approval_id: release.approval_id.clone(),
            scope_hash: release.scope_hash.clone(),
            manifest_hash: blake3::hash(release.manifest.as_bytes()).to_hex().to_string(),
            commit: release.commit,
            sealed_at: release.sealed_at,
            cells_shown: manifest.as_ref().map_or(0, |m| m.cells_shown),
            cells_hidden: manifest.as_ref().map_or(0, |m| m.cells_hidden),
            // The builder refuses to seal what the checker does not pass.
            verified: manifest.map(|_| true),
        });
    }
    let data = cli.data.display();
    let place = |what: &str, at: String| Place { what: what.to_owned(), at };
    report.places = vec![
        place("原本(暗号化)", format!("{data}/vault")),
        place("事実(Parquet)", format!("{data}/lake")),
        place("台帳(PostgreSQL)", format!("{data}/postgres")),
        place("提出の一覧", format!("musubi --data {data} submission")),
        place("事実から元データへ", format!("musubi --data {data} trace any")),
        place("全体の点検", format!("musubi --data {data} check")),
    ];
    report.parameter_hash = home.parameters.hash();
    report.code_version = CODE_VERSION.to_owned();
    Ok(report)
}

/// Persons by five-year age band and sex, from the person facts of the current snapshot; each person once.
fn pyramid(
    home: &Home,
    db: &mut IngestDb,
    persons: &HashMap<musubi_model::IdentityId, ResearchId>,
    at: Timestamp,
) -> Result<Vec<AgeBand>> {
    let on: Date = musubi_etl::house::japanese_day(at);
    let top = u16::try_from(home.parameters.number("statistics.age_top_years", today())?)?;
    let dead = db.dead_units()?;
    let mut seen: HashMap<ResearchId, (PartialDate, Sex)> = HashMap::new();
    let columns = ColumnSet::of(&[
        Column::IdentityId,
        Column::Document,
        Column::Unit,
        Column::StartDays,
        Column::StartPrecision,
        Column::Status,
    ]);
    for file in db.lake_files()?.iter().filter(|f| f.table == FactTable::Person) {
        lake::read(&home.folders().lake, file, &Want::all(columns), &mut |row| {
            if let (Some(person), Some(birth), Some(sex)) =
                (persons.get(&row.identity()), row.start(), Sex::read(row.status()))
                && !dead.contains(&(row.document(), row.unit()))
            {
                // Identities of one person agree in birth and sex: the first will do.
                seen.entry(*person).or_insert((birth, sex));
            }
            Ok(())
        })?;
    }
    let mut bands: BTreeMap<u16, (u64, u64)> = (0..=top).step_by(5).map(|from| (from, (0, 0))).collect();
    for (birth, sex) in seen.into_values() {
        let Some(age) = birth.age_on(on) else { continue };
        let band = bands.entry((age / 5 * 5).min(top)).or_default();
        match sex {
            Sex::Male => band.0 += 1,
            Sex::Female => band.1 += 1,
            Sex::Other | Sex::Unknown => {}
        }
    }
    Ok(bands
        .into_iter()
        .map(|(from, (male, female))| AgeBand { from, until: (from < top).then_some(from + 4), male, female })
        .collect())
}
