//! `musubi operation`: what two people decide (二人制), and the one way for other commands to ask for it ([`obtain`]).

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;
use jiff::SignedDuration;
use musubi_compliance::audit::{AuditAction, AuditObject, Name};
use musubi_compliance::operation::{
    Capability, OperationKind, OperationRefused, State, decide, propose, state, take,
};
use serde_json::{Value, json};

use super::{Ending, books, parameter};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::{Voice, warn};

/// `musubi operation`.
#[derive(Debug, Subcommand)]
pub enum Operation {
    /// List operations: what exactly, who proposed, who agreed.
    List {
        /// Closed ones too.
        #[arg(long)]
        all: bool,
    },
    /// Approve what another person proposed.
    Approve(Decision),
    /// Reject, or take back.
    Reject(Decision),
}

/// A decision.
#[derive(Debug, clap::Args)]
pub struct Decision {
    /// Number of the operation.
    pub id: i64,
    /// Why; no value of a person.
    #[arg(long)]
    pub reason: String,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Operation) -> Result<Ending> {
    match order {
        Operation::List { all } => list(cli, voice, *all),
        Operation::Approve(decision) => decided(cli, voice, decision, true, None),
        Operation::Reject(decision) => decided(cli, voice, decision, false, None),
    }
}

/// A name of the audit chain.
pub fn name(text: &str) -> Result<Name> {
    Name::new(text).map_err(|e| anyhow!("{e}"))
}

/// Asks for exactly this: gives the capability when two people agreed, proposes it otherwise and says so.
///
/// `content` is what will be done, word for word, and no value of a person.
pub fn obtain(
    cli: &Cli,
    home: &Home,
    voice: Voice,
    kind: OperationKind,
    content: &Value,
    reason: &str,
) -> Result<Option<Capability>> {
    let mut db = home.registry.act()?;
    let open = match take(&mut db, kind, content, &home.acting.granted.principal, now())? {
        Ok(capability) => return Ok(Some(capability)),
        Err(open) => open,
    };
    let id = match open.first() {
        Some(id) => *id,
        None => put_forward(cli, home, kind, content, reason)?,
    };
    voice.say(
        format!(
            "「{}」は二人で決めます。提案 {id} を別の人が承認してから、もう一度実行してください: musubi operation approve {id} --reason …",
            kind.ja()
        ),
        format!(
            "{} is decided by two people: somebody else approves proposal {id} (musubi operation approve {id} --reason …), then give this command again",
            kind.as_str()
        ),
    );
    voice.value(&json!({ "proposed": id }));
    Ok(None)
}

/// Proposes an operation and books it.
pub fn put_forward(
    cli: &Cli,
    home: &Home,
    kind: OperationKind,
    content: &Value,
    reason: &str,
) -> Result<i64> {
    let mut db = home.registry.act()?;
    let at = now();
    let days = home.parameters.number("operation.valid_days", today())?;
    let days = i64::try_from(days).ok().and_then(|d| d.checked_mul(24)).context("operation.valid_days")?;
    let expires = at.checked_add(SignedDuration::from_hours(days)).context("operation.valid_days")?;
    let id = propose(&mut db, kind, content, home.acting.signatory(), reason, at, expires)
        .context("提案できません")?;
    let object = AuditObject::Operation(id.unsigned_abs());
    books::audit(&mut db, cli, home.acting.granted.role, AuditAction::ProposeOperation, object, 0)?;
    Ok(id)
}

/// Approves or rejects; of `only` this kind, where a verb is for one.
pub fn decided(
    cli: &Cli,
    voice: Voice,
    decision: &Decision,
    approved: bool,
    only: Option<OperationKind>,
) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let row =
        db.operation(decision.id)?.with_context(|| format!("その番号の提案がありません: {}", decision.id))?;
    let kind = OperationKind::from_name(&row.kind).context("提案の種類を読めません")?;
    if only.is_some_and(|only| only != kind) {
        warn(
            voice.word(
                "その提案はパラメータの変更ではありません",
                "this proposal is no change of a parameter",
            ),
        );
        return Ok(Ending::Usage);
    }
    let state = match decide(&mut db, decision.id, home.acting.signatory(), approved, &decision.reason, now())
    {
        Ok(state) => state,
        Err(OperationRefused::Storage(e)) => return Err(e.into()),
        Err(refused) => {
            warn(&match (&refused, voice.english) {
                (_, true) => refused.to_string(),
                (OperationRefused::SamePerson, _) => {
                    "提案した人、またはすでに決めた人です。別の人が決めてください".to_owned()
                }
                (OperationRefused::Role, _) => "この種類の操作を決める役割がありません".to_owned(),
                _ => "この提案は終わっています".to_owned(),
            });
            return Ok(Ending::Usage);
        }
    };
    let object = AuditObject::Operation(decision.id.unsigned_abs());
    let role = kind.counts(&home.acting.roles).unwrap_or(home.acting.granted.role);
    let action = if kind == OperationKind::ParameterChange {
        AuditAction::DecideParameter
    } else {
        AuditAction::ApproveOperation
    };
    books::audit(&mut db, cli, role, action, object, 0)?;
    // A parameter needs nobody to carry it out: what two people agreed to holds from its day on.
    if kind == OperationKind::ParameterChange && state == State::Approved {
        parameter::put_in_force(&home, &row)?;
    }
    voice.say(
        format!("提案 {}: {}", decision.id, word_ja(state)),
        format!("Proposal {}: {}", decision.id, word(state)),
    );
    voice.value(&json!({ "operation": decision.id, "state": word(state) }));
    Ok(Ending::Done)
}

fn word(state: State) -> &'static str {
    match state {
        State::Wants(_) => "open",
        State::Approved => "approved",
        State::Rejected => "rejected",
        State::Expired => "expired",
        State::Used => "used",
    }
}

fn word_ja(state: State) -> &'static str {
    match state {
        State::Wants(_) => "承認待ち",
        State::Approved => "承認済",
        State::Rejected => "却下",
        State::Expired => "期限切れ",
        State::Used => "実行済",
    }
}

fn list(cli: &Cli, voice: Voice, all: bool) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut told = Vec::new();
    for row in home.registry.act()?.operations(None)? {
        let state = state(&row, None, now());
        if !all && !matches!(state, State::Wants(_) | State::Approved) {
            continue;
        }
        let kind =
            OperationKind::from_name(&row.kind).map_or(row.kind.as_str(), |k| voice.word(k.ja(), k.as_str()));
        voice.line(format!(
            "{}  {kind}  {}  {}: {}",
            row.id,
            voice.word(word_ja(state), word(state)),
            row.proposed_by,
            row.reason
        ));
        voice.line(format!("    {}", row.content));
        for d in &row.decisions {
            let said =
                if d.approved { voice.word("承認", "approved") } else { voice.word("却下", "rejected") };
            voice.line(format!("    {said} {} {}: {}", d.at, d.by, d.reason));
        }
        // Whether this account may say yes, or no; a proposer may take back what they proposed.
        let (by, known) = (home.acting.granted.principal.to_string(), OperationKind::from_name(&row.kind));
        let open = matches!(state, State::Wants(_) | State::Approved);
        let counts = known.is_some_and(|k| k.counts(&home.acting.roles).is_some());
        let fresh = row.decisions.iter().all(|d| d.by != by);
        told.push(json!({
            "state": word(state),
            "state_ja": word_ja(state),
            "missing": match state { State::Wants(n) => n, _ => 0 },
            "kind_ja": known.map(OperationKind::ja),
            "roles": known.map_or(&[][..], OperationKind::roles).iter()
                .map(|r| json!({ "role": r.as_str(), "ja": r.ja() })).collect::<Vec<_>>(),
            "may_approve": open && counts && fresh && row.proposed_by != by,
            "may_reject": open && counts && fresh,
            "operation": row,
        }));
    }
    voice.value(&told);
    Ok(Ending::Done)
}
