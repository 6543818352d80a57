//! The rules of tables by configuration: what can be wrong with a file, a row, a cell, and how to mend it.

use musubi_model::catalogue;

catalogue! {
    /// No bytes, or no row of data.
    EMPTY Error "TABLE-EMPTY"
        "ファイルにデータ行がありません。" "The file has no row of data."
        "見出しの下にデータ行があるファイルを送ってください。" "Send a file with rows of data below its headings."
        eg "見出し行だけのファイルが届いた。";
    /// A limit is passed.
    LIMIT Error "TABLE-LIMIT"
        "大きさまたは件数が上限を超えています。" "Size or number is beyond the limit."
        "ファイルを分けて送ってください。" "Send it in several files."
        eg "1件分の行数が上限の10万行を超えている。";
    /// An encoding in which rows cannot be cut.
    ENCODING Error "TABLE-ENCODING"
        "文字コードが読めません。" "The encoding cannot be read."
        "UTF-8またはShift_JISで保存し直してください(Excelの「Unicodeテキスト」はUTF-16なので使えません)。" "Save as UTF-8 or Shift_JIS; Excel's 'Unicode text' is UTF-16."
        eg "ExcelのUnicodeテキスト(UTF-16)で保存されている。";
    /// Not well-formed XML.
    XML Error "TABLE-XML"
        "XMLとして正しくありません。" "The XML is not well formed."
        "出力元のシステムで書き出し直してください。" "Write the file again from its system."
        eg "終了タグが足りない。";
    /// A column that must be there is not.
    HEADING_MISSING Error "TABLE-HEADING-MISSING"
        "必須の列が見つかりません。" "A required column is missing."
        "見出し行があること、列名が連携仕様のとおりであることを確認してください。別名で出る場合は連携仕様に別名を加えます。" "Check that the heading row is there and named as in the interface; another name can be added to the interface as an alias."
        eg "「受診日」の列がない。";
    /// One column is there twice.
    HEADING_TWICE Error "TABLE-HEADING-TWICE"
        "同じ項目の列が二つあります。" "Two columns have the same meaning."
        "どちらか一方だけを送るか、連携仕様で別の項目として定めてください。" "Send only one of them, or declare them apart in the interface."
        eg "「体重」と「体重(kg)」が両方ある。";
    /// A column that the interface does not know.
    HEADING_UNKNOWN Note "TABLE-HEADING-UNKNOWN"
        "連携仕様にない列があり、取り込んでいません。" "Columns that the interface does not know were not taken in."
        "必要な列なら連携仕様に加えてください。不要なら対処は要りません。" "Add them to the interface if they are needed; otherwise nothing is to be done."
        eg "「備考2」の列は連携仕様にない。";
    /// Not the declared number of columns.
    COLUMN_COUNT Warning "TABLE-COLUMN-COUNT"
        "列の数が連携仕様と違います。" "The number of columns is not that of the interface."
        "版の違う様式で出力していないか確認してください。" "Check whether the file was written by another version of the layout."
        eg "118列のはずが117列しかない。";
    /// The trailer counts other rows than there are.
    TRAILER_COUNT Error "TABLE-TRAILER-COUNT"
        "末尾の件数とデータ行の数が違います。" "The trailer's count is not the number of rows."
        "途中で切れていないか確認し、書き出し直してください。" "Check that the file is complete and write it again."
        eg "末尾の行は「合計,100」だがデータは98行しかない。";
    /// The row has more fields than there are headings.
    ROW_LONG Error "TABLE-ROW-LONG"
        "行の項目数が見出しより多く、列がずれています。" "The row has more fields than headings: columns are shifted."
        "値の中のコンマを引用符で囲んで書き出してください。" "Quote values that hold the separator."
        eg "住所の中のコンマで列が一つ増えている。";
    /// The row has fewer fields than there are headings.
    ROW_SHORT Note "TABLE-ROW-SHORT"
        "行の項目数が見出しより少ないため、残りを空とみなしました。" "The row has fewer fields than headings; the rest counts as empty."
        "表計算ソフトで開いて保存し直していないか確認してください。" "Check whether a spreadsheet has saved the file again."
        eg "行末の空の項目のコンマが落ちている。";
    /// A quote is not closed.
    OPEN_QUOTE Error "TABLE-OPEN-QUOTE"
        "引用符が閉じていません。" "A quote is not closed."
        "値の中の引用符を二つ重ねて書き出してください。" "Double the quotes inside values."
        eg "「\"」が一つだけ付いた値がある。";
    /// Bytes that are no characters.
    TEXT Warning "TABLE-TEXT"
        "文字として読めない部分があります。" "Some bytes are no characters."
        "文字コードを確かめ、書き出し直してください。" "Check the encoding and write the file again."
        eg "氏名が途中で切れ、最後の文字が半分になっている。";
    /// A value without which the record says nothing.
    VALUE_MISSING Error "TABLE-VALUE-MISSING"
        "必須の値がありません。" "A required value is missing."
        "値を入れて送り直してください。" "Fill it in and send again."
        eg "受診日が空である。";
    /// A value that is usually there.
    VALUE_EXPECTED Warning "TABLE-VALUE-EXPECTED"
        "あるはずの値がありません。" "A value that is expected is missing."
        "入力漏れでないか確認してください。" "Check whether it was forgotten."
        eg "総合判定が空である。";
    /// A value that another one calls for.
    VALUE_CALLED_FOR Warning "TABLE-VALUE-CALLED-FOR"
        "他の項目の値から見て、あるはずの値がありません。" "A value that another one calls for is missing."
        "入力漏れか、もう一方の値の誤りを確認してください。" "Check whether it was forgotten or the other value is wrong."
        eg "判定が「要精検」なのに精検受診日がない。";
    /// A value that another one forbids.
    VALUE_OUT_OF_PLACE Warning "TABLE-VALUE-OUT-OF-PLACE"
        "他の項目の値から見て、ないはずの値があります。" "A value stands where another one says there is none."
        "どちらの値が正しいか確認してください。" "Check which of the two is right."
        eg "判定が「精検不要」なのに精検結果がある。";
    /// A value that no condition takes.
    VALUE_UNUSED Note "TABLE-VALUE-UNUSED"
        "条件に合わないため、値を事実にしていません(原本に残ります)。" "The value meets no condition and became no fact; it stays in the original."
        "条件となる列の値を確認してください。" "Check the column that the condition asks."
        eg "種別が空の行に結果値がある。";
    /// Not a number.
    NUMBER Warning "TABLE-NUMBER"
        "数値の項目に数値でない値があります。" "A column of numbers holds something else."
        "数字だけを入れてください。未実施は空にするか、連携仕様の語を使ってください。" "Give digits only; leave what was not done empty or use the interface's word."
        eg "身長に「百五十」と入っている。";
    /// Out of the plausible range.
    RANGE Warning "TABLE-RANGE"
        "値がありうる範囲の外です。" "The value is outside the plausible range."
        "桁・単位・列のずれを確認してください。" "Check digits, unit and shifted columns."
        eg "収縮期血圧が9000になっている。";
    /// Looks like another unit.
    UNIT_TRAP Warning "TABLE-UNIT"
        "別の単位で入っているようです。換算はしていません。" "The value looks like another unit; it was not converted."
        "単位を確認し、連携仕様の単位で送り直してください。" "Check the unit and send in the unit of the interface."
        eg "体重(kg)の列に9250(g)と入っている。";
    /// Beyond what the laboratory could measure.
    BEYOND Note "TABLE-BEYOND"
        "測定できる範囲を超えた印(H・L)です。数値はありません。" "A mark of a value beyond measure (H, L); there is no number."
        "対処は要りません。" "Nothing is to be done."
        eg "収縮期血圧に「H」と入っている。";
    /// Not a code of the list.
    CODE Warning "TABLE-CODE"
        "コードが一覧にありません。" "The code is not in the list."
        "連携仕様のコードを使うか、連携仕様に加えてください。" "Use a code of the interface, or add it there."
        eg "1〜3のはずの判定に9が入っている。";
    /// A text where a word of result is meant.
    TEXT_SEALED Note "TABLE-TEXT-SEALED"
        "文章のため、値は封印した原本だけに残しました。" "A text: the value stays in the sealed original only."
        "対処は要りません。" "Nothing is to be done."
        eg "結果の欄に文章が入っている。";
    /// Not a date.
    DATE Warning "TABLE-DATE"
        "日付として読めません。" "Not a date."
        "暦にある日付を「20261009」の形で入れてください。" "Give a day of the calendar as 20261009."
        eg "判定日が20260231になっている。";
    /// The record's own day is not a date.
    RECORD_DATE Error "TABLE-RECORD-DATE"
        "記録の日付として読めません。" "The record's day is not a date."
        "暦にある日付を「20261009」の形で入れてください。" "Give a day of the calendar as 20261009."
        eg "受診日が99999999になっている。";
    /// The era does not reach that day.
    DATE_ERA Warning "TABLE-DATE-ERA"
        "元号の期間の外の日付です。" "The era does not reach that day."
        "西暦で送るか、元号を直してください。" "Send the Western year or mend the era."
        eg "平成32年4月1日と書かれている。";
    /// A part of the date is zero.
    DATE_PART Warning "TABLE-DATE-PART"
        "日付の一部が00です。不明とみなしました。" "A part of the date is 00 and counts as unknown."
        "分かるなら実際の日付を入れてください。" "Give the day if it is known."
        eg "生年月日が19500000になっている。";
    /// Not a time of day.
    TIME Warning "TABLE-TIME"
        "時刻として読めません。" "Not a time of day."
        "「13:05」の形で入れてください。" "Give it as 13:05."
        eg "死亡時刻が25:70になっている。";
    /// Nobody is named.
    PERSON_NONE Error "TABLE-PERSON-NONE"
        "本人を示す番号も氏名もありません。" "Neither a number nor a name says who this is."
        "番号、または氏名と生年月日を入れてください。" "Give a number, or name and birth date."
        eg "宛名番号も氏名も空の行がある。";
    /// Rows of one key speak of two persons.
    PERSON_DIFFERS Error "TABLE-PERSON-DIFFERS"
        "同じ番号の行に、違う本人の情報があります。" "Rows of one key describe two persons."
        "番号の重複がないか確認してください。" "Check whether a number was given twice."
        eg "同じ文書番号の2行で生年月日が違う。";
    /// Birth date not readable.
    BIRTH Warning "TABLE-BIRTH"
        "生年月日がないか、読めません。" "The birth date is missing or cannot be read."
        "「19600403」の形で入れてください。" "Give it as 19600403."
        eg "生年月日が19601301になっている。";
    /// Not a sex.
    SEX Warning "TABLE-SEX"
        "性別として読めません。" "Not a sex."
        "1(男)または2(女)を入れてください。" "Give 1 (male) or 2 (female)."
        eg "性別に「3」と入っている。";
    /// A number with a wrong check digit.
    CHECK_DIGIT Warning "TABLE-CHECK-DIGIT"
        "番号の検証番号が合いません。" "The number's check digit is wrong."
        "番号の打ち間違いがないか確認してください。" "Check the number for a slip."
        eg "保険者番号の最後の桁が違う。";
    /// Leading zeros are lost.
    ZERO_DROPPED Warning "TABLE-ZERO-DROPPED"
        "番号の先頭の0が落ちているようです。" "Leading zeros of a number seem to be lost."
        "表計算ソフトでは番号の列を文字列として開いてください。" "Open columns of numbers as text in spreadsheets."
        eg "保険者番号01130012が1130012になっている。";
    /// Not the shape of such a number.
    NUMBER_SHAPE Warning "TABLE-NUMBER-SHAPE"
        "番号の桁数または文字が違います。" "Length or signs of the number are wrong."
        "列のずれと桁数を確認してください。" "Check for shifted columns and its length."
        eg "介護被保険者番号が7桁しかない。";
    /// A My Number.
    MY_NUMBER Error "TABLE-MYNUMBER"
        "個人番号(マイナンバー)とみられる値があります。" "There is what seems to be a My Number."
        "個人番号の列を除いて送り直してください。" "Send again without the column of My Numbers."
        eg "宛名番号の列に12桁の個人番号が入っている。";
    /// Something happened before the person was born.
    BEFORE_BIRTH Error "TABLE-BEFORE-BIRTH"
        "生年月日より前の日付です。" "The day is before the birth."
        "生年月日と日付を確認してください。" "Check both dates."
        eg "1960年生まれの人の受診日が1906年になっている。";
    /// An age that this record is not made for.
    AGE Warning "TABLE-AGE"
        "この記録の対象の年齢ではありません。" "The person is not of the age for which this record is made."
        "様式の取り違えと生年月日を確認してください。" "Check the layout and the birth date."
        eg "1歳6か月児健診の行に45歳の人がいる。";
    /// Dates in the wrong order.
    ORDER Warning "TABLE-ORDER"
        "日付の前後が合いません。" "Dates are in the wrong order."
        "日付を確認してください。" "Check the dates."
        eg "死亡診断の日が死亡の日より前である。";
    /// A sum that does not hold.
    SUM Warning "TABLE-SUM"
        "合計が内訳と合いません。" "A sum does not hold."
        "内訳と合計を確認してください。" "Check the parts and the sum."
        eg "健全歯数・処置歯数・未処置歯数の和が現在歯数と違う。";
    /// A value that should be below another one.
    BELOW Warning "TABLE-BELOW"
        "値の大小が合いません。" "A value should be below another one."
        "二つの列が入れ替わっていないか確認してください。" "Check whether two columns are exchanged."
        eg "拡張期血圧が収縮期血圧より高い。";
    /// Height, weight and BMI do not go together.
    BMI Warning "TABLE-BMI"
        "BMIが身長・体重と合いません。" "The BMI does not follow from height and weight."
        "身長・体重・BMIの値と単位を確認してください。" "Check the three values and their units."
        eg "身長150cm・体重90.2kgでBMIが20になっている。";
}
