//! `musubi match`: a table in, persons out, and a verdict on them; what cannot be read is said.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::house::{folder, run_in, text};

/// A made-up word: the words of two numbers are not alike.
fn word(n: usize) -> String {
    let mut state = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut letters = String::new();
    for _ in 0..8 {
        state = (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        letters.push(char::from(b'a' + (state >> 40) as u8 % 26));
    }
    letters
}

/// Plainly synthetic persons, three records each; the second with a slip, the third without e-mail.
fn table() -> String {
    let mut csv = "record_id,first_name,surname,dob,city,email\n".to_owned();
    for i in 0..80 {
        let (first, last) = (word(1000 + i % 23), word(i));
        let dob = format!("19{:02}-{:02}-{:02}", 20 + i * 37 % 80, 1 + i * 7 % 12, 1 + i * 11 % 28);
        let _ = writeln!(csv, "{i}a,{first},{last},{dob},town{},{}@example.org", i % 5, word(2000 + i));
        let _ = writeln!(csv, "{i}b,{first}x,{last},{dob},town{},{}@example.org", i % 5, word(2000 + i));
        let _ = writeln!(csv, "{i}c,{last},{first},{dob},,",);
    }
    csv
}

fn truth(tags: bool) -> String {
    let mut csv = "record_id,entity_id,tags\n".to_owned();
    for i in 0..80 {
        for copy in ["a", "b", "c"] {
            let _ = writeln!(
                csv,
                "{i}{copy},p{i},{}",
                if tags && copy == "c" { "exchanged;no_email" } else { "" }
            );
        }
    }
    csv
}

fn here(files: &[(&str, &[u8])]) -> (TempDir, impl Fn(&str) -> PathBuf + use<>) {
    let folder = folder();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let at = folder.path().to_owned();
    (folder, move |name: &str| at.join(name))
}

#[test]
fn a_table_becomes_persons_and_a_verdict() {
    let (folder, at) = here(&[("t.csv", table().as_bytes()), ("truth.csv", truth(true).as_bytes())]);
    let (file, out, model) = (at("t.csv"), at("c.csv"), at("m.json"));
    let (edges, joins) = (at("e.csv"), at("j.csv"));
    let words = [
        "match",
        text(&file),
        "--config",
        "fake",
        "--out",
        text(&out),
        "--edges",
        text(&edges),
        "--joins",
        text(&joins),
        "--model-out",
        text(&model),
    ];
    let said = run_in(folder.path(), 0, &words);
    assert!(said.out.starts_with("記録 240 件 → 本人 80 人"), "{}", said.out);
    let first = fs::read(&out).unwrap();
    assert!(first.starts_with(b"record_id,cluster_id\n0a,0a\n0b,0a\n0c,0a\n"));
    assert!(fs::read_to_string(&edges).unwrap().lines().count() > 160);
    assert!(fs::read_to_string(&joins).unwrap().lines().count() > 160);
    let learned: serde_json::Value = serde_json::from_slice(&fs::read(&model).unwrap()).unwrap();
    assert_eq!(learned["compare"].as_array().unwrap().len(), 5);
    // The same again gives the same bytes.
    let json = run_in(folder.path(), 0, &[&["--json"], &words[..]].concat()).json();
    assert_eq!((json["records"].as_u64(), json["persons"].as_u64()), (Some(240), Some(80)));
    assert_eq!(fs::read(&out).unwrap(), first);

    let verdict = |more: &[&str]| {
        let (truth, out) = (at("truth.csv"), at("c.csv"));
        let words = ["--json", "match", "eval", "--truth", text(&truth), "--clusters", text(&out)];
        run_in(folder.path(), 0, &[&words, more].concat()).json()
    };
    let all = verdict(&["--tags", "--previous", text(&out)]);
    assert_eq!(all["pairwise"]["f1"], 1.0);
    assert_eq!((&all["exact"], &all["churn"]["needless"]), (&80.into(), &0.into()));
    assert_eq!(all["tags"]["exchanged"]["records"], 80);
    // One record moved by hand: a person split, another's cluster mixed.
    let worse = String::from_utf8(first).unwrap().replace("\n0c,0a\n", "\n0c,1a\n");
    fs::write(at("c.csv"), worse).unwrap();
    let all = verdict(&["--tags"]);
    assert_eq!((&all["over_merged"], &all["split"], &all["false_pairs"]), (&1.into(), &1.into(), &3.into()));
    assert_eq!(
        (&all["tags"]["no_email"]["astray"], &all["tags"]["no_email"]["torn_off"]),
        (&1.into(), &1.into())
    );
    let english = run_in(
        folder.path(),
        0,
        &["--lang", "en", "match", "eval", "--truth", text(&at("truth.csv")), "--clusters", text(&out)],
    );
    assert!(english.out.contains("over-merged 1 (records astray 1)"), "{}", english.out);
}

#[test]
fn what_cannot_be_matched_is_said() {
    let ragged = table() + "90a,only,three\n";
    let (folder, at) = here(&[
        ("t.csv", table().as_bytes()),
        ("ragged.csv", ragged.as_bytes()),
        ("broken.csv", b"record_id,a\n1,\xff\xff\n"),
        (
            "own.toml",
            b"id = \"record_id\"\nblock = [[\"x\"]]\n[[column]]\nname = \"x\"\n[[compare]]\non = \"x\"\n",
        ),
        ("bad.toml", b"id = 3"),
    ]);
    let path = |name: &str| text(&at(name)).to_owned();
    let fails = |code: i32, file: &str, config: &str, part: &str| {
        let said = run_in(folder.path(), code, &["match", &path(file), "--config", config]);
        assert!(said.err.contains(part), "{file} {config}: {}", said.err);
    };
    fails(2, "t.csv", "febrl", "列「given_name」がありません(ある列: record_id, first_name");
    fails(2, "t.csv", &path("own.toml"), "列「x」");
    fails(2, "t.csv", &path("bad.toml"), "bad.toml");
    fails(2, "broken.csv", "fake", "2 行目");
    fails(1, "absent.csv", "fake", "表を読めません");
    fails(1, "t.csv", "absent.toml", "設定を読めません");
    fails(3, "ragged.csv", "fake", "242 行目: セルが 3 個");
    let said = run_in(
        folder.path(),
        2,
        &["match", "eval", "--truth", &path("broken.csv"), "--clusters", &path("t.csv")],
    );
    assert!(said.err.contains("broken.csv"), "{}", said.err);
    let said = run_in(folder.path(), 2, &["match", &path("t.csv")]);
    assert!(said.err.contains("--config"), "{}", said.err);
}

#[test]
fn a_table_in_shift_jis() {
    let csv = table().replace("town0", "東京");
    let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(&csv);
    let (folder, at) = here(&[("t.csv", &bytes)]);
    let said = run_in(folder.path(), 0, &["--json", "match", text(&at("t.csv")), "--config", "fake"]).json();
    assert_eq!((said["encoding"].as_str(), said["persons"].as_u64()), (Some("Shift_JIS"), Some(80)));
}
