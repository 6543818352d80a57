//! The structure of a zip package, read from its central directory: which members, where, how packed.
//!
//! Nothing is unpacked to disk, nothing is believed twice: local headers must agree with the directory, members must not
//! overlap, and what is unpacked is held against size and checksum. ZIP64, volumes and encryption are not read.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use memchr::memmem;
use musubi_model::ByteRange;
use musubi_model::limits::Limits;

use crate::text::{self, Encoding};

/// A local file header begins with this.
pub(super) const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x07";
/// No member is unpacked to more, whatever the limits.
const OPEN_BYTES_MAX: u64 = 1 << 30;
/// Small files pack well beyond any ratio.
const RATIO_FREE: u64 = 1 << 16;

/// Why a package as a whole cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// No end record, or a directory that is not one.
    Structure,
    /// ZIP64 fields.
    Zip64,
    /// Two members share bytes.
    Overlap,
    /// More members, or more bytes unpacked, than the limits.
    TooMuch,
}

/// Why a member cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoilt {
    /// Encrypted.
    Encrypted,
    /// Packed by another method than deflate.
    Method,
    /// Too large unpacked, or too dense.
    TooDense,
    /// A name that leads out of the package.
    Name,
    /// A package inside the package, packed once more.
    Package,
    /// Does not unpack to what the directory says.
    Damaged,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name, `/` as separator.
    pub(super) name: String,
    /// From its local header to the end of its packed bytes, in the document.
    pub(super) range: ByteRange,
    /// Where its packed bytes begin, in the document.
    pub(super) data: u64,
    /// Packed by deflate (otherwise stored).
    pub(super) deflated: bool,
    /// Unpacked bytes, as the directory says.
    pub(super) size: u64,
    /// CRC-32, as the directory says.
    pub(super) crc: u32,
    /// What keeps it from being read.
    pub(super) spoilt: Option<Spoilt>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u64> {
    let raw = bytes.get(at..at + 2)?;
    Some(u64::from(u16::from_le_bytes(raw.try_into().ok()?)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u64> {
    let raw = bytes.get(at..at + 4)?;
    Some(u64::from(u32::from_le_bytes(raw.try_into().ok()?)))
}

fn index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// The members of the package `bytes`, which stands at `base` in its document, by their place.
pub(super) fn members(bytes: &[u8], base: u64, limits: &Limits) -> Result<Vec<Member>, Broken> {
    let end = end_record(bytes).ok_or(Broken::Structure)?;
    let field = |at: usize| u16_at(bytes, end + at).ok_or(Broken::Structure);
    let (disk, first_disk, here, count) = (field(4)?, field(6)?, field(8)?, field(10)?);
    let size = u32_at(bytes, end + 12).ok_or(Broken::Structure)?;
    let start = u32_at(bytes, end + 16).ok_or(Broken::Structure)?;
    let far = end.checked_sub(20).and_then(|at| bytes.get(at..at + 4)) == Some(END64);
    if far || count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
        return Err(Broken::Zip64);
    }
    if disk != 0 || first_disk != 0 || here != count || index(start + size) != end {
        return Err(Broken::Structure);
    }
    if count > u64::from(limits.zip_entries_max) {
        return Err(Broken::TooMuch);
    }
    let mut members = Vec::with_capacity(index(count).min(bytes.len() / 46));
    let mut at = index(start);
    for _ in 0..count {
        let entry = bytes.get(at..end).ok_or(Broken::Structure)?;
        let (member, length) = member(bytes, entry, start, base, limits)?;
        members.push(member);
        at += length;
    }
    if at != end {
        return Err(Broken::Structure);
    }
    members.sort_by_key(|m| m.range.start);
    if members.windows(2).any(|w| matches!(w, [a, b] if a.range.end() > b.range.start)) {
        return Err(Broken::Overlap);
    }
    let unpacked: u64 = members.iter().map(|m| m.size).sum();
    if unpacked > limits.zip_bytes_max { Err(Broken::TooMuch) } else { Ok(members) }
}

/// The end record: the last one whose comment reaches just to the end.
fn end_record(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(22 + 0xFFFF);
    let tail = bytes.get(from..)?;
    memmem::rfind_iter(tail, END)
        .map(|at| from + at)
        .find(|at| u16_at(bytes, at + 20).is_some_and(|comment| at + 22 + index(comment) == bytes.len()))
}

/// One entry of the directory, and its length.
fn member(
    bytes: &[u8],
    entry: &[u8],
    directory: u64,
    base: u64,
    limits: &Limits,
) -> Result<(Member, usize), Broken> {
    let word = |at| u16_at(entry, at).ok_or(Broken::Structure);
    let long = |at| u32_at(entry, at).ok_or(Broken::Structure);
    if !entry.starts_with(CENTRAL) {
        return Err(Broken::Structure);
    }
    let (flags, method) = (word(8)?, word(10)?);
    let (crc, packed, size) = (long(16)?, long(20)?, long(24)?);
    let (name, extra, comment, disk) = (word(28)?, word(30)?, word(32)?, word(34)?);
    let local = long(42)?;
    if packed == 0xFFFF_FFFF || size == 0xFFFF_FFFF || local == 0xFFFF_FFFF {
        return Err(Broken::Zip64);
    }
    let raw = entry.get(46..46 + index(name)).ok_or(Broken::Structure)?;
    let head = bytes.get(index(local)..).ok_or(Broken::Structure)?;
    let offset = local_data(head).ok_or(Broken::Structure)?;
    let agrees = head.get(30..30 + index(name)) == Some(raw)
        && u16_at(head, 26) == Some(name)
        && u16_at(head, 8) == Some(method)
        && disk == 0;
    let data = local + u64::try_from(offset).unwrap_or(u64::MAX);
    let end = data.saturating_add(packed);
    if !agrees || end > directory {
        return Err(Broken::Structure);
    }
    let utf8 = flags & 0x800 != 0 || std::str::from_utf8(raw).is_ok();
    let name = text::decode(if utf8 { Encoding::Utf8 } else { Encoding::ShiftJis }, raw).replace('\\', "/");
    let largest = limits.document_bytes_max.min(OPEN_BYTES_MAX);
    let dense = size > RATIO_FREE && size / packed.max(1) > limits.zip_ratio_max;
    let spoilt = if flags & 0x41 != 0 {
        Some(Spoilt::Encrypted)
    } else if !matches!(method, 0 | 8) {
        Some(Spoilt::Method)
    } else if leads_out(&name) {
        Some(Spoilt::Name)
    } else if size > largest || dense || u32::try_from(end - local).is_err() {
        Some(Spoilt::TooDense)
    } else {
        None
    };
    let member = Member {
        name,
        range: ByteRange::within(base, index(local), index(end)),
        data: base + data,
        deflated: method == 8,
        size,
        crc: u32::try_from(crc).unwrap_or(0),
        spoilt,
    };
    Ok((member, 46 + index(extra + comment) + raw.len()))
}

/// Where the packed bytes begin behind a local header.
fn local_data(head: &[u8]) -> Option<usize> {
    if !head.starts_with(LOCAL) {
        return None;
    }
    Some(30 + index(u16_at(head, 26)?) + index(u16_at(head, 28)?))
}

fn leads_out(name: &str) -> bool {
    name.starts_with('/')
        || name.contains('\0')
        || name.as_bytes().get(1) == Some(&b':')
        || name.split('/').any(|part| part == "..")
}

/// The unpacked bytes of a unit that begins with a local header; any other unit as it is. What does not unpack is given
/// back packed.
pub(super) fn open(unit: &[u8]) -> Cow<'_, [u8]> {
    unpack(unit, OPEN_BYTES_MAX).unwrap_or(Cow::Borrowed(unit))
}

/// The same, or nothing when it does not unpack to at most `most` bytes.
pub(super) fn unpack(unit: &[u8], most: u64) -> Option<Cow<'_, [u8]>> {
    let packed = unit.get(local_data(unit)?..)?;
    match u16_at(unit, 8)? {
        0 => Some(Cow::Borrowed(packed)),
        8 => {
            let mut out = Vec::with_capacity((packed.len() * 6).min(1 << 22));
            DeflateDecoder::new(packed).take(most + 1).read_to_end(&mut out).ok()?;
            (u64::try_from(out.len()).ok()? <= most).then_some(Cow::Owned(out))
        }
        _ => None,
    }
}

/// The first bytes of a member, at most `most`.
pub(super) fn head_of(unit: &[u8], most: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let Some(packed) = local_data(unit).and_then(|at| unit.get(at..)) else { return out };
    match u16_at(unit, 8) {
        Some(0) => out.extend(packed.iter().take(index(most))),
        Some(8) => {
            // What came before a defect is still a head.
            let _ = DeflateDecoder::new(packed).take(most).read_to_end(&mut out).is_ok();
        }
        _ => {}
    }
    out
}

/// The CRC-32 of bytes.
pub(super) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}
