//! What was set aside: tried once more (空実行), ordered to be taken in again (再取込み), given back to its sender (差戻し).
//!
//! A trial opens bytes, so it is booked first; it goes through the load's own gates, writes nothing and shows no value. An
//! order loads nothing by itself: the next intake does, through every gate, under its own instruction.

use anyhow::{Context as _, Result};
use clap::Args;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_compliance::notice::HoldReason;
use musubi_etl::Faults;
use musubi_etl::retry::{ORDERED, RETURNED, SetAside, Tried, try_again};
use musubi_model::SubmissionId;
use musubi_model::submission::{Disposition, SubmissionState};
use musubi_storage::registry::IngestDb;
use serde_json::{Value, json};

use super::unknown;
use crate::args::Cli;
use crate::commands::findings::rule_named;
use crate::commands::night::with_house;
use crate::commands::refusal::{refused, settle};
use crate::commands::show::one_submission;
use crate::commands::{Ending, books};
use crate::home::{Home, now};
use crate::say::Voice;

/// Longest reason, in characters.
const REASON_MAX: usize = 400;

/// What is done with a delivery, and why.
#[derive(Debug, Args)]
pub struct Deed {
    /// Its id or the beginning of it.
    id: String,
    /// Why; no value of a person. The sender reads it.
    #[arg(long)]
    reason: String,
}

/// Tries deliveries.
pub fn run(cli: &Cli, home: &Home, voice: Voice, ids: &[String]) -> Result<Ending> {
    let mut told = Vec::new();
    for prefix in ids {
        let mut db = home.registry.ingest()?;
        let Ok(id) = one_submission(&mut db, prefix) else { return Ok(unknown(voice)) };
        let Some(tried) = tried(cli, home, voice, &id)? else { return Ok(unknown(voice)) };
        let quarantined = db.balance(&id)?.total().quarantined;
        say(voice, &tried);
        told.push(value(&tried, quarantined)?);
    }
    voice.value(&json!({ "dry_run": true, "read": told }));
    Ok(Ending::Done)
}

fn tried(cli: &Cli, home: &Home, voice: Voice, id: &SubmissionId) -> Result<Option<Tried>> {
    let mut db = home.registry.ingest()?;
    books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Trace, AuditObject::Submission(*id), 0)?;
    with_house(home, voice, Faults::default(), |house, agreements| {
        try_again(house, agreements, id).context("空実行が中断しました(何も書いていません)")
    })
}

fn say(voice: Voice, t: &Tried) {
    let (loaded, again) = (t.count(Disposition::Loaded), t.count(Disposition::Quarantined));
    let held = t.count(Disposition::Held);
    voice.say(
        format!(
            "{}: 単位 {}、いま通せば 格納 {loaded}、保留 {held}、再び隔離 {again}、重複 {}、除外 {}。何も書いていません",
            t.submission,
            t.units,
            t.count(Disposition::Duplicate),
            t.count(Disposition::Excluded)
        ),
        format!(
            "{}: {} units; today {loaded} would be loaded, {held} held, {again} set aside again, {} are duplicates, {} excluded. Nothing was written",
            t.submission,
            t.units,
            t.count(Disposition::Duplicate),
            t.count(Disposition::Excluded)
        ),
    );
    for rule in t.package.keys() {
        let words = rule_named(rule);
        voice.say(
            format!("  提出物: {rule} {}", words.map_or("", |r| r.ja)),
            format!("  package: {rule} {}", words.map_or("", |r| r.en)),
        );
    }
}

/// Why nothing can be done from here.
fn why_not(t: &Tried) -> Option<(&'static str, &'static str)> {
    match t.set_aside {
        _ if t.ready() => None,
        SetAside::Nothing => Some((
            "保管されているものがありません。提出者の再提出を待ちます",
            "nothing of it is kept; its sender has to send it again",
        )),
        SetAside::Units => Some((
            "単位ごとの隔離は、提出者が直して再提出すると格納されます(提出の鍵で封じた写しからは格納しません)",
            "single units come in when their sender sends them mended; they are not loaded from the copy under the delivery's key",
        )),
        SetAside::Whole => Some((
            "提出物そのものに問題が残っています。提出者に差し戻してください",
            "something still stands against the package; give it back to its sender",
        )),
    }
}

fn value(t: &Tried, quarantined: u64) -> Result<Value> {
    let rules = |counts: &std::collections::BTreeMap<String, u64>| -> Vec<Value> {
        counts
            .iter()
            .map(|(rule, n)| {
                let words = rule_named(rule);
                json!({
                    "rule": rule, "count": n, "ja": words.map(|r| r.ja), "en": words.map(|r| r.en),
                    "mend_ja": words.map(|r| r.mend_ja), "mend_en": words.map(|r| r.mend_en),
                })
            })
            .collect()
    };
    let reason = |word: &str| HoldReason::read(word).map(HoldReason::ja);
    let held: Vec<Value> =
        t.held.iter().map(|(word, n)| json!({ "reason": word, "ja": reason(word), "units": n })).collect();
    let why = why_not(t);
    let mut value = serde_json::to_value(t).context("JSON")?;
    if let Some(fields) = value.as_object_mut() {
        let more = json!({
            "quarantined": quarantined, "ready": t.ready(), "rules": rules(&t.findings),
            "package_rules": rules(&t.package), "held_for": held, "stopped_ja": t.stopped.and_then(reason),
            "loaded": t.count(Disposition::Loaded), "again": t.count(Disposition::Quarantined),
            "held_units": t.count(Disposition::Held), "excluded": t.count(Disposition::Excluded),
            "duplicate": t.count(Disposition::Duplicate),
            "why_not_ja": why.map(|w| w.0), "why_not_en": why.map(|w| w.1),
        });
        fields.extend(more.as_object().cloned().unwrap_or_default());
    }
    Ok(value)
}

/// Orders that a package is taken in again. Refused while a trial says that it would not hold.
pub fn order(cli: &Cli, home: &Home, voice: Voice, deed: &Deed) -> Result<Ending> {
    settle(
        act(cli, home, voice, deed, ORDERED, |id| {
            let Some(tried) = tried(cli, home, voice, id)? else { return Ok(Some(NOT_THERE)) };
            Ok(why_not(&tried))
        })
        .map(|done| {
            done.map_or(Ending::Usage, |id| {
                voice.say(
                    format!("{id}: 次の取込みで、すべての関門を通して取り込みます"),
                    format!("{id}: the next intake takes it in, through every gate"),
                );
                voice.value(&json!({ "submission": id, "ordered": true }));
                Ending::Done
            })
        }),
    )
}

/// Gives what was set aside back to its sender, who reads why. What is kept stays sealed: it is destroyed by an erasure
/// only (R-DEL-03).
pub fn give_back(cli: &Cli, home: &Home, voice: Voice, deed: &Deed) -> Result<Ending> {
    settle(act(cli, home, voice, deed, RETURNED, |_| Ok(None)).map(|done| {
        done.map_or(Ending::Usage, |id| {
            voice.say(
                format!("{id}: 提出者に差し戻しました。再提出を待ちます"),
                format!("{id}: given back to its sender, who sends it again"),
            );
            voice.value(&json!({ "submission": id, "returned": true }));
            Ending::Done
        })
    }))
}

const NOT_THERE: (&str, &str) = ("その番号の提出はありません", "there is no such delivery");

/// Notes what shall be done with a delivery of which something was set aside, and books it. `None`: there is no such one.
fn act(
    cli: &Cli,
    home: &Home,
    voice: Voice,
    deed: &Deed,
    word: &str,
    against: impl FnOnce(&SubmissionId) -> Result<Option<(&'static str, &'static str)>>,
) -> Result<Option<SubmissionId>> {
    let mut db: IngestDb = home.registry.ingest()?;
    let Ok(id) = one_submission(&mut db, &deed.id) else {
        unknown(voice);
        return Ok(None);
    };
    let reason = deed.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX || reason.chars().any(char::is_control) {
        return Err(refused(
            voice,
            &format!("理由は1行、{REASON_MAX}字までで書いてください"),
            &format!("give a reason of one line, at most {REASON_MAX} characters"),
        ));
    }
    let state = db.submission(&id)?.map(|s| s.state);
    let aside = matches!(state, Some(SubmissionState::Quarantined | SubmissionState::Rejected))
        || db.balance(&id)?.total().quarantined > 0;
    if !aside {
        return Err(refused(voice, "隔離されたものはありません", "nothing of it was set aside"));
    }
    if let Some((ja, en)) = against(&id)? {
        return Err(refused(voice, ja, en));
    }
    db.note_event(&id, now(), &format!("{word} {reason}"))?;
    books::audit(
        &mut db,
        cli,
        AuditRole::Operator,
        AuditAction::DecideSetAside,
        AuditObject::Submission(id),
        0,
    )?;
    Ok(Some(id))
}
