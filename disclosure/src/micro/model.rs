//! Models of privacy (匿名性の基準): what must hold of every class, a class being the persons who look alike.
//!
//! Where two sides can be equal, both are whole numbers: a class on the edge of a model is on the same side everywhere.
//! It must never loosen a model on its own, and never read a value: it sees counts only.

use std::ops::Range;

use super::dataset::Dataset;

mod closeness;
mod entropy;
#[cfg(test)]
mod tests;

use closeness::Closeness;

/// A decimal number with six places, so that thresholds are compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millionths(pub u64);

impl Millionths {
    /// From a number from 0 to 1,000, rounded to six places.
    #[must_use]
    pub fn new(number: f64) -> Option<Self> {
        // Inside this range the product is a whole number that u64 holds.
        (0.0..=1000.0).contains(&number).then(|| Self((number * 1e6).round() as u64))
    }
}

impl std::fmt::Display for Millionths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0 as f64 / 1e6)
    }
}

/// How far apart two sensitive values are, for t-closeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// Any two different values are 1 apart.
    Equal,
    /// Values lie on a line in the order of their hierarchy's leaves; the ends are 1 apart.
    Ordered,
    /// Values are as far apart as the level where they meet, the top being 1.
    Hierarchical,
}

/// A model. Several hold together: all must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// At least `k` persons look alike (k-匿名性; C-036).
    KAnonymity {
        /// Least class size.
        k: u32,
    },
    /// At least `l` different sensitive values (ℓ-多様性; C-038).
    DistinctDiversity {
        /// Which sensitive column, from 0.
        column: usize,
        /// Least number of different values.
        l: u32,
    },
    /// Entropy of the sensitive values at least ln `l`.
    EntropyDiversity {
        /// Which sensitive column, from 0.
        column: usize,
        /// The number whose logarithm is the least entropy.
        l: u32,
    },
    /// Recursive (c, l): the most frequent value is rarer than `c` times the sum of the l-th most frequent and rarer.
    RecursiveDiversity {
        /// Which sensitive column, from 0.
        column: usize,
        /// The factor.
        c: Millionths,
        /// Where the tail begins, from 1.
        l: u32,
    },
    /// The sensitive values of a class lie at most `t` from those of all persons (t-近接性; earth mover's distance).
    Closeness {
        /// Which sensitive column, from 0.
        column: usize,
        /// Greatest distance.
        t: Millionths,
        /// How far apart values are.
        distance: Distance,
    },
    /// At least `k` persons of the population look alike (k-map), whoever is in the release.
    KMap {
        /// Least number in the population.
        k: u32,
    },
    /// On average over the persons kept, the chance to be found is at most `max` (marketer's risk).
    ///
    /// Of one class alone it asks 1/size ≤ `max`, which is enough; a search over whole tables may use
    /// [`Rules::average`] on all classes together.
    AverageRisk {
        /// Greatest average.
        max: Millionths,
    },
}

/// A model that does not fit the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No model at all.
    #[error("ANON_MODEL_NONE: no model; give at least k-anonymity (匿名性の基準がありません)")]
    None,
    /// A sensitive column that is not there.
    #[error("ANON_MODEL_COLUMN: sensitive column number {0} is not in the data (機微項目がありません)")]
    Column(usize),
    /// A parameter that no class, or every class, meets.
    #[error("ANON_MODEL_RANGE: {0} (基準の値が範囲外です)")]
    Range(&'static str),
    /// A distance that needs declared values.
    #[error(
        "ANON_MODEL_ORDER: sensitive column number {0} has no hierarchy; declare one to say which values are close (機微項目の階層が必要です)"
    )]
    Order(usize),
    /// k-map without a population.
    #[error("ANON_MODEL_POPULATION: k-map needs a population table (母集団の表が必要です)")]
    Population,
}

/// What a model may know of a class.
#[derive(Debug, Clone, Copy)]
pub struct ClassStats<'a> {
    /// Persons in the class.
    pub size: u64,
    /// Persons of the population who look the same; `None` without a population.
    pub population: Option<u64>,
    /// Persons by sensitive value, all sensitive columns one after the other ([`Dataset::histogram_layout`]).
    pub histogram: &'a [u32],
}

/// Models bound to a data set.
#[derive(Debug, Clone)]
pub struct Rules {
    rules: Vec<Rule>,
}

/// One model bound to a data set: a predicate over classes.
#[derive(Debug, Clone)]
pub struct Rule {
    model: Model,
    range: Range<usize>,
    closeness: Option<Closeness>,
}

impl Rules {
    /// Binds the models to the data, whose distribution t-closeness compares with.
    ///
    /// # Errors
    /// [`ModelError`] when a model does not fit.
    pub fn bind(models: &[Model], data: &Dataset) -> Result<Self, ModelError> {
        if models.is_empty() {
            return Err(ModelError::None);
        }
        let rules: Result<Vec<_>, _> = models.iter().map(|model| Rule::bind(*model, data)).collect();
        Ok(Self { rules: rules? })
    }

    /// Whether the class satisfies every model.
    #[must_use]
    pub fn ok(&self, class: &ClassStats<'_>) -> bool {
        self.rules.iter().all(|rule| rule.ok(class))
    }

    /// At most this many persons of the class can be kept if it is split in any way: see [`Rule::keepable`].
    #[must_use]
    pub fn keepable(&self, class: &ClassStats<'_>) -> u64 {
        let most = self.rules.iter().map(|rule| rule.keepable(class)).min().unwrap_or(class.size);
        // A part that is kept is itself a class, and the smallest class has k persons.
        if most < self.smallest() { 0 } else { most }
    }

    /// Fewer persons than this are never a class that satisfies.
    #[must_use]
    pub fn smallest(&self) -> u64 {
        let least = |rule: &Rule| match rule.model {
            Model::KAnonymity { k } => u64::from(k),
            Model::DistinctDiversity { l, .. } | Model::EntropyDiversity { l, .. } => u64::from(l),
            _ => 1,
        };
        self.rules.iter().map(least).max().unwrap_or(1)
    }

    /// Whether all models are monotone: see [`Rule::monotone`].
    #[must_use]
    pub fn monotone(&self) -> bool {
        self.rules.iter().all(Rule::monotone)
    }

    /// The greatest average risk over all classes together, when a model asks for one.
    #[must_use]
    pub fn average(&self) -> Option<Millionths> {
        let asked = self.rules.iter().filter_map(|rule| match rule.model {
            Model::AverageRisk { max } => Some(max),
            _ => None,
        });
        asked.min()
    }

    /// The same models without average risk, for a caller that holds it over all classes together.
    #[must_use]
    pub fn without_average(&self) -> Self {
        let rules = self.rules.iter().filter(|r| !matches!(r.model, Model::AverageRisk { .. })).cloned();
        Self { rules: rules.collect() }
    }

    /// Whether the size of a class decides alone: it is at least [`Rules::smallest`].
    #[must_use]
    pub fn size_only(&self) -> bool {
        let by_size =
            |rule: &Rule| matches!(rule.model, Model::KAnonymity { .. } | Model::AverageRisk { .. });
        self.rules.iter().all(by_size)
    }

    /// Whether a model looks at the sensitive values.
    #[must_use]
    pub fn sensitive(&self) -> bool {
        self.rules.iter().any(|rule| !rule.range.is_empty())
    }

    /// Whether a model looks at the population.
    #[must_use]
    pub fn population(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.model, Model::KMap { .. }))
    }
}

impl Rule {
    fn bind(model: Model, data: &Dataset) -> Result<Self, ModelError> {
        let (ranges, _) = data.histogram_layout();
        let of = |column: usize| ranges.get(column).cloned().ok_or(ModelError::Column(column));
        let positive = |n: u32| (n > 0).then_some(()).ok_or(ModelError::Range("k and l must be at least 1"));
        let mut closeness = None;
        let range = match model {
            Model::KAnonymity { k } | Model::KMap { k } => positive(k).map(|()| 0..0),
            Model::DistinctDiversity { column, l } | Model::EntropyDiversity { column, l } => {
                positive(l).and_then(|()| of(column))
            }
            Model::RecursiveDiversity { column, l, c } => match c {
                Millionths(0) => Err(ModelError::Range("c must be above 0")),
                Millionths(_) => positive(l).and_then(|()| of(column)),
            },
            Model::AverageRisk { max: Millionths(1..=1_000_000) } => Ok(0..0),
            Model::AverageRisk { .. } => {
                Err(ModelError::Range("an average risk must be above 0 and at most 1"))
            }
            Model::Closeness { column, t, distance } => {
                closeness = Some(Closeness::bind(data, column, t, distance)?);
                of(column)
            }
        };
        Ok(Self { model, range: range?, closeness })
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> Model {
        self.model
    }

    /// Whether the class satisfies the model.
    #[must_use]
    pub fn ok(&self, class: &ClassStats<'_>) -> bool {
        let counts = class.histogram.get(self.range.clone()).unwrap_or_default();
        match self.model {
            Model::KAnonymity { k } => class.size >= u64::from(k),
            Model::KMap { k } => class.population.is_some_and(|p| p >= u64::from(k)),
            Model::AverageRisk { max } => u128::from(class.size) * u128::from(max.0) >= 1_000_000,
            Model::DistinctDiversity { l, .. } => distinct(counts) >= l as usize,
            Model::EntropyDiversity { l, .. } => entropy::at_least(counts, class.size, l),
            Model::RecursiveDiversity { c, l, .. } => recursive(counts, c, l),
            Model::Closeness { .. } => self.closeness.as_ref().is_some_and(|c| c.ok(counts, class.size)),
        }
    }

    /// Whether persons suppressed in a class stay suppressed in every part of it: then [`Rule::keepable`] is all or
    /// nothing. So it is for k, distinct ℓ and k-map. Entropy and recursive ℓ and t-closeness are not: a failing class may have a
    /// good part. But they are convex: classes that all satisfy, put together, satisfy.
    #[must_use]
    pub fn monotone(&self) -> bool {
        matches!(
            self.model,
            Model::KAnonymity { .. }
                | Model::KMap { .. }
                | Model::DistinctDiversity { .. }
                | Model::AverageRisk { .. }
        )
    }

    /// At most this many persons of the class can be kept, however it is split into classes that satisfy the model:
    /// by convexity the kept ones together would satisfy it too.
    #[must_use]
    pub fn keepable(&self, class: &ClassStats<'_>) -> u64 {
        if self.ok(class) {
            return class.size;
        }
        let counts = class.histogram.get(self.range.clone()).unwrap_or_default();
        match self.model {
            Model::KAnonymity { .. }
            | Model::KMap { .. }
            | Model::DistinctDiversity { .. }
            | Model::AverageRisk { .. } => 0,
            Model::EntropyDiversity { l, .. } | Model::RecursiveDiversity { l, .. } => {
                if distinct(counts) < l as usize { 0 } else { class.size.saturating_sub(1) }
            }
            Model::Closeness { .. } => self.closeness.as_ref().map_or(0, |c| c.keepable(counts, class.size)),
        }
    }
}

fn distinct(counts: &[u32]) -> usize {
    counts.iter().filter(|n| **n > 0).count()
}

fn recursive(counts: &[u32], c: Millionths, l: u32) -> bool {
    let mut present: Vec<u32> = counts.iter().copied().filter(|n| *n > 0).collect();
    present.sort_unstable_by(|a, b| b.cmp(a));
    let most = present.first().copied().map_or(0, u128::from);
    let tail: u128 = present.iter().skip(l as usize - 1).copied().map(u128::from).sum();
    most * 1_000_000 < u128::from(c.0) * tail
}
