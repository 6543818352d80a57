//! Readers over the books of notices, receipts, counts, the book, erasures and backups (C-001 to C-029), as far as the role
//! of the Act may see them. Where the house judges already – chains, rules of a day, missing fields – that is asked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::act::check_intake::GateNight;
use musubi_storage::act::notice::{LedgerRow, NoticeBooks as _};
use musubi_storage::ingest::read_records;

use super::loaded::UNKNOWN_DAY;
use super::notice::{self, Requester, RequesterRole};
use super::records::{self, ErasureRecord, Kept, Wrongly};
use super::{Books, Judgement, Reader, Unreadable, number};
use crate::book::{self, BookBroken, day_begins, japanese_day};
use crate::erasure::{Before, Done, Ground};
use crate::incident::IncidentKind;
use crate::notice::NoticeRules;
use crate::notice::book::verify_all;
use crate::parameters::word;
use crate::receipt::{files_root, missing};

/// What every reader returns.
type Judged = Result<Judgement, Unreadable>;

/// The readers, by the number of the check.
pub const INTAKE_READERS: &[Reader<Books>] = &[
    (1, notified),
    (7, fresh),
    (13, receipts),
    (14, mirrored),
    (15, reconciled),
    (16, growth),
    (18, papers),
    (19, requesters),
    (23, books),
    (24, kept_long_enough),
    (27, erasure_records),
    (28, drills),
    (29, frozen),
];

/// Books that nothing may be taken from, and that the database guards (C-024).
const GUARDED: [&str; 20] = [
    "compliance.book_export",
    "compliance.erased_file",
    "compliance.erasure_job",
    "compliance.erasure_step",
    "compliance.incident",
    "compliance.incident_event",
    "compliance.inquiry",
    "compliance.inquiry_event",
    "compliance.ledger_book",
    "compliance.minister_filing",
    "compliance.notice",
    "compliance.notice_ledger",
    "compliance.provision_record",
    "compliance.published",
    "compliance.receipt_confirmation",
    "compliance.receipt_persons",
    "compliance.receipt_reading",
    "compliance.receipt_record",
    "compliance.register",
    "compliance.transfer",
];

impl Books {
    /// The rules of notices on a day; of a day that is not known, those of today.
    pub(super) fn rules(&self, day: Date) -> Result<NoticeRules, Unreadable> {
        let on = if day == UNKNOWN_DAY { self.today } else { day };
        NoticeRules::of(&self.parameters, on).map_err(|e| Unreadable::new(e.to_string()))
    }
}

/// What the gates left of one provider.
fn night_of(night: &GateNight) -> String {
    format!("submission:{} {}", night.submission, night.provider)
}

fn notified(books: &mut Books) -> Judged {
    let mut deliveries: BTreeMap<String, Vec<GateNight>> = BTreeMap::new();
    for night in books.db.gate_nights()? {
        deliveries.entry(night.submission.clone()).or_default().push(night);
    }
    let mut cases = Vec::new();
    for (submission, nights) in deliveries {
        let day = nights.first().map_or(books.today, |n| japanese_day(n.at));
        let sum = |count: fn(&GateNight) -> u64| nights.iter().map(count).sum::<u64>();
        let (persons, without) = (sum(|n| n.in_feed), sum(|n| n.unnotified));
        cases.push(notice::Notified {
            delivery: format!("submission:{submission}"),
            persons,
            without,
            without_loaded: sum(|n| n.torn),
            too_many: books.rules(day)?.blocks(without, persons),
            stopped: nights.iter().any(|n| n.stopped),
        });
    }
    // Loaded although no gate counted anybody.
    cases.extend(books.db.unreconciled()?.into_iter().map(|submission| notice::Notified {
        delivery: format!("submission:{submission}"),
        persons: 0,
        without: 0,
        without_loaded: 1,
        too_many: false,
        stopped: false,
    }));
    let without = cases.iter().map(|c| c.without).sum();
    Ok(notice::notified(&cases)?.with("without", without))
}

/// The end of a day in Japan.
fn end_of(day: Date) -> Result<Timestamp, Unreadable> {
    let next = day.tomorrow().map_err(|_| Unreadable::new("a day outside all calendars"))?;
    Ok(day_begins(next)?)
}

fn fresh(books: &mut Books) -> Judged {
    let mut newest: BTreeMap<String, GateNight> = BTreeMap::new();
    for night in books.db.gate_nights()? {
        newest.insert(night.provider.clone(), night);
    }
    let (_, breaks) = verify_all(&mut books.db)?;
    let broken: BTreeSet<String> = breaks.into_iter().map(|b| b.provider).collect();
    let mut providers: BTreeSet<String> = books.db.notified_providers()?.into_iter().collect();
    providers.extend(newest.keys().cloned());
    let names: Vec<&str> = providers.iter().map(String::as_str).collect();
    let ledgers = books.db.notice_ledgers(&names)?;
    let hours = books.rules(books.today)?.ledger_age_hours.into();
    let mut cases = Vec::new();
    for provider in &providers {
        let night = newest.get(provider);
        // What came after the load did not help it.
        let there = |l: &&LedgerRow| &l.provider == provider && night.is_none_or(|n| l.received_at <= n.at);
        let exported_at = ledgers.iter().filter(there).map(|l| l.exported_at).max();
        let cut_off = match night {
            Some(night) => end_of(night.business_date.unwrap_or(japanese_day(night.at)))?,
            None => exported_at.unwrap_or(books.now),
        };
        let chain = !broken.contains(provider);
        cases.push(notice::Ledger { provider: provider.clone(), exported_at, cut_off, chain });
    }
    notice::fresh(&cases, hours)
}

fn receipts(books: &mut Books) -> Judged {
    let files = books.db.received_files()?;
    let mut cases: Vec<notice::ReceiptRecord> = books
        .db
        .receipts(None)?
        .into_iter()
        .map(|(receipt, confirmation)| {
            let key = (receipt.submission, receipt.provider.id.clone());
            let root = files_root(files.get(&key).map_or(&[], Vec::as_slice));
            let confirmed = |by: &str| !by.trim().eq_ignore_ascii_case(receipt.job.trim());
            notice::ReceiptRecord {
                receipt: format!("submission:{} {}", receipt.submission, receipt.provider.id),
                complete: confirmation
                    .as_ref()
                    .is_some_and(|c| missing(&c.provider, &c.media_serial).is_empty()),
                confirmed: confirmation.as_ref().is_some_and(|c| confirmed(&c.by)),
                hashes: root == receipt.files_root,
            }
        })
        .collect();
    cases.extend(books.db.deliveries_without_receipt()?.into_iter().map(|id| notice::ReceiptRecord {
        receipt: format!("submission:{id}"),
        complete: false,
        confirmed: false,
        hashes: false,
    }));
    let unconfirmed = number(cases.iter().filter(|c| !c.confirmed).count());
    let other_files = number(cases.iter().filter(|c| !c.hashes).count());
    Ok(notice::receipt(&cases)?.with("unconfirmed", unconfirmed).with("other_files", other_files))
}

fn mirrored(books: &mut Books) -> Judged {
    // Oldest first: the newest record of a provider counts.
    let theirs: BTreeMap<_, _> = books
        .db
        .provisions()?
        .into_iter()
        .map(|p| ((p.submission.to_string(), p.provider.to_string()), p))
        .collect();
    let mut cases = Vec::new();
    for (ours, _) in books.db.receipts(None)? {
        let (submission, provider) = (ours.submission.to_string(), ours.provider.id.to_string());
        let theirs = theirs.get(&(submission.clone(), provider.clone()));
        let mut classes: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for (class, n) in read_records(&ours.items) {
            classes.entry(class.to_owned()).or_default().1 = n;
        }
        for (class, n) in theirs.iter().flat_map(|p| read_records(&p.items)) {
            classes.entry(class.to_owned()).or_default().0 = n;
        }
        // A record that says of itself that it does not agree does not agree, whatever its persons are.
        let persons = theirs.filter(|p| p.agrees).map_or(u64::MAX, |p| p.persons);
        let none = theirs.is_none() && ours.persons == 0 && ours.records == 0;
        classes.insert("persons".to_owned(), (if none { 0 } else { persons }, ours.persons));
        cases.extend(classes.into_iter().map(|(class, (theirs, ours))| notice::Mirror {
            of: format!("submission:{submission} {provider} {class}"),
            theirs,
            ours,
        }));
    }
    notice::mirrored(&cases)
}

fn reconciled(books: &mut Books) -> Judged {
    let cases: Vec<notice::Night> = books
        .db
        .gate_nights()?
        .iter()
        .map(|night| {
            // Whoever waited came in by notices of later ledgers.
            let later = if night.settled > 0 { night.notified_now } else { 0 };
            let notified = night.notified.max(later);
            notice::Night {
                of: night_of(night),
                notified,
                opted_out: night.opted_out,
                feed: night.in_feed,
                admitted: night.admitted,
                admitted_ineligible: night.admitted.saturating_sub(notified.saturating_sub(night.opted_out)),
                quarantined: night.set_aside,
            }
        })
        .collect();
    let (feed, admitted) = (cases.iter().map(|c| c.feed).sum(), cases.iter().map(|c| c.admitted).sum());
    Ok(notice::reconciled(&cases)?.with("feed", feed).with("admitted", admitted))
}

fn growth(books: &mut Books) -> Judged {
    let mut cases = Vec::new();
    for night in books.db.gate_nights()? {
        // Persons who waited are no growth; each has a unit at least, so that this is the least that came that night.
        let today = night.admitted.saturating_sub(night.settled);
        cases.push(notice::Growth {
            of: night_of(&night),
            today,
            most: night.growth_base,
            abnormal: books.rules(japanese_day(night.at))?.grows(today, night.growth_base),
            opened: night.allowed,
        });
    }
    let opened = number(cases.iter().filter(|c| c.abnormal && c.opened).count());
    Ok(notice::growth(&cases)?.with("opened", opened))
}

fn papers(books: &mut Books) -> Judged {
    let days = books.number("optout.receipt_business_days")?;
    let cases: Vec<notice::OptOutWay> = books
        .db
        .opt_out_checks()?
        .into_iter()
        .map(|case| notice::OptOutWay {
            opt_out: case.entry,
            received_on: case.received_on,
            blocked_on: case.blocked_on,
            erased_on: case.erased_on,
            erasable: case.erasable,
            receipt_on: case.receipt_on,
            copy: case.copy,
        })
        .collect();
    let of_desk: BTreeSet<&str> = cases.iter().map(|case| case.opt_out.as_str()).collect();
    let entries = books.db.opt_out_entries()?;
    let listed = entries.iter().filter(|entry| !of_desk.contains(entry.as_str())).count();
    // Who sends a list has handed the papers over: it took the requests.
    Ok(notice::receipt_issued(&cases, days, books.today)?.with("listed", number(listed)))
}

fn requesters(books: &mut Books) -> Judged {
    let listed = word(&books.parameters, "optout.relations", books.today)
        .map_err(|e| Unreadable::new(e.to_string()))?
        .to_owned();
    let mut cases = Vec::new();
    for case in books.db.opt_out_checks()? {
        let role = match case.requester.as_str() {
            "self" => RequesterRole::Own,
            "family" => RequesterRole::Family,
            "guardian" => RequesterRole::Guardian,
            "agent" => RequesterRole::Agent,
            _ => return Err(Unreadable::new(format!("opt-out {}: an unknown requester", case.entry))),
        };
        let relation_listed = listed.split_whitespace().any(|relation| relation == case.relation);
        cases.push(Requester { opt_out: case.entry, role, relation_listed, dead: case.dead });
    }
    notice::eligible(&cases)
}

/// The months from a day's to the one before `today`'s, as `2026-11`.
fn months_between(first: Date, today: Date) -> Vec<String> {
    let month = |day: Date| (day.year(), day.month());
    first
        .first_of_month()
        .series(jiff::Span::new().months(1))
        .take_while(|day| month(*day) < month(today))
        .map(|day| format!("{:04}-{:02}", day.year(), day.month()))
        .collect()
}

fn books(books: &mut Books) -> Judged {
    let verified = book::verify(&mut books.db)?;
    let mut exported: BTreeSet<String> = BTreeSet::new();
    for export in books.db.book_exports()? {
        let (_, last) = book::month_days(&export.month).map_err(Unreadable::new)?;
        // One that was made before the month ended is not whole.
        if export.exported_at >= end_of(last)? {
            exported.insert(export.month);
        }
    }
    let first = books.db.book_after(0, 1)?.first().map(|row| row.on_day);
    let gap = match verified {
        Ok(_) => None,
        Err(BookBroken::Gap(seq) | BookBroken::NotLinked(seq) | BookBroken::Changed(seq)) => Some(seq),
        Err(BookBroken::End { found, .. }) => Some(found + 1),
    };
    let months = first.map_or_else(Vec::new, |first| months_between(first, books.today));
    let months_missing: Vec<String> = months.into_iter().filter(|m| !exported.contains(m)).collect();
    let named = months_missing.clone();
    let there = first.is_some() || gap.is_some();
    let case = records::Book { book: "compliance.ledger_book".to_owned(), gap, months_missing };
    let mut judged = records::books(&there.then_some(case).into_iter().collect::<Vec<_>>())?;
    judged.evidence.extend(named.iter().map(|month| format!("month:{month}")));
    Ok(judged.with("entries", verified.unwrap_or(0)).with("months_missing", number(named.len())))
}

fn kept_long_enough(books: &mut Books) -> Judged {
    let mut gone: BTreeMap<String, u64> = GUARDED.iter().map(|table| ((*table).to_owned(), 0)).collect();
    let mut add = |table: &str, n: u64| *gone.entry(table.to_owned()).or_default() += n;
    for table in GUARDED {
        // Without its guard anything could have been taken out of it.
        add(table, u64::from(books.db.guards_off(table)?));
    }
    for (table, n) in books.db.numbers_missing()? {
        add(&table, n);
    }
    add("compliance.receipt_record", number(books.db.deliveries_without_receipt()?.len()));
    // Asked of the book of notices even when there is no ledger.
    books.db.notice_facts(&[])?;
    let (_, breaks) = verify_all(&mut books.db)?;
    add("compliance.notice", number(breaks.len()));
    add("compliance.ledger_book", u64::from(book::verify(&mut books.db)?.is_err()));
    let cases: Vec<Kept> = gone
        .into_iter()
        .map(|(object, deleted_early)| Kept { object, scheduled: true, deleted_early, overdue: 0 })
        .collect();
    records::kept_long_enough(&cases)
}

/// Does a record of counts hold anything else?
fn holds_more(counts: &[String]) -> bool {
    let only = |text: &String| {
        let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
        let same = |known: serde_json::Result<serde_json::Value>| known.ok() == value;
        serde_json::from_str::<Before>(text).is_ok_and(|known| same(serde_json::to_value(known)))
            || serde_json::from_str::<Done>(text).is_ok_and(|known| same(serde_json::to_value(known)))
    };
    !counts.iter().all(only)
}

fn erasure_records(books: &mut Books) -> Judged {
    let all = books.db.erasure_facts()?;
    let open = number(all.iter().filter(|job| !matches!(job.state.as_str(), "erased" | "verified")).count());
    let cases: Vec<ErasureRecord> = all
        .into_iter()
        .filter(|job| matches!(job.state.as_str(), "erased" | "verified"))
        .map(|job| ErasureRecord {
            erasure: job.erasure,
            executors: job.executors,
            verifier: job.verifier,
            ground: Ground::read(&job.ground).is_some(),
            personal: holds_more(&job.counts),
        })
        .collect();
    Ok(records::erasure_record(&cases)?.with("open", open))
}

fn drills(books: &mut Books) -> Judged {
    let days = books.number("checks.restore_drill_days")?;
    let (backups, drills) = books.db.restore_drills()?;
    let cases: Vec<records::Drill> = drills
        .into_iter()
        .map(|(drill, at, forbidden)| records::Drill { drill, on: japanese_day(at), forbidden })
        .collect();
    records::drills(&cases, backups, days, books.today)
}

fn frozen(books: &mut Books) -> Judged {
    let minutes = books.number("checks.freeze_minutes")?;
    let mut cases = Vec::new();
    let mut reported = Vec::new();
    for (incident, events) in books.db.incidents()? {
        if IncidentKind::from_name(&incident.kind) != Some(IncidentKind::Unnotified) {
            continue;
        }
        let first = |action: &str| events.iter().find(|e| e.action == action).map(|e| e.at);
        reported.extend(first("report"));
        cases.push(Wrongly {
            incident: incident.id,
            found_at: incident.suspected_at,
            frozen_at: first("freeze"),
            deleted: false,
            instruction: None,
        });
    }
    for job in books.db.erasure_facts()? {
        let Some(run_at) = job.run_at.filter(|_| job.ground == Ground::WronglyReceived.as_str()) else {
            continue;
        };
        // Reported first, then destroyed, and only on an instruction.
        let after_report = reported.iter().any(|at| *at <= run_at);
        cases.push(Wrongly {
            incident: job.erasure,
            found_at: job.planned_at,
            frozen_at: Some(job.planned_at),
            deleted: true,
            instruction: Some(job.instruction).filter(|number| after_report && !number.is_empty()),
        });
    }
    records::frozen(&cases, minutes)
}
