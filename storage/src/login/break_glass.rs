//! Roles lent in an emergency (緊急時の例外), and what another person found of it. Rows are added, never changed; what a loan
//! allows is decided in `compliance`.

use jiff::Timestamp;
use serde::Serialize;

use super::{READING, WRITING};
use crate::error::StorageError;
use crate::registry::{ActDb, LoginDb};

/// A loan to be written down.
#[derive(Debug, Clone)]
pub struct NewBreakGlass<'a> {
    /// To which account.
    pub account: &'a str,
    /// Which role.
    pub role: &'a str,
    /// Why; no value of a person.
    pub reason: &'a str,
    /// From when.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What somebody else found of it afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewRow {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was justified.
    pub justified: bool,
    /// What was found; no value of a person.
    pub note: String,
}

/// A role lent for a short time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakGlassRow {
    /// Its number.
    pub id: i64,
    /// To which account.
    pub account: String,
    /// Which role.
    pub role: String,
    /// Why.
    pub reason: String,
    /// From when.
    pub asked_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Its review; `None`: to be done.
    pub review: Option<ReviewRow>,
}

fn read(
    client: &mut postgres::Client,
    lasting: Option<Timestamp>,
) -> Result<Vec<BreakGlassRow>, StorageError> {
    let rows = client
        .query(
            "SELECT b.break_glass_id, b.principal_id, b.role, b.reason, b.asked_at, b.until,
                    r.reviewed_by, r.reviewed_at, r.justified, r.note
             FROM login.break_glass b LEFT JOIN login.break_glass_review r USING (break_glass_id)
             WHERE $1::timestamptz IS NULL OR b.until > $1 ORDER BY b.break_glass_id",
            &[&lasting],
        )
        .map_err(StorageError::db(READING))?;
    let loan = |r: &postgres::Row| BreakGlassRow {
        id: r.get(0),
        account: r.get(1),
        role: r.get(2),
        reason: r.get(3),
        asked_at: r.get(4),
        until: r.get(5),
        review: r.get::<_, Option<String>>(6).map(|by| ReviewRow {
            by,
            at: r.get(7),
            justified: r.get(8),
            note: r.get(9),
        }),
    };
    Ok(rows.iter().map(loan).collect())
}

impl LoginDb {
    /// Loans in their order; only those that last beyond a time, where one is given.
    pub fn break_glasses(&mut self, lasting: Option<Timestamp>) -> Result<Vec<BreakGlassRow>, StorageError> {
        read(&mut self.client, lasting)
    }

    /// Writes a loan down and gives its number.
    pub fn lend(&mut self, new: &NewBreakGlass<'_>) -> Result<i64, StorageError> {
        let row = self
            .client
            .query_one(
                "INSERT INTO login.break_glass (principal_id, role, reason, asked_at, until)
                 VALUES ($1, $2, $3, $4, $5) RETURNING break_glass_id",
                &[&new.account, &new.role, &new.reason, &new.at, &new.until],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(row.get(0))
    }

    /// Writes down what was found of a loan. `false`: it was reviewed before.
    pub fn review_break_glass(&mut self, id: i64, review: &ReviewRow) -> Result<bool, StorageError> {
        let added = self
            .client
            .execute(
                "INSERT INTO login.break_glass_review (break_glass_id, reviewed_by, reviewed_at, justified, note)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (break_glass_id) DO NOTHING",
                &[&id, &review.by, &review.at, &review.justified, &review.note],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(added == 1)
    }
}

impl ActDb {
    /// Loans in their order; only those that last beyond a time, where one is given.
    pub fn break_glasses(&mut self, lasting: Option<Timestamp>) -> Result<Vec<BreakGlassRow>, StorageError> {
        read(&mut self.client, lasting)
    }
}
