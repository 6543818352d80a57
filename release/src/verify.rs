//! Verifying a package (検証): offline, from the folder and two public keys alone.
//!
//! It must never stop at the first thing it finds, never write, and never trust a file because another file of the
//! package says so, except where a signature stands behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use musubi_model::sign::{PublicKey, Signature};
use musubi_model::spec::ExtractSpec;
use musubi_review_board::{DECISION_DOMAIN, Decision};

use crate::checker::{self, Problem};
use crate::grid::Grid;
use crate::manifest::{
    AGE_TOP, APPROVAL, APPROVAL_SIGNATURE, CELL_MIN, FileEntry, LAYOUT, LISTED, MANIFEST, MANIFEST_SIGNATURE,
    Manifest, RELEASE_DOMAIN, SPEC, TABLE, release_id,
};
use crate::pack::{self, is_version_2};
use crate::package::japan_day;
use crate::scan::{Leak, scan};

/// No file of a package is longer than this; what is longer is not read.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// What is wrong with a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyProblem {
    /// The folder cannot be read.
    Unreadable(String),
    /// A file that belongs to a package is not there.
    MissingFile(String),
    /// Something is there that does not belong.
    ExtraFile,
    /// The content of a file is not what the manifest says.
    Changed(String),
    /// The manifest or the decision is not one.
    Malformed(&'static str),
    /// The manifest was not signed by the release key.
    ReleaseSignature,
    /// The decision was not signed by the board's key.
    BoardSignature,
    /// The policy was not signed by the board's key (version 2).
    PolicySignature,
    /// Spec, manifest and policy do not name the same policy, or it was not in force (version 2).
    Policy,
    /// The independent checker refuses the content (version 2).
    Independent(String),
    /// Spec, decision and manifest do not speak of the same scope.
    Scope,
    /// Names that should follow from each other do not.
    Names,
    /// Sealed after the approval had ended.
    Expired,
    /// The table breaks the rules of disclosure control.
    Table(Problem),
    /// The table holds what may not be in it.
    Leak(Leak),
    /// The manifest's numbers of cells are not the table's.
    Cells,
}

impl fmt::Display for VerifyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(name) => write!(f, "VER_READ: {name} cannot be read (読み取れません)"),
            Self::MissingFile(name) => write!(f, "VER_MISSING: {name} is missing (ファイルが足りません)"),
            Self::ExtraFile => write!(f, "VER_EXTRA: a file that does not belong (余分なファイルがあります)"),
            Self::Changed(name) => {
                write!(f, "VER_CHANGED: {name} was changed (目録のハッシュと一致しません)")
            }
            Self::Malformed(name) => write!(f, "VER_FORM: {name} is malformed (形式が正しくありません)"),
            Self::ReleaseSignature => {
                write!(
                    f,
                    "VER_RELEASE_SIGNATURE: not signed by the release key (提供責任者の署名が合いません)"
                )
            }
            Self::BoardSignature => {
                write!(f, "VER_BOARD_SIGNATURE: not signed by the board (審査委員会の署名が合いません)")
            }
            Self::PolicySignature => {
                write!(f, "VER_POLICY_SIGNATURE: policy not signed by the board (方針の署名が合いません)")
            }
            Self::Policy => {
                write!(
                    f,
                    "VER_POLICY: policies differ or it was not in force (方針が一致しないか、有効期間外です)"
                )
            }
            Self::Independent(finding) => write!(f, "VER_CHECK: {finding}"),
            Self::Scope => write!(f, "VER_SCOPE: scopes differ (承認範囲と抽出仕様と目録が一致しません)"),
            Self::Names => write!(f, "VER_NAMES: names do not follow from each other (番号が対応しません)"),
            Self::Expired => {
                write!(f, "VER_EXPIRED: sealed after the approval ended (承認の期限後の作成です)")
            }
            Self::Table(problem) => write!(f, "VER_TABLE: {problem}"),
            Self::Leak(leak) => write!(f, "VER_SCAN: {leak}"),
            Self::Cells => write!(f, "VER_CELLS: cell counts differ (欄の数が目録と一致しません)"),
        }
    }
}

/// The outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// The manifest, when it could be read; trust it only when there are no problems.
    pub manifest: Option<Manifest>,
    /// Rows with a count.
    pub shown: u64,
    /// Rows with the sign.
    pub hidden: u64,
    /// What is wrong.
    pub problems: Vec<VerifyProblem>,
}

impl VerifyReport {
    /// Is the package sound?
    #[must_use]
    pub fn ok(&self) -> bool {
        self.problems.is_empty() && self.manifest.is_some()
    }
}

/// Verifies the package in a folder against the board's and the release officer's public keys. What a package of version
/// 2 holds is judged by the independent checker.
#[must_use]
pub fn verify(package: &Path, board_key: &PublicKey, release_key: &PublicKey) -> VerifyReport {
    if is_version_2(package) {
        return pack::verify(package, board_key, release_key, &|folder| {
            crate::proof::found(folder, board_key, release_key, &[])
        });
    }
    let mut report = VerifyReport::default();
    let files = read_folder(package, &mut report.problems);
    verify_files(&files, board_key, release_key, &mut report);
    report
}

/// Reads the files that belong to a package, and notes what is missing or does not belong.
fn read_folder(package: &Path, problems: &mut Vec<VerifyProblem>) -> BTreeMap<&'static str, Vec<u8>> {
    let belongs: BTreeSet<&'static str> = LISTED.into_iter().chain([MANIFEST, MANIFEST_SIGNATURE]).collect();
    let mut files = BTreeMap::new();
    match fs::read_dir(package) {
        Err(_) => problems.push(VerifyProblem::Unreadable("the folder".to_owned())),
        Ok(entries) => {
            let known = |e: std::io::Result<fs::DirEntry>| {
                e.is_ok_and(|e| e.file_name().to_str().is_some_and(|name| belongs.contains(name)))
            };
            if !entries.into_iter().all(known) {
                problems.push(VerifyProblem::ExtraFile);
            }
        }
    }
    for name in belongs {
        let path = package.join(name);
        // A link could show other bytes tomorrow.
        match fs::symlink_metadata(&path) {
            Ok(about) if about.is_file() && about.len() <= FILE_BYTES_MAX => match fs::read(&path) {
                Ok(content) => {
                    files.insert(name, content);
                }
                Err(_) => problems.push(VerifyProblem::Unreadable(name.to_owned())),
            },
            Ok(_) => problems.push(VerifyProblem::Unreadable(name.to_owned())),
            Err(_) => problems.push(VerifyProblem::MissingFile(name.to_owned())),
        }
    }
    files
}

/// The signature in a file: hexadecimal digits in small letters and one line end, nothing else.
pub(crate) fn signature(content: &[u8]) -> Option<Signature> {
    let text = std::str::from_utf8(content).ok()?;
    let signature = Signature::from_hex(text.trim_end())?;
    (format!("{signature}\n") == text).then_some(signature)
}

/// All checks on the contents.
pub(crate) fn verify_files(
    files: &BTreeMap<&'static str, Vec<u8>>,
    board_key: &PublicKey,
    release_key: &PublicKey,
    report: &mut VerifyReport,
) {
    let content = |name: &str| files.get(name).map(Vec::as_slice).unwrap_or_default();
    let problems = &mut report.problems;

    let by_release = signature(content(MANIFEST_SIGNATURE));
    if !by_release.is_some_and(|s| release_key.verifies(RELEASE_DOMAIN, content(MANIFEST), &s)) {
        problems.push(VerifyProblem::ReleaseSignature);
    }
    let by_board = signature(content(APPROVAL_SIGNATURE));
    if !by_board.is_some_and(|s| board_key.verifies(DECISION_DOMAIN, content(APPROVAL), &s)) {
        problems.push(VerifyProblem::BoardSignature);
    }
    let Some(manifest) =
        serde_json::from_slice::<Manifest>(content(MANIFEST)).ok().filter(|m| m.layout == LAYOUT)
    else {
        problems.push(VerifyProblem::Malformed(MANIFEST));
        return;
    };
    if !manifest.files.iter().map(|f| f.name.as_str()).eq(LISTED) {
        problems.push(VerifyProblem::Malformed(MANIFEST));
    }
    for name in LISTED {
        let now = FileEntry::of(name, content(name));
        if !manifest.files.contains(&now) {
            problems.push(VerifyProblem::Changed(name.to_owned()));
        }
    }

    let decision: Option<Decision> = serde_json::from_slice(content(APPROVAL)).ok();
    let spec = std::str::from_utf8(content(SPEC)).ok().and_then(|text| ExtractSpec::parse(text).ok());
    match &decision {
        None => problems.push(VerifyProblem::Malformed(APPROVAL)),
        Some(decision) => {
            let canonical = decision.canonical();
            if Decision::approval_id(&canonical) != manifest.approval_id
                || canonical.as_bytes() != content(APPROVAL)
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
    let approved = decision.map(|d| d.scope_hash);
    if scope.is_none() || scope != approved || scope.as_ref() != Some(&manifest.scope_hash) {
        problems.push(VerifyProblem::Scope);
    }

    match (std::str::from_utf8(content(TABLE)), manifest.parameters.get(CELL_MIN)) {
        (Ok(csv), Some(cell_min)) => {
            let checked = checker::check(csv, *cell_min);
            (report.shown, report.hidden) = (checked.shown, checked.hidden);
            problems.extend(checked.problems.into_iter().map(VerifyProblem::Table));
            let top = manifest.parameters.get(AGE_TOP).and_then(|top| u16::try_from(*top).ok());
            match spec.and_then(|s| s.table).zip(top) {
                None => problems.push(VerifyProblem::Malformed(MANIFEST)),
                Some((table, top)) => {
                    let grid = Grid::of(&table.axes, top);
                    if let Err(leak) = scan(csv, &grid) {
                        problems.push(VerifyProblem::Leak(leak));
                    }
                    let cells = (manifest.cells_shown, manifest.cells_hidden);
                    if cells != (report.shown, report.hidden) || report.shown + report.hidden != grid.rows() {
                        problems.push(VerifyProblem::Cells);
                    }
                }
            }
        }
        _ => problems.push(VerifyProblem::Malformed(TABLE)),
    }
    report.manifest = Some(manifest);
}
