//! The notice gate (通知の関門): nobody's data come in before they were told, by that provider, long enough ago.
//!
//! [`NoticeGate::judge`] asks before anything of a unit is stored, [`NoticeGate::confirm`] once more after linkage: a
//! notice speaks for records of its own provider only and is never inherited (R-RCV-04). The clock runs from the notice
//! to the provision; days of care do not matter (R-OPT-02). It fails closed: a ledger that is missing, stale or broken
//! admits nobody. This room must never make a token, and a name alone never finds a notice
//! where there is a number.

pub mod book;
pub mod ledger;
pub mod scope;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use musubi_model::fact::FactTable;
use musubi_model::ids::ProviderId;
use musubi_model::matching::{Described, Guard, Token, TokenKind};
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::act::notice::{FilingRow, NoticeBooks, NoticeHit};

use crate::parameters::word;

/// What a sealed birth date of a notice is bound to.
pub const BIRTH_CONTEXT: &[u8] = b"birth date of a guardian's notice/1";

/// Why a unit is held (保留の理由).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldReason {
    /// No ledger of this provider ever came (C-007).
    LedgerMissing,
    /// The provider's ledger is older than the delivery allows (C-007).
    LedgerStale,
    /// The provider's ledgers do not follow from each other (C-007).
    LedgerBroken,
    /// No filing with the ministers is in force (C-003).
    NoFiling,
    /// This provider has not notified the person (C-001).
    NoNotice,
    /// The waiting days are not over (C-002).
    Waiting,
    /// Notified before notifying began, or never seen since (C-010).
    NotSeen,
    /// Under age, and no guardian was told (C-008).
    Minor,
    /// Told through a guardian only, and of age by now (C-009).
    Renotice,
    /// The text of the notice is not known (C-005).
    NoText,
    /// More is delivered than was filed (C-004).
    Items,
    /// Too many persons of the delivery have no notice (C-001).
    Blocked,
    /// Far more persons than in the deliveries before (C-016).
    Growth,
    /// The persons admitted do not fit the persons notified (C-015).
    Balance,
    /// Might be somebody who asked to stop; people decide (G-8).
    Doubt,
}

impl HoldReason {
    /// All of them, the least hopeless last: of several notices of a person, the reason nearest to admission is told.
    pub const ALL: [Self; 15] = [
        Self::LedgerMissing,
        Self::LedgerStale,
        Self::LedgerBroken,
        Self::NoNotice,
        Self::NoFiling,
        Self::NoText,
        Self::NotSeen,
        Self::Minor,
        Self::Renotice,
        Self::Waiting,
        Self::Items,
        Self::Blocked,
        Self::Growth,
        Self::Balance,
        Self::Doubt,
    ];

    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LedgerMissing => "ledger-missing",
            Self::LedgerStale => "ledger-stale",
            Self::LedgerBroken => "ledger-broken",
            Self::NoFiling => "no-filing",
            Self::NoNotice => "no-notice",
            Self::Waiting => "waiting",
            Self::NotSeen => "not-seen",
            Self::Minor => "minor",
            Self::Renotice => "renotice",
            Self::NoText => "no-text",
            Self::Items => "items",
            Self::Blocked => "blocked",
            Self::Growth => "growth",
            Self::Balance => "balance",
            Self::Doubt => "opt-out-doubt",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::LedgerMissing => "通知台帳がない",
            Self::LedgerStale => "通知台帳が古い",
            Self::LedgerBroken => "通知台帳の連鎖が切れている",
            Self::NoFiling => "有効な届出がない",
            Self::NoNotice => "通知がない",
            Self::Waiting => "待機期間中",
            Self::NotSeen => "通知開始後の来院がない",
            Self::Minor => "未成年で保護者への通知がない",
            Self::Renotice => "16歳到達後の本人通知がない",
            Self::NoText => "通知文の版が登録されていない",
            Self::Items => "届出にない項目を含む",
            Self::Blocked => "通知のない人が多く、提出全体を停止",
            Self::Growth => "人数の急増で停止",
            Self::Balance => "通知済み人数と合わず停止",
            Self::Doubt => "停止を求めた人の疑い",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }

    fn hope(self) -> usize {
        Self::ALL.into_iter().position(|r| r == self).unwrap_or(0)
    }
}

/// What happens when somebody who was told through a guardian comes of age (R-OPT-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renotice {
    /// New data wait for a notice to themselves.
    Hold,
    /// Somebody is asked to see to it.
    Task,
    /// Nothing.
    Off,
}

/// The rules in force (parameters `notice.*`, `intake.growth_*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRules {
    /// Waiting days; the day of the notice does not count and the last one must have ended.
    pub wait_days: u16,
    /// Under this age a guardian must be told.
    pub minor_age_years: u16,
    /// What happens when they come of age.
    pub renotice: Renotice,
    /// How old a ledger may be at the end of the delivery's day, hours.
    pub ledger_age_hours: u16,
    /// More persons without a notice than this stop a delivery.
    pub block_persons: u64,
    /// More than this share of its persons, in thousandths, stop a delivery …
    pub block_permille: u64,
    /// … once they are at least so many.
    pub block_from_persons: u64,
    /// A delivery with more than this percentage of the earlier ones' largest is stopped …
    pub growth_percent: u64,
    /// … once it has at least so many persons of a provider …
    pub growth_from_persons: u64,
    /// … where so many earlier deliveries of the feed are looked at.
    pub growth_deliveries: u64,
    /// A record without any number is found by name, birth date and sex, where only one notified person has them.
    pub match_name: bool,
}

impl NoticeRules {
    /// The rules in force on a day.
    pub fn of(set: &ParameterSet, on: Date) -> Result<Self, ParameterError> {
        let small = |name: &str| {
            u16::try_from(set.number(name, on)?)
                .map_err(|_| ParameterError::Unreadable(format!("{name} is larger than {}", u16::MAX)))
        };
        let renotice = match word(set, "notice.renotice_at_16", on)? {
            "hold" => Renotice::Hold,
            "task" => Renotice::Task,
            "off" => Renotice::Off,
            _ => {
                return Err(ParameterError::Unreadable(
                    "notice.renotice_at_16: expected hold, task or off".to_owned(),
                ));
            }
        };
        Ok(Self {
            wait_days: small("notice.wait_days")?,
            minor_age_years: small("notice.minor_age_years")?,
            renotice,
            ledger_age_hours: small("notice.ledger_age_hours")?,
            block_persons: set.number("notice.block_persons", on)?,
            block_permille: set.number("notice.block_permille", on)?,
            block_from_persons: set.number("notice.block_from_persons", on)?,
            growth_percent: set.number("intake.growth_stop_percent", on)?,
            growth_from_persons: set.number("intake.growth_from_persons", on)?,
            growth_deliveries: set.number("intake.growth_deliveries", on)?,
            match_name: match word(set, "notice.match_name", on)? {
                "unique" => true,
                "never" => false,
                _ => {
                    return Err(ParameterError::Unreadable(
                        "notice.match_name: expected unique or never".to_owned(),
                    ));
                }
            },
        })
    }

    /// Must a delivery be stopped in which `without` of `persons` persons have no notice? (C-001)
    #[must_use]
    pub fn blocks(&self, without: u64, persons: u64) -> bool {
        without > self.block_persons
            || (without >= self.block_from_persons.max(1)
                && u128::from(without) * 1000 > u128::from(self.block_permille) * u128::from(persons))
    }

    /// Are so many persons of a provider abnormal after deliveries of at most `before`? (C-016)
    #[must_use]
    pub fn grows(&self, admitted: u64, before: Option<u64>) -> bool {
        before.is_some_and(|before| {
            admitted >= self.growth_from_persons
                && u128::from(admitted) * 100 > u128::from(before) * u128::from(self.growth_percent)
        })
    }

    /// The first day on which data may be provided under a notice of this day: the waiting days have ended.
    #[must_use]
    pub fn ripe_on(&self, notified_on: Date) -> Option<Date> {
        notified_on.checked_add((i64::from(self.wait_days) + 1).days()).ok()
    }
}

/// Whole years of age on a day.
#[must_use]
pub fn age_on(birth: Date, on: Date) -> i32 {
    let had = (on.month(), on.day()) >= (birth.month(), birth.day());
    i32::from(on.year()) - i32::from(birth.year()) - i32::from(!had)
}

/// Whose unit comes, as a gate asks.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// Who sends it.
    pub provider: &'a ProviderId,
    /// Its tokens.
    pub tokens: &'a [Token],
    /// Guard of birth date and sex, where both are known.
    pub guard: Option<Guard>,
    /// The insurance card names one person: it gives a branch number.
    pub personal: bool,
    /// Birth date, where it is at hand.
    pub birth: Option<Date>,
}

impl<'a> Claim<'a> {
    /// The claim of an identity as matching describes it.
    #[must_use]
    pub fn of(provider: &'a ProviderId, who: &'a Described, personal: bool, birth: Option<Date>) -> Self {
        Self { provider, tokens: &who.tokens, guard: who.complete.then_some(who.guard), personal, birth }
    }

    fn token(&self, kind: TokenKind) -> Option<&'a Token> {
        self.tokens.iter().find(|t| t.kind == kind)
    }

    /// The same for all units of one person at one provider: of the strongest number they are known by.
    #[must_use]
    pub fn subject(&self) -> [u8; 16] {
        subject(self.tokens, self.guard)
    }
}

/// See [`Claim::subject`]. A chart number, a care number or a card stands for a person; the card together with birth date
/// and sex, since families share one.
#[must_use]
pub fn subject(tokens: &[Token], guard: Option<Guard>) -> [u8; 16] {
    let order = [TokenKind::Local, TokenKind::Insured, TokenKind::Care, TokenKind::Name];
    let strongest = order.iter().find_map(|kind| tokens.iter().find(|t| t.kind == *kind));
    let mut hasher = blake3::Hasher::new_derive_key("musubi 2026 subject of a notice");
    if let Some(token) = strongest {
        hasher.update(token.kind.as_str().as_bytes()).update(b"\0").update(&token.value);
    }
    if strongest.is_none_or(|t| t.kind == TokenKind::Insured)
        && let Some(guard) = guard
    {
        hasher.update(&guard.0);
    }
    let mut out = [0; 16];
    hasher.finalize_xof().fill(&mut out);
    out
}

/// What the gate says of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling<'g> {
    /// It may come in, under this notice, with what the notice's text names.
    Admit {
        /// The notice.
        notice: u64,
        /// Whose notice: the same for all notices of one person at this provider.
        subject: [u8; 16],
        /// What may come in.
        items: &'g BTreeSet<FactTable>,
    },
    /// It waits.
    Hold(HoldReason, Option<Date>),
}

/// Why there is no gate; data must stop.
#[derive(Debug, thiserror::Error)]
pub enum NoticeGateError {
    /// The books could not be read.
    #[error("the notice gate is shut: the books of notices cannot be read")]
    Unreadable(#[from] StorageError),
    /// An entry is not understood.
    #[error("the notice gate is shut: {0}")]
    Broken(String),
}

/// A provider's books in memory, without persons.
struct Books {
    shut: Option<HoldReason>,
    programme_start: Date,
    filings: Vec<FilingRow>,
    texts: BTreeMap<String, BTreeSet<FactTable>>,
}

/// The gate for the providers of one delivery.
pub struct NoticeGate {
    rules: NoticeRules,
    on: Date,
    books: BTreeMap<ProviderId, Books>,
}

impl std::fmt::Debug for NoticeGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoticeGate").field("on", &self.on).field("providers", &self.books.len()).finish()
    }
}

/// Notices found for the tokens of a batch.
pub struct Found {
    by_token: HashMap<Vec<u8>, Vec<NoticeHit>>,
}

impl NoticeGate {
    /// Opens the gate for a delivery: `on` is the day of provision in Japan, `cutoff` the moment up to which the delivery
    /// speaks, before which ledgers may be [`NoticeRules::ledger_age_hours`] old.
    ///
    /// # Errors
    /// Any [`NoticeGateError`] means that there is no gate and nothing may be admitted.
    pub fn open(
        db: &mut impl NoticeBooks,
        rules: &NoticeRules,
        on: Date,
        cutoff: Timestamp,
        providers: &BTreeSet<ProviderId>,
    ) -> Result<Self, NoticeGateError> {
        let names: Vec<&str> = providers.iter().map(ProviderId::as_str).collect();
        let ledgers = db.notice_ledgers(&names)?;
        let (texts, filings) = (db.notice_templates(&names)?, db.filings(&names)?);
        let oldest = cutoff
            .checked_sub(i64::from(rules.ledger_age_hours).hours())
            .map_err(|_| NoticeGateError::Broken("a cut-off outside of time".to_owned()))?;
        let mut books = BTreeMap::new();
        for provider in providers {
            let own: Vec<_> = ledgers.iter().filter(|l| l.provider == provider.as_str()).collect();
            let shut = match own.last() {
                None => Some(HoldReason::LedgerMissing),
                Some(_) if !book::chain_holds(&own) => Some(HoldReason::LedgerBroken),
                Some(_) if own.iter().all(|l| l.exported_at < oldest) => Some(HoldReason::LedgerStale),
                Some(_) => None,
            };
            let mut known = BTreeMap::new();
            for text in texts.iter().filter(|t| t.provider == provider.as_str()) {
                known.insert(text.version.clone(), items(&text.items)?);
            }
            books.insert(
                provider.clone(),
                Books {
                    shut,
                    programme_start: own.last().map_or(Date::MAX, |l| l.programme_start),
                    filings: filings.iter().filter(|f| f.provider == provider.as_str()).cloned().collect(),
                    texts: known,
                },
            );
        }
        Ok(Self { rules: rules.clone(), on, books })
    }

    /// Looks up the notices of a batch of claims.
    pub fn find<'c>(
        &self,
        db: &mut impl NoticeBooks,
        claims: impl IntoIterator<Item = Claim<'c>>,
    ) -> Result<Found, NoticeGateError> {
        let mut tokens: Vec<&[u8]> = claims
            .into_iter()
            .filter(|c| self.books.get(c.provider).is_some_and(|b| b.shut.is_none()))
            .flat_map(|c| c.tokens.iter().map(|t| t.value.as_slice()))
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        let mut by_token: HashMap<Vec<u8>, Vec<NoticeHit>> = HashMap::new();
        if !tokens.is_empty() {
            for hit in db.notices_by_token(&tokens)? {
                by_token.entry(hit.token.clone()).or_default().push(hit);
            }
        }
        Ok(Found { by_token })
    }

    /// May this unit come in? Of several notices of a person the newest that admits counts: a new text does not take
    /// back what an older notice allowed.
    #[must_use]
    pub fn judge(&self, found: &Found, claim: &Claim<'_>) -> Ruling<'_> {
        let Some(books) = self.books.get(claim.provider) else {
            return Ruling::Hold(HoldReason::LedgerMissing, None);
        };
        if let Some(reason) = books.shut {
            return Ruling::Hold(reason, None);
        }
        let mut best = Ruling::Hold(HoldReason::NoNotice, None);
        let mut of = (Date::MIN, 0);
        for hit in speaking(found, claim, self.rules.match_name) {
            let ruling = self.judge_notice(books, hit, claim);
            let better = match (&best, &ruling) {
                (Ruling::Admit { .. }, Ruling::Admit { .. }) => (hit.notified_on, hit.notice) > of,
                (_, Ruling::Admit { .. }) => true,
                (Ruling::Admit { .. }, Ruling::Hold(..)) => false,
                (Ruling::Hold(a, on_a), Ruling::Hold(b, on_b)) => {
                    b.hope() > a.hope() || (a == b && on_b < on_a)
                }
            };
            if better {
                (best, of) = (ruling, (hit.notified_on, hit.notice));
            }
        }
        best
    }

    fn judge_notice<'g>(&'g self, books: &'g Books, n: &NoticeHit, claim: &Claim<'_>) -> Ruling<'g> {
        let hold = |reason| Ruling::Hold(reason, None);
        let filed = books.filings.iter().any(|f| {
            !f.receipt_no.is_empty()
                && f.filed_on <= n.notified_on
                && f.valid_from <= n.notified_on
                && f.valid_to.is_none_or(|to| self.on <= to)
        });
        if !filed {
            return hold(HoldReason::NoFiling);
        }
        // Paper and screens are handed over at a visit: without one since notifying began, nobody was told.
        let by_post = matches!(n.method.as_str(), "mail" | "email");
        let seen = n.last_visit.is_some_and(|day| day >= books.programme_start);
        if n.notified_on < books.programme_start || !(by_post || seen) {
            return hold(HoldReason::NotSeen);
        }
        if n.minor && n.party == "self" {
            return hold(HoldReason::Minor);
        }
        let of_age =
            || claim.birth.is_none_or(|b| age_on(b, self.on) >= i32::from(self.rules.minor_age_years));
        if self.rules.renotice == Renotice::Hold && n.minor && n.party == "guardian" && of_age() {
            return hold(HoldReason::Renotice);
        }
        let Some(items) = books.texts.get(&n.template) else { return hold(HoldReason::NoText) };
        match self.rules.ripe_on(n.notified_on) {
            Some(ripe) if self.on >= ripe => {
                Ruling::Admit { notice: u64::try_from(n.notice).unwrap_or(0), subject: n.subject, items }
            }
            ripe => Ruling::Hold(HoldReason::Waiting, ripe),
        }
    }

    /// What a provider has filed and may provide on the day of the gate (C-004).
    #[must_use]
    pub fn filed(&self, provider: &ProviderId) -> BTreeSet<FactTable> {
        let on = self.on;
        self.books
            .get(provider)
            .into_iter()
            .flat_map(|b| &b.filings)
            .filter(|f| f.valid_from <= on && f.valid_to.is_none_or(|to| on <= to))
            .flat_map(|f| f.items.iter().filter_map(|i| FactTable::from_name(i)))
            .collect()
    }

    /// Why a provider's books admit nobody, if they do not.
    #[must_use]
    pub fn shut(&self, provider: &ProviderId) -> Option<HoldReason> {
        self.books.get(provider).map_or(Some(HoldReason::LedgerMissing), |b| b.shut)
    }

    /// The second gate, after linkage (C-011): every unit's notice is read again by its number, and must be of the unit's
    /// own provider and carry one of the unit's own tokens. Whatever linkage made of persons plays no part. Says for each
    /// claim whether it holds.
    pub fn confirm(
        &self,
        db: &mut impl NoticeBooks,
        admitted: &[(u64, Claim<'_>)],
    ) -> Result<Vec<bool>, NoticeGateError> {
        let mut wanted: Vec<i64> =
            admitted.iter().map(|(n, _)| i64::try_from(*n).unwrap_or(0)).filter(|n| *n > 0).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut keys: HashMap<u64, (String, Vec<Vec<u8>>)> = HashMap::new();
        if !wanted.is_empty() {
            for (notice, provider, token) in db.notice_keys(&wanted)? {
                let notice = u64::try_from(notice).unwrap_or(0);
                keys.entry(notice).or_insert_with(|| (provider, Vec::new())).1.push(token);
            }
        }
        Ok(admitted
            .iter()
            .map(|(notice, claim)| {
                keys.get(notice).is_some_and(|(provider, tokens)| {
                    provider == claim.provider.as_str()
                        && tokens.iter().any(|t| claim.tokens.iter().any(|own| own.value == *t))
                })
            })
            .collect())
    }
}

/// The notices that speak for a unit. A chart number finds its own notice, and keeps a card from finding another; a care
/// number is one person's wherever it stands. A unit without a chart number, or of a person whom the ledger knows by none,
/// is found by a card with equal birth date and sex that names one person (by its branch number, or with the equal name).
/// A unit without any number, such as a death certificate, is found by name, birth date and sex when `by_name` and only
/// one notified person has them.
fn speaking<'f>(found: &'f Found, claim: &Claim<'_>, by_name: bool) -> Vec<&'f NoticeHit> {
    let hits = |kind: TokenKind| {
        let provider = claim.provider.as_str();
        claim
            .token(kind)
            .and_then(|t| found.by_token.get(&t.value))
            .into_iter()
            .flatten()
            .filter(move |h| h.provider == provider)
    };
    let guarded = |h: &&NoticeHit| claim.guard.is_some_and(|g| h.guard == g.0);
    let charted = claim.token(TokenKind::Local).is_some();
    let mut out: Vec<&NoticeHit> = hits(TokenKind::Local).collect();
    let free = |h: &&NoticeHit| !(charted && h.local);
    let same_name: BTreeSet<i64> = hits(TokenKind::Name).map(|h| h.notice).collect();
    // A care number is one person's; birth date and sex may be missing beside it, but must not differ.
    out.extend(hits(TokenKind::Care).filter(|h| claim.guard.is_none() || guarded(h)));
    out.extend(
        hits(TokenKind::Insured)
            .filter(guarded)
            .filter(free)
            .filter(|h| claim.personal || same_name.contains(&h.notice)),
    );
    if by_name && claim.tokens.iter().all(|t| t.kind == TokenKind::Name) {
        let persons: BTreeSet<[u8; 16]> = hits(TokenKind::Name).map(|h| h.subject).collect();
        if persons.len() == 1 {
            out.extend(hits(TokenKind::Name).filter(guarded));
        }
    }
    out
}

/// Names of fact tables, read.
pub(crate) fn items(names: &[String]) -> Result<BTreeSet<FactTable>, NoticeGateError> {
    names
        .iter()
        .map(|n| {
            FactTable::from_name(n).ok_or_else(|| NoticeGateError::Broken(format!("item {n} is not known")))
        })
        .collect()
}
