//! The ledger that is kept beside backups (削除台帳): all erasures and opt-outs, signed. A restored house takes it and does
//! everything again that was done after its backup. It holds sealed lists and tokens, no names.

use std::path::Path;

use jiff::Timestamp;
use musubi_model::ids::{from_hex_vec, to_hex};
use musubi_model::sign::{ERASURE_LEDGER, Signature};
use musubi_storage::erasure::ErasureJobRow;
use serde::{Deserialize, Serialize};

use super::run::Running;
use super::{ErasureError, ErasureFaults, Scanned, Stores, run, scan};

/// Erasures and opt-outs up to a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// When it was written.
    pub at: Timestamp,
    /// Erasures that were begun, oldest first.
    erasures: Vec<Entry>,
    /// Opt-outs, as the registry writes them out.
    opt_outs: String,
    /// The desk's requests with their papers, likewise. A ledger of before has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    desk: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    ground: String,
    scope: String,
    instruction: String,
    scope_hash: String,
    scope_sealed: String,
    before: String,
    planned: (Timestamp, String),
    confirmed: (Timestamp, String),
    run: (Timestamp, String),
    verified: Option<(Timestamp, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    ledger: Ledger,
    signature: Signature,
}

impl Ledger {
    /// Erasures in it.
    #[must_use]
    pub fn erasures(&self) -> usize {
        self.erasures.len()
    }

    fn bytes(&self) -> Result<Vec<u8>, ErasureError> {
        serde_json::to_vec(self).map_err(|_| ErasureError::Damaged("the ledger"))
    }
}

/// The ledger as it is now, signed: the text of the file.
///
/// # Errors
/// What the store says.
pub fn export_ledger(stores: &Stores<'_>, at: Timestamp) -> Result<String, ErasureError> {
    let mut db = stores.registry.erasure()?;
    let erasures = db
        .erasures()?
        .into_iter()
        .filter_map(|job| {
            Some(Entry {
                id: job.id,
                ground: job.ground,
                scope: job.scope,
                instruction: job.instruction,
                scope_hash: job.scope_hash,
                scope_sealed: to_hex(&job.scope_sealed),
                before: job.before,
                planned: job.planned,
                confirmed: job.confirmed?,
                run: job.run?,
                verified: job.verified,
            })
        })
        .collect();
    let ledger = Ledger { at, erasures, opt_outs: db.export_opt_outs()?, desk: db.export_desk()? };
    let signature = stores.ring.house.sign(ERASURE_LEDGER, &ledger.bytes()?);
    serde_json::to_string(&Signed { ledger, signature }).map_err(|_| ErasureError::Damaged("the ledger"))
}

/// Reads a ledger and holds it against the house's key.
///
/// # Errors
/// [`ErasureError::NotSigned`] when anything in it was changed.
pub fn read_ledger(stores: &Stores<'_>, text: &str) -> Result<Ledger, ErasureError> {
    let not = || ErasureError::NotSigned("the ledger of erasures");
    let Signed { ledger, signature } = serde_json::from_str(text).map_err(|_| not())?;
    let holds = stores.ring.house.public().verifies(ERASURE_LEDGER, &ledger.bytes()?, &signature);
    if holds { Ok(ledger) } else { Err(not()) }
}

/// What was done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reapplied {
    /// Erasures of the ledger.
    pub erasures: u64,
    /// Facts that had come back and are gone again.
    pub facts: u64,
    /// Opt-outs that were missing or stood otherwise.
    pub opt_outs: u64,
    /// What was found afterwards.
    pub scanned: Scanned,
}

/// Applies every erasure and opt-out of the ledger again. However often: what is done is found done.
///
/// # Errors
/// What the stores say; then it is run again.
pub fn reapply(
    stores: &Stores<'_>,
    data: &Path,
    ledger: &Ledger,
    how: &mut Running<'_>,
) -> Result<Reapplied, ErasureError> {
    let mut db = stores.registry.erasure()?;
    let opt_outs = db.import_opt_outs(&ledger.opt_outs)?;
    if !ledger.desk.is_empty() {
        db.import_desk(&ledger.desk)?;
    }
    let mut facts = 0;
    let mut jobs = Vec::new();
    for entry in &ledger.erasures {
        let before = db.erased_files(&entry.id)?.iter().map(|f| f.rows_removed).sum::<u64>();
        db.bring_back_erasure(&entry.row()?)?;
        // A backup made between the plan and the run knows it as planned.
        db.confirm_erasure(&entry.id, &entry.confirmed.1, entry.confirmed.0)?;
        db.begin_erasure(&entry.id, &entry.run.1, entry.run.0)?;
        let mut again = Running {
            by: how.by,
            now: how.now,
            redecide: &mut *how.redecide,
            crowd_max: how.crowd_max,
            faults: ErasureFaults::default(),
            again: true,
        };
        let done = run(stores, &entry.id, &mut again)?;
        facts += done.facts.saturating_sub(before);
        jobs.push(super::job(stores, &entry.id)?);
    }
    let scanned = scan(stores, data, &jobs)?;
    if scanned.left_over == 0 {
        for (at, by, id) in
            ledger.erasures.iter().filter_map(|e| e.verified.as_ref().map(|(at, by)| (*at, by, &e.id)))
        {
            db.verify_erasure(id, by, at)?;
        }
    }
    let erasures = u64::try_from(jobs.len()).unwrap_or(u64::MAX);
    Ok(Reapplied { erasures, facts, opt_outs, scanned })
}

impl Entry {
    fn row(&self) -> Result<ErasureJobRow, ErasureError> {
        Ok(ErasureJobRow {
            id: self.id.clone(),
            ground: self.ground.clone(),
            scope: self.scope.clone(),
            instruction: self.instruction.clone(),
            scope_hash: self.scope_hash.clone(),
            scope_sealed: from_hex_vec(&self.scope_sealed)
                .ok_or(ErasureError::Damaged("a list of an erasure"))?,
            before: self.before.clone(),
            planned: self.planned.clone(),
            state: "running".to_owned(),
            confirmed: Some(self.confirmed.clone()),
            run: Some(self.run.clone()),
            erased_at: None,
            after: None,
            verified: None,
            left_over: None,
        })
    }
}
