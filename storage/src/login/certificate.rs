//! Certificates of machines (機械の証明書): which fingerprint stands for which account, until when. Whether it still holds is
//! decided in `compliance::login`.

use jiff::Timestamp;
use postgres::Row;

use super::{Digest, READING, WRITING, digest};
use crate::error::StorageError;
use crate::registry::LoginDb;

/// A registered certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// SHA-256 of its DER.
    pub fingerprint: Digest,
    /// Whose.
    pub account: String,
    /// Who registered it.
    pub registered_by: String,
    /// When.
    pub registered_at: Timestamp,
    /// Until when it holds.
    pub valid_to: Timestamp,
    /// When it was taken back, and by whom.
    pub ended: Option<(Timestamp, String)>,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

const CERTIFICATE: &str =
    "fingerprint, principal_id, registered_by, registered_at, valid_to, ended_at, ended_by, used_at";

fn certificate(row: &Row) -> Result<CertificateRow, StorageError> {
    Ok(CertificateRow {
        fingerprint: digest(row.get(0))?,
        account: row.get(1),
        registered_by: row.get(2),
        registered_at: row.get(3),
        valid_to: row.get(4),
        ended: row.get::<_, Option<Timestamp>>(5).zip(row.get::<_, Option<String>>(6)),
        used_at: row.get(7),
    })
}

impl LoginDb {
    /// The certificate of a fingerprint.
    pub fn certificate(&mut self, fingerprint: &Digest) -> Result<Option<CertificateRow>, StorageError> {
        let sql = format!("SELECT {CERTIFICATE} FROM login.certificate WHERE fingerprint = $1");
        let row =
            self.client.query_opt(&sql, &[&fingerprint.as_slice()]).map_err(StorageError::db(READING))?;
        row.as_ref().map(certificate).transpose()
    }

    /// All certificates, the newest first.
    pub fn certificates(&mut self) -> Result<Vec<CertificateRow>, StorageError> {
        let sql =
            format!("SELECT {CERTIFICATE} FROM login.certificate ORDER BY registered_at DESC, fingerprint");
        let rows = self.client.query(&sql, &[]).map_err(StorageError::db(READING))?;
        rows.iter().map(certificate).collect()
    }

    /// Registers a certificate. `false`: that fingerprint stands there already, and stays as it is.
    pub fn add_certificate(&mut self, row: &CertificateRow) -> Result<bool, StorageError> {
        let added = self
            .client
            .execute(
                "INSERT INTO login.certificate (fingerprint, principal_id, registered_by, registered_at, valid_to)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (fingerprint) DO NOTHING",
                &[
                    &row.fingerprint.as_slice(),
                    &row.account,
                    &row.registered_by,
                    &row.registered_at,
                    &row.valid_to,
                ],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(added == 1)
    }

    /// Takes a certificate back. `false`: there is none, or it was taken back before.
    pub fn end_certificate(
        &mut self,
        fingerprint: &Digest,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let ended = self
            .client
            .execute(
                "UPDATE login.certificate SET ended_at = $2, ended_by = $3
                 WHERE fingerprint = $1 AND ended_at IS NULL",
                &[&fingerprint.as_slice(), &at, &by],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(ended == 1)
    }

    /// Notes that a certificate is used.
    pub fn use_certificate(&mut self, fingerprint: &Digest, at: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "UPDATE login.certificate SET used_at = greatest(used_at, $2) WHERE fingerprint = $1",
                &[&fingerprint.as_slice(), &at],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(())
    }
}
