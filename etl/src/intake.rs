//! Intake (受付): one package from the door to its acknowledgement, or to a clear refusal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use musubi_compliance::incident::{self, IncidentKind};
use musubi_compliance::notice::HoldReason;
use musubi_model::finding::Finding;
use musubi_model::manifest::{Agreements, MANIFEST_FILE, Manifest, SIGNATURE_FILE};
use musubi_model::submission::{Balance, SubmissionState};
use musubi_model::{DocumentHash, ProviderId, SubmissionId};
use musubi_package::promise::is_signed;
use musubi_storage::ingest::{Arrival, FindingRow, StoredSubmission};
use musubi_storage::registry::IngestDb;
use serde::Serialize;

use crate::house::{EtlError, Event, House};
use crate::interfaces::mapper_of;
use crate::load::{self, LoadCounts};
use crate::package::{Listed, Package, PackageError, is_damage, read_manifest};
use crate::quarantine;
use crate::rules;

/// What became of a package.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Its id. A package without a manifest is named after the list of its files.
    pub submission: SubmissionId,
    /// Its state.
    pub state: SubmissionState,
    /// The same package had come before; nothing was done.
    pub repeated: bool,
    /// Feed, as the manifest says.
    pub feed: Option<String>,
    /// Its balance; empty when nothing was taken in.
    pub balance: Balance,
    /// Findings by rule.
    pub findings: BTreeMap<String, u64>,
    /// What was loaded and how long it took.
    pub counts: LoadCounts,
}

/// A manifest whose promises about itself hold: signature, feed, providers, paths, listed files present.
pub(crate) struct Verified {
    pub id: SubmissionId,
    pub manifest: Manifest,
    pub manifest_bytes: Vec<u8>,
    /// Provider of each file, in the manifest's order.
    pub providers: Vec<ProviderId>,
    /// Warnings so far.
    pub findings: Vec<Finding>,
}

/// Takes one package in.
///
/// # Errors
/// Only what is not the package's fault: the store, the disk, the database. Whatever is wrong with the package is a
/// finding and a state.
pub fn take_in(house: &House<'_>, agreements: &Agreements, path: &Path) -> Result<Outcome, EtlError> {
    let mut db = house.registry.ingest().map_err(EtlError::Storage)?;
    let mut package = match Package::open(path, &house.limits) {
        Ok(package) => package,
        Err(PackageError::Io(e)) => return Err(EtlError::Package(e)),
        Err(PackageError::Bad(finding)) => {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let id = Manifest::submission_id(format!("unopened {name}").as_bytes());
            return reject(house, &mut db, id, &Arrival::default(), vec![*finding]);
        }
    };
    let manifest_bytes = match package.size_of(MANIFEST_FILE) {
        Some(size) if size <= house.limits.manifest_bytes_max => {
            match package.read(MANIFEST_FILE, house.limits.manifest_bytes_max) {
                Ok(bytes) => bytes,
                Err(e) if is_damage(&e) => {
                    let id = Manifest::submission_id(listing(&package).as_bytes());
                    return reject(house, &mut db, id, &Arrival::default(), vec![damaged()]);
                }
                Err(e) => return Err(EtlError::Package(e)),
            }
        }
        found => {
            let id = Manifest::submission_id(listing(&package).as_bytes());
            let finding = match found {
                Some(size) => Finding::new(&rules::OVERSIZE)
                    .found(format!("manifest_bytes_max: {size}"))
                    .expected(format!("{} 以下", house.limits.manifest_bytes_max)),
                None => Finding::new(&rules::MANIFEST_MISSING).expected(MANIFEST_FILE),
            };
            return reject(house, &mut db, id, &Arrival::default(), vec![finding]);
        }
    };
    let id = Manifest::submission_id(&manifest_bytes);
    db.hold_submission(&id)?;
    let stored = db.submission(&id)?;
    if let Some(stored) = stored.as_ref().filter(|s| s.state == SubmissionState::Acknowledged) {
        return repeated(house, &mut db, stored);
    }
    let committed = stored
        .as_ref()
        .is_some_and(|s| matches!(s.state, SubmissionState::Loaded | SubmissionState::Balanced));
    if committed {
        return acknowledge(house, &mut db, &id);
    }
    let signature = match package.size_of(SIGNATURE_FILE).map(|_| package.read(SIGNATURE_FILE, 4096)) {
        Some(Ok(signature)) => signature,
        // What cannot be read is no signature.
        Some(Err(e)) if is_damage(&e) => Vec::new(),
        Some(Err(e)) => return Err(EtlError::Package(e)),
        None => Vec::new(),
    };
    let arrival = arrival_of(house, &manifest_bytes, &signature);
    let checked = check_manifest(house, agreements, &package, id, manifest_bytes, &signature);
    if let Some(stored) = stored.as_ref().filter(|s| s.state == SubmissionState::Quarantined) {
        let refused = checked.as_ref().is_err_and(|r| r.0 == SubmissionState::Rejected);
        if refused || !brings_more(house, &mut db, &mut package, &id)? {
            return repeated(house, &mut db, stored);
        }
    }
    db.record_arrival(&id, (house.now)(), &arrival)?;
    (house.progress)(Event::State(SubmissionState::Received));
    load::pass(house, "received")?;
    match go_on(house, &mut db, &mut package, id, checked, &arrival) {
        // A zip damaged inside cannot be kept whole, so nothing of it is kept; an undamaged copy is welcome.
        Err(EtlError::Package(e)) if is_damage(&e) => reject(house, &mut db, id, &arrival, vec![damaged()]),
        ended => ended,
    }
}

/// The same package once more: noted, and nothing else.
fn repeated(house: &House<'_>, db: &mut IngestDb, stored: &StoredSubmission) -> Result<Outcome, EtlError> {
    db.note_event(&stored.id, (house.now)(), rules::REPEATED.id)?;
    Ok(Outcome {
        submission: stored.id,
        state: stored.state,
        repeated: true,
        feed: stored.feed.clone(),
        balance: db.balance(&stored.id)?,
        findings: BTreeMap::from([(rules::REPEATED.id.to_owned(), 1)]),
        counts: LoadCounts::default(),
    })
}

/// Does a package hold a file that its quarantined first delivery did not? After a transfer that broke off, the same
/// manifest comes again with the files as it lists them.
fn brings_more(
    house: &House<'_>,
    db: &mut IngestDb,
    package: &mut Package,
    id: &SubmissionId,
) -> Result<bool, EtlError> {
    let kept: BTreeSet<DocumentHash> = db.documents_of(id)?.into_iter().map(|d| d.document).collect();
    let paths: Vec<String> = package.paths().filter(|p| *p != SIGNATURE_FILE).map(str::to_owned).collect();
    for path in paths {
        match package.read(&path, house.limits.document_bytes_max) {
            Ok(bytes) if !kept.contains(&DocumentHash::of(&bytes)) => return Ok(true),
            Ok(_) => {}
            Err(e) if is_damage(&e) => {}
            Err(e) => return Err(EtlError::Package(e)),
        }
    }
    Ok(false)
}

/// Takes in a package that the house has kept and that holds today: from here on as if it had just come.
pub(crate) fn take_kept(
    house: &House<'_>,
    db: &mut IngestDb,
    package: &mut Package,
    (verified, signature): (Verified, &[u8]),
) -> Result<Outcome, EtlError> {
    let id = verified.id;
    let arrival = arrival_of(house, &verified.manifest_bytes, signature);
    db.record_arrival(&id, (house.now)(), &arrival)?;
    (house.progress)(Event::State(SubmissionState::Received));
    go_on(house, db, package, id, Ok(verified), &arrival)
}

/// From the checked manifest to the end.
fn go_on(
    house: &House<'_>,
    db: &mut IngestDb,
    package: &mut Package,
    id: SubmissionId,
    checked: Result<Verified, Refused>,
    arrival: &Arrival,
) -> Result<Outcome, EtlError> {
    let verified = match checked {
        Ok(verified) => verified,
        Err(refused) => {
            let (state, findings) = *refused;
            return match state {
                SubmissionState::Rejected => reject(house, db, id, arrival, findings),
                _ => quarantine::quarantine_whole(house, db, package, id, findings, arrival),
            };
        }
    };
    // Not kept: once the operator has registered the interface, the same package can come again.
    let mapper = match mapper_of(db, &verified.manifest)? {
        Ok(mapper) => mapper,
        Err(finding) => return reject(house, db, id, arrival, vec![*finding]),
    };
    db.enter_state(&id, (house.now)(), SubmissionState::Verified, "")?;
    (house.progress)(Event::State(SubmissionState::Verified));
    load::pass(house, "verified")?;
    let mut hold_all = None;
    let loaded = loop {
        match load::load(house, db, package, &verified, mapper.as_ref(), hold_all)? {
            load::Loaded::Stopped(reason) if hold_all.is_none() => hold_all = Some(reason),
            load::Loaded::Stopped(_) => {
                return Err(EtlError::Gate("a delivery that is held as a whole was stopped".to_owned()));
            }
            load::Loaded::OptedOut => {}
            ended => break ended,
        }
    };
    match loaded {
        load::Loaded::Done(mut outcome) => {
            if hold_all == Some(HoldReason::Blocked) {
                report_unnotified(house, &id)?;
            }
            let closing = acknowledge(house, db, &id)?;
            outcome.state = closing.state;
            outcome.balance = closing.balance;
            Ok(*outcome)
        }
        load::Loaded::Unsound(mut findings, counted) => {
            findings.extend(verified.findings);
            let outcome = quarantine::quarantine_whole(house, db, package, id, findings, arrival)?;
            db.keep_totals(&id, &verified.manifest.totals, &counted)?;
            Ok(outcome)
        }
        load::Loaded::Stopped(_) | load::Loaded::OptedOut => {
            Err(EtlError::Gate("a load that did not end".to_owned()))
        }
    }
}

/// Opens an incident about a delivery full of persons without a notice: reported first, counted later (R-SEC-13). What
/// came is frozen, sealed as it is, until people decide.
fn report_unnotified(house: &House<'_>, id: &SubmissionId) -> Result<(), EtlError> {
    let mut db = house.registry.act()?;
    let unnotified = db
        .reconciliations(&id.to_string(), 10_000)?
        .iter()
        .map(|r| u64::try_from(r.unnotified).unwrap_or(0))
        .sum();
    let frozen = [format!("submission:{id}")];
    let title = "通知のない人のデータの受領";
    incident::open_automatic(
        &mut db,
        (house.now)(),
        &house.job,
        IncidentKind::Unnotified,
        title,
        unnotified,
        &frozen,
    )?;
    Ok(())
}

/// The finding of a zip whose list of entries is sound, but not the packed bytes.
fn damaged() -> Finding {
    Finding::new(&rules::ZIP).found("圧縮データが壊れています")
}

/// Writes the last state of a committed load. Its report is rendered from the registry whenever it is asked for.
fn acknowledge(house: &House<'_>, db: &mut IngestDb, id: &SubmissionId) -> Result<Outcome, EtlError> {
    db.enter_state(id, (house.now)(), SubmissionState::Acknowledged, "")?;
    (house.progress)(Event::State(SubmissionState::Acknowledged));
    let feed = db.submission(id)?.and_then(|s| s.feed);
    Ok(Outcome {
        submission: *id,
        state: SubmissionState::Acknowledged,
        repeated: false,
        feed,
        balance: db.balance(id)?,
        findings: BTreeMap::new(),
        counts: LoadCounts::default(),
    })
}

fn reject(
    house: &House<'_>,
    db: &mut IngestDb,
    id: SubmissionId,
    arrival: &Arrival,
    findings: Vec<Finding>,
) -> Result<Outcome, EtlError> {
    let now = (house.now)();
    if db.submission(&id)?.is_none() {
        let arrival = Arrival {
            parameter_hash: house.parameter_hash.clone(),
            code_version: house.code_version.clone(),
            ..arrival.clone()
        };
        db.record_arrival(&id, now, &arrival)?;
    }
    let counted = count(&findings);
    let rows: Vec<FindingRow> =
        findings.into_iter().map(|finding| FindingRow { document: None, unit: None, finding }).collect();
    db.conclude(&id, now, SubmissionState::Rejected, &rows)?;
    (house.progress)(Event::State(SubmissionState::Rejected));
    Ok(Outcome {
        submission: id,
        state: SubmissionState::Rejected,
        // Nothing was kept, so one that comes again is looked at anew: its feed may be registered by now.
        repeated: false,
        feed: arrival.feed.clone(),
        balance: Balance::default(),
        findings: counted,
        counts: LoadCounts::default(),
    })
}

/// Findings by rule.
pub(crate) fn count(findings: &[Finding]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.rule.id.to_owned()).or_insert(0) += 1;
    }
    counts
}

pub(crate) type Refused = Box<(SubmissionState, Vec<Finding>)>;

fn refuse(state: SubmissionState, finding: Finding) -> Refused {
    Box::new((state, vec![finding]))
}

/// Holds the manifest against itself, its signature, the agreements and the package's list of files.
pub(crate) fn check_manifest(
    house: &House<'_>,
    agreements: &Agreements,
    package: &Package,
    id: SubmissionId,
    manifest_bytes: Vec<u8>,
    signature: &[u8],
) -> Result<Verified, Refused> {
    use SubmissionState::{Quarantined, Rejected};
    let manifest = read_manifest(&manifest_bytes).map_err(|f| refuse(Rejected, *f))?;
    if signature.is_empty() {
        return Err(refuse(Rejected, Finding::new(&rules::UNSIGNED).expected(SIGNATURE_FILE)));
    }
    let unknown = |what: &str| {
        refuse(Rejected, Finding::new(&rules::FEED_UNKNOWN).found(format!("{what} {}", manifest.feed)))
    };
    let feed = agreements.feeds.iter().find(|f| f.id == manifest.feed).ok_or_else(|| unknown("フィード"))?;
    let submitter = agreements
        .submitters
        .iter()
        .find(|s| s.id == feed.submitter)
        .ok_or_else(|| unknown("提出者未登録:"))?;
    let signed = is_signed(&manifest_bytes, signature, &submitter.public_key);
    if !signed {
        return Err(refuse(Rejected, Finding::new(&rules::SIGNATURE)));
    }
    if manifest.submitter != feed.submitter || manifest.kind != feed.kind {
        let finding = Finding::new(&rules::FEED_MISMATCH)
            .found(format!("{} {}", manifest.submitter, manifest.kind.as_str()))
            .expected(format!("{} {}", feed.submitter, feed.kind.as_str()));
        return Err(refuse(Rejected, finding));
    }
    if let Some(stranger) = manifest.providers.iter().find(|p| !feed.providers.contains(p)) {
        return Err(refuse(Rejected, Finding::new(&rules::PROVIDER_UNKNOWN).found(stranger.to_string())));
    }
    let listed = Listed::check(&manifest, package, &house.limits).map_err(|f| refuse(Rejected, *f))?;
    if !listed.broken.is_empty() {
        return Err(Box::new((Quarantined, listed.broken)));
    }
    let (providers, findings) = (listed.providers, listed.unlisted);
    Ok(Verified { id, manifest, manifest_bytes, providers, findings })
}

/// What the manifest says of itself, verified or not: for the books, not for decisions.
fn arrival_of(house: &House<'_>, manifest_bytes: &[u8], signature: &[u8]) -> Arrival {
    let mut arrival = Arrival {
        signature: std::str::from_utf8(signature).ok().map(|s| s.trim().chars().take(128).collect()),
        parameter_hash: house.parameter_hash.clone(),
        code_version: house.code_version.clone(),
        ..Arrival::default()
    };
    if let Ok(manifest) = read_manifest(manifest_bytes) {
        arrival.feed = Some(manifest.feed.to_string());
        arrival.submitter = Some(manifest.submitter.to_string());
        arrival.kind = Some(manifest.kind.as_str().to_owned());
        arrival.business_date = Some(manifest.business_date);
        arrival.files = u64::try_from(manifest.files.len()).unwrap_or(u64::MAX);
        arrival.bytes = manifest.files.iter().fold(0, |sum, f| sum.saturating_add(f.bytes));
    }
    arrival
}

/// A package without a manifest still needs a name that is the same next time.
fn listing(package: &Package) -> String {
    package.paths().map(|p| format!("{p} {}\n", package.size_of(p).unwrap_or(0))).collect()
}
