//! Signatures (電子署名): Ed25519 with a domain, so that a signature made for one purpose is worth nothing for another.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::ids::{from_hex, to_hex};

/// What the house signs a model of patient matching for (名寄せモデル).
pub const MATCHING_MODEL: &str = "matching-model/1";
/// What the house signs a checkpoint of the audit log for (証跡の控え).
pub const CHECKPOINT: &str = "checkpoint/1";

/// What the house signs a certificate of an erasure for (削除証明書).
pub const ERASURE: &str = "erasure/1";

/// What the house signs the ledger of erasures for, which is kept beside backups (削除台帳).
pub const ERASURE_LEDGER: &str = "erasure-ledger/1";

/// What the house signs the list of a backup's files for (バックアップ).
pub const BACKUP: &str = "backup/1";

/// A public key, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// A signature, written as 128 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

/// A secret signing key. Wiped from memory when dropped; `Debug` shows only the public half.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

/// The bytes that are signed: purpose and content hash.
fn message(domain: &str, content: &[u8]) -> Vec<u8> {
    [b"musubi signature/1 ", domain.as_bytes(), b"\0", blake3::hash(content).as_bytes().as_slice()].concat()
}

impl SecretKey {
    /// From 32 bytes of randomness.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The 32 bytes, to be kept in a key file.
    #[must_use]
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `content` for one purpose.
    #[must_use]
    pub fn sign(&self, domain: &str, content: &[u8]) -> Signature {
        Signature(self.0.sign(&message(domain, content)).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

impl PublicKey {
    /// Does `signature` hold over `content` for this purpose? Weak keys and malleable signatures are refused.
    #[must_use]
    pub fn verifies(&self, domain: &str, content: &[u8], signature: &Signature) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.0) else { return false };
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(&message(domain, content), &signature).is_ok()
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

impl Signature {
    /// Reads 128 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::from_hex(&String::deserialize(d)?)
            .ok_or_else(|| serde::de::Error::custom("expected 64 hex digits"))
    }
}

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::from_hex(&String::deserialize(d)?)
            .ok_or_else(|| serde::de::Error::custom("expected 128 hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_bytes_and_its_purpose_only() {
        let key = SecretKey::from_seed(&[7; 32]);
        let signature = key.sign("a", b"content");
        assert!(key.public().verifies("a", b"content", &signature));
        assert!(!key.public().verifies("b", b"content", &signature));
        assert!(!key.public().verifies("a", b"Content", &signature));
        assert!(!SecretKey::from_seed(&[8; 32]).public().verifies("a", b"content", &signature));
        assert_eq!(Signature::from_hex(&signature.to_string()), Some(signature));
        assert!(!format!("{key:?}").contains(&to_hex(&[7; 32])));
    }
}
