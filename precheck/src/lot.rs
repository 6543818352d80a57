//! From what was given (files, folders, packages, zips) to documents, in a fixed order, without holding them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use musubi_model::ProviderId;
use musubi_model::finding::Finding;
use musubi_model::manifest::{FeedKind, MANIFEST_FILE, Manifest, ManifestFile, SIGNATURE_FILE};
use musubi_package::promise::is_signed;
use musubi_package::{Listed, Package, PackageError, is_damage, read_manifest, rules, wrong_totals};

use crate::place::mask;
use crate::report::Parcel;
use crate::rules as own;
use crate::run::{Checker, LARGE_BYTES, Source};

/// Folders of a path that a mapper may look at, counted from the file.
const DEPTH: usize = 12;

/// Where the bytes of a document are.
pub(crate) enum Origin {
    Disk(PathBuf),
    Held(Vec<u8>),
}

/// A document to be checked.
pub(crate) struct Job {
    /// As a mapper sees it.
    pub path: String,
    /// As people see it, masked.
    pub place: String,
    pub size: u64,
    pub origin: Origin,
    pub kind: Option<FeedKind>,
    pub provider: Option<ProviderId>,
    /// Its place in the manifest, and what the manifest says of it.
    pub listed: Option<(usize, ManifestFile)>,
}

impl Job {
    fn plain(path: String, place: String, size: u64, origin: Origin) -> Self {
        Self { path, place, size, origin, kind: None, provider: None, listed: None }
    }
}

impl Checker<'_> {
    /// Checks one of the given paths.
    pub(crate) fn given(&mut self, path: &Path) -> Result<()> {
        // Whoever gives a path knows it; but what is printed gets passed on.
        let given = mask(&path.to_string_lossy());
        let whole = fs::canonicalize(path).with_context(|| format!("開けません: {given}"))?;
        let name = whole.file_name().map(|n| mask(&n.to_string_lossy())).unwrap_or_default();
        if whole.is_dir() {
            self.folder(&whole, &name)
        } else if is_zip(&whole).with_context(|| format!("開けません: {given}"))? {
            self.zip(&whole, &name)
        } else {
            self.file(&whole, name)
        }
    }

    fn file(&mut self, path: &Path, place: String) -> Result<()> {
        let size = fs::metadata(path).with_context(|| format!("開けません: {place}"))?.len();
        self.push(Job::plain(seen(path), place, size, Origin::Disk(path.to_owned())))
    }

    fn folder(&mut self, folder: &Path, place: &str) -> Result<()> {
        if folder.join(MANIFEST_FILE).is_file() {
            return match Package::open(folder, &self.limits) {
                Ok(package) => self.package(package, place),
                Err(e) => self.unopened(e, place),
            };
        }
        let doing = || format!("フォルダーを読めません: {place}");
        let mut entries = fs::read_dir(folder)
            .with_context(doing)?
            .collect::<std::io::Result<Vec<_>>>()
            .with_context(doing)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // As a night passes over them: what is hidden is not part of a delivery.
            if name.starts_with('.') {
                continue;
            }
            let at = format!("{place}/{}", mask(&name));
            let kind = entry.file_type().with_context(|| format!("開けません: {at}"))?;
            let path = entry.path();
            if kind.is_dir() {
                self.folder(&path, &at)?;
            } else if !kind.is_file() {
                self.about(&at, &Finding::new(&own::NOT_A_FILE).expected("通常のファイル"))?;
            } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip")) {
                self.zip(&path, &at)?;
            } else {
                self.file(&path, at)?;
            }
        }
        Ok(())
    }

    /// A zip is a package, or a document by itself, or a folder of documents.
    fn zip(&mut self, path: &Path, place: &str) -> Result<()> {
        let opened = Package::open(path, &self.limits);
        let is_package = opened.as_ref().is_ok_and(|p| p.size_of(MANIFEST_FILE).is_some());
        if !is_package && self.wants_zips() {
            return self.file(path, place.to_owned());
        }
        let mut package = match opened {
            Ok(package) => package,
            Err(e) => return self.unopened(e, place),
        };
        if is_package {
            return self.package(package, place);
        }
        let size = fs::metadata(path).with_context(|| format!("開けません: {place}"))?.len();
        if size <= LARGE_BYTES {
            let bytes = fs::read(path).with_context(|| format!("開けません: {place}"))?;
            if self.is_document(&seen(path), &bytes) {
                return self.push(Job::plain(seen(path), place.to_owned(), size, Origin::Held(bytes)));
            }
        }
        let paths: Vec<String> = package.paths().map(str::to_owned).collect();
        for inner in paths {
            let at = format!("{place}/{}", mask(&inner));
            let size = package.size_of(&inner).unwrap_or(0);
            let job = Job::plain(inner.clone(), at, size, Origin::Held(Vec::new()));
            self.entry(&mut package, &inner, job)?;
        }
        self.flush()
    }

    /// A document of an open folder or zip.
    fn entry(&mut self, package: &mut Package, path: &str, mut job: Job) -> Result<()> {
        if let Some(root) = package.folder() {
            job.origin = Origin::Disk(root.join(path));
            return self.push(job);
        }
        if self.goes_in_parts(&job, &mut Source::Inside(package, path))? {
            return self.large(&job, &mut Source::Inside(package, path));
        }
        match package.read(path, job.size) {
            Ok(bytes) => {
                job.origin = Origin::Held(bytes);
                self.push(job)
            }
            Err(e) if is_damage(&e) => self.about(&job.place, &damaged()),
            Err(e) => Err(e).with_context(|| format!("開けません: {}", job.place)),
        }
    }

    fn unopened(&mut self, e: PackageError, place: &str) -> Result<()> {
        match e {
            PackageError::Bad(finding) => {
                self.about(place, &finding)?;
                self.report.parcels.push(Parcel { place: place.to_owned(), ..Parcel::default() });
                Ok(())
            }
            PackageError::Io(e) => Err(e).with_context(|| format!("開けません: {place}")),
        }
    }

    /// A folder or zip with a manifest: everything intake holds it against but the operator's books.
    fn package(&mut self, mut package: Package, place: &str) -> Result<()> {
        self.flush()?;
        let mut parcel = Parcel { place: place.to_owned(), holds: true, ..Parcel::default() };
        let mut findings = Vec::new();
        let manifest = self.manifest(&mut package, &mut parcel, &mut findings);
        let listed = match &manifest {
            Some(manifest) => match Listed::check(manifest, &package, &self.limits) {
                Ok(listed) => listed,
                Err(finding) => {
                    findings.push(*finding);
                    Listed::default()
                }
            },
            None => Listed::default(),
        };
        findings.extend(listed.broken);
        findings.extend(listed.unlisted);
        for finding in findings {
            parcel.holds &= !finding.is_error();
            self.about(place, &finding)?;
        }
        let files = manifest.as_ref().map(|m| m.files.clone()).unwrap_or_default();
        for (index, file) in files.into_iter().enumerate() {
            let Some(size) = package.size_of(&file.path) else { continue };
            let path = file.path.clone();
            let job = Job {
                path: path.clone(),
                place: format!("{place}/{}", mask(&path)),
                size,
                origin: Origin::Held(Vec::new()),
                kind: manifest.as_ref().map(|m| m.kind),
                provider: listed.providers.get(index).cloned(),
                listed: Some((index, file)),
            };
            self.entry(&mut package, &path, job)?;
        }
        self.flush()?;
        let totals = std::mem::take(&mut self.totals);
        parcel.holds &= !std::mem::take(&mut self.altered);
        if let Some(manifest) = &manifest {
            for finding in wrong_totals(&manifest.totals, &totals) {
                parcel.holds = false;
                self.about(place, &finding)?;
            }
            let counted = |kind: &str| totals.get(kind).copied().unwrap_or(0);
            parcel.totals =
                manifest.totals.iter().map(|(kind, n)| (kind.clone(), (*n, counted(kind)))).collect();
        }
        self.report.parcels.push(parcel);
        Ok(())
    }

    fn manifest(
        &mut self,
        package: &mut Package,
        parcel: &mut Parcel,
        findings: &mut Vec<Finding>,
    ) -> Option<Manifest> {
        let max = self.limits.manifest_bytes_max;
        let size = package.size_of(MANIFEST_FILE).unwrap_or(0);
        if size > max {
            findings.push(
                Finding::new(&rules::OVERSIZE)
                    .found(format!("manifest_bytes_max: {size}"))
                    .expected(format!("{max} 以下")),
            );
            return None;
        }
        let Ok(bytes) = package.read(MANIFEST_FILE, max) else {
            findings.push(damaged());
            return None;
        };
        let signature = package.size_of(SIGNATURE_FILE).and_then(|_| package.read(SIGNATURE_FILE, 4096).ok());
        parcel.signed = signature.as_ref().is_some_and(|s| !s.is_empty());
        if !parcel.signed {
            findings.push(Finding::new(&rules::UNSIGNED).expected(SIGNATURE_FILE));
        } else if let Some(key) = &self.key {
            let holds = is_signed(&bytes, &signature.unwrap_or_default(), key);
            parcel.signature_holds = Some(holds);
            if !holds {
                findings.push(Finding::new(&rules::SIGNATURE));
            }
        }
        match read_manifest(&bytes) {
            Ok(manifest) => {
                parcel.feed = Some(manifest.feed.to_string());
                parcel.kind = Some(manifest.kind.as_str());
                parcel.files = u64::try_from(manifest.files.len()).unwrap_or(u64::MAX);
                Some(manifest)
            }
            Err(finding) => {
                findings.push(*finding);
                None
            }
        }
    }
}

/// Control totals of the package at hand.
pub(crate) type Totals = BTreeMap<compact_str::CompactString, u64>;

/// The first bytes of a document, cut after a whole line.
pub(crate) fn head(source: Box<dyn Read + '_>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(1 << 20).read_to_end(&mut bytes)?;
    if let Some(end) = memchr::memrchr(b'\n', &bytes) {
        bytes.truncate(end + 1);
    }
    Ok(bytes)
}

fn damaged() -> Finding {
    Finding::new(&rules::ZIP).found("圧縮データが壊れています")
}

/// The last parts of a path, as a submission would have it.
fn seen(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    let from = parts.len().saturating_sub(DEPTH).max(usize::from(parts.len() > 1));
    parts.get(from..).unwrap_or_default().join("/")
}

fn is_zip(path: &Path) -> std::io::Result<bool> {
    let mut magic = Vec::new();
    fs::File::open(path)?.take(4).read_to_end(&mut magic)?;
    Ok(matches!(magic.as_slice(), b"PK\x03\x04" | b"PK\x05\x06"))
}
