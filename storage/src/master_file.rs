//! Reading code masters (マスタ) as their publishers distribute them. Pure: bytes in, rows out.
//!
//! Never guesses: a line that is not what the layout says is left out and its number reported.

use std::collections::HashSet;

use encoding_rs::SHIFT_JIS;
use musubi_model::CodeSystem;

/// Columns (from 0) of the disease master (傷病名マスタ, file `b`) of 社会保険診療報酬支払基金. Source: formats.md §2.9.
mod disease {
    pub(super) const KIND: usize = 1;
    pub(super) const CODE: usize = 2;
    pub(super) const NAME: usize = 5;
    pub(super) const ICD10_2003: usize = 13;
    pub(super) const ICD10_2013: usize = 15;
    /// Digits of a disease code.
    pub(super) const CODE_DIGITS: usize = 7;
}

/// One row of a master, as it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterRow {
    /// The code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The system of the standard code, as [`CodeSystem::as_str`]; empty when there is none.
    pub standard_system: String,
    /// The standard code; empty when there is none.
    pub standard_code: String,
}

/// Reads the disease master: Shift_JIS (UTF-8 with a byte order mark is accepted too), quoted fields, no header.
///
/// The standard code is the ICD-10 code of the 2013 edition, else that of 2003, without dots and spaces.
///
/// Returns the good rows in the order of the file, and the numbers (from 1) of lines that could not be read: another
/// layout, undecodable text, no code, no name, or a code that stood on an earlier line.
#[must_use]
pub fn parse_disease_master(bytes: &[u8]) -> (Vec<MasterRow>, Vec<usize>) {
    let (bytes, utf8) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let (mut rows, mut bad_lines) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    // No second byte of Shift_JIS is a line feed, a quote or a comma, so lines can be split before decoding, and one
    // undecodable character spoils its own line only.
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // The old end-of-file sign stands alone on the last line of some files.
        if line.is_empty() || line == b"\x1a" {
            continue;
        }
        let text = if utf8 {
            std::str::from_utf8(line).ok().map(ToOwned::to_owned)
        } else {
            SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line).map(Into::into)
        };
        match text.as_deref().and_then(split_quoted).and_then(|fields| disease_row(&fields)) {
            Some(row) if seen.insert(row.code.clone()) => rows.push(row),
            _ => bad_lines.push(index + 1),
        }
    }
    (rows, bad_lines)
}

fn disease_row(fields: &[String]) -> Option<MasterRow> {
    let field = |at: usize| fields.get(at).map(|f| f.trim());
    let code = field(disease::CODE)?;
    let name = field(disease::NAME)?;
    let sound = field(disease::KIND)? == "B"
        && code.len() == disease::CODE_DIGITS
        && code.bytes().all(|b| b.is_ascii_digit())
        && !name.is_empty();
    if !sound {
        return None;
    }
    let plain =
        |at| -> Option<String> { Some(field(at)?.chars().filter(|c| !matches!(c, '.' | ' ')).collect()) };
    let (old, new) = (plain(disease::ICD10_2003)?, plain(disease::ICD10_2013)?);
    let standard_code = if new.is_empty() { old } else { new };
    let standard_system =
        if standard_code.is_empty() { String::new() } else { CodeSystem::Icd10.as_str().to_owned() };
    Some(MasterRow { code: code.to_owned(), name: name.to_owned(), standard_system, standard_code })
}

/// Splits a line of comma-separated fields; a field may stand in quotes, and a quote inside is doubled. No backslash
/// escapes: `ソ` ends in that byte. `None` when a quote is not closed or something follows a closing one.
fn split_quoted(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let mut field = String::new();
        if let Some(mut inside) = rest.strip_prefix('"') {
            loop {
                let (before, after) = inside.split_once('"')?;
                field.push_str(before);
                match after.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        inside = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        } else {
            let (before, _) = rest.split_once(',').unwrap_or((rest, ""));
            field.push_str(before);
            rest = rest.strip_prefix(before)?;
        }
        fields.push(field);
        if rest.is_empty() {
            return Some(fields);
        }
        rest = rest.strip_prefix(',')?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(code: &str, name: &str, old: &str, new: &str) -> String {
        let mut fields = vec![String::new(); 20];
        fields[1] = "B".to_owned();
        fields[2] = code.to_owned();
        fields[5] = name.to_owned();
        fields[13] = old.to_owned();
        fields[15] = new.to_owned();
        fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn fields_are_split() {
        let check = |text: &str, expect: Option<&[&str]>| {
            let found = split_quoted(text);
            let found = found.as_ref().map(|f| f.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expect, "{text}");
        };
        check("a,b", Some(&["a", "b"]));
        check("\"a,b\",\"\"", Some(&["a,b", ""]));
        check("\"a\"\"b\"", Some(&["a\"b"]));
        check(",", Some(&["", ""]));
        check("", Some(&[""]));
        check("\"a\\\",b", Some(&["a\\", "b"]));
        check("\"a", None);
        check("\"a\"b,c", None);
    }

    #[test]
    fn rows_and_bad_lines() {
        let text = [
            line("0000001", "見本ソ病", "A00.0", ""),
            line("0000002", "見本表病", "A000", "B01 1"),
            line("0000003", "見本無病", "", ""),
            line("0000001", "二度目", "", ""),
            line("12", "短い", "", ""),
            line("0000004", "", "", ""),
            "\"1\",\"B\",\"0000005\"".to_owned(),
            "\"1".to_owned(),
            line("0000006", "終", "C00", "C00"),
        ]
        .join("\r\n");
        let (bytes, _, lossy) = SHIFT_JIS.encode(&text);
        assert!(!lossy);
        let mut bytes = bytes.into_owned();
        bytes.extend_from_slice(b"\r\n\x1a");
        let (rows, bad_lines) = parse_disease_master(&bytes);
        let seen: Vec<_> =
            rows.iter().map(|r| (r.code.as_str(), r.name.as_str(), r.standard_code.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("0000001", "見本ソ病", "A000"),
                ("0000002", "見本表病", "B011"),
                ("0000003", "見本無病", ""),
                ("0000006", "終", "C00")
            ]
        );
        assert_eq!(rows[0].standard_system, "ICD10");
        assert_eq!(rows[2].standard_system, "");
        assert_eq!(bad_lines, [4, 5, 6, 7, 8]);

        let (rows, bad_lines) = parse_disease_master(&[b"\xef\xbb\xbf", text.as_bytes()].concat());
        assert_eq!((rows.len(), bad_lines.len()), (4, 5));
    }

    #[test]
    fn undecodable_text_spoils_its_own_line_only() {
        let good = line("0000001", "A", "", "");
        let bytes = [good.as_bytes(), b"\n\"0\",\"B\",\"0000002\",\"\",\"\",\"\xfd\"\n"].concat();
        let (rows, bad_lines) = parse_disease_master(&bytes);
        assert_eq!((rows.len(), bad_lines.as_slice()), (1, &[2][..]));
    }

    #[test]
    fn the_published_layout_is_read() {
        let sample = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../shared/samples/rece-masters-receiptisan/2022/b_ALL00000000.csv"
        );
        let Ok(bytes) = std::fs::read(sample) else {
            println!("skipped: ../shared/samples is not here");
            return;
        };
        let (rows, bad_lines) = parse_disease_master(&bytes);
        assert_eq!((rows.len(), bad_lines.len()), (5, 0));
        assert!(rows.iter().any(|r| r.code == "4375001" && r.standard_code == "I675"));
        assert!(rows.iter().any(|r| r.code == "0000999" && r.standard_code.is_empty()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (rows, bad_lines) = parse_disease_master(&bytes);
            let lines = bytes.split(|b| *b == b'\n').count();
            prop_assert!(rows.len() + bad_lines.len() <= lines);
        }

        #[test]
        fn quoted_fields_come_back(fields in proptest::collection::vec("[^\r\n]{0,8}", 1..6)) {
            let line = fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect::<Vec<_>>().join(",");
            prop_assert_eq!(split_quoted(&line), Some(fields));
        }
    }
}
