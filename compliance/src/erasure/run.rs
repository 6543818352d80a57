//! Running a job: step by step, each of which finds nothing to do when it was done already, so that a run that died is
//! simply run again. A step is noted when it is done.

use std::collections::BTreeSet;

use jiff::Timestamp;
use musubi_model::ResearchId;
use musubi_model::ids::{from_hex_vec, to_hex};
use musubi_storage::StorageError;
use musubi_storage::erasure::StepRow;
use musubi_storage::keys::KeyRing;
use musubi_storage::lake::{self, LakeFile};
use musubi_storage::registry::ErasureDb;
use musubi_storage::vault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::scope::{self, Scope};
use super::{ErasureError, ErasureFaults, Stores, blank, retired_set, upkeep};

/// The steps in their order: facts, paths that may hold numbers, keys, rows, matching decided again, tables rewritten.
pub const STEPS: [&str; 6] = ["lake", "paths", "keys", "registry", "matching", "upkeep"];
/// Files rewritten side by side.
const FILES_AT_ONCE: usize = 8;
/// First part of the context of a sealed list of retired research ids.
const RETIRED: &[u8] = b"erasure-retired/1";

/// What a run needs besides the stores.
pub struct Running<'a> {
    /// Who runs it: not who confirmed it.
    pub by: &'a str,
    /// The time now.
    pub now: &'a dyn Fn() -> Timestamp,
    /// Decides components of matching again; says how many identities were decided.
    pub redecide: &'a mut dyn FnMut(&BTreeSet<i64>) -> Result<u64, StorageError>,
    /// Parameter `matching.crowd_max`.
    pub crowd_max: u32,
    /// Faults to inject; none in normal operation.
    pub faults: ErasureFaults,
    /// Once more, after a restore.
    pub again: bool,
}

impl std::fmt::Debug for Running<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("by", &self.by).field("again", &self.again).finish_non_exhaustive()
    }
}

/// What a job did, over all its runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Facts that are gone.
    pub facts: u64,
    /// Lake files that were rewritten.
    pub files: u64,
    /// Lake files there were.
    pub files_all: u64,
    /// Bytes of the files that were rewritten.
    pub bytes_before: u64,
    /// Bytes of what took their place.
    pub bytes_after: u64,
    /// Bytes of the row groups that were decoded and encoded anew.
    pub bytes_encoded: u64,
    /// Keys that were destroyed.
    pub keys: u64,
    /// Paths that were blanked in manifests.
    pub paths: u64,
    /// Rows of the registry, by table.
    pub rows: Map<String, Value>,
    /// Persons of whom nobody is left.
    pub persons_retired: u64,
    /// Identities of others that were decided again.
    pub decided: u64,
    /// Tables that were written anew.
    pub tables: u64,
}

/// The detail of the registry's step.
#[derive(Serialize, Deserialize)]
struct Rows {
    rows: Map<String, Value>,
    components: Vec<i64>,
    retired: u64,
    /// Their research ids, sealed: for the scan.
    retired_sealed: String,
}

/// Runs a confirmed job, or goes on with one that died.
///
/// # Errors
/// [`ErasureError::Refused`] when it is not confirmed, or by the one who runs it; what the stores say.
pub fn run(stores: &Stores<'_>, id: &str, how: &mut Running<'_>) -> Result<Done, ErasureError> {
    let job = super::job(stores, id)?;
    let scope = Scope::open(stores.ring, id, &job.scope_sealed)?;
    if scope.hash(stores.ring) != job.scope_hash {
        return Err(ErasureError::Damaged("the list is not the one that was planned"));
    }
    let mut db = stores.registry.erasure()?;
    db.lock_loads()?;
    if !how.again && !db.begin_erasure(id, how.by, (how.now)())? {
        return Err(ErasureError::Refused(
            "it takes a confirmed erasure, and another person than who confirmed it",
        ));
    }
    db.list_erasing(id, &scope.identities)?;
    how.faults.pass("begun");
    let known: BTreeSet<String> =
        db.erasure_steps(id)?.into_iter().filter(|s| s.again == how.again).map(|s| s.step).collect();
    for step in STEPS {
        // Once more after a restore: everything is looked at again, however often.
        if known.contains(step) && !how.again {
            continue;
        }
        let detail = match step {
            "lake" => facts(stores, &mut db, id, &scope, how)?,
            "paths" => paths(stores, &mut db, id, how)?,
            "keys" => json!({ "keys": db.destroy_keys(id, (how.now)())? }),
            "registry" => {
                how.faults.pass("keys-destroyed");
                let note = |said: &str| rows_step(stores.ring, id, said, (how.now)(), how.again);
                db.erase_rows(id, how.crowd_max, &note)?;
                how.faults.pass("rows-removed");
                continue;
            }
            "matching" => {
                let components = components(&mut db, id)?;
                let decided = if components.is_empty() { 0 } else { (how.redecide)(&components)? };
                how.faults.pass("decided");
                json!({ "decided": decided })
            }
            _ => {
                db.unlist_erasing()?;
                let tables = upkeep(stores)?;
                how.faults.pass("rewritten");
                json!({ "tables": tables })
            }
        };
        let step =
            StepRow { step: step.to_owned(), at: (how.now)(), detail: detail.to_string(), again: how.again };
        db.note_erasure_step(id, &step)?;
    }
    let done = summary(&mut db, id)?;
    let after = serde_json::to_string(&done).map_err(|_| ErasureError::Damaged("counts"))?;
    db.end_erasure(id, &after, (how.now)())?;
    db.let_loads()?;
    Ok(done)
}

/// Facts: every file that holds one is written anew without them, then the old one is overwritten and unlinked.
fn facts(
    stores: &Stores<'_>,
    db: &mut ErasureDb,
    id: &str,
    scope: &Scope,
    how: &Running<'_>,
) -> Result<Value, ErasureError> {
    let _hold = lake::hold(stores.lake)?;
    let files = db.every_lake_file()?;
    // What a run that died had replaced and not yet removed.
    let catalogued: BTreeSet<&str> = files.iter().map(|f| f.file_id.as_str()).collect();
    for gone in db.erased_files(id)? {
        if !catalogued.contains(gone.old.as_str()) {
            lake::scrub(stores.lake, &stub(&gone), None)?;
        }
    }
    let (mut groups, mut encoded) = (0usize, 0u64);
    for some in files.chunks(FILES_AT_ONCE) {
        for (old, rewritten) in lake::erase_some(stores.lake, some, &scope.gone())? {
            how.faults.pass("file-written");
            db.replace_erased_file(id, old, &rewritten, (how.now)())?;
            how.faults.pass("file-replaced");
            lake::scrub(stores.lake, old, Some(&rewritten.places))?;
            groups += rewritten.groups_encoded;
            encoded += rewritten.bytes_encoded;
        }
    }
    Ok(json!({ "files_all": files.len(), "groups_encoded": groups, "bytes_encoded": encoded }))
}

fn stub(gone: &musubi_storage::erasure::ErasedFile) -> LakeFile {
    LakeFile {
        file_id: gone.old.clone(),
        table: gone.table,
        bucket_min: 0,
        bucket_max: 0,
        rows: 0,
        bytes: gone.bytes_before,
        first_day: None,
        last_day: None,
        submissions: Vec::new(),
    }
}

/// Paths in manifests; packs that no row names any more go with them.
fn paths(
    stores: &Stores<'_>,
    db: &mut ErasureDb,
    id: &str,
    how: &Running<'_>,
) -> Result<Value, ErasureError> {
    let blanked = blank::manifests(stores, db, id, how.by, (how.now)())?;
    let known = db.every_pack()?;
    for name in vault::packs(stores.vault)?.difference(&known) {
        vault::scrub(stores.vault, &name.parse()?)?;
    }
    how.faults.pass("paths-blanked");
    Ok(json!({ "paths": blanked }))
}

/// What the database said of the rows, as the step's detail: research ids sealed.
fn rows_step(
    ring: &KeyRing,
    id: &str,
    said: &str,
    at: Timestamp,
    again: bool,
) -> Result<StepRow, StorageError> {
    let damaged = || StorageError::Damaged("what the database said of an erasure".to_owned());
    let mut rows: Map<String, Value> = serde_json::from_str(said).map_err(|_| damaged())?;
    let components = rows.remove("components").unwrap_or_default();
    let retired = rows.remove("retired").unwrap_or_else(|| json!([]));
    let sealed = scope::key(ring).seal(&[RETIRED, id.as_bytes()], retired.to_string().as_bytes())?;
    let detail = Rows {
        components: serde_json::from_value(components).map_err(|_| damaged())?,
        retired: u64::try_from(retired.as_array().map_or(0, Vec::len)).unwrap_or(u64::MAX),
        retired_sealed: to_hex(&sealed),
        rows,
    };
    let detail = serde_json::to_string(&detail).map_err(|_| damaged())?;
    Ok(StepRow { step: "registry".to_owned(), at, detail, again })
}

fn rows_of(step: &StepRow) -> Result<Option<Rows>, ErasureError> {
    if step.step != "registry" {
        return Ok(None);
    }
    serde_json::from_str(&step.detail).map(Some).map_err(|_| ErasureError::Damaged("a step of an erasure"))
}

/// The research ids that a step retired.
pub(super) fn retired_of(
    ring: &KeyRing,
    id: &str,
    step: &StepRow,
) -> Result<BTreeSet<ResearchId>, ErasureError> {
    let damaged = || ErasureError::Damaged("a list of retired research ids");
    let Some(rows) = rows_of(step)? else { return Ok(BTreeSet::new()) };
    let sealed = from_hex_vec(&rows.retired_sealed).ok_or_else(damaged)?;
    let plain = scope::key(ring).open(&[RETIRED, id.as_bytes()], &sealed)?;
    retired_set(&serde_json::from_slice::<Vec<String>>(&plain).map_err(|_| damaged())?)
}

/// Every component that was noted to be decided again, also by a run that died after it.
fn components(db: &mut ErasureDb, id: &str) -> Result<BTreeSet<i64>, ErasureError> {
    let mut all = BTreeSet::new();
    for step in db.erasure_steps(id)? {
        all.extend(rows_of(&step)?.map(|rows| rows.components).unwrap_or_default());
    }
    Ok(all)
}

/// All steps together.
fn summary(db: &mut ErasureDb, id: &str) -> Result<Done, ErasureError> {
    let mut done = Done::default();
    for file in db.erased_files(id)? {
        done.facts += file.rows_removed;
        done.files += 1;
        done.bytes_before += file.bytes_before;
        done.bytes_after += file.bytes_after;
    }
    for step in db.erasure_steps(id)? {
        if let Some(rows) = rows_of(&step)? {
            done.persons_retired += rows.retired;
            for (table, count) in rows.rows {
                let sum = done.rows.get(&table).and_then(Value::as_u64).unwrap_or(0);
                done.rows.insert(table, json!(sum + count.as_u64().unwrap_or(0)));
            }
            continue;
        }
        let detail: Value =
            serde_json::from_str(&step.detail).map_err(|_| ErasureError::Damaged("a step of an erasure"))?;
        let count = |name: &str| detail.get(name).and_then(Value::as_u64).unwrap_or(0);
        done.files_all = done.files_all.max(count("files_all"));
        done.bytes_encoded += count("bytes_encoded");
        done.keys += count("keys");
        done.paths += count("paths");
        done.decided += count("decided");
        done.tables = done.tables.max(count("tables"));
    }
    Ok(done)
}
