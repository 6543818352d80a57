//! The decision over a set of records that is closed under shared keys: what a night does with the neighbourhood that
//! it read from the store.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::Mpi;
use super::entity::{Edge, Ruled};
use super::keys::keys;
use super::model::{Model, Scorer};
use super::row::Lexicon;
use super::score::{Time, score};
use super::{BIT, Decided, Doubt, Grey, Group, Link, Record, Ruling};
use crate::normalise::normalise;
use crate::sent::{Normal, Sent};

/// The hashes under which a record is found (照合候補の鍵), ascending, without repeats. In the clear domain: whoever
/// stores them seals them first. None for a record that takes no part in matching.
#[must_use]
pub fn block_keys(model: &Model, sent: &Sent<'_>) -> Vec<u64> {
    let (mut normal, mut lexicon, mut out) = (Normal::default(), Lexicon::default(), Vec::new());
    normalise(sent, &model.names, &mut normal);
    let row = lexicon.row(&normal, sent.facility, None, &model.names, model.rules.unseen_name);
    keys(&row, &lexicon, &mut out);
    out
}

/// Decides a set of records that is closed under shared keys. `crowded`: keys that hold too many records to say
/// anything (the caller counts them); records that share only such a key are no candidates for each other.
///
/// The same set gives the same answer, in whatever order it comes.
#[must_use]
pub fn decide(model: &Model, records: &[Record<'_>], rulings: &[Ruling], crowded: &BTreeSet<u64>) -> Decided {
    let mut sorted: Vec<&Record<'_>> = records.iter().collect();
    sorted.sort_unstable_by_key(|r| r.id);
    sorted.dedup_by_key(|r| r.id);
    let mut deciding = Deciding::new(model, rulings, crowded);
    deciding.take(sorted.into_iter().copied());
    deciding.finish()
}

/// A decision over records that come in batches, so that a set larger than memory holds in the clear can be decided
/// (全件突合). Any batches of the same records in the order of their ids give what [`decide`] gives.
#[derive(Debug)]
pub struct Deciding<'m> {
    model: &'m Model,
    mpi: Mpi<'m>,
    rulings: Vec<Ruling>,
    placed: Vec<([u8; 16], u32)>,
}

impl<'m> Deciding<'m> {
    /// Nobody yet; see [`decide`] for rulings and crowded keys.
    #[must_use]
    pub fn new(model: &'m Model, rulings: &[Ruling], crowded: &BTreeSet<u64>) -> Self {
        // what people keep apart must not share a row; everything else does, as in the engine over all records
        let alone = rulings.iter().filter(|r| !r.same).flat_map(|r| [r.a, r.b]).collect();
        Self { model, mpi: Mpi::ruled(model, alone, crowded), rulings: rulings.to_vec(), placed: Vec::new() }
    }

    /// Takes in a batch. No record comes twice.
    pub fn take<'r>(&mut self, records: impl IntoIterator<Item = Record<'r>>) {
        let mut ids = Vec::new();
        let records = records.into_iter().inspect(|r| ids.push(r.id));
        let rows = self.mpi.take_in(records).rows;
        self.placed.extend(ids.into_iter().zip(rows));
    }

    /// Who is who among all that was taken in.
    #[must_use]
    pub fn finish(self) -> Decided {
        let Self { model, mut mpi, rulings, placed } = self;
        persons(model, &mut mpi, &rulings, placed)
    }
}

fn persons(model: &Model, mpi: &mut Mpi<'_>, rulings: &[Ruling], mut place: Vec<([u8; 16], u32)>) -> Decided {
    place.sort_unstable();
    let scorer = Scorer::new(model);
    let mut held: BTreeMap<u32, Vec<[u8; 16]>> = BTreeMap::new();
    for (id, row) in &place {
        held.entry(*row).or_default().push(*id);
    }
    let row_of = |id: &[u8; 16]| place.binary_search_by_key(id, |p| p.0).ok().and_then(|at| place.get(at));
    let places = |r: &Ruling| Some((row_of(&r.a)?.1, row_of(&r.b)?.1));
    for (a, b) in rulings.iter().filter(|r| r.same).filter_map(places) {
        mpi.rule_same(a, b);
    }
    let mut components: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in held.keys() {
        components.entry(mpi.links().root(*row)).or_default().push(*row);
    }
    let mut out = Decided::default();
    let mut groups: Vec<(Group, u32)> = Vec::new();
    let ids = |row: u32| held.get(&row).map_or(&[][..], Vec::as_slice);
    let id = |row: u32| ids(row).first().copied().unwrap_or([0; 16]);
    let rule = |levels: u64| model.sure_rule(levels).map_or("score", |_| "rule");
    // rulings by component: those across two keep apart what nothing ties
    let mut ruled: BTreeMap<u32, Vec<(u32, u32, bool)>> = BTreeMap::new();
    for r in rulings {
        let Some((a, b)) = places(r) else { continue };
        let root = mpi.links().root(a);
        if root == mpi.links().root(b) {
            ruled.entry(root).or_default().push((a, b, r.same));
        }
    }
    for (number, (root, mut members)) in (0u32..).zip(components) {
        members.sort_unstable();
        out.cut += u64::from(members.len() > model.rules.component_max);
        let mine = ruled.remove(&root).unwrap_or_default();
        let inside = |same: bool| -> Vec<(u32, u32)> {
            let at = |i: u32| members.binary_search(&i).ok().and_then(|p| u32::try_from(p).ok());
            mine.iter().filter(|r| r.2 == same).filter_map(|(a, b, _)| Some((at(*a)?, at(*b)?))).collect()
        };
        let (same, apart) = (inside(true), inside(false));
        let refined = mpi.decide_component(&members, Ruled { same: &same, apart: &apart });
        // records of one content are one person
        let one = |row: u32| {
            let own = mpi.rows().get(row as usize).map(|r| score(&scorer, mpi.lexicon(), r, r, Time::Counts));
            let (weight, levels) = own.map_or((0, 0), |s| (s.weight, s.levels));
            let (first, ids) = (id(row), ids(row));
            let others = ids.iter().skip(1);
            let links =
                others.map(|b| Link { a: first, b: *b, weight, levels, rule: rule(levels) }).collect();
            Group { members: ids.to_vec(), links }
        };
        let Some(refined) = refined else {
            let only = members.first().copied().unwrap_or_default();
            out.unlinkable += u64::from(!mpi.linkable(only));
            groups.push((one(only), number));
            continue;
        };
        let record = |at: u32| members.get(at as usize).map_or([0; 16], |i| id(*i));
        let link = |e: &Edge| {
            let ruled = e.levels == 0 && e.weight == i32::MAX;
            let rule = if ruled { "ruling" } else { rule(e.levels) };
            let (x, y) = (record(e.a), record(e.b));
            Link { a: x.min(y), b: x.max(y), weight: e.weight, levels: e.levels, rule }
        };
        let mut found: BTreeMap<u32, Group> = BTreeMap::new();
        for (at, group) in (0u32..).zip(&refined.group) {
            let group =
                found.entry(*group).or_insert_with(|| Group { members: Vec::new(), links: Vec::new() });
            let Some(row) = members.get(at as usize) else { continue };
            let more = one(*row);
            group.members.extend(more.members);
            group.links.extend(more.links);
        }
        for edge in &refined.links {
            if let Some(group) = refined.group.get(edge.a as usize).and_then(|g| found.get_mut(g)) {
                group.links.push(link(edge));
            }
        }
        groups.extend(found.into_values().map(|mut g| {
            g.members.sort_unstable();
            g.links.sort_unstable();
            (g, number)
        }));
        for d in &refined.doubtful {
            let doubt = if d.joined {
                Doubt::Narrow
            } else if d.edge.weight >= model.rules.threshold {
                Doubt::Refused
            } else {
                Doubt::Below
            };
            let wrong = if d.joined { -d.whole } else { d.whole };
            let harm = (1_000_000.0 * chance(wrong)) as u64 * u64::from(d.records);
            out.grey.push(Grey { link: link(&d.edge), doubt, harm });
        }
    }
    groups.sort_unstable_by(|a, b| a.0.members.first().cmp(&b.0.members.first()));
    // components are numbered by their first group, so that the numbers do not depend on the order either
    let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
    for (group, number) in groups {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        out.components.push(*numbers.entry(number).or_insert(next));
        out.groups.push(group);
    }
    out.grey.sort_unstable_by_key(|g| (std::cmp::Reverse(g.harm), g.link));
    out
}

/// The probability that goes with log odds in 1/[`BIT`] bits.
fn chance(bits: i32) -> f64 {
    1.0 / (1.0 + (-f64::from(bits) / f64::from(BIT)).exp2())
}
