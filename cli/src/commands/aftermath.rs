//! Which releases hold data of somebody, to whom they went, and what the Act asks now (提供済みの情報への影響).
//!
//! Names releases and recipients, never rows: what stands in an anonymised release is not looked into. The help desk gets
//! counts only.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use musubi_compliance::aftermath::{Cause, Duty, Handed, of_release};
use musubi_compliance::audit::AuditRole;
use musubi_compliance::handover;
use musubi_etl::house::japanese_day;
use musubi_model::spec::Product;
use musubi_release::Manifest;
use serde::Serialize;
use serde_json::{Value, json};

use crate::home::Home;
use crate::say::Voice;

/// What becomes of releases.
pub struct Aftermath {
    cause: Cause,
    releases: Vec<Release>,
}

struct Release {
    id: String,
    product: Product,
    sealed_at: jiff::Timestamp,
    handed: Vec<Recipient>,
    duty: Duty,
}

/// A hand-over, as far as it is.
#[derive(Serialize)]
struct Recipient {
    organisation: String,
    recipient: String,
    handed_on: jiff::civil::Date,
    state: &'static str,
    state_ja: &'static str,
}

/// Looks up what became of these releases; one that is in no ledger left no house.
pub fn of(home: &Home, names: &BTreeSet<String>, cause: Cause) -> Result<Aftermath> {
    let (mut ledger, mut act) = (home.registry.release()?, home.registry.act()?);
    let mut releases = Vec::with_capacity(names.len());
    for name in names {
        let Some(entry) = ledger.ledger_entry(name)? else { continue };
        let manifest: Manifest = serde_json::from_str(&entry.manifest).context("台帳の目録を読めません")?;
        let rows = act.handovers(Some(name)).context("引渡しの記録を読めません")?;
        let events = act.handover_events(Some(name)).context("引渡しの記録を読めません")?;
        let mut far = Vec::with_capacity(rows.len());
        let mut handed = Vec::with_capacity(rows.len());
        for row in rows {
            let own = Handed::of(handover::events_of(&row, &events).map(|e| e.event.as_str()));
            far.push(own);
            handed.push(Recipient {
                handed_on: japanese_day(row.handed_at),
                organisation: row.organisation,
                recipient: row.recipient,
                state: own.as_str(),
                state_ja: own.ja(),
            });
        }
        let duty = of_release(manifest.product, &far);
        releases.push(Release {
            id: name.clone(),
            product: manifest.product,
            sealed_at: entry.sealed_at,
            handed,
            duty,
        });
    }
    Ok(Aftermath { cause, releases })
}

impl Aftermath {
    /// What a role may see of it: the officer, the clerk of matching and the auditor which releases and whose; everybody
    /// else, the help desk too, how many ask for what.
    pub fn value(&self, role: AuditRole) -> Value {
        let named = matches!(role, AuditRole::Officer | AuditRole::Identity | AuditRole::Auditor);
        let releases = if named { json!(self.list()) } else { Value::Null };
        json!({ "duties": self.duties(), "releases": releases })
    }

    /// How many releases ask for what.
    fn duties(&self) -> Vec<Value> {
        let mut counts: BTreeMap<Duty, usize> = BTreeMap::new();
        for release in &self.releases {
            *counts.entry(release.duty).or_default() += 1;
        }
        let line = |(duty, releases): (Duty, usize)| {
            json!({
                "duty": duty.as_str(), "ja": duty.ja(self.cause), "en": duty.en(self.cause), "releases": releases,
            })
        };
        counts.into_iter().rev().map(line).collect()
    }

    fn list(&self) -> Vec<Value> {
        let line = |r: &Release| {
            json!({
                "release": r.id, "product": r.product.as_str(), "product_ja": r.product.ja(), "sealed_at": r.sealed_at,
                "handed": r.handed, "duty": r.duty.as_str(), "duty_ja": r.duty.ja(self.cause),
                "duty_en": r.duty.en(self.cause),
            })
        };
        self.releases.iter().map(line).collect()
    }

    /// Says how many releases ask for what.
    pub fn say(&self, voice: Voice) {
        for line in self.duties() {
            let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let releases = line.get("releases").and_then(Value::as_u64).unwrap_or(0);
            voice.say(
                format!("  提供物 {releases} 件: {}", text("ja")),
                format!("  {releases} releases: {}", text("en")),
            );
        }
    }
}
