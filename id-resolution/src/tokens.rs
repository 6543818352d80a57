//! A source identity as matching sees it: a keyed id, a guard, and sealed keys.
//!
//! Tokens are AES-SIV over the normalised key, so that whoever holds the key can open them (the desk has to) and nobody
//! else can even guess. They are therefore no pseudonym, and never leave zone Z2.

use aes_siv::KeyInit as _;
use aes_siv::siv::Aes256Siv;
use musubi_model::identity::{Demographics, Sex, SourceIdentity, parts};
use musubi_model::ids::IdentityId;
use musubi_model::matching::{Described, Guard, Token, TokenKind};
use zeroize::Zeroizing;

use crate::normalise::{self, SEPARATOR};

/// Recorded in every token's context: raised when normalisation changes, so that old and new tokens never mix.
pub const TOKEN_VERSION: &[u8] = b"1";

/// The keys under which identities are named and their keys sealed. Wiped when dropped; not printable.
pub struct TokenKey {
    identity: Zeroizing<[u8; 32]>,
    guard: Zeroizing<[u8; 32]>,
    seal: Zeroizing<[u8; 64]>,
    block: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(‹非表示›)")
    }
}

impl TokenKey {
    /// From the token key of the ring; each purpose gets a key of its own.
    #[must_use]
    pub fn new(raw: &[u8; 64]) -> Self {
        Self {
            identity: Zeroizing::new(blake3::derive_key("musubi 2026 identity id", raw)),
            guard: Zeroizing::new(blake3::derive_key("musubi 2026 guard", raw)),
            block: Zeroizing::new(blake3::derive_key("musubi 2026 block key", raw)),
            seal: {
                let mut bytes = Zeroizing::new([0; 64]);
                blake3::Hasher::new_derive_key("musubi 2026 token")
                    .update(raw)
                    .finalize_xof()
                    .fill(bytes.as_mut());
                bytes
            },
        }
    }

    fn token(&self, kind: TokenKind, key: &str) -> Option<Token> {
        let context: [&[u8]; 3] = [b"token", kind.as_str().as_bytes(), TOKEN_VERSION];
        // AES-SIV fails only on plaintexts beyond any length a field can have
        let value = Aes256Siv::new((&*self.seal).into()).encrypt(context, key.as_bytes()).ok()?;
        Some(Token { kind, value })
    }

    /// Seals a block key (照合候補の鍵) of [`crate::mpi::block_keys`]: a keyed hash, as the store keeps it.
    #[must_use]
    pub fn block(&self, clear: u64) -> i64 {
        let hash = blake3::keyed_hash(&self.block, &clear.to_le_bytes());
        i64::from_le_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// Opens a token: the normalised key, parts separated by U+001F. For the desk only. `None`: not this key's.
    #[must_use]
    pub fn open(&self, token: &Token) -> Option<Zeroizing<String>> {
        let context: [&[u8]; 3] = [b"token", token.kind.as_str().as_bytes(), TOKEN_VERSION];
        let plain = Aes256Siv::new((&*self.seal).into()).decrypt(context, &token.value).ok()?;
        String::from_utf8(plain).ok().map(Zeroizing::new)
    }
}

/// Names and seals what a source says of a person. Deterministic under one key.
#[must_use]
pub fn describe(key: &TokenKey, identity: &SourceIdentity) -> Described {
    let d = &identity.demographics;
    let born = whole_birth_date(d);
    let complete = born.is_some() && matches!(d.sex, Sex::Male | Sex::Female);
    let provider = identity.provider.as_str();
    let tokens = [
        (
            TokenKind::Local,
            normalise::local_number(d.local_number.expose()).map(|n| format!("{provider}{SEPARATOR}{n}")),
        ),
        (
            TokenKind::Insured,
            normalise::insured(
                d.insurer_number.expose(),
                d.insured_symbol.expose(),
                d.insured_number.expose(),
                d.insured_branch.expose(),
            ),
        ),
        (
            TokenKind::Name,
            born.as_ref().filter(|_| complete).and_then(|born| {
                let kana = normalise::kana(d.name_kana.expose())?;
                Some(format!("{kana}{SEPARATOR}{born}{SEPARATOR}{}", d.sex.code()))
            }),
        ),
        (TokenKind::Care, normalise::care(d.care_insurer.expose(), d.care_number.expose())),
    ];
    Described {
        identity_id: identity_id(key, identity),
        complete,
        guard: guard(key, d),
        tokens: tokens
            .into_iter()
            .filter_map(|(kind, text)| key.token(kind, &Zeroizing::new(text?)))
            .collect(),
    }
}

/// `YYYYMMDD`, when the whole birth date is known.
fn whole_birth_date(d: &Demographics) -> Option<String> {
    let date = (*d.birth.expose())?.to_date()?;
    Some(format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()))
}

/// The id: keyed hash over provider and every part as sent, each with its length before it.
fn identity_id(key: &TokenKey, identity: &SourceIdentity) -> IdentityId {
    let mut hasher = blake3::Hasher::new_keyed(&key.identity);
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    part(identity.provider.as_str());
    for (_, text) in parts(&identity.demographics) {
        part(&text);
    }
    IdentityId(first_half(hasher.finalize()))
}

/// Keyed hash of birth date and sex. What is unknown is hashed as such, so that it equals no whole date's guard.
fn guard(key: &TokenKey, d: &Demographics) -> Guard {
    let born = d.birth.expose().map(|b| b.to_string()).unwrap_or_default();
    let mut hasher = blake3::Hasher::new_keyed(&key.guard);
    hasher.update(&(born.len() as u64).to_le_bytes()).update(born.as_bytes()).update(d.sex.code().as_bytes());
    Guard(first_half(hasher.finalize()))
}

/// Half of a 32-byte hash: 128 bits are collision-free at any number of identities a country can have.
fn first_half(hash: blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    half
}
