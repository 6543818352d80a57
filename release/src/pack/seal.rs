//! Sealing a package of version 2 (封緘): every file into a hidden folder, hashed on its way, synced, and only then the
//! folder gets its name.
//!
//! It must never leave half a package: whatever fails, the hidden folder goes. Same parts, same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use musubi_model::ids::to_hex;
use musubi_model::policy::Policy;
use musubi_model::sign::SecretKey;
use musubi_model::spec::ExtractSpec;
use sha2::{Digest as _, Sha256};

use super::csv::{self, Charset};
use super::error::PackError;
use super::risk::Risk;
use super::sheet::Sheet;
use super::{dictionary, html, omop, parquet, readme};
use crate::manifest::{
    APPROVAL, APPROVAL_SIGNATURE, Attrition, DICTIONARY, FileEntry, LAYOUT_2, MANIFEST, MANIFEST_SIGNATURE,
    Manifest, POLICY, POLICY_SIGNATURE, README, README_EN, RELEASE_DOMAIN, RISK, RISK_PAGE, SPEC, release_id,
};

/// The file of persons, and the column that joins all files.
pub(crate) const PERSON: &str = "person";
/// The pseudonym of a release.
pub(crate) const PID: &str = "pid";

/// Everything a package is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The approved request.
    pub spec: &'a ExtractSpec,
    /// As filed.
    pub spec_toml: &'a str,
    /// The policy.
    pub policy: &'a Policy,
    /// As signed.
    pub policy_toml: &'a str,
    /// The board's signature over it, hexadecimal.
    pub policy_signature: &'a str,
    /// The approval.
    pub approval_id: &'a str,
    /// The request.
    pub request_id: &'a str,
    /// The board's decision: the signed bytes.
    pub decision: &'a str,
    /// The board's signature over it, hexadecimal.
    pub decision_signature: &'a str,
    /// The commit of the lake.
    pub snapshot_commit: i64,
    /// When it is sealed.
    pub sealed_at: Timestamp,
    /// The parameters in force.
    pub parameters: &'a BTreeMap<String, u64>,
    /// The hash of the whole parameter set.
    pub parameter_set_hash: &'a str,
    /// Name and version of the program.
    pub code_version: &'a str,
    /// What the steps of the cohort left.
    pub attrition: &'a [Attrition],
    /// The files, in their order. Rows are sorted already.
    pub sheets: &'a [Sheet],
    /// What is claimed.
    pub risk: &'a Risk,
    /// The release officer's key.
    pub key: &'a SecretKey,
}

/// How far writing has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The file being written.
    pub file: &'a str,
    /// Rows written.
    pub done: usize,
    /// Rows in all.
    pub rows: usize,
}

/// A package that is written and signed but has no name yet: enter it into the ledger, then [`Staged::place`] it.
/// Dropped without, it is removed.
#[derive(Debug)]
pub struct Staged {
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest's bytes.
    pub manifest_text: String,
    /// The release officer's signature over them, hexadecimal.
    pub signature: String,
    folder: Hidden,
    out: PathBuf,
}

/// A folder that goes when it is dropped before it got its name.
#[derive(Debug)]
pub(crate) struct Hidden(PathBuf);

impl Hidden {
    /// Makes `.{name}.new-PID` in `out`, empty.
    pub(crate) fn make(out: &Path, name: &str) -> Result<Self, PackError> {
        fs::create_dir_all(out).map_err(PackError::file("making", out))?;
        let folder = out.join(format!(".{name}.new-{}", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(PackError::file("clearing", &folder))?;
        }
        fs::create_dir(&folder).map_err(PackError::file("making", &folder))?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it last and gives it its name.
    pub(crate) fn name(self, folder: &Path) -> Result<(), PackError> {
        sync(&self.0)?;
        fs::rename(&self.0, folder).map_err(PackError::file("naming", folder))?;
        folder.parent().map_or(Ok(()), sync)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // After `name` there is nothing left under this name.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sync(path: &Path) -> Result<(), PackError> {
    File::open(path).and_then(|f| f.sync_all()).map_err(PackError::file("syncing", path))
}

/// Creates the file of a path; tests put a full disk in its place.
pub(crate) type Create<'a> = &'a (dyn Fn(&Path) -> io::Result<File> + Sync);

/// Counts and hashes what goes through it.
struct Hashing {
    file: File,
    bytes: u64,
    blake3: blake3::Hasher,
    sha256: Sha256,
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        let done = buffer.get(..written).unwrap_or_default();
        self.bytes += done.len() as u64;
        self.blake3.update(done);
        self.sha256.update(done);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The folder that is being filled.
pub(super) struct Writer<'a> {
    folder: &'a Path,
    create: Create<'a>,
    sealed_at: SystemTime,
}

impl<'a> Writer<'a> {
    /// For files that say of themselves they are from `at`.
    pub(super) fn plain(folder: &'a Path, at: SystemTime) -> Self {
        Self { folder, create: &|path| File::create_new(path), sealed_at: at }
    }
}

impl Writer<'_> {
    /// Writes one file through `fill`, and tells its entry of the manifest.
    fn file(
        &self,
        name: &str,
        fill: impl FnOnce(&Path, &mut BufWriter<Hashing>) -> Result<(), PackError>,
    ) -> Result<FileEntry, PackError> {
        let path = self.folder.join(name);
        let file = (self.create)(&path).map_err(PackError::file("making", &path))?;
        let hashing = Hashing { file, bytes: 0, blake3: blake3::Hasher::new(), sha256: Sha256::new() };
        let mut out = BufWriter::with_capacity(1 << 18, hashing);
        fill(&path, &mut out)?;
        let done = out.into_inner().map_err(|e| PackError::file("writing", &path)(e.into_error()))?;
        // The time of sealing, not of working: files tell nothing of the machine (law.md C-049).
        done.file
            .set_modified(self.sealed_at)
            .and_then(|()| done.file.sync_all())
            .map_err(PackError::file("syncing", &path))?;
        Ok(FileEntry {
            name: name.to_owned(),
            bytes: done.bytes,
            blake3: to_hex(done.blake3.finalize().as_bytes()),
            sha256: to_hex(&done.sha256.finalize()),
        })
    }

    pub(super) fn bytes(&self, name: &str, content: &[u8]) -> Result<FileEntry, PackError> {
        self.file(name, |path, out| out.write_all(content).map_err(PackError::file("writing", path)))
    }

    /// Both files of a sheet, each on its own thread when there is one.
    pub(super) fn sheet(
        &self,
        sheet: &Sheet,
        charset: Charset,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<[FileEntry; 2], PackError> {
        let rows = sheet.rows();
        let (csv_name, parquet_name) = (format!("{}.csv", sheet.name), format!("{}.parquet", sheet.name));
        let tell = |file: &str, done| progress(Progress { file, done, rows });
        let csv = || {
            self.file(&csv_name, |path, out| {
                csv::write(sheet, charset, out, &|done| tell(&csv_name, done)).map_err(
                    |stopped| match stopped {
                        csv::Stopped::Disk(error) => PackError::file("writing", path)(error),
                        csv::Stopped::Value(error) => error,
                    },
                )
            })
        };
        let parquet = || {
            self.file(&parquet_name, |path, out| {
                parquet::write(sheet, out, &|done| tell(&parquet_name, done)).map_err(|stopped| match stopped
                {
                    parquet::Stopped::File(error) => PackError::parquet(path)(error),
                    parquet::Stopped::Value(error) => error,
                })
            })
        };
        let (csv, parquet) = rayon::join(csv, parquet);
        Ok([csv?, parquet?])
    }
}

/// Writes, hashes and signs a package in a hidden folder of `out`.
///
/// # Errors
/// [`PackError`]; then nothing is left in `out`.
pub fn stage(
    parts: &Parts<'_>,
    out: &Path,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Staged, PackError> {
    stage_with(parts, out, progress, &|path| File::create_new(path))
}

pub(crate) fn stage_with(
    parts: &Parts<'_>,
    out: &Path,
    progress: &(dyn Fn(Progress<'_>) + Sync),
    create: Create<'_>,
) -> Result<Staged, PackError> {
    let omop = if parts.spec.rows.as_ref().is_some_and(|r| r.omop) {
        omop::sheets(parts.sheets, parts.spec.product)?
    } else {
        Vec::new()
    };
    let sheets: Vec<&Sheet> = parts.sheets.iter().chain(&omop).collect();
    let pids = check(parts, &sheets)?;
    let charset =
        if parts.spec.rows.as_ref().is_some_and(|r| r.shift_jis) { Charset::ShiftJis } else { Charset::Utf8 };

    let release_id = release_id(parts.approval_id, parts.snapshot_commit);
    let folder = Hidden::make(out, &release_id)?;
    let writer = Writer { folder: folder.path(), create, sealed_at: parts.sealed_at.into() };
    let signed = |hex: &str| format!("{hex}\n");
    let texts: [(&str, String); 10] = [
        (README, readme::japanese(parts, &release_id, &sheets)),
        (README_EN, readme::english(parts, &release_id, &sheets)),
        (APPROVAL, parts.decision.to_owned()),
        (APPROVAL_SIGNATURE, signed(parts.decision_signature)),
        (SPEC, parts.spec_toml.to_owned()),
        (POLICY, parts.policy_toml.to_owned()),
        (POLICY_SIGNATURE, signed(parts.policy_signature)),
        (DICTIONARY, dictionary::text(sheets.iter().copied())),
        (RISK, parts.risk.to_text()),
        (RISK_PAGE, html::page(parts, &release_id)),
    ];
    let mut files = Vec::with_capacity(texts.len() + 2 * sheets.len());
    for (name, text) in &texts {
        files.push(writer.bytes(name, text.as_bytes())?);
    }
    for sheet in &sheets {
        files.extend(writer.sheet(sheet, charset, progress)?);
    }
    let cells = parts
        .risk
        .tables
        .iter()
        .fold((0, 0), |(shown, hidden), t| (shown + t.shown, hidden + t.primary + t.complementary));
    let manifest = Manifest {
        layout: LAYOUT_2.to_owned(),
        release_id,
        product: parts.spec.product,
        approval_id: parts.approval_id.to_owned(),
        request_id: parts.request_id.to_owned(),
        scope_hash: parts.spec.scope_hash(),
        snapshot_commit: parts.snapshot_commit,
        sealed_at: parts.sealed_at,
        parameters: parts.parameters.clone(),
        parameter_set_hash: parts.parameter_set_hash.to_owned(),
        code_version: parts.code_version.to_owned(),
        policy_hash: Some(parts.policy.hash()),
        recipients: parts.spec.recipients.iter().map(|r| r.id.clone()).collect(),
        attrition: parts.attrition.to_vec(),
        pids,
        cells_shown: cells.0,
        cells_hidden: cells.1,
        files,
    };
    let manifest_text = manifest.to_text();
    let signature = parts.key.sign(RELEASE_DOMAIN, manifest_text.as_bytes()).to_string();
    writer.bytes(MANIFEST, manifest_text.as_bytes())?;
    writer.bytes(MANIFEST_SIGNATURE, signed(&signature).as_bytes())?;
    Ok(Staged { manifest, manifest_text, signature, folder, out: out.to_owned() })
}

/// Checks what can be checked before anything is written; the hash of the pids, when there are rows.
fn check(parts: &Parts<'_>, sheets: &[&Sheet]) -> Result<Option<String>, PackError> {
    let reserved = ["readme", "approval", "spec", "policy", "dictionary", "risk", "manifest"];
    let mut names = BTreeSet::new();
    for sheet in sheets {
        sheet.check()?;
        if !names.insert(sheet.name.as_str()) || reserved.contains(&sheet.name.as_str()) {
            return Err(PackError::Name(sheet.name.clone()));
        }
    }
    if parts.spec.rows.is_none() {
        return if sheets.is_empty() { Err(PackError::Parts("no table")) } else { Ok(None) };
    }
    let claims = parts.risk.rows.as_ref().ok_or(PackError::Parts("a product of rows without its claims"))?;
    let person = parts.sheets.iter().find(|s| s.name == PERSON);
    let person = person.ok_or(PackError::Parts("a product of rows without persons"))?;
    let pids = person.column(PID).ok_or_else(|| PackError::Person(PERSON.to_owned()))?;
    // The independent checker works everything out again; this one claim is held against the rows at once, so that the
    // picture of the classes never contradicts it.
    if let (Some(claimed), Some(found)) = (claims.k, person.class_sizes().into_iter().min())
        && found < claimed
    {
        return Err(PackError::Claim { found, claimed });
    }
    let known = pids.values.used_labels();
    for sheet in parts.sheets.iter().filter(|s| s.name != PERSON) {
        let column = sheet.column(PID).ok_or_else(|| PackError::Person(sheet.name.clone()))?;
        if !column.values.used_labels().is_subset(&known) {
            return Err(PackError::Person(sheet.name.clone()));
        }
    }
    let mut hasher = blake3::Hasher::new();
    for pid in known {
        hasher.update(pid.as_bytes()).update(b"\n");
    }
    Ok(Some(to_hex(hasher.finalize().as_bytes())))
}

impl Staged {
    /// The hidden folder, for a checker to look at before the package gets its name.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gives the folder its name. One of that name with the same content is left as it is.
    ///
    /// # Errors
    /// [`PackError::Exists`], [`PackError::File`], [`PackError::Disk`].
    pub fn place(self) -> Result<PathBuf, PackError> {
        let folder = self.out.join(&self.manifest.release_id);
        if folder.exists() {
            let names = self.manifest.files.iter().map(|f| f.name.as_str());
            let mut names = names.chain([MANIFEST, MANIFEST_SIGNATURE]);
            let same = names
                .all(|name| same_bytes(&self.folder.path().join(name), &folder.join(name)).unwrap_or(false));
            return if same { Ok(folder) } else { Err(PackError::Exists(folder)) };
        }
        self.folder.name(&folder)?;
        Ok(folder)
    }
}

/// Do two files hold the same bytes?
fn same_bytes(a: &Path, b: &Path) -> io::Result<bool> {
    if fs::metadata(a)?.len() != fs::metadata(b)?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::new(File::open(a)?), BufReader::new(File::open(b)?));
    loop {
        let (x, y) = (a.fill_buf()?, b.fill_buf()?);
        let both = x.len().min(y.len());
        if both == 0 || x.get(..both) != y.get(..both) {
            return Ok(x.is_empty() && y.is_empty());
        }
        a.consume(both);
        b.consume(both);
    }
}
