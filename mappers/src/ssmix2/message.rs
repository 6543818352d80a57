//! One message, whatever storage it came in: witnesses, person, facts, checks. The same for standard, extended and
//! transaction storage and for plain messages, so that they say the same of the same bytes.

use compact_str::CompactString;
use musubi_model::PartialDate;
use musubi_model::code::Masters;

use super::exam::Mode;
use super::types::Content;
use super::witness::{self, Outside, Said};
use super::work::Work;
use super::{adt, checks, diet, drug, exam, lab, person, problem, rules, visit};
use crate::hl7::{self, Message, Notes};
use crate::lookup::Lookup;
use crate::{MappedUnit, VersionState};

/// Maps a message into a unit. `document` holds all bytes that the ranges of facts count.
pub(super) fn map(
    message: &Message<'_>,
    document: &[u8],
    outside: &Outside<'_>,
    masters: &dyn Masters,
    notes: &mut Notes,
    mapped: &mut MappedUnit,
) -> Said {
    let said = witness::check(message, outside, notes);
    mapped.demographics = person::demographics(message, outside.patient(), notes);
    let room = message.len().min(4096);
    let mut work = Work { lookup: Lookup::new(masters), notes, facts: Vec::with_capacity(room) };
    person::person_fact(message, &mapped.demographics, &mut work);
    if said.deletes {
        if outside.state().is_some_and(|state| state != VersionState::Deleted)
            && let (Some(state), Some(msh)) = (outside.state(), message.first("MSH"))
        {
            work.notes.push(msh.finding(&rules::FLAG_EVENT, 9).found(state.flag().to_string()));
        }
    } else if !work.notes.has_error() {
        adt::patient(message, &mut work);
        content(message, &said, &mut work);
        // Facts stand in the order of their bytes; a mixture given twice tells of its parts in turn.
        if !work.facts.is_sorted_by_key(|f| f.range.start) {
            work.facts.sort_by_key(|f| f.range.start);
        }
        let against = checks::Against {
            document,
            birth: *mapped.demographics.birth.expose(),
            written: written_on(message),
            tells_of_past: matches!(
                said.data_type.map(|t| t.content),
                Some(Content::DrugGiven | Content::LabResult | Content::ExamDone | Content::ExamResult)
            ),
        };
        checks::facts(&work.facts, &against, work.notes);
    }
    mapped.facts = work.facts;
    mapped.master_version = work.lookup.editions();
    said
}

fn content(message: &Message<'_>, said: &Said, work: &mut Work<'_>) {
    let Some(data_type) = said.data_type else { return };
    match data_type.content {
        Content::Basics => adt::map(message, work),
        // Allergies were read with the patient.
        Content::Allergy => {}
        Content::Visit => {
            visit::map(message, &said.event, work);
            adt::map(message, work);
        }
        Content::Problem => problem::map(message, work),
        Content::Diet => diet::map(message, work),
        Content::DrugOrder => drug::map_orders(message, work),
        Content::DrugGiven => drug::map_given(message, work),
        Content::LabResult => lab::map(message, work),
        Content::ExamOrder => exam::map(message, Mode::Ordered, work),
        Content::ExamDone | Content::ExamResult => exam::map(message, Mode::Performed, work),
        Content::Vitals => exam::map(message, Mode::Values, work),
    }
}

/// The day of MSH-7.
fn written_on(message: &Message<'_>) -> Option<PartialDate> {
    let msh = message.first("MSH")?;
    hl7::time::read(msh.field(7).component(1).code()).ok().map(|stamp| stamp.date)
}

/// MSH-7 to the millisecond, 17 digits, so that it sorts as text; zeros when there is none.
pub(super) fn sortable_time(message: &Message<'_>) -> CompactString {
    let sent = message.first("MSH").map(|msh| msh.field(7).component(1).code()).unwrap_or_default();
    let (seconds, fraction) = sent.split_once('.').unwrap_or((sent, ""));
    let whole = digits(seconds, 17);
    let rest = if whole.len() == 14 { digits(fraction, 3) } else { "" };
    let mut time = CompactString::from(whole);
    time.push_str(rest);
    time.push_str("00000000000000000".get(time.len()..).unwrap_or_default());
    time
}

/// The digits a text begins with, `most` at most.
fn digits(text: &str, most: usize) -> &str {
    let len = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    text.get(..len).unwrap_or_default()
}
