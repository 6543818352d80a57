//! Parquet of a package: the same values as the CSV, zstd, labels by dictionary; streams row group by row group.
//!
//! It must never write a clock, a host or a label that no row uses: same sheet, same bytes.

use std::io::Write;
use std::sync::Arc;

use arrow_array::types::UInt32Type;
use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Int64Array, RecordBatch, StringArray,
    UInt32Array, new_null_array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use compact_str::CompactString;
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use rust_decimal::Decimal;

use super::error::PackError;
use super::sheet::{Cell, Kind, NOT_TOLD, Sheet, Values};

/// Rows that are turned into arrays at a time.
const BATCH: usize = 1 << 16;
/// Rows of a row group.
const GROUP: usize = 1 << 20;
/// Most digits of a decimal number.
const DIGITS: u8 = 38;

/// Why writing stopped: the file, or a value.
pub(crate) enum Stopped {
    File(ParquetError),
    Value(PackError),
}

impl From<ParquetError> for Stopped {
    fn from(error: ParquetError) -> Self {
        Self::File(error)
    }
}

/// What a column needs besides its values.
enum Plan {
    /// The labels, once for all batches.
    Labels(ArrayRef),
    /// Digits after the point that all numbers of the column fit into.
    Scale(u32),
    /// Nothing.
    None,
}

/// Writes a sheet. `tell` is called with the number of rows written so far.
pub(crate) fn write(
    sheet: &Sheet,
    out: impl Write + Send,
    tell: &(dyn Fn(usize) + Sync),
) -> Result<(), Stopped> {
    let plans: Vec<Plan> = sheet.columns.iter().map(|c| plan(&c.values)).collect();
    let fields: Vec<Field> = sheet
        .columns
        .iter()
        .zip(&plans)
        .map(|(c, plan)| Field::new(&c.name, data_type(&c.values, plan), true))
        .collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let properties = WriterProperties::builder()
        // Neither version nor build of a library: the manifest says which program made it.
        .set_created_by("musubi".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(out, Arc::clone(&schema), options)?;
    let rows = sheet.rows();
    let mut from = 0;
    while from < rows {
        let to = rows.min(from + BATCH);
        let arrays = sheet
            .columns
            .iter()
            .zip(&plans)
            .map(|(c, plan)| {
                array(&c.values, plan, from, to)?.ok_or_else(|| {
                    Stopped::Value(PackError::Decimal { file: sheet.name.clone(), column: c.name.clone() })
                })
            })
            .collect::<Result<Vec<ArrayRef>, Stopped>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(ParquetError::from)?;
        writer.write(&batch)?;
        tell(to);
        from = to;
    }
    writer.close()?;
    tell(rows);
    Ok(())
}

fn plan(values: &Values) -> Plan {
    match values {
        Values::Text { labels, .. } => {
            Plan::Labels(Arc::new(StringArray::from_iter_values(labels.iter().map(CompactString::as_str))))
        }
        Values::Decimal(rows) => {
            Plan::Scale(rows.iter().flatten().map(|n| n.normalize().scale()).max().unwrap_or(0))
        }
        _ => Plan::None,
    }
}

fn data_type(values: &Values, plan: &Plan) -> DataType {
    match (values.kind(), plan) {
        (Kind::Text, Plan::Labels(_)) => {
            DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8))
        }
        (Kind::Text, _) => DataType::Utf8,
        (Kind::Integer, _) => DataType::Int64,
        (Kind::Decimal, Plan::Scale(scale)) => {
            DataType::Decimal128(DIGITS, i8::try_from(*scale).unwrap_or(0))
        }
        (Kind::Decimal, _) => DataType::Decimal128(DIGITS, 0),
        (Kind::Date, _) => DataType::Date32,
    }
}

/// The array of some rows; `None`: a number that does not fit.
fn array(values: &Values, plan: &Plan, from: usize, to: usize) -> Result<Option<ArrayRef>, ParquetError> {
    let rows = from..to;
    Ok(Some(match (values, plan) {
        (Values::Text { ids, labels }, Plan::Labels(shared)) => {
            let key = |id: &u32| {
                let told = labels.get(*id as usize).is_some_and(|l| !l.is_empty());
                (*id != NOT_TOLD && told).then_some(*id)
            };
            let keys: UInt32Array = ids.get(rows).unwrap_or_default().iter().map(key).collect();
            Arc::new(DictionaryArray::<UInt32Type>::try_new(keys, Arc::clone(shared))?)
        }
        (Values::Decimal(_), Plan::Scale(scale)) => {
            let mut numbers: Vec<Option<i128>> = Vec::with_capacity(rows.len());
            for row in rows {
                match values.cell(row) {
                    Cell::Decimal(n) => match scaled(n, *scale) {
                        Some(n) => numbers.push(Some(n)),
                        None => return Ok(None),
                    },
                    _ => numbers.push(None),
                }
            }
            let scale = i8::try_from(*scale).unwrap_or(0);
            Arc::new(Decimal128Array::from(numbers).with_precision_and_scale(DIGITS, scale)?)
        }
        (Values::Date(days), _) => {
            let day = |d: &Option<Date>| d.map(days_since_1970);
            Arc::new(days.get(rows).unwrap_or_default().iter().map(day).collect::<Date32Array>())
        }
        (Values::Empty(..), plan) => new_null_array(&data_type(values, plan), rows.len()),
        _ => {
            let number = |row| match values.cell(row) {
                Cell::Integer(n) => Some(n),
                _ => None,
            };
            Arc::new(rows.map(number).collect::<Int64Array>())
        }
    }))
}

/// The digits of a number with so many after the point.
fn scaled(n: Decimal, scale: u32) -> Option<i128> {
    let factor = 10i128.checked_pow(scale.checked_sub(n.scale())?)?;
    let digits = n.mantissa().checked_mul(factor)?;
    (digits.unsigned_abs() < 10u128.pow(u32::from(DIGITS))).then_some(digits)
}

/// Days since 1970-01-01.
fn days_since_1970(day: Date) -> i32 {
    day.duration_since(Date::constant(1970, 1, 1)).as_hours().div_euclid(24).try_into().unwrap_or(0)
}
