//! The pure half of a load: from the bytes of some documents to mapped, described units, on all cores.

use compact_str::CompactString;
use musubi_id_resolution::{Described, TokenKey, describe};
use musubi_mappers::{Document, MappedUnit, Mapper, Split, leak};
use musubi_model::finding::Finding;
use musubi_model::limits::Limits;
use musubi_model::{DocumentHash, ProviderId, SourceIdentity};
use musubi_storage::code_map::{CodeMaps, ProviderMasters};
use musubi_storage::master::LoadedMasters;
use rayon::prelude::*;

use crate::codes::{self, UnitCode};
use crate::days::{Days, days_seen};
use crate::package::cap_findings;
use crate::rules;

/// One document of a batch, cut into units.
pub struct CutDocument {
    /// Place in the manifest.
    pub ordinal: usize,
    /// Name.
    pub hash: DocumentHash,
    /// Path inside the package.
    pub path: String,
    /// Provider.
    pub provider: ProviderId,
    /// Bytes.
    pub bytes: Vec<u8>,
    /// Units.
    pub split: Split,
}

/// One unit, mapped and described.
pub struct WorkedUnit {
    /// Which document of the batch.
    pub document: usize,
    /// Which unit of it.
    pub unit: u32,
    /// What the mapper made of it.
    pub mapped: MappedUnit,
    /// Who it speaks of, as sent.
    pub identity: SourceIdentity,
    /// The same as tokens.
    pub described: Described,
    /// First and last day on which the unit says something was done for them.
    pub seen: Option<Days>,
    /// Keyed hash of its logical key.
    pub version_key: Option<[u8; 16]>,
    /// Sortable time of its version.
    pub version_time: CompactString,
    /// 0, 1 or 2.
    pub version_flag: i16,
    /// Codes of its facts that found no standard.
    pub unmapped: Vec<UnitCode>,
}

/// What mapping needs besides the documents.
pub struct Tools<'a> {
    /// The format's mapper.
    pub mapper: &'a dyn Mapper,
    /// Code masters.
    pub masters: &'a LoadedMasters,
    /// Approved maps of local codes.
    pub maps: &'a CodeMaps,
    /// Limits.
    pub limits: &'a Limits,
    /// Makes tokens.
    pub tokens: &'a TokenKey,
    /// Hashes logical keys.
    pub version_hash: &'a [u8; 32],
}

/// Cuts documents into units.
pub fn cut(
    tools: &Tools<'_>,
    documents: Vec<(usize, DocumentHash, String, ProviderId, Vec<u8>)>,
) -> Vec<CutDocument> {
    documents
        .into_par_iter()
        .map(|(ordinal, hash, path, provider, bytes)| {
            let split = tools.mapper.split(&Document {
                bytes: &bytes,
                path: &path,
                provider: &provider,
                limits: tools.limits,
            });
            CutDocument { ordinal, hash, path, provider, bytes, split }
        })
        .collect()
}

/// Groups the units of a batch into chunks of at most about `bytes_max` bytes.
pub fn chunks(documents: &[CutDocument], bytes_max: u64) -> Vec<Vec<(usize, u32)>> {
    let mut all = Vec::new();
    let (mut chunk, mut bytes) = (Vec::new(), 0u64);
    for (index, document) in documents.iter().enumerate() {
        for (ordinal, unit) in (0u32..).zip(&document.split.units) {
            chunk.push((index, ordinal));
            bytes += u64::from(unit.range.len);
            if bytes >= bytes_max {
                all.push(std::mem::take(&mut chunk));
                bytes = 0;
            }
        }
    }
    if !chunk.is_empty() {
        all.push(chunk);
    }
    all
}

/// Maps and describes the units of a chunk, in order.
pub fn work(tools: &Tools<'_>, documents: &[CutDocument], chunk: &[(usize, u32)]) -> Vec<WorkedUnit> {
    chunk
        .par_iter()
        .with_min_len(16)
        .filter_map(|(index, ordinal)| {
            let document = documents.get(*index)?;
            let slice = document.split.units.get(usize::try_from(*ordinal).ok()?)?;
            let source = Document {
                bytes: &document.bytes,
                path: &document.path,
                provider: &document.provider,
                limits: tools.limits,
            };
            let masters = ProviderMasters::new(tools.masters, tools.maps, document.provider.as_str());
            let mut mapped = tools.mapper.map(&source, &document.split, slice, &masters);
            leak::guard(&mut mapped, tools.limits);
            if mapped.records != slice.records {
                let finding = Finding::new(&rules::MAPPER_COUNT)
                    .at(slice.range)
                    .found(mapped.records.total().to_string())
                    .expected(slice.records.total().to_string());
                mapped.findings.push(finding);
            }
            cap_findings(&mut mapped.findings, tools.limits.findings_per_unit_max);
            codes::apply_maps(tools.maps, document.provider.as_str(), &mut mapped);
            let unmapped = codes::unmapped(tools.masters, &mapped.facts);
            let identity = SourceIdentity {
                provider: document.provider.clone(),
                demographics: mapped.demographics.clone(),
            };
            let described = describe(tools.tokens, &identity);
            let seen = days_seen(&mapped.facts);
            let (version_key, version_time, version_flag) = match &mapped.version {
                Some(v) => {
                    let key = version_key(tools.version_hash, &document.provider, v.key.expose());
                    (Some(key), v.time.clone(), v.state.flag())
                }
                None => (None, CompactString::default(), 1),
            };
            Some(WorkedUnit {
                document: *index,
                unit: *ordinal,
                mapped,
                identity,
                described,
                seen,
                version_key,
                version_time,
                version_flag,
                unmapped,
            })
        })
        .collect()
}

/// Logical keys hold patient numbers: only their keyed hash is stored.
fn version_key(key: &[u8; 32], provider: &ProviderId, logical: &str) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(provider.as_str().as_bytes()).update(b"\0").update(logical.as_bytes());
    let mut out = [0u8; 16];
    hasher.finalize_xof().fill(&mut out);
    out
}
