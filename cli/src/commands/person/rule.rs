//! `musubi person merge`, `split`, `undo`, `affected`: what people rule, shown before it is done.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use musubi_compliance::aftermath::Cause;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_etl::matching::Mpi;
use musubi_model::{IdentityId, ResearchId};
use musubi_storage::StorageError;
use musubi_storage::identity::{AffectedRelease, CONTRARY, Committed, NewRuling, random_research_ids};
use serde_json::{Value, json};

use super::{Desk, Ending, Unfit, account, put, reasoned, second};
use crate::commands::aftermath;
use crate::home::now;
use crate::say::Voice;

/// `musubi person merge`, `split`, `queue same`, `queue different`.
#[derive(Debug, Args)]
pub struct Pair {
    /// One identity (or, to merge, research id).
    pub(super) a: String,
    /// The other.
    pub(super) b: String,
    /// Account of whoever rules.
    #[arg(long, value_name = "NAME")]
    pub(super) by: String,
    /// Why; no value of a person.
    #[arg(long)]
    pub(super) reason: String,
    /// Only show what it would change.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do it, having seen what it changes.
    #[arg(long)]
    yes: bool,
}

/// `musubi person undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// Number of the ruling; without it, list what was proposed.
    #[arg(requires = "by")]
    ruling: Option<i64>,
    /// Account of whoever proposes or confirms.
    #[arg(long, value_name = "NAME", requires = "ruling")]
    by: Option<String>,
    /// Why; no value of a person.
    #[arg(long)]
    reason: Option<String>,
    /// Confirm what another person proposed: the ruling is undone.
    #[arg(long, requires = "ruling")]
    confirm: bool,
}

/// Rules, or shows what a ruling would change.
pub fn run(desk: &mut Desk<'_>, order: &Pair, same: bool) -> Result<Ending> {
    let voice = desk.voice;
    let by = account(&order.by)?;
    let reason = reasoned(&order.reason)?;
    let (x, y) = (desk.named(&order.a)?, desk.named(&order.b)?);
    if !same && (x.identity.is_none() || y.identity.is_none()) {
        bail!(Unfit::new(
            "別人とする裁定には、元データ上の本人の番号を二つ書いてください(person show で分かります)"
        ));
    }
    let (a, b) = (desk.identity(x)?, desk.identity(y)?);
    if a == b {
        bail!(Unfit::new("同じ元データです。二つの異なる番号を書いてください"));
    }
    let ruling = NewRuling { a, b, same, by: &order.by, reason, at: now() };
    let engine = Mpi::new(&desk.matching, &desk.home.ring);
    let preview = desk.db.preview_ruling(&ruling, &engine, &mut random_research_ids).map_err(refused)?;
    let before = persons_before(desk, &preview, &[a, b])?;
    let releases = desk.db.affected_releases(&before)?;
    tell_change(voice, &preview, &before, &releases);
    let mut told = told(&preview, &before, &releases);
    handed(desk, &mut told, &releases, Cause::Matching)?;
    put(&mut told, "ruled", Value::Null);
    if !order.yes {
        voice.value(&told);
        if order.dry_run {
            voice.say("試しただけです。何も変えていません", "Only tried; nothing was changed");
            return Ok(Ending::Done);
        }
        voice.say(
            "まだ何も変えていません。内容を確かめ、--yes を付けて実行してください",
            "Nothing was changed yet; look at the above and say it again with --yes",
        );
        return Ok(Ending::Usage);
    }
    let engine = Mpi::new(&desk.matching, &desk.home.ring);
    let (number, done) = desk.db.rule(&ruling, &engine, &mut random_research_ids).map_err(refused)?;
    let persons = u64::try_from(before.len()).unwrap_or(u64::MAX);
    let object = AuditObject::Ruling(number.unsigned_abs());
    desk.book(by, AuditRole::Identity, AuditAction::RulePerson, object, persons)?;
    second::draw(desk, number)?;
    voice.say(
        format!("裁定 {number} を記録しました({})", if same { "同一人" } else { "別人" }),
        format!("Ruling {number} stands ({})", if same { "one person" } else { "two persons" }),
    );
    tell_outcome(voice, &done);
    put(&mut told, "ruled", json!(number));
    voice.value(&told);
    Ok(Ending::Done)
}

/// Proposes or confirms an undo, or lists what waits for a second person.
pub fn undo(desk: &mut Desk<'_>, order: &Undo) -> Result<Ending> {
    let voice = desk.voice;
    let (Some(number), Some(name)) = (order.ruling, order.by.as_deref()) else { return proposals(desk) };
    let by = account(name)?;
    let row =
        desk.db.ruling(number)?.ok_or_else(|| Unfit::new(format!("その番号の裁定はありません: {number}")))?;
    if row.undone.is_some() {
        bail!(Unfit::new(format!("裁定 {number} はすでに取り消されています")));
    }
    let object = AuditObject::Ruling(number.unsigned_abs());
    if !order.confirm {
        let reason = reasoned(order.reason.as_deref().unwrap_or_default())?;
        desk.db.propose_undo(number, name, reason, now()).map_err(refused)?;
        desk.book(by, AuditRole::Identity, AuditAction::ProposeUndo, object, 0)?;
        voice.say(
            format!(
                "裁定 {number} の取消しを提案しました。別の担当者が --confirm で承認すると取り消されます"
            ),
            format!(
                "Proposed to undo ruling {number}; it is undone when another person confirms (--confirm)"
            ),
        );
        voice.value(&json!({ "ruling": number, "proposed_by": name, "undone": false }));
        return Ok(Ending::Done);
    }
    match &row.undo_proposed {
        None => bail!(Unfit::new(format!("裁定 {number} の取消しはまだ提案されていません"))),
        Some((proposer, _)) if proposer == name => {
            bail!(Unfit::new("提案した人は承認できません。別の担当者が承認してください"))
        }
        Some(_) => {}
    }
    let engine = Mpi::new(&desk.matching, &desk.home.ring);
    let at = now();
    let done = desk.db.confirm_undo(number, name, at, &engine, &mut random_research_ids).map_err(refused)?;
    let before = persons_before(desk, &done, &[row.ruled.a, row.ruled.b])?;
    let persons = u64::try_from(before.len()).unwrap_or(u64::MAX);
    desk.book(by, AuditRole::Identity, AuditAction::ConfirmUndo, object, persons)?;
    let releases = desk.db.affected_releases(&before)?;
    voice.say(format!("裁定 {number} を取り消しました"), format!("Ruling {number} was undone"));
    tell_outcome(voice, &done);
    tell_releases(voice, &releases);
    let mut told = told(&done, &before, &releases);
    handed(desk, &mut told, &releases, Cause::Matching)?;
    put(&mut told, "ruling", json!(number));
    put(&mut told, "undone", json!(true));
    voice.value(&told);
    Ok(Ending::Done)
}

fn proposals(desk: &mut Desk<'_>) -> Result<Ending> {
    let voice = desk.voice;
    let rows = desk.db.undo_proposals()?;
    if rows.is_empty() {
        voice.say("承認を待つ取消しの提案はありません", "No proposal waits for a second person");
    }
    for r in &rows {
        let (who, why) = r.undo_proposed.as_ref().map_or(("", ""), |(who, why)| (who, why));
        voice.line(format!(
            "  {} {}  {} / {}  {who}: {why}",
            r.ruling_id,
            what(voice, r.ruled.same),
            r.ruled.a,
            r.ruled.b
        ));
    }
    let told = rows.iter().map(|r| {
        json!({ "ruling": r.ruling_id, "a": r.ruled.a, "b": r.ruled.b, "same": r.ruled.same,
            "proposed_by": r.undo_proposed.as_ref().map(|p| &p.0), "reason": r.undo_proposed.as_ref().map(|p| &p.1) })
    });
    voice.value(&told.collect::<Vec<Value>>());
    Ok(Ending::Done)
}

/// In which cohorts and releases persons stand, to whom these went, and what the Act asks.
pub fn affected(desk: &mut Desk<'_>, ids: &[String], cause: Cause) -> Result<Ending> {
    let mut persons = BTreeSet::new();
    let mut identities = Vec::new();
    for id in ids {
        let named = desk.named(id)?;
        identities.extend(named.identity);
        persons.insert(named.person);
    }
    for person in &persons {
        desk.book_look(AuditObject::Person(*person, None), 1)?;
        if let Some(ruling) = desk.hidden(person, None, &identities)? {
            second::kept_from(desk, ruling);
            desk.voice.value(&json!({ "asked": ids, "blind": ruling }));
            return Ok(Ending::Done);
        }
    }
    let releases = desk.db.affected_releases(&persons)?;
    tell_releases(desk.voice, &releases);
    let mut told = json!({ "persons": persons, "releases": releases_value(&releases) });
    handed(desk, &mut told, &releases, cause)?;
    desk.voice.value(&told);
    Ok(Ending::Done)
}

/// Adds to whom the releases went and what the Act asks, and says it.
fn handed(desk: &Desk<'_>, told: &mut Value, releases: &[AffectedRelease], cause: Cause) -> Result<()> {
    let names = releases.iter().flat_map(|r| r.releases.iter().cloned()).collect();
    let found = aftermath::of(desk.home, &names, cause)?;
    found.say(desk.voice);
    put(told, "handed", found.value(desk.home.acting.granted.role));
    Ok(())
}

/// What a ruling is called.
pub(super) fn what(voice: Voice, same: bool) -> &'static str {
    if same { voice.word("同一人", "one person") } else { voice.word("別人", "two persons") }
}

/// The persons that a change touches and that there are (a preview also names ids that it would have given).
fn persons_before(
    desk: &mut Desk<'_>,
    done: &Committed,
    pair: &[IdentityId],
) -> Result<BTreeSet<ResearchId>> {
    let mut persons: BTreeSet<ResearchId> = desk.db.known(pair)?.values().map(|p| p.research_id).collect();
    for person in &done.changed {
        if desk.db.current_person(person)?.is_some() {
            persons.insert(*person);
        }
    }
    Ok(persons)
}

fn tell_change(voice: Voice, done: &Committed, persons: &BTreeSet<ResearchId>, releases: &[AffectedRelease]) {
    voice.line(format!("■ {}", voice.word("この裁定が変えるもの", "what this ruling changes")));
    for person in persons {
        voice.line(format!("  {} {person}", voice.word("研究用ID", "research id")));
    }
    tell_outcome(voice, done);
    tell_releases(voice, releases);
}

fn tell_outcome(voice: Voice, done: &Committed) {
    voice.say(
        format!(
            "  統合 {}、分割 {}、移った元データ {}(判断し直した元データ {})",
            done.persons_merged, done.persons_split, done.moved, done.decided
        ),
        format!(
            "  merged {}, split {}, identities moved {} (decided again {})",
            done.persons_merged, done.persons_split, done.moved, done.decided
        ),
    );
}

fn tell_releases(voice: Voice, releases: &[AffectedRelease]) {
    voice.line(format!("■ {}", voice.word("関わる対象集団と提供物", "cohorts and releases touched")));
    if releases.is_empty() {
        voice.say("  まだどの対象集団にも入っていません", "  in no cohort yet");
    }
    for r in releases {
        let released = if r.releases.is_empty() { "-".to_owned() } else { r.releases.join(", ") };
        voice.line(format!(
            "  {}  {}: {}  {}: {released}  {}: {}",
            r.cohort_id,
            voice.word("承認", "approval"),
            r.approval_id,
            voice.word("提供物", "releases"),
            voice.word("元データ", "identities"),
            r.identities
        ));
    }
}

fn told(done: &Committed, persons: &BTreeSet<ResearchId>, releases: &[AffectedRelease]) -> Value {
    json!({
        "persons": persons, "merged": done.persons_merged, "split": done.persons_split, "moved": done.moved,
        "decided": done.decided, "releases": releases_value(releases),
    })
}

fn releases_value(releases: &[AffectedRelease]) -> Vec<Value> {
    let one = |r: &AffectedRelease| {
        json!({ "cohort": r.cohort_id, "approval": r.approval_id, "snapshot": r.commit_id, "at": r.at,
            "identities": r.identities, "releases": r.releases })
    };
    releases.iter().map(one).collect()
}

/// The store's refusals in words for the desk.
fn refused(e: StorageError) -> anyhow::Error {
    match &e {
        StorageError::Refused(why) => match why.strip_prefix(CONTRARY) {
            Some(numbers) => Unfit::new(format!(
                "効力のある裁定 {numbers} と矛盾するか、同じ内容です。先に person undo で取り消してください"
            ))
            .into(),
            None => Unfit::new(format!("裁定できません: {why}")).into(),
        },
        _ => anyhow!(e).context("裁定を記録できません"),
    }
}
