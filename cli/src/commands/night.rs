//! `musubi intake` and `musubi nightly`: packages in, with a bar for people and one JSON value for machines.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::civil::Date;
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use musubi_compliance::notice::NoticeRules;
use musubi_compliance::optout::OptOutGate;
use musubi_compliance::parameters::record_parameters;
use musubi_etl::gates::{self, Thresholds};
use musubi_etl::held::load_held;
use musubi_etl::house::{Event, House};
use musubi_etl::ledger::is_ledger;
use musubi_etl::matching::Matching;
use musubi_etl::night::{self, NightOutcome, PackageOutcome};
use musubi_etl::{Faults, Outcome, take_in};
use musubi_id_resolution::mpi::Model;
use musubi_model::manifest::Agreements;
use musubi_model::submission::SubmissionState;
use musubi_storage::act::audit_log::Unbooked;

use super::Ending;
use crate::args::Cli;
use crate::home::{CODE_VERSION, Home, now, today};
use crate::say::Voice;

/// Takes in the named packages.
pub fn intake(cli: &Cli, voice: Voice, paths: &[PathBuf], fault: Option<Faults>) -> Result<Ending> {
    let home = Home::open(cli)?;
    book_forgotten(cli, &home)?;
    super::program::note_run(&home, cli, "intake", "")?;
    with_house(&home, voice, fault.unwrap_or_default(), |house, agreements| {
        let (ledgers, paths): (Vec<PathBuf>, Vec<PathBuf>) =
            paths.iter().cloned().partition(|p| is_ledger(p));
        let ledgers = night::take_ledgers(house, agreements, &ledgers)?;
        let held = load_held(house).context("保留分の格納が中断しました(再実行で続きから行えます)")?;
        let mut packages =
            night::again(house, agreements).context("再取込みが中断しました(再実行で続きから行えます)")?;
        for (index, path) in paths.iter().enumerate() {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            (house.progress)(Event::Package { index, total: paths.len(), name: &name });
            let outcome = take_in(house, agreements, path)
                .with_context(|| format!("取り込みが中断しました(再実行で続きから行えます): {name}"))?;
            packages.push(PackageOutcome { package: name, outcome: Ok(outcome) });
        }
        let gates = Some(gates::run(&mut home.registry.identity()?, house.matching, now())?);
        let unmapped = night::unmapped(&mut home.registry.ingest()?, &packages)?;
        Ok(NightOutcome {
            ledgers,
            held,
            packages,
            gates,
            overdue: Vec::new(),
            compacted: None,
            swept: 0,
            unmapped,
        })
    })
    .and_then(|outcome| tell(cli, &home, voice, outcome))
}

/// Takes in an inbox.
pub fn nightly(cli: &Cli, voice: Voice, inbox: &Path, date: Option<Date>) -> Result<Ending> {
    let home = Home::open(cli)?;
    book_forgotten(cli, &home)?;
    let most = home.configuration.load.compact_files;
    super::program::note_run(&home, cli, "nightly", "")?;
    with_house(&home, voice, Faults::default(), |house, agreements| {
        night::run(house, agreements, inbox, date, most)
            .context("夜間処理が中断しました(再実行で続きから行えます)")
    })
    .and_then(|outcome| {
        super::ack::after_night(cli, &home, voice, &outcome)?;
        super::book::after_night(&home, voice, &outcome)?;
        let ending = tell(cli, &home, voice, outcome)?;
        super::search::after_night(&home, voice);
        Ok(if super::audit::after_night(cli, &home, voice)? { ending } else { Ending::NotVerified })
    })
}

/// The entry of a submission that came to its end.
fn entry_of(actor: &Name, action: AuditAction, end: &Unbooked) -> AuditEntry {
    AuditEntry {
        at: now(),
        actor: actor.clone(),
        role: AuditRole::Intake,
        action,
        object: AuditObject::Submission(end.submission),
        persons: end.persons,
        result: match end.state {
            SubmissionState::Rejected => AuditResult::Refused("REJECTED"),
            SubmissionState::Quarantined => AuditResult::Refused("QUARANTINED"),
            _ => AuditResult::Done,
        },
    }
}

/// A process that died between ending a submission and booking it left it without its entry: it gets one now.
fn book_forgotten(cli: &Cli, home: &Home) -> Result<()> {
    let mut db = home.registry.ingest()?;
    let actor = Name::new(&cli.actor).context("--actor")?;
    let forgotten = db.unbooked_submissions().context("証跡のない提出物を調べられません")?;
    let entries: Vec<_> = forgotten.iter().map(|one| entry_of(&actor, AuditAction::Load, one)).collect();
    if !entries.is_empty() {
        audit::append_many(&mut db, &entries).context("証跡に記録できません")?;
    }
    Ok(())
}

/// What matching goes by today. The model is the one to which everybody was switched last: block keys of two models must
/// not mix, so that an adopted model decides from its switch on (`musubi person relink --switch`).
pub fn matching(home: &Home) -> Result<Matching> {
    let count = |name| -> Result<u32> { Ok(u32::try_from(home.parameters.number(name, today())?)?) };
    let model =
        match home.registry.identity()?.switched_model().context("使用中のモデルを確かめられません")?
        {
            Some(version) if version != Model::default().version => {
                super::model_::of_ledger(home, &version)?.model
            }
            _ => Model::default(),
        };
    Ok(Matching {
        model,
        crowd_max: count("matching.crowd_max")?,
        review_per_million: count("matching.review_per_million")?,
        gates: thresholds(home)?,
    })
}

/// The thresholds of the gates in force.
fn thresholds(home: &Home) -> Result<Thresholds> {
    let on = today();
    let number = |name| home.parameters.number(name, on);
    Ok(Thresholds {
        identities_min: number("gates.identities_min")?,
        history_min: number("gates.history_min")?,
        history_nights: number("gates.history_nights")?,
        share_band_permille: number("gates.share_band_permille")?,
        cluster_large: number("gates.cluster_large")?,
        cluster_large_per_million: number("gates.cluster_large_per_million")?,
        cluster_largest: number("gates.cluster_largest")?,
        changes_per_thousand: number("gates.changes_per_thousand")?,
        unlinkable_permille: number("gates.unlinkable_permille")?,
        sentinel_splits: number("gates.sentinel_splits")?,
    })
}

/// Gives a job its house: gate, parameters, progress.
pub fn with_house<T>(
    home: &Home,
    voice: Voice,
    faults: Faults,
    job: impl FnOnce(&House<'_>, &Agreements) -> Result<T>,
) -> Result<T> {
    let mut db = home.registry.ingest()?;
    let agreements = db.agreements().context("取り決めを読めません")?;
    let gate = OptOutGate::load(&mut db, &home.parameters, today()).context("停止の関門を開けません")?;
    let parameter_hash =
        record_parameters(&mut db, &home.parameters, now()).context("パラメータを記録できません")?;
    let bars = Bars::new(voice);
    let matching = matching(home)?;
    let house = House {
        matching: &matching,
        registry: &home.registry,
        ring: &home.ring,
        folders: home.folders(),
        limits: home.limits,
        parameter_hash,
        code_version: CODE_VERSION.to_owned(),
        job: home.acting.granted.principal.to_string(),
        now: &now,
        gate: &gate,
        notices: NoticeRules::of(&home.parameters, today()).context("通知の規則を読めません")?,
        faults,
        batch_bytes: home.configuration.load.batch_bytes,
        code_persons_min: home.parameters.number("codes.show_min_persons", today())?,
        progress: &|event| bars.take(event),
    };
    let result = job(&house, &agreements);
    bars.finish();
    result
}

/// A progress bar over the bytes of the package at hand; when standard error is no terminal, one line for a package.
struct Bars {
    bar: ProgressBar,
    package: Mutex<String>,
    terminal: bool,
}

impl Bars {
    fn new(voice: Voice) -> Self {
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let target =
            if terminal && !voice.json { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) =
            ProgressStyle::with_template("{msg:<48} [{bar:30}] {bytes:>10}/{total_bytes:<10} {elapsed}")
        {
            bar.set_style(style.progress_chars("█▉ "));
        }
        Self { bar, package: Mutex::new(String::new()), terminal: terminal || voice.json }
    }

    fn take(&self, event: Event<'_>) {
        match event {
            Event::Package { index, total, name } => {
                let label = format!("{}/{total} {name}", index + 1);
                self.bar.set_message(label.clone());
                if let Ok(mut package) = self.package.lock() {
                    *package = label;
                }
            }
            Event::Begins { bytes, .. } => {
                self.bar.set_length(bytes);
                self.bar.set_position(0);
            }
            Event::Bytes(n) => self.bar.inc(n),
            Event::State(state) if state.is_final() && !self.terminal => {
                if let Ok(package) = self.package.lock() {
                    crate::say::warn(&format!("  {package}: {}", state.ja()));
                }
            }
            Event::State(_) => {}
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn tell(cli: &Cli, home: &Home, voice: Voice, mut outcome: NightOutcome) -> Result<Ending> {
    let rows = home.parameters.number("codes.nightly_rows", today())?;
    outcome.unmapped.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    let outcome = &outcome;
    let mut db = home.registry.ingest()?;
    let actor = Name::new(&cli.actor).context("--actor")?;
    // Another process may have booked it meanwhile, taking this one for dead.
    let unbooked = db.unbooked_submissions().context("証跡のない提出物を調べられません")?;
    let entries: Vec<_> = outcome
        .packages
        .iter()
        .filter_map(|p| p.outcome.as_ref().ok())
        .filter(|one| one.repeated || unbooked.iter().any(|u| u.submission == one.submission))
        .map(|one| {
            let action = if one.repeated { AuditAction::Receive } else { AuditAction::Load };
            let persons = one.counts.persons_new;
            entry_of(&actor, action, &Unbooked { submission: one.submission, state: one.state, persons })
        })
        .collect();
    if !entries.is_empty() {
        audit::append_many(&mut db, &entries).context("証跡に記録できません")?;
    }
    for ledger in &outcome.ledgers {
        super::notice::book(&mut db, cli, ledger)?;
        super::notice::tell_ledger(voice, ledger);
    }
    super::notice::book_held(&mut db, cli, &outcome.held)?;
    super::notice::tell_held(voice, &outcome.held);
    for package in &outcome.packages {
        match &package.outcome {
            Ok(one) => tell_package(voice, &package.package, one),
            Err(why) => voice.line(format!("✗ {}: {why}", package.package)),
        }
    }
    if !outcome.overdue.is_empty() {
        let names: Vec<&str> = outcome.overdue.iter().map(musubi_model::FeedId::as_str).collect();
        voice.say(
            format!("期日を過ぎた未提出フィード {} 件: {}", names.len(), names.join(", ")),
            format!("{} feeds are overdue: {}", names.len(), names.join(", ")),
        );
    }
    if let Some((before, after)) = outcome.compacted {
        voice.say(
            format!("レイクの小さなファイルをまとめました: {before} → {after}"),
            format!("Compacted the lake: {before} → {after} files"),
        );
    }
    super::codes::tell_unmapped(voice, &outcome.unmapped);
    if let Some(gates) = &outcome.gates {
        super::gate::tell(voice, gates);
    }
    voice.value(outcome);
    let shut = outcome.gates.as_ref().is_some_and(|g| !g.passed);
    let wrong = |p: &PackageOutcome| match &p.outcome {
        // What was refused stays refused however often it comes; what was quarantined in part was told of once. Files of
        // an earlier delivery that broke off (kind `file`) were told of then.
        Ok(o) => {
            let in_part = o.balance.lines.iter().any(|(kind, l)| kind != "file" && l.quarantined > 0);
            let stopped = o.findings.keys().any(|rule| super::notice::STOPS.contains(&rule.as_str()));
            o.state != SubmissionState::Acknowledged || (!o.repeated && (in_part || stopped))
        }
        Err(_) => true,
    };
    let unsound = outcome.ledgers.iter().any(super::notice::is_unsound);
    Ok(if shut || unsound || outcome.packages.iter().any(wrong) { Ending::LookAtIt } else { Ending::Done })
}

fn tell_package(voice: Voice, name: &str, one: &Outcome) {
    let mark = match (one.repeated, one.state) {
        (true, _) => "＝",
        (_, SubmissionState::Acknowledged) => "✓",
        _ => "✗",
    };
    let state = voice.word(one.state.ja(), one.state.as_str());
    let again = if one.repeated {
        voice.word("(同じ提出物の再送。取り込みなし)", " (repeated, nothing taken in)")
    } else {
        ""
    };
    voice.line(format!("{mark} {name}  {}  {state}{again}", one.submission));
    if one.repeated {
        return;
    }
    let t = one.balance.total();
    if t.received > 0 {
        voice.say(
            format!(
                "    受領 {} = 格納 {} + 旧版 {} + 重複 {} + 隔離 {} + 停止除外 {} + 通知待ち {}   差 {}",
                t.received, t.loaded, t.superseded, t.duplicate, t.quarantined, t.excluded, t.held, t.difference()
            ),
            format!(
                "    received {} = loaded {} + superseded {} + duplicate {} + quarantined {} + excluded {} + held {}   difference {}",
                t.received, t.loaded, t.superseded, t.duplicate, t.quarantined, t.excluded, t.held, t.difference()
            ),
        );
    }
    for (rule, n) in &one.findings {
        let sentence = super::findings::rule_named(rule).map_or("", |r| voice.word(r.ja, r.en));
        voice.line(format!("    {rule} ×{n}  {sentence}"));
    }
}
