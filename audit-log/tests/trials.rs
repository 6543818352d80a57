//! Trials: everything that can be done to a log, its checkpoints, signatures and proofs is found, and honest logs raise no
//! alarm. The dice are the same in every run.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)] // test code: a failure here is a failed test

mod log;

use log::{
    Dice, Owned, WITNESS_SEED, entries, export, house, keys, leaves, note, note_by, relink, verify, witness,
};
use musubi_audit_log::damage::{Damage, Finding};
use musubi_audit_log::inclusion;
use musubi_audit_log::note::{Bundle, Consistency, Keys, Note};
use musubi_audit_log::tree;
use musubi_audit_log::witness::{Refusal, cosign};

/// An honest log: entries, its checkpoints (the last over all), and one that was kept.
fn honest(dice: &mut Dice, most: usize) -> (Vec<Owned>, Vec<Note>, Note) {
    let n = 2 + dice.below(most);
    let all = entries(dice, u64::try_from(n).unwrap());
    let mut sizes: Vec<usize> = (0..dice.below(3)).map(|_| 1 + dice.below(n)).chain([n]).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let notes: Vec<Note> = sizes.iter().map(|s| note(&all, *s, dice.below(2) == 0)).collect();
    let kept = note(&all, 1 + dice.below(n), true);
    (all, notes, kept)
}

#[test]
fn honest_logs_raise_no_alarm() {
    let mut dice = Dice(1);
    for _ in 0..1_000 {
        let (all, notes, kept) = honest(&mut dice, 90);
        let file = export(&all, &notes);
        let size = u64::try_from(all.len()).unwrap();
        let asked = Keys { house: house(), witnesses: vec![witness()] };
        let report = verify(&file, &asked, std::slice::from_ref(&kept));
        assert_eq!(report.first, None);
        assert_eq!((report.entries, report.root), (size, notes.last().unwrap().checkpoint.root));
        let seq = 1 + dice.below(all.len());
        let index = u64::try_from(seq).unwrap() - 1;
        let newest = notes.last().unwrap();
        let path = tree::inclusion(&mut leaves(&all).as_slice(), index, size).unwrap().unwrap();
        let proof = inclusion::text(&all[seq - 1].entry(), &path, newest).unwrap();
        assert_eq!(inclusion::check(&proof, &house()), Ok((index + 1, size)));
        let bundle = bundle(&all, &kept, newest);
        assert_eq!(Bundle::from_text(&bundle.text()), Some(bundle.clone()));
        assert!(cosign(&bundle, Some(&kept), &house(), "notary", &WITNESS_SEED).is_ok());
    }
}

fn bundle(all: &[Owned], from: &Note, to: &Note) -> Bundle {
    let (from, size) = (from.checkpoint.size, to.checkpoint.size);
    let path = tree::consistency(&mut leaves(all).as_slice(), from, size).unwrap().unwrap();
    Bundle { note: to.clone(), proofs: vec![Consistency { from, to: size, path }] }
}

#[test]
fn every_byte_of_an_export_counts() {
    let mut dice = Dice(2);
    let all = entries(&mut dice, 11);
    let notes = [note(&all, 4, true), note(&all, 11, false)];
    let file = export(&all, &notes);
    assert_eq!(verify(&file, &keys(), &[]).first, None);
    let mut trials = 0;
    for at in 0..file.len() {
        let random = u8::try_from(1 + dice.below(255)).unwrap();
        // One bit, the bit that makes capital letters, the top bit, anything.
        for flip in [1, 0x20, 0x80, random] {
            let mut bad = file.clone();
            bad[at] ^= flip;
            let found = verify(&bad, &keys(), &[]).first;
            assert!(found.is_some(), "byte {at} ^ {flip:#x} went unseen");
            trials += 1;
        }
        let (mut more, mut less) = (file.clone(), file.clone());
        more.insert(at, random);
        less.remove(at);
        assert!(verify(&more, &keys(), &[]).first.is_some(), "a byte put in at {at} went unseen");
        assert!(verify(&less, &keys(), &[]).first.is_some(), "a byte left out at {at} went unseen");
        assert!(verify(&file[..at], &keys(), &[]).first.is_some(), "cut off at {at}");
        trials += 3;
    }
    assert!(trials >= 10_000, "{trials}");
}

#[test]
fn every_byte_of_checkpoint_and_proof_counts() {
    let mut dice = Dice(3);
    let all = entries(&mut dice, 37);
    let (old, new) = (note(&all, 13, true), note(&all, 37, true));
    let text = bundle(&all, &old, &new).text();
    let path = tree::inclusion(&mut leaves(&all).as_slice(), 20, 37).unwrap().unwrap();
    let proof = inclusion::text(&all[20].entry(), &path, &new).unwrap();
    for at in 0..text.len().max(proof.len()) {
        for flip in [1, 2, 0x20, u8::try_from(1 + dice.below(127)).unwrap()] {
            let changed = |text: &str| {
                let mut bytes = text.as_bytes().to_vec();
                *bytes.get_mut(at)? ^= flip;
                String::from_utf8(bytes).ok()
            };
            if let Some(bad) = changed(&text) {
                let good = Bundle::from_text(&bad)
                    .is_some_and(|b| cosign(&b, Some(&old), &house(), "notary", &WITNESS_SEED).is_ok());
                assert!(!good, "bundle, byte {at} ^ {flip:#x}");
            }
            if let Some(bad) = changed(&proof) {
                assert!(inclusion::check(&bad, &house()).is_err(), "proof, byte {at} ^ {flip:#x}");
            }
        }
    }
}

/// What was done, and what has to be said of it.
fn damage(dice: &mut Dice, kind: usize, all: &[Owned], notes: &[Note]) -> Option<(Vec<u8>, Damage, usize)> {
    let mut bad = all.to_vec();
    let i = dice.below(bad.len());
    let place = i + 1;
    let n = all.len();
    Some(match kind {
        // Content changed, hash left.
        0 => {
            let field = dice.below(6);
            bad[i].texts[field].push('x');
            (export(&bad, notes), Damage::Changed, place)
        }
        1 => {
            bad[i].persons += 1;
            (export(&bad, notes), Damage::Changed, place)
        }
        // Content changed and hash made anew: the next entry remembers the old one.
        2 if place < n => {
            bad[i].persons += 1;
            bad[i].rehash();
            (export(&bad, &notes[notes.len() - 1..]), Damage::Rewritten, place)
        }
        3 if place < n => {
            bad.remove(i);
            (export(&bad, &notes[notes.len() - 1..]), Damage::Dropped, place)
        }
        4 if place < n => {
            let j = place + dice.below(n - place);
            bad.swap(i, j);
            (export(&bad, &notes[notes.len() - 1..]), Damage::Reordered, place)
        }
        // An entry of our own slipped in, linked to what stands before it.
        5 if place < n => {
            let mut extra = bad[i].clone();
            extra.seq += 1;
            extra.previous = bad[i].hash.clone();
            extra.rehash();
            // That it takes the next one's number shows only because the next one comes too.
            bad.insert(i + 1, extra);
            (export(&bad, &[]), Damage::Inserted, place + 2)
        }
        6 => {
            bad.insert(i, bad[i].clone());
            (export(&bad, &[]), Damage::Inserted, place + 1)
        }
        // The end cut off, the last checkpoint with it.
        7 if n > 2 => {
            bad.truncate(1 + dice.below(n - 2));
            let place = bad.len() + 1;
            (export(&bad, &[note(&bad, place - 1, false)]), Damage::Truncated, place)
        }
        // Everything written anew from here on, under the old signatures, or under somebody else's.
        8 => {
            bad[i].texts[1] = "somebody-else".to_owned();
            relink(&mut bad);
            (export(&bad, &notes[notes.len() - 1..]), Damage::Rewritten, 1)
        }
        9 => {
            bad[i].texts[1] = "somebody-else".to_owned();
            relink(&mut bad);
            (export(&bad, &[note_by(&[9; 32], &bad, n, false)]), Damage::WrongKey, n)
        }
        // A signature over something else.
        10 => {
            let mut wrong = notes[notes.len() - 1].clone();
            wrong.signatures[0].bytes = note(all, 1, false).signatures[0].bytes;
            (export(&bad, &[wrong]), Damage::BadSignature, n)
        }
        // The house itself writes anew and signs that too.
        11 => {
            bad[i].texts[1] = "somebody-else".to_owned();
            relink(&mut bad);
            (export(&bad, &[note(&bad, n, false)]), Damage::Forked, 1)
        }
        _ => return None,
    })
}

#[test]
fn every_kind_of_damage_is_found_and_named() {
    let mut dice = Dice(4);
    let mut trials = [0u32; 12];
    while trials.iter().sum::<u32>() < 12_000 {
        let (all, notes, _) = honest(&mut dice, 24);
        let whole = note(&all, all.len(), true);
        for _ in 0..16 {
            let kind = dice.below(12);
            let Some((file, what, place)) = damage(&mut dice, kind, &all, &notes) else { continue };
            // Whoever can write anew at will is found by the checkpoint that somebody kept.
            let kept = if matches!(kind, 7 | 11) { vec![whole.clone()] } else { Vec::new() };
            let found = verify(&file, &keys(), &kept).first;
            let named = found.map(|f| (f.what, f.place));
            assert_eq!(named, Some((what, u64::try_from(place).unwrap())), "kind {kind}: {found:?}");
            trials[kind] += 1;
        }
    }
    assert!(trials.iter().all(|t| *t > 100), "{trials:?}");
}

#[test]
fn a_server_that_lies_consistently_is_found_by_who_kept_something() {
    let mut dice = Dice(5);
    for _ in 0..500 {
        let (all, _, kept) = honest(&mut dice, 40);
        let size = usize::try_from(kept.checkpoint.size).unwrap();
        // Another history, of any length, properly signed: it shows unless it agrees with what was kept.
        let mut other = all.clone();
        let i = dice.below(size);
        other[i].texts[4] = "release:other".to_owned();
        relink(&mut other);
        let shown = note(&other, other.len(), false);
        let file = export(&other, std::slice::from_ref(&shown));
        assert_eq!(verify(&file, &keys(), &[]).first, None, "alone, the lie holds together");
        let found = verify(&file, &keys(), std::slice::from_ref(&kept)).first.unwrap();
        assert_eq!(found.what, Damage::Forked);
        assert!(found.place <= u64::try_from(i + 1).unwrap() && u64::try_from(i + 1).unwrap() <= found.until);
        // Two people who were shown two logs find out with two small files; no proof can be made that fits both.
        for proof_of in [&all, &other] {
            assert_eq!(bundle(proof_of, &kept, &shown).follows(&kept.checkpoint), Some(false));
        }
        let refused = cosign(&bundle(&other, &kept, &shown), Some(&kept), &house(), "notary", &WITNESS_SEED);
        assert_eq!(refused, Err(Refusal::Forked));
    }
}

#[test]
fn a_witness_signs_nothing_shorter_and_nothing_without_proof() {
    let all = entries(&mut Dice(6), 20);
    let (early, late) = (note(&all, 8, false), note(&all, 20, false));
    let sign = |b: &Bundle, last: Option<&Note>| cosign(b, last, &house(), "notary", &WITNESS_SEED);
    assert_eq!(sign(&bundle(&all, &early, &early), Some(&late)), Err(Refusal::Shorter));
    let bare = Bundle { note: late.clone(), proofs: Vec::new() };
    assert_eq!(sign(&bare, Some(&early)), Err(Refusal::NoProof(8)));
    let by_other = Bundle { note: note_by(&WITNESS_SEED, &all, 20, false), proofs: Vec::new() };
    assert_eq!(sign(&by_other, None), Err(Refusal::Damaged(Damage::WrongKey)));
    assert_eq!(cosign(&bare, None, &house(), "house", &WITNESS_SEED), Err(Refusal::Name));
    let signature = sign(&bundle(&all, &early, &late), Some(&early)).unwrap();
    assert!(signature.holds(&late.checkpoint) && !signature.holds(&early.checkpoint));
    // A witness that was asked for and has signed nothing is missed.
    let asked = Keys { house: house(), witnesses: vec![witness()] };
    let found = verify(&export(&all, std::slice::from_ref(&late)), &asked, &[]).first;
    assert_eq!(found, Some(Finding::at(Damage::NotWitnessed, 20)));
}

#[test]
fn what_is_unsigned_or_of_another_house_is_said() {
    let all = entries(&mut Dice(7), 9);
    let found = verify(&export(&all, &[note(&all, 5, false)]), &keys(), &[]).first;
    assert_eq!(found, Some(Finding::at(Damage::Unsigned, 9)));
    let other = Keys { house: witness(), witnesses: Vec::new() };
    let found = verify(&export(&all, &[note(&all, 9, false)]), &other, &[]).first;
    assert_eq!(found, Some(Finding::at(Damage::OtherLog, 1)));
    // A kept checkpoint that is itself forged is no evidence against the log, and is said.
    let forged = note_by(&[9; 32], &all, 9, false);
    let found = verify(&export(&all, &[note(&all, 9, false)]), &keys(), &[forged]).first;
    assert_eq!(found, Some(Finding::at(Damage::WrongKey, 9)));
}

#[test]
fn proofs_of_all_small_trees() {
    let mut dice = Dice(8);
    let all = leaves(&entries(&mut dice, 70));
    for size in 0..=70usize {
        let now = &all[..size];
        let n = u64::try_from(size).unwrap();
        let root = tree::root(&mut &*now, n).unwrap();
        let mut edge = tree::Frontier::new();
        now.iter().for_each(|l| edge.push(*l));
        assert_eq!((edge.size(), edge.root()), (n, root));
        for i in 0..size {
            let index = u64::try_from(i).unwrap();
            let path = tree::inclusion(&mut &*now, index, n).unwrap().unwrap();
            assert!(tree::is_included(now[i], index, n, &root, &path));
            // Neither another leaf, place, length nor root.
            assert!(!tree::is_included(root, index, n, &root, &path) || size == 1);
            assert!(!tree::is_included(now[i], index, n, &all[69], &path));
            assert!((0..n).all(|j| j == index || !tree::is_included(now[i], j, n, &root, &path)));
            assert!(path.is_empty() || !tree::is_included(now[i], index, n, &root, &path[1..]));
        }
        assert_eq!(tree::inclusion(&mut &*now, n, n), Ok(None));
        for old in 0..=size {
            let m = u64::try_from(old).unwrap();
            let before = tree::root(&mut &all[..old], m).unwrap();
            let path = tree::consistency(&mut &*now, m, n).unwrap().unwrap();
            assert!(tree::is_consistent(m, &before, n, &root, &path), "{m} {n}");
            assert!(!tree::is_consistent(m, &all[3], n, &root, &path), "{m} {n}");
            assert!(m == 0 || !tree::is_consistent(m, &before, n, &all[3], &path), "{m} {n}");
            assert!(path.is_empty() || !tree::is_consistent(m, &before, n, &root, &path[1..]), "{m} {n}");
        }
    }
}
