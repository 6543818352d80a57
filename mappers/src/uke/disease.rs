//! Diseases: SY, and what the disease records of the other kinds have in common with it.
//!
//! A name in words enters a fact only for a disease without a code (0000999); a remark (補足コメント) never does.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable, PartialDate};

use super::book::Book;
use super::map::Reader;
use super::person::before;
use super::rules;

/// The disease code of a disease that has none (未コード化傷病名).
const UNCODED: &[u8] = b"0000999";
/// Modifiers of one disease at most.
const MODIFIERS_MAX: usize = 20;
impl Reader<'_, '_> {
    /// SY: 傷病名レコード.
    pub(crate) fn disease(&mut self) {
        let mut fact = self.condition(1, 4, 5);
        fact.start = self.start_of_care(2);
        fact.status = self.fields.code(3);
        match self.fields.get(6) {
            b"01" => fact.group = CompactString::const_new("main"),
            b"1" => self.say_shape(&rules::ZERO_DROPPED, 6, "01"),
            _ => {}
        }
        self.facts.push(fact);
        self.remark(7, "RECE.disease");
    }

    /// A text in words beside a coded record (補足コメント): a sealed note, never its text.
    pub(crate) fn remark(&mut self, column: usize, kind: &'static str) {
        if self.fields.get(column).is_empty() {
            return;
        }
        let mut note = Fact::new(FactTable::Note, self.place.range);
        note.start = self.claim.care().map(|m| m.date);
        note.source = Some(Coded::new(CodeSystem::DocumentKind, kind));
        self.facts.push(note);
    }

    /// 診療開始日: not before the birth.
    pub(crate) fn start_of_care(&mut self, column: usize) -> Option<PartialDate> {
        let start = self.date(column, &rules::DATE);
        if let (Some(start), Some(birth)) = (start, self.claim.birth())
            && before(start, birth)
        {
            self.say(&rules::DATE_BEFORE_BIRTH, column, || "生年月日より前の日付".to_owned(), "生年月日以後");
        }
        start
    }

    /// A disease: its code (or, uncoded, its name as sent), ICD-10 by the master, modifiers.
    pub(crate) fn condition(&mut self, code_column: usize, modifiers: usize, name_column: usize) -> Fact {
        let code = self.fields.code(code_column);
        let uncoded = self.fields.get(code_column) == UNCODED;
        let digits = !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit());
        let mut fact = Fact::new(FactTable::ConditionOccurrence, self.place.range);
        let mut source = Coded::new(CodeSystem::ReceiptDisease, &code);
        if digits && code.len() == 7 {
            if let Some(entry) = self.ask(Book::Disease, code_column, &code) {
                fact.standard = entry.standard;
                if !uncoded {
                    source = source.with_text(&entry.name);
                }
            }
        } else {
            let dropped = digits && code.len() < 7;
            let rule = if dropped { &rules::ZERO_DROPPED } else { &rules::CODE_SHAPE };
            self.say_shape(rule, code_column, "7 桁");
        }
        if uncoded {
            let name = self.text(name_column);
            if name.is_empty() {
                self.say(&rules::UNCODED_NAME, name_column, || "(空)".to_owned(), "傷病名称");
            }
            source = source.with_text(&name);
        }
        fact.source = Some(source);
        fact.qualifiers = self.modifiers(modifiers);
        fact
    }

    /// Modifier codes (修飾語), four digits each, joined by spaces.
    fn modifiers(&mut self, column: usize) -> CompactString {
        let field = self.fields.get(column);
        if field.is_empty() {
            return CompactString::default();
        }
        let digits = field.iter().all(u8::is_ascii_digit);
        if !digits || !field.len().is_multiple_of(4) || field.len() > 4 * MODIFIERS_MAX {
            self.say_shape(&rules::MODIFIER, column, "4 桁の倍数、20 個まで");
            // Cutting codes out of it would make up codes: digits are kept whole as sent, anything else stays out.
            return self.fields.code(column);
        }
        let mut joined = CompactString::with_capacity(field.len() + field.len() / 4);
        for part in field.chunks_exact(4) {
            let Ok(code) = std::str::from_utf8(part) else { continue };
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(code);
            self.ask(Book::Modifier, column, code);
        }
        joined
    }
}
