//! A night (夜間処理): every package of an inbox, then the gates of matching, then the feeds that should have delivered
//! and did not, then tidying.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use musubi_model::manifest::{Agreements, MANIFEST_FILE};
use musubi_model::submission::SubmissionState;
use musubi_model::{FactTable, FeedId, SubmissionId};
use musubi_storage::registry::IngestDb;
use musubi_storage::unmapped::{UnmappedRow, UnmappedWanted};
use musubi_storage::{lake, vault};
use serde::Serialize;

use crate::gates::{self, GateReport};
use crate::held::{HeldOutcome, load_held};
use crate::house::{EtlError, Event, House};
use crate::intake::{Outcome, take_in};
use crate::ledger::{LedgerOutcome, come_of_age, is_ledger, take_ledger};
use crate::retry::load_ordered;

/// What a night did.
#[derive(Debug, Clone, Serialize)]
pub struct NightOutcome {
    /// One for each package of ledgers of notices, in order of their names; they are taken in first.
    pub ledgers: Vec<LedgerTaken>,
    /// What became of units that had waited.
    pub held: HeldOutcome,
    /// One for each package, in order of their names.
    pub packages: Vec<PackageOutcome>,
    /// What the gates of matching said.
    pub gates: Option<GateReport>,
    /// Feeds whose delivery is overdue on the business date.
    pub overdue: Vec<FeedId>,
    /// Lake files before and after compaction.
    pub compacted: Option<(usize, usize)>,
    /// Files of dead loads that were removed.
    pub swept: usize,
    /// Codes of this night's packages that found no standard, those with most records first.
    pub unmapped: Vec<UnmappedRow>,
}

/// A package of ledgers of notices.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerTaken {
    /// Folder or file name.
    pub package: String,
    /// What became of it; `Err` holds words for people when it could not even be read.
    pub outcome: Result<LedgerOutcome, String>,
}

/// What became of one package of the inbox.
#[derive(Debug, Clone, Serialize)]
pub struct PackageOutcome {
    /// Folder or file name.
    pub package: String,
    /// What happened; `Err` holds words for people when the package could not even be read.
    pub outcome: Result<Outcome, String>,
}

/// The packages of an inbox: folders with a manifest, and zips, in order of their names. A folder without a manifest
/// that holds neither is a package too: its sender must hear of it.
pub fn packages(inbox: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(inbox)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let is_zip = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
        if !hidden && (path.is_dir() || is_zip) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Does the path look like one package (rather than an inbox of them)?
#[must_use]
pub fn is_package(path: &Path) -> bool {
    path.is_file() || path.join(MANIFEST_FILE).is_file()
}

/// Takes in all packages of an inbox.
///
/// # Errors
/// When store, disk or database fail: what was committed stays, and the night can be run again.
pub fn run(
    house: &House<'_>,
    agreements: &Agreements,
    inbox: &Path,
    business_date: Option<Date>,
    compact_files: u64,
) -> Result<NightOutcome, EtlError> {
    let paths = packages(inbox).map_err(EtlError::Package)?;
    let (ledgers, paths): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(|p| is_ledger(p));
    let ledgers = take_ledgers(house, agreements, &ledgers)?;
    let held = load_held(house)?;
    let mut packages = again(house, agreements)?;
    for (index, path) in paths.iter().enumerate() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        (house.progress)(Event::Package { index, total: paths.len(), name: &name });
        let outcome = match take_in(house, agreements, path) {
            Ok(outcome) => Ok(outcome),
            // One unreadable package must not keep the others waiting.
            Err(EtlError::Package(e)) => Err(e.to_string()),
            Err(other) => return Err(other),
        };
        packages.push(PackageOutcome { package: name, outcome });
    }
    let gates = Some(gates::run(&mut house.registry.identity()?, house.matching, (house.now)())?);
    let mut db = house.registry.ingest()?;
    let overdue = match business_date {
        Some(date) => overdue(&mut db, agreements, date)?,
        None => Vec::new(),
    };
    let compacted = compact(house, &mut db, compact_files)?;
    let swept = sweep(house, &mut db)?;
    let unmapped = unmapped(&mut db, &packages)?;
    Ok(NightOutcome { ledgers, held, packages, gates, overdue, compacted, swept, unmapped })
}

/// What the operator ordered to be taken in again, as packages of the night.
///
/// # Errors
/// As [`run`].
pub fn again(house: &House<'_>, agreements: &Agreements) -> Result<Vec<PackageOutcome>, EtlError> {
    let taken = load_ordered(house, agreements)?;
    Ok(taken.into_iter().map(|(id, outcome)| PackageOutcome { package: id.to_string(), outcome }).collect())
}

/// Takes packages of ledgers in, and sees who came of age.
pub fn take_ledgers(
    house: &House<'_>,
    agreements: &Agreements,
    paths: &[PathBuf],
) -> Result<Vec<LedgerTaken>, EtlError> {
    let mut taken = Vec::with_capacity(paths.len());
    for path in paths {
        let package = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let outcome = match take_ledger(house, agreements, path) {
            Ok(outcome) => Ok(outcome),
            Err(EtlError::Package(e)) => Err(e.to_string()),
            Err(other) => return Err(other),
        };
        taken.push(LedgerTaken { package, outcome });
    }
    come_of_age(house)?;
    Ok(taken)
}

/// The codes of these packages that found no standard, those with most records first. Of a package that came again
/// nothing is told again.
pub fn unmapped(db: &mut IngestDb, packages: &[PackageOutcome]) -> Result<Vec<UnmappedRow>, EtlError> {
    let fresh = packages.iter().filter_map(|p| p.outcome.as_ref().ok()).filter(|o| !o.repeated);
    let submissions: Vec<SubmissionId> = fresh.map(|o| o.submission).collect();
    if submissions.is_empty() {
        return Ok(Vec::new());
    }
    Ok(db.unmapped_codes(UnmappedWanted { provider: None, submissions: &submissions })?)
}

/// Feeds that have nothing acknowledged within their rhythm up to `date`.
fn overdue(db: &mut IngestDb, agreements: &Agreements, date: Date) -> Result<Vec<FeedId>, EtlError> {
    let latest = db.latest_business_dates()?;
    Ok(agreements
        .feeds
        .iter()
        .filter(|feed| {
            let rhythm = jiff::Span::new().days(i64::from(feed.every_days));
            latest
                .get(feed.id.as_str())
                .is_none_or(|last| last.checked_add(rhythm).is_ok_and(|due| due <= date))
        })
        .map(|feed| feed.id.clone())
        .collect())
}

/// Merges the small files that nights leave behind, table by table, once there are more than `most` of them.
fn compact(house: &House<'_>, db: &mut IngestDb, most: u64) -> Result<Option<(usize, usize)>, EtlError> {
    let files = db.lake_files()?;
    let (mut before, mut after) = (0, 0);
    for table in FactTable::ALL {
        let old: Vec<_> = files.iter().filter(|f| f.table == table).cloned().collect();
        if u64::try_from(old.len()).unwrap_or(u64::MAX) <= most {
            continue;
        }
        let _hold = lake::hold(&house.folders.lake)?;
        let new =
            lake::compact(&house.folders.lake, &old, &lake::Compaction::default(), &|_, bucket| bucket)?;
        db.replace_lake_files(&old, &new, (house.now)())?;
        before += old.len();
        after += new.len();
    }
    Ok((before > 0).then_some((before, after)))
}

/// Removes what loads that died have left. Does nothing while another load is under way.
pub fn sweep(house: &House<'_>, db: &mut IngestDb) -> Result<usize, EtlError> {
    let mut removed = 0;
    let swept = lake::sweep(&house.folders.lake, || {
        // Asked while every load is locked out, so that nothing a load has just committed is taken for a remnant.
        removed = vault::sweep_unknown(&house.folders.vault, &db.known_packs()?)?;
        db.known_lake_files()
    })?;
    Ok(removed + swept.parts + swept.files + vault::sweep(&house.folders.vault)?)
}

impl NightOutcome {
    /// Packages that ended in a state.
    #[must_use]
    pub fn in_state(&self, state: SubmissionState) -> usize {
        self.packages.iter().filter(|p| p.outcome.as_ref().is_ok_and(|o| o.state == state)).count()
    }
}
