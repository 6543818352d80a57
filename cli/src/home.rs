//! Opens an installation: configuration, keys, database, parameters. The only place that reads clock and environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::parameters;
use musubi_etl::house::{Folders, japanese_day};
use musubi_model::limits::Limits;
use musubi_model::parameter::ParameterSet;
use musubi_storage::keys::{KekSource, KeyRing};
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};
use serde::Deserialize;

use crate::args::{Cli, Command};
use crate::authority::{self, Acting};
use crate::commands::erasure::Erasure;
use crate::kept::{Books, Kept};

/// What a server lends to the verbs that it gives: database and keys stay open between them.
#[derive(Clone)]
pub struct Lent {
    /// Database.
    pub registry: Arc<Registry>,
    /// Keys.
    pub ring: KeyRing,
    /// Books that were read before.
    pub kept: Arc<Kept>,
}

impl std::fmt::Debug for Lent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lent")
    }
}

/// `musubi.toml` in the data folder. Everything has a default; a missing file is an empty one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// Keys.
    pub keys: KeyConfiguration,
    /// Loads.
    pub load: LoadConfiguration,
}

/// Where the key-encryption key comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyConfiguration {
    /// A command that prints the key as 128 hexadecimal digits; without it `keys/kek.key`.
    pub kek_command: Vec<String>,
}

/// How loads behave.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadConfiguration {
    /// Raw bytes held in memory at once.
    pub batch_bytes: u64,
    /// Lake files of one table that may stand side by side before they are merged.
    pub compact_files: u64,
}

impl Default for LoadConfiguration {
    fn default() -> Self {
        Self { batch_bytes: 32 << 20, compact_files: 64 }
    }
}

/// An open installation.
pub struct Home {
    /// Data folder.
    pub data: PathBuf,
    /// Configuration.
    pub configuration: Configuration,
    /// Keys.
    pub ring: KeyRing,
    /// Database.
    pub registry: Arc<Registry>,
    /// Parameters.
    pub parameters: Arc<ParameterSet>,
    /// The books of authority as they were when it was opened.
    pub books: Arc<Books>,
    /// Limits in force today.
    pub limits: Limits,
    /// Who acts, in which role.
    pub acting: Acting,
}

/// The time now.
#[must_use]
#[allow(clippy::disallowed_methods)] // the one place where the clock is read
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Today in Japan.
#[must_use]
pub fn today() -> Date {
    japanese_day(now())
}

/// Name and version of this program, for the books.
pub const CODE_VERSION: &str = concat!("musubi ", env!("CARGO_PKG_VERSION"));

/// BLAKE3 of the file of this program, for the books.
pub fn binary_hash() -> Result<String> {
    let program = std::env::current_exe().context("プログラムの場所が分かりません")?;
    let file = fs::File::open(&program).context("プログラムのファイルを読めません")?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).context("プログラムのファイルを読めません")?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The mark of a house that was restored from a backup and has not applied the erasures again (R-SEC-12).
pub const RESTORED: &str = "restored.mark";

impl Home {
    /// Opens the installation in the data folder, making it on the first call, for whoever may give this command. A restored
    /// house opens for nothing but applying erasures again: until then it holds people who are no longer to be there.
    pub fn open(cli: &Cli) -> Result<Self> {
        let reapplies = matches!(cli.command, Command::Erasure(Erasure::Reapply { .. }));
        if cli.data.join(RESTORED).exists() && !reapplies {
            bail!("復元した環境です。先に削除を再適用してください: musubi erasure reapply");
        }
        let (data, database_url) = (cli.data.as_path(), cli.database_url.as_deref());
        let (configuration, ring, registry) = match &cli.lent {
            Some(lent) => (configuration(data)?, lent.ring.clone(), Arc::clone(&lent.registry)),
            None => {
                let (configuration, ring) = keys(data)?;
                let choice = match database_url {
                    Some(url) => DatabaseChoice::Url(url.to_owned()),
                    None => DatabaseChoice::Embedded,
                };
                let server = Server::open(data, &choice).context("データベースを開けません")?;
                let registry = Registry::open(server).context("台帳を開けません")?;
                (configuration, ring, Arc::new(registry))
            }
        };
        let mut db = registry.act()?;
        let books = match &cli.lent {
            Some(lent) => lent.kept.now(&mut db)?,
            None => Arc::new(Books::read(&mut db)?),
        };
        let acting = authority::admit(cli, &registry, &mut db, &books)?;
        drop(db);
        let limits = parameters::limits(&books.parameters, today()).context("上限値を読めません")?;
        Ok(Self {
            data: data.to_owned(),
            configuration,
            ring,
            registry,
            parameters: Arc::clone(&books.parameters),
            books,
            limits,
            acting,
        })
    }

    /// Where vault and lake lie.
    #[must_use]
    pub fn folders(&self) -> Folders {
        Folders { vault: self.data.join("vault"), lake: self.data.join("lake") }
    }
}

/// The configuration and the keys of the installation in `data`, for what needs no database.
pub fn keys(data: &Path) -> Result<(Configuration, KeyRing)> {
    fs::create_dir_all(data).with_context(|| format!("データフォルダーを作れません: {}", data.display()))?;
    let configuration = configuration(data)?;
    let keys = data.join("keys");
    let kek = match configuration.keys.kek_command.as_slice() {
        [] => KekSource::File(keys.join("kek.key")),
        words => KekSource::Command(words.to_vec()),
    };
    let ring = KeyRing::open_or_create(&keys, &kek).context("鍵を開けません")?;
    Ok((configuration, ring))
}

fn configuration(data: &Path) -> Result<Configuration> {
    let file = data.join("musubi.toml");
    match fs::read_to_string(&file) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("設定を読めません: {}", file.display())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Configuration::default()),
        Err(e) => bail!("設定を読めません: {}: {e}", file.display()),
    }
}
