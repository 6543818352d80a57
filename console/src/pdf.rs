//! A table as a PDF, over as many pages as it takes: for books that are printed and filed. The same table gives the same
//! bytes; there is neither date nor identifier in the file.
//!
//! The font is named, not embedded: Adobe-Japan1 by `UniJIS-UTF16-H`, which every viewer in Japan brings along. Nothing is
//! cut off: a cell that is too long goes on in the next line.

use std::fmt::Write as _;

/// A4, landscape, in points.
const PAGE: (f32, f32) = (842.0, 595.0);
const MARGIN: f32 = 36.0;
const SIZE: f32 = 7.0;
const LEADING: f32 = 9.5;
/// Objects before the pages: catalogue, page tree, font, its descendant, its descriptor.
const FIXED: usize = 5;

/// A column: heading, and how wide it is beside the others.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Heading.
    pub heading: &'a str,
    /// Share of the width.
    pub share: f32,
}

/// A table to be printed.
#[derive(Debug, Clone)]
pub struct Table<'a> {
    /// Title, on every page.
    pub title: &'a str,
    /// One line under the title of every page.
    pub note: &'a str,
    /// Columns.
    pub columns: &'a [Column<'a>],
    /// Rows, as many cells each as there are columns.
    pub rows: &'a [Vec<String>],
}

/// Width of a character in ems, as the font is told to set it.
fn em(c: char) -> f32 {
    if c.is_ascii() || ('\u{ff61}'..='\u{ff9f}').contains(&c) { 0.5 } else { 1.0 }
}

/// A text in lines that fit.
fn lines(text: &str, width: f32) -> Vec<String> {
    let (mut out, mut line, mut used) = (Vec::new(), String::new(), 0.0);
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if used + em(c) * SIZE > width && !line.is_empty() {
            out.push(std::mem::take(&mut line));
            used = 0.0;
        }
        line.push(c);
        used += em(c) * SIZE;
    }
    out.push(line);
    out
}

/// Shows a line of text at a place.
fn show(out: &mut String, x: f32, y: f32, size: f32, text: &str) {
    let _infallible = write!(out, "BT /F1 {size:.1} Tf {x:.1} {y:.1} Td <");
    for unit in text.encode_utf16() {
        let _infallible = write!(out, "{unit:04X}");
    }
    out.push_str("> Tj ET\n");
}

fn rule(out: &mut String, y: f32) {
    let _infallible = writeln!(out, "{MARGIN:.1} {y:.1} m {:.1} {y:.1} l S", PAGE.0 - MARGIN);
}

/// The contents of all pages.
fn pages(table: &Table<'_>) -> Vec<String> {
    let all: f32 = table.columns.iter().map(|c| c.share).sum();
    let wide = PAGE.0 - 2.0 * MARGIN;
    let widths: Vec<f32> = table.columns.iter().map(|c| c.share / all.max(0.1) * wide).collect();
    let mut done = Vec::new();
    let mut page = String::new();
    let mut y = head(&mut page, table, &widths);
    for row in table.rows {
        let cells: Vec<Vec<String>> = row.iter().zip(&widths).map(|(t, w)| lines(t, w - 4.0)).collect();
        let tall = cells.iter().map(Vec::len).max().unwrap_or(1);
        // A row is not torn apart; the pages are far taller than any row of a book.
        let height = (0..tall).fold(4.0, |h, _| h + LEADING);
        if y - height < MARGIN + LEADING {
            done.push(std::mem::take(&mut page));
            y = head(&mut page, table, &widths);
        }
        let mut x = MARGIN;
        for (cell, width) in cells.iter().zip(&widths) {
            let mut at = y;
            for line in cell {
                at -= LEADING;
                show(&mut page, x + 2.0, at, SIZE, line);
            }
            x += width;
        }
        y -= height;
        rule(&mut page, y);
    }
    done.push(page);
    let count = done.len();
    for (place, page) in done.iter_mut().enumerate() {
        show(page, PAGE.0 / 2.0 - 20.0, MARGIN - 14.0, SIZE, &format!("{} / {count}", place + 1));
    }
    done
}

/// Title and headings; gives the height at which the rows begin.
fn head(page: &mut String, table: &Table<'_>, widths: &[f32]) -> f32 {
    page.push_str("0.4 w\n");
    let mut y = PAGE.1 - MARGIN - 10.0;
    show(page, MARGIN, y, 11.0, table.title);
    y -= 14.0;
    show(page, MARGIN, y, SIZE, table.note);
    y -= 6.0;
    rule(page, y);
    let mut x = MARGIN;
    for (column, width) in table.columns.iter().zip(widths) {
        show(page, x + 2.0, y - LEADING, SIZE, column.heading);
        x += width;
    }
    y -= LEADING + 4.0;
    rule(page, y);
    y
}

/// The table as the bytes of a PDF.
#[must_use]
pub fn table_pdf(table: &Table<'_>) -> Vec<u8> {
    let pages = pages(table);
    let kids: Vec<String> = (0..pages.len()).map(|n| format!("{} 0 R", FIXED + 1 + 2 * n)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R /Lang (ja) >>".to_owned(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()),
        "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiKakuGo-W5-UniJIS-UTF16-H \
         /Encoding /UniJIS-UTF16-H /DescendantFonts [4 0 R] >>"
            .to_owned(),
        // Glyphs 1 to 95 are the proportional Latin ones, set half an em wide like the half-width kana, 327 to 389.
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiKakuGo-W5 \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> \
         /DW 1000 /W [1 95 500 327 389 500] /FontDescriptor 5 0 R >>"
            .to_owned(),
        "<< /Type /FontDescriptor /FontName /HeiseiKakuGo-W5 /Flags 4 /FontBBox [-92 -250 1010 922] \
         /ItalicAngle 0 /Ascent 752 /Descent -221 /CapHeight 737 /StemV 114 >>"
            .to_owned(),
    ];
    for (n, content) in pages.iter().enumerate() {
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {:.0} {:.0}] /Resources << /Font << /F1 3 0 R >> >> \
             /Contents {} 0 R >>",
            PAGE.0,
            PAGE.1,
            FIXED + 2 + 2 * n
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len() + 1));
    }
    // All text is in hexadecimal: the file is ASCII, but for the four bytes that say it is not only that.
    let mut out = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = Vec::with_capacity(objects.len());
    for (n, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", n + 1).as_bytes());
    }
    let start = out.len();
    let mut end = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _infallible = writeln!(end, "{offset:010} 00000 n ");
    }
    let _infallible =
        write!(end, "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    out.extend_from_slice(end.as_bytes());
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)] // a failure here is a failed test
mod tests {
    use super::*;

    /// Every text shown, in order.
    fn shown(text: &str) -> Vec<String> {
        text.split("Td <")
            .skip(1)
            .map(|part| {
                let hex = part.split('>').next().unwrap();
                let units: Vec<u16> = (0..hex.len() / 4)
                    .map(|i| u16::from_str_radix(&hex[4 * i..4 * i + 4], 16).unwrap())
                    .collect();
                String::from_utf16(&units).unwrap()
            })
            .collect()
    }

    /// Follows the table of offsets and the lengths of all streams.
    fn well_formed(bytes: &[u8]) -> String {
        let text: String = bytes.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '?' }).collect();
        assert!(text.starts_with("%PDF-1.5\n") && text.ends_with("%%EOF\n"));
        let start: usize =
            text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
        let table: Vec<&str> = text[start..].lines().collect();
        assert_eq!(table[0], "xref");
        let count: usize = table[1].split(' ').nth(1).unwrap().parse().unwrap();
        assert!(text[start..].contains(&format!("/Size {count}")));
        for n in 1..count {
            let line = table[2 + n];
            assert_eq!(line.len(), 19, "twenty bytes with its line end");
            let offset: usize = line[..10].parse().unwrap();
            assert!(text[offset..].starts_with(&format!("{n} 0 obj\n")), "object {n}");
        }
        for part in text.split("/Length ").skip(1) {
            let length: usize = part.split(' ').next().unwrap().parse().unwrap();
            let stream = part.split_once("stream\n").unwrap().1;
            assert!(stream[length..].starts_with("endstream"), "a stream of {length} bytes");
        }
        text
    }

    fn table(rows: &[Vec<String>]) -> Vec<u8> {
        let columns = [Column { heading: "番号", share: 1.0 }, Column { heading: "項目", share: 3.0 }];
        table_pdf(&Table { title: "帳簿 2026-11", note: "試験", columns: &columns, rows })
    }

    #[test]
    fn every_row_stands_on_some_page_and_every_offset_is_right() {
        for n in [0, 1, 40, 500] {
            let rows: Vec<Vec<String>> =
                (0..n).map(|i| vec![i.to_string(), format!("見本第{i}病院 SY:3 (一)")]).collect();
            let text = well_formed(&table(&rows));
            let all = shown(&text);
            for row in &rows {
                assert!(all.contains(&row[1]), "{}", row[1]);
            }
            let pages = text.matches("/Type /Page ").count();
            assert_eq!(all.iter().filter(|t| t.as_str() == "帳簿 2026-11").count(), pages);
            assert!(all.contains(&format!("{pages} / {pages}")));
            assert_eq!(pages > 1, n > 38, "{n} rows on {pages} pages");
        }
    }

    #[test]
    fn a_long_cell_goes_on_in_the_next_line_and_nothing_breaks_out_of_the_text() {
        let long = "長い項目)(\\> 𠮷".repeat(60);
        let text = well_formed(&table(&[vec!["1".to_owned(), long.clone()]]));
        assert!(shown(&text).concat().contains(&long));
        assert_eq!(table(&[]), table(&[]));
    }
}
