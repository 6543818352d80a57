//! What comparisons, levels, classes and keys are called where people read of them, Japanese and English.

use super::weights::{Class, Comparison};

/// A word in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Word {
    /// Japanese.
    pub ja: &'static str,
    /// English.
    pub en: &'static str,
}

const fn word(ja: &'static str, en: &'static str) -> Word {
    Word { ja, en }
}

impl Word {
    /// In one of the two.
    #[must_use]
    pub const fn get(self, english: bool) -> &'static str {
        if english { self.en } else { self.ja }
    }
}

/// What a comparison is called.
#[must_use]
pub const fn comparison(of: Comparison) -> Word {
    match of {
        Comparison::Family => word("姓", "family name"),
        Comparison::Given => word("名", "given name"),
        Comparison::Birth => word("生年月日", "birth date"),
        Comparison::Sex => word("性別", "sex"),
        Comparison::Insured => word("被保険者番号", "insured number"),
        Comparison::Address => word("住所", "address"),
        Comparison::Phone => word("電話番号", "telephone"),
        Comparison::Local => word("患者番号", "chart number"),
        Comparison::Care => word("介護被保険者番号", "care number"),
        Comparison::Inquiry => word("履歴照会", "history inquiry"),
    }
}

/// What a class of pairs is called.
#[must_use]
pub const fn class(of: Class) -> Word {
    match of {
        Class::Same => word("本人", "same person"),
        Class::Household => word("同一世帯", "household"),
        Class::Twin => word("双子", "twins"),
        Class::Stranger => word("他人", "strangers"),
    }
}

/// What a level of a comparison is called; level 0 is "not compared".
#[must_use]
pub fn level(of: Comparison, level: usize) -> Word {
    const NAMES: [Word; 13] = [
        word("漢字・カナとも一致", "equal in both scripts"),
        word("漢字が一致", "equal in kanji"),
        word("カナが一致", "equal in kana"),
        word("カナは一致、漢字が違う", "equal in kana, other kanji"),
        word("漢字は一致、カナが違う", "equal in kanji, other kana"),
        word("カナが近い", "near in kana"),
        word("漢字が一字違う", "one kanji differs"),
        word("漢字の読みがカナと合う", "the kanji can be read so"),
        word("漢字の読みと知られていない", "not a known reading"),
        word("違う", "different"),
        word("姓と名が逆", "family and given name exchanged"),
        word("外字を除き一致", "equal but for signs that could not be encoded"),
        word("違う(男性同士)", "different, both men"),
    ];
    const BIRTH: [Word; 7] = [
        word("一致", "equal"),
        word("書き誤りとみられる違い", "looks like a slip"),
        word("元号の取り違え", "another era"),
        word("一方が仮の日付(1日・1月1日)", "one is a stand-in (1st, 1 January)"),
        word("月日だけ一致", "month and day only"),
        word("年月だけ一致", "year and month only"),
        word("違う", "different"),
    ];
    const TWO: [Word; 2] = [word("一致", "equal"), word("違う", "different")];
    const INSURED: [Word; 8] = [
        word("個人の番号まで一致", "one person's number"),
        word("番号が一致(枝番は片方だけ)", "number equal, a branch not known"),
        word("番号は一致、枝番が違う", "number equal, another branch"),
        word("保険者だけ一致", "same insurer only"),
        word("違う(2か月以内)", "different within two months"),
        word("違う(1年以内)", "different within a year"),
        word("違う(数年以内)", "different within years"),
        word("違う(3年超)", "different, over three years"),
    ];
    const ADDRESS: [Word; 5] = [
        word("一致", "equal"),
        word("郵便番号が一致", "same postal code"),
        word("市区町村が一致", "same city"),
        word("違う(半年以内)", "different within half a year"),
        word("違う(半年超)", "different later"),
    ];
    let words: &[Word] = match of {
        Comparison::Family | Comparison::Given => &NAMES,
        Comparison::Birth => &BIRTH,
        Comparison::Insured => &INSURED,
        Comparison::Address => &ADDRESS,
        _ => &TWO,
    };
    let found = level.checked_sub(1).and_then(|at| words.get(at));
    found.copied().unwrap_or(word("比べられない", "not compared"))
}

/// What a key of candidates is called, by its number (see [`super::keys::NAMES`]).
#[must_use]
pub fn key(number: usize) -> Word {
    const JA: [&str; 19] = [
        "姓カナ+生年月日",
        "名カナ+生年月日",
        "姓漢字+生年月日",
        "名漢字+生年月日",
        "姓カナの先頭+性別+生年月日",
        "被保険者番号+生年月日",
        "住所+生年月日",
        "被保険者番号+名カナ",
        "被保険者番号+名漢字",
        "電話+名カナ",
        "電話+生年",
        "氏名カナ+月日",
        "氏名カナ+生年",
        "氏名カナ+郵便番号",
        "氏名漢字+月日",
        "氏名漢字+生年",
        "患者番号",
        "介護被保険者番号",
        "履歴照会",
    ];
    let en = super::keys::NAMES.get(number).copied().unwrap_or("?");
    word(JA.get(number).copied().unwrap_or("?"), en)
}

/// What a rule that needs no weighing is called, by its name in the model.
#[must_use]
pub fn rule(name: &str) -> Option<Word> {
    Some(match name {
        "rule:inquiry" => word("履歴照会が同じ人と答えた", "the history inquiry says so"),
        "rule:chart" => word("同じ施設の同じ患者番号", "same chart number at one facility"),
        "rule:insured" => {
            word("個人の被保険者番号と生年月日が一致", "personal insured number and birth date agree")
        }
        "rule:care" => word("介護被保険者番号と生年月日が一致", "care number and birth date agree"),
        "ruling" => word("人による裁定", "ruled by people"),
        "score" => word("重みの合計", "sum of weights"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_and_key_has_its_own_words() {
        let none = level(Comparison::Sex, 0);
        for c in Comparison::ALL {
            let words: Vec<Word> = (1..c.levels().len()).map(|l| level(*c, l)).collect();
            assert!(words.iter().all(|w| *w != none), "{c:?}");
            let mut ja: Vec<&str> = words.iter().map(|w| w.ja).collect();
            ja.sort_unstable();
            ja.dedup();
            assert_eq!(ja.len(), words.len(), "{c:?}");
            assert_eq!(level(*c, c.levels().len()), none, "{c:?}");
        }
        for n in 0..crate::mpi::keys::NAMES.len() {
            assert_ne!(key(n).ja, "?");
            assert_ne!(key(n).en, "?");
        }
        for sure in crate::mpi::model::Rules::default().sure {
            assert!(rule(&sure.name).is_some(), "{}", sure.name);
        }
    }
}
