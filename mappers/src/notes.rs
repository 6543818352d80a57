//! Findings of one unit, bounded: past the limit the rest is counted, but an error is never lost.

use musubi_model::{Finding, catalogue};

catalogue! {
    /// Too many findings.
    FINDINGS_CUT Note "UNIT-FINDINGS-CUT"
        "指摘が多いため、以降は件数だけを数えました。" "There were too many findings; the rest was only counted."
        "示された指摘を直してから送り直してください。" "Mend those shown, then send again."
        eg "一つの電文に 250 件の指摘があり、200 件を示した。";
}

/// Collects findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Notes {
    kept: Vec<Finding>,
    max: usize,
    left_out: u64,
}

impl Notes {
    /// Keeps at most `max` findings; an error beyond that takes the place of the last one that is none.
    #[must_use]
    pub fn new(max: u32) -> Self {
        Self { kept: Vec::new(), max: usize::try_from(max).unwrap_or(usize::MAX).max(1), left_out: 0 }
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        if self.kept.len() < self.max {
            self.kept.push(finding);
            return;
        }
        self.left_out += 1;
        if finding.is_error()
            && let Some(place) = self.kept.iter_mut().rev().find(|f| !f.is_error())
        {
            *place = finding;
        }
    }

    /// Is there an error among them?
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.kept.iter().any(Finding::is_error)
    }

    /// The findings, with a closing one when some were left out.
    #[must_use]
    pub fn finish(mut self) -> Vec<Finding> {
        if self.left_out > 0 {
            self.kept.push(Finding::new(&FINDINGS_CUT).found(self.left_out.to_string()));
        }
        self.kept
    }
}
