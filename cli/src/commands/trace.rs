//! `musubi trace`: a fact back to its bytes and everything that made it; a submission forward to facts and releases.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_mappers::{Mapper, mapper_for};
use musubi_model::manifest::FeedKind;
use musubi_model::{ByteRange, DocumentHash, FactId, FactTable, IdentityId, SubmissionId};
use musubi_storage::ingest::{StoredDocument, StoredUnit};
use musubi_storage::keys::SealKey;
use musubi_storage::lake::{self, Column, ColumnSet, StoredFact, Want};
use musubi_storage::registry::IngestDb;
use musubi_storage::vault::{KeyId, PackEntry, PackName, read_range};
use serde_json::{Value, json};

use super::{Ending, books, show};
use crate::args::Cli;
use crate::home::Home;
use crate::say::Voice;

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, fact: Option<&str>, submission: Option<&str>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    match (fact, submission) {
        (None, Some(prefix)) => forward(cli, &home, voice, &mut db, prefix),
        (Some("any") | None, _) => {
            let of = submission.map(|prefix| show::one_submission(&mut db, prefix)).transpose()?;
            let id = example(&home, &mut db, of)?.ok_or_else(|| anyhow!("レイクに事実がありません"))?;
            back(cli, &home, voice, &mut db, &id)
        }
        (Some(text), _) => {
            let id: FactId = text.parse().context("事実の番号は16進32桁です")?;
            back(cli, &home, voice, &mut db, &id)
        }
    }
}

/// Some fact, perhaps of one submission: first of the tables that show most.
fn example(home: &Home, db: &mut IngestDb, of: Option<SubmissionId>) -> Result<Option<FactId>> {
    let mut files = db.lake_files()?;
    let first = [FactTable::ConditionOccurrence, FactTable::DrugExposure];
    // The person fact says least: it comes last.
    let rank = |t: FactTable| match t {
        FactTable::Person => first.len() + 1,
        other => first.iter().position(|f| *f == other).unwrap_or(first.len()),
    };
    files.retain(|f| of.is_none_or(|id| f.submissions.contains(&id)));
    files.sort_by_key(|f| rank(f.table));
    for file in &files {
        let mut found = None;
        let buckets =
            if of.is_some() { Want::all(ColumnSet::ALL).buckets } else { file.bucket_min..=file.bucket_min };
        let columns = ColumnSet::of(&[Column::FactId, Column::SubmissionId]);
        lake::read(&home.folders().lake, file, &Want { buckets, identities: None, columns }, &mut |row| {
            if of.is_none_or(|id| row.submission() == id) {
                found.get_or_insert(row.fact_id());
            }
            Ok(())
        })?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn back(cli: &Cli, home: &Home, voice: Voice, db: &mut IngestDb, id: &FactId) -> Result<Ending> {
    let documents = db.documents_like(&id.document_prefix())?;
    let document = documents.first().ok_or_else(|| anyhow!("この事実の文書がありません"))?.clone();
    let unit =
        db.unit(&document.document, id.unit())?.ok_or_else(|| anyhow!("この事実の単位がありません"))?;
    let identity =
        unit.identity.ok_or_else(|| anyhow!("この単位は格納されていません({})", unit.disposition))?;
    let mut identities = home.registry.identity()?;
    let person = identities.person_of(&identity)?.ok_or_else(|| anyhow!("この単位の人がありません"))?;
    let files = db.lake_files()?;
    let (file_id, fact) = lake::find_fact(&home.folders().lake, &files, person.bucket, Some(&identity), id)?
        .ok_or_else(|| anyhow!("現在のスナップショットにこの事実はありません"))?;
    let document =
        documents.iter().find(|d| d.submission == fact.provenance.submission).cloned().unwrap_or(document);
    let mapper = mapper_of(db, &document)?;
    // Booked before anything is opened.
    books::audit(
        db,
        cli,
        AuditRole::Operator,
        AuditAction::Trace,
        AuditObject::Document(document.document),
        1,
    )?;
    // An auditor follows the way and reads no value of a person (R-SEC-01: logs only).
    let shown = home.acting.granted.role != AuditRole::Auditor;
    let bytes = if shown { bytes_of(home, db, &document, &unit, &fact, mapper.as_ref())? } else { None };
    let text = match &bytes {
        Some(bytes) => mapper.show(bytes),
        None if shown => "(鍵が破棄されており読めません)".to_owned(),
        None => "(監査では値を表示しません)".to_owned(),
    };
    let dead = db.dead_units()?.contains(&(document.document, id.unit()));
    let history = identities.history(&identity)?;
    let releases = home.registry.release()?.releases_of_submission(&fact.provenance.submission)?;
    let f = &fact.fact;
    let p = &fact.provenance;
    let code = |c: &Option<musubi_model::Coded>| {
        c.as_ref()
            .filter(|_| shown)
            .map(|c| format!("{} {} {}", c.system, c.code, c.text.as_deref().unwrap_or("")))
            .unwrap_or_default()
    };
    let date =
        |d: Option<musubi_model::PartialDate>| d.filter(|_| shown).map(|d| d.to_string()).unwrap_or_default();
    voice.line(format!("■ {} {}", voice.word("事実", "fact"), id));
    voice.line(format!(
        "  {}: {} ({})  {}",
        voice.word("表", "table"),
        f.table.ja(),
        f.table.as_str(),
        if dead { voice.word("旧版", "superseded") } else { voice.word("現行", "current") }
    ));
    voice.line(format!("  {}: {} – {}", voice.word("期間", "period"), date(f.start), date(f.end)));
    voice.line(format!("  {}: {}", voice.word("元のコード", "source code"), code(&f.source)));
    voice.line(format!("  {}: {}", voice.word("標準コード", "standard code"), code(&f.standard)));
    voice.line(format!("■ {}", voice.word("元データ", "source")));
    voice.line(format!("  {}: {}", voice.word("文書", "document"), document.document));
    voice.line(format!(
        "  {}: {}–{} ({} {})",
        voice.word("バイト位置", "bytes"),
        f.range.start,
        f.range.end(),
        voice.word("単位", "unit"),
        id.unit()
    ));
    for line in text.lines() {
        voice.line(format!("  │ {line}"));
    }
    voice.line(format!("  {}: {}", voice.word("医療機関等", "provider"), p.provider));
    voice.line(format!("  {}: {}", voice.word("提出", "submission"), p.submission));
    voice.line(format!(
        "  {}: {}   {}: {}",
        voice.word("変換", "mapper"),
        p.mapper_version,
        voice.word("マスタ", "masters"),
        if p.master_version.is_empty() { "-" } else { p.master_version.as_str() }
    ));
    voice.line(format!("■ {}", voice.word("本人", "person")));
    voice.line(format!("  {}: {}", voice.word("元データ上の本人", "source identity"), identity));
    voice.line(format!("  {}: {}", voice.word("研究用ID", "research id"), person.research_id));
    for d in &history {
        voice.line(format!(
            "  {}: {} {} [{}] {}",
            voice.word("判断", "decision"),
            d.at,
            d.kind,
            d.rule,
            d.engine
        ));
    }
    voice.line(format!("■ {}", voice.word("提供", "releases")));
    if releases.is_empty() {
        voice.say("  まだどの提供物にも使われていません", "  in no release yet");
    }
    for release in &releases {
        voice.line(format!("  {release}"));
    }
    voice.value(&json!({
        "fact_id": id.to_string(),
        "current": !dead,
        "table": f.table.as_str(),
        "table_ja": f.table.ja(),
        "fact": shown.then_some(f),
        "lake_file": file_id,
        "bucket": fact.bucket,
        "source": {
            "document": document.document,
            "unit": id.unit(),
            "range": f.range,
            "text": text,
            "provider": p.provider,
            "submission": p.submission,
            "mapper_version": p.mapper_version,
            "master_version": p.master_version,
            "erased": shown && bytes.is_none(),
            "withheld": !shown,
        },
        "person": {
            "identity": identity.to_string(),
            "research_id": person.research_id.to_string(),
            "decisions": history.iter().map(|d| json!({
                "at": d.at.to_string(), "kind": d.kind, "rule": d.rule, "engine": d.engine,
                "submission": d.submission, "research_id": d.research_id.to_string(),
            })).collect::<Vec<Value>>(),
        },
        "releases": releases,
    }));
    Ok(Ending::Done)
}

/// The mapper that read a document. A table's interface stands in the mapper's version, `table/1 NAME@VERSION`.
pub fn mapper_of(db: &mut IngestDb, document: &StoredDocument) -> Result<Arc<dyn Mapper>> {
    let submission = db.submission(&document.submission)?.ok_or_else(|| anyhow!("提出がありません"))?;
    let kind = submission.kind.as_deref().and_then(FeedKind::from_name);
    let interface = document.mapper_version.split_once(' ').map_or("", |(_, named)| named);
    let interface = interface.split_once('@').map_or(interface, |(name, _)| name).to_owned();
    let interfaces = musubi_etl::interfaces::interfaces(db)?;
    kind.and_then(|kind| mapper_for(kind, &interface, &interfaces))
        .ok_or_else(|| anyhow!("書式が分かりません"))
}

/// The bytes a fact was read from. The whole unit is read and opened, for in a packed unit a fact's range is counted in
/// the unpacked bytes.
fn bytes_of(
    home: &Home,
    db: &mut IngestDb,
    document: &StoredDocument,
    unit: &StoredUnit,
    fact: &StoredFact,
    mapper: &dyn Mapper,
) -> Result<Option<Vec<u8>>> {
    let pack: PackName = document.pack.parse()?;
    let entry = PackEntry { offset: document.pack_offset, len: document.pack_len };
    let keys = show::key_finder(home, db);
    let whole = ByteRange { start: unit.byte_start, len: unit.byte_len };
    let Some(raw) = read_range(&home.folders().vault, &pack, entry, whole, keys)? else { return Ok(None) };
    let range = fact.fact.range;
    let inside = ByteRange { start: range.start.saturating_sub(unit.byte_start), len: range.len };
    let record = inside.slice(&mapper.open(&raw)).map(<[u8]>::to_vec);
    record.map(Some).ok_or_else(|| anyhow!("事実の位置が単位の外を指しています"))
}

fn forward(cli: &Cli, home: &Home, voice: Voice, db: &mut IngestDb, prefix: &str) -> Result<Ending> {
    let id = show::one_submission(db, prefix)?;
    let folder = home.folders().lake;
    let dead = db.dead_units()?;
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut identities: std::collections::BTreeSet<IdentityId> = std::collections::BTreeSet::new();
    for file in db.lake_files()?.iter().filter(|f| f.submissions.contains(&id)) {
        let columns =
            ColumnSet::of(&[Column::SubmissionId, Column::Document, Column::Unit, Column::IdentityId]);
        lake::read(&folder, file, &Want::all(columns), &mut |row| {
            if row.submission() == id {
                let entry = counts.entry(file.table.as_str()).or_default();
                if dead.contains(&(row.document(), row.unit())) {
                    entry.1 += 1;
                } else {
                    entry.0 += 1;
                }
                identities.insert(row.identity());
            }
            Ok(())
        })?;
    }
    let releases = home.registry.release()?.releases_of_submission(&id)?;
    let documents: Vec<DocumentHash> = db.documents_of(&id)?.iter().map(|d| d.document).collect();
    books::audit(db, cli, AuditRole::Operator, AuditAction::Trace, AuditObject::Submission(id), 0)?;
    voice.line(format!("■ {} {id}", voice.word("提出", "submission")));
    voice.line(format!("  {}: {}", voice.word("文書", "documents"), documents.len()));
    voice.line(format!("  {}: {}", voice.word("元データ上の本人", "source identities"), identities.len()));
    for (table, (current, old)) in &counts {
        let name = FactTable::from_name(table).map_or("", FactTable::ja);
        voice.line(format!(
            "  {name} ({table}): {} {current}, {} {old}",
            voice.word("現行", "current"),
            voice.word("旧版", "superseded")
        ));
    }
    voice.line(format!("■ {}", voice.word("提供", "releases")));
    if releases.is_empty() {
        voice.say("  まだどの提供物にも使われていません", "  in no release yet");
    }
    for release in &releases {
        voice.line(format!("  {release}"));
    }
    voice.value(&json!({
        "submission": id,
        "documents": documents,
        "identities": identities.len(),
        "facts": counts.iter().map(|(t, (current, old))| json!({ "table": t, "current": current, "superseded": old })).collect::<Vec<_>>(),
        "releases": releases,
    }));
    if counts.is_empty() && documents.is_empty() {
        bail!("この提出から格納されたものはありません");
    }
    Ok(Ending::Done)
}

/// For readers of the vault: `None` for a key that was destroyed or forgotten.
pub type KeyFinder<'a> = Box<dyn Fn(&KeyId) -> Result<Option<SealKey>, musubi_storage::StorageError> + 'a>;
