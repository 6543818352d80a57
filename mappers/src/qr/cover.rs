//! What becomes of every record of the two standards. All fields are listed; the numbers are those of the conventions.

use crate::coverage::{Becomes, Covered};
use crate::covered;

/// A sealed note; under a name of its own, since a table of facts has the same.
const NOTE: Becomes = Becomes::Note;

/// All rows.
#[rustfmt::skip] // a row a line: it is a table
pub(super) fn rows() -> Vec<&'static Covered> {
    let notebook = covered! { MedicationNotebook "";
        "ヘッダ 版・出力区分" [] Context("standard, version, who wrote it"), "qr_bad_input::each_mutant_breaks_its_rule_and_no_other";
        "1 氏名・カナ" ["DI-01"] Demographics("name_kanji, name_kana"), "qr_facts::who_it_is_goes_to_the_identity_zone_only";
        "1 性別" ["DI-02"] Fact(Person, "status"), "qr_facts::every_record_of_a_notebook";
        "1 生年月日" ["DI-03"] Fact(Person, "start"), "qr_facts::every_record_of_a_notebook";
        "1 生年月日 (日まで)" ["DI-03"] Demographics("birth"), "qr_facts::who_it_is_goes_to_the_identity_zone_only";
        "1 郵便番号・住所・電話" [] Demographics("postal_code, address, phone"), "qr_facts::who_it_is_goes_to_the_identity_zone_only";
        "1 住所の都道府県" [] Fact(Person, "source"), "qr_facts::every_record_of_a_notebook";
        "1 緊急連絡先" [] Sealed("a third person's number"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "1 血液型" ["DI-69"] Fact(Observation, "value"), "qr_facts::every_record_of_a_notebook";
        "1 体重" ["DI-69"] Fact(Measurement, "value"), "qr_facts::every_record_of_a_notebook";
        "2 患者特記 種別 (アレルギー・副作用・既往)" ["DI-69"] Fact(Observation, "source"), "qr_facts::every_record_of_a_notebook";
        "2 患者特記 文" ["DI-69"] NOTE, "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "3 要指導・一般用医薬品 名・JAN・期間" ["DI-73"] Fact(DrugExposure, "source, start, end"), "qr_facts::every_record_of_a_notebook";
        "31 要指導・一般用医薬品 成分" ["DI-73"] Fact(DrugExposure, "source"), "qr_facts::every_record_of_a_notebook";
        "4 手帳メモ" ["DI-69"] NOTE, "qr_facts::every_record_of_a_notebook";
        "5 調剤等年月日" ["DI-12" "DI-22"] Fact(VisitOccurrence, "start"), "qr_facts::every_record_of_a_notebook";
        "11 調剤 医療機関等コード・都道府県・点数表" ["DI-15"] Fact(VisitOccurrence, "source"), "qr_facts::every_record_of_a_notebook";
        "11 調剤 医療機関等 名称・住所・電話" ["DI-15"] Sealed("the institution is known by its code"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "15 医師・薬剤師 氏名・連絡先" ["DI-13"] Sealed("third person"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "51 処方 医療機関コード・都道府県・点数表" ["DI-15"] Fact(VisitOccurrence, "source"), "qr_facts::every_record_of_a_notebook";
        "51 処方 医療機関 名称" ["DI-15"] Sealed("the institution is known by its code"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "55 処方医 氏名" ["DI-13"] Sealed("third person"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "55 診療科名" ["DI-22"] Fact(DrugExposure, "department"), "qr_facts::a_section_has_its_own_department_and_rp_numbers";
        "201 薬品 名称・コード・用量・単位・一般名" ["DI-22"] Fact(DrugExposure, "source, quantity, value.unit, qualifiers"), "qr_samples::the_examples_of_the_standard_give_their_values";
        "201 薬品 特定器材 (7 で始まるコード・剤形 9)" ["DI-29"] Fact(DeviceExposure, "source"), "qr_facts::every_record_of_a_notebook";
        "281 薬品補足・291 薬品服用注意" ["DI-22"] NOTE, "qr_facts::every_record_of_a_notebook";
        "301 調剤数量" ["DI-22"] Fact(DrugExposure, "times"), "qr_samples::the_examples_of_the_standard_give_their_values";
        "301 剤形・用法コード・1 日の回数" ["DI-22"] Fact(DrugExposure, "qualifiers"), "qr_facts::every_record_of_a_notebook";
        "301 用法名称" ["DI-22"] Sealed("free text; how often a day is read from it"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "311 用法補足・391 処方服用注意" ["DI-22"] NOTE, "qr_facts::every_record_of_a_notebook";
        "401 服用注意・411 医療機関等提供情報・501 備考・601 患者等記入" ["DI-69"] NOTE, "qr_facts::every_record_of_a_notebook";
        "421 残薬確認" ["DI-69"] Fact(Observation, "source"), "qr_facts::every_record_of_a_notebook";
        "421 残薬確認 文" ["DI-69"] NOTE, "qr_facts::every_record_of_a_notebook";
        "701 かかりつけ薬剤師 担当期間" ["DI-69"] Fact(Observation, "start, end"), "qr_facts::every_record_of_a_notebook";
        "701 かかりつけ薬剤師 氏名・勤務先・連絡先" ["DI-69"] Sealed("third person"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "911 分割制御" [] Checked("number of parts"), "qr_facts::divided_sets_are_put_together";
        "各レコード 作成者" ["DI-69"] Fact(DrugExposure, "qualifiers"), "qr_facts::every_record_of_a_notebook";
    };
    let prescription = covered! { PrescriptionQr "";
        "ヘッダ 版" [] Context("standard, version"), "qr_bad_input::each_mutant_breaks_its_rule_and_no_other";
        "1 医療機関 コード・都道府県・種別" ["DI-15"] Fact(VisitOccurrence, "source"), "qr_facts::every_record_of_a_prescription";
        "1 医療機関 名称、2 所在地、3 電話" ["DI-15"] Sealed("the institution is known by its code"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "4 診療科" ["DI-22"] Fact(VisitOccurrence, "department"), "qr_facts::every_record_of_a_prescription";
        "5 医師" ["DI-13"] Sealed("third person"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "11 患者コード" ["DI-10" "DI-11"] Demographics("local_number"), "qr_facts::who_it_is_goes_to_the_identity_zone_only";
        "11 患者氏名" ["DI-01"] Demographics("name_kanji, name_kana"), "qr_facts::who_it_is_goes_to_the_identity_zone_only";
        "12 性別" ["DI-02"] Fact(Person, "status"), "qr_facts::every_record_of_a_prescription";
        "13 生年月日" ["DI-03"] Fact(Person, "start"), "qr_facts::every_record_of_a_prescription";
        "13 生年月日 (日まで)" ["DI-03"] Demographics("birth"), "qr_facts::who_it_is_goes_to_the_identity_zone_only";
        "14 一部負担金区分、24 負担・給付率" ["DI-08"] Fact(PayerPlanPeriod, "qualifiers"), "qr_facts::every_record_of_a_prescription";
        "21 保険種別" ["DI-05"] Fact(PayerPlanPeriod, "status"), "qr_facts::every_record_of_a_prescription";
        "22 保険者番号の法別番号" ["DI-05"] Fact(PayerPlanPeriod, "source"), "qr_facts::every_record_of_a_prescription";
        "22 保険者番号" ["DI-05"] Demographics("insurer_number"), "qr_facts::who_it_is_goes_to_the_identity_zone_only";
        "22 保険者番号の都道府県 (国保・後期高齢者)" [] Fact(Person, "source"), "qr_facts::every_record_of_a_prescription";
        "23 記号・番号・枝番" ["DI-06"] Demographics("insured_symbol, insured_number, insured_branch"), "qr_facts::who_it_is_goes_to_the_identity_zone_only";
        "23 本人・家族、25 職務上、31 レセプト種別" ["DI-06"] Fact(PayerPlanPeriod, "qualifiers"), "qr_facts::every_record_of_a_prescription";
        "27–29 公費負担者番号の法別番号" ["DI-07"] Fact(PayerPlanPeriod, "source"), "qr_facts::every_record_of_a_prescription";
        "27–29 負担者番号・受給者番号" ["DI-07"] Checked("check digits; the numbers stay in the original"), "qr_bad_input::each_mutant_breaks_its_rule_and_no_other";
        "30 特殊公費" ["DI-07"] Sealed("number of the person"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "51 交付年月日" ["DI-12" "DI-22"] Fact(VisitOccurrence, "start"), "qr_facts::every_record_of_a_prescription";
        "52 使用期限" ["DI-22"] Fact(VisitOccurrence, "qualifiers"), "qr_facts::every_record_of_a_prescription";
        "61 麻薬施用者 免許番号・患者住所・電話" ["DI-14"] Sealed("licence of a third person, address"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "62 残薬確認欄" ["DI-22"] Fact(Observation, "value"), "qr_facts::every_record_of_a_prescription";
        "63 分割指示、64 リフィル" ["DI-22"] Fact(Observation, "quantity, times"), "qr_facts::every_record_of_a_prescription";
        "81 備考" ["DI-22"] NOTE, "qr_facts::every_record_of_a_prescription";
        "82 処方箋番号 (引換番号)" ["DI-11"] Context("key of the version"), "qr_facts::a_numbered_prescription_is_a_version";
        "101 剤形・調剤数量、102 分割調剤数量" ["DI-22"] Fact(DrugExposure, "times, qualifiers"), "qr_facts::every_record_of_a_prescription";
        "111 用法コード・1 日の回数" ["DI-22"] Fact(DrugExposure, "qualifiers"), "qr_facts::every_record_of_a_prescription";
        "111 用法名称" ["DI-22"] Sealed("free text; how often a day is read from it"), "qr_facts::sealed_values_stay_out_of_facts_and_findings";
        "181 用法補足 区分・コード・部位" ["DI-22"] Fact(DrugExposure, "qualifiers"), "qr_facts::every_record_of_a_prescription";
        "181 用法補足 文" ["DI-22"] NOTE, "qr_facts::every_record_of_a_prescription";
        "201 薬品" ["DI-22"] Fact(DrugExposure, "source, quantity, value.unit"), "qr_facts::every_record_of_a_prescription";
        "201 医療材料 (情報区分 2)" ["DI-29"] Fact(DeviceExposure, "source"), "qr_facts::materials_are_devices";
        "211 単位変換・221 不均等・231 負担区分・241 1 回服用量" ["DI-22"] Fact(DrugExposure, "qualifiers"), "qr_facts::every_record_of_a_prescription";
        "281 薬品補足 区分・コード" ["DI-22"] Fact(DrugExposure, "qualifiers"), "qr_facts::every_record_of_a_prescription";
        "281 薬品補足 文" ["DI-22"] NOTE, "qr_facts::every_record_of_a_prescription";
        "911 分割制御" [] Checked("number of parts"), "qr_facts::divided_sets_are_put_together";
    };
    notebook.iter().chain(prescription).collect()
}
