//! The chain of a provider's ledgers: each carries the hash of the one before and of the notices it brought.
//!
//! What cannot be followed from the first ledger to the last admits nobody. This file must never mend a chain.

use musubi_model::ids::to_hex;
use musubi_storage::StorageError;
use musubi_storage::act::notice::{LedgerRow, NewNotice};
use musubi_storage::registry::ActDb;

/// The `previous` of a provider's first ledger.
const BEGINNING: &str = "musubi-notices/1";

/// Hash of all that a notice says. `birth` is left out: it is sealed anew each time and stands for nothing else.
#[must_use]
pub fn row_hash(provider: &str, n: &NewNotice) -> [u8; 32] {
    let mut keys: Vec<(&str, String, String)> =
        n.keys.iter().map(|(kind, token, guard)| (kind.as_str(), to_hex(token), to_hex(guard))).collect();
    keys.sort();
    let text = serde_json::json!([
        provider,
        to_hex(&n.subject),
        n.notified_on.to_string(),
        n.method,
        n.template,
        n.party,
        n.last_visit.map(|d| d.to_string()),
        n.minor,
        n.local,
        n.void,
        keys,
    ])
    .to_string();
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// Hash over the hashes of added notices, in their order.
#[must_use]
pub fn rows_hash(rows: &[[u8; 32]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("musubi 2026 notices of a ledger");
    for row in rows {
        hasher.update(row);
    }
    *hasher.finalize().as_bytes()
}

/// Sets `previous` and `hash` of a ledger that follows on `previous`.
pub fn chain(row: &mut LedgerRow, previous: Option<&str>) {
    row.previous = previous.unwrap_or(BEGINNING).to_owned();
    row.hash = hash_of(row);
}

/// BLAKE3 of the canonical JSON of everything but the hash itself.
fn hash_of(row: &LedgerRow) -> String {
    let text = serde_json::json!([
        row.provider,
        row.submitter,
        row.exported_at.as_microsecond(),
        row.received_at.as_microsecond(),
        to_hex(&row.document),
        row.programme_start.to_string(),
        row.lines,
        row.refused,
        row.added,
        row.persons,
        to_hex(&row.rows_hash),
        row.previous,
    ])
    .to_string();
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Do a provider's ledgers, oldest first, follow from each other?
#[must_use]
pub fn chain_holds(ledgers: &[&LedgerRow]) -> bool {
    let mut previous = BEGINNING;
    for ledger in ledgers {
        if ledger.previous != previous || ledger.hash != hash_of(ledger) {
            return false;
        }
        previous = &ledger.hash;
    }
    true
}

/// What is wrong with a provider's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookBreak {
    /// Whose.
    pub provider: String,
    /// Which ledger, counted from 1.
    pub ledger: usize,
    /// What, for people.
    pub what: &'static str,
}

/// Holds all ledgers of all providers against their chains and their notices. Returns how many ledgers hold, and the
/// first break of each provider.
pub fn verify_all(db: &mut ActDb) -> Result<(u64, Vec<BookBreak>), StorageError> {
    use musubi_storage::act::notice::NoticeBooks as _;
    let (mut sound, mut breaks) = (0, Vec::new());
    for provider in db.notified_providers()? {
        let ledgers = db.notice_ledgers(&[&provider])?;
        let mut rows = db.notices_of(&provider)?.into_iter().peekable();
        let mut previous = BEGINNING.to_owned();
        for (place, ledger) in ledgers.iter().enumerate() {
            let mut own: Vec<[u8; 32]> = Vec::new();
            let mut changed = false;
            let id = rows.peek().map(|(id, _)| *id);
            while own.len() < usize::try_from(ledger.added).unwrap_or(0)
                && let Some((_, notice)) = rows.next_if(|(of, _)| Some(*of) == id)
            {
                changed |= row_hash(&provider, &notice) != notice.row_hash;
                own.push(notice.row_hash);
            }
            let what = if ledger.previous != previous {
                Some("前の台帳とつながりません")
            } else if ledger.hash != hash_of(ledger) {
                Some("台帳の記録が書き換えられています")
            } else if changed || rows_hash(&own).as_slice() != ledger.rows_hash {
                Some("通知の行が書き換えられているか欠けています")
            } else {
                None
            };
            if let Some(what) = what {
                breaks.push(BookBreak { provider: provider.clone(), ledger: place + 1, what });
                break;
            }
            sound += 1;
            previous.clone_from(&ledger.hash);
        }
    }
    Ok((sound, breaks))
}
