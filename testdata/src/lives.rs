//! Lives without files (合成の人の経過): the persons of the generator with their dated events under standard codes, for
//! whoever needs the content of a delivery but none of its formats.
//!
//! The care is that of the region's receipts and storages: the same diseases at the same ages, the same drugs and
//! examinations, month by month. It must never hold a name, an address or a number of a person, synthetic as they are.

use std::collections::VecDeque;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::care::{Care, Patient, chronic, sites};
use crate::clinical::{DRUGS, ITEMS};
use crate::people::{Frame, Payer, Person, age_on, household};
use crate::place::DISTRICT_PERSONS;
use crate::rng::{Rng, Use};

/// What an event of a life is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LifeEventKind {
    /// A diagnosis (傷病), ICD-10 without the dot.
    Diagnosis,
    /// A drug (医薬品), YJ, 12 characters.
    Drug,
    /// A procedure (診療行為) of the receipt masters, 9 digits.
    Procedure,
    /// An examination (検査値), JLAC10, 17 characters.
    Measurement,
    /// A visit (受診): `outpatient`.
    Visit,
}

/// Something that happened to somebody who does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeEvent {
    /// What it is.
    pub kind: LifeEventKind,
    /// The code, in the system of its kind.
    pub code: &'static str,
    /// First day; of a diagnosis the day it was made, which may lie years before the period.
    pub day: Date,
    /// A diagnosis marked as suspected (疑い).
    pub suspected: bool,
    /// Days of a drug or visit; 0: has none.
    pub days: u16,
    /// What was measured: digits, and how many of them stand after the point.
    pub value: Option<(i64, u32)>,
    /// Unit of the value.
    pub unit: &'static str,
}

/// Somebody who does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwinLife {
    /// A woman.
    pub female: bool,
    /// Day of birth.
    pub birth: Date,
    /// Prefecture, JIS X 0401, two digits.
    pub prefecture: &'static str,
    /// Kind of insurance: law number (法別番号), or 国保.
    pub insurer: &'static str,
    /// Day of death in the period.
    pub death: Option<Date>,
    /// What happened in the period, month by month.
    pub events: Vec<LifeEvent>,
}

/// The lives of so many persons in a period, from its first to its last day. One household is in memory at a time. The
/// same arguments give the same lives.
pub fn lives(persons: u64, seed: u64, from: Date, to: Date) -> impl Iterator<Item = TwinLife> {
    let frame = Frame { seed, nights: 1, first_night: to.saturating_add(1.days()) };
    let mut waiting: VecDeque<Person> = VecDeque::new();
    let (mut made, mut next) = (0, 0);
    std::iter::from_fn(move || {
        if made == persons {
            return None;
        }
        let (district, index) = (made / DISTRICT_PERSONS, made % DISTRICT_PERSONS);
        if index == 0 {
            // A district begins with its own households.
            waiting.clear();
            next = 0;
        }
        while waiting.is_empty() {
            waiting.extend(household(&frame, district, next, index, made));
            next += 1;
        }
        made += 1;
        waiting.pop_front().map(|person| life(&frame, persons, &person, from, to))
    })
}

fn life(frame: &Frame, persons: u64, person: &Person, from: Date, to: Date) -> TwinLife {
    let persons_of = |district: u64| (persons - district * DISTRICT_PERSONS).min(DISTRICT_PERSONS);
    let ill = chronic(frame, person);
    let sites = sites(frame, persons_of, persons.div_ceil(DISTRICT_PERSONS), person, ill.len());
    let patient = Patient { frame, person, chronic: &ill, sites: &sites };
    let death = death(frame, person, from, to);
    let last = death.unwrap_or(to);
    let mut events = Vec::new();
    let mut month = from.first_of_month();
    while month <= last {
        for (nth, site) in (0u64..).zip(&sites) {
            // Care that the period cuts is told as far as it lies in it, like claims that began before it.
            let care = patient.month(site, month);
            if let Some(care) = care.filter(|c| c.days.iter().all(|d| (from..=last).contains(d))) {
                tell(frame, person, nth, &care, &mut events);
            }
        }
        let next = month.saturating_add(1.months());
        if next == month {
            break;
        }
        month = next;
    }
    let insurer = match person.coverage(from.max(person.birth), 1).payer {
        Payer::Association => "01",
        Payer::Union => "06",
        Payer::Mutual => "31",
        Payer::National => "国保",
        Payer::Elderly => "39",
        Payer::Assistance => "12",
    };
    let prefecture = person.home(1).prefecture;
    TwinLife { female: person.female, birth: person.birth, prefecture, insurer, death, events }
}

/// Deaths of a year: few below 65, one in fifty to 79, one in twelve above.
fn death(frame: &Frame, person: &Person, from: Date, to: Date) -> Option<Date> {
    let mut rng = Rng::new(frame.seed, Use::Event, &[person.number, 1 << 61]);
    let yearly = match age_on(person.birth, from) {
        ..=64 => 0.002,
        65..=79 => 0.02,
        _ => 0.08,
    };
    let days = i64::from(to.since(from).map_or(0, |span| span.get_days()));
    let day = from.saturating_add(rng.between(0, days.max(0)).days());
    let dies = rng.chance(yearly * (days + 1) as f64 / 365.0);
    (dies && day >= person.birth).then_some(day)
}

/// The events of care at the `nth` of a person's sites.
fn tell(frame: &Frame, person: &Person, nth: u64, care: &Care, events: &mut Vec<LifeEvent>) {
    let Some(first) = care.days.first().copied() else { return };
    let event =
        |kind, code, day| LifeEvent { kind, code, day, suspected: false, days: 0, value: None, unit: "" };
    events.extend(
        care.days.iter().map(|day| LifeEvent { days: 1, ..event(LifeEventKind::Visit, "outpatient", *day) }),
    );
    events.extend(care.diagnoses.iter().map(|d| LifeEvent {
        suspected: d.suspected,
        ..event(LifeEventKind::Diagnosis, d.disease.icd10, d.start)
    }));
    for given in &care.drugs {
        if let Some(drug) = DRUGS.get(given.drug) {
            let days = u16::try_from(given.days).unwrap_or(u16::MAX);
            events.push(LifeEvent { days, ..event(LifeEventKind::Drug, drug.yj, first) });
        }
    }
    let items = (0u64..).zip(&ITEMS).filter(|(_, i)| i.panels.iter().any(|p| care.panels.contains(p)));
    for (at, item) in items {
        let day = first.year().unsigned_abs().into();
        let words = [person.number, nth, day, first.day_of_year().unsigned_abs().into(), at];
        let value = Rng::new(frame.seed, Use::Lab, &words).between(item.values.0, item.values.1);
        events.push(LifeEvent {
            value: Some((value, item.decimals)),
            unit: item.unit,
            ..event(LifeEventKind::Measurement, item.jlac10, first)
        });
        events.push(event(LifeEventKind::Procedure, item.procedure.0, first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn some(persons: u64, seed: u64) -> Vec<TwinLife> {
        lives(persons, seed, date(2026, 1, 1), date(2026, 12, 31)).collect()
    }

    #[test]
    fn lives_repeat_and_follow_the_seed() {
        let all = some(300, 5);
        assert_eq!(all.len(), 300);
        assert_eq!(all, some(300, 5));
        assert_ne!(all, some(300, 6));
    }

    #[test]
    fn everything_happens_in_the_period_and_before_death() {
        let all = some(2_000, 9);
        let (from, to) = (date(2026, 1, 1), date(2026, 12, 31));
        for life in &all {
            let last = life.death.unwrap_or(to);
            assert!((from..=to).contains(&last));
            for event in &life.events {
                let began = event.kind == LifeEventKind::Diagnosis || event.day >= from;
                assert!(began && event.day <= last && event.day >= life.birth, "{event:?}");
                assert_eq!(event.value.is_some(), event.kind == LifeEventKind::Measurement);
            }
        }
        assert!(all.iter().any(|l| l.death.is_some()));
        let diabetes = |l: &&TwinLife| l.events.iter().any(|e| e.code == "E11");
        let share = all.iter().filter(diabetes).count();
        assert!((60..300).contains(&share), "{share}");
    }

    #[test]
    fn a_second_district_begins_where_the_first_ends() {
        let period = (date(2026, 12, 1), date(2026, 12, 2));
        let some = lives(DISTRICT_PERSONS + 3, 1, period.0, period.1);
        assert_eq!(some.count() as u64, DISTRICT_PERSONS + 3);
    }
}
