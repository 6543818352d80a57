//! The records of the Act from the command line: receipts of a night confirmed by somebody else, the book and its export,
//! provision records, incidents, inquiries, registers, retention, the yearly report and the public page.

use std::fs;

use crate::house::{House, Region, files, string, text};

fn night(region: &std::sync::Arc<Region>) -> House {
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    house
}

#[test]
fn receipts_of_a_night_are_recorded_mirrored_confirmed_and_exported() {
    let region = Region::get();
    let house = night(&region);
    let all = house.json(0, &["book", "receipts", "--unconfirmed"]);
    let receipts = all["receipts"].as_array().unwrap();
    assert!(!receipts.is_empty());
    let one = string(&receipts[0], "submission");
    let provider = string(&receipts[0], "provider");
    let persons = receipts[0]["persons"].as_u64().unwrap();
    assert!(persons > 0 && receipts[0]["records"].as_u64().unwrap() > persons);

    // The provider's record was made in the night, counts the same, and a changed one is found out.
    let out = house.beside("provision");
    assert_eq!(house.json(0, &["book", "provision", &one, "--out", text(&out)])["agree"], true);
    let record = files(&out)
        .into_iter()
        .find(|f| f.extension().is_some_and(|e| e == "csv") && f.to_string_lossy().contains(&provider))
        .unwrap();
    assert!(house.data().join("provision").join(&one).is_dir());
    let compare = |code| {
        let words = [
            "book",
            "provision",
            &one,
            "--out",
            text(&out),
            "--theirs",
            text(&record),
            "--provider",
            &provider,
        ];
        house.json(code, &words)
    };
    assert_eq!(compare(0)["agree"], true);
    let said = fs::read_to_string(&record).unwrap();
    fs::write(&record, said.replace(&format!("本人の数,{persons}"), &format!("本人の数,{}", persons + 1)))
        .unwrap();
    assert_eq!(compare(4)["differences"][0][0], "persons");

    // Not by the account of the job; by somebody else, once.
    house.run(4, &["book", "check"]);
    house.run(2, &["--actor", "night-job", "book", "confirm", &one]);
    let ids: Vec<String> = {
        let mut ids: Vec<String> = receipts.iter().map(|r| string(r, "submission")).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let mut words = vec!["--actor", "confirmer-01", "book", "confirm"];
    words.extend(ids.iter().map(String::as_str));
    assert_eq!(house.json(0, &words)["confirmed"].as_u64().unwrap() as usize, receipts.len());
    assert_eq!(house.json(0, &["book", "check"])["problems"].as_array().unwrap().len(), 0);

    // The list of persons: two people, once.
    let asked =
        ["--actor", "confirmer-01", "book", "persons", &one, "--provider", &provider, "--reason", "監査"];
    let wish = house.json(0, &asked)["wish"].to_string();
    let list = house.beside("list.csv");
    let read = ["--actor", "confirmer-01", "book", "persons", "--read", &wish, "--out", text(&list)];
    house.run(2, &read);
    house.run(2, &["--actor", "confirmer-01", "book", "persons", "--agree", &wish]);
    house.run(0, &["--actor", "officer-01", "book", "persons", "--agree", &wish]);
    assert_eq!(house.json(0, &read)["persons"].as_u64(), Some(persons));
    assert_eq!(fs::read_to_string(&list).unwrap().lines().count() as u64, persons);
    house.run(1, &read);

    // A month of the book: CSV and PDF, their hashes kept; a second export gives the same bytes.
    let day = string(&house.json(0, &["book", "list"])["rows"][0], "day");
    let month = day.get(..7).unwrap();
    let (a, b) = (house.beside("a"), house.beside("b"));
    let first = house.json(0, &["book", "export", "--month", month, "--out", text(&a)]);
    assert_eq!(first["entries"].as_u64().unwrap() as usize, receipts.len());
    let second = house.json(0, &["book", "export", "--month", month, "--out", text(&b)]);
    assert_eq!((&first["csv"], &first["pdf"]), (&second["csv"], &second["pdf"]));
    assert!(fs::read(a.join(format!("book-{month}.pdf"))).unwrap().starts_with(b"%PDF-1.5"));
    assert!(fs::read(a.join(format!("book-{month}.csv"))).unwrap().starts_with("\u{feff}".as_bytes()));
    house.run(0, &["book", "check"]);
    house.run(2, &["book", "export", "--month", "2026-13", "--out", text(&a)]);

    // Everything that is kept has a schedule; a folder nobody thought of has none.
    house.run(0, &["retention", "check"]);
    fs::create_dir(house.data().join("copies")).unwrap();
    let report = house.json(4, &["retention", "check"]);
    assert_eq!(report["without"][0], "folder copies");
}

#[test]
fn incidents_inquiries_registers_and_the_year() {
    let region = Region::get();
    let house = night(&region);
    // An incident two days old that nobody reported: the first clock has run out.
    let opened = [
        "incident",
        "open",
        "--kind",
        "leak",
        "--title",
        "誤送信の疑い",
        "--suspected",
        "2026-01-01T00:00:00Z",
    ];
    let id = string(&house.json(0, &opened), "incident");
    assert_eq!(house.json(4, &["incident", "list"])["incidents"][0]["clocks"][0]["met"], false);
    house.run(2, &["incident", "close", &id, "--note", "x"]);
    let letter = house.beside("report.txt");
    fs::write(&letter, "第一報").unwrap();
    house.run(0, &["incident", "update", &id, "--unnotified", "3"]);
    house.run(2, &["incident", "update", &id, "--class", "minor"]);
    house.run(0, &["incident", "report", &id, text(&letter)]);
    house.run(0, &["incident", "close", &id, "--note", "宛先の確認を手順に加えた"]);
    house.run(2, &["incident", "update", &id, "--note", "x"]);

    // What was asked is sealed; lists show none of it.
    let words = house.beside("asked.txt");
    fs::write(&words, "架空 太郎 様: 私の情報はありますか").unwrap();
    for (kind, times) in [("question", 11), ("complaint", 2)] {
        for _ in 0..times {
            house.run(0, &["inquiry", "new", "--channel", "phone", "--kind", kind, "--text", text(&words)]);
        }
    }
    let listed = house.run(0, &["inquiry", "list"]);
    assert!(!listed.out.contains("架空"));
    let first = listed.out.split_whitespace().nth(1).unwrap().to_owned();
    assert!(house.run(0, &["inquiry", "show", &first]).out.contains("架空 太郎"));
    house.run(0, &["inquiry", "answer", &first, "--text", text(&words)]);
    house.run(0, &["inquiry", "close", &first]);
    house.run(2, &["inquiry", "close", &first]);

    // Registers: all or none, versions, and what the law says of them.
    let file = house.beside("registers.toml");
    let operator = "[[entry]]\nclass = \"operator\"\nentry = \"us\"\n[entry.fields]\nname = \"見本認定事業者\"\n\
        certificate = \"第0号\"\ncertified = 2026-01-01\ndesk = \"03-0000-0000\"\ndesk-hours = \"平日 9-17時\"\n";
    fs::write(
        &file,
        format!("{operator}[[entry]]\nclass = \"drill\"\nentry = \"D-1\"\nfields = {{ what = \"party\" }}\n"),
    )
    .unwrap();
    house.run(2, &["register", "load", text(&file)]);
    assert_eq!(house.json(0, &["register", "list", "operator"])["entries"].as_array().unwrap().len(), 0);
    fs::write(&file, operator).unwrap();
    assert_eq!(house.json(0, &["register", "load", text(&file)])["entered"][0]["version"], 1);
    assert!(house.json(0, &["register", "load", text(&file)])["entered"][0]["version"].is_null());
    let late = [
        "register",
        "add",
        "obligation",
        "O-1",
        "--set",
        "user=見本大学",
        "--set",
        "contract=K-1",
        "--set",
        "what=report",
        "--set",
        "due=2026-01-31",
    ];
    house.run(0, &late);
    assert!(house.run(4, &["register", "check"]).out.contains("C-069"));

    // The year: computed again to the same bytes, whatever came later; small counts are not on the public page.
    let out = house.beside("year");
    let today = string(&house.json(0, &["book", "list"])["rows"][0], "day");
    let (y, m): (i32, u32) =
        (today.get(..4).unwrap().parse().unwrap(), today.get(5..7).unwrap().parse().unwrap());
    let year = if m >= 4 { y } else { y - 1 }.to_string();
    house.run(0, &["yearly", "--year", &year, "--out", text(&out)]);
    let page = fs::read_to_string(out.join("disclosure.html")).unwrap();
    assert!(page.contains("見本認定事業者") && page.contains("停止を求める"));
    // 11 questions and 2 complaints: the complaints are hidden, and the questions too, or the total would tell.
    assert!(
        !page.contains("class=\"n\">2<")
            && !page.contains("class=\"n\">11<")
            && page.contains("class=\"n\">13<")
    );
    house.run(0, &["incident", "open", "--kind", "other", "--title", "後から"]);
    house.run(0, &["inquiry", "new", "--channel", "web", "--kind", "question", "--text", text(&words)]);
    for name in ["report.json", "disclosure.json"] {
        let file = out.join(name);
        house.run(0, &["yearly", "verify", text(&file)]);
        let sound = fs::read_to_string(&file).unwrap();
        fs::write(&file, sound.replacen("11", "12", 1).replacen("13", "14", 1)).unwrap();
        house.run(4, &["yearly", "verify", text(&file)]);
    }
}
