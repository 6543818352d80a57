//! Words of output check, hand-over and deliveries.

use crate::words::words;

words! {
    QUEUE: "出力確認の一覧", "Releases to check";
    FILE_VIEW: "提供物の確認", "Check a release";
    VOTE: "投票する", "Vote";
    EXCEPTION: "例外を求める", "Ask for an exception";
    GRANT: "例外を認める・認めない", "Decide on an exception";
    DECIDE: "意見が分かれた提供物を判断する", "Decide where checkers differ";
    RESULT: "確認の結果", "Result of the check";
    RELEASES: "提供物の一覧", "Releases";
    PACKAGE: "提供物", "Release";
    KEY: "提供の鍵を設定する", "Set a key";
    HANDOVER: "引き渡す", "Hand over";
    RECALL: "回収する", "Recall";
    DELIVERIES: "受け取った提供物", "My deliveries";
    DELIVERY: "提供物の受取り", "Delivery";
    FETCH: "受け取る", "Fetch";
    ACKNOWLEDGE: "受領を確認する", "Confirm arrival";
    DESTROYED: "廃棄の証明を出す", "Hand in the certificate of destruction";
    REASON: "理由", "Reason";
    COMMENT: "コメント", "Comment";
    VERDICT: "判断", "Verdict";
    GROUND: "どの規則の例外か", "From which rule";
    FILE: "ファイル", "File";
    MANIFEST: "目録のハッシュ(BLAKE3)", "Hash of the manifest (BLAKE3)";
    RECIPIENT: "提供先の事業者ID", "Recipient (organisation)";
    CHANNEL: "引渡しの方法", "Way";
    LINE: "回線番号(台帳)", "Number of the line";
    CAUSE: "回収の原因", "Cause";
    TERMS: "利用条件への同意", "Acceptance of the terms of use";
    CERTIFICATE: "廃棄の証明書(PDFなど、10MBまで)", "Certificate of destruction (up to 10 MB)";
    AFTERMATH: "提供済みの情報への影響", "What becomes of releases";
    AFTERMATH_NOTE: "停止の求め、または名寄せの訂正によって影響を受ける提供物と、法令に基づいてすべきことを示します。匿名加工医療情報の行は調べません。", "Releases that a stop or a correction of matching touches, and what the Act asks. Rows of anonymised data are not looked into.";
    NO_AFTERMATH: "影響を受ける提供物はありません。", "No release is touched.";
    DUTIES: "すべきことの件数", "How many ask for what";
    DUTY: "すべきこと", "What is asked";
    RELEASE_COUNT: "提供物の数", "Releases";
    RELEASE: "提供番号", "Release";
    PRODUCT: "提供区分", "Product";
    SEALED: "封緘", "Sealed";
    RECIPIENTS: "提供先", "Recipients";
    WHOSE: "研究用ID・元データの番号、または停止の受付番号", "Research id, identity, or number of a stop";
    WHOSE_HELP: "16進32桁の番号か O- で始まる受付番号です。氏名では調べられません。", "32 hexadecimal digits, or a number that begins with O-; never a name.";
    CAUSE_ASKED: "きっかけ", "Because of";
    BY_STOP: "停止の求め", "a request to stop";
    BY_MATCHING: "名寄せの訂正(統合・分割・取消し)", "a correction of matching";
    SHOW_AFTERMATH: "調べる", "Look up";
    RECALLS: "消去の求めが登録された提供物", "Releases with a registered request for deletion";
}
