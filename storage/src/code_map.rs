//! Local codes and what they mean (ローカルコード対応表): proposals, decisions, and the approved ones in memory.
//!
//! A proposal is never changed; a decision is added beside it. Only what a second person approved is used. The code as
//! sent always stays in the fact: a map adds the standard code, it never replaces anything.

use std::collections::HashMap;

use compact_str::CompactString;
use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::code::{MasterEntry, Masters, PartialDateOrToday};
use musubi_model::{CodeSystem, Coded};
use postgres::{Row, Transaction};
use serde::Serialize;

use crate::agreement::column;
use crate::error::StorageError;
use crate::registry::IngestDb;

/// Stands for every provider.
pub const EVERY_PROVIDER: &str = "*";

/// Key of the advisory lock under which maps are proposed and decided one after another.
const MAP_LOCK: i64 = 0x6d75_7375_6d61_7073;

/// What a local code is said to mean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct CodeMapping {
    /// Provider, or [`EVERY_PROVIDER`].
    pub provider: String,
    /// The system as sent (`99LAB`); empty when senders name none.
    pub system: String,
    /// The code as sent.
    pub code: String,
    /// The name as sent, for whoever reviews.
    pub name: String,
    /// System of the standard code.
    pub standard_system: String,
    /// The standard code.
    pub standard_code: String,
    /// Day of care from which it holds; `None`: always.
    pub valid_from: Option<Date>,
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MapState {
    /// Nobody has decided.
    Proposed,
    /// In use.
    Approved,
    /// Not, or no longer, in use.
    Rejected,
}

impl MapState {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Proposed, Self::Approved, Self::Rejected].into_iter().find(|s| s.as_str() == name)
    }

    /// In Japanese.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Proposed => "提案",
            Self::Approved => "承認",
            Self::Rejected => "却下",
        }
    }
}

/// Who did something to a proposal, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A proposal with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredMapping {
    /// Its number.
    pub id: i64,
    /// What it says.
    #[serde(flatten)]
    pub mapping: CodeMapping,
    /// Where it stands.
    pub state: MapState,
    /// Who proposed it.
    pub proposed: Act,
    /// The last decision.
    pub decided: Option<Act>,
}

const STORED: &str =
    "SELECT m.map_id, provider_id, system, code, name, standard_system, standard_code, valid_from,
    proposed_by, proposed_at, m.reason, d.decision, d.decided_by, d.decided_at, d.reason
  FROM agreement.code_map m LEFT JOIN LATERAL (SELECT * FROM agreement.code_map_decision
    WHERE map_id = m.map_id ORDER BY decision_id DESC LIMIT 1) d ON true";

impl IngestDb {
    /// Takes in proposals, in one transaction. What is proposed or approved already, word for word, is not proposed
    /// again. Returns the numbers of the new ones.
    pub fn propose_mappings(
        &mut self,
        mappings: &[(CodeMapping, String)],
        by: &str,
        at: Timestamp,
    ) -> Result<Vec<i64>, StorageError> {
        let mut work = self.locked("proposing code maps")?;
        let mut new = Vec::new();
        for (m, reason) in mappings {
            let standing = work
                .query_opt(
                    "SELECT FROM agreement.code_map m
                     WHERE provider_id = $1 AND system = $2 AND code = $3 AND name = $4 AND standard_system = $5
                       AND standard_code = $6 AND valid_from IS NOT DISTINCT FROM $7
                       AND NOT EXISTS (SELECT FROM agreement.code_map_decision d
                         WHERE d.map_id = m.map_id AND decision = 'rejected') LIMIT 1",
                    &[
                        &m.provider,
                        &m.system,
                        &m.code,
                        &m.name,
                        &m.standard_system,
                        &m.standard_code,
                        &m.valid_from,
                    ],
                )
                .map_err(StorageError::db("looking for a code map"))?;
            if standing.is_some() {
                continue;
            }
            let row = work
                .query_one(
                    "INSERT INTO agreement.code_map (provider_id, system, code, name, standard_system, standard_code,
                       valid_from, proposed_by, proposed_at, reason)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING map_id",
                    &[
                        &m.provider,
                        &m.system,
                        &m.code,
                        &m.name,
                        &m.standard_system,
                        &m.standard_code,
                        &m.valid_from,
                        &by,
                        &at,
                        reason,
                    ],
                )
                .map_err(StorageError::db("proposing a code map"))?;
            new.push(column(&row, 0)?);
        }
        work.commit().map_err(StorageError::db("proposing code maps"))?;
        Ok(new)
    }

    /// Decides proposals, all or none. Approving needs another person than the one who proposed; rejecting also ends
    /// what was approved.
    ///
    /// # Errors
    /// [`StorageError::Refused`] names the first proposal that cannot be decided so, and why.
    pub fn decide_mappings(
        &mut self,
        ids: &[i64],
        decision: MapState,
        by: &str,
        at: Timestamp,
        reason: &str,
    ) -> Result<(), StorageError> {
        let mut work = self.locked("deciding code maps")?;
        for id in ids {
            let refused = |why: &str| Err(StorageError::Refused(format!("code map {id}: {why}")));
            let row = work
                .query_opt(&format!("{STORED} WHERE m.map_id = $1"), &[id])
                .map_err(StorageError::db("reading a code map"))?;
            let Some(row) = row else { return refused("there is none of this number") };
            let stored = stored(&row)?;
            let same_person = stored.proposed.by.trim().to_lowercase() == by.trim().to_lowercase();
            match (decision, stored.state) {
                (MapState::Proposed, _) => return refused("proposing is no decision"),
                (_, MapState::Rejected) => return refused("it was rejected; propose it anew"),
                (MapState::Approved, MapState::Approved) => return refused("it is approved already"),
                (MapState::Approved, MapState::Proposed) if same_person => {
                    return refused("nobody approves what they proposed themselves");
                }
                _ => {}
            }
            work.execute(
                "INSERT INTO agreement.code_map_decision (map_id, decision, decided_by, decided_at, reason)
                 VALUES ($1, $2, $3, $4, $5)",
                &[id, &decision.as_str(), &by, &at, &reason],
            )
            .map_err(StorageError::db("deciding a code map"))?;
        }
        work.commit().map_err(StorageError::db("deciding code maps"))
    }

    /// All proposals, or those in one state, by number.
    pub fn mappings(&mut self, state: Option<MapState>) -> Result<Vec<StoredMapping>, StorageError> {
        let rows = self
            .client
            .query(&format!("{STORED} ORDER BY m.map_id"), &[])
            .map_err(StorageError::db("reading code maps"))?;
        let mut all: Vec<StoredMapping> = rows.iter().map(stored).collect::<Result<_, _>>()?;
        all.retain(|m| state.is_none_or(|state| m.state == state));
        Ok(all)
    }

    /// What is approved, in memory.
    pub fn code_maps(&mut self) -> Result<CodeMaps, StorageError> {
        let version: Option<i64> = self
            .client
            .query_one("SELECT max(decision_id) FROM agreement.code_map_decision", &[])
            .map_err(StorageError::db("reading code maps"))?
            .get(0);
        let approved = self.mappings(Some(MapState::Approved))?;
        Ok(CodeMaps::new(version.unwrap_or(0), approved.into_iter().map(|m| m.mapping)))
    }

    fn locked(&mut self, doing: &'static str) -> Result<Transaction<'_>, StorageError> {
        let mut work = self.client.transaction().map_err(StorageError::db(doing))?;
        work.execute("SELECT pg_advisory_xact_lock($1)", &[&MAP_LOCK]).map_err(StorageError::db(doing))?;
        Ok(work)
    }
}

fn stored(row: &Row) -> Result<StoredMapping, StorageError> {
    let decision: Option<&str> = column(row, 11)?;
    let state = match decision {
        None => MapState::Proposed,
        Some(word) => MapState::from_name(word)
            .ok_or_else(|| StorageError::Damaged("the decision on a code map".to_owned()))?,
    };
    let decided = match decision {
        None => None,
        Some(_) => Some(Act { by: column(row, 12)?, at: column(row, 13)?, reason: column(row, 14)? }),
    };
    Ok(StoredMapping {
        id: column(row, 0)?,
        mapping: CodeMapping {
            provider: column(row, 1)?,
            system: column(row, 2)?,
            code: column(row, 3)?,
            name: column(row, 4)?,
            standard_system: column(row, 5)?,
            standard_code: column(row, 6)?,
            valid_from: column(row, 7)?,
        },
        state,
        proposed: Act { by: column(row, 8)?, at: column(row, 9)?, reason: column(row, 10)? },
        decided,
    })
}

/// The approved maps in memory: by provider, system and code, each with the days from which it holds.
#[derive(Debug, Clone, Default)]
pub struct CodeMaps {
    version: i64,
    providers: HashMap<CompactString, HashMap<CodeSystem, Codes>>,
}

type Codes = HashMap<CompactString, Vec<(Option<Date>, MasterEntry)>>;

impl CodeMaps {
    /// From approved mappings in the order of their numbers: of two for the same code and day the later counts.
    /// `version` changes whenever something is decided.
    pub fn new(version: i64, approved: impl IntoIterator<Item = CodeMapping>) -> Self {
        let mut maps = Self { version, providers: HashMap::new() };
        for m in approved {
            let standard = Coded::new(CodeSystem::from_name(&m.standard_system), &m.standard_code);
            let entry = MasterEntry { name: CompactString::from(m.name), standard: Some(standard) };
            let systems = maps.providers.entry(CompactString::from(m.provider)).or_default();
            let codes = systems.entry(CodeSystem::from_name(&m.system)).or_default();
            let periods = codes.entry(CompactString::from(m.code)).or_default();
            periods.retain(|(from, _)| *from != m.valid_from);
            periods.push((m.valid_from, entry));
            periods.sort_by_key(|(from, _)| *from);
        }
        maps
    }

    /// Is there nothing for this provider?
    #[must_use]
    pub fn is_empty_for(&self, provider: &str) -> bool {
        !self.providers.contains_key(provider) && !self.providers.contains_key(EVERY_PROVIDER)
    }

    /// What an approved map says of a code of this provider as of a date: its own before that of all providers, and the
    /// last that began. Without a date, the last.
    #[must_use]
    pub fn look_up(
        &self,
        provider: &str,
        system: &CodeSystem,
        code: &str,
        on: PartialDateOrToday,
    ) -> Option<&MasterEntry> {
        [provider, EVERY_PROVIDER].into_iter().find_map(|provider| {
            let periods = self.providers.get(provider)?.get(system)?.get(code)?;
            let on = on.map(|date| date.earliest());
            let begun = |from: &Option<Date>| match (from, on) {
                (Some(from), Some(on)) => *from <= on,
                _ => true,
            };
            periods.iter().rev().find(|(from, _)| begun(from)).map(|(_, entry)| entry)
        })
    }

    /// How facts name the maps that were used for a system: `99LAB map.12`.
    #[must_use]
    pub fn version_for(&self, system: &CodeSystem) -> String {
        format!("{system} map.{}", self.version)
    }
}

/// The masters as one provider's documents see them: the approved maps of its local codes over the registry's masters.
#[derive(Clone, Copy)]
pub struct ProviderMasters<'m> {
    base: &'m dyn Masters,
    maps: &'m CodeMaps,
    provider: &'m str,
}

impl<'m> ProviderMasters<'m> {
    /// For documents of this provider.
    #[must_use]
    pub fn new(base: &'m dyn Masters, maps: &'m CodeMaps, provider: &'m str) -> Self {
        Self { base, maps, provider }
    }
}

impl Masters for ProviderMasters<'_> {
    /// Of the masters alone: a code that a map does not have is no defect of the code.
    fn edition(&self, system: &CodeSystem, on: PartialDateOrToday) -> Option<CompactString> {
        self.base.edition(system, on)
    }

    fn look_up(&self, system: &CodeSystem, code: &str, on: PartialDateOrToday) -> Option<MasterEntry> {
        let mapped = self.maps.look_up(self.provider, system, code, on);
        match (mapped, self.base.look_up(system, code, on)) {
            // Two persons have said what this provider means by it; the master's name stays.
            (Some(mapped), Some(base)) => {
                Some(MasterEntry { name: base.name, standard: mapped.standard.clone() })
            }
            (Some(mapped), None) => Some(mapped.clone()),
            (None, base) => base,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use musubi_model::PartialDate;
    use musubi_model::code::NoMasters;

    use super::*;

    fn mapping(provider: &str, code: &str, standard: &str, valid_from: Option<Date>) -> CodeMapping {
        CodeMapping {
            provider: provider.to_owned(),
            system: "99LAB".to_owned(),
            code: code.to_owned(),
            name: format!("名{code}"),
            standard_system: "JC10".to_owned(),
            standard_code: standard.to_owned(),
            valid_from,
        }
    }

    #[test]
    fn the_providers_own_map_goes_first_and_the_last_that_began_holds() {
        let later = Some(date(2025, 4, 1));
        let maps = CodeMaps::new(
            7,
            [
                mapping("*", "1", "all", None),
                mapping("h1", "1", "own", None),
                mapping("h1", "1", "own-later", later),
                mapping("h1", "2", "late-only", later),
                mapping("h1", "3", "first", None),
                mapping("h1", "3", "second", None),
            ],
        );
        let system = CodeSystem::from_name("99LAB");
        let day = |y, m, d| Some(PartialDate::new(y, m, d).unwrap());
        let check = |provider: &str, code: &str, on, expect: Option<&str>| {
            let masters = ProviderMasters::new(&NoMasters, &maps, provider);
            let found = masters.look_up(&system, code, on);
            let standard = found.as_ref().and_then(|e| e.standard.as_ref()).map(|c| c.code.as_str());
            assert_eq!(standard, expect, "{provider} {code} {on:?}");
        };
        check("h2", "1", day(2024, 1, 1), Some("all"));
        check("h1", "1", day(2024, 1, 1), Some("own"));
        check("h1", "1", day(2025, 4, 1), Some("own-later"));
        check("h1", "1", None, Some("own-later"));
        check("h1", "2", day(2024, 1, 1), None);
        check("h1", "2", day(2025, 5, 0), Some("late-only"));
        check("h1", "3", None, Some("second"));
        check("h1", "4", None, None);
        check("h2", "2", None, None);
        assert_eq!(maps.version_for(&system), "99LAB map.7");
        assert!(!maps.is_empty_for("h2") && CodeMaps::default().is_empty_for("h1"));
        let masters = ProviderMasters::new(&NoMasters, &maps, "h1");
        assert_eq!(masters.edition(&system, None), None, "a map is no master: what it lacks is no defect");
    }

    #[test]
    fn a_map_over_a_master_keeps_the_masters_name() {
        struct One;
        impl Masters for One {
            fn edition(&self, _: &CodeSystem, _: PartialDateOrToday) -> Option<CompactString> {
                Some("2024".into())
            }
            fn look_up(&self, _: &CodeSystem, code: &str, _: PartialDateOrToday) -> Option<MasterEntry> {
                (code != "9").then(|| MasterEntry { name: "マスタの名".into(), standard: None })
            }
        }
        let maps = CodeMaps::new(1, [mapping("h1", "1", "own", None), mapping("h1", "9", "nine", None)]);
        let masters = ProviderMasters::new(&One, &maps, "h1");
        let system = CodeSystem::from_name("99LAB");
        let found = masters.look_up(&system, "1", None).unwrap();
        assert_eq!((found.name.as_str(), found.standard.unwrap().code.as_str()), ("マスタの名", "own"));
        assert_eq!(masters.look_up(&system, "9", None).unwrap().standard.unwrap().code, "nine");
        assert_eq!(masters.look_up(&system, "2", None).unwrap().standard, None);
        assert_eq!(masters.edition(&system, None).as_deref(), Some("2024"));
    }
}
