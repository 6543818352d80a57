//! Coded elements (CWE) of HL7: code^text^system, and perhaps the same again in another system.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded};

use crate::hl7::Element;

/// The code system an HL7 message names in the third component.
pub(super) fn system_of(name: &str) -> CodeSystem {
    match name {
        "HOT" | "HOT7" | "HOT9" | "HOT13" => CodeSystem::Hot,
        "I10" | "I10P" | "ICD10" | "ICD-10" => CodeSystem::Icd10,
        "JC10" | "JLAC10" => CodeSystem::Jlac10,
        "JC11" | "JLAC11" => CodeSystem::Jlac11,
        "JJ1017" | "JJ1017P" | "JJ1017-16P" | "JJ1017-32" => CodeSystem::Jj1017,
        "MDCDX2" => CodeSystem::MedisDisease,
        "YJ" | "HC" => CodeSystem::Yj,
        other => CodeSystem::from_name(other),
    }
}

/// A coded element as sent. Of two codes, the one of a national system goes before one of the house. `None` when there
/// is neither code nor text.
pub(super) fn coded(element: Element<'_>) -> Option<Coded> {
    let [code, text, system, second @ ..] = element.components::<6>();
    let first = triple(code, text, system);
    let [code, text, system] = second;
    match (first, triple(code, text, system)) {
        (Some(first), Some(second)) if is_local(&first.system) && !is_local(&second.system) => {
            Some(Coded { text: second.text.or(first.text), ..second })
        }
        (first, second) => first.or(second),
    }
}

fn triple(code: Element<'_>, text: Element<'_>, system: Element<'_>) -> Option<Coded> {
    if !code.has_value() && !text.has_value() {
        return None;
    }
    let coded = Coded { system: system_of(&system.text()), code: code.compact(), text: None };
    Some(coded.with_text(&text.text()))
}

/// Is this a system whose codes a master of the product can know?
pub(super) fn has_master(system: &CodeSystem) -> bool {
    matches!(
        system,
        CodeSystem::Hot
            | CodeSystem::Yj
            | CodeSystem::Jlac10
            | CodeSystem::Jlac11
            | CodeSystem::Icd10
            | CodeSystem::MedisDisease
            | CodeSystem::Jj1017
            | CodeSystem::Lendo
            | CodeSystem::Janis
            | CodeSystem::JamiUsage
    )
}

/// A code that says "there is no code" (未コード化傷病名), or none at all.
pub(super) fn is_uncoded(coded: &Coded) -> bool {
    coded.code.is_empty() || (coded.system == CodeSystem::MedisDisease && coded.code == "20084317")
}

/// What a code of its system looks like, when this one does not.
pub(super) fn misshapen(coded: &Coded) -> Option<&'static str> {
    let code = coded.code.as_str();
    if code.is_empty() {
        return None;
    }
    let digits =
        |lengths: &[usize]| lengths.contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit());
    let signs =
        |lengths: &[usize]| lengths.contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    let (sound, expected) = match coded.system {
        CodeSystem::Hot => (digits(&[7, 9, 11, 13]), "7・9・13 桁の数字"),
        CodeSystem::Yj => (signs(&[12]), "12 桁の英数字"),
        CodeSystem::Jj1017 => (signs(&[16, 32]), "16・32 桁の英数字"),
        CodeSystem::Lendo => (digits(&[11]), "11 桁の数字"),
        CodeSystem::Janis => (digits(&[4]), "4 桁の数字"),
        CodeSystem::MedisDisease => (digits(&[8]), "8 桁の数字"),
        CodeSystem::JamiUsage => (signs(&[16]), "16 桁の英数字"),
        _ => (true, ""),
    };
    (!sound).then_some(expected)
}

/// House systems are named `99…` (or `L`), or not at all.
fn is_local(system: &CodeSystem) -> bool {
    matches!(system, CodeSystem::Other(name) if name.is_empty() || name == "L" || name.starts_with("99"))
}

/// An ICD-10 code without dot and in capitals; `None` when it is not shaped like one.
pub(super) fn icd10(code: &str) -> Option<CompactString> {
    let plain: CompactString = code.chars().filter(|c| *c != '.').map(|c| c.to_ascii_uppercase()).collect();
    let sound =
        (3..=6).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (sound && musubi_model::icd10::chapter_of(&plain).is_some()).then_some(plain)
}

/// Adds a word to words joined by spaces.
pub(super) fn add_word(words: &mut CompactString, word: &str) {
    if word.is_empty() {
        return;
    }
    if !words.is_empty() {
        words.push(' ');
    }
    words.push_str(word);
}

/// Adds `name=word`, when there is a word; spaces inside it become `_`, so that words stay apart.
pub(super) fn add_named(words: &mut CompactString, name: &str, word: &str) {
    if word.is_empty() {
        return;
    }
    add_word(words, name);
    words.push('=');
    match word.contains([' ', '\u{3000}']) {
        true => words.push_str(&word.replace([' ', '\u{3000}'], "_")),
        false => words.push_str(word),
    }
}
