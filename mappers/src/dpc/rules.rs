//! The rules that 様式1 and EF files are held against, with their words. No logic here.

use musubi_model::catalogue;

catalogue! {
    /// Nothing in the document.
    EMPTY Error "DPC-EMPTY"
        "データが空です。" "The document is empty."
        "ファイルを書き出し直して送ってください。" "Write the file again and send it."
        eg "0 バイトの FF1 ファイルが届いた。";
    /// A limit of ours.
    LIMIT Error "DPC-LIMIT"
        "大きさまたは件数が上限を超えています。" "A size or a count is beyond the limit."
        "ファイルを分けて送ってください。" "Send it in several files."
        eg "一入院に 10 万行を超える EF の行がある。";
    /// UTF-16 and the like.
    ENCODING Error "DPC-ENCODING"
        "文字コードを読めません。" "The encoding cannot be read."
        "シフト JIS で書き出してください。" "Write it in Shift_JIS."
        eg "表計算ソフトで UTF-16 として保存し直した。";
    /// The other kind of file.
    KIND Error "DPC-KIND"
        "届け出られた種類(様式1・EF)と違うファイルです。" "The file is of the other kind (様式1, EF)."
        "様式1 と EF を別の種類として送ってください。" "Send 様式1 and EF as feeds of their own kind."
        eg "様式1 として送られたファイルが 31 列ある。";
    /// Not Shift_JIS.
    NOT_SJIS Note "DPC-NOT-SJIS"
        "シフト JIS ではない文字コードです。そのまま読みました。" "Not in Shift_JIS; read as it is."
        "対応は不要です。" "Nothing to do."
        eg "ファイルが UTF-8 で保存されている。";
    /// A heading line.
    HEADING Note "DPC-HEADING"
        "見出しの行があります。列の名前で読みました。" "There is a heading line; columns were read by their names."
        "対応は不要です。" "Nothing to do."
        eg "1 行目が「施設コード データ識別番号 …」である。";
    /// Rows of a stay do not stand together.
    ORDER Warning "DPC-ORDER"
        "同じ入院の行が離れて並んでいます。別々に取り込みました。" "Rows of one stay do not stand together; each run was taken in by itself."
        "データ識別番号・入院年月日の順に並べて送ってください。" "Sort by data identification number and admission day."
        eg "EF ファイルを実施年月日の順に並べ替えてから送った。";
    /// A row with too few columns.
    COLUMNS Error "DPC-COLUMNS"
        "列が足りない行があり、入院を読めません。" "A row has too few columns, so the stay cannot be read."
        "タブ区切りの列の数を確認してください。" "Check the number of tab-separated columns."
        eg "名称の中の改行で行が途中で切れた。";
    /// The columns that say whose row it is.
    KEY Error "DPC-KEY"
        "施設コード・データ識別番号・入院年月日が正しくなく、誰のどの入院か決められません。" "Facility code, data identification number or admission day are wrong, so whose stay this is is not known."
        "施設コード 9 桁、データ識別番号 10 桁、入院年月日 8 桁を確認してください。" "Check facility code (9 digits), data identification number (10) and admission day (8)."
        eg "入院年月日が「20240231」である。";
    /// My Number.
    MYNUMBER Error "DPC-MYNUMBER"
        "別の番号の項目に個人番号(マイナンバー)と思われる番号があります。受け取れません。" "What looks like a My Number stands in a column for another number. It cannot be taken in."
        "個人番号を消して送り直してください。" "Remove the My Number and send again."
        eg "データ識別番号の列に検査用数字の合う 12 桁の番号がある。";
    /// Bytes that are no character.
    TEXT_BAD Warning "DPC-TEXT-BAD"
        "読めない文字があります。" "There are bytes that are no character."
        "文字コードを確認して書き出し直してください。" "Check the encoding and write it again."
        eg "手術名の最後の文字が半分で切れている。";
    /// A code of 様式1 that the table does not have.
    ITEM_UNKNOWN Note "DPC-ITEM-UNKNOWN"
        "一覧にない様式1 のコードです。値を符号として残しました。" "A code of 様式1 that the list does not have; its values were kept as codes."
        "対応は不要です。新しい項目の扱いを運用者が確認します。" "Nothing to do; the operator checks the new item."
        eg "新しい年度で加わったコード A009010 の行がある。";
    /// The same item twice.
    ITEM_TWICE Warning "DPC-ITEM-TWICE"
        "同じコードと連番の行が二つあります。" "Two rows have the same code and serial number."
        "連番を確認してください。" "Check the serial numbers."
        eg "A006040 の連番 1 が 2 行ある。";
    /// A record that each stay must have.
    ITEM_MISSING Warning "DPC-ITEM-MISSING"
        "どの入院にも必要な項目がありません。" "An item that every stay must have is missing."
        "項目を加えて送り直してください。" "Add the item and send again."
        eg "A000030 (退院情報) の行がない。";
    /// A value that is not one of the item's.
    VALUE Warning "DPC-VALUE"
        "値が項目の値の一覧または書式に合いません。" "A value is not among those of its item, or not of its shape."
        "値を確認してください。" "Check the value."
        eg "予定・救急医療入院が「400」である。";
    /// A number beyond what can be.
    RANGE Warning "DPC-RANGE"
        "数がありえない大きさです。" "A number is beyond what can be."
        "数と単位を確認してください。" "Check the number and its unit."
        eg "身長が 1650 cm である。";
    /// Not a number.
    NUMBER Warning "DPC-NUMBER"
        "数で書く項目を数として読めません。" "A column that should hold a number does not."
        "半角の数で書いてください。" "Write it in ASCII digits."
        eg "使用量が「三」と書かれている。";
    /// A date.
    DATE Warning "DPC-DATE"
        "日付を読めません。" "A date cannot be read."
        "西暦 8 桁で書いてください。" "Write eight Western digits."
        eg "手術日が「20240231」である。";
    /// An era that does not reach the date.
    DATE_ERA Warning "DPC-DATE-ERA"
        "元号の期間の外の日付です。西暦に直して読みました。" "The date lies outside its era; read as the Western date it means."
        "西暦 8 桁で書いてください。" "Write eight Western digits."
        eg "「4360410」(平成 36 年) と書かれている。";
    /// Discharge before admission.
    PERIOD Warning "DPC-PERIOD"
        "退院年月日が入院年月日より前です。退院年月日は使いませんでした。" "The discharge lies before the admission; it was not used."
        "入院と退院の年月日を確認してください。" "Check the days of admission and discharge."
        eg "入院 2024-04-10 に対して退院 2024-04-01 である。";
    /// An event outside the stay.
    OUTSIDE Warning "DPC-OUTSIDE-STAY"
        "入院期間の外の日付です。" "A date lies outside the stay."
        "日付と入院期間を確認してください。" "Check the date and the stay."
        eg "手術日が入院日の前月である。";
    /// Before birth.
    BEFORE_BIRTH Warning "DPC-BEFORE-BIRTH"
        "生年月日より前の日付です。" "A date lies before the birth date."
        "日付と生年月日を確認してください。" "Check the date and the birth date."
        eg "2024-04-10 入院の患者の生年月日が 2025 年である。";
    /// Birth date.
    BIRTH Warning "DPC-BIRTH"
        "生年月日を読めません。" "The birth date cannot be read."
        "西暦 8 桁で書いてください。" "Write eight Western digits."
        eg "生年月日が「19580231」である。";
    /// Sex.
    SEX Warning "DPC-SEX"
        "性別が 1・2 ではありません。" "The sex is neither 1 nor 2."
        "性別 (1 男、2 女) を確認してください。" "Check the sex (1 male, 2 female)."
        eg "性別が「M」である。";
    /// The admission day of the item and of the row's key differ.
    ADMISSION Warning "DPC-ADMISSION"
        "A000020 の入院年月日が、行の入院年月日と違います。" "The admission day of A000020 differs from that of the row."
        "入院年月日を確認してください。" "Check the admission day."
        eg "行は 2024-04-10、A000020 は 2024-04-01 である。";
    /// A diagnosis or an act without its code.
    CODE_MISSING Warning "DPC-CODE-MISSING"
        "病名・手術・行為にコードがありません。" "A diagnosis, a surgery or an act has no code."
        "コードを書いてください。" "Give the code."
        eg "A006030 の ICD-10 と傷病名コードが空である。";
    /// A code of the wrong shape.
    CODE_SHAPE Warning "DPC-CODE-SHAPE"
        "コードの桁数または文字が正しくありません。" "A code does not have its shape."
        "コードを確認してください。" "Check the code."
        eg "レセプト電算コードが 8 桁である。";
    /// Check digit.
    CHECK_DIGIT Warning "DPC-CHECK-DIGIT"
        "保険者番号の検証番号が合わないか、桁数が違います。" "The insurer number does not have its length or check digit."
        "保険者番号を確認してください。" "Check the insurer number."
        eg "保険者番号の末尾の桁が計算と合わない。";
}
