//! Who goes where, when and why: attendance and the content of care, as pure functions of person and provider.
//!
//! Both formats are written from the same [`Care`], so a claim and an SS-MIX2 storage of one provider tell the same
//! story. Nothing here formats anything.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::clinical::{Course, DISEASES, DRUGS, Disease, Panel, Whom};
use crate::people::{EventKind, Frame, Person, age_on};
use crate::place::site_counts;
use crate::rng::{Rng, Use};

/// Where a person can be treated: a place in a district.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Site {
    pub(crate) district: u64,
    pub(crate) slot: u64,
    /// Chance to come in a month.
    monthly: f64,
    /// How much of the chronic illness is treated here.
    share: u64,
}

impl Site {
    /// A site that treats everything of its people, in district 0.
    pub(crate) fn only(slot: u64) -> Self {
        Self { district: 0, slot, monthly: 0.8, share: 1 }
    }

    fn word(&self) -> u64 {
        self.district * 64 + self.slot
    }
}

/// A diagnosis at a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Diagnosis {
    pub(crate) disease: &'static Disease,
    /// 診療開始日.
    pub(crate) start: Date,
    /// 疑い.
    pub(crate) suspected: bool,
}

/// A prescription line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prescribed {
    /// Index into [`DRUGS`].
    pub(crate) drug: usize,
    /// Days (oral) or doses (as needed); 1 for external use.
    pub(crate) days: u32,
}

/// What a provider did for a person in a month, or on a day.
#[derive(Debug, Clone)]
pub(crate) struct Care {
    /// Days of treatment, ascending, not empty.
    pub(crate) days: Vec<Date>,
    /// The first is the main one; not empty.
    pub(crate) diagnoses: Vec<Diagnosis>,
    /// Given on the first day.
    pub(crate) drugs: Vec<Prescribed>,
    /// Measured on the first day.
    pub(crate) panels: Vec<Panel>,
    /// A first consultation (初診).
    pub(crate) first_visit: bool,
}

/// How frequent a disease is at an age, as a share of its highest frequency.
fn age_factor(disease: &Disease, age: i64) -> f64 {
    let (low, high) = disease.ages;
    if !(low..=high).contains(&age) {
        return 0.0;
    }
    match disease.course {
        // Chronic disease of adults grows over thirty years; that of children is there from the start.
        Course::Chronic if low >= 18 => ((age - low + 3) as f64 / 30.0).min(1.0),
        _ => 1.0,
    }
}

fn can_have(disease: &Disease, person: &Person) -> bool {
    match disease.whom {
        Whom::Both => true,
        Whom::Men => !person.female,
        Whom::Women => person.female,
    }
}

/// The chronic diseases of a person, as indices into [`DISEASES`].
pub(crate) fn chronic(frame: &Frame, person: &Person) -> Vec<usize> {
    let age = age_on(person.birth, frame.first_night);
    let mut rng = Rng::new(frame.seed, Use::Chronic, &[person.number]);
    let mut out = Vec::new();
    for (i, disease) in DISEASES.iter().enumerate() {
        if disease.course == Course::Chronic {
            let p = f64::from(disease.per_mille) / 1000.0 * age_factor(disease, age);
            if rng.chance(p) && can_have(disease, person) {
                out.push(i);
            }
        }
    }
    out
}

/// Where a person is known: up to three providers, of which one may lie in the next district.
pub(crate) fn sites(
    frame: &Frame,
    persons_of: impl Fn(u64) -> u64,
    districts: u64,
    person: &Person,
    ill: usize,
) -> Vec<Site> {
    let mut rng = Rng::new(frame.seed, Use::Attendance, &[person.number]);
    let mut family = Rng::new(frame.seed, Use::Attendance, &[person.household, 1 << 60]);
    let age = age_on(person.birth, frame.first_night);
    let ill_share = u32::try_from(ill).unwrap_or(9).min(6);
    let away = (person.district + 1) % districts;
    let monthly = match age {
        0..=5 => 0.55,
        6..=14 => 0.40,
        15..=39 => 0.28,
        40..=64 => 0.36,
        65..=74 => 0.45,
        _ => 0.55,
    } + 0.1 * f64::from(ill_share.min(4));
    let mut out: Vec<Site> = Vec::with_capacity(3);
    let (clinics, _) = site_counts(persons_of(person.district));
    let family_slot = family.below(clinics);
    if rng.chance(0.86) {
        let slot = if rng.chance(0.75) { family_slot } else { rng.below(clinics) };
        out.push(Site { district: person.district, slot, monthly: monthly.min(0.92), share: 3 });
    }
    let district = if districts > 1 && rng.chance(0.15) { away } else { person.district };
    if rng.chance(0.24 + 0.08 * f64::from(ill_share)) {
        let (clinics, _) = site_counts(persons_of(district));
        out.push(Site { district, slot: rng.below(clinics), monthly: 0.55, share: 2 });
    }
    let district = if districts > 1 && rng.chance(0.12) { away } else { person.district };
    if rng.chance(0.07 + 0.08 * f64::from(ill_share)) {
        let (clinics, hospitals) = site_counts(persons_of(district));
        out.push(Site { district, slot: clinics + rng.below(hospitals), monthly: 0.6, share: 2 });
    }
    let mut known = Vec::with_capacity(out.len());
    for site in out {
        if !known.iter().any(|k: &Site| k.word() == site.word()) {
            known.push(site);
        }
    }
    known
}

/// The chronic diseases that are treated at `site`: each has one home among the person's sites.
fn treated_here<'a>(
    frame: &'a Frame,
    person: &'a Person,
    chronic: &'a [usize],
    sites: &'a [Site],
    site: &'a Site,
) -> impl Iterator<Item = usize> + 'a {
    let total: u64 = sites.iter().map(|s| s.share).sum();
    chronic.iter().copied().filter(move |disease| {
        let mut at =
            Rng::new(frame.seed, Use::Care, &[person.number, *disease as u64, 5]).below(total.max(1));
        for s in sites {
            if at < s.share {
                return s.word() == site.word();
            }
            at -= s.share;
        }
        false
    })
}

/// Acute illness that may bring a person of this age and sex to a provider.
fn acute(rng: &mut Rng, person: &Person, age: i64) -> Option<usize> {
    let weights: Vec<u32> = DISEASES
        .iter()
        .map(|d| {
            let fits =
                d.course == Course::Acute && can_have(d, person) && (d.ages.0..=d.ages.1).contains(&age);
            if fits { d.per_mille } else { 0 }
        })
        .collect();
    weights.iter().any(|w| *w > 0).then(|| rng.weighted(&weights))
}

/// A person with what is known of the person's places.
pub(crate) struct Patient<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) person: &'a Person,
    pub(crate) chronic: &'a [usize],
    pub(crate) sites: &'a [Site],
}

impl Patient<'_> {
    /// What `site` did for the person in the month beginning at `month`. `None`: the person did not come.
    pub(crate) fn month(&self, site: &Site, month: Date) -> Option<Care> {
        let words = [self.person.number, site.word(), month_word(month)];
        let mut rng = Rng::new(self.frame.seed, Use::Care, &words);
        if !rng.chance(site.monthly) || self.person.birth > month {
            return None;
        }
        let mut days = Vec::with_capacity(3);
        for _ in 0..=rng.weighted(&[62, 28, 10]) {
            let day = month.saturating_add(rng.between(0, i64::from(month.days_in_month()) - 1).days());
            let day = if day.weekday() == Weekday::Sunday { day_beside(day) } else { day };
            if !days.contains(&day) {
                days.push(day);
            }
        }
        days.sort_unstable();
        self.care(site, days, &mut rng)
    }

    /// What `site` did on `day`, seen on that day. `None`: the person did not come.
    pub(crate) fn on_day(&self, site: &Site, day: Date) -> Option<Care> {
        let words = [self.person.number, site.word(), month_word(day), day.day().unsigned_abs().into()];
        let mut rng = Rng::new(self.frame.seed, Use::Increment, &words);
        if !rng.chance(site.monthly / 14.0) || self.person.birth > day {
            return None;
        }
        self.care(site, vec![day], &mut rng)
    }

    /// What `site` did in the storage on night `night` for the day before it. The dead do not come.
    pub(crate) fn increment(&self, site: &Site, night: u32) -> Option<Care> {
        if night < 2 || self.person.has(EventKind::Death, night) {
            return None;
        }
        self.on_day(site, self.frame.business_date(night).saturating_sub(1.days()))
    }

    fn care(&self, site: &Site, days: Vec<Date>, rng: &mut Rng) -> Option<Care> {
        let first = *days.first()?;
        let age = age_on(self.person.birth, first);
        let mut diagnoses = Vec::with_capacity(4);
        for i in treated_here(self.frame, self.person, self.chronic, self.sites, site) {
            let Some(disease) = DISEASES.get(i) else { continue };
            let mut since =
                Rng::new(self.frame.seed, Use::Care, &[self.person.number, site.word(), i as u64, 9]);
            let back = since.between(40, 365 * 9);
            // Nobody is treated before birth; a start within the month would need a first consultation.
            let start = first.saturating_sub(back.days()).max(self.person.birth);
            if (disease.ages.0..=disease.ages.1).contains(&age) {
                diagnoses.push(Diagnosis { disease, start, suspected: false });
            }
        }
        let first_visit = diagnoses.is_empty();
        let wanted = if first_visit { 1 + u64::from(rng.chance(0.25)) } else { u64::from(rng.chance(0.22)) };
        for _ in 0..wanted {
            if let Some(disease) = acute(rng, self.person, age).and_then(|i| DISEASES.get(i)) {
                let suspected = !diagnoses.is_empty() && rng.chance(0.12);
                if !diagnoses.iter().any(|d: &Diagnosis| d.disease.code == disease.code) {
                    diagnoses.push(Diagnosis { disease, start: first, suspected });
                }
            }
        }
        let mut drugs: Vec<Prescribed> = Vec::with_capacity(5);
        let mut panels: Vec<Panel> = Vec::with_capacity(2);
        for d in diagnoses.iter().filter(|d| !d.suspected) {
            let long = d.disease.course == Course::Chronic;
            let days = if long { *rng.pick(&[28, 28, 30, 56]) } else { *rng.pick(&[4, 5, 7]) };
            for (n, drug) in d.disease.drugs.iter().enumerate() {
                let known = drugs.iter().any(|p| p.drug == *drug);
                if !known && rng.chance(if n == 0 { 0.9 } else { 0.35 }) && DRUGS.get(*drug).is_some() {
                    drugs.push(Prescribed { drug: *drug, days });
                }
            }
            let often = if long { 0.42 } else { 0.55 };
            if d.disease.panel != Panel::Nothing && rng.chance(often) && !panels.contains(&d.disease.panel) {
                panels.push(d.disease.panel);
            }
        }
        (!diagnoses.is_empty()).then_some(Care { days, diagnoses, drugs, panels, first_visit })
    }
}

fn month_word(day: Date) -> u64 {
    u64::from(day.year().unsigned_abs()) * 100 + u64::from(day.month().unsigned_abs())
}

/// The Monday after a Sunday, or the Saturday before it where the month ends.
fn day_beside(day: Date) -> Date {
    if day.day() == day.days_in_month() { day.saturating_sub(1.days()) } else { day.saturating_add(1.days()) }
}
