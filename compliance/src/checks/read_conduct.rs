//! Readers of contracts, users and releases (C-063 to C-073), and of what was published (C-088, C-089); their table holds
//! those of [`super::read_office`], too. What registers, inquiries and pages mean is judged where they are kept; here it is
//! only asked. Never an answer without having read its source.

use std::collections::BTreeSet;

use jiff::civil::Date;
use musubi_model::spec::{ExtractSpec, Product};
use musubi_storage::act::check_conduct::AskedRelease;
use musubi_storage::act::published::PublishedRow;
use musubi_storage::act::register::RegisterRow;

use super::conduct::{self, Found, Handed, Purposed, Recipient};
use super::{Books, Judgement, Reader, Unreadable, number, read_office};
use crate::book::japanese_day;
use crate::calendar::Calendar;
use crate::contract::{self, above_cost, contract_problems, handover_problems, is_overdue, may_receive};
use crate::handover::{self, Channel, certified_problems};
use crate::parameters::word;
use crate::register::{date, text};
use crate::{disclosure, transfer, yearly};

/// What every reader returns.
type Judged = Result<Judgement, Unreadable>;

/// The readers, by the number of the check.
pub const CONDUCT: &[Reader<Books>] = &[
    (63, contracts),
    (64, purposes),
    (65, certified_users),
    (66, recipients),
    (68, handovers),
    (69, obligations),
    (70, read_office::certified),
    (71, read_office::instructed),
    (72, transfers),
    (73, consideration),
    (74, read_office::duties_apart),
    (75, read_office::dual_control),
    (83, read_office::trained),
    (84, read_office::accounts),
    (85, read_office::incidents),
    (87, read_office::inquiries),
    (88, published),
    (89, public_pages),
    (91, read_office::governed),
];

/// A release, to whom it goes, and on which days it was handed over; without a hand-over, the day of its sealing.
struct Provided {
    release: AskedRelease,
    spec: ExtractSpec,
    days: Vec<Date>,
}

/// All releases with their hand-overs. A request that cannot be read leaves nothing to judge by.
fn provided(books: &mut Books) -> Result<Vec<Provided>, Unreadable> {
    let handovers = handover::all(&mut books.db)?;
    let mut found = Vec::new();
    for release in books.db.asked_releases()? {
        let spec = release.spec.as_deref().and_then(|text| ExtractSpec::parse(text).ok());
        let spec = spec.ok_or_else(|| Unreadable::new(format!("board.request of {}", release.release)))?;
        let mut days: Vec<Date> = handovers
            .iter()
            .filter(|h| text(h, "release") == release.release)
            .filter_map(|h| date(h, "sent"))
            .collect();
        if days.is_empty() {
            days.push(japanese_day(release.sealed_at));
        }
        found.push(Provided { release, spec, days });
    }
    Ok(found)
}

fn contracts(books: &mut Books) -> Judged {
    let rows = books.db.register("contract", None)?;
    let of_releases = provided(books)?.into_iter().map(|p| {
        // Obligations of the user are another check's (C-069).
        let reasons = p.days.iter().filter_map(|on| may_receive(&rows, &[], &p.spec.recipient, *on).err());
        Found { of: p.release.release, wrong: reasons.flatten().collect() }
    });
    let in_force = rows.iter().filter(|c| date(c, "until").is_none_or(|until| until >= books.today));
    let today = books.today;
    let of_contracts = in_force.map(|c| Found {
        of: format!("contract:{}", c.entry),
        wrong: contract_problems(c, today.max(date(c, "from").unwrap_or(today))),
    });
    let cases: Vec<Found> = of_releases.chain(of_contracts).collect();
    Ok(conduct::sound(&cases)?.with("contracts", number(rows.len())))
}

fn purposes(books: &mut Books) -> Judged {
    let runs = books.db.job_runs()?;
    let mut cases: Vec<Purposed> = runs
        .iter()
        .map(|r| Purposed { of: format!("run:{}", r.id), purpose: r.job.clone(), as_approved: true })
        .collect();
    for p in provided(books)? {
        cases.push(Purposed {
            as_approved: p.release.same_scope && !p.spec.purpose.trim().is_empty(),
            of: p.release.release,
            purpose: "release".to_owned(),
        });
    }
    let mut entries = 0;
    for (purpose, n) in books.db.logged_purposes()? {
        entries += n;
        cases.push(Purposed { of: format!("compliance.audit:{purpose}"), purpose, as_approved: true });
    }
    let allowed = word(&books.parameters, "purpose.allowed", books.today);
    let allowed = allowed.map_err(|e| Unreadable::new(e.to_string()))?;
    let allowed: BTreeSet<&str> = allowed.split_whitespace().collect();
    Ok(conduct::purposes(&cases, &allowed)?.with("runs", number(runs.len())).with("entries", entries))
}

/// C-065: every hand-over of pseudonymised data went to a user certified that day, type II through the visiting environment
/// only. What was not handed over has not been provided.
fn certified_users(books: &mut Books) -> Judged {
    let handovers = handover::all(&mut books.db)?;
    let users = books.db.register("certified-user", None)?;
    let contracts = books.db.register("contract", None)?;
    let releases = provided(books)?;
    let mut cases = Vec::new();
    for p in releases.iter().filter(|p| p.spec.product == Product::Pseudonymized) {
        for h in handovers.iter().filter(|h| text(h, "release") == p.release.release) {
            let contract = contracts.iter().filter(|c| text(c, "user") == text(h, "user"));
            let target =
                contract.max_by_key(|c| date(c, "from")).map_or(text(h, "target"), |c| text(c, "user-kind"));
            let organisation = text(h, "organisation");
            let own = |u: &&RegisterRow| text(u, "organisation") == organisation && !organisation.is_empty();
            let user = users.iter().filter(own).max_by_key(|u| date(u, "until"));
            let sent =
                date(h, "sent").ok_or_else(|| Unreadable::new(format!("handover {}: no day", h.entry)))?;
            let wrong = match target {
                "contractor" | "operator" | "regulator" => Vec::new(),
                _ => certified_problems(user, text(h, "channel"), sent),
            };
            cases.push(Found { of: format!("handover:{}", h.entry), wrong });
        }
    }
    Ok(conduct::sound(&cases)?.looked_over(number(releases.len())).with("users", number(users.len())))
}

/// What a contract says its user is.
fn recipient(contract: &RegisterRow) -> Recipient {
    match text(contract, "user-kind") {
        "anon-user" => Recipient::User,
        "certified-user" => Recipient::CertifiedUser,
        "contractor" => Recipient::Contractor,
        "operator" => Recipient::Operator,
        "regulator" => Recipient::Regulator,
        _ => Recipient::Other,
    }
}

fn recipients(books: &mut Books) -> Judged {
    let contracts = books.db.register("contract", None)?;
    let handovers = handover::all(&mut books.db)?;
    let mut cases = Vec::new();
    for p in provided(books)? {
        let id = p.release.release;
        let elsewhere =
            handovers.iter().any(|h| text(h, "release") == id && text(h, "user") != p.spec.recipient);
        let of_user = |c: &&RegisterRow| text(c, "user") == p.spec.recipient;
        // The newest contract says what the user is; with none, or handed to somebody else, nothing permits it.
        let contract = contracts.iter().filter(of_user).max_by_key(|c| date(c, "from"));
        cases.push(Handed {
            to: contract.filter(|_| !elsewhere).map_or(Recipient::Other, recipient),
            application: contract.map(|c| text(c, "request").to_owned()).unwrap_or_default(),
            release: id,
        });
    }
    Ok(conduct::recipients(&cases)?.with("handovers", number(handovers.len())))
}

fn handovers(books: &mut Books) -> Judged {
    let today = books.today;
    let within = books.number(contract::ACKNOWLEDGED_WITHIN)?;
    let calendar = Calendar::shipped().map_err(|e| Unreadable::new(e.to_string()))?;
    let lines = books.db.register("line", None)?;
    let releases = books.db.asked_releases()?;
    let checks = books.db.release_checks()?;
    let mut cases = Vec::new();
    for h in handover::all(&mut books.db)? {
        let problems = handover_problems(&h, within, &calendar, today);
        let problems = problems.map_err(|e| Unreadable::new(e.to_string()))?;
        let mut wrong: Vec<&str> = problems.into_iter().map(|(_, what)| what).collect();
        let sent = date(&h, "sent");
        let open = |l: &RegisterRow| {
            let (from, until) = (date(l, "from"), date(l, "until"));
            l.entry == text(&h, "line") && from <= sent && sent.is_some() && sent <= until
        };
        // Nothing leaves the visiting environment, so nothing goes over a line.
        if text(&h, "channel") != Channel::Visiting.as_str() && !lines.iter().any(open) {
            wrong.push("not over a line on the list");
        }
        let hash = text(&h, "manifest-hash");
        let release = releases.iter().find(|r| r.release == text(&h, "release"));
        if release.is_none_or(|r| blake3::hash(r.manifest.as_bytes()).to_hex().as_str() != hash) {
            wrong.push("not the manifest of the ledger");
        }
        // Whoever verifies a package verifies its signatures; C-058 asks for the same record.
        if !checks.iter().any(|c| c.ok && c.release_id == text(&h, "release") && c.manifest_hash == hash) {
            wrong.push("its signature was not verified");
        }
        let wrong = wrong.into_iter().map(str::to_owned).collect();
        cases.push(Found { of: format!("handover:{}", h.entry), wrong });
    }
    Ok(conduct::sound(&cases)?.with("releases", number(releases.len())).with("lines", number(lines.len())))
}

fn obligations(books: &mut Books) -> Judged {
    let contracts = books.db.register("contract", None)?;
    let today = books.today;
    let recall_days = books.number(handover::RECALL_DAYS)?;
    let cases: Vec<Found> = handover::obligations(&mut books.db, recall_days)?
        .iter()
        .map(|o| Found {
            of: format!("obligation:{}", o.entry),
            wrong: if is_overdue(o, today) {
                vec![format!("{} overdue", text(o, "what"))]
            } else {
                Vec::new()
            },
        })
        .collect();
    Ok(conduct::sound(&cases)?.with("contracts", number(contracts.len())))
}

fn transfers(books: &mut Books) -> Judged {
    let rows = books.db.transfers()?;
    let wrong = transfer::problems(&rows);
    // The problems name their transfers; a whole transfer is a case without any.
    let mut cases: Vec<Found> =
        wrong.iter().map(|w| Found { of: "transfer".to_owned(), wrong: vec![w.clone()] }).collect();
    let all: BTreeSet<(&str, &str)> = rows.iter().map(|r| (r.id.as_str(), r.side.as_str())).collect();
    let whole = all.len().saturating_sub(cases.len());
    cases.extend(
        all.iter().take(whole).map(|(id, side)| Found { of: format!("{id} ({side})"), wrong: Vec::new() }),
    );
    Ok(conduct::sound(&cases)?.with("rows", number(rows.len())))
}

fn consideration(books: &mut Books) -> Judged {
    let rows = books.db.register("consideration", None)?;
    let found = |c: &RegisterRow| Found {
        of: format!("consideration:{}", c.entry),
        wrong: if above_cost(c) { vec!["paid more than the cost".to_owned()] } else { Vec::new() },
    };
    conduct::sound(&rows.iter().map(found).collect::<Vec<_>>())
}

/// What reports and pages are counted from. Read before every answer, so that an empty year cannot hide a closed book.
const COUNTED: [&str; 12] = [
    "compliance.receipt_record",
    "compliance.ledger_book",
    "compliance.opt_out",
    "compliance.notice_ledger",
    "intake.held",
    "board.request",
    "release.ledger",
    "compliance.incident",
    "compliance.incident_event",
    "compliance.inquiry",
    "compliance.inquiry_event",
    "compliance.register",
];

/// What was published, after a look at whatever it is counted from.
fn kept(books: &mut Books) -> Result<Vec<PublishedRow>, Unreadable> {
    for table in COUNTED {
        books.db.readable(table)?;
    }
    Ok(books.db.published()?)
}

fn published(books: &mut Books) -> Judged {
    let mut cases = Vec::new();
    for row in kept(books)? {
        let again = match row.kind.as_str() {
            "yearly" => {
                yearly::compute(&mut books.db, &books.parameters, row.year, row.cutoff, &mut yearly::notices)
                    .and_then(|report| report.json())
            }
            _ => disclosure::compute(&mut books.db, &books.parameters, row.year, row.cutoff)
                .and_then(|page| page.json()),
        };
        let again = again.map_err(|e| Unreadable::new(e.to_string()))?;
        let same = yearly::hash(&again) == row.hash;
        cases.push(Found {
            of: format!("{}:{}:{}", row.kind, row.year, row.cutoff),
            wrong: if same { Vec::new() } else { vec!["the books give other numbers".to_owned()] },
        });
    }
    conduct::sound(&cases)
}

fn public_pages(books: &mut Books) -> Judged {
    let names = books.db.people_of_the_books()?;
    let min = books.number("disclosure.count_min")?;
    let mut cases = Vec::new();
    for row in kept(books)?.into_iter().filter(|row| row.kind == "disclosure") {
        let page = disclosure::compute(&mut books.db, &books.parameters, row.year, row.cutoff)
            .map_err(|e| Unreadable::new(e.to_string()))?;
        let json = page.json().map_err(|e| Unreadable::new(e.to_string()))?;
        let mut wrong = disclosure::scan_page(&page, &names, min);
        if yearly::hash(&json) != row.hash {
            wrong.push("not the page that was kept".to_owned());
        }
        cases.push(Found { of: format!("disclosure:{}:{}", row.year, row.cutoff), wrong });
    }
    Ok(conduct::sound(&cases)?.with("names", number(names.len())))
}
