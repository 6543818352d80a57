//! Findings (指摘): what was wrong with what was sent, said so that the sender can mend it.
//!
//! A finding never carries a person's data: `found` holds a shape ([`shape_of`]) or a code that identifies nobody.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::DocumentHash;
use crate::source::ByteRange;

/// How bad a finding is (重大度).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing (参考); nothing to do.
    Note,
    /// Taken in, but somebody should look (警告).
    Warning,
    /// The smallest sound unit around it is quarantined (エラー).
    Error,
}

impl Severity {
    /// The word stored and shown in English.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Note => "参考",
            Self::Warning => "警告",
            Self::Error => "エラー",
        }
    }
}

/// A rule of the catalogue: one id, one severity, its words. Rooms declare theirs as constants.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable id, `AREA-NAME` in capitals, e.g. `UKE-GO-COUNT`.
    pub id: &'static str,
    /// Severity.
    pub severity: Severity,
    /// What happened, Japanese, one sentence.
    pub ja: &'static str,
    /// What happened, English.
    pub en: &'static str,
    /// How the sender mends it, Japanese.
    pub mend_ja: &'static str,
    /// How the sender mends it, English.
    pub mend_en: &'static str,
    /// An example of what breaks it, Japanese, made up. Empty: the words are plain enough.
    pub example: &'static str,
}

/// Declares the rules of a module and `rules()`, all of them, for the catalogue: name, severity, id, then what happened
/// (Japanese, English), how to mend it (Japanese, English), and an example after `eg`.
#[macro_export]
macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident $severity:ident $id:literal
        $ja:literal $en:literal $mend_ja:literal $mend_en:literal $(eg $example:literal)?;)*) => {
        $($(#[$doc])* pub static $name: $crate::Rule = $crate::Rule {
            id: $id,
            severity: $crate::Severity::$severity,
            ja: $ja,
            en: $en,
            mend_ja: $mend_ja,
            mend_en: $mend_en,
            example: concat!($($example)?),
        };)*

        /// All rules of this module, for the catalogue.
        #[must_use]
        pub fn rules() -> &'static [&'static $crate::Rule] {
            static ALL: &[&$crate::Rule] = &[$(&$name),*];
            ALL
        }
    };
}

/// Where a finding stands. Every part that is known is given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The document, when there is one.
    pub document: Option<DocumentHash>,
    /// The bytes.
    pub range: Option<ByteRange>,
    /// The record, as a person counts it: `行 12 (SY)`, `PID`, `OBX[3]`.
    pub record: String,
    /// The field: `列 5`, `PID-7`. Empty when the whole record is meant.
    pub field: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: &'static Rule,
    /// Where.
    pub position: Position,
    /// What was found: a shape or a code, never a value of a person.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl Finding {
    /// A finding of `rule` without position, found and expected.
    #[must_use]
    pub fn new(rule: &'static Rule) -> Self {
        Self { rule, position: Position::default(), found: String::new(), expected: String::new() }
    }

    /// Sets the bytes.
    #[must_use]
    pub fn at(mut self, range: ByteRange) -> Self {
        self.position.range = Some(range);
        self
    }

    /// Sets the document.
    #[must_use]
    pub fn in_document(mut self, document: DocumentHash) -> Self {
        self.position.document = Some(document);
        self
    }

    /// Sets record and field.
    #[must_use]
    pub fn in_field(mut self, record: impl Into<String>, field: impl Into<String>) -> Self {
        self.position.record = record.into();
        self.position.field = field.into();
        self
    }

    /// Sets what was found. The caller gives a shape, a count or a code, never a person's value.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = found.into();
        self
    }

    /// Sets what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    /// Is the unit around it to be quarantined?
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.rule.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {} {}", self.rule.severity.ja(), self.rule.id, self.rule.ja)?;
        if !self.position.record.is_empty() {
            write!(f, " 位置: {} {}", self.position.record, self.position.field)?;
        }
        if let Some(range) = self.position.range {
            write!(f, " (バイト {}–{})", range.start, range.end())?;
        }
        if !self.found.is_empty() {
            write!(f, " 検出: {}", self.found)?;
        }
        if !self.expected.is_empty() {
            write!(f, " 期待: {}", self.expected)?;
        }
        write!(f, " 対処: {}", self.rule.mend_ja)
    }
}

/// The shape of a text without its content: digits `9`, ASCII letters `A`, kana `ア`, kanji `漢`, other letters `字`,
/// other signs as they are, runs shortened (`9×8`). At most 40 characters.
#[must_use]
pub fn shape_of(text: &str) -> String {
    let mut out = String::new();
    let mut run: Option<(char, usize)> = None;
    let flush = |out: &mut String, run: Option<(char, usize)>| {
        if let Some((class, count)) = run {
            out.push(class);
            if count > 1 {
                out.push('×');
                out.push_str(&count.to_string());
            }
        }
    };
    for c in text.chars() {
        let class = match c {
            '0'..='9' => '9',
            '０'..='９' => '９',
            'a'..='z' | 'A'..='Z' => 'A',
            'ぁ'..='ヿ' | 'ｦ'..='ﾟ' => 'ア',
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => '漢',
            '々' | '〆' | '〇' => '漢',
            'Ａ'..='Ｚ' | 'ａ'..='ｚ' => 'Ａ',
            // Names are also written in Greek, Cyrillic, Hangul or letters with accents.
            c if c.is_alphabetic() => '字',
            c if c.is_numeric() => '9',
            c if c.is_control() => '␣',
            c => c,
        };
        match &mut run {
            Some((seen, count)) if *seen == class => *count += 1,
            _ => {
                flush(&mut out, run.take());
                run = Some((class, 1));
            }
        }
        if out.chars().count() > 36 {
            out.push('…');
            return out;
        }
    }
    flush(&mut out, run);
    if out.is_empty() { "(空)".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_shows_no_content() {
        assert_eq!(shape_of("山田　太郎"), "漢×2\u{3000}漢×2");
        assert_eq!(shape_of("01130012"), "9×8");
        assert_eq!(shape_of("ﾔﾏﾀﾞ A-1"), "ア×4 A-9");
        assert_eq!(shape_of("佐々木ＪＯＳÉ"), "漢×3Ａ×3字");
        assert_eq!(shape_of("김철수①"), "字×39");
        assert_eq!(shape_of(""), "(空)");
        assert!(shape_of(&"a1".repeat(500)).chars().count() <= 40);
    }
}
