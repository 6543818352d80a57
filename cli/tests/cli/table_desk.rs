//! The municipality's table desk, from the first question to a table with its reasons: at the terminal and in the browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::house::{House, Region, string, text};
use crate::output;
use crate::web::Server;

const PERIOD: [&str; 4] = ["--from", "2026-01-01", "--to", "2026-12-31"];

fn house() -> House {
    let house = Arc::new(Region::of("600")).house();
    house.run(0, &["nightly", "--inbox", text(&house.region.path("inbox/night-01"))]);
    house.run(
        0,
        &["--actor", "officer-01", "register", "load", text(&house.region.path("registers/registers.toml"))],
    );
    house.run(0, &["policy", "adopt", "--by", "board-01", "--preset", "statistics-default"]);
    house
}

/// The desk, as an account of the city.
fn desk(house: &House, code: i32, words: &[&str]) -> Value {
    house.json(code, &[&["--actor", "city-01", "desk"], words].concat())
}

/// What the desk says when it has nothing.
fn nothing(house: &House, words: &[&str]) -> String {
    house.run(2, &[&["--actor", "city-01", "desk"], words].concat()).err
}

fn state(house: &House, question: &str) -> String {
    string(&desk(house, 0, &["question", question]), "state")
}

/// Approves a request and builds its release: the folder.
fn built(house: &House, request: &str) -> PathBuf {
    house.without_committee();
    let decided = house.json(0, &["board", "approve", request, "--approver", "board-01"]);
    let approval = string(&decided, "approval");
    let out = house.beside("releases");
    PathBuf::from(string(&house.json(0, &["release", "build", &approval, "--out", text(&out)]), "folder"))
}

/// Checked by two, keyed by two, handed to the city.
fn handed(house: &House, folder: &Path) {
    let release = folder.file_name().unwrap().to_str().unwrap();
    let hash = output::passed(house, release);
    output::keyed(house, release, &hash);
    let hand = ["--actor", "release-approver-01", "release", "handover", release, "--to", "mihon-city"];
    house.run(0, &[&hand[..], &["--channel", "download", "--line", "L-0001"]].concat());
}

/// Built and handed to the city: the folder.
pub fn given(house: &House, request: &str) -> PathBuf {
    let folder = built(house, request);
    handed(house, &folder);
    folder
}

fn ask(house: &House, question: &str) -> Value {
    desk(house, 0, &[&["ask", question], &PERIOD[..]].concat())
}

/// What only the applicant can say, for every field of the draft that is still empty.
fn completed(house: &House, application: &str) -> PathBuf {
    let shown = house.json(0, &["--actor", "city-01", "application", "show", application]);
    let mut fields = String::from("[fields]\n");
    for field in shown["sections"].as_array().unwrap().iter().flat_map(|s| s["fields"].as_array().unwrap()) {
        if field["required"] != true || field["value"] != "" {
            continue;
        }
        let value = match field["kind"].as_str().unwrap() {
            // Of choices about foreign countries and rooms the one that asks for no further field.
            "word" if field["id"] == "environment" || field["id"] == "foreign" => {
                field["words"][0][0].as_str()
            }
            "word" => field["words"][1][0].as_str(),
            "date" => Some("2027-03-31"),
            "number" => Some("1000"),
            _ => Some("見本"),
        };
        fields.push_str(&format!("{} = \"{}\"\n", field["id"].as_str().unwrap(), value.unwrap()));
    }
    let file = house.beside("fields.toml");
    fs::write(&file, fields).unwrap();
    file
}

/// The draft completed, handed in and accepted: the request.
pub fn accepted(house: &House, filed: &Value) -> String {
    let id = string(filed, "application");
    let fields = completed(house, &id);
    house.run(0, &["--actor", "city-01", "application", "save", &id, text(&fields), "--keep"]);
    house.run(0, &["--actor", "city-01", "application", "submit", &id]);
    house.run(0, &["--actor", "secretary-01", "application", "take", &id]);
    house.run(0, &["--actor", "secretary-01", "application", "accept", &id]);
    string(&house.json(0, &["--actor", "secretary-01", "application", "show", &id]), "request")
}

#[test]
fn a_question_becomes_a_table_that_tells_why_cells_are_hidden() {
    let house = house();
    // The catalogue is honest: what nobody sends cannot be asked.
    let all = desk(&house, 0, &["questions"]);
    assert_eq!(all["organisation"], "mihon-city");
    let of = |domain: &str| {
        let questions = all["questions"].as_array().unwrap().iter();
        questions.filter(|q| q["domain"] == domain).count()
    };
    assert!(["education", "health", "medical", "welfare"].iter().all(|d| of(d) >= 4), "{all}");
    assert_eq!(state(&house, "edu-absence"), "missing");
    assert_eq!(state(&house, "care-level"), "no_feed");
    assert_eq!(state(&house, "med-hypertension"), "open");
    assert!(nothing(&house, &["question", "nothing"]).contains("DSK_NOT_FOUND"));
    assert!(nothing(&house, &["table", "med-hypertension"]).contains("DSK_NOT_FOUND"));
    let missing = [&["ask", "edu-absence"], &PERIOD[..]].concat();
    assert!(nothing(&house, &missing).contains("DSK_MISSING"));
    // Nobody else stands at the desk.
    house.run(2, &["--actor", "applicant-01", "desk", "questions"]);

    // What was released to others is not there for the city.
    let dry = desk(&house, 0, &[&["ask", "med-hypertension", "--dry"], &PERIOD[..]].concat());
    let others = house.beside("others.toml");
    fs::write(&others, string(&dry, "spec").replace("\"mihon-city\"", "\"mihon-a\"")).unwrap();
    let request = string(&house.json(0, &["request", "new", text(&others), "--by", "見本"]), "request");
    built(&house, &request);
    assert!(nothing(&house, &["table", "med-hypertension"]).contains("DSK_NOT_FOUND"));
    assert_eq!(desk(&house, 0, &["deliveries"])["deliveries"].as_array().unwrap().len(), 0);

    // Asked: a draft that says what follows from the question, and leaves declarations to the municipality.
    let filed = ask(&house, "med-hypertension");
    assert_eq!((&filed["state"], &filed["level"]), (&"drafted".into(), &"municipality".into()));
    assert_eq!(state(&house, "med-hypertension"), "draft");
    let application = string(&filed, "application");
    house.run(2, &["--actor", "city-01", "application", "submit", &application]);
    house.run(2, &["--actor", "secretary-01", "application", "show", &application]);
    house.run(2, &["--actor", "applicant-01", "application", "show", &application]);
    // Asked once more: the same draft.
    let again = ask(&house, "med-hypertension");
    assert_eq!((&again["state"], &again["application"]), (&"applied".into(), &filed["application"]));
    // Handed in; the office sees where it came from, and that nothing was changed.
    let request = accepted(&house, &filed);
    let shown = house.json(0, &["--actor", "secretary-01", "application", "show", &application]);
    assert_eq!(shown["origin"]["question"], "med-hypertension");
    assert_eq!(shown["origin"]["changed"], false);
    assert_eq!(state(&house, "med-hypertension"), "asked");
    let package = built(&house, &request);
    // Built is not handed over: nobody outside sees a cell before two have checked and two have set their keys.
    assert!(nothing(&house, &["table", "med-hypertension"]).contains("DSK_NOT_FOUND"));
    handed(&house, &package);
    assert_eq!(state(&house, "med-hypertension"), "released");
    assert_eq!(ask(&house, "med-hypertension")["state"], "released");
    assert_eq!(desk(&house, 0, &["deliveries"])["deliveries"][0]["question"], "med-hypertension");

    // Every cell is one that went out, of the own place; every hidden one says why.
    let shown = desk(&house, 0, &["table", "med-hypertension"]);
    let csv = fs::read_to_string(package.join("med-hypertension.csv")).unwrap();
    let cells = shown["cells"].as_array().unwrap();
    assert!(cells.iter().any(|c| c["persons"].is_null()), "nothing small was hidden");
    for cell in cells {
        let label = |name: &str| cell["labels"][name].as_str().unwrap_or("計").to_owned();
        assert_eq!(label("municipality"), "見本市");
        let told = cell["persons"].as_u64().map_or_else(|| "*".to_owned(), |n| n.to_string());
        let row = format!("見本市,{},{},{told}\r\n", label("sex"), label("age_band10"));
        assert!(csv.contains(&row), "{row}");
        assert_eq!(cell["persons"].is_null(), !cell["hidden"].is_null());
        if cell["persons"].is_null() {
            assert!(!cell["hidden"]["ja"].as_str().unwrap().is_empty(), "{cell}");
            assert_eq!(cell["hidden"]["threshold"], 10);
        }
    }
    // A roll-up is the published total, with its rate; other places have no name here.
    let total = desk(&house, 0, &["table", "med-hypertension", "--by", ""]);
    assert_eq!(total["cells"].as_array().unwrap().len(), 1);
    assert!(csv.contains(&format!("見本市,計,計,{}\r\n", total["cells"][0]["persons"])));
    assert!(total["cells"][0]["rate"].is_string(), "{total}");
    for other in ["例示市", "架空市"] {
        assert!(
            csv.contains(other)
                && !total["cells"].to_string().contains(other)
                && !total["csv"].to_string().contains(other)
        );
    }
    assert!(
        nothing(&house, &["table", "med-hypertension", "--at", "municipality=例示市"]).contains("DSK_PLACE")
    );
    assert!(nothing(&house, &["table", "med-hypertension", "--by", "month"]).contains("DSK_DIMENSION"));
    // Two similar places are too few to compare with.
    assert!(
        total["comparison"]["quartiles"].is_null() && total["comparison"]["shown"].as_u64() < Some(3),
        "{total}"
    );

    // As files, for the spreadsheet.
    let out = house.beside("slice.csv");
    desk(&house, 0, &["table", "med-hypertension", "--by", "sex", "--out", text(&out)]);
    assert!(fs::read_to_string(&out).unwrap().starts_with("\u{feff}性別,人数,人口千人あたり,秘匿の理由\r\n"));
    assert!(fs::read_to_string(out.with_extension("txt")).unwrap().contains("10 人未満"));
}

#[test]
fn the_desk_in_the_browser() {
    let house = house();
    let filed = ask(&house, "med-hypertension");
    given(&house, &accepted(&house, &filed));
    let server = Server::start(&house);
    let city = server.login("city-01");
    let page = city.get("/tables").ok(200).text();
    assert!(page.contains("/tables/question/med-hypertension"), "{page}");
    let page = city.get("/tables/question/med-hypertension").ok(200).text();
    assert!(page.contains("<svg") && page.contains("秘匿の理由") && !page.contains("例示市"), "{page}");
    let by_sex = "/tables/question/med-hypertension?shown=1&sex=*&age_band10=";
    assert!(city.get(by_sex).ok(200).text().contains("男"));
    let file = city.get("/tables/question/med-hypertension/csv?shown=1&sex=*").ok(200);
    assert!(file.text().contains("性別,人数"));
    assert!(city.get("/tables/question/med-hypertension/explanation").ok(200).text().contains("見本市"));
    city.get("/tables/question/nothing").ok(404);
    assert!(city.get("/tables/question/edu-absence/ask").ok(200).text().contains("disabled"));
    let form = [("from", "2026-01-01"), ("to", "2026-06-30")];
    city.post("/tables/question/med-disease-chapters/ask", &form).ok(303);
    let page = city.get("/tables/question/med-disease-chapters").ok(200).text();
    assert!(page.contains("申出の下書きがある") && page.contains("/applications/AP-0002"), "{page}");
    let draft = city.get("/applications/AP-0002").ok(200).text();
    assert!(draft.contains("統計窓口の問いから") && draft.contains("問いのもののまま"), "{draft}");
    let board = server.login("secretary-01").get("/office/board").ok(200).text();
    assert!(board.contains("統計窓口の問いから") && !board.contains("AP-0002"), "{board}");
    assert!(city.get("/tables/released").ok(200).text().contains("高血圧"));
    server.login("applicant-01").get("/tables").ok(403);
}

#[test]
fn g19_a_municipality_of_1900_people_is_offered_its_medical_area() {
    let house = house();
    let dry = desk(&house, 0, &[&["ask", "med-hypertension", "--dry"], &PERIOD[..]].concat());
    let feeds = fs::read_to_string(house.region.path("feeds.toml")).unwrap();
    let small = house.beside("feeds.toml");
    let fewer = feeds.replace("population = 182000", "population = 1900");
    assert_ne!(fewer, feeds);
    fs::write(&small, fewer).unwrap();
    house.run(0, &["feeds", text(&small)]);
    // A table by municipality that was approved before shows nothing of it, and the others as ever.
    let request = house.beside("request.toml");
    fs::write(&request, string(&dry, "spec")).unwrap();
    let request = string(&house.json(0, &["request", "new", text(&request), "--by", "見本"]), "request");
    let csv = fs::read_to_string(given(&house, &request).join("med-hypertension.csv")).unwrap();
    let of = |name: &str| csv.lines().filter(|l| l.starts_with(name)).collect::<Vec<_>>();
    assert!(!of("見本市").is_empty() && of("見本市").iter().all(|l| l.ends_with(",*")), "{csv}");
    assert!(of("例示市").iter().any(|l| !l.ends_with(",*")), "{csv}");
    // The desk asks by medical area instead, and shows the area.
    let about = desk(&house, 0, &["question", "med-hypertension"]);
    assert_eq!(about["places"][0]["level"], "medical_area");
    let filed = ask(&house, "med-hypertension");
    assert_eq!(filed["level"], "medical_area");
    given(&house, &accepted(&house, &filed));
    let shown = desk(&house, 0, &["table", "med-hypertension", "--by", ""]);
    assert_eq!(shown["cells"][0]["labels"]["medical_area"], "見本東医療圏");
}

#[test]
fn statistics_for_everybody_are_read_after_two_checkers_and_two_keys_only() {
    let house = house();
    let dry = desk(&house, 0, &[&["ask", "med-hypertension", "--dry"], &PERIOD[..]].concat());
    let request = house.beside("public.toml");
    fs::write(&request, string(&dry, "spec").replace("\"mihon-city\"", "\"public\"")).unwrap();
    let request = string(&house.json(0, &["request", "new", text(&request), "--by", "見本"]), "request");
    let folder = built(&house, &request);
    let release = folder.file_name().unwrap().to_str().unwrap();
    let hidden = || assert!(nothing(&house, &["table", "med-hypertension"]).contains("DSK_NOT_FOUND"));
    hidden();
    let hash = output::passed(&house, release);
    hidden();
    let key =
        |officer: &str| house.run(0, &["--actor", officer, "release", "key", release, "--manifest", &hash]);
    key("release-approver-01");
    hidden();
    assert_ne!(state(&house, "med-hypertension"), "released");
    key("release-approver-02");
    assert_eq!(state(&house, "med-hypertension"), "released");
    assert!(!desk(&house, 0, &["table", "med-hypertension"])["cells"].as_array().unwrap().is_empty());
}
