//! What a column says as a whole (列の統計): how many values, how many different ones, how rare the rarest. Counts only:
//! it must never tell a value, for a value of a row is a value of a person.

use std::collections::HashMap;

use crate::error::ReleaseError;

/// A column, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLook {
    /// Its name.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Rows that say nothing.
    pub empty: u64,
    /// Different values.
    pub distinct: u64,
    /// Rows that have the rarest value; 0: no value at all.
    pub rarest: u64,
    /// Values that fewer rows have than may be shown.
    pub rare: u64,
    /// Do all values look like numbers?
    pub numeric: bool,
}

/// What is counted while reading.
#[derive(Default)]
struct Count {
    rows: u64,
    empty: u64,
    numeric: u64,
    /// Rows by hash of the value: what was in the file is not held.
    values: HashMap<[u8; 16], u64>,
}

/// The records of a CSV as fields of bytes. Quotes and commas have the same bytes in UTF-8 and in Shift_JIS.
pub(super) fn records(content: &[u8]) -> Result<Vec<Vec<Vec<u8>>>, ReleaseError> {
    let mut all = Vec::new();
    each(content, |fields| {
        all.push(fields.to_vec());
        Ok(())
    })?;
    Ok(all)
}

/// Reads a CSV record by record.
fn each(
    content: &[u8],
    mut tell: impl FnMut(&[Vec<u8>]) -> Result<(), ReleaseError>,
) -> Result<(), ReleaseError> {
    let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
    let mut fields: Vec<Vec<u8>> = Vec::new();
    let mut field = Vec::new();
    let mut quoted = false;
    let mut bytes = content.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
                field.push(b'"');
            }
            b'"' => quoted = !quoted,
            b',' if !quoted => fields.push(std::mem::take(&mut field)),
            b'\r' if !quoted && bytes.peek() == Some(&b'\n') => {}
            b'\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                tell(&fields)?;
                fields.clear();
            }
            other => field.push(other),
        }
    }
    if quoted || !field.is_empty() || !fields.is_empty() {
        return Err(ReleaseError::Kept("a file is not a whole CSV"));
    }
    Ok(())
}

/// Counts the columns of a CSV.
pub(super) fn look(content: &[u8], least: u64) -> Result<Vec<ColumnLook>, ReleaseError> {
    let mut header: Option<Vec<String>> = None;
    let mut counts: Vec<Count> = Vec::new();
    each(content, |fields| {
        let Some(header) = &header else {
            header = Some(fields.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect());
            counts.resize_with(fields.len(), Count::default);
            return Ok(());
        };
        if fields.len() != header.len() {
            return Err(ReleaseError::Kept("a row has another number of columns than the header"));
        }
        for (count, field) in counts.iter_mut().zip(fields) {
            count.rows += 1;
            if field.is_empty() {
                count.empty += 1;
                continue;
            }
            let digits = field.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
            count.numeric += u64::from(digits);
            let mut short = [0; 16];
            blake3::Hasher::new().update(field).finalize_xof().fill(&mut short);
            *count.values.entry(short).or_default() += 1;
        }
        Ok(())
    })?;
    Ok(header
        .unwrap_or_default()
        .into_iter()
        .zip(counts)
        .map(|(name, count)| ColumnLook {
            name,
            rows: count.rows,
            empty: count.empty,
            distinct: count.values.len() as u64,
            rarest: count.values.values().copied().min().unwrap_or(0),
            rare: count.values.values().filter(|n| **n < least).count() as u64,
            numeric: count.rows > count.empty && count.numeric == count.rows - count.empty,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_and_no_value_is_told() {
        let csv = "\u{feff}pid,sex,note\r\n1,F,\r\n2,F,\"a,\"\"b\r\nc\"\r\n3,M,x\r\n";
        let told = look(csv.as_bytes(), 2).unwrap();
        let told: Vec<_> = told
            .iter()
            .map(|c| (c.name.as_str(), c.rows, c.empty, c.distinct, c.rarest, c.rare, c.numeric))
            .collect();
        assert_eq!(
            told,
            [("pid", 3, 0, 3, 1, 3, true), ("sex", 3, 0, 2, 1, 1, false), ("note", 3, 1, 2, 1, 2, false)]
        );
        for broken in ["a,b\r\n1\r\n", "a\r\n\"x\r\n", "a\r\nx"] {
            assert!(look(broken.as_bytes(), 2).is_err(), "{broken:?}");
        }
    }
}
