//! A made-up night: plainly synthetic, with every kind of trouble in it. Shared by the tests and the example.
#![allow(dead_code)] // each user takes its part
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // made-up data: a failure here is a failed test

use std::collections::BTreeMap;

use musubi_compliance::audit::Checkpoint;
use musubi_console::night::{AgeBand, NightReport, People, Place, ReleaseSummary};
use musubi_model::finding::{Rule, Severity};
use musubi_model::ids::{DocumentHash, SubmissionId};
use musubi_model::source::ByteRange;
use musubi_model::submission::{Balance, BalanceLine, SubmissionState};
use musubi_storage::console::{EventView, FindingCount, FindingView, LakeView, SubmissionView, TableCount};

pub static GO_COUNT: Rule = Rule {
    id: "UKE-GO-COUNT",
    severity: Severity::Error,
    ja: "総件数がレセプトの数と合いません。",
    en: "The total does not equal the number of receipts.",
    mend_ja: "送信前に GO レコードを作り直してください。",
    mend_en: "Write the GO record anew before sending.",
    example: "",
};
pub static SY_CODE: Rule = Rule {
    id: "UKE-SY-CODE",
    severity: Severity::Warning,
    ja: "傷病名コードが、その月の傷病名マスターにありません。",
    en: "The disease code is not in the master of that month.",
    mend_ja: "傷病名マスターの版を確かめ、廃止コードなら移行先に置き換えてください。",
    mend_en: "Check the edition of the master; replace abolished codes.",
    example: "",
};
pub static DATE_ERA: Rule = Rule {
    id: "SSMIX-DATE-ERA",
    severity: Severity::Note,
    ja: "元号の終わりより後の日付が、旧元号で書かれています。",
    en: "A date after the end of an era is written in that era.",
    mend_ja: "対処は不要です。",
    mend_en: "Nothing to do.",
    example: "",
};

pub fn rule(id: &str) -> Option<&'static Rule> {
    [&GO_COUNT, &SY_CODE, &DATE_ERA].into_iter().find(|r| r.id == id)
}

pub fn finding(rule: &'static Rule, count: u64) -> FindingCount {
    FindingCount {
        rule: rule.id.into(),
        severity: rule.severity.as_str().into(),
        count,
        example: FindingView {
            rule: rule.id.into(),
            severity: rule.severity.as_str().into(),
            document: Some(DocumentHash::of(rule.id.as_bytes())),
            unit: Some(41),
            range: Some(ByteRange { start: 18_204, len: 31 }),
            record: "行 512 (SY)".into(),
            field: "列 2".into(),
            found: "9×7".into(),
            expected: "傷病名マスター 20260401 のコード".into(),
        },
    }
}

fn at(minute: i64) -> jiff::Timestamp {
    let base: jiff::Timestamp = "2026-04-10T16:00:00Z".parse().unwrap();
    base.checked_add(jiff::SignedDuration::from_mins(minute)).unwrap()
}

pub fn submission(
    n: u8,
    feed: &str,
    kind: &str,
    state: SubmissionState,
    lines: &[(&str, [u64; 7])],
) -> SubmissionView {
    let lines: BTreeMap<String, BalanceLine> = lines
        .iter()
        .map(|(k, [received, loaded, superseded, duplicate, quarantined, excluded, held])| {
            let line = BalanceLine {
                received: *received,
                loaded: *loaded,
                superseded: *superseded,
                duplicate: *duplicate,
                quarantined: *quarantined,
                excluded: *excluded,
                held: *held,
            };
            ((*k).to_owned(), line)
        })
        .collect();
    SubmissionView {
        id: SubmissionId([n; 16]),
        feed: Some(feed.into()),
        submitter: Some("mihon-ishikai".into()),
        kind: Some(kind.into()),
        business_date: Some(jiff::civil::date(2026, 4, 10)),
        received_at: at(i64::from(n)),
        state,
        files: 12 * u64::from(n),
        bytes: 48_123_456 * u64::from(n),
        parameter_hash: "p".repeat(64),
        code_version: "musubi 0.1.0".into(),
        events: [SubmissionState::Received, SubmissionState::Verified, state]
            .iter()
            .enumerate()
            .map(|(i, s)| EventView {
                at: at(i64::from(n) + i64::try_from(i).unwrap()),
                state: s.as_str().into(),
                detail: if *s == SubmissionState::Rejected {
                    "署名が目録と合いません".into()
                } else {
                    String::new()
                },
            })
            .collect(),
        balance: Balance { lines },
        findings: Vec::new(),
    }
}

pub fn night() -> NightReport {
    use SubmissionState::{Acknowledged, Rejected};
    let mut medical = submission(
        1,
        "mihon-med-uke",
        "uke-medical",
        Acknowledged,
        &[
            ("RE", [18_200, 17_430, 210, 95, 302, 121, 42]),
            ("SI", [182_400, 174_980, 2_140, 950, 2_890, 1_020, 420]),
            ("SY", [64_310, 61_700, 745, 330, 1_020, 370, 145]),
        ],
    );
    medical.findings = vec![finding(&SY_CODE, 1_284), finding(&GO_COUNT, 2)];
    let mut hl7 = submission(
        3,
        "mihon-hp-ssmix2",
        "ssmix2",
        Acknowledged,
        &[("ADT-00", [1_204, 1_180, 12, 4, 2, 6, 0]), ("OML-11", [96_240, 92_700, 2_801, 160, 88, 491, 0])],
    );
    hl7.findings = vec![finding(&DATE_ERA, 37), finding(&SY_CODE, 16)];
    let checkup = submission(
        2,
        "mihon-city-kenshin",
        "kenshin",
        Acknowledged,
        &[("KENSHIN", [5_210, 5_190, 0, 0, 12, 8, 0])],
    );
    let rejected = submission(4, "mihon-dental", "uke-dental", Rejected, &[]);
    let band = |i: u16, male: u64, female: u64| AgeBand {
        from: i * 5,
        until: (i < 18).then_some(i * 5 + 4),
        male,
        female,
    };
    let shape: [u64; 19] =
        [310, 330, 352, 361, 340, 322, 350, 402, 455, 530, 610, 588, 560, 640, 782, 690, 470, 262, 8];
    NightReport {
        night: jiff::civil::date(2026, 4, 10),
        made_at: at(95),
        house: "見本事業者".into(),
        submissions: vec![medical, checkup, hl7, rejected],
        lake: LakeView {
            commit: 41,
            dead_units: 1_288,
            tables: [
                ("condition_occurrence", 640_310),
                ("cost", 182_003),
                ("drug_exposure", 1_204_118),
                ("measurement", 2_310_442),
                ("observation", 40_118),
                ("person", 21_004),
                ("procedure_occurrence", 1_702_334),
                ("visit_occurrence", 402_112),
            ]
            .into_iter()
            .map(|(table, rows)| TableCount {
                table: table.into(),
                rows,
                bytes: rows * 23,
                files: rows / 50_000 + 1,
            })
            .collect(),
        },
        people: Some(People { identities: 21_004, persons: 16_870, conflicts_open: 23 }),
        pyramid: (0..19)
            .map(|i| {
                let n = shape[usize::from(i)];
                band(i, n, n + u64::from(i) * 9)
            })
            .collect(),
        cell_min_persons: 10,
        opt_outs: Some(17),
        releases: vec![ReleaseSummary {
            release_id: "R-20260410-001".into(),
            title: "糖尿病の受診と検査値（見本）".into(),
            approval_id: "A-20260401-003".into(),
            scope_hash: DocumentHash::of(b"scope").to_string(),
            manifest_hash: DocumentHash::of(b"manifest").to_string(),
            commit: 41,
            sealed_at: at(90),
            cells_shown: 412,
            cells_hidden: 38,
            verified: Some(true),
        }],
        places: vec![
            Place { what: "台帳の検証".into(), at: "musubi audit verify".into() },
            Place {
                what: "一つの事実を原本まで追う".into(), at: "musubi trace fact <fact_id>".into()
            },
            Place { what: "受領通知".into(), at: "reports/<提出番号>.html".into() },
        ],
        audit: Some(Checkpoint { seq: 318, hash: DocumentHash::of(b"audit").to_string() }),
        parameter_hash: DocumentHash::of(b"parameters").to_string(),
        code_version: "musubi 0.1.0".into(),
    }
}
