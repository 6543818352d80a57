//! `musubi book`: receipts and their confirmation, provision records, the book (帳簿) and its monthly export.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditPurpose, AuditRole, Name};
use musubi_compliance::book::{self, BookEntry, BookEvent};
use musubi_compliance::receipt::{self, ProvisionRecord};
use musubi_console::pdf::{Column, Table, table_pdf};
use musubi_console::yearly::provision_page;
use musubi_etl::night::NightOutcome;
use musubi_model::{DocumentHash, IdentityId, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::act::book::BookExport;
use musubi_storage::act::receipt::{ConfirmationRow, ReceiptRow};
use musubi_storage::identity::PersonList;
use musubi_storage::registry::ActDb;
use serde_json::json;

use super::show::one_submission;
use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// `musubi book`.
#[derive(Debug, Subcommand)]
pub enum Book {
    /// Receipt records (受領記録).
    Receipts {
        /// Only those that nobody confirmed yet.
        #[arg(long)]
        unconfirmed: bool,
    },
    /// Confirm receipts (受領の確認); not by the account that ran the load.
    Confirm {
        /// Submissions: ids or their beginnings.
        #[arg(required = true)]
        submissions: Vec<String>,
        /// Who confirms; default: the actor.
        #[arg(long)]
        by: Option<String>,
        /// Serial number of the medium, when the data came on one.
        #[arg(long, default_value = "")]
        media_serial: String,
    },
    /// Make the provider's own provision records (提供記録) of a submission, counted anew and compared.
    Provision {
        /// Submission: id or its beginning.
        submission: String,
        /// Folder.
        #[arg(long)]
        out: PathBuf,
        /// Compare a record that the provider keeps itself (CSV) instead.
        #[arg(long, requires = "provider")]
        theirs: Option<PathBuf>,
        /// The provider whose record that is.
        #[arg(long)]
        provider: Option<String>,
    },
    /// The sealed list of persons of a receipt: one asks, another agrees, then it is written out once.
    Persons {
        /// Submission: id or its beginning; to ask.
        submission: Option<String>,
        /// The provider; to ask.
        #[arg(long, requires = "submission")]
        provider: Option<String>,
        /// Why; no value of a person.
        #[arg(long, requires = "provider")]
        reason: Option<String>,
        /// Agree to a wish of another person, by its number.
        #[arg(long, conflicts_with = "submission")]
        agree: Option<u64>,
        /// Write the list of a wish that was agreed to.
        #[arg(long, conflicts_with_all = ["submission", "agree"], requires = "out")]
        read: Option<u64>,
        /// Where to.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Who; default: the actor.
        #[arg(long)]
        by: Option<String>,
    },
    /// The book (帳簿): newest entries.
    List {
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Write a month of the book as CSV and PDF; the hashes are kept.
    Export {
        /// The month, e.g. 2026-11.
        #[arg(long)]
        month: String,
        /// Folder.
        #[arg(long)]
        out: PathBuf,
    },
    /// Check the book: no gap, nothing changed, receipts confirmed, exports as kept (C-013, C-014, C-023).
    Check,
}

/// Runs one of them.
pub fn run(cli: &Cli, voice: Voice, order: &Book) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    match order {
        Book::Receipts { unconfirmed } => receipts(&mut db, cli, voice, *unconfirmed),
        Book::Confirm { submissions, by, media_serial } => {
            confirm(cli, voice, &home, &mut db, submissions, by.as_deref(), media_serial)
        }
        Book::Provision { submission, theirs: Some(theirs), provider, .. } => {
            compare(voice, &home, &mut db, submission, theirs, provider.as_deref().unwrap_or_default())
        }
        Book::Provision { submission, out, .. } => {
            let id = one_submission(&mut home.registry.ingest()?, submission)?;
            let made = provisions(&mut db, &id, out)?;
            let object = AuditObject::Submission(id);
            books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Report, object, 0)?;
            let mut fine = true;
            for (provider, agrees) in &made {
                fine &= agrees;
                let word = if *agrees { ("一致", "agrees") } else { ("不一致", "differs") };
                voice.line(format!("{provider}  {}", voice.word(word.0, word.1)));
            }
            voice.value(&json!({ "records": made.len(), "agree": fine, "folder": out }));
            Ok(if fine { Ending::Done } else { Ending::NotVerified })
        }
        Book::Persons { .. } => persons(cli, voice, &home, &mut db, order),
        Book::List { limit } => list(cli, voice, &mut db, *limit),
        Book::Export { month, out } => export(cli, voice, &mut db, month, out),
        Book::Check => check(voice, &mut db),
    }
}

/// Books an entry of the book for something done in another command.
pub fn enter(
    home: &Home,
    event: BookEvent,
    counterparty: &str,
    items: &str,
    persons: u64,
    reference: String,
) -> Result<()> {
    let entry = BookEntry {
        at: now(),
        event,
        counterparty: counterparty.to_owned(),
        items: items.to_owned(),
        persons,
        records: 0,
        reference,
    };
    book::append(&mut home.registry.act()?, &entry).context("帳簿に記載できません")?;
    Ok(())
}

fn receipts(db: &mut ActDb, cli: &Cli, voice: Voice, unconfirmed: bool) -> Result<Ending> {
    let mut told = Vec::new();
    for (r, c) in db.receipts(None).context("受領記録を読めません")? {
        if unconfirmed && c.is_some() {
            continue;
        }
        let state = c.as_ref().map_or_else(
            || voice.word("未確認", "not confirmed").to_owned(),
            |c| format!("{} {} {}", voice.word("確認", "confirmed by"), c.by, book::japanese_day(c.at)),
        );
        voice.say(
            format!(
                "{}  {}  {}  本人 {}  件数 {}  隔離 {}  {state}",
                r.submission, r.provider.id, r.provider.name, r.persons, r.records, r.quarantined
            ),
            format!(
                "{}  {}  {} persons, {} records, {} units quarantined  {state}",
                r.submission, r.provider.id, r.persons, r.records, r.quarantined
            ),
        );
        told.push(receipt_json(&r, c.as_ref()));
    }
    let object = AuditObject::Book(Name::new("receipts")?);
    books::audit(db, cli, AuditRole::Confirmer, AuditAction::Report, object, 0)?;
    voice.value(&json!({ "receipts": told }));
    Ok(Ending::Done)
}

fn receipt_json(r: &ReceiptRow, c: Option<&ConfirmationRow>) -> serde_json::Value {
    json!({
        "submission": r.submission.to_string(),
        "provider": r.provider.id,
        "name": r.provider.name,
        "standing": r.provider.standing,
        "received_at": r.received_at,
        "items": r.items,
        "persons": r.persons,
        "records": r.records,
        "files": r.files,
        "quarantined": r.quarantined,
        "files_root": r.files_root,
        "job": r.job,
        "confirmed_by": c.map(|c| c.by.clone()),
        "confirmed_at": c.map(|c| c.at),
        "media_serial": c.map(|c| c.media_serial.clone()),
    })
}

/// The hashes of the files of one provider of a delivery, as stored; manifest and quarantined packages are not among them.
fn files(home: &Home, id: &SubmissionId, provider: &str) -> Result<Vec<DocumentHash>> {
    let documents = home.registry.ingest()?.documents_of(id).context("文書を読めません")?;
    Ok(documents
        .into_iter()
        .filter(|d| d.ordinal >= 0 && d.provider == provider)
        .map(|d| d.document)
        .collect())
}

fn confirm(
    cli: &Cli,
    voice: Voice,
    home: &Home,
    db: &mut ActDb,
    submissions: &[String],
    by: Option<&str>,
    media_serial: &str,
) -> Result<Ending> {
    let by = Name::new(by.unwrap_or(&cli.actor)).context("--by")?.to_string();
    let (mut done, mut refused) = (0u64, Vec::new());
    for prefix in submissions {
        let id = one_submission(&mut home.registry.ingest()?, prefix)?;
        let receipts = db.receipts(Some(&id)).context("受領記録を読めません")?;
        if receipts.is_empty() {
            refused.push(format!("{id}: no receipt record"));
        }
        for (r, confirmed) in receipts {
            if confirmed.is_some() {
                continue;
            }
            let agreed = db.provider(&r.provider.id)?.unwrap_or_else(|| r.provider.clone());
            let files = files(home, &id, r.provider.id.as_str())?;
            match receipt::confirmation(&r, &agreed, &files, &by, media_serial, now()) {
                Ok(c) if db.confirm_receipt(&id, &c).context("確認を記録できません")? => done += 1,
                Ok(_) => {}
                Err(why) => refused.push(format!("{id} {}: {why}", r.provider.id)),
            }
        }
        let object = AuditObject::Submission(id);
        books::audit(db, cli, AuditRole::Confirmer, AuditAction::Record, object, 0)?;
    }
    voice.say(format!("受領を確認しました: {done} 件"), format!("Confirmed {done} receipts"));
    for why in &refused {
        voice.say(format!("    確認できません: {why}"), format!("    not confirmed: {why}"));
    }
    voice.value(&json!({ "confirmed": done, "refused": refused }));
    Ok(if refused.is_empty() { Ending::Done } else { Ending::LookAtIt })
}

/// The name under which we receive, from the register; a plain word until it is entered.
fn operator_name(db: &mut ActDb) -> Result<String> {
    let own = db.register("operator", None).context("台帳を読めません")?;
    Ok(own.first().and_then(|r| r.fields.get("name")).cloned().unwrap_or_else(|| "認定作成事業者".to_owned()))
}

/// Makes the provision records of a delivery and keeps their mirrors: which provider, and whether it agrees.
pub fn provisions(db: &mut ActDb, id: &SubmissionId, out: &Path) -> Result<Vec<(String, bool)>> {
    let operator = operator_name(db)?;
    let stored = db.stored_counts(id).context("提出を数えられません")?;
    fs::create_dir_all(out).with_context(|| format!("作れません: {}", out.display()))?;
    let mut made = Vec::new();
    for (r, _) in db.receipts(Some(id)).context("受領記録を読めません")? {
        let Some(count) = stored.iter().find(|c| c.provider == r.provider.id.as_str()) else {
            made.push((r.provider.id.to_string(), r.persons == 0 && r.records == 0));
            continue;
        };
        let record = ProvisionRecord::new(r, &operator, count);
        let mirror = record.mirror(now());
        let stem = format!("provision-{}-{id}", mirror.provider);
        write(&out.join(format!("{stem}.csv")), record.csv().as_bytes())?;
        write(&out.join(format!("{stem}.html")), provision_page(&record).into_string().as_bytes())?;
        db.keep_provision(&mirror).context("提供記録を控えられません")?;
        made.push((mirror.provider.to_string(), mirror.agrees));
    }
    Ok(made)
}

/// Makes the provision records of a night's deliveries, `<data>/provision/<submission>/`, once for each.
pub fn after_night(home: &Home, voice: Voice, outcome: &NightOutcome) -> Result<()> {
    let mut db = home.registry.act()?;
    for one in outcome.packages.iter().filter_map(|p| p.outcome.as_ref().ok()) {
        let out = home.data.join("provision").join(one.submission.to_string());
        if out.exists() || db.receipts(Some(&one.submission))?.is_empty() {
            continue;
        }
        for (provider, agrees) in provisions(&mut db, &one.submission, &out)? {
            if !agrees {
                voice.say(
                    format!("✗ 提供記録と受領記録が一致しません: {} {provider}", one.submission),
                    format!("✗ provision record and receipt differ: {} {provider}", one.submission),
                );
            }
        }
    }
    Ok(())
}

/// Writes a file.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("書けません: {}", path.display()))
}

fn compare(
    voice: Voice,
    home: &Home,
    db: &mut ActDb,
    submission: &str,
    theirs: &Path,
    provider: &str,
) -> Result<Ending> {
    let id = one_submission(&mut home.registry.ingest()?, submission)?;
    let text = fs::read_to_string(theirs).with_context(|| format!("読めません: {}", theirs.display()))?;
    let receipts = db.receipts(Some(&id)).context("受領記録を読めません")?;
    let Some((ours, _)) = receipts.iter().find(|(r, _)| r.provider.id.as_str() == provider) else {
        bail!("その医療機関等の受領記録がありません: {provider}");
    };
    let differences = match receipt::compare(&text, ours) {
        Ok(differences) => differences,
        Err(why) => {
            voice.say(format!("提供記録として読めません: {why}"), format!("Not a provision record: {why}"));
            return Ok(Ending::Usage);
        }
    };
    for (what, a, b) in &differences {
        voice.say(
            format!("    {what}: 提供記録 {a}、受領記録 {b}"),
            format!("    {what}: theirs {a}, ours {b}"),
        );
    }
    voice.value(&json!({ "agree": differences.is_empty(), "differences": differences }));
    Ok(if differences.is_empty() { Ending::Done } else { Ending::NotVerified })
}

fn persons(cli: &Cli, voice: Voice, home: &Home, db: &mut ActDb, order: &Book) -> Result<Ending> {
    let Book::Persons { submission, provider, reason, agree, read, out, by } = order else {
        return Ok(Ending::Usage);
    };
    let by = Name::new(by.as_deref().unwrap_or(&cli.actor)).context("--by")?.to_string();
    if let (Some(submission), Some(provider), Some(reason)) = (submission, provider, reason) {
        let id = one_submission(&mut home.registry.ingest()?, submission)?;
        let wish = db.ask_reading(&id, provider, now(), &by, reason).context("記録できません")?;
        let object = AuditObject::Submission(id);
        books::audit(db, cli, AuditRole::Officer, AuditAction::ProposeOperation, object, 0)?;
        voice.say(
            format!("申請 {wish} を記録しました。別の人が --agree {wish} で同意してください"),
            format!("Wish {wish} is noted; another person has to agree (--agree {wish})"),
        );
        voice.value(&json!({ "wish": wish }));
        return Ok(Ending::Done);
    }
    let Some(wish) = agree.or(*read) else {
        bail!("提出・医療機関等・理由、または申請の番号を書いてください")
    };
    let steps = db.reading(wish).context("申請を読めません")?;
    let Some(asked) = steps.first() else { bail!("その番号の申請はありません: {wish}") };
    let object = AuditObject::Submission(asked.submission);
    if agree.is_some() {
        if asked.actor.eq_ignore_ascii_case(&by) {
            books::audit(db, cli, AuditRole::Officer, AuditAction::Refuse, object, 0)?;
            voice.say("申請した人は同意できません", "Whoever asked cannot agree");
            return Ok(Ending::Usage);
        }
        db.step_reading(wish, "agreed", now(), &by).context("同意を記録できません")?;
        books::audit(db, cli, AuditRole::Officer, AuditAction::ApproveOperation, object, 0)?;
        voice.say(format!("申請 {wish} に同意しました"), format!("Agreed to wish {wish}"));
        voice.value(&json!({ "wish": wish, "agreed": true }));
        return Ok(Ending::Done);
    }
    let out = out.as_deref().context("--out")?;
    let mut keys = home.registry.identity()?;
    let (key_id, parts) = match keys.receipt_persons(wish) {
        Ok(found) => found,
        Err(StorageError::Refused(why)) => {
            books::audit(db, cli, AuditRole::KeyCustodian, AuditAction::Refuse, object, 0)?;
            voice.say("二人の同意がなければ読めません", format!("Refused: {why}"));
            return Ok(Ending::Usage);
        }
        Err(e) => return Err(e).context("本人の一覧を読めません"),
    };
    let id = IdentityId(key_id);
    let key = keys
        .existing_data_keys(&home.ring.kek, &[id])?
        .remove(&id)
        .ok_or_else(|| anyhow::anyhow!("本人の一覧の鍵がありません"))?;
    // Taken once: a second reading is a second wish.
    db.step_reading(wish, "read", now(), &by).context("読み出しを記録できません")?;
    let mut text = String::from("\u{feff}");
    let mut count = 0u64;
    for (place, sealed) in parts.iter().enumerate() {
        let context = receipt::persons_context(&key_id, u32::try_from(place)?);
        for person in PersonList::open(&key, &context, sealed).context("本人の一覧を開けません")? {
            let cells: Vec<String> =
                person.iter().map(|(_, v)| format!("\"{}\"", v.expose().replace('"', "\"\""))).collect();
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
            count += 1;
        }
    }
    let object = AuditObject::Persons(AuditPurpose::Inspection);
    books::audit(db, cli, AuditRole::KeyCustodian, AuditAction::ViewPerson, object, count)?;
    write(out, text.as_bytes())?;
    voice.say(format!("本人 {count} 人を書き出しました"), format!("Wrote {count} persons"));
    voice.value(&json!({ "wish": wish, "persons": count }));
    Ok(Ending::Done)
}

fn list(cli: &Cli, voice: Voice, db: &mut ActDb, limit: u32) -> Result<Ending> {
    let end = db.book_tail().context("帳簿を読めません")?.seq;
    let rows = db.book_after(end.saturating_sub(u64::from(limit)), limit).context("帳簿を読めません")?;
    for r in &rows {
        let event = BookEvent::from_name(&r.event)
            .map_or_else(|| r.event.clone(), |e| voice.word(e.ja(), e.as_str()).to_owned());
        voice.say(
            format!(
                "{}  {}  {event}  {}  {}  人 {}  件 {}",
                r.seq, r.on_day, r.counterparty, r.items, r.persons, r.records
            ),
            format!(
                "{}  {}  {event}  {}  {}  persons {}  records {}",
                r.seq, r.on_day, r.counterparty, r.items, r.persons, r.records
            ),
        );
    }
    let object = AuditObject::Book(Name::new("ledger")?);
    books::audit(db, cli, AuditRole::Auditor, AuditAction::Report, object, 0)?;
    let told: Vec<_> = rows
        .iter()
        .map(|r| {
            json!({ "seq": r.seq, "day": r.on_day, "at": r.at, "event": r.event, "counterparty": r.counterparty,
                "items": r.items, "persons": r.persons, "records": r.records, "reference": r.reference, "hash": r.hash })
        })
        .collect();
    voice.value(&json!({ "entries": end, "rows": told }));
    Ok(Ending::Done)
}

/// Columns of the printed book: which of the exported columns, and how wide. The hashes are printed by their beginning;
/// the CSV has all of them.
const PRINTED: [(usize, f32); 9] =
    [(0, 3.0), (1, 5.0), (3, 5.0), (4, 9.0), (5, 14.0), (6, 4.0), (7, 5.0), (8, 16.0), (10, 8.0)];

fn export(cli: &Cli, voice: Voice, db: &mut ActDb, month: &str, out: &Path) -> Result<Ending> {
    let (first, last) = match book::month_days(month) {
        Ok(days) => days,
        Err(why) => {
            voice.say(format!("月の書き方が違います: {why}"), why);
            return Ok(Ending::Usage);
        }
    };
    let rows = db.book_of_days(first, last).context("帳簿を読めません")?;
    fs::create_dir_all(out).with_context(|| format!("作れません: {}", out.display()))?;
    let csv = book::csv(&rows);
    let headings = book::headings();
    let columns: Vec<Column<'_>> = PRINTED
        .iter()
        .map(|(at, share)| Column { heading: headings.get(*at).copied().unwrap_or_default(), share: *share })
        .collect();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|r| {
            let mut all = book::columns(r);
            if let Some(hash) = all.last_mut() {
                *hash = hash.chars().take(16).collect();
            }
            PRINTED.iter().filter_map(|(at, _)| all.get(*at).cloned()).collect()
        })
        .collect();
    let title = format!("帳簿 {month}");
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let csv_hash = hash(csv.as_bytes());
    let note = format!("{} 行  CSV の BLAKE3 {csv_hash}", rows.len());
    let pdf = table_pdf(&Table { title: &title, note: &note, columns: &columns, rows: &cells });
    write(&out.join(format!("book-{month}.csv")), csv.as_bytes())?;
    write(&out.join(format!("book-{month}.pdf")), &pdf)?;
    let kept = BookExport {
        month: month.to_owned(),
        exported_at: now(),
        actor: cli.actor.to_string(),
        first_seq: rows.first().map_or(0, |r| r.seq),
        last_seq: rows.last().map_or(0, |r| r.seq),
        csv_hash,
        pdf_hash: hash(&pdf),
    };
    db.keep_book_export(&kept).context("書き出しを記録できません")?;
    let object = AuditObject::Book(Name::new(month)?);
    books::audit(db, cli, AuditRole::Officer, AuditAction::ExportBooks, object, 0)?;
    voice.say(
        format!("帳簿 {month}: {} 行を書き出しました", rows.len()),
        format!("Wrote {} entries of {month}", rows.len()),
    );
    voice.value(
        &json!({ "month": month, "entries": rows.len(), "first": kept.first_seq, "last": kept.last_seq,
        "csv": kept.csv_hash, "pdf": kept.pdf_hash }),
    );
    Ok(Ending::Done)
}

fn check(voice: Voice, db: &mut ActDb) -> Result<Ending> {
    let mut problems = receipt::problems(db).context("受領記録を読めません")?;
    let entries = match book::verify(db).context("帳簿を読めません")? {
        Ok(entries) => entries,
        Err(broken) => {
            problems.push(format!("C-023 {broken}"));
            0
        }
    };
    for e in db.book_exports().context("書き出しの記録を読めません")? {
        let (first, last) = book::month_days(&e.month).map_err(anyhow::Error::msg)?;
        let rows: Vec<_> = db
            .book_of_days(first, last)?
            .into_iter()
            .filter(|r| r.seq <= e.last_seq || e.last_seq == 0 && book::japanese_day(e.exported_at) > last)
            .collect();
        if blake3::hash(book::csv(&rows).as_bytes()).to_hex().as_str() != e.csv_hash {
            problems.push(format!("C-023 {}: the export is not what the book says", e.month));
        }
    }
    voice.say(format!("帳簿: {entries} 行、欠番なし"), format!("Book: {entries} entries without a gap"));
    for p in &problems {
        voice.line(format!("    ✗ {p}"));
    }
    voice.value(&json!({ "entries": entries, "problems": problems }));
    Ok(if problems.is_empty() { Ending::Done } else { Ending::NotVerified })
}
