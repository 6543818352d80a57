//! The linear programs of this room: relations as rows, and one thin wrapper around HiGHS that keeps its basis from
//! one question to the next.
//!
//! It must never be asked for more than one thread or for random seeds: the same questions give the same answers.

use highs::{Col, HighsModelStatus, Model, RowProblem, Sense};

use super::TableError;
use super::system::{Law, Relation};

/// What is closer to a whole number, or to a bound, than this counts as equal to it. The relations have coefficients
/// of ±1, so that the vertices of their polytopes are fractions of small denominators, and HiGHS answers to 1e-7.
pub(super) const TOLERANCE: f64 = 1e-6;

/// Relations as equations `Σ ±x = 0`. Inequalities get a column of their own for what lies between: these columns
/// stand behind those of the cells, are at least 0, and nobody publishes them.
#[derive(Debug, Clone, Default)]
pub(super) struct Net {
    /// Columns of cells.
    pub cells: usize,
    /// All columns.
    pub columns: usize,
    /// The equations.
    pub rows: Vec<Vec<(usize, f64)>>,
}

impl Net {
    /// The equations of these relations over so many cells.
    pub fn new<'a>(cells: usize, relations: impl IntoIterator<Item = &'a Relation>) -> Self {
        let mut net = Self { cells, columns: cells, rows: Vec::new() };
        for relation in relations {
            let all = |rest: Option<(usize, f64)>| {
                let parts = relation.parts.iter().map(|p| (*p, 1.0));
                parts.chain([(relation.total, -1.0)]).chain(rest).collect::<Vec<_>>()
            };
            match relation.law {
                Law::Sum => net.rows.push(all(None)),
                Law::Overlap => {
                    let rest = net.slack(-1.0);
                    net.rows.push(all(Some(rest)));
                    net.within(relation);
                }
                Law::Within => net.within(relation),
            }
        }
        net
    }

    fn slack(&mut self, sign: f64) -> (usize, f64) {
        self.columns += 1;
        (self.columns - 1, sign)
    }

    fn within(&mut self, relation: &Relation) {
        for part in &relation.parts {
            let rest = self.slack(1.0);
            self.rows.push(vec![(*part, 1.0), (relation.total, -1.0), rest]);
        }
    }

    /// The values of all columns, given those of the cells.
    pub fn complete(&self, counts: &[u64]) -> Vec<f64> {
        let mut values: Vec<f64> = counts.iter().map(|c| to_f64(*c)).collect();
        values.resize(self.columns, 0.0);
        for row in &self.rows {
            let Some(((slack, sign), rest)) = row.split_last() else { continue };
            if *slack >= self.cells {
                let sum: f64 = rest.iter().map(|(c, s)| s * values.get(*c).copied().unwrap_or(0.0)).sum();
                if let Some(value) = values.get_mut(*slack) {
                    *value = -sum * sign;
                }
            }
        }
        values
    }
}

/// A count as a number of the solver; counts of persons lie far below 2^53.
#[allow(clippy::cast_precision_loss)]
pub(super) fn to_f64(count: u64) -> f64 {
    count as f64
}

/// The answer to a minimisation.
pub(super) struct Answer {
    /// The least value.
    pub value: f64,
    /// The columns at which it is reached.
    pub columns: Vec<f64>,
    /// What one more of each column would cost.
    pub reduced: Vec<f64>,
}

/// A linear program that is asked again and again.
pub(super) struct Lp {
    model: Option<Model>,
    columns: Vec<Col>,
    /// Questions answered.
    pub solved: u64,
}

/// How a column starts: cost, least, greatest.
pub(super) type Column = (f64, f64, f64);

/// A row: least, greatest, and its columns.
pub(super) type RowBounds<'a> = (f64, f64, &'a [(usize, f64)]);

impl Lp {
    /// Builds the program; all its costs are minimised. `primal` when between questions only costs will change.
    pub fn new<'a>(
        columns: impl IntoIterator<Item = Column>,
        rows: impl IntoIterator<Item = RowBounds<'a>>,
        primal: bool,
    ) -> Result<Self, TableError> {
        let (problem, columns) = problem(columns, rows, false);
        let mut model = quiet(problem)?;
        option(&mut model, "presolve", "off")?;
        option(&mut model, "solver", "simplex")?;
        option(&mut model, "simplex_strategy", if primal { 4 } else { 1 })?;
        Ok(Self { model: Some(model), columns, solved: 0 })
    }

    /// Changes a column's cost.
    pub fn cost(&mut self, column: usize, cost: f64) {
        if let (Some(model), Some(col)) = (self.model.as_mut(), self.columns.get(column)) {
            model.change_column_cost(*col, cost);
        }
    }

    /// Changes a column's bounds.
    pub fn bound(&mut self, column: usize, least: f64, greatest: f64) {
        if let (Some(model), Some(col)) = (self.model.as_mut(), self.columns.get(column)) {
            model.change_column_bounds(*col, least..=greatest);
        }
    }

    /// Adds a row `Σ ≥ least`.
    pub fn at_least(&mut self, least: f64, row: &[(usize, f64)]) -> Result<(), TableError> {
        let Some(model) = self.model.as_mut() else { return Err(BROKEN) };
        let cols = row.iter().filter_map(|(c, f)| self.columns.get(*c).map(|c| (*c, *f)));
        model.try_add_row(least.., cols).map(|_| ()).map_err(|_| BROKEN)
    }

    /// Minimises; none when nothing satisfies the rows.
    pub fn solve(&mut self) -> Result<Option<Answer>, TableError> {
        let model = self.model.take().ok_or(BROKEN)?;
        self.solved += 1;
        let solved = model.try_solve().map_err(|_| BROKEN)?;
        let status = solved.status();
        let answer = (status == HighsModelStatus::Optimal).then(|| {
            let solution = solved.get_solution();
            Answer {
                value: solved.objective_value(),
                columns: solution.columns().to_vec(),
                reduced: solution.dual_columns().to_vec(),
            }
        });
        self.model = Some(Model::from(solved));
        match status {
            HighsModelStatus::Optimal => Ok(answer),
            HighsModelStatus::Infeasible => Ok(None),
            _ => Err(BROKEN),
        }
    }
}

/// Minimises over columns of 0 or 1; none when nothing satisfies the rows. At most `gap` above
/// the least: with whole costs, less than 1 proves it.
pub(super) fn choose<'a>(
    columns: impl IntoIterator<Item = Column>,
    rows: impl IntoIterator<Item = RowBounds<'a>>,
    gap: f64,
) -> Result<Option<Answer>, TableError> {
    let (problem, _) = problem(columns, rows, true);
    let mut model = quiet(problem)?;
    option(&mut model, "mip_rel_gap", 0.0)?;
    option(&mut model, "mip_abs_gap", gap)?;
    option(&mut model, "mip_heuristic_effort", 0.0)?;
    option(&mut model, "mip_detect_symmetry", false)?;
    let solved = model.try_solve().map_err(|_| BROKEN)?;
    match solved.status() {
        HighsModelStatus::Optimal => Ok(Some(Answer {
            value: solved.objective_value(),
            columns: solved.get_solution().columns().to_vec(),
            reduced: Vec::new(),
        })),
        HighsModelStatus::Infeasible => Ok(None),
        _ => Err(BROKEN),
    }
}

const BROKEN: TableError = TableError::Solver("HiGHS did not finish");

fn problem<'a>(
    columns: impl IntoIterator<Item = Column>,
    rows: impl IntoIterator<Item = RowBounds<'a>>,
    whole: bool,
) -> (RowProblem, Vec<Col>) {
    let mut problem = RowProblem::default();
    let columns: Vec<Col> = columns
        .into_iter()
        .map(|(cost, least, greatest)| problem.add_column_with_integrality(cost, least..=greatest, whole))
        .collect();
    for (least, greatest, row) in rows {
        let row: Vec<(Col, f64)> =
            row.iter().filter_map(|(c, f)| columns.get(*c).map(|c| (*c, *f))).collect();
        problem.add_row(least..=greatest, row);
    }
    (problem, columns)
}

fn quiet(problem: RowProblem) -> Result<Model, TableError> {
    let mut model = problem.try_optimise(Sense::Minimise).map_err(|_| BROKEN)?;
    option(&mut model, "threads", 1)?;
    option(&mut model, "parallel", "off")?;
    option(&mut model, "random_seed", 0)?;
    Ok(model)
}

fn option<V: highs::HighsOptionValue>(model: &mut Model, name: &str, value: V) -> Result<(), TableError> {
    model.try_set_option(name, value).map_err(|_| TableError::Solver("an option HiGHS does not know"))
}
