//! Whether enough are there (定足数; R-REV-04): members, all three views, both sexes, members from outside – counted after
//! whoever has to stand aside has done so, never before.

use std::collections::{BTreeMap, BTreeSet};

use musubi_compliance::checks::evidence::{Sex, View};

/// A member who may be counted: not recused, and on a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The account.
    pub member: String,
    /// The view it brings.
    pub view: View,
    /// Sex.
    pub sex: Sex,
    /// From outside the operator?
    pub outside: bool,
}

/// How a committee must be made up (parameters).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Members at least.
    pub members: u64,
    /// Of them from outside at least.
    pub outside: u64,
}

musubi_compliance::word_list! {
    /// What a quorum lacks.
    Lack {
        /// Members.
        Members = "members", "人数";
        /// Natural science or medicine.
        NaturalScience = "natural-science", "医学・自然科学の委員";
        /// Humanities or law.
        Humanities = "humanities", "人文・社会科学(倫理・法律)の委員";
        /// The general public's view.
        Public = "public", "一般の立場の委員";
        /// Both sexes.
        Sexes = "sexes", "両性";
        /// Members from outside.
        Outside = "outside", "外部委員";
    }
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Members.
    pub members: u64,
    /// By view, by their stored words.
    pub views: BTreeMap<&'static str, u64>,
    /// From outside.
    pub outside: u64,
    /// What is missing; nothing: there is a quorum.
    pub lacks: Vec<Lack>,
}

impl Count {
    /// Is there a quorum?
    #[must_use]
    pub fn holds(&self) -> bool {
        self.lacks.is_empty()
    }
}

/// The stored word of a view.
#[must_use]
pub fn view_word(view: View) -> &'static str {
    match view {
        View::NaturalScience => "natural-science",
        View::Humanities => "humanities",
        View::Public => "public",
    }
}

/// The Japanese word of a view.
#[must_use]
pub fn view_ja(view: View) -> &'static str {
    match view {
        View::NaturalScience => "医学・自然科学",
        View::Humanities => "人文・社会科学",
        View::Public => "一般の立場",
    }
}

/// The view of a stored word.
#[must_use]
pub fn view_of(word: &str) -> Option<View> {
    [View::NaturalScience, View::Humanities, View::Public].into_iter().find(|v| view_word(*v) == word)
}

/// The stored word of a sex.
#[must_use]
pub fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "female",
        Sex::Male => "male",
    }
}

/// The sex of a stored word.
#[must_use]
pub fn sex_of(word: &str) -> Option<Sex> {
    [Sex::Female, Sex::Male].into_iter().find(|s| sex_word(*s) == word)
}

/// Counts those who are there and need not stand aside. One account counts once.
#[must_use]
pub fn count(seats: &[Seat], rule: Rule) -> Count {
    let once: BTreeMap<&str, &Seat> = seats.iter().map(|s| (s.member.as_str(), s)).collect();
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let of = |view: View| number(once.values().filter(|s| s.view == view).count());
    let sexes: BTreeSet<Sex> = once.values().map(|s| s.sex).collect();
    let (members, outside) = (number(once.len()), number(once.values().filter(|s| s.outside).count()));
    let mut lacks = Vec::new();
    let mut want = |met: bool, lack: Lack| {
        if !met {
            lacks.push(lack);
        }
    };
    want(members >= rule.members, Lack::Members);
    want(of(View::NaturalScience) > 0, Lack::NaturalScience);
    want(of(View::Humanities) > 0, Lack::Humanities);
    want(of(View::Public) > 0, Lack::Public);
    want(sexes.len() == 2, Lack::Sexes);
    want(outside >= rule.outside, Lack::Outside);
    let views = [View::NaturalScience, View::Humanities, View::Public].map(|v| (view_word(v), of(v)));
    Count { members, views: views.into(), outside, lacks }
}
