//! CSV of a package: UTF-8 with BOM or Shift_JIS, CRLF, a field quoted only when it must be; streams.
//!
//! It must never change a value to make it fit: what Shift_JIS cannot say is an error, and an empty field is the only
//! way to tell nothing.

use std::borrow::Cow;
use std::io::{self, Write};

use compact_str::CompactString;
use encoding_rs::SHIFT_JIS;

use super::error::PackError;
use super::sheet::{Sheet, Values, used};

/// The mark with which a UTF-8 file begins, for spreadsheets.
pub(crate) const BOM: &[u8] = "\u{feff}".as_bytes();
/// After how many rows progress is told.
const STEP: usize = 1 << 16;

/// How text becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8 with BOM.
    Utf8,
    /// Shift_JIS as Windows has it, every character exactly or not at all.
    ShiftJis,
}

impl Charset {
    /// The bytes; `None` where a character has none, or would come back as another.
    #[must_use]
    pub fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Utf8 => Some(Cow::Borrowed(text.as_bytes())),
            Self::ShiftJis => {
                let (bytes, _, lost) = SHIFT_JIS.encode(text);
                // The encoder folds some characters (¥ to \): only what comes back is the same value.
                let same = !lost && SHIFT_JIS.decode_without_bom_handling(&bytes).0 == text;
                same.then_some(bytes)
            }
        }
    }
}

/// A field, quoted when it has to be (RFC 4180).
#[must_use]
pub fn quote(text: &str) -> Cow<'_, str> {
    if text.contains(['"', ',', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// Why writing stopped: the disk, or a value.
pub(crate) enum Stopped {
    Disk(io::Error),
    Value(PackError),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// One column, ready to be copied row by row.
enum Ready<'a> {
    /// Labels as the bytes of their fields.
    Labels { ids: &'a [u32], fields: Vec<Vec<u8>> },
    /// Everything else is ASCII without a character to quote.
    Plain(&'a Values),
}

/// Writes a sheet. `tell` is called with the number of rows written so far.
pub(crate) fn write(
    sheet: &Sheet,
    charset: Charset,
    out: &mut impl Write,
    tell: &(dyn Fn(usize) + Sync),
) -> Result<(), Stopped> {
    let lost = |column: &str, row: usize| {
        Stopped::Value(PackError::ShiftJis { file: sheet.name.clone(), column: column.to_owned(), row })
    };
    if charset == Charset::Utf8 {
        out.write_all(BOM)?;
    }
    let mut columns = Vec::with_capacity(sheet.columns.len());
    for (at, column) in sheet.columns.iter().enumerate() {
        let name = quote(&column.name);
        separate(out, at)?;
        out.write_all(&charset.encode(&name).ok_or_else(|| lost(&column.name, 0))?)?;
        columns.push(match &column.values {
            Values::Text { ids, labels } => Ready::Labels {
                ids,
                fields: fields(ids, labels, charset).map_err(|row| lost(&column.name, row))?,
            },
            other => Ready::Plain(other),
        });
    }
    out.write_all(b"\r\n")?;
    let rows = sheet.rows();
    for row in 0..rows {
        for (at, column) in columns.iter().enumerate() {
            separate(out, at)?;
            match column {
                Ready::Labels { ids, fields } => {
                    let field = ids.get(row).and_then(|id| fields.get(*id as usize));
                    out.write_all(field.map_or(&[], Vec::as_slice))?;
                }
                Ready::Plain(values) => out.write_all(values.cell(row).text().as_bytes())?,
            }
        }
        out.write_all(b"\r\n")?;
        if (row + 1) % STEP == 0 {
            tell(row + 1);
        }
    }
    tell(rows);
    Ok(())
}

fn separate(out: &mut impl Write, at: usize) -> io::Result<()> {
    if at > 0 { out.write_all(b",") } else { Ok(()) }
}

/// The fields of the labels that are used; the row (from 1 on) of the first that has no bytes.
fn fields(ids: &[u32], labels: &[CompactString], charset: Charset) -> Result<Vec<Vec<u8>>, usize> {
    let used = used(ids, labels.len());
    let mut fields = Vec::with_capacity(labels.len());
    for (id, (label, used)) in labels.iter().zip(used).enumerate() {
        let text = quote(label);
        let bytes = if used { charset.encode(&text).map(Cow::into_owned) } else { Some(Vec::new()) };
        let row = || ids.iter().position(|i| *i as usize == id).map_or(0, |row| row + 1);
        fields.push(bytes.ok_or_else(row)?);
    }
    Ok(fields)
}
