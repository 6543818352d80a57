//! For what something was done (利用目的) and what kind of thing it was done to: both follow from action and object by
//! exhaustive tables, so that no caller can leave them out or word them differently.

use super::words::{AuditAction as Action, AuditObject as Object};

words! {
    /// For what something was done.
    Purpose {
        /// Taking in what providers deliver.
        Intake = "intake", "受領・格納";
        /// Finding out which records are one person's.
        Linkage = "linkage", "名寄せ";
        /// Making and giving out what was approved.
        Provision = "provision", "作成・提供";
        /// Doing what a person asked for.
        Rights = "rights", "本人の求めへの対応";
        /// Keeping what is held right: masters, codes, ways back to the bytes.
        Quality = "quality", "品質管理";
        /// Deciding, instructing, keeping books, reporting.
        Governance = "governance", "管理・記録・報告";
        /// Looking after whether all that is done as it must be.
        Inspection = "inspection", "監査・点検";
    }
}

words! {
    /// What kind of thing an object is.
    ObjectClass {
        /// What a provider delivered.
        Delivery = "delivery", "提出物";
        /// Persons, and what sources wrote of them.
        Person = "person", "本人の情報";
        /// Stops and erasures.
        Stop = "stop", "停止・削除";
        /// Requests, decisions and what is given out.
        Release = "release", "申出・提供";
        /// Facts as a whole.
        Repository = "repository", "医療情報等の全体";
        /// Masters and codes.
        Master = "master", "マスター";
        /// Matching's own rules and measurements.
        Matching = "matching", "名寄せの規則";
        /// Parameters.
        Parameter = "parameter", "パラメータ";
        /// Organisations, accounts, instructions.
        Organisation = "organisation", "組織・権限";
        /// Books, and this log.
        Book = "book", "帳簿";
        /// The installation.
        House = "house", "設備";
    }
}

/// The purpose of an entry: what was said of it, or what the action is for.
#[must_use]
pub fn purpose(action: Action, object: &Object) -> &'static str {
    match object {
        Object::Person(_, Some(said)) | Object::Persons(said) => said.as_str(),
        _ => by_action(action).as_str(),
    }
}

fn by_action(action: Action) -> Purpose {
    match action {
        Action::Receive
        | Action::Load
        | Action::Gate
        | Action::EnterNotices
        | Action::LoadHeld
        | Action::DecideSetAside
        | Action::AllowGrowth => Purpose::Intake,
        Action::Resolve
        | Action::ViewPerson
        | Action::QueryPerson
        | Action::RulePerson
        | Action::ProposeUndo
        | Action::ConfirmUndo
        | Action::PostponeReview
        | Action::ProposeOpening
        | Action::OpenGate
        | Action::ProposeRelink
        | Action::Relink
        | Action::TrainModel
        | Action::ProposeModel
        | Action::AdoptModel => Purpose::Linkage,
        Action::FileRequest
        | Action::Decide
        | Action::BuildCohort
        | Action::BuildRelease
        | Action::VerifyRelease
        | Action::Transfer
        | Action::Apply
        | Action::Declare
        | Action::Vote
        | Action::Condition
        | Action::CheckOutput
        | Action::HandOver
        | Action::Fetch
        | Action::ViewStatistics => Purpose::Provision,
        Action::EnterOptOut
        | Action::WithdrawOptOut
        | Action::PreviewOptOut
        | Action::IssueReceipt
        | Action::PlanErasure
        | Action::ConfirmErasure
        | Action::Erase
        | Action::BlankPaths
        | Action::ScanErased
        | Action::ReapplyErasures
        | Action::Certify
        | Action::Inquiry => Purpose::Rights,
        Action::LoadMaster | Action::ProposeCode | Action::DecideCode | Action::Trace => Purpose::Quality,
        Action::Register
        | Action::UseParameters
        | Action::Report
        | Action::EnterFiling
        | Action::Backup
        | Action::Instruct
        | Action::ProposeOperation
        | Action::ApproveOperation
        | Action::Refuse
        | Action::ProposeParameter
        | Action::DecideParameter
        | Action::Record
        | Action::ExportBooks
        | Action::Incident
        | Action::Contract
        | Action::Disclose
        | Action::Login
        | Action::RefuseLogin
        | Action::Logout
        | Action::Credential
        | Action::BreakGlass
        | Action::Search => Purpose::Governance,
        Action::VerifyAudit
        | Action::Check
        | Action::SignCheckpoint
        | Action::Witness
        | Action::ReviewLog => Purpose::Inspection,
    }
}

/// What kind of thing an object is.
#[must_use]
pub fn class(object: &Object) -> ObjectClass {
    match object {
        Object::Submission(_) | Object::Document(_) | Object::Feed(_) | Object::Provider(_) => {
            ObjectClass::Delivery
        }
        Object::Person(..) | Object::Persons(_) | Object::Ruling(_) => ObjectClass::Person,
        Object::OptOut(_) | Object::Erasure(_) => ObjectClass::Stop,
        Object::Request(_)
        | Object::Approval(_)
        | Object::Cohort(_)
        | Object::Release(_)
        | Object::Transfer(_) => ObjectClass::Release,
        Object::Snapshot(_) | Object::Backup(_) => ObjectClass::Repository,
        Object::Master(..) | Object::CodeMap(_) => ObjectClass::Master,
        Object::GateRun(_) | Object::Relink(_) => ObjectClass::Matching,
        Object::Parameters(_) | Object::Parameter(_) | Object::Policy(_) => ObjectClass::Parameter,
        Object::Organisation(_)
        | Object::Principal(_)
        | Object::Instruction(_)
        | Object::Operation(_)
        | Object::Contract(_) => ObjectClass::Organisation,
        Object::Chain(_) | Object::Book(_) | Object::Check(_) | Object::Incident(_) | Object::Inquiry(_) => {
            ObjectClass::Book
        }
        Object::House => ObjectClass::House,
    }
}
