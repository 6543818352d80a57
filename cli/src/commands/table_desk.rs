//! `musubi desk`: the municipality's table desk (自治体の統計窓口): questions of policy, tables that were released, requests.
//!
//! An account sees what was released to its own organisation, and public statistics. Everything that is shown comes from
//! published cells (`musubi_release::view`). It must never count anything anew, nor look into another's requests.

mod ask;
mod catalogue;
mod shown;
mod table;
mod words;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use musubi_compliance::output;
use musubi_compliance::parameters::word;
use musubi_compliance::policies::preset;
use musubi_model::manifest::Municipality;
use musubi_model::policy::Policy;
use musubi_model::spec::{ExtractSpec, PolicyRef, Product};
use musubi_release::view::{Released, ViewError, released};
use musubi_review_board::questions::{Level, Question, QuestionError};
use musubi_review_board::{Approval, ApprovalError};
use musubi_storage::board::BoardRead as _;

use super::Ending;
use super::committee::{Case as Application, cases};
use super::output::{Case, number};
use crate::args::Cli;
use crate::home::{Home, today};
use crate::say::{Voice, warn};

/// `musubi desk`.
#[derive(Debug, Subcommand)]
pub enum Desk {
    /// List the questions that can be asked, by domain, with how far each has come.
    Questions {
        /// Only one domain: education, health, medical or welfare.
        #[arg(long, value_parser = ["education", "health", "medical", "welfare"])]
        domain: Option<String>,
    },
    /// Describe a question: why it matters, how its table is read, what it needs, what was released.
    Question {
        /// Its id.
        id: String,
    },
    /// Show a slice of a table that was released: cells, why some are hidden, rates, change, comparison.
    Table(Slice),
    /// Ask for the table of a question: makes the draft of an application, or says what already answers it.
    Ask(Ask),
    /// List what was released to the organisation.
    Deliveries,
}

/// `musubi desk table`.
#[derive(Debug, Args)]
pub struct Slice {
    /// The question.
    id: String,
    /// Dimensions whose values are shown, separated by commas; default: all but the place and the totals' own.
    #[arg(long, value_delimiter = ',')]
    by: Option<Vec<String>>,
    /// One value of a dimension: `sex=男`. May be given several times.
    #[arg(long, value_name = "DIMENSION=VALUE")]
    at: Vec<String>,
    /// The release; default: the newest of the question.
    #[arg(long)]
    release: Option<String>,
    /// Only periods that begin in this year.
    #[arg(long)]
    year: Option<i16>,
    /// The municipality, where the organisation stands for several: its code.
    #[arg(long)]
    place: Option<String>,
    /// Write what is shown as CSV, with its explanation beside it (.txt).
    #[arg(long)]
    out: Option<std::path::PathBuf>,
}

/// `musubi desk ask`.
#[derive(Debug, Args)]
pub struct Ask {
    /// The question.
    id: String,
    /// First day of the period.
    #[arg(long)]
    from: Date,
    /// Last day of the period.
    #[arg(long)]
    to: Date,
    /// The municipality, where the organisation stands for several: its code.
    #[arg(long)]
    place: Option<String>,
    /// Only show the draft.
    #[arg(long)]
    dry: bool,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Desk) -> Result<Ending> {
    let home = Home::open(cli)?;
    let desk = Standing::of(cli, &home)?;
    let ended = match order {
        Desk::Questions { domain } => catalogue::questions(&desk, voice, domain.as_deref()),
        Desk::Question { id } => catalogue::question(&desk, voice, id),
        Desk::Table(slice) => table::run(&desk, voice, slice),
        Desk::Ask(order) => ask::run(&desk, voice, order),
        Desk::Deliveries => catalogue::deliveries(&desk, voice),
    };
    match ended {
        // What was asked for is not there, or does not fit: said to whoever asked, and nothing is wrong with the house.
        Err(e) if e.is::<Unusable>() || e.is::<ViewError>() || e.is::<QuestionError>() => {
            warn(&crate::told(&e));
            Ok(Ending::Usage)
        }
        ended => ended,
    }
}

/// What was asked for cannot be had, in the words of whoever asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unusable(String);

/// Who stands at the desk: an organisation and the municipalities it stands for.
struct Standing<'a> {
    cli: &'a Cli,
    home: &'a Home,
    /// The organisation.
    id: String,
    name: String,
    /// All municipalities of the register.
    register: Vec<Municipality>,
    /// The policy of requests, and whether the board adopted it.
    policy: Policy,
    adopted: bool,
}

impl<'a> Standing<'a> {
    fn of(cli: &'a Cli, home: &'a Home) -> Result<Self> {
        let account = home.acting.granted.principal.to_string();
        let book = &home.books.organisations;
        let own = book.principal(&account).and_then(|p| book.organisation(&p.row.organisation));
        let own = own.ok_or_else(|| anyhow!("アカウントの組織がありません"))?;
        let named = word(&home.parameters, "desk.policy", today())?;
        let rows = home.registry.board()?.policies()?;
        let of_name =
            rows.iter().filter(|row| row.name == named).filter_map(|row| Policy::parse(&row.text).ok());
        let adopted = of_name.filter(|p| p.in_force(today())).max_by_key(|p| p.version);
        let shipped = || preset(named).and_then(|p| Policy::parse(p.text).ok());
        let (id, name) = (own.row.id.clone(), own.row.name.clone());
        Ok(Self {
            cli,
            home,
            id,
            name,
            register: home.registry.act()?.municipalities()?,
            adopted: adopted.is_some(),
            policy: adopted.or_else(shipped).ok_or_else(|| anyhow!("desk.policy: その方針はありません"))?,
        })
    }

    /// What an account is told of whatever is not its own: that there is no such thing.
    fn not_found(&self, ja: &str, en: &str) -> anyhow::Error {
        self.unusable("DSK_NOT_FOUND", ja, en)
    }

    /// What was given cannot be used.
    fn unusable(&self, code: &str, ja: &str, en: &str) -> anyhow::Error {
        Unusable(format!("{code}: {}", if self.cli.lang == "en" { en } else { ja })).into()
    }

    /// The municipalities that the organisation stands for.
    fn places(&self) -> impl Iterator<Item = &Municipality> {
        self.register.iter().filter(|m| m.organisation.as_deref() == Some(self.id.as_str()))
    }

    /// The municipality that is meant: the named one, or the first.
    fn place(&self, code: Option<&str>) -> Result<&Municipality> {
        self.places().find(|m| code.is_none_or(|code| m.code == code)).ok_or_else(|| {
            self.not_found(
                "この組織が代表する市区町村が台帳(feeds.toml の [[municipality]])にありません",
                "the register (feeds.toml, [[municipality]]) has no such municipality of this organisation",
            )
        })
    }

    /// The level at which a municipality may be told: its own, unless the policy never shows counts of so few people (G-19).
    fn level(&self, place: &Municipality) -> Level {
        let tiers = self.policy.tables.iter().flat_map(|t| &t.tiers);
        let tier = tiers.filter(|t| t.from <= place.population).max_by_key(|t| t.from);
        match tier {
            Some(tier) if tier.cell_min.is_none() => Level::MedicalArea,
            _ => Level::Municipality,
        }
    }

    /// The name of the place at a level, as tables have it, and its people.
    fn label(&self, place: &Municipality, level: Level) -> (String, u64) {
        match level {
            Level::Municipality => (place.name.clone(), place.population),
            Level::MedicalArea => {
                let people =
                    self.register.iter().filter(|m| m.area == place.area).map(|m| m.population).sum();
                (place.area_name.clone(), people)
            }
        }
    }

    fn policy_ref(&self) -> PolicyRef {
        PolicyRef { name: self.policy.name.clone(), version: self.policy.version }
    }

    /// The organisation's own applications, oldest first.
    fn cases(&self) -> Result<Vec<Application>> {
        let mut all = cases(&mut self.home.registry.board()?)?;
        all.retain(|case| case.row.organisation == self.id);
        Ok(all)
    }

    /// The id under which statistics for everybody are released.
    fn public(&self) -> Result<&str> {
        Ok(word(&self.home.parameters, "desk.public_recipient", today())?)
    }

    fn is_for(spec: &ExtractSpec, id: &str) -> bool {
        spec.recipients.iter().any(|r| r.id == id)
    }

    /// The releases of a question at a level that this organisation may see, oldest first: its own, and public ones.
    fn released(&self, question: &Question, level: Level) -> Result<Vec<Released>> {
        let (name, public) = (question.request_name(level), self.public()?);
        let wanted = |spec: &ExtractSpec| {
            spec.name == name && (Self::is_for(spec, &self.id) || Self::is_for(spec, public))
        };
        self.read(&wanted)
    }

    /// The releases that were handed to this organisation and not taken back. Built is not handed over: until two have
    /// checked a release and two have set their keys, nobody outside sees a cell of it.
    fn handed(&self) -> Result<BTreeSet<String>> {
        let mut db = self.home.registry.act()?;
        let own = |organisation: &str| organisation == self.id;
        let recalled: BTreeSet<String> = db
            .handover_events(None)?
            .into_iter()
            .filter(|e| own(&e.organisation) && e.event == "recalled")
            .map(|e| e.release)
            .collect();
        let handed = db.handovers(None)?.into_iter().filter(|h| own(&h.organisation)).map(|h| h.release);
        Ok(handed.filter(|release| !recalled.contains(release)).collect())
    }

    /// The statistics for everybody that may be read. Nobody is handed them, so the second key publishes: found fit by two
    /// who did not make them, with the keys of two others on exactly these bytes, and not suspended by the committee, which
    /// is how a table is taken back. That an approval ran out or was replaced does not undo what was published under it.
    fn published(&self) -> Result<BTreeSet<String>> {
        let (public, board) = (self.public()?, self.home.ring.board.public());
        let needed = usize::try_from(number(self.home, "handover.keys")?).context("handover.keys")?;
        let (mut db, mut releases) = (self.home.registry.act()?, self.home.registry.release()?);
        let mut found = BTreeSet::new();
        for asked in db.asked_releases()? {
            let spec = asked.spec.as_deref().and_then(|text| ExtractSpec::parse(text).ok());
            if !spec.is_some_and(|s| s.product == Product::Statistics && Self::is_for(&s, public)) {
                continue;
            }
            let case = Case::of(self.home, &mut db, asked)?;
            // Without a maker on record nobody could be held apart from them.
            let fit = match case.standing {
                output::Standing::Checked(checked) if !case.runs.is_empty() => {
                    checked.keyed(&case.rows.keys, needed).is_ok()
                }
                _ => false,
            };
            let ends = releases.approval(&case.asked.approval)?.map(|a| a.expires_on);
            let day = ends.map_or_else(today, |ends| ends.min(today()));
            let stands = Approval::load(&mut releases, &case.asked.approval, &board, day);
            if fit && matches!(stands, Ok(_) | Err(ApprovalError::Ended)) {
                found.insert(case.asked.release);
            }
        }
        Ok(found)
    }

    /// What was released to the organisation or to everybody: never a table that is built and no more.
    fn read(&self, wanted: &dyn Fn(&ExtractSpec) -> bool) -> Result<Vec<Released>> {
        let key = self.home.ring.release.public();
        let (handed, published) = (self.handed()?, self.published()?);
        let mut all =
            released(&mut self.home.registry.release()?, &key, wanted).context("公表された表を読めません")?;
        all.retain(|r| handed.contains(&r.release) || published.contains(&r.release));
        Ok(all)
    }

    /// The question of that id.
    fn question(&self, id: &str) -> Result<Question> {
        let found = musubi_review_board::questions::question(id)?;
        found.ok_or_else(|| self.not_found("その問いはありません", "there is no such question"))
    }
}
