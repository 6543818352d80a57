//! The settings of the private server.
//!
//! What keeps it private and its log free of values stands on the command line, which no file and no session can
//! override; what an operator may tune stands in a file, with a place for the operator's own.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::error::StorageError;

use super::account::Account;
use super::place::{PORT, Place};

/// `pg_hba.conf`. Whoever can enter the socket's folder (0700) is the server's user or root.
const ACCESS: &str = "\
# Written by musubi at every start.
local all all trust
";

/// `postgresql.conf`: a private server on one machine, with everything written down safely.
const TUNABLE: &str = "\
# Written by musubi at every start. Put your own settings into local.conf beside this file.
max_connections = 40
shared_buffers = 192MB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
include_if_exists = 'local.conf'
";

/// Fixed settings. An error goes to the client and not to the log (`log_min_messages = log` lets through what the
/// server says of itself, and fatal ends), and nothing that goes to the log brings a statement, a parameter or a
/// row's values along (`terse` drops the details).
const FIXED: [&str; 21] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "logging_collector=on",
    "log_destination=stderr",
    "log_filename=postgres-%d.log",
    "log_rotation_age=1d",
    "log_rotation_size=0",
    "log_truncate_on_rotation=on",
    "log_file_mode=0600",
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_statement=none",
    "log_min_duration_statement=-1",
    "log_min_duration_sample=-1",
    "log_transaction_sample_rate=0",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
];

/// Writes the files of settings.
pub(super) fn write(place: &Place, account: &Account) -> Result<(), StorageError> {
    for (name, content) in [("pg_hba.conf", ACCESS), ("postgresql.conf", TUNABLE)] {
        let file = place.data.join(name);
        fs::write(&file, content).map_err(StorageError::io("writing", &file))?;
        account.own(&file)?;
    }
    Ok(())
}

/// The server's arguments.
pub(super) fn arguments(place: &Place) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["-D".into(), place.data.clone().into()];
    let mut set = |setting: OsString| words.extend(["-c".into(), setting]);
    for setting in FIXED {
        set(setting.into());
    }
    set(format!("port={PORT}").into());
    set(assignment("log_directory=", &place.home.join("log")));
    set(assignment("unix_socket_directories=", &quoted(&place.socket)));
    words
}

fn assignment(name: &str, path: &Path) -> OsString {
    let mut setting = OsString::from(name);
    setting.push(path);
    setting
}

/// The setting is a list: quotes keep a comma in a path from ending it.
fn quoted(path: &Path) -> std::path::PathBuf {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let mut out = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
    OsString::from_vec(out).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_as_one_item() {
        let check = |path: &str, expect: &str| assert_eq!(quoted(Path::new(path)), Path::new(expect));
        check("/a b,c", "\"/a b,c\"");
        check("/a\"b", "\"/a\"\"b\"");
    }
}
