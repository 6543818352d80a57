//! Notices in a load (通知の関門): who may come in, what is held, and whether the delivery as a whole must stop.
//!
//! The rules stand in `compliance::notice`; here they meet mapped units. Nothing of a held unit is kept in the clear, and
//! no identity is made of somebody who was not notified.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::civil::Date;
use musubi_compliance::notice::{Claim, HoldReason, NoticeGate, NoticeGateError, NoticeRules, Ruling};
use musubi_model::fact::FactTable;
use musubi_model::finding::{Finding, Rule};
use musubi_model::submission::Disposition;
use musubi_model::{IdentityId, ProviderId, SubmissionId};
use musubi_storage::act::held::NewHeld;
use musubi_storage::act::reconciliation::ReconciliationRow;
use musubi_storage::ingest::Load;
use musubi_storage::keys::SealKey;
use musubi_storage::registry::IngestDb;
use musubi_storage::vault::KeyId;

use crate::house::EtlError;
use crate::load::number;
use crate::rules;
use crate::work::WorkedUnit;

/// What the gate said of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ticket {
    /// It is not the gate's business: excluded or quarantined before.
    None,
    /// It may come in under this notice.
    Admitted { notice: u64 },
    /// It waits.
    Held { reason: HoldReason, ripe_on: Option<Date> },
}

/// Persons of one provider in a delivery, by subject.
#[derive(Debug, Default)]
struct Tally {
    in_feed: HashSet<[u8; 16]>,
    admitted: HashSet<[u8; 16]>,
    without: HashSet<[u8; 16]>,
    tables: BTreeSet<FactTable>,
}

/// The gate at work on one delivery.
pub(crate) struct Gatekeeper {
    gate: NoticeGate,
    rules: NoticeRules,
    on: Date,
    /// The whole delivery is held, for this reason.
    pub hold_all: Option<HoldReason>,
    db: IngestDb,
    tallies: BTreeMap<ProviderId, Tally>,
    held: BTreeMap<HoldReason, u64>,
    withheld: BTreeMap<FactTable, u64>,
}

/// A gate that is not there stops the data.
pub(crate) fn shut(error: NoticeGateError) -> EtlError {
    match error {
        NoticeGateError::Unreadable(e) => EtlError::Storage(e),
        NoticeGateError::Broken(why) => EtlError::Gate(why),
    }
}

/// The claim of a unit.
pub(crate) fn claim(w: &WorkedUnit) -> Claim<'_> {
    let d = &w.identity.demographics;
    let birth = d.birth.expose().as_ref().and_then(musubi_model::PartialDate::to_date);
    let personal = !d.insured_branch.expose().trim().is_empty();
    Claim::of(&w.identity.provider, &w.described, personal, birth)
}

impl Gatekeeper {
    pub(crate) fn new(
        gate: NoticeGate,
        rules: NoticeRules,
        on: Date,
        hold_all: Option<HoldReason>,
        db: IngestDb,
    ) -> Self {
        let (tallies, held, withheld) = Default::default();
        Self { gate, rules, on, hold_all, db, tallies, held, withheld }
    }

    /// Decides the units that are to be loaded so far: held ones change their disposition. Facts the person was not told
    /// of are taken out.
    pub(crate) fn decide(
        &mut self,
        worked: &mut [WorkedUnit],
        decided: &mut [Disposition],
    ) -> Result<Vec<Ticket>, EtlError> {
        let waiting = |(w, d): (&WorkedUnit, &Disposition)| {
            (*d == Disposition::Loaded).then_some(()).map(|()| claim(w).subject())
        };
        let subjects: Vec<Option<[u8; 16]>> = worked.iter().zip(decided.iter()).map(waiting).collect();
        let claims = worked
            .iter()
            .zip(decided.iter())
            .filter(|(_, d)| **d == Disposition::Loaded)
            .map(|(w, _)| claim(w));
        let found = self.gate.find(&mut self.db, claims).map_err(shut)?;
        let mut tickets = Vec::with_capacity(worked.len());
        for ((w, disposition), subject) in worked.iter_mut().zip(decided.iter_mut()).zip(subjects) {
            let tally = match self.tallies.get_mut(&w.identity.provider) {
                Some(tally) => tally,
                None => self.tallies.entry(w.identity.provider.clone()).or_default(),
            };
            let Some(subject) = subject else {
                tally.in_feed.insert(claim(w).subject());
                tickets.push(Ticket::None);
                continue;
            };
            let ticket = match self.gate.judge(&found, &claim(w)) {
                Ruling::Admit { notice, subject: person, items } => {
                    tally.in_feed.insert(person);
                    let withheld = &mut self.withheld;
                    w.mapped.facts.retain(|f| {
                        let named = items.contains(&f.table);
                        if !named {
                            *withheld.entry(f.table).or_default() += 1;
                        }
                        named
                    });
                    match self.hold_all {
                        Some(reason) => Ticket::Held { reason, ripe_on: None },
                        None => {
                            tally.admitted.insert(person);
                            tally.tables.extend(w.mapped.facts.iter().map(|f| f.table));
                            Ticket::Admitted { notice }
                        }
                    }
                }
                Ruling::Hold(reason, ripe_on) => {
                    tally.in_feed.insert(subject);
                    if reason == HoldReason::NoNotice {
                        tally.without.insert(subject);
                    }
                    Ticket::Held { reason, ripe_on }
                }
            };
            if let Ticket::Held { reason, .. } = ticket {
                *disposition = Disposition::Held;
                *self.held.entry(reason).or_default() += 1;
            }
            tickets.push(ticket);
        }
        Ok(tickets)
    }

    /// The second gate, after linkage: every unit to be loaded once more against its own notice.
    pub(crate) fn confirm(
        &mut self,
        worked: &[WorkedUnit],
        tickets: &mut [Ticket],
        decided: &mut [Disposition],
    ) -> Result<(), EtlError> {
        let places: Vec<(usize, u64)> = tickets
            .iter()
            .zip(decided.iter())
            .enumerate()
            .filter_map(|(i, (ticket, d))| match (ticket, d) {
                (Ticket::Admitted { notice }, Disposition::Loaded | Disposition::Duplicate) => {
                    Some((i, *notice))
                }
                _ => None,
            })
            .collect();
        let admitted: Vec<(u64, Claim<'_>)> =
            places.iter().filter_map(|(i, n)| Some((*n, claim(worked.get(*i)?)))).collect();
        let holds = self.gate.confirm(&mut self.db, &admitted).map_err(shut)?;
        for ((place, _), holds) in places.iter().zip(holds) {
            if !holds && let (Some(t), Some(d)) = (tickets.get_mut(*place), decided.get_mut(*place)) {
                *t = Ticket::Held { reason: HoldReason::NoNotice, ripe_on: None };
                *d = Disposition::Held;
                *self.held.entry(HoldReason::NoNotice).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Units of whoever might be somebody that asked to stop wait, whatever their notice says.
    pub(crate) fn doubt(
        &mut self,
        doubtful: &BTreeSet<IdentityId>,
        worked: &[WorkedUnit],
        tickets: &mut [Ticket],
        decided: &mut [Disposition],
    ) {
        for ((w, ticket), disposition) in worked.iter().zip(tickets).zip(decided) {
            if *disposition != Disposition::Loaded || !doubtful.contains(&w.described.identity_id) {
                continue;
            }
            *ticket = Ticket::Held { reason: HoldReason::Doubt, ripe_on: None };
            *disposition = Disposition::Held;
            *self.held.entry(HoldReason::Doubt).or_default() += 1;
            if let Some(tally) = self.tallies.get_mut(&w.identity.provider) {
                tally.admitted.remove(&claim(w).subject());
            }
        }
    }

    fn without(&self) -> u64 {
        self.tallies.values().map(|t| number(t.without.len())).sum()
    }

    /// Is it clear already that the delivery must stop?
    pub(crate) fn stops_early(&self) -> Option<HoldReason> {
        (self.hold_all.is_none() && self.without() > self.rules.block_persons).then_some(HoldReason::Blocked)
    }

    /// Reconciles the delivery and writes it down. Says why it must stop as a whole, if it must; then nothing was written.
    pub(crate) fn reconcile(
        &self,
        load: &mut Load<'_>,
        feed: &str,
        at: jiff::Timestamp,
    ) -> Result<Option<HoldReason>, EtlError> {
        let names: Vec<&str> = self.tallies.keys().map(ProviderId::as_str).collect();
        let known: BTreeMap<String, (i64, i64)> =
            load.notified(&names, self.on)?.into_iter().map(|(p, n, o)| (p, (n, o))).collect();
        let deliveries = i64::try_from(self.rules.growth_deliveries).unwrap_or(i64::MAX);
        let bases: BTreeMap<String, i64> = load.growth_bases(feed, &names, deliveries)?.into_iter().collect();
        let allowed = load.growth_allowed()?;
        let mut rows = Vec::with_capacity(self.tallies.len());
        let persons = self.tallies.values().map(|t| number(t.in_feed.len())).sum();
        let mut stop = self.rules.blocks(self.without(), persons).then_some(HoldReason::Blocked);
        for (provider, t) in &self.tallies {
            let (notified, opted_out) = known.get(provider.as_str()).copied().unwrap_or_default();
            let base = bases.get(provider.as_str()).copied();
            let admitted = number(t.admitted.len());
            let eligible = u64::try_from(notified - opted_out).unwrap_or(0);
            let before = base.and_then(|b| u64::try_from(b).ok());
            let reason = if !t.tables.is_subset(&self.gate.filed(provider)) {
                Some(HoldReason::Items)
            } else if admitted > eligible {
                Some(HoldReason::Balance)
            } else if !allowed && self.rules.grows(admitted, before) {
                Some(HoldReason::Growth)
            } else {
                None
            };
            stop = stop.or(reason);
            let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            rows.push(ReconciliationRow {
                provider: provider.to_string(),
                notified,
                opted_out,
                in_feed: signed(number(t.in_feed.len())),
                admitted: signed(admitted),
                unnotified: signed(number(t.without.len())),
                growth_base: base,
                stopped: self.hold_all.map(|r| r.as_str().to_owned()),
            });
        }
        if self.hold_all.is_none() && stop.is_some() {
            return Ok(stop);
        }
        load.reconcile(feed, at, &rows)?;
        Ok(None)
    }

    /// What the sender and the operator must know.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        let units: u64 = self.held.values().sum();
        let shut = [HoldReason::LedgerMissing, HoldReason::LedgerStale, HoldReason::LedgerBroken];
        let reasons: BTreeSet<HoldReason> = self.tallies.keys().filter_map(|p| self.gate.shut(p)).collect();
        for reason in shut.into_iter().filter(|r| reasons.contains(r)) {
            out.push(Finding::new(rule_of(reason)));
        }
        if let Some(reason) = self.hold_all {
            out.push(Finding::new(rule_of(reason)).found(format!("通知なし {} 人", self.without())));
        }
        if units > 0 {
            let words: Vec<String> = self.held.iter().map(|(r, n)| format!("{} {n}", r.ja())).collect();
            out.push(Finding::new(&rules::HELD).found(words.join("、")));
        }
        if !self.withheld.is_empty() && self.hold_all.is_none() {
            let words: Vec<String> = self.withheld.iter().map(|(t, n)| format!("{} {n}", t.ja())).collect();
            out.push(Finding::new(&rules::WITHHELD).found(words.join("、")));
        }
        out
    }
}

fn rule_of(reason: HoldReason) -> &'static Rule {
    match reason {
        HoldReason::LedgerMissing => &rules::LEDGER_MISSING,
        HoldReason::LedgerStale => &rules::LEDGER_STALE,
        HoldReason::LedgerBroken => &rules::LEDGER_BROKEN,
        HoldReason::Blocked => &rules::BLOCKED,
        HoldReason::Growth => &rules::GROWTH,
        HoldReason::Balance => &rules::PERSONS,
        HoldReason::Items => &rules::ITEMS,
        _ => &rules::HELD,
    }
}

/// The key under which a held unit lies: named after its place in its delivery.
pub(crate) fn hold_key(submission: &SubmissionId, file: i32, unit: u32) -> KeyId {
    let mut hasher = blake3::Hasher::new_derive_key("musubi 2026 key of a held unit");
    hasher.update(submission.as_bytes()).update(&file.to_be_bytes()).update(&unit.to_be_bytes());
    let mut id = KeyId::default();
    hasher.finalize_xof().fill(&mut id);
    id
}

/// The row of a unit that is held, with a new key for it.
pub(crate) fn held_row(
    kek: &SealKey,
    key_id: KeyId,
    document: musubi_model::DocumentHash,
    file: i32,
    w: &WorkedUnit,
    reason: HoldReason,
    ripe_on: Option<Date>,
) -> Result<(NewHeld, SealKey), EtlError> {
    let key = SealKey::random()?;
    let who = claim(w);
    let row = NewHeld {
        document,
        unit: w.unit,
        file,
        provider: w.identity.provider.to_string(),
        key: (key_id, kek.wrap(&key_id, &key)?),
        reason: reason.as_str(),
        ripe_on,
        subject: who.subject(),
        personal: who.personal,
        guard: who.guard.map(|g| g.0),
        tokens: w.described.tokens.iter().map(|t| (t.kind.as_str(), t.value.clone())).collect(),
    };
    Ok((row, key))
}

impl Gatekeeper {
    /// Persons admitted so far, by provider.
    pub(crate) fn admitted(&self) -> Vec<(String, i64)> {
        self.tallies
            .iter()
            .map(|(p, t)| (p.to_string(), i64::try_from(t.admitted.len()).unwrap_or(i64::MAX)))
            .collect()
    }
}
