//! The load (格納): every document of a verified submission into vault, lake and registry, in one commit.
//!
//! Memory is bounded by `batch_bytes` and the largest document: documents are worked in batches, and each batch writes
//! its own pack and lake files. Files that no commit names are swept away, so a load that dies leaves nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Instant;

use compact_str::CompactString;
use jiff::civil::Date;
use musubi_compliance::notice::{HoldReason, NoticeGate};
use musubi_compliance::optout::{GateError, OptOutGate, Verdict};
use musubi_id_resolution::TokenKey;
use musubi_mappers::vendor::vendor;
use musubi_mappers::{Mapper, RecordCounts};
use musubi_model::fact::{Provenance, UnitFacts};
use musubi_model::finding::Finding;
use musubi_model::manifest::ManifestFile;
use musubi_model::submission::{Balance, Disposition};
use musubi_model::{DocumentHash, IdentityId, ProviderId};
use musubi_storage::StorageError;
use musubi_storage::act::held::NewHeld;
use musubi_storage::identity::{Placement, random_research_ids};
use musubi_storage::ingest::{self, FindingRow, Load, UnitRow};
use musubi_storage::keys::SealKey;
use musubi_storage::lake::{self, LakeFile, PlacedUnit};
use musubi_storage::registry::{IdentityDb, IngestDb};
use musubi_storage::vault::KeyId;
use rayon::prelude::*;

use crate::codes::UnmappedCodes;
pub use crate::counts::LoadCounts;
use crate::days::{Days, wider, within};
use crate::fault::Fault;
use crate::house::{EtlError, Event, House, end_of_day, japanese_day};
use crate::intake::{Outcome, Verified};
use crate::notices::{self, Gatekeeper, Ticket};
use crate::package::promise::check_content;
use crate::package::{Package, read_file};
use crate::quarantine::envelope_key;
use crate::receipts::Receipts;
use crate::resolve::{Arrival, resolve_identities};
use crate::work::{self, CutDocument, Tools, WorkedUnit};

pub(crate) mod again;
mod close;
mod raw;
pub(crate) mod trial;

/// The key under which bytes of excluded persons are sealed: made for one document and forgotten at once.
pub const FORGOTTEN_KEY: KeyId = [0; 16];
/// Pairs of rule and product that are counted apart in one delivery.
const MAKERS_MAX: usize = 10_000;
/// Provider under which the manifest itself is kept.
pub(crate) const MANIFEST_ORDINAL: i32 = -1;

/// How a load ended.
pub(crate) enum Loaded {
    /// Committed.
    Done(Box<Outcome>),
    /// Something about the submission as a whole does not hold; nothing was committed. With what was counted, when all
    /// of it was.
    Unsound(Vec<Finding>, BTreeMap<String, u64>),
    /// The delivery must be held as a whole, for this reason; nothing was committed.
    Stopped(HoldReason),
    /// Somebody asked to stop while the load was running; nothing was committed, and it begins anew.
    OptedOut,
}

/// Passes a fault point.
pub(crate) fn pass(house: &House<'_>, point: &'static str) -> Result<(), EtlError> {
    match house.faults.pass(point).map_err(|source| EtlError::Point { point, source })? {
        Some(Fault::LoseDatabase) => Ok(ingest::lose_connections(house.registry)?),
        _ => Ok(()),
    }
}

/// Runs the load of a verified submission.
pub(crate) fn load(
    house: &House<'_>,
    db: &mut IngestDb,
    package: &mut Package,
    verified: &Verified,
    mapper: &dyn Mapper,
    hold_all: Option<HoldReason>,
) -> Result<Loaded, EtlError> {
    let cutoff = end_of_day(verified.manifest.business_date);
    with_run(house, db, verified, mapper, (cutoff, hold_all), |mut run| {
        run.twice = listed_twice(&verified.manifest.files);
        let started_bytes: u64 = verified.manifest.files.iter().map(|f| f.bytes).sum();
        (house.progress)(Event::Begins {
            files: number(verified.manifest.files.len()),
            bytes: started_bytes,
        });
        run.keep_manifest()?;
        let mut first = 0;
        while first < verified.manifest.files.len() {
            let last = batch_end(&verified.manifest.files, first, house.batch_bytes);
            if let Err(findings) = run.batch(package, first, last)? {
                return Ok(Loaded::Unsound(findings, BTreeMap::new()));
            }
            if let Some(reason) = run.keeper.stops_early() {
                return Ok(Loaded::Stopped(reason));
            }
            first = last;
        }
        run.close()
    })
}

/// Opens all that a load needs, holds the lake, and lets it run.
fn with_run<T>(
    house: &House<'_>,
    db: &mut IngestDb,
    verified: &Verified,
    mapper: &dyn Mapper,
    (cutoff, hold_all): (jiff::Timestamp, Option<HoldReason>),
    job: impl FnOnce(Run<'_>) -> Result<T, EtlError>,
) -> Result<T, EtlError> {
    let masters = house.registry.masters(db)?;
    let maps = db.code_maps()?;
    let mut identity_db = house.registry.identity()?;
    let tokens = TokenKey::new(house.ring.token.expose());
    let version_hash = version_hash_key(&house.ring.token);
    let tools = Tools {
        mapper,
        masters: &masters,
        maps: &maps,
        limits: &house.limits,
        tokens: &tokens,
        version_hash: &version_hash,
    };
    let envelope = envelope_key(house, &mut identity_db, &verified.id)?;

    // Held until the commit: a sweep must not take our files for those of a dead load.
    let _hold = lake::hold(&house.folders.lake)?;
    let mut load = db.begin_load(verified.id)?;
    let opt_outs = load.opt_out_mark()?;
    let on = japanese_day((house.now)());
    let (gate, keeper) = gates(house, verified, cutoff, on, hold_all)?;
    job(Run {
        house,
        tools,
        verified,
        envelope,
        load,
        gate,
        opt_outs,
        keeper,
        on,
        again: false,
        held: Vec::new(),
        settled: Vec::new(),
        excluded: Vec::new(),
        identity_db,
        placed: HashMap::new(),
        days: HashMap::new(),
        unmapped: UnmappedCodes::default(),
        seen: BTreeSet::new(),
        known: BTreeSet::new(),
        twice: BTreeSet::new(),
        taken: BTreeSet::new(),
        files: Vec::new(),
        balance: Balance::default(),
        totals: BTreeMap::new(),
        findings: BTreeMap::new(),
        makers: BTreeMap::new(),
        receipts: Receipts::default(),
        counts: LoadCounts::default(),
    })
}

/// The gates as the books stand now: an opt-out that was entered a moment ago counts.
fn gates(
    house: &House<'_>,
    verified: &Verified,
    cutoff: jiff::Timestamp,
    on: Date,
    hold_all: Option<HoldReason>,
) -> Result<(OptOutGate, Gatekeeper), EtlError> {
    let mut books = house.registry.ingest()?;
    let gate = house.gate.reload(&mut books).map_err(|e| match e {
        GateError::Unreadable(e) => EtlError::Storage(e),
        other => EtlError::Gate(other.to_string()),
    })?;
    let providers: BTreeSet<ProviderId> = verified.providers.iter().cloned().collect();
    let notices =
        NoticeGate::open(&mut books, &house.notices, on, cutoff, &providers).map_err(notices::shut)?;
    Ok((gate, Gatekeeper::new(notices, house.notices.clone(), on, hold_all, books)))
}

/// A load under way.
struct Run<'a> {
    house: &'a House<'a>,
    tools: Tools<'a>,
    verified: &'a Verified,
    envelope: SealKey,
    load: Load<'a>,
    /// Opt-outs as they stood when the load began, and how far their book had come.
    gate: OptOutGate,
    opt_outs: i64,
    /// Notices.
    keeper: Gatekeeper,
    /// The day of provision.
    on: Date,
    /// Units that were held before are loaded now.
    again: bool,
    /// Units of this load that wait.
    held: Vec<NewHeld>,
    /// Of units that waited: what became of them, and the keys of those that are excluded now.
    settled: Vec<UnitRow>,
    excluded: Vec<KeyId>,
    identity_db: IdentityDb,
    /// Person and lake bucket of every identity met so far.
    placed: HashMap<IdentityId, Placement>,
    /// The days on which they were seen, as far as the registry was told.
    days: HashMap<IdentityId, Days>,
    /// Codes that found no standard.
    unmapped: UnmappedCodes,
    /// Documents of this submission met so far.
    seen: BTreeSet<DocumentHash>,
    /// Units of the documents of this batch that an earlier submission has brought into the repository.
    known: BTreeSet<(DocumentHash, u32)>,
    /// Documents that the manifest lists more than once.
    twice: BTreeSet<DocumentHash>,
    /// Units of those that this submission brings.
    taken: BTreeSet<(DocumentHash, u32)>,
    files: Vec<LakeFile>,
    balance: Balance,
    totals: BTreeMap<CompactString, u64>,
    findings: BTreeMap<String, u64>,
    /// Findings by rule and product that made the document, where it says so.
    makers: BTreeMap<(String, String), u64>,
    /// What the receipt records of the Act will say.
    receipts: Receipts,
    counts: LoadCounts,
}

/// A unit's fate and the key its bytes lie under.
#[derive(Clone, Copy)]
struct Fate {
    disposition: Disposition,
    identity: Option<IdentityId>,
    /// The key of a unit that waits.
    hold: Option<KeyId>,
}

/// Where rows, findings and facts of units go.
type Sinks<'a> = (&'a mut Vec<UnitRow>, &'a mut Vec<FindingRow>, &'a mut Vec<(u16, UnitFacts)>);

impl Run<'_> {
    /// One batch of documents. `Err` inside: the submission is unsound.
    fn batch(
        &mut self,
        package: &mut Package,
        first: usize,
        last: usize,
    ) -> Result<Result<(), Vec<Finding>>, EtlError> {
        let clock = Instant::now();
        let documents = match self.read(package, first, last)? {
            Ok(documents) => documents,
            Err(findings) => return Ok(Err(findings)),
        };
        self.counts.read_seconds += clock.elapsed().as_secs_f64();
        let hashes: Vec<DocumentHash> = documents.iter().map(|d| d.1).collect();
        self.known = self.load.known_units(&hashes)?;
        let clock = Instant::now();
        let documents = work::cut(&self.tools, documents);
        self.counts.map_seconds += clock.elapsed().as_secs_f64();
        let came_before: BTreeSet<DocumentHash> = self.known.iter().map(|(document, _)| *document).collect();
        let repeats: Vec<bool> =
            documents.iter().map(|d| !self.seen.insert(d.hash) || came_before.contains(&d.hash)).collect();
        self.take_totals(&documents, &repeats);
        let mut fates: Vec<Vec<Fate>> =
            documents.iter().map(|d| Vec::with_capacity(d.split.units.len())).collect();
        let mut keys = BTreeMap::new();
        // A mapped unit takes many times the memory of its bytes: fewer of them at once than of raw documents.
        for chunk in work::chunks(&documents, self.house.batch_bytes / 4) {
            self.chunk(&documents, &chunk, &mut fates, &mut keys)?;
            if self.keeper.stops_early().is_some() {
                return Ok(Ok(()));
            }
        }
        self.store_raw(&documents, &fates, &keys)?;
        let bytes = documents.iter().map(|d| number(d.bytes.len())).sum();
        self.counts.bytes += bytes;
        self.counts.documents += number(documents.len());
        (self.house.progress)(Event::Bytes(bytes));
        Ok(Ok(()))
    }

    /// Reads the files of a batch and holds each against its length and hash.
    #[allow(clippy::type_complexity)] // the tuple lives for three lines, between reading and cutting
    fn read(
        &self,
        package: &mut Package,
        first: usize,
        last: usize,
    ) -> Result<Result<Vec<(usize, DocumentHash, String, ProviderId, Vec<u8>)>, Vec<Finding>>, EtlError> {
        let max = self.house.limits.document_bytes_max;
        let wanted: Vec<(usize, &ManifestFile, &ProviderId)> = self
            .verified
            .manifest
            .files
            .iter()
            .zip(&self.verified.providers)
            .enumerate()
            .skip(first)
            .take(last - first)
            .map(|(i, (f, p))| (i, f, p))
            .collect();
        let contents: Vec<std::io::Result<Vec<u8>>> = match package.folder() {
            Some(root) => {
                wanted.par_iter().map(|(_, f, _)| read_file(&root.join(&f.path), f.bytes, max)).collect()
            }
            None => wanted.iter().map(|(_, f, _)| package.read(&f.path, max)).collect(),
        };
        let read: Vec<Result<_, EtlOrFinding>> = wanted
            .into_par_iter()
            .zip(contents)
            .map(|((index, file, provider), bytes)| {
                let bytes = bytes.map_err(EtlOrFinding::Io)?;
                let hash = DocumentHash::of(&bytes);
                if let Some(finding) = check_content(index, file, number(bytes.len()), hash) {
                    return Err(EtlOrFinding::Finding(Box::new(finding)));
                }
                Ok((index, hash, file.path.clone(), provider.clone(), bytes))
            })
            .collect();
        let (mut good, mut bad) = (Vec::with_capacity(read.len()), Vec::new());
        for one in read {
            match one {
                Ok(document) => good.push(document),
                Err(EtlOrFinding::Finding(finding)) => bad.push(*finding),
                Err(EtlOrFinding::Io(e)) => return Err(EtlError::Package(e)),
            }
        }
        Ok(if bad.is_empty() { Ok(good) } else { Err(bad) })
    }

    /// Control totals, counts of what came, findings about documents, and the records outside units.
    fn take_totals(&mut self, documents: &[CutDocument], repeats: &[bool]) {
        for (document, repeated) in documents.iter().zip(repeats) {
            for (kind, n) in &document.split.totals {
                *self.totals.entry(kind.clone()).or_default() += n;
            }
            let disposition = match (document.split.is_unsound(), repeated) {
                (true, _) => Disposition::Quarantined,
                (false, true) => Disposition::Duplicate,
                (false, false) => Disposition::Loaded,
            };
            let records = document.split.units.iter().map(|u| &u.records).chain([&document.split.envelope]);
            for (kind, n) in records.flat_map(RecordCounts::iter) {
                self.balance.line(kind).received += n;
                self.counts.records += n;
            }
            for (kind, n) in document.split.envelope.iter() {
                self.balance.line(kind).add(disposition, n);
            }
        }
    }

    /// Maps, gates, resolves and writes the facts of one chunk of units; adds unit rows and findings.
    fn chunk(
        &mut self,
        documents: &[CutDocument],
        chunk: &[(usize, u32)],
        fates: &mut [Vec<Fate>],
        keys: &mut BTreeMap<KeyId, SealKey>,
    ) -> Result<(), EtlError> {
        let today = self.on;
        let (worked, mut decided, mut tickets) = self.judge(documents, chunk)?;
        // Nobody of a delivery that must stop gets an identity.
        if self.keeper.stops_early().is_some() {
            return Ok(());
        }
        let clock = Instant::now();
        let linked = self.resolve(&worked, &mut decided, keys)?;
        self.exclude_linked(&worked, &mut decided, today)?;
        self.hold_doubtful(&worked, &mut tickets, &mut decided, today)?;
        self.keeper.confirm(&worked, &mut tickets, &mut decided)?;
        self.counts.resolve_seconds += clock.elapsed().as_secs_f64();
        pass(self.house, "resolved")?;

        let wanted: Vec<IdentityId> = worked
            .iter()
            .zip(&decided)
            .filter(|(_, d)| matches!(d, Disposition::Loaded | Disposition::Duplicate))
            .map(|(w, _)| w.described.identity_id)
            .filter(|id| !keys.contains_key(&id.0))
            .collect();
        for (id, key) in self.identity_db.data_keys(&self.house.ring.kek, &wanted)? {
            keys.insert(id.0, key);
        }
        // No key although one was asked for: it was destroyed by an erasure, and nothing of that person comes back.
        for (w, disposition) in worked.iter().zip(&mut decided) {
            let kept = matches!(disposition, Disposition::Loaded | Disposition::Duplicate);
            if kept && !keys.contains_key(&w.described.identity_id.0) {
                *disposition = Disposition::Excluded;
            }
        }
        let mut unit_rows = Vec::with_capacity(worked.len());
        let mut finding_rows = linked;
        let mut facts = Vec::new();
        for ((w, disposition), ticket) in worked.into_iter().zip(decided).zip(tickets) {
            let Some(document) = documents.get(w.document) else { continue };
            if self.again && self.stays_out(document, &w, disposition) {
                continue;
            }
            let hold = match ticket {
                // Of who was to wait, linkage may have found that they asked to stop: of them nothing waits.
                Ticket::Held { reason, ripe_on } if disposition == Disposition::Held => {
                    Some(self.hold(document, &w, reason, ripe_on, keys)?)
                }
                _ => None,
            };
            let into = (&mut unit_rows, &mut finding_rows, &mut facts);
            self.take_unit(document, w, (disposition, ticket, hold), fates, into)?;
        }
        let clock = Instant::now();
        let placed: Vec<PlacedUnit<'_>> =
            facts.iter().map(|(bucket, unit)| PlacedUnit { bucket: *bucket, unit }).collect();
        self.files.extend(lake::write_part(&self.house.folders.lake, &placed)?);
        self.counts.lake_seconds += clock.elapsed().as_secs_f64();
        pass(self.house, "lake-written")?;

        let clock = Instant::now();
        if self.again {
            self.settled.extend(unit_rows);
        } else {
            self.load.units(&unit_rows)?;
        }
        self.seal_receipts(false)?;
        for row in &finding_rows {
            *self.findings.entry(row.finding.rule.id.to_owned()).or_default() += 1;
        }
        self.load.findings(&finding_rows)?;
        self.counts.registry_seconds += clock.elapsed().as_secs_f64();
        Ok(())
    }

    /// Maps the units of a chunk and asks the first gates of each.
    fn judge(
        &mut self,
        documents: &[CutDocument],
        chunk: &[(usize, u32)],
    ) -> Result<(Vec<WorkedUnit>, Vec<Disposition>, Vec<Ticket>), EtlError> {
        let clock = Instant::now();
        let mut worked = work::work(&self.tools, documents, chunk);
        self.counts.map_seconds += clock.elapsed().as_secs_f64();
        pass(self.house, "mapped")?;

        let today = self.on;
        let mut decided: Vec<Disposition> = worked
            .iter()
            .map(|w| {
                let document = documents.get(w.document);
                // The gate comes first: a defect is no reason to keep anything of a person who asked to stop.
                if self.gate.verdict_of(&w.identity.provider, &w.described, today) == Verdict::Exclude {
                    Disposition::Excluded
                } else if w.mapped.is_unsound() || document.is_some_and(|d| d.split.is_unsound()) {
                    Disposition::Quarantined
                } else {
                    Disposition::Loaded
                }
            })
            .collect();
        let tickets = self.keeper.decide(&mut worked, &mut decided)?;
        // Unit by unit: of a document that came before, some may have been left out then.
        for (w, disposition) in worked.iter().zip(&mut decided) {
            let Some(document) = documents.get(w.document) else { continue };
            let unit = (document.hash, w.unit);
            if *disposition != Disposition::Loaded {
                continue;
            }
            if self.known.contains(&unit) || self.taken.contains(&unit) {
                *disposition = Disposition::Duplicate;
            } else if self.twice.contains(&document.hash) {
                self.taken.insert(unit);
            }
        }
        pass(self.house, "gated")?;
        Ok((worked, decided, tickets))
    }

    /// Gives every identity that is taken in a person and a bucket. Returns the findings of matching.
    fn resolve(
        &mut self,
        worked: &[WorkedUnit],
        decided: &mut [Disposition],
        keys: &mut BTreeMap<KeyId, SealKey>,
    ) -> Result<Vec<FindingRow>, EtlError> {
        let mut fresh: BTreeMap<IdentityId, Arrival> = BTreeMap::new();
        for (w, disposition) in worked.iter().zip(decided.iter()) {
            let id = w.described.identity_id;
            let told = self.placed.contains_key(&id) && within(w.seen, self.days.get(&id).copied());
            if *disposition != Disposition::Loaded || told {
                continue;
            }
            let arrival = fresh.entry(id).or_insert_with(|| Arrival {
                identity: w.identity.clone(),
                described: w.described.clone(),
                seen: None,
            });
            arrival.seen = wider(arrival.seen, w.seen);
        }
        if fresh.is_empty() {
            pass(self.house, "decided")?;
            return Ok(Vec::new());
        }
        let (mut failed, mut asked) = (None, false);
        let mut ids = |count: usize| {
            asked = true;
            match pass(self.house, "decided") {
                Ok(()) => random_research_ids(count),
                Err(e) => {
                    failed = Some(e);
                    Err(StorageError::Refused("stopped at decided".to_owned()))
                }
            }
        };
        let report = resolve_identities(
            &mut self.identity_db,
            self.house.ring,
            self.verified.id,
            (self.house.now)(),
            &fresh,
            self.house.matching,
            &mut ids,
        );
        let report = match failed {
            Some(e) => return Err(e),
            None => report?,
        };
        if !asked {
            pass(self.house, "decided")?;
        }
        for (id, arrival) in &fresh {
            if let Some(seen) = wider(arrival.seen, self.days.get(id).copied()) {
                self.days.insert(*id, seen);
            }
        }
        self.counts.identities_new += report.identities_new;
        self.counts.persons_new += report.persons_new;
        self.counts.persons_merged += report.persons_merged;
        self.counts.persons_split += report.persons_split;
        self.counts.unlinkable += report.unlinkable;
        self.counts.reviews += report.reviews_new;
        self.counts.reviews_left_out += report.reviews_left_out;
        self.counts.conflicts += number(report.conflicts.len());
        // Whose key was destroyed by an erasure may not come back in.
        for (w, disposition) in worked.iter().zip(decided.iter_mut()) {
            if *disposition != Disposition::Quarantined && report.erased.contains(&w.described.identity_id) {
                *disposition = Disposition::Excluded;
            }
        }
        keys.extend(report.keys.0.into_iter().map(|(id, key)| (id.0, key)));
        self.placed.extend(report.placements);
        Ok(report
            .findings
            .into_iter()
            .map(|finding| FindingRow { document: None, unit: None, finding })
            .collect())
    }

    /// The second gate, after linkage: whoever turned out to be a person that asked to stop is left out as well.
    fn exclude_linked(
        &mut self,
        worked: &[WorkedUnit],
        decided: &mut [Disposition],
        today: Date,
    ) -> Result<(), EtlError> {
        if self.gate.entries_in_force(today) == 0 {
            return Ok(());
        }
        let ids: Vec<IdentityId> = worked.iter().map(|w| w.described.identity_id).collect();
        let stopped = self.identity_db.opted_out(&ids, today)?;
        for (w, disposition) in worked.iter().zip(decided) {
            if stopped.contains(&w.described.identity_id) {
                *disposition = Disposition::Excluded;
            }
        }
        Ok(())
    }

    /// Whoever cannot be told from somebody who asked to stop waits for people (G-8).
    fn hold_doubtful(
        &mut self,
        worked: &[WorkedUnit],
        tickets: &mut [Ticket],
        decided: &mut [Disposition],
        today: Date,
    ) -> Result<(), EtlError> {
        if self.gate.entries_in_force(today) == 0 {
            return Ok(());
        }
        let loading = worked.iter().zip(decided.iter()).filter(|(_, d)| **d == Disposition::Loaded);
        let ids: BTreeSet<IdentityId> = loading.map(|(w, _)| w.described.identity_id).collect();
        let ids: Vec<IdentityId> = ids.into_iter().collect();
        let (id, keys, at) = (self.verified.id, self.gate.doubt_keys_min(), (self.house.now)());
        let doubtful = self.identity_db.doubtful(&id, at, &ids, keys, today)?;
        self.keeper.doubt(&doubtful, worked, tickets, decided);
        Ok(())
    }

    /// Counts findings under the product that made their document.
    fn count_makers(&mut self, document: &CutDocument, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        let Some(maker) = vendor(self.verified.manifest.kind, &document.bytes) else { return };
        for finding in findings {
            let key = (finding.rule.id.to_owned(), maker.clone());
            if self.makers.len() < MAKERS_MAX || self.makers.contains_key(&key) {
                *self.makers.entry(key).or_default() += 1;
            }
        }
    }

    /// Gives a unit that waits a key of its own.
    fn hold(
        &mut self,
        document: &CutDocument,
        w: &WorkedUnit,
        reason: HoldReason,
        ripe_on: Option<Date>,
        keys: &mut BTreeMap<KeyId, SealKey>,
    ) -> Result<KeyId, EtlError> {
        let file = i32::try_from(document.ordinal).unwrap_or(i32::MAX);
        let id = notices::hold_key(&self.verified.id, file, w.unit);
        let kek = &self.house.ring.kek;
        let (row, key) = notices::held_row(kek, id, document.hash, file, w, reason, ripe_on)?;
        self.held.push(row);
        keys.insert(id, key);
        Ok(id)
    }

    /// Turns a worked unit into its row, its findings and its facts.
    fn take_unit(
        &mut self,
        document: &CutDocument,
        w: WorkedUnit,
        (disposition, ticket, hold): (Disposition, Ticket, Option<KeyId>),
        fates: &mut [Vec<Fate>],
        (unit_rows, finding_rows, facts): Sinks<'_>,
    ) -> Result<(), EtlError> {
        let Some(slice) = usize::try_from(w.unit).ok().and_then(|u| document.split.units.get(u)) else {
            return Ok(());
        };
        let mut records = String::new();
        for (kind, n) in slice.records.iter() {
            self.balance.line(kind).add(disposition, n);
            records.push_str(&format!("{}{kind}:{n}", if records.is_empty() { "" } else { " " }));
        }
        let kept = matches!(disposition, Disposition::Loaded | Disposition::Duplicate);
        let identity = kept.then_some(w.described.identity_id);
        let person = identity.map(|id| (id, &w.identity));
        self.receipts.unit(&document.provider, disposition, &slice.records, person)?;
        if let Some(row) = fates.get_mut(w.document) {
            row.push(Fate { disposition, identity, hold });
        }
        // Findings of an excluded person would be a trace of them; of one who waits, they are told when they come in.
        let kept_out = matches!(disposition, Disposition::Excluded | Disposition::Held);
        if !kept_out {
            self.count_makers(document, &w.mapped.findings);
            finding_rows.extend(w.mapped.findings.into_iter().map(|f| FindingRow {
                document: Some(document.hash),
                unit: Some(w.unit),
                finding: f.in_document(document.hash),
            }));
        }
        unit_rows.push(UnitRow {
            document: document.hash,
            ordinal: w.unit,
            file: i32::try_from(document.ordinal).unwrap_or(i32::MAX),
            provider: document.provider.clone(),
            byte_start: slice.range.start,
            byte_len: slice.range.len,
            identity,
            disposition,
            version_key: if kept_out { None } else { w.version_key },
            version_time: if kept_out { String::new() } else { w.version_time.into() },
            version_flag: w.version_flag,
            records,
        });
        self.counts.units += 1;
        if disposition == Disposition::Loaded && !w.mapped.facts.is_empty() {
            self.counts.facts += number(w.mapped.facts.len());
            let placement = self.placed.get(&w.described.identity_id);
            self.unmapped.add(&document.provider, placement.map(|p| p.research_id), w.unmapped);
            let bucket = placement.map(|p| p.bucket).unwrap_or_default();
            let provenance = Provenance {
                identity: w.described.identity_id,
                provider: document.provider.clone(),
                document: document.hash,
                unit: w.unit,
                submission: self.verified.id,
                mapper_version: CompactString::from(self.tools.mapper.version()),
                master_version: w.mapped.master_version,
                notice: match ticket {
                    Ticket::Admitted { notice } => notice,
                    Ticket::None | Ticket::Held { .. } => 0,
                },
            };
            facts.push((bucket, UnitFacts { provenance, facts: w.mapped.facts }));
        }
        Ok(())
    }

    /// Seals what has gathered of the receipts' lists of persons.
    fn seal_receipts(&mut self, at_end: bool) -> Result<(), EtlError> {
        let kek = &self.house.ring.kek;
        let id = self.verified.id;
        Ok(self.receipts.seal(&mut self.load, &mut self.identity_db, kek, &id, at_end)?)
    }
}

fn version_hash_key(token: &SealKey) -> [u8; 32] {
    let mut key = [0u8; 32];
    blake3::Hasher::new_derive_key("musubi 2026 unit version key/1")
        .update(token.expose())
        .finalize_xof()
        .fill(&mut key);
    key
}

/// Documents that stand under more than one path.
fn listed_twice(files: &[ManifestFile]) -> BTreeSet<DocumentHash> {
    let mut once = HashSet::with_capacity(files.len());
    files.iter().map(|f| f.blake3).filter(|hash| !once.insert(*hash)).collect()
}

/// One past the last file of the batch that begins at `first`.
fn batch_end(files: &[ManifestFile], first: usize, bytes_max: u64) -> usize {
    let mut bytes = 0u64;
    let mut last = first;
    for file in files.iter().skip(first) {
        if last > first && bytes + file.bytes > bytes_max {
            break;
        }
        bytes += file.bytes;
        last += 1;
    }
    last
}

pub(crate) fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

enum EtlOrFinding {
    Io(std::io::Error),
    Finding(Box<Finding>),
}
