//! A sheet: its headings, whom it is about, and how each cell is drawn. Writes CSV, the three-headed CSV of the check-up
//! converter, and XML.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::ToSpan;
use jiff::civil::Date;
use musubi_model::Sex;

use super::super::{Job, Subject, SynthFile};
use crate::SynthError;
use crate::rng::Rng;

/// How a cell is drawn.
#[derive(Debug)]
pub(super) enum Gen {
    /// Parts of the person.
    Chart,
    Insurer,
    /// Insurer of national health insurance padded to eight digits.
    Insurer8,
    Symbol,
    InsuredNumber,
    Branch,
    CareInsurer,
    CareNumber,
    /// Level of the certificate.
    CareLevel,
    Kanji,
    Kana,
    Family,
    Given,
    FamilyKana,
    GivenKana,
    /// `19600403`
    Birth,
    /// `1960/4/3`
    BirthSlash,
    /// `昭和35年4月3日`
    BirthEra,
    SexCode,
    SexWord,
    Postal,
    Address,
    Phone,
    /// The sender's name.
    Site,
    /// A number of the row.
    Serial,
    /// School grade by age.
    Grade,
    /// The day of the record: in the job's month.
    Visit,
    /// The same, `令和8年10月9日`.
    VisitEra,
    /// So many months after birth, and some days.
    BornPlus(i64),
    /// The day of the record, one later for each row.
    RowDay,
    RowTime,
    DayPlus(i64),
    DayMinus(i64),
    /// Some days after the record, with a time.
    Updated,
    /// A time of day between two hours.
    Time(i64, i64),
    /// A number between two, with so many decimals; both are scaled.
    Num(i64, i64, usize),
    /// One of these, by weight.
    Pick(&'static [(&'static str, u32)]),
    /// One of these texts.
    Text(&'static [&'static str]),
    Const(&'static str),
    Blank,
    Height,
    Weight,
    Bmi,
    /// Milk teeth by age.
    ToothCount,
    /// In so many of a hundred rows.
    Maybe(u64, &'static Gen),
    /// When the column of that heading holds one of these.
    If(&'static str, &'static [&'static str], &'static Gen),
    /// The sum of columns; blank when all are.
    Sum(&'static [&'static str]),
}

/// Whom a sheet is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    /// From this age to below that, in years.
    Ages(i64, i64),
    Women(i64, i64),
    /// Insured of long-term care with a certificate.
    Care,
    /// So many of a thousand, the oldest; two at least.
    Oldest(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Shift_JIS, CRLF.
    Sjis,
    /// UTF-8, LF.
    Utf8,
    /// UTF-8 with its mark, CRLF.
    Utf8Bom,
}

#[derive(Debug)]
pub(super) enum Layout {
    Csv,
    /// Numbers, keys, names, each behind `#`.
    Niph {
        names: &'static [&'static str],
    },
    Xml {
        root: &'static str,
        record: &'static str,
        paths: &'static [&'static str],
    },
}

#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) interface: &'static str,
    pub(super) sender: &'static str,
    pub(super) who: Who,
    pub(super) encoding: Encoding,
    pub(super) layout: Layout,
    /// Rows of a person.
    pub(super) rows: i64,
    pub(super) columns: &'static [(&'static str, Gen)],
}

/// A sheet of a list, at compile time.
pub(super) const fn at(sheets: &'static [Sheet], index: usize) -> &'static Sheet {
    // Out of range does not compile: every call is evaluated for a static.
    #[allow(clippy::indexing_slicing)]
    &sheets[index]
}

/// Writes the file of a sheet; none when it is about nobody of the job.
pub(super) fn write(sheet: &Sheet, job: &Job<'_>) -> Result<Vec<SynthFile>, SynthError> {
    let mut body = String::new();
    let mut count = 0u64;
    for subject in persons(sheet.who, job) {
        let mut draw = Draw::new(sheet, job, subject);
        if !matches!(sheet.who, Who::Oldest(_)) && !draw.rng.chance(0.6) {
            continue;
        }
        for row in 0..sheet.rows {
            draw.row = row;
            count += 1;
            draw.serial = count;
            let cells = draw.cells(sheet);
            match &sheet.layout {
                Layout::Xml { record, paths, .. } => element(&mut body, record, paths, &cells),
                _ => line(&mut body, &cells, "\n"),
            }
        }
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut text = String::new();
    let heads: Vec<String> = sheet.columns.iter().map(|(h, _)| (*h).to_owned()).collect();
    let extension = match &sheet.layout {
        Layout::Csv => {
            line(&mut text, &heads, "\n");
            text.push_str(&body);
            "csv"
        }
        Layout::Niph { names } => {
            let numbers: Vec<String> = (1..=heads.len()).map(|n| n.to_string()).collect();
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            for row in [numbers, heads, names] {
                text.push('#');
                line(&mut text, &row, "\n");
            }
            text.push_str(&body);
            "csv"
        }
        Layout::Xml { root, .. } => {
            let _ = write!(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>\n{body}</{root}>\n");
            "xml"
        }
    };
    let bytes = encoded(&text, sheet.encoding)?;
    let day = job.business_date.strftime("%Y%m%d");
    let path = format!("{}/{}_{day}_{:03}.{extension}", sheet.interface, job.site.id, job.part);
    Ok(vec![SynthFile { path, bytes, totals: BTreeMap::from([("row".to_owned(), count)]) }])
}

fn persons<'j>(who: Who, job: &Job<'j>) -> Vec<&'j Subject> {
    let born = |s: &&Subject| s.birth < job.month;
    let all = job.subjects.iter().filter(born);
    match who {
        Who::Ages(from, to) => all.filter(|s| (from..to).contains(&s.age)).collect(),
        Who::Women(from, to) => all.filter(|s| s.sex == Sex::Female && (from..to).contains(&s.age)).collect(),
        Who::Care => all.filter(|s| s.care.is_some()).collect(),
        Who::Oldest(share) => {
            let mut oldest: Vec<_> = all.collect();
            oldest.sort_by_key(|s| (s.birth, s.number));
            oldest.truncate((job.subjects.len() * share / 1000).max(2));
            oldest.sort_by_key(|s| s.number);
            oldest
        }
    }
}

/// What one person's rows are drawn from.
struct Draw<'d> {
    subject: &'d Subject,
    site: &'d str,
    rng: Rng,
    /// The day of the first row.
    day: Date,
    row: i64,
    serial: u64,
    height: f64,
    bmi: f64,
}

impl<'d> Draw<'d> {
    fn new(sheet: &Sheet, job: &Job<'d>, subject: &'d Subject) -> Self {
        let purpose =
            sheet.interface.bytes().fold(7_u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
        let mut rng = job.rng(subject, purpose % 1_000_000);
        let months = sheet.columns.iter().find_map(|(_, g)| match g {
            Gen::BornPlus(n) => Some(*n),
            _ => None,
        });
        let day = match months {
            Some(n) => {
                later(subject.birth.checked_add(n.months()).unwrap_or(subject.birth), rng.between(0, 20))
            }
            None => later(job.month, rng.between(0, 21)),
        };
        let age = match months {
            Some(n) => n / 12,
            None => subject.age,
        };
        // Body of the person, the same in every sheet.
        let mut body = job.rng(subject, 77);
        let height = height(age, subject.sex) + body.between(-70, 70) as f64 / 10.0;
        let bmi = if age < 15 { body.between(145, 190) } else { body.between(178, 298) } as f64 / 10.0;
        Self { subject, site: &job.site.name, rng, day, row: 0, serial: 0, height, bmi }
    }

    fn cells(&mut self, sheet: &Sheet) -> Vec<String> {
        let mut cells: Vec<String> = Vec::with_capacity(sheet.columns.len());
        for (_, column) in sheet.columns {
            let cell = self.cell(column, sheet, &cells);
            cells.push(cell);
        }
        cells
    }

    fn cell(&mut self, column: &Gen, sheet: &Sheet, before: &[String]) -> String {
        let s = self.subject;
        let known = |head: &str| {
            let at = sheet.columns.iter().position(|(h, _)| *h == head);
            at.and_then(|n| before.get(n)).map(String::as_str).unwrap_or_default()
        };
        match column {
            Gen::Chart => s.chart.clone(),
            Gen::Insurer if s.assistance => String::new(),
            Gen::Insurer => s.insurer.clone(),
            Gen::Insurer8 => format!("{:0>8}", s.insurer),
            Gen::Symbol | Gen::InsuredNumber
                if s.assistance && !matches!(sheet.layout, Layout::Niph { .. }) =>
            {
                String::new()
            }
            Gen::Symbol => s.symbol.clone(),
            Gen::InsuredNumber => s.insured_number.clone(),
            Gen::Branch => s.branch.clone(),
            Gen::CareInsurer => s.care.as_ref().map(|c| c.insurer.clone()).unwrap_or_default(),
            Gen::CareNumber => s.care.as_ref().map(|c| c.number.clone()).unwrap_or_default(),
            Gen::CareLevel => s.care.as_ref().map(|c| c.level.to_owned()).unwrap_or_default(),
            Gen::Kanji => joined(&s.kanji),
            Gen::Kana => joined(&s.kana),
            Gen::Family => s.kanji.0.clone(),
            Gen::Given => s.kanji.1.clone(),
            Gen::FamilyKana => s.kana.0.clone(),
            Gen::GivenKana => s.kana.1.clone(),
            Gen::Birth => compact(s.birth),
            Gen::BirthSlash => format!("{}/{}/{}", s.birth.year(), s.birth.month(), s.birth.day()),
            Gen::BirthEra => era(s.birth),
            Gen::SexCode => s.sex.code().to_owned(),
            Gen::SexWord => match s.sex {
                Sex::Male => "男",
                Sex::Female => "女",
                Sex::Other => "その他",
                Sex::Unknown => "不明",
            }
            .to_owned(),
            Gen::Postal => s.postal.clone(),
            Gen::Address => s.address.clone(),
            Gen::Phone => s.phone.clone(),
            Gen::Site => self.site.to_owned(),
            Gen::Serial => format!("{:06}", self.serial),
            Gen::Grade => (s.age - 6).clamp(1, 12).to_string(),
            Gen::Visit | Gen::BornPlus(_) => compact(self.day),
            Gen::VisitEra => era(self.day),
            Gen::RowDay => compact(later(self.day, self.row)),
            Gen::RowTime => format!("{}:{:02}", 8 + 3 * self.row, self.rng.below(60)),
            Gen::DayPlus(n) => compact(later(self.day, *n)),
            Gen::DayMinus(n) => compact(later(self.day, -*n)),
            Gen::Updated => {
                let at = later(self.day, 3);
                format!(
                    "{}/{:02}/{:02} {:02}:{:02}",
                    at.year(),
                    at.month(),
                    at.day(),
                    self.rng.between(9, 17),
                    self.rng.below(60)
                )
            }
            Gen::Time(from, to) => {
                format!("{:02}:{:02}", self.rng.between(*from, to - 1), self.rng.below(60))
            }
            Gen::Num(low, high, decimals) => scaled(middle(&mut self.rng, *low, *high), *decimals),
            Gen::Pick(choices) => {
                let weights: Vec<u32> = choices.iter().map(|c| c.1).collect();
                let at = self.rng.weighted(&weights);
                choices.get(at).map_or("", |c| c.0).to_owned()
            }
            Gen::Text(texts) => {
                let at = usize::try_from(self.rng.below(texts.len() as u64)).unwrap_or(0);
                (*texts.get(at).unwrap_or(&"")).to_owned()
            }
            Gen::Const(text) => (*text).to_owned(),
            Gen::Blank => String::new(),
            Gen::Height => format!("{:.1}", self.height),
            Gen::Weight => format!("{:.1}", self.weight()),
            Gen::Bmi => format!("{:.1}", self.weight() / (self.height / 100.0).powi(2)),
            Gen::ToothCount => self.rng.between(12, 20).to_string(),
            Gen::Maybe(percent, inner) => {
                if self.rng.below(100) < *percent {
                    self.cell(inner, sheet, before)
                } else {
                    String::new()
                }
            }
            Gen::If(head, values, inner) => {
                if values.contains(&known(head)) {
                    self.cell(inner, sheet, before)
                } else {
                    String::new()
                }
            }
            Gen::Sum(heads) => {
                heads.iter().filter_map(|h| known(h).parse::<i64>().ok()).sum::<i64>().to_string()
            }
        }
    }

    /// Weight in kilograms, rounded as it is written.
    fn weight(&self) -> f64 {
        (self.bmi * (self.height / 100.0).powi(2) * 10.0).round() / 10.0
    }
}

/// Typical heights of the years 0 to 15, then of grown people.
fn height(age: i64, sex: Sex) -> f64 {
    const BY_AGE: [f64; 16] = [
        62.0, 75.0, 86.0, 94.0, 101.0, 108.0, 115.0, 121.0, 127.0, 133.0, 139.0, 145.0, 151.0, 156.0, 159.0,
        161.0,
    ];
    let grown = if sex == Sex::Male { 169.0 } else { 157.0 };
    usize::try_from(age).ok().and_then(|n| BY_AGE.get(n).copied()).unwrap_or(grown)
}

/// A number between two, more often in the middle.
fn middle(rng: &mut Rng, low: i64, high: i64) -> i64 {
    (rng.between(low, high) + rng.between(low, high)) / 2
}

fn scaled(number: i64, decimals: usize) -> String {
    let unit = 10_i64.pow(u32::try_from(decimals).unwrap_or(0));
    if decimals == 0 { number.to_string() } else { format!("{}.{:0decimals$}", number / unit, number % unit) }
}

fn joined(name: &(String, String)) -> String {
    if name.1.is_empty() { name.0.clone() } else { format!("{} {}", name.0, name.1) }
}

fn later(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

fn compact(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

/// The day with the name of its era.
fn era(day: Date) -> String {
    let eras = [
        (Date::constant(2019, 5, 1), "令和", 2018),
        (Date::constant(1989, 1, 8), "平成", 1988),
        (Date::constant(1926, 12, 25), "昭和", 1925),
        (Date::constant(1912, 7, 30), "大正", 1911),
    ];
    let Some((_, name, base)) = eras.iter().find(|e| day >= e.0) else { return compact(day) };
    let year = match day.year() - base {
        1 => "元".to_owned(),
        n => n.to_string(),
    };
    format!("{name}{year}年{}月{}日", day.month(), day.day())
}

/// One row; values with a comma or a quote are quoted.
fn line(out: &mut String, cells: &[String], end: &str) {
    for (n, cell) in cells.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n']) {
            let _ = write!(out, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            out.push_str(cell);
        }
    }
    out.push_str(end);
}

/// One record element, its cells at their paths; cells that are blank are left out.
fn element(out: &mut String, record: &str, paths: &[&str], cells: &[String]) {
    let _ = write!(out, "<{record}>");
    let filled: Vec<(&str, &str)> =
        paths.iter().zip(cells).filter(|(_, c)| !c.is_empty()).map(|(p, c)| (*p, c.as_str())).collect();
    // Elements of one parent stand together, in the order in which they are first named.
    children(out, &filled, 0);
    let _ = writeln!(out, "</{record}>");
}

fn step(path: &str, depth: usize) -> &str {
    path.split('/').nth(depth).unwrap_or_default()
}

/// `a[3]`: the third of its name.
fn numbered(name: &str) -> (&str, usize) {
    match name.strip_suffix(']').and_then(|n| n.split_once('[')) {
        Some((plain, number)) => (plain, number.parse().unwrap_or(1)),
        None => (name, 1),
    }
}

fn children(out: &mut String, cells: &[(&str, &str)], depth: usize) {
    let mut done: Vec<&str> = Vec::new();
    for (path, _) in cells {
        let name = step(path, depth);
        if name.is_empty() || name.starts_with('@') || done.contains(&name) {
            continue;
        }
        done.push(name);
        let inside: Vec<(&str, &str)> =
            cells.iter().filter(|(p, _)| step(p, depth) == name).copied().collect();
        let (plain, number) = numbered(name);
        // The third of its name needs two before it.
        let earlier = done.iter().rev().skip(1).map(|d| numbered(d)).find(|(p, _)| *p == plain);
        for _ in earlier.map_or(0, |e| e.1) + 1..number {
            let _ = write!(out, "<{plain}/>");
        }
        let _ = write!(out, "<{plain}");
        for (path, value) in &inside {
            if let Some(key) = step(path, depth + 1).strip_prefix('@') {
                let _ = write!(out, " {key}=\"{}\"", escaped(value));
            }
        }
        out.push('>');
        for (path, value) in &inside {
            if step(path, depth + 1).is_empty() {
                out.push_str(&escaped(value));
            }
        }
        children(out, &inside, depth + 1);
        let _ = write!(out, "</{plain}>");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn encoded(text: &str, encoding: Encoding) -> Result<Vec<u8>, SynthError> {
    match encoding {
        Encoding::Utf8 => Ok(text.as_bytes().to_vec()),
        Encoding::Utf8Bom => Ok([b"\xEF\xBB\xBF", text.replace('\n', "\r\n").as_bytes()].concat()),
        Encoding::Sjis => {
            let text = text.replace('\n', "\r\n");
            let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(&text);
            if lost { Err(SynthError::Encoding("Shift_JIS")) } else { Ok(bytes.into_owned()) }
        }
    }
}
