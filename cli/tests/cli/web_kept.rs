//! What the served house keeps between pages: connections and the books of authority. Nothing that it keeps may outlive what
//! it was read from, and a page costs no connection.

use std::collections::BTreeSet;
use std::fs;

use musubi_storage::server::{DatabaseChoice, Server as Database};

use crate::house::{House, Region};
use crate::web::{Browser, Server, words_of};

/// Two people change a parameter from today on, in processes of their own.
fn change(house: &House, name: &str, value: &str) {
    let today = jiff::tz::offset(9).to_datetime(jiff::Timestamp::now()).date().to_string();
    let propose =
        ["--actor", "security-01", "parameter", "propose", name, "--value", value, "--from", &today];
    let proposed = house.json(0, &[&propose[..], &["--basis", "試験", "--reason", "試験"]].concat());
    let number = proposed["operation"].to_string();
    house.run(0, &["--actor", "officer-02", "parameter", "approve", &number, "--reason", "試験"]);
}

/// The processes of the database that serve this house, but for whoever asks.
fn connections(database: &Database) -> BTreeSet<i32> {
    let mut db = database.connect_owner().unwrap();
    let sql =
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    db.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

fn shown(browser: &Browser, name: &str) -> String {
    words_of(&browser.get(&format!("/parameters?q={name}")).ok(200).text())
}

#[test]
fn what_two_people_approve_counts_for_the_very_next_page() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let officer = server.login("officer-01");
    for value in ["37", "41", "37"] {
        change(&house, "console.body_seconds", value);
        let told = shown(&officer, "console.body_seconds");
        assert!(told.contains(&format!("console.body_seconds {value} ")), "{told}");
    }
    let desk = server.login("desk-01");
    desk.get("/").ok(200);
    // An account that two people retire is out at its next page, and its page says so.
    let retire = ["--actor", "security-01", "organisation", "retire", "desk-01", "--reason", "試験"];
    let number = house.json(3, &retire)["proposed"].to_string().replace('"', "");
    desk.get("/").ok(200);
    house.run(0, &["--actor", "officer-02", "operation", "approve", &number, "--reason", "試験"]);
    house.run(0, &retire);
    desk.get("/").ok(303);
    let keeper = server.login("security-01");
    let active = keeper.get("/accounts?state=active").ok(200).text();
    assert!(!active.contains("desk-01"), "{}", words_of(&active));
}

#[test]
fn a_page_opens_no_connection_and_a_lost_database_comes_back() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let database = Database::open(&house.data(), &DatabaseChoice::Embedded).unwrap();
    let officer = server.login("officer-01");
    let paths = ["/", "/parameters", "/accounts", "/submissions", "/operations"];
    let open: Vec<&str> = paths.into_iter().filter(|path| officer.get(path).status == 200).collect();
    assert!(open.len() >= 3, "{open:?}");
    let walk = || {
        for path in &open {
            officer.get(path).ok(200);
        }
    };
    walk();
    let before = connections(&database);
    for _ in 0..3 {
        walk();
    }
    assert_eq!(connections(&database), before);
    assert!(before.len() <= 24, "{}", before.len());
    // Every one of them is cut. Some page may hear of it; the house goes on, and nobody has to log in again.
    let mut owner = database.connect_owner().unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    owner.batch_execute(cut).unwrap();
    let statuses: Vec<u16> = (0..20).map(|_| officer.get("/parameters").status).collect();
    assert!(statuses.iter().all(|s| matches!(s, 200 | 500)), "{statuses:?}");
    assert_eq!(statuses.last(), Some(&200), "{statuses:?}");
    walk();
    let after = connections(&database);
    assert!(after.is_disjoint(&before), "a connection that was cut is still there");
    // The log of the server names no value and no session.
    let said = fs::read_to_string(house.beside("serve.log")).unwrap();
    assert!(!said.contains(officer.cookie.split_once('=').unwrap().1));
}
