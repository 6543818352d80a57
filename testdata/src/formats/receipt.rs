//! DPC, dental, dispensing and home-nursing receipts.
//!
//! One file for each review organisation (審査支払機関): employees' insurance and public assistance at one, municipal
//! insurance and the very old at the other. Every file closes with a GO that agrees with its receipts.

use std::collections::BTreeMap;

use jiff::civil::Date;
use musubi_model::Sex;
use musubi_model::checkdigit::modulus10_weight21_digit;
use musubi_model::manifest::FeedKind;

use super::{Format, Job, Subject, SynthFile};
use crate::SynthError;
use crate::place::full_width;

mod dental;
mod dispensing;
mod dpc;
mod nursing;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    vec![
        Format { kind: FeedKind::ReceiptDpc, interface: "", sender: "hospital", write: dpc::write },
        Format { kind: FeedKind::ReceiptDental, interface: "", sender: "dental", write: dental::write },
        Format {
            kind: FeedKind::ReceiptDispensing,
            interface: "",
            sender: "pharmacy",
            write: dispensing::write,
        },
        Format { kind: FeedKind::ReceiptNursing, interface: "", sender: "care", write: nursing::write },
    ]
}

/// A receipt as text and what GO must say of it.
struct Receipt {
    text: String,
    /// HO and KO records.
    claims: u64,
    /// HO's total, or the first KO's.
    total: u64,
}

/// How a kind of receipt is written.
struct Kind {
    /// File name.
    file: &'static str,
    /// The head record for a review organisation and the billing month.
    head: fn(&Job<'_>, usize, Date) -> String,
    /// A record before each receipt (dental files have one).
    before_each: Option<fn(&Job<'_>, usize, Date) -> String>,
    /// The closing record for claims and total.
    close: fn(u64, u64) -> String,
    /// The receipt of a person under a number; `None` when they were not there.
    each: fn(&Job<'_>, &Subject, u64) -> Option<Receipt>,
}

/// Writes the files of a job.
fn write(job: &Job<'_>, kind: &Kind) -> Result<Vec<SynthFile>, SynthError> {
    let billing = next_month(job.month);
    let mut open: BTreeMap<usize, (String, u64, u64, u64)> = BTreeMap::new();
    for subject in job.subjects {
        let reviewer = reviewer(subject);
        let number = open.get(&reviewer).map_or(1, |o| o.3 + 1);
        let Some(receipt) = (kind.each)(job, subject, number) else { continue };
        let slot = open.entry(reviewer).or_insert_with(|| ((kind.head)(job, reviewer, billing), 0, 0, 0));
        if let Some(before) = kind.before_each {
            slot.0.push_str(&before(job, reviewer, billing));
        }
        slot.0.push_str(&receipt.text);
        slot.1 += receipt.claims;
        slot.2 += receipt.total;
        slot.3 = number;
    }
    let mut files = Vec::new();
    for (reviewer, (mut text, claims, total, _)) in open {
        text.push_str(&(kind.close)(claims, total));
        let mut totals = BTreeMap::new();
        crate::uke::count_records(&text, &mut totals);
        totals.insert("points".to_owned(), total);
        files.push(SynthFile {
            path: format!("{reviewer}/{:03}/{}", job.part, kind.file),
            bytes: crate::uke::encode(&text)?,
            totals,
        });
    }
    Ok(files)
}

/// 1 支払基金, 2 国保連.
fn reviewer(subject: &Subject) -> usize {
    if !subject.assistance && (subject.insurer.len() == 6 || subject.insurer.starts_with("39")) {
        2
    } else {
        1
    }
}

/// A record of `columns` columns, the given ones filled.
fn row<S: AsRef<str>>(id: &str, columns: usize, filled: &[(usize, S)]) -> String {
    let mut fields = vec![""; columns];
    for (column, value) in filled {
        if let Some(field) = fields.get_mut(*column) {
            *field = value.as_ref();
        }
    }
    if let Some(field) = fields.first_mut() {
        *field = id;
    }
    fields.join(",") + "\r\n"
}

/// A column and its value.
#[allow(clippy::needless_pass_by_value, reason = "numbers and texts are written where they are used")]
fn at(column: usize, value: impl ToString) -> (usize, String) {
    (column, value.to_string())
}

fn ymd(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn ym(day: Date) -> String {
    format!("{:04}{:02}", day.year(), day.month())
}

fn next_month(month: Date) -> Date {
    month.saturating_add(jiff::Span::new().months(1))
}

/// A day of the job's month; days beyond its end are its last day.
fn day(month: Date, day: i64) -> Date {
    let last = i64::from(month.days_in_month());
    month.first_of_month().saturating_add(jiff::Span::new().days(day.clamp(1, last) - 1))
}

fn sex(subject: &Subject) -> &'static str {
    if subject.sex == Sex::Female { "2" } else { "1" }
}

/// Name with a full-width blank, kana without.
fn names(subject: &Subject) -> (String, String) {
    (format!("{}　{}", subject.kanji.0, subject.kanji.1), format!("{}{}", subject.kana.0, subject.kana.1))
}

fn checked(body: &str) -> String {
    format!("{body}{}", modulus10_weight21_digit(body).unwrap_or('0'))
}

/// レセプト種別: the kind's digit, who pays, how many pay, who and where.
fn kind_code(digit: char, subject: &Subject, publics: usize, inpatient: bool) -> String {
    let shift = u32::from(!inpatient);
    let who = |n: u32| char::from_digit((n + shift) % 10, 10).unwrap_or('2');
    if subject.assistance {
        return format!("{digit}2{}{}", publics.max(1), who(1));
    }
    let payer = if subject.insurer.starts_with("39") { '3' } else { '1' };
    let who = match subject.age {
        0..=5 => who(3),
        70.. => who(7),
        _ if subject.own => who(1),
        _ => who(5),
    };
    format!("{digit}{payer}{}{who}", publics + 1)
}

/// 特記事項 of the elderly (高齢受給者・後期, general).
fn special(subject: &Subject) -> &'static str {
    if subject.age >= 70 && !subject.assistance { "29" } else { "" }
}

/// A second payer: children's care of the municipality, for some.
fn second_payer(subject: &Subject, chance: bool) -> Option<(String, String)> {
    (subject.age < 15 && !subject.assistance && chance).then(|| {
        let payer = checked(&format!("83{}980", subject.prefecture));
        (payer, checked(&format!("{:06}", subject.number * 7 % 1_000_000)))
    })
}

/// HO and KO with `days` and `total`, and what stands in more columns of them; 負担区分 of the receipt's lines.
fn payers(
    subject: &Subject,
    second: Option<&(String, String)>,
    days: u64,
    total: u64,
    ho: (usize, &[(usize, String)]),
    ko: (usize, &[(usize, String)]),
) -> (String, u64, char) {
    let mut text = String::new();
    let mut claims = 0;
    if !subject.assistance {
        let mut columns = vec![
            at(1, format!("{:>8}", subject.insurer)),
            at(2, full_width(&subject.symbol)),
            at(3, full_width(&subject.insured_number)),
            at(4, days),
            at(5, total),
        ];
        columns.extend_from_slice(ho.1);
        text += &row("HO", ho.0, &columns);
        claims += 1;
    }
    let public = match second {
        _ if subject.assistance => Some((subject.insurer.clone(), subject.insured_number.clone())),
        other => other.cloned(),
    };
    if let Some((payer, recipient)) = &public {
        let mut columns = vec![at(1, payer), at(2, recipient), at(4, days), at(5, total)];
        columns.extend_from_slice(ko.1);
        text += &row("KO", ko.0, &columns);
        claims += 1;
    }
    let share = match (subject.assistance, public) {
        (true, _) => '5',
        (false, Some(_)) => '2',
        (false, None) => '1',
    };
    (text, claims, share)
}

/// SN and JD after the payers: the branch number and the days of attendance.
fn attendance(subject: &Subject, days: &[Date]) -> String {
    let mut text = String::new();
    if !subject.assistance && !subject.branch.is_empty() {
        text += &row("SN", 9, &[at(1, 1), at(2, "01"), at(6, &subject.branch)]);
    }
    let mut columns = vec![at(1, if subject.assistance { 2 } else { 1 })];
    for day in days {
        columns.push(at(1 + usize::from(day.day().unsigned_abs()), 1));
    }
    text + &row("JD", 33, &columns)
}
