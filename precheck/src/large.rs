//! Receipt files too large for memory, read in parts that end between receipts.
//!
//! A part is given to the mapper as a small file of its own: where it begins inside a block, the block's IR stands
//! before it; where it ends inside one, a GO is put behind it, and whatever is said of these two lines is dropped. A GO
//! that sums up more than its part is held against a skeleton: IR, one RE, as many HO as the block had payers, with the
//! points of all of them, and the GO itself. So the mapper judges, and nothing of its rules is written here twice.

use std::collections::BTreeSet;
use std::io::Read;

use anyhow::Result;
use musubi_mappers::{Document, Split};
use musubi_model::ByteRange;
use musubi_model::finding::Finding;
use musubi_model::manifest::FeedKind;

use crate::check::{Found, Sink, Sums, Tools, units};

/// Can files of this kind be read in parts?
pub(crate) fn in_parts(kind: FeedKind) -> bool {
    matches!(
        kind,
        FeedKind::ReceiptMedical
            | FeedKind::ReceiptDpc
            | FeedKind::ReceiptDental
            | FeedKind::ReceiptDispensing
            | FeedKind::ReceiptNursing
    )
}

/// Reads a receipt file from `source` in parts of about `part_bytes`. `done` is told the bytes read.
pub(crate) fn receipts(
    tools: &Tools<'_>,
    mut source: Box<dyn Read + '_>,
    part_bytes: usize,
    done: &dyn Fn(u64),
    sink: &mut Sink<'_>,
) -> Result<Sums> {
    let mut file =
        File { sums: Sums::default(), place: Place::default(), ir: None, block: None, said: BTreeSet::new() };
    let mut buffer: Vec<u8> = Vec::with_capacity(part_bytes * 2);
    let mut want = part_bytes;
    loop {
        let before = buffer.len();
        let missing = u64::try_from(want.saturating_sub(before)).unwrap_or(u64::MAX);
        source.by_ref().take(missing).read_to_end(&mut buffer)?;
        let read = buffer.len() - before;
        done(u64::try_from(read).unwrap_or(0));
        let ended = buffer.len() < want;
        if ended {
            if !buffer.is_empty() || file.place.bytes == 0 {
                file.part(tools, &buffer, false, sink)?;
            }
            break;
        }
        match cut(&buffer) {
            Some((at, inside)) => {
                let rest = buffer.split_off(at);
                file.part(tools, &buffer, inside, sink)?;
                buffer = rest;
                want = part_bytes.max(buffer.len() + part_bytes / 2);
            }
            // One receipt larger than a part: its record limits will tell; here it only must not be torn.
            None => want = buffer.len() + part_bytes,
        }
    }
    if file.sums.unsound {
        file.sums.quarantined = file.sums.units;
        file.sums.facts.clear();
    }
    Ok(file.sums)
}

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

/// Start and bytes of each physical line, its end included.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
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

/// Where a buffer can be cut, and whether that is inside a block: before its last IR when that lies in the second half,
/// else before its last receipt. The last line is never looked at: it may be torn.
fn cut(buffer: &[u8]) -> Option<(usize, bool)> {
    let (mut last_ir, mut last_receipt, mut open) = (None, None, false);
    let mut whole: Option<(usize, &[u8])> = None;
    for line in lines(buffer) {
        let Some((start, line)) = whole.replace(line) else { continue };
        match record(line) {
            Some((b"IR", _)) => {
                last_ir = (start > 0).then_some(start).or(last_ir);
                open = true;
            }
            Some((b"GO", _)) => open = false,
            // In the form with leading columns a line of an older stage has them too: only the first stage opens.
            Some((b"RE", shift)) if start > 0 && (shift == 0 || is_first_stage(line)) => {
                last_receipt = Some((start, open));
                open = true;
            }
            _ => open = true,
        }
    }
    match last_ir {
        Some(ir) if ir > buffer.len() / 2 => Some((ir, false)),
        _ => last_receipt.or(last_ir.map(|ir| (ir, false))),
    }
}

/// Third leading column (枝番号) 0: the record itself, not an older stage of it.
fn is_first_stage(line: &[u8]) -> bool {
    line.split(|b| *b == b',').nth(2).map(unquoted).is_none_or(|c| c.iter().all(|b| *b == b'0'))
}

/// Where in the file a part begins.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    bytes: u64,
    lines: u64,
}

/// A block (IR … GO) that began in an earlier part.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    payers: u64,
    points: u64,
}

struct File {
    sums: Sums,
    place: Place,
    /// The last IR line, its end included.
    ir: Option<Vec<u8>>,
    block: Option<Block>,
    /// Rules without a place that were told of already.
    said: BTreeSet<&'static str>,
}

impl File {
    /// Checks one part. `inside`: it ends inside a block.
    fn part(&mut self, tools: &Tools<'_>, bytes: &[u8], inside: bool, sink: &mut Sink<'_>) -> Result<()> {
        let starts_block =
            lines(bytes).next().and_then(|(_, l)| record(l)).is_some_and(|(id, _)| id == b"IR");
        let ir = self.ir.clone().filter(|_| !starts_block).unwrap_or_default();
        let mut text = [ir.as_slice(), bytes].concat();
        let body_end = text.len();
        if inside {
            text.extend_from_slice(&closing(bytes));
        }
        let document = document(tools, &text);
        let mut split = tools.mapper.split(&document);
        let own_go = self.block.and_then(|_| first_end(bytes)).filter(|(_, line)| is_go(line));
        let own_go = own_go.map(|(at, line)| (ir.len() + at, ir.len() + at + line.len()));
        let spanning = self.spanning(tools, &ir, bytes, inside);
        let foreign = |f: &Finding| {
            f.position.range.is_some_and(|r| {
                let lies = |from: usize, to: usize| r.start >= size(from) && r.start < size(to);
                lies(0, ir.len()) || lies(body_end, text.len()) || own_go.is_some_and(|(a, b)| lies(a, b))
            })
        };
        split.findings.retain(|f| !foreign(f));
        let first = self.place.bytes == 0;
        if ir.is_empty() && !starts_block && !first {
            // That the file has no IR was told of its first line.
            split.findings.retain(|f| f.position.range.is_none_or(|r| r.start > 0));
        }
        split.findings.retain(|f| f.position.range.is_some() || self.said.insert(f.rule.id) || first);
        let (skeleton, points) = spanning;
        self.sums.unsound |= split.is_unsound() || skeleton.iter().any(Finding::is_error);
        for finding in &split.findings {
            let finding = self.placed(finding.clone(), ir.len());
            sink(Found { unit: None, finding })?;
        }
        for finding in skeleton {
            if finding.position.range.is_some() || self.said.insert(finding.rule.id) {
                sink(Found { unit: None, finding })?;
            }
        }
        self.totals(&split, !ir.is_empty(), inside, points);
        let before = self.sums.units;
        let (place, lead) = (self.place, ir.len());
        let mut part = Sums::default();
        units(tools, &document, &split, &mut part, &mut |found| {
            let finding = moved(found.finding, place, lead);
            sink(Found { unit: found.unit.map(|u| u + before), finding })
        })?;
        self.sums.units += part.units;
        self.sums.quarantined += part.quarantined;
        for (kind, n) in part.records {
            *self.sums.records.entry(kind).or_default() += n;
        }
        for (table, n) in part.facts {
            *self.sums.facts.entry(table).or_default() += n;
        }
        self.advance(bytes);
        Ok(())
    }

    /// What the block that spans parts adds here: the findings of its GO when it ends in this part, and what the points
    /// of the control totals must be corrected by (add, take away).
    fn spanning(
        &mut self,
        tools: &Tools<'_>,
        ir: &[u8],
        bytes: &[u8],
        inside: bool,
    ) -> (Vec<Finding>, (u64, u64)) {
        let mut findings = Vec::new();
        let mut correct = (0, 0);
        let end = first_end(bytes);
        if let Some(mut block) = self.block.take() {
            let tail = end.map_or(bytes, |(at, _)| bytes.get(..at).unwrap_or(bytes));
            block.add(&split(tools, &[ir, tail].concat()));
            if end.is_none() && inside {
                self.block = Some(block);
                return (findings, correct);
            }
            let go = end.filter(|(_, line)| is_go(line));
            let lead = record(ir).map_or("", |(_, shift)| if shift > 0 { "1,1,0," } else { "" });
            let mut text = ir.to_vec();
            text.extend_from_slice(format!("{lead}RE\r\n").as_bytes());
            for n in 0..block.payers {
                let points = if n == 0 { format!(",,,,,{}", block.points) } else { String::new() };
                text.extend_from_slice(format!("{lead}HO{points}\r\n").as_bytes());
            }
            let at = text.len();
            let go_line = go.map_or(&[][..], |(_, line)| line);
            text.extend_from_slice(go_line);
            let judged = split(tools, &text);
            let of = |split: &Split| split.totals.get("points").copied().unwrap_or(0);
            let said = split(tools, &[ir, tail, go_line].concat());
            correct = (of(&judged), of(&said));
            let to = self.place_of(bytes, go.map_or(bytes.len(), |(at, _)| at));
            for finding in judged.findings {
                match finding.position.range {
                    Some(r) if r.start >= size(at) => {
                        let lines = size(lines(text.get(..at).unwrap_or_default()).count());
                        let mut finding = finding;
                        finding.position.range =
                            Some(ByteRange { start: to.bytes + (r.start - size(at)), len: r.len });
                        renumber(&mut finding, to.lines, lines);
                        findings.push(finding);
                    }
                    // Without a place: that the block has no GO.
                    None if go.is_none() && finding.is_error() => findings.push(finding),
                    _ => {}
                }
            }
        }
        // A block that begins in this part and goes on in the next.
        if inside && (self.block.is_none()) {
            let from = last_start(bytes);
            let head = bytes.get(from..).unwrap_or_default();
            let begins = lines(head).next().and_then(|(_, l)| record(l)).is_some_and(|(id, _)| id == b"IR");
            let lead: &[u8] = if begins { &[] } else { ir };
            let mut block = Block::default();
            block.add(&split(tools, &[lead, head].concat()));
            self.block = Some(block);
        }
        (findings, correct)
    }

    fn place_of(&self, bytes: &[u8], at: usize) -> Place {
        let before = lines(bytes).take_while(|(start, _)| *start < at).count();
        Place { bytes: self.place.bytes + size(at), lines: self.place.lines + size(before) }
    }

    fn placed(&self, finding: Finding, lead: usize) -> Finding {
        moved(finding, self.place, lead)
    }

    fn totals(&mut self, split: &Split, has_ir: bool, has_go: bool, (add, take): (u64, u64)) {
        for (kind, n) in &split.totals {
            let ours = u64::from(kind == "IR" && has_ir) + u64::from(kind == "GO" && has_go);
            let entry = self.sums.totals.entry(kind.clone()).or_default();
            *entry += n.saturating_sub(ours);
            if kind == "points" {
                *entry = (*entry + add).saturating_sub(take);
            }
        }
        for (kind, n) in split.envelope.iter() {
            let ours = u64::from(kind == "IR" && has_ir) + u64::from(kind == "GO" && has_go);
            let n = n.saturating_sub(ours);
            if n > 0 {
                *self.sums.records.entry(kind.into()).or_default() += n;
            }
        }
        self.sums.totals.retain(|kind, n| *n > 0 || kind == "points");
    }

    /// Remembers the last IR and goes to the next part.
    fn advance(&mut self, bytes: &[u8]) {
        for (_, line) in lines(bytes) {
            self.place.lines += 1;
            if record(line).is_some_and(|(id, _)| id == b"IR") {
                self.ir = Some(line.to_vec());
            }
        }
        self.place.bytes += size(bytes.len());
    }
}

impl Block {
    fn add(&mut self, split: &Split) {
        let of = |kind: &str| split.totals.get(kind).copied().unwrap_or(0);
        self.payers += of("HO") + of("KO");
        self.points += of("points");
    }
}

fn document<'a>(tools: &Tools<'a>, bytes: &'a [u8]) -> Document<'a> {
    Document { bytes, path: tools.path, provider: tools.provider, limits: tools.limits }
}

fn split(tools: &Tools<'_>, bytes: &[u8]) -> Split {
    tools.mapper.split(&document(tools, bytes))
}

/// The first IR or GO line: where the block that came in from the part before ends.
fn first_end(bytes: &[u8]) -> Option<(usize, &[u8])> {
    lines(bytes).find(|(_, line)| record(line).is_some_and(|(id, _)| id == b"IR" || id == b"GO"))
}

fn is_go(line: &[u8]) -> bool {
    record(line).is_some_and(|(id, _)| id == b"GO")
}

/// Where the last block of a part begins: at its IR, or behind the GO before it.
fn last_start(bytes: &[u8]) -> usize {
    lines(bytes).fold(0, |from, (start, line)| match record(line) {
        Some((b"IR", _)) => start,
        Some((b"GO", _)) => start + line.len(),
        _ => from,
    })
}

/// A GO that closes a part: it promises nothing that counts, for what is said of it is dropped.
fn closing(bytes: &[u8]) -> Vec<u8> {
    let first = lines(bytes).next().map_or(&[][..], |(_, line)| line);
    let lead = record(first).map_or("", |(_, shift)| if shift > 0 { "1,1,0," } else { "" });
    let end: &[u8] = if first.ends_with(b"\r\n") {
        b"\r\n"
    } else if first.ends_with(b"\r") {
        b"\r"
    } else {
        b"\n"
    };
    [lead.as_bytes(), b"GO,0,0,99", end].concat()
}

/// A finding of a part as one of the file: `lead` bytes of the part are the IR line put before it.
fn moved(mut finding: Finding, place: Place, lead: usize) -> Finding {
    if let Some(range) = &mut finding.position.range {
        range.start = (range.start + place.bytes).saturating_sub(size(lead));
    }
    renumber(&mut finding, place.lines, u64::from(lead > 0));
    finding
}

/// `行 12 (SY)` counts lines of the document: `add` lines stand before the part, `take` were put before it.
fn renumber(finding: &mut Finding, add: u64, take: u64) {
    let Some(rest) = finding.position.record.strip_prefix("行 ") else { return };
    let Some((number, tail)) = rest.split_once(' ') else { return };
    if let Ok(number) = number.parse::<u64>() {
        finding.position.record = format!("行 {} {tail}", (number + add).saturating_sub(take));
    }
}

fn size(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::whole;
    use musubi_mappers::table::Interfaces;
    use musubi_mappers::{Mapper, mapper_for};
    use musubi_model::ProviderId;
    use musubi_model::code::NoMasters;
    use musubi_model::limits::Limits;

    /// Findings as they are told, those without a place by their rule only (they count what is in their part).
    type Told = Vec<(Option<u64>, String)>;

    fn told(found: &Found) -> (Option<u64>, String) {
        let f = &found.finding;
        let text = match f.position.range {
            Some(_) => format!("{f}"),
            None => f.rule.id.to_owned(),
        };
        (found.unit, text)
    }

    fn both(mapper: &dyn Mapper, bytes: &[u8], part_bytes: usize) -> ((Sums, Told), (Sums, Told)) {
        let (provider, limits) = (ProviderId::new("-").unwrap(), Limits::default());
        let tools =
            Tools { mapper, masters: &NoMasters, limits: &limits, provider: &provider, path: "RECEIPTC.UKE" };
        let mut one = Told::new();
        let at_once = whole(&tools, bytes, &mut |f| {
            one.push(told(&f));
            Ok(())
        });
        let mut two = Told::new();
        let parts = receipts(&tools, Box::new(bytes), part_bytes, &|_| {}, &mut |f| {
            two.push(told(&f));
            Ok(())
        });
        one.sort();
        two.sort();
        ((at_once.unwrap(), one), (parts.unwrap(), two))
    }

    /// Receipt files of every kind that is written synthetically.
    fn corpora() -> Vec<(FeedKind, Vec<u8>)> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("corpus");
        musubi_testdata::write_bench_corpus(FeedKind::ReceiptMedical, 400_000, 5, &at).unwrap();
        let mut all: Vec<(FeedKind, Vec<u8>)> =
            files(&at).into_iter().map(|bytes| (FeedKind::ReceiptMedical, bytes)).collect();
        for format in musubi_testdata::formats::all().iter().filter(|f| in_parts(f.kind)) {
            let sample = musubi_testdata::formats::sample(format, 300, 5).unwrap();
            all.extend(sample.into_iter().map(|f| (format.kind, f.bytes)));
        }
        all
    }

    fn files(at: &std::path::Path) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files(&path));
            } else if path.extension().is_some_and(|e| e == "UKE") {
                found.push(std::fs::read(&path).unwrap());
            }
        }
        found
    }

    /// Some ways to break a file, each of which must be told alike.
    fn broken(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let all: Vec<&[u8]> = lines(bytes).map(|(_, l)| l).collect();
        let with = |change: &dyn Fn(usize, &[u8]) -> Option<Vec<u8>>| -> Vec<u8> {
            all.iter().enumerate().filter_map(|(i, l)| change(i, l)).flatten().collect()
        };
        let id = |line: &[u8]| record(line).map(|(id, _)| id.to_vec());
        let middle = all.len() / 2;
        let payer = all.iter().enumerate().skip(middle).find(|(_, l)| id(l).as_deref() == Some(b"HO"));
        let payer = payer.map_or(usize::MAX, |(i, _)| i);
        vec![
            ("as it is", bytes.to_vec()),
            ("a payer is lost", with(&|i, l| (i != payer).then(|| l.to_vec()))),
            ("no GO", with(&|_, l| (!is_go(l)).then(|| l.to_vec()))),
            ("cut off", bytes.get(..bytes.len() * 2 / 3).unwrap().to_vec()),
            ("LF", bytes.iter().copied().filter(|b| *b != b'\r').collect()),
            (
                "GO says rubbish",
                with(&|_, l| Some(if is_go(l) { b"GO,x,y,99\r\n".to_vec() } else { l.to_vec() })),
            ),
            (
                "a strange record",
                with(&|i, l| Some(if i == middle { [b"ZZ,1\r\n", l].concat() } else { l.to_vec() })),
            ),
        ]
    }

    #[test]
    fn parts_say_what_the_whole_says() {
        let interfaces = Interfaces::builtin();
        let (mut files, mut spanned) = (0, 0);
        for (kind, bytes) in corpora() {
            let mapper = mapper_for(kind, "", &interfaces).unwrap();
            for (what, bytes) in broken(&bytes) {
                for part_bytes in [bytes.len() / 7 + 1, bytes.len() / 2 + 1, 3000] {
                    let (one, two) = both(mapper.as_ref(), &bytes, part_bytes);
                    let what = format!("{} {what}, parts of {part_bytes}", kind.as_str());
                    assert_eq!(one.1, two.1, "{what}");
                    assert_eq!(one.0, two.0, "{what}");
                    spanned += usize::from(part_bytes < bytes.len());
                    files += 1;
                }
            }
        }
        assert!(files > 20 && spanned > 20, "{files} {spanned}");
    }

    #[test]
    fn any_small_file_goes_through() {
        let interfaces = Interfaces::builtin();
        let mapper = mapper_for(FeedKind::ReceiptMedical, "", &interfaces).unwrap();
        for text in ["", "\r\n", "IR", "GO,1,2,99", "RE,1\r\nRE,2\r\nHO,1", "1,1,0,IR\n1,2,0,RE\n1,3,0,RE\n"]
        {
            for part_bytes in [1, 5, 100] {
                let (one, two) = both(mapper.as_ref(), text.as_bytes(), part_bytes);
                assert_eq!(one.0.records, two.0.records, "{text:?} {part_bytes}");
                assert_eq!(one.0.units, two.0.units, "{text:?} {part_bytes}");
            }
        }
    }
}
