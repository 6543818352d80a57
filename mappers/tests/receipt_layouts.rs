//! The forms in which the same receipts come: older and newer layouts, files of the insurers' side, files that were
//! returned and sent again, and which kind a file is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

mod harness;
mod receipt_common;

use std::path::Path;

use harness::{Done, run};
use musubi_mappers::receipt::Receipts;
use musubi_mappers::table::Interfaces;
use musubi_mappers::uke::UkeMedical;
use musubi_mappers::{Document, Mapper, VersionState, recognise};
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{FactTable, ProviderId};
use receipt_common::{dental, dispensing, dpc, facts, map, nursing, position, record, sjis, with, without};

fn kinds() -> [(Receipts, Vec<String>, FeedKind); 4] {
    [
        (Receipts::DPC, dpc(), FeedKind::ReceiptDpc),
        (Receipts::DENTAL, dental(), FeedKind::ReceiptDental),
        (Receipts::DISPENSING, dispensing(), FeedKind::ReceiptDispensing),
        (Receipts::NURSING, nursing(), FeedKind::ReceiptNursing),
    ]
}

fn medical() -> Vec<String> {
    vec![
        record(
            "IR",
            10,
            &[(1, "1"), (2, "13"), (3, "1"), (4, "1234567"), (6, "見本医院"), (7, "202610"), (8, "00")],
        ),
        record(
            "RE",
            38,
            &[
                (1, "1"),
                (2, "1112"),
                (3, "202609"),
                (4, "見本　花子"),
                (5, "2"),
                (6, "19700228"),
                (13, "00013"),
            ],
        ),
        record("HO", 15, &[(1, "  138057"), (3, "６７８"), (4, "1"), (5, "291")]),
        record("SY", 8, &[(1, "8830052"), (2, "20260910"), (3, "1"), (6, "01")]),
        record("SI", 44, &[(1, "11"), (2, "1"), (3, "111000110"), (5, "291"), (6, "1"), (22, "1")]),
        record("GO", 4, &[(1, "1"), (2, "291"), (3, "99")]),
    ]
}

fn kind_of(bytes: &[u8]) -> Option<FeedKind> {
    let (provider, limits) = (ProviderId::new("sample-provider").unwrap(), Limits::default());
    let document = Document { bytes, path: "x.bin", provider: &provider, limits: &limits };
    let receipts: [(FeedKind, &dyn Mapper); 5] = [
        (FeedKind::ReceiptMedical, &UkeMedical),
        (FeedKind::ReceiptDpc, &Receipts::DPC),
        (FeedKind::ReceiptDental, &Receipts::DENTAL),
        (FeedKind::ReceiptDispensing, &Receipts::DISPENSING),
        (FeedKind::ReceiptNursing, &Receipts::NURSING),
    ];
    let says: Vec<_> = receipts.iter().filter(|(_, m)| m.recognises(&document)).map(|(k, _)| *k).collect();
    assert!(says.len() <= 1, "{says:?}");
    says.first().copied()
}

#[test]
fn a_file_is_known_by_its_content() {
    assert_eq!(kind_of(&sjis(&medical())), Some(FeedKind::ReceiptMedical));
    for (_, lines, kind) in kinds() {
        assert_eq!(kind_of(&sjis(&lines)), Some(kind));
        let prefixed: Vec<String> = lines.iter().map(|l| format!("1,1,0,{l}")).collect();
        assert_eq!(kind_of(&sjis(&prefixed)), Some(kind));
        let returned: Vec<String> = return_of(&lines);
        assert_eq!(kind_of(&sjis(&returned)), Some(kind), "{returned:?}");
    }
    assert_eq!(kind_of(&sjis(&return_of(&medical()))), Some(FeedKind::ReceiptMedical));
    for other in
        ["", "IR\r\n", "IR,x,13\r\nRE,1\r\n", "MSH|^~\\&|A\r", "番号,氏名\r\n1,見本\r\n", "HI,202610\r\n"]
    {
        assert_eq!(kind_of(other.as_bytes()), None, "{other:?}");
    }
    let (provider, limits) = (ProviderId::new("sample-provider").unwrap(), Limits::default());
    let bytes = sjis(&medical());
    let document = Document { bytes: &bytes, path: "RECEIPTD.UKE", provider: &provider, limits: &limits };
    let known = recognise(&document, &Interfaces::builtin());
    assert_eq!(known, Some((FeedKind::ReceiptMedical, String::new())), "the name of the file says DPC");
}

#[test]
fn a_file_of_another_kind_is_refused_as_a_whole() {
    let all: Vec<(Receipts, Vec<String>)> = kinds().into_iter().map(|(m, l, _)| (m, l)).collect();
    for (at, (mapper, _)) in all.iter().enumerate() {
        for (other, (_, lines)) in all.iter().enumerate() {
            let done = map(*mapper, lines);
            let refused = done.split.findings.iter().any(|f| f.rule.id == "UKE-KIND");
            assert_eq!(refused, at != other, "{mapper:?} {lines:?}");
        }
        let done = map(*mapper, &medical());
        let ids: Vec<_> = done.split.findings.iter().map(|f| f.rule.id).collect();
        assert_eq!(ids, ["UKE-KIND"], "{mapper:?}");
    }
    for (_, lines, _) in kinds() {
        assert_eq!(run(&UkeMedical, &sjis(&lines), "").split.findings[0].rule.id, "UKE-KIND");
    }
}

#[test]
fn the_layout_before_2022_reads_the_same() {
    let mut old = dispensing();
    for (at, columns) in [(position(&old, "CZ", 0), 53), (position(&old, "CZ", 1), 53)] {
        let cut: Vec<&str> = old[at].split(',').take(columns).collect();
        old[at] = cut.join(",");
    }
    // 調剤管理料 came in 2022; without it the total is 28 points less.
    old = with(with(old, "HO", 0, 5, "346"), "GO", 0, 2, "346");
    // Era dates, as they were written then.
    old = with(with(old, "CZ", 0, 2, "5080903"), "CZ", 0, 3, "5080905");
    let (now, then) = (map(Receipts::DISPENSING, &dispensing()), map(Receipts::DISPENSING, &old));
    assert_eq!(then.rules(), [""; 0]);
    let drugs = |d: &Done| facts(d, 0).into_iter().filter(|l| l.starts_with("drug")).collect::<Vec<_>>();
    assert_eq!(drugs(&now), drugs(&then));
    assert_eq!(
        now.facts(FactTable::ProcedureOccurrence).len(),
        then.facts(FactTable::ProcedureOccurrence).len() + 1
    );
}

#[test]
fn columns_of_later_editions_are_tolerated() {
    let lines = with(with(dispensing(), "CZ", 0, 90, "1"), "KI", 0, 120, "1");
    assert_eq!(map(Receipts::DISPENSING, &lines).rules(), [""; 0]);
    // What the edition at hand fixes is not.
    let lines = with(nursing(), "KA", 0, 12, "1");
    assert_eq!(map(Receipts::NURSING, &lines).rules(), ["UKE-COLUMNS"]);
}

#[test]
fn the_name_of_a_dpc_receipt_may_stand_earlier() {
    let mut lines = with(dpc(), "RE", 0, 36, "");
    lines = with(with(lines, "RE", 0, 26, "ミホンタロウ"), "RE", 0, 27, "001");
    let done = map(Receipts::DPC, &lines);
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(done.units[0].demographics.name_kana.expose(), "ミホンタロウ");
    assert!(facts(&done, 0).contains(&"observation 2026-09 RECE-ITEM:patient-state s=001".to_owned()));
}

#[test]
fn days_of_leave_in_one_column_or_in_thirty_one() {
    let mut days = vec![(1, "202609"), (2, "2")];
    for day in 1..=31 {
        days.push((2 + day, if day == 5 || day == 6 { "3" } else { "0" }));
    }
    days.extend([(34, "060100xx01xx0x"), (35, "1.4215"), (36, "1")]);
    let mut lines = dpc();
    let at = position(&lines, "GA", 0);
    lines[at] = record("GA", 37, &days);
    let (one, each) = (map(Receipts::DPC, &dpc()), map(Receipts::DPC, &lines));
    assert_eq!(facts(&one, 0), facts(&each, 0));
}

#[test]
fn dental_heads_in_both_layouts() {
    // IR with the month where UK has it, and a file without UK.
    let ir = record(
        "IR",
        10,
        &[(1, "1"), (2, "13"), (3, "3"), (4, "1234567"), (6, "見本歯科"), (7, "202610"), (9, "00")],
    );
    let mut both = dental();
    let at = position(&both, "IR", 0);
    both[at] = ir;
    let expect = facts(&map(Receipts::DENTAL, &dental()), 0);
    for lines in
        [both.clone(), without(both, "UK", 0), without(dental(), "UK", 0), with(dental(), "IR", 0, 6, "")]
    {
        let done = map(Receipts::DENTAL, &lines);
        assert_eq!(done.rules(), [""; 0], "{lines:?}");
        assert_eq!(facts(&done, 0), expect);
        assert_eq!(done.units[0].version.as_ref().unwrap().time, "202610");
    }
}

#[test]
fn a_nursing_file_may_close_before_it_begins() {
    let bare = with(with(with(nursing(), "GO", 0, 1, ""), "GO", 0, 2, ""), "GO", 0, 3, "");
    let mut first = without(bare.clone(), "GO", 0);
    first.insert(1, "GO".to_owned());
    for lines in [bare, first] {
        let done = map(Receipts::NURSING, &lines);
        assert_eq!(done.rules(), ["UKE-GO-BLANK"]);
        assert_eq!(done.split.totals.get("points"), Some(&21_770));
        assert_eq!(facts(&done, 0), facts(&map(Receipts::NURSING, &nursing()), 0));
    }
    assert_eq!(map(Receipts::NURSING, &without(nursing(), "GO", 0)).rules(), ["UKE-GO-MISSING"]);
}

/// The side of the insurers: three leading columns, MN and IR before each receipt, no GO.
#[test]
fn files_of_the_insurers_side() {
    for (mapper, lines, _) in kinds() {
        let mut plain = without(lines.clone(), "GO", 0);
        plain.insert(0, "MN,123456789".to_owned());
        let prefixed: Vec<String> =
            plain.iter().enumerate().map(|(n, l)| format!("1,{},0,{l}", n + 1)).collect();
        let done = map(mapper, &prefixed);
        assert_eq!(done.rules(), ["UKE-GO-NONE"], "{mapper:?}");
        assert_eq!(facts(&done, 0), facts(&map(mapper, &lines), 0));
        assert!(done.split.envelope.iter().any(|(kind, n)| kind == "MN" && n == 1));
    }
}

/// The same claim as the payer sends it back: HI, the receipt, HR with the reason, its history, HG.
fn return_of(lines: &[String]) -> Vec<String> {
    let head = lines[0].clone();
    let body: Vec<String> = lines
        .iter()
        .filter(|l| !["IR,", "UK,", "YK,", "HM,", "GO,"].iter().any(|id| l.starts_with(id)))
        .cloned()
        .collect();
    let mut out = vec!["HI,1,202611,1234567".to_owned()];
    out.extend(body);
    out.push("HR,202611,,,E2,秘密の事由,秘密の補足".to_owned());
    out.push(format!("8,1,0,{head}"));
    out.push("8,9,0,RC,Ver0000".to_owned());
    let payers = out.iter().filter(|l| l.starts_with("HO,") || l.starts_with("KO,")).count();
    out.push(format!("HG,{payers},0,99"));
    out
}

#[test]
fn a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission() {
    let mut all: Vec<(&dyn Mapper, Vec<String>)> = vec![(&UkeMedical, medical())];
    let (dpc_one, dental, dispensing, nursing) =
        (dpc()[..position(&dpc(), "RE", 1)].to_vec(), dental(), dispensing(), nursing());
    let mut dpc_one = dpc_one;
    dpc_one.push("GO,1,23000,99".to_owned());
    for (mapper, lines) in [
        (&Receipts::DPC as &dyn Mapper, dpc_one),
        (&Receipts::DENTAL, dental),
        (&Receipts::DISPENSING, dispensing),
        (&Receipts::NURSING, nursing),
    ] {
        all.push((mapper, lines));
    }
    for (mapper, lines) in all {
        let total = lines.last().unwrap().split(',').nth(2).unwrap().to_owned();
        let claim = run(mapper, &sjis(&lines), "");
        let back = with(return_of(&lines), "HG", 0, 2, &total);
        let returned = run(mapper, &sjis(&back), "");
        assert_eq!(
            returned.rules(),
            [""; 0],
            "{:?}",
            returned.findings().map(ToString::to_string).collect::<Vec<_>>()
        );
        // Sent again a month later, with the history.
        let mut again = lines.clone();
        let go = position(&again, "GO", 0);
        again.insert(go, "8,9,0,RC,Ver0000".to_owned());
        again.insert(go, format!("8,1,0,{}", lines[0]));
        again[0] = again[0].replace("202610", "202611");
        let again = run(mapper, &sjis(&again), "");
        assert_eq!(again.rules(), [""; 0]);
        let versions: Vec<_> =
            [&claim, &returned, &again].map(|d| d.units[0].version.clone().unwrap()).into();
        assert!(versions.iter().all(|v| v.key == versions[0].key && v.state == VersionState::Current));
        let times: Vec<&str> = versions.iter().map(|v| v.time.as_str()).collect();
        assert_eq!(times, ["202610", "202610r", "202611"]);
        let visits: Vec<String> = [&claim, &returned, &again]
            .map(|d| d.facts(FactTable::VisitOccurrence)[0].qualifiers.to_string())
            .into();
        assert!(!visits[0].contains("stage") && visits[1].ends_with("stage=returned"), "{visits:?}");
        assert!(visits[2].ends_with("stage=resubmitted"), "{visits:?}");
        let said = facts(&returned, 0);
        assert!(said.contains(&"observation 2026-11 RECE-ITEM:returned s=E2".to_owned()), "{said:?}");
        assert!(!format!("{:?}", returned.units[0].facts).contains("秘密"));
        // Without its history the claim is taken to be of the month before.
        let bare: Vec<String> = back.iter().filter(|l| !l.starts_with("8,")).cloned().collect();
        let bare = run(mapper, &sjis(&bare), "");
        assert_eq!(bare.units[0].version.as_ref().unwrap().time, "202610r");
    }
}

#[test]
fn receipts_of_two_prescribers_are_two() {
    let key = |lines: &[String]| map(Receipts::DISPENSING, lines).units[0].version.clone().unwrap().key;
    assert_ne!(key(&dispensing()), key(&with(dispensing(), "RE", 0, 11, "7654322")));
    assert_eq!(key(&dispensing()), key(&with(dispensing(), "RE", 0, 12, "別の名")));
}

#[test]
fn a_dpc_and_a_medical_receipt_are_never_versions_of_one() {
    let mut lines = medical();
    lines = with(lines, "RE", 0, 2, "1111");
    let medical_key = run(&UkeMedical, &sjis(&lines), "").units[0].version.clone().unwrap().key;
    let mut stay = with(lines, "RE", 0, 16, "0");
    let at = position(&stay, "SY", 0);
    stay.insert(at, "BU,060100xx01xx0x,20260903,,1,".to_owned());
    let dpc_key = map(Receipts::DPC, &stay).units[0].version.clone().unwrap().key;
    assert_ne!(medical_key, dpc_key);
}

/// The samples at hand are all medical: they are known as such, and every other kind refuses them as a whole.
#[test]
fn the_samples_are_medical() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    if !root.is_dir() {
        println!("skipped: ../shared/samples is not here");
        return;
    }
    let mut files = 0;
    for folder in ["rece-receiptisan", "rece-uke-parser"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        for path in entries.flatten().map(|e| e.path()) {
            if !matches!(path.extension().and_then(|e| e.to_str()), Some("UKE" | "csv")) {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let dental = bytes.starts_with(b"UK,");
            let expect = if dental { FeedKind::ReceiptDental } else { FeedKind::ReceiptMedical };
            assert_eq!(kind_of(&bytes), Some(expect), "{}", path.display());
            for mapper in [Receipts::DPC, Receipts::DISPENSING, Receipts::NURSING] {
                let done = run(&mapper, &bytes, "");
                assert!(done.split.is_unsound() && done.rules().contains(&"UKE-KIND"), "{}", path.display());
            }
            if dental {
                let done = run(&Receipts::DENTAL, &bytes, "");
                assert!(!done.split.is_unsound() && done.units.iter().all(|u| !u.is_unsound()));
            }
            files += 1;
        }
    }
    println!("{files} samples");
    assert!(files > 0);
}
