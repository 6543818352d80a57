//! Headings: one spelling for all ways of writing them, and which field of a file is which column of the interface.
//! Done once for each document; rows are then read by number.

use std::collections::BTreeMap;

use super::plan::{Interface, Need};
use crate::text::Encoding;

/// What stands at a place of [`Frame::place`] when the file has no such column.
pub(super) const ABSENT: u32 = u32::MAX;

/// The columns of a document: what [`super::Table`] must know of the file around a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub(super) encoding: Encoding,
    pub(super) separator: u8,
    /// Number of headings; 0 when there are none.
    pub(super) width: usize,
    /// Columns that the file has: number in the interface, and field of the row.
    pub(super) cells: Vec<(u32, u32)>,
    /// For each column of the interface its index in `cells`, or [`ABSENT`].
    pub(super) place: Vec<u32>,
    /// Facts of the interface that the file's columns can make.
    pub(super) facts: Vec<u32>,
    /// Fields that no column takes and whose heading speaks of My Numbers.
    pub(super) my_numbers: Vec<u32>,
    /// Offsets, and the number of the line that begins there: signposts for findings.
    pub(super) lines: Vec<(u64, u32)>,
}

impl Frame {
    /// A frame in which every column of the interface stands at its own number.
    pub(super) fn whole(interface: &Interface, encoding: Encoding) -> Self {
        let all = 0..u32::try_from(interface.columns.len()).unwrap_or(u32::MAX);
        let mut frame = Self {
            encoding,
            separator: b',',
            width: 0,
            cells: all.map(|n| (n, n)).collect(),
            place: Vec::new(),
            facts: Vec::new(),
            my_numbers: Vec::new(),
            lines: vec![(0, 1)],
        };
        frame.place_all(interface);
        frame
    }

    /// Fills in what follows from `cells`.
    pub(super) fn place_all(&mut self, interface: &Interface) {
        self.place = vec![ABSENT; interface.columns.len()];
        for (place, (column, _)) in (0u32..).zip(&self.cells) {
            if let Some(slot) = self.place.get_mut(usize::try_from(*column).unwrap_or(usize::MAX)) {
                *slot = place;
            }
        }
        let there = |n: &usize| self.place.get(*n).is_some_and(|p| *p != ABSENT);
        let made = interface.facts.iter().zip(0u32..).filter(|(f, _)| f.needs.iter().all(there));
        self.facts = made.map(|(_, n)| n).collect();
    }

    /// The line in which an offset of the document stands.
    pub(super) fn line(&self, document: &[u8], offset: u64) -> u32 {
        let at = self.lines.partition_point(|(o, _)| *o <= offset).saturating_sub(1);
        let (from, line) = self.lines.get(at).copied().unwrap_or((0, 1));
        let range = usize::try_from(from).unwrap_or(0)..usize::try_from(offset).unwrap_or(0);
        let between = document.get(range).unwrap_or_default();
        line.saturating_add(u32::try_from(line_ends(between)).unwrap_or(u32::MAX))
    }
}

/// Line ends of a text: LF, or CR when it has no LF.
pub(super) fn line_ends(bytes: &[u8]) -> usize {
    let feeds = memchr::memchr_iter(b'\n', bytes).count();
    if feeds > 0 { feeds } else { memchr::memchr_iter(b'\r', bytes).count() }
}

/// How the fields of a heading row fit an interface.
#[derive(Debug, Default)]
pub(super) struct Fit {
    /// Column of the interface and field, in the order of the fields.
    pub(super) cells: Vec<(u32, u32)>,
    /// Fields whose column is taken already.
    pub(super) twice: Vec<(u32, u32)>,
    /// Fields of no column.
    pub(super) unknown: Vec<u32>,
    /// Fields without a heading, but for those at the end.
    pub(super) blank: usize,
    /// Normalised headings.
    pub(super) heads: Vec<String>,
}

impl Fit {
    /// Holds headings against an interface.
    pub(super) fn of(interface: &Interface, headings: &[String]) -> Self {
        let mut names: BTreeMap<&str, u32> = BTreeMap::new();
        for (column, n) in interface.columns.iter().zip(0u32..) {
            for head in &column.heads {
                names.entry(head).or_insert(n);
            }
        }
        let mut fit = Self { heads: headings.iter().map(|h| squash(h)).collect(), ..Self::default() };
        let mut taken = vec![false; interface.columns.len()];
        let filled = fit.heads.iter().rposition(|h| !h.is_empty()).map_or(0, |n| n + 1);
        for (head, field) in fit.heads.iter().take(filled).zip(0u32..) {
            match names.get(head.as_str()) {
                _ if head.is_empty() => fit.blank += 1,
                None => fit.unknown.push(field),
                Some(n) => {
                    let slot = taken.get_mut(usize::try_from(*n).unwrap_or(usize::MAX));
                    match slot {
                        Some(true) | None => fit.twice.push((*n, field)),
                        Some(free) => {
                            *free = true;
                            fit.cells.push((*n, field));
                        }
                    }
                }
            }
        }
        fit
    }

    /// Required columns that are not there.
    pub(super) fn missing<'i>(&self, interface: &'i Interface) -> Vec<&'i str> {
        let there = |n: u32| self.cells.iter().any(|(c, _)| *c == n);
        let columns = interface.columns.iter().zip(0u32..);
        columns
            .filter(|(c, n)| c.need != Need::No && c.at.is_none() && !there(*n))
            .map(|(c, _)| c.title.as_str())
            .collect()
    }

    /// Is this surely a file of the interface? All that is required and all that only it has is there, and half of
    /// the file's headings are known.
    pub(super) fn is_sure(&self, interface: &Interface) -> bool {
        let known = self.cells.len();
        known >= 2
            && known >= self.unknown.len()
            && self.missing(interface).is_empty()
            && interface.recognise.iter().all(|h| self.heads.contains(h))
    }
}

/// Full-width katakana and signs for the half-width ones from U+FF61 on.
const KANA: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜";

/// A heading in one spelling: full-width signs in half width, half-width kana in full width, no blanks, capitals.
#[must_use]
pub(super) fn squash(heading: &str) -> String {
    let mut out = String::with_capacity(heading.len());
    for c in heading.chars() {
        match c {
            c if c.is_whitespace() || c == '\u{FEFF}' => {}
            '\u{FF01}'..='\u{FF5E}' => {
                let half = char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c);
                out.push(half.to_ascii_uppercase());
            }
            '\u{FF61}'..='\u{FF9F}' => {
                let at = usize::try_from(u32::from(c) - 0xFF61).unwrap_or(0);
                let full = KANA.chars().nth(at).unwrap_or(c);
                match (full, out.pop()) {
                    ('゛', Some(base @ ('カ'..='ト' | 'ハ'..='ホ'))) => out.push(next(base, 1)),
                    ('゛', Some('ウ')) => out.push('ヴ'),
                    ('゜', Some(base @ 'ハ'..='ホ')) => out.push(next(base, 2)),
                    (full, before) => {
                        out.extend(before);
                        out.push(full);
                    }
                }
            }
            '①'..='⑨' => out.extend(char::from_digit(u32::from(c) - 0x2460 + 1, 10)),
            'Ⅰ' => out.push('I'),
            'Ⅱ' => out.push_str("II"),
            'Ⅲ' => out.push_str("III"),
            'Ⅳ' => out.push_str("IV"),
            'Ⅴ' => out.push('V'),
            '㎏' => out.push_str("KG"),
            '㎝' => out.push_str("CM"),
            '㎜' => out.push_str("MM"),
            '〜' => out.push('~'),
            '−' | '‐' | '–' | '—' => out.push('-'),
            c => out.push(c.to_ascii_uppercase()),
        }
    }
    out
}

fn next(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        for (written, one) in [
            ("体重（ｋｇ）", "体重(KG)"),
            ("体　重 (kg)", "体重(KG)"),
            ("ﾌﾘｶﾞﾅ", "フリガナ"),
            ("ﾊﾟﾊﾞｳﾞ", "パバヴ"),
            ("死因\nⅠ①", "死因I1"),
            ("γ-GT", "γ-GT"),
        ] {
            assert_eq!(squash(written), one);
        }
        assert_eq!(squash(&squash("ﾃﾞ")), "デ");
    }
}
