//! Pseudonyms of a release (提供用ID): under a fresh random key, new for every release (R-ANO-03; C-034, C-035, C-049).
//!
//! A pseudonym is a keyed BLAKE3 of the person's key in the cohort, never an unkeyed hash, which could be found by trying,
//! and never a reversible cipher. The key lives in memory only and is wiped when it is dropped; nothing here writes it
//! anywhere, and it has no form in which it could be written. This module must never see an identity or a research id.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::ReleasePid;
use zeroize::Zeroizing;

use crate::error::ReleaseError;

/// Bytes of a person's key in a cohort.
pub const PERSON_KEY_BYTES: usize = 16;

/// A person in a cohort, under the key that `id-resolution` made for that cohort and forgot.
pub type PersonKey = [u8; PERSON_KEY_BYTES];

/// How often a new key is tried when two persons would get one pseudonym. With 10⁸ persons one try in 3,700 fails.
const TRIES: usize = 16;

/// What pseudonyms, date shifts and the name of the key are derived for; none says anything of another.
const PID: &[u8] = b"musubi release pid/1";
const SHIFT: &[u8] = b"musubi release shift/1";
const NAME: &str = "musubi release key name/1";

/// The key of one release (提供用鍵). Not printable, not cloneable, wiped when dropped.
pub struct ReleaseKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for ReleaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReleaseKey(‹非表示›)")
    }
}

impl ReleaseKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`ReleaseError::Internal`] when the system has no randomness.
    pub fn fresh() -> Result<Self, ReleaseError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        getrandom::fill(bytes.as_mut())
            .map_err(|_| ReleaseError::Internal("no randomness from the system"))?;
        Ok(Self(bytes))
    }

    /// From a seed: for tests, whose results must be the same every time. A release is made under [`Self::fresh`].
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(Zeroizing::new(seed))
    }

    /// The key's name for the book of keys, 64 hexadecimal digits: tells keys apart and cannot be turned back.
    #[must_use]
    pub fn name(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key(NAME);
        hasher.update(self.0.as_slice()).finalize().to_hex().to_string()
    }

    fn derived(&self, purpose: &[u8], person: &PersonKey) -> [u8; 8] {
        let mut out = [0u8; 8];
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(purpose).update(b"\0").update(person).finalize_xof().fill(&mut out);
        out
    }

    /// The pseudonym of a person. Unique only when [`Pseudonyms::assign`] has looked at all of them.
    #[must_use]
    pub fn pid(&self, person: &PersonKey) -> ReleasePid {
        ReleasePid(self.derived(PID, person))
    }

    /// By how many whole weeks the dates of a person are moved, from −`max_weeks` to +`max_weeks` (仮名加工 only, law.md
    /// C-043: a shift alone is no anonymisation). Another number for each person and each release.
    #[must_use]
    pub fn shift_weeks(&self, person: &PersonKey, max_weeks: u32) -> i64 {
        let span = u64::from(max_weeks) * 2 + 1;
        // 2^64 is no multiple of the span: the first values are likelier by less than 2^-55, which nobody can see.
        let drawn = u64::from_be_bytes(self.derived(SHIFT, person)) % span;
        i64::try_from(drawn).unwrap_or(0) - i64::from(max_weeks)
    }
}

/// The pseudonyms of all persons of a release, with the key they were made under.
#[derive(Debug)]
pub struct Pseudonyms {
    key: ReleaseKey,
    by_person: BTreeMap<PersonKey, ReleasePid>,
}

impl Pseudonyms {
    /// Gives every person a pseudonym that nobody else has and that is not `taken` (by an earlier release, C-034). When two
    /// fall together, all are made anew under another key from `keys`; the order of `persons` makes no difference, and a
    /// person named twice is one.
    ///
    /// # Errors
    /// What `keys` says; [`ReleaseError::Internal`] when no key will do, as when everything is taken.
    pub fn assign(
        persons: &[PersonKey],
        taken: &BTreeSet<ReleasePid>,
        mut keys: impl FnMut() -> Result<ReleaseKey, ReleaseError>,
    ) -> Result<Self, ReleaseError> {
        let persons: BTreeSet<&PersonKey> = persons.iter().collect();
        for _ in 0..TRIES {
            let key = keys()?;
            let mut seen = BTreeSet::new();
            let by_person: BTreeMap<PersonKey, ReleasePid> =
                persons.iter().map(|p| (**p, key.pid(p))).collect();
            if by_person.values().all(|pid| !taken.contains(pid) && seen.insert(*pid)) {
                return Ok(Self { key, by_person });
            }
        }
        Err(ReleaseError::Internal("no key gives every person a pseudonym of their own"))
    }

    /// The pseudonym of a person; `None`: the person was not among those assigned.
    #[must_use]
    pub fn pid(&self, person: &PersonKey) -> Option<ReleasePid> {
        self.by_person.get(person).copied()
    }

    /// See [`ReleaseKey::shift_weeks`].
    #[must_use]
    pub fn shift_weeks(&self, person: &PersonKey, max_weeks: u32) -> i64 {
        self.key.shift_weeks(person, max_weeks)
    }

    /// Everybody in the order of the pseudonyms: the order in which rows stand in the files (C-049).
    #[must_use]
    pub fn in_order(&self) -> Vec<(ReleasePid, PersonKey)> {
        let mut all: Vec<_> = self.by_person.iter().map(|(person, pid)| (*pid, *person)).collect();
        all.sort_unstable();
        all
    }

    /// Destroys the key and what it made (鍵の破棄). Gives the name under which the book of keys notes that.
    #[must_use = "the destruction has to be noted in the book of keys"]
    pub fn destroy(self) -> String {
        self.key.name()
    }
}

/// BLAKE3 over the sorted pseudonyms, one per line: `pids` of the manifest.
#[must_use]
pub fn digest(pids: &BTreeSet<ReleasePid>) -> String {
    let mut hasher = blake3::Hasher::new();
    for pid in pids {
        hasher.update(pid.to_string().as_bytes()).update(b"\n");
    }
    hasher.finalize().to_hex().to_string()
}

/// The pseudonyms in a `person.csv` as it went out: the first field of every line after the header.
///
/// # Errors
/// [`ReleaseError::Vault`] when a line does not begin with a pseudonym.
pub fn pids_of(person_csv: &[u8]) -> Result<BTreeSet<ReleasePid>, ReleaseError> {
    let lines = person_csv.split(|b| *b == b'\n').skip(1).filter(|line| !line.trim_ascii().is_empty());
    lines
        .map(|line| {
            let first = line.split(|b| *b == b',').next().unwrap_or_default().trim_ascii();
            let text = std::str::from_utf8(first).unwrap_or_default();
            text.parse().map_err(|_| ReleaseError::Vault("a line of person.csv without a pseudonym"))
        })
        .collect()
}

#[cfg(test)]
#[path = "tests/pseudonym.rs"]
mod tests;
