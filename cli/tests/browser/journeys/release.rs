//! A release from its makers to its recipient, in the browser: two checkers apart and then together, an exception with its
//! reason, two keys of two people, the hand-over, and the package on the recipient's machine.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::driver::Window;
use crate::output;
use crate::stage::Stage;

/// What the first checker says; the second must not read it before voting.
const FIRST: &str = "欄の幅と秘匿の範囲を確かめた";

/// Says the same of every file but the first.
fn vote(window: &Window, form: &str, first: &str, comment: &str) {
    for (n, _) in window.all(&format!("main form[action='{form}'] input[name=file]")).iter().enumerate() {
        window.choose(form, &format!("verdict-{n}"), if n == 0 { first } else { "approve" });
        window.write(form, &format!("comment-{n}"), comment);
    }
    window.send(form);
    window.one("main .flash");
}

/// Through the queue to a release.
fn look_at(window: &Window, release: &str) {
    window.menu("/output");
    window.follow(&format!("/output/{release}"));
}

/// Two checkers look and vote blind; they differ, one asks for an exception, the officer grants it, they vote together.
fn checked(stage: &Stage<'_>, release: &str) {
    let form = format!("/output/{release}/vote");
    let first = stage.come_in("checker-01");
    first.menu("/output");
    stage.look(&first, "checker-queue");
    look_at(&first, release);
    first.sees("推定できる範囲");
    stage.look(&first, "checker-release");
    assert!(first.has("main td .badge"), "no cell says why it is to be looked at");
    let all = first.one(&format!("main a[href^='/output/{release}?file=']")).attribute("href").unwrap();
    first.follow(&all);
    stage.look(&first, "checker-cells");
    vote(&first, &form, "approve", FIRST);
    stage.look(&first, "checker-voted");

    let second = stage.come_in("checker-02");
    look_at(&second, release);
    assert!(!second.words().contains(FIRST), "the second checker reads what the first said before voting");
    vote(&second, &form, "change", "下限に近い欄の扱いを確かめたい");
    look_at(&second, release);
    second.sees(FIRST);
    stage.look(&second, "checker-together");
    let exception = format!("/output/{release}/exception");
    second.choose(&exception, "ground", "near-threshold");
    second.write(&exception, "reason", "公表済みの統計と同じ値のため");
    second.send(&exception);
    vote(&second, &form, "approve", "例外を求めたうえで適とする");
    look_at(&first, release);
    vote(&first, &form, "approve", "例外の判断を待つ");

    let officer = stage.come_in("officer-01");
    look_at(&officer, release);
    officer.follow(&format!("/output/{release}/result"));
    stage.look(&officer, "officer-exception");
    let decide = officer.one("main form[action*='/exception/']").attribute("action").unwrap();
    officer.choose(&decide, "word", "grant");
    officer.write(&decide, "reason", "公表資料と照らした");
    officer.send(&decide);
    officer.sees("出力確認が済みました");
    stage.look(&officer, "officer-checked");
}

/// The hash of the manifest, among the facts of a page.
fn manifest_hash(window: &Window) -> String {
    let hash = window.one("main dl.facts dd code").text();
    assert!(hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()), "no hash at {}", window.at());
    hash
}

/// Two officers set their keys on the same manifest; one hands over.
fn handed_over(stage: &Stage<'_>, release: &str) {
    let own = format!("/releases/{release}");
    let first = stage.come_in("release-approver-01");
    first.menu("/releases");
    stage.look(&first, "release-list");
    first.follow(&own);
    let manifest = manifest_hash(&first);
    let form = format!("{own}/key");
    first.write(&form, "manifest", &"0".repeat(64));
    first.send(&form);
    stage.look(&first, "release-wrong-key");
    assert!(!first.has("main .flash"), "a key is set on another manifest");
    for (account, name) in
        [("release-approver-01", "release-first-key"), ("release-approver-02", "release-keys")]
    {
        let window = stage.come_in(account);
        window.go(&own);
        window.write(&form, "manifest", &manifest);
        window.send(&form);
        window.one("main .flash");
        assert!(!window.has(&format!("main form[action='{form}']")), "one person sets two keys");
        stage.look(&window, name);
    }
    first.go(&own);
    let terms = [("to", "mihon-university"), ("line", "L-0001")];
    for (name, value) in terms {
        first.within(&own, &format!("[name={name}]")).fill(value);
    }
    first.choose(&own, "channel", "download");
    first.send(&own);
    first.sees("C-063");
    stage.look(&first, "release-conditions");
    first.send(&format!("{own}/handover"));
    stage.look(&first, "release-handed-over");
}

/// Every file of the package is the one the page names; the hash of the manifest in it.
fn unpacked(package: &Path, told: &BTreeMap<String, String>) -> String {
    let mut zip = zip::ZipArchive::new(File::open(package).unwrap()).unwrap();
    let mut manifest = None;
    let mut found = 0;
    for n in 0..zip.len() {
        let mut file = zip.by_index(n).unwrap();
        let name = file.name().unwrap().rsplit('/').next().unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let hash = blake3::hash(&bytes).to_hex().to_string();
        if let Some(said) = told.get(&name) {
            assert_eq!(&hash, said, "{name} is not what the page names");
            found += 1;
        }
        if name == "manifest.json" {
            manifest = Some(hash);
        }
    }
    assert_eq!(found, told.len(), "a file of the page is not in the package");
    manifest.expect("a manifest")
}

/// The recipient accepts the terms, fetches the package, holds it against the page, and confirms that it arrived.
fn fetched(stage: &Stage<'_>, release: &str) {
    let window = stage.come_in("applicant-01");
    window.menu("/packages");
    window.sees(release);
    stage.look(&window, "recipient-list");
    let own = format!("/packages/{release}");
    window.follow(&own);
    window.sees("受取りの期限");
    stage.look(&window, "recipient-package");
    let rows = window.script(
        "return [...document.querySelectorAll('main table tbody tr')].filter(r => r.cells.length === 4)\
         .map(r => [r.cells[0].textContent, r.cells[2].textContent])",
    );
    let pair = |r: &serde_json::Value| (r[0].as_str().unwrap().to_owned(), r[1].as_str().unwrap().to_owned());
    let told: BTreeMap<String, String> = rows.as_array().unwrap().iter().map(pair).collect();
    assert!(!told.is_empty(), "no files at {own}: {}", window.words());
    let manifest = manifest_hash(&window);
    let fetch = format!("{own}/fetch");
    window.within(&fetch, "[name=terms]").click();
    window.take(&fetch);
    assert_eq!(unpacked(&window.kept(".zip"), &told), manifest);
    let confirm = format!("{own}/acknowledge");
    window.go(&own);
    window.write(&confirm, "manifest", &manifest);
    window.send(&confirm);
    window.sees("受領を確認しました");
    stage.look(&window, "recipient-confirmed");
    // Nobody else's.
    let other = stage.come_in("applicant-02");
    other.go(&own);
    assert!(other.has(super::walk::NO_PAGE), "another organisation's package is there");
}

/// From the makers to the recipient.
pub fn given(stage: &Stage<'_>) {
    let (release, _) = output::built(&stage.house, &stage.region.path("requests/persons-by-diagnosis.toml"));
    checked(stage, &release);
    handed_over(stage, &release);
    fetched(stage, &release);
}
