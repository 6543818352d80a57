//! The end of a load (格納の確定): what holds for the delivery as a whole, and the commit that makes all of it visible.

use std::collections::BTreeMap;
use std::time::Instant;

use musubi_model::submission::SubmissionState;
use musubi_storage::ingest::{FindingRow, read_records};

use super::{Loaded, Run, number, pass};
use crate::house::{EtlError, Event};
use crate::intake::Outcome;
use crate::package::wrong_totals;

impl Run<'_> {
    /// Control totals, superseded versions, balance, and the commit.
    pub(super) fn close(mut self) -> Result<Loaded, EtlError> {
        let wrong = wrong_totals(&self.verified.manifest.totals, &self.totals);
        let counted: BTreeMap<String, u64> = self.totals.iter().map(|(k, n)| (k.to_string(), *n)).collect();
        if !wrong.is_empty() {
            return Ok(Loaded::Unsound(wrong, counted));
        }
        let clock = Instant::now();
        let now = (self.house.now)();
        let feed = self.verified.manifest.feed.as_str();
        // Counts of before an opt-out must not be held against the book as it stands after it.
        if self.load.opt_out_mark()? != self.opt_outs {
            return Ok(Loaded::OptedOut);
        }
        if let Some(reason) = self.keeper.reconcile(&mut self.load, feed, now)? {
            return Ok(Loaded::Stopped(reason));
        }
        self.load.hold(&self.held, now)?;
        let warnings: Vec<FindingRow> = self
            .verified
            .findings
            .iter()
            .cloned()
            .chain(self.keeper.findings())
            .map(|finding| FindingRow { document: None, unit: None, finding })
            .collect();
        for row in &warnings {
            *self.findings.entry(row.finding.rule.id.to_owned()).or_default() += 1;
        }
        self.load.findings(&warnings)?;
        self.seal_receipts(true)?;
        let commit = self.load.files(&self.files, now)?;
        for records in self.load.supersede(commit)? {
            for (kind, n) in read_records(&records) {
                let line = self.balance.line(kind);
                line.loaded -= n.min(line.loaded);
                line.superseded += n;
            }
        }
        self.load.balance(&self.balance)?;
        let unmapped = self.unmapped.into_rows(self.house.code_persons_min);
        self.counts.unmapped_codes = number(unmapped.len());
        self.counts.unmapped_facts = unmapped.iter().map(|row| row.records).sum();
        self.load.unmapped_codes(&unmapped)?;
        self.load.acknowledgement(&self.verified.manifest.totals, &counted, &self.makers)?;
        for state in [
            SubmissionState::Mapped,
            SubmissionState::Gated,
            SubmissionState::Resolved,
            SubmissionState::Loaded,
            SubmissionState::Balanced,
        ] {
            self.load.enter_state(now, state, "")?;
            (self.house.progress)(Event::State(state));
        }
        self.receipts.write(&mut self.load, self.verified.id, &self.house.job)?;
        pass(self.house, "rows-written")?;
        if self.load.hold_opt_outs()? != self.opt_outs {
            return Ok(Loaded::OptedOut);
        }
        self.load.commit()?;
        self.counts.registry_seconds += clock.elapsed().as_secs_f64();
        pass(self.house, "committed")?;
        Ok(Loaded::Done(Box::new(Outcome {
            submission: self.verified.id,
            state: SubmissionState::Balanced,
            repeated: false,
            feed: Some(self.verified.manifest.feed.to_string()),
            balance: self.balance,
            findings: self.findings,
            counts: self.counts,
        })))
    }
}
