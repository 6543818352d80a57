//! A large corpus of one format, for measuring: every person of an endless row of households goes to one provider after
//! another, until there are bytes enough.
//!
//! Nothing in it is broken, and there is no truth beside it.

use std::fs;
use std::path::Path;

use jiff::civil::Date;
use musubi_model::manifest::{Agreements, Feed, FeedKind, Provider as AgreedProvider, Submitter};
use musubi_model::{FeedId, ProviderId, SubmitterId};

use crate::care::{self, Patient, Site};
use crate::package::{FeedInfo, Submission, UkeFile, submitter_key};
use crate::people::{Frame, household};
use crate::place::{DISTRICT_PERSONS, PREFECTURES, Provider};
use crate::seen::seen;
use crate::storage::Storage;
use crate::{ErrorRates, Scenario, SynthError, uke};

/// Bytes after which a receipt file is closed.
const UKE_BYTES: u64 = 6 << 20;
/// Files after which a submission of messages is closed.
const MESSAGES: u64 = 5_000;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BenchSummary {
    /// Submissions.
    pub submissions: u64,
    /// Files the manifests list.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Receipts or messages.
    pub units: u64,
}

/// Writes at least `bytes_at_least` bytes of one format below `inbox/night-01`, with `feeds.toml`, `masters/` and valid
/// manifests. Receipt files have 6 MiB, submissions of messages 5,000 files.
///
/// # Errors
/// `out` already holds a corpus, or the disk refuses.
pub fn write_bench_corpus(
    kind: FeedKind,
    bytes_at_least: u64,
    seed: u64,
    out: &Path,
) -> Result<BenchSummary, SynthError> {
    if ["inbox", "truth", "feeds.toml"].iter().any(|name| out.join(name).exists()) {
        return Err(SynthError::Spec("the output folder already holds a corpus"));
    }
    fs::create_dir_all(out)?;
    crate::masters::write(out)?;
    let first_night = Date::constant(2026, 10, 9);
    let frame = Frame { seed, nights: 1, first_night };
    let feed = FeedInfo { id: "bench".to_owned(), submitter: "mihon-bench".to_owned(), kind };
    let key = submitter_key(seed, 0);
    let mut summary = BenchSummary::default();
    let mut agreed: Vec<AgreedProvider> = Vec::new();
    let mut part = 1;
    let mut submission = Submission::new(out, 1, part, &feed, first_night);
    let mut slot = 0;
    let mut provider = agree(&mut agreed, seed, slot)?;
    let mut open: [Option<UkeFile>; 2] = [None, None];
    let mut closed_bytes = 0;
    let mut written = 0;
    let mut persons = 0;
    let mut i = 0;
    while closed_bytes + written < bytes_at_least {
        let members = household(&frame, 0, i, persons % DISTRICT_PERSONS, persons);
        persons += members.len() as u64;
        i += 1;
        for person in &members {
            let chronic = care::chronic(&frame, person);
            let site = Site::only(slot);
            let sites = [site];
            let patient = Patient { frame: &frame, person, chronic: &chronic, sites: &sites };
            if kind == FeedKind::SsMix2Standard {
                let (rates, scenario) = (ErrorRates::NONE, Scenario::default());
                let storage = Storage {
                    rates: &rates,
                    scenario: &scenario,
                    patient: &patient,
                    site: &site,
                    provider: &provider,
                };
                for stored in storage.on_night(1)? {
                    let path = format!("{}/{}", provider.id, stored.message.path(stored.flag));
                    submission.write(&path, &provider.id, &stored.message.bytes)?;
                    submission.count(stored.message.kind.name(), 1);
                    summary.units += 1;
                }
                written = submission.bytes;
                continue;
            }
            let month = frame.month(1);
            let Some(care) = patient.month(&site, month) else { continue };
            let register = seen(&frame, &ErrorRates::NONE, person, &provider, month, 1, 1);
            let reviewer = uke::reviewer(register.coverage.payer);
            let Some(place) = open.get_mut(reviewer - 1) else { continue };
            let file = match place {
                Some(file) => file,
                None => place.insert(UkeFile::open(&mut submission, &provider, reviewer, frame.month(0))?),
            };
            let number = file.receipts + 1;
            let before = file.bytes;
            file.add(&uke::receipt(seed, person.number, &provider, &register, &care, month, number))?;
            written += file.bytes - before;
            summary.units += 1;
        }
        // The next provider takes over when this one has enough, so that no chart number is used twice.
        let full = match kind {
            FeedKind::SsMix2Standard => submission.files >= MESSAGES,
            _ => open.iter().flatten().any(|f| f.bytes >= UKE_BYTES),
        };
        if full {
            for file in open.iter_mut().filter_map(Option::take) {
                file.close(&mut submission, (0, 0))?;
            }
            if kind == FeedKind::SsMix2Standard {
                part += 1;
                let next = Submission::new(out, 1, part, &feed, first_night);
                let closed = std::mem::replace(&mut submission, next).close(&key)?;
                closed_bytes += closed.bytes;
                summary.add(closed.files, closed.bytes);
                written = 0;
            }
            slot += 1;
            provider = agree(&mut agreed, seed, slot)?;
        }
    }
    for file in open.iter_mut().filter_map(Option::take) {
        file.close(&mut submission, (0, 0))?;
    }
    if submission.files > 0 {
        let closed = submission.close(&key)?;
        summary.add(closed.files, closed.bytes);
    }
    let agreements = Agreements {
        submitters: vec![Submitter {
            id: SubmitterId::new(&feed.submitter)?,
            name: "見本医師会（計測用）".to_owned(),
            public_key: key.public(),
        }],
        feeds: vec![Feed {
            id: FeedId::new(&feed.id)?,
            submitter: SubmitterId::new(&feed.submitter)?,
            kind,
            providers: agreed.iter().map(|p| p.id.clone()).collect(),
            interface_version: "計測用".to_owned(),
            every_days: 1,
        }],
        providers: agreed,
        municipalities: Vec::new(),
    };
    fs::write(out.join("feeds.toml"), toml::to_string(&agreements)?)?;
    Ok(summary)
}

impl BenchSummary {
    fn add(&mut self, files: u64, bytes: u64) {
        self.submissions += 1;
        self.files += files;
        self.bytes += bytes;
    }
}

/// The provider in a slot: a hospital, so that it has everything; noted in the agreements.
fn agree(agreed: &mut Vec<AgreedProvider>, seed: u64, slot: u64) -> Result<Provider, SynthError> {
    let provider = Provider::at(seed, 0, slot, 0);
    let prefecture = PREFECTURES.get(provider.prefecture).map_or("13", |p| p.0);
    agreed.push(AgreedProvider {
        id: ProviderId::new(&provider.id)?,
        name: provider.name.clone(),
        prefecture: prefecture.to_owned(),
        standing: provider.standing(),
    });
    Ok(provider)
}
