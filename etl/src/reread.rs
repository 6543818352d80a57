//! Reading a unit again from the vault and mapping it anew (原資料の読み直し): what its bytes say today, for whoever has to
//! prove where a fact came from (R-PSE-06).
//!
//! It opens the unit's own key and the document's envelope and no other: other persons of the document stay blanks. It must
//! never write anything, and books nothing: whoever calls has booked the opening before.

use std::collections::BTreeMap;
use std::path::Path;

use musubi_mappers::{Document, Mapper, UnitSlice, leak};
use musubi_model::limits::Limits;
use musubi_model::{ByteRange, Fact, IdentityId, ProviderId};
use musubi_storage::StorageError;
use musubi_storage::code_map::{CodeMaps, ProviderMasters};
use musubi_storage::ingest::{StoredDocument, StoredUnit};
use musubi_storage::keys::SealKey;
use musubi_storage::master::LoadedMasters;
use musubi_storage::registry::IngestDb;
use musubi_storage::vault::{self, PackEntry, PackName};

use crate::codes;
use crate::house::EtlError;
use crate::load::again::blank_beyond;
use crate::quarantine::path_context;

/// What reading again needs besides the unit.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// The vault's folder.
    pub vault: &'a Path,
    /// Opens data keys.
    pub kek: &'a SealKey,
    /// Limits in force.
    pub limits: &'a Limits,
    /// Code masters.
    pub masters: &'a LoadedMasters,
    /// Approved maps of local codes.
    pub maps: &'a CodeMaps,
}

/// The facts of a unit as its bytes give them today, in their order; a fact's ordinal is its place. `None`: the unit is
/// nobody's any more, its key was destroyed, or it cannot be found in its document.
///
/// # Errors
/// The store's and the vault's.
pub fn facts(
    tools: &Tools<'_>,
    db: &mut IngestDb,
    mapper: &dyn Mapper,
    document: &StoredDocument,
    unit: &StoredUnit,
) -> Result<Option<Vec<Fact>>, EtlError> {
    let Some(identity) = unit.identity else { return Ok(None) };
    let envelopes = [IdentityId(document.path_key), IdentityId(document.submission.0)];
    let keys: BTreeMap<IdentityId, SealKey> =
        db.existing_data_keys(tools.kek, &[&[identity][..], &envelopes].concat())?;
    if !keys.contains_key(&identity) {
        return Ok(None);
    }
    let pack: PackName = document.pack.parse()?;
    let entry = PackEntry { offset: document.pack_offset, len: document.pack_len };
    let bytes =
        vault::read_with_blanks(tools.vault, &pack, entry, |id| Ok(keys.get(&IdentityId(*id)).cloned()))?;
    let path = match keys.get(&IdentityId(document.path_key)) {
        Some(key) => {
            let sealed = key.open(&path_context(&document.document), &document.path_sealed)?;
            String::from_utf8_lossy(&sealed).into_owned()
        }
        None => String::new(),
    };
    let provider = ProviderId::new(&document.provider)
        .map_err(|_| StorageError::Damaged("a provider's number".to_owned()))?;
    let source = Document { bytes: &bytes, path: &path, provider: &provider, limits: tools.limits };
    let mut split = mapper.split(&source);
    // The document was sound when it came; what its blanks do to it is not its fault.
    split.findings.clear();
    let range = ByteRange { start: unit.byte_start, len: unit.byte_len };
    let Some(found) = split.units.iter().find(|u| blank_beyond(&bytes, range, u.range)) else {
        return Ok(None);
    };
    let slice = UnitSlice { range, records: found.records.clone(), context: found.context };
    let masters = ProviderMasters::new(tools.masters, tools.maps, provider.as_str());
    let mut mapped = mapper.map(&source, &split, &slice, &masters);
    leak::guard(&mut mapped, tools.limits);
    codes::apply_maps(tools.maps, provider.as_str(), &mut mapped);
    Ok(Some(mapped.facts))
}
