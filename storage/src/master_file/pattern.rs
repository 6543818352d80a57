//! Which master a file is, by its name, as the publishers name their files; and the day in the name.

use jiff::civil::Date;

/// A master of 社会保険診療報酬支払基金, named by one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// 傷病名 (`b`).
    Disease,
    /// 旧傷病名管理ファイル (`hb`): codes that were dropped.
    DiseaseOld,
    /// 診療行為 (`s`).
    Procedure,
    /// 医薬品 (`y`).
    Drug,
    /// 特定器材 (`t`).
    Material,
    /// コメント (`c`).
    Comment,
    /// 修飾語 (`z`).
    Modifier,
    /// 歯科診療行為 (`h`).
    Dental,
    /// 調剤行為 (`m`).
    Dispensing,
}

/// A list with a header or a fixed order of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// 薬価基準収載品目リスト.
    DrugPrice,
    /// HOTコードマスター (HOT13 or HOT9).
    Hot,
    /// JLAC10 codes and names.
    Jlac10,
    /// 介護サービスコード.
    CareService,
    /// 特定健診 item table (`XMLhcNNtab`), or the additional items (`XMLhcNNext`).
    CheckupItem {
        /// The additional items.
        additional: bool,
    },
    /// 保険者番号 list.
    Insurer,
    /// DPC (診断群分類) code table.
    Dpc,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A receipt master.
    Receipt {
        /// Which.
        master: Receipt,
        /// The form with code and name alone (`*.min.csv`), kind and dates left blank.
        reduced: bool,
    },
    /// A list.
    List(List),
}

impl Kind {
    /// In Japanese.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Receipt { master, .. } => match master {
                Receipt::Disease => "傷病名マスタ",
                Receipt::DiseaseOld => "旧傷病名マスタ",
                Receipt::Procedure => "診療行為マスタ",
                Receipt::Drug => "医薬品マスタ",
                Receipt::Material => "特定器材マスタ",
                Receipt::Comment => "コメントマスタ",
                Receipt::Modifier => "修飾語マスタ",
                Receipt::Dental => "歯科診療行為マスタ",
                Receipt::Dispensing => "調剤行為マスタ",
            },
            Self::List(list) => match list {
                List::DrugPrice => "薬価基準収載品目",
                List::Hot => "HOTコードマスタ",
                List::Jlac10 => "JLAC10コード表",
                List::CareService => "介護サービスコード",
                List::CheckupItem { additional: false } => "健診項目表",
                List::CheckupItem { additional: true } => "健診追加項目表",
                List::Insurer => "保険者番号一覧",
                List::Dpc => "診断群分類コード表",
            },
        }
    }

    /// In English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Receipt { master, .. } => match master {
                Receipt::Disease => "disease master",
                Receipt::DiseaseOld => "master of dropped diseases",
                Receipt::Procedure => "procedure master",
                Receipt::Drug => "drug master",
                Receipt::Material => "material master",
                Receipt::Comment => "comment master",
                Receipt::Modifier => "modifier master",
                Receipt::Dental => "dental procedure master",
                Receipt::Dispensing => "dispensing master",
            },
            Self::List(list) => match list {
                List::DrugPrice => "drug price list",
                List::Hot => "HOT master",
                List::Jlac10 => "JLAC10 codes",
                List::CareService => "care service codes",
                List::CheckupItem { additional: false } => "check-up items",
                List::CheckupItem { additional: true } => "additional check-up items",
                List::Insurer => "insurer numbers",
                List::Dpc => "DPC codes",
            },
        }
    }
}

/// What a file's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// Which master.
    pub kind: Kind,
    /// The day in the name; `None` when there is none (`b_ALL00000000.csv`, `b.min.csv`).
    pub day: Option<Date>,
}

const LETTERS: [(&str, Receipt); 9] = [
    ("hb", Receipt::DiseaseOld),
    ("b", Receipt::Disease),
    ("s", Receipt::Procedure),
    ("y", Receipt::Drug),
    ("t", Receipt::Material),
    ("c", Receipt::Comment),
    ("z", Receipt::Modifier),
    ("h", Receipt::Dental),
    ("m", Receipt::Dispensing),
];

const LISTS: [(&str, List); 16] = [
    ("mhlw_price", List::DrugPrice),
    ("yakka", List::DrugPrice),
    ("薬価基準", List::DrugPrice),
    ("medis", List::Hot),
    ("hot", List::Hot),
    ("jlac10", List::Jlac10),
    ("care_service", List::CareService),
    ("kaigo_service", List::CareService),
    ("介護サービスコード", List::CareService),
    ("介護給付費単位数", List::CareService),
    ("insurer", List::Insurer),
    ("hokensha", List::Insurer),
    ("保険者番号", List::Insurer),
    ("dpc", List::Dpc),
    ("診断群分類", List::Dpc),
    ("shindangun", List::Dpc),
];

/// What a file of this name is, in upper or lower case; `None` when no pattern fits. A `master.toml` is none of them:
/// see [`super::declared`].
#[must_use]
pub fn recognise(file_name: &str) -> Option<Pattern> {
    let name = file_name.to_lowercase();
    let stem = name.strip_suffix(".csv").or_else(|| name.strip_suffix(".txt"))?;
    for (letter, master) in LETTERS {
        let Some(rest) = stem.strip_prefix(letter) else { continue };
        if rest == ".min" {
            return Some(Pattern { kind: Kind::Receipt { master, reduced: true }, day: None });
        }
        let Some(rest) = rest.strip_prefix('_') else { continue };
        let digits = rest.strip_prefix("all").unwrap_or(rest);
        let digits = digits.strip_prefix('_').unwrap_or(digits);
        let whole = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
        if whole || (digits.is_empty() && rest.starts_with("all")) {
            return Some(Pattern { kind: Kind::Receipt { master, reduced: false }, day: day_in(digits) });
        }
    }
    if let Some(rest) = stem.strip_prefix("xmlhc") {
        let kind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let additional = match kind {
            k if k.starts_with("tab") => false,
            k if k.starts_with("ext") => true,
            _ => return None,
        };
        let kind = Kind::List(List::CheckupItem { additional });
        return Some(Pattern { kind, day: day_in(stem) });
    }
    let (_, list) = LISTS.iter().find(|(prefix, _)| stem.starts_with(prefix))?;
    Some(Pattern { kind: Kind::List(*list), day: day_in(stem) })
}

/// The first run of exactly eight digits that is a day.
#[must_use]
pub fn day_in(text: &str) -> Option<Date> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|run| run.len() == 8)
        .find_map(|run| musubi_model::PartialDate::read(run.as_bytes()).ok()?.date.to_date())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn names_are_known() {
        let check = |name: &str, kind: Option<Kind>, day: Option<Date>| {
            let expect = kind.map(|kind| Pattern { kind, day });
            assert_eq!(recognise(name), expect, "{name}");
        };
        let receipt = |master| Some(Kind::Receipt { master, reduced: false });
        let june = Some(date(2024, 6, 1));
        check("b_20240601.csv", receipt(Receipt::Disease), june);
        check("B_ALL20240601.CSV", receipt(Receipt::Disease), june);
        check("b_ALL00000000.csv", receipt(Receipt::Disease), None);
        check("b_ALL.csv", receipt(Receipt::Disease), None);
        check("hb_20240601.txt", receipt(Receipt::DiseaseOld), june);
        check("z_20240601.txt", receipt(Receipt::Modifier), june);
        check("s_ALL20240601.csv", receipt(Receipt::Procedure), june);
        check("y_ALL_20240601.csv", receipt(Receipt::Drug), june);
        check("t_20240601.csv", receipt(Receipt::Material), june);
        check("c_20240601.csv", receipt(Receipt::Comment), june);
        check("h_20240601.csv", receipt(Receipt::Dental), june);
        check("m_20240601.csv", receipt(Receipt::Dispensing), june);
        check("y.min.csv", Some(Kind::Receipt { master: Receipt::Drug, reduced: true }), None);
        let list = |list| Some(Kind::List(list));
        check("mhlw_price_20240601.csv", list(List::DrugPrice), june);
        check("薬価基準収載品目20240601.csv", list(List::DrugPrice), june);
        check("MEDIS20240601.TXT", list(List::Hot), june);
        check("MEDIS20240601_HOT9.TXT", list(List::Hot), june);
        check("hot13_20240601.csv", list(List::Hot), june);
        check("JLAC10_20240601.csv", list(List::Jlac10), june);
        check("介護サービスコード20240601.csv", list(List::CareService), june);
        check("XMLhc24tab.csv", list(List::CheckupItem { additional: false }), None);
        check("XMLhc24ext.csv", list(List::CheckupItem { additional: true }), None);
        check("保険者番号_20240601.csv", list(List::Insurer), june);
        check("DPC_20240601.csv", list(List::Dpc), june);
        for none in [
            "b.csv",
            "b_2024.csv",
            "book.csv",
            "b_20240601.xlsx",
            "README.md",
            "master.toml",
            "xmlhc24.csv",
            "b_x20240601.csv",
            "",
        ] {
            check(none, None, None);
        }
    }
}
