//! Encodings: which one a text is in, and its bytes as text.
//!
//! Text is only decoded here, never normalised (a stored text is what was sent). What cannot be decoded becomes
//! U+FFFD and a [`Fault`]; nothing is dropped in silence and nothing panics.

pub mod iso2022;
pub mod rows;

use std::borrow::Cow;

use encoding_rs::{DecoderResult, EUC_JP, SHIFT_JIS};
use memchr::memchr_iter;

/// How a text is encoded, found from its bytes. What a message declares of itself is advice only: it is often wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Only ASCII bytes: any of the others.
    Ascii,
    /// UTF-8, with or without its mark.
    Utf8,
    /// ISO-2022-JP and its relatives (JIS X 0202): 7-bit, switched by escape sequences.
    Iso2022Jp,
    /// Shift_JIS in its Windows form (windows-31J).
    ShiftJis,
    /// EUC-JP.
    EucJp,
}

impl Encoding {
    /// The name for reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ASCII",
            Self::Utf8 => "UTF-8",
            Self::Iso2022Jp => "ISO-2022-JP",
            Self::ShiftJis => "Shift_JIS",
            Self::EucJp => "EUC-JP",
        }
    }
}

/// Why a text has no encoding we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEncoding {
    /// A UTF-16 mark at the front.
    Utf16,
    /// Valid in none of the encodings.
    Unknown,
}

/// What is wrong with some characters of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// An escape sequence that names no character set of ours; the set in use stays.
    UnknownEscape,
    /// The text ends while a kanji or kana set is still on.
    OpenRun,
    /// A kanji run that was not closed, at the end of the text or before the next run begins, and that holds what
    /// looks like field separators: fields are lost in it.
    Swallowed,
    /// A kanji run was cut in the middle of a character.
    CutKanji,
    /// Bytes above 7F in a 7-bit text; read as Shift_JIS.
    EightBit,
    /// No character has this code.
    Undecodable,
    /// JIS X 0213, of which only the part shared with JIS X 0208 is read; the rest becomes `〓`.
    Jis2000,
    /// A character of the private use area (外字); kept.
    PrivateUse,
}

impl Fault {
    /// All faults, in order.
    pub const ALL: [Self; 8] = [
        Self::UnknownEscape,
        Self::OpenRun,
        Self::Swallowed,
        Self::CutKanji,
        Self::EightBit,
        Self::Undecodable,
        Self::Jis2000,
        Self::PrivateUse,
    ];
}

/// Receives the faults of a text as they are met.
pub trait Watch {
    /// Is anybody listening? When not, checks that serve only the listener are left out.
    const LISTENS: bool = true;
    /// A fault at a byte offset of the text.
    fn fault(&mut self, at: usize, fault: Fault);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deaf;

impl Watch for Deaf {
    const LISTENS: bool = false;
    fn fault(&mut self, _: usize, _: Fault) {}
}

impl Watch for Vec<(usize, Fault)> {
    fn fault(&mut self, at: usize, fault: Fault) {
        self.push((at, fault));
    }
}

/// The UTF-8 byte order mark.
pub const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Finds the encoding (formats.md §0.1): UTF-8 mark, UTF-16 mark, `ESC $` or `ESC (`, UTF-8 with at least one
/// multi-byte character, Shift_JIS, EUC-JP. A text of ASCII bytes alone is [`Encoding::Ascii`].
///
/// A text with escape sequences is ISO-2022-JP even when 8-bit bytes stand in it too; these are faults of it.
pub fn detect(bytes: &[u8]) -> Result<Encoding, NoEncoding> {
    if bytes.starts_with(UTF8_MARK) {
        return Ok(Encoding::Utf8);
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(NoEncoding::Utf16);
    }
    if memchr_iter(iso2022::ESC, bytes).any(|at| matches!(bytes.get(at + 1), Some(b'$' | b'('))) {
        return Ok(Encoding::Iso2022Jp);
    }
    if bytes.is_ascii() {
        return Ok(Encoding::Ascii);
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Ok(Encoding::Utf8);
    }
    if is_valid(SHIFT_JIS, bytes) {
        return Ok(Encoding::ShiftJis);
    }
    if is_valid(EUC_JP, bytes) {
        return Ok(Encoding::EucJp);
    }
    Err(NoEncoding::Unknown)
}

/// Can all of a text be decoded? Nothing decoded is kept, so a large text costs no memory.
fn is_valid(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> bool {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (mut rest, mut scratch) = (bytes, [0; 4096]);
    loop {
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut scratch, true);
        match result {
            DecoderResult::InputEmpty => return true,
            DecoderResult::OutputFull => rest = rest.get(read..).unwrap_or_default(),
            DecoderResult::Malformed(..) => return false,
        }
    }
}

/// Decodes a text that begins in the single-byte state of its encoding. Borrows when it is plain ASCII.
#[must_use]
pub fn decode(encoding: Encoding, bytes: &[u8]) -> Cow<'_, str> {
    if let Some(plain) = plain_ascii(bytes) {
        return Cow::Borrowed(plain);
    }
    match encoding {
        Encoding::Ascii | Encoding::Utf8 => match std::str::from_utf8(bytes) {
            // Checking whole text is several times faster than looking for its broken parts.
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        },
        Encoding::ShiftJis => SHIFT_JIS.decode_without_bom_handling(bytes).0,
        Encoding::EucJp => EUC_JP.decode_without_bom_handling(bytes).0,
        Encoding::Iso2022Jp => {
            let mut out = String::with_capacity(bytes.len() * 3 / 2);
            iso2022::decode_into(bytes, &mut out, &mut Deaf);
            Cow::Owned(out)
        }
    }
}

/// The text itself, when it has neither 8-bit bytes nor escape sequences.
#[must_use]
pub fn plain_ascii(bytes: &[u8]) -> Option<&str> {
    if bytes.iter().all(|b| b.is_ascii() && *b != iso2022::ESC) {
        std::str::from_utf8(bytes).ok()
    } else {
        None
    }
}

/// Is this a character of the private use areas (外字)?
#[must_use]
pub fn is_private_use(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Tells the faults of a text in an encoding without escape sequences. ISO-2022-JP tells its own while it is walked.
pub fn watch_plain(encoding: Encoding, bytes: &[u8], watch: &mut impl Watch) {
    if encoding == Encoding::Iso2022Jp || bytes.is_ascii() {
        return;
    }
    let text = decode(encoding, bytes);
    if text.contains('\u{FFFD}') {
        watch.fault(0, Fault::Undecodable);
    }
    if text.chars().any(is_private_use) {
        watch.fault(0, Fault::PrivateUse);
    }
}
