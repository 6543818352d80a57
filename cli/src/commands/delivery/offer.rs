//! A package looked at before it is queued: opened as intake opens it (nothing is unpacked, nothing outside it is opened),
//! named, hashed, held against the agreement. It changes nothing. Whatever is wrong with the package is an answer, never
//! a failure.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, Name};
use musubi_etl::package::promise::read_manifest;
use musubi_etl::package::{Package, PackageError, is_damage};
use musubi_etl::rules;
use musubi_model::finding::Finding;
use musubi_model::ledger::{LEDGER_FILE, NoticeLedger};
use musubi_model::manifest::{MANIFEST_FILE, Manifest};
use serde_json::{Value, json};

use crate::args::Cli;
use crate::commands::Ending;
use crate::commands::outside::Reach;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// Bytes of `ledger.toml`; as intake reads it.
const LEDGER_BYTES_MAX: u64 = 64 << 20;

/// The package is another's.
const FOREIGN: &str = "FOREIGN-SUBMITTER";
/// The disk would not hold it.
const NO_SPACE: &str = "NO-SPACE";

/// What a package turned out to be.
enum Offered {
    /// A delivery.
    Delivery(Box<Manifest>, Vec<u8>),
    /// Ledgers of notices.
    Ledger(Box<NoticeLedger>, Vec<u8>),
}

/// Why it is not queued.
enum Refused {
    /// A rule of intake says so.
    Rule(Box<Finding>),
    /// It speaks for another submitter than whoever brings it.
    Foreign,
    /// The disk would not hold it.
    NoSpace { free: u64, wanted: u64 },
}

pub fn run(desk: (&Cli, &Home), voice: Voice, reach: &Reach, file: &Path) -> Result<Ending> {
    let (cli, home) = desk;
    let bytes = std::fs::metadata(file).context("提出物を読めません")?.len();
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(file).context("提出物を読めません")?).context("提出物を読めません")?;
    let hash = hasher.finalize().to_hex().to_string();
    let looked = match space(home, bytes)? {
        Some(refused) => Err(refused),
        None => look(home, reach, file)?,
    };
    let offered = match looked {
        Ok(offered) => offered,
        Err(refused) => {
            book_refusal(cli, home, &refused, &hash)?;
            return Ok(tell_refused(voice, &refused, bytes, &hash));
        }
    };
    let told = match &offered {
        Offered::Delivery(manifest, text) => {
            let id = Manifest::submission_id(text);
            let known = home.registry.console()?.submission(&id)?;
            json!({
                "ok": true, "what": "delivery", "submission": id, "name": id, "feed": manifest.feed,
                "submitter": manifest.submitter, "kind": manifest.kind.as_str(), "kind_ja": manifest.kind.ja(),
                "business_date": manifest.business_date, "files": manifest.files.len(),
                "known": known.map(|k| k.state), "bytes": bytes, "blake3": hash,
            })
        }
        Offered::Ledger(ledger, text) => {
            let name = blake3::hash(text).to_hex().to_string();
            json!({
                "ok": true, "what": "ledger", "name": format!("ledger-{}", name.get(..32).unwrap_or_default()), "submitter": ledger.submitter,
                "exported_at": ledger.exported_at, "providers": ledger.providers.len(), "bytes": bytes, "blake3": hash,
            })
        }
    };
    voice.say(
        format!("受け付けられる形です(BLAKE3 {hash}、{bytes} バイト)"),
        format!("It can be queued (BLAKE3 {hash}, {bytes} bytes)"),
    );
    voice.value(&told);
    Ok(Ending::Done)
}

/// Intake writes about as much again as it reads, twice; and a reserve stays free for the house.
fn space(home: &Home, bytes: u64) -> Result<Option<Refused>> {
    let reserve = home.parameters.number("deliveries.free_bytes_min", today())?;
    let disk = rustix::fs::statvfs(&home.data).context("空き容量を調べられません")?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let wanted = bytes.saturating_mul(2).saturating_add(reserve);
    Ok((free < wanted).then_some(Refused::NoSpace { free, wanted }))
}

fn look(home: &Home, reach: &Reach, file: &Path) -> Result<Result<Offered, Refused>> {
    let bad = |finding: Finding| Ok(Err(Refused::Rule(Box::new(finding))));
    let mut package = match Package::open(file, &home.limits) {
        Ok(package) => package,
        Err(PackageError::Bad(finding)) => return bad(*finding),
        Err(PackageError::Io(e)) => return Err(e).context("提出物を読めません"),
    };
    let (name, most) = match package.size_of(MANIFEST_FILE) {
        Some(_) => (MANIFEST_FILE, home.limits.manifest_bytes_max),
        None if package.size_of(LEDGER_FILE).is_some() => (LEDGER_FILE, LEDGER_BYTES_MAX),
        None => return bad(Finding::new(&rules::MANIFEST_MISSING).expected(MANIFEST_FILE)),
    };
    if let Some(size) = package.size_of(name).filter(|size| *size > most) {
        return bad(Finding::new(&rules::OVERSIZE).found(size.to_string()).expected(format!("{most} 以下")));
    }
    let text = match package.read(name, most) {
        Ok(text) => text,
        Err(e) if is_damage(&e) => return bad(Finding::new(&rules::ZIP)),
        Err(e) => return Err(e).context("提出物を読めません"),
    };
    let offered = if name == MANIFEST_FILE {
        match read_manifest(&text) {
            Ok(manifest) => Offered::Delivery(Box::new(manifest), text),
            Err(finding) => return bad(*finding),
        }
    } else {
        let read = std::str::from_utf8(&text).ok().and_then(|t| toml::from_str(t).ok());
        match read {
            Some(ledger) => Offered::Ledger(Box::new(ledger), text),
            None => return bad(Finding::new(&rules::MANIFEST_UNREADABLE).expected(LEDGER_FILE)),
        }
    };
    let submitter = match &offered {
        Offered::Delivery(manifest, _) => manifest.submitter.as_str(),
        Offered::Ledger(ledger, _) => ledger.submitter.as_str(),
    };
    if !reach.covers(Some(submitter)) {
        return Ok(Err(Refused::Foreign));
    }
    Ok(Ok(offered))
}

/// What was refused at the door leaves nothing but this entry.
fn book_refusal(cli: &Cli, home: &Home, refused: &Refused, hash: &str) -> Result<()> {
    let code = match refused {
        Refused::Rule(finding) => finding.rule.id,
        Refused::Foreign => FOREIGN,
        Refused::NoSpace { .. } => NO_SPACE,
    };
    let entry = AuditEntry {
        at: now(),
        actor: Name::new(&cli.actor).context("--actor")?,
        role: home.acting.granted.role,
        action: AuditAction::Receive,
        object: AuditObject::Document(hash.parse().context("BLAKE3")?),
        persons: 0,
        result: AuditResult::Refused(code),
    };
    audit::append(&mut home.registry.act()?, &entry).context("証跡に記録できません")?;
    Ok(())
}

fn tell_refused(voice: Voice, refused: &Refused, bytes: u64, hash: &str) -> Ending {
    let (code, ja, en, mend_ja, mend_en, found): (&str, &str, &str, &str, &str, Value) = match refused {
        Refused::Rule(f) => {
            let r = f.rule;
            (r.id, r.ja, r.en, r.mend_ja, r.mend_en, json!({ "found": f.found, "expected": f.expected }))
        }
        Refused::Foreign => (
            FOREIGN,
            "目録の提出者が、このアカウントの所属と違います。",
            "The manifest names another submitter than the organisation of this account.",
            "自分の所属の提出物を送ってください。",
            "Send what your own organisation has signed.",
            Value::Null,
        ),
        Refused::NoSpace { free, wanted } => (
            NO_SPACE,
            "受入れ側の空き容量が足りません。提出物に誤りはありません。",
            "The house has too little free space. Nothing is wrong with the package.",
            "運用担当者に知らせ、しばらくしてからもう一度送ってください。",
            "Tell the operator and send it again later.",
            json!({ "free": free, "wanted": wanted }),
        ),
    };
    voice.say(format!("受け付けられません: {ja}{mend_ja}"), format!("Not accepted: {en} {mend_en}"));
    voice.value(&json!({
        "ok": false, "code": code, "ja": ja, "en": en, "mend_ja": mend_ja, "mend_en": mend_en, "detail": found,
        "bytes": bytes, "blake3": hash,
    }));
    Ending::LookAtIt
}
