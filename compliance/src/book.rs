//! The book (帳簿) of Article 14: what was received, processed, provided, deleted, entrusted, transferred, complained of
//! and what went wrong; consecutive and chained (law: R-TRC-02).
//!
//! An entry never names a person: counterparty and items are of organisations and kinds of records, persons are counted.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::StorageError;
use musubi_storage::act::book::{BookRow, BookTail, BookWriter};
use musubi_storage::registry::ActDb;

/// `previous` of the first entry.
const BEGINNING: &str = "musubi-book/1";
/// Rows read at a time.
const PAGE: u32 = 5_000;
/// First line of an export.
const HEADER: [&str; 11] = [
    "番号",
    "日付",
    "記録時刻",
    "事由",
    "相手方",
    "項目",
    "人数",
    "件数",
    "参照",
    "前の行のハッシュ",
    "ハッシュ",
];

word_list! {
    /// What is booked.
    BookEvent {
        /// Data came from a provider.
        Receipt = "receipt", "受領";
        /// Data were anonymised or made into statistics.
        Anonymize = "anonymize", "加工";
        /// Something was provided.
        Provide = "provide", "提供";
        /// Data were deleted.
        Delete = "delete", "消去";
        /// Work was entrusted.
        Outsource = "outsource", "委託";
        /// Data went to, or came from, another certified operator.
        Transfer = "transfer", "認定事業者間の提供";
        /// Somebody complained.
        Complaint = "complaint", "苦情";
        /// An incident was opened or reported.
        Incident = "incident", "事故";
    }
}

/// One entry to be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookEntry {
    /// When; kept to the microsecond.
    pub at: Timestamp,
    /// What.
    pub event: BookEvent,
    /// With whom: an organisation.
    pub counterparty: String,
    /// What it was about, e.g. kinds of records.
    pub items: String,
    /// Persons.
    pub persons: u64,
    /// Records.
    pub records: u64,
    /// To what it refers: `submission:…`, `release:…`. The same event of the same thing is booked once.
    pub reference: String,
}

/// The day of a timestamp in Japan, on which the Act counts its days.
#[must_use]
pub fn japanese_day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date()
}

/// Midnight in Japan at which a day begins.
pub(crate) fn day_begins(day: Date) -> Result<Timestamp, StorageError> {
    day.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)))
        .map(|z| z.timestamp())
        .map_err(|e| StorageError::Refused(format!("a day outside all calendars: {e}")))
}

impl BookEntry {
    fn after(&self, tail: &BookTail) -> BookRow {
        let mut row = BookRow {
            seq: tail.seq + 1,
            event: self.event.as_str().to_owned(),
            on_day: japanese_day(self.at),
            at: format!("{:.6}", self.at),
            counterparty: self.counterparty.clone(),
            items: self.items.clone(),
            persons: self.persons,
            records: self.records,
            reference: self.reference.clone(),
            previous: tail.hash.clone(),
            hash: String::new(),
        };
        row.hash = hash_of(&row);
        row
    }
}

/// The hash of a row: BLAKE3 of the canonical JSON of all its fields but the hash itself.
#[must_use]
pub fn hash_of(row: &BookRow) -> String {
    let text = serde_json::json!([
        row.seq,
        row.event,
        row.on_day.to_string(),
        row.at,
        row.counterparty,
        row.items,
        row.persons,
        row.records,
        row.reference,
        row.previous
    ])
    .to_string();
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Books an entry. `None`: it stands in the book already.
pub fn append(db: &mut impl BookWriter, entry: &BookEntry) -> Result<Option<u64>, StorageError> {
    let row = db.append_book(entry.event.as_str(), &entry.reference, &mut |tail| entry.after(tail))?;
    Ok(row.map(|r| r.seq))
}

/// What is wrong with a book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookBroken {
    /// A number is missing or out of order.
    #[error("entry {0} does not follow its predecessor: a gap, or another order")]
    Gap(u64),
    /// An entry does not carry the hash of the one before.
    #[error("entry {0} is not linked to the one before")]
    NotLinked(u64),
    /// An entry is not what its hash says.
    #[error("entry {0} was changed")]
    Changed(u64),
    /// The book ends before the number the counter says, or after it.
    #[error("the book ends at {found}, the counter says {expected}")]
    End {
        /// Last number found.
        found: u64,
        /// What the counter says.
        expected: u64,
    },
}

impl BookBroken {
    /// The entry at which it breaks.
    #[must_use]
    pub fn place(&self) -> u64 {
        match self {
            Self::Gap(seq) | Self::NotLinked(seq) | Self::Changed(seq) => *seq,
            Self::End { found, expected } => (*found).min(*expected) + 1,
        }
    }
}

/// Goes on checking rows after `tail`; pure.
pub fn check_rows(tail: &mut BookTail, rows: &[BookRow]) -> Result<(), BookBroken> {
    for row in rows {
        if row.seq != tail.seq + 1 {
            return Err(BookBroken::Gap(row.seq));
        }
        if row.previous != tail.hash {
            return Err(BookBroken::NotLinked(row.seq));
        }
        if row.hash != hash_of(row) {
            return Err(BookBroken::Changed(row.seq));
        }
        *tail = BookTail { seq: row.seq, hash: row.hash.clone() };
    }
    Ok(())
}

/// Reads the whole book and holds it against itself and its counter (check C-023). The number of entries when it holds.
pub fn verify(db: &mut ActDb) -> Result<Result<u64, BookBroken>, StorageError> {
    // The counter first: what is booked in the meantime lies after it and is not looked at.
    let end = db.book_tail()?;
    let mut tail = BookTail { seq: 0, hash: BEGINNING.to_owned() };
    loop {
        let mut rows = db.book_after(tail.seq, PAGE)?;
        rows.retain(|r| r.seq <= end.seq);
        if rows.is_empty() {
            break;
        }
        if let Err(broken) = check_rows(&mut tail, &rows) {
            return Ok(Err(broken));
        }
    }
    Ok(if tail == end { Ok(end.seq) } else { Err(BookBroken::End { found: tail.seq, expected: end.seq }) })
}

/// First and last day of a month written `2026-11`.
///
/// # Errors
/// Words that say how a month is written.
pub fn month_days(month: &str) -> Result<(Date, Date), String> {
    let first: Date =
        format!("{month}-01").parse().map_err(|_| format!("a month is written 2026-11, not {month}"))?;
    if month.len() != 7 {
        return Err(format!("a month is written 2026-11, not {month}"));
    }
    Ok((first, first.last_of_month()))
}

/// An entry as the columns of an export.
#[must_use]
pub fn columns(row: &BookRow) -> [String; 11] {
    let event = BookEvent::from_name(&row.event).map_or_else(|| row.event.clone(), |e| e.ja().to_owned());
    [
        row.seq.to_string(),
        row.on_day.to_string(),
        row.at.clone(),
        event,
        row.counterparty.clone(),
        row.items.clone(),
        row.persons.to_string(),
        row.records.to_string(),
        row.reference.clone(),
        row.previous.clone(),
        row.hash.clone(),
    ]
}

/// The heading of each column.
#[must_use]
pub fn headings() -> [&'static str; 11] {
    HEADER
}

/// An export as CSV: UTF-8 with a byte order mark, lines ending CR LF, one line for each row. The same rows give the same
/// bytes.
#[must_use]
pub fn csv(rows: &[BookRow]) -> String {
    let mut out = String::from("\u{feff}");
    out.push_str(&crate::csv::line(&HEADER));
    for row in rows {
        out.push_str(&crate::csv::line(&columns(row)));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(n: u64) -> Vec<BookRow> {
        let mut tail = BookTail { seq: 0, hash: BEGINNING.to_owned() };
        (0..n)
            .map(|i| {
                let entry = BookEntry {
                    at: Timestamp::constant(1_790_000_000, 0),
                    event: BookEvent::Receipt,
                    counterparty: format!("P-{i}"),
                    items: "SY:3".to_owned(),
                    persons: i,
                    records: 3 * i,
                    reference: format!("submission:{i}"),
                };
                let row = entry.after(&tail);
                tail = BookTail { seq: row.seq, hash: row.hash.clone() };
                row
            })
            .collect()
    }

    fn check(rows: &[BookRow]) -> Result<(), BookBroken> {
        check_rows(&mut BookTail { seq: 0, hash: BEGINNING.to_owned() }, rows)
    }

    proptest! {
        #[test]
        fn any_change_of_any_field_is_named(at in 0usize..8, field in 0u8..9) {
            let mut rows = entries(8);
            prop_assert_eq!(check(&rows), Ok(()));
            let row = rows.get_mut(at).unwrap();
            match field {
                0 => row.event = "delete".to_owned(),
                1 => row.on_day = Date::constant(2026, 1, 1),
                2 => row.at.push('0'),
                3 => row.counterparty.push(' '),
                4 => row.items.clear(),
                5 => row.persons += 1,
                6 => row.records += 1,
                7 => row.reference.push('x'),
                _ => row.previous.push('0'),
            }
            prop_assert!(check(&rows).is_err());
        }

        #[test]
        fn a_dropped_or_exchanged_entry_is_named(a in 0usize..7, b in 1usize..8) {
            let mut rows = entries(8);
            rows.remove(a);
            prop_assert!(check(&rows).is_err());
            let mut rows = entries(8);
            if a != b {
                rows.swap(a, b);
                prop_assert!(check(&rows).is_err());
            }
        }
    }

    #[test]
    fn months_are_read() {
        assert_eq!(month_days("2026-02"), Ok((Date::constant(2026, 2, 1), Date::constant(2026, 2, 28))));
        assert!(month_days("2026-13").is_err());
        assert!(month_days("26-11").is_err());
    }

    #[test]
    fn an_export_keeps_every_field() {
        let mut rows = entries(1);
        rows[0].counterparty = "見本\"病院\", 本院".to_owned();
        let text = csv(&rows);
        assert!(text.starts_with('\u{feff}'));
        assert!(text.contains("\"見本\"\"病院\"\", 本院\""), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}
