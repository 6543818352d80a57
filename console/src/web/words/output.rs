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
}
