//! Tokens and the second factor (確認コード). A token is random and known to its bearer only: the house keeps its BLAKE3. The
//! secret of the second factor is sealed under a key derived from the house's ring, for its account alone.

use jiff::Timestamp;
use musubi_model::ids::{from_hex, to_hex};
use musubi_storage::StorageError;
use musubi_storage::keys::{KeyRing, SealKey, random};
use musubi_storage::login::Digest;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Seconds of a time step (RFC 6238).
const STEP_SECONDS: u64 = 30;
/// Digits of a code.
const DIGITS: u8 = 6;

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name([u8; 32]);

        impl $name {
            pub(super) fn fresh() -> Result<Self, StorageError> {
                random().map(Self)
            }

            pub(super) fn digest(&self) -> Digest {
                *blake3::hash(&self.0).as_bytes()
            }

            /// Reads what [`Self::expose`] wrote.
            #[must_use]
            pub fn read(text: &str) -> Option<Self> {
                from_hex(text).map(Self)
            }

            /// For its bearer alone: 64 hexadecimal digits.
            #[must_use]
            pub fn expose(&self) -> String {
                to_hex(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(‹非表示›)"))
            }
        }
    )*};
}

tokens! {
    /// What whoever gave a password holds until the second factor follows.
    PendingToken,
    /// What whoever has a session holds.
    SessionToken,
}

/// The first half of an invitation's code as people copy it, and what is kept of the whole.
pub(super) fn invitation(second: &str) -> Result<(String, Digest), StorageError> {
    let first = fours(&Secret::from(random::<20>()?.to_vec()).to_base32());
    let kept = invitation_digest(&format!("{first}{second}"));
    Ok((first, kept))
}

/// The second half (招待の番号の後半). It stands nowhere: it follows from the ring, the account, whoever invited and the end of
/// the invitation, so that the program can tell it to another person, and nobody reads it from the database. Made with
/// another inviter's name it does not fit, which is why it never goes to the one who is named.
pub(super) fn second_half(key: &SealKey, account: &str, inviter: &str, until: Timestamp) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("musubi 2026-11 second half of an invitation");
    hasher.update(key.expose());
    for part in [account, inviter, &until.as_second().to_string()] {
        hasher.update(part.as_bytes()).update(b"\0");
    }
    let mut half = [0_u8; 10];
    hasher.finalize_xof().fill(&mut half);
    fours(&Secret::from(half.to_vec()).to_base32())
}

/// In groups of four, as people copy it.
fn fours(code: &str) -> String {
    let groups: Vec<String> =
        code.chars().collect::<Vec<_>>().chunks(4).map(|four| four.iter().collect()).collect();
    groups.join("-")
}

/// What is kept of an invitation's code, however it was typed.
pub(super) fn invitation_digest(code: &str) -> Digest {
    let clean: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    *blake3::hash(clean.as_bytes()).as_bytes()
}

/// A password for an account that is issued ready for use.
pub(super) fn password() -> Result<String, StorageError> {
    Ok(Secret::from(random::<15>()?.to_vec()).to_base32().to_lowercase())
}

/// The key under which secrets of second factors are sealed.
pub(super) fn sealing(ring: &KeyRing) -> SealKey {
    ring.kek.derive("musubi 2026-11 second factor of logins")
}

/// The second factor of one account.
pub(super) struct Factor(Totp);

impl Factor {
    /// A fresh one.
    pub(super) fn fresh(account: &str) -> Result<Self, StorageError> {
        Self::of(account, random::<20>()?.to_vec(), 0)
    }

    fn of(account: &str, secret: Vec<u8>, skew: u16) -> Result<Self, StorageError> {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_skew(skew)
            .with_secret(secret)
            .with_account_name(account)
            .with_issuer(Some("Musubi"))
            .build()
            .map(Self)
            .map_err(|_| StorageError::Damaged("a second factor's secret that cannot be".to_owned()))
    }

    /// Opens what [`Self::seal`] made for this account.
    pub(super) fn open(key: &SealKey, account: &str, sealed: &[u8], skew: u16) -> Result<Self, StorageError> {
        Self::of(account, key.open(&[b"second-factor/1", account.as_bytes()], sealed)?, skew)
    }

    /// Seals the secret for its account.
    pub(super) fn seal(&self, key: &SealKey, account: &str) -> Result<Vec<u8>, StorageError> {
        key.seal(&[b"second-factor/1", account.as_bytes()], self.0.secret().as_bytes())
    }

    /// The secret, for an app that makes codes.
    pub(super) fn base32(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The address that such an app reads, and a QR code shows.
    pub(super) fn url(&self) -> Result<String, StorageError> {
        self.0.to_url().map_err(|_| StorageError::Damaged("an account's id that no app takes".to_owned()))
    }

    /// The time step for which these are the six digits. `None`: for none near now.
    pub(super) fn step(&self, code: &str, now: Timestamp) -> Option<i64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        // The library forgives signs around the digits; we do not.
        if digits.len() != usize::from(DIGITS) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let step = self.0.check(&digits, u64::try_from(now.as_second()).ok()?)?;
        i64::try_from(step).ok()
    }
}

/// The six digits of a secret now, for demonstrations and tests. `None`: no secret.
#[must_use]
pub fn code_now(secret_base32: &str, now: Timestamp) -> Option<String> {
    let clean: String = secret_base32.chars().filter(|c| !c.is_whitespace()).collect();
    let secret = Secret::try_from_base32(clean.to_ascii_uppercase()).ok()?;
    let factor = Factor::of("anybody", secret.as_bytes().to_vec(), 0).ok()?;
    Some(factor.0.generate(u64::try_from(now.as_second()).ok()?).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A code is taken in its own step and the ones beside it, and is told apart by its step.
        #[test]
        fn a_code_names_its_step(second in 1_700_000_000i64..2_000_000_000, off in -3i64..=3) {
            let key = SealKey::random().unwrap();
            let sealed = Factor::fresh("linker-01").unwrap().seal(&key, "linker-01").unwrap();
            let factor = Factor::open(&key, "linker-01", &sealed, 1).unwrap();
            let at = |s: i64| Timestamp::from_second(s).unwrap();
            let code = code_now(&factor.base32(), at(second)).unwrap();
            let found = factor.step(&code, at(second + off * 30));
            if off.abs() <= 1 {
                prop_assert_eq!(found, Some(second / 30));
            } else {
                // Of a million codes another step may have the same.
                prop_assert_ne!(found, Some(second / 30));
            }
        }
    }

    #[test]
    fn a_factor_opens_for_its_account_alone() {
        let key = SealKey::random().unwrap();
        let factor = Factor::fresh("linker-01").unwrap();
        let sealed = factor.seal(&key, "linker-01").unwrap();
        assert!(Factor::open(&key, "linker-02", &sealed, 1).is_err());
        assert!(Factor::open(&SealKey::random().unwrap(), "linker-01", &sealed, 1).is_err());
        assert!(factor.url().unwrap().starts_with("otpauth://totp/"));
    }

    #[test]
    fn the_digits_of_the_standard() {
        // RFC 6238, appendix B: the last six digits at 59 seconds.
        let secret = Secret::from(b"12345678901234567890".to_vec()).to_base32();
        assert_eq!(code_now(&secret, Timestamp::from_second(59).unwrap()).as_deref(), Some("287082"));
        assert_eq!(code_now("not a secret!", Timestamp::from_second(59).unwrap()), None);
    }

    #[test]
    fn codes_are_read_as_typed_and_nothing_else() {
        let factor = Factor::of("a", b"12345678901234567890".to_vec(), 1).unwrap();
        let now = Timestamp::from_second(59).unwrap();
        assert_eq!(factor.step("287 082", now), Some(1));
        assert_eq!(factor.step("28-70-82", now), None);
        assert_eq!(factor.step("", now), None);
    }

    #[test]
    fn an_invitation_may_be_typed_in_any_way() {
        let (first, kept) = invitation("ABCD-EFGH").unwrap();
        assert_eq!(first.len(), 39);
        assert_ne!(invitation_digest(&first), kept);
        let whole = format!("{first} ABCD-EFGH");
        assert_eq!(invitation_digest(&whole), kept);
        assert_eq!(invitation_digest(&whole.to_lowercase().replace('-', " ")), kept);
        assert!(SessionToken::read("00").is_none());
        let token = SessionToken::fresh().unwrap();
        assert_eq!(SessionToken::read(&token.expose()), Some(token));
    }
}
