//! Verification from the first entry on: takes entries and checkpoints in the order of the log, keeps nothing but the
//! tree's edge, and names the first entry that is not as it was and what happened to it. It believes no hash that it has
//! not made itself and no key that it was not given.

use std::collections::BTreeMap;

use crate::damage::{Damage, Finding};
use crate::entry::{BEGINNING, Entry};
use crate::hash::Hash;
use crate::note::{Checkpoint, Keys, Note, PublicKey};
use crate::tree::Frontier;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries that hold, from the first.
    pub entries: u64,
    /// The root over them.
    pub root: Hash,
    /// Checkpoints that hold and fit.
    pub checkpoints: u64,
    /// The newest checkpoint that fits.
    pub newest: Option<Checkpoint>,
    /// Up to which entry each witness signed what fits.
    pub witnessed: BTreeMap<PublicKey, u64>,
    /// The first thing that is wrong. `None`: everything holds.
    pub first: Option<Finding>,
}

/// The place where the chain broke, while the rest is read to learn what happened.
#[derive(Debug)]
struct Broken {
    place: u64,
    seq: u64,
    fits: bool,
    successor_comes: bool,
}

/// Takes a log entry by entry.
#[derive(Debug)]
pub struct Verifier<'k> {
    keys: Option<&'k Keys>,
    /// Checkpoints kept elsewhere, by size.
    kept: Vec<Note>,
    edge: Frontier,
    previous: Option<Hash>,
    newest_format: Option<crate::entry::Format>,
    scratch: Vec<u8>,
    broken: Option<Broken>,
    unreadable: bool,
    first: Option<Finding>,
    /// A kept checkpoint that does not fit, until it is known whether the house signed this history too.
    disagrees: Option<Finding>,
    checkpoints: u64,
    newest: Option<Checkpoint>,
    witnessed: BTreeMap<PublicKey, u64>,
}

impl<'k> Verifier<'k> {
    /// A verification. Without keys only the entries are held against each other; with them, `kept` checkpoints (from
    /// earlier verifications, from witnesses, from print) must be in the log.
    #[must_use]
    pub fn new(keys: Option<&'k Keys>, mut kept: Vec<Note>) -> Self {
        kept.sort_by_key(|n| n.checkpoint.size);
        let mut verifier = Self {
            keys,
            kept: Vec::new(),
            edge: Frontier::new(),
            previous: None,
            newest_format: None,
            scratch: Vec::with_capacity(512),
            broken: None,
            unreadable: false,
            first: None,
            disagrees: None,
            checkpoints: 0,
            newest: None,
            witnessed: BTreeMap::new(),
        };
        for note in &kept {
            if let Some(damage) = keys.and_then(|k| note.check(&k.house).err()) {
                verifier.say(Finding::at(damage, note.checkpoint.size));
            }
        }
        // Smallest last, so that the next one to be met is at the end.
        kept.reverse();
        verifier.kept = kept;
        verifier.meet_kept();
        verifier
    }

    /// How many entries hold so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The tree's edge so far.
    #[must_use]
    pub fn edge(&self) -> &Frontier {
        &self.edge
    }

    fn say(&mut self, finding: Finding) {
        self.first.get_or_insert(finding);
    }

    /// Says that something else is wrong.
    pub fn wrong(&mut self, finding: Finding) {
        if self.broken.is_none() {
            self.say(finding);
        }
    }

    /// Says that something cannot be read here.
    pub fn unreadable(&mut self) {
        self.unreadable = true;
        self.wrong(Finding::at(Damage::Unreadable, self.edge.size() + 1));
    }

    /// Was something unreadable?
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.unreadable
    }

    /// Says that the file ends before its end.
    pub fn cut_off(&mut self) {
        self.wrong(Finding::at(Damage::Truncated, self.edge.size() + 1));
    }

    /// Says that entries, checkpoints or signatures are not as many as the last line counts.
    pub fn wrong_count(&mut self) {
        self.wrong(Finding::at(Damage::Dropped, self.edge.size() + 1));
    }

    /// Takes the next entry as it stands. After a break it is read only to learn what happened.
    pub fn entry(&mut self, entry: &Entry<'_>) {
        let hashes = entry.hashes(&mut self.scratch);
        let fits = entry.fits(&hashes) && self.newest_format.is_none_or(|f| f <= entry.format);
        let linked = match &self.previous {
            None => entry.previous == BEGINNING,
            Some(hash) => hash.is_written(entry.previous),
        };
        if let Some(broken) = &mut self.broken {
            broken.successor_comes |= fits && linked && entry.seq == broken.place;
            return;
        }
        let place = self.edge.size() + 1;
        if !(fits && linked && entry.seq == place) {
            self.broken = Some(Broken { place, seq: entry.seq, fits, successor_comes: false });
            return;
        }
        self.newest_format = Some(entry.format);
        self.previous = Some(hashes.chained);
        self.edge.push(hashes.leaf);
        self.meet_kept();
    }

    /// Takes a checkpoint that stands in the log after the entries read so far.
    pub fn note(&mut self, note: &Note) {
        if self.broken.is_some() || self.first.is_some() {
            return;
        }
        let size = note.checkpoint.size;
        if let Some(damage) = self.keys.and_then(|k| note.check(&k.house).err()) {
            self.say(Finding::at(damage, size));
        } else if size != self.edge.size() {
            // Between the entries of its own time there is no other place for it.
            let what = if size > self.edge.size() { Damage::Dropped } else { Damage::Reordered };
            self.say(Finding::at(what, self.edge.size() + 1));
        } else {
            self.meet(note, false);
        }
    }

    fn meet_kept(&mut self) {
        while self.kept.last().is_some_and(|n| n.checkpoint.size <= self.edge.size()) {
            if let Some(note) = self.kept.pop() {
                self.meet(&note, true);
            }
        }
    }

    /// Holds a checkpoint of just this size against the tree.
    fn meet(&mut self, note: &Note, kept: bool) {
        let c = &note.checkpoint;
        if c.root != self.edge.root() {
            let place = self.newest.as_ref().map_or(0, |n| n.size) + 1;
            let finding = Finding { what: Damage::Rewritten, place, until: c.size.max(place) };
            if kept {
                self.disagrees.get_or_insert(finding);
            } else {
                self.say(finding);
            }
            return;
        }
        if let Some(finding) = self.disagrees.filter(|_| !kept) {
            // The log brings the house's signature for what it shows, and the kept checkpoint has one too.
            self.say(Finding { what: Damage::Forked, ..finding });
            return;
        }
        self.checkpoints += 1;
        for s in note.signatures.iter().filter(|s| s.signer != crate::note::HOUSE) {
            self.witnessed.insert(s.key, c.size);
        }
        if self.newest.as_ref().is_none_or(|n| n.size <= c.size) {
            self.newest = Some(c.clone());
        }
    }

    fn classify(broken: &Broken) -> Finding {
        let Broken { place, seq, fits, successor_comes } = *broken;
        match (fits, successor_comes) {
            (false, false) => Finding::at(Damage::Changed, place),
            (false, true) => Finding::at(Damage::Inserted, place),
            (true, true) if seq > place => Finding::at(Damage::Reordered, place),
            (true, true) => Finding::at(Damage::Inserted, place),
            (true, false) if seq > place => Finding { what: Damage::Dropped, place, until: seq - 1 },
            // Its number and content fit, but it remembers another entry before: that one was replaced.
            (true, false) if seq == place => Finding::at(Damage::Rewritten, (place - 1).max(1)),
            (true, false) => Finding::at(Damage::Inserted, place),
        }
    }

    /// The report, when nothing is left. `whole` says that the log must end under a checkpoint (an export).
    #[must_use]
    pub fn finish(mut self, whole: bool) -> Report {
        if let Some(finding) = self.disagrees.or_else(|| self.broken.as_ref().map(Self::classify)) {
            self.say(finding);
        }
        if self.first.is_none() {
            let size = self.edge.size();
            let signed = self.newest.as_ref().is_some_and(|n| n.size == size);
            let missing =
                self.keys.into_iter().flat_map(|k| &k.witnesses).any(|w| !self.witnessed.contains_key(w));
            if let Some(note) = self.kept.first() {
                self.say(Finding { what: Damage::Truncated, place: size + 1, until: note.checkpoint.size });
            } else if whole && !signed {
                self.say(Finding::at(Damage::Unsigned, size));
            } else if missing {
                self.say(Finding::at(Damage::NotWitnessed, size));
            }
        }
        Report {
            entries: self.edge.size(),
            root: self.edge.root(),
            checkpoints: self.checkpoints,
            newest: self.newest,
            witnessed: self.witnessed,
            first: self.first,
        }
    }
}
