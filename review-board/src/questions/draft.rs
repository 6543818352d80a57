//! From a question to the draft of an application (申出の下書き), and back from a specification to the question it came from.
//!
//! The draft says what follows from the question. What only the applicant can say – funding, interests, security, dates – it
//! must leave empty: a declaration is never made for somebody.

use std::collections::BTreeMap;

use musubi_compliance::checks::items_of;
use musubi_model::spec::ExtractSpec;
use serde::Serialize;

use super::{Kind, Level, Question, QuestionError, Wanted, questions};
use crate::committee::document::{Document, Item};

/// Where a specification came from (申出の元になった問い).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The question.
    pub question: String,
    /// Its title.
    pub ja: String,
    /// In English.
    pub en: String,
    /// The level of place.
    pub level: Level,
    /// Whether it asks for anything else than the catalogue would.
    pub changed: bool,
}

impl Origin {
    /// The origin of a specification: the question whose name it bears. Whether it was changed since is found by asking the
    /// question once more, so that nobody can claim an origin.
    ///
    /// # Errors
    /// [`QuestionError::Catalogue`].
    pub fn of(spec: &ExtractSpec) -> Result<Option<Self>, QuestionError> {
        let levels = [Level::Municipality, Level::MedicalArea];
        let named = |q: Question| {
            levels.into_iter().find(|level| q.request_name(*level) == spec.name).map(|level| (q, level))
        };
        let Some((question, level)) = questions()?.into_iter().find_map(named) else { return Ok(None) };
        let again = match (&spec.policy, spec.recipients.as_slice()) {
            (Some(policy), [to]) => {
                let with = Wanted {
                    from: spec.cohort.from,
                    to: spec.cohort.to,
                    recipient_id: &to.id,
                    recipient: &to.name,
                    level,
                    policy,
                };
                question.request(&with).ok()
            }
            _ => None,
        };
        let changed = again.is_none_or(|(as_asked, _)| as_asked.scope_hash() != spec.scope_hash());
        Ok(Some(Self { question: question.id, ja: question.title.ja, en: question.title.en, level, changed }))
    }
}

impl Question {
    /// The draft of an application for the table that answers it, for a place by its name.
    ///
    /// # Errors
    /// As [`Question::request`].
    pub fn draft(&self, with: &Wanted<'_>, place: &str) -> Result<(ExtractSpec, Document), QuestionError> {
        let (spec, text) = self.request(with)?;
        let purpose = match self.kind {
            Kind::Cost => "social-security-cost",
            Kind::Need | Kind::Output | Kind::Outcome => "regional-care",
        };
        let fields = [
            ("applicant-class", "public".to_owned()),
            ("applicant-kind", "municipality".to_owned()),
            ("title", format!("{}({place})", self.title.ja)),
            ("purpose-code", purpose.to_owned()),
            ("purpose-class", "public".to_owned()),
            ("purpose", format!("{}\n{}", spec.purpose, self.why.ja)),
            ("category", "policy".to_owned()),
            ("plan", format!("統計窓口の問い {} の集計表を求める。{}", self.id, self.reads.ja)),
            ("value", self.why.ja.clone()),
            ("data-class", spec.product.as_str().to_owned()),
            ("cohort", self.cohort_words()),
            ("period", format!("{}〜{}", with.from, with.to)),
            ("region", place.to_owned()),
            ("facility", "none".to_owned()),
            ("linkage", "no".to_owned()),
            ("recipients", format!("{} {}", with.recipient_id, with.recipient)),
        ];
        let fields: BTreeMap<String, String> = fields.map(|(name, value)| (name.to_owned(), value)).into();
        let counted = self.table.as_ref().map(|t| t.of.table.as_str());
        let necessity = |item: &str| match item {
            "municipality" | "medical_area" => format!("{place} の政策を評価するため、地域ごとに示す"),
            item if Some(item) == counted => format!("「{}」を数えるため", self.question.ja),
            _ => format!("「{}」に、この区分ごとに答えるため", self.question.ja),
        };
        let items =
            items_of(&spec).into_iter().map(|item| Item { necessity: necessity(&item), item }).collect();
        Ok((spec, Document { fields, items, spec: text }))
    }

    /// Who is looked at, in words.
    fn cohort_words(&self) -> String {
        let mut words = vec![
            if self.everybody {
                "期間に記録のある人"
            } else {
                "期間に傷病の記録のある人"
            }
            .to_owned(),
        ];
        if !self.icd10.is_empty() {
            words.push(format!("傷病 (ICD-10): {}", self.icd10.join("、")));
        }
        words.extend(self.steps().into_iter().map(|step| step.title));
        words.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use musubi_model::spec::PolicyRef;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::committee::document::Receiver;
    use crate::committee::fields::sections;

    fn wanted(level: Level, policy: &PolicyRef, to: Date) -> Wanted<'_> {
        let (recipient_id, recipient) = ("mihon-city", "見本\"市");
        Wanted { from: Date::constant(2026, 4, 1), to, recipient_id, recipient, level, policy }
    }

    #[test]
    fn every_draft_is_a_document_that_leaves_declarations_to_the_applicant() {
        let policy = PolicyRef { name: "statistics-default".to_owned(), version: 1 };
        let purposes = ["advanced-research", "social-security-cost", "regional-care"];
        for q in questions().unwrap().iter().filter(|q| q.table.is_some()) {
            let with = wanted(Level::Municipality, &policy, Date::constant(2027, 3, 31));
            let (_, draft) = q.draft(&with, "見本市").unwrap();
            let receiver = Receiver { id: "mihon-city", name: "見本市" };
            assert_eq!(Document::read(&draft.canonical(), receiver).unwrap(), draft, "{}", q.id);
            // Nothing is wrong with what is there; what is missing are fields that only the applicant can fill in.
            let left = draft.flaws(&purposes).unwrap();
            assert!(!left.is_empty() && left.iter().all(|f| f.code == "REV_MISSING"), "{}: {left:?}", q.id);
            for own in ["coi", "funding", "foreign", "security", "risk", "destruction", "ethics-status"] {
                assert!(sections().unwrap().iter().flat_map(|s| &s.fields).any(|f| f.id == own));
                assert_eq!(draft.field(own), "", "{}: {own}", q.id);
            }
        }
    }

    proptest! {
        /// The origin is found from the specification alone, at any level and period, and no other cohort passes for it.
        #[test]
        fn an_origin_is_found_and_a_change_is_seen(nth in any::<proptest::sample::Index>(), days in 0_i64..900, area in any::<bool>()) {
            let policy = PolicyRef { name: "statistics-default".to_owned(), version: 1 };
            let all: Vec<Question> = questions().unwrap().into_iter().filter(|q| q.table.is_some()).collect();
            let q = nth.get(&all);
            let level = if area { Level::MedicalArea } else { Level::Municipality };
            let to = Date::constant(2026, 4, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let (spec, _) = q.draft(&wanted(level, &policy, to), "見本市").unwrap();
            let origin = Origin::of(&spec).unwrap().unwrap();
            prop_assert_eq!((&origin.question, origin.level, origin.changed), (&q.id, level, false));
            let mut other = spec;
            other.cohort.everybody = !other.cohort.everybody;
            prop_assert!(Origin::of(&other).unwrap().unwrap().changed);
            other.name = "another".to_owned();
            prop_assert_eq!(Origin::of(&other).unwrap(), None);
        }
    }
}
