//! Rules about packages: what can be wrong with a delivery before anybody looks into its documents.

use musubi_model::finding::{Rule, Severity};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal $severity:ident
        ja $ja:literal en $en:literal
        mend $mend_ja:literal | $mend_en:literal;)*) => {
        $($(#[$doc])*
        pub static $name: Rule = Rule {
            id: $id, severity: Severity::$severity, ja: $ja, en: $en, mend_ja: $mend_ja, mend_en: $mend_en, example: "",
        };)*

        /// All rules of this room.
        #[must_use]
        pub fn rules() -> &'static [&'static Rule] {
            static ALL: &[&Rule] = &[$(&$name),*];
            ALL
        }
    };
}

rules! {
    /// No manifest in the package.
    MANIFEST_MISSING = "SUB-MANIFEST-MISSING" Error
        ja "提出物に manifest.toml がありません。" en "The package has no manifest.toml."
        mend "manifest.toml とその署名を入れて再提出してください。" | "Send the package again with manifest.toml and its signature.";
    /// The manifest is not what it should be.
    MANIFEST_UNREADABLE = "SUB-MANIFEST-UNREADABLE" Error
        ja "manifest.toml を読み取れません。" en "manifest.toml cannot be read."
        mend "書式(TOML、UTF-8)と項目名を確認して作り直してください。" | "Check layout (TOML, UTF-8) and field names, and make it again.";
    /// The manifest asks for a layout we do not know.
    MANIFEST_VERSION = "SUB-MANIFEST-VERSION" Error
        ja "manifest.toml の版に対応していません。" en "This version of manifest.toml is not known."
        mend "version = 1 の形式で作成してください。" | "Write it in the form of version = 1.";
    /// No signature.
    UNSIGNED = "SUB-UNSIGNED" Error
        ja "提出者の署名がありません。" en "The submitter's signature is missing."
        mend "manifest.toml.sig を添えて再提出してください。" | "Send the package again with manifest.toml.sig.";
    /// The signature does not hold.
    SIGNATURE = "SUB-SIGNATURE" Error
        ja "提出者の署名を検証できません。目録が署名後に変わったか、鍵が違います。" en "The signature does not hold: the manifest was changed after signing, or the key is another."
        mend "目録を変えずに、登録済みの鍵で署名し直してください。" | "Sign the unchanged manifest again with the registered key.";
    /// No such agreement.
    FEED_UNKNOWN = "SUB-FEED-UNKNOWN" Error
        ja "登録されていないフィードです。" en "The feed is not registered."
        mend "フィード名を確認するか、事業者に登録を依頼してください。" | "Check the feed's name, or ask the operator to register it.";
    /// The agreement says something else.
    FEED_MISMATCH = "SUB-FEED-MISMATCH" Error
        ja "提出者または書式がフィードの取り決めと違います。" en "Submitter or kind differ from what the feed agrees."
        mend "取り決めどおりの提出者・書式で提出してください。" | "Deliver as the agreed submitter, in the agreed kind.";
    /// A provider outside the agreement.
    PROVIDER_UNKNOWN = "SUB-PROVIDER-UNKNOWN" Error
        ja "フィードの取り決めにない医療機関等が含まれています。" en "A provider is named that the feed does not cover."
        mend "対象の医療機関等だけを提出するか、追加の登録を依頼してください。" | "Deliver only covered providers, or ask for registration.";
    /// The feed's interface has no definition here.
    INTERFACE_UNKNOWN = "SUB-INTERFACE-UNKNOWN" Error
        ja "フィードの連携仕様が登録されていないため、表を読めません。" en "The feed's interface is not registered, so its tables cannot be read."
        mend "事業者が連携仕様を登録した後に再提出してください。" | "Send the package again once the operator has registered the interface.";
    /// A path that leads out of the package.
    PATH = "SUB-PATH" Error
        ja "提出物の外を指すパスが含まれています。" en "A path leads out of the package."
        mend "「..」、絶対パス、リンクを含まない提出物を作り直してください。" | "Make the package again without '..', absolute paths or links.";
    /// Too big.
    OVERSIZE = "SUB-OVERSIZE" Error
        ja "提出物が上限を超えています。" en "The package is over a limit."
        mend "分割して提出するか、事業者に上限の変更を相談してください。" | "Deliver in parts, or ask the operator about the limit.";
    /// The zip is damaged.
    ZIP = "SUB-ZIP" Error
        ja "ZIP を開けません。" en "The zip cannot be opened."
        mend "転送中に壊れていないか確認し、再提出してください。" | "Check whether it was damaged on the way, and send it again.";
    /// A listed file is not there.
    FILE_MISSING = "SUB-FILE-MISSING" Error
        ja "目録にあるファイルが提出物にありません。" en "A file of the manifest is not in the package."
        mend "不足ファイルを加え、目録を作り直して再提出してください。" | "Add the file, make the manifest again and send the package again.";
    /// A listed file has another length.
    FILE_TRUNCATED = "SUB-FILE-TRUNCATED" Error
        ja "ファイルの長さが目録と違います。" en "A file has not the length that the manifest gives."
        mend "転送が最後まで終わったか確認し、再提出してください。" | "Check that the transfer finished, and send the package again.";
    /// A listed file has another hash.
    FILE_ALTERED = "SUB-FILE-ALTERED" Error
        ja "ファイルの内容が目録のハッシュ値と違います。" en "A file's content does not have the hash that the manifest gives."
        mend "改ざん・破損がないか確認し、目録を作り直して再提出してください。" | "Look for damage or tampering, make the manifest again and send the package again.";
    /// A file nobody listed.
    FILE_UNLISTED = "SUB-FILE-UNLISTED" Warning
        ja "目録にないファイルがあります。取り込みません。" en "A file is not in the manifest. It is not taken in."
        mend "必要なファイルなら目録に加えて再提出してください。" | "If it is needed, add it to the manifest and send the package again.";
    /// Control totals differ.
    TOTALS = "SUB-TOTALS" Error
        ja "統制合計が内容と一致しません。" en "Control totals differ from the content."
        mend "抽出漏れ・重複がないか確認し、合計を数え直して再提出してください。" | "Look for records left out or doubled, count again and send the package again.";
    /// Same package once more.
    REPEATED = "SUB-REPEATED" Note
        ja "同じ提出物を既に受領しています。取り込みは行いません。" en "The same package was received before. Nothing is taken in."
        mend "対応は不要です。" | "Nothing to do.";
    /// Same document as before.
    DOCUMENT_REPEATED = "SUB-DOCUMENT-REPEATED" Note
        ja "同じ内容のファイルを既に格納しています。" en "A file with the same content is already stored."
        mend "対応は不要です。" | "Nothing to do.";
    /// Records the mapper did not account for: our own defect.
    MAPPER_COUNT = "SUB-MAPPER-COUNT" Error
        ja "変換で数えたレコード数が一致しません(当方の不具合)。この単位を隔離しました。" en "The mapper did not account for every record (our defect). The unit is quarantined."
        mend "対応は不要です。事業者が調査します。" | "Nothing to do; the operator investigates.";
    /// Too many findings in one unit.
    MORE_FINDINGS = "SUB-MORE-FINDINGS" Note
        ja "この単位の指摘が上限を超えたため、以降は件数のみ記録しました。" en "This unit has more findings than are kept; the rest are only counted."
        mend "上の指摘を直すと残りも分かります。" | "Mend those above and the rest will show.";
}
