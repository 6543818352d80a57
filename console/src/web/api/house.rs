//! Whether the house answers, how it fares in numbers, and the document of all addresses. Numbers only: no name, no id.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use musubi_compliance::audit::AuditRole;
use serde_json::json;

use super::endpoint::{Content, Endpoint, value};
use super::schema::Schema;
use crate::web::house::Job;
use crate::web::reply::{Problem, Reply};
use crate::web::route::page;
use crate::web::visit::Visit;
use crate::web::words::api as w;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) const HEALTH: Endpoint = value(
    "health",
    page("/api/health", w::HEALTH, health).anyone(),
    &Schema::Object(&[("status", Schema::Word(&["ok", "unavailable"]))]),
)
.or(&[503]);

pub(super) const OPENAPI: Endpoint =
    value("openapi", page("/api/openapi.json", w::OPENAPI, openapi).anyone(), &Schema::Any);

pub(super) const METRICS: Endpoint =
    value("metrics", page("/api/metrics", w::METRICS, metrics).anyone(), &Schema::Any)
        .answers(200, Content::Bytes("text/plain"))
        .or(&[401, 403]);

/// Who may see the numbers; so may whatever runs on this very machine.
const WATCHERS: [AuditRole; 2] = [AuditRole::Operator, AuditRole::SecurityAdmin];

fn health(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    // A connection that answers; what is wrong with it is not for everybody.
    let up = v.house().console().is_ok_and(|db| db.using(|db| db.submissions_by_state(None)).is_ok());
    Ok(match up {
        true => Reply::json(&json!({ "status": "ok" })),
        false => Reply::json(&json!({ "status": "unavailable" })).status(StatusCode::SERVICE_UNAVAILABLE),
    })
}

fn openapi(_: &mut Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::json(&super::document()))
}

fn metrics(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if !v.local {
        let me = v.me()?;
        if !me.roles.iter().any(|r| WATCHERS.contains(r)) {
            return Err(Problem::Forbidden(String::new()));
        }
    }
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, label: &str, values: &[(&str, u64)]| {
        // Writing into a string does not fail.
        let _infallible = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (of, n) in values {
            let _infallible = match label {
                "" => writeln!(out, "{name} {n}"),
                label => writeln!(out, "{name}{{{label}=\"{of}\"}} {n}"),
            };
        }
    };
    let counts = &v.site.counts;
    let answers: Vec<(&str, u64)> = ["2xx", "3xx", "4xx", "5xx"]
        .into_iter()
        .zip(&counts.answers)
        .map(|(class, n)| (class, n.load(Ordering::Relaxed)))
        .collect();
    family("musubi_http_answers_total", "counter", "Answers by class of status.", "class", &answers);
    let too_many = counts.too_many.load(Ordering::Relaxed);
    family("musubi_http_too_many_total", "counter", "Requests refused by rate.", "", &[("", too_many)]);
    let refused: Vec<(&str, u64)> = {
        let refused = counts.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().map(|(code, n)| (*code, *n)).collect()
    };
    family("musubi_http_refused_total", "counter", "Requests refused, by reason.", "code", &refused);
    let mut jobs: BTreeMap<&str, u64> = STATES.iter().map(|s| (*s, 0)).collect();
    for job in v.house().jobs() {
        *jobs.entry(state(&job)).or_default() += 1;
    }
    let jobs: Vec<(&str, u64)> = jobs.into_iter().collect();
    family("musubi_jobs", "gauge", "Jobs of this server by state.", "state", &jobs);
    let submissions = v.house().console()?.using(|db| db.submissions_by_state(None))?;
    let submissions: Vec<(&str, u64)> = submissions.iter().map(|(s, n)| (s.as_str(), *n)).collect();
    family("musubi_submissions", "gauge", "Deliveries by state.", "state", &submissions);
    let lake = v.house().console()?.using(musubi_storage::registry::ConsoleDb::lake)?;
    let rows: Vec<(&str, u64)> = lake.tables.iter().map(|t| (t.table.as_str(), t.rows)).collect();
    family("musubi_lake_rows", "gauge", "Rows of the current files of the lake.", "table", &rows);
    let bytes: Vec<(&str, u64)> = lake.tables.iter().map(|t| (t.table.as_str(), t.bytes)).collect();
    family("musubi_lake_bytes", "gauge", "Bytes of the current files of the lake.", "table", &bytes);
    family("musubi_lake_commit", "gauge", "The newest commit.", "", &[("", lake.commit)]);
    Ok(Reply::bytes(TEXT, out.into_bytes()))
}

/// The states of a job.
pub(super) const STATES: [&str; 4] = ["waiting", "running", "done", "failed"];

/// How far a job is.
pub(super) fn state(job: &Job) -> &'static str {
    match (job.began, job.ended) {
        (_, Some((_, true))) => "done",
        (_, Some((_, false))) => "failed",
        (Some(_), None) => "running",
        (None, None) => "waiting",
    }
}
