//! Letting the independent checker decide (独立検査にかける): on the folder as it will leave, with the packages that left
//! before beside it. Nothing here judges; a checker that cannot read stops the release.

use std::fs;
use std::path::{Path, PathBuf};

use musubi_model::sign::PublicKey;
use musubi_model::spec::Product;
use musubi_release_check::{Keys, check_folder};
use musubi_storage::registry::ReleaseDb;

use crate::error::ReleaseError;
use crate::manifest::Manifest;
use crate::package::{Order, place};

/// Folders that go when they are dropped.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // What cannot be removed lies under a hidden name and is cleared by the next build.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The checker's keys.
fn keys(board: &PublicKey, release: &PublicKey) -> Result<Keys, ReleaseError> {
    let key = |key: &PublicKey| musubi_release_check::Key::from_hex(&key.to_string());
    let (board, release) = key(board)
        .zip(key(release))
        .ok_or(ReleaseError::Internal("a public key that the checker cannot read"))?;
    Ok(Keys { board, release })
}

/// What the independent checker finds in a package, in its words; empty: it is sound.
pub(crate) fn found(folder: &Path, board: &PublicKey, release: &PublicKey, earlier: &[&Path]) -> Vec<String> {
    let Ok(keys) = keys(board, release) else { return vec!["no key for the checker".to_owned()] };
    let report = check_folder(folder, &keys, earlier);
    if report.sound() {
        return Vec::new();
    }
    let told = |f: &musubi_release_check::Finding| {
        let row = f.place.row.map_or_else(String::new, |row| format!(" {row}行目"));
        let column = f.place.column.as_ref().map_or_else(String::new, |column| format!(" {column}"));
        format!(
            "{} {} {}{row}{column}: {} (→ {})",
            f.rule.check, f.rule.word, f.place.file, f.rule.ja, f.rule.mend_ja
        )
    };
    report.findings.iter().map(told).collect()
}

/// Refuses a package that the checker finds anything in, alone or beside those of the same kind that left before.
pub(crate) fn passes(
    db: &mut ReleaseDb,
    folder: &Path,
    order: &Order<'_>,
    product: Product,
) -> Result<(), ReleaseError> {
    let beside = Beside(order.out.join(format!(".earlier-{}", std::process::id())));
    let mut earlier = Vec::new();
    for row in db.ledger()? {
        let manifest: Manifest = serde_json::from_str(&row.manifest)
            .map_err(|_| ReleaseError::Internal("a manifest of the ledger cannot be read"))?;
        // Rows meet rows and tables meet tables; a nested table of version 1 has a checker of its own.
        let same_kind = (manifest.product == Product::Statistics) == (product == Product::Statistics);
        if !same_kind || manifest.layout != crate::manifest::LAYOUT_2 {
            continue;
        }
        earlier.push(written(&beside.0, &row.release_id, &db.published_files(&row.release_id)?)?);
    }
    let earlier: Vec<&Path> = earlier.iter().map(PathBuf::as_path).collect();
    let findings = found(folder, order.board, &order.key.public(), &earlier);
    if findings.is_empty() { Ok(()) } else { Err(ReleaseError::Proof(findings)) }
}

/// Writes a package from the bytes that were kept of it.
pub(crate) fn written(
    out: &Path,
    release_id: &str,
    kept: &[(String, Vec<u8>)],
) -> Result<PathBuf, ReleaseError> {
    let files: Vec<(&str, Vec<u8>)> = kept.iter().map(|(n, c)| (n.as_str(), c.clone())).collect();
    place(out, release_id, &files)
}
