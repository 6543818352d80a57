//! Which field of a claim record stands where: tables by identification number and month, kept as data
//! (`claim_layouts.tsv`), because the last digit of the number is the generation of the layout. Never a value here.

use std::sync::OnceLock;

macro_rules! keys {
    ($($name:ident = $text:literal,)*) => {
        /// A field of a claim record that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(dead_code, reason = "the table also names fields that stay sealed")]
        pub(in crate::care) enum Key { $($name,)* }

        const NAMES: &[&str] = &[$($text),*];
    };
}

keys! {
    Action = "action", Admitted = "admitted", After = "after", Begun = "begun", Beyond = "beyond", Birth = "birth",
    Burden = "burden", Claim = "claim", Class = "class", Count = "count", Days = "days",
    Discharged = "discharged", Emergency = "emergency", Form = "form", From = "from", Id = "id",
    Insured = "insured", Insurer = "insurer", Item = "item", Kind = "kind", Law = "law", Leave = "leave",
    Level = "level", Limit = "limit", Line = "line", Made = "made", Manager = "manager", Month = "month",
    Notified = "notified", Office = "office", OutcomeUnits = "outcome_units", Payer = "payer", Payer1 = "payer1",
    Payer2 = "payer2", Payer3 = "payer3", Planned = "planned", PlanKind = "plan_kind", PlanOffice = "plan_office",
    Price = "price", Public1 = "public1", Public2 = "public2", Public3 = "public3", Rate = "rate",
    Rate1 = "rate1", Rate2 = "rate2", Rate3 = "rate3", Reason = "reason", Recipient1 = "recipient1",
    Recipient2 = "recipient2", Recipient3 = "recipient3", Record = "record", Remark = "remark",
    Service = "service", ServiceOffice = "service_office", Sex = "sex", Special = "special", Stay = "stay",
    StayDays = "stay_days", StayPlanned = "stay_planned", Stopped = "stopped", Subtotal = "subtotal",
    Text = "text", Times = "times", To = "to", Total = "total", Unit = "unit", Units = "units",
    Within = "within",
}

/// The layout of one record.
#[derive(Debug, Clone)]
pub(in crate::care) struct Layout {
    /// `bill`, `01` … `14`, `fee`, `plan`.
    pub record: &'static str,
    ids: Vec<&'static str>,
    from: &'static str,
    to: &'static str,
    /// Number of fields; 0 when it is not known.
    pub columns: usize,
    /// Checked against a specification or an implementation.
    pub verified: bool,
    /// Position of each key, 1-based; 0: the record has no such field.
    positions: [u8; NAMES.len()],
}

impl Layout {
    /// The column of a field within the row (control columns counted); `None` when the record has none.
    pub(in crate::care) fn column(&self, key: Key) -> Option<usize> {
        let position = self.positions.get(key as usize).copied().unwrap_or(0);
        (position > 0).then(|| usize::from(position) + 1)
    }

    fn has_id(&self, id: &str) -> bool {
        self.ids.iter().any(|pattern| {
            pattern.len() == id.len() && pattern.bytes().zip(id.bytes()).all(|(p, b)| p == b'*' || p == b)
        })
    }
}

fn all() -> &'static [Layout] {
    static ALL: OnceLock<Vec<Layout>> = OnceLock::new();
    ALL.get_or_init(|| {
        include_str!("../claim_layouts.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(read)
            .collect()
    })
}

fn read(line: &'static str) -> Option<Layout> {
    let mut columns = line.split('\t');
    let record = columns.next()?;
    let ids = columns.next()?.split(',').collect();
    let (from, to) = (columns.next()?, columns.next()?);
    let width = columns.next()?.parse().ok()?;
    let verified = columns.next()? == "V";
    let mut positions = [0; NAMES.len()];
    for pair in columns.next()?.split(' ') {
        let (name, position) = pair.split_once('=')?;
        let at = NAMES.iter().position(|n| *n == name)?;
        *positions.get_mut(at)? = position.parse().ok()?;
    }
    Some(Layout { record, ids, from, to, columns: width, verified, positions })
}

/// The layout of a record by identification number, kind of record (`""`: the number alone says it) and month.
pub(in crate::care) fn find(id: &str, record: &str, month: &str) -> Option<&'static Layout> {
    let in_time = |l: &&Layout| l.from <= month && month <= l.to;
    let whole = |l: &&Layout| matches!(l.record, "bill" | "fee" | "plan") && record.is_empty();
    let mut layouts = all().iter();
    layouts
        .clone()
        .find(|l| l.record == record && l.has_id(id) && in_time(l))
        .or_else(|| layouts.find(|l| whole(l) && l.has_id(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("../claim_layouts.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(all().len(), lines);
        for layout in all() {
            assert!(layout.column(Key::Id).is_some(), "{layout:?}");
            let last = layout.positions.iter().max().copied().unwrap_or(0);
            assert!(layout.columns == 0 || usize::from(last) <= layout.columns, "{layout:?}");
        }
    }

    #[test]
    fn layouts_are_found_by_number_and_record() {
        assert_eq!(find("7131", "02", "202609").map(|l| l.columns), Some(18));
        assert_eq!(find("71A3", "14", "202609").map(|l| l.columns), Some(19));
        assert_eq!(find("7111", "", "202609").map(|l| l.record), Some("bill"));
        assert_eq!(find("8222", "", "202609").map(|l| l.record), Some("plan"));
        assert_eq!(find("8122", "", "202609").map(|l| l.columns), Some(23));
        assert!(find("1112", "H1", "202609").is_none());
        assert!(find("7131", "07", "202609").is_none());
        assert!(find("9999", "", "202609").is_none());
    }
}
