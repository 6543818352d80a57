//! Which identities of a batch belong together and to which stored persons: the working structure of one decision.
//! It is thrown away after each batch; the truth is the decision log.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::ids::{IdentityId, ResearchId};
use musubi_model::matching::{Described, Guard, Neighbourhood, Token, TokenKind};

/// Who holds a token: an identity of the batch by its place, or a stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    /// Place in [`Graph::new`].
    New(usize),
    /// A stored identity.
    Stored(IdentityId),
}

/// Complete identities with one token and one guard in common: these are one person.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) kind: TokenKind,
    /// Sorted.
    pub(crate) holders: Vec<Holder>,
}

/// A batch with what is stored around it.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    /// The batch in the order of identity ids, each once.
    pub(crate) new: Vec<&'a Described>,
    /// Everything stored around it.
    pub(crate) known: &'a Neighbourhood,
    /// Holders of every token of the batch, complete or not.
    pub(crate) tokens: BTreeMap<&'a Token, Vec<Holder>>,
    /// Links.
    pub(crate) groups: Vec<Group>,
    groups_of: BTreeMap<Holder, Vec<usize>>,
}

/// Identities of the batch that are one person, with the stored persons they were found to be.
#[derive(Debug, Default)]
pub(crate) struct Component {
    /// Places in [`Graph::new`], ascending, at least one.
    pub(crate) new: Vec<usize>,
    /// None: a new person. Several: they are one.
    pub(crate) persons: BTreeSet<ResearchId>,
}

impl<'a> Graph<'a> {
    pub(crate) fn build(known: &'a Neighbourhood, new: &'a [Described]) -> Self {
        let by_id: BTreeMap<IdentityId, &Described> = new.iter().map(|d| (d.identity_id, d)).collect();
        let new: Vec<&Described> = by_id.into_values().collect();
        let mut tokens: BTreeMap<&Token, Vec<Holder>> = BTreeMap::new();
        for (place, described) in new.iter().enumerate() {
            for token in &described.tokens {
                tokens.entry(token).or_default().push(Holder::New(place));
            }
        }
        for (token, identity) in &known.postings {
            if known.identities.contains_key(identity)
                && let Some(holders) = tokens.get_mut(token)
            {
                holders.push(Holder::Stored(*identity));
            }
        }
        let mut graph = Self { new, known, tokens, groups: Vec::new(), groups_of: BTreeMap::new() };
        graph.group();
        graph
    }

    fn group(&mut self) {
        let mut tokens = std::mem::take(&mut self.tokens);
        for (token, holders) in &mut tokens {
            holders.sort_unstable();
            holders.dedup();
            let mut by_guard: BTreeMap<Guard, Vec<Holder>> = BTreeMap::new();
            for holder in holders.iter() {
                if let Some(guard) = self.guard(*holder) {
                    by_guard.entry(guard).or_default().push(*holder);
                }
            }
            for (_, holders) in by_guard {
                // what only stored identities share was decided when they came
                if holders.len() < 2 || !holders.iter().any(|h| matches!(h, Holder::New(_))) {
                    continue;
                }
                for holder in &holders {
                    self.groups_of.entry(*holder).or_default().push(self.groups.len());
                }
                self.groups.push(Group { kind: token.kind, holders });
            }
        }
        self.tokens = tokens;
    }

    /// The guard of a complete identity.
    pub(crate) fn guard(&self, holder: Holder) -> Option<Guard> {
        match holder {
            Holder::New(place) => self.new.get(place).filter(|d| d.complete).map(|d| d.guard),
            Holder::Stored(id) => self.known.identities.get(&id).filter(|n| n.complete).map(|n| n.guard),
        }
    }

    /// The id of a holder.
    pub(crate) fn id(&self, holder: Holder) -> Option<IdentityId> {
        match holder {
            Holder::New(place) => self.new.get(place).map(|d| d.identity_id),
            Holder::Stored(id) => Some(id),
        }
    }

    /// The person of a stored holder.
    pub(crate) fn person(&self, holder: Holder) -> Option<ResearchId> {
        match holder {
            Holder::New(_) => None,
            Holder::Stored(id) => self.known.identities.get(&id).map(|n| n.research_id),
        }
    }

    /// The groups of a holder, by place in [`Self::groups`].
    pub(crate) fn groups_of(&self, holder: Holder) -> &[usize] {
        self.groups_of.get(&holder).map_or(&[], Vec::as_slice)
    }

    /// The components, in the order of their smallest identity of the batch.
    pub(crate) fn components(&self) -> Vec<Component> {
        // stored identities stand for their person, so that what joins one member joins them all
        let persons: Vec<ResearchId> = {
            let stored = self.groups_of.keys().filter_map(|h| self.person(*h));
            stored.collect::<BTreeSet<_>>().into_iter().collect()
        };
        let node = |holder: Holder| match holder {
            Holder::New(place) => Some(place),
            Holder::Stored(_) => {
                let person = self.person(holder)?;
                persons.binary_search(&person).ok().map(|p| self.new.len() + p)
            }
        };
        let mut sets = UnionFind::new(self.new.len() + persons.len());
        for group in &self.groups {
            let mut nodes = group.holders.iter().filter_map(|h| node(*h));
            if let Some(first) = nodes.next() {
                nodes.for_each(|other| sets.union(first, other));
            }
        }
        let mut found: BTreeMap<usize, Component> = BTreeMap::new();
        for place in 0..self.new.len() {
            found.entry(sets.find(place)).or_default().new.push(place);
        }
        for (p, person) in persons.iter().enumerate() {
            if let Some(component) = found.get_mut(&sets.find(self.new.len() + p)) {
                component.persons.insert(*person);
            }
        }
        let mut components: Vec<Component> = found.into_values().collect();
        components.sort_by_key(|c| c.new.first().copied());
        components
    }
}

/// Disjoint sets with path halving; the smaller root wins, so that the result does not depend on the order of unions.
#[derive(Debug)]
struct UnionFind(Vec<usize>);

impl UnionFind {
    fn new(nodes: usize) -> Self {
        Self((0..nodes).collect())
    }

    fn parent(&self, node: usize) -> usize {
        self.0.get(node).copied().unwrap_or(node)
    }

    fn find(&mut self, mut node: usize) -> usize {
        loop {
            let parent = self.parent(node);
            if parent == node {
                return node;
            }
            let above = self.parent(parent);
            if let Some(slot) = self.0.get_mut(node) {
                *slot = above;
            }
            node = above;
        }
    }

    fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}
