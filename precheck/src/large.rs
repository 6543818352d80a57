//! Receipt files too large for memory, read in parts that end between receipts.
//!
//! A part is given to the mapper as a small file of its own: where it begins inside a block, the head records of the
//! block stand before it; where it ends inside one, a GO is put behind it, and whatever is said of these lines is
//! dropped. A GO that sums up more than its part is held against a skeleton: the head records, the block's first
//! receipt, as many HO as the other receipts had payers, with the points of all of them, and the GO itself. So the mapper
//! judges, and none of its rules is written here twice.

use std::collections::BTreeSet;
use std::io::Read;

use anyhow::Result;
use musubi_mappers::{Document, Split};
use musubi_model::ByteRange;
use musubi_model::finding::Finding;
use musubi_model::manifest::FeedKind;

use crate::check::{Found, Sink, Sums, Tools, units};
use heads::{Heads, Step, lead, lines};

mod heads;

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

/// Reads a receipt file of `kind` from `source` in parts of about `part_bytes`. `done` is told the bytes read.
pub(crate) fn receipts(
    kind: FeedKind,
    tools: &Tools<'_>,
    mut source: Box<dyn Read + '_>,
    part_bytes: usize,
    done: &dyn Fn(u64),
    sink: &mut Sink<'_>,
) -> Result<Sums> {
    let mut file = File {
        sums: Sums::default(),
        place: Place::default(),
        heads: Heads::new(kind),
        block: None,
        said: BTreeSet::new(),
    };
    let mut buffer: Vec<u8> = Vec::with_capacity(part_bytes * 2);
    let mut want = part_bytes;
    loop {
        let before = buffer.len();
        let missing = u64::try_from(want.saturating_sub(before)).unwrap_or(u64::MAX);
        source.by_ref().take(missing).read_to_end(&mut buffer)?;
        done(size(buffer.len() - before));
        if buffer.len() < want {
            if !buffer.is_empty() || file.place.bytes == 0 {
                file.part(tools, &buffer, false, sink)?;
            }
            break;
        }
        match file.cut(tools, &buffer) {
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

/// Where in the file a part begins.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    bytes: u64,
    lines: u64,
}

/// A block that began in an earlier part: what its GO must sum up so far.
#[derive(Debug, Clone, Default)]
struct Block {
    payers: u64,
    points: u64,
    /// Its first receipt, with what it adds to both.
    first: Option<(Vec<u8>, u64, u64)>,
}

/// What a block that spans parts adds to the part at hand.
#[derive(Default)]
struct Spanning {
    /// What is wrong with its GO, when it ends in this part.
    findings: Vec<Finding>,
    /// Points to be added to the control totals, and taken away.
    points: (u64, u64),
}

struct File {
    sums: Sums,
    place: Place,
    heads: Heads,
    block: Option<Block>,
    /// Rules without a place that were told of already.
    said: BTreeSet<&'static str>,
}

impl File {
    /// The head records that must stand before a buffer that follows what was read so far.
    fn before(&self, buffer: &[u8]) -> Heads {
        let opens = lines(buffer).next().is_some_and(|(_, line)| self.heads.peek(line) == Step::Opens);
        if opens { Heads::default() } else { self.heads.clone() }
    }

    /// Where a buffer can be cut, and whether that is inside a block: before the last block that begins in its second
    /// half, else before its last unit, as the mapper cuts them. The last line is never looked at: it may be torn.
    fn cut(&self, tools: &Tools<'_>, buffer: &[u8]) -> Option<(usize, bool)> {
        let before = self.before(buffer).text();
        let units = split(tools, &[before.as_slice(), buffer].concat()).units;
        let starts: BTreeSet<usize> = units
            .iter()
            .filter_map(|u| usize::try_from(u.range.start).ok()?.checked_sub(before.len()))
            .collect();
        let mut heads = self.heads.clone();
        let (mut last_block, mut last_unit) = (None, None);
        let mut whole: Option<(usize, &[u8])> = None;
        for line in lines(buffer) {
            let Some((start, line)) = whole.replace(line) else { continue };
            if start > 0 && starts.contains(&start) {
                last_unit = Some((start, heads.open));
            }
            if heads.step(line) == Step::Opens && start > 0 {
                last_block = Some((start, false));
            }
        }
        let in_second_half = last_block.filter(|(at, _)| *at > buffer.len() / 2);
        in_second_half.or(last_unit).or(last_block)
    }

    /// Checks one part. `inside`: it ends inside a block.
    fn part(&mut self, tools: &Tools<'_>, bytes: &[u8], inside: bool, sink: &mut Sink<'_>) -> Result<()> {
        let heads = self.before(bytes);
        let before = heads.text();
        let mut text = [before.as_slice(), bytes].concat();
        let body_end = text.len();
        if inside {
            text.extend_from_slice(&closing(bytes));
        }
        let document = document(tools, &text);
        let mut split = tools.mapper.split(&document);
        let own_go = self.block.as_ref().and_then(|_| self.first_end(bytes)).filter(|e| e.closes);
        let own_go = own_go.map(|e| (before.len() + e.at, before.len() + e.at + e.line.len()));
        let spanning = self.spanning(tools, &before, bytes, inside);
        split.findings.retain(|f| {
            !f.position.range.is_some_and(|r| {
                let lies = |from: usize, to: usize| r.start >= size(from) && r.start < size(to);
                lies(0, before.len()) || lies(body_end, text.len()) || own_go.is_some_and(|(a, b)| lies(a, b))
            })
        });
        let first = self.place.bytes == 0;
        if heads.len() == 0 && !first && self.heads.len() == 0 {
            // That the file has no head was told of its first line.
            split.findings.retain(|f| f.position.range.is_none_or(|r| r.start > 0));
        }
        split.findings.retain(|f| f.position.range.is_some() || self.said.insert(f.rule.id) || first);
        self.sums.unsound |= split.is_unsound() || spanning.findings.iter().any(Finding::is_error);
        let (place, added, before_units) = (self.place, (before.len(), heads.len()), self.sums.units);
        for finding in &split.findings {
            sink(Found { unit: None, finding: moved(finding.clone(), place, added) })?;
        }
        for finding in spanning.findings {
            if finding.position.range.is_some() || self.said.insert(finding.rule.id) {
                sink(Found { unit: None, finding })?;
            }
        }
        self.totals(&split, &heads, inside, spanning.points);
        let mut part = Sums::default();
        units(tools, &document, &split, &mut part, &mut |found| {
            let finding = moved(found.finding, place, added);
            sink(Found { unit: found.unit.map(|u| u + before_units), finding })
        })?;
        self.sums.units += part.units;
        self.sums.quarantined += part.quarantined;
        for (kind, n) in part.records {
            *self.sums.records.entry(kind).or_default() += n;
        }
        for (table, n) in part.facts {
            *self.sums.facts.entry(table).or_default() += n;
        }
        for (_, line) in lines(bytes) {
            self.place.lines += 1;
            self.heads.step(line);
        }
        self.place.bytes += size(bytes.len());
        Ok(())
    }

    /// What a block that came in from the part before, or goes out into the next, adds to this part.
    fn spanning(&mut self, tools: &Tools<'_>, before: &[u8], bytes: &[u8], inside: bool) -> Spanning {
        let mut spanning = Spanning::default();
        if let Some(mut block) = self.block.take() {
            let end = self.first_end(bytes);
            let tail = end.as_ref().map_or(bytes, |e| bytes.get(..e.at).unwrap_or(bytes));
            block.add(tools, before, tail);
            if end.is_none() && inside {
                self.block = Some(block);
                return spanning;
            }
            let go = end.filter(|e| e.closes);
            let go_line = go.as_ref().map_or(&[][..], |e| e.line);
            let mut text = block.skeleton(before);
            let at = text.len();
            text.extend_from_slice(go_line);
            let judged = split(tools, &text);
            let of = |split: &Split| split.totals.get("points").copied().unwrap_or(0);
            spanning.points = (of(&judged), of(&split(tools, &[before, tail, go_line].concat())));
            let put = size(lines(text.get(..at).unwrap_or_default()).count());
            let place = self.place_of(bytes, go.as_ref().map_or(bytes.len(), |e| e.at));
            for mut finding in judged.findings {
                match finding.position.range {
                    Some(r) if r.start >= size(at) => {
                        let start = place.bytes + (r.start - size(at));
                        finding.position.range = Some(ByteRange { start, len: r.len });
                        renumber(&mut finding, place.lines, put);
                        spanning.findings.push(finding);
                    }
                    // Without a place: that the block has no GO.
                    None if go.is_none() && finding.is_error() => spanning.findings.push(finding),
                    _ => {}
                }
            }
        }
        if inside && self.block.is_none() {
            let mut heads = self.heads.clone();
            let (mut from, mut under) = (0, before.to_vec());
            for (start, line) in lines(bytes) {
                match heads.step(line) {
                    Step::Opens => (from, under) = (start, Vec::new()),
                    Step::Closes => (from, under) = (start + line.len(), heads.text()),
                    Step::Goes => {}
                }
            }
            let mut block = Block::default();
            block.add(tools, &under, bytes.get(from..).unwrap_or_default());
            self.block = Some(block);
        }
        spanning
    }

    /// Where the block that came in from the part before ends.
    fn first_end<'b>(&self, bytes: &'b [u8]) -> Option<End<'b>> {
        let mut heads = self.heads.clone();
        lines(bytes).find_map(|(at, line)| match heads.step(line) {
            Step::Goes => None,
            step => Some(End { at, line, closes: step == Step::Closes }),
        })
    }

    fn place_of(&self, bytes: &[u8], at: usize) -> Place {
        let before = lines(bytes).take_while(|(start, _)| *start < at).count();
        Place { bytes: self.place.bytes + size(at), lines: self.place.lines + size(before) }
    }

    /// Adds control totals and the records outside units, without the lines that were put in.
    fn totals(&mut self, split: &Split, heads: &Heads, has_go: bool, (add, take): (u64, u64)) {
        let ours = |kind: &str| heads.count(kind) + u64::from(kind == "GO" && has_go);
        for (kind, n) in &split.totals {
            let entry = self.sums.totals.entry(kind.clone()).or_default();
            *entry += n.saturating_sub(ours(kind));
            if kind == "points" {
                *entry = (*entry + add).saturating_sub(take);
            }
        }
        for (kind, n) in split.envelope.iter() {
            let n = n.saturating_sub(ours(kind));
            if n > 0 {
                *self.sums.records.entry(kind.into()).or_default() += n;
            }
        }
        self.sums.totals.retain(|kind, n| *n > 0 || kind == "points");
    }
}

/// The line at which a block ends.
struct End<'b> {
    at: usize,
    line: &'b [u8],
    /// It is its GO; else the next block begins.
    closes: bool,
}

impl Block {
    /// Adds what GO must sum up of a piece of the block that stands under the head records `before`.
    fn add(&mut self, tools: &Tools<'_>, before: &[u8], piece: &[u8]) {
        let (payers, points) = summed(tools, &[before, piece].concat());
        self.payers += payers;
        self.points += points;
        if self.first.is_none() {
            let text = [before, piece].concat();
            let unit = split(tools, &text).units.into_iter().next();
            if let Some(bytes) = unit.and_then(|u| u.range.slice(&text).map(<[u8]>::to_vec)) {
                let own: &[u8] = if before.is_empty() { heads_of(piece) } else { before };
                let (payers, points) = summed(tools, &[own, &bytes].concat());
                self.first = Some((bytes, payers, points));
            }
        }
    }

    /// A small block that the mapper sums up as it would the whole one, without its GO.
    fn skeleton(&self, before: &[u8]) -> Vec<u8> {
        let lead = lead(before);
        let mut text = before.to_vec();
        let (mut payers, mut points) = (self.payers, self.points);
        if let Some((first, of_payers, of_points)) = &self.first {
            text.extend_from_slice(first);
            payers = payers.saturating_sub(*of_payers);
            points = points.saturating_sub(*of_points);
        }
        end_line(&mut text);
        if payers > 0 {
            text.extend_from_slice(format!("{lead}RE\r\n").as_bytes());
        }
        for n in 0..payers {
            let points = if n == 0 { format!(",,,,,{points}") } else { String::new() };
            text.extend_from_slice(format!("{lead}HO{points}\r\n").as_bytes());
        }
        text
    }
}

/// What a GO at the end of a text would have to say: the mapper tells it of one that says nothing.
fn summed(tools: &Tools<'_>, text: &[u8]) -> (u64, u64) {
    let mut text = text.to_vec();
    end_line(&mut text);
    let at = size(text.len());
    let lead = lead(&text);
    text.extend_from_slice(format!("{lead}GO,x,x,99\r\n").as_bytes());
    let mut sums = (0, 0);
    for finding in split(tools, &text).findings {
        let on_go = finding.position.range.is_some_and(|r| r.start >= at);
        let Ok(expected) = finding.expected.parse::<u64>() else { continue };
        match finding.position.field.as_str() {
            "列 1" if on_go => sums.0 = expected,
            "列 2" if on_go => sums.1 = expected,
            _ => {}
        }
    }
    sums
}

/// The head records at the beginning of a block.
fn heads_of(block: &[u8]) -> &[u8] {
    let end = lines(block)
        .find(|(_, line)| !matches!(heads::id(line), b"HI" | b"IR" | b"UK" | b"YK" | b"HM" | b"MN"))
        .map_or(block.len(), |(at, _)| at);
    block.get(..end).unwrap_or_default()
}

/// Ends the last line of a text, which a file that was cut off leaves open.
fn end_line(text: &mut Vec<u8>) {
    if !text.is_empty() && !text.ends_with(b"\n") && !text.ends_with(b"\r") {
        text.extend_from_slice(b"\r\n");
    }
}

fn document<'a>(tools: &Tools<'a>, bytes: &'a [u8]) -> Document<'a> {
    Document { bytes, path: tools.path, provider: tools.provider, limits: tools.limits }
}

fn split(tools: &Tools<'_>, bytes: &[u8]) -> Split {
    tools.mapper.split(&document(tools, bytes))
}

/// A GO that closes a part: it promises nothing that counts, for what is said of it is dropped.
fn closing(bytes: &[u8]) -> Vec<u8> {
    let first = lines(bytes).next().map_or(&[][..], |(_, line)| line);
    let end: &[u8] = if first.ends_with(b"\r\n") {
        b"\r\n"
    } else if first.ends_with(b"\r") {
        b"\r"
    } else {
        b"\n"
    };
    [lead(bytes).as_bytes(), b"GO,0,0,99", end].concat()
}

/// A finding of a part as one of the file: so many bytes and lines were put before the part.
fn moved(mut finding: Finding, place: Place, (bytes, lines): (usize, usize)) -> Finding {
    if let Some(range) = &mut finding.position.range {
        range.start = (range.start + place.bytes).saturating_sub(size(bytes));
    }
    renumber(&mut finding, place.lines, size(lines));
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

    fn both(
        kind: FeedKind,
        mapper: &dyn Mapper,
        bytes: &[u8],
        part_bytes: usize,
    ) -> ((Sums, Told), (Sums, Told)) {
        let (provider, limits) = (ProviderId::new("-").unwrap(), Limits::default());
        let tools =
            Tools { mapper, masters: &NoMasters, limits: &limits, provider: &provider, path: "RECEIPTC.UKE" };
        let mut one = Told::new();
        let at_once = whole(&tools, bytes, &mut |f| {
            one.push(told(&f));
            Ok(())
        });
        let mut two = Told::new();
        let parts = receipts(kind, &tools, Box::new(bytes), part_bytes, &|_| {}, &mut |f| {
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

    /// A line by its number to what takes its place.
    type Change<'c> = &'c dyn Fn(usize, &[u8]) -> Option<Vec<u8>>;

    /// Some ways to break a file, each of which must be told alike.
    fn broken(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let all: Vec<&[u8]> = lines(bytes).map(|(_, l)| l).collect();
        let with = |change: Change<'_>| -> Vec<u8> {
            all.iter().enumerate().filter_map(|(i, l)| change(i, l)).flatten().collect()
        };
        let id = |line: &[u8]| heads::id(line).to_vec();
        let middle = all.len() / 2;
        let payer = all.iter().enumerate().skip(middle).find(|(_, l)| id(l) == b"HO");
        let payer = payer.map_or(usize::MAX, |(i, _)| i);
        vec![
            ("as it is", bytes.to_vec()),
            ("a payer is lost", with(&|i, l| (i != payer).then(|| l.to_vec()))),
            ("no GO", with(&|_, l| (id(l) != b"GO").then(|| l.to_vec()))),
            ("cut off", bytes.get(..bytes.len() * 2 / 3).unwrap().to_vec()),
            ("LF", bytes.iter().copied().filter(|b| *b != b'\r').collect()),
            (
                "GO says rubbish",
                with(&|_, l| Some(if id(l) == b"GO" { b"GO,x,y,99\r\n".to_vec() } else { l.to_vec() })),
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
                    let (one, two) = both(kind, mapper.as_ref(), &bytes, part_bytes);
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
                let (one, two) = both(FeedKind::ReceiptMedical, mapper.as_ref(), text.as_bytes(), part_bytes);
                assert_eq!(one.0.records, two.0.records, "{text:?} {part_bytes}");
                assert_eq!(one.0.units, two.0.units, "{text:?} {part_bytes}");
            }
        }
    }
}
