//! The book (帳簿) of Article 14: rows with consecutive numbers, and what was exported of them.
//!
//! The counter's row is locked in the writer's own transaction: two writers never get one number, and a writer that dies
//! takes its number back. This module must never give out a number outside a transaction.

use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{GenericClient, Row};

use super::{column, count, signed};
use crate::error::StorageError;
use crate::ingest::Load;
use crate::registry::ActDb;

/// One row of the book, texts exactly as hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookRow {
    /// Place in the book, from 1, without gaps.
    pub seq: u64,
    /// Word of the event.
    pub event: String,
    /// Its day in Japan.
    pub on_day: Date,
    /// When, `YYYY-MM-DDThh:mm:ss.ffffffZ`.
    pub at: String,
    /// With whom.
    pub counterparty: String,
    /// What: kinds of records, product, clauses; never a person.
    pub items: String,
    /// How many persons.
    pub persons: u64,
    /// How many records.
    pub records: u64,
    /// To what it refers; the same event of the same thing is booked once.
    pub reference: String,
    /// Hash of the row before.
    pub previous: String,
    /// Hash of this row.
    pub hash: String,
}

/// The end of the book: the last number given and its hash; number 0 and the book's beginning when it is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookTail {
    /// Last number.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

/// A month that was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookExport {
    /// The month, `2026-11`.
    pub month: String,
    /// When.
    pub exported_at: Timestamp,
    /// By whom.
    pub actor: String,
    /// First number in it; 0 when the month has none.
    pub first_seq: u64,
    /// Last number in it.
    pub last_seq: u64,
    /// BLAKE3 of the CSV.
    pub csv_hash: String,
    /// BLAKE3 of the PDF.
    pub pdf_hash: String,
}

/// Builds the row that follows the end it is given.
pub type MakeRow<'a> = &'a mut dyn FnMut(&BookTail) -> BookRow;

/// A handle that may write into the book.
pub trait BookWriter {
    /// Appends the row that `make` builds on the end of the book; `None` when this event of this thing is booked already.
    fn append_book(
        &mut self,
        event: &str,
        reference: &str,
        make: MakeRow<'_>,
    ) -> Result<Option<BookRow>, StorageError>;
}

impl BookWriter for ActDb {
    fn append_book(
        &mut self,
        event: &str,
        reference: &str,
        make: MakeRow<'_>,
    ) -> Result<Option<BookRow>, StorageError> {
        let mut work = self.client.transaction().map_err(StorageError::db("writing the book"))?;
        let row = append(&mut work, event, reference, make)?;
        work.commit().map_err(StorageError::db("writing the book"))?;
        Ok(row)
    }
}

/// Inside a load, the entry becomes visible with the load's own commit. To be called last: others wait for the counter.
impl BookWriter for Load<'_> {
    fn append_book(
        &mut self,
        event: &str,
        reference: &str,
        make: MakeRow<'_>,
    ) -> Result<Option<BookRow>, StorageError> {
        append(&mut self.transaction, event, reference, make)
    }
}

fn append(
    client: &mut impl GenericClient,
    event: &str,
    reference: &str,
    make: MakeRow<'_>,
) -> Result<Option<BookRow>, StorageError> {
    let fail = StorageError::db;
    // The lock: whoever comes second waits here for the first one's commit.
    let row = client
        .query_one("SELECT seq, hash FROM compliance.book_counter FOR UPDATE", &[])
        .map_err(fail("taking a number of the book"))?;
    let tail = BookTail { seq: count(&row, 0)?, hash: column(&row, 1)? };
    let known = client
        .query_opt(
            "SELECT 1 FROM compliance.ledger_book WHERE event = $1 AND reference = $2",
            &[&event, &reference],
        )
        .map_err(fail("reading the book"))?;
    if known.is_some() {
        return Ok(None);
    }
    let new = make(&tail);
    client
        .execute(
            "INSERT INTO compliance.ledger_book (seq, event, on_day, at, counterparty, items, persons, records,
               reference, previous, hash)
             VALUES ($1, $2, $3, $4::text::timestamptz, $5, $6, $7, $8, $9, $10, $11)",
            &[
                &signed(new.seq)?,
                &new.event,
                &new.on_day,
                &new.at,
                &new.counterparty,
                &new.items,
                &signed(new.persons)?,
                &signed(new.records)?,
                &new.reference,
                &new.previous,
                &new.hash,
            ],
        )
        .map_err(fail("writing the book"))?;
    client
        .execute("UPDATE compliance.book_counter SET seq = $1, hash = $2", &[&signed(new.seq)?, &new.hash])
        .map_err(fail("counting the book"))?;
    Ok(Some(new))
}

const ROW: &str = r#"SELECT seq, event, on_day, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    counterparty, items, persons, records, reference, previous, hash FROM compliance.ledger_book"#;

fn book_row(row: &Row) -> Result<BookRow, StorageError> {
    Ok(BookRow {
        seq: count(row, 0)?,
        event: column(row, 1)?,
        on_day: column(row, 2)?,
        at: column(row, 3)?,
        counterparty: column(row, 4)?,
        items: column(row, 5)?,
        persons: count(row, 6)?,
        records: count(row, 7)?,
        reference: column(row, 8)?,
        previous: column(row, 9)?,
        hash: column(row, 10)?,
    })
}

impl ActDb {
    /// Rows after a number, in order, at most `limit`.
    pub fn book_after(&mut self, seq: u64, limit: u32) -> Result<Vec<BookRow>, StorageError> {
        // From the very bottom at first, so that a row slipped in before the first is seen.
        let from = if seq == 0 { i64::MIN } else { signed(seq)? };
        let rows = self
            .client
            .query(&format!("{ROW} WHERE seq > $1 ORDER BY seq LIMIT $2"), &[&from, &i64::from(limit)])
            .map_err(StorageError::db("reading the book"))?;
        rows.iter().map(book_row).collect()
    }

    /// Rows of the days from `first` to `last`, in the order of their numbers.
    pub fn book_of_days(&mut self, first: Date, last: Date) -> Result<Vec<BookRow>, StorageError> {
        let rows = self
            .client
            .query(&format!("{ROW} WHERE on_day BETWEEN $1 AND $2 ORDER BY seq"), &[&first, &last])
            .map_err(StorageError::db("reading the book"))?;
        rows.iter().map(book_row).collect()
    }

    /// The last number given and its hash, as the counter says.
    pub fn book_tail(&mut self) -> Result<BookTail, StorageError> {
        let row = self
            .client
            .query_one("SELECT seq, hash FROM compliance.book_counter", &[])
            .map_err(StorageError::db("reading the book"))?;
        Ok(BookTail { seq: count(&row, 0)?, hash: column(&row, 1)? })
    }

    /// Keeps what was exported.
    pub fn keep_book_export(&mut self, e: &BookExport) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.book_export VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &[
                    &e.month,
                    &e.exported_at,
                    &e.actor,
                    &signed(e.first_seq)?,
                    &signed(e.last_seq)?,
                    &e.csv_hash,
                    &e.pdf_hash,
                ],
            )
            .map_err(StorageError::db("keeping an export of the book"))?;
        Ok(())
    }

    /// The newest export of each month.
    pub fn book_exports(&mut self) -> Result<Vec<BookExport>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT ON (month) month, exported_at, actor, first_seq, last_seq, csv_hash, pdf_hash
                 FROM compliance.book_export ORDER BY month, exported_at DESC",
                &[],
            )
            .map_err(StorageError::db("reading exports of the book"))?;
        rows.iter()
            .map(|r| {
                Ok(BookExport {
                    month: column(r, 0)?,
                    exported_at: column(r, 1)?,
                    actor: column(r, 2)?,
                    first_seq: count(r, 3)?,
                    last_seq: count(r, 4)?,
                    csv_hash: column(r, 5)?,
                    pdf_hash: column(r, 6)?,
                })
            })
            .collect()
    }
}
