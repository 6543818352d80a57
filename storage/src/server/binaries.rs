//! Finding PostgreSQL's programs on this machine. Nothing is ever downloaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::StorageError;

/// The oldest major version whose settings this crate uses (`log_parameter_max_length` came with 13).
const OLDEST: u32 = 13;

/// A folder that holds `initdb` and `postgres` of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// The path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The programs to use: first what `PATH` holds, then the usual folders of the distributions, newest first.
    /// With `wanted`, only that major version will do, because a cluster opens under its own version only.
    pub(super) fn find(wanted: Option<u32>) -> Result<Self, StorageError> {
        // PATH is how a program is found, not configuration; a test gives its own list to `choose`.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).map(|f| resolved(&f)).collect();
        folders.extend(versioned(Path::new("/usr/lib/postgresql"), "", "bin"));
        folders.extend(versioned(Path::new("/usr"), "pgsql-", "bin"));
        folders.push(PathBuf::from("/usr/local/pgsql/bin"));
        Self::choose(&folders, wanted)
    }

    /// The first folder of `folders` that will do.
    fn choose(folders: &[PathBuf], wanted: Option<u32>) -> Result<Self, StorageError> {
        let mut seen = Vec::new();
        for folder in folders.iter().filter(|f| holds_both(f)) {
            let Some(major) = major_version(&folder.join("postgres")) else { continue };
            if major >= OLDEST && wanted.is_none_or(|w| w == major) {
                return Ok(Self { folder: folder.clone(), major });
            }
            if !seen.contains(&major) {
                seen.push(major);
            }
        }
        Err(StorageError::Server(missing(wanted, &seen)))
    }
}

/// What to install, in both languages.
fn missing(wanted: Option<u32>, seen: &[u32]) -> String {
    let found = if seen.is_empty() {
        "none".to_owned()
    } else {
        seen.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
    };
    let (package, version) = match wanted {
        Some(major) => (format!("postgresql-{major}"), major.to_string()),
        None => ("postgresql".to_owned(), format!("{OLDEST}+")),
    };
    format!(
        "PostgreSQL {version} のサーバ（initdb と postgres）が見つかりません。例: apt-get install {package} / dnf install \
         postgresql-server。既存のデータベースを使う場合は接続 URL を設定してください。 \
         No server programs of PostgreSQL {version} (initdb and postgres) on this machine (versions seen: {found}). \
         Install for example {package}, or configure the URL of an existing database."
    )
}

/// Distributions put links to the programs into common folders; the programs find their own files beside the target.
fn resolved(folder: &Path) -> PathBuf {
    let behind = |name: &str| {
        fs::canonicalize(folder.join(name)).ok().and_then(|program| program.parent().map(Path::to_path_buf))
    };
    match (behind("initdb"), behind("postgres")) {
        (Some(a), Some(b)) if a == b && holds_both(&a) => a,
        _ => folder.to_path_buf(),
    }
}

fn holds_both(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file())
}

/// `parent/{prefix}{number}/{inside}` for every number there is, greatest first.
fn versioned(parent: &Path, prefix: &str, inside: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join(inside)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

fn major_version(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    read_version(std::str::from_utf8(&output.stdout).ok()?)
}

/// `postgres (PostgreSQL) 15.13 (Debian …)` → 15; also `17beta1`.
fn read_version(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once("(PostgreSQL)")?;
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn fake(folder: &Path, version: &str) {
        fs::create_dir_all(folder).unwrap();
        for name in ["initdb", "postgres"] {
            let file = folder.join(name);
            fs::write(&file, format!("#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn versions_are_read() {
        let check = |line: &str, expect: Option<u32>| assert_eq!(read_version(line), expect, "{line}");
        check("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)", Some(15));
        check("postgres (PostgreSQL) 17beta1", Some(17));
        check("postgres", None);
        check("", None);
    }

    #[test]
    fn links_lead_to_the_folder_behind_and_the_newest_comes_first() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        fake(&root.join("9/bin"), "9.6");
        fake(&root.join("14/bin"), "14.2");
        fake(&root.join("15/bin"), "15.1");
        assert_eq!(
            versioned(&root, "", "bin"),
            [root.join("15/bin"), root.join("14/bin"), root.join("9/bin")]
        );
        let links = root.join("links");
        fs::create_dir(&links).unwrap();
        for name in ["initdb", "postgres"] {
            std::os::unix::fs::symlink(root.join("14/bin").join(name), links.join(name)).unwrap();
        }
        assert_eq!(resolved(&links), root.join("14/bin"));
        let all = versioned(&root, "", "bin");
        assert_eq!(Binaries::choose(&all, None).unwrap().major, 15);
        assert_eq!(Binaries::choose(&all, Some(14)).unwrap().folder, root.join("14/bin"));
    }

    #[test]
    fn what_is_missing_is_said_in_both_languages() {
        let root = tempfile::tempdir().unwrap();
        fake(&root.path().join("bin"), "9.6");
        let said = Binaries::choose(&[root.path().join("bin")], None).unwrap_err().to_string();
        assert!(said.contains("見つかりません") && said.contains("apt-get install postgresql"), "{said}");
        assert!(said.contains("versions seen: 9"), "{said}");
        let said = Binaries::choose(&[], Some(16)).unwrap_err().to_string();
        assert!(said.contains("postgresql-16"), "{said}");
    }
}
