//! The rules of the four formats of long-term care, with their words. No logic here.

use musubi_model::catalogue;

catalogue! {
    // What holds for all of them.
    /// A limit of size or number.
    LIMIT Error "CARE-LIMIT"
        "受け入れる大きさの上限を超えています。" "A limit of size or number was passed."
        "ファイルを分けて送るか、運用者に上限の見直しを相談してください。" "Split the file, or ask the operator to review the limit."
        eg "1行が1 MiBを超えている。";
    /// Nothing in it.
    EMPTY Error "CARE-EMPTY"
        "データの行が1件もありません。" "The file holds no row of data."
        "ファイルを作り直して送ってください。" "Write the file again and send it."
        eg "見出しだけで利用者の行がない。";
    /// No encoding that can be read row by row.
    ENCODING Error "CARE-ENCODING"
        "文字コードがShift_JISでもUTF-8でもありません。" "The text is neither Shift_JIS nor UTF-8."
        "Shift_JIS(MS932)で書き出して送り直してください。" "Write the file in Shift_JIS (MS932) and send it again."
        eg "UTF-16で保存したCSV。";
    /// Another encoding than the standard asks for.
    ENCODING_OTHER Note "CARE-ENCODING-OTHER"
        "文字コードが規格のShift_JISと異なります。" "The encoding is not Shift_JIS, as the standard asks."
        "読めますが、規格の文字コードを確かめてください。" "It can be read; check the encoding the standard asks for."
        eg "請求ファイルがUTF-8で書かれている。";
    /// A quote is not closed.
    QUOTE Warning "CARE-QUOTE"
        "閉じていない引用符があります。" "A quotation mark is not closed."
        "引用符の対を確かめてください。" "Check the pairs of quotation marks."
        eg "\"摘要 で始まり、閉じる引用符がない。";
    /// A text that cannot be decoded.
    TEXT Warning "CARE-TEXT"
        "読めない文字があります。" "A text has characters that cannot be read."
        "文字コードと外字を確かめてください。" "Check the encoding and user-defined characters."
        eg "氏名の末尾が1バイトで切れている。";
    /// More or fewer columns.
    COLUMNS Warning "CARE-COLUMNS"
        "項目の数が規格と異なります。" "The number of columns is not that of the standard."
        "項目の中のカンマや項目の欠けがないか確かめてください。" "Check for commas inside fields and for missing fields."
        eg "18項目の明細情報に17項目しかない。";
    /// A date that cannot be.
    DATE Warning "CARE-DATE"
        "日付が読めません。" "The date cannot be read."
        "暦にある日付をYYYYMMDDで記録してください。" "Record a date of the calendar as YYYYMMDD."
        eg "20240231 や 99999999。";
    /// A date outside its era, or with unknown parts.
    DATE_PART Warning "CARE-DATE-PART"
        "日付の元号が合わないか、月日が不明です。" "The date lies outside its era, or its month or day is unknown."
        "西暦8桁の日付を確かめてください。" "Check the date; eight Western digits are best."
        eg "平成36年、または 19500000。";
    /// The birth date is missing or cannot be read.
    BIRTH Warning "CARE-BIRTH"
        "生年月日がないか、読めません。" "The birth date is missing or cannot be read."
        "生年月日を記録してください。" "Record the birth date."
        eg "生年月日が空欄。";
    /// Something happened before birth.
    BEFORE_BIRTH Warning "CARE-BEFORE-BIRTH"
        "生年月日より前の日付です。" "A date lies before the birth date."
        "生年月日と日付を確かめてください。" "Check the birth date and the date."
        eg "1950年生まれの人の認定日が1949年。";
    /// The sex is not one.
    SEX Warning "CARE-SEX"
        "性別が1・2ではありません。" "The sex is neither 1 nor 2."
        "1(男)か2(女)を記録してください。" "Record 1 (male) or 2 (female)."
        eg "性別が3。";
    /// A number that is none.
    NUMBER Warning "CARE-NUMBER"
        "数字の項目が読めません。" "A numeric field cannot be read."
        "半角の数字で記録してください。" "Record it in half-width digits."
        eg "単位数が「百」。";
    /// A number out of its range.
    RANGE Warning "CARE-RANGE"
        "値が取りうる範囲の外です。" "A value lies outside its range."
        "単位と桁を確かめてください。" "Check unit and digits."
        eg "身長が1650 cm。";
    /// A code of the wrong shape.
    CODE Warning "CARE-CODE"
        "コードの形が規格と異なります。" "A code does not have the shape of the standard."
        "コードの桁数と文字を確かめてください。" "Check the length and characters of the code."
        eg "サービス種類コードが3桁。";
    /// A level of care that is not in the list.
    LEVEL Warning "CARE-LEVEL"
        "要介護状態区分が一覧にないコードです。" "The level of care is not one of the list."
        "01・06・11〜13・21〜25のいずれかを記録してください。" "Record 01, 06, 11 to 13 or 21 to 25."
        eg "要介護度が26。";
    /// A term that ends before it begins.
    PERIOD Warning "CARE-PERIOD"
        "期間の終わりが始まりより前です。" "A period ends before it begins."
        "期間の日付を確かめてください。" "Check the dates of the period."
        eg "認定期間が2025年4月1日から2025年3月31日まで。";
    /// The insurer's number has another shape.
    INSURER Warning "CARE-INSURER"
        "介護保険者番号が6桁の数字ではありません。" "The care insurer's number is not six digits."
        "先頭の0を含む6桁を記録してください。" "Record six digits with leading zeros."
        eg "先頭の0が落ちて5桁になっている。";
    /// The insured number has another shape.
    INSURED Warning "CARE-INSURED"
        "被保険者番号が10桁ではありません。" "The insured number does not have ten digits."
        "先頭の0を含む10桁(生活保護単独はHと9桁)を記録してください。" "Record ten digits with leading zeros (H and nine digits for public assistance alone)."
        eg "先頭の0が落ちて7桁になっている。";
    /// A check digit that does not hold.
    CHECK_DIGIT Warning "CARE-CHECK-DIGIT"
        "番号の検証数字が合いません。" "The check digit of a number does not hold."
        "番号の写し間違いがないか確かめてください。" "Check the number for a slip."
        eg "保険者番号の最後の1桁が違う。";
    /// Twelve digits with the check digit of a My Number.
    MYNUMBER Error "CARE-MYNUMBER"
        "個人番号(マイナンバー)とみられる番号があります。" "A number looks like a My Number."
        "個人番号を除いて送り直してください。" "Take the My Number out and send again."
        eg "被保険者番号の欄に12桁の個人番号が入っている。";
    /// Nobody can be told from it.
    NOBODY Error "CARE-NOBODY"
        "だれの記録か分かる番号がありません。" "No number tells whose record this is."
        "保険者番号と被保険者番号を記録してください。" "Record the insurer's and the insured number."
        eg "被保険者番号が空欄。";
    /// Rows of one person that do not stand together.
    SCATTERED Warning "CARE-SCATTERED"
        "同じ利用者・月の行が離れて並んでいます。" "Rows of one person and month do not stand together."
        "利用者ごとに行をまとめて書き出してください。" "Write the rows of a person one after the other."
        eg "給付管理票の同じ被保険者の行の間に別の被保険者の行がある。";

    // 介護給付費請求.
    /// No control record at the front.
    CLAIM_KIND Error "CLAIM-KIND"
        "コントロールレコードで始まっていません。" "The file does not begin with a control record."
        "介護給付費請求のファイルか確かめ、先頭から送ってください。" "Check that it is a care claim file and send it from its first record."
        eg "先頭の行が 2,1,… で始まる。";
    /// No end record.
    CLAIM_END Error "CLAIM-END"
        "エンドレコードがありません。ファイルが途中で切れたおそれがあります。" "The end record is missing; the file may be cut off."
        "エンドレコードまで含むファイルを送り直してください。" "Send the whole file, up to its end record."
        eg "最後の行が 3,… ではない。";
    /// The count of the control record does not hold.
    CLAIM_COUNT Error "CLAIM-COUNT"
        "コントロールレコードの件数とデータの行数が合いません。" "The count of the control record is not the number of data records."
        "欠けた行がないか確かめ、送り直してください。" "Check for missing rows and send the file again."
        eg "件数が120なのにデータが119行。";
    /// Record numbers are not consecutive.
    CLAIM_SEQUENCE Warning "CLAIM-SEQUENCE"
        "レコードの連番が続いていません。" "The running numbers of the records are not consecutive."
        "行の欠けや並べ替えがないか確かめてください。" "Check for lost or re-ordered rows."
        eg "連番が10の次に12。";
    /// A row that is no record.
    CLAIM_ROW Error "CLAIM-ROW"
        "レコード種別が1・2・3ではない行です。" "A row whose kind of record is not 1, 2 or 3."
        "行の途中の改行や欠けを確かめ、送り直してください。" "Check for line breaks inside a row, and send again."
        eg "摘要の途中で行が分かれている。";
    /// A row that is too short to tell whose it is.
    CLAIM_SHORT Error "CLAIM-SHORT"
        "だれの請求か分かる項目が足りない行です。" "A row too short to tell whose claim it is."
        "項目の欠けを確かめ、送り直してください。" "Check for missing fields and send again."
        eg "被保険者番号の前で行が終わっている。";
    /// Lines without their basic record.
    CLAIM_BASIC Error "CLAIM-BASIC"
        "基本情報レコード(01)のない明細です。" "Lines of a claim without its basic record (01)."
        "基本情報レコードから続けて書き出してください。" "Write the lines right after their basic record."
        eg "01がなく02から始まる。";
    /// The month of care cannot be read.
    CLAIM_MONTH Error "CLAIM-MONTH"
        "サービス提供年月が読めません。" "The month of care cannot be read."
        "サービス提供年月をYYYYMMで記録してください。" "Record the month of care as YYYYMM."
        eg "サービス提供年月が202613。";
    /// Care after it was claimed.
    CLAIM_FUTURE Warning "CLAIM-FUTURE"
        "サービス提供年月が処理対象年月より後です。" "The month of care lies after the month of processing."
        "サービス提供年月を確かめてください。" "Check the month of care."
        eg "2026年9月処理分に2026年10月のサービス。";
    /// No layout is known, or one known from memory does not fit.
    LAYOUT Error "CARE-LAYOUT"
        "このレコードの項目の並びが分からないか、想定と異なります。" "The layout of this record is not known, or its fields do not stand where expected."
        "運用者に仕様書の版を知らせてください。" "Tell the operator which edition of the specification was used."
        eg "給付実績情報のレコード、または列数が並びと違う認定データ。";
    /// A layout known from memory was used.
    UNVERIFIED Note "CARE-UNVERIFIED"
        "仕様書で確かめていない並びで読みました。" "Read by a layout that was not checked against the specification."
        "対応の必要はありません。" "Nothing to do."
        eg "見出しのない認定データ。";
    /// A kind of record that is kept, not interpreted.
    CLAIM_RECORD Note "CLAIM-RECORD"
        "内容を解釈していない種別のレコードです。原本は保存しています。" "A kind of record whose content is not interpreted; its bytes are kept."
        "対応の必要はありません。" "Nothing to do."
        eg "住宅改修費のレコード。";
    /// The bill does not match its claims.
    CLAIM_BILL Warning "CLAIM-BILL"
        "請求書の件数・単位数と明細書の合計が合いません。" "Count or units of the bill are not the sum of its claims."
        "欠けた明細書がないか確かめてください。" "Check for missing claims."
        eg "請求書が10件、明細書が9件。";
    /// Units × times ≠ total of the line.
    CLAIM_LINE Warning "CLAIM-LINE"
        "単位数と回数の積がサービス単位数と合いません。" "Units times number is not the line's total."
        "単位数・回数・サービス単位数を確かめてください。" "Check units, number and total."
        eg "250単位×4回でサービス単位数が900。";
    /// The lines of a service are not its total.
    CLAIM_SERVICE_SUM Warning "CLAIM-SERVICE-SUM"
        "明細のサービス単位数の合計が集計情報と合いません。" "The lines of a service do not sum up to its total."
        "明細と集計を確かめてください。" "Check lines and totals."
        eg "種類11の明細が1,000単位、集計が900単位。";
    /// The services are not the claim's total.
    CLAIM_TOTAL Warning "CLAIM-TOTAL"
        "集計情報の単位数の合計が基本情報の合計と合いません。" "The services do not sum up to the claim's total."
        "集計と基本情報を確かめてください。" "Check totals and the basic record."
        eg "集計の合計が1,000単位、基本情報が1,200単位。";
    /// The yen do not follow from the units.
    CLAIM_YEN Warning "CLAIM-YEN"
        "請求額が単位数×単価×給付率と合いません。" "The amount does not follow from units, price and rate."
        "端数処理(切り捨て)と給付率を確かめてください。" "Check rounding (down) and rate."
        eg "1,000単位×10円×90%で請求額が9,500円。";
    /// The user's part is not what is left.
    CLAIM_BURDEN Warning "CLAIM-BURDEN"
        "利用者負担額が費用から請求額を引いた額と合いません。" "The user's part is not what is left of the cost."
        "利用者負担額を確かめてください。" "Check the user's part."
        eg "費用10,000円・請求9,000円で負担が500円。";
    /// More days than the month has.
    CLAIM_DAYS Warning "CLAIM-DAYS"
        "日数がその月の日数を超えています。" "More days than the month has."
        "日数を確かめてください。" "Check the number of days."
        eg "2月の実日数が30。";
    /// More was claimed than planned.
    CLAIM_OVER_PLAN Warning "CLAIM-OVER-PLAN"
        "給付管理票の計画単位数を超える請求です。" "More units are claimed than the plan allows."
        "給付管理票と請求を突き合わせてください。" "Compare plan and claim."
        eg "計画800単位に対し限度額管理対象が1,000単位。";
    /// The plan's lines are not its total.
    CLAIM_PLAN_SUM Warning "CLAIM-PLAN-SUM"
        "給付管理票の計画単位数の合計が合いません。" "The lines of a plan do not sum up to its total."
        "行の合計を確かめてください。" "Check the sum of the lines."
        eg "行の合計が900、合計欄が1,000。";
    /// The record cancels an earlier one.
    CLAIM_CANCELLED Note "CLAIM-CANCELLED"
        "取消のレコードです。先の版を取り消します。" "A record that cancels an earlier version."
        "対応の必要はありません。" "Nothing to do."
        eg "作成区分3の給付管理票。";
    /// One claim twice in a file.
    CLAIM_TWICE Warning "CLAIM-TWICE"
        "同じ請求が1つのファイルに2回あります。後のものを採ります。" "One claim stands twice in a file; the later one is taken."
        "重複を除いて送ってください。" "Send each claim once."
        eg "同じ事業所・被保険者・提供年月の基本情報が2件。";

    // 要介護認定.
    /// Neither headings nor an interface code.
    CERT_KIND Error "CERT-KIND"
        "見出しの行もIF識別コードもありません。" "The file has neither headings nor an interface code."
        "認定ソフトの出力をそのまま送ってください。" "Send the export of the certification software as it is."
        eg "2列目がIF識別コードではない見出しのない表。";
    /// Headings without what tells the person.
    CERT_HEADINGS Error "CERT-HEADINGS"
        "必要な見出しがありません。" "A heading that is needed is missing."
        "保険者番号・被保険者番号・認定申請日の列を含めてください。" "Include insurer number, insured number and day of application."
        eg "被保険者番号の列がない。";
    /// A heading that is not known.
    CERT_COLUMN Note "CERT-COLUMN"
        "解釈しない見出しの列があります。原本は保存しています。" "Some columns are not interpreted; their bytes are kept."
        "対応の必要はありません。" "Nothing to do."
        eg "「備考2」の列。";
    /// An interface code without a layout.
    CERT_IF Error "CERT-IF"
        "IF識別コードの項目の並びが分かりません。" "No layout is known for this interface code."
        "見出し付きで書き出すか、仕様を運用者に知らせてください。" "Export with headings, or tell the operator the layout."
        eg "IF識別コードが99Z。";
    /// Of this interface only the head is known.
    CERT_PARTIAL Note "CERT-PARTIAL"
        "このIF識別コードは先頭の項目だけを読みます。調査項目は原本にあります。" "Only the first fields of this interface are read; the survey stays in the original."
        "調査項目も使うなら、見出し付きで書き出してください。" "Export with headings if the survey is to be used."
        eg "02Aの行。";
    /// An answer out of its range.
    CERT_ITEM Warning "CERT-ITEM"
        "調査項目の値が選択肢にありません。" "An answer is not one of the choices."
        "項目の選択肢を確かめてください。" "Check the choices of the item."
        eg "寝返りが7。";
    /// A decision before its application.
    CERT_ORDER Warning "CERT-ORDER"
        "判定日が申請日より前です。" "The decision lies before the application."
        "申請日と判定日を確かめてください。" "Check both days."
        eg "申請2026年5月、二次判定2026年4月。";
    /// Minutes do not sum up.
    CERT_MINUTES Warning "CERT-MINUTES"
        "要介護認定等基準時間の内訳の合計が合いません。" "The parts of the standard minutes do not sum up."
        "基準時間の単位と内訳を確かめてください。" "Check unit and parts of the minutes."
        eg "内訳の合計が40.0分、合計が60.0分。";
    /// No day of application.
    CERT_APPLIED Warning "CERT-APPLIED"
        "認定申請日がありません。" "The day of application is missing."
        "認定申請日を記録してください。" "Record the day of application."
        eg "認定申請日が空欄。";

    // LIFE.
    /// No interface of LIFE.
    LIFE_KIND Error "LIFE-KIND"
        "LIFEの様式名も項目名も見つかりません。" "Neither the name nor the fields of a LIFE interface were found."
        "1行目に様式名、2行目に項目名を記録してください。" "Give the interface in line 1 and its fields in line 2."
        eg "1行目が「利用者一覧」。";
    /// A key field is missing among the headings.
    LIFE_HEADINGS Error "LIFE-HEADINGS"
        "キーとなる項目名がありません。" "A key field is missing among the headings."
        "事業所番号と外部システム管理番号の列を含めてください。" "Include care_facility_id and external_system_management_number."
        eg "external_system_management_numberの列がない。";
    /// One heading twice.
    LIFE_TWICE Error "LIFE-HEADING-TWICE"
        "同じ項目名の列が2つあります。" "A heading stands twice."
        "列を1つにして送り直してください。" "Keep one column and send again."
        eg "weightの列が2つ。";
    /// A field that the interface does not have.
    LIFE_FIELD Note "LIFE-FIELD"
        "様式の項目一覧にない列があります。数値とコードだけを読みます。" "Some columns are not in the list of the interface; only numbers and codes of them are read."
        "対応の必要はありません。" "Nothing to do."
        eg "2024年版で増えた項目。";
    /// The row of Japanese names.
    LIFE_LABELS Note "LIFE-LABELS"
        "日本語の項目名の行を読み飛ばしました。" "A row of Japanese names was passed over."
        "対応の必要はありません。" "Nothing to do."
        eg "3行目に「事業所番号」などの項目名。";
    /// No management number.
    LIFE_KEY Error "LIFE-KEY"
        "事業所番号か外部システム管理番号が空の行です。" "Facility or management number of a row is empty."
        "キーを記録して送り直してください。" "Record the keys and send again."
        eg "external_system_management_numberが空欄。";
    /// A required field is empty.
    LIFE_REQUIRED Warning "LIFE-REQUIRED"
        "必須の項目が空です。" "A required field is empty."
        "変更のない項目も含め、行の全項目を送ってください。" "Send all fields of the row, unchanged ones too."
        eg "利用者情報の性別が空欄。";
    /// A value that the list does not have.
    LIFE_CODE Warning "LIFE-CODE"
        "コード表にない値です。" "The value is not in the list of the field."
        "項目のコード表を確かめてください。" "Check the list of the field."
        eg "食事(バーセルインデックス)が7。";
    /// A text that is too long.
    LIFE_LONG Warning "LIFE-LONG"
        "項目の桁数を超えています。" "The value is longer than the field."
        "桁数を確かめてください。" "Check the length."
        eg "18文字の記入者名に30文字。";

    // ケアプラン標準仕様.
    /// The file is none of the tables.
    PLAN_KIND Error "PLAN-KIND"
        "ファイル名と項目数からケアプランの帳票が決まりません。" "Name and columns do not tell which table this is."
        "標準仕様のファイル名(UPPLAN_など)で送ってください。" "Use the names of the standard (UPPLAN_ …)."
        eg "25項目のファイルがdata.csvという名前。";
    /// Too few columns.
    PLAN_SHORT Error "PLAN-SHORT"
        "帳票の項目数より少ない行です。" "The row has fewer columns than its table."
        "項目の欠けを確かめ、送り直してください。" "Check for missing fields and send again."
        eg "第2表の行が20項目。";
    /// A row of headings.
    PLAN_HEADING Note "PLAN-HEADING"
        "見出しの行を読み飛ばしました。" "A row of headings was passed over."
        "対応の必要はありません。" "Nothing to do."
        eg "1列目が「CSVバージョン」。";
    /// No time in the name of the file.
    PLAN_FILE_NAME Warning "PLAN-FILE-NAME"
        "ファイル名に作成日時がなく、版の新旧が分かりません。" "The name of the file has no time, so versions cannot be told apart."
        "標準仕様のファイル名で送ってください。" "Use the names of the standard."
        eg "UPPLAN.CSVという名前。";
    /// A day outside the month of the plan.
    PLAN_DAY Warning "PLAN-DAY"
        "サービス利用日が対象年月の外です。" "A day of service lies outside the month."
        "利用日と対象年月を確かめてください。" "Check day and month."
        eg "対象年月202610に20261101の利用。";
    /// A time of day that is none.
    PLAN_TIME Warning "PLAN-TIME"
        "時刻が読めません。" "A time of day cannot be read."
        "HHMM、時間のないサービスは9999を記録してください。" "Record HHMM, or 9999 where there is no time."
        eg "開始時刻が2561。";
    /// The row deletes an earlier table.
    PLAN_DELETED Note "PLAN-DELETED"
        "削除のレコードです。先の帳票を取り消します。" "A record that deletes an earlier table."
        "対応の必要はありません。" "Nothing to do."
        eg "DLTPLAN_…のファイル。";
    /// The second table goes with the first.
    PLAN_DELETE_SECOND Warning "PLAN-DELETE-SECOND"
        "第1表の削除は第2表・第3表には及びません。" "Deleting the first table does not reach the second and third."
        "第2表・第3表も消すときは、運用者に知らせてください。" "Tell the operator when they are to be deleted, too."
        eg "DLT1KYO_…のファイル。";
}
