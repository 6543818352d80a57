//! Rules about HL7 messages as such. Words only.

use musubi_model::{Rule, catalogue};

use crate::text::Fault;

catalogue! {
    /// UTF-16, or no encoding at all.
    ENCODING Error "HL7-ENCODING"
        "文字コードを判別できません。" "The character encoding cannot be told."
        "ISO-2022-JP（ISO IR87）で出力し直してください。" "Write the message again in ISO-2022-JP (ISO IR87)."
        eg "UTF-16 で保存した電文。";
    /// More bytes than a message can have.
    TOO_LONG Error "HL7-TOO-LONG"
        "電文が長すぎます。" "The message is too long."
        "電文を分けて送ってください。" "Send it as several messages."
        eg "一つの電文が上限を超える大きさになっている。";
    /// More segments than the limit.
    TOO_MANY Error "HL7-TOO-MANY"
        "セグメントが上限を超えています。" "There are more segments than the limit allows."
        "電文を分けて送るか、上限の変更を依頼してください。" "Send several messages, or ask for a higher limit."
        eg "一人の検査結果を数年分、一つの電文に詰め込んだ。";
    /// Does not begin with MSH.
    NO_MSH Error "HL7-NO-MSH"
        "MSH で始まっていません。HL7 電文ではありません。" "It does not begin with MSH: this is no HL7 message."
        "ファイルの中身を確認し、正しい電文を送り直してください。" "Look at the file and send the right message again."
        eg "PID から始まるファイル、または ZIP をそのまま置いたファイル。";
    /// MSH-1 or MSH-2 broken.
    SEPARATORS Error "HL7-SEPARATORS"
        "MSH-1・MSH-2 の区切り文字が正しくありません。" "The separators in MSH-1 and MSH-2 are not sound."
        "MSH-2 に互いに異なる４つの区切り文字（^~\\&）を書いてください。" "Write four different signs (^~\\&) in MSH-2."
        eg "MSH-2 が「^~\\」の3文字しかない。";
    /// A line whose first field is no segment name.
    SEGMENT_NAME Warning "HL7-SEGMENT-NAME"
        "セグメント名になっていない行があります。" "A line does not begin with a segment name."
        "改行の混入やセグメントの途中切れがないか確認してください。" "Look for stray line ends or a torn segment."
        eg "住所の途中に改行が入り、次の行が「1-2-3」から始まっている。";
    /// A segment longer than the limit.
    SEGMENT_LONG Warning "HL7-SEGMENT-LONG"
        "セグメントが上限より長くなっています。" "A segment is longer than the limit."
        "改行の欠落がないか確認してください。" "Look for a missing segment terminator."
        eg "OBX の改行が抜け、数百件の結果が1行につながっている。";
    /// An escape sequence of no known set.
    ESC_UNKNOWN Warning "HL7-ESC-UNKNOWN"
        "未知のエスケープシーケンスがあります。" "There is an unknown escape sequence."
        "使える文字集合（ASCII、JIS X 0201、0208、0212）で出力してください。" "Use ASCII, JIS X 0201, 0208 or 0212 only."
        eg "ESC $ ( Z のような、登録のない文字集合への切替えがある。";
    /// A segment ends in a kanji run.
    ESC_OPEN Warning "HL7-ESC-OPEN"
        "漢字の区間が閉じられないままセグメントが終わっています。" "A segment ends while kanji are still switched on."
        "改行の前に ESC ( B で ASCII に戻してください。" "Return to ASCII with ESC ( B before the segment ends."
        eg "氏名の後に ESC ( B がないまま改行している。";
    /// As [`ESC_OPEN`], and fields were swallowed.
    ESC_SWALLOWED Error "HL7-ESC-SWALLOWED"
        "閉じられていない漢字の区間が、続く項目を飲み込んでいます。" "An unclosed kanji run swallows the fields after it."
        "漢字の後に ESC ( B を入れて送り直してください。" "Put ESC ( B after the kanji and send it again."
        eg "氏名の後に ESC ( B がなく、続く区切り「|」まで漢字として読まれる。";
    /// A kanji run of an odd number of bytes.
    KANJI_CUT Warning "HL7-KANJI-CUT"
        "漢字が１文字の途中で切れています。" "A kanji is cut in the middle."
        "バイト数で切らず、文字の境目で切って出力してください。" "Cut texts between characters, not by bytes."
        eg "20バイトで切ったため、最後の漢字が1バイトだけ残っている。";
    /// 8-bit bytes in a 7-bit message.
    EIGHT_BIT Warning "HL7-EIGHT-BIT"
        "ISO-2022-JP の電文に８ビットの文字（Shift_JIS など）が混ざっています。"
        "8-bit characters (Shift_JIS) stand in an ISO-2022-JP message."
        "すべての文字を ISO-2022-JP で出力してください。" "Write all characters in ISO-2022-JP."
        eg "氏名だけが Shift_JIS のまま入っている。";
    /// Codes without a character.
    UNDECODABLE Warning "HL7-UNDECODABLE"
        "文字に対応しないコードがあります。" "There are codes that stand for no character."
        "外字や壊れた文字を ■ などに置き換えて出力してください。" "Replace user-defined or damaged characters, e.g. by ■."
        eg "JIS X 0208 で割当てのない区点（9区など）のコードがある。";
    /// JIS X 0213.
    JIS2000 Warning "HL7-JIS2000"
        "JIS X 0213 の文字があり、一部を読めません。" "JIS X 0213 is used; part of it is not read."
        "JIS X 0208 の文字に置き換えて出力してください。" "Replace the characters by ones of JIS X 0208."
        eg "ESC $ ( O で JIS X 0213 の漢字を書いている。";
    /// Private use characters.
    PRIVATE_USE Warning "HL7-GAIJI"
        "外字があります。そのまま保存しました。" "There are user-defined characters; they were kept as they are."
        "外字を ■ か標準の文字に置き換えてください。" "Replace them by ■ or a standard character."
        eg "院内で作った外字を氏名に使っている。";
    /// What MSH-18 says is not so.
    DECLARED Note "HL7-CHARSET-DECLARED"
        "MSH-18 の宣言と実際の文字コードが違います。実際のほうで読みました。"
        "MSH-18 declares another encoding than is used; the one in use was read."
        "MSH-18 を実際の文字コードに合わせてください。" "Make MSH-18 say what is used."
        eg "MSH-18 は ISO IR87 だが、本文は UTF-8 で書かれている。";
    /// Not a time stamp.
    TIME Warning "HL7-TIME"
        "日時として読めない値があります。" "A value cannot be read as a time stamp."
        "YYYYMMDD[hhmm[ss]] の形で実在する日時を書いてください。" "Write an existing time as YYYYMMDD[hhmm[ss]]."
        eg "採取日時が 20261332（13月32日）。";
    /// Not a number.
    NUMBER Warning "HL7-NUMBER"
        "数値の項目に数値でない値があります。" "A numeric field holds something else."
        "半角の数字で書いてください。" "Write it in ASCII digits."
        eg "投与量に「１０」と全角で書いてある、または「適量」とある。";
    /// A second message.
    SECOND_MESSAGE Error "HL7-SECOND-MESSAGE"
        "１つのファイルに電文が２つ以上あります。" "One file holds more than one message."
        "１ファイルに１電文で出力してください。" "Write one message to a file."
        eg "追記の設定のため、同じファイルに MSH が二つある。";
    /// Unknown segment name.
    SEGMENT_UNKNOWN Warning "HL7-SEGMENT-UNKNOWN"
        "HL7 v2.5 にも SS-MIX2 にもないセグメントがあります。" "There is a segment known to neither HL7 v2.5 nor SS-MIX2."
        "セグメント名を確認してください。中身は取り込まれません。" "Check its name; its content is not taken in."
        eg "XYZ で始まる、規格にないセグメントがある。";
    /// Out of its place.
    SEGMENT_PLACE Warning "HL7-SEGMENT-PLACE"
        "この電文のこの位置には置けないセグメントがあります。" "A segment stands where this message does not allow it."
        "電文構造に従ってセグメントの順序を直してください。" "Put the segments in the order of the message structure."
        eg "OBX が OBR より前にある。";
    /// A required segment is missing.
    SEGMENT_MISSING Warning "HL7-SEGMENT-MISSING"
        "必要なセグメントがありません。" "A required segment is missing."
        "電文構造に従って不足のセグメントを加えてください。" "Add the missing segment."
        eg "検査結果の電文に SPM がない。";
    /// A message that nobody maps.
    MESSAGE_UNKNOWN Warning "HL7-MESSAGE-UNKNOWN"
        "取り込む内容を定めていない種類の電文です。人の属性だけを取り込みました。"
        "This kind of message is not mapped; only the person's attributes were taken in."
        "MSH-9 を確認してください。" "Check MSH-9."
        eg "MSH-9 が MFN^M02（マスタ通知）。";
    /// A message of a test or of training.
    NOT_PRODUCTION Warning "HL7-NOT-PRODUCTION"
        "試験用または訓練用の電文です（MSH-11）。" "This message is one of a test or of training (MSH-11)."
        "本番の電文なら MSH-11 を P にし、試験の電文なら送らないでください。" "Write P into MSH-11, or do not send messages of a test."
        eg "MSH-11 が T。";
    /// MSH-7 missing.
    MESSAGE_TIME Warning "HL7-MESSAGE-TIME"
        "MSH-7 の作成日時がないため、訂正の新旧を決められません。" "MSH-7 holds no time: which correction is the newer cannot be told."
        "MSH-7 に YYYYMMDDhhmmss で書いてください。" "Write the time into MSH-7 as YYYYMMDDhhmmss."
        eg "MSH-7 が空の検査結果電文。";
    /// A batch trailer with another count.
    BATCH_COUNT Warning "HL7-BATCH-COUNT"
        "バッチの電文数（BTS-1）が実際と違います。" "The number of messages in BTS-1 is not that of the batch."
        "欠けた電文がないか確認してください。" "Check whether messages are missing."
        eg "BTS-1 が 10 なのに、電文が９つしかない。";
    /// Something before the first message.
    BEFORE_MESSAGES Error "HL7-BEFORE-MESSAGES"
        "最初の電文（MSH）の前に、電文でないものがあります。" "Something that is no message stands before the first one (MSH)."
        "電文だけを含むファイルを送ってください。" "Send files that hold messages only."
        eg "MSH の前にログの見出しの行がある。";
    /// No message at all.
    NO_MESSAGE Error "HL7-NO-MESSAGE"
        "電文（MSH）が１つもありません。" "There is no message (MSH)."
        "正しいファイルを送り直してください。" "Send the right file again."
        eg "ファイルの中身が CSV である。";
}

/// The rule of a fault.
#[must_use]
pub fn of_fault(fault: Fault) -> &'static Rule {
    match fault {
        Fault::UnknownEscape => &ESC_UNKNOWN,
        Fault::OpenRun => &ESC_OPEN,
        Fault::Swallowed => &ESC_SWALLOWED,
        Fault::CutKanji => &KANJI_CUT,
        Fault::EightBit => &EIGHT_BIT,
        Fault::Undecodable => &UNDECODABLE,
        Fault::Jis2000 => &JIS2000,
        Fault::PrivateUse => &PRIVATE_USE,
    }
}
