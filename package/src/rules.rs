//! Rules about packages: what can be wrong with a delivery before anybody looks into its documents. Words only.

use musubi_model::catalogue;

catalogue! {
    /// No manifest in the package.
    MANIFEST_MISSING Error "SUB-MANIFEST-MISSING"
        "提出物に manifest.toml がありません。" "The package has no manifest.toml."
        "manifest.toml とその署名を入れて再提出してください。" "Send the package again with manifest.toml and its signature."
        eg "RECEIPTC.UKE だけを入れた ZIP を送り、manifest.toml がない。";
    /// The manifest is not what it should be.
    MANIFEST_UNREADABLE Error "SUB-MANIFEST-UNREADABLE"
        "manifest.toml を読み取れません。" "manifest.toml cannot be read."
        "書式(TOML、UTF-8)と項目名を確認して作り直してください。" "Check layout (TOML, UTF-8) and field names, and make it again."
        eg "manifest.toml を Shift_JIS で保存した、または項目名を「file_name」と書いた。";
    /// The manifest asks for a layout we do not know.
    MANIFEST_VERSION Error "SUB-MANIFEST-VERSION"
        "manifest.toml の版に対応していません。" "This version of manifest.toml is not known."
        "version = 1 の形式で作成してください。" "Write it in the form of version = 1."
        eg "version = 2 と書いてある。";
    /// No signature.
    UNSIGNED Error "SUB-UNSIGNED"
        "提出者の署名がありません。" "The submitter's signature is missing."
        "manifest.toml.sig を添えて再提出してください。" "Send the package again with manifest.toml.sig."
        eg "manifest.toml.sig を入れ忘れた、または途中で切れて空になっている。";
    /// The signature does not hold.
    SIGNATURE Error "SUB-SIGNATURE"
        "提出者の署名を検証できません。目録が署名後に変わったか、鍵が違います。" "The signature does not hold: the manifest was changed after signing, or the key is another."
        "目録を変えずに、登録済みの鍵で署名し直してください。" "Sign the unchanged manifest again with the registered key."
        eg "署名した後に manifest.toml の件数を書き直した。";
    /// No such agreement.
    FEED_UNKNOWN Error "SUB-FEED-UNKNOWN"
        "登録されていないフィードです。" "The feed is not registered."
        "フィード名を確認するか、事業者に登録を依頼してください。" "Check the feed's name, or ask the operator to register it."
        eg "登録名は「mihon-receipts」だが「mihon-receipt」と書いた。";
    /// The agreement says something else.
    FEED_MISMATCH Error "SUB-FEED-MISMATCH"
        "提出者または書式がフィードの取り決めと違います。" "Submitter or kind differ from what the feed agrees."
        "取り決めどおりの提出者・書式で提出してください。" "Deliver as the agreed submitter, in the agreed kind."
        eg "医科レセプトのフィードに kind = \"ss-mix2-standard\" で提出した。";
    /// A provider outside the agreement.
    PROVIDER_UNKNOWN Error "SUB-PROVIDER-UNKNOWN"
        "フィードの取り決めにない医療機関等が含まれています。" "A provider is named that the feed does not cover."
        "対象の医療機関等だけを提出するか、追加の登録を依頼してください。" "Deliver only covered providers, or ask for registration."
        eg "取り決めにない 13199 が providers にある、または providers が二つあるのに file に provider がない。";
    /// The feed's interface has no definition here.
    INTERFACE_UNKNOWN Error "SUB-INTERFACE-UNKNOWN"
        "フィードの連携仕様が登録されていないため、表を読めません。" "The feed's interface is not registered, so its tables cannot be read."
        "事業者が連携仕様を登録した後に再提出してください。" "Send the package again once the operator has registered the interface."
        eg "フィードの連携仕様「mihon-kenshin」がまだ登録されていない。";
    /// A path that leads out of the package.
    PATH Error "SUB-PATH"
        "提出物の外を指すパスが含まれています。" "A path leads out of the package."
        "「..」、絶対パス、リンクを含まない提出物を作り直してください。" "Make the package again without '..', absolute paths or links."
        eg "path = \"../RECEIPTC.UKE\" と書いてある、または ZIP にシンボリックリンクがある。";
    /// Too big.
    OVERSIZE Error "SUB-OVERSIZE"
        "提出物が上限を超えています。" "The package is over a limit."
        "分割して提出するか、事業者に上限の変更を相談してください。" "Deliver in parts, or ask the operator about the limit."
        eg "上限 1 GiB の文書に 2 GiB のファイルを送った。";
    /// The zip is damaged.
    ZIP Error "SUB-ZIP"
        "ZIP を開けません。" "The zip cannot be opened."
        "転送中に壊れていないか確認し、再提出してください。" "Check whether it was damaged on the way, and send it again."
        eg "転送が途中で切れ、ZIP の末尾の一覧がない。";
    /// A listed file is not there.
    FILE_MISSING Error "SUB-FILE-MISSING"
        "目録にあるファイルが提出物にありません。" "A file of the manifest is not in the package."
        "不足ファイルを加え、目録を作り直して再提出してください。" "Add the file, make the manifest again and send the package again."
        eg "目録に 3 ファイルあるが、提出物には 2 ファイルしかない。";
    /// A listed file has another length.
    FILE_TRUNCATED Error "SUB-FILE-TRUNCATED"
        "ファイルの長さが目録と違います。" "A file has not the length that the manifest gives."
        "転送が最後まで終わったか確認し、再提出してください。" "Check that the transfer finished, and send the package again."
        eg "目録では 9,361 バイトのファイルが 8,192 バイトで終わっている。";
    /// A listed file has another hash.
    FILE_ALTERED Error "SUB-FILE-ALTERED"
        "ファイルの内容が目録のハッシュ値と違います。" "A file's content does not have the hash that the manifest gives."
        "改ざん・破損がないか確認し、目録を作り直して再提出してください。" "Look for damage or tampering, make the manifest again and send the package again."
        eg "目録を作った後に、ファイルを開いて保存し直した。";
    /// A file nobody listed.
    FILE_UNLISTED Warning "SUB-FILE-UNLISTED"
        "目録にないファイルがあります。取り込みません。" "A file is not in the manifest. It is not taken in."
        "必要なファイルなら目録に加えて再提出してください。" "If it is needed, add it to the manifest and send the package again."
        eg "作業用の控え「控え.csv」が提出物に残っている。";
    /// Control totals differ.
    TOTALS Error "SUB-TOTALS"
        "統制合計が内容と一致しません。" "Control totals differ from the content."
        "抽出漏れ・重複がないか確認し、合計を数え直して再提出してください。" "Look for records left out or doubled, count again and send the package again."
        eg "目録では RE = 120 だが、ファイルには RE が 119 件しかない。";
    /// Same package once more.
    REPEATED Note "SUB-REPEATED"
        "同じ提出物を既に受領しています。取り込みは行いません。" "The same package was received before. Nothing is taken in."
        "対応は不要です。" "Nothing to do."
        eg "昨夜と同じ ZIP をもう一度送った。";
    /// Records the mapper did not account for: our own defect.
    MAPPER_COUNT Error "SUB-MAPPER-COUNT"
        "変換で数えたレコード数が一致しません(当方の不具合)。この単位を隔離しました。" "The mapper did not account for every record (our defect). The unit is quarantined."
        "対応は不要です。事業者が調査します。" "Nothing to do; the operator investigates."
        eg "切り出しで 12 件と数えたレコードを、変換では 11 件と数えた。";
    /// Too many findings in one unit.
    MORE_FINDINGS Note "SUB-MORE-FINDINGS"
        "この単位の指摘が上限を超えたため、以降は件数のみ記録しました。" "This unit has more findings than are kept; the rest are only counted."
        "上の指摘を直すと残りも分かります。" "Mend those above and the rest will show."
        eg "一つのレセプトに 250 件の指摘があり、200 件を記録した。";
    /// Units wait for their notice.
    HELD Note "NTC-HELD"
        "通知の条件を満たさない人の分を、封をして保留しました。条件が整えば自動で格納します。" "What belongs to people whose notice is not ripe is held sealed; it is loaded by itself once it is."
        "通知台帳を確認してください。待機期間中の人は対応不要です。" "Check the ledger of notices; nothing to do for those whose days are running."
        eg "通知から 12 日の人のレセプトが 3 件届いた。";
    /// Too many persons without a notice.
    BLOCKED Error "NTC-BLOCKED"
        "通知のない人が多数含まれるため、提出全体を停止しました。何も格納していません。" "Too many persons have no notice: the whole delivery is stopped, and nothing was loaded."
        "抽出条件(通知済みの人に限る)を確認し、通知台帳を送り直すか、事業者に連絡してください。" "Check that the extract is limited to the notified, send the ledger again, or call the operator."
        eg "抽出条件が外れ、通知していない 95,195 人分が届いた。";
    /// Abnormal growth.
    GROWTH Error "NTC-GROWTH"
        "人数が直近の提出より急に増えたため、提出全体を停止しました。" "Far more persons than in the deliveries before: the whole delivery is stopped."
        "増えた理由を事業者に知らせてください。二人の確認で再開します。" "Tell the operator why; two people open it again."
        eg "毎夜 200 人前後の医療機関から 900 人分が届いた。";
    /// The numbers do not fit.
    PERSONS Error "NTC-PERSONS"
        "受け入れる人数が、通知済みで停止を求めていない人数を超えるため、提出全体を停止しました。" "More persons would be admitted than were notified and did not object: the whole delivery is stopped."
        "通知台帳と停止の求めを確認してください。" "Check the ledger of notices and the opt-outs."
        eg "通知済み 500 人の医療機関から 512 人を受け入れようとした。";
    /// More than was filed.
    ITEMS Error "NTC-ITEMS"
        "主務大臣に届け出た項目にない情報が含まれるため、提出全体を停止しました。" "The delivery holds items that were not filed with the ministers: it is stopped as a whole."
        "届出を変更するか、項目を除いて提出してください。" "Change the filing, or deliver without these items."
        eg "届出は傷病名と医薬品だけだが、検査結果が届いた。";
    /// Items the person was not told of.
    WITHHELD Warning "NTC-WITHHELD"
        "本人への通知に書かれていない項目は格納していません。" "Items that the person's notice does not name were not loaded."
        "その項目を書いた通知文で、改めて通知してください。" "Notify again with a text that names them."
        eg "2019年の通知文には検査結果がなく、検査結果だけを除いた。";
    /// No ledger.
    LEDGER_MISSING Error "RCV-LEDGER-MISSING"
        "通知台帳がないため、この医療機関等の分はすべて保留しました。" "There is no ledger of notices: everything of this provider is held."
        "通知台帳(ledger.toml と CSV)を送ってください。" "Send the ledger of notices (ledger.toml and CSV)."
        eg "台帳を一度も送っていない診療所のレセプトが届いた。";
    /// An old ledger.
    LEDGER_STALE Error "RCV-LEDGER-STALE"
        "通知台帳が古いため、この医療機関等の分はすべて保留しました。" "The ledger of notices is too old: everything of this provider is held."
        "提出の締めの24時間前より後に出力した通知台帳を送ってください。" "Send a ledger written out within 24 hours before the delivery's end of day."
        eg "11月10日の提出に、11月1日に出力した台帳しかない。";
    /// A broken chain.
    LEDGER_BROKEN Error "RCV-LEDGER-BROKEN"
        "通知台帳の記録の連鎖が切れているため、この医療機関等の分はすべて保留しました。" "The chain of the ledgers of notices is broken: everything of this provider is held."
        "対応は不要です。事業者が調査します。" "Nothing to do; the operator investigates."
        eg "保管している台帳の1行が書き換えられていた。";
    /// A ledger that is not sound.
    LEDGER_FILE Error "NTC-LEDGER"
        "通知台帳の一式を受け付けられません。" "The package of ledgers cannot be taken in."
        "ledger.toml、署名、CSV のハッシュを確かめて送り直してください。" "Check ledger.toml, its signature and the hashes of its files, and send it again."
        eg "CSV を直した後に ledger.toml のハッシュを直していない。";
}
