//! Building a package of version 2 (提供物の封緘): extract, protect, write, have it checked, enter into the ledger.
//!
//! A release that is in the ledger is never made anew: its key is gone or sealed, and the bytes that went out are kept.
//! Nothing gets its name before the independent checker passed it; whatever fails leaves no folder behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use musubi_model::FactTable;
use musubi_model::policy::Policy;
use musubi_review_board::SignedPolicy;
use musubi_storage::lake;
use musubi_storage::registry::ReleaseDb;
use musubi_storage::release::{CohortRow, LedgerRow};
use musubi_storage::release_ledger::{Beside, Mark, RowsSaid, TableSaid};
use rayon::prelude::*;

use crate::cubes;
use crate::error::ReleaseError;
use crate::extract::{self, Places, Snapshot, Stored};
use crate::ledger;
use crate::manifest::{self, MANIFEST, MANIFEST_SIGNATURE, Manifest};
use crate::pack::{self, Parts, Risk, Sheet, Staged};
use crate::package::{Order, ReleaseOutput, japan_day};
use crate::proof;
use crate::rows::{self, Ordered};

/// What is settled before anything is read.
pub(crate) struct Begun {
    pub(crate) cohort: CohortRow,
    pub(crate) release_id: String,
    pub(crate) known: Option<LedgerRow>,
    pub(crate) sealed_at: Timestamp,
}

/// What a product of either kind comes to.
struct Product {
    sheets: Vec<Sheet>,
    risk: Risk,
    attrition: extract::Attrition,
    kept: Kept,
}

/// What the ledger keeps of a product, for the releases that come after it.
enum Kept {
    /// Whose rows they are, and what they say.
    Rows(Box<(rows::Keyed, RowsSaid, Vec<Mark>)>),
    /// What the tables say.
    Tables(Vec<TableSaid>),
}

/// Builds the package.
///
/// # Errors
/// Every gate that stays shut, see [`ReleaseError`]; then neither package nor entry is made.
pub(crate) fn build(
    db: &mut ReleaseDb,
    order: &Order<'_>,
    begun: &Begun,
    age_top: u16,
) -> Result<ReleaseOutput, ReleaseError> {
    if let Some(known) = &begun.known {
        return again(db, order, begun, known);
    }
    let approval = order.approval;
    let spec = approval.spec();
    let named = spec.policy.as_ref().ok_or(ReleaseError::Policy("the request names no policy"))?;
    let today = japan_day(begun.sealed_at);
    let signed = SignedPolicy::load(db, named, order.board, today)?;
    if signed.policy().product != spec.product {
        return Err(ReleaseError::Policy("the policy is for another product (方針が別の提供区分のものです)"));
    }

    let (snapshot, inputs) = snapshot(db, order.lake, begun.cohort.commit, signed.policy())?;

    let product = match &spec.rows {
        Some(asked) => {
            let facts = spec.product == musubi_model::spec::Product::Pseudonymized;
            let mut source = Stored { db, cohort_id: order.cohort_id };
            let linked = extract::linked(&mut source, &snapshot, &spec.cohort, asked, facts)?;
            of_rows(db, order, begun, asked, &signed, linked)?
        }
        None => of_tables(db, order, begun, &snapshot, &signed, age_top)?,
    };
    if product.attrition.persons != begun.cohort.persons {
        return Err(ReleaseError::Cohort("the cohort does not have the persons it says"));
    }

    let attrition = shown(&product.attrition, spec);
    let parameters = BTreeMap::new();
    let hash = order.parameters.hash();
    let parts = Parts {
        spec,
        spec_toml: approval.spec_toml(),
        policy: signed.policy(),
        policy_toml: signed.text(),
        policy_signature: &signed.signature().to_string(),
        approval_id: approval.id(),
        request_id: approval.request_id(),
        decision: approval.decision_json(),
        decision_signature: &approval.signature().to_string(),
        snapshot_commit: begun.cohort.commit,
        sealed_at: begun.sealed_at,
        parameters: &parameters,
        parameter_set_hash: &hash,
        code_version: order.code_version,
        attrition: &attrition,
        sheets: &product.sheets,
        risk: &product.risk,
        key: order.key,
    };
    let staged = pack::stage(&parts, order.out, order.tell.0)?;
    proof::passes(db, staged.folder(), order, spec.product)?;
    let folder = enter(db, order, begun, &inputs, staged, product.kept)?;
    Ok(ReleaseOutput {
        release_id: begun.release_id.clone(),
        manifest: read_manifest(&folder)?,
        folder,
        tally: None,
        inputs,
    })
}

/// The facts of a snapshot with all that products read beside them, every file held against its hash; and the files' names.
pub(crate) fn snapshot(
    db: &mut ReleaseDb,
    lake_folder: &Path,
    commit: i64,
    policy: &Policy,
) -> Result<(Snapshot, Vec<String>), ReleaseError> {
    let mut files = db.snapshot_files(commit)?;
    files.retain(|f| extract::TABLES.contains(&f.table) || f.table == FactTable::Person);
    files.par_iter().try_for_each(|file| lake::verify(lake_folder, file))?;
    let inputs = files.iter().map(|f| f.file_id.clone()).collect();
    let dead = db.dead_units_at(commit)?;
    let classes = policy.tables.as_ref().and_then(|t| t.bed_classes.as_ref());
    let classes = classes.map_or_else(Vec::new, |given| given.value.clone());
    let snapshot = Snapshot::open(lake_folder, &files, dead)?.with_beds(db.provider_beds()?, classes);
    Ok((snapshot.with_places(Places::of(&db.municipalities()?)), inputs))
}

/// Rows.
fn of_rows(
    db: &mut ReleaseDb,
    order: &Order<'_>,
    begun: &Begun,
    asked: &musubi_model::spec::RowSpec,
    signed: &SignedPolicy,
    linked: extract::Linked,
) -> Result<Product, ReleaseError> {
    let attrition = linked.attrition.clone();
    let named = rows::pseudonyms(db, &linked)?;
    let ordered = Ordered::new(linked, named.pids)?;
    let made = rows::make(&ordered, asked, signed.policy(), &named.shift)?;
    let spec = order.approval.spec();
    let keyed = rows::Keyed::new(named.pseudonyms, &ordered, &made, spec.product)?;
    // Rows that are finer than what the same hands have of the same persons are refused, before anything is written.
    let mut said = rows::said(&begun.release_id, spec, signed.policy(), &made)?;
    let marks = keyed.marks(db, order.cohort_id, order.token)?;
    let earlier = db.earlier_rows(&said.recipients)?;
    let overlaps = db.overlaps(&marks)?;
    let refined = ledger::refinements(&said, &earlier, overlaps.as_ref());
    said.allowed_by = ledger::permit(&refined, order.refines)?;
    Ok(Product {
        sheets: made.sheets,
        risk: made.risk,
        attrition,
        kept: Kept::Rows(Box::new((keyed, said, marks))),
    })
}

/// Tables.
fn of_tables(
    db: &mut ReleaseDb,
    order: &Order<'_>,
    begun: &Begun,
    snapshot: &Snapshot,
    signed: &SignedPolicy,
    age_top: u16,
) -> Result<Product, ReleaseError> {
    let spec = order.approval.spec();
    let made = cubes::make(db, order.cohort_id, snapshot, spec, signed.policy(), age_top)?;
    let said = made.said(&begun.release_id, spec);
    Ok(Product { sheets: made.sheets, risk: made.risk, attrition: made.attrition, kept: Kept::Tables(said) })
}

/// The attrition as others see it: in bands, step by step.
fn shown(attrition: &extract::Attrition, spec: &musubi_model::spec::ExtractSpec) -> Vec<manifest::Attrition> {
    let step = |title: &str, persons: u64| manifest::Attrition {
        title: title.to_owned(),
        persons: manifest::band(persons),
    };
    let first = [
        step("停止の求めと通知を確かめた人", attrition.persons),
        step(
            if spec.cohort.everybody { "傷病を問わない" } else { "対象期間に傷病がある人" },
            attrition.diagnosed,
        ),
    ];
    let steps = spec.cohort.steps.iter().zip(&attrition.steps).map(|(s, n)| step(&s.title, *n));
    first.into_iter().chain(steps).collect()
}

/// Why a product of rows is not made.
const TWO_HANDS: &str = "the key of rows is ended by two: run it under an instruction that another account gave (鍵の破棄・保管には別の人の指示が要ります)";

/// Enters the release, ends its key, and gives the folder its name. The ledger is written first, so that no package lies in
/// the folder of which the ledger does not know.
fn enter(
    db: &mut ReleaseDb,
    order: &Order<'_>,
    begun: &Begun,
    inputs: &[String],
    staged: Staged,
    kept: Kept,
) -> Result<PathBuf, ReleaseError> {
    let mut published: Vec<(String, Vec<u8>)> = Vec::new();
    let listed = staged.manifest.files.iter().map(|f| f.name.as_str());
    for name in listed.chain([MANIFEST, MANIFEST_SIGNATURE]) {
        let path = staged.folder().join(name);
        let content = fs::read(&path).map_err(ReleaseError::file("reading", &path))?;
        published.push((name.to_owned(), content));
    }
    let published: Vec<(&str, Vec<u8>)> = published.iter().map(|(n, c)| (n.as_str(), c.clone())).collect();
    let row = LedgerRow {
        release_id: begun.release_id.clone(),
        approval_id: order.approval.id().to_owned(),
        request_id: order.approval.request_id().to_owned(),
        scope_hash: staged.manifest.scope_hash.clone(),
        commit: begun.cohort.commit,
        sealed_at: begun.sealed_at,
        manifest: staged.manifest_text.clone(),
        signature: staged.signature.clone(),
    };
    let (key, rows, marks, tables) = match kept {
        Kept::Rows(kept) => {
            let (keyed, said, marks) = *kept;
            let ordered_by = order.ordered_by.ok_or(ReleaseError::Policy(TWO_HANDS))?;
            let by = (order.made_by, ordered_by);
            let key = keyed.end(&begun.release_id, order.kek, begun.sealed_at, by)?;
            (Some(key), Some(said), marks, Vec::new())
        }
        Kept::Tables(tables) => (None, None, Vec::new(), tables),
    };
    let beside = Beside { key: key.as_ref(), rows: rows.as_ref(), marks: &marks, tables: &tables };
    let entered = db.enter_release_beside(&row, inputs, &published, order.opt_outs, &beside)?;
    entered.ok_or(ReleaseError::OptedOut)?;
    Ok(staged.place()?)
}

/// A release that is there already: the bytes that went out, once more.
fn again(
    db: &mut ReleaseDb,
    order: &Order<'_>,
    begun: &Begun,
    known: &LedgerRow,
) -> Result<ReleaseOutput, ReleaseError> {
    let kept = db.published_files(&begun.release_id)?;
    let folder = proof::written(order.out, &begun.release_id, &kept)?;
    let manifest: Manifest = serde_json::from_str(&known.manifest)
        .map_err(|_| ReleaseError::Internal("the ledger's manifest cannot be read"))?;
    Ok(ReleaseOutput {
        release_id: begun.release_id.clone(),
        folder,
        manifest,
        tally: None,
        inputs: Vec::new(),
    })
}

fn read_manifest(folder: &Path) -> Result<Manifest, ReleaseError> {
    let path = folder.join(MANIFEST);
    let text = fs::read(&path).map_err(ReleaseError::file("reading", &path))?;
    serde_json::from_slice(&text)
        .map_err(|_| ReleaseError::Internal("the manifest just written cannot be read"))
}
