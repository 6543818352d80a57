//! The only room that speaks SQL or touches the stored data.
//!
//! * [`server`]: an embedded PostgreSQL, or the one a URL names.
//! * [`registry`]: migrations and one typed handle for each database role; `connection`: what is open under a handle.
//! * [`act`]: the books of the Act.
//! * [`keys`]: the key ring in files, and data keys wrapped under it.
//! * [`vault`]: raw bytes, encrypted unit by unit.
//! * [`master_file`], [`master_store`], [`master`], [`code_map`]: code masters from file to memory, and local codes.
//! * [`act`]: the books of the Act.
//! * [`lake`]: facts in Parquet, catalogued in the registry.
//! * [`login`]: credentials and sessions.
//! * [`backup`]: the registry written out and read back.
//! * [`erasure`]: the only way by which a person's rows, keys and files go; and looking for what must be gone.
//!
//! It knows how things are kept, never why: no business rule lives here.

pub mod acknowledge;
pub mod act;
pub mod agreement;
pub mod backup;
pub mod board;
pub mod board_application;
pub mod board_ballot;
pub mod board_committee;
pub mod board_policy;
pub mod code_map;
pub mod code_names;
pub mod compliance;
mod connection;
pub mod console;
pub mod console_list;
pub mod data_keys;
pub mod delivery;
pub mod dry_run;
pub mod erasure;
pub mod error;
pub mod identity;
pub mod ingest;
pub mod interface;
pub mod keys;
pub mod lake;
pub mod login;
pub mod master;
pub mod master_file;
pub mod master_store;
pub mod people;
pub mod registry;
pub mod release;
pub mod release_ledger;
pub mod server;
pub mod unmapped;
pub mod vault;

pub use error::StorageError;
