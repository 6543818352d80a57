//! `musubi release verify-source`, `keys`, `allow-refinement`: the way back from a pseudonymised release, under two people;
//! what became of keys; and what two people allow the ledger of releases to let pass.
//!
//! Everything is booked before it is opened. Answers are words and places; no value of a source is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, Name};
use musubi_compliance::operation::OperationKind;
use musubi_etl::reread;
use musubi_model::{DocumentHash, Fact, FactId, ReleasePid};
use musubi_release::ReleaseError;
use musubi_release::ledger::{Refinement, allowance};
use musubi_release::source_check::{Answer, Cell, Released, Way, answer, cells, way};
use musubi_release::vault::PseudonymMap;
use musubi_storage::ingest::{StoredDocument, StoredUnit};
use musubi_storage::registry::IngestDb;
use serde_json::{Value, json};

use super::{Ending, operation, trace};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// A unit on its way to be read again: of which document, and its ordinal in it.
type Place = (DocumentHash, u32);

/// Holds the cells of a list against the sources of a release.
pub fn run(cli: &Cli, voice: Voice, release: &str, list: &Path, reason: &str) -> Result<Ending> {
    let text = fs::read_to_string(list).with_context(|| format!("読めません: {}", list.display()))?;
    let asked = cells(&text)?;
    let home = Home::open(cli)?;
    let mut db = home.registry.release()?;
    db.ledger_entry(release)?.ok_or_else(|| anyhow!("その番号の提供物が台帳にありません: {release}"))?;
    if !db.key_events(Some(release))?.iter().any(|e| e.event == "vaulted") {
        return Err(ReleaseError::KeyDestroyed(release.to_owned()).into());
    }
    let pids: BTreeSet<ReleasePid> = asked.cells.iter().map(|c| c.pid).collect();
    let content = json!({
        "cells": asked.hash, "count": asked.cells.len(), "persons": pids.len(), "release": release,
    });
    let kind = OperationKind::VerifySource;
    let Some(capability) = operation::obtain(cli, &home, voice, kind, &content, reason)? else {
        return Ok(Ending::LookAtIt);
    };
    let operation = capability.spend(kind)?;

    let mut ingest = home.registry.ingest()?;
    let object = AuditObject::Release(Name::new(release).context("release")?);
    book(cli, &home, &mut ingest, &[(object, pids.len())])?;
    let parts = ingest.open_pseudonyms(operation, release, &pids)?;
    let map = PseudonymMap::open(release, &home.ring.kek, &parts, &pids)?;
    let released = Released::of(&db.published_files(release)?);
    let ways: Vec<Way> = asked.cells.iter().map(|cell| way(cell, &released, &map)).collect();
    drop(map);
    let sources = sources(cli, &home, &mut ingest, &ways)?;
    let answers = asked.cells.iter().zip(&ways).map(|(cell, way)| settle(cell, way, &sources));
    Ok(tell(voice, release, operation, &asked.cells, &answers.collect::<Vec<_>>()))
}

/// Books openings, one entry each: to what, and of how many persons.
fn book(cli: &Cli, home: &Home, db: &mut IngestDb, opened: &[(AuditObject, usize)]) -> Result<()> {
    let actor = Name::new(&cli.actor).context("--actor")?;
    let entry = |(object, persons): &(AuditObject, usize)| AuditEntry {
        at: now(),
        actor: actor.clone(),
        role: cli.actor.role().unwrap_or(home.acting.granted.role),
        action: AuditAction::Trace,
        object: object.clone(),
        persons: u64::try_from(*persons).unwrap_or(u64::MAX),
        result: AuditResult::Done,
    };
    let entries: Vec<AuditEntry> = opened.iter().map(entry).collect();
    audit::append_many(db, &entries).context("証跡に記録できません")?;
    Ok(())
}

/// The facts behind the cells as their bytes give them today. One entry of the audit chain for each cell and fact stands
/// before the first key is opened.
fn sources(
    cli: &Cli,
    home: &Home,
    db: &mut IngestDb,
    ways: &[Way],
) -> Result<BTreeMap<FactId, Option<(DocumentHash, Fact)>>> {
    let mut units: BTreeMap<Place, (StoredDocument, StoredUnit)> = BTreeMap::new();
    let mut wanted: BTreeMap<FactId, Option<Place>> = BTreeMap::new();
    let mut opened = Vec::new();
    for id in ways.iter().flat_map(|way| match way {
        Way::Facts(_, facts) => facts.as_slice(),
        Way::Ends(_) => &[],
    }) {
        if !wanted.contains_key(id) {
            let found = place_of(db, id)?;
            wanted.insert(*id, found.as_ref().map(|(document, _)| (document.document, id.unit())));
            units.extend(found.map(|found| ((found.0.document, id.unit()), found)));
        }
        if let Some(Some((document, _))) = wanted.get(id) {
            opened.push((AuditObject::Document(*document), 1));
        }
    }
    book(cli, home, db, &opened)?;
    let masters = home.registry.masters(db)?;
    let maps = db.code_maps()?;
    let vault = home.folders().vault;
    let tools = reread::Tools {
        vault: &vault,
        kek: &home.ring.kek,
        limits: &home.limits,
        masters: &masters,
        maps: &maps,
    };
    let mut read: BTreeMap<Place, Vec<Fact>> = BTreeMap::new();
    for (place, (document, unit)) in &units {
        let mapper = trace::mapper_of(db, document)?;
        let facts = reread::facts(&tools, db, mapper.as_ref(), document, unit)?;
        read.insert(*place, facts.unwrap_or_default());
    }
    let fact = |(id, place): (FactId, Option<Place>)| {
        let nth = usize::try_from(id.ordinal()).unwrap_or(usize::MAX);
        let fact = place.and_then(|p| Some((p.0, read.get(&p)?.get(nth)?.clone())));
        (id, fact)
    };
    Ok(wanted.into_iter().map(fact).collect())
}

/// The document and the unit of a fact; `None`: they are no longer there.
fn place_of(db: &mut IngestDb, id: &FactId) -> Result<Option<(StoredDocument, StoredUnit)>> {
    let documents = db.documents_like(&id.document_prefix())?;
    let Some(first) = documents.first() else { return Ok(None) };
    let Some(unit) = db.unit(&first.document, id.unit())? else { return Ok(None) };
    let own = documents.iter().find(|d| d.submission == unit.submission).unwrap_or(first);
    Ok(Some((own.clone(), unit)))
}

/// An answer with the places that gave it.
type Settled = (Answer, Vec<(DocumentHash, u64, u64)>);

fn settle(cell: &Cell, way: &Way, sources: &BTreeMap<FactId, Option<(DocumentHash, Fact)>>) -> Settled {
    match way {
        Way::Ends(answer) => (*answer, Vec::new()),
        Way::Facts(shift, ids) => {
            let found: Vec<_> = ids.iter().filter_map(|id| sources.get(id).cloned()).collect();
            let places = found.iter().flatten().map(|(d, f)| (*d, f.range.start, f.range.end())).collect();
            let facts: Vec<Option<Fact>> = found.into_iter().map(|f| f.map(|(_, fact)| fact)).collect();
            (answer(cell, *shift, &facts), places)
        }
    }
}

fn tell(voice: Voice, release: &str, operation: i64, cells: &[Cell], answers: &[Settled]) -> Ending {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut told = Vec::new();
    for ((nth, cell), (answer, places)) in (1..).zip(cells).zip(answers) {
        *counts.entry(answer.as_str()).or_default() += 1;
        let sources: Vec<Value> = places
            .iter()
            .map(|(d, start, end)| json!({ "document": d, "start": start, "end": end }))
            .collect();
        voice.line(format!(
            "{nth}  {} {} {}  {}",
            cell.file,
            cell.row,
            cell.column,
            voice.word(answer.ja(), answer.as_str())
        ));
        for (document, start, end) in places {
            voice.line(format!("     {document} {start}–{end}"));
        }
        told.push(json!({ "cell": nth, "answer": answer.as_str(), "sources": sources }));
    }
    let sound = |a: &Answer| matches!(a, Answer::Match | Answer::Derived);
    let ok = answers.iter().all(|(answer, _)| sound(answer));
    let same = counts.get(Answer::Match.as_str()).copied().unwrap_or(0);
    voice.say(
        format!("{} 件のうち一致 {same} 件", cells.len()),
        format!("{same} of {} cells match", cells.len()),
    );
    voice.value(
        &json!({ "release": release, "operation": operation, "ok": ok, "counts": counts, "cells": told }),
    );
    if ok { Ending::Done } else { Ending::NotVerified }
}

/// Lists what became of the keys of releases.
pub fn keys(cli: &Cli, voice: Voice, release: Option<&str>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let events = home.registry.act()?.key_events(release)?;
    for e in &events {
        let what = match e.event.as_str() {
            "created" => voice.word("作成", "created"),
            "destroyed" => voice.word("破棄", "destroyed"),
            _ => voice.word("保管", "vaulted"),
        };
        let by = e.ordered_by.as_deref().unwrap_or("-");
        let name: String = e.key_name.chars().take(12).collect();
        voice.line(format!("{}  {}  {what}  {name}…  {} / {by}", e.at, e.release_id, e.made_by));
    }
    voice.value(&events);
    Ok(Ending::Done)
}

/// Proposes that the release of an approval may be finer than earlier ones; a second person agrees, and the build takes it.
pub fn allow(
    cli: &Cli,
    voice: Voice,
    approval: &str,
    (earlier, columns): (&[String], &[String]),
    reason: &str,
) -> Result<Ending> {
    let home = Home::open(cli)?;
    let pair =
        |earlier: &String, column: &String| Refinement { earlier: earlier.clone(), column: column.clone() };
    let all: Vec<Refinement> = earlier.iter().flat_map(|e| columns.iter().map(move |c| pair(e, c))).collect();
    let content = allowance(approval, &all);
    let id = operation::put_forward(cli, &home, OperationKind::AllowRefinement, &content, reason)?;
    voice.say(
        format!("提案 {id}: 別の人が承認すると、次の作成で使えます: musubi operation approve {id} --reason …"),
        format!("Proposal {id}: once somebody else approves it, the next build may use it: musubi operation approve {id} --reason …"),
    );
    voice.value(&json!({ "proposed": id, "content": content }));
    Ok(Ending::LookAtIt)
}
