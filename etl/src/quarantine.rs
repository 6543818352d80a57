//! Keeping what is not loaded: a whole package sealed under its envelope key, and single documents (the manifest).

use musubi_model::finding::Finding;
use musubi_model::submission::{Balance, Disposition, SubmissionState};
use musubi_model::{ByteRange, DocumentHash, IdentityId, ProviderId, SubmissionId};
use musubi_storage::ingest::{Arrival, DocumentRow, FindingRow};
use musubi_storage::keys::SealKey;
use musubi_storage::lake;
use musubi_storage::registry::{IdentityDb, IngestDb};
use musubi_storage::vault::{PackWriter, Segment, seal_document};

use crate::house::{EtlError, Event, House};
use crate::intake::{Outcome, count};
use crate::load::{LoadCounts, MANIFEST_ORDINAL, number, pass};
use crate::package::Package;

/// Keeps a whole package sealed without loading any of it: something about it as a whole does not hold.
pub(crate) fn quarantine_whole(
    house: &House<'_>,
    db: &mut IngestDb,
    package: &mut Package,
    id: SubmissionId,
    findings: Vec<Finding>,
    arrival: &Arrival,
) -> Result<Outcome, EtlError> {
    let mut identity_db = house.registry.identity()?;
    let envelope = envelope_key(house, &mut identity_db, &id)?;
    let counted = count(&findings);
    let paths: Vec<String> = package.paths().map(str::to_owned).collect();
    // Below everything that an earlier delivery under the same manifest has left.
    let lowest = db.documents_of(&id)?.iter().map(|d| d.ordinal).fold(MANIFEST_ORDINAL, i32::min) - 1;
    // Until the commit a sweep must not take the pack for one of a dead load.
    let _hold = lake::hold(&house.folders.lake)?;
    let mut load = db.begin_load(id)?;
    let mut balance = Balance::default();
    let mut pack = PackWriter::create(&house.folders.vault)?;
    let mut documents = Vec::with_capacity(paths.len());
    for (place, path) in (0i32..).zip(&paths) {
        let bytes = package.read(path, house.limits.document_bytes_max).map_err(EtlError::Package)?;
        documents.push(store_document(&mut pack, &envelope, &id, lowest - place, path, &bytes)?);
        let line = balance.line("file");
        line.received += 1;
        line.add(Disposition::Quarantined, 1);
    }
    let name = pack.finish()?;
    documents.iter_mut().for_each(|d| name.as_str().clone_into(&mut d.pack));
    load.documents(&documents)?;
    let rows: Vec<FindingRow> =
        findings.into_iter().map(|finding| FindingRow { document: None, unit: None, finding }).collect();
    load.findings(&rows)?;
    load.balance(&balance)?;
    load.enter_state((house.now)(), SubmissionState::Quarantined, "")?;
    pass(house, "rows-written")?;
    load.commit()?;
    (house.progress)(Event::State(SubmissionState::Quarantined));
    Ok(Outcome {
        submission: id,
        state: SubmissionState::Quarantined,
        repeated: false,
        feed: arrival.feed.clone(),
        balance: db.balance(&id)?,
        findings: counted,
        counts: LoadCounts::default(),
    })
}

/// Seals one document whole under the submission's envelope key into a pack. The row lacks the name of the pack, which
/// it gets when it is finished.
pub(crate) fn store_document(
    pack: &mut PackWriter,
    envelope: &SealKey,
    id: &SubmissionId,
    ordinal: i32,
    path: &str,
    bytes: &[u8],
) -> Result<DocumentRow, EtlError> {
    let hash = DocumentHash::of(bytes);
    let segments = if bytes.is_empty() {
        Vec::new()
    } else {
        vec![Segment { range: ByteRange::within(0, 0, bytes.len()), key_id: id.0 }]
    };
    let entry = pack.append(&seal_document(&hash, bytes, &segments, |_| Ok(envelope.clone()))?)?;
    Ok(DocumentRow {
        document: hash,
        ordinal,
        provider: ProviderId::new("-").map_err(|e| EtlError::Resolve(e.to_string()))?,
        bytes: number(bytes.len()),
        path_key: id.0,
        path_sealed: envelope.seal(&path_context(&hash), path.as_bytes())?,
        mapper_version: String::new(),
        pack: String::new(),
        pack_offset: entry.offset,
        pack_len: entry.len,
    })
}

/// What a sealed path is bound to.
#[must_use]
pub fn path_context(document: &DocumentHash) -> [&[u8]; 2] {
    [b"path/1", document.as_bytes()]
}

pub(crate) fn envelope_key(
    house: &House<'_>,
    db: &mut IdentityDb,
    id: &SubmissionId,
) -> Result<SealKey, EtlError> {
    let name = IdentityId(id.0);
    let mut keys = db.data_keys(&house.ring.kek, &[name])?;
    Ok(keys.remove(&name).ok_or(musubi_storage::StorageError::Key("the envelope key was destroyed"))?)
}
