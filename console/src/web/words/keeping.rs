//! Words of the pages of those who keep the house: accounts, two-person operations, instructions, audit.

use crate::words::words;

words! {
    ACCOUNTS: "アカウント", "Accounts";
    ACCOUNT: "アカウント", "Account";
    SESSIONS: "ログイン中の人", "Sessions";
    MACHINES: "機械の証明書", "Certificates of machines";
    EMERGENCIES: "緊急時の例外", "Emergency access";
    EMERGENCY: "緊急時の例外を使う", "Take emergency access";
    INVITE: "招待する", "Invite";
    RESET: "初期化を提案・実行する", "Propose or carry out a reset";
    LOCK: "ロックする", "Lock";
    UNLOCK: "ロックを解除する", "Unlock";
    END_SESSIONS: "ログインを終わらせる", "End its sessions";
    REASON: "理由(本人の情報は書かない)", "Reason (no value of a person)";
    NOTE: "確認したこと(本人の情報は書かない)", "What was found (no value of a person)";
    FIND_ACCOUNT: "アカウント・所属", "Account or organisation";
    STATE: "状態", "State";
    ROLE: "役割", "Role";
    FINGERPRINT: "証明書の指紋(SHA-256)", "Fingerprint of the certificate (SHA-256)";
    UNTIL: "最後の日", "Last day";
    FROM: "最初の日", "First day";
    ADD: "登録する", "Register";
    TAKE_BACK: "取り消す", "Take back";
    MINUTES: "時間(分)", "Minutes";
    JUSTIFIED: "必要だったか", "Was it justified?";
    REVIEW_EMERGENCY: "例外の確認を記録する", "Record the review";
    OPERATIONS: "二人で決める操作", "Decided by two people";
    APPROVE: "承認する", "Approve";
    REJECT: "却下する", "Reject";
    INSTRUCTIONS: "指示", "Instructions";
    GIVE: "指示を出す", "Give an instruction";
    REVOKE: "指示を取り消す", "Revoke";
    JOBS: "仕事", "Jobs";
    TO: "どの事業者に", "To which organisation";
    SCOPE: "範囲(フィード・承認などの番号。空なら全体)", "Scope (feeds, approvals …; empty: everything)";
    LOG: "証跡を調べる", "Look into the log";
    ENTRY: "証跡の記録", "Entry of the log";
    PROOF: "記録の証明を書き出す", "Write the proof of the entry";
    BY: "アカウント", "Account";
    ACTION: "操作", "Action";
    OBJECT: "対象(先頭から)", "Object (its beginning)";
    SINCE: "この日から", "From this day";
    BEFORE_DAY: "この日まで", "To this day";
    LOOK: "調べる", "Look up";
    LOG_STATE: "証跡の検証", "Verify the log";
    VERIFY: "全件を検証する", "Verify everything";
    EXPORT: "全件を書き出す", "Write it all out";
    VERIFIER: "検証プログラムを受け取る", "Fetch the verifier";
    LOG_REVIEW: "月次のログ点検", "Monthly review of the log";
    RECORD_REVIEW: "点検を記録する", "Record the review";
    MONTH: "月", "Month";
    RESULT: "結果", "Result";
    TRACE: "来歴をたどる", "Trace";
    FACT: "事実の番号(32桁)", "Number of a fact (32 digits)";
    SUBMISSION: "提出の番号(先頭から)", "Number of a submission (its beginning)";
}
