//! What stands around the data: files, hashes, signatures, approval, policy.

use musubi_release_check::Outcome;

use crate::kit::{Pack, board, keys, sign, words};
use crate::rows::sound;

fn report(change: impl Fn(&mut Pack)) -> musubi_release_check::Report {
    let mut pack = sound("a");
    change(&mut pack);
    pack.check(&[])
}

#[test]
fn a_changed_byte_in_any_file_is_found() {
    let room = tempfile::tempdir().unwrap();
    sound("a").seal(room.path());
    let mut names: Vec<_> = std::fs::read_dir(room.path()).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    assert_eq!(names.len(), 18);
    for path in names {
        let content = std::fs::read(&path).unwrap();
        let mut changed = content.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        let report = musubi_release_check::check_folder(room.path(), &keys(), &[]);
        assert_ne!(report.outcome(), Outcome::Sound, "{}", path.display());
        std::fs::remove_file(&path).unwrap();
        let report = musubi_release_check::check_folder(room.path(), &keys(), &[]);
        assert_ne!(report.outcome(), Outcome::Sound, "{} missing", path.display());
        std::fs::write(&path, &content).unwrap();
    }
    assert!(musubi_release_check::check_folder(room.path(), &keys(), &[]).sound());
    std::fs::write(room.path().join("note.txt"), "").unwrap();
    let extra = musubi_release_check::check_folder(room.path(), &keys(), &[]);
    assert_eq!(words(&extra), ["PKG_EXTRA"]);
    assert!(!extra.text(true).contains("note.txt"), "a name can say anything");
}

#[test]
fn what_is_not_there_or_not_of_this_layout_cannot_be_read() {
    let room = tempfile::tempdir().unwrap();
    let none = musubi_release_check::check_folder(&room.path().join("none"), &keys(), &[]);
    assert_eq!(none.outcome(), Outcome::Unreadable);
    std::fs::write(room.path().join("manifest.json"), "{\"layout\":\"musubi release/1\"}").unwrap();
    let first = musubi_release_check::check_folder(room.path(), &keys(), &[]);
    assert_eq!(first.outcome(), Outcome::Unreadable);
    assert!(first.names("PKG_VERSION_1") && first.text(true).contains("musubi release verify"));
    let broken = report(|p| p.policy = "layout = ".into());
    assert_eq!(broken.outcome(), Outcome::Unreadable);
}

#[test]
fn csv_and_parquet_are_one() {
    // The Parquet of other data, hashed and signed: only reading both finds it.
    let other = report(|p| {
        p.touch = Some(Box::new(|files| {
            let room = tempfile::tempdir().unwrap();
            let mut pack = sound("a");
            pack.data("person").rows[5][4] = "*".into();
            pack.seal(room.path());
            files.insert("person.parquet".into(), std::fs::read(room.path().join("person.parquet")).unwrap());
        }));
    });
    assert_eq!(words(&other), ["PAIR_DIFFERS"]);
    assert_eq!(other.findings[0].place.row, Some(7));
    let text = |from: &'static str, to: &'static str| {
        report(|p| {
            p.touch = Some(Box::new(move |files| {
                let csv = String::from_utf8(files["measurement.csv"].clone()).unwrap().replacen(from, to, 1);
                files.insert("measurement.csv".into(), csv.into_bytes());
            }));
        })
    };
    assert!(words(&text("\u{feff}", "")).contains(&"CSV_FORM"));
    assert!(words(&text("\r\n", "\n")).contains(&"CSV_FORM"));
    assert!(words(&text(",mg/dL", ",\"mg/dL\"")).contains(&"CSV_FORM"));
}

#[test]
fn approval_and_policy_are_signed_and_in_force() {
    assert_eq!(words(&report(|p| p.expires_on = "2026-05-13")), ["APPROVAL_EXPIRED"]);
    // 14 May in UTC is the 15th in Japan.
    let late = |p: &mut Pack| (p.expires_on, p.sealed_at) = ("2026-05-14", "2026-05-14T15:00:00Z");
    assert_eq!(words(&report(late)), ["APPROVAL_EXPIRED"]);
    let expired =
        |p: &mut Pack| p.policy = p.policy.replace("until = \"2026-12-31\"", "until = \"2026-05-13\"");
    assert_eq!(words(&report(expired)), ["POLICY_OUT_OF_FORCE"]);
    assert!(report(expired).names("C-091"));
    let other =
        |p: &mut Pack| p.spec = p.spec.replace("\"anonymized\", version = 1", "\"anonymized\", version = 2");
    assert_eq!(words(&report(other)), ["POLICY_OTHER"]);
    let weak = |p: &mut Pack| {
        p.policy = p.policy.replace("rare_min_persons = { value = 10", "rare_min_persons = { value = 1");
    };
    assert_eq!(words(&report(weak)), ["POLICY_WEAK"]);
    // A signature made for another purpose is worth nothing.
    let purpose = |p: &mut Pack| {
        p.touch = Some(Box::new(|files| {
            files.insert("policy.sig".into(), sign(&board(), "approval/1", &files["policy.toml"]));
        }));
    };
    assert_eq!(words(&report(purpose)), ["POLICY_SIGNATURE"]);
    let by_another = |p: &mut Pack| {
        p.touch = Some(Box::new(|files| {
            let other = ed25519_dalek::SigningKey::from_bytes(&[13; 32]);
            files.insert("approval.sig".into(), sign(&other, "approval/1", &files["approval.json"]));
        }));
    };
    assert_eq!(words(&report(by_another)), ["BOARD_SIGNATURE"]);
    let scope = |p: &mut Pack| {
        p.touch = Some(Box::new(|files| {
            let text = String::from_utf8(files["approval.json"].clone()).unwrap().replace("abab", "cdcd");
            files.insert("approval.sig".into(), sign(&board(), "approval/1", text.as_bytes()));
            files.insert("approval.json".into(), text.into_bytes());
        }));
    };
    assert_eq!(words(&report(scope)), ["APPROVAL_SCOPE"]);
}
