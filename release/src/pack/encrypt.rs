//! Encryption to the recipients (暗号化): a package as one file `R-….tar.age` that each of them, and nobody else, can
//! open (law.md R-PSE-03). Format: age v1 (X25519, ChaCha20-Poly1305 in chunks: cut or changed files do not open).
//!
//! It must never write plain text beside it, nor hold a secret key longer than it takes to open.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use age::x25519;
use age::{DecryptError, Decryptor, Encryptor};
use musubi_model::spec::ExtractSpec;
use zeroize::Zeroizing;

use super::archive;
use super::error::PackError;

/// The keys of a request's recipients. None: the package is handed over in the operator's own environment.
#[must_use]
pub fn recipients(spec: &ExtractSpec) -> Vec<String> {
    spec.recipients.iter().filter_map(|r| r.age.clone()).collect()
}

/// A new pair of keys: the recipient's public one (`age1…`) and the secret one. For drills, tests and measurements;
/// recipients make their own and never send the secret one.
#[must_use]
pub fn key_pair() -> (String, Zeroizing<String>) {
    let secret = x25519::Identity::generate();
    (secret.to_public().to_string(), Zeroizing::new(secret.to_string().expose_secret().to_owned()))
}

/// Encrypts the package in a folder to all recipients (`age1…`) as `out/NAME.tar.age`, and tells where.
///
/// # Errors
/// [`PackError::Recipient`]: no key, or one that is not; [`PackError::Exists`]; [`PackError::Disk`],
/// [`PackError::File`]. Nothing is left then.
pub fn encrypt(folder: &Path, recipients: &[String], out: &Path) -> Result<PathBuf, PackError> {
    let keys = recipients
        .iter()
        .enumerate()
        .map(|(at, key)| key.parse().map_err(|_| PackError::Recipient(format!("recipient {}", at + 1))))
        .collect::<Result<Vec<x25519::Recipient>, PackError>>()?;
    let encryptor = Encryptor::with_recipients(keys.iter().map(|k| k as &dyn age::Recipient))
        .map_err(|_| PackError::Recipient("no recipient".to_owned()))?;
    let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let target = out.join(format!("{name}.tar.age"));
    if target.exists() {
        return Err(PackError::Exists(target));
    }
    fs::create_dir_all(out).map_err(PackError::file("making", out))?;
    let hidden = out.join(format!(".{name}.tar.age.new-{}", std::process::id()));
    let written = write(folder, encryptor, &hidden)
        .and_then(|()| fs::rename(&hidden, &target).map_err(PackError::file("naming", &target)));
    if let Err(error) = written {
        let _ = fs::remove_file(&hidden);
        return Err(error);
    }
    File::open(out).and_then(|f| f.sync_all()).map_err(PackError::file("syncing", out))?;
    Ok(target)
}

fn write(folder: &Path, encryptor: Encryptor, path: &Path) -> Result<(), PackError> {
    let file = File::create(path).map_err(PackError::file("making", path))?;
    let mut sealed = encryptor.wrap_output(BufWriter::new(file)).map_err(PackError::file("writing", path))?;
    archive::write(folder, &mut sealed, path)?;
    let out = sealed.finish().map_err(PackError::file("writing", path))?;
    let mut file = out.into_inner().map_err(|e| PackError::file("writing", path)(e.into_error()))?;
    file.flush().and_then(|()| file.sync_all()).map_err(PackError::file("syncing", path))
}

/// Opens a file that [`encrypt`] made, with the secret keys in a text (a line `AGE-SECRET-KEY-1…` each; lines that
/// begin with `#` are notes), and tells the folder made in `out`. Verify that folder next.
///
/// # Errors
/// [`PackError::Identity`]: no key, or none that opens it; [`PackError::Archive`]: cut, changed, or not a package;
/// [`PackError::Exists`]; [`PackError::Disk`], [`PackError::File`]. Nothing is left then.
pub fn open(file: &Path, identities: &str, out: &Path) -> Result<PathBuf, PackError> {
    let lines = identities.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let keys = lines
        .map(|line| line.parse().map_err(|_| PackError::Identity("expected lines AGE-SECRET-KEY-1…")))
        .collect::<Result<Vec<x25519::Identity>, PackError>>()?;
    if keys.is_empty() {
        return Err(PackError::Identity("the file holds no key"));
    }
    let from = BufReader::new(File::open(file).map_err(PackError::file("reading", file))?);
    let opened = Decryptor::new(from)
        .and_then(|sealed| sealed.decrypt(keys.iter().map(|k| k as &dyn age::Identity)))
        .map_err(|error| match error {
            DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed => {
                PackError::Identity("none of the keys opens it")
            }
            _ => PackError::Archive("it is not an age file, or its head was changed"),
        })?;
    archive::read(opened, out)
}
