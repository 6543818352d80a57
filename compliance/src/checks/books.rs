//! Readers over the books of the Act: one small function for each check. What they read stands in the catalogue
//! (`reads`); what it means is judged by the pure functions beside this module.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use musubi_audit_log::note::Keys;
use musubi_model::parameter::ParameterSet;
use musubi_model::sign::PublicKey;
use musubi_model::spec::ExtractSpec;
use musubi_storage::compliance::{AuditRow, Audited as _};
use musubi_storage::registry::ActDb;

use super::evidence::{Certificate, Given, Quorum, Sat, Session, certificate_terms, given};
use super::records::Chain;
use super::sealed::{Apart, Hand};
use super::{
    Judgement, Reader, Unreadable, committee, conduct, evidence, notice, number, programs, records, sealed,
};
use crate::audit::tree;
use crate::book::japanese_day;
use crate::{book, notice as notices, parameters};

/// What every reader returns.
type Judged = Result<Judgement, Unreadable>;

/// Entries of the audit chain read at a time.
const PAGE: u32 = 5_000;

/// Rules of findings that say that a My Number was found.
pub const MY_NUMBER_RULES: [&str; 5] =
    ["UKE-MYNUMBER", "QR-MYNUMBER", "DPC-MYNUMBER", "CARE-MYNUMBER", "LEAK-MY-NUMBER"];

/// Zones whose ways out are probed (C-081).
const ZONES: [&str; 5] = ["Z1", "Z2", "Z3", "Z4", "Z5"];

/// The books, and when they are looked at.
#[derive(Debug)]
pub struct Books {
    /// The role of the Act.
    pub db: ActDb,
    /// The parameters in force.
    pub parameters: ParameterSet,
    /// Today in Japan.
    pub today: Date,
    /// Now.
    pub now: Timestamp,
    /// The house's public key.
    pub house: PublicKey,
}

/// The readers, by the number of the check.
pub const READERS: &[Reader<Books>] = &[
    (20, my_numbers),
    (21, lineage),
    (22, chains),
    (58, apart),
    (60, quorum),
    (61, interests),
    (62, minimal),
    (76, two_factors),
    (77, accesses),
    (78, logs),
    (79, log_review),
    (80, clocks),
    (81, egress),
    (86, desk),
    (90, certificates),
    (92, running_programs),
];

impl Books {
    /// A parameter in force today.
    pub(super) fn number(&self, name: &str) -> Result<u64, Unreadable> {
        self.parameters.number(name, self.today).map_err(|e| Unreadable::new(e.to_string()))
    }

    /// Evidence of a kind.
    fn evidence<T: serde::de::DeserializeOwned>(&mut self, kind: &str) -> Result<Vec<Given<T>>, Unreadable> {
        given(&self.db.evidence(kind)?)
    }

    /// All entries of the audit chain, one after the other.
    fn entries(&mut self, mut take: impl FnMut(&AuditRow)) -> Result<u64, Unreadable> {
        let (mut seq, mut count) = (0, 0);
        loop {
            let rows = self.db.audit_after(seq, PAGE)?;
            let Some(last) = rows.last() else { return Ok(count) };
            seq = last.seq;
            for row in &rows {
                take(row);
                count += 1;
            }
        }
    }

    /// Every approval with the session that decided it: the committee's, where a ballot stands in the signed decision; the
    /// record that people entered, where none was required that day.
    fn sessions(&mut self) -> Result<Vec<Sat>, Unreadable> {
        let mut entered: BTreeMap<String, Session> = self
            .evidence::<Session>("review-session")?
            .into_iter()
            .map(|given| (given.subject, given.says))
            .collect();
        let mut decided = committee::sessions(&mut self.db)?;
        let mut found = Vec::new();
        for (approval, _) in self.db.decisions()? {
            let day = japanese_day(approval.approved_at);
            let required = parameters::word(&self.parameters, "board.committee_required", day);
            let required = required.map_err(|e| Unreadable::new(e.to_string()))? != "no";
            let (session, expedited) = match committee::ballot(&approval.decision)? {
                Some(ballot) => decided
                    .remove(&ballot)
                    .map_or((None, false), |(session, expedited)| (Some(session), expedited)),
                // A paper does not stand for a ballot that had to be.
                None if required => (None, false),
                None => (entered.remove(&approval.approval_id), false),
            };
            found.push(Sat { approval: approval.approval_id, session, expedited });
        }
        Ok(found)
    }
}

/// The day in Japan of a time as the chain writes it.
fn day_of(at: &str) -> Result<Date, Unreadable> {
    let at: Timestamp = at.parse().map_err(|_| Unreadable::new("compliance.audit: a time that cannot be"))?;
    Ok(at.to_zoned(TimeZone::fixed(Offset::constant(9))).date())
}

fn my_numbers(books: &mut Books) -> Judged {
    let hits = books.db.my_number_hits(&MY_NUMBER_RULES)?;
    let deliveries = books.db.submissions_count()?;
    notice::my_numbers(&hits, deliveries)
}

fn lineage(books: &mut Books) -> Judged {
    records::lineage(&books.db.lineages()?)
}

/// What the chains are read from when there is a case; looked at before any answer.
const CHAINED: [&str; 5] = [
    "compliance.audit_node",
    "compliance.checkpoint_witness",
    "compliance.notice",
    "compliance.notice_key",
    "compliance.notice_ledger",
];

/// C-022: the log with its tree and its signed checkpoints, the ledgers of notices, the book.
fn chains(books: &mut Books) -> Judged {
    for table in CHAINED {
        books.db.readable(table)?;
    }
    let keys = Keys { house: tree::public_key(&books.house), witnesses: Vec::new() };
    let log = match tree::verify(&mut books.db, &keys, Vec::new(), |_| {}) {
        Ok(report) => Chain {
            book: "compliance.audit",
            verified: report.entries,
            broken_at: report.first.map(|finding| finding.place),
        },
        // Nodes or a checkpoint that do not hold: no entry can be named, and the log counts as broken from the first.
        Err(e) if e.is_damage() => Chain { book: "compliance.audit", verified: 0, broken_at: Some(1) },
        Err(e) => return Err(Unreadable::new(e.to_string())),
    };
    let (sound, breaks) = notices::book::verify_all(&mut books.db)?;
    let whole = Chain { book: "compliance.notice_ledger", verified: sound, broken_at: None };
    let broken = breaks.iter().map(|b| Chain {
        book: "compliance.notice_ledger",
        verified: 0,
        broken_at: Some(number(b.ledger)),
    });
    let book = match book::verify(&mut books.db)? {
        Ok(entries) => Chain { book: "compliance.ledger_book", verified: entries, broken_at: None },
        Err(broken) => Chain { book: "compliance.ledger_book", verified: 0, broken_at: Some(broken.place()) },
    };
    let cases: Vec<Chain> = [log, whole, book].into_iter().chain(broken).collect();
    let checkpoints = number(books.db.checkpoints()?.len());
    Ok(records::chains(&cases)?.with("checkpoints", checkpoints))
}

/// The name under which the building of a release is noted, with the release as its subject.
pub const BUILD: &str = "release build";

fn apart(books: &mut Books) -> Judged {
    let (heads, runs, checks) =
        (books.db.ledger_heads()?, books.db.program_runs()?, books.db.release_checks()?);
    let list = programs::signed(books.db.programs()?, &books.house)?;
    let hand = |actor: &str, run: &str, program: &str, at: Timestamp| Hand {
        actor: actor.to_owned(),
        run: run.to_owned(),
        listed: list.is_empty() || programs::allowed(&list, program, at),
    };
    let cases: Vec<Apart> = heads
        .iter()
        .map(|head| {
            let manifest = blake3::hash(head.manifest.as_bytes()).to_hex().to_string();
            let built = runs.iter().rev().find(|run| run.verb == BUILD && run.subject == head.release_id);
            let verified = checks
                .iter()
                .filter(|c| c.ok && c.release_id == head.release_id && c.manifest_hash == manifest)
                .map(|c| hand(&c.actor, &c.run_id, &c.program_hash, c.at));
            Apart {
                release: head.release_id.clone(),
                built: built.map(|run| hand(&run.actor, &run.run_id, &run.program_hash, run.at)),
                verified: verified.collect(),
            }
        })
        .collect();
    sealed::apart(&cases)
}

fn quorum(books: &mut Books) -> Judged {
    let rule = Quorum {
        members: books.number("checks.review_members_min")?,
        outside: books.number("checks.review_outside_min")?,
        expedited: books.number("board.expedited_members_min")?,
    };
    evidence::quorum(&books.sessions()?, rule)
}

fn interests(books: &mut Books) -> Judged {
    evidence::interests(&books.sessions()?)
}

/// What a spec asks for, item by item.
#[must_use]
pub fn items_of(spec: &ExtractSpec) -> BTreeSet<String> {
    let axes = spec.table.iter().flat_map(|table| &table.axes).map(|axis| axis.column());
    let columns = spec.rows.iter().flat_map(|rows| &rows.person).map(|column| column.as_str());
    let events = spec.rows.iter().flat_map(|rows| &rows.events).map(|events| events.table.as_str());
    let counted = spec.tables.iter().filter_map(|t| t.of.as_ref()).map(|events| events.table.as_str());
    let diagnoses = spec.table.iter().map(|_| "condition_occurrence");
    let named = axes.chain(columns).chain(events).chain(counted).chain(diagnoses).map(str::to_owned);
    // A dimension is known by the word with which a request asks for it.
    let dimensions = spec.tables.iter().flat_map(|table| &table.dimensions);
    let dimensions = dimensions.filter_map(|d| serde_json::to_value(d).ok()?.as_str().map(str::to_owned));
    named.chain(dimensions).collect()
}

fn minimal(books: &mut Books) -> Judged {
    let specs: BTreeMap<String, String> = books
        .db
        .decisions()?
        .into_iter()
        .map(|(approval, request)| (approval.approval_id, request.spec))
        .collect();
    let cases: Vec<conduct::Minimal> = books
        .sessions()?
        .into_iter()
        .map(|sat| {
            let spec = specs.get(&sat.approval).and_then(|text| ExtractSpec::parse(text).ok());
            let spec = spec.ok_or_else(|| Unreadable::new(format!("board.request of {}", sat.approval)))?;
            let needed = sat.session.into_iter().flat_map(|s| s.item);
            let needed = needed.filter(|i| !i.necessity.trim().is_empty()).map(|i| i.item).collect();
            Ok(conduct::Minimal { approval: sat.approval, asked: items_of(&spec), needed })
        })
        .collect::<Result<_, Unreadable>>()?;
    conduct::minimal(&cases)
}

fn two_factors(books: &mut Books) -> Judged {
    let given = books.evidence("authentication")?;
    let seen = books.db.logins_seen()?;
    evidence::two_factors(&given, &seen, books.today)
}

fn accesses(books: &mut Books) -> Judged {
    let openings = books.db.accesses()?;
    let mut incomplete = 0;
    let entries = books.entries(|row| incomplete += u64::from(!conduct::complete(row)))?;
    conduct::accesses_booked(&openings, entries, incomplete)
}

fn logs(books: &mut Books) -> Judged {
    let log = "compliance.audit";
    let oldest = books.db.audit_after(0, 1)?.first().map(|row| row.seq);
    conduct::logs(&[conduct::Log { log, oldest, guard_off: books.db.guards_off(log)? }])
}

fn log_review(books: &mut Books) -> Judged {
    let days = books.number("checks.log_review_days")?;
    let (mut first, mut newest) = (None, None);
    books.entries(|row| {
        first.get_or_insert_with(|| row.at.clone());
        if row.action == "review-log" && row.result == "done" {
            newest = Some(row.at.clone());
        }
    })?;
    let began = first.as_deref().map(day_of).transpose()?;
    let newest_on = newest.as_deref().map(day_of).transpose()?;
    let cases: Vec<_> = began.map(|began_on| conduct::Reviews { began_on, newest_on }).into_iter().collect();
    conduct::reviewed(&cases, days, books.today)
}

fn clocks(books: &mut Books) -> Judged {
    let (offset, hours) =
        (books.number("checks.clock_offset_ms")?, books.number("checks.clock_sample_hours")?);
    let given = books.evidence("clock")?;
    evidence::clocks(&given, offset, hours, books.now)
}

fn egress(books: &mut Books) -> Judged {
    let given = books.evidence("egress-probe")?;
    evidence::egress(&given, &ZONES, books.today)
}

fn desk(books: &mut Books) -> Judged {
    let mut reads = Vec::new();
    let entries = books.entries(|row| {
        if conduct::desk_reads_clinical(row) {
            reads.push(row.seq);
        }
    })?;
    conduct::desk(&reads, entries)
}

fn certificates(books: &mut Books) -> Judged {
    let alarm = books.number("checks.certificate_alarm_days")?;
    let given: Vec<Given<Certificate>> = books.evidence("certificate")?;
    conduct::certificates(&certificate_terms(&given, books.today), &[alarm], books.today)
}

fn running_programs(books: &mut Books) -> Judged {
    let (runs, list) = (books.db.program_runs()?, books.db.programs()?);
    programs::on_the_list(&runs, list, &books.house)
}
