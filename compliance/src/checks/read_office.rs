//! Readers of who may do what and who did (C-070, C-071, C-074, C-075, C-083, C-084), of incidents and inquiries (C-085,
//! C-087) and of parameters (C-091). Accounts stand under their ids; a name of a person must never come in here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use musubi_model::parameter::{Parameter, ParameterSet};
use musubi_storage::act::check::{ProgramRow, ProgramRunRow};
use musubi_storage::act::check_conduct::JobRun;
use musubi_storage::act::organisation::PrincipalRow;
use musubi_storage::registry::ActDb;

use super::conduct::{self, Found};
use super::{BUILD, Books, Judgement, Unreadable, number, programs};
use crate::authority::{ForbiddenPairs, Refused};
use crate::book::japanese_day;
use crate::incident::{self, AlarmHours};
use crate::inquiry::{self, Promises};
use crate::instruction::{self, Job, Start};
use crate::operation::OperationKind;
use crate::organisation::{self, Rules, role_of};
use crate::parameters::{parameters, word};
use crate::register::{date, text};

/// What every reader returns.
type Judged = Result<Judgement, Unreadable>;

/// Who acts before any account is registered, when no name is given.
const FOUNDING: &str = "founding";

fn because(error: impl std::fmt::Display) -> Unreadable {
    Unreadable::new(error.to_string())
}

/// Organisations and accounts, with the trainings that were entered into the register since.
fn book(db: &mut ActDb) -> Result<organisation::Book, Unreadable> {
    let mut principals = db.principals()?;
    for training in db.register("training", None)? {
        let of = |p: &&mut PrincipalRow| p.id == text(&training, "account");
        if let Some(p) = principals.iter_mut().find(of) {
            let on = date(&training, "on");
            p.trained_on = p.trained_on.max(on);
            if text(&training, "pledge") == "yes" {
                p.pledged_on = p.pledged_on.or(on);
            }
        }
    }
    organisation::Book::new(db.organisations()?, principals).map_err(because)
}

fn pairs(books: &Books) -> Result<ForbiddenPairs, Unreadable> {
    let words = word(&books.parameters, "authority.forbidden_pairs", books.today).map_err(because)?;
    ForbiddenPairs::parse(words).ok_or_else(|| Unreadable::new("authority.forbidden_pairs"))
}

/// One case for each active account, with what the book itself finds for one check.
fn accounts_found(books: &mut Books, check: &str) -> Result<Vec<Found>, Unreadable> {
    let book = book(&mut books.db)?;
    let pairs = pairs(books)?;
    let rules = Rules {
        pairs: &pairs,
        training_months: books.number("authority.training_months")?,
        unused_days: books.number("authority.unused_days")?,
        alarm_days: books.number("authority.certificate_alarm_days")?,
    };
    let mut seen = books.db.principals_entered()?;
    seen.extend(books.db.role_uses()?.into_iter().map(|u| (u.principal, u.at)));
    seen.extend(books.db.active_hours()?.into_iter().map(|h| (h.actor, h.last)));
    let seen: Vec<_> = seen.into_iter().map(|(who, at)| (who, japanese_day(at))).collect();
    let findings = book.findings(&rules, &seen, books.today);
    let wrong = |id: &str| {
        let of = findings.iter().filter(|f| f.check == check && f.subject == id);
        of.map(|f| f.what.to_owned()).collect()
    };
    Ok(book
        .principals()
        .filter(|p| p.active(books.today))
        .map(|p| Found { of: format!("account:{}", p.row.id), wrong: wrong(&p.row.id) })
        .collect())
}

/// C-070: every active account, and everybody who ever stands in the log.
pub(super) fn certified(books: &mut Books) -> Judged {
    let mut cases = accounts_found(books, "C-070")?;
    let book = book(&mut books.db)?;
    let mut actors: Vec<String> = books.db.active_hours()?.into_iter().map(|h| h.actor).collect();
    actors.sort_unstable();
    actors.dedup();
    let unknown = actors.iter().filter(|a| book.principal(a).is_none() && a.as_str() != FOUNDING);
    cases.extend(unknown.map(|a| Found {
        of: format!("account:{a}"),
        wrong: vec!["acted and belongs to no organisation".to_owned()],
    }));
    Ok(conduct::sound(&cases)?.with("actors", number(actors.len())))
}

/// Was something noted while a job ran?
fn within(run: &JobRun, noted: &ProgramRunRow) -> bool {
    run.principal == noted.actor
        && run.started_at <= noted.at
        && run.ended_at.is_none_or(|ended| noted.at <= ended)
}

/// C-071: every job by its instruction; every release, and every program that did a job's work, by a job.
pub(super) fn instructed(books: &mut Books) -> Judged {
    let book = book(&mut books.db)?;
    let instructions = books.db.instructions()?;
    let runs = books.db.job_runs()?;
    let mut cases: Vec<Found> = runs
        .iter()
        .map(|run| {
            let given = instructions.iter().find(|i| i.id == run.instruction).map(std::slice::from_ref);
            let start = Job::from_name(&run.job).zip(book.principal(&run.principal)).zip(role_of(&run.role));
            let wrong = match (start, given) {
                (Some(((job, executor), role)), Some(given)) => {
                    let (scope, at) = (run.scope.as_deref(), run.started_at);
                    let start = Start { job, scope, executor, role, at, on: japanese_day(at) };
                    let lacking = instruction::find(&book, given, &start).err();
                    lacking.map(|l| Refused::Instruction(job, l).code()).into_iter().collect()
                }
                (None, _) => vec!["UNKNOWN-JOB"],
                (_, None) => vec!["NO-INSTRUCTION"],
            };
            let wrong = wrong.into_iter().map(str::to_owned).collect();
            Found { of: format!("run:{} {}", run.id, run.instruction), wrong }
        })
        .collect();
    let mut need = |of: String, met: bool| {
        let wrong = if met { Vec::new() } else { vec!["ran outside of an instructed job".to_owned()] };
        cases.push(Found { of, wrong });
    };
    for noted in books.db.program_runs()? {
        if ["intake", "nightly", BUILD].contains(&noted.verb.as_str()) {
            let met = runs.iter().any(|run| within(run, &noted));
            need(noted.run_id, met);
        }
    }
    for release in books.db.asked_releases()? {
        let met = runs.iter().any(|run| {
            run.job == Job::Release.as_str()
                && run.scope.as_deref() == Some(release.approval.as_str())
                && run.started_at <= release.sealed_at
        });
        need(release.release, met);
    }
    Ok(conduct::sound(&cases)?
        .with("instructions", number(instructions.len()))
        .with("runs", number(runs.len())))
}

/// C-074: held by the book, used by the log.
pub(super) fn duties_apart(books: &mut Books) -> Judged {
    let held = conduct::sound(&accounts_found(books, "C-074")?)?;
    let hours = books.number("authority.forbidden_hours")?;
    let used = conduct::used_together(&books.db.active_hours()?, &pairs(books)?, hours);
    Ok(held.and(conduct::sound(&used)?))
}

/// C-075: whatever takes two people.
pub(super) fn dual_control(books: &mut Books) -> Judged {
    let operations = books.db.operations(None)?;
    let mut cases: Vec<Found> = operations.iter().filter_map(conduct::operation_used).collect();
    let kind = OperationKind::OrganisationChange.as_str();
    let uses: Vec<(String, Timestamp)> =
        operations.iter().filter(|o| o.kind == kind).filter_map(|o| o.used.clone()).collect();
    cases.extend(conduct::changes_backed(&books.db.organisation_changes()?, &uses));
    cases.extend(books.db.two_handed()?.iter().map(conduct::by_two));
    // Each of these rows names an operation that was used: the database holds that.
    let changes = books.db.approved_changes()?.len();
    Ok(conduct::sound(&cases)?
        .with("operations", number(operations.len()))
        .with("parameters", number(changes)))
}

/// C-083: training and pledge of every active account.
pub(super) fn trained(books: &mut Books) -> Judged {
    conduct::sound(&accounts_found(books, "C-083")?)
}

/// C-084: unused accounts; and nobody acts after leaving.
pub(super) fn accounts(books: &mut Books) -> Judged {
    let mut cases = accounts_found(books, "C-084")?;
    let hours = books.db.active_hours()?;
    for p in book(&mut books.db)?.principals() {
        let Some(left) = p.row.left_on else { continue };
        let acted = hours.iter().any(|h| h.actor == p.row.id && japanese_day(h.last) >= left);
        let wrong = if acted { vec!["acted after its holder had left".to_owned()] } else { Vec::new() };
        cases.push(Found { of: format!("left:{}", p.row.id), wrong });
    }
    conduct::sound(&cases)
}

/// C-085: the clocks of open incidents. One that was closed late stays in the count, and stops nothing any more.
pub(super) fn incidents(books: &mut Books) -> Judged {
    books.db.readable("compliance.incident_event")?;
    let alarms = AlarmHours::in_force(&books.parameters, books.today).map_err(because)?;
    let (mut cases, mut closed_late) = (Vec::new(), 0);
    for (incident, events) in books.db.incidents()? {
        let state = incident::state(&incident, &events, &alarms, books.now);
        let late = state.fails();
        closed_late += u64::from(late && state.closed.is_some());
        let open_late = late && state.closed.is_none();
        let wrong = if open_late { vec!["a report is overdue".to_owned()] } else { Vec::new() };
        cases.push(Found { of: format!("incident:{}", incident.id), wrong });
    }
    Ok(conduct::sound(&cases)?.with("closed_late", closed_late))
}

/// C-087: open inquiries. One that was closed late stays in the count.
pub(super) fn inquiries(books: &mut Books) -> Judged {
    books.db.readable("compliance.inquiry_event")?;
    let promises = Promises::in_force(&books.parameters, books.today).map_err(because)?;
    let (mut cases, mut closed_late) = (Vec::new(), 0);
    for (asked, events) in books.db.inquiries()? {
        let state = inquiry::state(&asked, &events, &promises, books.today);
        let open = state.closed.is_none();
        closed_late += u64::from(state.late && !open);
        let late = (state.late && open).then_some("its answer is late");
        let long = state.too_long.then_some("open for too long");
        let wrong = late.into_iter().chain(long).map(str::to_owned).collect();
        cases.push(Found { of: format!("inquiry:{}", asked.id), wrong });
    }
    Ok(conduct::sound(&cases)?.with("closed_late", closed_late))
}

/// What the runs are held against (C-091).
struct Rule {
    /// The hash of this program's own set.
    shipped: String,
    /// What two people agreed to, with the time.
    changes: Vec<(Timestamp, Parameter)>,
    /// The sets that runs used.
    sets: BTreeMap<String, String>,
    /// The signed list of programs.
    programs: Vec<ProgramRow>,
}

impl Rule {
    /// What is wrong with the parameters of something that read them at `at`: they must be the rows that its program ships
    /// and, beside them, exactly the changes approved by then.
    fn wrong(&self, hash: &str, program: &str, at: Timestamp) -> Option<&'static str> {
        let Some(content) = self.sets.get(hash) else { return Some("its parameters were not kept") };
        let Ok(rows) = serde_json::from_str::<Vec<Parameter>>(content) else { return Some("damaged") };
        let mut set = ParameterSet { parameters: rows };
        if set.hash() != hash {
            return Some("its parameters are not those of the hash");
        }
        for (_, change) in self.changes.iter().filter(|(approved, _)| *approved <= at) {
            let Some(place) = set.parameters.iter().position(|row| row == change) else {
                return Some("without a change that was approved");
            };
            set.parameters.remove(place);
        }
        // Another version of the program ships other rows: whoever vouched for it vouched for them.
        let vouched = set.hash() == self.shipped || programs::allowed(&self.programs, program, at);
        (!vouched).then_some("a parameter that nobody approved")
    }
}

/// C-091: every run by the parameters in force when it began.
pub(super) fn governed(books: &mut Books) -> Judged {
    let rule = Rule {
        shipped: parameters(None).map_err(because)?.hash(),
        changes: books.db.approved_changes()?,
        sets: books.db.parameter_sets()?.into_iter().collect(),
        programs: programs::signed(books.db.programs()?, &books.house)?,
    };
    let runs = books.db.job_runs()?;
    let mut cases = Vec::new();
    let mut judge = |of: String, hash: &str, program: &str, at: Timestamp| {
        let wrong = rule.wrong(hash, program, at).map(str::to_owned).into_iter().collect();
        cases.push(Found { of, wrong });
    };
    for run in &runs {
        judge(format!("run:{}", run.id), &run.parameter_hash, &run.binary_hash, run.started_at);
    }
    for noted in books.db.program_runs()? {
        // What a job notes of itself it notes later: it read the parameters when it began.
        let began = runs.iter().find(|run| within(run, &noted)).map_or(noted.at, |run| run.started_at);
        judge(noted.run_id, &noted.param_hash, &noted.program_hash, began);
    }
    Ok(conduct::sound(&cases)?
        .with("sets", number(rule.sets.len()))
        .with("changes", number(rule.changes.len())))
}
