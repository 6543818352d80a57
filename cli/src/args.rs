//! The command line: every verb of `musubi`, defined once.

use std::convert::Infallible;
use std::ops::Deref;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;

use clap::{Args, Parser, Subcommand};
use musubi_compliance::audit::{AuditRole, Name};
use musubi_etl::Faults;

use crate::authority::{Asked, OpenRun};
use crate::home::Lent;

/// 結び — takes medical records in, resolves patients, keeps every value with its way back, releases what was approved.
#[derive(Debug, Parser)]
#[command(name = "musubi", version, arg_required_else_help = true)]
pub struct Cli {
    /// Data folder: database, vault, lake, keys, reports.
    #[arg(long, global = true, default_value = "musubi-data", env = "MUSUBI_DATA", value_name = "DIR")]
    pub data: PathBuf,
    /// PostgreSQL to use instead of the embedded one.
    #[arg(long, global = true, env = "MUSUBI_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Print JSON for machines instead of words for people.
    #[arg(long, global = true)]
    pub json: bool,
    /// Language of what people read.
    #[arg(long, global = true, default_value = "ja", value_parser = ["ja", "en"])]
    pub lang: String,
    /// Account that gives this command; stands in the audit chain. Without it, the default account of the role.
    #[arg(
        long,
        global = true,
        default_value = "",
        hide_default_value = true,
        env = "MUSUBI_ACTOR",
        value_name = "NAME"
    )]
    pub actor: Actor,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What the verb asks of whoever gives it.
    #[arg(skip)]
    pub asked: Option<Asked>,
    /// The run in the books, once a job has begun.
    #[arg(skip)]
    pub run: OnceLock<OpenRun>,
    /// The open house of a server, for verbs that it gives for its visitors.
    #[arg(skip)]
    pub lent: Option<Lent>,
}

/// The account that gives a command: as named, and as found once the house is open.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    named: String,
    acting: OnceLock<(String, AuditRole)>,
}

impl Actor {
    /// The account that was named.
    pub fn named(&self) -> Option<&str> {
        (!self.named.is_empty()).then_some(self.named.as_str())
    }

    /// From now on it is this account that acts, in this role.
    pub fn acts_as(&self, account: &Name, role: AuditRole) {
        self.acting.get_or_init(|| (account.to_string(), role));
    }

    /// The role in which it was let in.
    pub fn role(&self) -> Option<AuditRole> {
        self.acting.get().map(|(_, role)| *role)
    }
}

impl FromStr for Actor {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self { named: text.to_owned(), acting: OnceLock::new() })
    }
}

impl Deref for Actor {
    type Target = str;

    fn deref(&self) -> &str {
        self.acting.get().map_or(&self.named, |(account, _)| account)
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a synthetic region in the real formats.
    Synth(Synth),
    /// Organisations and accounts (事業者・アカウント): who may do what, under which certificate.
    #[command(subcommand)]
    Organisation(crate::commands::organisation::Organisation),
    /// Accounts that log in (アカウントの認証): invitations, locks, sessions, certificates of machines, emergencies.
    #[command(subcommand)]
    Account(crate::commands::account::Account),
    /// Instructions (指示): without one, no job starts.
    #[command(subcommand)]
    Instruction(crate::commands::instruction::Instruction),
    /// Operations that two people decide (二人制の操作).
    #[command(subcommand)]
    Operation(crate::commands::operation::Operation),
    /// Disclosure policies (開示制御方針): presets, and what the board signed.
    #[command(subcommand)]
    Policy(crate::commands::policy::PolicyOrder),
    /// Parameters (パラメータ): what law or operator may change, by two people, from a day on.
    #[command(subcommand)]
    Parameter(crate::commands::parameter::ParameterVerb),
    /// Register submitters, providers and feeds from a TOML file.
    Feeds {
        /// File of submitters, providers and feeds.
        file: PathBuf,
    },
    /// Code masters (マスタ): load files by their names, list the editions, show a code.
    Masters(crate::commands::masters::Masters),
    /// Local codes: what found no standard, and the reviewed maps to standard codes (ローカルコード).
    #[command(subcommand)]
    Codes(crate::commands::codes::Codes),
    /// Interfaces of tables (連携仕様): which column of a sender's table is what.
    #[command(subcommand)]
    Interfaces(InterfaceVerb),
    /// Notices (通知): ledgers, filings, what is held and why, reconciliation.
    #[command(subcommand)]
    Notice(crate::commands::notice::Notice),
    /// Opt-outs (提供停止の求め).
    #[command(subcommand)]
    Optout(crate::commands::optout::Optout),
    /// Take in single packages.
    Intake {
        /// Packages: folders or zips.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Inject a fault for a test: `kill@POINT`, `disk-full@POINT`, `lose-database@POINT`.
        #[arg(long, hide = true)]
        fault: Option<Faults>,
    },
    /// Serve the console in the browser (画面): every role does its work there, with the same rules as here.
    Serve(crate::serve::Serve),
    /// Take in every package of an inbox, find overdue feeds, tidy up.
    Nightly {
        /// The inbox.
        #[arg(long)]
        inbox: PathBuf,
        /// Business date for the calendar of due feeds, YYYY-MM-DD.
        #[arg(long)]
        date: Option<jiff::civil::Date>,
    },
    /// Show a submission: states, balance, findings.
    Submission {
        /// Id or its beginning; without it, all submissions.
        id: Option<String>,
    },
    /// Deliveries (提出) as senders and the operator work with them: calendar, detail, findings, set aside.
    #[command(subcommand)]
    Delivery(crate::commands::delivery::Delivery),
    /// The night as it is (今夜): runs, deliveries, when it is likely to end, and what needs a human.
    Tonight {
        /// The day whose night it is; default: today.
        #[arg(long, value_name = "YYYY-MM-DD")]
        date: Option<jiff::civil::Date>,
    },
    /// When the promises of the house were last proven, and what is overdue (信頼の記録).
    Trust,
    /// Lead a fact back to its bytes, or a submission forward to facts and releases.
    Trace {
        /// Fact id (32 hexadecimal digits), or `any` for an example.
        fact: Option<String>,
        /// Trace a submission forward; with `any`, take the example from this submission.
        #[arg(long)]
        submission: Option<String>,
    },
    /// Persons (本人): who stands behind a research id and why; rulings, the review queue, who is meant.
    #[command(subcommand)]
    Person(crate::commands::person::Person),
    /// Requests for releases (申出).
    #[command(subcommand)]
    Request(Request),
    /// Applications (申出): what is asked for and why, from the draft to what the committee decided.
    #[command(subcommand)]
    Application(crate::commands::committee::application::Application),
    /// The review committee (提供審査委員会): members, meetings, ballots, conditions, minutes.
    #[command(subcommand)]
    Committee(crate::commands::committee::Committee),
    /// Decisions of the review board (審査).
    #[command(subcommand)]
    Board(Board),
    /// Releases (提供).
    #[command(subcommand)]
    Release(Release),
    /// Output check (出力確認): two people look a release through before anybody outside gets it.
    #[command(subcommand)]
    Output(crate::commands::output::Output),
    /// Packages (受取り): what was handed to the actor's organisation.
    #[command(subcommand)]
    Package(crate::commands::package::Package),
    /// The municipality's table desk (自治体の統計窓口): questions of policy, released tables, requests.
    #[command(subcommand)]
    Desk(crate::commands::table_desk::Desk),
    /// Write the operator's report as one HTML file.
    Report {
        /// Where to.
        #[arg(long, default_value = "report.html")]
        out: PathBuf,
        /// Only one submission's acknowledgement (受領通知).
        #[arg(long)]
        submission: Option<String>,
    },
    /// Write a document out again, byte for byte, from the vault.
    Rebuild {
        /// Document: its BLAKE3 hash, or the beginning of it.
        document: String,
        /// Where to; `-` for standard output.
        #[arg(long)]
        out: PathBuf,
    },
    /// The audit log (監査証跡): look entries up, verify, sign, witness, prove, export.
    #[command(subcommand)]
    Audit(crate::commands::audit::Audit),
    /// Check the house (audit chain, vault, lake, repository hash), or run the checks of the Act (遵守点検).
    Check(crate::commands::check::Check),
    /// List all rules of findings as Markdown.
    Findings,
    /// Write the acknowledgement package (受領通知一式) of a submission, or verify one.
    Ack(crate::commands::ack::Order),
    /// The senders' answers about samples (定性確認).
    #[command(subcommand)]
    Quality(crate::commands::ack::Quality),
    /// List the formats that are read; what becomes of every item of the plan.
    Formats(crate::commands::formats::Order),
    /// Check files, folders, packages or zips before they are sent: the findings of intake, without a database.
    Precheck(musubi_precheck::Order),
    /// Anonymise any table of persons (匿名加工): k-anonymity and more by a policy, with a report of the risks.
    Anonymize(crate::commands::anonymize::Order),
    /// Link the records of any table (名寄せ), or judge a result against a truth.
    Match(crate::commands::match_::Order),
    /// Gates of matching (夜間の関門): what the nights measured, and opening one that failed.
    #[command(subcommand)]
    Gate(crate::commands::gate::Gate),
    /// Models of patient matching (名寄せモデル): train, show, report, adopt, list.
    #[command(subcommand)]
    Model(crate::commands::model_::Model),
    /// Erasure (削除): plan, confirm, run, verify, certify; apply again after a restore.
    #[command(subcommand)]
    Erasure(crate::commands::erasure::Erasure),
    /// Backups (バックアップ): make, restore, try out.
    #[command(subcommand)]
    Backup(crate::commands::backup::Backup),
    /// Receipts (受領記録) and the book of the Act (帳簿): confirm, list, export, check.
    #[command(subcommand)]
    Book(crate::commands::book::Book),
    /// Incidents (漏えい等) and their clocks.
    #[command(subcommand)]
    Incident(crate::commands::incident::Incident),
    /// Inquiries and complaints (問い合わせ・苦情).
    #[command(subcommand)]
    Inquiry(crate::commands::inquiry::Inquiry),
    /// Registers (台帳): contracts, obligations, outsourcing, evidence, training, drills, media.
    #[command(subcommand)]
    Register(crate::commands::register::Register),
    /// What is kept for how long (保存期間), and whether everything has a schedule.
    #[command(subcommand)]
    Retention(crate::commands::retention::Retention),
    /// Transfers to and from other certified operators (認定事業者間の提供): the record of both sides.
    #[command(subcommand)]
    Transfer(crate::commands::transfer::Transfer),
    /// The yearly report and the public page (事業報告・公表), from the books alone.
    Yearly(crate::commands::yearly::Yearly),
    /// Search (検索): codes, rules, checks, applications, releases by their words; any id by itself; never a person.
    #[command(subcommand)]
    Search(crate::commands::search::Search),
    /// Measure intake to loaded against two floors.
    Bench(Bench),
}

/// `musubi synth`.
#[derive(Debug, Args)]
pub struct Synth {
    /// Persons.
    #[arg(long, default_value_t = 20_000)]
    pub persons: u64,
    /// Seed: the same gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Nights.
    #[arg(long, default_value_t = 3)]
    pub nights: u32,
    /// Where to.
    #[arg(long)]
    pub out: PathBuf,
    /// Business date of the first night.
    #[arg(long, default_value = "2026-11-10")]
    pub first_night: jiff::civil::Date,
    /// No errors, no broken files: a clean corpus.
    #[arg(long)]
    pub clean: bool,
    /// Of how many persons of each district (20,000) the other formats tell: dental, dispensing, check-ups, care, ….
    #[arg(long, default_value_t = 1_000)]
    pub others: u64,
    /// Persons of each district whose waiting days are still running.
    #[arg(long, default_value_t = 0)]
    pub waiting: u64,
    /// Persons of each district whom nobody notified.
    #[arg(long, default_value_t = 0)]
    pub unnotified: u64,
}

/// `musubi interfaces`.
#[derive(Debug, Subcommand)]
pub enum InterfaceVerb {
    /// List those shipped and registered.
    List,
    /// Print one, as a template for another.
    Show {
        /// Its name.
        name: String,
    },
    /// Register a file, or all `.toml` files of a folder.
    Load {
        /// File or folder.
        path: PathBuf,
    },
}

/// `musubi request`.
#[derive(Debug, Subcommand)]
pub enum Request {
    /// File a request.
    New {
        /// The specification.
        spec: PathBuf,
        /// Who asks.
        #[arg(long, default_value = "applicant")]
        by: String,
    },
    /// Write a request from a template; without a name, list the templates.
    Template {
        /// The template.
        name: Option<String>,
        /// First day of the period.
        #[arg(long, requires = "name")]
        from: Option<jiff::civil::Date>,
        /// Last day of the period.
        #[arg(long, requires = "name")]
        to: Option<jiff::civil::Date>,
        /// Name of the recipient.
        #[arg(long, default_value = "見本大学")]
        recipient: String,
        /// Id of the recipient: a-z, 0-9 and '-'.
        #[arg(long, default_value = "mihon-univ")]
        recipient_id: String,
        /// The recipient's public key (age1…), for an encrypted package.
        #[arg(long)]
        age: Option<String>,
        /// The file to write; default: to the screen.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// `musubi board`.
#[derive(Debug, Subcommand)]
pub enum Board {
    /// Approve a request; signs its scope hash and the committee's ballot.
    Approve {
        /// The request.
        request: String,
        /// Who decides; not the one who asked.
        #[arg(long)]
        approver: String,
        /// Last day of the approval; default one year.
        #[arg(long)]
        expires: Option<jiff::civil::Date>,
    },
    /// Suspend an approval: nothing is released under it.
    Suspend {
        /// The approval.
        approval: String,
        /// Why; no value of a person.
        #[arg(long)]
        reason: String,
    },
    /// Let a suspended approval go on.
    Resume {
        /// The approval.
        approval: String,
        /// Why; no value of a person.
        #[arg(long)]
        reason: String,
    },
    /// List the approvals and whether they hold today.
    List,
}

/// `musubi release`.
#[derive(Debug, Subcommand)]
pub enum Release {
    /// Build the approved package.
    Build {
        /// The approval.
        approval: String,
        /// Folder under which the package is written.
        #[arg(long)]
        out: PathBuf,
    },
    /// Count the cohort of a request in bands, without releasing anything.
    DryRun {
        /// The request (TOML).
        spec: PathBuf,
    },
    /// Write the synthetic twin of a request for rows (合成データ): its files and columns, made of nobody's lives.
    Twin(crate::commands::twin::Order),
    /// Encrypt a package to the recipients of its request (暗号化): one file for all of them.
    Encrypt {
        /// The package.
        package: PathBuf,
        /// Folder for the file.
        #[arg(long)]
        out: PathBuf,
    },
    /// Open an encrypted package.
    Open {
        /// The file `R-….tar.age`.
        file: PathBuf,
        /// File with the secret key (AGE-SECRET-KEY-1…).
        #[arg(long)]
        identity: PathBuf,
        /// Folder in which the package's folder is made.
        #[arg(long)]
        out: PathBuf,
    },
    // From the built release to its recipient: list, conditions, key, handover, recall.
    #[command(flatten)]
    Handover(crate::commands::handover::Handover),
    /// Verify a package offline.
    Verify {
        /// The package.
        package: PathBuf,
        /// Public key of the board; default: this house's.
        #[arg(long)]
        board_key: Option<PathBuf>,
        /// Public key of the release officer; default: this house's.
        #[arg(long)]
        release_key: Option<PathBuf>,
        /// Note in this house that the actor verified it, beside whoever built it.
        #[arg(long)]
        record: bool,
    },
    /// Hold cells of a pseudonymised release against their sources (原資料確認); two people decide.
    VerifySource {
        /// The release.
        release: String,
        /// The cells: CSV with the columns pid,file,row,column,value.
        #[arg(long)]
        cells: PathBuf,
        /// For what; no value of a person.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// List what became of the keys of releases (提供用鍵).
    Keys {
        /// Only of this release.
        release: Option<String>,
    },
    /// Propose that the release of an approval may tell more than earlier ones did; two people decide.
    AllowRefinement {
        /// The approval.
        approval: String,
        /// An earlier release; may be given several times.
        #[arg(long, required = true)]
        earlier: Vec<String>,
        /// A column that is finer, FILE.COLUMN; may be given several times.
        #[arg(long, required = true)]
        column: Vec<String>,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// `musubi bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// Megabytes of each format.
    #[arg(long, default_value_t = 200)]
    pub megabytes: u64,
    /// Measure cutting and mapping of every format on one core, instead of whole loads of two.
    #[arg(long)]
    pub formats: bool,
    /// Measure the audit log instead: appending and verifying, beside BLAKE3 over the same bytes.
    #[arg(long, conflicts_with = "formats")]
    pub log: bool,
    /// Measure the notice gate instead: one ledger entered, as many claims judged.
    #[arg(long, conflicts_with_all = ["formats", "log"])]
    pub gate: bool,
    /// Measure the package writer instead: made-up rows as CSV and Parquet, sealed, encrypted, opened.
    #[arg(long, conflicts_with_all = ["formats", "log", "gate"])]
    pub pack: bool,
    /// Rows of `--pack`.
    #[arg(long, default_value_t = 3_000_000, requires = "pack")]
    pub rows: u64,
    /// Persons of `--gate`.
    #[arg(long, default_value_t = 1_000_000, requires = "gate")]
    pub persons: u64,
    /// Entries of `--log`.
    #[arg(long, default_value_t = 1_000_000, requires = "log")]
    pub entries: u64,
    /// Keep the corpora of `--formats`.
    #[arg(long, requires = "formats")]
    pub keep: bool,
    /// Working folder; made and emptied.
    #[arg(long)]
    pub work: PathBuf,
}
