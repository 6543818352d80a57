//! Masters that no pattern knows: a `master.toml` beside the files says what they are.
//!
//! ```toml
//! [[master]]
//! file = "lab_2024.csv"          # beside this file
//! system = "99LAB"               # the code system, as senders name it
//! valid_from = "2024-04-01"      # or a day in the file's name, or --valid-from
//! encoding = "shift_jis"         # or "utf-8"; seen by itself when left out
//! delimiter = "comma"            # or "tab"
//! header_lines = 1               # lines before the first row; the last of them names the columns
//! code = "検査コード"             # a column by its name, or by its number from 1
//! name = 2
//! unit = "単位"                   # optional, as the rest
//! standard_system = "JC10"       # with standard_code: what every row maps to
//! standard_code = "JLAC10"
//! from = "開始日"
//! until = "終了日"
//! code_length = [5, 7]           # lengths a code may have
//! part = "inpatient"             # several lists side by side for one system
//! ```

use jiff::civil::Date;
use musubi_model::CodeSystem;
use serde::Deserialize;

use super::lines::{Delimiter, Encoding, day, each_line, encoding_of};
use super::{BadLine, MasterList, MasterRow, Misfit, Parsed, Sink};

/// The name of the file that describes others.
pub const DECLARATION_FILE: &str = "master.toml";

/// Names of systems and parts stand in the books: short and plain.
const SHORT_BYTES_MAX: usize = 40;

/// A `master.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declarations {
    /// The files it describes.
    #[serde(default)]
    pub master: Vec<Declaration>,
}

/// One file of codes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Name of the file, in the same folder.
    pub file: String,
    /// The code system.
    pub system: String,
    /// Which part of its codes.
    #[serde(default)]
    pub part: String,
    /// First day on which it holds.
    #[serde(default)]
    pub valid_from: Option<Date>,
    #[serde(default)]
    encoding: Option<DeclaredEncoding>,
    #[serde(default)]
    delimiter: DeclaredDelimiter,
    #[serde(default)]
    header_lines: usize,
    code: Column,
    name: Column,
    #[serde(default)]
    unit: Option<Column>,
    #[serde(default)]
    standard_system: Option<String>,
    #[serde(default)]
    standard_code: Option<Column>,
    #[serde(default)]
    from: Option<Column>,
    #[serde(default)]
    until: Option<Column>,
    #[serde(default)]
    code_length: Vec<usize>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum DeclaredEncoding {
    #[serde(rename = "shift_jis")]
    ShiftJis,
    #[serde(rename = "utf-8")]
    Utf8,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DeclaredDelimiter {
    #[default]
    Comma,
    Tab,
}

/// A column by its number from 1, or by its name in the header.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Column {
    Number(usize),
    Name(String),
}

/// Why a declaration, or a file under it, is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclarationError {
    /// Not TOML, or other names than those above.
    #[error("{0}")]
    Unreadable(String),
    /// Something in it contradicts itself.
    #[error("{file}: {why}")]
    Contradiction {
        /// Which file it describes.
        file: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The header has no such column.
    #[error("{file}: the header has no column {column}")]
    NoColumn {
        /// Which file.
        file: String,
        /// Which column.
        column: String,
    },
}

/// Reads a `master.toml`.
///
/// # Errors
/// [`DeclarationError`] says what is wrong; nothing is read then.
pub fn declarations(text: &str) -> Result<Declarations, DeclarationError> {
    let read: Declarations =
        toml::from_str(text).map_err(|e| DeclarationError::Unreadable(e.message().to_owned()))?;
    for one in &read.master {
        let wrong = |why| Err(DeclarationError::Contradiction { file: one.file.clone(), why });
        let plain = |text: &str| {
            text.len() <= SHORT_BYTES_MAX
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        };
        if one.system.is_empty() || !plain(&one.system) || !plain(&one.part) {
            return wrong("system and part are short names of letters, digits, '-', '.' and '_'");
        }
        if one.file.contains(['/', '\\']) || one.file.is_empty() {
            return wrong("file names a file in the same folder");
        }
        if one.standard_system.is_some() != one.standard_code.is_some() {
            return wrong("standard_system and standard_code come together");
        }
        let known = |name: &String| !matches!(CodeSystem::from_name(name), CodeSystem::Other(_));
        if one.standard_system.as_ref().is_some_and(|s| !known(s)) {
            return wrong("standard_system is no standard system this program knows");
        }
        let columns = [Some(&one.code), Some(&one.name), one.unit.as_ref(), one.standard_code.as_ref()]
            .into_iter()
            .chain([one.from.as_ref(), one.until.as_ref()])
            .flatten();
        for column in columns {
            match column {
                Column::Number(0) => return wrong("columns are counted from 1"),
                Column::Name(_) if one.header_lines == 0 => {
                    return wrong("columns have names only where header_lines is 1 or more");
                }
                _ => {}
            }
        }
    }
    Ok(read)
}

impl Declaration {
    /// Reads the file it describes.
    ///
    /// # Errors
    /// [`DeclarationError::NoColumn`] when the header does not name a column.
    pub fn parse(&self, bytes: &[u8]) -> Result<Parsed, DeclarationError> {
        let (bytes, seen) = encoding_of(bytes);
        let encoding = match self.encoding {
            Some(DeclaredEncoding::ShiftJis) => Encoding::ShiftJis,
            Some(DeclaredEncoding::Utf8) => Encoding::Utf8,
            None => seen,
        };
        let delimiter = match self.delimiter {
            DeclaredDelimiter::Comma => Delimiter::Comma,
            DeclaredDelimiter::Tab => Delimiter::Tab,
        };
        let mut lines = Vec::new();
        each_line(bytes, encoding, delimiter, &mut |line, fields| lines.push((line, fields)));
        let header = self.header_lines.checked_sub(1).and_then(|at| lines.get(at)?.1.clone());
        let place = |column: &Column| -> Result<usize, DeclarationError> {
            match column {
                Column::Number(number) => Ok(number.saturating_sub(1)),
                Column::Name(name) => {
                    header.iter().flatten().position(|field| field.trim() == name).ok_or_else(|| {
                        DeclarationError::NoColumn { file: self.file.clone(), column: name.clone() }
                    })
                }
            }
        };
        let optional = |column: &Option<Column>| column.as_ref().map(place).transpose();
        let (code, name) = (place(&self.code)?, place(&self.name)?);
        let (unit, standard) = (optional(&self.unit)?, optional(&self.standard_code)?);
        let (from, until) = (optional(&self.from)?, optional(&self.until)?);
        let system = self.standard_system.as_deref().map(CodeSystem::from_name);
        let mut sink = Sink::default();
        for (line, fields) in lines.into_iter().skip(self.header_lines) {
            let row = fields.ok_or(Misfit::Text).and_then(|fields| {
                let get = |at: Option<usize>| at.and_then(|at| fields.get(at)).map_or("", |f| f.trim());
                if fields.len() <= code.max(name) {
                    return Err(Misfit::Layout);
                }
                let length_fits =
                    self.code_length.is_empty() || self.code_length.contains(&get(Some(code)).len());
                if !length_fits {
                    return Err(Misfit::Code);
                }
                if get(Some(name)).is_empty() {
                    return Err(Misfit::Name);
                }
                let date = |at, ends| day(get(at), ends).map_err(|()| Misfit::Date);
                let row = MasterRow {
                    code: get(Some(code)).to_owned(),
                    name: get(Some(name)).to_owned(),
                    unit: get(unit).to_owned(),
                    valid_from: date(from, false)?,
                    valid_until: date(until, true)?,
                    ..MasterRow::default()
                };
                Ok(match &system {
                    Some(system) => row.with_standard(system, get(standard)),
                    None => row,
                })
            });
            sink.take(line, row);
        }
        let bad: Vec<BadLine> = sink.bad;
        let system = CodeSystem::from_name(&self.system);
        Ok(Parsed { lists: vec![MasterList { system, part: self.part.clone(), rows: sink.rows }], bad })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "[[master]]\nfile='lab.csv'\nsystem='99LAB'\nvalid_from='2024-04-01'\nheader_lines=1\n\
        code='コード'\nname=2\nunit='単位'\nstandard_system='JC10'\nstandard_code='標準'\nuntil='終了'\ncode_length=[3]\n";

    #[test]
    fn a_declared_file_is_read() {
        let read = declarations(GOOD).unwrap();
        let one = &read.master[0];
        assert_eq!((one.system.as_str(), one.valid_from), ("99LAB", Some(date(2024, 4, 1))));
        let text = "単位,名称,コード,標準,終了\nU/L,見本AST,L01,3B035000002327201,\ng,,L02,,\ng,長い,L003,,\n\
                    g,見本ALT,L04,,20240930\ng,見本,L05,,いつか\ng\n\"\n";
        let parsed = one.parse(text.as_bytes()).unwrap();
        let rows: Vec<_> = parsed.lists[0]
            .rows
            .iter()
            .map(|r| (r.code.as_str(), r.name.as_str(), r.standard_code.as_str(), r.valid_until))
            .collect();
        assert_eq!(
            rows,
            [("L01", "見本AST", "3B035000002327201", None), ("L04", "見本ALT", "", Some(date(2024, 9, 30)))]
        );
        assert_eq!(parsed.lists[0].system, CodeSystem::Other("99LAB".into()));
        let bad: Vec<_> = parsed.bad.iter().map(|b| (b.line, b.why)).collect();
        assert_eq!(
            bad,
            [(3, Misfit::Name), (4, Misfit::Code), (6, Misfit::Date), (7, Misfit::Layout), (8, Misfit::Text)]
        );
        let missing = one.parse("名称,コード\n".as_bytes()).unwrap_err();
        assert_eq!(missing.to_string(), "lab.csv: the header has no column 単位");
        let mut tabs = read.master[0].clone();
        (tabs.delimiter, tabs.encoding) = (DeclaredDelimiter::Tab, Some(DeclaredEncoding::Utf8));
        let parsed = tabs.parse("単位\t名称\tコード\t標準\t終了\nU/L\ta,b\tL01\t\t\n".as_bytes()).unwrap();
        assert_eq!(parsed.lists[0].rows[0].name, "a,b");
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let check = |from: &str, to: &str, expect: &str| {
            assert!(GOOD.contains(from), "{from}");
            let said = declarations(&GOOD.replace(from, to)).unwrap_err().to_string();
            assert!(said.contains(expect), "{said}");
        };
        check("system='99LAB'", "system='検査'", "short names");
        check("file='lab.csv'", "file='../lab.csv'", "same folder");
        check("standard_code='標準'\n", "", "come together");
        check("'JC10'", "'JLAC'", "no standard system");
        check("name=2", "name=0", "counted from 1");
        check("header_lines=1", "header_lines=0", "header_lines");
        check("header_lines=1", "heading=1", "unknown field");
        check("code_length=[3]", "code_length=x", "");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let one = &declarations(GOOD).unwrap().master[0];
            if let Ok(parsed) = one.parse(&bytes) {
                let lines = bytes.split(|b| *b == b'\n').count();
                prop_assert!(parsed.rows() + parsed.bad.len() <= lines);
            }
        }
    }
}
