//! Which SS-MIX2 files a provider sends on which night: the first load, new visits, corrections and deletions.
//!
//! A version that is overtaken comes again under its old name with flag 2, as the standard's update does; one that is
//! deleted with flag 0. Because everything is a pure function, old versions are made again, not remembered.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::care::{Care, Patient, Site};
use crate::claims::later_night;
use crate::people::EventKind;
use crate::place::{DISTRICT_PERSONS, Provider};
use crate::rng::{Rng, Use};
use crate::seen::{Seen, seen};
use crate::ssmix2::{Chart, Message, Stamp, has_results};
use crate::{ErrorKind, ErrorRates, Scenario, SynthError};

/// A file to be written.
pub(crate) struct Stored {
    pub(crate) message: Message,
    /// Condition flag.
    pub(crate) flag: u8,
    /// Errors shown by it, beside what it is itself.
    pub(crate) errors: Vec<ErrorKind>,
}

/// A person's storage at one provider.
pub(crate) struct Storage<'a> {
    pub(crate) rates: &'a ErrorRates,
    pub(crate) scenario: &'a Scenario,
    pub(crate) patient: &'a Patient<'a>,
    pub(crate) site: &'a Site,
    pub(crate) provider: &'a Provider,
}

/// What happens to the first load's orders later on.
struct Fate {
    result_corrected: Option<u32>,
    prescription_corrected: Option<u32>,
    prescription_deleted: Option<u32>,
    sent_again: Option<u32>,
}

impl Storage<'_> {
    fn fate(&self) -> Fate {
        let person = self.patient.person.number;
        let mut rng =
            Rng::new(self.patient.frame.seed, Use::Correction, &[person, self.site.district, self.site.slot]);
        let mut draw = |rate: f64, bound: bool| {
            let hit = rng.chance(rate);
            let night = later_night(&mut rng, self.patient.frame);
            let night = if bound && self.scenario.correction_night { night.map(|_| 2) } else { night };
            night.filter(|_| hit)
        };
        let result_corrected = draw(self.rates.correction, true);
        let prescription_corrected = draw(self.rates.correction, true);
        let deleted = draw(self.rates.deletion, true);
        let sent_again = draw(self.rates.duplicate_file, false);
        Fate {
            result_corrected,
            prescription_corrected,
            prescription_deleted: deleted.filter(|_| prescription_corrected.is_none()),
            sent_again: sent_again.filter(|_| result_corrected.is_none()),
        }
    }

    fn care(&self, night: u32) -> Option<Care> {
        if night == 1 {
            self.patient.month(self.site, self.patient.frame.month(1))
        } else {
            self.patient.increment(self.site, night)
        }
    }

    fn register(&self, day: Date, night: u32) -> Seen {
        seen(self.patient.frame, self.rates, self.patient.person, self.provider, day, night, night)
    }

    fn chart<'s>(&'s self, seen: &'s Seen) -> Chart<'s> {
        let person = self.patient.person;
        let cross = u64::from(person.district != self.provider.district) * DISTRICT_PERSONS;
        Chart {
            seed: self.patient.frame.seed,
            provider: self.provider,
            seen,
            index: person.index + cross,
            person: person.number,
        }
    }

    fn stamp(&self, day: Date, step: u64) -> Stamp {
        let person = self.patient.person.number;
        let days = u64::from(day.day_of_year().unsigned_abs());
        Stamp::new(self.patient.frame.seed, day, &[person, self.site.district, self.site.slot, days], step)
    }

    /// The files of `night`.
    pub(crate) fn on_night(&self, night: u32) -> Result<Vec<Stored>, SynthError> {
        let history: Vec<(u32, Care)> = (1..=night).filter_map(|n| Some((n, self.care(n)?))).collect();
        let mut out = Vec::new();
        let Some((first_night, first)) = history.first() else { return Ok(out) };
        let Some(first_day) = first.days.first().copied() else { return Ok(out) };
        if let Some(((at, care), before)) = history.split_last()
            && *at == night
        {
            self.visit(night, care, before, &mut out)?;
        }
        if *first_night < night {
            self.life(night, *first_night, first_day, &mut out)?;
        }
        if *first_night == 1 && night > 1 {
            self.second_thoughts(night, first, first_day, &mut out)?;
        }
        Ok(out)
    }

    /// Files of a visit; `before` are the earlier ones.
    fn visit(
        &self,
        night: u32,
        care: &Care,
        before: &[(u32, Care)],
        out: &mut Vec<Stored>,
    ) -> Result<(), SynthError> {
        let Some(day) = care.days.first().copied() else { return Ok(()) };
        let register = self.register(day, night);
        let chart = self.chart(&register);
        let mut keep = |message: Option<Message>| {
            out.extend(message.map(|message| Stored { message, flag: 1, errors: register.errors.clone() }));
        };
        if before.is_empty() {
            keep(Some(chart.adt(self.stamp(day, 0), None)?));
            keep(chart.ppr(self.stamp(day, 1), &[care])?);
        }
        keep(chart.prescription(self.stamp(day, 2), care, 0, "NW")?);
        let given = Rng::new(
            self.patient.frame.seed,
            Use::Increment,
            &[self.patient.person.number, self.site.slot, u64::from(night), 11],
        )
        .chance(0.12);
        if self.provider.hospital && given {
            keep(chart.administration(self.stamp(day, 3), care)?);
        }
        if has_results(care) {
            keep(chart.laboratory(self.stamp(day, 12), care, 0)?);
        }
        self.problems(night, day, care, before, out)
    }

    /// The list of problems grows: a new PPR-01, and the old one under flag 2.
    fn problems(
        &self,
        night: u32,
        day: Date,
        care: &Care,
        before: &[(u32, Care)],
        out: &mut Vec<Stored>,
    ) -> Result<(), SynthError> {
        let codes = |care: &Care| -> Vec<&'static str> {
            care.diagnoses.iter().filter(|d| !d.suspected).map(|d| d.disease.code).collect()
        };
        let mut known: Vec<&'static str> = Vec::new();
        let mut version = None;
        for (i, (_, earlier)) in before.iter().enumerate() {
            let new: Vec<_> = codes(earlier).into_iter().filter(|c| !known.contains(c)).collect();
            if !new.is_empty() {
                known.extend(new);
                version = Some(i);
            }
        }
        let (Some(version), true) = (version, codes(care).iter().any(|c| !known.contains(c))) else {
            return Ok(());
        };
        let mut cares: Vec<&Care> = before.iter().map(|(_, c)| c).collect();
        let old: Vec<&Care> = cares.iter().take(version + 1).copied().collect();
        cares.push(care);
        let register = self.register(day, night);
        let new = self.chart(&register).ppr(self.stamp(day, 1), &cares)?;
        out.extend(new.map(|message| Stored { message, flag: 1, errors: register.errors.clone() }));
        if let Some((at, earlier)) = before.get(version)
            && let Some(day) = earlier.days.first().copied()
        {
            let register = self.register(day, *at);
            let message = self.chart(&register).ppr(self.stamp(day, 1), &old)?;
            out.extend(message.map(|message| Stored { message, flag: 2, errors: register.errors.clone() }));
        }
        Ok(())
    }

    /// A move, a marriage, another insurer or a death reaches the provider: a new ADT-00, and the old one under flag 2.
    fn life(&self, night: u32, first: u32, day: Date, out: &mut Vec<Stored>) -> Result<(), SynthError> {
        let person = self.patient.person;
        let Some(event) = person.event.filter(|e| e.night == night) else { return Ok(()) };
        let told =
            Rng::new(self.patient.frame.seed, Use::Event, &[person.number, self.site.slot, 3]).chance(0.85);
        if !told {
            return Ok(());
        }
        let when = self.patient.frame.business_date(night).saturating_sub(1.days());
        let register = self.register(when, night);
        let death = (event.kind == EventKind::Death).then_some(when);
        let message = self.chart(&register).adt(self.stamp(when, 20), death)?;
        out.push(Stored { message, flag: 1, errors: register.errors.clone() });
        let register = self.register(day, first);
        let message = self.chart(&register).adt(self.stamp(day, 0), None)?;
        out.push(Stored { message, flag: 2, errors: register.errors.clone() });
        Ok(())
    }

    /// Corrections and deletions of the first load's orders, and files that come again.
    fn second_thoughts(
        &self,
        night: u32,
        care: &Care,
        day: Date,
        out: &mut Vec<Stored>,
    ) -> Result<(), SynthError> {
        let fate = self.fate();
        let at = Some(night);
        let when = self.patient.frame.business_date(night).saturating_sub(1.days());
        let (then, now) = (self.register(day, 1), self.register(when, night));
        let mut keep = |message: Option<Message>, flag: u8, what: ErrorKind, register: &Seen| {
            let mut errors = register.errors.clone();
            if flag != 2 {
                errors.push(what);
            }
            out.extend(message.map(|message| Stored { message, flag, errors }));
        };
        let (old, new) = (self.chart(&then), self.chart(&now));
        if fate.result_corrected == at && has_results(care) {
            keep(new.laboratory(self.stamp(when, 21), care, 1)?, 1, ErrorKind::Correction, &now);
            keep(old.laboratory(self.stamp(day, 12), care, 0)?, 2, ErrorKind::Correction, &then);
        }
        if fate.prescription_corrected == at {
            keep(new.prescription(self.stamp(when, 22), care, 1, "NW")?, 1, ErrorKind::Correction, &now);
            keep(old.prescription(self.stamp(day, 2), care, 0, "NW")?, 2, ErrorKind::Correction, &then);
        }
        if fate.prescription_deleted == at {
            keep(new.prescription(self.stamp(when, 23), care, 0, "CA")?, 0, ErrorKind::Deletion, &now);
            // The file that is deleted keeps its name and bytes; only the flag changes.
            let gone = old.prescription(self.stamp(day, 2), care, 0, "NW")?;
            keep(gone, 0, ErrorKind::Deletion, &then);
        }
        if fate.sent_again == at && has_results(care) {
            keep(old.laboratory(self.stamp(day, 12), care, 0)?, 1, ErrorKind::DuplicateFile, &then);
        }
        Ok(())
    }
}
