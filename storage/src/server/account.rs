//! Which user of the machine runs the private server: ourselves, or, when we are root, somebody with fewer rights,
//! because PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::StorageError;

/// Users that root becomes, in this order.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// A user of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    /// We are root and become this user.
    pub(super) switch: bool,
}

impl Account {
    /// The user under which a new cluster is made.
    pub(super) fn choose() -> Result<Self, StorageError> {
        let uid = rustix::process::geteuid().as_raw();
        if uid != 0 {
            return Ok(Self { uid, gid: rustix::process::getegid().as_raw(), switch: false });
        }
        let users = fs::read_to_string("/etc/passwd").map_err(StorageError::io("reading", "/etc/passwd"))?;
        UNPRIVILEGED
            .iter()
            .find_map(|name| passwd_entry(&users, name))
            .map(|(uid, gid)| Self { uid, gid, switch: true })
            .ok_or_else(|| {
                StorageError::Server(
                    "root では起動できません。利用者 postgres または nobody を作成してください。 \
                     PostgreSQL does not run as root, and there is neither a user postgres nor nobody to become."
                        .to_owned(),
                )
            })
    }

    /// The user to whom an existing cluster belongs; only that user's server opens it.
    pub(super) fn owner_of(self, cluster: &Path) -> Result<Self, StorageError> {
        let meta = fs::metadata(cluster).map_err(StorageError::io("looking at", cluster))?;
        if self.switch && meta.uid() != 0 {
            return Ok(Self { uid: meta.uid(), gid: meta.gid(), switch: true });
        }
        if meta.uid() != self.uid {
            return Err(StorageError::Server(format!(
                "{} belongs to user {} of this machine, not to {}; run as that user",
                cluster.display(),
                meta.uid(),
                self.uid
            )));
        }
        Ok(self)
    }

    /// A command that runs as this user, out of reach of the terminal's Ctrl-C, without PostgreSQL's environment
    /// variables of whoever called us, and speaking English so that its words can be recognised.
    pub(super) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") || name.as_encoded_bytes().starts_with(b"LC_") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").current_dir(folder).process_group(0).stdin(Stdio::null());
        if self.switch {
            // The standard library drops supplementary groups when root gives a uid.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Can this user enter `folder` and run `program`? Asked by doing it: mode bits alone do not know of access
    /// lists or mount options.
    pub(super) fn reaches(&self, program: &Path, folder: &Path) -> bool {
        self.command(program, folder)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    }

    /// Lets this user's group pass through `folder`, when nobody but its owner, we, could until now. Passing through
    /// shows no names and opens no file.
    pub(super) fn let_pass(&self, folder: &Path) -> Result<(), StorageError> {
        let meta = fs::metadata(folder).map_err(StorageError::io("looking at", folder))?;
        if self.switch && meta.uid() == 0 && meta.mode() & 0o077 == 0 {
            std::os::unix::fs::chown(folder, None, Some(self.gid))
                .map_err(StorageError::io("changing the group of", folder))?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o710))
                .map_err(StorageError::io("changing the mode of", folder))?;
        }
        Ok(())
    }

    /// Makes `folder` for this user alone (0700), or takes it when it is already exactly that. Somebody else's
    /// folder, or a link, is refused: in a shared place it may have been laid as a trap.
    pub(super) fn private_folder(&self, folder: &Path) -> Result<(), StorageError> {
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(StorageError::io("making the folder", folder)(e)),
        }
        let meta = fs::symlink_metadata(folder).map_err(StorageError::io("looking at", folder))?;
        let ours = meta.uid() == self.uid || (self.switch && meta.uid() == 0);
        if !meta.is_dir() || !ours {
            return Err(StorageError::Server(format!(
                "{} exists and is not a folder of user {}",
                folder.display(),
                self.uid
            )));
        }
        if meta.mode() & 0o777 != 0o700 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
                .map_err(StorageError::io("changing the mode of", folder))?;
        }
        self.own(folder)
    }

    /// Gives `path` to this user.
    pub(super) fn own(&self, path: &Path) -> Result<(), StorageError> {
        if self.switch {
            std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
                .map_err(StorageError::io("changing the owner of", path))?;
        }
        Ok(())
    }
}

/// User and group number of `name` in the text of a passwd file; never root's.
fn passwd_entry(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then_some((uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwd_lines_are_read() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104:,,,:/var:/bin/bash\nbroken:x\nfake:x:0:0::/:\n";
        let check = |name: &str, expect| assert_eq!(passwd_entry(users, name), expect, "{name}");
        check("postgres", Some((101, 104)));
        check("nobody", None);
        check("broken", None);
        check("fake", None);
        check("post", None);
    }

    #[test]
    fn a_link_is_not_taken_for_a_private_folder() {
        let root = tempfile::tempdir().unwrap();
        let account = Account::choose().unwrap();
        let folder = root.path().join("folder");
        account.private_folder(&folder).unwrap();
        account.private_folder(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(account.private_folder(&link).is_err());
    }
}
