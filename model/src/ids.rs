//! Typed identifiers. Each names one kind of thing; none converts into another.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// An identifier text that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: expected {expected}")]
pub struct InvalidId {
    /// Which kind of identifier was asked for.
    pub kind: &'static str,
    /// The shape that was expected.
    pub expected: &'static str,
}

/// Writes bytes as lower-case hexadecimal.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|n| DIGITS.get(usize::from(n))).collect()
}

/// Reads any number of bytes of hexadecimal (either case).
#[must_use]
pub fn from_hex_vec(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| std::str::from_utf8(pair).ok().and_then(from_hex::<1>).map(|[byte]| byte)).collect()
}

/// Reads exactly `N` bytes of hexadecimal (either case).
#[must_use]
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut out = [0u8; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let value = char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?;
        *byte = u8::try_from(value).ok()?;
    }
    Some(out)
}

macro_rules! byte_id {
    ($(#[$meta:meta])* $name:ident, $len:literal, $shape:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The raw bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// From raw bytes, when there are exactly as many as this kind has.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Some(Self(bytes.try_into().ok()?))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), to_hex(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                from_hex::<$len>(text).map(Self).ok_or(InvalidId { kind: stringify!($name), expected: $shape })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident, $min:literal ..= $max:literal, $shape:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(CompactString);

        impl $name {
            /// Accepts ASCII letters, digits, `-` and `.`, within the length this kind allows.
            /// Nothing else, so that an identifier can stand in a path or a log line.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                let fits = ($min..=$max).contains(&text.len());
                let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
                if fits && clean && !text.starts_with('.') {
                    Ok(Self(CompactString::from(text)))
                } else {
                    Err(InvalidId { kind: stringify!($name), expected: $shape })
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                Self::new(&String::deserialize(d)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

byte_id! {
    /// The name of a document: the BLAKE3 hash of its bytes.
    DocumentHash, 32, "64 hexadecimal digits"
}

impl DocumentHash {
    /// Names the given bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

byte_id! {
    /// One delivery under a feed (提出). The first 16 bytes of the BLAKE3 hash of its manifest's canonical form,
    /// so that the same delivery sent twice has the same name.
    SubmissionId, 16, "32 hexadecimal digits"
}

byte_id! {
    /// One patient as one provider described them, once (元データ上の本人). A keyed hash: the same description gives
    /// the same id, and nobody without the key can compute it. Not a person: a person is a cluster of these.
    IdentityId, 16, "32 hexadecimal digits"
}

byte_id! {
    /// Where a fact came from, as its name: 9 bytes of the document's hash, the unit's ordinal (4 bytes, big-endian)
    /// and the fact's ordinal inside the unit (3 bytes, big-endian).
    FactId, 16, "32 hexadecimal digits"
}

impl FactId {
    /// The number of facts that one unit can hold.
    pub const FACTS_PER_UNIT_MAX: u32 = 1 << 24;

    /// Builds the id. `None` when `fact` is not below [`Self::FACTS_PER_UNIT_MAX`].
    #[must_use]
    pub fn new(document: &DocumentHash, unit: u32, fact: u32) -> Option<Self> {
        if fact >= Self::FACTS_PER_UNIT_MAX {
            return None;
        }
        let [d0, d1, d2, d3, d4, d5, d6, d7, d8, ..] = document.0;
        let [u0, u1, u2, u3] = unit.to_be_bytes();
        let [_, f0, f1, f2] = fact.to_be_bytes();
        Some(Self([d0, d1, d2, d3, d4, d5, d6, d7, d8, u0, u1, u2, u3, f0, f1, f2]))
    }

    /// The first 9 bytes of the document's hash.
    #[must_use]
    pub fn document_prefix(&self) -> [u8; 9] {
        let [d0, d1, d2, d3, d4, d5, d6, d7, d8, ..] = self.0;
        [d0, d1, d2, d3, d4, d5, d6, d7, d8]
    }

    /// The ordinal of the unit inside the document.
    #[must_use]
    pub fn unit(&self) -> u32 {
        let [.., u0, u1, u2, u3, _, _, _] = self.0;
        u32::from_be_bytes([u0, u1, u2, u3])
    }

    /// The ordinal of the fact inside the unit.
    #[must_use]
    pub fn ordinal(&self) -> u32 {
        let [.., f0, f1, f2] = self.0;
        u32::from_be_bytes([0, f0, f1, f2])
    }
}

byte_id! {
    /// A person inside the operator (研究用ID). Random, never derived from anything; a linking code (連結符号) under the
    /// Act: it stays in zones Z3 and Z4 and is in no release.
    ResearchId, 16, "32 hexadecimal digits"
}

byte_id! {
    /// A person inside one release (提供用ID). New for every release; there is no way from here to a [`ResearchId`].
    ReleasePid, 8, "16 hexadecimal digits"
}

text_id! {
    /// A provider of medical data (医療情報取扱事業者), by its ten-digit institution code where it has one:
    /// prefecture 2, fee table 1 (1 medical, 3 dental, 4 dispensing), institution 7.
    ProviderId, 1..=32, "1 to 32 letters, digits, '-' or '.'"
}

text_id! {
    /// A standing agreement to deliver (フィード): submitter, providers, kind, schedule, interface version.
    FeedId, 1..=64, "1 to 64 letters, digits, '-' or '.'"
}

text_id! {
    /// Who bundles and signs deliveries (集約主体): a medical association, a municipality.
    SubmitterId, 1..=64, "1 to 64 letters, digits, '-' or '.'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_id_takes_apart_what_it_put_together() {
        let document = DocumentHash::of(b"a document");
        let id = FactId::new(&document, 70_000, 3).unwrap();
        assert_eq!(id.document_prefix(), document.0[..9]);
        assert_eq!((id.unit(), id.ordinal()), (70_000, 3));
        assert_eq!(id.to_string().parse::<FactId>().unwrap(), id);
        assert!(FactId::new(&document, 0, FactId::FACTS_PER_UNIT_MAX).is_none());
    }

    #[test]
    fn text_ids_refuse_what_could_leave_a_path() {
        for bad in ["", "a/b", "..", ".hidden", "a b", "医療", "a\0"] {
            assert!(FeedId::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(FeedId::new("chiba-med.1").unwrap().as_str(), "chiba-med.1");
    }

    #[test]
    fn hex_reads_only_its_own_length() {
        assert_eq!(from_hex::<2>("0aFF"), Some([10, 255]));
        assert_eq!(from_hex::<2>("0aF"), None);
        assert_eq!(from_hex::<2>("0aFG"), None);
        assert_eq!(from_hex::<1>("é"), None);
        assert_eq!(from_hex_vec("0aFF01"), Some(vec![10, 255, 1]));
        assert_eq!(from_hex_vec("0aFF0"), None);
    }
}
