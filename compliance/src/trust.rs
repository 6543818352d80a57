//! When the promises of the house were last proven (信頼の記録): a backup that was restored, a log that was verified and
//! witnessed, checks that were run. Pure: what the books say comes in; what is overdue goes out. A promise that nobody
//! has proven yet is overdue: silence never counts as good.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::Serialize;

use crate::book::japanese_day;

word_list! {
    /// What is proven.
    Proof {
        /// A backup was made.
        Backup = "backup", "バックアップの作成";
        /// A backup was restored on trial, and nothing erased came back.
        RestoreDrill = "restore-drill", "復元訓練";
        /// The whole log was verified.
        LogVerified = "log-verified", "証跡の全件検証";
        /// The log was signed.
        Checkpoint = "checkpoint", "証跡への署名";
        /// Somebody else co-signed it.
        Witness = "witness", "立会人の署名";
        /// People looked through the log.
        LogReview = "log-review", "証跡の点検";
        /// The checks of the Act ran.
        Checks = "checks", "遵守点検";
        /// The gates of matching ran.
        Gates = "gates", "名寄せの関門";
    }
}

impl Proof {
    /// The English word.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Backup => "backup made",
            Self::RestoreDrill => "restore drill",
            Self::LogVerified => "log verified as a whole",
            Self::Checkpoint => "log signed",
            Self::Witness => "co-signed by a witness",
            Self::LogReview => "log reviewed",
            Self::Checks => "checks of the Act",
            Self::Gates => "gates of matching",
        }
    }

    /// How to bring it up to date: words of the command.
    #[must_use]
    pub fn mend(self) -> &'static str {
        match self {
            Self::Backup => "musubi backup make",
            Self::RestoreDrill => "musubi backup restore, musubi backup tried",
            Self::LogVerified => "musubi audit verify",
            Self::Checkpoint => "musubi audit checkpoint",
            Self::Witness => "musubi audit witness, musubi audit accept",
            Self::LogReview => "musubi audit review",
            Self::Checks => "musubi check --act",
            Self::Gates => "musubi gate run",
        }
    }

    /// The parameter that says within how many days it has to be done again.
    #[must_use]
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Backup => "trust.backup_days",
            Self::RestoreDrill => "checks.restore_drill_days",
            Self::LogVerified => "trust.verify_days",
            Self::Checkpoint => "trust.checkpoint_days",
            Self::Witness => "trust.witness_days",
            Self::LogReview => "checks.log_review_days",
            Self::Checks => "trust.checks_days",
            Self::Gates => "trust.gates_days",
        }
    }
}

/// What the books say of one proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When it was last done.
    pub at: Timestamp,
    /// It went well.
    pub well: bool,
    /// On what: a backup, a number of entries.
    pub what: String,
}

/// How a proof stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Done in time, and went well.
    Good,
    /// Its day has passed, or it was never done.
    Overdue,
    /// It was done and did not go well.
    Failed,
}

/// The last day on which it has to be done again; `None` when it was never done.
#[must_use]
pub fn due(seen: Option<&Seen>, within_days: u64) -> Option<Date> {
    let days = Span::new().try_days(i64::try_from(within_days).ok()?).ok()?;
    japanese_day(seen?.at).checked_add(days).ok()
}

/// How it stands today.
#[must_use]
pub fn standing(seen: Option<&Seen>, within_days: u64, today: Date) -> Standing {
    match seen {
        Some(seen) if !seen.well => Standing::Failed,
        _ if due(seen, within_days).is_some_and(|due| today <= due) => Standing::Good,
        _ => Standing::Overdue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(jiff::SignedDuration::from_hours(24 * n)).unwrap_or_default()
    }

    proptest! {
        #[test]
        fn what_was_never_proven_is_overdue_whatever_the_rule(within in 0u64..10_000, today in 1i64..20_000) {
            prop_assert_eq!(standing(None, within, japanese_day(day(today))), Standing::Overdue);
        }

        #[test]
        fn it_is_good_through_its_last_day_and_overdue_on_the_next(at in 1i64..10_000, within in 0i64..1_000) {
            let seen = Seen { at: day(at), well: true, what: String::new() };
            let rule = u64::try_from(within).unwrap_or(0);
            let on = |n| standing(Some(&seen), rule, japanese_day(day(at + n)));
            prop_assert_eq!(on(within), Standing::Good);
            prop_assert_eq!(on(within + 1), Standing::Overdue);
        }

        #[test]
        fn a_trial_that_failed_is_never_good(at in 1i64..10_000, within in 0u64..1_000, later in 0i64..2_000) {
            let seen = Seen { at: day(at), well: false, what: String::new() };
            prop_assert_eq!(standing(Some(&seen), within, japanese_day(day(at + later))), Standing::Failed);
        }
    }
}
