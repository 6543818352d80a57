//! Pages of output checkers, release officers and recipients over HTTP: a release goes from the queue to its recipient, and
//! nobody sees a page or a button that is not theirs.

use crate::house::{Region, string};
use crate::output::{built, house};
use crate::web::{Browser, Server};

/// Votes on every file of a release.
fn voted(browser: &Browser, release: &str, files: &[String], verdict: &str) {
    let names: Vec<(String, String)> =
        (0..files.len()).map(|n| (format!("verdict-{n}"), format!("comment-{n}"))).collect();
    let mut fields: Vec<(&str, &str)> = Vec::new();
    for (file, (said, comment)) in files.iter().zip(&names) {
        fields.extend([("file", file.as_str()), (said, verdict), (comment, "引用符 \" と\n改行も届く")]);
    }
    browser.post(&format!("/output/{release}/vote"), &fields).ok(303);
}

#[test]
fn a_release_goes_from_the_queue_to_its_recipient_in_the_browser() {
    let region = Region::get();
    let house = house(&region);
    let (release, _) = built(&house, &region.path("requests/persons-by-diagnosis.toml"));
    let told = house.json(0, &["--actor", "checker-01", "output", "result", &release]);
    let (hash, files) = (string(&told, "manifest_hash"), told["files"].clone());
    let files: Vec<String> =
        files.as_array().unwrap().iter().map(|f| f.as_str().unwrap().to_owned()).collect();

    let server = Server::start(&house);
    let [first, second] = ["checker-01", "checker-02"].map(|who| server.login(who));
    let queue = first.get("/output").ok(200).text();
    assert!(queue.contains(&release) && queue.contains("未確認"), "{queue}");
    let page = first.get(&format!("/output/{release}")).ok(200).text();
    for words in ["独立検査", "合格", "秘匿", "推定できる範囲", "過去の提供との差"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    first.get(&format!("/output/{release}?file={}", files[0])).ok(200);
    first.get("/output/R-none").ok(404);
    voted(&first, &release, &files, "approve");
    let blind = second.get(&format!("/output/{release}")).ok(200).text();
    assert!(!blind.contains("引用符"), "a comment is seen before all have voted");
    voted(&second, &release, &files, "approve");
    assert!(second.get(&format!("/output/{release}/result")).ok(200).text().contains("引用符"));

    // The recipient: nothing, until two keys are set and it is handed over.
    let recipient = server.login("applicant-01");
    recipient.get(&format!("/packages/{release}")).ok(404);
    recipient.get("/output").ok(403);
    for officer in ["release-approver-01", "release-approver-02"] {
        let browser = server.login(officer);
        let page = browser.get(&format!("/releases/{release}")).ok(200).text();
        assert!(page.contains(&hash), "{page}");
        browser.post(&format!("/releases/{release}/key"), &[("manifest", &"0".repeat(64))]).ok(400);
        browser.post(&format!("/releases/{release}/key"), &[("manifest", &hash)]).ok(303);
    }
    let officer = server.login("release-approver-01");
    let asked = "to=mihon-university&channel=download&line=L-0001";
    let page = officer.get(&format!("/releases/{release}?{asked}")).ok(200).text();
    assert!(page.contains("C-063") && !page.contains("満たさない"), "{page}");
    let fields = [("to", "mihon-university"), ("channel", "download"), ("line", "L-0001")];
    officer.post(&format!("/releases/{release}/handover"), &fields).ok(303);
    officer.post(&format!("/releases/{release}/handover"), &fields).ok(400);
    officer.get("/releases").ok(200);

    let list = recipient.get("/packages").ok(200).text();
    assert!(list.contains(&release), "{list}");
    recipient.get(&format!("/packages/{release}")).ok(200);
    // Not without the terms.
    recipient.post(&format!("/packages/{release}/fetch"), &[]).ok(400);
    let terms = [("terms", "accepted")];
    let zip = recipient.post(&format!("/packages/{release}/fetch"), &terms).ok(200);
    assert_eq!(zip.header("content-type"), Some("application/zip"));
    recipient.post(&format!("/packages/{release}/acknowledge"), &[("manifest", &hash)]).ok(303);
    server.login("applicant-02").get(&format!("/packages/{release}")).ok(404);

    let recall = [("cause", "defect"), ("reason", "見出しの誤り"), ("whom", "")];
    officer.post(&format!("/releases/{release}/recall"), &recall).ok(303);
    recipient.post(&format!("/packages/{release}/fetch"), &terms).ok(409);
    let paper = ("certificate", "certificate.txt", "廃棄証明書(見本)".as_bytes());
    recipient.upload(&format!("/packages/{release}/destroyed"), &[], paper).ok(303);
    assert!(recipient.get("/packages").ok(200).text().contains("廃棄証明済"));
    drop(server);
    let seen = house.json(0, &["--actor", "release-approver-01", "release", "list", &release]);
    assert_eq!(seen["releases"][0]["deliveries"][0]["state"], "destroyed");
}
