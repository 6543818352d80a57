//! Birth dates (生年月日) in all writings, and how two of them differ.

use super::width::plain;
use crate::sent::Birth;

/// The year before the first of each era (元号): 明治, 大正, 昭和, 平成, 令和.
const ERAS: [u16; 5] = [1867, 1911, 1925, 1988, 2018];

/// Years by which a date is off when one era is taken for another, or an era's year for the last two digits of a Western
/// year (mpi.md §4.1.5): 昭和/平成 63, 大正/昭和 14, 昭和 as 19xx 25; 平成/令和 30, 明治/大正 44, 大正/平成 77, 昭和/令和
/// 93, 平成 as 20xx 12, 令和 as 20xx 18.
pub const ERA_SLIPS: [u16; 9] = [63, 14, 25, 30, 44, 77, 93, 12, 18];

/// Years that a living or lately dead person can have been born in. No clock is asked, so the end is generous.
const YEARS: std::ops::RangeInclusive<u16> = 1850..=2150;

/// Reads a birth date; what cannot be is 0 (month 13, day 00). All zeros when nothing can be read.
pub fn read(text: &str) -> Birth {
    let mut seen = Reading::default();
    plain(text, |c| seen.sign(c));
    seen.birth()
}

#[derive(Default)]
struct Reading {
    era: u8,
    /// Up to four groups of digits: value and how many digits.
    groups: [(u32, u8); 4],
    /// How many groups; 5: more than four.
    at: usize,
    open: bool,
    /// 元年.
    first_year: bool,
}

impl Reading {
    fn sign(&mut self, c: char) {
        if let Some(digit) = c.to_digit(10) {
            if !self.open {
                self.open = true;
                self.at += 1;
            }
            if let Some((value, digits)) = self.groups.get_mut(self.at.wrapping_sub(1)) {
                // 8 digits are a date; what follows (a time of day) is not read
                if *digits < 8 {
                    *value = *value * 10 + digit;
                    *digits += 1;
                }
            }
            return;
        }
        self.open = false;
        if self.at == 0 {
            match c {
                'M' | 'm' | '明' => self.era = 1,
                'T' | 't' | '大' => self.era = 2,
                'S' | 's' | '昭' => self.era = 3,
                'H' | 'h' | '平' => self.era = 4,
                'R' | 'r' | '令' => self.era = 5,
                '元' => {
                    self.at = 1;
                    self.groups = [(1, 2), (0, 0), (0, 0), (0, 0)];
                    self.first_year = true;
                }
                _ => {}
            }
        }
    }

    fn birth(&self) -> Birth {
        let [a, b, c, d] = self.groups;
        match self.at {
            1 => match (self.era, a.1) {
                (0, 8) => date(a.0 / 10_000, a.0),
                (0, 7) => era_date(a.0 / 1_000_000, a.0 / 10_000 % 100, a.0),
                (era, 6) if era > 0 => era_date(u32::from(era), a.0 / 10_000, a.0),
                _ => Birth::default(),
            },
            // a time of day follows
            2 if a.1 == 8 => date(a.0 / 10_000, a.0),
            2 if self.era == 0 && a.1 == 4 => date(a.0, b.0 % 100 * 100),
            3 | 4 => {
                let month_day = |m: (u32, u8), d: (u32, u8)| m.0.min(99) * 100 + d.0.min(99);
                match (self.era, a.1) {
                    (0, 4) => date(a.0, month_day(b, c)),
                    (0, 1) if self.at == 4 => era_date(a.0, b.0, month_day(c, d)),
                    (era, 1 | 2) if era > 0 => era_date(u32::from(era), a.0, month_day(b, c)),
                    _ => Birth::default(),
                }
            }
            5.. if a.1 == 4 && self.era == 0 => date(a.0, b.0.min(99) * 100 + c.0.min(99)),
            _ => Birth::default(),
        }
    }
}

fn era_date(era: u32, year: u32, month_day: u32) -> Birth {
    let base = (era as usize).checked_sub(1).and_then(|i| ERAS.get(i));
    match base {
        Some(base) if (1..=99).contains(&year) => date(u32::from(*base) + year, month_day),
        Some(_) => date(0, month_day),
        None => Birth::default(),
    }
}

/// `month_day`: the last four digits are month and day.
fn date(year: u32, month_day: u32) -> Birth {
    let year = u16::try_from(year).ok().filter(|y| YEARS.contains(y)).unwrap_or(0);
    let (month, day) = (month_day / 100 % 100, month_day % 100);
    Birth {
        year,
        month: if (1..=12).contains(&month) { month as u8 } else { 0 },
        day: if (1..=31).contains(&day) { day as u8 } else { 0 },
    }
}

/// How two birth dates differ, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BirthSlip {
    /// The same day.
    Equal,
    /// What both know agrees, year and month or month and day at least; one of them does not know the rest.
    Open,
    /// Month and day change places.
    Swapped,
    /// One of them is a stopgap: 1 January, or the first of the same month.
    Default,
    /// One digit of `YYYYMMDD` is another.
    Digit,
    /// Same month and day; the years differ as eras do ([`ERA_SLIPS`]).
    Era,
    /// Same year and month.
    YearMonth,
    /// Same month and day.
    MonthDay,
    /// Different.
    Different,
    /// One of them says too little to compare.
    Unknown,
}

/// Compares two birth dates.
#[must_use]
pub fn birth_slip(a: Birth, b: Birth) -> BirthSlip {
    let known = |b: Birth| u8::from(b.year > 0) + u8::from(b.month > 0) + u8::from(b.day > 0);
    if known(a) < 3 || known(b) < 3 {
        let clash = |x: u16, y: u16| x > 0 && y > 0 && x != y;
        let both = |x: u16, y: u16| u8::from(x > 0 && y > 0);
        let parts = [
            (a.year, b.year),
            (u16::from(a.month), u16::from(b.month)),
            (u16::from(a.day), u16::from(b.day)),
        ];
        return if parts.iter().any(|(x, y)| clash(*x, *y)) {
            BirthSlip::Different
        } else if parts.iter().map(|(x, y)| both(*x, *y)).sum::<u8>() >= 2 {
            BirthSlip::Open
        } else {
            BirthSlip::Unknown
        };
    }
    let (same_year, same_month, same_day) = (a.year == b.year, a.month == b.month, a.day == b.day);
    let stopgap = |x: Birth, y: Birth| x.day == 1 && (x.month == 1 || x.month == y.month);
    if a == b {
        BirthSlip::Equal
    } else if same_year && a.month == b.day && a.day == b.month {
        BirthSlip::Swapped
    } else if same_year && (stopgap(a, b) || stopgap(b, a)) {
        BirthSlip::Default
    } else if digits_off(a, b) == 1 {
        BirthSlip::Digit
    } else if same_month && same_day && ERA_SLIPS.contains(&a.year.abs_diff(b.year)) {
        BirthSlip::Era
    } else if same_year && same_month {
        BirthSlip::YearMonth
    } else if same_month && same_day {
        BirthSlip::MonthDay
    } else {
        BirthSlip::Different
    }
}

fn digits_off(a: Birth, b: Birth) -> u32 {
    let number = |b: Birth| u32::from(b.year) * 10_000 + u32::from(b.month) * 100 + u32::from(b.day);
    let (mut x, mut y, mut off) = (number(a), number(b), 0);
    while x > 0 || y > 0 {
        off += u32::from(x % 10 != y % 10);
        x /= 10;
        y /= 10;
    }
    off
}
