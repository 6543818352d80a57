//! `musubi register`: contracts, obligations, outsourcing, evidence, training, drills, media … in one form (台帳).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::contract;
use musubi_compliance::register::{self, Class, EntryRefused};
use musubi_storage::registry::ActDb;
use serde::Deserialize;
use serde_json::json;

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// `musubi register`.
#[derive(Debug, Subcommand)]
pub enum Register {
    /// The classes and their fields.
    Classes,
    /// Enter an entry, or a later version of one.
    Add {
        /// The class, e.g. contract.
        class: String,
        /// The entry's own number.
        entry: String,
        /// A field: NAME=VALUE.
        #[arg(long = "set", value_name = "NAME=VALUE")]
        set: Vec<String>,
    },
    /// Enter all entries of a TOML file, or none when one does not fit.
    Load {
        /// The file: `[[entry]]` with `class`, `entry` and a table `fields`.
        file: PathBuf,
    },
    /// The entries of a class as they stand.
    List {
        /// The class.
        class: String,
    },
    /// Hold all registers against the law (C-063, C-068, C-069, C-073, C-079, C-090).
    Check,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    class: String,
    entry: String,
    fields: BTreeMap<String, toml::Value>,
}

/// Runs one of them.
pub fn run(cli: &Cli, voice: Voice, order: &Register) -> Result<Ending> {
    match order {
        Register::Classes => classes(voice),
        Register::Add { class, entry, set } => {
            let mut fields = BTreeMap::new();
            for one in set {
                let Some((name, value)) = one.split_once('=') else {
                    voice
                        .say(format!("NAME=VALUE で書いてください: {one}"), format!("NAME=VALUE, not {one}"));
                    return Ok(Ending::Usage);
                };
                fields.insert(name.to_owned(), value.to_owned());
            }
            enter(cli, voice, vec![(class.clone(), entry.clone(), fields)])
        }
        Register::Load { file } => {
            let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
            let read: File =
                toml::from_str(&text).with_context(|| format!("書式が違います: {}", file.display()))?;
            let entries = read.entry.into_iter().map(|e| {
                let fields = e.fields.into_iter().map(|(name, value)| (name, plain(&value))).collect();
                (e.class, e.entry, fields)
            });
            enter(cli, voice, entries.collect())
        }
        Register::List { class } => list(cli, voice, class),
        Register::Check => check(cli, voice),
    }
}

/// A value of a TOML file as the register keeps it.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Boolean(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        other => other.to_string(),
    }
}

fn enter(
    cli: &Cli,
    voice: Voice,
    entries: Vec<(String, String, BTreeMap<String, String>)>,
) -> Result<Ending> {
    // All are looked at before the first is entered.
    let checked: Result<Vec<(Class, String, BTreeMap<String, String>)>, EntryRefused> = entries
        .into_iter()
        .map(|(class, entry, fields)| {
            let class = register::class(&class)?;
            class.check(&entry, &fields)?;
            Ok((class, entry, fields))
        })
        .collect();
    let checked = match checked {
        Ok(checked) => checked,
        Err(why) => {
            voice.say(format!("登録できません: {why}"), format!("Not entered: {why}"));
            return Ok(Ending::Usage);
        }
    };
    let home = Home::open(cli)?;
    let actor = Name::new(&cli.actor).context("--actor")?.to_string();
    let mut db = home.registry.act()?;
    let mut told = Vec::new();
    for (class, entry, fields) in checked {
        let version =
            register::enter(&mut db, &class, &entry, fields, now(), &actor).context("登録できません")?;
        if version.is_some() {
            let (action, object) = if class.name == "contract" {
                (AuditAction::Contract, AuditObject::Contract(Name::new(&entry)?))
            } else {
                (AuditAction::Record, AuditObject::Book(Name::new(&class.name)?))
            };
            books::audit(&mut db, cli, AuditRole::Officer, action, object, 0)?;
        }
        let state = version.map_or_else(
            || voice.word("変更なし", "unchanged").to_owned(),
            |v| format!("{} {v}", voice.word("版", "version")),
        );
        voice.line(format!("{} {entry}  {state}", voice.word(&class.ja, &class.name)));
        told.push(json!({ "class": class.name, "entry": entry, "version": version }));
    }
    voice.value(&json!({ "entered": told }));
    Ok(Ending::Done)
}

fn classes(voice: Voice) -> Result<Ending> {
    let mut told = Vec::new();
    for class in register::classes()? {
        voice.line(format!("{}  {}  {}", class.name, class.ja, class.basis));
        for f in &class.fields {
            let kind = format!("{:?}", f.kind).to_lowercase();
            let words = if f.words.is_empty() { kind } else { f.words.join("|") };
            let optional = if f.required { "" } else { voice.word(" (任意)", " (optional)") };
            voice.line(format!("    {}  {}  {words}{optional}", f.name, f.ja));
        }
        told.push(json!({ "class": class.name, "ja": class.ja, "basis": class.basis,
            "fields": class.fields.iter().map(|f| &f.name).collect::<Vec<_>>() }));
    }
    voice.value(&json!({ "classes": told }));
    Ok(Ending::Done)
}

fn list(cli: &Cli, voice: Voice, class: &str) -> Result<Ending> {
    let class = match register::class(class) {
        Ok(class) => class,
        Err(why) => {
            voice.say(format!("台帳がありません: {why}"), why.to_string());
            return Ok(Ending::Usage);
        }
    };
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let rows = db.register(&class.name, None).context("台帳を読めません")?;
    audit_reading(&mut db, cli, &class.name)?;
    for r in &rows {
        voice.line(format!("{}  v{}", r.entry, r.version));
        for f in &class.fields {
            if let Some(value) = r.fields.get(&f.name) {
                voice.line(format!("    {}: {value}", voice.word(&f.ja, &f.name)));
            }
        }
    }
    let told: Vec<_> =
        rows.iter().map(|r| json!({ "entry": r.entry, "version": r.version, "fields": r.fields })).collect();
    voice.value(&json!({ "class": class.name, "entries": told }));
    Ok(Ending::Done)
}

fn audit_reading(db: &mut ActDb, cli: &Cli, class: &str) -> Result<()> {
    let object = AuditObject::Book(Name::new(class)?);
    books::audit(db, cli, AuditRole::Auditor, AuditAction::Report, object, 0)
}

fn check(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let problems = contract::problems(&mut db, &home.parameters, today()).context("台帳を読めません")?;
    for p in &problems {
        let mark = if p.blocks { "✗" } else { "!" };
        voice.line(format!("{mark} {}  {}", p.check, p.what));
    }
    if problems.is_empty() {
        voice.say("台帳に問題はありません", "The registers are in order");
    }
    let told: Vec<_> =
        problems.iter().map(|p| json!({ "check": p.check, "blocks": p.blocks, "what": p.what })).collect();
    voice.value(&json!({ "problems": told }));
    Ok(if problems.iter().any(|p| p.blocks) {
        Ending::NotVerified
    } else if problems.is_empty() {
        Ending::Done
    } else {
        Ending::LookAtIt
    })
}
