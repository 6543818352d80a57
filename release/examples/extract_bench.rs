//! Measures cohort, table and extract on a synthetic lake; `scripts/bench_extract.sh` runs DuckDB beside it.
//!
//! `extract_bench write FOLDER FACTS` writes a lake with the real writer; `extract_bench run FOLDER [QUESTION]` asks the three
//! questions and prints CPU seconds and answers, one JSON line each. Persons, codes and days are made up by arithmetic.

use std::collections::HashSet;
use std::error::Error;
use std::path::Path;

use jiff::civil::Date;
use musubi_model::fact::{Provenance, UnitFacts};
use musubi_model::spec::{
    Cohort, CubeSpec, Dimension, EventRule, EventTable, PersonColumn, RowSpec, Rule, Step, Within,
};
use musubi_model::{
    ByteRange, CodeSystem, Coded, DocumentHash, Fact, FactTable, IdentityId, PartialDate, ProviderId,
    SubmissionId,
};
use musubi_release::extract::{Given, Rules, Snapshot, cube, find, linked};
use musubi_storage::lake::{LakeFile, PlacedUnit, write_part};
use musubi_storage::release::CohortMember;
use rayon::prelude::*;
use rust_decimal::Decimal;

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Facts of each person, in this many units.
const FACTS: u64 = 50;
const UNITS: u64 = 4;
const BUCKETS: u64 = 256;
/// Buckets written at a time.
const PER_PART: u64 = 8;
const FILES: &str = "files.tsv";

/// A number that looks random, the same in every run.
fn mix(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Small numbers are common, as codes are.
fn skewed(n: u64, most: u64) -> u64 {
    let x = mix(n) % 1000;
    x * x * x * most / 1_000_000_000
}

fn identity(person: u64) -> IdentityId {
    let bucket = person % BUCKETS;
    IdentityId((u128::from(bucket) << 120 | u128::from(mix(person)) << 40 | u128::from(person)).to_be_bytes())
}

fn day(seed: u64) -> Option<PartialDate> {
    let first = Date::constant(2024, 1, 1);
    let days = i32::try_from(mix(seed) % 1096).ok()?;
    Some(PartialDate::day(first.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?))
}

fn fact(person: u64, nth: u64) -> Fact {
    let seed = person * 64 + nth;
    let table = match nth {
        0 => FactTable::Person,
        1..=4 => FactTable::VisitOccurrence,
        5..=19 => FactTable::ConditionOccurrence,
        20..=37 => FactTable::DrugExposure,
        _ => FactTable::Measurement,
    };
    let mut fact = Fact::new(table, ByteRange { start: nth * 40, len: 40 });
    fact.start = day(seed);
    match table {
        FactTable::Person => {
            let year = 1930 + i16::try_from(mix(seed) % 80).unwrap_or(0);
            fact.start = PartialDate::new(year, 1 + u8::try_from(mix(seed + 1) % 12).unwrap_or(0), 0);
            fact.status = if mix(seed + 2).is_multiple_of(2) { "1" } else { "2" }.into();
            fact.source = Some(Coded::new(CodeSystem::Prefecture, &format!("{:02}", 1 + mix(seed + 3) % 47)));
        }
        FactTable::ConditionOccurrence => {
            let letter = char::from(b'A' + u8::try_from(mix(seed + 1) % 20).unwrap_or(0));
            let code = skewed(seed + 2, 900);
            let icd = if mix(seed + 3) % 100 < 2 {
                format!("E11{}", code % 10)
            } else {
                format!("{letter}{:02}{}", code / 10, code % 10)
            };
            fact.source = Some(Coded::new(
                CodeSystem::ReceiptDisease,
                &format!("88{}{code:04}", u32::from(letter) % 10),
            ));
            fact.standard = Some(Coded::new(CodeSystem::Icd10, &icd));
            fact.end = fact.start;
            fact.qualifiers = if mix(seed + 4) % 100 < 3 { "8002" } else { "" }.into();
        }
        FactTable::DrugExposure => {
            let class = if mix(seed + 1) % 100 < 3 { 3969 } else { 1100 + skewed(seed + 2, 3000) };
            let code = format!("{class}{:03}F{}01{}", class % 37, 1 + class % 4, class % 9);
            fact.source = Some(Coded::new(CodeSystem::ReceiptDrug, &format!("{}", 610_000_000 + class)));
            fact.standard = Some(Coded::new(CodeSystem::Yj, &code));
            fact.quantity = Some(Decimal::new(i64::try_from(mix(seed) % 30).unwrap_or(0) + 1, 1));
            fact.times = u32::try_from(mix(seed + 3) % 28).ok();
            fact.value.unit = "錠".into();
        }
        FactTable::Measurement => {
            let code = skewed(seed + 1, 300);
            fact.source = Some(Coded::new(CodeSystem::Jlac10, &format!("3F{code:03}0000023271")));
            fact.value.number = Some(Decimal::new(i64::try_from(mix(seed) % 2000).unwrap_or(0), 1));
            fact.value.unit = ["mg/dL", "U/L", "%"]
                .into_iter()
                .nth(usize::try_from(code % 3).unwrap_or(0))
                .unwrap_or("")
                .into();
        }
        _ => fact.status = "1".into(),
    }
    fact
}

fn units(person: u64) -> Done<Vec<UnitFacts>> {
    let provenance = |unit: u64| -> Done<Provenance> {
        let number = person * UNITS + unit;
        Ok(Provenance {
            identity: identity(person),
            provider: ProviderId::new(&format!("12{:08}", number % 900))?,
            document: DocumentHash::of(&(number / 500).to_be_bytes()),
            unit: u32::try_from(number % 500)?,
            submission: SubmissionId([u8::try_from(number % 4)?; 16]),
            mapper_version: "uke-medical/1".into(),
            master_version: "RECE-B 20240601".into(),
            notice: 0,
        })
    };
    let mut out = Vec::new();
    for unit in 0..UNITS {
        let facts = (0..FACTS).filter(|n| n % UNITS == unit).map(|n| fact(person, n)).collect();
        out.push(UnitFacts { provenance: provenance(unit)?, facts });
    }
    Ok(out)
}

fn write(folder: &Path, facts: u64) -> Done<()> {
    let persons = facts.div_ceil(FACTS);
    let mut list = String::new();
    for part in 0..BUCKETS / PER_PART {
        let of_part: Vec<u64> = (0..persons).filter(|p| p % BUCKETS / PER_PART == part).collect();
        let made: Vec<UnitFacts> =
            of_part.into_par_iter().map(units).collect::<Done<Vec<_>>>()?.into_iter().flatten().collect();
        let placed: Vec<PlacedUnit<'_>> = made
            .iter()
            .map(|unit| PlacedUnit {
                bucket: unit.provenance.identity.0.first().copied().unwrap_or(0).into(),
                unit,
            })
            .collect();
        for f in write_part(folder, &placed)? {
            list += &format!(
                "{}\t{}\t{}\t{}\t{}\t{}\n",
                f.file_id,
                f.table.as_str(),
                f.bucket_min,
                f.bucket_max,
                f.rows,
                f.bytes
            );
        }
    }
    std::fs::write(folder.join(FILES), list)?;
    Ok(())
}

fn files(folder: &Path) -> Done<Vec<LakeFile>> {
    let list = std::fs::read_to_string(folder.join(FILES))?;
    list.lines()
        .map(|line| {
            let mut columns = line.split('\t');
            let mut next = || columns.next().ok_or("a column is missing in files.tsv");
            Ok(LakeFile {
                file_id: next()?.to_owned(),
                table: FactTable::from_name(next()?).ok_or("no table")?,
                bucket_min: next()?.parse()?,
                bucket_max: next()?.parse()?,
                rows: next()?.parse()?,
                bytes: next()?.parse()?,
                first_day: None,
                last_day: None,
                submissions: Vec::new(),
            })
        })
        .collect()
}

fn members(persons: u64) -> Given {
    let home = |bucket: u64| {
        let of_bucket = (bucket..persons).step_by(usize::try_from(BUCKETS).unwrap_or(1));
        let member = |p: u64| CohortMember {
            identity: identity(p),
            person: u128::from(p).to_be_bytes().to_vec(),
            bucket: u16::try_from(bucket).unwrap_or(0),
        };
        (u16::try_from(bucket).unwrap_or(0), of_bucket.map(member).collect())
    };
    Given((0..BUCKETS).map(home).collect())
}

fn period(from: Date, to: Date, prefixes: &[&str], steps: Vec<Step>) -> Cohort {
    let icd10_prefixes = prefixes.iter().map(|p| (*p).to_owned()).collect();
    Cohort { from, to, icd10_prefixes, without_suspected: true, everybody: false, steps }
}

fn event(named: Option<&str>, table: FactTable, prefix: &str, within: Option<Within>) -> Step {
    let event = EventRule {
        named: named.map(str::to_owned),
        table,
        system: None,
        prefixes: vec![prefix.to_owned()],
        days: 1,
        within,
        value_min: None,
        value_max: None,
    };
    Step { title: String::new(), rule: Rule::Event(event), exclude: false }
}

/// User and system seconds of this process, as Linux counts them (hundredths).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = after_name.split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
    ticks.iter().sum::<f64>() / 100.0
}

#[allow(clippy::print_stdout)] // an example's output is its purpose
fn say(question: &str, since: f64, answer: &str) {
    println!("{{\"question\":\"{question}\",\"cpu\":{:.2},\"answer\":[{answer}]}}", cpu() - since);
}

/// The three questions.
type Question = fn(&Path, &[LakeFile], &mut Given) -> Done<()>;
const QUESTIONS: [(&str, Question); 3] = [("cohort", cohort), ("table", table), ("extract", extract)];
/// Three years.
const ALL: (Date, Date) = (Date::constant(2024, 1, 1), Date::constant(2026, 12, 31));

fn run(folder: &Path, only: &str) -> Done<()> {
    let files = files(folder)?;
    let persons: u64 = files.iter().filter(|f| f.table == FactTable::Person).map(|f| f.rows).sum();
    let mut given = members(persons);
    for (_, ask) in QUESTIONS.iter().filter(|(name, _)| only.is_empty() || only == *name) {
        ask(folder, &files, &mut given)?;
    }
    Ok(())
}

fn cohort(folder: &Path, files: &[LakeFile], given: &mut Given) -> Done<()> {
    let since = cpu();
    let snapshot = Snapshot::open(folder, files, HashSet::new())?;
    let after = Within { of: "index".to_owned(), from: 0, to: 90 };
    let steps = vec![
        event(Some("index"), FactTable::ConditionOccurrence, "E11", None),
        event(None, FactTable::DrugExposure, "3969", Some(after)),
    ];
    let cohort = period(ALL.0, ALL.1, &[], steps);
    let found = find(given, &snapshot, &Rules::of(&cohort)?)?;
    say("cohort", since, &found.last().to_string());
    Ok(())
}

fn table(folder: &Path, files: &[LakeFile], given: &mut Given) -> Done<()> {
    let since = cpu();
    let snapshot = Snapshot::open(folder, files, HashSet::new())?;
    let table = CubeSpec {
        name: "t".to_owned(),
        title: String::new(),
        dimensions: vec![
            Dimension::DiagnosisChapter,
            Dimension::Sex,
            Dimension::AgeBand5,
            Dimension::Prefecture,
        ],
        measures: Vec::new(),
        of: None,
    };
    let year = period(Date::constant(2025, 1, 1), Date::constant(2025, 12, 31), &[], Vec::new());
    let cells = cube(given, &snapshot, &year, &table, 90)?.cells;
    let persons: u64 = cells.values().map(|c| c.persons).sum();
    let squares: u64 = cells.values().map(|c| c.persons * c.persons).sum();
    say("table", since, &format!("{},{persons},{squares}", cells.len()));
    Ok(())
}

fn extract(folder: &Path, files: &[LakeFile], given: &mut Given) -> Done<()> {
    let since = cpu();
    let snapshot = Snapshot::open(folder, files, HashSet::new())?;
    let of = |table, values| EventTable { table, prefixes: Vec::new(), values };
    let rows = RowSpec {
        person: vec![PersonColumn::Sex, PersonColumn::Age, PersonColumn::Area, PersonColumn::Index],
        events: vec![
            of(FactTable::VisitOccurrence, false),
            of(FactTable::ConditionOccurrence, false),
            of(FactTable::DrugExposure, false),
            of(FactTable::Measurement, true),
        ],
        omop: false,
        shift_jis: false,
    };
    let cohort = period(ALL.0, ALL.1, &["E11"], Vec::new());
    let found = linked(given, &snapshot, &cohort, &rows, false)?;
    let days: i64 = found.events.iter().map(|e| i64::from(e.day)).sum();
    let values: Decimal = found.events.iter().filter_map(musubi_release::extract::EventRow::value).sum();
    let answer = format!("{},{},{days},{}", found.persons.len(), found.events.len(), values.normalize());
    say("extract", since, &answer);
    Ok(())
}

fn main() -> Done<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["write", folder, facts] => write(Path::new(folder), facts.parse()?),
        ["run", folder] => run(Path::new(folder), ""),
        ["run", folder, only] => run(Path::new(folder), only),
        _ => Err("usage: extract_bench write FOLDER FACTS | run FOLDER [QUESTION]".into()),
    }
}
