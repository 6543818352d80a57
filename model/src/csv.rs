//! Writing CSV that people open in a spreadsheet: quoted where needed, and never read as a formula.

use std::borrow::Cow;

/// The mark that tells a spreadsheet that the file is UTF-8.
pub const BOM: &str = "\u{feff}";

/// One cell. What a spreadsheet would take for a formula gets an apostrophe before it.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) };
    if text.contains(['"', ',', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        text
    }
}

/// One row, ended as RFC 4180 has it.
#[must_use]
pub fn row<S: AsRef<str>>(cells: &[S]) -> String {
    let mut out = String::new();
    for (i, one) in cells.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&cell(one.as_ref()));
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(row(&["a", "b,c", "d\"e", ""]), "a,\"b,c\",\"d\"\"e\",\r\n");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("@漢"), "'@漢");
        assert_eq!(cell("-5"), "-5");
        assert_eq!(cell("-A"), "'-A");
    }
}
