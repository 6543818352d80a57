//! Questions of policy and finance that a municipality can ask (政策・財務の問い): the catalogue of the table desk.
//!
//! Each is data: why it matters, how its table is read, what must be sent for it, and the request that answers it. A
//! question that nothing sent can answer says so. This module makes requests only; it never approves, counts or shows.

mod draft;

use jiff::civil::Date;
use musubi_model::spec::{
    Cohort, CubeMeasure, CubeSpec, Dimension, EventTable, ExtractSpec, PolicyRef, Product, Recipient, Rule,
    SpecError, Step,
};
use serde::{Deserialize, Serialize};

pub use draft::Origin;

/// A domain of municipal work (分野).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// 保育・教育.
    Education,
    /// 保健.
    Health,
    /// 医療.
    Medical,
    /// 福祉.
    Welfare,
}

impl Domain {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Education, Self::Health, Self::Medical, Self::Welfare];

    /// The word in files and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Education => "education",
            Self::Health => "health",
            Self::Medical => "medical",
            Self::Welfare => "welfare",
        }
    }

    /// Its names: Japanese, English.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Education => ("保育・教育", "Childcare and education"),
            Self::Health => ("保健", "Public health"),
            Self::Medical => ("医療", "Medical care"),
            Self::Welfare => ("福祉", "Welfare"),
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == name)
    }
}

/// What a table measures of a policy (MU-25): what was done is not what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// How great the need is (需要).
    Need,
    /// What was done (アウトプット).
    Output,
    /// What came of it (アウトカム).
    Outcome,
    /// What it cost (費用).
    Cost,
}

impl Kind {
    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Need => "need",
            Self::Output => "output",
            Self::Outcome => "outcome",
            Self::Cost => "cost",
        }
    }

    /// Its names: Japanese, English.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Need => ("需要", "Need"),
            Self::Output => ("実施量(アウトプット)", "Output"),
            Self::Outcome => ("成果(アウトカム)", "Outcome"),
            Self::Cost => ("費用", "Cost"),
        }
    }
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

/// What a number is divided by (分母).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// The people of the place, by the register: only totals over age and sex have it.
    Population,
    /// The persons of the same cell of another question's table of the same period.
    Question(String),
}

/// The table that answers a question. The place of the asker is its first dimension and does not stand here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The dimensions besides the place.
    pub dimensions: Vec<Dimension>,
    /// What is measured besides persons.
    #[serde(default)]
    pub measures: Vec<CubeMeasure>,
    /// Which facts count.
    pub of: EventTable,
}

/// Ages that a question is about, on the first day of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ages {
    #[serde(default)]
    min: Option<u16>,
    #[serde(default)]
    max: Option<u16>,
}

/// A question (問い).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its id: a-z, 0-9 and `-`. Requests for it bear it as their name, with the level of place.
    pub id: String,
    /// What kind of figure it is.
    pub kind: Kind,
    /// Its title.
    pub title: Text,
    /// The question.
    pub question: Text,
    /// Why it matters.
    pub why: Text,
    /// How to read the table.
    pub reads: Text,
    /// What must not be overlooked.
    #[serde(default)]
    pub caution: Option<Text>,
    /// The feeds that carry it: kinds of deliveries, or interfaces of tables. Without the first there is no table; the
    /// others add to it.
    #[serde(default)]
    pub feeds: Vec<String>,
    /// The table; none where nothing that is sent can answer.
    #[serde(default)]
    pub table: Option<Asked>,
    /// What is missing, where there is no table.
    #[serde(default)]
    pub missing: Option<Text>,
    /// What its numbers are divided by.
    #[serde(default)]
    pub per: Option<Per>,
    /// Persons without a diagnosis count too.
    #[serde(default)]
    everybody: bool,
    /// Only persons with one of these diagnoses.
    #[serde(default)]
    icd10: Vec<String>,
    /// Only persons of these ages.
    #[serde(default)]
    age: Option<Ages>,
    /// Steps of the cohort.
    #[serde(default)]
    steps: Vec<Step>,
    /// Its domain, from its file.
    #[serde(skip, default = "no_domain")]
    pub domain: Domain,
}

fn no_domain() -> Domain {
    Domain::Education
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    domain: Domain,
    question: Vec<Question>,
}

/// The level of place (地域の単位) at which a municipality may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 市区町村.
    Municipality,
    /// 二次医療圏: for a municipality of so few people that its counts are never shown (G-19).
    MedicalArea,
}

impl Level {
    /// The dimension of its places.
    #[must_use]
    pub fn dimension(self) -> Dimension {
        match self {
            Self::Municipality => Dimension::Municipality,
            Self::MedicalArea => Dimension::MedicalArea,
        }
    }

    /// What the name of a request at this level ends with.
    fn suffix(self) -> &'static str {
        match self {
            Self::Municipality => "",
            Self::MedicalArea => "-by-area",
        }
    }
}

/// What a question is asked with.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// First day of the period.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Id of the recipient: an organisation, or `public`.
    pub recipient_id: &'a str,
    /// Its name.
    pub recipient: &'a str,
    /// The level of place.
    pub level: Level,
    /// The policy.
    pub policy: &'a PolicyRef,
}

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The catalogue as shipped is damaged.
    #[error("DSK_CATALOGUE: {0}: the catalogue of questions cannot be read: {1}")]
    Catalogue(&'static str, String),
    /// Nothing that is sent can answer it.
    #[error("DSK_MISSING: nothing that is delivered can answer {0} (答えるためのデータがまだ届いていません)")]
    Missing(String),
    /// It makes no request.
    #[error("DSK_SPEC: {0}")]
    Spec(#[from] SpecError),
    /// It cannot be written.
    #[error("DSK_SPEC: the request cannot be written: {0}")]
    Written(#[from] toml::ser::Error),
}

const FILES: [(&str, &str); 4] = [
    ("education", include_str!("../questions/education.toml")),
    ("health", include_str!("../questions/health.toml")),
    ("medical", include_str!("../questions/medical.toml")),
    ("welfare", include_str!("../questions/welfare.toml")),
];

/// All questions, by domain.
///
/// # Errors
/// [`QuestionError::Catalogue`].
pub fn questions() -> Result<Vec<Question>, QuestionError> {
    let mut all = Vec::new();
    for (name, text) in FILES {
        let file: File = toml::from_str(text).map_err(|e| QuestionError::Catalogue(name, e.to_string()))?;
        all.extend(file.question.into_iter().map(|q| Question { domain: file.domain, ..q }));
    }
    Ok(all)
}

/// The question of that id.
///
/// # Errors
/// [`QuestionError::Catalogue`].
pub fn question(id: &str) -> Result<Option<Question>, QuestionError> {
    Ok(questions()?.into_iter().find(|q| q.id == id))
}

impl Question {
    /// The name of its requests at a level of place, by which its releases are found again.
    #[must_use]
    pub fn request_name(&self, level: Level) -> String {
        format!("{}{}", self.id, level.suffix())
    }

    /// The steps of its cohort, with that of its ages.
    fn steps(&self) -> Vec<Step> {
        let ages = self.age.map(|ages| Step {
            title: "対象の年齢".to_owned(),
            rule: Rule::Age { min: ages.min, max: ages.max, on: None },
            exclude: false,
        });
        ages.into_iter().chain(self.steps.iter().cloned()).collect()
    }

    /// The request that answers it.
    ///
    /// # Errors
    /// [`QuestionError::Missing`]; [`QuestionError::Spec`] when what it is asked with makes no request.
    pub fn request(&self, with: &Wanted<'_>) -> Result<(ExtractSpec, String), QuestionError> {
        let asked = self.table.as_ref().ok_or_else(|| QuestionError::Missing(self.id.clone()))?;
        let dimensions = [with.level.dimension()].into_iter().chain(asked.dimensions.iter().copied());
        let spec = ExtractSpec {
            version: 2,
            name: self.request_name(with.level),
            title: self.title.ja.clone(),
            purpose: format!("自治体の政策・財務の評価: {}", self.question.ja),
            recipient: with.recipient.to_owned(),
            product: Product::Statistics,
            policy: Some(with.policy.clone()),
            recipients: vec![Recipient {
                id: with.recipient_id.to_owned(),
                name: with.recipient.to_owned(),
                age: None,
            }],
            cohort: Cohort {
                from: with.from,
                to: with.to,
                icd10_prefixes: self.icd10.clone(),
                without_suspected: true,
                everybody: self.everybody,
                steps: self.steps(),
            },
            table: None,
            rows: None,
            tables: vec![CubeSpec {
                name: self.id.clone(),
                title: self.title.ja.clone(),
                dimensions: dimensions.collect(),
                measures: asked.measures.clone(),
                of: Some(asked.of.clone()),
            }],
        };
        let text = toml::to_string(&spec)?;
        // What is filed is what was meant.
        Ok((ExtractSpec::parse(&text)?, text))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn wanted(level: Level, policy: &PolicyRef) -> Wanted<'_> {
        Wanted {
            from: Date::constant(2026, 4, 1),
            to: Date::constant(2027, 3, 31),
            recipient_id: "mihon-city",
            recipient: "見本\"市",
            level,
            policy,
        }
    }

    #[test]
    fn every_domain_has_questions_that_can_be_asked_and_says_what_is_missing() {
        let policy = PolicyRef { name: "statistics-default".to_owned(), version: 1 };
        let all = questions().expect("the catalogue");
        let ids: BTreeSet<&str> = all.iter().map(|q| q.id.as_str()).collect();
        assert_eq!(ids.len(), all.len(), "an id twice");
        for domain in Domain::ALL {
            let own = || all.iter().filter(|q| q.domain == domain);
            assert!(own().filter(|q| q.table.is_some()).count() >= 4, "{domain:?}");
            assert!(own().any(|q| q.missing.is_some()), "{domain:?} claims that nothing is missing");
            assert_eq!(Domain::from_name(domain.as_str()), Some(domain));
        }
        for q in &all {
            assert!(q.table.is_some() != q.missing.is_some(), "{}: a table or what is missing", q.id);
            assert_eq!(q.table.is_some(), !q.feeds.is_empty(), "{}: the feeds it needs", q.id);
            if let Some(Per::Question(other)) = &q.per {
                let of = all.iter().find(|o| o.id == *other).and_then(|o| o.table.as_ref());
                let of = of.unwrap_or_else(|| panic!("{}: no denominator {other}", q.id));
                assert_eq!(Some(&of.dimensions), q.table.as_ref().map(|t| &t.dimensions), "{}", q.id);
            }
            for level in [Level::Municipality, Level::MedicalArea] {
                let Ok((spec, text)) = q.request(&wanted(level, &policy)) else {
                    assert!(q.missing.is_some(), "{}", q.id);
                    continue;
                };
                assert_eq!(ExtractSpec::parse(&text), Ok(spec.clone()));
                assert_eq!(spec.name, q.request_name(level));
                assert_eq!(spec.tables.first().and_then(|t| t.dimensions.first()), Some(&level.dimension()));
            }
        }
    }

    #[test]
    fn another_period_or_level_is_another_scope() {
        let policy = PolicyRef { name: "statistics-default".to_owned(), version: 1 };
        let q = question("care-level").expect("the catalogue").expect("a question");
        let scope = |w: Wanted<'_>| q.request(&w).expect("a request").0.scope_hash();
        let own = scope(wanted(Level::Municipality, &policy));
        assert_ne!(own, scope(wanted(Level::MedicalArea, &policy)));
        assert_ne!(
            own,
            scope(Wanted { to: Date::constant(2027, 2, 28), ..wanted(Level::Municipality, &policy) })
        );
        assert_eq!(own, scope(wanted(Level::Municipality, &policy)));
    }
}
