//! What the mapping of one message works with: its notes, its facts so far, and the masters. Reads single fields and
//! tells what it cannot read; never guesses.

use musubi_model::finding::shape_of;
use musubi_model::{Coded, Fact, PartialDate};
use rust_decimal::Decimal;

use super::{codes, rules};
use crate::hl7::{self, Element, Notes, Segment};
use crate::lookup::{self, Answer, Lookup};

/// The work on one message.
pub(super) struct Work<'w> {
    pub(super) lookup: Lookup<'w>,
    pub(super) notes: &'w mut Notes,
    pub(super) facts: Vec<Fact>,
}

impl Work<'_> {
    /// Reads the time stamp of a field's first component; what cannot be read is told.
    pub(super) fn stamp(&mut self, segment: &Segment<'_>, field: usize) -> Option<hl7::time::Stamp> {
        let element = segment.field(field).component(1);
        let text = element.code();
        if text.is_empty() && !element.has_value() {
            return None;
        }
        match hl7::time::read(text) {
            Ok(stamp) => Some(stamp),
            Err(_) => {
                let found = shape_of(&element.text());
                let finding = segment.finding(&hl7::rules::TIME, field).found(found);
                self.notes.push(finding.expected("YYYYMMDD[hhmm[ss]]"));
                None
            }
        }
    }

    /// The day of a time stamp.
    pub(super) fn day(&mut self, segment: &Segment<'_>, field: usize) -> Option<PartialDate> {
        self.stamp(segment, field).map(|s| s.date)
    }

    /// A number of a field; anything else is told. 999 in RXA-6 means "not known" (HL7 v2.5 §4.14.7.6).
    pub(super) fn amount(&mut self, segment: &Segment<'_>, field: usize) -> Option<Decimal> {
        let sent: Element<'_> = segment.field(field).component(1);
        if !sent.has_value() || (segment.is("RXA") && sent.code() == "999") {
            return None;
        }
        let number: Option<Decimal> = sent.code().parse().ok();
        match number {
            None => {
                self.notes.push(segment.finding(&hl7::rules::NUMBER, field).found(shape_of(&sent.text())));
            }
            Some(n) if n.is_sign_negative() && !n.is_zero() => {
                self.notes.push(segment.finding(&rules::NEGATIVE, field).found("負の数").expected("0 以上"));
            }
            Some(_) => return number,
        }
        None
    }

    /// The coded element of a field, its code held against the shape of its system. A segment without one is told.
    pub(super) fn coded(&mut self, segment: &Segment<'_>, field: usize) -> Option<Coded> {
        let coded = codes::coded(segment.field(field));
        match &coded {
            None => self.notes.push(segment.finding(&rules::NO_CODE, field)),
            Some(coded) => self.check_shape(segment, field, coded),
        }
        coded
    }

    /// Tells a code that cannot be one of its system.
    pub(super) fn check_shape(&mut self, segment: &Segment<'_>, field: usize, coded: &Coded) {
        if let Some(expected) = codes::misshapen(coded) {
            let found = format!("{} {} 桁", coded.system, coded.code.chars().count());
            self.notes.push(segment.finding(&rules::CODE_SHAPE, field).found(found).expected(expected));
        }
    }

    /// The standard code of a source code by the loaded masters; a code that its master does not have is told.
    pub(super) fn look_up(
        &mut self,
        segment: &Segment<'_>,
        field: usize,
        coded: &Coded,
        on: Option<PartialDate>,
    ) -> Option<Coded> {
        if !codes::has_master(&coded.system) || codes::is_uncoded(coded) {
            return None;
        }
        match self.lookup.ask(&coded.system, &coded.code, on) {
            Answer::Known(entry) => entry.standard,
            Answer::Unknown(edition) => {
                let told = lookup::unknown(&coded.system, &coded.code, &edition);
                let place = segment.finding(&rules::CODE_SHAPE, field).position;
                self.notes.push(musubi_model::Finding { position: place, ..told });
                None
            }
            Answer::NoMaster => None,
        }
    }

    /// Adds a fact whose code is asked of the masters as of its day.
    pub(super) fn keep(&mut self, segment: &Segment<'_>, field: usize, mut fact: Fact) {
        self.ask(segment, field, &mut fact);
        self.facts.push(fact);
    }

    /// Sets the standard code of a fact by the masters, when none was sent.
    pub(super) fn ask(&mut self, segment: &Segment<'_>, field: usize, fact: &mut Fact) {
        if let Some(coded) = fact.source.as_ref().filter(|c| codes::has_master(&c.system)) {
            let coded = Coded { text: None, ..coded.clone() };
            let standard = self.look_up(segment, field, &coded, fact.start);
            fact.standard = fact.standard.take().or(standard);
        }
    }

    /// Tells that a free text stays in the original, and marks the fact.
    pub(super) fn seal(&mut self, segment: &Segment<'_>, field: usize, fact: &mut Fact) {
        if segment.field(field).has_value() {
            codes::add_named(&mut fact.qualifiers, "text", "sealed");
            self.notes.push(segment.finding(&rules::TEXT_SEALED, field));
        }
    }
}

/// Joins day and second of a stamp into a fact, when it has none yet.
pub(super) fn begin_at(fact: &mut Fact, stamp: Option<hl7::time::Stamp>) {
    if let Some(stamp) = stamp.filter(|_| fact.start.is_none()) {
        (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
    }
}
