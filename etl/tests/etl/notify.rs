//! Notices for tests that are not about notices: everybody a package speaks of was told long ago, by its provider.
//!
//! What the package says of people is read with the mappers themselves; the notices are then entered as ledgers are.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::{Date, date};
use musubi_compliance::notice::BIRTH_CONTEXT;
use musubi_compliance::notice::{book, subject};
use musubi_etl::house::{end_of_day, japanese_day};
use musubi_etl::package::Package;
use musubi_id_resolution::{TokenKey, TokenKind, describe};
use musubi_mappers::{Document, mapper_for};
use musubi_model::code::NoMasters;
use musubi_model::manifest::{MANIFEST_FILE, Manifest};
use musubi_model::{FactTable, ProviderId, SourceIdentity};
use musubi_storage::act::notice::{FilingRow, LedgerRow, NewNotice, TemplateRow};

use crate::support::{Room, now};

/// All fact tables.
pub fn all_items() -> Vec<String> {
    FactTable::ALL.iter().map(|t| t.as_str().to_owned()).collect()
}

/// The people of a package that can be read, by provider.
pub fn people(room: &Room, path: &Path) -> BTreeMap<ProviderId, Vec<SourceIdentity>> {
    let mut out: BTreeMap<ProviderId, Vec<SourceIdentity>> = BTreeMap::new();
    let Some((mut package, manifest)) = open(room, path) else { return out };
    let interfaces = musubi_etl::interfaces::interfaces(&mut room.ingest()).expect("interfaces");
    let feed = room.ingest().feed(&manifest.feed).expect("read");
    let version = feed.map(|f| f.interface_version).unwrap_or_default();
    let Some(mapper) = mapper_for(manifest.kind, &version, &interfaces) else { return out };
    for file in &manifest.files {
        let Ok(bytes) = package.read(&file.path, room.limits.document_bytes_max) else { continue };
        let Some(provider) = file.provider.as_ref().or(manifest.providers.first()) else { continue };
        let document = Document { bytes: &bytes, path: &file.path, provider, limits: &room.limits };
        let split = mapper.split(&document);
        for unit in &split.units {
            let demographics = mapper.map(&document, &split, unit, &NoMasters).demographics;
            out.entry(provider.clone())
                .or_default()
                .push(SourceIdentity { provider: provider.clone(), demographics });
        }
    }
    out
}

fn open(room: &Room, path: &Path) -> Option<(Package, Manifest)> {
    let mut package = Package::open(path, &room.limits).ok()?;
    let bytes = package.read(MANIFEST_FILE, room.limits.manifest_bytes_max).ok()?;
    let manifest: Manifest = toml::from_str(std::str::from_utf8(&bytes).ok()?).ok()?;
    Some((package, manifest))
}

/// How people were told.
#[derive(Debug, Clone)]
pub struct Told {
    pub notified_on: Date,
    pub method: &'static str,
    pub party: &'static str,
    pub last_visit: Option<Date>,
    /// Under age at the notice, born on this day.
    pub minor_born: Option<Date>,
    pub text: &'static str,
    /// For which use, as the text says.
    pub scope: &'static str,
    /// What the text names, and what was filed.
    pub items: Vec<String>,
    pub filed: Vec<String>,
    /// The ledger was written out at the end of this day.
    pub ledger_on: Date,
    pub programme_start: Date,
    /// How many persons the ledger says it knows, where that is not the truth.
    pub persons: Option<i64>,
    /// The lines take earlier ones back.
    pub void: bool,
}

impl Told {
    /// By mail, of everything, long after notifying began.
    pub fn on(notified_on: Date) -> Self {
        Self {
            notified_on,
            method: "mail",
            party: "both",
            last_visit: None,
            minor_born: None,
            text: "t1",
            scope: "both",
            items: all_items(),
            filed: all_items(),
            ledger_on: japanese_day(now()),
            programme_start: date(2018, 7, 1),
            persons: None,
            void: false,
        }
    }
}

/// Notices for everybody in a package.
pub fn everybody(room: &Room, path: &Path) {
    let Some((_, manifest)) = open(room, path) else { return };
    let ledger_on = manifest.business_date.max(japanese_day(now()));
    for (provider, people) in people(room, path) {
        enter(room, &provider, &people, &Told { ledger_on, ..Told::on(date(2026, 1, 1)) });
    }
}

/// Enters notices for these people in a ledger of their provider.
pub fn enter(room: &Room, provider: &ProviderId, people: &[SourceIdentity], told: &Told) {
    let filing = FilingRow {
        provider: provider.to_string(),
        receipt_no: "T1".to_owned(),
        filed_on: date(2018, 6, 1),
        published_on: None,
        valid_from: date(2018, 6, 1),
        valid_to: None,
        items: told.filed.clone(),
        change_of: None,
    };
    let mut db = room.registry.act().expect("a handle");
    db.enter_filings(&[filing], now()).expect("filed");
    let tokens = TokenKey::new(room.shared.ring.token.expose());
    let notices: Vec<NewNotice> = people
        .iter()
        .map(|identity| {
            let described = describe(&tokens, identity);
            let subject = subject(&described.tokens, Some(described.guard));
            let birth = told.minor_born.filter(|_| told.party == "guardian").map(|day| {
                let context: [&[u8]; 2] = [BIRTH_CONTEXT, &subject];
                room.shared.ring.kek.seal(&context, day.to_string().as_bytes()).expect("sealed")
            });
            let mut notice = NewNotice {
                row_hash: [0; 32],
                subject,
                notified_on: told.notified_on,
                method: told.method.to_owned(),
                template: told.text.to_owned(),
                party: told.party.to_owned(),
                last_visit: told.last_visit,
                minor: told.minor_born.is_some(),
                birth,
                local: described.tokens.iter().any(|t| t.kind == TokenKind::Local),
                void: told.void,
                keys: described
                    .tokens
                    .into_iter()
                    .map(|t| (t.kind.as_str().to_owned(), t.value, described.guard.0.to_vec()))
                    .collect(),
            };
            notice.row_hash = book::row_hash(provider.as_str(), &notice);
            notice
        })
        .collect();
    let text = TemplateRow {
        provider: provider.to_string(),
        version: told.text.to_owned(),
        scope: told.scope.to_owned(),
        items: told.items.clone(),
        text_hash: vec![0; 32],
    };
    db.enter_ledger(provider.as_str(), &[text], &notices, &mut |previous, added, persons| {
        let mut row = LedgerRow {
            provider: provider.to_string(),
            submitter: "s".to_owned(),
            exported_at: end_of_day(told.ledger_on),
            received_at: now(),
            document: vec![0; 32],
            programme_start: told.programme_start,
            lines: i64::try_from(people.len()).expect("few"),
            refused: 0,
            added: i64::try_from(added.len()).expect("few"),
            persons: told.persons.unwrap_or(persons),
            rows_hash: book::rows_hash(added).to_vec(),
            previous: String::new(),
            hash: String::new(),
        };
        book::chain(&mut row, previous);
        row
    })
    .expect("entered");
}
