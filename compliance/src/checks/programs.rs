//! The signed list of programs (C-092): which binaries may run jobs. Entries are signed by the house key; a withdrawal is an
//! entry of its own, and nothing is taken off by deleting.

use jiff::Timestamp;
use musubi_model::sign::{PublicKey, SecretKey, Signature};
use musubi_storage::act::check::{ProgramRow, ProgramRunRow};

use super::{Judgement, Unreadable, each};
use crate::audit::Name;

/// What a signature of the house key is for.
pub const PROGRAM_DOMAIN: &str = "program/1";

/// The bytes that are signed.
fn canonical(row: &ProgramRow) -> String {
    serde_json::json!([row.program_hash, row.name, row.withdrawn, row.listed_by, row.listed_at]).to_string()
}

/// A signed entry for the list. Kept to the microsecond, as the database keeps times.
///
/// # Errors
/// When the time cannot be.
pub fn list(
    key: &SecretKey,
    program_hash: &str,
    name: &str,
    withdrawn: bool,
    by: &Name,
    at: Timestamp,
) -> Result<ProgramRow, Unreadable> {
    let listed_at = Timestamp::from_microsecond(at.as_microsecond())
        .map_err(|_| Unreadable::new("a time that cannot be"))?;
    let mut row = ProgramRow {
        program_hash: program_hash.to_owned(),
        name: name.to_owned(),
        withdrawn,
        listed_by: by.to_string(),
        listed_at,
        signature: String::new(),
    };
    row.signature = key.sign(PROGRAM_DOMAIN, canonical(&row).as_bytes()).to_string();
    Ok(row)
}

/// Is an entry genuine?
#[must_use]
pub fn genuine(row: &ProgramRow, key: &PublicKey) -> bool {
    Signature::from_hex(&row.signature)
        .is_some_and(|s| key.verifies(PROGRAM_DOMAIN, canonical(row).as_bytes(), &s))
}

/// The list, when every entry of it is genuine: otherwise the whole list says nothing.
///
/// # Errors
/// Names the first entry that is not.
pub fn signed(list: Vec<ProgramRow>, key: &PublicKey) -> Result<Vec<ProgramRow>, Unreadable> {
    match list.iter().find(|row| !genuine(row, key)) {
        Some(row) => Err(Unreadable::new(format!(
            "compliance.program: {} is not signed by the house",
            row.program_hash
        ))),
        None => Ok(list),
    }
}

/// Was a program on the list at a time, or put there since and not withdrawn before?
#[must_use]
pub fn allowed(list: &[ProgramRow], program: &str, at: Timestamp) -> bool {
    let mut of = list.iter().filter(|row| row.program_hash == program).peekable();
    let first = of.peek().copied();
    let then = of.rfind(|row| row.listed_at <= at).or(first);
    then.is_some_and(|row| !row.withdrawn)
}

/// C-092: of every run, the program stood on the list.
///
/// # Errors
/// When an entry of the list is not genuine.
pub fn on_the_list(
    runs: &[ProgramRunRow],
    list: Vec<ProgramRow>,
    key: &PublicKey,
) -> Result<Judgement, Unreadable> {
    let list = signed(list, key)?;
    let sound = |run: &ProgramRunRow| allowed(&list, &run.program_hash, run.at);
    Ok(each(runs, |run| format!("{} {}", run.run_id, run.program_hash), sound)?
        .with("listed", super::number(list.len())))
}
