//! What an id may be, by its shape alone. Nothing is looked up here.
//!
//! A number that may be a person's is named as such, so that nobody looks for it where persons are not kept.

use musubi_model::ids::{DocumentHash, FactId, SubmissionId};
use unicode_normalization::UnicodeNormalization as _;

/// Digits from which on a bare number may be a person's: an insured person's, a chart's, a My Number.
const PERSON_DIGITS: usize = 6;

/// What an id may be (番号の種類).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdShape {
    /// A delivery.
    Submission(SubmissionId),
    /// A fact.
    Fact(FactId),
    /// A document.
    Document(DocumentHash),
    /// A release, `R-…`.
    Release(String),
    /// An approval, `A-…`.
    Approval(String),
    /// An entry of the opt-outs, `O-YEAR-…`.
    OptOut(String),
    /// An erasure, `E-YEAR-…`.
    Erasure(String),
    /// An incident, `I-YEAR-…`.
    Incident(String),
    /// An inquiry, `Q-YEAR-…`.
    Inquiry(String),
    /// A check of the Act, `C-…`.
    Check(String),
    /// A name of letters, digits and a few signs: an account, an organisation, a request, a rule, a parameter, a code.
    Name(String),
    /// A research id, or a number that may be a person's: for the help desk's look-up, not for a search.
    Person,
}

/// All that `text` may be, the likelier first. Empty: these are words, not an id.
#[must_use]
pub fn id_shapes(text: &str) -> Vec<IdShape> {
    let text: String = text.trim().nfkc().collect();
    let hex = text.to_ascii_lowercase();
    if let Ok(document) = hex.parse::<DocumentHash>() {
        return vec![IdShape::Document(document)];
    }
    if let (Ok(submission), Ok(fact)) = (hex.parse::<SubmissionId>(), hex.parse::<FactId>()) {
        return vec![IdShape::Submission(submission), IdShape::Fact(fact), IdShape::Person];
    }
    if let Some(known) = lettered(&text) {
        return vec![known];
    }
    let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'/');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let bare = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' ' | '・'));
    match (bare && digits >= PERSON_DIGITS, !text.is_empty() && text.bytes().all(name)) {
        (true, true) => vec![IdShape::Name(text), IdShape::Person],
        (true, false) => vec![IdShape::Person],
        (false, true) => vec![IdShape::Name(text)],
        (false, false) => Vec::new(),
    }
}

/// Ids that begin with a letter of their own.
fn lettered(text: &str) -> Option<IdShape> {
    let (letter, rest) = text.split_once('-')?;
    let whole = format!("{}-{}", letter.to_ascii_uppercase(), rest.to_ascii_lowercase());
    let hex = rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let yearly = rest
        .split_once('-')
        .is_some_and(|(year, n)| year.len() == 4 && digits(year) && (1..=9).contains(&n.len()) && digits(n));
    let check = (1..=3).contains(&rest.len()) && digits(rest);
    match letter.to_ascii_uppercase().as_str() {
        "R" if hex => Some(IdShape::Release(whole)),
        "A" if hex => Some(IdShape::Approval(whole)),
        "O" if yearly => Some(IdShape::OptOut(whole)),
        "E" if yearly => Some(IdShape::Erasure(whole)),
        "I" if yearly => Some(IdShape::Incident(whole)),
        "Q" if yearly => Some(IdShape::Inquiry(whole)),
        "C" if check => Some(IdShape::Check(format!("C-{rest:0>3}"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_is_known_by_its_shape() {
        let name = |s: &str| IdShape::Name(s.to_owned());
        let is = |text: &str| id_shapes(text);
        assert_eq!(is(" Ｒ－0123456789ABCDEF "), [IdShape::Release("R-0123456789abcdef".to_owned())]);
        assert_eq!(is("a-0123456789abcdef"), [IdShape::Approval("A-0123456789abcdef".to_owned())]);
        assert_eq!(is("O-2026-0001"), [IdShape::OptOut("O-2026-0001".to_owned())]);
        assert_eq!(is("e-2026-0001"), [IdShape::Erasure("E-2026-0001".to_owned())]);
        assert_eq!(is("c-36"), [IdShape::Check("C-036".to_owned())]);
        assert_eq!(is(&"ab".repeat(32)), [IdShape::Document(DocumentHash([0xab; 32]))]);
        assert_eq!(is(&"AB".repeat(16)).first(), Some(&IdShape::Submission(SubmissionId([0xab; 16]))));
        assert!(is(&"ab".repeat(16)).contains(&IdShape::Person), "a research id looks the same");
        assert_eq!(is("desk-01"), [name("desk-01")]);
        assert_eq!(is("RECE-B:8830052"), [name("RECE-B:8830052")]);
        assert_eq!(is("620000001"), [name("620000001"), IdShape::Person], "a code, or somebody's number");
        assert_eq!(is("1234 5678 9018"), [IdShape::Person]);
        assert_eq!(is("見本 太郎"), []);
        assert_eq!(is(""), []);
    }

    proptest! {
        #[test]
        fn a_number_of_a_person_is_never_only_something_else(number in "[0-9]{6,16}") {
            prop_assert!(id_shapes(&number).contains(&IdShape::Person));
        }

        #[test]
        fn any_text_has_an_answer(text in "\\PC{0,70}") {
            let _any = id_shapes(&text);
        }
    }
}
