//! The chain names whatever was done to it.

use proptest::prelude::*;

use super::*;

fn chain(n: u64) -> Vec<AuditRow> {
    let mut rows: Vec<AuditRow> = Vec::new();
    for i in 0..n {
        let entry = AuditEntry {
            at: Timestamp::from_second(1_790_000_000 + i64::try_from(i).unwrap()).unwrap(),
            actor: Name::new("night-job").unwrap(),
            role: AuditRole::Intake,
            action: AuditAction::Load,
            object: AuditObject::Snapshot(i),
            persons: i,
            result: AuditResult::Done,
        };
        let tail = rows.last().map(|r| AuditTail { seq: r.seq, hash: r.hash.clone() });
        rows.push(entry.after(tail.as_ref()));
    }
    rows
}

fn verify(rows: &[AuditRow], against: Option<&Checkpoint>) -> Option<(u64, Damage)> {
    let mut check = ChainCheck::new(against);
    rows.iter().for_each(|r| check.take(r));
    check.finish().broken
}

fn hash_of(row: &AuditRow) -> String {
    entry_of(row).unwrap().hashes(&mut Vec::new()).chained.to_string()
}

fn end_of(rows: &[AuditRow]) -> Checkpoint {
    let last = rows.last().unwrap();
    Checkpoint { seq: last.seq, hash: last.hash.clone() }
}

#[test]
fn a_whole_chain_holds() {
    let rows = chain(20);
    assert_eq!(verify(&rows, None), None);
    assert_eq!(verify(&rows, Some(&end_of(&rows))), None);
    assert_eq!(verify(&rows, Some(&end_of(&rows[..7]))), None);
    assert_eq!(verify(&[], None), None);
}

#[test]
fn truncation_shows_against_a_checkpoint() {
    let rows = chain(9);
    assert_eq!(verify(&rows[..6], Some(&end_of(&rows))), Some((7, Damage::Truncated)));
    assert_eq!(verify(&[], Some(&end_of(&rows))), Some((1, Damage::Truncated)));
    assert_eq!(verify(&rows[1..], None), Some((1, Damage::Dropped)));
}

#[test]
fn a_chain_written_anew_shows_against_a_checkpoint() {
    let mut anew = chain(9);
    let kept = end_of(&anew);
    let mut tail: Option<AuditTail> = None;
    for row in &mut anew {
        row.actor = "someone-else".into();
        row.previous = tail.map_or_else(|| BEGINNING.to_owned(), |t| t.hash);
        row.hash = hash_of(row);
        tail = Some(AuditTail { seq: row.seq, hash: row.hash.clone() });
    }
    assert_eq!(verify(&anew, None), None);
    assert_eq!(verify(&anew, Some(&kept)), Some((9, Damage::Rewritten)));
}

#[test]
fn a_changed_entry_with_a_new_hash_is_not_what_the_next_remembers() {
    let mut rows = chain(5);
    rows[2].persons = 999;
    rows[2].hash = hash_of(&rows[2]);
    assert_eq!(verify(&rows, None), Some((3, Damage::Rewritten)));
}

#[test]
fn the_hash_of_a_known_entry_never_changes() {
    // A chain written by an earlier version of the program has to verify for ever.
    let rows = chain(1);
    assert_eq!(rows[0].at, "2026-09-21T14:13:20.000000Z");
    let texts = [
        rows[0].at.as_str(),
        "night-job",
        "intake",
        "load",
        "snapshot:0",
        "done",
        "intake",
        "repository",
        BEGINNING,
    ];
    let mut bytes = b"musubi-audit-entry/2\0".to_vec();
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    for text in texts {
        bytes.extend(u64::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    assert_eq!(
        rows[0].hash,
        blake3::keyed_hash(b"musubi audit log: one entry/1\0\0\0", &bytes).to_hex().to_string()
    );

    let json = r#"[1,"2026-09-21T14:13:20.000000Z","night-job","intake","load","snapshot:0",0,"done","musubi-audit/1"]"#;
    let mut old = rows[0].clone();
    (old.format, old.purpose, old.object_class) = (1, String::new(), String::new());
    old.hash = blake3::hash(json.as_bytes()).to_hex().to_string();
    let new = AuditRow { seq: 2, previous: old.hash.clone(), ..rows[0].clone() };
    let new = AuditRow { hash: hash_of(&new), ..new };
    assert_eq!(verify(&[old.clone(), new.clone()], None), None, "old entries, then new ones");
    // What the old hash does not cover cannot be slipped in; and nobody goes back to the old format.
    let said = AuditRow { purpose: "intake".to_owned(), ..old.clone() };
    assert_eq!(verify(&[said, new], None), Some((1, Damage::Changed)));
    let mut back = AuditRow { seq: 2, previous: rows[0].hash.clone(), ..old };
    back.hash = hash_of(&back);
    assert_eq!(verify(&[rows[0].clone(), back], None), Some((2, Damage::Changed)));
    let mut unknown = rows[0].clone();
    unknown.format = 3;
    assert_eq!(verify(&[unknown], None), Some((1, Damage::Changed)));
}

#[test]
fn purpose_and_class_follow_from_what_was_done() {
    let all = AuditAction::ALL.iter().map(|a| purpose(*a, &AuditObject::House));
    assert!(all.into_iter().all(|p| Purpose::ALL.iter().any(|known| known.as_str() == p)));
    // Where somebody said for what, that stands.
    let said = AuditObject::Persons(AuditPurpose::Disclosure);
    assert_eq!(purpose(AuditAction::ViewPerson, &said), "disclosure");
    assert_eq!(class(&said), ObjectClass::Person);
}

#[test]
fn names_hold_no_free_text() {
    for bad in ["", "テスト 太郎", "a b", "a/b", "a:b"] {
        assert!(Name::new(bad).is_err(), "{bad}");
    }
    assert!(Name::new(&"a".repeat(65)).is_err());
}

fn text_of(row: &mut AuditRow, field: usize) -> &mut String {
    match field {
        0 => &mut row.at,
        1 => &mut row.actor,
        2 => &mut row.role,
        3 => &mut row.action,
        4 => &mut row.object,
        5 => &mut row.result,
        8 => &mut row.purpose,
        9 => &mut row.object_class,
        6 => &mut row.previous,
        _ => &mut row.hash,
    }
}

proptest! {
    #[test]
    fn any_changed_byte_is_named(n in 1u64..12, at in any::<prop::sample::Index>(), field in 0usize..10,
                                 byte in any::<prop::sample::Index>(), bit in 0u8..7) {
        let mut rows = chain(n);
        let i = at.index(rows.len());
        let text = text_of(&mut rows[i], field);
        let mut bytes = text.clone().into_bytes();
        let b = byte.index(bytes.len());
        bytes[b] ^= 1 << bit;
        *text = String::from_utf8(bytes).unwrap();
        let (place, _) = verify(&rows, None).unwrap();
        prop_assert_eq!(place, u64::try_from(i).unwrap() + 1);
    }

    #[test]
    fn any_changed_number_is_named(n in 1u64..12, at in any::<prop::sample::Index>(), add in 1u64..1000, persons: bool) {
        let mut rows = chain(n);
        let i = at.index(rows.len());
        if persons { rows[i].persons += add } else { rows[i].seq += add }
        prop_assert_eq!(verify(&rows, None).map(|b| b.0), Some(u64::try_from(i).unwrap() + 1));
    }

    #[test]
    fn any_dropped_entry_is_named(n in 2u64..12, at in any::<prop::sample::Index>()) {
        let mut rows = chain(n);
        let end = end_of(&rows);
        let i = at.index(rows.len());
        rows.remove(i);
        prop_assert_eq!(verify(&rows, Some(&end)).map(|b| b.0), Some(u64::try_from(i).unwrap() + 1));
    }

    #[test]
    fn any_two_exchanged_entries_are_named(n in 2u64..12, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(),
                                           renumber: bool) {
        let mut rows = chain(n);
        let (a, b) = (a.index(rows.len()), b.index(rows.len()));
        prop_assume!(a != b);
        rows.swap(a, b);
        if renumber {
            for (i, row) in rows.iter_mut().enumerate() {
                row.seq = u64::try_from(i).unwrap() + 1;
            }
        }
        prop_assert_eq!(verify(&rows, None).map(|b| b.0), Some(u64::try_from(a.min(b)).unwrap() + 1));
    }
}
