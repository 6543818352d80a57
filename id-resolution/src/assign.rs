//! Stable research ids (研究用ID): from who was whom and who is whom now to the ids that stay, go and come back.
//!
//! Old persons and new clusters choose each other as in a stable matching, which keeps both rules of mpi.md §5.5 at once
//! and depends on no order:
//!
//! * A cluster prefers the released person, then the older (**merge**: that id survives, the others become aliases).
//! * A person prefers the cluster with most of its released records, then most records, then the smallest identity
//!   (**split**: that part keeps the id, the rest gets a new one).
//!
//! **Undo.** Every identity remembers its origin: the id it was last given by anything but a merge. When a person falls
//! apart and all identities of one origin lie in one part, that part can go back to its old id, and the person itself
//! prefers the parts that have no such way back, and of those the ones it brought itself. So merge and split are inverse: all identities get the ids they had.
//! Where a ruling had made records change sides, origins do not tell enough. So whoever undoes one brings along who was
//! whom before it, and a cluster that holds all of such a person, and nobody else of that time, bears that id again,
//! whatever anybody prefers.
//!
//! An alias whose identities go elsewhere together is led there; an id that was given up is never given to others.
//!
//! Nothing changes without need: a cluster that holds exactly one old person and all of it keeps that id.
//! An alias is only ever led to a person that is active in the end, and becoming active takes its lead away; so leads
//! never form a ring.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::ids::{IdentityId, ResearchId};
use musubi_model::matching::{
    Before, Cluster, Decision, DecisionKind, Evidence, Membership, Replaced, Resolution,
};

/// The part of a person in one cluster.
#[derive(Default)]
struct Part {
    released: u64,
    records: u64,
    /// Some of the records have the person itself as origin.
    native: bool,
    smallest: Option<IdentityId>,
}

/// Gives every cluster its research id; `fresh` holds at least one for each cluster.
#[must_use]
pub fn assign(clusters: &[Cluster], before: &Before, fresh: &[ResearchId]) -> Resolution {
    let mut sorted: Vec<&Cluster> = clusters.iter().collect();
    sorted.sort_by_key(|c| c.members.iter().min().copied());
    let mut work = Work::new(sorted, before);
    work.choose();
    work.name(fresh);
    work.lead();
    work.write();
    work.out
}

struct Work<'a> {
    clusters: Vec<&'a Cluster>,
    before: &'a Before,
    /// Person → cluster → its part there.
    parts: BTreeMap<ResearchId, BTreeMap<usize, Part>>,
    /// Origin → the clusters that hold its identities, and the persons these belonged to.
    origins: BTreeMap<ResearchId, (BTreeSet<usize>, BTreeSet<ResearchId>)>,
    /// Has an identity in a cohort.
    released: BTreeSet<ResearchId>,
    /// Cluster → the person that it was before the ruling that is being undone.
    homes: BTreeMap<usize, ResearchId>,
    /// Cluster → aliases that it can go back to.
    returns: BTreeMap<usize, BTreeSet<ResearchId>>,
    /// Cluster → the person whose id it keeps.
    kept: BTreeMap<usize, ResearchId>,
    /// The id of each cluster.
    ids: Vec<ResearchId>,
    out: Resolution,
}

impl<'a> Work<'a> {
    fn new(clusters: Vec<&'a Cluster>, before: &'a Before) -> Self {
        let mut work = Self {
            clusters,
            before,
            parts: BTreeMap::new(),
            origins: BTreeMap::new(),
            released: BTreeSet::new(),
            homes: BTreeMap::new(),
            returns: BTreeMap::new(),
            kept: BTreeMap::new(),
            ids: Vec::new(),
            out: Resolution::default(),
        };
        for (place, cluster) in work.clusters.iter().enumerate() {
            for id in &cluster.members {
                let Some(was) = before.members.get(id) else { continue };
                let cohorts = before.released.get(id).copied().unwrap_or_default();
                let part = work.parts.entry(was.person).or_default().entry(place).or_default();
                part.released += cohorts;
                part.records += 1;
                part.native |= was.origin == was.person;
                part.smallest = Some(part.smallest.map_or(*id, |s| s.min(*id)));
                let origin = work.origins.entry(was.origin).or_default();
                origin.0.insert(place);
                origin.1.insert(was.person);
                if cohorts > 0 {
                    work.released.extend([was.person, was.origin]);
                }
            }
        }
        for (origin, (places, persons)) in &work.origins {
            let apart = persons.iter().any(|p| p != origin && work.parts.get(p).is_some_and(|q| q.len() > 1));
            if let (true, 1, Some(place)) = (apart, places.len(), places.first()) {
                work.returns.entry(*place).or_default().insert(*origin);
            }
        }
        work.homes = work.homes();
        work
    }

    /// Clusters that are again what a person was. An id in use elsewhere is not taken from there.
    fn homes(&self) -> BTreeMap<usize, ResearchId> {
        let mut places: BTreeMap<ResearchId, BTreeSet<usize>> = BTreeMap::new();
        let mut homes: BTreeMap<usize, BTreeSet<ResearchId>> = BTreeMap::new();
        for (place, cluster) in self.clusters.iter().enumerate() {
            for person in cluster.members.iter().filter_map(|id| self.before.recalled.get(id)) {
                places.entry(*person).or_default().insert(place);
                homes.entry(place).or_default().insert(*person);
            }
        }
        let one = |(place, persons): (usize, BTreeSet<ResearchId>)| {
            let [person] = persons.into_iter().collect::<Vec<_>>().try_into().ok()?;
            let whole = places.get(&person).is_some_and(|p| p.len() == 1);
            let free = self.parts.contains_key(&person) || self.before.leads.contains_key(&person);
            (whole && free).then_some((place, person))
        };
        homes.into_iter().filter_map(one).collect()
    }

    /// The least survives: released before unreleased, older before younger.
    fn rank(&self, id: ResearchId) -> (bool, i64, ResearchId) {
        let born = self.before.born.get(&id).copied().unwrap_or(i64::MAX);
        (!self.released.contains(&id), born, id)
    }

    /// The clusters of a person, the best first.
    fn preferences(&self, person: ResearchId) -> Vec<usize> {
        let Some(parts) = self.parts.get(&person) else { return Vec::new() };
        let mut places: Vec<(&usize, &Part)> = parts.iter().collect();
        places.sort_by_key(|(place, part)| {
            let returns = self.returns.get(*place).is_some_and(|r| {
                r.iter().any(|o| self.origins.get(o).is_some_and(|(_, persons)| persons.contains(&person)))
            });
            let (released, records) = (part.released, part.records);
            (returns, !part.native, std::cmp::Reverse(released), std::cmp::Reverse(records), part.smallest)
        });
        places.into_iter().map(|(place, _)| *place).collect()
    }

    /// Persons ask clusters in the order of their preference; a cluster keeps the best that asked.
    fn choose(&mut self) {
        let settled: BTreeSet<ResearchId> = self.homes.values().copied().collect();
        let of_now = self.homes.iter().filter(|(_, p)| self.parts.contains_key(*p));
        self.kept = of_now.map(|(place, person)| (*place, *person)).collect();
        let mut asking: Vec<(ResearchId, usize)> =
            self.parts.keys().filter(|p| !settled.contains(p)).map(|p| (*p, 0)).collect();
        let preferences: BTreeMap<ResearchId, Vec<usize>> =
            self.parts.keys().map(|p| (*p, self.preferences(*p))).collect();
        let mut turn: BTreeMap<ResearchId, usize> = BTreeMap::new();
        while let Some((person, next)) = asking.pop() {
            turn.insert(person, next);
            let Some(place) = preferences.get(&person).and_then(|p| p.get(next)) else { continue };
            let other = self.kept.get(place).copied();
            let lost = match other {
                _ if self.homes.contains_key(place) => Some(person),
                Some(other) if self.rank(other) < self.rank(person) => Some(person),
                other => {
                    self.kept.insert(*place, person);
                    other
                }
            };
            if let Some(lost) = lost {
                let next = turn.get(&lost).copied().unwrap_or_default() + 1;
                asking.push((lost, next));
            }
        }
    }

    /// Every cluster gets its id: the person that it keeps, the id it goes back to, or a new one.
    fn name(&mut self, fresh: &[ResearchId]) {
        let mut fresh = fresh.iter().copied();
        let mut active: BTreeSet<ResearchId> =
            self.kept.values().chain(self.homes.values()).copied().collect();
        for place in 0..self.clusters.len() {
            let id = self.kept.get(&place).copied().or_else(|| {
                if let Some(home) = self.homes.get(&place) {
                    self.out.revived.push(*home);
                    return Some(*home);
                }
                let returns = self.returns.get(&place)?;
                let back = returns.iter().copied().filter(|o| !active.contains(o));
                // of aliases of aliases the last one that was active
                let back = back.min_by_key(|o| (self.leads_into(*o, returns), self.rank(*o)))?;
                self.out.revived.push(back);
                Some(back)
            });
            let id = id.unwrap_or_else(|| {
                let id = fresh.next().unwrap_or(ResearchId([0; 16]));
                self.out.persons_new.push(id);
                id
            });
            active.insert(id);
            self.ids.push(id);
        }
    }

    /// An id leads, over any steps, to one of `others`.
    fn leads_into(&self, id: ResearchId, others: &BTreeSet<ResearchId>) -> bool {
        // leads form no ring; the count only bounds what damaged data could do
        let chain = std::iter::successors(self.before.leads.get(&id), |at| self.before.leads.get(at));
        chain.take(self.before.leads.len()).any(|at| others.contains(at))
    }

    fn id(&self, place: usize) -> Option<ResearchId> {
        self.ids.get(place).copied()
    }

    /// The one person to whom all identities of an origin go. `None`: they go to several.
    fn target(&self, origin: ResearchId) -> Option<ResearchId> {
        let (places, _) = self.origins.get(&origin)?;
        if places.len() == 1 { places.first().and_then(|p| self.id(*p)) } else { None }
    }

    /// Where ids lead that no cluster bears.
    fn lead(&mut self) {
        let active: BTreeSet<ResearchId> = self.ids.iter().copied().collect();
        let mut replaced = Vec::new();
        for (person, parts) in self.parts.iter().filter(|(p, _)| !active.contains(p)) {
            let home = self.preferences(*person).first().and_then(|place| self.id(*place));
            if let Some(by) = self.target(*person).or(home) {
                replaced.push(Replaced { alias: *person, by, split: parts.len() > 1 });
            }
        }
        for (origin, (_, persons)) in &self.origins {
            // an alias of a person, all of whose identities leave that person together
            if active.contains(origin) || self.parts.contains_key(origin) {
                continue;
            }
            if let Some(by) = self.target(*origin).filter(|by| !persons.contains(by)) {
                replaced.push(Replaced { alias: *origin, by, split: false });
            }
        }
        replaced.sort_unstable();
        self.out.replaced = replaced;
    }

    /// Members and the log. Moves of single identities come first, then aliases, which move whoever is left.
    fn write(&mut self) {
        let active: BTreeSet<ResearchId> = self.ids.iter().copied().collect();
        let begun: BTreeSet<ResearchId> = self.out.persons_new.iter().copied().collect();
        let revived: BTreeSet<ResearchId> = self.out.revived.iter().copied().collect();
        // persons that move as a whole, with the evidence of the first step over to them
        let whole: BTreeSet<ResearchId> =
            self.out.replaced.iter().filter(|r| !r.split).map(|r| r.alias).collect();
        let mut bridges: BTreeMap<ResearchId, (IdentityId, Option<Evidence>)> = BTreeMap::new();
        let (mut members, mut decisions) = (Vec::new(), Vec::new());
        for (place, cluster) in self.clusters.iter().enumerate() {
            let Some(person) = self.id(place) else { continue };
            for (identity_id, evidence) in
                walk(cluster, |id| self.before.members.get(id).is_some_and(|was| was.person == person))
            {
                let was = self.before.members.get(&identity_id);
                // An origin that was recalled to bear others leaves here what came to it since.
                let astray = |was: &Membership| was.origin != person && active.contains(&was.origin);
                let settles = (identity_id, Membership { person, origin: person });
                let (kind, former, origin) = match was {
                    Some(was) if was.person == person => {
                        members.extend(astray(was).then_some(settles));
                        continue;
                    }
                    Some(was) if self.parts.contains_key(&was.person) && whole.contains(&was.person) => {
                        bridges.entry(was.person).or_insert((identity_id, evidence));
                        members.extend(astray(was).then_some(settles));
                        continue;
                    }
                    Some(was) => {
                        let back = was.origin == person || !active.contains(&was.origin);
                        let keeps = back && self.target(was.origin) == Some(person);
                        let kind = if revived.contains(&person) {
                            DecisionKind::Revive
                        } else if begun.contains(&person) {
                            DecisionKind::Split
                        } else {
                            DecisionKind::Move
                        };
                        (kind, Some(was.person), if keeps { was.origin } else { person })
                    }
                    None => {
                        let kind = if evidence.is_some() { DecisionKind::Join } else { DecisionKind::New };
                        (kind, None, person)
                    }
                };
                members.push((identity_id, Membership { person, origin }));
                let rule = evidence.map_or("none", |e| e.rule);
                decisions.push(Decision { kind, identity_id, research_id: person, former, evidence, rule });
            }
        }
        for Replaced { alias, by, .. } in &self.out.replaced {
            let smallest = || {
                let all = self.before.members.iter();
                all.filter(|(_, was)| was.person == *alias || was.origin == *alias).map(|(id, _)| *id).min()
            };
            let bridge = bridges.get(alias).copied().or_else(|| Some((smallest()?, None)));
            if let Some((identity_id, evidence)) = bridge {
                let (kind, former) = (DecisionKind::Merge, Some(*alias));
                let rule = evidence.map_or("none", |e| e.rule);
                decisions.push(Decision { kind, identity_id, research_id: *by, former, evidence, rule });
            }
        }
        self.out.members = members;
        self.out.decisions = decisions;
    }
}

/// The members of a cluster along its links, breadth first from those that `stay` (or from the smallest), each with the
/// link over which it was reached.
fn walk(cluster: &Cluster, stay: impl Fn(&IdentityId) -> bool) -> Vec<(IdentityId, Option<Evidence>)> {
    let mut near: BTreeMap<IdentityId, BTreeSet<Evidence>> = BTreeMap::new();
    for link in &cluster.links {
        near.entry(link.a).or_default().insert(*link);
        near.entry(link.b).or_default().insert(*link);
    }
    let members: BTreeSet<IdentityId> = cluster.members.iter().copied().collect();
    let mut roots: Vec<IdentityId> = members.iter().copied().filter(|id| stay(id)).collect();
    if roots.is_empty() {
        roots.extend(members.first());
    }
    let mut seen: BTreeSet<IdentityId> = roots.iter().copied().collect();
    let mut out: Vec<(IdentityId, Option<Evidence>)> = roots.into_iter().map(|id| (id, None)).collect();
    let mut at = 0;
    while let Some((id, _)) = out.get(at).copied() {
        for link in near.get(&id).into_iter().flatten() {
            let other = if link.a == id { link.b } else { link.a };
            if members.contains(&other) && seen.insert(other) {
                out.push((other, Some(*link)));
            }
        }
        at += 1;
    }
    // links that do not reach everybody are the engine's fault, not the person's: nobody is left out
    out.extend(members.into_iter().filter(|id| !seen.contains(id)).map(|id| (id, None)));
    out
}
