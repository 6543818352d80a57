//! The reference: who may be present, worked out from what happened alone. It knows sets and days; it never sees a row, a
//! file or a key, and shares no code with the jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use musubi_model::{DocumentHash, SubmissionId};

/// A place of care, counted from 0.
pub type Place = usize;
/// A person, counted from 0.
pub type Person = usize;
/// A day, counted from the first.
pub type Day = i32;
/// A unit of a delivery: file and unit.
pub type Spot = (usize, u32);

/// A document of a delivery.
#[derive(Debug, Clone)]
pub struct File {
    pub place: Place,
    pub document: DocumentHash,
    /// Person and month of care of each unit.
    pub units: Vec<(Person, usize)>,
}

/// What is delivered.
#[derive(Debug)]
pub struct Delivery {
    pub id: SubmissionId,
    pub day: Day,
    pub files: Vec<File>,
}

impl Delivery {
    fn spots(&self) -> impl Iterator<Item = (Spot, &File, Person, usize)> {
        self.files.iter().enumerate().flat_map(|(n, file)| {
            let number = |u: usize| u32::try_from(u).expect("few units");
            file.units.iter().enumerate().map(move |(u, (who, month))| ((n, number(u)), file, *who, *month))
        })
    }
}

/// By what somebody who asked to stop is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The chart number of one place.
    Chart(Place),
    /// Name, birth date, sex and card: everywhere.
    Everything,
}

/// A request to stop.
#[derive(Debug, Clone)]
pub struct Stop {
    pub who: Person,
    pub by: Known,
    /// Only at this place.
    pub only: Option<Place>,
    pub from: Day,
    pub until: Option<Day>,
}

impl Stop {
    fn holds(&self, today: Day) -> bool {
        self.from <= today && self.until.is_none_or(|until| today < until)
    }

    fn covers(&self, place: Place) -> bool {
        self.only.is_none_or(|only| only == place)
    }

    fn names(&self, place: Place, who: Person) -> bool {
        self.who == who && (self.by == Known::Everything || self.by == Known::Chart(place))
    }
}

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Loaded,
    Duplicate,
    Held,
    Excluded,
}

/// How far a job comes before it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nothing is written.
    Nothing,
    /// Who is who is known, and nothing else.
    Linked,
    /// Everything.
    Everything,
}

/// The house, as it should be. Cloned for a backup.
#[derive(Debug, Clone, Default)]
pub struct House {
    /// Newest ledger by place.
    ledgers: BTreeMap<Place, Day>,
    told: BTreeSet<(Place, Person, Day)>,
    void: BTreeSet<(Place, Person, Day)>,
    taken: BTreeMap<SubmissionId, Taken>,
    /// Who is known to linkage.
    known: BTreeSet<(Place, Person)>,
    /// Persons whom a ruling parted: one at each place.
    apart: BTreeSet<Person>,
    /// Who never comes back.
    erased: BTreeSet<(Place, Person)>,
}

#[derive(Debug, Clone)]
struct Taken {
    what: Rc<Delivery>,
    fates: BTreeMap<Spot, Fate>,
}

/// The days a notice waits; the last must have ended.
const WAIT: Day = 30;

impl House {
    pub fn ledger(&mut self, place: Place, today: Day, who: &[Person], notified_on: Day, void: bool) {
        self.ledgers.insert(place, today);
        let book = if void { &mut self.void } else { &mut self.told };
        book.extend(who.iter().map(|who| (place, *who, notified_on)));
    }

    fn admits(&self, place: Place, who: Person, today: Day, cutoff: Day) -> bool {
        let fresh = self.ledgers.get(&place).is_some_and(|on| *on >= cutoff - 1);
        let ripe = |n: &&(Place, Person, Day)| {
            (n.0, n.1) == (place, who) && !self.void.contains(n) && today > n.2 + WAIT
        };
        fresh && self.told.iter().any(|n| ripe(&n))
    }

    fn stopped_by_name(stops: &[Stop], place: Place, who: Person, today: Day) -> bool {
        stops.iter().any(|s| s.holds(today) && s.covers(place) && s.names(place, who))
    }

    /// Whoever linkage takes for the same person as one who asked to stop.
    fn stopped_by_linkage(&self, stops: &[Stop], place: Place, who: Person, today: Day) -> bool {
        let same = |other: Place| {
            self.known.contains(&(other, who)) && (other == place || !self.apart.contains(&who))
        };
        let places: Vec<Place> = self.known.iter().map(|(place, _)| *place).filter(|p| same(*p)).collect();
        self.known.contains(&(place, who))
            && stops
                .iter()
                .any(|s| s.holds(today) && s.covers(place) && places.iter().any(|p| s.names(*p, who)))
    }

    fn came_before(&self, document: DocumentHash, unit: u32) -> bool {
        self.taken.values().any(|t| {
            t.fates.iter().any(|((file, u), fate)| {
                *fate == Fate::Loaded && *u == unit && t.what.files[*file].document == document
            })
        })
    }

    /// Both gates over some units of a delivery, with linkage between them.
    fn decide(
        &mut self,
        stops: &[Stop],
        today: Day,
        cutoff: Day,
        what: &Delivery,
        wanted: &BTreeSet<Spot>,
    ) -> BTreeMap<Spot, Fate> {
        let mut fates = BTreeMap::new();
        for (spot, file, who, _) in what.spots().filter(|(spot, ..)| wanted.contains(spot)) {
            let fate = if Self::stopped_by_name(stops, file.place, who, today) {
                Fate::Excluded
            } else if !self.admits(file.place, who, today, cutoff) {
                Fate::Held
            } else if self.came_before(file.document, spot.1) {
                Fate::Duplicate
            } else {
                Fate::Loaded
            };
            fates.insert(spot, fate);
        }
        for (spot, file, who, _) in what.spots() {
            if fates.get(&spot) == Some(&Fate::Loaded) && !self.erased.contains(&(file.place, who)) {
                self.known.insert((file.place, who));
            }
        }
        for (spot, file, who, _) in what.spots() {
            let Some(fate) = fates.get_mut(&spot) else { continue };
            let gone = self.erased.contains(&(file.place, who)) && *fate != Fate::Held;
            if gone || self.stopped_by_linkage(stops, file.place, who, today) {
                *fate = Fate::Excluded;
            }
        }
        fates
    }

    /// A delivery comes. `None`: it had come before.
    pub fn deliver(
        &mut self,
        stops: &[Stop],
        today: Day,
        what: &Rc<Delivery>,
        reach: Reach,
    ) -> Option<Vec<Fate>> {
        if self.taken.contains_key(&what.id) {
            return None;
        }
        if reach == Reach::Nothing {
            return Some(Vec::new());
        }
        let all = what.spots().map(|(spot, ..)| spot).collect();
        let fates = self.decide(stops, today, what.day, what, &all);
        let out = fates.values().copied().collect();
        if reach == Reach::Everything {
            self.taken.insert(what.id, Taken { what: what.clone(), fates });
        }
        Some(out)
    }

    /// A pass over what waits. Says whether anything was to be loaded.
    pub fn night(&mut self, stops: &[Stop], today: Day, reach: Reach) -> bool {
        let ids: Vec<SubmissionId> = self.taken.keys().copied().collect();
        for id in &ids {
            let t = &self.taken[id];
            let named = |spot: &Spot| {
                let file = &t.what.files[spot.0];
                Self::stopped_by_name(stops, file.place, file.units[spot.1 as usize].0, today)
            };
            let out: Vec<Spot> =
                t.fates.iter().filter(|(s, f)| **f == Fate::Held && named(s)).map(|(s, _)| *s).collect();
            self.settle(id, out.into_iter().map(|spot| (spot, Fate::Excluded)));
        }
        let mut any = false;
        for id in &ids {
            let what = self.taken[id].what.clone();
            let wanted: BTreeSet<Spot> = what
                .spots()
                .filter(|(spot, file, who, _)| {
                    self.taken[id].fates[spot] == Fate::Held && self.admits(file.place, *who, today, today)
                })
                .map(|(spot, ..)| spot)
                .collect();
            if wanted.is_empty() {
                continue;
            }
            any = true;
            if reach == Reach::Nothing {
                return any;
            }
            let fates = self.decide(stops, today, today, &what, &wanted);
            if reach == Reach::Linked {
                return any;
            }
            self.settle(id, fates);
        }
        any
    }

    fn settle(&mut self, id: &SubmissionId, fates: impl IntoIterator<Item = (Spot, Fate)>) {
        if let Some(taken) = self.taken.get_mut(id) {
            taken.fates.extend(fates);
        }
    }

    /// Everybody whom the requests reach goes. Says how many source identities.
    pub fn erase(&mut self, stops: &[Stop], today: Day) -> usize {
        let known = self.known.clone();
        let gone: Vec<_> =
            known.into_iter().filter(|(p, who)| self.stopped_by_linkage(stops, *p, *who, today)).collect();
        for identity in &gone {
            self.forget(*identity);
        }
        gone.len()
    }

    fn forget(&mut self, identity: (Place, Person)) {
        self.erased.insert(identity);
        // A ruling about somebody goes with them.
        if self.known.remove(&identity) {
            self.apart.remove(&identity.1);
        }
    }

    /// The house as it was; whoever was erased since is erased again.
    pub fn restore(&mut self, then: &Self) {
        let erased = std::mem::take(&mut self.erased);
        *self = then.clone();
        for identity in erased {
            self.forget(identity);
        }
    }

    /// Can a ruling part this person's two records?
    pub fn can_part(&self, who: Person) -> bool {
        !self.apart.contains(&who) && [0, 1].iter().all(|place| self.known.contains(&(*place, who)))
    }

    pub fn part(&mut self, who: Person) {
        self.apart.insert(who);
    }

    /// Units whose facts are in the current view: of the versions of one thing, the newest.
    pub fn present(&self) -> BTreeSet<(DocumentHash, u32)> {
        let mut newest: BTreeMap<(Place, Person, usize), (DocumentHash, u32)> = BTreeMap::new();
        for t in self.taken.values() {
            for (spot, file, who, month) in t.what.spots() {
                if t.fates[&spot] == Fate::Loaded && !self.erased.contains(&(file.place, who)) {
                    let own = (file.document, spot.1);
                    let best = newest.entry((file.place, who, month)).or_insert(own);
                    *best = (*best).max(own);
                }
            }
        }
        newest.into_values().collect()
    }

    /// Units whose bytes can be read.
    pub fn readable(&self) -> BTreeSet<(SubmissionId, Spot)> {
        self.units(|fate, erased| fate == Fate::Held || (fate != Fate::Excluded && !erased))
    }

    /// Units that wait.
    pub fn held(&self) -> BTreeSet<(SubmissionId, Spot)> {
        self.units(|fate, _| fate == Fate::Held)
    }

    fn units(&self, wanted: impl Fn(Fate, bool) -> bool) -> BTreeSet<(SubmissionId, Spot)> {
        let mut out = BTreeSet::new();
        for (id, t) in &self.taken {
            for (spot, file, who, _) in t.what.spots() {
                if wanted(t.fates[&spot], self.erased.contains(&(file.place, who))) {
                    out.insert((*id, spot));
                }
            }
        }
        out
    }
}
