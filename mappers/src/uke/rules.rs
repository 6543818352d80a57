//! The rules every receipt file is held against, with their words. No logic here.

use musubi_model::Rule;
use musubi_model::finding::Severity::{Error, Note, Warning};

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident { $ja:literal $en:literal $mend_ja:literal $mend_en:literal $(eg $example:literal)? })*) => {
        $(
            #[doc = $en]
            pub const $name: Rule = Rule {
                id: $id,
                severity: $severity,
                ja: $ja,
                en: $en,
                mend_ja: $mend_ja,
                mend_en: $mend_en,
                example: concat!($($example)?),
            };
        )*

        /// Every rule of this module, for the catalogue.
        #[must_use]
        pub fn rules() -> &'static [&'static Rule] {
            const ALL: &[&Rule] = &[$(&$name),*];
            ALL
        }
    };
}

rules! {
    // The document as a whole.
    EMPTY "UKE-EMPTY" Error {
        "レコードが1件もありません。" "The file holds no record."
        "ファイルを作り直して送ってください。" "Write the file again and send it."
        eg "0バイトの RECEIPTC.UKE が送られた。"
    }
    LIMIT "UKE-LIMIT" Error {
        "受け入れる大きさの上限を超えています。" "A limit of size or number was passed."
        "ファイルを分けて送るか、運用者に上限の見直しを相談してください。"
        "Split the file, or ask the operator to review the limit."
        eg "1行が2MBあるレコードが送られた。"
    }
    KIND "UKE-KIND" Error {
        "取り決めた種別のレセプトのファイルではありません。" "This is not a file of the kind of receipts that was agreed."
        "医科・DPC・歯科・調剤・訪問看護の別を確かめ、取り決めた種別のファイルを送ってください。"
        "Check the kind (medical, DPC, dental, dispensing, home nursing) and send the kind that was agreed."
        eg "医科として取り決めたところに、UKで始まる歯科のファイルが送られた。"
    }
    IR_MISSING "UKE-IR-MISSING" Error {
        "医療機関等の情報(IR、UK、YK、HM)がレセプトの前にありません。"
        "No institution record (IR, UK, YK, HM) stands before the receipts."
        "医療機関等の情報から始まるファイルを送ってください。" "Send a file that begins with its institution record."
        eg "ファイルがREから始まり、IRがない。"
    }
    ENCODING "UKE-ENCODING" Error {
        "文字コードがShift_JISでもUTF-8でもありません。" "The text is neither Shift_JIS nor UTF-8."
        "Shift_JISで書き出して送り直してください。" "Write the file in Shift_JIS and send it again."
        eg "ファイルがEUC-JPで書かれている。"
    }
    UTF8 "UKE-UTF8" Note {
        "文字コードがUTF-8です。" "The text is UTF-8, not Shift_JIS."
        "読めますが、規格はShift_JISです。" "It can be read; the standard asks for Shift_JIS."
        eg "氏名がUTF-8で書かれている。"
    }
    BOM "UKE-BOM" Note {
        "先頭にUTF-8のBOMがあります。" "The file begins with a UTF-8 byte order mark."
        "読めますが、規格はBOMのないShift_JISです。" "It can be read; the standard asks for Shift_JIS without a mark."
        eg "先頭の3バイトが EF BB BF である。"
    }
    LINE_END "UKE-LINE-END" Note {
        "改行がCRLFではない行があります。" "Some lines do not end with CRLF."
        "読めますが、規格の改行はCRLFです。" "They can be read; the standard asks for CRLF."
        eg "全行がLFだけで終わっている。"
    }
    GO_MISSING "UKE-GO-MISSING" Error {
        "診療報酬請求書(GO)がありません。ファイルが途中で切れたおそれがあります。"
        "The closing record (GO) is missing; the file may be cut off."
        "GOレコードまで含むファイルを送り直してください。" "Send the whole file, up to its GO record."
        eg "120件目のレセプトの途中でファイルが終わっている。"
    }
    GO_COUNT "UKE-GO-COUNT" Error {
        "GOの総件数がHOとKOの件数の合計と合いません。" "The count in GO is not the number of HO and KO records."
        "欠けたレセプトがないか確かめ、送り直してください。" "Check for missing receipts and send the file again."
        eg "HOとKOが合わせて52件あるのに、GOは「GO,51,…」である。"
    }
    GO_POINTS "UKE-GO-POINTS" Error {
        "GOの総合計点数が各レセプトの合計点数の和と合いません。"
        "The points in GO are not the sum of the receipts' totals."
        "欠けたレセプトがないか確かめ、送り直してください。" "Check for missing receipts and send the file again."
        eg "HOの合計点数の和が10,510点なのに、GOは10,500点である。"
    }
    GO_VOLUME "UKE-GO-VOLUME" Warning {
        "複数ボリュームの一部のため、GOの合計を確かめられません。"
        "One volume of several: the totals in GO cannot be checked against this file alone."
        "全ボリュームを1つのファイルにまとめて送ってください。" "Send all volumes as one file."
        eg "IRのマルチボリューム識別情報が 01 である。"
    }
    GO_NONE "UKE-GO-NONE" Note {
        "保険者側の形式でGOがないため、合計を確かめられません。"
        "A file of the insurers' side without GO: its totals cannot be checked."
        "送付目録の件数で確かめるため、対応の必要はありません。" "Nothing to do; the manifest's totals are checked."
        eg "1,1,0,IR,… で始まり、GOのない保険者側のファイルが送られた。"
    }
    GO_BLANK "UKE-GO-BLANK" Note {
        "GOに総件数と総合計の記録がないため、合計を確かめられません。"
        "GO gives no totals, so that they cannot be checked."
        "送付目録の件数で確かめるため、対応の必要はありません。" "Nothing to do; the manifest's totals are checked."
        eg "訪問看護のファイルのGOが「GO」だけである。"
    }
    HG_TOTALS "UKE-HG-TOTALS" Warning {
        "返戻合計(HG)の件数または点数が、返戻されたレセプトの合計と合いません。"
        "The totals of the returned receipts (HG) are not those of the file."
        "返戻ファイルが途中で切れていないか確かめてください。" "Check whether the file of returned receipts is whole."
        eg "返戻が3件あるのに、HGの件数が2である。"
    }
    REVIEW_RESULT "UKE-REVIEW-RESULT" Error {
        "再審査等の結果のファイル(SAH)です。この書式は公開された仕様がなく、読み取れません。"
        "A file of results of a re-examination (SAH); its layout is not published and it is not read."
        "結果が反映されたレセプトのファイルを送ってください。" "Send the receipts after the result."
        eg "MKレコードのある再審査結果のファイルが送られた。"
    }
    BILLING_MONTH "UKE-BILLING-MONTH" Error {
        "先頭のレコードの請求年月が読めません。" "The billing month of the head record cannot be read."
        "請求年月を正しく記録して送り直してください。" "Record the billing month and send the file again."
        eg "IRの請求年月が 202413 である。"
    }
    PROVIDER "UKE-PROVIDER" Warning {
        "IRの医療機関コードが、送付目録の提供元と異なります。"
        "The institution in IR is not the provider the manifest names."
        "目録の提供元かファイルの取り違えを確かめてください。" "Check the manifest's provider and the file."
        eg "目録は 1311234567 なのに、IRは 1311234568 である。"
    }

    // A receipt.
    RE_MISSING "UKE-RE-MISSING" Error {
        "レセプト共通レコード(RE)のないレコードです。" "Records without a receipt record (RE) before them."
        "REレコードを含めて送り直してください。" "Send the records together with their RE record."
        eg "IRの次の行がSYである。"
    }
    RE_NUMBER "UKE-RE-NUMBER" Warning {
        "レセプト番号がありません。" "The receipt has no number."
        "レセプト番号を記録してください。" "Record the receipt number."
        eg "「RE,,1112,202403,…」とレセプト番号が空である。"
    }
    CARE_MONTH "UKE-CARE-MONTH" Error {
        "診療年月が読めません。" "The month of care cannot be read."
        "診療年月を正しく記録して送り直してください。" "Record the month of care and send the receipt again."
        eg "診療年月が 202400 である。"
    }
    PAYER_MISSING "UKE-PAYER-MISSING" Error {
        "保険者(HO)も公費(KO)もないレセプトです。" "The receipt has neither an HO nor a KO record."
        "HOまたはKOレコードを含めて送り直してください。" "Send the receipt with its HO or KO record."
        eg "REの次がSYで、HOもKOもない。"
    }
    RECORD_UNKNOWN "UKE-RECORD-UNKNOWN" Note {
        "内容を解釈していない種別のレコードです。原本は保存しています。"
        "A kind of record whose content is not interpreted; its bytes are kept."
        "対応の必要はありません。" "Nothing to do."
        eg "国保連固有情報(KH)が含まれている。"
    }
    COLUMNS "UKE-COLUMNS" Warning {
        "項目の数が規格より多いレコードです。" "The record has more columns than the standard gives it."
        "項目の中にカンマがないか確かめてください。" "Check for a comma inside a field."
        eg "8列のSYに9列目がある。"
    }
    QUOTES "UKE-QUOTES" Warning {
        "項目が引用符で囲まれています。" "Fields stand in quotation marks."
        "表計算ソフトで保存し直さず、元のファイルを送ってください。"
        "Send the original file, not one saved again by a spreadsheet."
        eg "「\"RE\",\"1\",…」と引用符が付いている。"
    }
    ZERO_DROPPED "UKE-ZERO-DROPPED" Warning {
        "先頭のゼロが失われています。" "Leading zeros were dropped."
        "表計算ソフトで保存し直さず、元のファイルを送ってください。"
        "Send the original file, not one saved again by a spreadsheet."
        eg "保険者番号 01130012 が 1130012 になっている。"
    }
    FINDINGS_MORE "UKE-FINDINGS-MORE" Warning {
        "指摘が上限を超えたため、残りは件数だけを示します。"
        "More findings than are kept; the rest are only counted."
        "示された指摘を直してから送り直してください。" "Mend what is shown, then send again."
        eg "1件のレセプトに指摘が500ある。"
    }

    // Text.
    TEXT_CUT "UKE-TEXT-CUT" Warning {
        "項目の末尾の文字が半分で切れています。" "The last character of a field is cut in half."
        "文字の途中で切らずに書き出してください。" "Cut long texts between characters."
        eg "20字を超えた傷病名称が、漢字の1バイト目で切れている。"
    }
    TEXT_BAD "UKE-TEXT-BAD" Warning {
        "文字として読めないバイトがあります。" "Bytes that are no character."
        "文字コードを確かめて書き出し直してください。" "Check the encoding and write the file again."
        eg "コメントにバイト FF がある。"
    }
    TEXT_LONG "UKE-TEXT-LONG" Warning {
        "項目が規格の長さを超えています。" "A field is longer than the standard allows."
        "規格の長さに収めてください。" "Keep to the standard's length."
        eg "傷病名称が21字(42バイト)ある。"
    }
    GAIJI "UKE-GAIJI" Note {
        "外字があります。文字の形は送り元でしか分かりません。" "User-defined characters; only the sender knows them."
        "標準の文字に置き換えられる場合は置き換えてください。" "Use standard characters where there are any."
        eg "氏名に外字 F040 がある。"
    }
    NAME_HALFWIDTH "UKE-NAME-HALFWIDTH" Warning {
        "氏名に半角文字があります。" "Half-width characters in a name."
        "氏名は全角で記録してください。" "Record names in full-width characters."
        eg "氏名が「ﾐﾎﾝ ﾀﾛｳ」である。"
    }
    SYMBOL_HALFWIDTH "UKE-SYMBOL-HALFWIDTH" Warning {
        "被保険者証の記号・番号に半角文字があります。" "Half-width characters in the insured symbol or number."
        "記号・番号は全角で記録してください。" "Record symbol and number in full-width characters."
        eg "記号が半角の 12 である。"
    }

    // Persons, payers and dates.
    SEX "UKE-SEX" Warning {
        "男女区分が1でも2でもありません。" "The sex code is neither 1 nor 2."
        "男女区分を記録してください。" "Record the sex code."
        eg "男女区分が 3 である。"
    }
    BIRTH_DATE "UKE-BIRTH-DATE" Warning {
        "生年月日が読めません。空として扱います。" "The birth date cannot be read and is left empty."
        "生年月日を正しく記録してください。" "Record the birth date."
        eg "生年月日が 19600431 である。"
    }
    DATE "UKE-DATE" Warning {
        "日付が読めません。空として扱います。" "A date cannot be read and is left empty."
        "日付を正しく記録してください。" "Record the date."
        eg "診療開始日が 20240231 である。"
    }
    DATE_PART "UKE-DATE-PART" Warning {
        "月または日が分からない日付です。分かる部分だけを使います。" "A date without its month or day; the known part is used."
        "分かる場合は年月日を記録してください。" "Record the whole date when it is known."
        eg "診療開始日が 20240300 である。"
    }
    DATE_ERA "UKE-DATE-ERA" Warning {
        "元号がその日を含みません(例: 平成31年5月以降)。" "The era does not reach that day."
        "正しい元号または西暦で記録してください。" "Use the right era, or the Western year."
        eg "診療開始日が 4310601 (平成31年6月1日)である。"
    }
    DATE_BEFORE_BIRTH "UKE-DATE-BEFORE-BIRTH" Warning {
        "生年月日より前の日付です。" "A date before the birth date."
        "生年月日か日付を確かめてください。" "Check the birth date and the date."
        eg "2000年生まれの人の診療開始日が 19990101 である。"
    }
    CHECK_DIGIT "UKE-CHECK-DIGIT" Warning {
        "番号の検証番号が合いません。" "The check digit of a number is wrong."
        "番号を確かめてください。" "Check the number."
        eg "保険者番号が 01130013 で、検証番号は 2 のはずである。"
    }
    INSURER_PADDING "UKE-INSURER-PADDING" Warning {
        "国保の保険者番号が空白2文字と6桁になっていません。"
        "The insurer number of 国保 is not two spaces and six digits."
        "6桁の番号は右詰めで、前に空白を2文字置いてください。" "Put two spaces before the six digits."
        eg "国保の番号が空白なしの 138057 である。"
    }
    NUMBER_SHAPE "UKE-NUMBER-SHAPE" Warning {
        "番号の桁数か文字が規格と異なります。" "A number has the wrong length or characters."
        "番号を確かめてください。" "Check the number."
        eg "負担者番号が9桁である。"
    }
    MYNUMBER "UKE-MYNUMBER" Error {
        "個人番号(マイナンバー)と思われる12桁の番号があります。受け入れられません。"
        "Twelve digits that look like a My Number; they must not be taken in."
        "個人番号を取り除いて送り直し、経緯を運用者に連絡してください。"
        "Remove it, send again, and tell the operator how it came there."
        eg "カルテ番号の列に、検証番号の合う12桁の番号がある。"
    }

    // Diagnoses and claim lines.
    CODE_SHAPE "UKE-CODE-SHAPE" Warning {
        "コードの桁数か先頭の数字が規格と異なります。" "A code has the wrong length or first digit."
        "コードを確かめてください。" "Check the code."
        eg "診療行為コードが8桁である。"
    }
    CODE_UNKNOWN "UKE-CODE-UNKNOWN" Warning {
        "マスタのその版にないコードです。" "The code is not in that edition of the master."
        "コードか、診療年月に合うマスタの版を確かめてください。"
        "Check the code, and the edition that fits the month of care."
        eg "2018年に廃止されたコードが2024年の診療にある。"
    }
    CODE_LIST "UKE-CODE-LIST" Warning {
        "並べて記録するコードの桁数が合いません。空として扱います。"
        "Codes written one behind the other do not have their length; they are left empty."
        "コードを決められた桁数で並べて記録してください。" "Write codes of the given length, one behind the other."
        eg "レセプト特記事項が3桁である。"
    }
    UNCODED_NAME "UKE-UNCODED-NAME" Warning {
        "未コード化傷病名(0000999)に名称がありません。" "An uncoded disease (0000999) without a name."
        "傷病名称を記録してください。" "Record the name of the disease."
        eg "「SY,0000999,20240305,1,,,」と名称が空である。"
    }
    MODIFIER "UKE-MODIFIER" Warning {
        "修飾語コードが4桁の倍数でないか、20個を超えています。"
        "Modifiers are not a multiple of four digits, or more than twenty."
        "修飾語コードを4桁ずつ記録してください。" "Record modifiers of four digits each."
        eg "修飾語コードが7桁である。"
    }
    NUMBER "UKE-NUMBER" Warning {
        "数値が読めません。空として扱います。" "A number cannot be read and is left empty."
        "半角の数字で記録してください。" "Record half-width digits."
        eg "使用量が「二」である。"
    }
    SECTION "UKE-SECTION" Warning {
        "最初の明細に診療識別がありません。" "The first claim line has no 診療識別."
        "診療識別の最初の行に診療識別コードを記録してください。" "Record the code on the first line of each group."
        eg "最初のSIの診療識別が空である。"
    }
    POINTS_PLACE "UKE-POINTS-PLACE" Warning {
        "点数が算定単位の最後の行にありません。" "Points do not stand on the last line of their group."
        "点数は算定単位の最後の行に記録してください。" "Record points on the last line of each group."
        eg "2行からなる算定単位の1行目に点数がある。"
    }
    POINTS_SUM "UKE-POINTS-SUM" Warning {
        "明細の点数×回数の合計がHOの合計点数と合いません。" "Points × times of the lines do not add up to HO's total."
        "欠けた明細がないか確かめてください。" "Check for missing lines."
        eg "明細の合計が291点なのに、HOの合計点数は292点である。"
    }
    DAYS_SUM "UKE-DAYS-SUM" Warning {
        "回数が算定日ごとの回数の合計と合いません。" "The number of times is not the sum over the days."
        "算定日情報を確かめてください。" "Check the day columns."
        eg "回数が2なのに、算定日の回数の合計は1である。"
    }
    DAY_BEYOND "UKE-DAY-BEYOND" Warning {
        "診療月にない日に回数があります。" "A count stands on a day the month does not have."
        "算定日情報を確かめてください。" "Check the day columns."
        eg "4月の31日に回数がある。"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_words_are_given() {
        let mut ids: Vec<_> = rules().iter().map(|r| r.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), rules().len());
        for rule in rules() {
            assert!(rule.id.starts_with("UKE-"), "{}", rule.id);
            assert!(
                [rule.ja, rule.en, rule.mend_ja, rule.mend_en, rule.example].iter().all(|w| !w.is_empty()),
                "{}",
                rule.id
            );
        }
    }
}
