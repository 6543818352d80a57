//! Walks: every page in the menu of every role, and one page further into each list, looked at in both languages.

use std::collections::{BTreeMap, BTreeSet};

use crate::driver::Window;
use crate::stage::Stage;

/// One account for each menu.
const ACCOUNTS: &[&str] = &[
    "submitter-02",
    "operator-01",
    "desk-01",
    "linker-01",
    "secretary-01",
    "applicant-01",
    "member-02",
    "checker-01",
    "release-approver-01",
    "city-02",
    "officer-01",
    "auditor-01",
    "security-02",
];

/// What the house shows instead of a page.
pub const NO_PAGE: &str = "main > .problem > p.soft > code";

/// The paths in the menu.
pub fn menu(window: &Window) -> Vec<String> {
    paths(window, "nav.menu a")
}

fn paths(window: &Window, css: &str) -> Vec<String> {
    window.all(css).iter().filter_map(|a| a.attribute("href")).filter(|h| h.starts_with('/')).collect()
}

/// The kind of a page: its path without what differs from one thing to the next.
fn kind(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let part = |p: &str| {
        if p.chars().any(|c| c.is_ascii_digit()) || p.len() > 24 { "*".to_owned() } else { p.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn name(account: &str, path: &str, lang: &str) -> String {
    let plain: String = kind(path).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let role = account.rsplit_once('-').map_or(account, |(r, _)| r);
    format!("{role}{}{lang}", if plain == "-" { "-welcome" } else { plain.trim_end_matches('-') })
}

/// Looks at a page; it must be one.
fn visit(stage: &Stage<'_>, window: &Window, account: &str, path: &str, lang: &str) {
    window.go(path);
    // A file to keep is no page: the window stays where it was.
    let broken = window.all(NO_PAGE).first().map(crate::driver::Element::text);
    assert!(broken.is_none(), "{account} {path}: {broken:?} {}", window.words());
    assert_eq!(window.all("h1").len(), 1, "{account} {path} has no one heading");
    stage.look(window, &name(account, path, lang));
}

fn walk(stage: &Stage<'_>, account: &str, english: bool) {
    let window = stage.come_in(account);
    let lang = if english { "-en" } else { "" };
    if english {
        window.one("form[action='/language'] button").click();
        window.one("html[lang=en]");
    }
    let menu: Vec<String> = std::iter::once("/".to_owned()).chain(menu(&window)).collect();
    let mut kinds: BTreeSet<String> = menu.iter().map(|p| kind(p)).collect();
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    // One level into each list: the first link of every kind that is not in the menu.
    for path in &menu {
        visit(stage, &window, account, path, lang);
        for further in paths(&window, "main a[href^='/']:not([download])") {
            // Things of one kind lie in one folder, whatever they are called.
            let beside = folders.entry(kind(further.rsplit_once('/').map_or("", |(f, _)| f))).or_default();
            if *beside < 3 && kinds.insert(kind(&further)) && !is_file(&window, &further) {
                *beside += 1;
                visit(stage, &window, account, &further, lang);
            }
        }
    }
}

/// Whether a path answers with something that is no page.
fn is_file(window: &Window, path: &str) -> bool {
    let asked = format!(
        "const done = arguments[arguments.length - 1]; \
         fetch({}).then(r => done([r.headers.get('content-type'), r.headers.get('content-disposition')]));",
        serde_json::json!(path)
    );
    let told = window.later(&asked);
    !told[0].as_str().unwrap_or_default().starts_with("text/html") || told[1].is_string()
}

/// Every page of every role.
pub fn japanese(stage: &Stage<'_>) {
    for account in ACCOUNTS {
        walk(stage, account, false);
    }
}

/// The same in English.
pub fn english(stage: &Stage<'_>) {
    for account in ACCOUNTS {
        walk(stage, account, true);
    }
}
