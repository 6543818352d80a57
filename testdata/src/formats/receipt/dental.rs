//! Dental receipts (RECEIPTS.UKE): decay, gums and lost teeth, with the teeth they are of.

use jiff::civil::Date;

use super::{
    Kind, Receipt, at, attendance, day, kind_code, names, payers, row, second_payer, sex, special, ym, ymd,
};
use crate::SynthError;
use crate::formats::{Job, Subject, SynthFile};
use crate::rng::Rng;

pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    super::write(
        job,
        &Kind {
            file: "RECEIPTS.UKE",
            head,
            before_each: Some(clinic),
            close: crate::uke::closing,
            each: treatment,
        },
    )
}

fn head(job: &Job<'_>, reviewer: usize, billing: Date) -> String {
    let site = job.site;
    row(
        "UK",
        10,
        &[
            at(1, reviewer),
            at(2, site.prefecture),
            at(3, 3),
            at(4, &site.institution),
            at(6, &site.name),
            at(7, ym(billing)),
            at(9, "00"),
        ],
    )
}

/// IR before each receipt.
fn clinic(job: &Job<'_>, reviewer: usize, billing: Date) -> String {
    let site = job.site;
    row(
        "IR",
        9,
        &[
            at(1, reviewer),
            at(2, site.prefecture),
            at(3, 3),
            at(4, &site.institution),
            at(6, ym(billing)),
            at(7, &site.phone),
        ],
    )
}

/// A line of SS with its additions, the days in the month and, on the last of its unit, its points.
struct Line {
    section: &'static str,
    code: &'static str,
    additions: &'static [(&'static str, u32)],
    points: Option<u64>,
}

fn line(line: &Line, share: char, days: &[Date]) -> String {
    let mut columns = vec![at(1, line.section), at(2, share), at(3, line.code), at(77, days.len())];
    for ((code, amount), pair) in line.additions.iter().zip(0..) {
        columns.push(at(6 + 2 * pair, code));
        columns.push(at(7 + 2 * pair, amount));
    }
    if let Some(points) = line.points {
        columns.push(at(76, points));
    }
    for day in days {
        columns.push(at(77 + usize::from(day.day().unsigned_abs()), 1));
    }
    row("SS", 109, &columns)
}

fn treatment(job: &Job<'_>, subject: &Subject, number: u64) -> Option<Receipt> {
    let mut rng = job.rng(subject, 202);
    if !rng.chance(0.35) || subject.age < 2 {
        return None;
    }
    let first = rng.between(1, 10);
    let mut days = vec![day(job.month, first)];
    if rng.chance(0.5) {
        days.push(day(job.month, first + rng.between(5, 14)));
    }
    let once = days.get(..1).unwrap_or_default();
    let again = days.get(1..).unwrap_or_default();
    let second = second_payer(subject, rng.chance(0.8));
    let share = match (subject.assistance, &second) {
        (true, _) => '5',
        (false, Some(_)) => '2',
        (false, None) => '1',
    };
    let (diseases, lines) = teeth(subject, &mut rng, once, again);
    let mut body = String::new();
    let mut points = 0;
    for (unit, days) in &lines {
        for part in unit {
            body += &line(part, share, days);
            points += part.points.unwrap_or(0) * days.len() as u64;
        }
    }
    if rng.chance(0.3) {
        let drug = ["620160501", "610407447"].get(usize::from(rng.chance(0.5)))?;
        let column = 7 + usize::from(once.first()?.day().unsigned_abs());
        let columns = [at(1, 21), at(2, share), at(3, drug), at(4, 3), at(5, 9), at(6, 3), at(column, 3)];
        body += &row("IY", 39, &columns);
        points += 27;
    }
    if rng.chance(0.2) {
        let column = 13 + usize::from(once.first()?.day().unsigned_abs());
        let columns =
            [at(1, 60), at(2, share), at(3, "799010101"), at(4, 1), at(12, 14), at(13, 1), at(column, 1)];
        body += &row("TO", 45, &columns);
        points += 14;
    }
    body += &row("CO", 6, &[at(1, 80), at(2, share), at(3, "810000001"), at(4, "経過は良好である")]);

    let (kanji, kana) = names(subject);
    let columns = [
        at(1, number),
        at(2, kind_code('3', subject, usize::from(second.is_some()), false)),
        at(3, ym(job.month)),
        at(4, kanji),
        at(5, sex(subject)),
        at(6, ymd(subject.birth)),
        at(9, ymd(*once.first()?)),
        at(10, rng.pick(&["1", "2"])),
        at(13, special(subject)),
        at(15, &subject.chart),
        at(25, kana),
    ];
    let mut text = row("RE", 27, &columns);
    let paid = [at(10, "")];
    let (paying, claims, _) =
        payers(subject, second.as_ref(), days.len() as u64, points, (14, &paid), (12, &[at(6, 0)]));
    text += &paying;
    text += &attendance(subject, &days);
    text += &diseases;
    text += &body;
    Some(Receipt { text, claims, total: points })
}

type Units<'d> = Vec<(Vec<Line>, &'d [Date])>;

/// Diseases with their teeth, and the units of what is done.
fn teeth<'d>(subject: &Subject, rng: &mut Rng, once: &'d [Date], again: &'d [Date]) -> (String, Units<'d>) {
    let start = once.first().copied().unwrap_or_default();
    // Quadrants 1 to 4; teeth 1 to 7 of an adult, 1 to 5 of a milk set (5 to 8).
    let (quadrant, tooth) = if subject.age < 7 {
        (rng.between(5, 8), rng.between(1, 5))
    } else {
        (rng.between(1, 4), rng.between(1, 7))
    };
    let formula = format!("10{quadrant}{tooth}00");
    let mut diseases = String::new();
    let mut hs = |code: &str, teeth: &str, outcome: i64, main: &str| {
        let columns = [at(1, ymd(start)), at(2, outcome), at(3, teeth), at(4, code), at(7, 1), at(9, main)];
        diseases += &row("HS", 13, &columns);
    };
    hs("5210010", &formula, rng.between(1, 2), "01");
    let mut units: Units<'d> =
        vec![(vec![Line { section: "11", code: "301000110", additions: &[], points: Some(267) }], once)];
    if !again.is_empty() {
        units
            .push((vec![Line { section: "12", code: "301001610", additions: &[], points: Some(58) }], again));
    }
    if subject.age >= 30 && rng.chance(0.6) {
        hs("5234009", "100000", 1, "");
        units
            .push((vec![Line { section: "13", code: "302000110", additions: &[], points: Some(100) }], once));
        units.push((
            vec![
                Line { section: "40", code: "309004710", additions: &[("CB023", 1)], points: None },
                Line { section: "", code: "309004810", additions: &[], points: Some(72) },
            ],
            once,
        ));
    }
    if subject.age >= 55 && rng.chance(0.3) {
        hs("5250001", &format!("10{quadrant}620"), 1, "");
        units.push((
            vec![Line {
                section: "60",
                code: "313006110",
                additions: &[("CA010", 1), ("CB045", 2)],
                points: Some(624),
            }],
            once,
        ));
    }
    units.push((
        vec![Line { section: "40", code: "309000110", additions: &[("CB001", 1)], points: Some(128) }],
        once,
    ));
    (diseases, units)
}
