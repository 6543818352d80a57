//! Taking in ledgers of notices (通知台帳): a signed folder or zip, every provider's file against its hash.
//!
//! A ledger that is not sound is refused as a whole, with its finding; the ledgers that stand are not touched.

use std::path::Path;

use musubi_compliance::notice::BIRTH_CONTEXT;
use musubi_compliance::notice::ledger::{self, Desk};
use musubi_id_resolution::{TokenKey, describe};
use musubi_model::ledger::{LEDGER_DOMAIN, LEDGER_FILE, LEDGER_SIGNATURE_FILE, NoticeLedger};
use musubi_model::manifest::Agreements;
use musubi_model::sign::Signature;
use musubi_model::{DocumentHash, FactTable, Finding};
use musubi_storage::StorageError;
use serde::Serialize;

use crate::house::{EtlError, House};
use crate::package::{Package, PackageError, is_damage};
use crate::rules;

/// Bytes of `ledger.toml` and its signature.
const HEAD_BYTES_MAX: u64 = 64 << 20;

/// What became of a package of ledgers.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerOutcome {
    /// Name of the package: BLAKE3 of `ledger.toml`.
    pub document: Option<DocumentHash>,
    /// One for each provider.
    pub providers: Vec<ProviderOutcome>,
    /// Why it was refused as a whole.
    pub refused: Option<String>,
}

/// One provider's ledger.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderOutcome {
    /// Whose.
    pub provider: String,
    /// Lines of the file.
    pub lines: i64,
    /// Lines that cannot stand.
    pub refused: i64,
    /// New notices.
    pub added: i64,
    /// Persons notified now.
    pub persons: i64,
    /// Findings, for people.
    pub findings: Vec<String>,
    /// The same by rule.
    pub rules: std::collections::BTreeMap<String, u64>,
}

/// Does a folder or zip hold ledgers of notices?
#[must_use]
pub fn is_ledger(path: &Path) -> bool {
    if path.is_dir() {
        return path.join(LEDGER_FILE).is_file();
    }
    let limits = musubi_model::limits::Limits::default();
    Package::open(path, &limits).is_ok_and(|p| p.size_of(LEDGER_FILE).is_some())
}

/// Takes a package of ledgers in.
///
/// # Errors
/// Only what is not the package's fault. Whatever is wrong with the package is told in the outcome.
pub fn take_ledger(
    house: &House<'_>,
    agreements: &Agreements,
    path: &Path,
) -> Result<LedgerOutcome, EtlError> {
    let refused = |why: &str| {
        let finding = Finding::new(&rules::LEDGER_FILE).found(why.to_owned());
        LedgerOutcome { document: None, providers: Vec::new(), refused: Some(finding.to_string()) }
    };
    let mut package = match Package::open(path, &house.limits) {
        Ok(package) => package,
        Err(PackageError::Io(e)) => return Err(EtlError::Package(e)),
        Err(PackageError::Bad(finding)) => return Ok(refused(finding.rule.id)),
    };
    let head = match read(&mut package, LEDGER_FILE, HEAD_BYTES_MAX)? {
        Some(bytes) => bytes,
        None => return Ok(refused(LEDGER_FILE)),
    };
    let Some(parsed) =
        std::str::from_utf8(&head).ok().and_then(|text| toml::from_str::<NoticeLedger>(text).ok())
    else {
        return Ok(refused("ledger.toml の書式"));
    };
    if parsed.version != 1 {
        return Ok(refused("ledger.toml の版"));
    }
    let Some(submitter) = agreements.submitters.iter().find(|s| s.id == parsed.submitter) else {
        return Ok(refused("提出者が未登録"));
    };
    let signature = read(&mut package, LEDGER_SIGNATURE_FILE, 4096)?
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Signature::from_hex(text.trim()));
    if !signature.is_some_and(|s| submitter.public_key.verifies(LEDGER_DOMAIN, &head, &s)) {
        return Ok(refused("署名"));
    }
    let received_at = micros((house.now)());
    let exported_at = micros(parsed.exported_at);
    if exported_at > received_at {
        return Ok(refused("出力日時が受領より後"));
    }
    let speaks_for = |p: &musubi_model::ProviderId| {
        agreements.feeds.iter().any(|f| f.submitter == parsed.submitter && f.providers.contains(p))
    };
    // Every file is held against its hash before the first one is entered.
    let mut files: Vec<Vec<u8>> = Vec::with_capacity(parsed.providers.len());
    for provider in &parsed.providers {
        if !speaks_for(&provider.id) {
            return Ok(refused("この提出者の取り決めにない医療機関等"));
        }
        if provider.templates.iter().flat_map(|t| &t.items).any(|i| FactTable::from_name(i).is_none()) {
            return Ok(refused("通知文の項目"));
        }
        match read(&mut package, &provider.file, house.limits.document_bytes_max)? {
            Some(bytes) if DocumentHash::of(&bytes) == provider.blake3 => files.push(bytes),
            _ => return Ok(refused("CSV がないか、ハッシュが違う")),
        }
    }
    let tokens = TokenKey::new(house.ring.token.expose());
    let desk = Desk {
        describe: &|identity| describe(&tokens, identity),
        seal: &|subject, bytes| house.ring.kek.seal(&[BIRTH_CONTEXT, subject], bytes),
        submitter: parsed.submitter.as_str(),
        exported_at,
        received_at,
    };
    let mut db = house.registry.act()?;
    let mut providers = Vec::with_capacity(files.len());
    for (head, bytes) in parsed.providers.iter().zip(files) {
        let lines = ledger::read(&bytes, head, exported_at, &house.notices);
        let mut rules = std::collections::BTreeMap::new();
        for finding in &lines.findings {
            *rules.entry(finding.rule.id.to_owned()).or_insert(0) += 1;
        }
        let mut outcome = ProviderOutcome {
            provider: head.id.to_string(),
            lines: i64::try_from(lines.lines).unwrap_or(i64::MAX),
            refused: i64::try_from(lines.refused).unwrap_or(i64::MAX),
            added: 0,
            persons: 0,
            findings: lines.findings.iter().map(ToString::to_string).collect(),
            rules,
        };
        // A file that cannot be read must not make its provider's ledger look fresh.
        if !lines.unreadable {
            let row = ledger::enter(&mut db, &desk, head, &lines, &house.notices)?;
            (outcome.added, outcome.persons) = (row.added, row.persons);
        }
        providers.push(outcome);
    }
    Ok(LedgerOutcome { document: Some(DocumentHash::of(&head)), providers, refused: None })
}

/// The registry keeps microseconds, and the chain is made of what is kept.
fn micros(at: jiff::Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

fn read(package: &mut Package, path: &str, max: u64) -> Result<Option<Vec<u8>>, EtlError> {
    match package.size_of(path) {
        Some(size) if size <= max => match package.read(path, max) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if is_damage(&e) => Ok(None),
            Err(e) => Err(EtlError::Package(e)),
        },
        _ => Ok(None),
    }
}

/// Makes a task for everybody who came of age and was told through a guardian only (C-009). Returns how many.
pub fn come_of_age(house: &House<'_>) -> Result<u64, EtlError> {
    let mut db = house.registry.act()?;
    let at = (house.now)();
    let today = crate::house::japanese_day(at);
    let mut made = 0;
    for notice in db.guardian_notices()? {
        let plain = house.ring.kek.open(&[BIRTH_CONTEXT, &notice.subject], &notice.birth)?;
        let birth: Option<jiff::civil::Date> =
            std::str::from_utf8(&plain).ok().and_then(|text| text.parse().ok());
        let birth = birth.ok_or_else(|| StorageError::Damaged("a birth date of a notice".to_owned()))?;
        let years = i16::try_from(house.notices.minor_age_years).unwrap_or(i16::MAX);
        let Ok(due) = birth.checked_add(jiff::Span::new().years(years)) else { continue };
        if due <= today {
            db.add_renotice_task(notice.notice, &notice.provider, due, at)?;
            made += 1;
        }
    }
    Ok(made)
}
