//! Words of the door for machines.

use crate::words::words;

words! {
    HEALTH: "応答の確認", "Whether the house answers";
    OPENAPI: "この窓口の定義書", "This document";
    METRICS: "稼働の数値", "Figures of the running house";
    SUBMIT: "提出(パッケージの送信)", "Send a package";
    JOB: "受付後の処理の状況", "How far a job is";
    LIST: "提出の一覧", "List deliveries";
    SHOW: "提出の状況と突合", "State and balance of a delivery";
    FINDINGS: "提出の指摘", "Findings of a delivery";
    ACKNOWLEDGEMENT: "受領通知一式(署名付き zip)", "The signed acknowledgement package (zip)";
    APPLICATION: "申出の状況", "State of an application";
    RELEASES: "受け取れる提供物の一覧", "List deliveries to this organisation";
    PACKAGE: "提供物の受取り(zip)", "Fetch a release (zip)";
    FIND: "言葉で探す", "Find by words";
    KNOW: "番号が何かを調べる", "Say what an id is";
    SUBMISSION_ID: "提出の番号(16進32桁)", "Id of the delivery (32 hexadecimal digits)";
    JOB_ID: "処理の番号", "Number of the job";
    APPLICATION_ID: "申出の番号", "Id of the application";
    RELEASE_ID: "提供物の番号", "Id of the release";
    SKIP: "読み飛ばす件数", "How many to skip";
    LIMIT: "件数の上限", "How many at most";
    RULE: "この規則だけ", "Only of this rule";
    WORDS: "探す言葉", "The words";
    KIND: "この種類だけ", "Only of this kind";
    ANY_ID: "番号", "The id";
}
