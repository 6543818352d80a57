//! The common part of orders (ORC) and their timing (TQ1), the same in every message that has them.
//!
//! An order's own number is a number of the house: it only serves to count orders, and never stands in a fact. Who
//! ordered or entered it is a third person and is not read.

use std::collections::HashMap;

use compact_str::CompactString;
use musubi_model::finding::shape_of;
use musubi_model::{Fact, FactTable, PartialDate};

use super::work::Work;
use super::{codes, rules};
use crate::hl7::time::Stamp;
use crate::hl7::{self, Segment};

/// ORC-1 of orders that no longer hold (HL7 table 0119).
pub(super) fn is_cancelled(control: &str) -> bool {
    matches!(control, "CA" | "CR" | "OC" | "DC" | "DR" | "OD")
}

/// Orders met so far.
#[derive(Default)]
pub(super) struct Orders {
    numbers: HashMap<CompactString, usize>,
    /// Orders counted, with RP number or parent.
    pub(super) group: CompactString,
    /// ORC-17.
    pub(super) department: CompactString,
    /// ORC-1.
    pub(super) control: CompactString,
    /// The order no longer holds.
    pub(super) cancelled: bool,
    /// ORC-9.
    pub(super) written: Option<Stamp>,
}

impl Orders {
    /// Begins an order.
    pub(super) fn begin(&mut self, orc: &Segment<'_>, work: &mut Work<'_>) {
        let number = orc.field(2).component(1).compact();
        let ordinal = self.ordinal(&number);
        self.group = CompactString::from(ordinal.to_string());
        let parent = orc.field(8).component(1).subcomponent(1).compact();
        if !parent.is_empty() && parent != number {
            let above = self.ordinal(&parent);
            self.group = CompactString::from(format!("{above}-{ordinal}"));
        }
        let rp = orc.field(4).component(1).text();
        // ORC-4 is `RP`, or `order_RP_n`: what follows the order's own number. Anything else might be a number itself.
        let rp = match rp.strip_prefix(number.as_str()).and_then(|r| r.strip_prefix('_')) {
            Some(rest) if !number.is_empty() => rest,
            _ => rp.as_ref(),
        };
        if !rp.is_empty() && rp.len() <= 8 && rp.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
            self.group.push('-');
            self.group.push_str(rp);
        }
        self.department = orc.field(17).component(1).compact();
        self.control = CompactString::from(orc.field(1).component(1).code());
        self.cancelled = is_cancelled(&self.control);
        self.written = work.stamp(orc, 9);
        if self.cancelled {
            work.notes.push(orc.finding(&rules::ORDER_CANCELLED, 1).found(self.control.as_str()));
        }
    }

    /// The order's number, counted from 1 in this message.
    fn ordinal(&mut self, number: &CompactString) -> usize {
        let next = self.numbers.len() + 1;
        *self.numbers.entry(number.clone()).or_insert(next)
    }

    /// A fact of this order.
    pub(super) fn fact(&self, table: FactTable, segment: &Segment<'_>) -> Fact {
        let mut fact = Fact::new(table, segment.range());
        fact.group = self.group.clone();
        fact.department = self.department.clone();
        fact
    }
}

/// When and how often (TQ1): 3 usage, 6 days, 7 start, 8 end, 14 number of times.
#[derive(Default, Clone)]
pub(super) struct Timing {
    pub(super) start: Option<Stamp>,
    pub(super) end: Option<PartialDate>,
    days: Option<u32>,
    /// Words for the qualifiers.
    words: CompactString,
}

impl Timing {
    /// Reads a TQ1.
    pub(super) fn read(tq1: &Segment<'_>, work: &mut Work<'_>) -> Self {
        let mut timing = Self {
            start: work.stamp(tq1, 7),
            end: work.day(tq1, 8),
            days: days(tq1, work),
            words: CompactString::default(),
        };
        for usage in tq1.field(3).repetitions() {
            codes::add_named(&mut timing.words, "usage", usage.component(1).subcomponent(1).code());
        }
        // As needed (頓用): so many doses.
        codes::add_named(&mut timing.words, "doses", tq1.field(14).component(1).code());
        timing
    }

    /// Puts it into a fact that has none yet.
    pub(super) fn apply(&self, fact: &mut Fact) {
        super::work::begin_at(fact, self.start);
        fact.end = fact.end.or(self.end);
        fact.times = fact.times.or(self.days);
        codes::add_word(&mut fact.qualifiers, &self.words);
    }
}

/// TQ1-6: `5^d`, `3^D&日&ISO+`. Weeks are turned into days; other units give none.
fn days(tq1: &Segment<'_>, work: &mut Work<'_>) -> Option<u32> {
    let field = tq1.field(6);
    let (count, unit) = (field.component(1), field.component(2).subcomponent(1));
    if !count.has_value() {
        return None;
    }
    let read: Option<u32> = count.code().parse().ok();
    let days = read.and_then(|n| match unit.code() {
        "" | "d" | "D" | "day" | "DAY" => Some(n),
        "wk" | "W" | "w" => n.checked_mul(7),
        _ => None,
    });
    if read.is_none() {
        work.notes.push(tq1.finding(&hl7::rules::NUMBER, 6).found(shape_of(&count.text())));
    }
    days
}
