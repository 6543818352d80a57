//! Why a package is not written, encrypted or opened. It must never name a value, only its file, column and row.

use std::io::{Error as IoError, ErrorKind};
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// A refusal or failure of the package writer. In every case no half package is left behind.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file's or a column's name cannot be one.
    #[error(
        "PACK_NAME: {0} is not a usable, unused name: 1 to 64 of a-z, 0-9, '_' and '-' (名前に使えない文字があるか、重複しています)"
    )]
    Name(String),
    /// Columns of one file that do not have the same number of rows, or a label that is not there.
    #[error(
        "PACK_SHAPE: {file}.{column} does not have the rows of its file (列の行数またはラベルが合いません)"
    )]
    Shape {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A label that a spreadsheet would run, or with a control character in it.
    #[error(
        "PACK_LABEL: {file}.{column}: a label is a formula or has a control character; map or remove the code \
         (表計算ソフトが数式とみなす値または制御文字を含む値があります)"
    )]
    Label {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A character that Shift_JIS does not have.
    #[error(
        "PACK_SHIFT_JIS: {file}.{column}, row {row}: a character that Shift_JIS does not have; ask for UTF-8 or map \
         the label (Shift_JISにない文字があります。行は見出しを除いて1から数えます)"
    )]
    ShiftJis {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// The row, from 1 on, the header not counted; 0: the header.
        row: usize,
    },
    /// Numbers too far apart for one column of the Parquet file.
    #[error(
        "PACK_DECIMAL: {file}.{column}: the numbers do not fit into 38 digits together; clip or round them \
         (数値の桁数が38桁に収まりません)"
    )]
    Decimal {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// An event of somebody who is not in the table of persons, or no table of persons.
    #[error("PACK_PERSON: {0}: a pid that person does not have (個人テーブルにない pid があります)")]
    Person(String),
    /// The files do not hold what is claimed of them.
    #[error(
        "PACK_CLAIM: a class of {found} persons in person, claimed is {claimed}: protect the rows again \
         (主張したkより小さい同値類があります)"
    )]
    Claim {
        /// Persons in the smallest class.
        found: u64,
        /// The k of the claims.
        claimed: u64,
    },
    /// What belongs to a package is missing in the request.
    #[error("PACK_PARTS: {0} (提供物に必要なものが足りません)")]
    Parts(&'static str),
    /// The disk is full. What was written is removed.
    #[error(
        "REL_DISK: the disk is full while writing {0}; nothing was kept, make room and build again \
         (ディスクの空きが足りません。書きかけは消しました。空きを作ってやり直してください)"
    )]
    Disk(PathBuf),
    /// There is something else of that name.
    #[error("PACK_EXISTS: {0} is there with other content (同じ名前のものが別の内容で存在します)")]
    Exists(PathBuf),
    /// A file could not be read or written.
    #[error("PACK_FILE: {doing} {path} (ファイルを読み書きできません)")]
    File {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: IoError,
    },
    /// The Parquet file could not be written.
    #[error("PACK_PARQUET: {path}: {source} (Parquetファイルを書けません)")]
    Parquet {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ParquetError,
    },
    /// A recipient's key is not one, or there is none.
    #[error("PACK_RECIPIENT: {0}: expected a public key age1… (提供先の公開鍵がないか、正しくありません)")]
    Recipient(String),
    /// A secret key that is not one or opens nothing.
    #[error("PACK_IDENTITY: {0} (秘密鍵が正しくないか、この鍵では開けません)")]
    Identity(&'static str),
    /// An archive that was not made by this program, or was cut or changed on its way.
    #[error("PACK_ARCHIVE: {0}; ask for it again (アーカイブが壊れているか、結びのものではありません)")]
    Archive(&'static str),
}

impl PackError {
    /// The rule id, for `--json` and the audit chain.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "PACK_NAME",
            Self::Shape { .. } => "PACK_SHAPE",
            Self::Label { .. } => "PACK_LABEL",
            Self::ShiftJis { .. } => "PACK_SHIFT_JIS",
            Self::Decimal { .. } => "PACK_DECIMAL",
            Self::Person(_) => "PACK_PERSON",
            Self::Claim { .. } => "PACK_CLAIM",
            Self::Parts(_) => "PACK_PARTS",
            Self::Disk(_) => "REL_DISK",
            Self::Exists(_) => "PACK_EXISTS",
            Self::File { .. } => "PACK_FILE",
            Self::Parquet { .. } => "PACK_PARQUET",
            Self::Recipient(_) => "PACK_RECIPIENT",
            Self::Identity(_) => "PACK_IDENTITY",
            Self::Archive(_) => "PACK_ARCHIVE",
        }
    }

    /// For `map_err` on file operations: a full disk is told apart from all else.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(IoError) -> Self {
        let path = path.to_owned();
        move |source| if full(&source) { Self::Disk(path) } else { Self::File { doing, path, source } }
    }

    /// For `map_err` on the Parquet writer, which wraps the disk's error.
    pub(crate) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        let path = path.to_owned();
        move |source| match &source {
            ParquetError::External(inner) if inner.downcast_ref().is_some_and(full) => Self::Disk(path),
            _ => Self::Parquet { path, source },
        }
    }
}

/// No room: on the disk, in the quota, or in the file system's largest file.
fn full(error: &IoError) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}
