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
    let mut plain = Zeroizing::new(Vec::with_capacity(256));
    for (_, text) in parts(demographics) {
        let bytes = text.len();
        let bytes = u32::try_from(bytes).map_err(|_| StorageError::Key("a field too long to seal"))?;
        plain.extend_from_slice(&bytes.to_le_bytes());
        plain.extend_from_slice(text.as_bytes());
    }
    key.seal(&[PURPOSE, identity.as_bytes()], &plain)
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
    let mut rest = plain.as_slice();
    let mut out = Vec::new();
    for (name, _) in parts(&Demographics::default()) {
        // parts that were appended to the form later are absent from what was sealed before
        if rest.is_empty() && !out.is_empty() {
            break;
        }
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged())?;
        let (text, after) = after.split_at_checked(length).ok_or_else(damaged)?;
        let text = std::str::from_utf8(text).map_err(|_| damaged())?;
        out.push((name, Identifying::new(CompactString::from(text))));
        rest = after;
    }
    if rest.is_empty() { Ok(out) } else { Err(damaged()) }
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
