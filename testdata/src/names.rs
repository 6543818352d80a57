//! Names that nobody bears: every surname holds one of the marker words (見本, 仮, 例 …), so that a synthetic person is
//! known as one wherever it turns up. Kanji and kana go together.
//!
//! No surname of this table may be taken from a list of real persons.

use crate::rng::Rng;

/// A name part: as written, and its reading in katakana.
pub(crate) type Part = (&'static str, &'static str);

/// A name part put together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Name {
    /// Kanji.
    pub(crate) kanji: String,
    /// Full-width katakana.
    pub(crate) kana: String,
}

impl Name {
    fn of(parts: &[Part]) -> Self {
        Self { kanji: parts.iter().map(|p| p.0).collect(), kana: parts.iter().map(|p| p.1).collect() }
    }
}

/// The words that mark a surname as synthetic.
pub const SURNAME_MARKERS: [&str; 10] =
    ["見本", "試験", "例示", "仮", "模", "架空", "想定", "範", "標", "題"];

const MARKERS: [Part; 10] = [
    ("見本", "ミホン"),
    ("試験", "シケン"),
    ("例示", "レイジ"),
    ("仮", "カリ"),
    ("模", "モ"),
    ("架空", "カクウ"),
    ("想定", "ソウテイ"),
    ("範", "ハン"),
    ("標", "シメ"),
    ("題", "ダイ"),
];

const TAILS: [Part; 26] = [
    ("田", "ダ"),
    ("山", "ヤマ"),
    ("川", "カワ"),
    ("村", "ムラ"),
    ("野", "ノ"),
    ("原", "ハラ"),
    ("島", "シマ"),
    ("崎", "サキ"),
    ("沢", "サワ"),
    ("井", "イ"),
    ("谷", "タニ"),
    ("辺", "ベ"),
    ("橋", "ハシ"),
    ("岡", "オカ"),
    ("浜", "ハマ"),
    ("坂", "サカ"),
    ("藤", "フジ"),
    ("木", "キ"),
    ("松", "マツ"),
    ("林", "バヤシ"),
    ("内", "ウチ"),
    ("倉", "クラ"),
    ("条", "ジョウ"),
    ("上", "ガミ"),
    ("津", "ツ"),
    ("塚", "ヅカ"),
];

const HEADS: [Part; 10] = [
    ("大", "オオ"),
    ("小", "コ"),
    ("中", "ナカ"),
    ("東", "ヒガシ"),
    ("西", "ニシ"),
    ("新", "シン"),
    ("高", "タカ"),
    ("浜", "ハマ"),
    ("島", "シマ"),
    ("長", "チョウ"),
];

const MALE_FIRST: [Part; 24] = [
    ("一", "イチ"),
    ("健", "ケン"),
    ("直", "ナオ"),
    ("正", "マサ"),
    ("和", "カズ"),
    ("秀", "ヒデ"),
    ("光", "ミツ"),
    ("隆", "タカ"),
    ("信", "ノブ"),
    ("義", "ヨシ"),
    ("俊", "シュン"),
    ("裕", "ユウ"),
    ("哲", "テツ"),
    ("浩", "ヒロ"),
    ("康", "ヤス"),
    ("英", "エイ"),
    ("文", "フミ"),
    ("孝", "タカ"),
    ("昭", "アキ"),
    ("幸", "ユキ"),
    ("翔", "ショウ"),
    ("純", "ジュン"),
    ("亮", "リョウ"),
    ("京", "キョウ"),
];

const MALE_SECOND: [Part; 14] = [
    ("郎", "ロウ"),
    ("太", "タ"),
    ("夫", "オ"),
    ("之", "ノスケ"),
    ("彦", "ヒコ"),
    ("樹", "キ"),
    ("人", "ト"),
    ("司", "ジ"),
    ("也", "ヤ"),
    ("介", "スケ"),
    ("平", "ペイ"),
    ("太郎", "タロウ"),
    ("次郎", "ジロウ"),
    ("一郎", "イチロウ"),
];

const FEMALE_FIRST: [Part; 24] = [
    ("美", "ミ"),
    ("由", "ユ"),
    ("恵", "ケイ"),
    ("千", "チ"),
    ("佳", "ヨシ"),
    ("真", "マ"),
    ("沙", "サ"),
    ("里", "リ"),
    ("知", "トモ"),
    ("明", "アキ"),
    ("久", "ヒサ"),
    ("幸", "サチ"),
    ("優", "ユウ"),
    ("京", "キョウ"),
    ("花", "ハナ"),
    ("和", "カズ"),
    ("陽", "ヨウ"),
    ("文", "フミ"),
    ("春", "ハル"),
    ("夏", "ナツ"),
    ("秋", "アキ"),
    ("純", "ジュン"),
    ("祥", "ショウ"),
    ("静", "シズ"),
];

const FEMALE_SECOND: [Part; 14] = [
    ("子", "コ"),
    ("美", "ミ"),
    ("香", "カ"),
    ("江", "エ"),
    ("代", "ヨ"),
    ("枝", "エ"),
    ("奈", "ナ"),
    ("里", "リ"),
    ("菜", "ナ"),
    ("音", "ネ"),
    ("乃", "ノ"),
    ("央", "オ"),
    ("保", "ホ"),
    ("希", "キ"),
];

/// Draws an index that favours small ones, as real surnames favour a few.
fn skewed<'a, const N: usize>(rng: &mut Rng, parts: &'a [Part; N]) -> &'a Part {
    let (a, b) = (rng.below(N as u64), rng.below(N as u64));
    let at = usize::try_from(a.min(b)).unwrap_or(0);
    parts.get(at).unwrap_or_else(|| rng.pick(parts))
}

/// A surname (姓).
pub(crate) fn surname(rng: &mut Rng) -> Name {
    let marker = *skewed(rng, &MARKERS);
    let tail = *skewed(rng, &TAILS);
    let head = *rng.pick(&HEADS);
    match rng.below(100) {
        0..=2 => Name::of(&[marker]),
        3..=49 => Name::of(&[marker, tail]),
        50..=59 => Name::of(&[head, marker]),
        _ => Name::of(&[head, marker, tail]),
    }
}

/// A given name (名).
pub(crate) fn given(rng: &mut Rng, female: bool) -> Name {
    if female {
        Name::of(&[*rng.pick(&FEMALE_FIRST), *rng.pick(&FEMALE_SECOND)])
    } else {
        Name::of(&[*rng.pick(&MALE_FIRST), *rng.pick(&MALE_SECOND)])
    }
}

/// The older or vendor form of a character that clerks mix up with the common one (異体字).
pub(crate) fn variant_of(c: char) -> Option<char> {
    [
        ('高', '髙'),
        ('崎', '﨑'),
        ('沢', '澤'),
        ('浜', '濱'),
        ('島', '嶋'),
        ('辺', '邊'),
        ('恵', '惠'),
        ('真', '眞'),
        ('条', '條'),
    ]
    .into_iter()
    .find(|(common, _)| *common == c)
    .map(|(_, odd)| odd)
}

/// Small kana written large, as older systems do (キョウ → キヨウ).
pub(crate) fn large_kana(kana: &str) -> String {
    kana.chars()
        .map(|c| match c {
            'ャ' => 'ヤ',
            'ュ' => 'ユ',
            'ョ' => 'ヨ',
            'ッ' => 'ツ',
            other => other,
        })
        .collect()
}

/// Full-width katakana in half-width form (半角カナ).
pub(crate) fn half_kana(kana: &str) -> String {
    const FULL: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
    const VOICED: &str = "ガギグゲゴザジズゼゾダヂヅデドバビブベボ";
    const UNVOICED: &str = "カキクケコサシスセソタチツテトハヒフヘホ";
    const PLOSIVE: &str = "パピプペポ";
    const PLAIN: &str = "ハヒフヘホ";
    let single = |c: char| {
        FULL.chars().position(|f| f == c).and_then(|i| char::from_u32(0xFF66 + u32::try_from(i).unwrap_or(0)))
    };
    let base = |c: char, marked: &str, plain: &str| {
        marked.chars().position(|v| v == c).and_then(|i| plain.chars().nth(i)).and_then(single)
    };
    let mut out = String::new();
    for c in kana.chars() {
        if let Some(b) = base(c, VOICED, UNVOICED) {
            out.extend([b, 'ﾞ']);
        } else if let Some(b) = base(c, PLOSIVE, PLAIN) {
            out.extend([b, 'ﾟ']);
        } else {
            out.push(single(c).unwrap_or(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Use;

    #[test]
    fn every_surname_is_marked_as_synthetic() {
        let mut seen = std::collections::BTreeSet::new();
        for i in 0..20_000 {
            let name = surname(&mut Rng::new(3, Use::Person, &[i]));
            assert!(SURNAME_MARKERS.iter().any(|m| name.kanji.contains(m)), "{}", name.kanji);
            assert!(name.kana.chars().all(|c| ('ァ'..='ー').contains(&c)), "{}", name.kana);
            seen.insert(name.kanji);
        }
        assert!(seen.len() > 2_000, "{}", seen.len());
    }

    #[test]
    fn kana_forms() {
        for (full, half, large) in [
            ("ミホンダ", "ﾐﾎﾝﾀﾞ", "ミホンダ"),
            ("キョウペイ", "ｷｮｳﾍﾟｲ", "キヨウペイ"),
            ("シュンー", "ｼｭﾝｰ", "シユンー"),
        ] {
            assert_eq!(half_kana(full), half);
            assert_eq!(large_kana(full), large);
        }
    }
}
