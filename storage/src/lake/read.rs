//! Reading facts: by bucket and identity, only the columns asked for, row by row without copies.
//!
//! Never copies a text for a row that is only looked at.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;

use musubi_model::{ByteRange, DocumentHash, FactId, FactTable, IdentityId, PartialDate, SubmissionId};

use super::files::LakeFile;
use super::row::{CodedRow, DayRow, Row, StoredFact};
use super::scan::{Batch, Opened, Plan, Rows};
use super::schema::{Column, ColumnSet};
use crate::error::StorageError;

/// Rows decoded at a time: large enough to run at the speed of the memory, small enough to stay in the cache.
const BATCH_ROWS: usize = 8 << 10;

/// What a reader wants of a file.
#[derive(Debug, Clone)]
pub struct Want<'a> {
    /// Only facts of these buckets.
    pub buckets: RangeInclusive<u16>,
    /// Only facts of these identities; `None` means all.
    pub identities: Option<&'a BTreeSet<IdentityId>>,
    /// The columns that will be looked at.
    pub columns: ColumnSet,
}

impl Want<'_> {
    /// These columns of every row.
    #[must_use]
    pub fn all(columns: ColumnSet) -> Self {
        Self { buckets: 0..=u16::MAX, identities: None, columns }
    }
}

/// What a reading cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadStats {
    /// Row groups of the file.
    pub row_groups: usize,
    /// Row groups that were read.
    pub row_groups_read: usize,
    /// Rows that were decoded.
    pub rows_decoded: u64,
    /// Rows that were handed out.
    pub rows: u64,
}

/// Hands every wanted fact of a file to `each`, in the order of the file: by bucket, identity, first day.
///
/// The file is not held against its hash here, since many tasks may read parts of it: call [`super::verify`] once.
/// Errors: the file is missing or damaged, `each` fails, or it asks a row for a column that is not in `want`.
pub fn read(
    folder: &Path,
    file: &LakeFile,
    want: &Want<'_>,
    each: &mut dyn FnMut(FactRow<'_>) -> Result<(), StorageError>,
) -> Result<ReadStats, StorageError> {
    let rows = Rows { buckets: want.buckets.clone(), identities: want.identities };
    let all = rows.is_all();
    let opened = Opened::new(&file.path(folder)?, file.table, !all)?;
    let plan = opened.plan(&rows);
    let mut stats = ReadStats {
        row_groups: opened.groups(),
        row_groups_read: plan.groups.len(),
        rows_decoded: u64::try_from(plan.rows()).unwrap_or(u64::MAX),
        rows: 0,
    };
    if plan.rows() == 0 {
        return Ok(stats);
    }
    let columns = if all { want.columns } else { want.columns.with(Column::Bucket).with(Column::IdentityId) };
    let mut scan = opened.read(&plan, columns, BATCH_ROWS)?;
    // Rows of one identity follow each other: ask the set once for each run.
    let mut known: Option<(IdentityId, bool)> = None;
    while let Some(batch) = scan.next()? {
        for index in 0..batch.rows() {
            let row = FactRow { batch: &batch, index, table: file.table };
            if !all {
                if !want.buckets.contains(&row.bucket()) {
                    continue;
                }
                if let Some(wanted) = want.identities {
                    let identity = row.identity();
                    let has = match known {
                        Some((of, has)) if of == identity => has,
                        _ => wanted.contains(&identity),
                    };
                    known = Some((identity, has));
                    if !has {
                        continue;
                    }
                }
            }
            stats.rows += 1;
            each(row)?;
        }
        batch.check_asked()?;
    }
    Ok(stats)
}

/// Looks a fact up among files of one snapshot. `bucket` is where its identity's facts lie, `identity` whose fact it is
/// when that is known: it saves most of the reading.
pub fn find_fact(
    folder: &Path,
    files: &[LakeFile],
    bucket: u16,
    identity: Option<&IdentityId>,
    fact_id: &FactId,
) -> Result<Option<(String, StoredFact)>, StorageError> {
    let identities = identity.map(|i| BTreeSet::from([*i]));
    let rows = Rows { buckets: bucket..=bucket, identities: identities.as_ref() };
    for file in files.iter().filter(|f| (f.bucket_min..=f.bucket_max).contains(&bucket)) {
        let path = file.path(folder)?;
        let opened = Opened::new(&path, file.table, true)?;
        let plan = opened.plan(&rows);
        let Some(nth) = position(opened, &plan, fact_id)? else { continue };
        let Some(single) = Opened::only(&plan, nth) else { continue };
        let opened = Opened::new(&path, file.table, true)?;
        let mut scan = opened.read(&single, ColumnSet::ALL, 1)?;
        if let Some(batch) = scan.next()? {
            let fact = FactRow { batch: &batch, index: 0, table: file.table }.to_fact()?;
            // Pages leave out what is certainly not wanted; what they leave in is decided here.
            let wanted = fact.bucket == bucket && identity.is_none_or(|i| *i == fact.provenance.identity);
            return Ok(wanted.then(|| (file.file_id.clone(), fact)));
        }
    }
    Ok(None)
}

/// Which of the planned rows carries this name. Reads one column.
fn position(opened: Opened, plan: &Plan, fact_id: &FactId) -> Result<Option<usize>, StorageError> {
    if plan.rows() == 0 {
        return Ok(None);
    }
    let mut scan = opened.read(plan, ColumnSet::of(&[Column::FactId]), BATCH_ROWS)?;
    let mut before = 0;
    while let Some(batch) = scan.next()? {
        let found = (0..batch.rows()).find(|i| batch.bytes(Column::FactId, *i) == Some(fact_id.as_bytes()));
        if let Some(index) = found {
            return Ok(Some(before + index));
        }
        before += batch.rows();
    }
    Ok(None)
}

/// One fact of a batch, borrowed. Asking for a column that was not read gives an empty answer and makes the reading
/// fail in the end, so that a forgotten column is never taken for an empty one.
#[derive(Debug, Clone, Copy)]
pub struct FactRow<'a> {
    batch: &'a Batch,
    index: usize,
    table: FactTable,
}

impl<'a> FactRow<'a> {
    pub(super) fn new(batch: &'a Batch, index: usize, table: FactTable) -> Self {
        Self { batch, index, table }
    }

    fn id<const N: usize>(&self, column: Column) -> [u8; N] {
        let bytes = self.batch.bytes(column, self.index).and_then(|b| b.try_into().ok());
        bytes.unwrap_or_else(|| {
            self.batch.note_missing(column);
            [0; N]
        })
    }

    fn day(&self, days: Column, precision: Column) -> Option<DayRow> {
        let days = self.batch.i32(days, self.index)?;
        Some(DayRow { days, precision: self.batch.u8(precision, self.index)? })
    }

    fn text(&self, column: Column) -> &'a str {
        self.batch.text(column, self.index).unwrap_or_default()
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> FactTable {
        self.table
    }

    /// The fact's name.
    #[must_use]
    pub fn fact_id(&self) -> FactId {
        FactId(self.id(Column::FactId))
    }

    /// The bucket in which it lies.
    #[must_use]
    pub fn bucket(&self) -> u16 {
        self.batch.u16(Column::Bucket, self.index).unwrap_or_default()
    }

    /// Whose fact it is.
    #[must_use]
    pub fn identity(&self) -> IdentityId {
        IdentityId(self.id(Column::IdentityId))
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &'a str {
        self.text(Column::ProviderId)
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> DocumentHash {
        DocumentHash(self.id(Column::Document))
    }

    /// The unit inside the document.
    #[must_use]
    pub fn unit(&self) -> u32 {
        self.batch.u32(Column::Unit, self.index).unwrap_or_default()
    }

    /// The bytes of its record.
    #[must_use]
    pub fn range(&self) -> ByteRange {
        ByteRange {
            start: self.batch.u64(Column::ByteStart, self.index).unwrap_or_default(),
            len: self.batch.u32(Column::ByteLen, self.index).unwrap_or_default(),
        }
    }

    /// First day as days since 1970-01-01, the earliest it can mean.
    #[must_use]
    pub fn start_days(&self) -> Option<i32> {
        self.batch.i32(Column::StartDays, self.index)
    }

    /// First day with its precision; needs [`Column::StartDays`] and [`Column::StartPrecision`].
    #[must_use]
    pub fn start(&self) -> Option<PartialDate> {
        let day = self.day(Column::StartDays, Column::StartPrecision)?;
        PartialDate::from_days(day.days, day.precision)
    }

    /// Last day; needs [`Column::EndDays`] and [`Column::EndPrecision`].
    #[must_use]
    pub fn end(&self) -> Option<PartialDate> {
        let day = self.day(Column::EndDays, Column::EndPrecision)?;
        PartialDate::from_days(day.days, day.precision)
    }

    /// Code system as sent; empty when there is no code.
    #[must_use]
    pub fn source_system(&self) -> &'a str {
        self.text(Column::SourceSystem)
    }

    /// Code as sent; empty when there is none.
    #[must_use]
    pub fn source_code(&self) -> &'a str {
        self.text(Column::SourceCode)
    }

    /// Text beside the code as sent.
    #[must_use]
    pub fn source_text(&self) -> Option<&'a str> {
        self.batch.text(Column::SourceText, self.index)
    }

    /// Standard code system; empty when there is none.
    #[must_use]
    pub fn standard_system(&self) -> &'a str {
        self.text(Column::StandardSystem)
    }

    /// Standard code; empty when there is none.
    #[must_use]
    pub fn standard_code(&self) -> &'a str {
        self.text(Column::StandardCode)
    }

    /// Modifiers, joined by spaces.
    #[must_use]
    pub fn qualifiers(&self) -> &'a str {
        self.text(Column::Qualifiers)
    }

    /// Outcome or status; the sex code of [`FactTable::Person`].
    #[must_use]
    pub fn status(&self) -> &'a str {
        self.text(Column::Status)
    }

    /// Value as sent.
    #[must_use]
    pub fn value_text(&self) -> &'a str {
        self.text(Column::ValueText)
    }

    /// The number in the value, a decimal in text.
    #[must_use]
    pub fn value_number(&self) -> Option<&'a str> {
        self.batch.text(Column::ValueNumber, self.index)
    }

    /// Quantity, a decimal in text.
    #[must_use]
    pub fn quantity(&self) -> Option<&'a str> {
        self.batch.text(Column::Quantity, self.index)
    }

    /// Times or days.
    #[must_use]
    pub fn times(&self) -> Option<u32> {
        self.batch.u32(Column::Times, self.index)
    }

    /// What joins facts inside a unit.
    #[must_use]
    pub fn group(&self) -> &'a str {
        self.text(Column::Group)
    }

    /// Department.
    #[must_use]
    pub fn department(&self) -> &'a str {
        self.text(Column::Department)
    }

    /// The delivery.
    #[must_use]
    pub fn submission(&self) -> SubmissionId {
        SubmissionId(self.id(Column::SubmissionId))
    }

    /// The notice under which it came.
    #[must_use]
    pub fn notice(&self) -> u64 {
        self.batch.u64(Column::NoticeId, self.index).unwrap_or_default()
    }

    /// The whole fact with its provenance; needs [`ColumnSet::ALL`].
    pub fn to_fact(&self) -> Result<StoredFact, StorageError> {
        let fact = self.row().to_fact(self.table);
        self.batch.check_asked()?;
        fact
    }

    fn coded(&self, system: Column, code: Column, text: Column) -> Option<CodedRow<'a>> {
        let code = self.batch.text(code, self.index)?;
        Some(CodedRow { system: self.text(system), code, text: self.batch.text(text, self.index) })
    }

    /// All columns.
    pub(super) fn row(&self) -> Row<'a> {
        Row {
            fact_id: self.fact_id(),
            bucket: self.bucket(),
            identity: self.identity(),
            provider: self.provider(),
            document: self.document(),
            unit: self.unit(),
            range: self.range(),
            start: self.day(Column::StartDays, Column::StartPrecision),
            start_second: self.batch.u32(Column::StartSecond, self.index),
            end: self.day(Column::EndDays, Column::EndPrecision),
            source: self.coded(Column::SourceSystem, Column::SourceCode, Column::SourceText),
            standard: self.coded(Column::StandardSystem, Column::StandardCode, Column::StandardText),
            qualifiers: self.qualifiers(),
            status: self.status(),
            value_text: self.value_text(),
            value_number: self.value_number(),
            value_comparator: self.text(Column::ValueComparator),
            value_unit: self.text(Column::ValueUnit),
            value_range: self.text(Column::ValueRange),
            value_flag: self.text(Column::ValueFlag),
            quantity: self.quantity(),
            times: self.times(),
            group: self.group(),
            department: self.department(),
            mapper_version: self.text(Column::MapperVersion),
            master_version: self.text(Column::MasterVersion),
            submission: self.submission(),
            notice: self.notice(),
        }
    }
}
