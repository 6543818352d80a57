//! The one schema of all fact tables, and how its columns are encoded.
//!
//! Names are plain so that any engine can read a file. What a column means is said at its variant; a changed meaning
//! is a new [`LAYOUT`], never a silent edit.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use musubi_model::FactTable;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::error::StorageError;

/// Version of the layout, kept in every file under [`LAYOUT_KEY`].
pub(super) const LAYOUT: &str = "1";
/// Key of the layout's version in a file's metadata.
pub(super) const LAYOUT_KEY: &str = "musubi.lake";
/// Key of the fact table in a file's metadata.
pub(super) const TABLE_KEY: &str = "musubi.table";

/// Rows of a row group before it may close at a bucket border: fewer make the footer heavier than the data.
pub(super) const GROUP_ROWS_MIN: usize = 16 << 10;
/// Rows of a row group at most: what one thread holds in memory while encoding (by estimate 40 MB), and what a reader of one
/// person has to look through at most.
pub(super) const GROUP_ROWS_MAX: usize = 128 << 10;
/// Rows of a page: the grain at which a reader of one person skips.
const PAGE_ROWS: usize = 8 << 10;
/// Zstandard level. On two million synthetic facts (`examples/lake_speed.rs`) level 3 took 7 % more CPU to write and
/// saved less than 1 % of the space.
const ZSTD_LEVEL: i32 = 1;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Exactly so many bytes.
    Bytes(i32),
    /// UTF-8.
    Text,
    /// Numbers by their width.
    U8,
    U16,
    U32,
    U64,
    I32,
}

/// How texts are held in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// One after the other: for writing.
    Plain,
    /// As views into decoded pages: row by row.
    Views,
    /// As keys of a dictionary: many rows of few texts.
    Dictionaries,
}

impl Kind {
    fn data_type(self, held: Held) -> DataType {
        match self {
            Self::Bytes(n) => DataType::FixedSizeBinary(n),
            // Views point into the decoded pages: no text is copied while reading.
            Self::Text if held == Held::Views => DataType::Utf8View,
            Self::Text if held == Held::Dictionaries => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
            Self::Text => DataType::Utf8,
            Self::U8 => DataType::UInt8,
            Self::U16 => DataType::UInt16,
            Self::U32 => DataType::UInt32,
            Self::U64 => DataType::UInt64,
            Self::I32 => DataType::Int32,
        }
    }
}

macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $kind:expr, $nullable:literal;)*) => {
        /// A column of the lake, in the order of the file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $($(#[$doc])* $variant,)*
        }

        impl Column {
            /// All columns in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(super) fn kind(self) -> Kind {
                match self { $(Self::$variant => $kind,)* }
            }

            fn nullable(self) -> bool {
                match self { $(Self::$variant => $nullable,)* }
            }
        }
    };
}

columns! {
    /// [`musubi_model::FactId`].
    FactId = "fact_id", Kind::Bytes(16), false;
    /// The bucket in which the fact was placed.
    Bucket = "bucket", Kind::U16, false;
    /// [`musubi_model::IdentityId`].
    IdentityId = "identity_id", Kind::Bytes(16), false;
    /// [`musubi_model::ProviderId`].
    ProviderId = "provider_id", Kind::Text, false;
    /// [`musubi_model::DocumentHash`].
    Document = "document", Kind::Bytes(32), false;
    /// Unit inside the document.
    Unit = "unit", Kind::U32, false;
    /// First byte of the record in the document.
    ByteStart = "byte_start", Kind::U64, false;
    /// Bytes of the record.
    ByteLen = "byte_len", Kind::U32, false;
    /// First day: days since 1970-01-01 of the earliest day it can mean.
    StartDays = "start_days", Kind::I32, true;
    /// 1 year, 2 month, 3 day.
    StartPrecision = "start_precision", Kind::U8, true;
    /// Seconds since midnight.
    StartSecond = "start_second", Kind::U32, true;
    /// Last day, as `start_days`.
    EndDays = "end_days", Kind::I32, true;
    /// As `start_precision`.
    EndPrecision = "end_precision", Kind::U8, true;
    /// Code system as sent.
    SourceSystem = "source_system", Kind::Text, true;
    /// Code as sent; null: no code, empty: a text only.
    SourceCode = "source_code", Kind::Text, true;
    /// Text beside the code as sent.
    SourceText = "source_text", Kind::Text, true;
    /// Standard code system.
    StandardSystem = "standard_system", Kind::Text, true;
    /// Standard code.
    StandardCode = "standard_code", Kind::Text, true;
    /// Name of the standard code.
    StandardText = "standard_text", Kind::Text, true;
    /// Modifiers, joined by spaces.
    Qualifiers = "qualifiers", Kind::Text, true;
    /// Outcome or status.
    Status = "status", Kind::Text, true;
    /// Value as sent.
    ValueText = "value_text", Kind::Text, true;
    /// The number in the value: a decimal in text, so that 28 digits and the scale (`6.20`) stay exact.
    ValueNumber = "value_number", Kind::Text, true;
    /// `<`, `>`, `<=`, `>=`.
    ValueComparator = "value_comparator", Kind::Text, true;
    /// Unit of the value as sent.
    ValueUnit = "value_unit", Kind::Text, true;
    /// Reference range as sent.
    ValueRange = "value_range", Kind::Text, true;
    /// Abnormal flag as sent.
    ValueFlag = "value_flag", Kind::Text, true;
    /// Quantity: a decimal in text, as `value_number`.
    Quantity = "quantity", Kind::Text, true;
    /// Times or days.
    Times = "times", Kind::U32, true;
    /// What joins facts inside a unit.
    Group = "fact_group", Kind::Text, true;
    /// Department.
    Department = "department", Kind::Text, true;
    /// Mapper and version.
    MapperVersion = "mapper_version", Kind::Text, false;
    /// Editions of the masters used.
    MasterVersion = "master_version", Kind::Text, false;
    /// [`musubi_model::SubmissionId`].
    SubmissionId = "submission_id", Kind::Bytes(16), false;
    /// The notice under which the data came.
    NoticeId = "notice_id", Kind::U64, false;
}

impl Column {
    /// Its place in the file.
    pub(super) fn index(self) -> usize {
        self as usize
    }
}

/// Which columns a reader asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColumnSet(u64);

impl ColumnSet {
    /// Every column: what [`super::FactRow::to_fact`] needs.
    pub const ALL: Self = Self((1 << Column::ALL.len()) - 1);

    /// These columns.
    #[must_use]
    pub fn of(columns: &[Column]) -> Self {
        columns.iter().fold(Self(0), |set, c| set.with(*c))
    }

    /// And this one.
    #[must_use]
    pub fn with(self, column: Column) -> Self {
        Self(self.0 | 1 << column.index())
    }

    /// But not this one.
    #[must_use]
    pub fn without(self, column: Column) -> Self {
        Self(self.0 & !(1 << column.index()))
    }

    /// Is it asked for?
    #[must_use]
    pub fn has(self, column: Column) -> bool {
        self.0 & (1 << column.index()) != 0
    }

    /// The columns in the order of the file.
    pub fn iter(self) -> impl Iterator<Item = Column> {
        Column::ALL.iter().copied().filter(move |c| self.has(*c))
    }
}

fn schema(held: Held) -> SchemaRef {
    let field = |c: &Column| Field::new(c.as_str(), c.kind().data_type(held), c.nullable());
    Arc::new(Schema::new(Column::ALL.iter().map(field).collect::<Vec<_>>()))
}

/// The schema that is written.
pub(super) static WRITE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| schema(Held::Plain));
/// The same columns as a reader holds them.
pub(super) static READ_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| schema(Held::Views));
/// The same columns with texts as keys of dictionaries.
pub(super) static CHUNK_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| schema(Held::Dictionaries));

/// How the files of a table are written. Nothing in it depends on the day, the machine or the library's version.
pub(super) fn properties(table: FactTable) -> Result<WriterProperties, StorageError> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(StorageError::lake("choosing a compression"))?;
    let mut builder = WriterProperties::builder()
        .set_created_by("musubi".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_key_value_metadata(Some(vec![
            KeyValue::new(LAYOUT_KEY.to_owned(), LAYOUT.to_owned()),
            KeyValue::new(TABLE_KEY.to_owned(), table.as_str().to_owned()),
        ]));
    for column in Column::ALL {
        let path = ColumnPath::from(column.as_str());
        builder = match (column, column.kind()) {
            // Every value is another one: a dictionary would only be built to be thrown away.
            (Column::FactId, _) => builder.set_column_dictionary_enabled(path, false),
            // The columns by which readers skip.
            (Column::IdentityId, _) => builder.set_column_statistics_enabled(path, EnabledStatistics::Page),
            (Column::Bucket, _) => builder
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::Page)
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            // For other engines, which filter by day.
            (Column::StartDays, _) => builder
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::Chunk)
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            (_, Kind::U32 | Kind::U64 | Kind::I32) => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            (_, Kind::Bytes(_) | Kind::Text | Kind::U8 | Kind::U16) => builder,
        };
    }
    Ok(builder.build())
}
