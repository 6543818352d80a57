//! Golden tables of the normaliser, field by field (mpi.md §4.1): what sources write, and what becomes of it.

use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::{self, BirthSlip, birth, birth_slip, normalise};
use musubi_id_resolution::sent::{Birth, Normal, Sent};

fn normal(sent: Sent<'_>) -> Normal {
    let mut out = Normal::default();
    normalise(&sent, &NameBook::empty(), &mut out);
    out
}

fn ymd(birth: Birth) -> String {
    format!("{:04}-{:02}-{:02}", birth.year, birth.month, birth.day)
}

#[test]
fn births_in_all_writings() {
    let table = [
        ("19480804", "1948-08-04"),
        ("1948-08-04", "1948-08-04"),
        ("1948/8/4", "1948-08-04"),
        ("1948.08.04", "1948-08-04"),
        ("１９４８０８０４", "1948-08-04"),
        ("1948年8月4日", "1948-08-04"),
        (" 1948-08-04 ", "1948-08-04"),
        ("3230804", "1948-08-04"),
        ("３２３０８０４", "1948-08-04"),
        ("1450729", "1912-07-29"),
        ("2010730", "1912-07-30"),
        ("4010108", "1989-01-08"),
        ("4310430", "2019-04-30"),
        ("5010501", "2019-05-01"),
        ("3-23-08-04", "1948-08-04"),
        ("S23.8.4", "1948-08-04"),
        ("s230804", "1948-08-04"),
        ("昭和２３年８月４日", "1948-08-04"),
        ("昭23.8.4", "1948-08-04"),
        ("平成元年1月8日", "1989-01-08"),
        ("R6.12.31", "2024-12-31"),
        // eras that went on too long in a system are still days
        ("3990101", "2024-01-01"),
        // a time of day follows
        ("20190501123000", "2019-05-01"),
        ("2019-05-01 12:30:00", "2019-05-01"),
        ("20190501T1230", "2019-05-01"),
        // what cannot be is not known
        ("19481304", "1948-00-04"),
        ("19480800", "1948-08-00"),
        ("19480000", "1948-00-00"),
        ("1948-08", "1948-08-00"),
        ("3000804", "0000-08-04"),
        ("99990804", "0000-08-04"),
        ("00000000", "0000-00-00"),
        ("6230804", "0000-00-00"),
        ("480804", "0000-00-00"),
        ("不明", "0000-00-00"),
        ("", "0000-00-00"),
    ];
    for (text, expect) in table {
        assert_eq!(ymd(birth::read(text)), expect, "{text:?}");
    }
}

#[test]
fn slips_between_births() {
    let table = [
        ("19480804", "19480804", BirthSlip::Equal),
        ("19480804", "1948-08", BirthSlip::Open),
        ("19480804", "19481304", BirthSlip::Open),
        ("19480804", "19490800", BirthSlip::Different),
        ("19480804", "", BirthSlip::Unknown),
        ("19480800", "00000804", BirthSlip::Unknown),
        ("19480804", "19480408", BirthSlip::Swapped),
        ("19480804", "19480101", BirthSlip::Default),
        ("19480804", "19480801", BirthSlip::Default),
        ("19480804", "19480805", BirthSlip::Digit),
        ("19480804", "19580804", BirthSlip::Digit),
        ("19880804", "19250804", BirthSlip::Era),
        ("19110804", "19250804", BirthSlip::Era),
        ("19480804", "19230804", BirthSlip::Era),
        ("19891104", "20191104", BirthSlip::Era),
        ("19480812", "19480823", BirthSlip::YearMonth),
        ("19480804", "19650804", BirthSlip::MonthDay),
        ("19480804", "19651123", BirthSlip::Different),
    ];
    for (a, b, expect) in table {
        let (a, b) = (birth::read(a), birth::read(b));
        assert_eq!(birth_slip(a, b), expect, "{} {}", ymd(a), ymd(b));
        assert_eq!(birth_slip(b, a), expect, "{} {}: order", ymd(b), ymd(a));
    }
}

#[test]
fn sexes() {
    let table = [
        ("M", 1),
        ("F", 2),
        ("O", 9),
        ("U", 0),
        ("1", 1),
        ("２", 2),
        ("9", 9),
        ("0", 0),
        ("男", 1),
        (" 女性", 2),
        ("male", 1),
        ("", 0),
        ("?", 0),
    ];
    for (text, expect) in table {
        assert_eq!(normal(Sent { sex: text, ..Sent::default() }).sex, expect, "{text:?}");
    }
}

#[test]
fn insurers_and_their_check_digits() {
    let table = [
        ("01130012", (1_130_012, true)),
        ("1130012", (1_130_012, true)),
        ("０１１３００１２", (1_130_012, true)),
        ("  138057", (138_057, true)),
        ("00138057", (138_057, true)),
        ("39131008", (39_131_008, true)),
        // one digit slipped
        ("01130013", (1_130_013, false)),
        ("01130112", (1_130_112, false)),
        ("138058", (138_058, false)),
        ("113001212", (0, false)),
        ("13-8057", (0, false)),
        ("00000000", (0, false)),
        ("", (0, false)),
    ];
    for (text, expect) in table {
        let n = normal(Sent { insurer: text, ..Sent::default() });
        assert_eq!((n.insurer, n.insurer_sound), expect, "{text:?}");
    }
    // every single slip of a digit is seen
    for place in [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] {
        let digit = 1_130_012 / place % 10;
        for other in (0..10).filter(|d| *d != digit) {
            assert!(
                !normalise::check_digit_holds(1_130_012 - digit * place + other * place),
                "{place} {other}"
            );
        }
    }
}

#[test]
fn cards_as_one_text() {
    let table = [
        ("1234", "567", "1234567"),
        ("", "1234-567", "1234567"),
        ("", "1234・567", "1234567"),
        ("１２３４", "０００５６７", "1234567"),
        ("ab", "1", "AB1"),
        ("越国", "８３３５８２８", "越国8335828"),
        ("", "越国-8335828", "越国8335828"),
        ("1234", "000", ""),
        ("1234", "", ""),
    ];
    for (symbol, number, expect) in table {
        assert_eq!(
            normal(Sent { symbol, number, ..Sent::default() }).insured,
            expect,
            "{symbol:?} {number:?}"
        );
        assert_eq!(
            normalise::symbol_and_number(symbol, number).unwrap_or_default(),
            expect,
            "one writing with the keys of tokens"
        );
    }
}

#[test]
fn branches() {
    for (text, expect) in [("1", 1), ("01", 1), ("００", 0), (" 2 ", 2), ("", 255), ("001", 255), ("A", 255)]
    {
        assert_eq!(normal(Sent { branch: text, ..Sent::default() }).branch, expect, "{text:?}");
    }
}

#[test]
fn long_term_care() {
    let table = [
        ("111005", "0000123456", "1110050000123456"),
        ("１１１００５", "００００１２３４５６", "1110050000123456"),
        ("111005", "123456", ""),
        ("", "0000123456", ""),
        ("000000", "0000123456", ""),
        ("111005", "0000000000", ""),
    ];
    for (care_insurer, care_number, expect) in table {
        let n = normal(Sent { care_insurer, care_number, ..Sent::default() });
        assert_eq!(n.care, expect, "{care_insurer:?} {care_number:?}");
    }
}

#[test]
fn chart_numbers_and_inquiry_keys() {
    let table = [
        ("0000123", "123"),
        (" １２３\u{3000}", "123"),
        ("A-0012", "A-0012"),
        ("00A12", "A12"),
        ("0000", ""),
    ];
    for (text, expect) in table {
        assert_eq!(normal(Sent { local_number: text, ..Sent::default() }).local, expect, "{text:?}");
    }
    assert_eq!(normal(Sent { inquiry_key: " ＡＢ 01 ", ..Sent::default() }).inquiry, "AB01");
}

#[test]
fn postal_codes() {
    let table = [
        ("343-0267", 3_430_267),
        ("3430267", 3_430_267),
        ("〒３４３－０２６７", 3_430_267),
        ("0600001", 600_001),
        ("600001", 600_001),
        ("343", 0),
        ("0000000", 0),
        ("9999999", 0),
        ("34302671", 0),
        ("", 0),
    ];
    for (text, expect) in table {
        assert_eq!(normal(Sent { postal_code: text, ..Sent::default() }).postal_code, expect, "{text:?}");
    }
}

#[test]
fn telephones() {
    let table = [
        ("090-1234-5678", 9_012_345_678),
        ("09012345678", 9_012_345_678),
        ("０９０（１２３４）５６７８", 9_012_345_678),
        ("+81 90 1234 5678", 9_012_345_678),
        ("+81(0)90-1234-5678", 9_012_345_678),
        ("0081-90-1234-5678", 9_012_345_678),
        ("010-81-90-1234-5678", 9_012_345_678),
        ("TEL 048-900-0000", 489_000_000),
        ("03-1234-5678 内線12", 312_345_678),
        ("03-1234-5678/090-0000-0001", 312_345_678),
        // an area code that begins like a country's
        ("0811234567", 811_234_567),
        ("000-0000-0000", 0),
        ("99999999999", 0),
        ("110", 0),
        ("なし", 0),
        ("", 0),
    ];
    for (text, expect) in table {
        assert_eq!(normal(Sent { phone: text, ..Sent::default() }).phone, expect, "{text:?}");
    }
}

#[test]
fn addresses() {
    // city | town and numbers
    let table = [
        ("埼玉県越谷市東大沢113", "越谷市|東大沢113"),
        ("越谷市東大沢１１３番地　コーポ見本201", "越谷市|東大沢113"),
        ("埼玉県 越谷市 東大沢 113", "越谷市|東大沢113"),
        // 丁目, 番, 号 and hyphens; kanji numerals
        ("千葉県船橋市元町四丁目３６－７ メゾンⅡ510号室", "船橋市|元町4-36-7"),
        ("船橋市元町４丁目36番7号", "船橋市|元町4-36-7"),
        ("船橋市元町4-36-7-510", "船橋市|元町4-36-7"),
        ("船橋市元町4丁目 36-7", "船橋市|元町4-36-7"),
        ("船橋市元町四丁目三十六番七号", "船橋市|元町4-36-7"),
        ("船橋市元町4-36-7グリーンハイツ201", "船橋市|元町4-36-7"),
        ("船橋市元町448番地の3", "船橋市|元町448-3"),
        ("船橋市元町448の3", "船橋市|元町448-3"),
        ("船橋市元町９１３番地２５", "船橋市|元町913-25"),
        ("船橋市元町913-201号室", "船橋市|元町913"),
        ("船橋市元町十二丁目", "船橋市|元町12"),
        ("船橋市元町", "船橋市|元町"),
        // ヶ ケ が, ノ の 之, ツ つ, 大字 字
        ("龍ヶ崎市鶴が丘2-3", "竜ケ崎市|鶴ケ丘2-3"),
        ("龍ケ崎市鶴ヶ丘2-3", "竜ケ崎市|鶴ケ丘2-3"),
        ("鎌ヶ谷市日の出1-1", "鎌ケ谷市|日ノ出1-1"),
        ("鎌ケ谷市日之出1-1", "鎌ケ谷市|日ノ出1-1"),
        ("さいたま市西区三つ沢1", "サイタマ市西区|三ツ沢1"),
        ("さいたま市西区三ツ沢1", "サイタマ市西区|三ツ沢1"),
        ("群馬県吾妻郡嬬恋村大字鎌原710", "嬬恋村|鎌原710"),
        ("嬬恋村鎌原７１０番地", "嬬恋村|鎌原710"),
        ("小山市大字石塚字前田5", "小山市|石塚前田5"),
        ("足利市十文字町5", "足利市|十文字町5"),
        // cities and wards
        ("横浜市青葉区美しが丘5-1-2", "横浜市青葉区|美シケ丘5-1-2"),
        ("東京都千代田区丸の内1-1-1", "千代田区|丸ノ内1-1-1"),
        ("市川市市川1-1-1", "市川市|市川1-1-1"),
        ("四日市市三番町3-1", "四日市市|3町3-1"),
        ("野々市市本町3", "野々市市|本町3"),
        ("大和郡山市北郡山町1", "大和郡山市|北郡山町1"),
        ("蒲郡市旭町1-1", "蒲郡市|旭町1-1"),
        ("郡山市朝日1", "郡山市|朝日1"),
        ("余市郡余市町黒川町1", "余市町|黒川町1"),
        ("佐波郡玉村町下新田201", "玉村町|下新田201"),
        ("西八代郡市川三郷町市川大門1790-3", "市川三郷町|市川大門1790-3"),
        ("東村山市本町1-2", "東村山市|本町1-2"),
        ("町田市森野2-2", "町田市|森野2-2"),
        ("京都市中京区本能寺前町488", "京都市中京区|本能寺前町488"),
        ("札幌市中央区北3条西5丁目1-2", "札幌市中央区|北3条西5-1-2"),
        ("北海道札幌市中央区北三条西五丁目１番地の２", "札幌市中央区|北3条西5-1-2"),
        ("本町1-2", "|本町1-2"),
        ("", "|"),
    ];
    for (text, expect) in table {
        let n = normal(Sent { address: text, ..Sent::default() });
        let (city, town) = n.address.split_at(n.city_len);
        assert_eq!(format!("{city}|{town}"), expect, "{text:?}");
    }
}

#[test]
fn buffers_hold_nothing_of_the_record_before() {
    let names = NameBook::builtin();
    let full = Sent {
        facility: "1310000001",
        local_number: "12",
        name_kanji: "見本　太郎",
        name_kana: "ミホン タロウ",
        birth: "19480804",
        sex: "1",
        postal_code: "3430267",
        address: "越谷市東大沢113",
        phone: "09012345678",
        insurer: "01130012",
        symbol: "1",
        number: "2",
        branch: "01",
        care_insurer: "111005",
        care_number: "0000123456",
        inquiry_key: "K1",
    };
    let mut used = Normal::default();
    normalise(&full, &names, &mut used);
    assert!(used.parted_kanji && used.insurer_sound && !used.inquiry.is_empty());
    normalise(&Sent::default(), &names, &mut used);
    let mut fresh = Normal::default();
    normalise(&Sent::default(), &names, &mut fresh);
    assert_eq!(used, fresh);
}
