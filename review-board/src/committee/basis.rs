//! On what a dossier's trial of protection was counted (試算の前提), and what has changed since: a trial that speaks of
//! another cohort, policy or program than today's says so by itself. Nothing here counts, and nothing reads a store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// On what it was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// BLAKE3 of the document that was handed in.
    pub document_hash: String,
    /// The snapshot of the repository.
    pub snapshot: i64,
    /// How the book of stops stood: a hash, so that nobody reads numbers of stops from two dossiers.
    pub stops: String,
    /// The policy; none: the request names none, or none that is adopted.
    pub policy: Option<PolicyBasis>,
    /// The newest adopted version of that policy.
    pub newest_version: Option<u32>,
    /// Parameters that counted, as they were in force.
    pub parameters: BTreeMap<String, String>,
    /// Name and version of the program.
    pub program: String,
}

/// A policy by name, version and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyBasis {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// BLAKE3 of its canonical form.
    pub hash: String,
}

/// What has changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Another version of the application was handed in.
    Document,
    /// Deliveries came in, or were erased.
    Snapshot,
    /// Stops were entered or taken back.
    Stops,
    /// The policy is another one, or is no longer in force.
    Policy,
    /// A newer version of the policy was adopted; the request names the older one.
    NewerPolicy,
    /// Parameters were changed.
    Parameters,
    /// The program is another version.
    Program,
}

impl Change {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Document,
        Self::Snapshot,
        Self::Stops,
        Self::Policy,
        Self::NewerPolicy,
        Self::Parameters,
        Self::Program,
    ];

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Snapshot => "snapshot",
            Self::Stops => "stops",
            Self::Policy => "policy",
            Self::NewerPolicy => "newer-policy",
            Self::Parameters => "parameters",
            Self::Program => "program",
        }
    }

    /// For people.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Document => "申出の版が変わりました",
            Self::Snapshot => "保有する情報が変わりました",
            Self::Stops => "停止の求めが変わりました",
            Self::Policy => "開示制御方針が変わりました",
            Self::NewerPolicy => "開示制御方針の新しい版が採択されました",
            Self::Parameters => "運用パラメータが変わりました",
            Self::Program => "プログラムの版が変わりました",
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Document => "another version of the application was handed in",
            Self::Snapshot => "what is held has changed",
            Self::Stops => "stops were entered or taken back",
            Self::Policy => "the disclosure policy has changed",
            Self::NewerPolicy => "a newer version of the disclosure policy was adopted",
            Self::Parameters => "parameters have changed",
            Self::Program => "the program is another version",
        }
    }
}

/// What has changed between the counting and now, in the order of [`Change::ALL`]. Empty: the trial holds.
#[must_use]
pub fn changed(then: &Basis, now: &Basis) -> Vec<Change> {
    let differs = |change: &Change| match change {
        Change::Document => then.document_hash != now.document_hash,
        Change::Snapshot => then.snapshot != now.snapshot,
        Change::Stops => then.stops != now.stops,
        Change::Policy => then.policy != now.policy,
        Change::NewerPolicy => then.newest_version != now.newest_version,
        Change::Parameters => then.parameters != now.parameters,
        Change::Program => then.program != now.program,
    };
    Change::ALL.into_iter().filter(differs).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn basis() -> impl Strategy<Value = Basis> {
        let policy =
            ("[ab]", 1u32..3, "[cd]").prop_map(|(name, version, hash)| PolicyBasis { name, version, hash });
        let rest = (proptest::option::of(1u32..3), "[ab]", "[ab]");
        ("[ab]", 1i64..3, "[ab]", proptest::option::of(policy), rest).prop_map(
            |(document_hash, snapshot, stops, policy, (newest_version, value, program))| Basis {
                document_hash,
                snapshot,
                stops,
                policy,
                newest_version,
                parameters: BTreeMap::from([("statistics.cell_min_persons".to_owned(), value)]),
                program,
            },
        )
    }

    proptest! {
        /// Nothing is out of date against itself; whatever differs is found, both ways; and what is kept reads back.
        #[test]
        fn whatever_differs_is_told(a in basis(), b in basis()) {
            prop_assert!(changed(&a, &a).is_empty());
            prop_assert_eq!(changed(&a, &b).is_empty(), a == b);
            prop_assert_eq!(changed(&a, &b), changed(&b, &a));
            let kept = serde_json::to_string(&a).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(serde_json::from_str::<Basis>(&kept).ok(), Some(a));
        }
    }
}
