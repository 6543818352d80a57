//! Conditions that bite (承認の条件): each is a gate with a verifier and a day, and what can be computed is computed. Nobody
//! closes a gate that the facts say is shut.

use jiff::civil::Date;
use musubi_compliance::audit::AuditRole;
use musubi_compliance::organisation::role_of;
use serde::{Deserialize, Serialize};

/// What must be so before an approval is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gate", rename_all = "kebab-case")]
pub enum Gate {
    /// A contract with the recipient is in force, with every clause.
    ContractInForce,
    /// The policy's smallest class of persons is at least so large.
    MinK {
        /// Persons.
        at_least: u64,
    },
    /// The policy's smallest cell shows at least so many persons.
    MinCell {
        /// Persons.
        at_least: u64,
    },
    /// The period asked for ends no later.
    PeriodEnd {
        /// The day.
        not_after: Date,
    },
    /// The data are destroyed no later.
    DestructionDate {
        /// The day.
        not_after: Date,
    },
    /// The recipient holds a valid certificate.
    RecipientCertificate,
    /// The ethics committee's approval is there.
    EthicsApproval,
    /// Anything else, in its words; the verifier alone can tell.
    Other,
}

impl Gate {
    /// The Japanese words.
    #[must_use]
    pub fn ja(&self) -> String {
        match self {
            Self::ContractInForce => "提供先との契約が有効であること".to_owned(),
            Self::MinK { at_least } => format!("k-匿名性の k が {at_least} 以上であること"),
            Self::MinCell { at_least } => format!("最小セルが {at_least} 人以上であること"),
            Self::PeriodEnd { not_after } => format!("対象期間の末日が {not_after} 以前であること"),
            Self::DestructionDate { not_after } => format!("データの消去日が {not_after} 以前であること"),
            Self::RecipientCertificate => "提供先の認定証が有効であること".to_owned(),
            Self::EthicsApproval => "倫理審査の承認があること".to_owned(),
            Self::Other => "その他".to_owned(),
        }
    }

    /// The English words.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::ContractInForce => "a contract with the recipient is in force".to_owned(),
            Self::MinK { at_least } => format!("k of the policy is at least {at_least}"),
            Self::MinCell { at_least } => format!("the smallest cell has at least {at_least} persons"),
            Self::PeriodEnd { not_after } => format!("the period ends by {not_after}"),
            Self::DestructionDate { not_after } => format!("the data are destroyed by {not_after}"),
            Self::RecipientCertificate => "the recipient's certificate is valid".to_owned(),
            Self::EthicsApproval => "the approval of the ethics committee is there".to_owned(),
            Self::Other => "other".to_owned(),
        }
    }
}

/// What is known when a gate is looked at. `None` where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Is a contract with every recipient in force?
    pub contract: bool,
    /// Is the certificate of every recipient valid?
    pub certificate: bool,
    /// The policy's k.
    pub k: Option<u64>,
    /// The policy's smallest cell.
    pub cell_min: Option<u64>,
    /// Last day of the period.
    pub period_end: Option<Date>,
    /// Day of destruction.
    pub destruction: Option<Date>,
    /// The ethics approval's number is in the application.
    pub ethics: bool,
}

impl Gate {
    /// Whether it is open by what is known. `None`: no program can tell, its verifier does.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> Option<bool> {
        match self {
            Self::ContractInForce => Some(facts.contract),
            Self::RecipientCertificate => Some(facts.certificate),
            Self::MinK { at_least } => Some(facts.k.is_some_and(|k| k >= *at_least)),
            Self::MinCell { at_least } => Some(facts.cell_min.is_some_and(|n| n >= *at_least)),
            Self::PeriodEnd { not_after } => Some(facts.period_end.is_some_and(|d| d <= *not_after)),
            Self::DestructionDate { not_after } => Some(facts.destruction.is_some_and(|d| d <= *not_after)),
            // An approval may come after the application was decided on: then its verifier has seen it.
            Self::EthicsApproval => facts.ethics.then_some(true),
            Self::Other => None,
        }
    }
}

/// A condition as it is put with a vote.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Put {
    /// The gate.
    #[serde(flatten)]
    pub gate: Gate,
    /// Its words.
    #[serde(default)]
    pub words: String,
    /// The role that closes it.
    pub verifier: String,
    /// Until when.
    pub due: Date,
}

/// Conditions of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PutList {
    /// One after the other.
    #[serde(default)]
    pub condition: Vec<Put>,
}

/// Roles that may verify a condition. An applicant or a member cannot say that it is met.
pub const VERIFIERS: [AuditRole; 5] = [
    AuditRole::ReviewSecretary,
    AuditRole::Officer,
    AuditRole::Checker,
    AuditRole::ReleaseApprover,
    AuditRole::SecurityAdmin,
];

/// Why a condition cannot be put or closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionRefused {
    /// The verifier is none.
    #[error("REV_VERIFIER: the verifier of a condition is one of {0} (条件の確認者の役割が違います)")]
    Verifier(String),
    /// Words are missing.
    #[error(
        "REV_WORDS: a condition of the kind `other` says in words what is asked (条件の内容を書いてください)"
    )]
    Words,
    /// Its day has passed.
    #[error("REV_DUE: the day of a condition lies in the past (条件の期限が過ぎています)")]
    Due,
    /// The facts say no.
    #[error("REV_GATE: the records say that this does not hold: {0} (記録上、条件を満たしていません)")]
    Shut(String),
    /// Another role closes it.
    #[error("REV_NOT_VERIFIER: this condition is closed by {0} (この条件の確認者ではありません)")]
    NotVerifier(String),
    /// Nothing shows that it is met.
    #[error("REV_EVIDENCE: say what shows that the condition is met (確認の根拠を書いてください)")]
    NoEvidence,
}

impl Put {
    /// Holds it against the rules on the day it is put.
    ///
    /// # Errors
    /// [`ConditionRefused`].
    pub fn check(&self, today: Date) -> Result<(), ConditionRefused> {
        if !role_of(&self.verifier).is_some_and(|role| VERIFIERS.contains(&role)) {
            let all: Vec<&str> = VERIFIERS.iter().map(|r| r.as_str()).collect();
            return Err(ConditionRefused::Verifier(all.join(", ")));
        }
        if self.gate == Gate::Other && self.words.trim().is_empty() {
            return Err(ConditionRefused::Words);
        }
        if self.due < today {
            return Err(ConditionRefused::Due);
        }
        Ok(())
    }
}

/// Whether a role may close a gate by this evidence.
///
/// # Errors
/// [`ConditionRefused`].
pub fn close(
    gate: &Gate,
    verifier: &str,
    role: AuditRole,
    evidence: &str,
    facts: &Facts,
) -> Result<(), ConditionRefused> {
    if role.as_str() != verifier {
        return Err(ConditionRefused::NotVerifier(verifier.to_owned()));
    }
    match gate.holds(facts) {
        Some(false) => Err(ConditionRefused::Shut(gate.en())),
        None if evidence.trim().is_empty() => Err(ConditionRefused::NoEvidence),
        Some(true) | None => Ok(()),
    }
}
