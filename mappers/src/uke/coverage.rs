//! What becomes of every field of a medical receipt.

use crate::coverage::{Becomes, Covered};
use crate::covered;

/// The rows.
pub(crate) fn coverage() -> Vec<&'static Covered> {
    covered!(ReceiptMedical "";
        "IR[1] 審査支払機関" ["DI-04"] Fact(VisitOccurrence, "qualifiers"), "uke_facts::facts_of_the_clean_file";
        "IR[2,3,4] 都道府県・点数表・医療機関コード" ["DI-15"] Context("held against the provider of the manifest"), "uke_facts::the_institution_is_read_without_its_name";
        "IR[6,9] 名称・電話番号" ["DI-15"] Sealed("institution is known by its code"), "uke_facts::the_institution_is_read_without_its_name";
        "IR[7] 請求年月" ["DI-12"] Context("time of the version"), "uke_facts::versions_of_one_receipt_share_a_key";
        "IR[8] マルチボリューム" [] Checked("GO of the whole"), "uke_bad_input::control_totals";
        "RE[1] レセプト番号" [] Checked("is there"), "uke_bad_input::receipts";
        "RE[2] レセプト種別" ["DI-07"] Fact(VisitOccurrence, "status"), "uke_facts::facts_of_the_clean_file";
        "RE[3] 診療年月" ["DI-12"] Fact(VisitOccurrence, "start"), "uke_facts::facts_of_the_clean_file";
        "RE[4] 氏名" ["DI-01"] Demographics("name_kanji"), "uke_facts::identity_is_kept_as_written";
        "RE[36] カタカナ氏名" ["DI-01"] Demographics("name_kana"), "uke_facts::identity_is_kept_as_written";
        "RE[5] 男女区分" ["DI-02"] Fact(Person, "status"), "uke_facts::facts_of_the_clean_file";
        "RE[6] 生年月日(月まで)" ["DI-03"] Fact(Person, "start"), "uke_facts::facts_of_the_clean_file";
        "RE[6] 生年月日(日)" ["DI-03"] Demographics("birth"), "uke_facts::identity_is_kept_as_written";
        "RE[7] 給付割合" ["DI-08"] Fact(PayerPlanPeriod, "value"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "RE[8] 入院年月日" ["DI-27"] Fact(VisitOccurrence, "start"), "uke_facts::a_stay_begins_with_the_admission";
        "RE[9] 病棟区分" ["DI-31"] Fact(VisitOccurrence, "qualifiers"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "RE[10] 一部負担金・標準負担額区分" ["DI-09"] Fact(PayerPlanPeriod, "status"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "RE[11] レセプト特記事項" ["DI-09" "DI-07"] Fact(PayerPlanPeriod, "qualifiers"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "RE[12,14-17,19,20,22-35] 病床数・予備・診療科の細目ほか" [] Sealed("administrative; kept in the original"), "uke_facts::facts_of_the_clean_file";
        "RE[13] カルテ番号" ["DI-10"] Demographics("local_number"), "uke_facts::identity_is_kept_as_written";
        "RE[18] 検索番号" [] Context("tells a resubmission, never kept"), "uke_facts::versions_of_one_receipt_share_a_key";
        "RE[21] 診療科" ["DI-15"] Fact(VisitOccurrence, "department"), "uke_facts::facts_of_the_clean_file";
        "RE[37] 患者の状態" ["DI-39"] Fact(Observation, "status"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "HO[1] 保険者番号(法別)" ["DI-05"] Fact(PayerPlanPeriod, "source"), "uke_facts::facts_of_the_clean_file";
        "HO[1] 保険者番号" ["DI-05"] Demographics("insurer_number"), "uke_facts::identity_is_kept_as_written";
        "HO[1] 保険者番号(都道府県)" ["DI-05"] Fact(Person, "source"), "uke_facts::facts_of_the_clean_file";
        "HO[2,3] 記号・番号" ["DI-06"] Demographics("insured_symbol, insured_number"), "uke_facts::identity_is_kept_as_written";
        "HO[4] 実日数" ["DI-27"] Fact(PayerPlanPeriod, "times"), "uke_facts::facts_of_the_clean_file";
        "HO[5] 合計点数" ["DI-19"] Fact(Cost, "quantity"), "uke_facts::facts_of_the_clean_file";
        "HO[7,8] 食事の回数・金額" ["DI-28"] Fact(Cost, "quantity"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "HO[9] 職務上の事由" ["DI-07"] Fact(Observation, "status"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "HO[10] 証明書番号" [] Sealed("a number of the person's case"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "HO[11] 負担金額" ["DI-08"] Fact(Cost, "quantity"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "HO[12,13,14] 減免区分・減額割合・減額金額" ["DI-08"] Fact(Observation, "status"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "KO[1] 負担者番号(法別)" ["DI-07"] Fact(PayerPlanPeriod, "source"), "uke_facts::facts_of_the_clean_file";
        "KO[1,2] 負担者番号・受給者番号" ["DI-07"] Sealed("identify the person; part of the version's hashed key when there is no insurer"), "uke_facts::versions_of_one_receipt_share_a_key";
        "KO[3] 任意給付区分" ["DI-07"] Fact(Observation, "status"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "KO[4,5] 実日数・合計点数" ["DI-07"] Fact(Cost, "quantity"), "uke_facts::facts_of_the_clean_file";
        "KO[6,7,8] 負担金額・一部負担金" ["DI-08"] Fact(Cost, "quantity"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "KO[10,11] 食事の回数・金額" ["DI-28"] Fact(Cost, "quantity"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "SN[2] 確認区分" ["DI-05"] Fact(Observation, "status"), "uke_facts::facts_of_the_clean_file";
        "SN[3,4,5,7] 資格確認後の番号" ["DI-06"] Sealed("numbers of the person; checked for My Numbers"), "uke_bad_input::persons";
        "SN[6] 枝番" ["DI-06"] Demographics("insured_branch"), "uke_facts::identity_is_kept_as_written";
        "JD[2-32] 受診日等" ["DI-18"] Fact(Observation, "qualifiers"), "uke_facts::facts_of_the_clean_file";
        "MF[1] 窓口負担額区分" ["DI-08"] Fact(Observation, "status"), "uke_facts::facts_of_the_clean_file";
        "GR[1,2] 包括評価対象外理由・DPCコード" ["DI-40"] Fact(Observation, "status"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "SY[1,5] 傷病名コード・名称" ["DI-17"] Fact(ConditionOccurrence, "source"), "uke_facts::facts_of_the_clean_file";
        "SY[1] ICD-10(マスタ)" ["DI-17"] Fact(ConditionOccurrence, "standard"), "uke_facts::masters_add_names_and_standard_codes";
        "SY[2] 診療開始日" ["DI-17"] Fact(ConditionOccurrence, "start"), "uke_facts::facts_of_the_clean_file";
        "SY[3] 転帰" ["DI-17"] Fact(ConditionOccurrence, "status"), "uke_facts::facts_of_the_clean_file";
        "SY[4] 修飾語" ["DI-17"] Fact(ConditionOccurrence, "qualifiers"), "uke_facts::facts_of_the_clean_file";
        "SY[6] 主傷病" ["DI-17"] Fact(ConditionOccurrence, "group"), "uke_facts::facts_of_the_clean_file";
        "SY[7] 補足コメント" ["DI-17"] Becomes::Note, "uke_facts::what_was_paid_and_why_stands_in_facts";
        "SI[1] 診療識別" ["DI-20" "DI-21" "DI-23" "DI-24" "DI-25" "DI-26" "DI-30"] Fact(ProcedureOccurrence, "group"), "uke_facts::facts_of_the_clean_file";
        "SI[3] 診療行為コード" ["DI-19" "DI-20" "DI-21" "DI-23" "DI-24" "DI-25" "DI-26" "DI-30"] Fact(ProcedureOccurrence, "source"), "uke_facts::facts_of_the_clean_file";
        "SI[4,6] 数量・回数" ["DI-19"] Fact(ProcedureOccurrence, "quantity"), "uke_facts::facts_of_the_clean_file";
        "SI[13-43] 算定日" ["DI-18"] Fact(ProcedureOccurrence, "start"), "uke_facts::facts_of_the_clean_file";
        "IY[3,4,6] 医薬品コード・使用量・回数" ["DI-22"] Fact(DrugExposure, "source"), "uke_facts::facts_of_the_clean_file";
        "IY[13-43] 算定日" ["DI-18" "DI-22"] Fact(DrugExposure, "start"), "uke_facts::facts_of_the_clean_file";
        "TO[3,4,6,7,10] 特定器材コード・使用量・回数・単位・商品名" ["DI-29"] Fact(DeviceExposure, "source"), "uke_facts::facts_of_the_clean_file";
        "TO[8] 単価" ["DI-29"] Checked("points of the unit"), "uke_facts::facts_of_the_clean_file";
        "SI/IY/TO[2,5] 負担区分・点数" ["DI-19"] Fact(Cost, "quantity"), "uke_facts::facts_of_the_clean_file";
        "SI/IY[7-12], TO[11-16] コメント" ["DI-39"] Becomes::Note, "uke_facts::comments_inside_a_line_are_sealed_references";
        "CO[3,4] コメント" ["DI-39"] Becomes::Note, "uke_facts::facts_of_the_clean_file";
        "SJ[1,2] 症状詳記" ["DI-39"] Becomes::Note, "uke_facts::facts_of_the_clean_file";
        "NI, KH, TI, TR, TS, RC, JY, EX" [] Sealed("counted and kept; NI is of care before April 2012, TI to TS are of donors, the rest is the payer's"), "uke_bad_input::receipts";
        "MN レセプト管理" [] Context("opens a receipt on the insurers' side; address and number are not read"), "receipt_layouts::files_of_the_insurers_side";
        "HI 返戻医療機関" [] Context("month and institution of a return"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "HR[1,4] 返戻理由" [] Fact(Observation, "status"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "HR[5,6] 返戻事由・補足" [] Becomes::Note, "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "履歴請求データ" [] Context("month of the first claim; otherwise counted and kept"), "uke_facts::history_lines_are_counted_and_make_no_facts";
        "GO[1,2], HG[1,2] 総件数・総合計点数" [] Checked("HO and KO records and their points"), "uke_bad_input::control_totals";
    )
    .iter()
    .collect()
}
