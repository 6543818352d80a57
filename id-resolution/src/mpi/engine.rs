//! The engine in memory: batches of records → persons. A first load and a night are the same code; a night over the
//! store uses it for the touched neighbourhood only (see [`super::decide`]).
//!
//! Records with a common key and a weight above the edge form components. Components are cut into persons by
//! [`super::entity`]. Both depend on the set of records only, so order and batching do not matter:
//! * an edge depends on its two records, the model and on which keys are crowded;
//! * a key is crowded when more than a given number of records hold it; the day it becomes so, the components of its
//!   holders are taken apart and linked anew without it;
//! * components and persons of touched records are worked out again from scratch.

use std::collections::BTreeSet;

use super::cut::bounded;
use super::entity::{Refined, Room, Ruled};
use super::keys::keys;
use super::model::{Model, Scorer};
use super::row::{Lexicon, Row, flag};
use super::runs::Runs;
use super::score::{Time, score};
use super::{Day, Record};
use crate::normalise;
use crate::sent::Normal;

/// The engine.
#[derive(Debug)]
pub struct Mpi<'m> {
    model: &'m Model,
    scorer: Scorer,
    lexicon: Lexicon,
    rows: Vec<Row>,
    /// Union-find over rows; see [`Links`].
    links: Links,
    /// Records that never share a row with others of the same content, so that people can rule on each.
    alone: BTreeSet<[u8; 16]>,
    /// Person of each row: a row of the same person (the first in canonical order).
    person: Vec<u32>,
    tuples: Tuples,
    runs: Runs,
    crowded: BTreeSet<u64>,
    /// Rows whose component has to be decided.
    unsettled: Vec<u32>,
    normal: Normal,
    room: Room,
    scored: u64,
    cut: u64,
}

/// What a batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The row of each record of the batch.
    pub rows: Vec<u32>,
    /// Rows whose component was decided again, ascending.
    pub touched: Vec<u32>,
    /// Keys that became crowded.
    pub crowded: u64,
    /// Records whose tuple was known.
    pub repeated: u64,
    /// Components too large to be looked at as a whole, which were cut first (see [`super::cut`]).
    pub cut: u64,
}

/// Components: union-find with path halving, and a ring through the members of each component.
#[derive(Debug, Clone, Default)]
pub struct Links {
    parent: Vec<u32>,
    next: Vec<u32>,
    /// Members, at roots.
    size: Vec<u32>,
}

impl Links {
    fn push(&mut self) {
        let id = u32::try_from(self.parent.len()).unwrap_or(u32::MAX);
        self.parent.push(id);
        self.next.push(id);
        self.size.push(1);
    }

    /// What stands for the component, without tidying the way.
    #[must_use]
    pub fn root(&self, mut x: u32) -> u32 {
        while let Some(up) = self.parent.get(x as usize).copied() {
            if up == x {
                break;
            }
            x = up;
        }
        x
    }

    fn find(&mut self, mut x: u32) -> u32 {
        loop {
            let up = self.parent.get(x as usize).copied().unwrap_or(x);
            if up == x {
                return x;
            }
            let above = self.parent.get(up as usize).copied().unwrap_or(up);
            if let Some(slot) = self.parent.get_mut(x as usize) {
                *slot = above;
            }
            x = above;
        }
    }

    fn union(&mut self, a: u32, b: u32) {
        let (x, y) = (self.find(a), self.find(b));
        if x == y {
            return;
        }
        if let Some(slot) = self.parent.get_mut(x.max(y) as usize) {
            *slot = x.min(y);
        }
        let more = self.size(x.max(y));
        if let Some(slot) = self.size.get_mut(x.min(y) as usize) {
            *slot += more;
        }
        // two rings become one when their successors are exchanged
        let (nx, ny) = (self.next.get(x as usize).copied(), self.next.get(y as usize).copied());
        if let (Some(nx), Some(ny)) = (nx, ny) {
            if let Some(slot) = self.next.get_mut(x as usize) {
                *slot = ny;
            }
            if let Some(slot) = self.next.get_mut(y as usize) {
                *slot = nx;
            }
        }
    }

    /// Members of the component that `root` stands for.
    fn size(&self, root: u32) -> u32 {
        self.size.get(root as usize).copied().unwrap_or(1)
    }

    /// All members of the component of `x`.
    pub fn members(&self, x: u32, out: &mut Vec<u32>) {
        out.clear();
        let mut at = x;
        loop {
            out.push(at);
            at = self.next.get(at as usize).copied().unwrap_or(x);
            if at == x {
                break;
            }
        }
    }

    fn reset(&mut self, members: &[u32]) {
        for m in members {
            if let (Some(p), Some(n)) = (self.parent.get_mut(*m as usize), self.next.get_mut(*m as usize)) {
                *p = *m;
                *n = *m;
                if let Some(size) = self.size.get_mut(*m as usize) {
                    *size = 1;
                }
            }
        }
    }
}

/// Rows by content: a table of row numbers, open addressing.
#[derive(Debug, Clone)]
struct Tuples {
    table: Vec<u32>,
    held: usize,
}

impl Default for Tuples {
    fn default() -> Self {
        Self { table: vec![u32::MAX; 1024], held: 0 }
    }
}

impl Tuples {
    fn find(&self, hash: u64, rows: &[Row], row: &Row) -> Result<u32, usize> {
        let mask = self.table.len() - 1;
        let mut at = usize::try_from(hash).unwrap_or(usize::MAX) & mask;
        loop {
            match self.table.get(at).copied() {
                None | Some(u32::MAX) => return Err(at),
                Some(id) if rows.get(id as usize).is_some_and(|r| r.same_tuple(row)) => return Ok(id),
                Some(_) => at = (at + 1) & mask,
            }
        }
    }

    fn insert(&mut self, at: usize, id: u32, rows: &[Row], hash: impl Fn(&Row) -> u64) {
        if let Some(slot) = self.table.get_mut(at) {
            *slot = id;
        }
        self.held += 1;
        if self.held * 4 > self.table.len() * 3 {
            // only what was inserted: not every row stands for its content
            let held = std::mem::take(&mut self.table);
            let size = held.len() * 2;
            self.table = vec![u32::MAX; size];
            for id in held {
                let Some(row) = rows.get(id as usize) else { continue };
                let mut at = usize::try_from(hash(row)).unwrap_or(usize::MAX) & (size - 1);
                while self.table.get(at).is_some_and(|x| *x != u32::MAX) {
                    at = (at + 1) & (size - 1);
                }
                if let Some(slot) = self.table.get_mut(at) {
                    *slot = id;
                }
            }
        }
    }
}

/// A hash of a row as it lies in memory; only for finding the same tuple again.
fn tuple_hash(row: &Row) -> u64 {
    let words = [
        u64::from(row.family_kana) << 32 | u64::from(row.given_kana),
        u64::from(row.family_kanji) << 32 | u64::from(row.given_kanji),
        u64::from(row.birth) << 32 | u64::from(row.insured),
        u64::from(row.address) << 32 | u64::from(row.phone),
        u64::from(row.local) << 32 | u64::from(row.facility),
        u64::from(row.care) << 32 | u64::from(row.written),
    ];
    words.iter().fold(1, |h, w| (h ^ w).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)) >> 7
}

impl<'m> Mpi<'m> {
    /// An empty engine.
    #[must_use]
    pub fn new(model: &'m Model) -> Self {
        Self {
            model,
            scorer: Scorer::new(model),
            lexicon: Lexicon::default(),
            rows: Vec::new(),
            links: Links::default(),
            alone: BTreeSet::new(),
            person: Vec::new(),
            tuples: Tuples::default(),
            runs: Runs::default(),
            crowded: BTreeSet::new(),
            unsettled: Vec::new(),
            normal: Normal::default(),
            room: Room::default(),
            scored: 0,
            cut: 0,
        }
    }

    /// Rows: one for each different description.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The names.
    #[must_use]
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// The row that stands for the person of `row`.
    #[must_use]
    pub fn person(&self, row: u32) -> u32 {
        self.person.get(row as usize).copied().unwrap_or(row)
    }

    /// Components.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Pairs compared while looking for edges.
    #[must_use]
    pub fn scored(&self) -> u64 {
        self.scored
    }

    /// Postings in the index.
    #[must_use]
    pub fn postings(&self) -> usize {
        self.runs.postings()
    }

    /// Bytes held, without what the allocator adds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + (self.links.parent.capacity() * 3 + self.person.capacity()) * 4
            + self.tuples.table.capacity() * 4
            + self.runs.bytes()
            + self.lexicon.kana.bytes()
            + self.lexicon.kanji.bytes()
    }

    /// Normalises a record into its row; of a tuple that is known the row is given the new days.
    fn take(&mut self, record: &Record<'_>) -> (u32, Taken) {
        normalise::normalise(&record.sent, &self.model.names, &mut self.normal);
        let unseen = self.model.rules.unseen_name;
        let row =
            self.lexicon.row(&self.normal, record.sent.facility, record.seen, &self.model.names, unseen);
        if self.alone.contains(&record.id) {
            return (self.push(row), Taken::New);
        }
        let hash = tuple_hash(&row);
        match self.tuples.find(hash, &self.rows, &row) {
            Ok(id) => {
                let Some(known) = self.rows.get_mut(id as usize) else { return (id, Taken::Known) };
                let (first, last) = (known.first, known.last);
                if row.first != 0 {
                    known.first = if first == 0 { row.first } else { first.min(row.first) };
                    known.last = last.max(row.last);
                }
                let longer = (first, last) != (known.first, known.last);
                (id, if longer { Taken::Longer } else { Taken::Known })
            }
            Err(at) => {
                let id = self.push(row);
                if self.tells(&row) {
                    self.tuples.insert(at, id, &self.rows, tuple_hash);
                }
                (id, Taken::New)
            }
        }
    }

    /// Does the content say enough for the same content to be the same person? A name alone does not, nor does
    /// a test patient's.
    fn tells(&self, row: &Row) -> bool {
        let own = || score(&self.scorer, &self.lexicon, row, row, Time::Ignored).weight;
        !row.is(flag::ASIDE) && own() >= self.model.rules.threshold
    }

    fn push(&mut self, row: Row) -> u32 {
        let id = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        self.links.push();
        self.person.push(id);
        id
    }

    /// An engine with keys known to be crowded, which gives some records a row of their own, so that people can rule on
    /// each.
    #[must_use]
    pub fn ruled(model: &'m Model, alone: BTreeSet<[u8; 16]>, crowded: &BTreeSet<u64>) -> Self {
        Self { alone, crowded: crowded.clone(), room: Room::explaining(), ..Self::new(model) }
    }

    /// Joins two rows whatever their records say.
    pub fn rule_same(&mut self, a: u32, b: u32) {
        self.links.union(a, b);
    }

    /// Takes in records without linking them, for the tasks of [`super::shard`]; gives their rows.
    pub fn read<'r>(&mut self, records: impl IntoIterator<Item = Record<'r>>) -> Vec<u32> {
        records.into_iter().map(|record| self.take(&record).0).collect()
    }

    /// Takes in a batch and decides what it touches.
    pub fn add<'r>(&mut self, records: impl IntoIterator<Item = Record<'r>>) -> Batch {
        let mut batch = self.take_in(records);
        let cut = self.cut;
        batch.touched = self.settle();
        batch.cut = self.cut - cut;
        batch
    }

    /// Takes in a batch: rows, keys, components. A first load takes in batch after batch and settles once.
    pub fn take_in<'r>(&mut self, records: impl IntoIterator<Item = Record<'r>>) -> Batch {
        let mut batch = Batch::default();
        let before = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        for record in records {
            let (row, taken) = self.take(&record);
            batch.rows.push(row);
            batch.repeated += u64::from(taken != Taken::New);
            if taken == Taken::Longer && row < before {
                self.unsettled.push(row);
            }
        }
        let after = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.unsettled.extend(before..after);
        let mut open: Vec<u32> = (before..after).collect();
        // taking components apart because a key became crowded gives rows to be linked anew, until no key does
        while !open.is_empty() {
            let full = self.link(&open);
            batch.crowded += full.len() as u64;
            open = self.dissolve(&full);
            self.unsettled.extend_from_slice(&open);
        }
        batch
    }

    /// Works out the persons of all components that batches have touched; gives the rows whose component was decided
    /// again, ascending.
    pub fn settle(&mut self) -> Vec<u32> {
        let mut roots = std::mem::take(&mut self.unsettled);
        for root in &mut roots {
            *root = self.links.find(*root);
        }
        roots.sort_unstable();
        roots.dedup();
        let (mut touched, mut members) = (Vec::new(), Vec::new());
        for root in roots {
            self.links.members(root, &mut members);
            members.sort_unstable();
            self.decide_component(&members, Ruled::default());
            touched.extend_from_slice(&members);
        }
        touched.sort_unstable();
        touched
    }

    /// Cuts one component into persons.
    pub fn decide_component(&mut self, members: &[u32], ruled: Ruled<'_>) -> Option<Refined> {
        if let [only] = members {
            if let Some(slot) = self.person.get_mut(*only as usize) {
                *slot = *only;
            }
            return None;
        }
        let (refined, cut) = bounded(
            self.model,
            &self.scorer,
            &self.lexicon,
            &self.rows,
            members,
            ruled,
            &self.crowded,
            &mut self.room,
        );
        self.cut += u64::from(cut.is_some());
        self.scored += cut.unwrap_or(0);
        let mut first: Vec<u32> = vec![u32::MAX; members.len()];
        for (member, group) in members.iter().zip(&refined.group) {
            if let Some(slot) = first.get_mut(*group as usize) {
                *slot = (*slot).min(*member);
            }
        }
        for (member, group) in members.iter().zip(&refined.group) {
            if let (Some(slot), Some(stands)) =
                (self.person.get_mut(*member as usize), first.get(*group as usize))
            {
                *slot = *stands;
            }
        }
        Some(refined)
    }

    /// Finds the edges of rows and joins components along them; gives the keys that are crowded now.
    fn link(&mut self, open: &[u32]) -> Vec<u64> {
        let mut all: Vec<(u64, u32)> = Vec::with_capacity(open.len() * 13);
        let mut own = Vec::new();
        for row in open {
            if let Some(r) = self.rows.get(*row as usize) {
                keys(r, &self.lexicon, &mut own);
                all.extend(own.iter().map(|k| (*k, *row)));
            }
        }
        all.sort_unstable();
        let runs = std::mem::take(&mut self.runs);
        let mut cursor = runs.cursor();
        let mut full = Vec::new();
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for block in all.chunk_by(|a, b| a.0 == b.0) {
            let Some((key, _)) = block.first() else { continue };
            old.clear();
            cursor.look(*key, &mut old);
            if block.len() + old.len() < 2 || self.crowded.contains(key) {
                continue;
            }
            for root in &mut old {
                *root = self.links.find(*root);
            }
            old.sort_unstable();
            old.dedup();
            if self.is_crowded(*key, block, &old) {
                full.push(*key);
                continue;
            }
            new.clear();
            new.extend(block.iter().map(|(_, row)| *row));
            self.join_block(&new, &old);
        }
        let links = &self.links;
        let mut runs = runs;
        runs.push(&all, &|row| links.root(row));
        self.runs = runs;
        full
    }

    /// More records hold the key than may. Counted exactly only when it can be so at all.
    fn is_crowded(&self, key: u64, block: &[(u64, u32)], old: &[u32]) -> bool {
        let most = self.model.rules.crowded;
        let held: usize = old.iter().map(|root| self.links.size(*root) as usize).sum();
        if block.len() + held <= most {
            return false;
        }
        let mut holders = block.len();
        let mut members = Vec::new();
        let mut own = Vec::new();
        for root in old {
            self.links.members(*root, &mut members);
            for member in &members {
                let counted = block.binary_search(&(key, *member)).is_ok();
                if let Some(row) = self.rows.get(*member as usize).filter(|_| !counted) {
                    keys(row, &self.lexicon, &mut own);
                    holders += usize::from(own.binary_search(&key).is_ok());
                }
            }
        }
        holders > most
    }

    /// Joins what a block shows to belong together: each new row with each other and with each older component.
    fn join_block(&mut self, new: &[u32], old: &[u32]) {
        for (i, a) in new.iter().enumerate() {
            for b in new.get(i + 1..).unwrap_or_default() {
                if self.links.find(*a) != self.links.find(*b) && self.edge(*a, *b) {
                    self.links.union(*a, *b);
                }
            }
        }
        let mut members = Vec::new();
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for root in old {
            for a in new {
                if self.links.find(*a) == self.links.find(*root) {
                    continue;
                }
                self.links.members(*root, &mut members);
                for member in &members {
                    if self.edge(*a, *member) {
                        // the component was found by one member's key: this one has to share one itself
                        if let (Some(x), Some(y)) =
                            (self.rows.get(*a as usize), self.rows.get(*member as usize))
                        {
                            keys(x, &self.lexicon, &mut mine);
                            keys(y, &self.lexicon, &mut theirs);
                        }
                        if mine.iter().any(|k| theirs.binary_search(k).is_ok() && !self.crowded.contains(k)) {
                            self.links.union(*a, *member);
                            break;
                        }
                    }
                }
            }
        }
    }

    fn edge(&mut self, a: u32, b: u32) -> bool {
        self.scored += 1;
        let (Some(x), Some(y)) = (self.rows.get(a as usize), self.rows.get(b as usize)) else { return false };
        score(&self.scorer, &self.lexicon, x, y, Time::Ignored).weight >= self.scorer.edge
    }

    /// Marks keys as crowded and takes apart the components of their holders; gives the rows to be linked anew.
    fn dissolve(&mut self, full: &[u64]) -> Vec<u32> {
        if full.is_empty() {
            return Vec::new();
        }
        self.crowded.extend(full);
        let mut roots = Vec::new();
        let mut cursor = self.runs.cursor();
        let mut sorted = full.to_vec();
        sorted.sort_unstable();
        for key in sorted {
            cursor.look(key, &mut roots);
        }
        let mut roots: Vec<u32> = roots.into_iter().map(|r| self.links.root(r)).collect();
        roots.sort_unstable();
        roots.dedup();
        let (mut all, mut members) = (Vec::new(), Vec::new());
        for root in roots {
            self.links.members(root, &mut members);
            if members.len() > 1 {
                all.extend_from_slice(&members);
            }
        }
        self.links.reset(&all);
        all.sort_unstable();
        all
    }

    /// The last day on which a row was seen, for reports.
    #[must_use]
    pub fn last_seen(&self, row: u32) -> Option<Day> {
        self.rows.get(row as usize).filter(|r| r.last != 0).map(|r| Day::from(r.last))
    }

    /// Does the row take part in matching?
    #[must_use]
    pub fn linkable(&self, row: u32) -> bool {
        self.rows.get(row as usize).is_some_and(|r| !r.is(flag::ASIDE))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    New,
    Known,
    Longer,
}
