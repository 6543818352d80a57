//! The console over HTTP: the real `musubi serve` on a house, and browsers that log in with two factors. What every page must
//! hold is tried in `web_rights.rs`, cell by cell; what single pages do stands in the other `web_*.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{House, string};

/// A served house. It ends with the test.
pub struct Server {
    pub child: Child,
    pub address: String,
    house_data: std::path::PathBuf,
    browsers: Mutex<BTreeMap<String, Browser>>,
}

/// A browser that is logged in (or not, with an empty cookie).
#[derive(Debug, Clone)]
pub struct Browser {
    pub address: String,
    pub cookie: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Must have this status; for reading on.
    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", words_of(&self.text()));
        self
    }
}

/// A page without its tags, for messages of failed tests.
pub fn words_of(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Server {
    /// Serves a house without TLS on a free port of this machine. Two people allow that credentials are issued ready for use.
    pub fn start(house: &House) -> Self {
        let today = jiff::tz::offset(9).to_datetime(jiff::Timestamp::now()).date().to_string();
        let allow = ["parameter", "propose", "login.issue_allowed", "--value", "1", "--from", &today];
        let why = ["--basis", "試験", "--reason", "試験"];
        let proposed = house.json(0, &[&["--actor", "security-01"], &allow[..], &why].concat());
        let number = proposed["operation"].to_string();
        house.run(0, &["--actor", "officer-02", "parameter", "approve", &number, "--reason", "試験"]);
        let file = house.beside("address");
        drop(fs::remove_file(&file));
        let words = ["serve", "--plain", "--listen", "127.0.0.1:0", "--address-file", file.to_str().unwrap()];
        let child = house
            .command(&words)
            .stdout(Stdio::null())
            .stderr(fs::File::create(house.beside("serve.log")).unwrap())
            .spawn()
            .unwrap();
        let mut server =
            Self { child, address: String::new(), house_data: house.data(), browsers: Mutex::default() };
        let began = Instant::now();
        while !file.exists() {
            let ended = server.child.try_wait().unwrap();
            let said = fs::read_to_string(house.beside("serve.log")).unwrap_or_default();
            assert!(ended.is_none(), "musubi serve ended: {said}");
            assert!(began.elapsed() < Duration::from_secs(120), "musubi serve hangs: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let url = fs::read_to_string(&file).unwrap();
        server.address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        server
    }

    /// Nobody.
    pub fn stranger(&self) -> Browser {
        Browser { address: self.address.clone(), cookie: String::new() }
    }

    fn give(&self, words: &[&str]) -> Value {
        let words = [&["--json", "--actor", "security-01"], words].concat();
        crate::house::run_in(&self.house_data, 0, &words).json()
    }

    /// Issues password and second factor: `password`, `totp_secret`.
    pub fn issue(&self, account: &str) -> Value {
        self.give(&["account", "issue", account, "--keep"])["issued"][0].clone()
    }

    /// The code that a second factor shows now.
    pub fn code(&self, secret: &str) -> String {
        string(&self.give(&["account", "code", secret]), "code")
    }

    /// Logs an account in with password and second factor. An account logs in once; later calls give the same session.
    pub fn login(&self, account: &str) -> Browser {
        let mut all = self.browsers.lock().unwrap();
        if let Some(browser) = all.get(account) {
            return browser.clone();
        }
        let issued = self.issue(account);
        let code = self.code(&string(&issued, "totp_secret"));
        let stranger = self.stranger();
        let second = stranger
            .post("/login", &[("account", account), ("password", &string(&issued, "password"))])
            .ok(200)
            .text();
        let pending = between(&second, "name=\"pending\" value=\"", "\"");
        let entered = stranger.post("/login/second", &[("pending", &pending), ("code", &code)]).ok(303);
        let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let browser = Browser { address: self.address.clone(), cookie };
        all.insert(account.to_owned(), browser.clone());
        browser
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked to end, as an operator would; a server that does not end is killed.
        drop(std::process::Command::new("kill").arg(self.child.id().to_string()).status());
        for _ in 0..200 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The text between two marks.
pub fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {}", words_of(text))).1;
    rest.split_once(after).unwrap().0.to_owned()
}

impl Browser {
    pub fn get(&self, path: &str) -> Page {
        self.send("GET", path, &[], &[])
    }

    /// A form as a browser of this house sends it.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", escape(n), escape(v))).collect();
        let own = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin")];
        self.send("POST", path, &own, body.join("&").as_bytes())
    }

    /// A form with one file.
    pub fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Page {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(
                format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .bytes(),
            );
        }
        let (name, file_name, bytes) = file;
        body.extend(
            format!(
                "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            )
            .bytes(),
        );
        body.extend(bytes);
        body.extend(b"\r\n--edge--\r\n");
        let own = [("Content-Type", "multipart/form-data; boundary=edge"), ("Sec-Fetch-Site", "same-origin")];
        self.send("POST", path, &own, &body)
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Page {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        if !self.cookie.is_empty() {
            request += &format!("Cookie: {}\r\n", self.cookie);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("Content-Length: {}\r\n\r\n", body.len());
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        // A server that refuses a body may close before it has read all of it.
        drop(stream.write_all(body));
        read_page(&mut stream)
    }
}

/// Reads an answer to its end.
pub fn read_page(stream: &mut TcpStream) -> Page {
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or_else(|| {
        panic!("no answer: {}", String::from_utf8_lossy(&bytes));
    });
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> =
        lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let raw = &bytes[end + 4..];
    let chunked = headers.iter().any(|(n, v)| n.eq_ignore_ascii_case("transfer-encoding") && v == "chunked");
    let body = if chunked { unchunk(raw) } else { raw.to_vec() };
    Page { status, headers, body }
}

fn unchunk(mut raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = raw.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..at]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        out.extend(&raw[at + 2..at + 2 + size]);
        raw = &raw[at + 4 + size..];
    }
    out
}

/// For forms and queries.
pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
