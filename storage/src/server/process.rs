//! Is a server running for this cluster? Answered from `postmaster.pid` and the process table, never from the file
//! alone: after a crash or a reboot the number in it may be nobody's, or somebody else's.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How long a fast shutdown (which writes everything down) may take before it is made an immediate one (after which
/// the next start recovers from the log).
const FAST_LIMIT: Duration = Duration::from_secs(120);
/// How long an immediate shutdown may take.
const IMMEDIATE_LIMIT: Duration = Duration::from_secs(30);

/// What `postmaster.pid` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    /// Process number.
    pub(super) pid: Pid,
    /// The data folder as the server was told it.
    data: PathBuf,
    /// The folder of the socket, once there is one.
    pub(super) socket: Option<PathBuf>,
}

impl PidFile {
    /// Reads the file of a cluster; `None` when there is none or it is not whole yet.
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = Pid::from_raw(lines.next()?.trim().parse().ok().filter(|n| *n > 0)?)?;
        let data = PathBuf::from(lines.next()?);
        // start time, port, socket folder, listen address, shared memory, state
        let socket = lines.nth(2).filter(|l| !l.is_empty()).map(PathBuf::from);
        Some(Self { pid, data, socket })
    }

    /// Is that process alive, and a server of the cluster in `data`?
    pub(super) fn is_running(&self, data: &Path) -> bool {
        is_alive(self.pid) && works_in(self.pid, data, &self.data)
    }
}

/// The server of the cluster in `data`, when one runs.
pub(super) fn running(data: &Path) -> Option<PidFile> {
    PidFile::read(data).filter(|file| file.is_running(data))
}

fn is_alive(pid: Pid) -> bool {
    match test_kill_process(pid) {
        Ok(()) => true,
        // Not ours to signal, but there.
        Err(e) => e == rustix::io::Errno::PERM,
    }
}

/// A server has its data folder as working directory. Where that cannot be looked at, its arguments tell; where the
/// system shows neither (no `/proc`), being alive has to do, and connecting will show the rest.
fn works_in(pid: Pid, data: &Path, told: &Path) -> bool {
    if !Path::new("/proc/self").exists() {
        return true;
    }
    let process = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
    if let (Ok(a), Ok(b)) = (fs::metadata(process.join("cwd")), fs::metadata(data)) {
        return a.dev() == b.dev() && a.ino() == b.ino();
    }
    fs::read(process.join("cmdline")).is_ok_and(|line| {
        let mut words = line.split(|b| *b == 0);
        words.next().is_some_and(|program| program.ends_with(b"postgres"))
            && words.any(|word| word == told.as_os_str().as_encoded_bytes())
    })
}

/// Stops a server in order: fast shutdown, then immediate when that takes too long. Returns when it is gone.
pub(super) fn stop(server: &PidFile, data: &Path) {
    for (signal, limit) in [(Signal::INT, FAST_LIMIT), (Signal::QUIT, IMMEDIATE_LIMIT)] {
        if !server.is_running(data) || kill_process(server.pid, signal).is_err() {
            return;
        }
        let begun = Instant::now();
        let mut pause = Backoff::new();
        while begun.elapsed() < limit {
            if !server.is_running(data) {
                return;
            }
            pause.wait();
        }
    }
}

/// Waits a little, each time a little longer.
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(Duration::from_millis(5))
    }

    pub(super) fn wait(&mut self) {
        std::thread::sleep(self.0);
        self.0 = (self.0 * 3 / 2).min(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pid_files_are_read() {
        let check = |text: &str, expect: Option<(i32, Option<&str>)>| {
            let read = PidFile::parse(text);
            let seen = read
                .as_ref()
                .map(|f| (f.pid.as_raw_nonzero().get(), f.socket.as_deref().and_then(Path::to_str)));
            assert_eq!(seen, expect, "{text:?}");
        };
        check("42\n/data\n1700000000\n5432\n/sock\n\n 1 2\nready\n", Some((42, Some("/sock"))));
        check("42\n/data\n1700000000\n5432\n\n", Some((42, None)));
        check("42\n/data\n", Some((42, None)));
        check("42\n", None);
        check("0\n/data\n", None);
        check("-7\n/data\n", None);
        check("", None);
    }

    #[test]
    fn a_living_process_that_is_no_server_of_the_cluster_is_not_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let me = PidFile { pid: rustix::process::getpid(), data: folder.path().to_path_buf(), socket: None };
        assert!(is_alive(me.pid));
        assert!(!me.is_running(folder.path()));
        let here = std::env::current_dir().unwrap();
        assert!(me.is_running(&here));
    }
}
