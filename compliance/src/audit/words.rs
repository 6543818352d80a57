//! The words of the audit log: who may have done what to what, and how it ended. Only ids, hashes and short names fit in.

use std::fmt;

use musubi_model::ids::{DocumentHash, InvalidId, ResearchId, SubmissionId};

/// A short name of letters, digits, `-`, `.` and `_`: an account, a request, a release, a cohort.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    /// Accepts 1 to 64 of the signs above; a person's name or a free text does not fit.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let clean = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if (1..=64).contains(&text.len()) && text.bytes().all(clean) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { kind: "audit name", expected: "1 to 64 letters, digits, '-', '.' or '_'" })
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal, $ja:literal;)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stored word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The Japanese word.
            #[must_use]
            pub fn ja(self) -> &'static str {
                match self { $(Self::$variant => $ja,)* }
            }
        }
    };
}

words! {
    /// In which role somebody acted.
    AuditRole {
        /// Takes deliveries in.
        Intake = "intake", "受領";
        /// Matches persons.
        Identity = "identity", "名寄せ";
        /// Enters what the help desk took up.
        HelpDesk = "help-desk", "相談窓口";
        /// Decides on requests.
        Board = "board", "審査委員会";
        /// Makes releases.
        Release = "release", "提供";
        /// Checks releases.
        Checker = "checker", "出力確認";
        /// Runs the installation.
        Operator = "operator", "運用";
        /// Decides for the operator and instructs.
        Officer = "officer", "管理責任者";
        /// Tends the repository.
        Curator = "curator", "データ管理";
        /// Keeps the keys.
        KeyCustodian = "key-custodian", "鍵管理";
        /// Reads the books and nothing else.
        Auditor = "auditor", "監査";
        /// Keeps accounts and machines.
        SecurityAdmin = "security-admin", "安全管理";
        /// Prepares the board's work.
        ReviewSecretary = "review-secretary", "審査事務局";
        /// Lets a finished release go.
        ReleaseApprover = "release-approver", "提供承認";
        /// Confirms what was delivered.
        Confirmer = "confirmer", "受領確認";
        /// Carries out an erasure.
        Eraser = "eraser", "削除実施";
        /// Sends deliveries for an outside organisation and sees what became of them.
        Submitter = "submitter", "提出者";
        /// Asks for data for an outside organisation.
        Applicant = "applicant", "申出者";
        /// Reads and asks for a municipality's statistics.
        Municipality = "municipality", "自治体";
        /// Votes in the review committee.
        ReviewMember = "review-member", "審査委員";
    }
}

words! {
    /// What was done.
    AuditAction {
        /// A delivery was taken in (or refused).
        Receive = "receive", "受領";
        /// A delivery was loaded.
        Load = "load", "格納";
        /// The opt-out gate was applied to a delivery.
        Gate = "gate", "停止の関門";
        /// Identities were matched.
        Resolve = "resolve", "名寄せ";
        /// What sources wrote of a person was looked at.
        ViewPerson = "view-person", "本人の値の閲覧";
        /// It was asked who is meant by a description.
        QueryPerson = "query-person", "本人の照会";
        /// Somebody ruled that two identities are one person, or two.
        RulePerson = "rule-person", "同一人かどうかの裁定";
        /// It was proposed to undo a ruling.
        ProposeUndo = "propose-undo", "裁定取消しの提案";
        /// A second person agreed: the ruling was undone.
        ConfirmUndo = "confirm-undo", "裁定の取消し";
        /// A pair of the review queue was put off.
        PostponeReview = "postpone-review", "確認の保留";
        /// Opt-outs were entered.
        EnterOptOut = "enter-opt-out", "停止の登録";
        /// An opt-out was withdrawn.
        WithdrawOptOut = "withdraw-opt-out", "停止の撤回";
        /// Facts or keys of persons were erased.
        Erase = "erase", "削除";
        /// A master was loaded.
        LoadMaster = "load-master", "マスター登録";
        /// A feed, provider or submitter was registered.
        Register = "register", "登録";
        /// Parameters were put in force.
        UseParameters = "use-parameters", "パラメータ適用";
        /// A request was filed.
        FileRequest = "file-request", "申請";
        /// A request was decided.
        Decide = "decide", "審査";
        /// A cohort was built.
        BuildCohort = "build-cohort", "対象者抽出";
        /// A release was built and sealed.
        BuildRelease = "build-release", "提供物作成";
        /// A release was verified.
        VerifyRelease = "verify-release", "提供物検証";
        /// A fact or a cell was traced.
        Trace = "trace", "追跡";
        /// A report was made.
        Report = "report", "報告";
        /// The chain was verified.
        VerifyAudit = "verify-audit", "証跡検証";
        /// What a local code means was proposed.
        ProposeCode = "propose-code", "コード対応の提案";
        /// A proposal of what a local code means was approved or rejected.
        DecideCode = "decide-code", "コード対応の決定";
        /// Opening a gate of matching that failed was proposed.
        ProposeOpening = "propose-opening", "関門の開放の提案";
        /// A gate of matching that failed was opened by a second person.
        OpenGate = "open-gate", "関門の開放";
        /// Deciding everybody anew under a model was proposed.
        ProposeRelink = "propose-relink", "全件再突合の提案";
        /// Everybody was decided anew under a model.
        Relink = "relink", "全件再突合";
        /// A model of matching was trained on stored identities.
        TrainModel = "train-model", "名寄せモデルの学習";
        /// A model of matching was proposed.
        ProposeModel = "propose-model", "名寄せモデルの提案";
        /// A second person agreed: the model decides from now on.
        AdoptModel = "adopt-model", "名寄せモデルの採用";
        /// A ledger of notices was entered.
        EnterNotices = "enter-notices", "通知台帳の登録";
        /// A filing with the ministers was entered.
        EnterFiling = "enter-filing", "主務大臣への届出の登録";
        /// What was held until its notice was ripe was loaded.
        LoadHeld = "load-held", "通知待ちの格納";
        /// It was decided what becomes of what was set aside: taken in again, or given back to its sender.
        DecideSetAside = "decide-set-aside", "隔離分の扱いの決定";
        /// A stop for abnormal growth was opened by people.
        AllowGrowth = "allow-growth", "急増の停止の解除";
        /// It was looked up what an opt-out would reach.
        PreviewOptOut = "preview-opt-out", "停止の影響の確認";
        /// A written receipt of an opt-out was issued.
        IssueReceipt = "issue-receipt", "書面の交付";
        /// An erasure was planned.
        PlanErasure = "plan-erasure", "削除の計画";
        /// Somebody confirmed or verified an erasure.
        ConfirmErasure = "confirm-erasure", "削除の確認";
        /// Names that lead to the erased were opened, to be blanked in manifests.
        BlankPaths = "blank-paths", "経路名の消去";
        /// It was looked for what an erasure must not have left.
        ScanErased = "scan-erased", "削除の残存確認";
        /// Erasures were applied again after a restore.
        ReapplyErasures = "reapply-erasures", "復元後の再削除";
        /// A certificate was issued.
        Certify = "certify", "証明書の発行";
        /// A backup was made or tried.
        Backup = "backup", "バックアップ";
        /// An instruction was given or revoked.
        Instruct = "instruct", "指示";
        /// An operation that needs two people was proposed.
        ProposeOperation = "propose-operation", "二人制の操作の提案";
        /// An operation that needs two people was approved.
        ApproveOperation = "approve-operation", "二人制の操作の承認";
        /// Somebody was refused.
        Refuse = "refuse", "拒否";
        /// A change of a parameter was proposed.
        ProposeParameter = "propose-parameter", "パラメータ変更の提案";
        /// A change of a parameter was approved or rejected.
        DecideParameter = "decide-parameter", "パラメータ変更の決定";
        /// Something was written into the books.
        Record = "record", "帳簿への記録";
        /// Books were written out.
        ExportBooks = "export-books", "帳簿の書き出し";
        /// An incident was opened, reported or closed.
        Incident = "incident", "事故の記録";
        /// An inquiry was taken up or answered.
        Inquiry = "inquiry", "問い合わせ";
        /// A contract was entered.
        Contract = "contract", "契約の登録";
        /// Data were handed to another certified operator, or received from one.
        Transfer = "transfer", "認定事業者間の提供";
        /// Checks of the Act were run.
        Check = "check", "遵守の点検";
        /// The public page or the yearly report was made.
        Disclose = "disclose", "公表・報告";
        /// A checkpoint of the log was signed.
        SignCheckpoint = "sign-checkpoint", "証跡の署名";
        /// A witness's signature was added to a checkpoint.
        Witness = "witness", "証跡の立会署名";
        /// A log was reviewed.
        ReviewLog = "review-log", "ログの点検";
        /// Somebody logged in with two factors.
        Login = "login", "ログイン";
        /// A login was refused, or an account was locked.
        RefuseLogin = "refuse-login", "ログインの拒否";
        /// Somebody logged out, or a session was ended.
        Logout = "logout", "ログアウト";
        /// Credentials were issued, reset or taken away.
        Credential = "credential", "認証情報の発行・取消し";
        /// Somebody acted beyond their role in an emergency, to be reviewed.
        BreakGlass = "break-glass", "緊急時の例外操作";
        /// An application for data was written, submitted, answered or withdrawn.
        Apply = "apply", "申出";
        /// A member declared an interest or stood aside.
        Declare = "declare", "利益相反の申告・忌避";
        /// A member voted.
        Vote = "vote", "投票";
        /// A condition of an approval was closed, or an approval was suspended or resumed.
        Condition = "condition", "承認の条件・効力";
        /// A release was looked through by an output checker.
        CheckOutput = "check-output", "出力確認";
        /// A release officer set a key, or a release was handed over.
        HandOver = "hand-over", "提供物の引渡し";
        /// A package was fetched by its recipient.
        Fetch = "fetch", "提供物の受取り";
        /// Released statistics were looked at.
        ViewStatistics = "view-statistics", "統計の閲覧";
        /// Something was searched for.
        Search = "search", "検索";
    }
}

words! {
    /// For what persons were looked at (利用目的). A free text does not fit into the chain.
    AuditPurpose {
        /// To decide whether records are one person.
        Review = "review", "名寄せの確認";
        /// The person asked what is held of them.
        Disclosure = "disclosure", "本人からの開示の求め";
        /// The person, or who sent it, asked for a correction.
        Correction = "correction", "訂正の求め";
        /// The person asked to stop.
        OptOut = "opt-out", "停止の求め";
        /// A sender or partner asked.
        Inquiry = "inquiry", "提出者・連携先からの照会";
        /// Somebody checks the operator.
        Inspection = "inspection", "監査・点検";
    }
}

/// To what it was done. Only ids, hashes and short names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AuditObject {
    /// A delivery.
    Submission(SubmissionId),
    /// A document, or a list by the hash of its bytes.
    Document(DocumentHash),
    /// An opt-out by the help desk's number.
    OptOut(Name),
    /// A request.
    Request(Name),
    /// An approval.
    Approval(Name),
    /// A cohort.
    Cohort(Name),
    /// A release.
    Release(Name),
    /// A feed.
    Feed(Name),
    /// A master by system and edition.
    Master(Name, Name),
    /// A parameter set by its hash.
    Parameters(DocumentHash),
    /// The repository as of a commit.
    Snapshot(u64),
    /// The audit chain up to an entry.
    Chain(u64),
    /// The installation as a whole.
    House,
    /// A map of a local code, by its number.
    CodeMap(u64),
    /// A run of the gates of matching, by its number.
    GateRun(u64),
    /// A switch of the model of matching, by its number.
    Relink(u64),
    /// A person, for a purpose where values were shown.
    Person(ResearchId, Option<AuditPurpose>),
    /// Whoever a description fits, for a purpose.
    Persons(AuditPurpose),
    /// A ruling of people, by its number.
    Ruling(u64),
    /// An organisation.
    Organisation(Name),
    /// An account.
    Principal(Name),
    /// An instruction.
    Instruction(Name),
    /// An operation that two people decide, by its number.
    Operation(u64),
    /// A parameter.
    Parameter(Name),
    /// A disclosure policy with its version.
    Policy(Name),
    /// A provider's ledger.
    Provider(Name),
    /// An erasure.
    Erasure(Name),
    /// An incident.
    Incident(Name),
    /// An inquiry.
    Inquiry(Name),
    /// A contract.
    Contract(Name),
    /// A transfer between operators.
    Transfer(Name),
    /// A book.
    Book(Name),
    /// A check of the Act, or all of a stage.
    Check(Name),
    /// A backup.
    Backup(Name),
}

impl fmt::Display for AuditObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submission(id) => write!(f, "submission:{id}"),
            Self::Document(hash) => write!(f, "document:{hash}"),
            Self::OptOut(name) => write!(f, "opt-out:{name}"),
            Self::Request(name) => write!(f, "request:{name}"),
            Self::Approval(name) => write!(f, "approval:{name}"),
            Self::Cohort(name) => write!(f, "cohort:{name}"),
            Self::Release(name) => write!(f, "release:{name}"),
            Self::Feed(name) => write!(f, "feed:{name}"),
            Self::Master(system, edition) => write!(f, "master:{system}:{edition}"),
            Self::Parameters(hash) => write!(f, "parameters:{hash}"),
            Self::Snapshot(commit) => write!(f, "snapshot:{commit}"),
            Self::Chain(seq) => write!(f, "chain:{seq}"),
            Self::House => f.write_str("house"),
            Self::CodeMap(id) => write!(f, "code-map:{id}"),
            Self::GateRun(id) => write!(f, "gate-run:{id}"),
            Self::Relink(id) => write!(f, "relink:{id}"),
            Self::Person(id, None) => write!(f, "person:{id}"),
            Self::Person(id, Some(purpose)) => write!(f, "person:{id}:{}", purpose.as_str()),
            Self::Persons(purpose) => write!(f, "persons:{}", purpose.as_str()),
            Self::Ruling(id) => write!(f, "ruling:{id}"),
            Self::Organisation(name) => write!(f, "organisation:{name}"),
            Self::Principal(name) => write!(f, "principal:{name}"),
            Self::Instruction(name) => write!(f, "instruction:{name}"),
            Self::Operation(id) => write!(f, "operation:{id}"),
            Self::Parameter(name) => write!(f, "parameter:{name}"),
            Self::Policy(name) => write!(f, "policy:{name}"),
            Self::Provider(name) => write!(f, "provider:{name}"),
            Self::Erasure(name) => write!(f, "erasure:{name}"),
            Self::Incident(name) => write!(f, "incident:{name}"),
            Self::Inquiry(name) => write!(f, "inquiry:{name}"),
            Self::Contract(name) => write!(f, "contract:{name}"),
            Self::Transfer(name) => write!(f, "transfer:{name}"),
            Self::Book(name) => write!(f, "book:{name}"),
            Self::Check(name) => write!(f, "check:{name}"),
            Self::Backup(name) => write!(f, "backup:{name}"),
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditResult {
    /// Done.
    Done,
    /// Refused, with a code from the program, e.g. `SCOPE-HASH`.
    Refused(&'static str),
    /// Failed, with a code from the program.
    Failed(&'static str),
}

impl fmt::Display for AuditResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Refused(code) => write!(f, "refused:{code}"),
            Self::Failed(code) => write!(f, "failed:{code}"),
        }
    }
}
