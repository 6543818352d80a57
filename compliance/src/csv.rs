//! Comma-separated text (RFC 4180) cut into rows and fields. Pure; knows nothing of what the fields mean.
//! It must never lose a line: whatever cannot be cut is handed back as such.

/// One row: the line it begins on (from 1) and its fields, or why it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvRow {
    /// The line, from 1.
    pub line: usize,
    /// Its fields.
    pub fields: Result<Vec<String>, CsvBroken>,
}

/// Why a row cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvBroken {
    /// A quotation mark opens and nothing closes it on the line. Only that line is lost: a stray mark must not
    /// swallow the entries after it.
    OpenQuote,
    /// Text after a closing quotation mark.
    AfterQuote,
}

/// Cuts the text, one row for each line that is not blank. A field never spans lines here.
pub fn rows(text: &str) -> impl Iterator<Item = CsvRow> + '_ {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| CsvRow { line: index + 1, fields: fields(line) })
}

fn fields(line: &str) -> Result<Vec<String>, CsvBroken> {
    let mut out = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        let mut field = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next() {
                    Some('"') if chars.next_if_eq(&'"').is_some() => field.push('"'),
                    Some('"') => break,
                    Some(c) => field.push(c),
                    None => return Err(CsvBroken::OpenQuote),
                }
            }
            if chars.peek().is_some_and(|c| *c != ',') {
                return Err(CsvBroken::AfterQuote);
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != ',') {
                field.push(c);
            }
        }
        out.push(field);
        if chars.next().is_none() {
            return Ok(out);
        }
    }
}

/// Writes one row, quoted where it must be, ending CR LF. A line end inside a field becomes a blank: a row is a line. A
/// field that a spreadsheet would take for a formula is quoted with an apostrophe.
pub(crate) fn line<T: AsRef<str>>(fields: &[T]) -> String {
    let mut out = String::new();
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        let mut text = field.as_ref().replace(['\r', '\n'], " ");
        if text.starts_with(['=', '+', '@', '\t']) {
            text.insert(0, '\'');
        }
        if text.contains([',', '"']) {
            out.push('"');
            out.push_str(&text.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&text);
        }
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: Result<&[&str], CsvBroken>) {
        let expect = expect.map(|f| f.iter().map(|s| (*s).to_owned()).collect());
        assert_eq!(fields(line), expect, "{line}");
    }

    #[test]
    fn cuts_fields() {
        check("a,b", Ok(&["a", "b"]));
        check("a,", Ok(&["a", ""]));
        check(",", Ok(&["", ""]));
        check("\"a,b\",\"c\"\"d\"", Ok(&["a,b", "c\"d"]));
        check("\"\",x", Ok(&["", "x"]));
        check("\"a", Err(CsvBroken::OpenQuote));
        check("\"a\"b,c", Err(CsvBroken::AfterQuote));
        check("a\"b", Ok(&["a\"b"]));
    }

    #[test]
    fn counts_lines_as_an_editor_does() {
        let lines: Vec<usize> = rows("h\r\n\r\n a\r\nb").map(|r| r.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }
}
