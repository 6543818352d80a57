//! Who has to stand aside (除斥・忌避; R-REV-04): computed from where a member belongs and from interests that are in force,
//! against everybody who has a part in the application. It must never be a matter of opinion: whoever is found recused is.

use std::collections::BTreeSet;

use jiff::civil::Date;
use musubi_storage::board_committee::{InterestRow, MemberRow};

use super::quorum::{Seat, sex_of, view_of};

musubi_compliance::word_list! {
    /// Of what kind an interest is.
    InterestKind {
        /// Employed there, or teaching.
        Employment = "employment", "雇用・兼業";
        /// Research money from there.
        Funding = "funding", "研究費";
        /// Advice for money.
        Advisory = "advisory", "顧問・助言";
        /// Shares.
        Equity = "equity", "株式等";
        /// Of the family.
        Family = "family", "家族の関係";
        /// Research together.
        Joint = "joint-research", "共同研究";
    }
}

/// Why somebody has to stand aside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(tag = "ground", rename_all = "kebab-case")]
pub enum Ground {
    /// Belongs to a party of the application.
    Affiliation {
        /// Which.
        party: String,
    },
    /// Has an interest with a party that was in force within the years looked at.
    Interest {
        /// Its number.
        id: i64,
        /// Its kind.
        kind: String,
        /// Which party.
        party: String,
    },
    /// Is in the applicant's team.
    Team,
    /// Declared a conflict for the case.
    Declared,
    /// The term does not cover the day.
    Term,
}

impl Ground {
    /// In Japanese, without naming anybody.
    #[must_use]
    pub fn ja(&self) -> &'static str {
        match self {
            Self::Affiliation { .. } => "申出に関わる機関に所属",
            Self::Interest { .. } => "申出に関わる機関との利害関係",
            Self::Team => "申出の研究者",
            Self::Declared => "本人の申告",
            Self::Term => "任期外",
        }
    }
}

/// Everybody who has a part in an application: names and ids, in any writing.
#[derive(Debug, Clone, Default)]
pub struct Parties {
    parties: BTreeSet<String>,
    team: BTreeSet<String>,
}

/// A name without what does not tell organisations apart: width, case, spaces, the form of a company.
fn plain(name: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        0xFF01..=0xFF5E => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    };
    let text: String = name.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    ["株式会社", "(株)", "国立大学法人", "学校法人", "一般社団法人", "公益財団法人"]
        .iter()
        .fold(text.to_lowercase(), |text, form| text.replace(form, ""))
}

impl Parties {
    /// Of the organisations (ids and names) and the accounts of the team.
    #[must_use]
    pub fn new<'a>(
        parties: impl IntoIterator<Item = &'a str>,
        team: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let set = |names: &mut dyn Iterator<Item = &'a str>| -> BTreeSet<String> {
            names.map(plain).filter(|n| !n.is_empty()).collect()
        };
        Self { parties: set(&mut parties.into_iter()), team: set(&mut team.into_iter()) }
    }

    fn has(&self, name: &str) -> bool {
        self.parties.contains(&plain(name))
    }
}

/// How long after its end an interest still counts.
#[derive(Debug, Clone, Copy)]
pub struct Looked {
    /// The day of the review.
    pub on: Date,
    /// Interests that ended before this day do not count.
    pub back_to: Date,
}

/// Why a member has to stand aside; nothing: it need not.
#[must_use]
pub fn grounds(
    member: &MemberRow,
    interests: &[InterestRow],
    parties: &Parties,
    declared: bool,
    looked: Looked,
) -> Vec<Ground> {
    let mut found = Vec::new();
    if !(member.from..=member.until).contains(&looked.on) {
        found.push(Ground::Term);
    }
    if parties.has(&member.organisation) {
        found.push(Ground::Affiliation { party: member.organisation.clone() });
    }
    if parties.team.contains(&plain(&member.member)) {
        found.push(Ground::Team);
    }
    let live = |i: &&InterestRow| {
        i.member == member.member
            && i.since <= looked.on
            && i.ended.is_none_or(|ended| ended >= looked.back_to)
            && parties.has(&i.with)
    };
    found.extend(interests.iter().filter(live).map(|i| Ground::Interest {
        id: i.id,
        kind: i.kind.clone(),
        party: i.with.clone(),
    }));
    if declared {
        found.push(Ground::Declared);
    }
    found
}

/// The seat of a member, when its words are understood.
#[must_use]
pub fn seat(row: &MemberRow) -> Option<Seat> {
    Some(Seat {
        member: row.member.clone(),
        view: view_of(&row.view)?,
        sex: sex_of(&row.sex)?,
        outside: row.outside,
    })
}
