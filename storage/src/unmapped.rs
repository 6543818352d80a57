//! Codes that found no standard (未対応コード): counted by each load, listed by volume.

use musubi_model::SubmissionId;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use serde::Serialize;

use crate::agreement::column;
use crate::error::StorageError;
use crate::ingest::Load;
use crate::registry::IngestDb;

/// Why a code has no standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnmappedReason {
    /// The sender's own system.
    Local,
    /// A system whose master is loaded, and the edition in force does not have the code.
    Unknown,
    /// The master has the code and gives no standard for it, as it does for others.
    NoStandard,
}

impl UnmappedReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Local, Self::Unknown, Self::NoStandard];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Unknown => "unknown",
            Self::NoStandard => "no-standard",
        }
    }

    /// In Japanese.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Local => "ローカル",
            Self::Unknown => "マスタになし",
            Self::NoStandard => "標準なし",
        }
    }
}

/// A code that found no standard, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnmappedRow {
    /// Provider.
    pub provider: String,
    /// System as sent.
    pub system: String,
    /// The code; empty when it came for too few persons to be shown, or when there is none.
    pub code: String,
    /// Its name; empty likewise.
    pub name: String,
    /// What the code looks like.
    pub code_shape: String,
    /// What the name looks like.
    pub name_shape: String,
    /// Why.
    pub reason: UnmappedReason,
    /// Records.
    pub records: u64,
    /// Persons: those of the submission that had most of them. No fewer have the code.
    pub persons: u64,
    /// There are more: counting stopped there.
    pub persons_more: bool,
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnmappedWanted<'a> {
    /// Of this provider.
    pub provider: Option<&'a str>,
    /// Of these submissions; none means of all.
    pub submissions: &'a [SubmissionId],
}

impl Load<'_> {
    /// Adds the codes of this load that found no standard.
    pub fn unmapped_codes(&mut self, rows: &[UnmappedRow]) -> Result<(), StorageError> {
        const COLUMNS: [Type; 11] = [
            Type::BYTEA,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::INT8,
            Type::INT8,
            Type::BOOL,
        ];
        if rows.is_empty() {
            return Ok(());
        }
        let fail = StorageError::db;
        let submission = self.submission;
        let sink = self
            .transaction
            .copy_in(
                "COPY intake.unmapped_code (submission_id, provider_id, system, code, name, code_shape, name_shape,
                   reason, records, persons, persons_more) FROM STDIN BINARY",
            )
            .map_err(fail("adding unmapped codes"))?;
        let mut writer = BinaryCopyInWriter::new(sink, &COLUMNS);
        for r in rows {
            let cells: [&(dyn ToSql + Sync); 11] = [
                &submission.as_bytes(),
                &r.provider,
                &r.system,
                &r.code,
                &r.name,
                &r.code_shape,
                &r.name_shape,
                &r.reason.as_str(),
                &i64::try_from(r.records).unwrap_or(i64::MAX),
                &i64::try_from(r.persons).unwrap_or(i64::MAX),
                &r.persons_more,
            ];
            writer.write(&cells).map_err(fail("adding unmapped codes"))?;
        }
        writer.finish().map_err(fail("adding unmapped codes"))?;
        Ok(())
    }
}

impl IngestDb {
    /// Codes that found no standard when they were loaded, those with most records first.
    pub fn unmapped_codes(&mut self, wanted: UnmappedWanted<'_>) -> Result<Vec<UnmappedRow>, StorageError> {
        let submissions: Vec<&[u8]> = wanted.submissions.iter().map(SubmissionId::as_bytes).collect();
        let rows = self
            .client
            .query(
                "SELECT provider_id, system, code, name, code_shape, name_shape, reason,
                   sum(records)::bigint, max(persons), bool_or(persons_more)
                 FROM intake.unmapped_code
                 WHERE ($1::text IS NULL OR provider_id = $1)
                   AND (cardinality($2::bytea[]) = 0 OR submission_id = ANY($2))
                 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 8 DESC, 9 DESC, 1, 2, 3, 4, 5, 6, 7",
                &[&wanted.provider, &submissions],
            )
            .map_err(StorageError::db("reading unmapped codes"))?;
        rows.iter()
            .map(|row| {
                let reason: &str = column(row, 6)?;
                let number = |at| column::<i64>(row, at).map(i64::unsigned_abs);
                Ok(UnmappedRow {
                    provider: column(row, 0)?,
                    system: column(row, 1)?,
                    code: column(row, 2)?,
                    name: column(row, 3)?,
                    code_shape: column(row, 4)?,
                    name_shape: column(row, 5)?,
                    reason: UnmappedReason::ALL
                        .into_iter()
                        .find(|r| r.as_str() == reason)
                        .ok_or_else(|| StorageError::Damaged("why a code is unmapped".to_owned()))?,
                    records: number(7)?,
                    persons: number(8)?,
                    persons_more: column(row, 9)?,
                })
            })
            .collect()
    }
}
