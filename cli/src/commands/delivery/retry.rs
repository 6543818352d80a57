//! What was set aside, read once more with the program of today (空実行): how many units could be used now, and which rules
//! would still be broken. It opens bytes, so it is booked first; it writes nothing, loads nothing and shows no value.
//!
//! It reads as intake reads, without the gates, linkage and totals that come after: what it calls good may still be held or
//! excluded when it is really taken in.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_etl::quarantine::path_context;
use musubi_mappers::{Document, Mapper};
use musubi_model::{IdentityId, ProviderId, SubmissionId};
use musubi_storage::ingest::StoredDocument;
use musubi_storage::registry::IngestDb;
use musubi_storage::vault::{PackEntry, PackName, read_document};
use serde_json::{Value, json};

use super::unknown;
use crate::args::Cli;
use crate::commands::findings::rule_named;
use crate::commands::show::{key_finder, one_submission};
use crate::commands::trace::mapper_of;
use crate::commands::{Ending, books};
use crate::home::Home;
use crate::say::Voice;

/// What a second reading found.
#[derive(Debug, Default)]
struct Read {
    documents: u64,
    /// Documents that cannot be opened any more, or that are no data (manifest, signature).
    passed_over: u64,
    units: u64,
    sound: u64,
    rules: BTreeMap<&'static str, u64>,
}

pub fn run(cli: &Cli, home: &Home, voice: Voice, ids: &[String]) -> Result<Ending> {
    let mut told = Vec::new();
    for prefix in ids {
        let mut db = home.registry.ingest()?;
        let Ok(id) = one_submission(&mut db, prefix) else { return Ok(unknown(voice)) };
        books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Trace, AuditObject::Submission(id), 0)?;
        let read = read(home, &mut db, &id)?;
        let quarantined = db.balance(&id)?.total().quarantined;
        voice.say(
            format!(
                "{id}: 文書 {}、単位 {}、いま読める単位 {}(隔離されていたレコード {quarantined})。格納はしていません",
                read.documents, read.units, read.sound
            ),
            format!(
                "{id}: {} documents, {} units, {} readable today ({quarantined} records were set aside). Nothing was loaded",
                read.documents, read.units, read.sound
            ),
        );
        let rules: Vec<Value> = read
            .rules
            .iter()
            .map(|(rule, n)| {
                let words = rule_named(rule);
                json!({ "rule": rule, "count": n, "ja": words.map(|r| r.ja), "en": words.map(|r| r.en) })
            })
            .collect();
        told.push(json!({
            "submission": id, "documents": read.documents, "passed_over": read.passed_over, "units": read.units,
            "sound": read.sound, "unsound": read.units - read.sound, "quarantined": quarantined, "rules": rules,
        }));
    }
    voice.value(&json!({ "dry_run": true, "read": told }));
    Ok(Ending::Done)
}

fn read(home: &Home, db: &mut IngestDb, id: &SubmissionId) -> Result<Read> {
    let masters = home.registry.masters(db)?;
    let mut read = Read::default();
    for stored in db.documents_of(id)? {
        let Some((bytes, path)) = open(home, db, &stored)? else {
            read.passed_over += 1;
            continue;
        };
        let mapper: Arc<dyn Mapper> = match mapper_of(db, &stored) {
            Ok(mapper) if is_data(&path) => mapper,
            _ => {
                read.passed_over += 1;
                continue;
            }
        };
        let provider = ProviderId::new(&stored.provider).or_else(|_| ProviderId::new("-"))?;
        let document = Document { bytes: &bytes, path: &path, provider: &provider, limits: &home.limits };
        let split = mapper.split(&document);
        read.documents += 1;
        for finding in split.findings.iter().filter(|f| f.is_error()) {
            *read.rules.entry(finding.rule.id).or_default() += 1;
        }
        for unit in &split.units {
            let mapped = mapper.map(&document, &split, unit, masters.as_ref());
            read.units += 1;
            read.sound += u64::from(!mapped.is_unsound() && !split.is_unsound());
            for finding in mapped.findings.iter().filter(|f| f.is_error()) {
                *read.rules.entry(finding.rule.id).or_default() += 1;
            }
        }
    }
    Ok(read)
}

/// The package's own files are no data.
fn is_data(path: &str) -> bool {
    use musubi_model::manifest::{MANIFEST_FILE, SIGNATURE_FILE};
    path != MANIFEST_FILE && path != SIGNATURE_FILE
}

/// The bytes of a document and its path; `None` when its key is gone.
fn open(home: &Home, db: &mut IngestDb, stored: &StoredDocument) -> Result<Option<(Vec<u8>, String)>> {
    let name = IdentityId(stored.path_key);
    let key = db.existing_data_keys(&home.ring.kek, &[name])?.remove(&name);
    let Some(key) = key else { return Ok(None) };
    let path =
        key.open(&path_context(&stored.document), &stored.path_sealed).context("文書の経路を開けません")?;
    let path = String::from_utf8_lossy(&path).into_owned();
    let pack: PackName = stored.pack.parse()?;
    let entry = PackEntry { offset: stored.pack_offset, len: stored.pack_len };
    let bytes = read_document(&home.folders().vault, &pack, entry, key_finder(home, db))?;
    Ok(bytes.map(|bytes| (bytes, path)))
}
