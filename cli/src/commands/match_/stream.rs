//! A delimited file read record by record: UTF-8 or Shift_JIS, quotes, records over several lines.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Result;

/// A record is not longer than this; a quote that is never closed must not read the whole file into memory.
const RECORD_MAX: usize = 1 << 20;

/// A table being read.
pub struct Table {
    input: BufReader<File>,
    header: Vec<String>,
    comma: char,
    bytes: u64,
    read: u64,
    line: u64,
    text: String,
}

/// One record as text, with the line where it begins.
pub struct Line {
    /// First is 1.
    pub number: u64,
    /// Without its line end.
    pub text: String,
}

/// The cells of a record.
pub struct Cells<'t>(Vec<Cow<'t, str>>);

impl<'t> Cells<'t> {
    /// Cuts a record.
    pub fn of(text: &'t str, comma: char) -> Self {
        let mut cells = Vec::with_capacity(20);
        let mut rest = text;
        loop {
            if let Some(quoted) = rest.strip_prefix('"') {
                let mut cell = String::new();
                let mut tail = quoted;
                while let Some((before, after)) = tail.split_once('"') {
                    cell.push_str(before);
                    tail = after;
                    match tail.strip_prefix('"') {
                        Some(more) => {
                            cell.push('"');
                            tail = more;
                        }
                        None => break,
                    }
                }
                let (extra, after) = tail.split_once(comma).map_or((tail, None), |(e, a)| (e, Some(a)));
                cell.push_str(extra);
                cells.push(Cow::Owned(cell));
                match after {
                    Some(after) => rest = after,
                    None => break,
                }
            } else {
                match rest.split_once(comma) {
                    Some((cell, after)) => {
                        cells.push(Cow::Borrowed(cell));
                        rest = after;
                    }
                    None => {
                        cells.push(Cow::Borrowed(rest));
                        break;
                    }
                }
            }
        }
        Self(cells)
    }

    /// A cell; empty when there is none.
    pub fn get(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |c| c.as_ref())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Table {
    /// Opens a table and reads its header.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut table = Self {
            input: BufReader::with_capacity(1 << 16, file),
            header: Vec::new(),
            comma: ',',
            bytes,
            read: 0,
            line: 0,
            text: String::new(),
        };
        let head = table.next_line()?.map(|l| l.text).unwrap_or_default();
        let head = head.trim_start_matches('\u{feff}');
        if head.contains('\t') && !head.contains(',') {
            table.comma = '\t';
        }
        let cells = Cells::of(head, table.comma);
        table.header = (0..cells.len()).map(|i| cells.get(i).trim().to_owned()).collect();
        Ok(table)
    }

    /// Names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// What parts the cells.
    pub fn comma(&self) -> char {
        self.comma
    }

    /// Length of the file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How far it was read.
    pub fn read_bytes(&self) -> u64 {
        self.read
    }

    /// The next record that is not empty, as text.
    pub fn next_line(&mut self) -> Result<Option<Line>> {
        loop {
            let (mut raw, begin) = (Vec::new(), self.line + 1);
            loop {
                let n = self.input.read_until(b'\n', &mut raw)?;
                self.read += n as u64;
                self.line += u64::from(n > 0);
                let open = raw.iter().filter(|b| **b == b'"').count() % 2 == 1;
                if n == 0 || !open {
                    break;
                }
                anyhow::ensure!(
                    raw.len() <= RECORD_MAX,
                    "{begin} 行目の引用符が閉じていません / the quote opened in line {begin} is never closed"
                );
            }
            if raw.is_empty() {
                return Ok(None);
            }
            while raw.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                raw.pop();
            }
            if raw.is_empty() {
                continue;
            }
            let text = match String::from_utf8(raw) {
                Ok(text) => text,
                Err(e) => {
                    let decoded = encoding_rs::SHIFT_JIS
                        .decode_without_bom_handling_and_without_replacement(e.as_bytes());
                    let text = decoded.ok_or_else(|| {
                        anyhow::anyhow!(
                            "{begin} 行目: UTF-8 でも Shift_JIS でもありません / neither UTF-8 nor Shift_JIS"
                        )
                    })?;
                    text.into_owned()
                }
            };
            return Ok(Some(Line { number: begin, text }));
        }
    }

    /// The next record, cut.
    pub fn next(&mut self) -> Result<Option<Cells<'_>>> {
        let Some(line) = self.next_line()? else { return Ok(None) };
        self.text = line.text;
        Ok(Some(Cells::of(&self.text, self.comma)))
    }
}
