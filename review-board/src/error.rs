//! Why the board's rules say no. Each has a rule id, Japanese words for people, English words for engineers.

use musubi_model::policy::PolicyError;
use musubi_model::spec::SpecError;
use musubi_storage::StorageError;

/// A refusal of the review board.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// The request is not a usable spec.
    #[error("REV_SPEC: {0} (抽出仕様を読み取れません。仕様を直して出し直してください)")]
    Spec(#[from] SpecError),
    /// The same scope was filed before with another text.
    #[error(
        "REV_DUPLICATE: {request_id} was filed before with other text \
         (同じ範囲の申出が別の書きぶりで届け出られています。先の申出を使ってください)"
    )]
    Duplicate {
        /// The request that is there.
        request_id: String,
    },
    /// No such request or approval.
    #[error("REV_UNKNOWN: there is no {0} (その名前のものはありません)")]
    Unknown(String),
    /// The requester may not approve (invariant 10).
    #[error(
        "REV_SAME_PERSON: whoever filed a request may not approve it (申出人は自分の申出を承認できません)"
    )]
    SamePerson,
    /// An empty name.
    #[error("REV_NOBODY: a name is missing (申出人または承認者の名前がありません)")]
    Nobody,
    /// The last day lies before the first.
    #[error("REV_TERM: the approval would end before it begins (有効期限が承認日より前です)")]
    Term,
    /// The approval is past its last day.
    #[error("REV_EXPIRED: the approval ended (承認の有効期限が過ぎています。改めて審査を受けてください)")]
    Expired,
    /// The decision is not what the board signed.
    #[error("REV_SIGNATURE: the decision was not signed by this board (承認の署名が委員会の鍵と合いません)")]
    Signature,
    /// The approval is for something else than the stored request (law.md R-REV-04).
    #[error("REV_SCOPE_MISMATCH: the approval is for another scope (承認された範囲と抽出仕様が一致しません)")]
    ScopeMismatch,
    /// A stored row does not fit its signed decision.
    #[error(
        "REV_DAMAGED: a stored approval does not fit its decision (保存された承認が決定の記録と一致しません)"
    )]
    Damaged,
    /// The committee has not approved this.
    #[error(
        "REV_NO_COMMITTEE: no ballot of the committee approved this request; the board signs only what it decided \
         (この申出を承認した委員会の議決がありません。委員会の審査を受けてください)"
    )]
    NoCommittee,
    /// Conditions are open (R-REV-04).
    #[error(
        "REV_CONDITIONS: {0} conditions are open; an approval under conditions is none until each is closed \
         (充足されていない条件が {0} 件あります。確認者がすべて閉じるまで承認ではありません)"
    )]
    Conditions(u64),
    /// Suspended.
    #[error("REV_SUSPENDED: the approval is suspended (承認は停止されています。解除されるまで使えません)")]
    Suspended,
    /// Ended before its day.
    #[error("REV_ENDED: the approval has ended (承認は終了しました。変更後の承認を使ってください)")]
    Ended,
    /// The text is no usable disclosure policy.
    #[error("REV_POLICY: {0} (開示制御方針を使えません。方針を直してください)")]
    Policy(#[from] PolicyError),
    /// A version of a policy is adopted once.
    #[error(
        "REV_POLICY_THERE: version {version} of {name} has another text; raise the version \
         (同じ版の方針が別の内容で採択されています。版を上げてください)"
    )]
    PolicyThere {
        /// Its name.
        name: String,
        /// Its version.
        version: u32,
    },
    /// The policy is not, or no longer, in force.
    #[error(
        "REV_POLICY_DATE: {name}/{version} is not in force today (方針がまだ、またはもう有効ではありません)"
    )]
    PolicyDate {
        /// Its name.
        name: String,
        /// Its version.
        version: u32,
    },
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl ApprovalError {
    /// The rule id, for `--json` and the audit chain.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Spec(_) => "REV_SPEC",
            Self::Duplicate { .. } => "REV_DUPLICATE",
            Self::Unknown(_) => "REV_UNKNOWN",
            Self::SamePerson => "REV_SAME_PERSON",
            Self::Nobody => "REV_NOBODY",
            Self::Term => "REV_TERM",
            Self::Expired => "REV_EXPIRED",
            Self::Signature => "REV_SIGNATURE",
            Self::ScopeMismatch => "REV_SCOPE_MISMATCH",
            Self::Damaged => "REV_DAMAGED",
            Self::NoCommittee => "REV_NO_COMMITTEE",
            Self::Conditions(_) => "REV_CONDITIONS",
            Self::Suspended => "REV_SUSPENDED",
            Self::Ended => "REV_ENDED",
            Self::Policy(_) => "REV_POLICY",
            Self::PolicyThere { .. } => "REV_POLICY_THERE",
            Self::PolicyDate { .. } => "REV_POLICY_DATE",
            Self::Storage(_) => "REV_STORAGE",
        }
    }
}
