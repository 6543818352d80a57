//! The only place that prints: words for people, or one JSON value for machines.

use std::io::Write as _;

use serde::Serialize;

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
        if !self.json {
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
        if self.json {
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
    std::io::stdout().lock().write_all(bytes)
}

/// A line on standard error.
pub fn warn(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}").is_err();
}
