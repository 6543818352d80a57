//! The words of matching (名寄せ): what `id-resolution` decides over and what the store keeps of it.
//! Only keys and ids stand here; a name or a number never does. No rule lives here: see `id-resolution`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::ids::{IdentityId, ResearchId};

/// Which key of an identity a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// Chart number at one provider (患者番号).
    Local,
    /// Insurer, symbol, number and branch (被保険者番号・枝番).
    Insured,
    /// Name in kana with birth date and sex.
    Name,
    /// Insurer and number of long-term care (介護保険被保険者番号).
    Care,
}

impl TokenKind {
    /// All kinds, in the order in which rules name them.
    pub const ALL: [Self; 4] = [Self::Local, Self::Insured, Self::Name, Self::Care];

    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Insured => "insured",
            Self::Name => "name",
            Self::Care => "care",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// A deterministic sealed key: equal keys of the same kind give equal tokens. `Debug` hides the value, which the
/// holder of the token key can open.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// Which key.
    pub kind: TokenKind,
    /// The sealed key.
    pub value: Vec<u8>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, ‹非表示›)", self.kind.as_str())
    }
}

/// A keyed hash of birth date and sex. Identities with a common token may join only when their guards are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard(pub [u8; 16]);

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard(‹非表示›)")
    }
}

/// A source identity as matching sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Which identity.
    pub identity_id: IdentityId,
    /// The whole birth date and a sex of male or female are known. Others never link.
    pub complete: bool,
    /// Guard; of an incomplete identity it guards nothing.
    pub guard: Guard,
    /// Its keys, at most one of each kind, in the order of kinds.
    pub tokens: Vec<Token>,
}

/// A stored identity that shares a token with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// See [`Described::complete`].
    pub complete: bool,
    /// See [`Described::guard`].
    pub guard: Guard,
    /// The person it belongs to now.
    pub research_id: ResearchId,
}

/// Which of several persons keeps its research id when they turn out to be one: the released one, then the older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// Has been in a cohort of a release.
    pub released: bool,
    /// Place in the order of births: lower is older.
    pub born: i64,
}

/// What the store knows around a batch: every stored identity that shares a token with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Neighbourhood {
    /// The stored identities.
    pub identities: BTreeMap<IdentityId, Neighbour>,
    /// Which of them holds which token of the batch.
    pub postings: Vec<(Token, IdentityId)>,
    /// Ranks of the persons that may have to merge; see [`Engine::contested`].
    pub ranks: BTreeMap<ResearchId, Rank>,
}

/// What a decision did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionKind {
    /// The identity begins a person.
    New,
    /// The identity joins a person.
    Join,
    /// The identity showed two persons to be one.
    Merge,
}

impl DecisionKind {
    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Join => "join",
            Self::Merge => "merge",
        }
    }
}

/// One line of the append-only decision log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was done.
    pub kind: DecisionKind,
    /// The identity on which it turned.
    pub identity_id: IdentityId,
    /// The person it belongs to after the decision.
    pub research_id: ResearchId,
    /// Join: the identity joined to. Merge: the research id that became an alias.
    pub other: Option<[u8; 16]>,
    /// Which kinds of token agreed, e.g. `local+insured`; `none` for a new person.
    pub rule: String,
}

/// Two persons that are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Merge {
    /// Keeps its research id.
    pub survivor: ResearchId,
    /// Becomes an alias for ever; all its members move.
    pub alias: ResearchId,
}

/// Why two identities with a common key were kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKind {
    /// A token of this kind agrees, birth date or sex does not.
    Guard(TokenKind),
    /// A token agrees, but one of the two lacks birth date or sex.
    Incomplete,
}

impl ConflictKind {
    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guard(kind) => kind.as_str(),
            Self::Incomplete => "incomplete",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text == "incomplete" { Some(Self::Incomplete) } else { TokenKind::read(text).map(Self::Guard) }
    }
}

/// Two identities that share a key and were not joined: a person has to look. Always `a < b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conflict {
    /// The smaller id.
    pub a: IdentityId,
    /// The larger id.
    pub b: IdentityId,
    /// Why.
    pub kind: ConflictKind,
}

impl Conflict {
    /// The conflict between two identities in whatever order. `None` when they are the same.
    #[must_use]
    pub fn between(x: IdentityId, y: IdentityId, kind: ConflictKind) -> Option<Self> {
        (x != y).then(|| Self { a: x.min(y), b: x.max(y), kind })
    }
}

/// What an engine decided for one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The person of every new identity.
    pub members: Vec<(IdentityId, ResearchId)>,
    /// Persons begun here.
    pub persons_new: Vec<ResearchId>,
    /// Persons that became one. A survivor is never an alias in the same batch.
    pub merges: Vec<Merge>,
    /// Pairs for the desk.
    pub conflicts: BTreeSet<Conflict>,
    /// Pairs that were not queued because their key is crowded.
    pub conflicts_left_out: u64,
    /// What to append to the log, in order.
    pub decisions: Vec<Decision>,
}

/// An engine of matching: candidates (the neighbourhood) → score → decision → log. Pure: the same input gives the
/// same answer, and any batching of the same identities gives the same persons.
pub trait Engine {
    /// Name and version, recorded with every decision, e.g. `exact/1`.
    fn name(&self) -> &str;

    /// The stored persons whose ranks the decision needs: those that the batch shows to be one with another.
    fn contested(&self, known: &Neighbourhood, new: &[Described]) -> BTreeSet<ResearchId>;

    /// Decides for `new`, none of which is stored. `fresh` gives random research ids.
    fn resolve(
        &self,
        known: &Neighbourhood,
        new: &[Described],
        fresh: &mut dyn FnMut() -> ResearchId,
    ) -> Resolution;
}
