//! The stage of all journeys: a small house that has lived through two nights, its server, the accounts' passwords and second
//! factors, and looking at a page.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::driver::{Driver, Window};
use crate::house::{House, Region, string, text};
use crate::web::{Browser, Server};

/// As many people as tables need in which something is shown and something hidden.
const PERSONS: &str = "600";
/// The cookie of a session.
const SESSION: &str = "musubi";
/// What only those see who are logged in.
const INSIDE: &str = "header.bar form[action='/logout']";

/// What an account proves itself with; the code it showed last is not taken twice.
#[derive(Clone)]
pub struct Credential {
    pub password: String,
    pub secret: String,
    last: String,
}

pub struct Stage<'a> {
    // Before the house: the server ends first.
    pub server: Server,
    pub house: House,
    pub region: Arc<Region>,
    driver: &'a Driver,
    axe: Option<String>,
    pictures: PathBuf,
    credentials: RefCell<BTreeMap<String, Credential>>,
    sessions: RefCell<BTreeMap<String, String>>,
    /// What was seen that should not be, in the journey that runs.
    seen: RefCell<Vec<String>>,
}

impl<'a> Stage<'a> {
    /// Makes the house and serves it.
    pub fn set(driver: &'a Driver) -> Self {
        let axe = match std::env::var("MUSUBI_AXE").map(fs::read_to_string) {
            Ok(Ok(script)) => Some(script),
            _ => {
                let required = std::env::var("MUSUBI_BROWSER").is_ok_and(|v| v == "required");
                assert!(!required, "MUSUBI_AXE names no file (scripts/setup.sh --browser fetches axe-core)");
                println!("NOT RUN: looking at pages with axe-core: MUSUBI_AXE names no file");
                None
            }
        };
        let pictures = std::env::var_os("MUSUBI_SCREENSHOTS")
            .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots"), PathBuf::from);
        fs::create_dir_all(&pictures).unwrap();
        let region = Arc::new(Region::of(PERSONS));
        let house = region.house();
        house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
        house.run(3, &["nightly", "--inbox", text(&region.path("inbox/night-02"))]);
        crate::journeys::prepare(&house);
        let server = Server::start(&house);
        Self {
            server,
            house,
            region,
            driver,
            axe,
            pictures,
            credentials: RefCell::default(),
            sessions: RefCell::default(),
            seen: RefCell::default(),
        }
    }

    pub fn pictures(&self) -> &Path {
        &self.pictures
    }

    pub fn begin(&self, name: &str) {
        self.seen.borrow_mut().clear();
        println!("journey {name} ...");
    }

    pub fn end(&self) -> Vec<String> {
        self.seen.take()
    }

    /// A window of somebody's own, with script or without.
    pub fn window(&self, script: bool) -> Window {
        self.driver.open(&format!("http://{}", self.server.address), script)
    }

    /// A verb at the terminal of somebody.
    pub fn verb(&self, code: i32, actor: &str, words: &[&str]) -> Value {
        self.house.json(code, &[&["--actor", actor], words].concat())
    }

    fn credential(&self, account: &str) -> Credential {
        let mut all = self.credentials.borrow_mut();
        let known = all.entry(account.to_owned()).or_insert_with(|| {
            let issued = self.server.issue(account);
            Credential {
                password: string(&issued, "password"),
                secret: string(&issued, "totp_secret"),
                last: String::new(),
            }
        });
        known.clone()
    }

    /// Keeps what an account chose in the browser.
    pub fn keep(&self, account: &str, password: &str, secret: &str, last: &str) {
        let credential = Credential { password: password.into(), secret: secret.into(), last: last.into() };
        self.credentials.borrow_mut().insert(account.to_owned(), credential);
    }

    /// The next code of an account that was not shown before.
    fn fresh_code(&self, account: &str) -> String {
        let known = self.credential(account);
        let code = loop {
            let code = self.server.code(&known.secret);
            if code != known.last {
                break code;
            }
            std::thread::sleep(Duration::from_secs(1));
        };
        self.keep(account, &known.password, &known.secret, &code);
        code
    }

    /// Logs in on the real pages, with the keyboard.
    pub fn login(&self, window: &Window, account: &str) {
        let known = self.credential(account);
        window.go("/login");
        window.one("#account").keys(account);
        window.one("#password").keys(&format!("{}\u{E007}", known.password));
        window.one("#code").keys(&self.fresh_code(account));
        window.type_keys("\u{E007}");
        window.one(INSIDE);
    }

    /// A window in which an account is logged in: on the real pages the first time, later with the session it has, as in a
    /// browser that was left open.
    pub fn come_in(&self, account: &str) -> Window {
        let window = self.window(true);
        let known = self.sessions.borrow().get(account).cloned();
        if let Some(secret) = known {
            window.go("/login");
            window.bring_cookie(SESSION, &secret);
            window.go("/");
            if window.has(INSIDE) {
                return window;
            }
        }
        self.login(&window, account);
        self.sessions.borrow_mut().insert(account.to_owned(), window.cookie(SESSION));
        window
    }

    /// Somebody whose part in a journey is not what it is about: logged in like everybody, then over HTTP alone.
    pub fn beside(&self, account: &str) -> Browser {
        let known = self.sessions.borrow().get(account).cloned();
        let secret = known.unwrap_or_else(|| self.come_in(account).cookie(SESSION));
        Browser { cookie: format!("{SESSION}={secret}"), ..self.server.stranger() }
    }

    /// Keeps a picture of the page and looks at it: nothing that keeps people out, nothing that the policy forbade, no error.
    pub fn look(&self, window: &Window, name: &str) {
        let whole = std::env::var_os("MUSUBI_SCREENSHOTS_WHOLE").is_some();
        fs::write(self.pictures.join(format!("{name}.png")), window.picture(whole)).unwrap();
        let at = window.at();
        let mut seen = self.seen.borrow_mut();
        for said in window.complaints() {
            seen.push(format!("{at} ({name}): the browser complains: {said}"));
        }
        if let Some(axe) = &self.axe {
            for violation in violations(window, axe) {
                seen.push(format!("{at} ({name}): {violation}"));
            }
        }
    }
}

/// Serious and critical violations: rule, selector, and how to mend it.
fn violations(window: &Window, axe: &str) -> Vec<String> {
    window.script(axe);
    let found = window.later(
        "const done = arguments[arguments.length - 1]; \
         axe.run(document, { resultTypes: ['violations'] }).then(r => done({ violations: r.violations }), \
         e => done({ failed: String(e) }));",
    );
    if let Some(failed) = found["failed"].as_str() {
        return vec![format!("axe-core failed: {failed}")];
    }
    let mut out = Vec::new();
    for violation in found["violations"].as_array().unwrap() {
        if !matches!(violation["impact"].as_str(), Some("serious" | "critical")) {
            continue;
        }
        for node in violation["nodes"].as_array().unwrap() {
            out.push(format!(
                "{} ({}): {} — {}",
                violation["id"].as_str().unwrap_or_default(),
                violation["impact"].as_str().unwrap_or_default(),
                node["target"],
                node["failureSummary"].as_str().unwrap_or_default().replace('\n', " "),
            ));
        }
    }
    out
}
