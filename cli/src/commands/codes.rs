//! `musubi codes`: what found no standard code, and the reviewed maps of local codes to standard ones.
//!
//! Whoever proposes does not approve: the names compared are those given with `--actor`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_model::code::Masters as _;
use musubi_model::{CodeSystem, FactTable, ResearchId};
use musubi_storage::code_map::{CodeMapping, EVERY_PROVIDER, MapState, StoredMapping};
use musubi_storage::lake::{self, Column, ColumnSet, Want};
use musubi_storage::master::LoadedMasters;
use musubi_storage::master_file::read_csv;
use musubi_storage::registry::IngestDb;
use musubi_storage::unmapped::{UnmappedRow, UnmappedWanted};
use serde_json::json;

use super::outside::Reach;
use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::{Voice, raw};

/// The columns of the file that is imported, exported and filled in: the first eight of each.
const COLUMNS: [&str; 8] =
    ["provider", "system", "code", "name", "standard_system", "standard_code", "valid_from", "reason"];

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Codes {
    /// List codes that found no standard, those with most records first.
    Unmapped {
        /// Only of this provider.
        #[arg(long)]
        provider: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Write all of them that can be shown as a CSV, to be filled in and imported.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// Propose what a local code means.
    Propose(Propose),
    /// Approve proposals; not one's own.
    Approve(Decide),
    /// Reject proposals, or end what was approved.
    Reject(Decide),
    /// List the maps.
    List {
        /// Only in this state.
        #[arg(long, value_parser = ["proposed", "approved", "rejected"])]
        state: Option<String>,
    },
    /// Propose every line of a CSV.
    Import {
        /// The file; its first line names the columns.
        file: PathBuf,
    },
    /// Write the maps as a CSV.
    Export {
        /// Where to; `-` for standard output.
        #[arg(long, default_value = "-")]
        out: PathBuf,
        /// Only in this state.
        #[arg(long, value_parser = ["proposed", "approved", "rejected"])]
        state: Option<String>,
    },
    /// Count the stored facts that carry a local code.
    Impact(Impact),
}

/// `musubi codes propose`.
#[derive(Debug, Args)]
pub struct Propose {
    /// Provider, or `*` for all.
    #[arg(long)]
    provider: String,
    /// Code system as sent; empty when senders name none.
    #[arg(long)]
    system: String,
    /// Code as sent.
    #[arg(long)]
    code: String,
    /// Name as sent.
    #[arg(long, default_value = "")]
    name: String,
    /// System of the standard code, e.g. `JC10`.
    #[arg(long)]
    standard_system: String,
    /// The standard code.
    #[arg(long)]
    standard_code: String,
    /// Day of care from which it holds; without it, always.
    #[arg(long, value_name = "YYYY-MM-DD")]
    valid_from: Option<Date>,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// `musubi codes approve`, `reject`.
#[derive(Debug, Args)]
pub struct Decide {
    /// Numbers of the maps.
    #[arg(required = true)]
    ids: Vec<i64>,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// `musubi codes impact`.
#[derive(Debug, Args)]
pub struct Impact {
    /// Number of a map.
    #[arg(required_unless_present = "code", conflicts_with_all = ["provider", "system", "code"])]
    id: Option<i64>,
    /// Only of this provider.
    #[arg(long)]
    provider: Option<String>,
    /// Code system as sent.
    #[arg(long, default_value = "")]
    system: String,
    /// Code as sent.
    #[arg(long)]
    code: Option<String>,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Codes) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    match order {
        Codes::Unmapped { provider, limit, csv } => {
            unmapped(voice, &home, &mut db, provider.as_deref(), *limit, csv.as_deref())
        }
        Codes::Propose(p) => {
            let mapping = CodeMapping {
                provider: p.provider.clone(),
                system: p.system.clone(),
                code: p.code.clone(),
                name: p.name.clone(),
                standard_system: p.standard_system.clone(),
                standard_code: p.standard_code.clone(),
                valid_from: p.valid_from,
            };
            let own = Reach::of(&home)?.providers(&db.agreements()?);
            if own.is_some_and(|own| !own.contains(&p.provider)) {
                bail!(Unfit::Provider.ja());
            }
            Checker::new(&home, &mut db)?.check(&mapping, &p.reason).map_err(|why| anyhow!(why.ja()))?;
            let new = propose(cli, &mut db, &[(mapping, p.reason.clone())])?;
            tell_proposed(voice, &new, 1);
            voice.value(&json!({ "proposed": new, "standing": 1 - new.len() }));
            Ok(Ending::Done)
        }
        Codes::Approve(d) => decide(cli, voice, &mut db, d, MapState::Approved),
        Codes::Reject(d) => decide(cli, voice, &mut db, d, MapState::Rejected),
        Codes::List { state } => {
            let rows =
                db.mappings(state.as_deref().and_then(MapState::from_name)).context("対応表を読めません")?;
            rows.iter().for_each(|row| voice.line(shown(voice, row)));
            if rows.is_empty() {
                voice.say("対応表に該当する行はありません", "No such maps");
            }
            voice.value(&rows);
            Ok(Ending::Done)
        }
        Codes::Import { file } => import(cli, voice, &home, &mut db, file),
        Codes::Export { out, state } => {
            let rows =
                db.mappings(state.as_deref().and_then(MapState::from_name)).context("対応表を読めません")?;
            write_csv(out, &exported(&rows))?;
            if out != Path::new("-") {
                voice.say(format!("{} 行を書き出しました", rows.len()), format!("Wrote {} rows", rows.len()));
                voice.value(&json!({ "rows": rows.len() }));
            }
            Ok(Ending::Done)
        }
        Codes::Impact(order) => impact(cli, voice, &home, &mut db, order),
    }
}

/// The codes of a night that found no standard.
pub fn tell_unmapped(voice: Voice, rows: &[UnmappedRow]) {
    if rows.is_empty() {
        return;
    }
    voice.say(
        "標準コードのないコード(多い順。全部は musubi codes unmapped):",
        "Codes without a standard, most records first (all: musubi codes unmapped):",
    );
    rows.iter().for_each(|row| voice.line(format!("    {}", unmapped_line(voice, row))));
}

fn unmapped_line(voice: Voice, r: &UnmappedRow) -> String {
    let or_shape = |text: &str, shape: &str| match (text, shape) {
        ("", "") => "-".to_owned(),
        ("", shape) => format!("⟨{shape}⟩"),
        (text, _) => text.to_owned(),
    };
    format!(
        "{:>9} {} {:>5}{}{}  {}  {} {} {}  [{}]",
        r.records,
        voice.word("件", "records"),
        r.persons,
        if r.persons_more { "+" } else { "" },
        voice.word("人", " persons"),
        r.provider,
        if r.system.is_empty() { "-" } else { &r.system },
        or_shape(&r.code, &r.code_shape),
        or_shape(&r.name, &r.name_shape),
        voice.word(r.reason.ja(), r.reason.as_str())
    )
}

fn unmapped(
    voice: Voice,
    home: &Home,
    db: &mut IngestDb,
    provider: Option<&str>,
    limit: usize,
    csv: Option<&Path>,
) -> Result<Ending> {
    let mut rows = db
        .unmapped_codes(UnmappedWanted { provider, submissions: &[] })
        .context("未対応コードを読めません")?;
    if let Some(own) = Reach::of(home)?.providers(&db.agreements()?) {
        rows.retain(|r| own.contains(&r.provider));
    }
    // What was mapped since, or came with a newer master, needs nobody any more.
    let (masters, maps) = (home.registry.masters(db)?, db.code_maps()?);
    let before = rows.len();
    rows.retain(|r| {
        let system = CodeSystem::from_name(&r.system);
        let mapped = maps.look_up(&r.provider, &system, &r.code, None).is_some();
        let standard = || masters.look_up(&system, &r.code, None).is_some_and(|e| e.standard.is_some());
        r.code.is_empty() || !(mapped || standard())
    });
    let settled = before - rows.len();
    if let Some(file) = csv {
        let mut lines = vec![
            COLUMNS
                .iter()
                .map(ToString::to_string)
                .chain(["records", "persons", "why"].map(str::to_owned))
                .collect::<Vec<_>>(),
        ];
        for r in rows.iter().filter(|r| !r.code.is_empty()) {
            let blank = String::new;
            lines.push(vec![
                r.provider.clone(),
                r.system.clone(),
                r.code.clone(),
                r.name.clone(),
                blank(),
                blank(),
                blank(),
                blank(),
                r.records.to_string(),
                r.persons.to_string(),
                r.reason.as_str().to_owned(),
            ]);
        }
        write_csv(file, &lines)?;
    }
    rows.iter().take(limit).for_each(|row| voice.line(unmapped_line(voice, row)));
    voice.say(
        format!(
            "標準コードのないコード {} 種類(うち {} 行まで表示)。その後に対応済み {settled}",
            rows.len(),
            limit.min(rows.len())
        ),
        format!(
            "{} codes without a standard ({} shown); {settled} have been settled since",
            rows.len(),
            limit.min(rows.len())
        ),
    );
    let all = rows.len();
    rows.truncate(limit);
    voice.value(&json!({ "codes": rows, "all": all, "settled": settled }));
    Ok(Ending::Done)
}

/// Why a proposal is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfit {
    Provider,
    Code,
    StandardSystem,
    StandardCode,
    Reason,
    Date,
    Columns,
}

impl Unfit {
    fn ja(self) -> &'static str {
        match self {
            Self::Provider => "登録されていない医療機関等です(全体に適用するときは *)",
            Self::Code => "元のコードがないか、長すぎます",
            Self::StandardSystem => "標準コードの体系の名前が違います(例 JC10、YJ、ICD10)",
            Self::StandardCode => "標準コードが、登録済みマスタの最新版にありません",
            Self::Reason => "理由がありません",
            Self::Date => "適用開始日は YYYY-MM-DD です",
            Self::Columns => "列が足りないか、引用符が閉じていません",
        }
    }

    fn en(self) -> &'static str {
        match self {
            Self::Provider => "no such provider is registered (* for all)",
            Self::Code => "no source code, or too long",
            Self::StandardSystem => "no standard system of that name (e.g. JC10, YJ, ICD10)",
            Self::StandardCode => "the newest edition of the master does not have the standard code",
            Self::Reason => "no reason given",
            Self::Date => "valid_from is YYYY-MM-DD",
            Self::Columns => "columns missing, or quotation marks that do not close",
        }
    }
}

/// Holds proposals against providers and masters.
struct Checker {
    providers: BTreeSet<String>,
    masters: std::sync::Arc<LoadedMasters>,
}

impl Checker {
    fn new(home: &Home, db: &mut IngestDb) -> Result<Self> {
        let providers = db.agreements()?.providers.iter().map(|p| p.id.to_string()).collect();
        Ok(Self { providers, masters: home.registry.masters(db)? })
    }

    fn check(&self, m: &CodeMapping, reason: &str) -> Result<(), Unfit> {
        if m.provider != EVERY_PROVIDER && !self.providers.contains(&m.provider) {
            return Err(Unfit::Provider);
        }
        if m.code.is_empty() || m.code.len() > 200 || m.system.len() > 200 || m.name.len() > 1_000 {
            return Err(Unfit::Code);
        }
        let system = CodeSystem::from_name(&m.standard_system);
        if matches!(system, CodeSystem::Other(_)) {
            return Err(Unfit::StandardSystem);
        }
        if m.standard_code.is_empty() || self.masters.has(&system, &m.standard_code, None) == Some(false) {
            return Err(Unfit::StandardCode);
        }
        if reason.trim().is_empty() { Err(Unfit::Reason) } else { Ok(()) }
    }
}

fn propose(cli: &Cli, db: &mut IngestDb, mappings: &[(CodeMapping, String)]) -> Result<Vec<i64>> {
    let new = db.propose_mappings(mappings, &cli.actor, now()).context("提案を登録できません")?;
    for id in &new {
        let object = AuditObject::CodeMap(id.unsigned_abs());
        books::audit(db, cli, AuditRole::Operator, AuditAction::ProposeCode, object, 0)?;
    }
    Ok(new)
}

fn tell_proposed(voice: Voice, new: &[i64], all: usize) {
    let numbers = new.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    voice.say(
        format!("提案しました: {} 件(番号 {numbers})。同じ内容で登録済み {}", new.len(), all - new.len()),
        format!("Proposed {} (numbers {numbers}); {} stood there already", new.len(), all - new.len()),
    );
}

fn decide(cli: &Cli, voice: Voice, db: &mut IngestDb, order: &Decide, decision: MapState) -> Result<Ending> {
    if order.reason.trim().is_empty() {
        bail!(Unfit::Reason.ja());
    }
    db.decide_mappings(&order.ids, decision, &cli.actor, now(), &order.reason).context("決定できません")?;
    for id in &order.ids {
        let object = AuditObject::CodeMap(id.unsigned_abs());
        books::audit(db, cli, AuditRole::Operator, AuditAction::DecideCode, object, 0)?;
    }
    let n = order.ids.len();
    voice.say(
        format!("{}しました: {n} 件。今後の格納から適用します", decision.ja()),
        format!("{n} {}; holds for loads from now on", decision.as_str()),
    );
    voice.value(&json!({ "decided": order.ids, "state": decision }));
    Ok(Ending::Done)
}

fn shown(voice: Voice, row: &StoredMapping) -> String {
    let m = &row.mapping;
    let from = m.valid_from.map(|d| format!("  {d}{}", voice.word("から", " on"))).unwrap_or_default();
    let decided = row.decided.as_ref().map(|d| format!(" / {}", d.by)).unwrap_or_default();
    format!(
        "{:>6} {}  {}  {} {} {} → {} {}{from}  ({}{decided})",
        row.id,
        voice.word(row.state.ja(), row.state.as_str()),
        m.provider,
        if m.system.is_empty() { "-" } else { &m.system },
        m.code,
        m.name,
        m.standard_system,
        m.standard_code,
        row.proposed.by
    )
}

fn import(cli: &Cli, voice: Voice, home: &Home, db: &mut IngestDb, file: &Path) -> Result<Ending> {
    let size = fs::metadata(file).with_context(|| format!("読めません: {}", file.display()))?.len();
    if size > home.limits.document_bytes_max {
        bail!("ファイルが上限 {} バイトを超えています", home.limits.document_bytes_max);
    }
    let bytes = fs::read(file).with_context(|| format!("読めません: {}", file.display()))?;
    let checker = Checker::new(home, db)?;
    let (mut good, mut bad, mut blank) = (Vec::new(), Vec::new(), 0usize);
    let mut places: Option<[usize; 8]> = None;
    let mut heading = None;
    read_csv(&bytes, &mut |line, fields| {
        let Some(at) = places else {
            let named: Option<Vec<usize>> = fields.as_ref().and_then(|fields| {
                COLUMNS.iter().map(|name| fields.iter().position(|f| f.trim() == *name)).collect()
            });
            places = named.and_then(|n| n.try_into().ok());
            heading = Some(places.is_some());
            return;
        };
        if heading == Some(false) {
            return;
        }
        let read = fields.ok_or(Unfit::Columns).and_then(|fields| {
            let get = |n: usize| at.get(n).and_then(|at| fields.get(*at)).map(|f| plain_cell(f.trim()));
            let get = |n: usize| get(n).ok_or(Unfit::Columns);
            let valid_from = match get(6)? {
                "" => None,
                day => Some(day.parse::<Date>().map_err(|_| Unfit::Date)?),
            };
            let mapping = CodeMapping {
                provider: get(0)?.to_owned(),
                system: get(1)?.to_owned(),
                code: get(2)?.to_owned(),
                name: get(3)?.to_owned(),
                standard_system: get(4)?.to_owned(),
                standard_code: get(5)?.to_owned(),
                valid_from,
            };
            Ok((mapping, get(7)?.to_owned()))
        });
        match read {
            // A line of the list of unmapped codes that nobody has filled in.
            Ok((m, _)) if m.standard_code.is_empty() && m.standard_system.is_empty() => blank += 1,
            Ok((m, reason)) => match checker.check(&m, &reason) {
                Ok(()) => good.push((m, reason)),
                Err(why) => bad.push((line, why)),
            },
            Err(why) => bad.push((line, why)),
        }
    });
    if heading != Some(true) {
        bail!("1行目に列名がありません: {}", COLUMNS.join(","));
    }
    let new = propose(cli, db, &good)?;
    tell_proposed(voice, &new, good.len());
    for (line, why) in &bad {
        voice.line(format!("    {} {line}: {}", voice.word("行", "line"), voice.word(why.ja(), why.en())));
    }
    voice.value(&json!({
        "proposed": new, "standing": good.len() - new.len(), "blank": blank,
        "refused": bad.iter().map(|(line, why)| json!({ "line": line, "why": why.en() })).collect::<Vec<_>>(),
    }));
    Ok(if bad.is_empty() { Ending::Done } else { Ending::LookAtIt })
}

fn exported(rows: &[StoredMapping]) -> Vec<Vec<String>> {
    let more = ["id", "state", "proposed_by", "proposed_at", "decided_by", "decided_at", "decided_reason"];
    let mut lines = vec![COLUMNS.into_iter().chain(more).map(str::to_owned).collect::<Vec<_>>()];
    for row in rows {
        let m = &row.mapping;
        let decided = row.decided.as_ref();
        lines.push(vec![
            m.provider.clone(),
            m.system.clone(),
            m.code.clone(),
            m.name.clone(),
            m.standard_system.clone(),
            m.standard_code.clone(),
            m.valid_from.map(|d| d.to_string()).unwrap_or_default(),
            row.proposed.reason.clone(),
            row.id.to_string(),
            row.state.as_str().to_owned(),
            row.proposed.by.clone(),
            row.proposed.at.to_string(),
            decided.map(|d| d.by.clone()).unwrap_or_default(),
            decided.map(|d| d.at.to_string()).unwrap_or_default(),
            decided.map(|d| d.reason.clone()).unwrap_or_default(),
        ]);
    }
    lines
}

/// Signs with which a spreadsheet begins a formula.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// Writes a CSV that spreadsheets open as text: with a byte order mark, every cell in quotation marks, and an
/// apostrophe before what would be taken for a formula.
fn write_csv(out: &Path, lines: &[Vec<String>]) -> Result<()> {
    let mut text = String::from('\u{feff}');
    for line in lines {
        let cells: Vec<String> = line
            .iter()
            .map(|cell| {
                // A line break would cut the row for our own reader.
                let cell = cell.replace(['\r', '\n'], " ").replace('"', "\"\"");
                let guard = if cell.starts_with(FORMULA) { "'" } else { "" };
                format!("\"{guard}{cell}\"")
            })
            .collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    if out == Path::new("-") {
        raw(text.as_bytes()).context("書けません")
    } else {
        fs::write(out, text).with_context(|| format!("書けません: {}", out.display()))
    }
}

/// A cell without the apostrophe that [`write_csv`] puts before formulas.
fn plain_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell)
}

/// What is stored with a local code.
#[derive(Debug, Default)]
struct Stored {
    facts: u64,
    superseded: u64,
    persons: BTreeSet<ResearchId>,
    /// Current facts by standard code; empty when they have none.
    standards: BTreeMap<String, u64>,
}

fn impact(cli: &Cli, voice: Voice, home: &Home, db: &mut IngestDb, order: &Impact) -> Result<Ending> {
    let (provider, system, code) = match (order.id, &order.code) {
        (Some(id), _) => {
            let all = db.mappings(None).context("対応表を読めません")?;
            let found =
                all.into_iter().find(|m| m.id == id).ok_or_else(|| anyhow!("その番号の対応はありません"))?;
            let m = found.mapping;
            (Some(m.provider).filter(|p| p != EVERY_PROVIDER), m.system, m.code)
        }
        (None, Some(code)) => (order.provider.clone(), order.system.clone(), code.clone()),
        (None, None) => bail!("番号か --code を指定してください"),
    };
    let persons = home.registry.identity()?.person_map().context("人の対応を読めません")?;
    let dead = db.dead_units()?;
    let columns = ColumnSet::of(&[
        Column::IdentityId,
        Column::ProviderId,
        Column::Document,
        Column::Unit,
        Column::SourceSystem,
        Column::SourceCode,
        Column::StandardSystem,
        Column::StandardCode,
    ]);
    let mut stored = Stored::default();
    let mut tables: BTreeMap<FactTable, u64> = BTreeMap::new();
    for file in &db.lake_files()? {
        lake::read(&home.folders().lake, file, &Want::all(columns), &mut |row| {
            let wanted = row.source_code() == code
                && row.source_system() == system
                && provider.as_deref().is_none_or(|p| p == row.provider());
            if !wanted {
                return Ok(());
            }
            if dead.contains(&(row.document(), row.unit())) {
                stored.superseded += 1;
                return Ok(());
            }
            stored.facts += 1;
            *tables.entry(file.table).or_default() += 1;
            stored.persons.extend(persons.get(&row.identity()));
            let standard = match row.standard_code() {
                "" => String::new(),
                code => format!("{} {code}", row.standard_system()),
            };
            *stored.standards.entry(standard).or_default() += 1;
            Ok(())
        })
        .context("レイクを読めません")?;
    }
    // Facts of persons were looked at: the book says of how many.
    let object = match order.id {
        Some(id) => AuditObject::CodeMap(id.unsigned_abs()),
        None => AuditObject::House,
    };
    let touched = u64::try_from(stored.persons.len()).unwrap_or(u64::MAX);
    books::audit(db, cli, AuditRole::Operator, AuditAction::Trace, object, touched)?;
    voice.say(
        format!("{system} {code}: 現行の事実 {}(旧版 {})、{touched} 人", stored.facts, stored.superseded),
        format!(
            "{system} {code}: {} current facts ({} superseded), {touched} persons",
            stored.facts, stored.superseded
        ),
    );
    for (table, n) in &tables {
        voice.line(format!("    {} {n}", voice.word(table.ja(), table.as_str())));
    }
    for (standard, n) in &stored.standards {
        let what = if standard.is_empty() {
            voice.word("標準コードなし", "no standard code")
        } else {
            standard
        };
        voice.line(format!("    → {what} {n}"));
    }
    voice.value(&json!({
        "system": system, "code": code, "provider": provider, "facts": stored.facts,
        "superseded": stored.superseded, "persons": touched,
        "tables": tables.iter().map(|(t, n)| (t.as_str(), n)).collect::<BTreeMap<_, _>>(),
        "standards": stored.standards,
    }));
    Ok(Ending::Done)
}
