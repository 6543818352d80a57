//! What becomes of every field of the four feeds. The messages are the same in all of them, so the rows of standard
//! storage hold for transaction storage and plain messages, too; what stands around the messages is listed for each.

use musubi_model::FactTable;

use crate::coverage::{Becomes, Covered};
use crate::covered;

/// `Note` is the name of a table and of what becomes of a field; the two are told apart by these.
const SEALED_NOTE: Becomes = Becomes::Note;
const NOTE: FactTable = FactTable::Note;

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static Covered> {
    [standard(), extended(), transaction(), plain()].into_iter().flatten().collect()
}

#[rustfmt::skip] // one field group a line: it is a table
fn standard() -> &'static [Covered] {
    covered! { SsMix2Standard "";
        "パス 患者ID" ["DI-10"] Demographics("local_number"), "ssmix2_facts::demographics";
        "パス 診療日" ["DI-12" "DI-18"] Checked("電文の診療日の項目"), "ssmix2_bad_input::path_against_content";
        "パス データ種別" [] Checked("MSH-9、フォルダ"), "ssmix2_bad_input::path_against_content";
        "パス オーダNo" [] Checked("ORC-2；版の鍵（鍵付きハッシュ）"), "ssmix2_bad_input::path_against_content";
        "パス 発生日時" [] Context("版の新旧"), "ssmix2_bad_input::versions_of_a_file";
        "パス コンディションフラグ" [] Context("版の状態（現行・削除・旧版）"), "ssmix2_feeds::a_file_renamed_is_deleted_or_superseded";
        "パス 診療科" [] Sealed("電文の ORC-17・PV1-10 を使う"), "ssmix2_bad_input::versions_of_a_file";
        "MSH-7 作成日時" ["DI-12"] Checked("実績の日付がこれより後でないこと"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "MSH-9 電文の種類" [] Checked("データ種別；削除の電文かどうか"), "ssmix2_types::deleting_events_give_no_fact_and_want_the_flag";
        "MSH-11 処理区分" [] Checked("本番（P）であること"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "MSH-18 文字集合" [] Checked("実際の文字コード"), "ssmix2_bad_input::other_encodings";
        "MSH-3〜6 送受信者" ["DI-15"] Sealed("発生元は送り状が示す"), "ssmix2_facts::demographics";
        "EVN-6 発生日時" ["DI-27" "DI-31"] Fact(Observation, "start"), "ssmix2_types::leaves_and_moves_are_observations";
        "PID-3 患者ID" ["DI-10"] Checked("パスの患者ID"), "ssmix2_bad_input::the_patient_segment";
        "PID-5 氏名（漢字 I）" ["DI-01"] Demographics("name_kanji"), "ssmix2_facts::demographics";
        "PID-5 氏名（カナ P）" ["DI-01"] Demographics("name_kana"), "ssmix2_facts::demographics";
        "PID-7 生年月日" ["DI-03"] Demographics("birth"), "ssmix2_facts::demographics";
        "PID-7 生年月" ["DI-03"] Fact(Person, "start"), "ssmix2_facts::patient_basics";
        "PID-8 性別" ["DI-02"] Fact(Person, "status"), "ssmix2_facts::patient_basics";
        "PID-11 住所（都道府県）" [] Fact(Person, "source"), "ssmix2_facts::patient_basics";
        "PID-11 住所" [] Demographics("address"), "ssmix2_facts::demographics";
        "PID-11.5 郵便番号" [] Demographics("postal_code"), "ssmix2_facts::demographics";
        "PID-13 電話番号" [] Demographics("phone"), "ssmix2_facts::demographics";
        "PID-29・30 死亡日時・死亡" ["DI-67"] Fact(Death, "start"), "ssmix2_facts::death";
        "PID その他（別名、婚姻、国籍、勤務先電話）" [] Sealed("同定に使わない個人情報"), "ssmix2_types::next_of_kin_is_nobody_of_ours";
        "NK1 家族・連絡先" [] Sealed("第三者の個人情報"), "ssmix2_types::next_of_kin_is_nobody_of_ours";
        "PV1-2 患者区分" ["DI-27"] Fact(VisitOccurrence, "source"), "ssmix2_types::receptions_and_admissions_are_visits";
        "PV1-3.1・6.1、PV2-1.1 病棟" ["DI-31"] Fact(Observation, "qualifiers"), "ssmix2_types::leaves_and_moves_are_observations";
        "PV1-3.2・3.3 病室・ベッド" [] Sealed("病棟より細かい所在は個人を絞り込む"), "ssmix2_types::receptions_and_admissions_are_visits";
        "PV1-4 入院区分（予定・緊急）" ["DI-32"] Fact(VisitOccurrence, "qualifiers"), "ssmix2_types::receptions_and_admissions_are_visits";
        "PV1-7・8・9・17 主治医・紹介医・担当医（ADT-01）" ["DI-13"] Sealed("第三者（医師）の氏名と番号"), "ssmix2_types::the_doctor_in_charge_is_sealed";
        "PV1-10 診療科" [] Fact(VisitOccurrence, "department"), "ssmix2_types::receptions_and_admissions_are_visits";
        "PV1-14 入院経路" ["DI-27"] Fact(VisitOccurrence, "qualifiers"), "ssmix2_types::receptions_and_admissions_are_visits";
        "PV1-19 来院番号" [] Sealed("施設の番号"), "ssmix2_types::receptions_and_admissions_are_visits";
        "PV1-36 転帰・退院先" ["DI-27"] Fact(VisitOccurrence, "status"), "ssmix2_types::discharges_tell_disposition_and_days";
        "PV1-44・45 入院・来院・退院日時" ["DI-18" "DI-27"] Fact(VisitOccurrence, "start"), "ssmix2_types::discharges_tell_disposition_and_days";
        "PV2-8・9 入院・転棟・退院の予定日時" ["DI-27" "DI-31" "DI-32"] Fact(Observation, "start"), "ssmix2_types::what_is_planned_is_no_visit";
        "PV2-47 外出泊の帰院予定" ["DI-27"] Fact(Observation, "end"), "ssmix2_types::leaves_and_moves_are_observations";
        "DB1-2・4・5・6 身体障害" ["DI-39"] Fact(Observation, "status"), "ssmix2_types::disability_and_public_payers";
        "DB1-3 手帳の番号" [] Sealed("個人の番号"), "ssmix2_types::disability_and_public_payers";
        "OBX（ADT-00）身長・体重" ["DI-43"] Fact(Measurement, "value"), "ssmix2_facts::patient_basics";
        "OBX（ADT-00）血液型" ["DI-41"] Fact(Observation, "value"), "ssmix2_facts::patient_basics";
        "AL1-2・3・4・6 アレルギー" ["DI-39"] Fact(Observation, "source"), "ssmix2_facts::patient_basics";
        "IAM-2・3・4・6・11 アレルギー（ADT-61）" ["DI-39"] Fact(Observation, "source"), "ssmix2_types::allergies";
        "AL1-5・IAM-5・8・12 反応・理由・発症時期の文" [] Sealed("自由記載"), "ssmix2_types::allergies";
        "DG1-3・5・6 入退院時の診断" ["DI-17"] Fact(ConditionOccurrence, "source"), "ssmix2_types::diagnoses_and_procedures_of_admissions";
        "PR1-3・5 処置・手術" ["DI-21" "DI-23"] Fact(ProcedureOccurrence, "source"), "ssmix2_types::diagnoses_and_procedures_of_admissions";
        "IN1-2・12・13・17 保険・公費の種別、期間、続柄" ["DI-05" "DI-07"] Fact(PayerPlanPeriod, "source"), "ssmix2_types::disability_and_public_payers";
        "IN1-3 保険者番号" ["DI-05"] Demographics("insurer_number"), "ssmix2_facts::demographics";
        "IN1-10 記号" ["DI-06"] Demographics("insured_symbol"), "ssmix2_facts::demographics";
        "IN1-11 番号" ["DI-06"] Demographics("insured_number"), "ssmix2_facts::demographics";
        "IN1（公費）-3・11 負担者番号・受給者番号" ["DI-07"] Sealed("同定には医療保険の番号を使う"), "ssmix2_types::disability_and_public_payers";
        "IN1-4・5・7 保険者の名称・住所・電話" [] Sealed("番号で足りる"), "ssmix2_types::disability_and_public_payers";
        "ZI1 病名の保険" ["DI-05"] Fact(PayerPlanPeriod, "source"), "ssmix2_samples::the_standard_tree_with_the_number_mended";
        "PRB-1 処理区分" [] Checked("DE は取り込まない"), "ssmix2_facts::problems";
        "PRB-3 病名・病名管理番号" ["DI-17"] Fact(ConditionOccurrence, "source"), "ssmix2_facts::problems";
        "PRB-2・7・9・16 開始日・終了日" ["DI-17"] Fact(ConditionOccurrence, "start"), "ssmix2_facts::problems";
        "PRB-10 ICD-10" ["DI-17"] Fact(ConditionOccurrence, "standard"), "ssmix2_facts::problems";
        "PRB-14 転帰" ["DI-17"] Fact(ConditionOccurrence, "status"), "ssmix2_facts::problems";
        "PRB-18・25 主診断・機密区分" ["DI-17"] Fact(ConditionOccurrence, "qualifiers"), "ssmix2_facts::problems";
        "PRB-4 病名の番号" [] Sealed("施設の番号"), "ssmix2_facts::problems";
        "PRB-17 病名の文" ["DI-39"] Sealed("自由記載"), "ssmix2_facts::problems";
        "ZPR-1・3 修飾語" ["DI-17"] Fact(ConditionOccurrence, "qualifiers"), "ssmix2_facts::problems";
        "ZPR-2・4〜6 病名と交換用コード" [] Checked("PRB-3 と同じ病名"), "ssmix2_facts::problems";
        "ZPD-2 歯式" ["DI-71"] Fact(ConditionOccurrence, "qualifiers"), "ssmix2_types::teeth_of_a_dental_problem";
        "ORC-1 オーダ制御" ["DI-19"] Fact(DrugExposure, "status"), "ssmix2_facts::prescriptions";
        "ORC-2・3・4・8 オーダ番号・RP・親" ["DI-22"] Fact(DrugExposure, "group"), "ssmix2_facts::prescriptions";
        "ORC-9 依頼日時" ["DI-18"] Fact(ProcedureOccurrence, "start"), "ssmix2_types::examinations_ordered";
        "ORC-10・11・12・21〜24 入力者・依頼医・施設" ["DI-13" "DI-14"] Sealed("第三者（医師など）"), "ssmix2_roundtrip::no_third_person_is_in_a_fact";
        "ORC-17 診療科" [] Fact(DrugExposure, "department"), "ssmix2_facts::prescriptions";
        "RXE-2 医薬品" ["DI-22"] Fact(DrugExposure, "source"), "ssmix2_facts::prescriptions";
        "RXE-3・5・19 １回量・１日量" ["DI-22"] Fact(DrugExposure, "qualifiers"), "ssmix2_facts::prescriptions";
        "RXE-6・21・27 剤形・院内外・内外用" ["DI-22"] Fact(DrugExposure, "qualifiers"), "ssmix2_types::measurements_of_any_order";
        "RXE-10・11 調剤量" ["DI-22"] Fact(DrugExposure, "quantity"), "ssmix2_facts::prescriptions";
        "RXE-23・24 注射の速度" ["DI-22"] Fact(DrugExposure, "qualifiers"), "ssmix2_types::injections_ordered";
        "RXE-7・15 指示の文・処方番号" [] Sealed("自由記載・施設の番号"), "ssmix2_roundtrip::no_third_person_is_in_a_fact";
        "TQ1-3・6・7・8・14 用法・日数・開始・終了・回数" ["DI-22"] Fact(DrugExposure, "times"), "ssmix2_facts::prescriptions";
        "RXR-1・2 経路・部位" ["DI-22"] Fact(DrugExposure, "qualifiers"), "ssmix2_types::injections_ordered";
        "RXC-1〜6 注射の成分・量・力価（OMP-02・12）" ["DI-22"] Fact(DrugExposure, "source"), "ssmix2_types::injections_ordered";
        "RXA-3・4・5・6・7・20 与薬・注射の実施" ["DI-22"] Fact(DrugExposure, "quantity"), "ssmix2_types::injections_given";
        "RXA-9・10 注記・実施者" ["DI-13"] Sealed("自由記載・第三者（看護師など）"), "ssmix2_facts::administrations";
        "RXA-21 削除" [] Checked("D は取り込まない"), "ssmix2_facts::administrations";
        "ODS-1・2・3、ODT-1・2 食事（OMD）" ["DI-28"] Fact(Observation, "source"), "ssmix2_types::meals";
        "ODS-4・ODT-3 食事の指示" ["DI-28"] Sealed("自由記載"), "ssmix2_types::meals";
        "SPM-4 材料" ["DI-20"] Fact(Measurement, "qualifiers"), "ssmix2_facts::laboratory_results";
        "SPM-17 採取日時" ["DI-18" "DI-20"] Fact(Measurement, "start"), "ssmix2_facts::laboratory_results";
        "SPM-2・SAC 検体番号" [] Sealed("施設の番号"), "ssmix2_facts::laboratory_results";
        "OBR-4 検体検査オーダ（OML-01）" ["DI-20"] Fact(ProcedureOccurrence, "source"), "ssmix2_types::laboratory_orders";
        "OBX-3・5・6 検体検査の値（OML-11）" ["DI-20" "DI-41" "DI-42"] Fact(Measurement, "value"), "ssmix2_facts::laboratory_results";
        "OBX-7・8 基準値・判定" ["DI-41" "DI-42"] Fact(Measurement, "value"), "ssmix2_facts::laboratory_results";
        "OBX-11 結果状態" ["DI-20"] Fact(Measurement, "status"), "ssmix2_facts::laboratory_results";
        "OBX-4 細菌検査の組（菌・菌量・感受性）" ["DI-20"] Fact(Measurement, "group"), "ssmix2_types::bacteriology";
        "OBX-15・16・NTE 実施者・コメント" ["DI-13"] Sealed("第三者・自由記載"), "ssmix2_roundtrip::no_third_person_is_in_a_fact";
        "OBR-4 放射線・内視鏡・生理のオーダ（OMG-01〜03）" ["DI-19" "DI-20"] Fact(ProcedureOccurrence, "source"), "ssmix2_types::examinations_ordered";
        "OBR-4・7 放射線・内視鏡の実施（OMG-11・12）" ["DI-19" "DI-20"] Fact(ProcedureOccurrence, "source"), "ssmix2_samples::the_other_types_of_the_tree";
        "ZE1-2・3・4・5 手技・回数・加算" ["DI-19" "DI-21"] Fact(ProcedureOccurrence, "source"), "ssmix2_types::radiology_performed";
        "ZE1-6・7・10 医療従事者・連絡先" ["DI-13"] Sealed("第三者"), "ssmix2_types::radiology_performed";
        "ZE1-8・9、OBX ZRD 薬品" ["DI-22"] Fact(DrugExposure, "source"), "ssmix2_types::endoscopy_performed";
        "ZE1-8・9、OBX DE- 器材・内視鏡" ["DI-29"] Fact(DeviceExposure, "source"), "ssmix2_types::endoscopy_performed";
        "ZE1-11・ZE2-7 フィールド" [] Sealed("自由記載"), "ssmix2_types::radiology_performed";
        "ZE2-2〜6 照射条件" ["DI-20"] Fact(Measurement, "value"), "ssmix2_types::radiology_performed";
        "IPC-5 画像があること、モダリティ" ["DI-44"] SEALED_NOTE, "ssmix2_types::radiology_performed";
        "IPC-1・2・3・4 受付番号・検査インスタンス UID" ["DI-44"] Sealed("画像に、したがって人に至る番号"), "ssmix2_types::radiology_performed";
        "OBX TX・FT・ED・RP 所見・報告書・画像" ["DI-45" "DI-46"] SEALED_NOTE, "ssmix2_types::physiology_reported";
        "OBX XCN など 人・住所" ["DI-13"] Sealed("第三者"), "ssmix2_types::endoscopy_performed";
        "OBX（OMG-13）生理検査の値" ["DI-43"] Fact(Measurement, "value"), "ssmix2_types::physiology_reported";
        "ROL・PTH・GOL・VAR・FT1・BLG・CTI・GT1・ACC・UB1・UB2・PDA・PD1・SFT・DSC" [] Sealed("第三者、請求、経過の自由記載、通信；標準化ストレージでは使わない"), "ssmix2_bad_input::segments";
    }
}

#[rustfmt::skip] // one field group a line: it is a table
fn extended() -> &'static [Covered] {
    covered! { SsMix2Extended "";
        "コンテンツフォルダ 患者ID" ["DI-10"] Demographics("local_number"), "ssmix2_feeds::documents_become_sealed_notes";
        "コンテンツフォルダ 診療日" ["DI-18"] Fact(NOTE, "start"), "ssmix2_feeds::documents_become_sealed_notes";
        "コンテンツフォルダ データ種別" [] Fact(NOTE, "source"), "ssmix2_feeds::kinds_of_the_house_keep_their_code";
        "コンテンツフォルダ 特定キー・発生日時・フラグ" [] Context("版"), "ssmix2_feeds::content_folders_are_read_from_both_ends";
        "コンテンツフォルダ 診療科" [] Fact(NOTE, "department"), "ssmix2_feeds::documents_become_sealed_notes";
        "18842-5 退院時サマリー" ["DI-48"] SEALED_NOTE, "ssmix2_feeds::documents_become_sealed_notes";
        "57133-1 紹介状（診療情報提供書）" ["DI-49"] SEALED_NOTE, "ssmix2_feeds::documents_become_sealed_notes";
        "34745-0 看護サマリー" ["DI-47"] SEALED_NOTE, "ssmix2_feeds::documents_become_sealed_notes";
        "11526-1 病理診断報告書" ["DI-46"] SEALED_NOTE, "ssmix2_feeds::documents_become_sealed_notes";
        "18748-4 画像診断報告書" ["DI-45"] SEALED_NOTE, "ssmix2_feeds::documents_become_sealed_notes";
        "34108-1・34112-3・11506-3 診療録・経過記録" ["DI-39"] SEALED_NOTE, "ssmix2_feeds::documents_become_sealed_notes";
        "添付（PDF、JPEG、DICOM など）" ["DI-44"] SEALED_NOTE, "ssmix2_feeds::documents_become_sealed_notes";
        "CDA recordTarget/patientRole/id" ["DI-10"] Checked("フォルダの患者ID"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "CDA code" [] Checked("フォルダの標準コード"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "CDA 本文・作成者" ["DI-13"] Sealed("自由記載・第三者"), "ssmix2_roundtrip::no_third_person_is_in_a_fact";
        "ORU^R30 PID" ["DI-01" "DI-02" "DI-03" "DI-10"] Demographics("name_kanji"), "ssmix2_samples::the_extended_sample";
        "ORU^R30 OBX バイタル" ["DI-43"] Fact(Measurement, "value"), "ssmix2_feeds::vital_signs";
    }
}

#[rustfmt::skip] // one field group a line: it is a table
fn transaction() -> &'static [Covered] {
    covered! { SsMix2Transaction "";
        "#SSMIX[2] 版" [] Checked("2.00"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "#SSMIX[3] 医療機関ID" ["DI-15"] Checked("送り状の発生元"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "#SSMIX[4] 患者ID" ["DI-10"] Demographics("local_number"), "ssmix2_feeds::a_transaction_deletes";
        "#SSMIX[5] 診療日" ["DI-18"] Checked("電文の診療日の項目"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "#SSMIX[6] データ種別" [] Checked("MSH-9"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "#SSMIX[7] オーダNo" [] Checked("ORC-2；版の鍵"), "ssmix2_feeds::a_transaction_says_what_the_file_says";
        "#SSMIX[8] 処理区分 INS・DEL" [] Context("版の状態"), "ssmix2_feeds::a_transaction_deletes";
        "#SSMIX[9] 診療科" [] Sealed("電文の ORC-17・PV1-10 を使う"), "ssmix2_feeds::a_transaction_says_what_the_file_says";
        "#SSMIX[10] 発生日時" [] Context("版の新旧"), "ssmix2_feeds::a_transaction_deletes";
        "電文（標準化ストレージと同じ）PID" ["DI-01" "DI-02" "DI-03"] Demographics("name_kanji"), "ssmix2_roundtrip::the_person_comes_back_exactly";
        "電文（標準化ストレージと同じ）病名" ["DI-17"] Fact(ConditionOccurrence, "source"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "電文（標準化ストレージと同じ）処方・注射" ["DI-22"] Fact(DrugExposure, "source"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "電文（標準化ストレージと同じ）検査" ["DI-20" "DI-41" "DI-42" "DI-43"] Fact(Measurement, "value"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "電文（標準化ストレージと同じ）入退院・移動・食事" ["DI-27" "DI-28" "DI-31" "DI-32"] Fact(VisitOccurrence, "start"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "電文（標準化ストレージと同じ）放射線・内視鏡" ["DI-19" "DI-44"] Fact(ProcedureOccurrence, "source"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "電文（標準化ストレージと同じ）保険・公費" ["DI-05" "DI-06" "DI-07"] Fact(PayerPlanPeriod, "source"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "電文（標準化ストレージと同じ）医師など" ["DI-13"] Sealed("第三者"), "ssmix2_roundtrip::no_third_person_is_in_a_fact";
    }
}

#[rustfmt::skip] // one field group a line: it is a table
fn plain() -> &'static [Covered] {
    covered! { Hl7V2 "";
        "FHS・BHS・FTS・BTS バッチ" [] Checked("BTS-1 と電文の数"), "ssmix2_rules::every_rule_has_a_mutant_that_breaks_it";
        "MSH-7 作成日時" [] Context("版の新旧"), "ssmix2_feeds::plain_versions";
        "MSH-9 電文の種類" [] Context("何の電文か、削除かどうか"), "ssmix2_feeds::plain_versions";
        "PID-3 患者ID" ["DI-10"] Demographics("local_number"), "ssmix2_feeds::plain_messages_one_after_the_other";
        "ORC-2 依頼者オーダ番号" [] Context("版の鍵（鍵付きハッシュ）"), "ssmix2_feeds::plain_versions";
        "PID（標準化ストレージと同じ）" ["DI-01" "DI-02" "DI-03"] Demographics("name_kanji"), "ssmix2_roundtrip::the_person_comes_back_exactly";
        "IN1（標準化ストレージと同じ）" ["DI-05" "DI-06" "DI-07"] Fact(PayerPlanPeriod, "source"), "ssmix2_samples::plain_messages";
        "RDE^O11・RAS^O17 処方・注射" ["DI-22"] Fact(DrugExposure, "source"), "ssmix2_samples::plain_messages";
        "OUL^R22 検体検査結果" ["DI-20" "DI-41" "DI-42"] Fact(Measurement, "value"), "ssmix2_samples::plain_messages";
        "ORU^R01・ORU^R30 生理検査・バイタル" ["DI-43"] Fact(Measurement, "value"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "ADT 患者・入退院・移動" ["DI-27" "DI-31" "DI-32" "DI-67"] Fact(VisitOccurrence, "start"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "PPR^ZD1 病名" ["DI-17"] Fact(ConditionOccurrence, "source"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "OMD^O03 食事" ["DI-28"] Fact(Observation, "source"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "OML^O33・OMG^O19・OMI^Z23 オーダ・実施" ["DI-19" "DI-20" "DI-44"] Fact(ProcedureOccurrence, "source"), "ssmix2_roundtrip::the_feeds_say_the_same";
        "医師・看護師など" ["DI-13"] Sealed("第三者"), "ssmix2_roundtrip::no_third_person_is_in_a_fact";
    }
}
