//! Who the persons are stands in the sealed vault and nowhere else: not in what commands print, not in names of files,
//! not in logs, the registry, the lake, the report or a release.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::Path;

use encoding_rs::{ISO_2022_JP, SHIFT_JIS};
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::Field;

use crate::house::{House, Region, files, string, text};

/// What must not turn up.
///
/// Needles are of four characters (twelve bytes of UTF-8, eight of Shift_JIS) or seven digits at least. Shorter ones
/// would be found by accident: 見本 is a word, and 123 stands in every file. Digits count only when no letter or digit
/// stands beside them, because hashes and ids in hexadecimal hold any seven digits sooner or later.
struct Needles {
    /// By their first four bytes.
    by_head: HashMap<[u8; 4], Vec<Needle>>,
    count: usize,
}

struct Needle {
    bytes: Vec<u8>,
    /// What it is, for the message: it may say whose, the person is synthetic.
    what: String,
    digits: bool,
}

impl Needles {
    fn read(region: &Region) -> Self {
        let mut names = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        let table = |name: &str| fs::read_to_string(region.path(name)).unwrap();
        for line in table("truth/persons.csv").lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let [kanji, kana, number] = [6, 7, 15].map(|i| fields[i]);
            for name in [kanji, kana] {
                let parts: Vec<&str> = name.split(' ').collect();
                names.extend(["", " ", "\u{3000}"].map(|gap| parts.join(gap)));
                names.extend(parts.into_iter().map(str::to_owned));
            }
            numbers.insert(number.to_owned());
        }
        for line in table("truth/records.csv").lines().skip(1) {
            let path: Vec<&str> = line.split(',').nth(1).unwrap().split('/').collect();
            // SS-MIX2: provider/3 digits/3 digits/chart number/date/type/file
            if path.len() == 7 {
                numbers.insert(path[3].to_owned());
            }
        }
        for line in table("optout/optout.csv").lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            numbers.extend([2, 5].map(|i| fields[i].to_owned()));
        }
        names.retain(|n| n.chars().count() >= 4);
        numbers.retain(|n| n.len() >= 7 && n.bytes().all(|b| b.is_ascii_digit()));
        assert!(names.len() > 200 && numbers.len() > 50, "{} names, {} numbers", names.len(), numbers.len());
        let mut needles = Self { by_head: HashMap::new(), count: 0 };
        for name in &names {
            needles.add(name.as_bytes(), format!("{name} in UTF-8"), false);
            needles.add(&SHIFT_JIS.encode(name).0, format!("{name} in Shift_JIS"), false);
            // Between the escape sequences that switch kanji on and off.
            if !name.contains(' ') {
                let encoded = ISO_2022_JP.encode(name).0;
                needles.add(&encoded[3..encoded.len() - 3], format!("{name} in ISO-2022-JP"), false);
            }
        }
        for number in &numbers {
            needles.add(number.as_bytes(), format!("number {number}"), true);
        }
        needles
    }

    fn add(&mut self, bytes: &[u8], what: String, digits: bool) {
        let head = bytes[..4].try_into().unwrap();
        self.by_head.entry(head).or_default().push(Needle { bytes: bytes.to_vec(), what, digits });
        self.count += 1;
    }

    /// The first needle in the hay.
    fn in_hay(&self, hay: &[u8]) -> Option<&str> {
        let alone = |at: usize, len: usize| {
            let before = at.checked_sub(1).and_then(|i| hay.get(i));
            !before.into_iter().chain(hay.get(at + len)).any(u8::is_ascii_alphanumeric)
        };
        hay.windows(4).enumerate().find_map(|(at, head)| {
            let some: [u8; 4] = head.try_into().unwrap();
            // Most of a database file is zeros.
            if some == [0; 4] {
                return None;
            }
            let there = self.by_head.get(&some)?;
            let found =
                |n: &&Needle| hay[at..].starts_with(&n.bytes) && (!n.digits || alone(at, n.bytes.len()));
            there.iter().find(found).map(|n| n.what.as_str())
        })
    }

    fn check(&self, hay: &[u8], place: &str) {
        if let Some(what) = self.in_hay(hay) {
            panic!("{what} stands in {place}");
        }
    }
}

/// Every value of a Parquet file, uncompressed, one on a line.
fn values(file: &Path) -> Vec<u8> {
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    let mut all = Vec::new();
    for row in reader.get_row_iter(None).unwrap() {
        for (_, field) in row.unwrap().get_column_iter() {
            match field {
                Field::Str(text) => all.extend_from_slice(text.as_bytes()),
                Field::Bytes(bytes) => all.extend_from_slice(bytes.data()),
                other => all.extend_from_slice(other.to_string().as_bytes()),
            }
            all.push(b'\n');
        }
    }
    all
}

/// A whole run in words for people; gives back all that was printed. `trace` is left out: it shows the operator the
/// source on purpose.
fn whole_run(house: &House) -> Vec<(String, String)> {
    let region = &house.region;
    house.without_committee();
    let mut printed = Vec::new();
    let mut run = |code: i32, words: &[&str]| {
        let said = house.run(code, words);
        printed.push((words.join(" "), said.err));
        printed.push((words.join(" "), said.out.clone()));
        said.out
    };
    run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    run(0, &["optout", "load", text(&region.path("optout/optout.csv"))]);
    // A delivery of which only the manifest arrived: the paths that are told of hold chart numbers.
    let cut_short = house.beside("cut-short");
    fs::create_dir(&cut_short).unwrap();
    for name in ["manifest.toml", "manifest.toml.sig"] {
        let delivered = region.path("inbox/night-02/ssmix2-13").join(name);
        fs::copy(delivered, cut_short.join(name)).unwrap();
    }
    run(3, &["intake", text(&cut_short)]);
    run(3, &["nightly", "--inbox", text(&region.path("inbox/night-02"))]);
    let all = run(0, &["--json", "submission"]);
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    for submission in all.as_array().unwrap() {
        run(0, &["submission", &string(submission, "submission")]);
    }
    let filed =
        run(0, &["--json", "request", "new", text(&region.path("requests/persons-by-diagnosis.toml"))]);
    let request = string(&serde_json::from_str(&filed).unwrap(), "request");
    let decided = run(0, &["--json", "board", "approve", &request, "--approver", "board-01"]);
    let approval = string(&serde_json::from_str(&decided).unwrap(), "approval");
    run(0, &["release", "build", &approval, "--out", text(&house.beside("releases"))]);
    run(0, &["check"]);
    run(0, &["report", "--out", text(&house.beside("report.html"))]);
    printed
}

#[test]
fn no_person_outside_the_vault() {
    let region = Region::get();
    let needles = Needles::read(&region);
    // They are found where they do stand, in every encoding, or this test proves nothing.
    let delivered: Vec<u8> = files(&region.path("inbox")).iter().flat_map(|f| fs::read(f).unwrap()).collect();
    for what in ["in Shift_JIS", "in ISO-2022-JP", "number"] {
        let of_kind = needles.by_head.values().flatten().filter(|n| n.what.contains(what));
        let there =
            of_kind.filter(|n| delivered.windows(n.bytes.len()).any(|w| w == n.bytes)).take(20).count();
        assert_eq!(there, 20, "needles {what} are not found in the deliveries");
    }
    needles_find_themselves(&needles);

    let house = region.house();
    for (words, said) in whole_run(&house) {
        needles.check(said.as_bytes(), &format!("what `musubi {words}` printed"));
    }
    let data = house.data();
    let mut lake_files = 0;
    for file in files(&data) {
        let name = file.strip_prefix(&data).unwrap().display().to_string();
        needles.check(name.as_bytes(), "the name of a file");
        // Vault, lake, keys, and the whole registry with its logs and write-ahead log.
        needles.check(&fs::read(&file).unwrap(), &name);
        if file.extension().is_some_and(|e| e == "parquet") {
            lake_files += 1;
            needles.check(&values(&file), &format!("a value of {name}"));
        }
    }
    assert!(lake_files > 0);
    let released = files(&house.beside("releases"));
    assert!(released.len() >= 6);
    for file in released.iter().chain([&house.beside("report.html")]) {
        needles.check(&fs::read(file).unwrap(), &file.file_name().unwrap().to_string_lossy());
    }
}

fn needles_find_themselves(needles: &Needles) {
    assert!(needles.count > 1000, "{} needles", needles.count);
    for needle in needles.by_head.values().flatten() {
        let hay = [b"\0\0 ", needle.bytes.as_slice(), b"\n"].concat();
        assert!(needles.in_hay(&hay).is_some(), "{} is not found", needle.what);
    }
}
