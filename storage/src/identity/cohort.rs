//! Writing the keys of a cohort (対象集団): the only thing of the identity zone that a release may read.
//!
//! Person keys are made under a random key that is forgotten at once, so that no two cohorts can be joined by them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::{IdentityId, ResearchId};
use postgres::IsolationLevel;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::Type;
use zeroize::Zeroizing;

use super::read::STOPPED;
use super::research_id;
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// Members read and written at a time.
const MEMBERS_PER_ROUND: i32 = 50_000;

/// Active persons' identities that no opt-out stops and that were not erased.
const ADMITTED: &str = "
    FROM identity.person p
    JOIN identity.member m ON m.research_id = p.research_id
    JOIN identity.source_identity s ON s.identity_id = m.identity_id
    WHERE p.state = 'active'
      AND NOT EXISTS (SELECT 1 FROM stopped o WHERE o.research_id = p.research_id
                      AND (o.provider_id IS NULL OR o.provider_id = s.provider_id))
      AND NOT EXISTS (SELECT 1 FROM keys.data_key k WHERE k.key_id = m.identity_id AND k.wrapped IS NULL)
      AND NOT EXISTS (SELECT 1 FROM untold u WHERE u.identity_id = m.identity_id)";

/// Of which use the persons of a cohort must have been told (通知の範囲; R-PSE-07, C-050).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CohortUse<'a> {
    /// Statistics and anonymised products: every notice covers these.
    Anonymised,
    /// Pseudonymised products: without these identities, whose notices do not cover them. They have to be asked for before
    /// (`compliance::notice::scope`), so that none can be forgotten.
    Pseudonymised {
        /// Identities with facts under a notice of another scope.
        untold: &'a BTreeSet<IdentityId>,
    },
}

impl CohortUse<'_> {
    fn untold(&self) -> Vec<&[u8]> {
        match self {
            Self::Anonymised => Vec::new(),
            Self::Pseudonymised { untold } => untold.iter().map(IdentityId::as_bytes).collect(),
        }
    }
}

/// Which cohort to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortOrder<'a> {
    /// Its name; a name is used once.
    pub cohort_id: &'a str,
    /// The approval it serves.
    pub approval_id: &'a str,
    /// The snapshot it reads.
    pub commit_id: i64,
    /// The use it is for.
    pub usage: CohortUse<'a>,
    /// The day on which opt-outs are asked for.
    pub on: Date,
    /// When it is written.
    pub at: Timestamp,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CohortWritten {
    /// Persons with at least one identity in the cohort.
    pub persons: u64,
    /// Identities in the cohort.
    pub identities: u64,
    /// Identities of active persons that are left out: opted out, erased, or not told of this use.
    pub left_out: u64,
}

impl IdentityDb {
    /// Writes a cohort of all active persons without those who asked to stop, and for a pseudonymised product without those
    /// who were not told of such use, all or nothing.
    ///
    /// # Errors
    /// [`StorageError::Refused`] while the gates of matching are shut (see [`super::GateShut`]);
    /// [`StorageError::Database`], also when there is a cohort of that name already.
    pub fn write_cohort(&mut self, order: &CohortOrder<'_>) -> Result<CohortWritten, StorageError> {
        let doing = "writing a cohort";
        let mut key = Zeroizing::new([0u8; 32]);
        getrandom::fill(key.as_mut()).map_err(|_| StorageError::Key("no randomness from the system"))?;
        // one snapshot of the persons for all the statements below
        let mut tx = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .start()
            .map_err(StorageError::db(doing))?;
        if let Some(why) = super::gate::shut(&mut tx)? {
            return Err(StorageError::Refused(why.to_string()));
        }
        tx.batch_execute(
            "CREATE TEMPORARY TABLE stopped (research_id bytea, provider_id text) ON COMMIT DROP",
        )
        .map_err(StorageError::db(doing))?;
        tx.execute(format!("INSERT INTO stopped {STOPPED}").as_str(), &[&order.on])
            .map_err(StorageError::db(doing))?;
        tx.batch_execute(
            "CREATE INDEX ON stopped (research_id); ANALYZE stopped;
             CREATE TEMPORARY TABLE untold (identity_id bytea PRIMARY KEY) ON COMMIT DROP",
        )
        .map_err(StorageError::db(doing))?;
        tx.execute("INSERT INTO untold SELECT * FROM unnest($1::bytea[])", &[&order.usage.untold()])
            .map_err(StorageError::db(doing))?;
        tx.batch_execute("ANALYZE untold").map_err(StorageError::db(doing))?;
        let counts = tx
            .query_one(
                format!(
                    "SELECT count(DISTINCT m.research_id), count(*),
                            (SELECT count(*) FROM identity.member m
                             JOIN identity.person p ON p.research_id = m.research_id AND p.state = 'active')
                     {ADMITTED}"
                )
                .as_str(),
                &[],
            )
            .map_err(StorageError::db(doing))?;
        let count = |place: usize| -> Result<i64, StorageError> {
            counts.try_get(place).map_err(StorageError::db(doing))
        };
        let (persons, identities, all) = (count(0)?, count(1)?, count(2)?);
        tx.execute(
            "INSERT INTO release.cohort (cohort_id, approval_id, commit_id, persons, at)
             VALUES ($1, $2, $3, $4, $5)",
            &[&order.cohort_id, &order.approval_id, &order.commit_id, &persons, &order.at],
        )
        .map_err(StorageError::db(doing))?;
        let statement = tx
            .prepare(format!("SELECT m.identity_id, m.research_id, m.bucket, p.bucket {ADMITTED}").as_str())
            .map_err(StorageError::db(doing))?;
        let portal = tx.bind(&statement, &[]).map_err(StorageError::db(doing))?;
        loop {
            let mut rows = Vec::new();
            {
                let mut round =
                    tx.query_portal_raw(&portal, MEMBERS_PER_ROUND).map_err(StorageError::db(doing))?;
                while let Some(row) = round.next().map_err(StorageError::db(doing))? {
                    rows.push(row);
                }
            }
            if rows.is_empty() {
                break;
            }
            let sink = tx
                .copy_in(
                    "COPY release.cohort_member (cohort_id, identity_id, person_key, bucket, home)
                     FROM STDIN BINARY",
                )
                .map_err(StorageError::db(doing))?;
            let types = [Type::TEXT, Type::BYTEA, Type::BYTEA, Type::INT2, Type::INT2];
            let mut writer = BinaryCopyInWriter::new(sink, &types);
            for row in &rows {
                let get = |e| StorageError::db(doing)(e);
                let identity: &[u8] = row.try_get(0).map_err(get)?;
                let person = person_key(&key, &research_id(row.try_get(1).map_err(get)?)?);
                let bucket: i16 = row.try_get(2).map_err(get)?;
                let home: i16 = row.try_get(3).map_err(get)?;
                writer
                    .write(&[&order.cohort_id, &identity, &person.as_slice(), &bucket, &home])
                    .map_err(get)?;
            }
            writer.finish().map_err(StorageError::db(doing))?;
        }
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(CohortWritten {
            persons: persons.unsigned_abs(),
            identities: identities.unsigned_abs(),
            left_out: (all - identities).unsigned_abs(),
        })
    }
}

/// The person's key in one cohort.
fn person_key(key: &[u8; 32], person: &ResearchId) -> Vec<u8> {
    let mut out = vec![0u8; 16];
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(person.as_bytes()).finalize_xof().fill(&mut out);
    out
}
