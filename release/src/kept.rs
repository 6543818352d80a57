//! What was released, as it is kept: the bytes that went out (invariant 12), and the cases of the checks over keys and
//! pseudonyms (C-034, C-035). It must never make anything anew: a release that is in the ledger has its bytes and its key.

use std::collections::BTreeSet;

use musubi_compliance::checks::sealed::{KeyFate, Pids, ReleaseKey};
use musubi_model::ReleasePid;
use musubi_model::sign::{PublicKey, Signature};
use musubi_storage::registry::ReleaseDb;
use musubi_storage::release_ledger::KeyEventRow;
use serde::Deserialize;

use crate::error::ReleaseError;
use crate::manifest::{FileEntry, MANIFEST, MANIFEST_SIGNATURE, RELEASE_DOMAIN};
use crate::pseudonym::pids_of;

/// Files by name, with their bytes.
pub type Files = Vec<(String, Vec<u8>)>;

/// What every manifest has, of whatever layout.
#[derive(Debug, Deserialize)]
struct Listed {
    files: Vec<FileEntry>,
}

/// The files of a release as they went out, held against its signed manifest. `None`: it is not in the ledger. Building a
/// release again gives these and nothing else: its key is gone, and there is never a second one.
///
/// # Errors
/// [`ReleaseError::Kept`] when the manifest is not signed by `key` or a file is missing, changed or unlisted.
pub fn kept(db: &mut ReleaseDb, release: &str, key: &PublicKey) -> Result<Option<Files>, ReleaseError> {
    let Some(entry) = db.ledger_entry(release)? else { return Ok(None) };
    let signature = Signature::from_hex(&entry.signature);
    if !signature.is_some_and(|s| key.verifies(RELEASE_DOMAIN, entry.manifest.as_bytes(), &s)) {
        return Err(ReleaseError::Kept("its manifest is not signed by the release officer's key"));
    }
    let listed: Listed = serde_json::from_str(&entry.manifest)
        .map_err(|_| ReleaseError::Kept("its manifest cannot be read"))?;
    let files = db.published_files(release)?;
    let find = |name: &str| files.iter().find(|(n, _)| n == name).map(|(_, content)| content.as_slice());
    for file in &listed.files {
        let content = find(&file.name).ok_or(ReleaseError::Kept("a file is missing"))?;
        if FileEntry::of(&file.name, content) != *file {
            return Err(ReleaseError::Kept("a file is not what the manifest says"));
        }
    }
    let known = |name: &String| {
        [MANIFEST, MANIFEST_SIGNATURE].contains(&name.as_str())
            || listed.files.iter().any(|f| f.name == *name)
    };
    if !files.iter().all(|(name, _)| known(name)) || find(MANIFEST) != Some(entry.manifest.as_bytes()) {
        return Err(ReleaseError::Kept("a file is there that the manifest does not name"));
    }
    Ok(Some(files))
}

/// The pseudonyms of all earlier releases of rows: none of them may be given again (C-034).
///
/// # Errors
/// The store's; [`ReleaseError::Vault`] when a kept file has a line without a pseudonym.
pub fn earlier_pids(db: &mut ReleaseDb) -> Result<BTreeSet<ReleasePid>, ReleaseError> {
    let mut all = BTreeSet::new();
    for (_, person) in db.published_as("person.csv")? {
        all.append(&mut pids_of(&person)?);
    }
    Ok(all)
}

/// C-034: for each release of rows, in their order, the pseudonyms it shares with an earlier one.
///
/// # Errors
/// As [`earlier_pids`].
pub fn pid_cases(person_files: &[(String, Vec<u8>)]) -> Result<Vec<Pids>, ReleaseError> {
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for (release, content) in person_files {
        let own = pids_of(content)?;
        let shared = u64::try_from(own.intersection(&seen).count()).unwrap_or(u64::MAX);
        cases.push(Pids { release: release.clone(), shared });
        seen.extend(own);
    }
    Ok(cases)
}

/// C-035: for each release of rows (and whether it is pseudonymised) what the book of keys says became of its key.
#[must_use]
pub fn key_cases(releases: &[(String, bool)], events: &[KeyEventRow]) -> Vec<ReleaseKey> {
    let case = |(release, pseudonymised): &(String, bool)| {
        let of = |event: &str| events.iter().find(|e| e.release_id == *release && e.event == event);
        let end = of("destroyed").or_else(|| of("vaulted"));
        // The key that ended is the one that was made.
        let end = end.filter(|end| of("created").is_some_and(|made| made.key_name == end.key_name));
        let fate = match end.map(|e| e.event.as_str()) {
            Some("destroyed") => KeyFate::Destroyed,
            Some("vaulted") => KeyFate::Vaulted,
            _ => KeyFate::Loose,
        };
        let signers = end.into_iter().flat_map(|e| [Some(e.made_by.clone()), e.ordered_by.clone()]).flatten();
        ReleaseKey {
            release: release.clone(),
            pseudonymised: *pseudonymised,
            fate,
            signers: signers.collect(),
        }
    };
    releases.iter().map(case).collect()
}

#[cfg(test)]
mod tests {
    use musubi_compliance::checks::Verdict;
    use musubi_compliance::checks::sealed::{new_pids, release_keys};

    use super::*;

    fn event(event: &str, name: &str, ordered_by: Option<&str>) -> KeyEventRow {
        KeyEventRow {
            release_id: "R-1".to_owned(),
            event: event.to_owned(),
            key_name: name.to_owned(),
            at: "2026-11-20T00:00:00Z".parse().unwrap(),
            made_by: "release-job".to_owned(),
            ordered_by: ordered_by.map(str::to_owned),
        }
    }

    #[test]
    fn a_key_ends_as_the_product_asks_and_by_two() {
        let two = Some("officer-01");
        for (pseudonymised, events, expect) in [
            (false, vec![event("created", "a", two), event("destroyed", "a", two)], Verdict::Pass),
            (true, vec![event("created", "a", two), event("vaulted", "a", two)], Verdict::Pass),
            (false, vec![event("created", "a", two), event("vaulted", "a", two)], Verdict::Fail),
            (true, vec![event("created", "a", two), event("destroyed", "a", two)], Verdict::Fail),
            (false, vec![event("created", "a", two), event("destroyed", "a", None)], Verdict::Fail),
            (false, vec![event("created", "a", two), event("destroyed", "b", two)], Verdict::Fail),
            (false, vec![event("created", "a", two)], Verdict::Fail),
            (false, vec![], Verdict::Fail),
        ] {
            let cases = key_cases(&[("R-1".to_owned(), pseudonymised)], &events);
            assert_eq!(release_keys(&cases).unwrap().verdict, expect, "{events:?}");
        }
    }

    #[test]
    fn a_pseudonym_that_went_out_before_is_found() {
        let file = |id: &str, pids: &[&str]| {
            let lines: String = pids.iter().map(|p| format!("{p},1\r\n")).collect();
            (id.to_owned(), format!("\u{feff}pid,sex\r\n{lines}").into_bytes())
        };
        let (a, b) = ("00000000000000aa", "00000000000000bb");
        let apart = pid_cases(&[file("R-1", &[a]), file("R-2", &[b])]).unwrap();
        assert_eq!(new_pids(&apart).unwrap().verdict, Verdict::Pass);
        let shared = pid_cases(&[file("R-1", &[a, b]), file("R-2", &[b])]).unwrap();
        assert_eq!(new_pids(&shared).unwrap().verdict, Verdict::Fail);
    }
}
