//! Sealing and verifying without a store: determinism, and that no byte can change.

use std::collections::BTreeMap;

use musubi_model::sign::PublicKey;
use musubi_review_board::{DECISION_DOMAIN, Decision};

use super::*;
use crate::verify::{VerifyProblem, VerifyReport, verify, verify_files};

const SPEC_TOML: &str = "# 見本の申出\nversion=1\nname='mihon'\ntitle='見本の集計'\npurpose='試験'\nrecipient='見本大学'\n\
    product='statistics'\n[cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n\
    [table]\naxes=['sex','age_band5']\nmeasure='persons'\nage_on='2026-10-01'\n";

const PARAMETERS: &str = "[[parameter]]\nname='statistics.cell_min_persons'\nvalue=10\nfrom='2024-04-01'\nbasis='試験'\nverified='D'\n\
    [[parameter]]\nname='statistics.age_top_years'\nvalue=90\nfrom='2024-04-01'\nbasis='試験'\nverified='D'\n";

/// Names and contents of a package.
type Files = BTreeMap<&'static str, Vec<u8>>;

fn board() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn officer() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// 4 sexes by 20 bands: small counts, zeros and large ones.
fn leaves() -> Vec<Vec<u64>> {
    vec![(0..80u64).map(|n| if n % 3 == 0 { 0 } else { n * n % 57 }).collect()]
}

fn sealed(spec_toml: &str, expires_on: &str) -> Result<Sealed, ReleaseError> {
    let spec = ExtractSpec::parse(SPEC_TOML).unwrap();
    let decision = Decision {
        request_id: "mihon-000000000000".to_owned(),
        scope_hash: spec.scope_hash(),
        approver: "見本 委員長".to_owned(),
        approved_at: at("2026-11-02T00:00:00Z"),
        expires_on: expires_on.parse().unwrap(),
        committee: None,
    };
    let canonical = decision.canonical();
    let approval_id = Decision::approval_id(&canonical);
    let granted = Granted {
        approval_id: &approval_id,
        request_id: &decision.request_id,
        spec: &spec,
        spec_toml,
        decision: &canonical,
        signature: board().sign(DECISION_DOMAIN, canonical.as_bytes()).to_string(),
        expires_on: decision.expires_on,
    };
    let day = Date::constant(2026, 11, 20);
    let force = InForce::on(&ParameterSet::parse(PARAMETERS).unwrap(), day).unwrap();
    seal(&granted, 7, leaves(), &force, at("2026-11-20T01:02:03Z"), "musubi/試験", &officer())
}

fn contents(sealed: &Sealed) -> Files {
    sealed.files.iter().cloned().collect()
}

fn verified(files: &Files, board: &PublicKey, officer: &PublicKey) -> VerifyReport {
    let mut report = VerifyReport::default();
    verify_files(files, board, officer, &mut report);
    report
}

fn sound(files: &Files) -> VerifyReport {
    verified(files, &board().public(), &officer().public())
}

#[test]
fn the_same_order_gives_the_same_bytes() {
    let (a, b) = (sealed(SPEC_TOML, "2027-11-01").unwrap(), sealed(SPEC_TOML, "2027-11-01").unwrap());
    assert_eq!(a.files, b.files);
    let report = sound(&contents(&a));
    assert_eq!(report.problems, []);
    assert!(report.ok() && report.hidden > 0 && report.shown > 0);
    assert_eq!(report.shown + report.hidden, 1 + 4 + 80);
}

#[test]
fn no_byte_can_change() {
    let files = contents(&sealed(SPEC_TOML, "2027-11-01").unwrap());
    for (name, content) in &files {
        // Every position of the small files, every seventh of the others; each with two ways to change it.
        let step = if content.len() > 2_500 { 7 } else { 1 };
        for place in (0..content.len()).step_by(step) {
            for flip in [0x01, 0x20] {
                let mut changed = files.clone();
                changed.get_mut(name).unwrap()[place] ^= flip;
                assert!(!sound(&changed).ok(), "{name} at {place}");
            }
        }
        let mut longer = files.clone();
        longer.get_mut(name).unwrap().push(b'\n');
        assert!(!sound(&longer).ok(), "{name} longer");
        let mut shorter = files.clone();
        shorter.get_mut(name).unwrap().pop();
        assert!(!sound(&shorter).ok(), "{name} shorter");
    }
}

#[test]
fn only_the_right_keys_count() {
    let files = contents(&sealed(SPEC_TOML, "2027-11-01").unwrap());
    let (board, officer) = (board().public(), officer().public());
    assert_eq!(verified(&files, &officer, &officer).problems, [VerifyProblem::BoardSignature]);
    assert_eq!(verified(&files, &board, &board).problems, [VerifyProblem::ReleaseSignature]);
}

/// What an officer could do who signs anything: the package is still refused.
#[test]
fn a_good_signature_does_not_excuse() {
    let other = SPEC_TOML.replace("2026-12-31", "2026-12-30");
    assert_eq!(sound(&contents(&sealed(&other, "2027-11-01").unwrap())).problems, [VerifyProblem::Scope]);
    assert_eq!(
        sound(&contents(&sealed(SPEC_TOML, "2026-11-19").unwrap())).problems,
        [VerifyProblem::Expired]
    );

    let good = sealed(SPEC_TOML, "2027-11-01").unwrap();
    let resigned = |change: &dyn Fn(&mut Files, &mut Manifest)| {
        let (mut files, mut manifest) = (contents(&good), good.manifest.clone());
        change(&mut files, &mut manifest);
        for entry in &mut manifest.files {
            *entry = FileEntry::of(&entry.name, &files[entry.name.as_str()]);
        }
        let text = manifest.to_text();
        files.insert(
            MANIFEST_SIGNATURE,
            format!("{}\n", officer().sign(RELEASE_DOMAIN, text.as_bytes())).into_bytes(),
        );
        files.insert(MANIFEST, text.into_bytes());
        sound(&files).problems
    };
    assert_eq!(resigned(&|_, _| {}), []);
    let table = |from: &str, to: &str| {
        resigned(&|files, _| {
            let text = String::from_utf8(files[TABLE].clone()).unwrap();
            assert!(text.contains(from), "{text}");
            files.insert(TABLE, text.replacen(from, to, 1).into_bytes());
        })
    };
    assert!(table("男,0-4歳,0", "男,0-4歳,3").iter().any(|p| matches!(p, VerifyProblem::Table(_))));
    assert!(table("男,0-4歳", "見本太郎,0-4歳").iter().any(|p| matches!(p, VerifyProblem::Leak(_))));
    assert_eq!(resigned(&|_, m| m.cells_hidden += 1), [VerifyProblem::Cells]);
    assert_eq!(resigned(&|_, m| m.snapshot_commit += 1), [VerifyProblem::Names]);
    assert!(!resigned(&|_, m| m.parameters.clear()).is_empty());
    assert!(!resigned(&|_, m| m.files.truncate(4)).is_empty());
}

#[test]
fn a_folder_has_its_files_and_no_other() {
    let sealed = sealed(SPEC_TOML, "2027-11-01").unwrap();
    let out = tempfile::tempdir().unwrap();
    let (board, officer) = (board().public(), officer().public());
    let folder = place(out.path(), &sealed.manifest.release_id, &sealed.files).unwrap();
    assert!(verify(&folder, &board, &officer).ok());
    // Nothing is left beside it, and repeating changes nothing.
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1);
    assert_eq!(place(out.path(), &sealed.manifest.release_id, &sealed.files).unwrap(), folder);
    std::fs::write(folder.join("extra.txt"), "").unwrap();
    assert_eq!(verify(&folder, &board, &officer).problems, [VerifyProblem::ExtraFile]);
    std::fs::remove_file(folder.join("extra.txt")).unwrap();
    std::fs::remove_file(folder.join(README)).unwrap();
    assert!(
        verify(&folder, &board, &officer).problems.contains(&VerifyProblem::MissingFile(README.to_owned()))
    );
    assert!(matches!(
        place(out.path(), &sealed.manifest.release_id, &sealed.files),
        Err(ReleaseError::Exists(_))
    ));
    assert!(!verify(&out.path().join("nothing"), &board, &officer).ok());
}

#[test]
fn parameters_that_are_missing_or_useless_stop_it() {
    let check = |text: &str, day: Date, expect: &str| {
        let set = ParameterSet::parse(text).unwrap();
        assert_eq!(InForce::on(&set, day).map_or_else(|e| e.code(), |_| "ok"), expect, "{text}");
    };
    let day = Date::constant(2026, 11, 20);
    check(PARAMETERS, day, "ok");
    check(PARAMETERS, Date::constant(2024, 3, 31), "REL_PARAMETER");
    check(&PARAMETERS.replace("age_top", "age_stop"), day, "REL_PARAMETER");
    check(&PARAMETERS.replace("value=10", "value='10'"), day, "REL_PARAMETER");
    check(&PARAMETERS.replace("value=10", "value=1"), day, "REL_PARAMETER_VALUE");
    check(&PARAMETERS.replace("value=90", "value=92"), day, "REL_PARAMETER_VALUE");
    check(&PARAMETERS.replace("value=90", "value=0"), day, "REL_PARAMETER_VALUE");
}
