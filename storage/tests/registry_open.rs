//! Migrations run once, refuse what was edited, and leave each role with what its job needs. Agreements come back as
//! they were loaded.
#![allow(clippy::expect_used, clippy::unwrap_used)] // helpers of tests stop on what cannot be

mod support;

use musubi_model::manifest::{Agreements, Feed, FeedKind, Municipality, Provider, Standing, Submitter};
use musubi_model::sign::SecretKey;
use musubi_model::{FeedId, ProviderId, SubmitterId};
use musubi_storage::StorageError;
use musubi_storage::interface::InterfaceLoad;
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, DbRole, Server};
use support::{cluster_of, house};

fn reopened(house: &support::House, database: &str) -> Server {
    let url = house.server.owner_url(database).unwrap();
    Server::open(house.path(), &DatabaseChoice::Url(url)).unwrap()
}

fn name_of(server: &Server) -> String {
    server.connect_owner().unwrap().query_one("SELECT current_database()::text", &[]).unwrap().get(0)
}

fn history(server: &Server) -> Vec<(i32, String, String)> {
    server
        .connect_owner()
        .unwrap()
        .query("SELECT version, applied_on, checksum FROM refinery_schema_history ORDER BY 1", &[])
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

#[test]
fn a_second_run_changes_nothing() {
    let house = house();
    let registry = Registry::open(house.database()).unwrap();
    let before = history(registry.server());
    assert!(before.len() >= 8);
    let again = Registry::open(reopened(&house, &name_of(registry.server()))).unwrap();
    assert_eq!(history(again.server()), before);
}

#[test]
fn many_at_once_migrate_once() {
    let house = house();
    let name = name_of(&house.database());
    std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..4).map(|_| scope.spawn(|| Registry::open(reopened(&house, &name)).map(drop))).collect();
        for one in all {
            one.join().unwrap().unwrap();
        }
    });
}

#[test]
fn an_edited_or_missing_migration_is_refused() {
    let house = house();
    let check = |change: &str| {
        let registry = Registry::open(house.database()).unwrap();
        registry.server().connect_owner().unwrap().batch_execute(change).unwrap();
        match Registry::open(reopened(&house, &name_of(registry.server()))) {
            Err(StorageError::Migration(said)) => assert!(!said.is_empty()),
            other => panic!("{change}: {other:?}"),
        }
    };
    check("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 3");
    check(
        "INSERT INTO refinery_schema_history SELECT 9999, 'later', applied_on, '1' FROM refinery_schema_history LIMIT 1",
    );
}

#[test]
fn each_handle_has_its_role_whether_embedded_or_by_url() {
    let house = house();
    let by_url = Registry::open(house.database()).unwrap();
    Registry::open(reopened(&house, "musubi")).unwrap();
    for server in [by_url.server(), &house.server] {
        for role in DbRole::ALL {
            let mut client = server.connect(role).unwrap();
            let found: String = client.query_one("SELECT current_user::text", &[]).unwrap().get(0);
            assert_eq!(found, role.as_str());
            let seen = client.query("SELECT 1 FROM identity.source_identity", &[]);
            assert_eq!(seen.is_ok(), matches!(role, DbRole::Identity | DbRole::Erasure), "{role:?}");
            let seen = client.query("SELECT sealed FROM identity.source_identity", &[]);
            assert_eq!(seen.is_ok(), role == DbRole::Identity, "{role:?}");
            let seen = client.query("SELECT 1 FROM keys.data_key", &[]);
            assert_eq!(
                seen.is_ok(),
                matches!(role, DbRole::Identity | DbRole::Ingest | DbRole::Erasure),
                "{role:?}"
            );
            assert!(client.batch_execute("CREATE TABLE public.own (n integer)").is_err(), "{role:?}");
        }
    }
    let mut release = house.server.connect(DbRole::Release).unwrap();
    assert!(release.batch_execute("SET ROLE musubi_identity").is_err(), "a login cannot take another role");
}

#[test]
fn append_only_tables_refuse_change_even_by_the_owner() {
    let house = house();
    let registry = Registry::open(house.database()).unwrap();
    let roles: Vec<_> = DbRole::ALL.iter().map(|r| registry.server().connect(*r).unwrap()).collect();
    for mut client in roles.into_iter().chain([registry.server().connect_owner().unwrap()]) {
        for (table, column) in [
            ("compliance.audit", "actor"),
            ("compliance.audit_node", "hash"),
            ("compliance.checkpoint", "root"),
            ("compliance.checkpoint_witness", "key"),
            ("identity.decision", "rule"),
            ("agreement.code_map", "name"),
            ("agreement.code_map_decision", "reason"),
            ("login.break_glass", "reason"),
            ("login.break_glass_review", "note"),
        ] {
            for change in [
                format!("UPDATE {table} SET {column} = ''"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table}"),
            ] {
                assert!(client.batch_execute(&change).is_err(), "{change}");
            }
        }
    }
}

#[test]
fn no_value_reaches_the_log() {
    let house = house();
    let registry = Registry::open(house.database()).unwrap();
    let mut owner = registry.server().connect_owner().unwrap();
    let secret = "見本テスト太郎";
    owner.batch_execute("CREATE TABLE t (name text PRIMARY KEY, n integer CHECK (n > 0))").unwrap();
    owner.execute("INSERT INTO t VALUES ($1, 1)", &[&secret]).unwrap();
    // Errors that would name the value in the message, the detail, the statement or the parameters.
    assert!(owner.execute("INSERT INTO t VALUES ($1, 1)", &[&secret]).is_err());
    assert!(owner.execute("INSERT INTO t VALUES ($1, -1)", &[&secret]).is_err());
    assert!(owner.query("SELECT $1::text::integer", &[&secret]).is_err());
    assert!(owner.batch_execute(&format!("SELECT '{secret}'::integer")).is_err());
    assert!(owner.batch_execute(&format!("DO $$ BEGIN RAISE WARNING '{secret}'; END $$")).is_ok());
    assert!(owner.batch_execute(&format!("SELECT pg_sleep(0), '{secret}'")).is_ok());
    let _ = owner.batch_execute(&format!("SELECT pg_terminate_backend(pg_backend_pid()), '{secret}'"));
    let read_log = || {
        let mut seen = String::new();
        for entry in std::fs::read_dir(cluster_of(house.path()).join("log")).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        seen
    };
    // The log is written by another process; the end of our connection is the last thing it has to say of us.
    let mut seen = read_log();
    for _ in 0..1000 {
        if seen.contains("terminating connection") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        seen = read_log();
    }
    assert!(seen.contains("ready to accept connections"), "this is the log: {seen}");
    assert!(seen.contains("terminating connection"), "fatal ends are logged: {seen}");
    assert!(!seen.contains(secret) && !seen.contains("見本"), "{seen}");
}

fn agreed() -> Agreements {
    let key = SecretKey::from_seed(&[7; 32]).public();
    let submitter = SubmitterId::new("sample-assoc").unwrap();
    let providers = ["1310001", "1310002"].map(|p| ProviderId::new(p).unwrap());
    Agreements {
        submitters: vec![Submitter {
            id: submitter.clone(), name: "見本医師会".to_owned(), public_key: key
        }],
        providers: providers
            .iter()
            .map(|id| Provider {
                id: id.clone(),
                name: "見本病院".to_owned(),
                prefecture: "13".to_owned(),
                standing: Standing { address: "見本市1-2-3".to_owned(), ..Standing::default() },
            })
            .collect(),
        feeds: vec![Feed {
            id: FeedId::new("nightly").unwrap(),
            submitter,
            kind: FeedKind::SsMix2Standard,
            providers: providers.to_vec(),
            interface_version: "SS-MIX2 1.2g".to_owned(),
            every_days: 1,
        }],
        municipalities: vec![Municipality {
            code: "13991".to_owned(),
            name: "見本市".to_owned(),
            prefecture: "13".to_owned(),
            area: "1399".to_owned(),
            area_name: "見本医療圏".to_owned(),
            population: 182_000,
            organisation: Some("mihon-city".to_owned()),
            tile: Some([1, 2]),
            providers: providers.to_vec(),
        }],
    }
}

#[test]
fn agreements_come_back_and_change_as_a_whole() {
    let house = house();
    let mut db = Registry::open(house.database()).unwrap().ingest().unwrap();
    assert_eq!(db.agreements().unwrap(), Agreements::default());
    let mut all = agreed();
    db.load_agreements(&all).unwrap();
    db.load_agreements(&all).unwrap();
    assert_eq!(db.agreements().unwrap(), all);
    all.feeds[0].every_days = 7;
    all.submitters[0].name = "改名した見本医師会".to_owned();
    db.load_agreements(&all).unwrap();
    assert_eq!(db.feed(&all.feeds[0].id).unwrap().as_ref(), Some(&all.feeds[0]));
    assert_eq!(db.feed(&FeedId::new("none").unwrap()).unwrap(), None);

    // One wrong feed keeps everything as it was.
    let mut wrong = all.clone();
    wrong.submitters[0].name = "別名".to_owned();
    wrong.feeds[0].providers.push(ProviderId::new("1319999").unwrap());
    match db.load_agreements(&wrong) {
        Err(StorageError::Refused(said)) => assert!(said.contains("provider 1319999"), "{said}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(db.agreements().unwrap(), all);
}

#[test]
fn the_newest_version_of_an_interface_is_in_use_and_none_is_ever_changed() {
    let house = house();
    let mut db = Registry::open(house.database()).unwrap().ingest().unwrap();
    assert_eq!(db.interfaces().unwrap(), []);
    assert_eq!(db.register_interface("mihon", "1", "a").unwrap(), InterfaceLoad::Registered);
    assert_eq!(db.register_interface("mihon", "1", "a").unwrap(), InterfaceLoad::AlreadyThere);
    assert!(matches!(db.register_interface("mihon", "1", "b"), Err(StorageError::Refused(_))));
    assert_eq!(db.register_interface("mihon", "2", "b").unwrap(), InterfaceLoad::Registered);
    assert_eq!(db.register_interface("other", "1", "c").unwrap(), InterfaceLoad::Registered);
    let named: Vec<_> = db.interfaces().unwrap().into_iter().map(|i| (i.name, i.version, i.toml)).collect();
    let row = |name: &str, version: &str, text: &str| (name.to_owned(), version.to_owned(), text.to_owned());
    assert_eq!(named, [row("mihon", "2", "b"), row("other", "1", "c")]);
}
