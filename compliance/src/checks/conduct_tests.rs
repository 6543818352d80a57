//! Judgements over the log and over what two people decide (C-074, C-075).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use jiff::Timestamp;
use musubi_storage::act::check_conduct::{ActiveHour, TwoHands};
use musubi_storage::act::operation::{DecisionRow, OperationRow};

use super::Verdict;
use super::conduct::*;
use crate::authority::ForbiddenPairs;
use crate::operation;

fn at(hour: i64) -> Timestamp {
    Timestamp::new(1_790_000_000 + hour * 3600, 0).unwrap()
}

#[test]
fn c074_forbidden_roles_are_found_in_the_log() {
    let pairs = ForbiddenPairs::parse("identity:release auditor:*").unwrap();
    let hour = |actor: &str, role: &str, from, to| ActiveHour {
        actor: actor.into(),
        role: role.into(),
        first: at(from),
        last: at(to),
    };
    let wrong = |hours: &[ActiveHour]| {
        let found = used_together(hours, &pairs, 24);
        found.into_iter().filter(|f| !f.wrong.is_empty()).map(|f| f.of).collect::<Vec<_>>()
    };
    let linker = hour("a", "identity", 0, 1);
    assert_eq!(wrong(&[linker.clone(), hour("a", "release", 25, 25)]), ["a"]);
    assert_eq!(wrong(&[linker.clone(), hour("a", "release", 26, 26)]), [""; 0]);
    assert_eq!(wrong(&[linker.clone(), hour("b", "release", 1, 1)]), [""; 0]);
    assert_eq!(wrong(&[linker.clone(), hour("a", "curator", 1, 1)]), [""; 0]);
    assert_eq!(wrong(&[hour("a", "auditor", 0, 0), hour("a", "board", 3, 3)]), ["a"]);
    // The later use of a role counts, and a role that is none any more is no excuse.
    assert_eq!(wrong(&[linker.clone(), hour("a", "identity", 30, 30), hour("a", "release", 50, 50)]), ["a"]);
    assert_eq!(wrong(&[linker, hour("a", "wizard", 1, 1)]), ["a"]);
}

#[test]
fn c075_what_takes_two_is_held_against_the_time_of_its_use() {
    let content = "{}";
    let decision = |by: &str, role: &str, hour| DecisionRow {
        by: by.into(),
        role: role.into(),
        approved: true,
        reason: "r".into(),
        at: at(hour),
    };
    let row = |decisions: Vec<DecisionRow>, by: &str| OperationRow {
        id: 1,
        kind: "key-use".into(),
        content: content.into(),
        hash: operation::hash(operation::OperationKind::KeyUse, content),
        reason: "r".into(),
        proposed_by: "officer-1".into(),
        proposed_role: Some("officer".into()),
        proposed_at: at(0),
        expires_at: at(48),
        decisions,
        used: Some((by.into(), at(3))),
    };
    let verdict = |row: &OperationRow| sound(&[operation_used(row).unwrap()]).unwrap().verdict;
    let good = row(vec![decision("keys-1", "key-custodian", 2)], "c");
    assert_eq!(verdict(&good), Verdict::Pass);
    let unused = OperationRow { used: None, ..good.clone() };
    assert!(operation_used(&unused).is_none());
    for wrong in [
        row(vec![], "c"),
        row(vec![decision("keys-1", "key-custodian", 4)], "c"), // approved after the use
        row(vec![decision("keys-1", "board", 2)], "c"),
        row(vec![decision("officer-1", "officer", 2)], "c"),
        row(vec![decision("keys-1", "key-custodian", 2)], "keys-1"), // the executor is a third person
        OperationRow { expires_at: at(2), ..good.clone() },
        OperationRow { content: "{\"all\":1}".into(), ..good.clone() },
    ] {
        assert_eq!(verdict(&wrong), Verdict::Fail, "{wrong:?}");
    }

    let uses = [("a".to_owned(), at(1)), ("a".to_owned(), at(5))];
    let backed =
        |changes: &[(Timestamp, String)]| sound(&changes_backed(changes, &uses)).unwrap().counts["failed"];
    let change = |hour, by: &str| (at(hour), by.to_owned());
    assert_eq!(backed(&[change(1, "a"), change(6, "a")]), 0);
    assert_eq!(backed(&[change(1, "a"), change(2, "a")]), 1, "one use backs one change");
    assert_eq!(backed(&[change(0, "a"), change(6, "b")]), 2);

    let two = |first: Option<(&str, i64)>, second: Option<(&str, i64)>| {
        let hand = |h: Option<(&str, i64)>| h.map(|(who, hour)| (who.to_owned(), at(hour)));
        by_two(&TwoHands {
            what: "reading:1".into(),
            first: hand(first),
            second: hand(second),
            done_at: at(2),
        })
    };
    assert!(two(Some(("a", 0)), Some(("b", 2))).wrong.is_empty());
    for (first, second) in [
        (None, Some(("b", 1))),
        (Some(("a", 0)), None),
        (Some(("a", 0)), Some(("a", 1))),
        (Some(("a", 0)), Some(("b", 3))),
    ] {
        assert!(!two(first, second).wrong.is_empty(), "{first:?} {second:?}");
    }
}
