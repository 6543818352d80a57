//! Key contradictions (鍵の食い違い): one number, two birth dates or sexes. Findings for the sender; they decide nothing.
//! Pairs that were joined all the same (a typing error that everything else outweighs) are dropped by the caller.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::ids::IdentityId;
use musubi_model::matching::{
    Conflict, ConflictKind, Contradictions, Described, Guard, Neighbourhood, Token, TokenKind,
};

/// How many contradicting pairs of one key a batch may put before the sender; the rest are counted only. A placeholder
/// number shared by thousands would fill the list with its square.
pub const PAIRS_PER_KEY_MAX: usize = 200;

/// Holders of one token that do not contradict each other: one guard, or one incomplete identity alone.
#[derive(Default)]
struct Class {
    complete: bool,
    new: Vec<IdentityId>,
    stored: Vec<IdentityId>,
}

impl Class {
    /// Pairs inside the class with at least one of the batch.
    fn pairs(&self) -> u64 {
        pairs(self.new.len(), self.stored.len())
    }
}

/// Pairs among `new` and `stored` with at least one new.
fn pairs(new: usize, stored: usize) -> u64 {
    let (new, stored) = (new as u64, stored as u64);
    new * new.saturating_sub(1) / 2 + new * stored
}

/// All contradictions that `new` brings, at most [`PAIRS_PER_KEY_MAX`] for each key.
#[must_use]
pub fn contradictions(known: &Neighbourhood, new: &[Described]) -> Contradictions {
    // (is stored, id): those of the batch first
    let mut holders: BTreeMap<&Token, BTreeSet<(bool, IdentityId)>> = BTreeMap::new();
    let mut guards: BTreeMap<IdentityId, Option<Guard>> = BTreeMap::new();
    for described in new {
        guards.insert(described.identity_id, described.complete.then_some(described.guard));
        for token in &described.tokens {
            holders.entry(token).or_default().insert((false, described.identity_id));
        }
    }
    for (token, id) in &known.postings {
        if let (Some(stored), Some(holders)) = (known.identities.get(id), holders.get_mut(token)) {
            guards.entry(*id).or_insert(stored.complete.then_some(stored.guard));
            holders.insert((true, *id));
        }
    }
    let mut out = Contradictions::default();
    for (token, holders) in holders {
        let classes = classes(&guards, &holders);
        let (new, stored) = classes.iter().fold((0, 0), |(n, s), c| (n + c.new.len(), s + c.stored.len()));
        let all = pairs(new, stored) - classes.iter().map(Class::pairs).sum::<u64>();
        let mut told = 0;
        for conflict in across(&classes, token.kind).take(PAIRS_PER_KEY_MAX) {
            out.pairs.insert(conflict);
            told += 1;
        }
        out.left_out += all - told;
    }
    out
}

/// Sorts the holders of a token into classes, those with identities of the batch first.
fn classes(
    guards: &BTreeMap<IdentityId, Option<Guard>>,
    holders: &BTreeSet<(bool, IdentityId)>,
) -> Vec<Class> {
    let mut by_guard: BTreeMap<(Option<Guard>, Option<IdentityId>), Class> = BTreeMap::new();
    for (stored, id) in holders {
        let guard = guards.get(id).copied().flatten();
        let class = by_guard.entry((guard, if guard.is_none() { Some(*id) } else { None })).or_default();
        class.complete = guard.is_some();
        if *stored { class.stored.push(*id) } else { class.new.push(*id) }
    }
    let mut classes: Vec<Class> = by_guard.into_values().collect();
    classes.sort_by_key(|c| c.new.is_empty());
    classes
}

/// All pairs of different classes with at least one of the batch.
fn across(classes: &[Class], kind: TokenKind) -> impl Iterator<Item = Conflict> {
    // classes with new identities come first, so that no pair of stored ones is ever looked at
    let active = classes.iter().enumerate().take_while(|(_, c)| !c.new.is_empty());
    active.flat_map(move |(place, a)| {
        classes.iter().skip(place + 1).flat_map(move |b| {
            let kind =
                if a.complete && b.complete { ConflictKind::Guard(kind) } else { ConflictKind::Incomplete };
            let fresh = a.new.iter().flat_map(|x| b.new.iter().chain(&b.stored).map(move |y| (*x, *y)));
            let stored = a.stored.iter().flat_map(|x| b.new.iter().map(move |y| (*x, *y)));
            fresh.chain(stored).filter_map(move |(x, y)| Conflict::between(x, y, kind))
        })
    })
}
