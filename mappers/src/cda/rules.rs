//! Rules about CDA documents and check-up packages. Words only.

use musubi_model::catalogue;

catalogue! {
    /// No bytes.
    EMPTY Error "CDA-EMPTY"
        "ファイルが空です。" "The file is empty."
        "出力処理を確認し、送り直してください。" "Check the export and send again."
        eg "0バイトの XML。";
    /// More than the limits.
    LIMIT Error "CDA-LIMIT"
        "大きさ・数・入れ子の深さが上限を超えています。" "Size, number or depth is above the limit."
        "ファイルを分けてください。" "Split the file."
        eg "要素が何百段も入れ子になった XML。";
    /// Not a zip that can be read.
    ZIP Error "CDA-ZIP"
        "ZIP の構造が読めません。" "The structure of the zip cannot be read."
        "アーカイブを作り直してください。" "Make the archive again."
        eg "転送が途中で切れ、末尾の目録がない ZIP。";
    /// ZIP64.
    ZIP64 Error "CDA-ZIP64"
        "ZIP64 形式は受け取れません。" "ZIP64 is not accepted."
        "4GB・65,534 件を超えないように分けてください。" "Split it below 4 GB and 65,534 members."
        eg "10万件を一つにまとめた ZIP64 のアーカイブ。";
    /// Two members share bytes.
    ZIP_OVERLAP Error "CDA-ZIP-OVERLAP"
        "ZIP の中のファイルどうしが重なっています。" "Members of the zip overlap."
        "アーカイブを作り直してください。" "Make the archive again."
        eg "２つの目録行が同じ位置を指している。";
    /// Encrypted member.
    MEMBER_ENCRYPTED Error "CDA-MEMBER-ENCRYPTED"
        "ZIP の中に暗号化されたファイルがあります。" "A member of the zip is encrypted."
        "暗号化せずに格納してください（送付全体の保護は別に行います）。" "Store it without encryption."
        eg "パスワード付き ZIP。";
    /// Unknown method.
    MEMBER_METHOD Error "CDA-MEMBER-METHOD"
        "ZIP の中に、読めない方式で圧縮されたファイルがあります。" "A member is packed by a method that is not read."
        "Deflate または無圧縮で格納してください。" "Use deflate or no compression."
        eg "LZMA で圧縮した XML。";
    /// Too large unpacked.
    MEMBER_DENSE Error "CDA-MEMBER-DENSE"
        "ZIP の中に、展開すると大きすぎるファイルがあります。" "A member is too large when unpacked."
        "ファイルの中身を確認してください。" "Look at what it holds."
        eg "数KBから数GBに膨らむファイル。";
    /// A name that leads out.
    MEMBER_NAME Error "CDA-MEMBER-NAME"
        "ZIP の中のファイル名が、アーカイブの外を指しています。" "A member's name leads out of the archive."
        "アーカイブを作り直してください。" "Make the archive again."
        eg "../../ で始まるファイル名。";
    /// Does not unpack.
    MEMBER_DAMAGED Error "CDA-MEMBER-DAMAGED"
        "ZIP の中のファイルが壊れています（大きさまたは CRC が合いません）。" "A member is damaged: size or CRC do not agree."
        "アーカイブを作り直して送り直してください。" "Make the archive again and send it."
        eg "転送で数バイト変わった XML。";
    /// A packed package in the package.
    MEMBER_ZIP Error "CDA-MEMBER-ZIP"
        "ZIP の中に圧縮された ZIP があります。一人ずつ消去できないため、取り込みません。"
        "A compressed zip stands in the zip: its persons could not be erased one by one."
        "中の ZIP を、それ自体のファイルとして送ってください。" "Send the inner package as a file of its own."
        eg "何か月分かの健診アーカイブを、もう一度 ZIP にまとめた。";
    /// Neither document nor schema.
    MEMBER_OTHER Warning "CDA-MEMBER-OTHER"
        "仕様にないファイルが ZIP に入っています。取り込まず、原本だけを保存しました。"
        "The zip holds files the specification does not know; they are kept, not taken in."
        "不要なファイルを除いてください。" "Leave them out."
        eg "受診者の一覧表（Excel）が同梱されている。";
    /// No ix08.
    INDEX_MISSING Warning "CDA-IX-MISSING"
        "交換用基本情報ファイル（ix08）がありません。件数を確かめられません。" "There is no ix08; the count cannot be checked."
        "ix08_V08.xml を入れてください。" "Add ix08_V08.xml."
        eg "DATA フォルダだけの ZIP。";
    /// totalRecordCount disagrees.
    INDEX_COUNT Error "CDA-IX-COUNT"
        "ix08 の総ファイル数と DATA のファイル数が合いません。ファイルが欠けているかもしれません。"
        "totalRecordCount of ix08 and the number of DATA files disagree: files may be missing."
        "アーカイブを作り直してください。" "Make the archive again."
        eg "総ファイル数 120 に対し、DATA が 119 件。";
    /// su08 missing or needless.
    SUMMARY_MISSING Warning "CDA-SU-MISSING"
        "集計情報ファイル（su08）と決済情報ファイルの一方しかありません。" "Only one of su08 and settlement files is there."
        "請求を伴うときは両方を入れてください。" "Send both, or neither."
        eg "CLAIMS があるのに su08 がない。";
    /// Sums of su08 disagree.
    SUMMARY_SUM Warning "CDA-SU-SUM"
        "su08 の集計が決済情報ファイルの合計と合いません。" "The sums of su08 and of the settlement files disagree."
        "集計を計算し直してください。" "Compute the sums again."
        eg "請求金額総計が CLAIMS の請求金額の合計より 1,000 円多い。";
    /// A result without settlement or the other way round.
    PAIR Warning "CDA-PAIR"
        "健診（指導）結果と決済の対になっていないファイルがあります。" "A result and its settlement do not stand as a pair."
        "DATA と CLAIMS を対にしてください。" "Send DATA and CLAIMS in pairs."
        eg "h… の結果に対応する c… の決済がない。";

    /// Not UTF-8.
    ENCODING Warning "CDA-ENCODING"
        "文字コードが UTF-8 ではありません。" "The document is not in UTF-8."
        "UTF-8 で出力してください。" "Write it in UTF-8."
        eg "Shift_JIS で保存された hc08。";
    /// In no encoding that is read.
    ENCODING_BAD Error "CDA-ENCODING-BAD"
        "文字コードが読めません。" "The encoding cannot be read."
        "UTF-8 で出力し直してください。" "Write it again in UTF-8."
        eg "文字の途中で切れた XML。";
    /// A document type definition.
    DTD Error "CDA-DTD"
        "文書型定義（DOCTYPE）があります。安全のため読みません。" "A document type definition is not read."
        "DOCTYPE を除いてください。" "Remove the DOCTYPE."
        eg "<!DOCTYPE …> で実体を宣言した XML。";
    /// A foreign entity.
    ENTITY Error "CDA-ENTITY"
        "XML にない実体参照があります。" "An entity reference is none of XML's own."
        "文字そのもの、または文字参照で書いてください。" "Write the character, or a character reference."
        eg "&nbsp; や &copy; を使った住所。";
    /// Not well formed.
    MALFORMED Error "CDA-MALFORMED"
        "XML として正しくありません。" "The XML is not well formed."
        "出力処理を確認し、送り直してください。" "Check the export and send again."
        eg "終了タグのないまま途中で終わっている。";
    /// No document of this kind.
    ROOT Error "CDA-ROOT"
        "この書式の文書ではありません。" "This is not a document of this format."
        "ファイルの種類を確認してください。" "Check what kind of file it is."
        eg "健診のフィードに、無関係の XML が混じっている。";
    /// No or another namespace.
    NAMESPACE Warning "CDA-NAMESPACE"
        "名前空間が宣言されていません。" "The namespace is not declared."
        "仕様の名前空間（urn:hl7-org:v3 等）を宣言してください。" "Declare the namespace of the specification."
        eg "xmlns のない ClinicalDocument。";
    /// No patient.
    NO_PATIENT Error "CDA-NO-PATIENT"
        "誰の文書か分かりません（recordTarget・subjectPerson がありません）。" "There is nobody the document speaks of."
        "受診者（患者）情報を書いてください。" "Write the patient."
        eg "recordTarget が欠けた文書。";
    /// More than one patient.
    TWO_PATIENTS Error "CDA-TWO-PATIENTS"
        "一つの文書に二人以上の受診者（患者）がいます。" "One document speaks of more than one person."
        "一人ずつの文書に分けてください。" "Write one document for each person."
        eg "recordTarget が二つある文書。";

    /// Report category unknown.
    REPORT Warning "CDA-REPORT"
        "報告区分が正しくありません。" "The report category is not one of the list."
        "10・19・21–25・30・40・90 のいずれかを書いてください。" "Write 10, 19, 21–25, 30, 40 or 90."
        eg "報告区分が 99999999 のまま。";
    /// Programme unknown.
    PROGRAMME Warning "CDA-PROGRAMME"
        "プログラム種別コードが正しくありません。" "The programme code is not shaped as it should be."
        "3桁のプログラム種別コードを書いてください。" "Write the three digits of the programme."
        eg "プログラム種別が空。";
    /// A request to delete.
    DELETION Note "CDA-DELETION"
        "削除依頼（報告区分 19）です。内容は取り込まず、先に届いた版を外します。"
        "A request to delete (report category 19): nothing is taken in, the earlier version is withdrawn."
        "対応は不要です。" "Nothing to do."
        eg "提出済みの健診の削除依頼。";
    /// Insurer number.
    INSURER Warning "CDA-INSURER"
        "保険者番号がないか、8桁の数字ではありません（国保は先頭に 00）。" "The insurer number is missing or not eight digits."
        "8桁で書いてください。" "Write eight digits, 00 in front for national health insurance."
        eg "国保の保険者番号が 6 桁のまま。";
    /// Check digit.
    CHECK_DIGIT Warning "CDA-CHECK-DIGIT"
        "保険者番号の検証番号が合いません。" "The check digit of the insurer number does not fit."
        "番号を確認してください。" "Check the number."
        eg "末尾の数字を打ち間違えた保険者番号。";
    /// Symbol and number.
    INSURED Warning "CDA-INSURED"
        "被保険者証の番号・枝番がないか、形が違います。" "The insured person's number or branch is missing or of another shape."
        "番号は20文字以内、枝番は数字2桁で書いてください。" "Write at most 20 characters; the branch is two digits."
        eg "枝番に「あ１」と書かれている。";
    /// A My Number.
    MYNUMBER Error "CDA-MYNUMBER"
        "マイナンバーらしい番号があります。取り込みません。" "There is a number like a My Number; it is not taken in."
        "マイナンバーを除いて送り直してください。" "Remove it and send again."
        eg "番号の欄に12桁の個人番号。";
    /// No name.
    NAME Warning "CDA-NAME"
        "氏名がありません。" "There is no name."
        "氏名（特定健診ではカナ）を書いてください。" "Write the name (in kana for check-ups)."
        eg "name 要素が空。";
    /// Sex.
    SEX Warning "CDA-SEX"
        "性別コードが正しくありません。" "The sex code is not one of the list."
        "1・2（または M・F）で書いてください。" "Write 1 or 2 (M or F)."
        eg "性別が 99999999。";
    /// Birth date.
    BIRTH Warning "CDA-BIRTH"
        "生年月日がないか、読めません。" "The birth date is missing or cannot be read."
        "YYYYMMDD で書いてください。" "Write YYYYMMDD."
        eg "生年月日が 19600231。";
    /// Postal code.
    POSTAL Warning "CDA-POSTAL"
        "郵便番号の形が違います。" "The postal code is of another shape."
        "999-9999 の形で書いてください。" "Write it as 999-9999."
        eg "郵便番号が 6 桁。";
    /// No day of the examination.
    EXAM_DATE Error "CDA-EXAM-DATE"
        "実施日がないか、読めません。" "The day of the examination is missing or cannot be read."
        "実施日を YYYYMMDD で書いてください。" "Write it as YYYYMMDD."
        eg "実施日が 99999999 のひな形のまま。";
    /// Before birth.
    BEFORE_BIRTH Error "CDA-BEFORE-BIRTH"
        "実施日（文書の日）が生年月日より前です。" "The day lies before the birth date."
        "どちらが正しいか確認してください。" "Find out which is right."
        eg "生年月日 2021年、実施日 2019年。";
    /// Later than the document.
    FUTURE Warning "CDA-FUTURE"
        "文書の作成日より後の日付です。" "A date lies after the day the document was made."
        "日付を確認してください。" "Check the date."
        eg "作成日より後の実施日。";
    /// Some date.
    DATE Warning "CDA-DATE"
        "日付が読めません。" "A date cannot be read."
        "YYYYMMDD で書いてください。" "Write YYYYMMDD."
        eg "13月の日付。";
    /// Voucher expired.
    VOUCHER Warning "CDA-VOUCHER"
        "受診券（利用券）の有効期限を過ぎた実施日です。" "The voucher had expired on the day."
        "有効期限と実施日を確認してください。" "Check both dates."
        eg "期限 3月31日、実施日 4月2日。";

    /// No code.
    NO_CODE Warning "CDA-NO-CODE"
        "コードのない記載があり、取り込めません。" "An entry has no code and was not taken in."
        "項目コードを書いてください。" "Write the code."
        eg "code 要素の @code が空の observation。";
    /// Not in our table.
    ITEM Warning "CDA-ITEM"
        "項目コード表にないコードです。そのまま取り込みました。" "The item code is not in the table; it was taken in as sent."
        "項目コード（17桁）を確認してください。" "Check the item code."
        eg "機関独自の 17 桁コード。";
    /// Another type.
    ITEM_TYPE Warning "CDA-ITEM-TYPE"
        "値の型（PQ・CD・CO・ST）が項目と合いません。" "The type of the value is not that of the item."
        "項目コード表の型で書いてください。" "Use the type of the item table."
        eg "身長を ST で書いた。";
    /// Another unit.
    ITEM_UNIT Warning "CDA-ITEM-UNIT"
        "単位が項目と合いません。" "The unit is not that of the item."
        "項目コード表の単位で書いてください。" "Use the unit of the item table."
        eg "身長を m で書いた。";
    /// Outside of what is possible.
    ITEM_RANGE Warning "CDA-ITEM-RANGE"
        "入力範囲の外の値です。数値としては使いません。" "The value lies outside the input range; it is not used as a number."
        "値と単位を確認してください。" "Check value and unit."
        eg "収縮期血圧が 9000。";
    /// Not a choice.
    ITEM_VALUE Warning "CDA-ITEM-VALUE"
        "選択肢にないコード値です。" "The coded value is not one of the item's choices."
        "項目コード表の選択肢を書いてください。" "Use one of the choices."
        eg "はい・いいえの質問に 9。";
    /// A template's filling.
    PLACEHOLDER Warning "CDA-PLACEHOLDER"
        "ひな形の仮の値（99999999）が残っています。値なしとして扱いました。"
        "A template's placeholder (99999999) is left; it counts as no value."
        "値を書くか、要素を除いてください。" "Write the value or leave the element out."
        eg "検査結果が 99999999。";
    /// Not a number.
    NUMBER Warning "CDA-NUMBER"
        "数値の項目が数値として読めません。" "A number cannot be read."
        "半角の数字で書いてください。" "Write digits."
        eg "PQ の value に「未実施」。";
    /// Twice.
    TWICE Warning "CDA-TWICE"
        "同じ項目が二度書かれています。" "The same item is written twice."
        "一つだけにしてください。" "Write it once."
        eg "同じ項目コードの observation が二つ。";
    /// BMI does not follow.
    BMI Warning "CDA-BMI"
        "BMI が身長・体重と合いません。" "The BMI does not follow from height and weight."
        "身長・体重・BMI を確認してください。" "Check height, weight and BMI."
        eg "身長 170.0、体重 65.0 なのに BMI 31.2。";
    /// Systolic below diastolic.
    PRESSURE Warning "CDA-PRESSURE"
        "収縮期血圧が拡張期血圧より低くなっています。" "The systolic pressure is below the diastolic."
        "取り違えがないか確認してください。" "See whether they were exchanged."
        eg "収縮期 80、拡張期 120。";
    /// Fasting state.
    FASTING Warning "CDA-FASTING"
        "採血時間（食後）と、空腹時・随時の項目が合いません。" "The hours since the meal do not fit a fasting or casual test."
        "採血時間か項目コードを確認してください。" "Check the hours or the item code."
        eg "食後3時間の採血なのに空腹時血糖の項目。";
    /// Nothing in it.
    NO_RESULTS Warning "CDA-NO-RESULTS"
        "結果が一つもない文書です。" "The document holds no result."
        "結果の出力を確認してください。" "Check the export of the results."
        eg "structuredBody に entry がない。";
    /// Free text withheld.
    TEXT_SEALED Note "CDA-TEXT-SEALED"
        "自由記載は個人を特定しうるため事実に写さず、原本だけに残しました。"
        "Free text may identify a person; it stays in the original only."
        "対応は不要です。" "Nothing to do."
        eg "医師の所見の文章。";

    /// Amounts of a settlement.
    SETTLEMENT Warning "CDA-SETTLEMENT"
        "決済情報の金額の計算が合いません。" "The amounts of the settlement do not add up."
        "単価・窓口負担・請求金額を確認してください。" "Check prices, payments and claim."
        eg "単価合計から窓口支払を引いた額と請求金額が違う。";
    /// An amount that is none.
    AMOUNT Warning "CDA-AMOUNT"
        "金額・点数が数字ではありません。" "An amount or a number of points is not a number."
        "半角の数字で書いてください。" "Write digits."
        eg "請求金額が空。";

    /// Document code unknown.
    DOCUMENT_CODE Warning "CDA-DOCUMENT-CODE"
        "文書の種類を表すコードがないか、知らないコードです。" "The code of the document is missing or not known."
        "LOINC 等の文書コードを書いてください。" "Write the document code, e.g. LOINC."
        eg "code 要素のない診療情報提供書。";
    /// No chart number.
    PATIENT_NUMBER Warning "CDA-PATIENT-NUMBER"
        "患者番号がありません。" "There is no patient number."
        "patientRole の id に患者番号を書いてください。" "Write it into the id of patientRole."
        eg "patientRole の id が nullFlavor だけ。";
    /// An attached file.
    ATTACHED Note "CDA-ATTACHED"
        "添付（画像・別ファイル）は参照だけを記録し、中身は取り込みません。"
        "Of an attachment only its being there is recorded."
        "対応は不要です。" "Nothing to do."
        eg "紹介状が画像ファイルを参照している。";
    /// Body that is not structured.
    BODY Note "CDA-BODY"
        "構造化されていない本文は、原本だけに残しました。" "A body without structure stays in the original only."
        "可能なら構造化本文で送ってください。" "Send a structured body if you can."
        eg "本文が PDF の退院時サマリー。";
    /// Disease code shape.
    ICD10 Warning "CDA-ICD10"
        "ICD-10 コードが正しい形ではありません。" "A code is not shaped like ICD-10."
        "K297 のように英字１字と数字で書いてください。" "Write a letter and digits, e.g. K297."
        eg "ICD-10 に「胃炎」と書かれている。";
}
