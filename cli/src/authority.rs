//! What every verb asks of whoever gives it: one table, one line for each verb, and the one place where it is applied
//! ([`admit`], called by `Home::open`).
//!
//! A verb without a line is refused, and the test below fails. A new verb is one new line.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::ArgMatches;
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use musubi_compliance::authority::{ForbiddenPairs, Granted, Need, Office, Refused, decide};
use musubi_compliance::instruction::Job;
use musubi_compliance::operation::{OperationKind, Signatory};
use musubi_compliance::organisation::{Book, OrganisationKind};
use musubi_compliance::parameters::{record_parameters, word};
use musubi_model::parameter::ParameterSet;
use musubi_storage::act::instruction::NewRun;
use musubi_storage::registry::{ActDb, Registry};

use crate::args::Cli;
use crate::home::{CODE_VERSION, now, today};
use crate::kept::Books;

use AuditRole::{
    Applicant, Auditor, Board, Checker, Confirmer, Curator, Eraser, HelpDesk, Identity, Intake, KeyCustodian,
    Municipality, Officer, Operator, Release, ReleaseApprover, ReviewMember, ReviewSecretary, SecurityAdmin,
    Submitter,
};

/// Who may look into the books, where a line says nothing narrower.
const BOOKS: &[AuditRole] =
    &[Officer, Auditor, Operator, SecurityAdmin, Confirmer, Curator, KeyCustodian, Checker];
/// Who may look, without the custodian of keys: what shows persons' counts or reads stores.
const LOOKS: &[AuditRole] = &[Officer, Auditor, Operator, SecurityAdmin, Confirmer, Curator, Checker];
/// Who keeps incidents.
const INCIDENTS: &[AuditRole] = &[SecurityAdmin, Officer, Operator];
/// Who sees what became of deliveries.
const DELIVERIES: &[AuditRole] = &[Operator, Intake, Confirmer, Curator, Officer, Auditor];
/// Who receives for an outside organisation.
const RECIPIENTS: &[AuditRole] = &[Applicant, Municipality];
/// The same, and the senders for what is their own.
const SENDERS: &[AuditRole] = &[Operator, Intake, Confirmer, Curator, Officer, Auditor, Submitter];
/// Who governs organisations and parameters.
const GOVERN: &[AuditRole] = &[Officer, SecurityAdmin];
/// Who sees the secretariat's work.
const SEES_BOARD: &[AuditRole] = &[ReviewSecretary, Board, Officer, Auditor];
/// Who sees the committee's work; a member not where it stands aside.
const SEES_COMMITTEE: &[AuditRole] = &[ReviewSecretary, ReviewMember, Board, Officer, Auditor];
/// Who sees applications; from outside, one's own or what one has to review.
const SEES_CASES: &[AuditRole] = &[
    Applicant,
    ReviewMember,
    ReviewSecretary,
    Board,
    Officer,
    Auditor,
    Checker,
    ReleaseApprover,
    SecurityAdmin,
];
/// Who may be named as the verifier of a condition.
const VERIFIERS: &[AuditRole] = &[ReviewSecretary, Officer, Checker, ReleaseApprover, SecurityAdmin];
/// Who looks after accounts.
const ACCOUNTS: &[AuditRole] = &[SecurityAdmin, Officer, Auditor];
/// Whoever works in the house: in an emergency any of them may ask for one role more. Not who keeps the keys, and not who audits.
const HOUSE: &[AuditRole] = &[
    Operator,
    Intake,
    Identity,
    HelpDesk,
    Curator,
    SecurityAdmin,
    Officer,
    Release,
    Checker,
    Board,
    Confirmer,
    Eraser,
    ReleaseApprover,
    ReviewSecretary,
];
/// Whose approval counts for some kind of operation.
const DECIDERS: &[AuditRole] =
    &[Officer, SecurityAdmin, Confirmer, HelpDesk, KeyCustodian, Curator, ReleaseApprover];

/// What a verb asks.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// The words after `musubi`.
    pub verb: &'static str,
    /// Only when this option is given. The first line that fits counts.
    when: Option<&'static str>,
    /// The option that names the account that decides, instead of `--actor`.
    by: Option<&'static str>,
    /// The argument that says for what a job runs.
    scope: Option<&'static str>,
    /// What is asked; `None`: the verb opens no house.
    pub need: Option<Need>,
    /// Works before anybody is registered.
    founding: bool,
    /// What two people decide within it.
    pub dual: Option<OperationKind>,
}

/// Opens no house.
const fn free(verb: &'static str) -> Line {
    Line { verb, when: None, by: None, scope: None, need: None, founding: false, dual: None }
}

/// Done by an account, human or service, that holds one of the roles.
const fn by_role(verb: &'static str, roles: &'static [AuditRole]) -> Line {
    Line { need: Some(Need { roles, job: None, human: false }), ..free(verb) }
}

/// Decided by a human who holds one of the roles.
const fn decided(verb: &'static str, roles: &'static [AuditRole]) -> Line {
    Line { need: Some(Need { roles, job: None, human: true }), ..free(verb) }
}

/// A job: does not start without an instruction.
const fn job(verb: &'static str, roles: &'static [AuditRole], job: Job) -> Line {
    Line { need: Some(Need { roles, job: Some(job), human: false }), ..free(verb) }
}

impl Line {
    /// The verb as people write it, with the option that makes it this line.
    pub fn shown(&self) -> String {
        self.when.map_or_else(|| self.verb.to_owned(), |option| format!("{} --{option}", self.verb))
    }

    const fn when(self, option: &'static str) -> Self {
        Self { when: Some(option), ..self }
    }

    const fn by(self, option: &'static str) -> Self {
        Self { by: Some(option), ..self }
    }

    const fn scope(self, argument: &'static str) -> Self {
        Self { scope: Some(argument), ..self }
    }

    /// A human alone.
    const fn human(self) -> Self {
        match self.need {
            Some(need) => Self { need: Some(Need { human: true, ..need }), ..self },
            None => self,
        }
    }

    const fn founding(self) -> Self {
        Self { founding: true, ..self }
    }

    const fn dual(self, kind: OperationKind) -> Self {
        Self { dual: Some(kind), ..self }
    }
}

/// The table.
pub const LINES: &[Line] = &[
    // without a house
    free("synth"),
    free("findings"),
    free("formats"),
    free("precheck"),
    free("anonymize"),
    free("match"),
    free("match eval"),
    free("bench"),
    free("ack verify"),
    by_role("release verify", &[Checker]).when("record"),
    free("release verify"),
    free("release twin"),
    free("release encrypt"),
    free("release open"),
    free("model show"),
    free("model report"),
    free("organisation matrix"),
    // who may do what
    decided("organisation load", GOVERN).founding().dual(OperationKind::OrganisationChange),
    decided("organisation retire", GOVERN).dual(OperationKind::OrganisationChange),
    by_role("organisation list", BOOKS),
    by_role("organisation show", BOOKS),
    decided("instruction give", &[Officer]),
    decided("instruction revoke", &[Officer]),
    by_role("instruction list", BOOKS),
    by_role("operation list", DECIDERS),
    decided("operation approve", DECIDERS),
    decided("operation reject", DECIDERS),
    // accounts that log in
    decided("account invite", &[SecurityAdmin]),
    decided("account second-half", GOVERN),
    decided("account issue", &[SecurityAdmin]),
    decided("account reset", GOVERN).dual(OperationKind::CredentialReset),
    decided("account lock", &[SecurityAdmin, Officer]),
    decided("account unlock", &[SecurityAdmin]),
    by_role("account list", ACCOUNTS),
    by_role("account permissions", ACCOUNTS),
    by_role("account sessions", ACCOUNTS),
    decided("account end-sessions", &[SecurityAdmin, Officer]),
    decided("account certificate add", &[SecurityAdmin]),
    by_role("account certificate list", ACCOUNTS),
    decided("account certificate end", &[SecurityAdmin]),
    decided("account break-glass ask", HOUSE),
    by_role("account break-glass list", ACCOUNTS),
    decided("account break-glass review", GOVERN),
    free("account code"),
    by_role("parameter list", BOOKS),
    by_role("parameter show", BOOKS),
    by_role("parameter preview", &[Officer, SecurityAdmin, Operator, Auditor]),
    decided("parameter propose", GOVERN).dual(OperationKind::ParameterChange),
    decided("parameter approve", GOVERN).dual(OperationKind::ParameterChange),
    decided("parameter reject", GOVERN),
    // agreements, masters, codes
    by_role("feeds", &[Operator]),
    by_role("masters", &[Operator, Curator]),
    by_role("masters load", &[Operator, Curator]),
    by_role("masters list", &[Operator, Curator, Identity, Intake, Auditor]),
    by_role("masters show", &[Operator, Curator, Identity, Intake, Auditor]),
    by_role("codes unmapped", &[Operator, Curator, Auditor, Submitter]),
    by_role("codes propose", &[Operator, Curator, Submitter]),
    by_role("codes import", &[Operator, Curator]),
    decided("codes approve", &[Operator, Curator]),
    decided("codes reject", &[Operator, Curator]),
    by_role("codes list", &[Operator, Curator, Auditor]),
    by_role("codes export", &[Operator, Curator, Auditor]),
    by_role("codes impact", &[Operator, Curator]),
    by_role("interfaces list", &[Operator, Curator, Intake, Auditor]),
    by_role("interfaces show", &[Operator, Curator, Intake, Auditor]),
    by_role("interfaces load", &[Operator, Curator]),
    // notices
    by_role("notice load", &[Intake]),
    by_role("notice filings", &[Operator]),
    by_role("notice status", SENDERS),
    by_role("notice held", SENDERS),
    job("notice release", &[Intake], Job::HeldLoad),
    by_role("notice reconcile", SENDERS),
    decided("notice allow", &[Officer, Confirmer]),
    by_role("notice verify", LOOKS),
    // opt-outs
    by_role("optout load", &[HelpDesk, Submitter]),
    by_role("optout status", &[HelpDesk, Officer, Operator, Auditor]),
    decided("optout preview", &[HelpDesk]),
    decided("optout standing", &[HelpDesk]),
    decided("optout register", &[HelpDesk]),
    decided("optout withdraw", &[HelpDesk]),
    by_role("optout receipt", &[HelpDesk]),
    by_role("optout certificate", &[HelpDesk, Officer]),
    by_role("optout rates", &[HelpDesk, Officer, Operator, Auditor]),
    decided("optout doubts", &[HelpDesk, Identity]).when("verdict"),
    by_role("optout doubts", &[HelpDesk, Identity, Officer, Auditor]),
    // deliveries
    job("intake", &[Intake], Job::Intake),
    job("nightly", &[Intake], Job::Intake),
    by_role("submission", DELIVERIES),
    by_role("delivery calendar", SENDERS),
    by_role("delivery show", SENDERS),
    by_role("delivery findings", SENDERS),
    by_role("delivery set-aside", SENDERS),
    by_role("delivery retry", &[Operator, Curator]),
    decided("delivery load", &[Operator, Curator]),
    decided("delivery return", &[Operator, Curator]),
    by_role("delivery offer", &[Submitter, Operator, Intake]),
    by_role("tonight", LOOKS),
    by_role("trust", LOOKS),
    by_role("ack", &[Operator, Intake, Submitter]),
    by_role("quality import", &[Operator, Intake, Submitter]),
    by_role("trace", &[Operator, Curator, Auditor]),
    by_role("rebuild", &[Operator]),
    by_role("report", &[Operator, Officer]),
    by_role("serve", &[Operator, SecurityAdmin]),
    by_role("check", LOOKS),
    free("check list"),
    by_role("check show", LOOKS),
    by_role("check status", LOOKS),
    decided("check evidence add", &[Operator, SecurityAdmin, Officer, ReviewSecretary]),
    by_role("check evidence list", LOOKS),
    decided("check program vouch", &[SecurityAdmin]),
    decided("check program withdraw", &[SecurityAdmin]),
    by_role("check program list", LOOKS),
    // the audit log
    by_role("audit log", LOOKS),
    by_role("audit verify", LOOKS),
    by_role("audit checkpoint", &[Operator, Officer, Intake]),
    by_role("audit print", LOOKS),
    free("audit witness"),
    by_role("audit accept", &[Operator, Officer]),
    by_role("audit prove", LOOKS),
    by_role("audit export", LOOKS),
    by_role("audit summary", LOOKS),
    by_role("audit verifier", LOOKS),
    decided("audit review", &[SecurityAdmin, Officer]),
    // erasure and backups
    decided("erasure plan", &[Officer, Eraser]),
    decided("erasure confirm", &[Eraser]),
    job("erasure run", &[Eraser], Job::Erasure).human(),
    by_role("erasure status", LOOKS),
    by_role("erasure scan", &[Eraser, Confirmer, Auditor, Operator]),
    decided("erasure verify", &[Confirmer]),
    by_role("erasure certificate", &[Eraser, Confirmer, HelpDesk, Officer]),
    by_role("erasure verify-certificate", LOOKS),
    by_role("erasure ledger", &[Eraser, Operator]),
    by_role("erasure reapply", &[Eraser, Operator]),
    by_role("backup make", &[Operator]),
    by_role("backup restore", &[Operator]),
    by_role("backup tried", &[Operator]),
    // receipts and books
    by_role("book receipts", LOOKS),
    decided("book confirm", &[Confirmer]).by("by"),
    by_role("book provision", DELIVERIES),
    decided("book persons", &[Officer, Confirmer]).by("by"),
    by_role("book list", LOOKS),
    by_role("book export", LOOKS),
    by_role("book check", LOOKS),
    decided("incident open", INCIDENTS),
    decided("incident report", INCIDENTS),
    decided("incident update", INCIDENTS),
    decided("incident close", INCIDENTS),
    by_role("incident list", LOOKS),
    decided("inquiry new", &[HelpDesk]),
    decided("inquiry answer", &[HelpDesk]),
    decided("inquiry escalate", &[HelpDesk]),
    decided("inquiry close", &[HelpDesk]),
    by_role("inquiry show", &[HelpDesk, Officer]),
    by_role("inquiry list", &[HelpDesk, Officer, Auditor]),
    by_role("inquiry numbers", &[HelpDesk, Officer, Auditor]),
    by_role("register classes", LOOKS),
    decided("register add", &[Officer, SecurityAdmin, ReviewSecretary]),
    decided("register load", &[Officer, SecurityAdmin, ReviewSecretary]),
    by_role("register list", LOOKS),
    by_role("register check", LOOKS),
    by_role("retention list", LOOKS),
    by_role("retention check", LOOKS),
    decided("transfer note", &[Officer]),
    by_role("transfer list", LOOKS),
    by_role("yearly", &[Officer, Operator]),
    by_role("yearly verify", LOOKS),
    // persons
    by_role("person show", &[HelpDesk, Identity]),
    by_role("person explain", &[HelpDesk, Identity]),
    by_role("person affected", &[HelpDesk, Identity, Officer]),
    by_role("person match", &[HelpDesk, Identity]),
    by_role("person second", &[Identity]),
    decided("person second same", &[Identity]).by("by"),
    decided("person second different", &[Identity]).by("by"),
    by_role("person queue", &[Identity, HelpDesk]),
    decided("person queue same", &[Identity]).by("by"),
    decided("person queue different", &[Identity]).by("by"),
    decided("person queue postpone", &[Identity]).by("by"),
    decided("person merge", &[Identity]).by("by"),
    decided("person split", &[Identity]).by("by"),
    decided("person undo", &[Identity]).when("by").by("by"),
    by_role("person undo", &[Identity]),
    job("person relink", &[Identity], Job::Relink).human().when("switch").by("by"),
    by_role("person relink", &[Identity]),
    by_role("gate list", &[Identity, Operator, Officer, Auditor]),
    by_role("gate run", &[Identity]),
    decided("gate release", &[Identity, Officer]).by("by"),
    job("model train", &[Identity], Job::Train).when("store"),
    free("model train"),
    decided("model adopt", &[Identity]),
    by_role("model list", &[Identity, Operator, Officer, Auditor]),
    // search
    by_role("search find", AuditRole::ALL),
    by_role("search id", AuditRole::ALL),
    by_role("search rebuild", &[Operator]),
    // releases
    free("request template"),
    by_role("request new", &[ReviewSecretary]),
    free("policy presets"),
    free("policy preset"),
    free("policy check"),
    decided("policy adopt", &[Board]).by("by"),
    by_role("policy list", &[Board, ReviewSecretary, Release, Checker, Officer, Auditor]),
    decided("board approve", &[Board]).by("approver"),
    // the municipality's table desk
    by_role("desk questions", &[Municipality]),
    by_role("desk question", &[Municipality]),
    by_role("desk table", &[Municipality]),
    decided("desk ask", &[Municipality]),
    by_role("desk deliveries", &[Municipality]),
    decided("board suspend", &[Board, Officer]),
    decided("board resume", &[Board, Officer]),
    by_role("board list", SEES_BOARD),
    // the review committee
    free("application fields"),
    decided("application new", &[Applicant]),
    decided("application save", &[Applicant]),
    by_role("application show", SEES_CASES),
    by_role("application list", SEES_CASES),
    by_role("application diff", SEES_CASES),
    decided("application say", &[Applicant, ReviewSecretary, ReviewMember]),
    by_role("application check", SEES_CASES),
    decided("application submit", &[Applicant]),
    decided("application withdraw", &[Applicant]),
    decided("application amend", &[Applicant]),
    decided("application appeal", &[Applicant]),
    decided("application take", &[ReviewSecretary]),
    decided("application return", &[ReviewSecretary]),
    decided("application accept", &[ReviewSecretary]),
    decided("application card", &[ReviewSecretary]),
    by_role("application board", SEES_BOARD),
    decided("application complete", &[ReviewSecretary]),
    decided("committee member load", &[ReviewSecretary]),
    by_role("committee member list", SEES_COMMITTEE),
    decided("committee interest add", &[ReviewMember, ReviewSecretary]),
    decided("committee interest end", &[ReviewMember, ReviewSecretary]),
    by_role("committee interest list", SEES_COMMITTEE),
    decided("committee declare", &[ReviewMember]),
    by_role("committee recusals", SEES_BOARD),
    decided("committee meeting new", &[ReviewSecretary]),
    decided("committee meeting put", &[ReviewSecretary]),
    decided("committee meeting attend", &[ReviewSecretary]),
    by_role("committee meeting show", SEES_COMMITTEE),
    by_role("committee meeting list", SEES_COMMITTEE),
    decided("committee ballot open", &[ReviewSecretary]),
    decided("committee ballot mine", &[ReviewMember]),
    decided("committee ballot vote", &[ReviewMember]),
    decided("committee ballot close", &[ReviewSecretary]),
    by_role("committee ballot show", SEES_COMMITTEE),
    by_role("committee ballot list", SEES_COMMITTEE),
    by_role("committee condition list", SEES_CASES),
    decided("committee condition close", VERIFIERS),
    // A trial may take long: the office's service account makes it as a job.
    by_role("committee dossier make", &[ReviewSecretary]),
    by_role("committee dossier show", SEES_COMMITTEE),
    by_role("committee minutes", SEES_BOARD),
    by_role("committee summary", SEES_BOARD),
    by_role("release dry-run", &[Release, ReviewSecretary]),
    job("release build", &[Release], Job::Release).scope("approval"),
    decided("release verify-source", &[Officer]).dual(OperationKind::VerifySource),
    by_role("release keys", LOOKS),
    by_role("release list", &[ReleaseApprover, Officer, Release, Auditor]),
    by_role("release conditions", &[ReleaseApprover, Officer, Auditor]),
    decided("release key", &[ReleaseApprover, Officer]),
    decided("release handover", &[ReleaseApprover, Officer]),
    decided("release recall", &[ReleaseApprover, Officer]),
    by_role("output list", &[Checker, Officer, ReleaseApprover, Auditor]),
    by_role("output show", &[Checker, Officer, ReleaseApprover]),
    decided("output vote", &[Checker]),
    decided("output consolidate", &[Checker]),
    decided("output exception", &[Checker]),
    decided("output grant", &[Officer]),
    decided("output refuse", &[Officer]),
    decided("output decide", &[Officer]),
    by_role("output result", &[Checker, Officer, ReleaseApprover, Auditor]),
    by_role("package list", RECIPIENTS),
    by_role("package show", RECIPIENTS),
    decided("package fetch", RECIPIENTS),
    decided("package acknowledge", RECIPIENTS),
    decided("package destroyed", RECIPIENTS),
    decided("release allow-refinement", &[Officer, ReleaseApprover]).dual(OperationKind::AllowRefinement),
];

/// The roles that a verb asks for, in any of its lines.
pub fn roles_of(verb: &str) -> impl Iterator<Item = AuditRole> {
    let lines = LINES.iter().filter(move |l| l.verb == verb);
    lines.filter_map(|l| l.need.as_ref()).flat_map(|need| need.roles.iter().copied())
}

/// What was asked on the command line: the line of the verb, and what it takes from the arguments.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The line.
    pub line: &'static Line,
    by: Option<String>,
    scope: Option<String>,
}

impl Asked {
    /// The account that is to decide, where the verb names one.
    pub fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// Finds the line of what was given. `None`: the verb has none, and no house opens for it.
    pub fn of(matches: &ArgMatches) -> Option<Self> {
        let mut words = Vec::new();
        let mut leaf = matches;
        while let Some((name, deeper)) = leaf.subcommand() {
            words.push(name);
            leaf = deeper;
        }
        let verb = words.join(" ");
        let given = |id: &str| leaf.value_source(id) == Some(clap::parser::ValueSource::CommandLine);
        let line = LINES.iter().find(|l| l.verb == verb && l.when.is_none_or(given))?;
        let value = |id: &&'static str| {
            let mut values = leaf.get_raw(id)?;
            values.next().map(|v| v.to_string_lossy().into_owned())
        };
        Some(Self { line, by: line.by.as_ref().and_then(value), scope: line.scope.as_ref().and_then(value) })
    }
}

/// A command that is refused: exit code 2, with what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Denied(pub String);

impl Denied {
    fn of(cli: &Cli, refused: &Refused) -> Self {
        Self(if cli.lang == "en" { refused.en() } else { refused.ja() })
    }
}

/// Who acts in an open house.
#[derive(Debug, Clone)]
pub struct Acting {
    /// The account, and the role and instruction under which it acts.
    pub granted: Granted,
    /// All roles that it holds today, without one that is lent: a loan is no vote.
    pub roles: Vec<AuditRole>,
}

impl Acting {
    /// As somebody who proposes or decides.
    pub fn signatory(&self) -> Signatory<'_> {
        Signatory { name: &self.granted.principal, roles: &self.roles }
    }
}

/// A run in the books, to be ended when the command ends.
#[derive(Debug)]
pub struct OpenRun {
    registry: Arc<Registry>,
    id: i64,
}

impl OpenRun {
    /// Notes how it ended.
    pub fn end(&self, result: &str) -> Result<()> {
        self.registry.act()?.end_run(self.id, result, now()).context("実行の記録を閉じられません")
    }
}

/// The organisation outside the house for which an account works: it sees what belongs to that one and nothing else.
/// `None`: an account of the house, or of its committee.
pub fn outside(book: &Book, acting: &Acting) -> Option<String> {
    let account = book.principal(&acting.granted.principal.to_string());
    let organisation = account.and_then(|p| book.organisation(&p.row.organisation));
    organisation.filter(|o| owns(o.kind)).map(|o| o.row.id.clone())
}

/// Whether things of its own stand in the books, which its accounts see whatever their role.
pub fn owns(kind: OrganisationKind) -> bool {
    matches!(kind, OrganisationKind::Submitter | OrganisationKind::User | OrganisationKind::Municipality)
}

/// The pairs of roles that do not come together.
pub fn pairs(set: &ParameterSet) -> Result<ForbiddenPairs> {
    let words = word(set, "authority.forbidden_pairs", today())?;
    ForbiddenPairs::parse(words).context("兼務の禁止(authority.forbidden_pairs)を読めません")
}

/// All that is known when a command is given.
pub fn office(db: &mut ActDb, books: &Books) -> Result<Office> {
    Ok(Office {
        book: Arc::clone(&books.organisations),
        pairs: pairs(&books.parameters)?,
        hours: books.parameters.number("authority.forbidden_hours", today())?,
        instructions: books.instructions.clone(),
        uses: db.role_uses()?,
        lent: db.break_glasses(Some(now()))?,
    })
}

/// Lets a command into the house, or not. What it finds stands in `cli.actor`, and a job's run in `cli.run`.
pub fn admit(cli: &Cli, registry: &Arc<Registry>, db: &mut ActDb, books: &Books) -> Result<Acting> {
    let asked = cli.asked.as_ref().context("権限の表にない操作です")?;
    let need = asked.line.need.as_ref().context("権限の表で、家を開かないとされた操作です")?;
    let office = office(db, books)?;
    let named = asked.by.as_deref().or_else(|| cli.actor.named());
    if office.book.is_empty() && asked.line.founding {
        let principal = Name::new(named.unwrap_or("founding")).context("--actor")?;
        cli.actor.acts_as(&principal, Officer);
        return Ok(Acting {
            granted: Granted { principal, role: Officer, instruction: None },
            roles: vec![Officer],
        });
    }
    let at = now();
    let granted = match decide(&office, need, named, asked.scope.as_deref(), at, today()) {
        Ok(granted) => granted,
        Err(refused) => {
            book_refusal(db, named, need, &refused)?;
            return Err(Denied::of(cli, &refused).into());
        }
    };
    if !office.noted_lately(&granted, at) {
        db.note_role_use(&granted.principal.to_string(), granted.role.as_str(), at)?;
    }
    let roles = office.book.principal(&granted.principal.to_string()).map(|p| p.roles_on(today()));
    let roles = roles.unwrap_or_default();
    if !roles.contains(&granted.role) {
        book_emergency(db, &granted, at)?;
    }
    cli.actor.acts_as(&granted.principal, granted.role);
    if let (Some(job), Some(instruction)) = (need.job, &granted.instruction) {
        let id = begin(db, asked, job, &granted, instruction, &books.parameters)?;
        // One command opens one house; a second opening belongs to the same run.
        cli.run.get_or_init(|| OpenRun { registry: Arc::clone(registry), id });
    }
    Ok(Acting { granted, roles })
}

/// Books that somebody acts in a role that is lent: whoever judges it afterwards reads all of it in the log.
fn book_emergency(db: &mut ActDb, granted: &Granted, at: jiff::Timestamp) -> Result<()> {
    let entry = AuditEntry {
        at,
        actor: granted.principal.clone(),
        role: granted.role,
        action: AuditAction::BreakGlass,
        object: AuditObject::Principal(granted.principal.clone()),
        persons: 0,
        result: AuditResult::Done,
    };
    audit::append(db, &entry).context("証跡に記録できません")?;
    Ok(())
}

fn begin(
    db: &mut ActDb,
    asked: &Asked,
    job: Job,
    granted: &Granted,
    instruction: &Name,
    set: &ParameterSet,
) -> Result<i64> {
    let at = now();
    let parameter_hash = record_parameters(db, set, at).context("パラメータを記録できません")?;
    let id = db
        .begin_run(&NewRun {
            job: job.as_str(),
            verb: asked.line.verb,
            scope: asked.scope.as_deref(),
            instruction: &instruction.to_string(),
            principal: &granted.principal.to_string(),
            role: granted.role.as_str(),
            parameter_hash: &parameter_hash,
            code_version: CODE_VERSION,
            binary_hash: &crate::home::binary_hash()?,
            started_at: at,
        })
        .context("実行を記録できません")?;
    let entry = AuditEntry {
        at,
        actor: granted.principal.clone(),
        role: granted.role,
        action: AuditAction::Record,
        object: AuditObject::Instruction(instruction.clone()),
        persons: 0,
        result: AuditResult::Done,
    };
    audit::append(db, &entry).context("証跡に記録できません")?;
    Ok(id)
}

fn book_refusal(db: &mut ActDb, named: Option<&str>, need: &Need, refused: &Refused) -> Result<()> {
    // A name that is no account's may be anything, a person's too: it does not go into the chain unless it is one.
    let known = match named.map(|n| (n, db.principals())) {
        Some((name, Ok(all))) if all.iter().any(|p| p.id == name) => name,
        _ => "unknown",
    };
    let actor = Name::new(known).context("--actor")?;
    let entry = AuditEntry {
        at: now(),
        object: AuditObject::Principal(actor.clone()),
        actor,
        role: need.roles.first().copied().unwrap_or(Operator),
        action: AuditAction::Refuse,
        persons: 0,
        result: AuditResult::Refused(refused.code()),
    };
    audit::append(db, &entry).context("証跡に記録できません")?;
    Ok(())
}

#[cfg(test)]
mod tests;
