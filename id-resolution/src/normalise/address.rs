//! Addresses (住所): city, town and numbers in one writing; prefecture and building are left out.

use super::variants::common;
use super::width::{is_dash, plain};
use super::{kana, kanji};

/// Signs of an address that are read; what lies beyond is a building.
const LEN: usize = 96;

/// Prefectures (都道府県), which sources write or leave out.
const PREFECTURES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];

/// Cities with wards (政令指定都市), folded: after these the ward belongs to the city's part.
const WITH_WARDS: [&str; 20] = [
    "札幌市",
    "仙台市",
    "サイタマ市",
    "千葉市",
    "横浜市",
    "川崎市",
    "相模原市",
    "新潟市",
    "静岡市",
    "浜松市",
    "名古屋市",
    "京都市",
    "大阪市",
    "堺市",
    "神戸市",
    "岡山市",
    "広島市",
    "北九州市",
    "福岡市",
    "熊本市",
];

/// Folds an address into `out`; the answer is the length in bytes of its part up to the city, ward, town or village.
pub fn fold(text: &str, out: &mut String) -> usize {
    out.clear();
    if text.is_empty() {
        return 0;
    }
    let mut signs = ['\0'; LEN];
    let mut len = 0;
    plain(text, |c| {
        let c = match c {
            'ァ'..='ヺ' => kana::large_of(c),
            '之' => 'ノ',
            c if kanji::is_kanji(c) => common(c),
            c => c.to_ascii_uppercase(),
        };
        if let Some(slot) = signs.get_mut(len) {
            *slot = c;
            len += 1;
        }
    });
    // 鶴ヶ丘, 鶴ケ丘, 鶴が丘, 美しが丘
    for i in 1..len {
        let next = signs.get(i + 1).is_some_and(|c| kanji::is_kanji(*c));
        if let Some(c @ 'ガ') = signs.get_mut(i).filter(|_| next) {
            *c = 'ケ';
        }
    }
    let mut rest = signs.get(..len).unwrap_or_default();
    while let [' ', tail @ ..] = rest {
        rest = tail;
    }
    let ends = |at: usize| matches!(rest.get(at), Some('都' | '道' | '府' | '県'));
    let prefecture =
        if ends(2) || ends(3) { PREFECTURES.iter().find(|p| starts_with(rest, p)) } else { None };
    if let Some(prefecture) = prefecture {
        rest = rest.get(prefecture.chars().count()..).unwrap_or_default();
    }
    let (skip, city) = city(rest);
    for c in rest.get(skip..city).unwrap_or_default().iter().filter(|c| **c != ' ') {
        out.push(*c);
    }
    let city_len = out.len();
    town(rest.get(city..).unwrap_or_default(), out);
    city_len
}

fn starts_with(signs: &[char], text: &str) -> bool {
    let mut at = signs.iter();
    text.chars().all(|c| at.next() == Some(&c))
}

/// Where the name of the county (郡) ends, which is left out, and where the city's name ends.
fn city(signs: &[char]) -> (usize, usize) {
    let at = |i: usize| signs.get(i).copied().unwrap_or('\0');
    // a number begins the rest of the address at the latest
    let end = signs.iter().position(char::is_ascii_digit).unwrap_or(signs.len());
    for i in 1..end {
        match at(i) {
            // 余市郡 and 高市郡
            '市' if at(i + 1) == '郡' => {}
            // 四日市市, 廿日市市 and 野々市市; but 市川市市川
            '市' => {
                let twice = at(i + 1) == '市' && matches!(at(i - 1), '日' | '々' | 'ノ');
                return (0, ward(signs, if twice { i + 2 } else { i + 1 }));
            }
            // 東京 and a ward without its city
            '区' => return (0, i + 1),
            // 大和郡山市, 蒲郡市 and 小郡市 are cities
            '郡' if (at(i + 1), at(i + 2)) == ('山', '市') || (i, at(i + 1)) == (1, '市') => {}
            '郡' => {
                // 玉村町, 大町町: at least one sign is the name
                let town = (i + 2..end).find(|j| matches!(at(*j), '町' | '村'));
                return (i + 1, town.map_or(i + 1, |j| if at(j + 1) == '町' { j + 2 } else { j + 1 }));
            }
            _ => {}
        }
    }
    // islands, and towns whose county is left out: the first 町 or 村
    let town = (1..end.saturating_sub(1)).find(|i| matches!(at(*i), '町' | '村'));
    (0, town.map_or(0, |i| if at(i + 1) == '町' { i + 2 } else { i + 1 }))
}

fn ward(signs: &[char], city: usize) -> usize {
    let name = signs.get(..city).unwrap_or_default();
    if !WITH_WARDS.iter().any(|w| starts_with(name, w) && w.chars().count() == city) {
        return city;
    }
    let ward = signs.get(city..).unwrap_or_default().iter().take(6).position(|c| *c == '区');
    ward.map_or(city, |i| city + i + 1)
}

/// The value of kanji numerals at the start (十二, 二〇三) and how many signs they take.
fn numeral(signs: &[char]) -> (u32, usize) {
    let (mut total, mut digit, mut len) = (0_u32, 0_u32, 0);
    for c in signs.iter().take(6) {
        let d = "〇一二三四五六七八九".chars().position(|k| k == *c);
        match (d, *c) {
            (Some(d), _) => digit = digit * 10 + d as u32,
            (None, '十') => {
                total += digit.max(1) * 10;
                digit = 0;
            }
            (None, '百') => {
                total += digit.max(1) * 100;
                digit = 0;
            }
            _ => break,
        }
        len += 1;
    }
    (total + digit, len)
}

/// Does a unit of an address begin here, before which a number stands? Its length.
fn unit(signs: &[char]) -> Option<usize> {
    match signs {
        ['丁', '目', ..] => Some(2),
        ['番', '地', 'ノ', c, ..] if c.is_ascii_digit() => Some(3),
        ['番', '地', ..] => Some(2),
        ['番' | '号', ..] => Some(1),
        ['ノ', c, ..] if c.is_ascii_digit() => Some(1),
        [c, ..] if is_dash(*c) => Some(1),
        _ => None,
    }
}

/// Town and numbers: at most three numbers in the end, parted by hyphens.
fn town(mut signs: &[char], out: &mut String) {
    let (mut groups, mut last) = (0, '\0');
    while let [c, rest @ ..] = signs {
        let (number, len) = match c {
            '0'..='9' => {
                let len = signs.iter().take_while(|c| c.is_ascii_digit()).count();
                let digits = signs.get(..len.min(9)).unwrap_or_default();
                (digits.iter().filter_map(|c| c.to_digit(10)).fold(0, |n, d| n * 10 + d), len)
            }
            _ => numeral(signs),
        };
        let after = signs.get(len..).unwrap_or_default();
        let arabic = c.is_ascii_digit();
        if len > 0 && (arabic || unit(after).is_some() || matches!(after, ['条' | '線', ..])) {
            // 201号室, 3号棟 are of the building
            if matches!(after, ['号', '室' | '棟' | '館', ..] | ['棟' | '階' | 'F', ..]) && groups > 0 {
                break;
            }
            if groups > 0 {
                out.push('-');
            }
            push_number(number, out);
            groups += 1;
            last = '0';
            signs = match unit(after) {
                Some(len) => after.get(len..).unwrap_or_default(),
                None => after,
            };
            let more = match signs {
                _ if groups >= 3 => false,
                [' ', next, ..] => {
                    is_dash(*next) || (next.is_ascii_digit() && matches!(after, ['丁' | '番', ..]))
                }
                // 北3条西5丁目, 3番町, 2区, 5地割: the town goes on
                ['条' | '線' | '町' | '区' | '地' | '丁' | '号', ..] => {
                    groups = 0;
                    true
                }
                [next, ..] => {
                    next.is_ascii_digit() || is_dash(*next) || {
                        let (_, len) = numeral(signs);
                        len > 0 && unit(signs.get(len..).unwrap_or_default()).is_some()
                    }
                }
                [] => false,
            };
            if !more {
                break;
            }
            continue;
        }
        signs = match c {
            ' ' => rest,
            c if groups > 0 && is_dash(*c) => rest,
            _ if groups > 0 => break,
            '大' if rest.first() == Some(&'字') => rest.get(1..).unwrap_or_default(),
            // 字 before the name of a hamlet; 十文字 is a name
            '字' if last != '文' => rest,
            c => {
                out.push(*c);
                rest
            }
        };
        last = *c;
    }
}

fn push_number(number: u32, out: &mut String) {
    use std::fmt::Write as _;
    // writing to a string cannot fail
    let _ = write!(out, "{number}");
}
