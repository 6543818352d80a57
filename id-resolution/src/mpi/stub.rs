//! Placeholder behind the agreed signatures while the engine is being written; goes away with it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decided, Group, Link, Record, Ruling};
use crate::normalise;
use crate::sent::Sent;

/// The model (モデル): weights, thresholds, names. One versioned, signed file.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Name and version, recorded with every decision.
    pub version: String,
}

/// The hashes under which a record is found (照合候補の鍵), ascending, without repeats. In the clear domain: whoever
/// stores them seals them first.
pub fn block_keys(_model: &Model, sent: &Sent<'_>) -> Vec<u64> {
    let hash = |parts: &[&str]| {
        let mut h = blake3::Hasher::new();
        for part in parts {
            h.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        u64::from_le_bytes(h.finalize().as_bytes().first_chunk::<8>().copied().unwrap_or_default())
    };
    let mut keys = Vec::new();
    if sent.birth.len() == 10 && matches!(sent.sex, "1" | "2") {
        if let Some(kana) = normalise::kana(sent.name_kana) {
            keys.push(hash(&["name", &kana, sent.birth, sent.sex]));
        }
        if let Some(local) = normalise::local_number(sent.local_number) {
            keys.push(hash(&["local", sent.facility, &local, sent.birth, sent.sex]));
        }
        if let Some(insured) = normalise::insured(sent.insurer, sent.symbol, sent.number, sent.branch) {
            keys.push(hash(&["insured", &insured, sent.birth, sent.sex]));
        }
    }
    keys.sort_unstable();
    keys
}

/// Decides a set of records that is closed under shared keys. `crowded`: keys that hold too many records to say
/// anything (the caller counts them); records that share only such a key are no candidates for each other.
pub fn decide(model: &Model, records: &[Record<'_>], rulings: &[Ruling], crowded: &BTreeSet<u64>) -> Decided {
    let mut of: BTreeMap<[u8; 16], [u8; 16]> = records.iter().map(|r| (r.id, r.id)).collect();
    fn root(of: &BTreeMap<[u8; 16], [u8; 16]>, mut x: [u8; 16]) -> [u8; 16] {
        while let Some(up) = of.get(&x) {
            if *up == x {
                break;
            }
            x = *up;
        }
        x
    }
    let apart: BTreeSet<_> = rulings.iter().filter(|r| !r.same).map(|r| (r.a, r.b)).collect();
    let mut links = Vec::new();
    let mut join = |a: [u8; 16], b: [u8; 16], rule: &'static str| {
        let (x, y) = (root(&of, a), root(&of, b));
        if x != y && !apart.contains(&(a.min(b), a.max(b))) {
            of.insert(x.max(y), x.min(y));
            links.push(Link { a: a.min(b), b: a.max(b), weight: 20 * super::BIT, levels: 0, rule });
        }
    };
    for ruling in rulings.iter().filter(|r| r.same) {
        join(ruling.a, ruling.b, "ruling");
    }
    let mut first: BTreeMap<u64, [u8; 16]> = BTreeMap::new();
    let mut sorted: Vec<&Record<'_>> = records.iter().collect();
    sorted.sort_by_key(|r| r.id);
    for record in sorted {
        for key in block_keys(model, &record.sent).into_iter().filter(|k| !crowded.contains(k)) {
            let other = *first.entry(key).or_insert(record.id);
            join(other, record.id, "rule:key");
        }
    }
    let mut groups: BTreeMap<[u8; 16], Group> = BTreeMap::new();
    for record in records {
        let group = groups.entry(root(&of, record.id)).or_insert(Group { members: vec![], links: vec![] });
        group.members.push(record.id);
    }
    for link in links {
        if let Some(group) = groups.get_mut(&root(&of, link.a)) {
            group.links.push(link);
        }
    }
    let groups: Vec<Group> = groups
        .into_values()
        .map(|mut g| {
            g.members.sort_unstable();
            g
        })
        .collect();
    let components = (0..u32::try_from(groups.len()).unwrap_or(u32::MAX)).collect();
    Decided { groups, components, grey: Vec::new(), unlinkable: 0 }
}
