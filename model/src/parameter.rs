//! Parameters (パラメータ): what law, guideline or operator may change, as effective-dated data (invariant 11).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One value of one parameter from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Dotted name, e.g. `statistics.cell_min_persons`.
    pub name: String,
    /// The value.
    pub value: ParameterValue,
    /// First day on which it holds.
    pub from: Date,
    /// Why this value: law, guideline section, or decision.
    pub basis: String,
    /// How sure it is that the basis says so.
    pub verified: Verified,
    /// The least a number may be changed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// The most a number may be changed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// Whether the text of the basis was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verified {
    /// Read in its source.
    #[serde(rename = "V")]
    Read,
    /// From memory; to be checked against the official text.
    #[serde(rename = "M")]
    Memory,
    /// The operator's own decision or design.
    #[serde(rename = "D")]
    Design,
}

impl Verified {
    /// The letter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "V",
            Self::Memory => "M",
            Self::Design => "D",
        }
    }

    /// Of a letter.
    #[must_use]
    pub fn of(letter: &str) -> Option<Self> {
        [Self::Read, Self::Memory, Self::Design].into_iter().find(|v| v.as_str() == letter)
    }
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParameterValue {
    /// A count, a number of days or bytes.
    Number(u64),
    /// A word.
    Text(String),
}

/// All parameters with all their effective dates.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterSet {
    /// The rows.
    #[serde(default, rename = "parameter")]
    pub parameters: Vec<Parameter>,
}

/// A parameter that a gate needs and cannot read: the gate must stop the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// No row of that name holds on that day.
    #[error("parameter {name} has no value on {on}")]
    Missing {
        /// Which.
        name: String,
        /// When.
        on: Date,
    },
    /// The value is of the wrong kind.
    #[error("parameter {name} is not a number")]
    NotANumber {
        /// Which.
        name: String,
    },
    /// The file is not valid.
    #[error("parameters cannot be read: {0}")]
    Unreadable(String),
}

impl ParameterSet {
    /// Reads the TOML form.
    pub fn parse(text: &str) -> Result<Self, ParameterError> {
        toml::from_str(text).map_err(|e| ParameterError::Unreadable(e.to_string()))
    }

    /// The row in force on a day: of those that began, the latest.
    #[must_use]
    pub fn in_force(&self, name: &str, on: Date) -> Option<&Parameter> {
        self.parameters.iter().filter(|p| p.name == name && p.from <= on).max_by_key(|p| p.from)
    }

    /// A number in force on a day.
    pub fn number(&self, name: &str, on: Date) -> Result<u64, ParameterError> {
        match self.in_force(name, on).map(|p| &p.value) {
            Some(ParameterValue::Number(n)) => Ok(*n),
            Some(ParameterValue::Text(_)) => Err(ParameterError::NotANumber { name: name.to_owned() }),
            None => Err(ParameterError::Missing { name: name.to_owned(), on }),
        }
    }

    /// The hash that a run records: of all rows in the order of name and date.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut rows: Vec<_> =
            self.parameters.iter().map(|p| (&p.name, p.from, &p.value, &p.basis, p.verified)).collect();
        rows.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let text = serde_json::to_string(&rows).unwrap_or_default();
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_row_that_began_holds() {
        let set = ParameterSet::parse(
            "[[parameter]]\nname='k'\nvalue=5\nfrom='2024-04-01'\nbasis='a'\nverified='D'\n\
             [[parameter]]\nname='k'\nvalue=10\nfrom='2026-04-01'\nbasis='b'\nverified='V'\n",
        )
        .unwrap();
        assert_eq!(set.number("k", Date::constant(2026, 3, 31)), Ok(5));
        assert_eq!(set.number("k", Date::constant(2026, 4, 1)), Ok(10));
        assert!(matches!(set.number("k", Date::constant(2024, 3, 31)), Err(ParameterError::Missing { .. })));
        let mut reversed = set.clone();
        reversed.parameters.reverse();
        assert_eq!(set.hash(), reversed.hash());
    }
}
