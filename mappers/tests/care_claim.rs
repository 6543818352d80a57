//! Care claims (介護給付費請求): golden facts of each record, versions, and what stays sealed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "helpers of tests; a panic is a failed test"
)]

mod care_common;
mod harness;

use care_common::{claim, claim_record, claim_records, fee_record, framed, plan_records, sjis, with};
use harness::{Done, mapper, run};
use musubi_mappers::VersionState;
use musubi_model::manifest::FeedKind;
use musubi_model::{Fact, FactTable};
use musubi_testdata::formats;

fn map(lines: &[String]) -> Done {
    run(mapper(FeedKind::CareClaim, "").as_ref(), &sjis(lines), "care/d202610a.csv")
}

/// A fact in one line.
fn line(f: &Fact) -> String {
    let day = |d: Option<musubi_model::PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
    format!(
        "{} {}..{} {} [{}] {} {} x{} ={} {}{}",
        f.table.as_str(),
        day(f.start),
        day(f.end),
        f.source.as_ref().map(|c| format!("{} {}", c.system, c.code)).unwrap_or_default(),
        f.group,
        f.status,
        f.qualifiers,
        f.times.map(|n| n.to_string()).unwrap_or_default(),
        f.quantity.map(|n| n.to_string()).unwrap_or_default(),
        f.value.text,
        f.value.unit,
    )
}

fn lines(done: &Done) -> Vec<String> {
    done.units.iter().flat_map(|u| &u.facts).map(line).collect()
}

#[test]
fn a_claim_becomes_facts() {
    let done = map(&claim());
    assert_eq!(done.rules(), [""; 0]);
    let expected = [
        "person 1940-03.. JISX0401 13 [] 2  x = ",
        "care_need 2026-04-01..2027-03-31 CARE-LEVEL 22 [] claim  x = ",
        "payer_plan_period 2026-09.. PAYER CARE [insurer]   x = 90%",
        "cost 2026-09.. PAYER CARE [insurer] units  x =1800 単位",
        "cost 2026-09.. PAYER CARE [insurer] claim  x =16200 円",
        "cost 2026-09.. PAYER CARE [insurer] burden  x =1800 円",
        "care_service 2026-09.. CARE-SERVICE 111111 [02] actual  x4 =1000 250単位",
        "note 2026-09.. MUSUBI-DOCUMENT CARE-CLAIM-REMARK []   x = ",
        "care_service 2026-09.. CARE-SERVICE 153341 [02] actual  x2 =800 400単位",
        "cost 2026-09.. CARE-SERVICE 11 [service] planned  x =1000 単位",
        "cost 2026-09.. CARE-SERVICE 11 [service] units  x =1000 単位",
        "cost 2026-09.. CARE-SERVICE 11 [service] claim  x =9000 円",
        "cost 2026-09.. CARE-SERVICE 11 [service] burden  x =1000 円",
        "cost 2026-09.. CARE-SERVICE 15 [service] planned  x =800 単位",
        "cost 2026-09.. CARE-SERVICE 15 [service] units  x =800 単位",
        "cost 2026-09.. CARE-SERVICE 15 [service] claim  x =7200 円",
        "cost 2026-09.. CARE-SERVICE 15 [service] burden  x =800 円",
    ];
    assert_eq!(lines(&done), expected);
    let person = &done.units[0].demographics;
    assert_eq!(person.care_insurer.expose(), "139998");
    assert_eq!(person.care_number.expose(), "0001000001");
    assert_eq!(person.birth.expose().unwrap().to_string(), "1940-03-15");
    let totals: Vec<_> = done.split.totals.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(totals, [("01", 1), ("02", 2), ("10", 2), ("7111", 1), ("control", 1), ("end", 1)]);
}

#[test]
fn facts_stand_where_their_record_stands() {
    let bytes = sjis(&claim());
    let done = map(&claim());
    for fact in done.units.iter().flat_map(|u| &u.facts).filter(|f| f.table == FactTable::CareService) {
        let record = String::from_utf8_lossy(fact.range.slice(&bytes).unwrap()).into_owned();
        let code = &fact.source.as_ref().unwrap().code;
        assert!(
            record.contains("\"02\"") && record.contains(&format!("\"{}\",\"{}\"", &code[..2], &code[2..]))
        );
    }
}

#[test]
fn the_bill_is_held_against_its_claims() {
    let done = map(&with(claim(), 1, 9, "1700"));
    assert_eq!(done.complaints(), ["CLAIM-BILL"]);
    // It is the envelope of the claims, not a claim.
    assert_eq!(done.split.envelope.iter().collect::<Vec<_>>(), [("7111", 1), ("control", 1), ("end", 1)]);
    assert_eq!(done.units.len(), 1);
}

#[test]
fn stays_become_visits() {
    let stay = [(24, "20260901"), (25, "20260920"), (26, "20"), (27, "2"), (28, "4")];
    let mut lines = claim();
    for (field, value) in stay {
        lines = with(lines, 2, field + 1, value);
    }
    let done = map(&lines);
    assert_eq!(done.rules(), [""; 0]);
    let visits: Vec<_> = done.facts(FactTable::VisitOccurrence).into_iter().map(line).collect();
    assert_eq!(visits, ["visit_occurrence 2026-09-01..2026-09-20  [stay] 4 leave=2 x20 = "]);
    let done = map(&with(with(claim(), 2, 22, "20260601"), 2, 24, "3"));
    let visits: Vec<_> = done.facts(FactTable::VisitOccurrence).into_iter().map(line).collect();
    assert_eq!(visits, ["visit_occurrence 2026-06-01..  [home] 3  x = "]);
}

#[test]
fn public_payers_are_sealed() {
    let mut lines = claim();
    for (field, value) in
        [(7, "12143210"), (8, "0000000"), (30, "100"), (39, "1800"), (40, "1800"), (41, "0"), (35, "0")]
    {
        lines = with(lines, 2, field + 1, value);
    }
    for (line, claim) in [(5, "1000"), (6, "800")] {
        lines = with(lines, line, 19, if line == 5 { "1000" } else { "800" });
        lines = with(lines, line, 20, claim);
        lines = with(lines, line, 18, "0");
    }
    let done = map(&lines);
    assert_eq!(done.rules(), [""; 0]);
    let payers: Vec<_> = done.facts(FactTable::PayerPlanPeriod).into_iter().map(line).collect();
    assert_eq!(
        payers,
        [
            "payer_plan_period 2026-09.. PAYER CARE [insurer]   x = 90%",
            "payer_plan_period 2026-09.. PAYER 12 [public1]   x = 100%",
        ]
    );
    let public = done.facts(FactTable::Cost).into_iter().filter(|f| f.group == "public1").map(line);
    assert_eq!(
        public.collect::<Vec<_>>(),
        [
            "cost 2026-09.. PAYER 12 [public1] units  x =1800 単位",
            "cost 2026-09.. PAYER 12 [public1] claim  x =1800 円",
            "cost 2026-09.. PAYER 12 [public1] burden  x =0 円",
            "cost 2026-09.. CARE-SERVICE 11 [public1] units  x =1000 単位",
            "cost 2026-09.. CARE-SERVICE 11 [public1] claim  x =1000 円",
            "cost 2026-09.. CARE-SERVICE 15 [public1] units  x =800 単位",
            "cost 2026-09.. CARE-SERVICE 15 [public1] claim  x =800 円",
        ]
    );
    let shown = format!("{:?}", done.units[0].facts);
    assert!(!shown.contains("12143210") && !shown.contains("0000000"), "{shown}");
}

#[test]
fn remarks_are_sealed_notes() {
    let done = map(&claim());
    let notes = done.facts(FactTable::Note);
    assert_eq!(notes.len(), 1);
    assert!(!format!("{:?}", done.units[0].facts).contains("太郎"));
}

#[test]
fn every_kind_of_line_is_read() {
    let mut records = claim_records();
    records.extend([
        claim_record("03", 46, &[(7, "\"見本傷病\"")]),
        claim_record(
            "04",
            23,
            &[
                (7, "\"01\""),
                (8, "\"見本傷病\""),
                (9, "\"35\""),
                (10, "76"),
                (11, "3"),
                (12, "228"),
                (23, "\"見本\""),
            ],
        ),
        claim_record("04", 23, &[(7, "\"99\""), (12, "228")]),
        claim_record(
            "11",
            33,
            &[(7, "\"01\""), (8, "\"59\""), (9, "\"1111\""), (10, "1445"), (12, "30"), (16, "43350")],
        ),
        claim_record("12", 12, &[(7, "25"), (8, "\"11\""), (9, "1000"), (10, "250"), (12, "\"見本\"")]),
        claim_record(
            "14",
            19,
            &[(7, "\"A2\""), (8, "\"1111\""), (9, "100"), (10, "2"), (14, "200"), (18, "\"139998\"")],
        ),
        claim_record("08", 20, &[]),
    ]);
    let done = map(&framed(&records));
    assert_eq!(done.rules(), ["CARE-UNVERIFIED", "CLAIM-RECORD"]);
    let more: Vec<_> = lines(&done).into_iter().skip(17).collect();
    assert_eq!(
        more,
        [
            "note 2026-09.. MUSUBI-DOCUMENT CARE-CLAIM-EMERGENCY []   x = ",
            "care_service 2026-09.. CARE-SERVICE 35 [04] actual  x3 =228 76単位",
            "note 2026-09.. MUSUBI-DOCUMENT CARE-CLAIM-SPECIAL []   x = ",
            "note 2026-09.. MUSUBI-DOCUMENT CARE-CLAIM-REMARK []   x = ",
            "care_service 2026-09.. CARE-SERVICE 591111 [11] actual  x30 =43350 1445円",
            "cost 2026-09.. CARE-SERVICE 11 [welfare] relief  x =250 円",
            "note 2026-09.. MUSUBI-DOCUMENT CARE-CLAIM-REMARK []   x = ",
            "care_service 2026-09.. CARE-SERVICE A21111 [14] actual  x2 =200 100単位",
        ]
    );
}

#[test]
fn fees_become_services() {
    let done = map(&framed(&[fee_record()]));
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(
        lines(&done),
        [
            "person 1940-03.. JISX0401 13 [] 2  x = ",
            "care_need 2026-04-01..2027-03-31 CARE-LEVEL 22 [] fee  x = ",
            "cost 2026-09.. PAYER CARE [insurer] claim  x =10860 円",
            "payer_plan_period 2026-09.. PAYER CARE [insurer]   x = ",
            "care_service 2026-09.. CARE-SERVICE 432111 [fee] actual  x1 =1086 1086単位",
        ]
    );
}

#[test]
fn plans_become_planned_services() {
    let done = map(&framed(&plan_records()));
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(
        lines(&done),
        [
            "person 1940-03.. JISX0401 13 [] 2  x = ",
            "care_need 2026-04-01..2027-03-31 CARE-LEVEL 22 [] limit  x =19705 ",
            "care_service 2026-09.. CARE-SERVICE 11 [plan] plan  x =1000 単位",
            "care_service 2026-09.. CARE-SERVICE 15 [plan] plan  x =800 単位",
        ]
    );
}

#[test]
fn a_claim_above_its_plan_is_told() {
    let both = |plans: Vec<String>| framed(&[claim_records(), plans].concat());
    assert_eq!(map(&both(plan_records())).rules(), [""; 0]);
    let mut plans = plan_records();
    plans[0] = plans[0].replace(",1000,", ",900,");
    plans[2] = plans[2].replace("1800", "1700");
    let done = map(&both(plans));
    assert_eq!(done.rules(), ["CLAIM-OVER-PLAN"]);
    let finding = done.findings().next().unwrap();
    assert_eq!(finding.found, "100 単位の超過");
    // Another office's plan is none of this claim's business.
    let mut plans = plan_records();
    plans[0] = plans[0].replace(",1000,", ",900,").replace("\"1390000005\"", "\"1390000099\"");
    plans[2] = plans[2].replace("1800", "1700");
    assert_eq!(map(&both(plans)).rules(), [""; 0]);
}

#[test]
fn numbers_stay_out_of_facts() {
    let done = map(&framed(&[claim_records(), vec![fee_record()], plan_records()].concat()));
    let shown = format!("{:?}", done.units.iter().map(|u| (&u.facts, &u.findings)).collect::<Vec<_>>());
    for number in ["0001000001", "139998", "1390000005", "1390000013", "13999999"] {
        assert!(!shown.contains(number), "{number}");
    }
}

#[test]
fn later_months_and_cancellations_are_versions() {
    let first = map(&claim()).units.remove(0).version.unwrap();
    let again = with(with(claim(), 0, 10, "202611"), 2, 34, "1800");
    let second = map(&again).units.remove(0).version.unwrap();
    assert_eq!(first.key.expose(), second.key.expose());
    assert!(second.time > first.time);
    let other = map(&with(claim(), 2, 7, "\"0001000002\"")).units.remove(0);
    assert_ne!(other.version.map(|v| v.key.expose().clone()), Some(first.key.expose().clone()));

    let plan = map(&framed(&plan_records())).units.remove(0).version.unwrap();
    let cancelled: Vec<String> =
        plan_records().iter().map(|r| r.replacen("\"1\",20261005", "\"3\",20261006", 1)).collect();
    let done = map(&framed(&cancelled));
    assert_eq!(done.rules(), ["CLAIM-CANCELLED"]);
    let gone = done.units[0].version.clone().unwrap();
    assert_eq!((gone.key.expose(), gone.state), (plan.key.expose(), VersionState::Deleted));
    assert!(gone.time > plan.time);
    assert_eq!(done.facts(FactTable::CareService).len(), 0);
}

#[test]
fn results_of_insurers_are_kept_and_not_read() {
    let result = |kind: &str| format!("\"1112\",\"7131\",\"{kind}\",\"1\",\"139998\",\"0001000001\",202607");
    let done = map(&framed(&[result("H1"), result("D1"), claim_records()[1].clone()]));
    assert_eq!(done.rules(), ["CARE-LAYOUT"]);
    assert_eq!(
        done.units.iter().map(musubi_mappers::MappedUnit::is_unsound).collect::<Vec<_>>(),
        [true, true, false]
    );
    assert_eq!(done.split.totals.get("H1"), Some(&1));
}

#[test]
fn what_was_written_comes_back() {
    let format = formats::all().into_iter().find(|f| f.kind == FeedKind::CareClaim).unwrap();
    let files = formats::sample(&format, 400, 11).unwrap();
    let mapper = mapper(FeedKind::CareClaim, "");
    let mut tables = std::collections::BTreeSet::new();
    for file in files {
        let done = run(mapper.as_ref(), &file.bytes, &file.path);
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        tables.extend(done.counts().into_keys());
        for line in text.lines() {
            let fields: Vec<&str> = line.split(',').map(|f| f.trim_matches('"')).collect();
            if fields[0] != "2" || fields[3] != "02" {
                continue;
            }
            // The same person's unit has a service of this code, times and units.
            let unit = done.units.iter().find(|u| u.demographics.care_number.expose() == fields[7]).unwrap();
            let code = format!("{}{}", fields[8], fields[9]);
            let same = |f: &&Fact| {
                f.table == FactTable::CareService
                    && f.source.as_ref().is_some_and(|c| c.code == code)
                    && f.times.map(|n| n.to_string()).as_deref() == Some(fields[11])
                    && f.quantity.map(|n| n.to_string()).as_deref() == Some(fields[15])
            };
            assert_eq!(unit.facts.iter().filter(same).count(), 1, "{code}");
        }
    }
    let expected =
        ["care_need", "care_service", "cost", "note", "payer_plan_period", "person", "visit_occurrence"];
    assert_eq!(tables.into_iter().collect::<Vec<_>>(), expected);
}
