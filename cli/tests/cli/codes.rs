//! Masters by the names of their files, and local codes proposed by one and approved by another.

use std::fs;

use encoding_rs::SHIFT_JIS;

use crate::house::{Region, folder, run_in, string, text};

fn quoted(columns: usize, set: &[(usize, &str)]) -> String {
    let mut fields = vec![""; columns];
    for (at, value) in set {
        fields[*at] = value;
    }
    format!("\"{}\"\r\n", fields.join("\",\""))
}

fn drug(code: &str, name: &str, until: &str) -> String {
    let cells =
        [(0, "0"), (1, "Y"), (2, code), (4, name), (29, "20240601"), (30, until), (31, "1124001B1039")];
    quoted(42, &cells)
}

#[test]
fn masters_of_a_folder_stand_side_by_side() {
    let here = folder();
    let (data, masters) = (here.path().join("data"), here.path().join("masters"));
    fs::create_dir(&masters).unwrap();
    let write = |name: &str, text: &str| fs::write(masters.join(name), SHIFT_JIS.encode(text).0).unwrap();
    write(
        "Y_ALL20240601.CSV",
        &(drug("610000001", "見本錠", "99999999") + &drug("610000002", "廃止錠", "20250331")),
    );
    write("y_20260601.csv", &drug("610000001", "見本錠（新）", "99999999"));
    write("b.min.csv", ",,0000001,,,見本病\r\n");
    write("lab.csv", "code,name,jlac\nL1,見本AST,3B035000002327201\nL2,,\n");
    write(
        "master.toml",
        "[[master]]\nfile='lab.csv'\nsystem='99LAB'\nvalid_from='2024-04-01'\nheader_lines=1\ncode='code'\nname='name'\nstandard_system='JC10'\nstandard_code='jlac'\n",
    );
    write("README.md", "no master");
    let run = |code: i32, words: &[&str]| {
        let words: Vec<&str> = [&["--json"], words].concat();
        run_in(&data, code, &words).json()
    };
    let folder = text(&masters);
    let organisations = Region::get();
    crate::house::found(&data, &organisations.path(""));

    // One file tells no day, one has a line that does not fit: the others are loaded, and somebody should look.
    let told = run(3, &["masters", "load", folder]);
    let states: Vec<String> = told["masters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| format!("{} {} {}", string(m, "file"), string(m, "state"), m["bad_lines"]))
        .collect();
    assert_eq!(
        states,
        [
            "Y_ALL20240601.CSV loaded 0",
            "b.min.csv no-date null",
            "lab.csv loaded 1",
            "y_20260601.csv loaded 0"
        ]
    );
    assert_eq!(told["masters"][2]["first_bad_lines"][0]["line"], 3);
    assert_eq!(told["passed"].as_array().unwrap().len(), 1);
    // Again, in the short form: nothing new.
    let again = run_in(&data, 3, &["masters", folder]);
    assert!(again.out.contains("登録済み") && again.out.contains("--valid-from"), "{}", again.out);
    run(0, &["masters", "load", text(&masters.join("b.min.csv")), "--valid-from", "2024-06-01"]);

    let list = run(0, &["masters", "list"]);
    let rows: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            format!(
                "{} {} {} {}",
                string(r, "system"),
                string(r, "edition"),
                r["entries"],
                string(r, "file_name")
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "99LAB 20240401 1 lab.csv",
            "RECE-B 20240601 1 b.min.csv",
            "RECE-Y 20240601 2 Y_ALL20240601.CSV",
            "RECE-Y 20260601 1 y_20260601.csv"
        ]
    );

    // The edition in force on the day, and a code that was dropped on a day.
    let name =
        |on: &str, code: &str| run(0, &["masters", "show", "RECE-Y", code, "--on", on])["name"].clone();
    assert_eq!(name("2025-01-01", "610000001"), "見本錠");
    assert_eq!(name("2026-06-01", "610000001"), "見本錠（新）");
    assert_eq!(name("2025-03-31", "610000002"), "廃止錠");
    assert!(name("2025-04-01", "610000002").is_null());
    let shown = run(0, &["masters", "show", "RECE-Y", "610000001"]);
    assert_eq!(shown["standard"]["code"], "1124001B1039");
    assert_eq!(shown["entries"].as_array().unwrap().len(), 2);

    // Another content for the same day is refused; said on purpose, both are kept.
    write("y_20260601.csv", &drug("610000001", "見本錠（訂正）", "99999999"));
    let file = masters.join("y_20260601.csv");
    let refused = run(3, &["masters", "load", text(&file)]);
    assert_eq!(refused["masters"][0]["state"], "refused");
    let replaced = run(0, &["masters", "load", text(&file), "--replace"]);
    assert_eq!(replaced["masters"][0]["edition"], "20260601.2");
    assert_eq!(name("2026-06-01", "610000001"), "見本錠（訂正）");
    assert_eq!(run(0, &["masters", "list", "--system", "RECE-Y"]).as_array().unwrap().len(), 3);

    // What is no master at all.
    run_in(&data, 1, &["masters", "load", text(&masters.join("README.md"))]);
    write("z_20240601.txt", &drug("610000001", "別種", "99999999"));
    let other = run(3, &["masters", "load", text(&masters.join("z_20240601.txt"))]);
    assert_eq!(other["masters"][0]["state"], "no-rows");
    write("master.toml", "[[master]]\nfile='lab.csv'\n");
    run_in(&data, 1, &["masters", "load", folder]);
    assert_eq!(run(0, &["check"])["ok"], true);
}

#[test]
fn one_proposes_another_approves() {
    let region = Region::get();
    let house = region.house();
    house.intake(0, &region.path("inbox/night-01/receipts-14"));
    let run = |actor: &str, code: i32, words: &[&str]| {
        let words: Vec<&str> = [&["--actor", actor, "codes"], words].concat();
        house.json(code, &words)
    };
    let propose = |provider: &str, code: &str, system: &str, standard: &str| {
        vec![
            "propose",
            "--provider",
            provider,
            "--system",
            "99LAB",
            "--code",
            code,
            "--standard-system",
            system,
            "--standard-code",
            standard,
            "--reason",
            "検査室に確認",
        ]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<String>>()
    };
    let proposed = |actor: &str, code: i32, words: Vec<String>| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let all: Vec<&str> = [&["--actor", actor, "codes"], words.as_slice()].concat();
        house.run(code, &all)
    };
    proposed("operator-01", 0, propose("*", "L1", "ICD10", "K297"));
    let again = proposed("operator-01", 0, propose("*", "L1", "ICD10", "K297"));
    assert!(again.out.contains("同じ内容で登録済み 1"), "{}", again.out);
    for wrong in [
        propose("9999999999", "L1", "ICD10", "K297"),
        propose("*", "", "ICD10", "K297"),
        propose("*", "L1", "99LAB", "K297"),
        // The region's disease master is loaded, and has no such code.
        propose("*", "L1", "RECE-B", "9999999"),
    ] {
        proposed("operator-01", 1, wrong);
    }
    let own = house.run(1, &["--actor", "operator-01", "codes", "approve", "1", "--reason", "よし"]);
    assert!(own.err.contains("themselves"), "{}", own.err);
    run("operator-02", 0, &["approve", "1", "--reason", "確認"]);
    let list = run("operator-02", 0, &["list", "--state", "approved"]);
    assert_eq!((list[0]["id"].as_i64(), list[0]["proposed"]["by"].as_str()), (Some(1), Some("operator-01")));
    assert_eq!(list[0]["decided"]["by"], "operator-02");

    // A list goes out, is filled in, and comes back.
    let file = house.beside("maps.csv");
    house.run(0, &["codes", "export", "--out", text(&file)]);
    let exported = fs::read_to_string(&file).unwrap();
    assert!(
        exported.starts_with('\u{feff}') && exported.contains("\"approved\",\"operator-01\""),
        "{exported}"
    );
    let more = exported.replace("\"L1\"", "\"'=L2\"")
        + "\"*\",\"99LAB\",\"L3\",\"\",\"\",\"\",\"\",\"\"\r\n\"*\",\"99LAB\",\"L4\",\"\",\"ICD10\",\"K297\",\"昨日\",\"r\"\r\n\"*\",\"99LAB\r\n";
    fs::write(&file, more).unwrap();
    let told = run("operator-02", 3, &["import", text(&file)]);
    assert_eq!((told["proposed"].as_array().unwrap().len(), told["blank"].as_u64()), (1, Some(1)));
    let lines: Vec<u64> =
        told["refused"].as_array().unwrap().iter().map(|r| r["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [4, 5]);
    let list = run("operator-02", 0, &["list", "--state", "proposed"]);
    assert_eq!(list[0]["code"], "=L2", "the guard before a formula is not part of the code");
    run("operator-02", 0, &["reject", "1", "--reason", "誤り"]);
    assert!(run("operator-02", 0, &["list", "--state", "approved"]).as_array().unwrap().is_empty());
    fs::write(&file, "a,b\n").unwrap();
    house.run(1, &["codes", "import", text(&file)]);

    // What is stored with a code; and what found no standard.
    let impact = run("operator-02", 0, &["impact", "1"]);
    assert_eq!((impact["facts"].as_u64(), impact["persons"].as_u64()), (Some(0), Some(0)));
    let trace = house.json(0, &["trace", "any"]);
    let source = &trace["fact"]["source"];
    let (system, code) = (string(source, "system"), string(source, "code"));
    let impact = run("operator-02", 0, &["impact", "--system", &system, "--code", &code]);
    assert!(impact["facts"].as_u64() >= Some(1) && impact["persons"].as_u64() >= Some(1), "{impact}");
    let standards: u64 = impact["standards"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(Some(standards), impact["facts"].as_u64());
    let csv = house.beside("unmapped.csv");
    let unmapped = run("operator-02", 0, &["unmapped", "--csv", text(&csv)]);
    assert_eq!(unmapped["all"].as_u64(), unmapped["codes"].as_array().map(|c| c.len() as u64));
    assert!(fs::read_to_string(&csv).unwrap().starts_with("\u{feff}\"provider\",\"system\",\"code\""));
    assert_eq!(house.json(0, &["check"])["audit_ok"], true);
}
