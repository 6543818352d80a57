//! Transfers to and from other certified operators (他の認定事業者への提供, Article 26): the record both sides keep, and what
//! is missing of it (law: R-TRF-01, check C-072).
//!
//! It records and books; it moves no data. A transfer is whole only when the receiver's gate report is back.

use musubi_storage::StorageError;
use musubi_storage::act::transfer::TransferRow;
use musubi_storage::registry::ActDb;

use crate::book::{self, BookEntry, BookEvent};

word_list! {
    /// Which side this house is.
    Side {
        /// The data went out.
        Sent = "sent", "提供";
        /// The data came in.
        Received = "received", "受領";
    }
}

/// Keeps a row and books it. A later row of the same transfer (the gate report came back) is kept and not booked again.
pub fn record(db: &mut ActDb, row: &TransferRow) -> Result<(), StorageError> {
    db.keep_transfer(row)?;
    book::append(
        db,
        &BookEntry {
            at: row.at,
            event: BookEvent::Transfer,
            counterparty: row.operator.clone(),
            items: row.scope.clone(),
            persons: row.persons,
            records: row.documents,
            reference: format!("transfer:{}:{}", row.id, row.side),
        },
    )?;
    Ok(())
}

/// Transfers whose gate report is not there (C-072): the newest row of each side counts.
#[must_use]
pub fn problems(rows: &[TransferRow]) -> Vec<String> {
    rows.iter()
        .enumerate()
        .filter(|(place, r)| {
            let newest = !rows.iter().skip(place + 1).any(|later| later.id == r.id && later.side == r.side);
            newest && r.gate_hash.is_empty()
        })
        .map(|(_, r)| format!("C-072 transfer {} ({}): no gate report", r.id, r.side))
        .collect()
}
