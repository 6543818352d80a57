//! Whose rows they are, and what becomes of the key (提供用IDの鍵): pseudonyms before the rows are made, and after it the
//! record of the key's end, the sealed map of a pseudonymised product, and what the ledger has to know.
//!
//! It must never keep a map of an anonymised product.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_disclosure::events::ShiftKey;
use musubi_model::policy::{ColumnClass, Policy};
use musubi_model::spec::{ExtractSpec, Product};
use musubi_model::{IdentityId, ReleasePid};
use musubi_storage::keys::SealKey;
use musubi_storage::registry::ReleaseDb;
use musubi_storage::release_ledger::{ColumnSaid, KeyEnd, KeyRecord, Mark, RowsSaid};

use super::{Made, Ordered};
use crate::error::ReleaseError;
use crate::extract::Linked;
use crate::ledger;
use crate::pseudonym::{PersonKey, Pseudonyms, ReleaseKey, pids_of};
use crate::vault::{Behind, PseudonymMap, RowSource};

/// The pseudonyms of an extract.
pub(crate) struct Named {
    /// For each person of the extract, in its order.
    pub(crate) pids: Vec<String>,
    /// Under which the dates of a pseudonymised product are moved.
    pub(crate) shift: ShiftKey,
    /// The key and what it made.
    pub(crate) pseudonyms: Pseudonyms,
}

/// Gives everybody a pseudonym under a fresh key, none of which went out before (law.md C-034).
pub(crate) fn pseudonyms(db: &mut ReleaseDb, linked: &Linked) -> Result<Named, ReleaseError> {
    let mut taken = BTreeSet::new();
    for (_, person_csv) in db.published_as("person.csv")? {
        taken.extend(pids_of(&person_csv)?);
    }
    let keys: Vec<PersonKey> = linked.keys.iter().map(|key| key.0).collect();
    let pseudonyms = Pseudonyms::assign(&keys, &taken, ReleaseKey::fresh)?;
    let pid = |key: &PersonKey| pseudonyms.pid(key).map(|pid| pid.to_string());
    let pids: Option<Vec<String>> = keys.iter().map(pid).collect();
    let mut shift = [0u8; 32];
    getrandom::fill(&mut shift).map_err(|_| ReleaseError::Internal("no randomness from the system"))?;
    Ok(Named {
        pids: pids.ok_or(ReleaseError::Internal("a person without a pseudonym"))?,
        shift: ShiftKey(shift),
        pseudonyms,
    })
}

/// What is kept of a product of rows.
#[derive(Debug)]
pub(crate) struct Keyed {
    pseudonyms: Pseudonyms,
    /// The map of a pseudonymised product.
    map: Option<PseudonymMap>,
    /// The keys of the persons who are in the product.
    kept: BTreeSet<PersonKey>,
}

impl Keyed {
    /// After the rows are made.
    pub(crate) fn new(
        pseudonyms: Pseudonyms,
        ordered: &Ordered,
        made: &Made,
        product: Product,
    ) -> Result<Self, ReleaseError> {
        let kept = made.kept.iter().filter_map(|at| ordered.linked.keys.get(*at)).map(|key| key.0).collect();
        let map = (product == Product::Pseudonymized).then(|| map(&pseudonyms, ordered, made)).transpose()?;
        Ok(Self { pseudonyms, map, kept })
    }

    /// The marks of everybody in the product: by these, overlaps with later releases are counted.
    pub(crate) fn marks(
        &self,
        db: &mut ReleaseDb,
        cohort_id: &str,
        token: &SealKey,
    ) -> Result<Vec<Mark>, ReleaseError> {
        let mut identities: BTreeSet<IdentityId> = BTreeSet::new();
        for home in db.cohort_homes(cohort_id)? {
            for member in db.cohort_members(cohort_id, home)? {
                let key = PersonKey::try_from(member.person.as_slice());
                if key.is_ok_and(|key| self.kept.contains(&key)) {
                    identities.insert(member.identity);
                }
            }
        }
        Ok(ledger::marks(token, &identities))
    }

    /// Ends the key: the map of a pseudonymised product is sealed, an anonymised one leaves nothing.
    pub(crate) fn end(
        self,
        release: &str,
        kek: &SealKey,
        at: Timestamp,
        (made_by, ordered_by): (&str, &str),
    ) -> Result<KeyRecord, ReleaseError> {
        let end = match &self.map {
            Some(map) => KeyEnd::Vaulted(map.seal(release, kek)?),
            None => KeyEnd::Destroyed,
        };
        Ok(KeyRecord {
            name: self.pseudonyms.destroy(),
            created_at: at,
            ended_at: at,
            made_by: made_by.to_owned(),
            ordered_by: ordered_by.to_owned(),
            end,
        })
    }
}

/// Which person and which facts stand behind each pseudonym (law.md R-PSE-06).
fn map(pseudonyms: &Pseudonyms, ordered: &Ordered, made: &Made) -> Result<PseudonymMap, ReleaseError> {
    let lost = ReleaseError::Internal("a row without its source");
    let linked = &ordered.linked;
    let mut by_pid: BTreeMap<ReleasePid, Behind> = BTreeMap::new();
    let mut pid_of = Vec::with_capacity(linked.keys.len());
    for (at, key) in linked.keys.iter().enumerate() {
        let pid = pseudonyms.pid(&key.0);
        pid_of.push(pid);
        if let Some(pid) = pid {
            let shift_days = made.shifts.get(at).copied().unwrap_or(0);
            by_pid.insert(pid, Behind { person: key.0, shift_days, rows: Vec::new() });
        }
    }
    for (file, (_, rows)) in (0u8..).zip(&made.sources) {
        for (row, place) in (1u32..).zip(rows) {
            let (event, fact) = match (linked.events.get(*place), linked.facts.get(*place)) {
                (Some(event), Some(fact)) => (event, *fact),
                _ => return Err(lost),
            };
            let pid = usize::try_from(event.person).ok().and_then(|p| pid_of.get(p).copied().flatten());
            let Some(behind) = pid.and_then(|pid| by_pid.get_mut(&pid)) else { return Err(lost) };
            behind.rows.push(RowSource { file, row, fact });
        }
    }
    Ok(PseudonymMap { files: made.sources.iter().map(|(name, _)| name.clone()).collect(), persons: by_pid })
}

/// What the rows say, as constraints on later releases.
pub(crate) fn said(
    release: &str,
    spec: &ExtractSpec,
    policy: &Policy,
    made: &Made,
) -> Result<RowsSaid, ReleaseError> {
    let class = |class: ColumnClass| {
        match class {
            ColumnClass::Direct => "direct",
            ColumnClass::Quasi => "quasi",
            ColumnClass::Sensitive => "sensitive",
            ColumnClass::Neutral => "neutral",
        }
        .to_owned()
    };
    let mut columns = Vec::new();
    for column in made.risk.rows.iter().flat_map(|rows| &rows.columns) {
        let rule = policy.person.as_ref().and_then(|p| p.columns.iter().find(|c| c.name == column.name));
        columns.push(ColumnSaid {
            file: column.file.clone(),
            column: column.name.clone(),
            class: class(column.class),
            hierarchy: ledger::hierarchy_hash(&rule.and_then(|r| r.hierarchy.as_ref()))?,
            finest: column.level.unwrap_or(0),
            local: column.level.is_none() && column.class == ColumnClass::Quasi,
        });
    }
    if let Some(events) = &policy.events {
        let files = spec.rows.iter().flat_map(|rows| &rows.events);
        for table in files.map(|asked| asked.table) {
            let steps = made.finest.get(&table).copied();
            let ladder = events.ladders.iter().find(|l| l.table == table);
            for (column, hierarchy, finest) in [
                ("code", ledger::hierarchy_hash(&ladder)?, steps.map_or(0, |s| s.0)),
                ("when", ledger::hierarchy_hash(&events.dates.value)?, steps.map_or(0, |s| s.1)),
            ] {
                columns.push(ColumnSaid {
                    file: table.as_str().to_owned(),
                    column: column.to_owned(),
                    class: class(ColumnClass::Quasi),
                    hierarchy,
                    finest: finest.into(),
                    local: policy.product != Product::Pseudonymized,
                });
            }
        }
    }
    Ok(RowsSaid {
        release_id: release.to_owned(),
        product: policy.product.as_str().to_owned(),
        cohort_hash: ledger::cohort_hash(&spec.cohort),
        from: spec.cohort.from,
        to: spec.cohort.to,
        policy_hash: policy.hash(),
        recipients: spec.recipients.iter().map(|r| r.id.clone()).collect(),
        allowed_by: None,
        columns,
    })
}
