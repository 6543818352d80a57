//! Why a release is not made. Each has a rule id, English words and Japanese words; none holds a person's value.

use std::path::PathBuf;

use musubi_model::parameter::ParameterError;
use musubi_model::spec::SpecError;
use musubi_storage::StorageError;

use crate::checker::Problem;
use crate::pack::PackError;
use crate::scan::Leak;

/// A refusal or failure of the release room. In every case nothing has left the house.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A parameter is missing: the gate stays shut.
    #[error("REL_PARAMETER: {0} (必要なパラメータがありません。有効な値を登録してください)")]
    Parameter(#[from] ParameterError),
    /// A parameter has a value that protects nobody or cannot be used.
    #[error("REL_PARAMETER_VALUE: {name} = {value} cannot be used (パラメータの値が使えません)")]
    ParameterValue {
        /// Which.
        name: &'static str,
        /// The value in force.
        value: u64,
    },
    /// The approval is past its last day.
    #[error("REL_EXPIRED: the approval ended (承認の有効期限が過ぎています)")]
    Expired,
    /// The cohort is not there, or not this approval's.
    #[error("REL_COHORT: {0} (対象集団がこの承認のものではないか、そろっていません)")]
    Cohort(&'static str),
    /// The independent checker refuses the table (law.md C-052, C-055).
    #[error("REL_CHECK: the independent checker refuses the table: {0} (独立検査が集計表を不合格としました)")]
    Check(Problem),
    /// The output holds something that may not be in it (law.md C-030…C-032).
    #[error("REL_SCAN: the table holds what may not be in it: {0} (出力に許されない値があります)")]
    Scan(Leak),
    /// The package folder is there already with other content.
    #[error("REL_EXISTS: {0} is there with other content (同じ名前の提供物が別の内容で存在します)")]
    Exists(PathBuf),
    /// The same approval and snapshot were released before with other content: opt-outs, parameters or the program
    /// changed since. What left the house is not changed; a new release needs a new snapshot or approval.
    #[error(
        "REL_LEDGER: {0} was released before with other content (同じ番号の提供物が別の内容で台帳にあります)"
    )]
    Released(String),
    /// Somebody asked to stop after the cohort was written: nothing was sealed, the cohort must be written anew (G-6).
    #[error(
        "REL_OPTED_OUT: somebody asked to stop after the cohort was written (対象集団の作成後に停止の求めがありました)"
    )]
    OptedOut,
    /// The request cannot be read or carried out.
    #[error("REL_SPEC: {0} (申出の仕様を直してください)")]
    Spec(#[from] SpecError),
    /// Nobody is in the cohort.
    #[error(
        "REL_EMPTY: nobody satisfies the cohort, 1 person at least is expected; look at the steps: {0} \
         (対象集団に該当者がいません。条件を見直してください)"
    )]
    Empty(String),
    /// So few are in the cohort that nothing about them could be released.
    #[error(
        "REL_FLOOR: fewer than {floor} persons are in the cohort; widen the period or its steps \
         (対象集団が下限 {floor} 人に足りません。期間か条件を広げてください)"
    )]
    Floor {
        /// Persons at least.
        floor: u64,
    },
    /// There is nothing to ask.
    #[error(
        "REL_SNAPSHOT: {0}; load a delivery first, or name a snapshot that is there \
         (スナップショットがありません。先にデータを格納してください)"
    )]
    Snapshot(&'static str),
    /// The applicant asked as often as a day allows.
    #[error(
        "REL_QUOTA: {asked} of {allowed} dry runs of this applicant were used today; ask again tomorrow \
         (この申出者の試算は本日の上限 {allowed} 回に達しています)"
    )]
    Quota {
        /// Dry runs of the day.
        asked: u64,
        /// How many a day allows.
        allowed: u64,
    },
    /// The key of an anonymised release was destroyed when it was sealed: there is no way back from it (R-ANO-03).
    #[error(
        "REL_KEY_DESTROYED: the key of {0} was destroyed when it was sealed; only pseudonymised releases can be traced (鍵は封緘時に破棄されています。原資料確認は仮名加工医療情報だけができます)"
    )]
    KeyDestroyed(String),
    /// What lies in the vault of pseudonyms, or what is held against it, cannot be read.
    #[error("REL_VAULT: {0} (仮名の対応表、または照合する値を読めません)")]
    Vault(&'static str),
    /// What is kept of a release is not what went out.
    #[error("REL_KEPT: {0} (保管している提供物が提供時のものと一致しません)")]
    Kept(&'static str),
    /// A list of cells cannot be read.
    #[error(
        "REL_CELLS: line {line} of the list of cells: expected {expected} (セルの一覧の{line}行目を読めません)"
    )]
    Cells {
        /// The line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// Rows tell somebody more than an earlier release to the same or unknown recipients did (reference: rule 8).
    #[error(
        "REL_REFINES: finer than what {} told of an overlapping cohort, by {}; two people have to allow it by name (同じ提供先への過去の提供より細かい項目があります。二人による許可が必要です)",
        .earlier.join(", "), .columns.join(", ")
    )]
    Refines {
        /// The earlier releases.
        earlier: Vec<String>,
        /// The columns that are finer, or cut otherwise.
        columns: Vec<String>,
    },
    /// A column that the policy does not classify, or that may never leave.
    #[error(
        "REL_COLUMN: the policy does not let column {0} out; add it to the policy or leave it out of the request \
         (方針にない項目です。方針に加えるか、申出から外してください)"
    )]
    Column(&'static str),
    /// A synthetic twin of something else than rows.
    #[error(
        "REL_TWIN: found a request for tables, expected one for rows (version = 2 with [rows]); only rows have a \
         synthetic twin (合成データは個票([rows])の申出だけに作れます)"
    )]
    Twin,
    /// The policy does not fit the request.
    #[error("REL_POLICY: {0}")]
    Policy(&'static str),
    /// The policy is not one that the board signed, or is not in force.
    #[error(transparent)]
    Approval(#[from] musubi_review_board::ApprovalError),
    /// The engine of rows cannot satisfy the policy.
    #[error("REL_ROWS: {0} (方針を満たす個票を作れません)")]
    Rows(String),
    /// The engine of events cannot satisfy the policy.
    #[error(transparent)]
    Events(#[from] musubi_disclosure::events::EventsError),
    /// The engine of tables cannot satisfy the policy.
    #[error(transparent)]
    Table(#[from] musubi_disclosure::table::TableError),
    /// The independent checker refuses the package.
    #[error(
        "REL_PROOF: the independent checker refuses the package (独立検査が提供物を不合格としました): {}",
        .0.iter().take(5).cloned().collect::<Vec<_>>().join("; ")
    )]
    Proof(Vec<String>),
    /// A file could not be read or written.
    #[error("REL_FILE: {doing} {path} (ファイルを読み書きできません)")]
    File {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The package could not be written.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A defect of this program.
    #[error("REL_INTERNAL: {0} (プログラムの不具合です。開発者に知らせてください)")]
    Internal(&'static str),
}

impl From<musubi_disclosure::micro::hierarchy::HierarchyError> for ReleaseError {
    fn from(error: musubi_disclosure::micro::hierarchy::HierarchyError) -> Self {
        Self::Rows(error.to_string())
    }
}

impl From<musubi_disclosure::micro::dataset::DatasetError> for ReleaseError {
    fn from(error: musubi_disclosure::micro::dataset::DatasetError) -> Self {
        Self::Rows(error.to_string())
    }
}

impl ReleaseError {
    /// For `map_err` on file operations.
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }

    /// The rule id, for `--json` and the audit chain.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Parameter(_) => "REL_PARAMETER",
            Self::ParameterValue { .. } => "REL_PARAMETER_VALUE",
            Self::Expired => "REL_EXPIRED",
            Self::Cohort(_) => "REL_COHORT",
            Self::Check(_) => "REL_CHECK",
            Self::Scan(_) => "REL_SCAN",
            Self::Exists(_) => "REL_EXISTS",
            Self::Released(_) => "REL_LEDGER",
            Self::OptedOut => "REL_OPTED_OUT",
            Self::Spec(_) => "REL_SPEC",
            Self::Empty(_) => "REL_EMPTY",
            Self::Floor { .. } => "REL_FLOOR",
            Self::Snapshot(_) => "REL_SNAPSHOT",
            Self::Quota { .. } => "REL_QUOTA",
            Self::KeyDestroyed(_) => "REL_KEY_DESTROYED",
            Self::Vault(_) => "REL_VAULT",
            Self::Kept(_) => "REL_KEPT",
            Self::Cells { .. } => "REL_CELLS",
            Self::Refines { .. } => "REL_REFINES",
            Self::Column(_) => "REL_COLUMN",
            Self::Twin => "REL_TWIN",
            Self::Policy(_) => "REL_POLICY",
            Self::Approval(error) => error.code(),
            Self::Rows(_) => "REL_ROWS",
            Self::Events(_) => "REL_EVENTS",
            Self::Table(_) => "REL_TABLE",
            Self::Proof(_) => "REL_PROOF",
            Self::File { .. } => "REL_FILE",
            Self::Pack(error) => error.code(),
            Self::Storage(_) => "REL_STORAGE",
            Self::Internal(_) => "REL_INTERNAL",
        }
    }
}
