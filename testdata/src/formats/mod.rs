//! The other formats of the founding table, one writer for each: persons in, files of that format out.
//!
//! A writer is a pure function of its [`Job`]: the same job gives the same bytes. It writes one person after the other
//! and holds one file in memory, so a job has at most [`PERSONS_PER_JOB`] persons. What it writes is valid: the clean
//! corpus raises no warning and no error. It must never use the code under test.

mod care;
mod cda;
mod dpc;
mod qr;
mod receipt;
mod ssmix2;
mod table;

use std::collections::BTreeMap;

use jiff::civil::Date;
use musubi_model::Sex;
use musubi_model::checkdigit::modulus10_weight21_digit;
use musubi_model::manifest::FeedKind;

use crate::people::{Frame, Person, age_on, each_person};
use crate::place::{PREFECTURES, Provider};
use crate::rng::{Rng, Use};
use crate::seen::{Seen, seen};
use crate::{ErrorRates, SynthError};

/// Persons of one job, at most.
pub const PERSONS_PER_JOB: usize = 1_000;

/// A person as one sender has them.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Counted from 1 over the region; only for drawing, never written out.
    pub number: u64,
    /// Chart number at the sender.
    pub chart: String,
    /// Family and given name, kanji.
    pub kanji: (String, String),
    /// Family and given name, kana; both may be empty.
    pub kana: (String, String),
    /// Birth date.
    pub birth: Date,
    /// Sex.
    pub sex: Sex,
    /// Age in whole years on the first day of the job's month.
    pub age: i64,
    /// Insurer number: 8 digits, 6 for national health insurance.
    pub insurer: String,
    /// 記号; may be empty.
    pub symbol: String,
    /// 番号.
    pub insured_number: String,
    /// 枝番; empty where the insurance has none.
    pub branch: String,
    /// 本人 (true) or 家族.
    pub own: bool,
    /// 生活保護: no insurer, `insurer` is the public payer's number and `insured_number` the recipient's (7 digits).
    pub assistance: bool,
    /// Prefecture, JIS X 0401.
    pub prefecture: &'static str,
    /// `NNN-NNNN`.
    pub postal: String,
    /// One line.
    pub address: String,
    /// Telephone.
    pub phone: String,
    /// Insured of long-term care with a certificate.
    pub care: Option<CareInsured>,
}

/// A certificate of the need for care (要介護認定).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareInsured {
    /// 介護保険者番号, 6 digits.
    pub insurer: String,
    /// 被保険者番号, 10 digits.
    pub number: String,
    /// 要介護状態区分: `12`, `13`, `21` … `25`.
    pub level: &'static str,
}

/// Who sends.
#[derive(Debug, Clone)]
pub struct Site {
    /// Ten digits: prefecture 2, fee table 1, institution 7.
    pub id: String,
    /// Seven digits.
    pub institution: String,
    /// Name, full width.
    pub name: String,
    /// Prefecture, JIS X 0401.
    pub prefecture: &'static str,
    /// Telephone.
    pub phone: String,
}

/// What a writer writes: these persons of this sender.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The persons. Not everybody has something to say in every format; the writer decides.
    pub subjects: &'a [Subject],
    /// The sender.
    pub site: &'a Site,
    /// First day of the month of care.
    pub month: Date,
    /// Business date of the delivery.
    pub business_date: Date,
    /// Which job of this sender on this day, from 1; part of file names.
    pub part: u32,
    /// The region's seed.
    pub seed: u64,
}

impl Job<'_> {
    /// A stream of random numbers for a person and a purpose of the writer's own.
    pub(crate) fn rng(&self, subject: &Subject, purpose: u64) -> Rng {
        Rng::new(self.seed, Use::Care, &[subject.number, 1_000 + purpose])
    }
}

/// A file as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SynthFile {
    /// Path inside the submission, ASCII without spaces where the format allows.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its control totals, as a manifest has them: records by kind.
    pub totals: BTreeMap<String, u64>,
}

/// The writer of a format.
#[derive(Clone, Copy)]
pub struct Format {
    /// Kind of feed.
    pub kind: FeedKind,
    /// Interface version of the feed; for tables the interface's name.
    pub interface: &'static str,
    /// Who sends it, for names of feeds: `hospital`, `clinic`, `dental`, `pharmacy`, `municipality`, `care`.
    pub sender: &'static str,
    /// Writes the files of a job; none when nobody has anything.
    pub write: fn(&Job<'_>) -> Result<Vec<SynthFile>, SynthError>,
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Format({} {})", self.kind.as_str(), self.interface)
    }
}

/// All formats but the two that [`crate::write_region`] writes by itself (medical receipts, standard storage).
#[must_use]
pub fn all() -> Vec<Format> {
    [
        ssmix2::formats(),
        receipt::formats(),
        dpc::formats(),
        cda::formats(),
        table::formats(),
        care::formats(),
        qr::formats(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The files of one format for the first `persons` persons of a region with this seed: for tests and benches.
///
/// # Errors
/// A text of ours cannot be encoded; a defect.
pub fn sample(format: &Format, persons: u64, seed: u64) -> Result<Vec<SynthFile>, SynthError> {
    let frame = Frame { seed, nights: 1, first_night: Date::constant(2026, 10, 9) };
    let provider = Provider::at(seed, 0, 0, 13);
    let subjects = sample_subjects(persons, seed);
    let site = site(&provider);
    let mut files = Vec::new();
    for (part, subjects) in (1u32..).zip(subjects.chunks(PERSONS_PER_JOB)) {
        files.extend((format.write)(&Job {
            subjects,
            site: &site,
            month: frame.month(1),
            business_date: frame.first_night,
            part,
            seed,
        })?);
    }
    Ok(files)
}

/// The persons that [`sample`] tells of, as its sender has them: for tests that look for them where they must not stand.
#[must_use]
pub fn sample_subjects(persons: u64, seed: u64) -> Vec<Subject> {
    let frame = Frame { seed, nights: 1, first_night: Date::constant(2026, 10, 9) };
    let provider = Provider::at(seed, 0, 0, 13);
    let mut subjects = Vec::new();
    let done: Result<(), std::convert::Infallible> = each_person(&frame, 0, persons, |person| {
        if person.birth < frame.month(1) {
            subjects.push(subject(&frame, &ErrorRates::NONE, person, &provider, frame.month(1), 1));
        }
        Ok(())
    });
    match done {
        Ok(()) => subjects,
        Err(never) => match never {},
    }
}

/// The sender that a provider is.
pub(crate) fn site(provider: &Provider) -> Site {
    Site {
        id: provider.id.clone(),
        institution: provider.institution.clone(),
        name: provider.name.clone(),
        prefecture: PREFECTURES.get(provider.prefecture).map_or("13", |p| p.0),
        phone: provider.phone.clone(),
    }
}

/// A person as a provider has them in `night`.
pub(crate) fn subject(
    frame: &Frame,
    rates: &ErrorRates,
    person: &Person,
    provider: &Provider,
    month: Date,
    night: u32,
) -> Subject {
    let register: Seen = seen(frame, rates, person, provider, month, night, night);
    let age = age_on(person.birth, month);
    let assistance = register.coverage.payer == crate::people::Payer::Assistance;
    Subject {
        number: person.number,
        chart: register.chart,
        kanji: register.kanji,
        kana: register.kana,
        birth: register.birth,
        sex: register.sex,
        age,
        insurer: register.coverage.insurer,
        symbol: register.coverage.symbol,
        insured_number: register.coverage.number,
        branch: register.coverage.branch,
        own: register.coverage.own,
        assistance,
        prefecture: register.home.prefecture,
        postal: register.home.postal,
        address: register.home.address,
        phone: register.home.phone,
        care: care_insured(frame, person, register.home.prefecture, age),
    }
}

/// About one in six of the elderly has a certificate, more of the very old.
fn care_insured(frame: &Frame, person: &Person, prefecture: &str, age: i64) -> Option<CareInsured> {
    let mut rng = Rng::new(frame.seed, Use::Chronic, &[person.number, 4_000]);
    let share = match age {
        ..65 => 0.0,
        65..75 => 0.05,
        75..85 => 0.2,
        _ => 0.55,
    };
    if !rng.chance(share) {
        return None;
    }
    // Municipality 999 of a prefecture is synthetic.
    let body = format!("{prefecture}999");
    let level = *rng.pick(&["12", "13", "21", "21", "22", "22", "23", "24", "25"]);
    Some(CareInsured {
        insurer: format!("{body}{}", modulus10_weight21_digit(&body).unwrap_or('0')),
        number: format!("{:010}", 1_000_000 + person.number),
        level,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_repeat_and_differ_by_seed() {
        for format in all() {
            let one = sample(&format, 300, 1).unwrap();
            assert_eq!(one, sample(&format, 300, 1).unwrap(), "{format:?}");
            assert_ne!(one, sample(&format, 300, 2).unwrap(), "{format:?}");
            assert!(one.iter().all(|f| !f.bytes.is_empty() && !f.totals.is_empty()), "{format:?}");
        }
    }
}
