//! Demographics as they lie in the database: sealed under the data key of their identity.

use compact_str::CompactString;
use musubi_model::IdentityId;
use musubi_model::identity::{Demographics, Identifying, parts};
use zeroize::Zeroizing;

use crate::error::StorageError;
use crate::keys::SealKey;

/// First part of the context under which demographics are sealed.
const PURPOSE: &[u8] = b"demographics/1";

/// Seals what a source said of a person. Deterministic: a repeated load writes the same bytes.
///
/// # Errors
/// [`StorageError::Key`] when sealing fails, which no length of field can make happen.
pub fn seal_demographics(
    key: &SealKey,
    identity: &IdentityId,
    demographics: &Demographics,
) -> Result<Vec<u8>, StorageError> {
    let plain = written(demographics)?;
    key.seal(&[PURPOSE, identity.as_bytes()], &plain)
}

/// The parts one after another, each with its length.
fn written(demographics: &Demographics) -> Result<Zeroizing<Vec<u8>>, StorageError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(256));
    for (_, text) in parts(demographics) {
        let bytes = text.len();
        let bytes = u32::try_from(bytes).map_err(|_| StorageError::Key("a field too long to seal"))?;
        plain.extend_from_slice(&bytes.to_le_bytes());
        plain.extend_from_slice(text.as_bytes());
    }
    Ok(plain)
}

/// A part by its name.
pub type OpenedPart = (&'static str, Identifying<CompactString>);

/// A list of persons that grows in memory and leaves it sealed only (本人を特定するに足りる事項 of a receipt).
#[derive(Default)]
pub struct PersonList(Zeroizing<Vec<u8>>);

impl PersonList {
    /// Adds a person.
    pub fn push(&mut self, demographics: &Demographics) -> Result<(), StorageError> {
        let plain = written(demographics)?;
        let len = u32::try_from(plain.len()).map_err(|_| StorageError::Key("a person too long to seal"))?;
        self.0.extend_from_slice(&len.to_le_bytes());
        self.0.extend_from_slice(&plain);
        Ok(())
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Nobody is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Seals the list and empties it.
    pub fn seal(&mut self, key: &SealKey, context: &[u8]) -> Result<Vec<u8>, StorageError> {
        let sealed = key.seal(&[context], &self.0)?;
        self.0 = Zeroizing::default();
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] made under the same context: every person by parts.
    pub fn open(key: &SealKey, context: &[u8], sealed: &[u8]) -> Result<Vec<Vec<OpenedPart>>, StorageError> {
        let damaged = || StorageError::Damaged("a list of persons".to_owned());
        let plain = Zeroizing::new(key.open(&[context], sealed)?);
        let (mut rest, mut out) = (plain.as_slice(), Vec::new());
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged())?;
            let (person, after) = after.split_at_checked(length).ok_or_else(damaged)?;
            out.push(read(person).ok_or_else(damaged)?);
            rest = after;
        }
        if rest.is_empty() { Ok(out) } else { Err(damaged()) }
    }
}

/// Opens sealed demographics: names of the parts (see [`parts`]) with what was sent. For the desk and for the person.
///
/// # Errors
/// [`StorageError::Key`] when the key does not open the bytes; [`StorageError::Damaged`] when they hold something else.
pub fn open_demographics(
    key: &SealKey,
    identity: &IdentityId,
    sealed: &[u8],
) -> Result<Vec<(&'static str, Identifying<CompactString>)>, StorageError> {
    let damaged = || StorageError::Damaged(format!("demographics of identity {identity}"));
    let plain = Zeroizing::new(key.open(&[PURPOSE, identity.as_bytes()], sealed)?);
    read(&plain).ok_or_else(damaged)
}

/// The inverse of [`written`]; `None`: these bytes are no parts.
fn read(mut rest: &[u8]) -> Option<Vec<OpenedPart>> {
    let mut out = Vec::new();
    for (name, _) in parts(&Demographics::default()) {
        // parts that were appended to the form later are absent from what was sealed before
        if rest.is_empty() && !out.is_empty() {
            break;
        }
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (text, after) = after.split_at_checked(length)?;
        out.push((name, Identifying::new(CompactString::from(std::str::from_utf8(text).ok()?))));
        rest = after;
    }
    rest.is_empty().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use musubi_model::{PartialDate, Sex};

    #[test]
    fn what_was_sealed_opens_and_only_for_its_identity() {
        let d = Demographics {
            local_number: Identifying::new("000１".into()),
            name_kana: Identifying::new("テスト\u{3000}ハナコ".into()),
            birth: Identifying::new(PartialDate::new(1980, 4, 0)),
            sex: Sex::Female,
            ..Demographics::default()
        };
        let key = SealKey::from_bytes([3; 64]);
        let id = IdentityId([1; 16]);
        let sealed = seal_demographics(&key, &id, &d).unwrap();
        let opened = open_demographics(&key, &id, &sealed).unwrap();
        let opened: Vec<_> = opened.iter().map(|(name, text)| (*name, text.expose().clone())).collect();
        assert_eq!(opened, parts(&d));
        assert!(open_demographics(&key, &IdentityId([2; 16]), &sealed).is_err());
        assert!(!String::from_utf8_lossy(&sealed).contains("テスト"));
    }
}
