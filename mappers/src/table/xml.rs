//! Rows in XML: each record element is a unit; cells are children and attributes named by path, prefixes left out.
//! Entities are never expanded but the five of XML itself and character references; a document type opens nothing.

use compact_str::CompactString;
use musubi_model::{ByteRange, Finding};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::heading::Frame;
use super::plan::{Column, Interface, Step};
use super::rules;
use super::split::plain;
use crate::notes::Notes;
use crate::text::{self, Encoding};
use crate::{Document, RecordCounts, Split, UnitContext, UnitSlice};

/// Deepest nesting that is followed.
const DEPTH_MAX: usize = 64;
/// Bytes between two signposts for line numbers.
const SIGNPOST: u64 = 1 << 16;

pub(super) fn split(interface: &Interface, record: &str, document: &Document<'_>) -> Split {
    let mut notes = Notes::new(document.limits.findings_per_unit_max);
    let mut split = Split::default();
    let size = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX);
    if size > document.limits.document_bytes_max {
        let max = document.limits.document_bytes_max.to_string();
        notes.push(plain(&rules::LIMIT, &format!("{size}バイト"), &max));
    } else if std::str::from_utf8(document.bytes).is_err() {
        let found = text::detect(document.bytes).map_or("不明", Encoding::name);
        notes.push(plain(&rules::ENCODING, found, "UTF-8のXML"));
    } else {
        let mut frame = Frame::whole(interface, Encoding::Utf8);
        frame.lines = signposts(document.bytes);
        records(record, document, &mut split, &mut notes);
        split.contexts.push(UnitContext::Table(frame));
    }
    split.findings = notes.finish();
    split
}

/// Does the document hold a record element, below a root or as the root, and what only this interface has?
pub(super) fn is_sure(interface: &Interface, record: &str, document: &Document<'_>) -> bool {
    let bytes = document.bytes;
    let plain = bytes.strip_prefix(text::UTF8_MARK).unwrap_or(bytes);
    if !plain.trim_ascii_start().starts_with(b"<") || std::str::from_utf8(bytes).is_err() {
        return false;
    }
    let mut reader = Reader::from_reader(plain);
    let mut seen_record = false;
    let mut left: Vec<&str> = interface.recognise.iter().map(String::as_str).collect();
    for _ in 0..2_000 {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                let name = local(&tag);
                seen_record |= name == record;
                left.retain(|l| *l != super::heading::squash(&name));
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
        if seen_record && left.is_empty() {
            return true;
        }
    }
    false
}

fn signposts(bytes: &[u8]) -> Vec<(u64, u32)> {
    let mut lines = vec![(0, 1)];
    let (mut line, mut last) = (1u32, 0u64);
    for at in memchr::memchr_iter(b'\n', bytes) {
        line = line.saturating_add(1);
        let next = u64::try_from(at + 1).unwrap_or(u64::MAX);
        if next - last >= SIGNPOST {
            last = next;
            lines.push((next, line));
        }
    }
    lines
}

fn records(record: &str, document: &Document<'_>, split: &mut Split, notes: &mut Notes) {
    let mut reader = Reader::from_reader(document.bytes);
    let (mut depth, mut open, mut count) = (0usize, None::<(usize, u64)>, 0u64);
    let max = usize::try_from(document.limits.units_per_document_max).unwrap_or(usize::MAX);
    loop {
        let before = reader.buffer_position();
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) => {
                let at = ByteRange { start: reader.error_position().min(before), len: 0 };
                notes.push(Finding::new(&rules::XML).at(at).found("構文の誤り"));
                break;
            }
        };
        let after = reader.buffer_position();
        match event {
            Event::Start(tag) => {
                if open.is_none() && local(&tag) == record {
                    open = Some((depth, before));
                }
                depth += 1;
                if depth > DEPTH_MAX {
                    notes.push(plain(&rules::LIMIT, "深い入れ子", &format!("{DEPTH_MAX}段まで")));
                    break;
                }
            }
            Event::Empty(tag) if open.is_none() && local(&tag) == record => {
                push(split, before, after);
                count += 1;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if let Some((at, start)) = open
                    && at == depth
                {
                    push(split, start, after);
                    count += 1;
                    open = None;
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if split.units.len() > max {
            notes.push(plain(&rules::LIMIT, &format!("{max}件を超える"), &format!("{max}件まで")));
            break;
        }
    }
    if depth > 0 && !notes.has_error() {
        notes.push(plain(&rules::XML, "終了タグの不足", "閉じた要素"));
    }
    if count == 0 && !notes.has_error() {
        notes.push(plain(&rules::EMPTY, "0件", &format!("要素 {record}")));
    }
    split.totals.insert(CompactString::const_new("row"), count);
}

fn push(split: &mut Split, start: u64, end: u64) {
    let mut records = RecordCounts::default();
    records.add("row", 1);
    let len = u32::try_from(end.saturating_sub(start)).unwrap_or(u32::MAX);
    split.units.push(UnitSlice { range: ByteRange { start, len }, records, context: 0 });
}

/// The name of an element without its prefix.
fn local(tag: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(tag.local_name().as_ref().as_ref()).into_owned()
}

/// The cells of one record, by column.
pub(super) fn cells(bytes: &[u8], columns: &[Column]) -> Vec<String> {
    let mut out = vec![String::new(); columns.len()];
    let mut reader = Reader::from_reader(bytes);
    // The elements that are open below the record, each with its number among brothers of its name.
    let mut stack: Vec<(String, u32)> = Vec::new();
    let mut brothers: Vec<Vec<(String, u32)>> = vec![Vec::new()];
    let mut inside = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                if inside {
                    enter(&tag, &mut stack, &mut brothers);
                }
                inside = true;
                attributes(&tag, &stack, columns, &mut out);
                if stack.len() > DEPTH_MAX {
                    return out;
                }
            }
            Ok(Event::Empty(tag)) => {
                if inside {
                    enter(&tag, &mut stack, &mut brothers);
                }
                attributes(&tag, &stack, columns, &mut out);
                if inside {
                    stack.pop();
                    brothers.pop();
                }
            }
            Ok(Event::End(_)) => {
                stack.pop();
                brothers.pop();
            }
            Ok(Event::Text(text)) => {
                put(&stack, columns, &mut out, &String::from_utf8_lossy(text.as_ref().as_ref()));
            }
            Ok(Event::CData(text)) => {
                put(&stack, columns, &mut out, &String::from_utf8_lossy(text.as_ref().as_ref()));
            }
            Ok(Event::GeneralRef(name)) => {
                let name = String::from_utf8_lossy(name.as_ref().as_ref()).into_owned();
                put(&stack, columns, &mut out, &entity(&name));
            }
            Ok(Event::Eof) | Err(_) => return out,
            Ok(_) => {}
        }
    }
}

fn enter(tag: &BytesStart<'_>, stack: &mut Vec<(String, u32)>, brothers: &mut Vec<Vec<(String, u32)>>) {
    let name = local(tag);
    let mut number = 1;
    if let Some(level) = brothers.last_mut() {
        match level.iter_mut().find(|(n, _)| *n == name) {
            Some((_, count)) => {
                *count += 1;
                number = *count;
            }
            None => level.push((name.clone(), 1)),
        }
    }
    stack.push((name, number));
    brothers.push(Vec::new());
}

/// Do the open elements lead where the path says?
fn leads(stack: &[(String, u32)], steps: &[Step]) -> bool {
    stack.len() == steps.len()
        && stack
            .iter()
            .zip(steps)
            .all(|((name, number), step)| matches!(step, Step::Child(n, at) if n == name && at == number))
}

fn attributes(tag: &BytesStart<'_>, stack: &[(String, u32)], columns: &[Column], out: &mut [String]) {
    for attribute in tag.attributes().with_checks(false).flatten() {
        let key = String::from_utf8_lossy(attribute.key.local_name().as_ref().as_ref()).into_owned();
        let value = String::from_utf8_lossy(attribute.value.as_ref().as_ref()).into_owned();
        for (column, slot) in columns.iter().zip(out.iter_mut()) {
            let Some((Step::Attribute(name), above)) = column.path.as_deref().and_then(<[Step]>::split_last)
            else {
                continue;
            };
            if *name == key && leads(stack, above) {
                slot.push_str(&unescaped(&value));
            }
        }
    }
}

fn put(stack: &[(String, u32)], columns: &[Column], out: &mut [String], text: &str) {
    for (column, slot) in columns.iter().zip(out.iter_mut()) {
        if column.path.as_deref().is_some_and(|p| leads(stack, p)) {
            slot.push_str(text);
        }
    }
}

/// The character an entity stands for; an unknown one stays as it was written.
fn entity(name: &str) -> String {
    let code = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => n.parse().ok(),
    });
    match (name, code.and_then(char::from_u32)) {
        ("amp", _) => "&".to_owned(),
        ("lt", _) => "<".to_owned(),
        ("gt", _) => ">".to_owned(),
        ("quot", _) => "\"".to_owned(),
        ("apos", _) => "'".to_owned(),
        (_, Some(c)) => c.to_string(),
        _ => format!("&{name};"),
    }
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        match after.split_once(';') {
            Some((name, tail)) if name.len() <= 10 => {
                out.push_str(&entity(name));
                rest = tail;
            }
            _ => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}
