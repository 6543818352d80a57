//! How good matching is (名寄せの評価), against a truth: pairs, B³, wrong merges and splits, needless changes of id.
//!
//! A record that the result does not name is a person of its own; a record that the truth does not name is left out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Record → person, of a truth or a result.
pub type Persons = BTreeMap<String, String>;

/// Precision, recall and their harmonic mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// Of what was put together, the share that belongs together (適合率).
    pub precision: f64,
    /// Of what belongs together, the share that was put together (再現率).
    pub recall: f64,
    /// Harmonic mean.
    pub f1: f64,
}

impl Rates {
    fn new(precision: f64, recall: f64) -> Self {
        let sum = precision + recall;
        Self { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
    }
}

/// Errors of the records that carry a tag of the truth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tagged {
    /// Records with the tag.
    pub records: u64,
    /// Of them, those outside their cluster's majority person.
    pub astray: u64,
    /// Of them, those outside the largest part of their person.
    pub torn_off: u64,
}

/// Changes of id between two results, over the records of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Churn {
    /// Records in both results.
    pub records: u64,
    /// Records whose id changed.
    pub changed: u64,
    /// Records that had to change: of a merge the smaller sides, of a split the smaller parts.
    pub needed: u64,
    /// The rest.
    pub needless: u64,
}

/// The whole verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Records of the truth.
    pub records: u64,
    /// Of them, those the result does not name.
    pub unnamed: u64,
    /// Persons of the truth.
    pub entities: u64,
    /// Clusters of the result.
    pub clusters: u64,
    /// Over pairs of records.
    pub pairwise: Rates,
    /// Pairs rightly put together.
    pub true_pairs: u64,
    /// Pairs wrongly put together.
    pub false_pairs: u64,
    /// Pairs missed.
    pub missed_pairs: u64,
    /// B³: over records, every record weighing the same.
    pub bcubed: Rates,
    /// Clusters that hold two or more persons (過統合).
    pub over_merged: u64,
    /// Records outside their cluster's majority person.
    pub astray: u64,
    /// Persons in two or more clusters (過分割).
    pub split: u64,
    /// Parts of persons beyond the first.
    pub fragments: u64,
    /// Persons that are exactly one cluster.
    pub exact: u64,
    /// By tag of the truth, when it has tags.
    pub tags: BTreeMap<String, Tagged>,
    /// Against an earlier result, when there is one.
    pub churn: Option<Churn>,
}

fn pairs(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

/// A cluster's name; a record without one is a cluster named by itself, kept apart by the flag.
type Cluster<'a> = (bool, &'a String);

fn cluster_of<'a>(clusters: &'a Persons, record: &'a String) -> Cluster<'a> {
    clusters.get(record).map_or((false, record), |c| (true, c))
}

/// Judges a result.
#[must_use]
pub fn judge(truth: &Persons, clusters: &Persons) -> Verdict {
    let (mut rows, mut columns) = (BTreeMap::new(), BTreeMap::new());
    let mut cells: BTreeMap<(Cluster<'_>, &String), u64> = BTreeMap::new();
    for (record, entity) in truth {
        let c = cluster_of(clusters, record);
        *rows.entry(c).or_insert(0u64) += 1;
        *columns.entry(entity).or_insert(0u64) += 1;
        *cells.entry((c, entity)).or_default() += 1;
    }
    let size_of_cluster = |c: &Cluster<'_>| rows.get(c).copied().unwrap_or(1);
    let size_of_entity = |e: &String| columns.get(e).copied().unwrap_or(1);
    let (mut precise, mut complete, mut exact) = (0.0, 0.0, 0);
    let (mut in_cluster, mut of_entity) = (BTreeMap::new(), BTreeMap::new());
    for ((c, e), n) in &cells {
        let (row, column) = (size_of_cluster(c), size_of_entity(e));
        #[allow(clippy::cast_precision_loss)] // counts of records, far below 2^52
        {
            precise += (n * n) as f64 / row as f64;
            complete += (n * n) as f64 / column as f64;
        }
        exact += u64::from(*n == row && *n == column);
        let parts: &mut (u64, u64) = in_cluster.entry(c).or_default();
        *parts = (parts.0 + 1, parts.1.max(*n));
        *of_entity.entry(*e).or_insert(0u64) += 1;
    }
    let true_pairs: u64 = cells.values().copied().map(pairs).sum();
    let put: u64 = rows.values().copied().map(pairs).sum();
    let belong: u64 = columns.values().copied().map(pairs).sum();
    let records = truth.len() as u64;
    #[allow(clippy::cast_precision_loss)] // counts of records, far below 2^52
    let share = |a: u64, b: u64| if b == 0 { 1.0 } else { a as f64 / b as f64 };
    #[allow(clippy::cast_precision_loss)] // counts of records, far below 2^52
    let mean = |sum: f64| if records == 0 { 1.0 } else { sum / records as f64 };
    Verdict {
        records,
        unnamed: truth.keys().filter(|r| !clusters.contains_key(*r)).count() as u64,
        entities: columns.len() as u64,
        clusters: rows.len() as u64,
        pairwise: Rates::new(share(true_pairs, put), share(true_pairs, belong)),
        true_pairs,
        false_pairs: put - true_pairs,
        missed_pairs: belong - true_pairs,
        bcubed: Rates::new(mean(precise), mean(complete)),
        over_merged: in_cluster.values().filter(|p| p.0 > 1).count() as u64,
        astray: in_cluster.iter().map(|(c, p)| size_of_cluster(c) - p.1).sum(),
        split: of_entity.values().filter(|n| **n > 1).count() as u64,
        fragments: of_entity.values().map(|n| n - 1).sum(),
        exact,
        tags: BTreeMap::new(),
        churn: None,
    }
}

/// Errors by tag. `tags` gives the tags of each record.
#[must_use]
pub fn by_tag(
    truth: &Persons,
    clusters: &Persons,
    tags: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, Tagged> {
    let mut cells: BTreeMap<(Cluster<'_>, &String), u64> = BTreeMap::new();
    for (record, entity) in truth {
        *cells.entry((cluster_of(clusters, record), entity)).or_default() += 1;
    }
    // The majority person of a cluster and the largest part of a person; the first by name when they are equal.
    let (mut majority, mut home) = (BTreeMap::new(), BTreeMap::new());
    for ((c, e), n) in &cells {
        let most: &mut (u64, &String) = majority.entry(*c).or_insert((*n, *e));
        if *n > most.0 {
            *most = (*n, *e);
        }
        let most: &mut (u64, Cluster<'_>) = home.entry(*e).or_insert((*n, *c));
        if *n > most.0 {
            *most = (*n, *c);
        }
    }
    let mut out: BTreeMap<String, Tagged> = BTreeMap::new();
    for (record, entity) in truth {
        let c = cluster_of(clusters, record);
        for tag in tags.get(record).into_iter().flatten() {
            let row = out.entry(tag.clone()).or_default();
            row.records += 1;
            row.astray += u64::from(majority.get(&c).is_some_and(|m| m.1 != entity));
            row.torn_off += u64::from(home.get(entity).is_some_and(|h| h.1 != c));
        }
    }
    out
}

/// Changes of id since an earlier result.
#[must_use]
pub fn churn(before: &Persons, after: &Persons) -> Churn {
    let mut cells: BTreeMap<(&String, &String), u64> = BTreeMap::new();
    let (mut records, mut changed) = (0, 0);
    for (record, old) in before {
        let Some(new) = after.get(record) else { continue };
        records += 1;
        changed += u64::from(old != new);
        *cells.entry((old, new)).or_default() += 1;
    }
    // The least that must move: largest meetings first, each old id goes to one new cluster and each new one keeps one.
    let mut meetings: Vec<((&String, &String), u64)> = cells.into_iter().collect();
    meetings.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let (mut given, mut taken, mut kept) = (BTreeSet::new(), BTreeSet::new(), 0);
    for ((old, new), n) in meetings {
        if !given.contains(old) && !taken.contains(new) {
            given.insert(old);
            taken.insert(new);
            kept += n;
        }
    }
    let needed = records - kept;
    Churn { records, changed, needed, needless: changed.saturating_sub(needed) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn persons(of: &[(&str, &str)]) -> Persons {
        of.iter().map(|(r, p)| ((*r).to_owned(), (*p).to_owned())).collect()
    }

    #[test]
    fn known_cases() {
        let truth = persons(&[("a", "1"), ("b", "1"), ("c", "2")]);
        let v = judge(&truth, &persons(&[("a", "x"), ("b", "x"), ("c", "x")]));
        assert!((v.pairwise.precision - 1.0 / 3.0).abs() < 1e-12 && (v.pairwise.recall - 1.0).abs() < 1e-12);
        assert_eq!((v.over_merged, v.astray, v.split, v.exact), (1, 1, 0, 0));
        let tags = BTreeMap::from([("c".to_owned(), BTreeSet::from(["twin".to_owned()]))]);
        let by = by_tag(&truth, &persons(&[("a", "x"), ("b", "x"), ("c", "x")]), &tags);
        assert_eq!(by["twin"], Tagged { records: 1, astray: 1, torn_off: 0 });
        assert_eq!(churn(&truth, &persons(&[("a", "1"), ("b", "1"), ("c", "1")])).needless, 0);
        let renamed = churn(&truth, &persons(&[("a", "2"), ("b", "2"), ("c", "2")]));
        assert_eq!((renamed.changed, renamed.needed, renamed.needless), (2, 1, 1));
        let nothing = judge(&Persons::new(), &Persons::new());
        assert!((nothing.pairwise.f1 - 1.0).abs() < 1e-12 && (nothing.bcubed.f1 - 1.0).abs() < 1e-12);
    }

    proptest! {
        /// Every formula again, over all pairs and all records one by one.
        #[test]
        fn the_same_by_brute_force(rows in proptest::collection::vec((0u8..7, proptest::option::weighted(0.9, 0u8..7)), 1..28)) {
            let truth: Persons = rows.iter().enumerate().map(|(i, (e, _))| (format!("r{i:02}"), format!("e{e}"))).collect();
            let result: Persons = rows.iter().enumerate()
                .filter_map(|(i, (_, c))| c.map(|c| (format!("r{i:02}"), format!("c{c}")))).collect();
            let v = judge(&truth, &result);
            let n = rows.len();
            let same = |i: usize, j: usize| rows[i].0 == rows[j].0;
            let put = |i: usize, j: usize| i == j || (rows[i].1.is_some() && rows[i].1 == rows[j].1);
            let all = || (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
            prop_assert_eq!(v.true_pairs, all().filter(|(i, j)| same(*i, *j) && put(*i, *j)).count() as u64);
            prop_assert_eq!(v.false_pairs, all().filter(|(i, j)| !same(*i, *j) && put(*i, *j)).count() as u64);
            prop_assert_eq!(v.missed_pairs, all().filter(|(i, j)| same(*i, *j) && !put(*i, *j)).count() as u64);
            let (mut p, mut r) = (0.0, 0.0);
            for i in 0..n {
                let both = (0..n).filter(|j| same(i, *j) && put(i, *j)).count() as f64;
                p += both / (0..n).filter(|j| put(i, *j)).count() as f64 / n as f64;
                r += both / (0..n).filter(|j| same(i, *j)).count() as f64 / n as f64;
            }
            prop_assert!((v.bcubed.precision - p).abs() < 1e-9 && (v.bcubed.recall - r).abs() < 1e-9);
            let members = |i: usize| (0..n).filter(|j| put(i, *j)).collect::<Vec<_>>();
            let heads: Vec<usize> = (0..n).filter(|i| members(*i)[0] == *i).collect();
            prop_assert_eq!(v.clusters, heads.len() as u64);
            let mixed = heads.iter().filter(|i| members(**i).iter().any(|j| !same(**i, *j))).count();
            prop_assert_eq!(v.over_merged, mixed as u64);
            let of = |e: u8| (0..n).filter(|j| rows[*j].0 == e).collect::<Vec<_>>();
            let split = (0..7).filter(|e| { let m = of(*e); m.iter().any(|j| !put(m[0], *j)) }).count();
            prop_assert_eq!(v.split, split as u64);
            let exact = heads.iter().filter(|i| members(**i) == of(rows[**i].0)).count();
            prop_assert_eq!(v.exact, exact as u64);
            let unchanged = churn(&result, &result);
            prop_assert_eq!((unchanged.changed, unchanged.needless), (0, 0));
        }
    }
}
