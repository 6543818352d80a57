//! Rows to Arrow columns: builders filled row by row, without an allocation for each row.

use std::sync::Arc;

use arrow_array::builder::{
    FixedSizeBinaryBuilder, Int32Builder, StringBuilder, UInt8Builder, UInt16Builder, UInt32Builder,
    UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use parquet::errors::ParquetError;

use super::row::{CodedRow, Row};
use super::schema::WRITE_SCHEMA;
use crate::error::StorageError;

/// A code in three columns.
#[derive(Debug, Default)]
struct CodedColumns {
    system: StringBuilder,
    code: StringBuilder,
    text: StringBuilder,
}

impl CodedColumns {
    fn push(&mut self, coded: Option<CodedRow<'_>>) {
        self.system.append_option(coded.map(|c| c.system));
        self.code.append_option(coded.map(|c| c.code));
        self.text.append_option(coded.and_then(|c| c.text));
    }
}

/// The columns of rows that will be one row group.
#[derive(Debug)]
pub(super) struct Columns {
    rows: usize,
    fact_id: FixedSizeBinaryBuilder,
    bucket: UInt16Builder,
    identity: FixedSizeBinaryBuilder,
    provider: StringBuilder,
    document: FixedSizeBinaryBuilder,
    unit: UInt32Builder,
    byte_start: UInt64Builder,
    byte_len: UInt32Builder,
    start_days: Int32Builder,
    start_precision: UInt8Builder,
    start_second: UInt32Builder,
    end_days: Int32Builder,
    end_precision: UInt8Builder,
    source: CodedColumns,
    standard: CodedColumns,
    qualifiers: StringBuilder,
    status: StringBuilder,
    value_text: StringBuilder,
    value_number: StringBuilder,
    value_comparator: StringBuilder,
    value_unit: StringBuilder,
    value_range: StringBuilder,
    value_flag: StringBuilder,
    quantity: StringBuilder,
    times: UInt32Builder,
    group: StringBuilder,
    department: StringBuilder,
    mapper_version: StringBuilder,
    master_version: StringBuilder,
    submission: FixedSizeBinaryBuilder,
    notice: UInt64Builder,
}

impl Columns {
    /// Empty columns with room for `rows`.
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            rows: 0,
            fact_id: FixedSizeBinaryBuilder::with_capacity(rows, 16),
            bucket: UInt16Builder::with_capacity(rows),
            identity: FixedSizeBinaryBuilder::with_capacity(rows, 16),
            provider: StringBuilder::new(),
            document: FixedSizeBinaryBuilder::with_capacity(rows, 32),
            unit: UInt32Builder::with_capacity(rows),
            byte_start: UInt64Builder::with_capacity(rows),
            byte_len: UInt32Builder::with_capacity(rows),
            start_days: Int32Builder::with_capacity(rows),
            start_precision: UInt8Builder::with_capacity(rows),
            start_second: UInt32Builder::with_capacity(rows),
            end_days: Int32Builder::with_capacity(rows),
            end_precision: UInt8Builder::with_capacity(rows),
            source: CodedColumns::default(),
            standard: CodedColumns::default(),
            qualifiers: StringBuilder::new(),
            status: StringBuilder::new(),
            value_text: StringBuilder::new(),
            value_number: StringBuilder::new(),
            value_comparator: StringBuilder::new(),
            value_unit: StringBuilder::new(),
            value_range: StringBuilder::new(),
            value_flag: StringBuilder::new(),
            quantity: StringBuilder::new(),
            times: UInt32Builder::with_capacity(rows),
            group: StringBuilder::new(),
            department: StringBuilder::new(),
            mapper_version: StringBuilder::new(),
            master_version: StringBuilder::new(),
            submission: FixedSizeBinaryBuilder::with_capacity(rows, 16),
            notice: UInt64Builder::with_capacity(rows),
        }
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), StorageError> {
        self.rows += 1;
        bytes(&mut self.fact_id, row.fact_id.as_bytes())?;
        self.bucket.append_value(row.bucket);
        bytes(&mut self.identity, row.identity.as_bytes())?;
        self.provider.append_value(row.provider);
        bytes(&mut self.document, row.document.as_bytes())?;
        self.unit.append_value(row.unit);
        self.byte_start.append_value(row.range.start);
        self.byte_len.append_value(row.range.len);
        self.start_days.append_option(row.start.map(|d| d.days));
        self.start_precision.append_option(row.start.map(|d| d.precision));
        self.start_second.append_option(row.start_second);
        self.end_days.append_option(row.end.map(|d| d.days));
        self.end_precision.append_option(row.end.map(|d| d.precision));
        self.source.push(row.source);
        self.standard.push(row.standard);
        text(&mut self.qualifiers, row.qualifiers);
        text(&mut self.status, row.status);
        text(&mut self.value_text, row.value_text);
        self.value_number.append_option(row.value_number);
        text(&mut self.value_comparator, row.value_comparator);
        text(&mut self.value_unit, row.value_unit);
        text(&mut self.value_range, row.value_range);
        text(&mut self.value_flag, row.value_flag);
        self.quantity.append_option(row.quantity);
        self.times.append_option(row.times);
        text(&mut self.group, row.group);
        text(&mut self.department, row.department);
        self.mapper_version.append_value(row.mapper_version);
        self.master_version.append_value(row.master_version);
        bytes(&mut self.submission, row.submission.as_bytes())?;
        self.notice.append_value(row.notice);
        Ok(())
    }

    /// The batch, in the order of the schema; the columns are empty again.
    pub(super) fn take(&mut self) -> Result<RecordBatch, StorageError> {
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.fact_id.finish()),
            Arc::new(self.bucket.finish()),
            Arc::new(self.identity.finish()),
            Arc::new(self.provider.finish()),
            Arc::new(self.document.finish()),
            Arc::new(self.unit.finish()),
            Arc::new(self.byte_start.finish()),
            Arc::new(self.byte_len.finish()),
            Arc::new(self.start_days.finish()),
            Arc::new(self.start_precision.finish()),
            Arc::new(self.start_second.finish()),
            Arc::new(self.end_days.finish()),
            Arc::new(self.end_precision.finish()),
            Arc::new(self.source.system.finish()),
            Arc::new(self.source.code.finish()),
            Arc::new(self.source.text.finish()),
            Arc::new(self.standard.system.finish()),
            Arc::new(self.standard.code.finish()),
            Arc::new(self.standard.text.finish()),
            Arc::new(self.qualifiers.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.value_text.finish()),
            Arc::new(self.value_number.finish()),
            Arc::new(self.value_comparator.finish()),
            Arc::new(self.value_unit.finish()),
            Arc::new(self.value_range.finish()),
            Arc::new(self.value_flag.finish()),
            Arc::new(self.quantity.finish()),
            Arc::new(self.times.finish()),
            Arc::new(self.group.finish()),
            Arc::new(self.department.finish()),
            Arc::new(self.mapper_version.finish()),
            Arc::new(self.master_version.finish()),
            Arc::new(self.submission.finish()),
            Arc::new(self.notice.finish()),
        ];
        RecordBatch::try_new(Arc::clone(&WRITE_SCHEMA), columns)
            .map_err(|e| StorageError::lake("building a row group")(ParquetError::from(e)))
    }
}

/// An empty text is stored as none: it costs nothing and reads back as empty.
fn text(into: &mut StringBuilder, value: &str) {
    if value.is_empty() {
        into.append_null();
    } else {
        into.append_value(value);
    }
}

fn bytes(into: &mut FixedSizeBinaryBuilder, value: &[u8]) -> Result<(), StorageError> {
    into.append_value(value).map_err(|e| StorageError::lake("building a row group")(ParquetError::from(e)))
}
