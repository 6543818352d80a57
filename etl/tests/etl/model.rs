//! Who may be present, held against a reference model: random deliveries, ledgers of notices, requests to stop,
//! withdrawals, rulings, erasures, crashes, backups and days go by, and after every step the facts that can be seen, the
//! bytes that can be read and the units that wait are those of the model.
//!
//! The ordinary run tries a few sequences; `make test-long` tries thousands (`PROPTEST_CASES`).
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

mod reference;
mod stage;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};

use musubi_model::submission::SubmissionState::Acknowledged;
use reference::{Fate, House, Known, Person, Place, Reach, Stop};
use stage::{Copied, MONTHS, PERSONS, PLACES, Seen, Sent, Stage};

/// Points at which a load is stopped, and how far it comes before each.
const POINTS: [(&str, Reach); 10] = [
    ("received", Reach::Nothing),
    ("verified", Reach::Nothing),
    ("mapped", Reach::Nothing),
    ("gated", Reach::Nothing),
    ("decided", Reach::Nothing),
    ("resolved", Reach::Linked),
    ("lake-written", Reach::Linked),
    ("vault-written", Reach::Linked),
    ("rows-written", Reach::Linked),
    ("committed", Reach::Everything),
];

/// Points that a pass over what waits goes by.
const NIGHT_POINTS: std::ops::Range<usize> = 2..7;

/// Something happens.
#[derive(Debug, Clone)]
enum Step {
    /// A place's ledger: whom it told how many days ago, or takes back.
    Ledger { place: Place, who: Vec<Person>, ago: i32, void: bool },
    /// A delivery, which may break off.
    Deliver { files: BTreeMap<Place, BTreeMap<Person, usize>>, fault: Option<(usize, bool)> },
    /// An earlier delivery once more: the same package, or the same files for today.
    Again { which: usize, same: bool },
    /// Somebody asks to stop.
    Stop { who: Person, by: Option<Place>, only: Option<Place> },
    /// And takes it back.
    Withdraw { which: usize },
    /// A pass over what waits.
    Night { fault: Option<(usize, bool)> },
    /// A ruling parts a person's records.
    Part { who: Person },
    /// Days go by.
    Days(i32),
    /// Whom requests reach is erased.
    Erase,
    /// A copy of everything.
    Backup,
    /// Back to the newest copy.
    Restore,
}

fn fault(points: std::ops::Range<usize>) -> impl Strategy<Value = Option<(usize, bool)>> {
    proptest::option::weighted(0.2, (points, any::<bool>()))
}

fn step() -> impl Strategy<Value = Step> {
    let place = 0..PLACES;
    let persons = proptest::sample::subsequence((0..PERSONS).collect::<Vec<_>>(), 0..=PERSONS);
    let people = || proptest::collection::btree_map(0..PERSONS, 0..MONTHS, 1..=PERSONS);
    let files = proptest::collection::btree_map(0..PLACES, people(), 1..=PLACES);
    let days = prop_oneof![1 => Just(0), 1 => Just(10), 1 => Just(30), 3 => Just(31), 3 => Just(60)];
    let somewhere = || proptest::option::of(0..PLACES);
    prop_oneof![
        4 => (place, persons, days, proptest::bool::weighted(0.15))
            .prop_map(|(place, who, ago, void)| Step::Ledger { place, who, ago, void }),
        5 => (files, fault(0..POINTS.len())).prop_map(|(files, fault)| Step::Deliver { files, fault }),
        1 => (0..8usize, any::<bool>()).prop_map(|(which, same)| Step::Again { which, same }),
        3 => (0..PERSONS, somewhere(), somewhere()).prop_map(|(who, by, only)| Step::Stop { who, by, only }),
        1 => (0..3usize).prop_map(|which| Step::Withdraw { which }),
        3 => fault(NIGHT_POINTS).prop_map(|fault| Step::Night { fault }),
        1 => (0..PERSONS).prop_map(|who| Step::Part { who }),
        2 => prop_oneof![Just(1), Just(2), Just(21), Just(31)].prop_map(Step::Days),
        2 => Just(Step::Erase),
        1 => Just(Step::Backup),
        1 => Just(Step::Restore),
    ]
}

/// A sequence begins with everybody told long ago, so that something comes in.
fn sequence() -> impl Strategy<Value = Vec<Step>> {
    let told = |place| Step::Ledger { place, who: (0..PERSONS).collect(), ago: 60, void: false };
    let first = proptest::collection::vec(any::<bool>(), PLACES).prop_map(move |some| {
        some.into_iter().enumerate().filter(|(_, yes)| *yes).map(|(place, _)| told(place)).collect::<Vec<_>>()
    });
    (first, proptest::collection::vec(step(), 1..=14)).prop_map(|(first, rest)| [first, rest].concat())
}

/// The two houses side by side.
struct Both<'a> {
    stage: &'a Stage,
    house: House,
    stops: Vec<Stop>,
    sent: Vec<Sent>,
    copied: Option<(House, Copied)>,
    today: i32,
}

impl<'a> Both<'a> {
    fn new(stage: &'a Stage) -> Self {
        stage.empty();
        Self { stage, house: House::default(), stops: Vec::new(), sent: Vec::new(), copied: None, today: 0 }
    }

    fn go(&mut self, step: &Step) {
        match step {
            Step::Ledger { place, who, ago, void } => {
                self.stage.ledger(*place, self.today, who, self.today - ago, *void);
                self.house.ledger(*place, self.today, who, self.today - ago, *void);
            }
            Step::Deliver { files, fault } => {
                let files: Vec<_> = files
                    .iter()
                    .map(|(place, people)| (*place, people.iter().map(|(w, m)| (*w, *m)).collect()))
                    .collect();
                let serial = u32::try_from(self.sent.len() + 1).expect("few");
                let sent = self.stage.send(self.today, &files, serial);
                self.sent.push(sent.clone());
                self.take(&sent, *fault);
            }
            Step::Again { which, same } => {
                let Some(before) = self.sent.get(which % self.sent.len().max(1)).cloned() else { return };
                let sent = if *same { before } else { self.stage.send_again(self.today, &before) };
                self.take(&sent, None);
            }
            Step::Stop { who, by, only } => {
                let by = by.map_or(Known::Everything, Known::Chart);
                let stop = Stop { who: *who, by, only: *only, from: self.today, until: None };
                self.stage.stop(self.stops.len(), &stop);
                self.stops.push(stop);
            }
            Step::Withdraw { which } => {
                let number = which % self.stops.len().max(1);
                let Some(stop) = self.stops.get_mut(number).filter(|s| s.until.is_none()) else { return };
                stop.until = Some(self.today);
                self.stage.withdraw(number, self.today);
            }
            Step::Night { fault } => {
                let reach = fault.map_or(Reach::Everything, |(point, _)| POINTS[point].1);
                let any = self.house.night(&self.stops, self.today, reach);
                let done = self.stage.night(self.today, &named(*fault));
                assert_eq!(done.is_err(), fault.is_some() && any, "{done:?}");
            }
            Step::Part { who } => {
                if self.house.can_part(*who) {
                    self.stage.part(self.today, *who);
                    self.house.part(*who);
                }
            }
            Step::Days(days) => self.today += days,
            Step::Erase => {
                let gone = self.house.erase(&self.stops, self.today);
                assert_eq!(self.stage.erase(self.today), gone, "source identities erased");
            }
            Step::Backup => self.copied = Some((self.house.clone(), self.stage.backup())),
            Step::Restore => {
                let Some((then, copied)) = &self.copied else { return };
                self.house.restore(then);
                self.stage.restore(self.today, copied);
            }
        }
    }

    fn take(&mut self, sent: &Sent, fault: Option<(usize, bool)>) {
        let reach = fault.map_or(Reach::Everything, |(point, _)| POINTS[point].1);
        let fates = self.house.deliver(&self.stops, self.today, &sent.what, reach);
        let taken = self.stage.take(self.today, &named(fault), sent);
        match (fates, taken) {
            (None, Ok(outcome)) => assert_eq!(outcome.state, Acknowledged, "it had come before"),
            (Some(fates), Ok(outcome)) if fault.is_none() => {
                assert_eq!(outcome.state, Acknowledged, "{outcome:?}");
                assert!(outcome.balance.closes());
                let line = &outcome.balance.lines["RE"];
                let count = |fate: Fate| fates.iter().filter(|f| **f == fate).count() as u64;
                assert_eq!(
                    (line.loaded + line.superseded, line.duplicate, line.held, line.excluded),
                    (count(Fate::Loaded), count(Fate::Duplicate), count(Fate::Held), count(Fate::Excluded)),
                    "loaded, duplicate, held, excluded: {:?}",
                    outcome.findings
                );
            }
            (Some(_), Err(_)) if fault.is_some() => {}
            (fates, taken) => panic!("{fates:?} but {taken:?}"),
        }
    }

    fn compare(&self) {
        let seen = self.stage.look();
        let (present, readable, held) = (self.house.present(), self.house.readable(), self.house.held());
        assert_eq!(seen, Seen { present, readable, held });
    }
}

fn named(fault: Option<(usize, bool)>) -> String {
    fault.map_or_else(String::new, |(point, disk)| {
        format!("{}@{}", if disk { "disk-full" } else { "lose-database" }, POINTS[point].0)
    })
}

/// Runs a sequence; the error says after which step the houses differ, and how.
fn run(stage: &Stage, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut both = Both::new(stage);
    for (n, step) in steps.iter().enumerate() {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            both.go(step);
            both.compare();
        }));
        if let Err(why) = done {
            let said = why.downcast_ref::<String>().cloned();
            let said = said.or_else(|| why.downcast_ref::<&str>().map(ToString::to_string));
            return Err(TestCaseError::fail(format!("step {n} {step:?}: {}", said.unwrap_or_default())));
        }
    }
    Ok(())
}

/// Tries sequences, a share of them in each thread and each with a database of its own.
fn sequences(cases: u32, threads: u32, seed: u8) {
    let share = cases.div_ceil(threads);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let stage = Stage::new();
                let config = ProptestConfig {
                    cases: share,
                    failure_persistence: None,
                    max_shrink_iters: 400,
                    ..ProptestConfig::default()
                };
                let mut seeds = [seed; 32];
                seeds[0] = u8::try_from(thread).unwrap_or(0);
                let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seeds);
                let mut runner = TestRunner::new_with_rng(config, rng);
                let tried = std::cell::Cell::new(0u32);
                let result = runner.run(&sequence(), |steps| {
                    tried.set(tried.get() + 1);
                    if tried.get().is_multiple_of(100) {
                        eprintln!("thread {thread}: {} sequences", tried.get());
                    }
                    run(&stage, &steps)
                });
                match result {
                    Ok(()) => {}
                    Err(TestError::Fail(why, steps)) => {
                        panic!("{why}\nthe shortest sequence found: {steps:#?}")
                    }
                    Err(TestError::Abort(why)) => panic!("{why}"),
                }
            });
        }
    });
}

#[test]
fn who_is_present_is_who_may_be_present() {
    sequences(20, 1, 1);
}

/// `make test-long`: as many sequences as `PROPTEST_CASES` says, on all cores, each run with other ones.
#[test]
#[ignore = "long: make test-long"]
fn who_is_present_is_who_may_be_present_over_thousands_of_sequences() {
    let cases = ProptestConfig::default().cases;
    let threads = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
    let seed = std::process::id().to_le_bytes()[0];
    println!("{cases} sequences, {threads} threads, seed {seed}");
    sequences(cases, threads, seed);
}
/// One person comes to one place.
fn comes(place: Place, who: Person) -> Step {
    Step::Deliver { files: BTreeMap::from([(place, BTreeMap::from([(who, 0)]))]), fault: None }
}

fn told(place: Place, who: &[Person]) -> Step {
    Step::Ledger { place, who: who.to_vec(), ago: 60, void: false }
}

fn stops(who: Person, by: Option<Place>) -> Step {
    Step::Stop { who, by, only: None }
}

/// Sequences that were found to matter, told in words by their names.
#[test]
fn the_houses_agree_where_gates_held_units_linkage_and_erasure_meet() {
    let stage = Stage::new();
    let night = || Step::Night { fault: None };
    let sequences: Vec<(&str, Vec<Step>)> = vec![
        (
            "whoever waited, came in and was erased cannot be read",
            vec![comes(0, 1), told(0, &[1]), night(), stops(1, None), Step::Erase],
        ),
        (
            "a record that waits is excluded, not held, when linkage knows its person asked to stop",
            vec![
                told(0, &[1]),
                told(1, &[1]),
                comes(0, 1),
                comes(1, 1),
                Step::Days(5),
                stops(1, Some(0)),
                comes(1, 1),
                night(),
            ],
        ),
        (
            "whoever waits before somebody whose bytes are gone comes in all the same",
            vec![
                Step::Deliver { files: BTreeMap::from([(0, BTreeMap::from([(1, 0), (2, 0)]))]), fault: None },
                stops(2, None),
                told(0, &[1]),
                night(),
            ],
        ),
        (
            "a notice taken back of somebody who asked to stop keeps nobody else out",
            vec![
                told(0, &[1, 2]),
                Step::Ledger { place: 0, who: vec![2], ago: 60, void: true },
                stops(2, None),
                comes(0, 1),
            ],
        ),
        (
            "a backup of before an erasure brings nobody back",
            vec![
                told(0, &[1, 2]),
                comes(0, 1),
                comes(0, 2),
                Step::Backup,
                stops(1, None),
                Step::Erase,
                comes(0, 1),
                Step::Restore,
                comes(0, 1),
                Step::Withdraw { which: 0 },
                comes(0, 1),
            ],
        ),
        (
            "parted records are not reached through each other",
            vec![
                told(0, &[1]),
                told(1, &[1]),
                comes(0, 1),
                comes(1, 1),
                Step::Part { who: 1 },
                stops(1, Some(0)),
                comes(1, 1),
                Step::Erase,
                comes(1, 1),
            ],
        ),
    ];
    let differ: Vec<String> = sequences
        .into_iter()
        .filter_map(|(name, steps)| run(&stage, &steps).err().map(|e| format!("{name}: {e}")))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
