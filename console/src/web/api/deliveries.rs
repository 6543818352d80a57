//! Deliveries: send a package, see what became of it, fetch its acknowledgement. An account of a submitter sees what its
//! organisation has sent and nothing else.

use axum::http::StatusCode;
use jiff::Timestamp;
use musubi_compliance::audit::AuditRole;
use musubi_model::SubmissionId;
use musubi_model::submission::SubmissionState::{Acknowledged, Quarantined, Rejected};
use musubi_storage::console::{EventView, FindingView, SubmissionView};
use serde_json::{Value, json};

use super::count;
use super::endpoint::{Content, Endpoint, optional, part, value};
use super::house::{STATES, state};
use super::schema::{MANY, Schema};
use crate::web::house::{Job, Order, Visitor};
use crate::web::pages::said;
use crate::web::pages::submitter::upload::{self, Looked};
use crate::web::reply::{Problem, Reply};
use crate::web::route::{action, page};
use crate::web::visit::Visit;
use crate::web::words::api as w;

/// Who sees deliveries: the house those of all, a submitter its own.
const SEES: &[AuditRole] = &[
    AuditRole::Submitter,
    AuditRole::Operator,
    AuditRole::Intake,
    AuditRole::Confirmer,
    AuditRole::Curator,
    AuditRole::Officer,
    AuditRole::Auditor,
];

const ID: Schema = Schema::Pattern("[0-9a-f]{32}", "0123456789abcdef0123456789abcdef");
const HASH: Schema = Schema::Pattern("[0-9a-f]{64}", "");
const STATE: Schema = Schema::Pattern("[a-z-]+", "acknowledged");

const SUMMARY: Schema = Schema::Object(&[
    ("submission", ID),
    ("feed", Schema::Maybe(&Schema::Text)),
    ("submitter", Schema::Maybe(&Schema::Text)),
    ("kind", Schema::Maybe(&Schema::Text)),
    ("business_date", Schema::Maybe(&Schema::Day)),
    ("received_at", Schema::Moment),
    ("state", STATE),
    ("state_ja", Schema::Text),
    ("files", Schema::Count(MANY)),
    ("bytes", Schema::Count(MANY)),
]);

const JOB_SHAPE: Schema = Schema::Object(&[
    ("job", Schema::Count(MANY)),
    ("subject", Schema::Text),
    ("state", Schema::Word(&STATES)),
    ("asked", Schema::Moment),
    ("began", Schema::Maybe(&Schema::Moment)),
    ("ended", Schema::Maybe(&Schema::Moment)),
]);

const EVENT: Schema = Schema::Object(&[("at", Schema::Moment), ("state", STATE), ("detail", Schema::Text)]);

const BALANCE: Schema = Schema::Object(&[
    ("kind", Schema::Text),
    ("received", Schema::Count(MANY)),
    ("loaded", Schema::Count(MANY)),
    ("superseded", Schema::Count(MANY)),
    ("duplicate", Schema::Count(MANY)),
    ("quarantined", Schema::Count(MANY)),
    ("excluded", Schema::Count(MANY)),
    ("held", Schema::Count(MANY)),
]);

const FINDING: Schema = Schema::Object(&[
    ("rule", Schema::Text),
    ("severity", Schema::Word(&["note", "warning", "error"])),
    ("document", Schema::Maybe(&HASH)),
    ("unit", Schema::Maybe(&Schema::Count(MANY))),
    ("byte_start", Schema::Maybe(&Schema::Count(MANY))),
    ("byte_len", Schema::Maybe(&Schema::Count(MANY))),
    ("record", Schema::Text),
    ("field", Schema::Text),
    ("found", Schema::Text),
    ("expected", Schema::Text),
]);

const ZIP: Content = Content::Bytes("application/zip");

pub(super) const SUBMIT: Endpoint = value(
    "submit",
    action("/api/submissions", w::SUBMIT, submit)
        .roles(&[AuditRole::Submitter])
        .package()
        .verbs(&["delivery offer"])
        .starts(&["nightly"]),
    &TAKEN,
)
.body(ZIP)
.answers(202, Content::Json(&TAKEN))
.or(&[409]);

const TAKEN: Schema = Schema::Object(&[
    ("name", Schema::Pattern("[a-z0-9-]{1,64}", "0123456789abcdef0123456789abcdef")),
    ("job", Schema::Count(MANY)),
    ("bytes", Schema::Count(MANY)),
    ("blake3", HASH),
    ("status", Schema::Text),
]);

pub(super) const JOB: Endpoint = value("job", page("/api/jobs/{job}", w::JOB, job).roles(SEES), &JOB_SHAPE)
    .takes(&[part("job", Schema::Count(MANY), w::JOB_ID)]);

pub(super) const LIST: Endpoint = value(
    "submissions",
    page("/api/submissions", w::LIST, list).roles(SEES),
    &Schema::Object(&[
        ("submissions", Schema::List(&SUMMARY)),
        ("states", Schema::Counts),
        ("skip", Schema::Count(MANY)),
        ("limit", Schema::Count(MANY)),
    ]),
)
.takes(&[
    optional("skip", Schema::Count(1_000_000), w::SKIP),
    optional("limit", Schema::Count(500), w::LIMIT),
])
.or(&[400]);

pub(super) const SHOW: Endpoint = value(
    "submission",
    page("/api/submissions/{submission}", w::SHOW, show).roles(SEES),
    &Schema::Object(&[
        ("submission", SUMMARY),
        ("events", Schema::List(&EVENT)),
        ("balance", Schema::List(&BALANCE)),
        ("closes", Schema::Flag),
        (
            "findings",
            Schema::List(&Schema::Object(&[
                ("rule", Schema::Text),
                ("severity", Schema::Word(&["note", "warning", "error"])),
                ("count", Schema::Count(MANY)),
            ])),
        ),
    ]),
)
.takes(&[part("submission", ID, w::SUBMISSION_ID)]);

pub(super) const FINDINGS: Endpoint = value(
    "findings",
    page("/api/submissions/{submission}/findings", w::FINDINGS, findings).roles(SEES),
    &Schema::Object(&[("findings", Schema::List(&FINDING)), ("limit", Schema::Count(MANY))]),
)
.takes(&[
    part("submission", ID, w::SUBMISSION_ID),
    optional("rule", Schema::Text, w::RULE),
    optional("limit", Schema::Count(10_000), w::LIMIT),
])
.or(&[400]);

pub(super) const ACKNOWLEDGEMENT: Endpoint = value(
    "acknowledgement",
    page("/api/submissions/{submission}/acknowledgement", w::ACKNOWLEDGEMENT, acknowledgement)
        .roles(&[AuditRole::Submitter, AuditRole::Operator, AuditRole::Intake])
        .verbs(&["ack"]),
    &Schema::Any,
)
.answers(200, ZIP)
.takes(&[part("submission", ID, w::SUBMISSION_ID)])
.or(&[400, 409]);

/// The submitter whose deliveries the visitor sees; `None`: all.
fn own(me: &Visitor) -> Option<&str> {
    let outside = me.roles.iter().all(|r| *r == AuditRole::Submitter || !SEES.contains(r));
    outside.then_some(me.organisation.as_str())
}

/// The delivery in the path, if the visitor may know of it.
fn named(v: &Visit<'_>) -> Result<SubmissionView, Problem> {
    let id: SubmissionId = v.param("submission").parse().map_err(|_| Problem::NotFound)?;
    let view = v.house().console()?.using(|db| db.submission(&id))?.ok_or(Problem::NotFound)?;
    match own(v.me()?) {
        Some(own) if view.submitter.as_deref() != Some(own) => Err(Problem::NotFound),
        _ => Ok(view),
    }
}

fn summary(s: &SubmissionView) -> Value {
    json!({
        "submission": s.id, "feed": s.feed, "submitter": s.submitter, "kind": s.kind,
        "business_date": s.business_date, "received_at": s.received_at, "state": s.state.as_str(),
        "state_ja": s.state.ja(), "files": s.files, "bytes": s.bytes,
    })
}

fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (skip, limit) = (count(v, "skip", 0, 0..=1_000_000)?, count(v, "limit", 50, 1..=500)?);
    let own = own(v.me()?).map(str::to_owned);
    let all = v.house().console()?.using(|db| db.submissions_listed(own.as_deref(), skip, limit))?;
    let states = v.house().console()?.using(|db| db.submissions_by_state(own.as_deref()))?;
    let all: Vec<Value> = all.iter().map(summary).collect();
    Ok(Reply::json(&json!({ "submissions": all, "states": states, "skip": skip, "limit": limit })))
}

fn show(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let view = named(v)?;
    let event = |e: &EventView| json!({ "at": e.at, "state": e.state, "detail": e.detail });
    let lines = view.balance.lines.iter().map(|(kind, l)| {
        json!({
            "kind": kind, "received": l.received, "loaded": l.loaded, "superseded": l.superseded,
            "duplicate": l.duplicate, "quarantined": l.quarantined, "excluded": l.excluded, "held": l.held,
        })
    });
    let counts =
        view.findings.iter().map(|f| json!({ "rule": f.rule, "severity": f.severity, "count": f.count }));
    Ok(Reply::json(&json!({
        "submission": summary(&view),
        "events": view.events.iter().map(event).collect::<Vec<_>>(),
        "balance": lines.collect::<Vec<_>>(), "closes": view.balance.closes(),
        "findings": counts.collect::<Vec<_>>(),
    })))
}

fn finding(f: &FindingView) -> Value {
    json!({
        "rule": f.rule, "severity": f.severity, "document": f.document, "unit": f.unit,
        "byte_start": f.range.map(|r| r.start), "byte_len": f.range.map(|r| r.len), "record": f.record,
        "field": f.field, "found": f.found, "expected": f.expected,
    })
}

fn findings(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let view = named(v)?;
    let limit = count(v, "limit", 1_000, 1..=10_000)?;
    let by_rule = v.house().console()?.using(|db| db.findings(&view.id, limit))?;
    let rule = v.field("rule");
    let wanted = by_rule.iter().filter(|(id, _)| rule.is_empty() || *id == rule);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let all: Vec<Value> = wanted.flat_map(|(_, all)| all).take(most).map(finding).collect();
    Ok(Reply::json(&json!({ "findings": all, "limit": limit })))
}

fn acknowledgement(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let view = named(v)?;
    if !matches!(view.state, Acknowledged | Quarantined | Rejected) {
        return Err(Problem::Conflict(v.pick("処理中です", "It is still being taken in").to_owned()));
    }
    let answer = v.give(&Order::new("ack").word(view.id.to_string()).out("--out", "zip"))?;
    match answer.files.into_iter().next() {
        Some(zip) if !zip.is_empty() => {
            Ok(Reply::bytes("application/zip", zip).named(&format!("ack-{}.zip", view.id)))
        }
        _ => Err(Problem::Conflict(answer.lines.join("\n"))),
    }
}

fn submit(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    match upload::offer(v)? {
        Looked::Queued(offered, job) => Ok(Reply::json(&json!({
            "name": said::text(&offered, "name"), "job": job, "bytes": said::count(&offered, "bytes"),
            "blake3": said::text(&offered, "blake3"), "status": format!("/api/jobs/{job}"),
        }))
        .status(StatusCode::ACCEPTED)),
        Looked::Refused(offered) => {
            let (code, why) = (said::text(&offered, "code"), said::words(&offered, "", v.lang));
            let mend = said::words(&offered, "mend", v.lang);
            Err(Problem::Conflict(format!("{code}: {why}\n{mend}")))
        }
    }
}

fn job(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id: u64 = v.param("job").parse().map_err(|_| Problem::NotFound)?;
    let own = own(v.me()?).map(str::to_owned);
    let mut jobs = v.house().jobs().into_iter();
    let may_know = |j: &Job| own.as_ref().is_none_or(|own| j.organisation == *own);
    let job = jobs.find(|j| j.id == id && may_know(j)).ok_or(Problem::NotFound)?;
    let ended: Option<Timestamp> = job.ended.map(|(at, _)| at);
    // What the job said is of the whole house, other senders' feeds too: it is not told here.
    Ok(Reply::json(&json!({
        "job": job.id, "subject": job.subject, "state": state(&job), "asked": job.asked, "began": job.began,
        "ended": ended,
    })))
}
