//! Synthetic facts for the tests of the lake.

use std::collections::BTreeMap;
use std::path::Path;

use musubi_model::fact::{Measured, Provenance, UnitFacts};
use musubi_model::{
    ByteRange, CodeSystem, Coded, DocumentHash, Fact, FactId, FactTable, IdentityId, PartialDate, ProviderId,
    SubmissionId,
};
use musubi_storage::lake::{ColumnSet, LakeFile, PlacedUnit, StoredFact, Want, read, write_part};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// A unit of synthetic facts: `n` picks everything.
pub fn unit(n: u32, facts: usize) -> UnitFacts {
    let identity = n / 3;
    UnitFacts {
        provenance: provenance(n, identity),
        facts: (0..facts).map(|i| fact(n, u32::try_from(i).unwrap())).collect(),
    }
}

fn provenance(n: u32, identity: u32) -> Provenance {
    let mut id = [0u8; 16];
    id.copy_from_slice(&blake3_of(identity)[..16]);
    Provenance {
        identity: IdentityId(id),
        provider: ProviderId::new(&format!("12{:08}", n % 7)).unwrap(),
        document: DocumentHash::of(&(n / 5).to_be_bytes()),
        unit: n % 5,
        submission: SubmissionId([u8::try_from(n % 2).unwrap(); 16]),
        mapper_version: "test/1".into(),
        master_version: "RECE-B 20240601".into(),
        notice: 0,
    }
}

fn blake3_of(n: u32) -> [u8; 32] {
    DocumentHash::of(&n.to_be_bytes()).0
}

fn fact(n: u32, i: u32) -> Fact {
    let table =
        [FactTable::ConditionOccurrence, FactTable::DrugExposure, FactTable::Measurement][(i % 3) as usize];
    let mut fact = Fact::new(table, ByteRange { start: u64::from(i) * 40, len: 38 });
    fact.start = PartialDate::new(2024, 1 + u8::try_from(n % 12).unwrap(), 1 + u8::try_from(i % 28).unwrap());
    fact.source = Some(Coded::new(CodeSystem::ReceiptDisease, &format!("{:07}", (n * 31 + i) % 900)));
    fact.quantity = Some(Decimal::new(i64::from(i), 1));
    fact
}

/// Places units in buckets by their identity.
pub fn placed(units: &[UnitFacts], buckets: u16) -> Vec<PlacedUnit<'_>> {
    units
        .iter()
        .map(|unit| PlacedUnit { bucket: bucket_of(&unit.provenance.identity, buckets), unit })
        .collect()
}

pub fn bucket_of(identity: &IdentityId, buckets: u16) -> u16 {
    u16::from_be_bytes([identity.0[14], identity.0[15]]) % buckets
}

/// What the lake should hold of these units, by table and name.
pub fn expected(units: &[PlacedUnit<'_>]) -> BTreeMap<(FactTable, FactId), StoredFact> {
    let mut all = BTreeMap::new();
    for placed in units {
        let p = &placed.unit.provenance;
        for (ordinal, fact) in placed.unit.facts.iter().enumerate() {
            let fact_id = FactId::new(&p.document, p.unit, u32::try_from(ordinal).unwrap()).unwrap();
            let stored =
                StoredFact { fact_id, bucket: placed.bucket, provenance: p.clone(), fact: fact.clone() };
            assert!(all.insert((fact.table, fact_id), stored).is_none(), "a test made two facts of one name");
        }
    }
    all
}

/// Everything in these files.
pub fn contents(folder: &Path, files: &[LakeFile]) -> BTreeMap<(FactTable, FactId), StoredFact> {
    let mut all = BTreeMap::new();
    for file in files {
        let want = Want::all(ColumnSet::ALL);
        let stats = read(folder, file, &want, &mut |row| {
            let stored = row.to_fact()?;
            assert!(all.insert((row.table(), stored.fact_id), stored).is_none(), "a fact occurs twice");
            Ok(())
        })
        .unwrap();
        assert_eq!(stats.rows, file.rows);
    }
    all
}

/// Writes units in `parts` parts.
pub fn write_parts(folder: &Path, units: &[PlacedUnit<'_>], parts: usize) -> Vec<LakeFile> {
    units.chunks(units.len().div_ceil(parts)).flat_map(|c| write_part(folder, c).unwrap()).collect()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 3 => "[A-Z0-9<>./ ]{1,8}", 1 => "[ぁ-ん漢字結び\\PC]{1,30}"]
}

fn decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        any::<i32>().prop_map(Decimal::from),
        (any::<i64>(), 0u32..=18).prop_map(|(n, scale)| Decimal::new(n, scale)),
        (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0u32..=28)
            .prop_map(|(lo, mid, hi, negative, scale)| Decimal::from_parts(lo, mid, hi, negative, scale)),
    ]
}

fn day() -> impl Strategy<Value = Option<PartialDate>> {
    proptest::option::of(
        (-60_000i32..60_000, 1u8..=3).prop_map(|(d, p)| PartialDate::from_days(d, p).unwrap()),
    )
}

fn coded() -> impl Strategy<Value = Option<Coded>> {
    let system = prop_oneof![
        Just(CodeSystem::Icd10),
        Just(CodeSystem::ReceiptDrug),
        "99[A-Z]{3}".prop_map(|s| CodeSystem::from_name(&s)),
    ];
    proptest::option::of(
        (system, text(), proptest::option::of(text())).prop_map(|(system, code, text)| Coded {
            system,
            code: code.into(),
            text: text.map(Into::into),
        }),
    )
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let measured = (text(), proptest::option::of(decimal()), text(), text(), text(), text()).prop_map(
        |(text, number, comparator, unit, range, flag)| Measured {
            text: text.into(),
            number,
            comparator: comparator.into(),
            unit: unit.into(),
            range: range.into(),
            flag: flag.into(),
        },
    );
    let first = (
        proptest::sample::select(FactTable::ALL.to_vec()),
        any::<u64>(),
        any::<u32>(),
        day(),
        proptest::option::of(any::<u32>()),
        day(),
        coded(),
        coded(),
    );
    let second = (
        text(),
        text(),
        measured,
        proptest::option::of(decimal()),
        proptest::option::of(any::<u32>()),
        text(),
        text(),
    );
    (first, second).prop_map(
        |(
            (table, start, len, first, start_second, end, source, standard),
            (qualifiers, status, value, quantity, times, group, department),
        )| Fact {
            table,
            range: ByteRange { start, len },
            start: first,
            start_second,
            end,
            source,
            standard,
            qualifiers: qualifiers.into(),
            status: status.into(),
            value,
            quantity,
            times,
            group: group.into(),
            department: department.into(),
        },
    )
}

/// Units with any content, each with its bucket; their names do not collide.
pub fn any_units() -> impl Strategy<Value = Vec<(u16, UnitFacts)>> {
    let unit = (any::<u16>(), 0u32..6, any::<u64>(), text(), proptest::collection::vec(any_fact(), 0..6));
    proptest::collection::vec(unit, 0..12).prop_map(|units| {
        units
            .into_iter()
            .zip(0u32..)
            .map(|((bucket, identity, notice, master, facts), n)| {
                let mut provenance = provenance(n, identity);
                provenance.notice = notice;
                provenance.master_version = master.into();
                (bucket, UnitFacts { provenance, facts })
            })
            .collect()
    })
}
