//! Synthetic events for tests and the bench: skewed codes, chronic repeats, comorbidity; and a policy for them.
//!
//! Nobody real: every person is drawn from a small generator of numbers. It must never read a file.

#![allow(dead_code, clippy::indexing_slicing)] // each user takes a part; positions are drawn below lengths

use jiff::civil::Date;
use musubi_disclosure::events::{Codes, Event};
use musubi_model::code::CodeSystem;
use musubi_model::fact::FactTable;
use musubi_model::parameter::Verified;
use musubi_model::policy::{CodeLadder, DateRule, EventPolicy, Given, SensitiveGroup, ValueRule};
use rust_decimal::Decimal;

/// SplitMix64.
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// From 0 to below 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// 0 to below `n`, small ones far more often.
    pub fn skewed(&mut self, n: u64) -> u64 {
        ((n as f64) * self.share().powf(3.0)) as u64
    }
}

/// A synthetic product.
pub struct World {
    pub codes: Codes,
    pub events: Vec<Event>,
    pub classes: Vec<u32>,
    pub index_days: Vec<Date>,
}

/// `persons` with about `per_person` events each over a year before and two after the index day, in classes of about
/// `class_size`.
pub fn world(seed: u64, persons: u32, per_person: u32, class_size: u32) -> World {
    let mut draw = Draw(seed);
    let mut codes = Codes::new();
    let diagnoses: Vec<u32> = (0..900)
        .map(|n| {
            // Popular chapters first: circulation, metabolism, breathing, …
            let letter = char::from(b"IEJKMNHRLGFSCABDTQ"[n % 18]);
            let text = format!("{letter}{:02}{}", (n / 18) * 2 % 86, n % 10);
            codes.code(FactTable::ConditionOccurrence, &CodeSystem::Icd10, &text)
        })
        .collect();
    let drugs: Vec<u32> = (0..600)
        .map(|n| {
            let text = format!("{:04}{:03}F{:04}", 1100 + (n / 10) * 41, n % 10, 1000 + n);
            codes.code(FactTable::DrugExposure, &CodeSystem::Yj, &text)
        })
        .collect();
    let tests: Vec<u32> = (0..60)
        .map(|n| {
            codes.code(
                FactTable::Measurement,
                &CodeSystem::Jlac10,
                &format!("3{}{:03}0000023271", (b'A' + n % 8) as char, n),
            )
        })
        .collect();
    let visits = ["outpatient", "pharmacy", "inpatient"]
        .map(|kind| codes.code(FactTable::VisitOccurrence, &CodeSystem::Other("VISIT".into()), kind));
    let unit = codes.unit("mg/dL");
    let mut events = Vec::new();
    let classes: Vec<u32> =
        (0..persons).map(|_| draw.below(u64::from((persons / class_size).max(1))) as u32).collect();
    let index_days = (0..persons).map(|_| Date::constant(2023, 1, 1 + draw.below(28) as i8)).collect();
    for person in 0..persons {
        let mut left = per_person / 2 + draw.below(u64::from(per_person)) as u32;
        let event = |code, day: i64, days, value| Event {
            person,
            code,
            day: Some(day as i32),
            days,
            value,
            unit: if value.is_some() { unit } else { 0 },
        };
        while left > 0 {
            // A condition: chronic (monthly, with its drug and a test) or once.
            let n = draw.skewed(900);
            let chronic = n < 80 && draw.share() < 0.6;
            let begin = draw.below(1_000) as i64 - 365;
            let repeats = if chronic { 6 + draw.below(18) } else { 1 };
            let drug = drugs[(n % 18 * 30 + draw.skewed(30)) as usize];
            for visit in 0..repeats as i64 {
                let day = begin + visit * 28 + draw.below(5) as i64;
                if day > 730 || left == 0 {
                    break;
                }
                events.push(event(diagnoses[n as usize], day, 0, None));
                events.push(event(drug, day, 28, None));
                let kind = if draw.share() < 0.03 { 2 } else { draw.below(2) as usize };
                events.push(event(visits[kind], day, 1, None));
                if draw.share() < 0.3 {
                    let value = Decimal::new(800 + draw.below(900) as i64, 1);
                    events.push(event(tests[draw.skewed(60) as usize], day, 0, Some(value)));
                }
                left = left.saturating_sub(4);
            }
        }
    }
    World { codes, events, classes, index_days }
}

pub fn given<T>(value: T) -> Given<T> {
    Given { value, basis: "test".to_owned(), verified: Verified::Design }
}

pub fn ladders() -> Vec<CodeLadder> {
    let ladder = |table, keep: &[u32], chapter, dummy: &str| CodeLadder {
        table,
        keep: keep.to_vec(),
        chapter,
        dummy: dummy.to_owned(),
        basis: "test".to_owned(),
        verified: Verified::Design,
    };
    vec![
        ladder(FactTable::ConditionOccurrence, &[3], true, "R69"),
        ladder(FactTable::DrugExposure, &[9, 7, 4, 3], false, "9999999"),
        ladder(FactTable::Measurement, &[5, 2], false, "9999999"),
    ]
}

/// m known events with days, k persons.
pub fn policy(m: u32, k: u64, rare: u64) -> EventPolicy {
    EventPolicy {
        known_events: given(m),
        dates_known: given(true),
        k: given(k),
        dates: given(DateRule::Relative { bin_days: 30, coarser_days: [90, 360] }),
        rare_min_persons: given(rare),
        ladders: ladders(),
        values: given(ValueRule { clip: 0.001, digits: 3 }),
        sensitive: vec![SensitiveGroup {
            name: "mind".to_owned(),
            table: FactTable::ConditionOccurrence,
            prefixes: vec!["F".to_owned()],
            basis: "test".to_owned(),
            verified: Verified::Design,
        }],
        watch_list: None,
        high_cost_points: None,
    }
}

/// Up to `n` targets, each with `m` of its true dated events of different codes.
pub fn targets(
    world: &World,
    seed: u64,
    n: usize,
    m: usize,
    table: Option<FactTable>,
) -> Vec<(u32, Vec<Event>)> {
    let mut draw = Draw(seed);
    let mut found = Vec::new();
    let mut of: Vec<Vec<Event>> = vec![Vec::new(); world.classes.len()];
    for event in &world.events {
        if table.is_none_or(|t| world.codes.get(event.code).is_some_and(|(of, ..)| of == t)) {
            of[event.person as usize].push(*event);
        }
    }
    for _ in 0..n * 20 {
        let person = draw.below(world.classes.len() as u64) as u32;
        let own = &of[person as usize];
        let mut known: Vec<Event> = Vec::new();
        for _ in 0..m * 20 {
            if let Some(event) = own.get(draw.below(own.len() as u64) as usize)
                && known.len() < m
                && known.iter().all(|k| k.code != event.code)
            {
                known.push(*event);
            }
        }
        if known.len() == m && found.len() < n {
            found.push((person, known));
        }
    }
    found
}
