//! Models of patient matching as the registry keeps them (名寄せモデルの台帳): files by hash, and which decided when.
//!
//! Bytes and signature go in and come out as they are; whether they are a model is found out by `id-resolution`. Nothing
//! is changed or removed. A model decides after two different people said so.

use jiff::Timestamp;

use crate::error::StorageError;
use crate::registry::IdentityDb;

/// A model file with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredModel {
    /// BLAKE3 of the file, 64 hexadecimal digits.
    pub hash: String,
    /// `name/number+hash8`.
    pub version: String,
    /// The file, byte for byte.
    pub file: Vec<u8>,
    /// The signature of the house over it, hexadecimal.
    pub signature: String,
    /// What it was trained on: counts, JSON.
    pub trained_on: String,
}

/// A model in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRow {
    /// BLAKE3 of the file.
    pub hash: String,
    /// `name/number+hash8`.
    pub version: String,
    /// What it was trained on: counts, JSON.
    pub trained_on: String,
    /// When it was put in, and by whom.
    pub put: (Timestamp, String),
    /// Proposed and not yet approved: when, and by whom.
    pub proposed: Option<(Timestamp, String)>,
    /// The last time it began to decide: when, who proposed it, who approved it.
    pub adopted: Option<(Timestamp, String, String)>,
    /// When the next took its place.
    pub retired_at: Option<Timestamp>,
}

/// What became of a wish to adopt a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    /// The first person's wish is written down; a second has to say so too.
    Proposed,
    /// The second person agreed: it decides from now on.
    Adopted,
    /// The person who proposed it cannot approve it too; nothing was written.
    SamePerson,
    /// It decides already; nothing was written.
    Current,
    /// There is no such model; nothing was written.
    Unknown,
}

/// All adoptions and proposals are made one after the other.
const LOCK: i64 = 0x006d_6f64_656c;

/// The last adoption.
const CURRENT: &str = "SELECT hash FROM identity.model_adoption WHERE approved_by IS NOT NULL
     ORDER BY adoption_id DESC LIMIT 1";

impl IdentityDb {
    /// Keeps a model. `false`: it is there already. Another file of the same version is refused.
    ///
    /// # Errors
    /// When the store is lost, or a version would stand twice.
    pub fn put_model(&mut self, model: &StoredModel, by: &str, at: Timestamp) -> Result<bool, StorageError> {
        let rows = self
            .client
            .execute(
                "INSERT INTO identity.model (hash, version, file, signature, trained_on, put_at, put_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hash) DO NOTHING",
                &[&model.hash, &model.version, &model.file, &model.signature, &model.trained_on, &at, &by],
            )
            .map_err(StorageError::db("keeping a model"))?;
        Ok(rows == 1)
    }

    /// One person wants a model to decide. The first is written down; when a second, different person wants the same, it
    /// decides from then on. A proposal stands until any model is adopted.
    ///
    /// # Errors
    /// When the store is lost.
    pub fn adopt_model(
        &mut self,
        hash: &str,
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Adoption, StorageError> {
        let doing = "adopting a model";
        let db = || StorageError::db(doing);
        let mut work = self.client.transaction().map_err(db())?;
        work.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).map_err(db())?;
        let known = work.query_opt("SELECT 1 FROM identity.model WHERE hash = $1", &[&hash]).map_err(db())?;
        if known.is_none() {
            return Ok(Adoption::Unknown);
        }
        let current = work.query_opt(CURRENT, &[]).map_err(db())?;
        if let Some(row) = current
            && row.try_get::<_, &str>(0).map_err(db())? == hash
        {
            return Ok(Adoption::Current);
        }
        let proposals = work
            .query(
                "SELECT adopted_by FROM identity.model_adoption
                 WHERE hash = $1 AND approved_by IS NULL AND adoption_id > coalesce(
                   (SELECT max(adoption_id) FROM identity.model_adoption WHERE approved_by IS NOT NULL), 0)
                 ORDER BY adoption_id",
                &[&hash],
            )
            .map_err(db())?;
        let mut first: Option<String> = None;
        for row in &proposals {
            let who: String = row.try_get(0).map_err(db())?;
            if who != by {
                first = Some(who);
                break;
            }
        }
        let (adopted_by, approved_by, done) = match first {
            Some(who) => (who, Some(by), Adoption::Adopted),
            None if !proposals.is_empty() => return Ok(Adoption::SamePerson),
            None => (by.to_owned(), None, Adoption::Proposed),
        };
        work.execute(
            "INSERT INTO identity.model_adoption (hash, at, adopted_by, approved_by, reason)
             VALUES ($1, $2, $3, $4, $5)",
            &[&hash, &at, &adopted_by, &approved_by, &reason],
        )
        .map_err(db())?;
        work.commit().map_err(db())?;
        Ok(done)
    }

    /// The model that decides now. `None`: none was ever adopted, the built-in one decides.
    ///
    /// # Errors
    /// When the store is lost.
    pub fn current_model(&mut self) -> Result<Option<StoredModel>, StorageError> {
        let doing = "reading the model in force";
        let hash = self.client.query_opt(CURRENT, &[]).map_err(StorageError::db(doing))?;
        let Some(hash) = hash else { return Ok(None) };
        let hash: String = hash.try_get(0).map_err(StorageError::db(doing))?;
        self.model(&hash)
    }

    /// A model by its hash.
    ///
    /// # Errors
    /// When the store is lost.
    pub fn model(&mut self, hash: &str) -> Result<Option<StoredModel>, StorageError> {
        let doing = "reading a model";
        let row = self
            .client
            .query_opt(
                "SELECT hash, version, file, signature, trained_on FROM identity.model WHERE hash = $1",
                &[&hash],
            )
            .map_err(StorageError::db(doing))?;
        row.map(|row| {
            let get = |e| StorageError::db(doing)(e);
            Ok(StoredModel {
                hash: row.try_get(0).map_err(get)?,
                version: row.try_get(1).map_err(get)?,
                file: row.try_get(2).map_err(get)?,
                signature: row.try_get(3).map_err(get)?,
                trained_on: row.try_get(4).map_err(get)?,
            })
        })
        .transpose()
    }

    /// All models, the newest first.
    ///
    /// # Errors
    /// When the store is lost.
    pub fn models(&mut self) -> Result<Vec<ModelRow>, StorageError> {
        let doing = "listing the models";
        let rows = self
            .client
            .query(
                "WITH adopted AS (
                   SELECT DISTINCT ON (hash) hash, at, adopted_by, approved_by, adoption_id
                   FROM identity.model_adoption WHERE approved_by IS NOT NULL ORDER BY hash, adoption_id DESC),
                 proposed AS (
                   SELECT DISTINCT ON (hash) hash, at, adopted_by FROM identity.model_adoption
                   WHERE approved_by IS NULL AND adoption_id > coalesce(
                     (SELECT max(adoption_id) FROM identity.model_adoption WHERE approved_by IS NOT NULL), 0)
                   ORDER BY hash, adoption_id)
                 SELECT m.hash, m.version, m.trained_on, m.put_at, m.put_by, p.at, p.adopted_by,
                   a.at, a.adopted_by, a.approved_by,
                   (SELECT min(n.at) FROM identity.model_adoption n
                    WHERE n.approved_by IS NOT NULL AND n.adoption_id > a.adoption_id)
                 FROM identity.model m LEFT JOIN adopted a ON a.hash = m.hash LEFT JOIN proposed p ON p.hash = m.hash
                 ORDER BY m.put_at DESC, m.hash",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let proposed: Option<Timestamp> = row.try_get(5).map_err(get)?;
                let adopted: Option<Timestamp> = row.try_get(7).map_err(get)?;
                Ok(ModelRow {
                    hash: row.try_get(0).map_err(get)?,
                    version: row.try_get(1).map_err(get)?,
                    trained_on: row.try_get(2).map_err(get)?,
                    put: (row.try_get(3).map_err(get)?, row.try_get(4).map_err(get)?),
                    proposed: match proposed {
                        Some(at) => Some((at, row.try_get(6).map_err(get)?)),
                        None => None,
                    },
                    adopted: match adopted {
                        Some(at) => Some((at, row.try_get(8).map_err(get)?, row.try_get(9).map_err(get)?)),
                        None => None,
                    },
                    retired_at: row.try_get(10).map_err(get)?,
                })
            })
            .collect()
    }
}
