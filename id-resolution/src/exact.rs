//! The engine `exact/1`: two complete identities are one person iff they share a key and their birth date and sex
//! agree. No identifier is trusted alone (mpi.md §4.3), hence the guard; nothing is merged on a contradiction.
//!
//! A link depends on its two identities only, and persons are the connected components of links, so that any order and
//! any batching of the same identities gives the same persons as a full rebuild.
//!
//! Known limit: namesakes of one birth date and sex share their name key and are joined, as in the ids that NDB hashes
//! from name, birth date and sex (about 0.2 % of people within 20 million lives). A scoring engine behind the same seam
//! is what mends that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use musubi_model::ids::{IdentityId, ResearchId};
use musubi_model::matching::{
    Conflict, ConflictKind, Decision, DecisionKind, Described, Engine, Guard, Merge, Neighbourhood,
    Resolution, TokenKind,
};

use crate::graph::{Component, Graph, Holder};

/// The engine; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact {
    /// How many contradicting pairs of one key a batch may put before the desk. Beyond it they are counted only: a
    /// placeholder number shared by thousands would fill the queue with its square. Never changes who is joined.
    pub conflicts_per_key_max: usize,
}

impl Default for Exact {
    fn default() -> Self {
        Self { conflicts_per_key_max: 200 }
    }
}

impl Engine for Exact {
    fn name(&self) -> &'static str {
        "exact/1"
    }

    fn contested(&self, known: &Neighbourhood, new: &[Described]) -> BTreeSet<ResearchId> {
        let components = Graph::build(known, new).components();
        components.into_iter().filter(|c| c.persons.len() > 1).flat_map(|c| c.persons).collect()
    }

    fn resolve(
        &self,
        known: &Neighbourhood,
        new: &[Described],
        fresh: &mut dyn FnMut() -> ResearchId,
    ) -> Resolution {
        let graph = Graph::build(known, new);
        let mut out = Resolution::default();
        for component in graph.components() {
            decide(&graph, &component, fresh, &mut out);
        }
        self.conflicts(&graph, &mut out);
        out
    }
}

/// Gives the identities of one component their person.
fn decide(
    graph: &Graph<'_>,
    component: &Component,
    fresh: &mut dyn FnMut() -> ResearchId,
    out: &mut Resolution,
) {
    let survivor = component.persons.iter().copied().min_by_key(|person| survival(graph.known, *person));
    let person = survivor.unwrap_or_else(|| {
        let person = fresh();
        out.persons_new.push(person);
        person
    });
    for (child, parent) in walk(graph, component) {
        let Some(identity_id) = graph.id(child) else { continue };
        let (kind, other, rule) = match parent {
            None => (DecisionKind::New, None, "none".to_owned()),
            Some(parent) => {
                (DecisionKind::Join, graph.id(parent).map(|id| id.0), agreed(graph, child, parent))
            }
        };
        out.members.push((identity_id, person));
        out.decisions.push(Decision { kind, identity_id, research_id: person, other, rule });
    }
    for alias in component.persons.iter().copied().filter(|p| *p != person) {
        out.merges.push(Merge { survivor: person, alias });
        if let Some((identity_id, rule)) = bridge(graph, component, alias) {
            let other = Some(alias.0);
            out.decisions.push(Decision {
                kind: DecisionKind::Merge,
                identity_id,
                research_id: person,
                other,
                rule,
            });
        }
    }
}

/// The least survives: released before unreleased, older before younger (mpi.md §5.5).
fn survival(known: &Neighbourhood, person: ResearchId) -> (bool, i64, ResearchId) {
    let rank = known.ranks.get(&person);
    (rank.is_none_or(|r| !r.released), rank.map_or(i64::MAX, |r| r.born), person)
}

/// The identities of the batch in a component, each with the one it was reached from, breadth first: from the stored
/// identities, or when there are none from the smallest of the batch.
fn walk(graph: &Graph<'_>, component: &Component) -> Vec<(Holder, Option<Holder>)> {
    let places = component.new.iter().copied().map(Holder::New);
    let stored: BTreeSet<Holder> = places
        .clone()
        .flat_map(|holder| graph.groups_of(holder))
        .filter_map(|group| graph.groups.get(*group))
        .flat_map(|group| group.holders.iter().copied().filter(|h| matches!(h, Holder::Stored(_))))
        .collect();
    let mut reached = Vec::with_capacity(component.new.len());
    let mut seen: BTreeSet<Holder> = BTreeSet::new();
    let mut queue: VecDeque<Holder> = VecDeque::new();
    if stored.is_empty() {
        if let Some(root) = places.clone().next() {
            reached.push((root, None));
            seen.insert(root);
            queue.push_back(root);
        }
    } else {
        seen.extend(&stored);
        queue.extend(stored);
    }
    let mut entered: BTreeSet<usize> = BTreeSet::new();
    while let Some(parent) = queue.pop_front() {
        for place in graph.groups_of(parent).iter().filter(|g| entered.insert(**g)) {
            let Some(group) = graph.groups.get(*place) else { continue };
            for child in group.holders.iter().copied().filter(|h| seen.insert(*h)) {
                reached.push((child, Some(parent)));
                queue.push_back(child);
            }
        }
    }
    reached
}

/// The kinds of token two linked identities share.
fn agreed(graph: &Graph<'_>, a: Holder, b: Holder) -> String {
    let theirs = graph.groups_of(b);
    let kinds: BTreeSet<TokenKind> = graph
        .groups_of(a)
        .iter()
        .filter(|g| theirs.contains(g))
        .filter_map(|g| graph.groups.get(*g).map(|group| group.kind))
        .collect();
    kinds.into_iter().map(TokenKind::as_str).collect::<Vec<_>>().join("+")
}

/// The smallest identity of the batch that links to a member of `alias`, and by which keys.
fn bridge(graph: &Graph<'_>, component: &Component, alias: ResearchId) -> Option<(IdentityId, String)> {
    component.new.iter().copied().map(Holder::New).find_map(|holder| {
        let groups = graph.groups_of(holder).iter().filter_map(|g| graph.groups.get(*g));
        let member = groups
            .flat_map(|group| group.holders.iter().copied())
            .filter(|h| graph.person(*h) == Some(alias))
            .min()?;
        Some((graph.id(holder)?, agreed(graph, holder, member)))
    })
}

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

impl Exact {
    fn conflicts(&self, graph: &Graph<'_>, out: &mut Resolution) {
        for (token, holders) in &graph.tokens {
            let classes = classes(graph, holders);
            let (new, stored) =
                classes.iter().fold((0, 0), |(n, s), c| (n + c.new.len(), s + c.stored.len()));
            let contradicting = pairs(new, stored) - classes.iter().map(Class::pairs).sum::<u64>();
            let queued = contradictions(&classes, token.kind).take(self.conflicts_per_key_max);
            let mut count = 0;
            for conflict in queued {
                out.conflicts.insert(conflict);
                count += 1;
            }
            out.conflicts_left_out += contradicting - count;
        }
    }
}

/// Sorts the holders of a token into classes, those with identities of the batch first.
fn classes(graph: &Graph<'_>, holders: &[Holder]) -> Vec<Class> {
    let mut by_guard: BTreeMap<(Option<Guard>, Option<IdentityId>), Class> = BTreeMap::new();
    for holder in holders {
        let Some(id) = graph.id(*holder) else { continue };
        let guard = graph.guard(*holder);
        let class = by_guard.entry((guard, if guard.is_none() { Some(id) } else { None })).or_default();
        class.complete = guard.is_some();
        match holder {
            Holder::New(_) => class.new.push(id),
            Holder::Stored(_) => class.stored.push(id),
        }
    }
    let mut classes: Vec<Class> = by_guard.into_values().collect();
    classes.sort_by_key(|c| c.new.is_empty());
    classes
}

/// All pairs of different classes with at least one of the batch.
fn contradictions(classes: &[Class], kind: TokenKind) -> impl Iterator<Item = Conflict> {
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
