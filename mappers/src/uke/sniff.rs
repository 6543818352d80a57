//! Which kind of receipts a file holds, by what is in it; names of files mislead (formats.md §2.1).
//!
//! Only ASCII columns at fixed places are looked at, and only as far into the file as it takes to be sure.

use super::encoding;
use super::line::{Kind, Lines, classify, is_prefixed};
use super::spec::{self, ReceiptKind};

/// Lines looked at before a file that begins as a medical one is taken for one.
const LINES_MAX: usize = 20_000;

/// The kind; `None` when it is no file of receipts.
pub(crate) fn kind_of(bytes: &[u8]) -> Option<ReceiptKind> {
    let body = if bytes.starts_with(encoding::BOM) { encoding::BOM.len() } else { 0 };
    let first = Lines::new(bytes, body).next()?;
    let prefixed = is_prefixed(first.bytes);
    let (head, shift) = classify(first.bytes, prefixed);
    let column = |line: &'_ [u8], n: usize, shift: usize| -> Vec<u8> {
        line.split(|b| *b == b',').nth(n + shift).unwrap_or_default().to_vec()
    };
    match &head.0 {
        b"UK" | b"YK" | b"HM" | b"IR" => {
            let code = column(first.bytes, 4, shift);
            let numbered = !code.is_empty() && code.len() <= 7 && code.iter().all(u8::is_ascii_digit);
            if !numbered || !matches!(column(first.bytes, 1, shift).as_slice(), b"1" | b"2") {
                return None;
            }
        }
        b"HI" | b"MN" => {}
        _ => return None,
    }
    let mut receipts = false;
    for line in Lines::new(bytes, body).take(LINES_MAX) {
        let (kind, shift) = classify(line.bytes, prefixed);
        if let Some((owner, _)) = spec::owner(kind) {
            return Some(owner);
        }
        if kind == Kind(*b"IR") && column(line.bytes, 3, shift) == b"3" {
            return Some(ReceiptKind::Dental);
        }
        if kind == Kind(*b"RE") {
            match column(line.bytes, 2, shift).first() {
                Some(b'3') => return Some(ReceiptKind::Dental),
                Some(b'4') => return Some(ReceiptKind::Dispensing),
                Some(b'6') => return Some(ReceiptKind::Nursing),
                _ => receipts = true,
            }
            if matches!(column(line.bytes, 16, shift).as_slice(), b"0" | b"1" | b"2" | b"3") {
                return Some(ReceiptKind::Dpc);
            }
        }
    }
    receipts.then_some(ReceiptKind::Medical)
}
