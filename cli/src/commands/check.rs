//! `musubi check`: the house (audit chain, vault, lake), and the checks of the Act, C-001 to C-092. Each check that is asked
//! gets a row in `compliance.check_result`; nothing is skipped.

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::checks::evidence::{self, Given, KeyRotation};
use musubi_compliance::checks::sealed::{self, Flaws};
use musubi_compliance::checks::{
    self, Books, Catalogue, Check as Rule, CheckId, Desk, Judgement, Outcome, Stage, Unreadable, Words,
    Zones, number,
};
use musubi_compliance::erasure::Stores;
use musubi_compliance::parameters::record_parameters;
use musubi_etl::load::FORGOTTEN_KEY;
use musubi_model::ids::from_hex;
use musubi_model::parameter::ParameterSet;
use musubi_release::checks::Releases;
use musubi_storage::act::check::CheckResultRow;
use musubi_storage::vault::{KeyId, PackEntry, read_table};
use serde_json::json;

use super::{Ending, program, retention, show};
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// `musubi check`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Check {
    /// Run the checks of the Act as well (遵守点検).
    #[arg(long)]
    act: bool,
    /// Only checks of a stage: I intake, L linkage, S nightly, A processing, R release, P periodic.
    #[arg(long, value_parser = ["I", "L", "S", "A", "R", "P"])]
    stage: Option<String>,
    /// Only these checks, e.g. C-036.
    #[arg(long)]
    id: Vec<CheckId>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What else can be asked.
#[derive(Debug, Subcommand)]
enum Verb {
    /// All checks as Markdown.
    List,
    /// One check: rule, sources, criterion, and its newest results.
    Show {
        /// The check, e.g. C-036.
        id: CheckId,
        /// How many results.
        #[arg(long, default_value_t = 5)]
        limit: u32,
    },
    /// How every check stands: its newest result, or that it never ran.
    Status,
    /// Evidence that people enter where no program can look (証拠).
    #[command(subcommand)]
    Evidence(program::Evidence),
    /// The signed list of programs that may run jobs.
    #[command(subcommand)]
    Program(program::Program),
}

/// Runs it.
pub fn run(cli: &Cli, voice: Voice, order: &Check) -> Result<Ending> {
    let catalogue = Catalogue::shipped()?;
    match &order.verb {
        Some(Verb::List) => Ok(list(voice, &catalogue)),
        Some(Verb::Show { id, limit }) => one(cli, voice, &catalogue, *id, *limit),
        Some(Verb::Status) => status(cli, voice, &catalogue),
        Some(Verb::Evidence(order)) => program::evidence(cli, voice, order),
        Some(Verb::Program(order)) => program::programs(cli, voice, order),
        None if order.act || order.stage.is_some() || !order.id.is_empty() => {
            act(cli, voice, order, &catalogue)
        }
        None => show::check(cli, voice),
    }
}

/// What only this room may read together: keys and vault, and the membership test of identities.
struct Vault<'a> {
    home: &'a Home,
    releases: Releases,
    books: Books,
}

/// C-033: values that could be an id are shown to the vault, which answers with a count.
fn linking_codes(vault: &mut Vault<'_>) -> Result<Judgement, Unreadable> {
    let mut db = vault.home.registry.identity()?;
    // Asked even when there is nothing to ask, so that silence of the vault is noticed.
    db.membership(&[])?;
    let mut cases = Vec::new();
    for (release, values) in vault.releases.unknown_values()? {
        let ids: Vec<[u8; 16]> = values.iter().filter_map(|v| from_hex::<16>(v)).collect();
        let wrong = db.membership(&ids)?;
        cases.push(Flaws { release, file: String::new(), looked: number(values.len()), wrong });
    }
    sealed::flawless(&cases)
}

/// C-082: every segment of every document, and every sealed description, is under a key that lives or whose destruction is
/// on record; the bytes of excluded persons are under one that was forgotten on purpose.
fn live_keys(vault: &mut Vault<'_>) -> Result<Judgement, Unreadable> {
    const AT_ONCE: usize = 20_000;
    let mut db = vault.home.registry.ingest()?;
    let mut ids: std::collections::BTreeSet<KeyId> = std::collections::BTreeSet::new();
    let places = db.document_places()?;
    for place in &places {
        let pack = place.pack.parse()?;
        let entry = PackEntry { offset: place.offset, len: place.len };
        let (_, segments) = read_table(&vault.home.folders().vault, &pack, entry)?;
        ids.extend(segments.iter().map(|s| s.key_id));
    }
    let forgotten = ids.remove(&FORGOTTEN_KEY);
    let ids: Vec<KeyId> = ids.into_iter().collect();
    let (mut live, mut destroyed) = db.key_states(&[])?;
    for some in ids.chunks(AT_ONCE) {
        let (l, d) = db.key_states(some)?;
        (live, destroyed) = (live + l, destroyed + d);
    }
    let (identities, keyless) = vault.home.registry.identity()?.identities_without_key()?;
    let unknown = number(ids.len()).saturating_sub(live + destroyed);
    let looked = number(ids.len()) + identities;
    let objects =
        [Flaws { release: "vault".to_owned(), file: String::new(), looked, wrong: unknown + keyless }];
    let objects = sealed::flawless(&objects)?
        .with("documents", number(places.len()))
        .with("live", live)
        .with("destroyed", destroyed)
        .with("forgotten", u64::from(forgotten));
    let days = vault.books.parameters.number("checks.key_rotation_days", vault.books.today);
    let days = days.map_err(|e| Unreadable::new(e.to_string()))?;
    let given: Vec<Given<KeyRotation>> = evidence::given(&vault.books.db.evidence("key-rotation")?)?;
    Ok(objects.and(evidence::rotations(&given, days, vault.books.today)?))
}

/// The books, opened for checks.
fn books(home: &Home) -> Result<Books> {
    Ok(Books {
        db: home.registry.act()?,
        parameters: ParameterSet::clone(&home.parameters),
        today: today(),
        now: now(),
        house: home.ring.house.public(),
    })
}

/// The sealed releases, opened for checks.
fn releases(home: &Home) -> Result<Releases> {
    let keys = (home.ring.board.public(), home.ring.release.public());
    Ok(Releases::new(
        home.registry.release()?,
        keys.0,
        keys.1,
        ParameterSet::clone(&home.parameters),
        home.data.join("work"),
        (home.registry.act()?, home.folders().lake),
    ))
}

/// Runs checks of the Act and keeps their results.
fn act(cli: &Cli, voice: Voice, order: &Check, catalogue: &Catalogue) -> Result<Ending> {
    let home = Home::open(cli)?;
    let run_id = program::note_run(&home, cli, "check", "")?;
    let wanted = |check: &Rule| {
        let stage = order.stage.as_deref();
        (order.id.is_empty() || order.id.contains(&check.id))
            && stage.is_none_or(|s| check.stages.iter().any(|of| of.as_str() == s))
    };
    let mut act = Desk { store: books(&home)?, readers: checks::READERS };
    let mut conduct = Desk { store: books(&home)?, readers: checks::CONDUCT };
    let mut release = Desk { store: releases(&home)?, readers: musubi_release::checks::READERS };
    let mut vault = Vault { home: &home, releases: releases(&home)?, books: books(&home)? };
    let mut intake = Desk { store: books(&home)?, readers: checks::INTAKE_READERS };
    let folders = home.folders();
    let older = |folder: &str, before| retention::older_files(&home.data.join(folder), before);
    let mut zones = Zones {
        stores: Stores {
            registry: &home.registry,
            ring: &home.ring,
            lake: &folders.lake,
            vault: &folders.vault,
        },
        data: &home.data,
        older: &older,
        books: books(&home)?,
        loaded: None,
    };
    let outcomes = checks::run(
        catalogue,
        wanted,
        &mut [&mut act, &mut intake, &mut zones, &mut conduct, &mut release, &mut vault],
    );
    let mut db = home.registry.act()?;
    let hash = record_parameters(&mut db, &home.parameters, now()).context("パラメータを記録できません")?;
    let rows: Vec<CheckResultRow> = outcomes.iter().map(|o| row(o, &run_id, &hash)).collect::<Result<_>>()?;
    db.enter_check_results(&rows).context("点検の結果を記録できません")?;
    let object = match order.id.as_slice() {
        [only] => AuditObject::Check(Name::new(&only.to_string()).context("check")?),
        _ => AuditObject::House,
    };
    super::books::audit(&mut db, cli, AuditRole::Auditor, AuditAction::Check, object, 0)?;
    Ok(tell(voice, &run_id, &outcomes))
}

impl checks::Room for Vault<'_> {
    fn answer(&mut self, id: CheckId) -> Option<Result<Judgement, Unreadable>> {
        match id.number() {
            33 => Some(linking_codes(self)),
            82 => Some(live_keys(self)),
            _ => None,
        }
    }
}

fn row(outcome: &Outcome<'_>, run_id: &str, param_hash: &str) -> Result<CheckResultRow> {
    let judgement = &outcome.judgement;
    Ok(CheckResultRow {
        run_id: run_id.to_owned(),
        check_id: outcome.check.id.to_string(),
        version: outcome.check.version,
        param_hash: param_hash.to_owned(),
        input_hash: judgement.input_hash.clone(),
        verdict: judgement.verdict.as_str().to_owned(),
        blocking: outcome.blocks(),
        counts: serde_json::to_string(&judgement.counts)?,
        evidence_ref: judgement.evidence.clone(),
        at: now(),
    })
}

/// A sentence in the language of the voice.
fn words<'a>(voice: Voice, words: Words<'a>) -> &'a str {
    voice.word(words.ja, words.en)
}

/// Says what was found: a line for each check, more where something is to be done.
fn tell(voice: Voice, run_id: &str, outcomes: &[Outcome<'_>]) -> Ending {
    let blocking = outcomes.iter().filter(|o| o.blocks()).count();
    let warnings = outcomes.iter().filter(|o| o.warns()).count();
    for outcome in outcomes {
        let (check, judgement) = (outcome.check, &outcome.judgement);
        let mark = match (judgement.verdict.holds(), outcome.blocks()) {
            (true, _) => "✓",
            (false, true) => "✗",
            (false, false) => "!",
        };
        let verdict = voice.word(judgement.verdict.ja(), judgement.verdict.as_str());
        let counts: Vec<String> = judgement.counts.iter().map(|(name, n)| format!("{name}={n}")).collect();
        voice.line(format!(
            "{mark} {} {verdict}  {}  [{}]",
            check.id,
            words(voice, check.rule()),
            counts.join(" ")
        ));
        if !judgement.verdict.holds() {
            for reference in judgement.evidence.iter().take(3) {
                voice.line(format!("      {reference}"));
            }
            voice.line(format!("      → {}", words(voice, check.mend())));
        }
    }
    voice.say(
        format!("点検 {} 件: 止めるべき不合格 {blocking}、注意 {warnings}(記録 {run_id})", outcomes.len()),
        format!("{} checks: {blocking} blocking, {warnings} warnings (run {run_id})", outcomes.len()),
    );
    voice.value(&json!({
        "run": run_id, "ok": blocking == 0, "blocking": blocking, "warnings": warnings,
        "checks": outcomes.iter().map(|o| json!({
            "id": o.check.id, "verdict": o.judgement.verdict, "blocking": o.blocks(), "counts": o.judgement.counts,
            "evidence": o.judgement.evidence, "input_hash": o.judgement.input_hash,
            "rule": words(voice, o.check.rule()), "mend": words(voice, o.check.mend()),
        })).collect::<Vec<_>>(),
    }));
    if blocking == 0 { Ending::Done } else { Ending::NotVerified }
}

/// Letters of stages or severities.
fn letters<T>(of: &[T], letter: impl Fn(&T) -> &'static str) -> String {
    of.iter().map(letter).collect::<Vec<_>>().join(" ")
}

/// One check.
fn one(cli: &Cli, voice: Voice, catalogue: &Catalogue, id: CheckId, limit: u32) -> Result<Ending> {
    let check = catalogue.get(id).ok_or_else(|| anyhow!("その番号の点検はありません: {id}"))?;
    let home = Home::open(cli)?;
    let results = home.registry.act()?.check_results(&id.to_string(), limit)?;
    let stages = letters(&check.stages, |s| s.as_str());
    let severity = letters(&check.severity, |s| s.as_str());
    voice.line(format!("■ {} v{}  [{stages} · {severity}]", check.id, check.version));
    voice.line(format!("  {}: {}", voice.word("規則", "rule"), words(voice, check.rule())));
    voice.line(format!("  {}: {}", voice.word("合格", "passes"), words(voice, check.pass())));
    voice.line(format!("  {}: {}", voice.word("対処", "mending"), words(voice, check.mend())));
    voice.line(format!("  {}: {}", voice.word("読むもの", "reads"), check.reads.join(", ")));
    voice.line(format!("  {}: {} ({})", voice.word("根拠", "basis"), check.basis.join(", "), check.tags));
    if let Some(why) = &check.evidence {
        voice.line(format!("  {}: {why}", voice.word("人が登録する理由", "why people enter it")));
    }
    for r in &results {
        voice.line(format!("  {}  {}  {}  {}", r.at, r.verdict, r.counts, r.run_id));
    }
    voice.value(&json!({
        "check": check,
        "results": results.iter().map(|r| json!({
            "run": r.run_id, "at": r.at.to_string(), "verdict": r.verdict, "blocking": r.blocking, "counts": r.counts,
            "evidence": r.evidence_ref, "input_hash": r.input_hash, "param_hash": r.param_hash,
        })).collect::<Vec<_>>(),
    }));
    Ok(Ending::Done)
}

/// Every check with its newest result.
fn status(cli: &Cli, voice: Voice, catalogue: &Catalogue) -> Result<Ending> {
    let home = Home::open(cli)?;
    let newest = home.registry.act()?.newest_check_results().context("点検の結果を読めません")?;
    let mut told = Vec::new();
    for check in catalogue.checks() {
        let result = newest.iter().find(|r| r.check_id == check.id.to_string());
        let verdict = result.map_or("never", |r| r.verdict.as_str());
        voice.line(format!("{}  {verdict:<10}  {}", check.id, words(voice, check.rule())));
        told.push(json!({
            "check": check, "verdict": verdict, "blocking": result.is_some_and(|r| r.blocking),
            "at": result.map(|r| r.at), "run": result.map(|r| &r.run_id),
            "counts": result.and_then(|r| serde_json::from_str::<serde_json::Value>(&r.counts).ok()),
            "evidence": result.map(|r| &r.evidence_ref), "input_hash": result.map(|r| &r.input_hash),
        }));
    }
    voice.value(&json!({ "checks": told }));
    Ok(Ending::Done)
}

/// What stands above the list, for whoever reads it as a page.
const HEAD: &str = "# Checks of the Act\n
Generated: `musubi check list > docs/checks.md` writes this file anew. The checks (遵守点検) are data,
`compliance/checks/checks.toml`; each has a reader that reads the real stores and a pure judgement in
`compliance/src/checks/`. The commands:\n
```
musubi check --act                    all checks; exit code 4 when a blocking one fails
musubi check --stage R                the checks before a release
musubi check --id C-036 --json        one check, for machines
musubi check show C-036               rule, sources, criterion, newest results
musubi check evidence add egress-probe Z1 --file probe.toml --until 2027-03-31
musubi check program vouch            this very binary may run jobs (signed by the house key)
musubi --actor checker-01 release verify P --record      another account verifies a release (C-058)
```\n
What an operator enters so that a house is in order; a synthetic region (`musubi synth`) brings the files:\n
```
musubi check program vouch                                        C-058, C-091, C-092
musubi register load REGION/registers/registers.toml              C-063, C-066, C-068, C-079, C-090
musubi check evidence add authentication 2026-11 --file REGION/evidence/authentication.toml --until 2099-03-31
musubi check evidence add certificate ninteisho --file REGION/evidence/certificate.toml --until 2099-03-31
musubi check evidence add certificate isms --file REGION/evidence/isms.toml --until 2099-03-31
musubi check evidence add key-rotation house-key --file REGION/evidence/key-rotation.toml --until 2099-03-31
for z in Z1 Z2 Z3 Z4 Z5; do musubi check evidence add egress-probe $z --file REGION/evidence/egress-$z.toml --until 2099-03-31; done
printf 'offset_ms = 12\\nsampled_at = \"%s\"\\n' \"$(date -u +%FT%TZ)\" > clock.toml
musubi check evidence add clock host-1 --file clock.toml --until 2099-03-31
# of an approval that was signed while no committee was required:
musubi check evidence add review-session APPROVAL --file REGION/evidence/review-session.toml --until 2099-03-31
```\n
A hand-over is entered with line, hash of the manifest and, when it is back, the receiver's acknowledgement (C-068):
`musubi register add handover H-0001 --set release=R-… --set user=… --set line=L-0001 --set sent=DAY --set manifest-hash=…`.
An incident or inquiry that was late stays in the counts (`closed_late`), and fails only while it is open.\n
A check ends as 合格 (pass), 不合格 (fail), 該当なし (no case: the sources were read and hold none; the counts say what was
read) or 読めない (unreadable, which is a failure). There is no skipping. Every result is a row of
`compliance.check_result`: check, version, hash of the parameters, hash of what was looked at, verdict, counts,
references. Where no program can look, people enter evidence (`compliance.check_evidence`); missing or expired evidence
fails. Evidence files are TOML; kinds: `review-session`, `authentication`, `clock`, `egress-probe`, `key-rotation`,
`certificate`.\n
Stages: I intake, L after linkage, S nightly, A processing, R release, P periodic. Severity: B blocks, Q quarantines,
W warns. Basis: requirement, and how well it is known (V verified, M from memory, D design).";

fn list(voice: Voice, catalogue: &Catalogue) -> Ending {
    voice.line(HEAD);
    voice.line("\n| id | 段階 | 重大度 | 規則 | 合格の条件 | 対処 | rule | passes when | reads | basis |");
    voice.line("|---|---|---|---|---|---|---|---|---|---|");
    for c in catalogue.checks() {
        let severity = letters(&c.severity, |s| s.as_str());
        let severity = c.stops.as_ref().map_or(severity.clone(), |stops| format!("{severity} ({stops})"));
        let cells = [
            c.id.to_string(),
            letters(&c.stages, |s: &Stage| s.as_str()),
            severity,
            c.rule().ja.to_owned(),
            c.pass().ja.to_owned(),
            c.mend().ja.to_owned(),
            c.rule().en.to_owned(),
            c.pass().en.to_owned(),
            c.reads.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(" "),
            format!("{} {}", c.basis.join(" "), c.tags),
        ];
        voice.line(format!("| {} |", cells.map(|c| c.replace('|', "\\|")).join(" | ")));
    }
    voice.value(&catalogue.checks());
    Ending::Done
}
