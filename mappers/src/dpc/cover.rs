//! What becomes of every field of 様式1 and EF. The items of 様式1 are those of `items.tsv`, grouped by code.

use crate::coverage::{Becomes, Covered};
use crate::covered;

/// A sealed note; under a name of its own, since a table of facts has the same.
const NOTE: Becomes = Becomes::Note;

/// All rows.
#[rustfmt::skip] // a row a line: it is a table
pub(super) fn rows() -> Vec<&'static Covered> {
    let form1 = covered! { DpcForm1 "";
        "施設コード" ["DI-15"] Fact(VisitOccurrence, "source"), "dpc_facts::every_kind_of_item_of_form1";
        "データ識別番号" ["DI-10"] Demographics("local_number"), "dpc_facts::who_it_is_goes_to_the_identity_zone_only";
        "入院年月日" ["DI-27"] Fact(VisitOccurrence, "start"), "dpc_facts::every_kind_of_item_of_form1";
        "回数管理番号" [] Context("unit and key of the version"), "dpc_facts::a_stay_sent_again_is_a_later_version";
        "統括診療情報番号" [] Fact(VisitOccurrence, "group"), "dpc_facts::a_stay_is_a_unit_and_a_sub_form_a_visit";
        "コード・連番" ["DI-40"] Fact(Observation, "source, group"), "dpc_facts::every_kind_of_item_of_form1";
        "バージョン" [] Sealed("the edition of an item's definition; the code says which item"), "dpc_facts::every_kind_of_item_of_form1";
        "A000010 生年月日" ["DI-03"] Demographics("birth"), "dpc_facts::who_it_is_goes_to_the_identity_zone_only";
        "A000010 生年月日 (月まで)" ["DI-03"] Fact(Person, "start"), "dpc_facts::every_kind_of_item_of_form1";
        "A000010 生年月日と入院年月日: 入院時年齢" ["DI-34"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A000010 性別" ["DI-02"] Fact(Person, "status"), "dpc_facts::every_kind_of_item_of_form1";
        "A000010 郵便番号" [] Demographics("postal_code"), "dpc_facts::who_it_is_goes_to_the_identity_zone_only";
        "A000020 入院年月日" ["DI-27"] Checked("the admission day of the row"), "dpc_bad_input::each_mutant_breaks_its_rule_and_no_other";
        "A000020 予定・救急医療入院、救急車" ["DI-32"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A000020 入院経路・紹介・外来・在宅医療・自傷、A000021 搬送" ["DI-27" "DI-40"] Fact(Observation, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "A000030 退院年月日" ["DI-27"] Fact(VisitOccurrence, "end"), "dpc_facts::every_kind_of_item_of_form1";
        "A000030 退院時転帰" ["DI-40"] Fact(VisitOccurrence, "status"), "dpc_facts::every_kind_of_item_of_form1";
        "A000030 転帰 6・7、24 時間以内の死亡" ["DI-40"] Fact(Death, "start, status"), "dpc_facts::death_is_a_fact";
        "A000030 退院先・在宅医療" ["DI-27" "DI-40"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A000031 様式1開始日・終了日" ["DI-31"] Checked("the stay"), "dpc_bad_input::each_mutant_breaks_its_rule_and_no_other";
        "A000040 診療科コード" ["DI-40"] Fact(VisitOccurrence, "department"), "dpc_facts::every_kind_of_item_of_form1";
        "A000040 転科、A000050 病棟、A000090 再転棟" ["DI-31"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A000060 診療目的・治験、A000080 再入院調査" ["DI-40"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A000070 前回退院年月日 (月まで)" ["DI-33"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A000080・A000090 自由記載欄" [] NOTE, "dpc_facts::every_kind_of_item_of_form1";
        "A001010 身長・体重" ["DI-40"] Fact(Measurement, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A001020 喫煙指数、A002010 妊婦、A004010–A004060 高齢者・栄養・転倒・拘束" ["DI-40"] Fact(Observation, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "A001030・A001040 褥瘡、A001050 患者の状態" ["DI-39"] Fact(Observation, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "A003010 出生時体重" ["DI-35"] Fact(Measurement, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A003010 出生時妊娠週数" ["DI-35"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A004020 要介護度" ["DI-16"] Fact(Observation, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "A006010–A006050 ICD10・傷病名コード・修飾語" ["DI-17"] Fact(ConditionOccurrence, "source, standard, qualifiers, group"), "dpc_facts::every_kind_of_item_of_form1";
        "A006010–A006050 傷病名" ["DI-17"] Sealed("kept only for disease code 0000999"), "dpc_facts::every_kind_of_item_of_form1";
        "A006030 病名付加コード、A006060 難病" ["DI-17"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "A007010 手術日・点数表コード・STEM7・回数・側・抗菌薬" ["DI-23" "DI-26"] Fact(ProcedureOccurrence, "source, start, qualifiers"), "dpc_facts::every_kind_of_item_of_form1";
        "A007010 麻酔" ["DI-24"] Fact(ProcedureOccurrence, "qualifiers"), "dpc_facts::every_kind_of_item_of_form1";
        "A007010 手術名" [] NOTE, "dpc_facts::every_kind_of_item_of_form1";
        "A008010 持参薬" ["DI-22"] Fact(Observation, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "ADL0005–ADL0040 ADL、FIM0010・FIM0020 FIM" ["DI-39"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "FIM0010 体重" ["DI-40"] Fact(Measurement, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "CAN0010–CAN0040 がん (初発、UICC、Stage、化学療法)" ["DI-38" "DI-40"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "JCS0010・JCS0020 JCS" ["DI-36"] Fact(Observation, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "M010010–M070010・M170010・M180010–M180021 重症度" ["DI-38"] Fact(Observation, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "M120010 分娩・出血量、M150010" ["DI-40"] Fact(Measurement, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "M160010 Burn Index" ["DI-37"] Fact(Measurement, "value"), "dpc_facts::every_kind_of_item_of_form1";
        "M170020–M170060 精神" ["DI-40"] Fact(Observation, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "Mzz0010 その他の重症度分類" ["DI-38"] Fact(Observation, "value"), "dpc_corpus::every_item_of_the_table_comes_back";
        "Mzz0010 名称" [] NOTE, "dpc_corpus::every_item_of_the_table_comes_back";
        "一覧にないコード (符号・数)" ["DI-40"] Fact(Observation, "source, value"), "dpc_facts::codes_the_table_does_not_have_are_kept";
        "一覧にないコード (文)" ["DI-40"] NOTE, "dpc_facts::codes_the_table_does_not_have_are_kept";
    };
    let ef = covered! { DpcEf "";
        "EF-1 施設コード" ["DI-15"] Fact(VisitOccurrence, "source"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-2 データ識別番号" ["DI-10"] Demographics("local_number"), "dpc_facts::who_it_is_goes_to_the_identity_zone_only";
        "EF-3 退院年月日" ["DI-27"] Fact(VisitOccurrence, "end"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-3 生年月日 (外来)" ["DI-03"] Demographics("birth"), "dpc_facts::outpatient_files";
        "EF-4 入院年月日・受診年月日" ["DI-27" "DI-18"] Fact(VisitOccurrence, "start"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-5 データ区分、EF-6 順序番号" ["DI-19"] Fact(ProcedureOccurrence, "group"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-7 行為明細番号" [] Context("act (000) or detail"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-8 病院点数マスタコード、EF-11 名称 (レセプト電算コードがないとき)" ["DI-19"] Fact(ProcedureOccurrence, "source"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-9 レセプト電算コード 1・3: 行為 (検査・処置・手術・麻酔・輸血・移植・食事・リハビリ)" ["DI-19" "DI-20" "DI-21" "DI-23" "DI-24" "DI-25" "DI-26" "DI-28" "DI-30" "DI-40"] Fact(ProcedureOccurrence, "source"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-9 レセプト電算コード 6: 医薬品" ["DI-22"] Fact(DrugExposure, "source"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-9 レセプト電算コード 7: 特定器材" ["DI-29"] Fact(DeviceExposure, "source"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-9 レセプト電算コード 8: コメント" [] NOTE, "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-9 傷病名コード (外来 SY)" ["DI-17"] Fact(ConditionOccurrence, "source"), "dpc_facts::outpatient_files";
        "EF-10 解釈番号" [] Sealed("the receipt code says the same"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-12 使用量、EF-13 基準単位" ["DI-22"] Fact(DrugExposure, "quantity, value.unit"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-14 明細点数・金額、EF-17 行為明細区分情報" ["DI-19"] Fact(DrugExposure, "qualifiers"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-15 円・点区分、EF-18 行為点数、EF-19 薬剤料、EF-20 材料料" ["DI-19"] Fact(Cost, "quantity, value.unit, qualifiers"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-16 出来高実績点数" [] Sealed("repeats the points"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-21 行為回数" ["DI-19"] Fact(ProcedureOccurrence, "times"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-22 保険者番号" ["DI-05"] Demographics("insurer_number"), "dpc_facts::who_it_is_goes_to_the_identity_zone_only";
        "EF-23 レセプト種別コード、EF-25 レセプト科区分、EF-31 施設タイプ" [] Sealed("repeated in receipts"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-24 実施年月日" ["DI-18"] Fact(ProcedureOccurrence, "start"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-26 診療科区分" ["DI-19"] Fact(ProcedureOccurrence, "department"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-27 医師コード" ["DI-13"] Sealed("third person"), "dpc_facts::who_it_is_goes_to_the_identity_zone_only";
        "EF-28 病棟コード、EF-29 病棟区分" ["DI-31"] Fact(Observation, "value, status, start, end"), "dpc_facts::every_kind_of_line_of_an_ef_file";
        "EF-30 入外区分" [] Context("inpatient or outpatient"), "dpc_facts::outpatient_files";
    };
    form1.iter().chain(ef).collect()
}
