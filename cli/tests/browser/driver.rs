//! A browser, spoken to by the W3C WebDriver protocol: a driver program of our own on a free port, one window at a time, and
//! what a person does in it. It knows nothing of the console.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);
/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Keys of the protocol.
pub const TAB: char = '\u{E004}';
pub const ENTER: char = '\u{E007}';
pub const SPACE: char = ' ';
pub const DOWN: char = '\u{E015}';

/// `chromedriver`, while it lives.
pub struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts it, or says why there is none.
    pub fn start() -> Result<Self, String> {
        let browser = browser()?;
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| e.to_string())?.port();
        let child = Command::new("chromedriver")
            .args([&format!("--port={port}"), "--log-level=OFF"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("chromedriver: {e} ({browser} is there)"))?;
        let driver = Self { child, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if began.elapsed() > PATIENCE {
                return Err("chromedriver does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(driver)
    }

    /// Opens a window with a profile of its own.
    pub fn open(&self, base: &str, script: bool) -> Window {
        let profile = crate::house::folder();
        let mut arguments: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=ja",
            "--window-size=1200,800",
            "--hide-scrollbars",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let downloads = profile.path().join("downloads");
        let allowed = if script { 1 } else { 2 };
        let asked = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": 120_000, "pageLoad": 120_000 },
            "unhandledPromptBehavior": "ignore",
            "goog:chromeOptions": {
                "args": arguments,
                "binary": browser().unwrap(),
                "prefs": {
                    "profile.managed_default_content_settings.javascript": allowed,
                    "download.default_directory": downloads,
                    "intl.accept_languages": "ja",
                },
            },
        } } });
        let session = call(self.port, "POST", "/session", Some(&asked)).unwrap();
        let id = session["sessionId"].as_str().unwrap().to_owned();
        let window = Window { port: self.port, id, base: base.to_owned(), downloads, _profile: profile };
        let size = json!({ "width": 1200, "height": 800 });
        let inner = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": 1200, "height": 800, "deviceScaleFactor": 1, "mobile": false } });
        window.call("POST", "/window/rect", Some(&size)).unwrap();
        window.call("POST", "/goog/cdp/execute", Some(&inner)).unwrap();
        window
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program of the browser.
fn browser() -> Result<String, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["chromium", "google-chrome", "chrome"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
        .map(|file| file.display().to_string())
        .ok_or_else(|| "no chromium in PATH (scripts/setup.sh --browser installs it)".to_owned())
}

/// One call of the protocol.
fn call(port: u16, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
    let text = body.map_or_else(String::new, Value::to_string);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())?;
    stream.set_read_timeout(Some(Duration::from_secs(180))).map_err(|e| e.to_string())?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        text.len()
    );
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(text.as_bytes()))
        .map_err(|e| e.to_string())?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).map_err(|e| e.to_string())?;
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(|_| "a length that is no number".to_owned())?;
        }
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).map_err(|e| e.to_string())?;
    let answer: Value = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
    let value = answer["value"].clone();
    match value["error"].as_str() {
        Some(error) => {
            let message = value["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default();
            Err(format!("{error}: {message}"))
        }
        None => Ok(value),
    }
}

/// A window of the browser.
pub struct Window {
    port: u16,
    id: String,
    base: String,
    pub downloads: std::path::PathBuf,
    _profile: TempDir,
}

/// Something on a page.
pub struct Element<'a> {
    window: &'a Window,
    id: String,
}

impl Window {
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        call(self.port, method, &format!("/session/{}{path}", self.id), body)
    }

    /// Opens a page of the console.
    pub fn go(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.call("POST", "/url", Some(&json!({ "url": url }))).unwrap();
    }

    /// The path the window is at.
    pub fn at(&self) -> String {
        let url = self.call("GET", "/url", None).unwrap();
        url.as_str().unwrap().trim_start_matches(&self.base).to_owned()
    }

    /// All that fits a selector now.
    pub fn all(&self, css: &str) -> Vec<Element<'_>> {
        let asked = json!({ "using": "css selector", "value": css });
        let found = self.call("POST", "/elements", Some(&asked)).unwrap();
        found
            .as_array()
            .unwrap()
            .iter()
            .map(|e| Element { window: self, id: e[ELEMENT].as_str().unwrap().to_owned() })
            .collect()
    }

    pub fn has(&self, css: &str) -> bool {
        !self.all(css).is_empty()
    }

    /// The first that fits, once it is there.
    pub fn one(&self, css: &str) -> Element<'_> {
        let began = Instant::now();
        loop {
            if let Some(found) = self.all(css).into_iter().next() {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "nothing fits {css} at {}: {}", self.at(), self.words());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits for words on the page, and for the next page that carries them.
    pub fn sees(&self, words: &str) {
        let began = Instant::now();
        while !self.words().contains(words) {
            assert!(began.elapsed() < PATIENCE, "no “{words}” at {}: {}", self.at(), self.words());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What stands on the page.
    pub fn words(&self) -> String {
        // Between two pages there is none.
        self.all("body")
            .first()
            .map(Element::text)
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Runs a script, as the developer's console would.
    pub fn script(&self, text: &str) -> Value {
        self.call("POST", "/execute/sync", Some(&json!({ "script": text, "args": [] }))).unwrap()
    }

    /// Runs a script that answers later.
    pub fn later(&self, text: &str) -> Value {
        self.call("POST", "/execute/async", Some(&json!({ "script": text, "args": [] }))).unwrap()
    }

    /// Types into whatever has the focus.
    pub fn type_keys(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|c| [json!({ "type": "keyDown", "value": c }), json!({ "type": "keyUp", "value": c })])
            .collect();
        let all = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.call("POST", "/actions", Some(&all)).unwrap();
    }

    pub fn press(&self, key: char) {
        self.type_keys(&key.to_string());
    }

    /// Goes on with the tabulator until what fits has the focus, as somebody without a mouse does. What has the focus must be
    /// seen to have it.
    pub fn tab_to(&self, css: &str) {
        let quoted = json!(css);
        for _ in 0..400 {
            self.press(TAB);
            let state = self.script(&format!(
                "const e = document.activeElement; if (!e || !e.matches({quoted})) return null; \
                 const s = getComputedStyle(e); return [s.outlineStyle, s.outlineWidth, s.boxShadow];"
            ));
            if state.is_null() {
                continue;
            }
            let ring = state[0] != "none" && state[1] != "0px" || state[2] != "none";
            assert!(ring, "{css} has the focus and does not show it at {}", self.at());
            return;
        }
        panic!("the tabulator never reaches {css} at {}: {}", self.at(), self.words());
    }

    /// Types into a field that the tabulator reaches.
    pub fn key_in(&self, name: &str, text: &str) {
        self.tab_to(&format!("main [name='{name}']"));
        self.type_keys(text);
    }

    /// Chooses by the keyboard: the tabulator, then the arrows until this value stands.
    pub fn key_choice(&self, name: &str, value: &str) {
        let field = format!("main [name='{name}']");
        self.tab_to(&field);
        let radio = self.script("return document.activeElement.type === 'radio'") == true;
        if radio {
            self.press(SPACE);
        }
        for _ in 0..60 {
            let now = if radio { format!("{field}:checked") } else { field.clone() };
            let now = self
                .script(&format!("const e = document.querySelector({}); return e && e.value;", json!(now)));
            if now == value {
                return;
            }
            self.press(DOWN);
        }
        panic!("{name} never becomes {value} at {}", self.at());
    }

    /// Goes to a button or link by the keyboard and presses it.
    pub fn key_press(&self, css: &str) {
        self.tab_to(css);
        self.press(ENTER);
    }

    /// Says yes to a question that the page asks.
    pub fn say_yes(&self) {
        let began = Instant::now();
        while self.call("POST", "/alert/accept", Some(&json!({}))).is_err() {
            assert!(began.elapsed() < PATIENCE, "no question is asked at {}", self.at());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The secret of a cookie.
    pub fn cookie(&self, name: &str) -> String {
        let cookie = self.call("GET", &format!("/cookie/{name}"), None).unwrap();
        cookie["value"].as_str().unwrap().to_owned()
    }

    /// Brings the secret of a cookie along, as a browser that was left open does.
    pub fn bring_cookie(&self, name: &str, secret: &str) {
        let cookie = json!({ "cookie": { "name": name, "value": secret, "path": "/", "httpOnly": true } });
        self.call("POST", "/cookie", Some(&cookie)).unwrap();
    }

    /// What the window looks like; the whole page, or what is seen of it without scrolling.
    pub fn picture(&self, whole: bool) -> Vec<u8> {
        let ask = |asked: &Value| self.call("POST", "/goog/cdp/execute", Some(asked)).unwrap();
        let mut params = json!({ "format": "png" });
        if whole {
            let size =
                ask(&json!({ "cmd": "Page.getLayoutMetrics", "params": {} }))["cssContentSize"].clone();
            params["captureBeyondViewport"] = json!(true);
            params["clip"] =
                json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        }
        let value = ask(&json!({ "cmd": "Page.captureScreenshot", "params": params }));
        decode(value["data"].as_str().unwrap())
    }

    /// What the browser complained about since the last call: errors of scripts, and what the page's policy forbade.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.call("POST", "/se/log", Some(&json!({ "type": "browser" }))).unwrap();
        entries
            .as_array()
            .unwrap()
            .iter()
            .filter(|e| {
                let said = e["message"].as_str().unwrap_or_default();
                e["level"] == "SEVERE" || said.contains("Content Security Policy")
            })
            // An answer that says no is an answer; the journey itself tells whether it was wanted.
            .filter(|e| e["source"] != "network")
            .map(|e| e["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        drop(self.call("DELETE", "", None));
    }
}

impl Element<'_> {
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        self.window.call(method, &format!("/element/{}{path}", self.id), body)
    }

    pub fn click(&self) {
        self.call("POST", "/click", Some(&json!({}))).unwrap();
    }

    /// Whether the page it stood on was left.
    pub fn is_gone(&self) -> bool {
        self.call("GET", "/name", None).is_err()
    }

    /// What stands in it; empty when the page is gone.
    pub fn text(&self) -> String {
        self.call("GET", "/text", None).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub fn attribute(&self, name: &str) -> Option<String> {
        self.call("GET", &format!("/attribute/{name}"), None).unwrap().as_str().map(str::to_owned)
    }

    /// Types into it; a field for files takes a path.
    pub fn keys(&self, text: &str) {
        self.call("POST", "/value", Some(&json!({ "text": text }))).unwrap();
    }

    /// Types into it instead of what stood there.
    pub fn fill(&self, text: &str) {
        self.call("POST", "/clear", Some(&json!({}))).unwrap();
        self.keys(text);
    }
}

fn decode(base64: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => u32::from(c - b'A'),
        b'a'..=b'z' => u32::from(c - b'a') + 26,
        b'0'..=b'9' => u32::from(c - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut out = Vec::with_capacity(base64.len() / 4 * 3);
    for four in base64.as_bytes().chunks(4) {
        let bits = four.iter().fold(0u32, |all, c| all << 6 | if *c == b'=' { 0 } else { value(*c) });
        let kept = four.iter().filter(|c| **c != b'=').count().saturating_sub(1);
        out.extend(bits.to_be_bytes().get(1..=kept).unwrap_or_default());
    }
    out
}
