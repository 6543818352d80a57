//! Who may do what, through the binary: founding, roles, instructions, two people, and parameters that take effect by date.

use std::fs;
use std::path::Path;

use crate::house::{Region, folder, run_in, string, text};

/// A command by an account.
fn by<'w>(actor: &'w str, words: &[&'w str]) -> Vec<&'w str> {
    [&["--actor", actor], words].concat()
}

const GIVE: [&str; 4] = ["instruction", "give", "--to", "mihon-contractor"];
const WHY: [&str; 2] = ["--reason", "試験"];

#[test]
fn before_anybody_is_registered_nothing_but_the_founding_works() {
    let region = Region::get();
    let here = folder();
    let data = here.path().join("data");
    for words in [
        &["feeds", text(&region.path("feeds.toml"))][..],
        &["optout", "status"],
        &["check"],
        &["organisation", "list"],
        &["nightly", "--inbox", text(&region.path("inbox/night-01"))],
    ] {
        let said = run_in(&data, 2, words);
        assert!(said.err.contains("musubi organisation load"), "{words:?}: {}", said.err);
    }
    for free in [&["findings"][..], &["formats"], &["organisation", "matrix"]] {
        run_in(&data, 0, free);
    }
    let file = region.path("organisation.toml");
    run_in(&data, 0, &["organisation", "load", text(&file)]);
    run_in(&data, 0, &["optout", "status"]);
    let again = run_in(&data, 0, &["--json", "organisation", "load", text(&file)]).json();
    assert_eq!(again["principals"], 0, "the same file changes nothing");
    // the founder's door is shut behind them: a later change is for two
    let more = fs::read_to_string(&file).unwrap().replace("\"desk-02\"", "\"desk-03\"");
    let changed = here.path().join("changed.toml");
    fs::write(&changed, more.replace("staff_number = \"M-005\"", "staff_number = \"M-905\"")).unwrap();
    let load = ["--json", "organisation", "load", text(&changed), "--reason", "採用"];
    let proposed = run_in(&data, 3, &load).json()["proposed"].to_string();
    // default and proposer are one and the same officer; another has to agree
    run_in(&data, 2, &[&["operation", "approve", proposed.as_str()], &WHY[..]].concat());
    run_in(&data, 2, &by("desk-01", &[&["operation", "approve", proposed.as_str()], &WHY[..]].concat()));
    assert_eq!(run_in(&data, 3, &load).json()["proposed"].to_string(), proposed, "proposed once");
    run_in(&data, 0, &by("security-01", &[&["operation", "approve", proposed.as_str()], &WHY[..]].concat()));
    assert_eq!(run_in(&data, 0, &load).json()["principals"], 1);
    run_in(&data, 0, &by("desk-03", &["optout", "status"]));
    let seen = run_in(&data, 0, &["--json", "organisation", "show", "desk-03"]).json();
    assert_eq!(seen["principal"][0]["by"], "officer-01");
}

#[test]
fn a_job_starts_on_an_instruction_only_and_the_books_say_which() {
    let region = Region::get();
    let house = region.house();
    let package = region.path("inbox/night-01/receipts-13");
    let intake = ["intake", text(&package)];
    house.run(0, &["instruction", "revoke", "I-0001", "--reason", "試験"]);
    let said = house.run(2, &intake);
    assert!(
        said.err.contains("取り消されて") && said.err.contains("musubi instruction give"),
        "{}",
        said.err
    );
    assert!(house.run(2, &[&["--lang", "en"], &intake[..]].concat()).err.contains("revoked"));
    // yesterday's, and one that nobody but an officer gives
    let give = |actor: &str, more: &[&str], code: i32| {
        let words = [&GIVE[..], &["--job", "intake"], more, &WHY].concat();
        house.run(code, &by(actor, &words))
    };
    give("officer-01", &["--from", "2020-01-01", "--until", "2020-12-31"], 0);
    assert!(house.run(2, &intake).err.contains("取り消されて"), "the nearest is told of");
    give("desk-01", &["--until", "2099-03-31"], 2);
    give("night-job", &["--until", "2099-03-31"], 2);
    give("officer-02", &["--until", "2099-03-31"], 0);
    house.run(0, &intake);
    let list = house.json(0, &["instruction", "list"]);
    let newest = string(list["instructions"].as_array().unwrap().last().unwrap(), "id");
    let run = &list["runs"][0];
    assert_eq!((string(run, "instruction"), string(run, "job")), (newest, "intake".to_owned()));
    assert_eq!((string(run, "principal"), run["ended"][1].as_str()), ("night-job".to_owned(), Some("done")));
    assert_eq!(string(run, "parameter_hash").len(), 64);
    assert_eq!(string(run, "binary_hash").len(), 64);
    assert_eq!(list["runs"].as_array().unwrap().len(), 1, "what was refused did not run");
    // a job that broke off has no good end
    house.run(1, &["release", "build", "no-such-approval", "--out", text(&house.beside("out"))]);
    let runs = house.json(0, &["instruction", "list"]);
    assert_eq!(runs["runs"][0]["ended"][1], "failed");
    house.fingerprint();
}

#[test]
fn roles_are_asked_for_and_closed_accounts_refused() {
    let region = Region::get();
    let house = region.house();
    house.without_committee(); // operation 1
    let feeds = region.path("feeds.toml");
    let words = ["feeds", text(&feeds)];
    for (actor, code) in [("operator-02", 0), ("desk-01", 2), ("auditor-01", 2), ("nobody", 2)] {
        house.run(code, &by(actor, &words));
    }
    let spec = region.path("requests/persons-by-diagnosis.toml");
    let request = string(&house.json(0, &["request", "new", text(&spec), "--by", "外部"]), "request");
    for (approver, code) in [("外部", 2), ("officer-01", 2), ("release-job", 2), ("board-02", 0)] {
        house.run(code, &["board", "approve", &request, "--approver", approver]);
    }
    // closed by two: from now on it may nothing
    let retire = ["organisation", "retire", "operator-02", "--reason", "退職"];
    house.run(3, &retire);
    house.run(0, &by("officer-02", &["operation", "approve", "2", "--reason", "確認"]));
    house.run(0, &retire);
    assert!(house.run(2, &by("operator-02", &words)).err.contains("閉鎖"));
    house.run(3, &["organisation", "retire", "operator-01", "--reason", "退職"]);
    house.run(0, &by("officer-02", &["operation", "reject", "3", "--reason", "誤り"]));
    house.run(2, &by("security-01", &["operation", "approve", "3", "--reason", "確認"]));
    house.run(0, &words);
}

#[test]
fn a_parameter_takes_effect_by_date_without_a_restart() {
    let region = Region::get();
    let house = region.house();
    let name = "statistics.cell_min_persons";
    let propose = |value: &str, from: &str, code: i32| {
        let words =
            ["parameter", "propose", name, "--value", value, "--from", from, "--basis", "審査委員会決定"];
        house.run(code, &[&words[..], &WHY].concat())
    };
    for (value, from) in [("5", "2098-01-01"), ("20", "2020-01-01"), ("many", "2098-01-01")] {
        propose(value, from, 1);
    }
    propose("20", "2098-01-01", 0);
    let value = |on: &str| {
        let list = house.json(0, &["parameter", "list", "--on", on]);
        let rows = list["parameters"].as_array().unwrap().clone();
        rows.iter().find(|r| r["name"] == name).unwrap()["value"].as_u64().unwrap()
    };
    assert_eq!(value("2098-01-01"), 10, "proposed is not decided");
    house.run(2, &["parameter", "approve", "1", "--reason", "よし"]);
    house.run(0, &by("officer-02", &["parameter", "approve", "1", "--reason", "よし"]));
    assert_eq!((value("2097-12-31"), value("2098-01-01")), (10, 20));
    let before = house.json(0, &["parameter", "list"])["hash"].clone();
    propose("30", "2098-01-01", 0);
    house.run(0, &by("officer-02", &["parameter", "reject", "2", "--reason", "早い"]));
    assert_eq!(house.json(0, &["parameter", "list"])["hash"], before);
    assert_eq!(house.json(0, &["parameter", "show", name]).as_array().unwrap().len(), 2);
    // a file that somebody lays beside the data changes nothing
    fs::write(house.data().join("parameters.toml"), "[[parameter]]\nname = 'x'\n").unwrap();
    assert_eq!(house.json(0, &["parameter", "list"])["hash"], before);
}

/// Refusals stand in the audit chain, under the account's name only when there is such an account.
#[test]
fn a_refusal_is_booked_and_a_name_that_is_no_account_s_is_not() {
    let region = Region::get();
    let house = region.house();
    house.run(2, &by("desk-01", &["check"]));
    house.run(2, &by("MIHON-Taro", &["check"]));
    let books = dump(&house.data());
    assert!(books.contains("desk-01 refuse principal:desk-01 refused:ROLE"), "{books}");
    assert!(books.contains("unknown refuse principal:unknown refused:UNKNOWN-ACCOUNT"), "{books}");
    assert!(!books.contains("MIHON-Taro"), "{books}");
    house.fingerprint();
}

fn dump(data: &Path) -> String {
    use musubi_storage::compliance::Audited as _;
    use musubi_storage::registry::Registry;
    use musubi_storage::server::{DatabaseChoice, Server};
    let registry = Registry::open(Server::open(data, &DatabaseChoice::Embedded).unwrap()).unwrap();
    let rows = registry.console().unwrap().audit_after(0, 1_000).unwrap();
    rows.iter().map(|r| format!("{} {} {} {}\n", r.actor, r.action, r.object, r.result)).collect()
}
