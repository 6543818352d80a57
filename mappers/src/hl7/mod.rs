//! HL7 v2.5 messages as Japan writes them: cut on their bytes, every piece keeping its position in the document.
//!
//! A message is read in one pass that finds segments and fields and tells every defect of its characters. Repetitions,
//! components and subcomponents are cut, and text is decoded, only when somebody asks for a field. Nothing here knows
//! what a field means. Never decodes before cutting, never normalises, never panics, never drops a segment in silence.
//! Sources: HL7 v2.5 chapter 2; formats.md §1.5.

pub mod element;
pub mod escape;
pub mod grammar;
pub mod rules;
pub mod time;

use std::collections::BTreeMap;

use memchr::memchr2;
use musubi_model::limits::Limits;
use musubi_model::{ByteRange, Finding, Rule};

pub use crate::notes::Notes;
use crate::text::{self, Encoding, Fault, NoEncoding, Watch, iso2022};
pub use element::Element;

/// Classes of bytes in a single-byte state, as bits of [`Charset::class`].
mod class {
    pub const FIELD: u8 = 1;
    pub const REPEAT: u8 = 2;
    pub const COMPONENT: u8 = 4;
    pub const SUBCOMPONENT: u8 = 8;
    /// An escape sequence or an 8-bit character begins; the state machine must look.
    pub const SHIFT: u8 = 16;
    /// Not as it stands: needs decoding or unescaping.
    pub const COOKED: u8 = 32;
}

/// How the bytes of one message are read: its encoding and its separators.
#[derive(Debug, Clone)]
pub struct Charset {
    encoding: Encoding,
    class: [u8; 256],
    /// The escape character of MSH-2, as decoded.
    escape: char,
    /// Repetitions may be separated by U+203E, because a converter wrote `‾` for `~`.
    overline: bool,
}

impl Charset {
    #[inline]
    fn class_of(&self, byte: u8) -> u8 {
        self.class.get(usize::from(byte)).copied().unwrap_or(0)
    }

    /// The next byte at or after `from` whose class is in `mask`, in a single-byte state; or the end.
    #[inline]
    fn next<W: Watch>(&self, bytes: &[u8], from: usize, mask: u8, watch: &mut W) -> usize {
        let mut at = from;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(ahead) = rest.iter().position(|b| self.class_of(*b) & (mask | class::SHIFT) != 0) else {
                return bytes.len();
            };
            at += ahead;
            let byte = bytes.get(at).copied().unwrap_or_default();
            if self.class_of(byte) & mask != 0 {
                return at;
            }
            at = match self.encoding {
                Encoding::ShiftJis => at + shift_jis_len(byte, bytes.get(at + 1).copied()),
                _ => iso2022::skip(bytes, at, watch),
            };
        }
    }
}

fn shift_jis_len(first: u8, second: Option<u8>) -> usize {
    let lead = matches!(first, 0x81..=0x9F | 0xE0..=0xFC);
    if lead && matches!(second, Some(0x40..=0x7E | 0x80..=0xFC)) { 2 } else { 1 }
}

#[derive(Debug, Clone, Copy)]
struct Span {
    name: [u8; 3],
    /// Which of its name it is, from 1.
    ordinal: u32,
    start: u32,
    end: u32,
    /// Where its field ends begin in [`Message::ends`], and how many there are.
    ends: u32,
    fields: u32,
}

/// A message, cut.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    bytes: &'a [u8],
    base: u64,
    charset: Charset,
    spans: Vec<Span>,
    ends: Vec<u32>,
    /// How many segments have a name: a finding says which of them it means without counting them again.
    counts: BTreeMap<[u8; 3], u32>,
}

/// A segment of a message.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'m> {
    message: &'m Message<'m>,
    index: usize,
    span: Span,
}

/// Faults of one segment, counted.
#[derive(Default)]
struct FaultCounts([Option<(usize, u32)>; Fault::ALL.len()]);

impl Watch for FaultCounts {
    fn fault(&mut self, at: usize, fault: Fault) {
        let slot = Fault::ALL.iter().position(|f| *f == fault).and_then(|i| self.0.get_mut(i));
        if let Some(slot) = slot {
            let (first, count) = slot.unwrap_or((at, 0));
            *slot = Some((first, count + 1));
        }
    }
}

impl<'a> Message<'a> {
    /// Cuts the bytes of one message that begin at `base` in their document. `None` when it is no message at all; the
    /// notes then hold an error. Files whose segments end in LF or CRLF instead of CR are read alike.
    pub fn read(bytes: &'a [u8], base: u64, limits: &Limits, notes: &mut Notes) -> Option<Self> {
        let whole = ByteRange::within(base, 0, bytes.len());
        let encoding = match text::detect(bytes) {
            Ok(encoding) => encoding,
            Err(why) => {
                let found = if why == NoEncoding::Utf16 { "UTF-16" } else { "不明" };
                notes.push(Finding::new(&rules::ENCODING).at(whole).found(found).expected("ISO-2022-JP"));
                return None;
            }
        };
        if u32::try_from(bytes.len()).is_err() {
            notes.push(Finding::new(&rules::TOO_LONG).at(whole).found(bytes.len().to_string()));
            return None;
        }
        let mut message = Self {
            bytes,
            base,
            charset: Charset { encoding, class: [0; 256], escape: '\\', overline: false },
            spans: Vec::with_capacity(bytes.len() / 64 + 1),
            ends: Vec::with_capacity(bytes.len() / 6),
            counts: BTreeMap::new(),
        };
        let mut from = 0;
        while from < bytes.len() {
            let rest = bytes.get(from..).unwrap_or_default();
            let len = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            let (start, end) = trim(bytes, from, from + len);
            from += len + 1;
            if start == end {
                continue;
            }
            if message.spans.is_empty() && !message.read_separators(start, end, notes) {
                return None;
            }
            if message.spans.len() >= usize::try_from(limits.records_per_unit_max).unwrap_or(usize::MAX) {
                let range = ByteRange::within(base, start, bytes.len());
                notes.push(
                    Finding::new(&rules::TOO_MANY)
                        .at(range)
                        .expected(limits.records_per_unit_max.to_string()),
                );
                break;
            }
            message.read_segment(start, end, limits, notes);
        }
        if message.spans.is_empty() {
            notes.push(Finding::new(&rules::NO_MSH).at(whole).expected("MSH|^~\\&|"));
            return None;
        }
        Some(message)
    }

    fn read_separators(&mut self, start: usize, end: usize, notes: &mut Notes) -> bool {
        let line = self.bytes.get(start..end).unwrap_or_default();
        let range = ByteRange::within(self.base, start, end);
        let (Some(b"MSH"), Some(&field)) = (line.get(..3), line.get(3)) else {
            notes.push(
                Finding::new(&rules::NO_MSH)
                    .at(ByteRange::within(self.base, start, end.min(start + 3)))
                    .expected("MSH|^~\\&|"),
            );
            return false;
        };
        let rest = line.get(4..).unwrap_or_default();
        let declared = rest.iter().position(|b| *b == field).and_then(|n| rest.get(..n)).unwrap_or(rest);
        let decoded = text::decode(self.charset.encoding, declared);
        let signs: Vec<char> = decoded.chars().collect();
        let mapped: Vec<u8> = signs
            .iter()
            .map(|c| match c {
                '¥' | '￥' | '＼' => b'\\',
                '‾' | '￣' | '～' | '〜' => b'~',
                c => u8::try_from(*c).unwrap_or(0),
            })
            .collect();
        let (Some(&[component, repeat, escape, sub]), true) =
            (mapped.first_chunk::<4>(), is_separator(field) && mapped.iter().all(|b| is_separator(*b)))
        else {
            notes.push(
                Finding::new(&rules::SEPARATORS)
                    .at(range)
                    .in_field("MSH", "MSH-2")
                    .found(musubi_model::finding::shape_of(&decoded))
                    .expected("^~\\&"),
            );
            return false;
        };
        let all = [field, component, repeat, escape, sub];
        if all.iter().enumerate().any(|(i, b)| all.iter().skip(i + 1).any(|other| other == b)) {
            notes.push(
                Finding::new(&rules::SEPARATORS)
                    .at(range)
                    .in_field("MSH", "MSH-2")
                    .found(decoded.into_owned())
                    .expected("^~\\&"),
            );
            return false;
        }
        self.charset.escape = signs.get(2).copied().unwrap_or('\\');
        self.charset.overline = signs.get(1) == Some(&'‾');
        self.set_classes(field, component, repeat, escape, sub);
        true
    }

    fn set_classes(&mut self, field: u8, component: u8, repeat: u8, escape: u8, sub: u8) {
        // Wide bytes, then the few that mean something: the separators are ASCII signs and differ.
        let (wide, shift) = match self.charset.encoding {
            Encoding::Iso2022Jp => (class::COOKED | class::SHIFT, class::COOKED | class::SHIFT),
            Encoding::ShiftJis => (class::COOKED | class::SHIFT, class::COOKED),
            _ => (class::COOKED, class::COOKED | class::SHIFT),
        };
        let mut classes = [0; 256];
        classes.iter_mut().skip(0x80).for_each(|class| *class = wide);
        for (byte, class) in [
            (iso2022::ESC, shift),
            (field, class::FIELD),
            (component, class::COMPONENT),
            (repeat, class::REPEAT),
            (sub, class::SUBCOMPONENT),
            (escape, class::COOKED),
        ] {
            if let Some(slot) = classes.get_mut(usize::from(byte)) {
                *slot = class;
            }
        }
        self.charset.class = classes;
    }

    fn read_segment(&mut self, start: usize, end: usize, limits: &Limits, notes: &mut Notes) {
        let range = ByteRange::within(self.base, start, end);
        let piece = self.bytes.get(start..end).unwrap_or_default();
        let first_end = self.ends.len();
        let mut faults = FaultCounts::default();
        let mut at = 0;
        loop {
            at = self.charset.next(piece, at, class::FIELD, &mut faults);
            self.ends.push(u32::try_from(start + at).unwrap_or(u32::MAX));
            if at >= piece.len() {
                break;
            }
            at += 1;
        }
        let name_end = self.ends.get(first_end).map_or(0, |e| e.saturating_sub(as_u32(start)));
        let name = match piece.first_chunk::<3>() {
            Some(name) if name_end == 3 && is_name(name) => *name,
            _ => {
                notes.push(
                    Finding::new(&rules::SEGMENT_NAME)
                        .at(range)
                        .in_field(format!("{}", self.spans.len() + 1), "")
                        .found(format!("長さ {name_end}"))
                        .expected("3"),
                );
                *b"???"
            }
        };
        let count = self.counts.entry(name).or_insert(0);
        *count = count.saturating_add(1);
        self.spans.push(Span {
            name,
            ordinal: *count,
            start: as_u32(start),
            end: as_u32(end),
            ends: as_u32(first_end),
            fields: as_u32(self.ends.len() - first_end),
        });
        text::watch_plain(self.charset.encoding, piece, &mut faults);
        let tell = |rule: &'static Rule, first: usize, found: String, notes: &mut Notes| {
            notes.push(
                Finding::new(rule)
                    .at(ByteRange::within(self.base, start + first, end))
                    .in_field(self.label(self.spans.len() - 1), "")
                    .found(found),
            );
        };
        for (fault, counted) in Fault::ALL.into_iter().zip(faults.0) {
            if let Some((first, count)) = counted {
                tell(rules::of_fault(fault), first, format!("{count} 箇所"), notes);
            }
        }
        if range.len > limits.record_bytes_max {
            tell(&rules::SEGMENT_LONG, 0, format!("{} バイト", range.len), notes);
        }
    }

    /// Its encoding, as found from the bytes.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.charset.encoding
    }

    /// Its bytes in the document.
    #[must_use]
    pub fn range(&self) -> ByteRange {
        ByteRange::within(self.base, 0, self.bytes.len())
    }

    /// How many segments it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Has it no segments? Never: a message begins with MSH.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Its segments in order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.spans.iter().enumerate().map(|(index, span)| Segment { message: self, index, span: *span })
    }

    /// The first segment of a name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<Segment<'_>> {
        self.segments().find(|s| s.is(name))
    }

    /// A segment as a person counts it: `PID`, or `OBX[3]` when there are several.
    fn label(&self, index: usize) -> String {
        let Some(span) = self.spans.get(index) else { return String::new() };
        let name = String::from_utf8_lossy(&span.name);
        let several = self.counts.get(&span.name).is_some_and(|n| *n > 1);
        let ordinal = span.ordinal;
        if several { format!("{name}[{ordinal}]") } else { name.into_owned() }
    }
}

impl<'m> Segment<'m> {
    /// Its name; `???` when what stands there is no name.
    #[must_use]
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.span.name).unwrap_or("???")
    }

    /// Its name in bytes.
    #[must_use]
    pub fn name_bytes(&self) -> [u8; 3] {
        self.span.name
    }

    /// Has it this name?
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        name.len() == 3 && name.as_bytes().first_chunk() == Some(&self.span.name)
    }

    /// Which segment of the message it is, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its bytes in the document, without the terminator.
    #[must_use]
    pub fn range(&self) -> ByteRange {
        let at = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        ByteRange::within(self.message.base, at(self.span.start), at(self.span.end))
    }

    /// How many fields it has after its name (MSH counts its separator as the first).
    #[must_use]
    pub fn field_count(&self) -> usize {
        let after_name = self.span.fields.saturating_sub(1);
        usize::try_from(after_name).unwrap_or(usize::MAX) + usize::from(self.is("MSH"))
    }

    /// A field by its HL7 number, from 1; empty when the segment is shorter. MSH-1 is the separator itself.
    #[must_use]
    pub fn field(&self, number: usize) -> Element<'m> {
        let (from, to) = self.field_span(number);
        Element::new(self.message.bytes.get(from..to).unwrap_or_default(), &self.message.charset)
    }

    fn field_span(&self, number: usize) -> (usize, usize) {
        let at = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let end_of_segment = at(self.span.end);
        let nothing = (end_of_segment, end_of_segment);
        let index = match (self.is("MSH"), number) {
            (true, 1) => return (at(self.span.start) + 3, (at(self.span.start) + 4).min(end_of_segment)),
            (true, n) => n - 1,
            (false, n) => n,
        };
        if index == 0 || index >= at(self.span.fields) {
            return nothing;
        }
        let ends = self.message.ends.get(at(self.span.ends)..).unwrap_or_default();
        match (ends.get(index - 1), ends.get(index)) {
            (Some(before), Some(end)) => (at(*before) + 1, at(*end)),
            _ => nothing,
        }
    }

    /// A finding of `rule` at a field of this segment (0: at the whole of it).
    #[must_use]
    pub fn finding(&self, rule: &'static Rule, field: usize) -> Finding {
        let label = self.message.label(self.index);
        if field == 0 {
            return Finding::new(rule).at(self.range()).in_field(label, "");
        }
        let (from, to) = self.field_span(field);
        let range = ByteRange::within(self.message.base, from, to);
        Finding::new(rule).at(range).in_field(label, format!("{}-{field}", self.name()))
    }
}

fn as_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii_graphic() && !byte.is_ascii_alphanumeric() && byte != b'"'
}

fn is_name(name: &[u8; 3]) -> bool {
    let [first, rest @ ..] = name;
    first.is_ascii_uppercase() && rest.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Leaves out what transport leaves at the ends of segments: MLLP frames (0B, 1C), end-of-file (1A), padding (00), a
/// byte order mark.
fn trim(bytes: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    if start == 0 && bytes.starts_with(text::UTF8_MARK) {
        start = text::UTF8_MARK.len().min(end);
    }
    let is_frame = |at: usize| matches!(bytes.get(at), Some(0x0B | 0x1C | 0x1A | 0x00));
    while start < end && is_frame(start) {
        start += 1;
    }
    while start < end && is_frame(end - 1) {
        end -= 1;
    }
    (start, end)
}
