//! Building a tree: one pass over the events of the reader, attributes cut by hand, namespaces resolved on the way.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{DEPTH_MAX, Extent, Fault, NOBODY, NODES_MAX, Node, Space, Span, Tree, What, space_of};

/// An element whose end has not come.
struct Open {
    node: u32,
    last: u32,
    /// How many namespace declarations were in force before it.
    spaces: usize,
}

pub(super) struct Builder<'t, 'a> {
    text: &'t str,
    tree: &'t mut Tree<'a>,
    open: Vec<Open>,
    /// Prefix (empty for the default) and namespace, inner ones last.
    spaces: Vec<(Span, Space)>,
}

impl<'t, 'a> Builder<'t, 'a> {
    /// Builds `tree` from its text, which is lent beside it.
    pub(super) fn new(text: &'t str, tree: &'t mut Tree<'a>) -> Self {
        Self { text, tree, open: Vec::new(), spaces: Vec::new() }
    }

    pub(super) fn build(&mut self, extent: Extent) -> Result<(), Fault> {
        let mut reader = Reader::from_str(self.text);
        reader.config_mut().check_end_names = true;
        let mut after_sign = false;
        loop {
            let from = position(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(_) if extent == Extent::Head && !self.tree.nodes.is_empty() => return Ok(()),
                Err(_) => return Err(Fault::Malformed(position(reader.error_position()))),
            };
            let to = position(reader.buffer_position());
            let sign = matches!(event, Event::GeneralRef(_));
            match event {
                Event::Start(_) => {
                    if extent == Extent::Head && self.open.len() == 1 && self.name(from, to) == "component" {
                        return Ok(());
                    }
                    let spaces = self.spaces.len();
                    let node = self.element(from, to)?;
                    self.open.push(Open { node, last: NOBODY, spaces });
                    if self.open.len() > DEPTH_MAX {
                        return Err(Fault::TooMuch(from));
                    }
                }
                Event::Empty(_) => {
                    let spaces = self.spaces.len();
                    self.element(from, to)?;
                    self.spaces.truncate(spaces);
                }
                Event::End(_) => {
                    let Some(open) = self.open.pop() else { return Err(Fault::Malformed(from)) };
                    self.spaces.truncate(open.spaces);
                    if let Some(node) = self.tree.nodes.get_mut(open.node as usize) {
                        node.span.to = small(to);
                    }
                }
                Event::Text(_) => {
                    let piece = self.text.get(from..to).unwrap_or_default();
                    if !piece.bytes().all(|b| b.is_ascii_whitespace()) || after_sign {
                        self.add(What::Text, from, to)?;
                    }
                }
                Event::CData(_) => self.add(What::Text, from + 9, to.saturating_sub(3))?,
                Event::GeneralRef(name) => {
                    let sign = match (name.resolve_char_ref(), &*name) {
                        (Ok(Some(sign)), _) => sign,
                        (Ok(None), name) => predefined(name).ok_or(Fault::Entity(from))?,
                        (Err(_), _) => return Err(Fault::Entity(from)),
                    };
                    self.add(What::Sign(sign), from, to)?;
                }
                Event::DocType(_) => return Err(Fault::Dtd(from)),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => {
                    let complete = self.open.is_empty() && !self.tree.nodes.is_empty();
                    let enough = extent == Extent::Head && !self.tree.nodes.is_empty();
                    return if complete || enough { Ok(()) } else { Err(Fault::Malformed(from)) };
                }
            }
            after_sign = sign;
        }
    }

    /// The local name of the tag at these bytes.
    fn name(&self, from: usize, to: usize) -> &str {
        let tag = self.text.get(from + 1..to).unwrap_or_default();
        let end = tag.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or(tag.len());
        let name = tag.get(..end).unwrap_or_default();
        name.split_once(':').map_or(name, |(_, local)| local)
    }

    /// Adds the element whose tag stands at these bytes.
    fn element(&mut self, from: usize, to: usize) -> Result<u32, Fault> {
        let first = self.tree.attrs.len();
        let tag = self.text.get(..to).unwrap_or_default().as_bytes();
        let mut at = from + 1;
        let name_from = at;
        while tag.get(at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>')) {
            at += 1;
        }
        let name = Span { from: small(name_from), to: small(at) };
        loop {
            while tag.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            match tag.get(at) {
                None | Some(b'>' | b'/') => break,
                Some(_) => at = self.attribute(tag, at, first)?,
            }
        }
        let attrs = Span { from: small(first), to: small(self.tree.attrs.len()) };
        let full = name.of(self.text);
        let (prefix, local) = match full.split_once(':') {
            Some((prefix, _)) => (prefix, Span { from: name.from + small(prefix.len()) + 1, to: name.to }),
            None => ("", name),
        };
        let found = self.spaces.iter().rev().find(|(p, _)| same(p.of(self.text), prefix));
        let space = match (found, prefix) {
            (Some((_, space)), _) => *space,
            (None, "") => Space::None,
            (None, _) => Space::Other,
        };
        self.add(What::Element { name: local, space, attrs }, from, to)?;
        Ok(small(self.tree.nodes.len() - 1))
    }

    fn attribute(&mut self, tag: &[u8], mut at: usize, first: usize) -> Result<usize, Fault> {
        let from = at;
        while tag.get(at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'=' | b'/' | b'>')) {
            at += 1;
        }
        let name = Span { from: small(from), to: small(at) };
        while tag.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        if at == from || tag.get(at) != Some(&b'=') {
            return Err(Fault::Malformed(from));
        }
        at += 1;
        while tag.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let Some(quote @ (b'"' | b'\'')) = tag.get(at).copied() else { return Err(Fault::Malformed(from)) };
        let value_from = at + 1;
        let length = memchr::memchr(quote, tag.get(value_from..).unwrap_or_default());
        let value_to = value_from + length.ok_or(Fault::Malformed(from))?;
        let value = Span { from: small(value_from), to: small(value_to) };
        let (key, inside) = (name.of(self.text), value.of(self.text));
        // Most values hold neither sign, so they are looked through once.
        let signs = memchr::memchr2(b'<', b'&', inside.as_bytes()).is_some();
        let before = self.tree.attrs.get(first..).unwrap_or_default();
        if (signs && inside.contains('<')) || before.iter().any(|(n, _)| same(n.of(self.text), key)) {
            return Err(Fault::Malformed(from));
        }
        if signs && unescape(inside).is_none() {
            return Err(Fault::Entity(value_from));
        }
        match key.strip_prefix("xmlns") {
            Some("") => self.spaces.push((Span { from: 0, to: 0 }, space_of(inside))),
            Some(prefix) if prefix.starts_with(':') => {
                self.spaces.push((Span { from: name.from + 6, to: name.to }, space_of(inside)));
            }
            _ => {}
        }
        self.tree.attrs.push((name, value));
        Ok(value_to + 1)
    }

    fn add(&mut self, what: What, from: usize, to: usize) -> Result<(), Fault> {
        let at = small(self.tree.nodes.len());
        if self.tree.nodes.len() >= NODES_MAX {
            return Err(Fault::TooMuch(from));
        }
        match self.open.last_mut() {
            Some(open) => {
                let before = if open.last == NOBODY { open.node } else { open.last };
                if let Some(node) = self.tree.nodes.get_mut(before as usize) {
                    *(if open.last == NOBODY { &mut node.first } else { &mut node.next }) = at;
                }
                open.last = at;
            }
            // One root, and no text beside it.
            None if at != 0 || !matches!(what, What::Element { .. }) => return Err(Fault::Malformed(from)),
            None => {}
        }
        let span = Span { from: small(from), to: small(to) };
        self.tree.nodes.push(Node { what, span, first: NOBODY, next: NOBODY });
        Ok(())
    }
}

/// Are two short names the same? Most differ in their first byte, or are empty: no need to call for a comparison.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().eq(other.bytes())
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

/// A value with its references resolved. `None`: one of them is not ours to resolve.
pub(super) fn unescape(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, tail) = after.split_once(';')?;
        let number = name.strip_prefix('#').map(|n| match n.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        out.push(match number {
            Some(number) => number.and_then(char::from_u32).filter(|c| *c != '\0')?,
            None => predefined(name)?,
        });
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}
