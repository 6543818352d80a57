//! Passwords (パスワード): what may be one, and argon2id over it.
//!
//! Whoever asks for an unknown account pays for the same argon2 as for a known one: [`Hasher::verify`] runs it once in any
//! case, and counts, so that a test can see it. A password must never be kept, shown or compared as it is.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use musubi_storage::StorageError;
use musubi_storage::keys::random;

use super::Rules;

const COMMON: &str = include_str!("../../login/common.txt");
/// Longer ones only cost time.
const LONGEST_BYTES: usize = 512;

/// Why a password is none that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// Fewer signs than the parameter asks for.
    #[error("the password is too short: at least {0} signs")]
    Short(usize),
    /// Longer than anybody types.
    #[error("the password is too long: at most {LONGEST_BYTES} bytes")]
    Long,
    /// Holds the account's id.
    #[error("the password holds the account's id")]
    Account,
    /// One of those that are tried first, or one sign again and again.
    #[error("the password is one of those that are guessed first")]
    Common,
    /// The one that was to be changed.
    #[error("the new password is the old one")]
    Same,
}

impl PasswordRefused {
    /// The same in Japanese.
    #[must_use]
    pub fn ja(self) -> String {
        match self {
            Self::Short(least) => format!("パスワードが短すぎます。{least}文字以上にしてください"),
            Self::Long => format!("パスワードが長すぎます。{LONGEST_BYTES}バイト以下にしてください"),
            Self::Account => "アカウント名を含むパスワードは使えません".to_owned(),
            Self::Common => "推測されやすいパスワードは使えません".to_owned(),
            Self::Same => "これまでと違うパスワードにしてください".to_owned(),
        }
    }
}

/// Whether a password may be an account's.
pub(super) fn fits(rules: &Rules, account: &str, password: &str) -> Result<(), PasswordRefused> {
    if password.len() > LONGEST_BYTES {
        return Err(PasswordRefused::Long);
    }
    if password.chars().count() < rules.password_signs {
        return Err(PasswordRefused::Short(rules.password_signs));
    }
    let small = password.to_lowercase();
    if small.contains(&account.to_lowercase()) {
        return Err(PasswordRefused::Account);
    }
    let core = small.trim_matches(|c: char| !c.is_alphabetic());
    let common = |word: &str| COMMON.lines().any(|line| !line.starts_with('#') && line == word);
    let mut signs = small.chars();
    let first = signs.next();
    let one_sign = signs.all(|c| Some(c) == first);
    // Nothing but digits and signs around nothing is a date or a run of keys.
    if one_sign || core.is_empty() || common(core) || common(&small) {
        return Err(PasswordRefused::Common);
    }
    Ok(())
}

/// Argon2id at the cost of the parameters.
#[derive(Debug)]
pub(super) struct Hasher {
    argon: Argon2<'static>,
    runs: u32,
}

impl Hasher {
    pub(super) fn new(rules: &Rules) -> Result<Self, StorageError> {
        let params = Params::new(rules.memory_kib, rules.passes, rules.lanes, None)
            .map_err(|_| StorageError::Key("login.argon2_*: no cost that argon2 knows"))?;
        Ok(Self { argon: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), runs: 0 })
    }

    /// How often argon2 was run.
    pub(super) fn runs(&self) -> u32 {
        self.runs
    }

    /// What is kept of a password.
    pub(super) fn hash(&mut self, password: &str) -> Result<String, StorageError> {
        self.runs += 1;
        let hash: PasswordHash = self
            .argon
            .hash_password_with_salt(password.as_bytes(), &random::<16>()?)
            .map_err(|_| StorageError::Key("argon2 failed"))?;
        Ok(hash.to_string())
    }

    /// Whether this is the password that was kept. `None`: there is nothing to compare with; it costs the same.
    pub(super) fn verify(&mut self, password: &str, kept: Option<&str>) -> Result<bool, StorageError> {
        self.runs += 1;
        match kept.map(PasswordHash::new) {
            Some(Ok(kept)) => Ok(self.argon.verify_password(password.as_bytes(), &kept).is_ok()),
            Some(Err(_)) => Err(StorageError::Damaged("a kept password is no argon2".to_owned())),
            None => {
                let mut out = [0u8; 32];
                self.argon
                    .hash_password_into(password.as_bytes(), b"nobody's salt 16", &mut out)
                    .map_err(|_| StorageError::Key("argon2 failed"))?;
                Ok(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::parameters::parameters;

    #[test]
    fn what_may_be_a_password() {
        let rules = Rules::of(&parameters(None).unwrap(), Date::constant(2026, 4, 1)).unwrap();
        let tell = |password: &str| fits(&rules, "linker-01", password);
        assert_eq!(tell("horse battery staple"), Ok(()));
        assert_eq!(tell("むすびのちいさなまちの朝"), Ok(()));
        assert_eq!(tell("short"), Err(PasswordRefused::Short(rules.password_signs)));
        assert_eq!(tell("my Linker-01 is here"), Err(PasswordRefused::Account));
        for guessed in
            ["password2026!", "123456789012", "aaaaaaaaaaaaaa", "!!Qwertyuiop99", "2026-04-01-2026"]
        {
            assert_eq!(tell(guessed), Err(PasswordRefused::Common), "{guessed}");
        }
        assert_eq!(tell(&"ab".repeat(400)), Err(PasswordRefused::Long));
    }

    #[test]
    fn the_unknown_cost_one_argon2_as_the_known_do() {
        let rules = Rules::of(&parameters(None).unwrap(), Date::constant(2026, 4, 1)).unwrap();
        let mut hasher = Hasher::new(&rules).unwrap();
        let kept = hasher.hash("horse battery staple").unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert_eq!(hasher.runs(), 1);
        assert!(hasher.verify("horse battery staple", Some(&kept)).unwrap());
        assert!(!hasher.verify("horse battery stable", Some(&kept)).unwrap());
        assert!(!hasher.verify("horse battery staple", None).unwrap());
        assert_eq!(hasher.runs(), 4);
        assert!(hasher.verify("x", Some("plain")).is_err());
    }
}
