//! A delimited text file as rows of cells: quotes, line ends of every kind, and what is wrong with it by line.

use std::borrow::Cow;

/// A table as read.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
    /// Lines (first is 1) whose number of cells was not that of the header, with that number; they were filled or cut.
    pub ragged: Vec<(usize, usize)>,
    /// The encoding it was read in.
    pub encoding: &'static str,
}

/// Why a file cannot be read as a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Neither UTF-8 nor Shift_JIS nor UTF-16.
    #[error(
        "文字コードを判別できません(UTF-8 でも Shift_JIS でもありません、{line} 行目)/ neither UTF-8 nor Shift_JIS, line {line}"
    )]
    Encoding {
        /// The first line that is not UTF-8.
        line: usize,
    },
    /// No header.
    #[error("見出し行がありません / there is no header")]
    Empty,
    /// A quote that is never closed.
    #[error("{line} 行目の引用符が閉じていません / the quote opened in line {line} is never closed")]
    Quote {
        /// Line where it opens.
        line: usize,
    },
    /// Two columns of one name.
    #[error("見出し「{0}」が二つあります / two columns are named `{0}`")]
    Twice(String),
}

/// Reads a table. Tabs separate when the header has tabs and no commas; semicolons when it has neither.
///
/// # Errors
/// When it cannot be read at all.
pub fn read(bytes: &[u8]) -> Result<Sheet, Unreadable> {
    let (text, encoding) = decode(bytes)?;
    let head = text.lines().next().unwrap_or_default();
    let comma = [',', '\t', ';'].into_iter().find(|c| head.contains(*c)).unwrap_or(',');
    let mut sheet = Sheet { encoding, ..Sheet::default() };
    let mut lines = Records { text: &text, comma, line: 1 };
    while let Some((line, cells)) = lines.next()? {
        if sheet.header.is_empty() {
            sheet.header = cells.into_iter().map(|c| c.trim().to_owned()).collect();
            for (i, name) in sheet.header.iter().enumerate() {
                if !name.is_empty() && sheet.header.iter().take(i).any(|n| n == name) {
                    return Err(Unreadable::Twice(name.clone()));
                }
            }
            continue;
        }
        let mut cells = cells;
        if cells.len() != sheet.header.len() {
            sheet.ragged.push((line, cells.len()));
            cells.resize(sheet.header.len(), String::new());
        }
        sheet.rows.push(cells);
    }
    if sheet.header.iter().all(String::is_empty) { Err(Unreadable::Empty) } else { Ok(sheet) }
}

fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, &'static str), Unreadable> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        let (text, encoding, broken) = encoding_rs::UTF_8.decode(bytes);
        return if broken { Err(Unreadable::Encoding { line: 1 }) } else { Ok((text, encoding.name())) };
    }
    match std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        Ok(text) => Ok((Cow::Borrowed(text), "UTF-8")),
        Err(e) => {
            let good = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = 1 + good.iter().filter(|b| **b == b'\n').count();
            encoding_rs::SHIFT_JIS
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(|text| (text, "Shift_JIS"))
                .ok_or(Unreadable::Encoding { line })
        }
    }
}

/// Takes one record after another off the text.
struct Records<'a> {
    text: &'a str,
    comma: char,
    line: usize,
}

impl Records<'_> {
    /// The next record that is not an empty line, and the line where it begins.
    fn next(&mut self) -> Result<Option<(usize, Vec<String>)>, Unreadable> {
        while !self.text.is_empty() {
            let begin = self.line;
            let cells = self.record()?;
            if cells.len() > 1 || cells.iter().any(|c| !c.is_empty()) {
                return Ok(Some((begin, cells)));
            }
        }
        Ok(None)
    }

    fn record(&mut self) -> Result<Vec<String>, Unreadable> {
        let begin = self.line;
        let (mut cells, mut cell, mut quoted, mut fresh) = (Vec::new(), String::new(), false, true);
        let mut chars = self.text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let end = at + c.len_utf8();
            if quoted {
                match c {
                    '"' if chars.next_if(|(_, n)| *n == '"').is_some() => cell.push('"'),
                    '"' => quoted = false,
                    _ => {
                        self.line += usize::from(c == '\n');
                        cell.push(c);
                    }
                }
            } else if c == '"' && fresh {
                quoted = true;
                fresh = false;
            } else if c == self.comma {
                cells.push(std::mem::take(&mut cell));
                fresh = true;
            } else if c == '\n' || c == '\r' {
                let pair = c == '\r' && chars.next_if(|(_, n)| *n == '\n').is_some();
                self.line += 1;
                self.text = self.text.get(end + usize::from(pair)..).unwrap_or_default();
                cells.push(cell);
                return Ok(cells);
            } else {
                cell.push(c);
                fresh = false;
            }
        }
        self.text = "";
        if quoted {
            return Err(Unreadable::Quote { line: begin });
        }
        cells.push(cell);
        Ok(cells)
    }
}

/// A cell as it must be written.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_line_ends_and_blank_lines() {
        let sheet = read(b"\xef\xbb\xbfid,a\r\n1,\"x, \"\"y\"\"\nz\"\r\n\r\n2,b\n3\n4,c,d").unwrap();
        assert_eq!(sheet.header, ["id", "a"]);
        assert_eq!(sheet.rows, [["1", "x, \"y\"\nz"], ["2", "b"], ["3", ""], ["4", "c"]]);
        assert_eq!(sheet.ragged, [(6, 1), (7, 3)]);
        assert_eq!(read(b"a\tb\n1\t2").unwrap().rows, [["1", "2"]]);
        assert_eq!(cell("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn encodings() {
        let (sjis, _, _) = encoding_rs::SHIFT_JIS.encode("番号,氏名\n1,山田");
        let sheet = read(&sjis).unwrap();
        assert_eq!((sheet.encoding, sheet.rows[0][1].as_str()), ("Shift_JIS", "山田"));
        assert_eq!(read(b"a,b\n\xff\xff,1").unwrap_err(), Unreadable::Encoding { line: 2 });
        assert_eq!(read(b"").unwrap_err(), Unreadable::Empty);
        assert_eq!(read(b"a,a\n").unwrap_err(), Unreadable::Twice("a".into()));
        assert_eq!(read(b"a,b\n1,\"x\n2").unwrap_err(), Unreadable::Quote { line: 2 });
    }
}
