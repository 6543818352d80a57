//! XML as a small tree whose elements know their bytes.
//!
//! Entities are never expanded beyond the five of XML itself and character references; a document type definition is
//! refused. Nothing here knows what a document means, does I/O or fails on any bytes: what is wrong is a [`Fault`].

mod build;

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE};
use memchr::memmem;
use musubi_model::ByteRange;

use crate::text::{self, Encoding};
use build::{Builder, unescape};

/// Deeper nesting is refused.
pub(super) const DEPTH_MAX: usize = 200;
/// More elements and pieces of text are refused.
const NODES_MAX: usize = 4_000_000;

/// Why a text gives no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// In no encoding that is read.
    Encoding,
    /// Not well formed; at a byte of the (decoded) text.
    Malformed(usize),
    /// A document type definition.
    Dtd(usize),
    /// An entity that is none of XML's own.
    Entity(usize),
    /// Nested too deeply, or too many elements.
    TooMuch(usize),
}

/// The namespaces that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// No namespace.
    None,
    /// `urn:hl7-org:v3`.
    Hl7,
    /// Index, summary and settlement files, in their present or old namespace.
    Claim,
    /// Any other.
    Other,
}

fn space_of(uri: &str) -> Space {
    match uri {
        "" => Space::None,
        "urn:hl7-org:v3" => Space::Hl7,
        "https://www.mhlw.go.jp/stf/seisakunitsuite/bunya/0000161103.html"
        | "http://tokuteikenshin.jp/checkup/2007" => Space::Claim,
        _ => Space::Other,
    }
}

#[derive(Debug, Clone, Copy)]
struct Span {
    from: u32,
    to: u32,
}

impl Span {
    fn of(self, text: &str) -> &str {
        let (from, to) = (self.from as usize, self.to as usize);
        text.get(from..to).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy)]
enum What {
    Element { name: Span, space: Space, attrs: Span },
    Text,
    Sign(char),
}

const NOBODY: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Node {
    what: What,
    span: Span,
    first: u32,
    next: u32,
}

/// A document as a tree.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    text: Cow<'a, str>,
    /// Where the text begins in the document, when its bytes are those of the document.
    shift: Option<u64>,
    /// The whole document.
    whole: ByteRange,
    nodes: Vec<Node>,
    attrs: Vec<(Span, Span)>,
    /// The encoding the bytes were in, when it was not UTF-8.
    pub(super) decoded: Option<&'static str>,
}

/// How much of a document to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    All,
    /// Up to the body: the first `component` below the root. An early end is no fault.
    Head,
}

struct Text<'a> {
    text: Cow<'a, str>,
    skipped: Option<usize>,
    name: Option<&'static str>,
}

/// The text of a document. `skipped` is `None` when the bytes of the text are not those of the document.
fn decode(bytes: &[u8], extent: Extent) -> Result<Text<'_>, Fault> {
    for (mark, codec, name) in [
        (&b"\xFF\xFE"[..], UTF_16LE, "UTF-16"),
        (&b"\xFE\xFF"[..], UTF_16BE, "UTF-16"),
        (&b"<\0"[..], UTF_16LE, "UTF-16"),
        (&b"\0<"[..], UTF_16BE, "UTF-16"),
    ] {
        if bytes.starts_with(mark) {
            let body = if mark.contains(&b'<') { bytes } else { bytes.get(2..).unwrap_or_default() };
            let (text, broken) = codec.decode_without_bom_handling(body);
            if broken && extent == Extent::All {
                return Err(Fault::Encoding);
            }
            return Ok(Text { text: Cow::Owned(text.into_owned()), skipped: None, name: Some(name) });
        }
    }
    let skipped = if bytes.starts_with(text::UTF8_MARK) { text::UTF8_MARK.len() } else { 0 };
    let body = bytes.get(skipped..).unwrap_or_default();
    let escapes = memchr::memchr(0x1B, body).is_some();
    match std::str::from_utf8(body) {
        Ok(text) if !escapes => {
            return Ok(Text { text: Cow::Borrowed(text), skipped: Some(skipped), name: None });
        }
        // The head was cut in the middle of a character.
        Err(e) if extent == Extent::Head && e.error_len().is_none() && !escapes => {
            let sound =
                body.get(..e.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default();
            return Ok(Text { text: Cow::Borrowed(sound), skipped: Some(skipped), name: None });
        }
        _ => {}
    }
    let encoding = match text::detect(body) {
        Ok(encoding @ (Encoding::ShiftJis | Encoding::EucJp | Encoding::Iso2022Jp)) => encoding,
        // A head that was cut may end in half a character: what it declares decides.
        _ if extent == Extent::Head && declares(body, b"shift_jis") => Encoding::ShiftJis,
        _ => return Err(Fault::Encoding),
    };
    let text = text::decode(encoding, body).into_owned();
    Ok(Text { text: Cow::Owned(text), skipped: None, name: Some(encoding.name()) })
}

fn declares(bytes: &[u8], name: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(200)).unwrap_or_default().to_ascii_lowercase();
    memmem::find(&head, name).is_some()
}

impl<'a> Tree<'a> {
    /// Reads a document that stands at `base`.
    pub(super) fn read(bytes: &'a [u8], base: u64, extent: Extent) -> Result<Self, Fault> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(Fault::TooMuch(0));
        }
        let decoded = decode(bytes, extent)?;
        if u32::try_from(decoded.text.len()).is_err() {
            return Err(Fault::TooMuch(0));
        }
        let mut tree = Self {
            nodes: Vec::with_capacity(decoded.text.len() / 48 + 8),
            attrs: Vec::with_capacity(decoded.text.len() / 48 + 8),
            shift: decoded.skipped.map(|n| base + u64::try_from(n).unwrap_or(0)),
            whole: ByteRange::within(base, 0, bytes.len()),
            text: decoded.text,
            decoded: decoded.name,
        };
        let text = std::mem::take(&mut tree.text);
        let done = Builder::new(&text, &mut tree).build(extent);
        tree.text = text;
        done.map(|()| tree)
    }

    /// The root element.
    pub(super) fn root(&self) -> Option<El<'_>> {
        (!self.nodes.is_empty()).then_some(El { tree: self, at: 0 })
    }

    /// The bytes of the document at an offset of the text, for a fault.
    pub(super) fn place(bytes: &[u8], base: u64, at: usize) -> ByteRange {
        let at = at.min(bytes.len());
        ByteRange::within(base, at, (at + 1).min(bytes.len()))
    }
}

/// An element of a tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct El<'t> {
    tree: &'t Tree<'t>,
    at: u32,
}

impl<'t> El<'t> {
    fn node(self) -> Option<&'t Node> {
        self.tree.nodes.get(self.at as usize)
    }

    fn parts(self) -> (&'t str, Space, Span) {
        match self.node() {
            Some(Node { what: What::Element { name, space, attrs }, .. }) => {
                (name.of(&self.tree.text), *space, *attrs)
            }
            _ => ("", Space::Other, Span { from: 0, to: 0 }),
        }
    }

    /// Its name without prefix.
    pub(super) fn name(self) -> &'t str {
        self.parts().0
    }

    /// Its namespace.
    pub(super) fn space(self) -> Space {
        self.parts().1
    }

    /// Its bytes in the document.
    pub(super) fn range(self) -> ByteRange {
        match (self.tree.shift, self.node()) {
            (Some(base), Some(node)) => {
                ByteRange::within(base, node.span.from as usize, node.span.to as usize)
            }
            _ => self.tree.whole,
        }
    }

    fn nodes(self) -> impl Iterator<Item = (u32, &'t Node)> {
        let mut at = self.node().map_or(NOBODY, |n| n.first);
        std::iter::from_fn(move || {
            let node = self.tree.nodes.get(at as usize)?;
            Some((std::mem::replace(&mut at, node.next), node))
        })
    }

    /// Its children in its own namespace.
    pub(super) fn children(self) -> impl Iterator<Item = El<'t>> {
        let own = self.space();
        self.nodes().filter_map(move |(at, node)| {
            matches!(node.what, What::Element { space, .. } if space == own)
                .then_some(El { tree: self.tree, at })
        })
    }

    /// Its children of a name.
    pub(super) fn all(self, name: &'t str) -> impl Iterator<Item = El<'t>> {
        self.children().filter(move |c| c.name() == name)
    }

    /// Its first child of a name.
    pub(super) fn child(self, name: &str) -> Option<El<'t>> {
        self.children().find(|c| c.name() == name)
    }

    /// The first descendant along names.
    pub(super) fn down(self, names: &[&str]) -> Option<El<'t>> {
        names.iter().try_fold(self, |el, name| el.child(name))
    }

    /// An attribute by its whole name; empty when it is not there.
    pub(super) fn attr(self, name: &str) -> Cow<'t, str> {
        self.find(|n| n == name)
    }

    /// `xsi:type` without prefixes.
    pub(super) fn kind(self) -> Cow<'t, str> {
        let local = |kind: &'t str| kind.rsplit_once(':').map_or(kind, |(_, local)| local);
        match self.find(|n| n.ends_with(":type")) {
            Cow::Borrowed(kind) => Cow::Borrowed(local(kind)),
            Cow::Owned(kind) => match kind.rsplit_once(':') {
                Some((_, local)) => Cow::Owned(local.to_owned()),
                None => Cow::Owned(kind),
            },
        }
    }

    fn find(self, wanted: impl Fn(&str) -> bool) -> Cow<'t, str> {
        let attrs = self.parts().2;
        let text = &*self.tree.text;
        let attrs = self.tree.attrs.get(attrs.from as usize..attrs.to as usize).unwrap_or_default();
        let value =
            attrs.iter().find(|(n, _)| wanted(n.of(text))).map(|(_, v)| v.of(text)).unwrap_or_default();
        let trimmed = value.trim();
        if memchr::memchr(b'&', trimmed.as_bytes()).is_none() {
            return Cow::Borrowed(trimmed);
        }
        Cow::Owned(unescape(trimmed).unwrap_or_default())
    }

    /// Its own text, pieces joined, trimmed. Text of elements inside it does not belong.
    pub(super) fn text(self) -> String {
        let mut out = String::new();
        for (_, node) in self.nodes() {
            match node.what {
                What::Text => out.push_str(node.span.of(&self.tree.text)),
                What::Sign(sign) => out.push(sign),
                What::Element { .. } => {}
            }
        }
        let trimmed = out.trim_matches(|c: char| c.is_ascii_whitespace());
        if trimmed.len() == out.len() { out } else { trimmed.to_owned() }
    }

    /// Does any text or reference stand in it, at any depth?
    pub(super) fn has_words(self) -> bool {
        let Some(node) = self.node() else { return false };
        // Nodes stand in the order of the text, and spans of descendants lie inside.
        let inside = self.tree.nodes.iter().skip(self.at as usize + 1);
        inside.take_while(|n| n.span.from < node.span.to).any(|n| match n.what {
            What::Text => n.span.of(&self.tree.text).chars().any(|c| !c.is_whitespace()),
            What::Sign(sign) => !sign.is_whitespace(),
            What::Element { .. } => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        Tree::read(text.as_bytes(), 0, Extent::All).map(|_| ()).unwrap_err()
    }

    #[test]
    fn pieces_are_joined_and_ranges_are_of_the_document() {
        let text = "\u{feff}<?xml version=\"1.0\"?><a xmlns=\"urn:hl7-org:v3\" xmlns:x=\"y\">\n<b v=' A&amp;B '>一 &lt; &#x4E8C;<x:b/><![CDATA[<三>]]></b></a>";
        let tree = Tree::read(text.as_bytes(), 100, Extent::All).unwrap();
        let root = tree.root().unwrap();
        let b = root.child("b").unwrap();
        assert_eq!((b.text().as_str(), &*b.attr("v")), ("一 < 二<三>", "A&B"));
        let range = b.range();
        let from = usize::try_from(range.start - 100).unwrap();
        assert!(text.get(from..from + range.len as usize).unwrap().starts_with("<b v=") && b.has_words());
        assert_eq!((root.space(), b.children().count()), (Space::Hl7, 0));
    }

    #[test]
    fn what_is_not_sound_is_a_fault() {
        assert_eq!(fault("<a><b></a>"), Fault::Malformed(6));
        assert_eq!(fault("<a>"), Fault::Malformed(3));
        assert_eq!(fault(""), Fault::Malformed(0));
        assert_eq!(fault("<a/><b/>"), Fault::Malformed(4));
        assert_eq!(fault("<a b=1/>"), Fault::Malformed(3));
        assert_eq!(fault("<a b='1' b='2'/>"), Fault::Malformed(9));
        assert_eq!(fault("<!DOCTYPE a [<!ENTITY x 'y'>]><a/>"), Fault::Dtd(0));
        assert_eq!(fault("<a>&x;</a>"), Fault::Entity(3));
        assert_eq!(fault("<a b='&x;'/>"), Fault::Entity(6));
        assert!(matches!(fault(&"<a>".repeat(DEPTH_MAX + 1)), Fault::TooMuch(_)));
    }

    #[test]
    fn other_encodings_give_the_whole_document_as_range() {
        let text = "<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a><b>日本</b></a>";
        let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        let wide: Vec<u8> =
            [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for bytes in [bytes.as_ref(), &wide] {
            let tree = Tree::read(bytes, 7, Extent::All).unwrap();
            let b = tree.root().unwrap().child("b").unwrap();
            assert_eq!((b.text().as_str(), b.range()), ("日本", ByteRange::within(7, 0, bytes.len())));
            assert!(tree.decoded.is_some());
        }
        assert_eq!(Tree::read(b"<a>\xFF\xFF</a>", 0, Extent::All).map(|_| ()), Err(Fault::Encoding));
    }
}
