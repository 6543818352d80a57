//! `musubi request`, `board`, `release`: from a specification to a sealed, verified package.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::book::BookEvent;
use musubi_compliance::checks::BUILD;
use musubi_compliance::instruction;
use musubi_compliance::notice::{NoticeRules, scope};
use musubi_compliance::operation::{self, OperationKind};
use musubi_model::IdentityId;
use musubi_model::sign::PublicKey;
use musubi_model::spec::Product;
use musubi_release::ledger::{Refinement, allowance};
use musubi_release::pack::{self, Progress};
use musubi_release::{Order, ReleaseError, Tell, VerifyReport};
use musubi_review_board::templates::{Filling, TEMPLATES, Template};
use musubi_review_board::{Approval, file_request};
use musubi_storage::act::check::ReleaseCheckRow;
use musubi_storage::compliance::OptOutLedger as _;
use musubi_storage::identity::{CohortOrder, CohortUse};
use musubi_storage::registry::ReleaseDb;
use serde_json::json;

use super::{Ending, books, verify_source};
use crate::args::{Cli, Release, Request};
use crate::home::{CODE_VERSION, Home, binary_hash, now, today};
use crate::say::Voice;

/// Files a request.
pub fn request(cli: &Cli, voice: Voice, order: &Request) -> Result<Ending> {
    let (spec, by) = match order {
        Request::New { spec, by } => (spec, by),
        Request::Template { name, from, to, recipient, recipient_id, age, out } => {
            let filling = |from, to| Filling { from, to, recipient, recipient_id, age: age.as_deref() };
            return template(
                voice,
                name.as_deref(),
                from.zip(*to).map(|(f, t)| filling(f, t)),
                out.as_deref(),
            );
        }
    };
    let text = fs::read_to_string(spec).with_context(|| format!("読めません: {}", spec.display()))?;
    let home = Home::open(cli)?;
    let mut db = home.registry.board()?;
    let filed = file_request(&mut db, &text, by, now()).context("申出を受け付けられません")?;
    let object = AuditObject::Request(Name::new(&filed.request_id).context("request")?);
    books::audit(&mut db, cli, AuditRole::Board, AuditAction::FileRequest, object, 0)?;
    voice.say(
        format!(
            "申出を受け付けました: {}\n  題名: {}\n  範囲ハッシュ: {}",
            filed.request_id, filed.spec.title, filed.scope_hash
        ),
        format!(
            "Filed request {}\n  title: {}\n  scope hash: {}",
            filed.request_id, filed.spec.title, filed.scope_hash
        ),
    );
    voice.value(&json!({ "request": filed.request_id, "scope_hash": filed.scope_hash }));
    Ok(Ending::Done)
}

/// Writes a request from a template, or lists the templates.
fn template(
    voice: Voice,
    name: Option<&str>,
    with: Option<Filling<'_>>,
    out: Option<&Path>,
) -> Result<Ending> {
    let Some(name) = name else {
        TEMPLATES.iter().for_each(|t| voice.line(format!("  {}", t.name)));
        voice.value(&json!(TEMPLATES.iter().map(|t| t.name).collect::<Vec<_>>()));
        return Ok(Ending::Done);
    };
    let found = Template::named(name).ok_or_else(|| anyhow!("その名前のひな型はありません: {name}"))?;
    let with = with.ok_or_else(|| anyhow!("期間を --from と --to で指定してください"))?;
    let text = found.fill(&with).context("ひな型から申出を作れません")?;
    match out {
        Some(out) => fs::write(out, &text).with_context(|| format!("書けません: {}", out.display()))?,
        None => voice.line(text.trim_end()),
    }
    voice.value(&json!({ "template": found.name, "text": text }));
    Ok(Ending::Done)
}

/// Builds or verifies a release.
pub fn release(cli: &Cli, voice: Voice, order: &Release) -> Result<Ending> {
    match order {
        Release::Build { approval, out } => build(cli, voice, approval, out),
        Release::DryRun { spec } => super::dry_run::dry_run(cli, voice, spec),
        Release::Twin(order) => super::twin::run(voice, order),
        Release::Handover(order) => super::handover::run(cli, voice, order),
        Release::Encrypt { package, out } => super::release_open::encrypt(voice, package, out),
        Release::Open { file, identity, out } => super::release_open::open(voice, file, identity, out),
        Release::Verify { package, board_key, release_key, record } => {
            let report = verify(cli, voice, package, board_key.as_deref(), release_key.as_deref())?;
            if *record {
                record_check(cli, package, &report)?;
            }
            Ok(if report.ok() { Ending::Done } else { Ending::NotVerified })
        }
        Release::VerifySource { release, cells, reason } => {
            verify_source::run(cli, voice, release, cells, reason)
        }
        Release::Keys { release } => verify_source::keys(cli, voice, release.as_deref()),
        Release::AllowRefinement { approval, earlier, column, reason } => {
            verify_source::allow(cli, voice, approval, (earlier, column), reason)
        }
    }
}

/// A cohort that was written, and how far the book of opt-outs had come before it was.
struct Cohort {
    id: String,
    commit: i64,
    opt_outs: i64,
}

/// Who was told of anonymised use only, and so stays out of a pseudonymised product (C-050). `None`: another product.
pub(super) fn untold(
    home: &Home,
    db: &mut ReleaseDb,
    product: Product,
    commit: i64,
) -> Result<Option<BTreeSet<IdentityId>>> {
    if product != Product::Pseudonymized {
        return Ok(None);
    }
    let rules = NoticeRules::of(&home.parameters, today())?;
    let files = db.snapshot_files(commit)?;
    let lake = home.folders().lake;
    Ok(Some(scope::untold(&mut home.registry.act()?, &rules, today(), &lake, &files)?))
}

/// Writes the cohort of an approval as the books stand now; one that was written so already is taken again.
fn cohort(home: &Home, cli: &Cli, voice: Voice, db: &mut ReleaseDb, approval: &Approval) -> Result<Cohort> {
    let commit = db.current_commit()?.ok_or_else(|| anyhow!("リポジトリにまだ何も格納されていません"))?;
    let opt_outs = db.opt_out_mark()?;
    let mut identities = home.registry.identity()?;
    // Named after what it depends on: another snapshot or another opt-out is another cohort.
    let mut stops = blake3::Hasher::new();
    for row in identities.opt_outs()? {
        stops.update(row.entry.as_bytes()).update(b"\0").update(&row.token);
        stops.update(row.effective_from.to_string().as_bytes());
        stops.update(format!("{:?}", row.withdrawn_on).as_bytes());
    }
    let untold = untold(home, db, approval.spec().product, commit)?;
    for identity in untold.iter().flatten() {
        stops.update(identity.as_bytes());
    }
    stops.update(today().to_string().as_bytes());
    let stops: String = stops.finalize().to_hex().chars().take(12).collect();
    let id = format!("C-{commit}-{stops}-{}", approval.id());
    if db.cohort(&id)?.is_none() {
        super::gate::must_be_open(&mut identities, voice)?;
        let usage =
            untold.as_ref().map_or(CohortUse::Anonymised, |untold| CohortUse::Pseudonymised { untold });
        let order = CohortOrder {
            cohort_id: &id,
            approval_id: approval.id(),
            commit_id: commit,
            usage,
            on: today(),
            at: now(),
        };
        let written = identities.write_cohort(&order).context("対象集団を書けません")?;
        let object = AuditObject::Cohort(Name::new(&id).context("cohort")?);
        books::audit(
            &mut identities,
            cli,
            AuditRole::Release,
            AuditAction::BuildCohort,
            object,
            written.persons,
        )?;
        voice.say(
            format!("対象集団: {} 人(停止等により除いた記述 {})", written.persons, written.left_out),
            format!("Cohort: {} persons ({} identities left out)", written.persons, written.left_out),
        );
    }
    Ok(Cohort { id, commit, opt_outs })
}

/// A bar for the writing of long files.
fn bar(voice: Voice) -> ProgressBar {
    let target = if voice.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{msg:<28} [{bar:30}] {pos}/{len} {elapsed}") {
        bar.set_style(style.progress_chars("█▉ "));
    }
    bar
}

fn build(cli: &Cli, voice: Voice, approval_id: &str, out: &Path) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.release()?;
    let approval = Approval::load(&mut db, approval_id, &home.ring.board.public(), today())
        .context("承認を使えません")?;
    let shut = super::committee::standing::shut_again(&home, &approval)?;
    if !shut.is_empty() {
        bail!("REV_GATE: 承認の条件を満たさなくなっています (no longer holds): {}", shut.join("; "));
    }
    let lake = home.folders().lake;
    let board = home.ring.board.public();
    let bar = bar(voice);
    let tell = |p: Progress<'_>| {
        bar.set_length(p.rows as u64);
        bar.set_position(p.done as u64);
        bar.set_message(p.file.to_owned());
    };
    let hands = instruction::hands(&mut home.registry.act()?, &home.acting.granted)?;
    let mut refines = None;
    let mut rebuilt = 0u64;
    let (built, commit) = loop {
        let cohort = cohort(&home, cli, voice, &mut db, &approval)?;
        let order = Order {
            approval: &approval,
            cohort_id: &cohort.id,
            opt_outs: cohort.opt_outs,
            lake: &lake,
            parameters: &home.parameters,
            key: &home.ring.release,
            board: &board,
            kek: &home.ring.kek,
            token: &home.ring.token,
            made_by: &cli.actor,
            ordered_by: hands.as_ref().map(|h| h.ordered_by.as_str()),
            refines,
            tell: Tell(&tell),
            now: now(),
            code_version: CODE_VERSION,
            out,
        };
        match musubi_release::build(&mut db, &order) {
            // Nothing left the house. What was staged goes, and the extract is made without them (G-6).
            Err(ReleaseError::OptedOut) => {
                db.drop_cohort(&cohort.id)?;
                rebuilt += 1;
                voice.say(
                    "作成中に停止の求めがありました。対象集団から作り直します",
                    "Somebody asked to stop meanwhile: starting again from the cohort",
                );
            }
            // Two people may have allowed exactly this refinement by name; their word is used up by it.
            Err(ReleaseError::Refines { earlier, columns }) if refines.is_none() => {
                let pair = |(earlier, column): (&String, &String)| Refinement {
                    earlier: earlier.clone(),
                    column: column.clone(),
                };
                let all: Vec<Refinement> =
                    earlier.iter().flat_map(|e| columns.iter().map(move |c| (e, c))).map(pair).collect();
                let content = allowance(approval_id, &all);
                let executor = Name::new(&cli.actor).context("--actor")?;
                let kind = OperationKind::AllowRefinement;
                let taken = operation::take(&mut home.registry.act()?, kind, &content, &executor, now())?;
                let Ok(capability) = taken else {
                    return Err(ReleaseError::Refines { earlier, columns }).context("提供物を作成できません");
                };
                refines = Some(capability.spend(kind)?);
            }
            built => break (built.context("提供物を作成できません")?, cohort.commit),
        }
    };
    bar.finish_and_clear();
    super::program::note_run(&home, cli, BUILD, &built.release_id)?;
    let object = AuditObject::Release(Name::new(&built.release_id).context("release")?);
    books::audit(&mut db, cli, AuditRole::Release, AuditAction::BuildRelease, object, 0)?;
    for event in [BookEvent::Anonymize, BookEvent::Provide] {
        let reference = format!("release:{}", built.release_id);
        super::book::enter(
            &home,
            event,
            &approval.spec().recipient,
            approval.spec().product.as_str(),
            0,
            reference,
        )?;
    }
    let keys = pack::recipients(approval.spec());
    let encrypted = match keys.as_slice() {
        [] => None,
        keys => Some(pack::encrypt(&built.folder, keys, out).context("提供先の鍵で暗号化できません")?),
    };
    let (shown, hidden) = (built.manifest.cells_shown, built.manifest.cells_hidden);
    let (ja, en) = match approval.spec().rows {
        None => {
            (format!("公表セル {shown}、秘匿セル {hidden}"), format!("cells shown {shown}, hidden {hidden}"))
        }
        Some(_) => {
            let files = built.manifest.files.iter().filter(|f| f.name.ends_with(".csv")).count();
            (format!("表 {} 個", files.saturating_sub(1)), format!("{} tables", files.saturating_sub(1)))
        }
    };
    voice.say(
        format!(
            "提供物を作成し、独立検査に合格しました: {} ({})\n  {ja}\n  場所: {}",
            built.release_id,
            approval.spec().product.ja(),
            built.folder.display()
        ),
        format!(
            "Built release {} ({}), passed by the independent checker\n  {en}\n  at {}",
            built.release_id,
            approval.spec().product.as_str(),
            built.folder.display()
        ),
    );
    if let Some(file) = &encrypted {
        voice.say(format!("  暗号化: {}", file.display()), format!("  encrypted: {}", file.display()));
    }
    voice.value(&json!({ "release": built.release_id, "product": approval.spec().product.as_str(), "folder": built.folder, "encrypted": encrypted, "cells_shown": shown, "cells_hidden": hidden, "snapshot": commit, "rebuilt": rebuilt }));
    Ok(Ending::Done)
}

fn verify(
    cli: &Cli,
    voice: Voice,
    package: &Path,
    board_key: Option<&Path>,
    release_key: Option<&Path>,
) -> Result<VerifyReport> {
    // Offline: two public keys and the package are all it needs; neither database nor installation is opened.
    let key = |given: Option<&Path>, name: &str| -> Result<PublicKey> {
        let path = given.map_or_else(|| cli.data.join("keys").join(name), PathBuf::from);
        let text =
            fs::read_to_string(&path).with_context(|| format!("公開鍵を読めません: {}", path.display()))?;
        PublicKey::from_hex(text.trim()).ok_or_else(|| anyhow!("公開鍵ではありません: {}", path.display()))
    };
    let report =
        musubi_release::verify(package, &key(board_key, "board.pub")?, &key(release_key, "release.pub")?);
    if report.ok() {
        voice.say(
            format!("✓ 検証に合格しました: 公表セル {}、秘匿セル {}", report.shown, report.hidden),
            format!("✓ verified: {} cells shown, {} hidden", report.shown, report.hidden),
        );
    } else {
        voice.say("✗ 検証に不合格です", "✗ not verified");
        for problem in &report.problems {
            voice.line(format!("    {problem}"));
        }
    }
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    voice.value(
        &json!({ "ok": report.ok(), "shown": report.shown, "hidden": report.hidden, "problems": problems }),
    );
    Ok(report)
}

/// Notes who verified a package with which program, whatever came out (C-058).
fn record_check(cli: &Cli, package: &Path, report: &VerifyReport) -> Result<()> {
    let manifest = fs::read(package.join("manifest.json")).context("目録を読めません")?;
    let release_id = report.manifest.as_ref().map_or("-", |m| m.release_id.as_str());
    let home = Home::open(cli)?;
    let run_id = super::program::note_run(&home, cli, "release verify", release_id)?;
    let mut db = home.registry.act()?;
    db.enter_release_check(&ReleaseCheckRow {
        release_id: release_id.to_owned(),
        manifest_hash: blake3::hash(&manifest).to_hex().to_string(),
        ok: report.ok(),
        run_id,
        actor: Name::new(&cli.actor).context("--actor")?.to_string(),
        program_hash: binary_hash()?,
        at: now(),
    })
    .context("検証を記録できません")?;
    let object = AuditObject::Release(Name::new(release_id).context("release")?);
    books::audit(&mut db, cli, AuditRole::Checker, AuditAction::VerifyRelease, object, 0)
}
