//! One entry of the log and its canonical bytes: who, in which role, what, to what, for what, how many persons, how it
//! ended, and what stood before. An entry has one spelling in bytes and every byte of it is in its hash.

use crate::hash::Hash;

/// The `previous` of the first entry.
pub const BEGINNING: &str = "musubi-audit/1";

/// How an entry's bytes are made. Entries of an older format stay verifiable for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// A JSON array of nine values; no purpose, no object class.
    One = 1,
    /// Length-prefixed texts; the entry's hash is its leaf.
    Two = 2,
}

impl Format {
    /// From its number.
    #[must_use]
    pub fn from_number(n: i64) -> Option<Self> {
        match n {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            _ => None,
        }
    }
}

/// An entry, borrowed from wherever it stands (a row, a line of an export).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Place in the log, from 1.
    pub seq: u64,
    /// How its bytes are made.
    pub format: Format,
    /// When, UTC with microseconds.
    pub at: &'a str,
    /// Who.
    pub actor: &'a str,
    /// In which role.
    pub role: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what.
    pub object: &'a str,
    /// How many persons it touched.
    pub persons: u64,
    /// How it ended.
    pub result: &'a str,
    /// For what (利用目的); empty in format 1.
    pub purpose: &'a str,
    /// What kind of thing the object is; empty in format 1.
    pub class: &'a str,
    /// Hash of the entry before, as written; of the first entry [`BEGINNING`].
    pub previous: &'a str,
    /// Hash of this entry, as written.
    pub hash: &'a str,
}

/// What an entry's content hashes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashes {
    /// What must stand as the entry's own hash, and as the next one's `previous`.
    pub chained: Hash,
    /// Its leaf in the tree.
    pub leaf: Hash,
}

impl Entry<'_> {
    /// The canonical bytes: everything but the hash itself, `previous` among it.
    pub fn canonical(&self, into: &mut Vec<u8>) {
        into.clear();
        match self.format {
            Format::One => into.extend_from_slice(
                serde_json::json!([
                    self.seq,
                    self.at,
                    self.actor,
                    self.role,
                    self.action,
                    self.object,
                    self.persons,
                    self.result,
                    self.previous
                ])
                .to_string()
                .as_bytes(),
            ),
            Format::Two => {
                into.extend_from_slice(b"musubi-audit-entry/2\0");
                into.extend_from_slice(&self.seq.to_le_bytes());
                into.extend_from_slice(&self.persons.to_le_bytes());
                for text in [
                    self.at,
                    self.actor,
                    self.role,
                    self.action,
                    self.object,
                    self.result,
                    self.purpose,
                    self.class,
                    self.previous,
                ] {
                    // Lengths before texts: no two entries have the same bytes.
                    into.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    into.extend_from_slice(text.as_bytes());
                }
            }
        }
    }

    /// The hashes of the content. `scratch` saves an allocation for each of millions of entries.
    #[must_use]
    pub fn hashes(&self, scratch: &mut Vec<u8>) -> Hashes {
        self.canonical(scratch);
        let leaf = Hash::leaf(scratch);
        match self.format {
            Format::One => Hashes { chained: Hash::plain(scratch), leaf },
            Format::Two => Hashes { chained: leaf, leaf },
        }
    }

    /// Does the content fit the hash that stands beside it? What a format does not hash must be empty.
    #[must_use]
    pub fn fits(&self, hashes: &Hashes) -> bool {
        let nothing_beside = self.format == Format::Two || (self.purpose.is_empty() && self.class.is_empty());
        nothing_beside && hashes.chained.is_written(self.hash)
    }
}
