//! Lists and counts for machines: deliveries page by page, all or of one submitter, and how many stand where.

use std::collections::BTreeMap;

use crate::console::{SUBMISSION, SubmissionView, count, submission};
use crate::error::StorageError;
use crate::registry::ConsoleDb;

impl ConsoleDb {
    /// Deliveries without history, balance and findings, newest first, of one submitter where one is named.
    pub fn submissions_listed(
        &mut self,
        submitter: Option<&str>,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<SubmissionView>, StorageError> {
        let rows = self
            .client
            .query(
                &format!(
                    "SELECT {SUBMISSION} FROM intake.submission WHERE $1::text IS NULL OR submitter_id = $1
                     ORDER BY received_at DESC, submission_id OFFSET $2 LIMIT $3"
                ),
                &[&submitter, &i64::from(skip), &i64::from(limit)],
            )
            .map_err(StorageError::db("listing submissions"))?;
        rows.iter().map(submission).collect()
    }

    /// How many deliveries there are in each state, of one submitter where one is named.
    pub fn submissions_by_state(
        &mut self,
        submitter: Option<&str>,
    ) -> Result<BTreeMap<String, u64>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT state, count(*) FROM intake.submission WHERE $1::text IS NULL OR submitter_id = $1
                 GROUP BY state",
                &[&submitter],
            )
            .map_err(StorageError::db("counting submissions"))?;
        rows.iter().map(|r| Ok((r.get(0), count(r, 1)?))).collect()
    }
}
