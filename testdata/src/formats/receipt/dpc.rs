//! DPC receipts (RECEIPTD.UKE): admissions with their classification, diagnoses, bundle and coding data; now and then a
//! total receipt (総括) with a DPC and a medical part below it.

use jiff::civil::Date;

use super::{
    Kind, Receipt, at, attendance, day, kind_code, names, payers, row, second_payer, sex, special, ym, ymd,
};
use crate::SynthError;
use crate::formats::{Job, Subject, SynthFile};
use crate::rng::Rng;

/// Why somebody is admitted, and what it comes to.
struct Case {
    dpc: &'static str,
    /// Main disease: receipt code and ICD-10.
    disease: (&'static str, &'static str),
    /// Operation: code, number of the fee table, class, points.
    operation: Option<(&'static str, &'static str, &'static str, u64)>,
    /// Days of the stay.
    days: (i64, i64),
    /// Points a day in the periods 1, 2 and 3, and the last days of the first two.
    points: [u64; 3],
    periods: [u64; 2],
    ages: (i64, i64),
}

#[rustfmt::skip] // one row a line: it is a table
const CASES: [Case; 6] = [
    Case { dpc: "040080x099x0xx", disease: ("4860030", "J189"), operation: None, days: (5, 14), points: [2810, 2010, 1708], periods: [6, 12], ages: (0, 110) },
    Case { dpc: "060100xx01xx0x", disease: ("2113008", "D126"), operation: Some(("150285010", "K721-1", "0001", 5000)), days: (2, 3), points: [2460, 1940, 1650], periods: [1, 3], ages: (30, 110) },
    Case { dpc: "050130xx9900xx", disease: ("4289018", "I509"), operation: None, days: (8, 20), points: [2790, 2060, 1750], periods: [9, 18], ages: (50, 110) },
    Case { dpc: "050050xx9910xx", disease: ("4139007", "I209"), operation: Some(("150375310", "K549-2", "0002", 24380)), days: (3, 6), points: [2950, 2180, 1850], periods: [2, 5], ages: (40, 110) },
    Case { dpc: "020110xx97xxx0", disease: ("3669004", "H269"), operation: Some(("150253010", "K282-1", "0003", 12100)), days: (2, 4), points: [2540, 1870, 1590], periods: [1, 4], ages: (45, 110) },
    Case { dpc: "070230xx01xxxx", disease: ("7153018", "M179"), operation: Some(("150019210", "K082-1", "0004", 37690)), days: (14, 26), points: [2620, 1900, 1610], periods: [11, 23], ages: (50, 110) },
];

/// Diseases that stand beside: receipt code and ICD-10.
const BESIDE: [(&str, &str); 3] = [("8833421", "I10"), ("2500015", "E11"), ("8844446", "E785")];
/// JCS grades and their frequency.
const JCS: [&str; 6] = ["0", "0", "0", "1", "2", "10"];

pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    super::write(
        job,
        &Kind { file: "RECEIPTD.UKE", head, before_each: None, close: crate::uke::closing, each: admission },
    )
}

fn head(job: &Job<'_>, reviewer: usize, billing: Date) -> String {
    let site = job.site;
    row(
        "IR",
        10,
        &[
            at(1, reviewer),
            at(2, site.prefecture),
            at(3, 1),
            at(4, &site.institution),
            at(6, &site.name),
            at(7, ym(billing)),
            at(8, "00"),
            at(9, &site.phone),
        ],
    )
}

fn admission(job: &Job<'_>, subject: &Subject, number: u64) -> Option<Receipt> {
    let mut rng = job.rng(subject, 201);
    if !rng.chance(0.15) {
        return None;
    }
    let fitting: Vec<&Case> = CASES.iter().filter(|c| (c.ages.0..=c.ages.1).contains(&subject.age)).collect();
    let case = fitting.get(usize::try_from(rng.below(fitting.len() as u64)).ok()?)?;
    let stay = rng.between(case.days.0, case.days.1);
    let first = rng.between(1, (i64::from(job.month.days_in_month()) - stay).max(1));
    let (admitted, discharged) = (day(job.month, first), day(job.month, first + stay - 1));
    if admitted < subject.birth {
        return None;
    }
    let days: Vec<Date> = (first..first + stay).map(|d| day(job.month, d)).collect();
    let count = u64::try_from(days.len()).unwrap_or(0);
    let total = rng.chance(0.1);
    let share = if subject.assistance { '5' } else { '1' };

    let bundle = bundle(case, count, job.month, share, &mut rng);
    let operation = case.operation.map_or(0, |o| o.3);
    let fees = fees(case, share, first);
    let medical = if total { 288 } else { 0 };
    let points = bundle.1 + operation + medical;
    let meals = count * 3 - 1;

    let mut text = common(job, subject, number, admitted, if total { "1" } else { "0" });
    let ho = [at(7, meals), at(8, meals * 670), at(11, 57_600)];
    let ko = [at(10, meals), at(11, meals * 670)];
    let (paying, claims, _) =
        payers(subject, second_payer(subject, false).as_ref(), count, points, (15, &ho), (12, &ko));
    text += &paying;
    text += &attendance(subject, &days);
    if total {
        text += &common(job, subject, number, admitted, "2");
    }
    text += &stay_records(case, subject, admitted, discharged, &mut rng);
    text += &bundle.0;
    text += &fees;
    text += &coding(&days, &mut rng);
    if total {
        text += &common(job, subject, number, admitted, "3");
        text += &row("SY", 8, &[at(1, case.disease.0), at(2, ymd(admitted)), at(3, 1), at(6, "01")]);
        let last = 12 + usize::from(discharged.day().unsigned_abs());
        let line = [at(1, 60), at(2, share), at(3, "160095710"), at(5, medical), at(6, 1), at(last, 1)];
        text += &row("SI", 44, &line);
    }
    Some(Receipt { text, claims, total: points })
}

fn common(job: &Job<'_>, subject: &Subject, number: u64, admitted: Date, part: &str) -> String {
    let (kanji, kana) = names(subject);
    row(
        "RE",
        38,
        &[
            at(1, number),
            at(2, kind_code('1', subject, 0, true)),
            at(3, ym(job.month)),
            at(4, kanji),
            at(5, sex(subject)),
            at(6, ymd(subject.birth)),
            at(8, ymd(admitted)),
            at(11, special(subject)),
            at(13, &subject.chart),
            at(16, part),
            at(21, "01"),
            at(36, kana),
        ],
    )
}

/// BU, SB, KK, SK: the stay and what decides its classification.
fn stay_records(case: &Case, subject: &Subject, admitted: Date, discharged: Date, rng: &mut Rng) -> String {
    let outcome = *rng.pick(&["1", "2", "2", "2", "4", "9"]);
    let mut text =
        row("BU", 6, &[at(1, case.dpc), at(2, ymd(admitted)), at(3, ymd(discharged)), at(4, outcome)]);
    for kind in ["01", "11", "21"] {
        text += &row("SB", 8, &[at(1, case.disease.0), at(4, case.disease.1), at(5, kind)]);
    }
    for ((code, icd), kind) in BESIDE.iter().zip(["41", "42", "43"]) {
        if subject.age >= 50 && rng.chance(0.4) {
            text += &row("SB", 8, &[at(1, code), at(4, icd), at(5, kind)]);
        }
    }
    let age = crate::people::age_on(subject.birth, admitted);
    let mut basics = vec![
        at(1, 0),
        at(2, rng.between(0, 1)),
        at(3, rng.pick(&["1", "1", "2", "3"])),
        at(5, 0),
        at(6, age),
        at(8, rng.pick(&JCS)),
    ];
    if rng.chance(0.3) {
        let before = admitted.saturating_sub(jiff::Span::new().days(rng.between(20, 700)));
        if before > subject.birth {
            basics.push(at(4, ymd(before)));
        }
    }
    if age == 0 {
        let months = admitted.since(subject.birth).map_or(0, |s| s.get_days() / 31);
        basics.push(at(7, rng.between(2_300, 3_800)));
        basics.push(at(13, months.min(11)));
    }
    if rng.chance(0.05) {
        basics.push(at(10, format!("{}.5", rng.between(0, 9))));
    }
    if case.dpc.starts_with("040080") {
        basics.push(at(11, rng.between(0, 4)));
    }
    text += &row("KK", 14, &basics);
    if let Some((code, section, class, _)) = case.operation {
        let columns = [at(1, code), at(2, section), at(3, ymd(admitted)), at(5, class)];
        text += &row("SK", 7, &columns);
    }
    text + &row(
        "GA",
        7,
        &[at(1, ym(admitted)), at(2, 2), at(3, "0".repeat(31)), at(4, case.dpc), at(5, "1.4215")],
    )
}

/// HH of the periods and GT, with what they come to.
fn bundle(case: &Case, days: u64, month: Date, share: char, rng: &mut Rng) -> (String, u64) {
    let first = days.min(case.periods[0]);
    let second = days.min(case.periods[1]) - first;
    let third = days - first - second;
    let mut text = String::new();
    let mut sum = 0;
    for ((points, days), period) in case.points.into_iter().zip([first, second, third]).zip(1..) {
        if days == 0 {
            continue;
        }
        let subtotal = points * days;
        sum += subtotal;
        let columns = [
            at(1, ym(month)),
            at(2, 2),
            at(3, 1),
            at(4, share),
            at(5, period),
            at(6, points),
            at(7, days),
            at(8, subtotal),
        ];
        text += &row("HH", 9, &columns);
    }
    let coefficient = u64::try_from(rng.between(11_500, 15_000)).unwrap_or(12_000);
    let evaluated = (sum * coefficient + 5_000) / 10_000;
    let columns = [
        at(1, ym(month)),
        at(2, 2),
        at(3, 1),
        at(4, share),
        at(5, sum),
        at(6, evaluated),
        at(7, 0),
        at(8, evaluated),
        at(9, 93),
    ];
    (text + &row("GT", 12, &columns), evaluated)
}

/// What is paid by fees beside the bundle: the operation.
fn fees(case: &Case, share: char, first: i64) -> String {
    let Some((code, _, _, points)) = case.operation else { return String::new() };
    let column = 12 + usize::try_from(first).unwrap_or(1);
    row("SI", 44, &[at(1, 50), at(2, share), at(3, code), at(5, points), at(6, 1), at(column, 1)])
}

/// CD: what was done inside the bundle.
fn coding(days: &[Date], rng: &mut Rng) -> String {
    let mut text = String::new();
    let mut order = 0;
    for day in days.iter().take(3) {
        let Some(drug) = crate::clinical::DRUGS.get(usize::try_from(rng.below(40)).unwrap_or(0)) else {
            continue;
        };
        order += 1;
        let columns = [
            at(1, ymd(*day)),
            at(2, 21),
            at(3, format!("{order:04}")),
            at(4, "001"),
            at(5, drug.code),
            at(6, drug.amount),
            at(9, 1),
        ];
        text += &row("CD", 11, &columns);
        order += 1;
        let columns = [
            at(1, ymd(*day)),
            at(2, 60),
            at(3, format!("{order:04}")),
            at(4, "001"),
            at(5, "160008010"),
            at(9, 1),
        ];
        text += &row("CD", 11, &columns);
    }
    if rng.chance(0.3) {
        let day = days.first().copied().unwrap_or_default();
        let columns = [
            at(1, ymd(day)),
            at(2, 40),
            at(3, format!("{:04}", order + 1)),
            at(4, "001"),
            at(5, "710010001"),
            at(6, 2),
            at(8, "001"),
            at(9, 1),
        ];
        text += &row("CD", 11, &columns);
    }
    text
}
