//! Building a package (提供物の封緘): count, protect, check, seal, enter into the ledger.
//!
//! Same approval, snapshot, parameters and time give the same bytes. Nothing must leave this module that the
//! independent checker and the scan have not passed, and nothing at all without an [`Approval`].

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::FactTable;
use musubi_model::parameter::ParameterSet;
use musubi_model::sign::{PublicKey, SecretKey};
use musubi_model::spec::ExtractSpec;
use musubi_review_board::Approval;
use musubi_storage::keys::SealKey;
use musubi_storage::lake;
use musubi_storage::registry::ReleaseDb;
use musubi_storage::release::LedgerRow;
use rayon::prelude::*;

use crate::anonymize::{Mask, Tree, protect};
use crate::checker;
use crate::cohort::{Facts, Question, Tally, count_cohort};
use crate::error::ReleaseError;
use crate::grid::Grid;
use crate::manifest::{
    AGE_TOP, APPROVAL, APPROVAL_SIGNATURE, CELL_MIN, FileEntry, LAYOUT, LISTED, MANIFEST, MANIFEST_SIGNATURE,
    Manifest, README, RELEASE_DOMAIN, SPEC, TABLE, release_id,
};
use crate::pack::Progress;
use crate::readme;
use crate::scan::scan;
use crate::sealing::{self, Begun};

/// Everything a build needs besides the database. Without an [`Approval`] there is none:
///
/// ```
/// use musubi_release::Order;
/// use musubi_review_board::Approval;
///
/// fn approved<'a>(approval: &'a Approval, other: Order<'a>) -> Order<'a> {
///     Order { approval, ..other }
/// }
/// ```
///
/// ```compile_fail,E0308
/// use musubi_release::Order;
///
/// fn unapproved<'a>(other: Order<'a>) -> Order<'a> {
///     Order { approval: &(), ..other }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The approval.
    pub approval: &'a Approval,
    /// The cohort that `id-resolution` wrote for this approval; it names the snapshot.
    pub cohort_id: &'a str,
    /// How far the book of opt-outs had come before the cohort was written ([`ReleaseDb::opt_out_mark`]).
    pub opt_outs: i64,
    /// The lake's folder.
    pub lake: &'a Path,
    /// The parameters.
    pub parameters: &'a ParameterSet,
    /// The release officer's key.
    pub key: &'a SecretKey,
    /// The board's public key: policies are checked against it.
    pub board: &'a PublicKey,
    /// Wraps the key of a pseudonymised product's map.
    pub kek: &'a SealKey,
    /// Makes the marks by which overlaps of releases are counted.
    pub token: &'a SealKey,
    /// The account that makes the release.
    pub made_by: &'a str,
    /// The officer on whose instruction it does; a product of rows needs one, for the end of its key (law.md C-035).
    pub ordered_by: Option<&'a str>,
    /// By which operation two people allowed it to refine earlier releases.
    pub refines: Option<i64>,
    /// Told how far writing has come.
    pub tell: Tell<'a>,
    /// Now. A release that is in the ledger already keeps the time it was sealed at.
    pub now: Timestamp,
    /// Name and version of the program.
    pub code_version: &'a str,
    /// The folder in which the package's folder is made.
    pub out: &'a Path,
}

/// Somebody who is told how far writing has come.
#[derive(Clone, Copy)]
pub struct Tell<'a>(pub &'a (dyn Fn(Progress<'_>) + Sync));

impl std::fmt::Debug for Tell<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tell")
    }
}

/// A package that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseOutput {
    /// Its name.
    pub release_id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// The counts behind a nested table (version 1). For the operator; never to be published.
    pub tally: Option<Tally>,
    /// Lake files that were read.
    pub inputs: Vec<String>,
}

/// What of an approval goes into the package.
pub(crate) struct Granted<'a> {
    pub approval_id: &'a str,
    pub request_id: &'a str,
    pub spec: &'a ExtractSpec,
    pub spec_toml: &'a str,
    pub decision: &'a str,
    pub signature: String,
    pub expires_on: Date,
}

/// The parameters in force on the day of sealing.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub cell_min: u64,
    pub age_top: u16,
    pub hash: String,
}

/// A sealed package in memory: names and contents.
pub(crate) struct Sealed {
    pub manifest: Manifest,
    pub manifest_text: String,
    pub signature: String,
    pub files: Vec<(&'static str, Vec<u8>)>,
}

/// The day in Japan.
pub(crate) fn japan_day(at: Timestamp) -> Date {
    jiff::tz::offset(9).to_datetime(at).date()
}

impl InForce {
    pub(crate) fn on(parameters: &ParameterSet, day: Date) -> Result<Self, ReleaseError> {
        let cell_min = parameters.number(CELL_MIN, day)?;
        // Below two nothing would ever be hidden.
        if cell_min < 2 {
            return Err(ReleaseError::ParameterValue { name: CELL_MIN, value: cell_min });
        }
        let years = parameters.number(AGE_TOP, day)?;
        let age_top = u16::try_from(years).ok().filter(|top| (5..=120).contains(top) && top % 5 == 0);
        let age_top = age_top.ok_or(ReleaseError::ParameterValue { name: AGE_TOP, value: years })?;
        Ok(Self { cell_min, age_top, hash: parameters.hash() })
    }
}

/// Protects the counts and writes the table; refuses what the checker or the scan refuses.
pub(crate) fn table(
    grid: &Grid,
    leaves: Vec<Vec<u64>>,
    cell_min: u64,
) -> Result<(String, u64, u64), ReleaseError> {
    let widths = grid.widths();
    let trees = leaves
        .into_iter()
        .map(|leaves| {
            let tree = Tree::from_leaves(&widths, leaves)?;
            let mask = protect(&tree, cell_min);
            Ok((tree, mask))
        })
        .collect::<Result<Vec<(Tree, Mask)>, ReleaseError>>()?;
    let csv = crate::csv::write(grid, &trees);
    scan(&csv, grid).map_err(ReleaseError::Scan)?;
    let checked = checker::check(&csv, cell_min);
    if let Some(problem) = checked.problems.into_iter().next() {
        return Err(ReleaseError::Check(problem));
    }
    let by_mask = trees.iter().fold((0, 0), |sum, (_, mask)| {
        let (shown, hidden) = mask.counts();
        (sum.0 + shown, sum.1 + hidden)
    });
    if by_mask != (checked.shown, checked.hidden) || checked.shown + checked.hidden != grid.rows() {
        return Err(ReleaseError::Internal("generator and checker see different tables"));
    }
    Ok((csv, checked.shown, checked.hidden))
}

/// Makes all files of a package. Pure: same arguments, same bytes.
pub(crate) fn seal(
    granted: &Granted<'_>,
    commit: i64,
    leaves: Vec<Vec<u64>>,
    force: &InForce,
    sealed_at: Timestamp,
    code_version: &str,
    key: &SecretKey,
) -> Result<Sealed, ReleaseError> {
    let nested = granted.spec.table.as_ref().ok_or(ReleaseError::Internal("not a nested table"))?;
    let grid = Grid::of(&nested.axes, force.age_top);
    let (csv, cells_shown, cells_hidden) = table(&grid, leaves, force.cell_min)?;
    let release_id = release_id(granted.approval_id, commit);
    let mut files: Vec<(&'static str, Vec<u8>)> = Vec::with_capacity(LISTED.len() + 2);
    for name in LISTED {
        let content = match name {
            README => {
                readme::text(&release_id, granted.spec, nested, force.cell_min, force.age_top).into_bytes()
            }
            APPROVAL => granted.decision.as_bytes().to_vec(),
            APPROVAL_SIGNATURE => format!("{}\n", granted.signature).into_bytes(),
            SPEC => granted.spec_toml.as_bytes().to_vec(),
            TABLE => csv.clone().into_bytes(),
            _ => return Err(ReleaseError::Internal("a listed file that nobody makes")),
        };
        files.push((name, content));
    }
    let manifest = Manifest {
        layout: LAYOUT.to_owned(),
        release_id,
        product: granted.spec.product,
        approval_id: granted.approval_id.to_owned(),
        request_id: granted.request_id.to_owned(),
        scope_hash: granted.spec.scope_hash(),
        snapshot_commit: commit,
        sealed_at,
        parameters: BTreeMap::from([
            (CELL_MIN.to_owned(), force.cell_min),
            (AGE_TOP.to_owned(), u64::from(force.age_top)),
        ]),
        parameter_set_hash: force.hash.clone(),
        code_version: code_version.to_owned(),
        policy_hash: None,
        recipients: Vec::new(),
        attrition: Vec::new(),
        pids: None,
        cells_shown,
        cells_hidden,
        files: files.iter().map(|(name, content)| FileEntry::of(name, content)).collect(),
    };
    let manifest_text = manifest.to_text();
    let signature = key.sign(RELEASE_DOMAIN, manifest_text.as_bytes()).to_string();
    files.push((MANIFEST, manifest_text.clone().into_bytes()));
    files.push((MANIFEST_SIGNATURE, format!("{signature}\n").into_bytes()));
    Ok(Sealed { manifest, manifest_text, signature, files })
}

/// Writes the files beside, makes them last, and only then gives the folder its name. A folder of that name with the
/// same content is left as it is.
pub(crate) fn place(out: &Path, name: &str, files: &[(&str, Vec<u8>)]) -> Result<PathBuf, ReleaseError> {
    let folder = out.join(name);
    if folder.exists() {
        let same =
            files.iter().all(|(name, content)| fs::read(folder.join(name)).is_ok_and(|c| c == *content));
        return if same { Ok(folder) } else { Err(ReleaseError::Exists(folder)) };
    }
    fs::create_dir_all(out).map_err(ReleaseError::file("making", out))?;
    let temporary = out.join(format!(".{name}.new-{}", std::process::id()));
    if temporary.exists() {
        fs::remove_dir_all(&temporary).map_err(ReleaseError::file("clearing", &temporary))?;
    }
    fs::create_dir(&temporary).map_err(ReleaseError::file("making", &temporary))?;
    for (name, content) in files {
        let path = temporary.join(name);
        fs::File::create_new(&path)
            .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
            .map_err(ReleaseError::file("writing", &path))?;
    }
    let sync = |path: &Path| fs::File::open(path).and_then(|f| f.sync_all());
    sync(&temporary).map_err(ReleaseError::file("syncing", &temporary))?;
    fs::rename(&temporary, &folder).map_err(ReleaseError::file("naming", &folder))?;
    sync(out).map_err(ReleaseError::file("syncing", out))?;
    Ok(folder)
}

/// Builds the package of an approval on its cohort's snapshot, enters it into the ledger, and puts it into place.
///
/// Repeating it gives the same package: a release that is in the ledger keeps its time. The ledger is written first,
/// so that no package lies in the folder of which the ledger does not know.
///
/// # Errors
/// Every gate that stays shut, see [`ReleaseError`]; then neither package nor entry is made.
pub fn build(db: &mut ReleaseDb, order: &Order<'_>) -> Result<ReleaseOutput, ReleaseError> {
    let approval = order.approval;
    let cohort = db.cohort(order.cohort_id)?.ok_or(ReleaseError::Cohort("no cohort of that name"))?;
    if cohort.approval_id != approval.id() {
        return Err(ReleaseError::Cohort("the cohort was made for another approval"));
    }
    if db.current_commit()?.is_none_or(|newest| newest < cohort.commit) {
        return Err(ReleaseError::Cohort("the cohort names a snapshot that is not there"));
    }
    let release_id = release_id(approval.id(), cohort.commit);
    let known = db.ledger_entry(&release_id)?;
    // The database keeps microseconds: what is signed must be what can be read back.
    let now = Timestamp::from_microsecond(order.now.as_microsecond())
        .map_err(|_| ReleaseError::Internal("a time that cannot be"))?;
    let sealed_at = known.as_ref().map_or(now, |entry| entry.sealed_at);
    let granted = Granted {
        approval_id: approval.id(),
        request_id: approval.request_id(),
        spec: approval.spec(),
        spec_toml: approval.spec_toml(),
        decision: approval.decision_json(),
        signature: approval.signature().to_string(),
        expires_on: approval.expires_on(),
    };
    if japan_day(now) > granted.expires_on {
        return Err(ReleaseError::Expired);
    }
    let force = InForce::on(order.parameters, japan_day(sealed_at))?;
    if granted.spec.version > 1 {
        return sealing::build(db, order, &Begun { cohort, release_id, known, sealed_at }, force.age_top);
    }

    let mut files = db.snapshot_files(cohort.commit)?;
    files.retain(|f| matches!(f.table, FactTable::Person | FactTable::ConditionOccurrence));
    files.par_iter().try_for_each(|file| lake::verify(order.lake, file))?;
    let inputs: Vec<String> = files.iter().map(|f| f.file_id.clone()).collect();
    let facts = Facts { folder: order.lake, files, dead: db.dead_units_at(cohort.commit)? };
    let nested = granted.spec.table.as_ref().ok_or(ReleaseError::Internal("not a nested table"))?;
    let question = Question::of(granted.spec, nested, force.age_top);
    let tally = count_cohort(db, &facts, &question, order.cohort_id)?;
    if tally.persons != cohort.persons {
        return Err(ReleaseError::Cohort("the cohort does not have the persons it says"));
    }

    let sealed = seal(
        &granted,
        cohort.commit,
        tally.leaves.clone(),
        &force,
        sealed_at,
        order.code_version,
        order.key,
    )?;
    if known.is_some_and(|entry| entry.manifest != sealed.manifest_text) {
        return Err(ReleaseError::Released(release_id));
    }
    let entry = LedgerRow {
        release_id: release_id.clone(),
        approval_id: granted.approval_id.to_owned(),
        request_id: granted.request_id.to_owned(),
        scope_hash: sealed.manifest.scope_hash.clone(),
        commit: cohort.commit,
        sealed_at,
        manifest: sealed.manifest_text,
        signature: sealed.signature,
    };
    db.enter_release(&entry, &inputs, &sealed.files, order.opt_outs)?.ok_or(ReleaseError::OptedOut)?;
    let folder = place(order.out, &release_id, &sealed.files)?;
    Ok(ReleaseOutput { release_id, folder, manifest: sealed.manifest, tally: Some(tally), inputs })
}

#[cfg(test)]
#[path = "tests/package.rs"]
mod tests;
