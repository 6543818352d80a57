//! `musubi parameter`: what holds on a day, and changes that two people agree to. A change needs no restart: every command
//! reads the set anew, and every run notes its hash.

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject};
use musubi_compliance::operation::{OperationKind, take};
use musubi_compliance::parameters::{change, check_change};
use musubi_model::parameter::{Parameter, ParameterValue, Verified};
use musubi_storage::act::operation::OperationRow;
use serde_json::json;

use super::{Ending, books, operation, parameter_preview};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// `musubi parameter`.
#[derive(Debug, Subcommand)]
pub enum ParameterVerb {
    /// List what holds on a day.
    List {
        /// The day; default: today.
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: Option<Date>,
    },
    /// Show every row of a parameter: value, from when, why, and whether the text was read.
    Show {
        /// Its name.
        name: String,
    },
    /// Propose a change; it holds once a second person approves it, from its day on.
    Propose(Propose),
    /// What a change would have done to the last nights, where that can be counted; changes nothing.
    Preview {
        /// Its name.
        name: String,
        /// The value.
        #[arg(long)]
        value: String,
    },
    /// Approve a change that another person proposed.
    Approve(operation::Decision),
    /// Reject a change, or take it back.
    Reject(operation::Decision),
}

/// `musubi parameter propose`.
#[derive(Debug, Args)]
pub struct Propose {
    /// Its name.
    name: String,
    /// The value: a number, or words where the parameter is one of words.
    #[arg(long)]
    value: String,
    /// First day; today or later. Default: today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<Date>,
    /// Law, guideline section or decision that says so.
    #[arg(long)]
    basis: String,
    /// Whether that text was read (V), is from memory (M), or is a design of the operator (D).
    #[arg(long, default_value = "D", value_parser = ["V", "M", "D"])]
    verified: String,
    /// Why now.
    #[arg(long)]
    reason: String,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &ParameterVerb) -> Result<Ending> {
    match order {
        ParameterVerb::List { on } => list(cli, voice, *on),
        ParameterVerb::Show { name } => show(cli, voice, name),
        ParameterVerb::Propose(order) => propose(cli, voice, order),
        ParameterVerb::Preview { name, value } => parameter_preview::run(cli, voice, name, value),
        ParameterVerb::Approve(d) => {
            operation::decided(cli, voice, d, true, Some(OperationKind::ParameterChange))
        }
        ParameterVerb::Reject(d) => {
            operation::decided(cli, voice, d, false, Some(OperationKind::ParameterChange))
        }
    }
}

fn value(row: &Parameter) -> String {
    match &row.value {
        ParameterValue::Number(n) => n.to_string(),
        ParameterValue::Text(text) => text.clone(),
    }
}

fn list(cli: &Cli, voice: Voice, on: Option<Date>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let on = on.unwrap_or_else(today);
    let set = &home.parameters;
    let mut names: Vec<&str> = set.parameters.iter().map(|p| p.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let rows: Vec<&Parameter> = names.into_iter().filter_map(|n| set.in_force(n, on)).collect();
    for row in &rows {
        voice.line(format!("{:<34} {:<12} {}  {}", row.name, value(row), row.verified.as_str(), row.basis));
    }
    voice.say(format!("ハッシュ: {}", set.hash()), format!("Hash: {}", set.hash()));
    voice.value(&json!({ "on": on, "hash": set.hash(), "parameters": rows }));
    Ok(Ending::Done)
}

fn show(cli: &Cli, voice: Voice, name: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let rows: Vec<&Parameter> = home.parameters.parameters.iter().filter(|p| p.name == name).collect();
    if rows.is_empty() {
        voice.say("その名前のパラメータはありません", "There is no parameter of that name");
        return Ok(Ending::Usage);
    }
    for row in &rows {
        voice.line(format!("{} {}  {}  {}", row.from, value(row), row.verified.as_str(), row.basis));
    }
    voice.value(&rows);
    Ok(Ending::Done)
}

fn propose(cli: &Cli, voice: Voice, order: &Propose) -> Result<Ending> {
    let home = Home::open(cli)?;
    let set = &home.parameters;
    let words =
        set.parameters.iter().any(|p| p.name == order.name && matches!(p.value, ParameterValue::Text(_)));
    let value = match order.value.parse() {
        Ok(number) if !words => ParameterValue::Number(number),
        _ => ParameterValue::Text(order.value.clone()),
    };
    let row = Parameter {
        name: order.name.clone(),
        value,
        from: order.from.unwrap_or_else(today),
        basis: order.basis.clone(),
        verified: Verified::of(&order.verified).context("--verified")?,
        min: None,
        max: None,
    };
    check_change(set, &row, today()).context("変更を提案できません")?;
    let content = serde_json::to_value(&row).context("JSON")?;
    let id = operation::put_forward(cli, &home, OperationKind::ParameterChange, &content, &order.reason)?;
    let object = AuditObject::Parameter(operation::name(&row.name)?);
    let mut db = home.registry.act()?;
    books::audit(&mut db, cli, home.acting.granted.role, AuditAction::ProposeParameter, object, 0)?;
    voice.say(
        format!(
            "変更を提案しました: {id}。別の人が承認してください: musubi parameter approve {id} --reason …"
        ),
        format!("Proposed change {id}; somebody else approves it: musubi parameter approve {id} --reason …"),
    );
    voice.value(&json!({ "operation": id }));
    Ok(Ending::Done)
}

/// Writes a change to which two people agreed. One whose day has passed meanwhile is refused: it would hold backwards.
pub fn put_in_force(home: &Home, agreed: &OperationRow) -> Result<()> {
    let row: Parameter = serde_json::from_str(&agreed.content).context("提案の内容を読めません")?;
    check_change(&home.parameters, &row, today()).context("変更を適用できません")?;
    let content = serde_json::to_value(&row).context("JSON")?;
    let mut db = home.registry.act()?;
    let executor = &home.acting.granted.principal;
    let capability = take(&mut db, OperationKind::ParameterChange, &content, executor, now())?
        .map_err(|_| anyhow!("二人の承認がそろっていません"))?;
    change(&mut db, &row, capability, now()).context("変更を記録できません")
}
