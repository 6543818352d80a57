//! Golden tables of names (mpi.md §4.1.1–4.1.4): encodings, variants, kana, and the shape of names.

use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::{kana, name_part, normalise, variants};
use musubi_id_resolution::sent::{Normal, Sent, WILDCARD};

fn read(name_kanji: &str, name_kana: &str) -> Normal {
    let mut out = Normal::default();
    normalise(&Sent { name_kanji, name_kana, ..Sent::default() }, &NameBook::builtin(), &mut out);
    out
}

/// `family|given family|given` of kanji and kana, and what was found out.
fn told(n: &Normal) -> String {
    let flags = [(n.newborn, " newborn"), (n.foreign, " foreign"), (n.test_patient, " test")];
    let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    let (family, given) = (kana::text(&n.family.kana), kana::text(&n.given.kana));
    format!("{}|{} {family}|{given}{flags}", n.family.kanji, n.given.kanji)
}

#[test]
fn kana_in_one_writing() {
    let table = [
        ("テスト", "テスト"),
        ("ﾃｽﾄ", "テスト"),
        ("てすと", "テスト"),
        ("ｶﾞｸｼｬ", "ガクシヤ"),
        ("カ゛クシャ", "ガクシヤ"),
        ("か\u{3099}くしゃ", "ガクシヤ"),
        ("ﾊﾟﾋﾟﾌﾟ", "パピプ"),
        ("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ"),
        ("ヅヂヲヴヰヱ", "ズジオブイエ"),
        ("ｳﾞｧﾝ", "ブアン"),
        ("ミツヾ", "ミツズ"),
        ("いすゞ", "イスズ"),
        ("ユーコ", "ユウコ"),
        ("ﾕｰｺ", "ユウコ"),
        ("イチロー", "イチロオ"),
        ("イチロウ", "イチロオ"),
        ("イチロオ", "イチロオ"),
        ("イチロ－", "イチロオ"),
        ("オオノ", "オオノ"),
        ("オウノ", "オオノ"),
        ("ケイコ", "ケイコ"),
        ("ケーコ", "ケエコ"),
        ("ジュンーコ", "ジユンコ"),
        ("〓ロウ", "\u{fffd}ロオ"),
        ("?ロウ", "\u{fffd}ロオ"),
        ("\u{e001}ロウ", "\u{fffd}ロオ"),
        ("Mary２", "MARY2"),
    ];
    for (text, expect) in table {
        let part = name_part("", text);
        assert_eq!(kana::text(&part.kana), expect, "{text:?}");
        assert_eq!(kana::bytes(expect).as_ref(), Some(&part.kana), "{text:?}: there and back");
    }
    assert_eq!(name_part("", "ア").kana, [2], "code point − U+30A0");
    assert_eq!(name_part("", "〓").kana, [kana::WILDCARD]);
}

#[test]
fn a_second_key_without_voice_marks() {
    for (a, b) in
        [("ワタナベ", "ワタナヘ"), ("ヤマザキ", "ヤマサキ"), ("パピコ", "ハヒコ"), ("カズヨ", "カスヨ")]
    {
        let unvoiced = |text| kana::unvoiced(&name_part("", text).kana).collect::<Vec<_>>();
        assert_eq!(unvoiced(a), unvoiced(b), "{a} {b}");
    }
}

#[test]
fn kanji_in_one_form() {
    let table = [
        ("髙橋", "高橋"),
        ("𣘺", "橋"),
        ("山﨑 山嵜 山碕", "山崎 山崎 山崎"),
        ("澤 邊 邉 廣 櫻", "沢 辺 辺 広 桜"),
        ("斉藤 齊藤 齋藤 斎藤", "斎藤 斎藤 斎藤 斎藤"),
        ("嶋 嶌 濱 濵 冨 𠮷 國 眞 惠", "島 島 浜 浜 富 吉 国 真 恵"),
        ("龍 凜 德 榮 壽 禮 關 瀧 彌 曾 栁", "竜 凛 徳 栄 寿 礼 関 滝 弥 曽 柳"),
        (
            "舘 靏 靍 舩 增 遙 黑 瀨 靜 淺 條 奧 萬 槇 橫 郞",
            "館 鶴 鶴 船 増 遥 黒 瀬 静 浅 条 奥 万 槙 横 郎",
        ),
        // compatibility ideographs by NFKC, selectors of variants dropped
        ("\u{fa19}谷 大\u{fa10}", "神谷 大塚"),
        ("辻\u{e0100} 葛\u{e0101} 祐\u{fe00}", "辻 葛 祐"),
        // iteration marks
        ("佐々木 佐佐木", "佐佐木 佐佐木"),
        ("奈々", "奈奈"),
        // signs that could not be encoded
        ("〓橋 ●橋 ?橋 \u{e000}橋", "\u{fffd}橋 \u{fffd}橋 \u{fffd}橋 \u{fffd}橋"),
        // a long-vowel mark typed for 一
        ("健ー 健一", "健一 健一"),
        // names in kana and Latin letters
        ("きよ ｷﾖ キヨ", "キヨ キヨ キヨ"),
        ("Ｊｏｈｎ john José", "JOHN JOHN JOSE"),
        ("佐藤（旧姓鈴木）", "佐藤"),
        ("佐藤【鈴木】", "佐藤"),
    ];
    for (text, expect) in table {
        assert_eq!(name_part(text, "").kanji, expect, "{text:?}");
    }
}

#[test]
fn the_table_of_variants_has_no_chains_and_no_look_alikes() {
    let mut seen = std::collections::BTreeSet::new();
    let mut last = '\0';
    for (form, common) in variants::facts() {
        assert!(last < form, "{form}: sorted, once");
        last = form;
        assert_ne!(form, common);
        assert_eq!(variants::common(form), common, "{form}");
        assert_eq!(variants::common(common), common, "{form} leads to {common} at once");
        seen.insert(form);
    }
    assert!(seen.len() > 500);
    // other words, however alike
    for (a, b) in [
        ('太', '大'),
        ('裕', '祐'),
        ('菊', '鞠'),
        ('坂', '阪'),
        ('藤', '籐'),
        ('崎', '埼'),
        ('己', '巳'),
        ('博', '浩'),
    ] {
        assert_ne!(variants::common(a), variants::common(b), "{a} {b}");
    }
}

#[test]
fn an_old_form_folds_and_is_still_told() {
    let (old, new) = (name_part("髙﨑", ""), name_part("高崎", ""));
    assert_eq!(old.kanji, new.kanji);
    assert_ne!(old.written, new.written);
    assert_eq!(name_part("髙﨑", "").written, old.written, "stable");
    assert_eq!(name_part("", "タカサキ").written, 0);
    // the part that holds no old form keeps its hash, parted by a blank or not
    for text in ["髙橋　太郎", "髙橋太郎"] {
        let n = read(text, "");
        assert_eq!(n.family.written, name_part("髙橋", "").written, "{text}");
        assert_eq!(n.given.written, name_part("太郎", "").written, "{text}");
    }
}

#[test]
fn family_and_given_names() {
    let table = [
        ("見本　太郎", "ミホン　タロウ", "見本|太郎 ミホン|タロオ"),
        ("見本 太郎", "ﾐﾎﾝ ﾀﾛｳ", "見本|太郎 ミホン|タロオ"),
        // no blank: the book of names parts them, or the other script does
        ("佐藤花子", "サトウハナコ", "佐藤|花子 サトオ|ハナコ"),
        ("佐佐木花子", "", "佐佐木|花子 |"),
        ("林健一", "ハヤシケンイチ", "林|健一 ハヤシ|ケンイチ"),
        ("佐野　ウメ", "サノウメ", "佐野|ウメ サノ|ウメ"),
        ("高橋凛音", "タカハシ リノン", "高橋|凛音 タカハシ|リノン"),
        ("", "サトウハナコ", "| サトオ|ハナコ"),
        // not known: kept whole
        ("甲乙丙", "", "甲乙丙| |"),
        ("", "ペペロンチノ", "| ペペロンチノ|"),
        ("佐藤", "サトウ", "佐藤| サトオ|"),
        // swapped, where the book is sure
        ("花子　佐藤", "ハナコ サトウ", "佐藤|花子 サトオ|ハナコ"),
        ("佐藤　花子", "ハナコ サトウ", "佐藤|花子 サトオ|ハナコ"),
        ("太郎　見本", "タロウ ミホン", "太郎|見本 タロオ|ミホン"),
        // a maiden name
        ("佐藤（旧姓鈴木）　花子", "サトウ（スズキ） ハナコ", "佐藤|花子 サトオ|ハナコ"),
        ("佐藤　花子（旧姓：鈴木）", "サトウ ハナコ", "佐藤|花子 サトオ|ハナコ"),
        ("佐藤　花子　旧姓　鈴木", "サトウ ハナコ", "佐藤|花子 サトオ|ハナコ"),
        // blanks as filling
        ("見 本 太 郎", "ミホン タロウ", "見本|太郎 ミホン|タロオ"),
        ("見本 太 郎", "ミホン タ ロウ", "見本|太郎 ミホン|タロオ"),
        // kana in the kanji field
        ("田中　キヨ", "", "田中|キヨ |キヨ"),
        ("サトウ　キヨー", "", "サトオ|キヨオ サトオ|キヨオ"),
        // the fields were exchanged: kanji is no reading
        ("", "佐藤　花子", "佐藤|花子 |"),
        ("佐藤　花子", "佐藤　花子", "佐藤|花子 |"),
        ("〓橋　太郎", "？カハシ タロウ", "\u{fffd}橋|太郎 \u{fffd}カハシ|タロオ"),
        ("", "", "| |"),
    ];
    for (kanji, kana, expect) in table {
        assert_eq!(told(&read(kanji, kana)), expect, "{kanji:?} {kana:?}");
    }
    let parted = read("見本　太郎", "ミホンタロウ");
    assert!(parted.parted_kanji && parted.split_kanji && !parted.parted_kana, "who parted is told");
    assert!(!read("甲乙丙", "").split_kanji);
}

#[test]
fn newborns() {
    let table = [
        ("見本　ベビー", "ミホン　ベビー", "見本| ミホン| newborn"),
        ("見本　児", "ミホン　ジ", "見本| ミホン| newborn"),
        ("見本　Ｂａｂｙ", "ミホン　ベビー", "見本| ミホン| newborn"),
        ("佐藤児", "サトウジ", "佐藤| サトオ| newborn"),
        ("佐藤ベビー", "サトウベビー", "佐藤| サトオ| newborn"),
        ("見本　ベビーＡ", "ミホン ベビー 1", "見本| ミホン| newborn"),
        ("見本　新生児", "", "見本| | newborn"),
        ("山田花子の児", "ヤマダハナコ ベビー", "山田| ヤマダ| newborn"),
        ("山田　花子ベビー", "ヤマダ ハナコベビー", "山田| ヤマダ| newborn"),
        // given names that end so
        ("山田　健児", "ヤマダ ケンジ", "山田|健児 ヤマダ|ケンジ"),
        ("山田健児", "ヤマダケンジ", "山田|健児 ヤマダ|ケンジ"),
        // named already in the other script
        ("見本　太郎", "ミホン ベビー", "見本|太郎 ミホン|"),
    ];
    for (kanji, kana, expect) in table {
        assert_eq!(told(&read(kanji, kana)), expect, "{kanji:?} {kana:?}");
    }
}

#[test]
fn foreigners() {
    let table = [
        ("NGUYEN VAN AN", "グエン　ヴァン　アン", "NGUYEN|VAN AN グエン|ブアン アン foreign"),
        ("Nguyen Van An", "グエンヴァンアン", "NGUYEN|VAN AN グエンブアンアン| foreign"),
        ("グエン　ヴァン　アン", "グエン　ヴァン　アン", "グエン|ブアン アン グエン|ブアン アン foreign"),
        ("スミス・ジョン", "", "スミス|ジヨン スミス|ジヨン foreign"),
        ("JOSÉ　DA　SILVA", "ホセ・ダ・シルバ", "JOSE|DA SILVA ホセ|ダ シルバ foreign"),
        ("SMITH, JOHN", "スミス ジョン", "SMITH|JOHN スミス|ジヨン foreign"),
        // a Japanese name in kana, or with a dot, is none
        ("サトウ　ハナコ", "サトウ　ハナコ", "サトオ|ハナコ サトオ|ハナコ"),
        ("", "サトウ・ハナコ", "| サトオ|ハナコ"),
        ("佐藤・花子", "サトウ ハナコ", "佐藤|花子 サトオ|ハナコ"),
    ];
    for (kanji, kana, expect) in table {
        assert_eq!(told(&read(kanji, kana)), expect, "{kanji:?} {kana:?}");
    }
}

#[test]
fn test_patients() {
    for (kanji, kana) in [
        ("テスト　患者", "テスト カンジャ"),
        ("ＴＥＳＴ患者０１", ""),
        ("テスト患者", ""),
        ("患者　テスト", ""),
        ("テスト　１", "テスト １"),
        ("テスト００３", ""),
        ("ﾃｽﾄ ﾃｽﾄ", ""),
        ("TEST PATIENT", ""),
        ("", "テスト カンジャ"),
        ("サンプル　Ａ", ""),
    ] {
        assert!(read(kanji, kana).test_patient, "{kanji:?} {kana:?}");
    }
    // synthetic persons whose family name is テスト, and real names
    for (kanji, kana) in [
        ("テスト　一郎", "テスト イチロウ"),
        ("テスト", "テスト"),
        ("テスト　ベビー", "テスト ベビー"),
        ("試験　花子", "シケン ハナコ"),
        ("佐藤　花子", "サトウ ハナコ"),
        ("", ""),
    ] {
        assert!(!read(kanji, kana).test_patient, "{kanji:?} {kana:?}");
    }
}

#[test]
fn the_words_are_parameters() {
    let mut names = NameBook::builtin();
    names.words_kanji.test.push("架空".into());
    let mut out = Normal::default();
    let sent = Sent { name_kanji: "架空　患者", ..Sent::default() };
    normalise(&sent, &names, &mut out);
    assert!(out.test_patient);
    normalise(&sent, &NameBook::builtin(), &mut out);
    assert!(!out.test_patient);
}

#[test]
fn a_wildcard_stands_for_one_sign() {
    assert_eq!(name_part("●", "").kanji.chars().collect::<Vec<_>>(), [WILDCARD]);
}
