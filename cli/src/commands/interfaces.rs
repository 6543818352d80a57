//! `musubi interfaces`: which column of a sender's table is what (連携仕様), as configuration.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_mappers::table::{Interface, Interfaces};
use musubi_storage::interface::InterfaceLoad;
use serde_json::{Value, json};

use super::{Ending, books};
use crate::args::{Cli, InterfaceVerb};
use crate::home::Home;
use crate::say::Voice;

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, verb: &InterfaceVerb) -> Result<Ending> {
    match verb {
        InterfaceVerb::List => list(cli, voice),
        InterfaceVerb::Show { name } => show(cli, voice, name),
        InterfaceVerb::Load { path } => load(cli, voice, path),
    }
}

fn list(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    let registered: Vec<String> = db.interfaces()?.into_iter().map(|i| i.name).collect();
    let all = musubi_etl::interfaces::interfaces(&mut db)?;
    let mut rows: Vec<Value> = Vec::new();
    for interface in all.iter() {
        let own = registered.iter().any(|name| name == interface.name());
        voice.line(format!(
            "{:<28} {:>3}  {}  {}",
            interface.name(),
            interface.version(),
            if own { voice.word("登録", "registered") } else { voice.word("同梱", "shipped   ") },
            interface.title()
        ));
        rows.push(json!({
            "name": interface.name(), "version": interface.version(), "title": interface.title(), "registered": own,
        }));
    }
    voice.value(&rows);
    Ok(Ending::Done)
}

fn show(cli: &Cli, voice: Voice, name: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let stored = home.registry.ingest()?.interfaces()?.into_iter().find(|i| i.name == name).map(|i| i.toml);
    let shipped = || {
        let is_it = |text: &&&str| Interface::parse(text).is_ok_and(|i| i.name() == name);
        Interfaces::templates().iter().find(is_it).map(|text| (*text).to_owned())
    };
    let text = stored.or_else(shipped).ok_or_else(|| anyhow!("その名前の連携仕様はありません: {name}"))?;
    voice.line(text.trim_end());
    voice.value(&json!({ "name": name, "toml": text }));
    Ok(Ending::Done)
}

fn load(cli: &Cli, voice: Voice, path: &Path) -> Result<Ending> {
    let files: Vec<PathBuf> = if path.is_dir() {
        let mut all: Vec<PathBuf> = fs::read_dir(path)
            .context("読めません")?
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "toml"))
            .collect();
        all.sort();
        all
    } else {
        vec![path.to_owned()]
    };
    // All are read before any is registered: a folder with a mistake in it changes nothing.
    let mut read = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
        let interface = Interface::parse(&text).map_err(|why| anyhow!("{}: {why}", file.display()))?;
        read.push((interface, text));
    }
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    let mut rows = Vec::new();
    for (interface, text) in &read {
        let done = db.register_interface(interface.name(), &interface.version().to_string(), text)?;
        let new = done == InterfaceLoad::Registered;
        voice.line(format!(
            "{} {}  {}",
            interface.name(),
            interface.version(),
            if new {
                voice.word("登録しました", "registered")
            } else {
                voice.word("登録済みです", "already there")
            }
        ));
        rows.push(json!({ "name": interface.name(), "version": interface.version(), "new": new }));
    }
    books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Register, AuditObject::House, 0)?;
    voice.value(&rows);
    Ok(Ending::Done)
}
