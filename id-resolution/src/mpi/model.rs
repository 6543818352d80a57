//! The model (モデル): everything that decides and that may change, in one versioned file that the house signs.

use serde::{Deserialize, Serialize};

use super::BIT;
use super::weights::{COMPARISONS, Comparison, LEVELS, Weights, add, bits, level};
use crate::names::NameBook;

/// Thresholds and limits, with their basis (mpi.md §5 and `make bench-mpi`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Persons in the population that the feeds cover (対象人口): the more there are, the more strangers look alike.
    pub population: u64,
    /// Groups are joined from this weight on (1/256 bits).
    pub threshold: i32,
    /// Pairs from this weight on are looked at as a whole.
    pub edge: i32,
    /// A pair from this much below the threshold is shown to a person.
    pub grey: i32,
    /// A key held by more records says nothing.
    pub crowded: usize,
    /// A component larger than this is cut at ever higher weights.
    pub component_max: usize,
    /// Weight of a name that the book does not know, as a frequency (1/256 bits).
    pub unseen_name: u16,
    /// Years by which a mistaken era moves a birth date.
    pub era_slips: Vec<i32>,
    /// Rules that need no weighing.
    pub sure: Vec<Sure>,
    /// Weight of a pair that such a rule joins, when the scores give less (1/256 bits).
    pub sure_weight: i32,
    /// What the picture of two groups as a whole adds or takes (1/256 bits).
    pub whole: Whole,
}

/// A deterministic rule with its guard: no identifier is trusted alone (mpi.md §4.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sure {
    /// Its name, as decisions cite it.
    pub name: String,
    /// The identifier that agrees.
    pub key: (Comparison, u8),
    /// One of these has to agree too.
    pub guard: Vec<(Comparison, u8)>,
}

impl Sure {
    fn holds(&self, levels: u64) -> bool {
        let is = |(comparison, wanted): (Comparison, u8)| level(levels, comparison) == usize::from(wanted);
        is(self.key) && self.guard.iter().any(|g| is(*g))
    }
}

/// The four rules of mpi.md §5.1 (c).
fn sure() -> Vec<Sure> {
    let birth = (Comparison::Birth, 1);
    let given = (1..=3).map(|l| (Comparison::Given, l));
    let rule = |name: &str, key, guard: Vec<(Comparison, u8)>| Sure { name: name.to_owned(), key, guard };
    vec![
        rule("rule:inquiry", (Comparison::Inquiry, 1), given.clone().chain([birth]).collect()),
        rule("rule:chart", (Comparison::Local, 1), given.chain([birth]).collect()),
        rule("rule:insured", (Comparison::Insured, 1), vec![birth]),
        rule("rule:care", (Comparison::Care, 1), vec![birth]),
    ]
}

/// Weights of the evidence that only groups have; see `entity.rs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// For each time that the insured number goes back and forth.
    pub insured_turn: i32,
    /// For each time that the city goes back and forth.
    pub city_turn: i32,
    /// For each time that the prefecture of the facilities goes back and forth.
    pub area_turn: i32,
    /// For each time that the family name goes back and forth.
    pub family_turn: i32,
    /// For each further source that holds to its own given name.
    pub given_support: i32,
    /// For each further source that holds to its own birth date.
    pub birth_support: i32,
    /// For each further source that holds to its own sex.
    pub sex_support: i32,
    /// For each facility beyond the first at which both have chart numbers of their own.
    pub local_conflict: i32,
    /// For the first facility that both visit.
    pub facility_first: i32,
    /// For each further facility that both visit.
    pub facility_more: i32,
    /// For each record beyond the first of the smaller group, when the two have no facility in common.
    pub facility_none: i32,
    /// For each further record with another branch under one insured number.
    pub branch_support: i32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            population: 200_000,
            threshold: -BIT,
            edge: -6 * BIT,
            grey: 6 * BIT,
            crowded: 400,
            component_max: 1_000,
            unseen_name: 18 * 256,
            era_slips: vec![63, 14, 25, 49, 77, 11, 37],
            sure: sure(),
            sure_weight: 10 * BIT,
            whole: Whole {
                insured_turn: 3 * BIT / 2,
                city_turn: BIT,
                area_turn: 3 * BIT,
                family_turn: 2 * BIT,
                given_support: 5 * BIT,
                birth_support: 4 * BIT,
                sex_support: 3 * BIT,
                local_conflict: 4 * BIT,
                facility_first: 4 * BIT,
                facility_more: 3 * BIT,
                facility_none: BIT / 2,
                branch_support: 4 * BIT,
            },
        }
    }
}

/// The model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Name and version, recorded with every decision.
    pub version: String,
    /// Thresholds and limits.
    pub rules: Rules,
    /// Probabilities of levels.
    pub weights: Weights,
    /// Names and readings.
    pub names: NameBook,
}

impl Default for Model {
    /// The model that is built in: what is known before any data were seen.
    fn default() -> Self {
        Self {
            version: "builtin/1".to_owned(),
            rules: Rules::default(),
            weights: Weights::default(),
            names: NameBook::builtin(),
        }
    }
}

impl Model {
    /// The weight of a level vector; `family` and `given` are −log2 of the frequencies of names that agree (0: none).
    #[must_use]
    pub fn weigh(&self, levels: u64, family: i32, given: i32) -> i32 {
        Scorer::new(self).weigh(levels, family, given)
    }

    /// The deterministic rule that a level vector fulfils.
    #[must_use]
    pub fn sure_rule(&self, levels: u64) -> Option<&Sure> {
        self.rules.sure.iter().find(|rule| rule.holds(levels))
    }

    fn population_bits(&self) -> i32 {
        let leading = i32::try_from(self.rules.population.max(1).ilog2()).unwrap_or(0);
        let rest = self.rules.population as f64 / f64::from(leading).exp2();
        leading * BIT + bits(rest)
    }
}

/// Levels of a vector that a rule asks for: mask and value.
type Look = (u64, u64);

/// A model made ready for scoring: the same numbers in one flat table.
#[derive(Debug, Clone)]
pub struct Scorer {
    table: [[[i32; 4]; LEVELS]; COMPARISONS],
    prior: [i32; 4],
    /// Rules as (mask, value) of their key, and of each guard.
    sure: Vec<(Look, Vec<Look>)>,
    sure_weight: i32,
    /// Years by which a mistaken era moves a birth date.
    pub era_slips: Vec<i32>,
    /// Pairs from this weight on are looked at as a whole.
    pub edge: i32,
}

impl Scorer {
    /// From a model.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let mut table = [[[0; 4]; LEVELS]; COMPARISONS];
        for (comparison, levels) in table.iter_mut().enumerate() {
            for (at, cell) in levels.iter_mut().enumerate().skip(1) {
                *cell = model.weights.of(comparison, at);
            }
        }
        let mut prior = model.weights.prior;
        if let Some(strangers) = prior.last_mut() {
            *strangers += model.population_bits();
        }
        let mask = |(comparison, wanted): (Comparison, u8)| {
            let shift = 4 * comparison as u32;
            (15u64 << shift, u64::from(wanted) << shift)
        };
        let sure = model
            .rules
            .sure
            .iter()
            .map(|rule| (mask(rule.key), rule.guard.iter().map(|g| mask(*g)).collect()));
        Self {
            table,
            prior,
            sure: sure.collect(),
            sure_weight: model.rules.sure_weight,
            era_slips: model.rules.era_slips.clone(),
            edge: model.rules.edge,
        }
    }

    /// See [`Model::weigh`].
    #[must_use]
    pub fn weigh(&self, levels: u64, family: i32, given: i32) -> i32 {
        let mut sums = self.prior;
        for (comparison, table) in self.table.iter().enumerate() {
            let level = (levels >> (4 * comparison) & 15) as usize;
            // level 0 adds nothing
            if let Some(row) = table.get(level) {
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += weight;
                }
            }
        }
        let [same, household, twin, stranger] = sums;
        let weight = same - add(add(household, twin), stranger - family - given);
        let holds = |(bits, value): &Look| levels & bits == *value;
        let sure = |(key, guard): &(Look, Vec<Look>)| holds(key) && guard.iter().any(holds);
        if weight < self.sure_weight && self.sure.iter().any(sure) { self.sure_weight } else { weight }
    }
}
