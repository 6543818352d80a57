//! Models of patient matching: trained and signed, refused when touched, adopted by two people, reported on.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::house::{Region, folder, run_in, string, text};

/// 400 plainly synthetic persons, three records each; the truth beside them.
fn region(folder: &Path) {
    let mut records = String::from("番号,received,facility,local_id,name_kanji,name_kana,birth,sex,phone\n");
    let mut truth = String::from("record_id,person_id,tags\n");
    let (families, givens) = (
        ["見本 ミホン", "架空 カクウ", "例示 レイジ"],
        ["一子 カズコ", "二郎 ジロウ", "三代 ミヨ", "四朗 シロウ"],
    );
    for p in 1..=400usize {
        // drawn independently of each other, as names, dates and sexes of strangers are
        let draw = |n: usize, of: usize| {
            let mut x = (p as u64) << 8 | n as u64;
            for _ in 0..3 {
                x = (x ^ x >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
            usize::try_from(x >> 33).unwrap() % of
        };
        let family = families[draw(1, 3)].split_once(' ').unwrap();
        let given = givens[draw(2, 4)].split_once(' ').unwrap();
        let birth = format!("{}{:02}{:02}", 1940 + draw(3, 61), 1 + draw(4, 12), 1 + draw(5, 28));
        for n in 0..3 {
            let phone = if n == 1 { String::new() } else { format!("03{:08}", p * 97) };
            let tags = if p % 50 == 0 { "namesake" } else { "" };
            writeln!(
                records,
                "r{p}-{n},2020-0{}-01,13100000{:02},{p:06},{} {},{} {},{birth},{},{phone}",
                n + 1,
                draw(6, 7),
                family.0,
                given.0,
                family.1,
                given.1,
                1 + draw(7, 2)
            )
            .unwrap();
            writeln!(truth, "r{p}-{n},p{p},{tags}").unwrap();
        }
    }
    fs::write(folder.join("records.csv"), records).unwrap();
    fs::write(folder.join("truth.csv"), truth).unwrap();
    fs::write(folder.join("columns.toml"), "[columns]\nrecord_id = \"番号\"\n").unwrap();
}

#[test]
fn from_records_to_a_model_in_force() {
    let here = folder();
    region(here.path());
    let at = |name: &str| here.path().join(name);
    let (data, file) = (at("data"), at("m.json"));
    let (records, columns) = (at("records.csv"), at("columns.toml"));
    let run = |code: i32, words: &[&str]| run_in(&data, code, &[&["--json"], words].concat()).json();
    let train = ["model", "train", "--records", text(&records), "--columns", text(&columns)];
    let told = run(0, &[&train[..], &["--out", text(&file), "--number", "7"]].concat());
    assert_eq!(told["training"]["records"], 1_200);
    assert!(told["training"]["silver"]["chart"].as_u64().unwrap() > 300);
    let version = string(&told, "version");
    assert!(version.starts_with("ja/7+"), "{version}");
    assert!(!data.join("postgres").exists(), "training on a table needs no database");
    // the same records, the same bytes
    run(0, &[&train[..], &["--out", text(&at("again.json")), "--number", "7"]].concat());
    assert_eq!(fs::read(&file).unwrap(), fs::read(at("again.json")).unwrap());

    let shown = run(0, &["model", "show", text(&file)]);
    assert_eq!(
        (&string(&shown, "version"), &shown["trained_on"]["records"]),
        (&version, &told["training"]["records"])
    );
    let words = run_in(&data, 0, &["--lang", "en", "model", "show", text(&file)]).out;
    assert!(words.contains("signature holds") && words.contains("birth date・equal"), "{words}");

    let out = at("report.html");
    let report = [
        "model",
        "report",
        "--records",
        text(&records),
        "--columns",
        text(&columns),
        "--model",
        text(&file),
        "--out",
        text(&out),
    ];
    let told = run(0, &[&report[..], &["--truth", text(&at("truth.csv"))]].concat());
    assert!(told["verdict"]["pairwise"]["f1"].as_f64().unwrap() > 0.9, "{}", told["verdict"]);
    assert_eq!(told["figures"]["records"], 1_200);
    let page = fs::read_to_string(&out).unwrap();
    assert!(page.contains("名寄せモデルの報告 ja/7") && page.contains("再現率"));
    run_in(&data, 0, &[&["--lang", "en"], &report[..]].concat());
    let page = fs::read_to_string(&out).unwrap();
    assert!(page.contains("expected precision") && !page.contains("見本"), "no truth, and no name");

    let organisations = Region::get();
    crate::house::found(&data, &organisations.path(""));

    // touched, or without its signature: no model
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    fs::write(at("touched.json"), &bytes).unwrap();
    fs::copy(at("m.json.sig"), at("touched.json.sig")).unwrap();
    fs::copy(&file, at("unsigned.json")).unwrap();
    for name in ["touched.json", "unsigned.json"] {
        for words in
            [&["model", "show", text(&at(name))][..], &["model", "adopt", text(&at(name)), "--reason", "x"]]
        {
            assert!(string(&run(4, words), "refused").contains("signature"), "{name}");
        }
    }
    run(4, &[&train[..], &["--out", text(&at("x.json")), "--base", text(&at("touched.json"))]].concat());

    let adopt = |code: i32, actor: &str, what: &str| {
        run(code, &["--actor", actor, "model", "adopt", what, "--reason", "見本の評価による"])
    };
    assert_eq!(string(&adopt(0, "linker-01", text(&file)), "state"), "proposed");
    assert_eq!(string(&adopt(3, "linker-01", text(&file)), "state"), "sameperson");
    assert_eq!(string(&run(0, &["model", "list"])[0], "state"), "proposed");
    assert_eq!(string(&adopt(0, "linker-02", &version), "state"), "adopted");
    assert_eq!(string(&adopt(0, "linker-01", &version), "state"), "current");
    let list = run(0, &["model", "list"]);
    assert_eq!(
        (string(&list[0], "state") + " " + &string(&list[0]["adopted"], "approved_by")),
        "in force linker-02"
    );
    run_in(&data, 1, &["model", "adopt", "ja/9", "--reason", "x"]);
    run_in(&data, 0, &["check"]);
}

#[test]
fn a_model_of_the_identities_of_the_registry() {
    let region = Region::get();
    let house = region.house();
    let inbox = region.path("inbox/night-01");
    house.run(0, &["nightly", "--inbox", text(&inbox)]);
    let out = folder();
    let file = out.path().join("m.json");
    let told =
        run_in(&house.data(), 0, &["--json", "model", "train", "--store", "--out", text(&file)]).json();
    assert!(told["training"]["records"].as_u64().unwrap() > 100, "{told}");
    assert!(told["training"]["population"].as_u64().unwrap() > 50, "{told}");
    run_in(&house.data(), 0, &["check"]);
}
