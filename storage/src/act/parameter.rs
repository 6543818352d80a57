//! Approved changes of parameters (パラメータの変更): rows that two people agreed to, in the order of approval.

use jiff::Timestamp;
use musubi_model::parameter::{Parameter, ParameterValue, Verified};

use crate::error::StorageError;
use crate::registry::ActDb;

impl ActDb {
    /// All approved changes, in the order of approval.
    pub fn parameter_changes(&mut self) -> Result<Vec<Parameter>, StorageError> {
        Ok(self.approved_changes()?.into_iter().map(|(_, row)| row).collect())
    }

    /// All approved changes with the time of approval, in that order.
    pub fn approved_changes(&mut self) -> Result<Vec<(Timestamp, Parameter)>, StorageError> {
        let doing = "reading the changes of parameters";
        let rows = self
            .client
            .query(
                "SELECT name, number, word, valid_from, basis, verified, approved_at
                 FROM compliance.parameter_change ORDER BY change_id",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                let number: Option<i64> = r.try_get(1).map_err(StorageError::db(doing))?;
                let word: Option<String> = r.try_get(2).map_err(StorageError::db(doing))?;
                let verified: String = r.try_get(5).map_err(StorageError::db(doing))?;
                let value = match (number.and_then(|n| u64::try_from(n).ok()), word) {
                    (Some(n), None) => ParameterValue::Number(n),
                    (None, Some(text)) => ParameterValue::Text(text),
                    _ => return Err(StorageError::Damaged("a change of a parameter has no value".into())),
                };
                let approved_at: Timestamp = r.try_get(6).map_err(StorageError::db(doing))?;
                let row = Parameter {
                    name: r.try_get(0).map_err(StorageError::db(doing))?,
                    value,
                    from: r.try_get(3).map_err(StorageError::db(doing))?,
                    basis: r.try_get(4).map_err(StorageError::db(doing))?,
                    verified: Verified::of(&verified)
                        .ok_or_else(|| StorageError::Damaged("how a parameter was verified".into()))?,
                    min: None,
                    max: None,
                };
                Ok((approved_at, row))
            })
            .collect()
    }

    /// Writes a change for which an operation was used.
    pub fn change_parameter(
        &mut self,
        operation: i64,
        row: &Parameter,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let (number, word) = match &row.value {
            ParameterValue::Number(n) => {
                let n = i64::try_from(*n).map_err(|_| StorageError::Refused(format!("{n} is too large")))?;
                (Some(n), None)
            }
            ParameterValue::Text(text) => (None, Some(text.as_str())),
        };
        self.client
            .execute(
                "INSERT INTO compliance.parameter_change
                   (operation_id, name, number, word, valid_from, basis, verified, approved_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &[&operation, &row.name, &number, &word, &row.from, &row.basis, &row.verified.as_str(), &at],
            )
            .map_err(StorageError::db("changing a parameter"))?;
        Ok(())
    }
}
