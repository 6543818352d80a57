//! A witness (立会人): somebody outside who signs a checkpoint only when it continues the one signed before. Needs nothing of
//! the house but its public key and the bundle; what it signed last is its own to keep.

use crate::damage::Damage;
use crate::note::{Bundle, Note, PublicKey, Signature};

/// Why a witness does not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The checkpoint itself does not hold.
    Damaged(Damage),
    /// The new checkpoint is shorter than what was signed before.
    Shorter,
    /// The new checkpoint does not continue what was signed before: the house shows two histories.
    Forked,
    /// The proof from the size signed before is not in the bundle; the house can make it.
    NoProof(u64),
    /// The name is none: small letters, digits and `-`.
    Name,
}

/// Signs the bundle's checkpoint, when everything holds.
pub fn cosign(
    bundle: &Bundle,
    last: Option<&Note>,
    house: &PublicKey,
    name: &str,
    seed: &[u8; 32],
) -> Result<Signature, Refusal> {
    bundle.note.check(house).map_err(Refusal::Damaged)?;
    if let Some(last) = last {
        last.check(house).map_err(Refusal::Damaged)?;
        let (before, now) = (&last.checkpoint, &bundle.note.checkpoint);
        if now.size < before.size {
            return Err(Refusal::Shorter);
        }
        match bundle.follows(before) {
            Some(true) => {}
            Some(false) => return Err(Refusal::Forked),
            None => return Err(Refusal::NoProof(before.size)),
        }
    }
    Signature::by_witness(name, seed, &bundle.note.checkpoint).ok_or(Refusal::Name)
}
