//! What a decision over everybody would change (影の全件突合): persons merged and split, identities whose research id
//! changes, and why. Counts and ids only.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::matching::{Before, Cluster, Resolution};
use musubi_model::{IdentityId, ResearchId};

/// Differences between the persons in force and a decision over all identities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Churn {
    /// Identities that were decided.
    pub identities: u64,
    /// Persons in force.
    pub persons_before: u64,
    /// Persons as decided.
    pub persons_after: u64,
    /// Persons in force that would become one with others.
    pub merged: u64,
    /// Persons in force whose identities would belong to more than one.
    pub split: u64,
    /// Identities that would change their research id.
    pub changed: u64,
    /// Of those: although their person stays as it is. Always zero; counted, not believed.
    pub needless: u64,
    /// Why, and how often: evidence that joins persons in force, and ways in which persons fall apart.
    pub causes: BTreeMap<&'static str, u64>,
    /// Persons in force that are concerned.
    pub persons: BTreeSet<ResearchId>,
}

impl Churn {
    /// Persons in force that would not stay as they are.
    #[must_use]
    pub fn differences(&self) -> u64 {
        self.persons.len() as u64
    }
}

/// Compares the persons in force with clusters and the research ids that they would get.
#[must_use]
pub fn churn(clusters: &[Cluster], before: &Before, resolution: &Resolution) -> Churn {
    let mut out = Churn { persons_after: clusters.len() as u64, ..Churn::default() };
    let was = |id: &IdentityId| before.members.get(id).map(|m| m.person);
    // the clusters of each person
    let mut homes: BTreeMap<ResearchId, BTreeSet<usize>> = BTreeMap::new();
    for (place, cluster) in clusters.iter().enumerate() {
        out.identities += cluster.members.len() as u64;
        for person in cluster.members.iter().filter_map(was) {
            homes.entry(person).or_default().insert(place);
        }
    }
    out.persons_before = homes.len() as u64;
    for (person, places) in homes.iter().filter(|(_, places)| places.len() > 1) {
        out.split += 1;
        out.persons.insert(*person);
        let components: BTreeSet<u32> =
            places.iter().filter_map(|p| clusters.get(*p)).map(|c| c.component).collect();
        let cause = if components.len() > 1 { "parted:no-evidence" } else { "parted:whole-picture" };
        *out.causes.entry(cause).or_default() += 1;
    }
    let moved: BTreeMap<IdentityId, ResearchId> =
        resolution.members.iter().map(|(id, to)| (*id, to.person)).collect();
    let aliases: BTreeMap<ResearchId, ResearchId> =
        resolution.replaced.iter().map(|r| (r.alias, r.by)).collect();
    for cluster in clusters {
        let persons: BTreeSet<ResearchId> = cluster.members.iter().filter_map(was).collect();
        if persons.len() > 1 {
            out.merged += persons.len() as u64 - 1;
            for link in cluster.links.iter().filter(|l| was(&l.a) != was(&l.b)) {
                let cause = match link.rule {
                    "ruling" => "joined:ruling",
                    "rule" => "joined:rule",
                    _ => "joined:score",
                };
                *out.causes.entry(cause).or_default() += 1;
            }
            out.persons.extend(&persons);
        }
        let whole = persons.len() == 1 && persons.iter().all(|p| homes.get(p).is_some_and(|h| h.len() == 1));
        for id in &cluster.members {
            let Some(old) = was(id) else { continue };
            let new = moved.get(id).copied().unwrap_or_else(|| aliases.get(&old).copied().unwrap_or(old));
            if new != old {
                out.changed += 1;
                out.needless += u64::from(whole);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use musubi_model::matching::{Evidence, Membership};

    use super::*;
    use crate::assign::assign;

    fn id(n: u8) -> IdentityId {
        IdentityId([n; 16])
    }

    fn person(n: u8) -> ResearchId {
        ResearchId([n; 16])
    }

    fn cluster(members: &[u8], component: u32, rule: &'static str) -> Cluster {
        let link = |pair: &[u8]| match pair {
            [a, b] => Evidence { a: id(*a), b: id(*b), weight: 1, levels: 1, rule },
            _ => Evidence { a: id(0), b: id(0), weight: 0, levels: 0, rule },
        };
        Cluster {
            members: members.iter().map(|n| id(*n)).collect(),
            links: members.windows(2).map(link).collect(),
            component,
            timed: false,
        }
    }

    fn before(persons: &[&[u8]]) -> Before {
        let mut before = Before::default();
        for (n, members) in (1u8..).zip(persons) {
            before.born.insert(person(n), i64::from(n));
            for m in *members {
                before.members.insert(id(*m), Membership { person: person(n), origin: person(n) });
            }
        }
        before
    }

    fn of(clusters: &[Cluster], before: &Before) -> Churn {
        let fresh: Vec<ResearchId> = (100..110).map(person).collect();
        churn(clusters, before, &assign(clusters, before, &fresh))
    }

    #[test]
    fn the_same_persons_are_no_difference() {
        let clusters = [cluster(&[1, 2], 0, "score"), cluster(&[3], 1, "score")];
        let same = of(&clusters, &before(&[&[1, 2], &[3]]));
        assert_eq!((same.differences(), same.changed, same.merged, same.split), (0, 0, 0, 0));
        assert_eq!((same.identities, same.persons_before, same.persons_after), (3, 2, 2));
        assert_eq!(same.causes, BTreeMap::new());
    }

    #[test]
    fn a_merge_and_a_split_are_told_with_their_causes() {
        let clusters = [cluster(&[1, 2, 3], 0, "rule"), cluster(&[4], 1, ""), cluster(&[5, 6], 1, "score")];
        let seen = of(&clusters, &before(&[&[1, 2], &[3], &[4, 5, 6]]));
        assert_eq!((seen.merged, seen.split, seen.differences()), (1, 1, 3));
        assert_eq!(
            (seen.changed, seen.needless),
            (2, 0),
            "3 joins the older person, 4 leaves the larger part"
        );
        assert_eq!(seen.causes, BTreeMap::from([("joined:rule", 1), ("parted:whole-picture", 1)]));
        let clusters = [cluster(&[1], 0, ""), cluster(&[2], 1, "")];
        assert_eq!(of(&clusters, &before(&[&[1, 2]])).causes, BTreeMap::from([("parted:no-evidence", 1)]));
    }

    #[test]
    fn an_id_that_changes_for_nothing_is_counted() {
        let before = before(&[&[1, 2]]);
        let clusters = [cluster(&[1, 2], 0, "score")];
        let to = Membership { person: person(9), origin: person(9) };
        let resolution = Resolution { members: vec![(id(1), to)], ..Resolution::default() };
        let seen = churn(&clusters, &before, &resolution);
        assert_eq!((seen.changed, seen.needless), (1, 1));
    }
}
