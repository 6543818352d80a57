//! One module for each group of verbs. Each opens what it needs, does one job, says what happened.

pub mod account;
pub mod ack;
pub mod aftermath;
pub mod anonymize;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod bench_formats;
pub mod bench_gate;
pub mod bench_log;
pub mod bench_pack;
pub mod book;
pub mod books;
pub mod check;
pub mod codes;
pub mod committee;
pub mod delivery;
mod dry_run;
pub mod erasure;
pub mod findings;
pub mod formats;
pub mod gate;
pub mod handover;
pub mod incident;
pub mod inquiry;
pub mod instruction;
pub mod interfaces;
pub mod masters;
pub mod match_;
pub mod model_;
pub mod night;
pub mod notice;
pub mod operation;
pub mod optout;
pub mod organisation;
pub mod output;
pub mod outside;
pub mod package;
pub mod parameter;
mod parameter_preview;
pub mod person;
pub mod policy;
pub mod precheck;
pub mod program;
pub mod refusal;
pub mod register;
pub mod release;
pub mod release_open;
pub mod relink;
pub mod report;
pub mod retention;
pub mod search;
pub mod show;
pub mod synth;
pub mod table_desk;
pub mod tonight;
pub mod trace;
pub mod transfer;
pub mod trust;
pub mod twin;
pub mod verify_source;
pub mod yearly;

/// How a command ended, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// 0: done.
    Done,
    /// 2: what was asked for does not fit what was given; the words have been said.
    Usage,
    /// 3: done, but something was rejected or quarantined, and somebody should look.
    LookAtIt,
    /// 4: a verification failed.
    NotVerified,
}

impl Ending {
    /// The word for the book of runs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Usage => "usage",
            Self::LookAtIt => "look-at-it",
            Self::NotVerified => "not-verified",
        }
    }

    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::LookAtIt => 3,
            Self::NotVerified => 4,
        }
    }
}

/// What was given cannot be used, with what to do: a page tells it to whoever typed it, and nothing is broken.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

impl Unfit {
    /// With these words; never with a person's value.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}
