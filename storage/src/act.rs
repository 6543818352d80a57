//! The books of the Act as rows: how they are kept and read. What an entry means and how its hash is made is decided in
//! `compliance`; nothing here may change or drop an entry.

pub mod audit_log;
pub mod book;
pub mod check;
pub mod check_conduct;
pub mod check_intake;
pub mod check_reads;
pub mod handover;
pub mod held;
pub mod incident;
pub mod inquiry;
pub mod inquiry_person;
pub mod instruction;
pub mod notice;
pub mod notice_scope;
pub mod operation;
pub mod opt_out_doubt;
pub mod opt_out_request;
pub mod organisation;
pub mod output;
pub mod parameter;
pub mod published;
pub mod receipt;
pub mod reconciliation;
pub mod register;
pub mod retention;
pub mod standing;
pub mod transfer;

use postgres::types::FromSql;
use postgres::{GenericClient, Row};

use crate::error::StorageError;

/// A column of a row of the books.
fn column<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, StorageError> {
    row.try_get(at).map_err(StorageError::db("reading the books of the Act"))
}

/// A count, which is never below zero.
fn count(row: &Row, at: usize) -> Result<u64, StorageError> {
    u64::try_from(column::<i64>(row, at)?).map_err(|_| StorageError::Damaged("a count below zero".to_owned()))
}

/// Makes writers of one book wait for each other until the end of their transaction. An advisory lock: the role may add
/// rows, and may not lock tables.
fn one_writer(client: &mut impl GenericClient, book: &str) -> Result<(), StorageError> {
    client
        .execute("SELECT pg_advisory_xact_lock(hashtextextended('musubi act ' || $1, 0))", &[&book])
        .map_err(StorageError::db("waiting for another writer"))?;
    Ok(())
}

/// A count as the database keeps it.
fn signed(n: u64) -> Result<i64, StorageError> {
    i64::try_from(n).map_err(|_| StorageError::Damaged("a count too large".to_owned()))
}
