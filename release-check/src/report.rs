//! What a check tells (検査報告): which checks ran with which figures, and what was found.
//!
//! It must never hold a value of a person: places are files, row numbers and known names of columns; what was found and
//! expected are counts and words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::rules::{Rule, Severity};

/// No more findings of one rule than this are listed; the others are counted.
pub const LISTED_MAX: usize = 20;

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file, by a name of the layout; empty: the package.
    pub file: String,
    /// Row of the file, from 1 (the header) on.
    pub row: Option<u64>,
    /// Column: a name of the layout, or `#3` for the third when its name is not one.
    pub column: Option<String>,
}

impl Place {
    /// The package as a whole.
    #[must_use]
    pub fn package() -> Self {
        Self::default()
    }

    /// A file.
    #[must_use]
    pub fn file(name: &str) -> Self {
        Self { file: name.to_owned(), ..Self::default() }
    }

    /// A row of it.
    #[must_use]
    pub fn row(mut self, row: usize) -> Self {
        self.row = Some(row as u64);
        self
    }

    /// A column of it.
    #[must_use]
    pub fn column(mut self, name: &str) -> Self {
        self.column = Some(name.to_owned());
        self
    }

    fn told(&self, english: bool) -> String {
        let mut text = self.file.clone();
        if let Some(row) = self.row {
            let _ = if english { write!(text, " row {row}") } else { write!(text, " {row}行目") };
        }
        if let Some(column) = &self.column {
            let _ = if english { write!(text, " column {column}") } else { write!(text, " 列 {column}") };
        }
        text
    }
}

/// A count or a word in a report.
pub(crate) struct Said(String);

macro_rules! said {
    ($($of:ty),*) => {
        $(impl From<$of> for Said {
            fn from(it: $of) -> Self {
                Self(it.to_string())
            }
        })*
    };
}

said!(&str, String, &String, u32, u64, usize, i32, f64);

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// Where.
    pub place: Place,
    /// What was found: a count or a word, never a person's value; may be empty.
    pub found: String,
    /// What was expected: a count or a word; may be empty.
    pub expected: String,
}

/// A check that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its number in the catalogue of checks, `C-036`.
    pub check: &'static str,
    /// What was looked at, in Japanese.
    pub ja: &'static str,
    /// What was looked at, in English.
    pub en: &'static str,
    /// The figure: `117 >= 100`.
    pub figure: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything holds.
    Sound,
    /// Something does not.
    NotSound,
    /// Something could not be read, so nothing is claimed.
    Unreadable,
}

/// The report of one package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The release, as its manifest says.
    pub release_id: String,
    /// The product, as its manifest says.
    pub product: String,
    /// The checks that ran, in their order.
    pub ran: Vec<Ran>,
    /// What was found, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// How often each rule was broken.
    pub counts: BTreeMap<&'static str, u64>,
}

impl Report {
    /// Notes a finding. Only [`LISTED_MAX`] of one rule are kept; all are counted.
    pub(crate) fn find(
        &mut self,
        rule: &'static Rule,
        place: Place,
        found: impl Into<Said>,
        expected: impl Into<Said>,
    ) {
        let count = self.counts.entry(rule.word).or_insert(0);
        *count += 1;
        if *count <= LISTED_MAX as u64 {
            let (found, expected) = (found.into().0, expected.into().0);
            self.findings.push(Finding { rule, place, found, expected });
        }
    }

    /// Notes that a check ran.
    pub(crate) fn ran(
        &mut self,
        check: &'static str,
        ja: &'static str,
        en: &'static str,
        figure: impl Into<Said>,
    ) {
        self.ran.push(Ran { check, ja, en, figure: figure.into().0 });
    }

    /// The worst that was found.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let worst = self.findings.iter().map(|f| f.rule.severity).max();
        match worst {
            Some(Severity::Unreadable) => Outcome::Unreadable,
            Some(Severity::Stop) => Outcome::NotSound,
            Some(Severity::Warn) | None => Outcome::Sound,
        }
    }

    /// May the package leave?
    #[must_use]
    pub fn sound(&self) -> bool {
        self.outcome() == Outcome::Sound
    }

    /// Was this rule broken? By check (`C-036`) or by word (`K_CLASS`).
    #[must_use]
    pub fn names(&self, check_or_word: &str) -> bool {
        self.findings.iter().any(|f| f.rule.check == check_or_word || f.rule.word == check_or_word)
    }

    /// The report for people, in Japanese or English.
    #[must_use]
    pub fn text(&self, english: bool) -> String {
        let say = |ja: &'static str, en: &'static str| if english { en } else { ja };
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{} {} ({})",
            say("独立検査", "Independent check of"),
            if self.release_id.is_empty() { "?" } else { &self.release_id },
            if self.product.is_empty() { "?" } else { &self.product },
        );
        for ran in &self.ran {
            let _ = writeln!(out, "  {}  {}: {}", ran.check, say(ran.ja, ran.en), ran.figure);
        }
        for f in &self.findings {
            let mark = match f.rule.severity {
                Severity::Warn => say("注意", "note"),
                Severity::Stop => say("不可", "STOP"),
                Severity::Unreadable => say("読取不可", "UNREADABLE"),
            };
            let place = f.place.told(english);
            let between = if place.is_empty() { "" } else { " – " };
            let _ = write!(
                out,
                "{mark} {} {}{between}{place}: {}",
                f.rule.check,
                f.rule.word,
                say(f.rule.ja, f.rule.en)
            );
            if !f.found.is_empty() {
                let _ = write!(out, "; {} {}", say("結果", "found"), f.found);
            }
            if !f.expected.is_empty() {
                let _ = write!(out, "; {} {}", say("基準", "expected"), f.expected);
            }
            let _ = writeln!(out, "\n     → {}", say(f.rule.mend_ja, f.rule.mend_en));
        }
        for (word, count) in self.counts.iter().filter(|(_, count)| **count > LISTED_MAX as u64) {
            let more = count - LISTED_MAX as u64;
            let _ = writeln!(out, "  {word}: {} {more}", say("ほか", "and more:"));
        }
        let _ = writeln!(
            out,
            "{}",
            match self.outcome() {
                Outcome::Sound => say(
                    "判定: 適合（検査した範囲で問題はありません）",
                    "Verdict: sound, as far as was checked"
                ),
                Outcome::NotSound =>
                    say("判定: 不適合（提供できません）", "Verdict: NOT sound; it must not leave"),
                Outcome::Unreadable => say(
                    "判定: 判定できません（提供できません）",
                    "Verdict: cannot be read; it must not leave"
                ),
            }
        );
        out
    }

    /// The report for machines: one JSON object.
    #[must_use]
    pub fn json(&self) -> String {
        let findings: Vec<serde_json::Value> = self
            .findings
            .iter()
            .map(|f| {
                serde_json::json!({
                    "check": f.rule.check, "rule": f.rule.word, "severity": f.rule.severity.as_str(),
                    "file": f.place.file, "row": f.place.row, "column": f.place.column,
                    "found": f.found, "expected": f.expected,
                    "en": f.rule.en, "ja": f.rule.ja, "mend_en": f.rule.mend_en, "mend_ja": f.rule.mend_ja,
                })
            })
            .collect();
        let ran: Vec<serde_json::Value> = self
            .ran
            .iter()
            .map(|r| serde_json::json!({ "check": r.check, "en": r.en, "ja": r.ja, "figure": r.figure }))
            .collect();
        let outcome = match self.outcome() {
            Outcome::Sound => "sound",
            Outcome::NotSound => "not_sound",
            Outcome::Unreadable => "unreadable",
        };
        serde_json::json!({
            "layout": "musubi-check/1", "release_id": self.release_id, "product": self.product,
            "outcome": outcome, "ran": ran, "findings": findings, "counts": self.counts,
        })
        .to_string()
    }
}
