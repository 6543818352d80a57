//! `musubi account list` and `sessions`: who can log in, how, and who is in the house. Never a hash, a token or a secret.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use musubi_compliance::login::Rules;
use musubi_compliance::organisation::{Principal, role_of};
use musubi_storage::login::{CredentialRow, SessionRow};
use serde_json::{Value, json};

use crate::args::Cli;
use crate::commands::Ending;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// Whether and how an account can log in, stored and Japanese word.
fn state(
    principal: &Principal,
    credential: Option<&CredentialRow>,
    rules: &Rules,
    at: Timestamp,
) -> (&'static str, &'static str) {
    if !principal.active(today()) {
        return ("closed", "閉鎖");
    }
    if !principal.human {
        return ("service", "サービス用");
    }
    match credential {
        None => ("none", "未招待"),
        Some(c) if c.locked => ("locked", "ロック"),
        Some(c) if c.invited_until.is_some_and(|until| until <= at) => ("invitation-over", "招待の期限切れ"),
        Some(c) if c.invitation.is_some() => ("invited", "招待中"),
        Some(c) if rules.locked(c.failures, c.failed_at, at) => ("locked-out", "失敗によるロック"),
        Some(_) => ("active", "有効"),
    }
}

/// `musubi account list`.
pub fn accounts(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let book = &home.books.organisations;
    let rules = Rules::of(&home.parameters, today())?;
    let mut db = home.registry.login()?;
    let credentials: BTreeMap<String, CredentialRow> =
        db.credentials()?.into_iter().map(|c| (c.account.clone(), c)).collect();
    let mut open: BTreeMap<String, u64> = BTreeMap::new();
    for session in db.sessions(None, false)?.into_iter().filter(|s| alive(s, &rules, now())) {
        *open.entry(session.account).or_default() += 1;
    }
    let mut told = Vec::new();
    for p in book.principals() {
        let id = p.row.id.as_str();
        let credential = credentials.get(id);
        let (word, ja) = state(p, credential, &rules, now());
        let roles = p.roles_on(today());
        let names: Vec<&str> = roles.iter().map(|r| voice.word(r.ja(), r.as_str())).collect();
        let last = credential.and_then(|c| c.last_login);
        voice.line(format!(
            "{id}  {}  {}  {}",
            voice.word(ja, word),
            names.join(", "),
            last.map_or_else(|| "–".to_owned(), |at| at.to_string())
        ));
        let organisation = book.organisation(&p.row.organisation);
        told.push(json!({
            "account": id,
            "human": p.human,
            "staff_number": p.row.staff_number,
            "organisation": p.row.organisation,
            "organisation_name": organisation.map(|o| &o.row.name),
            "outside": organisation.is_some_and(|o| o.kind.outside()),
            "roles": roles.iter().map(|r| json!({ "role": r.as_str(), "ja": r.ja() })).collect::<Vec<_>>(),
            "state": word,
            "state_ja": ja,
            "invited_until": credential.and_then(|c| c.invited_until),
            "failures": credential.map_or(0, |c| c.failures),
            "locked_until": credential.and_then(|c| rules.locked_until(c.failures, c.failed_at)),
            "must_change": credential.is_some_and(|c| c.must_change),
            "last_login": last,
            "changed_at": credential.map(|c| c.changed_at),
            "sessions": open.get(id).copied().unwrap_or(0),
            "trained_on": p.row.trained_on,
            "pledged_on": p.row.pledged_on,
        }));
    }
    voice.value(&json!({ "accounts": told, "issue_allowed": rules.issue_allowed }));
    Ok(Ending::Done)
}

fn alive(session: &SessionRow, rules: &Rules, at: Timestamp) -> bool {
    session.ended.is_none() && at < rules.alive_until(session.seen_at, session.ends_at)
}

/// `musubi account sessions`.
pub fn sessions(cli: &Cli, voice: Voice, id: Option<&str>, all: bool) -> Result<Ending> {
    let home = Home::open(cli)?;
    let rules = Rules::of(&home.parameters, today())?;
    let mut told: Vec<Value> = Vec::new();
    for s in home.registry.login()?.sessions(id, all)? {
        let open = alive(&s, &rules, now());
        if !open && !all {
            continue;
        }
        // What nobody used since its end is not yet written down as ended.
        let why = s.ended.as_ref().map(|(_, why)| why.as_str()).or((!open).then_some("idle"));
        voice.line(format!("{}  {}  {}  {}", s.id, s.account, s.code_at, why.unwrap_or("–")));
        told.push(json!({
            "session": s.id,
            "account": s.account,
            "password_at": s.password_at,
            "code_at": s.code_at,
            "seen_at": s.seen_at,
            "ends_at": s.ends_at,
            "open": open,
            "ended_at": s.ended.as_ref().map(|(at, _)| at),
            "ended_why": why,
        }));
    }
    voice.value(&told);
    Ok(Ending::Done)
}

/// Roles as words for machines: stored word and Japanese.
pub fn role_words(word: &str) -> Value {
    json!({ "role": word, "ja": role_of(word).map(musubi_compliance::audit::AuditRole::ja) })
}
