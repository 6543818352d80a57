//! What a manifest promises (目録の約束), held against the package: its layout, its files, its control totals.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use musubi_model::finding::{Finding, shape_of};
use musubi_model::limits::Limits;
use musubi_model::manifest::{MANIFEST_FILE, Manifest, ManifestFile, SIGNATURE_DOMAIN, SIGNATURE_FILE};
use musubi_model::sign::{PublicKey, Signature};
use musubi_model::{DocumentHash, ProviderId};

use crate::open::{Package, is_inside};
use crate::rules;

/// Reads a manifest.
///
/// # Errors
/// The finding that says why it cannot be read.
pub fn read_manifest(bytes: &[u8]) -> Result<Manifest, Box<Finding>> {
    let unreadable = |found: String| Box::new(Finding::new(&rules::MANIFEST_UNREADABLE).found(found));
    let text = std::str::from_utf8(bytes)
        .map_err(|e| unreadable(format!("UTF-8 でない (バイト {})", e.valid_up_to())))?;
    let manifest: Manifest = toml::from_str(text).map_err(|e| {
        // The parser's message may quote a line of the manifest: say only where.
        let at = e.span().map_or(0, |s| s.start);
        let line = text.get(..at).map_or(0, |t| t.matches('\n').count() + 1);
        unreadable(format!("{line} 行目 (バイト {at})"))
    })?;
    if manifest.version != 1 {
        let finding =
            Finding::new(&rules::MANIFEST_VERSION).found(manifest.version.to_string()).expected("1");
        return Err(Box::new(finding));
    }
    Ok(manifest)
}

/// Does the content of a signature file hold over a manifest?
#[must_use]
pub fn is_signed(manifest: &[u8], signature: &[u8], key: &PublicKey) -> bool {
    std::str::from_utf8(signature)
        .ok()
        .and_then(|t| Signature::from_hex(t.trim()))
        .is_some_and(|s| key.verifies(SIGNATURE_DOMAIN, manifest, &s))
}

/// The manifest's list of files held against the package's.
#[derive(Debug, Default)]
pub struct Listed {
    /// Provider of each file, in the manifest's order.
    pub providers: Vec<ProviderId>,
    /// Files missing or of another length: the package does not hold as a whole.
    pub broken: Vec<Finding>,
    /// Files nobody listed.
    pub unlisted: Vec<Finding>,
}

impl Listed {
    /// Holds the list of files against the package's.
    ///
    /// # Errors
    /// The finding for which the package is not accepted at all: too many files, a path that leads out, a file that is
    /// too large or whose provider nobody can tell.
    pub fn check(manifest: &Manifest, package: &Package, limits: &Limits) -> Result<Self, Box<Finding>> {
        let files_max = u64::from(limits.files_per_submission_max);
        let files = u64::try_from(manifest.files.len()).unwrap_or(u64::MAX);
        if files > files_max {
            return Err(Box::new(
                Finding::new(&rules::OVERSIZE)
                    .found(format!("files_per_submission_max: {files}"))
                    .expected(format!("{files_max} 以下")),
            ));
        }
        let mut listed = Self { providers: Vec::with_capacity(manifest.files.len()), ..Self::default() };
        let mut seen = BTreeSet::new();
        for (index, file) in manifest.files.iter().enumerate() {
            let place = |f: Finding| f.in_field(MANIFEST_FILE, format!("file[{index}]"));
            if !is_inside(&file.path) || !seen.insert(file.path.as_str()) {
                return Err(Box::new(place(Finding::new(&rules::PATH).found(shape_of(&file.path)))));
            }
            if file.bytes > limits.document_bytes_max {
                return Err(Box::new(place(
                    Finding::new(&rules::OVERSIZE)
                        .found(format!("document_bytes_max: {}", file.bytes))
                        .expected(format!("{} 以下", limits.document_bytes_max)),
                )));
            }
            let provider = match (&file.provider, manifest.providers.as_slice()) {
                (Some(p), all) if all.contains(p) => p.clone(),
                (None, [only]) => only.clone(),
                (given, _) => {
                    let found = given.as_ref().map_or("(なし)".to_owned(), ToString::to_string);
                    return Err(Box::new(place(Finding::new(&rules::PROVIDER_UNKNOWN).found(found))));
                }
            };
            listed.providers.push(provider);
            let wrong = match package.size_of(&file.path) {
                None => Some(Finding::new(&rules::FILE_MISSING).found(shape_of(&file.path))),
                Some(size) if size != file.bytes => Some(truncated(size, file)),
                Some(_) => None,
            };
            listed.broken.extend(wrong.map(place));
        }
        listed.unlisted = package
            .paths()
            .filter(|p| *p != MANIFEST_FILE && *p != SIGNATURE_FILE && !seen.contains(p))
            .map(|p| Finding::new(&rules::FILE_UNLISTED).found(shape_of(p)))
            .take(usize::try_from(limits.findings_per_unit_max).unwrap_or(usize::MAX))
            .collect();
        Ok(listed)
    }
}

fn truncated(size: u64, file: &ManifestFile) -> Finding {
    Finding::new(&rules::FILE_TRUNCATED)
        .found(format!("{size} バイト"))
        .expected(format!("{} バイト", file.bytes))
}

/// Holds the content of the `index`th file against its length and hash.
#[must_use]
pub fn check_content(index: usize, file: &ManifestFile, size: u64, hash: DocumentHash) -> Option<Finding> {
    let place = |f: Finding| f.in_field(MANIFEST_FILE, format!("file[{index}]")).in_document(hash);
    if size != file.bytes {
        return Some(place(truncated(size, file)));
    }
    (hash != file.blake3).then(|| {
        place(Finding::new(&rules::FILE_ALTERED).found(hash.to_string()).expected(file.blake3.to_string()))
    })
}

/// The control totals that do not hold.
#[must_use]
pub fn wrong_totals(promised: &BTreeMap<String, u64>, found: &BTreeMap<CompactString, u64>) -> Vec<Finding> {
    promised
        .iter()
        .map(|(kind, n)| (kind, *n, found.get(kind.as_str()).copied().unwrap_or(0)))
        .filter(|(_, promised, found)| promised != found)
        .map(|(kind, promised, found)| {
            Finding::new(&rules::TOTALS)
                .in_field(MANIFEST_FILE, format!("totals.{kind}"))
                .found(found.to_string())
                .expected(promised.to_string())
        })
        .collect()
}

/// Keeps at most `max` findings of a unit; the rest are counted in one closing finding.
pub fn cap_findings(findings: &mut Vec<Finding>, max: u32) {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    if findings.len() > max {
        // Errors decide what becomes of the unit: they are never the ones left out.
        findings.sort_by_key(|f| std::cmp::Reverse(f.rule.severity));
        let rest = findings.len() - max;
        findings.truncate(max);
        findings.push(Finding::new(&rules::MORE_FINDINGS).found(rest.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_never_drops_an_error() {
        let mut findings: Vec<Finding> = (0..9).map(|_| Finding::new(&rules::FILE_UNLISTED)).collect();
        findings.push(Finding::new(&rules::TOTALS));
        cap_findings(&mut findings, 3);
        assert_eq!(findings.len(), 4);
        assert!(findings.first().is_some_and(Finding::is_error));
        assert_eq!(findings.last().map(|f| (f.rule.id, f.found.as_str())), Some(("SUB-MORE-FINDINGS", "7")));
    }

    #[test]
    fn a_manifest_that_cannot_be_read_says_where_and_not_what() {
        let finding = read_manifest("version = 1\nfeed = \"見本 太郎\"\n".as_bytes()).unwrap_err();
        assert_eq!(finding.rule.id, "SUB-MANIFEST-UNREADABLE");
        assert!(!finding.found.contains("太郎"), "{}", finding.found);
        assert_eq!(read_manifest(&[0xff]).unwrap_err().rule.id, "SUB-MANIFEST-UNREADABLE");
    }
}
