//! Incidents (漏えい等) and what happened to them, as rows that are only added. The clocks are the business of `compliance`.

use jiff::Timestamp;
use postgres::Row;

use super::{column, count, one_writer, signed};
use crate::error::StorageError;
use crate::registry::ActDb;

/// An incident as it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRow {
    /// `I-2026-0001`.
    pub id: String,
    /// When it was first suspected: the clocks run from here.
    pub suspected_at: Timestamp,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By whom.
    pub opened_by: String,
    /// Its kind.
    pub kind: String,
    /// A job opened it.
    pub automatic: bool,
    /// One line; nothing of a person.
    pub title: String,
}

/// One thing that happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentEventRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// `update`, `count`, `freeze`, `class`, `report`, `close`.
    pub action: String,
    /// Class it was given; empty: not spoken of.
    pub class: String,
    /// Un-notified persons known by then.
    pub persons: u64,
    /// Version of a report, from 1.
    pub version: u32,
    /// A frozen set, or the hash of a report.
    pub reference: String,
    /// One line; nothing of a person.
    pub note: String,
}

impl ActDb {
    /// Opens an incident under the next number of its year, with what is known at once.
    pub fn open_incident(
        &mut self,
        year: i16,
        new: &IncidentRow,
        events: &[IncidentEventRow],
    ) -> Result<String, StorageError> {
        let doing = "opening an incident";
        let mut work = self.client.transaction().map_err(StorageError::db(doing))?;
        one_writer(&mut work, "incident")?;
        let like = format!("I-{year}-");
        let row = work
            .query_one(
                "SELECT count(*) FROM compliance.incident WHERE starts_with(incident_id, $1)",
                &[&like],
            )
            .map_err(StorageError::db(doing))?;
        let id = format!("{like}{:04}", count(&row, 0)? + 1);
        work.execute(
            "INSERT INTO compliance.incident (incident_id, suspected_at, opened_at, opened_by, kind, automatic, title)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[&id, &new.suspected_at, &new.opened_at, &new.opened_by, &new.kind, &new.automatic, &new.title],
        )
        .map_err(StorageError::db(doing))?;
        for event in events {
            add(&mut work, &id, event)?;
        }
        work.commit().map_err(StorageError::db(doing))?;
        Ok(id)
    }

    /// Adds an event, when `allow` lets it happen after all events before it; nobody else adds one in between.
    pub fn add_incident_event<E: From<StorageError>>(
        &mut self,
        id: &str,
        allow: impl FnOnce(&IncidentRow, &[IncidentEventRow]) -> Result<IncidentEventRow, E>,
    ) -> Result<IncidentEventRow, E> {
        let doing = "writing about an incident";
        let mut work = self.client.transaction().map_err(StorageError::db(doing))?;
        one_writer(&mut work, "incident_event")?;
        let incident = work
            .query_opt(&format!("{INCIDENT} WHERE incident_id = $1"), &[&id])
            .map_err(StorageError::db(doing))?
            .as_ref()
            .map(incident_row)
            .transpose()?
            .ok_or_else(|| StorageError::Refused(format!("there is no incident {id}")))?;
        let events = events_of(&mut work, id)?;
        let event = allow(&incident, &events)?;
        add(&mut work, id, &event)?;
        work.commit().map_err(StorageError::db(doing))?;
        Ok(event)
    }

    /// All incidents with their events, oldest first.
    pub fn incidents(&mut self) -> Result<Vec<(IncidentRow, Vec<IncidentEventRow>)>, StorageError> {
        // Asked even where there is no incident: whoever cannot read what became of them must not say that all is well.
        self.client
            .execute("SELECT FROM compliance.incident_event LIMIT 0", &[])
            .map_err(StorageError::db("reading incidents"))?;
        let rows = self
            .client
            .query(&format!("{INCIDENT} ORDER BY opened_at, incident_id"), &[])
            .map_err(StorageError::db("reading incidents"))?;
        rows.iter()
            .map(|r| {
                let incident = incident_row(r)?;
                let events = events_of(&mut *self.client, &incident.id)?;
                Ok((incident, events))
            })
            .collect()
    }
}

const INCIDENT: &str =
    "SELECT incident_id, suspected_at, opened_at, opened_by, kind, automatic, title FROM compliance.incident";

fn incident_row(row: &Row) -> Result<IncidentRow, StorageError> {
    Ok(IncidentRow {
        id: column(row, 0)?,
        suspected_at: column(row, 1)?,
        opened_at: column(row, 2)?,
        opened_by: column(row, 3)?,
        kind: column(row, 4)?,
        automatic: column(row, 5)?,
        title: column(row, 6)?,
    })
}

fn events_of(
    client: &mut impl postgres::GenericClient,
    id: &str,
) -> Result<Vec<IncidentEventRow>, StorageError> {
    let rows = client
        .query(
            "SELECT at, actor, action, class, persons, version, reference, note FROM compliance.incident_event
             WHERE incident_id = $1 ORDER BY ordinal",
            &[&id],
        )
        .map_err(StorageError::db("reading an incident"))?;
    rows.iter()
        .map(|r| {
            Ok(IncidentEventRow {
                at: column(r, 0)?,
                actor: column(r, 1)?,
                action: column(r, 2)?,
                class: column(r, 3)?,
                persons: count(r, 4)?,
                version: column::<i32>(r, 5)?.unsigned_abs(),
                reference: column(r, 6)?,
                note: column(r, 7)?,
            })
        })
        .collect()
}

fn add(
    client: &mut impl postgres::GenericClient,
    id: &str,
    e: &IncidentEventRow,
) -> Result<(), StorageError> {
    let version =
        i32::try_from(e.version).map_err(|_| StorageError::Damaged("a version too large".to_owned()))?;
    client
        .execute(
            "INSERT INTO compliance.incident_event (incident_id, ordinal, at, actor, action, class, persons, version,
               reference, note)
             SELECT $1, COALESCE(max(ordinal), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9
             FROM compliance.incident_event WHERE incident_id = $1",
            &[&id, &e.at, &e.actor, &e.action, &e.class, &signed(e.persons)?, &version, &e.reference, &e.note],
        )
        .map_err(StorageError::db("writing about an incident"))?;
    Ok(())
}
