//! `musubi model`: trains models of patient matching (名寄せモデル), shows them, reports on them, puts them in force.
//!
//! A model file is signed by the house; any other is refused. It decides after two different people said so.

mod page;
mod table;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_id_resolution::model_file::{ModelFile, NoModel, TrainedOn};
use musubi_id_resolution::mpi::model::Model as Weighing;
use musubi_id_resolution::mpi::weights::{Class, Comparison};
use musubi_id_resolution::mpi::{Record, explain, words};
use musubi_id_resolution::sent::Sent;
use musubi_id_resolution::train::{Options, TrainingReport, train};
use musubi_model::DocumentHash;
use musubi_model::sign::{PublicKey, Signature};
use musubi_storage::identity::{Adoption, StoredModel, open_demographics};
use musubi_storage::keys::SealKey;
use musubi_storage::registry::IdentityDb;
use serde_json::json;

use self::table::Table;
use super::{Ending, books};
use crate::args::Cli;
use crate::home::{self, Home, now};
use crate::say::Voice;

/// Descriptions opened at a time when training on the store.
const STEP: u32 = 5_000;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Model {
    /// Learn a model from records, and sign it.
    Train(Train),
    /// Show a model: version, hash, counts, thresholds, probabilities.
    Show {
        /// The file.
        file: PathBuf,
    },
    /// Write the report of a model over records, as one HTML file.
    Report(page::Report),
    /// Say that a model shall decide; it does when a second person (`--actor`) says so too.
    Adopt {
        /// The file; or the version or hash of a model that is kept.
        model: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// List the models that are kept, and which decides.
    List,
}

/// `musubi model train`.
#[derive(Debug, Args)]
pub struct Train {
    /// Table of records (CSV).
    #[arg(long, value_name = "FILE", required_unless_present = "store", conflicts_with = "store")]
    records: Option<PathBuf>,
    /// Which column is what, as TOML.
    #[arg(long, value_name = "FILE", requires = "records")]
    columns: Option<PathBuf>,
    /// Learn from the identities of the registry.
    #[arg(long)]
    store: bool,
    /// Where to; the signature goes beside it as `.sig`, the counts as `.training.json`.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Name of the model: small letters, digits, hyphens.
    #[arg(long, default_value = "ja")]
    name: String,
    /// Number of the model.
    #[arg(long, default_value_t = 1)]
    number: u32,
    /// Keep the rules and thresholds of this model, and its probabilities where the records teach nothing.
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// A name that fewer persons bear does not enter the model.
    #[arg(long, default_value_t = Options::default().name_min, value_parser = clap::value_parser!(u32).range(2..))]
    name_min: u32,
    /// Persons in the population, when it is known better than the records tell.
    #[arg(long)]
    population: Option<u64>,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Model) -> Result<Ending> {
    match order {
        Model::Train(order) => learn(cli, voice, order),
        Model::Show { file } => show(cli, voice, file),
        Model::Report(order) => page::run(cli, voice, order),
        Model::Adopt { model, reason } => adopt(cli, voice, model, reason),
        Model::List => list(cli, voice),
    }
}

/// The file with an ending more.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A model of the ledger by its version, verified under the house's key; fails closed.
pub fn of_ledger(home: &Home, version: &str) -> Result<ModelFile> {
    let mut db = home.registry.identity()?;
    let all = db.models().context("モデルの台帳を読めません")?;
    let one = all
        .iter()
        .find(|m| m.version == version)
        .ok_or_else(|| anyhow!("モデル {version} が台帳にありません(musubi model list)"))?;
    let stored = db.model(&one.hash)?.ok_or_else(|| anyhow!("モデルの台帳が不整合です"))?;
    let signature =
        Signature::from_hex(&stored.signature).ok_or_else(|| anyhow!("モデルの署名を読めません"))?;
    ModelFile::open(&stored.file, &signature, &home.ring.house.public())
        .map_err(|why| anyhow!("モデル {version}: {why}"))
}

/// The version of the model that two people adopted last.
pub fn adopted(home: &Home) -> Result<Option<String>> {
    let mut db = home.registry.identity()?;
    let Some(current) = db.current_model().context("モデルの台帳を読めません")? else {
        return Ok(None);
    };
    let all = db.models().context("モデルの台帳を読めません")?;
    Ok(all.into_iter().find(|m| m.hash == current.hash).map(|m| m.version))
}

/// Opens a model file under the house's key. The inner error is the file's; it is told and ends with 4.
fn open(file: &Path, house: &PublicKey) -> Result<std::result::Result<ModelFile, NoModel>> {
    let bytes = fs::read(file).with_context(|| format!("読めません: {}", file.display()))?;
    let signature = fs::read_to_string(beside(file, ".sig")).ok().and_then(|t| Signature::from_hex(t.trim()));
    Ok(signature.ok_or(NoModel::Signature).and_then(|s| ModelFile::open(&bytes, &s, house)))
}

fn refuse(voice: Voice, why: NoModel) -> Ending {
    voice.say(why.to_string(), why.en());
    voice.value(&json!({ "refused": why.en() }));
    Ending::NotVerified
}

fn bar(voice: Voice, records: u64) -> ProgressBar {
    let seen = std::io::IsTerminal::is_terminal(&std::io::stderr()) && !voice.json;
    let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(records), target);
    if let Ok(style) = ProgressStyle::with_template("{msg:<24} [{bar:30}] {pos}/{len} {elapsed}") {
        bar.set_style(style.progress_chars("█▉ "));
    }
    bar
}

fn learn(cli: &Cli, voice: Voice, order: &Train) -> Result<Ending> {
    let mut options = Options {
        version: format!("{}/{}", order.name, order.number),
        name_min: order.name_min,
        population: order.population,
        ..Options::default()
    };
    let (_, ring) = home::keys(&cli.data)?;
    if let Some(base) = &order.base {
        match open(base, &ring.house.public())? {
            Ok(file) => options.base = file.model,
            Err(why) => return Ok(refuse(voice, why)),
        }
    }
    let pass = Cell::new(0);
    let start = |bar: &ProgressBar| {
        pass.set(pass.get() + 1);
        bar.reset();
        bar.set_message(match pass.get() {
            1 => voice.word("氏名の学習", "names"),
            _ => voice.word("一致率の学習", "probabilities"),
        });
    };
    let (model, report, bad) = if let Some(file) = &order.records {
        let table = Table::open(file, order.columns.as_deref())?;
        let bar = bar(voice, table.records);
        let learned = train(&options, |take| -> Result<()> {
            start(&bar);
            table.each(&mut |_, record| {
                bar.inc(1);
                take(record);
            });
            Ok(())
        })?;
        bar.finish_and_clear();
        (learned.0, learned.1, table.bad)
    } else {
        let home = Home::open(cli)?;
        let mut db = home.registry.identity()?;
        // descriptions of persons are opened: the book says of how many, before it is done
        let described = db.identity_count()?;
        let (role, action) = (AuditRole::Identity, AuditAction::TrainModel);
        books::audit(&mut db, cli, role, action, AuditObject::House, described)?;
        let bar = bar(voice, described);
        let learned = train(&options, |take| {
            start(&bar);
            stored(&mut db, &home.ring.kek, &mut |record| {
                bar.inc(1);
                take(record);
            })
        })?;
        bar.finish_and_clear();
        (learned.0, learned.1, 0)
    };
    let trained_on = TrainedOn::from(&report);
    let file = ModelFile::write(&model, &trained_on).map_err(|why| anyhow!("{why}"))?;
    let write = |path: &Path, bytes: &[u8]| {
        fs::write(path, bytes).with_context(|| format!("書けません: {}", path.display()))
    };
    write(&order.out, &file.bytes)?;
    write(&beside(&order.out, ".sig"), format!("{}\n", file.sign(&ring.house)).as_bytes())?;
    write(&beside(&order.out, ".training.json"), &serde_json::to_vec_pretty(&report)?)?;
    tell(voice, &file, &report, bad);
    Ok(if bad > 0 { Ending::LookAtIt } else { Ending::Done })
}

fn tell(voice: Voice, file: &ModelFile, r: &TrainingReport, bad: u64) {
    let silver: u64 = r.silver.values().sum();
    let kept = r.names_kept;
    voice.say(
        format!(
            "モデル {} を作りました: 記録 {}(読めない行 {bad})、人口 {}、姓 {}・名 {}(漢字)、銀の正解 {silver} 組、動いた確率 {}",
            file.model.version, r.records, r.population, kept.family.kanji, kept.given.kanji, r.moved()
        ),
        format!(
            "Made model {}: {} records ({bad} lines unreadable), population {}, {} family and {} given names in kanji, {silver} silver pairs, {} probabilities moved",
            file.model.version, r.records, r.population, kept.family.kanji, kept.given.kanji, r.moved()
        ),
    );
    for cell in r.disputed() {
        let (c, l) = (words::comparison(cell.comparison), words::level(cell.comparison, cell.level));
        let (learned, em) = (explain::signed(cell.learned), cell.em.map(explain::signed).unwrap_or_default());
        voice.say(
            format!("    要確認 {}・{}: 銀の正解 {learned} ビット、EM {em} ビット", c.ja, l.ja),
            format!("    look at {}, {}: silver pairs {learned} bits, EM {em} bits", c.en, l.en),
        );
    }
    voice.value(&json!({
        "version": file.model.version, "hash": file.hash(), "bytes": file.bytes.len(), "unreadable": bad,
        "training": r, "moved": r.moved(), "disputed": r.disputed().count(),
    }));
}

/// Opens the sealed descriptions of the registry, one after the other. Erased ones stay closed.
fn stored(db: &mut IdentityDb, kek: &SealKey, take: &mut dyn FnMut(&Record<'_>)) -> Result<()> {
    let mut after = None;
    loop {
        let rows = db.sealed_after(after.as_ref(), STEP).context("患者記述を読めません")?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.identity_id);
        let ids: Vec<_> = rows.iter().map(|r| r.identity_id).collect();
        let keys = db.existing_data_keys(kek, &ids).context("鍵を読めません")?;
        for row in &rows {
            let Some(key) = keys.get(&row.identity_id) else { continue };
            let parts =
                open_demographics(key, &row.identity_id, &row.sealed).context("患者記述を開けません")?;
            let parts: BTreeMap<_, _> = parts.into_iter().collect();
            let get = |name: &str| parts.get(name).map_or("", |v| v.expose().as_str());
            let sent = Sent {
                facility: row.provider.as_str(),
                local_number: get("local_number"),
                name_kanji: get("name_kanji"),
                name_kana: get("name_kana"),
                birth: get("birth"),
                sex: get("sex"),
                postal_code: get("postal_code"),
                address: get("address"),
                phone: get("phone"),
                insurer: get("insurer_number"),
                symbol: get("insured_symbol"),
                number: get("insured_number"),
                branch: get("insured_branch"),
                care_insurer: get("care_insurer"),
                care_number: get("care_number"),
                inquiry_key: "",
            };
            take(&Record { id: row.identity_id.0, sent, seen: None });
        }
    }
}

fn show(cli: &Cli, voice: Voice, path: &Path) -> Result<Ending> {
    let (_, ring) = home::keys(&cli.data)?;
    let file = match open(path, &ring.house.public())? {
        Ok(file) => file,
        Err(why) => return Ok(refuse(voice, why)),
    };
    let (m, t) = (&file.model, &file.trained_on);
    voice.say(format!("モデル {}(署名を確認)", m.version), format!("Model {} (signature holds)", m.version));
    voice.line(format!("    BLAKE3 {}", file.hash()));
    voice.say(
        format!("    学習: 記録 {}、銀の正解 {} 組、無作為 {} 組、動いた確率 {}、EM と食い違い {}", t.records, t.silver_pairs, t.random_pairs, t.moved, t.disputed),
        format!("    trained on {} records, {} silver pairs, {} random pairs; {} probabilities moved, {} disputed by EM", t.records, t.silver_pairs, t.random_pairs, t.moved, t.disputed),
    );
    let bits = explain::signed;
    voice.say(
        format!(
            "    人口 {}、しきい値 {}、候補 {}、確認 {}(ビット)",
            m.rules.population,
            bits(m.rules.threshold),
            bits(m.rules.edge),
            bits(m.rules.grey)
        ),
        format!(
            "    population {}, threshold {}, edge {}, grey {} (bits)",
            m.rules.population,
            bits(m.rules.threshold),
            bits(m.rules.edge),
            bits(m.rules.grey)
        ),
    );
    let classes: Vec<&str> = Class::ALL.iter().map(|c| words::class(*c).get(voice.english)).collect();
    voice.line(format!("    log2 P: {}", classes.join(" / ")));
    for (comparison, level, row) in probabilities(m) {
        let (c, l) = (words::comparison(comparison), words::level(comparison, level));
        // zero for strangers: the frequency of the very name stands there
        let name = matches!(comparison, Comparison::Family | Comparison::Given);
        let word = |b: &i32| {
            if name && *b == 0 { voice.word("名前の頻度", "by the name").to_owned() } else { bits(*b) }
        };
        let shown: Vec<String> = row.iter().map(word).collect();
        voice.line(format!("    {}・{}: {}", c.get(voice.english), l.get(voice.english), shown.join(" / ")));
    }
    voice.value(&json!({
        "version": m.version, "hash": file.hash(), "trained_on": t, "rules": m.rules, "weights": m.weights,
    }));
    Ok(Ending::Done)
}

/// The rows of the table that exist.
fn probabilities(model: &Weighing) -> Vec<(Comparison, usize, [i32; 4])> {
    let levels = Comparison::ALL
        .iter()
        .enumerate()
        .flat_map(|(at, c)| (1..c.levels().len()).map(move |l| (*c, l, model.weights.of(at, l))));
    levels.filter(|(_, _, row)| *row != [0; 4]).collect()
}

fn adopt(cli: &Cli, voice: Voice, wanted: &str, reason: &str) -> Result<Ending> {
    if reason.trim().is_empty() {
        bail!("理由(--reason)を書いてください");
    }
    let home = Home::open(cli)?;
    let house = home.ring.house.public();
    let mut db = home.registry.identity()?;
    let path = Path::new(wanted);
    let opened = if path.is_file() {
        open(path, &house)?
    } else {
        let all = db.models().context("モデルの台帳を読めません")?;
        let mut found =
            all.iter().filter(|m| m.version == wanted || (wanted.len() >= 8 && m.hash.starts_with(wanted)));
        let (Some(one), None) = (found.next(), found.next()) else {
            bail!("その名前のモデルはありません(一覧: musubi model list)");
        };
        let stored = db.model(&one.hash)?.ok_or_else(|| anyhow!("モデルの台帳が不整合です"))?;
        let signature = Signature::from_hex(&stored.signature);
        signature.ok_or(NoModel::Signature).and_then(|s| ModelFile::open(&stored.file, &s, &house))
    };
    let file = match opened {
        Ok(file) => file,
        Err(why) => return Ok(refuse(voice, why)),
    };
    let stored = StoredModel {
        hash: file.hash(),
        version: file.model.version.clone(),
        file: file.bytes.clone(),
        signature: file.sign(&home.ring.house).to_string(),
        trained_on: serde_json::to_string(&file.trained_on)?,
    };
    db.put_model(&stored, &cli.actor, now()).context("モデルを台帳に置けません")?;
    let done = db.adopt_model(&stored.hash, &cli.actor, reason, now()).context("採用を記録できません")?;
    let version = &stored.version;
    let (ja, en, action) = match done {
        Adoption::Proposed => (
            format!("モデル {version} の採用を提案しました。別の人の承認で有効になります"),
            format!("Proposed model {version}; it decides when a second person approves"),
            Some(AuditAction::ProposeModel),
        ),
        Adoption::Adopted => (
            format!("モデル {version} を採用しました"),
            format!("Model {version} decides from now on"),
            Some(AuditAction::AdoptModel),
        ),
        Adoption::SamePerson => (
            "提案した人は承認できません。別の人が --actor で承認してください".to_owned(),
            "whoever proposed cannot approve; a second person has to (--actor)".to_owned(),
            None,
        ),
        Adoption::Current => (
            format!("モデル {version} はすでに使われています"),
            format!("model {version} decides already"),
            None,
        ),
        Adoption::Unknown => bail!("モデルの台帳が不整合です"),
    };
    if let Some(action) = action {
        let object = AuditObject::Document(DocumentHash::of(&stored.file));
        books::audit(&mut db, cli, AuditRole::Identity, action, object, 0)?;
    }
    voice.say(ja, en);
    let state = format!("{done:?}").to_lowercase();
    voice.value(&json!({ "version": version, "hash": stored.hash, "state": state }));
    Ok(if action.is_some() || done == Adoption::Current { Ending::Done } else { Ending::LookAtIt })
}

fn list(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let rows = home.registry.identity()?.models().context("モデルの台帳を読めません")?;
    if rows.is_empty() {
        voice.say(
            "モデルはまだありません(組み込みのモデルで判定します)",
            "No models yet; the built-in one decides",
        );
    }
    let state = |m: &musubi_storage::identity::ModelRow| match (&m.adopted, m.retired_at, &m.proposed) {
        (_, _, Some(_)) => ("提案中", "proposed"),
        (Some(_), None, _) => ("使用中", "in force"),
        (Some(_), Some(_), _) => ("退役", "retired"),
        (None, _, _) => ("未採用", "kept"),
    };
    for m in &rows {
        let (ja, en) = state(m);
        let people = match (&m.adopted, &m.proposed) {
            (_, Some((at, by))) => format!("{by} {at}"),
            (Some((at, by, second)), None) => format!("{by}+{second} {at}"),
            _ => format!("{} {}", m.put.1, m.put.0),
        };
        voice.line(format!("{:<24} {}  {people}", m.version, voice.word(ja, en)));
    }
    let value: Vec<_> = rows
        .iter()
        .map(|m| {
            json!({
                "version": m.version, "hash": m.hash, "state": state(m).1,
                "put": { "at": m.put.0, "by": m.put.1 },
                "proposed": m.proposed.as_ref().map(|(at, by)| json!({ "at": at, "by": by })),
                "adopted": m.adopted.as_ref().map(|(at, by, second)| json!({ "at": at, "by": by, "approved_by": second })),
                "retired_at": m.retired_at,
                "trained_on": serde_json::from_str::<serde_json::Value>(&m.trained_on).unwrap_or_default(),
            })
        })
        .collect();
    voice.value(&value);
    Ok(Ending::Done)
}
