//! The opt-out gate (提供停止の関門), R-OPT-07 and R-RCV-03/04: whoever asked to stop is not taken in.
//!
//! Two gates: [`OptOutGate::verdict`] before anything of a unit is stored, by tokens; [`second_gate`] after linkage, by
//! person. It fails closed: a book that cannot be read, or that holds what this program does not understand, is an
//! error, and then nothing may be admitted. It must never make a token or open one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use musubi_model::ids::{IdentityId, ProviderId, ResearchId};
use musubi_model::matching::{Described, Guard, Token, TokenKind};
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::compliance::{OptOutLedger, OptOutRow};

use crate::parameters::word;

/// What the gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No opt-out covers the unit.
    Admit,
    /// An opt-out covers it: nothing of it may be stored.
    Exclude,
}

/// Which providers an opt-out stops (停止の範囲).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every provider.
    All,
    /// One provider.
    Provider(ProviderId),
}

impl Scope {
    /// Does it reach this provider?
    #[must_use]
    pub fn covers(&self, provider: &ProviderId) -> bool {
        match self {
            Self::All => true,
            Self::Provider(only) => only == provider,
        }
    }
}

/// Why there is no gate; data must stop.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The book could not be read.
    #[error("the opt-out gate is shut: the opt-outs cannot be read")]
    Unreadable(#[from] StorageError),
    /// An entry is not understood. Skipping it could let somebody through.
    #[error("the opt-out gate is shut: entry {entry}: {why}")]
    Broken {
        /// The help desk's number of the entry.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The parameters do not say what to match.
    #[error("the opt-out gate is shut: {0}")]
    Parameter(#[from] ParameterError),
}

#[derive(Debug)]
struct Stop {
    kind: TokenKind,
    guard: Option<Guard>,
    scope: Scope,
    from: Date,
    until: Option<Date>,
}

/// The opt-outs in memory, by token.
pub struct OptOutGate {
    stops: HashMap<Vec<u8>, Vec<Stop>>,
    kinds: BTreeSet<TokenKind>,
    /// Entry numbers with the spans in which they hold; for the count in reports.
    entries: BTreeMap<String, Vec<(Date, Option<Date>)>>,
    doubt_keys_min: u64,
}

impl std::fmt::Debug for OptOutGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OptOutGate").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

impl OptOutGate {
    /// Loads the gate. `on` is the day of the run, for the parameters.
    ///
    /// # Errors
    /// Any [`GateError`] means that there is no gate and nothing may be admitted.
    pub fn load(db: &mut impl OptOutLedger, set: &ParameterSet, on: Date) -> Result<Self, GateError> {
        let mut kinds = BTreeSet::new();
        for name in word(set, "optout.match_kinds", on)?.split_whitespace() {
            kinds.insert(TokenKind::read(name).ok_or_else(|| {
                ParameterError::Unreadable("optout.match_kinds: expected local, insured, name".into())
            })?);
        }
        if kinds.is_empty() {
            return Err(ParameterError::Unreadable("optout.match_kinds names no kind".into()).into());
        }
        let doubt_keys_min = set.number("optout.doubt_keys_min", on)?;
        Ok(Self { doubt_keys_min, ..Self::from_rows(db.opt_outs()?, kinds)? })
    }

    /// How many block keys somebody new may not share with whoever asked to stop, without a person looking (G-8).
    #[must_use]
    pub fn doubt_keys_min(&self) -> u64 {
        self.doubt_keys_min
    }

    /// The same gate with what the book says now: an opt-out holds from the moment it is entered.
    pub fn reload(&self, db: &mut impl OptOutLedger) -> Result<Self, GateError> {
        let doubt_keys_min = self.doubt_keys_min;
        Ok(Self { doubt_keys_min, ..Self::from_rows(db.opt_outs()?, self.kinds.clone())? })
    }

    /// Builds the gate from the book's rows.
    ///
    /// # Errors
    /// [`GateError::Broken`] on the first row that is not understood.
    pub fn from_rows(
        rows: impl IntoIterator<Item = OptOutRow>,
        kinds: BTreeSet<TokenKind>,
    ) -> Result<Self, GateError> {
        // Until a parameter says otherwise, one key in common is a doubt.
        let mut gate = Self { stops: HashMap::new(), kinds, entries: BTreeMap::new(), doubt_keys_min: 1 };
        for row in rows {
            let broken = |why| GateError::Broken { entry: row.entry.clone(), why };
            let kind = TokenKind::read(&row.kind).ok_or_else(|| broken("unknown kind of token"))?;
            if row.token.is_empty() {
                return Err(broken("no token"));
            }
            let guard = match (kind, row.guard.as_slice()) {
                (TokenKind::Local, _) => None,
                (_, bytes) => {
                    Some(Guard(bytes.try_into().map_err(|_| broken("no guard of birth date and sex"))?))
                }
            };
            let scope = match row.provider.as_deref() {
                None => Scope::All,
                Some(text) => {
                    Scope::Provider(ProviderId::new(text).map_err(|_| broken("not a provider's number"))?)
                }
            };
            let (from, until) = (row.effective_from, row.withdrawn_on);
            gate.entries.entry(row.entry).or_default().push((from, until));
            gate.stops.entry(row.token).or_default().push(Stop { kind, guard, scope, from, until });
        }
        Ok(gate)
    }

    /// May a unit of `provider` come in on day `on`?
    ///
    /// A local number is enough by itself. Insurance numbers and names count only with an equal `guard` (birth date
    /// and sex). `None` as guard means that the unit lacks one of them: then an equal insurance number excludes, since
    /// nothing shows that it is somebody else, and a name does not.
    #[must_use]
    pub fn verdict(
        &self,
        provider: &ProviderId,
        tokens: &[Token],
        guard: Option<Guard>,
        on: Date,
    ) -> Verdict {
        if self.scope(provider, tokens, guard, on).is_some() { Verdict::Exclude } else { Verdict::Admit }
    }

    /// [`Self::verdict`] for an identity as matching describes it.
    #[must_use]
    pub fn verdict_of(&self, provider: &ProviderId, who: &Described, on: Date) -> Verdict {
        self.verdict(provider, &who.tokens, who.complete.then_some(who.guard), on)
    }

    /// The widest scope of the opt-outs that exclude this unit; `None`: admitted. [`second_gate`] wants to know.
    #[must_use]
    pub fn scope(
        &self,
        provider: &ProviderId,
        tokens: &[Token],
        guard: Option<Guard>,
        on: Date,
    ) -> Option<Scope> {
        tokens
            .iter()
            .filter(|token| self.kinds.contains(&token.kind))
            .flat_map(|token| {
                self.stops
                    .get(&token.value)
                    .into_iter()
                    .flatten()
                    .filter(move |s| s.kind == token.kind && s.speaks_of(guard))
            })
            .filter(|s| holds(s.from, s.until, on) && s.scope.covers(provider))
            .map(|s| s.scope.clone())
            .min()
    }

    /// How many entries hold on day `on`.
    #[must_use]
    pub fn entries_in_force(&self, on: Date) -> u64 {
        let held = self.entries.values().filter(|spans| spans.iter().any(|(f, u)| holds(*f, *u, on)));
        u64::try_from(held.count()).unwrap_or(u64::MAX)
    }
}

impl Stop {
    fn speaks_of(&self, guard: Option<Guard>) -> bool {
        match (self.kind, guard) {
            (TokenKind::Local, _) | (TokenKind::Insured | TokenKind::Care, None) => true,
            (TokenKind::Name, None) => false,
            (_, Some(_)) => self.guard == guard,
        }
    }
}

fn holds(from: Date, until: Option<Date>, on: Date) -> bool {
    from <= on && until.is_none_or(|u| on < u)
}

/// An identity that the first gate excluded, and how far its opt-out reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Which identity.
    pub identity: IdentityId,
    /// How far.
    pub scope: Scope,
}

/// The second gate, after linkage (名寄せ後の関門): of every person one of whose identities is excluded, all identities
/// at the providers that the opt-out covers. The identities of the first gate are always in the answer.
///
/// `members` gives person and provider of each identity, at least of all members of the persons concerned.
#[must_use]
pub fn second_gate(
    excluded: &[Excluded],
    members: &HashMap<IdentityId, (ResearchId, ProviderId)>,
) -> BTreeSet<IdentityId> {
    let mut out: BTreeSet<IdentityId> = excluded.iter().map(|e| e.identity).collect();
    let mut stopped: HashMap<ResearchId, Vec<&Scope>> = HashMap::new();
    for e in excluded {
        if let Some((person, _)) = members.get(&e.identity) {
            stopped.entry(*person).or_default().push(&e.scope);
        }
    }
    out.extend(members.iter().filter_map(|(identity, (person, provider))| {
        stopped.get(person)?.iter().any(|scope| scope.covers(provider)).then_some(*identity)
    }));
    out
}
