//! Findings of one receipt: positions filled in, the limit kept. Never sees a value, only shapes and counts.

use musubi_model::{ByteRange, Finding, Rule};

use super::line::Kind;
use super::rules;

/// Which record of the receipt is at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Line inside the receipt, counted from 1.
    pub row: u64,
    /// Its kind.
    pub kind: Kind,
    /// Its bytes in the document.
    pub range: ByteRange,
}

impl Place {
    /// A finding at a column of this record; column 0 is the whole record.
    pub(crate) fn finding(self, rule: &'static Rule, column: usize) -> Finding {
        let field = if column == 0 { String::new() } else { format!("列 {column}") };
        Finding::new(rule)
            .at(self.range)
            .in_field(format!("レセプト内 行 {} ({})", self.row, self.kind.label()), field)
    }
}

/// Collects findings up to the limit; an error is always among those kept.
#[derive(Debug)]
pub(crate) struct Sink {
    kept: Vec<Finding>,
    max: usize,
    more: u64,
    has_error: bool,
}

impl Sink {
    pub(crate) fn new(max: u32) -> Self {
        Self {
            kept: Vec::new(),
            max: usize::try_from(max).unwrap_or(usize::MAX).max(1),
            more: 0,
            has_error: false,
        }
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        let first_error = finding.is_error() && !self.has_error;
        self.has_error |= finding.is_error();
        if self.kept.len() < self.max {
            self.kept.push(finding);
            return;
        }
        self.more += 1;
        if first_error && let Some(last) = self.kept.last_mut() {
            *last = finding;
        }
    }

    pub(crate) fn has_error(&self) -> bool {
        self.has_error
    }

    /// All that was kept, and how many were not.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        if self.more > 0 {
            self.kept.push(Finding::new(&rules::FINDINGS_MORE).found(format!("ほか {} 件", self.more)));
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_keeps_an_error_and_counts_the_rest() {
        let mut sink = Sink::new(2);
        for _ in 0..3 {
            sink.push(Finding::new(&rules::DATE));
        }
        sink.push(Finding::new(&rules::MYNUMBER));
        assert!(sink.has_error());
        let ids: Vec<_> = sink.into_findings().iter().map(|f| (f.rule.id, f.found.clone())).collect();
        assert_eq!(
            ids,
            [
                ("UKE-DATE", String::new()),
                ("UKE-MYNUMBER", String::new()),
                ("UKE-FINDINGS-MORE", "ほか 2 件".to_owned())
            ]
        );
    }
}
