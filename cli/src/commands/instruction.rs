//! `musubi instruction`: the operator's word (指示), without which no job starts.

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_compliance::instruction::{self, Job};
use musubi_storage::act::instruction::NewInstruction;
use serde_json::json;

use super::{Ending, books, operation};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::kept;
use crate::say::Voice;

/// `musubi instruction`.
#[derive(Debug, Subcommand)]
pub enum Instruction {
    /// Give an instruction; by an officer of the operator.
    Give {
        /// For which jobs.
        #[arg(long = "job", value_name = "JOB", required = true, value_parser = jobs())]
        jobs: Vec<String>,
        /// To which organisation.
        #[arg(long, value_name = "ORGANISATION")]
        to: String,
        /// To which of its roles; without it, any that the job asks for.
        #[arg(long)]
        role: Option<String>,
        /// For what: feeds, approvals, requests; without it, everything.
        #[arg(long, value_name = "NAME")]
        scope: Vec<String>,
        /// First day; default: today.
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: Option<Date>,
        /// Last day.
        #[arg(long, value_name = "YYYY-MM-DD")]
        until: Date,
        /// Why; no value of a person.
        #[arg(long)]
        reason: String,
    },
    /// List instructions and the runs under them.
    List {
        /// How many runs.
        #[arg(long, default_value_t = 10)]
        runs: u32,
    },
    /// Take an instruction back.
    Revoke {
        /// Its number.
        id: String,
        /// Why; no value of a person.
        #[arg(long)]
        reason: String,
    },
}

fn jobs() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(Job::ALL.iter().map(|j| j.as_str()))
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Instruction) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    match order {
        Instruction::Give { jobs, to, role, scope, from, until, reason } => {
            let new = NewInstruction {
                given_by: cli.actor.to_string(),
                organisation: to.clone(),
                role: role.clone(),
                jobs: jobs.clone(),
                scope: scope.clone(),
                valid_from: from.unwrap_or_else(today),
                valid_to: *until,
                reason: reason.clone(),
            };
            instruction::check(&kept::organisations(&mut db)?, &new, today()).context("指示を出せません")?;
            let given = db.give_instructions(&[new], now()).context("指示を登録できません")?;
            let id = given.first().context("指示の番号がありません")?;
            let object = AuditObject::Instruction(operation::name(id)?);
            books::audit(&mut db, cli, AuditRole::Officer, AuditAction::Instruct, object, 0)?;
            voice.say(format!("指示を出しました: {id}"), format!("Gave instruction {id}"));
            voice.value(&json!({ "instruction": id }));
        }
        Instruction::Revoke { id, reason } => {
            if !db.revoke_instruction(id, &cli.actor, reason, now()).context("指示を取り消せません")?
            {
                bail!("その番号の有効な指示がありません: {id}");
            }
            let object = AuditObject::Instruction(operation::name(id)?);
            books::audit(&mut db, cli, AuditRole::Officer, AuditAction::Instruct, object, 0)?;
            voice.say(format!("指示を取り消しました: {id}"), format!("Revoked instruction {id}"));
            voice.value(&json!({ "instruction": id, "revoked": true }));
        }
        Instruction::List { runs } => {
            let all = db.instructions()?;
            for one in &all {
                let jobs: Vec<&str> = one
                    .said
                    .jobs
                    .iter()
                    .map(|j| Job::from_name(j).map_or(j.as_str(), |k| voice.word(k.ja(), k.as_str())))
                    .collect();
                let scope = match one.said.scope.as_slice() {
                    [] => voice.word("すべて", "everything").to_owned(),
                    some => some.join(", "),
                };
                let revoked = one.revoked.as_ref().map_or("", |_| voice.word("(取消済)", " (revoked)"));
                voice.line(format!(
                    "{}{revoked}  {} → {}  {}  [{scope}]  {}–{}",
                    one.id,
                    one.said.given_by,
                    one.said.organisation,
                    jobs.join(", "),
                    one.said.valid_from,
                    one.said.valid_to
                ));
            }
            let runs = db.runs(*runs)?;
            for run in &runs {
                let ended = run.ended.as_ref().map_or(voice.word("未了", "not ended"), |(_, how)| how);
                voice.line(format!(
                    "    {}  {}  {}  {}  {}  {ended}",
                    run.id, run.started_at, run.job, run.instruction, run.principal
                ));
            }
            voice.value(&json!({ "instructions": all, "runs": runs }));
        }
    }
    Ok(Ending::Done)
}
