//! The lake (データレイク): facts in Parquet, one schema for all tables, one file per table for each part of a load.
//!
//! Rows are sorted by bucket, identity, first day, document, unit and ordinal; row groups close at bucket borders, so
//! that a job over one bucket, or one person, reads little else. A file's name is the BLAKE3 hash of its content; it
//! appears whole or not at all. Which files are current is said by the registry's catalogue, never by the folder.
//!
//! Never changes a file (an erased one is replaced, see `erase`), never holds a name or a number that identifies, never
//! decides what may be read.

mod chunk;
mod columns;
mod compact;
mod erase;
mod files;
mod fingerprint;
mod read;
mod row;
mod scan;
mod schema;
mod write;

pub use chunk::{Chunk, GroupRef, NO_TEXT, Reader, Texts};
pub use compact::{Compaction, compact};
pub use erase::{Gone, Rewritten, count_some, erase, erase_some, on_disk, scrub};
pub use files::{LakeFile, Swept, WriteGuard, hold, sweep, verify};
pub use fingerprint::{RepositoryFingerprint, fingerprint};
pub use read::{FactRow, ReadStats, Want, find_fact, read};
pub use row::StoredFact;
pub use schema::{Column, ColumnSet};
pub use write::{PlacedUnit, write_part};
