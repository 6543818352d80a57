//! `musubi backup`: a copy of registry, vault and lake with a signed list of its files; restoring it; trying that out.
//!
//! Keys and the ledger of erasures are never in a backup: with its own keys it would open itself, and with its own ledger
//! it would forget what was erased after it (R-SEC-12).

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_model::sign::{BACKUP, PublicKey, Signature};
use musubi_storage::erasure::BackupRow;
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};
use musubi_storage::{backup, lake};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Ending;
use super::books::audit;
use super::erasure::{LEDGER, keep_ledger};
use crate::args::Cli;
use crate::home::{Home, RESTORED, now};
use crate::say::Voice;

/// The list of a backup's files.
const LIST: &str = "backup.json";
/// What of the data folder goes along besides lake, vault and registry.
const SINGLE: [&str; 2] = ["musubi.toml", "parameters.toml"];

/// `musubi backup`.
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Copy registry, vault and lake into a new folder, as of one moment.
    Make {
        /// Where to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Restore a backup into the data folder (`--data`), which must be new. Then: `musubi erasure reapply`.
    Restore(Restore),
    /// Enter into the book that restoring was tried out, with what `erasure reapply` said (C-028).
    Tried {
        /// The backup's name.
        backup: String,
        /// Erasures that were applied again.
        #[arg(long)]
        reapplied: u64,
        /// What was found that must not be.
        #[arg(long)]
        left: u64,
    },
}

/// `musubi backup restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    from: PathBuf,
    /// The folder of keys, kept apart from backups.
    #[arg(long)]
    keys: PathBuf,
    /// The newest ledger of erasures, kept apart from backups.
    #[arg(long)]
    ledger: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    backup: String,
    at: Timestamp,
    files: Vec<Listed>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    path: String,
    bytes: u64,
    blake3: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    list: List,
    signature: Signature,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Backup) -> Result<Ending> {
    match order {
        Backup::Make { out } => make(cli, voice, out),
        Backup::Restore(order) => restore(cli, voice, order),
        Backup::Tried { backup, reapplied, left } => {
            let home = Home::open(cli)?;
            let mut db = home.registry.erasure()?;
            db.enter_drill(backup, now(), &cli.actor, *reapplied, *left)
                .context("復元訓練を記録できません")?;
            let object = AuditObject::Backup(Name::new(backup)?);
            audit(&mut db, cli, AuditRole::Operator, AuditAction::Backup, object, 0)?;
            voice.say("復元訓練を記録しました", "Entered the trial of restoring");
            voice.value(&json!({ "backup": backup, "reapplied": reapplied, "left": left }));
            Ok(if *left == 0 { Ending::Done } else { Ending::NotVerified })
        }
    }
}

fn make(cli: &Cli, voice: Voice, out: &Path) -> Result<Ending> {
    let home = Home::open(cli)?;
    if out.exists() {
        bail!("すでにあります: {}", out.display());
    }
    let at = now();
    let backup = format!("B-{}", at.strftime("%Y%m%d-%H%M%S"));
    let mut db = home.registry.erasure()?;
    // No load and no erasure changes anything while it is copied.
    db.lock_loads().context("バックアップを始められません")?;
    let _hold = lake::hold(&home.folders().lake)?;
    let partial = out.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).context("前回の途中のバックアップを消せません")?;
    }
    backup::dump(&home.registry, &partial.join("registry")).context("台帳を書き出せません")?;
    let mut files = Vec::new();
    for path in below(&partial)? {
        files.push(listed(&partial, &path)?);
    }
    for folder in ["vault", "lake"] {
        let from = home.data.join(folder);
        let whole = |path: &PathBuf| path.extension().is_some_and(|e| e == "pack" || e == "parquet");
        for path in below(&from)?.iter().filter(|p| whole(p)) {
            let inside = path.strip_prefix(&home.data).context("path")?;
            files.push(copy(path, &partial.join(inside), inside)?);
        }
    }
    for name in SINGLE {
        if home.data.join(name).is_file() {
            files.push(copy(&home.data.join(name), &partial.join(name), Path::new(name))?);
        }
    }
    let bytes = files.iter().map(|f| f.bytes).sum();
    let list = List { backup: backup.clone(), at, files };
    let signature = home.ring.house.sign(BACKUP, &serde_json::to_vec(&list)?);
    let count = u64::try_from(list.files.len()).unwrap_or(u64::MAX);
    let hash = blake3::hash(&serde_json::to_vec(&list)?).to_hex().to_string();
    fs::write(partial.join(LIST), serde_json::to_vec_pretty(&Signed { list, signature })?)
        .and_then(|()| fs::rename(&partial, out))
        .context("バックアップを書けません")?;
    db.let_loads()?;
    let row = BackupRow {
        id: backup.clone(),
        at,
        by: cli.actor.to_string(),
        files: count,
        bytes,
        manifest_hash: hash,
    };
    db.enter_backup(&row).context("バックアップを記録できません")?;
    audit(
        &mut db,
        cli,
        AuditRole::Operator,
        AuditAction::Backup,
        AuditObject::Backup(Name::new(&backup)?),
        0,
    )?;
    keep_ledger(&home)?;
    voice.say(
        format!(
            "バックアップ {backup}: {count} ファイル、{bytes} バイト。鍵と {LEDGER} は含まれません(別に保管)"
        ),
        format!(
            "Backup {backup}: {count} files, {bytes} bytes; keys and {LEDGER} are not in it (keep them apart)"
        ),
    );
    voice.value(&json!({ "backup": backup, "files": count, "bytes": bytes }));
    Ok(Ending::Done)
}

fn restore(cli: &Cli, voice: Voice, order: &Restore) -> Result<Ending> {
    let data = &cli.data;
    if cli.database_url.is_some() {
        bail!("復元は組み込みのデータベースにのみ行えます");
    }
    let mark = data.join(RESTORED);
    let empty = fs::read_dir(data).map_or(true, |mut entries| entries.next().is_none());
    // A restore that died may be begun anew; anything else is not overwritten.
    if !empty && !data.join(LIST).exists() {
        bail!("復元先は新しいフォルダーにしてください: {}", data.display());
    }
    fs::create_dir_all(data).context("復元先を作れません")?;
    // First of all: until erasures are applied again, nothing else opens here.
    fs::write(&mark, "musubi erasure reapply\n").context("復元の印を書けません")?;
    for name in ["keys", "vault", "lake", "postgres"] {
        if data.join(name).exists() {
            fs::remove_dir_all(data.join(name)).context("前回の途中の復元を消せません")?;
        }
    }
    let text = fs::read(order.from.join(LIST)).context("バックアップの目録を読めません")?;
    fs::write(data.join(LIST), &text).context("目録を書けません")?;
    for path in below(&order.keys)? {
        let inside = Path::new("keys").join(path.strip_prefix(&order.keys).context("path")?);
        copy(&path, &data.join(&inside), &inside)?;
    }
    fs::copy(&order.ledger, data.join(LEDGER)).context("削除台帳を読めません")?;
    // Held against the public key alone: a configuration from the backup may only be followed once it is known as ours.
    let public =
        fs::read_to_string(data.join("keys").join("house.pub")).context("公開鍵 house.pub を読めません")?;
    let house = PublicKey::from_hex(public.trim()).context("公開鍵 house.pub を読めません")?;
    let Signed { list, signature } =
        serde_json::from_slice(&text).context("バックアップの目録の書式が違います")?;
    if !house.verifies(BACKUP, &serde_json::to_vec(&list)?, &signature) {
        bail!("バックアップの目録は署名されたものと異なります");
    }
    let registry = data.join("registry.partial");
    for file in &list.files {
        let inside = plain(&file.path)?;
        let to = match inside.strip_prefix("registry") {
            Ok(inside) => registry.join(inside),
            Err(_) => data.join(&inside),
        };
        let copied = copy(&order.from.join(&inside), &to, &inside)?;
        if copied.bytes != file.bytes || copied.blake3 != file.blake3 {
            bail!("バックアップのファイルが目録と異なります: {}", file.path);
        }
    }
    let server = Server::open(data, &DatabaseChoice::Embedded).context("データベースを開けません")?;
    let opened = Registry::open(server).context("台帳を開けません")?;
    backup::restore(&opened, &registry).context("台帳を復元できません")?;
    fs::remove_dir_all(&registry).context("途中のファイルを消せません")?;
    fs::remove_file(data.join(LIST)).context("目録を消せません")?;
    // Who restores is asked now: before, there was no book of accounts to ask.
    let opened = std::sync::Arc::new(opened);
    let mut act = opened.act()?;
    let books = crate::kept::Books::read(&mut act)?;
    crate::authority::admit(cli, &opened, &mut act, &books)?;
    let mut db = opened.erasure()?;
    audit(
        &mut db,
        cli,
        AuditRole::Operator,
        AuditAction::Backup,
        AuditObject::Backup(Name::new(&list.backup)?),
        0,
    )?;
    voice.say(
        format!("バックアップ {} を復元しました。次に: musubi erasure reapply", list.backup),
        format!("Restored backup {}; next: musubi erasure reapply", list.backup),
    );
    voice.value(&json!({ "backup": list.backup, "files": list.files.len() }));
    Ok(Ending::Done)
}

/// A path of a list, which must stay below the folder.
fn plain(text: &str) -> Result<PathBuf> {
    let path = PathBuf::from(text);
    if path.components().all(|c| matches!(c, std::path::Component::Normal(_))) {
        Ok(path)
    } else {
        bail!("バックアップの目録に許されない経路があります")
    }
}

/// All files below a folder, in order.
fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| format!("読めません: {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

fn listed(root: &Path, path: &Path) -> Result<Listed> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(path)?)?;
    let inside = path.strip_prefix(root).context("path")?;
    Ok(Listed {
        path: inside.to_string_lossy().into_owned(),
        bytes: hasher.count(),
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

/// Copies a file, with its mode, and says what it holds. Never a link: whoever changes one must not change the other.
fn copy(from: &Path, to: &Path, inside: &Path) -> Result<Listed> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("作れません: {}", folder.display()))?;
    }
    let mut source = fs::File::open(from).with_context(|| format!("読めません: {}", from.display()))?;
    let mut target = fs::File::create(to).with_context(|| format!("書けません: {}", to.display()))?;
    target.set_permissions(source.metadata()?.permissions())?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0u8; 1 << 20];
    loop {
        let n = source.read(&mut piece)?;
        let Some(some) = piece.get(..n).filter(|p| !p.is_empty()) else { break };
        hasher.update(some);
        target.write_all(some)?;
    }
    target.sync_all()?;
    Ok(Listed {
        path: inside.to_string_lossy().into_owned(),
        bytes: hasher.count(),
        blake3: hasher.finalize().to_hex().to_string(),
    })
}
