//! Nobody without an effective notice from that provider is in the repository, and what is held comes in by itself.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use musubi_compliance::notice::{Claim, HoldReason, NoticeGate, NoticeRules, Ruling};
use musubi_compliance::parameters::parameters;
use musubi_etl::held::load_held;
use musubi_etl::house::end_of_day;
use musubi_etl::{EtlError, take_in};
use musubi_id_resolution::{TokenKey, describe};
use musubi_model::submission::SubmissionState::Acknowledged;
use musubi_model::{ProviderId, SourceIdentity};
use musubi_storage::lake;

use crate::notify::{self, Told, people};
use crate::support::{Parcel, Room, now, receipts, write_folder};

/// The day of every test, in Japan.
const TODAY: Date = date(2026, 11, 20);

/// A delivery of `n` people, one receipt each.
pub fn crowd(room: &Room, n: usize, first: usize) -> Parcel {
    crowd_of(room, n, first, true)
}

/// The same; people who are not `different` have one name, birth date, sex and card, and differ in chart numbers only.
fn crowd_of(room: &Room, n: usize, first: usize, different: bool) -> Parcel {
    let mut parcel = room.parcel();
    let (path, head, bytes) = parcel
        .files
        .iter()
        .find_map(|(path, bytes)| {
            let one = receipts(bytes).into_iter().find(|(from, to, _)| {
                let text = &bytes[*from..*to];
                let has = |word: &[u8]| text.windows(word.len()).any(|w| w == word);
                has(b"\nHO,") && !has(b"\nKO,")
            })?;
            let head = bytes.split_inclusive(|b| *b == b'\n').next()?.to_vec();
            Some((path.clone(), head, bytes[one.0..one.1].to_vec()))
        })
        .expect("a receipt with one payer");
    let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let column = |line: &[u8], at: usize| -> Vec<u8> {
        line.split(|b| *b == b',').nth(at).expect("a column").to_vec()
    };
    let ho = lines.iter().find(|l| l.starts_with(b"HO,")).expect("HO");
    let points: usize = String::from_utf8(column(ho, 5)).expect("digits").trim().parse().expect("points");
    let mut out = head;
    for i in 0..n {
        for line in &lines {
            if line.starts_with(b"RE,") {
                let mut columns: Vec<Vec<u8>> = line.split(|b| *b == b',').map(<[u8]>::to_vec).collect();
                let width = columns[13].len();
                columns[1] = (i + 1).to_string().into_bytes();
                columns[13] = format!("{:0width$}", first + i + 1).into_bytes();
                if different {
                    // Far apart, so that nobody is taken for a misspelt neighbour.
                    let days = i64::try_from((first + i) * 7_919 % 25_000).expect("few");
                    let born = date(1935, 1, 1).checked_add(jiff::Span::new().days(days)).expect("a day");
                    columns[6] = born.strftime("%Y%m%d").to_string().into_bytes();
                }
                out.extend(columns.join(&b','));
            } else if different && line.starts_with(b"HO,") {
                let mut columns: Vec<Vec<u8>> = line.split(|b| *b == b',').map(<[u8]>::to_vec).collect();
                columns[3] = full_width((first + i + 1) * 7_654_321 % 100_000_000);
                out.extend(columns.join(&b','));
            } else {
                out.extend_from_slice(line);
            }
        }
    }
    out.extend(format!("GO,{n},{},99\r\n", n * points).bytes());
    parcel.files.clear();
    parcel.manifest.totals.clear();
    parcel.manifest.files.retain(|f| f.path == path);
    parcel.put(&path, out);
    parcel
}

/// A card's number as receipts write it: full-width digits in Shift_JIS.
pub fn full_width(n: usize) -> Vec<u8> {
    format!("{n:08}").bytes().flat_map(|digit| [0x82, 0x4f + (digit - b'0')]).collect()
}

pub fn room() -> Room {
    let mut room = Room::new();
    room.notify = false;
    room
}

pub fn written(room: &Room, parcel: &Parcel) -> std::path::PathBuf {
    write_folder(&room.path(&format!("parcel-{}", parcel.id())), &parcel.all())
}

/// Those of a parcel's people whose place is wanted.
pub fn some(
    room: &Room,
    parcel: &Parcel,
    wanted: impl Fn(usize) -> bool,
) -> (ProviderId, Vec<SourceIdentity>) {
    let (provider, all) = people(room, &written(room, parcel)).pop_first().expect("one provider");
    (provider, all.into_iter().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, p)| p).collect())
}

pub fn held(room: &Room) -> musubi_etl::held::HeldOutcome {
    room.with_house("", load_held).expect("looked at")
}

fn reasons(room: &Room) -> Vec<String> {
    room.texts(
        "SELECT reason || ' ' || count(*) FROM intake.held WHERE state = 'held' GROUP BY reason ORDER BY 1",
    )
}

#[test]
fn g1_a_feed_that_lost_its_notice_filter_is_stopped_on_the_first_day() {
    let room = room();
    let extra = 95_195;
    let parcel = crowd(&room, 300 + extra, 0);
    let (provider, told) = some(&room, &parcel, |i| i < 300);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 1, 1)));
    let outcome = room.take(&written(&room, &parcel));
    assert_eq!(outcome.findings.get("NTC-BLOCKED"), Some(&1), "{:?}", outcome.findings);
    let line = &outcome.balance.lines["RE"];
    assert_eq!((line.received, line.held, line.loaded), (95_495, 95_495, 0));
    assert!(room.files().is_empty(), "nothing in the repository");
    assert_eq!(room.texts("SELECT identity_id::text FROM identity.source_identity LIMIT 1").len(), 0);
    let told_of =
        room.texts("SELECT unnotified || ' of ' || in_feed || ' ' || stopped FROM compliance.reconciliation");
    assert_eq!(told_of, [format!("{extra} of 95495 blocked")]);
    let incidents = room.registry.act().expect("a handle").incidents().expect("read");
    let (incident, events) = &incidents[0];
    assert_eq!((incidents.len(), incident.kind.as_str()), (1, "unnotified"));
    let counted = events.iter().find(|e| e.action == "count").expect("counted");
    assert_eq!(counted.persons, u64::try_from(extra).expect("few"), "one of them makes it serious");
    let frozen = events.iter().find(|e| e.action == "freeze").expect("frozen");
    assert_eq!(frozen.reference, format!("submission:{}", outcome.submission));
    // Nobody opens this gate but a ledger: the notified wait as well, until the others are gone or told.
    assert_eq!(held(&room).settled.len(), 0);
    assert!(room.files().is_empty());
}

#[test]
fn g2_of_two_people_of_one_name_and_birth_date_only_the_notified_comes_in() {
    let room = room();
    let parcel = crowd_of(&room, 2, 0, false);
    let (provider, told) = some(&room, &parcel, |i| i == 0);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 1, 1)));
    let outcome = room.take(&written(&room, &parcel));
    let line = &outcome.balance.lines["RE"];
    assert_eq!((line.loaded, line.held), (1, 1));
    assert_eq!(outcome.findings.get("NTC-HELD"), Some(&1));
    assert_eq!(reasons(&room), ["no-notice 1"]);
    assert_eq!(room.partition().len(), 1, "no identity is made of who was not told");
    // A second delivery about the same two, after a matcher at its most permissive would have made them one: the notice
    // is asked for by record, whoever linkage takes them for.
    let again = crowd_of(&room, 2, 0, false).of_day(300);
    let again = room.take(&written(&room, &again));
    assert_eq!(again.balance.lines["RE"].held, 1);
}

#[test]
fn g3_the_thirtieth_day_must_have_ended() {
    let room = room();
    let parcel = crowd(&room, 1, 0);
    let (provider, told) = some(&room, &parcel, |_| true);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 4, 1)));
    let tokens = TokenKey::new(room.shared.ring.token.expose());
    let described = describe(&tokens, &told[0]);
    let on = |day: Date| {
        let rules = NoticeRules::of(&parameters(None).expect("parameters"), day).expect("rules");
        let mut db = room.ingest();
        let providers = BTreeSet::from([provider.clone()]);
        let gate = NoticeGate::open(&mut db, &rules, day, end_of_day(day), &providers).expect("a gate");
        let claim = Claim::of(&provider, &described, false, None);
        let found = gate.find(&mut db, [claim]).expect("found");
        match gate.judge(&found, &claim) {
            Ruling::Admit { .. } => Ok(()),
            Ruling::Hold(reason, ripe) => Err((reason, ripe)),
        }
    };
    assert_eq!(on(date(2026, 5, 1)), Err((HoldReason::Waiting, Some(date(2026, 5, 2)))));
    assert_eq!(on(date(2026, 5, 2)), Ok(()));
}

#[test]
fn g4_who_never_came_again_since_notifying_began_is_never_admitted() {
    let room = room();
    let parcel = crowd(&room, 1, 0);
    let (provider, told) = some(&room, &parcel, |_| true);
    let handed = |last_visit| Told {
        method: "paper",
        last_visit,
        programme_start: date(2020, 12, 1),
        ..Told::on(date(2020, 12, 15))
    };
    notify::enter(&room, &provider, &told, &handed(Some(date(2020, 11, 30))));
    room.take(&written(&room, &parcel));
    assert_eq!(reasons(&room), ["not-seen 1"]);
    let years_later = || -> Timestamp { "2036-11-20T03:00:00Z".parse().expect("a time") };
    notify::enter(&room, &provider, &[], &Told { ledger_on: date(2036, 11, 20), ..handed(None) });
    let outcome = room.with_house_at("", &years_later, &|_| {}, load_held).expect("looked at");
    assert_eq!((outcome.waiting, outcome.settled.len()), (1, 0), "whatever the date");
    // Seen since: admitted.
    notify::enter(&room, &provider, &told, &handed(Some(date(2020, 12, 15))));
    assert_eq!(held(&room).settled[0].units, 1);
}

#[test]
fn g5_data_of_long_ago_come_in_after_a_valid_notice() {
    let room = room();
    let parcel = crowd(&room, 1, 0);
    let (path, bytes) = parcel.files.first_key_value().map(|(p, b)| (p.clone(), b.clone())).expect("a file");
    // The month of care of the receipt, eleven years back.
    let lines = bytes.split_inclusive(|b| *b == b'\n').map(|line| {
        let mut columns: Vec<Vec<u8>> = line.split(|b| *b == b',').map(<[u8]>::to_vec).collect();
        if line.starts_with(b"RE,") {
            columns[3] = b"201506".to_vec();
        }
        columns.join(&b',')
    });
    let old: Vec<u8> = lines.flatten().collect();
    let mut parcel = parcel;
    parcel.put(&path, old);
    let (provider, told) = some(&room, &parcel, |_| true);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 10, 1)));
    let outcome = room.take(&written(&room, &parcel));
    let line = &outcome.balance.lines["RE"];
    assert_eq!(line.held, 0, "{:?}", outcome.findings);
    assert_eq!(line.loaded + line.quarantined, 1);
}

#[test]
fn what_is_held_comes_in_by_itself_as_if_it_had_never_waited() {
    let direct = room();
    let parcel = crowd(&direct, 7, 0);
    let (provider, everybody) = some(&direct, &parcel, |_| true);
    notify::enter(&direct, &provider, &everybody, &Told::on(date(2026, 1, 1)));
    direct.take(&written(&direct, &parcel));

    let room = room();
    let (_, ripe) = some(&room, &parcel, |i| i % 2 == 0);
    let (_, late) = some(&room, &parcel, |i| i % 2 == 1);
    notify::enter(&room, &provider, &ripe, &Told::on(date(2026, 1, 1)));
    let outcome = room.take(&written(&room, &parcel));
    assert_eq!((outcome.balance.lines["RE"].loaded, outcome.balance.lines["RE"].held), (4, 3));
    // A document of which some units wait is kept whole all the same.
    let stored = room.ingest().documents_of(&parcel.id()).expect("documents");
    let kept = stored.iter().find(|d| d.ordinal == 0).expect("the file");
    assert_eq!(room.rebuild(kept).as_deref(), parcel.files.values().next().map(Vec::as_slice));
    assert_eq!(held(&room).settled.len(), 0, "nothing is ripe");
    // Their notice comes; it is the same one that `direct` knew.
    notify::enter(&room, &provider, &late, &Told::on(date(2026, 1, 1)));
    let outcome = held(&room);
    assert_eq!((outcome.waiting, outcome.settled[0].units, outcome.settled[0].persons), (3, 3, 3));
    assert_eq!(room.fingerprint(), direct.fingerprint());
    assert_eq!(room.partition(), direct.partition());
    let balance = room.ingest().balance(&parcel.id()).expect("a balance");
    assert!(balance.closes());
    assert_eq!((balance.lines["RE"].loaded, balance.lines["RE"].held), (7, 0));
    assert_eq!(room.rebuild(kept).as_deref(), parcel.files.values().next().map(Vec::as_slice));
    assert_eq!(held(&room).waiting, 0);
    // Every fact carries a notice of its own provider (C-011).
    let notices: BTreeSet<String> =
        room.texts("SELECT notice_id::text FROM compliance.notice").into_iter().collect();
    let mut facts = 0;
    let want = lake::Want::all(lake::ColumnSet::ALL);
    for file in &room.files() {
        lake::read(&room.folders.lake, file, &want, &mut |row| {
            facts += 1;
            assert!(notices.contains(&row.notice().to_string()));
            Ok(())
        })
        .expect("read");
    }
    assert!(facts > 7);
}

#[test]
fn an_opt_out_reaches_what_is_held_and_what_is_being_loaded() {
    let room = room();
    let parcel = crowd(&room, 5, 0);
    let (provider, told) = some(&room, &parcel, |i| i > 0);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 1, 1)));
    // G-6: while the batch is running, one of the told asks to stop; and the one who waits asks as well.
    let (_, all) = some(&room, &parcel, |_| true);
    let path = written(&room, &parcel);
    let asked = std::sync::atomic::AtomicBool::new(false);
    let outcome = room
        .with_house_at(
            "",
            &now,
            &|event| {
                if matches!(event, musubi_etl::Event::Bytes(_))
                    && !asked.swap(true, std::sync::atomic::Ordering::SeqCst)
                {
                    room.stop(&all[..2]);
                }
            },
            |house| take_in(house, &room.shared.agreements, &path),
        )
        .expect("taken in");
    let line = &outcome.balance.lines["RE"];
    assert_eq!((line.loaded, line.excluded, line.held), (3, 2, 0), "{:?}", outcome.findings);
    // Of somebody who already waits.
    let later = crowd(&room, 1, 50);
    room.take(&written(&room, &later));
    assert_eq!(reasons(&room), ["no-notice 1"]);
    let (_, waiting) = some(&room, &later, |_| true);
    room.stop(&waiting);
    let outcome = held(&room);
    assert_eq!((outcome.waiting, outcome.excluded), (1, 1));
    let balance = room.ingest().balance(&later.id()).expect("a balance");
    assert!(balance.closes());
    assert_eq!(balance.lines["RE"].excluded, 1);
    let stored = room.ingest().documents_of(&later.id()).expect("documents");
    let kept = stored.iter().find(|d| d.ordinal == 0).expect("the file");
    assert_eq!(room.rebuild(kept), None, "the key is gone");
    // A ledger that comes later does not bring them back.
    notify::enter(&room, &provider, &waiting, &Told::on(date(2026, 1, 1)));
    assert_eq!(held(&room).settled.len(), 0);
}

#[test]
fn a_ledger_that_is_missing_stale_or_broken_admits_nobody() {
    let room = room();
    let parcel = crowd(&room, 3, 0);
    let outcome = room.take(&written(&room, &parcel));
    assert_eq!(outcome.findings.get("RCV-LEDGER-MISSING"), Some(&1));
    assert_eq!((room.files().len(), room.partition().len()), (0, 0));
    assert_eq!(outcome.state, Acknowledged, "the rest of the house goes on");

    let (provider, told) = some(&room, &parcel, |_| true);
    let stale = Told { ledger_on: date(2026, 11, 1), ..Told::on(date(2026, 1, 1)) };
    notify::enter(&room, &provider, &told, &stale);
    let outcome = room.take(&written(&room, &crowd(&room, 3, 0).of_day(318)));
    assert_eq!(outcome.findings.get("RCV-LEDGER-STALE"), Some(&1));
    assert_eq!(room.files().len(), 0);

    notify::enter(&room, &provider, &[], &Told::on(date(2026, 1, 1)));
    room.execute("ALTER TABLE compliance.notice_ledger DISABLE TRIGGER ALL");
    room.execute("UPDATE compliance.notice_ledger SET persons = persons + 1 WHERE ledger_id = 1");
    let outcome = room.take(&written(&room, &crowd(&room, 3, 0).of_day(319)));
    assert_eq!(outcome.findings.get("RCV-LEDGER-BROKEN"), Some(&1));
    assert_eq!((room.files().len(), room.partition().len()), (0, 0));
    assert_eq!(held(&room).settled.len(), 0);
}

#[test]
fn g18_without_the_books_of_notices_intake_stops() {
    let room = room();
    let parcel = crowd(&room, 1, 0);
    let (provider, told) = some(&room, &parcel, |_| true);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 1, 1)));
    room.execute("REVOKE SELECT ON compliance.notice_ledger FROM musubi_ingest");
    let path = written(&room, &parcel);
    assert!(matches!(room.try_take("", &path), Err(EtlError::Storage(_))));
    assert_eq!((room.files().len(), room.partition().len()), (0, 0));
    room.execute("GRANT SELECT ON compliance.notice_ledger TO musubi_ingest");
    assert_eq!(room.take(&path).balance.lines["RE"].loaded, 1);
}

#[test]
fn every_change_in_the_book_of_notices_is_named() {
    let room = room();
    let parcel = crowd(&room, 4, 0);
    let (provider, told) = some(&room, &parcel, |_| true);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 1, 1)));
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 2, 1)));
    let verify = || {
        musubi_compliance::notice::book::verify_all(&mut room.registry.act().expect("a handle"))
            .expect("read")
    };
    assert_eq!(verify(), (2, Vec::new()));
    for table in ["notice", "notice_key", "notice_ledger"] {
        room.execute(&format!("ALTER TABLE compliance.{table} DISABLE TRIGGER ALL"));
    }
    for (change, back) in [
        (
            "UPDATE compliance.notice SET notified_on = notified_on - 1",
            "UPDATE compliance.notice SET notified_on = notified_on + 1",
        ),
        ("UPDATE compliance.notice SET party = 'self'", "UPDATE compliance.notice SET party = 'both'"),
        (
            "UPDATE compliance.notice_ledger SET exported_at = exported_at + interval '1 day'",
            "UPDATE compliance.notice_ledger SET exported_at = exported_at - interval '1 day'",
        ),
        (
            "UPDATE compliance.notice_key SET guard = guard || '\\x00'",
            "UPDATE compliance.notice_key SET guard = substring(guard FROM 1 FOR 16)",
        ),
    ] {
        room.execute(change);
        let (_, breaks) = verify();
        assert_eq!((breaks.len(), breaks[0].provider.as_str()), (1, provider.as_str()), "{change}");
        room.execute(back);
        assert_eq!(verify(), (2, Vec::new()), "{back}");
    }
    room.execute("DELETE FROM compliance.notice WHERE ctid = (SELECT min(ctid) FROM compliance.notice)");
    assert_eq!(verify().1[0].ledger, 1);
}

#[test]
fn abnormal_growth_waits_for_two_people() {
    let room = room();
    let first = crowd(&room, 120, 0);
    let (provider, told) = some(&room, &first, |_| true);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 1, 1)));
    assert_eq!(room.take(&written(&room, &first)).balance.lines["RE"].loaded, 120);
    let second = crowd(&room, 181, 1000).of_day(1);
    let (_, told) = some(&room, &second, |_| true);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 1, 1)));
    let outcome = room.take(&written(&room, &second));
    assert_eq!(outcome.findings.get("NTC-GROWTH"), Some(&1), "{:?}", outcome.findings);
    assert_eq!((outcome.balance.lines["RE"].held, outcome.balance.lines["RE"].loaded), (181, 0));
    assert_eq!(held(&room).settled.len(), 0);
    let mut act = room.registry.act().expect("a handle");
    assert!(!act.allow_growth(&second.id(), "one", "new-ward", now()).expect("proposed"));
    assert!(act.allow_growth(&second.id(), "one", "new-ward", now()).is_err(), "not the same person");
    assert_eq!(held(&room).settled.len(), 0);
    assert!(act.allow_growth(&second.id(), "two", "new-ward", now()).expect("opened"));
    assert_eq!(held(&room).settled[0].units, 181);
    // Half as many again is no abnormal growth.
    let third = crowd(&room, 181, 2000).of_day(2);
    let (_, told) = some(&room, &third, |_| true);
    notify::enter(&room, &provider, &told, &Told::on(date(2026, 1, 1)));
    assert_eq!(room.take(&written(&room, &third)).balance.lines["RE"].loaded, 181);
}

#[test]
fn more_than_was_filed_stops_and_more_than_was_told_stays_out() {
    let room = room();
    let parcel = crowd(&room, 2, 0);
    let (provider, told) = some(&room, &parcel, |_| true);
    let few = || vec!["condition_occurrence".to_owned(), "visit_occurrence".to_owned()];
    let narrow = Told { items: few(), text: "narrow", ..Told::on(date(2026, 1, 1)) };
    notify::enter(&room, &provider, &told, &narrow);
    let outcome = room.take(&written(&room, &parcel));
    assert_eq!(outcome.findings.get("NTC-WITHHELD"), Some(&1), "{:?}", outcome.findings);
    let tables: BTreeSet<String> = room.files().iter().map(|f| f.table.as_str().to_owned()).collect();
    assert_eq!(tables, few().into_iter().collect());
    // Told of everything, but the filing does not name it.
    let room = self::room();
    let wide = Told { filed: few(), ..Told::on(date(2026, 1, 1)) };
    notify::enter(&room, &provider, &told, &wide);
    let outcome = room.take(&written(&room, &parcel));
    assert_eq!(outcome.findings.get("NTC-ITEMS"), Some(&1), "{:?}", outcome.findings);
    assert!(room.files().is_empty());
}

#[test]
fn more_persons_than_were_notified_stop_a_delivery() {
    let room = room();
    let parcel = crowd(&room, 3, 0);
    let (provider, told) = some(&room, &parcel, |_| true);
    // A ledger that says it knows fewer persons than it names: its count and its lines disagree.
    notify::enter(&room, &provider, &told, &Told { persons: Some(2), ..Told::on(date(2026, 1, 1)) });
    let outcome = room.take(&written(&room, &parcel));
    assert_eq!(outcome.findings.get("NTC-PERSONS"), Some(&1), "{:?}", outcome.findings);
    assert!(room.files().is_empty());
}

#[test]
fn the_young_need_a_guardian_and_are_asked_themselves_later() {
    let room = room();
    let parcel = crowd(&room, 3, 0);
    let provider = some(&room, &parcel, |_| true).0;
    for (place, party) in [(0, "self"), (1, "guardian"), (2, "both")] {
        let (_, one) = some(&room, &parcel, |i| i == place);
        let birth = Some(date(2010, 11, 21));
        notify::enter(
            &room,
            &provider,
            &one,
            &Told { party, minor_born: birth, ..Told::on(date(2026, 1, 1)) },
        );
    }
    let outcome = room.take(&written(&room, &parcel));
    assert_eq!((outcome.balance.lines["RE"].loaded, reasons(&room)), (2, vec!["minor 1".to_owned()]));
    let tasks = || room.texts("SELECT due_on::text FROM compliance.renotice_task");
    let on = |at: &str| {
        let at: Timestamp = at.parse().expect("a time");
        room.with_house_at("", &|| at, &|_| {}, musubi_etl::ledger::come_of_age).expect("looked at")
    };
    assert_eq!(TODAY, date(2026, 11, 20));
    assert_eq!((on("2026-11-20T14:59:00Z"), tasks()), (0, vec![]), "the day before the birthday, in Japan");
    assert_eq!((on("2026-11-20T15:00:00Z"), tasks()), (1, vec!["2026-11-21".to_owned()]));
    assert_eq!(on("2026-11-22T00:00:00Z"), 0, "once");
}
