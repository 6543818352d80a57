//! The people of the region: households with their members, insurers and the events of their lives.
//!
//! A household is a pure function of (seed, district, index). Nobody is remembered: the writers make a household, use
//! it and drop it, so memory does not grow with the number of persons.

use jiff::ToSpan;
use jiff::civil::Date;
use musubi_model::checkdigit::modulus10_weight21_digit;

use crate::names::{self, Name};
use crate::place::Home;
use crate::rng::{Rng, Use};

/// Who pays (保険の種類).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payer {
    /// 協会けんぽ, law number 01.
    Association,
    /// 組合健保, 06.
    Union,
    /// 共済, 31–34.
    Mutual,
    /// 国民健康保険, six digits.
    National,
    /// 後期高齢者医療, 39.
    Elderly,
    /// 生活保護 (公費単独), 12.
    Assistance,
}

/// An insurance as its card shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coverage {
    pub(crate) payer: Payer,
    /// 8 digits, 6 for national health insurance.
    pub(crate) insurer: String,
    /// 記号, ASCII; may be empty.
    pub(crate) symbol: String,
    /// 番号, ASCII.
    pub(crate) number: String,
    /// 枝番, two digits, empty where the insurance has none.
    pub(crate) branch: String,
    /// The insured person (本人) or a dependant (家族).
    pub(crate) own: bool,
}

/// What happens to a person in the nights of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Move,
    Marriage,
    InsurerChange,
    Death,
}

/// An event, and the night from which records show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) night: u32,
    pub(crate) kind: EventKind,
}

/// A synthetic person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Counted from 1 over the whole region.
    pub(crate) number: u64,
    pub(crate) household: u64,
    pub(crate) district: u64,
    /// Counted from 0 within the district.
    pub(crate) index: u64,
    pub(crate) female: bool,
    pub(crate) birth: Date,
    pub(crate) given: Name,
    pub(crate) event: Option<Event>,
    member: u64,
    head: bool,
    surname: Name,
    surname_after: Name,
    home: Home,
    home_after: Home,
    payer: Payer,
    payer_after: Payer,
    seed: u64,
}

/// The frame in which people live.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) seed: u64,
    pub(crate) nights: u32,
    /// Business date of night 1.
    pub(crate) first_night: Date,
}

impl Frame {
    /// The business date of a night.
    pub(crate) fn business_date(&self, night: u32) -> Date {
        self.first_night.saturating_add(i64::from(night.saturating_sub(1)).days())
    }

    /// The first day of the month `back` months before that of the first night.
    pub(crate) fn month(&self, back: i32) -> Date {
        self.first_night.first_of_month().saturating_sub(back.months())
    }
}

/// Whole years of age on a day.
pub(crate) fn age_on(birth: Date, day: Date) -> i64 {
    let years = i64::from(day.year()) - i64::from(birth.year());
    if (day.month(), day.day()) < (birth.month(), birth.day()) { years - 1 } else { years }
}

/// Appends the check digit.
fn checked(body: &str) -> String {
    format!("{body}{}", modulus10_weight21_digit(body).unwrap_or('0'))
}

impl Person {
    /// The surname shown by records of a night.
    pub(crate) fn surname(&self, night: u32) -> &Name {
        if self.has(EventKind::Marriage, night) { &self.surname_after } else { &self.surname }
    }

    /// The home shown by records of a night.
    pub(crate) fn home(&self, night: u32) -> &Home {
        let moved = self.has(EventKind::Marriage, night) || self.has(EventKind::Move, night);
        if moved { &self.home_after } else { &self.home }
    }

    /// Has this event happened by `night`?
    pub(crate) fn has(&self, kind: EventKind, night: u32) -> bool {
        self.event.is_some_and(|e| e.kind == kind && e.night <= night)
    }

    /// The insurance on a day, as records of `night` show it. From the 75th birthday on it is that of the elderly.
    pub(crate) fn coverage(&self, day: Date, night: u32) -> Coverage {
        let changed = self.has(EventKind::InsurerChange, night);
        let payer = match if changed { self.payer_after } else { self.payer } {
            Payer::Assistance => Payer::Assistance,
            _ if age_on(self.birth, day) >= 75 => Payer::Elderly,
            other => other,
        };
        let household = self.household;
        // An employer's insurance stays when its people move; that of the municipality does not.
        let prefecture = match payer {
            Payer::National | Payer::Elderly | Payer::Assistance => self.home(night).prefecture,
            _ => self.home.prefecture,
        };
        let pool = Rng::new(self.seed, Use::Household, &[household, 77, u64::from(changed)]).below(40);
        let body = |law: &str, number: u64| checked(&format!("{law}{prefecture}{number:03}"));
        // Insurers 900 to 999 of each prefecture are synthetic.
        let (insurer, symbol) = match payer {
            Payer::Association => (body("01", 901), format!("{:08}", 71_000_000 + household * 37 % 900_000)),
            Payer::Union => (body("06", 910 + pool), format!("{}", 10 + pool * 13 % 990)),
            Payer::Mutual => (body("31", 960 + pool % 8), format!("{}", 100 + pool)),
            Payer::National => {
                let insurer = checked(&format!("{prefecture}{:03}", 900 + pool % 30));
                (insurer, if pool.is_multiple_of(2) { String::new() } else { format!("{}", 20 + pool) })
            }
            Payer::Elderly => (body("39", 990), String::new()),
            Payer::Assistance => (body("12", 970), String::new()),
        };
        let own_number = self.number * 7_654_321;
        let number = match payer {
            Payer::Elderly => format!("{:08}", own_number % 100_000_000),
            Payer::Assistance => checked(&format!("{:06}", own_number % 1_000_000)),
            _ => format!("{:07}", (household + 1) * if changed { 1_234_567 } else { 7_654_321 } % 10_000_000),
        };
        let branch = match payer {
            Payer::Elderly | Payer::Assistance => String::new(),
            Payer::National => format!("{:02}", self.member + 1),
            _ => format!("{:02}", self.member),
        };
        Coverage { payer, insurer, symbol, number, branch, own: self.head || payer == Payer::Elderly }
    }
}

/// Age and sex of one member before the person is made.
struct Seat {
    age: i64,
    female: bool,
    child: bool,
    twin: bool,
}

fn adult(age: i64, female: bool) -> Seat {
    Seat { age: age.clamp(18, 104), female, child: false, twin: false }
}

/// Draws who lives together, by the kinds of household of the census and with an age pyramid like Japan's.
fn seats(rng: &mut Rng) -> Vec<Seat> {
    let kind = rng.weighted(&[14, 12, 20, 20, 10, 20, 7, 4]);
    let mut out = Vec::with_capacity(7);
    let couple = |rng: &mut Rng, low: i64, high: i64, out: &mut Vec<Seat>| {
        let age = rng.between(low, high);
        out.push(adult(age, false));
        let wife = age - 2 + rng.between(-5, 5);
        out.push(adult(wife, true));
        wife.clamp(18, 104)
    };
    let children = |rng: &mut Rng, mother: i64, out: &mut Vec<Seat>| {
        let wanted = rng.weighted(&[45, 42, 13]) + 1;
        let mut made = 0;
        while made < wanted {
            let age = mother - rng.between(21, 40);
            let twins = rng.chance(0.02);
            let same = rng.chance(0.65);
            let female = rng.chance(0.487);
            if (0..=24).contains(&age) {
                out.push(Seat { age, female, child: true, twin: false });
                if twins {
                    out.push(Seat { age, female: female == same, child: true, twin: true });
                }
            }
            made += 1;
        }
    };
    match kind {
        0 => out.push(adult(rng.between(18, 39), rng.chance(0.47))),
        1 => out.push(adult(rng.between(40, 64), rng.chance(0.42))),
        2 => out.push(adult(64 + rng.between(1, 18) + rng.between(0, 16), rng.chance(0.68))),
        3 => {
            couple(rng, 64, 91, &mut out);
        }
        4 => {
            couple(rng, 25, 63, &mut out);
        }
        5 => {
            let mother = couple(rng, 27, 58, &mut out);
            children(rng, mother, &mut out);
        }
        6 => {
            let age = rng.between(24, 55);
            let mother = rng.chance(0.86);
            out.push(adult(age, mother));
            children(rng, age, &mut out);
        }
        _ => {
            let mother = couple(rng, 32, 56, &mut out);
            children(rng, mother, &mut out);
            let elder = (mother + rng.between(24, 34)).clamp(58, 100);
            if rng.chance(0.7) {
                out.push(adult(elder + 2, false));
            }
            out.push(adult(elder, true));
        }
    }
    out
}

/// The household `i` of a district. `first` is the index within the district, and `offset` the number within the
/// region, of its first member.
pub(crate) fn household(frame: &Frame, district: u64, i: u64, first: u64, offset: u64) -> Vec<Person> {
    let household = district * 20_000 + i;
    let mut rng = Rng::new(frame.seed, Use::Household, &[household]);
    let seats = seats(&mut rng);
    let surname = names::surname(&mut rng);
    let home = Home::draw(&mut rng, district);
    let home_after = Home::draw(&mut rng, district);
    let head_age = seats.first().map_or(40, |s| s.age);
    let payer = match rng.below(1000) {
        0..=15 => Payer::Assistance,
        // The young are mostly employed, those past 65 mostly in national health insurance.
        n if head_age >= 65 && n < 800 => Payer::National,
        n if n < 300 => Payer::National,
        n if n < 660 => Payer::Association,
        n if n < 930 => Payer::Union,
        _ => Payer::Mutual,
    };
    let payer_after = match payer {
        Payer::National => Payer::Association,
        Payer::Assistance => Payer::Assistance,
        _ => Payer::National,
    };
    let mut event = Rng::new(frame.seed, Use::Event, &[household]);
    let draw_night = |rng: &mut Rng| 2 + u32::try_from(rng.below(u64::from(frame.nights) - 1)).unwrap_or(0);
    let shared = if frame.nights < 2 {
        None
    } else {
        let night = draw_night(&mut event);
        match event.below(1000) {
            0..=14 => Some(Event { night, kind: EventKind::Move }),
            15..=29 if payer != Payer::Assistance => Some(Event { night, kind: EventKind::InsurerChange }),
            _ => None,
        }
    };
    let mut members: Vec<Person> = Vec::with_capacity(seats.len());
    for (member, seat) in (0u64..).zip(&seats) {
        let mut rng = Rng::new(frame.seed, Use::Person, &[household, member]);
        let days = rng.between(0, 364);
        let birth = match members.last() {
            Some(twin) if seat.twin => twin.birth,
            _ => frame
                .first_night
                .saturating_sub(i32::try_from(seat.age).unwrap_or(40).years())
                .saturating_sub(days.days()),
        };
        let mut given = names::given(&mut rng, seat.female);
        while members.iter().any(|m| m.given.kanji == given.kanji) {
            given = names::given(&mut rng, seat.female);
        }
        let mut own = None;
        if frame.nights >= 2 {
            let night = draw_night(&mut rng);
            let mortality = match seat.age {
                0..=64 => 0.0002,
                65..=79 => 0.002,
                _ => 0.008,
            };
            if rng.chance(mortality) {
                own = Some(Event { night, kind: EventKind::Death });
            } else if seats.len() == 1 && (20..=40).contains(&seat.age) && rng.chance(0.06) {
                own = Some(Event { night, kind: EventKind::Marriage });
            }
        }
        members.push(Person {
            number: offset + member + 1,
            household,
            district,
            index: first + member,
            female: seat.female,
            birth,
            given,
            event: own.or(shared),
            member,
            head: member == 0 && !seat.child,
            surname_after: names::surname(&mut rng),
            surname: surname.clone(),
            home: home.clone(),
            home_after: home_after.clone(),
            payer,
            payer_after,
            seed: frame.seed,
        });
    }
    members
}

/// Calls `f` for each person of a district of `persons` people, in order. One household is in memory at a time.
pub(crate) fn each_person<E>(
    frame: &Frame,
    district: u64,
    persons: u64,
    mut f: impl FnMut(&Person) -> Result<(), E>,
) -> Result<(), E> {
    let offset = district * crate::place::DISTRICT_PERSONS;
    let mut made = 0;
    let mut i = 0;
    while made < persons {
        for person in household(frame, district, i, made, offset + made) {
            if made < persons {
                f(&person)?;
                made += 1;
            }
        }
        i += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use musubi_model::checkdigit::modulus10_weight21;

    fn everyone(persons: u64) -> Vec<Person> {
        let frame = Frame { seed: 11, nights: 3, first_night: date(2026, 10, 9) };
        let mut all = Vec::new();
        each_person(&frame, 0, persons, |p| {
            all.push(p.clone());
            Ok::<(), ()>(())
        })
        .unwrap();
        all
    }

    #[test]
    fn the_pyramid_is_like_japans() {
        let all = everyone(20_000);
        let share = |low: i64, high: i64| {
            let n = all.iter().filter(|p| (low..=high).contains(&age_on(p.birth, date(2026, 10, 9)))).count();
            n as f64 / all.len() as f64
        };
        assert!((0.08..0.17).contains(&share(0, 14)), "{}", share(0, 14));
        assert!((0.24..0.34).contains(&share(65, 120)), "{}", share(65, 120));
        assert!((0.10..0.20).contains(&share(75, 120)), "{}", share(75, 120));
        assert!(all.iter().all(|p| p.birth <= date(2026, 10, 9)));
    }

    #[test]
    fn numbers_are_checked_and_personal() {
        let all = everyone(20_000);
        let mut keys = std::collections::BTreeSet::new();
        for p in &all {
            for night in [1, 3] {
                let c = p.coverage(date(2026, 9, 15), night);
                assert_eq!(modulus10_weight21(&c.insurer), Some(true), "{}", c.insurer);
                if night == 1 {
                    assert!(keys.insert((c.insurer, c.symbol, c.number, c.branch)), "card used twice");
                }
            }
        }
        assert!(all.windows(2).all(|w| w[1].number == w[0].number + 1 && w[1].index == w[0].index + 1));
    }

    #[test]
    fn there_are_twins_and_events() {
        let all = everyone(20_000);
        let twins = all.windows(2).filter(|w| w[0].household == w[1].household && w[0].birth == w[1].birth);
        assert!(twins.count() > 5);
        for kind in [EventKind::Move, EventKind::Marriage, EventKind::InsurerChange, EventKind::Death] {
            assert!(all.iter().any(|p| p.has(kind, 3)), "{kind:?}");
        }
        assert!(all.iter().all(|p| p.event.is_none_or(|e| (2..=3).contains(&e.night))));
    }
}
