//! What an output checker looks at (出力確認の材料): every file of a release as it was kept, with what is risky in it, and
//! beside it what earlier releases told.
//!
//! Tables are told cell by cell, as they will go out, with the bounds an attacker could compute; of rows about persons only
//! columns are told, as counts. It must never tell a value of a row about a person, and never change what was kept.

mod columns;
mod earlier;
mod table;

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use musubi_compliance::output::voted_files;
use musubi_model::policy::Policy;
use musubi_model::sign::PublicKey;
use musubi_model::spec::Product;
use musubi_storage::registry::ReleaseDb;
use zip::write::SimpleFileOptions;

pub use columns::ColumnLook;
pub use earlier::{ColumnBeside, Earlier, RowsBeside, TableBeside};
pub use table::{CellLook, RISKS, Risk, TableLook};

use crate::error::ReleaseError;
use crate::kept::{Files, kept};
use crate::manifest::{CELL_MIN, LAYOUT_2, Manifest};
use crate::{VerifyReport, proof, verify};

/// A file as a checker sees it.
#[derive(Debug, Clone)]
pub struct FileLook {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3.
    pub blake3: String,
    /// Is it voted on, or does it go with every package?
    pub voted: bool,
    /// Its columns, of a table or of rows.
    pub columns: Vec<ColumnLook>,
    /// Its cells, of a table of statistics.
    pub table: Option<TableLook>,
}

/// A release as a checker sees it.
#[derive(Debug, Clone)]
pub struct Look {
    /// Its manifest.
    pub manifest: Manifest,
    /// BLAKE3 of the manifest's bytes: what is voted and keyed on.
    pub manifest_hash: String,
    /// The policy, of a package of version 2.
    pub policy: Option<Policy>,
    /// The smallest number of persons that may be shown or stand in a class.
    pub least: u64,
    /// What the independent checker says of the kept bytes, now.
    pub verified: VerifyReport,
    /// The files.
    pub files: Vec<FileLook>,
    /// Earlier releases that tell of the same.
    pub earlier: Earlier,
}

/// The keys by which a release is known, and where it may be laid out for a moment.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The board's public key.
    pub board: &'a PublicKey,
    /// The release officer's public key.
    pub release: &'a PublicKey,
    /// A folder of the house; nothing stays there.
    pub work: &'a Path,
}

/// A folder that goes when it is dropped.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // What stays lies in the house's own work folder and is cleared before the next look.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Lays the kept bytes out, lets `look` at the folder, and clears it away.
fn laid_out<T>(
    desk: &Desk<'_>,
    release: &str,
    files: &Files,
    look: impl FnOnce(&Path) -> T,
) -> Result<T, ReleaseError> {
    let beside = Beside(desk.work.join(format!("look-{}-{release}", std::process::id())));
    let folder = proof::written(&beside.0, release, files)?;
    Ok(look(&folder))
}

/// Verifies a release from the bytes that were kept of it. `None`: it is not in the ledger.
///
/// # Errors
/// As [`kept`].
pub fn verify_kept(
    db: &mut ReleaseDb,
    release: &str,
    desk: &Desk<'_>,
) -> Result<Option<VerifyReport>, ReleaseError> {
    let Some(files) = kept(db, release, desk.release)? else { return Ok(None) };
    laid_out(desk, release, &files, |folder| verify(folder, desk.board, desk.release)).map(Some)
}

/// Everything a checker wants to see of a release. `None`: it is not in the ledger. `near`: up to so many persons above
/// the least, a cell is told to be near it.
///
/// # Errors
/// As [`kept`]; [`ReleaseError::Kept`] when a file cannot be read as what it is.
pub fn look(
    db: &mut ReleaseDb,
    release: &str,
    desk: &Desk<'_>,
    near: u64,
) -> Result<Option<Look>, ReleaseError> {
    let Some(files) = kept(db, release, desk.release)? else { return Ok(None) };
    let Some(row) = db.ledger_entry(release)? else { return Ok(None) };
    let manifest: Manifest =
        serde_json::from_str(&row.manifest).map_err(|_| ReleaseError::Kept("its manifest cannot be read"))?;
    let find = |name: &str| files.iter().find(|(n, _)| n == name).map(|(_, content)| content.as_slice());
    let policy = match find("policy.toml").map(std::str::from_utf8) {
        None => None,
        Some(text) => {
            let text = text.map_err(|_| ReleaseError::Kept("its policy is no text"))?;
            Some(Policy::parse(text).map_err(|_| ReleaseError::Kept("its policy cannot be read"))?)
        }
    };
    let least = least(&manifest, policy.as_ref())?;
    let (verified, bounds) = laid_out(desk, release, &files, |folder| {
        (verify(folder, desk.board, desk.release), table::second_bounds(&manifest, folder))
    })?;
    let voted = voted_files(manifest.files.iter().map(|f| f.name.as_str()));
    let statistics = manifest.product == Product::Statistics;
    let looks = manifest.files.iter().map(|file| {
        let content = find(&file.name).ok_or(ReleaseError::Kept("a file is missing"))?;
        let tabular = voted.contains(&file.name) && file.name.ends_with(".csv");
        let table = (tabular && statistics)
            .then(|| table::look(&file.name, content, &manifest, &bounds, least, near))
            .transpose()?;
        Ok(FileLook {
            name: file.name.clone(),
            bytes: file.bytes,
            blake3: file.blake3.clone(),
            voted: voted.contains(&file.name),
            columns: if tabular { columns::look(content, least)? } else { Vec::new() },
            table,
        })
    });
    let looks = looks.collect::<Result<Vec<FileLook>, ReleaseError>>()?;
    let earlier = earlier::look(db, &row, &manifest, &looks, least)?;
    Ok(Some(Look {
        manifest_hash: blake3::hash(row.manifest.as_bytes()).to_hex().to_string(),
        manifest,
        policy,
        least,
        verified,
        files: looks,
        earlier,
    }))
}

/// The smallest number of persons: of a cell, or of a class of rows.
fn least(manifest: &Manifest, policy: Option<&Policy>) -> Result<u64, ReleaseError> {
    let of_policy = policy.and_then(|p| match (&p.tables, &p.person) {
        (Some(tables), _) if p.product == Product::Statistics => Some(tables.cell_min.value),
        (_, Some(person)) => Some(person.k.value),
        _ => None,
    });
    let own =
        if manifest.layout == LAYOUT_2 { of_policy } else { manifest.parameters.get(CELL_MIN).copied() };
    own.ok_or(ReleaseError::Kept("it does not say how many persons may be shown"))
}

/// A release as one zip, from the bytes that were kept: the same bytes every time.
///
/// # Errors
/// [`ReleaseError::Kept`] when it cannot be written.
pub fn zipped(release: &str, files: &Files) -> Result<Vec<u8>, ReleaseError> {
    let failed = |_| ReleaseError::Kept("it cannot be written as a zip");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .large_file(true);
    for (name, content) in files {
        zip.start_file(format!("{release}/{name}"), options).map_err(failed)?;
        zip.write_all(content).map_err(|_| ReleaseError::Kept("it cannot be written as a zip"))?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner())
}

/// A release as one file that only its recipients open (`R-….tar.age`), from the bytes that were kept.
///
/// # Errors
/// As [`crate::pack::encrypt`].
pub fn sealed_for(
    release: &str,
    files: &Files,
    keys: &[String],
    work: &Path,
) -> Result<Vec<u8>, ReleaseError> {
    let beside = Beside(work.join(format!("fetch-{}-{release}", std::process::id())));
    let folder = proof::written(&beside.0, release, files)?;
    let file = crate::pack::encrypt(&folder, keys, &beside.0)?;
    fs::read(&file).map_err(|_| ReleaseError::Kept("the encrypted file cannot be read"))
}

/// A table of a release, to stand beside another one's. `None`: no such release or file.
///
/// # Errors
/// As [`kept`]; [`ReleaseError::Kept`] when it is no table of statistics.
pub fn table_of(
    db: &mut ReleaseDb,
    release: &str,
    file: &str,
    key: &PublicKey,
) -> Result<Option<TableLook>, ReleaseError> {
    let Some(row) = db.ledger_entry(release)? else { return Ok(None) };
    let manifest: Manifest =
        serde_json::from_str(&row.manifest).map_err(|_| ReleaseError::Kept("its manifest cannot be read"))?;
    if manifest.product != Product::Statistics {
        return Err(ReleaseError::Kept("it holds rows about persons, of which no cell is shown"));
    }
    let Some(files) = kept(db, release, key)? else { return Ok(None) };
    files.iter().find(|(name, _)| name == file).map(|(_, content)| table::read(content)).transpose()
}
