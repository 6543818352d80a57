//! The life of the private server: made once, started by the first who needs it, shared, stopped by the last.
//!
//! Two lock files in the data folder keep order between processes. Whoever makes, starts or stops the server holds
//! `postgres.lock`; whoever uses it holds `postgres.users`, shared. The last one out is the one who can have
//! `postgres.users` alone. The system releases both when a process dies, so nothing has to be cleaned up after a
//! crash: the server of a killed process goes on running, and the next to open the data folder takes it over.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use postgres::{Client, Config, NoTls};
use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;

use crate::error::StorageError;

use super::account::Account;
use super::binaries::Binaries;
use super::place::{PORT, Place};
use super::process::{self, Backoff, PidFile};
use super::settings;

/// The superuser of the private server.
pub(super) const OWNER: &str = "musubi_owner";
/// The database.
pub(super) const DATABASE: &str = "musubi";
/// How long a start may take: recovery after a crash replays the log since the last checkpoint.
const START_LIMIT: Duration = Duration::from_secs(300);
/// How long the processes of a killed server may hold on to its memory.
const REMAINS_LIMIT: Duration = Duration::from_secs(30);
/// Lines of the log shown when the server does not start.
const TAIL_LINES: usize = 12;

/// A private cluster in use by this value; stopped when this value was the last user.
#[derive(Debug)]
pub(super) struct Cluster(Inner);

/// The cluster without the duty to leave in order, so that a failed opening can leave under the lock it holds.
#[derive(Debug)]
struct Inner {
    data_dir: PathBuf,
    place: Place,
    account: Account,
    /// Locked, shared, while this value lives.
    users: File,
    /// The last server seen, to stop it even when its files are gone.
    last: Mutex<Option<PidFile>>,
}

impl Cluster {
    /// Opens the cluster of a data folder: makes it when there is none, starts its server when none runs.
    pub(super) fn open(data_dir: &Path) -> Result<Self, StorageError> {
        fs::create_dir_all(data_dir).map_err(StorageError::io("making the data folder", data_dir))?;
        let data_dir =
            fs::canonicalize(data_dir).map_err(StorageError::io("finding the data folder", data_dir))?;
        let _transition = transition(&data_dir)?;
        let (place, account) = Place::choose(&data_dir, Account::choose()?)?;
        let users = lock(&data_dir, "postgres.users", FlockOperation::LockShared)?;
        let inner = Inner { data_dir, place, account, users, last: Mutex::new(None) };
        match inner.ensure_running().and_then(|()| inner.ensure_database()) {
            Ok(()) => Ok(Self(inner)),
            Err(e) => {
                inner.leave();
                Err(e)
            }
        }
    }

    /// Connects as `user` to `database`. When the server is gone (killed), it is started once more.
    pub(super) fn connect(&self, user: &str, database: &str) -> Result<Client, postgres::Error> {
        let first = self.config(user, database).connect(NoTls);
        match first {
            Err(e) if e.as_db_error().is_none() && self.0.is_down() => {
                let restarted = transition(&self.0.data_dir).and_then(|_transition| self.0.ensure_running());
                match restarted {
                    Ok(()) => self.config(user, database).connect(NoTls),
                    Err(_) => Err(e),
                }
            }
            other => other,
        }
    }

    /// How to connect.
    pub(super) fn config(&self, user: &str, database: &str) -> Config {
        self.0.config(user, database)
    }

    /// The folder of the socket.
    pub(super) fn socket(&self) -> PathBuf {
        self.0.socket()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Without the lock (a data folder that was removed) the server still must not outlive its last user.
        let _transition = transition(&self.0.data_dir);
        self.0.leave();
    }
}

impl Inner {
    /// Leaves; stops the server when nobody else uses it. Under the transition lock.
    fn leave(&self) {
        // A child that another thread is just starting holds a copy of our locks until it becomes another program;
        // a real user keeps the lock for longer than that.
        for attempt in 0..4 {
            match flock(&self.users, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    let known = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(server) = process::running(&self.place.data).or(known) {
                        process::stop(&server, &self.place.data);
                    }
                    return;
                }
                Err(_) if attempt < 3 => std::thread::sleep(Duration::from_millis(10)),
                Err(_) => {}
            }
        }
    }

    fn is_down(&self) -> bool {
        process::running(&self.place.data).is_none()
    }

    /// The folder of the socket as the running server says: a process with another temporary folder started it.
    fn socket(&self) -> PathBuf {
        PidFile::read(&self.place.data)
            .and_then(|file| file.socket)
            .unwrap_or_else(|| self.place.socket.clone())
    }

    fn config(&self, user: &str, database: &str) -> Config {
        let mut config = Config::new();
        config
            .host_path(self.socket())
            .port(PORT)
            .user(user)
            .dbname(database)
            .application_name("musubi")
            .connect_timeout(Duration::from_secs(30));
        config
    }

    /// Under the transition lock: takes over the server that runs, or makes the cluster and starts one.
    fn ensure_running(&self) -> Result<(), StorageError> {
        // Left by a process that was killed. One that is just going down is waited for, and then started anew.
        while let Some(server) = process::running(&self.place.data) {
            if self.wait_until_ready(|| server.is_running(&self.place.data))? {
                return Ok(());
            }
        }
        let binaries = Binaries::find(self.place.version())?;
        if self.place.version().is_none() {
            self.make(&binaries)?;
        }
        self.place.record()?;
        settings::write(&self.place, &self.account)?;
        let begun = Instant::now();
        loop {
            self.clear_remains();
            let ended = self.spawn(&binaries)?;
            if self.wait_until_ready(|| matches!(ended.try_recv(), Err(TryRecvError::Empty)))? {
                return Ok(());
            }
            // After `kill -9` of the server its helpers need a moment to notice and to let go of the shared memory.
            let tail = self.log_tail();
            if !tail.contains("shared memory block") || begun.elapsed() > REMAINS_LIMIT {
                return Err(StorageError::Server(format!("the server does not start:\n{tail}")));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Runs `initdb` into a folder beside, and renames it: a cluster is there whole or not at all.
    fn make(&self, binaries: &Binaries) -> Result<(), StorageError> {
        let partial = self.place.home.join("data.partial");
        let mut said = String::new();
        for locale in ["C.UTF-8", "C"] {
            remove_folder(&partial)?;
            let output = self
                .account
                .command(&binaries.program("initdb"), &self.place.home)
                .arg("--pgdata")
                .arg(&partial)
                .args(["--username", OWNER, "--encoding", "UTF8", "--auth", "trust", "--data-checksums"])
                .arg(format!("--locale={locale}"))
                .output()
                .map_err(StorageError::io("running", binaries.program("initdb")))?;
            if output.status.success() {
                remove_folder(&self.place.data)?;
                fs::rename(&partial, &self.place.data)
                    .and_then(|()| File::open(&self.place.home)?.sync_all())
                    .map_err(StorageError::io("putting the cluster in place", &self.place.data))?;
                return Ok(());
            }
            said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        }
        remove_folder(&partial)?;
        Err(StorageError::Server(format!("initdb failed: {said}")))
    }

    /// Removes what a dead server left and what could keep a new one from starting. PostgreSQL itself passes over a
    /// number that is nobody's; one that now belongs to another program would stop it.
    fn clear_remains(&self) {
        // Also a file that says nothing, as a full disk leaves it.
        if PidFile::read(&self.place.data).is_none_or(|file| !file.is_running(&self.place.data)) {
            // Helpers of the dead server that still live are found by PostgreSQL through the shared memory.
            let _ = fs::remove_file(self.place.data.join("postmaster.pid"));
        }
        // The folder is private and no server runs: both are of the dead one.
        let _ = fs::remove_file(self.place.socket.join(format!(".s.PGSQL.{PORT}.lock")));
        let _ = fs::remove_file(self.place.socket.join(format!(".s.PGSQL.{PORT}")));
    }

    /// Starts the server. The receiver hears when it ends.
    fn spawn(&self, binaries: &Binaries) -> Result<Receiver<Option<ExitStatus>>, StorageError> {
        let first_words = self.first_words();
        let log = File::create(&first_words)
            .and_then(|file| Ok((file.try_clone()?, file)))
            .map_err(StorageError::io("writing", &first_words))?;
        let program = binaries.program("postgres");
        let mut child = self
            .account
            .command(&program, &self.place.home)
            .args(settings::arguments(&self.place))
            .stdout(log.0)
            .stderr(log.1)
            .spawn()
            .map_err(StorageError::io("running", &program))?;
        let (sender, receiver) = mpsc::channel();
        // Somebody else may stop the server; this thread then takes its ending, so that no zombie remains.
        std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || {
                let _ = sender.send(child.wait().ok());
            })
            .map_err(StorageError::io("watching", &program))?;
        Ok(receiver)
    }

    /// Waits until the server takes connections; `false` when it ended before.
    fn wait_until_ready(&self, mut alive: impl FnMut() -> bool) -> Result<bool, StorageError> {
        let begun = Instant::now();
        let mut pause = Backoff::new();
        while begun.elapsed() < START_LIMIT {
            if let Ok(mut client) = self.config(OWNER, "postgres").connect(NoTls)
                && client.simple_query("SELECT 1").is_ok()
            {
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
                    process::running(&self.place.data);
                return Ok(true);
            }
            if !alive() {
                return Ok(false);
            }
            pause.wait();
        }
        Err(StorageError::Server(format!(
            "the server takes no connections after {} s:\n{}",
            START_LIMIT.as_secs(),
            self.log_tail()
        )))
    }

    fn ensure_database(&self) -> Result<(), StorageError> {
        let mut client = self
            .config(OWNER, "postgres")
            .connect(NoTls)
            .map_err(StorageError::db("connecting to make the database"))?;
        let there = client
            .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&DATABASE])
            .map_err(StorageError::db("looking for the database"))?;
        if there.is_none() {
            client
                .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
                .map_err(StorageError::db("making the database"))?;
        }
        Ok(())
    }

    /// What the server says before its log is open.
    fn first_words(&self) -> PathBuf {
        self.place.home.join("log").join("start.log")
    }

    /// The last lines of what the server said. The settings keep values of statements out of it.
    fn log_tail(&self) -> String {
        let newest = fs::read_dir(self.place.home.join("log"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| *path != self.first_words())
            .max_by_key(|path| path.metadata().and_then(|m| m.modified()).ok());
        let mut lines = Vec::new();
        for file in [Some(self.first_words()), newest].into_iter().flatten() {
            let text = fs::read(&file).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let all: Vec<&str> = text.lines().collect();
            lines.extend(all.iter().skip(all.len().saturating_sub(TAIL_LINES)).map(ToString::to_string));
        }
        lines.join("\n")
    }
}

/// The lock under which the server is made, started and stopped.
fn transition(data_dir: &Path) -> Result<File, StorageError> {
    lock(data_dir, "postgres.lock", FlockOperation::LockExclusive)
}

fn lock(data_dir: &Path, name: &str, operation: FlockOperation) -> Result<File, StorageError> {
    let path = data_dir.join(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(StorageError::io("opening the lock file", &path))?;
    retry_on_intr(|| flock(&file, operation))
        .map_err(|e| StorageError::io("locking", &path)(std::io::Error::from(e)))?;
    Ok(file)
}

fn remove_folder(folder: &Path) -> Result<(), StorageError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(StorageError::io("removing", folder)(e)),
        _ => Ok(()),
    }
}
