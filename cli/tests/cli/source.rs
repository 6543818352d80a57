//! The way back from a pseudonymised release (原資料確認; G-20): two people, a hundred cells, the bytes that came in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{Span, Timestamp};
use musubi_model::{FactTable, IdentityId};
use musubi_release::pseudonym::{PersonKey, Pseudonyms, ReleaseKey};
use musubi_release::vault::{Behind, PseudonymMap, RowSource};
use musubi_storage::keys::{KekSource, KeyRing};
use musubi_storage::lake::{self, ColumnSet, StoredFact, Want};
use musubi_storage::registry::Registry;
use musubi_storage::release::LedgerRow;
use musubi_storage::release_ledger::{Beside, KeyEnd, KeyRecord};
use musubi_storage::server::{DatabaseChoice, Server};
use serde_json::Value;

use crate::house::{House, Region, files, string, text};

/// A cell of the made-up release, and the code that its source must hold.
struct Cell {
    line: String,
    source_code: Option<String>,
}

const TABLES: [FactTable; 3] =
    [FactTable::ConditionOccurrence, FactTable::DrugExposure, FactTable::Measurement];

/// All current facts of a table.
fn facts(registry: &Registry, house: &House, table: FactTable) -> Vec<StoredFact> {
    let mut ingest = registry.ingest().unwrap();
    let dead = ingest.dead_units().unwrap();
    let mut found = Vec::new();
    for file in ingest.lake_files().unwrap().iter().filter(|f| f.table == table) {
        lake::read(&house.data().join("lake"), file, &Want::all(ColumnSet::ALL), &mut |row| {
            if !dead.contains(&(row.document(), row.unit())) {
                found.push(row.to_fact()?);
            }
            Ok(())
        })
        .unwrap();
    }
    found
}

/// Seals a release of pseudonymised rows and one whose key was destroyed, as a build does it, under a fixed key.
fn sealed(house: &House) -> Vec<Cell> {
    let server = Server::open(&house.data(), &DatabaseChoice::Embedded).unwrap();
    let registry = Registry::open(server).unwrap();
    let keys = house.data().join("keys");
    let ring = KeyRing::open_or_create(&keys, &KekSource::File(keys.join("kek.key"))).unwrap();
    let by_table: Vec<(FactTable, Vec<StoredFact>)> =
        TABLES.iter().map(|t| (*t, facts(&registry, house, *t))).collect();
    // For the test, everybody's key in the cohort is their identity turned round.
    let key_of = |identity: &IdentityId| -> PersonKey {
        let mut key = identity.0;
        key.reverse();
        key
    };
    let persons: Vec<PersonKey> =
        by_table.iter().flat_map(|(_, facts)| facts.iter().map(|f| key_of(&f.provenance.identity))).collect();
    let seeded = || Ok(ReleaseKey::from_seed([42; 32]));
    let pseudonyms = Pseudonyms::assign(&persons, &BTreeSet::new(), seeded).unwrap();
    let shift = |person: &PersonKey| pseudonyms.shift_weeks(person, 8) * 7;

    let mut map = PseudonymMap {
        files: TABLES.iter().map(|t| t.as_str().to_owned()).collect(),
        persons: pseudonyms
            .in_order()
            .into_iter()
            .map(|(pid, person)| {
                (pid, Behind { person, shift_days: i32::try_from(shift(&person)).unwrap(), rows: Vec::new() })
            })
            .collect(),
    };
    let (mut published, mut cells) = (Vec::new(), Vec::new());
    for (place, (table, facts)) in (0u8..).zip(by_table) {
        let mut rows: Vec<_> = facts
            .iter()
            .filter_map(|f| {
                let person = key_of(&f.provenance.identity);
                let code = f.fact.standard.as_ref().or(f.fact.source.as_ref())?.code.to_string();
                let day = f.fact.start?.earliest().checked_add(Span::new().days(shift(&person))).ok()?;
                Some((pseudonyms.pid(&person)?, code, day.to_string(), f))
            })
            .collect();
        rows.sort_by(|a, b| (a.0, &a.1, &a.2, a.3.fact_id).cmp(&(b.0, &b.1, &b.2, b.3.fact_id)));
        let mut csv = "\u{feff}pid,code,when,value\r\n".to_owned();
        for (row, (pid, code, when, f)) in (1u32..).zip(&rows) {
            let value = f.fact.value.number.map(|n| n.to_string()).unwrap_or_default();
            write!(csv, "{pid},{code},{when},{value}\r\n").unwrap();
            map.persons.get_mut(pid).unwrap().rows.push(RowSource { file: place, row, fact: f.fact_id });
            let said = [("code", code), ("when", when), ("value", &value)];
            for (column, value) in said.into_iter().filter(|(_, value)| !value.is_empty()) {
                let source = f.fact.source.as_ref().map(|c| c.code.to_string());
                cells.push(Cell {
                    line: format!("{pid},{},{row},{column},{value}\r\n", table.as_str()),
                    source_code: source.filter(|_| column == "code").filter(|c| c.is_ascii()),
                });
            }
        }
        published.push((format!("{}.csv", table.as_str()), csv.into_bytes()));
    }
    let at: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    let enter = |id: &str, name: String, end: KeyEnd, files: &[(&str, Vec<u8>)]| {
        let row = LedgerRow {
            release_id: id.to_owned(),
            approval_id: "A-mihon".to_owned(),
            request_id: "mihon".to_owned(),
            scope_hash: "0".repeat(64),
            commit: 1,
            sealed_at: at,
            manifest: format!("{{\"release_id\":\"{id}\"}}"),
            signature: "00".to_owned(),
        };
        let (made_by, ordered_by) = ("release-job".to_owned(), "officer-01".to_owned());
        let key = KeyRecord { name, created_at: at, ended_at: at, made_by, ordered_by, end };
        let beside = Beside { key: Some(&key), ..Beside::default() };
        let mut db = registry.release().unwrap();
        let mark = db.opt_out_mark().unwrap();
        assert!(db.enter_release_beside(&row, &[], files, mark, &beside).unwrap().is_some());
    };
    let published: Vec<(&str, Vec<u8>)> = published.iter().map(|(n, c)| (n.as_str(), c.clone())).collect();
    let parts = map.seal("R-kamei", &ring.kek).unwrap();
    enter("R-kamei", ReleaseKey::from_seed([42; 32]).name(), KeyEnd::Vaulted(parts), &published);
    enter("R-tokumei", ReleaseKey::from_seed([43; 32]).name(), KeyEnd::Destroyed, &[]);
    cells
}

/// Every n-th cell, so that a hundred of all files and columns are taken.
fn hundred(cells: &[Cell]) -> Vec<&Cell> {
    assert!(cells.len() > 300, "{}", cells.len());
    let chosen: Vec<&Cell> = (0..100).map(|n| &cells[n * cells.len() / 100]).collect();
    for part in ["condition_occurrence,", "drug_exposure,", "measurement,", ",code,", ",when,", ",value,"] {
        assert!(chosen.iter().any(|c| c.line.contains(part)), "no cell of {part}");
    }
    chosen
}

fn list(house: &House, name: &str, lines: &[String]) -> PathBuf {
    let path = house.beside(name);
    fs::write(&path, format!("\u{feff}pid,file,row,column,value\r\n{}", lines.concat())).unwrap();
    path
}

/// The session of two people: A asks, B agrees, A does it.
fn session(house: &House, code: i32, list: &Path) -> Value {
    let ask = ["release", "verify-source", "R-kamei", "--cells", text(list), "--reason", "承認審査の照会"];
    let proposed = house.json(3, &ask)["proposed"].to_string();
    assert_eq!(house.json(3, &ask)["proposed"].to_string(), proposed, "asked once, however often");
    let approve = ["operation", "approve", &proposed, "--reason", "確認"];
    for other in ["officer-01", "desk-01", "release-approver-01"] {
        house.run(2, &[&["--actor", other], &approve[..]].concat());
    }
    house.run(0, &[&["--actor", "keys-01"], &approve[..]].concat());
    let answer = house.json(code, &ask);
    assert_eq!(answer["operation"].to_string(), proposed);
    answer
}

#[test]
fn g20_a_hundred_cells_are_traced_to_the_bytes_that_came_in_by_two_people() {
    let region = Region::get();
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    let all = sealed(&house);
    let cells = hundred(&all);
    let lines: Vec<String> = cells.iter().map(|c| c.line.clone()).collect();

    let answer = session(&house, 0, &list(&house, "cells.csv", &lines));
    assert_eq!(
        (&answer["ok"], &answer["counts"]["match"]),
        (&Value::Bool(true), &Value::from(100)),
        "{answer}"
    );
    let originals: BTreeMap<String, Vec<u8>> = files(&region.path("inbox"))
        .into_iter()
        .map(|p| fs::read(p).unwrap())
        .map(|bytes| (blake3::hash(&bytes).to_hex().to_string(), bytes))
        .collect();
    let mut held = 0;
    for (cell, told) in cells.iter().zip(answer["cells"].as_array().unwrap()) {
        let source = &told["sources"][0];
        let bytes = &originals[&string(source, "document")];
        let at = |name: &str| usize::try_from(source[name].as_u64().unwrap()).unwrap();
        let record = bytes.get(at("start")..at("end")).expect("the range lies inside the document");
        assert!(!record.is_empty());
        if let Some(code) = &cell.source_code {
            assert!(record.windows(code.len()).any(|w| w == code.as_bytes()), "the bytes do not hold {code}");
            held += 1;
        }
    }
    assert!(held > 20, "only {held} codes were looked for in the bytes");

    // What was agreed to was done once; the next look is asked for anew. Nothing of it lies open.
    let wrong = |line: &String, from: &str, to: &str| {
        let at = line.rfind(from).unwrap();
        format!("{}{to}\r\n", &line[..at + 1])
    };
    let mut forged: Vec<String> = lines[..3].to_vec();
    forged.push(wrong(&lines[3], ",", "Z99"));
    forged.push(format!("0000000000000000{}", &lines[4][16..]));
    let answer = session(&house, 4, &list(&house, "forged.csv", &forged));
    let told: Vec<String> = answer["cells"].as_array().unwrap().iter().map(|c| string(c, "answer")).collect();
    assert_eq!(told, ["match", "match", "match", "not-released", "not-released"]);

    // An anonymised release has no way back, whoever asks.
    let cells = list(&house, "more.csv", &lines[..1]);
    let said = house.run(1, &["release", "verify-source", "R-tokumei", "--cells", text(&cells)]);
    assert!(said.err.contains("REL_KEY_DESTROYED"), "{}", said.err);
    house.run(2, &["--actor", "desk-01", "release", "verify-source", "R-kamei", "--cells", text(&cells)]);
    fs::write(&cells, "pid\r\n").unwrap();
    let said = house.run(1, &["release", "verify-source", "R-kamei", "--cells", text(&cells)]);
    assert!(said.err.contains("REL_CELLS"), "{}", said.err);

    let keys = house.json(0, &["release", "keys"]);
    let told: Vec<&str> = keys.as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(told.iter().filter(|e| **e == "created").count(), 2);
    assert!(told.contains(&"destroyed") && told.contains(&"vaulted"));
    // Two people stood behind each operation, and each opening was announced.
    for check in ["C-075", "C-077"] {
        house.run(0, &["check", "--id", check]);
    }
}
