//! The region as a whole: nights, districts, persons, in that order, each written as it is made.
//!
//! It holds one household, one district's open receipt files and the sums of the truth; never all persons.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use musubi_model::manifest::{Agreements, Feed, FeedKind, Provider as AgreedProvider, Submitter};
use musubi_model::{FeedId, ProviderId, SubmitterId};

use crate::care::{self, Patient, Site};
use crate::municipalities;
use crate::notices::Notices;
use crate::package::{FILES_PER_SUBMISSION_MAX, FeedInfo, Submission, UkeFile, submitter_key};
use crate::people::{Frame, Person, each_person};
use crate::place::{DISTRICT_PERSONS, PREFECTURES, Provider, site_counts};
use crate::seen::seen;
use crate::storage::Storage;
use crate::truth::{Repeated, Truth, write_request};
use crate::{
    Progress, RegionSpec, RegionSummary, SynthError, broken, claims, committee, masters, organisation,
    others, registers, uke,
};

/// Entries of the opt-out list for each district.
const OPT_OUTS_PER_DISTRICT: u64 = 5;

/// The region's geometry.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) frame: Frame,
    pub(crate) spec: RegionSpec,
}

impl World {
    pub(crate) fn districts(&self) -> u64 {
        self.spec.persons.div_ceil(DISTRICT_PERSONS)
    }

    pub(crate) fn persons_of(&self, district: u64) -> u64 {
        self.spec.persons.saturating_sub(district * DISTRICT_PERSONS).min(DISTRICT_PERSONS)
    }

    /// The providers of a district, by slot.
    pub(crate) fn providers(&self, district: u64) -> Vec<Provider> {
        let (clinics, hospitals) = site_counts(self.persons_of(district));
        (0..clinics + hospitals).map(|slot| Provider::at(self.spec.seed, district, slot, clinics)).collect()
    }

    fn sends_storage(&self, site: &Site) -> bool {
        let (clinics, _) = site_counts(self.persons_of(site.district));
        Provider::at(self.spec.seed, site.district, site.slot, clinics).ssmix2
    }

    pub(crate) fn places(&self, person: &Person) -> (Vec<usize>, Vec<Site>) {
        let chronic = care::chronic(&self.frame, person);
        let sites = care::sites(&self.frame, |d| self.persons_of(d), self.districts(), person, chronic.len());
        (chronic, sites)
    }
}

/// The feeds: for each prefecture one of receipts, then one of storages, from the same submitter.
pub(crate) fn feeds() -> Vec<FeedInfo> {
    let kinds = [(FeedKind::ReceiptMedical, "receipts"), (FeedKind::SsMix2Standard, "ssmix2")];
    PREFECTURES
        .iter()
        .flat_map(|p| {
            kinds.map(|(kind, word)| FeedInfo {
                id: format!("{word}-{}", p.0),
                submitter: format!("mihon-ishikai-{}", p.0),
                kind,
            })
        })
        .collect()
}

fn feed_of(provider: &Provider, kind: FeedKind) -> usize {
    provider.prefecture * 2 + usize::from(kind == FeedKind::SsMix2Standard)
}

/// The submissions of one night, by feed.
pub(crate) struct Night<'a> {
    out: &'a Path,
    world: &'a World,
    feeds: &'a [FeedInfo],
    pub(crate) number: u32,
    open: BTreeMap<usize, (u32, Submission)>,
}

impl<'a> Night<'a> {
    /// The open submission a provider's files of this kind go to; a full one is closed first.
    pub(crate) fn submission(
        &mut self,
        truth: &mut Truth,
        provider: &Provider,
        kind: FeedKind,
    ) -> Result<&mut Submission, SynthError> {
        let at = feed_of(provider, kind);
        let feed = self.feeds.get(at).ok_or(SynthError::Spec("no such feed"))?;
        let date = self.world.frame.business_date(self.number);
        let (out, number) = (self.out, self.number);
        let full = self
            .open
            .get(&at)
            .is_some_and(|(_, s)| kind == FeedKind::SsMix2Standard && s.files >= FILES_PER_SUBMISSION_MAX);
        let mut part = 1;
        if full && let Some((old, submission)) = self.open.remove(&at) {
            truth.closed.push(submission.close(&submitter_key(self.world.spec.seed, at / 2))?);
            part = old + 1;
        }
        let entry = self.open.entry(at);
        Ok(&mut entry.or_insert_with(|| (part, Submission::new(out, number, part, feed, date))).1)
    }

    fn close(self, truth: &mut Truth) -> Result<(), SynthError> {
        for (at, (_, submission)) in self.open {
            truth.closed.push(submission.close(&submitter_key(self.world.spec.seed, at / 2))?);
        }
        Ok(())
    }
}

/// Receipt files that are open, by slot and review organisation.
type OpenFiles = BTreeMap<(u64, usize), UkeFile>;

/// Writes a region below `out`, which must not hold one yet. `progress` is called now and then.
///
/// # Errors
/// The spec cannot be made, or the disk refuses.
pub fn write_region(
    spec: &RegionSpec,
    out: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<RegionSummary, SynthError> {
    if spec.persons == 0 || spec.nights == 0 || spec.nights > 366 {
        return Err(SynthError::Spec("persons from 1, nights from 1 to 366"));
    }
    if ["inbox", "truth", "feeds.toml"].iter().any(|name| out.join(name).exists()) {
        return Err(SynthError::Spec("the output folder already holds a corpus"));
    }
    let frame = Frame { seed: spec.seed, nights: spec.nights, first_night: spec.first_night };
    let world = World { frame, spec: spec.clone() };
    fs::create_dir_all(out)?;
    let mut truth = Truth::create(out)?;
    masters::write(out)?;
    organisation::write(out, spec.first_night)?;
    registers::write(out, spec.first_night)?;
    committee::write(out, spec.first_night)?;
    write_request(out, &frame)?;
    let mut notices = Notices::create(out, frame, spec.scenario.notices)?;
    let feeds = feeds();
    let mut summary = RegionSummary { persons: spec.persons, ..RegionSummary::default() };
    summary.providers = write_agreements(&world, &feeds, out)?;
    for number in 1..=spec.nights {
        let mut night = Night { out, world: &world, feeds: &feeds, number, open: BTreeMap::new() };
        let mut persons = 0;
        for district in 0..world.districts() {
            write_district(&world, district, &mut night, &mut truth, &mut notices)?;
            notices.flush()?;
            persons += world.persons_of(district);
            progress(Progress { night: number, nights: spec.nights, persons, persons_total: spec.persons });
        }
        if spec.scenario.broken_files && number == spec.nights.min(2) {
            broken::write(&world, &mut night, &mut truth)?;
        }
        night.close(&mut truth)?;
        if spec.scenario.others > 0 {
            others::write(&world, out, number, &mut truth, &mut notices)?;
            notices.flush()?;
        }
    }
    if spec.scenario.repeated_submission && spec.nights > 1 {
        repeat_first(spec, out, &mut truth)?;
    }
    notices.finish(spec.seed)?;
    truth.finish(spec, &frame, &feeds, summary)
}

/// One district in one night: its people and those of the district before who come over.
fn write_district(
    world: &World,
    district: u64,
    night: &mut Night<'_>,
    truth: &mut Truth,
    notices: &mut Notices,
) -> Result<(), SynthError> {
    let providers = world.providers(district);
    let mut files: OpenFiles = BTreeMap::new();
    let mut opt_outs = 0;
    let districts = world.districts();
    let before = (district + districts - 1) % districts;
    if before != district {
        each_person(&world.frame, before, world.persons_of(before), |person| {
            let (chronic, sites) = world.places(person);
            let patient = Patient { frame: &world.frame, person, chronic: &chronic, sites: &sites };
            write_patient(world, &patient, (district, &providers), (night, &mut files), truth, notices)
        })?;
    }
    each_person(&world.frame, district, world.persons_of(district), |person| {
        let (chronic, sites) = world.places(person);
        let patient = Patient { frame: &world.frame, person, chronic: &chronic, sites: &sites };
        if night.number == 1 {
            truth.person(&world.frame, person)?;
            tell_diagnoses(world, &patient, truth);
            // Beginning in the middle keeps the list away from the people of the broken files.
            if opt_outs < OPT_OUTS_PER_DISTRICT && person.index >= world.persons_of(district) / 3 {
                opt_outs += u64::from(opt_out(world, &patient, district, &providers, opt_outs, truth)?);
            }
        }
        write_patient(world, &patient, (district, &providers), (night, &mut files), truth, notices)
    })?;
    for ((slot, _), file) in files {
        if let Some(provider) = find(&providers, slot) {
            file.close(night.submission(truth, provider, FeedKind::ReceiptMedical)?, (0, 0))?;
        }
    }
    Ok(())
}

pub(crate) fn find(providers: &[Provider], slot: u64) -> Option<&Provider> {
    providers.get(usize::try_from(slot).ok()?)
}

/// Everything of one patient at the providers of `district`.
fn write_patient(
    world: &World,
    patient: &Patient<'_>,
    (district, providers): (u64, &[Provider]),
    (night, files): (&mut Night<'_>, &mut OpenFiles),
    truth: &mut Truth,
    notices: &mut Notices,
) -> Result<(), SynthError> {
    let (spec, person) = (&world.spec, patient.person);
    for site in patient.sites.iter().filter(|s| s.district == district) {
        let Some(provider) = find(providers, site.slot) else { continue };
        let register =
            seen(&world.frame, &spec.errors, person, provider, world.frame.month(1), night.number, 1);
        let submitter =
            night.feeds.get(feed_of(provider, FeedKind::ReceiptMedical)).map_or("", |f| &f.submitter);
        let who = (person.number, person.index, world.persons_of(person.district));
        notices.seen(provider, (submitter, provider.prefecture), who, &register)?;
        for claim in claims::on_night(&spec.errors, patient, site, night.number) {
            let day = claim.care.days.first().copied().unwrap_or(claim.month);
            let register = seen(&world.frame, &spec.errors, person, provider, day, claim.register, 1);
            let reviewer = uke::reviewer(register.coverage.payer);
            let submission = night.submission(truth, provider, FeedKind::ReceiptMedical)?;
            let name = submission.name.clone();
            let file = match files.entry((site.slot, reviewer)) {
                std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => {
                    let billing = world.frame.month(0);
                    new.insert(UkeFile::open(submission, provider, reviewer, billing)?)
                }
            };
            let number = file.receipts + 1;
            let receipt =
                uke::receipt(spec.seed, person.number, provider, &register, &claim.care, claim.month, number);
            file.add(&receipt)?;
            let mut errors = register.errors;
            errors.extend(claim.again);
            truth.record(&name, &file.path, number, person.number, "RE", &errors)?;
            for d in &claim.care.diagnoses {
                truth.diagnosis(d.disease.icd10);
            }
        }
        if !provider.ssmix2 {
            continue;
        }
        let storage = Storage { rates: &spec.errors, scenario: &spec.scenario, patient, site, provider };
        for stored in storage.on_night(night.number)? {
            let path = format!("{}/{}", provider.id, stored.message.path(stored.flag));
            let kind = stored.message.kind.name();
            let submission = night.submission(truth, provider, FeedKind::SsMix2Standard)?;
            submission.write(&path, &provider.id, &stored.message.bytes)?;
            submission.count(kind, 1);
            let name = submission.name.clone();
            truth.record(&name, &path, 0, person.number, kind, &stored.errors)?;
        }
    }
    Ok(())
}

/// Adds what is delivered of a person, over all nights and sites, to the true table.
fn tell_diagnoses(world: &World, patient: &Patient<'_>, truth: &mut Truth) {
    let mut codes: Vec<&str> = Vec::new();
    for site in patient.sites {
        let storage = world.sends_storage(site);
        for night in 1..=world.spec.nights {
            let claims = claims::on_night(&world.spec.errors, patient, site, night);
            let visit = if storage { patient.increment(site, night) } else { None };
            for care in claims.iter().map(|c| &c.care).chain(&visit) {
                codes.extend(care.diagnoses.iter().filter(|d| !d.suspected).map(|d| d.disease.icd10));
            }
        }
    }
    truth.diagnosed(&world.frame, patient.person, &codes);
}

/// Puts a person who came in the month, and of whom something comes again on a later night, on the help desk's list:
/// only so can one see that the later delivery is left out. Every second one stops all providers.
fn opt_out(
    world: &World,
    patient: &Patient<'_>,
    district: u64,
    providers: &[Provider],
    n: u64,
    truth: &mut Truth,
) -> Result<bool, SynthError> {
    let month = world.frame.month(1);
    let here = patient.sites.iter().filter(|s| s.district == district);
    for site in here {
        let Some(provider) = find(providers, site.slot).filter(|_| patient.month(site, month).is_some())
        else {
            continue;
        };
        let nights = world.spec.nights;
        let comes_again = |night: u32| {
            !claims::on_night(&world.spec.errors, patient, site, night).is_empty()
                || (provider.ssmix2 && patient.increment(site, night).is_some())
        };
        if nights > 1 && !(2..=nights).any(comes_again) {
            continue;
        }
        let chart = provider.chart_number(patient.person.index);
        let one = n.is_multiple_of(2).then_some((provider.id.as_str(), chart.as_str()));
        truth.opt_out(&world.frame, patient.person, one)?;
        return Ok(true);
    }
    Ok(false)
}

/// `feeds.toml`. Returns how many providers there are.
fn write_agreements(world: &World, feeds: &[FeedInfo], out: &Path) -> Result<u64, SynthError> {
    let mut agreements = Agreements::default();
    let mut members: Vec<Vec<ProviderId>> = feeds.iter().map(|_| Vec::new()).collect();
    for district in 0..world.districts() {
        for provider in world.providers(district) {
            let id = ProviderId::new(&provider.id)?;
            let prefecture = PREFECTURES.get(provider.prefecture).map_or("13", |p| p.0);
            agreements.providers.push(AgreedProvider {
                id: id.clone(),
                name: provider.name.clone(),
                prefecture: prefecture.to_owned(),
                standing: provider.standing(),
            });
            for kind in [FeedKind::ReceiptMedical, FeedKind::SsMix2Standard] {
                if (kind == FeedKind::ReceiptMedical || provider.ssmix2)
                    && let Some(list) = members.get_mut(feed_of(&provider, kind))
                {
                    list.push(id.clone());
                }
            }
        }
    }
    for (i, (prefecture, feed)) in PREFECTURES.iter().zip(feeds.iter().step_by(2)).enumerate() {
        agreements.submitters.push(Submitter {
            id: SubmitterId::new(&feed.submitter)?,
            name: format!("見本医師会（{}）", prefecture.1),
            public_key: submitter_key(world.spec.seed, i).public(),
        });
    }
    for (feed, providers) in feeds.iter().zip(members) {
        if providers.is_empty() {
            continue;
        }
        let version = match feed.kind {
            FeedKind::ReceiptMedical => "記録条件仕様（医科用）",
            FeedKind::SsMix2Standard => "SS-MIX2 1.2g",
            _ => "",
        };
        agreements.feeds.push(Feed {
            id: FeedId::new(&feed.id)?,
            submitter: SubmitterId::new(&feed.submitter)?,
            kind: feed.kind,
            providers,
            interface_version: version.to_owned(),
            every_days: 1,
        });
    }
    if world.spec.scenario.others > 0 {
        others::agree(world, &mut agreements)?;
    }
    municipalities::agree(&mut agreements);
    fs::write(out.join("feeds.toml"), toml::to_string(&agreements)?)?;
    Ok(agreements.providers.len() as u64)
}

/// Copies the first submission of night 1 to a later night, byte for byte.
fn repeat_first(spec: &RegionSpec, out: &Path, truth: &mut Truth) -> Result<(), SynthError> {
    let Some(first) = truth.closed.first().map(|c| c.name.clone()) else { return Ok(()) };
    let night = spec.nights.min(3);
    let folder = first.rsplit('/').next().unwrap_or("again");
    let again = format!("inbox/night-{night:02}/{folder}-again");
    copy_tree(&out.join(&first), &out.join(&again))?;
    truth.repeated.push(Repeated { night, submission: again, same_as: first });
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), SynthError> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorRates, Scenario};
    use jiff::civil::date;

    #[test]
    fn people_go_to_their_district_and_the_next_only_and_charts_stay_apart() {
        let spec = RegionSpec {
            persons: 40_500,
            seed: 10,
            nights: 1,
            first_night: date(2026, 10, 9),
            errors: ErrorRates::NONE,
            scenario: Scenario::default(),
        };
        let frame = Frame { seed: spec.seed, nights: spec.nights, first_night: spec.first_night };
        let world = World { frame, spec };
        assert_eq!(world.districts(), 3);
        assert_eq!((0..3).map(|d| world.persons_of(d)).sum::<u64>(), 40_500);
        let mut charts = std::collections::BTreeSet::new();
        let mut away = 0;
        for district in [0, 1] {
            each_person(&world.frame, district, world.persons_of(district), |person| {
                for site in world.places(person).1 {
                    assert!(site.district == district || site.district == district + 1);
                    let (clinics, hospitals) = site_counts(world.persons_of(site.district));
                    assert!(site.slot < clinics + hospitals, "a site that does not exist");
                    let provider = Provider::at(10, site.district, site.slot, clinics);
                    let day = world.frame.month(1);
                    let register = seen(&world.frame, &ErrorRates::NONE, person, &provider, day, 1, 1);
                    assert!(charts.insert((provider.id, register.chart)), "a chart number used twice");
                    away += u64::from(site.district != district);
                }
                Ok::<(), SynthError>(())
            })
            .unwrap();
        }
        assert!(away > 500, "{away}");
    }
}
