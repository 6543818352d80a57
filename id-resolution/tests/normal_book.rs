//! The book of names: what it learns, how it parts names, and its one writing.

use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::{kana, name_part, normalise};
use musubi_id_resolution::sent::{Normal, Sent};
use proptest::prelude::*;

fn normal(name_kanji: &str, name_kana: &str) -> Normal {
    let mut out = Normal::default();
    normalise(&Sent { name_kanji, name_kana, ..Sent::default() }, &NameBook::empty(), &mut out);
    out
}

fn learned<'a>(people: impl IntoIterator<Item = (&'a str, &'a str)>) -> NameBook {
    let mut book = NameBook::empty();
    for (kanji, kana) in people {
        book.learn(&normal(kanji, kana));
    }
    book
}

fn k(text: &str) -> Vec<u8> {
    name_part("", text).kana
}

const PEOPLE: [(&str, &str); 6] = [
    ("山崎　一郎", "ヤマザキ　イチロウ"),
    ("山﨑　花子", "ヤマサキ　ハナコ"),
    ("山崎　花子", "ヤマザキ　ハナコ"),
    ("山　崎子", "ヤマ　サキコ"),
    ("", "ヤマザキ イチロー"),
    ("山崎　一郎", ""),
];

#[test]
fn it_counts_parts_and_readings() {
    let book = learned(PEOPLE);
    assert_eq!(book.family_kanji_count("山崎"), 4, "variants are one name");
    assert_eq!(book.family_kana_count(&k("ヤマザキ")), 3);
    assert_eq!(book.given_kanji_count("花子"), 2);
    assert_eq!(book.given_kana_count(&k("イチロウ")), 2);
    assert_eq!(book.family_kanji_total(), 5);
    assert_eq!(book.family_kana_total(), 5);
    assert_eq!(book.given_kanji_total(), 5);
    assert_eq!(book.given_kana_total(), 5);
    let readings: Vec<_> = book.readings_family("山崎").map(|(r, n)| (kana::text(r), n)).collect();
    assert_eq!(readings, [("ヤマサキ".into(), 1), ("ヤマザキ".into(), 2)]);
    assert_eq!(book.family_reading_count("山崎", &k("ヤマザキ")), 2);
    assert_eq!(book.given_reading_count("花子", &k("ハナコ")), 2);
    assert_eq!(book.readings_given("一郎").count(), 1);
    assert_eq!(book.readings_given("不明").count(), 0);
}

#[test]
fn only_names_that_the_source_parts_teach() {
    let nobody = learned([
        ("山崎一郎", "ヤマザキイチロウ"),
        ("テスト　患者", "テスト　カンジャ"),
        ("〓崎　〓", "？　？"),
        ("", ""),
    ]);
    assert_eq!(nobody, NameBook::empty());
    // foreign names teach how frequent they are: one that was never counted would pass for a rare one
    let foreign = learned([("SMITH JOHN", "スミス　ジョン"), ("SMITH JOHN", "")]);
    assert_eq!(foreign.family_kanji_count("SMITH"), 2);
    // what the book itself parted must not confirm it
    let builtin = NameBook::builtin();
    let mut out = Normal::default();
    normalise(&Sent { name_kanji: "佐藤花子", ..Sent::default() }, &builtin, &mut out);
    assert!(out.split_kanji);
    let mut book = builtin.clone();
    book.learn(&out);
    assert_eq!(book, builtin);
    // a newborn teaches the family name
    let book = learned([("山崎　ベビー", "ヤマザキ　ベビー")]);
    assert_eq!((book.family_kanji_total(), book.given_kanji_total()), (1, 0));
}

#[test]
fn it_parts_what_it_knows_and_leaves_what_it_does_not() {
    let book = NameBook::builtin();
    let kanji = [
        ("佐藤花子", Some("佐藤")),
        ("林健一", Some("林")),
        ("森進", Some("森")),
        ("長谷川清", Some("長谷川")),
        ("五十嵐健太郎", Some("五十嵐")),
        ("原田健太", Some("原田")),
        ("原健太", Some("原")),
        // only the family name is known, or nothing but the usual lengths
        ("佐藤朱鷺子", Some("佐藤")),
        ("甲斐駒子", Some("甲斐")),
        ("甲乙丙", None),
        ("佐藤", None),
        ("山田", None),
        ("清", None),
        ("", None),
    ];
    for (name, family) in kanji {
        let cut = book.split_kanji(name).and_then(|at| name.get(..at));
        assert_eq!(cut, family, "{name}");
    }
    let kana = [
        ("サトウハナコ", Some("サトウ")),
        ("ハヤシケンイチ", Some("ハヤシ")),
        ("ハセガワキヨシ", Some("ハセガワ")),
        // ウ begins the given name: it is no long vowel
        ("サノウメ", Some("サノ")),
        ("サトウ", None),
        ("ペペロンチノ", None),
    ];
    for (name, family) in kana {
        let bytes = kana::bytes(name).unwrap();
        let cut = book.split_kana(&bytes).map(|at| kana::text(&bytes[..at]));
        assert_eq!(cut.as_deref(), family, "{name}");
        assert_eq!(book.split_kana(&k(name)), book.split_kana(&bytes), "{name}: folded long vowels or not");
    }
    let learned = learned([("佐野　ウメ", "サノ　ウメ")]);
    assert_eq!(learned.split_kana(&kana::bytes("サノウメ").unwrap()), Some(2));
    let name = "あ".repeat(100_000);
    assert_eq!(book.split_kanji(&name), None, "long names cost nothing");
    assert_eq!(book.split_kana(&vec![2; 100_000]), None);
}

#[test]
fn readings_part_the_other_script() {
    let book = learned([("東海林　太郎", "ショウジ　タロウ"), ("東　海", "アズマ　ウミ")]);
    let cut = |name: &str, family, given| book.split_kana_as(&k(name), family, given);
    assert_eq!(cut("ショウジタロウ", "東海林", "太郎"), Some(4));
    assert_eq!(cut("ショウジジロウ", "東海林", "二郎"), Some(4), "by the family name alone");
    assert_eq!(cut("トウカイタロウ", "東海", "太郎"), Some(4), "by the given name alone");
    assert_eq!(cut("ミホンハナコ", "見本", "花子"), None);
    assert_eq!(book.split_kanji_as("東海林太郎", &k("ショウジ"), &k("タロウ")), Some("東海林".len()));
    assert_eq!(book.split_kanji_as("見本花子", &k("ミホン"), &k("ハナコ")), None);
}

#[test]
fn pruning_drops_the_rare() {
    let mut book = learned(PEOPLE);
    book.prune(2);
    assert_eq!(book.family_kanji_count("山"), 0);
    assert_eq!(book.family_kana_count(&k("ヤマサキ")), 0);
    assert_eq!(book.readings_family("山崎").count(), 1);
    assert_eq!((book.family_kanji_total(), book.family_kana_total()), (4, 3), "totals follow");
}

#[test]
fn one_writing() {
    let book = learned(PEOPLE);
    let text = serde_json::to_string(&book).unwrap();
    assert!(text.contains(r#""山崎":[4,{"ヤマサキ":1,"ヤマザキ":2}]"#), "{text}");
    let back: NameBook = serde_json::from_str(&text).unwrap();
    assert_eq!(back, book);
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    let builtin = NameBook::builtin();
    let back: NameBook = serde_json::from_str(&serde_json::to_string(&builtin).unwrap()).unwrap();
    assert_eq!(back, builtin, "with its words");
    for (from, to) in [("ヤマザキ", "ヤマザキ　"), ("ヤマザキ", "ヤマザ喜"), ("\"family\"", "\"famile\"")]
    {
        assert!(serde_json::from_str::<NameBook>(&text.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn it_shows_no_names() {
    let shown = format!("{:?}", learned(PEOPLE));
    assert!(shown.contains("family_kanji: 2"), "{shown}");
    assert!(!shown.contains('山') && !shown.contains('ヤ'), "{shown}");
}

#[test]
fn the_built_in_book_reads_the_common_names() {
    let book = NameBook::builtin();
    assert!(book.family_kanji_total() > 5000 && book.given_kanji_total() > 1000);
    for (kanji, kana) in
        [("佐藤", "サトウ"), ("渡邊", "ワタナベ"), ("髙橋", "タカハシ"), ("佐々木", "ササキ")]
    {
        let part = name_part(kanji, kana);
        assert!(book.family_reading_count(&part.kanji, &part.kana) > 0, "{kanji}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_any_parts_give_one_book(order in Just((0..PEOPLE.len()).collect::<Vec<_>>()).prop_shuffle(), cut in 0..PEOPLE.len()) {
        let whole = learned(PEOPLE);
        let pick = |ids: &[usize]| learned(ids.iter().map(|i| PEOPLE[*i]));
        let (a, b) = order.split_at(cut);
        let mut merged = pick(b);
        merged.merge(&pick(a));
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(serde_json::to_string(&merged).unwrap(), serde_json::to_string(&whole).unwrap());
    }

    #[test]
    fn cuts_lie_between_signs(name in "\\PC{0,12}") {
        let book = NameBook::builtin();
        if let Some(at) = book.split_kanji(&name) {
            prop_assert!(at > 0 && at < name.len() && name.is_char_boundary(at));
        }
        if let Some(at) = book.split_kana(name.as_bytes()) {
            prop_assert!(at > 0 && at < name.len());
        }
    }
}
