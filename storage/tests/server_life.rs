//! The private server's life: made, started, shared, stopped by the last, and taken up again after every kind of
//! crash. Needs PostgreSQL's server programs; without them these tests fail.
#![allow(clippy::expect_used, clippy::unwrap_used)] // helpers of tests stop on what cannot be

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use musubi_storage::server::{DatabaseChoice, DbRole, Server};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use support::{cluster_of, server_pid};

const HELPER: &str = "MUSUBI_TEST_HELPER_FOLDER";

fn open(folder: &Path) -> Server {
    Server::open(folder, &DatabaseChoice::Embedded).expect("opens")
}

fn is_alive(pid: i32) -> bool {
    // A zombie of another process still has a number, but no working directory.
    test_kill_process(Pid::from_raw(pid).expect("a pid")).is_ok()
        && (!Path::new("/proc/self").exists() || fs::read_link(format!("/proc/{pid}/cwd")).is_ok())
}

fn kill_hard(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("killed");
    let begun = Instant::now();
    while is_alive(pid) {
        assert!(begun.elapsed() < Duration::from_secs(60), "still alive after SIGKILL");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Another process that has the same data folder open.
struct Other {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Other {
    fn start(mut command: Command, folder: &Path) -> Self {
        let mut child = command
            .args(["--exact", "the_other_process", "--nocapture"])
            .env(HELPER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut other = Self { child, lines };
        other.expect("open");
        other
    }

    fn here(folder: &Path) -> Self {
        Self::start(Command::new(std::env::current_exe().expect("this program")), folder)
    }

    fn expect(&mut self, word: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.lines.read_line(&mut line).expect("output");
            assert!(read > 0, "the other process ended without saying {word}");
            if line.trim_end().ends_with(word) {
                return;
            }
        }
    }

    fn leave(mut self) {
        self.child.stdin.take().expect("its input").write_all(b"\n").expect("told to leave");
        self.expect("left");
        assert!(self.child.wait().expect("its end").success());
    }
}

/// Not a test by itself: what the second process does. It opens, says so, waits for a line, and leaves.
#[test]
fn the_other_process() {
    let Some(folder) = std::env::var_os(HELPER) else { return };
    let server = open(Path::new(&folder));
    server.connect_owner().expect("connects").execute("SELECT 1", &[]).expect("answers");
    println!("\nopen");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    drop(server);
    println!("\nleft");
}

#[test]
fn opens_keeps_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(folder.path());
    let mut owner = server.connect_owner().unwrap();
    owner.batch_execute("CREATE TABLE kept (n integer); INSERT INTO kept VALUES (7)").unwrap();
    let row = owner
        .query_one(
            "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = 'musubi'",
            &[],
        )
        .unwrap();
    assert_eq!(row.get::<_, String>(0), "UTF8");
    assert!(row.get::<_, String>(1).starts_with('C'));
    for (setting, expect) in [
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("TimeZone", "UTC"),
        ("log_parameter_max_length", "0"),
        ("log_min_error_statement", "panic"),
    ] {
        let found: String = owner.query_one(&format!("SHOW {setting}"), &[]).unwrap().get(0);
        assert_eq!(found, expect, "{setting}");
    }
    drop(owner);
    let pid = server_pid(folder.path()).unwrap();
    assert!(is_alive(pid));
    // Ctrl-C in the terminal goes to our group; the server must not hear it before we stop it in order.
    assert_ne!(
        rustix::process::getpgid(Pid::from_raw(pid)).unwrap(),
        rustix::process::getpgid(None).unwrap()
    );
    drop(server);
    assert!(!is_alive(pid));
    assert_eq!(server_pid(folder.path()), None);

    let server = open(folder.path());
    let kept: i32 = server.connect_owner().unwrap().query_one("SELECT n FROM kept", &[]).unwrap().get(0);
    assert_eq!(kept, 7);
}

#[test]
fn the_first_starts_it_and_the_last_stops_it() {
    let folder = tempfile::tempdir().unwrap();
    let other = Other::here(folder.path());
    let pid = server_pid(folder.path()).unwrap();
    let one = open(folder.path());
    let two = open(folder.path());
    assert_eq!(server_pid(folder.path()), Some(pid));
    drop(one);
    assert!(is_alive(pid));
    other.leave();
    assert!(is_alive(pid), "stopped under a process that uses it");
    two.connect_owner().unwrap().execute("SELECT 1", &[]).unwrap();
    drop(two);
    assert!(!is_alive(pid));
}

#[test]
fn the_other_process_may_be_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(folder.path());
    let pid = server_pid(folder.path()).unwrap();
    let other = Other::here(folder.path());
    drop(server);
    assert!(is_alive(pid));
    other.leave();
    assert!(!is_alive(pid));
}

#[test]
fn many_at_once_make_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let pids: Vec<i32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let server = open(folder.path());
                    let pid = server_pid(folder.path()).unwrap();
                    (server, pid)
                })
            })
            .collect();
        let opened: Vec<(Server, i32)> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        opened.iter().map(|(_, pid)| *pid).collect()
    });
    assert!(pids.windows(2).all(|w| w[0] == w[1]), "{pids:?}");
    assert!(!is_alive(pids[0]));
}

#[test]
fn the_server_of_a_killed_process_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = Other::here(folder.path());
    let pid = server_pid(folder.path()).unwrap();
    other.child.kill().unwrap();
    other.child.wait().unwrap();
    assert!(is_alive(pid), "the server outlives a killed process");
    let server = open(folder.path());
    assert_eq!(server_pid(folder.path()), Some(pid));
    server.connect_owner().unwrap().execute("SELECT 1", &[]).unwrap();
    drop(server);
    assert!(!is_alive(pid));
}

#[test]
fn a_killed_server_recovers_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(folder.path());
    let mut owner = server.connect_owner().unwrap();
    owner.batch_execute("CREATE TABLE kept (n integer)").unwrap();
    owner.batch_execute("INSERT INTO kept VALUES (1)").unwrap();
    let first = server_pid(folder.path()).unwrap();
    kill_hard(first);
    assert!(owner.execute("SELECT 1", &[]).is_err());
    // The same value starts it again …
    let mut owner = server.connect_owner().unwrap();
    let second = server_pid(folder.path()).unwrap();
    assert_ne!(first, second);
    owner.batch_execute("INSERT INTO kept VALUES (2)").unwrap();
    // … and so does the next to open it.
    kill_hard(second);
    drop(server);
    let server = open(folder.path());
    let sum: i64 = server.connect_owner().unwrap().query_one("SELECT sum(n) FROM kept", &[]).unwrap().get(0);
    assert_eq!(sum, 3);
}

#[test]
fn a_stale_pid_file_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let data = cluster_of(folder.path()).join("data");
    let file = data.join("postmaster.pid");
    let stale = |pid: u32| {
        let text = format!("{pid}\n{}\n1700000000\n5432\n/nowhere\n\n", data.display());
        fs::write(&file, text).unwrap();
        fs::write(cluster_of(folder.path()).join("socket/.s.PGSQL.5432.lock"), format!("{pid}\n")).unwrap();
        drop(open(folder.path()));
        assert!(!file.exists());
    };
    // The number is nobody's …
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    stale(gone.id());
    // … or belongs to another program now, of root, or of the very user of the server; that one is left alone.
    let mut sleeper = Command::new("sleep").arg("600").spawn().unwrap();
    stale(sleeper.id());
    assert!(sleeper.try_wait().unwrap().is_none());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    if rustix::process::geteuid().is_root() {
        use std::os::unix::process::CommandExt as _;
        let mut sleeper =
            Command::new("sleep").arg("600").uid(fs::metadata(&data).unwrap().uid()).spawn().unwrap();
        stale(sleeper.id());
        assert!(sleeper.try_wait().unwrap().is_none());
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }
    // Not even a pid file: empty, as after a full disk.
    fs::write(&file, "").unwrap();
    drop(open(folder.path()));
}

#[test]
fn a_half_made_cluster_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let partial = folder.path().join("postgres/data.partial");
    fs::create_dir_all(partial.join("base")).unwrap();
    fs::write(partial.join("PG_VERSION"), "15\n").unwrap();
    let server = open(folder.path());
    server.connect_owner().unwrap().execute("SELECT 1", &[]).unwrap();
    assert!(!partial.exists());
}

#[test]
fn a_deep_folder_moves_the_socket_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("深".repeat(40));
    let server = {
        fs::create_dir(&deep).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&deep, fs::Permissions::from_mode(0o755)).unwrap();
        open(&deep)
    };
    server.connect_owner().unwrap().execute("SELECT 1", &[]).unwrap();
    assert!(deep.join("postgres/data/PG_VERSION").exists());
    assert!(!deep.join("postgres/socket").exists());
    let url = server.owner_url("musubi").unwrap();
    let socket = url.split('\'').nth(1).unwrap().to_owned();
    assert!(socket.contains("musubi-socket-"), "{url}");
    drop(server);
    fs::remove_dir(socket).unwrap();
}

#[test]
fn a_folder_that_the_servers_user_cannot_reach_gets_its_cluster_elsewhere() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root runs the server as somebody else");
        return;
    }
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let folder = closed.path().join("data");
    let server = open(&folder);
    let home = cluster_of(&folder);
    assert!(!home.starts_with(&folder), "{}", home.display());
    server.connect_owner().unwrap().batch_execute("CREATE TABLE kept (n integer)").unwrap();
    drop(server);
    // It is found again, and its loss is not papered over by a new and empty one.
    open(&folder).connect_owner().unwrap().execute("SELECT n FROM kept", &[]).unwrap();
    fs::remove_dir_all(&home).unwrap();
    let said = Server::open(&folder, &DatabaseChoice::Embedded).unwrap_err().to_string();
    assert!(said.contains("no cluster is there"), "{said}");
    assert!(!home.exists());
}

#[test]
fn an_ordinary_user_runs_it_too() {
    let tool = ["/usr/bin/setpriv", "/bin/setpriv"].into_iter().find(|t| Path::new(t).exists());
    let (true, Some(tool)) = (rustix::process::geteuid().is_root(), tool) else {
        println!(
            "skipped: needs root and setpriv to become an ordinary user (run as one, all tests here are that)"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let nobody = 65534;
    std::os::unix::fs::chown(folder.path(), Some(nobody), Some(nobody)).unwrap();
    // The test program may lie where that user cannot go.
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(tool);
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .current_dir(folder.path());
    let other = Other::start(command, folder.path());
    let pid = server_pid(folder.path()).unwrap();
    {
        assert_eq!(fs::metadata(format!("/proc/{pid}")).unwrap().uid(), nobody);
        assert_eq!(fs::metadata(folder.path().join("postgres")).unwrap().mode() & 0o777, 0o700);
    }
    // Root shares it and, being last, stops it.
    let server = open(folder.path());
    assert_eq!(server_pid(folder.path()), Some(pid));
    other.leave();
    assert!(is_alive(pid));
    drop(server);
    assert!(!is_alive(pid));
    // And root starts it as the user to whom it belongs.
    let server = open(folder.path());
    server.connect_owner().unwrap().execute("SELECT 1", &[]).unwrap();
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    fs::write(cluster_of(folder.path()).join("data/local.conf"), "shared_buffers = 'none'\n").unwrap();
    let said = Server::open(folder.path(), &DatabaseChoice::Embedded).unwrap_err().to_string();
    assert!(said.contains("shared_buffers"), "{said}");
}

#[test]
fn a_url_is_not_repeated_in_errors_and_stays_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let check = |url: &str, expect: &str| {
        let choice = DatabaseChoice::Url(url.to_owned());
        assert!(!format!("{choice:?}").contains("himitsu"));
        let said = Server::open(folder.path(), &choice).unwrap_err().to_string();
        assert!(said.contains(expect) && !said.contains("himitsu"), "{said}");
    };
    check("postgres://u:himitsu@db.example.jp/x", "without TLS");
    check("postgres://u:himitsu@[::/x?nonsense=1", "cannot be read");
    let choice = DatabaseChoice::Url("postgres://u:himitsu@localhost:1/x".to_owned());
    let server = Server::open(folder.path(), &choice).unwrap();
    let said = format!("{:?} {server:?}", server.connect(DbRole::Ingest).err().expect("nobody is there"));
    assert!(!said.contains("himitsu"), "{said}");
}
