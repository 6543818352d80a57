//! The other formats of the region: hospitals, dental clinics, pharmacies, care offices and the municipality of each
//! district deliver theirs, each on one of the nights.
//!
//! Of a district only the first persons are told of (`Scenario::others`), so that a region stays quick to make; it holds
//! the subjects of one sender at a time.

use std::path::Path;

use musubi_model::manifest::{Agreements, Feed, Provider as AgreedProvider, Submitter};
use musubi_model::{FeedId, ProviderId, SubmitterId};

use crate::SynthError;
use crate::formats::{self, Format, Job, PERSONS_PER_JOB};
use crate::notices::Notices;
use crate::package::{FeedInfo, Submission, submitter_key};
use crate::people::each_person;
use crate::place::{PREFECTURES, Provider};
use crate::region::World;
use crate::truth::Truth;

/// The submitter of a region's municipalities and care offices; its key is numbered after those of the prefectures.
const MUNICIPAL: (&str, &str, usize) = ("mihon-shichoson", "見本市町村共同提出", 100);
/// The submitter of dental clinics, pharmacies and of hospitals' other files.
const MEDICAL: (&str, &str, usize) = ("mihon-rengo", "見本医療機関連合", 101);

fn submitter(format: &Format) -> (&'static str, &'static str, usize) {
    if matches!(format.sender, "municipality" | "care") { MUNICIPAL } else { MEDICAL }
}

/// Feed of a format: kind, and interface for tables.
fn feed(format: &Format) -> FeedInfo {
    let kind = format.kind.as_str();
    let id = if format.interface.is_empty() || format.kind != musubi_model::manifest::FeedKind::Table {
        kind.to_owned()
    } else {
        format!("{kind}-{}", format.interface)
    };
    FeedInfo { id, submitter: submitter(format).0.to_owned(), kind: format.kind }
}

/// The sender of a format in a district. Hospitals and clinics are those of the district, so that their numbers are the
/// same as in their receipts.
fn sender(world: &World, district: u64, format: &Format) -> Provider {
    let providers = world.providers(district);
    let own = match format.sender {
        "hospital" => providers.iter().find(|p| p.hospital),
        "clinic" => providers.first(),
        _ => None,
    };
    match own {
        Some(provider) => provider.clone(),
        None => Provider::other(world.spec.seed, district, format.sender),
    }
}

/// Writes what is due on a night: format number i on night i modulo the nights.
pub(crate) fn write(
    world: &World,
    out: &Path,
    number: u32,
    truth: &mut Truth,
    notices: &mut Notices,
) -> Result<(), SynthError> {
    let spec = &world.spec;
    for (i, format) in formats::all().iter().enumerate() {
        if i % spec.nights as usize + 1 != number as usize || is_main(format) {
            continue;
        }
        let date = world.frame.business_date(number);
        let info = feed(format);
        let mut submission = Submission::new(out, number, 1, &info, date);
        for district in 0..world.districts() {
            let provider = sender(world, district, format);
            let site = formats::site(&provider);
            let mut subjects = Vec::new();
            let month = world.frame.month(1);
            each_person(&world.frame, district, world.persons_of(district).min(spec.scenario.others), |p| {
                // Who was not born when the month began has nothing in it.
                if p.birth < month {
                    let subject = formats::subject(&world.frame, &spec.errors, p, &provider, month, number);
                    let by = (submitter(format).0, submitter(format).2);
                    notices.subject(&provider, by, (p.index, world.persons_of(district)), &subject)?;
                    subjects.push(subject);
                }
                Ok::<(), SynthError>(())
            })?;
            for (part, subjects) in (1u32..).zip(subjects.chunks(PERSONS_PER_JOB)) {
                let job = Job { subjects, site: &site, month, business_date: date, part, seed: spec.seed };
                for file in (format.write)(&job)? {
                    let path = format!("{}/{}", provider.id, file.path);
                    submission.write(&path, &provider.id, &file.bytes)?;
                    for (kind, n) in &file.totals {
                        submission.count(kind, *n);
                    }
                }
            }
        }
        if submission.files > 0 {
            truth.closed.push(submission.close(&submitter_key(spec.seed, submitter(format).2))?);
        }
    }
    Ok(())
}

/// The formats that the region writes with every person in them, by itself.
fn is_main(format: &Format) -> bool {
    use musubi_model::manifest::FeedKind::{ReceiptMedical, SsMix2Standard};
    matches!(format.kind, ReceiptMedical | SsMix2Standard)
}

/// Adds submitters, senders and feeds of the other formats.
pub(crate) fn agree(world: &World, agreements: &mut Agreements) -> Result<(), SynthError> {
    for (id, name, key) in [MUNICIPAL, MEDICAL] {
        agreements.submitters.push(Submitter {
            id: SubmitterId::new(id)?,
            name: name.to_owned(),
            public_key: submitter_key(world.spec.seed, key).public(),
        });
    }
    for format in formats::all().iter().filter(|f| !is_main(f)) {
        let info = feed(format);
        let mut providers = Vec::new();
        for district in 0..world.districts() {
            let provider = sender(world, district, format);
            let id = ProviderId::new(&provider.id)?;
            if !agreements.providers.iter().any(|p| p.id == id) {
                agreements.providers.push(AgreedProvider {
                    id: id.clone(),
                    name: provider.name.clone(),
                    prefecture: PREFECTURES.get(provider.prefecture).map_or("13", |p| p.0).to_owned(),
                    standing: provider.standing(),
                });
            }
            providers.push(id);
        }
        agreements.feeds.push(Feed {
            id: FeedId::new(&info.id)?,
            submitter: SubmitterId::new(&info.submitter)?,
            kind: info.kind,
            providers,
            interface_version: format.interface.to_owned(),
            every_days: 30,
        });
    }
    Ok(())
}
