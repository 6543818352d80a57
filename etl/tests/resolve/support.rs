//! What these tests share: a house with real keys and a real PostgreSQL, and some synthetic people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_etl::matching::{Matching, Mpi};
use musubi_etl::resolve::{Arrival, ResolveReport, resolve_identities};
use musubi_id_resolution::{TokenKey, describe};
use musubi_model::identity::{Demographics, Identifying, Sex};
use musubi_model::{IdentityId, PartialDate, ProviderId, ResearchId, SourceIdentity, SubmissionId};
use musubi_storage::keys::{KekSource, KeyRing};
use musubi_storage::registry::{IdentityDb, Registry};
use musubi_storage::server::{DatabaseChoice, Server};
use tempfile::TempDir;

pub struct House {
    pub registry: Registry,
    pub ring: KeyRing,
    pub matching: Matching,
    _folder: TempDir,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let kek = KekSource::File(folder.path().join("kek.key"));
        let ring = KeyRing::open_or_create(&folder.path().join("keys"), &kek).expect("keys");
        let server = Server::open(&folder.path().join("data"), &DatabaseChoice::Embedded).expect("a server");
        Self {
            registry: Registry::open(server).expect("migrated"),
            ring,
            matching: Matching::default(),
            _folder: folder,
        }
    }

    pub fn db(&self) -> IdentityDb {
        self.registry.identity().expect("a handle")
    }

    pub fn describe(&self, people: &[SourceIdentity]) -> BTreeMap<IdentityId, Arrival> {
        let key = TokenKey::new(self.ring.token.expose());
        people
            .iter()
            .map(|p| {
                let described = describe(&key, p);
                (described.identity_id, Arrival { identity: p.clone(), described, seen: None })
            })
            .collect()
    }

    pub fn resolve(&self, submission: u8, people: &[SourceIdentity]) -> ResolveReport {
        self.resolve_seen(submission, people, None)
    }

    /// A delivery that shows its people on these days.
    pub fn resolve_seen(
        &self,
        submission: u8,
        people: &[SourceIdentity],
        seen: Option<(Date, Date)>,
    ) -> ResolveReport {
        let mut identities = self.describe(people);
        identities.values_mut().for_each(|arrival| arrival.seen = seen);
        let id = SubmissionId([submission; 16]);
        resolve_identities(&mut self.db(), &self.ring, id, at(submission), &identities, &self.matching)
            .expect("resolved")
    }

    pub fn engine(&self) -> Mpi<'_> {
        Mpi::new(&self.matching, &self.ring)
    }

    /// Who is together, whatever the ids.
    pub fn partition(&self, people: &[SourceIdentity]) -> BTreeSet<BTreeSet<usize>> {
        let mut persons: BTreeMap<ResearchId, BTreeSet<usize>> = BTreeMap::new();
        for (place, person) in people.iter().enumerate() {
            persons.entry(self.person(person)).or_default().insert(place);
        }
        persons.into_values().collect()
    }

    pub fn id(&self, person: &SourceIdentity) -> IdentityId {
        *self.describe(std::slice::from_ref(person)).keys().next().expect("one")
    }

    pub fn person(&self, person: &SourceIdentity) -> ResearchId {
        self.db().person_of(&self.id(person)).expect("read").expect("known").research_id
    }
}

/// The second in which delivery `n` comes.
pub fn at(n: u8) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + i64::from(n)).expect("a time")
}

pub fn sample(provider: &str, local: &str, number: &str, kana: &str, birth: (i16, u8, u8)) -> SourceIdentity {
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

pub const BORN: (i16, u8, u8) = (1980, 4, 1);

/// One person four times (by card, by name, by chart number after marriage), and another with a reused chart number.
pub fn people() -> [SourceIdentity; 5] {
    [
        sample("1310000001", "101", "555", "テスト ハナコ", BORN),
        sample("1310000002", "9", "0555", "", BORN),
        sample("1310000003", "77", "888", "ﾃｽﾄ ﾊﾅｺ", BORN),
        sample("1310000001", "0101", "999", "ミホン ハナコ", BORN),
        sample("1310000001", "101", "444", "テスト ツキコ", (1950, 1, 1)),
    ]
}
