//! Submissions on disk: folder, files, manifest with control totals, signature.
//!
//! A manifest is built in memory, so a submission is closed after [`FILES_PER_SUBMISSION_MAX`] files and goes on in the
//! next one; that keeps memory flat.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use musubi_model::manifest::{FeedKind, MANIFEST_FILE, SIGNATURE_DOMAIN, SIGNATURE_FILE};
use musubi_model::sign::SecretKey;

use crate::SynthError;
use crate::place::Provider;
use crate::rng::{Rng, Use};

/// Files after which a submission is closed and the next one begun.
pub const FILES_PER_SUBMISSION_MAX: u64 = 20_000;

/// A feed: who sends what.
#[derive(Debug, Clone)]
pub(crate) struct FeedInfo {
    pub(crate) id: String,
    pub(crate) submitter: String,
    pub(crate) kind: FeedKind,
}

/// The signing key of a submitter. Derived from the seed, and so worth nothing outside a synthetic region.
pub(crate) fn submitter_key(seed: u64, submitter: usize) -> SecretKey {
    let mut rng = Rng::new(seed, Use::Key, &[submitter as u64]);
    let mut bytes = [0u8; 32];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&rng.next().to_le_bytes());
    }
    SecretKey::from_seed(&bytes)
}

/// One submission being written.
pub(crate) struct Submission {
    /// Path below the output folder, `inbox/night-01/…`.
    pub(crate) name: String,
    dir: PathBuf,
    feed: FeedInfo,
    date: Date,
    providers: BTreeSet<String>,
    pub(crate) totals: BTreeMap<String, u64>,
    section: String,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    made: Option<PathBuf>,
}

/// A finished submission.
#[derive(Debug, Clone)]
pub(crate) struct Closed {
    pub(crate) name: String,
    pub(crate) feed: String,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) totals: BTreeMap<String, u64>,
    /// Hex of the submission id.
    pub(crate) id: String,
}

impl Submission {
    pub(crate) fn new(out: &Path, night: u32, part: u32, feed: &FeedInfo, date: Date) -> Self {
        let part = if part > 1 { format!("-{part}") } else { String::new() };
        let name = format!("inbox/night-{night:02}/{}{part}", feed.id);
        Self {
            dir: out.join(&name),
            name,
            feed: feed.clone(),
            date,
            providers: BTreeSet::new(),
            totals: BTreeMap::new(),
            section: String::new(),
            files: 0,
            bytes: 0,
            made: None,
        }
    }

    /// Where a file of this submission stands on disk; makes its folder.
    pub(crate) fn place(&mut self, path: &str) -> Result<PathBuf, SynthError> {
        let at = self.dir.join(path);
        let folder = at.parent().unwrap_or(&self.dir);
        if self.made.as_deref() != Some(folder) {
            fs::create_dir_all(folder)?;
            self.made = Some(folder.to_owned());
        }
        Ok(at)
    }

    /// Adds a count to the control totals.
    pub(crate) fn count(&mut self, kind: &str, n: u64) {
        match self.totals.get_mut(kind) {
            Some(total) => *total += n,
            None => {
                self.totals.insert(kind.to_owned(), n);
            }
        }
    }

    /// Lists a file that was written at [`Self::place`].
    pub(crate) fn list(&mut self, path: &str, provider: &str, bytes: u64, hash: blake3::Hash) {
        // Writing to a String cannot fail. Our paths hold no character that TOML would escape.
        let _ = write!(
            self.section,
            "\n[[file]]\npath = \"{path}\"\nprovider = \"{provider}\"\nbytes = {bytes}\nblake3 = \"{hash}\"\n"
        );
        if !self.providers.contains(provider) {
            self.providers.insert(provider.to_owned());
        }
        self.files += 1;
        self.bytes += bytes;
    }

    /// Writes a whole file and lists it.
    pub(crate) fn write(&mut self, path: &str, provider: &str, content: &[u8]) -> Result<(), SynthError> {
        let at = self.place(path)?;
        fs::write(at, content)?;
        self.list(path, provider, content.len() as u64, blake3::hash(content));
        Ok(())
    }

    /// Writes manifest and signature.
    pub(crate) fn close(self, key: &SecretKey) -> Result<Closed, SynthError> {
        let quoted: Vec<String> = self.providers.iter().map(|p| format!("\"{p}\"")).collect();
        let mut text = format!(
            "version = 1\nfeed = \"{}\"\nsubmitter = \"{}\"\nproviders = [{}]\nkind = \"{}\"\nbusiness_date = \"{}\"\n\n[totals]\n",
            self.feed.id,
            self.feed.submitter,
            quoted.join(", "),
            self.feed.kind.as_str(),
            self.date,
        );
        for (kind, n) in &self.totals {
            // Kinds of messages hold signs that a bare key must not (`ADT^A08`).
            let bare = kind.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
            let _ = if bare { writeln!(text, "{kind} = {n}") } else { writeln!(text, "\"{kind}\" = {n}") };
        }
        text.push_str(&self.section);
        fs::create_dir_all(&self.dir)?;
        fs::write(self.dir.join(MANIFEST_FILE), &text)?;
        let signature = key.sign(SIGNATURE_DOMAIN, text.as_bytes());
        fs::write(self.dir.join(SIGNATURE_FILE), signature.to_string())?;
        Ok(Closed {
            name: self.name,
            feed: self.feed.id,
            files: self.files,
            bytes: self.bytes,
            totals: self.totals,
            id: musubi_model::manifest::Manifest::submission_id(text.as_bytes()).to_string(),
        })
    }
}

/// A receipt file being written, receipt by receipt.
pub(crate) struct UkeFile {
    /// Path inside its submission.
    pub(crate) path: String,
    provider: String,
    out: BufWriter<File>,
    hasher: blake3::Hasher,
    pub(crate) bytes: u64,
    pub(crate) receipts: u64,
    claims: u64,
    points: u64,
    totals: BTreeMap<String, u64>,
}

impl UkeFile {
    /// Opens the file of a provider for one review organisation with its IR.
    pub(crate) fn open(
        submission: &mut Submission,
        provider: &Provider,
        reviewer: usize,
        billing: Date,
    ) -> Result<Self, SynthError> {
        Self::open_at(
            submission,
            provider,
            reviewer,
            billing,
            format!("{}/{reviewer}/RECEIPTC.UKE", provider.id),
        )
    }

    /// As [`Self::open`], at a path of the caller's choice.
    pub(crate) fn open_at(
        submission: &mut Submission,
        provider: &Provider,
        reviewer: usize,
        billing: Date,
        path: String,
    ) -> Result<Self, SynthError> {
        let file = File::create_new(submission.place(&path)?)?;
        let mut uke = Self {
            path,
            provider: provider.id.clone(),
            out: BufWriter::with_capacity(1 << 16, file),
            hasher: blake3::Hasher::new(),
            bytes: 0,
            receipts: 0,
            claims: 0,
            points: 0,
            totals: BTreeMap::new(),
        };
        uke.put(&crate::uke::institution(provider, reviewer, billing))?;
        Ok(uke)
    }

    fn put(&mut self, text: &str) -> Result<(), SynthError> {
        let bytes = crate::uke::encode(text)?;
        crate::uke::count_records(text, &mut self.totals);
        self.hasher.update(&bytes);
        self.out.write_all(&bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Adds a receipt that was made with number [`Self::receipts`] + 1.
    pub(crate) fn add(&mut self, receipt: &crate::uke::Receipt) -> Result<(), SynthError> {
        self.put(&receipt.text)?;
        self.receipts += 1;
        self.claims += receipt.claims;
        self.points += receipt.points;
        Ok(())
    }

    /// Writes GO (with what is added to its claims and points, 0 for a sound file) and lists the file.
    pub(crate) fn close(mut self, submission: &mut Submission, wrong: (u64, u64)) -> Result<u64, SynthError> {
        let (claims, points) = (self.claims + wrong.0, self.points + wrong.1);
        self.put(&crate::uke::closing(claims, points))?;
        self.out.flush()?;
        submission.list(&self.path, &self.provider, self.bytes, self.hasher.finalize());
        for (kind, n) in &self.totals {
            submission.count(kind, *n);
        }
        submission.count("points", points);
        Ok(self.receipts)
    }
}
