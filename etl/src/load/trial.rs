//! A load that is tried and never committed (空実行): the load's own steps up to linkage, which is only looked up.
//!
//! Whatever it enters into its transaction falls with it. It must never reach [`musubi_storage::ingest::Load::commit`], nor
//! make a key, an identity or a file.

use std::collections::{BTreeMap, BTreeSet};

use musubi_compliance::audit::{AuditAction, AuditRole};
use musubi_mappers::Mapper;
use musubi_model::matching::Token;
use musubi_model::submission::Disposition;
use musubi_model::{DocumentHash, IdentityId};
use musubi_storage::ingest::StoredDocument;
use musubi_storage::registry::IngestDb;

use super::again::{Wanted, announce};
use super::{Run, batch_end, listed_twice, number, with_run};
use crate::house::{EtlError, House, end_of_day};
use crate::intake::{Verified, count};
use crate::notices::Ticket;
use crate::package::{Package, wrong_totals};
use crate::retry::{Tried, add};
use crate::work::{self, CutDocument, WorkedUnit};

/// In which role what is booked, when sealed bytes are opened for a trial.
const TRYING: (AuditRole, AuditAction) = (AuditRole::Operator, AuditAction::Trace);

/// Tries a whole package.
pub(crate) fn try_package(
    house: &House<'_>,
    db: &mut IngestDb,
    package: &mut Package,
    verified: &Verified,
    mapper: &dyn Mapper,
    tried: &mut Tried,
) -> Result<(), EtlError> {
    let cutoff = end_of_day(verified.manifest.business_date);
    with_run(house, db, verified, mapper, (cutoff, None), |mut run| {
        let files = &verified.manifest.files;
        announce(house, &mut run.identity_db, &verified.id, files.len(), TRYING)?;
        run.twice = listed_twice(files);
        let mut first = 0;
        while first < files.len() {
            let last = batch_end(files, first, house.batch_bytes);
            let documents = match run.read(package, first, last)? {
                Ok(documents) => documents,
                Err(findings) => {
                    tried.against(&findings);
                    return Ok(());
                }
            };
            let hashes: Vec<DocumentHash> = documents.iter().map(|d| d.1).collect();
            run.known = run.load.known_units(&hashes)?;
            let documents = work::cut(&run.tools, documents);
            let repeats: Vec<bool> = documents.iter().map(|d| !run.seen.insert(d.hash)).collect();
            run.take_totals(&documents, &repeats);
            for document in &documents {
                tell_document(tried, document);
            }
            for chunk in work::chunks(&documents, house.batch_bytes / 4) {
                run.try_chunk(&documents, &chunk, tried)?;
            }
            first = last;
        }
        tried.against(&wrong_totals(&verified.manifest.totals, &run.totals));
        let feed = verified.manifest.feed.as_str();
        let stopped = match run.keeper.stops_early() {
            Some(reason) => Some(reason),
            None => run.keeper.reconcile(&mut run.load, feed, (house.now)())?,
        };
        tried.stopped = stopped.map(musubi_compliance::notice::HoldReason::as_str);
        Ok(())
    })
}

/// Tries units of a loaded delivery that were set aside.
pub(crate) fn try_units(
    house: &House<'_>,
    db: &mut IngestDb,
    verified: &Verified,
    mapper: &dyn Mapper,
    wanted: &Wanted,
    tried: &mut Tried,
) -> Result<(), EtlError> {
    let stored: Vec<StoredDocument> =
        db.documents_of(&verified.id)?.into_iter().filter(|d| wanted.contains_key(&d.ordinal)).collect();
    let units = wanted.values().map(BTreeSet::len).sum();
    with_run(house, db, verified, mapper, ((house.now)(), None), |mut run| {
        run.again = true;
        announce(house, &mut run.identity_db, &verified.id, units, TRYING)?;
        for d in &stored {
            let document = run.open(d, true)?;
            run.known = run.load.known_units(&[document.hash])?;
            tell_document(tried, &document);
            let there = u32::try_from(document.split.units.len()).unwrap_or(u32::MAX);
            let chunk: Vec<(usize, u32)> = wanted
                .get(&d.ordinal)
                .into_iter()
                .flatten()
                .filter(|u| **u < there)
                .map(|u| (0, *u))
                .collect();
            run.try_chunk(&[document], &chunk, tried)?;
        }
        Ok(())
    })
}

fn tell_document(tried: &mut Tried, document: &CutDocument) {
    tried.documents += 1;
    let errors: Vec<_> = document.split.findings.iter().filter(|f| f.is_error()).cloned().collect();
    for (rule, n) in count(&errors) {
        *tried.findings.entry(rule).or_default() += n;
    }
}

impl Run<'_> {
    /// What would become of a chunk of units.
    fn try_chunk(
        &mut self,
        documents: &[CutDocument],
        chunk: &[(usize, u32)],
        tried: &mut Tried,
    ) -> Result<(), EtlError> {
        let (worked, mut decided, mut tickets) = self.judge(documents, chunk)?;
        self.exclude_linked(&worked, &mut decided, self.on)?;
        self.keeper.confirm(&worked, &mut tickets, &mut decided)?;
        tried.units += number(worked.len());
        for ((w, fate), ticket) in worked.iter().zip(&decided).zip(&tickets) {
            add(&mut tried.fates, fate.as_str(), 1);
            if let (Disposition::Held, Ticket::Held { reason, .. }) = (fate, ticket) {
                add(&mut tried.held, reason.as_str(), 1);
            }
            // Of whoever asked to stop, or waits, nothing is told.
            if *fate == Disposition::Quarantined {
                let errors: Vec<_> = w.mapped.findings.iter().filter(|f| f.is_error()).cloned().collect();
                for (rule, n) in count(&errors) {
                    *tried.findings.entry(rule).or_default() += n;
                }
            }
        }
        self.look_up(&worked, &decided, tried)
    }

    /// Linkage against the present index, looked up and not decided.
    fn look_up(
        &mut self,
        worked: &[WorkedUnit],
        decided: &[Disposition],
        tried: &mut Tried,
    ) -> Result<(), EtlError> {
        let coming: BTreeMap<IdentityId, &WorkedUnit> = worked
            .iter()
            .zip(decided)
            .filter(|(_, fate)| **fate == Disposition::Loaded)
            .map(|(w, _)| (w.described.identity_id, w))
            .collect();
        let ids: Vec<IdentityId> = coming.keys().copied().collect();
        let known = self.identity_db.known(&ids)?;
        let new: Vec<&WorkedUnit> =
            coming.iter().filter(|(id, _)| !known.contains_key(*id)).map(|(_, w)| *w).collect();
        let tokens: Vec<Token> = new.iter().flat_map(|w| w.described.tokens.iter().cloned()).collect();
        let met: BTreeSet<Token> =
            self.identity_db.neighbourhood(&tokens)?.postings.into_iter().map(|(token, _)| token).collect();
        let compared = new.iter().filter(|w| w.described.tokens.iter().any(|t| met.contains(t))).count();
        tried.known += number(known.len());
        tried.compared += number(compared);
        tried.fresh += number(new.len() - compared);
        Ok(())
    }
}
