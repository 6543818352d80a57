//! The checks of the Act over packages of version 2 (C-030 to C-059): what the independent checker finds in the files as
//! they went out, each package beside those that left before it.
//!
//! It must never judge by itself what the checker judges, and never keep a package in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use musubi_compliance::checks::sealed::{self, Flaws, KeyFate, ReleaseKey};
use musubi_compliance::checks::{Unreadable, Verdict, each, number};
use musubi_model::spec::{ExtractSpec, Product};
use musubi_release_check::{Key, Keys, Report, Severity, check_folder};
use musubi_storage::release::LedgerRow;

use super::{Judged, Releases};
use crate::manifest::{FileEntry, LAYOUT_2, MANIFEST, Manifest, SPEC};
use crate::proof;

/// A package of version 2 with the checker's report.
#[derive(Debug)]
pub(super) struct Second {
    pub(super) row: LedgerRow,
    pub(super) spec: ExtractSpec,
    manifest: Manifest,
    report: Report,
    /// The pseudonyms, of rows.
    pids: Vec<String>,
}

/// Is it of version 2? What cannot be read is looked at as version 1, where it fails.
pub(super) fn is_second(row: &LedgerRow) -> bool {
    serde_json::from_str::<Manifest>(&row.manifest).is_ok_and(|m| m.layout == LAYOUT_2)
}

/// Folders that go when they are dropped.
struct Folders(PathBuf);

impl Drop for Folders {
    fn drop(&mut self) {
        // What stays is cleared before the next look.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Reads and checks all packages of version 2, oldest first.
pub(super) fn read(releases: &mut Releases) -> Result<Arc<Vec<Second>>, Unreadable> {
    if let Some(read) = &releases.second {
        return Ok(Arc::clone(read));
    }
    let lost = |what: &str, id: &str| Unreadable::new(format!("release.published_file of {id}: {what}"));
    let key = |key: &musubi_model::sign::PublicKey| Key::from_hex(&key.to_string());
    let (board, release) = key(&releases.board)
        .zip(key(&releases.release))
        .ok_or_else(|| Unreadable::new("the public keys of board and release officer".to_owned()))?;
    let keys = Keys { board, release };
    let folders = Folders(releases.work.join(format!("checks-{}", std::process::id())));
    let mut earlier: Vec<(bool, PathBuf)> = Vec::new();
    let mut read = Vec::new();
    for row in releases.db.ledger()?.into_iter().filter(is_second) {
        let id = row.release_id.clone();
        let files = releases.db.published_files(&id)?;
        let folder =
            proof::written(&folders.0, &id, &files).map_err(|_| lost("it cannot be laid out", &id))?;
        let content =
            |name: &str| files.iter().find(|(n, _)| n == name).map(|(_, content)| content.as_slice());
        let manifest: Manifest = content(MANIFEST)
            .and_then(|text| serde_json::from_slice(text).ok())
            .ok_or_else(|| lost("no manifest", &id))?;
        let spec = content(SPEC).and_then(|text| std::str::from_utf8(text).ok());
        let spec = spec.and_then(|text| ExtractSpec::parse(text).ok()).ok_or_else(|| lost("no spec", &id))?;
        let tables = spec.product == Product::Statistics;
        let beside: Vec<&Path> =
            earlier.iter().filter(|(t, _)| *t == tables).map(|(_, path)| path.as_path()).collect();
        let report = check_folder(&folder, &keys, &beside);
        let pids = content("person.csv").map(crate::pseudonym::pids_of).transpose();
        let pids = pids.map_err(|_| lost("person.csv", &id))?.unwrap_or_default();
        earlier.push((tables, folder));
        read.push(Second {
            row,
            spec,
            manifest,
            report,
            pids: pids.iter().map(ToString::to_string).collect(),
        });
    }
    let read = Arc::new(read);
    releases.second = Some(Arc::clone(&read));
    Ok(read)
}

/// The judgement on nested tables, and beside it the checker's on everything else.
pub(super) fn with(releases: &mut Releases, check: u32, first: impl Fn(&mut Releases) -> Judged) -> Judged {
    let second = read(releases)?;
    let own = first(releases)?;
    if second.is_empty() || own.verdict == Verdict::Fail {
        return Ok(own);
    }
    let id = format!("C-{check:03}");
    let flaws = |s: &Second| {
        let looked = s.report.ran.iter().filter(|ran| ran.check == id).count();
        let wrong = s
            .report
            .findings
            .iter()
            .filter(|finding| finding.rule.check == id && finding.rule.severity != Severity::Warn)
            .count();
        // What the checker could not read is wrong for every check.
        let unread = usize::from(s.report.outcome() == musubi_release_check::Outcome::Unreadable);
        Flaws {
            release: s.row.release_id.clone(),
            file: FileEntry::of(MANIFEST, s.manifest.to_text().as_bytes()).blake3,
            looked: number(looked),
            wrong: number(wrong + unread),
        }
    };
    sealed::flawless(&second.iter().map(flaws).collect::<Vec<_>>())
}

/// Releases of rows of this kind, of which nobody has read what the check asks for: none may be there.
pub(super) fn none_of(
    releases: &mut Releases,
    first: impl Fn(&mut Releases) -> Judged,
    speaks: impl Fn(Product) -> bool,
) -> Judged {
    let second = read(releases)?;
    let own = first(releases)?;
    let cases: Vec<&str> =
        second.iter().filter(|s| speaks(s.spec.product)).map(|s| s.row.release_id.as_str()).collect();
    if cases.is_empty() || own.verdict == Verdict::Fail {
        return Ok(own);
    }
    each(&cases, |id| (*id).to_owned(), |_| false)
}

/// C-035: of every release of rows the key was destroyed or vaulted, as the book of keys says, by two.
pub(super) fn keys(releases: &mut Releases) -> Judged {
    let second = read(releases)?;
    let mut events: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for event in releases.db.key_events(None)? {
        events.entry(event.release_id.clone()).or_default().push(event);
    }
    let rows = second.iter().filter(|s| s.spec.rows.is_some());
    let case = |s: &Second| {
        let end = events.get(&s.row.release_id).and_then(|own| own.iter().find(|e| e.event != "created"));
        ReleaseKey {
            release: s.row.release_id.clone(),
            pseudonymised: s.spec.product == Product::Pseudonymized,
            fate: match end.map(|e| e.event.as_str()) {
                Some("destroyed") => KeyFate::Destroyed,
                Some("vaulted") => KeyFate::Vaulted,
                _ => KeyFate::Loose,
            },
            signers: end
                .into_iter()
                .flat_map(|e| [Some(e.made_by.clone()), e.ordered_by.clone()])
                .flatten()
                .collect(),
        }
    };
    sealed::release_keys(&rows.map(case).collect::<Vec<_>>())
}

/// The values that stand for persons, for the membership test in the vault (C-033).
pub(super) fn values(releases: &mut Releases) -> Result<Vec<(String, Vec<String>)>, Unreadable> {
    let second = read(releases)?;
    Ok(second.iter().map(|s| (s.row.release_id.clone(), s.pids.clone())).collect())
}
