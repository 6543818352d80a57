//! `musubi trust`: when the promises of the house were last proven, and what is overdue. It reads the books; it proves nothing
//! itself, and what nobody has proven is overdue.

use anyhow::{Context as _, Result};
use musubi_compliance::audit::AuditAction;
use musubi_compliance::trust::{Proof, Seen, Standing, due, standing};
use musubi_storage::registry::ActDb;
use serde_json::{Value, json};

use super::Ending;
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let mut told = Vec::new();
    let mut open = 0u64;
    for proof in Proof::ALL.iter().copied() {
        let seen = seen(&home, &mut db, proof)?;
        let within = home.parameters.number(proof.parameter(), today())?;
        let stands = standing(seen.as_ref(), within, today());
        open += u64::from(stands != Standing::Good);
        let (mark, ja, en) = match stands {
            Standing::Good => ("✓", "期限内", "in time"),
            Standing::Overdue => ("!", "期限を過ぎています", "overdue"),
            Standing::Failed => ("✗", "前回は失敗", "failed last time"),
        };
        let at = seen.as_ref().map(|s| s.at.to_string()).unwrap_or_default();
        let what = seen.as_ref().map(|s| s.what.clone()).unwrap_or_default();
        voice.line(format!(
            "{mark} {:<24} {}  {at}  {what}",
            voice.word(proof.ja(), proof.en()),
            voice.word(ja, en)
        ));
        told.push(json!({
            "proof": proof.as_str(), "ja": proof.ja(), "en": proof.en(), "standing": stands,
            "standing_ja": ja, "standing_en": en, "at": seen.as_ref().map(|s| s.at), "well": seen.as_ref().map(|s| s.well),
            "what": what, "due": due(seen.as_ref(), within), "within_days": within, "parameter": proof.parameter(),
            "mend": proof.mend(),
        }));
    }
    let figures = figures(&home, &mut db)?;
    voice.value(&json!({ "on": today(), "now": now(), "open": open, "proofs": told, "figures": figures }));
    Ok(if open == 0 { Ending::Done } else { Ending::LookAtIt })
}

/// What the books say of a proof.
pub fn seen(home: &Home, db: &mut ActDb, proof: Proof) -> Result<Option<Seen>> {
    let booked = |db: &mut ActDb, action: AuditAction| -> Result<Option<Seen>> {
        let last = db.last_booked(action.as_str()).context("証跡を読めません")?;
        Ok(last.map(|(at, result)| Seen { at, well: result == "done", what: String::new() }))
    };
    Ok(match proof {
        Proof::Backup => db.backups_seen()?.backup.map(|(backup, at)| Seen { at, well: true, what: backup }),
        Proof::RestoreDrill => {
            let drill = db.backups_seen()?.drill;
            drill.map(|(backup, at, left)| Seen { at, well: left == 0, what: backup })
        }
        Proof::LogVerified => booked(db, AuditAction::VerifyAudit)?,
        Proof::Checkpoint => {
            let last = db.checkpoints()?.into_iter().next_back();
            // A time that cannot be read is no proof.
            last.and_then(|c| Some(Seen { at: c.at.parse().ok()?, well: true, what: c.size.to_string() }))
        }
        Proof::Witness => booked(db, AuditAction::Witness)?,
        Proof::LogReview => booked(db, AuditAction::ReviewLog)?,
        Proof::Checks => {
            let all = db.newest_check_results()?;
            let failed = all.iter().filter(|r| r.blocking).count();
            let oldest = all.iter().map(|r| r.at).min();
            oldest.map(|at| Seen {
                at,
                well: failed == 0,
                what: format!("{}/{}", all.len() - failed, all.len()),
            })
        }
        Proof::Gates => {
            let last = home.registry.identity()?.gate_runs(1)?.into_iter().next();
            match last {
                Some(run) => Some(Seen {
                    at: run.at,
                    well: run.passed || run.opened.is_some(),
                    what: run.gate_run_id.to_string(),
                }),
                None => None,
            }
        }
    })
}

/// Figures that show the size of what is promised.
fn figures(home: &Home, db: &mut ActDb) -> Result<Value> {
    let mut console = home.registry.console()?;
    let lake = console.lake()?;
    let entries = musubi_compliance::audit::checkpoint(&mut console)?.map(|c| c.seq);
    Ok(json!({
        "audit_entries": entries, "lake_commit": lake.commit, "dead_units": lake.dead_units,
        "tables": lake.tables.iter().map(|t| json!({ "table": t.table, "rows": t.rows, "bytes": t.bytes })).collect::<Vec<_>>(),
        "witnesses": db.checkpoints()?.last().map(|c| c.witnesses.keys().cloned().collect::<Vec<_>>()),
        "releases": console.releases(1)?.first().map(|r| json!({ "release": r.release_id, "at": r.sealed_at })),
        "parameter_hash": home.parameters.hash(), "code_version": crate::home::CODE_VERSION,
    }))
}
