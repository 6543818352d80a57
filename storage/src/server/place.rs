//! Where the private cluster lies, and where its socket does.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::error::StorageError;

use super::account::Account;
use super::binaries::Binaries;

/// In the data folder: the path of the cluster, when it could not be put into the data folder itself.
pub(super) const LOCATION_FILE: &str = "postgres.location";
/// Where clusters of unreachable data folders lie.
const FALLBACK: &str = "/var/lib/musubi";
/// The port in the socket's name. Nothing listens on it.
pub(super) const PORT: u16 = 5432;
/// The longest socket path that the system accepts, in bytes (108 with the closing zero).
const SOCKET_PATH_MAX: usize = 107;

/// The folders of a cluster.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Everything of the cluster; belongs to the server's user alone.
    pub(super) home: PathBuf,
    /// PostgreSQL's own data folder.
    pub(super) data: PathBuf,
    /// The folder of the socket.
    pub(super) socket: PathBuf,
    /// The data folder (of the product) for which it is.
    data_dir: PathBuf,
}

impl Place {
    /// Chooses the place for `data_dir` (which exists and is canonical) and makes its folders.
    /// Returns the user to whom the cluster belongs or will belong.
    pub(super) fn choose(data_dir: &Path, account: Account) -> Result<(Self, Account), StorageError> {
        account.let_pass(data_dir)?;
        let (home, known) = match recorded(data_dir)? {
            Some(home) => (home, true),
            None => (Self::new_home(data_dir, account)?, false),
        };
        let data = home.join("data");
        if known && !data.join("PG_VERSION").is_file() {
            // Making a new, empty cluster here would hide the loss of the old one.
            return Err(StorageError::Server(format!(
                "{} names {}, and no cluster is there; restore it, or remove the file to begin anew",
                data_dir.join(LOCATION_FILE).display(),
                home.display()
            )));
        }
        let account = if data.is_dir() { account.owner_of(&data)? } else { account };
        account.private_folder(&home)?;
        let socket = socket_folder(&home, data_dir, &std::env::temp_dir());
        account.private_folder(&socket)?;
        account.private_folder(&home.join("log"))?;
        Ok((Self { home, data, socket, data_dir: data_dir.to_path_buf() }, account))
    }

    /// `postgres` in the data folder, or another place when the server's user cannot get there.
    fn new_home(data_dir: &Path, account: Account) -> Result<PathBuf, StorageError> {
        let inside = data_dir.join("postgres");
        if !account.switch || inside.join("data/PG_VERSION").is_file() {
            return Ok(inside);
        }
        let probe = Binaries::find(None)?.program("postgres");
        if account.reaches(&probe, data_dir) {
            return Ok(inside);
        }
        let name = name_of(data_dir);
        let temporary = fs::canonicalize(std::env::temp_dir()).unwrap_or_else(|_| std::env::temp_dir());
        if data_dir.starts_with(&temporary) {
            // What lies in the temporary folder is meant to vanish with it.
            return Ok(temporary.join(format!("musubi-{name}")));
        }
        let base = Path::new(FALLBACK);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(base)
            .map_err(StorageError::io("making the folder", base))?;
        Ok(base.join(name))
    }

    /// Notes in the data folder where the cluster lies, when it lies elsewhere. Called once the cluster is whole, so
    /// that the note never names a place without one.
    pub(super) fn record(&self) -> Result<(), StorageError> {
        let file = self.data_dir.join(LOCATION_FILE);
        if self.home.starts_with(&self.data_dir) || file.exists() {
            return Ok(());
        }
        let temporary = self.data_dir.join("postgres.location.new");
        fs::File::create(&temporary)
            .and_then(|mut f| {
                f.write_all(self.home.as_os_str().as_bytes())?;
                f.write_all(b"\n")?;
                f.sync_all()
            })
            .and_then(|()| fs::rename(&temporary, &file))
            .map_err(StorageError::io("writing", &file))
    }

    /// The cluster's major version, when there is a cluster.
    pub(super) fn version(&self) -> Option<u32> {
        fs::read_to_string(self.data.join("PG_VERSION")).ok()?.trim().parse().ok()
    }
}

fn recorded(data_dir: &Path) -> Result<Option<PathBuf>, StorageError> {
    let file = data_dir.join(LOCATION_FILE);
    match fs::read(&file) {
        Ok(bytes) => {
            let path = PathBuf::from(OsStr::from_bytes(bytes.trim_ascii_end()));
            if path.is_absolute() {
                Ok(Some(path))
            } else {
                Err(StorageError::Server(format!("{} does not hold a path", file.display())))
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(StorageError::io("reading", file)(e)),
    }
}

/// A short name for a data folder: the same as long as the folder lives, different for others, and for a folder made
/// anew in the place of one that was removed: it must not find the old one's cluster.
fn name_of(data_dir: &Path) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(data_dir.as_os_str().as_bytes());
    if let Ok(metadata) = fs::metadata(data_dir) {
        hasher.update(&metadata.ino().to_be_bytes());
        let born = metadata.created().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
        hasher.update(&born.unwrap_or_default().as_nanos().to_be_bytes());
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// `socket` beside the cluster, or a folder in `temporary` when the path would be too long for a socket.
fn socket_folder(home: &Path, data_dir: &Path, temporary: &Path) -> PathBuf {
    let near = home.join("socket");
    let longest = near.join(format!(".s.PGSQL.{PORT}"));
    if longest.as_os_str().len() <= SOCKET_PATH_MAX {
        return near;
    }
    temporary.join(format!("musubi-socket-{}", name_of(data_dir)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_moves_the_socket_elsewhere() {
        let temporary = Path::new("/tmp");
        let check = |home: &str, near: bool| {
            let home = Path::new(home);
            let folder = socket_folder(home, home, temporary);
            assert_eq!(folder.starts_with(home), near, "{}", folder.display());
            assert!(folder.join(".s.PGSQL.5432").as_os_str().len() <= SOCKET_PATH_MAX);
        };
        check("/data/postgres", true);
        // 107 = home + "/socket" (7) + "/.s.PGSQL.5432" (14)
        check(&format!("/{}", "a".repeat(85)), true);
        check(&format!("/{}", "a".repeat(86)), false);
        check(&format!("/{}", "あ".repeat(40)), false);
    }

    #[test]
    fn names_differ_by_path() {
        assert_eq!(name_of(Path::new("/a")), name_of(Path::new("/a")));
        assert_ne!(name_of(Path::new("/a")), name_of(Path::new("/b")));
    }
    #[test]
    fn a_folder_made_anew_does_not_find_the_old_ones_cluster() {
        let around = tempfile::tempdir().unwrap();
        let data = around.path().join("data");
        fs::create_dir(&data).unwrap();
        let old = name_of(&data);
        assert_eq!(name_of(&data), old);
        fs::remove_dir(&data).unwrap();
        fs::create_dir(&data).unwrap();
        assert_ne!(name_of(&data), old);
    }
}
