//! Home-nursing receipts (RECEIPTH.UKE): mostly the old and the very ill, visited once a week or more. Yen.

use jiff::civil::Date;

use super::{
    Kind, Receipt, at, attendance, day, kind_code, names, payers, row, second_payer, sex, special, ym, ymd,
};
use crate::SynthError;
use crate::formats::{Job, Subject, SynthFile};

pub(super) fn write(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    super::write(job, &Kind { file: "RECEIPTH.UKE", head, before_each: None, close, each: visits })
}

fn head(job: &Job<'_>, reviewer: usize, billing: Date) -> String {
    let site = job.site;
    row(
        "HM",
        8,
        &[
            at(1, reviewer),
            at(2, site.prefecture),
            at(3, 6),
            at(4, &site.institution),
            at(5, &site.name),
            at(6, ym(billing)),
            at(7, &site.phone),
        ],
    )
}

/// GO of home nursing gives no totals.
fn close(_: u64, _: u64) -> String {
    "GO\r\n".to_owned()
}

fn visits(job: &Job<'_>, subject: &Subject, number: u64) -> Option<Receipt> {
    let mut rng = job.rng(subject, 204);
    let share_of_age = if subject.age >= 65 { 0.25 } else { 0.02 };
    if !rng.chance(share_of_age) {
        return None;
    }
    let disease = *rng.pick(&["3320002", "8842549", "4289018", "1519006", "8841702"]);
    let psychiatric = disease == "8841702";
    let mut days = Vec::new();
    let mut next = rng.between(1, 6);
    while next <= i64::from(job.month.days_in_month()) {
        days.push(day(job.month, next));
        next += rng.between(2, 7);
    }
    let share = if subject.assistance { '5' } else { '1' };
    let fee = if psychiatric { "530000110" } else { "510000110" };
    let mut body = String::new();
    let mut total = 0;
    for (day, visit) in days.iter().zip(1..) {
        let staff = *rng.pick(&["01", "03", "03", "05", "06"]);
        // 准看護師 are paid less.
        let yen: u64 = if staff == "06" { 5_050 } else { 5_550 };
        body += &row("KA", 9, &[at(1, ymd(*day)), at(2, share), at(3, fee), at(5, yen), at(6, staff)]);
        if rng.chance(0.1) {
            // 緊急訪問看護加算
            let columns = [at(1, ymd(*day)), at(2, share), at(3, "510004970"), at(5, 2_650)];
            body += &row("KA", 9, &columns);
            total += 2_650;
        }
        let management: u64 = if visit == 1 { 7_670 } else { 3_000 };
        body += &row("KA", 9, &[at(1, ymd(*day)), at(2, share), at(3, "550000110"), at(5, management)]);
        total += yen + management;
    }
    let (kanji, kana) = names(subject);
    let columns = [
        at(1, number),
        at(2, kind_code('6', subject, 0, false)),
        at(3, ym(job.month)),
        at(4, kanji),
        at(5, kana),
        at(6, sex(subject)),
        at(7, ymd(subject.birth)),
        at(11, special(subject)),
        at(13, &subject.chart),
    ];
    let mut text = row("RE", 15, &columns);
    let (paying, claims, _) =
        payers(subject, second_payer(subject, false).as_ref(), days.len() as u64, total, (12, &[]), (8, &[]));
    text += &paying;
    text += &attendance(subject, &days);
    let ordered = job.month.saturating_sub(jiff::Span::new().days(rng.between(1, 40)));
    let until = ordered.saturating_add(jiff::Span::new().months(4));
    text += &row(
        "IH",
        7,
        &[
            at(1, job.site.prefecture),
            at(2, 1),
            at(3, "5000013"),
            at(4, "見本指示医院"),
            at(5, "見本　医師"),
            at(6, ymd(ordered)),
        ],
    );
    text += &row(
        "HJ",
        4,
        &[at(1, if psychiatric { "03" } else { "01" }), at(2, ymd(ordered)), at(3, ymd(until))],
    );
    let mut state =
        vec![at(1, "全身の状態は安定している"), at(2, if disease == "3320002" { "01" } else { "03" })];
    if disease == "3320002" {
        state.push(at(3, "008"));
    }
    if psychiatric {
        state.extend([at(4, rng.pick(&["04", "05", "06"])), at(5, ymd(day(job.month, 1)))]);
    }
    text += &row("JS", 6, &state);
    text += &row("SY", 5, &[at(1, disease)]);
    let begun = ordered.saturating_sub(jiff::Span::new().days(rng.between(0, 400)));
    text += &row("RJ", 29, &[at(1, ymd(begun.max(subject.birth))), at(2, "01")]);
    text += &body;
    Some(Receipt { text, claims, total })
}
