//! Why an interface file cannot be used: where, what, and how to mend it, in words for the operator who wrote it.

use std::fmt;
use std::ops::Range;

/// Why the text of an interface is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceError {
    /// Line of the file, from 1, when it is known.
    pub line: Option<u32>,
    /// The key or the column.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "{line}行目 ")?;
        }
        write!(f, "{}: {} 対処: {}", self.key, self.what, self.mend)
    }
}

impl std::error::Error for InterfaceError {}

/// The line in which an offset of a text stands.
pub(super) fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    u32::try_from(memchr::memchr_iter(b'\n', before).count() + 1).unwrap_or(u32::MAX)
}

/// Where one is in the text while checking, to give errors their line.
#[derive(Debug, Clone)]
pub(super) struct At<'t> {
    pub(super) text: &'t str,
    pub(super) span: Range<usize>,
    pub(super) key: String,
}

impl At<'_> {
    /// An error here.
    pub(super) fn error(&self, what: impl Into<String>, mend: impl Into<String>) -> InterfaceError {
        InterfaceError {
            line: Some(line_of(self.text, self.span.start)),
            key: self.key.clone(),
            what: what.into(),
            mend: mend.into(),
        }
    }
}

/// What the TOML reader says, with its line.
pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> InterfaceError {
    InterfaceError {
        line: error.span().map(|s| line_of(text, s.start)),
        key: "TOML".to_owned(),
        what: error.message().to_owned(),
        mend: "docs/interfaces.mdにある項目名と書き方に直してください。".to_owned(),
    }
}
