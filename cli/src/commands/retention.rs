//! `musubi retention`: is there a schedule for everything that is kept, and is anything overdue (保存期間, C-025)?

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use jiff::Timestamp;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::retention::{self, Keep};
use musubi_storage::StorageError;
use serde_json::json;

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// `musubi retention`.
#[derive(Debug, Subcommand)]
pub enum Retention {
    /// The schedule: what is kept where, for how long, why.
    List,
    /// Walk the database and the data folder; fails for anything without a schedule or overdue.
    Check,
}

/// Runs one of them.
pub fn run(cli: &Cli, voice: Voice, order: &Retention) -> Result<Ending> {
    let schedule = retention::shipped()?;
    if matches!(order, Retention::List) {
        let mut told = Vec::new();
        for s in &schedule {
            let keep = match &s.keep {
                Keep::Years(parameter) => parameter.clone(),
                Keep::Permanent => voice.word("永久", "permanent").to_owned(),
                Keep::WithData => voice.word("データとともに", "with the data").to_owned(),
            };
            voice.line(format!("{}  {}  {}  {keep}  {}", s.place, s.class, s.owner, s.ground));
            told.push(
                json!({ "place": s.place.to_string(), "class": s.class, "owner": s.owner, "keep": keep,
                "ground": s.ground }),
            );
        }
        voice.value(&json!({ "schedule": told }));
        return Ok(Ending::Done);
    }
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let older = |folder: &str, before: Timestamp| older_files(&home.data.join(folder), before);
    let report =
        retention::check(&mut db, &schedule, &entries(&home.data)?, &home.parameters, now(), &older)?;
    let object = AuditObject::Check(Name::new("C-025")?);
    books::audit(&mut db, cli, AuditRole::Auditor, AuditAction::Check, object, 0)?;
    for place in &report.without {
        voice.say(format!("✗ 保存期間の定めがありません: {place}"), format!("✗ no schedule: {place}"));
    }
    for (place, n, since) in &report.overdue {
        voice.say(
            format!("✗ 期限切れ: {place}  {n} 件({since} より前)"),
            format!("✗ overdue: {place}, {n} from before {since}"),
        );
    }
    voice.say(
        format!(
            "保存期間: {} 箇所、定めなし {}、期限切れ {}",
            report.places,
            report.without.len(),
            report.overdue.len()
        ),
        format!(
            "Retention: {} places, {} without a schedule, {} overdue",
            report.places,
            report.without.len(),
            report.overdue.len()
        ),
    );
    voice.value(&json!({ "ok": report.ok(), "places": report.places, "without": report.without,
        "overdue": report.overdue, "idle": report.idle }));
    Ok(if report.ok() { Ending::Done } else { Ending::NotVerified })
}

/// The names directly in the data folder.
fn entries(data: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(data).with_context(|| format!("読めません: {}", data.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Files of a folder, at any depth, that were last written before a time. Links are not followed.
pub(super) fn older_files(path: &Path, before: Timestamp) -> Result<u64, StorageError> {
    let Ok(seconds) = u64::try_from(before.as_second()) else { return Ok(0) };
    let limit = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let mut left = vec![path.to_owned()];
    let mut found = 0;
    while let Some(path) = left.pop() {
        let fail = |e| StorageError::io("looking at", &path)(e);
        let about = fs::symlink_metadata(&path).map_err(fail)?;
        if about.is_dir() {
            for entry in fs::read_dir(&path).map_err(StorageError::io("listing", &path))? {
                left.push(entry.map_err(StorageError::io("listing", &path))?.path());
            }
        } else if about.modified().map_err(StorageError::io("looking at", &path))? < limit {
            found += 1;
        }
    }
    Ok(found)
}
