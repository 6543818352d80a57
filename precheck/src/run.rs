//! The check itself: batches of documents on all cores, large ones by themselves, findings in a fixed order.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use musubi_mappers::table::Interfaces;
use musubi_mappers::vendor::vendor;
use musubi_mappers::{Document, mapper_for, recognise};
use musubi_model::code::Masters;
use musubi_model::finding::Finding;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::sign::PublicKey;
use musubi_model::{DocumentHash, ProviderId, Severity};
use musubi_package::promise::check_content;
use musubi_package::{Package, rules as package_rules};
use rayon::prelude::*;

use crate::args::Order;
use crate::check::{Found, Sums, Tools, whole};
use crate::csv::Table;
use crate::large;
use crate::lot::{Job, Origin, Totals, head};
use crate::report::{Named, Report};
use crate::rules;
use crate::{html, say};

/// Documents above this go through by themselves; receipts in parts.
pub(crate) const LARGE_BYTES: u64 = 48 << 20;
/// Bytes of a part.
const PART_BYTES: usize = 8 << 20;
/// Raw bytes held at once, and documents of a batch.
const BATCH_BYTES: u64 = 24 << 20;
const BATCH_DOCUMENTS: usize = 1024;

/// How a check speaks.
pub struct Speech<'a> {
    /// English instead of Japanese.
    pub english: bool,
    /// One JSON object instead of words.
    pub json: bool,
    /// Where to.
    pub out: &'a mut dyn Write,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nothing that intake would refuse or quarantine; there may be warnings.
    Clean,
    /// Something would be refused or quarantined.
    Errors,
    /// A package is not what its manifest says.
    Broken,
}

impl Ending {
    /// The exit code, as of all of Musubi's commands.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Errors => 3,
            Self::Broken => 4,
        }
    }
}

/// Checks what an order names. `masters` are the code masters to hold codes against (none: codes are not looked up).
///
/// # Errors
/// A path that cannot be read, an output that cannot be written, an argument that means nothing.
pub fn run<'a>(order: &'a Order, masters: &'a dyn Masters, speech: &'a mut Speech<'_>) -> Result<Ending> {
    let key = order.key.as_deref().map(|text| PublicKey::from_hex(text.trim()).ok_or(text)).transpose();
    let key = key.map_err(|_| anyhow!("--key は16進64桁の公開鍵です"))?;
    let table = order.csv.as_ref().map(|at| -> Result<_> {
        let file = File::create(at).with_context(|| format!("書けません: {}", at.display()))?;
        Ok(Table::new(BufWriter::new(file))?)
    });
    let provider = match &order.provider {
        Some(provider) => provider.clone(),
        None => ProviderId::new("-").context("provider")?,
    };
    let (interfaces, interface) = interfaces(order)?;
    let mut checker = Checker {
        order,
        interface,
        limits: Limits::default(),
        interfaces,
        masters,
        provider,
        key,
        report: Report::default(),
        csv: table.transpose()?,
        bar: bar(speech.json),
        number: 0,
        batch: Vec::new(),
        batch_bytes: 0,
        totals: Totals::new(),
        altered: false,
        english: speech.english,
        json: speech.json,
        out: &mut *speech.out,
    };
    if checker.json {
        checker.out.write_all(b"{\"documents\":[")?;
    }
    for path in &order.paths {
        checker.given(path)?;
    }
    checker.flush()?;
    checker.bar.finish_and_clear();
    checker.finish()
}

/// The interfaces known, and the name of the one that was asked for.
fn interfaces(order: &Order) -> Result<(Interfaces, Option<String>)> {
    let mut known = Interfaces::builtin();
    let Some(asked) = order.interface.as_deref() else { return Ok((known, None)) };
    if known.get(asked).is_some() {
        return Ok((known, Some(asked.to_owned())));
    }
    if !asked.ends_with(".toml") {
        let names: Vec<&str> = known.iter().map(|i| i.name()).collect();
        bail!("連携仕様「{asked}」はありません。あるもの: {}", names.join(", "));
    }
    let text = std::fs::read_to_string(asked).with_context(|| format!("連携仕様を読めません: {asked}"))?;
    let name = known.with(&text).with_context(|| format!("連携仕様を使えません: {asked}"))?.name().to_owned();
    Ok((known, Some(name)))
}

fn bar(json: bool) -> ProgressBar {
    let terminal = io::IsTerminal::is_terminal(&io::stderr());
    let target = if terminal && !json { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) =
        ProgressStyle::with_template("[{bar:30}] {bytes:>10}/{total_bytes:<10} {elapsed} {msg}")
    {
        bar.set_style(style.progress_chars("█▉ "));
    }
    bar
}

/// A check under way.
pub(crate) struct Checker<'a> {
    order: &'a Order,
    /// The interface that was asked for.
    interface: Option<String>,
    pub limits: Limits,
    interfaces: Interfaces,
    masters: &'a dyn Masters,
    provider: ProviderId,
    pub key: Option<PublicKey>,
    pub report: Report,
    csv: Option<Table<BufWriter<File>>>,
    bar: ProgressBar,
    number: u64,
    batch: Vec<Job>,
    batch_bytes: u64,
    /// Control totals of the package at hand.
    pub totals: Totals,
    /// A document of the package at hand is not as its manifest says.
    pub altered: bool,
    english: bool,
    json: bool,
    out: &'a mut dyn Write,
}

/// A document that was checked.
struct Done {
    named: Named,
    sums: Sums,
    found: Vec<Found>,
}

/// Where the bytes of a large document are read from, more than once.
pub(crate) enum Source<'s> {
    Disk(&'s Path),
    Inside(&'s mut Package, &'s str),
}

impl Source<'_> {
    /// The bytes from their beginning.
    fn open(&mut self) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Self::Disk(at) => Ok(Box::new(File::open(at)?)),
            Self::Inside(package, path) => package.stream(path),
        }
    }
}

impl Checker<'_> {
    /// Takes a document; it is checked with others of its batch.
    pub(crate) fn push(&mut self, job: Job) -> Result<()> {
        if let Origin::Disk(at) = &job.origin {
            let at = at.clone();
            if self.goes_in_parts(&job, &mut Source::Disk(&at))? {
                return self.large(&job, &mut Source::Disk(&at));
            }
        }
        if self.batch_bytes + job.size > BATCH_BYTES || self.batch.len() >= BATCH_DOCUMENTS {
            self.flush()?;
        }
        self.bar.inc_length(job.size);
        self.batch_bytes += job.size;
        self.batch.push(job);
        Ok(())
    }

    /// Checks what was taken so far, one document for each core at a time.
    pub(crate) fn flush(&mut self) -> Result<()> {
        let jobs = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        let first = self.number + 1;
        let this = View {
            order: self.order,
            interface: self.interface.as_deref(),
            limits: &self.limits,
            interfaces: &self.interfaces,
            masters: self.masters,
            provider: &self.provider,
        };
        let bar = &self.bar;
        let done: Vec<Result<Done>> = jobs
            .into_par_iter()
            .enumerate()
            .map(|(place, job)| {
                let number = first + u64::try_from(place).unwrap_or(0);
                let size = job.size;
                let done = this.small(number, job);
                bar.inc(size);
                done
            })
            .collect();
        for one in done {
            let Done { named, sums, found } = one?;
            self.number += 1;
            for found in found {
                self.say(&named, &found)?;
            }
            self.close(&named, &sums)?;
        }
        Ok(())
    }

    /// Is the document to be read in parts?
    pub(crate) fn goes_in_parts(&self, job: &Job, source: &mut Source<'_>) -> Result<bool> {
        if job.size <= LARGE_BYTES {
            return Ok(false);
        }
        let bytes = source.open().and_then(head).with_context(|| format!("開けません: {}", job.place))?;
        let kind = self.view().kind_of(job.kind, &job.path, &bytes).map(|(kind, _)| kind);
        Ok(kind.is_some_and(large::in_parts))
    }

    /// Was a format named whose documents may be zips?
    pub(crate) fn wants_zips(&self) -> bool {
        matches!(self.order.kind, Some(FeedKind::CheckupCda | FeedKind::ClinicalCda))
    }

    /// Is a whole zip one document?
    pub(crate) fn is_document(&self, path: &str, bytes: &[u8]) -> bool {
        let document = Document { bytes, path, provider: &self.provider, limits: &self.limits };
        recognise(&document, &self.interfaces).is_some()
    }

    fn view(&self) -> View<'_> {
        View {
            order: self.order,
            interface: self.interface.as_deref(),
            limits: &self.limits,
            interfaces: &self.interfaces,
            masters: self.masters,
            provider: &self.provider,
        }
    }

    /// Checks a large receipt file part by part.
    pub(crate) fn large(&mut self, job: &Job, source: &mut Source<'_>) -> Result<()> {
        self.flush()?;
        let doing = || format!("開けません: {}", job.place);
        self.bar.inc_length(job.size * 2);
        let hash = {
            let mut hasher = blake3::Hasher::new();
            let mut bytes = source.open().with_context(doing)?;
            let mut piece = vec![0; 1 << 20];
            loop {
                let read = bytes.read(&mut piece).with_context(doing)?;
                if read == 0 {
                    break;
                }
                hasher.update(piece.get(..read).unwrap_or_default());
                self.bar.inc(u64::try_from(read).unwrap_or(0));
            }
            DocumentHash(*hasher.finalize().as_bytes())
        };
        let first = source.open().and_then(head).with_context(doing)?;
        let (kind, interface) =
            self.view().kind_of(job.kind, &job.path, &first).ok_or_else(|| anyhow!("書式が分かりません"))?;
        let mapper =
            mapper_for(kind, &interface, &self.interfaces).ok_or_else(|| anyhow!("書式が分かりません"))?;
        self.number += 1;
        let named = Named {
            number: self.number,
            place: job.place.clone(),
            hash,
            bytes: job.size,
            kind: Some(kind),
            interface,
            vendor: vendor(kind, &first),
        };
        let limits = self.limits;
        if job.size > limits.document_bytes_max {
            let finding = Finding::new(&package_rules::OVERSIZE)
                .found(format!("document_bytes_max: {}", job.size))
                .expected(format!("{} 以下", limits.document_bytes_max));
            self.say(&named, &Found { unit: None, finding })?;
        }
        self.against_manifest(job, &named)?;
        let provider = job.provider.clone().unwrap_or_else(|| self.provider.clone());
        let masters = self.masters;
        let tools =
            Tools { mapper: mapper.as_ref(), masters, limits: &limits, provider: &provider, path: &job.path };
        let bar = self.bar.clone();
        let source = source.open().with_context(doing)?;
        let mut sums = large::receipts(kind, &tools, source, PART_BYTES, &|n| bar.inc(n), &mut |found| {
            self.say(&named, &found)
        })?;
        sums.unsound |= job.size > limits.document_bytes_max;
        if sums.units > u64::from(limits.units_per_document_max) {
            sums.unsound = true;
            let finding = Finding::new(&package_rules::OVERSIZE)
                .found(format!("units_per_document_max: {}", sums.units))
                .expected(format!("{} 以下", limits.units_per_document_max));
            self.say(&named, &Found { unit: None, finding })?;
        }
        if sums.unsound {
            sums.quarantined = sums.units;
            sums.facts.clear();
        }
        self.close(&named, &sums)
    }

    fn against_manifest(&mut self, job: &Job, named: &Named) -> Result<()> {
        let finding = job.listed.as_ref().and_then(|(i, file)| check_content(*i, file, job.size, named.hash));
        match finding {
            Some(finding) => self.say(named, &Found { unit: None, finding }),
            None => Ok(()),
        }
    }

    /// Counts and writes a finding about a document.
    fn say(&mut self, named: &Named, found: &Found) -> Result<()> {
        let altered = [package_rules::FILE_ALTERED.id, package_rules::FILE_TRUNCATED.id];
        self.altered |= altered.contains(&found.finding.rule.id);
        self.report.finding(Some(named), &named.place, found.unit, &found.finding);
        if let Some(csv) = &mut self.csv {
            csv.finding(Some(named), &named.place, found.unit, &found.finding)?;
        }
        Ok(())
    }

    /// Counts and writes a finding about a package or something that is no document.
    pub(crate) fn about(&mut self, place: &str, finding: &Finding) -> Result<()> {
        self.report.finding(None, place, None, finding);
        if let Some(csv) = &mut self.csv {
            csv.finding(None, place, None, finding)?;
        }
        Ok(())
    }

    fn close(&mut self, named: &Named, sums: &Sums) -> Result<()> {
        for (kind, n) in &sums.totals {
            *self.totals.entry(kind.clone()).or_default() += n;
        }
        let first = self.report.documents == 0;
        let words = (!self.json).then(|| say::document(self.english, named, sums, &self.report));
        let line = self.report.document(named, sums)?;
        if self.json {
            let comma: &[u8] = if first { b"\n" } else { b",\n" };
            self.out.write_all(comma)?;
            self.out.write_all(line.as_bytes())?;
        } else if let Some(words) = words.flatten() {
            let out = &mut self.out;
            self.bar.suspend(|| writeln!(out, "{words}"))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Ending> {
        let report = &self.report;
        let ending = if report.broken_parcel() {
            Ending::Broken
        } else if report.count(Severity::Error) > 0 {
            Ending::Errors
        } else {
            Ending::Clean
        };
        if let Some(csv) = self.csv {
            csv.finish()?;
        }
        if let Some(at) = &self.order.html {
            let page = html::page(report, ending, self.english).into_string();
            std::fs::write(at, page).with_context(|| format!("書けません: {}", at.display()))?;
        }
        if self.json {
            let summary = serde_json::to_string_pretty(&report.summary(ending.code()))?;
            let fields = summary.strip_prefix('{').unwrap_or(&summary);
            writeln!(self.out, "],{fields}")?;
        } else {
            self.out.write_all(say::summary(report, ending, self.english).as_bytes())?;
        }
        self.out.flush()?;
        Ok(ending)
    }
}

/// What the workers share.
#[derive(Clone, Copy)]
struct View<'a> {
    order: &'a Order,
    interface: Option<&'a str>,
    limits: &'a Limits,
    interfaces: &'a Interfaces,
    masters: &'a dyn Masters,
    provider: &'a ProviderId,
}

impl View<'_> {
    /// Format and interface of a document: as ordered, as its manifest says, or as its content says.
    fn kind_of(&self, listed: Option<FeedKind>, path: &str, bytes: &[u8]) -> Option<(FeedKind, String)> {
        let told = self.order.kind.or(listed);
        let interface = self.interface.map(str::to_owned);
        if let Some(kind) = told.filter(|k| *k != FeedKind::Table || interface.is_some()) {
            return Some((kind, interface.unwrap_or_default()));
        }
        if let Some(interface) = interface {
            return Some((FeedKind::Table, interface));
        }
        let document = Document { bytes, path, provider: self.provider, limits: self.limits };
        recognise(&document, self.interfaces).filter(|(kind, _)| told.is_none_or(|t| t == *kind))
    }

    fn small(&self, number: u64, job: Job) -> Result<Done> {
        let bytes = match job.origin {
            Origin::Held(bytes) => bytes,
            Origin::Disk(at) => std::fs::read(&at).with_context(|| format!("開けません: {}", job.place))?,
        };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let hash = DocumentHash::of(&bytes);
        let mut found = Vec::new();
        let mut add = |finding: Finding| found.push(Found { unit: None, finding });
        if let Some(finding) = job.listed.as_ref().and_then(|(i, f)| check_content(*i, f, size, hash)) {
            add(finding);
        }
        let told = self.kind_of(job.kind, &job.path, &bytes);
        let mapper = told.as_ref().and_then(|(kind, i)| mapper_for(*kind, i, self.interfaces));
        if told.is_none() {
            let zip = bytes.starts_with(b"PK\x03\x04");
            add(Finding::new(if zip { &rules::ZIP_INSIDE } else { &rules::UNRECOGNISED })
                .found(format!("{size} バイト")));
        } else if mapper.is_none() {
            let name = told.as_ref().map_or("", |(_, i)| i.as_str());
            add(Finding::new(&package_rules::INTERFACE_UNKNOWN).found(musubi_model::finding::shape_of(name)));
        }
        let (kind, interface) = told.map_or((None, String::new()), |(k, i)| (Some(k), i));
        let named = Named {
            number,
            place: job.place,
            hash,
            bytes: size,
            kind,
            interface,
            vendor: kind.and_then(|k| vendor(k, &bytes)),
        };
        let Some(mapper) = mapper else {
            return Ok(Done { named, sums: Sums { unsound: true, ..Sums::default() }, found });
        };
        let tools = Tools {
            mapper: mapper.as_ref(),
            masters: self.masters,
            limits: self.limits,
            provider: job.provider.as_ref().unwrap_or(self.provider),
            path: &job.path,
        };
        let sums = whole(&tools, &bytes, &mut |one| {
            found.push(one);
            Ok(())
        })?;
        Ok(Done { named, sums, found })
    }
}
