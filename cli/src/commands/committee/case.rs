//! An application as read from the store, who may see it, and the one way in which a step is taken ([`Case::step`]).
//!
//! Whoever stands outside sees what belongs to their organisation, and everything else is not there.

use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::organisation::Book;
use musubi_compliance::parameters::word;
use musubi_review_board::committee::ballot::Procedure;
use musubi_review_board::committee::document::Document;
use musubi_review_board::committee::member::{Ground, Looked, Parties, grounds};
use musubi_review_board::committee::quorum::Rule;
use musubi_review_board::committee::stage::{State, Step, follow};
use musubi_review_board::questions::Origin;
use musubi_storage::StorageError;
use musubi_storage::board::{ApprovalRow, RequestRow};
use musubi_storage::board_application::{ApplicationRow, EventRow, VersionRow};
use musubi_storage::board_committee::{InterestRow, MemberRow};
use musubi_storage::registry::BoardDb;
use serde_json::{Value, json};

use crate::args::Cli;
use crate::commands::books;
use crate::home::{Home, now, today};

/// A rule of the committee said no: exit code 2, with its words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RuleRefused(String);

/// A rule said no.
pub fn refuse(why: impl Display) -> anyhow::Error {
    RuleRefused(why.to_string()).into()
}

/// What the store refuses in words is a rule, too; anything else is a failure.
pub fn kept<T>(done: Result<T, StorageError>) -> Result<T> {
    done.map_err(|e| match e {
        StorageError::Refused(why) => refuse(why),
        e => e.into(),
    })
}

/// Nothing of that name, or nothing that this account may see: the two are not told apart.
pub fn unknown(what: &str) -> anyhow::Error {
    refuse(format!("REV_UNKNOWN: there is no {what} (その名前のものはありません)"))
}

/// A file that somebody gives.
pub fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))
}

/// A text that somebody gives and that has to say something.
pub fn words(file: &Path) -> Result<String> {
    let text = read(file)?.trim().to_owned();
    if text.is_empty() {
        return Err(refuse("REV_EMPTY: the text is empty (本文がありません)"));
    }
    Ok(text)
}

/// A text of an answer; empty when it is not there.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// An application with all that happened to it.
#[derive(Debug, Clone)]
pub struct Case {
    /// As begun.
    pub row: ApplicationRow,
    /// Its versions.
    pub versions: Vec<VersionRow>,
    /// Its events.
    pub events: Vec<EventRow>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Where it stands today.
    pub state: State,
    /// Its newest approval.
    pub approval: Option<ApprovalRow>,
}

/// All applications as they stand today.
pub fn all(db: &mut BoardDb) -> Result<Vec<Case>> {
    let (rows, mut versions, mut events) =
        (db.applications()?, db.application_versions("")?, db.application_events("")?);
    let mut approvals = Vec::new();
    for ballot in db.ballots()? {
        let of = db.approvals_of(&ballot.request_id)?;
        let signed = of.into_iter().find(|a| committee(a).as_deref() == Some(ballot.ballot_id.as_str()));
        approvals.extend(signed.map(|a| (ballot.application_id.clone(), a)));
    }
    rows.into_iter()
        .map(|row| {
            let id = row.application_id.clone();
            let own: Vec<VersionRow> = versions.extract_if(.., |v| v.application_id == id).collect();
            let happened: Vec<EventRow> = events.extract_if(.., |e| e.application_id == id).collect();
            let approval = approvals.iter().rev().find(|(of, _)| *of == id).map(|(_, a)| a.clone());
            Case::of(row, own, happened, approval)
        })
        .collect()
}

/// The ballot that an approval was signed for.
pub fn committee(approval: &ApprovalRow) -> Option<String> {
    let decision: musubi_review_board::Decision = serde_json::from_str(&approval.decision).ok()?;
    decision.committee
}

impl Case {
    fn of(
        row: ApplicationRow,
        versions: Vec<VersionRow>,
        events: Vec<EventRow>,
        approval: Option<ApprovalRow>,
    ) -> Result<Self> {
        let mut steps: Vec<Step> = events.iter().filter_map(|e| Step::from_name(&e.kind)).collect();
        let over = approval.as_ref().is_some_and(|a| a.expires_on < today());
        let stands = follow(steps.iter().copied()).map_err(refuse)?.state();
        if over && matches!(stands, State::Approved | State::Conditional | State::Suspended) {
            steps.push(Step::Expire);
        }
        let state = follow(steps.iter().copied()).map_err(refuse)?.state();
        Ok(Self { row, versions, events, steps, state, approval })
    }

    /// Its number.
    pub fn id(&self) -> &str {
        &self.row.application_id
    }

    /// Its newest version.
    pub fn newest(&self) -> Result<&VersionRow> {
        self.versions.last().context("申出に版がありません")
    }

    /// A version; none: the newest.
    pub fn version(&self, number: Option<u32>) -> Result<&VersionRow> {
        match number {
            None => self.newest(),
            Some(n) => {
                self.versions.iter().find(|v| v.version == n).ok_or_else(|| unknown(&format!("version {n}")))
            }
        }
    }

    /// The newest document.
    pub fn document(&self) -> Result<Document> {
        Ok(Document::kept(&self.newest()?.document)?)
    }

    /// The version handed in last.
    pub fn submitted(&self) -> Option<u32> {
        self.events.iter().rev().find(|e| e.kind == Step::Submit.as_str()).and_then(|e| e.version)
    }

    /// The request that was filed when it went before the committee.
    pub fn request(&self) -> Option<String> {
        let accepted = self.events.iter().rev().find(|e| e.kind == Step::Accept.as_str())?;
        let body: Value = serde_json::from_str(&accepted.body).ok()?;
        body.get("request").and_then(Value::as_str).map(str::to_owned)
    }

    /// The event of a step, as the next one; refused when it cannot follow.
    pub fn event(&self, step: Step, version: Option<u32>, body: &Value, cli: &Cli) -> Result<EventRow> {
        follow(self.steps.iter().copied().chain([step])).map_err(refuse)?;
        self.entry(step.as_str(), version, body, cli)
    }

    /// Something that is no step, as the next event.
    pub fn entry(&self, kind: &str, version: Option<u32>, body: &Value, cli: &Cli) -> Result<EventRow> {
        Ok(EventRow {
            application_id: self.id().to_owned(),
            nth: u32::try_from(self.events.len())?.saturating_add(1),
            kind: kind.to_owned(),
            version,
            body: body.to_string(),
            account: cli.actor.to_string(),
            role: cli.actor.role().map_or("", AuditRole::as_str).to_owned(),
            at: now(),
        })
    }

    /// Takes a step, keeps it and books it.
    pub fn step(
        &self,
        db: &mut BoardDb,
        cli: &Cli,
        step: Step,
        version: Option<u32>,
        body: &Value,
    ) -> Result<()> {
        let event = self.event(step, version, body, cli)?;
        kept(db.enter_event(&event))?;
        book(db, cli, AuditAction::Apply, self.id())
    }

    /// Its answer in short, for lists and after a step.
    pub fn short(&self, book: &Book, state: State) -> Result<Value> {
        let document = self.document()?;
        let origin = document.extract().map(|spec| Origin::of(&spec)).transpose()?.flatten();
        Ok(json!({
            "application": self.id(),
            "origin": origin,
            "organisation": self.row.organisation,
            "organisation_name": organisation_name(book, &self.row.organisation),
            "title": document.field("title"),
            "state": state.as_str(),
            "state_ja": state.ja(),
            "version": self.newest()?.version,
            "submitted_version": self.submitted(),
            "amends": self.row.amends,
            "created_at": self.row.created_at,
            "approval": self.approval.as_ref().map(|a| a.approval_id.clone()),
            "expires_on": self.approval.as_ref().map(|a| a.expires_on),
        }))
    }
}

/// The name of an organisation.
pub fn organisation_name(book: &Book, id: &str) -> String {
    book.organisation(id).map_or_else(|| id.to_owned(), |o| o.row.name.clone())
}

/// Books something done about an application.
pub fn book(db: &mut BoardDb, cli: &Cli, action: AuditAction, application: &str) -> Result<()> {
    let object = AuditObject::Request(Name::new(application).context("application")?);
    books::audit(db, cli, AuditRole::ReviewSecretary, action, object, 0)
}

/// A house opened for the committee's work.
pub struct Room {
    /// The house.
    pub home: Home,
    /// The board's books.
    pub db: BoardDb,
    /// Organisations and accounts.
    pub book: Arc<Book>,
}

impl Room {
    /// Opens it for whoever may give the command.
    pub fn open(cli: &Cli) -> Result<Self> {
        let home = Home::open(cli)?;
        let db = home.registry.board()?;
        let book = Arc::clone(&home.books.organisations);
        Ok(Self { home, db, book })
    }

    /// The account that acts.
    pub fn account(&self) -> String {
        self.home.acting.granted.principal.to_string()
    }

    /// The role in which it was let in.
    pub fn role(&self) -> AuditRole {
        self.home.acting.granted.role
    }

    /// The organisation of the account that acts.
    pub fn organisation(&self) -> Result<String> {
        let principal = self.book.principal(&self.account()).context("アカウントがありません")?;
        Ok(principal.row.organisation.clone())
    }

    /// Whether the account may see an application: its own organisation's; as a member, what is before the committee and
    /// not one's own business; the secretariat and the house, what was handed in.
    pub fn sees(&mut self, case: &Case) -> Result<bool> {
        Ok(match self.role() {
            AuditRole::Applicant => self.organisation()? == case.row.organisation,
            AuditRole::ReviewMember => {
                case.request().is_some() && self.grounds_of(case, &self.account())?.is_empty()
            }
            _ => case.submitted().is_some(),
        })
    }

    /// An application that the account may see.
    pub fn case(&mut self, id: &str) -> Result<Case> {
        let found = all(&mut self.db)?.into_iter().find(|c| c.id() == id);
        match found {
            Some(case) if self.sees(&case)? => Ok(case),
            _ => Err(unknown(&format!("application {id}"))),
        }
    }

    /// Everybody who has a part in an application.
    pub fn parties(&self, case: &Case) -> Result<Parties> {
        let document = case.document()?;
        let mut names =
            vec![case.row.organisation.clone(), organisation_name(&self.book, &case.row.organisation)];
        let lists = ["funding", "recipients", "team"];
        names.extend(lists.iter().flat_map(|list| document.lines(list)).map(str::to_owned));
        if let Some(spec) = document.extract() {
            names.push(spec.recipient);
            names.extend(spec.recipients.into_iter().flat_map(|r| [r.id, r.name]));
        }
        // A registered organisation is known by its id and by its name, whichever was written.
        for o in self.book.organisations() {
            if names.contains(&o.row.id) || names.contains(&o.row.name) {
                names.extend([o.row.id.clone(), o.row.name.clone()]);
            }
        }
        let team: Vec<&str> = document.lines("team").collect();
        Ok(Parties::new(names.iter().map(String::as_str), team))
    }

    /// What is looked at when interests are weighed.
    pub fn looked(&self) -> Result<Looked> {
        let years = self.home.parameters.number("board.interest_years", today())?;
        let years = jiff::Span::new().try_years(i64::try_from(years)?)?;
        Ok(Looked { on: today(), back_to: today().checked_sub(years).unwrap_or(Date::MIN) })
    }

    /// Why members have to stand aside in a case, by computing and by what they declared.
    pub fn aside(&mut self, case: &Case, members: &[MemberRow]) -> Result<Vec<(MemberRow, Vec<Ground>)>> {
        let interests: Vec<InterestRow> = self.db.interests()?;
        let declared = self.db.declarations(case.id())?;
        let (parties, looked) = (self.parties(case)?, self.looked()?);
        let conflict = |m: &MemberRow| declared.iter().any(|d| d.member == m.member && d.conflict);
        let of = |m: &MemberRow| grounds(m, &interests, &parties, conflict(m), looked);
        Ok(members.iter().map(|m| (m.clone(), of(m))).collect())
    }

    /// Why one member has to stand aside; somebody without a seat always has to.
    pub fn grounds_of(&mut self, case: &Case, member: &str) -> Result<Vec<Ground>> {
        let members = self.db.members()?;
        let Some(row) = members.into_iter().find(|m| m.member == member) else {
            return Ok(vec![Ground::Term]);
        };
        let aside = self.aside(case, &[row])?;
        Ok(aside.into_iter().flat_map(|(_, grounds)| grounds).collect())
    }

    /// How a quorum is made up.
    pub fn rule(&self) -> Result<Rule> {
        let of = |name: &str| self.home.parameters.number(name, today());
        Ok(Rule { members: of("checks.review_members_min")?, outside: of("checks.review_outside_min")? })
    }

    /// How a ballot is counted.
    pub fn procedure(&self, meeting: bool) -> Result<Procedure> {
        Ok(if meeting {
            Procedure::Meeting(self.rule()?)
        } else {
            let members = self.home.parameters.number("board.expedited_members_min", today())?;
            Procedure::Expedited { members }
        })
    }

    /// The words of a parameter that is a list.
    pub fn list(&self, name: &str) -> Result<Vec<String>> {
        Ok(word(&self.home.parameters, name, today())?.split_whitespace().map(str::to_owned).collect())
    }

    /// The request of a case.
    pub fn request(&mut self, case: &Case) -> Result<RequestRow> {
        use musubi_storage::board::BoardRead as _;
        let id = case.request().ok_or_else(|| unknown("request of this application"))?;
        self.db.request(&id)?.ok_or_else(|| unknown(&format!("request {id}")))
    }
}

/// Flaws in short, with the purposes that are admitted now.
pub fn flaws(
    room: &Room,
    document: &Document,
) -> Result<Vec<musubi_review_board::committee::document::Flaw>> {
    flaws_today(&room.home, document)
}

/// The same, where no room is open.
pub fn flaws_today(
    home: &Home,
    document: &Document,
) -> Result<Vec<musubi_review_board::committee::document::Flaw>> {
    let purposes: Vec<&str> =
        word(&home.parameters, "board.purpose_codes", today())?.split_whitespace().collect();
    Ok(document.flaws(&purposes)?)
}
