//! Queries of the form of PIX/PDQ and FHIR `$match` (患者照会) for the help desk and for partners: who among these persons
//! is meant, and how sure is that. Pure: the caller finds the candidates by [`crate::mpi::block_keys`] and opens their
//! records. Answers hold research ids, grades and scores, and nothing that a source wrote.

use musubi_model::ids::ResearchId;
use musubi_model::matching::Replaced;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::mpi::model::Scorer;
use crate::mpi::row::{Lexicon, flag};
use crate::mpi::score::{Time, score};
use crate::mpi::{BIT, Model};
use crate::normalise::normalise;
use crate::sent::{Normal, Sent};

/// Where FHIR keeps the grade of a match.
const GRADE_URL: &str = "http://hl7.org/fhir/StructureDefinition/match-grade";

/// How sure a match is (HL7 match-grade).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// The person, and no other could be meant.
    Certain,
    /// Would be linked; somebody should look when it matters.
    Probable,
    /// Would be put before a person.
    Possible,
    /// Somebody else.
    CertainlyNot,
}

impl Grade {
    /// HL7's code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Probable => "probable",
            Self::Possible => "possible",
            Self::CertainlyNot => "certainly-not",
        }
    }
}

/// Thresholds in force, in 1/256 bits. Weights are log odds: one bit doubles them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grades {
    /// From here on certain, when no other candidate is probable at least.
    pub certain: i32,
    /// From here on probable.
    pub probable: i32,
    /// From here on possible.
    pub possible: i32,
}

impl Grades {
    /// What a model means by them: probable is what it links, possible what it puts before a person. Certain is ten bits
    /// (a thousand to one) above even odds, the weight that the model gives a deterministic rule.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let rules = &model.rules;
        Self {
            certain: rules.sure_weight.max(rules.threshold),
            probable: rules.threshold,
            possible: rules.threshold - rules.grey,
        }
    }

    fn grade(&self, weight: i32) -> Grade {
        match weight {
            w if w >= self.certain => Grade::Certain,
            w if w >= self.probable => Grade::Probable,
            w if w >= self.possible => Grade::Possible,
            _ => Grade::CertainlyNot,
        }
    }
}

/// A person who could be meant, with what sources wrote of them.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The person.
    pub person: ResearchId,
    /// Records.
    pub records: Vec<Sent<'a>>,
}

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The person.
    pub person: ResearchId,
    /// How sure.
    pub grade: Grade,
    /// Probability in ten-thousandths.
    pub score: u16,
    /// Weight of the best record in 1/256 bits; for the desk, not rendered.
    pub weight: i32,
}

/// Grades every candidate by the record of theirs that fits best, the surest first. Two who would both be certain or
/// probable (twins, namesakes) are probable at most: a partner must not take the first for the only one.
///
/// Empty when the question has nothing to match on. Whoever is certainly not meant comes too: the caller leaves them out
/// of what it shows ([`bundle`] does).
#[must_use]
pub fn matches(model: &Model, grades: &Grades, asked: &Sent<'_>, candidates: &[Candidate<'_>]) -> Vec<Match> {
    let (mut normal, mut lexicon) = (Normal::default(), Lexicon::default());
    let mut row = |sent: &Sent<'_>, lexicon: &mut Lexicon| {
        normalise(sent, &model.names, &mut normal);
        lexicon.row(&normal, sent.facility, None, &model.names, model.rules.unseen_name)
    };
    let question = row(asked, &mut lexicon);
    if question.is(flag::ASIDE) {
        return Vec::new();
    }
    let scorer = Scorer::new(model);
    let mut out = Vec::new();
    for candidate in candidates {
        let mut best = None;
        for record in &candidate.records {
            let record = row(record, &mut lexicon);
            if !record.is(flag::ASIDE) {
                best = best.max(Some(score(&scorer, &lexicon, &question, &record, Time::Counts).weight));
            }
        }
        if let Some(weight) = best {
            let person = candidate.person;
            out.push(Match { person, grade: grades.grade(weight), score: probability(weight), weight });
        }
    }
    out.sort_unstable_by_key(|m| (std::cmp::Reverse(m.weight), m.person));
    if out.iter().filter(|m| m.grade <= Grade::Probable).count() > 1 {
        out.iter_mut().for_each(|m| m.grade = m.grade.max(Grade::Probable));
    }
    out
}

/// The probability that goes with log odds, in ten-thousandths: 1 / (1 + 2^−w), in integers, so that it is the same on
/// every machine.
#[must_use]
pub fn probability(weight: i32) -> u16 {
    /// 2^−(1/2), 2^−(1/4) … 2^−(1/256) as shares of 2^32.
    const ROOTS: [u64; 8] = [
        3_037_000_500,
        3_611_622_603,
        3_938_502_376,
        4_112_874_773,
        4_202_935_003,
        4_248_701_965,
        4_271_771_996,
        4_283_353_945,
    ];
    const ONE: u64 = 1 << 32;
    let bits = weight.unsigned_abs();
    let mut against = ONE.checked_shr(bits / BIT.unsigned_abs()).unwrap_or(0);
    for (i, root) in ROOTS.iter().enumerate() {
        if bits >> (7 - i) & 1 == 1 {
            against = (against * root) >> 32;
        }
    }
    // odds of 1 : against for what is likelier
    let likely = (10_000 * ONE + (ONE + against) / 2) / (ONE + against);
    let share = u16::try_from(likely).unwrap_or(10_000).min(10_000);
    if weight >= 0 { share } else { 10_000 - share }
}

/// A research id that leads to another (統合された研究用ID), as PMIR has it: the old one is inactive and replaced by the one
/// that lives on. Where its members went to more than one person the other is only one to see too.
#[must_use]
pub fn replaced(old: &Replaced) -> Value {
    let other = json!({ "reference": format!("Patient/{}", old.by) });
    let kind = if old.split { "seealso" } else { "replaced-by" };
    let link = json!([{ "other": other, "type": kind }]);
    json!({ "resourceType": "Patient", "id": old.alias.to_string(), "active": false, "link": link })
}

impl Serialize for Match {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        let id = self.person.to_string();
        map.serialize_entry("resource", &json!({ "resourceType": "Patient", "id": id, "active": true }))?;
        let grade = json!([{ "url": GRADE_URL, "valueCode": self.grade.code() }]);
        let score = f64::from(self.score) / 10_000.0;
        map.serialize_entry("search", &json!({ "mode": "match", "score": score, "extension": grade }))?;
        map.end()
    }
}

/// The answers as a FHIR searchset, ids only; who is certainly not meant is left out.
#[must_use]
pub fn bundle(found: &[Match]) -> Value {
    let shown: Vec<&Match> = found.iter().filter(|m| m.grade != Grade::CertainlyNot).collect();
    json!({ "resourceType": "Bundle", "type": "searchset", "total": shown.len(), "entry": shown })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hanako() -> Sent<'static> {
        Sent {
            name_kanji: "佐藤 陽子",
            name_kana: "サトウ ヨウコ",
            birth: "19800410",
            sex: "2",
            insurer: "06130017",
            symbol: "12",
            number: "3456",
            branch: "02",
            phone: "0312345678",
            ..Sent::default()
        }
    }

    fn candidate(n: u8, records: &[Sent<'static>]) -> Candidate<'static> {
        Candidate { person: ResearchId([n; 16]), records: records.to_vec() }
    }

    fn ask(asked: &Sent<'_>, candidates: &[Candidate<'_>]) -> Vec<(u8, Grade)> {
        let model = Model::default();
        let found = matches(&model, &Grades::of(&model), asked, candidates);
        found.iter().map(|m| (m.person.0[0], m.grade)).collect()
    }

    #[test]
    fn grades() {
        let married = Sent { name_kanji: "鈴木 陽子", name_kana: "スズキ ヨウコ", ..hanako() };
        let bare = Sent { name_kana: "サトウ ヨウコ", birth: "19800410", sex: "2", ..Sent::default() };
        let stranger =
            Sent { name_kana: "ハヤシ ミノル", birth: "19501103", sex: "1", ..Sent::default() };
        let twin =
            Sent { name_kanji: "佐藤 美咲", name_kana: "サトウ ミサキ", branch: "03", ..hanako() };
        let all = [candidate(1, &[married, hanako()]), candidate(2, &[stranger])];
        assert_eq!(ask(&hanako(), &all), [(1, Grade::Certain), (2, Grade::CertainlyNot)]);
        assert_eq!(ask(&married, &all)[0], (1, Grade::Certain), "the record that fits best counts");
        let with_twin = [candidate(3, &[twin]), candidate(1, &[hanako()])];
        assert_eq!(ask(&hanako(), &with_twin)[0], (1, Grade::Certain), "a twin is not meant");
        // one name in two persons: neither is certain
        let two = [candidate(1, &[hanako()]), candidate(2, &[bare])];
        let found = ask(&hanako(), &two);
        assert!(found.iter().all(|(_, grade)| *grade == Grade::Probable), "{found:?}");
        assert_eq!(ask(&Sent { sex: "2", ..Sent::default() }, &two), [], "nothing to match on");
    }

    #[test]
    fn thresholds_are_parameters() {
        let grades = Grades { certain: 300, probable: 200, possible: 100 };
        let expect = [(300, Grade::Certain), (299, Grade::Probable), (199, Grade::Possible)];
        for (weight, grade) in expect {
            assert_eq!(grades.grade(weight), grade);
        }
        assert_eq!(grades.grade(99).code(), "certainly-not");
    }

    #[test]
    fn probabilities() {
        let table = [(0, 5_000), (256, 6_667), (-256, 3_333), (128, 5_858), (1024, 9_412), (10_000, 10_000)];
        for (weight, expect) in table {
            assert_eq!(probability(weight), expect, "{weight}");
        }
        let mut last = 0;
        for weight in -6_000..6_000 {
            let exact = 10_000.0 / (1.0 + (-f64::from(weight) / 256.0).exp2());
            assert!((f64::from(probability(weight)) - exact).abs() < 0.6, "{weight}");
            assert!(probability(weight) >= last);
            last = probability(weight);
        }
        assert_eq!((probability(i32::MIN), probability(i32::MAX)), (0, 10_000));
    }

    #[test]
    fn rendered_with_ids_only() {
        let model = Model::default();
        let stranger =
            Sent { name_kana: "ハヤシ ミノル", birth: "19501103", sex: "1", ..Sent::default() };
        let all = [candidate(1, &[hanako()]), candidate(2, &[stranger])];
        let bundle = bundle(&matches(&model, &Grades::of(&model), &hanako(), &all));
        let id = "01".repeat(16);
        assert_eq!(
            bundle,
            json!({
                "resourceType": "Bundle", "type": "searchset", "total": 1,
                "entry": [{
                    "resource": { "resourceType": "Patient", "id": id, "active": true },
                    "search": { "mode": "match", "score": 1.0,
                        "extension": [{ "url": GRADE_URL, "valueCode": "certain" }] },
                }],
            })
        );
        let text = bundle.to_string();
        assert!(!text.contains("佐藤") && !text.contains("1980") && !text.contains("3456"));
    }

    #[test]
    fn a_merged_id_is_replaced_by_the_other() {
        let mut old = Replaced { alias: ResearchId([1; 16]), by: ResearchId([2; 16]), split: false };
        assert_eq!(
            replaced(&old),
            json!({
                "resourceType": "Patient", "id": "01".repeat(16), "active": false,
                "link": [{ "other": { "reference": format!("Patient/{}", "02".repeat(16)) }, "type": "replaced-by" }],
            })
        );
        old.split = true;
        assert_eq!(replaced(&old)["link"][0]["type"], "seealso");
    }
}
