//! The waterfall adds up to what the engine weighed; values of persons stay wrapped.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test data, not input

use musubi_id_resolution::mpi::explain::{Mark, Part, SideBySide, Waterfall, signed};
use musubi_id_resolution::mpi::model::Model;
use musubi_id_resolution::mpi::weights::Comparison;
use musubi_id_resolution::mpi::{BIT, Link};
use musubi_id_resolution::sent::Sent;
use proptest::prelude::*;

fn vector(levels: &[(Comparison, u64)]) -> u64 {
    levels.iter().fold(0, |v, (c, l)| v | l << (4 * *c as u32))
}

/// Any vector of levels that exist.
fn any_vector() -> impl Strategy<Value = u64> {
    let each: Vec<_> = Comparison::ALL.iter().map(|c| 0..c.levels().len() as u64).collect();
    each.prop_map(|levels| levels.iter().enumerate().fold(0, |v, (at, l)| v | l << (4 * at)))
}

proptest! {
    #[test]
    fn the_steps_add_up_to_the_weight(levels in any_vector(), family in 0..5_000i32, given in 0..5_000i32) {
        let model = Model::default();
        let weight = model.weigh(levels, family, given);
        let known = Waterfall::new(&model, levels, None, Some(family + given));
        prop_assert_eq!(known.weight, weight);
        // from the log, where only the weight is kept: the same end, and the same rarity as far as it can be told
        let told = Waterfall::new(&model, levels, Some(weight), None);
        if model.sure_rule(levels).is_none() || weight != model.rules.sure_weight {
            prop_assert!((told.weight - weight).abs() <= 1, "{} {weight}", told.weight);
        } else {
            prop_assert_eq!(told.weight, weight);
        }
        let mut sum = 0;
        for step in &told.steps {
            sum += step.adds;
            prop_assert_eq!(step.sum, sum);
        }
        let compared = Comparison::ALL.iter().filter(|c| levels >> (4 * **c as u32) & 15 != 0).count();
        let shown = told.steps.iter().filter(|s| matches!(s.part, Part::Compared(..))).count();
        prop_assert_eq!(compared, shown);
    }
}

#[test]
fn a_rule_is_named_and_a_ruling_too() {
    let model = Model::default();
    let levels = vector(&[(Comparison::Birth, 1), (Comparison::Local, 1), (Comparison::Family, 13)]);
    let w = Waterfall::new(&model, levels, None, None);
    assert_eq!(w.rule.unwrap().ja, "同じ施設の同じ患者番号");
    assert!(w.weight >= model.rules.sure_weight);
    let link = Link { a: [0; 16], b: [1; 16], weight: i32::MAX, levels, rule: "ruling" };
    assert_eq!(Waterfall::of_link(&model, &link).rule.unwrap().en, "ruled by people");
    let whole = w.clone().with_whole(-3 * BIT);
    assert_eq!(whole.weight, w.weight - 3 * BIT);
    assert_eq!(whole.steps.last().unwrap().part, Part::Whole);
    assert_eq!(w.clone().with_whole(0), w);
}

#[test]
fn as_text_in_both_languages() {
    let model = Model::default();
    let levels = vector(&[
        (Comparison::Family, 1),
        (Comparison::Given, 1),
        (Comparison::Birth, 1),
        (Comparison::Sex, 1),
    ]);
    let w = Waterfall::new(&model, levels, None, Some(16 * BIT));
    let (ja, en) = (w.text(false), w.text(true));
    assert_eq!(ja.lines().count(), w.steps.len() + 1);
    for text in ["生年月日: 一致", "氏名の珍しさ", "同じ人として結ぶ:", "█"] {
        assert!(ja.contains(text), "{text}\n{ja}");
    }
    assert!(en.contains("birth date: equal") && en.contains("joined: ") && en.contains('≥'));
    let apart = Waterfall::new(&model, vector(&[(Comparison::Birth, 7)]), None, None).text(false);
    assert!(apart.contains("結ばない:") && apart.contains('▒') && apart.contains('−'));
    assert_eq!(
        (signed(-13), signed(-12), signed(3 * BIT), signed(-BIT)),
        ("−0.1".into(), "+0.0".into(), "+3.0".into(), "−1.0".into())
    );
}

#[test]
fn side_by_side_marks_what_the_engine_sees() {
    let a = Sent {
        facility: "1310000001",
        name_kanji: "見本 廣子",
        name_kana: "ミホン ヒロコ",
        birth: "19800401",
        sex: "F",
        phone: "03-1200-0001",
        ..Sent::default()
    };
    let b = Sent {
        facility: "1310000002",
        name_kanji: "見本 広子",
        name_kana: "ﾐﾎﾝ ﾋﾛｺ",
        birth: "3550401",
        sex: "2",
        address: "東京都見本区1-2-3",
        ..Sent::default()
    };
    let view = SideBySide::of(&Model::default(), &a, &b);
    let mark = |ja: &str| view.fields.iter().find(|f| f.what.ja == ja).map(|f| f.mark);
    assert_eq!(mark("施設"), Some(Mark::Differs));
    assert_eq!(mark("氏名"), Some(Mark::Variant));
    assert_eq!(mark("カナ氏名"), Some(Mark::Equal));
    assert_eq!(mark("生年月日"), Some(Mark::Equal));
    assert_eq!(mark("性別"), Some(Mark::Equal));
    assert_eq!(mark("電話番号"), Some(Mark::Missing));
    assert_eq!(mark("住所"), Some(Mark::Missing));
    assert_eq!(mark("介護被保険者番号"), None, "neither says");
    let near = SideBySide::of(&Model::default(), &a, &Sent { name_kana: "ミホン ヒロオ", ..a });
    assert!(near.fields.iter().any(|f| f.mark == Mark::Near && f.what.ja == "カナ氏名"));
    let shown = format!("{view:?}");
    for value in ["見本", "ヒロコ", "19800401", "1200"] {
        assert!(!shown.contains(value), "{value}");
    }
    assert_eq!(view.fields[2].left.expose(), "ミホン ヒロコ");
}
