//! Words of the pages for those who run the house.

use crate::words::words;

words! {
    TONIGHT: "今夜の処理", "Tonight";
    QUARANTINE: "隔離と保留", "Set aside and held";
    RETRY: "空実行する", "Dry run";
    LOAD_AGAIN: "再取込みを指示する", "Order to take it in again";
    GIVE_BACK: "提出者に差し戻す", "Give back to the sender";
    RUN: "実行の詳細", "A run";
    LINEAGE: "来歴", "Lineage";
    PARAMETERS: "規則とパラメータ", "Rules and parameters";
    PARAMETER: "パラメータ", "Parameter";
    PROPOSE: "変更を提案する", "Propose a change";
    PROPOSALS: "変更の提案", "Proposed changes";
    DECIDE: "提案を承認・却下する", "Approve or reject";
    CHECKS: "遵守点検", "Checks of the Act";
    CHECK: "点検項目", "Check";
    RUN_CHECKS: "点検を実行する", "Run the checks";
    TRUST: "信頼の記録", "Proofs";
    VALUE: "値", "Value";
    FROM: "適用日", "From";
    BASIS: "根拠", "Basis";
    REASON: "理由", "Reason";
    VERIFIED: "根拠の確かさ", "How well the basis is known";
    PROPOSAL: "提案の番号", "Proposal";
    DELIVERIES: "隔離する提出", "Deliveries";
}
