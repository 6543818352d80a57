//! The plan for more machines than one (分散実行の計画, mpi.md §5.9), as pure functions: what each task is given, what it
//! answers and what goes between tasks. [`run`] does all tasks one after the other in one process; its persons are
//! exactly those of the engine that knows no shards, whatever their number.
//!
//! 1. A record lives at the shard of its birth date ([`home`]). Keys that contain the whole birth date stay there: each
//!    home compares what shares one ([`edges`]) and joins it to local components ([`local`]).
//! 2. The other keys are sent as (key, record, component) to the shard of the key ([`shard_of`], [`postings`]), so that
//!    every key is seen whole by one shard, which alone can say that it is crowded. What one home has joined is not
//!    compared again.
//! 3. The edges found there are between components: a small graph. Rounds of names over it give what hangs together
//!    ([`rounds`]).
//! 4. Each component is cut into persons at the home of its first record ([`run`]).
//!
//! Rows and names are read-only for all of it: tasks on one machine map them, tasks on many are sent those of the
//! records that visit.

use std::collections::{BTreeMap, BTreeSet};

use super::cut::{Sets, bounded};
use super::entity::{Room, Ruled, canonical};
use super::keys::keys;
use super::model::{Model, Scorer};
use super::row::{Lexicon, Row, mix};
use super::score::{Time, score};

/// Keys with numbers up to this one contain the whole birth date (see [`super::keys::NAMES`]).
const WITH_BIRTH: u64 = 6;

/// What stayed in its shard and what travelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Postings whose key lives where the record does.
    pub postings_home: u64,
    /// Postings sent to another shard.
    pub postings_sent: u64,
    /// Candidate pairs found where both records live.
    pub pairs_home: u64,
    /// Candidate pairs found elsewhere: rows have to travel.
    pub pairs_away: u64,
    /// Edges between local components.
    pub edges_across: u64,
    /// Rounds on the small graph.
    pub rounds: u64,
    /// Records sent to the home of their component.
    pub rows_sent: u64,
}

/// What the tasks read.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// The model.
    pub model: &'a Model,
    /// Its weights, made ready for it.
    pub scorer: &'a Scorer,
    /// Names.
    pub lexicon: &'a Lexicon,
    /// One row for each different description.
    pub rows: &'a [Row],
}

fn place(hash: u64, shards: u32) -> u32 {
    u32::try_from(mix(hash) % u64::from(shards.max(1))).unwrap_or(0)
}

/// Where a record lives: by its birth date, or by its content when it has none.
#[must_use]
pub fn home(row: &Row, lexicon: &Lexicon, shards: u32) -> u32 {
    place(if row.has_birth() { u64::from(row.birth) } else { canonical(row, lexicon) }, shards)
}

/// Where a key of a record with this birth date lives.
#[must_use]
pub fn shard_of(key: u64, birth: u32, shards: u32) -> u32 {
    place(if key & 31 <= WITH_BIRTH { u64::from(birth) } else { key }, shards)
}

impl Table<'_> {
    fn home(&self, row: u32, shards: u32) -> u32 {
        self.rows.get(row as usize).map_or(0, |r| home(r, self.lexicon, shards))
    }

    fn edge(&self, a: u32, b: u32) -> bool {
        let (Some(x), Some(y)) = (self.rows.get(a as usize), self.rows.get(b as usize)) else { return false };
        score(self.scorer, self.lexicon, x, y, Time::Ignored).weight >= self.model.rules.edge
    }
}

/// A key, a record that holds it, and the local component of the record.
pub type Posting = (u64, u32, u32);

/// The (key, record) pairs of records that live in one shard: what stays, and what goes to which shard. A component is
/// not known yet, so that each record stands for its own.
#[must_use]
pub fn postings(table: Table<'_>, own: &[u32], shards: u32) -> (Vec<Posting>, Vec<Vec<Posting>>) {
    let (mut stay, mut sent) = (Vec::new(), vec![Vec::new(); shards.max(1) as usize]);
    let mut found = Vec::new();
    for place in own {
        let Some(row) = table.rows.get(*place as usize) else { continue };
        keys(row, table.lexicon, &mut found);
        for key in &found {
            let posting = (*key, *place, *place);
            if key & 31 <= WITH_BIRTH {
                stay.push(posting);
            } else if let Some(outbox) = sent.get_mut(shard_of(*key, row.birth, shards) as usize) {
                outbox.push(posting);
            }
        }
    }
    (stay, sent)
}

/// What a shard finds in keys of which it has all records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Edges between components that hold together what these keys hold together: fewer than there are components.
    pub edges: Vec<(u32, u32)>,
    /// Keys that too many records share.
    pub crowded: Vec<u64>,
    /// Candidate pairs whose records both live here.
    pub pairs_home: u64,
    /// Candidate pairs of which a record lives elsewhere.
    pub pairs_away: u64,
}

/// The edges of one shard; the order of its postings does not matter.
#[must_use]
pub fn edges(table: Table<'_>, mut inbox: Vec<Posting>, shard: u32, shards: u32) -> Found {
    inbox.sort_unstable();
    let mut names: Vec<u32> = inbox.iter().map(|(_, _, name)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let at = |name: u32| names.binary_search(&name).ok().and_then(|at| u32::try_from(at).ok()).unwrap_or(0);
    let mut sets = Sets::new(u32::try_from(names.len()).unwrap_or(u32::MAX));
    let mut found = Found::default();
    for block in inbox.chunk_by(|a, b| a.0 == b.0) {
        let Some((key, ..)) = block.first() else { continue };
        if block.len() > table.model.rules.crowded {
            found.crowded.push(*key);
            continue;
        }
        let block: Vec<(u32, u32, bool)> =
            block.iter().map(|(_, row, name)| (*row, at(*name), table.home(*row, shards) == shard)).collect();
        for (i, (a, x, a_here)) in block.iter().enumerate() {
            for (b, y, b_here) in block.get(i + 1..).unwrap_or_default().iter().filter(|(_, y, _)| x != y) {
                let both = *a_here && *b_here;
                *(if both { &mut found.pairs_home } else { &mut found.pairs_away }) += 1;
                if sets.find(*x) != sets.find(*y) && table.edge(*a, *b) {
                    sets.union(*x, *y);
                    let name = |at: u32| names.get(at as usize).copied().unwrap_or(at);
                    found.edges.push((name(*x), name(*y)));
                }
            }
        }
    }
    found
}

/// The local component of each record of a home, named after its first record. `own` ascends.
#[must_use]
pub fn local(own: &[u32], edges: &[(u32, u32)]) -> Vec<u32> {
    let at = |row: u32| own.binary_search(&row).ok().and_then(|at| u32::try_from(at).ok());
    let count = u32::try_from(own.len()).unwrap_or(u32::MAX);
    let mut sets = Sets::new(count);
    for (a, b) in edges {
        if let (Some(x), Some(y)) = (at(*a), at(*b)) {
            sets.union(x, y);
        }
    }
    (0..count).map(|i| own.get(sets.find(i) as usize).copied().unwrap_or(i)).collect()
}

/// The small graph over local components: each round, a component takes the smallest name that it or a
/// neighbour goes by, then the name which that one goes by. Gives the names, and how many rounds changed something.
#[must_use]
pub fn rounds(across: &[(u32, u32)]) -> (BTreeMap<u32, u32>, u64) {
    let mut names: BTreeMap<u32, u32> = across.iter().flat_map(|(a, b)| [(*a, *a), (*b, *b)]).collect();
    let mut count = 0;
    loop {
        let name = |node: u32| names.get(&node).copied().unwrap_or(node);
        let mut next = names.clone();
        for (a, b) in across {
            let (x, y) = (name(*a), name(*b));
            for node in [*a, *b, x, y] {
                next.entry(node).and_modify(|n| *n = (*n).min(x).min(y));
            }
        }
        let shorter: Vec<(u32, u32)> =
            next.iter().map(|(node, n)| (*node, next.get(n).copied().unwrap_or(*n))).collect();
        next.extend(shorter);
        if next == names {
            return (names, count);
        }
        names = next;
        count += 1;
    }
}

/// All steps in one process: for each row a row that stands for its person, and what travelled.
#[must_use]
pub fn run(table: Table<'_>, shards: u32) -> (Vec<u32>, Counts) {
    let shards = shards.max(1);
    let all = || 0..u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
    let mut counts = Counts::default();
    let mut own: Vec<Vec<u32>> = vec![Vec::new(); shards as usize];
    for row in all() {
        if let Some(own) = own.get_mut(table.home(row, shards) as usize) {
            own.push(row);
        }
    }
    let mut crowded = BTreeSet::new();
    let mut note = |counts: &mut Counts, found: &Found| {
        crowded.extend(&found.crowded);
        counts.pairs_home += found.pairs_home;
        counts.pairs_away += found.pairs_away;
    };
    let mut component: Vec<u32> = all().collect();
    let mut inbox: Vec<Vec<Posting>> = vec![Vec::new(); shards as usize];
    for (from, own) in (0..).zip(&own) {
        let (stay, sent) = postings(table, own, shards);
        counts.postings_home += stay.len() as u64;
        let found = edges(table, stay, from, shards);
        note(&mut counts, &found);
        for (row, name) in own.iter().zip(local(own, &found.edges)) {
            if let Some(slot) = component.get_mut(*row as usize) {
                *slot = name;
            }
        }
        for ((to, sent), inbox) in (0..).zip(sent).zip(&mut inbox) {
            let count = if from == to { &mut counts.postings_home } else { &mut counts.postings_sent };
            *count += sent.len() as u64;
            let named =
                |(key, row, _): Posting| (key, row, component.get(row as usize).copied().unwrap_or(row));
            inbox.extend(sent.into_iter().map(named));
        }
    }
    let mut across: Vec<(u32, u32)> = Vec::new();
    for (shard, inbox) in (0..).zip(inbox) {
        let found = edges(table, inbox, shard, shards);
        note(&mut counts, &found);
        across.extend(found.edges);
    }
    counts.edges_across = across.len() as u64;
    let (names, rounds) = rounds(&across);
    counts.rounds = rounds;
    let of = |row: u32| component.get(row as usize).copied().unwrap_or(row);
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in all() {
        let name = names.get(&of(row)).copied().unwrap_or(of(row));
        members.entry(name).or_default().push(row);
    }
    let mut person: Vec<u32> = all().collect();
    let mut room = Room::default();
    for (first, members) in &members {
        let there = table.home(*first, shards);
        counts.rows_sent += members.iter().filter(|m| table.home(**m, shards) != there).count() as u64;
        settle(table, members, &crowded, &mut room, &mut person);
    }
    (person, counts)
}

/// One component into persons.
fn settle(table: Table<'_>, members: &[u32], crowded: &BTreeSet<u64>, room: &mut Room, person: &mut [u32]) {
    if members.len() < 2 {
        return;
    }
    let Table { model, scorer, lexicon, rows } = table;
    let (refined, _) = bounded(model, scorer, lexicon, rows, members, Ruled::default(), crowded, room);
    let mut first: BTreeMap<u32, u32> = BTreeMap::new();
    for (member, group) in members.iter().zip(&refined.group) {
        let stands = *first.entry(*group).or_insert(*member);
        if let Some(slot) = person.get_mut(*member as usize) {
            *slot = stands;
        }
    }
}
