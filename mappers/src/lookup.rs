//! Asking the code masters, the same way in every format: the name and the standard code of a code on the day of care,
//! the editions that were used, and a warning that names the edition when a code is not in it.

use compact_str::CompactString;
use musubi_model::code::{MasterEntry, Masters};
use musubi_model::{CodeSystem, Finding, PartialDate, catalogue};

catalogue! {
    /// A code that the master in force on the day of care does not have.
    CODE_UNKNOWN Warning "CODE-NOT-IN-MASTER"
        "コードが、診療日に有効なマスタの版にありません。" "The code is not in the edition of the master in force on the day of care."
        "コードと診療日を確認してください。廃止・新設の直後なら、次回のマスタ更新で解消します。" "Check the code and the date; if it was just added or dropped, the next edition will settle it."
        eg "2018年に廃止された診療行為コードが2026年の診療に使われている。";
}

/// The masters, and which editions of them were used so far.
pub struct Lookup<'m> {
    masters: &'m dyn Masters,
    used: CompactString,
}

/// What the masters say of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The master has it.
    Known(MasterEntry),
    /// A master is loaded, this code is not in the edition (named).
    Unknown(CompactString),
    /// No master of this system is loaded.
    NoMaster,
}

impl<'m> Lookup<'m> {
    /// Nothing used yet.
    #[must_use]
    pub fn new(masters: &'m dyn Masters) -> Self {
        Self { masters, used: CompactString::default() }
    }

    /// Asks for a code as of a day. A local code may be known by a reviewed map although no master of its system is
    /// loaded.
    pub fn ask(&mut self, system: &CodeSystem, code: &str, on: Option<PartialDate>) -> Answer {
        let edition = self.masters.edition(system, on);
        match (self.masters.look_up(system, code, on), edition) {
            (Some(entry), None) => Answer::Known(entry),
            (Some(entry), Some(edition)) => {
                let used = format!("{system} {edition}");
                if !self.used.split(", ").any(|e| e == used) {
                    if !self.used.is_empty() {
                        self.used.push_str(", ");
                    }
                    self.used.push_str(&used);
                }
                Answer::Known(entry)
            }
            (None, Some(edition)) => Answer::Unknown(edition),
            (None, None) => Answer::NoMaster,
        }
    }

    /// The editions used, for [`crate::MappedUnit::master_version`].
    #[must_use]
    pub fn editions(self) -> CompactString {
        self.used
    }
}

/// The finding for a code that its master does not have. Set bytes and field on it. Codes of the systems we know
/// identify nobody; of other systems only the system is shown.
#[must_use]
pub fn unknown(system: &CodeSystem, code: &str, edition: &str) -> Finding {
    let found = match system {
        CodeSystem::Other(_) => system.to_string(),
        _ => format!("{system} {}", code.chars().take(20).collect::<String>()),
    };
    Finding::new(&CODE_UNKNOWN).found(found).expected(format!("マスタ {system} の版 {edition} にあるコード"))
}

#[cfg(test)]
mod tests {
    use musubi_model::Coded;
    use musubi_model::code::PartialDateOrToday;

    use super::*;

    /// A master of drugs, and a reviewed map of one local code over it.
    struct Both;

    impl Masters for Both {
        fn edition(&self, system: &CodeSystem, _: PartialDateOrToday) -> Option<CompactString> {
            (*system == CodeSystem::ReceiptDrug).then(|| "20240601".into())
        }

        fn look_up(&self, system: &CodeSystem, code: &str, _: PartialDateOrToday) -> Option<MasterEntry> {
            let standard = Some(Coded::new(CodeSystem::Yj, "1124001B1039"));
            let has = *system == CodeSystem::ReceiptDrug || system.as_str() == "99XYZ";
            (has && code == "1").then(|| MasterEntry { name: "見本".into(), standard })
        }
    }

    #[test]
    fn a_mapped_local_code_is_known_and_others_of_its_system_are_no_defect() {
        let mut lookup = Lookup::new(&Both);
        let local = CodeSystem::from_name("99XYZ");
        assert!(matches!(lookup.ask(&local, "1", None), Answer::Known(entry) if entry.standard.is_some()));
        assert_eq!(lookup.ask(&local, "2", None), Answer::NoMaster);
        assert_eq!(lookup.ask(&CodeSystem::ReceiptDrug, "2", None), Answer::Unknown("20240601".into()));
        assert!(matches!(lookup.ask(&CodeSystem::ReceiptDrug, "1", None), Answer::Known(_)));
        assert!(matches!(lookup.ask(&CodeSystem::ReceiptDrug, "1", None), Answer::Known(_)));
        assert_eq!(lookup.editions(), "RECE-Y 20240601");
    }
}
