//! The best global recoding (大域的再符号化): one level for every column, such that all models hold when at most a given
//! share of persons is suppressed, and nothing that does so loses less.
//!
//! The search is exact: boxes of recodings are split until every one has been looked at or cannot hold anything better
//! than what was found. It must never depend on the number of threads or the order of rows, and never read a clock:
//! how long to go on is for the caller's [`Budget`] to say.

use rayon::prelude::*;

mod branch;
mod judge;
mod key;
mod solution;
mod space;
mod table;

pub use solution::{Measured, Solution, Suppressed};

use super::dataset::Dataset;
use super::model::{Millionths, Model, ModelError, Rules};
use branch::Open;
use judge::{Fate, Verdict};
use key::{Key, Layout};
use space::{Levels, Space};
use table::Table;

/// Why there is no recoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// A model that does not fit the data.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A limit that is no share.
    #[error("ANON_LIMIT: the suppression limit must be from 0 to 1 (抑制率の上限は0から1です)")]
    Limit,
    /// No recoding at all.
    #[error(
        "ANON_NONE: every recoding suppresses at least {suppressed} persons, the limit is {limit}; weaken the models or raise the limit (基準を満たす再符号化がありません)"
    )]
    Impossible {
        /// Persons suppressed at least.
        suppressed: u64,
        /// Persons that may be.
        limit: u64,
    },
    /// Stopped too early.
    #[error(
        "ANON_BUDGET: the budget ended before any recoding was found; give more evaluations (探索の予算が足りません)"
    )]
    Budget,
    /// Too many columns.
    #[error(
        "ANON_WIDE: the columns need {bits} bits, at most 128 are possible; take fewer columns (列が多すぎます)"
    )]
    Wide {
        /// Bits of a packed key.
        bits: u32,
    },
    /// A population with other columns.
    #[error(
        "ANON_POPULATION: the population must have the same columns and hierarchies as the data (母集団の列が違います)"
    )]
    Population,
}

/// How long to search. The answer then says how far from the best it may be.
#[derive(Clone, Copy, Default)]
pub struct Budget<'a> {
    /// At most about this many evaluations of recodings; none: until proven.
    pub evaluations: Option<u64>,
    /// Asked between rounds with the number of evaluations so far; `true` stops. A caller that has a clock asks it
    /// here, and gives up that the same input always has the same answer.
    pub stop: Option<&'a (dyn Fn(u64) -> bool + Sync)>,
}

impl Budget<'_> {
    /// Until the best is proven.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::default()
    }

    fn spent(&self, evaluated: u64) -> bool {
        self.evaluations.is_some_and(|most| evaluated >= most)
            || self.stop.is_some_and(|stop| stop(evaluated))
    }
}

/// The population that the data was drawn from, for k-map.
#[derive(Clone, Copy)]
pub struct Population<'a> {
    /// Rows with the same columns, each standing for as many persons as `persons` says.
    pub rows: &'a Dataset,
    /// Persons by row.
    pub persons: &'a [u32],
}

/// Everything that stays the same during a search.
struct Problem<'a, K> {
    space: Space,
    layout: Layout,
    rules: Rules,
    average: Option<Millionths>,
    /// Length of a class's histogram of sensitive values; 0 when no model asks for it.
    histogram: usize,
    /// Whether the size of a class alone decides.
    size_only: bool,
    limit: u64,
    records: u64,
    data: &'a Dataset,
    /// How wide the keys are.
    key: std::marker::PhantomData<K>,
}

/// Regions looked at in one round, whatever the number of threads, so that the answer does not depend on it.
const ROUND: usize = 4;

/// Fewer persons than this are looked at faster than threads are woken.
const WORTH_THREADS: u64 = 50_000;

/// The best global recoding.
///
/// `limit` is the share of persons that may be suppressed: at most floor(limit · N + 1e-9) persons.
///
/// # Errors
/// [`SearchError`]: models that do not fit, or no recoding at all.
pub fn optimal(
    data: &Dataset,
    models: &[Model],
    limit: f64,
    budget: &Budget<'_>,
) -> Result<Solution, SearchError> {
    optimal_in(data, None, models, limit, budget)
}

/// The best global recoding of persons drawn from a population.
///
/// # Errors
/// As [`optimal`]; also a population that does not have the same columns.
pub fn optimal_in(
    data: &Dataset,
    population: Option<Population<'_>>,
    models: &[Model],
    limit: f64,
    budget: &Budget<'_>,
) -> Result<Solution, SearchError> {
    let rules = Rules::bind(models, data)?;
    if rules.population() && population.is_none() {
        return Err(ModelError::Population.into());
    }
    if !(0.0..=1.0).contains(&limit) {
        return Err(SearchError::Limit);
    }
    let same = |p: &Population<'_>| {
        let hierarchies = |d: &Dataset| d.columns().iter().map(|c| c.hierarchy.clone()).collect::<Vec<_>>();
        p.persons.len() == p.rows.rows() && hierarchies(p.rows) == hierarchies(data)
    };
    if !population.as_ref().is_none_or(same) {
        return Err(SearchError::Population);
    }
    let layout = Layout::new(data, rules.sensitive());
    match layout.bits {
        0..=64 => Problem::<u64>::new(data, &rules, layout, limit).solve(population, budget),
        65..=128 => Problem::<u128>::new(data, &rules, layout, limit).solve(population, budget),
        bits => Err(SearchError::Wide { bits }),
    }
}

impl<'a, K: Key> Problem<'a, K> {
    fn new(data: &'a Dataset, rules: &Rules, layout: Layout, limit: f64) -> Self {
        let records = data.rows() as u64;
        Self {
            space: Space::new(data),
            average: rules.average(),
            histogram: if rules.sensitive() { data.histogram_layout().1 } else { 0 },
            size_only: rules.size_only(),
            rules: rules.without_average(),
            layout,
            // Both factors are small enough for the product to be exact to 1e-6.
            limit: (limit * records as f64 + 1e-9).floor() as u64,
            records,
            data,
            key: std::marker::PhantomData,
        }
    }

    fn root_table(&self, population: Option<Population<'_>>) -> Table<K> {
        let others = population.filter(|_| self.rules.population()).map_or_else(Vec::new, |p| {
            let no_sensitive = Layout { sensitive: Vec::new(), ..self.layout.clone() };
            no_sensitive.keys(p.rows).into_iter().zip(p.persons.iter().copied()).collect()
        });
        Table::new(&self.space, self.layout.keys(self.data), &others)
    }

    fn solve(
        &self,
        population: Option<Population<'_>>,
        budget: &Budget<'_>,
    ) -> Result<Solution, SearchError> {
        let mut search = branch::Search::start(self, self.root_table(population));
        while !budget.spent(search.evaluated) {
            let round = search.next(ROUND);
            if round.is_empty() {
                break;
            }
            let best = search.best.clone();
            let work = |region: Open<K>| region.work(self, best.as_ref());
            let done: Vec<_> = if self.records < WORTH_THREADS {
                round.into_iter().map(work).collect()
            } else {
                round.into_par_iter().map(work).collect()
            };
            done.into_iter().for_each(|one| search.take(one));
        }
        search.finish(population)
    }
}
