//! What holds for any text, and for the table of Japanese-like records where it is at hand.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::{birth_slip, kana, name_part, normalise, symbol_and_number, variants};
use musubi_id_resolution::sent::{Birth, Normal, Sent};
use proptest::prelude::*;

static BOOK: LazyLock<NameBook> = LazyLock::new(NameBook::builtin);

fn normal(sent: &Sent<'_>) -> Normal {
    let mut out = Normal::default();
    normalise(sent, &BOOK, &mut out);
    out
}

/// Signs that the rules know, and any others.
fn text() -> impl Strategy<Value = String> {
    const KNOWN: &str = "佐藤山田太郎花子髙﨑邊々児旧姓市区町村郡丁目番地号字大條一二十百千県府アイウオカガサノハパンッャヅヂヴヲヰーヽヾ・\
        ｱｶﾊﾞﾟｰうおがのつ（）「」〓●？?*0123456789０９-－‐ 　MSHRabＡ年月日元昭和\u{3099}\u{e001}\u{e0100}\u{fa19}\u{200b}é\u{301}";
    let known = prop::sample::select(KNOWN.chars().collect::<Vec<_>>());
    prop_oneof![
        3 => prop::collection::vec(known, 0..24).prop_map(|v| v.into_iter().collect()),
        1 => prop::collection::vec(any::<char>(), 0..24).prop_map(|v| v.into_iter().collect::<String>()),
    ]
}

fn birth() -> impl Strategy<Value = Birth> {
    (prop_oneof![Just(0_u16), 1900..1905_u16, 1925..2020_u16], 0..13_u8, 0..32_u8)
        .prop_map(|(year, month, day)| Birth { year, month, day })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_text_in_any_field(fields in prop::collection::vec(text(), 15)) {
        let f = |i: usize| fields[i].as_str();
        let sent = Sent {
            facility: "", local_number: f(0), name_kanji: f(1), name_kana: f(2), birth: f(3), sex: f(4), postal_code: f(5),
            address: f(6), phone: f(7), insurer: f(8), symbol: f(9), number: f(10), branch: f(11), care_insurer: f(12),
            care_number: f(13), inquiry_key: f(14),
        };
        let n = normal(&sent);
        prop_assert!(n.address.is_char_boundary(n.city_len));
        prop_assert!(n.birth.month <= 12 && n.birth.day <= 31);
        prop_assert!(n.postal_code < 10_000_000 && n.insurer < 100_000_000);
        prop_assert_eq!(n.family.kanji.is_empty(), n.family.written == 0);
        prop_assert_eq!(n.given.kanji.is_empty(), n.given.written == 0);
        prop_assert!(!n.family.kanji.contains(' ') && !n.family.kana.contains(&kana::BLANK));
        prop_assert!(n.foreign || (!n.given.kanji.contains(' ') && !n.given.kana.contains(&kana::BLANK)));
        // every field is read for itself, and used buffers change nothing
        let mut used = n.clone();
        normalise(&Sent { address: "", ..sent }, &BOOK, &mut used);
        prop_assert_eq!(&Normal { address: String::new(), city_len: 0, ..n.clone() }, &used);
        normalise(&sent, &BOOK, &mut used);
        prop_assert_eq!(n, used);
    }

    #[test]
    fn names_are_folded_once(written in text(), reading in text()) {
        let once = name_part(&written, &reading);
        let twice = name_part(&once.kanji, &kana::text(&once.kana));
        prop_assert_eq!(&once.kanji, &twice.kanji);
        // a reading may be taken from the other field
        if once.kanji.is_empty() || !once.kana.is_empty() {
            prop_assert_eq!(&once.kana, &twice.kana);
        }
        prop_assert_eq!(kana::bytes(&kana::text(&once.kana)).unwrap(), once.kana);
    }

    #[test]
    fn numbers_are_folded_once(text in text()) {
        let sent = Sent { local_number: &text, number: &text, inquiry_key: &text, ..Sent::default() };
        let once = normal(&sent);
        let twice = normal(&Sent { local_number: &once.local, number: &once.insured, inquiry_key: &once.inquiry, ..Sent::default() });
        prop_assert_eq!((&once.local, &once.insured, &once.inquiry), (&twice.local, &twice.insured, &twice.inquiry));
    }

    #[test]
    fn addresses_are_folded_once(text in "(越谷市|横浜市青葉区|嬬恋村)(大字)?(東大沢|鶴が丘|三ツ沢|日の出)[1-9]{1,3}(番地|丁目|-)[1-9]{0,2}") {
        let once = normal(&Sent { address: &text, ..Sent::default() }).address;
        let twice = normal(&Sent { address: &once, ..Sent::default() }).address;
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn cards_have_one_writing_with_the_keys_of_tokens(symbol in "[0-9A-Za-z０-９・ -]{0,8}", number in "[0-9０-９・ -]{0,8}") {
        let card = normal(&Sent { symbol: &symbol, number: &number, ..Sent::default() }).insured;
        prop_assert_eq!(card, symbol_and_number(&symbol, &number).unwrap_or_default());
    }

    #[test]
    fn a_slip_has_no_direction(a in birth(), b in birth()) {
        prop_assert_eq!(birth_slip(a, b), birth_slip(b, a));
    }

    #[test]
    fn a_date_is_read_back_in_every_writing(year in 1869_u16..2100, month in 1_u8..=12, day in 1_u8..=31) {
        let expect = Birth { year, month, day };
        let eras = [1867, 1911, 1925, 1988, 2018];
        let mut texts = vec![
            format!("{year:04}{month:02}{day:02}"),
            format!("{year:04}-{month:02}-{day:02}"),
            format!("{year}/{month}/{day}"),
            format!("{year}年{month}月{day}日"),
        ];
        for (i, base) in eras.into_iter().enumerate().filter(|(_, base)| (1..=99).contains(&(i32::from(year) - base))) {
            let y = i32::from(year) - base;
            texts.push(format!("{}{y:02}{month:02}{day:02}", i + 1));
            texts.push(format!("{}{y}.{month}.{day}", ["M", "T", "S", "H", "R"][i]));
            texts.push(format!("{}{y}年{month}月{day}日", ["明治", "大正", "昭和", "平成", "令和"][i]));
        }
        for text in texts {
            prop_assert_eq!(normal(&Sent { birth: &text, ..Sent::default() }).birth, expect, "{}", text);
        }
    }
}

#[test]
fn the_synthetic_records_are_read() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/mpi/ja_synthetic_50k/records.csv");
    let Ok(table) = std::fs::read_to_string(path) else {
        println!("skipped: no samples at hand");
        return;
    };
    let [mut births, mut sound, mut insurers, mut checked, mut parted, mut kept, mut whole, mut split] =
        [0_u32; 8];
    let mut out = Normal::default();
    for line in table.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let sent = Sent {
            name_kanji: f[5],
            name_kana: f[6],
            birth: f[7],
            sex: f[8],
            postal_code: f[9],
            address: f[10],
            phone: f[11],
            insurer: f[12],
            symbol: f[13],
            number: f[14],
            branch: f[15],
            care_insurer: f[16],
            care_number: f[17],
            ..Sent::default()
        };
        normalise(&sent, &BOOK, &mut out);
        births += 1;
        sound += u32::from(out.birth.year > 0 && out.birth.month > 0 && out.birth.day > 0);
        insurers += u32::from(!sent.insurer.is_empty());
        checked += u32::from(out.insurer_sound);
        assert_eq!(out.postal_code > 0, !sent.postal_code.is_empty(), "{}", f[0]);
        assert_eq!(out.city_len > 0, !sent.address.is_empty(), "{}", f[0]);
        assert_eq!(!out.care.is_empty(), !sent.care_number.is_empty(), "{}", f[0]);
        for (name, is_parted, is_split) in [
            (sent.name_kanji, out.parted_kanji, out.split_kanji),
            (sent.name_kana, out.parted_kana, out.split_kana),
        ] {
            if name.contains([' ', '\u{3000}']) {
                parted += 1;
                kept += u32::from(is_parted && is_split);
            } else if !name.is_empty() {
                whole += 1;
                split += u32::from(is_split);
            }
        }
    }
    assert!(births >= 50_000);
    assert!(sound * 1000 >= births * 999, "births: {sound} of {births}");
    assert!(checked * 1000 >= insurers * 995, "check digits: {checked} of {insurers}");
    assert!(kept * 10_000 >= parted * 9_990, "names with a blank: {kept} of {parted}");
    assert!(split * 10 >= whole * 7, "names without a blank, by the built-in book: {split} of {whole}");
}

#[test]
fn no_pair_of_other_words_is_folded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/samples/masters-cjkvi-variants/non-cognates.txt");
    let Ok(pairs) = std::fs::read_to_string(path) else {
        println!("skipped: no samples at hand");
        return;
    };
    // by law one kanji, or exchanged by registers
    let stated: BTreeSet<(&str, &str)> = include_str!("../../model/data/variants.tsv")
        .lines()
        .filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
        .filter(|[form, _, basis]: &[&str; 3]| matches!(*basis, "joyo" | "jinmei") || *form == "舩")
        .map(|[form, common, _]| (form, common))
        .collect();
    let mut seen = 0;
    for line in pairs.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let [a, "cjkvi/non-cognate", b] = fields[..] else { continue };
        let fold = |text: &str| text.chars().map(variants::common).collect::<String>();
        seen += 1;
        // one line lists a sign with itself
        assert!(
            a == b || fold(a) != fold(b) || stated.contains(&(a, b)) || stated.contains(&(b, a)),
            "{a} {b}"
        );
    }
    assert!(seen > 800);
}
