//! RPs: drugs and the usage they share. Usage may stand before the drugs (処方箋) or behind them (お薬手帳), so what an
//! RP says is laid on its drugs when its section closes.

use compact_str::{CompactString, format_compact};
use musubi_model::{CodeSystem, Coded, FactTable};

use super::line::number;
use super::reader::{Place, Reader, qualify};
use super::rules;
use crate::lookup::{Answer, unknown};

/// 剤形: a word for both standards, and what an amount counts (a day, a dose, all).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub word: &'static str,
    basis: &'static str,
}

const fn form(word: &'static str, basis: &'static str) -> Form {
    Form { word, basis }
}

/// 剤形 of record 301 (お薬手帳).
pub(super) const NOTEBOOK_FORMS: &[(&str, Form)] = &[
    ("1", form("oral", "daily")),
    ("2", form("oral-liquid", "total")),
    ("3", form("as-needed", "dose")),
    ("4", form("injection", "total")),
    ("5", form("external", "total")),
    ("6", form("decoction", "daily")),
    ("7", form("infusion-tea", "daily")),
    ("9", form("material", "total")),
    ("10", form("other", "")),
];

/// 剤形区分 of record 101 (処方箋).
pub(super) const PRESCRIPTION_FORMS: &[(&str, Form)] = &[
    ("1", form("oral", "daily")),
    ("2", form("as-needed", "dose")),
    ("3", form("external", "total")),
    ("4", form("oral-liquid", "total")),
    ("5", form("injection", "total")),
    ("6", form("material", "total")),
    ("9", form("unknown", "")),
];

/// What an RP says, and which facts are its drugs.
#[derive(Debug)]
pub(super) struct Rp {
    number: CompactString,
    place: Place,
    /// Number inside the RP as sent (blank in notebooks) and position among the facts.
    drugs: Vec<(CompactString, usize)>,
    pub has_usage: bool,
    /// A drug record that could not be read stood here.
    refused: bool,
    pub form: Option<Form>,
    pub times: Option<u32>,
    /// Usage code, times a day, supplements: in the form of qualifiers.
    pub usage: CompactString,
}

/// The open RPs.
#[derive(Debug, Default)]
pub(super) struct Rps {
    open: Vec<Rp>,
    /// In front of an RP's number in groups: block and section.
    pub prefix: CompactString,
    pub department: CompactString,
    /// That there is no date was told already.
    pub date_told: bool,
    /// Drug records met in the whole set.
    pub drugs: usize,
}

impl Rps {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

/// Where the items of a drug stand in its record.
#[derive(Debug, Clone, Copy)]
pub(super) struct DrugItems {
    pub name: usize,
    pub dose: usize,
    pub unit: usize,
    pub kind: usize,
    pub code: usize,
}

impl Reader<'_, '_> {
    /// The RP of the record at hand (item 1).
    pub(super) fn rp(&mut self) -> usize {
        let item = self.item(1);
        let read = number(item).filter(|n| (1..=999).contains(n));
        if read.is_none() {
            self.say_shape(&rules::NUMBER, 1, "RP 番号");
        }
        let number = read.map_or_else(|| CompactString::const_new("0"), |n| format_compact!("{n}"));
        if let Some(at) = self.rps.open.iter().position(|rp| rp.number == number) {
            return at;
        }
        self.rps.open.push(Rp {
            number,
            place: self.place,
            drugs: Vec::new(),
            has_usage: false,
            refused: false,
            form: None,
            times: None,
            usage: CompactString::default(),
        });
        self.rps.open.len() - 1
    }

    /// Changes an open RP.
    pub(super) fn with_rp(&mut self, at: usize, change: impl FnOnce(&mut Rp)) {
        if let Some(rp) = self.rps.open.get_mut(at) {
            change(rp);
        }
    }

    /// The group of an open RP: block, section and RP.
    pub(super) fn rp_group(&self, at: usize) -> CompactString {
        self.rps
            .open
            .get(at)
            .map(|rp| format_compact!("{}{}", self.rps.prefix, rp.number))
            .unwrap_or_default()
    }

    /// Record 201: the drug as a fact of its RP.
    pub(super) fn drug(&mut self, items: DrugItems, seq: &str) {
        let rp = self.rp();
        self.rps.drugs += 1;
        let Some(source) = self.drug_code(items) else {
            return self.with_rp(rp, |rp| rp.refused = true);
        };
        let device = source.system == CodeSystem::ReceiptMaterial;
        let table = if device { FactTable::DeviceExposure } else { FactTable::DrugExposure };
        let mut fact = self.fact(table, "");
        if let Answer::Known(entry) = self.ask(&source, items.code) {
            fact.standard = entry.standard;
        }
        fact.source = Some(source);
        // Qualifiers of a drug are longer than a small string holds.
        fact.qualifiers = CompactString::with_capacity(80);
        fact.quantity = self.amount(items.dose, false);
        fact.value.unit = self.unit(items.unit);
        fact.group = self.rp_group(rp);
        self.facts.push(fact);
        let at = self.facts.len() - 1;
        self.with_rp(rp, |rp| rp.drugs.push((CompactString::from(seq), at)));
    }

    /// Asks the master for a drug code; a code it does not have is told.
    fn ask(&mut self, source: &Coded, item: usize) -> Answer {
        if source.code.is_empty() {
            return Answer::NoMaster;
        }
        let answer = self.lookup.ask(&source.system, &source.code, self.on);
        if let Answer::Unknown(edition) = &answer {
            let place = self.place.finding(&rules::CODE_SHAPE, item).position;
            let mut finding = unknown(&source.system, &source.code, edition);
            finding.position = place;
            self.notes.push(finding);
        }
        answer
    }

    /// A unit is a short word.
    pub(super) fn unit(&mut self, item: usize) -> CompactString {
        let unit = self.text(item);
        if unit.chars().count() > 12 {
            self.say_shape(&rules::CODE_SHAPE, item, "12 文字以下の単位");
            return CompactString::default();
        }
        CompactString::from(unit)
    }

    /// System, code and name of a drug. `None`: nothing that could be one, which was told.
    pub(super) fn drug_code(&mut self, items: DrugItems) -> Option<Coded> {
        let (kind, code) = (self.item(items.kind), self.code(items.code));
        let name = CompactString::from(self.text(items.name));
        let shifted = kind.len() > 1 || kind.iter().any(|b| !b.is_ascii_digit());
        if shifted {
            self.say_shape(&rules::DRUG_KIND, items.kind, "1・2・3・4・6・7");
            return None;
        }
        let digits = code.bytes().all(|b| b.is_ascii_digit());
        let alnum = code.bytes().all(|b| b.is_ascii_alphanumeric());
        let (system, sound) = match kind {
            b"2" if code.starts_with('7') => (CodeSystem::ReceiptMaterial, digits && code.len() == 9),
            b"2" => (CodeSystem::ReceiptDrug, digits && code.len() == 9 && code.starts_with('6')),
            b"3" | b"4" => (CodeSystem::Yj, alnum && code.len() == 12),
            b"6" => (CodeSystem::Hot, digits && matches!(code.len(), 7 | 9 | 13)),
            b"7" => (CodeSystem::GenericDrug, alnum && code.len() == 12),
            b"1" | b"" => (no_system(), true),
            _ => {
                self.say_shape(&rules::CODE_VALUE, items.kind, "1・2・3・4・6・7");
                (no_system(), true)
            }
        };
        let says_none = matches!(kind, b"1" | b"");
        // 一般名 prescriptions have codes only for drugs on the ministry's list.
        let may_lack = says_none || kind == b"7";
        if (code.is_empty() && !may_lack) || (!code.is_empty() && says_none) {
            self.say_shape(&rules::DRUG_CODE, items.code, "コードと種別");
        } else if code.is_empty() && name.is_empty() {
            self.say_shape(&rules::DRUG_CODE, items.name, "薬品名またはコード");
            return None;
        } else if !code.is_empty() && !sound {
            self.say_shape(&rules::CODE_SHAPE, items.code, "種別に合う桁数");
        }
        let text = Some(name).filter(|name| !name.is_empty());
        Some(Coded { system, code: CompactString::from(code), text })
    }

    /// The fact of the drug that the record at hand speaks of, by RP and number inside it (処方箋). That there is none
    /// is told, unless a drug record of the RP could not be read.
    pub(super) fn drug_of(&mut self, rp: usize) -> Option<usize> {
        let (seq, rp) = (self.code(2), self.rps.open.get(rp)?);
        let found = rp.drugs.iter().find(|(s, _)| s == seq).map(|(_, at)| *at);
        if found.is_none() && !rp.refused {
            self.say_shape(&rules::NUMBER, 2, "レコード 201 の連番");
        }
        found
    }

    /// Closes the open RPs: each says its usage on its drugs.
    pub(super) fn close_rps(&mut self) {
        for rp in std::mem::take(&mut self.rps.open) {
            if rp.drugs.is_empty() && !rp.refused {
                self.notes.push(rp.place.finding(&rules::RP_EMPTY, 1).expected("薬品のレコード"));
                continue;
            }
            if !rp.has_usage {
                self.notes.push(rp.place.finding(&rules::USAGE_MISSING, 1).expected("用法のレコード"));
            }
            if self.on.is_none() && !self.rps.date_told {
                self.rps.date_told = true;
                self.notes.push(rp.place.finding(&rules::DATE_MISSING, 0).expected("調剤日または交付日"));
            }
            for (_, at) in &rp.drugs {
                let Some(fact) = self.facts.get_mut(*at) else { continue };
                fact.start = fact.start.or(self.on);
                fact.times = rp.times;
                fact.department.clone_from(&self.rps.department);
                if let Some(form) = rp.form {
                    qualify(&mut fact.qualifiers, "form", form.word);
                    if fact.quantity.is_some() {
                        qualify(&mut fact.qualifiers, "basis", form.basis);
                    }
                    let drug =
                        fact.source.as_ref().is_some_and(|s| !matches!(s.system, CodeSystem::Other(_)));
                    if form.word == "material" && !drug {
                        fact.table = FactTable::DeviceExposure;
                    }
                }
                if !rp.usage.is_empty() {
                    if !fact.qualifiers.is_empty() {
                        fact.qualifiers.push(' ');
                    }
                    fact.qualifiers.push_str(&rp.usage);
                }
            }
        }
    }

    /// A usage code: JAMI, 16 characters; laid on the RP.
    pub(super) fn usage_code(&mut self, rp: usize, item: usize) {
        let code = self.code(item);
        if code.is_empty() && self.item(item).is_empty() {
            return;
        }
        if code.len() != 16 || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.say_shape(&rules::CODE_SHAPE, item, "16 桁の用法コード");
            return;
        }
        self.with_rp(rp, |rp| qualify(&mut rp.usage, "usage", code));
    }
}

/// The system of a drug that has no code.
fn no_system() -> CodeSystem {
    CodeSystem::Other(CompactString::const_new("JAHIS"))
}

/// How often a day, when the words say so: `分３`, `１日３回`.
pub(super) fn times_a_day(usage: &str) -> Option<u32> {
    let digit = |c: char| match c {
        '０'..='９' => Some(u32::from(c) - u32::from('０')),
        c => c.to_digit(10),
    };
    usage.char_indices().filter(|(_, c)| matches!(c, '分' | '日')).find_map(|(at, sign)| {
        let mut behind = usage.get(at..).unwrap_or_default().chars().skip(1);
        let n = digit(behind.next()?).filter(|n| *n > 0)?;
        let next = behind.next();
        match sign {
            '分' if !next.is_some_and(|c| digit(c).is_some() || "～~・-、".contains(c)) => Some(n),
            '日' if next == Some('回') => Some(n),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_words() {
        assert_eq!(times_a_day("【分３ 毎食後服用】"), Some(3));
        assert_eq!(times_a_day("1日2回 朝・夕食後"), Some(2));
        assert_eq!(times_a_day("１日１回注射"), Some(1));
        for none in ["【１日３～４回 うがい】", "【腰痛時】", "毎食後", "3日分", "分", "1日10回"]
        {
            assert_eq!(times_a_day(none), None, "{none}");
        }
    }
}
