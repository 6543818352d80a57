//! Keys (鍵): a ring of master keys in files, and data keys wrapped under it.
//!
//! The key-encryption key (KEK) never touches the database; data keys lie there wrapped. Destroying a data key's row
//! makes everything sealed under it unreadable, in old backups too (crypto-erasure). Everything is AES-SIV: the same
//! content under the same key and context gives the same bytes, so a repeated load writes the same file.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aes_siv::KeyInit as _;
use aes_siv::siv::Aes256Siv;
use musubi_model::ids::{from_hex, to_hex};
use musubi_model::sign::SecretKey;
use zeroize::Zeroizing;

use crate::error::StorageError;

/// Bytes of an AES-256-SIV key.
pub const KEY_BYTES: usize = 64;
/// Bytes that sealing adds.
pub const SEAL_BYTES: usize = 16;

/// Fresh random bytes of the system, for tokens and salts.
pub fn random<const N: usize>() -> Result<[u8; N], StorageError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|_| StorageError::Key("no randomness from the system"))?;
    Ok(bytes)
}

/// A symmetric key that seals and opens. Wiped when dropped; not printable.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(‹非表示›)")
    }
}

impl SealKey {
    /// A new random key.
    pub fn random() -> Result<Self, StorageError> {
        let mut bytes = Zeroizing::new([0u8; KEY_BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(|_| StorageError::Key("no randomness from the system"))?;
        Ok(Self(bytes))
    }

    /// From raw bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The raw bytes; for wrapping and for derived keys only.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals `plain` bound to `context` (which is not stored). Deterministic; [`SEAL_BYTES`] longer than `plain`.
    pub fn seal(&self, context: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, StorageError> {
        Aes256Siv::new((&*self.0).into())
            .encrypt(context, plain)
            .map_err(|_| StorageError::Key("sealing failed"))
    }

    /// Opens what [`Self::seal`] made under the same context; anything else is refused.
    pub fn open(&self, context: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, StorageError> {
        Aes256Siv::new((&*self.0).into())
            .decrypt(context, sealed)
            .map_err(|_| StorageError::Key("the key does not open these bytes"))
    }

    /// A key for one purpose, derived from this one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        let mut bytes = Zeroizing::new([0u8; KEY_BYTES]);
        blake3::Hasher::new_derive_key(purpose).update(self.0.as_slice()).finalize_xof().fill(bytes.as_mut());
        Self(bytes)
    }

    /// Wraps a data key for the database.
    pub fn wrap(&self, key_id: &[u8], key: &Self) -> Result<Vec<u8>, StorageError> {
        self.seal(&[b"data-key/1", key_id], key.0.as_slice())
    }

    /// Unwraps a data key from the database.
    pub fn unwrap_key(&self, key_id: &[u8], wrapped: &[u8]) -> Result<Self, StorageError> {
        let plain = Zeroizing::new(self.open(&[b"data-key/1", key_id], wrapped)?);
        let bytes: [u8; KEY_BYTES] =
            plain.as_slice().try_into().map_err(|_| StorageError::Key("a data key of the wrong length"))?;
        Ok(Self::from_bytes(bytes))
    }
}

/// Where the KEK comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KekSource {
    /// A file of 128 hexadecimal digits, readable by its owner only.
    File(PathBuf),
    /// A command that prints 128 hexadecimal digits (`keys.kek_command`).
    Command(Vec<String>),
}

/// All master keys of an installation.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// Wraps data keys.
    pub kek: SealKey,
    /// Makes tokens and identity ids; used by `id-resolution` and the opt-out gate.
    pub token: SealKey,
    /// Signs approvals (the board's key).
    pub board: SecretKey,
    /// Signs releases (the release officer's key).
    pub release: SecretKey,
    /// Signs acknowledgements (the house's key).
    pub house: SecretKey,
}

impl KeyRing {
    /// Opens the ring in `folder`, making what is missing. Only the first call on a new folder makes keys.
    pub fn open_or_create(folder: &Path, kek: &KekSource) -> Result<Self, StorageError> {
        fs::create_dir_all(folder).map_err(StorageError::io("making the key folder", folder))?;
        let kek = match kek {
            KekSource::File(path) => SealKey(key_file(path)?),
            KekSource::Command(words) => SealKey(key_command(words)?),
        };
        let seed = |name: &str| signing_key(&folder.join(name));
        Ok(Self {
            kek,
            token: SealKey(key_file(&folder.join("token.key"))?),
            board: seed("board.key")?,
            release: seed("release.key")?,
            house: seed("house.key")?,
        })
    }
}

/// A signing key in a file of its own, made when there is none; its public half lies beside it (`.pub`).
pub fn signing_key(path: &Path) -> Result<SecretKey, StorageError> {
    let bytes: Zeroizing<[u8; 32]> = key_file(path)?;
    let key = SecretKey::from_seed(&bytes);
    let public = path.with_extension("pub");
    if !public.exists() {
        fs::write(&public, format!("{}\n", key.public())).map_err(StorageError::io("writing", &public))?;
    }
    Ok(key)
}

/// Reads a key file, or makes one of random bytes that only its owner can read.
fn key_file<const N: usize>(path: &Path) -> Result<Zeroizing<[u8; N]>, StorageError> {
    if !path.exists() {
        let mut fresh = Zeroizing::new([0u8; N]);
        getrandom::fill(fresh.as_mut()).map_err(|_| StorageError::Key("no randomness from the system"))?;
        // Written beside and linked into place, so that of two processes one wins and both read the same key.
        let temporary = path.with_extension(format!("new-{}", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(StorageError::io("making a key file", &temporary))?;
        let text = Zeroizing::new(to_hex(fresh.as_slice()));
        writeln!(file, "{}", text.as_str())
            .and_then(|()| file.sync_all())
            .map_err(StorageError::io("writing a key file", &temporary))?;
        let linked = fs::hard_link(&temporary, path);
        fs::remove_file(&temporary).map_err(StorageError::io("removing", &temporary))?;
        match linked {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(StorageError::io("making a key file", path)(e)),
        }
    }
    let text =
        Zeroizing::new(fs::read_to_string(path).map_err(StorageError::io("reading a key file", path))?);
    from_hex(text.trim()).map(Zeroizing::new).ok_or(StorageError::Key("a key file does not hold a key"))
}

fn key_command<const N: usize>(words: &[String]) -> Result<Zeroizing<[u8; N]>, StorageError> {
    let (program, arguments) = words.split_first().ok_or(StorageError::Key("keys.kek_command is empty"))?;
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(StorageError::io("running keys.kek_command", program))?;
    if !output.status.success() {
        return Err(StorageError::Key("keys.kek_command failed"));
    }
    let text = Zeroizing::new(output.stdout);
    std::str::from_utf8(&text)
        .ok()
        .and_then(|t| from_hex(t.trim()))
        .map(Zeroizing::new)
        .ok_or(StorageError::Key("keys.kek_command did not print a key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealing_is_deterministic_and_bound_to_its_context() {
        let key = SealKey::random().unwrap();
        let sealed = key.seal(&[b"a"], b"plain").unwrap();
        assert_eq!(sealed, key.seal(&[b"a"], b"plain").unwrap());
        assert_eq!(sealed.len(), 5 + SEAL_BYTES);
        assert_eq!(key.open(&[b"a"], &sealed).unwrap(), b"plain");
        assert!(key.open(&[b"b"], &sealed).is_err());
        assert!(SealKey::random().unwrap().open(&[b"a"], &sealed).is_err());
    }

    #[test]
    fn a_ring_opens_to_the_same_keys() {
        let folder = tempfile::tempdir().unwrap();
        let kek = KekSource::File(folder.path().join("kek.key"));
        let first = KeyRing::open_or_create(folder.path(), &kek).unwrap();
        let second = KeyRing::open_or_create(folder.path(), &kek).unwrap();
        assert_eq!(first.token.expose(), second.token.expose());
        assert_eq!(first.release.public(), second.release.public());
        assert_eq!(first.house.public(), second.house.public());
        assert_ne!(first.house.public(), first.release.public());
        let id = [1u8; 16];
        let data = SealKey::random().unwrap();
        let wrapped = first.kek.wrap(&id, &data).unwrap();
        assert_eq!(second.kek.unwrap_key(&id, &wrapped).unwrap().expose(), data.expose());
        assert!(second.kek.unwrap_key(&[2u8; 16], &wrapped).is_err());
    }

    #[test]
    fn a_command_can_hold_the_kek() {
        let text = to_hex(&[9u8; KEY_BYTES]);
        let words = vec!["printf".to_owned(), text];
        let key: Zeroizing<[u8; KEY_BYTES]> = key_command(&words).unwrap();
        assert_eq!(*key, [9u8; KEY_BYTES]);
        assert!(key_command::<KEY_BYTES>(&["false".to_owned()]).is_err());
    }
}
