//! Credentials and sessions as rows: of two writers one gets through, a token opens one session once, and nothing stands
//! without both factors – whatever the program would try.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

mod support;

use jiff::Timestamp;
use musubi_storage::login::{CredentialRow, NewSession, PendingRow};
use musubi_storage::registry::Registry;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn credential(version: i64) -> CredentialRow {
    CredentialRow {
        account: "desk-01".to_owned(),
        version,
        password: Some("a hash".to_owned()),
        totp: Some(vec![1]),
        totp_step: 0,
        invitation: None,
        invited_until: None,
        failures: 0,
        failed_at: None,
        locked: false,
        must_change: false,
        english: false,
        last_login: None,
        changed_at: at(0),
    }
}

#[test]
fn of_two_writers_one_gets_through_and_a_token_opens_one_session() {
    let house = support::house();
    let registry = Registry::open(house.database()).unwrap();
    let (mut one, mut other) = (registry.login().unwrap(), registry.login().unwrap());
    assert!(one.change_credential(&credential(0)).unwrap());
    assert!(!other.change_credential(&credential(0)).unwrap(), "it was there already");
    assert!(!other.change_credential(&credential(7)).unwrap(), "read at a version that never was");
    let read = one.credential("desk-01").unwrap().unwrap();
    assert!(other.change_credential(&CredentialRow { failures: 1, ..read.clone() }).unwrap());
    assert!(!one.change_credential(&CredentialRow { failures: 9, ..read }).unwrap());
    assert_eq!(one.credential("desk-01").unwrap().unwrap().failures, 1);
    // What nobody has entered is not made by a change.
    let nobody = CredentialRow { account: "nobody".to_owned(), ..credential(3) };
    assert!(!one.change_credential(&nobody).unwrap());
    assert_eq!(one.credential("nobody").unwrap(), None);

    let pending =
        PendingRow { account: "desk-01".to_owned(), enrolling: false, begun_at: at(0), until: at(60) };
    one.begin_pending(&[1; 32], &pending).unwrap();
    let new = |token| NewSession {
        token,
        account: "desk-01",
        password_at: at(0),
        code_at: at(1),
        english: false,
        ends_at: at(600),
    };
    assert_eq!(one.open_session(&[9; 32], &new([2; 32])).unwrap(), None, "nothing is pending there");
    let id = one.open_session(&[1; 32], &new([2; 32])).unwrap().unwrap();
    assert_eq!(other.open_session(&[1; 32], &new([3; 32])).unwrap(), None, "used up");
    // Seen only moves on; ended once.
    one.see_session(id, at(100)).unwrap();
    one.see_session(id, at(50)).unwrap();
    assert_eq!(one.session(&[2; 32]).unwrap().unwrap().seen_at, at(100));
    assert!(one.end_session(id, at(101), "left").unwrap());
    assert!(!one.end_session(id, at(102), "left").unwrap());
    assert_eq!(one.sessions(None, false).unwrap(), []);
}

#[test]
fn the_database_itself_refuses_half_a_login() {
    let house = support::house();
    let registry = Registry::open(house.database()).unwrap();
    registry.login().unwrap().change_credential(&credential(0)).unwrap();
    let mut owner = registry.server().connect_owner().unwrap();
    for half in ["NULL, now()", "now(), NULL", "now() + interval '1 s', now()"] {
        let sql = format!(
            "INSERT INTO login.session (token, principal_id, password_at, code_at, english, seen_at, ends_at)
             VALUES (decode(repeat('00', 32), 'hex'), 'desk-01', {half}, false, now(), now() + interval '1 h')"
        );
        assert!(owner.batch_execute(&sql).is_err(), "{half}");
    }
    for half in ["password = NULL", "totp = NULL", "failures = -1"] {
        assert!(owner.batch_execute(&format!("UPDATE login.credential SET {half}")).is_err(), "{half}");
    }
    // The role of the door sees no zone and no more of an account than who it is.
    let mut door = registry.server().connect(musubi_storage::server::DbRole::Login).unwrap();
    for closed in [
        "SELECT staff_number FROM compliance.principal",
        "SELECT 1 FROM compliance.opt_out",
        "SELECT 1 FROM intake.submission",
        "DELETE FROM login.session",
        "UPDATE login.session SET token = token",
    ] {
        assert!(door.batch_execute(closed).is_err(), "{closed}");
    }
}
