//! Object identifiers of code systems. Those of drugs, diseases and tests as JAHIS, MEDIS and HL7 Japan write them; an
//! identifier that is not here stays as sent.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded};

use super::work::code_of;
use super::xml::El;

/// LOINC.
pub(super) const LOINC: &str = "2.16.840.1.113883.6.1";
/// Kind of an electronic prescription (電子処方箋 CDA 文書種別).
pub(super) const PRESCRIPTION: &str = "1.2.392.100495.20.2.11";

/// The system an identifier stands for.
pub(super) fn system_of(oid: &str) -> CodeSystem {
    match oid {
        LOINC => CodeSystem::Loinc,
        "2.16.840.1.113883.6.3" | "2.16.840.1.113883.6.3.2" => CodeSystem::Icd10,
        "1.2.392.200119.4.101.2" => CodeSystem::MedisDisease,
        "1.2.392.100495.20.2.74"
        | "1.2.392.100495.20.1.74"
        | "1.2.392.200119.4.401.1"
        | "1.2.392.200119.4.402.1"
        | "1.2.392.200119.4.403.1" => CodeSystem::Hot,
        "1.2.392.100495.20.2.73"
        | "1.2.392.100495.20.1.73"
        | "1.2.392.100495.20.2.72"
        | "1.2.392.100495.20.1.72" => CodeSystem::Yj,
        "1.2.392.100495.20.2.71" | "1.2.392.100495.20.1.71" => CodeSystem::ReceiptDrug,
        "1.2.392.100495.20.2.81" | "1.2.392.100495.20.1.81" => CodeSystem::GenericDrug,
        "1.2.392.200119.4.504" => CodeSystem::Jlac10,
        "1.2.392.200119.4.505" => CodeSystem::Jlac11,
        "1.2.392.100495.20.2.31" | "1.2.392.200250.2.2.20" => CodeSystem::JamiUsage,
        "1.2.392.200119.6.1005" => CodeSystem::CheckupItem,
        other => CodeSystem::Other(CompactString::from(other.chars().take(64).collect::<String>())),
    }
}

/// A code element as sent: its own code, with the name beside it when the system is a known one (of others the name may
/// be anything). `None`: no code.
pub(super) fn coded(el: El<'_>) -> Option<Coded> {
    let sent = el.attr("code");
    let code = code_of(&sent)?;
    let coded = Coded::new(system_of(&el.attr("codeSystem")), code);
    Some(match coded.system {
        CodeSystem::Other(_) => coded,
        _ => coded.with_text(&el.attr("displayName").chars().take(100).collect::<String>()),
    })
}

/// The codes of an element: its own, then its translations.
pub(super) fn codes(el: El<'_>) -> Vec<Coded> {
    coded(el).into_iter().chain(el.all("translation").filter_map(coded)).collect()
}
