//! Pages of senders and of the operator over HTTP: a delivery goes from the browser into the house and back as findings and a
//! signed acknowledgement; nobody sees another's; hostile packages are refused in words.

use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::house::Region;
use crate::web::{Browser, Page, Server, between, words_of};
use crate::zip::{package_of, zip, zipped};

fn upload(browser: &Browser, bytes: &[u8]) -> Page {
    browser.upload("/deliveries/upload", &[], ("package", "package.zip", bytes))
}

/// Follows an upload until it has come to its end.
fn followed(browser: &Browser, path: &str) -> String {
    let began = Instant::now();
    loop {
        let text = browser.get(path).ok(200).text();
        let working = text.contains("順番待ち") || text.contains("処理中");
        if !working {
            return text;
        }
        assert!(began.elapsed() < Duration::from_secs(300), "{}", words_of(&text));
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_delivery_goes_from_the_browser_into_the_house_and_only_its_sender_sees_it() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let (mine, other) = (server.login("submitter-01"), server.login("submitter-02"));
    let delivery = package_of(&region.path("inbox/night-01"), "mihon-ishikai-13");
    let bytes = zipped(&delivery);
    // The other sender may not bring it, and leaves nothing.
    let foreign = upload(&other, &bytes).ok(422).text();
    assert!(foreign.contains("FOREIGN-SUBMITTER"), "{}", words_of(&foreign));
    let sent = upload(&mine, &bytes).ok(303);
    let place = sent.header("location").unwrap().to_owned();
    let ended = followed(&mine, &place);
    assert!(ended.contains("処理が終わりました"), "{}", words_of(&ended));
    let id = place.rsplit('/').next().unwrap().to_owned();
    let shown = mine.get(&format!("/deliveries/{id}")).ok(200).text();
    assert!(shown.contains("突合") && shown.contains(&id), "{}", words_of(&shown));
    mine.get(&format!("/deliveries/{id}/findings")).ok(200);
    let csv = mine.get(&format!("/deliveries/{id}/findings.csv")).ok(200);
    assert!(csv.text().contains("rule,severity,document"), "{}", csv.text());
    let receipt = mine.post(&format!("/deliveries/{id}/receipt"), &[]).ok(200);
    assert!(receipt.body.starts_with(b"PK"), "no zip");
    let file = house.beside("acknowledgement.zip");
    std::fs::File::create(&file).unwrap().write_all(&receipt.body).unwrap();
    house.run(0, &["ack", "verify", file.to_str().unwrap()]);
    // For the other sender it does not exist, whatever the door.
    for path in ["", "/findings", "/findings.csv"] {
        assert_eq!(other.get(&format!("/deliveries/{id}{path}")).status, 404, "{path}");
    }
    assert_eq!(other.post(&format!("/deliveries/{id}/receipt"), &[]).status, 404);
    assert_eq!(other.get(&place).status, 404);
    let calendar = other.get("/deliveries?submitter=mihon-ishikai-13").ok(200).text();
    assert!(!calendar.contains(&id), "another's delivery in the calendar");
    // Whom another's providers treat is not the other sender's to stop: the line is refused, and nobody is stopped by it.
    let list = std::fs::read(region.path("optout/optout.csv")).unwrap();
    let refused = other.upload("/deliveries/optouts", &[], ("file", "list.csv", &list)).ok(200).text();
    assert!(refused.contains("不受理") && !refused.contains("✓</span>登録"), "{}", words_of(&refused));
    let taken = mine.upload("/deliveries/optouts", &[], ("file", "list.csv", &list)).ok(200).text();
    assert!(taken.contains("登録"), "{}", words_of(&taken));
    // Again: taken as what it is.
    let again = upload(&mine, &bytes).ok(303);
    followed(&mine, again.header("location").unwrap());
    // The operator sees the night, and the parts of pages that renew themselves.
    let operator = server.login("operator-01");
    let tonight = operator.get("/tonight").ok(200).text();
    assert!(tonight.contains("nightly"), "{}", words_of(&tonight));
    for path in [
        "/quarantine",
        "/parameters",
        "/checks",
        "/trust",
        "/deliveries",
        "/deliveries/notices",
        "/deliveries/codes",
    ] {
        operator.get(path).ok(200);
    }
    let lineage = operator.get(&format!("/lineage/{id}")).ok(200).text();
    assert!(lineage.contains("<svg"), "{}", words_of(&lineage));
    let run = between(&tonight, "href=\"/runs/", "\"");
    operator.get(&format!("/runs/{run}")).ok(200);
    let retried = operator.post("/quarantine/retry", &[("id", &id)]).ok(200).text();
    assert!(retried.contains("何も書いていません"), "{}", words_of(&retried));
}

#[test]
fn hostile_and_broken_packages_end_as_a_clear_refusal_and_leave_nothing() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let sender = server.login("submitter-01");
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("no zip at all", b"hello".to_vec(), "SUB-ZIP"),
        ("cut off", zip(&[("manifest.toml", b"version = 1")])[..40].to_vec(), "SUB-ZIP"),
        ("a path that leads out", zip(&[("../manifest.toml", b"version = 1")]), "SUB-PATH"),
        ("no manifest", zip(&[("RECEIPTC.UKE", b"x")]), "SUB-MANIFEST-MISSING"),
        ("a manifest that says nothing", zip(&[("manifest.toml", b"hello")]), "SUB-MANIFEST-UNREADABLE"),
    ];
    for (what, bytes, code) in cases {
        let page = upload(&sender, &bytes).ok(422).text();
        assert!(page.contains(code), "{what}: {}", words_of(&page));
    }
    let left: Vec<_> = std::fs::read_dir(house.data().join("inbox"))
        .unwrap()
        .flatten()
        .filter(|e| e.file_name() != ".incoming" && e.file_name() != ".uploads")
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let parts = std::fs::read_dir(house.data().join("inbox/.incoming")).unwrap().count();
    assert_eq!(parts, 0);
    assert_eq!(sender.upload("/deliveries/upload", &[], ("package", "x.zip", b"")).status, 400);
}

#[test]
fn a_parameter_is_looked_at_proposed_and_approved_by_another_in_the_browser() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let (first, second) = (server.login("officer-01"), server.login("security-01"));
    let looked = first.get("/parameters/deliveries.late_days?value=3").ok(200).text();
    assert!(looked.contains("提案する"), "{}", words_of(&looked));
    let day = "2099-01-01";
    let fields =
        [("value", "3"), ("from", day), ("basis", "運用会議"), ("verified", "D"), ("reason", "休日の後")];
    first.post("/parameters/deliveries.late_days/propose", &fields).ok(303);
    let open = first.get("/parameters/proposals").ok(200).text();
    assert!(open.contains("自分の提案は承認できません"), "{}", words_of(&open));
    let id = between(&open, "name=\"id\" value=\"", "\"");
    let decision = [("id", id.as_str()), ("decision", "approve"), ("reason", "確認した")];
    assert_eq!(first.post("/parameters/proposals/decide", &decision).status, 409);
    second.post("/parameters/proposals/decide", &decision).ok(303);
    let rows = second.get("/parameters/deliveries.late_days").ok(200).text();
    assert!(rows.contains(day), "{}", words_of(&rows));
    assert_eq!(first.get("/parameters/no.such").status, 404);
    assert_eq!(first.get("/checks/C-093").status, 404);
    first.get("/checks/C-028").ok(200);
}
