//! `musubi gate`: what the gates of matching (夜間の関門) measured, running them again, and opening one that failed, which
//! takes two people and a reason.

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_etl::gates::{self, GateReport, GateState};
use musubi_storage::StorageError;
use musubi_storage::identity::GateShut;
use musubi_storage::registry::IdentityDb;
use serde_json::{Value, json};

use super::{Ending, books, night};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// `musubi gate`.
#[derive(Debug, Subcommand)]
pub enum Gate {
    /// The newest runs and what each gate said.
    List {
        /// How many runs.
        #[arg(long, default_value_t = 10)]
        limit: u32,
    },
    /// Run the gates again, e.g. after rulings.
    Run,
    /// Let releases be made although the newest run failed (関門の開放): one person proposes, another confirms.
    Release {
        /// The run's number.
        run: i64,
        /// Who proposes or confirms.
        #[arg(long)]
        by: String,
        /// Why; no value of a person.
        #[arg(long, required_unless_present = "confirm")]
        reason: Option<String>,
        /// Confirm what another person proposed.
        #[arg(long, conflicts_with = "reason")]
        confirm: bool,
    },
}

/// Runs one of them.
pub fn run(cli: &Cli, voice: Voice, order: &Gate) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.identity()?;
    match order {
        Gate::List { limit } => list(&mut db, voice, *limit),
        Gate::Run => {
            let matching = night::matching(&home)?;
            let report = gates::run(&mut db, &matching, now()).context("関門を記録できません")?;
            tell(voice, &report);
            voice.value(&report);
            Ok(if report.passed { Ending::Done } else { Ending::LookAtIt })
        }
        Gate::Release { run, by, reason, confirm } => {
            let by = Name::new(by).context("--by")?.to_string();
            let done = match reason {
                Some(reason) if !confirm => db.propose_opening(*run, &by, reason, now()),
                _ => db.confirm_opening(*run, &by, now()),
            };
            match done {
                Ok(()) => {}
                Err(StorageError::Refused(why)) => {
                    voice.say(
                        "開放できません: 最新の不合格の実行だけを、提案した人とは別の人が確認して開けます",
                        format!("Not opened: {why}"),
                    );
                    return Ok(Ending::Usage);
                }
                Err(e) => return Err(e).context("関門を記録できません"),
            }
            let action = if *confirm { AuditAction::OpenGate } else { AuditAction::ProposeOpening };
            let object = AuditObject::GateRun(run.unsigned_abs());
            books::audit(&mut db, cli, AuditRole::Identity, action, object, 0)?;
            if *confirm {
                voice.say(format!("関門 {run} を開けました"), format!("Opened run {run}"));
            } else {
                voice.say(
                    format!("関門 {run} の開放を提案しました。別の人が --confirm で確認してください"),
                    format!("Proposed to open run {run}; another person has to confirm it"),
                );
            }
            voice.value(&json!({ "gate_run": run, "opened": confirm }));
            Ok(Ending::Done)
        }
    }
}

fn list(db: &mut IdentityDb, voice: Voice, limit: u32) -> Result<Ending> {
    let mut told = Vec::new();
    for row in db.gate_runs(limit).context("関門の記録を読めません")? {
        let state = match (row.passed, &row.opened) {
            (true, _) => voice.word("合格", "passed"),
            (_, Some(_)) => voice.word("不合格(開放済み)", "failed, opened"),
            _ => voice.word("不合格", "failed"),
        };
        voice.line(format!("{}  {}  {}  {state}", row.gate_run_id, row.at, row.model));
        let verdicts: Vec<Value> = serde_json::from_str(&row.verdicts).context("verdicts")?;
        for verdict in &verdicts {
            let text = |key: &str| verdict.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let why = text(voice.word("ja", "en"));
            voice.line(format!("    {} {}: {why}", mark(&text("state")), name(&text("gate"), voice)));
        }
        let proposed = row.proposed.as_ref().map(|(by, why)| json!({ "by": by, "reason": why }));
        let opened = row.opened.as_ref().map(|(by, at)| json!({ "by": by, "at": at }));
        if let Some((by, why)) = &row.proposed {
            voice.say(format!("    開放の提案 {by}: {why}"), format!("    proposed by {by}: {why}"));
        }
        told.push(json!({
            "gate_run": row.gate_run_id,
            "at": row.at,
            "model": row.model,
            "passed": row.passed,
            "measured": serde_json::from_str::<Value>(&row.measured).context("measured")?,
            "verdicts": verdicts,
            "proposed": proposed,
            "opened": opened,
        }));
    }
    let shut = db.gate_shut().context("関門の記録を読めません")?;
    match shut {
        Some(why) => voice.say(format!("提供: 停止中 — {}", reason(why)), format!("Releases: shut — {why}")),
        None => voice.say("提供: 可", "Releases: open"),
    }
    voice.value(&json!({ "open": shut.is_none(), "runs": told }));
    Ok(Ending::Done)
}

/// Says what a run of the gates found.
pub fn tell(voice: Voice, report: &GateReport) {
    let passed =
        if report.passed { voice.word("合格", "passed") } else { voice.word("不合格", "failed") };
    voice.say(
        format!("夜間の関門 {}: {passed}", report.gate_run_id),
        format!("Gates of matching, run {}: {passed}", report.gate_run_id),
    );
    for v in &report.verdicts {
        let state = match v.state {
            GateState::Passed => "passed",
            GateState::NotJudged => "not-judged",
            GateState::Failed => "failed",
        };
        let why = if voice.english { &v.en } else { &v.ja };
        voice.line(format!("    {} {}: {why}", mark(state), name(v.gate, voice)));
    }
    if !report.passed {
        voice.say(
            "    取り込みはそのままです。次の合格、または二人の開放(musubi gate release)まで、対象集団は書けません",
            "    What was taken in stays. No cohort is written until a run passes or two people open it (musubi gate release)",
        );
    }
}

fn mark(state: &str) -> &'static str {
    match state {
        "passed" => "✓",
        "not-judged" => "－",
        _ => "✗",
    }
}

fn name(gate: &str, voice: Voice) -> String {
    let ja = match gate {
        "share-joined" => "結合割合",
        "cluster-tail" => "大きい人",
        "id-changes" => "研究用IDの変更",
        "unlinkable" => "照合不能",
        "sentinels" => "見張り",
        other => other,
    };
    voice.word(ja, gate).to_owned()
}

fn reason(why: GateShut) -> String {
    match why {
        GateShut::Never => "名寄せの関門がまだ実行されていません(musubi gate run)".to_owned(),
        GateShut::Failed(run) => {
            format!("名寄せの関門 {run} が不合格です(musubi gate list、開けるには musubi gate release)")
        }
        GateShut::Older(run) => {
            format!("名寄せの関門 {run} の後に人が変わりました(musubi gate run で判定し直してください)")
        }
    }
}

/// Refuses while the gates are shut, in words for people; the store refuses by itself as well.
pub fn must_be_open(db: &mut IdentityDb, voice: Voice) -> Result<()> {
    match db.gate_shut().context("関門の記録を読めません")? {
        None => Ok(()),
        Some(why) if voice.english => bail!("no cohort is written: {why}"),
        Some(why) => bail!("対象集団を書けません: {}", reason(why)),
    }
}
