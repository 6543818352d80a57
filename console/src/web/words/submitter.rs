//! Words of the pages for those who send data.

use crate::words::words;

words! {
    CALENDAR: "提出カレンダー", "Calendar of feeds";
    CALENDAR_NOTE: "行はフィード、列は日です。記号の意味は表の下にあります。記号を選ぶと提出の内容を開きます。", "A row is a feed, a column is a day. What the signs mean stands below the table; choose one to open the delivery.";
    DETAIL: "提出の内容", "Delivery";
    FINDINGS: "指摘と直し方", "Findings and how to mend them";
    FINDINGS_CSV: "指摘の全行(CSV)", "All findings (CSV)";
    RECEIPT: "署名付き受領通知一式(ZIP)", "Signed acknowledgement (ZIP)";
    ANSWERS: "標本確認の回答を送る", "Send answers about the sample";
    UPLOAD: "提出物を送る", "Send a delivery";
    UPLOADED: "送った提出物の状況", "What became of an upload";
    AGAIN: "もう一度順番に入れる", "Queue it again";
    ALLOW: "停止を解除する(二人制)", "Open the stop (two people)";
    REASON_CODE: "理由(短い符号)", "Reason (a short code)";
    UNMAPPED: "標準コードのないコード", "Codes without a standard";
    PROPOSE: "対応を提案する", "Propose a map";
    NOTICES: "通知の台帳と保留", "Ledger of notices, and what waits";
    OPTOUTS: "停止の求めの一覧を送る", "Send a list of opt-outs";
    FEED: "フィード", "Feed";
    MONTH: "月", "Month";
    VOLUME: "件数の推移", "Volume";
    WORST: "今月の状態", "This month";
    RULE: "規則", "Rule";
    HOW_MANY: "件数", "Count";
    BEFORE: "前回", "Before";
    MAKER: "作成したソフト・メーカー", "Made by";
    MEND: "直し方", "How to mend it";
    RECORD: "レコード", "Record";
    FIELD: "項目", "Field";
    FOUND: "検出した形(値は伏せています)", "Found (values are masked)";
    EXPECTED: "期待", "Expected";
    PLACE: "文書と位置", "Document and place";
    PACKAGE: "提出物(ZIP)", "Package (ZIP)";
    LIST_FILE: "停止の求めの一覧(CSV)", "List of opt-outs (CSV)";
    ANSWER_FILE: "記入した quality.csv", "quality.csv, filled in";
    PROVIDER: "医療機関等", "Provider";
    SYSTEM: "コード体系(送信時)", "Code system as sent";
    CODE: "コード", "Code";
    NAME: "名称", "Name";
    STANDARD_SYSTEM: "標準コードの体系", "Standard system";
    STANDARD_CODE: "標準コード", "Standard code";
    REASON: "理由", "Reason";
}
