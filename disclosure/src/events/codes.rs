//! Codes as small numbers, and the ladders (コードの一般化) on which they become coarser.
//!
//! It must never change what a code means: every step of a ladder holds the one below it.

use std::collections::HashMap;

use musubi_model::code::CodeSystem;
use musubi_model::fact::FactTable;
use musubi_model::icd10::chapter_of;
use musubi_model::policy::CodeLadder;

/// Stands for a code of a table without a ladder when it is not told.
pub const UNTOLD: &str = "*";

/// All codes and units of a product, each once. Events name them by number.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    codes: Vec<(FactTable, CodeSystem, String)>,
    index: HashMap<(FactTable, CodeSystem, String), u32>,
    units: Vec<String>,
    unit_index: HashMap<String, u32>,
}

impl Codes {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of a code, the same for the same table, system and text.
    pub fn code(&mut self, table: FactTable, system: &CodeSystem, text: &str) -> u32 {
        let key = (table, system.clone(), text.to_owned());
        if let Some(&known) = self.index.get(&key) {
            return known;
        }
        let number = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        self.codes.push(key.clone());
        self.index.insert(key, number);
        number
    }

    /// The number of a unit of measurement, from 1 on; 0 for an empty text (no unit).
    pub fn unit(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(&known) = self.unit_index.get(text) {
            return known;
        }
        self.units.push(text.to_owned());
        let number = u32::try_from(self.units.len()).unwrap_or(u32::MAX);
        self.unit_index.insert(text.to_owned(), number);
        number
    }

    /// How many codes there are; numbers are below it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// How many units there are; numbers are 1 to it.
    #[must_use]
    pub fn units(&self) -> usize {
        self.units.len()
    }

    /// Table, system and text of a code.
    #[must_use]
    pub fn get(&self, code: u32) -> Option<(FactTable, &CodeSystem, &str)> {
        self.codes.get(code as usize).map(|(table, system, text)| (*table, system, text.as_str()))
    }

    /// The text of a unit; empty for 0.
    #[must_use]
    pub fn unit_text(&self, unit: u32) -> &str {
        (unit as usize).checked_sub(1).and_then(|i| self.units.get(i)).map_or("", String::as_str)
    }

    /// The codes with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, FactTable, &CodeSystem, &str)> {
        (0u32..)
            .zip(&self.codes)
            .map(|(number, (table, system, text))| (number, *table, system, text.as_str()))
    }
}

/// The ladders of all codes: a chain of labels each, from "not told" to the code itself.
#[derive(Debug, Clone)]
pub struct Ladders {
    /// By code: the labels' numbers, coarsest first; never empty.
    chains: Vec<Vec<u32>>,
    /// By label: its table and text.
    labels: Vec<(FactTable, String)>,
}

impl Ladders {
    /// The ladders of these codes as the policy says. Codes of a table without a ladder are told or not: `*`.
    #[must_use]
    pub fn new(codes: &Codes, ladders: &[CodeLadder]) -> Self {
        let mut made = Self { chains: Vec::with_capacity(codes.len()), labels: Vec::new() };
        let mut index = HashMap::new();
        for (_, table, system, text) in codes.iter() {
            let ladder = ladders.iter().find(|l| l.table == table);
            let mut chain = Vec::new();
            for label in steps(ladder, system, text) {
                let next = u32::try_from(made.labels.len()).unwrap_or(u32::MAX);
                let number = *index.entry((table, label.clone())).or_insert_with(|| {
                    made.labels.push((table, label));
                    next
                });
                if !chain.contains(&number) {
                    chain.push(number);
                }
            }
            made.chains.push(chain);
        }
        made
    }

    /// The labels of a code, coarsest first.
    #[must_use]
    pub fn chain(&self, code: u32) -> &[u32] {
        self.chains.get(code as usize).map_or(&[], Vec::as_slice)
    }

    /// The table and text of a label.
    #[must_use]
    pub fn label(&self, label: u32) -> Option<(FactTable, &str)> {
        self.labels.get(label as usize).map(|(table, text)| (*table, text.as_str()))
    }

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.labels.len()
    }
}

/// The texts of one code's ladder, coarsest first.
fn steps(ladder: Option<&CodeLadder>, system: &CodeSystem, text: &str) -> Vec<String> {
    let Some(ladder) = ladder else { return vec![UNTOLD.to_owned(), text.to_owned()] };
    let mut steps = vec![ladder.dummy.clone()];
    if ladder.chapter
        && *system == CodeSystem::Icd10
        && let Some(chapter) = chapter_of(text)
    {
        steps.push(format!("{}-{}", chapter.from, chapter.to));
    }
    let mut keep = ladder.keep.clone();
    keep.sort_unstable();
    steps.extend(keep.iter().map(|&n| text.chars().take(n as usize).collect()));
    steps.push(text.to_owned());
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use musubi_model::parameter::Verified;

    #[test]
    fn a_ladder_climbs_from_code_to_dummy() {
        let ladder = CodeLadder {
            table: FactTable::ConditionOccurrence,
            keep: vec![3],
            chapter: true,
            dummy: "R69".to_owned(),
            basis: "test".to_owned(),
            verified: Verified::Design,
        };
        let mut codes = Codes::new();
        let table = FactTable::ConditionOccurrence;
        for (system, text) in
            [(CodeSystem::Icd10, "E119"), (CodeSystem::Icd10, "E11"), (CodeSystem::ReceiptDisease, "8830417")]
        {
            codes.code(table, &system, text);
        }
        let visit = codes.code(FactTable::VisitOccurrence, &CodeSystem::Other("".into()), "inpatient");
        let ladders = Ladders::new(&codes, &[ladder]);
        let texts = |code: u32| -> Vec<&str> {
            ladders.chain(code).iter().filter_map(|&l| ladders.label(l)).map(|(_, text)| text).collect()
        };
        assert_eq!(texts(0), ["R69", "E00-E90", "E11", "E119"]);
        assert_eq!(texts(1), ["R69", "E00-E90", "E11"]);
        assert_eq!(texts(2), ["R69", "883", "8830417"]);
        assert_eq!(texts(visit), ["*", "inpatient"]);
        assert_eq!(ladders.chain(0).get(2), ladders.chain(1).get(2));
    }
}
