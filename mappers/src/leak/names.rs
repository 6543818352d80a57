//! The person's own name in a text: whole, or one part of it where a part can only be a name.

use compact_str::CompactString;

/// Where a text stands, which decides what may be a name in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The name of a drug, disease, act or material: makers and eponyms (田中製薬, 橋本病) stand in these.
    Title,
    /// Any other text.
    Words,
}

/// One form of a name, or of a part of it.
#[derive(Debug)]
struct Needle {
    text: CompactString,
    first: char,
    whole: bool,
    kana: bool,
}

/// What to look for.
#[derive(Debug, Default)]
pub(super) struct Names {
    needles: Vec<Needle>,
    /// A bit for each first character, so that most characters of a text are passed over at once.
    firsts: u64,
}

fn bit(c: char) -> u64 {
    1 << (u32::from(c) & 63)
}

fn is_kana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | 'ｦ'..='ﾟ')
}

fn is_kanji(c: char) -> bool {
    matches!(c, '々' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// What a name calls its bearer.
const HONORIFICS: [&str; 10] = ["様", "さま", "さん", "氏", "殿", "君", "くん", "ちゃん", "サマ", "サン"];

impl Names {
    /// From names as written: parts apart by a space, ASCII or full width.
    pub(super) fn new(kanji: &str, kana: &str) -> Self {
        let mut names = Self::default();
        names.add(kanji, false);
        let full = full_width(kana);
        for form in [full.clone(), half_width(&full), hiragana(&full)] {
            names.add(&form, true);
        }
        names
    }

    fn add(&mut self, name: &str, kana: bool) {
        let parts: Vec<&str> = name.split([' ', '\u{3000}']).filter(|p| !p.is_empty()).collect();
        // Short names are words of the language, too; kana says less in a sign than kanji.
        let (whole_min, part_min) = if kana { (4, 3) } else { (3, 2) };
        let length = |text: &str| text.chars().filter(|c| !matches!(c, 'ﾞ' | 'ﾟ')).count();
        let all: usize = parts.iter().map(|p| length(p)).sum();
        for between in ["", " ", "\u{3000}"] {
            let joined = parts.join(between);
            if all >= whole_min && (between.is_empty() || parts.len() > 1) {
                self.push(&joined, true, kana);
            } else if all >= 2 && !kana && between.is_empty() {
                self.push(&joined, false, kana);
            }
        }
        if parts.len() > 1 {
            for part in parts.into_iter().filter(|p| length(p) >= part_min) {
                self.push(part, false, kana);
            }
        }
    }

    fn push(&mut self, text: &str, whole: bool, kana: bool) {
        let Some(first) = text.chars().next() else { return };
        // A name of other letters than Japanese is a word like any other.
        if first.is_ascii() || self.needles.iter().any(|n| n.text == text) {
            return;
        }
        self.firsts |= bit(first);
        self.needles.push(Needle { text: CompactString::from(text), first, whole, kana });
    }

    /// Does the name, or a part of it that can only be a name here, stand in the text?
    pub(super) fn stand_in(&self, text: &str, field: Field) -> bool {
        if self.firsts == 0 {
            return false;
        }
        let mut before: Option<char> = None;
        for (at, c) in text.char_indices() {
            if self.firsts & bit(c) != 0 {
                let rest = text.get(at..).unwrap_or_default();
                let hit = |n: &Needle| {
                    n.first == c && rest.starts_with(n.text.as_str()) && holds(n, before, rest, field)
                };
                if self.needles.iter().any(hit) {
                    return true;
                }
            }
            before = Some(c);
        }
        false
    }
}

/// Does a needle that was found stand as a name?
fn holds(needle: &Needle, before: Option<char>, rest: &str, field: Field) -> bool {
    let behind = rest.get(needle.text.len()..).unwrap_or_default();
    let next = behind.chars().next();
    // Kana run on: a name inside a longer run is part of another word.
    if needle.kana && (before.is_some_and(is_kana) || continues(needle, next, behind)) {
        return false;
    }
    if needle.whole {
        return true;
    }
    if !needle.kana && before.is_some_and(is_kanji) {
        return false;
    }
    let called = HONORIFICS.iter().find_map(|h| behind.strip_prefix(h));
    if called.is_some_and(|after| !after.starts_with(is_kanji)) {
        return true;
    }
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !is_kana(c));
    field == Field::Words && apart(before) && apart(next)
}

/// Kana go on behind the needle, and not with an honorific.
fn continues(needle: &Needle, next: Option<char>, behind: &str) -> bool {
    let called = !needle.whole && HONORIFICS.iter().any(|h| behind.starts_with(h));
    next.is_some_and(is_kana) && !called
}

/// Half-width kana by their full-width forms, in the order of the code (U+FF66 …).
const FULL: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// Half-width kana in full width, voiced signs joined.
fn full_width(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let index = u32::from(c).checked_sub(0xFF66).and_then(|n| usize::try_from(n).ok());
        match (c, index.and_then(|n| FULL.chars().nth(n))) {
            ('ﾞ' | 'ﾟ', _) => {
                let joined = out.pop().map(|last| voiced(last, c == 'ﾟ'));
                out.extend(joined);
            }
            (_, Some(full)) if ('ｦ'..='ﾝ').contains(&c) => out.push(full),
            _ => out.push(c),
        }
    }
    out
}

/// ハ with its sign: バ or パ. Voiced kana follow their plain form in the code.
fn voiced(c: char, half: bool) -> char {
    let step = if half { 2 } else { 1 };
    match c {
        'ウ' if !half => 'ヴ',
        'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' => char::from_u32(u32::from(c) + step).unwrap_or(c),
        'カ'..='ト' if !half => char::from_u32(u32::from(c) + 1).unwrap_or(c),
        _ => c,
    }
}

/// The plain form of a voiced kana, and its half-width sign.
fn unvoiced(c: char) -> (char, Option<char>) {
    let plain = |step: u32| char::from_u32(u32::from(c) - step).unwrap_or(c);
    match c {
        'ヴ' => ('ウ', Some('ﾞ')),
        'パ' | 'ピ' | 'プ' | 'ペ' | 'ポ' => (plain(2), Some('ﾟ')),
        'バ' | 'ビ' | 'ブ' | 'ベ' | 'ボ' => (plain(1), Some('ﾞ')),
        'ガ' | 'ギ' | 'グ' | 'ゲ' | 'ゴ' | 'ザ' | 'ジ' | 'ズ' | 'ゼ' | 'ゾ' | 'ダ' | 'ヂ' | 'ヅ' | 'デ'
        | 'ド' => (plain(1), Some('ﾞ')),
        _ => (c, None),
    }
}

fn half_width(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let (plain, sign) = unvoiced(c);
        let half = FULL
            .chars()
            .position(|f| f == plain)
            .and_then(|n| char::from_u32(0xFF66 + u32::try_from(n).ok()?));
        out.push(half.unwrap_or(c));
        if half.is_some() {
            out.extend(sign);
        }
    }
    out
}

fn hiragana(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kana_in_all_widths() {
        assert_eq!(full_width("ﾐﾎﾝ ﾀﾞｲｺﾞﾛｳ ﾊﾟﾊﾞ ｳﾞ ｰｯ"), "ミホン ダイゴロウ パバ ヴ ーッ");
        assert_eq!(half_width("ミホン ダイゴロウ パバ ヴ ーッ"), "ﾐﾎﾝ ﾀﾞｲｺﾞﾛｳ ﾊﾟﾊﾞ ｳﾞ ｰｯ");
        assert_eq!(hiragana("ミホン ダイゴロウ"), "みほん だいごろう");
    }

    #[test]
    fn whole_names_anywhere_parts_only_as_names() {
        let names = Names::new("田中 太郎", "ﾀﾅｶ ﾀﾛｳ");
        let (title, words) = (Field::Title, Field::Words);
        for text in
            ["田中太郎", "患者田中　太郎です", "タナカ タロウ", "ﾀﾅｶﾀﾛｳ", "たなか たろう", "(ﾀﾅｶ ﾀﾛｳ)"]
        {
            assert!(names.stand_in(text, title) && names.stand_in(text, words), "{text}");
        }
        for text in ["田中様", "太郎さん 昨日", "タナカ様", "田中氏"] {
            assert!(names.stand_in(text, title), "{text}");
        }
        for text in ["田中", "陰性 田中", "(太郎)", "タナカ", "担当:田中/夜"] {
            assert!(names.stand_in(text, words) && !names.stand_in(text, title), "{text}");
        }
        for text in [
            "田中製薬",
            "アスピリン錠「田中」",
            "田中氏病",
            "中田",
            "豊田中央",
            "金太郎飴",
            "タナカルシン",
            "ﾀﾅｶﾙｼﾝ",
            "",
        ] {
            assert!(!names.stand_in(text, title), "{text}");
        }
        assert!(!names.stand_in("田中製薬", words) && !names.stand_in("タナカルシン", words));
    }

    #[test]
    fn short_names_are_words_too() {
        let names = Names::new("原 発", "ハラ アキ");
        assert!(!names.stand_in("原発性胆汁性胆管炎", Field::Title));
        assert!(!names.stand_in("原発性", Field::Words));
        assert!(names.stand_in("原発様", Field::Title) && names.stand_in("原発", Field::Words));
        assert!(names.stand_in("ハラ アキ", Field::Title));
        assert!(!Names::new("", "").stand_in("田中", Field::Words));
        assert!(!Names::new("John Smith", "").stand_in("John Smith", Field::Words));
    }
}
