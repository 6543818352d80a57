//! The words of matching (名寄せ): what `id-resolution` decides over and what the store keeps of it.
//! Only keys, ids and sealed bytes stand here; a name or a number never does. No rule lives here: see `id-resolution`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;

use crate::ids::{IdentityId, ProviderId, ResearchId};

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

/// A keyed hash of birth date and sex: what an opt-out needs besides a number, and what tells whether two identities
/// with a common number contradict each other.
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
    /// The whole birth date and a sex of male or female are known.
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
}

/// Every stored identity that shares a token with a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Neighbourhood {
    /// The stored identities.
    pub identities: BTreeMap<IdentityId, Neighbour>,
    /// Which of them holds which token of the batch.
    pub postings: Vec<(Token, IdentityId)>,
}

/// An identity as it lies in the store: only who holds the keys can read it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// Which identity.
    pub identity_id: IdentityId,
    /// Who described it.
    pub provider: ProviderId,
    /// Its demographics, sealed under its data key.
    pub sealed: Vec<u8>,
    /// Its data key, wrapped. `None`: destroyed, nobody can read the identity any more.
    pub wrapped: Option<Vec<u8>>,
    /// First and last day on which the source was seen to write it so.
    pub seen: Option<(Date, Date)>,
}

impl fmt::Debug for SealedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedRecord({})", self.identity_id)
    }
}

/// What a person ruled on two identities (人による裁定). Always `a < b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ruled {
    /// The smaller id.
    pub a: IdentityId,
    /// The larger id.
    pub b: IdentityId,
    /// The same person, or not.
    pub same: bool,
}

/// Identities to be decided together: whole components and what is new beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    /// The identities.
    pub records: Vec<SealedRecord>,
    /// Rulings among them that are in force.
    pub rulings: Vec<Ruled>,
    /// Sealed block keys that too many identities hold to say anything.
    pub crowded: BTreeSet<i64>,
}

/// Evidence on a pair: weight and level vector, enough to draw it again under its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// One identity.
    pub a: IdentityId,
    /// The other.
    pub b: IdentityId,
    /// Weight, in the engine's unit.
    pub weight: i32,
    /// Level vector: four bits for each comparison.
    pub levels: u64,
    /// What spoke: a ruling, a rule, the score.
    pub rule: &'static str,
}

/// Identities that are one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Who, ascending.
    pub members: Vec<IdentityId>,
    /// A spanning tree of them.
    pub links: Vec<Evidence>,
    /// Which component of the decided set.
    pub component: u32,
    /// The decision on its component hangs on days: when a member is seen on more days it is made again.
    pub timed: bool,
}

/// Why a pair is put before a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DoubtKind {
    /// Just below the threshold.
    Below,
    /// The pair alone would link, the whole picture speaks against.
    Refused,
    /// Joined by a hair.
    Narrow,
}

impl DoubtKind {
    const ALL: [Self; 3] = [Self::Below, Self::Refused, Self::Narrow];

    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::Refused => "refused",
            Self::Narrow => "narrow",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// A pair that a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Doubtful {
    /// The pair.
    pub evidence: Evidence,
    /// Why.
    pub doubt: DoubtKind,
    /// Expected harm in millionths of a misplaced record.
    pub harm: u64,
}

/// Who is who in a closed set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Persons. Every readable identity is in exactly one.
    pub clusters: Vec<Cluster>,
    /// Pairs for the review queue.
    pub doubtful: Vec<Doubtful>,
    /// Identities with nothing to match on.
    pub unlinkable: u64,
}

/// To whom an identity belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Membership {
    /// Its person.
    pub person: ResearchId,
    /// The research id it was last given by anything but a merge: what it goes back to when the merge is undone.
    pub origin: ResearchId,
}

/// What the store knows of the identities of a [`Verdict`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// Membership of those that are not new.
    pub members: BTreeMap<IdentityId, Membership>,
    /// Place in the order of births of contested research ids: lower is older.
    pub born: BTreeMap<ResearchId, i64>,
    /// Where those of them lead that are aliases.
    pub leads: BTreeMap<ResearchId, ResearchId>,
    /// In how many cohorts of releases an identity stands; those in none are absent.
    pub released: BTreeMap<IdentityId, u64>,
    /// Who was whom before the ruling that is being undone, as far as those persons are still in the books; else empty.
    pub recalled: BTreeMap<IdentityId, ResearchId>,
}

/// What a decision did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionKind {
    /// The identity begins a person.
    New,
    /// The identity joins a person.
    Join,
    /// A research id became an alias: all who still belong to it move.
    Merge,
    /// The identity leaves its person for a new one.
    Split,
    /// The identity leaves its person for another.
    Move,
    /// The identity leaves its person for the research id it had before a merge.
    Revive,
    /// A person ruled on two identities; what it changed stands in lines of its own.
    Ruling,
}

impl DecisionKind {
    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Join => "join",
            Self::Merge => "merge",
            Self::Split => "split",
            Self::Move => "move",
            Self::Revive => "revive",
            Self::Ruling => "ruling",
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
    /// Merge: the research id that became an alias. Split, move, revive: the person it left.
    pub former: Option<ResearchId>,
    /// The strongest evidence: the other identity, weight and levels.
    pub evidence: Option<Evidence>,
    /// What spoke, e.g. `rule:local`; `none` for a new person.
    pub rule: &'static str,
}

/// A research id that leads to another from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replaced {
    /// Is, or becomes, an alias; never used again but when the merge is undone.
    pub alias: ResearchId,
    /// Where it leads: a person that is active.
    pub by: ResearchId,
    /// Its members went to more than one person.
    pub split: bool,
}

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// New identities, and known ones that change their person otherwise than by [`Self::replaced`].
    pub members: Vec<(IdentityId, Membership)>,
    /// Persons begun here.
    pub persons_new: Vec<ResearchId>,
    /// Aliases that are persons again.
    pub revived: Vec<ResearchId>,
    /// Aliases: whoever still belongs to them moves.
    pub replaced: Vec<Replaced>,
    /// What to append to the log, in order.
    pub decisions: Vec<Decision>,
}

/// Why two identities with a common key contradict each other.
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

/// Key contradictions that a batch brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contradictions {
    /// Pairs that hold one key and cannot both be right.
    pub pairs: BTreeSet<Conflict>,
    /// Pairs that were only counted because their key is crowded.
    pub left_out: u64,
}

/// The engine cannot read what is stored; in words that name nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub &'static str);

/// An engine of matching: block keys → a closed set → who is who → which research ids. It holds the keys that open
/// what the store keeps; the store holds the lock and the rows. Pure: the same input gives the same answer, and any
/// batching of the same identities gives the same persons.
pub trait Engine {
    /// Name and version of the program, recorded with every decision, e.g. `mpi/1`.
    fn name(&self) -> &str;

    /// Name and version of the model, recorded likewise.
    fn model(&self) -> &str;

    /// How many identities may hold a block key before it says nothing any more.
    fn crowd_max(&self) -> u32;

    /// How many pairs may be put before people, in a million identities.
    fn review_per_million(&self) -> u32;

    /// The sealed block keys of each record, ascending, without repeats; none when it cannot be read.
    ///
    /// # Errors
    /// A key that does not open what it should.
    fn keys(&self, records: &[SealedRecord]) -> Result<Vec<Vec<i64>>, Unreadable>;

    /// Who is who. Records that nobody can read any more stand in no cluster.
    ///
    /// # Errors
    /// A key that does not open what it should.
    fn decide(&self, closed: &Closed) -> Result<Verdict, Unreadable>;

    /// Gives every cluster its research id. `fresh` holds at least one random id for each cluster.
    fn assign(&self, clusters: &[Cluster], before: &Before, fresh: &[ResearchId]) -> Resolution;

    /// Keys of `new` that contradict what else is known.
    fn contradictions(&self, known: &Neighbourhood, new: &[Described]) -> Contradictions;
}
