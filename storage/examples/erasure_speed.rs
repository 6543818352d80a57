//! Measures what taking one person out of the lake costs: seconds, files and bytes rewritten against the bytes of the
//! person.
//!
//! `cargo run --release -p musubi-storage --example erasure_speed -- [facts] [folder]`. Nights of two million facts,
//! merged into large files as a night does; a person has some 240 facts over all of them. The floor beside it is reading
//! the touched files once.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use musubi_model::fact::{Provenance, UnitFacts};
use musubi_model::{
    ByteRange, CodeSystem, Coded, DocumentHash, Fact, FactTable, IdentityId, PartialDate, ProviderId,
    SubmissionId,
};
use musubi_storage::lake::{
    Compaction, Gone, LakeFile, PlacedUnit, compact, count_some, erase_some, scrub, verify, write_part,
};
use rayon::prelude::*;

const UNIT_FACTS: u32 = 24;
const NIGHT_UNITS: u32 = 2_000_000 / UNIT_FACTS;
const UNITS_OF_A_PERSON: u32 = 10;
const BUCKETS: u16 = 256;
const TABLES: [FactTable; 5] = [
    FactTable::ConditionOccurrence,
    FactTable::DrugExposure,
    FactTable::ProcedureOccurrence,
    FactTable::VisitOccurrence,
    FactTable::Cost,
];

fn identity(person: u32) -> IdentityId {
    let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = DocumentHash::of(&person.to_be_bytes()).0;
    IdentityId(id)
}

fn unit(n: u32, persons: u32) -> Result<UnitFacts, Box<dyn Error + Send + Sync>> {
    let provenance = Provenance {
        identity: identity(n % persons),
        provider: ProviderId::new(&format!("12{:08}", n % 900))?,
        document: DocumentHash::of(&(n / 500).to_be_bytes()),
        unit: n % 500,
        submission: SubmissionId([u8::try_from(n / NIGHT_UNITS % 200)?; 16]),
        mapper_version: "uke-medical/1".into(),
        master_version: "RECE-B 20240601".into(),
        notice: 0,
    };
    let facts = (0..UNIT_FACTS).map(|i| {
        let seed = n.wrapping_mul(2_654_435_761).rotate_left(i);
        let table = TABLES.get((i % 5) as usize).copied().unwrap_or(FactTable::Cost);
        let mut fact = Fact::new(table, ByteRange { start: u64::from(i) * 44, len: 30 + i % 17 });
        fact.start = PartialDate::new(2026, 9, u8::try_from(seed % 28).unwrap_or(0) + 1);
        fact.source =
            Some(Coded::new(CodeSystem::ReceiptDisease, &format!("{:07}", 8_830_000 + seed % 3000)));
        fact
    });
    Ok(UnitFacts { provenance, facts: facts.collect() })
}

fn bucket(id: &IdentityId) -> u16 {
    let [first, ..] = id.0;
    u16::from(first) % BUCKETS
}

fn build(folder: &Path, units: u32, persons: u32) -> Result<Vec<LakeFile>, Box<dyn Error + Send + Sync>> {
    let mut files: Vec<LakeFile> = Vec::new();
    let mut first = 0;
    while first < units {
        let last = (first + NIGHT_UNITS).min(units);
        let night = (first..last).into_par_iter().map(|n| unit(n, persons)).collect::<Result<Vec<_>, _>>()?;
        let placed: Vec<PlacedUnit<'_>> =
            night.iter().map(|unit| PlacedUnit { bucket: bucket(&unit.provenance.identity), unit }).collect();
        files.extend(write_part(folder, &placed)?);
        first = last;
    }
    let mut merged = Vec::new();
    for table in TABLES {
        let old: Vec<LakeFile> = files.iter().filter(|f| f.table == table).cloned().collect();
        merged.extend(compact(folder, &old, &Compaction::default(), &|_, bucket| bucket)?);
        for file in old {
            std::fs::remove_file(file.path(folder)?)?;
        }
    }
    Ok(merged)
}

#[allow(clippy::print_stdout)] // an example prints
#[allow(clippy::cast_precision_loss)] // ratios for people
fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut words = std::env::args().skip(1);
    let facts: u32 = words.next().map_or(Ok(2_000_000), |w| w.parse())?;
    let own = std::env::temp_dir().join(format!("musubi-erasure-speed-{}", std::process::id()));
    let folder = words.next().map_or(own, Into::into);
    let (units, clock) = (facts / UNIT_FACTS, Instant::now());
    let persons = (units / UNITS_OF_A_PERSON).max(1);
    let files = build(&folder, units, persons)?;
    let (rows, bytes) =
        (files.iter().map(|f| f.rows).sum::<u64>(), files.iter().map(|f| f.bytes).sum::<u64>());
    println!(
        "built: {rows} facts, {} files, {bytes} bytes, {:.1} s",
        files.len(),
        clock.elapsed().as_secs_f64()
    );

    let one = BTreeSet::from([identity(persons / 2)]);
    let gone = Gone { identities: &one, submission: None };
    let clock = Instant::now();
    let counted = count_some(&folder, &files, &gone)?;
    let person: u64 = counted.iter().map(|(_, rows)| rows).sum();
    println!("plan: {person} facts in {} files, {:.3} s", counted.len(), clock.elapsed().as_secs_f64());
    let clock = Instant::now();
    files.par_iter().try_for_each(|f| verify(&folder, f))?;
    let floor = clock.elapsed().as_secs_f64();

    let clock = Instant::now();
    let done = erase_some(&folder, &files, &gone)?;
    let rewritten = clock.elapsed().as_secs_f64();
    for (old, new) in &done {
        scrub(&folder, old, Some(&new.places))?;
    }
    let all = clock.elapsed().as_secs_f64();
    let (mut copied, mut encoded, mut groups, mut removed) = (0, 0, 0, 0);
    for (old, new) in &done {
        copied += old.bytes;
        encoded += new.bytes_encoded;
        groups += new.groups_encoded;
        removed += new.rows_removed;
    }
    let of_person = bytes as f64 / rows as f64 * removed as f64;
    println!("erased: {removed} facts, {} of {} files, {groups} row groups encoded", done.len(), files.len());
    println!(
        "  {rewritten:.3} s rewriting, {all:.3} s with overwriting; floor (read and hash once): {floor:.3} s"
    );
    println!(
        "  bytes of the person some {of_person:.0}; encoded anew {encoded} ({:.0} ×), files rewritten {copied} ({:.0} ×)",
        encoded as f64 / of_person,
        copied as f64 / of_person
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
