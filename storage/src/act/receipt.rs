//! Receipt records (受領記録) and what stands beside them: confirmations, sealed lists of persons, provision records.
//!
//! The load writes record and list in its own transaction; the books of the Act read the record, and only the role that
//! holds keys reads a list. Nothing here may open a sealed byte.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::SubmissionId;
use musubi_model::ids::ProviderId;
use musubi_model::manifest::Provider;
use postgres::Row;

use super::{column, count, signed};
use crate::agreement::{PROVIDER, provider_row};
use crate::error::StorageError;
use crate::ingest::Load;
use crate::registry::{ActDb, IdentityDb};

/// A receipt record as the load writes it (law: R-RCV-01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// The delivery.
    pub submission: SubmissionId,
    /// The provider, with what was known of it that day.
    pub provider: Provider,
    /// When it came.
    pub received_at: Timestamp,
    /// Records by kind, `SY:3 SI:12`.
    pub items: String,
    /// Persons taken in.
    pub persons: u64,
    /// Records.
    pub records: u64,
    /// Files.
    pub files: u64,
    /// Units in quarantine.
    pub quarantined: u64,
    /// BLAKE3 over the sorted hashes of the files.
    pub files_root: String,
    /// Key under which the list of persons is sealed.
    pub key_id: [u8; 16],
    /// The account under which the load ran.
    pub job: String,
}

/// What a person confirmed of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmationRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The provider, in full.
    pub provider: Provider,
    /// Serial number of the medium; empty on a line.
    pub media_serial: String,
}

/// A provider's provision record as made for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionRow {
    /// The delivery.
    pub submission: SubmissionId,
    /// The provider.
    pub provider: ProviderId,
    /// The day on which it provided.
    pub provided_on: Date,
    /// To whom.
    pub operator: String,
    /// Records by kind.
    pub items: String,
    /// Persons.
    pub persons: u64,
    /// When the record was made.
    pub made_at: Timestamp,
    /// BLAKE3 of the CSV.
    pub content_hash: String,
    /// Its counts equal those of the receipt record.
    pub agrees: bool,
}

/// What the stored units of a delivery say, counted anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCount {
    /// The provider.
    pub provider: String,
    /// Distinct descriptions of persons.
    pub persons: u64,
    /// `records` of every unit that was not left out.
    pub items: Vec<String>,
    /// Units in quarantine.
    pub quarantined: u64,
}

/// A wish to read a sealed list, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingRow {
    /// Its number.
    pub id: u64,
    /// `asked`, `agreed`, `read`.
    pub step: String,
    /// The delivery.
    pub submission: SubmissionId,
    /// The provider.
    pub provider: String,
    /// Who took this step.
    pub actor: String,
    /// Why; of the step `asked`.
    pub reason: String,
}

impl Load<'_> {
    /// Writes a receipt record.
    pub fn receipt(&mut self, r: &ReceiptRow) -> Result<(), StorageError> {
        let s = &r.provider.standing;
        self.transaction
            .execute(
                "INSERT INTO compliance.receipt_record (submission_id, provider_id, received_at, provider_name, kind,
                   address, representative, acquisition, filing_id, method, items, persons, records, files,
                   quarantined, files_root, key_id, job)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
                 ON CONFLICT (submission_id, provider_id) DO NOTHING",
                &[
                    &r.submission.as_bytes(),
                    &r.provider.id.as_str(),
                    &r.received_at,
                    &r.provider.name,
                    &s.kind,
                    &s.address,
                    &s.representative,
                    &s.acquisition,
                    &s.filing,
                    &s.method,
                    &r.items,
                    &signed(r.persons)?,
                    &signed(r.records)?,
                    &signed(r.files)?,
                    &signed(r.quarantined)?,
                    &r.files_root,
                    &r.key_id.as_slice(),
                    &r.job,
                ],
            )
            .map_err(StorageError::db("writing a receipt record"))?;
        Ok(())
    }

    /// Adds a sealed part of a receipt's list of persons.
    pub fn receipt_persons(
        &mut self,
        provider: &ProviderId,
        part: u32,
        sealed: &[u8],
    ) -> Result<(), StorageError> {
        let part = i32::try_from(part).map_err(|_| StorageError::Damaged("too many parts".to_owned()))?;
        self.transaction
            .execute(
                "INSERT INTO compliance.receipt_persons (submission_id, provider_id, part, sealed)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                &[&self.submission.as_bytes(), &provider.as_str(), &part, &sealed],
            )
            .map_err(StorageError::db("writing a receipt's list of persons"))?;
        Ok(())
    }

    /// The providers agreed on, with what is known of them now.
    pub fn providers(&mut self) -> Result<Vec<Provider>, StorageError> {
        let rows = self.transaction.query(PROVIDER, &[]).map_err(StorageError::db("reading agreements"))?;
        rows.iter().map(provider_row).collect()
    }

    /// When this delivery came.
    pub fn received_at(&mut self) -> Result<Timestamp, StorageError> {
        let row = self
            .transaction
            .query_one(
                "SELECT received_at FROM intake.submission WHERE submission_id = $1",
                &[&self.submission.as_bytes()],
            )
            .map_err(StorageError::db("reading a submission"))?;
        column(&row, 0)
    }
}

fn submission(row: &Row, at: usize) -> Result<SubmissionId, StorageError> {
    SubmissionId::from_slice(column(row, at)?)
        .ok_or_else(|| StorageError::Damaged("the id of a submission".to_owned()))
}

const RECEIPT: &str = "SELECT r.provider_id, r.provider_name, p.prefecture, r.kind, r.address, r.representative,
    r.acquisition, r.filing_id, r.method, r.submission_id, r.received_at, r.items, r.persons, r.records, r.files,
    r.quarantined, r.files_root, r.key_id, r.job,
    c.provider_id, c.provider_name, p.prefecture, r.kind, c.address, c.representative, c.acquisition, c.filing_id,
    c.method, c.confirmed_at, c.confirmed_by, c.media_serial
  FROM compliance.receipt_record r JOIN agreement.provider p USING (provider_id)
  LEFT JOIN compliance.receipt_confirmation c USING (submission_id, provider_id)";

/// The confirmation's columns begin here.
const CONFIRMED: usize = 19;

fn receipt_row(row: &Row) -> Result<(ReceiptRow, Option<ConfirmationRow>), StorageError> {
    let key: &[u8] = column(row, 17)?;
    let receipt = ReceiptRow {
        provider: provider_row(row)?,
        submission: submission(row, 9)?,
        received_at: column(row, 10)?,
        items: column(row, 11)?,
        persons: count(row, 12)?,
        records: count(row, 13)?,
        files: count(row, 14)?,
        quarantined: count(row, 15)?,
        files_root: column(row, 16)?,
        key_id: key.try_into().map_err(|_| StorageError::Damaged("a key id".to_owned()))?,
        job: column(row, 18)?,
    };
    if column::<Option<&str>>(row, CONFIRMED)?.is_none() {
        return Ok((receipt, None));
    }
    let mut provider = receipt.provider.clone();
    provider.name = column(row, CONFIRMED + 1)?;
    provider.standing.address = column(row, CONFIRMED + 4)?;
    provider.standing.representative = column(row, CONFIRMED + 5)?;
    provider.standing.acquisition = column(row, CONFIRMED + 6)?;
    provider.standing.filing = column(row, CONFIRMED + 7)?;
    provider.standing.method = column(row, CONFIRMED + 8)?;
    let confirmation = ConfirmationRow {
        provider,
        at: column(row, CONFIRMED + 9)?,
        by: column(row, CONFIRMED + 10)?,
        media_serial: column(row, CONFIRMED + 11)?,
    };
    Ok((receipt, Some(confirmation)))
}

impl ActDb {
    /// Receipt records with their confirmations, oldest first; of one delivery, or of all.
    pub fn receipts(
        &mut self,
        of: Option<&SubmissionId>,
    ) -> Result<Vec<(ReceiptRow, Option<ConfirmationRow>)>, StorageError> {
        let id = of.map(SubmissionId::as_bytes);
        let rows = self
            .client
            .query(
                &format!(
                    "{RECEIPT} WHERE $1::bytea IS NULL OR r.submission_id = $1
                     ORDER BY r.received_at, r.submission_id, r.provider_id"
                ),
                &[&id],
            )
            .map_err(StorageError::db("reading receipt records"))?;
        rows.iter().map(receipt_row).collect()
    }

    /// Acknowledged deliveries without any receipt record: they came before there were such records, or something is wrong.
    pub fn deliveries_without_receipt(&mut self) -> Result<Vec<SubmissionId>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT submission_id FROM intake.submission s WHERE state IN ('loaded', 'balanced', 'acknowledged')
                   AND NOT EXISTS (SELECT FROM compliance.receipt_record r WHERE r.submission_id = s.submission_id)
                 ORDER BY received_at, submission_id",
                &[],
            )
            .map_err(StorageError::db("looking for receipt records"))?;
        rows.iter().map(|r| submission(r, 0)).collect()
    }

    /// What is agreed on a provider now.
    pub fn provider(&mut self, id: &ProviderId) -> Result<Option<Provider>, StorageError> {
        self.client
            .query_opt(&format!("{PROVIDER} WHERE provider_id = $1"), &[&id.as_str()])
            .map_err(StorageError::db("reading agreements"))?
            .as_ref()
            .map(provider_row)
            .transpose()
    }

    /// Keeps a confirmation; `false` when the receipt is confirmed already.
    pub fn confirm_receipt(
        &mut self,
        submission: &SubmissionId,
        c: &ConfirmationRow,
    ) -> Result<bool, StorageError> {
        let s = &c.provider.standing;
        let done = self
            .client
            .execute(
                "INSERT INTO compliance.receipt_confirmation (submission_id, provider_id, confirmed_at, confirmed_by,
                   provider_name, address, representative, acquisition, filing_id, method, media_serial)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
                &[
                    &submission.as_bytes(),
                    &c.provider.id.as_str(),
                    &c.at,
                    &c.by,
                    &c.provider.name,
                    &s.address,
                    &s.representative,
                    &s.acquisition,
                    &s.filing,
                    &s.method,
                    &c.media_serial,
                ],
            )
            .map_err(StorageError::db("confirming a receipt"))?;
        Ok(done == 1)
    }

    /// Counts of the stored units of a delivery, by provider.
    pub fn stored_counts(&mut self, id: &SubmissionId) -> Result<Vec<StoredCount>, StorageError> {
        let rows = self
            .client
            .query("SELECT * FROM compliance.stored_counts($1)", &[&id.as_bytes()])
            .map_err(StorageError::db("counting a delivery"))?;
        rows.iter()
            .map(|r| {
                Ok(StoredCount {
                    provider: column(r, 0)?,
                    persons: count(r, 1)?,
                    items: column::<Option<Vec<String>>>(r, 2)?.unwrap_or_default(),
                    quarantined: count(r, 3)?,
                })
            })
            .collect()
    }

    /// Keeps our mirror of a provision record.
    pub fn keep_provision(&mut self, p: &ProvisionRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.provision_record (submission_id, provider_id, provided_on, operator_name, items,
                   persons, made_at, content_hash, agrees) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                &[
                    &p.submission.as_bytes(),
                    &p.provider.as_str(),
                    &p.provided_on,
                    &p.operator,
                    &p.items,
                    &signed(p.persons)?,
                    &p.made_at,
                    &p.content_hash,
                    &p.agrees,
                ],
            )
            .map_err(StorageError::db("keeping a provision record"))?;
        Ok(())
    }

    /// The newest provision record of each provider of each delivery.
    pub fn provisions(&mut self) -> Result<Vec<ProvisionRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT ON (submission_id, provider_id) submission_id, provider_id, provided_on, operator_name,
                   items, persons, made_at, content_hash, agrees
                 FROM compliance.provision_record ORDER BY submission_id, provider_id, made_at DESC",
                &[],
            )
            .map_err(StorageError::db("reading provision records"))?;
        rows.iter()
            .map(|r| {
                Ok(ProvisionRow {
                    submission: submission(r, 0)?,
                    provider: ProviderId::new(column(r, 1)?)
                        .map_err(|e| StorageError::Damaged(e.to_string()))?,
                    provided_on: column(r, 2)?,
                    operator: column(r, 3)?,
                    items: column(r, 4)?,
                    persons: count(r, 5)?,
                    made_at: column(r, 6)?,
                    content_hash: column(r, 7)?,
                    agrees: column(r, 8)?,
                })
            })
            .collect()
    }

    /// Somebody asks to read a list of persons. Returns the wish's number.
    pub fn ask_reading(
        &mut self,
        submission: &SubmissionId,
        provider: &str,
        at: Timestamp,
        actor: &str,
        reason: &str,
    ) -> Result<u64, StorageError> {
        let row = self
            .client
            .query_one(
                "INSERT INTO compliance.receipt_reading (reading_id, step, submission_id, provider_id, at, actor, reason)
                 SELECT COALESCE(max(reading_id), 0) + 1, 'asked', $1, $2, $3, $4, $5 FROM compliance.receipt_reading
                 RETURNING reading_id",
                &[&submission.as_bytes(), &provider, &at, &actor, &reason],
            )
            .map_err(StorageError::db("asking for a list of persons"))?;
        count(&row, 0)
    }

    /// Takes the next step of a wish.
    pub fn step_reading(
        &mut self,
        id: u64,
        step: &str,
        at: Timestamp,
        actor: &str,
    ) -> Result<(), StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO compliance.receipt_reading (reading_id, step, submission_id, provider_id, at, actor, reason)
                 SELECT reading_id, $2, submission_id, provider_id, $3, $4, '' FROM compliance.receipt_reading
                 WHERE reading_id = $1 AND step = 'asked' ON CONFLICT DO NOTHING",
                &[&signed(id)?, &step, &at, &actor],
            )
            .map_err(StorageError::db("agreeing to a list of persons"))?;
        if done == 1 { Ok(()) } else { Err(StorageError::Refused("that step was taken already".to_owned())) }
    }

    /// The steps taken of a wish.
    pub fn reading(&mut self, id: u64) -> Result<Vec<ReadingRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT reading_id, step, submission_id, provider_id, actor, reason FROM compliance.receipt_reading
                 WHERE reading_id = $1 ORDER BY at",
                &[&signed(id)?],
            )
            .map_err(StorageError::db("reading who asked for a list of persons"))?;
        rows.iter()
            .map(|r| {
                Ok(ReadingRow {
                    id: count(r, 0)?,
                    step: column(r, 1)?,
                    submission: submission(r, 2)?,
                    provider: column(r, 3)?,
                    actor: column(r, 4)?,
                    reason: column(r, 5)?,
                })
            })
            .collect()
    }
}

impl IdentityDb {
    /// The sealed parts of a list of persons and its key, for a wish to which two people agreed; nothing without.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when nobody, or only the one who asked, agreed.
    pub fn receipt_persons(&mut self, reading: u64) -> Result<([u8; 16], Vec<Vec<u8>>), StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT r.key_id, r.submission_id, r.provider_id FROM compliance.receipt_reading a
                 JOIN compliance.receipt_reading b ON b.reading_id = a.reading_id AND b.step = 'agreed'
                   AND b.submission_id = a.submission_id AND b.provider_id = a.provider_id
                 JOIN compliance.receipt_record r ON r.submission_id = a.submission_id AND r.provider_id = a.provider_id
                 WHERE a.reading_id = $1 AND a.step = 'asked' AND lower(b.actor) <> lower(a.actor)",
                &[&signed(reading)?],
            )
            .map_err(StorageError::db("reading who asked for a list of persons"))?
            .ok_or_else(|| StorageError::Refused("a list of persons is read by two people only".to_owned()))?;
        let key: &[u8] = column(&row, 0)?;
        let parts = self
            .client
            .query(
                "SELECT sealed FROM compliance.receipt_persons WHERE submission_id = $1 AND provider_id = $2
                 ORDER BY part",
                &[&column::<&[u8]>(&row, 1)?, &column::<&str>(&row, 2)?],
            )
            .map_err(StorageError::db("reading a list of persons"))?;
        Ok((
            key.try_into().map_err(|_| StorageError::Damaged("a key id".to_owned()))?,
            parts.iter().map(|r| column(r, 0)).collect::<Result<_, _>>()?,
        ))
    }
}
