//! Dispensing receipts (RECEIPTY.UKE) in the layout since April 2022.

use jiff::civil::Date;

use super::{Kind, Receipt, at, day, kind_code, names, payers, row, second_payer, sex, special, ym, ymd};
use crate::SynthError;
use crate::clinical::{DRUGS, Drug, Route};
use crate::formats::{Job, Subject, SynthFile};

pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    super::write(
        job,
        &Kind { file: "RECEIPTY.UKE", head, before_each: None, close: crate::uke::closing, each: dispensed },
    )
}

fn head(job: &Job<'_>, reviewer: usize, billing: Date) -> String {
    let site = job.site;
    row(
        "YK",
        9,
        &[
            at(1, reviewer),
            at(2, site.prefecture),
            at(3, 4),
            at(4, &site.institution),
            at(5, &site.name),
            at(6, ym(billing)),
            at(7, "00"),
            at(8, &site.phone),
        ],
    )
}

/// Form (剤形), usage (用法), fee for the preparation and for the management.
fn fees(drug: &Drug, days: u64) -> (&'static str, &'static str, (&'static str, u64), (&'static str, u64)) {
    let management = match days {
        0..=7 => ("440011510", 4),
        8..=14 => ("440011610", 28),
        15..=28 => ("440011710", 50),
        _ => ("440011810", 60),
    };
    let usage = match drug.usage {
        "１日１回朝食後" => "006",
        "１日１回夕食後" => "012",
        "１日２回朝夕食後" => "018",
        "１日３回毎食後" => "003",
        _ => "900",
    };
    match drug.route {
        Route::Oral => ("1", usage, ("420001810", 24), management),
        Route::AsNeeded => ("3", "900", ("420002410", 21), ("440011910", 4)),
        Route::External => ("5", "900", ("420002510", 10), ("440011910", 4)),
    }
}

fn dispensed(job: &Job<'_>, subject: &Subject, number: u64) -> Option<Receipt> {
    let mut rng = job.rng(subject, 203);
    if !rng.chance(0.4) {
        return None;
    }
    let prescribed = day(job.month, rng.between(1, 24));
    let dispensed = day(job.month, i64::from(prescribed.day()) + rng.between(0, 3));
    let second = second_payer(subject, rng.chance(0.8));
    let share = match (subject.assistance, &second) {
        (true, _) => "5",
        (false, Some(_)) => "2",
        (false, None) => "1",
    };
    let mut body = String::new();
    let mut points = 0;
    for prescription in 1..=rng.between(1, 4) {
        let drug = DRUGS.get(usize::try_from(rng.below(DRUGS.len() as u64)).ok()?)?;
        let days = match drug.route {
            Route::Oral => u64::try_from(*rng.pick(&[5i64, 7, 14, 28, 30, 60])).ok()?,
            Route::AsNeeded => u64::try_from(rng.between(3, 10)).ok()?,
            Route::External => 1,
        };
        let (form, usage, fee, management) = fees(drug, days);
        let unit = (u64::from(drug.price) * u64::from(drug.amount)).div_ceil(1_000).max(1);
        let in_words = if usage == "900" { drug.usage } else { "" };
        body += &row(
            "SH",
            10,
            &[at(1, format!("{prescription:02}")), at(2, form), at(3, usage), at(4, in_words), at(5, unit)],
        );
        let mut columns = vec![
            at(1, 1),
            at(2, ymd(prescribed)),
            at(3, ymd(dispensed)),
            at(4, 1),
            at(5, days),
            at(6, share),
            at(7, 1),
            at(8, format!("{prescription:02}")),
            at(9, fee.0),
            at(10, fee.1),
            at(13, unit * days),
            at(57, share),
            at(58, 1),
            at(59, format!("{prescription:02}")),
            at(60, management.0),
            at(61, management.1),
        ];
        points += fee.1 + unit * days + management.1;
        if rng.chance(0.1) {
            columns.extend([at(15, share), at(16, "430000370"), at(17, 8)]);
            points += 8;
        }
        body += &row("CZ", 71, &columns);
        body += &row("IY", 10, &[at(1, share), at(2, drug.code), at(3, drug.amount)]);
        if rng.chance(0.15) {
            body += &row("CO", 3, &[at(1, "810000001"), at(2, "患者の希望による")]);
        }
    }
    let guidance: (&str, u64) = if rng.chance(0.7) { ("440012010", 45) } else { ("440012110", 59) };
    body += &row(
        "KI",
        114,
        &[
            at(1, ymd(dispensed)),
            at(2, 1),
            at(3, share),
            at(4, "410005910"),
            at(5, 35),
            at(7, share),
            at(8, guidance.0),
            at(9, 1),
            at(10, guidance.1),
            at(69, share),
            at(70, "450001170"),
            at(71, 1),
            at(72, 30),
        ],
    );
    points += 35 + guidance.1 + 30;

    let (kanji, kana) = names(subject);
    let columns = [
        at(1, number),
        at(2, kind_code('4', subject, usize::from(second.is_some()), false)),
        at(3, ym(job.month)),
        at(4, kanji),
        at(5, sex(subject)),
        at(6, ymd(subject.birth)),
        at(8, special(subject)),
        at(9, job.site.prefecture),
        at(10, 1),
        at(11, format!("50000{:02}", subject.number % 40)),
        at(12, "見本処方医院"),
        at(14, "見本　医師"),
        at(35, &subject.chart),
        at(41, kana),
    ];
    let mut text = row("RE", 42, &columns);
    let (paying, claims, _) = payers(subject, second.as_ref(), 1, points, (14, &[]), (10, &[]));
    text += &paying;
    if !subject.assistance && !subject.branch.is_empty() {
        text += &row("SN", 9, &[at(1, 1), at(2, "01"), at(6, &subject.branch)]);
    }
    text += &body;
    Some(Receipt { text, claims, total: points })
}
