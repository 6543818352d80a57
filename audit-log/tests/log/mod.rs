//! Synthetic logs, honest and otherwise, for the trials.

use ed25519_dalek::{Signer as _, SigningKey};
use musubi_audit_log::entry::{BEGINNING, Entry, Format};
use musubi_audit_log::export::{ExportWriter, verify_export};
use musubi_audit_log::hash::Hash;
use musubi_audit_log::note::{Checkpoint, Keys, Note, PublicKey, Signature, origin_of};
use musubi_audit_log::tree;
use musubi_audit_log::verify::Report;

pub const HOUSE_SEED: [u8; 32] = [11; 32];
pub const WITNESS_SEED: [u8; 32] = [22; 32];

/// Signs as the house does, written out: the program's own way of signing is not asked.
fn by_house(seed: &[u8; 32], checkpoint: &Checkpoint) -> Signature {
    let key = SigningKey::from_bytes(seed);
    let content = blake3::hash(checkpoint.body().as_bytes());
    let message = [b"musubi signature/1 checkpoint/1\0".as_slice(), content.as_bytes()].concat();
    Signature {
        signer: "house".to_owned(),
        key: PublicKey(key.verifying_key().to_bytes()),
        bytes: key.sign(&message).to_bytes(),
    }
}

/// Numbers that are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).unwrap()).unwrap()
    }
}

/// An entry that owns its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    pub seq: u64,
    pub format: Format,
    pub texts: [String; 8],
    pub persons: u64,
    pub previous: String,
    pub hash: String,
}

impl Owned {
    pub fn entry(&self) -> Entry<'_> {
        let [at, actor, role, action, object, result, purpose, class] = &self.texts;
        Entry {
            seq: self.seq,
            format: self.format,
            at,
            actor,
            role,
            action,
            object,
            persons: self.persons,
            result,
            purpose,
            class,
            previous: &self.previous,
            hash: &self.hash,
        }
    }

    pub fn rehash(&mut self) {
        self.hash = self.entry().hashes(&mut Vec::new()).chained.to_string();
    }
}

/// `n` entries, the first few in the old format.
pub fn entries(dice: &mut Dice, n: u64) -> Vec<Owned> {
    let old = dice.next() % (n / 3 + 1);
    let mut all: Vec<Owned> = Vec::new();
    for seq in 1..=n {
        let format = if seq <= old { Format::One } else { Format::Two };
        let of = |words: &[&str], d: &mut Dice| words[d.below(words.len())].to_owned();
        let new = |word: &str| if format == Format::Two { word.to_owned() } else { String::new() };
        let texts = [
            format!("2026-11-{:02}T{:02}:00:00.{:06}Z", 1 + seq % 28, dice.below(24), dice.below(1_000_000)),
            of(&["night-job", "desk-1", "auditor"], dice),
            of(&["intake", "help-desk", "auditor"], dice),
            of(&["load", "view-person", "release"], dice),
            format!("submission:{:032x}", dice.next()),
            of(&["done", "refused:GATE"], dice),
            new("intake"),
            new("delivery"),
        ];
        let previous = all.last().map_or(BEGINNING.to_owned(), |e| e.hash.clone());
        let persons = dice.next() % 3;
        let mut one = Owned { seq, format, texts, persons, previous, hash: String::new() };
        one.rehash();
        all.push(one);
    }
    all
}

/// Numbers and hashes of all entries from the first on made to fit each other again.
pub fn relink(all: &mut [Owned]) {
    let mut previous = BEGINNING.to_owned();
    for (seq, one) in (1..).zip(all) {
        one.seq = seq;
        one.previous = previous;
        one.rehash();
        previous = one.hash.clone();
    }
}

pub fn leaves(all: &[Owned]) -> Vec<Hash> {
    all.iter().map(|e| e.entry().hashes(&mut Vec::new()).leaf).collect()
}

fn public(seed: &[u8; 32]) -> PublicKey {
    PublicKey(SigningKey::from_bytes(seed).verifying_key().to_bytes())
}

pub fn house() -> PublicKey {
    public(&HOUSE_SEED)
}

pub fn witness() -> PublicKey {
    public(&WITNESS_SEED)
}

pub fn keys() -> Keys {
    Keys { house: house(), witnesses: Vec::new() }
}

/// The checkpoint over the first `size` entries, signed with this key.
pub fn note_by(seed: &[u8; 32], all: &[Owned], size: usize, witnessed: bool) -> Note {
    let size_u64 = u64::try_from(size).unwrap();
    let root = tree::root(&mut leaves(&all[..size]).as_slice(), size_u64).unwrap();
    let checkpoint = Checkpoint {
        origin: origin_of(&house()),
        size: size_u64,
        root,
        at: "2026-11-21T15:00:00Z".to_owned(),
    };
    let mut signatures = vec![by_house(seed, &checkpoint)];
    if witnessed {
        signatures.push(Signature::by_witness("notary", &WITNESS_SEED, &checkpoint).unwrap());
    }
    Note { checkpoint, signatures }
}

pub fn note(all: &[Owned], size: usize, witnessed: bool) -> Note {
    note_by(&HOUSE_SEED, all, size, witnessed)
}

/// The file of a log with these checkpoints.
pub fn export(all: &[Owned], notes: &[Note]) -> Vec<u8> {
    let mut writer = ExportWriter::new(Vec::new(), &origin_of(&house())).unwrap();
    for (size, one) in (1u64..).zip(all) {
        writer.entry(&one.entry()).unwrap();
        for note in notes.iter().filter(|n| n.checkpoint.size == size) {
            writer.note(note).unwrap();
        }
    }
    writer.finish().unwrap()
}

pub fn verify(file: &[u8], keys: &Keys, kept: &[Note]) -> Report {
    verify_export(file, keys, kept.to_vec(), |_| {}).unwrap()
}
