//! The console against those who mean it ill: what they send over HTTP, raw where no browser would send it. What is refused
//! must be refused before a page sees it, change nothing, tell nothing, and harm no second visitor.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use musubi_console::web::route::{self, Takes, Who};

use crate::house::{House, Region, string, text};
use crate::web::{Browser, Page, Server, escape, words_of};
use crate::web_forms::{forms, kind, reach};

/// One served house for the tests of this file; it ends with the last of them.
struct Served {
    server: Server,
    house: House,
}

fn served() -> Arc<Served> {
    static SHARED: Mutex<Weak<Served>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(served) = shared.upgrade() {
        return served;
    }
    let served = Arc::new(fresh());
    *shared = Arc::downgrade(&served);
    served
}

/// A served house of its own, for a test that locks accounts and ends their sessions.
fn fresh() -> Served {
    let region = Region::get();
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    // These tests knock more often than people do; the limits have a house of their own below.
    allow(&house, "console.knocks_a_minute", "100000");
    allow(&house, "console.visits_a_minute", "100000");
    allow(&house, "console.body_seconds", "5");
    Served { server: Server::start(&house), house }
}

/// Changes a parameter from today on, by two people.
pub fn allow(house: &House, name: &str, value: &str) {
    let today = jiff::tz::offset(9).to_datetime(jiff::Timestamp::now()).date().to_string();
    let words = ["--actor", "security-01", "parameter", "propose", name, "--value", value, "--from", &today];
    let proposed = house.json(0, &[&words[..], &["--basis", "試験", "--reason", "試験"]].concat());
    let number = proposed["operation"].to_string();
    house.run(0, &["--actor", "officer-02", "parameter", "approve", &number, "--reason", "試験"]);
}

/// Sends bytes as they are and takes whatever comes back until the server closes.
fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    // A server that refuses may close before it has read all of it.
    drop(stream.write_all(bytes));
    drop(stream.shutdown(Shutdown::Write));
    let mut out = Vec::new();
    drop(stream.read_to_end(&mut out));
    String::from_utf8_lossy(&out).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0)
}

/// The server still answers somebody else.
fn lives(server: &Server) {
    assert_eq!(server.stranger().get("/login").status, 200);
}

fn log(house: &House) -> String {
    house.run(0, &["--actor", "auditor-01", "audit", "log", "--last", "5000"]).out
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// F16: a form is taken from a page of this house only, whoever is logged in; every refusal is booked.
#[test]
fn forms_of_other_sites_are_refused_and_booked() {
    let served = served();
    let browser = served.server.login("desk-01");
    let own = format!("http://{}", served.server.address);
    let foreign: &[&[(&str, &str)]] = &[
        &[],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "none")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", &own)],
        &[("Origin", "https://example.invalid")],
        &[("Origin", "null")],
        &[("Origin", "")],
        &[("Origin", &format!("{own}.example.invalid"))],
        &[("Referer", &own)],
    ];
    for headers in foreign {
        let headers = [&[FORM][..], headers].concat();
        let page = browser.send("POST", "/language", &headers, b"lang=en");
        assert_eq!(page.status, 403, "{headers:?}");
        assert!(page.text().contains("FOREIGN_ORIGIN"), "{headers:?}: {}", page.text());
    }
    // Nothing was changed by any of them.
    assert!(browser.get("/").text().contains("lang=\"ja\""));
    assert!(log(&served.house).contains("FOREIGN_ORIGIN"));
    for own in [("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")] {
        assert_eq!(browser.send("POST", "/language", &[FORM, own], b"lang=ja").status, 303);
    }
}

/// One request is one request: whatever leaves open where a body ends is not read on.
#[test]
fn nothing_is_smuggled_behind_a_request() {
    let served = served();
    let tail = "GET /assets/none HTTP/1.1\r\nHost: x\r\n\r\n";
    let post = "POST /login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let ambiguous = [
        format!("{post}{form}Content-Length: 0\r\nContent-Length: 5\r\n\r\n{tail}"),
        format!("{post}{form}Content-Length: 5, 0\r\n\r\n{tail}"),
        format!("{post}{form}Content-Length: +0\r\n\r\n{tail}"),
        format!("{post}{form}Content-Length: 0x0\r\n\r\n{tail}"),
        format!("{post}{form}Content-Length: -1\r\n\r\n{tail}"),
        format!("{post}{form}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{tail}"),
        format!("{post}{form}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n{tail}"),
        format!("{post}{form}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{tail}"),
        format!("{post}{form}Transfer-Encoding: chunked\r\n\r\nzz\r\n{tail}"),
        format!("{post}{form}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{tail}"),
        format!("{post}{form}Transfer-Encoding: chunked\r\nContent-Length: 400\r\n\r\n0\r\n\r\n{tail}"),
        "GET /login HTTP/1.1 \r\nHost: x\r\n y: z\r\n\r\n".to_owned(),
        "GET /login HTTP/9.9\r\n\r\n".to_owned(),
        "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
    ];
    for request in &ambiguous {
        let answer = raw(&served.server, request.as_bytes());
        let answers = answer.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{request:?} was answered {answers} times:\n{answer}");
        assert!(!answer.contains("HTTP/1.1 5"), "{request:?}: {answer}");
    }
    for huge in [
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000)),
        format!("GET /login HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(200_000)),
        format!("GET /login HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(5_000)),
    ] {
        let answer = raw(&served.server, huge.as_bytes());
        assert!(matches!(status(&answer), 400 | 414 | 431), "{}", answer.lines().next().unwrap_or_default());
    }
    lives(&served.server);
}

/// What no keyboard types is refused before a page sees it; ways out of a folder lead nowhere.
#[test]
fn letters_that_are_none_and_ways_out_of_a_folder() {
    let served = served();
    let browser = served.server.login("desk-01");
    for path in ["/search?q=%00", "/?x=%00", "/rights?lang=%00", "/?%00=1", "/?x=%1b%5b2J", "/?x=%c2%85"] {
        assert_eq!(browser.get(path).status, 400, "{path}");
    }
    let stranger = served.server.stranger();
    assert_eq!(stranger.post("/login", &[("account", "desk-01\u{0}"), ("password", "x")]).status, 400);
    // Ends of lines are typed into areas.
    assert_eq!(stranger.post("/login", &[("account", "a\r\n\tb"), ("password", "x")]).status, 401);
    for path in [
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../../../../etc/passwd",
        "/..%5c..%5cetc",
        "/%ff%fe",
        "//etc/passwd",
        "/.git/config",
    ] {
        let page = browser.get(path);
        assert_eq!(page.status, 404, "{path}: {}", words_of(&page.text()));
        assert!(page.header("content-security-policy").is_some(), "{path}");
    }
    // Things that have a name in the path.
    for row in route::all().filter(|r| !r.post && r.path.contains('{')) {
        for hostile in
            ["%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "%ff", "'%20OR%201=1--", "--json", "%F0%9F%98%80"]
        {
            let path = with_parts(row.path, hostile);
            for account in ["desk-01", "operator-01", "auditor-01", "secretary-01", "officer-01"] {
                let page = served.server.login(account).get(&path);
                assert!(
                    matches!(page.status, 400 | 403 | 404 | 409),
                    "{account} {path}: {} {}",
                    page.status,
                    words_of(&page.text())
                );
            }
        }
    }
    for method in ["TRACE", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "BREW"] {
        let page = browser.send(method, "/login", &[], b"");
        assert!(matches!(page.status, 400 | 403 | 404 | 405), "{method}: {}", page.status);
    }
    lives(&served.server);
}

/// A path with the same in every `{name}`.
fn with_parts(path: &str, part: &str) -> String {
    path.split('/').map(|p| if p.starts_with('{') { part } else { p }).collect::<Vec<_>>().join("/")
}

/// A row's path and an account whom it admits.
fn for_whom(row: &route::Route) -> Option<(String, &'static str)> {
    let accounts = [
        "submitter-01",
        "city-01",
        "applicant-01",
        "member-01",
        "secretary-01",
        "checker-01",
        "release-approver-01",
        "desk-01",
        "linker-01",
        "operator-01",
        "auditor-01",
        "officer-01",
        "security-02",
    ];
    let account = match row.who {
        Who::Anyone | Who::LoggedIn => Some("desk-01"),
        Who::Roles(roles) => accounts.into_iter().find(|a| {
            let role = a.rsplit_once('-').map_or("", |(r, _)| r);
            roles.iter().any(|r| {
                let r = r.as_str();
                r == role
                    || matches!(
                        (r, role),
                        ("municipality", "city")
                            | ("review-member", "member")
                            | ("review-secretary", "secretary")
                            | ("help-desk", "desk")
                            | ("identity", "linker")
                            | ("security-admin", "security")
                    )
            })
        }),
    };
    account.map(|account| (with_parts(row.path, "none-0"), account))
}

/// What is too large is refused by what it says of itself, and else while it comes: for every action there is.
#[test]
fn what_is_too_large_is_refused_before_a_page_sees_it() {
    let served = served();
    let mut tried = 0;
    for row in route::all().filter(|r| r.post) {
        let Some((path, account)) = for_whom(row) else { continue };
        let said = match row.takes {
            Takes::Nothing => continue,
            Takes::Form => (256 << 10) + 1,
            Takes::Papers => (16 << 20) + 1,
            Takes::Package => (4096_u64 << 20) + 1,
        };
        let browser = served.server.login(account);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n",
            served.server.address, browser.cookie
        );
        let answer = raw(
            &served.server,
            format!(
                "{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {said}\r\n\r\na="
            )
            .as_bytes(),
        );
        assert_eq!(status(&answer), 413, "{account} {path} {said}: {answer}");
        tried += 1;
        // Without saying how long it is: a field that never ends.
        let form = "Content-Type: application/x-www-form-urlencoded";
        let parts = "Content-Type: multipart/form-data; boundary=edge";
        let opening = "--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        let (kind, opening) = if row.takes == Takes::Form { (form, "a=") } else { (parts, opening) };
        let mut body = format!("{head}{kind}\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
        body.extend(format!("{:x}\r\n{opening}\r\n", opening.len()).bytes());
        let piece = "b".repeat(64 << 10);
        for _ in 0..8 {
            body.extend(format!("{:x}\r\n{piece}\r\n", piece.len()).bytes());
        }
        let answer = raw(&served.server, &body);
        assert_eq!(status(&answer), 413, "{account} {path} without a length: {answer}");
    }
    assert!(tried > 0);
    lives(&served.server);
}

/// Slow heads and slow bodies are cut, and meanwhile nobody else waits for them.
#[test]
fn slow_senders_are_cut_and_harm_nobody_else() {
    let served = served();
    let open = |bytes: &str| {
        let mut stream = TcpStream::connect(&served.server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    };
    let mut slow = Vec::new();
    for _ in 0..40 {
        slow.push(open("GET /login HTTP/1.1\r\nHost: x\r\nX-Slow: "));
        slow.push(open(
            "POST /login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 100\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\naccount=",
        ));
    }
    // As many as the house does at once, and more: a second client is served all the same.
    for _ in 0..5 {
        lives(&served.server);
    }
    for mut stream in slow {
        let mut out = Vec::new();
        // Ends because the server ends it: the test would wait far longer.
        stream.read_to_end(&mut out).unwrap();
        let answer = String::from_utf8_lossy(&out);
        assert!(out.is_empty() || matches!(status(&answer), 400 | 408), "{answer}");
    }
    lives(&served.server);
}

/// A session is born at the door and dies there: none can be brought along, and none outlives leaving.
#[test]
fn a_session_is_neither_brought_along_nor_kept() {
    let served = served();
    let issued = served.server.issue("curator-01");
    let planted = Browser {
        cookie: "musubi=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        ..served.server.stranger()
    };
    let password = string(&issued, "password");
    let fields =
        [("account", "curator-01"), ("password", password.as_str()), ("next", "/\t/example.invalid")];
    let second = planted.post("/login", &fields).ok(200).text();
    let pending = crate::web::between(&second, "name=\"pending\" value=\"", "\"");
    // The first half opens nothing.
    let half = Browser { cookie: format!("musubi={pending}"), ..served.server.stranger() };
    assert_eq!(half.get("/").status, 303);
    let code = served.server.code(&string(&issued, "totp_secret"));
    let fields = [("pending", pending.as_str()), ("code", &code), ("next", "/\t/example.invalid")];
    let entered = planted.post("/login/second", &fields).ok(303);
    // Browsers drop the tabulator, and then it were another host.
    assert_eq!(entered.header("location"), Some("/"));
    let set = entered.header("set-cookie").unwrap();
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(flag), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let cookie = set.split(';').next().unwrap().to_owned();
    assert_ne!(cookie, planted.cookie);
    assert_eq!(planted.get("/").status, 303, "the planted session became one");
    let inside = Browser { cookie, ..planted.clone() };
    assert_eq!(inside.get("/").status, 200);
    // Neither code nor half a login is taken twice.
    assert_eq!(planted.post("/login/second", &fields).status, 401);
    assert_eq!(inside.get("/").header("cache-control"), Some("no-store"));
    inside.post("/logout", &[]).ok(303);
    assert_eq!(inside.get("/").status, 303, "a session outlives leaving");
}

/// The way back after logging in leads into this house only.
#[test]
fn the_way_back_leads_into_this_house() {
    let served = served();
    let stranger = served.server.stranger();
    let back = |next: &str| {
        let page = stranger.get(&format!("/login?next={}", escape(next)));
        // What no keyboard types does not even come to the form.
        (page.status == 200).then(|| crate::web::between(&page.text(), "name=\"next\" value=\"", "\""))
    };
    for foreign in [
        "https://example.invalid/",
        "//example.invalid",
        "/\\example.invalid",
        "\\\\example.invalid",
        "/\t/example.invalid",
        "/\n/example.invalid",
        "/\r/example.invalid",
        "javascript:alert(1)",
        "example.invalid",
        "",
        " //example.invalid",
        "/\u{0}/example.invalid",
    ] {
        assert!(matches!(back(foreign).as_deref(), None | Some("/")), "{foreign:?}");
    }
    assert_eq!(back("/rights").as_deref(), Some("/rights"));
}

/// F15: after so many wrong passwords the right one does not open either; the log says why, the page does not.
#[test]
fn a_locked_account_stays_locked_with_the_right_password() {
    let served = served();
    let issued = served.server.issue("curator-02");
    let right = string(&issued, "password");
    let stranger = served.server.stranger();
    let try_with =
        |password: &str| stranger.post("/login", &[("account", "curator-02"), ("password", password)]);
    let said = |page: Page| page.ok(401).text();
    let first = said(try_with("wrong"));
    for _ in 0..5 {
        said(try_with("wrong"));
    }
    assert_eq!(said(try_with(&right)), first, "the page tells that the account is locked");
    // Nobody else is locked with it.
    served.server.login("desk-01").get("/").ok(200);
    let log = log(&served.house);
    assert!(log.lines().any(|l| l.contains("curator-02") && l.to_lowercase().contains("lock")), "{log}");
}

/// Script in every field of every form that anybody reaches comes back as letters, on that page and on every other.
#[test]
fn script_in_every_field_comes_back_as_letters() {
    let served = fresh();
    let script = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}<!--";
    let raw_in = |page: &Page| {
        let html = page.header("content-type").is_some_and(|t| t.starts_with("text/html"));
        html && ["<script>alert(1)", "<img src=x", "onerror=alert(2)>{{"]
            .iter()
            .any(|s| page.text().contains(s))
    };
    let people = [
        "submitter-01",
        "operator-01",
        "desk-01",
        "linker-01",
        "secretary-01",
        "applicant-01",
        "member-01",
        "checker-01",
        "release-approver-01",
        "city-01",
        "officer-01",
        "auditor-01",
        "security-02",
    ];
    let mut browsers: Vec<(&str, Browser)> = people.iter().map(|p| (*p, served.server.login(p))).collect();
    let stranger = served.server.stranger();
    let mut filled = 0;
    let mut send = |who: &str, browser: &Browser, at: &str, html: &str| {
        for form in forms(html) {
            // What ends the session, and what every page has.
            if matches!(form.action.as_str(), "/logout" | "/language") || form.action.contains("password") {
                continue;
            }
            let fields: Vec<(&str, &str)> = form
                .fields
                .iter()
                .map(|(n, v, typed)| (n.as_str(), if *typed { script } else { v.as_str() }))
                .collect();
            let action = if form.action.is_empty() { at } else { &form.action };
            let page = if !form.post {
                let query: Vec<String> =
                    fields.iter().map(|(n, v)| format!("{}={}", escape(n), escape(v))).collect();
                browser.get(&format!("{}?{}", action.split('?').next().unwrap_or_default(), query.join("&")))
            } else if form.files {
                browser.upload(action, &fields, ("file", "../../<script>alert(1)</script>.zip", b"PK"))
            } else {
                browser.post(action, &fields)
            };
            assert!(!raw_in(&page), "{who} {at} → {action}: {}", page.text());
            assert!(page.status < 500, "{who} {at} → {action}: {}", words_of(&page.text()));
            filled += fields.iter().filter(|(_, v)| *v == script).count();
        }
    };
    for path in ["/login", "/invitation"] {
        send("nobody", &stranger, path, &stranger.get(path).text());
    }
    for (who, browser) in &browsers {
        for (path, page) in reach(browser, 1) {
            send(who, browser, &path, &page.text());
        }
    }
    assert!(filled > 10, "{filled} fields");
    // What was kept of it is letters on every page of everybody.
    for (who, browser) in browsers.drain(..) {
        for (path, page) in reach(&browser, 2) {
            assert!(!raw_in(&page), "{who} {path}: {}", page.text());
            assert!(page.status < 500, "{who} {path}: {}", words_of(&page.text()));
        }
    }
}

/// What belongs to another organisation is answered like what does not exist, to the letter.
#[test]
fn what_belongs_to_others_looks_like_nothing() {
    let served = served();
    let server = &served.server;
    for (mine, others) in
        [("submitter-01", "submitter-02"), ("applicant-01", "applicant-02"), ("city-01", "applicant-01")]
    {
        let (mine, others) = (server.login(mine), server.login(others));
        let theirs: Vec<String> = reach(&others, 5).into_iter().map(|(path, _)| path).collect();
        for (path, page) in reach(&mine, 5) {
            // Of pages that both may have, those with a name in the path that the other never saw.
            if page.status != 200 || theirs.contains(&path) || kind(&path) == path || path.contains('?') {
                continue;
            }
            let answer = others.get(&path);
            let unknown = others.get(&kind(&path).replace('*', "00000000000000000000000000000000"));
            assert!(
                matches!(answer.status, 403 | 404),
                "{path}: {} {}",
                answer.status,
                words_of(&answer.text())
            );
            assert_eq!(answer.status, unknown.status, "{path} can be told from what does not exist");
            assert_eq!(
                words_of(&answer.text()),
                words_of(&unknown.text()),
                "{path} can be told from what does not exist"
            );
        }
    }
}

/// Who knocks too often is told to wait, with a new cookie each time too; whoever is logged in is not held up by them.
#[test]
fn who_knocks_too_often_waits() {
    let region = Region::get();
    let house = region.house();
    let server = Server::start(&house);
    let inside = server.login("desk-01");
    inside.get("/").ok(200);
    let stranger = server.stranger();
    let mut answers = Vec::new();
    for n in 0..400 {
        let cookie = if n % 2 == 0 { String::new() } else { format!("musubi={n:043}") };
        answers.push(Browser { cookie, ..stranger.clone() }.get("/assets/none").status);
        if answers.last() == Some(&429) {
            break;
        }
    }
    assert_eq!(answers.last(), Some(&429), "{} requests", answers.len());
    inside.get("/").ok(200);
}
