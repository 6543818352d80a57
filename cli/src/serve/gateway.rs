//! Gives verbs inside this process, in the name of whoever is logged in: the same arguments, table of authority and books as
//! at the terminal. What a verb reads or writes as a file lies in memory only.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsRawFd as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, FromArgMatches as _};
use musubi_console::web::house::{Answer, Argument, Ended, Order};
use rustix::fs::{MemfdFlags, memfd_create};
use serde_json::Value;

use crate::args::Cli;
use crate::authority::{Asked, Denied};
use crate::commands::{Ending, Unfit};
use crate::home::Lent;
use crate::say::overhear;

/// What every verb that is given here needs.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// The open house.
    pub lent: Lent,
    data: PathBuf,
    /// The words of all verbs, put together once for as many as read them at the same time.
    grammars: Arc<Mutex<Vec<clap::Command>>>,
}

/// A file without a place on disk. Its path lives as long as it does.
struct Memory {
    file: File,
}

impl Memory {
    fn new(bytes: &[u8]) -> Result<Self> {
        let mut file =
            File::from(memfd_create("musubi", MemfdFlags::CLOEXEC).context("メモリー上のファイル")?);
        file.write_all(bytes).and_then(|()| file.seek(SeekFrom::Start(0))).context("メモリー上のファイル")?;
        Ok(Self { file })
    }

    fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}

/// A file that a verb writes, perhaps beside its place first: in a folder of its own, in memory where the machine has one.
struct Written {
    folder: PathBuf,
    path: PathBuf,
}

impl Written {
    fn new(data: &Path, ending: &str) -> Result<Self> {
        let mut name = [0u8; 16];
        getrandom::fill(&mut name).map_err(|e| anyhow::anyhow!("{e}"))?;
        let shared = Path::new("/dev/shm");
        let root = if shared.is_dir() { shared.to_owned() } else { data.join("tmp") };
        let folder = root.join(format!("musubi-{}", musubi_model::ids::to_hex(&name)));
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&folder).context("作業フォルダーを作れません")?;
        let path = folder.join(format!("out.{ending}"));
        Ok(Self { folder, path })
    }

    fn read(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A verb that refused has written nothing.
        drop(File::open(&self.path).and_then(|mut f| f.read_to_end(&mut bytes)));
        bytes
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl Gateway {
    /// Over an open house in a data folder.
    pub fn new(lent: Lent, data: PathBuf) -> Self {
        Self { lent, data, grammars: Arc::default() }
    }

    /// Gives a verb as an account.
    pub fn give(&self, account: &str, english: bool, order: &Order) -> Answer {
        match self.try_give(account, english, order) {
            Ok(answer) => answer,
            Err(e) => Answer {
                ended: Ended::Broken,
                value: Value::Null,
                lines: Vec::new(),
                error: Some(crate::told(&e)),
                files: Vec::new(),
            },
        }
    }

    /// Reads the words of a verb. Nothing of what was read stays in the grammar.
    fn read(&self, words: &[String]) -> clap::error::Result<clap::ArgMatches> {
        let all = || self.grammars.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all().pop();
        let mut grammar = kept.unwrap_or_else(Cli::command);
        let matches = grammar.try_get_matches_from_mut(words);
        all().push(grammar);
        matches
    }

    fn try_give(&self, account: &str, english: bool, order: &Order) -> Result<Answer> {
        let mut words = vec!["musubi".to_owned()];
        words.extend([
            format!("--data={}", self.data.display()),
            format!("--actor={account}"),
            format!("--lang={}", if english { "en" } else { "ja" }),
            "--json".to_owned(),
        ]);
        words.extend(order.words());
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut made = Ok(());
        order.each(|argument| {
            let word = match argument {
                Argument::Text(text) => Ok(text.to_owned()),
                Argument::Input(name, bytes) => Memory::new(bytes).map(|memory| {
                    let path = memory.path();
                    inputs.push(memory);
                    name.map_or_else(|| path.clone(), |name| format!("{name}={path}"))
                }),
                Argument::Output(name, ending) => Written::new(&self.data, ending).map(|written| {
                    let word = format!("{name}={}", written.path.display());
                    outputs.push(written);
                    word
                }),
            };
            match word {
                Ok(word) => words.push(word),
                Err(e) => made = Err(e),
            }
        });
        made?;
        let matches = match self.read(&words) {
            Ok(matches) => matches,
            // What people typed does not fit: clap's words name the option, and may repeat what was typed for it; only the kind is told.
            Err(e) => return Ok(unfit(e.kind().as_str().unwrap_or("usage"))),
        };
        let cli = Cli::from_arg_matches(&matches).map_err(|e| anyhow::anyhow!("{:?}", e.kind()))?;
        let asked = Asked::of(&matches);
        // Whoever is logged in decides as themselves, whatever name a form may carry.
        if asked.as_ref().and_then(Asked::by).is_some_and(|by| by != account) {
            return Ok(Answer {
                ended: Ended::Denied,
                value: Value::Null,
                lines: Vec::new(),
                error: Some("別のアカウントの名では行えません / not in the name of another account".into()),
                files: Vec::new(),
            });
        }
        let cli = Cli { asked, lent: Some(self.lent.clone()), ..cli };
        let (ended, said) = overhear(|| catch_unwind(AssertUnwindSafe(|| crate::give(&cli))));
        let (ended, error) = match ended {
            Ok(Ok(Ending::Done)) => (Ended::Done, None),
            Ok(Ok(Ending::LookAtIt)) => (Ended::LookAtIt, None),
            Ok(Ok(Ending::NotVerified)) => (Ended::Failed, None),
            Ok(Ok(Ending::Usage)) => (Ended::Usage, None),
            Ok(Err(e)) if e.is::<Denied>() => (Ended::Denied, Some(crate::told(&e))),
            Ok(Err(e)) if e.is::<Unfit>() => (Ended::Usage, Some(crate::told(&e))),
            Ok(Err(e)) if failed(&e) => (Ended::Broken, Some(crate::told(&e))),
            // A verb that ends with a reason of its own, such as a request that does not exist.
            Ok(Err(e)) => (Ended::Usage, Some(crate::told(&e))),
            Err(_) => (Ended::Broken, Some(format!("{} panicked", order.verb()))),
        };
        let files = outputs.iter().map(Written::read).collect();
        drop(inputs);
        Ok(Answer { ended, value: said.value, lines: said.lines, error, files })
    }
}

fn unfit(kind: &str) -> Answer {
    Answer {
        ended: Ended::Usage,
        value: Value::Null,
        lines: vec![format!("入力の形が違います / the input has the wrong form ({kind})")],
        error: None,
        files: Vec::new(),
    }
}

/// Whether store, disk or database failed, and not what was asked for.
fn failed(e: &anyhow::Error) -> bool {
    e.chain().any(|cause| cause.is::<musubi_storage::StorageError>() || cause.is::<std::io::Error>())
}
