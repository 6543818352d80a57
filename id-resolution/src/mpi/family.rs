//! Hints that two records may be of one family and not of one person (家族の可能性): for the eyes of whoever rules on a pair.
//! They decide nothing; the engine weighs, people rule.

use super::explain::{Mark, SideBySide};
use super::weights::Comparison;
use super::words::{self, Word};

const RELATIVES: Word = Word {
    ja: "住所・電話・被保険者証のいずれかが同じで、生年月日が違います。親子・兄弟姉妹など家族の可能性があります。",
    en: "Address, phone or card agree and the birth dates differ: they may be relatives.",
};
const TWINS: Word = Word {
    ja: "生年月日と、住所・電話・被保険者証のいずれかが同じで、名前が違います。双子の可能性があります。",
    en: "Birth date and address, phone or card agree and the names differ: they may be twins.",
};
const OTHER_SEX: Word = Word {
    ja: "生年月日が同じで、性別が違います。男女の双子か、どちらかの記載の誤りの可能性があります。",
    en: "The birth dates agree and the sexes differ: twins, or one of the two is a slip.",
};
const NAMESAKE: Word = Word {
    ja: "名前が同じで、生年月日が違います。同姓同名の可能性があります。",
    en: "The names agree and the birth dates differ: they may be namesakes.",
};

/// The hints on a pair, from how its fields stand to each other.
#[must_use]
pub fn hints(fields: &SideBySide) -> Vec<Word> {
    let mark = |what: Word| fields.fields.iter().find(|f| f.what == what).map(|f| f.mark);
    let of = |comparison| mark(words::comparison(comparison));
    let equal = |m: Option<Mark>| m == Some(Mark::Equal);
    let differs = |m: Option<Mark>| m == Some(Mark::Differs);
    let home = [Comparison::Address, Comparison::Phone, Comparison::Insured].iter().any(|c| equal(of(*c)));
    let (birth, sex) = (of(Comparison::Birth), of(Comparison::Sex));
    let kana = mark(super::explain::KANA_NAME);
    let all = [
        (home && differs(birth), RELATIVES),
        (home && equal(birth) && differs(kana), TWINS),
        (equal(birth) && differs(sex), OTHER_SEX),
        (equal(kana) && differs(birth) && !home, NAMESAKE),
    ];
    all.into_iter().filter_map(|(holds, hint)| holds.then_some(hint)).collect()
}

#[cfg(test)]
mod tests {
    use musubi_model::identity::Identifying;
    use proptest::prelude::*;

    use super::super::explain::Field;
    use super::*;

    const MARKS: [Mark; 3] = [Mark::Equal, Mark::Differs, Mark::Missing];

    fn pair(address: Mark, birth: Mark, sex: Mark, kana: Mark) -> SideBySide {
        let field = |what, mark| Field {
            what,
            left: Identifying::new(String::new()),
            right: Identifying::new(String::new()),
            mark,
        };
        SideBySide {
            fields: vec![
                field(words::comparison(Comparison::Address), address),
                field(words::comparison(Comparison::Birth), birth),
                field(words::comparison(Comparison::Sex), sex),
                field(super::super::explain::KANA_NAME, kana),
            ],
        }
    }

    #[test]
    fn siblings_twins_and_namesakes_are_told_apart() {
        use Mark::{Differs, Equal};
        assert_eq!(hints(&pair(Equal, Differs, Equal, Differs)), [RELATIVES]);
        assert_eq!(hints(&pair(Equal, Equal, Equal, Differs)), [TWINS]);
        assert_eq!(hints(&pair(Differs, Differs, Equal, Equal)), [NAMESAKE]);
        assert_eq!(hints(&pair(Equal, Equal, Equal, Equal)), []);
    }

    proptest! {
        #[test]
        fn without_a_birth_date_nothing_is_hinted(a in 0usize..3, s in 0usize..3, k in 0usize..3) {
            let at = |i: usize| MARKS.get(i).copied().unwrap_or(Mark::Missing);
            prop_assert!(hints(&pair(at(a), Mark::Missing, at(s), at(k))).is_empty());
        }
    }
}
