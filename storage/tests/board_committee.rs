//! The committee's tables: what is kept once stays, an open ballot is shown to nobody, a late one is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // helpers of tests stop on what cannot be

mod support;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::StorageError;
use musubi_storage::board::{ApprovalRow, RequestRow};
use musubi_storage::board_application::{ApplicationRow, DossierRow, EventRow, VersionRow};
use musubi_storage::board_ballot::{
    ApprovalEventRow, BoxRow, ConditionRow, SittingRow, StandingRead as _, VoteRow,
};
use musubi_storage::board_committee::{DeclarationRow, InterestRow, MeetingRow, MemberRow};
use musubi_storage::registry::{BoardDb, Registry};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

const DAY: Date = Date::constant(2026, 11, 10);

fn event(id: &str, nth: u32, kind: &str) -> EventRow {
    EventRow {
        application_id: id.to_owned(),
        nth,
        kind: kind.to_owned(),
        version: Some(1),
        body: "{}".to_owned(),
        account: "secretary-01".to_owned(),
        role: "review-secretary".to_owned(),
        at: at(i64::from(nth)),
    }
}

fn member(n: u8) -> MemberRow {
    MemberRow {
        member: format!("member-0{n}"),
        view: "public".to_owned(),
        sex: "female".to_owned(),
        outside: n.is_multiple_of(2),
        organisation: "見本大学".to_owned(),
        from: DAY,
        until: Date::constant(2028, 3, 31),
    }
}

#[allow(clippy::needless_pass_by_value)] // a result that is asked once
fn refused<T: std::fmt::Debug>(done: Result<T, StorageError>) -> bool {
    matches!(done, Err(StorageError::Refused(_)))
}

/// An application with two versions, a request and a ballot of two members.
fn opened(db: &mut BoardDb) -> BoxRow {
    let row = ApplicationRow {
        application_id: String::new(),
        organisation: "mihon-university".to_owned(),
        amends: None,
        created_by: "applicant-01".to_owned(),
        created_at: at(0),
    };
    let id = db.begin_application(&row, "{\"items\":[]}", "h1").unwrap();
    assert_eq!(id, "AP-0001");
    let amends = ApplicationRow { amends: Some(id.clone()), ..row };
    assert_eq!(db.begin_application(&amends, "{}", "h2").unwrap(), "AP-0002");
    assert_eq!(db.applications().unwrap()[1].amends.as_deref(), Some("AP-0001"));
    let request = RequestRow {
        request_id: "mihon-1".to_owned(),
        spec: "version=1".to_owned(),
        scope_hash: "s".to_owned(),
        filed_at: at(1),
        filed_by: "applicant-01".to_owned(),
    };
    assert!(db.insert_request(&request).unwrap());
    let row = BoxRow {
        ballot_id: "AP-0001-B1".to_owned(),
        application_id: id,
        version: 1,
        document_hash: "h1".to_owned(),
        dossier_hash: String::new(),
        request_id: "mihon-1".to_owned(),
        scope_hash: "s".to_owned(),
        meeting_id: None,
        opened_by: "secretary-01".to_owned(),
        opened_at: at(5),
        closed_at: None,
        result: None,
    };
    let sitting: Vec<SittingRow> = (1..=2)
        .map(member)
        .map(|m| SittingRow {
            member: m.member,
            view: m.view,
            sex: m.sex,
            outside: m.outside,
            grounds: "[]".to_owned(),
        })
        .collect();
    let put = ConditionRow {
        ballot_id: row.ballot_id.clone(),
        nth: 1,
        gate: "{\"gate\":\"other\"}".to_owned(),
        words: "手順書".to_owned(),
        verifier: "officer".to_owned(),
        due: DAY,
        closed: None,
    };
    db.open_ballot(&row, &sitting, &[put]).unwrap();
    assert!(refused(db.open_ballot(&row, &sitting, &[])), "a number is given once");
    row
}

fn vote(member: &str, word: &str) -> VoteRow {
    VoteRow { member: member.to_owned(), vote: word.to_owned(), reason: "理由".to_owned() }
}

#[test]
fn nobody_reads_an_open_ballot_and_nobody_votes_after_the_closing() {
    let house = support::house();
    let registry = Registry::open(house.database()).unwrap();
    let mut db = registry.board().unwrap();
    let row = opened(&mut db);
    let ballot = row.ballot_id.as_str();
    db.cast(ballot, &vote("member-01", "conditional"), at(6)).unwrap();
    assert!(refused(db.cast(ballot, &vote("member-01", "reject"), at(7))), "one vote, and it stays");
    assert!(db.cast(ballot, &vote("member-09", "reject"), at(7)).is_err(), "who does not sit does not vote");
    assert_eq!(
        (db.voted(ballot).unwrap(), db.votes(ballot).unwrap()),
        (vec!["member-01".to_owned()], vec![])
    );
    // The role of the board has no way to the table itself, and a change has none at all.
    let mut owner = registry.server().connect_owner().unwrap();
    for word in ["SELECT", "UPDATE", "DELETE"] {
        let may: bool = owner
            .query_one("SELECT has_table_privilege('musubi_board', 'board.ballot', $1)", &[&word])
            .unwrap()
            .get(0);
        assert!(!may, "{word}");
    }
    assert!(owner.execute("UPDATE board.ballot SET vote = 'reject'", &[]).is_err());
    // A closing that cannot be entered whole leaves the box open and tells nothing.
    db.enter_event(&event("AP-0001", 1, "submit")).unwrap();
    assert!(refused(db.enter_event(&event("AP-0001", 1, "take"))), "one after the other");
    let clash = event("AP-0001", 1, "conditional");
    assert!(refused(db.close_ballot(ballot, "secretary-01", at(8), |_| (
        "x".into(),
        "{}".into(),
        Some(clash)
    ))));
    assert!(db.ballot(ballot).unwrap().unwrap().closed_at.is_none() && db.votes(ballot).unwrap().is_empty());
    let step = event("AP-0001", 2, "conditional");
    db.close_ballot(ballot, "secretary-01", at(9), |votes| {
        assert_eq!(votes, [vote("member-01", "conditional")]);
        ("conditional".into(), "{}".into(), Some(step))
    })
    .unwrap();
    assert!(db.cast(ballot, &vote("member-02", "approve"), at(10)).is_err(), "too late");
    assert!(refused(db.close_ballot(ballot, "secretary-01", at(11), |_| (
        "approved".into(),
        "{}".into(),
        None
    ))));
    assert_eq!(db.votes(ballot).unwrap().len(), 1);
    assert_eq!(db.ballots().unwrap()[0].result.as_ref().unwrap().0, "conditional");
    // The checks of the Act and the release role read what they need of it.
    let (mut act, mut release) = (registry.act().unwrap(), registry.release().unwrap());
    let sat = act.committee_sat().unwrap();
    assert_eq!(
        sat.iter().map(|s| (s.voted, s.declared, s.expedited)).collect::<Vec<_>>(),
        [(true, false, true), (false, false, true)]
    );
    assert_eq!(act.committee_documents().unwrap()[0].1, "{\"items\":[]}");
    assert_eq!(release.outcome(ballot).unwrap(), Some(("conditional".to_owned(), "s".to_owned())));
    assert!(release.conditions_of(ballot).unwrap()[0].closed.is_none());
    db.close_condition((ballot, 1), "見た", ("officer-01", "officer"), at(12)).unwrap();
    assert!(refused(db.close_condition((ballot, 1), "見た", ("officer-01", "officer"), at(13))));
    assert!(release.conditions_of(ballot).unwrap()[0].closed.is_some());
    let approval = ApprovalRow {
        approval_id: "A-1".to_owned(),
        request_id: "mihon-1".to_owned(),
        scope_hash: "s".to_owned(),
        approver: "board-01".to_owned(),
        approved_at: at(14),
        expires_on: DAY,
        decision: "{}".to_owned(),
        signature: "00".to_owned(),
    };
    assert!(db.insert_approval(&approval).unwrap());
    for kind in ["suspend", "resume"] {
        let row = ApprovalEventRow {
            approval_id: "A-1".to_owned(),
            kind: kind.to_owned(),
            reason: "試験".to_owned(),
            account: "officer-01".to_owned(),
            at: at(15),
        };
        db.enter_approval_event(&row, None).unwrap();
    }
    let became: Vec<String> = release.events_of("A-1").unwrap().into_iter().map(|e| e.kind).collect();
    assert_eq!(became, ["suspend", "resume"]);
}

#[test]
fn seats_interests_declarations_meetings_and_versions_are_added_and_never_rewritten() {
    let house = support::house();
    let registry = Registry::open(house.database()).unwrap();
    let mut db = registry.board().unwrap();
    opened(&mut db);
    db.enter_member(&member(1), "secretary-01", at(0)).unwrap();
    let moved = MemberRow { organisation: "見本病院".to_owned(), ..member(1) };
    db.enter_member(&moved, "secretary-01", at(1)).unwrap();
    assert_eq!(db.members().unwrap(), [moved]);
    let interest = InterestRow {
        id: 0,
        member: "member-01".to_owned(),
        kind: "funding".to_owned(),
        with: "見本製薬".to_owned(),
        since: DAY,
        ended: None,
    };
    let id = db.enter_interest(&interest, "member-01", at(2)).unwrap();
    db.end_interest(id, DAY, "member-01", at(3)).unwrap();
    assert!(refused(db.end_interest(id, DAY, "member-01", at(4))));
    assert_eq!(db.interests().unwrap(), [InterestRow { id, ended: Some(DAY), ..interest }]);
    for conflict in [false, true] {
        let row = DeclarationRow {
            application_id: "AP-0001".to_owned(),
            member: "member-01".to_owned(),
            conflict,
            reason: "理由".to_owned(),
            at: at(5),
        };
        db.declare(&row).unwrap();
    }
    let declared: Vec<bool> = db.declarations("AP-0001").unwrap().iter().map(|d| d.conflict).collect();
    assert_eq!(declared, [false, true]);
    let meeting = MeetingRow {
        meeting_id: String::new(),
        held_on: DAY,
        mode: "online".to_owned(),
        place: "見本会議室".to_owned(),
        items: Vec::new(),
        present: Vec::new(),
    };
    let id = db.call_meeting(&meeting, "secretary-01", at(6)).unwrap();
    assert!(db.put_on_agenda(&id, "AP-0001", "secretary-01", at(7)).unwrap());
    assert!(!db.put_on_agenda(&id, "AP-0001", "secretary-01", at(8)).unwrap());
    assert!(db.attend(&id, "member-01", "secretary-01", at(9)).unwrap());
    let there = MeetingRow {
        meeting_id: id,
        items: vec!["AP-0001".to_owned()],
        present: vec!["member-01".to_owned()],
        ..meeting
    };
    assert_eq!(db.meetings().unwrap(), [there]);
    let version = VersionRow {
        application_id: "AP-0001".to_owned(),
        version: 2,
        document: "{}".to_owned(),
        hash: "h3".to_owned(),
        saved_by: "applicant-01".to_owned(),
        saved_at: at(10),
    };
    db.save_version(&version).unwrap();
    assert!(refused(db.save_version(&version)));
    assert_eq!(db.application_versions("AP-0001").unwrap().len(), 2);
    assert_eq!(db.application_versions("").unwrap().len(), 3);
    assert!(db.application_events("").unwrap().is_empty());
    let dossier = DossierRow {
        application_id: "AP-0001".to_owned(),
        nth: 1,
        version: 2,
        content: "{}".to_owned(),
        hash: "h4".to_owned(),
        made_by: "secretary-01".to_owned(),
        made_at: at(11),
    };
    db.keep_dossier(&dossier).unwrap();
    assert!(refused(db.keep_dossier(&dossier)));
    assert_eq!(db.newest_dossier("AP-0001").unwrap(), Some(dossier));
}
