//! What becomes of every field of the four formats. The rows of LIFE are made from its table of fields.

use std::sync::OnceLock;

use musubi_model::FactTable;
use musubi_model::manifest::FeedKind;

use super::life::{FieldClass, all_fields};
use crate::coverage::{Becomes, Covered};
use crate::covered;

pub(super) fn all() -> Vec<&'static Covered> {
    claim().iter().chain(certification()).chain(life()).chain(plan()).collect()
}

fn claim() -> &'static [Covered] {
    covered! { CareClaim "";
        "control 件数・連番" ["DI-16"] Checked("データの行数"), "care_bad_input::every_rule_has_its_mutant";
        "control データ種別・媒体・県" [] Context("その後の行"), "care_claim::a_claim_becomes_facts";
        "control 処理対象年月" [] Context("版の時刻"), "care_claim::later_months_and_cancellations_are_versions";
        "control・全行 事業所番号" [] Sealed("提供元は送付目録が示す"), "care_claim::numbers_stay_out_of_facts";
        "end 連番" [] Checked("最後の行の連番"), "care_bad_input::every_rule_has_its_mutant";
        "7111[1–6] 識別番号・提供年月・事業所・保険公費・法別・請求区分" [] Context("請求の単位"), "care_claim::the_bill_is_held_against_its_claims";
        "7111[7] 件数" [] Checked("明細書の件数"), "care_claim::the_bill_is_held_against_its_claims";
        "7111[8] 単位数" [] Checked("明細書の単位数の合計"), "care_claim::the_bill_is_held_against_its_claims";
        "7111[9–18] 費用・請求・負担・特定入所者" [] Sealed("個人に帰せない合計"), "care_claim::the_bill_is_held_against_its_claims";
        "明細[3] サービス提供年月" ["DI-16" "DI-58"] Fact(CareService, "start"), "care_claim::a_claim_becomes_facts";
        "01[5] 証記載保険者番号" ["DI-16"] Demographics("care_insurer"), "care_claim::a_claim_becomes_facts";
        "01[5] 証記載保険者番号 先頭2桁" [] Fact(Person, "source"), "care_claim::a_claim_becomes_facts";
        "01[6] 被保険者番号" [] Demographics("care_number"), "care_claim::a_claim_becomes_facts";
        "01[7,9,11] 公費負担者番号" [] Fact(PayerPlanPeriod, "source"), "care_claim::public_payers_are_sealed";
        "01[8,10,12] 公費受給者番号" [] Sealed("個人の番号"), "care_claim::public_payers_are_sealed";
        "01[13] 生年月日" [] Demographics("birth"), "care_claim::a_claim_becomes_facts";
        "01[13] 生年月日(年月)" [] Fact(Person, "start"), "care_claim::a_claim_becomes_facts";
        "01[14] 性別" [] Fact(Person, "status"), "care_claim::a_claim_becomes_facts";
        "01[15] 要介護状態区分" ["DI-16"] Fact(CareNeed, "source"), "care_claim::a_claim_becomes_facts";
        "01[16,19,20] 旧措置・計画作成区分・計画事業所" [] Sealed("原本のみ"), "care_claim::a_claim_becomes_facts";
        "01[17,18] 認定有効期間" ["DI-16"] Fact(CareNeed, "start"), "care_claim::a_claim_becomes_facts";
        "01[21–23] 開始・中止・中止理由" ["DI-66"] Fact(VisitOccurrence, "start"), "care_claim::stays_become_visits";
        "01[24–28] 入所・退所・実日数・外泊・退所後の状態" ["DI-66"] Fact(VisitOccurrence, "times"), "care_claim::stays_become_visits";
        "01[29] 保険給付率" [] Fact(PayerPlanPeriod, "value"), "care_claim::a_claim_becomes_facts";
        "01[30–32] 公費給付率" [] Fact(PayerPlanPeriod, "value"), "care_claim::public_payers_are_sealed";
        "01[33–38] 保険 単位数・請求額・負担・緊急時・特定診療・特定入所者" [] Fact(Cost, "quantity"), "care_claim::a_claim_becomes_facts";
        "01[39–56] 公費 単位数・請求額・負担など" [] Fact(Cost, "quantity"), "care_claim::public_payers_are_sealed";
        "02,14[7,8] サービスコード" ["DI-58" "DI-66"] Fact(CareService, "source"), "care_claim::a_claim_becomes_facts";
        "02,14[9] 単位数" [] Fact(CareService, "value"), "care_claim::a_claim_becomes_facts";
        "02,14[10] 日数・回数" ["DI-66"] Fact(CareService, "times"), "care_claim::a_claim_becomes_facts";
        "02,14[14] サービス単位数" [] Fact(CareService, "quantity"), "care_claim::a_claim_becomes_facts";
        "02,14[11–13,15–17] 公費の回数・単位数" [] Sealed("集計情報に公費の合計がある"), "care_claim::a_claim_becomes_facts";
        "02[18],14[19] 摘要" [] Becomes::Note, "care_claim::remarks_are_sealed_notes";
        "14[18] 施設所在保険者番号" [] Sealed("原本のみ"), "care_claim::every_kind_of_line_is_read";
        "03 緊急時施設療養・所定疾患" ["DI-66"] Becomes::Note, "care_claim::every_kind_of_line_is_read";
        "04 特定診療費 識別番号・回数・単位数" ["DI-66"] Fact(CareService, "source"), "care_claim::every_kind_of_line_is_read";
        "04[8] 傷病名, 04[23] 摘要" [] Becomes::Note, "care_claim::every_kind_of_line_is_read";
        "10[7] サービス種類, [14–17] 単位数・請求額・負担" [] Fact(Cost, "quantity"), "care_claim::a_claim_becomes_facts";
        "10[8] 実日数" [] Checked("その月の日数"), "care_bad_input::every_rule_has_its_mutant";
        "10[9] 計画単位数" ["DI-58"] Fact(Cost, "quantity"), "care_claim::a_claim_becomes_facts";
        "10[10,11] 限度額管理対象・対象外" [] Checked("明細の合計と給付管理票"), "care_claim::a_claim_above_its_plan_is_told";
        "10[12,13] 短期入所日数" [] Sealed("原本のみ"), "care_claim::a_claim_becomes_facts";
        "10[15] 単位数単価" [] Checked("請求額の計算"), "care_bad_input::every_rule_has_its_mutant";
        "10[18–26] 公費" [] Fact(Cost, "quantity"), "care_claim::public_payers_are_sealed";
        "10[27–38] 出来高医療費" [] Sealed("原本のみ"), "care_claim::a_claim_becomes_facts";
        "11 特定入所者 費用・日数" ["DI-66"] Fact(CareService, "quantity"), "care_claim::every_kind_of_line_is_read";
        "12 社会福祉法人軽減 軽減額" [] Fact(Cost, "quantity"), "care_claim::every_kind_of_line_is_read";
        "12[12] 備考" [] Becomes::Note, "care_claim::every_kind_of_line_is_read";
        "その他のレコード" [] Sealed("件数を数え、原本に残す"), "care_claim::every_kind_of_line_is_read";
        "812x[6,17] 単位数単価・単位数" [] Sealed("明細の単位数を採る"), "care_claim::fees_become_services";
        "812x[8,9] 公費負担者・受給者番号" [] Sealed("個人の番号。法別番号だけ保険の事実になる"), "care_claim::fees_become_services";
        "812x[10–14] 生年月日・性別・要介護・認定期間" ["DI-16"] Fact(CareNeed, "source"), "care_claim::fees_become_services";
        "812x[15] 届出日" [] Sealed("原本のみ"), "care_claim::fees_become_services";
        "812x[16,25–27] サービスコード・単位・回数・合計" ["DI-58"] Fact(CareService, "source"), "care_claim::fees_become_services";
        "812x[18] 請求金額" [] Fact(Cost, "quantity"), "care_claim::fees_become_services";
        "812x[22] 介護支援専門員番号" [] Sealed("第三者の番号"), "care_claim::numbers_stay_out_of_facts";
        "812x[23] 摘要" [] Becomes::Note, "care_claim::fees_become_services";
        "82xx[5] 作成区分" [] Context("版の状態"), "care_claim::later_months_and_cancellations_are_versions";
        "82xx[6] 作成年月日" [] Context("版の時刻"), "care_claim::later_months_and_cancellations_are_versions";
        "82xx[8] 行番号" [] Context("99は合計行"), "care_claim::plans_become_planned_services";
        "82xx[10–15] 生年月日・性別・要介護・限度額適用期間・支給限度" ["DI-16" "DI-58"] Fact(CareNeed, "quantity"), "care_claim::plans_become_planned_services";
        "82xx[17] サービス事業所" [] Checked("請求の事業所"), "care_claim::a_claim_above_its_plan_is_told";
        "82xx[19,20] サービス種類・計画単位数" ["DI-58"] Fact(CareService, "quantity"), "care_claim::plans_become_planned_services";
        "82xx[21–23] 前月まで日数・小計" [] Sealed("原本のみ"), "care_claim::plans_become_planned_services";
        "82xx[24] 給付計画合計" [] Checked("行の合計"), "care_bad_input::every_rule_has_its_mutant";
        "82xx[4,25–27] 居宅事業所・専門員・委託先" [] Sealed("第三者の番号"), "care_claim::numbers_stay_out_of_facts";
        "111x,112x 給付実績" ["DI-66"] Sealed("公開された並びがない。隔離し、原本に残す"), "care_claim::results_of_insurers_are_kept_and_not_read";
    }
}

fn certification() -> &'static [Covered] {
    covered! { CareCertification "";
        "申請書管理番号" [] Sealed("個人の番号"), "care_certification::numbers_and_names_stay_out_of_facts";
        "厚労省IF識別コード" [] Context("項目の並び"), "care_certification::rows_without_headings_are_read_by_their_code";
        "証記載保険者番号" ["DI-16"] Demographics("care_insurer"), "care_certification::an_application_becomes_facts";
        "被保険者番号" ["DI-16"] Demographics("care_number"), "care_certification::an_application_becomes_facts";
        "認定申請年月日・申請区分" ["DI-16"] Fact(CareNeed, "start"), "care_certification::an_application_becomes_facts";
        "生年月日・性別" [] Demographics("birth"), "care_certification::an_application_becomes_facts";
        "生年月日(年月)・性別" [] Fact(Person, "start"), "care_certification::an_application_becomes_facts";
        "氏名・カナ・住所・郵便番号・電話番号" [] Demographics("name_kanji"), "care_certification::numbers_and_names_stay_out_of_facts";
        "前回の結果と有効期間" ["DI-16"] Fact(CareNeed, "source"), "care_certification::an_application_becomes_facts";
        "調査日・意見書日" ["DI-59"] Fact(Observation, "start"), "care_certification::an_application_becomes_facts";
        "一次判定" ["DI-16"] Fact(CareNeed, "source"), "care_certification::an_application_becomes_facts";
        "要介護認定等基準時間 合計・8分類" ["DI-16"] Fact(Measurement, "value"), "care_certification::an_application_becomes_facts";
        "審査会日・二次判定日" ["DI-16"] Fact(CareNeed, "qualifiers"), "care_certification::an_application_becomes_facts";
        "二次判定・有効期間" ["DI-16"] Fact(CareNeed, "source"), "care_certification::an_application_becomes_facts";
        "特定疾病・状態像" ["DI-16"] Fact(CareNeed, "qualifiers"), "care_certification::an_application_becomes_facts";
        "基本調査 1群 (20)" ["DI-16"] Fact(Observation, "value"), "care_certification::an_application_becomes_facts";
        "基本調査 2群 (12)" ["DI-16"] Fact(Observation, "value"), "care_certification::an_application_becomes_facts";
        "基本調査 3群 (9)" ["DI-16"] Fact(Observation, "value"), "care_certification::an_application_becomes_facts";
        "基本調査 4群 (15)" ["DI-16"] Fact(Observation, "value"), "care_certification::an_application_becomes_facts";
        "基本調査 5群 (6)" ["DI-16"] Fact(Observation, "value"), "care_certification::an_application_becomes_facts";
        "特別な医療 (12)" ["DI-16"] Fact(Observation, "value"), "care_certification::an_application_becomes_facts";
        "障害高齢者・認知症高齢者の日常生活自立度" ["DI-16"] Fact(Observation, "value"), "care_certification::an_application_becomes_facts";
        "主治医意見書 短期記憶・認知能力・伝達能力・食事・自立度" ["DI-59"] Fact(Observation, "value"), "care_certification::an_application_becomes_facts";
        "特記事項・意見書特記・審査会意見" ["DI-59"] Becomes::Note, "care_certification::numbers_and_names_stay_out_of_facts";
        "調査員・医師・医療機関" [] Sealed("第三者"), "care_certification::numbers_and_names_stay_out_of_facts";
        "02A,06A の調査項目" ["DI-16"] Sealed("並びの分からない版。見出し付きなら読む"), "care_certification::rows_without_headings_are_read_by_their_code";
        "その他の見出し" [] Sealed("原本のみ"), "care_certification::numbers_and_names_stay_out_of_facts";
    }
}

fn plan() -> &'static [Covered] {
    covered! { CarePlan "";
        "ファイル名 帳票・対象年月・送信元・送信先・日時" [] Context("帳票、版のキーと時刻"), "care_plan::deletions_and_later_files_are_versions";
        "全帳票[1] CSVバージョン" [] Context("データ行の印"), "care_plan::headings_are_passed_over";
        "全帳票[2,3] 保険者番号・被保険者番号" [] Demographics("care_number"), "care_plan::the_supplement_says_who_it_is";
        "補足[4] 計画作成(変更)日" [] Context("版のキー"), "care_plan::the_supplement_says_who_it_is";
        "補足[5,6] 氏名" [] Demographics("name_kanji"), "care_plan::the_supplement_says_who_it_is";
        "補足[7,8] 性別・生年月日" [] Demographics("birth"), "care_plan::the_supplement_says_who_it_is";
        "補足[9–12] 郵便番号・住所・電話" [] Demographics("address"), "care_plan::the_supplement_says_who_it_is";
        "補足[13,14] 認定日・限度額適用開始" ["DI-58"] Fact(CareNeed, "start"), "care_plan::the_supplement_says_who_it_is";
        "補足[15–]" [] Sealed("並びを確かめていない"), "care_plan::the_supplement_says_who_it_is";
        "第1表[4,14–16] 作成日・変更日・初回・計画書区分" ["DI-58"] Fact(Observation, "start"), "care_plan::the_first_table_becomes_a_certificate_and_notes";
        "第1表[5–7] 郵便番号・住所" [] Demographics("address"), "care_plan::the_first_table_becomes_a_certificate_and_notes";
        "第1表[8–13] 作成者・支援事業者" [] Sealed("第三者"), "care_plan::the_first_table_becomes_a_certificate_and_notes";
        "第1表[17–21] 認定状況・認定日・有効期間・要介護" ["DI-58"] Fact(CareNeed, "source"), "care_plan::the_first_table_becomes_a_certificate_and_notes";
        "第1表[22–24,26] 課題分析・審査会意見・方針・理由" ["DI-58"] Becomes::Note, "care_plan::the_first_table_becomes_a_certificate_and_notes";
        "第1表[25] 生活援助中心型の算定理由" ["DI-58"] Fact(Observation, "qualifiers"), "care_plan::the_first_table_becomes_a_certificate_and_notes";
        "第2表[4,5] 作成日・変更日" ["DI-58"] Fact(CareService, "start"), "care_plan::the_second_table_becomes_planned_services";
        "第2表[6,8,13] 課題・目標・援助内容の番号" ["DI-58"] Fact(CareService, "group"), "care_plan::the_second_table_becomes_planned_services";
        "第2表[7,9–12,14,20] 課題・目標・期間・内容" ["DI-58"] Becomes::Note, "care_plan::the_second_table_becomes_planned_services";
        "第2表[15] 保険対象区分" ["DI-58"] Fact(CareService, "qualifiers"), "care_plan::the_second_table_becomes_planned_services";
        "第2表[16] サービス種別" ["DI-58"] Fact(CareService, "source"), "care_plan::the_second_table_becomes_planned_services";
        "第2表[19] 頻度" ["DI-58"] Fact(CareService, "value"), "care_plan::the_second_table_becomes_planned_services";
        "第2表[17,18,21,22] 事業者・更新業者・識別子" [] Sealed("第三者"), "care_plan::the_second_table_becomes_planned_services";
        "第3表[7–9] 曜日・時刻" ["DI-58"] Fact(CareService, "value"), "care_plan::the_week_becomes_planned_services";
        "第3表[6,10–13] 内容・活動・週単位以外" ["DI-58" "DI-70"] Becomes::Note, "care_plan::the_week_becomes_planned_services";
        "第6表[5,10,12,13] 対象年月・利用日・時刻" ["DI-58" "DI-66"] Fact(CareService, "start"), "care_plan::the_sixth_table_becomes_services_day_by_day";
        "第6表[8,14] 単位数・回数" ["DI-58"] Fact(CareService, "quantity"), "care_plan::the_sixth_table_becomes_services_day_by_day";
        "第6表[15] サービスコード" ["DI-58" "DI-66"] Fact(CareService, "source"), "care_plan::the_sixth_table_becomes_services_day_by_day";
        "第6表[16,23] TAISコード・30日超区分" ["DI-58"] Fact(CareService, "qualifiers"), "care_plan::the_sixth_table_becomes_services_day_by_day";
        "第6表[18] 用具名称" [] Becomes::Note, "care_plan::the_sixth_table_becomes_services_day_by_day";
        "第6表[6,7,20–22,24,25] 担当・事業者・識別子" [] Sealed("第三者"), "care_plan::the_sixth_table_becomes_services_day_by_day";
        "第6表[9,11,17,19] 短期入所日数・日割・届出コード・明細判別" [] Sealed("原本のみ"), "care_plan::the_sixth_table_becomes_services_day_by_day";
        "第7表[5,9,16,22] 対象年月・コード・回数・単位数" ["DI-58"] Fact(CareService, "quantity"), "care_plan::the_seventh_table_becomes_planned_units";
        "第7表 小計・合計の行" [] Context("明細の繰り返し"), "care_plan::the_seventh_table_becomes_planned_units";
        "第7表 その他" [] Sealed("並びを確かめていない"), "care_plan::the_seventh_table_becomes_planned_units";
        "削除[4–6] 年月・計画日・事業者・種類" [] Context("版の取消"), "care_plan::deletions_and_later_files_are_versions";
    }
}

/// One row for each of the fields of LIFE, by what the table says becomes of it.
fn life() -> &'static [Covered] {
    static ROWS: OnceLock<Vec<Covered>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let row = |field: &super::life::LifeField| {
            let user = field.interface == "SERVICE_USER_INFO";
            let (becomes, test) = becomes(field.class, user, field.name, field.unit);
            Covered {
                kind: FeedKind::CareLife,
                interface: "",
                field: field.code,
                items: items(field.interface),
                becomes,
                test,
            }
        };
        all_fields().iter().map(row).collect()
    })
}

/// Which items of the plan an interface serves.
fn items(interface: &str) -> &'static [&'static str] {
    match interface {
        "SERVICE_USER_INFO" => &["DI-16", "DI-66"],
        "FORM_0310_2021" | "FORM_0320_2021" | "FORM_0420_2021" => &["DI-66", "DI-70"],
        "FORM_0330_2021" | "FORM_0410_2021" | "FORM_0440_2021" | "FORM_0450_2021" => &["DI-58", "DI-66"],
        _ => &["DI-66"],
    }
}

fn becomes(class: FieldClass, user: bool, name: &str, unit: &str) -> (Becomes, &'static str) {
    use FactTable::{
        CareNeed, ConditionOccurrence, Death, DrugExposure, Measurement, Observation, VisitOccurrence,
    };
    const USER: &str = "care_life::a_user_becomes_a_person_and_a_certificate";
    const FORM: &str = "care_life::every_class_of_field_becomes_what_the_table_says";
    match class {
        FieldClass::Facility => (Becomes::Context("版のキー"), FORM),
        FieldClass::Service => (Becomes::Fact(Observation, "department"), FORM),
        FieldClass::Number if user => (Becomes::Demographics("local_number"), USER),
        FieldClass::Number | FieldClass::Detail => (Becomes::Context("版のキー"), FORM),
        FieldClass::Insurer => (Becomes::Demographics("care_insurer"), FORM),
        FieldClass::Insured => (Becomes::Demographics("care_number"), FORM),
        FieldClass::Family | FieldClass::Given => (Becomes::Demographics("name_kanji"), USER),
        FieldClass::FamilyKana | FieldClass::GivenKana => (Becomes::Demographics("name_kana"), USER),
        FieldClass::Sex => (Becomes::Demographics("sex"), USER),
        FieldClass::Birth => (Becomes::Demographics("birth"), USER),
        FieldClass::Level => (Becomes::Fact(CareNeed, "source"), USER),
        FieldClass::Date if user => match name {
            "death_date" => (Becomes::Fact(Death, "start"), USER),
            "start_date" | "end_date" => (Becomes::Fact(VisitOccurrence, "start"), USER),
            _ => (Becomes::Fact(CareNeed, "start"), USER),
        },
        FieldClass::When | FieldClass::Date => (Becomes::Fact(Observation, "start"), FORM),
        FieldClass::Time | FieldClass::Code | FieldClass::Icf => (Becomes::Fact(Observation, "value"), FORM),
        FieldClass::Amount if unit.is_empty() => (Becomes::Fact(Observation, "value"), FORM),
        FieldClass::Amount => (Becomes::Fact(Measurement, "value"), FORM),
        FieldClass::Icd10 => (Becomes::Fact(ConditionOccurrence, "source"), FORM),
        FieldClass::Drug => (Becomes::Fact(DrugExposure, "source"), FORM),
        FieldClass::Staff => (Becomes::Sealed("第三者の氏名"), FORM),
        FieldClass::Text => (Becomes::Note, FORM),
    }
}
