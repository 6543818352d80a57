//! The items of the operator's plan (収集する医療情報等), DI-01 to DI-73: what the house says it can take in. Data only.

/// How much the product's promise depends on an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The plan names it, and nothing is complete without it.
    Core,
    /// The plan names it; it follows.
    Should,
    /// Outside of what is taken in today.
    Beyond,
}

impl Class {
    /// The word for tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Should => "should",
            Self::Beyond => "beyond",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Core => "必須",
            Self::Should => "推奨",
            Self::Beyond => "対象外",
        }
    }
}

/// One item of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// `DI-17`.
    pub id: &'static str,
    /// Its name in the plan.
    pub ja: &'static str,
    /// Its English name.
    pub en: &'static str,
    /// Its class.
    pub class: Class,
}

const fn item(id: &'static str, ja: &'static str, en: &'static str, class: Class) -> Item {
    Item { id, ja, en, class }
}

use Class::{Beyond, Core, Should};

/// All items, in order.
pub const ITEMS: [Item; 73] = [
    item("DI-01", "氏名", "Name", Core),
    item("DI-02", "性別", "Sex", Core),
    item("DI-03", "生年月日", "Birth date", Core),
    item("DI-04", "審査支払機関情報", "Review-and-payment body", Core),
    item("DI-05", "保険者情報", "Insurer", Core),
    item("DI-06", "被保険者情報", "Insured person", Core),
    item("DI-07", "公費に関する情報（区分・公費）", "Public expense", Core),
    item("DI-08", "負担割合", "Burden ratio", Core),
    item("DI-09", "課税所得区分", "Taxable-income class", Core),
    item("DI-10", "カルテ番号", "Chart number", Core),
    item("DI-11", "調剤録番号", "Dispensing record number", Core),
    item("DI-12", "診療・調剤年月", "Treatment/dispensing month", Core),
    item("DI-13", "保険医氏名", "Insurance doctor's name", Core),
    item("DI-14", "麻薬免許番号", "Narcotics licence number", Core),
    item("DI-15", "医療機関・薬局情報", "Provider/pharmacy information", Core),
    item("DI-16", "要介護認定情報", "Care-need certification", Core),
    item("DI-17", "傷病名情報", "Diseases linked to treatment", Core),
    item("DI-18", "診療実施年月日", "Treatment date", Core),
    item("DI-19", "診療内容", "Treatment content", Core),
    item("DI-20", "検査", "Tests (act)", Core),
    item("DI-21", "処置", "Procedures", Core),
    item("DI-22", "処方・調剤", "Prescription and dispensing", Core),
    item("DI-23", "手術", "Surgery", Core),
    item("DI-24", "麻酔", "Anaesthesia", Core),
    item("DI-25", "輸血", "Transfusion", Core),
    item("DI-26", "移植", "Transplant", Core),
    item("DI-27", "入退院（入院日・退院日）", "Admission and discharge", Core),
    item("DI-28", "食事", "Hospital meals", Core),
    item("DI-29", "特定機材", "Specific equipment used", Core),
    item("DI-30", "リハビリ情報", "Rehabilitation", Core),
    item("DI-31", "DPC：病棟移動", "DPC: ward transfer", Core),
    item("DI-32", "DPC：予定・緊急入院", "DPC: planned/emergency admission", Core),
    item("DI-33", "DPC：前回退院年月", "DPC: previous discharge month", Core),
    item("DI-34", "DPC：入院時年齢", "DPC: age at admission", Core),
    item("DI-35", "DPC：出生時体重", "DPC: birth weight", Core),
    item("DI-36", "DPC：JCS（意識障害）", "DPC: level of consciousness (JCS)", Core),
    item("DI-37", "DPC：Burn Index", "DPC: Burn Index", Core),
    item("DI-38", "DPC：重症度", "DPC: severity", Core),
    item("DI-39", "症状に関する情報", "Symptoms", Core),
    item("DI-40", "DPCデータ", "DPC data set", Core),
    item("DI-41", "検査結果：血算", "Lab: blood count", Core),
    item("DI-42", "検査結果：生化", "Lab: biochemistry", Core),
    item("DI-43", "検査結果：生理", "Physiological tests", Core),
    item("DI-44", "画像", "Images", Beyond),
    item("DI-45", "画像診断レポート", "Imaging report", Should),
    item("DI-46", "病理レポート", "Pathology report", Should),
    item("DI-47", "看護サマリ", "Nursing summary", Should),
    item("DI-48", "退院時サマリ", "Discharge summary", Should),
    item("DI-49", "診療情報提供書", "Referral letter", Should),
    item("DI-50", "健診：妊婦", "Check-up: pregnant women", Core),
    item("DI-51", "健診：乳幼児", "Check-up: infants", Core),
    item("DI-52", "健診：就学時健康診断", "Check-up: pre-school", Core),
    item("DI-53", "健診：学校健診", "Check-up: school", Core),
    item("DI-54", "健診：定期健康診断・事業所健診", "Check-up: periodic (employer)", Core),
    item("DI-55", "特定健診・特定保健指導", "Specific check-up and guidance", Core),
    item("DI-56", "健康増進事業", "Health promotion programme", Core),
    item("DI-57", "後期高齢者健康診査", "Late-stage elderly check-up", Core),
    item("DI-58", "ケアサービス計画", "Care service plan", Core),
    item("DI-59", "主治医意見書", "Attending physician's opinion", Core),
    item("DI-60", "訪問看護指示書", "Home-nursing order", Core),
    item("DI-61", "特別訪問看護指示書", "Special home-nursing order", Core),
    item("DI-62", "精神訪問看護指示書", "Psychiatric home-nursing order", Core),
    item("DI-63", "訪問看護計画書", "Home-nursing plan", Core),
    item("DI-64", "特別訪問看護計画書Ⅰ・Ⅱ", "Special home-nursing plans", Core),
    item("DI-65", "訪問看護報告書", "Home-nursing report", Core),
    item("DI-66", "各種介護記録", "Care records of all kinds", Core),
    item("DI-67", "死亡診断書", "Death certificate", Core),
    item("DI-68", "死体検案書", "Post-mortem certificate", Core),
    item("DI-69", "生活：かかりつけ連携手帳", "Life: family-doctor handbook", Should),
    item("DI-70", "生活：日常活動状況", "Life: daily activity", Should),
    item("DI-71", "生活：歯科診療・歯科レセプト", "Life: dental treatment / dental receipts", Core),
    item("DI-72", "生活：調剤レセプト", "Life: dispensing receipts", Core),
    item("DI-73", "生活：OTC市販薬情報", "Life: OTC medicines", Should),
];

/// The item of this id.
#[must_use]
pub fn item_named(id: &str) -> Option<&'static Item> {
    ITEMS.iter().find(|i| i.id == id)
}
