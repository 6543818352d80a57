//! Verifying signatures (署名の検証): Ed25519 over a purpose and the content's BLAKE3.
//!
//! It must never sign, and never accept a weak key, a malleable signature or a signature made for another purpose.

use ed25519_dalek::VerifyingKey;

/// What the release officer's key signs a manifest for.
pub const MANIFEST: &str = "release/1";
/// What the board's key signs an approval for.
pub const APPROVAL: &str = "approval/1";
/// What the board's key signs a policy for.
pub const POLICY: &str = "musubi policy/1";

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(VerifyingKey);

/// The two keys a package is held against (公開鍵).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The review board's.
    pub board: Key,
    /// The release officer's.
    pub release: Key,
}

impl Key {
    /// Reads 64 hexadecimal digits. `None`: not a key.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = from_hex(text)?.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }

    /// Does the signature file hold over `content` for this purpose? The file is 128 small hexadecimal digits and one
    /// line end, nothing else.
    #[must_use]
    pub fn verifies(&self, purpose: &str, content: &[u8], signature_file: &[u8]) -> bool {
        let Some(text) = std::str::from_utf8(signature_file).ok().and_then(|t| t.strip_suffix('\n')) else {
            return false;
        };
        let small = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let Some(bytes) = from_hex(text).filter(|_| small).and_then(|b| <[u8; 64]>::try_from(b).ok()) else {
            return false;
        };
        let message = [
            b"musubi signature/1 ".as_slice(),
            purpose.as_bytes(),
            b"\0",
            blake3::hash(content).as_bytes().as_slice(),
        ]
        .concat();
        self.0.verify_strict(&message, &ed25519_dalek::Signature::from_bytes(&bytes)).is_ok()
    }
}

/// Reads hexadecimal digits.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// Writes hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}
