//! One fact as a row: the pivot between canonical facts, Parquet columns and the fingerprint.
//!
//! Everything is borrowed; nothing here allocates but [`Row::to_fact`].

use std::fmt::Write as _;

use compact_str::CompactString;
use musubi_model::fact::{Measured, Provenance};
use musubi_model::{
    ByteRange, CodeSystem, Coded, DocumentHash, Fact, FactId, FactTable, IdentityId, PartialDate, ProviderId,
    SubmissionId,
};
use rust_decimal::Decimal;

use crate::error::StorageError;

/// A fact as it stands in the lake, with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFact {
    /// Its name.
    pub fact_id: FactId,
    /// The bucket in which it lies.
    pub bucket: u16,
    /// Where it came from.
    pub provenance: Provenance,
    /// The fact.
    pub fact: Fact,
}

/// A code, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CodedRow<'a> {
    pub(super) system: &'a str,
    pub(super) code: &'a str,
    pub(super) text: Option<&'a str>,
}

/// A day with its precision, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayRow {
    pub(super) days: i32,
    pub(super) precision: u8,
}

/// All columns of one fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) fact_id: FactId,
    pub(super) bucket: u16,
    pub(super) identity: IdentityId,
    pub(super) provider: &'a str,
    pub(super) document: DocumentHash,
    pub(super) unit: u32,
    pub(super) range: ByteRange,
    pub(super) start: Option<DayRow>,
    pub(super) start_second: Option<u32>,
    pub(super) end: Option<DayRow>,
    pub(super) source: Option<CodedRow<'a>>,
    pub(super) standard: Option<CodedRow<'a>>,
    pub(super) qualifiers: &'a str,
    pub(super) status: &'a str,
    pub(super) value_text: &'a str,
    pub(super) value_number: Option<&'a str>,
    pub(super) value_comparator: &'a str,
    pub(super) value_unit: &'a str,
    pub(super) value_range: &'a str,
    pub(super) value_flag: &'a str,
    pub(super) quantity: Option<&'a str>,
    pub(super) times: Option<u32>,
    pub(super) group: &'a str,
    pub(super) department: &'a str,
    pub(super) mapper_version: &'a str,
    pub(super) master_version: &'a str,
    pub(super) submission: SubmissionId,
    pub(super) notice: u64,
}

/// Room for the texts of a row's numbers; kept by the caller from row to row.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    number: String,
    quantity: String,
}

impl<'a> Row<'a> {
    /// The row of a fact. `None` when `ordinal` is more than a fact's name can hold.
    pub(super) fn of(
        bucket: u16,
        provenance: &'a Provenance,
        ordinal: u32,
        fact: &'a Fact,
        scratch: &'a mut Scratch,
    ) -> Option<Self> {
        let day = |d: PartialDate| {
            let (days, precision) = d.to_days();
            DayRow { days, precision }
        };
        let coded = |c: &'a Coded| CodedRow {
            system: c.system.as_str(),
            code: c.code.as_str(),
            text: c.text.as_deref(),
        };
        Some(Self {
            fact_id: FactId::new(&provenance.document, provenance.unit, ordinal)?,
            bucket,
            identity: provenance.identity,
            provider: provenance.provider.as_str(),
            document: provenance.document,
            unit: provenance.unit,
            range: fact.range,
            start: fact.start.map(day),
            start_second: fact.start_second,
            end: fact.end.map(day),
            source: fact.source.as_ref().map(coded),
            standard: fact.standard.as_ref().map(coded),
            qualifiers: &fact.qualifiers,
            status: &fact.status,
            value_text: &fact.value.text,
            value_number: decimal_text(fact.value.number, &mut scratch.number),
            value_comparator: &fact.value.comparator,
            value_unit: &fact.value.unit,
            value_range: &fact.value.range,
            value_flag: &fact.value.flag,
            quantity: decimal_text(fact.quantity, &mut scratch.quantity),
            times: fact.times,
            group: &fact.group,
            department: &fact.department,
            mapper_version: &provenance.mapper_version,
            master_version: &provenance.master_version,
            submission: provenance.submission,
            notice: provenance.notice,
        })
    }

    /// The fact again, exactly as it was written.
    pub(super) fn to_fact(self, table: FactTable) -> Result<StoredFact, StorageError> {
        let bad = |what: &str| StorageError::Damaged(format!("fact {}: not {what}", self.fact_id));
        let day = |d: Option<DayRow>| {
            d.map(|d| PartialDate::from_days(d.days, d.precision).ok_or_else(|| bad("a day"))).transpose()
        };
        let number = |text: Option<&str>| {
            text.map(|t| Decimal::from_str_exact(t).map_err(|_| bad("a number"))).transpose()
        };
        let coded = |c: Option<CodedRow<'_>>| {
            c.map(|c| Coded {
                system: CodeSystem::from_name(c.system),
                code: CompactString::from(c.code),
                text: c.text.map(CompactString::from),
            })
        };
        Ok(StoredFact {
            fact_id: self.fact_id,
            bucket: self.bucket,
            provenance: Provenance {
                identity: self.identity,
                provider: ProviderId::new(self.provider).map_err(|_| bad("a provider"))?,
                document: self.document,
                unit: self.unit,
                submission: self.submission,
                mapper_version: CompactString::from(self.mapper_version),
                master_version: CompactString::from(self.master_version),
                notice: self.notice,
            },
            fact: Fact {
                table,
                range: self.range,
                start: day(self.start)?,
                start_second: self.start_second,
                end: day(self.end)?,
                source: coded(self.source),
                standard: coded(self.standard),
                qualifiers: CompactString::from(self.qualifiers),
                status: CompactString::from(self.status),
                value: Measured {
                    text: CompactString::from(self.value_text),
                    number: number(self.value_number)?,
                    comparator: CompactString::from(self.value_comparator),
                    unit: CompactString::from(self.value_unit),
                    range: CompactString::from(self.value_range),
                    flag: CompactString::from(self.value_flag),
                },
                quantity: number(self.quantity)?,
                times: self.times,
                group: CompactString::from(self.group),
                department: CompactString::from(self.department),
            },
        })
    }

    /// The order of rows in a file: bucket, identity, first day (unknown first), document, unit, ordinal.
    pub(super) fn key(&self) -> RowKey {
        RowKey {
            bucket: self.bucket,
            identity: self.identity,
            day: day_key(self.start.map(|s| s.days)),
            document: self.document,
            unit: self.unit,
            ordinal: self.fact_id.ordinal(),
        }
    }
}

/// See [`Row::key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowKey {
    pub(super) bucket: u16,
    identity: IdentityId,
    day: u32,
    document: DocumentHash,
    unit: u32,
    ordinal: u32,
}

/// Days as an unsigned number in the same order; unknown comes first.
pub(super) fn day_key(days: Option<i32>) -> u32 {
    // No calendar day comes near `i32::MIN`, so 0 is free for "unknown".
    days.map_or(0, |d| d.cast_unsigned() ^ (1 << 31))
}

/// The number as text with all its digits: `6.20` stays `6.20`.
fn decimal_text(number: Option<Decimal>, into: &mut String) -> Option<&str> {
    let number = number?;
    into.clear();
    // Most numbers are small and whole; the general way costs several times as much.
    let small = if number.scale() == 0 { i64::try_from(number.mantissa()).ok() } else { None };
    let written = match small {
        Some(whole) => write!(into, "{whole}"),
        None => write!(into, "{number}"),
    };
    // Writing into a String does not fail.
    written.ok().map(|()| into.as_str())
}
