//! Rules that only the check before sending has: what it was given and cannot take for a document. Words only.

use musubi_model::catalogue;

catalogue! {
    /// Nobody knows the format.
    UNRECOGNISED Error "PRE-UNRECOGNISED"
        "どの書式のファイルか判別できません。点検していません。" "The format of the file cannot be told; it was not checked."
        "提出物に含めるファイルなら、--kind(表は --interface も)で書式を指定してもう一度点検してください。" "If it belongs to the delivery, check again and name its format with --kind (for tables --interface, too)."
        eg "作業メモの PDF が提出フォルダーに残っている。";
    /// Neither a file nor a folder.
    NOT_A_FILE Error "PRE-NOT-A-FILE"
        "通常のファイルではないものがあります。点検していません。" "Something is no ordinary file; it was not checked."
        "シンボリックリンクやパイプを実際のファイルに置き換えてください。" "Replace links and pipes by the files themselves."
        eg "フォルダーの中に、別の場所を指すシンボリックリンクがある。";
    /// A nested zip that holds no document.
    ZIP_INSIDE Error "PRE-ZIP-INSIDE"
        "ZIP の中に ZIP があります。中は点検していません。" "There is a zip inside a zip; its content was not checked."
        "内側の ZIP を展開してから提出物を作ってください。" "Unpack the inner zip before making the package."
        eg "月ごとの ZIP をまとめた ZIP を作った。";
}
