//! The pitfalls of Japanese data by name (mpi.md §4.3): who is one person and who is not.
#![allow(clippy::indexing_slicing)] // test data, not input

mod common;

use common::cases::{KANAGAWA, OSAKA, TOKYO, TOKYO_2, expect, expect_under, hanako};
use common::people::Card;
use musubi_id_resolution::mpi::Model;

/// 双子: everything alike but the given name and the branch, and the branch is often not written.
#[test]
fn twins() {
    let twin = |person, kanji: &str, kana: &str, branch: &str| Card {
        person,
        kanji: format!("佐藤 {kanji}"),
        kana: format!("サトウ {kana}"),
        branch: branch.into(),
        birth: "20100505".into(),
        ..hanako()
    };
    for (branch_a, branch_b) in [("03", "04"), ("", "")] {
        let (a, b) = (twin(1, "美咲", "ミサキ", branch_a), twin(2, "美奈", "ミナ", branch_b));
        let later = |c: &Card| Card { day: c.day + 400, facility: KANAGAWA.into(), ..c.clone() };
        expect(&[a.clone(), b.clone(), later(&a), later(&b)]);
    }
    // one kana apart: each keeps to its own at more than one source
    let (a, b) = (twin(1, "美香", "ミカ", "03"), twin(2, "美和", "ミワ", "04"));
    let later = |c: &Card| Card { day: c.day + 400, facility: KANAGAWA.into(), ..c.clone() };
    expect(&[later(&a), later(&b), a, b]);
}

/// 同姓同名同生年月日: two lives that go on side by side, each with its own card and its own doctors.
#[test]
fn namesakes() {
    let life = |person, facility: &str, insurer: &str, number: &str, address: &str, phone: &str, day| Card {
        person,
        facility: facility.into(),
        insurer: insurer.into(),
        number: number.into(),
        address: address.into(),
        postal: String::new(),
        phone: phone.into(),
        local: format!("{person}01"),
        day,
        ..hanako()
    };
    let mut cards = Vec::new();
    for turn in 0..4 {
        let day = 16_000 + turn * 300;
        let desk = if turn % 2 == 0 { TOKYO } else { TOKYO_2 };
        let (address, phone) = ("東京都千代田区見本町1-2-3", "0312345678");
        cards.push(life(1, desk, "06130017", "3456", address, phone, day));
        let (address, phone) = ("大阪府大阪市北区例示町9-9", "0698765432");
        cards.push(life(2, OSAKA, "06270012", "9876", address, phone, day + 100));
    }
    expect(&cards);
    // the more people there are, the less a common name in kana says: one record each, nothing else in common
    let mut model = Model::default();
    model.rules.population = 20_000_000;
    let kana_only = |c: &Card| Card { kanji: String::new(), ..c.clone() };
    expect_under(&model, &[kana_only(&cards[0]), kana_only(&cards[1])]);
    // one sound in other signs (陽子, 洋子)
    let yoko = Card { kanji: "佐藤 洋子".into(), ..cards[1].clone() };
    expect(&[cards[0].clone(), yoko]);
}

/// 母と新生児: the child is written under the mother's card and address, at first without a name.
#[test]
fn mother_and_newborn() {
    let mother = Card { person: 1, local: "100".into(), ..hanako() };
    let newborn = Card {
        person: 2,
        local: "200".into(),
        kanji: "佐藤 陽子 ベビー".into(),
        kana: "サトウ ベビー".into(),
        birth: "20190203".into(),
        branch: String::new(),
        day: 17_930,
        ..hanako()
    };
    let named = Card {
        person: 2,
        local: "200".into(),
        kanji: "佐藤 美咲".into(),
        kana: "サトウ ミサキ".into(),
        birth: "20190203".into(),
        branch: "03".into(),
        day: 18_100,
        ..hanako()
    };
    expect(&[mother, newborn, named]);
}

/// 父と子: one card without branches, one household, names of one sign: any two of them are one sign apart. Also such
/// that sound alike (実 and 稔, ミノル), each with a chart number of his own.
#[test]
fn father_and_son_with_a_shared_card_and_names_of_one_sign() {
    let man = |person, kanji: &str, kana: &str, birth: &str, day| Card {
        person,
        local: format!("{person}01"),
        kanji: format!("林 {kanji}"),
        kana: kana.into(),
        birth: birth.into(),
        sex: "1".into(),
        branch: String::new(),
        day,
        ..hanako()
    };
    for (father, son) in [(("実", ""), ("誠", "")), (("実", "ハヤシ ミノル"), ("稔", "ハヤシ ミノル"))]
    {
        expect(&[
            man(1, father.0, father.1, "19501103", 17_000),
            man(2, son.0, son.1, "19781225", 17_100),
            man(1, father.0, father.1, "19501103", 17_200),
            man(2, son.0, son.1, "19781225", 17_300),
        ]);
    }
}

/// 婿養子・離婚: a surname that is left and comes back, for a woman and for a man; another woman bears the same name in
/// between.
#[test]
fn surname_loops() {
    let stay = |person, family: (&str, &str), given: (&str, &str), sex: &str, birth: &str, day| Card {
        person,
        kanji: format!("{} {}", family.0, given.0),
        kana: format!("{} {}", family.1, given.1),
        sex: sex.into(),
        birth: birth.into(),
        local: format!("{person}77"),
        number: format!("{}", 5_000 + person),
        day,
        ..hanako()
    };
    let (sato, suzuki) = (("佐藤", "サトウ"), ("鈴木", "スズキ"));
    let yoko = ("陽子", "ヨウコ");
    let makoto = ("誠", "マコト");
    expect(&[
        stay(1, sato, yoko, "2", "19800410", 15_000),
        stay(1, suzuki, yoko, "2", "19800410", 16_000),
        stay(1, sato, yoko, "2", "19800410", 17_000),
        stay(2, suzuki, yoko, "2", "19791231", 16_500),
        stay(3, suzuki, makoto, "1", "19770707", 15_500),
        stay(3, sato, makoto, "1", "19770707", 16_100),
        stay(3, suzuki, makoto, "1", "19770707", 17_100),
    ]);
}

/// 75歳: on one day insurer and number become others, for husband and wife.
#[test]
fn the_75th_birthday() {
    let at = |person, given: (&str, &str), sex: &str, birth: &str, late: bool, day| Card {
        person,
        kanji: format!("佐藤 {}", given.0),
        kana: format!("サトウ {}", given.1),
        sex: sex.into(),
        birth: birth.into(),
        insurer: if late { "39131008" } else { "138057" }.into(),
        symbol: String::new(),
        number: if late { format!("0123456{person}") } else { "7654321".into() },
        branch: String::new(),
        day,
        ..hanako()
    };
    let (he, she) = (("正雄", "マサオ"), ("陽子", "ヨウコ"));
    expect(&[
        at(1, he, "1", "19440101", false, 17_800),
        at(1, he, "1", "19440101", true, 17_990),
        at(2, she, "2", "19441120", false, 17_900),
        at(2, she, "2", "19441120", true, 18_300),
        at(1, he, "1", "19440101", true, 18_310),
    ]);
}

/// 任意継続: the insurer stays, symbol and number do not.
#[test]
fn voluntary_continuation() {
    let before = hanako();
    let after = Card { symbol: "9999".into(), number: "120".into(), day: before.day + 30, ..hanako() };
    let next = Card { insurer: "06270012".into(), number: "77".into(), day: before.day + 700, ..hanako() };
    expect(&[before, after, next]);
}

/// 生活保護: no insurer, no symbol, no number.
#[test]
fn public_assistance_without_an_insurer() {
    let card = hanako();
    let without = Card {
        insurer: String::new(),
        symbol: String::new(),
        number: String::new(),
        branch: String::new(),
        facility: TOKYO_2.into(),
        day: 18_400,
        ..hanako()
    };
    let neighbour = Card {
        person: 1,
        kanji: "佐藤 裕子".into(),
        kana: "サトウ ユウコ".into(),
        birth: "19751212".into(),
        ..without.clone()
    };
    expect(&[card, without, neighbour]);
}

/// 公費単独: the payer's number stands where the insurer's would, for all its recipients; the receipt has a name in kana
/// only and no address.
#[test]
fn receipts_of_public_funds_only() {
    let chart = Card { local: "555".into(), ..hanako() };
    let receipt = |person, kana: &str, birth: &str, day| Card {
        person,
        facility: TOKYO.into(),
        local: if person == 0 { "555".into() } else { "556".into() },
        kana: kana.into(),
        birth: birth.into(),
        sex: "2".into(),
        insurer: "12130015".into(),
        day,
        ..Card::default()
    };
    expect(&[
        chart,
        receipt(0, "サトウ ヨウコ", "19800410", 18_030),
        receipt(0, "サトウ ヨウコ", "19800410", 18_060),
        receipt(1, "サトウ ユウコ", "19660210", 18_060),
    ]);
}

/// 住所地特例: the care insurer stays that of the old home, the address is another city's.
#[test]
fn care_insurer_of_the_former_home() {
    let old = |person, address: &str, facility: &str, day| Card {
        person,
        facility: facility.into(),
        address: address.into(),
        postal: String::new(),
        phone: String::new(),
        birth: "19350606".into(),
        insurer: String::new(),
        symbol: String::new(),
        number: String::new(),
        branch: String::new(),
        care_insurer: "131011".into(),
        care_number: format!("000012345{person}"),
        day,
        ..hanako()
    };
    let home = old(1, "東京都千代田区見本町1-2-3", TOKYO, 17_000);
    let moved = old(1, "神奈川県横浜市中区例示町8-8", KANAGAWA, 18_000);
    // a namesake of another birth date in the same house for the old
    let other = Card {
        birth: "19340202".into(), ..old(2, "神奈川県横浜市中区例示町8-8", KANAGAWA, 18_010)
    };
    expect(&[home, moved, other]);
}

/// 患者番号の使い回し: a hospital gives an old chart number to somebody else.
#[test]
fn a_chart_number_that_is_used_again() {
    let first = Card { person: 1, local: "4711".into(), day: 12_000, ..hanako() };
    let second = Card {
        person: 2,
        local: "4711".into(),
        kanji: "鈴木 誠".into(),
        kana: "スズキ マコト".into(),
        sex: "1".into(),
        birth: "19920815".into(),
        address: "東京都千代田区架空町5-5".into(),
        phone: "0355556666".into(),
        number: "8888".into(),
        day: 19_000,
        ..hanako()
    };
    let again = Card { day: 19_100, phone: String::new(), ..second.clone() };
    expect(&[first, second, again]);
}

/// 二重登録: one hospital, one patient, two numbers.
#[test]
fn two_chart_numbers_for_one_patient() {
    let first = Card { local: "1001".into(), ..hanako() };
    let second = Card { local: "2002".into(), day: 18_500, ..hanako() };
    let maiden = Card {
        local: "1001".into(),
        kanji: "鈴木 陽子".into(),
        kana: "スズキ ヨウコ".into(),
        day: 17_000,
        ..hanako()
    };
    expect(&[first, second, maiden]);
}

/// 外国人: born on 1 January as the form has it, names in any order, a family name that half a nation bears.
#[test]
fn foreigners_born_on_the_first_of_january() {
    let guest = |person, latin: &str, kana: &str, number: &str, day| Card {
        person,
        kanji: latin.into(),
        kana: kana.into(),
        birth: "19900101".into(),
        sex: "1".into(),
        number: number.into(),
        branch: "00".into(),
        day,
        ..hanako()
    };
    let home = |c: Card, address: &str, phone: &str| Card {
        address: address.into(),
        phone: phone.into(),
        postal: String::new(),
        ..c
    };
    let (a, b) = ("東京都千代田区見本町1-2-3", "東京都千代田区架空町7-7");
    expect(&[
        home(guest(1, "REI VAN MIHON", "レイ ヴァン ミホン", "100", 18_000), a, "0312345678"),
        home(guest(1, "MIHON REI VAN", "ミホン レイ ヴァン", "100", 18_200), a, "0312345678"),
        home(guest(2, "REI THI KAKU", "レイ ティ カク", "200", 18_100), b, "0377778888"),
        home(guest(3, "REI DUC KARI", "レイ ドゥック カリ", "300", 18_150), b, "0311112222"),
    ]);
}
