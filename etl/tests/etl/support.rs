//! What these tests share: one private server and one small region for all that run at the same time, and a room (a
//! database, a vault, a lake) of its own for each test.
//!
//! [`Room::take`] holds every outcome against the invariants that hold for any package: the balance closes, nothing is
//! half loaded, and nothing that is told names a person.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use jiff::Timestamp;
use jiff::civil::date;
use musubi_compliance::notice::NoticeRules;
use musubi_compliance::optout::OptOutGate;
use musubi_compliance::optout_list;
use musubi_compliance::parameters::parameters;
use musubi_etl::house::{Folders, japanese_day};
use musubi_etl::matching::Matching;
use musubi_etl::quarantine::path_context;
use musubi_etl::{EtlError, Event, Faults, House, Outcome, take_in};
use musubi_id_resolution::{TokenKey, TokenKind, describe};
use musubi_model::limits::Limits;
use musubi_model::manifest::{
    Agreements, MANIFEST_FILE, Manifest, ManifestFile, SIGNATURE_DOMAIN, SIGNATURE_FILE,
};
use musubi_model::sign::SecretKey;
use musubi_model::submission::SubmissionState;
use musubi_model::{DocumentHash, IdentityId, ProviderId, SourceIdentity, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::compliance::OptOutRow;
use musubi_storage::ingest::StoredDocument;
use musubi_storage::keys::{KEY_BYTES, KekSource, KeyRing, SealKey};
use musubi_storage::lake::{self, LakeFile, RepositoryFingerprint};
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};
use musubi_storage::vault::{self, KeyId, PackEntry, PackName};
use musubi_testdata::{ErrorRates, RegionSpec, Scenario, write_region};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::notify;

/// Signs every package of these tests.
pub fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

/// The time of every test: after both nights of the region.
pub fn now() -> Timestamp {
    "2026-11-20T03:00:00Z".parse().expect("a time")
}

/// Server, keys and region.
pub struct Shared {
    server: Server,
    pub ring: KeyRing,
    pub region: PathBuf,
    pub agreements: Agreements,
    /// What no text may hold: names, chart numbers, insured numbers of the region.
    pub secrets: BTreeSet<String>,
    folder: TempDir,
}

impl Shared {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let kek = KekSource::File(folder.path().join("kek.key"));
        // The same for every run, so that identities have the same names in rooms that come one after another.
        fs::create_dir(folder.path().join("keys")).expect("a folder");
        fs::write(folder.path().join("keys/token.key"), "5a".repeat(KEY_BYTES)).expect("written");
        let ring = KeyRing::open_or_create(&folder.path().join("keys"), &kek).expect("keys");
        let region = folder.path().join("region");
        let errors = ErrorRates {
            correction: 0.4,
            deletion: 0.2,
            duplicate_file: 0.2,
            duplicate_receipt: 0.2,
            ..ErrorRates::NONE
        };
        let spec = RegionSpec {
            persons: 120,
            seed: 3,
            nights: 2,
            first_night: date(2026, 11, 10),
            errors,
            scenario: Scenario::default(),
        };
        write_region(&spec, &region, &mut |_| {}).expect("a region");
        let text = fs::read_to_string(region.join("feeds.toml")).expect("feeds");
        let mut agreements: Agreements = toml::from_str(&text).expect("agreements");
        for submitter in &mut agreements.submitters {
            submitter.public_key = key().public();
        }
        for package in packages_of(&region) {
            let manifest = fs::read(package.join(MANIFEST_FILE)).expect("a manifest");
            fs::write(package.join(SIGNATURE_FILE), key().sign(SIGNATURE_DOMAIN, &manifest).to_string())
                .expect("signed");
        }
        let secrets = secrets_of(&region);
        let server =
            Server::open(&folder.path().join("data"), &DatabaseChoice::Embedded).expect("a private server");
        Self { server, ring, region, agreements, secrets, folder }
    }

    /// A package of the region, e.g. `night-01/receipts-13`.
    pub fn package(&self, name: &str) -> PathBuf {
        self.region.join("inbox").join(name)
    }
}

/// All packages of a region, night by night.
pub fn packages_of(region: &Path) -> Vec<PathBuf> {
    let sorted = |folder: &Path| {
        let mut all: Vec<PathBuf> =
            fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
        all.sort();
        all
    };
    sorted(&region.join("inbox")).iter().flat_map(|night| sorted(night)).collect()
}

/// Rows of a synthetic CSV without quotation marks, by column name.
pub fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).expect("a table");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines
        .map(|l| header.iter().map(ToString::to_string).zip(l.split(',').map(str::to_owned)).collect())
        .collect()
}

/// Full width to ASCII, for the digits of receipts.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| {
            if ('０'..='９').contains(&c) { char::from(b'0' + (c as u32 - '０' as u32) as u8) } else { c }
        })
        .collect()
}

fn secrets_of(region: &Path) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    for person in table(&region.join("truth/persons.csv")) {
        for name in ["name_kanji", "name_kana"] {
            secrets.insert(person[name].clone());
            secrets.insert(person[name].replace(' ', ""));
            secrets.extend(person[name].split(' ').next().map(str::to_owned));
        }
        if person["number"].chars().count() >= 6 {
            secrets.insert(ascii(&person["number"]));
        }
    }
    for row in table(&region.join("truth/records.csv")) {
        // The chart number is a folder of an SS-MIX2 storage: 123/456/123456789.
        let parts: Vec<&str> = row["path"].split('/').collect();
        if parts.len() > 4 {
            secrets.insert(parts[3].to_owned());
            secrets.insert(parts[3].trim_start_matches('0').to_owned());
        }
    }
    for path in packages_of(region).iter().filter(|p| p.to_string_lossy().contains("receipts")) {
        for bytes in Parcel::read(path).files.values() {
            secrets.extend(receipts(bytes).into_iter().map(|(_, _, chart)| chart));
        }
    }
    secrets.retain(|s| s.chars().count() >= if s.is_ascii() { 6 } else { 2 });
    secrets
}

/// The receipts of a file: first byte, one past the last, chart number.
pub fn receipts(bytes: &[u8]) -> Vec<(usize, usize, String)> {
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    let mut at = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b"RE,") {
            let columns: Vec<&[u8]> = line.split(|b| *b == b',').collect();
            found.push((at, at, String::from_utf8(columns[13].to_vec()).expect("a chart number")));
        }
        if let Some(last) = found.last_mut().filter(|_| !line.starts_with(b"GO,")) {
            last.1 = at + line.len();
        }
        at += line.len();
    }
    found
}

/// What is shared by the tests that run now; the last to finish stops the server.
pub fn shared() -> Arc<Shared> {
    static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
    let mut place = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    place.upgrade().unwrap_or_else(|| {
        let shared = Arc::new(Shared::new());
        *place = Arc::downgrade(&shared);
        shared
    })
}

/// Does a text hold a secret? Numbers count only when they stand alone: hashes are full of digits.
pub fn betrays<'a>(secrets: &'a BTreeSet<String>, text: &str) -> Option<&'a str> {
    secrets.iter().map(String::as_str).find(|secret| {
        text.match_indices(secret).any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + secret.len()..).and_then(|t| t.chars().next());
            !secret.is_ascii() || ![before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric())
        })
    })
}

/// A package in memory.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub manifest: Manifest,
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Parcel {
    /// Reads a sound package.
    pub fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join(MANIFEST_FILE)).expect("a manifest");
        let manifest: Manifest = toml::from_str(&text).expect("a sound manifest");
        let files = manifest
            .files
            .iter()
            .map(|f| (f.path.clone(), fs::read(folder.join(&f.path)).expect("a listed file")))
            .collect();
        Self { manifest, files }
    }

    /// Another delivery of the same content: of another day.
    pub fn of_day(mut self, days: i64) -> Self {
        let day = jiff::Span::new().days(days);
        self.manifest.business_date = date(2026, 1, 1).checked_add(day).expect("a day");
        self
    }

    /// Lists a file, old or new, with its length and hash.
    pub fn put(&mut self, path: &str, bytes: Vec<u8>) {
        let provider = self.manifest.files[0].provider.clone();
        let file = ManifestFile {
            path: path.to_owned(),
            provider,
            bytes: bytes.len() as u64,
            blake3: DocumentHash::of(&bytes),
        };
        match self.manifest.files.iter_mut().find(|f| f.path == path) {
            Some(old) => *old = file,
            None => self.manifest.files.push(file),
        }
        self.files.insert(path.to_owned(), bytes);
    }

    pub fn first_path(&self) -> String {
        self.manifest.files[0].path.clone()
    }

    pub fn text(&self) -> String {
        toml::to_string(&self.manifest).expect("TOML")
    }

    pub fn id(&self) -> SubmissionId {
        Manifest::submission_id(self.text().as_bytes())
    }

    /// Every file of the package with manifest and signature, as delivered.
    pub fn all(&self) -> BTreeMap<String, Vec<u8>> {
        let text = self.text();
        let mut all = self.files.clone();
        all.insert(
            SIGNATURE_FILE.to_owned(),
            key().sign(SIGNATURE_DOMAIN, text.as_bytes()).to_string().into_bytes(),
        );
        all.insert(MANIFEST_FILE.to_owned(), text.into_bytes());
        all
    }
}

/// Writes files as a package in a folder.
pub fn write_folder(to: &Path, files: &BTreeMap<String, Vec<u8>>) -> PathBuf {
    for (path, bytes) in files {
        let at = to.join(path);
        fs::create_dir_all(at.parent().expect("a parent")).expect("a folder");
        fs::write(at, bytes).expect("written");
    }
    to.to_owned()
}

/// Writes files as a zip, with `prefix` before every name.
pub fn write_zip(to: &Path, prefix: &str, files: &BTreeMap<String, Vec<u8>>) -> PathBuf {
    let mut zip = ZipWriter::new(File::create(to).expect("a file"));
    for (path, bytes) in files {
        zip.start_file(format!("{prefix}{path}"), SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("a zip");
    to.to_owned()
}

/// A database, a vault and a lake.
pub struct Room {
    pub shared: Arc<Shared>,
    pub registry: Registry,
    pub folders: Folders,
    pub limits: Limits,
    pub batch_bytes: u64,
    /// Everybody in a package was notified by the time it comes; tests of notices turn it off.
    pub notify: bool,
    folder: TempDir,
}

impl Room {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let shared = shared();
        let name = format!("etl_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut owner = shared.server.connect_owner().expect("owner");
        owner.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
        let url = shared.server.owner_url(&name).expect("a private server has a URL");
        let server = Server::open(shared.folder.path(), &DatabaseChoice::Url(url)).expect("by URL");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folders = Folders { vault: folder.path().join("vault"), lake: folder.path().join("lake") };
        for made in [&folders.vault, &folders.lake] {
            fs::create_dir_all(made).expect("a folder");
        }
        let registry = Registry::open(server).expect("migrated");
        registry.ingest().expect("a handle").load_agreements(&shared.agreements).expect("agreed");
        Self {
            shared,
            registry,
            folders,
            limits: Limits::default(),
            batch_bytes: 64 << 20,
            notify: true,
            folder,
        }
    }

    /// A path in a folder that vanishes with the room.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The first receipts of the region.
    pub fn parcel(&self) -> Parcel {
        Parcel::read(&self.shared.package("night-01/receipts-13"))
    }

    pub fn with_house<T>(&self, faults: &str, job: impl FnOnce(&House<'_>) -> T) -> T {
        self.with_house_at(faults, &now, &|_| {}, job)
    }

    /// The same at another time, or with somebody who listens.
    pub fn with_house_at<T>(
        &self,
        faults: &str,
        now: &dyn Fn() -> Timestamp,
        progress: &(dyn Fn(Event<'_>) + Sync),
        job: impl FnOnce(&House<'_>) -> T,
    ) -> T {
        let day = japanese_day(now());
        let mut db = self.registry.ingest().expect("a handle");
        let gate = OptOutGate::load(&mut db, &parameters(None).expect("parameters"), day).expect("a gate");
        let faults: Faults =
            if faults.is_empty() { Faults::default() } else { faults.parse().expect("a fault") };
        job(&House {
            matching: &Matching::default(),
            registry: &self.registry,
            ring: &self.shared.ring,
            folders: self.folders.clone(),
            limits: self.limits,
            parameter_hash: "p".to_owned(),
            code_version: "test".to_owned(),
            job: "night".to_owned(),
            now,
            gate: &gate,
            notices: NoticeRules::of(&parameters(None).expect("parameters"), day).expect("rules"),
            faults,
            batch_bytes: self.batch_bytes,
            code_persons_min: 3,
            progress,
        })
    }

    pub fn take(&self, path: &Path) -> Outcome {
        self.try_take("", path).expect("taken in or refused")
    }

    pub fn take_parcel(&self, parcel: &Parcel) -> Outcome {
        let to = self.path(&format!("parcel-{}", parcel.id()));
        self.take(&write_folder(&to, &parcel.all()))
    }

    /// Takes a package in and holds what happened against what holds for any package.
    pub fn try_take(&self, faults: &str, path: &Path) -> Result<Outcome, EtlError> {
        if self.notify {
            notify::everybody(self, path);
        }
        let result = self.with_house(faults, |house| take_in(house, &self.shared.agreements, path));
        self.says_nothing(&format!("{result:?}"));
        match &result {
            Ok(outcome) => {
                let stored = self.ingest().submission(&outcome.submission).expect("read").expect("there");
                assert_eq!(stored.state, outcome.state);
                let balance = self.ingest().balance(&outcome.submission).expect("a balance");
                assert_eq!(balance, outcome.balance);
                assert!(balance.closes(), "{balance}");
                if outcome.state != SubmissionState::Acknowledged {
                    self.nothing_loaded(&outcome.submission);
                }
                for text in self.findings_of(&outcome.submission) {
                    self.says_nothing(&text);
                }
            }
            Err(error) => {
                let mut text = error.to_string();
                let mut cause = std::error::Error::source(error);
                while let Some(inner) = cause {
                    text.push_str(&format!(" | {inner} {inner:?}"));
                    cause = inner.source();
                }
                self.says_nothing(&text);
            }
        }
        result
    }

    pub fn says_nothing(&self, text: &str) {
        assert_eq!(betrays(&self.shared.secrets, text), None, "{text}");
    }

    /// No facts, units or catalogued files of this submission.
    pub fn nothing_loaded(&self, id: &SubmissionId) {
        let files = self.ingest().lake_files().expect("catalogue");
        assert!(
            !files.iter().any(|f| f.submissions.contains(id)),
            "lake files of a submission that was not loaded"
        );
        assert_eq!(self.count("SELECT count(*) FROM intake.unit WHERE submission_id = $1", id), 0);
        assert_eq!(self.count("SELECT count(*) FROM repository.lake_commit WHERE submission_id = $1", id), 0);
    }

    pub fn ingest(&self) -> musubi_storage::registry::IngestDb {
        self.registry.ingest().expect("a handle")
    }

    /// A number about one submission.
    pub fn count(&self, sql: &str, id: &SubmissionId) -> i64 {
        let mut owner = self.registry.server().connect_owner().expect("owner");
        owner.query_one(sql, &[&id.as_bytes()]).expect("counted").get(0)
    }

    /// Rows of text.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let mut owner = self.registry.server().connect_owner().expect("owner");
        owner.query(sql, &[]).expect("read").iter().map(|r| r.get(0)).collect()
    }

    pub fn execute(&self, sql: &str) -> u64 {
        self.registry.server().connect_owner().expect("owner").execute(sql, &[]).expect("done")
    }

    pub fn findings_of(&self, id: &SubmissionId) -> Vec<String> {
        self.texts(&format!(
            "SELECT concat_ws(' | ', rule, record, field, found, expected) FROM intake.finding
             WHERE submission_id = '\\x{id}' ORDER BY finding_id"
        ))
    }

    /// Stored findings by rule.
    pub fn rules_of(&self, id: &SubmissionId) -> BTreeMap<String, u64> {
        let mut rules = BTreeMap::new();
        for text in self.findings_of(id) {
            *rules.entry(text.split(" | ").next().unwrap_or_default().to_owned()).or_insert(0) += 1;
        }
        rules
    }

    pub fn files(&self) -> Vec<LakeFile> {
        self.ingest().lake_files().expect("catalogue")
    }

    pub fn fingerprint(&self) -> RepositoryFingerprint {
        let dead = self.ingest().dead_units().expect("dead units");
        lake::fingerprint(&self.folders.lake, &self.files(), &dead).expect("a fingerprint")
    }

    /// Persons as sets of identities.
    pub fn partition(&self) -> BTreeSet<BTreeSet<IdentityId>> {
        let map = self.registry.identity().expect("a handle").person_map().expect("persons");
        let mut persons: BTreeMap<_, BTreeSet<IdentityId>> = BTreeMap::new();
        for (identity, person) in map {
            persons.entry(person).or_default().insert(identity);
        }
        persons.into_values().collect()
    }

    fn key(&self, id: &KeyId) -> Result<Option<SealKey>, StorageError> {
        let name = IdentityId(*id);
        Ok(self.ingest().existing_data_keys(&self.shared.ring.kek, &[name])?.remove(&name))
    }

    /// A document as the vault gives it back, if all its keys are there.
    pub fn rebuild(&self, d: &StoredDocument) -> Option<Vec<u8>> {
        vault::read_document(&self.folders.vault, &pack(d), entry(d), |id| self.key(id))
            .expect("a sound vault")
    }

    /// Bytes of a document, if their keys are there.
    pub fn range(&self, d: &StoredDocument, range: musubi_model::ByteRange) -> Option<Vec<u8>> {
        vault::read_range(&self.folders.vault, &pack(d), entry(d), range, |id| self.key(id))
            .expect("a sound vault")
    }

    /// The path a document came under, if its key is there.
    pub fn path_of(&self, d: &StoredDocument) -> Option<String> {
        let key = self.key(&d.path_key).expect("keys")?;
        let plain = key.open(&path_context(&d.document), &d.path_sealed).expect("a sealed path");
        Some(String::from_utf8(plain).expect("UTF-8"))
    }

    /// A submission's files as the vault gives them back, by path.
    pub fn rebuilt(&self, id: &SubmissionId) -> BTreeMap<String, Vec<u8>> {
        let documents = self.ingest().documents_of(id).expect("documents");
        documents
            .iter()
            .map(|d| (self.path_of(d).expect("a path"), self.rebuild(d).expect("a document")))
            .collect()
    }

    /// Enters the help desk's list of the region.
    pub fn enter_opt_outs(&self) -> Vec<optout_list::OptOutEntry> {
        let bytes = fs::read(self.shared.region.join("optout/optout.csv")).expect("a list");
        let list = optout_list::read(&bytes, 1000);
        assert_eq!(list.refused, 0);
        self.enter(&list.entries);
        list.entries
    }

    /// These people ask all providers to stop, from today on.
    pub fn stop(&self, people: &[SourceIdentity]) {
        let tokens = TokenKey::new(self.shared.ring.token.expose());
        let mut rows = Vec::new();
        for (n, person) in people.iter().enumerate() {
            let described = describe(&tokens, person);
            // By chart number only: these people share everything else.
            rows.extend(described.tokens.into_iter().filter(|t| t.kind == TokenKind::Local).map(|token| {
                OptOutRow {
                    entry: format!("stop-{n}-{}", described.identity_id),
                    token: token.value,
                    kind: token.kind.as_str().to_owned(),
                    guard: described.guard.0.to_vec(),
                    provider: None,
                    effective_from: japanese_day(now()),
                    withdrawn_on: None,
                }
            }));
        }
        self.registry.identity().expect("a handle").enter_opt_outs(&rows, now()).expect("entered");
    }

    pub fn enter(&self, entries: &[optout_list::OptOutEntry]) {
        let tokens = TokenKey::new(self.shared.ring.token.expose());
        let mut rows = Vec::new();
        for e in entries {
            let provider = e.provider.clone().unwrap_or_else(|| ProviderId::new("-").expect("nobody"));
            let described =
                describe(&tokens, &SourceIdentity { provider, demographics: e.demographics.clone() });
            rows.extend(
                described
                    .tokens
                    .into_iter()
                    .filter(|t| t.kind != TokenKind::Local || e.provider.is_some())
                    .map(|token| OptOutRow {
                        entry: e.entry.clone(),
                        token: token.value,
                        kind: token.kind.as_str().to_owned(),
                        guard: described.guard.0.to_vec(),
                        provider: e.provider.as_ref().map(ToString::to_string),
                        effective_from: e.effective_from,
                        withdrawn_on: None,
                    }),
            );
        }
        self.registry.identity().expect("a handle").enter_opt_outs(&rows, now()).expect("entered");
    }
}

fn pack(d: &StoredDocument) -> PackName {
    d.pack.parse().expect("a pack")
}

fn entry(d: &StoredDocument) -> PackEntry {
    PackEntry { offset: d.pack_offset, len: d.pack_len }
}
