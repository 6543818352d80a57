//! Codes after mapping: what the approved maps of local codes add, and what found no standard, counted for those who
//! review codes.
//!
//! The code as sent is never changed. A local code, and a name beside any code, may be free text: either is written
//! down only when it came for enough persons of one submission; otherwise only its shape is.

use std::collections::{BTreeMap, HashMap, HashSet};

use compact_str::CompactString;
use musubi_mappers::MappedUnit;
use musubi_model::finding::shape_of;
use musubi_model::{CodeSystem, Fact, FactTable, ProviderId, ResearchId};
use musubi_storage::code_map::CodeMaps;
use musubi_storage::master::LoadedMasters;
use musubi_storage::unmapped::{UnmappedReason, UnmappedRow};

/// Different codes that one load counts apart. Beyond, only their system is counted: a sender that writes free text
/// where codes belong must not fill the memory.
const CODES_MAX: usize = 20_000;
/// Persons that are counted apart for a code; beyond, there are "more".
const PERSONS_MAX: usize = 1_000;
/// Longest shape that is kept, in characters.
const SHAPE_CHARS_MAX: usize = 40;
/// Longest code of a known system that is taken for a code.
const CODE_CHARS_MAX: usize = 20;

/// A code of a unit that found no standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitCode {
    system: CodeSystem,
    code: CompactString,
    name: CompactString,
    reason: UnmappedReason,
    records: u64,
}

/// Adds the standard codes that approved maps give, where the mapper found none, and names the maps that were used.
pub fn apply_maps(maps: &CodeMaps, provider: &str, mapped: &mut MappedUnit) {
    if maps.is_empty_for(provider) {
        return;
    }
    let mut used: Vec<String> = Vec::new();
    for fact in &mut mapped.facts {
        let Some(source) = &fact.source else { continue };
        let Some(entry) = maps.look_up(provider, &source.system, &source.code, fact.start) else { continue };
        if fact.standard.is_none() {
            fact.standard.clone_from(&entry.standard);
        }
        let version = maps.version_for(&source.system);
        if fact.standard == entry.standard && !used.contains(&version) {
            used.push(version);
        }
    }
    for version in used {
        if !mapped.master_version.split(", ").any(|v| v == version) {
            if !mapped.master_version.is_empty() {
                mapped.master_version.push_str(", ");
            }
            mapped.master_version.push_str(&version);
        }
    }
}

/// The codes of a unit's facts that found no standard: of a sender's own system, or of a system with a master that does
/// not have the code, or that has standards and gives none for this one.
#[must_use]
pub fn unmapped(masters: &LoadedMasters, facts: &[Fact]) -> Vec<UnitCode> {
    let mut places: HashMap<(&CodeSystem, &str, &str, UnmappedReason), usize> = HashMap::new();
    let mut found: Vec<UnitCode> = Vec::new();
    for fact in facts {
        let Some(source) = &fact.source else { continue };
        // Texts are kept sealed; their system says what kind of text it is.
        if fact.standard.is_some() || fact.table == FactTable::Note {
            continue;
        }
        let reason = match &source.system {
            CodeSystem::Other(_) => UnmappedReason::Local,
            system => match masters.has(system, &source.code, fact.start) {
                Some(false) => UnmappedReason::Unknown,
                Some(true) if masters.gives_standards(system) => UnmappedReason::NoStandard,
                _ => continue,
            },
        };
        let name = source.text.as_deref().unwrap_or_default();
        let place = *places.entry((&source.system, &source.code, name, reason)).or_insert(found.len());
        match found.get_mut(place) {
            Some(known) => known.records += 1,
            None => found.push(UnitCode {
                system: source.system.clone(),
                code: source.code.clone(),
                name: CompactString::from(name),
                reason,
                records: 1,
            }),
        }
    }
    found
}

/// A code that found no standard, within one load.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    provider: ProviderId,
    system: CodeSystem,
    code: CompactString,
    name: CompactString,
    reason: UnmappedReason,
}

#[derive(Debug, Clone, Default)]
struct Count {
    records: u64,
    /// Beginnings of research ids: enough to tell persons of one submission apart.
    persons: HashSet<u64>,
    more: bool,
}

impl Count {
    fn add(&mut self, records: u64, person: Option<u64>) {
        self.records += records;
        if let Some(person) = person {
            if self.persons.len() < PERSONS_MAX {
                self.persons.insert(person);
            } else if !self.persons.contains(&person) {
                self.more = true;
            }
        }
    }
}

/// All codes of one load that found no standard.
#[derive(Debug, Default)]
pub struct UnmappedCodes(HashMap<Key, Count>);

impl UnmappedCodes {
    /// Adds those of a unit that was loaded.
    pub fn add(&mut self, provider: &ProviderId, person: Option<ResearchId>, codes: Vec<UnitCode>) {
        let person = person.and_then(|id| id.as_bytes().first_chunk::<8>().copied()).map(u64::from_le_bytes);
        for code in codes {
            let mut key = Key {
                provider: provider.clone(),
                system: code.system,
                code: code.code,
                name: code.name,
                reason: code.reason,
            };
            if self.0.len() >= CODES_MAX && !self.0.contains_key(&key) {
                (key.code, key.name) = (CompactString::default(), CompactString::default());
            }
            self.0.entry(key).or_default().add(code.records, person);
        }
    }

    /// The rows to keep. What came for fewer than `persons_min` persons keeps its shape alone, and rows that look alike
    /// then are one.
    #[must_use]
    pub fn into_rows(self, persons_min: u64) -> Vec<UnmappedRow> {
        let mut rows: BTreeMap<Shown, Count> = BTreeMap::new();
        for (key, count) in self.0 {
            let many = u64::try_from(count.persons.len()).unwrap_or(u64::MAX) >= persons_min;
            let into = rows.entry(Shown::of(&key, many)).or_default();
            into.records += count.records;
            into.more |= count.more;
            for person in count.persons {
                into.add(0, Some(person));
            }
        }
        let row = |(shown, count): (Shown, Count)| UnmappedRow {
            provider: shown.provider,
            system: shown.system,
            code: shown.code.0,
            name: shown.name.0,
            code_shape: shown.code.1,
            name_shape: shown.name.1,
            reason: shown.reason,
            records: count.records,
            persons: u64::try_from(count.persons.len()).unwrap_or(u64::MAX),
            persons_more: count.more,
        };
        rows.into_iter().map(row).collect()
    }
}

/// A code as it may be written down: texts with their shapes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    provider: String,
    system: String,
    code: (String, String),
    name: (String, String),
    reason: UnmappedReason,
}

impl Shown {
    fn of(key: &Key, many: bool) -> Self {
        // Codes of the systems we know identify nobody; what stands in their place may.
        let known = !matches!(key.system, CodeSystem::Other(_)) && is_plain(&key.code);
        Self {
            provider: key.provider.to_string(),
            system: system_shown(&key.system, many),
            code: shown(&key.code, many || known),
            name: shown(&key.name, many),
            reason: key.reason,
        }
    }
}

/// The text when it may be shown, and its shape.
fn shown(text: &str, may: bool) -> (String, String) {
    if text.is_empty() {
        return (String::new(), String::new());
    }
    let shape = shape_of(text).chars().take(SHAPE_CHARS_MAX).collect();
    (if may { text.to_owned() } else { String::new() }, shape)
}

/// A sender's name of a system is a word of theirs as well.
fn system_shown(system: &CodeSystem, many: bool) -> String {
    match system {
        CodeSystem::Other(name) if !many && !is_plain(name) => shown(name, false).1,
        system => system.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    text.chars().count() <= CODE_CHARS_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'/'))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use musubi_model::{ByteRange, Coded, PartialDate};
    use musubi_storage::code_map::CodeMapping;
    use musubi_storage::master::{CodeTableBuilder, Edition};

    use super::*;

    fn fact(table: FactTable, system: &str, code: &str, text: &str) -> Fact {
        let mut fact = Fact::new(table, ByteRange { start: 0, len: 1 });
        fact.source = Some(Coded::new(CodeSystem::from_name(system), code).with_text(text));
        fact.start = PartialDate::new(2024, 7, 1);
        fact
    }

    fn masters() -> LoadedMasters {
        let mut masters = LoadedMasters::default();
        for (system, standard) in [(CodeSystem::ReceiptDrug, true), (CodeSystem::ReceiptProcedure, false)] {
            let mut codes = CodeTableBuilder::default();
            let coded = standard.then(|| Coded::new(CodeSystem::Yj, "1234567F1011"));
            codes.push("1", "有", coded, (None, None));
            codes.push("2", "無", None, (None, Some(date(2024, 7, 31))));
            let edition = Edition {
                effective_on: date(2024, 6, 1),
                revision: 1,
                name: "20240601".into(),
                blake3: "h".into(),
                codes: std::sync::Arc::new(codes.finish()),
            };
            masters.add(system, "", edition);
        }
        masters
    }

    #[test]
    fn what_counts_as_unmapped() {
        let drug = FactTable::DrugExposure;
        let mut mapped = fact(drug, "99LAB", "L1", "");
        mapped.standard = Some(Coded::new(CodeSystem::Yj, "1234567F1011"));
        let mut late = fact(drug, "RECE-Y", "2", "");
        late.start = PartialDate::new(2024, 8, 1);
        let facts = [
            mapped,
            fact(drug, "99LAB", "L1", "見本"),
            fact(drug, "99LAB", "L1", "見本"),
            fact(drug, "99LAB", "L1", "別名"),
            fact(drug, "RECE-Y", "2", ""),
            fact(drug, "RECE-Y", "3", ""),
            late,
            fact(drug, "RECE-S", "1", ""),
            fact(drug, "RECE-S", "9", ""),
            fact(drug, "HOT", "1", ""),
            fact(FactTable::Note, "RECE-SJ", "01", ""),
        ];
        let found = unmapped(&masters(), &facts);
        let seen: Vec<_> = found
            .iter()
            .map(|u| (u.system.as_str(), u.code.as_str(), u.name.as_str(), u.reason, u.records))
            .collect();
        use UnmappedReason::{Local, NoStandard, Unknown};
        assert_eq!(
            seen,
            [
                ("99LAB", "L1", "見本", Local, 2),
                ("99LAB", "L1", "別名", Local, 1),
                ("RECE-Y", "2", "", NoStandard, 1),
                ("RECE-Y", "3", "", Unknown, 1),
                ("RECE-Y", "2", "", Unknown, 1),
                ("RECE-S", "9", "", Unknown, 1),
            ]
        );
    }

    #[test]
    fn maps_add_a_standard_and_keep_the_source() {
        let mapping = CodeMapping {
            provider: "h1".to_owned(),
            system: "99LAB".to_owned(),
            code: "L1".to_owned(),
            name: String::new(),
            standard_system: "JC10".to_owned(),
            standard_code: "3B035000002327201".to_owned(),
            valid_from: Some(date(2024, 7, 1)),
        };
        let maps = CodeMaps::new(4, [mapping]);
        let check = |provider: &str, first: &str, version: &str| {
            let mut own = fact(FactTable::Measurement, "99LAB", "L1", "見本");
            own.standard = Some(Coded::new(CodeSystem::Jlac10, "other"));
            let mut early = fact(FactTable::Measurement, "99LAB", "L1", "見本");
            early.start = PartialDate::new(2024, 6, 30);
            let plain = fact(FactTable::Measurement, "99LAB", "L1", "見本");
            let mut unit = MappedUnit {
                demographics: musubi_model::Demographics::default(),
                facts: vec![plain.clone(), own, early],
                findings: Vec::new(),
                records: musubi_mappers::RecordCounts::default(),
                version: None,
                master_version: "HOT 2024".into(),
            };
            apply_maps(&maps, provider, &mut unit);
            let standards: Vec<_> =
                unit.facts.iter().map(|f| f.standard.as_ref().map_or("", |s| s.code.as_str())).collect();
            assert_eq!(standards, [first, "other", ""], "{provider}");
            assert_eq!(unit.facts[0].source, plain.source);
            assert_eq!(unit.master_version, version);
        };
        check("h1", "3B035000002327201", "HOT 2024, 99LAB map.4");
        check("h2", "", "HOT 2024");
    }

    #[test]
    fn few_persons_leave_only_shapes() {
        let provider = ProviderId::new("h1").unwrap();
        let mut all = UnmappedCodes::default();
        let mut add = |person: u8, system: &str, code: &str, name: &str| {
            let facts = [fact(FactTable::Measurement, system, code, name)];
            all.add(&provider, Some(ResearchId([person; 16])), unmapped(&masters(), &facts));
        };
        for person in 0..3 {
            add(person, "99LAB", "L1", "見本検査");
            add(person, "99LAB", "L1", "見本検査");
            add(person, "", "", &format!("{}号", "見本".repeat(usize::from(person) + 1)));
        }
        add(0, "99LAB", "見本太郎", "見本");
        add(1, "99LAB", "見本花子", "見本");
        add(1, "RECE-Y", "699999999", "見本花子の薬");
        add(1, "RECE-Y", "見本花子", "");
        add(1, "見本花子", "1", "");
        let seen: Vec<String> = all
            .into_rows(3)
            .iter()
            .map(|r| {
                format!(
                    "{}|{}|{}|{}|{} {}{}",
                    r.system, r.code, r.name, r.code_shape, r.name_shape, r.records, r.persons
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                "||||漢×3 11".to_owned(),
                "||||漢×5 11".to_owned(),
                "||||漢×7 11".to_owned(),
                "99LAB|||漢×4|漢×2 22".to_owned(),
                "99LAB|L1|見本検査|A9|漢×4 63".to_owned(),
                "RECE-Y|||漢×4| 11".to_owned(),
                "RECE-Y|699999999||9×9|漢×4ア漢 11".to_owned(),
                "漢×4|||9| 11".to_owned(),
            ]
        );
    }

    #[test]
    fn counting_is_bounded() {
        let provider = ProviderId::new("h1").unwrap();
        let mut all = UnmappedCodes::default();
        let code = |n: usize| UnitCode {
            system: CodeSystem::from_name("99LAB"),
            code: format!("L{n}").into(),
            name: CompactString::default(),
            reason: UnmappedReason::Local,
            records: 1,
        };
        for n in 0..CODES_MAX + 500 {
            all.add(&provider, Some(ResearchId([1; 16])), vec![code(n)]);
        }
        assert_eq!(all.0.len(), CODES_MAX + 1);
        for n in 0..u32::try_from(PERSONS_MAX).unwrap() + 5 {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&n.to_le_bytes());
            all.add(&provider, Some(ResearchId(id)), vec![code(0)]);
        }
        let rows = all.into_rows(5);
        let first = rows.iter().find(|r| r.code == "L0").unwrap();
        assert_eq!((first.persons, first.persons_more), (1_000, true));
        assert_eq!(rows.iter().map(|r| r.records).sum::<u64>(), 20_500 + 1_005);
    }
}
