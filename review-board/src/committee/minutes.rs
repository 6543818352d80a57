//! The draft of the minutes (議事録案; R-REV-03) and the public summary (議事要旨). Votes stand as numbers; the summary names
//! nobody, no organisation and no interest. Plain text, so that it can be printed and hashed as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;

/// A condition, for the minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionLine {
    /// What is asked.
    pub words: String,
    /// Who verifies it, in Japanese.
    pub verifier: String,
    /// Until when.
    pub due: Date,
    /// Was it closed?
    pub closed: bool,
}

/// A case that was on the agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseLine {
    /// Its number.
    pub application: String,
    /// Its title.
    pub title: String,
    /// The version that was decided on.
    pub version: u32,
    /// Hashes of what the members had before them, by name.
    pub documents: BTreeMap<&'static str, String>,
    /// Who stood aside, and why, in Japanese.
    pub aside: Vec<(String, Vec<String>)>,
    /// Members who counted, by view, in Japanese.
    pub counted: BTreeMap<String, u64>,
    /// Votes by kind, in Japanese; empty: none was taken or it is not closed.
    pub votes: BTreeMap<String, u64>,
    /// What came out, in Japanese; none: not closed.
    pub outcome: Option<String>,
    /// Its conditions, where it was approved under conditions.
    pub conditions: Vec<ConditionLine>,
}

/// A meeting, or an expedited review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Minutes {
    /// Its number.
    pub meeting: String,
    /// The day.
    pub held_on: Date,
    /// How and where, in Japanese.
    pub place: String,
    /// Who was there: account, view in Japanese, from outside.
    pub present: Vec<(String, String, bool)>,
    /// The cases.
    pub cases: Vec<CaseLine>,
}

fn numbers(of: &BTreeMap<String, u64>) -> String {
    of.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join("、")
}

fn case(text: &mut String, nth: usize, case: &CaseLine, public: bool) {
    let mut line = |words: String| {
        let _infallible = writeln!(text, "{words}");
    };
    line(format!("{}. {} {}(第{}版)", nth + 1, case.application, case.title, case.version));
    if public {
        line(format!("   除斥: {} 人", case.aside.len()));
    } else {
        for (name, hash) in &case.documents {
            line(format!("   資料: {name} {hash}"));
        }
        if case.aside.is_empty() {
            line("   除斥: なし".to_owned());
        }
        for (member, why) in &case.aside {
            line(format!("   除斥: {member}({})", why.join("、")));
        }
    }
    if !case.counted.is_empty() {
        line(format!("   審査に加わった委員: {}", numbers(&case.counted)));
    }
    if !case.votes.is_empty() {
        line(format!("   票数: {}", numbers(&case.votes)));
    }
    line(format!("   結論: {}", case.outcome.as_deref().unwrap_or("未決")));
    for (n, c) in case.conditions.iter().enumerate() {
        let closed = if c.closed { "充足" } else { "未充足" };
        line(format!("   条件{}: {}(確認 {}、期限 {}、{closed})", n + 1, c.words, c.verifier, c.due));
    }
}

impl Minutes {
    /// The draft.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "提供審査委員会 議事録(案)\n会議: {}\n開催日: {}\n開催方法・場所: {}\n",
            self.meeting, self.held_on, self.place
        );
        let mut by_view: BTreeMap<String, u64> = BTreeMap::new();
        for (_, view, _) in &self.present {
            *by_view.entry(view.clone()).or_default() += 1;
        }
        let outside = self.present.iter().filter(|(_, _, outside)| *outside).count();
        let _infallible =
            writeln!(text, "出席: {} 人({}、うち外部 {outside})", self.present.len(), numbers(&by_view));
        for (member, view, outside) in &self.present {
            let from = if *outside { "外部" } else { "内部" };
            let _infallible = writeln!(text, "  {member} {view} {from}");
        }
        text.push_str("議事:\n");
        for (nth, one) in self.cases.iter().enumerate() {
            case(&mut text, nth, one, false);
        }
        text
    }

    /// The public summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = format!(
            "提供審査委員会 議事要旨\n開催日: {}\n出席委員: {} 人\n議事:\n",
            self.held_on,
            self.present.len()
        );
        for (nth, one) in self.cases.iter().enumerate() {
            case(&mut text, nth, one, true);
        }
        text
    }
}
