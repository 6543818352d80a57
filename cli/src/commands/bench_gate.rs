//! `musubi bench --gate`: the notice gate's speed: one provider's ledger entered, as many claims found, judged and
//! confirmed in chunks as a load does, beside sorting and searching the same tokens in memory.

use std::collections::BTreeSet;
use std::fs;
use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use jiff::ToSpan as _;
use jiff::civil::Date;
use musubi_compliance::notice::ledger::{self, COLUMNS, Desk};
use musubi_compliance::notice::{Claim, NoticeGate, NoticeRules, Ruling};
use musubi_compliance::parameters::parameters;
use musubi_id_resolution::{TokenKey, describe};
use musubi_model::fact::FactTable;
use musubi_model::ledger::{NoticeScope, NoticeTemplate, ProviderLedger};
use musubi_model::matching::Described;
use musubi_model::{DocumentHash, ProviderId, SourceIdentity};
use musubi_storage::act::notice::FilingRow;
use musubi_storage::keys::SealKey;
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use super::Ending;
use crate::args::Bench;
use crate::home::{now, today};
use crate::say::Voice;

/// Units of a load that are judged together.
const CHUNK: usize = 10_000;
/// The provider, which is nobody's number.
const PROVIDER: &str = "9910000001";

#[derive(Debug, Serialize)]
struct Row {
    what: &'static str,
    seconds: f64,
}

/// Adds the seconds of a piece of work to its row.
fn timed<T>(rows: &mut Vec<Row>, what: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let clock = Instant::now();
    let done = work()?;
    let seconds = clock.elapsed().as_secs_f64();
    match rows.iter_mut().find(|r| r.what == what) {
        Some(row) => row.seconds += seconds,
        None => rows.push(Row { what, seconds }),
    }
    Ok(done)
}

/// Runs the verb.
pub fn run(order: &Bench, voice: Voice) -> Result<Ending> {
    if order.work.exists() {
        bail!("作業フォルダーが既にあります: {}", order.work.display());
    }
    fs::create_dir_all(&order.work)?;
    let rows = measure(order)?;
    voice.line("| what | persons | seconds | persons/s |");
    voice.line("|---|--:|--:|--:|");
    for r in &rows {
        #[allow(clippy::cast_precision_loss)] // a rate for people
        let rate = order.persons as f64 / r.seconds;
        voice.line(format!("| {} | {} | {:.2} | {rate:.0} |", r.what, order.persons, r.seconds));
    }
    voice.value(&json!({ "persons": order.persons, "rows": rows }));
    fs::remove_dir_all(&order.work)?;
    Ok(Ending::Done)
}

/// The provider's ledger of `n` persons who do not exist.
fn csv(n: u64, notified_on: Date) -> String {
    let mut text = COLUMNS.join(",");
    for i in 0..n {
        let (year, month, day) = (1930 + i % 70, 1 + i / 70 % 12, 1 + i / 840 % 28);
        text.push_str(&format!(
            "\n{i:09},06139999,1,{i:08},,,,テスト タロウ,{year}{month:02}{day:02},1,{notified_on},mail,t1,both,,notified"
        ));
    }
    text
}

fn head(items: &[String], bytes: &str) -> Result<ProviderLedger> {
    Ok(ProviderLedger {
        id: ProviderId::new(PROVIDER)?,
        programme_start: Date::constant(2018, 7, 1),
        file: "ledger.csv".to_owned(),
        blake3: DocumentHash::of(bytes.as_bytes()),
        templates: vec![NoticeTemplate {
            version: "t1".to_owned(),
            scope: NoticeScope::Both,
            items: items.to_vec(),
            blake3: DocumentHash::of(b"text"),
        }],
    })
}

fn measure(order: &Bench) -> Result<Vec<Row>> {
    let registry = Registry::open(Server::open(&order.work.join("data"), &DatabaseChoice::Embedded)?)?;
    let mut act = registry.act()?;
    let (key, kek) = (SealKey::random()?, SealKey::random()?);
    let tokens = TokenKey::new(key.expose());
    let rules = NoticeRules::of(&parameters(None)?, today())?;
    let (at, notified_on) = (now(), today().checked_sub(60.days())?);
    let items: Vec<String> = FactTable::ALL.iter().map(|t| t.as_str().to_owned()).collect();
    let filing = FilingRow {
        provider: PROVIDER.to_owned(),
        receipt_no: "T1".to_owned(),
        filed_on: Date::constant(2018, 6, 1),
        published_on: None,
        valid_from: Date::constant(2018, 6, 1),
        valid_to: None,
        items: items.clone(),
        change_of: None,
    };
    act.enter_filings(&[filing], at)?;
    let text = csv(order.persons, notified_on);
    let head = head(&items, &text)?;
    let mut rows = Vec::new();

    let lines =
        timed(&mut rows, "read the ledger (CSV)", || Ok(ledger::read(text.as_bytes(), &head, at, &rules)))?;
    drop(text);
    let desk = Desk {
        describe: &|identity| describe(&tokens, identity),
        seal: &|subject, bytes| kek.seal(&[subject], bytes),
        submitter: "bench",
        exported_at: at,
        received_at: at,
    };
    let entered = timed(&mut rows, "enter it into the book", || {
        ledger::enter(&mut act, &desk, &head, &lines, &rules).context("台帳を記録できません")
    })?;
    if u64::try_from(entered.persons).ok() != Some(order.persons) {
        bail!("the book counts {} persons of {}", entered.persons, order.persons);
    }
    // What mapping a load makes of each unit anyway.
    let claimed: Vec<Described> = lines
        .entries
        .par_iter()
        .map(|e| {
            describe(
                &tokens,
                &SourceIdentity { provider: head.id.clone(), demographics: e.demographics.clone() },
            )
        })
        .collect();
    drop(lines);

    let mut db = registry.ingest()?;
    let providers = BTreeSet::from([head.id.clone()]);
    let gate = timed(&mut rows, "open the gate", || {
        Ok(NoticeGate::open(&mut db, &rules, today(), at, &providers)?)
    })?;
    let mut confirmed = 0;
    for some in claimed.chunks(CHUNK) {
        let claims: Vec<Claim<'_>> = some.iter().map(|d| Claim::of(&head.id, d, false, None)).collect();
        let found =
            timed(&mut rows, "gate: find the notices", || Ok(gate.find(&mut db, claims.iter().copied())?))?;
        let admitted: Vec<(u64, Claim<'_>)> = timed(&mut rows, "gate: judge", || {
            let admit = |claim: &Claim<'_>| match gate.judge(&found, claim) {
                Ruling::Admit { notice, .. } => Some(notice),
                Ruling::Hold(..) => None,
            };
            Ok(claims.iter().filter_map(|claim| Some((admit(claim)?, *claim))).collect())
        })?;
        let holds = timed(&mut rows, "second gate: confirm", || Ok(gate.confirm(&mut db, &admitted)?))?;
        confirmed += holds.into_iter().filter(|holds| *holds).count();
    }
    if u64::try_from(confirmed).ok() != Some(order.persons) {
        bail!("the gate admits {confirmed} of {}", order.persons);
    }

    timed(&mut rows, "floor: sort and search the same tokens in memory", || {
        let mut book: Vec<(&[u8], usize)> = claimed
            .iter()
            .enumerate()
            .flat_map(|(i, d)| d.tokens.iter().map(move |t| (t.value.as_slice(), i)))
            .collect();
        book.sort_unstable();
        let found = |token: &[u8]| book.binary_search_by(|(t, _)| (*t).cmp(token)).is_ok();
        let all = claimed.iter().all(|d| d.tokens.iter().all(|t| found(&t.value)));
        if black_box(all) { Ok(()) } else { bail!("a token is not found") }
    })?;
    Ok(rows)
}
