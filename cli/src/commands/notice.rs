//! `musubi notice`: ledgers of notices, filings with the ministers, what is held and why, and the reconciliation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::notice::{HoldReason, book};
use musubi_etl::held::HeldOutcome;
use musubi_etl::night::{self, LedgerTaken};
use musubi_model::FactTable;
use musubi_storage::StorageError;
use musubi_storage::act::notice::FilingRow;
use musubi_storage::compliance::Audited;
use musubi_storage::registry::ActDb;
use serde::Deserialize;
use serde_json::json;

use super::Ending;
use super::books::audit;
use super::outside::Reach;
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// Findings after which a delivery waits as a whole.
pub const STOPS: [&str; 7] = [
    "NTC-BLOCKED",
    "NTC-GROWTH",
    "NTC-PERSONS",
    "NTC-ITEMS",
    "RCV-LEDGER-MISSING",
    "RCV-LEDGER-STALE",
    "RCV-LEDGER-BROKEN",
];

/// `musubi notice`.
#[derive(Debug, Subcommand)]
pub enum Notice {
    /// Take in ledgers of notices: folders or zips with ledger.toml, or folders of such.
    Load {
        /// Packages.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Enter filings with the ministers (主務大臣への届出) from a TOML file.
    Filings {
        /// The file.
        file: PathBuf,
    },
    /// Each provider's ledger: when it was written out, persons notified, whether its chain holds.
    Status,
    /// What is held, why, and when it is ripe.
    Held,
    /// Load what may come in by now (every night does it, too).
    Release,
    /// Persons notified, opted out, eligible, in the feed, admitted, set aside (N O E F A Q).
    Reconcile {
        /// Only this delivery: its id or the beginning of it.
        submission: Option<String>,
    },
    /// Open a stop of a delivery for growth, numbers or items: one proposes, another gives the command again.
    Allow {
        /// The delivery: its id or the beginning of it.
        submission: String,
        /// Why, in a word of letters, digits, '-', '.' and '_'.
        #[arg(long)]
        reason: String,
    },
    /// Hold every ledger and every notice against the chain.
    Verify,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filings {
    filing: Vec<Filing>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filing {
    provider: String,
    receipt_no: String,
    filed_on: Date,
    #[serde(default)]
    published_on: Option<Date>,
    valid_from: Date,
    #[serde(default)]
    valid_to: Option<Date>,
    items: Vec<String>,
    #[serde(default)]
    change_of: Option<String>,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Notice) -> Result<Ending> {
    let home = Home::open(cli)?;
    match order {
        Notice::Load { paths } => load(cli, &home, voice, paths),
        Notice::Filings { file } => filings(cli, &home, voice, file),
        Notice::Status => status(&home, voice),
        Notice::Held => held(&home, voice),
        Notice::Release => release(cli, &home, voice),
        Notice::Reconcile { submission } => reconcile(&home, voice, submission.as_deref()),
        Notice::Allow { submission, reason } => allow(cli, &home, voice, submission, reason),
        Notice::Verify => verify(&home, voice),
    }
}

fn load(cli: &Cli, home: &Home, voice: Voice, paths: &[PathBuf]) -> Result<Ending> {
    let mut ledgers = Vec::new();
    for path in paths {
        if musubi_etl::ledger::is_ledger(path) {
            ledgers.push(path.clone());
        } else if path.is_dir() {
            let inside = night::packages(path).with_context(|| format!("読めません: {}", path.display()))?;
            ledgers.extend(inside.into_iter().filter(|p| musubi_etl::ledger::is_ledger(p)));
        }
    }
    if ledgers.is_empty() {
        voice.say("通知台帳(ledger.toml)がありません", "No ledger.toml here");
        return Ok(Ending::Usage);
    }
    let taken = super::night::with_house(home, voice, musubi_etl::Faults::default(), |house, agreements| {
        night::take_ledgers(house, agreements, &ledgers).context("通知台帳の取り込みが中断しました")
    })?;
    let mut db = home.registry.act()?;
    for one in &taken {
        book(&mut db, cli, one)?;
        tell_ledger(voice, one);
    }
    voice.value(&json!({ "ledgers": taken }));
    Ok(if taken.iter().any(is_unsound) { Ending::LookAtIt } else { Ending::Done })
}

/// Was a package of ledgers refused, or some of its lines?
pub fn is_unsound(one: &LedgerTaken) -> bool {
    one.outcome.as_ref().is_ok_and(|o| o.refused.is_some() || o.providers.iter().any(|p| p.refused > 0))
        || one.outcome.is_err()
}

/// Writes into the audit chain that a ledger was entered.
pub fn book(db: &mut impl Audited, cli: &Cli, one: &LedgerTaken) -> Result<()> {
    let Ok(outcome) = &one.outcome else { return Ok(()) };
    let Some(document) = outcome.document else { return Ok(()) };
    let added = outcome.providers.iter().map(|p| u64::try_from(p.added).unwrap_or(0)).sum();
    audit(db, cli, AuditRole::Intake, AuditAction::EnterNotices, AuditObject::Document(document), added)
}

/// Says what became of a package of ledgers.
pub fn tell_ledger(voice: Voice, one: &LedgerTaken) {
    match &one.outcome {
        Err(why) => voice.line(format!("✗ {}: {why}", one.package)),
        Ok(outcome) => {
            if let Some(why) = &outcome.refused {
                voice.line(format!("✗ {}: {why}", one.package));
                return;
            }
            let sum = |f: fn(&musubi_etl::ledger::ProviderOutcome) -> i64| -> i64 {
                outcome.providers.iter().map(f).sum()
            };
            let (lines, refused) = (sum(|p| p.lines), sum(|p| p.refused));
            let (added, persons) = (sum(|p| p.added), sum(|p| p.persons));
            let n = outcome.providers.len();
            voice.say(
                format!(
                    "✓ 通知台帳 {}  医療機関等 {n}  行 {lines}(受け付けない行 {refused})  新しい通知 {added}  通知済み {persons} 人",
                    one.package
                ),
                format!(
                    "✓ ledger {}  {n} providers  {lines} lines ({refused} refused)  {added} new notices  {persons} persons notified",
                    one.package
                ),
            );
            for finding in outcome.providers.iter().flat_map(|p| &p.findings).take(20) {
                voice.line(format!("    {finding}"));
            }
        }
    }
}

/// Writes into the audit chain what held units were loaded.
pub fn book_held(db: &mut impl Audited, cli: &Cli, held: &HeldOutcome) -> Result<()> {
    for settled in &held.settled {
        let object = AuditObject::Submission(settled.submission);
        audit(db, cli, AuditRole::Intake, AuditAction::LoadHeld, object, settled.persons)?;
    }
    Ok(())
}

/// Says what became of what was held.
pub fn tell_held(voice: Voice, held: &HeldOutcome) {
    if held.waiting == 0 {
        return;
    }
    let loaded: u64 = held.settled.iter().map(|s| s.units).sum();
    voice.say(
        format!(
            "保留分: {} 単位のうち {loaded} 単位を格納、{} 単位を停止により除外",
            held.waiting, held.excluded
        ),
        format!("Held: of {} units {loaded} were loaded and {} excluded", held.waiting, held.excluded),
    );
}

fn filings(cli: &Cli, home: &Home, voice: Voice, file: &Path) -> Result<Ending> {
    let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
    let filings: Filings =
        toml::from_str(&text).with_context(|| format!("書式が違います: {}", file.display()))?;
    let mut rows = Vec::new();
    for f in filings.filing {
        if let Some(item) = f.items.iter().find(|i| FactTable::from_name(i).is_none()) {
            bail!("届出 {} の項目 {item} は定義にありません", f.receipt_no);
        }
        rows.push(FilingRow {
            provider: musubi_model::ProviderId::new(&f.provider).context("医療機関等の番号")?.to_string(),
            receipt_no: f.receipt_no,
            filed_on: f.filed_on,
            published_on: f.published_on,
            valid_from: f.valid_from,
            valid_to: f.valid_to,
            items: f.items,
            change_of: f.change_of,
        });
    }
    let mut db = home.registry.act()?;
    let added = db.enter_filings(&rows, now()).context("届出を登録できません")?;
    let object = AuditObject::Document(musubi_model::DocumentHash::of(text.as_bytes()));
    audit(&mut db, cli, AuditRole::Operator, AuditAction::EnterFiling, object, 0)?;
    voice.say(
        format!("届出 {} 件を確認し、{added} 件を新しく登録しました", rows.len()),
        format!("{} filings, {added} of them new", rows.len()),
    );
    voice.value(&json!({ "filings": rows.len(), "added": added }));
    Ok(Ending::Done)
}

/// The providers that whoever acts may see; `None`: all.
fn own_providers(home: &Home) -> Result<Option<BTreeSet<String>>> {
    Ok(Reach::of(home)?.providers(&home.registry.ingest()?.agreements()?))
}

fn status(home: &Home, voice: Voice) -> Result<Ending> {
    use musubi_storage::act::notice::NoticeBooks as _;
    let mut db: ActDb = home.registry.act()?;
    let mut providers = db.notified_providers().context("通知台帳を読めません")?;
    if let Some(own) = own_providers(home)? {
        providers.retain(|p| own.contains(p));
    }
    let names: Vec<&str> = providers.iter().map(String::as_str).collect();
    let ledgers = db.notice_ledgers(&names).context("通知台帳を読めません")?;
    let mut rows = Vec::new();
    for provider in &providers {
        let own: Vec<_> = ledgers.iter().filter(|l| &l.provider == provider).collect();
        let Some(last) = own.last() else { continue };
        let holds = book::chain_holds(&own);
        voice.line(format!(
            "{provider}  {}  {} {}  {} {}  {}",
            last.exported_at
                .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)))
                .strftime("%Y-%m-%d %H:%M"),
            voice.word("通知済み", "notified"),
            last.persons,
            voice.word("台帳", "ledgers"),
            own.len(),
            if holds {
                voice.word("連鎖は正しい", "chain holds")
            } else {
                voice.word("連鎖が切れている", "chain broken")
            },
        ));
        rows.push(json!({
            "provider": provider, "exported_at": last.exported_at, "persons": last.persons,
            "ledgers": own.len(), "programme_start": last.programme_start, "chain": holds,
        }));
    }
    voice.value(&json!({ "providers": rows }));
    Ok(Ending::Done)
}

fn held(home: &Home, voice: Voice) -> Result<Ending> {
    let mut counts = home.registry.act()?.held_counts().context("保留分を読めません")?;
    if let Some(own) = own_providers(home)? {
        counts.retain(|c| own.contains(&c.provider));
    }
    if counts.is_empty() {
        voice.say("保留している分はありません", "Nothing is held");
    }
    for c in &counts {
        let reason =
            HoldReason::read(&c.reason).map_or(c.reason.as_str(), |r| voice.word(r.ja(), r.as_str()));
        let ripe = c
            .next_ripe
            .map(|d| format!("  {} {d}", voice.word("最初の満了", "first ripe")))
            .unwrap_or_default();
        let units = voice.word("単位", "units");
        let submission: String = c.submission.chars().take(12).collect();
        voice.line(format!("{submission}  {}  {reason}  {} {units}{ripe}", c.provider, c.units));
    }
    voice.value(&json!({ "held": counts }));
    Ok(Ending::Done)
}

fn release(cli: &Cli, home: &Home, voice: Voice) -> Result<Ending> {
    let outcome = super::night::with_house(home, voice, musubi_etl::Faults::default(), |house, _| {
        musubi_etl::held::load_held(house).context("保留分の格納が中断しました(再実行で続きから行えます)")
    })?;
    book_held(&mut home.registry.act()?, cli, &outcome)?;
    tell_held(voice, &outcome);
    voice.value(&outcome);
    Ok(Ending::Done)
}

fn reconcile(home: &Home, voice: Voice, submission: Option<&str>) -> Result<Ending> {
    let mut rows = home
        .registry
        .act()?
        .reconciliations(submission.unwrap_or_default(), 200)
        .context("突合を読めません")?;
    if let Some(own) = own_providers(home)? {
        rows.retain(|r| own.contains(&r.provider));
    }
    voice.say(
        "提出          医療機関等    通知 N   停止 O   対象 E   提出 F   受入 A   保留等 Q  (通知なし)",
        "delivery      provider     notified opted-out eligible in-feed admitted set-aside (without)",
    );
    for r in &rows {
        let id: String = r.submission.chars().take(12).collect();
        let stopped = r
            .stopped
            .as_deref()
            .and_then(HoldReason::read)
            .map(|x| format!("  ✗ {}", voice.word(x.ja(), x.as_str())))
            .unwrap_or_default();
        voice.line(format!(
            "{id}  {}  {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}  ({}){stopped}",
            r.provider, r.notified, r.opted_out, r.eligible, r.in_feed, r.admitted, r.set_aside, r.unnotified
        ));
    }
    voice.value(&json!({ "rows": rows }));
    Ok(Ending::Done)
}

fn allow(cli: &Cli, home: &Home, voice: Voice, submission: &str, reason: &str) -> Result<Ending> {
    let reason = Name::new(reason).context("--reason")?;
    let ids = home.registry.ingest()?.submissions_like(submission, 2)?;
    let [id] = ids.as_slice() else { bail!("提出が一つに決まりません: {submission}") };
    let mut db = home.registry.act()?;
    let done = match db.allow_growth(id, &cli.actor, &reason.to_string(), now()) {
        Ok(done) => done,
        Err(StorageError::Refused(why)) => {
            voice.say(
                "停止を解除できません: 提案した人とは別の人が必要か、すでに解除されています",
                format!("Not opened: {why}"),
            );
            return Ok(Ending::Usage);
        }
        Err(e) => return Err(e).context("停止を解除できません"),
    };
    audit(&mut db, cli, AuditRole::Operator, AuditAction::AllowGrowth, AuditObject::Submission(*id), 0)?;
    if done {
        voice.say(
            "停止を解除しました。次の夜間処理か musubi notice release で格納します",
            "Opened. The next night, or musubi notice release, loads it",
        );
    } else {
        voice.say(
            "解除を提案しました。別の人が同じ命令を行うと解除されます",
            "Proposed. Another person gives the same command to open it",
        );
    }
    voice.value(&json!({ "submission": id, "opened": done }));
    Ok(Ending::Done)
}

fn verify(home: &Home, voice: Voice) -> Result<Ending> {
    let (sound, breaks) = book::verify_all(&mut home.registry.act()?).context("通知台帳を読めません")?;
    voice.say(format!("正しい台帳 {sound} 件"), format!("{sound} ledgers hold"));
    for b in &breaks {
        voice.line(format!("✗ {} #{}: {}", b.provider, b.ledger, b.what));
    }
    let rows: Vec<_> = breaks
        .iter()
        .map(|b| json!({ "provider": b.provider, "ledger": b.ledger, "what": b.what }))
        .collect();
    voice.value(&json!({ "sound": sound, "breaks": rows }));
    Ok(if breaks.is_empty() { Ending::Done } else { Ending::NotVerified })
}
