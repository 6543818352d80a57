//! Verifying a package of version 2 (検証): files, hashes, signatures and how names follow from each other; what the
//! files hold is left to the independent checker.
//!
//! It must never stop at the first thing it finds, and never trust a file because another of the package says so, except
//! where a signature stands behind it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use musubi_model::ids::to_hex;
use musubi_model::policy::Policy;
use musubi_model::sign::{PublicKey, Signature};
use musubi_model::spec::ExtractSpec;
use musubi_review_board::{DECISION_DOMAIN, Decision};
use sha2::{Digest as _, Sha256};

use crate::manifest::{
    APPROVAL, APPROVAL_SIGNATURE, DICTIONARY, FileEntry, LAYOUT_2, MANIFEST, MANIFEST_SIGNATURE, Manifest,
    POLICY, POLICY_SIGNATURE, README, README_EN, RELEASE_DOMAIN, RISK, RISK_PAGE, SPEC, release_id,
};
use crate::package::japan_day;
use crate::verify::{VerifyProblem, VerifyReport, signature};

/// What the board signs a policy for.
pub const POLICY_DOMAIN: &str = "musubi policy/1";
/// Texts are not longer than this; the files of rows may be.
const TEXT_BYTES_MAX: u64 = 1 << 28;
/// What every package holds besides its tables.
const ALWAYS: [&str; 10] = [
    README,
    README_EN,
    APPROVAL,
    APPROVAL_SIGNATURE,
    SPEC,
    POLICY,
    POLICY_SIGNATURE,
    DICTIONARY,
    RISK,
    RISK_PAGE,
];

/// Does the manifest of this folder say that it is of version 2? What cannot be read is not.
pub(crate) fn is_version_2(package: &Path) -> bool {
    let layout = text(package, MANIFEST).and_then(|t| serde_json::from_str::<serde_json::Value>(&t).ok());
    layout.is_some_and(|m| m.get("layout").and_then(|l| l.as_str()) == Some(LAYOUT_2))
}

/// Verifies the package in a folder; `independent` is the independent checker, and tells what it finds.
pub(crate) fn verify(
    package: &Path,
    board_key: &PublicKey,
    release_key: &PublicKey,
    independent: &dyn Fn(&Path) -> Vec<String>,
) -> VerifyReport {
    let mut report = VerifyReport::default();
    let problems = &mut report.problems;
    let content = |name: &str| text(package, name).unwrap_or_default();
    let signed = |name: &str, domain: &str, key: &PublicKey, by: &str| {
        signature(content(by).as_bytes())
            .is_some_and(|s: Signature| key.verifies(domain, content(name).as_bytes(), &s))
    };
    if !signed(MANIFEST, RELEASE_DOMAIN, release_key, MANIFEST_SIGNATURE) {
        problems.push(VerifyProblem::ReleaseSignature);
    }
    if !signed(APPROVAL, DECISION_DOMAIN, board_key, APPROVAL_SIGNATURE) {
        problems.push(VerifyProblem::BoardSignature);
    }
    if !signed(POLICY, POLICY_DOMAIN, board_key, POLICY_SIGNATURE) {
        problems.push(VerifyProblem::PolicySignature);
    }
    let Ok(manifest) = serde_json::from_str::<Manifest>(&content(MANIFEST)) else {
        problems.push(VerifyProblem::Malformed(MANIFEST));
        return report;
    };
    files(package, &manifest, problems);
    names(&manifest, &content(APPROVAL), &content(SPEC), &content(POLICY), problems);
    if problems.is_empty() {
        problems.extend(independent(package).into_iter().map(VerifyProblem::Independent));
    }
    (report.shown, report.hidden) = (manifest.cells_shown, manifest.cells_hidden);
    report.manifest = Some(manifest);
    report
}

/// A text of the package; links are not followed.
fn text(package: &Path, name: &str) -> Option<String> {
    let path = package.join(name);
    let about = fs::symlink_metadata(&path).ok()?;
    (about.is_file() && about.len() <= TEXT_BYTES_MAX).then(|| fs::read_to_string(&path).ok()).flatten()
}

/// Nothing is missing, nothing is too much, and every file is what the manifest says.
fn files(package: &Path, manifest: &Manifest, problems: &mut Vec<VerifyProblem>) {
    let listed: BTreeSet<&str> = manifest.files.iter().map(|f| f.name.as_str()).collect();
    if listed.len() != manifest.files.len() || !ALWAYS.iter().all(|name| listed.contains(name)) {
        problems.push(VerifyProblem::Malformed(MANIFEST));
    }
    match fs::read_dir(package) {
        Err(_) => problems.push(VerifyProblem::Unreadable("the folder".to_owned())),
        Ok(entries) => {
            let known = |name: &str| listed.contains(name) || name == MANIFEST || name == MANIFEST_SIGNATURE;
            let belongs =
                |e: io::Result<fs::DirEntry>| e.is_ok_and(|e| e.file_name().to_str().is_some_and(known));
            if !entries.into_iter().all(belongs) {
                problems.push(VerifyProblem::ExtraFile);
            }
        }
    }
    for entry in &manifest.files {
        let path = package.join(&entry.name);
        // A name that leads elsewhere is no name of a file of this folder.
        let plain = Path::new(&entry.name).file_name().is_some_and(|n| n == entry.name.as_str());
        match fs::symlink_metadata(&path) {
            _ if !plain => problems.push(VerifyProblem::Malformed(MANIFEST)),
            Err(_) => problems.push(VerifyProblem::MissingFile(entry.name.clone())),
            Ok(about) if !about.is_file() => problems.push(VerifyProblem::Unreadable(entry.name.clone())),
            Ok(_) => match hash(&path, &entry.name) {
                Err(_) => problems.push(VerifyProblem::Unreadable(entry.name.clone())),
                Ok(now) if now != *entry => problems.push(VerifyProblem::Changed(entry.name.clone())),
                Ok(_) => {}
            },
        }
    }
}

/// The entry of a file as it lies there, read piece by piece.
fn hash(path: &Path, name: &str) -> io::Result<FileEntry> {
    let mut file = File::open(path)?;
    let (mut blake3, mut sha256, mut bytes) = (blake3::Hasher::new(), Sha256::new(), 0u64);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        let part = buffer.get(..read).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        blake3.update(part);
        sha256.update(part);
        bytes += part.len() as u64;
    }
    Ok(FileEntry {
        name: name.to_owned(),
        bytes,
        blake3: to_hex(blake3.finalize().as_bytes()),
        sha256: to_hex(&sha256.finalize()),
    })
}

/// Approval, request, scope, policy and release belong together.
fn names(manifest: &Manifest, approval: &str, spec: &str, policy: &str, problems: &mut Vec<VerifyProblem>) {
    let decision: Option<Decision> = serde_json::from_str(approval).ok();
    let (spec, policy) = (ExtractSpec::parse(spec).ok(), Policy::parse(policy).ok());
    match &decision {
        None => problems.push(VerifyProblem::Malformed(APPROVAL)),
        Some(decision) => {
            let canonical = decision.canonical();
            if Decision::approval_id(&canonical) != manifest.approval_id
                || canonical != approval
                || decision.request_id != manifest.request_id
                || release_id(&manifest.approval_id, manifest.snapshot_commit) != manifest.release_id
            {
                problems.push(VerifyProblem::Names);
            }
            if japan_day(manifest.sealed_at) > decision.expires_on {
                problems.push(VerifyProblem::Expired);
            }
        }
    }
    let scope = spec.as_ref().map(ExtractSpec::scope_hash);
    if scope.is_none()
        || scope != decision.map(|d| d.scope_hash)
        || scope.as_ref() != Some(&manifest.scope_hash)
        || spec.as_ref().map(|s| s.product) != Some(manifest.product)
    {
        problems.push(VerifyProblem::Scope);
    }
    let named = spec.as_ref().and_then(|s| s.policy.as_ref());
    let fits = policy.as_ref().zip(named).is_some_and(|(policy, named)| {
        (policy.name.as_str(), policy.version) == (named.name.as_str(), named.version)
            && policy.product == manifest.product
            && manifest.policy_hash == Some(policy.hash())
            && policy.in_force(japan_day(manifest.sealed_at))
    });
    if !fits {
        problems.push(VerifyProblem::Policy);
    }
}
