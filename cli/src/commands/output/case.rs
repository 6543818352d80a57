//! A release of the ledger with everything that was said of it, as output check and hand-over ask for it. It must never
//! take a release whose maker or approver is not on record: nobody could be held apart from them.

use anyhow::{Context as _, Result};
use musubi_compliance::checks::BUILD;
use musubi_compliance::output::{Built, Standing, voted_files};
use musubi_model::sign::PublicKey;
use musubi_model::spec::ExtractSpec;
use musubi_release::Manifest;
use musubi_release::review::Desk;
use musubi_storage::act::check::ProgramRunRow;
use musubi_storage::act::check_conduct::AskedRelease;
use musubi_storage::act::output::OutputRows;
use musubi_storage::board::BoardRead as _;
use musubi_storage::registry::ActDb;
use serde_json::{Value, json};

use crate::commands::refusal::refused;
use crate::home::{Home, today};
use crate::say::Voice;

/// A release under check.
pub struct Case {
    /// The release with its request.
    pub asked: AskedRelease,
    /// Its manifest.
    pub manifest: Manifest,
    /// What was asked for.
    pub spec: ExtractSpec,
    /// Files, maker, approver.
    pub built: Built,
    /// Who built it with which program.
    pub runs: Vec<ProgramRunRow>,
    /// What was said of it.
    pub rows: OutputRows,
    /// Where its check stands.
    pub standing: Standing,
    /// How many checkers it takes.
    pub checkers: usize,
}

/// A parameter in force today.
pub fn number(home: &Home, name: &str) -> Result<u64> {
    home.parameters.number(name, today()).with_context(|| name.to_owned())
}

/// The public keys of board and release officer, and the work folder.
pub fn desk<'a>(board: &'a PublicKey, release: &'a PublicKey, work: &'a std::path::Path) -> Desk<'a> {
    Desk { board, release, work }
}

/// The release of that name.
pub fn case(home: &Home, voice: Voice, release: &str) -> Result<Case> {
    let mut db = home.registry.act()?;
    let asked = db.asked_releases()?.into_iter().find(|r| r.release == release);
    let asked = asked.ok_or_else(|| refused(voice, "その番号の提供物はありません", "no such release"))?;
    let case = Case::of(home, &mut db, asked)?;
    if case.runs.is_empty() {
        anyhow::bail!("作成の記録がありません。もう一度 release build を実行すると記録されます: {release}");
    }
    Ok(case)
}

impl Case {
    /// Reads what was said of a release.
    pub fn of(home: &Home, db: &mut ActDb, asked: AskedRelease) -> Result<Self> {
        let manifest: Manifest = serde_json::from_str(&asked.manifest).context("目録を読めません")?;
        let spec = asked.spec.as_deref().context("申出がありません")?;
        let spec = ExtractSpec::parse(spec).context("申出を読めません")?;
        let own = |run: &ProgramRunRow| run.verb == BUILD && run.subject == asked.release;
        let runs: Vec<ProgramRunRow> = db.program_runs()?.into_iter().filter(own).collect();
        let approval = home.registry.release()?.approval(&asked.approval)?;
        let built = Built {
            release: asked.release.clone(),
            manifest_hash: blake3::hash(asked.manifest.as_bytes()).to_hex().to_string(),
            files: voted_files(manifest.files.iter().map(|f| f.name.as_str())),
            makers: runs.iter().map(|r| r.actor.clone()).collect(),
            approver: approval.context("承認の記録がありません")?.approver,
        };
        let rows = db.output_rows(&asked.release)?;
        let checkers = usize::try_from(number(home, "output.checkers")?).context("output.checkers")?;
        let standing = built.standing(&rows, checkers);
        Ok(Self { asked, manifest, spec, built, runs, rows, standing, checkers })
    }

    /// Are votes open to read?
    pub fn open(&self) -> bool {
        self.built.open(&self.rows, self.checkers)
    }

    /// What the account has to do with it.
    pub fn mine(&self, account: &str, checker: bool) -> &'static str {
        if !checker || !self.built.may_check(account) {
            return "none";
        }
        match &self.standing {
            Standing::Blind(cast) if !cast.contains(account) => "outstanding",
            Standing::Consolidating(cast) if !cast.contains(account) && self.voted(account) => "outstanding",
            Standing::Returned => "returned",
            _ if self.voted(account) => "done",
            _ => "none",
        }
    }

    fn voted(&self, account: &str) -> bool {
        self.rows.votes.iter().any(|v| v.checker == account)
    }

    /// Who made it.
    pub fn made(&self) -> Value {
        let run = self.runs.last();
        json!({
            "by": self.built.makers, "at": run.map(|r| r.at), "program": run.map(|r| &r.code_version),
            "program_hash": run.map(|r| &r.program_hash), "parameters": run.map(|r| &r.param_hash),
        })
    }

    /// Where it stands, for machines. Votes and comments only when all have voted; one's own always.
    pub fn said(&self, account: &str, checker: bool) -> Value {
        let open = self.open();
        let cast = match &self.standing {
            Standing::Blind(cast) | Standing::Consolidating(cast) => cast.len(),
            _ => self.checkers,
        };
        let votes: Vec<Value> = self
            .rows
            .votes
            .iter()
            .filter(|v| v.manifest_hash == self.built.manifest_hash && (open || v.checker == account))
            .map(|v| {
                json!({ "phase": v.phase, "checker": v.checker, "file": v.file, "verdict": v.verdict,
                        "comment": v.comment, "at": v.at })
            })
            .collect();
        let seen = |by: &str| open || by == account || !checker;
        let exceptions: Vec<Value> = self
            .rows
            .exceptions
            .iter()
            .filter(|e| seen(&e.asked_by))
            .map(|e| {
                json!({ "exception": e.id, "file": e.file, "ground": e.ground, "reason": e.reason, "asked_by": e.asked_by,
                        "asked_at": e.asked_at, "decision": e.decision.as_ref().map(|d| json!({
                            "granted": d.yes, "reason": d.reason, "by": d.by, "at": d.at })) })
            })
            .collect();
        json!({
            "state": self.standing.as_str(), "state_ja": self.standing.ja(), "open": open, "cast": cast,
            "needed": self.checkers, "mine": self.mine(account, checker), "votes": votes, "exceptions": exceptions,
            "decision": self.rows.decision.as_ref().map(|(_, d)| json!({
                "accepted": d.yes, "reason": d.reason, "by": d.by, "at": d.at })),
        })
    }

    /// The head of every answer about it.
    pub fn head(&self) -> Value {
        json!({
            "release": self.asked.release, "product": self.manifest.product.as_str(),
            "product_ja": self.manifest.product.ja(), "title": self.spec.title, "purpose": self.spec.purpose,
            "recipient": self.spec.recipient,
            "recipients": self.spec.recipients.iter().map(|r| json!({ "id": r.id, "name": r.name })).collect::<Vec<_>>(),
            "sealed_at": self.asked.sealed_at, "approval": self.asked.approval, "approver": self.built.approver,
            "manifest_hash": self.built.manifest_hash, "files": self.built.files, "made": self.made(),
        })
    }
}
