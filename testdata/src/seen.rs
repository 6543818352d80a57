//! What a provider wrote down about a person: the truth, or the truth with the errors real registers have.
//!
//! An error sticks: a register that misspells somebody does so every time. Each kind has its own rate, and with all
//! rates 0 nothing differs from the truth. Sources of the kinds: reports on matching of Japanese health data.

use jiff::civil::Date;
use musubi_model::Sex;

use crate::names;
use crate::people::{Coverage, Frame, Person};
use crate::place::{Home, Provider};
use crate::rng::{Rng, Use};
use crate::{ErrorKind, ErrorRates};

/// A person as one provider's register has them.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) chart: String,
    /// Family and given name, kanji.
    pub(crate) kanji: (String, String),
    /// Family and given name, kana; both empty when the register has none.
    pub(crate) kana: (String, String),
    pub(crate) birth: Date,
    pub(crate) sex: Sex,
    pub(crate) coverage: Coverage,
    pub(crate) home: Home,
    /// The errors that came true.
    pub(crate) errors: Vec<ErrorKind>,
}

/// The first character that has another form is written in that form.
fn with_variant(text: &str) -> Option<String> {
    let at = text.chars().position(|c| names::variant_of(c).is_some())?;
    Some(
        text.chars()
            .enumerate()
            .map(|(i, c)| if i == at { names::variant_of(c).unwrap_or(c) } else { c })
            .collect(),
    )
}

/// A birth date with two digits next to each other swapped, where that is a day of the past.
fn swapped_birth(rng: &mut Rng, birth: Date, before: Date) -> Option<Date> {
    let digits: Vec<char> =
        format!("{:04}{:02}{:02}", birth.year(), birth.month(), birth.day()).chars().collect();
    let start = rng.below(5);
    (0..5).find_map(|k| {
        // The century stays: nobody's register has people of the year 9180.
        let at = 2 + usize::try_from((start + k) % 5).unwrap_or(0);
        let mut swapped = digits.clone();
        swapped.swap(at, at + 1);
        let text: String = swapped.into_iter().collect();
        let day = Date::strptime("%Y%m%d", &text).ok()?;
        (day != birth && day < before && before.year() - day.year() < 110).then_some(day)
    })
}

/// An insurer number with two of its last four digits swapped, so that its check digit does not hold.
fn swapped_insurer(number: &str) -> Option<String> {
    let mut digits: Vec<char> = number.chars().collect();
    let len = digits.len();
    for at in (2..len.saturating_sub(1)).rev() {
        if digits.get(at) != digits.get(at + 1) {
            digits.swap(at, at + 1);
            let text: String = digits.iter().collect();
            if musubi_model::checkdigit::modulus10_weight21(&text) == Some(false) {
                return Some(text);
            }
            digits.swap(at, at + 1);
        }
    }
    None
}

/// The register entry of `person` at `provider`, as of `night`, with the insurance of `day`.
pub(crate) fn seen(
    frame: &Frame,
    rates: &ErrorRates,
    person: &Person,
    provider: &Provider,
    day: Date,
    night: u32,
    insurance_night: u32,
) -> Seen {
    let surname = person.surname(night);
    let cross = u64::from(person.district != provider.district) * crate::place::DISTRICT_PERSONS;
    let mut out = Seen {
        chart: provider.chart_number(person.index + cross),
        kanji: (surname.kanji.clone(), person.given.kanji.clone()),
        kana: (surname.kana.clone(), person.given.kana.clone()),
        birth: person.birth,
        sex: if person.female { Sex::Female } else { Sex::Male },
        coverage: person.coverage(day, insurance_night),
        home: person.home(night).clone(),
        errors: Vec::new(),
    };
    let mut rng = Rng::new(frame.seed, Use::Seen, &[person.number, provider.district, provider.slot]);
    // Every decision is drawn, so that a change of one rate leaves the others alone.
    let hit = ErrorKind::SEEN.map(|kind| (kind, rng.chance(rates.of(kind))));
    for (kind, _) in hit.into_iter().filter(|(_, hit)| *hit) {
        let came_true = match kind {
            ErrorKind::KanjiVariant => match (with_variant(&out.kanji.0), with_variant(&out.kanji.1)) {
                (Some(family), _) => {
                    out.kanji.0 = family;
                    true
                }
                (None, Some(given)) => {
                    out.kanji.1 = given;
                    true
                }
                (None, None) => false,
            },
            ErrorKind::LargeKana => {
                let large = (names::large_kana(&out.kana.0), names::large_kana(&out.kana.1));
                let differs = large != out.kana;
                out.kana = large;
                differs
            }
            ErrorKind::HalfWidthKana => {
                out.kana = (names::half_kana(&out.kana.0), names::half_kana(&out.kana.1));
                true
            }
            ErrorKind::MissingKana => {
                out.kana = (String::new(), String::new());
                true
            }
            ErrorKind::BirthDigits => match swapped_birth(&mut rng, person.birth, frame.month(3)) {
                Some(birth) => {
                    out.birth = birth;
                    true
                }
                None => false,
            },
            ErrorKind::InsurerDigits => match swapped_insurer(&out.coverage.insurer) {
                Some(number) => {
                    out.coverage.insurer = number;
                    true
                }
                None => false,
            },
            ErrorKind::DuplicateReceipt
            | ErrorKind::DuplicateFile
            | ErrorKind::Correction
            | ErrorKind::Deletion => false,
        };
        if came_true {
            out.errors.push(kind);
        }
    }
    out
}
