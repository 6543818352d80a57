//! The whole way: a request is filed and approved, a cohort written, a package built from facts in a real lake and a
//! real database, verified, and traced back to its delivery.

// Helpers of tests stand outside #[test] functions, where clippy.toml's allowances do not reach; a panic is a failure.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::fact::{Provenance, UnitFacts};
use musubi_model::parameter::ParameterSet;
use musubi_model::sign::SecretKey;
use musubi_model::{
    ByteRange, CodeSystem, Coded, DocumentHash, Fact, FactTable, IdentityId, PartialDate, ProviderId,
    SubmissionId,
};
use musubi_release::{Order, ReleaseError, Tell, build, verify};
use musubi_review_board::{Approval, Mandate, approve, file_request};
use musubi_storage::identity::{CohortOrder, CohortUse};
use musubi_storage::keys::{KEY_BYTES, SealKey};
use musubi_storage::lake::{PlacedUnit, write_part};
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};

const SPEC: &str = "# 見本の申出\nversion=1\nname='mihon'\ntitle='見本の集計'\npurpose='試験'\nrecipient='見本大学'\n\
    product='statistics'\n[cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n\
    [table]\naxes=['diagnosis_chapter','prefecture','sex']\nmeasure='persons'\nage_on='2026-10-01'\n";

const PARAMETERS: &str = "[[parameter]]\nname='statistics.cell_min_persons'\nvalue=10\nfrom='2024-04-01'\nbasis='試験'\nverified='D'\n\
    [[parameter]]\nname='statistics.age_top_years'\nvalue=90\nfrom='2024-04-01'\nbasis='試験'\nverified='D'\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One made-up person: number, prefecture, sex, codes.
struct Made {
    number: u8,
    prefecture: &'static str,
    sex: &'static str,
    codes: &'static [&'static str],
    /// Has a second identity in another bucket, which holds the diagnoses.
    stray: bool,
}

fn identity(number: u8, second: bool) -> IdentityId {
    let mut id = [0u8; 16];
    (id[0], id[15]) = (number, u8::from(second));
    IdentityId(id)
}

fn bucket(number: u8) -> u16 {
    u16::from(number % 5)
}

/// 25 men and 14 women in Hokkaido with diabetes, of whom 12 men also have gastritis; 4 men and 11 women in Tokyo
/// with gastritis; 30 without a diagnosis in the period. Every third has a second identity elsewhere.
fn people() -> Vec<Made> {
    let group = |from: u8, n: u8, prefecture, sex, codes| {
        (from..from + n).map(move |number| Made { number, prefecture, sex, codes, stray: number % 3 == 0 })
    };
    let both: &[&str] = &["E119", "K297", "K297"];
    group(0, 12, "01", "1", both)
        .chain(group(12, 13, "01", "1", &["E119"]))
        .chain(group(25, 14, "01", "2", &["E119"]))
        .chain(group(39, 4, "13", "1", &["K297"]))
        .chain(group(43, 11, "13", "2", &["K297"]))
        .chain(group(54, 30, "13", "2", &[]))
        .collect()
}

fn units(people: &[Made], submission: SubmissionId) -> Vec<(u16, UnitFacts)> {
    let mut out = Vec::new();
    for p in people {
        let provenance = |second: bool| Provenance {
            identity: identity(p.number, second),
            provider: ProviderId::new("mihon-1").unwrap(),
            document: DocumentHash::of(&[p.number, u8::from(second)]),
            unit: 0,
            submission,
            mapper_version: "mihon/1".into(),
            master_version: "".into(),
            notice: 0,
        };
        let range = ByteRange { start: 0, len: 1 };
        let mut about = Fact::new(FactTable::Person, range);
        about.start = PartialDate::new(1960, 4, 0);
        about.status = p.sex.into();
        about.source = Some(Coded::new(CodeSystem::Prefecture, p.prefecture));
        let mut diagnoses: Vec<Fact> = p
            .codes
            .iter()
            .map(|code| {
                let mut fact = Fact::new(FactTable::ConditionOccurrence, range);
                fact.start = PartialDate::new(2026, 5, 1);
                fact.standard = Some(Coded::new(CodeSystem::Icd10, code));
                fact
            })
            .collect();
        // Neither of these counts: suspected, and over before the period.
        let mut suspected = Fact::new(FactTable::ConditionOccurrence, range);
        suspected.start = PartialDate::new(2026, 5, 1);
        suspected.standard = Some(Coded::new(CodeSystem::Icd10, "C509"));
        suspected.qualifiers = "8002".into();
        let mut over = Fact::new(FactTable::ConditionOccurrence, range);
        over.start = PartialDate::new(2020, 5, 1);
        over.end = PartialDate::new(2025, 12, 31);
        over.standard = Some(Coded::new(CodeSystem::Icd10, "I10"));
        diagnoses.extend([suspected, over]);
        if p.stray {
            out.push((bucket(p.number), UnitFacts { provenance: provenance(false), facts: vec![about] }));
            out.push((bucket(p.number) + 7, UnitFacts { provenance: provenance(true), facts: diagnoses }));
        } else {
            diagnoses.push(about);
            out.push((bucket(p.number), UnitFacts { provenance: provenance(false), facts: diagnoses }));
        }
    }
    out
}

/// Enters made-up persons as matching would.
fn enter_persons(server: &Server, people: &[Made]) {
    let mut sql = String::new();
    for p in people {
        let hex = |second| identity(p.number, second).to_string();
        let person = hex(false);
        sql += &format!(
            "INSERT INTO identity.person VALUES ('\\x{person}', 'active', NULL, {}, '\\x00');\n",
            bucket(p.number)
        );
        for second in if p.stray { vec![false, true] } else { vec![false] } {
            let id = hex(second);
            let place = bucket(p.number) + if second { 7 } else { 0 };
            sql += &format!(
                "INSERT INTO identity.source_identity VALUES ('\\x{id}', 'mihon-1', '\\x00', true, '\\x00');
                 INSERT INTO identity.member (identity_id, research_id, bucket, origin, known_from)
                 VALUES ('\\x{id}', '\\x{person}', {place}, '\\x{person}', now());\n"
            );
        }
    }
    // no decision was made, so that one passing run of the gates covers them
    sql +=
        "INSERT INTO identity.gate_run (at, model, from_decision, upto_decision, from_run, upto_run, judged,
              identities_new, joined, measured, verdicts, passed)
            VALUES (now(), 'made-up', 0, 0, 0, 0, false, 0, 0, '{}', '[]', true);";
    server.connect_owner().unwrap().batch_execute(&sql).unwrap();
}

/// The count in the row that begins so.
fn cell(csv: &str, row: &str) -> String {
    let start = format!("{row},");
    let line =
        csv.split("\r\n").find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row {row}"));
    line.strip_prefix(&start).unwrap_or_default().to_owned()
}

fn table(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("table.csv")).unwrap()
}

#[test]
fn from_request_to_package_and_back() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::open(home.path(), &DatabaseChoice::Embedded).unwrap();
    let registry = Registry::open(server).unwrap();
    let lake = home.path().join("lake");
    let (board_key, release_key) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
    let parameters = ParameterSet::parse(PARAMETERS).unwrap();

    // A delivery.
    let people = people();
    let submission = SubmissionId([7; 16]);
    let units = units(&people, submission);
    let placed: Vec<PlacedUnit<'_>> =
        units.iter().map(|(bucket, unit)| PlacedUnit { bucket: *bucket, unit }).collect();
    let files = write_part(&lake, &placed).unwrap();
    let mut ingest = registry.ingest().unwrap();
    let mut load = ingest.begin_load(submission).unwrap();
    let commit = load.files(&files, at("2026-11-01T00:00:00Z")).unwrap();
    load.commit().unwrap();
    enter_persons(registry.server(), &people);

    // A request and its approval.
    let mut board = registry.board().unwrap();
    let filed = file_request(&mut board, SPEC, "見本 研究者", at("2026-11-02T00:00:00Z")).unwrap();
    assert_eq!(file_request(&mut board, SPEC, "別の 研究者", at("2026-11-03T00:00:00Z")).unwrap(), filed);
    let error = file_request(&mut board, &format!("{SPEC}#\n"), "見本 研究者", at("2026-11-03T00:00:00Z"));
    assert_eq!(error.unwrap_err().code(), "REV_DUPLICATE");
    let until = Date::constant(2027, 11, 1);
    let decided = at("2026-11-04T00:00:00.123456789Z");
    let alone = Mandate::not_required();
    let own = approve(&mut board, &board_key, &filed.request_id, "見本　研究者", decided, until, &alone);
    assert_eq!(own.unwrap_err().code(), "REV_SAME_PERSON");
    let none = approve(&mut board, &board_key, "mihon-0", "見本 委員長", decided, until, &alone);
    assert_eq!(none.unwrap_err().code(), "REV_UNKNOWN");
    let approval_id =
        approve(&mut board, &board_key, &filed.request_id, "見本 委員長", decided, until, &alone)
            .unwrap()
            .id()
            .to_owned();

    // The release role reads it by itself, with the public key alone.
    let mut db = registry.release().unwrap();
    let today = Date::constant(2026, 11, 20);
    let wrong = Approval::load(&mut db, &approval_id, &release_key.public(), today);
    assert_eq!(wrong.unwrap_err().code(), "REV_SIGNATURE");
    let late = Approval::load(&mut db, &approval_id, &board_key.public(), Date::constant(2027, 11, 2));
    assert_eq!(late.unwrap_err().code(), "REV_EXPIRED");
    let approval = Approval::load(&mut db, &approval_id, &board_key.public(), today).unwrap();
    assert_eq!((approval.spec_toml(), approval.scope_hash()), (SPEC, filed.scope_hash.as_str()));

    let write_cohort = |cohort_id: &str, approval_id: &str, commit_id: i64| {
        let order = CohortOrder {
            cohort_id,
            approval_id,
            commit_id,
            usage: CohortUse::Anonymised,
            on: today,
            at: at("2026-11-20T00:00:00Z"),
        };
        registry.identity().unwrap().write_cohort(&order).unwrap()
    };
    assert_eq!(write_cohort("c-1", &approval_id, commit).persons, 84);
    write_cohort("c-other", "A-other", commit);
    write_cohort("c-later", &approval_id, commit + 1);

    let out = home.path().join("out");
    let (board_public, seal) = (board_key.public(), SealKey::from_bytes([7; KEY_BYTES]));
    let order = Order {
        approval: &approval,
        cohort_id: "c-1",
        opt_outs: 0,
        lake: &lake,
        parameters: &parameters,
        key: &release_key,
        board: &board_public,
        kek: &seal,
        token: &seal,
        made_by: "release-job",
        ordered_by: Some("officer-01"),
        refines: None,
        tell: Tell(&|_| ()),
        now: at("2026-11-20T01:02:03.123456789Z"),
        code_version: "musubi/試験",
        out: &out,
    };

    // Gates that stay shut leave nothing behind.
    let code = |order: Order<'_>| {
        build(&mut registry.release().unwrap(), &order).map_or_else(|e| e.code(), |_| "ok")
    };
    assert_eq!(code(Order { cohort_id: "c-none", ..order }), "REL_COHORT");
    assert_eq!(code(Order { cohort_id: "c-other", ..order }), "REL_COHORT");
    assert_eq!(code(Order { cohort_id: "c-later", ..order }), "REL_COHORT");
    assert_eq!(code(Order { parameters: &ParameterSet::default(), ..order }), "REL_PARAMETER");
    assert_eq!(code(Order { now: at("2027-11-02T00:00:00Z"), ..order }), "REL_EXPIRED");
    assert_eq!(code(Order { lake: home.path(), ..order }), "REL_STORAGE");
    assert!(!out.exists());
    assert!(db.ledger().unwrap().is_empty());

    // The package.
    let made = build(&mut db, &order).unwrap();
    let csv = table(&made.folder);
    let check = |csv: &str, row: &str, expect: &str| assert_eq!(cell(csv, row), expect, "{row}");
    let tally = made.tally.as_ref().unwrap();
    assert_eq!((tally.persons, tally.counted), (84, 54));
    check(&csv, "第4章 内分泌，栄養及び代謝疾患,計,計", "39");
    check(&csv, "第4章 内分泌，栄養及び代謝疾患,北海道,計", "39");
    check(&csv, "第4章 内分泌，栄養及び代謝疾患,北海道,男", "25");
    check(&csv, "第4章 内分泌，栄養及び代謝疾患,北海道,女", "14");
    check(&csv, "第4章 内分泌，栄養及び代謝疾患,東京都,計", "0");
    // Twice the same diagnosis is one person; 4 men take the 11 women with them.
    check(&csv, "第11章 消化器系の疾患,計,計", "27");
    check(&csv, "第11章 消化器系の疾患,北海道,男", "12");
    check(&csv, "第11章 消化器系の疾患,東京都,計", "15");
    check(&csv, "第11章 消化器系の疾患,東京都,男", "*");
    check(&csv, "第11章 消化器系の疾患,東京都,女", "*");
    check(&csv, "第11章 消化器系の疾患,東京都,不明", "0");
    check(&csv, "第2章 新生物,計,計", "0");
    check(&csv, "第9章 循環器系の疾患,計,計", "0");
    assert_eq!(made.manifest.cells_hidden, 2);
    let report = verify(&made.folder, &board_key.public(), &release_key.public());
    assert_eq!(report.problems, []);
    assert_eq!(std::fs::read_to_string(made.folder.join("spec.toml")).unwrap(), SPEC);
    for (name, needle) in
        [("table.csv", "\u{feff}傷病大分類,都道府県,性別,人数\r\n"), ("README.txt", "2026-01-01")]
    {
        assert!(std::fs::read_to_string(made.folder.join(name)).unwrap().contains(needle), "{name}");
    }

    // Again, later, with another cohort of the same snapshot, elsewhere: the same bytes.
    write_cohort("c-2", &approval_id, commit);
    let elsewhere = home.path().join("elsewhere");
    let again = Order { cohort_id: "c-2", now: at("2026-11-21T00:00:00Z"), out: &elsewhere, ..order };
    let copy = build(&mut db, &again).unwrap();
    for entry in std::fs::read_dir(&made.folder).unwrap() {
        let name = entry.unwrap().file_name();
        let read = |folder: &Path| std::fs::read(folder.join(&name)).unwrap();
        assert_eq!(read(&made.folder), read(&copy.folder), "{name:?}");
    }
    assert!(matches!(
        build(&mut db, &Order { code_version: "musubi/other", ..again }),
        Err(ReleaseError::Released(_))
    ));

    // What is kept is what went out, byte for byte, and says so by the signature.
    let kept = musubi_release::kept::kept(&mut db, &made.release_id, &release_key.public()).unwrap().unwrap();
    assert_eq!(kept.len(), std::fs::read_dir(&made.folder).unwrap().count());
    for (name, content) in &kept {
        assert_eq!(&std::fs::read(made.folder.join(name)).unwrap(), content, "{name}");
    }
    let forged = musubi_release::kept::kept(&mut db, &made.release_id, &board_key.public());
    assert_eq!(forged.unwrap_err().code(), "REL_KEPT");
    assert!(musubi_release::kept::kept(&mut db, "R-none", &release_key.public()).unwrap().is_none());

    // The ledger, and the way back from a delivery.
    let ledger = db.ledger().unwrap();
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0].manifest, std::fs::read_to_string(made.folder.join("manifest.json")).unwrap());
    assert_eq!(db.releases_of_submission(&submission).unwrap(), std::slice::from_ref(&made.release_id));
    assert!(db.releases_of_submission(&SubmissionId([8; 16])).unwrap().is_empty());

    // Units that died after the snapshot are left out of the next one, and of the next one only.
    let dead = DocumentHash::of(&[13, 0]);
    let mut load = ingest.begin_load(SubmissionId([9; 16])).unwrap();
    let next = load.files(&[], at("2026-11-22T00:00:00Z")).unwrap();
    load.commit().unwrap();
    let sql = format!("INSERT INTO repository.dead_unit VALUES ('\\x{dead}', 0, {next})");
    registry.server().connect_owner().unwrap().batch_execute(&sql).unwrap();
    write_cohort("c-3", &approval_id, next);
    let third = build(&mut db, &Order { cohort_id: "c-3", ..order }).unwrap();
    check(&table(&third.folder), "第4章 内分泌，栄養及び代謝疾患,北海道,男", "24");
    assert_ne!(third.release_id, made.release_id);
    assert!(build(&mut db, &order).unwrap().tally == made.tally);
}
