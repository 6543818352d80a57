//! The log as a file that anybody can read and check: one line for each entry, each checkpoint after the entries it
//! covers, and a last line that counts them. Tab-separated, so that a spreadsheet opens it; read and checked as a stream.

use std::fmt::Write as _;
use std::io::{self, BufRead, Write};

use crate::damage::{Damage, Finding};
use crate::entry::{Entry, Format};
use crate::note::{Keys, Note, origin_of, whole_number};
use crate::verify::{Report, Verifier};

const HEADER: &str = "musubi-audit-export/1";
/// A line longer than this is none of ours.
const LINE_MAX: u64 = 1 << 20;

impl Entry<'_> {
    /// Its line in an export, without the mark and the line's end. `None`: a text holds a sign that separates.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let mut line = String::with_capacity(320);
        let numbers = (self.seq, self.format as u8);
        let _infallible = write!(line, "{}\t{}", numbers.0, numbers.1);
        let persons = self.persons.to_string();
        for text in [
            self.at,
            self.actor,
            self.role,
            self.action,
            self.object,
            &persons,
            self.result,
            self.purpose,
            self.class,
            self.previous,
            self.hash,
        ] {
            if text.bytes().any(|b| b.is_ascii_control()) {
                return None;
            }
            line.push('\t');
            line.push_str(text);
        }
        Some(line)
    }
}

impl<'a> Entry<'a> {
    /// Reads the line of an export.
    #[must_use]
    pub fn from_line(line: &'a str) -> Option<Self> {
        let mut parts = line.split('\t');
        let mut next = || parts.next();
        let entry = Self {
            seq: whole_number(next()?)?,
            format: Format::from_number(i64::try_from(whole_number(next()?)?).ok()?)?,
            at: next()?,
            actor: next()?,
            role: next()?,
            action: next()?,
            object: next()?,
            persons: whole_number(next()?)?,
            result: next()?,
            purpose: next()?,
            class: next()?,
            previous: next()?,
            hash: next()?,
        };
        next().is_none().then_some(entry)
    }
}

/// Writes an export.
#[derive(Debug)]
pub struct ExportWriter<W: Write> {
    out: W,
    entries: u64,
    checkpoints: u64,
    signatures: usize,
}

impl<W: Write> ExportWriter<W> {
    /// Begins a file for the log of this name.
    pub fn new(mut out: W, origin: &str) -> io::Result<Self> {
        writeln!(out, "{HEADER}\t{origin}")?;
        Ok(Self { out, entries: 0, checkpoints: 0, signatures: 0 })
    }

    /// Writes the next entry.
    pub fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        let line = entry.line().ok_or_else(|| io::Error::other("an entry holds a control character"))?;
        self.entries += 1;
        writeln!(self.out, "e\t{line}")
    }

    /// Writes a checkpoint; its place is right after the last entry it covers.
    pub fn note(&mut self, note: &Note) -> io::Result<()> {
        self.checkpoints += 1;
        self.signatures += note.signatures.len();
        writeln!(self.out, "c\t{}", note.line())
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<W> {
        writeln!(self.out, "end\t{}\t{}\t{}", self.entries, self.checkpoints, self.signatures)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Verifies an export against the house's key and whatever checkpoints were kept. `progress` hears of bytes read.
///
/// # Errors
/// Only when the file cannot be read. Damage is in the report.
pub fn verify_export(
    mut from: impl BufRead,
    keys: &Keys,
    kept: Vec<Note>,
    mut progress: impl FnMut(u64),
) -> io::Result<Report> {
    let mut verifier = Verifier::new(Some(keys), kept);
    let (mut line, mut ended, mut first) = (Vec::with_capacity(1024), false, true);
    let (mut checkpoints, mut signatures) = (0u64, 0u64);
    loop {
        line.clear();
        let read = io::Read::take(&mut from, LINE_MAX).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        progress(read as u64);
        let text = line.strip_suffix(b"\n").and_then(|l| std::str::from_utf8(l).ok());
        let Some((mark, rest)) = text.and_then(|t| t.split_once('\t')).filter(|_| !ended) else {
            verifier.unreadable();
            break;
        };
        match mark {
            HEADER if first => {
                if rest != origin_of(&keys.house) {
                    verifier.wrong(Finding::at(Damage::OtherLog, 1));
                }
            }
            _ if first => verifier.unreadable(),
            "e" => match Entry::from_line(rest) {
                Some(entry) => verifier.entry(&entry),
                None => verifier.unreadable(),
            },
            "c" => match Note::from_line(rest) {
                Some(note) => {
                    checkpoints += 1;
                    signatures += note.signatures.len() as u64;
                    verifier.note(&note);
                }
                None => verifier.unreadable(),
            },
            "end" => {
                ended = true;
                if rest != format!("{}\t{checkpoints}\t{signatures}", verifier.size()) {
                    verifier.wrong_count();
                }
            }
            _ => verifier.unreadable(),
        }
        first = false;
        if verifier.is_unreadable() {
            break;
        }
    }
    if !ended {
        verifier.cut_off();
    }
    Ok(verifier.finish(true))
}
