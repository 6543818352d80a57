//! 給付管理票 against claims, when one file holds both: units that count against the limit may not exceed the plan.
//! Only sums of units are compared; the finding shows a difference, never a number of a person.

use std::collections::HashMap;

use musubi_model::Finding;

use super::Record;
use super::layout::Key;
use super::split::layout_of;
use crate::care::rules;
use crate::care::sheet::{Cells, each_row};
use crate::care::work::plain_number;
use crate::text::Encoding;
use crate::{Document, Split};

/// Insurer, insured, month, office, kind of service.
type Who<'a> = [&'a [u8]; 5];

pub(super) fn claims_within_plans(document: &Document<'_>, encoding: Encoding, split: &mut Split) {
    let bytes = document.bytes;
    let mut plans: HashMap<Who<'_>, i128> = HashMap::new();
    let mut claims = Vec::new();
    each_row(bytes, 0, b',', document.limits.record_bytes_max, |row| {
        let cells = Cells { bytes, row, encoding, shift: 0 };
        if cells.raw(0) != b"2" {
            return;
        }
        let (record, layout) = layout_of(&cells);
        let Some(layout) = layout else { return };
        let get = |key| layout.column(key).map_or(&b""[..], |at| cells.raw(at));
        let who = |office| [get(Key::Insurer), get(Key::Insured), get(Key::Month), office, get(Key::Kind)];
        let units = |key| plain_number(get(key)).and_then(|n| i128::try_from(n).ok());
        if record == Record::Plan && get(Key::Line) != b"99" && get(Key::Action) != b"3" {
            *plans.entry(who(get(Key::ServiceOffice))).or_default() += units(Key::Units).unwrap_or(0);
        } else if layout.record == "10"
            && let Some(units) = units(Key::Within)
        {
            claims.push((who(get(Key::Office)), units, cells.range()));
        }
    });
    for (who, units, range) in claims {
        if let Some(planned) = plans.get(&who).filter(|planned| units > **planned) {
            split.findings.push(
                Finding::new(&rules::CLAIM_OVER_PLAN)
                    .at(range)
                    .found(format!("{} 単位の超過", units - planned))
                    .expected("計画単位数以下"),
            );
        }
    }
}
