//! HL7 escape sequences (v2.5 §2.7), undone exactly once, on decoded text: there the escape character can only be the
//! real one, for a `\` inside a kanji is gone.

use super::{Charset, class};
use crate::text;

/// Undoes the escapes of `input`. `\F\ \S\ \T\ \R\ \E\` become the separators of the message, `\Xhh..\` bytes of its
/// encoding (adjacent ones joined before decoding), `\.br\` and its like a line end, `\H\ \N\` nothing. Anything else
/// stays as it stands, backslashes and all.
#[must_use]
pub(super) fn unescape(input: &str, charset: &Charset) -> String {
    let mut out = String::with_capacity(input.len());
    let mut hex = Vec::new();
    let mut rest = input;
    let is_escape = |c: char| c == charset.escape || c == '\\';
    while let Some((before, after)) = rest.split_once(is_escape) {
        if !before.is_empty() {
            flush(&mut hex, charset, &mut out);
        }
        out.push_str(before);
        let Some((name, next)) = after.split_once(is_escape) else {
            flush(&mut hex, charset, &mut out);
            out.push('\\');
            rest = after;
            continue;
        };
        if let Some(bytes) = hex_bytes(name) {
            hex.extend(bytes);
            rest = next;
            continue;
        }
        flush(&mut hex, charset, &mut out);
        match name {
            "F" => push_separator(&mut out, charset, class::FIELD),
            "S" => push_separator(&mut out, charset, class::COMPONENT),
            "T" => push_separator(&mut out, charset, class::SUBCOMPONENT),
            "R" => push_separator(&mut out, charset, class::REPEAT),
            "E" => out.push('\\'),
            "H" | "N" => {}
            ".br" | ".ce" => out.push('\n'),
            _ if is_line_command(name) => out.push('\n'),
            _ if is_kept(name) => {
                out.push('\\');
                out.push_str(name);
                out.push('\\');
            }
            _ => {
                // A lone backslash in running text: it opens nothing.
                out.push('\\');
                rest = after;
                continue;
            }
        }
        rest = next;
    }
    if !rest.is_empty() {
        flush(&mut hex, charset, &mut out);
    }
    out.push_str(rest);
    flush(&mut hex, charset, &mut out);
    out
}

/// `.sp`, `.sp3`, `.in+2`, `.ti-1`, `.fi`, `.nf`, `.sk 2`: formatting commands; those that end a line.
fn is_line_command(name: &str) -> bool {
    name.strip_prefix(".sp").is_some_and(|n| n.chars().all(|c| c.is_ascii_digit() || c == '+'))
}

/// Sequences that belong to somebody (`\Zxx\`, `\C2442\`, `\M244200\`, `\.in2\`): kept whole.
fn is_kept(name: &str) -> bool {
    name.starts_with(['Z', 'C', 'M', '.', 'X'])
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

fn hex_bytes(name: &str) -> Option<Vec<u8>> {
    let digits = name.strip_prefix('X')?;
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn flush(hex: &mut Vec<u8>, charset: &Charset, out: &mut String) {
    if !hex.is_empty() {
        out.push_str(&text::decode(charset.encoding, hex));
        hex.clear();
    }
}

fn push_separator(out: &mut String, charset: &Charset, class: u8) {
    let found = (0u8..=127).find(|b| charset.class_of(*b) == class);
    out.extend(found.map(char::from));
}
