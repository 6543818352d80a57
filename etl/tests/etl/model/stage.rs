//! The real house under the model: one database, vault and lake, emptied between sequences; what is done to it, and what
//! is looked at afterwards, by ways that the jobs themselves do not use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::civil::date;
use jiff::{SignedDuration, Span, Timestamp};
use musubi_compliance::erasure::{self, ErasureFaults, Ground, Order, Running, Stores, Whom};
use musubi_etl::held::load_held;
use musubi_etl::house::japanese_day;
use musubi_etl::matching::{Matching, Mpi};
use musubi_etl::{EtlError, Outcome, take_in};
use musubi_id_resolution::{TokenKey, TokenKind, describe};
use musubi_model::manifest::{Agreements, Manifest, ManifestFile};
use musubi_model::{ByteRange, DocumentHash, IdentityId, ProviderId, SourceIdentity, SubmissionId};
use musubi_storage::backup;
use musubi_storage::compliance::OptOutRow;
use musubi_storage::identity::{NewRuling, random_research_ids};
use musubi_storage::lake::{self, ColumnSet, Want};
use musubi_storage::vault::{self, PackEntry};
use tempfile::TempDir;

use super::reference::{Day, Delivery, File, Known, Person, Place, Spot, Stop};
use crate::notify::{self, Told};
use crate::support::{Parcel, Room, now, receipts, write_folder};

/// Places of care.
pub const PLACES: usize = 2;
/// Persons at most.
pub const PERSONS: usize = 4;
/// Months of care told apart.
pub const MONTHS: usize = 2;

/// The moment of a day's jobs: noon in Japan.
pub fn at(day: Day) -> Timestamp {
    now() + SignedDuration::from_hours(24 * i64::from(day))
}

/// A delivery and the folder it lies in.
#[derive(Clone)]
pub struct Sent {
    pub what: Rc<Delivery>,
    pub path: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
}

/// A copy of everything.
pub struct Copied {
    folder: TempDir,
}

/// What is seen of the house.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub present: BTreeSet<(DocumentHash, u32)>,
    pub readable: BTreeSet<(SubmissionId, Spot)>,
    pub held: BTreeSet<(SubmissionId, Spot)>,
}

pub struct Stage {
    room: Room,
    agreements: Agreements,
    places: Vec<ProviderId>,
    /// What each place says of each person.
    faces: Vec<Vec<SourceIdentity>>,
    parcel: Parcel,
    /// Lines of one receipt, after the head.
    head: Vec<u8>,
    lines: Vec<Vec<u8>>,
    /// Empties the database.
    clear: String,
    sent: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        let mut room = Room::new();
        room.notify = false;
        let parcel = room.parcel();
        let mut agreements = room.shared.agreements.clone();
        let feed = agreements.feeds.iter_mut().find(|f| f.id == parcel.manifest.feed).expect("its feed");
        feed.providers.extend(agreements.providers.iter().map(|p| p.id.clone()));
        feed.providers.sort();
        feed.providers.dedup();
        let places: Vec<ProviderId> = feed.providers.iter().take(PLACES).cloned().collect();
        assert_eq!(places.len(), PLACES);
        room.ingest().load_agreements(&agreements).expect("agreed");
        let (head, lines) = template(&parcel);
        let mut owner = room.registry.server().connect_owner().expect("owner");
        // Nothing here outlives the test: what a crash of the machine would do is not asked.
        let database: String = owner.query_one("SELECT current_database()", &[]).expect("read").get(0);
        owner
            .batch_execute(&format!("ALTER DATABASE {database} SET synchronous_commit = off"))
            .expect("a setting");
        let clear = clearing(&room);
        let sent = tempfile::tempdir().expect("a folder");
        let mut stage =
            Self { room, agreements, places, faces: Vec::new(), parcel, head, lines, clear, sent };
        stage.faces = (0..PLACES)
            .map(|place| {
                let everybody: Vec<(Person, usize)> = (0..PERSONS).map(|who| (who, 0)).collect();
                let sent = stage.send(0, &[(place, everybody)], 0);
                let found = notify::people(&stage.room, &sent.path);
                found[&stage.places[place]].clone()
            })
            .collect();
        stage
    }

    /// A house in which nothing ever happened.
    pub fn empty(&self) {
        let mut owner = self.room.registry.server().connect_owner().expect("owner");
        owner.batch_execute(&self.clear).expect("emptied");
        for folder in [&self.room.folders.vault, &self.room.folders.lake] {
            fs::remove_dir_all(folder).and_then(|()| fs::create_dir_all(folder)).expect("emptied");
        }
    }

    /// Writes a delivery: for each place, who came in which month. `serial` makes its documents unlike any others.
    pub fn send(&self, day: Day, files: &[(Place, Vec<(Person, usize)>)], serial: u32) -> Sent {
        let mut listed = BTreeMap::new();
        let mut order = Vec::new();
        for (place, units) in files {
            let path = format!("{}/1/RECEIPTC.UKE", self.places[*place]);
            listed.insert(path.clone(), self.document(*place, units, serial));
            order.push((path, *place, units.clone()));
        }
        self.write(day, &order, listed)
    }

    /// The same files, delivered for another day.
    pub fn send_again(&self, day: Day, before: &Sent) -> Sent {
        let order: Vec<_> = before
            .files
            .keys()
            .zip(&before.what.files)
            .map(|(path, file)| (path.clone(), file.place, file.units.clone()))
            .collect();
        self.write(day, &order, before.files.clone())
    }

    fn write(
        &self,
        day: Day,
        order: &[(String, Place, Vec<(Person, usize)>)],
        files: BTreeMap<String, Vec<u8>>,
    ) -> Sent {
        let mut manifest: Manifest = self.parcel.manifest.clone();
        manifest.totals.clear();
        manifest.providers.clone_from(&self.places);
        manifest.business_date = japanese_day(at(day));
        manifest.files = order
            .iter()
            .map(|(path, place, _)| ManifestFile {
                path: path.clone(),
                provider: Some(self.places[*place].clone()),
                bytes: files[path].len() as u64,
                blake3: DocumentHash::of(&files[path]),
            })
            .collect();
        let parcel = Parcel { manifest, files };
        let documents = order
            .iter()
            .map(|(path, place, units)| File {
                place: *place,
                document: DocumentHash::of(&parcel.files[path]),
                units: units.clone(),
            })
            .collect();
        let what = Rc::new(Delivery { id: parcel.id(), day, files: documents });
        let path = self.sent.path().join(what.id.to_string());
        if !path.exists() {
            write_folder(&path, &parcel.all());
        }
        Sent { what, path, files: parcel.files }
    }

    fn document(&self, place: Place, units: &[(Person, usize)], serial: u32) -> Vec<u8> {
        let provider = self.places[place].to_string();
        let (prefecture, rest) = provider.split_at(2);
        let (table, number) = rest.split_at(1);
        let mut out = changed(&self.head, |c| {
            (c[2], c[3], c[4]) = (prefecture.into(), table.into(), number.into());
            c[9] = format!("{:010}\r\n", serial).into_bytes();
        });
        let mut points = 0;
        for (n, (who, month)) in units.iter().enumerate() {
            for line in &self.lines {
                if line.starts_with(b"RE,") {
                    out.extend(changed(line, |c| {
                        c[1] = (n + 1).to_string().into_bytes();
                        c[3] = format!("2026{:02}", 9 + month).into_bytes();
                        (c[4], c[36]) = (called(*who), called(*who));
                        let born = Span::new().days(i64::try_from(who * 4_019 + 77).expect("few"));
                        let born = date(1940, 1, 1).checked_add(born).expect("a day");
                        c[6] = born.strftime("%Y%m%d").to_string().into_bytes();
                        c[13] = format!("{:09}", 1_000 * (place + 1) + 17 * who).into_bytes();
                    }));
                } else if line.starts_with(b"HO,") {
                    out.extend(changed(line, |c| {
                        c[3] = crate::notices::full_width(10_203_040 + who * 7_654_321);
                        points += String::from_utf8_lossy(&c[5]).trim().parse::<usize>().expect("points");
                    }));
                } else {
                    out.extend(line);
                }
            }
        }
        out.extend(format!("GO,{},{points},99\r\n", units.len()).bytes());
        out
    }

    /// A place's ledger of a day.
    pub fn ledger(&self, place: Place, today: Day, who: &[Person], notified_on: Day, void: bool) {
        let people: Vec<SourceIdentity> = who.iter().map(|who| self.faces[place][*who].clone()).collect();
        let told =
            Told { void, ledger_on: japanese_day(at(today)), ..Told::on(japanese_day(at(notified_on))) };
        notify::enter(&self.room, &self.places[place], &people, &told);
    }

    /// Takes a delivery in.
    pub fn take(&self, today: Day, fault: &str, sent: &Sent) -> Result<Outcome, EtlError> {
        self.room.with_house_at(fault, &|| at(today), &|_| {}, |house| {
            take_in(house, &self.agreements, &sent.path)
        })
    }

    /// A pass over what waits.
    pub fn night(&self, today: Day, fault: &str) -> Result<(), EtlError> {
        self.room.with_house_at(fault, &|| at(today), &|_| {}, |house| load_held(house).map(drop))
    }

    fn described(&self, place: Place, who: Person) -> musubi_model::matching::Described {
        describe(&TokenKey::new(self.room.shared.ring.token.expose()), &self.faces[place][who])
    }

    pub fn stop(&self, number: usize, stop: &Stop) {
        let place = match stop.by {
            Known::Chart(place) => place,
            Known::Everything => 0,
        };
        let described = self.described(place, stop.who);
        let rows: Vec<OptOutRow> = described
            .tokens
            .iter()
            .filter(|t| (t.kind == TokenKind::Local) == matches!(stop.by, Known::Chart(_)))
            .map(|token| OptOutRow {
                entry: format!("S-{number}"),
                token: token.value.clone(),
                kind: token.kind.as_str().to_owned(),
                guard: described.guard.0.to_vec(),
                provider: stop.only.map(|place| self.places[place].to_string()),
                effective_from: japanese_day(at(stop.from)),
                withdrawn_on: None,
            })
            .collect();
        assert!(!rows.is_empty());
        let mut db = self.room.registry.identity().expect("a handle");
        db.enter_opt_outs(&rows, at(stop.from)).expect("entered");
    }

    pub fn withdraw(&self, number: usize, today: Day) {
        let mut db = self.room.registry.identity().expect("a handle");
        assert!(db.withdraw_opt_out(&format!("S-{number}"), at(today)).expect("withdrawn") > 0);
    }

    /// A person's two records are ruled to be of two persons.
    pub fn part(&self, today: Day, who: Person) {
        let [a, b] = [0, 1].map(|place| self.described(place, who).identity_id);
        let ruling = NewRuling { a, b, same: false, by: "desk-1", reason: "asked", at: at(today) };
        let matching = Matching::default();
        let engine = Mpi::new(&matching, &self.room.shared.ring);
        let mut db = self.room.registry.identity().expect("a handle");
        db.rule(&ruling, &engine, &mut random_research_ids).expect("ruled");
    }

    fn stores(&self) -> Stores<'_> {
        Stores {
            registry: &self.room.registry,
            ring: &self.room.shared.ring,
            lake: &self.room.folders.lake,
            vault: &self.room.folders.vault,
        }
    }

    fn running<T>(&self, today: Day, job: impl FnOnce(&mut Running<'_>) -> T) -> T {
        let matching = Matching::default();
        let engine = Mpi::new(&matching, &self.room.shared.ring);
        let mut redecide = |components: &BTreeSet<i64>| {
            let mut db = self.room.registry.identity()?;
            Ok(db.redecide(at(today), components, &engine, &mut random_research_ids)?.decided)
        };
        job(&mut Running {
            by: "two",
            now: &|| at(today),
            redecide: &mut redecide,
            crowd_max: matching.crowd_max,
            faults: ErasureFaults::default(),
            again: false,
        })
    }

    /// Erases whom requests reach. Says how many source identities.
    pub fn erase(&self, today: Day) -> usize {
        let day = japanese_day(at(today));
        let order = Order {
            whom: Whom::OptOuts(day),
            ground: Ground::OptOut,
            instruction: "",
            at: at(today),
            day,
            by: "one",
        };
        let Some(planned) = erasure::plan(&self.stores(), &order).expect("planned") else { return 0 };
        erasure::confirm(&self.stores(), &planned.erasure, "one", at(today)).expect("confirmed");
        self.running(today, |running| erasure::run(&self.stores(), &planned.erasure, running)).expect("run");
        usize::try_from(planned.before.identities).expect("few")
    }

    pub fn backup(&self) -> Copied {
        let folder = tempfile::tempdir().expect("a folder");
        backup::dump(&self.room.registry, &folder.path().join("registry")).expect("written");
        copy(&self.room.folders.vault, &folder.path().join("vault"));
        copy(&self.room.folders.lake, &folder.path().join("lake"));
        Copied { folder }
    }

    /// Brings the house back to a backup and applies again what the ledger of erasures says.
    pub fn restore(&self, today: Day, from: &Copied) {
        let ledger = erasure::export_ledger(&self.stores(), at(today)).expect("written");
        let from = from.folder.path();
        self.empty();
        backup::restore(&self.room.registry, &from.join("registry")).expect("restored");
        copy(&from.join("vault"), &self.room.folders.vault);
        copy(&from.join("lake"), &self.room.folders.lake);
        let ledger = erasure::read_ledger(&self.stores(), &ledger).expect("as signed");
        let data = self.room.path("");
        let done = self
            .running(today, |running| erasure::reapply(&self.stores(), &data, &ledger, running))
            .expect("applied again");
        assert_eq!(done.scanned.left_over, 0, "{:?}", done.scanned);
    }

    /// Looks at the lake's files, the vault's bytes and the list of those who wait.
    pub fn look(&self) -> Seen {
        let mut db = self.room.ingest();
        let dead = db.dead_units().expect("dead units");
        let mut present = BTreeSet::new();
        for file in &db.lake_files().expect("catalogue") {
            lake::read(&self.room.folders.lake, file, &Want::all(ColumnSet::ALL), &mut |row| {
                let unit = (row.document(), row.unit());
                if !dead.contains(&unit) {
                    present.insert(unit);
                }
                Ok(())
            })
            .expect("read");
        }
        let mut owner = self.room.registry.server().connect_owner().expect("owner");
        let (mut readable, mut held) = (BTreeSet::new(), BTreeSet::new());
        let units = "SELECT u.submission_id, u.file, u.ordinal, u.byte_start, u.byte_len, d.pack, d.pack_offset, d.pack_len,
               EXISTS (SELECT FROM intake.held h WHERE h.submission_id = u.submission_id AND h.file = u.file
                 AND h.unit = u.ordinal AND h.state = 'held')
             FROM intake.unit u JOIN intake.document d ON d.submission_id = u.submission_id AND d.ordinal = u.file";
        for row in owner.query(units, &[]).expect("units") {
            let id = SubmissionId::from_slice(row.get(0)).expect("an id");
            let small = |place: usize| u32::try_from(row.get::<_, i32>(place)).expect("small");
            let spot = (small(1) as usize, small(2));
            let long = |place: usize| u64::try_from(row.get::<_, i64>(place)).expect("positive");
            let pack = row.get::<_, String>(5).parse().expect("a pack");
            let entry = PackEntry { offset: long(6), len: long(7) };
            let range = ByteRange { start: long(3), len: u32::try_from(long(4)).expect("short") };
            let (_, segments) = vault::read_table(&self.room.folders.vault, &pack, entry).expect("a table");
            let ids: Vec<IdentityId> = segments.iter().map(|s| IdentityId(s.key_id)).collect();
            let keys = db.existing_data_keys(&self.room.shared.ring.kek, &ids).expect("keys");
            let key = |id: &[u8; 16]| Ok(keys.get(&IdentityId(*id)).cloned());
            let bytes =
                vault::read_range(&self.room.folders.vault, &pack, entry, range, key).expect("a sound vault");
            if bytes.is_some() {
                readable.insert((id, spot));
            }
            if row.get(8) {
                held.insert((id, spot));
            }
        }
        Seen { present, readable, held }
    }
}

/// Statements that leave in every table what it holds in a new house.
fn clearing(room: &Room) -> String {
    let mut owner = room.registry.server().connect_owner().expect("owner");
    let tables = owner
        .query(
            "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'public')
               AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1",
            &[],
        )
        .expect("tables");
    let mut clear = String::from("BEGIN; SET LOCAL session_replication_role = replica;");
    for table in tables.iter().map(|row| row.get::<_, String>(0)) {
        let rows: i64 =
            owner.query_one(&format!("SELECT count(*) FROM {table}"), &[]).expect("counted").get(0);
        clear.push_str(&format!("DELETE FROM {table};"));
        if rows > 0 {
            let kept = format!("public.first_{}", table.replace('.', "_"));
            owner.batch_execute(&format!("CREATE TABLE {kept} AS TABLE {table}")).expect("kept");
            clear.push_str(&format!("INSERT INTO {table} SELECT * FROM {kept};"));
        }
    }
    clear + "COMMIT"
}

/// The first line of a file and the lines of its first receipt with one payer.
fn template(parcel: &Parcel) -> (Vec<u8>, Vec<Vec<u8>>) {
    let has = |text: &[u8], word: &[u8]| text.windows(word.len()).any(|w| w == word);
    let (head, receipt) = parcel
        .files
        .values()
        .find_map(|bytes| {
            let all = receipts(bytes);
            let (from, to, _) = all
                .iter()
                .find(|(f, t, _)| has(&bytes[*f..*t], b"\nHO,") && !has(&bytes[*f..*t], b"\nKO,"))?;
            Some((bytes.split_inclusive(|b| *b == b'\n').next()?.to_vec(), bytes[*from..*to].to_vec()))
        })
        .expect("a receipt with one payer");
    (head, receipt.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect())
}

/// A name in kana and Shift_JIS that nobody else here has anything of, so that linkage takes nobody for another.
fn called(who: Person) -> Vec<u8> {
    let who = u8::try_from(who).expect("few");
    let (family, given) = ([0x83, 0x41 + 2 * who], [0x83, 0x69 + who]);
    [family, family, [0x81, 0x40], given, given].concat()
}

/// A line with some of its columns changed.
fn changed(line: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut columns: Vec<Vec<u8>> = line.split(|b| *b == b',').map(<[u8]>::to_vec).collect();
    change(&mut columns);
    columns.join(&b',')
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &name);
        } else {
            fs::copy(&path, &name).expect("copied");
        }
    }
}
