//! ISO 2022 (JIS X 0202) as Japanese HL7 messages use it: a state machine over bytes.
//!
//! The bytes of JIS X 0208 text contain `|`, `^`, `~`, `\` and `&`; they are delimiters only while a single-byte set
//! (ASCII, JIS Roman) is on. So a message is cut here, on its bytes, before anything is decoded: cutting first by
//! bytes breaks kanji, decoding first loses the positions and, after `ESC ( J`, the delimiters `\` and `~` as well.
//! Sources: JIS X 0202, ISO/IEC 2022; formats.md §0.1. Kanji tables come from `encoding_rs`.
//!
//! A piece between two delimiters begins and ends in a single-byte state; every function here takes such a piece.
//! Never normalises, never panics, never reads past an end.

use std::sync::OnceLock;

use encoding_rs::{EUC_JP, SHIFT_JIS};

use super::{Fault, Watch};

/// The escape character.
pub const ESC: u8 = 0x1B;

/// The set in use as G0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Set {
    /// ASCII: `ESC ( B`.
    Ascii,
    /// JIS X 0201 Roman: `ESC ( J`. `\` and `~` stay delimiters.
    Roman,
    /// JIS X 0201 katakana: `ESC ( I`.
    Kana,
    /// JIS X 0208:1978: `ESC $ @`.
    Jis78,
    /// JIS X 0208:1983 and later: `ESC $ B`.
    Jis83,
    /// JIS X 0212 supplementary kanji: `ESC $ ( D`.
    Supplementary,
    /// JIS X 0213 plane 1: `ESC $ ( O`, `ESC $ ( Q`.
    Plane1,
    /// JIS X 0213 plane 2: `ESC $ ( P`.
    Plane2,
}

impl Set {
    fn is_single(self) -> bool {
        matches!(self, Self::Ascii | Self::Roman)
    }
}

/// What to do with what is walked over.
trait Visit: Watch {
    /// Are characters wanted? When not, they are only checked, and that only for a listener.
    const DECODES: bool;
    fn character(&mut self, c: char);
}

struct Check<'w, W>(&'w mut W);

impl<W: Watch> Watch for Check<'_, W> {
    const LISTENS: bool = W::LISTENS;
    fn fault(&mut self, at: usize, fault: Fault) {
        self.0.fault(at, fault);
    }
}

impl<W: Watch> Visit for Check<'_, W> {
    const DECODES: bool = false;
    fn character(&mut self, _: char) {}
}

struct Decode<'w, W> {
    out: &'w mut String,
    watch: &'w mut W,
}

impl<W: Watch> Watch for Decode<'_, W> {
    const LISTENS: bool = W::LISTENS;
    fn fault(&mut self, at: usize, fault: Fault) {
        self.watch.fault(at, fault);
    }
}

impl<W: Watch> Visit for Decode<'_, W> {
    const DECODES: bool = true;
    fn character(&mut self, c: char) {
        self.out.push(c);
    }
}

/// Given the offset of an ESC or of an 8-bit byte met in a single-byte state, goes on to where a single-byte state
/// holds again and returns that offset (the end of `bytes` when it never does).
#[inline]
pub fn skip(bytes: &[u8], at: usize, watch: &mut impl Watch) -> usize {
    step(bytes, at, &mut Check(watch))
}

/// Decodes a piece, appending to `out`.
pub fn decode_into(bytes: &[u8], out: &mut String, watch: &mut impl Watch) {
    let mut visit = Decode { out, watch };
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        if b == ESC || b >= 0x80 {
            at = step(bytes, at, &mut visit);
        } else {
            visit.character(char::from(b));
            at += 1;
        }
    }
}

fn step<V: Visit>(bytes: &[u8], at: usize, visit: &mut V) -> usize {
    match bytes.get(at) {
        Some(&ESC) => run(bytes, at, visit),
        Some(_) => eight_bit(bytes, at, visit),
        None => bytes.len(),
    }
}

/// What a run shows of having swallowed fields: the byte of `|` where a character begins (only some rare IBM kanji
/// begin so), or anywhere in a run that holds damage as well.
#[derive(Default, Clone, Copy)]
struct Swallow {
    bar_leads: bool,
    bar: bool,
    damage: bool,
}

impl Swallow {
    fn is_likely(self) -> bool {
        self.bar_leads || (self.bar && self.damage)
    }
}

/// From an ESC to the next single-byte state.
fn run<V: Visit>(bytes: &[u8], start: usize, visit: &mut V) -> usize {
    let mut at = start;
    let mut set = Set::Ascii;
    let mut opened = start;
    let mut swallow = Swallow::default();
    while let Some(&first) = bytes.get(at) {
        if first == ESC {
            let (next, switched) = escape(bytes, at);
            match switched {
                Some(to) => {
                    if set.is_single() {
                        opened = at;
                        swallow = Swallow::default();
                    } else if !to.is_single() && swallow.is_likely() {
                        // Switched on again without having been off: what lies between was meant as ASCII.
                        visit.fault(opened, Fault::Swallowed);
                        opened = at;
                        swallow = Swallow::default();
                    }
                    if V::LISTENS && matches!(to, Set::Plane1 | Set::Plane2) {
                        visit.fault(at, Fault::Jis2000);
                    }
                    set = to;
                }
                None if is_announcer(bytes, at) => {}
                None => visit.fault(at, Fault::UnknownEscape),
            }
            at = next;
            if set.is_single() && bytes.get(at) != Some(&ESC) {
                return at;
            }
            continue;
        }
        if set == Set::Kana {
            at = kana(bytes, at, first, visit);
            continue;
        }
        let next = pair(bytes, at, first, set, visit, &mut swallow);
        swallow.bar_leads |= first == b'|';
        swallow.bar |= bytes.get(at..next).is_some_and(|pair| pair.contains(&b'|'));
        at = next;
    }
    if !set.is_single() {
        visit.fault(opened, if swallow.is_likely() { Fault::Swallowed } else { Fault::OpenRun });
    }
    bytes.len()
}

fn kana<V: Visit>(bytes: &[u8], at: usize, first: u8, visit: &mut V) -> usize {
    match first {
        0x21..=0x5F => {
            visit.character(char::from_u32(0xFF61 + u32::from(first - 0x21)).unwrap_or('\u{FFFD}'));
            at + 1
        }
        b' ' => {
            visit.character(' ');
            at + 1
        }
        0x80.. => eight_bit(bytes, at, visit),
        _ => {
            visit.fault(at, Fault::Undecodable);
            visit.character('\u{FFFD}');
            at + 1
        }
    }
}

fn pair<V: Visit>(
    bytes: &[u8],
    at: usize,
    first: u8,
    set: Set,
    visit: &mut V,
    swallow: &mut Swallow,
) -> usize {
    match (first, bytes.get(at + 1).copied()) {
        (0x21..=0x7E, Some(second @ 0x21..=0x7E)) => {
            if V::DECODES || V::LISTENS {
                match character_of(set, first, second) {
                    Some(c) => visit.character(c),
                    None if matches!(set, Set::Plane1 | Set::Plane2) => visit.character('〓'),
                    None => {
                        swallow.damage = true;
                        visit.fault(at, Fault::Undecodable);
                        visit.character('\u{FFFD}');
                    }
                }
            }
            at + 2
        }
        (0x21..=0x7E, _) => {
            swallow.damage = true;
            visit.fault(at, Fault::CutKanji);
            visit.character('\u{FFFD}');
            at + 1
        }
        (b' ', _) => {
            // A half-width space inside a kanji run: many systems write it, and everybody reads it as a space.
            visit.character(' ');
            at + 1
        }
        (0x80.., _) => eight_bit(bytes, at, visit),
        _ => {
            visit.fault(at, Fault::Undecodable);
            visit.character('\u{FFFD}');
            at + 1
        }
    }
}

/// One 8-bit character, read as Shift_JIS.
fn eight_bit<V: Visit>(bytes: &[u8], at: usize, visit: &mut V) -> usize {
    visit.fault(at, Fault::EightBit);
    let first = bytes.get(at).copied().unwrap_or_default();
    let second = bytes.get(at + 1).copied();
    let is_pair = matches!(first, 0x81..=0x9F | 0xE0..=0xFC)
        && matches!(second, Some(0x40..=0x7E | 0x80..=0xFC))
        && bytes.get(at..at + 2).is_some();
    let end = at + if is_pair { 2 } else { 1 };
    if V::DECODES || V::LISTENS {
        let (text, broken) = SHIFT_JIS.decode_without_bom_handling(bytes.get(at..end).unwrap_or_default());
        if broken {
            visit.fault(at, Fault::Undecodable);
        }
        for c in text.chars() {
            if super::is_private_use(c) {
                visit.fault(at, Fault::PrivateUse);
            }
            visit.character(c);
        }
    }
    end
}

/// Reads the escape sequence at `at`: the offset after it, and the set it switches to, if it is one of ours.
fn escape(bytes: &[u8], at: usize) -> (usize, Option<Set>) {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let known = match rest {
        [b'(', b'B', ..] => Some((3, Set::Ascii)),
        [b'(', b'J' | b'H', ..] => Some((3, Set::Roman)),
        [b'(', b'I', ..] => Some((3, Set::Kana)),
        [b'$', b'@', ..] => Some((3, Set::Jis78)),
        [b'$', b'B', ..] => Some((3, Set::Jis83)),
        [b'$', b'(', b'@', ..] => Some((4, Set::Jis78)),
        [b'$', b'(', b'B', ..] => Some((4, Set::Jis83)),
        [b'$', b'(', b'D', ..] => Some((4, Set::Supplementary)),
        [b'$', b'(', b'O' | b'Q', ..] => Some((4, Set::Plane1)),
        [b'$', b'(', b'P', ..] => Some((4, Set::Plane2)),
        _ => None,
    };
    if let Some((len, set)) = known {
        return (at + len, Some(set));
    }
    // An unknown one: intermediate bytes, then a final byte that is no delimiter of fields.
    let intermediates = rest.iter().take_while(|b| matches!(b, 0x20..=0x2F)).count();
    let last = rest.get(intermediates);
    let has_final = intermediates > 0 && last.is_some_and(|b| matches!(b, 0x30..=0x7E) && *b != b'|');
    (at + 1 + if has_final { intermediates + 1 } else { 0 }, None)
}

/// `ESC & @` announces the 1990 edition of JIS X 0208 and changes nothing.
fn is_announcer(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1..at + 3) == Some(b"&@")
}

/// The character of a pair of 7-bit bytes in a double-byte set. `None`: there is none, or it is not read.
#[must_use]
pub fn character_of(set: Set, first: u8, second: u8) -> Option<char> {
    let (row, cell) = (usize::from(first.checked_sub(0x21)?), usize::from(second.checked_sub(0x21)?));
    if row > 93 || cell > 93 {
        return None;
    }
    let table = match set {
        Set::Jis78 | Set::Jis83 => kanji_tables().0.as_slice(),
        Set::Supplementary => kanji_tables().1.as_slice(),
        // Rows 1–8 and 16–84 hold the same characters as JIS X 0208; the others differ.
        Set::Plane1 if row < 8 || (15..84).contains(&row) => kanji_tables().0.as_slice(),
        _ => return None,
    };
    match table.get(row * 94 + cell) {
        Some(&code) if code != 0 => char::from_u32(u32::from(code)),
        _ => None,
    }
}

/// JIS X 0208 (with the NEC and IBM rows) and JIS X 0212, read once from `encoding_rs` by way of EUC-JP.
fn kanji_tables() -> &'static (Vec<u16>, Vec<u16>) {
    static TABLES: OnceLock<(Vec<u16>, Vec<u16>)> = OnceLock::new();
    TABLES.get_or_init(|| {
        let table = |prefix: &[u8]| {
            (0u8..94)
                .flat_map(|row| (0u8..94).map(move |cell| (row, cell)))
                .map(|(row, cell)| {
                    let mut code = prefix.to_vec();
                    code.extend([0xA1 + row, 0xA1 + cell]);
                    let text = EUC_JP.decode_without_bom_handling_and_without_replacement(&code);
                    let mut chars = text.iter().flat_map(|t| t.chars());
                    match (chars.next(), chars.next()) {
                        (Some(c), None) => u16::try_from(u32::from(c)).unwrap_or(0),
                        _ => 0,
                    }
                })
                .collect()
        };
        (table(&[]), table(&[0x8F]))
    })
}
