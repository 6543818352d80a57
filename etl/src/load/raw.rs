//! The raw half of a load (原本の封緘): documents sealed unit by unit into one pack, and the manifest byte for byte.
//!
//! What lies under which key is decided here and nowhere else; nothing is written in the clear.

use std::collections::BTreeMap;
use std::time::Instant;

use musubi_model::ByteRange;
use musubi_model::manifest::MANIFEST_FILE;
use musubi_model::submission::Disposition;
use musubi_storage::ingest::{DocumentRow, FindingRow};
use musubi_storage::keys::SealKey;
use musubi_storage::vault::{KeyId, PackEntry, PackWriter, SealedDocument, Segment, seal_document};
use rayon::prelude::*;

use super::{FORGOTTEN_KEY, Fate, MANIFEST_ORDINAL, Run, number, pass};
use crate::house::EtlError;
use crate::quarantine::{path_context, store_document};
use crate::work::CutDocument;

impl Run<'_> {
    /// Seals the documents of a batch into one pack and adds their rows.
    pub(super) fn store_raw(
        &mut self,
        documents: &[CutDocument],
        fates: &[Vec<Fate>],
        keys: &BTreeMap<KeyId, SealKey>,
    ) -> Result<(), EtlError> {
        let clock = Instant::now();
        let (envelope_id, envelope) = (self.verified.id.0, &self.envelope);
        type Sealed = (SealedDocument, KeyId, Vec<u8>);
        let sealed: Vec<Result<Sealed, musubi_storage::StorageError>> = documents
            .par_iter()
            .zip(fates)
            .map(|(document, fates)| {
                let forgotten = SealKey::random()?;
                let key_of = |id: &KeyId| -> Result<SealKey, musubi_storage::StorageError> {
                    if *id == envelope_id {
                        Ok(envelope.clone())
                    } else if *id == FORGOTTEN_KEY {
                        Ok(forgotten.clone())
                    } else {
                        keys.get(id)
                            .cloned()
                            .ok_or(musubi_storage::StorageError::Key("a data key is missing"))
                    }
                };
                let segments = segments(document, fates, envelope_id);
                let path_key = match fates.as_slice() {
                    [only] => key_for(*only, envelope_id),
                    _ => envelope_id,
                };
                let path =
                    key_of(&path_key)?.seal(&path_context(&document.hash), document.path.as_bytes())?;
                let sealed = seal_document(&document.hash, &document.bytes, &segments, key_of)?;
                Ok((sealed, path_key, path))
            })
            .collect();
        let mut pack = PackWriter::create(&self.house.folders.vault)?;
        let mut entries: Vec<(PackEntry, KeyId, Vec<u8>)> = Vec::with_capacity(documents.len());
        for one in sealed {
            let (document, path_key, path) = one?;
            entries.push((pack.append(&document)?, path_key, path));
        }
        let name = pack.finish()?;
        self.counts.vault_seconds += clock.elapsed().as_secs_f64();
        pass(self.house, "vault-written")?;
        let clock = Instant::now();
        let rows: Vec<DocumentRow> = documents
            .iter()
            .zip(entries)
            .map(|(document, (entry, path_key, path_sealed))| DocumentRow {
                document: document.hash,
                ordinal: i32::try_from(document.ordinal).unwrap_or(i32::MAX),
                provider: document.provider.clone(),
                bytes: number(document.bytes.len()),
                path_key,
                path_sealed,
                mapper_version: self.tools.mapper.version().to_owned(),
                pack: name.as_str().to_owned(),
                pack_offset: entry.offset,
                pack_len: entry.len,
            })
            .collect();
        self.load.documents(&rows)?;
        for document in documents {
            self.receipts.file(&document.provider, document.hash);
            self.count_makers(document, &document.split.findings);
        }
        let about: Vec<FindingRow> = documents
            .iter()
            .flat_map(|d| d.split.findings.iter().map(move |f| (d.hash, f)))
            .map(|(hash, f)| FindingRow {
                document: Some(hash),
                unit: None,
                finding: f.clone().in_document(hash),
            })
            .collect();
        for row in &about {
            *self.findings.entry(row.finding.rule.id.to_owned()).or_default() += 1;
        }
        self.load.findings(&about)?;
        self.counts.registry_seconds += clock.elapsed().as_secs_f64();
        Ok(())
    }

    /// Keeps the manifest itself, byte for byte.
    pub(super) fn keep_manifest(&mut self) -> Result<(), EtlError> {
        let mut pack = PackWriter::create(&self.house.folders.vault)?;
        let bytes = &self.verified.manifest_bytes;
        let mut row = store_document(
            &mut pack,
            &self.envelope,
            &self.verified.id,
            MANIFEST_ORDINAL,
            MANIFEST_FILE,
            bytes,
        )?;
        pack.finish()?.as_str().clone_into(&mut row.pack);
        self.load.documents(&[row])?;
        Ok(())
    }
}

/// The key under which a unit's bytes lie.
fn key_for(fate: Fate, envelope: KeyId) -> KeyId {
    match (fate.disposition, fate.identity, fate.hold) {
        (Disposition::Excluded, _, _) => FORGOTTEN_KEY,
        (_, _, Some(hold)) => hold,
        (_, Some(identity), None) => identity.0,
        (_, None, None) => envelope,
    }
}

/// Covers a document: units under their keys, what lies between under the envelope key.
fn segments(document: &CutDocument, fates: &[Fate], envelope: KeyId) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(fates.len() + 2);
    let mut at = 0u64;
    let gap = |from: u64, to: u64| Segment {
        range: ByteRange { start: from, len: u32::try_from(to - from).unwrap_or(u32::MAX) },
        key_id: envelope,
    };
    for (unit, fate) in document.split.units.iter().zip(fates) {
        if unit.range.start > at {
            segments.push(gap(at, unit.range.start));
        }
        if unit.range.len > 0 {
            segments.push(Segment { range: unit.range, key_id: key_for(*fate, envelope) });
        }
        at = unit.range.end();
    }
    let end = number(document.bytes.len());
    if end > at {
        segments.push(gap(at, end));
    }
    segments
}
