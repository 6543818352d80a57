//! Applications (申出) with their versions, steps, messages and dossiers. Rows are written once and never changed; what a
//! step means, and whether it may follow, is judged by `review-board`, never here.

use jiff::Timestamp;
use postgres::error::SqlState;

use crate::error::StorageError;
use crate::registry::BoardDb;

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRow {
    /// Its number.
    pub application_id: String,
    /// The applicant's organisation.
    pub organisation: String,
    /// The application whose approval it would change.
    pub amends: Option<String>,
    /// Who began it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// A version of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Of which application.
    pub application_id: String,
    /// Its number, from 1.
    pub version: u32,
    /// The document, canonical JSON.
    pub document: String,
    /// BLAKE3 of the document.
    pub hash: String,
    /// Who saved it.
    pub saved_by: String,
    /// When.
    pub saved_at: Timestamp,
}

/// Something that happened to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// To which.
    pub application_id: String,
    /// Its place among the events of the application, from 1.
    pub nth: u32,
    /// What.
    pub kind: String,
    /// About which version.
    pub version: Option<u32>,
    /// More, JSON.
    pub body: String,
    /// Who did it.
    pub account: String,
    /// In which role.
    pub role: String,
    /// When.
    pub at: Timestamp,
}

/// What the members were given about a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierRow {
    /// Of which application.
    pub application_id: String,
    /// Its place, from 1.
    pub nth: u32,
    /// Of which version.
    pub version: u32,
    /// The content, JSON.
    pub content: String,
    /// BLAKE3 of the content.
    pub hash: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
}

/// A small number of a row.
pub(crate) fn small(row: &postgres::Row, i: usize) -> Result<u32, StorageError> {
    u32::try_from(row.get::<_, i32>(i)).map_err(|_| StorageError::Damaged("a negative number".to_owned()))
}

/// A small number for a row.
pub(crate) fn int(n: u32) -> Result<i32, StorageError> {
    i32::try_from(n).map_err(|_| StorageError::Damaged("a number that is too large".to_owned()))
}

/// Somebody else was faster, or it stands there already: words instead of the database's.
pub(crate) fn once(doing: &'static str, there: &str) -> impl FnOnce(postgres::Error) -> StorageError {
    let there = there.to_owned();
    move |e| {
        if e.code() == Some(&SqlState::UNIQUE_VIOLATION) {
            StorageError::Refused(there)
        } else {
            StorageError::db(doing)(e)
        }
    }
}

fn read_application(r: &postgres::Row) -> ApplicationRow {
    ApplicationRow {
        application_id: r.get(0),
        organisation: r.get(1),
        amends: r.get(2),
        created_by: r.get(3),
        created_at: r.get(4),
    }
}

fn read_version(r: &postgres::Row) -> Result<VersionRow, StorageError> {
    Ok(VersionRow {
        application_id: r.get(0),
        version: small(r, 1)?,
        document: r.get(2),
        hash: r.get(3),
        saved_by: r.get(4),
        saved_at: r.get(5),
    })
}

fn read_event(r: &postgres::Row) -> Result<EventRow, StorageError> {
    let version: Option<i32> = r.get(3);
    Ok(EventRow {
        application_id: r.get(0),
        nth: small(r, 1)?,
        kind: r.get(2),
        version: version
            .map(u32::try_from)
            .transpose()
            .map_err(|_| StorageError::Damaged("a version that cannot be".to_owned()))?,
        body: r.get(4),
        account: r.get(5),
        role: r.get(6),
        at: r.get(7),
    })
}

/// Enters an event as the next one of its application.
pub(crate) fn insert_event(
    client: &mut impl postgres::GenericClient,
    row: &EventRow,
) -> Result<(), StorageError> {
    client
        .execute(
            "INSERT INTO board.application_event (application_id, nth, kind, version, body, account, role, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                &row.application_id,
                &int(row.nth)?,
                &row.kind,
                &row.version.map(int).transpose()?,
                &row.body,
                &row.account,
                &row.role,
                &row.at,
            ],
        )
        .map_err(once("entering a step", "somebody else has just acted on this application; look again"))?;
    Ok(())
}

impl BoardDb {
    /// Begins an application with its first version. Its number is the next one of the house.
    pub fn begin_application(
        &mut self,
        row: &ApplicationRow,
        document: &str,
        hash: &str,
    ) -> Result<String, StorageError> {
        const DOING: &str = "beginning an application";
        let mut tx = self.client.transaction().map_err(StorageError::db(DOING))?;
        // Two that begin at a time wait for each other: the number is counted.
        tx.execute("SELECT pg_advisory_xact_lock(hashtext('board.application'))", &[])
            .map_err(StorageError::db(DOING))?;
        let id: String = tx
            .query_one(
                "INSERT INTO board.application (application_id, organisation, amends, created_by, created_at)
                 SELECT 'AP-' || lpad((count(*) + 1)::text, 4, '0'), $1, $2, $3, $4::timestamptz FROM board.application
                 RETURNING application_id",
                &[&row.organisation, &row.amends, &row.created_by, &row.created_at],
            )
            .map_err(StorageError::db(DOING))?
            .get(0);
        tx.execute(
            "INSERT INTO board.application_version (application_id, version, document, hash, saved_by, saved_at)
             VALUES ($1, 1, $2, $3, $4, $5)",
            &[&id, &document, &hash, &row.created_by, &row.created_at],
        )
        .map_err(StorageError::db(DOING))?;
        tx.commit().map_err(StorageError::db(DOING))?;
        Ok(id)
    }

    /// All applications by number.
    pub fn applications(&mut self) -> Result<Vec<ApplicationRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT application_id, organisation, amends, created_by, created_at FROM board.application
                 ORDER BY application_id",
                &[],
            )
            .map_err(StorageError::db("reading the applications"))?;
        Ok(rows.iter().map(read_application).collect())
    }

    /// The versions of an application, or of all (empty), by number.
    pub fn application_versions(&mut self, application: &str) -> Result<Vec<VersionRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT application_id, version, document, hash, saved_by, saved_at FROM board.application_version
                 WHERE $1 IN ('', application_id) ORDER BY application_id, version",
                &[&application],
            )
            .map_err(StorageError::db("reading versions"))?;
        rows.iter().map(read_version).collect()
    }

    /// Keeps another version.
    pub fn save_version(&mut self, row: &VersionRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO board.application_version (application_id, version, document, hash, saved_by, saved_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    &row.application_id,
                    &int(row.version)?,
                    &row.document,
                    &row.hash,
                    &row.saved_by,
                    &row.saved_at,
                ],
            )
            .map_err(once("keeping a version", "another version was saved meanwhile; look again"))?;
        Ok(())
    }

    /// The events of an application, or of all (empty), in their order.
    pub fn application_events(&mut self, application: &str) -> Result<Vec<EventRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT application_id, nth, kind, version, body, account, role, at FROM board.application_event
                 WHERE $1 IN ('', application_id) ORDER BY application_id, nth",
                &[&application],
            )
            .map_err(StorageError::db("reading steps"))?;
        rows.iter().map(read_event).collect()
    }

    /// Enters an event, which must be the next one of its application.
    pub fn enter_event(&mut self, row: &EventRow) -> Result<(), StorageError> {
        insert_event(&mut *self.client, row)
    }

    /// Keeps a dossier.
    pub fn keep_dossier(&mut self, row: &DossierRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO board.dossier (application_id, nth, version, content, hash, made_by, made_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &[
                    &row.application_id,
                    &int(row.nth)?,
                    &int(row.version)?,
                    &row.content,
                    &row.hash,
                    &row.made_by,
                    &row.made_at,
                ],
            )
            .map_err(once("keeping a dossier", "another dossier was made meanwhile; look again"))?;
        Ok(())
    }

    /// The newest dossier of an application.
    pub fn newest_dossier(&mut self, application: &str) -> Result<Option<DossierRow>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT application_id, nth, version, content, hash, made_by, made_at FROM board.dossier
                 WHERE application_id = $1 ORDER BY nth DESC LIMIT 1",
                &[&application],
            )
            .map_err(StorageError::db("reading a dossier"))?;
        row.map(|r| {
            Ok(DossierRow {
                application_id: r.get(0),
                nth: small(&r, 1)?,
                version: small(&r, 2)?,
                content: r.get(3),
                hash: r.get(4),
                made_by: r.get(5),
                made_at: r.get(6),
            })
        })
        .transpose()
    }
}
