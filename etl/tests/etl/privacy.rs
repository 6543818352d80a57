//! No name, chart number or insured number leaves sealed bytes: not in the database, not in vault or lake, not in a word.
//!
//! Every outcome, finding and error of all tests of this binary is searched as well (see [`Room::try_take`]).
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::path::Path;

use crate::support::{Parcel, Room, betrays, packages_of};

/// All text of all tables, and all bytes that are text.
fn database(room: &Room) -> Vec<String> {
    let tables = room.texts(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
         WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
           AND table_schema <> 'agreement'",
    );
    assert!(tables.len() > 15);
    tables.iter().flat_map(|t| room.texts(&format!("SELECT row_to_json(t)::text FROM {t} t"))).collect()
}

fn files_below(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_below(&path, into);
        } else {
            into.push((
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                std::fs::read(&path).expect("read"),
            ));
        }
    }
}

/// Does `bytes` hold one of the secrets, in the bytes of the files it came from?
fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|w| w == secret)
}

#[test]
fn the_secrets_are_found_where_they_are() {
    let room = Room::new();
    let secrets = &room.shared.secrets;
    assert!(secrets.len() > 200, "{}", secrets.len());
    let persons = std::fs::read_to_string(room.shared.region.join("truth/persons.csv")).expect("truth");
    assert!(persons.lines().skip(1).all(|line| betrays(secrets, line).is_some()));
    for path in packages_of(&room.shared.region) {
        let parcel = Parcel::read(&path);
        let texts = || parcel.files.values().map(|b| String::from_utf8_lossy(b).into_owned());
        assert!(texts().any(|t| betrays(secrets, &t).is_some()), "chart numbers stand in the files");
    }
}

#[test]
fn what_lies_in_database_vault_and_lake_names_nobody() {
    let room = Room::new();
    room.enter_opt_outs();
    for path in packages_of(&room.shared.region) {
        room.take(&path);
    }
    for text in database(&room) {
        room.says_nothing(&text);
        let lower = text.to_lowercase();
        // Bytes are shown in hexadecimal: a name that lies there unsealed would be this.
        for secret in room.shared.secrets.iter().filter(|s| s.len() >= 9) {
            let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
            assert!(!lower.contains(&hex), "unsealed bytes");
        }
    }
    let mut files = Vec::new();
    files_below(&room.folders.vault, &mut files);
    files_below(&room.folders.lake, &mut files);
    assert!(files.len() > 10);
    for (name, bytes) in files {
        room.says_nothing(&name);
        for secret in room.shared.secrets.iter().filter(|s| s.len() >= 7) {
            assert!(!holds(&bytes, secret.as_bytes()), "a secret in {name}");
        }
    }
}
