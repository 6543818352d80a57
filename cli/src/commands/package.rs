//! `musubi package`: the recipient's side (受取り): what was handed to one's organisation, fetching it, confirming it, and the
//! certificate of its destruction. It must never show or give anything of another organisation's: that is not found.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use musubi_compliance::handover::{self, State};
use musubi_compliance::register;
use musubi_model::ids::to_hex;
use musubi_release::Manifest;
use musubi_release::kept::kept;
use musubi_release::review::{sealed_for, zipped};
use musubi_storage::act::handover::{HandoverEventRow, HandoverRow};
use musubi_storage::registry::ActDb;
use serde_json::{Value, json};

use super::handover::delivery;
use super::refusal::{refused, settle};
use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::kept;
use crate::say::Voice;

/// A certificate is no longer than this.
const CERTIFICATE_BYTES_MAX: u64 = 10 << 20;
/// Stands in the note of a fetch, before the number of the contract.
const TERMS_ACCEPTED: &str = "terms-accepted";

/// `musubi package`.
#[derive(Debug, Subcommand)]
pub enum Package {
    /// List what was handed to the actor's organisation.
    List,
    /// Show a delivery: its files with their hashes, terms, what became of it.
    Show {
        /// The release.
        release: String,
    },
    /// Fetch the package: one zip, or one encrypted file where the request names the recipient's key.
    Fetch {
        /// The release.
        release: String,
        /// Where to.
        #[arg(long)]
        out: PathBuf,
        /// Accept the terms of use that `package show` tells (利用条件); it is entered with the fetch.
        #[arg(long)]
        accept_terms: bool,
    },
    /// Confirm that the package arrived (受領確認), with the hash of the manifest found in it.
    Acknowledge {
        /// The release.
        release: String,
        /// BLAKE3 of `manifest.json` as received.
        #[arg(long)]
        manifest: String,
    },
    /// Hand in the certificate of destruction (廃棄証明).
    Destroyed {
        /// The release.
        release: String,
        /// The certificate (a PDF or a text).
        certificate: PathBuf,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Package) -> Result<Ending> {
    settle(match order {
        Package::List => list(cli, voice),
        Package::Show { release } => show(cli, voice, release),
        Package::Fetch { release, out, accept_terms } => fetch(cli, voice, release, out, *accept_terms),
        Package::Acknowledge { release, manifest } => acknowledge(cli, voice, release, manifest),
        Package::Destroyed { release, certificate } => destroyed(cli, voice, release, certificate),
    })
}

/// The organisation of the acting account.
fn organisation(home: &Home, db: &mut ActDb) -> Result<String> {
    let book = kept::organisations(db)?;
    let principal = book.principal(&home.acting.granted.principal.to_string());
    Ok(principal.context("アカウントの事業者が分かりません")?.row.organisation.clone())
}

/// A delivery of one's own organisation, with all events. Anything else is not found, whatever there is.
fn own(home: &Home, voice: Voice, release: &str) -> Result<(HandoverRow, Vec<HandoverEventRow>)> {
    let mut db = home.registry.act()?;
    let organisation = organisation(home, &mut db)?;
    let row = db.handovers(Some(release))?.into_iter().find(|h| h.organisation == organisation);
    let row = row.ok_or_else(|| refused(voice, "その番号の提供はありません", "no such delivery"))?;
    Ok((row, db.handover_events(Some(release))?))
}

/// The request behind a release, as far as its recipient sees it.
fn titled(db: &mut ActDb, release: &str, told: &mut Value) -> Result<Option<Manifest>> {
    let Some(asked) = db.asked_releases()?.into_iter().find(|r| r.release == release) else {
        return Ok(None);
    };
    let manifest: Manifest = serde_json::from_str(&asked.manifest).context("目録を読めません")?;
    let spec = asked.spec.as_deref().and_then(|text| musubi_model::spec::ExtractSpec::parse(text).ok());
    if let Value::Object(told) = told {
        told.insert("title".to_owned(), json!(spec.map(|s| s.title)));
        told.insert("product".to_owned(), json!(manifest.product.as_str()));
        told.insert("product_ja".to_owned(), json!(manifest.product.ja()));
        // Who in the house did it is not the recipient's to know.
        told.remove("handed_by");
    }
    Ok(Some(manifest))
}

fn list(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let organisation = organisation(&home, &mut db)?;
    let events = db.handover_events(None)?;
    let mut told = Vec::new();
    for row in db.handovers(None)?.iter().filter(|h| h.organisation == organisation) {
        let mut one = delivery(&home, row, &events)?;
        titled(&mut db, &row.release, &mut one)?;
        let state = handover::state(row, &events, today());
        voice.say(
            format!(
                "{}  {}  受取り期限 {}  廃棄期限 {}",
                row.release,
                state.ja(),
                row.expires_on,
                row.destroy_by
            ),
            format!(
                "{}  {}  access until {}  destroy by {}",
                row.release,
                state.as_str(),
                row.expires_on,
                row.destroy_by
            ),
        );
        told.push(one);
    }
    voice.value(&json!({ "organisation": organisation, "deliveries": told }));
    Ok(Ending::Done)
}

fn show(cli: &Cli, voice: Voice, release: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let (row, events) = own(&home, voice, release)?;
    let mut db = home.registry.act()?;
    let mut told = delivery(&home, &row, &events)?;
    let manifest = titled(&mut db, release, &mut told)?;
    let state = handover::state(&row, &events, today());
    voice.say(format!("{release}  {}", state.ja()), format!("{release}  {}", state.as_str()));
    for f in manifest.iter().flat_map(|m| &m.files) {
        voice.line(format!("  {}  {} bytes  {}", f.name, f.bytes, f.blake3));
    }
    let terms = terms(&mut db, &row)?;
    for term in &terms {
        voice.line(format!("  {}: {}", voice.word("利用条件", "term"), voice.word(&term.ja, &term.en)));
    }
    if let Value::Object(told) = &mut told {
        told.insert("files".to_owned(), json!(manifest.map(|m| m.files).unwrap_or_default()));
        told.insert("terms".to_owned(), json!(terms));
    }
    voice.value(&told);
    Ok(Ending::Done)
}

/// A term of use, in words.
#[derive(Debug, serde::Serialize)]
struct Term {
    ja: String,
    en: String,
}

/// What the contract of a delivery binds its user to: the clauses it has, in the order of the register.
fn terms(db: &mut ActDb, row: &HandoverRow) -> Result<Vec<Term>> {
    let Some(contract) = db.register("contract", None)?.into_iter().find(|c| c.entry == row.contract) else {
        return Ok(Vec::new());
    };
    let mut terms = Vec::new();
    for field in register::class("contract")?.fields {
        if let Some(clause) = field.name.strip_prefix("clause-")
            && contract.fields.get(&field.name).is_some_and(|agreed| agreed == "yes")
        {
            terms.push(Term { en: clause.replace('-', " "), ja: field.ja });
        }
    }
    Ok(terms)
}

fn object(release: &str) -> Result<AuditObject> {
    Ok(AuditObject::Release(Name::new(release).context("release")?))
}

fn event(home: &Home, row: &HandoverRow, what: &str, hash: String) -> HandoverEventRow {
    HandoverEventRow {
        release: row.release.clone(),
        organisation: row.organisation.clone(),
        event: what.to_owned(),
        cause: String::new(),
        hash,
        note: String::new(),
        actor: home.acting.granted.principal.to_string(),
        at: now(),
    }
}

fn fetch(cli: &Cli, voice: Voice, release: &str, out: &Path, accepted: bool) -> Result<Ending> {
    let home = Home::open(cli)?;
    let (row, events) = own(&home, voice, release)?;
    let mut db = home.registry.act()?;
    if let Err(why) = handover::may_fetch(&row, &events, today()) {
        let entry = AuditEntry {
            at: now(),
            actor: home.acting.granted.principal.clone(),
            role: home.acting.granted.role,
            action: AuditAction::Fetch,
            object: object(release)?,
            persons: 0,
            result: AuditResult::Refused(why.as_str()),
        };
        audit::append(&mut db, &entry).context("証跡に記録できません")?;
        return Err(refused(voice, why.ja(), &format!("not given out: {}", why.as_str())));
    }
    let files = kept(&mut home.registry.release()?, release, &home.ring.release.public())
        .context("提供物を読めません")?
        .context("提供物がありません")?;
    let asked =
        db.asked_releases()?.into_iter().find(|r| r.release == release).context("提供物がありません")?;
    if blake3::hash(asked.manifest.as_bytes()).to_hex().as_str() != row.manifest_hash {
        anyhow::bail!("引き渡した目録と台帳の目録が一致しません: {release}");
    }
    let spec = asked.spec.as_deref().context("申出がありません")?;
    let spec = musubi_model::spec::ExtractSpec::parse(spec).context("申出を読めません")?;
    // A recipient with a key of its own gets a file that nobody else opens.
    let key = spec.recipients.iter().find(|r| r.id == row.organisation).and_then(|r| r.age.clone());
    let (bytes, name) = match key {
        Some(key) => {
            let sealed = sealed_for(release, &files, &[key], &home.data.join("work"));
            (sealed.context("提供先の鍵で暗号化できません")?, format!("{release}.tar.age"))
        }
        None => (zipped(release, &files).context("まとめられません")?, format!("{release}.zip")),
    };
    let hash = blake3::hash(&bytes).to_hex().to_string();
    // Entered before a byte is written: what may have gone out stands in the books.
    let note = if accepted { format!("{TERMS_ACCEPTED} {}", row.contract) } else { String::new() };
    let fetched = HandoverEventRow { note, ..event(&home, &row, "fetched", hash.clone()) };
    db.enter_handover_event(&fetched, None).context("受取りを記録できません")?;
    books::audit(&mut db, cli, AuditRole::Applicant, AuditAction::Fetch, object(release)?, 0)?;
    fs::write(out, &bytes).with_context(|| format!("書けません: {}", out.display()))?;
    voice.say(
        format!("受け取りました: {}({} バイト)\n  BLAKE3 {hash}", out.display(), bytes.len()),
        format!("Fetched {} ({} bytes)\n  BLAKE3 {hash}", out.display(), bytes.len()),
    );
    voice.value(&json!({ "release": release, "name": name, "bytes": bytes.len(), "blake3": hash,
        "manifest_hash": row.manifest_hash, "accepted": accepted }));
    Ok(Ending::Done)
}

fn acknowledge(cli: &Cli, voice: Voice, release: &str, manifest: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let (row, _) = own(&home, voice, release)?;
    let hash = manifest.trim().to_ascii_lowercase();
    if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(refused(
            voice,
            "BLAKE3 の64桁の16進数を指定してください",
            "64 hexadecimal digits (BLAKE3) are expected",
        ));
    }
    let same = hash == row.manifest_hash;
    let mut db = home.registry.act()?;
    db.enter_handover_event(&event(&home, &row, "acknowledged", hash), None)
        .context("受領確認を記録できません")?;
    books::audit(&mut db, cli, AuditRole::Applicant, AuditAction::Record, object(release)?, 0)?;
    if same {
        voice.say(format!("受領を確認しました: {release}"), format!("Acknowledged {release}"));
    } else {
        voice.say(
            "目録のハッシュが引渡しのものと一致しません。受け取り直してください",
            "Not the manifest that was handed over; fetch it again",
        );
    }
    voice.value(&json!({ "release": release, "equal": same, "manifest_hash": row.manifest_hash }));
    Ok(if same { Ending::Done } else { Ending::NotVerified })
}

fn destroyed(cli: &Cli, voice: Voice, release: &str, certificate: &Path) -> Result<Ending> {
    let home = Home::open(cli)?;
    let (row, events) = own(&home, voice, release)?;
    if handover::state(&row, &events, today()) == State::Destroyed {
        return Err(refused(voice, "廃棄の証明は提出済みです", "its destruction is certified"));
    }
    let bytes = fs::metadata(certificate).map(|m| m.len());
    let bytes = bytes.with_context(|| format!("読めません: {}", certificate.display()))?;
    if bytes == 0 || bytes > CERTIFICATE_BYTES_MAX {
        return Err(refused(
            voice,
            "証明書は10MBまでのファイルです",
            "a certificate is a file of up to 10 MB",
        ));
    }
    let content = fs::read(certificate).with_context(|| format!("読めません: {}", certificate.display()))?;
    let hash = to_hex(blake3::hash(&content).as_bytes());
    let mut db = home.registry.act()?;
    db.enter_handover_event(&event(&home, &row, "destroyed", hash.clone()), Some(&content))
        .context("証明書を記録できません")?;
    books::audit(&mut db, cli, AuditRole::Applicant, AuditAction::Record, object(release)?, 0)?;
    voice.say(
        format!("廃棄の証明を受け付けました: {release}\n  BLAKE3 {hash}"),
        format!("Certificate of destruction taken: {release}\n  BLAKE3 {hash}"),
    );
    voice.value(&json!({ "release": release, "certificate": hash, "bytes": bytes }));
    Ok(Ending::Done)
}
