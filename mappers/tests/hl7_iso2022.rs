//! The ISO 2022 tokenizer: what a table of byte strings decodes to, what is told of it, and where it is cut.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

use musubi_mappers::text::{self, Encoding, Fault, NoEncoding, iso2022};
use proptest::prelude::*;

/// Decodes and lists the faults: `text` or `text [Fault@offset …]`.
fn check(bytes: &[u8], expect: &str) {
    let mut out = String::new();
    let mut faults: Vec<(usize, Fault)> = Vec::new();
    iso2022::decode_into(bytes, &mut out, &mut faults);
    let mut shown: Vec<String> = Vec::new();
    for (at, fault) in faults {
        shown.push(format!("{fault:?}@{at}"));
    }
    let got = if shown.is_empty() { out } else { format!("{out} [{}]", shown.join(" ")) };
    assert_eq!(got, expect, "{}", bytes.escape_ascii());
}

#[test]
fn character_sets() {
    check(b"", "");
    check(b"ABC|^~\\&", "ABC|^~\\&");
    // JIS X 0208 by all four of its names.
    check(b"\x1B$B4A;z\x1B(B", "漢字");
    check(b"\x1B$@4A;z\x1B(B", "漢字");
    check(b"\x1B$(B4A;z\x1B(B", "漢字");
    check(b"\x1B&@\x1B$B4A;z\x1B(B", "漢字");
    // JIS Roman keeps the delimiters that a WHATWG decoder would turn into ¥ and ‾.
    check(b"\x1B(JA\\B~C", "A\\B~C");
    check(b"\x1B$B4A\x1B(J\\F\\", "漢\\F\\");
    // Half-width katakana stay half-width.
    check(b"\x1B(I6E\x1B(B", "ｶﾅ");
    // NEC row 13, and the kanji of the IBM rows.
    check(b"\x1B$B-!\x1B(B", "①");
    // JIS X 0212.
    check(b"\x1B$(D0!\x1B(B", "丂");
    // Adjacent and redundant escapes are nothing to tell.
    check(b"\x1B$B\x1B(BA", "A");
    check(b"\x1B(B\x1B(BA\x1B(B", "A");
    check(b"\x1B$B4A\x1B$B;z\x1B(B", "漢字");
    // A half-width space inside a kanji run.
    check(b"\x1B$B4A ;z\x1B(B", "漢 字");
}

#[test]
fn faults() {
    // A run that is never closed; with the bytes of a field separator in it, fields are lost.
    check(b"\x1B$B4A;z", "漢字 [OpenRun@0]");
    check(b"A\x1B(I6", "Aｶ [OpenRun@1]");
    // `|1` even is a kanji (row 92): that it decodes proves nothing, so the separator's byte itself is looked for.
    check(b"\x1B$B4A|19", "漢鉧\u{FFFD} [CutKanji@7 Swallowed@0]");
    // The next run begins before this one is closed: its own text is whole again.
    check(b"\x1B$B4A|19\x1B$B;z\x1B(B|", "漢鉧\u{FFFD}字| [CutKanji@7 Swallowed@0]");
    check(b"\x1B$B4A\x1B$B;z", "漢字 [OpenRun@0]");
    // Cut in the middle of a kanji, before an escape and at the end.
    check(b"\x1B$B4A;\x1B(BX", "漢\u{FFFD}X [CutKanji@5]");
    check(b"\x1B$B4A;", "漢\u{FFFD} [CutKanji@5 OpenRun@0]");
    // Unknown escapes: the set in use stays on.
    check(b"\x1B(ZA", "A [UnknownEscape@0]");
    check(b"\x1B$B4A\x1B(Z;z\x1B(B", "漢字 [UnknownEscape@5]");
    check(b"\x1B|A", "|A [UnknownEscape@0]");
    check(b"\x1B$|A", "$|A [UnknownEscape@0]");
    check(b"A\x1B", "A [UnknownEscape@1]");
    // Shift_JIS inside, single and double.
    check(b"\xFB\xFC", "髙 [EightBit@0]");
    check(b"\xB6\xC5\x1B$B4A\x1B(B", "ｶﾅ漢 [EightBit@0 EightBit@1]");
    check(b"\x1B$B4A\xFB\xFC\x1B(B", "漢髙 [EightBit@5]");
    check(b"\xF0\x40", "\u{E000} [EightBit@0 PrivateUse@0]");
    check(b"\xFF", "\u{FFFD} [EightBit@0 Undecodable@0]");
    // A code without a character.
    check(b"\x1B$B)!\x1B(B", "\u{FFFD} [Undecodable@3]");
    // JIS X 0213: the shared part is read, the rest becomes a geta.
    check(b"\x1B$(Q4A.!\x1B(B", "漢〓 [Jis2000@0]");
    check(b"\x1B$(P!!\x1B(B", "〓 [Jis2000@0]");
}

#[test]
fn every_kanji_agrees_with_the_table_it_came_from() {
    let mut seen = 0;
    for first in 0x21u8..=0x7E {
        for second in 0x21u8..=0x7E {
            let mine = iso2022::character_of(iso2022::Set::Jis83, first, second);
            let bytes = [0x1B, b'$', b'B', first, second, 0x1B, b'(', b'B'];
            let theirs = encoding_rs::ISO_2022_JP.decode_without_bom_handling_and_without_replacement(&bytes);
            assert_eq!(mine.map(String::from), theirs.map(String::from), "{first:02X}{second:02X}");
            seen += usize::from(mine.is_some());
        }
    }
    assert!(seen > 6879, "JIS X 0208 has 6879 characters, the table {seen}");
}

#[test]
fn detection() {
    let check = |bytes: &[u8], expect: Result<Encoding, NoEncoding>| {
        assert_eq!(text::detect(bytes), expect, "{}", bytes.escape_ascii());
    };
    check(b"MSH|", Ok(Encoding::Ascii));
    check(b"\xEF\xBB\xBFMSH|", Ok(Encoding::Utf8));
    check("患者".as_bytes(), Ok(Encoding::Utf8));
    check(b"\x1B$B4A\x1B(B", Ok(Encoding::Iso2022Jp));
    check(b"\x1B(J", Ok(Encoding::Iso2022Jp));
    check(b"\x1B$B4A\x1B(B\xFB\xFC", Ok(Encoding::Iso2022Jp));
    check(b"\x8A\xBF\x8E\x9A", Ok(Encoding::ShiftJis));
    check(b"\xFF\xFEM\0", Err(NoEncoding::Utf16));
    check(b"\xFE\xFF\0M", Err(NoEncoding::Utf16));
    check(b"MSH|\xFF\xA0\xFF", Err(NoEncoding::Unknown));
}

proptest! {
    #[test]
    fn any_bytes_decode(bytes in proptest::collection::vec(
        prop_oneof![any::<u8>(), Just(0x1B), Just(b'$'), Just(b'('), Just(b'B'), Just(b'J'), Just(b'|')], 0..80)
    ) {
        let mut out = String::new();
        let mut faults: Vec<(usize, Fault)> = Vec::new();
        iso2022::decode_into(&bytes, &mut out, &mut faults);
        prop_assert!(faults.iter().all(|(at, _)| *at < bytes.len()));
        for encoding in [Encoding::Utf8, Encoding::ShiftJis, Encoding::EucJp, Encoding::Iso2022Jp] {
            let _ = text::decode(encoding, &bytes).len();
        }
    }

    /// What the standard's own encoder writes comes back whole and without a word.
    #[test]
    fn jis_text_round_trips(text in "[ -~あ-んア-ン亜-腕]{0,40}") {
        let (bytes, _, unmappable) = encoding_rs::ISO_2022_JP.encode(&text);
        prop_assume!(!unmappable);
        let mut out = String::new();
        let mut faults: Vec<(usize, Fault)> = Vec::new();
        iso2022::decode_into(&bytes, &mut out, &mut faults);
        prop_assert_eq!(out, text);
        prop_assert!(faults.is_empty());
    }
}
