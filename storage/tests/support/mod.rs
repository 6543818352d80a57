//! What the database tests share: one private server for the tests of a binary that run at the same time, and a
//! database of its own for each test.
#![allow(dead_code, clippy::expect_used)] // every test binary uses its own part; helpers stop on what cannot be

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use musubi_storage::server::{DatabaseChoice, Server};
use tempfile::TempDir;

/// A private server in a folder that vanishes with it.
pub struct House {
    pub server: Server,
    folder: TempDir,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = Server::open(folder.path(), &DatabaseChoice::Embedded).expect("a private server");
        Self { server, folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A new, empty database in this server, reached as an operator's database is: by URL.
    pub fn database(&self) -> Server {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.server
            .connect_owner()
            .expect("owner")
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database");
        let url = self.server.owner_url(&name).expect("a private server has a URL");
        Server::open(self.path(), &DatabaseChoice::Url(url)).expect("by URL")
    }
}

/// The server of the tests that run now. A static is never dropped, so it holds the house weakly: the last test to
/// finish stops the server.
pub fn house() -> Arc<House> {
    static HOUSE: Mutex<Weak<House>> = Mutex::new(Weak::new());
    let mut place = HOUSE.lock().unwrap_or_else(PoisonError::into_inner);
    place.upgrade().unwrap_or_else(|| {
        let house = Arc::new(House::new());
        *place = Arc::downgrade(&house);
        house
    })
}

/// The cluster's folder of a data folder.
pub fn cluster_of(data_dir: &Path) -> PathBuf {
    match std::fs::read_to_string(data_dir.join("postgres.location")) {
        Ok(path) => PathBuf::from(path.trim_end()),
        Err(_) => data_dir.join("postgres"),
    }
}

/// The process number in `postmaster.pid`.
pub fn server_pid(data_dir: &Path) -> Option<i32> {
    let text = std::fs::read_to_string(cluster_of(data_dir).join("data/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}
