//! The resolve step with the real engine, real keys and a real PostgreSQL.
#![allow(clippy::indexing_slicing, clippy::expect_used)] // test data, not input

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_etl::matching::Matching;
use musubi_etl::resolve::{Arrival, ResolveReport, resolve_identities};
use musubi_id_resolution::{TokenKey, describe};
use musubi_model::identity::{Demographics, Identifying, Sex, parts};
use musubi_model::{IdentityId, PartialDate, ProviderId, ResearchId, SourceIdentity, SubmissionId};
use musubi_storage::identity::open_demographics;
use musubi_storage::keys::{KekSource, KeyRing};
use musubi_storage::registry::{IdentityDb, Registry};
use musubi_storage::server::{DatabaseChoice, Server};
use tempfile::TempDir;

struct House {
    registry: Registry,
    ring: KeyRing,
    _folder: TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let kek = KekSource::File(folder.path().join("kek.key"));
        let ring = KeyRing::open_or_create(&folder.path().join("keys"), &kek).expect("keys");
        let server = Server::open(&folder.path().join("data"), &DatabaseChoice::Embedded).expect("a server");
        Self { registry: Registry::open(server).expect("migrated"), ring, _folder: folder }
    }

    fn db(&self) -> IdentityDb {
        self.registry.identity().expect("a handle")
    }

    fn describe(&self, people: &[SourceIdentity]) -> BTreeMap<IdentityId, Arrival> {
        let key = TokenKey::new(self.ring.token.expose());
        people
            .iter()
            .map(|p| {
                let described = describe(&key, p);
                (described.identity_id, Arrival { identity: p.clone(), described, seen: None })
            })
            .collect()
    }

    fn resolve(&self, submission: u8, people: &[SourceIdentity]) -> ResolveReport {
        let now = Timestamp::from_second(1_780_000_000).expect("a time");
        let identities = self.describe(people);
        let (submission, matching) = (SubmissionId([submission; 16]), Matching::default());
        resolve_identities(&mut self.db(), &self.ring, submission, now, &identities, &matching)
            .expect("resolved")
    }

    fn id(&self, person: &SourceIdentity) -> IdentityId {
        *self.describe(std::slice::from_ref(person)).keys().next().expect("one")
    }

    fn person(&self, person: &SourceIdentity) -> ResearchId {
        self.db().person_of(&self.id(person)).expect("read").expect("known").research_id
    }
}

fn sample(provider: &str, local: &str, number: &str, kana: &str, birth: (i16, u8, u8)) -> SourceIdentity {
    let text = |t: &str| Identifying::new(t.into());
    SourceIdentity {
        provider: ProviderId::new(provider).expect("a provider"),
        demographics: Demographics {
            local_number: text(local),
            insurer_number: text("01130012"),
            insured_symbol: text("12"),
            insured_number: text(number),
            insured_branch: text("01"),
            name_kana: text(kana),
            birth: Identifying::new(PartialDate::new(birth.0, birth.1, birth.2)),
            sex: Sex::Female,
            ..Demographics::default()
        },
    }
}

const BORN: (i16, u8, u8) = (1980, 4, 1);

/// One person four times (by card, by name, by chart number after marriage), and another with a reused chart number.
fn people() -> [SourceIdentity; 5] {
    [
        sample("1310000001", "101", "555", "テスト ハナコ", BORN),
        sample("1310000002", "9", "0555", "", BORN),
        sample("1310000003", "77", "888", "ﾃｽﾄ ﾊﾅｺ", BORN),
        sample("1310000001", "0101", "999", "ミホン ハナコ", BORN),
        sample("1310000001", "101", "444", "テスト ツキコ", (1950, 1, 1)),
    ]
}

#[test]
fn a_delivery_is_resolved_once() {
    let house = House::new();
    let people = people();
    let first = house.resolve(1, &people);
    assert_eq!((first.identities_new, first.persons_new, first.persons_merged), (5, 2, 0));
    assert!(people[..4].iter().all(|p| house.person(p) == house.person(&people[0])));
    assert_ne!(house.person(&people[4]), house.person(&people[0]));
    let again = house.resolve(1, &people);
    assert_eq!(again.placements, first.placements);
    assert_eq!((again.identities_new, again.persons_new), (0, 0));
    assert_eq!(again.findings, first.findings, "an interrupted delivery tells the same when it is run again");
    assert_eq!(house.resolve(2, &people).findings, [], "and a later one does not repeat it");
}

#[test]
fn findings_name_the_rule_and_nobody() {
    let house = House::new();
    let report = house.resolve(1, &people());
    let told: BTreeSet<&str> = report.findings.iter().map(|f| f.rule.id).collect();
    assert_eq!(told, BTreeSet::from(["MPI-LOCAL-BIRTH"]));
    assert_eq!(report.findings.len(), report.conflicts.len());
    for finding in &report.findings {
        // The rule itself may give an example, which is made up.
        let text = format!("{finding} {:?} {} {}", finding.position, finding.found, finding.expected);
        for secret in ["101 ", "555", "テスト", "ミホン", "1980", "1950", "生年月日: "] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_finding_does_not_name_the_other_provider() {
    let house = House::new();
    let [first, ..] = people();
    house.resolve(1, &[first]);
    let other = sample("1310000002", "9", "555", "テスト ツキコ", (1950, 1, 1));
    let report = house.resolve(2, &[other]);
    assert_eq!(report.findings[0].rule.id, "MPI-INSURED-GUARD");
    assert_eq!(report.findings[0].position.record, "提供元 1310000002");
}

#[test]
fn deliveries_in_any_order_give_the_same_persons() {
    let partition = |order: &[usize]| {
        let house = House::new();
        let people = people();
        for (n, place) in order.iter().enumerate() {
            house.resolve(u8::try_from(n).expect("small"), std::slice::from_ref(&people[*place]));
        }
        let mut persons: BTreeMap<ResearchId, BTreeSet<usize>> = BTreeMap::new();
        for (place, person) in people.iter().enumerate() {
            persons.entry(house.person(person)).or_default().insert(place);
        }
        let conflicts = house.db().conflict_counts().expect("counted");
        (persons.into_values().collect::<BTreeSet<_>>(), conflicts)
    };
    let forward = partition(&[0, 1, 2, 3, 4]);
    assert_eq!(forward.0, BTreeSet::from([BTreeSet::from([0, 1, 2, 3]), BTreeSet::from([4])]));
    assert_eq!(partition(&[4, 3, 2, 1, 0]), forward);
    // the first two share nothing until the third shows them to be one
    assert_eq!(partition(&[1, 3, 0, 4, 2]), forward);
}

#[test]
fn demographics_lie_sealed_and_open_as_sent() {
    let house = House::new();
    let [person, ..] = people();
    house.resolve(1, std::slice::from_ref(&person));
    let id = house.id(&person);
    let mut db = house.db();
    let sealed = db.sealed(&id).expect("read").expect("there");
    let keys = db.existing_data_keys(&house.ring.kek, &[id]).expect("keys");
    let opened = open_demographics(&keys[&id], &id, &sealed).expect("opens");
    let opened: Vec<_> = opened.iter().map(|(name, text)| (*name, text.expose().clone())).collect();
    assert_eq!(opened, parts(&person.demographics));
}

#[test]
fn the_erased_are_not_taken_in_again() {
    let house = House::new();
    let [person, other, ..] = people();
    let id = house.id(&person);
    let mut db = house.db();
    db.data_keys(&house.ring.kek, &[id]).expect("made");
    house
        .registry
        .server()
        .connect_owner()
        .expect("connected")
        .execute("UPDATE keys.data_key SET wrapped = NULL, destroyed_at = now()", &[])
        .expect("destroyed");
    let report = house.resolve(1, &[person, other.clone()]);
    assert_eq!(report.erased, BTreeSet::from([id]));
    assert_eq!(report.placements.keys().copied().collect::<Vec<_>>(), [house.id(&other)]);
    assert_eq!(report.findings.iter().map(|f| f.rule.id).collect::<Vec<_>>(), ["MPI-ERASED"]);
    assert_eq!(db.person_of(&id).expect("read"), None);
}
