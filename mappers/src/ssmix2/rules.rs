//! Rules about SS-MIX2 standard storage. Words only.

use musubi_model::catalogue;

catalogue! {
    /// No bytes.
    EMPTY Error "SSMIX2-EMPTY"
        "ファイルが空です。" "The file is empty."
        "出力処理を確認し、ファイルを送り直してください。" "Check the export and send the file again."
        eg "0 バイトのファイル。";
    /// More bytes than the limit.
    TOO_LARGE Error "SSMIX2-TOO-LARGE"
        "ファイルが上限より大きくなっています。" "The file is larger than the limit."
        "ファイルの中身を確認してください。" "Look at what the file holds."
        eg "画像を埋め込んだ、数 GB の電文ファイル。";
    /// Not a file name of the standard storage.
    PATH Error "SSMIX2-PATH"
        "ファイル名が標準化ストレージの形になっていません。" "The file name is not one of the standard storage."
        "患者ID_診療日_データ種別_オーダNo_発生日時_診療科_フラグ の形にしてください。"
        "Name it patient_date_type_order_time_department_flag."
        eg "「検査結果1.txt」という名前で出力した。";
    /// A data type the standard does not know.
    TYPE_UNKNOWN Warning "SSMIX2-TYPE-UNKNOWN"
        "標準化ストレージにないデータ種別です。人の属性だけを取り込みました。"
        "The data type is not one of the standard storage; only the person's attributes were taken in."
        "データ種別を確認してください。" "Check the data type."
        eg "データ種別が XXX-99 のファイル。";
    /// Time of the event not 17 digits.
    PATH_TIME Warning "SSMIX2-PATH-TIME"
        "ファイル名の発生日時が17桁ではありません。" "The time in the file name has not 17 digits."
        "YYYYMMDDhhmmssSSS で書いてください。" "Write it as YYYYMMDDhhmmssSSS."
        eg "発生日時が 20261110093000（14桁）。";
    /// Folder and file name name different patients.
    FOLDER_PID Error "SSMIX2-FOLDER-PID"
        "フォルダとファイル名の患者IDが違います。別の人のファイルかもしれません。"
        "Folder and file name give different patient numbers: the file may be another person's."
        "正しい患者のフォルダに置き直してください。" "Put the file into the folder of its patient."
        eg "患者フォルダは 00001、ファイル名は 00002 で始まる。";
    /// Folder and file name name different data types.
    FOLDER_TYPE Error "SSMIX2-FOLDER-TYPE"
        "フォルダとファイル名のデータ種別が違います。" "Folder and file name give different data types."
        "正しいデータ種別のフォルダに置き直してください。" "Put the file into the folder of its data type."
        eg "フォルダは OML-11、ファイル名のデータ種別は OMP-01。";
    /// Other folders do not agree with the name.
    FOLDER Warning "SSMIX2-FOLDER"
        "フォルダの構成がファイル名と合いません。" "The folders do not agree with the file name."
        "患者ID先頭3桁/次の3桁/患者ID/診療日/データ種別 に置いてください。"
        "Use the folders first 3 digits/next 3/patient/date/type."
        eg "先頭3桁のフォルダが、患者ID の先頭3桁と違う。";
    /// Path and PID-3 disagree.
    PATH_PID Error "SSMIX2-PATH-PID"
        "ファイル名の患者IDと電文の PID-3 が違います。別の人の電文かもしれません。"
        "The patient number of the file name and PID-3 disagree: the message may be another person's."
        "どちらが正しいか確認し、正しい電文を送り直してください。" "Find out which is right and send the right message again."
        eg "ファイル名の患者ID は 00001、PID-3 は 00002。";
    /// They agree but for leading zeros.
    PATH_PID_PADDING Note "SSMIX2-PATH-PID-PADDING"
        "ファイル名と PID-3 の患者IDは、先頭の 0 の数だけが違います。"
        "The patient numbers of the file name and PID-3 differ in leading zeros only."
        "桁数をそろえると確実です。" "Writing them alike is safer."
        eg "ファイル名は 000123、PID-3 は 123。";
    /// No PID.
    PID_MISSING Error "SSMIX2-PID-MISSING"
        "PID がありません。誰の電文か確かめられません。" "There is no PID: nobody can tell whose message it is."
        "PID を含めて出力してください。" "Write the PID segment."
        eg "MSH の次が PV1 で、PID がない電文。";
    /// PID-3 empty.
    PID_NUMBER Error "SSMIX2-PID-NUMBER"
        "PID-3 に患者IDがありません。誰の電文か確かめられません。" "PID-3 holds no patient number."
        "PID-3 に患者IDを書いてください。" "Write the patient number into PID-3."
        eg "PID-3 が空の電文。";
    /// A second PID of another patient.
    PID_DIFFERS Error "SSMIX2-PID-DIFFERS"
        "１つの電文に別の患者の PID があります。" "One message holds the PID of another patient."
        "電文を患者ごとに分けてください。" "Write one message for each patient."
        eg "一つの電文に PID が二つあり、患者番号が違う。";
    /// Birth date missing.
    PID_BIRTH Warning "SSMIX2-PID-BIRTH"
        "PID-7 に生年月日がないか、読めません。" "PID-7 holds no readable birth date."
        "PID-7 に YYYYMMDD で書いてください。" "Write it into PID-7 as YYYYMMDD."
        eg "PID-7 が空、または 19611399。";
    /// Fields of PID shifted.
    PID_SHIFTED Warning "SSMIX2-PID-SHIFTED"
        "PID の項目がずれています（PID-9 に日付）。生年月日は使いませんでした。"
        "The fields of PID are shifted (a date in PID-9); no birth date was taken."
        "PID の項目位置を直してください。" "Mend the positions of PID's fields."
        eg "PID-7 が空で、PID-9 に 19610101 がある。";
    /// Sex not in the table.
    PID_SEX Warning "SSMIX2-PID-SEX"
        "PID-8 の性別コードが正しくありません。" "PID-8 holds no sex code."
        "M・F・O・U のいずれかを書いてください。" "Write M, F, O or U."
        eg "PID-8 が 1。";
    /// No name.
    PID_NAME Warning "SSMIX2-PID-NAME"
        "PID-5 に氏名がありません。" "PID-5 holds no name."
        "漢字（I）とカナ（P）の氏名を書いてください。" "Write the names in kanji (I) and kana (P)."
        eg "PID-5 が空の電文。";
    /// Data type and MSH-9 disagree.
    PATH_TYPE Error "SSMIX2-PATH-TYPE"
        "データ種別と電文の種類（MSH-9）が合いません。" "The data type and the message type (MSH-9) disagree."
        "正しいデータ種別で出力し直してください。" "Export it again under the right data type."
        eg "データ種別は OML-11 だが、MSH-9 は RDE^O11^RDE_O11。";
    /// Flag and event disagree.
    FLAG_EVENT Warning "SSMIX2-FLAG-EVENT"
        "削除の電文なのに、コンディションフラグが 0 ではありません。内容は取り込みません。"
        "The message deletes, but the condition flag is not 0; its content was not taken in."
        "削除したファイルの末尾を _0 にしてください。" "Let the name of a deleted file end in _0."
        eg "MSH-9 は削除だが、ファイル名の末尾が _1。";
    /// Date of care and its field disagree.
    PATH_DATE Warning "SSMIX2-PATH-DATE"
        "診療日と電文の日付が合いません。" "The date of care and the date in the message disagree."
        "診療日は電文の該当項目と同じ日にしてください。" "Use the same day in the path and in the message."
        eg "パスの診療日は 20261110、採取日は 20261109。";
    /// Order number and ORC-2 disagree.
    PATH_ORDER Warning "SSMIX2-PATH-ORDER"
        "オーダ番号と電文の ORC-2 が合いません。" "The order number and ORC-2 disagree."
        "オーダ番号を電文と同じにしてください。" "Use the same order number in the path and in the message."
        eg "ファイル名のオーダ番号は 100、ORC-2 は 101。";
    /// A disease deleted.
    PROBLEM_DELETED Note "SSMIX2-PROBLEM-DELETED"
        "削除（PRB-1 が DE）の病名です。取り込みませんでした。" "A deleted problem (PRB-1 is DE) was not taken in."
        "対応は不要です。" "Nothing to do."
        eg "PRB-1 が DE の病名。";
    /// Not an ICD-10 code.
    ICD10 Warning "SSMIX2-ICD10"
        "PRB-10 の ICD-10 コードが正しい形ではありません。" "PRB-10 is not shaped like an ICD-10 code."
        "K297 のように、英字１字と数字で書いてください。" "Write a letter and digits, e.g. K297."
        eg "PRB-10 が「29.7」。";
    /// A disease without a standard code.
    NO_ICD10 Note "SSMIX2-NO-ICD10"
        "ICD-10 コードのない病名です。" "A problem has no ICD-10 code."
        "PRB-10 に ICD-10 コードを書いてください。" "Write the ICD-10 code into PRB-10."
        eg "病名管理番号だけがあり、PRB-10 が空。";
    /// No code where one is needed.
    NO_CODE Warning "SSMIX2-NO-CODE"
        "コードも名称もないため、取り込めない行があります。" "A segment has neither code nor name and was not taken in."
        "コードを書いてください。" "Write the code."
        eg "OBX-3 が空の検査結果。";
    /// An order cancelled.
    ORDER_CANCELLED Note "SSMIX2-ORDER-CANCELLED"
        "取り消されたオーダです。取り込みませんでした。" "A cancelled order was not taken in."
        "対応は不要です。" "Nothing to do."
        eg "ORC-1 が CA の処方。";
    /// A result withdrawn.
    RESULT_WITHDRAWN Note "SSMIX2-RESULT-WITHDRAWN"
        "削除・誤りとされた結果です。取り込みませんでした。" "A result marked as deleted or wrong was not taken in."
        "対応は不要です。" "Nothing to do."
        eg "OBX-11 が D の結果。";
    /// Free text withheld.
    TEXT_SEALED Note "SSMIX2-TEXT-SEALED"
        "結果の自由記載は、個人を特定しうるため事実に写さず、原本だけに残しました。"
        "Free text in a result may identify a person; it stays in the original only."
        "対応は不要です。" "Nothing to do."
        eg "結果に「再検のうえ担当医に連絡済み」のような文がある。";
    /// A number below zero where amounts stand.
    NEGATIVE Warning "SSMIX2-NEGATIVE"
        "量に負の数があり、取り込みませんでした。" "An amount is below zero and was not taken in."
        "量は 0 以上の数で書いてください。" "Write amounts as numbers from 0 up."
        eg "処方の調剤量（RXE-10）が -14。";
    /// A code that cannot be one of its system.
    CODE_SHAPE Warning "SSMIX2-CODE-SHAPE"
        "コードの桁数や文字が、示された体系のコードになっていません。" "The code is not shaped like one of the system it names."
        "コードと体系名の組を確認してください。" "Check the code and the system named beside it."
        eg "HOT9 と書かれた医薬品コードが６桁しかない。";
    /// PV1-2 missing, unknown, or not that of a stay.
    CLASS Warning "SSMIX2-CLASS"
        "PV1-2 の患者区分がないか、入院・外来の別がこの電文と合いません。" "PV1-2 is missing, unknown, or does not fit the event."
        "入院は I、外来は O、救急は E と書いてください。" "Write I for inpatients, O for outpatients, E for emergencies."
        eg "退院実施（ADT-52）の PV1-2 が O（外来）。";
    /// An event without its day.
    EVENT_DATE Warning "SSMIX2-EVENT-DATE"
        "入退院・移動の日付がありません。" "The day of an admission, discharge or move is missing."
        "電文の種類ごとに定めた項目（PV1-44・PV1-45・PV2-8・EVN-6 など）に日付を書いてください。"
        "Write the day into the field the event defines (PV1-44, PV1-45, PV2-8, EVN-6)."
        eg "入院実施（ADT-22）の PV1-44 も EVN-6 も空。";
    /// An end before its beginning.
    END_BEFORE_START Warning "SSMIX2-END-BEFORE-START"
        "終了日が開始日より前です。" "Something ends before it begins."
        "両方の日付を確認してください。" "Check both dates."
        eg "退院日（PV1-45）が入院日（PV1-44）より前。";
    /// An event before birth.
    BEFORE_BIRTH Warning "SSMIX2-BEFORE-BIRTH"
        "患者が生まれる前の日付です。" "A date lies before the patient's birth."
        "生年月日とその日付のどちらが正しいか確認してください。" "Find out whether the birth date or this date is right."
        eg "2020年生まれの患者の病名開始日が2011年。";
    /// Something past that lies after its own report.
    AFTER_MESSAGE Warning "SSMIX2-AFTER-MESSAGE"
        "電文の作成日より後の日付の実績です。" "What is told as done lies after the day of the message."
        "日付を確認してください。" "Check the date."
        eg "2024年４月１日に作成された電文に、2042年４月１日の検査結果がある。";
    /// A body measure that cannot be.
    VALUE_RANGE Warning "SSMIX2-VALUE-RANGE"
        "身長・体重・血圧・体温などが、人としてありえない値です。" "A body measure has a value that no person can have."
        "値と単位を確認してください。" "Check the value and its unit."
        eg "体温が 365 ℃（36.5 の小数点の欠落）。";
    /// Not a content folder of the extended storage.
    EXT_PATH Error "SSMIX2-EXT-PATH"
        "拡張ストレージのコンテンツフォルダが見つかりません。" "No content folder of the extended storage is in the path."
        "患者ID_診療日_データ種別_特定キー_発生日時_フラグ のフォルダに置いてください。"
        "Put the file into a folder named patient_date_type_key_time_flag."
        eg "文書がコンテンツフォルダの外（患者フォルダの直下）に置かれている。";
    /// The document names another patient than its path.
    EXT_PATIENT Error "SSMIX2-EXT-PATIENT"
        "フォルダの患者IDが、文書（CDA）の患者IDのどれとも合いません。別の人の文書かもしれません。"
        "The patient number of the folder is none of those in the document: it may be another person's."
        "正しい患者のフォルダに置き直してください。" "Put the document into the folder of its patient."
        eg "患者ID 0005001 のフォルダに、患者ID 0005002 の退院時サマリーがある。";
    /// Folder and document name different kinds.
    EXT_KIND Warning "SSMIX2-EXT-KIND"
        "フォルダの文書種別（LOINC）と文書のコードが違います。" "Folder and document give different kinds (LOINC)."
        "データ種別フォルダと文書の code をそろえてください。" "Let the data type folder and the document's code agree."
        eg "57133-1（紹介状）のフォルダに 18842-5（退院時サマリー）の文書がある。";
    /// A kind of document nobody knows.
    EXT_KIND_UNKNOWN Note "SSMIX2-EXT-KIND-UNKNOWN"
        "文書種別が施設独自のコードだけです。施設のコードのまま取り込みました。"
        "The kind of document has a code of the house only; it was taken in under that."
        "標準の LOINC コードを併記すると、文書の種類を区別できます。" "Add the LOINC code to tell kinds of documents apart."
        eg "データ種別が L-MEMO^メモ^99ZL01 で、標準コードがない。";
    /// XML that cannot be read.
    EXT_XML Warning "SSMIX2-EXT-XML"
        "CDA 文書を XML として読めず、患者IDを照合できませんでした。" "The CDA document cannot be read as XML; its patient was not compared."
        "文書が壊れていないか確認してください。" "Check whether the document is damaged."
        eg "XML が途中で切れている。";
    /// The header line of a transaction is broken.
    TR_HEADER Error "SSMIX2-TR-HEADER"
        "トランザクションの見出し行（#SSMIX）が正しくありません。" "The header line (#SSMIX) of a transaction is not sound."
        "#SSMIX,2.00,医療機関ID,患者ID,診療日,データ種別,オーダNo,INS か DEL,診療科,発生日時 と書いてください。"
        "Write #SSMIX,2.00,facility,patient,date,type,order,INS or DEL,department,time."
        eg "見出し行の８番目が UPD になっている。";
    /// Bytes before the first header.
    TR_NO_HEADER Error "SSMIX2-TR-NO-HEADER"
        "トランザクションの見出し行（#SSMIX）がありません。" "There is no header line (#SSMIX)."
        "トランザクションストレージのファイルを送ってください。" "Send files of the transaction storage."
        eg "TR_….DAT の１行目から MSH で始まっている。";
    /// Another version of the header.
    TR_VERSION Warning "SSMIX2-TR-VERSION"
        "見出し行の版が 2.00 ではありません。2.00 として読みました。" "The header's version is not 2.00; it was read as 2.00."
        "版を確認してください。" "Check the version."
        eg "#SSMIX,1.00,… で始まる。";
    /// The facility of the header is another than the sender.
    TR_FACILITY Note "SSMIX2-TR-FACILITY"
        "見出し行の医療機関IDが、送り状の発生元と違います。" "The facility of the header is another than the provider of the manifest."
        "発生元の取り違えがないか確認してください。" "Check whether the right provider is named."
        eg "見出し行が 1310000001、送り状の発生元が 1310000002。";
    /// A message without the number of its patient's order and without a date.
    NO_KEY Note "SSMIX2-NO-KEY"
        "オーダ番号も日付もないため、訂正や削除と結び付けられない電文です。"
        "A message has neither order number nor date: corrections cannot be tied to it."
        "ORC-2 に依頼者オーダ番号を書いてください。" "Write the placer order number into ORC-2."
        eg "ORC-2 が空の検査結果。";
}
