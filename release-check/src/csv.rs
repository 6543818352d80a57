//! Reading CSV (UTF-8 with BOM, or Shift_JIS; CRLF; quotes only where they must be), record by record.
//!
//! It must never hold a whole file, and never mend what is malformed.

use std::io::{BufRead, Read as _};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 with a byte order mark.
    Utf8,
    /// Shift_JIS (windows-31j).
    ShiftJis,
}

/// A line may not be longer; no label is.
const LINE_BYTES_MAX: usize = 1 << 16;

/// Reads records.
pub struct Records<R> {
    input: R,
    encoding: Encoding,
    line: Vec<u8>,
    /// The row read last, from 1 on.
    pub row: usize,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The row.
    pub row: usize,
    /// What is wrong.
    pub what: &'static str,
}

impl<R: BufRead> Records<R> {
    /// Begins a file.
    ///
    /// # Errors
    /// When the mark of the encoding is missing.
    pub fn new(mut input: R, encoding: Encoding) -> Result<Self, Malformed> {
        if encoding == Encoding::Utf8 {
            let mut mark = [0; 3];
            let read = input.read_exact(&mut mark);
            if read.is_err() || mark != *b"\xef\xbb\xbf" {
                return Err(Malformed { row: 1, what: "no byte order mark" });
            }
        }
        Ok(Self { input, encoding, line: Vec::new(), row: 0 })
    }

    /// Reads the next record into `fields`, as bytes of the file's encoding without quotes. `false`: the end.
    ///
    /// # Errors
    /// When the record is malformed.
    pub fn next(&mut self, fields: &mut Vec<Vec<u8>>) -> Result<bool, Malformed> {
        self.row += 1;
        let wrong = |row, what| Err(Malformed { row, what });
        self.line.clear();
        let mut most = (&mut self.input).take(LINE_BYTES_MAX as u64 + 2);
        if most.read_until(b'\n', &mut self.line).is_err() {
            return wrong(self.row, "the file cannot be read");
        }
        if self.line.is_empty() {
            return Ok(false);
        }
        let Some(line) = self.line.strip_suffix(b"\r\n") else {
            return wrong(self.row, "a line that does not end with CRLF, or is too long");
        };
        // Neither `,` nor `"` nor an end of line is the second byte of a character of Shift_JIS.
        let mut used = 0;
        let mut rest = line;
        loop {
            if fields.len() <= used {
                fields.push(Vec::new());
            }
            let Some(field) = fields.get_mut(used) else { return wrong(self.row, "no field") };
            field.clear();
            used += 1;
            let after = if let Some(quoted) = rest.strip_prefix(b"\"") {
                unquote(quoted, field).filter(|_| field.iter().any(|b| matches!(b, b',' | b'"')))
            } else {
                let end = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
                let (plain, after) = rest.split_at(end);
                field.extend_from_slice(plain);
                (!plain.iter().any(|b| matches!(b, b'"' | b'\r' | b'\0'))).then_some(after)
            };
            rest = match after {
                None => return wrong(self.row, "a field that is not quoted as it must be"),
                Some([]) => break,
                Some([b',', more @ ..]) => more,
                Some(_) => return wrong(self.row, "something behind a quoted field"),
            };
        }
        fields.truncate(used);
        Ok(true)
    }

    /// The text of a field. `None`: bytes that are no text.
    pub fn decode(&self, field: &[u8]) -> Option<String> {
        match self.encoding {
            Encoding::Utf8 => String::from_utf8(field.to_vec()).ok(),
            Encoding::ShiftJis => encoding_rs::SHIFT_JIS
                .decode_without_bom_handling_and_without_replacement(field)
                .map(std::borrow::Cow::into_owned),
        }
    }
}

/// Reads behind an opening quote up to the closing one; gives what follows it.
fn unquote<'a>(mut rest: &'a [u8], field: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let at = rest.iter().position(|b| *b == b'"')?;
        let (before, from) = rest.split_at(at);
        field.extend_from_slice(before);
        match from {
            [b'"', b'"', more @ ..] => {
                field.push(b'"');
                rest = more;
            }
            [_, more @ ..] => return Some(more),
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], encoding: Encoding) -> Result<Vec<Vec<String>>, Malformed> {
        let mut records = Records::new(text, encoding)?;
        let (mut all, mut fields) = (Vec::new(), Vec::new());
        while records.next(&mut fields)? {
            all.push(fields.iter().map(|f| records.decode(f).unwrap()).collect());
        }
        Ok(all)
    }

    #[test]
    fn records_are_read_and_malformed_ones_named() {
        let good = read("\u{feff}a,b\r\n,\"x,\"\"y\"\r\n".as_bytes(), Encoding::Utf8).unwrap();
        assert_eq!(good, [["a", "b"], ["", "x,\"y"]]);
        assert_eq!(read(b"\x95\x5c,1\r\n", Encoding::ShiftJis).unwrap(), [["表", "1"]]);
        for (bad, row) in [
            ("a\r\n", 1),
            ("\u{feff}a\n", 1),
            ("\u{feff}a\r\n\"b\"\r\n", 2),
            ("\u{feff}a\r\n\"b\r\n", 2),
            ("\u{feff}a\r\n\"b,\"c\r\n", 2),
            ("\u{feff}a\r\nb\"c\r\n", 2),
        ] {
            assert_eq!(read(bad.as_bytes(), Encoding::Utf8).unwrap_err().row, row, "{bad:?}");
        }
    }
}
