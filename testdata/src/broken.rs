//! Files broken on purpose, made from sound ones: a receipt file whose GO does not agree, a message whose kanji run is
//! not closed, and a message that stands under another patient's path.
//!
//! They are about care of an older month, so that they never touch what the rest of the region tells.

use musubi_model::manifest::FeedKind;

use crate::SynthError;
use crate::care::Patient;
use crate::package::UkeFile;
use crate::people::each_person;
use crate::place::site_counts;
use crate::region::{Night, World, find};
use crate::seen::seen;
use crate::ssmix2::{Chart, Message, Stamp, has_results};
use crate::truth::{Broken, Truth};
use crate::uke::{self, Receipt};

/// Ends the search once enough is found.
enum Stop {
    Enough,
    Failed(SynthError),
}

impl From<SynthError> for Stop {
    fn from(e: SynthError) -> Self {
        Self::Failed(e)
    }
}

/// What the broken files are made of.
#[derive(Default)]
struct Found {
    receipts: Vec<(u64, Receipt)>,
    messages: Vec<(u64, Message, String)>,
}

const RECEIPTS: usize = 3;

/// Writes them into the submissions of this night.
pub(crate) fn write(world: &World, night: &mut Night<'_>, truth: &mut Truth) -> Result<(), SynthError> {
    let district = 0;
    let providers = world.providers(district);
    let (clinics, _) = site_counts(world.persons_of(district));
    let found = gather(world, clinics)?;
    if let Some(clinic) = find(&providers, 0).filter(|_| !found.receipts.is_empty()) {
        let submission = night.submission(truth, clinic, FeedKind::ReceiptMedical)?;
        let name = submission.name.clone();
        let mut file = UkeFile::open_at(
            submission,
            clinic,
            1,
            world.frame.month(0),
            format!("{}/1-again/RECEIPTC.UKE", clinic.id),
        )?;
        for (person, receipt) in &found.receipts {
            file.add(receipt)?;
            truth.record(&name, &file.path, file.receipts, *person, "RE", &[])?;
        }
        let path = file.path.clone();
        let submission = night.submission(truth, clinic, FeedKind::ReceiptMedical)?;
        file.close(submission, (1, 100))?;
        truth.broken.push(Broken {
            what: "GO counts one claim and 100 points too many",
            night: night.number,
            submission: name,
            path,
            rules: vec!["UKE-GO-COUNT", "UKE-GO-POINTS"],
        });
    }
    let Some(hospital) = find(&providers, clinics) else { return Ok(()) };
    let mut messages = found.messages.into_iter();
    if let Some((person, message, _)) = messages.next() {
        let path = format!("{}/{}", hospital.id, message.path(1));
        let bytes = without_last_return(&message.bytes);
        let submission = night.submission(truth, hospital, FeedKind::SsMix2Standard)?;
        submission.write(&path, &hospital.id, &bytes)?;
        submission.count(message.kind.name(), 1);
        let name = submission.name.clone();
        truth.record(&name, &path, 0, person, message.kind.name(), &[])?;
        truth.broken.push(Broken {
            what: "a kanji run is not closed and swallows the fields after it",
            night: night.number,
            submission: name,
            path,
            rules: vec!["HL7-ESC-SWALLOWED"],
        });
    }
    if let (Some((person, message, _)), Some((_, _, other))) = (messages.next(), messages.next()) {
        let path = format!("{}/{}", hospital.id, message.path_as(&other, 1));
        let submission = night.submission(truth, hospital, FeedKind::SsMix2Standard)?;
        submission.write(&path, &hospital.id, &message.bytes)?;
        submission.count(message.kind.name(), 1);
        let name = submission.name.clone();
        truth.record(&name, &path, 0, person, message.kind.name(), &[])?;
        truth.broken.push(Broken {
            what: "the path names another patient than PID-3",
            night: night.number,
            submission: name,
            path,
            rules: vec!["SSMIX2-PATH-PID"],
        });
    }
    Ok(())
}

/// Looks through the first district for care of the third month back at its first clinic and first hospital.
fn gather(world: &World, clinics: u64) -> Result<Found, SynthError> {
    let mut found = Found::default();
    let (spec, month) = (&world.spec, world.frame.month(3));
    let mut number = 0;
    let end = each_person(&world.frame, 0, world.persons_of(0), |person| {
        if found.receipts.len() >= RECEIPTS && found.messages.len() >= 3 {
            return Err(Stop::Enough);
        }
        let (chronic, sites) = world.places(person);
        let patient = Patient { frame: &world.frame, person, chronic: &chronic, sites: &sites };
        for site in sites.iter().filter(|s| s.district == 0 && (s.slot == 0 || s.slot == clinics)) {
            let Some(care) = patient.month(site, month) else { continue };
            let Some(day) = care.days.first().copied() else { continue };
            let providers = world.providers(0);
            let Some(provider) = find(&providers, site.slot) else { continue };
            let register = seen(&world.frame, &spec.errors, person, provider, day, 1, 1);
            if site.slot == 0
                && uke::reviewer(register.coverage.payer) == 1
                && found.receipts.len() < RECEIPTS
            {
                number += 1;
                let receipt =
                    uke::receipt(spec.seed, person.number, provider, &register, &care, month, number);
                found.receipts.push((person.number, receipt));
            }
            if site.slot == clinics && has_results(&care) && found.messages.len() < 3 {
                let chart = Chart {
                    seed: spec.seed,
                    provider,
                    seen: &register,
                    index: person.index,
                    person: person.number,
                };
                let at = Stamp::new(spec.seed, day, &[person.number, site.slot, 99], 12);
                if let Some(message) = chart.laboratory(at, &care, 0)? {
                    found.messages.push((person.number, message, register.chart.clone()));
                }
            }
        }
        Ok(())
    });
    match end {
        Ok(()) | Err(Stop::Enough) => Ok(found),
        Err(Stop::Failed(e)) => Err(e),
    }
}

/// The message without the return to ASCII after the last kanji of its PID: what follows up to the end of the segment,
/// birth date and sex among it, is swallowed by the kanji run.
fn without_last_return(bytes: &[u8]) -> Vec<u8> {
    const RETURN: &[u8] = b"\x1b(B";
    let find = |needle: &[u8], from: usize| {
        bytes.get(from..).and_then(|b| b.windows(needle.len()).position(|w| w == needle)).map(|at| at + from)
    };
    let end = find(b"\rPID|", 0).and_then(|start| find(b"\r", start + 1)).unwrap_or(bytes.len());
    let segment = bytes.get(..end).unwrap_or(bytes);
    match segment.windows(RETURN.len()).rposition(|w| w == RETURN) {
        Some(at) => bytes.iter().take(at).chain(bytes.iter().skip(at + RETURN.len())).copied().collect(),
        None => bytes.to_vec(),
    }
}
