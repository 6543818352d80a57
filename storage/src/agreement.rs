//! Standing agreements (submitters, providers, feeds) and code masters, as the registry keeps them.
//!
//! Nothing here is about a person. An edition of a master is never changed once it is loaded: what was mapped with it
//! must be mappable again with the same result.

use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;
use jiff::civil::Date;
use musubi_model::code::{MasterEntry, Masters, PartialDateOrToday};
use musubi_model::ids::InvalidId;
use musubi_model::manifest::{Agreements, Feed, FeedKind, Provider, Submitter};
use musubi_model::sign::PublicKey;
use musubi_model::{CodeSystem, Coded, FeedId, ProviderId, SubmitterId};
use postgres::Row;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::Type;

use crate::error::StorageError;
use crate::registry::IngestDb;

/// Columns of `agreement.master_entry`, in the order and with the types in which they are copied.
const ENTRY_COPY: &str = "COPY agreement.master_entry \
    (system, edition, code, name, standard_system, standard_code) FROM STDIN (FORMAT binary)";
const ENTRY_TYPES: [Type; 6] = [Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT];

/// One row of a master to load: code, name, system of the standard code (or empty), standard code (or empty).
pub type MasterTuple = (String, String, String, String);

/// What loading a master did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MasterLoad {
    /// The edition is new; so many entries were loaded.
    Loaded(u64),
    /// The same edition with the same content was there already.
    AlreadyThere,
}

impl IngestDb {
    /// Takes in everything agreed, in one transaction: what is new is added, what changed is changed, and what is no
    /// longer named stays, because submissions refer to it.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when a feed names a submitter or provider that is neither in `agreements` nor known
    /// already; then nothing is changed.
    pub fn load_agreements(&mut self, agreements: &Agreements) -> Result<(), StorageError> {
        let fail = StorageError::db;
        let mut work = self.client.transaction().map_err(fail("loading agreements"))?;
        for s in &agreements.submitters {
            work.execute(
                "INSERT INTO agreement.submitter VALUES ($1, $2, $3) ON CONFLICT (submitter_id) \
                 DO UPDATE SET name = excluded.name, public_key = excluded.public_key",
                &[&s.id.as_str(), &s.name, &s.public_key.to_string()],
            )
            .map_err(fail("loading a submitter"))?;
        }
        for p in &agreements.providers {
            work.execute(
                "INSERT INTO agreement.provider VALUES ($1, $2, $3) ON CONFLICT (provider_id) \
                 DO UPDATE SET name = excluded.name, prefecture = excluded.prefecture",
                &[&p.id.as_str(), &p.name, &p.prefecture],
            )
            .map_err(fail("loading a provider"))?;
        }
        for f in &agreements.feeds {
            let providers: Vec<&str> = f.providers.iter().map(ProviderId::as_str).collect();
            let unknown: Vec<String> = work
                .query(
                    "SELECT 'submitter ' || $1::text WHERE NOT EXISTS \
                       (SELECT FROM agreement.submitter WHERE submitter_id = $1) \
                     UNION ALL SELECT 'provider ' || named FROM unnest($2::text[]) AS named WHERE NOT EXISTS \
                       (SELECT FROM agreement.provider WHERE provider_id = named)",
                    &[&f.submitter.as_str(), &providers],
                )
                .map_err(fail("checking a feed"))?
                .iter()
                .map(|row| row.try_get(0))
                .collect::<Result<_, _>>()
                .map_err(fail("checking a feed"))?;
            if !unknown.is_empty() {
                return Err(StorageError::Refused(format!(
                    "feed {} names what is not agreed: {}",
                    f.id,
                    unknown.join(", ")
                )));
            }
            let every_days = i32::try_from(f.every_days).ok().filter(|days| *days > 0).ok_or_else(|| {
                StorageError::Refused(format!("feed {}: every_days must be 1 or more", f.id))
            })?;
            work.execute(
                "INSERT INTO agreement.feed VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (feed_id) DO UPDATE SET \
                 submitter_id = excluded.submitter_id, kind = excluded.kind, providers = excluded.providers, \
                 interface_version = excluded.interface_version, every_days = excluded.every_days",
                &[
                    &f.id.as_str(),
                    &f.submitter.as_str(),
                    &f.kind.as_str(),
                    &providers,
                    &f.interface_version,
                    &every_days,
                ],
            )
            .map_err(fail("loading a feed"))?;
        }
        work.commit().map_err(fail("loading agreements"))
    }

    /// Everything agreed, each list in the order of its ids.
    pub fn agreements(&mut self) -> Result<Agreements, StorageError> {
        let mut rows =
            |sql: &str| self.client.query(sql, &[]).map_err(StorageError::db("reading agreements"));
        let submitters = rows("SELECT submitter_id, name, public_key FROM agreement.submitter ORDER BY 1")?;
        let providers = rows("SELECT provider_id, name, prefecture FROM agreement.provider ORDER BY 1")?;
        let feeds = rows(&format!("{FEED} ORDER BY 1"))?;
        Ok(Agreements {
            submitters: submitters.iter().map(submitter_row).collect::<Result<_, _>>()?,
            providers: providers.iter().map(provider_row).collect::<Result<_, _>>()?,
            feeds: feeds.iter().map(feed_row).collect::<Result<_, _>>()?,
        })
    }

    /// One feed; `None` when it is not agreed.
    pub fn feed(&mut self, id: &FeedId) -> Result<Option<Feed>, StorageError> {
        self.client
            .query_opt(&format!("{FEED} WHERE feed_id = $1"), &[&id.as_str()])
            .map_err(StorageError::db("reading a feed"))?
            .as_ref()
            .map(feed_row)
            .transpose()
    }

    /// Loads an edition of the master of `system` ([`CodeSystem::as_str`]) in one transaction. `blake3` is the hash of the file it was read from; the same
    /// edition with the same hash is not loaded again.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when the edition is there with another hash or another first day.
    /// [`StorageError::Database`] when a code comes twice.
    pub fn load_master(
        &mut self,
        system: &str,
        edition: &str,
        effective_on: Date,
        blake3: &str,
        entries: impl IntoIterator<Item = MasterTuple>,
    ) -> Result<MasterLoad, StorageError> {
        let fail = StorageError::db;
        let mut work = self.client.transaction().map_err(fail("loading a master"))?;
        let new = work
            .execute(
                "INSERT INTO agreement.master_edition (system, edition, effective_on, entries, blake3) \
                 VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING",
                &[&system, &edition, &effective_on, &blake3],
            )
            .map_err(fail("naming the edition"))?;
        if new == 0 {
            let same = work
                .query_opt(
                    "SELECT 1 FROM agreement.master_edition \
                     WHERE system = $1 AND edition = $2 AND effective_on = $3 AND blake3 = $4",
                    &[&system, &edition, &effective_on, &blake3],
                )
                .map_err(fail("comparing the edition"))?;
            return match same {
                Some(_) => Ok(MasterLoad::AlreadyThere),
                None => Err(StorageError::Refused(format!(
                    "edition {edition} of master {system} was loaded before with other content; give it another name"
                ))),
            };
        }
        let sink = work.copy_in(ENTRY_COPY).map_err(fail("loading entries"))?;
        let mut writer = BinaryCopyInWriter::new(sink, &ENTRY_TYPES);
        for (code, name, standard_system, standard_code) in entries {
            writer
                .write(&[&system, &edition, &code, &name, &standard_system, &standard_code])
                .map_err(fail("loading an entry"))?;
        }
        let loaded = writer.finish().map_err(fail("loading entries"))?;
        work.execute(
            "UPDATE agreement.master_edition SET entries = (SELECT count(*) FROM agreement.master_entry \
             WHERE system = $1 AND edition = $2) WHERE system = $1 AND edition = $2",
            &[&system, &edition],
        )
        .map_err(fail("counting entries"))?;
        work.commit().map_err(fail("loading a master"))?;
        Ok(MasterLoad::Loaded(loaded))
    }

    /// All loaded masters, read into memory at one moment.
    pub fn masters(&mut self) -> Result<LoadedMasters, StorageError> {
        let fail = StorageError::db;
        let mut work = self
            .client
            .build_transaction()
            .read_only(true)
            .isolation_level(postgres::IsolationLevel::RepeatableRead)
            .start()
            .map_err(fail("reading masters"))?;
        let mut masters = LoadedMasters::default();
        let editions = work
            .query("SELECT system, edition, effective_on FROM agreement.master_edition", &[])
            .map_err(fail("reading editions"))?;
        for row in &editions {
            let (system, name): (String, String) = (column(row, 0)?, column(row, 1)?);
            let entries = work
                .query(
                    "SELECT code, name, standard_system, standard_code FROM agreement.master_entry \
                     WHERE system = $1 AND edition = $2",
                    &[&system, &name],
                )
                .map_err(fail("reading entries"))?;
            let entries = entries.iter().map(entry_row).collect::<Result<_, _>>()?;
            masters.add(CodeSystem::from_name(&system), &name, column(row, 2)?, entries);
        }
        Ok(masters)
    }
}

const FEED: &str =
    "SELECT feed_id, submitter_id, kind, providers, interface_version, every_days FROM agreement.feed";

fn column<'a, T: postgres::types::FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, StorageError> {
    row.try_get(at).map_err(StorageError::db("reading a row"))
}

/// An id read from the database was checked when it was written.
fn id<T>(read: Result<T, InvalidId>) -> Result<T, StorageError> {
    read.map_err(|e| StorageError::Damaged(e.to_string()))
}

fn submitter_row(row: &Row) -> Result<Submitter, StorageError> {
    let key: String = column(row, 2)?;
    Ok(Submitter {
        id: id(SubmitterId::new(column(row, 0)?))?,
        name: column(row, 1)?,
        public_key: PublicKey::from_hex(&key)
            .ok_or_else(|| StorageError::Damaged("a submitter's public key".to_owned()))?,
    })
}

fn provider_row(row: &Row) -> Result<Provider, StorageError> {
    Ok(Provider {
        id: id(ProviderId::new(column(row, 0)?))?,
        name: column(row, 1)?,
        prefecture: column(row, 2)?,
    })
}

fn feed_row(row: &Row) -> Result<Feed, StorageError> {
    let providers: Vec<&str> = column(row, 3)?;
    let every_days: i32 = column(row, 5)?;
    Ok(Feed {
        id: id(FeedId::new(column(row, 0)?))?,
        submitter: id(SubmitterId::new(column(row, 1)?))?,
        kind: FeedKind::from_name(column(row, 2)?)
            .ok_or_else(|| StorageError::Damaged("the kind of a feed".to_owned()))?,
        providers: id(providers.into_iter().map(ProviderId::new).collect())?,
        interface_version: column(row, 4)?,
        every_days: every_days.unsigned_abs(),
    })
}

fn entry_row(row: &Row) -> Result<(CompactString, MasterEntry), StorageError> {
    let (code, name): (&str, &str) = (column(row, 0)?, column(row, 1)?);
    let (system, standard): (&str, &str) = (column(row, 2)?, column(row, 3)?);
    let standard = (!standard.is_empty()).then(|| Coded::new(CodeSystem::from_name(system), standard));
    Ok((CompactString::from(code), MasterEntry { name: CompactString::from(name), standard }))
}

/// The loaded masters in memory, edition by edition (マスタの版).
#[derive(Debug, Clone, Default)]
pub struct LoadedMasters {
    /// Editions of each system, in the order in which they came into force.
    systems: BTreeMap<CodeSystem, Vec<Edition>>,
}

#[derive(Debug, Clone)]
struct Edition {
    effective_on: Date,
    name: CompactString,
    entries: HashMap<CompactString, MasterEntry>,
}

impl LoadedMasters {
    /// Adds an edition.
    pub fn add(
        &mut self,
        system: CodeSystem,
        name: &str,
        effective_on: Date,
        entries: HashMap<CompactString, MasterEntry>,
    ) {
        let editions = self.systems.entry(system).or_default();
        editions.push(Edition { effective_on, name: CompactString::from(name), entries });
        // Of two that begin on one day the later name counts, whatever the order of loading.
        editions.sort_by(|a, b| (a.effective_on, &a.name).cmp(&(b.effective_on, &b.name)));
    }

    /// The edition in force: the last that began on or before the date; before the first, the first; without a date,
    /// the newest. A date known to the month or year counts as its first day.
    fn in_force(&self, system: &CodeSystem, on: PartialDateOrToday) -> Option<&Edition> {
        let editions = self.systems.get(system)?;
        let Some(on) = on.map(|date| date.earliest()) else { return editions.last() };
        let begun = editions.partition_point(|edition| edition.effective_on <= on);
        editions.get(begun.saturating_sub(1))
    }
}

impl Masters for LoadedMasters {
    fn edition(&self, system: &CodeSystem, on: PartialDateOrToday) -> Option<CompactString> {
        self.in_force(system, on).map(|edition| edition.name.clone())
    }

    fn look_up(&self, system: &CodeSystem, code: &str, on: PartialDateOrToday) -> Option<MasterEntry> {
        self.in_force(system, on)?.entries.get(code).cloned()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use musubi_model::PartialDate;

    use super::*;

    #[test]
    fn the_edition_in_force_is_chosen_by_date() {
        let mut masters = LoadedMasters::default();
        let entry = |name: &str| {
            HashMap::from([(CompactString::from("1"), MasterEntry { name: name.into(), standard: None })])
        };
        let system = CodeSystem::ReceiptDisease;
        masters.add(system.clone(), "2024", date(2024, 6, 1), entry("新"));
        masters.add(system.clone(), "2022", date(2022, 4, 1), entry("旧"));
        let check = |on: Option<(i16, u8, u8)>, expect: &str| {
            let on = on.map(|(y, m, d)| PartialDate::new(y, m, d).unwrap());
            assert_eq!(masters.edition(&system, on).as_deref(), Some(expect), "{on:?}");
        };
        check(None, "2024");
        check(Some((2024, 6, 1)), "2024");
        check(Some((2024, 5, 31)), "2022");
        check(Some((2024, 6, 0)), "2024");
        check(Some((2024, 0, 0)), "2022");
        check(Some((2022, 4, 1)), "2022");
        check(Some((1999, 1, 1)), "2022");
        check(Some((2050, 1, 1)), "2024");
        assert_eq!(masters.look_up(&system, "1", None).unwrap().name, "新");
        assert_eq!(masters.look_up(&system, "2", None), None);
        assert_eq!(masters.edition(&CodeSystem::Hot, None), None);
    }
}
