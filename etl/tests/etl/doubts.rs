//! Whoever might be somebody that asked to stop waits for two people, erased or not.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use jiff::civil::date;
use musubi_etl::matching::{Matching, Mpi};
use musubi_id_resolution::{TokenKey, describe};
use musubi_storage::act::opt_out_doubt::Decided;
use musubi_storage::act::opt_out_request::{OptOutRequestRow, Target};

use crate::notices::{held, written};
use crate::notify::people;
use crate::support::{Parcel, Room, now, packages_of, receipts};

/// 見本 and ミホン in Shift_JIS: a family name that nobody of the region bears.
const KANJI: &[u8] = &[0x8c, 0xa9, 0x96, 0x7b];
const KANA: &[u8] = &[0x83, 0x7e, 0x83, 0x7a, 0x83, 0x93];
const BLANK: &[u8] = &[0x81, 0x40];

/// A file of one receipt of the region, in a parcel of its own: head line and lines of the receipt.
struct Source {
    parcel: Parcel,
    path: String,
    head: Vec<u8>,
    lines: Vec<Vec<u8>>,
}

fn sources(room: &Room) -> Vec<Source> {
    let packages = packages_of(&room.shared.region);
    let parcels =
        packages.iter().filter(|p| p.to_string_lossy().contains("receipts")).map(|p| Parcel::read(p));
    let mut found = Vec::new();
    for parcel in parcels {
        for (path, bytes) in &parcel.files {
            let lines = |from: usize, to: usize| -> Vec<Vec<u8>> {
                bytes[from..to].split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
            };
            let fits = |lines: &[Vec<u8>]| {
                lines.iter().any(|l| l.starts_with(b"HO,")) && !lines.iter().any(|l| l.starts_with(b"KO,"))
            };
            let one = receipts(bytes).into_iter().map(|(from, to, _)| lines(from, to)).find(|l| fits(l));
            if let Some(lines) = one {
                let head = bytes.split_inclusive(|b| *b == b'\n').next().expect("a line").to_vec();
                found.push(Source { parcel: parcel.clone(), path: path.clone(), head, lines });
            }
        }
    }
    found
}

/// A delivery of these lines, at the provider of `at`.
fn delivery(at: &Source, lines: &[Vec<u8>]) -> Parcel {
    let ho = lines.iter().find(|l| l.starts_with(b"HO,")).expect("HO");
    let points =
        String::from_utf8(ho.split(|b| *b == b',').nth(5).expect("points").to_vec()).expect("digits");
    let mut bytes = at.head.clone();
    for line in lines {
        if line.starts_with(b"RE,") {
            bytes.extend(b"RE,1,");
            bytes.extend(line.splitn(3, |b| *b == b',').nth(2).expect("the rest"));
        } else {
            bytes.extend(line);
        }
    }
    bytes.extend(format!("GO,1,{},99\r\n", points.trim()).bytes());
    let mut parcel = at.parcel.clone();
    parcel.files.clear();
    parcel.manifest.totals.clear();
    parcel.manifest.files.retain(|f| f.path == at.path);
    parcel.put(&at.path, bytes);
    parcel
}

/// The same person elsewhere: another family name, chart and card.
fn married(lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let renamed = |name: &[u8], family: &[u8]| -> Vec<u8> {
        let blank = name.windows(2).position(|w| w == BLANK).expect("two parts");
        [family, &name[blank..]].concat()
    };
    let changed = |line: &Vec<u8>| {
        let mut columns: Vec<Vec<u8>> = line.split(|b| *b == b',').map(<[u8]>::to_vec).collect();
        if line.starts_with(b"RE,") {
            columns[4] = renamed(&columns[4], KANJI);
            columns[13] = b"99887766".to_vec();
            columns[36] = renamed(&columns[36], KANA);
        } else if line.starts_with(b"HO,") {
            columns[3] = "87654321".bytes().flat_map(|digit| [0x82, 0x4f + (digit - b'0')]).collect();
        }
        columns.join(&b',')
    };
    lines.iter().map(changed).collect()
}

/// A house in which somebody was taken in at one provider and asked all to stop; with where else they could come from.
fn stopped(erased: bool) -> (Room, Parcel) {
    let room = Room::new();
    let all = sources(&room);
    let here = &all[0];
    let provider = |s: &Source| s.parcel.manifest.files.iter().find(|f| f.path == s.path)?.provider.clone();
    let there = all.iter().find(|s| provider(s) != provider(here)).expect("another provider");
    let first = written(&room, &delivery(here, &here.lines));
    assert_eq!(room.take(&first).balance.lines["RE"].loaded, 1);
    let (_, who) = people(&room, &first).pop_first().expect("one");
    let described = describe(&TokenKey::new(room.shared.ring.token.expose()), &who[0]);
    let matching = Matching::default();
    let block = Mpi::new(&matching, &room.shared.ring).keys_of_description(&who[0]);
    let mut db = room.registry.identity().expect("a handle");
    let reached = db.reached_by(&described, &[]).expect("asked");
    assert_eq!(reached.len(), 1);
    let day = date(2026, 11, 1);
    let row = OptOutRequestRow {
        entry: String::new(),
        withdraws: None,
        received_on: day,
        at: now(),
        taken_by: "desk-01".to_owned(),
        channel: "phone".to_owned(),
        requester: "self".to_owned(),
        relation: String::new(),
        life: "living".to_owned(),
        capacity: "able".to_owned(),
        check_method: "document".to_owned(),
        checker: "desk-02".to_owned(),
        check_confirmed: true,
        refused: None,
        provider: None,
        effective_from: day,
        receipt_due: day,
        identities: 1,
        releases: Vec::new(),
    };
    let target = Target { described: Some(&described), without: &[], block: &block, reached: &reached };
    let entry = db.enter_request(&row, &target, "pseudonymized", &|_| Ok(vec![1])).expect("entered");
    assert_eq!(entry, "O-2026-0001");
    if erased {
        for table in ["member", "token", "match_key", "source_identity"] {
            room.execute(&format!("DELETE FROM identity.{table}"));
        }
    }
    let second = delivery(there, &married(&here.lines));
    (room, second)
}

fn excluded_and_held(room: &Room) -> Vec<String> {
    room.texts("SELECT reason || ' ' || state FROM intake.held ORDER BY 1")
}

#[test]
fn g8_the_same_person_from_another_provider_under_a_changed_surname_waits_for_people() {
    for erased in [false, true] {
        for same in [true, false] {
            let (room, second) = stopped(erased);
            let outcome = room.take(&written(&room, &second));
            let line = &outcome.balance.lines["RE"];
            assert_eq!((line.held, line.loaded, line.excluded), (1, 0, 0), "erased {erased}: {line:?}");
            assert_eq!(excluded_and_held(&room), ["opt-out-doubt held"]);
            assert_eq!(held(&room).settled.len(), 0, "nobody has looked yet");
            let mut db = room.registry.identity().expect("a handle");
            let open = db.opt_out_doubts(true).expect("read");
            assert_eq!((open.len(), open[0].entry.as_str()), (1, "O-2026-0001"));
            if erased {
                assert_eq!(open[0].found, "block-keys");
            }
            let mut say = |by: &str| db.decide_doubt(open[0].doubt, same, by, now()).expect("said");
            assert_eq!(say("desk-01"), Decided::Proposed);
            assert_eq!(say("desk-01"), Decided::Proposed, "one person alone decides nothing");
            assert_eq!(held(&room).settled.len(), 0);
            let mut db = room.registry.identity().expect("a handle");
            let mut say = |by: &str| db.decide_doubt(open[0].doubt, same, by, now()).expect("said");
            assert_eq!(say("linker-01"), Decided::Done);
            assert_eq!(say("linker-02"), Decided::Unknown, "what is decided is decided");
            let after = held(&room);
            assert_eq!((after.excluded, after.settled.len()), if same { (1, 0) } else { (0, 1) });
            // What comes of them later needs nobody to look again.
            let later = room.take(&written(&room, &second.of_day(40)));
            let line = &later.balance.lines["RE"];
            let expected = if same { (1, 0, 0) } else { (0, 0, 1) };
            assert_eq!((line.excluded, line.held, line.duplicate), expected, "{line:?}");
        }
    }
}
