//! A piece of a segment: a field, a repetition, a component or a subcomponent. Cut and decoded only when asked.

use std::borrow::Cow;

use compact_str::CompactString;

use super::{Charset, class, escape};
use crate::text::{self, Deaf};

/// A piece of a segment. Asking a field for a component means its first repetition; asking a component for a
/// subcomponent means its own; a piece that is not there is empty.
#[derive(Debug, Clone, Copy)]
pub struct Element<'m> {
    raw: &'m [u8],
    charset: &'m Charset,
}

impl<'m> Element<'m> {
    pub(super) fn new(raw: &'m [u8], charset: &'m Charset) -> Self {
        Self { raw, charset }
    }

    /// Its bytes as sent.
    #[must_use]
    pub fn raw(&self) -> &'m [u8] {
        self.raw
    }

    /// Nothing was sent: unchanged or unknown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// `""` was sent: the value is to be deleted.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.raw == b"\"\""
    }

    /// Something was sent, and it is not the deletion.
    #[must_use]
    pub fn has_value(&self) -> bool {
        !self.is_empty() && !self.is_null()
    }

    /// Its repetitions; one empty piece when nothing was sent.
    pub fn repetitions(&self) -> impl Iterator<Item = Element<'m>> + use<'m> {
        let (raw, charset) = (self.raw, self.charset);
        let mut from = Some(0);
        std::iter::from_fn(move || {
            let start = from?;
            let (end, next) = repetition_end(charset, raw, start);
            from = next;
            Some(Element { raw: raw.get(start..end).unwrap_or_default(), charset })
        })
    }

    /// Its component, from 1.
    #[must_use]
    pub fn component(&self, number: usize) -> Element<'m> {
        let raw = if self.charset.overline {
            let (end, _) = repetition_end(self.charset, self.raw, 0);
            self.raw.get(..end).unwrap_or_default()
        } else {
            self.raw
        };
        self.nth(raw, number, class::COMPONENT, class::REPEAT)
    }

    /// Its first `N` components in one pass, empty where there are fewer.
    #[must_use]
    pub fn components<const N: usize>(&self) -> [Element<'m>; N] {
        let mut out = [Element { raw: &[], charset: self.charset }; N];
        let whole = match self.charset.overline {
            true => self.raw.get(..repetition_end(self.charset, self.raw, 0).0).unwrap_or_default(),
            false => self.raw,
        };
        let mut start = 0;
        for slot in &mut out {
            let end = self.charset.next(whole, start, class::COMPONENT | class::REPEAT, &mut Deaf);
            slot.raw = whole.get(start..end).unwrap_or_default();
            if whole.get(end).is_none_or(|b| self.charset.class_of(*b) & class::COMPONENT == 0) {
                break;
            }
            start = end + 1;
        }
        out
    }

    /// Its subcomponent, from 1.
    #[must_use]
    pub fn subcomponent(&self, number: usize) -> Element<'m> {
        self.nth(self.raw, number, class::SUBCOMPONENT, class::COMPONENT | class::REPEAT)
    }

    fn nth(&self, raw: &'m [u8], number: usize, cut: u8, stop: u8) -> Element<'m> {
        let mut start = 0;
        let mut left = number;
        loop {
            let end = self.charset.next(raw, start, cut | stop, &mut Deaf);
            left = left.saturating_sub(1);
            if left == 0 {
                return Element { raw: raw.get(start..end).unwrap_or_default(), charset: self.charset };
            }
            let cuts = raw.get(end).is_some_and(|b| self.charset.class_of(*b) & cut != 0);
            if !cuts {
                return Element { raw: &[], charset: self.charset };
            }
            start = end + 1;
        }
    }

    /// Its text: decoded, HL7 escapes undone exactly once. `""` reads as empty.
    #[must_use]
    pub fn text(&self) -> Cow<'m, str> {
        if self.is_null() {
            return Cow::Borrowed("");
        }
        if self.raw.iter().all(|b| self.charset.class_of(*b) & class::COOKED == 0)
            && let Ok(plain) = std::str::from_utf8(self.raw)
        {
            return Cow::Borrowed(plain);
        }
        let decoded = text::decode(self.charset.encoding, self.raw);
        match decoded.contains(self.charset.escape) || decoded.contains('\\') {
            true => Cow::Owned(escape::unescape(&decoded, self.charset)),
            false => decoded,
        }
    }

    /// [`Self::text`] as a compact string.
    #[must_use]
    pub fn compact(&self) -> CompactString {
        CompactString::from(self.text())
    }

    /// Its text when it is plain ASCII without escapes: codes, numbers, dates. Anything else reads as empty.
    #[must_use]
    pub fn code(&self) -> &'m str {
        if self.is_null() {
            return "";
        }
        match self.raw {
            [] => "",
            raw => text::plain_ascii(raw).unwrap_or_default().trim_ascii(),
        }
    }
}

/// The end of the repetition that begins at `start`, and where the next begins.
fn repetition_end(charset: &Charset, raw: &[u8], start: usize) -> (usize, Option<usize>) {
    let end = charset.next(raw, start, class::REPEAT, &mut Deaf);
    let next = (end < raw.len()).then_some(end + 1);
    if !charset.overline {
        return (end, next);
    }
    let overline = "‾".as_bytes();
    let rest = raw.get(start..end).unwrap_or_default();
    match memchr::memmem::find(rest, overline) {
        Some(at) => (start + at, Some(start + at + overline.len())),
        None => (end, next),
    }
}
