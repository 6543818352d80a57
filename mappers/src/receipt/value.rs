//! Values of single items: numbers within a range, codes out of a list, days within the month.

use musubi_model::{Fact, PartialDate};
use rust_decimal::Decimal;

use super::rules;
use crate::uke::book::Book;
use crate::uke::map::Reader;
use crate::uke::rules as common;

impl Reader<'_, '_> {
    /// An observation under a name of our list with a number of `low` to `high`; anything else is said, not taken.
    pub(crate) fn item_number(
        &mut self,
        name: &'static str,
        column: usize,
        (low, high): (i64, i64),
        unit: &'static str,
    ) -> Option<Decimal> {
        if self.fields.get(column).is_empty() {
            return None;
        }
        let number = self.amount(column)?;
        if number < Decimal::from(low) || number > Decimal::from(high) {
            self.say_shape(&rules::VALUE, column, &format!("{low} から {high}"));
            return None;
        }
        let mut fact = self.item(name, "");
        fact.value.text = self.text(column);
        fact.value.number = Some(number);
        fact.value.unit = unit.into();
        self.facts.push(fact);
        Some(number)
    }

    /// The same with a code out of a list.
    pub(crate) fn item_of(&mut self, name: &'static str, column: usize, codes: &[&str]) {
        let Some(code) = self.listed(column, codes) else { return };
        let mut fact = self.item(name, "");
        fact.status = code;
        self.facts.push(fact);
    }

    /// A code out of a list; blank is `None` without a word, anything else with one.
    pub(crate) fn listed(&mut self, column: usize, codes: &[&str]) -> Option<compact_str::CompactString> {
        let field = self.fields.get(column);
        if field.is_empty() {
            return None;
        }
        if !codes.iter().any(|code| code.as_bytes() == field) {
            self.say_shape(&rules::VALUE, column, &codes.join("、"));
            return None;
        }
        Some(self.fields.code(column))
    }

    /// A day of service: it should lie in the month of the receipt.
    pub(crate) fn day_of_service(&mut self, column: usize) -> Option<PartialDate> {
        let day = self.date(column, &common::DATE)?;
        if self.claim.care().is_some_and(|month| !month.has(day)) {
            self.say(&rules::MONTH, column, || "レセプトの月にない日".to_owned(), "レセプトの月の日");
        }
        Some(day)
    }

    /// Says when `later` is before `earlier`, as far as both are wholly known.
    pub(crate) fn in_order(
        &mut self,
        column: usize,
        earlier: Option<PartialDate>,
        later: Option<PartialDate>,
    ) {
        let days = (earlier.and_then(|d| d.to_date()), later.and_then(|d| d.to_date()));
        if let (Some(earlier), Some(later)) = days
            && later < earlier
        {
            self.say(&rules::ORDER, column, || "前後が逆の日付".to_owned(), "前の日付以後");
        }
    }

    /// A comment that belongs to no line: its code, never its text.
    pub(crate) fn comment_code(&mut self, column: usize) {
        if self.fields.get(column).is_empty() {
            return;
        }
        let mut note = Fact::new(musubi_model::FactTable::Note, self.place.range);
        note.start = self.care_date();
        note.source = Some(self.coded(Book::Comment, column, b'8').0);
        self.facts.push(note);
    }

    /// A cost at the record at hand.
    pub(crate) fn cost(&mut self, part: &str, amount: i64, times: Option<u32>) -> Fact {
        let mut cost = Fact::new(musubi_model::FactTable::Cost, self.place.range);
        cost.start = self.care_date();
        cost.source = Some(musubi_model::Coded::new(musubi_model::CodeSystem::Points, part));
        cost.quantity = Some(Decimal::from(amount));
        cost.times = times;
        cost.value.unit = if self.spec.yen { "円" } else { "点" }.into();
        cost
    }
}
