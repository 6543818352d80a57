//! The ledgers of notices of the region (通知台帳), as its submitters would send them, and the filings they rest on.
//!
//! Everybody was notified long before the first night, at every provider and under every number by which that provider
//! knows them, but for those whom the scenario leaves waiting or without a notice; `truth/notices.csv` names these.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use jiff::civil::Date;
use musubi_model::ledger::{
    LEDGER_DOMAIN, LEDGER_FILE, LEDGER_SIGNATURE_FILE, NoticeLedger, NoticeScope, NoticeTemplate,
    ProviderLedger,
};
use musubi_model::{DocumentHash, FactTable, ProviderId, Sex, SubmitterId};
use serde::Serialize;

use crate::SynthError;
use crate::formats::Subject;
use crate::package::submitter_key;
use crate::people::Frame;
use crate::place::Provider;
use crate::seen::Seen;

/// The text that was handed out.
const TEXT: &str = "見本: 診療情報等は、次世代医療基盤法に基づき認定作成事業者に提供され、匿名加工または仮名加工されて\
    医療分野の研究開発に使われます。提供の停止は、いつでも、理由を問わず、窓口に求めることができます。\n";
/// Its version.
const VERSION: &str = "2026-1";
const HEADER: &str = "local_number,insurer_number,symbol,number,branch,care_insurer,care_number,name_kana,birth,sex,\
    notified_on,method,template,party,last_visit,status";

/// Who of a district waits, and who was never notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoticeScenario {
    /// Persons of each district whose days are still running.
    pub waiting: u64,
    /// Persons of each district whom nobody notified.
    pub unnotified: u64,
}

/// What is known of a provider's ledger.
struct Book {
    submitter: String,
    key: usize,
}

/// Writes the ledgers, provider by provider.
pub(crate) struct Notices {
    out: PathBuf,
    frame: Frame,
    scenario: NoticeScenario,
    books: BTreeMap<String, Book>,
    lines: BTreeMap<String, String>,
    told: HashSet<u64>,
    hasher: RandomState,
    truth: BufWriter<File>,
    missing: HashSet<u64>,
}

#[derive(Serialize)]
struct Filings {
    filing: Vec<Filing>,
}

#[derive(Serialize)]
struct Filing {
    provider: String,
    receipt_no: String,
    filed_on: Date,
    valid_from: Date,
    items: Vec<&'static str>,
}

enum Standing {
    Notified,
    Waiting,
    Nobody,
}

impl Notices {
    pub(crate) fn create(out: &Path, frame: Frame, scenario: NoticeScenario) -> Result<Self, SynthError> {
        let mut truth = BufWriter::new(File::create_new(out.join("truth/notices.csv"))?);
        writeln!(truth, "person,standing")?;
        Ok(Self {
            out: out.to_owned(),
            frame,
            scenario,
            books: BTreeMap::new(),
            lines: BTreeMap::new(),
            told: HashSet::new(),
            hasher: RandomState::new(),
            truth,
            missing: HashSet::new(),
        })
    }

    /// A provider's register has somebody; `index` is their place among the `persons` of the district, and `key` the
    /// number of the key with which `submitter` signs.
    pub(crate) fn seen(
        &mut self,
        provider: &Provider,
        (submitter, key): (&str, usize),
        (person, index, persons): (u64, u64, u64),
        seen: &Seen,
    ) -> Result<(), SynthError> {
        let c = &seen.coverage;
        let numbers = format!("{},{},{},{},{},,", seen.chart, c.insurer, c.symbol, c.number, c.branch);
        let kana = joined(&seen.kana);
        self.line(
            provider,
            (submitter, key),
            (person, index, persons),
            &numbers,
            (&kana, seen.birth, seen.sex),
        )
    }

    /// The same for a subject of another format.
    pub(crate) fn subject(
        &mut self,
        provider: &Provider,
        by: (&str, usize),
        (index, persons): (u64, u64),
        s: &Subject,
    ) -> Result<(), SynthError> {
        let (insurer, number) = s.care.as_ref().map_or(("", ""), |c| (c.insurer.as_str(), c.number.as_str()));
        let numbers = format!(
            "{},{},{},{},{},{insurer},{number}",
            s.chart, s.insurer, s.symbol, s.insured_number, s.branch
        );
        self.line(provider, by, (s.number, index, persons), &numbers, (&joined(&s.kana), s.birth, s.sex))
    }

    fn line(
        &mut self,
        provider: &Provider,
        (submitter, key): (&str, usize),
        (person, index, persons): (u64, u64, u64),
        numbers: &str,
        (kana, birth, sex): (&str, Date, Sex),
    ) -> Result<(), SynthError> {
        if !self.books.contains_key(&provider.id) {
            self.books.insert(provider.id.clone(), Book { submitter: submitter.to_owned(), key });
        }
        let standing = self.standing(index, persons);
        let word = match standing {
            Standing::Notified => "",
            Standing::Waiting => "waiting",
            Standing::Nobody => "unnotified",
        };
        if !word.is_empty() && self.missing.insert(person) {
            writeln!(self.truth, "{person},{word}")?;
        }
        let first = self.frame.business_date(1);
        let back = |days: u64| first.checked_sub(i64::try_from(days).unwrap_or(0).days());
        let notified = match standing {
            Standing::Nobody => return Ok(()),
            Standing::Waiting => back(5),
            Standing::Notified => back(60 + person % 200),
        };
        let notified = notified.map_err(|_| SynthError::Spec("a first night outside of time"))?;
        let visit = back(2).map_err(|_| SynthError::Spec("a first night outside of time"))?;
        let mailed =
            numbers.starts_with(',') || provider.id.get(2..3).is_some_and(|t| matches!(t, "7" | "9"));
        let minor = crate::people::age_on(birth, notified) < 16;
        let line = format!(
            "{numbers},{kana},{birth},{},{notified},{},{VERSION},{},{},",
            sex.code(),
            if mailed { "mail" } else { "paper" },
            if minor { "both" } else { "self" },
            if mailed { String::new() } else { visit.to_string() },
        );
        if self.told.insert(self.hasher.hash_one((&provider.id, &line))) {
            let lines = self.lines.entry(provider.id.clone()).or_default();
            lines.push_str(&line);
            lines.push('\n');
        }
        Ok(())
    }

    /// Whoever waits or was never told stands at two thirds of a district, away from the help desk's list.
    fn standing(&self, index: u64, persons: u64) -> Standing {
        let place = index.wrapping_sub(persons * 2 / 3);
        let NoticeScenario { waiting, unnotified } = self.scenario;
        if place < waiting {
            Standing::Waiting
        } else if place < waiting + unnotified {
            Standing::Nobody
        } else {
            Standing::Notified
        }
    }

    fn file(&self, provider: &str) -> PathBuf {
        let submitter = self.books.get(provider).map_or("nobody", |b| &b.submitter);
        self.out.join("ledgers").join(submitter).join(format!("{provider}.csv"))
    }

    /// Writes out what has come together, so that a district at a time is in memory.
    pub(crate) fn flush(&mut self) -> Result<(), SynthError> {
        for (provider, lines) in std::mem::take(&mut self.lines) {
            let file = self.file(&provider);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut out = OpenOptions::new().append(true).create(true).open(file)?;
            if out.metadata()?.len() == 0 {
                writeln!(out, "{HEADER}")?;
            }
            out.write_all(lines.as_bytes())?;
        }
        Ok(())
    }

    /// Heads, signatures and filings.
    pub(crate) fn finish(mut self, seed: u64) -> Result<(), SynthError> {
        self.flush()?;
        self.truth.flush()?;
        let first = self.frame.business_date(1);
        let before = |days: i64| {
            first.checked_sub(days.days()).map_err(|_| SynthError::Spec("a first night outside of time"))
        };
        let (start, filed) = (before(400)?, before(430)?);
        let items: Vec<&'static str> = FactTable::ALL.iter().map(|t| t.as_str()).collect();
        let mut heads: BTreeMap<String, (usize, NoticeLedger)> = BTreeMap::new();
        let mut filings = Vec::new();
        // Written out at the beginning of the last day, so that it is fresh for every night.
        let exported = self.frame.business_date(self.frame.nights);
        let exported_at = exported
            .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)))
            .map_err(|_| SynthError::Spec("a last night outside of time"))?
            .timestamp();
        for (n, (provider, book)) in self.books.iter().enumerate() {
            let file = self.file(provider);
            if !file.exists() {
                continue;
            }
            let submitter = SubmitterId::new(&book.submitter)?;
            let head = heads.entry(book.submitter.clone()).or_insert_with(|| {
                (book.key, NoticeLedger { version: 1, submitter, exported_at, providers: Vec::new() })
            });
            head.1.providers.push(ProviderLedger {
                id: ProviderId::new(provider)?,
                programme_start: start,
                file: format!("{provider}.csv"),
                blake3: DocumentHash::of(&fs::read(&file)?),
                templates: vec![NoticeTemplate {
                    version: VERSION.to_owned(),
                    scope: NoticeScope::Both,
                    items: items.iter().map(ToString::to_string).collect(),
                    blake3: DocumentHash::of(TEXT.as_bytes()),
                }],
            });
            filings.push(Filing {
                provider: provider.clone(),
                receipt_no: format!("T{:05}", n + 1),
                filed_on: filed,
                valid_from: filed,
                items: items.clone(),
            });
        }
        for (submitter, (key, head)) in heads {
            let folder = self.out.join("ledgers").join(submitter);
            let text = toml::to_string(&head)?;
            let signature = submitter_key(seed, key).sign(LEDGER_DOMAIN, text.as_bytes());
            fs::write(folder.join(LEDGER_SIGNATURE_FILE), signature.to_string())?;
            fs::write(folder.join(LEDGER_FILE), text)?;
        }
        fs::write(self.out.join("ledgers/notice-2026-1.txt"), TEXT)?;
        fs::write(self.out.join("filings.toml"), toml::to_string(&Filings { filing: filings })?)?;
        Ok(())
    }
}

fn joined((family, given): &(String, String)) -> String {
    format!("{family} {given}").trim().to_owned()
}
