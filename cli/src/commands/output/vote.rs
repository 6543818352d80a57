//! Votes, exceptions and decisions of an output check. A ballot is a whole: every file, or nothing is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::output::{Ground, Phase, Standing, Verdict};
use musubi_release::review::verify_kept;
use musubi_storage::act::check::ReleaseCheckRow;
use musubi_storage::act::output::{ExceptionRow, OfficerWord, VoteRow};
use serde::Deserialize;
use serde_json::json;

use super::case::{Case, case, desk};
use crate::args::Cli;
use crate::commands::refusal::refused;
use crate::commands::{Ending, books, program};
use crate::home::{Home, binary_hash, now};
use crate::say::Voice;

/// Longest comment or reason.
const WORDS_MAX: usize = 2000;

/// A ballot.
#[derive(Debug, clap::Args)]
pub struct Order {
    /// The release.
    pub release: String,
    /// The ballot (TOML): for each file `[[file]]` with `name`, `verdict` (approve, change, reject) and `comment`.
    pub ballot: PathBuf,
}

/// A decision on an exception.
#[derive(Debug, clap::Args)]
pub struct Decision {
    /// Number of the exception.
    pub id: i64,
    /// Why.
    #[arg(long)]
    pub reason: String,
}

/// An officer's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Word {
    /// It may go on.
    Accept,
    /// It goes back.
    Return,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ballot {
    file: Vec<OfFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfFile {
    name: String,
    verdict: String,
    #[serde(default)]
    comment: String,
}

fn words(voice: Voice, text: &str) -> Result<String> {
    let text = text.trim();
    let plain = |c: char| c == '\n' || !c.is_control();
    if text.is_empty() || text.chars().count() > WORDS_MAX || !text.chars().all(plain) {
        return Err(refused(
            voice,
            "理由は1〜2000文字で書いてください",
            "a reason of 1 to 2000 characters is expected",
        ));
    }
    Ok(text.to_owned())
}

impl Ballot {
    fn read(voice: Voice, path: &std::path::Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("読めません: {}", path.display()))?;
        toml::from_str(&text).map_err(|_| {
            refused(
                voice,
                "投票のファイルの書式が違います。[[file]] に name, verdict, comment を書いてください",
                "not a ballot: [[file]] with name, verdict, comment is expected",
            )
        })
    }

    /// Every file once, nothing else, and a comment wherever it is no yes.
    fn checked(self, voice: Voice, files: &BTreeSet<String>) -> Result<BTreeMap<String, (Verdict, String)>> {
        let mut said = BTreeMap::new();
        for of in self.file {
            let verdict = Verdict::from_name(&of.verdict).ok_or_else(|| {
                refused(
                    voice,
                    "verdict は approve, change, reject のいずれかです",
                    "a verdict is approve, change or reject",
                )
            })?;
            let comment = match (verdict, of.comment.trim()) {
                (Verdict::Approve, "") => String::new(),
                (_, comment) => words(voice, comment)?,
            };
            if !files.contains(&of.name) || said.insert(of.name, (verdict, comment)).is_some() {
                return Err(refused(
                    voice,
                    "確認の対象でないファイルか、二度書かれたファイルがあります",
                    "a file that is not voted on, or stands twice",
                ));
            }
        }
        if said.len() != files.len() {
            let missing: Vec<&str> =
                files.iter().filter(|f| !said.contains_key(*f)).map(String::as_str).collect();
            return Err(refused(
                voice,
                &format!("全てのファイルに投票してください。残り: {}", missing.join(", ")),
                &format!("every file has to be voted on; left: {}", missing.join(", ")),
            ));
        }
        Ok(said)
    }
}

fn object(release: &str) -> Result<AuditObject> {
    Ok(AuditObject::Release(Name::new(release).context("release")?))
}

/// The first vote.
pub fn blind(cli: &Cli, voice: Voice, order: &Order) -> Result<Ending> {
    let home = Home::open(cli)?;
    let case = case(&home, voice, &order.release)?;
    let account = home.acting.granted.principal.to_string();
    apart(voice, &case, &account)?;
    if !matches!(case.standing, Standing::Blind(_)) {
        return Err(refused(voice, "独立確認は終わっています", "the blind phase is over"));
    }
    let said = Ballot::read(voice, &order.ballot)?.checked(voice, &case.built.files)?;
    // Whoever votes has the kept bytes verified first, in a run and under an account of its own (C-058).
    if !verified(&home, cli, &case)? {
        voice.say(
            format!("独立検査が不合格です。投票は受け付けません: {}", order.release),
            format!("The independent checker refuses {}; no vote is taken", order.release),
        );
        return Ok(Ending::NotVerified);
    }
    enter(cli, voice, &home, &case, Phase::Blind, said)
}

/// The vote after the others' are known.
pub fn again(cli: &Cli, voice: Voice, order: &Order) -> Result<Ending> {
    let home = Home::open(cli)?;
    let case = case(&home, voice, &order.release)?;
    let account = home.acting.granted.principal.to_string();
    apart(voice, &case, &account)?;
    if !matches!(case.standing, Standing::Consolidating(_)) {
        return Err(refused(voice, "突合せの段階ではありません", "not in the consolidation phase"));
    }
    let own: BTreeMap<&str, &str> = case
        .rows
        .votes
        .iter()
        .filter(|v| v.checker == account && v.phase == Phase::Blind.as_str())
        .map(|v| (v.file.as_str(), v.verdict.as_str()))
        .collect();
    if own.is_empty() {
        return Err(refused(voice, "独立確認に加わっていません", "this account has not voted blind"));
    }
    let said = Ballot::read(voice, &order.ballot)?.checked(voice, &case.built.files)?;
    let changed = |(file, (verdict, _)): &(&String, &(Verdict, String))| {
        own.get(file.as_str()).is_none_or(|before| *before != verdict.as_str())
    };
    if said.iter().filter(changed).any(|(_, (_, comment))| comment.is_empty()) {
        return Err(refused(
            voice,
            "意見を変えるときは理由を書いてください",
            "a changed vote needs its reason",
        ));
    }
    enter(cli, voice, &home, &case, Phase::Consolidation, said)
}

/// Whoever made or approved it does not check it.
fn apart(voice: Voice, case: &Case, account: &str) -> Result<()> {
    if case.built.may_check(account) {
        return Ok(());
    }
    Err(refused(
        voice,
        "作成者・承認者は自分の提供物を確認できません",
        "whoever made or approved a release does not check it",
    ))
}

/// Verifies the kept bytes and notes it.
fn verified(home: &Home, cli: &Cli, case: &Case) -> Result<bool> {
    let (board, key) = (home.ring.board.public(), home.ring.release.public());
    let work = home.data.join("work");
    let report = verify_kept(&mut home.registry.release()?, &case.asked.release, &desk(&board, &key, &work))
        .context("提供物を読めません")?
        .context("提供物がありません")?;
    let run_id = program::note_run(home, cli, "output vote", &case.asked.release)?;
    home.registry
        .act()?
        .enter_release_check(&ReleaseCheckRow {
            release_id: case.asked.release.clone(),
            manifest_hash: case.built.manifest_hash.clone(),
            ok: report.ok(),
            run_id,
            actor: home.acting.granted.principal.to_string(),
            program_hash: binary_hash()?,
            at: now(),
        })
        .context("検証を記録できません")?;
    Ok(report.ok())
}

fn enter(
    cli: &Cli,
    voice: Voice,
    home: &Home,
    case: &Case,
    phase: Phase,
    said: BTreeMap<String, (Verdict, String)>,
) -> Result<Ending> {
    let (account, at) = (home.acting.granted.principal.to_string(), now());
    let ballot: Vec<VoteRow> = said
        .into_iter()
        .map(|(file, (verdict, comment))| VoteRow {
            phase: phase.as_str().to_owned(),
            manifest_hash: case.built.manifest_hash.clone(),
            checker: account.clone(),
            file,
            verdict: verdict.as_str().to_owned(),
            comment,
            at,
        })
        .collect();
    let mut db = home.registry.act()?;
    let release = &case.asked.release;
    if !db.enter_ballot(release, &ballot).context("投票を記録できません")? {
        return Err(refused(
            voice,
            "この段階ではすでに投票しています",
            "this account has voted in this phase",
        ));
    }
    books::audit(&mut db, cli, AuditRole::Checker, AuditAction::CheckOutput, object(release)?, 0)?;
    let standing = case.built.standing(&db.output_rows(release)?, case.checkers);
    voice.say(
        format!("投票を記録しました({}): {release} {}", phase.ja(), standing.ja()),
        format!("Vote entered ({}): {release} {}", phase.as_str(), standing.as_str()),
    );
    voice.value(&json!({ "release": release, "phase": phase.as_str(), "state": standing.as_str(),
        "state_ja": standing.ja() }));
    Ok(Ending::Done)
}

/// Asks for an exception.
pub fn ask(
    cli: &Cli,
    voice: Voice,
    release: &str,
    file: &str,
    ground: Ground,
    reason: &str,
) -> Result<Ending> {
    let reason = words(voice, reason)?;
    let home = Home::open(cli)?;
    let case = case(&home, voice, release)?;
    let account = home.acting.granted.principal.to_string();
    apart(voice, &case, &account)?;
    if !ground.grantable() {
        return Err(refused(
            voice,
            "最小の人数に例外はありません(法令等の下限)",
            "there is no exception from the least number of persons (the law's)",
        ));
    }
    if !case.built.files.contains(file) {
        return Err(refused(
            voice,
            "その名前のファイルは確認の対象ではありません",
            "no file of that name is voted on",
        ));
    }
    if matches!(case.standing, Standing::Returned | Standing::Checked(_)) {
        return Err(refused(voice, "確認は終わっています", "the check is over"));
    }
    let mut db = home.registry.act()?;
    let asked = ExceptionRow {
        id: 0,
        manifest_hash: case.built.manifest_hash.clone(),
        file: file.to_owned(),
        ground: ground.as_str().to_owned(),
        reason,
        asked_by: account,
        asked_at: now(),
        decision: None,
    };
    let id = db.ask_exception(release, &asked).context("例外を記録できません")?;
    books::audit(&mut db, cli, AuditRole::Checker, AuditAction::CheckOutput, object(release)?, 0)?;
    voice.say(
        format!("例外を求めました: {id}({})", ground.ja()),
        format!("Asked for exception {id} ({})", ground.as_str()),
    );
    voice.value(&json!({ "exception": id, "release": release, "ground": ground.as_str() }));
    Ok(Ending::Done)
}

/// Decides on an exception.
pub fn exception(cli: &Cli, voice: Voice, decision: &Decision, granted: bool) -> Result<Ending> {
    let reason = words(voice, &decision.reason)?;
    let home = Home::open(cli)?;
    let account = home.acting.granted.principal.to_string();
    let mut db = home.registry.act()?;
    let Some((release, asked_by)) = db.exception_of(decision.id)? else {
        return Err(refused(voice, "その番号の例外はありません", "no exception of that number"));
    };
    let case = case(&home, voice, &release)?;
    if asked_by == account || !case.built.may_check(&account) {
        return Err(refused(
            voice,
            "求めた人・作成者・承認者は例外を決められません",
            "whoever asked, made or approved does not decide on an exception",
        ));
    }
    let word = OfficerWord { yes: granted, reason, by: account, at: now() };
    if !db.decide_exception(decision.id, &word).context("決定を記録できません")? {
        return Err(refused(voice, "この例外は決定済みです", "this exception is decided"));
    }
    books::audit(&mut db, cli, AuditRole::Officer, AuditAction::CheckOutput, object(&release)?, 0)?;
    let (ja, en) =
        if granted { ("認めました", "granted") } else { ("認めませんでした", "refused") };
    voice.say(format!("例外 {} を{ja}", decision.id), format!("Exception {} {en}", decision.id));
    voice.value(&json!({ "exception": decision.id, "release": release, "granted": granted }));
    Ok(Ending::Done)
}

/// Decides where checkers differ.
pub fn decide(cli: &Cli, voice: Voice, release: &str, word: Word, reason: &str) -> Result<Ending> {
    let reason = words(voice, reason)?;
    let home = Home::open(cli)?;
    let case = case(&home, voice, release)?;
    let account = home.acting.granted.principal.to_string();
    apart(voice, &case, &account)?;
    if case.rows.votes.iter().any(|v| v.checker == account) {
        return Err(refused(voice, "投票した人は判断できません", "whoever voted does not decide"));
    }
    if case.standing != Standing::Undecided {
        return Err(refused(
            voice,
            "突合せのあとも意見が分かれている提供物ではありません",
            "not a release on which the checkers still differ",
        ));
    }
    let said = OfficerWord { yes: word == Word::Accept, reason, by: account, at: now() };
    let mut db = home.registry.act()?;
    let hash = &case.built.manifest_hash;
    if !db.decide_output(release, hash, &said).context("判断を記録できません")? {
        return Err(refused(voice, "すでに判断されています", "it is decided"));
    }
    books::audit(&mut db, cli, AuditRole::Officer, AuditAction::CheckOutput, object(release)?, 0)?;
    let standing = case.built.standing(&db.output_rows(release)?, case.checkers);
    voice.say(format!("{release}: {}", standing.ja()), format!("{release}: {}", standing.as_str()));
    voice.value(&json!({ "release": release, "state": standing.as_str(), "state_ja": standing.ja() }));
    Ok(Ending::Done)
}
