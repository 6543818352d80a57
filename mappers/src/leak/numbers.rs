//! Numbers and patterns that identify: the person's own numbers, My Numbers, telephones, mail, addresses.

use compact_str::CompactString;
use musubi_model::Demographics;
use musubi_model::checkdigit::{is_my_number, modulus10_weight21};
use musubi_model::prefecture::PREFECTURES;

/// A run of digits with single hyphens, brackets or spaces inside.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Its digits, half width.
    pub digits: CompactString,
    /// Lengths of the groups between the signs.
    groups: [u8; 4],
    count: usize,
    /// A letter stands right before or behind it: part of a code.
    glued: bool,
}

impl Run {
    /// Three groups, as a telephone number is written, or a mobile number in one.
    fn is_phone(&self) -> bool {
        let length = self.digits.len();
        if !matches!(length, 10 | 11) || !self.digits.starts_with('0') {
            return false;
        }
        let [area, local, last, _] = self.groups;
        let grouped =
            self.count == 3 && (2..=5).contains(&area) && (1..=4).contains(&local) && (3..=4).contains(&last);
        let mobile = self.count == 1
            && length == 11
            && ["050", "070", "080", "090"].iter().any(|p| self.digits.starts_with(p));
        grouped || mobile
    }

    /// `123-4567`.
    fn is_postal(&self) -> bool {
        self.count == 2 && self.groups.starts_with(&[3, 4])
    }
}

fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0),
        _ => None,
    }
}

/// What a text shows at a glance, so that most are passed over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Glance {
    pub digits: usize,
    pub at_sign: bool,
    pub ascii: bool,
    /// A sign of a place: 都, 道, 府, 県 or 〒.
    pub place: bool,
}

pub(super) fn glance(text: &str) -> Glance {
    let mut seen = Glance { ascii: true, ..Glance::default() };
    for b in text.bytes() {
        seen.digits += usize::from(b.is_ascii_digit());
        seen.at_sign |= b == b'@';
        seen.ascii &= b.is_ascii();
    }
    if !seen.ascii {
        for c in text.chars() {
            match c {
                '０'..='９' => seen.digits += 1,
                '都' | '道' | '府' | '県' | '〒' => seen.place = true,
                _ => {}
            }
        }
    }
    seen
}

/// The runs of digits of a text.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut open = Run::default();
    let mut gap = 0;
    let mut before = ' ';
    for c in text.chars() {
        if let Some(d) = digit(c) {
            if open.count == 0 {
                open.glued = before.is_ascii_alphabetic();
            }
            if gap > 0 || open.count == 0 {
                open.count += 1;
            }
            gap = 0;
            if let Some(group) = open.count.checked_sub(1).and_then(|n| open.groups.get_mut(n)) {
                *group = group.saturating_add(1);
            }
            open.digits.push(d);
            before = c;
            continue;
        }
        open.glued |= gap == 0 && open.count > 0 && c.is_ascii_alphabetic();
        before = c;
        gap += 1;
        let joins = matches!(c, '-' | '－' | '‐' | '−' | 'ー' | '(' | ')' | '（' | '）' | ' ' | '\u{3000}');
        if (!joins || gap > 1) && open.count > 0 {
            runs.push(std::mem::take(&mut open));
        }
    }
    if open.count > 0 {
        runs.push(open);
    }
    runs
}

/// The person's own numbers.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Digits only, at least six, and without leading zeros.
    digits: Vec<CompactString>,
    /// Numbers with letters in them, as written.
    mixed: Vec<CompactString>,
    address: CompactString,
}

/// Fewer digits of a number may be anything.
const OWN_DIGITS_MIN: usize = 6;

impl Own {
    pub(super) fn new(d: &Demographics) -> Self {
        let mut own = Self { address: folded(d.address.expose()), ..Self::default() };
        // An address of prefecture and town alone is everybody's.
        if own.address.chars().count() < 8 {
            own.address = CompactString::default();
        }
        for number in [&d.local_number, &d.insured_number, &d.care_number, &d.phone] {
            let plain: CompactString =
                folded(number.expose()).chars().filter(|c| !matches!(c, '-' | '(' | ')')).collect();
            let all_digits = plain.bytes().all(|b| b.is_ascii_digit());
            if all_digits && plain.trim_start_matches('0').len() >= OWN_DIGITS_MIN {
                own.digits.push(plain);
            } else if !all_digits && plain.is_ascii() && plain.len() >= OWN_DIGITS_MIN {
                own.mixed.push(plain);
            }
        }
        own
    }

    /// Is a run of digits one of them, of at least so many digits? Leading zeros come and go.
    pub(super) fn has(&self, run: &Run, digits_min: usize) -> bool {
        let bare = run.digits.trim_start_matches('0');
        !run.glued
            && bare.len() >= OWN_DIGITS_MIN
            && run.digits.len() >= digits_min
            && self.digits.iter().any(|own| own.trim_start_matches('0') == bare)
    }

    /// Does one of them that has letters stand in the text?
    pub(super) fn mixed_in(&self, text: &str) -> bool {
        self.mixed.iter().any(|own| {
            text.match_indices(own.as_str()).any(|(at, _)| {
                let before = text.get(..at).and_then(|t| t.chars().next_back());
                let after = text.get(at + own.len()..).and_then(|t| t.chars().next());
                [before, after].iter().all(|c| c.is_none_or(|c| !c.is_ascii_alphanumeric()))
            })
        })
    }

    pub(super) fn has_mixed(&self) -> bool {
        !self.mixed.is_empty()
    }

    /// Does the person's own address stand in the text?
    pub(super) fn address_in(&self, text: &str) -> bool {
        !self.address.is_empty()
            && text.len() >= self.address.len()
            && folded(text).contains(self.address.as_str())
    }
}

/// Half-width digits, one kind of hyphen, no spaces.
fn folded(text: &str) -> CompactString {
    text.chars()
        .filter(|c| !matches!(c, ' ' | '\u{3000}'))
        .map(|c| match c {
            '－' | '‐' | '−' | '―' => '-',
            c => digit(c).unwrap_or(c),
        })
        .collect()
}

/// A My Number among the runs: exactly twelve digits with their check digit. A row of one digit is a filling.
pub(super) fn my_number(runs: &[Run]) -> bool {
    runs.iter().any(|run| {
        let filling = run.digits.bytes().filter(|b| *b == b'0').count() >= 9;
        // In one, or as the card prints it: a list of days is no number.
        let written = run.count == 1 || (run.count == 3 && run.groups.starts_with(&[4, 4, 4]));
        written && !filling && is_my_number(&run.digits)
    })
}

pub(super) fn phone(runs: &[Run]) -> bool {
    runs.iter().any(Run::is_phone)
}

/// An insurer number with its check digit, beside words of an insurance card.
pub(super) fn insurance(text: &str, runs: &[Run]) -> bool {
    let words = ["保険者", "記号", "被保険", "受給者", "負担者"];
    words.iter().any(|w| text.contains(w))
        && runs.iter().any(|r| {
            r.count == 1 && matches!(r.digits.len(), 6..=8) && modulus10_weight21(&r.digits) == Some(true)
        })
}

/// `name@place.tld`.
pub(super) fn mail(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let host: &str = text.get(at + 1..).unwrap_or_default();
        let end =
            host.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).unwrap_or(host.len());
        let host = host.get(..end).unwrap_or_default().trim_end_matches('.');
        before.is_some_and(|c| c.is_ascii_alphanumeric())
            && host.rsplit_once('.').is_some_and(|(name, top)| {
                !name.is_empty() && top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic())
            })
    })
}

/// A postal code with a mark or a place behind it, or a prefecture with a town and a house number.
pub(super) fn address(text: &str, runs: &[Run]) -> bool {
    if text.contains('〒') && runs.iter().any(|r| r.is_postal() || r.digits.len() == 7) {
        return true;
    }
    let Some(place) =
        PREFECTURES.iter().find_map(|(_, name)| text.split_once(name).map(|(_, behind)| behind))
    else {
        return false;
    };
    if runs.iter().any(Run::is_postal) {
        return true;
    }
    let town = place.find(['市', '区', '町', '村', '郡']);
    town.and_then(|at| place.get(at..)).is_some_and(|rest| {
        rest.contains("丁目") || rest.contains("番地") || rest.chars().any(|c| digit(c).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> [bool; 5] {
        let runs = runs(text);
        [my_number(&runs), phone(&runs), insurance(text, &runs), mail(text), address(text, &runs)]
    }

    #[test]
    fn patterns() {
        const F: bool = false;
        const T: bool = true;
        for (text, expected) in [
            ("番号 123456789018", [T, F, F, F, F]),
            ("1234-5678-9018", [T, F, F, F, F]),
            ("１２３４５６７８９０１８", [T, F, F, F, F]),
            ("123456789012", [F; 5]),
            ("000000000000", [F; 5]),
            ("電話 03-1234-5678", [F, T, F, F, F]),
            ("０９０−１２３４−５６７８", [F, T, F, F, F]),
            ("(045)123-4567", [F, T, F, F, F]),
            ("09012345678", [F, T, F, F, F]),
            ("0312345678", [F; 5]),
            ("2024-04-10", [F; 5]),
            ("120/80", [F; 5]),
            ("5.0-10.0", [F; 5]),
            ("保険者番号 01130012", [F, F, T, F, F]),
            ("記号12 番号345 保険者01130013", [F; 5]),
            ("01130012", [F; 5]),
            ("連絡 a.b@example.co.jp まで", [F, F, F, T, F]),
            ("5@3", [F; 5]),
            ("〒105-0004", [F, F, F, F, T]),
            ("105-0004 東京都", [F, F, F, F, T]),
            ("東京都港区見本１丁目", [F, F, F, F, T]),
            ("京都府医師会", [F; 5]),
            ("105-0004", [F; 5]),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
    }
}
