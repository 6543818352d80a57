//! Hashes of the log: BLAKE3 under one key for leaves and another for inner nodes.
//!
//! The two keys keep a leaf from ever being taken for a node (and a node for a leaf), as the prefixes of RFC 6962 do,
//! and let a node be one block. Nothing here may depend on the machine or the time.

use std::fmt;

const LEAF: &[u8; 32] = b"musubi audit log: one entry/1\0\0\0";
const NODE: &[u8; 32] = b"musubi audit log: inner node/1\0\0";

/// A hash, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The leaf of an entry: the hash of its canonical bytes.
    #[must_use]
    pub fn leaf(bytes: &[u8]) -> Self {
        Self(*blake3::keyed_hash(LEAF, bytes).as_bytes())
    }

    /// The node over two subtrees.
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut both = [0u8; 64];
        let (a, b) = both.split_at_mut(32);
        a.copy_from_slice(&left.0);
        b.copy_from_slice(&right.0);
        Self(*blake3::keyed_hash(NODE, &both).as_bytes())
    }

    /// The root of a tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self(*blake3::keyed_hash(NODE, b"").as_bytes())
    }

    /// The plain hash, as entries of format 1 carry it.
    #[must_use]
    pub fn plain(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// From 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hexadecimal digits, and nothing else: one hash has one spelling.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        bytes_from_hex(text).map(Self)
    }

    /// Is this the hash that stands written as `text`?
    #[must_use]
    pub fn is_written(&self, text: &str) -> bool {
        Self::from_hex(text).as_ref() == Some(self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(if n < 10 { b'0' + n } else { b'a' + n - 10 });
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Exactly `N` bytes from lower-case hexadecimal digits.
#[must_use]
pub fn bytes_from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let value = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut out = [0u8; N];
    for (to, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *to = value(*high)? << 4 | value(*low)?;
    }
    Some(out)
}
