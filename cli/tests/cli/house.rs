//! A region made once for all tests that run at a time, and houses (data folders) to work in.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub const MUSUBI: &str = env!("CARGO_BIN_EXE_musubi");

/// Long enough for the slowest machine; a command that takes longer hangs.
const HANGS: Duration = Duration::from_secs(300);

/// A synthetic region of 200 persons and two nights, and an empty house that knows its agreements and masters.
#[derive(Debug)]
pub struct Region {
    folder: TempDir,
}

impl Region {
    /// The region. It lives while a test holds it and is removed after the last: a static would stay behind.
    pub fn get() -> Arc<Self> {
        static SHARED: Mutex<Weak<Region>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(region) = shared.upgrade() {
            return region;
        }
        let region = Arc::new(Self::make());
        *shared = Arc::downgrade(&region);
        region
    }

    fn make() -> Self {
        Self::of("200")
    }

    /// A region of another size, for one test.
    pub fn of(persons: &str) -> Self {
        Self::with(persons, &[])
    }

    /// A region in which nobody mistypes anything: whoever is asked for is found in all records.
    pub fn clean() -> Arc<Self> {
        Arc::new(Self::with("200", &["--clean"]))
    }

    fn with(persons: &str, more: &[&str]) -> Self {
        let region = Self { folder: folder() };
        let out = region.folder.path().join("region");
        let words = ["synth", "--persons", persons, "--nights", "2", "--others", "0", "--out", text(&out)];
        run_in(&region.base(), 0, &[&words[..], more].concat());
        register(&region.base(), &out);
        region
    }

    fn base(&self) -> PathBuf {
        self.folder.path().join("base")
    }

    /// A file or folder of the region.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("region").join(name)
    }

    /// A house with the region's agreements and masters and nothing taken in. All houses of a region have the same
    /// keys: the same patient gets the same identity, so that fingerprints can be compared.
    pub fn house(self: &Arc<Self>) -> House {
        let house = House { folder: folder(), region: Arc::clone(self) };
        if self.base().join("postgres").is_dir() {
            copy(&self.base(), &house.data());
        } else {
            // The cluster lies elsewhere (see `postgres.location`): a copy of the folder would share it.
            fs::create_dir_all(house.data()).unwrap();
            copy(&self.base().join("keys"), &house.data().join("keys"));
            register(&house.data(), &self.path(""));
        }
        house
    }
}

/// A temporary folder through which the user of the private PostgreSQL server can pass when the tests run as root.
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("musubi-").permissions(Permissions::from_mode(0o755)).tempdir().unwrap()
}

/// Copies a folder with owners and modes, which PostgreSQL insists on.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success(), "cp -a {} {}", from.display(), to.display());
}

/// Founds a house: organisations, and an instruction for every job that the nights' standing one does not cover.
pub fn found(data: &Path, region: &Path) {
    run_in(data, 0, &["organisation", "load", text(&region.join("organisation.toml"))]);
    let give =
        ["instruction", "give", "--to", "mihon-contractor", "--until", "2099-03-31", "--reason", "試験"];
    let jobs = ["release", "relink", "train", "held-load", "erasure", "transfer"].map(|job| ["--job", job]);
    run_in(data, 0, &[&give[..], jobs.as_flattened()].concat());
}

fn register(data: &Path, region: &Path) {
    found(data, region);
    run_in(data, 0, &["feeds", text(&region.join("feeds.toml"))]);
    told(data, region);
    run_in(data, 0, &["masters", "load", text(&region.join("masters"))]);
}

/// Enters the filings and the ledgers of notices of a region whose agreements are known.
pub fn told(data: &Path, region: &Path) {
    run_in(data, 0, &["notice", "filings", text(&region.join("filings.toml"))]);
    run_in(data, 0, &["notice", "load", text(&region.join("ledgers"))]);
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The binary with a data folder, and without what the caller's environment would tell it.
pub fn command(program: &Path, data: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    for name in ["MUSUBI_DATA", "MUSUBI_DATABASE_URL", "MUSUBI_ACTOR"] {
        command.env_remove(name);
    }
    command.arg("--data").arg(data).args(words).stdin(Stdio::null());
    command
}

/// Runs a command and holds it against the exit code expected.
pub fn run_in(data: &Path, code: i32, words: &[&str]) -> Said {
    let output = assert_cmd::Command::from_std(command(Path::new(MUSUBI), data, words))
        .timeout(HANGS)
        .output()
        .expect("the binary starts");
    let said = Said::new(&output);
    assert_eq!(output.status.code(), Some(code), "musubi {}\n{}\n{}", words.join(" "), said.out, said.err);
    said
}

/// What a command printed.
#[derive(Debug)]
pub struct Said {
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn new(output: &Output) -> Self {
        let words = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Self { out: words(&output.stdout), err: words(&output.stderr) }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.out))
    }
}

/// A data folder.
#[derive(Debug)]
pub struct House {
    folder: TempDir,
    pub region: Arc<Region>,
}

impl House {
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A place beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command that must end with the code.
    pub fn run(&self, code: i32, words: &[&str]) -> Said {
        run_in(&self.data(), code, words)
    }

    /// The same, with its answer as JSON.
    pub fn json(&self, code: i32, words: &[&str]) -> Value {
        let words: Vec<&str> = [&["--json"], words].concat();
        self.run(code, &words).json()
    }

    /// Two people say that no committee is required: the board's key signs alone, as in a house whose committee is not
    /// founded yet. Once is enough.
    pub fn without_committee(&self) {
        let done = self.beside("without-committee");
        if done.exists() {
            return;
        }
        let today = jiff::tz::offset(9).to_datetime(jiff::Timestamp::now()).date().to_string();
        let why = ["--from", &today, "--basis", "試験", "--reason", "試験"];
        let propose =
            ["--actor", "security-01", "parameter", "propose", "board.committee_required", "--value", "no"];
        let number = self.json(0, &[&propose[..], &why].concat())["operation"].to_string();
        self.run(0, &["--actor", "officer-02", "parameter", "approve", &number, "--reason", "試験"]);
        fs::write(done, "").unwrap();
    }

    /// A command to be started by the caller.
    pub fn command(&self, words: &[&str]) -> Command {
        command(Path::new(MUSUBI), &self.data(), words)
    }

    /// The state in which a package ended, and whether it had been there before.
    pub fn intake(&self, code: i32, package: &Path) -> (String, bool) {
        let outcome = self.json(code, &["intake", text(package)]);
        ending(&outcome["packages"][0]["outcome"]["Ok"])
    }

    /// Everything stands as it should; the fingerprint of what is in the lake.
    pub fn fingerprint(&self) -> String {
        let check = self.json(0, &["check"]);
        assert_eq!(check["ok"], true);
        check["fingerprint"].as_str().unwrap().to_owned()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // A process that was killed leaves the server running; whoever opens the folder next takes it over and stops it.
        let _ended = self.command(&["optout", "status"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// State and `repeated` of an outcome.
pub fn ending(outcome: &Value) -> (String, bool) {
    (outcome["state"].as_str().unwrap().to_owned(), outcome["repeated"].as_bool().unwrap())
}

/// A string of a JSON object.
pub fn string(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}
