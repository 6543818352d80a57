//! Organisations and accounts (事業者・アカウント): every version that was ever entered, and when an account last acted.
//!
//! A version is never changed; whoever reads takes the newest. No name of a person is kept: an account has an id and a
//! staff number.

use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{Row, Transaction};
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::registry::ActDb;

/// An organisation as entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `operator`, `contractor`, `sub-contractor`.
    pub kind: String,
    /// Of a sub-contractor: who entrusted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Number of the certificate.
    pub certificate: String,
    /// First day of the certificate.
    pub valid_from: Date,
    /// Its last day.
    pub valid_to: Date,
    /// Zones that it covers.
    pub zones: Vec<String>,
    /// What it does for the operator.
    pub work: String,
    /// No longer works for the operator.
    #[serde(default)]
    pub retired: bool,
}

/// An account as entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrincipalRow {
    /// Its id; stands in the audit chain.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// `human`, `service`.
    pub kind: String,
    /// Of a human: the number under which the organisation knows who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_number: Option<String>,
    /// Acts in its roles where no account is named.
    #[serde(default)]
    pub default: bool,
    /// Last training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<Date>,
    /// Day of the pledge of secrecy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pledged_on: Option<Date>,
    /// Day from which whoever had it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_on: Option<Date>,
    /// Closed.
    #[serde(default)]
    pub retired: bool,
    /// Its roles.
    pub roles: Vec<HeldRoleRow>,
}

/// A role of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldRoleRow {
    /// Which.
    pub role: String,
    /// First day.
    pub from: Date,
    /// Last day; `None`: open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// When an account last acted in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleUse {
    /// Which account.
    pub principal: String,
    /// In which role.
    pub role: String,
    /// When.
    pub at: Timestamp,
}

/// A version of an organisation or an account, for its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version<T> {
    /// From 1.
    pub version: i64,
    /// When it was entered.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What was entered.
    pub row: T,
}

const READING: &str = "reading the organisations";
const ENTERING: &str = "entering organisations";

const ORGANISATION: &str =
    "organisation_id, name, kind, parent, certificate, valid_from, valid_to, zones, work, retired,
    version, recorded_at, recorded_by";

const PRINCIPAL: &str = "p.principal_id, p.organisation_id, p.kind, p.staff_number, p.is_default, p.trained_on,
    p.pledged_on, p.left_on, p.retired, p.version, p.recorded_at, p.recorded_by, r.role, r.valid_from, r.valid_to";

fn organisation(row: &Row) -> Result<Version<OrganisationRow>, postgres::Error> {
    Ok(Version {
        version: row.try_get(10)?,
        at: row.try_get(11)?,
        by: row.try_get(12)?,
        row: OrganisationRow {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            kind: row.try_get(2)?,
            parent: row.try_get(3)?,
            certificate: row.try_get(4)?,
            valid_from: row.try_get(5)?,
            valid_to: row.try_get(6)?,
            zones: row.try_get(7)?,
            work: row.try_get(8)?,
            retired: row.try_get(9)?,
        },
    })
}

/// One row for each role: joins those of a version together.
fn principals(rows: &[Row]) -> Result<Vec<Version<PrincipalRow>>, postgres::Error> {
    let mut found: Vec<Version<PrincipalRow>> = Vec::new();
    for row in rows {
        let (id, version): (String, i64) = (row.try_get(0)?, row.try_get(9)?);
        if !found.last().is_some_and(|p| p.row.id == id && p.version == version) {
            found.push(Version {
                version,
                at: row.try_get(10)?,
                by: row.try_get(11)?,
                row: PrincipalRow {
                    id,
                    organisation: row.try_get(1)?,
                    kind: row.try_get(2)?,
                    staff_number: row.try_get(3)?,
                    default: row.try_get(4)?,
                    trained_on: row.try_get(5)?,
                    pledged_on: row.try_get(6)?,
                    left_on: row.try_get(7)?,
                    retired: row.try_get(8)?,
                    roles: Vec::new(),
                },
            });
        }
        if let (Some(role), Some(last)) = (row.try_get::<_, Option<String>>(12)?, found.last_mut()) {
            last.row.roles.push(HeldRoleRow { role, from: row.try_get(13)?, to: row.try_get(14)? });
        }
    }
    Ok(found)
}

fn enter_organisation(
    tx: &mut Transaction<'_>,
    row: &OrganisationRow,
    by: &str,
    at: Timestamp,
) -> Result<(), postgres::Error> {
    tx.execute(
        "INSERT INTO compliance.organisation
           (organisation_id, version, name, kind, parent, certificate, valid_from, valid_to, zones, work, retired,
            recorded_at, recorded_by)
         SELECT $1, 1 + coalesce(max(version), 0), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
         FROM compliance.organisation WHERE organisation_id = $1",
        &[
            &row.id,
            &row.name,
            &row.kind,
            &row.parent,
            &row.certificate,
            &row.valid_from,
            &row.valid_to,
            &row.zones,
            &row.work,
            &row.retired,
            &at,
            &by,
        ],
    )?;
    Ok(())
}

fn enter_principal(
    tx: &mut Transaction<'_>,
    row: &PrincipalRow,
    by: &str,
    at: Timestamp,
) -> Result<(), postgres::Error> {
    let version: i64 = tx
        .query_one(
            "INSERT INTO compliance.principal
               (principal_id, version, organisation_id, kind, staff_number, is_default, trained_on, pledged_on, left_on,
                retired, recorded_at, recorded_by)
             SELECT $1, 1 + coalesce(max(version), 0), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
             FROM compliance.principal WHERE principal_id = $1 RETURNING version",
            &[
                &row.id,
                &row.organisation,
                &row.kind,
                &row.staff_number,
                &row.default,
                &row.trained_on,
                &row.pledged_on,
                &row.left_on,
                &row.retired,
                &at,
                &by,
            ],
        )?
        .try_get(0)?;
    for held in &row.roles {
        tx.execute(
            "INSERT INTO compliance.principal_role (principal_id, version, role, valid_from, valid_to)
             VALUES ($1, $2, $3, $4, $5)",
            &[&row.id, &version, &held.role, &held.from, &held.to],
        )?;
    }
    Ok(())
}

impl ActDb {
    /// All organisations as they are now.
    pub fn organisations(&mut self) -> Result<Vec<OrganisationRow>, StorageError> {
        let sql = format!(
            "SELECT DISTINCT ON (organisation_id) {ORGANISATION} FROM compliance.organisation
             ORDER BY organisation_id, version DESC"
        );
        let rows = self.client.query(&sql, &[]).map_err(StorageError::db(READING))?;
        rows.iter().map(|r| organisation(r).map(|v| v.row).map_err(StorageError::db(READING))).collect()
    }

    /// All accounts as they are now.
    pub fn principals(&mut self) -> Result<Vec<PrincipalRow>, StorageError> {
        let sql = format!(
            "SELECT {PRINCIPAL} FROM compliance.principal p LEFT JOIN compliance.principal_role r USING (principal_id, version)
             WHERE p.version = (SELECT max(version) FROM compliance.principal n WHERE n.principal_id = p.principal_id)
             ORDER BY p.principal_id, p.version, r.role, r.valid_from"
        );
        let rows = self.client.query(&sql, &[]).map_err(StorageError::db(READING))?;
        let found = principals(&rows).map_err(StorageError::db(READING))?;
        Ok(found.into_iter().map(|v| v.row).collect())
    }

    /// Every version of an organisation, the oldest first.
    pub fn organisation_history(&mut self, id: &str) -> Result<Vec<Version<OrganisationRow>>, StorageError> {
        let sql = format!(
            "SELECT {ORGANISATION} FROM compliance.organisation WHERE organisation_id = $1 ORDER BY version"
        );
        let rows = self.client.query(&sql, &[&id]).map_err(StorageError::db(READING))?;
        rows.iter().map(|r| organisation(r).map_err(StorageError::db(READING))).collect()
    }

    /// Every version of an account, the oldest first.
    pub fn principal_history(&mut self, id: &str) -> Result<Vec<Version<PrincipalRow>>, StorageError> {
        let sql = format!(
            "SELECT {PRINCIPAL} FROM compliance.principal p LEFT JOIN compliance.principal_role r USING (principal_id, version)
             WHERE p.principal_id = $1 ORDER BY p.principal_id, p.version, r.role, r.valid_from"
        );
        let rows = self.client.query(&sql, &[&id]).map_err(StorageError::db(READING))?;
        principals(&rows).map_err(StorageError::db(READING))
    }

    /// Enters new versions, all or none.
    pub fn enter_organisations(
        &mut self,
        organisations: &[OrganisationRow],
        principals: &[PrincipalRow],
        by: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let mut tx = self.client.transaction().map_err(StorageError::db(ENTERING))?;
        for row in organisations {
            enter_organisation(&mut tx, row, by, at).map_err(StorageError::db(ENTERING))?;
        }
        for row in principals {
            enter_principal(&mut tx, row, by, at).map_err(StorageError::db(ENTERING))?;
        }
        tx.commit().map_err(StorageError::db(ENTERING))
    }

    /// Notes that an account acts in a role.
    pub fn note_role_use(&mut self, principal: &str, role: &str, at: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.role_use (principal_id, role, used_at) VALUES ($1, $2, $3)
                 ON CONFLICT (principal_id, role)
                 DO UPDATE SET used_at = greatest(compliance.role_use.used_at, excluded.used_at)",
                &[&principal, &role, &at],
            )
            .map_err(StorageError::db("noting a use of a role"))?;
        Ok(())
    }

    /// When accounts were first entered.
    pub fn principals_entered(&mut self) -> Result<Vec<(String, Timestamp)>, StorageError> {
        let sql = "SELECT principal_id, recorded_at FROM compliance.principal WHERE version = 1 ORDER BY 1";
        let rows = self.client.query(sql, &[]).map_err(StorageError::db(READING))?;
        rows.iter()
            .map(|r| Ok((r.try_get(0)?, r.try_get(1)?)))
            .collect::<Result<_, postgres::Error>>()
            .map_err(StorageError::db(READING))
    }

    /// When accounts last acted, in each role.
    pub fn role_uses(&mut self) -> Result<Vec<RoleUse>, StorageError> {
        let doing = "reading the uses of roles";
        let rows = self
            .client
            .query("SELECT principal_id, role, used_at FROM compliance.role_use ORDER BY 1, 2", &[])
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| Ok(RoleUse { principal: r.try_get(0)?, role: r.try_get(1)?, at: r.try_get(2)? }))
            .collect::<Result<_, postgres::Error>>()
            .map_err(StorageError::db(doing))
    }
}
