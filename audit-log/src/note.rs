//! A checkpoint (控え): how long the log was, its root and when, signed by the house and by witnesses, as a text that a
//! person can read, print and keep. Together with proofs that earlier checkpoints are the beginning of this one it is a
//! bundle. A text has one meaning and a meaning one text: what does not read back to the same bytes is refused.

use std::fmt::Write as _;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

use crate::damage::Damage;
use crate::hash::{Hash, bytes_from_hex, to_hex};

/// What the house signs a checkpoint for.
pub const HOUSE_DOMAIN: &str = "checkpoint/1";
/// What a witness signs a checkpoint for.
pub const WITNESS_DOMAIN: &str = "checkpoint-witness/1";
/// The name under which the house signs.
pub const HOUSE: &str = "house";

/// An Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        bytes_from_hex(text).map(Self)
    }

    /// Written out.
    #[must_use]
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }

    fn verifies(&self, domain: &str, content: &[u8], signature: &[u8; 64]) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.0) else { return false };
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        key.verify_strict(&message(domain, content), &signature).is_ok()
    }
}

/// The bytes that are signed: purpose and content hash, as everywhere in the house (`model::sign`).
fn message(domain: &str, content: &[u8]) -> Vec<u8> {
    [b"musubi signature/1 ", domain.as_bytes(), b"\0", blake3::hash(content).as_bytes().as_slice()].concat()
}

/// The name of the log of the house with this key.
#[must_use]
pub fn origin_of(house: &PublicKey) -> String {
    let hash = Hash::plain(&house.0).to_string();
    format!("musubi-audit-log/1 {}", hash.get(..16).unwrap_or_default())
}

/// How long the log was, and its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// When it was signed, UTC.
    pub at: String,
}

impl Checkpoint {
    /// The bytes that the house signs.
    #[must_use]
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n{}\n", self.origin, self.size, self.root, self.at)
    }

    /// The bytes that the witness of this name signs.
    #[must_use]
    pub fn witnessed(&self, name: &str) -> String {
        format!("{}witness {name}\n", self.body())
    }
}

/// One signature under a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// [`HOUSE`], or the witness's name: small letters, digits and `-`.
    pub signer: String,
    /// With which key.
    pub key: PublicKey,
    /// The signature.
    pub bytes: [u8; 64],
}

impl Signature {
    /// A witness's signature, made with the secret key's 32 bytes. `None` for a name that is none.
    #[must_use]
    pub fn by_witness(name: &str, seed: &[u8; 32], checkpoint: &Checkpoint) -> Option<Self> {
        (is_name(name) && name != HOUSE).then(|| {
            let key = SigningKey::from_bytes(seed);
            let content = checkpoint.witnessed(name);
            Self {
                signer: name.to_owned(),
                key: PublicKey(key.verifying_key().to_bytes()),
                bytes: key.sign(&message(WITNESS_DOMAIN, content.as_bytes())).to_bytes(),
            }
        })
    }

    /// Does it hold?
    #[must_use]
    pub fn holds(&self, checkpoint: &Checkpoint) -> bool {
        if self.signer == HOUSE {
            self.key.verifies(HOUSE_DOMAIN, checkpoint.body().as_bytes(), &self.bytes)
        } else {
            let content = checkpoint.witnessed(&self.signer);
            self.key.verifies(WITNESS_DOMAIN, content.as_bytes(), &self.bytes)
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whose signatures count.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The house's key, learnt from the house itself and not from the log.
    pub house: PublicKey,
    /// Witnesses that must have signed.
    pub witnesses: Vec<PublicKey>,
}

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// The house's signature first, then witnesses'.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// Is it this house's, signed by it, and does every witness's signature hold?
    pub fn check(&self, house: &PublicKey) -> Result<(), Damage> {
        let (first, rest) = self.signatures.split_first().ok_or(Damage::Unsigned)?;
        if first.signer != HOUSE {
            return Err(Damage::Unsigned);
        }
        if first.key != *house {
            return Err(Damage::WrongKey);
        }
        if self.checkpoint.origin != origin_of(house) {
            return Err(Damage::OtherLog);
        }
        let twice = rest.iter().enumerate().any(|(i, s)| {
            s.signer == HOUSE || rest.iter().take(i).any(|b| b.key == s.key || b.signer == s.signer)
        });
        if twice || !self.signatures.iter().all(|s| s.holds(&self.checkpoint)) {
            return Err(Damage::BadSignature);
        }
        Ok(())
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.checkpoint.body();
        text.push('\n');
        for s in &self.signatures {
            // Writing into a string cannot fail.
            let _infallible = writeln!(text, "signed {} {} {}", s.signer, s.key.to_hex(), to_hex(&s.bytes));
        }
        text
    }

    /// The parts of one line of an export, and of the text.
    fn from_parts<'a>(
        [origin, size, root, at]: [&str; 4],
        signatures: impl Iterator<Item = [&'a str; 3]>,
    ) -> Option<Self> {
        let read = |[signer, key, bytes]: [&str; 3]| {
            let signer = is_name(signer).then(|| signer.to_owned())?;
            Some(Signature { signer, key: PublicKey::from_hex(key)?, bytes: bytes_from_hex(bytes)? })
        };
        let checkpoint = Checkpoint {
            origin: origin.to_owned(),
            size: whole_number(size)?,
            root: Hash::from_hex(root)?,
            at: at.to_owned(),
        };
        Some(Self { checkpoint, signatures: signatures.map(read).collect::<Option<_>>()? })
    }

    /// Its line in an export, without the mark and the line's end.
    #[must_use]
    pub fn line(&self) -> String {
        let c = &self.checkpoint;
        let mut line = format!("{}\t{}\t{}\t{}", c.origin, c.size, c.root, c.at);
        for s in &self.signatures {
            let _infallible = write!(line, "\t{}\t{}\t{}", s.signer, s.key.to_hex(), to_hex(&s.bytes));
        }
        line
    }

    /// Reads the line of an export.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let parts: Vec<&str> = line.split('\t').collect();
        let (head, rest) = parts.split_first_chunk::<4>()?;
        let (threes, left) = rest.as_chunks::<3>();
        if !left.is_empty() {
            return None;
        }
        Self::from_parts(*head, threes.iter().copied()).filter(|n| n.line() == line)
    }

    /// Reads a text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let head = [lines.next()?, lines.next()?, lines.next()?, lines.next()?];
        if !lines.next()?.is_empty() {
            return None;
        }
        let mut threes = Vec::new();
        for line in lines {
            let mut words = line.strip_prefix("signed ")?.split(' ');
            threes.push([words.next()?, words.next()?, words.next()?]);
        }
        Self::from_parts(head, threes.into_iter()).filter(|n| n.text() == text)
    }
}

/// A number with one spelling.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    if plain { text.parse().ok() } else { None }
}

/// That the log of `from` entries is the beginning of the log of `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The earlier size.
    pub from: u64,
    /// The later size.
    pub to: u64,
    /// The proof.
    pub path: Vec<Hash>,
}

/// A checkpoint and the proofs that lead to it: what a house sends to its witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The checkpoint.
    pub note: Note,
    /// Proofs from earlier sizes.
    pub proofs: Vec<Consistency>,
}

impl Bundle {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.note.text();
        for proof in &self.proofs {
            let _infallible = writeln!(text, "\nproof {} {}", proof.from, proof.to);
            for hash in &proof.path {
                let _infallible = writeln!(text, "{hash}");
            }
        }
        text
    }

    /// Reads a text; a checkpoint alone is a bundle without proofs.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split("\nproof ");
        let note = Note::from_text(parts.next()?)?;
        let mut proofs = Vec::new();
        for part in parts {
            let mut lines = part.lines();
            let (from, to) = lines.next()?.split_once(' ')?;
            let path = lines.map(Hash::from_hex).collect::<Option<_>>()?;
            proofs.push(Consistency { from: whole_number(from)?, to: whole_number(to)?, path });
        }
        Some(Self { note, proofs }).filter(|b| b.text() == text)
    }

    /// Is the kept checkpoint the beginning of this one? `None`: the proof that would tell is not in the bundle.
    #[must_use]
    pub fn follows(&self, kept: &Checkpoint) -> Option<bool> {
        let now = &self.note.checkpoint;
        if kept.origin != now.origin {
            return Some(false);
        }
        if kept.size == now.size {
            return Some(kept.root == now.root);
        }
        let proof = self.proofs.iter().find(|p| p.from == kept.size && p.to == now.size)?;
        Some(crate::tree::is_consistent(kept.size, &kept.root, now.size, &now.root, &proof.path))
    }
}
