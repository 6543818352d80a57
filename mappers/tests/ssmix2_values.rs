//! Values of results as they are written, and what is read from them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

use musubi_mappers::ssmix2::value::{self, Kind};

/// `Number <0.5`, `Qualitative`, `Several`, `Text`, `Empty`.
fn check(text: &str, expect: &str) {
    let reading = value::read(text);
    let number = reading.number.map_or(String::new(), |n| format!(" {}{n}", reading.comparator));
    assert_eq!(format!("{:?}{number}", reading.kind), expect, "{text}");
    assert_eq!(reading.kind == Kind::Number, reading.number.is_some(), "{text}");
}

#[test]
fn numbers() {
    check("7.2", "Number 7.2");
    check("7.20", "Number 7.20");
    check("-1", "Number -1");
    check(".5", "Number 0.5");
    check("７．２", "Number 7.2");
    check(" 12 ", "Number 12");
    check("(3.5)", "Number 3.5");
    check("50×10^2", "Number 5000");
    check("1.2E+3", "Number 1200");
    check("1.2E-2", "Number 0.012");
    check("12mg/dL", "Number 12");
    check("7.2 %", "Number 7.2");
    check("3+(300)", "Number 300");
    check("37.2℃", "Number 37.2");
}

#[test]
fn comparators() {
    check("<0.5", "Number <0.5");
    check(":<0.5", "Number <0.5");
    check("＜０．５", "Number <0.5");
    check("< 0.5", "Number <0.5");
    check("<=5", "Number <=5");
    check("≦5", "Number <=5");
    check(">=5", "Number >=5");
    check("=>5", "Number >=5");
    check("≧5", "Number >=5");
    check(">1000", "Number >1000");
    check("5以上", "Number >=5");
    check("5 以下", "Number <=5");
    check("0.1未満", "Number <0.1");
    check("0.1ミマン", "Number <0.1");
    check("10超過", "Number >10");
    // A sign behind the number points at it the other way round.
    check("1000<", "Number >1000");
    check("1000>", "Number <1000");
    check("5～", "Number >=5");
    check("<0.5mg/L", "Number <0.5");
}

#[test]
fn qualitative_and_several() {
    for text in [
        "1+",
        "２＋",
        "＋２",
        "(2+)",
        "（１＋）",
        "++",
        "±",
        "-",
        "(-)",
        "（－）",
        "+-",
        "+/-",
        "陰性",
        "陽性",
        "検出せず",
        "インセイ",
        "陰性(-)",
        "(+)陽性",
        "A",
        "AB",
        "Rh+",
        "NEGATIVE",
        "negative",
        "溶血",
    ] {
        check(text, "Qualitative");
    }
    for text in ["8.42:4", "1-4", "5～9", "120/80", "1個～/100", "10-", "2.0-3.0"] {
        check(text, "Several");
    }
    for text in ["", " ", "()", "　"] {
        check(text, "Empty");
    }
}

#[test]
fn text_that_may_name_somebody_is_never_a_result() {
    for text in [
        "（1+杆菌様）",
        "(クラス値)",
        "見本太郎",
        "ミホン タロウ",
        "MIHON",
        "見本 様に連絡済み",
        "03-0000-0000",
        "123456789012",
        "〒100-0001",
        "陰性 見本先生確認",
        "12見本",
        "1.2.3",
        "3E99",
        "--",
    ] {
        let kind = value::read(text).kind;
        assert!(
            matches!(kind, Kind::Text | Kind::Qualitative if text == "--" || kind == Kind::Text),
            "{text}: {kind:?}"
        );
    }
}

#[test]
fn the_unit_inside_a_value() {
    assert_eq!(value::unit_inside("12.5mg/dL"), Some("mg/dL"));
    assert_eq!(value::unit_inside("7.2 %"), Some("%"));
    assert_eq!(value::unit_inside("7.2"), None);
    assert_eq!(value::unit_inside("陰性"), None);
    assert_eq!(value::unit_inside("12見本"), None);
}

proptest::proptest! {
    /// A number written out reads as itself, and no text is ever too strange.
    #[test]
    fn written_numbers_read_back(units in -1_000_000i64..1_000_000, scale in 0u32..6) {
        let number = rust_decimal::Decimal::new(units, scale);
        proptest::prop_assert_eq!(value::read(&number.to_string()).number, Some(number));
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,24}") {
        let reading = value::read(&text);
        proptest::prop_assert_eq!(reading.kind == Kind::Number, reading.number.is_some());
    }

    /// Names in kanji, kana or capitals never pass as a result.
    #[test]
    fn names_are_text(family in "[亜-熙]{2,4}", given in "[ぁ-んァ-ヴ]{3,5}", sign in "[ 　・]?") {
        proptest::prop_assert_eq!(value::read(&format!("{family}{sign}{given}")).kind, Kind::Text);
    }
}
