//! `musubi account permissions`: which commands an account may give today, asked of the same function that decides.

use anyhow::Result;
use musubi_compliance::authority::{Need, decide};
use musubi_compliance::instruction::Job;
use musubi_compliance::operation::OperationKind;
use serde_json::json;

use crate::args::Cli;
use crate::authority::{self, LINES};
use crate::commands::Ending;
use crate::home::{Home, now, today};
use crate::say::{Voice, warn};

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, id: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let office = authority::office(&mut home.registry.act()?, &home.books)?;
    let Some(principal) = office.book.principal(id) else {
        warn(voice.word("登録されていないアカウントです", "no such account"));
        return Ok(Ending::Usage);
    };
    let mut told = Vec::new();
    for line in LINES {
        let Some(need) = line.need else { continue };
        // Whether an instruction covers a job hangs on its scope; it is told beside the command, not judged here.
        let asked = Need { job: None, ..need };
        let decided = decide(&office, &asked, Some(id), None, now(), today());
        // A command of roles that the account does not have is no permission, and no refusal worth a line.
        let held = principal.roles_on(today());
        let role = match (&decided, need.roles.iter().find(|r| held.contains(r))) {
            (Ok(granted), _) => granted.role,
            (Err(_), Some(role)) => *role,
            (Err(_), None) => continue,
        };
        let refused = decided.as_ref().err();
        let why = refused.map(|r| if voice.english { r.en() } else { r.ja() });
        voice.line(format!(
            "{}  {}{}",
            line.shown(),
            voice.word(role.ja(), role.as_str()),
            why.as_ref().map(|w| format!("  ✕ {w}")).unwrap_or_default()
        ));
        told.push(json!({
            "verb": line.shown(),
            "role": { "role": role.as_str(), "ja": role.ja() },
            "lent": !held.contains(&role),
            "human": need.human,
            "instruction": need.job.map(|j: Job| json!({ "job": j.as_str(), "ja": j.ja() })),
            "two_people": line.dual.map(|d: OperationKind| json!({ "kind": d.as_str(), "ja": d.ja() })),
            "refused": refused.map(|r| json!({ "code": r.code(), "ja": r.ja(), "en": r.en() })),
        }));
    }
    voice.value(&json!({ "account": id, "permissions": told }));
    Ok(Ending::Done)
}
