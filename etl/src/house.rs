//! What a job is given: handles, keys, folders, parameters, a clock, somebody to tell how far it is.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::notice::NoticeRules;
use musubi_compliance::optout::OptOutGate;
use musubi_model::limits::Limits;
use musubi_model::submission::SubmissionState;
use musubi_storage::StorageError;
use musubi_storage::keys::KeyRing;
use musubi_storage::registry::Registry;

use crate::fault::Faults;
use crate::matching::Matching;

/// Where things lie.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Vault packs.
    pub vault: PathBuf,
    /// Lake files.
    pub lake: PathBuf,
}

/// Everything a job needs and may not fetch for itself.
pub struct House<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// Keys.
    pub ring: &'a KeyRing,
    /// Folders.
    pub folders: Folders,
    /// Limits in force.
    pub limits: Limits,
    /// Hash of the parameter set in force.
    pub parameter_hash: String,
    /// Version of the program.
    pub code_version: String,
    /// The account under which the job runs; it never confirms its own receipts.
    pub job: String,
    /// The time now.
    pub now: &'a dyn Fn() -> Timestamp,
    /// What matching goes by.
    pub matching: &'a Matching,
    /// Opt-outs in force; every load reads them anew.
    pub gate: &'a OptOutGate,
    /// Rules of notices in force.
    pub notices: NoticeRules,
    /// Faults to inject; none in normal operation.
    pub faults: Faults,
    /// Raw bytes held in memory at once; bounds the memory of a load whatever the size of the submission.
    pub batch_bytes: u64,
    /// Persons for which a local code or its name must have come before it is written down as such.
    pub code_persons_min: u64,
    /// Told how far the work is.
    pub progress: &'a (dyn Fn(Event<'_>) + Sync),
}

/// How far the work is.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A package begins: its place among `total`, its name.
    Package {
        /// Counted from 0.
        index: usize,
        /// How many there are.
        total: usize,
        /// Folder or file name.
        name: &'a str,
    },
    /// Files of the package and their bytes in all.
    Begins {
        /// Files.
        files: u64,
        /// Bytes.
        bytes: u64,
    },
    /// So many more bytes are done.
    Bytes(u64),
    /// A state was entered.
    State(SubmissionState),
}

/// Why a job could not go on. Nothing half-done is visible; the job can be run again.
#[derive(Debug, thiserror::Error)]
pub enum EtlError {
    /// The store.
    #[error("store")]
    Storage(#[from] StorageError),
    /// A package's file could not be read.
    #[error("reading the package")]
    Package(#[source] std::io::Error),
    /// An injected fault, or the operating system at one of the fault points.
    #[error("at {point}")]
    Point {
        /// Which point.
        point: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A gate of the Act is not there: nothing may come in.
    #[error("gate: {0}")]
    Gate(String),
    /// The matching room.
    #[error("resolve: {0}")]
    Resolve(String),
    /// A registered interface that is none any more.
    #[error("interface {name}: {why}")]
    Interface {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The end of a day in Japan: the moment up to which a delivery of that day speaks.
#[must_use]
pub fn end_of_day(day: Date) -> Timestamp {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    day.tomorrow().ok().and_then(|d| d.to_zoned(zone).ok()).map_or(Timestamp::MAX, |z| z.timestamp())
}

/// The day of a timestamp in Japan, on which the Act counts its days.
#[must_use]
pub fn japanese_day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date()
}
