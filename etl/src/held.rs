//! What waits, night by night (通知待ち): whoever asked to stop is excluded, whoever's notice is ripe comes in, the rest
//! goes on waiting.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use musubi_compliance::notice::{Claim, HoldReason, NoticeGate, Ruling};
use musubi_compliance::optout::Verdict;
use musubi_model::manifest::MANIFEST_FILE;
use musubi_model::matching::{Guard, Token, TokenKind};
use musubi_model::{ProviderId, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::act::held::HeldUnit;
use musubi_storage::registry::IngestDb;
use musubi_storage::vault::{self, KeyId, PackEntry};

use crate::house::{EtlError, House, japanese_day};
use crate::intake::Verified;
use crate::interfaces::mapper_of;
use crate::load::MANIFEST_ORDINAL;
pub use crate::load::again::Settled;
use crate::load::again::{Again, LOADING, Wanted, again, announce};
use crate::notices;
use crate::package::read_manifest;

/// What a pass over the held units did.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct HeldOutcome {
    /// Units that waited.
    pub waiting: u64,
    /// Units excluded by an opt-out; their keys are destroyed.
    pub excluded: u64,
    /// Deliveries of which something was loaded.
    pub settled: Vec<Settled>,
}

/// A held unit, its tokens read.
struct Waiting {
    unit: HeldUnit,
    provider: ProviderId,
    tokens: Vec<Token>,
    guard: Option<Guard>,
}

impl Waiting {
    fn read(unit: HeldUnit) -> Result<Self, EtlError> {
        let damaged = || StorageError::Damaged("a held unit".to_owned());
        let provider = ProviderId::new(&unit.provider).map_err(|_| damaged())?;
        let guard = match &unit.guard {
            Some(bytes) => Some(Guard(bytes.as_slice().try_into().map_err(|_| damaged())?)),
            None => None,
        };
        let tokens = unit
            .tokens
            .iter()
            .map(|(kind, value)| Some(Token { kind: TokenKind::read(kind)?, value: value.clone() }))
            .collect::<Option<_>>()
            .ok_or_else(damaged)?;
        Ok(Self { unit, provider, tokens, guard })
    }

    fn claim(&self) -> Claim<'_> {
        let (provider, tokens, guard) = (&self.provider, self.tokens.as_slice(), self.guard);
        Claim { provider, tokens, guard, personal: self.unit.personal, birth: None }
    }
}

/// Looks at everything that waits and loads what may come in now.
///
/// # Errors
/// When store, disk or database fail, or a gate is not there: what was committed stays, and the pass can be run again.
pub fn load_held(house: &House<'_>) -> Result<HeldOutcome, EtlError> {
    let mut db = house.registry.ingest()?;
    let on = japanese_day((house.now)());
    let all = db.held_units()?;
    let mut outcome = HeldOutcome { waiting: crate::load::number(all.len()), ..HeldOutcome::default() };
    let mut by_submission: BTreeMap<SubmissionId, Vec<Waiting>> = BTreeMap::new();
    for unit in all {
        by_submission.entry(unit.submission).or_default().push(Waiting::read(unit)?);
    }
    outcome.excluded = exclude(house, &mut db, &mut by_submission, on)?;
    for (id, waiting) in by_submission {
        let wanted = ripe(house, &mut db, &id, &waiting, on)?;
        if wanted.is_empty() {
            continue;
        }
        if let Some((settled, keys)) = settle(house, &mut db, &id, &wanted)? {
            outcome.excluded += house.registry.erasure()?.exclude_held(&keys, (house.now)())?;
            outcome.settled.push(settled);
        }
    }
    Ok(outcome)
}

/// Excludes what an opt-out covers by now.
fn exclude(
    house: &House<'_>,
    db: &mut IngestDb,
    all: &mut BTreeMap<SubmissionId, Vec<Waiting>>,
    on: Date,
) -> Result<u64, EtlError> {
    let gate = house.gate.reload(db).map_err(|e| EtlError::Gate(e.to_string()))?;
    let mut keys: Vec<KeyId> = Vec::new();
    for waiting in all.values_mut() {
        waiting.retain(|w| {
            let stopped = gate.verdict(&w.provider, &w.tokens, w.guard, on) == Verdict::Exclude;
            if stopped {
                keys.push(w.unit.key_id);
            }
            !stopped
        });
    }
    if keys.is_empty() {
        return Ok(0);
    }
    Ok(house.registry.erasure()?.exclude_held(&keys, (house.now)())?)
}

/// The units of a delivery that may come in now; none while the delivery as a whole must wait.
fn ripe(
    house: &House<'_>,
    db: &mut IngestDb,
    id: &SubmissionId,
    waiting: &[Waiting],
    on: Date,
) -> Result<Wanted, EtlError> {
    let providers: BTreeSet<ProviderId> = waiting.iter().map(|w| w.provider.clone()).collect();
    let gate = NoticeGate::open(db, &house.notices, on, (house.now)(), &providers).map_err(notices::shut)?;
    let found = gate.find(db, waiting.iter().map(Waiting::claim)).map_err(notices::shut)?;
    let (mut wanted, mut without) = (Wanted::new(), BTreeSet::new());
    let mut looked_at = false;
    for w in waiting {
        match gate.judge(&found, &w.claim()) {
            Ruling::Admit { .. } => {
                wanted.entry(w.unit.file).or_default().insert(w.unit.unit);
            }
            Ruling::Hold(HoldReason::NoNotice, _) => {
                without.insert(w.claim().subject());
            }
            Ruling::Hold(..) => {}
        }
        looked_at |= [HoldReason::Growth, HoldReason::Balance, HoldReason::Items]
            .iter()
            .any(|r| r.as_str() == w.unit.reason);
    }
    let persons = db.persons_in_feed(id)?;
    let without = crate::load::number(without.len());
    if house.notices.blocks(without, persons) || (looked_at && !db.stop_opened(id)?) {
        return Ok(Wanted::new());
    }
    Ok(wanted)
}

/// Loads the wanted units of a delivery. `None`: nothing could be read of it any more.
fn settle(
    house: &House<'_>,
    db: &mut IngestDb,
    id: &SubmissionId,
    wanted: &Wanted,
) -> Result<Option<(Settled, Vec<KeyId>)>, EtlError> {
    db.hold_submission(id)?;
    announce(house, db, id, wanted.values().map(BTreeSet::len).sum(), LOADING)?;
    let Some(verified) = stored_manifest(house, db, id)? else { return Ok(None) };
    let mapper = match mapper_of(db, &verified.manifest)? {
        Ok(mapper) => mapper,
        // Its interface is gone: the units wait for whoever registers it again.
        Err(_) => return Ok(None),
    };
    loop {
        if let Again::Done(settled, keys) = again(house, db, &verified, mapper.as_ref(), wanted)? {
            db.note_event(id, (house.now)(), crate::rules::HELD.id)?;
            return Ok(Some((*settled, keys)));
        }
    }
}

/// The manifest of a delivery, from the vault. It was verified when it came, and its name is its hash.
pub(crate) fn stored_manifest(
    house: &House<'_>,
    db: &mut IngestDb,
    id: &SubmissionId,
) -> Result<Option<Verified>, EtlError> {
    let documents = db.documents_of(id)?;
    let Some(d) = documents.iter().find(|d| d.ordinal == MANIFEST_ORDINAL) else { return Ok(None) };
    let envelope = musubi_model::IdentityId(id.0);
    let keys = db.existing_data_keys(&house.ring.kek, &[envelope])?;
    let entry = PackEntry { offset: d.pack_offset, len: d.pack_len };
    let bytes = vault::read_document(&house.folders.vault, &d.pack.parse()?, entry, |_| {
        Ok(keys.get(&envelope).cloned())
    })?;
    let Some(manifest_bytes) = bytes else { return Ok(None) };
    let manifest = read_manifest(&manifest_bytes)
        .map_err(|_| StorageError::Damaged(format!("the stored {MANIFEST_FILE} of a submission")))?;
    let only = manifest.providers.first().filter(|_| manifest.providers.len() == 1);
    let providers = manifest
        .files
        .iter()
        .map(|f| f.provider.as_ref().or(only).cloned())
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| StorageError::Damaged("a stored manifest without providers".to_owned()))?;
    Ok(Some(Verified { id: *id, manifest, manifest_bytes, providers, findings: Vec::new() }))
}
