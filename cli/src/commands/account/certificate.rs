//! `musubi account certificate`: which client certificate is which machine's. The certificate itself stays where it is; the
//! house knows its fingerprint.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use jiff::civil::Date;
use musubi_compliance::audit::AuditAction;
use musubi_model::ids::{from_hex, to_hex};
use musubi_storage::login::Digest;
use serde_json::json;

use super::{end_of, kept};
use crate::args::Cli;
use crate::commands::{Ending, operation};
use crate::home::{Home, now};
use crate::say::{Voice, warn};

/// `musubi account certificate`.
#[derive(Debug, Subcommand)]
pub enum CertificateOrder {
    /// Register the certificate of a machine for a service account.
    Add {
        /// The account.
        id: String,
        /// SHA-256 of the certificate (`openssl x509 -noout -fingerprint -sha256`), with or without colons.
        #[arg(long)]
        fingerprint: String,
        /// Last day.
        #[arg(long, value_name = "YYYY-MM-DD")]
        until: Date,
    },
    /// List certificates.
    List,
    /// Take a certificate back.
    End {
        /// Its fingerprint.
        fingerprint: String,
    },
}

fn fingerprint(text: &str) -> Option<Digest> {
    from_hex(&text.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase())
}

fn no_fingerprint(voice: Voice) -> Ending {
    warn(voice.word(
        "指紋は SHA-256 の16進64桁です(コロンがあってもよい)",
        "a fingerprint is the 64 hexadecimal digits of a SHA-256, with or without colons",
    ));
    Ending::Usage
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &CertificateOrder) -> Result<Ending> {
    match order {
        CertificateOrder::Add { id, fingerprint, until } => add(cli, voice, id, fingerprint, *until),
        CertificateOrder::List => list(cli, voice),
        CertificateOrder::End { fingerprint } => end(cli, voice, fingerprint),
    }
}

fn add(cli: &Cli, voice: Voice, id: &str, text: &str, until: Date) -> Result<Ending> {
    let Some(digest) = fingerprint(text) else { return Ok(no_fingerprint(voice)) };
    let (home, account) = (Home::open(cli)?, operation::name(id)?);
    let valid_to = end_of(until)?;
    let done = kept(cli, &home, voice, &account, AuditAction::Credential, |k| {
        k.add_certificate(&account, digest, valid_to)
    })?;
    if done.is_none() {
        return Ok(Ending::Usage);
    }
    voice.say(
        format!("{id} の証明書を登録しました({until} まで)"),
        format!("Registered a certificate of {id}, until {until}"),
    );
    voice.value(&json!({ "account": id, "fingerprint": to_hex(&digest), "valid_to": valid_to }));
    Ok(Ending::Done)
}

fn list(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut told = Vec::new();
    for c in home.registry.login()?.certificates()? {
        let state = match (&c.ended, c.valid_to <= now()) {
            (Some(_), _) => ("ended", "取消し"),
            (None, true) => ("over", "期限切れ"),
            (None, false) => ("valid", "有効"),
        };
        let print = to_hex(&c.fingerprint);
        voice.line(format!("{print}  {}  {}  {}", c.account, voice.word(state.1, state.0), c.valid_to));
        told.push(json!({
            "fingerprint": print,
            "account": c.account,
            "registered_by": c.registered_by,
            "registered_at": c.registered_at,
            "valid_to": c.valid_to,
            "used_at": c.used_at,
            "ended_at": c.ended.as_ref().map(|(at, _)| at),
            "ended_by": c.ended.as_ref().map(|(_, by)| by),
            "state": state.0,
            "state_ja": state.1,
        }));
    }
    voice.value(&told);
    Ok(Ending::Done)
}

fn end(cli: &Cli, voice: Voice, text: &str) -> Result<Ending> {
    let Some(digest) = fingerprint(text) else { return Ok(no_fingerprint(voice)) };
    let home = Home::open(cli)?;
    let row = home.registry.login()?.certificate(&digest)?;
    let Some(row) = row else {
        warn(voice.word("登録されていない証明書です", "no such certificate is registered"));
        return Ok(Ending::Usage);
    };
    let account = operation::name(&row.account).context("証明書のアカウント")?;
    let done = kept(cli, &home, voice, &account, AuditAction::Credential, |k| k.end_certificate(&digest))?;
    if done.is_none() {
        return Ok(Ending::Usage);
    }
    voice.say(
        format!("{account} の証明書を取り消しました"),
        format!("Took back the certificate of {account}"),
    );
    voice.value(&json!({ "account": row.account, "fingerprint": to_hex(&digest), "state": "ended" }));
    Ok(Ending::Done)
}
