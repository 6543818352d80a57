//! The one door between pages and the house: what a page may ask for, and how a verb is given in somebody's name.
//!
//! A page has no rule of its own. It gives a verb of the binary as whoever is logged in, and the same table of authority,
//! the same books and the same two-person rules answer as at the terminal. Values of persons travel as files in memory,
//! never as words of a command line.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::audit::AuditRole;
use musubi_storage::registry::{ActDb, ConsoleDb};
use serde_json::Value;

/// A word of a verb's arguments.
#[derive(Debug, Clone)]
enum Part {
    /// `--name` or `--name=value`: nothing in the value can become another option.
    Option(&'static str, Option<String>),
    /// `--name=FILE`, with bytes that never touch a disk.
    OptionFile(&'static str, Vec<u8>),
    /// A positional argument; stands after `--`.
    Word(String),
    /// A positional file.
    File(Vec<u8>),
    /// `--name=FILE` that the verb writes.
    Out(&'static str, &'static str),
}

/// A verb to be given. Built word by word, so that what people type can never turn into an option.
#[derive(Debug, Clone)]
pub struct Order {
    verb: &'static str,
    parts: Vec<Part>,
}

/// One argument as it goes to the binary.
#[derive(Debug, Clone, Copy)]
pub enum Argument<'a> {
    /// Ready to be a word of the command line.
    Text(&'a str),
    /// `name=` and the path of an in-memory file with these bytes; without a name a positional one.
    Input(Option<&'static str>, &'a [u8]),
    /// `name=` and the path of a file to be read back; its name's ending.
    Output(&'static str, &'static str),
}

impl Order {
    /// The words after `musubi`, such as `optout preview`.
    #[must_use]
    pub fn new(verb: &'static str) -> Self {
        Self { verb, parts: Vec::new() }
    }

    /// The verb.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    /// `--name`.
    #[must_use]
    pub fn flag(mut self, name: &'static str) -> Self {
        self.parts.push(Part::Option(name, None));
        self
    }

    /// `--name=value`.
    #[must_use]
    pub fn option(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parts.push(Part::Option(name, Some(value.into())));
        self
    }

    /// `--name=value`, where there is one.
    #[must_use]
    pub fn given(self, name: &'static str, value: &str) -> Self {
        if value.trim().is_empty() { self } else { self.option(name, value.trim()) }
    }

    /// A positional argument.
    #[must_use]
    pub fn word(mut self, value: impl Into<String>) -> Self {
        self.parts.push(Part::Word(value.into()));
        self
    }

    /// A positional file with these bytes.
    #[must_use]
    pub fn file(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.parts.push(Part::File(bytes.into()));
        self
    }

    /// `--name=FILE` with these bytes.
    #[must_use]
    pub fn option_file(mut self, name: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        self.parts.push(Part::OptionFile(name, bytes.into()));
        self
    }

    /// `--name=FILE` that the verb writes; `ending` such as `html`. The bytes come back in [`Answer::files`].
    #[must_use]
    pub fn out(mut self, name: &'static str, ending: &'static str) -> Self {
        self.parts.push(Part::Out(name, ending));
        self
    }

    /// The verb's own words, then options, then `--` and the positional arguments.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.verb.split(' ').map(str::to_owned).collect()
    }

    /// Hands every argument out in order: options first, positional ones after.
    pub fn each(&self, mut take: impl FnMut(Argument<'_>)) {
        for part in &self.parts {
            match part {
                Part::Option(name, None) => take(Argument::Text(name)),
                Part::Option(name, Some(value)) => take(Argument::Text(&format!("{name}={value}"))),
                Part::OptionFile(name, bytes) => take(Argument::Input(Some(name), bytes)),
                Part::Out(name, ending) => take(Argument::Output(name, ending)),
                Part::Word(_) | Part::File(_) => {}
            }
        }
        take(Argument::Text("--"));
        for part in &self.parts {
            match part {
                Part::Word(word) => take(Argument::Text(word)),
                Part::File(bytes) => take(Argument::Input(None, bytes)),
                _ => {}
            }
        }
    }
}

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Exit code 0.
    Done,
    /// Exit code 3: done, but something needs a look or was refused by a rule.
    LookAtIt,
    /// Exit code 4: a verification failed.
    Failed,
    /// Exit code 2: what was given cannot be used.
    Usage,
    /// The table of authority refused this account.
    Denied,
    /// Store, disk or database failed.
    Broken,
}

/// What a verb said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How it ended.
    pub ended: Ended,
    /// Its `--json` value; `Null` when it has none.
    pub value: Value,
    /// What it would have told a person, in the visitor's language.
    pub lines: Vec<String>,
    /// The error, when it ended with one.
    pub error: Option<String>,
    /// What it wrote, in the order of [`Order::out`].
    pub files: Vec<Vec<u8>>,
}

impl Answer {
    /// Done, or done with something to look at.
    #[must_use]
    pub fn went(&self) -> bool {
        matches!(self.ended, Ended::Done | Ended::LookAtIt)
    }

    /// What to tell a person: the error, else what was said.
    #[must_use]
    pub fn said(&self) -> String {
        self.error.clone().unwrap_or_else(|| self.lines.join("\n"))
    }
}

/// Who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The account.
    pub account: String,
    /// Its organisation's id.
    pub organisation: String,
    /// Its organisation's name.
    pub organisation_name: String,
    /// The roles it holds today.
    pub roles: Vec<AuditRole>,
    /// Wants English.
    pub english: bool,
    /// The session, as its owner may see it (not the secret of the cookie).
    pub session: String,
    /// A role held for an emergency, and until when.
    pub break_glass: Option<(AuditRole, Timestamp)>,
    /// Has to choose a new password before anything else opens.
    pub must_change: bool,
}

/// What becomes of an attempt to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Goes on; the secret is for the cookie.
    Open(String),
    /// Not let in. The words are for the person and tell nobody which part was wrong.
    Refused(String),
}

/// What a new account needs to set up its second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// For the cookie, until the first code proves that it works.
    pub pending: String,
    /// What the picture holds.
    pub url: String,
    /// The same for typing.
    pub secret: String,
}

/// A job that runs while pages go on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Job {
    /// Its number in this server.
    pub id: u64,
    /// The verb.
    pub verb: &'static str,
    /// What for, as the page said: a feed, an approval.
    pub subject: String,
    /// Who asked for it.
    pub by: String,
    /// The organisation that asked.
    pub organisation: String,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When it began.
    pub began: Option<Timestamp>,
    /// When it ended, and whether well.
    pub ended: Option<(Timestamp, bool)>,
    /// What it said.
    pub said: String,
}

/// The house as the pages see it. The edge (`musubi serve`) provides it.
pub trait House: Send + Sync + 'static {
    /// Gives a verb as an account and waits for its answer. Blocks.
    fn give(&self, account: &str, english: bool, order: &Order) -> Answer;

    /// Puts a verb into the queue of jobs, as the standing service account of a role, in the name of whoever asked.
    fn start(&self, visitor: &Visitor, role: AuditRole, subject: &str, order: Order) -> u64;

    /// The jobs of this server, newest first.
    fn jobs(&self) -> Vec<Job>;

    /// The time now.
    fn now(&self) -> Timestamp;

    /// Today in Japan.
    fn today(&self) -> Date;

    /// A connection that sees states, counts and findings.
    fn console(&self) -> Result<ConsoleDb, String>;

    /// A connection to the books of the Act.
    fn act(&self) -> Result<ActDb, String>;

    /// Where uploads may lie until they are complete, and where complete ones are fetched from.
    fn inbox(&self) -> &Path;

    /// Account and password.
    fn first(&self, account: &str, password: &str) -> Result<Entry, String>;

    /// The second factor.
    fn second(&self, pending: &str, code: &str) -> Result<Entry, String>;

    /// An invitation is taken up with a new password.
    fn accept(&self, invitation: &str, password: &str) -> Result<Result<Enrolment, String>, String>;

    /// The first code of a new second factor.
    fn confirm(&self, pending: &str, code: &str) -> Result<Entry, String>;

    /// Who a session is.
    fn who(&self, session: &str) -> Result<Option<Visitor>, String>;

    /// Who a client certificate is (SHA-256 of its DER, hexadecimal).
    fn who_by_certificate(&self, fingerprint: &str) -> Result<Option<Visitor>, String>;

    /// Ends a session.
    fn leave(&self, session: &str) -> Result<(), String>;

    /// Keeps the language of a session.
    fn speak(&self, session: &str, english: bool) -> Result<(), String>;

    /// Changes one's own password.
    fn change_password(&self, session: &str, old: &str, new: &str) -> Result<Result<(), String>, String>;

    /// Notes for the operator that something failed; names no value of a person.
    fn broken(&self, detail: &str);

    /// Books that something was refused at the door of a page; `code` is a stable word.
    fn refused(&self, visitor: Option<&Visitor>, code: &'static str);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Argument, Order};

    fn texts(order: &Order) -> Vec<String> {
        let mut all = Vec::new();
        order.each(|argument| match argument {
            Argument::Text(text) => all.push(text.to_owned()),
            Argument::Input(name, _) => all.push(format!("{}=FILE", name.unwrap_or_default())),
            Argument::Output(name, _) => all.push(format!("{name}=FILE")),
        });
        all
    }

    proptest! {
        /// Whatever somebody types stays inside its own argument: before `--` only what the page wrote begins an option.
        #[test]
        fn nothing_typed_becomes_an_option(value in ".*", word in ".*") {
            let order = Order::new("optout status").option("--entry", value.clone()).flag("--all").word(word.clone());
            prop_assert_eq!(
                texts(&order),
                vec![format!("--entry={value}"), "--all".to_owned(), "--".to_owned(), word]
            );
        }
    }
}
