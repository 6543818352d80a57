//! Paths and other names of a sender's machine, masked: enough to find the file again, never a chart number or a name.

use musubi_model::finding::shape_of;

/// A path with every part masked by [`part`].
#[must_use]
pub fn mask(path: &str) -> String {
    let parts: Vec<String> = path.split(['/', '\\']).map(part).collect();
    parts.join("/")
}

/// One part of a path: as it is when it is a word of a format (`RECEIPTC.UKE`, `OML-11`, `manifest.toml`), else its
/// shape with its extension.
fn part(name: &str) -> String {
    if name.is_empty() || is_word(name) {
        return name.to_owned();
    }
    match name.rsplit_once('.') {
        Some((stem, extension)) if is_extension(extension) => format!("{}.{extension}", shape_of(stem)),
        _ => shape_of(name),
    }
}

/// Words that the formats themselves prescribe.
fn is_word(name: &str) -> bool {
    let receipt = |rest: &str| {
        let mut signs = rest.chars();
        signs.next().is_some_and(|c| c.is_ascii_uppercase()) && signs.as_str() == ".UKE"
    };
    let data_type = |name: &str| match name.as_bytes() {
        [a, b, c, b'-', d, e] => {
            [a, b, c].iter().all(|l| l.is_ascii_uppercase()) && [d, e].iter().all(|n| n.is_ascii_digit())
        }
        _ => false,
    };
    matches!(name, "." | ".." | "-" | "DATA" | "CLAIMS" | "XSD" | "manifest.toml" | "manifest.toml.sig")
        || name.strip_prefix("RECEIPT").is_some_and(receipt)
        || data_type(name)
}

fn is_extension(text: &str) -> bool {
    const KNOWN: [&str; 12] =
        ["uke", "csv", "tsv", "txt", "xml", "zip", "dat", "hl7", "json", "toml", "sig", "html"];
    KNOWN.iter().any(|known| text.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_and_no_name_is_left() {
        let path =
            "1310000001/000/123/0000123/20261110/OML-11/0000123_20261110_OML-11_1_20261110093000000_-_1";
        let masked = mask(path);
        assert!(masked.contains("/OML-11/") && !masked.contains("123"), "{masked}");
        assert_eq!(mask("見本太郎/RECEIPTC.UKE"), "漢×4/RECEIPTC.UKE");
        assert_eq!(mask("YAMADA_TARO.xml"), "A×6_A×4.xml");
        assert_eq!(mask("a.taro"), "A.A×4");
        assert_eq!(mask("RECEIPT12.UKE"), "A×79×2.UKE");
    }
}
