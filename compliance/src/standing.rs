//! What the help desk tells a person on a day (本人の状況, law: R-INQ-02): for which use each provider's data may be taken in,
//! and why not. Pure; sees days and words only, nothing of the person and nothing clinical.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

word_list! {
    /// Why data of a provider may be used on a day, or may not.
    Because {
        /// Told, and the time to ask for a stop is over.
        Told = "told", "通知済みで、待機期間が過ぎている";
        /// Told, and the time to ask for a stop still runs.
        Waiting = "waiting", "通知済みで、待機期間の途中";
        /// No notice is known.
        NotTold = "not-told", "通知の記録がない";
        /// A stop is in force.
        Stopped = "stopped", "停止の求めが有効";
    }
}

impl Because {
    /// The reason in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Told => "told, and the waiting period is over",
            Self::Waiting => "told, and the waiting period still runs",
            Self::NotTold => "no notice is known",
            Self::Stopped => "a stop is in force",
        }
    }
}

/// A notice that the person had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// By which provider.
    pub provider: String,
    /// When.
    pub on: Date,
    /// The first day on which the waiting period is over.
    pub ripe: Option<Date>,
    /// `anonymized`, `pseudonymized` or `both`.
    pub scope: String,
}

/// A request to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// At which provider; `None`: all.
    pub provider: Option<String>,
    /// First day on which it holds.
    pub from: Date,
    /// First day on which it does not hold any more.
    pub until: Option<Date>,
}

/// For which use the data of a provider may be taken in on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allowance {
    /// The provider.
    pub provider: String,
    /// As anonymised data.
    pub anonymized: bool,
    /// As pseudonymised data.
    pub pseudonymized: bool,
    /// Why: the word of [`Because`].
    pub because: &'static str,
    /// The reason in words.
    pub because_ja: &'static str,
    /// The same in English.
    pub because_en: &'static str,
    /// From which day on, where a waiting period runs.
    pub from: Option<Date>,
}

/// What holds on a day, at every provider that is named anywhere.
#[must_use]
pub fn allowances(held: &[&str], told: &[Told], stops: &[Stop], on: Date) -> Vec<Allowance> {
    let mut providers: BTreeSet<&str> = held.iter().copied().collect();
    providers.extend(told.iter().map(|t| t.provider.as_str()));
    providers.extend(stops.iter().filter_map(|s| s.provider.as_deref()));
    providers.into_iter().map(|provider| at(provider, told, stops, on)).collect()
}

fn at(provider: &str, told: &[Told], stops: &[Stop], on: Date) -> Allowance {
    let stopped = stops.iter().any(|s| {
        s.provider.as_deref().is_none_or(|p| p == provider) && s.from <= on && s.until.is_none_or(|u| u > on)
    });
    let own: Vec<&Told> = told.iter().filter(|t| t.provider == provider && t.on <= on).collect();
    let is_ripe = |t: &Told| t.ripe.is_some_and(|day| day <= on);
    let ripe: Vec<&Told> = own.iter().copied().filter(|t| is_ripe(t)).collect();
    let because = match (stopped, own.is_empty(), ripe.is_empty()) {
        (true, ..) => Because::Stopped,
        (_, true, _) => Because::NotTold,
        (.., true) => Because::Waiting,
        _ => Because::Told,
    };
    let may =
        |scope: &str| because == Because::Told && ripe.iter().any(|t| t.scope == "both" || t.scope == scope);
    Allowance {
        provider: provider.to_owned(),
        anonymized: may("anonymized"),
        pseudonymized: may("pseudonymized"),
        because: because.as_str(),
        because_ja: because.ja(),
        because_en: because.en(),
        from: if because == Because::Waiting { own.iter().filter_map(|t| t.ripe).min() } else { None },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: i16) -> Date {
        Date::constant(2026, 4, 1).saturating_add(jiff::Span::new().days(n))
    }

    fn told(n: i16, scope: &str) -> Told {
        Told { provider: "9910000001".into(), on: day(n), ripe: Some(day(n + 31)), scope: scope.into() }
    }

    #[test]
    fn the_day_after_the_thirtieth_is_the_first() {
        let (held, notices) = (["9910000001"], [told(0, "anonymized")]);
        let on = |n| allowances(&held, &notices, &[], day(n)).remove(0);
        assert_eq!(on(-1).because, "not-told");
        assert_eq!((on(30).because, on(30).from), ("waiting", Some(day(31))));
        assert_eq!((on(31).because, on(31).anonymized, on(31).pseudonymized), ("told", true, false));
    }

    proptest! {
        #[test]
        fn nothing_is_allowed_under_a_stop_or_without_a_ripe_notice(
            notices in prop::collection::vec((0i16..80, prop::sample::select(vec!["anonymized", "pseudonymized", "both"])), 0..4),
            stop in prop::option::of((0i16..80, prop::option::of(0i16..80), any::<bool>())),
            on in 0i16..120,
        ) {
            let told: Vec<Told> = notices.iter().map(|(n, s)| told(*n, s)).collect();
            let stops: Vec<Stop> = stop.iter().map(|(from, until, all)| Stop {
                provider: (!all).then(|| "9910000001".to_owned()), from: day(*from), until: until.map(day),
            }).collect();
            for a in allowances(&["9910000001"], &told, &stops, day(on)) {
                let stopped = stop.is_some_and(|(from, until, _)| from <= on && until.is_none_or(|u| u > on));
                let ripe = notices.iter().any(|(n, _)| n + 31 <= on);
                prop_assert_eq!(a.anonymized || a.pseudonymized, ripe && !stopped);
            }
        }
    }
}
