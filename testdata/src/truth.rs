//! The truth, kept aside from what is delivered: who is who, which record is whose, and what should come out.
//!
//! Written as it arises; only sums stay in memory.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use musubi_model::icd10::chapter_of;
use musubi_model::ids::to_hex;
use musubi_model::spec::{Axis, Cohort, ExtractSpec, Measure, Product, TableSpec};
use serde::Serialize;

use crate::package::{Closed, FeedInfo, submitter_key};
use crate::people::{Frame, Person, age_on};
use crate::place::PREFECTURES;
use crate::{ErrorKind, RegionSpec, RegionSummary, SynthError};

/// Something broken on purpose.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Broken {
    pub(crate) what: &'static str,
    pub(crate) night: u32,
    pub(crate) submission: String,
    pub(crate) path: String,
    /// Rules of which at least these must be found.
    pub(crate) rules: Vec<&'static str>,
}

/// A submission that comes twice.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Repeated {
    pub(crate) night: u32,
    pub(crate) submission: String,
    pub(crate) same_as: String,
}

#[derive(Debug, Serialize)]
struct SubmissionLine<'a> {
    name: &'a str,
    id: &'a str,
    feed: &'a str,
    files: u64,
    bytes: u64,
    totals: &'a BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Expected<'a> {
    seed: u64,
    nights: u32,
    first_night: Date,
    care_months: [String; 2],
    age_on: Date,
    summary: RegionSummary,
    units: &'a BTreeMap<String, u64>,
    units_with_error: BTreeMap<&'static str, u64>,
    diagnoses_by_chapter: BTreeMap<String, u64>,
    persons_by_chapter: BTreeMap<String, u64>,
    opted_out: u64,
    broken: &'a [Broken],
    repeated: &'a [Repeated],
    submission: Vec<SubmissionLine<'a>>,
}

/// Chapter, sex, prefecture, five-year band.
type Cell = (u8, u8, &'static str, i64);

/// Everything that is known and not delivered.
pub(crate) struct Truth {
    folder: PathBuf,
    persons: BufWriter<File>,
    records: BufWriter<File>,
    optout: BufWriter<File>,
    opted_out: u64,
    errors: BTreeMap<&'static str, u64>,
    /// Units delivered, by kind (RE and the SS-MIX2 data types).
    units: BTreeMap<String, u64>,
    diagnoses: BTreeMap<u8, u64>,
    chapters: BTreeMap<u8, u64>,
    table: BTreeMap<Cell, u64>,
    pub(crate) broken: Vec<Broken>,
    pub(crate) repeated: Vec<Repeated>,
    pub(crate) closed: Vec<Closed>,
}

fn create(path: PathBuf, header: &str) -> Result<BufWriter<File>, SynthError> {
    let mut out = BufWriter::with_capacity(1 << 16, File::create_new(path)?);
    writeln!(out, "{header}")?;
    Ok(out)
}

impl Truth {
    pub(crate) fn create(out: &Path) -> Result<Self, SynthError> {
        let folder = out.join("truth");
        for name in ["truth", "optout", "requests"] {
            fs::create_dir_all(out.join(name))?;
        }
        Ok(Self {
            persons: create(
                folder.join("persons.csv"),
                "person,household,from_night,event,sex,birth,name_kanji,name_kana,prefecture,postal_code,address,\
                 phone,payer,insurer_number,symbol,number,branch",
            )?,
            records: create(folder.join("records.csv"), "submission,path,unit,person")?,
            optout: create(
                out.join("optout/optout.csv"),
                "entry,provider_id,local_number,insurer_number,symbol,number,branch,name_kana,birth,sex,effective_from",
            )?,
            folder,
            opted_out: 0,
            errors: BTreeMap::new(),
            units: BTreeMap::new(),
            diagnoses: BTreeMap::new(),
            chapters: BTreeMap::new(),
            table: BTreeMap::new(),
            broken: Vec::new(),
            repeated: Vec::new(),
            closed: Vec::new(),
        })
    }

    /// Writes a person, once for each state records can show.
    pub(crate) fn person(&mut self, frame: &Frame, person: &Person) -> Result<(), SynthError> {
        let mut states = vec![(1, "")];
        states.extend(person.event.map(|e| {
            let word = match e.kind {
                crate::people::EventKind::Move => "move",
                crate::people::EventKind::Marriage => "marriage",
                crate::people::EventKind::InsurerChange => "insurer",
                crate::people::EventKind::Death => "death",
            };
            (e.night, word)
        }));
        for (night, event) in states {
            let (surname, home) = (person.surname(night), person.home(night));
            let c = person.coverage(frame.business_date(night), night);
            writeln!(
                self.persons,
                "{},{},{night},{event},{},{},{} {},{} {},{},{},{},{},{:?},{},{},{},{}",
                person.number,
                person.household,
                if person.female { 2 } else { 1 },
                person.birth,
                surname.kanji,
                person.given.kanji,
                surname.kana,
                person.given.kana,
                home.prefecture,
                home.postal,
                home.address,
                home.phone,
                c.payer,
                c.insurer,
                c.symbol,
                c.number,
                c.branch,
            )?;
        }
        Ok(())
    }

    /// Notes whose unit this is. `unit` is the receipt's number in its file, 0 for a message.
    pub(crate) fn record(
        &mut self,
        submission: &str,
        path: &str,
        unit: u64,
        person: u64,
        kind: &str,
        errors: &[ErrorKind],
    ) -> Result<(), SynthError> {
        let unit = if unit == 0 { String::new() } else { unit.to_string() };
        writeln!(self.records, "{submission},{path},{unit},{person}")?;
        match self.units.get_mut(kind) {
            Some(n) => *n += 1,
            None => {
                self.units.insert(kind.to_owned(), 1);
            }
        }
        for e in errors {
            *self.errors.entry(e.as_str()).or_default() += 1;
        }
        Ok(())
    }

    /// Counts a delivered diagnosis line of a receipt.
    pub(crate) fn diagnosis(&mut self, icd10: &str) {
        if let Some(chapter) = chapter_of(icd10) {
            *self.diagnoses.entry(chapter.number).or_default() += 1;
        }
    }

    /// Counts a person in each chapter in which any delivered, not suspected diagnosis lies.
    pub(crate) fn diagnosed(&mut self, frame: &Frame, person: &Person, icd10: &[&str]) {
        let mut chapters: Vec<u8> = icd10.iter().filter_map(|c| chapter_of(c)).map(|c| c.number).collect();
        chapters.sort_unstable();
        chapters.dedup();
        let band = age_on(person.birth, age_day(frame)).div_euclid(5) * 5;
        let sex = if person.female { 2 } else { 1 };
        for chapter in chapters {
            *self.chapters.entry(chapter).or_default() += 1;
            *self.table.entry((chapter, sex, person.home(1).prefecture, band)).or_default() += 1;
        }
    }

    /// Writes an entry of the help desk's list. With a provider it stops that provider only.
    pub(crate) fn opt_out(
        &mut self,
        frame: &Frame,
        person: &Person,
        provider: Option<(&str, &str)>,
    ) -> Result<(), SynthError> {
        self.opted_out += 1;
        let c = person.coverage(frame.business_date(1), 1);
        let (id, chart) = provider.unwrap_or_default();
        writeln!(
            self.optout,
            "{},{id},{chart},{},{},{},{},{} {},{},{},{}",
            self.opted_out,
            c.insurer,
            c.symbol,
            c.number,
            c.branch,
            person.surname(1).kana,
            person.given.kana,
            person.birth,
            if person.female { 2 } else { 1 },
            frame.business_date(2),
        )?;
        Ok(())
    }

    /// Writes what is left: sums, keys, the request.
    pub(crate) fn finish(
        mut self,
        spec: &RegionSpec,
        frame: &Frame,
        feeds: &[FeedInfo],
        mut summary: RegionSummary,
    ) -> Result<RegionSummary, SynthError> {
        self.persons.flush()?;
        self.records.flush()?;
        self.optout.flush()?;
        summary.submissions = self.closed.len() as u64 + self.repeated.len() as u64;
        summary.files = self.closed.iter().map(|c| c.files).sum();
        summary.bytes = self.closed.iter().map(|c| c.bytes).sum();
        summary.receipts = self.units.get("RE").copied().unwrap_or(0);
        summary.messages = self.units.iter().filter(|(k, _)| *k != "RE").map(|(_, n)| n).sum();
        let by_number = |m: &BTreeMap<u8, u64>| m.iter().map(|(c, n)| (format!("{c:02}"), *n)).collect();
        let month = |back| frame.month(back).strftime("%Y-%m").to_string();
        let expected = Expected {
            seed: spec.seed,
            nights: spec.nights,
            first_night: spec.first_night,
            care_months: [month(2), month(1)],
            age_on: age_day(frame),
            summary: summary.clone(),
            units: &self.units,
            units_with_error: self.errors.clone(),
            diagnoses_by_chapter: by_number(&self.diagnoses),
            persons_by_chapter: by_number(&self.chapters),
            opted_out: self.opted_out,
            broken: &self.broken,
            repeated: &self.repeated,
            submission: self
                .closed
                .iter()
                .map(|c| SubmissionLine {
                    name: &c.name,
                    id: &c.id,
                    feed: &c.feed,
                    files: c.files,
                    bytes: c.bytes,
                    totals: &c.totals,
                })
                .collect(),
        };
        fs::write(self.folder.join("expected.toml"), toml::to_string(&expected)?)?;
        let mut table = create(
            self.folder.join("persons_by_diagnosis.csv"),
            "chapter,sex,prefecture,age_band_5,persons",
        )?;
        for ((chapter, sex, prefecture, band), n) in &self.table {
            writeln!(table, "{chapter},{sex},{prefecture},{band},{n}")?;
        }
        table.flush()?;
        let mut keys = create(
            self.folder.join("submitter_keys.toml"),
            "# Ed25519 seeds of the synthetic submitters, derived from the region's seed. Worth nothing elsewhere.",
        )?;
        for (i, feed) in feeds.iter().step_by(2).enumerate() {
            let seed = to_hex(&submitter_key(spec.seed, i).seed());
            writeln!(keys, "\n[[submitter]]\nid = \"{}\"\nseed = \"{seed}\"", feed.submitter)?;
        }
        keys.flush()?;
        Ok(summary)
    }
}

/// The day on which ages are taken: the last of the month of care.
fn age_day(frame: &Frame) -> Date {
    frame.month(1).last_of_month()
}

/// Writes `requests/persons-by-diagnosis.toml`, the table a region is made for.
pub(crate) fn write_request(out: &Path, frame: &Frame) -> Result<(), SynthError> {
    let names: Vec<&str> = PREFECTURES.iter().map(|p| p.1).collect();
    let request = ExtractSpec {
        version: 1,
        name: "persons-by-diagnosis".to_owned(),
        title: "傷病大分類別・都道府県別・性別・年齢階級別の患者数".to_owned(),
        purpose: format!("{}における医療需要の把握（合成データ）", names.join("・")),
        recipient: crate::registers::RECIPIENT.to_owned(),
        product: Product::Statistics,
        policy: None,
        recipients: Vec::new(),
        cohort: Cohort {
            from: frame.month(2),
            to: frame.business_date(frame.nights),
            icd10_prefixes: Vec::new(),
            without_suspected: true,
            everybody: false,
            steps: Vec::new(),
        },
        table: Some(TableSpec {
            axes: vec![Axis::DiagnosisChapter, Axis::Prefecture, Axis::Sex, Axis::AgeBand5],
            measure: Measure::Persons,
            age_on: age_day(frame),
        }),
        rows: None,
        tables: Vec::new(),
    };
    let at = out.join("requests");
    fs::create_dir_all(&at)?;
    fs::write(at.join("persons-by-diagnosis.toml"), toml::to_string(&request)?)?;
    Ok(())
}
