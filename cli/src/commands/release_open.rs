//! `musubi release encrypt`, `release open`: a package as one file for its recipients, and back. Offline; neither opens a
//! house. The recipients are those of the approved request in the package, never of the command line.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use musubi_model::spec::ExtractSpec;
use musubi_release::pack;
use serde_json::json;
use zeroize::Zeroizing;

use super::Ending;
use crate::say::Voice;

/// Encrypts a package to the recipients of its request that have a key.
pub fn encrypt(voice: Voice, package: &Path, out: &Path) -> Result<Ending> {
    let path = package.join("spec.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("読めません: {}", path.display()))?;
    let spec = ExtractSpec::parse(&text).context("抽出仕様を読めません")?;
    let keys = pack::recipients(&spec);
    if keys.is_empty() {
        bail!("この提供物の提供先には公開鍵がありません(事業者の環境で渡します)");
    }
    let file = pack::encrypt(package, &keys, out).context("暗号化できません")?;
    voice.say(
        format!("暗号化しました(提供先 {}): {}", keys.len(), file.display()),
        format!("Encrypted to {} recipients: {}", keys.len(), file.display()),
    );
    voice.value(&json!({ "file": file, "recipients": keys.len() }));
    Ok(Ending::Done)
}

/// Opens an encrypted package with a key file.
pub fn open(voice: Voice, file: &Path, identity: &Path, out: &Path) -> Result<Ending> {
    let keys = fs::read_to_string(identity).with_context(|| format!("読めません: {}", identity.display()))?;
    let keys = Zeroizing::new(keys);
    let folder = pack::open(file, &keys, out).context("開けません")?;
    voice.say(
        format!("開きました: {}\n  次に musubi release verify で確かめてください", folder.display()),
        format!("Opened: {}\n  verify it next with musubi release verify", folder.display()),
    );
    voice.value(&json!({ "folder": folder }));
    Ok(Ending::Done)
}
