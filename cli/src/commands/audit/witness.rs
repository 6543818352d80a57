//! `musubi audit witness`: signs a checkpoint with a witness's key when it continues what that witness signed before.
//!
//! Runs without a house. What was signed last is kept beside the key, and written before the signature is given away.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use musubi_audit_log::witness::{Refusal, cosign};
use musubi_storage::keys::signing_key;
use serde_json::json;

use super::{bundle, public_key};
use crate::commands::Ending;
use crate::say::Voice;

/// `musubi audit witness`.
#[derive(Debug, Args)]
pub struct Order {
    /// The checkpoint to sign, as the house sent it; the signature is added to the file.
    file: PathBuf,
    /// The witness's key; made when there is none, its public half beside it (`.pub`).
    #[arg(long)]
    key: PathBuf,
    /// The house's public key, received from the house once and checked.
    #[arg(long)]
    house: PathBuf,
    /// The witness's name in the log: small letters, digits, `-`.
    #[arg(long, default_value = "witness")]
    name: String,
    /// What was signed last; default: beside the key, ending in `.last`.
    #[arg(long)]
    state: Option<PathBuf>,
}

/// Runs it.
pub fn run(voice: Voice, order: &Order) -> Result<Ending> {
    let state = order.state.clone().unwrap_or_else(|| order.key.with_extension("last"));
    let Some(mut shown) = bundle(&order.file)? else { return no(voice, &order.file) };
    let last = match state.try_exists().with_context(|| format!("読めません: {}", state.display()))? {
        false => None,
        // A record of what was signed that cannot be read is no permission to sign anything.
        true => match bundle(&state)? {
            Some(last) => Some(last.note),
            None => return no(voice, &state),
        },
    };
    let key = signing_key(&order.key).context("立会人の鍵を使えません")?;
    let house = public_key(&order.house)?;
    let seed = zeroize::Zeroizing::new(key.seed());
    let signature = match cosign(&shown, last.as_ref(), &house, &order.name, &seed) {
        Ok(signature) => signature,
        Err(refusal) => return Ok(refused(voice, refusal)),
    };
    let size = shown.note.checkpoint.size;
    shown.note.signatures.retain(|s| s.signer != signature.signer);
    shown.note.signatures.push(signature);
    replace(&state, &shown.note.text())?;
    replace(&order.file, &shown.text())?;
    voice.say(
        format!("立会署名をしました: {size} 件までの控え({})", order.file.display()),
        format!("Co-signed the checkpoint of {size} entries ({})", order.file.display()),
    );
    voice.value(&json!({ "size": size, "key": key.public().to_string() }));
    Ok(Ending::Done)
}

fn no(voice: Voice, path: &Path) -> Result<Ending> {
    let path = path.display();
    voice.say(format!("✗ 控えとして読めません: {path}"), format!("✗ not a checkpoint: {path}"));
    Ok(Ending::NotVerified)
}

fn refused(voice: Voice, refusal: Refusal) -> Ending {
    let (ja, en) = match refusal {
        Refusal::Damaged(damage) => (damage.ja().to_owned(), damage.en().to_owned()),
        Refusal::Shorter => {
            ("前回署名した控えより短い証跡です".to_owned(), "shorter than what was signed before".to_owned())
        }
        Refusal::Forked => (
            "前回署名した控えの続きではありません(分岐)".to_owned(),
            "does not continue what was signed before: two histories".to_owned(),
        ),
        Refusal::NoProof(size) => (
            format!("前回の控え({size} 件)からの証明がありません。事業者に --since {size} を求めてください"),
            format!("no proof from the {size} entries signed before: ask the house for --since {size}"),
        ),
        Refusal::Name => {
            ("--name は英小文字、数字、- だけです".to_owned(), "--name: small letters, digits, -".to_owned())
        }
    };
    voice.say(format!("✗ 署名しません: {ja}"), format!("✗ not signed: {en}"));
    match refusal {
        Refusal::NoProof(_) | Refusal::Name => Ending::Usage,
        Refusal::Damaged(_) | Refusal::Shorter | Refusal::Forked => Ending::NotVerified,
    }
}

/// Writes a file whole or not at all.
fn replace(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    fs::write(&beside, text)
        .and_then(|()| fs::File::open(&beside)?.sync_all())
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("書けません: {}", path.display()))
}
