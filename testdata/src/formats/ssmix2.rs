//! SS-MIX2 in all its forms: standard storage with every data type, transaction storage, extended storage with vital
//! signs and documents, and plain HL7 messages. The messages are the same in all of them; only what stands around them
//! differs.

mod extended;
mod message;
mod stay;
mod visit;

use std::collections::BTreeMap;

use musubi_model::manifest::FeedKind;

use super::{Format, Job, SynthFile};
use crate::SynthError;
use message::Message;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    let of = |kind, write| Format { kind, interface: "", sender: "hospital", write };
    vec![
        of(FeedKind::SsMix2Standard, standard as fn(&Job<'_>) -> Result<Vec<SynthFile>, SynthError>),
        of(FeedKind::SsMix2Extended, extended::write),
        of(FeedKind::SsMix2Transaction, transaction),
        of(FeedKind::Hl7V2, plain),
    ]
}

/// All messages of a job: those of visits, and those of stays for who was admitted.
fn messages(job: &Job<'_>) -> Vec<Message> {
    let mut all = Vec::new();
    for subject in job.subjects.iter().filter(|s| s.birth < job.month) {
        visit::write(job, subject, &mut all);
        stay::write(job, subject, &mut all);
    }
    all
}

/// Standard storage: a file for each message, all of them current.
fn standard(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut files = Vec::new();
    for message in messages(job) {
        let part = |from: usize| message.chart.chars().skip(from).take(3).collect::<String>();
        let Message { chart, date, kind, order, time, department, .. } = &message;
        let path = format!(
            "{}/{}/{chart}/{date}/{kind}/{chart}_{date}_{kind}_{order}_{time}_{department}_1",
            part(0),
            part(3)
        );
        files.push(file(path, message.encoded()?, kind));
    }
    Ok(files)
}

/// Transaction storage: a file for each message; one prescription in twenty is deleted again.
fn transaction(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut files = Vec::new();
    let mut number = 0u32;
    for message in messages(job) {
        let Message { chart, date, kind, order, time, department, .. } = &message;
        let body = message.encoded()?;
        let mut put = |action: &str, time: &str, body: &[u8]| {
            number += 1;
            let year = time.get(..4).unwrap_or("0000");
            let path = format!("{year}/TR_{time}_{}{number:05}.DAT", job.part);
            let header = format!(
                "#SSMIX,2.00,{},{chart},{date},{kind},{order},{action},{department},{time}\r\n",
                job.site.id
            );
            files.push(file(path, [header.as_bytes(), body].concat(), kind));
        };
        put("INS", time, &body);
        if *kind == "OMP-01" && order.ends_with("01") && job.rng_of(order) {
            let later = format!("{}999", time.get(..14).unwrap_or(time));
            put("DEL", &later, &body);
        }
    }
    Ok(files)
}

impl Job<'_> {
    /// One order in twenty, by its number.
    fn rng_of(&self, order: &str) -> bool {
        let word = order.bytes().fold(0u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
        crate::rng::Rng::new(self.seed, crate::rng::Use::Correction, &[word]).chance(0.05)
    }
}

/// Plain messages: a file for each person and day, the messages one after the other; every third file in UTF-8, as newer
/// systems write, every fifth in MLLP frames.
fn plain(job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut files: Vec<SynthFile> = Vec::new();
    let mut number = 0u32;
    let mut last = String::new();
    for message in messages(job) {
        if last != message.chart {
            number += 1;
            last.clone_from(&message.chart);
            let path =
                format!("hl7/{}/{:02}_{number:05}.hl7", message.time.get(..8).unwrap_or("0"), job.part);
            files.push(SynthFile { path, ..SynthFile::default() });
        }
        let body = if number.is_multiple_of(3) { message.unicode() } else { message.encoded()? };
        if let Some(file) = files.last_mut() {
            if number.is_multiple_of(5) {
                file.bytes.push(0x0B);
                file.bytes.extend_from_slice(&body);
                file.bytes.extend_from_slice(b"\x1C\r");
            } else {
                file.bytes.extend_from_slice(&body);
            }
            let kind = message.event.get(..7).unwrap_or(message.event).to_owned();
            *file.totals.entry(kind).or_insert(0) += 1;
        }
    }
    Ok(files)
}

fn file(path: String, bytes: Vec<u8>, kind: &str) -> SynthFile {
    SynthFile { path, bytes, totals: BTreeMap::from([(kind.to_owned(), 1)]) }
}
