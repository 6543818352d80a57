//! One visit to a page: who came, what was asked, and how a page answers. Made by the guard, so that a page never sees a
//! visitor whom its row does not admit.

use std::path::PathBuf;

use maud::Markup;
use serde_json::Value;

use super::house::{Answer, Ended, House, Order, Visitor};
use super::layout;
use super::reply::{Problem, Reply};
use super::route::Route;
use super::site::Site;
use crate::words::{Lang, Word};

/// A file of a form that fits into memory.
#[derive(Debug, Clone)]
pub struct Paper {
    /// The field.
    pub field: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What came with a request.
#[derive(Debug, Default)]
pub struct Carried {
    /// Fields of the form, in order.
    pub form: Vec<(String, String)>,
    /// Files in memory.
    pub papers: Vec<Paper>,
    /// A package on disk: field, path, length in bytes.
    pub package: Option<(String, PathBuf, u64)>,
}

impl Carried {
    /// A package that no page took over is not left lying about.
    pub(crate) fn discard(&self) {
        if let Some((_, file, _)) = &self.package {
            drop(std::fs::remove_file(file));
        }
    }
}

/// A visit.
pub struct Visit<'a> {
    pub(crate) site: &'a Site,
    pub(crate) route: &'static Route,
    pub(crate) visitor: Option<Visitor>,
    /// The language of the answer.
    pub lang: Lang,
    /// The path as asked, for the way back.
    pub path: String,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    /// What came with it.
    pub carried: Carried,
    pub(crate) session: Option<String>,
    /// Drawn without the frame: a part of a page that is fetched anew.
    pub fragment: bool,
    /// Came from this very machine and not through a proxy.
    pub local: bool,
}

impl std::fmt::Debug for Visit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit").field("route", &self.route.path).finish_non_exhaustive()
    }
}

fn of<'v>(pairs: &'v [(String, String)], name: &str) -> Option<&'v str> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

impl<'a> Visit<'a> {
    /// The house.
    #[must_use]
    pub fn house(&self) -> &'a dyn House {
        self.site.house()
    }

    /// Who came. On a page for anyone there may be nobody.
    ///
    /// # Errors
    /// [`Problem::LoggedOut`].
    pub fn me(&self) -> Result<&Visitor, Problem> {
        self.visitor.as_ref().ok_or(Problem::LoggedOut)
    }

    /// A word in the visitor's language.
    #[must_use]
    pub fn say(&self, word: &Word) -> &'static str {
        word.text(self.lang)
    }

    /// One of two texts.
    #[must_use]
    pub fn pick<T>(&self, ja: T, en: T) -> T {
        self.lang.pick(ja, en)
    }

    /// A part of the path.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        of(&self.params, name).unwrap_or_default()
    }

    /// A field of the form, else of the query; empty when absent.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        of(&self.carried.form, name).or_else(|| of(&self.query, name)).unwrap_or_default()
    }

    /// All values of a field of the form or the query: check boxes.
    pub fn fields<'v>(&'v self, name: &'v str) -> impl Iterator<Item = &'v str> {
        self.carried.form.iter().chain(&self.query).filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A field that has to be there.
    ///
    /// # Errors
    /// [`Problem::Bad`] that names the field by `label`.
    pub fn need(&self, name: &str, label: &Word) -> Result<&str, Problem> {
        match self.field(name).trim() {
            "" => Err(Problem::Bad(self.pick(
                format!("「{}」を入力してください", label.text(Lang::Ja)),
                format!("Please fill in: {}", label.text(Lang::En)),
            ))),
            value => Ok(value),
        }
    }

    /// A file of the form; empty when none was chosen.
    #[must_use]
    pub fn paper(&self, field: &str) -> Option<&[u8]> {
        self.carried
            .papers
            .iter()
            .find(|p| p.field == field && !p.bytes.is_empty())
            .map(|p| p.bytes.as_slice())
    }

    /// Gives a verb as the visitor. A refusal by the table of authority is a problem; everything else is an answer.
    ///
    /// # Errors
    /// [`Problem::Forbidden`], [`Problem::Broken`], [`Problem::LoggedOut`].
    pub fn give(&self, order: &Order) -> Result<Answer, Problem> {
        if !self.route.verbs.contains(&order.verb()) {
            return Err(Problem::Broken(format!("{} is not a verb of {}", order.verb(), self.route.path)));
        }
        let me = self.me()?;
        let answer = self.house().give(&me.account, self.lang == Lang::En, order);
        match answer.ended {
            Ended::Denied => Err(Problem::Forbidden(answer.said())),
            Ended::Broken => Err(Problem::Broken(answer.said())),
            _ => Ok(answer),
        }
    }

    /// Gives a verb and wants its value.
    ///
    /// # Errors
    /// As [`Self::give`]; [`Problem::Bad`] with what the verb said when it could not be done.
    pub fn value(&self, order: &Order) -> Result<Value, Problem> {
        let answer = self.give(order)?;
        if answer.went() { Ok(answer.value) } else { Err(Problem::Bad(answer.said())) }
    }

    /// Puts a verb into the queue of jobs, as the service account of `role`.
    ///
    /// # Errors
    /// [`Problem::LoggedOut`]; [`Problem::Broken`] when the row does not name the verb.
    pub fn start(
        &self,
        role: musubi_compliance::audit::AuditRole,
        subject: &str,
        order: Order,
    ) -> Result<u64, Problem> {
        if !self.route.starts.contains(&order.verb()) {
            return Err(Problem::Broken(format!("{} is not started by {}", order.verb(), self.route.path)));
        }
        Ok(self.house().start(self.me()?, role, subject, order))
    }

    /// Whether a path of the house is a page that this visitor may open: a link that is refused helps nobody.
    #[must_use]
    pub fn opens(&self, path: &str) -> bool {
        let roles = self.visitor.as_ref().map(|v| v.roles.as_slice());
        let fits = |row: &Route| {
            let (mut want, mut have) = (row.path.split('/'), path.split('/'));
            loop {
                match (want.next(), have.next()) {
                    (None, None) => return true,
                    (Some(w), Some(h)) if w == h || (w.starts_with('{') && !h.is_empty()) => {}
                    _ => return false,
                }
            }
        };
        super::route::all().any(|row| !row.post && row.admits(roles) && fits(row))
    }

    /// A page in the house's frame; its heading is `title`.
    #[must_use]
    pub fn page(&mut self, title: &str, body: &Markup) -> Reply {
        let flash = self.visitor.as_ref().and_then(|v| self.site.take_flash(&v.session));
        Reply::html(layout::frame(self, title, flash.as_deref(), body))
    }

    /// Part of a page, without the frame (for what is fetched anew by htmx).
    #[must_use]
    pub fn part(&self, body: Markup) -> Reply {
        Reply::html(body)
    }

    /// After an action: goes on to a page, which shows these words once.
    #[must_use]
    pub fn done(&self, path: impl Into<String>, words: impl Into<String>) -> Reply {
        if let Some(visitor) = &self.visitor {
            self.site.leave_flash(&visitor.session, words.into());
        }
        Reply::to(path)
    }

    /// After a verb: goes on when it went, with what it said; a problem else.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with what was said.
    pub fn after(&self, answer: &Answer, path: impl Into<String>) -> Result<Reply, Problem> {
        match answer.ended {
            Ended::Done => Ok(self.done(path, answer.said())),
            Ended::Usage => Err(Problem::Bad(answer.said())),
            _ => Err(Problem::Conflict(answer.said())),
        }
    }
}
