//! What becomes of every field of the CDA formats.

use musubi_model::FactTable;

use crate::coverage::{Becomes, Covered};
use crate::covered;

/// Results, guidance, settlements and their package.
fn checkup() -> &'static [Covered] {
    covered! { CheckupCda "";
        "ix08 totalRecordCount" [] Checked("DATA のファイル数"), "cda_bad_input::every_mutant_breaks_its_rule";
        "ix08 creationTime" [] Context("版の順序"), "cda_facts::a_package_is_cut_into_its_persons";
        "ix08 interactionType, sender, receiver, serviceEventType" [] Sealed("封筒の情報; 人の記録ではない"), "cda_facts::a_package_is_cut_into_its_persons";
        "su08 総計" ["DI-55"] Checked("CLAIMS の合計"), "cda_bad_input::every_mutant_breaks_its_rule";
        "XSD/, __MACOSX/, その他のファイル" [] Sealed("封筒に数え、原本だけに残す"), "cda_facts::a_package_is_cut_into_its_persons";
        "ZIP の目録 (大きさ・CRC)" [] Checked("展開した内容"), "cda_bad_input::a_damaged_member_stops_nobody_else";
        "hc08/hg08 code 報告区分" ["DI-54" "DI-55" "DI-57"] Fact(VisitOccurrence, "status"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "hc08 code 報告区分 19 削除依頼" ["DI-55"] Context("版の状態"), "cda_facts::a_version_supersedes_by_key_and_time";
        "effectiveTime 作成日" [] Context("版の順序, 将来日の検査"), "cda_facts::a_version_supersedes_by_key_and_time";
        "recordTarget id .101 保険者番号" ["DI-05"] Demographics("insurer_number"), "cda_facts::the_person_goes_to_the_identity_zone";
        "recordTarget id .204 記号" ["DI-06"] Demographics("insured_symbol"), "cda_facts::the_person_goes_to_the_identity_zone";
        "recordTarget id .205 番号" ["DI-06"] Demographics("insured_number"), "cda_facts::the_person_goes_to_the_identity_zone";
        "recordTarget id .211 枝番" ["DI-06"] Demographics("insured_branch"), "cda_facts::the_person_goes_to_the_identity_zone";
        "patient/name 氏名 (カナ)" ["DI-01"] Demographics("name_kana"), "cda_facts::the_person_goes_to_the_identity_zone";
        "patient/administrativeGenderCode 性別" ["DI-02"] Fact(Person, "status"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "patient/birthTime 生年月日 (月まで)" ["DI-03"] Fact(Person, "start"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "patient/birthTime 生年月日" ["DI-03"] Demographics("birth"), "cda_facts::the_person_goes_to_the_identity_zone";
        "patientRole/addr 都道府県" ["DI-01"] Fact(Person, "source"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "patientRole/addr 住所" ["DI-01"] Demographics("address"), "cda_facts::the_person_goes_to_the_identity_zone";
        "patientRole/addr/postalCode 郵便番号" ["DI-01"] Demographics("postal_code"), "cda_facts::the_person_goes_to_the_identity_zone";
        "author 作成機関・作成者" ["DI-13"] Sealed("第三者と機関の名"), "cda_facts::nobody_is_shown";
        "participant HLD 受診券・利用券番号" [] Sealed("個人の番号; 版の鍵だけに使う"), "cda_facts::nobody_is_shown";
        "participant HLD time/high 有効期限" [] Checked("実施日"), "cda_bad_input::every_mutant_breaks_its_rule";
        "serviceEvent/code プログラム種別" ["DI-54" "DI-55" "DI-57"] Fact(VisitOccurrence, "source"), "cda_facts::other_checkups_are_taken_in_alike";
        "serviceEvent/effectiveTime 実施日" ["DI-54" "DI-55" "DI-57"] Fact(VisitOccurrence, "start"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "serviceEvent/performer 実施機関番号" ["DI-15"] Fact(VisitOccurrence, "qualifiers"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "section/text 記述" [] Sealed("entry の写し"), "cda_facts::nobody_is_shown";
        "observation 検査 (身体計測・血圧・血液・尿 ほか) code" ["DI-54" "DI-55" "DI-56" "DI-57"] Fact(Measurement, "source"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "observation 検査 value (PQ・CD・CO)" ["DI-54" "DI-55" "DI-57"] Fact(Measurement, "value"), "cda_roundtrip::every_result_comes_back";
        "observation 項目の概念 (検査方法によらない)" ["DI-54" "DI-55" "DI-57"] Fact(Measurement, "standard"), "cda_facts::one_concept_stands_for_all_methods";
        "observation 二つ目の value (入力上下限の実測値)" ["DI-55"] Fact(Measurement, "qualifiers"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "observation interpretationCode, referenceRange" ["DI-55"] Fact(Measurement, "value"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "observation methodCode" ["DI-55"] Fact(Measurement, "qualifiers"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "observation negationInd, nullFlavor (未実施・測定不能)" ["DI-55"] Fact(Measurement, "status"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "observation entryRelationship (一連検査・実施理由)" ["DI-55"] Fact(Measurement, "group"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "observation 質問票・メタボ判定・保健指導レベル" ["DI-55" "DI-39"] Fact(Observation, "value"), "cda_facts::a_checkup_becomes_a_visit_measurements_and_observations";
        "observation 後期高齢者の質問票 15 問" ["DI-57"] Fact(Observation, "value"), "cda_facts::other_checkups_are_taken_in_alike";
        "observation 自覚・他覚症状の有無" ["DI-39"] Fact(Observation, "value"), "cda_roundtrip::every_result_comes_back";
        "observation 自由記載 (ST) 所見・診断" ["DI-39"] Sealed("定型語と数値のほかは原本だけ"), "cda_bad_input::free_text_is_sealed";
        "observation 医師の氏名, フィルム番号, author 判断医師" [] Sealed("第三者・個人の番号"), "cda_facts::nobody_is_shown";
        "hg08 observation (支援レベル・目標・評価) code" ["DI-55"] Fact(HealthGuidance, "source"), "cda_facts::guidance_becomes_health_guidance";
        "hg08 observation value" ["DI-55"] Fact(HealthGuidance, "value"), "cda_facts::guidance_becomes_health_guidance";
        "hg08 支援ポイント" ["DI-55"] Fact(HealthGuidance, "quantity"), "cda_facts::guidance_becomes_health_guidance";
        "hg08 act 支援形態・実施日・実施者の職種" ["DI-55"] Fact(HealthGuidance, "qualifiers"), "cda_facts::guidance_becomes_health_guidance";
        "hg08 section (初回・継続・中間・最終・集計)" ["DI-55"] Fact(HealthGuidance, "group"), "cda_facts::guidance_becomes_health_guidance";
        "cc08 settlement 単価・窓口負担・請求金額" ["DI-55"] Fact(Cost, "quantity"), "cda_facts::a_settlement_becomes_costs_and_cover";
        "cc08 settlement 金額の関係" ["DI-55"] Checked("単価の和, 請求金額"), "cda_bad_input::every_mutant_breaks_its_rule";
        "cc08/gc08 insuranceCard" ["DI-05"] Fact(PayerPlanPeriod, "source"), "cda_facts::a_settlement_becomes_costs_and_cover";
        "cc08/gc08 AdjudicationResult 返戻・過誤理由" ["DI-55"] Fact(Cost, "status"), "cda_facts::a_settlement_becomes_costs_and_cover";
        "cc08/gc08 AdjudicationResult text" [] Sealed("自由記載"), "cda_facts::nobody_is_shown";
        "cc08/gc08 checkupCard, healthGuidanceCard" [] Sealed("個人の番号; 版の鍵だけに使う"), "cda_facts::nobody_is_shown";
        "gc08 guidanceLevel, guidanceTiming, pointCount" ["DI-55"] Fact(HealthGuidance, "quantity"), "cda_facts::a_guidance_settlement_becomes_costs_and_points";
        "gc08 settlement 金額" ["DI-55"] Fact(Cost, "quantity"), "cda_facts::a_guidance_settlement_becomes_costs_and_points";
    }
}

/// Letters, summaries, prescriptions.
fn clinical() -> &'static [Covered] {
    covered! { ClinicalCda "";
        "ClinicalDocument/code 文書の種類" ["DI-48" "DI-49" "DI-69"] Fact(FactTable::Note, "source"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "ClinicalDocument/code 18842-5 退院時サマリー" ["DI-48"] Becomes::Note, "cda_facts::a_discharge_summary_keeps_its_stay_and_its_words_sealed";
        "ClinicalDocument/code 57133-1 診療情報提供書" ["DI-49"] Becomes::Note, "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "effectiveTime 作成日時" [] Fact(FactTable::Note, "start"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "setId, versionNumber, relatedDocument" [] Context("版"), "cda_facts::a_version_supersedes_by_key_and_time";
        "patientRole/id 患者番号" ["DI-10"] Demographics("local_number"), "cda_facts::a_letters_patient_goes_to_the_identity_zone";
        "patient/name IDE" ["DI-01"] Demographics("name_kanji"), "cda_facts::a_letters_patient_goes_to_the_identity_zone";
        "patient/name SYL" ["DI-01"] Demographics("name_kana"), "cda_facts::a_letters_patient_goes_to_the_identity_zone";
        "patient/birthTime" ["DI-03"] Demographics("birth"), "cda_facts::a_letters_patient_goes_to_the_identity_zone";
        "patient/birthTime (月まで), administrativeGenderCode" ["DI-02" "DI-03"] Fact(Person, "start"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "patientRole/addr" ["DI-01"] Demographics("address"), "cda_facts::a_letters_patient_goes_to_the_identity_zone";
        "patientRole/addr/postalCode" ["DI-01"] Demographics("postal_code"), "cda_facts::a_letters_patient_goes_to_the_identity_zone";
        "patientRole/telecom" ["DI-01"] Demographics("phone"), "cda_facts::a_letters_patient_goes_to_the_identity_zone";
        "author, custodian, informationRecipient, authenticator" ["DI-13"] Sealed("第三者"), "cda_facts::nobody_is_shown";
        "componentOf/encompassingEncounter 入退院" ["DI-27" "DI-48"] Fact(VisitOccurrence, "start"), "cda_facts::a_discharge_summary_keeps_its_stay_and_its_words_sealed";
        "section/text 記述 (紹介目的・経過・方針 ほか)" ["DI-39" "DI-48" "DI-49"] Becomes::Note, "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "nonXMLBody 構造化されない本文" ["DI-48" "DI-49"] Becomes::Note, "cda_facts::a_discharge_summary_keeps_its_stay_and_its_words_sealed";
        "observationMedia, renderMultiMedia, linkHtml 添付" [] Becomes::Note, "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "observation 傷病名 value" ["DI-17"] Fact(ConditionOccurrence, "source"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "observation 傷病名 translation ICD-10" ["DI-17"] Fact(ConditionOccurrence, "standard"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "observation アレルギー participant" ["DI-39"] Fact(Observation, "source"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "observation 検査結果" ["DI-41" "DI-42"] Fact(Measurement, "value"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "observation その他の所見 (ST)" ["DI-39"] Sealed("定型語と数値のほかは原本だけ"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "procedure" ["DI-21" "DI-23"] Fact(ProcedureOccurrence, "source"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "substanceAdministration consumable 医薬品" ["DI-22"] Fact(DrugExposure, "source"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "substanceAdministration supply/quantity" ["DI-22"] Fact(DrugExposure, "quantity"), "cda_roundtrip::every_drug_and_disease_of_a_letter_comes_back";
        "substanceAdministration effectiveTime/width 日数" ["DI-22"] Fact(DrugExposure, "times"), "cda_samples::a_published_prescription_gives_its_four_drugs";
        "substanceAdministration 用法・一回量・一日量・剤形" ["DI-22"] Fact(DrugExposure, "qualifiers"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "substanceAdministration id RP 番号" ["DI-22"] Fact(DrugExposure, "group"), "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "substanceAdministration text 指示" ["DI-22"] Becomes::Note, "cda_facts::a_letter_becomes_what_is_coded_in_it";
        "保険・公費情報 保険種別" ["DI-05" "DI-07"] Fact(PayerPlanPeriod, "source"), "cda_samples::a_published_prescription_gives_its_four_drugs";
        "保険・公費情報 番号" ["DI-06"] Demographics("insured_number"), "cda_samples::a_published_prescription_gives_its_four_drugs";
    }
}

pub(super) fn all() -> Vec<&'static Covered> {
    checkup().iter().chain(clinical()).collect()
}
