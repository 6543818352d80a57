//! What was set aside, tried once more (空実行) and taken in again (再取込み), from where it is kept.
//!
//! A trial is a load that is never committed: package checks, mapping, both gates of the Act, reconciliation and control
//! totals are the load's own code. It must never write: no key, identity, file or row of a trial outlives it. What only a
//! real load finds out (persons of a destroyed key, doubts about who is who) it cannot foresee.

use std::collections::BTreeMap;
use std::io;

use musubi_model::manifest::{Agreements, MANIFEST_FILE, SIGNATURE_FILE};
use musubi_model::submission::{Disposition, SubmissionState};
use musubi_model::{Finding, IdentityId, SubmissionId};
use musubi_storage::registry::IngestDb;
use musubi_storage::vault::{PackEntry, PackName, read_document};
use serde::Serialize;

use crate::held::stored_manifest;
use crate::house::{EtlError, House};
use crate::intake::{self, Outcome, Verified};
use crate::interfaces::mapper_of;
use crate::load::trial::{try_package, try_units};
use crate::load::{MANIFEST_ORDINAL, number};
use crate::package::Package;
use crate::quarantine::path_context;

/// With this word begins the event of a delivery that shall be taken in again; the reason follows.
pub const ORDERED: &str = "LOAD-AGAIN";
/// With this word begins the event of a delivery that was given back to its sender; the reason follows.
pub const RETURNED: &str = "RETURNED";
/// An order was taken up.
const TAKEN_UP: &str = "LOAD-AGAIN-TAKEN-UP";

/// How much of a delivery was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetAside {
    /// The package as a whole: it did not hold against its own manifest.
    Whole,
    /// Units of a delivery that was loaded.
    Units,
    /// Nothing of it was kept: it was refused, or its keys are gone.
    Nothing,
}

/// What a trial found (空実行の結果).
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// The delivery.
    pub submission: SubmissionId,
    /// How much of it was set aside.
    pub set_aside: SetAside,
    /// What still stands against the package as a whole, by rule; with any of it nothing is loaded.
    pub package: BTreeMap<String, u64>,
    /// Why the delivery as a whole would be held.
    pub stopped: Option<&'static str>,
    /// Documents that were read.
    pub documents: u64,
    /// Units that were tried.
    pub units: u64,
    /// Of them, by what would become of them.
    pub fates: BTreeMap<&'static str, u64>,
    /// Of those that would be held, by reason.
    pub held: BTreeMap<&'static str, u64>,
    /// Why units would be set aside again, by rule.
    pub findings: BTreeMap<String, u64>,
    /// Identities that would be loaded: known as they are.
    pub known: u64,
    /// New, and sharing a token with somebody known: linkage would compare them.
    pub compared: u64,
    /// New, and like nobody.
    pub fresh: u64,
}

impl Tried {
    fn new(submission: SubmissionId, set_aside: SetAside) -> Self {
        Self {
            submission,
            set_aside,
            package: BTreeMap::new(),
            stopped: None,
            documents: 0,
            units: 0,
            fates: BTreeMap::new(),
            held: BTreeMap::new(),
            findings: BTreeMap::new(),
            known: 0,
            compared: 0,
            fresh: 0,
        }
    }

    /// Units of a fate.
    #[must_use]
    pub fn count(&self, fate: Disposition) -> u64 {
        self.fates.get(fate.as_str()).copied().unwrap_or(0)
    }

    /// May it be taken in again from where it is kept? Only a whole package against which nothing stands any more: the
    /// bytes of single units lie under the key of their delivery, and loaded from there a copy would stay that no erasure
    /// of the person reaches.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.set_aside == SetAside::Whole && self.package.is_empty() && self.units > 0
    }

    pub(crate) fn against(&mut self, findings: &[Finding]) {
        for (rule, n) in intake::count(findings) {
            *self.package.entry(rule).or_default() += n;
        }
    }
}

/// Tries what was set aside of a delivery. `None`: there is no such delivery.
///
/// # Errors
/// The store's, the vault's, or a gate that is not there.
pub fn try_again(
    house: &House<'_>,
    agreements: &Agreements,
    id: &SubmissionId,
) -> Result<Option<Tried>, EtlError> {
    let mut db = house.registry.ingest()?;
    let Some(stored) = db.submission(id)? else { return Ok(None) };
    Ok(Some(match stored.state {
        SubmissionState::Quarantined => whole(house, agreements, &mut db, id)?,
        SubmissionState::Loaded | SubmissionState::Balanced | SubmissionState::Acknowledged => {
            units(house, &mut db, id)?
        }
        _ => Tried::new(*id, SetAside::Nothing),
    }))
}

fn whole(
    house: &House<'_>,
    agreements: &Agreements,
    db: &mut IngestDb,
    id: &SubmissionId,
) -> Result<Tried, EtlError> {
    let Some(mut package) = kept(house, db, id)? else { return Ok(Tried::new(*id, SetAside::Nothing)) };
    let mut tried = Tried::new(*id, SetAside::Whole);
    let verified = match verify(house, agreements, &mut package, id)? {
        Ok((verified, _)) => verified,
        Err(findings) => {
            tried.against(&findings);
            return Ok(tried);
        }
    };
    match mapper_of(db, &verified.manifest)? {
        Ok(mapper) => try_package(house, db, &mut package, &verified, mapper.as_ref(), &mut tried)?,
        Err(finding) => tried.against(&[*finding]),
    }
    Ok(tried)
}

fn units(house: &House<'_>, db: &mut IngestDb, id: &SubmissionId) -> Result<Tried, EtlError> {
    let mut tried = Tried::new(*id, SetAside::Units);
    let mut wanted: BTreeMap<i32, std::collections::BTreeSet<u32>> = BTreeMap::new();
    for (file, unit) in db.units_set_aside(id)? {
        wanted.entry(file).or_default().insert(unit);
    }
    let Some(verified) = stored_manifest(house, db, id)?.filter(|_| !wanted.is_empty()) else {
        return Ok(Tried { set_aside: SetAside::Nothing, ..tried });
    };
    match mapper_of(db, &verified.manifest)? {
        Ok(mapper) => try_units(house, db, &verified, mapper.as_ref(), &wanted, &mut tried)?,
        Err(finding) => tried.against(&[*finding]),
    }
    Ok(tried)
}

/// Takes in what the operator ordered to be taken in again (再取込みの指示). An order is used up by the attempt, whatever comes
/// of it.
///
/// # Errors
/// As [`crate::take_in`].
pub fn load_ordered(
    house: &House<'_>,
    agreements: &Agreements,
) -> Result<Vec<(SubmissionId, Result<Outcome, String>)>, EtlError> {
    let mut db = house.registry.ingest()?;
    let mut taken = Vec::new();
    for id in db.ordered_again(ORDERED)? {
        db.note_event(&id, (house.now)(), TAKEN_UP)?;
        match load_again(house, agreements, &id) {
            Ok(Some(outcome)) => taken.push((id, Ok(outcome))),
            Ok(None) => {}
            // One that cannot be read must not keep the others waiting.
            Err(EtlError::Package(e)) => taken.push((id, Err(e.to_string()))),
            Err(other) => return Err(other),
        }
    }
    Ok(taken)
}

/// Takes a package in again that was set aside whole, from where it is kept, through every gate as if it had come today.
/// `None`: nothing of it is kept as a whole package, or it does not hold.
fn load_again(
    house: &House<'_>,
    agreements: &Agreements,
    id: &SubmissionId,
) -> Result<Option<Outcome>, EtlError> {
    let mut db = house.registry.ingest()?;
    db.hold_submission(id)?;
    let quarantined = db.submission(id)?.is_some_and(|s| s.state == SubmissionState::Quarantined);
    let Some(mut package) = kept(house, &mut db, id)?.filter(|_| quarantined) else { return Ok(None) };
    match verify(house, agreements, &mut package, id)? {
        Ok((verified, signature)) => {
            intake::take_kept(house, &mut db, &mut package, (verified, &signature)).map(Some)
        }
        Err(_) => Ok(None),
    }
}

/// Holds a kept package against manifest, signature and agreements as they stand today.
fn verify(
    house: &House<'_>,
    agreements: &Agreements,
    package: &mut Package,
    id: &SubmissionId,
) -> Result<Result<(Verified, Vec<u8>), Vec<Finding>>, EtlError> {
    let mut read = |name: &str| match package.size_of(name) {
        Some(_) => package.read(name, house.limits.manifest_bytes_max).map_err(EtlError::Package),
        None => Ok(Vec::new()),
    };
    let (manifest, signature) = (read(MANIFEST_FILE)?, read(SIGNATURE_FILE)?);
    let checked = intake::check_manifest(house, agreements, package, *id, manifest, &signature);
    Ok(checked.map(|verified| (verified, signature)).map_err(|r| r.1))
}

/// A package that was set aside whole, as it lies in the vault. `None`: none, or its key is gone.
fn kept(house: &House<'_>, db: &mut IngestDb, id: &SubmissionId) -> Result<Option<Package>, EtlError> {
    let envelope = IdentityId(id.0);
    let Some(key) = db.existing_data_keys(&house.ring.kek, &[envelope])?.remove(&envelope) else {
        return Ok(None);
    };
    let (mut files, mut places) = (BTreeMap::new(), BTreeMap::new());
    // Of one that was set aside more than once the newest copy counts: its documents have the lowest numbers.
    for d in db.documents_of(id)?.iter().rev().filter(|d| d.ordinal < MANIFEST_ORDINAL) {
        let path = key.open(&path_context(&d.document), &d.path_sealed)?;
        let path = String::from_utf8_lossy(&path).into_owned();
        let place: (PackName, PackEntry) =
            (d.pack.parse()?, PackEntry { offset: d.pack_offset, len: d.pack_len });
        files.insert(path.clone(), d.bytes);
        places.insert(path, place);
    }
    if files.is_empty() {
        return Ok(None);
    }
    let vault = house.folders.vault.clone();
    let read = move |path: &str| -> io::Result<Vec<u8>> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let (pack, entry) = places.get(path).ok_or_else(missing)?;
        let bytes =
            read_document(&vault, pack, *entry, |_| Ok(Some(key.clone()))).map_err(io::Error::other)?;
        bytes.ok_or_else(missing)
    };
    Ok(Some(Package::Kept { files, read: Box::new(read) }))
}

/// So many, as a number.
pub(crate) fn add(counts: &mut BTreeMap<&'static str, u64>, word: &'static str, n: usize) {
    *counts.entry(word).or_default() += number(n);
}
