//! Sums, means and percentiles beside the counts (集計値, law.md R-STA-04): which may be shown.
//!
//! There is no least and no greatest: nothing here can state one. A measure is hidden whenever its count is.
//!
//! It must never keep whose value it was.

/// What must hold for a measure to be shown.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureRule {
    /// Persons behind a sum, mean or deviation, and beyond a percentile on either side.
    pub persons_min: u64,
    /// Greatest share of a sum that one person may hold, 0 to 1 (dominance, 1 者集中).
    pub dominance_share: f64,
    /// Decimal digits kept of means and deviations.
    pub digits: u32,
}

impl Default for MeasureRule {
    /// 10 persons, 80 %, one decimal digit.
    fn default() -> Self {
        Self { persons_min: 10, dominance_share: 0.8, digits: 1 }
    }
}

/// The values of one cell, one number per person, in whole units (yen, points, thousandths of a unit).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contributions {
    per_person: Vec<i64>,
}

/// A measure of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Sum over persons.
    Sum,
    /// Mean per person.
    Mean,
    /// Standard deviation between persons.
    Deviation,
    /// The value below which this share of persons lies, 0 to 100.
    Percentile(u8),
}

/// Why a measure is hidden, or its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It may be shown.
    Value(f64),
    /// The cell's count is hidden.
    CountHidden,
    /// Too few persons behind or beyond it.
    FewPersons,
    /// One person holds too much of the sum.
    Dominated,
}

impl Contributions {
    /// Adds a person's value: the sum over all of that person's records in the cell.
    pub fn person(&mut self, value: i64) {
        self.per_person.push(value);
    }

    /// Decides on a measure. `count_hidden` when the cell's count of persons is not shown.
    #[must_use]
    pub fn measure(&self, measure: Measure, count_hidden: bool, rule: &MeasureRule) -> Outcome {
        let persons = self.per_person.len();
        let enough = |n: usize| u64::try_from(n).unwrap_or(u64::MAX) >= rule.persons_min;
        if count_hidden {
            return Outcome::CountHidden;
        }
        if !enough(persons) || persons == 0 {
            return Outcome::FewPersons;
        }
        let sum: i128 = self.per_person.iter().map(|v| i128::from(*v)).sum();
        let round = |value: f64| {
            let scale = 10f64.powi(i32::try_from(rule.digits).unwrap_or(0));
            (value * scale).round() / scale
        };
        match measure {
            // A mean times the count shown beside it is the sum: both fall under dominance.
            Measure::Sum | Measure::Mean if self.dominated(rule) => Outcome::Dominated,
            Measure::Sum => Outcome::Value(float(sum)),
            Measure::Mean => Outcome::Value(round(float(sum) / size(persons))),
            Measure::Deviation if self.dominated(rule) => Outcome::Dominated,
            Measure::Deviation => {
                let mean = float(sum) / size(persons);
                let squares: f64 =
                    self.per_person.iter().map(|v| (float(i128::from(*v)) - mean).powi(2)).sum();
                Outcome::Value(round((squares / (size(persons) - 1.0).max(1.0)).sqrt()))
            }
            Measure::Percentile(percent) => {
                let mut sorted = self.per_person.clone();
                sorted.sort_unstable();
                // Nearest rank.
                let rank = (usize::from(percent.min(100)) * persons).div_ceil(100).max(1);
                let value = sorted.get(rank - 1).copied().unwrap_or_default();
                // Beyond means strictly: persons of the same value are not beyond it.
                let below = sorted.iter().filter(|v| **v < value).count();
                let above = sorted.iter().filter(|v| **v > value).count();
                if enough(below) && enough(above) {
                    Outcome::Value(float(i128::from(value)))
                } else {
                    Outcome::FewPersons
                }
            }
        }
    }

    /// Does one person hold more than the allowed share of the sum of sizes?
    fn dominated(&self, rule: &MeasureRule) -> bool {
        let sizes = self.per_person.iter().map(|v| u128::from(v.unsigned_abs()));
        let (greatest, all) = sizes.fold((0u128, 0u128), |(g, a), v| (g.max(v), a + v));
        all > 0 && wide(greatest) > rule.dominance_share * wide(all)
    }
}

#[allow(clippy::cast_precision_loss)] // shown as a rounded number anyway
fn float(value: i128) -> f64 {
    value as f64
}

#[allow(clippy::cast_precision_loss)] // compared with a share
fn wide(value: u128) -> f64 {
    value as f64
}

fn size(persons: usize) -> f64 {
    u32::try_from(persons).map_or(f64::INFINITY, f64::from)
}

/// Dosage form (剤形) of a quantity whose persons are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DosageForm {
    /// 内服.
    Oral,
    /// 外用.
    Topical,
    /// 注射.
    Injection,
}

/// May a quantity of a drug be shown (C-054)? With known persons their number decides; otherwise the units do:
/// oral and topical from 1,000, injections from 400. A quantity of zero may be shown.
#[must_use]
pub fn drug_quantity_shown(form: DosageForm, units: u64, persons: Option<u64>, cell_min: u64) -> bool {
    let unit_min = match form {
        DosageForm::Oral | DosageForm::Topical => 1_000,
        DosageForm::Injection => 400,
    };
    match persons {
        Some(persons) => persons == 0 || persons >= cell_min,
        None => units == 0 || units >= unit_min,
    }
}
