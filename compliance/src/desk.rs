//! The help desk (相談窓口): who may ask to stop, by when they get their paper, and what it says (law: R-OPT-05, R-OPT-06).
//!
//! Rules are data: the list of relations, the age and the days are parameters. Nothing here asks for a reason, and nothing
//! here sees who a request is about, but for their age.

use jiff::civil::Date;
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::act::opt_out_request::OptOutRequestRow;
use musubi_storage::keys::{KeyRing, SealKey};

use crate::calendar::{Calendar, CalendarError};
use crate::parameters::word;

/// The product whose releases can be recalled: the operator can still map its rows (R-OPT-09).
pub const RECALLABLE: &str = "pseudonymized";

/// Fixed words on what was released, for the desk to read out (R-OPT-09).
pub const RELEASED_JA: &str = "すでに提供した統計情報・匿名加工医療情報は、どの行がご本人かを調べることが法律で禁じられているため、取り戻すことができません。";
/// The same in English.
pub const RELEASED_EN: &str = "Statistics and anonymised data that were released are not recalled: the law forbids to look for the person in them.";

word_list! {
    /// By which way a request came.
    Way {
        /// Through a provider.
        Provider = "provider", "医療機関等経由";
        /// At the operator's desk.
        Desk = "operator-helpdesk", "相談窓口";
        /// By telephone.
        Phone = "phone", "電話";
        /// On paper.
        Paper = "paper", "書面";
        /// By a form on the web.
        Web = "web", "ウェブ";
    }
}

word_list! {
    /// Whether the person is alive.
    Life {
        /// Alive.
        Living = "living", "存命";
        /// Dead.
        Dead = "dead", "死亡";
    }
}

word_list! {
    /// Whether the person can decide alone.
    Capacity {
        /// Can.
        Able = "able", "本人が判断できる";
        /// Under age.
        Minor = "minor", "未成年";
        /// Cannot.
        Incapable = "incapable", "判断能力を欠く";
    }
}

word_list! {
    /// How it was made sure who asks (本人確認の方法).
    CheckMethod {
        /// A document was shown.
        Document = "document", "本人確認書類の提示";
        /// A copy came by mail.
        MailCopy = "mail-copy", "本人確認書類の写しの郵送";
        /// Called back at a number known before.
        CallBack = "call-back", "登録済みの電話番号への折返し";
        /// The provider knows them.
        ByProvider = "by-provider", "医療機関等による確認";
    }
}

word_list! {
    /// Why a request is refused (受け付けない理由).
    RefusalCode {
        /// Not on the law's list of relations.
        Relation = "relation-not-listed", "法令の続柄に当たらない";
        /// Family may ask after death; before it only as agent.
        FamilyOfLiving = "family-of-living", "本人が存命のため、遺族としては求められない(代理人としては可)";
        /// The dead do not ask.
        OwnDead = "self-dead", "本人が死亡している";
        /// A guardian's office ends with death.
        GuardianOfDead = "guardian-of-dead", "本人が死亡しているため、法定代理人としては求められない";
        /// A guardian of somebody who can decide.
        GuardianOfAble = "guardian-of-able", "本人が判断できるため、法定代理人としては求められない";
        /// Said to be under age, and is not.
        OfAge = "of-age", "本人が未成年の年齢でない";
        /// Said to be under age, and no birth date is known.
        AgeUnknown = "age-unknown", "生年月日がなく、未成年かを確かめられない";
        /// It could not be made sure who asks.
        NotConfirmed = "identity-not-confirmed", "求めた人の本人確認ができない";
    }
}

impl RefusalCode {
    /// The reason in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Relation => "the relation is not on the law's list",
            Self::FamilyOfLiving => "the person is alive: family may ask as an agent only",
            Self::OwnDead => "the person is dead",
            Self::GuardianOfDead => "the person is dead: a guardian's office has ended",
            Self::GuardianOfAble => "the person can decide alone",
            Self::OfAge => "the person is not under age",
            Self::AgeUnknown => "no birth date shows that the person is under age",
            Self::NotConfirmed => "it could not be made sure who asks",
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requester {
    /// The person.
    Own,
    /// A member of the family, by relation.
    Family(String),
    /// The guardian of somebody under age or unable to decide.
    Guardian,
    /// Somebody with a mandate.
    Agent,
}

impl Requester {
    /// The stored word.
    #[must_use]
    pub fn role(&self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Family(_) => "family",
            Self::Guardian => "guardian",
            Self::Agent => "agent",
        }
    }

    /// The relation; empty for others than family.
    #[must_use]
    pub fn relation(&self) -> &str {
        if let Self::Family(relation) = self { relation } else { "" }
    }

    /// Of the stored words.
    #[must_use]
    pub fn of(role: &str, relation: &str) -> Option<Self> {
        match role {
            "self" => Some(Self::Own),
            "family" => Some(Self::Family(relation.to_owned())),
            "guardian" => Some(Self::Guardian),
            "agent" => Some(Self::Agent),
            _ => None,
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(&self) -> &'static str {
        match self {
            Self::Own => "本人",
            Self::Family(_) => "遺族",
            Self::Guardian => "法定代理人",
            Self::Agent => "代理人",
        }
    }
}

impl std::str::FromStr for Requester {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (role, relation) = text.split_once(':').unwrap_or((text, ""));
        // A word of the list, never a name.
        let clean = relation.len() <= 32 && relation.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let family = role == "family";
        match Self::of(role, relation).filter(|_| clean && family != relation.is_empty()) {
            Some(requester) => Ok(requester),
            None => Err("self, family:<relation>, guardian or agent".to_owned()),
        }
    }
}

/// What the rules are on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskRules {
    /// Relations of the law's list (施行令).
    pub relations: Vec<String>,
    /// From this age on nobody is under age.
    pub minor_age: u64,
    /// Somebody else than who takes a request makes sure who asks.
    pub checker_apart: bool,
    /// Business days until the receipt.
    pub receipt_days: u64,
}

impl DeskRules {
    /// Those in force on a day.
    ///
    /// # Errors
    /// When a parameter is missing or not understood: then nothing is registered.
    pub fn in_force(set: &ParameterSet, on: Date) -> Result<Self, ParameterError> {
        let checker_apart = match word(set, "optout.identity_checker", on)? {
            "other" => true,
            "any" => false,
            _ => return Err(ParameterError::Unreadable("optout.identity_checker: other or any".into())),
        };
        Ok(Self {
            relations: word(set, "optout.relations", on)?.split_whitespace().map(str::to_owned).collect(),
            minor_age: set.number("notice.minor_age_years", on)?,
            checker_apart,
            receipt_days: set.number("optout.receipt_business_days", on)?,
        })
    }

    /// The day by which the paper for a request of a day is due.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub fn receipt_due(&self, on: Date, calendar: &Calendar) -> Result<Date, CalendarError> {
        calendar.after(on, self.receipt_days)
    }
}

/// What the rules ask about a request. There is no reason in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Who asks.
    pub requester: &'a Requester,
    /// Is the person alive?
    pub life: Life,
    /// Can the person decide?
    pub capacity: Capacity,
    /// When the person was born.
    pub born: Option<Date>,
    /// Was it made sure who asks?
    pub confirmed: bool,
    /// The day.
    pub on: Date,
}

/// May they ask? Pure.
///
/// # Errors
/// The code of the refusal.
pub fn may_ask(s: &Standing<'_>, rules: &DeskRules) -> Result<(), RefusalCode> {
    if !s.confirmed {
        return Err(RefusalCode::NotConfirmed);
    }
    match (s.requester, s.life) {
        (Requester::Own, Life::Dead) => Err(RefusalCode::OwnDead),
        (Requester::Family(relation), _) if !rules.relations.contains(relation) => Err(RefusalCode::Relation),
        (Requester::Family(_), Life::Living) => Err(RefusalCode::FamilyOfLiving),
        (Requester::Guardian, Life::Dead) => Err(RefusalCode::GuardianOfDead),
        (Requester::Guardian, Life::Living) => match (s.capacity, s.born) {
            (Capacity::Able, _) => Err(RefusalCode::GuardianOfAble),
            (Capacity::Incapable, _) => Ok(()),
            (Capacity::Minor, None) => Err(RefusalCode::AgeUnknown),
            (Capacity::Minor, Some(born)) if age(born, s.on) >= rules.minor_age => Err(RefusalCode::OfAge),
            (Capacity::Minor, Some(_)) => Ok(()),
        },
        (Requester::Own, Life::Living) | (Requester::Family(_), Life::Dead) | (Requester::Agent, _) => Ok(()),
    }
}

/// Full years on a day.
fn age(born: Date, on: Date) -> u64 {
    let before = (on.month(), on.day()) < (born.month(), born.day());
    u64::try_from(on.year() - born.year() - i16::from(before)).unwrap_or(0)
}

/// The paper that is handed over (書面): everything on it stands in the books, so that it can be made again byte for byte.
/// The name is filled in by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// The request.
    pub request: OptOutRequestRow,
    /// The day on it.
    pub issued_on: Date,
}

impl Paper {
    /// Who asked, in words.
    #[must_use]
    pub fn requester_ja(&self) -> &'static str {
        Requester::of(&self.request.requester, "").map_or("", |r| r.ja())
    }

    /// By which way, in words.
    #[must_use]
    pub fn channel_ja(&self) -> &'static str {
        Way::from_name(&self.request.channel).map_or("", Way::ja)
    }
}

/// Context under which the target of a request is sealed.
const TARGET: &[u8] = b"opt-out-target/1";

fn key(ring: &KeyRing) -> SealKey {
    ring.token.derive("musubi opt-out target/1")
}

/// Seals who a request is about, to its number.
///
/// # Errors
/// [`StorageError::Key`].
pub fn seal_target(ring: &KeyRing, entry: &str, plain: &[u8]) -> Result<Vec<u8>, StorageError> {
    key(ring).seal(&[TARGET, entry.as_bytes()], plain)
}

/// Opens what [`seal_target`] sealed.
///
/// # Errors
/// [`StorageError::Key`] when it was sealed to another number or changed.
pub fn open_target(ring: &KeyRing, entry: &str, sealed: &[u8]) -> Result<Vec<u8>, StorageError> {
    Ok(key(ring).open(&[TARGET, entry.as_bytes()], sealed)?.to_vec())
}
