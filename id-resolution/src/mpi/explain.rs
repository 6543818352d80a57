//! Why two records are, or are not, one person (説明): the waterfall of a level vector under a model, and two records
//! side by side.
//!
//! A waterfall holds no value of a person: it is redrawn from the stored vector and the model of its day. Values stand in
//! [`SideBySide`] only, wrapped, for whoever may look at the two records.

use std::fmt::Write as _;

use musubi_model::identity::Identifying;
use serde::Serialize;

use super::model::{Model, Rules};
use super::weights::{Comparison, level};
use super::words::{self, Word};
use super::{BIT, Link};
use crate::names::NameBook;
use crate::normalise::normalise;
use crate::sent::{NamePart, Normal, Sent};

/// What a step of the waterfall is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The odds before anything was compared.
    Prior,
    /// A comparison and its level.
    Compared(Comparison, usize),
    /// How rare the names are that agree.
    Rarity,
    /// A rule with its guard, which needs no weighing.
    Rule,
    /// What only the records of both groups together say: time lines, shared facilities, own numbers.
    Whole,
}

/// One step: weights in 1/256 bits, for the same person against the other three classes together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it is about.
    pub part: Part,
    /// What is compared, in words.
    pub what: Word,
    /// What was found, in words.
    pub found: Word,
    /// What it adds (for) or takes (against).
    pub adds: i32,
    /// The sum after it.
    pub sum: i32,
}

/// How a weight came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waterfall {
    /// The model, by name and version.
    pub model: String,
    /// Steps in order, the prior first.
    pub steps: Vec<Step>,
    /// The weight of the pair.
    pub weight: i32,
    /// From here on groups are joined.
    pub threshold: i32,
    /// The rule that held, in words; `None`: the weights decided.
    pub rule: Option<Word>,
}

impl Waterfall {
    /// Of a level vector. `rarity`: −log2 of the frequencies of the names that agree, where it is known (it is never
    /// stored: it would tell of the name); otherwise it is what is left to `weight`.
    #[must_use]
    pub fn new(model: &Model, levels: u64, weight: Option<i32>, rarity: Option<i32>) -> Self {
        let scales = scales(model);
        let bare = scales.weigh(levels, 0, 0);
        let ruled = model.sure_rule(levels).is_some();
        let rare = rarity.unwrap_or_else(|| match weight {
            // a weight that the rule gave tells nothing of the names
            Some(w) if !(ruled && w == model.rules.sure_weight) => rarity_of(&scales, levels, w),
            _ => 0,
        });
        let mut out = Self {
            model: model.version.clone(),
            steps: Vec::new(),
            weight: 0,
            threshold: model.rules.threshold,
            rule: None,
        };
        let mut seen = 0;
        let mut sum = scales.weigh(0, 0, 0);
        out.push(Part::Prior, PRIOR, PRIOR_FOUND, sum);
        for comparison in Comparison::ALL {
            let l = level(levels, *comparison);
            if l == 0 {
                continue;
            }
            seen |= (l as u64) << (4 * *comparison as u32);
            let next = scales.weigh(seen, 0, 0);
            out.push(
                Part::Compared(*comparison, l),
                words::comparison(*comparison),
                words::level(*comparison, l),
                next - sum,
            );
            sum = next;
        }
        let whole = scales.weigh(levels, rare, 0);
        if whole != bare {
            out.push(Part::Rarity, RARITY, RARITY_FOUND, whole - bare);
        }
        if let Some(rule) = model.sure_rule(levels) {
            let found = words::rule(&rule.name).unwrap_or(RULE_FOUND);
            out.rule = Some(found);
            if model.rules.sure_weight > whole {
                out.push(Part::Rule, RULE, found, model.rules.sure_weight - whole);
            }
        }
        out
    }

    /// Of a stored link: its vector, its weight and its rule.
    #[must_use]
    pub fn of_link(model: &Model, link: &Link) -> Self {
        if link.rule == "ruling" {
            let mut out = Self::new(model, link.levels, None, None);
            out.rule = words::rule("ruling");
            return out;
        }
        Self::new(model, link.levels, Some(link.weight), None)
    }

    /// Adds what the whole picture of two groups said, where it is known.
    #[must_use]
    pub fn with_whole(mut self, adds: i32) -> Self {
        if adds != 0 {
            self.push(Part::Whole, WHOLE, WHOLE_FOUND, adds);
        }
        self
    }

    fn push(&mut self, part: Part, what: Word, found: Word, adds: i32) {
        self.weight += adds;
        self.steps.push(Step { part, what, found, adds, sum: self.weight });
    }

    /// As text for a terminal: one line a step, with a bar.
    #[must_use]
    pub fn text(&self, english: bool) -> String {
        let mut out = String::new();
        let most = self.steps.iter().map(|s| s.adds.abs()).max().unwrap_or(1).max(1);
        for step in &self.steps {
            let bar = usize::try_from(step.adds.abs() * 20 / most).unwrap_or(0);
            let bar = if step.adds < 0 { "▒" } else { "█" }.repeat(bar.max(1));
            let what = format!("{}: {}", step.what.get(english), step.found.get(english));
            let gap = 48usize.saturating_sub(columns(&what));
            let _ =
                writeln!(out, "{what}{:gap$} {:>8} {:>8}  {bar}", "", signed(step.adds), signed(step.sum));
        }
        let verdict = if self.weight >= self.threshold { JOINED } else { APART };
        let _ = writeln!(
            out,
            "{} {} {} {}",
            verdict.get(english),
            signed(self.weight),
            if self.weight >= self.threshold { "≥" } else { "<" },
            signed(self.threshold)
        );
        out
    }
}

const PRIOR: Word = Word { ja: "比べる前", en: "before comparing" };
const PRIOR_FOUND: Word = Word { ja: "候補のうち本人である見込み", en: "odds among candidates" };
const RARITY: Word = Word { ja: "氏名の珍しさ", en: "rarity of the name" };
const RARITY_FOUND: Word =
    Word { ja: "一致した氏名を名乗る人の少なさ", en: "few bear the names that agree" };
const RULE: Word = Word { ja: "確定規則", en: "rule" };
const RULE_FOUND: Word = Word { ja: "番号と裏付けが一致", en: "a number and its guard agree" };
const WHOLE: Word = Word { ja: "全体像", en: "whole picture" };
const WHOLE_FOUND: Word = Word {
    ja: "保険・住所の推移、通った施設、貫かれた値",
    en: "time lines, shared facilities, values held to",
};
const JOINED: Word = Word { ja: "同じ人として結ぶ:", en: "joined:" };
const APART: Word = Word { ja: "結ばない:", en: "not joined:" };

/// Bits with one decimal and their sign.
#[must_use]
pub fn signed(weight: i32) -> String {
    let tenths = (i64::from(weight.abs()) * 10 + i64::from(BIT / 2)) / i64::from(BIT);
    let sign = if weight < 0 && tenths > 0 { "−" } else { "+" };
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// Columns on a terminal: what is not ASCII takes two.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// The rarity that explains a stored weight: the least that gives it. The weight grows with it, so halving finds it.
fn rarity_of(scales: &Model, levels: u64, weight: i32) -> i32 {
    let (mut low, mut high) = (0, 64 * BIT);
    if scales.weigh(levels, 0, 0) >= weight {
        return 0;
    }
    while low < high {
        let mid = (low + high) / 2;
        if scales.weigh(levels, mid, 0) < weight { low = mid + 1 } else { high = mid }
    }
    low
}

/// The model without its rules and names: what weighs alone.
fn scales(model: &Model) -> Model {
    Model {
        version: String::new(),
        rules: Rules { sure: Vec::new(), ..model.rules.clone() },
        weights: model.weights.clone(),
        names: NameBook::default(),
    }
}

/// How two values of a field stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Equal as compared.
    Equal,
    /// Equal but for old or variant forms of kanji.
    Variant,
    /// Kana one sign apart.
    Near,
    /// Different.
    Differs,
    /// One of the two does not say.
    Missing,
}

impl Mark {
    /// In words.
    #[must_use]
    pub const fn word(self) -> Word {
        match self {
            Self::Equal => Word { ja: "一致", en: "equal" },
            Self::Variant => Word { ja: "異体字", en: "variant kanji" },
            Self::Near => Word { ja: "近いカナ", en: "near kana" },
            Self::Differs => Word { ja: "相違", en: "differs" },
            Self::Missing => Word { ja: "片方なし", en: "one missing" },
        }
    }

    /// A sign for tables.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Variant => "≡",
            Self::Near => "≈",
            Self::Differs => "≠",
            Self::Missing => "·",
        }
    }
}

/// What the field of the name in kana is called.
pub(super) const KANA_NAME: Word = Word { ja: "カナ氏名", en: "name in kana" };

/// One field of two records as sent. For the eyes of whoever may see both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Which.
    pub what: Word,
    /// In the one record, as sent.
    pub left: Identifying<String>,
    /// In the other.
    pub right: Identifying<String>,
    /// How they stand to each other.
    pub mark: Mark,
}

/// Two records side by side (並べて見る). `Debug` hides the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideBySide {
    /// The fields that at least one of the two carries.
    pub fields: Vec<Field>,
}

impl SideBySide {
    /// Of two descriptions, compared as the engine compares them.
    #[must_use]
    pub fn of(model: &Model, a: &Sent<'_>, b: &Sent<'_>) -> Self {
        let (mut x, mut y) = (Normal::default(), Normal::default());
        normalise(a, &model.names, &mut x);
        normalise(b, &model.names, &mut y);
        let same = |equal: bool| if equal { Mark::Equal } else { Mark::Differs };
        let (ka, kb) = (joined(&x, |p| &p.kana), joined(&y, |p| &p.kana));
        let kanji = |n: &Normal| format!("{}{}", n.family.kanji, n.given.kanji);
        let written = |n: &Normal| (n.family.written, n.given.written);
        let kanji_mark = match (kanji(&x) == kanji(&y), written(&x) == written(&y)) {
            (true, true) => Mark::Equal,
            (true, false) => Mark::Variant,
            _ => Mark::Differs,
        };
        let kana_mark = if ka == kb {
            Mark::Equal
        } else if super::score::within_one(&ka, &kb) {
            Mark::Near
        } else {
            Mark::Differs
        };
        let card = |s: &Sent<'_>| [s.insurer, s.symbol, s.number, s.branch].join(" ").trim().to_owned();
        let care = |s: &Sent<'_>| [s.care_insurer, s.care_number].join(" ").trim().to_owned();
        let own = |s: &str| s.to_owned();
        let rows = [
            (
                Word { ja: "施設", en: "facility" },
                own(a.facility),
                own(b.facility),
                same(a.facility == b.facility),
            ),
            (
                words::comparison(Comparison::Local),
                own(a.local_number),
                own(b.local_number),
                same(x.local == y.local),
            ),
            (Word { ja: "氏名", en: "name" }, own(a.name_kanji), own(b.name_kanji), kanji_mark),
            (KANA_NAME, own(a.name_kana), own(b.name_kana), kana_mark),
            (words::comparison(Comparison::Birth), own(a.birth), own(b.birth), same(x.birth == y.birth)),
            (words::comparison(Comparison::Sex), own(a.sex), own(b.sex), same(x.sex == y.sex)),
            (
                Word { ja: "郵便番号", en: "postal code" },
                own(a.postal_code),
                own(b.postal_code),
                same(x.postal_code == y.postal_code),
            ),
            (
                words::comparison(Comparison::Address),
                own(a.address),
                own(b.address),
                same(x.address == y.address),
            ),
            (words::comparison(Comparison::Phone), own(a.phone), own(b.phone), same(x.phone == y.phone)),
            (
                words::comparison(Comparison::Insured),
                card(a),
                card(b),
                same((x.insurer, &x.insured, x.branch) == (y.insurer, &y.insured, y.branch)),
            ),
            (words::comparison(Comparison::Care), care(a), care(b), same(x.care == y.care)),
        ];
        let fields = rows.into_iter().filter(|(_, l, r, _)| !(l.is_empty() && r.is_empty())).map(
            |(what, l, r, mark)| {
                let mark = if l.is_empty() || r.is_empty() { Mark::Missing } else { mark };
                Field { what, left: Identifying::new(l), right: Identifying::new(r), mark }
            },
        );
        Self { fields: fields.collect() }
    }
}

/// The whole name in one piece, so that how its parts were told apart does not matter.
fn joined<'a>(n: &'a Normal, of: impl Fn(&'a NamePart) -> &'a Vec<u8>) -> Vec<u8> {
    [of(&n.family).as_slice(), of(&n.given).as_slice()].concat()
}
