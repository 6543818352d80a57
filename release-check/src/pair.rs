//! CSV and Parquet of one table hold the same (対の一致): cell by cell, numbers by their value.
//!
//! It must never trust Parquet's statistics or metadata, only the values; and nothing that names a machine may stand in
//! the metadata.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::decimal::Decimal;
use crate::folder::Folder;
use crate::sheet::Sheet;

/// How the two differ. Rows are rows of the CSV, without the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    /// The Parquet file is not one, or of a type that no cell of the layout has.
    Unreadable,
    /// Key-value metadata that the layout does not know.
    Metadata,
    /// Other columns, or in another order.
    Columns,
    /// Another number of rows.
    Rows(usize),
    /// A cell.
    Cell(usize, usize),
}

/// Compares `NAME.parquet` with the CSV.
///
/// # Errors
/// The first difference.
pub fn compare(folder: &Folder, sheet: &Sheet) -> Result<(), Differs> {
    let file = folder.file(&format!("{}.parquet", sheet.name)).ok_or(Differs::Unreadable)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|_| Differs::Unreadable)?;
    let about = builder.metadata().file_metadata().key_value_metadata();
    if about.is_some_and(|pairs| pairs.iter().any(|pair| pair.key != "ARROW:schema")) {
        return Err(Differs::Metadata);
    }
    let names = builder.schema().fields().iter().map(|f| f.name().as_str());
    if !names.eq(sheet.header.iter().map(String::as_str)) {
        return Err(Differs::Columns);
    }
    let mut row = 0;
    for batch in builder.build().map_err(|_| Differs::Unreadable)? {
        let batch = batch.map_err(|_| Differs::Unreadable)?;
        for (at, (array, column)) in batch.columns().iter().zip(&sheet.columns).enumerate() {
            let cells = Cells::of(array).ok_or(Differs::Unreadable)?;
            for i in 0..array.len() {
                if row + i >= sheet.rows {
                    return Err(Differs::Rows(row + batch.num_rows()));
                }
                if !cells.equals(i, column.label(row + i)) {
                    return Err(Differs::Cell(row + i, at));
                }
            }
        }
        row += batch.num_rows();
    }
    if row == sheet.rows { Ok(()) } else { Err(Differs::Rows(row)) }
}

/// The cells of an array by their type.
enum Cells<'a> {
    Text(&'a arrow_array::StringArray),
    Words(&'a arrow_array::DictionaryArray<Int32Type>, &'a arrow_array::StringArray),
    CountedWords(&'a arrow_array::DictionaryArray<UInt32Type>, &'a arrow_array::StringArray),
    Small(&'a arrow_array::Int32Array),
    Whole(&'a arrow_array::Int64Array),
    Decimal(&'a arrow_array::Decimal128Array, u32),
    Float(&'a arrow_array::Float64Array),
    Day(&'a arrow_array::Date32Array),
}

impl<'a> Cells<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string_opt()?),
            DataType::Dictionary(key, _) if **key == DataType::UInt32 => {
                let words = array.as_dictionary_opt::<UInt32Type>()?;
                Self::CountedWords(words, words.values().as_string_opt()?)
            }
            DataType::Dictionary(_, _) => {
                let words = array.as_dictionary_opt::<Int32Type>()?;
                Self::Words(words, words.values().as_string_opt()?)
            }
            DataType::Int32 => Self::Small(array.as_primitive_opt::<Int32Type>()?),
            DataType::Int64 => Self::Whole(array.as_primitive_opt::<Int64Type>()?),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive_opt::<Decimal128Type>()?, u32::try_from(*scale).ok()?)
            }
            DataType::Float64 => Self::Float(array.as_primitive_opt::<Float64Type>()?),
            DataType::Date32 => Self::Day(array.as_primitive_opt::<Date32Type>()?),
            _ => return None,
        })
    }

    /// Is cell `i` what the CSV says? A null is an empty field.
    fn equals(&self, i: usize, csv: &str) -> bool {
        let text = |null: bool, text: &str| if null { csv.is_empty() } else { text == csv };
        let number = |null: bool, number: Decimal| {
            if null { csv.is_empty() } else { Decimal::parse(csv) == Some(number) }
        };
        match self {
            Self::Text(a) => text(a.is_null(i), if a.is_null(i) { "" } else { a.value(i) }),
            Self::Words(a, words) => match a.key(i).filter(|key| *key < words.len()) {
                Some(key) if !words.is_null(key) => words.value(key) == csv,
                _ => csv.is_empty(),
            },
            Self::CountedWords(a, words) => match a.key(i).filter(|key| *key < words.len()) {
                Some(key) if !words.is_null(key) => words.value(key) == csv,
                _ => csv.is_empty(),
            },
            Self::Small(a) => number(a.is_null(i), Decimal::new(i128::from(a.value(i)), 0)),
            Self::Whole(a) => number(a.is_null(i), Decimal::new(i128::from(a.value(i)), 0)),
            Self::Decimal(a, scale) => number(a.is_null(i), Decimal::new(a.value(i), *scale)),
            Self::Float(a) if a.is_null(i) => csv.is_empty(),
            Self::Float(a) => Decimal::parse(csv) == Decimal::parse(&a.value(i).to_string()),
            Self::Day(a) if a.is_null(i) => csv.is_empty(),
            Self::Day(a) => a.value_as_date(i).is_some_and(|day| day.to_string() == csv),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
        UInt32Array,
    };
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_writer::ArrowWriterOptions;

    use super::*;
    use crate::csv::Encoding;

    /// Writes both files and compares them.
    fn compared(csv: &str) -> Result<(), Differs> {
        let room = tempfile::tempdir().unwrap();
        let words = DictionaryArray::new(
            UInt32Array::from(vec![Some(1), None, Some(0)]),
            Arc::new(StringArray::from(vec!["b", "a"])),
        );
        let decimal =
            Decimal128Array::from(vec![Some(390), None, Some(-5)]).with_precision_and_scale(9, 2).unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("word", Arc::new(words)),
            ("whole", Arc::new(Int64Array::from(vec![Some(7), None, Some(0)]))),
            ("decimal", Arc::new(decimal)),
            ("day", Arc::new(Date32Array::from(vec![Some(20_587), None, Some(0)]))),
            ("float", Arc::new(Float64Array::from(vec![Some(0.5), None, Some(12.0)]))),
        ];
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
        for skip in [true, false] {
            let options = ArrowWriterOptions::new().with_skip_arrow_metadata(skip);
            let file = std::fs::File::create(room.path().join("t.parquet")).unwrap();
            let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            std::fs::write(room.path().join("t.csv"), format!("\u{feff}{csv}")).unwrap();
            let folder = Folder::open(room.path()).unwrap();
            compare(&folder, &Sheet::read(&folder, "t", Encoding::Utf8).unwrap())?;
        }
        Ok(())
    }

    #[test]
    fn every_kind_of_cell_is_compared_by_what_it_means() {
        let csv =
            "word,whole,decimal,day,float\r\na,7,3.9,2026-05-14,0.5\r\n,,,,\r\nb,0,-0.05,1970-01-01,12\r\n";
        assert_eq!(compared(csv), Ok(()));
        for (from, to, differs) in [
            ("a,7", "b,7", Differs::Cell(0, 0)),
            (",7,", ",8,", Differs::Cell(0, 1)),
            ("3.9", "3.91", Differs::Cell(0, 2)),
            ("05-14", "05-15", Differs::Cell(0, 3)),
            (",12", ",12.5", Differs::Cell(2, 4)),
            (",,,,\r\n", ",0,,,\r\n", Differs::Cell(1, 1)),
            ("word", "words", Differs::Columns),
        ] {
            assert_eq!(compared(&csv.replacen(from, to, 1)), Err(differs), "{from} -> {to}");
        }
        assert!(matches!(
            compared(&csv.replacen(",,,,\r\n", "", 1)),
            Err(Differs::Cell(1, _) | Differs::Rows(_))
        ));
    }
}
