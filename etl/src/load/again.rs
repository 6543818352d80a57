//! Loading what was held (通知待ちの格納): the documents are cut anew from the vault, and the units that may come in now
//! go the way of every other unit, gates and linkage included.
//!
//! Bytes of others that nobody can read any more are blanks. Nothing here may load a unit that waits for another reason.

use std::collections::{BTreeMap, BTreeSet};

use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use musubi_mappers::{Document, Mapper, RecordCounts, UnitSlice};
use musubi_model::submission::Disposition;
use musubi_model::{ByteRange, DocumentHash, IdentityId, ProviderId, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::compliance::Audited;
use musubi_storage::ingest::{StoredDocument, read_records};
use musubi_storage::keys::SealKey;
use musubi_storage::registry::IngestDb;
use musubi_storage::vault::{self, KeyId, PackEntry};

use super::{CutDocument, Run, number, pass, with_run};
use crate::counts::LoadCounts;
use crate::house::{EtlError, House};
use crate::intake::Verified;
use crate::notices;
use crate::quarantine::path_context;
use crate::work::WorkedUnit;

/// What became of the held units of a delivery.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Settled {
    /// The delivery.
    pub submission: SubmissionId,
    /// Units that wait no more.
    pub units: u64,
    /// Persons admitted.
    pub persons: u64,
    /// What was loaded.
    pub counts: LoadCounts,
}

/// Units by place of their document in the manifest.
pub(crate) type Wanted = BTreeMap<i32, BTreeSet<u32>>;

/// How loading again ended.
pub(crate) enum Again {
    /// Committed; with the keys of units that turned out to be excluded.
    Done(Box<Settled>, Vec<KeyId>),
    /// Somebody asked to stop meanwhile: nothing was committed.
    OptedOut,
}

/// Loads units of a delivery that were held.
pub(crate) fn again(
    house: &House<'_>,
    db: &mut IngestDb,
    verified: &Verified,
    mapper: &dyn Mapper,
    wanted: &Wanted,
) -> Result<Again, EtlError> {
    let stored: Vec<StoredDocument> =
        db.documents_of(&verified.id)?.into_iter().filter(|d| wanted.contains_key(&d.ordinal)).collect();
    let units = wanted.values().map(BTreeSet::len).sum();
    with_run(house, db, verified, mapper, ((house.now)(), None), |mut run| {
        run.again = true;
        announce(house, &mut run.identity_db, &verified.id, units, LOADING)?;
        let mut first = 0;
        while first < stored.len() {
            let mut bytes = 0;
            let batch: Vec<&StoredDocument> = stored
                .iter()
                .skip(first)
                .take_while(|d| {
                    let fits = bytes == 0 || bytes + d.bytes <= house.batch_bytes;
                    bytes += d.bytes;
                    fits
                })
                .collect();
            first += batch.len();
            run.batch_again(&batch, wanted)?;
        }
        run.close_again()
    })
}

/// In which role what is booked, when units that waited are loaded.
pub(crate) const LOADING: (AuditRole, AuditAction) = (AuditRole::Intake, AuditAction::LoadHeld);

/// Books that sealed units of a delivery are going to be opened, in the session that opens them (C-077).
pub(crate) fn announce(
    house: &House<'_>,
    db: &mut impl Audited,
    delivery: &SubmissionId,
    units: usize,
    (role, action): (AuditRole, AuditAction),
) -> Result<(), EtlError> {
    let entry = AuditEntry {
        at: (house.now)(),
        // A job's account was admitted by its name; another is none.
        actor: Name::new(&house.job)
            .map_err(|_| StorageError::Damaged("the name of a job's account".into()))?,
        role,
        action,
        object: AuditObject::Submission(*delivery),
        persons: u64::try_from(units).unwrap_or(u64::MAX),
        result: AuditResult::Done,
    };
    audit::append(db, &entry)?;
    Ok(())
}

impl Run<'_> {
    /// One batch of stored documents.
    fn batch_again(&mut self, stored: &[&StoredDocument], wanted: &Wanted) -> Result<(), EtlError> {
        let mut documents = Vec::with_capacity(stored.len());
        for d in stored {
            documents.push(self.open(d, false)?);
        }
        let hashes: Vec<DocumentHash> = documents.iter().map(|d| d.hash).collect();
        self.known = self.load.known_units(&hashes)?;
        let mut once = BTreeSet::new();
        self.twice.extend(hashes.iter().filter(|h| !once.insert(**h)));
        let mut chunk = Vec::new();
        for (index, document) in documents.iter().enumerate() {
            let file = i32::try_from(document.ordinal).unwrap_or(i32::MAX);
            for unit in wanted.get(&file).into_iter().flatten() {
                let slice = usize::try_from(*unit).ok().and_then(|u| document.split.units.get(u));
                // A unit that cannot be found any more goes on waiting.
                if slice.is_some_and(|s| s.records.total() > 0) {
                    chunk.push((index, *unit));
                }
            }
        }
        let mut fates: Vec<Vec<super::Fate>> = documents.iter().map(|_| Vec::new()).collect();
        self.chunk(&documents, &chunk, &mut fates, &mut BTreeMap::new())
    }

    /// Reads a document from the vault and cuts it; its units keep the ordinals they had. What is wrong with the document
    /// itself is told only when asked for, and when all of it can still be read.
    pub(super) fn open(&mut self, d: &StoredDocument, telling: bool) -> Result<CutDocument, EtlError> {
        let pack = d.pack.parse()?;
        let entry = PackEntry { offset: d.pack_offset, len: d.pack_len };
        let folder = &self.house.folders.vault;
        let (_, segments) = vault::read_table(folder, &pack, entry)?;
        let ids: Vec<IdentityId> =
            segments.iter().map(|s| IdentityId(s.key_id)).chain([IdentityId(d.path_key)]).collect();
        let keys: BTreeMap<IdentityId, SealKey> =
            self.identity_db.existing_data_keys(&self.house.ring.kek, &ids)?;
        let bytes =
            vault::read_with_blanks(folder, &pack, entry, |id| Ok(keys.get(&IdentityId(*id)).cloned()))?;
        let path = match keys.get(&IdentityId(d.path_key)) {
            Some(key) => {
                String::from_utf8_lossy(&key.open(&path_context(&d.document), &d.path_sealed)?).into_owned()
            }
            None => String::new(),
        };
        let provider = ProviderId::new(&d.provider)
            .map_err(|_| StorageError::Damaged("a provider's number".to_owned()))?;
        let mut split = self.tools.mapper.split(&Document {
            bytes: &bytes,
            path: &path,
            provider: &provider,
            limits: self.tools.limits,
        });
        // What blanks do to a document is not its fault; one that waits was sound when it came.
        if !telling || ids.iter().any(|id| !keys.contains_key(id)) {
            split.findings.clear();
        }
        let fresh: BTreeMap<u64, UnitSlice> = split.units.drain(..).map(|u| (u.range.start, u)).collect();
        for (ordinal, start, len, counted) in self.load.unit_ranges(&d.document, d.ordinal)? {
            let range = ByteRange { start, len };
            let mut slice = UnitSlice { range, records: RecordCounts::default(), context: 0 };
            // The unit as it was cut when it came. What follows it may be blanks by now, which the cutter takes for more
            // of it.
            if let Some(same) = fresh.get(&start).filter(|u| blank_beyond(&bytes, range, u.range)) {
                slice.context = same.context;
                read_records(&counted).into_iter().for_each(|(kind, n)| slice.records.add(kind, n));
            }
            let place = usize::try_from(ordinal).unwrap_or(usize::MAX);
            if split.units.len() == place {
                split.units.push(slice);
            }
        }
        Ok(CutDocument {
            ordinal: usize::try_from(d.ordinal).unwrap_or(0),
            hash: d.document,
            path,
            provider,
            bytes,
            split,
        })
    }

    /// Does a unit that waited stay out? Remembers the key of one that is excluded.
    pub(super) fn stays_out(
        &mut self,
        document: &CutDocument,
        w: &WorkedUnit,
        disposition: Disposition,
    ) -> bool {
        if disposition == Disposition::Excluded {
            let file = i32::try_from(document.ordinal).unwrap_or(i32::MAX);
            self.excluded.push(notices::hold_key(&self.verified.id, file, w.unit));
        }
        matches!(disposition, Disposition::Excluded | Disposition::Held)
    }

    /// Units, catalogue, superseded versions, balance, reconciliation, and the commit.
    fn close_again(mut self) -> Result<Again, EtlError> {
        let now = (self.house.now)();
        self.load.settle_held(&self.settled, now)?;
        let commit = self.load.files(&self.files, now)?;
        let superseded = self.load.supersede(commit)?;
        self.load.settle_balance(&self.balance, &superseded)?;
        let admitted = self.keeper.admitted();
        self.load.reconcile_held(&admitted)?;
        let unmapped = self.unmapped.into_rows(self.house.code_persons_min);
        self.load.unmapped_codes(&unmapped)?;
        pass(self.house, "held-written")?;
        if self.load.hold_opt_outs()? != self.opt_outs {
            return Ok(Again::OptedOut);
        }
        self.load.commit()?;
        let settled = Settled {
            submission: self.verified.id,
            units: number(self.settled.len()),
            persons: admitted.iter().map(|(_, n)| u64::try_from(*n).unwrap_or(0)).sum(),
            counts: self.counts,
        };
        Ok(Again::Done(Box::new(settled), self.excluded))
    }
}

/// Do two stretches begin at one place, with nothing but blanks in what the second has more?
pub(crate) fn blank_beyond(bytes: &[u8], own: ByteRange, found: ByteRange) -> bool {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    own.start == found.start
        && bytes
            .get(place(own.end())..place(found.end()))
            .is_some_and(|rest| rest.iter().all(u8::is_ascii_whitespace))
}
