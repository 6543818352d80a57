//! Synthetic persons and regions, written out in the real formats at any size, with the truth kept aside.
//!
//! [`write_region`] makes a region: people in households, their providers, a month of medical receipts and the SS-MIX2
//! storages of hospitals, night by night, signed and with control totals. [`write_bench_corpus`] makes a large corpus
//! of one format; [`lives`] tells the same care without files. All are pure functions of their arguments: the same spec gives the same bytes.
//!
//! **Memory does not grow with the number of persons.** A household is a pure function of (seed, district, index); it is
//! made, written and dropped. People of one district (20,000) only go to providers of that district and the next, so
//! only one district's files are open at a time, and a submission's manifest is closed after
//! [`FILES_PER_SUBMISSION_MAX`] files.
//!
//! This room must never depend on the code under test, never read a clock, and never hold a real person's data.

mod bench;
mod broken;
mod care;
mod claims;
mod clinical;
mod committee;
pub mod formats;
mod lives;
mod masters;
mod municipalities;
mod names;
mod notices;
mod organisation;
mod others;
mod package;
mod people;
mod place;
mod region;
mod registers;
mod rng;
mod seen;
mod ssmix2;
mod storage;
mod truth;
mod uke;

pub use bench::{BenchSummary, write_bench_corpus};
pub use lives::{LifeEvent, LifeEventKind, TwinLife, lives};
pub use names::SURNAME_MARKERS;
pub use notices::NoticeScenario;
pub use package::FILES_PER_SUBMISSION_MAX;
pub use region::write_region;

use jiff::civil::Date;
use serde::Serialize;

/// A kind of error that is put into the data on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// A character of the name in its older form (髙, 﨑, 澤).
    KanjiVariant,
    /// Small kana written large (キヨウ).
    LargeKana,
    /// Half-width kana (半角カナ).
    HalfWidthKana,
    /// No kana name.
    MissingKana,
    /// Two digits of the birth date swapped.
    BirthDigits,
    /// Two digits of the insurer number swapped: the check digit does not hold.
    InsurerDigits,
    /// A receipt that was already claimed comes again in a later file.
    DuplicateReceipt,
    /// A storage file comes again on a later night.
    DuplicateFile,
    /// A prescription or result is corrected on a later night.
    Correction,
    /// A prescription is deleted on a later night.
    Deletion,
}

impl ErrorKind {
    /// Those that stick to a person's entry in a register.
    pub(crate) const SEEN: [Self; 6] = [
        Self::KanjiVariant,
        Self::LargeKana,
        Self::HalfWidthKana,
        Self::MissingKana,
        Self::BirthDigits,
        Self::InsurerDigits,
    ];

    /// The name in `truth/expected.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KanjiVariant => "kanji-variant",
            Self::LargeKana => "large-kana",
            Self::HalfWidthKana => "half-width-kana",
            Self::MissingKana => "missing-kana",
            Self::BirthDigits => "birth-digits",
            Self::InsurerDigits => "insurer-digits",
            Self::DuplicateReceipt => "duplicate-receipt",
            Self::DuplicateFile => "duplicate-file",
            Self::Correction => "correction",
            Self::Deletion => "deletion",
        }
    }
}

/// How often each kind of error occurs, as shares of the entries (or files) it can befall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorRates {
    /// [`ErrorKind::KanjiVariant`].
    pub kanji_variant: f64,
    /// [`ErrorKind::LargeKana`].
    pub large_kana: f64,
    /// [`ErrorKind::HalfWidthKana`].
    pub half_width_kana: f64,
    /// [`ErrorKind::MissingKana`].
    pub missing_kana: f64,
    /// [`ErrorKind::BirthDigits`].
    pub birth_digits: f64,
    /// [`ErrorKind::InsurerDigits`].
    pub insurer_digits: f64,
    /// [`ErrorKind::DuplicateReceipt`].
    pub duplicate_receipt: f64,
    /// [`ErrorKind::DuplicateFile`].
    pub duplicate_file: f64,
    /// [`ErrorKind::Correction`].
    pub correction: f64,
    /// [`ErrorKind::Deletion`].
    pub deletion: f64,
}

impl Default for ErrorRates {
    /// Rates of the order reported for Japanese registers.
    fn default() -> Self {
        Self {
            kanji_variant: 0.03,
            large_kana: 0.02,
            half_width_kana: 0.01,
            missing_kana: 0.02,
            birth_digits: 0.002,
            insurer_digits: 0.003,
            duplicate_receipt: 0.002,
            duplicate_file: 0.002,
            correction: 0.02,
            deletion: 0.003,
        }
    }
}

impl ErrorRates {
    /// No errors at all: a clean corpus, in which nothing is corrected, deleted or sent twice either.
    pub const NONE: Self = Self {
        kanji_variant: 0.0,
        large_kana: 0.0,
        half_width_kana: 0.0,
        missing_kana: 0.0,
        birth_digits: 0.0,
        insurer_digits: 0.0,
        duplicate_receipt: 0.0,
        duplicate_file: 0.0,
        correction: 0.0,
        deletion: 0.0,
    };

    /// The rate of a kind.
    #[must_use]
    pub fn of(&self, kind: ErrorKind) -> f64 {
        match kind {
            ErrorKind::KanjiVariant => self.kanji_variant,
            ErrorKind::LargeKana => self.large_kana,
            ErrorKind::HalfWidthKana => self.half_width_kana,
            ErrorKind::MissingKana => self.missing_kana,
            ErrorKind::BirthDigits => self.birth_digits,
            ErrorKind::InsurerDigits => self.insurer_digits,
            ErrorKind::DuplicateReceipt => self.duplicate_receipt,
            ErrorKind::DuplicateFile => self.duplicate_file,
            ErrorKind::Correction => self.correction,
            ErrorKind::Deletion => self.deletion,
        }
    }
}

/// Things that happen once, for a demonstration. Each is listed in `truth/expected.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scenario {
    /// All corrections and deletions come on night 2, instead of on any later night.
    pub correction_night: bool,
    /// The first submission of night 1 comes again, byte for byte, on the night after the second (or the last).
    pub repeated_submission: bool,
    /// On night 2 (or the only one) a receipt file with a wrong GO, a message with an open kanji run and one that
    /// stands under another patient's path.
    pub broken_files: bool,
    /// Of how many persons of each district the other formats tell (dental, dispensing, check-ups, care, …); 0: none.
    pub others: u64,
    /// Who waits for their notice, or has none.
    pub notices: NoticeScenario,
}

impl Scenario {
    /// Everything on.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            correction_night: true,
            repeated_submission: true,
            broken_files: true,
            others: 0,
            notices: NoticeScenario::default(),
        }
    }
}

/// A region to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionSpec {
    /// How many persons live there; 1 or more.
    pub persons: u64,
    /// The seed: the same spec with the same seed gives the same bytes.
    pub seed: u64,
    /// How many nights are delivered; 1 to 366.
    pub nights: u32,
    /// Business date (業務日付) of night 1. Claims are for the month before it.
    pub first_night: Date,
    /// Rates of errors.
    pub errors: ErrorRates,
    /// Special happenings.
    pub scenario: Scenario,
}

/// How far the work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The night being written, from 1.
    pub night: u32,
    /// All nights.
    pub nights: u32,
    /// Persons done in this night.
    pub persons: u64,
    /// All persons.
    pub persons_total: u64,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RegionSummary {
    /// Persons of the region.
    pub persons: u64,
    /// Providers.
    pub providers: u64,
    /// Submissions.
    pub submissions: u64,
    /// Files the manifests list.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Receipts in UKE files.
    pub receipts: u64,
    /// SS-MIX2 messages.
    pub messages: u64,
}

/// Why a corpus could not be written. No path is told: paths may hold chart numbers.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// The spec asks for something that cannot be made.
    #[error("the region cannot be made: {0}")]
    Spec(&'static str),
    /// The disk refused.
    #[error("the corpus cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// A text of ours has a character the encoding lacks; a defect of the tables.
    #[error("a synthetic text cannot be written in {0}")]
    Encoding(&'static str),
    /// A TOML file of ours could not be put together; a defect.
    #[error("a TOML file cannot be put together: {0}")]
    Toml(#[from] toml::ser::Error),
    /// An identifier of ours is not valid; a defect.
    #[error(transparent)]
    Id(#[from] musubi_model::ids::InvalidId),
}
