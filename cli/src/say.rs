//! The only place that prints: words for people, or one JSON value for machines.

use std::cell::RefCell;
use std::io::Write as _;

use serde::Serialize;
use serde_json::Value;

/// What a verb said while it was overheard.
#[derive(Debug, Default)]
pub struct Said {
    /// Lines for people.
    pub lines: Vec<String>,
    /// The value for machines.
    pub value: Value,
}

thread_local! {
    static OVERHEARD: RefCell<Option<Said>> = const { RefCell::new(None) };
}

/// Runs `work` with everything it says kept instead of printed. For one thread: whoever serves pages gives each verb a
/// thread of its own.
pub fn overhear<T>(work: impl FnOnce() -> T) -> (T, Said) {
    OVERHEARD.with_borrow_mut(|said| *said = Some(Said::default()));
    let done = work();
    (done, OVERHEARD.with_borrow_mut(Option::take).unwrap_or_default())
}

/// Keeps it when overheard; `false`: it is to be printed.
fn kept(keep: impl FnOnce(&mut Said)) -> bool {
    OVERHEARD.with_borrow_mut(|said| said.as_mut().map(keep).is_some())
}

/// How the command speaks.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    /// JSON instead of words.
    pub json: bool,
    /// English instead of Japanese.
    pub english: bool,
}

impl Voice {
    /// One line for people; silent when speaking JSON.
    pub fn line(&self, text: impl AsRef<str>) {
        if !kept(|said| said.lines.push(text.as_ref().to_owned())) && !self.json {
            out(text.as_ref());
        }
    }

    /// One line in the chosen language.
    pub fn say(&self, ja: impl AsRef<str>, en: impl AsRef<str>) {
        self.line(if self.english { en.as_ref() } else { ja.as_ref() });
    }

    /// A word in the chosen language.
    #[must_use]
    pub fn word<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        if self.english { en } else { ja }
    }

    /// The whole answer, for machines.
    pub fn value(&self, value: &impl Serialize) {
        let kept = kept(|said| match serde_json::to_value(value) {
            Ok(value) => said.value = value,
            Err(e) => said.lines.push(format!("JSON: {e}")),
        });
        if !kept && self.json {
            match serde_json::to_string_pretty(value) {
                Ok(text) => out(&text),
                Err(e) => warn(&format!("JSON: {e}")),
            }
        }
    }
}

fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // A closed pipe (`musubi … | head`) is the reader's wish to stop, not an error.
    if writeln!(stdout, "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Raw bytes to standard output.
pub fn raw(bytes: &[u8]) -> std::io::Result<()> {
    if kept(|said| said.lines.push(String::from_utf8_lossy(bytes).into_owned())) {
        return Ok(());
    }
    std::io::stdout().lock().write_all(bytes)
}

/// A line on standard error.
pub fn warn(text: &str) {
    if kept(|said| said.lines.push(text.to_owned())) {
        return;
    }
    let _closed = writeln!(std::io::stderr().lock(), "{text}").is_err();
}
