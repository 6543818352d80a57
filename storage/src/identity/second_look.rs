//! The second reviewer's blind sample (二人目の確認): drawn rulings, and the second word on them. Rows only: which are drawn
//! and who may speak is decided by the caller, and held once more by a trigger. It must never show the first word to whoever
//! is to say the second.

use jiff::Timestamp;
use musubi_model::IdentityId;
use postgres::Row;

use super::identity_id;
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// A ruling that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondLookRow {
    /// The ruling.
    pub ruling: i64,
    /// The pair, the smaller first.
    pub pair: (IdentityId, IdentityId),
    /// When it was drawn.
    pub drawn_at: Timestamp,
    /// Who ruled, and what: not for the eyes of the second reviewer before the second word.
    pub first: (String, bool),
    /// The second word.
    pub second: Option<SecondWord>,
    /// The ruling was undone since.
    pub undone: bool,
}

/// What the second reviewer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondWord {
    /// The same person, or not.
    pub same: bool,
    /// Whose word.
    pub by: String,
    /// Why; no value of a person.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

fn get<'a, T: postgres::types::FromSql<'a>>(row: &'a Row, place: usize) -> Result<T, StorageError> {
    row.try_get(place).map_err(StorageError::db("reading second looks"))
}

fn row_of(row: &Row) -> Result<SecondLookRow, StorageError> {
    let same: Option<bool> = get(row, 6)?;
    let second = match same {
        Some(same) => Some(SecondWord { same, by: get(row, 7)?, reason: get(row, 8)?, at: get(row, 9)? }),
        None => None,
    };
    Ok(SecondLookRow {
        ruling: get(row, 0)?,
        pair: (identity_id(get(row, 1)?)?, identity_id(get(row, 2)?)?),
        drawn_at: get(row, 3)?,
        first: (get(row, 4)?, get(row, 5)?),
        second,
        undone: get(row, 10)?,
    })
}

impl IdentityDb {
    /// Draws a ruling for a second look.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn draw_second_look(&mut self, ruling: i64, at: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO identity.second_look (ruling_id, drawn_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                &[&ruling, &at],
            )
            .map_err(StorageError::db("drawing a second look"))?;
        Ok(())
    }

    /// All drawn rulings, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn second_looks(&mut self) -> Result<Vec<SecondLookRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT l.ruling_id, r.identity_a, r.identity_b, l.drawn_at, r.ruled_by, r.same, l.same, l.said_by,
                   l.reason, l.said_at, r.undone_at IS NOT NULL
                 FROM identity.second_look l JOIN identity.ruling r USING (ruling_id) ORDER BY l.drawn_at, l.ruling_id",
                &[],
            )
            .map_err(StorageError::db("reading second looks"))?;
        rows.iter().map(row_of).collect()
    }

    /// Says the second word. `false`: nothing of that number waits for this account.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn say_second(&mut self, ruling: i64, word: &SecondWord) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "UPDATE identity.second_look l SET same = $2, said_by = $3, reason = $4, said_at = $5
                 WHERE l.ruling_id = $1 AND l.same IS NULL
                   AND NOT EXISTS (SELECT FROM identity.ruling r WHERE r.ruling_id = $1 AND r.ruled_by = $3)",
                &[&ruling, &word.same, &word.by, &word.reason, &word.at],
            )
            .map_err(StorageError::db("saying a second word"))?;
        Ok(done == 1)
    }

    /// How many rulings and postponements there were on each of the last days (Japan), newest first: day, number.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn reviews_by_day(&mut self, days: u32) -> Result<Vec<(jiff::civil::Date, u64)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT (changed_at AT TIME ZONE 'Asia/Tokyo')::date, count(*) FROM identity.review
                 WHERE changed_by IS NOT NULL GROUP BY 1 ORDER BY 1 DESC LIMIT $1",
                &[&i64::from(days)],
            )
            .map_err(StorageError::db("counting reviews by day"))?;
        rows.iter().map(|r| Ok((get(r, 0)?, get::<i64>(r, 1)?.unsigned_abs()))).collect()
    }
}
