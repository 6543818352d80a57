//! What a person does on a page of forms: fills in, chooses, sends, keeps a file. Made of what a window can do; it knows how
//! the console's forms are built and nothing of what they are for.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::driver::{Element, Window};

/// How long a file or another page may take to arrive.
const ARRIVES: Duration = Duration::from_secs(60);

impl Window {
    /// Opens a page through the menu.
    pub fn menu(&self, path: &str) {
        self.turn(|| self.one(&format!("nav.menu a[href='{path}']")).click());
    }

    /// Follows a link of the page.
    pub fn follow(&self, path: &str) {
        self.turn(|| self.one(&format!("main a[href='{path}']")).click());
    }

    /// Does what leads to another page, and is there when that page is.
    fn turn(&self, act: impl FnOnce()) {
        let before = self.one("html");
        act();
        let began = Instant::now();
        while !before.is_gone() {
            assert!(began.elapsed() < ARRIVES, "no other page comes after {}: {}", self.at(), self.words());
            std::thread::sleep(Duration::from_millis(50));
        }
        self.one("main h1");
    }

    /// Something in the form that goes to a path.
    pub fn within(&self, action: &str, css: &str) -> Element<'_> {
        self.one(&format!("main form[action='{action}'] {css}"))
    }

    /// Types into a field of a form.
    pub fn write(&self, action: &str, name: &str, text: &str) {
        self.within(action, &format!("[name='{name}']")).keys(text);
    }

    /// Chooses from a list or among radio buttons of a form.
    pub fn choose(&self, action: &str, name: &str, value: &str) {
        let radio = format!("main form[action='{action}'] input[name='{name}'][value='{value}']");
        match self.all(&radio).into_iter().next() {
            Some(button) => button.click(),
            None => self.within(action, &format!("[name='{name}'] option[value='{value}']")).click(),
        }
    }

    /// Sets a day: how it is typed depends on the browser's own language.
    pub fn day(&self, action: &str, name: &str, day: &str) {
        let field = json!(format!("main form[action='{action}'] [name='{name}']"));
        self.script(&format!("document.querySelector({field}).value = {};", json!(day)));
    }

    /// Fills in the fields of a form of which something is said and that are empty.
    pub fn fill_in(&self, action: &str, said: &dyn Fn(&str) -> Option<String>) {
        let form = json!(format!("main form[action='{action}']"));
        let fields = self.script(&format!(
            "return [...document.querySelector({form}).elements].filter(e => e.name && e.type !== 'hidden' && !e.value)\
             .map(e => [e.name, e.type])"
        ));
        for field in fields.as_array().unwrap() {
            let (name, kind) = (field[0].as_str().unwrap_or_default(), field[1].as_str().unwrap_or_default());
            let Some(given) = said(name) else { continue };
            match kind {
                "select-one" => self.choose(action, name, &given),
                "date" => self.day(action, name, &given),
                _ => self.write(action, name, &given),
            }
        }
    }

    /// Sends the form that goes to a path, says yes where the page asks whether one is sure, and is there when the next page is.
    pub fn send(&self, action: &str) {
        let asks = self.has(&format!("main form[action='{action}'][data-confirm]"));
        self.turn(|| {
            self.take(action);
            if asks {
                self.say_yes();
            }
        });
    }

    /// Sends a form that answers with a file: the page stays.
    pub fn take(&self, action: &str) {
        self.within(action, "button").click();
    }

    /// The file that the browser kept, by the end of its name, once all of it is there.
    pub fn kept(&self, end: &str) -> PathBuf {
        let began = Instant::now();
        loop {
            let found =
                fs::read_dir(&self.downloads).into_iter().flatten().flatten().map(|entry| entry.path());
            if let Some(file) = found.into_iter().find(|file| file.to_string_lossy().ends_with(end)) {
                return file;
            }
            assert!(began.elapsed() < ARRIVES, "no file {end} arrives at {}: {}", self.at(), self.words());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
