//! What a load notes for the receipt records of the Act (受領記録): counts by provider, and the list of persons, sealed as
//! it grows (law: R-RCV-01).
//!
//! Whoever was left out because they asked to stop is neither counted nor listed. Values of persons stay in memory until
//! they are sealed and are wiped then.

use std::collections::{BTreeMap, HashSet};

use musubi_compliance::receipt::{self, ReceiptDraft};
use musubi_mappers::RecordCounts;
use musubi_model::submission::Disposition;
use musubi_model::{DocumentHash, IdentityId, ProviderId, SourceIdentity, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::identity::PersonList;
use musubi_storage::ingest::Load;
use musubi_storage::keys::SealKey;
use musubi_storage::registry::IdentityDb;

/// Bytes of a list of persons that are sealed together.
const PART_BYTES: usize = 1 << 20;

/// What was noted of one provider.
#[derive(Default)]
struct Noted {
    draft: ReceiptDraft,
    persons: HashSet<IdentityId>,
    list: PersonList,
    parts: u32,
}

/// What a load notes.
#[derive(Default)]
pub(crate) struct Receipts {
    noted: BTreeMap<ProviderId, Noted>,
}

impl Receipts {
    /// Notes a file.
    pub(crate) fn file(&mut self, provider: &ProviderId, hash: DocumentHash) {
        self.of(provider).draft.files.push(hash);
    }

    /// Notes a unit and, when it was kept and is the first of its person, the person.
    pub(crate) fn unit(
        &mut self,
        provider: &ProviderId,
        disposition: Disposition,
        records: &RecordCounts,
        person: Option<(IdentityId, &SourceIdentity)>,
    ) -> Result<(), StorageError> {
        if disposition == Disposition::Excluded {
            return Ok(());
        }
        let noted = self.of(provider);
        for (kind, n) in records.iter() {
            *noted.draft.items.entry(kind.to_owned()).or_default() += n;
        }
        noted.draft.quarantined += u64::from(disposition == Disposition::Quarantined);
        if let Some((id, identity)) = person
            && noted.persons.insert(id)
        {
            noted.draft.persons += 1;
            noted.list.push(&identity.demographics)?;
        }
        Ok(())
    }

    fn of(&mut self, provider: &ProviderId) -> &mut Noted {
        self.noted.entry(provider.clone()).or_default()
    }

    /// Seals lists that have grown long; all of them when the load ends.
    pub(crate) fn seal(
        &mut self,
        load: &mut Load<'_>,
        keys: &mut IdentityDb,
        kek: &SealKey,
        submission: &SubmissionId,
        at_end: bool,
    ) -> Result<(), StorageError> {
        for (provider, noted) in &mut self.noted {
            if noted.list.is_empty() || (!at_end && noted.list.len() < PART_BYTES) {
                continue;
            }
            let id = receipt::persons_key(submission, provider);
            let key = keys
                .data_keys(kek, &[IdentityId(id)])?
                .remove(&IdentityId(id))
                .ok_or(StorageError::Key("the key of a list of persons was destroyed"))?;
            let sealed = noted.list.seal(&key, &receipt::persons_context(&id, noted.parts))?;
            load.receipt_persons(provider, noted.parts, &sealed)?;
            noted.parts += 1;
        }
        Ok(())
    }

    /// Writes and books the receipt records. To be called last before the commit.
    pub(crate) fn write(
        self,
        load: &mut Load<'_>,
        submission: SubmissionId,
        job: &str,
    ) -> Result<(), StorageError> {
        let drafts = self.noted.into_iter().map(|(provider, noted)| (provider, noted.draft)).collect();
        receipt::write(load, submission, job, &drafts)
    }
}
