//! The numbers of logging in (パラメータ login.*) and what follows from them: when an account is locked, and when a session
//! ends. Pure. A lock must never end early, and no use may lengthen a session beyond its end.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use musubi_model::parameter::{ParameterError, ParameterSet};

/// The numbers in force on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// So many failures lock an account.
    pub failures: u32,
    /// For so long.
    pub lock: SignedDuration,
    /// The second factor follows the first within this time.
    pub pending: SignedDuration,
    /// A session unused for so long ends.
    pub idle: SignedDuration,
    /// A session ends after so long in any case.
    pub absolute: SignedDuration,
    /// An invitation is open for so long.
    pub invitation: SignedDuration,
    /// A password has at least so many signs.
    pub password_signs: usize,
    /// Memory of one argon2id, in KiB.
    pub memory_kib: u32,
    /// Its passes.
    pub passes: u32,
    /// Its lanes.
    pub lanes: u32,
    /// Codes of so many steps before and after are taken too.
    pub skew_steps: u16,
    /// A certificate of a machine holds at most so long.
    pub certificate: SignedDuration,
    /// Credentials may be issued ready for use: a house of demonstration.
    pub issue_allowed: bool,
}

impl Rules {
    /// Reads the numbers. Whatever is missing or cannot be counted with is an error: nobody comes in then.
    pub fn of(set: &ParameterSet, on: Date) -> Result<Self, ParameterError> {
        Ok(Self {
            failures: number(set, "login.failures", on)?,
            lock: span(set, "login.lock_minutes", 60, on)?,
            pending: span(set, "login.pending_minutes", 60, on)?,
            idle: span(set, "login.idle_minutes", 60, on)?,
            absolute: span(set, "login.absolute_hours", 3_600, on)?,
            invitation: span(set, "login.invitation_hours", 3_600, on)?,
            password_signs: number(set, "login.password_signs", on)?,
            memory_kib: number(set, "login.argon2_memory_kib", on)?,
            passes: number(set, "login.argon2_passes", on)?,
            lanes: number(set, "login.argon2_lanes", on)?,
            skew_steps: number(set, "login.totp_skew_steps", on)?,
            certificate: span(set, "login.certificate_days", 86_400, on)?,
            issue_allowed: set.number("login.issue_allowed", on)? == 1,
        })
    }

    /// Until when so many failures lock an account.
    #[must_use]
    pub fn locked_until(&self, failures: u32, last: Option<Timestamp>) -> Option<Timestamp> {
        (failures >= self.failures).then(|| last.map_or(Timestamp::MAX, |at| later(at, self.lock)))
    }

    /// Whether failures lock an account now.
    #[must_use]
    pub fn locked(&self, failures: u32, last: Option<Timestamp>, now: Timestamp) -> bool {
        self.locked_until(failures, last).is_some_and(|until| now < until)
    }

    /// The count after one more failure; a lock that is over begins a new count.
    #[must_use]
    pub fn one_more(&self, failures: u32) -> u32 {
        if failures >= self.failures { 1 } else { failures.saturating_add(1) }
    }

    /// When a session ends that was last used then.
    #[must_use]
    pub fn alive_until(&self, seen_at: Timestamp, ends_at: Timestamp) -> Timestamp {
        later(seen_at, self.idle).min(ends_at)
    }
}

/// So much later; beyond all clocks: the end of time.
pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// A number that fits its reader.
fn number<T: TryFrom<u64>>(set: &ParameterSet, name: &str, on: Date) -> Result<T, ParameterError> {
    let value = set.number(name, on)?;
    T::try_from(value).map_err(|_| ParameterError::Unreadable(format!("{name}: {value} is too large")))
}

/// A length of time, counted in units of so many seconds.
pub(super) fn span(
    set: &ParameterSet,
    name: &str,
    seconds: i64,
    on: Date,
) -> Result<SignedDuration, ParameterError> {
    let value: i64 = number(set, name, on)?;
    value
        .checked_mul(seconds)
        .map(SignedDuration::from_secs)
        .ok_or_else(|| ParameterError::Unreadable(format!("{name}: {value} is too large")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parameters::parameters;

    fn rules() -> Rules {
        Rules::of(&parameters(None).unwrap(), Date::constant(2026, 4, 1)).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    proptest! {
        /// However attempts fall, no more of them than the limit are let through within the time of one lock.
        #[test]
        fn no_more_guesses_than_the_limit_within_one_lock(gaps in prop::collection::vec(0i64..600, 1..80)) {
            let rules = rules();
            let (mut failures, mut last, mut now) = (0, None, 0);
            let mut let_through: Vec<i64> = Vec::new();
            for gap in gaps {
                now += gap;
                if rules.locked(failures, last, at(now)) {
                    continue;
                }
                failures = rules.one_more(failures);
                last = Some(at(now));
                let_through.push(now);
                // Whatever was let through up to a lock, the next comes only after the lock.
                if failures == rules.failures {
                    let until = at(now).checked_add(rules.lock).unwrap();
                    prop_assert!(rules.locked(failures, last, until.checked_sub(SignedDuration::from_secs(1)).unwrap()));
                    prop_assert!(!rules.locked(failures, last, until));
                }
            }
            let limit = usize::try_from(rules.failures).unwrap();
            for window in let_through.windows(limit + 1) {
                if let [first, .., end] = window {
                    let locks = window.iter().zip(window.iter().skip(1)).any(|(a, b)| b - a >= rules.lock.as_secs());
                    prop_assert!(locks, "{first}..{end}: more than the limit without a lock between");
                }
            }
        }

        /// Using a session never brings its end nearer, and never beyond the absolute end.
        #[test]
        fn the_end_of_a_session_only_moves_on_and_never_beyond_the_last(seen in prop::collection::vec(0i64..200_000, 2..20)) {
            let rules = rules();
            let ends_at = later(at(0), rules.absolute);
            let mut seen = seen;
            seen.sort_unstable();
            let ends: Vec<Timestamp> = seen.iter().map(|s| rules.alive_until(at(*s), ends_at)).collect();
            prop_assert!(ends.is_sorted());
            prop_assert!(ends.iter().all(|end| *end <= ends_at));
        }
    }

    #[test]
    fn a_count_without_a_time_locks_for_ever() {
        let rules = rules();
        assert!(rules.locked(rules.failures, None, at(0)));
        assert!(!rules.locked(rules.failures - 1, Some(at(0)), at(0)));
    }
}
