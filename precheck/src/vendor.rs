//! Which product made a document (作成したシステム), where the format says so: MSH-3 of HL7 messages, the software of a
//! CDA's author. Receipts and tables do not say.

use memchr::memmem;
use musubi_model::finding::shape_of;
use musubi_model::manifest::FeedKind;

/// Bytes of a document that are searched.
const HEAD_BYTES: usize = 64 << 10;

/// The product's name; a shape when it looks like anything else than a name of software.
#[must_use]
pub fn vendor(kind: FeedKind, bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    let raw = match kind {
        FeedKind::SsMix2Standard
        | FeedKind::SsMix2Extended
        | FeedKind::SsMix2Transaction
        | FeedKind::Hl7V2 => application(head),
        FeedKind::CheckupCda | FeedKind::ClinicalCda => software(head),
        _ => None,
    }?;
    let text = String::from_utf8_lossy(raw);
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    Some(if is_product(text) { text.to_owned() } else { shape_of(text) })
}

/// Letters, digits and a few signs, with a letter, and no number long enough to be somebody's.
fn is_product(text: &str) -> bool {
    let mut digits = 0;
    let short_numbers = text.bytes().all(|b| {
        digits = if b.is_ascii_digit() { digits + 1 } else { 0 };
        digits < 5
    });
    text.len() <= 30
        && short_numbers
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" -_./".contains(&b))
}

/// MSH-3 (送信アプリケーション), its first component.
fn application(head: &[u8]) -> Option<&[u8]> {
    let at = memmem::find(head, b"MSH")?;
    let segment = head.get(at..)?;
    let separator = *segment.get(3)?;
    let end = memchr::memchr2(b'\r', b'\n', segment).unwrap_or(segment.len());
    let field = segment.get(..end)?.split(|b| *b == separator).nth(2)?;
    field.split(|b| *b == b'^').next()
}

/// `softwareName` or `manufacturerModelName` of the authoring device.
fn software(head: &[u8]) -> Option<&[u8]> {
    [b"<softwareName".as_slice(), b"<manufacturerModelName"].into_iter().find_map(|tag| {
        let at = memmem::find(head, tag)?;
        let rest = head.get(at..)?;
        let from = memchr::memchr(b'>', rest)? + 1;
        let text = rest.get(from..)?;
        text.get(..memchr::memchr(b'<', text)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_named_and_nothing_else_is() {
        let of = |msh: &str| vendor(FeedKind::Hl7V2, msh.as_bytes());
        assert_eq!(of("MSH|^~\\&|MIHON-EHR^1|HOSP\rPID|1"), Some("MIHON-EHR".to_owned()));
        assert_eq!(of("MSH|^~\\&|0000123456|HOSP\r"), Some("9×10".to_owned()));
        assert_eq!(of("MSH|^~\\&|見本太郎|HOSP\r"), Some("漢×4".to_owned()));
        assert_eq!(of("MSH|^~\\&||HOSP\r"), None);
        assert_eq!(of("PID|"), None);
        assert_eq!(vendor(FeedKind::ReceiptMedical, b"MSH|^~\\&|X|"), None);
        let cda = b"<assignedAuthoringDevice><softwareName>MIHON 2.1</softwareName>";
        assert_eq!(vendor(FeedKind::CheckupCda, cda), Some("MIHON 2.1".to_owned()));
    }
}
