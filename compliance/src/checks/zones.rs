//! Readers that need more than the books of the Act: what lies in the lake, whom an opt-out reaches, what is left of the
//! erased, what stands in the data folder. What comes out are counts and numbers of notices, never a person.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::fact::FactTable;
use musubi_model::{IdentityId, ProviderId};
use musubi_storage::StorageError;
use musubi_storage::act::notice::NoticeBooks as _;

use super::loaded::{Loaded, UNKNOWN_DAY};
use super::records::{self, ErasedPlace, Kept};
use super::{Books, CheckId, Judgement, Room, Unreadable, notice, number};
use crate::erasure::{self, ErasureError, Stores};
use crate::notice::{BIRTH_CONTEXT, NoticeGate, Renotice};
use crate::retention;

/// What every reader returns.
type Judged = Result<Judgement, Unreadable>;
/// Counts the files of a folder of the house that are older than a time.
pub type OlderFiles<'a> = dyn Fn(&str, Timestamp) -> Result<u64, StorageError> + 'a;

/// Descriptions of persons asked about in one statement.
const AT_ONCE: usize = 20_000;
/// Oldest birth date that can be due.
const AGE_MAX: u16 = 200;

/// The zones, and when they are looked at.
#[allow(missing_debug_implementations)] // it borrows a function
pub struct Zones<'a> {
    /// Registry, keys, lake, vault.
    pub stores: Stores<'a>,
    /// The data folder.
    pub data: &'a Path,
    /// Counts old files.
    pub older: &'a OlderFiles<'a>,
    /// The books.
    pub books: Books,
    /// The lake, read once.
    pub loaded: Option<Rc<Loaded>>,
}

impl From<ErasureError> for Unreadable {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::Storage(e) => e.into(),
            other => Self::new(other.to_string()),
        }
    }
}

/// The readers, by the number of the check.
type ZoneReader = (u8, fn(&mut Zones<'_>) -> Judged);

/// The readers of the zones.
pub const ZONE_READERS: &[ZoneReader] = &[
    (2, waited),
    (3, filed),
    (4, filed_items),
    (5, notified_items),
    (6, stopped_rows),
    (8, guardians),
    (9, came_of_age),
    (10, programme),
    (11, own_notice),
    (12, stopped_persons),
    (17, propagated),
    (25, kept_with_reason),
    (26, erased),
];

impl Room for Zones<'_> {
    fn answer(&mut self, id: CheckId) -> Option<Judged> {
        let (_, reader) = ZONE_READERS.iter().find(|(number, _)| *number == id.number())?;
        Some(reader(self))
    }
}

impl Zones<'_> {
    fn loaded(&mut self) -> Result<Rc<Loaded>, Unreadable> {
        if let Some(loaded) = &self.loaded {
            return Ok(Rc::clone(loaded));
        }
        let loaded = Rc::new(Loaded::read(&mut self.books.db, self.stores.lake)?);
        self.loaded = Some(Rc::clone(&loaded));
        Ok(loaded)
    }

    /// Rows of those who had asked to stop by a day, of these descriptions of persons.
    fn rows_of_stopped(
        &self,
        of: String,
        on: Date,
        rows: &BTreeMap<IdentityId, u64>,
    ) -> Result<notice::Stopped, Unreadable> {
        let mut db = self.stores.registry.identity()?;
        let ids: Vec<IdentityId> = rows.keys().copied().collect();
        let mut wrong = 0;
        // Asked even when there is nothing to ask, so that a book that cannot be read is noticed.
        for some in ids.chunks(AT_ONCE).chain(ids.is_empty().then_some(ids.as_slice())) {
            let stopped = db.opted_out(some, on)?;
            wrong += stopped.iter().filter_map(|id| rows.get(id)).sum::<u64>();
        }
        Ok(notice::Stopped { of, looked: number(ids.len()), rows: wrong })
    }
}

fn waited(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let mut cases = Vec::new();
    for of in loaded.uses.keys() {
        cases.push(notice::Waited {
            notice: of.notice.to_string(),
            // Nobody was told: no day is late enough.
            notified_on: loaded.own(of).map_or(Date::MAX, |n| n.notified_on),
            provided_on: of.day,
            wait_days: zones.books.rules(of.day)?.wait_days.into(),
        });
    }
    notice::waited(&cases)
}

fn filed(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let providers: BTreeSet<&str> = loaded.uses.keys().map(|of| of.provider.as_str()).collect();
    let filings = zones.books.db.filings(&providers.into_iter().collect::<Vec<_>>())?;
    let days: BTreeSet<(&str, Date, Date)> = loaded
        .uses
        .keys()
        .map(|of| (of.provider.as_str(), loaded.own(of).map_or(UNKNOWN_DAY, |n| n.notified_on), of.day))
        .collect();
    let cases: Vec<_> = days
        .into_iter()
        .map(|(provider, first_notified_on, provided_on)| {
            // Of the filings received before the notice, the one that holds longest.
            let of_notice = filings.iter().filter(|f| {
                let before = f.filed_on <= first_notified_on && f.valid_from <= first_notified_on;
                f.provider == provider && !f.receipt_no.is_empty() && before
            });
            let longest = of_notice.max_by_key(|f| f.valid_to.unwrap_or(Date::MAX));
            notice::Filed {
                provider: provider.to_owned(),
                first_notified_on,
                provided_on,
                in_force: longest.map(|f| (f.valid_from, f.valid_to)),
            }
        })
        .collect();
    notice::filed(&cases)
}

fn names(tables: &BTreeSet<FactTable>) -> BTreeSet<String> {
    tables.iter().map(|t| t.as_str().to_owned()).collect()
}

fn filed_items(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let mut delivered: BTreeMap<Date, BTreeMap<&str, BTreeSet<FactTable>>> = BTreeMap::new();
    for (of, rows) in &loaded.uses {
        delivered.entry(of.day).or_default().entry(&of.provider).or_default().extend(&rows.tables);
    }
    // Asked even when nothing is there.
    zones.books.db.filings(&[])?;
    let mut cases = Vec::new();
    for (day, of_day) in delivered {
        let provider = |name: &str| {
            ProviderId::new(name)
                .map_err(|_| Unreadable::new(format!("lake: {name} is no provider's number")))
        };
        let providers = of_day.keys().map(|name| provider(name)).collect::<Result<BTreeSet<_>, _>>()?;
        let rules = zones.books.rules(day)?;
        let gate = NoticeGate::open(&mut zones.books.db, &rules, day, zones.books.now, &providers)
            .map_err(|e| Unreadable::new(e.to_string()))?;
        for (name, tables) in of_day {
            let allowed = names(&gate.filed(&provider(name)?));
            cases.push(notice::Items { of: format!("{name} {day}"), delivered: names(&tables), allowed });
        }
    }
    notice::items(&cases)
}

fn notified_items(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let mut delivered: BTreeMap<(&str, &str), BTreeSet<FactTable>> = BTreeMap::new();
    for (of, rows) in &loaded.uses {
        let version = loaded.own(of).map_or("", |n| n.template.as_str());
        delivered.entry((&of.provider, version)).or_default().extend(&rows.tables);
    }
    let providers: BTreeSet<&str> = delivered.keys().map(|(provider, _)| *provider).collect();
    let texts = zones.books.db.notice_templates(&providers.into_iter().collect::<Vec<_>>())?;
    let cases: Vec<_> = delivered
        .into_iter()
        .map(|((provider, version), tables)| {
            let text = texts.iter().find(|t| t.provider == provider && t.version == version);
            let allowed = text.into_iter().flat_map(|t| t.items.iter().cloned()).collect();
            notice::Items { of: format!("{provider} {version}"), delivered: names(&tables), allowed }
        })
        .collect();
    notice::items(&cases)
}

fn stopped_rows(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let mut cases = Vec::new();
    for (day, rows) in &loaded.by_day {
        // Of rows that came nobody knows when, whoever has asked by today is asked for.
        let on = if *day == UNKNOWN_DAY { zones.books.today } else { *day };
        cases.push(zones.rows_of_stopped(format!("provided {day}"), on, rows)?);
    }
    if cases.is_empty() {
        zones.rows_of_stopped(String::new(), zones.books.today, &BTreeMap::new())?;
    }
    notice::stopped(&cases)
}

fn stopped_persons(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let mut all: BTreeMap<IdentityId, u64> = BTreeMap::new();
    for (id, rows) in loaded.by_day.values().flatten() {
        *all.entry(*id).or_default() += rows;
    }
    let case = zones.rows_of_stopped("repository".to_owned(), zones.books.today, &all)?;
    let cases: Vec<_> = (case.looked > 0).then_some(case).into_iter().collect();
    notice::stopped(&cases)
}

fn guardians(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let used: BTreeSet<i64> = loaded.uses.keys().map(|of| of.notice).collect();
    let cases: Vec<_> = loaded
        .facts
        .values()
        .filter(|fact| used.contains(&fact.notice))
        .map(|fact| notice::Minor {
            notice: fact.notice.to_string(),
            below_age: fact.minor,
            guardian: fact.party != "self",
            own: fact.party != "guardian",
            of_age_now: false,
            task: false,
        })
        .collect();
    let minors = number(cases.iter().filter(|c| c.below_age).count());
    Ok(notice::guardian_told(&cases)?.with("minors", minors))
}

fn came_of_age(zones: &mut Zones<'_>) -> Judged {
    let rules = zones.books.rules(zones.books.today)?;
    let tasks = number(zones.books.db.renotice_tasks()?.len());
    let years = i16::try_from(rules.minor_age_years.min(AGE_MAX)).unwrap_or(i16::MAX);
    let mut cases = Vec::new();
    for open in zones.books.db.guardian_notices()? {
        let plain = zones.stores.ring.kek.open(&[BIRTH_CONTEXT, &open.subject], &open.birth)?;
        let born: Option<Date> = std::str::from_utf8(&plain).ok().and_then(|text| text.parse().ok());
        let born = born.ok_or_else(|| Unreadable::new("compliance.notice: a birth date"))?;
        cases.push(notice::Minor {
            notice: open.notice.to_string(),
            below_age: true,
            guardian: true,
            own: false,
            of_age_now: notice::birthday(born, years) <= zones.books.today,
            // Where the gate holds their new data, that is the hold.
            task: rules.renotice == Renotice::Hold,
        });
    }
    Ok(notice::came_of_age(&cases)?.looked_over(tasks + number(cases.len())).with("tasks", tasks))
}

fn programme(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let used: BTreeSet<i64> = loaded.uses.keys().map(|of| of.notice).collect();
    let providers: BTreeSet<&str> = loaded.facts.values().map(|fact| fact.provider.as_str()).collect();
    let ledgers = zones.books.db.notice_ledgers(&providers.into_iter().collect::<Vec<_>>())?;
    // Oldest first: the last word of each provider counts, as at the gate.
    let began: BTreeMap<&str, Date> =
        ledgers.iter().map(|l| (l.provider.as_str(), l.programme_start)).collect();
    let cases: Vec<_> = loaded
        .facts
        .values()
        .filter(|fact| used.contains(&fact.notice))
        .map(|fact| notice::Programme {
            notice: fact.notice.to_string(),
            began_on: began.get(fact.provider.as_str()).copied().unwrap_or(Date::MAX),
            notified_on: fact.notified_on,
            by_post: matches!(fact.method.as_str(), "mail" | "email"),
            last_visit: fact.last_visit,
        })
        .collect();
    notice::since_programme(&cases)
}

fn own_notice(zones: &mut Zones<'_>) -> Judged {
    let loaded = zones.loaded()?;
    let mut cases: BTreeMap<&str, notice::OwnNotice> = BTreeMap::new();
    let case = |provider: &str| notice::OwnNotice { of: provider.to_owned(), rows: 0, without: 0 };
    for (of, rows) in &loaded.uses {
        let of_provider = cases.entry(&of.provider).or_insert_with(|| case(&of.provider));
        of_provider.rows += rows.rows;
        of_provider.without += if loaded.own(of).is_some() { 0 } else { rows.rows };
    }
    // The notice is there; is it the person's own? Asked where their keys lie, even when there is nothing to ask.
    let pairs: Vec<(IdentityId, i64)> =
        loaded.pairs.keys().filter(|(_, n)| loaded.facts.contains_key(n)).copied().collect();
    let inherited = zones.stores.registry.identity()?.inherited_notices(&pairs)?;
    for notice in &inherited {
        let provider = loaded.facts.get(notice).map_or("", |fact| fact.provider.as_str());
        cases.entry(provider).or_insert_with(|| case(provider)).without += 1;
    }
    let cases: Vec<_> = cases.into_values().collect();
    Ok(notice::own_notice(&cases)?
        .with("descriptions", number(pairs.len()))
        .with("inherited", number(inherited.len())))
}

fn propagated(zones: &mut Zones<'_>) -> Judged {
    let today = zones.books.today;
    let (block, erase) = (
        zones.books.number("checks.optout_block_business_days")?,
        zones.books.number("checks.optout_erase_days")?,
    );
    let mut cases = Vec::new();
    let mut of_desk = BTreeSet::new();
    for case in zones.books.db.opt_out_checks()? {
        cases.push(notice::OptOutWay {
            opt_out: case.entry.clone(),
            received_on: case.received_on,
            blocked_on: case.blocked_on,
            erased_on: case.erased_on,
            erasable: case.erasable && !case.withdrawn,
            receipt_on: case.receipt_on,
            copy: case.copy,
        });
        of_desk.insert(case.entry);
    }
    // Entries of lists are in effect from their registration; what they still reach is not erased.
    let reach = zones.stores.registry.identity()?.opt_out_reach(today)?;
    let listed = reach.into_iter().filter(|o| !of_desk.contains(&o.entry));
    cases.extend(listed.map(|o| notice::OptOutWay {
        opt_out: o.entry,
        received_on: o.received_on,
        blocked_on: Some(o.received_on),
        erased_on: None,
        erasable: o.reached > 0,
        receipt_on: None,
        copy: false,
    }));
    notice::propagated(&cases, block, erase, today)
}

fn kept_with_reason(zones: &mut Zones<'_>) -> Judged {
    let unusable = |e: retention::RetentionError| match e {
        retention::RetentionError::Storage(e) => e.into(),
        other => Unreadable::new(other.to_string()),
    };
    let fail = |e| Unreadable::from(StorageError::io("listing", zones.data)(e));
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(zones.data).map_err(fail)? {
        folders.push(entry.map_err(fail)?.file_name().to_string_lossy().into_owned());
    }
    folders.sort();
    let schedule = retention::shipped().map_err(unusable)?;
    let books = &mut zones.books;
    let report =
        retention::check(&mut books.db, &schedule, &folders, &books.parameters, books.now, zones.older)
            .map_err(unusable)?;
    let wrong =
        |object: String, scheduled: bool, overdue: u64| Kept { object, scheduled, deleted_early: 0, overdue };
    let mut cases: Vec<Kept> = report.without.iter().map(|place| wrong(place.clone(), false, 0)).collect();
    cases.extend(report.overdue.iter().map(|(place, n, _)| wrong(place.clone(), true, *n)));
    Ok(records::kept_with_reason(&cases)?.looked_over(report.places))
}

fn erased(zones: &mut Zones<'_>) -> Judged {
    let begun = zones.books.db.erasure_facts()?;
    // A run that broke off left who knows what.
    let mut cases: Vec<ErasedPlace> = begun
        .iter()
        .filter(|job| job.state == "running")
        .map(|job| ErasedPlace { of: job.erasure.clone(), left: None })
        .collect();
    let finished = erasure::finished(&zones.stores)?;
    if !finished.is_empty() {
        let scanned = erasure::scan(&zones.stores, zones.data, &finished)?;
        cases.extend(
            scanned.places.into_iter().map(|p| ErasedPlace { of: p.place.to_owned(), left: Some(p.hits) }),
        );
    }
    Ok(records::erased(&cases)?.with("erasures", number(finished.len())))
}
