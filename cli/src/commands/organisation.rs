//! `musubi organisation`: who may do what. The first file founds the house; every later change is made by two people.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_compliance::authority::ForbiddenPairs;
use musubi_compliance::instruction::{self, Job};
use musubi_compliance::operation::OperationKind;
use musubi_compliance::organisation::{Book, Rules};
use musubi_etl::house::japanese_day;
use musubi_storage::act::instruction::NewInstruction;
use musubi_storage::act::organisation::{OrganisationRow, PrincipalRow};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Ending, books, operation};
use crate::args::Cli;
use crate::authority::{self, LINES};
use crate::home::{Home, now, today};
use crate::kept;
use crate::say::Voice;

/// `musubi organisation`.
#[derive(Debug, Subcommand)]
pub enum Organisation {
    /// Register organisations and accounts from a TOML file. The first file founds the house; a later one is proposed, and
    /// loaded when a second person approved it.
    Load {
        /// The file.
        file: PathBuf,
        /// Why; for the second person.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// List organisations and accounts, and what is wrong with them.
    List,
    /// Show every version of an organisation or account.
    Show {
        /// Its id.
        id: String,
    },
    /// Close an organisation or account; proposed by one, done when a second person approved it.
    Retire {
        /// Its id.
        id: String,
        /// Why; for the second person.
        #[arg(long)]
        reason: String,
    },
    /// Print which role may give which command, as Markdown.
    Matrix,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    organisation: Vec<OrganisationRow>,
    #[serde(default)]
    principal: Vec<PrincipalRow>,
    #[serde(default)]
    instruction: Vec<Standing>,
}

/// A standing instruction: given with the founding, and only then.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    given_by: String,
    to: String,
    role: Option<String>,
    jobs: Vec<String>,
    #[serde(default)]
    scope: Vec<String>,
    from: jiff::civil::Date,
    until: jiff::civil::Date,
    reason: String,
}

/// What changes: exactly this is proposed, approved and entered.
#[derive(Debug, Default, Serialize)]
struct Change {
    organisations: Vec<OrganisationRow>,
    principals: Vec<PrincipalRow>,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Organisation) -> Result<Ending> {
    match order {
        Organisation::Load { file, reason } => load(cli, voice, file, reason),
        Organisation::List => list(cli, voice),
        Organisation::Show { id } => show(cli, voice, id),
        Organisation::Retire { id, reason } => retire(cli, voice, id, reason),
        Organisation::Matrix => {
            matrix(voice);
            Ok(Ending::Done)
        }
    }
}

fn load(cli: &Cli, voice: Voice, path: &Path, reason: &str) -> Result<Ending> {
    let text = fs::read_to_string(path).with_context(|| format!("読めません: {}", path.display()))?;
    let mut file: File =
        toml::from_str(&text).with_context(|| format!("書式が違います: {}", path.display()))?;
    // Roles are read back in this order: a file in another order is the same account.
    file.principal.iter_mut().for_each(|p| p.roles.sort());
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let (organisations, principals) = (db.organisations()?, db.principals()?);
    let founding = organisations.is_empty() && principals.is_empty();
    let change = Change {
        organisations: file.organisation.into_iter().filter(|o| !organisations.contains(o)).collect(),
        principals: file.principal.into_iter().filter(|p| !principals.contains(p)).collect(),
    };
    if change.organisations.is_empty() && change.principals.is_empty() {
        voice.say("登録済みの内容と同じです", "All of it stands already");
        voice.value(&json!({ "organisations": 0, "principals": 0, "proposed": null }));
        return Ok(Ending::Done);
    }
    let merged = merged(organisations, principals, &change)?;
    let pairs = authority::pairs(&home.parameters)?;
    if let Some((p, a, b)) = merged.conflicts(&pairs).first() {
        bail!("{}: 兼務できない役割です: 「{}」と「{}」", p.row.id, a.ja(), b.ja());
    }
    if founding {
        let standing: Vec<NewInstruction> = file.instruction.into_iter().map(Standing::given).collect();
        for one in &standing {
            instruction::check(&merged, one, today()).context("常時の指示")?;
        }
        enter(cli, &home, &change)?;
        db.give_instructions(&standing, now()).context("指示を登録できません")?;
        for _ in &standing {
            books::audit(&mut db, cli, AuditRole::Officer, AuditAction::Instruct, AuditObject::House, 0)?;
        }
        told(voice, &change, standing.len());
        return Ok(Ending::Done);
    }
    two_people(cli, &home, voice, &change, reason)
}

impl Standing {
    fn given(self) -> NewInstruction {
        NewInstruction {
            given_by: self.given_by,
            organisation: self.to,
            role: self.role,
            jobs: self.jobs,
            scope: self.scope,
            valid_from: self.from,
            valid_to: self.until,
            reason: self.reason,
        }
    }
}

/// The book as it would be; whether it holds together is asked before anything is entered.
fn merged(
    mut organisations: Vec<OrganisationRow>,
    mut principals: Vec<PrincipalRow>,
    change: &Change,
) -> Result<Book> {
    organisations.retain(|o| change.organisations.iter().all(|new| new.id != o.id));
    organisations.extend(change.organisations.iter().cloned());
    principals.retain(|p| change.principals.iter().all(|new| new.id != p.id));
    principals.extend(change.principals.iter().cloned());
    Book::new(organisations, principals).context("登録できません")
}

/// Enters a change when two people agreed to exactly it; proposes it otherwise.
fn two_people(cli: &Cli, home: &Home, voice: Voice, change: &Change, reason: &str) -> Result<Ending> {
    let content = serde_json::to_value(change).context("JSON")?;
    let kind = OperationKind::OrganisationChange;
    let Some(_agreed) = operation::obtain(cli, home, voice, kind, &content, reason)? else {
        return Ok(Ending::LookAtIt);
    };
    enter(cli, home, change)?;
    told(voice, change, 0);
    Ok(Ending::Done)
}

fn enter(cli: &Cli, home: &Home, change: &Change) -> Result<()> {
    let mut db = home.registry.act()?;
    db.enter_organisations(&change.organisations, &change.principals, &cli.actor, now())
        .context("登録できません")?;
    let role = home.acting.granted.role;
    for o in &change.organisations {
        let object = AuditObject::Organisation(operation::name(&o.id)?);
        books::audit(&mut db, cli, role, AuditAction::Register, object, 0)?;
    }
    for p in &change.principals {
        let object = AuditObject::Principal(operation::name(&p.id)?);
        books::audit(&mut db, cli, role, AuditAction::Register, object, 0)?;
    }
    Ok(())
}

fn told(voice: Voice, change: &Change, instructions: usize) {
    let (o, p) = (change.organisations.len(), change.principals.len());
    voice.say(
        format!("登録しました: 事業者 {o}、アカウント {p}、常時の指示 {instructions}"),
        format!("Registered: {o} organisations, {p} accounts, {instructions} standing instructions"),
    );
    voice.value(
        &json!({ "organisations": o, "principals": p, "instructions": instructions, "proposed": null }),
    );
}

fn retire(cli: &Cli, voice: Voice, id: &str, reason: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let (organisations, principals) = (db.organisations()?, db.principals()?);
    let mut change = Change::default();
    if let Some(one) = organisations.iter().find(|o| o.id == id) {
        change.organisations.push(OrganisationRow { retired: true, ..one.clone() });
    } else if let Some(one) = principals.iter().find(|p| p.id == id) {
        change.principals.push(PrincipalRow { retired: true, ..one.clone() });
    } else {
        bail!("登録されていません: {id}");
    }
    merged(organisations, principals, &change)?;
    two_people(cli, &home, voice, &change, reason)
}

fn list(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let book = kept::organisations(&mut db)?;
    let on = today();
    let number = |name| home.parameters.number(name, on);
    let pairs: ForbiddenPairs = authority::pairs(&home.parameters)?;
    let rules = Rules {
        pairs: &pairs,
        training_months: number("authority.training_months")?,
        unused_days: number("authority.unused_days")?,
        alarm_days: number("authority.certificate_alarm_days")?,
    };
    for o in book.organisations() {
        let retired = if o.row.retired { voice.word("(終了)", " (retired)") } else { "" };
        voice.line(format!(
            "{}{retired}  {}  {} {}  {}–{}  {}",
            o.row.id,
            voice.word(o.kind.ja(), o.kind.as_str()),
            voice.word("認定", "certificate"),
            o.row.certificate,
            o.row.valid_from,
            o.row.valid_to,
            o.row.zones.join(" ")
        ));
        for p in book.principals().filter(|p| p.row.organisation == o.row.id) {
            let roles: Vec<&str> =
                p.roles_on(on).into_iter().map(|r| voice.word(r.ja(), r.as_str())).collect();
            let state = if p.active(on) { "" } else { voice.word("(閉鎖)", " (closed)") };
            let star = if p.row.default { " *" } else { "" };
            voice.line(format!("    {}{star}{state}  {}", p.row.id, roles.join(", ")));
        }
    }
    let mut seen = db.principals_entered()?;
    seen.extend(db.role_uses()?.into_iter().map(|u| (u.principal, u.at)));
    let seen: Vec<_> = seen.into_iter().map(|(who, at)| (who, japanese_day(at))).collect();
    let findings = book.findings(&rules, &seen, on);
    for f in &findings {
        voice.line(format!("  {} {} {}: {}", f.check, f.severity.as_str(), f.subject, f.what));
    }
    let rows: Vec<&OrganisationRow> = book.organisations().map(|o| &o.row).collect();
    let accounts: Vec<&PrincipalRow> = book.principals().map(|p| &p.row).collect();
    voice.value(&json!({ "organisations": rows, "principals": accounts, "findings": findings }));
    Ok(Ending::Done)
}

fn show(cli: &Cli, voice: Voice, id: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let (organisations, principals) = (db.organisation_history(id)?, db.principal_history(id)?);
    if organisations.is_empty() && principals.is_empty() {
        bail!("登録されていません: {id}");
    }
    let versions = organisations
        .iter()
        .map(|v| Ok((v.version, v.at, &v.by, serde_json::to_string(&v.row)?)))
        .chain(principals.iter().map(|v| Ok((v.version, v.at, &v.by, serde_json::to_string(&v.row)?))));
    for version in versions {
        let (number, at, by, row) = version.map_err(|e: serde_json::Error| e)?;
        voice.line(format!("{number}  {at}  {by}  {row}"));
    }
    voice.value(&json!({ "organisation": organisations, "principal": principals }));
    Ok(Ending::Done)
}

fn matrix(voice: Voice) {
    let asked = |line: &authority::Line| {
        let need = line.need?;
        Some(json!({
            "verb": line.verb,
            "roles": need.roles.iter().map(|r| r.as_str()).collect::<Vec<_>>(),
            "human": need.human,
            "instruction": need.job.map(Job::as_str),
            "two_people": line.dual.map(OperationKind::as_str),
        }))
    };
    voice.line("| command | roles | only a human | instruction | two people |\n|---|---|---|---|---|");
    for line in LINES {
        let Some(need) = line.need else { continue };
        let roles: Vec<&str> = need.roles.iter().map(|r| voice.word(r.ja(), r.as_str())).collect();
        let human = if need.human { "✓" } else { "" };
        let job = need.job.map_or("", |j| voice.word(j.ja(), j.as_str()));
        let dual = line.dual.map_or("", |d| voice.word(d.ja(), d.as_str()));
        voice.line(format!("| `{}` | {} | {human} | {job} | {dual} |", line.shown(), roles.join(", ")));
    }
    voice.value(&LINES.iter().filter_map(asked).collect::<Vec<_>>());
}
