//! The lines of a receipt file as far as cutting it needs them: where blocks begin and end, and which head records a
//! receipt stands under. What the records mean is the mapper's to know.

use musubi_model::manifest::FeedKind;

/// The record id a line begins with, and the columns before it.
fn record(line: &[u8]) -> Option<(&[u8], usize)> {
    let columns = || line.split(|b| matches!(b, b',' | b'\r' | b'\n' | 0x1A)).map(unquoted);
    let is_id = |c: &&[u8]| matches!(c, [b'A'..=b'Z', b'A'..=b'Z']);
    if let Some(id) = columns().next().filter(is_id) {
        return Some((id, 0));
    }
    columns().nth(3).filter(is_id).map(|id| (id, 3))
}

fn unquoted(column: &[u8]) -> &[u8] {
    match column {
        [b'"', inner @ .., b'"'] => inner,
        _ => column,
    }
}

/// The id of a line's record; empty when it has none.
pub(super) fn id(line: &[u8]) -> &[u8] {
    record(line).map_or(&[], |(id, _)| id)
}

/// The leading columns of lines put into a file, when its first line has them.
pub(super) fn lead(bytes: &[u8]) -> &'static str {
    let first = lines(bytes).next().and_then(|(_, line)| record(line));
    first.map_or("", |(_, shift)| if shift > 0 { "1,1,0," } else { "" })
}

/// Start and bytes of each physical line, its end included.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|r| !r.is_empty())?;
        let end = memchr::memchr2(b'\n', b'\r', rest).map_or(rest.len(), |end| {
            if rest.get(end..end + 2) == Some(b"\r\n") { end + 2 } else { end + 1 }
        });
        let start = at;
        at += end;
        Some((start, rest.get(..end)?))
    })
}

/// What a line is to the block around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It begins a block.
    Opens,
    /// It ends the block (GO, HG).
    Closes,
    /// Anything else.
    Goes,
}

/// Under which head records the line at hand stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Heads {
    /// Dental files have an IR before each receipt.
    dental: bool,
    /// A GO without totals may open a file of home nursing.
    nursing: bool,
    /// The head records, their ends included.
    lines: Vec<Vec<u8>>,
    /// They begin with HI: what comes back from the review.
    returned: bool,
    /// No receipt came since.
    fresh: bool,
    /// Is a block open?
    pub(super) open: bool,
}

impl Heads {
    pub(super) fn new(kind: FeedKind) -> Self {
        Self {
            dental: kind == FeedKind::ReceiptDental,
            nursing: kind == FeedKind::ReceiptNursing,
            ..Self::default()
        }
    }

    /// The head records as text.
    pub(super) fn text(&self) -> Vec<u8> {
        self.lines.concat()
    }

    /// How many of them are of this kind.
    pub(super) fn count(&self, kind: &str) -> u64 {
        self.lines.iter().map(|l| u64::from(id(l) == kind.as_bytes())).sum()
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// What the next line would be.
    pub(super) fn peek(&self, line: &[u8]) -> Step {
        self.clone().step(line)
    }

    /// Takes the next line.
    pub(super) fn step(&mut self, line: &[u8]) -> Step {
        match id(line) {
            b"HI" => {
                self.lines.clear();
                self.returned = true;
                self.head(line, true)
            }
            b"UK" | b"YK" | b"HM" => {
                let opens = !self.returned;
                self.lines.retain(|l| !opens && id(l) == b"HI");
                self.head(line, opens)
            }
            b"IR" => {
                let opens = !(self.returned || (self.dental && self.open));
                self.lines.retain(|l| matches!(id(l), b"HI" | b"UK") && (self.returned || self.dental));
                self.head(line, opens)
            }
            b"GO" | b"HG" if self.nursing && self.fresh && is_blank(line) => self.head(line, false),
            b"GO" | b"HG" => {
                (self.returned, self.open) = (false, false);
                Step::Closes
            }
            b"MN" => Step::Goes,
            _ => {
                (self.fresh, self.open) = (false, true);
                Step::Goes
            }
        }
    }

    fn head(&mut self, line: &[u8], opens: bool) -> Step {
        self.lines.push(line.to_vec());
        (self.fresh, self.open) = (true, true);
        if opens { Step::Opens } else { Step::Goes }
    }
}

/// A GO that tells no totals.
fn is_blank(line: &[u8]) -> bool {
    let shift = record(line).map_or(0, |(_, shift)| shift);
    let trimmed = line.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    trimmed.split(|b| *b == b',').skip(shift + 1).take(2).all(|c| unquoted(c).is_empty())
}
