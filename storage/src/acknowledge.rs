//! What an acknowledgement needs beside the console's view: every finding one by one, control totals, makers, the
//! delivery before, the sampled units, and the sender's answers.
//!
//! It must never read demographics; units are read by the ingest role only, to find the bytes a sample stands for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_model::{ByteRange, DocumentHash, FactId, IdentityId, SubmissionId};
use postgres::fallible_iterator::FallibleIterator as _;

use crate::console::{FINDING, FindingView, count, finding};
use crate::error::StorageError;
use crate::ingest::Load;
use crate::registry::{ConsoleDb, IngestDb};

/// A control total of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlTotal {
    /// Kind of record, or `points`.
    pub kind: String,
    /// What the manifest promised.
    pub promised: Option<u64>,
    /// What was counted.
    pub counted: Option<u64>,
}

/// A unit of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledUnit {
    /// Its document.
    pub document: DocumentHash,
    /// Its place in it, from 0.
    pub unit: u32,
    /// Its bytes.
    pub range: ByteRange,
    /// Its records by kind, `SY:3 SI:12`.
    pub records: String,
    /// Whose; never leaves the house.
    pub identity: IdentityId,
}

/// What a sender says of a sampled fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// As in the original.
    Match,
    /// Not as in the original.
    Mismatch,
    /// Not in the original at all.
    Missing,
}

impl Answer {
    /// All answers.
    pub const ALL: [Self; 3] = [Self::Match, Self::Mismatch, Self::Missing];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::Missing => "missing",
        }
    }

    /// The Japanese word, as it stands in the form.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Match => "一致",
            Self::Mismatch => "不一致",
            Self::Missing => "原本になし",
        }
    }

    /// Reads either word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == word || a.ja() == word)
    }
}

/// A control total of a delivery as it is kept.
type TotalRow<'t> = (&'t str, Option<i64>, Option<i64>);

/// Joins what was promised and what was counted.
fn total_rows<'t>(promised: &'t BTreeMap<String, u64>, counted: &BTreeMap<String, u64>) -> Vec<TotalRow<'t>> {
    let signed = |n: &u64| i64::try_from(*n).unwrap_or(i64::MAX);
    promised.iter().map(|(kind, n)| (kind.as_str(), Some(signed(n)), counted.get(kind).map(signed))).collect()
}

const KEEP_TOTAL: &str = "INSERT INTO intake.control_total (submission_id, kind, promised, counted)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (submission_id, kind) DO UPDATE SET promised = EXCLUDED.promised, counted = EXCLUDED.counted";

impl Load<'_> {
    /// Keeps control totals and makers of this load.
    pub fn acknowledgement(
        &mut self,
        promised: &BTreeMap<String, u64>,
        counted: &BTreeMap<String, u64>,
        makers: &BTreeMap<(String, String), u64>,
    ) -> Result<(), StorageError> {
        let doing = "keeping what the acknowledgement tells";
        let id = self.submission;
        let transaction = &mut self.transaction;
        for (kind, promised, counted) in total_rows(promised, counted) {
            transaction
                .execute(KEEP_TOTAL, &[&id.as_bytes(), &kind, &promised, &counted])
                .map_err(StorageError::db(doing))?;
        }
        for ((rule, vendor), n) in makers {
            let n = i64::try_from(*n).unwrap_or(i64::MAX);
            transaction
                .execute(
                    "INSERT INTO intake.finding_vendor AS v (submission_id, rule, vendor, findings)
                     VALUES ($1, $2, $3, $4) ON CONFLICT (submission_id, rule, vendor)
                     DO UPDATE SET findings = EXCLUDED.findings",
                    &[&id.as_bytes(), &rule, &vendor, &n],
                )
                .map_err(StorageError::db(doing))?;
        }
        Ok(())
    }
}

impl IngestDb {
    /// Keeps the control totals of a delivery that was not loaded.
    pub fn keep_totals(
        &mut self,
        id: &SubmissionId,
        promised: &BTreeMap<String, u64>,
        counted: &BTreeMap<String, u64>,
    ) -> Result<(), StorageError> {
        for (kind, promised, counted) in total_rows(promised, counted) {
            self.client
                .execute(KEEP_TOTAL, &[&id.as_bytes(), &kind, &promised, &counted])
                .map_err(StorageError::db("keeping control totals"))?;
        }
        Ok(())
    }

    /// At most `most` units of a delivery that are in the repository, drawn by the hash of their place: the same units
    /// each time, and more of them when more are asked for.
    pub fn sample_units(&mut self, id: &SubmissionId, most: u64) -> Result<Vec<SampledUnit>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT ON (draw, document, ordinal) document, ordinal, byte_start, byte_len, records,
                        identity_id, sha256(submission_id || document || int4send(ordinal)) AS draw
                 FROM intake.unit
                 WHERE submission_id = $1 AND disposition = 'loaded' AND identity_id IS NOT NULL
                 ORDER BY draw, document, ordinal, file LIMIT $2",
                &[&id.as_bytes(), &i64::try_from(most).unwrap_or(i64::MAX)],
            )
            .map_err(StorageError::db("drawing a sample"))?;
        rows.iter()
            .map(|r| {
                let damaged = || StorageError::Damaged("a unit of a sample".into());
                Ok(SampledUnit {
                    document: DocumentHash::from_slice(r.get(0)).ok_or_else(damaged)?,
                    unit: u32::try_from(r.get::<_, i32>(1)).map_err(|_| damaged())?,
                    range: ByteRange {
                        start: count(r, 2)?,
                        len: u32::try_from(count(r, 3)?).map_err(|_| damaged())?,
                    },
                    records: r.get(4),
                    identity: IdentityId::from_slice(r.get(5)).ok_or_else(damaged)?,
                })
            })
            .collect()
    }

    /// Keeps a sender's answers; a later answer about the same fact takes the place of the earlier. All or none.
    pub fn keep_answers(
        &mut self,
        id: &SubmissionId,
        answers: &BTreeMap<FactId, Answer>,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let doing = "keeping a sender's answers";
        let mut transaction = self.client.transaction().map_err(StorageError::db(doing))?;
        for (fact, answer) in answers {
            transaction
                .execute(
                    "INSERT INTO intake.quality_answer (submission_id, fact_id, answer, answered_at)
                     VALUES ($1, $2, $3, $4) ON CONFLICT (submission_id, fact_id)
                     DO UPDATE SET answer = EXCLUDED.answer, answered_at = EXCLUDED.answered_at
                     WHERE quality_answer.answer <> EXCLUDED.answer",
                    &[&id.as_bytes(), &fact.as_bytes(), &answer.as_str(), &at],
                )
                .map_err(StorageError::db(doing))?;
        }
        transaction.commit().map_err(StorageError::db(doing))
    }
}

impl ConsoleDb {
    /// Hands every finding of a delivery to `each`, in the order in which they were kept, without holding them.
    ///
    /// # Errors
    /// The database does not answer, or `each` fails.
    pub fn each_finding(
        &mut self,
        id: &SubmissionId,
        each: &mut dyn FnMut(FindingView) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let doing = "reading findings";
        let bytes = id.as_bytes();
        let mut rows = self
            .client
            .query_raw(
                &format!(
                    "SELECT {FINDING} FROM intake.finding WHERE submission_id = $1
                     ORDER BY rule, document NULLS FIRST, unit NULLS FIRST, byte_start NULLS FIRST, record, field,
                       found, expected"
                ),
                [&bytes],
            )
            .map_err(StorageError::db(doing))?;
        while let Some(row) = rows.next().map_err(StorageError::db(doing))? {
            each(finding(&row, 0))?;
        }
        Ok(())
    }

    /// The control totals of a delivery.
    pub fn control_totals(&mut self, id: &SubmissionId) -> Result<Vec<ControlTotal>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT kind, promised, counted FROM intake.control_total WHERE submission_id = $1 ORDER BY kind",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("reading control totals"))?;
        let unsigned = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
        Ok(rows
            .iter()
            .map(|r| ControlTotal {
                kind: r.get(0),
                promised: unsigned(r.get(1)),
                counted: unsigned(r.get(2)),
            })
            .collect())
    }

    /// Findings of a delivery by rule and maker.
    pub fn makers(
        &mut self,
        id: &SubmissionId,
    ) -> Result<BTreeMap<String, BTreeMap<String, u64>>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT rule, vendor, findings FROM intake.finding_vendor WHERE submission_id = $1",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("reading makers"))?;
        let mut out: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for row in &rows {
            out.entry(row.get(0)).or_default().insert(row.get(1), count(row, 2)?);
        }
        Ok(out)
    }

    /// The delivery of the same feed and sender that was taken in last before this one.
    pub fn delivery_before(&mut self, id: &SubmissionId) -> Result<Option<SubmissionId>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT p.submission_id FROM intake.submission p
                 JOIN intake.submission s ON s.feed_id = p.feed_id AND s.submitter_id = p.submitter_id
                 WHERE s.submission_id = $1 AND s.state <> 'rejected' AND p.state = 'acknowledged'
                   AND (p.received_at, p.submission_id) < (s.received_at, s.submission_id)
                 ORDER BY p.received_at DESC, p.submission_id DESC LIMIT 1",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("looking for the delivery before"))?;
        Ok(row.and_then(|r| SubmissionId::from_slice(r.get(0))))
    }

    /// Numbers of a sender's answers.
    pub fn answers(&mut self, id: &SubmissionId) -> Result<BTreeMap<Answer, u64>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT answer, count(*) FROM intake.quality_answer WHERE submission_id = $1 GROUP BY answer",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("reading answers"))?;
        rows.iter()
            .map(|r| {
                let answer = Answer::from_word(r.get(0))
                    .ok_or_else(|| StorageError::Damaged("an unknown answer".into()))?;
                Ok((answer, count(r, 1)?))
            })
            .collect()
    }
}

/// Identities of a sample.
#[must_use]
pub fn identities(units: &[SampledUnit]) -> BTreeSet<IdentityId> {
    units.iter().map(|u| u.identity).collect()
}
