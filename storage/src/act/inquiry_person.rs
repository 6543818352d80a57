//! About whom an inquiry was (照会の本人), as keyed tokens: the desk finds its own past answers by describing the person again.
//! No name, no number, and nothing to list persons by.

use musubi_model::IdentityId;
use musubi_model::matching::Described;

use super::column;
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// By what somebody is known: token, kind, guard.
pub type Known = (Vec<u8>, String, Vec<u8>);

impl IdentityDb {
    /// Notes about whom an inquiry is.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn inquiry_is_about(
        &mut self,
        inquiry: &str,
        who: &Described,
        without: &[&str],
    ) -> Result<(), StorageError> {
        let doing = "noting about whom an inquiry is";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        for token in who.tokens.iter().filter(|t| !without.contains(&t.kind.as_str())) {
            tx.execute(
                "INSERT INTO compliance.inquiry_person (inquiry_id, kind, token, guard) VALUES ($1, $2, $3, $4)
                 ON CONFLICT DO NOTHING",
                &[&inquiry, &token.kind.as_str(), &token.value, &who.guard.0.as_slice()],
            )
            .map_err(StorageError::db(doing))?;
        }
        tx.commit().map_err(StorageError::db(doing))
    }

    /// The numbers of inquiries about a person, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn inquiries_about(
        &mut self,
        who: &Described,
        without: &[&str],
    ) -> Result<Vec<String>, StorageError> {
        let known: Vec<_> = who.tokens.iter().filter(|t| !without.contains(&t.kind.as_str())).collect();
        let tokens: Vec<&[u8]> = known.iter().map(|t| t.value.as_slice()).collect();
        let kinds: Vec<&str> = known.iter().map(|t| t.kind.as_str()).collect();
        let rows = self
            .client
            .query(
                "SELECT DISTINCT p.inquiry_id FROM unnest($1::bytea[], $2::text[]) AS o (token, kind)
                 JOIN compliance.inquiry_person p ON p.token = o.token AND p.kind = o.kind
                 WHERE p.kind = 'local' OR p.guard = $3 ORDER BY 1",
                &[&tokens, &kinds, &who.guard.0.as_slice()],
            )
            .map_err(StorageError::db("looking for inquiries about a person"))?;
        rows.iter().map(|r| column(r, 0)).collect()
    }

    /// By what these descriptions are known: token, kind, guard.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn tokens_of(&mut self, ids: &[IdentityId]) -> Result<Vec<Known>, StorageError> {
        let ids: Vec<&[u8]> = ids.iter().map(IdentityId::as_bytes).collect();
        let rows = self
            .client
            .query("SELECT token, kind, guard FROM identity.token WHERE identity_id = ANY($1)", &[&ids])
            .map_err(StorageError::db("reading the tokens of a person"))?;
        rows.iter().map(|r| Ok((column(r, 0)?, column(r, 1)?, column(r, 2)?))).collect()
    }
}
