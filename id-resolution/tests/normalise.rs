//! Golden tables: what sources write, and the key it becomes. `-` stands for no key.

use musubi_id_resolution::normalise::{
    branch, insured, insurer_number, kana, local_number, symbol_and_number,
};

fn check(normalise: impl Fn(&str) -> Option<String>, table: &[(&str, &str)]) {
    for (input, expect) in table {
        assert_eq!(normalise(input).as_deref().unwrap_or("-"), *expect, "{input:?}");
    }
}

#[test]
fn local_numbers() {
    check(
        local_number,
        &[
            ("0000123", "123"),
            ("123", "123"),
            (" １２３\u{3000}", "123"),
            ("A-0012", "A-0012"),
            ("00A12", "A12"),
            ("12\u{0}3", "123"),
            ("0000", "-"),
            ("  ", "-"),
            ("", "-"),
        ],
    );
}

#[test]
fn insurers() {
    check(
        insurer_number,
        &[
            ("01130012", "01130012"),
            ("１１３００１２", "01130012"),
            ("  138057", "00138057"),
            ("138057", "00138057"),
            ("00138057", "00138057"),
            ("001130012", "01130012"),
            ("113001212", "-"),
            ("13-8057", "-"),
            ("00000000", "-"),
            ("", "-"),
        ],
    );
}

#[test]
fn symbols_and_numbers() {
    let cases = [
        ("1234", "567", "1234567"),
        ("", "1234-567", "1234567"),
        ("１２３４", "０００５６７", "1234567"),
        ("12・34", "567", "1234567"),
        ("1234", "ー567", "1234567"),
        ("千 葉", "0012", "千葉12"),
        ("ab", "1", "AB1"),
        ("1234", "000", "-"),
        ("1234", "", "-"),
    ];
    for (symbol, number, expect) in cases {
        assert_eq!(
            symbol_and_number(symbol, number).as_deref().unwrap_or("-"),
            expect,
            "{symbol:?} {number:?}"
        );
    }
}

#[test]
fn branches() {
    check(
        branch,
        &[("1", "01"), ("01", "01"), ("００", "00"), (" 2 ", "02"), ("", "-"), ("001", "-"), ("A", "-")],
    );
}

#[test]
fn an_insured_key_is_personal_or_none() {
    let key = |branch| insured("01130012", "12", "34", branch);
    assert_eq!(key("1"), key("01"));
    assert_ne!(key("01"), key("02"));
    assert_eq!(key(""), None, "without a branch the number is a household's");
    assert_eq!(insured("", "12", "34", "01"), None);
    assert!(insured("39131008", "", "01234567", "").is_some(), "late-elderly numbers are personal");
    assert_eq!(insured("39131008", "", "01234567", ""), insured("39131008", "", "01234567", "00"));
}

#[test]
fn kana_names() {
    check(
        kana,
        &[
            ("テスト イチロウ", "テストイチロオ"),
            ("ﾃｽﾄ ｲﾁﾛｳ", "テストイチロオ"),
            ("てすと　いちろう", "テストイチロオ"),
            ("テスト イチロー", "テストイチロオ"),
            ("テストイチロ－", "テストイチロオ"),
            ("ミホン ジュンコ", "ミホンジユンコ"),
            ("ミホン ジユンコ", "ミホンジユンコ"),
            ("ﾐﾎﾝ ﾕｰｺ", "ミホンユウコ"),
            ("ミホン ユウコ", "ミホンユウコ"),
            ("カ゛クシャ", "ガクシヤ"),
            ("ｶﾞｸｼｬ", "ガクシヤ"),
            ("ミヅキ ヂロ", "ミズキジロ"),
            ("ヱヰヲ ヴヮ", "エイオブワ"),
            ("ミホン・メアリー", "ミホンメアリイ"),
            ("Mihon-Mary", "MIHONMARY"),
            ("mihon mary", "MIHONMARY"),
            ("ミホン ベビー", "-"),
            ("ミホン タロウ？", "-"),
            ("ミホン 〓ロウ", "-"),
            ("ア", "-"),
            ("・ー　", "-"),
            ("", "-"),
        ],
    );
}
