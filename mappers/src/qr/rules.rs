//! The rules that record sets of 電子版お薬手帳 and 処方箋 QR are held against, with their words. No logic here.

use musubi_model::catalogue;

catalogue! {
    /// Nothing in the document.
    EMPTY Error "QR-EMPTY"
        "データが空です。" "The document is empty."
        "QR コードの内容を書き出し直して送ってください。" "Write the content of the code again and send it."
        eg "0 バイトのファイルが届いた。";
    /// A limit of ours.
    LIMIT Error "QR-LIMIT"
        "大きさまたは件数が上限を超えています。" "A size or a count is beyond the limit."
        "ファイルを分けて送ってください。" "Send it in several files."
        eg "1 人分の記録に 10 万件を超えるレコードがある。";
    /// UTF-16 and the like.
    ENCODING Error "QR-ENCODING"
        "文字コードを読めません。" "The encoding cannot be read."
        "シフト JIS で書き出してください。" "Write it in Shift_JIS."
        eg "ファイルが UTF-16 で保存されている。";
    /// No header line before the records.
    HEADER_MISSING Error "QR-HEADER-MISSING"
        "ヘッダ (JAHIS…) の行がなく、どの患者の記録か決められません。" "There is no header line (JAHIS…), so whose records these are is not known."
        "ヘッダの行から患者 1 人分を続けて書き出してください。" "Write each patient's records from the header line on."
        eg "1 行目が「JAHISTC08,1」ではなく患者のレコードから始まっている。";
    /// The header of the other standard.
    KIND Error "QR-KIND"
        "届け出られた種類(お薬手帳・処方箋)と違うヘッダです。" "The header is that of the other kind (notebook, prescription)."
        "お薬手帳と処方箋を別の種類として送ってください。" "Send notebooks and prescriptions as feeds of their own kind."
        eg "お薬手帳として送られたファイルのヘッダが「JAHIS10」である。";
    /// 出力区分 that is neither 1 nor 2.
    OUTPUT Warning "QR-OUTPUT"
        "ヘッダの出力区分が 1・2 ではありません。" "The output class of the header is neither 1 nor 2."
        "出力区分 (1 医療機関等、2 患者等) を書いてください。" "Give the output class (1 institution, 2 patient)."
        eg "ヘッダが「JAHISTC08」だけで出力区分がない。";
    /// A version of the standard newer than those we know.
    VERSION_NEW Note "QR-VERSION-NEW"
        "公開済みの版より新しい版です。知られている項目だけを読みました。" "A version newer than those published; the known items were read."
        "対応は不要です。新しい項目の扱いを運用者が確認します。" "Nothing to do; the operator checks the new items."
        eg "ヘッダが「JAHISTC12,1」である。";
    /// Not Shift_JIS.
    NOT_SJIS Note "QR-NOT-SJIS"
        "シフト JIS ではない文字コードです。そのまま読みました。" "Not in Shift_JIS; read as it is."
        "対応は不要です。" "Nothing to do."
        eg "ファイルが UTF-8 で保存されている。";
    /// Quoted items.
    QUOTES Warning "QR-QUOTES"
        "引用符で囲まれた項目があります。引用符は規格にないため、取り除いて読みました。" "An item stands in quotation marks, which the standard does not have; read without them."
        "引用符を付けずに書き出してください。" "Write items without quotation marks."
        eg "患者氏名が「\"見本 太郎\"」と書かれている。";
    /// Spaces around an item.
    SPACES Note "QR-SPACES"
        "項目の前後に空白があります。取り除いて読みました。" "There are spaces around an item; read without them."
        "項目の前後に空白を付けないでください。" "Write items without spaces around them."
        eg "医薬品コードが「 620004992」と空白で始まる。";
    /// More items than the record has.
    COLUMNS Note "QR-COLUMNS"
        "規格より多い項目があります。余りは読みませんでした。" "There are more items than the record has; the surplus was not read."
        "項目の中の半角コンマは全角にしてください。" "Write a comma inside an item in full width."
        eg "備考の文中に半角コンマがあり、項目が一つ増えた。";
    /// A record number we do not know.
    RECORD_UNKNOWN Warning "QR-RECORD-UNKNOWN"
        "規格にないレコードです。原本に残し、読みませんでした。" "A record the standard does not have; kept in the original, not read."
        "レコード番号を確認してください。" "Check the record number."
        eg "レコード番号 999 の行がある。";
    /// Bytes that are no character.
    TEXT_BAD Warning "QR-TEXT-BAD"
        "読めない文字があります。" "There are bytes that are no character."
        "文字コードを確認して書き出し直してください。" "Check the encoding and write it again."
        eg "薬品名の最後の文字が半分で切れている。";
    /// 外字.
    GAIJI Warning "QR-GAIJI"
        "外字があります。規格では「■」に置き換えます。" "There is a character of the private use area; the standard writes ■ for it."
        "外字を標準の文字か「■」にしてください。" "Replace it by a standard character or ■."
        eg "氏名の漢字が外字領域のコードで書かれている。";
    /// A question mark where a character was lost.
    TEXT_LOST Warning "QR-TEXT-LOST"
        "日本語の中に「?」があり、変換で失われた文字と思われます。" "A question mark stands within Japanese text: probably a character lost in conversion."
        "元の文字を確認して送り直してください。" "Check the original character and send again."
        eg "住所の「２－２８」が「２?２８」になっている。";
    /// Parts of a divided set are not all there.
    PART_MISSING Error "QR-PART-MISSING"
        "分割されたデータの一部がそろっていません。" "Not all parts of a divided record set are there."
        "すべての分割データを一つのファイルに続けて書き出してください。" "Write all parts one after the other into one file."
        eg "3 分割のうち 1 番目と 3 番目だけが届いた。";
    /// The division record contradicts itself or the other parts.
    PART_NUMBER Error "QR-PART-NUMBER"
        "分割制御レコードの番号が正しくないか、互いに矛盾しています。" "The numbers of the division record are wrong or contradict each other."
        "データ ID (14 桁)、分割総数、分割番号を確認してください。" "Check the data id (14 digits), the number of parts and the part's number."
        eg "分割総数 2 なのに分割番号が 3 である。";
    /// No patient.
    PERSON_MISSING Error "QR-PERSON-MISSING"
        "患者のレコードがなく、誰の記録か決められません。" "There is no patient record, so whose records these are is not known."
        "患者氏名のレコード(お薬手帳 1、処方箋 11)を書いてください。" "Give the patient record (1 in notebooks, 11 in prescriptions)."
        eg "お薬手帳の先頭にレコード 1 がない。";
    /// Two different patients.
    PERSON_TWICE Error "QR-PERSON-TWICE"
        "一つの記録に、内容の違う患者のレコードが二つあります。" "Two patient records of different content stand in one set."
        "患者ごとにヘッダから書き出してください。" "Write each patient from a header of their own."
        eg "ヘッダを挟まずに 2 人分のレコード 1 がある。";
    /// No name.
    NAME_MISSING Warning "QR-NAME-MISSING"
        "患者の氏名がありません。" "The patient has no name."
        "漢字またはカナの氏名を書いてください。" "Give the name in kanji or kana."
        eg "レコード 11 に患者コードだけがある。";
    /// Sex.
    SEX Warning "QR-SEX"
        "性別が 1・2 ではありません。" "The sex is neither 1 nor 2."
        "性別 (1 男、2 女) を確認してください。" "Check the sex (1 male, 2 female)."
        eg "性別に「男」と書かれている。";
    /// Birth date.
    BIRTH Warning "QR-BIRTH"
        "生年月日を読めません。" "The birth date cannot be read."
        "西暦 8 桁か元号付き 7 桁で書いてください。" "Write eight Western digits, or seven with the era."
        eg "生年月日が「19580231」である。";
    /// My Number.
    MYNUMBER Error "QR-MYNUMBER"
        "別の番号の項目に個人番号(マイナンバー)と思われる番号があります。受け取れません。" "What looks like a My Number stands in an item for another number. It cannot be taken in."
        "個人番号を消して送り直してください。" "Remove the My Number and send again."
        eg "患者コードに検査用数字の合う 12 桁の番号がある。";
    /// A date.
    DATE Warning "QR-DATE"
        "日付を読めません。" "A date cannot be read."
        "西暦 8 桁か元号付き 7 桁で書いてください。" "Write eight Western digits, or seven with the era."
        eg "調剤年月日が「99999999」である。";
    /// An era that does not reach the date.
    DATE_ERA Warning "QR-DATE-ERA"
        "元号の期間の外の日付です。西暦に直して読みました。" "The date lies outside its era; read as the Western date it means."
        "元号を確認してください。" "Check the era."
        eg "「H310601」(平成 31 年 6 月) と書かれている。";
    /// No date of dispensing or issue.
    DATE_MISSING Warning "QR-DATE-MISSING"
        "薬品に調剤日または交付日がありません。" "A drug has no date of dispensing or issue."
        "レコード 5 (お薬手帳) または 51 (処方箋) を書いてください。" "Give record 5 (notebook) or 51 (prescription)."
        eg "処方箋に交付年月日のレコードがない。";
    /// Before birth.
    BEFORE_BIRTH Warning "QR-BEFORE-BIRTH"
        "生年月日より前の日付です。" "A date lies before the birth date."
        "日付と生年月日を確認してください。" "Check the date and the birth date."
        eg "2010 年生まれの患者の調剤日が 2009 年である。";
    /// End before start.
    PERIOD Warning "QR-PERIOD"
        "終了日が開始日より前です。" "The end lies before the start."
        "期間を確認してください。" "Check the period."
        eg "市販薬の服用終了日が開始日より前である。";
    /// Not a number.
    NUMBER Warning "QR-NUMBER"
        "数字で書く項目を数として読めません。" "An item that should be a number is none."
        "半角数字で書いてください。" "Write it in ASCII digits."
        eg "用量が「三錠」と書かれている。";
    /// A number beyond what can be.
    RANGE Warning "QR-RANGE"
        "数がありえない大きさです。" "A number is beyond what can be."
        "数と単位を確認してください。" "Check the number and its unit."
        eg "調剤数量が 0 日分である。";
    /// The kind of a drug's code is not one: items have shifted.
    DRUG_KIND Error "QR-DRUG-KIND"
        "薬品コードの種別が規格の値ではなく、項目がずれていると思われます。" "The kind of the drug code is none of the standard: items have probably shifted."
        "薬品レコードの項目の並びを確認してください。" "Check the order of the drug record's items."
        eg "情報区分を省いたため、種別の位置に薬品コードがある。";
    /// A drug without its code.
    DRUG_CODE Warning "QR-DRUG-CODE"
        "コード種別があるのに薬品コードがないか、コードがあるのに種別がありません。" "A drug has a kind of code but no code, or a code but no kind."
        "薬品コードと種別をそろえて書いてください。" "Give both the code and its kind."
        eg "種別 2 (レセプト電算) で薬品コードが空である。";
    /// A code of the wrong shape.
    CODE_SHAPE Warning "QR-CODE-SHAPE"
        "コードの桁数または文字が種別に合いません。" "A code does not have the shape of its kind."
        "コードと種別を確認してください。" "Check the code and its kind."
        eg "レセプト電算コードが 8 桁である。";
    /// A coded item with a value that is none.
    CODE_VALUE Warning "QR-CODE-VALUE"
        "区分の値が規格にありません。" "A class has a value the standard does not know."
        "区分の値を確認してください。" "Check the value."
        eg "剤形区分が 12 である。";
    /// A prescription without drugs.
    DRUG_MISSING Warning "QR-DRUG-MISSING"
        "処方箋に薬品のレコードがありません。" "A prescription has no drug record."
        "薬品のレコード 201 を書いてください。" "Give the drug records (201)."
        eg "患者と医療機関だけで RP がない。";
    /// Drugs without usage.
    USAGE_MISSING Warning "QR-USAGE-MISSING"
        "薬品に用法のレコードがなく、日数または回数が分かりません。" "Drugs have no usage record, so days or times are not known."
        "同じ RP 番号の用法のレコードを書いてください。" "Give the usage record of the same RP number."
        eg "RP 2 の 201 に対応する 301 がない。";
    /// Usage without drugs.
    RP_EMPTY Warning "QR-RP-EMPTY"
        "RP に用法だけがあり、薬品がありません。" "An RP has usage but no drug."
        "RP 番号を確認してください。" "Check the RP number."
        eg "RP 3 の 301 に対応する 201 がない。";
    /// Check digit.
    CHECK_DIGIT Warning "QR-CHECK-DIGIT"
        "番号の検証番号が合いません。" "The check digit of a number does not hold."
        "番号を確認してください。" "Check the number."
        eg "保険者番号の末尾の桁が計算と合わない。";
    /// Shape of a payer's number.
    NUMBER_SHAPE Warning "QR-NUMBER-SHAPE"
        "保険者・公費の番号の桁数または文字が正しくありません。" "A payer's number does not have its shape."
        "番号と桁数を確認してください。" "Check the number and its length."
        eg "公費負担者番号が 7 桁である。";
    /// Split and refill counts that contradict each other.
    SPLIT Warning "QR-SPLIT"
        "分割・リフィルの回数が矛盾しています。" "Counts of a split or refill prescription contradict each other."
        "回数を確認してください。" "Check the counts."
        eg "総分割回数 2 回なのに今回が 3 回目である。";
}
