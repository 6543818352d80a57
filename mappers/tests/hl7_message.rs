//! The HL7 reader: separators, positions, escapes, transport rests, wrong headers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

use musubi_mappers::hl7::{Message, Notes, time};
use musubi_model::Finding;
use musubi_model::limits::Limits;

/// Reads `bytes` and hands the message to `look`; findings by id.
fn with<T>(bytes: &[u8], look: impl FnOnce(&Message<'_>) -> T) -> (Option<T>, Vec<&'static str>) {
    let mut notes = Notes::new(50);
    let seen = Message::read(bytes, 0, &Limits::default(), &mut notes).map(|m| look(&m));
    (seen, notes.finish().iter().map(|f: &Finding| f.rule.id).collect())
}

/// A field by `SEG-n.c.s` of the first such segment (0: not asked).
fn check(segment: &[u8], address: (usize, usize, usize), expect: &str) {
    let bytes = [b"MSH|^~\\&|A\r".as_slice(), segment].concat();
    let (text, findings) = with(&bytes, |m| {
        let segment = m.segments().nth(1).expect("a second segment");
        let mut element = segment.field(address.0);
        if address.1 > 0 {
            element = element.component(address.1);
        }
        if address.2 > 0 {
            element = element.subcomponent(address.2);
        }
        element.text().into_owned()
    });
    assert_eq!(text.as_deref(), Some(expect), "{} {address:?}", segment.escape_ascii());
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn pieces() {
    check(b"ZZZ|a|b^c^d&e~f^g", (2, 0, 0), "b^c^d&e~f^g");
    check(b"ZZZ|a|b^c^d&e~f^g", (2, 1, 0), "b");
    check(b"ZZZ|a|b^c^d&e~f^g", (2, 3, 0), "d&e");
    check(b"ZZZ|a|b^c^d&e~f^g", (2, 3, 2), "e");
    check(b"ZZZ|a|b^c^d&e~f^g", (2, 4, 0), "");
    check(b"ZZZ|a|b^c^d&e~f^g", (3, 1, 1), "");
    check(b"ZZZ|a|b^c", (1, 2, 0), "");
    check(b"ZZZ|a|\"\"", (2, 0, 0), "");
    // Bytes of delimiters inside a kanji run are no delimiters.
    check(b"ZZZ|\x1B$B4A;z\x1B(B^x", (1, 1, 0), "漢字");
    check(b"ZZZ|\x1B$B!A0|\x1B(B|next", (2, 0, 0), "next");
    check(b"ZZZ|\x1B$B0~%^%&\x1B(B^x", (1, 2, 0), "x");
    check(b"ZZZ|\x1B(Ja~b\\F\\", (1, 0, 0), "a~b|");
}

#[test]
fn escapes_are_undone_once() {
    check(b"ZZZ|\\F\\\\S\\\\T\\\\R\\\\E\\", (1, 0, 0), "|^&~\\");
    check(b"ZZZ|\\E\\F\\E\\", (1, 0, 0), "\\F\\");
    check(b"ZZZ|a\\.br\\b", (1, 0, 0), "a\nb");
    check(b"ZZZ|\\H\\bold\\N\\", (1, 0, 0), "bold");
    check(b"ZZZ|\\X41\\\\X42\\C", (1, 0, 0), "ABC");
    check(b"ZZZ|\\Zxy\\ \\C2442\\", (1, 0, 0), "\\Zxy\\ \\C2442\\");
    check(b"ZZZ|50\\100", (1, 0, 0), "50\\100");
    check(b"ZZZ|\\X4\\", (1, 0, 0), "\\X4\\");
    // Bytes of one character written as two escapes are joined before they are decoded.
    let bytes = "MSH|^~\\&|あ\rZZZ|\\XE6BC\\\\XA2\\".as_bytes();
    let (text, _) = with(bytes, |m| m.segments().nth(1).expect("ZZZ").field(1).text().into_owned());
    assert_eq!(text.as_deref(), Some("漢"));
}

#[test]
fn separators_as_they_come() {
    let seen = |header: &str, body: &str| {
        let bytes = format!("{header}\r{body}").into_bytes();
        with(&bytes, |m| {
            let field = m.segments().nth(1).map(|s| s.field(1));
            field.map(|f| f.repetitions().map(|r| r.component(1).text().into_owned()).collect::<Vec<_>>())
        })
    };
    let two = |a: &str, b: &str| (Some(Some(vec![a.to_owned(), b.to_owned()])), Vec::new());
    assert_eq!(seen("MSH|^~\\&|A", "ZZZ|a^x~b\\T\\"), two("a", "b&"));
    // The yen sign of JIS Roman, written by a converter.
    assert_eq!(seen("MSH|^~¥&|A", "ZZZ|a^x~b¥T¥"), two("a", "b&"));
    assert_eq!(seen("MSH|^~￥&|A", "ZZZ|a^x~b\\T\\"), two("a", "b&"));
    assert_eq!(seen("MSH|^‾\\&|A", "ZZZ|a^x‾b^y"), two("a", "b"));
    assert_eq!(seen("MSH|^~\\&#|A", "ZZZ|a~b"), two("a", "b"));
    assert_eq!(seen("MSH!*+?%!A", "ZZZ!a*x+b?T?"), two("a", "b%"));
    for broken in ["MSH|^~|A", "MSH|||||", "MSH|^^\\&|A", "MSH|", "MSH|^~\\", "MSHA^~\\&A", "MSH|ab\\&|A"] {
        assert_eq!(seen(broken, "ZZZ|a"), (None, vec!["HL7-SEPARATORS"]), "{broken}");
    }
    for nothing in ["", "PID|1", "MS", "MSH", "\r\n\r\n"] {
        assert_eq!(seen(nothing, ""), (None, vec!["HL7-NO-MSH"]), "{nothing}");
    }
}

#[test]
fn line_ends_and_transport_rests() {
    for bytes in [
        &b"MSH|^~\\&|A\rPID|1\rPV1|2\r"[..],
        b"MSH|^~\\&|A\rPID|1\rPV1|2",
        b"MSH|^~\\&|A\nPID|1\nPV1|2\n",
        b"MSH|^~\\&|A\r\nPID|1\r\nPV1|2\r\n",
        b"\x0BMSH|^~\\&|A\rPID|1\rPV1|2\r\x1C\r",
        b"MSH|^~\\&|A\rPID|1\rPV1|2\r\x1C",
        b"MSH|^~\\&|A\rPID|1\rPV1|2\x1A\0\0",
        b"\xEF\xBB\xBFMSH|^~\\&|A\rPID|1\rPV1|2",
    ] {
        let (names, findings) = with(bytes, |m| {
            m.segments().map(|s| format!("{}{}", s.name(), s.field(1).code())).collect::<Vec<_>>()
        });
        let expect = ["MSH|", "PID1", "PV12"].map(str::to_owned).to_vec();
        assert_eq!((names, findings), (Some(expect), vec![]), "{}", bytes.escape_ascii());
    }
}

#[test]
fn header_fields_count_the_separator() {
    let (fields, _) = with(b"MSH|^~\\&|A|B||\"\"\r", |m| {
        let msh = m.first("MSH").expect("MSH");
        let texts: Vec<String> = (1..=7).map(|n| msh.field(n).text().into_owned()).collect();
        (texts, msh.field_count(), msh.field(6).is_null(), msh.field(5).is_empty())
    });
    let texts = ["|", "^~\\&", "A", "B", "", "", ""].map(str::to_owned).to_vec();
    assert_eq!(fields, Some((texts, 6, true, true)));
}

#[test]
fn a_run_left_open_ends_with_its_segment() {
    let (seen, findings) = with(b"MSH|^~\\&|A\rZZZ|1|\x1B$B4A;z\rPV1|2", |m| {
        m.segments().map(|s| (s.name().to_owned(), s.field(2).text().into_owned())).collect::<Vec<_>>()
    });
    let seen = seen.expect("a message");
    assert_eq!(seen[1], ("ZZZ".to_owned(), "漢字".to_owned()));
    assert_eq!(seen[2].0, "PV1");
    assert_eq!(findings, ["HL7-ESC-OPEN"]);
}

#[test]
fn torn_lines_are_told_and_kept() {
    let (count, findings) = with(b"MSH|^~\\&|A\rPI\rOBX1|x\r|||\rPV1|2", |m| m.segments().count());
    assert_eq!((count, findings), (Some(5), vec!["HL7-SEGMENT-NAME"; 3]));
}

#[test]
fn limits_are_findings() {
    let limits = Limits { records_per_unit_max: 2, record_bytes_max: 12, ..Limits::default() };
    let mut notes = Notes::new(50);
    let message = Message::read(b"MSH|^~\\&|A\rPID|1234567890\rPV1|2", 0, &limits, &mut notes);
    assert_eq!(message.map(|m| m.len()), Some(2));
    let ids: Vec<_> = notes.finish().iter().map(|f| f.rule.id).collect();
    assert_eq!(ids, ["HL7-SEGMENT-LONG", "HL7-TOO-MANY"]);
}

#[test]
fn time_stamps() {
    let check = |text: &str, expect: &str| {
        let got = match time::read(text) {
            Ok(s) => format!("{}{}", s.date, s.second.map_or(String::new(), |n| format!(" {n}"))),
            Err(e) => format!("{e:?}"),
        };
        assert_eq!(got, expect, "{text}");
    };
    check("2024", "2024");
    check("202404", "2024-04");
    check("20240401", "2024-04-01");
    check("2024040109", "2024-04-01 32400");
    check("202404010930", "2024-04-01 34200");
    check("20240401093015", "2024-04-01 34215");
    check("20240401093015.3399", "2024-04-01 34215");
    check("20240401093015.225+0900", "2024-04-01 34215");
    check("202404010930+0900", "2024-04-01 34200");
    check("20240401093015123", "2024-04-01 34215");
    check("20240431", "Calendar");
    check("2024040125", "Calendar");
    check("20240401096", "Shape");
    check("20240401.5", "Shape");
    check("20240401+9", "Shape");
    check("R060401", "Shape");
    check("", "Shape");
}
