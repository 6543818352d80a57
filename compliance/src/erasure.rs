//! Erasure (削除): who goes, on what ground, by whose hands; in named steps that can be run again after any crash; looked
//! for afterwards by somebody else; certified.
//!
//! Sources: R-DEL-01 to R-DEL-03, R-OPT-08, R-OPT-09, checks C-024, C-026 to C-029. Two executors and a verifier who is
//! neither (C-027); a job holds no personal data: its list lies sealed. Never removes what the law keeps: the books of
//! deliveries, opt-outs and the audit chain stay.

mod blank;
mod certificate;
mod fault;
mod ledger;
mod run;
mod scope;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::{IdentityId, ResearchId, SubmissionId};
use musubi_storage::erasure::{ErasureJobRow, Looked, NewErasureJob, Scoped, Sought};
use musubi_storage::erasure::{scan_files, scan_lake, scan_registry, scan_vault};
use musubi_storage::keys::KeyRing;
use musubi_storage::lake;
use musubi_storage::registry::{ErasureDb, Registry};
use musubi_storage::{StorageError, erasure};
use serde::Serialize;

pub use certificate::{Certificate, SignedCertificate, certify};
pub use fault::{ERASURE_POINTS, ErasureFaults};
pub use ledger::{Ledger, Reapplied, export_ledger, read_ledger, reapply};
pub use run::{Done, Running, STEPS, run};
use scope::Scope;

/// Why an erasure could not be planned, run or verified.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The store.
    #[error("store")]
    Storage(#[from] StorageError),
    /// It may not be done; the words say why.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// A stored list or step that cannot be read.
    #[error("damaged: {0}")]
    Damaged(&'static str),
    /// The ledger or certificate is not what was signed.
    #[error("not as signed: {0}")]
    NotSigned(&'static str),
}

/// Where things lie and the keys that open them.
#[derive(Debug, Clone, Copy)]
pub struct Stores<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// Keys.
    pub ring: &'a KeyRing,
    /// The lake's folder.
    pub lake: &'a Path,
    /// The vault's folder.
    pub vault: &'a Path,
}

/// On what ground something is erased (R-DEL-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ground {
    /// The person asked to stop (R-OPT-08).
    OptOut,
    /// No longer needed (Art. 20).
    NoLongerNeeded,
    /// Received without right, for example without notice (R-DEL-03).
    WronglyReceived,
    /// The provider's contract ended.
    ContractEnd,
    /// The certification was lost.
    CertificationLost,
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OptOut,
        Self::NoLongerNeeded,
        Self::WronglyReceived,
        Self::ContractEnd,
        Self::CertificationLost,
    ];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OptOut => "opt-out",
            Self::NoLongerNeeded => "no-longer-needed",
            Self::WronglyReceived => "wrongly-received",
            Self::ContractEnd => "contract-end",
            Self::CertificationLost => "certification-lost",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::OptOut => "本人の停止の求め",
            Self::NoLongerNeeded => "利用の必要がなくなった",
            Self::WronglyReceived => "誤って受領した",
            Self::ContractEnd => "契約の終了",
            Self::CertificationLost => "認定の失効",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.as_str() == text)
    }
}

/// Who is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Everybody whom the opt-outs in force on that day reach.
    OptOuts(Date),
    /// A person.
    Person(ResearchId),
    /// All of a delivery; persons known from it alone go altogether.
    Submission(SubmissionId),
}

impl Whom {
    fn as_str(self) -> &'static str {
        match self {
            Self::OptOuts(_) => "opt-outs",
            Self::Person(_) => "person",
            Self::Submission(_) => "submission",
        }
    }
}

/// An erasure to be planned.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// Who.
    pub whom: Whom,
    /// On what ground.
    pub ground: Ground,
    /// The number of the instruction or request; needed where something was wrongly received (R-DEL-03).
    pub instruction: &'a str,
    /// When.
    pub at: Timestamp,
    /// Day of it in Japan.
    pub day: Date,
    /// By whom.
    pub by: &'a str,
}

/// Counts of what an erasure reaches; nothing else is kept in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Before {
    /// Source identities.
    pub identities: u64,
    /// Persons with such an identity.
    pub persons: u64,
    /// Units of deliveries.
    pub units: u64,
    /// Raw bytes of those units.
    pub unit_bytes: u64,
    /// Documents.
    pub documents: u64,
    /// Facts, in files of today and of old snapshots.
    pub facts: u64,
    /// Lake files that hold one, and their bytes.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Releases made from a cohort with one of them: identifier and time of sealing.
    pub releases: Vec<(String, String)>,
    /// Deliveries quarantined whole, which nobody has read.
    pub unread: u64,
    /// Backups made before: they still hold what is erased.
    pub backups: Vec<(String, String)>,
}

/// A planned erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Its number.
    pub erasure: String,
    /// Counts.
    pub before: Before,
}

/// Plans an erasure. `None`: it would reach nobody and nothing.
///
/// # Errors
/// [`ErasureError::Refused`] when something wrongly received is to go without an instruction.
pub fn plan(stores: &Stores<'_>, order: &Order<'_>) -> Result<Option<Planned>, ErasureError> {
    if order.ground == Ground::WronglyReceived && order.instruction.is_empty() {
        return Err(ErasureError::Refused(
            "what was wrongly received goes on an instruction only (R-DEL-03)",
        ));
    }
    let mut db = stores.registry.erasure()?;
    let identities = match order.whom {
        Whom::OptOuts(on) => db.reached_by_opt_outs(on)?,
        Whom::Person(person) => db.identities_of(&person)?,
        Whom::Submission(submission) => db.only_in(&submission)?,
    };
    let submission = match order.whom {
        Whom::Submission(submission) => Some(submission),
        _ => None,
    };
    let scope = Scope { identities, submission };
    let before = before(stores, &mut db, &scope)?;
    if scope.identities.is_empty() && before.facts == 0 {
        return Ok(None);
    }
    let counts = serde_json::to_string(&before).map_err(|_| ErasureError::Damaged("counts"))?;
    let job = NewErasureJob {
        ground: order.ground.as_str(),
        scope: order.whom.as_str(),
        instruction: order.instruction,
        scope_hash: &scope.hash(stores.ring),
        seal: &|id| scope.seal(stores.ring, id),
        before: &counts,
        at: order.at,
        by: order.by,
    };
    let erasure = db.plan_erasure(&job, order.day.year())?;
    Ok(Some(Planned { erasure, before }))
}

fn before(stores: &Stores<'_>, db: &mut ErasureDb, scope: &Scope) -> Result<Before, ErasureError> {
    let Scoped { persons, units, unit_bytes, documents, releases, unread } = db.reach(&scope.identities)?;
    let (mut facts, mut files, mut bytes) = (0, 0, 0);
    let counted = lake::count_some(stores.lake, &db.every_lake_file()?, &scope.gone())?;
    for (file, held) in counted {
        facts += held;
        files += 1;
        bytes += file;
    }
    let text =
        |rows: Vec<(String, Timestamp)>| rows.into_iter().map(|(id, at)| (id, at.to_string())).collect();
    Ok(Before {
        identities: u64::try_from(scope.identities.len()).unwrap_or(u64::MAX),
        persons,
        units,
        unit_bytes,
        documents,
        facts,
        files,
        bytes,
        releases: text(releases),
        unread,
        backups: text(db.backups()?),
    })
}

/// The first executor agrees.
///
/// # Errors
/// [`ErasureError::Refused`] when there is no planned erasure of that number.
pub fn confirm(stores: &Stores<'_>, id: &str, by: &str, at: Timestamp) -> Result<(), ErasureError> {
    let moved = stores.registry.erasure()?.confirm_erasure(id, by, at)?;
    if moved { Ok(()) } else { Err(ErasureError::Refused("there is no planned erasure of that number")) }
}

/// What was found when it was looked for the erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scanned {
    /// Erasures whose lists were looked for.
    pub erasures: u64,
    /// Identities on them.
    pub identities: u64,
    /// What must not be there; zero, or the erasure is not done.
    pub left_over: u64,
    /// Place by place.
    pub places: Vec<Looked>,
}

/// Looks for the erased everywhere, on a way that shares no code with removing them. `data` is the whole data folder.
///
/// # Errors
/// What cannot be read: then nothing is known, and nothing counts as clean.
pub fn scan(stores: &Stores<'_>, data: &Path, jobs: &[ErasureJobRow]) -> Result<Scanned, ErasureError> {
    let mut db = stores.registry.erasure()?;
    let mut sought = Sought::default();
    for job in jobs {
        sought.identities.extend(Scope::open(stores.ring, &job.id, &job.scope_sealed)?.identities);
        for step in db.erasure_steps(&job.id)? {
            sought.persons.extend(run::retired_of(stores.ring, &job.id, &step)?);
        }
    }
    let mut places = scan_registry(stores.registry, &sought)?;
    places.retain(|p| p.looked > 0 || p.hits > 0);
    places.push(scan_lake(stores.lake, &sought)?);
    places.push(scan_vault(stores.registry, stores.vault, &sought)?);
    places.push(scan_files("folders", data, &["lake", "vault", "postgres", "keys"], &sought)?);
    places.push(scan_files("server logs", &data.join("postgres").join("log"), &[], &sought)?);
    Ok(Scanned {
        erasures: u64::try_from(jobs.len()).unwrap_or(u64::MAX),
        identities: u64::try_from(sought.identities.len()).unwrap_or(u64::MAX),
        left_over: places.iter().map(|p| p.hits).sum(),
        places,
    })
}

/// Somebody who executed nothing looks for the erased and, when nothing is left, says so in the book.
///
/// # Errors
/// [`ErasureError::Refused`] when the erasure is not finished, or the verifier is an executor.
pub fn verify(
    stores: &Stores<'_>,
    data: &Path,
    id: &str,
    by: &str,
    at: Timestamp,
) -> Result<Scanned, ErasureError> {
    let job = job(stores, id)?;
    let executors = [&job.confirmed, &job.run];
    if executors.iter().any(|e| e.as_ref().is_some_and(|(_, name)| name == by)) {
        return Err(ErasureError::Refused("who executed an erasure does not verify it (C-027)"));
    }
    if job.state != "erased" && job.state != "verified" {
        return Err(ErasureError::Refused("the erasure has not been run to its end"));
    }
    let scanned = scan(stores, data, std::slice::from_ref(&job))?;
    if scanned.left_over == 0 && job.state == "erased" {
        let moved = stores.registry.erasure()?.verify_erasure(id, by, at)?;
        if !moved {
            return Err(ErasureError::Refused("the erasure was verified by somebody else just now"));
        }
    }
    Ok(scanned)
}

/// A job by its number.
///
/// # Errors
/// [`ErasureError::Refused`] when there is none.
pub fn job(stores: &Stores<'_>, id: &str) -> Result<ErasureJobRow, ErasureError> {
    let found = stores.registry.erasure()?.erasure(id)?;
    found.ok_or(ErasureError::Refused("there is no erasure of that number"))
}

/// All jobs whose rows are gone: what a scan of everything looks for.
///
/// # Errors
/// [`ErasureError::Storage`].
pub fn finished(stores: &Stores<'_>) -> Result<Vec<ErasureJobRow>, ErasureError> {
    let all = stores.registry.erasure()?.erasures()?;
    Ok(all.into_iter().filter(|j| matches!(j.state.as_str(), "erased" | "verified")).collect())
}

/// Writes the tables anew without their dead rows.
fn upkeep(stores: &Stores<'_>) -> Result<u64, StorageError> {
    erasure::rewrite_tables(stores.registry)
}

fn retired_set(ids: &[String]) -> Result<BTreeSet<ResearchId>, ErasureError> {
    ids.iter().map(|id| id.parse().map_err(|_| ErasureError::Damaged("a research id"))).collect()
}

fn set_of(ids: &[String]) -> Result<BTreeSet<IdentityId>, ErasureError> {
    ids.iter().map(|id| id.parse().map_err(|_| ErasureError::Damaged("an identity id"))).collect()
}
