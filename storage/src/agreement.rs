//! Standing agreements (submitters, providers, feeds), as the registry keeps them. Nothing here is about a person.

use musubi_model::ids::InvalidId;
use musubi_model::manifest::{Agreements, Feed, FeedKind, Municipality, Provider, Standing, Submitter};
use musubi_model::sign::PublicKey;
use musubi_model::{FeedId, ProviderId, SubmitterId};
use postgres::{Client, Row, Transaction};

use crate::error::StorageError;
use crate::registry::{ActDb, ConsoleDb, IngestDb, ReleaseDb};

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
                "INSERT INTO agreement.provider (provider_id, name, prefecture, kind, address, representative, \
                   acquisition, filing, method, beds) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                 ON CONFLICT (provider_id) DO UPDATE SET name = excluded.name, prefecture = excluded.prefecture, \
                   kind = excluded.kind, address = excluded.address, representative = excluded.representative, \
                   acquisition = excluded.acquisition, filing = excluded.filing, method = excluded.method, beds = excluded.beds",
                &[
                    &p.id.as_str(),
                    &p.name,
                    &p.prefecture,
                    &p.standing.kind,
                    &p.standing.address,
                    &p.standing.representative,
                    &p.standing.acquisition,
                    &p.standing.filing,
                    &p.standing.method,
                    &p.standing.beds.and_then(|beds| i32::try_from(beds).ok()),
                ],
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
        write_municipalities(&mut work, &agreements.municipalities)?;
        work.commit().map_err(fail("loading agreements"))
    }

    /// Everything agreed, each list in the order of its ids.
    pub fn agreements(&mut self) -> Result<Agreements, StorageError> {
        let mut rows =
            |sql: &str| self.client.query(sql, &[]).map_err(StorageError::db("reading agreements"));
        let submitters = rows("SELECT submitter_id, name, public_key FROM agreement.submitter ORDER BY 1")?;
        let providers = rows(&format!("{PROVIDER} ORDER BY 1"))?;
        let feeds = rows(&format!("{FEED} ORDER BY 1"))?;
        Ok(Agreements {
            submitters: submitters.iter().map(submitter_row).collect::<Result<_, _>>()?,
            providers: providers.iter().map(provider_row).collect::<Result<_, _>>()?,
            feeds: feeds.iter().map(feed_row).collect::<Result<_, _>>()?,
            municipalities: municipalities(&mut self.client)?,
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
}

/// Enters municipalities; one that is named again is changed.
fn write_municipalities(work: &mut Transaction<'_>, all: &[Municipality]) -> Result<(), StorageError> {
    for m in all {
        let people = i64::try_from(m.population)
            .map_err(|_| StorageError::Refused(format!("municipality {}: its population", m.code)))?;
        let tile = m.tile.map(|[column, row]| vec![i16::from(column), i16::from(row)]);
        let providers: Vec<&str> = m.providers.iter().map(ProviderId::as_str).collect();
        work.execute(
            "INSERT INTO agreement.municipality
               (code, name, prefecture, area, area_name, population, organisation, tile, providers)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (code) DO UPDATE SET name = excluded.name, prefecture = excluded.prefecture,
               area = excluded.area, area_name = excluded.area_name, population = excluded.population,
               organisation = excluded.organisation, tile = excluded.tile, providers = excluded.providers",
            &[
                &m.code,
                &m.name,
                &m.prefecture,
                &m.area,
                &m.area_name,
                &people,
                &m.organisation,
                &tile,
                &providers,
            ],
        )
        .map_err(StorageError::db("loading a municipality"))?;
    }
    Ok(())
}

fn municipalities(client: &mut Client) -> Result<Vec<Municipality>, StorageError> {
    let rows = client
        .query(
            "SELECT code, name, prefecture, area, area_name, population, organisation, tile, providers
             FROM agreement.municipality ORDER BY code",
            &[],
        )
        .map_err(StorageError::db("reading municipalities"))?;
    let read = |row: &Row| {
        let providers: Vec<&str> = column(row, 8)?;
        let tile: Option<Vec<i16>> = column(row, 7)?;
        let place = |at: Option<&i16>| at.and_then(|n| u8::try_from(*n).ok());
        Ok(Municipality {
            code: column(row, 0)?,
            name: column(row, 1)?,
            prefecture: column(row, 2)?,
            area: column(row, 3)?,
            area_name: column(row, 4)?,
            population: column::<i64>(row, 5)?.unsigned_abs(),
            organisation: column(row, 6)?,
            tile: tile.and_then(|t| Some([place(t.first())?, place(t.get(1))?])),
            providers: providers.into_iter().map(|p| id(ProviderId::new(p))).collect::<Result<_, _>>()?,
        })
    };
    rows.iter().map(read).collect()
}

macro_rules! reads_municipalities {
    ($($handle:ty),*) => {$(
        impl $handle {
            /// The municipalities of the register, by code.
            ///
            /// # Errors
            /// [`StorageError::Database`].
            pub fn municipalities(&mut self) -> Result<Vec<Municipality>, StorageError> {
                municipalities(&mut self.client)
            }
        }
    )*};
}

reads_municipalities!(ReleaseDb, ConsoleDb, ActDb);

pub(crate) const PROVIDER: &str = "SELECT provider_id, name, prefecture, kind, address, representative, acquisition, \
    filing, method, beds FROM agreement.provider";

const FEED: &str =
    "SELECT feed_id, submitter_id, kind, providers, interface_version, every_days FROM agreement.feed";

/// A column of a row.
pub(crate) fn column<'a, T: postgres::types::FromSql<'a>>(
    row: &'a Row,
    at: usize,
) -> Result<T, StorageError> {
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

pub(crate) fn provider_row(row: &Row) -> Result<Provider, StorageError> {
    Ok(Provider {
        id: id(ProviderId::new(column(row, 0)?))?,
        name: column(row, 1)?,
        prefecture: column(row, 2)?,
        standing: Standing {
            kind: column(row, 3)?,
            address: column(row, 4)?,
            representative: column(row, 5)?,
            acquisition: column(row, 6)?,
            filing: column(row, 7)?,
            method: column(row, 8)?,
            // By name: receipts read a provider from a row of their own, which has no beds.
            beds: row
                .try_get::<_, Option<i32>>("beds")
                .ok()
                .flatten()
                .and_then(|beds| u32::try_from(beds).ok()),
        },
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
