//! What becomes of every field of the receipts of this module. Records that are those of medical receipts (SY, SI, IY,
//! TO, CO, SJ, SN, JD, MF, HI, HR, MN) are treated as there.

use crate::coverage::{Becomes, Covered};
use crate::covered;

/// The rows, kind by kind.
pub(super) fn coverage() -> Vec<&'static Covered> {
    [dpc(), dental(), dispensing(), nursing()].into_iter().flatten().collect()
}

fn dpc() -> &'static [Covered] {
    covered!(ReceiptDpc "";
        "IR[1] 審査支払機関" ["DI-04"] Fact(VisitOccurrence, "qualifiers"), "receipt_facts::a_dpc_stay";
        "IR[2-4,7] 医療機関コード・請求年月" ["DI-15"] Context("provider; time of the version"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "RE[2,3] レセプト種別・診療年月" ["DI-12" "DI-07"] Fact(VisitOccurrence, "status"), "receipt_facts::a_dpc_stay";
        "RE[4,26/36] 氏名・カタカナ" ["DI-01"] Demographics("name_kanji, name_kana"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "RE[5] 男女区分" ["DI-02"] Fact(Person, "status"), "receipt_facts::a_dpc_stay";
        "RE[6] 生年月日(月まで)" ["DI-03"] Fact(Person, "start"), "receipt_facts::a_dpc_stay";
        "RE[7] 給付割合" ["DI-08"] Fact(PayerPlanPeriod, "value"), "receipt_facts::a_dpc_stay";
        "RE[8] 入院年月日" ["DI-27"] Fact(VisitOccurrence, "start"), "receipt_facts::a_dpc_stay";
        "RE[9] 病棟区分" ["DI-31"] Fact(VisitOccurrence, "qualifiers"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "RE[10,11] 標準負担額区分・特記事項" ["DI-09"] Fact(PayerPlanPeriod, "status"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "RE[13] カルテ番号" ["DI-10"] Demographics("local_number"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "RE[16] 総括区分" ["DI-40"] Fact(VisitOccurrence, "qualifiers"), "receipt_facts::a_total_receipt_and_those_below_it_are_one_unit";
        "RE[17] 明細情報数" [] Checked("not used: the records are counted"), "receipt_facts::a_total_receipt_and_those_below_it_are_one_unit";
        "RE[18] 検索番号" [] Context("tells a resubmission"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "RE[21] 診療科" ["DI-15"] Fact(VisitOccurrence, "department"), "receipt_facts::a_dpc_stay";
        "RE[27/37] 患者の状態" ["DI-39"] Fact(Observation, "status"), "receipt_layouts::the_name_of_a_dpc_receipt_may_stand_earlier";
        "HO[1-3] 保険者番号・記号・番号" ["DI-05" "DI-06"] Demographics("insurer_number, insured_symbol, insured_number"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "HO[5] 合計点数" ["DI-19"] Fact(Cost, "quantity"), "receipt_facts::a_dpc_stay";
        "HO[7,8,15] 食事の回数・金額・標準負担額" ["DI-28"] Fact(Cost, "quantity"), "receipt_facts::a_dpc_stay";
        "HO[11-14] 負担金額・減免" ["DI-08"] Fact(Cost, "quantity"), "receipt_facts::a_dpc_stay";
        "KO 公費" ["DI-07"] Fact(PayerPlanPeriod, "source"), "receipt_writer::the_corpus_has_variety";
        "HO, KO below 総括" [] Checked("their points are in the total receipt"), "receipt_facts::a_total_receipt_and_those_below_it_are_one_unit";
        "BU[1] 診断群分類番号" ["DI-40"] Fact(Observation, "source"), "receipt_facts::a_dpc_stay";
        "BU[2,3] 今回入院・退院年月日" ["DI-27"] Fact(Observation, "start"), "receipt_facts::a_dpc_stay";
        "BU[3] 今回退院年月日" ["DI-27"] Fact(VisitOccurrence, "end"), "receipt_facts::a_dpc_stay";
        "BU[4] DPC転帰" ["DI-40"] Fact(Observation, "status"), "receipt_facts::a_dpc_stay";
        "BU[4] DPC転帰(死亡)" ["DI-40"] Fact(Death, "start"), "receipt_facts::a_total_receipt_and_those_below_it_are_one_unit";
        "BU[5] 死因" ["DI-40"] Becomes::Note, "receipt_facts::a_total_receipt_and_those_below_it_are_one_unit";
        "SB[1,3] 傷病名コード・名称" ["DI-17"] Fact(ConditionOccurrence, "source"), "receipt_facts::a_dpc_stay";
        "SB[2] 修飾語" ["DI-17"] Fact(ConditionOccurrence, "qualifiers"), "receipt_facts::a_dpc_stay";
        "SB[4] ICD-10" ["DI-17"] Fact(ConditionOccurrence, "standard"), "receipt_facts::a_dpc_stay";
        "SB[5] 傷病名区分" ["DI-17" "DI-40"] Fact(ConditionOccurrence, "group"), "receipt_facts::a_dpc_stay";
        "SB[6] 死因" ["DI-17"] Fact(ConditionOccurrence, "status"), "receipt_facts::a_dpc_stay";
        "SB[7] 補足コメント" ["DI-17"] Becomes::Note, "receipt_facts::texts_become_sealed_notes";
        "KK[1,2] 転科・病棟移動" ["DI-31"] Fact(Observation, "status"), "receipt_facts::a_dpc_stay";
        "KK[3] 予定・緊急入院区分" ["DI-32"] Fact(Observation, "status"), "receipt_facts::a_dpc_stay";
        "KK[4] 前回退院年月日" ["DI-33"] Fact(Observation, "start"), "receipt_facts::a_dpc_stay";
        "KK[5] 前回同一疾病" ["DI-33"] Fact(Observation, "status"), "receipt_facts::a_dpc_stay";
        "KK[6,13] 入院時年齢・月齢" ["DI-34"] Fact(Observation, "value"), "receipt_facts::a_dpc_stay";
        "KK[7] 出生時体重" ["DI-35"] Fact(Observation, "value"), "receipt_facts::a_dpc_stay";
        "KK[8] JCS" ["DI-36"] Fact(Observation, "value"), "receipt_facts::a_dpc_stay";
        "KK[10] Burn Index" ["DI-37"] Fact(Observation, "value"), "receipt_facts::a_dpc_stay";
        "KK[11] 重症度" ["DI-38"] Fact(Observation, "value"), "receipt_facts::a_dpc_stay";
        "KK[11] 重症度(文章)" ["DI-38"] Sealed("words may name somebody"), "receipt_rules::what_does_not_fit_is_not_taken";
        "KK[12] GAF" ["DI-38"] Fact(Observation, "value"), "receipt_facts::a_dpc_stay";
        "SK[1,2] 診療行為コード・区分番号" ["DI-23" "DI-24" "DI-40"] Fact(ProcedureOccurrence, "source"), "receipt_facts::a_dpc_stay";
        "SK[3] 実施年月日" ["DI-18"] Fact(ProcedureOccurrence, "start"), "receipt_facts::a_dpc_stay";
        "SK[5] 診療区分" ["DI-40"] Fact(ProcedureOccurrence, "qualifiers"), "receipt_facts::a_dpc_stay";
        "SK[6] 診療名称" ["DI-40"] Fact(ProcedureOccurrence, "source"), "receipt_facts::a_dpc_stay";
        "GA[1-3] 外泊等" ["DI-31" "DI-40"] Fact(Observation, "qualifiers"), "receipt_layouts::days_of_leave_in_one_column_or_in_thirty_one";
        "GA[4,5,6] 診断群分類・係数・再入院予定" ["DI-40"] Fact(Observation, "standard"), "receipt_facts::a_dpc_stay";
        "HH[1-8] 包括評価" ["DI-40" "DI-19"] Fact(Cost, "quantity"), "receipt_facts::a_dpc_stay";
        "GT[1-8] 合計調整" ["DI-40" "DI-19"] Fact(Cost, "quantity"), "receipt_facts::a_dpc_stay";
        "GT[10] 保険変更年月日" ["DI-05"] Fact(Observation, "start"), "receipt_facts::a_dpc_stay";
        "GT[11] 文字データ" [] Becomes::Note, "receipt_facts::texts_become_sealed_notes";
        "CD[1,5-9] コーディングデータ(行為)" ["DI-18" "DI-19" "DI-20" "DI-21" "DI-30"] Fact(ProcedureOccurrence, "source"), "receipt_facts::a_dpc_stay";
        "CD[5-9] コーディングデータ(医薬品)" ["DI-22"] Fact(DrugExposure, "source"), "receipt_writer::what_is_written_comes_back";
        "CD[5-9] コーディングデータ(器材)" ["DI-29"] Fact(DeviceExposure, "source"), "receipt_writer::what_is_written_comes_back";
        "CD[2,3] 診療識別・順序番号" ["DI-19"] Fact(ProcedureOccurrence, "group"), "receipt_facts::a_dpc_stay";
        "CD[4,10] 行為明細番号・名称" [] Sealed("order of lines and a name beside its code"), "receipt_facts::a_dpc_stay";
        "GR 包括評価対象外理由" ["DI-40"] Fact(Observation, "status"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "SY, SI, IY, TO, CO, SJ (出来高)" ["DI-17" "DI-19" "DI-22" "DI-29" "DI-39"] Fact(ProcedureOccurrence, "source"), "receipt_facts::a_total_receipt_and_those_below_it_are_one_unit";
        "NI 日計表" [] Sealed("of care before April 2012; counted and kept"), "uke_bad_input::receipts";
        "HI, HR, HG 返戻" [] Fact(Observation, "status"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "GO 総件数・総合計点数" [] Checked("HO and KO of the receipts that are not below a total one"), "receipt_writer::what_is_written_comes_back";
    )
}

fn dental() -> &'static [Covered] {
    covered!(ReceiptDental "";
        "UK[1], IR[1] 審査支払機関" ["DI-04"] Fact(VisitOccurrence, "qualifiers"), "receipt_facts::dental_receipts_tell_the_teeth";
        "UK[2-4,7], IR[2-4,6/7] コード・請求年月" ["DI-15"] Context("provider; time of the version"), "receipt_layouts::dental_heads_in_both_layouts";
        "UK[6,8], IR[7,8] 名称・届出・電話" ["DI-15"] Sealed("the institution is known by its code"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "RE[2,3] レセプト種別・診療年月" ["DI-12" "DI-07"] Fact(VisitOccurrence, "status"), "receipt_facts::dental_receipts_tell_the_teeth";
        "RE[4,25] 氏名・カタカナ" ["DI-01"] Demographics("name_kanji, name_kana"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "RE[5] 男女区分" ["DI-02"] Fact(Person, "status"), "receipt_facts::dental_receipts_tell_the_teeth";
        "RE[6] 生年月日(月まで)" ["DI-03"] Fact(Person, "start"), "receipt_facts::dental_receipts_tell_the_teeth";
        "RE[7] 給付割合" ["DI-08"] Fact(PayerPlanPeriod, "value"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "RE[8] 入院年月日" ["DI-27"] Fact(VisitOccurrence, "start"), "uke_facts::a_stay_begins_with_the_admission";
        "RE[9,10] 診療開始日・転帰" ["DI-71"] Fact(Observation, "start"), "receipt_facts::dental_receipts_tell_the_teeth";
        "RE[12,13] 一部負担金区分・特記事項" ["DI-09"] Fact(PayerPlanPeriod, "qualifiers"), "receipt_facts::dental_receipts_tell_the_teeth";
        "RE[15] カルテ番号" ["DI-10"] Demographics("local_number"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "RE[16,18,20,21] 請求情報・未来院請求・仕様年月" [] Sealed("administrative; kept in the original"), "receipt_facts::dental_receipts_tell_the_teeth";
        "RE[26] 患者の状態" ["DI-39"] Fact(Observation, "status"), "receipt_facts::dental_receipts_tell_the_teeth";
        "HO[1-3] 保険者番号・記号・番号" ["DI-05" "DI-06"] Demographics("insurer_number, insured_symbol, insured_number"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "HO[4,5] 実日数・合計点数" ["DI-19" "DI-71"] Fact(Cost, "quantity"), "receipt_facts::dental_receipts_tell_the_teeth";
        "HO[6,7] 食事の回数・金額" ["DI-28"] Fact(Cost, "quantity"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "HO[8,10-13] 職務上の事由・負担金・減免" ["DI-08"] Fact(Cost, "quantity"), "receipt_facts::dental_receipts_tell_the_teeth";
        "KO 公費" ["DI-07"] Fact(PayerPlanPeriod, "source"), "receipt_writer::the_corpus_has_variety";
        "HS[4,6] 傷病名コード・名称" ["DI-17" "DI-71"] Fact(ConditionOccurrence, "source"), "receipt_facts::dental_receipts_tell_the_teeth";
        "HS[1,2,5] 診療開始日・転帰・修飾語" ["DI-17" "DI-71"] Fact(ConditionOccurrence, "start"), "receipt_facts::dental_receipts_tell_the_teeth";
        "HS[3] 歯式" ["DI-71"] Fact(ConditionOccurrence, "value"), "receipt_writer::what_is_written_comes_back";
        "HS[7,8] 併存傷病名数・病態移行" ["DI-71"] Fact(Observation, "value"), "receipt_facts::dental_receipts_tell_the_teeth";
        "HS[9] 主傷病" ["DI-17" "DI-71"] Fact(ConditionOccurrence, "group"), "receipt_facts::dental_receipts_tell_the_teeth";
        "HS[10-12] コメント・補足" ["DI-71"] Becomes::Note, "receipt_facts::texts_become_sealed_notes";
        "SS[1,3,4] 診療識別・歯科診療行為・数量" ["DI-19" "DI-21" "DI-71"] Fact(ProcedureOccurrence, "source"), "receipt_writer::what_is_written_comes_back";
        "SS[5] 数量2" [] Sealed("the second amount of a fee; kept in the original"), "receipt_facts::dental_receipts_tell_the_teeth";
        "SS[6-75] 加算" ["DI-19" "DI-71"] Fact(ProcedureOccurrence, "source"), "receipt_writer::what_is_written_comes_back";
        "SS[2,76] 負担区分・点数" ["DI-71"] Fact(Cost, "quantity"), "receipt_facts::dental_receipts_tell_the_teeth";
        "SS[77-108] 回数・算定日" ["DI-18" "DI-71"] Fact(ProcedureOccurrence, "start"), "receipt_facts::dental_receipts_tell_the_teeth";
        "SI 医科診療行為" ["DI-19" "DI-20"] Fact(ProcedureOccurrence, "source"), "receipt_facts::dental_receipts_tell_the_teeth";
        "IY 医薬品" ["DI-22"] Fact(DrugExposure, "source"), "receipt_facts::dental_receipts_tell_the_teeth";
        "TO 特定器材" ["DI-29"] Fact(DeviceExposure, "source"), "receipt_facts::dental_receipts_tell_the_teeth";
        "CO[3,4] コメント" ["DI-39"] Becomes::Note, "receipt_facts::dental_receipts_tell_the_teeth";
        "CO[5] コメントの歯式" ["DI-71"] Fact(Observation, "value"), "receipt_facts::dental_receipts_tell_the_teeth";
        "HI, HR, HG 返戻" [] Fact(Observation, "status"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "GO 総件数・総合計点数" [] Checked("HO and KO records and their points"), "receipt_writer::what_is_written_comes_back";
    )
}

fn dispensing() -> &'static [Covered] {
    covered!(ReceiptDispensing "";
        "YK[1] 審査支払機関" ["DI-04"] Fact(VisitOccurrence, "qualifiers"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "YK[2-4,6] 薬局コード・請求年月" ["DI-15"] Context("provider; time of the version"), "receipt_rules::every_rule_has_a_change_that_breaks_it";
        "YK[5,8] 名称・電話" ["DI-15"] Sealed("the pharmacy is known by its code"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "RE[2,3] レセプト種別・調剤年月" ["DI-12" "DI-07"] Fact(VisitOccurrence, "status"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "RE[4,41] 氏名・カタカナ" ["DI-01"] Demographics("name_kanji, name_kana"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "RE[5] 男女区分" ["DI-02"] Fact(Person, "status"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "RE[6] 生年月日(月まで)" ["DI-03"] Fact(Person, "start"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "RE[7] 給付割合" ["DI-08"] Fact(PayerPlanPeriod, "value"), "uke_facts::what_was_paid_and_why_stands_in_facts";
        "RE[8,40] 特記事項・一部負担金区分" ["DI-09"] Fact(PayerPlanPeriod, "status"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "RE[9-11] 処方した医療機関のコード" ["DI-15"] Sealed("tells receipts of two prescribers apart (hashed key), else in the original"), "receipt_layouts::receipts_of_two_prescribers_are_two";
        "RE[12,13] 処方した医療機関の名称・所在地" ["DI-15"] Sealed("names and addresses are not read"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "RE[14-33] 保険医氏名" ["DI-13"] Sealed("a third person's name: never read, in the original only"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "RE[34] 麻薬免許番号" ["DI-14"] Sealed("a third person's licence: never read, in the original only"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "RE[35] 調剤録番号" ["DI-11"] Demographics("local_number"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "HO[1-3] 保険者番号・記号・番号" ["DI-05" "DI-06"] Demographics("insurer_number, insured_symbol, insured_number"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "HO[4,5] 受付回数・合計点数" ["DI-72"] Fact(Cost, "quantity"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "HO[7,9,11-13] 職務上の事由・一部負担金・減免" ["DI-08"] Fact(Cost, "quantity"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "KO 公費" ["DI-07"] Fact(PayerPlanPeriod, "source"), "receipt_writer::the_corpus_has_variety";
        "SH[2,3] 剤形・用法" ["DI-22" "DI-72"] Fact(DrugExposure, "qualifiers"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "SH[4] 特別指示" ["DI-22"] Becomes::Note, "receipt_facts::texts_become_sealed_notes";
        "SH[5-9] 単位薬剤料" [] Checked("the drug points of CZ are taken"), "receipt_rules::each_change_raises_its_rules";
        "CZ[1] 医師番号" ["DI-13"] Sealed("points at a doctor's name"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "CZ[2,3,4] 処方月日・調剤月日・受付回" ["DI-18" "DI-72"] Fact(Observation, "start"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "CZ[5] 調剤数量" ["DI-22" "DI-72"] Fact(DrugExposure, "times"), "receipt_writer::what_is_written_comes_back";
        "CZ[9,16…,60] 調剤行為・加算・管理料のコード" ["DI-72"] Fact(ProcedureOccurrence, "source"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "CZ[6,10,13,17…,61] 負担区分・点数" ["DI-72"] Fact(Cost, "quantity"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "CZ[7,8,58,59] 算定区分・算定先" [] Sealed("which line a shared fee is counted on; kept in the original"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "CZ[45-53,65-70] 一包化・分割・包括・減算" ["DI-72"] Checked("the total is then not summed up"), "receipt_rules::each_change_raises_its_rules";
        "IY[2,3] 医薬品コード・使用量" ["DI-22" "DI-72"] Fact(DrugExposure, "source"), "receipt_writer::what_is_written_comes_back";
        "IY[6-8] 混合区分・配合不適" ["DI-22"] Fact(DrugExposure, "qualifiers"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "IY[9] 1回用量" ["DI-22"] Fact(DrugExposure, "value"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "TO 特定器材" ["DI-29" "DI-72"] Fact(DeviceExposure, "source"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "CO, TK コメント・摘要" ["DI-39"] Becomes::Note, "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "KI 基本料・薬学管理料" ["DI-72"] Fact(ProcedureOccurrence, "source"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "KI[67,68] 前回調剤年月日・数量" ["DI-72"] Fact(Observation, "start"), "receipt_facts::dispensing_receipts_tell_what_was_taken_how";
        "ST 分割技術料" ["DI-72"] Fact(Cost, "quantity"), "receipt_dispensing::a_prescription_dispensed_in_parts";
        "HI, HR, HG 返戻" [] Fact(Observation, "status"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "GO 総件数・総合計点数" [] Checked("HO and KO records and their points"), "receipt_writer::what_is_written_comes_back";
    )
}

fn nursing() -> &'static [Covered] {
    covered!(ReceiptNursing "";
        "HM[1] 審査支払機関" ["DI-04"] Fact(VisitOccurrence, "qualifiers"), "receipt_facts::home_nursing_visits_and_their_fees";
        "HM[2-4,6] ステーションコード・請求年月" ["DI-15"] Context("provider; time of the version"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "HM[5,7] 名称・電話" ["DI-15"] Sealed("the station is known by its code"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "RE[2,3] レセプト種別・年月" ["DI-12" "DI-07"] Fact(VisitOccurrence, "status"), "receipt_facts::home_nursing_visits_and_their_fees";
        "RE[4,5] 氏名・カタカナ" ["DI-01"] Demographics("name_kanji, name_kana"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "RE[6] 男女区分" ["DI-02"] Fact(Person, "status"), "receipt_facts::home_nursing_visits_and_their_fees";
        "RE[7] 生年月日(月まで)" ["DI-03"] Fact(Person, "start"), "receipt_facts::home_nursing_visits_and_their_fees";
        "RE[10] 給付割合" ["DI-08"] Fact(PayerPlanPeriod, "value"), "receipt_facts::home_nursing_visits_and_their_fees";
        "RE[11,12] 特記・一部負担金区分" ["DI-09"] Fact(PayerPlanPeriod, "status"), "receipt_facts::home_nursing_visits_and_their_fees";
        "RE[13] 訪問看護記録番号" ["DI-10"] Demographics("local_number"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "HO[1-3] 保険者番号・記号・番号" ["DI-05" "DI-06"] Demographics("insurer_number, insured_symbol, insured_number"), "receipt_facts::who_it_is_about_is_sealed_as_written";
        "HO[4,5,8-11] 実日数・合計金額・一部負担金・減免" ["DI-08"] Fact(Cost, "quantity"), "receipt_facts::home_nursing_visits_and_their_fees";
        "KO 公費" ["DI-07"] Fact(PayerPlanPeriod, "source"), "receipt_nursing::a_public_payer_pays_alone";
        "SN, JD, MF" ["DI-06" "DI-18"] Fact(Observation, "qualifiers"), "receipt_facts::home_nursing_visits_and_their_fees";
        "IH[1-5] 主治医・医療機関" ["DI-13" "DI-15"] Sealed("a third person's name: never read, in the original only"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "IH[6] 直近報告年月日" ["DI-65"] Fact(Observation, "start"), "receipt_facts::home_nursing_visits_and_their_fees";
        "HJ[1-3] 指示区分・期間" ["DI-60" "DI-61" "DI-62"] Fact(Observation, "status"), "receipt_facts::home_nursing_visits_and_their_fees";
        "JS[1] 心身の状態" ["DI-39"] Becomes::Note, "receipt_facts::texts_become_sealed_notes";
        "JS[2-5] 該当する疾病等・GAF" ["DI-39"] Fact(Observation, "status"), "receipt_facts::home_nursing_visits_and_their_fees";
        "SY[1-3] 傷病名コード・修飾語・名称" ["DI-17"] Fact(ConditionOccurrence, "source"), "receipt_facts::home_nursing_visits_and_their_fees";
        "SY[4] 補足コメント" ["DI-17"] Becomes::Note, "receipt_facts::texts_become_sealed_notes";
        "RJ[1,2,5,8,10,12] 訪問開始・場所・終了" ["DI-65"] Fact(Observation, "start"), "receipt_facts::home_nursing_visits_and_their_fees";
        "RJ[14-16] 死亡年月日・時刻・場所" ["DI-65"] Fact(Death, "start"), "receipt_facts::home_nursing_visits_and_their_fees";
        "RJ[18] 利用者情報コード" ["DI-39"] Fact(Observation, "qualifiers"), "receipt_facts::home_nursing_visits_and_their_fees";
        "RJ[3,6,9,13,17] 文字データ" [] Becomes::Note, "receipt_facts::texts_become_sealed_notes";
        "RJ[4,7,11,19-28] 変更日・終了時刻・他ステーション" [] Sealed("other stations are third persons; kept in the original"), "receipt_facts::third_persons_and_texts_stay_in_the_original";
        "TJ, TZ, CO 情報提供・特記・コメント" ["DI-39"] Becomes::Note, "receipt_facts::home_nursing_visits_and_their_fees";
        "KS 専門の研修" [] Fact(Observation, "status"), "receipt_facts::home_nursing_visits_and_their_fees";
        "KA[1,3,4] 算定年月日・療養費コード・数量" ["DI-18" "DI-19"] Fact(ProcedureOccurrence, "source"), "receipt_writer::what_is_written_comes_back";
        "KA[6-8] 職種等・同日訪問回数・指示区分" ["DI-19"] Fact(ProcedureOccurrence, "qualifiers"), "receipt_facts::home_nursing_visits_and_their_fees";
        "KA[2,5] 負担区分・金額" ["DI-19"] Fact(Cost, "quantity"), "receipt_facts::home_nursing_visits_and_their_fees";
        "HI, HR, HG 返戻" [] Fact(Observation, "status"), "receipt_layouts::a_returned_receipt_is_a_version_between_the_claim_and_its_resubmission";
        "GO" [] Checked("HO and KO records and their yen, when it tells them"), "receipt_layouts::a_nursing_file_may_close_before_it_begins";
    )
}
