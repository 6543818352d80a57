//! The data types (データ種別) of SS-MIX2 standard storage: which message each holds, where its date of care stands, and
//! how its message is built. Sources: SS-MIX2 構築ガイドライン 1.2; HL7 v2.5 abstract message syntax; formats.md §1.4.

use std::sync::OnceLock;

use crate::hl7::grammar::Grammar;

/// A data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataType {
    /// `ADT-00`, `OML-11`, `OMD`.
    pub name: &'static str,
    /// MSH-9 of its messages, `code^event`: first the one that gives, then the one that deletes, when there is one.
    pub messages: &'static [&'static str],
    /// The fields that may hold the date of care (診療日); empty when the path has none (`-`).
    pub care_date: &'static [(&'static str, usize)],
    /// What its message speaks of, and so which segments of it become facts.
    pub content: Content,
}

/// What a message speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The person's basics (患者基本).
    Basics,
    /// Comings and goings: visits, stays, moves, the doctor in charge.
    Visit,
    /// Allergies.
    Allergy,
    /// Diseases.
    Problem,
    /// Meals.
    Diet,
    /// Prescriptions and injections, ordered.
    DrugOrder,
    /// Prescriptions and injections, given.
    DrugGiven,
    /// Results of the laboratory.
    LabResult,
    /// Tests and examinations, ordered.
    ExamOrder,
    /// Radiology and endoscopy, performed.
    ExamDone,
    /// Results of physiological examinations, reports.
    ExamResult,
    /// Vital signs.
    Vitals,
}

const fn kind(
    name: &'static str,
    messages: &'static [&'static str],
    care_date: &'static [(&'static str, usize)],
    content: Content,
) -> DataType {
    DataType { name, messages, care_date, content }
}

/// All data types of the standard storage.
pub const TYPES: [DataType; 26] = [
    kind("ADT-00", &["ADT^A08", "ADT^A23"], &[], Content::Basics),
    kind("ADT-01", &["ADT^A54", "ADT^A55"], &[], Content::Visit),
    kind("ADT-12", &["ADT^A04"], &[("PV1", 44)], Content::Visit),
    kind("ADT-21", &["ADT^A14", "ADT^A27"], &[("PV2", 8)], Content::Visit),
    kind("ADT-22", &["ADT^A01", "ADT^A11"], &[("PV1", 44)], Content::Visit),
    kind("ADT-31", &["ADT^A21", "ADT^A52"], &[("EVN", 6)], Content::Visit),
    kind("ADT-32", &["ADT^A22", "ADT^A53"], &[("EVN", 6), ("PV2", 47)], Content::Visit),
    kind("ADT-41", &["ADT^A15", "ADT^A26"], &[("PV2", 8)], Content::Visit),
    kind("ADT-42", &["ADT^A02", "ADT^A12"], &[("EVN", 6)], Content::Visit),
    kind("ADT-51", &["ADT^A16", "ADT^A25"], &[("PV2", 9)], Content::Visit),
    kind("ADT-52", &["ADT^A03", "ADT^A13"], &[("PV1", 45)], Content::Visit),
    kind("ADT-61", &["ADT^A60"], &[], Content::Allergy),
    kind("PPR-01", &["PPR^ZD1"], &[], Content::Problem),
    kind("OMD", &["OMD^O03"], &[("ORC", 9)], Content::Diet),
    kind("OMP-01", &["RDE^O11"], &[("ORC", 9)], Content::DrugOrder),
    kind("OMP-02", &["RDE^O11"], &[("ORC", 9)], Content::DrugOrder),
    kind("OMP-11", &["RAS^O17"], &[("RXA", 3)], Content::DrugGiven),
    kind("OMP-12", &["RAS^O17"], &[("RXA", 3)], Content::DrugGiven),
    kind("OML-01", &["OML^O33"], &[("ORC", 9)], Content::ExamOrder),
    kind("OML-11", &["OUL^R22"], &[("SPM", 17)], Content::LabResult),
    kind("OMG-01", &["OMG^O19"], &[("ORC", 9)], Content::ExamOrder),
    kind("OMG-02", &["OMG^O19"], &[("ORC", 9)], Content::ExamOrder),
    kind("OMG-03", &["OMG^O19"], &[("ORC", 9)], Content::ExamOrder),
    kind("OMG-11", &["OMI^Z23"], &[("OBR", 7)], Content::ExamDone),
    kind("OMG-12", &["OMI^Z23"], &[("OBR", 7)], Content::ExamDone),
    kind("OMG-13", &["ORU^R01"], &[("OBR", 7)], Content::ExamResult),
];

/// Vital signs of the extended storage (バイタル); they have no data type of the standard storage.
pub static VITALS: DataType = kind("ORU^R30", &["ORU^R30"], &[], Content::Vitals);

/// The data type whose messages have this MSH-9, for messages without a path. `RDE^O11` is prescriptions and
/// injections alike: both are mapped the same way.
#[must_use]
pub fn by_message(name: &str) -> Option<&'static DataType> {
    TYPES.iter().chain(std::iter::once(&VITALS)).find(|t| t.messages.contains(&name))
}

/// A data type by its name; case does not matter, for storage on Windows does not keep it.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static DataType> {
    TYPES.iter().find(|t| t.name.eq_ignore_ascii_case(name))
}

/// Structures by MSH-9. `PATIENT` stands for the patient group of orders.
const STRUCTURES: &[(&[&str], &str)] = &[
    (
        &["ADT^A01", "ADT^A04", "ADT^A08", "ADT^A14"],
        "MSH SFT* EVN PID PD1? ROL* NK1* PV1 PV2? ROL* DB1* OBX* AL1* DG1* DRG? (PR1 ROL*)* GT1* \
         (IN1 IN2? IN3* ROL*)* ACC? UB1? UB2? PDA?",
    ),
    (
        &["ADT^A03", "ADT^A13", "ADT^A16"],
        "MSH SFT* EVN PID PD1? ROL* NK1* PV1 PV2? ROL* DB1* OBX* AL1* DG1* DRG? (PR1 ROL*)* OBX* GT1* \
         (IN1 IN2? IN3* ROL*)* ACC? PDA?",
    ),
    (&["ADT^A02"], "MSH SFT* EVN PID PD1? ROL* PV1 PV2? ROL* DB1* OBX* PDA?"),
    (&["ADT^A15"], "MSH SFT* EVN PID PD1? ROL* PV1 PV2? ROL* DB1* OBX* DG1*"),
    (&["ADT^A11", "ADT^A12"], "MSH SFT* EVN PID PD1? PV1 PV2? DB1* OBX* DG1*"),
    (
        &["ADT^A21", "ADT^A22", "ADT^A23", "ADT^A25", "ADT^A26", "ADT^A27"],
        "MSH SFT* EVN PID PD1? PV1 PV2? DB1* OBX*",
    ),
    (&["ADT^A52", "ADT^A53", "ADT^A55"], "MSH SFT* EVN PID PD1? PV1 PV2?"),
    (&["ADT^A54"], "MSH SFT* EVN PID PD1? ROL* PV1 PV2? ROL*"),
    (&["ADT^A60"], "MSH SFT* EVN PID PV1? PV2? IAM*"),
    (
        &["PPR^ZD1"],
        "MSH SFT* PID (PV1 PV2?)? (PRB ZPR? ZPD* NTE* VAR* (ROL VAR*)* (PTH VAR*)* (ZI1? IN1?)* (OBX NTE*)* \
         (GOL NTE* VAR* (ROL VAR*)* (OBX NTE*)*)* (ORC NTE* VAR* (OBX NTE* VAR*)*)*)+",
    ),
    (
        &["OMD^O03"],
        "MSH SFT* NTE* PATIENT (ORC (TQ1 TQ2*)* (ODS+ NTE* (OBX NTE*)*)?)+ (ORC (TQ1 TQ2*)* ODT+ NTE*)*",
    ),
    (
        &["RDE^O11"],
        "MSH SFT* NTE* PATIENT (ORC (TQ1 TQ2*)* (RXO NTE* RXR+ (RXC NTE*)*)? RXE NTE* (TQ1 TQ2*)+ RXR+ RXC* \
         (OBX NTE*)* FT1* BLG? CTI*)+",
    ),
    (
        &["RAS^O17"],
        "MSH SFT* NTE* (PID PD1? NTE* AL1* (PV1 PV2?)?)? (ORC (TQ1 TQ2*)* (RXO NTE* RXR+ (RXC NTE*)*)? \
         (RXE (TQ1 TQ2*)* RXR+ RXC*)? (RXA+ RXR (OBX NTE*)*)+ CTI*)+",
    ),
    (
        &["OML^O33"],
        "MSH SFT* NTE* PATIENT (SPM OBX* SAC* (ORC (TQ1 TQ2*)* (OBR TCD? NTE* DG1* (OBX TCD? NTE*)*)? FT1* \
         CTI* BLG?)+)+",
    ),
    (
        &["OUL^R22"],
        "MSH SFT* NTE? (PID PD1? NTE*)? (PV1 PV2?)? (SPM OBX* (SAC INV?)* (OBR ORC? NTE* (TQ1 TQ2*)* \
         (OBX TCD? SID* NTE*)* CTI*)+)+ DSC?",
    ),
    (
        &["OMG^O19"],
        "MSH SFT* NTE* PATIENT (ORC (TQ1 TQ2*)* OBR NTE* CTD? DG1* (OBX NTE*)* (SPM OBX* (SAC OBX*)*)* FT1* \
         CTI* BLG?)+",
    ),
    (
        &["OMI^Z23"],
        "MSH SFT* NTE* PATIENT (ORC (TQ1 TQ2*)* OBR NTE* CTD? DG1* (OBX NTE*)* (ZE1 OBX* ZE2*)* IPC+)+",
    ),
    (
        &["ORU^R01"],
        "MSH SFT* ((PID PD1? NTE* NK1* (PV1 PV2?)?)? (ORC? OBR NTE* (TQ1 TQ2*)* CTD? (OBX NTE*)* FT1* CTI* \
         (SPM OBX*)*)+)+ DSC?",
    ),
    (&["ORU^R30"], "MSH SFT* PID PD1? (PV1 PV2?)? ORC OBR NTE* (TQ1 TQ2*)* (OBX NTE*)+"),
];

const PATIENT: &str = "(PID PD1? NTE* NK1* (PV1 PV2?)? (IN1 IN2? IN3?)* GT1? AL1*)?";

/// The structure of a message by its MSH-9 (`RDE^O11`).
#[must_use]
pub fn structure_of(message: &str) -> Option<&'static Grammar> {
    let index = STRUCTURES.iter().position(|(messages, _)| messages.contains(&message))?;
    structures().get(index)?.as_ref()
}

/// Is this a segment of any message of the storage?
#[must_use]
pub fn is_known_segment(name: [u8; 3]) -> bool {
    structures().iter().flatten().any(|g| g.knows(name))
}

/// All structures compiled, in the order of the table.
pub(super) fn structures() -> &'static [Option<Grammar>] {
    static COMPILED: OnceLock<Vec<Option<Grammar>>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        STRUCTURES.iter().map(|(_, text)| Grammar::compile(&text.replace("PATIENT", PATIENT))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_has_a_structure_that_compiles() {
        assert!(structures().iter().all(Option::is_some));
        for message in TYPES.iter().flat_map(|t| t.messages) {
            assert!(structure_of(message).is_some(), "{message}");
        }
    }
}
