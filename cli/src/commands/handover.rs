//! `musubi release list|conditions|key|handover|recall`: the release officers' side of handing over (引渡し). A recipient gets
//! nothing before two checkers and two keys, and this must never offer a way around them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::handover::{
    self, ACCESS_DAYS, Asked, Cause, Channel, HandOver, Judged, RECALL_DAYS, REMIND_DAYS, Registers, State,
    Terms, USE_MONTHS,
};
use musubi_compliance::output::{Checked, Keyed, Standing};
use musubi_compliance::parameters::word;
use musubi_review_board::Approval;
use musubi_storage::act::handover::{HandoverEventRow, HandoverRow};
use musubi_storage::act::output::HandKeyRow;
use serde_json::{Value, json};

use super::output::{Case, case, number};
use super::refusal::{refused, settle};
use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::kept;
use crate::say::Voice;

/// The verbs of the hand-over under `musubi release`.
#[derive(Debug, Subcommand)]
pub enum Handover {
    /// List releases with check, keys, deliveries and what became of them.
    List {
        /// Only this one.
        release: Option<String>,
    },
    /// Say which conditions of a hand-over are met.
    Conditions(To),
    /// Set one of the two keys on exactly this manifest (提供の鍵).
    Key {
        /// The release.
        release: String,
        /// BLAKE3 of its manifest, as the key's holder has seen it.
        #[arg(long)]
        manifest: String,
    },
    /// Hand a release to its recipient (引渡し).
    #[command(name = "handover")]
    Give(To),
    /// Call a release back (回収).
    Recall {
        /// The release.
        release: String,
        /// Only from this recipient.
        #[arg(long)]
        to: Option<String>,
        /// opt-out, split, defect, contract, other.
        #[arg(long)]
        cause: Cause,
        /// What the recipient is told; no value of a person.
        #[arg(long)]
        reason: String,
    },
}

/// To whom and how.
#[derive(Debug, clap::Args)]
pub struct To {
    /// The release.
    pub release: String,
    /// The recipient: an organisation.
    #[arg(long)]
    pub to: String,
    /// download, media, visiting.
    #[arg(long)]
    pub channel: Channel,
    /// Number of the line in the register; none for visiting.
    #[arg(long)]
    pub line: Option<String>,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Handover) -> Result<Ending> {
    settle(match order {
        Handover::List { release } => list(cli, voice, release.as_deref()),
        Handover::Conditions(to) => conditions(cli, voice, to),
        Handover::Key { release, manifest } => key(cli, voice, release, manifest),
        Handover::Give(to) => hand(cli, voice, to),
        Handover::Recall { release, to, cause, reason } => {
            recall(cli, voice, release, to.as_deref(), *cause, reason)
        }
    })
}

fn object(release: &str) -> Result<AuditObject> {
    Ok(AuditObject::Release(Name::new(release).context("release")?))
}

fn keys_needed(home: &Home) -> Result<usize> {
    usize::try_from(number(home, "handover.keys")?).context("handover.keys")
}

/// A checked release, or why it is none.
fn checked(voice: Voice, standing: Standing) -> Result<Checked> {
    match standing {
        Standing::Checked(checked) => Ok(checked),
        other => Err(refused(
            voice,
            &format!("出力確認が済んでいません({})", other.ja()),
            &format!("the output check is not done ({})", other.as_str()),
        )),
    }
}

/// A delivery for machines, of officers and of its recipient.
pub fn delivery(home: &Home, row: &HandoverRow, events: &[HandoverEventRow]) -> Result<Value> {
    let state = handover::state(row, events, today());
    let due = handover::destroy_due(row, events, number(home, RECALL_DAYS)?);
    let left = (due - today()).get_days();
    let remind = state != State::Destroyed && i64::from(left) <= i64::try_from(number(home, REMIND_DAYS)?)?;
    let own = handover::events_of(row, events);
    let fetch = handover::may_fetch(row, events, today()).err();
    Ok(json!({
        "release": row.release, "organisation": row.organisation, "recipient": row.recipient,
        "manifest_hash": row.manifest_hash, "target": row.target, "channel": row.channel,
        "channel_ja": Channel::from_name(&row.channel).map(Channel::ja), "line": row.line, "contract": row.contract,
        "certificate": row.certificate, "user_type": row.user_type, "handed_by": row.handed_by,
        "handed_at": row.handed_at, "expires_on": row.expires_on, "destroy_by": row.destroy_by, "destroy_due": due,
        "days_left": left, "remind": remind, "overdue": state != State::Destroyed && left < 0,
        "state": state.as_str(), "state_ja": state.ja(), "fetched": own.clone().filter(|e| e.event == "fetched").count(),
        "may_fetch": fetch.is_none(), "why_not": fetch.map(handover::NoFetch::as_str),
        "why_not_ja": fetch.map(handover::NoFetch::ja),
        "events": own.map(|e| json!({
            "event": e.event, "cause": e.cause, "cause_ja": Cause::from_name(&e.cause).map(Cause::ja), "hash": e.hash,
            "note": e.note, "by": e.actor, "at": e.at })).collect::<Vec<_>>(),
    }))
}

fn list(cli: &Cli, voice: Voice, only: Option<&str>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let needed = keys_needed(&home)?;
    let names: BTreeMap<String, String> = kept::organisations(&mut db)?
        .organisations()
        .map(|o| (o.row.id.clone(), o.row.name.clone()))
        .collect();
    let (rows, events) = (db.handovers(only)?, db.handover_events(only)?);
    let mut told = Vec::new();
    for asked in db.asked_releases()?.into_iter().filter(|a| only.is_none_or(|o| a.release == o)) {
        let case = Case::of(&home, &mut db, asked)?;
        let mut deliveries = Vec::new();
        for row in rows.iter().filter(|h| h.release == case.asked.release) {
            let mut one = delivery(&home, row, &events)?;
            if let Value::Object(one) = &mut one {
                one.insert("organisation_name".to_owned(), json!(names.get(&row.organisation)));
            }
            deliveries.push(one);
        }
        let holders = match &case.standing {
            Standing::Checked(checked) => checked.holders(&case.rows.keys),
            _ => std::collections::BTreeSet::new(),
        };
        voice.line(format!(
            "{}  {}  {} {}/{needed}  {} {}  {}",
            case.asked.release,
            voice.word(case.standing.ja(), case.standing.as_str()),
            voice.word("鍵", "keys"),
            holders.len(),
            voice.word("引渡し", "handed to"),
            deliveries.len(),
            case.spec.title
        ));
        let mut head = case.head();
        if let Value::Object(head) = &mut head {
            head.insert("state".to_owned(), json!(case.standing.as_str()));
            head.insert("state_ja".to_owned(), json!(case.standing.ja()));
            head.insert("keys".to_owned(), keys(&case));
            head.insert("keys_set".to_owned(), json!(holders.len()));
            head.insert("keys_needed".to_owned(), json!(needed));
            head.insert("deliveries".to_owned(), json!(deliveries));
        }
        told.push(head);
    }
    if only.is_some() && told.is_empty() {
        return Err(refused(voice, "その番号の提供物はありません", "no such release"));
    }
    voice.value(&json!({ "releases": told }));
    Ok(Ending::Done)
}

fn keys(case: &Case) -> Value {
    json!(
        case.rows
            .keys
            .iter()
            .map(|k| json!({ "holder": k.holder, "role": k.role, "at": k.at, "manifest_hash": k.manifest_hash }))
            .collect::<Vec<_>>()
    )
}

fn key(cli: &Cli, voice: Voice, release: &str, manifest: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let case = case(&home, voice, release)?;
    let (hash, rows) = (case.built.manifest_hash.clone(), case.rows.clone());
    let checked = checked(voice, case.standing)?;
    let (account, role) = (home.acting.granted.principal.to_string(), home.acting.granted.role.as_str());
    if manifest != hash {
        return Err(refused(
            voice,
            "目録のハッシュが一致しません。確認した目録を見直してください",
            "another manifest than this release's; look again at what was checked",
        ));
    }
    if !checked.may_key(&account, role) {
        return Err(refused(
            voice,
            "作成者と確認者は鍵を設定できません",
            "whoever made or checked a release sets no key on it",
        ));
    }
    let mut db = home.registry.act()?;
    let row = HandKeyRow { manifest_hash: hash.clone(), holder: account, role: role.to_owned(), at: now() };
    if !db.set_hand_key(release, &row).context("鍵を記録できません")? {
        return Err(refused(voice, "この人の鍵は設定済みです", "this account has set its key"));
    }
    books::audit(&mut db, cli, AuditRole::ReleaseApprover, AuditAction::HandOver, object(release)?, 0)?;
    let mut keys = rows.keys;
    keys.push(row);
    let (set, needed) = (checked.holders(&keys).len(), keys_needed(&home)?);
    voice.say(
        format!("提供の鍵を設定しました: {release}({set}/{needed})"),
        format!("Key set on {release} ({set} of {needed})"),
    );
    voice
        .value(&json!({ "release": release, "manifest_hash": hash, "keys_set": set, "keys_needed": needed }));
    Ok(Ending::Done)
}

/// Holds a hand-over against the law.
fn judged(home: &Home, case: &Case, to: &To) -> Result<(Terms, Judged)> {
    let mut db = home.registry.act()?;
    let terms = Terms {
        organisation: to.to.clone(),
        channel: to.channel,
        line: to.line.clone().filter(|_| to.channel != Channel::Visiting),
        on: today(),
    };
    let board = home.ring.board.public();
    let approval = Approval::load(&mut home.registry.release()?, &case.asked.approval, &board, today());
    let verified = db.release_checks()?.iter().any(|c| {
        c.ok && c.release_id == case.asked.release
            && c.manifest_hash == case.built.manifest_hash
            && !case.built.makers.contains(&c.actor)
    });
    let purposes = word(&home.parameters, "purpose.allowed", today())?;
    let asked = Asked {
        spec: &case.spec,
        same_scope: case.asked.same_scope,
        approval: approval.err().map(|e| e.to_string()),
        verified,
        purposes: purposes.split_whitespace().map(str::to_owned).collect(),
    };
    let registers = Registers::read(&mut db, number(home, RECALL_DAYS)?)?;
    let judged = handover::judge(&registers, &asked, &terms);
    Ok((terms, judged))
}

fn tell(voice: Voice, judged: &Judged) -> Value {
    for c in &judged.conditions {
        let mark = if c.met() { "✓" } else { "✗" };
        voice.line(format!("{mark} {} {}", c.check, voice.word(c.ja, c.en)));
        c.wrong.iter().for_each(|w| voice.line(format!("      {w}")));
    }
    json!(
        judged
            .conditions
            .iter()
            .map(|c| json!({ "check": c.check, "ja": c.ja, "en": c.en, "met": c.met(), "wrong": c.wrong }))
            .collect::<Vec<_>>()
    )
}

/// Last days of access and use under a contract.
fn until(home: &Home, judged: &Judged) -> Result<Option<(jiff::civil::Date, jiff::civil::Date)>> {
    let (access, months) = (number(home, ACCESS_DAYS)?, number(home, USE_MONTHS)?);
    Ok(judged.contract.as_ref().and_then(|c| handover::terms_of(c, today(), access, months)))
}

/// The release with its keys, or how many are missing.
fn keyed(case: &Case, needed: usize) -> Option<std::result::Result<Keyed, usize>> {
    match case.standing.clone() {
        Standing::Checked(checked) => Some(checked.keyed(&case.rows.keys, needed)),
        _ => None,
    }
}

fn conditions(cli: &Cli, voice: Voice, to: &To) -> Result<Ending> {
    let home = Home::open(cli)?;
    let case = case(&home, voice, &to.release)?;
    let (_, judged) = judged(&home, &case, to)?;
    let needed = keys_needed(&home)?;
    let permit = match keyed(&case, needed) {
        Some(Ok(keyed)) => keyed.permit(&judged.conditions).is_ok(),
        _ => false,
    };
    let told = tell(voice, &judged);
    let until = until(&home, &judged)?;
    voice.line(format!(
        "{}: {}",
        voice.word("出力確認", "output check"),
        voice.word(case.standing.ja(), case.standing.as_str())
    ));
    let mut head = case.head();
    if let Value::Object(head) = &mut head {
        let more = [
            ("conditions", told),
            ("state", json!(case.standing.as_str())),
            ("state_ja", json!(case.standing.ja())),
            ("keys", keys(&case)),
            ("keys_needed", json!(needed)),
            ("ready", json!(permit)),
            ("contract", json!(judged.contract.as_ref().map(|c| &c.entry))),
            ("expires_on", json!(until.map(|u| u.0))),
            ("destroy_by", json!(until.map(|u| u.1))),
        ];
        head.extend(more.map(|(k, v)| (k.to_owned(), v)));
    }
    voice.value(&head);
    Ok(if permit { Ending::Done } else { Ending::LookAtIt })
}

fn hand(cli: &Cli, voice: Voice, to: &To) -> Result<Ending> {
    let home = Home::open(cli)?;
    let case = case(&home, voice, &to.release)?;
    let (terms, judged) = judged(&home, &case, to)?;
    let standing = case.standing.clone();
    let keyed = checked(voice, standing)?.keyed(&case.rows.keys, keys_needed(&home)?).map_err(|missing| {
        refused(
            voice,
            &format!("提供の鍵があと{missing}つ必要です"),
            &format!("{missing} more keys of release officers are needed"),
        )
    })?;
    let permit = keyed.permit(&judged.conditions).map_err(|unmet| {
        let checks: Vec<&str> = unmet.iter().map(|c| c.check).collect();
        let why: Vec<&str> = unmet.iter().flat_map(|c| c.wrong.iter().map(String::as_str)).collect();
        refused(
            voice,
            &format!("引渡しの条件を満たしません: {}({})", checks.join(", "), why.join("; ")),
            &format!("conditions not met: {} ({})", checks.join(", "), why.join("; ")),
        )
    })?;
    let until = until(&home, &judged)?.context("契約の終わりの日を読めません")?;
    let mut db = home.registry.act()?;
    let account = home.acting.granted.principal.to_string();
    let order = HandOver {
        permit,
        terms: &terms,
        judged: &judged,
        recipient: &case.spec.recipient,
        until,
        by: &account,
        at: now(),
    };
    let Some(row) = handover::enter(&mut db, order).context("引渡しを記録できません")? else {
        return Err(refused(voice, "この提供先には引渡し済みです", "it was handed to this recipient before"));
    };
    books::audit(&mut db, cli, AuditRole::ReleaseApprover, AuditAction::HandOver, object(&row.release)?, 0)?;
    voice.say(
        format!(
            "引き渡しました: {} → {}({})\n  受取りの期限: {}\n  廃棄の証明の期限: {}",
            row.release,
            row.organisation,
            to.channel.ja(),
            row.expires_on,
            row.destroy_by
        ),
        format!(
            "Handed {} to {} ({})\n  access until {}\n  certificate of destruction due {}",
            row.release,
            row.organisation,
            to.channel.as_str(),
            row.expires_on,
            row.destroy_by
        ),
    );
    voice.value(&delivery(&home, &row, &[])?);
    Ok(Ending::Done)
}

fn recall(
    cli: &Cli,
    voice: Voice,
    release: &str,
    to: Option<&str>,
    cause: Cause,
    reason: &str,
) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let account = home.acting.granted.principal.to_string();
    let events = db.handover_events(Some(release))?;
    let of: Vec<HandoverRow> = db
        .handovers(Some(release))?
        .into_iter()
        .filter(|h| to.is_none_or(|to| h.organisation == to))
        .filter(|h| !matches!(handover::state(h, &events, today()), State::Recalled | State::Destroyed))
        .collect();
    if of.is_empty() {
        return Err(refused(voice, "回収できる引渡しがありません", "nothing that could be recalled"));
    }
    for row in &of {
        let event = HandoverEventRow {
            release: row.release.clone(),
            organisation: row.organisation.clone(),
            event: "recalled".to_owned(),
            cause: cause.as_str().to_owned(),
            hash: row.manifest_hash.clone(),
            note: reason.trim().to_owned(),
            actor: account.clone(),
            at: now(),
        };
        db.enter_handover_event(&event, None).context("回収を記録できません")?;
    }
    books::audit(&mut db, cli, AuditRole::ReleaseApprover, AuditAction::HandOver, object(release)?, 0)?;
    let names: Vec<&str> = of.iter().map(|h| h.organisation.as_str()).collect();
    voice.say(
        format!("回収を求めました: {release} ← {}({})", names.join(", "), cause.ja()),
        format!("Recalled {release} from {} ({})", names.join(", "), cause.as_str()),
    );
    voice.value(&json!({ "release": release, "cause": cause.as_str(), "recalled": names }));
    Ok(Ending::Done)
}
