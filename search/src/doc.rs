//! What can be found: documents of a few kinds, each with its own constructor, and who may see them.
//!
//! There is no way to make a document of a record, an identity, a research id or a demographic value, and free text that
//! carries a My Number is refused.

use std::collections::BTreeSet;
use std::fmt;

use musubi_model::checkdigit::is_my_number;
use musubi_model::ids::SubmissionId;
use musubi_model::parameter::{Parameter, ParameterValue};
use musubi_model::{CodeSystem, Rule};

use crate::fold::fold;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $ja:literal;)*) => {
        /// What a document is (種類).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// All kinds, in the order in which equally good hits are shown.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stored word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The Japanese word.
            #[must_use]
            pub fn ja(self) -> &'static str {
                match self { $(Self::$name => $ja,)* }
            }
        }
    };
}

kinds! {
    /// A page of the documents or of the console (文書).
    Page = "page", "文書";
    /// A check of the Act (遵守点検).
    Check = "check", "遵守点検";
    /// A parameter (パラメータ).
    Parameter = "parameter", "パラメータ";
    /// A rule of findings (指摘の規則).
    Rule = "rule", "指摘の規則";
    /// An application or request for data (申出).
    Application = "application", "申出";
    /// Minutes of the review committee (議事録).
    Minutes = "minutes", "議事録";
    /// What the committee was given about an application (審査資料).
    Dossier = "dossier", "審査資料";
    /// A release (提供物).
    Release = "release", "提供物";
    /// What was found in a delivery (指摘).
    Finding = "finding", "指摘";
    /// A code of a master (コード).
    Code = "code", "コード";
}

impl Kind {
    /// The kind of a stored word.
    #[must_use]
    pub fn from_name(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may see a document (閲覧できる人): everybody with an account, or whoever holds one of the roles, or belongs to the
/// organisation that it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Readers(BTreeSet<String>);

/// The mark of what everybody may see.
pub(crate) const EVERYBODY: &str = "*";

/// The mark of a role.
pub(crate) fn role_mark(role: &str) -> String {
    format!("role:{role}")
}

/// The mark of an organisation.
pub(crate) fn organisation_mark(organisation: &str) -> String {
    format!("organisation:{organisation}")
}

impl Readers {
    /// Everybody with an account.
    #[must_use]
    pub fn everybody() -> Self {
        Self(BTreeSet::from([EVERYBODY.to_owned()]))
    }

    /// Whoever holds one of these roles.
    #[must_use]
    pub fn roles<'a>(roles: impl IntoIterator<Item = &'a str>) -> Self {
        Self(roles.into_iter().map(role_mark).collect())
    }

    /// And all accounts of this organisation.
    #[must_use]
    pub fn and_organisation(mut self, organisation: Option<&str>) -> Self {
        self.0.extend(organisation.map(organisation_mark));
        self
    }

    pub(crate) fn marks(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A text that may not be found by anybody. What it was is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {id}: its text carries a My Number; take it out there, then rebuild the index")]
pub struct Unfit {
    /// What it was to be.
    pub kind: Kind,
    /// Its id.
    pub id: String,
}

/// A document to be found. Made by the constructors below and in no other way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doc {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) title_ja: String,
    pub(crate) title_en: String,
    pub(crate) text: String,
    pub(crate) path: String,
    pub(crate) readers: Readers,
}

/// Words in both languages.
#[derive(Debug, Clone, Copy)]
struct Title<'a> {
    ja: &'a str,
    en: &'a str,
}

impl Doc {
    fn new(kind: Kind, id: String, title: Title<'_>, text: String, path: String, readers: Readers) -> Self {
        let (title_ja, title_en) = (title.ja.to_owned(), title.en.to_owned());
        Self { kind, id, title_ja, title_en, text, path, readers }
    }

    /// What people wrote freely: refused when it carries a My Number.
    fn free(
        kind: Kind,
        id: &str,
        title: Title<'_>,
        text: &str,
        path: String,
        readers: Readers,
    ) -> Result<Self, Unfit> {
        if [title.ja, title.en, text].into_iter().any(carries_my_number) {
            return Err(Unfit { kind, id: id.to_owned() });
        }
        Ok(Self::new(kind, id.to_owned(), title, text.to_owned(), path, readers))
    }

    /// A code of a published master, as its newest edition names it. Local codes of providers have no constructor.
    #[must_use]
    pub fn code(system: &CodeSystem, code: &str, name: &str, more: &str) -> Self {
        let system = system.as_str();
        let path = format!("/codes/{system}/{code}");
        let title = Title { ja: name, en: "" };
        let text = format!("{system} {code} {more}");
        Self::new(Kind::Code, format!("{system}:{code}"), title, text, path, Readers::everybody())
    }

    /// A rule of findings.
    #[must_use]
    pub fn rule(rule: &Rule) -> Self {
        let text = format!("{}\n{}\n{}", rule.mend_ja, rule.mend_en, rule.example);
        let path = format!("/findings/{}", rule.id);
        let title = Title { ja: rule.ja, en: rule.en };
        Self::new(Kind::Rule, rule.id.to_owned(), title, text, path, Readers::everybody())
    }

    /// A parameter, as it holds.
    #[must_use]
    pub fn parameter(row: &Parameter, readers: Readers) -> Self {
        let value = match &row.value {
            ParameterValue::Number(n) => n.to_string(),
            ParameterValue::Text(text) => text.clone(),
        };
        let text = format!("{value}\n{}\n{}", row.from, row.basis);
        let path = format!("/parameters/{}", row.name);
        let title = Title { ja: &row.name, en: &row.name };
        Self::new(Kind::Parameter, row.name.clone(), title, text, path, readers)
    }

    /// A check of the Act: its rule in both languages, and what else is said of it.
    #[must_use]
    pub fn check(id: &str, rule_ja: &str, rule_en: &str, text: &str, readers: Readers) -> Self {
        let path = format!("/checks/{id}");
        let title = Title { ja: rule_ja, en: rule_en };
        Self::new(Kind::Check, id.to_owned(), title, text.to_owned(), path, readers)
    }

    /// An application or request for data.
    ///
    /// # Errors
    /// [`Unfit`] when it carries a My Number.
    pub fn application(id: &str, title: &str, text: &str, readers: Readers) -> Result<Self, Unfit> {
        let path = format!("/applications/{id}");
        Self::free(Kind::Application, id, Title { ja: title, en: "" }, text, path, readers)
    }

    /// What the committee was given about an application.
    ///
    /// # Errors
    /// [`Unfit`] when it carries a My Number.
    pub fn dossier(application: &str, title: &str, text: &str, readers: Readers) -> Result<Self, Unfit> {
        let path = format!("/office/cases/{application}");
        Self::free(Kind::Dossier, application, Title { ja: title, en: "" }, text, path, readers)
    }

    /// Minutes of a meeting of the review committee, or of an expedited ballot.
    ///
    /// # Errors
    /// [`Unfit`] when they carry a My Number.
    pub fn minutes(id: &str, title: &str, text: &str, readers: Readers) -> Result<Self, Unfit> {
        let path = format!("/office/minutes/{id}");
        Self::free(Kind::Minutes, id, Title { ja: title, en: "" }, text, path, readers)
    }

    /// A release in the ledger.
    ///
    /// # Errors
    /// [`Unfit`] when it carries a My Number.
    pub fn release(id: &str, title: &str, text: &str, readers: Readers) -> Result<Self, Unfit> {
        let path = format!("/releases/{id}");
        Self::free(Kind::Release, id, Title { ja: title, en: "" }, text, path, readers)
    }

    /// That a delivery broke a rule so often; not where, and no value.
    #[must_use]
    pub fn finding(submission: &SubmissionId, rule: &Rule, count: u64, readers: Readers) -> Self {
        let id = format!("{submission}:{}", rule.id);
        let text = format!("{} × {count}\n{submission}", rule.id);
        let path = format!("/deliveries/{submission}");
        Self::new(Kind::Finding, id, Title { ja: rule.ja, en: rule.en }, text, path, readers)
    }

    /// A page of the shipped documents or of the console.
    ///
    /// # Errors
    /// [`Unfit`] when it carries a My Number.
    pub fn page(
        path: &str,
        title_ja: &str,
        title_en: &str,
        text: &str,
        readers: Readers,
    ) -> Result<Self, Unfit> {
        let title = Title { ja: title_ja, en: title_en };
        Self::free(Kind::Page, path, title, text, path.to_owned(), readers)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its id, of which its kind has one.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Whether twelve digits, alone or in groups of four, pass as a My Number.
fn carries_my_number(text: &str) -> bool {
    let folded = fold(text);
    let grouped = |c: char| c.is_ascii_digit() || c == ' ' || c == '-';
    folded.split(|c| !grouped(c)).any(|run| {
        let whole: String = run.chars().filter(char::is_ascii_digit).collect();
        is_my_number(&whole) || run.split([' ', '-']).any(is_my_number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_my_number_is_refused_in_any_dress_and_not_repeated() {
        for text in ["番号は123456789018です", "1234 5678 9018", "１２３４-５６７８-９０１８"]
        {
            let e = Doc::minutes("M-1", "会議", text, Readers::everybody()).unwrap_err();
            assert!(!e.to_string().contains("9018"), "{e}");
        }
        assert!(Doc::minutes("M-1", "会議", "123456789012", Readers::everybody()).is_ok());
    }

    #[test]
    fn kinds_come_back_from_their_words() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.as_str()), Some(*kind));
        }
    }
}
