//! What lies in the lake by now, under which notice and since when: one pass over the current files, for the checks that
//! ask what was really taken in (C-002 to C-006, C-008, C-010 to C-012). It must never read a clinical value.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use musubi_model::fact::FactTable;
use musubi_model::{DocumentHash, IdentityId, SubmissionId};
use musubi_storage::act::check_intake::NoticeFact;
use musubi_storage::lake::{Column, ColumnSet, Want, read};
use musubi_storage::registry::ActDb;

use super::Unreadable;

/// The day of a row whose delivery no gate counted: before every notice, so that it fails whatever is asked of it.
pub const UNKNOWN_DAY: Date = Date::constant(1, 1, 1);

/// Rows of one provider that came on one day under one notice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The provider of the rows.
    pub provider: String,
    /// The notice; 0: none.
    pub notice: i64,
    /// The day in Japan on which they came in.
    pub day: Date,
}

/// What was counted under a [`Use`].
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Rows.
    pub rows: u64,
    /// Their tables.
    pub tables: BTreeSet<FactTable>,
}

/// What the pass found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Rows by provider, notice and day.
    pub uses: BTreeMap<Use, Rows>,
    /// Rows by day and description of a person.
    pub by_day: BTreeMap<Date, BTreeMap<IdentityId, u64>>,
    /// Rows by description of a person and notice.
    pub pairs: BTreeMap<(IdentityId, i64), u64>,
    /// What the notices say, as far as they are in the book.
    pub facts: BTreeMap<i64, NoticeFact>,
}

/// Rows that follow each other and came in together.
struct Run {
    of: (SubmissionId, DocumentHash, u32, IdentityId, u64),
    provider: String,
    rows: u64,
}

impl Loaded {
    /// Reads the lake of the current snapshot.
    ///
    /// # Errors
    /// When catalogue, books or a file cannot be read.
    pub fn read(db: &mut ActDb, lake: &Path) -> Result<Self, Unreadable> {
        let (loads, settled) = (db.load_days()?, db.settled_days()?);
        let mut found = Self::default();
        let columns = ColumnSet::of(&[
            Column::IdentityId,
            Column::ProviderId,
            Column::Document,
            Column::Unit,
            Column::SubmissionId,
            Column::NoticeId,
        ]);
        for file in db.lake_files()? {
            let day_of = |run: &Run| {
                let (submission, document, unit, ..) = run.of;
                let day = settled.get(&(submission, document, unit));
                day.or_else(|| loads.get(&(submission, run.provider.clone()))).copied().unwrap_or(UNKNOWN_DAY)
            };
            let mut run: Option<Run> = None;
            read(lake, &file, &Want::all(columns), &mut |row| {
                let of = (row.submission(), row.document(), row.unit(), row.identity(), row.notice());
                match &mut run {
                    Some(run) if run.of == of => run.rows += 1,
                    _ => {
                        let next = Run { of, provider: row.provider().to_owned(), rows: 1 };
                        if let Some(done) = run.replace(next) {
                            found.count(file.table, day_of(&done), done);
                        }
                    }
                }
                Ok(())
            })?;
            if let Some(done) = run {
                found.count(file.table, day_of(&done), done);
            }
        }
        let notices: BTreeSet<i64> = found.uses.keys().map(|u| u.notice).collect();
        found.facts = db.notice_facts(&notices.into_iter().collect::<Vec<_>>())?;
        Ok(found)
    }

    fn count(&mut self, table: FactTable, day: Date, run: Run) {
        let (.., identity, notice) = run.of;
        // A number beyond what a notice can have is none of the book's.
        let notice = i64::try_from(notice).unwrap_or(0);
        let under = self.uses.entry(Use { provider: run.provider, notice, day }).or_default();
        under.rows += run.rows;
        under.tables.insert(table);
        *self.by_day.entry(day).or_default().entry(identity).or_default() += run.rows;
        *self.pairs.entry((identity, notice)).or_default() += run.rows;
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.uses.values().map(|r| r.rows).sum()
    }

    /// The notice of a use, when it is in the book, of that provider, and not taken back.
    #[must_use]
    pub fn own(&self, of: &Use) -> Option<&NoticeFact> {
        self.facts.get(&of.notice).filter(|fact| fact.provider == of.provider && !fact.void)
    }
}
