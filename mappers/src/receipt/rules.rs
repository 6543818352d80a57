//! The rules that the kinds of receipts have beside those of all receipts (`UKE-…`). No logic here.

use musubi_model::catalogue;

catalogue! {
    /// A code or number that its item cannot have.
    VALUE Warning "RECEIPT-VALUE"
        "項目の取り得る範囲にない値です。空として扱います。" "A value that the item cannot have; it is left empty."
        "記録条件仕様のコード表と範囲を確かめてください。" "Check the item's codes and range."
        eg "JCSが 45 である(0、1〜3、10〜30、100〜300だけがある)。";
    /// A DPC code that is none.
    DPC_CODE Warning "RECEIPT-DPC-CODE"
        "診断群分類番号が14桁の形になっていません。" "The DPC code does not have its fourteen places."
        "診断群分類番号を確かめてください。" "Check the DPC code."
        eg "診断群分類番号が「040080x099x0x」と13桁である。";
    /// Age and birth date contradict each other.
    AGE Warning "RECEIPT-AGE"
        "入院時年齢が生年月日と入院年月日から数えた年齢と合いません。"
        "The age at admission is not that of birth date and admission."
        "生年月日、入院年月日、入院時年齢を確かめてください。" "Check birth date, admission and age."
        eg "1960年生まれの人の2026年の入院に、入院時年齢 16 とある。";
    /// Dates of a stay or of a term in the wrong order.
    ORDER Warning "RECEIPT-DATE-ORDER"
        "日付の前後が合いません。" "Two dates are in the wrong order."
        "入院と退院、処方と調剤、期間の自と至などの日付を確かめてください。"
        "Check admission and discharge, prescription and dispensing, beginning and end."
        eg "今回退院年月日が今回入院年月日より前である。";
    /// A day outside the month of the receipt.
    MONTH Warning "RECEIPT-OUTSIDE-MONTH"
        "算定日や調剤日がレセプトの月にありません。" "A day of service lies outside the month of the receipt."
        "診療・調剤年月と日付を確かめてください。" "Check the month and the day."
        eg "2026年9月分の調剤レセプトに、調剤年月日 20261002 がある。";
    /// A receipt below a total one without that.
    PART Warning "RECEIPT-TOTAL-MISSING"
        "総括対象のレセプトの前に総括レセプトがありません。" "A receipt below a total one, without the total one before it."
        "総括レセプト(総括区分 1)に続けて記録してください。" "Write it behind its total receipt."
        eg "総括区分 2 のREが、総括区分 1 のREのないファイルの先頭にある。";
    /// The subtotal of a period is not its points times its days.
    SUBTOTAL Warning "RECEIPT-SUBTOTAL"
        "包括小計点数が、入院期間区分別点数×日数と合いません。"
        "The subtotal of a period of the stay is not its points a day times its days."
        "包括評価の点数、日数、小計を確かめてください。" "Check points, days and subtotal."
        eg "2,500点×2日なのに、包括小計点数が 5,100 である。";
    /// The days of leave are not told in a known form.
    LEAVE Warning "RECEIPT-LEAVE"
        "外泊等の記録が31日分のコードになっていません。空として扱います。"
        "Days of leave are not thirty-one codes; they are left empty."
        "外泊等コード(0、3〜9)を日ごとに記録してください。" "Write one code (0, 3 to 9) for each day."
        eg "外泊等が30桁である。";
    /// A tooth formula that cannot be cut.
    TOOTH Warning "RECEIPT-TOOTH"
        "歯式が6桁の倍数でないか、歯種・状態・部分のコードになっていません。空として扱います。"
        "A tooth formula is not made of six digits for each tooth; it is left empty."
        "歯式を1歯6桁で記録してください。" "Write six digits for each tooth."
        eg "歯式が 10160 と5桁である。";
    /// A dispensed drug that belongs to no prescription.
    NO_PRESCRIPTION Warning "RECEIPT-NO-PRESCRIPTION"
        "医薬品や特定器材の前に処方基本(SH)または調剤情報(CZ)がありません。"
        "A drug or material without the prescription (SH) or dispensing (CZ) record before it."
        "SH、CZ、IYの順に記録してください。" "Write SH, CZ and IY in this order."
        eg "REの次がIYである。";
    /// A fee without its points or its code.
    FEE Warning "RECEIPT-FEE"
        "調剤行為のコードと点数がそろっていません。" "A fee has a code without points or points without a code."
        "コードと点数を組で記録してください。" "Write code and points together."
        eg "CZの薬剤調製料のコードが空で、点数が 24 である。";
    /// A text that may name somebody.
    TEXT_SEALED Note "RECEIPT-TEXT-SEALED"
        "数値や区分でない文字の記録です。原本だけに残します。" "A value in words; it stays in the original only."
        "対応の必要はありません。" "Nothing to do."
        eg "重症度が文章で書かれている。";
}
