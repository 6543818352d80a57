//! What can go wrong with stored data.

use std::path::PathBuf;

/// A failure of the store. Messages name tables, files and steps, never a person's value.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A file could not be read or written.
    #[error("{doing} {path}")]
    Io {
        /// What was being done, e.g. `writing the pack`.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database refused or was lost.
    #[error("database: {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: postgres::Error,
    },
    /// The database server cannot be found or started.
    #[error("PostgreSQL: {0}")]
    Server(String),
    /// A migration that was applied has been edited, or cannot be applied.
    #[error("migrations: {0}")]
    Migration(String),
    /// A key is missing, destroyed or does not open what it should.
    #[error("keys: {0}")]
    Key(&'static str),
    /// Stored bytes are not what their name says.
    #[error("damaged: {0}")]
    Damaged(String),
    /// What was asked would contradict what is kept: the words say what and why.
    #[error("refused: {0}")]
    Refused(String),
    /// Parquet.
    #[error("lake: {doing}")]
    Lake {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
}

impl StorageError {
    /// For `map_err` on file operations.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    /// For `map_err` on database operations.
    pub fn db(doing: &'static str) -> impl FnOnce(postgres::Error) -> Self {
        move |source| Self::Database { doing, source }
    }

    /// For `map_err` on Parquet operations.
    pub fn lake(doing: &'static str) -> impl FnOnce(parquet::errors::ParquetError) -> Self {
        move |source| Self::Lake { doing, source }
    }
}
