//! Golden facts of one small file of each kind; who they are about; what never leaves the original.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

mod harness;
mod receipt_common;

use musubi_mappers::receipt::Receipts;
use musubi_model::{FactTable, PartialDate, Sex};
use receipt_common::{check, dental, dispensing, dpc, map, nursing, sjis};

#[test]
fn a_dpc_stay() {
    let done = map(Receipts::DPC, &dpc());
    check(
        &done,
        0,
        &[
            "person 1960-04 JISX0401:13 s=1",
            "visit_occurrence 2026-09-03 ..2026-09-08 - ×6 s=1111 m=review=1 part=0 d=10",
            "payer_plan_period 2026-09 PAYER:01 v=70 n=70 % ×6 g=HO",
            "cost 2026-09 POINTS:HO q=23000 点 ×6 g=HO",
            "cost 2026-09 POINTS:HO.meal q=11390 円 ×17 g=HO",
            "cost 2026-09 POINTS:HO.burden q=57600 円 g=HO",
            "observation 2026-09-03 ..2026-09-08 DPC:060100xx01xx0x s=2 g=dpc",
            "condition_occurrence 2026-09 RECE-B:2113008 >ICD10:D126 g=SB-01",
            "condition_occurrence 2026-09 RECE-B:2113008 >ICD10:D126 m=8002 g=main",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.disease",
            "condition_occurrence 2026-09 RECE-B:0000999(見本病) g=SB-41",
            "observation 2026-09 RECE-ITEM:dpc.department-transfer s=0",
            "observation 2026-09 RECE-ITEM:dpc.ward-transfer s=1",
            "observation 2026-09 RECE-ITEM:dpc.admission-kind s=3",
            "observation 2025-06-10 RECE-ITEM:dpc.previous-discharge",
            "observation 2026-09 RECE-ITEM:dpc.previous-same-disease s=0",
            "observation 2026-09 RECE-ITEM:dpc.age v=66 n=66 歳",
            "observation 2026-09 RECE-ITEM:dpc.birth-weight v=3020 n=3020 g",
            "observation 2026-09 RECE-ITEM:dpc.jcs v=020 n=20 s=20",
            "observation 2026-09 RECE-ITEM:dpc.burn-index v=10.5 n=10.5",
            "observation 2026-09 RECE-ITEM:dpc.severity v=3 n=3",
            "observation 2026-09 RECE-ITEM:dpc.gaf v=60 n=60",
            "observation 2026-09 RECE-ITEM:dpc.age-months v=4 n=4 月",
            "procedure_occurrence 2026-09-04 RECE-S:150285010 >TENSU-KUBUN:K721-1 m=class=0001 g=SK",
            "observation 2026-09-05 ..2026-09-06 RECE-ITEM:dpc.leave >DPC:060100xx01xx0x n=1.4215 ×2 m=adjust=2 5=3 6=3",
            "observation 2026-09 RECE-ITEM:dpc.readmission-planned s=1",
            "cost 2026-09 POINTS:DPC.period1 n=5000 q=2500 点 ×2 s=1 m=adjust=2 insurer=1 g=HH",
            "cost 2026-09 POINTS:DPC.period2 n=8000 q=2000 点 ×4 s=1 m=adjust=2 insurer=1 g=HH",
            "cost 2026-09 POINTS:DPC.subtotal q=13000 点 s=1 m=adjust=2 insurer=1 g=GT",
            "cost 2026-09 POINTS:DPC.evaluated q=18000 点 s=1 m=adjust=2 insurer=1 g=GT",
            "cost 2026-09 POINTS:DPC.adjustment q=-10 点 s=1 m=adjust=2 insurer=1 g=GT",
            "cost 2026-09 POINTS:DPC.total q=18000 点 s=1 m=adjust=2 insurer=1 g=GT",
            "procedure_occurrence 2026-09-04 ..2026-09-04 RECE-S:150285010 ×1 g=50-1",
            "cost 2026-09-04 ..2026-09-04 POINTS:50 q=5000 点 ×1 s=1 g=50-1",
            "drug_exposure 2026-09-03 RECE-Y:620003887 q=1.5 ×3 m=basis=coding g=CD21-1",
            "procedure_occurrence 2026-09-03 RECE-S:160008010 ×1 m=basis=coding g=CD60-2",
            "device_exposure 2026-09-04 RECE-T:710010001 q=2 001 ×1 m=basis=coding g=CD50-3",
            "note 2026-09-04 RECE-C:810000001 m=basis=coding g=CD50-3",
        ],
    );
}

#[test]
fn a_total_receipt_and_those_below_it_are_one_unit() {
    let done = map(Receipts::DPC, &dpc());
    check(
        &done,
        1,
        &[
            "person 1960-04 JISX0401:13 s=1",
            "visit_occurrence 2026-09-03 ..2026-09-07 - ×8 s=1111 m=review=1 part=1 d=10",
            "payer_plan_period 2026-09 PAYER:01 v=70 n=70 % ×8 g=HO",
            "cost 2026-09 POINTS:HO q=10288 点 ×8 g=HO",
            "visit_occurrence 2026-09-03 ..2026-09 - s=1111 m=part=2 d=10",
            "observation 2026-09-03 ..2026-09-07 DPC:040080x099x0xx s=6 g=dpc",
            "death 2026-09-07 - s=6",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.cause-of-death",
            "condition_occurrence 2026-09 RECE-B:4860030 >ICD10:J189 g=SB-01",
            "cost 2026-09 POINTS:DPC.total q=10000 点 s=1 m=adjust=2 insurer=1 g=GT",
            "visit_occurrence 2026-09-03 ..2026-09 - s=1111 m=part=3 d=10",
            "condition_occurrence 2026-09-07 RECE-B:8833421 s=1 g=main",
            "procedure_occurrence 2026-09-07 ..2026-09-07 RECE-S:160095710 ×1 g=60-1",
            "cost 2026-09-07 ..2026-09-07 POINTS:60 q=288 点 ×1 s=1 g=60-1",
        ],
    );
}

#[test]
fn dental_receipts_tell_the_teeth() {
    let done = map(Receipts::DENTAL, &dental());
    check(
        &done,
        0,
        &[
            "person 1970-02 JISX0401:13 s=2",
            "visit_occurrence 2026-09 - ×2 s=3112 m=review=1",
            "observation 2026-09 RECE-ITEM:patient-state s=001",
            "observation 2026-09-02 RECE-ITEM:course s=2",
            "payer_plan_period 2026-09 PAYER:01 ×2 m=26 g=HO",
            "cost 2026-09 POINTS:HO q=612 点 ×2 g=HO",
            "cost 2026-09 POINTS:HO.burden q=1840 円 g=HO",
            "condition_occurrence 2026-09-02 RECE-B:5210010 v=101600 101700 SHISHIKI s=2 g=main",
            "observation 2026-09 RECE-ITEM:coexisting-diseases v=1 n=1",
            "condition_occurrence 2026-09-02 RECE-B:5234009 v=100000 SHISHIKI s=1 m=8002",
            "observation 2026-09 RECE-ITEM:disease-course s=2",
            "note 2026-09 RECE-C:810000001",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.disease",
            "procedure_occurrence 2026-09-02 ..2026-09-02 RECE-H:301000110 ×1 g=11-1",
            "cost 2026-09-02 ..2026-09-02 POINTS:11 q=267 点 ×1 s=1 g=11-1",
            "procedure_occurrence 2026-09-10 ..2026-09-11 RECE-H:301001610 ×2 g=12-2",
            "cost 2026-09-10 ..2026-09-11 POINTS:12 q=58 点 ×2 s=1 g=12-2",
            "procedure_occurrence 2026-09-02 ..2026-09-02 RECE-H:309004710 q=2 ×1 g=40-3",
            "procedure_occurrence 2026-09-02 ..2026-09-02 RECE-HA:CB023 q=1 ×1 g=40-3",
            "procedure_occurrence 2026-09-02 ..2026-09-02 RECE-HA:CB045 q=2 ×1 g=40-3",
            "procedure_occurrence 2026-09-02 ..2026-09-02 RECE-H:309004810 ×1 g=40-3",
            "cost 2026-09-02 ..2026-09-02 POINTS:40 q=72 点 ×1 s=1 g=40-3",
            "procedure_occurrence 2026-09-02 ..2026-09-02 RECE-S:160000310 ×1 g=60-4",
            "cost 2026-09-02 ..2026-09-02 POINTS:60 q=26 点 ×1 s=1 g=60-4",
            "drug_exposure 2026-09-02 ..2026-09-02 RECE-Y:620160501 q=3 ×3 g=21-5",
            "cost 2026-09-02 ..2026-09-02 POINTS:21 q=9 点 ×3 s=1 g=21-5",
            "device_exposure 2026-09-02 ..2026-09-02 RECE-T:799010101(見本材料) q=1.5 001 ×1 g=60-6",
            "procedure_occurrence 2026-09-02 ..2026-09-02 RECE-HA:CA010 q=1 ×1 g=60-6",
            "cost 2026-09-02 ..2026-09-02 POINTS:60 q=104 点 ×1 s=1 g=60-6",
            "note 2026-09 RECE-C:810000001 g=80-7",
            "observation 2026-09 SHISHIKI: v=101600 m=basis=comment g=80-7",
        ],
    );
}

#[test]
fn dispensing_receipts_tell_what_was_taken_how() {
    let done = map(Receipts::DISPENSING, &dispensing());
    check(
        &done,
        0,
        &[
            "person 1960-04 JISX0401:13 s=1",
            "visit_occurrence 2026-09 - ×1 s=4112 m=review=1",
            "payer_plan_period 2026-09 PAYER:01 ×1 s=1 m=29 g=HO",
            "cost 2026-09 POINTS:HO q=374 点 ×1 g=HO",
            "cost 2026-09 POINTS:HO.burden q=1120 円 g=HO",
            "procedure_occurrence 2026-09-05 RECE-M:420001810 ×1 g=RP1-1",
            "cost 2026-09-05 POINTS:fee q=24 点 ×1 s=1 g=RP1-1",
            "cost 2026-09-05 POINTS:drug q=112 点 ×1 s=1 g=RP1-1",
            "procedure_occurrence 2026-09-05 RECE-M:430000370 ×1 g=RP1-1",
            "cost 2026-09-05 POINTS:fee q=8 点 ×1 s=1 g=RP1-1",
            "procedure_occurrence 2026-09-05 RECE-M:440011610 ×1 g=RP1-1",
            "cost 2026-09-05 POINTS:fee q=28 点 ×1 s=1 g=RP1-1",
            "observation 2026-09-03 ..2026-09-05 RECE-ITEM:dispensing q=14 ×1 m=form=1 usage=006 g=RP1-1",
            "drug_exposure 2026-09-05 RECE-Y:620003887 v=0.5 n=0.5 q=1 ×14 s=1 m=form=1 usage=006 g=RP1-1",
            "drug_exposure 2026-09-05 RECE-Y:622143501 q=2 ×14 s=1 m=form=1 usage=006 mix=1 branch=1 g=RP1-1",
            "note 2026-09-05 RECE-C:810000001 g=RP1-1",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.instruction",
            "procedure_occurrence 2026-09-05 RECE-M:420002510 ×1 g=RP2-1",
            "cost 2026-09-05 POINTS:fee q=10 点 ×1 s=1 g=RP2-1",
            "cost 2026-09-05 POINTS:drug q=30 点 ×1 s=1 g=RP2-1",
            "observation 2026-09-03 ..2026-09-05 RECE-ITEM:dispensing q=1 ×1 m=form=5 usage=900 g=RP2-1",
            "drug_exposure 2026-09-05 RECE-Y:620000033 q=30 ×1 s=1 m=form=5 usage=900 g=RP2-1",
            "device_exposure 2026-09-05 RECE-T:710010001(見本器材) q=2 001 ×1 s=1 g=RP2-1",
            "note 2026-09-05 RECE-C:810000001",
            "procedure_occurrence 2026-09-05 RECE-M:410005910 ×1 g=KI-1",
            "cost 2026-09-05 POINTS:fee q=35 点 ×1 s=1 g=KI-1",
            "procedure_occurrence 2026-09-05 RECE-M:440012010 ×1 g=KI-1",
            "cost 2026-09-05 POINTS:fee q=45 点 ×1 s=1 g=KI-1",
            "procedure_occurrence 2026-09-05 RECE-M:440020170 ×1 g=KI-1",
            "cost 2026-09-05 POINTS:fee q=20 点 ×1 s=1 g=KI-1",
            "procedure_occurrence 2026-09-05 RECE-M:450001170 ×2 g=KI-1",
            "cost 2026-09-05 POINTS:fee q=31 点 ×2 s=1 g=KI-1",
            "observation 2026-08-05 RECE-ITEM:previous-dispensing ×14 g=KI-1",
        ],
    );
}

#[test]
fn home_nursing_visits_and_their_fees() {
    let done = map(Receipts::NURSING, &nursing());
    check(
        &done,
        0,
        &[
            "person 1940-02 JISX0401:13 s=2",
            "visit_occurrence 2026-09 - ×2 s=6318 m=review=2",
            "payer_plan_period 2026-09 PAYER:39 v=90 n=90 % ×2 s=3 m=29 g=HO",
            "cost 2026-09 POINTS:HO q=21770 円 ×2 g=HO",
            "cost 2026-09 POINTS:HO.burden q=2180 円 g=HO",
            "observation 2026-09 RECE-ITEM:eligibility s=01 g=HO",
            "observation 2026-09-04 ..2026-09-11 RECE-ITEM:attendance ×2 m=4 11 g=HO",
            "observation 2026-09 RECE-ITEM:window-burden s=01",
            "observation 2026-08-31 RECE-ITEM:nursing.report",
            "observation 2026-08-01 ..2026-10-31 RECE-ITEM:nursing.order s=01",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.nursing-state",
            "observation 2026-09 RECE-ITEM:nursing.listed-disease m=01",
            "observation 2026-09 RECE-ITEM:nursing.disease m=008 011",
            "observation 2026-09-01 RECE-ITEM:nursing.gaf s=05",
            "condition_occurrence 2026-09 RECE-B:3320002 m=8002",
            "condition_occurrence 2026-09 RECE-B:0000999(見本病)",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.disease",
            "observation 2025-04-01 ..2026-09-11 RECE-ITEM:nursing.visits s=03 m=place=01",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.nursing-place",
            "death 2026-09-11 t=83400 - m=place=01",
            "observation 2026-09 RECE-ITEM:nursing.person m=01 02",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.nursing-information",
            "observation 2026-09 RECE-ITEM:nursing.special s=01",
            "note 2026-09 MUSUBI-DOCUMENT:RECE.nursing-special",
            "observation 2026-09 RECE-ITEM:nursing.training s=02",
            "note 2026-09 RECE-C:810000001",
            "procedure_occurrence 2026-09-04 RECE-N:510000110 m=staff=03,11 visit=02 order=01 g=KA-1",
            "cost 2026-09-04 POINTS:visit q=5550 円 ×1 s=1 g=KA-1",
            "procedure_occurrence 2026-09-04 RECE-N:550000110 q=1 g=KA-2",
            "cost 2026-09-04 POINTS:visit q=7670 円 ×1 s=1 g=KA-2",
            "procedure_occurrence 2026-09-11 RECE-N:510000110 m=staff=03 g=KA-3",
            "cost 2026-09-11 POINTS:visit q=5550 円 ×1 s=1 g=KA-3",
            "procedure_occurrence 2026-09-11 RECE-N:550000110 g=KA-4",
            "cost 2026-09-11 POINTS:visit q=3000 円 ×1 s=1 g=KA-4",
        ],
    );
}

#[test]
fn who_it_is_about_is_sealed_as_written() {
    let cases = [
        (Receipts::DPC, dpc(), ("00012", "見本　太郎", "ミホンタロウ", "01130012", "１２", "３４５")),
        (Receipts::DENTAL, dental(), ("D001", "見本　花子", "ミホンハナコ", "01130012", "１２", "６７８")),
        (
            Receipts::DISPENSING,
            dispensing(),
            ("C0099", "見本　太郎", "ミホンタロウ", "01130012", "１２", "３４５"),
        ),
        (Receipts::NURSING, nursing(), ("N77", "見本　花子", "ミホンハナコ", "39131156", "", "６７８")),
    ];
    for (kind, lines, expect) in cases {
        let d = &map(kind, &lines).units[0].demographics;
        let got = (
            d.local_number.expose().as_str(),
            d.name_kanji.expose().as_str(),
            d.name_kana.expose().as_str(),
            d.insurer_number.expose().as_str(),
            d.insured_symbol.expose().as_str(),
            d.insured_number.expose().as_str(),
        );
        assert_eq!(got, expect);
    }
    let d = map(Receipts::NURSING, &nursing()).units.remove(0).demographics;
    assert_eq!((*d.birth.expose(), d.sex), (PartialDate::new(1940, 2, 28), Sex::Female));
    assert_eq!(d.insured_branch.expose(), "00");
}

/// Doctors, licences, institutions, and every text in words: neither in facts nor in demographics nor in findings.
#[test]
fn third_persons_and_texts_stay_in_the_original() {
    let secrets = [
        "秘密",
        "麻１２３４５",
        "処方医院",
        "見本町",
        "7654321",
        "指示医院",
        "見本の",
        "見本薬局",
        "見本病院",
        "見本訪問",
        "042-000",
    ];
    let kinds = [
        (Receipts::DPC, dpc()),
        (Receipts::DENTAL, dental()),
        (Receipts::DISPENSING, dispensing()),
        (Receipts::NURSING, nursing()),
    ];
    for (kind, lines) in kinds {
        let done = map(kind, &lines);
        let mut shown = format!("{:?}", done.split);
        for unit in &done.units {
            shown += &format!("{:?}{:?}{:?}", unit.facts, unit.findings, unit.demographics);
        }
        for secret in secrets {
            assert!(!shown.contains(secret), "{kind:?}: {secret}");
        }
    }
}

/// A text beside a known code is a note: kind and place, no text.
#[test]
fn texts_become_sealed_notes() {
    for (kind, lines, notes) in [
        (Receipts::DPC, dpc(), 3),
        (Receipts::DENTAL, dental(), 3),
        (Receipts::DISPENSING, dispensing(), 3),
        (Receipts::NURSING, nursing(), 6),
    ] {
        let done = map(kind, &lines);
        let found = done.facts(FactTable::Note);
        assert_eq!(found.len(), notes, "{kind:?} {found:#?}");
        assert!(found.iter().all(|n| n.value.text.is_empty() && n.source.as_ref().unwrap().text.is_none()));
    }
}

#[test]
fn every_fact_points_at_its_record() {
    for (kind, lines) in [(Receipts::DENTAL, dental()), (Receipts::NURSING, nursing())] {
        let bytes = sjis(&lines);
        let done = map(kind, &lines);
        for fact in &done.units[0].facts {
            let id = &fact.range.slice(&bytes).unwrap()[..2];
            let fits: &[&[u8]] = match fact.table {
                FactTable::Person | FactTable::VisitOccurrence => &[b"RE"],
                FactTable::PayerPlanPeriod => &[b"HO", b"KO"],
                FactTable::ConditionOccurrence => &[b"HS", b"SY"],
                FactTable::DrugExposure => &[b"IY"],
                FactTable::DeviceExposure => &[b"TO"],
                FactTable::ProcedureOccurrence => &[b"SS", b"SI", b"KA", b"TO"],
                FactTable::Death => &[b"RJ"],
                _ => continue,
            };
            assert!(fits.contains(&id), "{id:?} {fact:?}");
        }
    }
}
