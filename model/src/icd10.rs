//! The 22 chapters of ICD-10 (傷病大分類), by code range. Source: WHO ICD-10, chapter list; Japanese names as used in
//! the Patient Survey (患者調査), chapter XXII included.

/// A chapter.
#[derive(Debug, PartialEq, Eq)]
pub struct Chapter {
    /// 1 to 22.
    pub number: u8,
    /// First three-character code.
    pub from: &'static str,
    /// Last three-character code.
    pub to: &'static str,
    /// Japanese name.
    pub ja: &'static str,
    /// English name.
    pub en: &'static str,
}

macro_rules! chapters {
    ($($n:literal $from:literal $to:literal $ja:literal $en:literal;)*) => {
        /// All chapters in order.
        pub const CHAPTERS: [Chapter; 22] = [$(Chapter { number: $n, from: $from, to: $to, ja: $ja, en: $en },)*];
    };
}

chapters! {
    1 "A00" "B99" "感染症及び寄生虫症" "Certain infectious and parasitic diseases";
    2 "C00" "D48" "新生物" "Neoplasms";
    3 "D50" "D89" "血液及び造血器の疾患並びに免疫機構の障害" "Diseases of the blood and the immune mechanism";
    4 "E00" "E90" "内分泌，栄養及び代謝疾患" "Endocrine, nutritional and metabolic diseases";
    5 "F00" "F99" "精神及び行動の障害" "Mental and behavioural disorders";
    6 "G00" "G99" "神経系の疾患" "Diseases of the nervous system";
    7 "H00" "H59" "眼及び付属器の疾患" "Diseases of the eye and adnexa";
    8 "H60" "H95" "耳及び乳様突起の疾患" "Diseases of the ear and mastoid process";
    9 "I00" "I99" "循環器系の疾患" "Diseases of the circulatory system";
    10 "J00" "J99" "呼吸器系の疾患" "Diseases of the respiratory system";
    11 "K00" "K93" "消化器系の疾患" "Diseases of the digestive system";
    12 "L00" "L99" "皮膚及び皮下組織の疾患" "Diseases of the skin and subcutaneous tissue";
    13 "M00" "M99" "筋骨格系及び結合組織の疾患" "Diseases of the musculoskeletal system and connective tissue";
    14 "N00" "N99" "腎尿路生殖器系の疾患" "Diseases of the genitourinary system";
    15 "O00" "O99" "妊娠，分娩及び産じょく" "Pregnancy, childbirth and the puerperium";
    16 "P00" "P96" "周産期に発生した病態" "Conditions originating in the perinatal period";
    17 "Q00" "Q99" "先天奇形，変形及び染色体異常" "Congenital malformations and chromosomal abnormalities";
    18 "R00" "R99" "症状，徴候等で他に分類されないもの" "Symptoms and signs not elsewhere classified";
    19 "S00" "T98" "損傷，中毒及びその他の外因の影響" "Injury, poisoning and other consequences of external causes";
    20 "V01" "Y98" "傷病及び死亡の外因" "External causes of morbidity and mortality";
    21 "Z00" "Z99" "健康状態に影響を及ぼす要因等" "Factors influencing health status";
    22 "U00" "U99" "特殊目的用コード" "Codes for special purposes";
}

/// The chapter of a code (`K297`, `K29.7`, `K29`). `None` when it is not shaped like one or lies in no chapter.
#[must_use]
pub fn chapter_of(code: &str) -> Option<&'static Chapter> {
    let head: String = code.bytes().take(3).map(|b| char::from(b.to_ascii_uppercase())).collect();
    let mut bytes = head.bytes();
    let shaped = bytes.next().is_some_and(|b| b.is_ascii_uppercase())
        && bytes.next().is_some_and(|b| b.is_ascii_digit())
        && bytes.next().is_some_and(|b| b.is_ascii_digit());
    if !shaped {
        return None;
    }
    CHAPTERS.iter().find(|c| (c.from..=c.to).contains(&head.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders() {
        for (code, chapter) in [
            ("K297", 11),
            ("D48", 2),
            ("D50", 3),
            ("H59.9", 7),
            ("h60", 8),
            ("U071", 22),
            ("T98", 19),
            ("Z999", 21),
        ] {
            assert_eq!(chapter_of(code).map(|c| c.number), Some(chapter), "{code}");
        }
        for code in ["", "K", "K2", "D49", "297", "漢字漢", "V00"] {
            assert!(chapter_of(code).is_none(), "{code}");
        }
    }
}
