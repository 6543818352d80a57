//! Whoever asked to stop is not taken in: no fact, no identity, no finding, no readable byte; only a count.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::{BTreeMap, BTreeSet};

use musubi_compliance::optout::{GateError, OptOutGate};
use musubi_compliance::parameters::parameters;
use musubi_etl::house::japanese_day;
use musubi_model::submission::SubmissionState::Acknowledged;
use musubi_model::{ByteRange, DocumentHash};

use crate::support::{Parcel, Room, betrays, now, packages_of, receipts, table};

/// (document, unit) that the region's list stops, by the region's own account of who is who.
fn stopped(room: &Room) -> BTreeSet<(DocumentHash, u32)> {
    let region = &room.shared.region;
    let mut persons: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for p in table(&region.join("truth/persons.csv")) {
        persons.entry((p["name_kana"].clone(), p["birth"].clone())).or_default().insert(p["person"].clone());
    }
    let mut stops = Vec::new();
    for entry in table(&region.join("optout/optout.csv")) {
        let who = &persons[&(entry["name_kana"].clone(), entry["birth"].clone())];
        assert_eq!(who.len(), 1, "one person");
        stops.push((who.first().expect("one").clone(), entry["provider_id"].clone()));
    }
    let mut units = BTreeSet::new();
    for row in table(&region.join("truth/records.csv")) {
        let stop = stops
            .iter()
            .any(|(who, provider)| *who == row["person"] && row["path"].starts_with(provider.as_str()));
        if stop {
            let bytes = std::fs::read(region.join(&row["submission"]).join(&row["path"])).expect("a file");
            // Receipts are counted from 1; the one message of a file has no number.
            let unit = row["unit"].parse::<u32>().map_or(0, |n| n - 1);
            units.insert((DocumentHash::of(&bytes), unit));
        }
    }
    units
}

#[test]
fn the_list_of_the_region_excludes_exactly_the_units_of_those_persons() {
    let room = Room::new();
    room.enter_opt_outs();
    let expected = stopped(&room);
    assert!(expected.len() > 5, "the region is of use");
    let mut excluded_records = 0;
    let mut submissions = Vec::new();
    for path in packages_of(&room.shared.region) {
        let outcome = room.take(&path);
        assert_eq!(outcome.state, Acknowledged);
        excluded_records += outcome.balance.total().excluded;
        submissions.push(outcome.submission);
    }
    assert!(excluded_records >= expected.len() as u64);
    let units = room.texts(
        "SELECT encode(document, 'hex') || ' ' || ordinal FROM intake.unit WHERE disposition = 'excluded'",
    );
    let found: BTreeSet<String> = units.into_iter().collect();
    let wanted: BTreeSet<String> = expected.iter().map(|(d, u)| format!("{d} {u}")).collect();
    assert_eq!(found, wanted);

    let traces = room.texts(
        "SELECT 'unit' FROM intake.unit WHERE disposition = 'excluded'
           AND (identity_id IS NOT NULL OR version_key IS NOT NULL OR version_time <> '')
         UNION ALL SELECT 'finding' FROM intake.finding f JOIN intake.unit u
           ON u.document = f.document AND u.ordinal = f.unit WHERE u.disposition = 'excluded'
         UNION ALL SELECT 'dead' FROM repository.dead_unit d JOIN intake.unit u
           ON u.document = d.document AND u.ordinal = d.unit WHERE u.disposition = 'excluded'",
    );
    assert_eq!(traces, Vec::<String>::new());
    for file in room.files() {
        let want = musubi_storage::lake::Want::all(musubi_storage::lake::ColumnSet::ALL);
        musubi_storage::lake::read(&room.folders.lake, &file, &want, &mut |row| {
            assert!(!expected.contains(&(row.document(), row.unit())), "a fact of an excluded unit");
            Ok(())
        })
        .expect("read");
    }

    let mut rest = 0;
    for id in submissions {
        for d in room.ingest().documents_of(&id).expect("documents").iter().filter(|d| d.ordinal >= 0) {
            let units = room.texts(&format!(
                "SELECT byte_start || ' ' || byte_len || ' ' || ordinal FROM intake.unit WHERE submission_id = '\\x{id}'
                   AND document = '\\x{}' ORDER BY ordinal",
                d.document
            ));
            let mut all_readable = true;
            for unit in units {
                let n: Vec<u64> = unit.split(' ').map(|n| n.parse().expect("a number")).collect();
                let range = ByteRange { start: n[0], len: u32::try_from(n[1]).expect("short") };
                let stop = expected.contains(&(d.document, u32::try_from(n[2]).expect("small")));
                assert_eq!(room.range(d, range).is_none(), stop, "readable if and only if not stopped");
                all_readable &= !stop;
                rest += u64::from(!stop);
            }
            assert_eq!(room.rebuild(d).is_some(), all_readable);
        }
    }
    assert!(rest > 20);
}

#[test]
fn one_receipt_among_others_is_excluded_even_when_it_is_broken_and_the_rest_is_readable() {
    let room = Room::new();
    let parcel = room.parcel();
    let path = parcel.files.iter().find(|(_, b)| receipts(b).len() > 2).expect("three receipts").0.clone();
    let bytes = parcel.files[&path].clone();
    let (start, end, _) = receipts(&bytes)[1].clone();
    // A month of care that does not exist: without the stop this would be an error with a finding.
    let mut changed = bytes;
    let month =
        changed[start..end].windows(8).position(|w| w.starts_with(b",2026")).expect("a month") + start;
    changed[month + 1..month + 7].copy_from_slice(b"209999");
    let len = end - start;
    let mut one = parcel.clone();
    one.manifest.totals.clear();
    one.put(&path, changed.clone());
    one.manifest.files.retain(|f| f.path == path);
    one.files.retain(|p, _| *p == path);

    let open = Room::new();
    let told = open.take_parcel(&one);
    let about = |room: &Room| room.texts("SELECT rule FROM intake.finding WHERE unit = 1 ORDER BY rule");
    assert!(
        about(&open).contains(&"UKE-CARE-MONTH".to_owned()),
        "the broken receipt is told of: {:?}",
        told.findings
    );
    assert_eq!(told.balance.lines["RE"].quarantined, 1);

    room.enter(&[entry_of(&open, &one, 1)]);
    let outcome = room.take_parcel(&one);
    assert_eq!(outcome.state, Acknowledged);
    assert_eq!(outcome.balance.lines["RE"].excluded, 1, "{}", outcome.balance);
    assert_eq!(outcome.balance.lines["RE"].quarantined, 0);
    assert_eq!(about(&room), Vec::<String>::new());
    let documents = room.ingest().documents_of(&outcome.submission).expect("documents");
    let d = documents.iter().find(|d| d.ordinal == 0).expect("the file");
    let part = |from: usize, to: usize| ByteRange {
        start: from as u64,
        len: u32::try_from(to - from).expect("short"),
    };
    assert_eq!(room.range(d, part(start, start + len)), None);
    assert_eq!(room.range(d, part(start + 3, start + 5)), None, "not even two bytes of it");
    assert_eq!(room.range(d, part(0, start)).as_deref(), Some(&changed[..start]));
    let after = start + len;
    assert_eq!(room.range(d, part(after, changed.len())).as_deref(), Some(&changed[after..]));
}

/// An opt-out of whoever a receipt speaks of, by chart number at its provider.
fn entry_of(room: &Room, parcel: &Parcel, receipt: usize) -> musubi_compliance::optout_list::OptOutEntry {
    let file = &parcel.manifest.files[0];
    let chart = receipts(&parcel.files[&file.path])[receipt].2.clone();
    let provider = file.provider.clone().expect("named");
    let header = "entry,provider_id,local_number,insurer_number,symbol,number,branch,name_kana,birth,sex,effective_from";
    let list = musubi_compliance::optout_list::read(
        format!("{header}\nT-1,{provider},{chart},,,,,,,,2026-01-01\n").as_bytes(),
        10,
    );
    assert_eq!((list.entries.len(), list.refused), (1, 0));
    room.says_nothing("T-1");
    list.entries[0].clone()
}

/// The first receipt of the region alone, as the clinic of the first file in `of` sends it, for somebody of another surname
/// (kanji, kana), chart and insured number; the given name, the sex and the day of birth stay.
fn under_the_name(
    room: &Room,
    of: &Parcel,
    (kanji, kana): (&str, &str),
    chart: &str,
    number: &str,
) -> Parcel {
    let people = table(&room.shared.region.join("truth/persons.csv"));
    let parcel = room.parcel();
    let bytes = &parcel.files[&parcel.first_path()];
    let (start, end, _) = receipts(bytes)[0].clone();
    let read = |bytes: &[u8]| encoding_rs::SHIFT_JIS.decode_without_bom_handling(bytes).0.into_owned();
    let mut points = String::new();
    let receipt: String = read(&bytes[start..end])
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("KO,"))
        .map(|line| {
            let mut columns: Vec<String> = line.split(',').map(str::to_owned).collect();
            match columns[0].as_str() {
                "RE" => {
                    let hers = |p: &&BTreeMap<String, String>| p["name_kana"].replace(' ', "") == columns[36];
                    let who = people.iter().find(hers).expect("somebody of the region");
                    let given = |name: &str| who[name].split(' ').nth(1).expect("a given name").to_owned();
                    columns[4] = format!("{kanji}\u{3000}{}", given("name_kanji"));
                    columns[13] = chart.to_owned();
                    columns[36] = format!("{kana}{}", given("name_kana"));
                }
                "HO" => {
                    columns[3] = number.to_owned();
                    points = columns[5].clone();
                }
                _ => {}
            }
            columns.join(",")
        })
        .collect();
    let (mut sent, path) = (of.clone(), of.first_path());
    let head = read(&of.files[&path]);
    let head = head.split_inclusive("\r\n").next().expect("IR");
    let whole = format!("{head}{receipt}GO,1,{points},99\r\n");
    sent.manifest.totals.clear();
    sent.manifest.files.retain(|f| f.path == path);
    sent.files.retain(|p, _| *p == path);
    sent.put(&path, encoding_rs::SHIFT_JIS.encode(&whole).0.into_owned());
    sent
}

#[test]
fn g8_whoever_asked_to_stop_and_comes_from_another_clinic_under_a_changed_surname_waits_for_people() {
    let room = Room::new();
    let first = room.parcel();
    let elsewhere = |p: &Parcel| {
        p.manifest.files[0].provider != first.manifest.files[0].provider && p.first_path().ends_with("UKE")
    };
    let all = packages_of(&room.shared.region).into_iter().map(|path| Parcel::read(&path));
    let other =
        all.filter(|p| p.manifest.kind == first.manifest.kind).find(elsewhere).expect("another clinic");
    let before = under_the_name(&room, &first, ("佐藤", "サトウ"), "990001", "９９８８７７６");
    let married = under_the_name(&room, &other.of_day(20), ("鈴木", "スズキ"), "880002", "８８７７６６５");

    let open = Room::new();
    open.take_parcel(&before);
    assert_eq!(open.take_parcel(&married).balance.lines["RE"].loaded, 1, "nobody asked, nothing waits");

    room.take_parcel(&before);
    // She asks all to stop: what stands for her in the gates, and the block keys of what is held of her.
    let hers = "(SELECT identity_id FROM intake.unit WHERE identity_id IS NOT NULL)";
    room.execute(&format!(
        "INSERT INTO compliance.opt_out (entry, token, kind, guard, effective_from, received_at)
         SELECT 'T-8', token, kind, guard, '2026-01-01', '2026-01-01' FROM identity.token WHERE identity_id = {hers}"
    ));
    room.execute(&format!(
        "INSERT INTO compliance.opt_out_block (entry, key)
         SELECT DISTINCT 'T-8', key FROM identity.match_key WHERE identity_id = {hers}"
    ));
    let outcome = room.take_parcel(&married);
    let line = &outcome.balance.lines["RE"];
    assert_eq!((line.received, line.held), (1, 1), "{}", outcome.balance);
    assert_eq!(room.texts("SELECT entry || ' ' || found FROM identity.opt_out_doubt"), ["T-8 block-keys"]);
}

#[test]
fn a_withdrawn_opt_out_lets_later_deliveries_in() {
    let room = Room::new();
    let parcel = room.parcel();
    room.enter(&[entry_of(&room, &parcel, 0)]);
    let first = room.take_parcel(&parcel);
    assert!(first.balance.total().excluded > 0);
    room.execute("UPDATE compliance.opt_out SET withdrawn_at = '2026-02-01T00:00:00Z'");
    let second = room.take_parcel(&parcel.clone().of_day(5));
    assert_eq!(second.balance.total().excluded, 0);
    assert_eq!(
        second.balance.lines["RE"].loaded
            + second.balance.lines["RE"].superseded
            + second.balance.lines["RE"].duplicate,
        second.balance.lines["RE"].received
    );
    let plain = Room::new();
    plain.take_parcel(&parcel);
    assert_eq!(room.fingerprint(), plain.fingerprint(), "in the end everything is there once");
}

#[test]
fn an_erased_person_is_not_taken_in_again_and_stops_nobody_else() {
    let room = Room::new();
    let parcel = room.parcel();
    let first = room.take_parcel(&parcel);
    let erased = room.execute(
        "UPDATE keys.data_key SET wrapped = NULL, destroyed_at = now() WHERE key_id =
           (SELECT identity_id FROM intake.unit WHERE identity_id IS NOT NULL ORDER BY identity_id LIMIT 1)",
    );
    assert_eq!(erased, 1);
    // The same documents in another delivery, and a new one with the same persons.
    let again = room.take_parcel(&parcel.clone().of_day(9));
    assert_eq!(again.state, Acknowledged);
    assert_eq!(again.balance.total().received, first.balance.total().received);
    assert!(again.balance.lines["RE"].excluded >= 1, "{}", again.balance);
    assert!(again.balance.lines["RE"].duplicate >= 1, "{}", again.balance);
    let mut changed = parcel.clone().of_day(10);
    for (path, bytes) in parcel.files {
        let mut bytes = bytes;
        bytes.truncate(bytes.windows(3).rposition(|w| w == b"GO,").expect("GO"));
        bytes.extend_from_slice(b"QQ,1\r\n");
        changed.put(&path, bytes);
    }
    changed.manifest.totals.clear();
    assert_eq!(room.take_parcel(&changed).state, Acknowledged);
}

#[test]
fn a_gate_that_cannot_be_loaded_is_an_error_and_names_nobody() {
    let room = Room::new();
    room.enter_opt_outs();
    let load = || {
        let set = parameters(None).expect("parameters");
        OptOutGate::load(&mut room.ingest(), &set, japanese_day(now()))
    };
    assert!(load().is_ok());
    room.execute("UPDATE compliance.opt_out SET guard = 'x' WHERE kind = 'insured' AND entry = '1'");
    let broken = load().expect_err("broken");
    assert!(matches!(&broken, GateError::Broken { entry, .. } if entry == "1"), "{broken:?}");
    room.execute("REVOKE SELECT ON compliance.opt_out FROM musubi_ingest");
    let shut = load().expect_err("unreadable");
    assert!(matches!(shut, GateError::Unreadable(_)), "{shut:?}");
    for error in [broken, shut] {
        assert_eq!(betrays(&room.shared.secrets, &format!("{error} {error:?}")), None);
    }
}
