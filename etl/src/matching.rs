//! The engine of matching as a night uses it (名寄せ): it opens what lies sealed, asks `musubi-id-resolution` who is who,
//! and seals what goes back. No rule of matching lives here.

mod desk;

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use jiff::civil::{Date, date};
use musubi_id_resolution::mpi::row::hash64;
use musubi_id_resolution::mpi::{self, Decided, Deciding, Doubt, Model, Record, Ruling};
use musubi_id_resolution::sent::Sent;
use musubi_id_resolution::{
    Before, Closed, Cluster, Contradictions, Described, Engine, Evidence, Neighbourhood, Resolution,
    SealedRecord, TokenKey, Unreadable, Verdict, assign, contradict,
};
use musubi_model::identity::Identifying;
use musubi_model::matching::{DoubtKind, Doubtful};
use musubi_model::{IdentityId, ResearchId};
use musubi_storage::StorageError;
use musubi_storage::identity::{Whole, open_demographics};
use musubi_storage::keys::{KeyRing, SealKey};
use rayon::prelude::*;

use crate::gates::Thresholds;
use crate::holders::Holders;
pub use desk::Compared;

/// What matching goes by, besides the model.
#[derive(Debug, Clone)]
pub struct Matching {
    /// The model (モデル).
    pub model: Model,
    /// How many identities may hold a block key before it says nothing any more. mpi.md §5.3: lists are capped at 400;
    /// beyond it a pair needs a second key.
    pub crowd_max: u32,
    /// How many pairs may be put before people, in a million identities. mpi.md §5.6: at most 0.1 % of new records.
    pub review_per_million: u32,
    /// What is too much in a night.
    pub gates: Thresholds,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            model: Model::default(),
            crowd_max: 400,
            review_per_million: 1000,
            gates: Thresholds::default(),
        }
    }
}

/// The engine with the keys it needs.
pub struct Mpi<'a> {
    matching: &'a Matching,
    kek: &'a SealKey,
    tokens: TokenKey,
}

impl<'a> Mpi<'a> {
    /// The engine under the keys of a ring.
    #[must_use]
    pub fn new(matching: &'a Matching, ring: &'a KeyRing) -> Self {
        Self { matching, kek: &ring.kek, tokens: TokenKey::new(ring.token.expose()) }
    }

    /// Decides everybody (全件突合): two passes over the store, the first to count who holds which key. What is opened
    /// is held for a page; what is kept is rows of the engine.
    ///
    /// # Errors
    /// What the store says, and a key that does not open what it should.
    pub fn decide_all(&self, whole: &mut Whole<'_, '_>) -> Result<Verdict, StorageError> {
        let model = &self.matching.model;
        let known = whole.crowded()?;
        let mut holders = Holders::new(self.matching.crowd_max);
        let mut crowded = BTreeSet::new();
        let mut readable = BTreeSet::new();
        for exact in [false, true] {
            whole.pages(&mut |page| {
                let opened = self.open_page(page)?;
                for (record, opened) in page.iter().zip(&opened) {
                    let Some(opened) = opened else { continue };
                    readable.insert(record.identity_id);
                    for key in mpi::block_keys(model, &opened.sent(record.provider.as_str())) {
                        if !exact && !known.is_empty() && known.contains(&self.tokens.block(key)) {
                            crowded.insert(key);
                        }
                        holders.count(key, exact);
                    }
                }
                Ok(())
            })?;
            if holders.none() {
                break;
            }
        }
        crowded.extend(holders.crowded());
        let rulings: Vec<Ruling> = whole
            .rulings()?
            .iter()
            .filter(|r| readable.contains(&r.a) && readable.contains(&r.b))
            .map(|r| Ruling { a: r.a.0, b: r.b.0, same: r.same })
            .collect();
        drop(readable);
        let mut deciding = Deciding::new(model, &rulings, &crowded);
        let mut cards = BTreeMap::new();
        whole.pages(&mut |page| {
            let opened = self.open_page(page)?;
            let records = page.iter().zip(&opened).filter_map(|(record, opened)| {
                let record = opened.as_ref()?.record(record);
                cards.extend(card(&record.sent).map(|card| (record.id, card)));
                Some(record)
            });
            deciding.take(records);
            Ok(())
        })?;
        Ok(verdict(&deciding.finish(), &cards))
    }

    fn open_page(&self, page: &[SealedRecord]) -> Result<Vec<Option<Opened>>, Unreadable> {
        page.par_iter().map(|r| self.open(r)).collect()
    }

    /// Opens a record. `None`: its key was destroyed.
    fn open(&self, record: &SealedRecord) -> Result<Option<Opened>, Unreadable> {
        let Some(wrapped) = &record.wrapped else { return Ok(None) };
        let id = &record.identity_id;
        let key = self.kek.unwrap_key(id.as_bytes(), wrapped);
        let key = key.map_err(|_| Unreadable("a data key of an identity does not open"))?;
        let parts = open_demographics(&key, id, &record.sealed);
        let parts = parts.map_err(|_| Unreadable("sealed demographics do not open"))?;
        Ok(Some(Opened { parts }))
    }
}

/// Demographics as sent, in the clear for as long as one decision takes.
struct Opened {
    parts: Vec<(&'static str, Identifying<CompactString>)>,
}

impl Opened {
    fn record<'s>(&'s self, sealed: &'s SealedRecord) -> Record<'s> {
        let seen = sealed.seen.map(|(first, last)| (day(first), day(last)));
        Record { id: sealed.identity_id.0, sent: self.sent(sealed.provider.as_str()), seen }
    }

    fn sent<'s>(&'s self, facility: &'s str) -> Sent<'s> {
        let mut sent = Sent { facility, ..Sent::default() };
        for (name, text) in &self.parts {
            let text = text.expose().as_str();
            match *name {
                "local_number" => sent.local_number = text,
                "insurer_number" => sent.insurer = text,
                "insured_symbol" => sent.symbol = text,
                "insured_number" => sent.number = text,
                "insured_branch" => sent.branch = text,
                "name_kanji" => sent.name_kanji = text,
                "name_kana" => sent.name_kana = text,
                "birth" => sent.birth = text,
                "sex" => sent.sex = text,
                "postal_code" => sent.postal_code = text,
                "address" => sent.address = text,
                "phone" => sent.phone = text,
                "care_insurer" => sent.care_insurer = text,
                "care_number" => sent.care_number = text,
                _ => {}
            }
        }
        sent
    }
}

/// A hash of insurer, symbol and number as written. `None`: no number.
fn card(sent: &Sent<'_>) -> Option<u64> {
    let part = |seed, text: &str| hash64(seed, text.as_bytes());
    (!sent.number.is_empty()).then(|| part(part(part(0, sent.insurer), sent.symbol), sent.number))
}

/// A decision in the words of the store. `cards`: the card of each record that has one.
fn verdict(decided: &Decided, cards: &BTreeMap<[u8; 16], u64>) -> Verdict {
    // Time lines can only contradict each other where there are two cards, and a person is only told apart by days
    // where there was something to tell apart.
    let mut shape: BTreeMap<u32, (usize, BTreeSet<u64>)> = BTreeMap::new();
    for (group, component) in decided.groups.iter().zip(&decided.components) {
        let (groups, numbers) = shape.entry(*component).or_default();
        *groups += 1;
        numbers.extend(group.members.iter().filter_map(|id| cards.get(id)));
    }
    let clusters = decided.groups.iter().zip(&decided.components).map(|(group, component)| Cluster {
        members: group.members.iter().map(|id| IdentityId(*id)).collect(),
        links: group.links.iter().map(evidence).collect(),
        component: *component,
        timed: shape.get(component).is_some_and(|(groups, cards)| *groups > 1 || cards.len() > 1),
    });
    let doubtful = decided.grey.iter().map(|grey| Doubtful {
        evidence: evidence(&grey.link),
        doubt: match grey.doubt {
            Doubt::Below => DoubtKind::Below,
            Doubt::Refused => DoubtKind::Refused,
            Doubt::Narrow => DoubtKind::Narrow,
        },
        harm: grey.harm,
    });
    Verdict { clusters: clusters.collect(), doubtful: doubtful.collect(), unlinkable: decided.unlinkable }
}

/// Days since 1970-01-01.
fn day(date_: Date) -> mpi::Day {
    date_.duration_since(date(1970, 1, 1)).as_hours().checked_div(24).map_or(0, |d| d.try_into().unwrap_or(0))
}

fn evidence(link: &mpi::Link) -> Evidence {
    let (a, b) = (IdentityId(link.a), IdentityId(link.b));
    Evidence { a, b, weight: link.weight, levels: link.levels, rule: link.rule }
}

impl Engine for Mpi<'_> {
    fn name(&self) -> &str {
        "mpi/1"
    }

    fn model(&self) -> &str {
        &self.matching.model.version
    }

    fn crowd_max(&self) -> u32 {
        self.matching.crowd_max
    }

    fn review_per_million(&self) -> u32 {
        self.matching.review_per_million
    }

    fn keys(&self, records: &[SealedRecord]) -> Result<Vec<Vec<i64>>, Unreadable> {
        let one = |record: &SealedRecord| -> Result<Vec<i64>, Unreadable> {
            let Some(opened) = self.open(record)? else { return Ok(Vec::new()) };
            let clear = mpi::block_keys(&self.matching.model, &opened.sent(record.provider.as_str()));
            let sealed: BTreeSet<i64> = clear.into_iter().map(|key| self.tokens.block(key)).collect();
            Ok(sealed.into_iter().collect())
        };
        records.par_iter().map(one).collect()
    }

    fn decide(&self, closed: &Closed) -> Result<Verdict, Unreadable> {
        let opened: Vec<Option<Opened>> =
            closed.records.par_iter().map(|r| self.open(r)).collect::<Result<_, _>>()?;
        let records: Vec<Record<'_>> = closed
            .records
            .iter()
            .zip(&opened)
            .filter_map(|(record, opened)| Some(opened.as_ref()?.record(record)))
            .collect();
        let readable: BTreeSet<[u8; 16]> = records.iter().map(|r| r.id).collect();
        let rulings: Vec<Ruling> = closed
            .rulings
            .iter()
            .filter(|r| readable.contains(&r.a.0) && readable.contains(&r.b.0))
            .map(|r| Ruling { a: r.a.0, b: r.b.0, same: r.same })
            .collect();
        let crowded: BTreeSet<u64> = if closed.crowded.is_empty() {
            BTreeSet::new()
        } else {
            let keys = records.par_iter().flat_map_iter(|r| mpi::block_keys(&self.matching.model, &r.sent));
            keys.filter(|key| closed.crowded.contains(&self.tokens.block(*key))).collect()
        };
        let decided = mpi::decide(&self.matching.model, &records, &rulings, &crowded);
        let cards = records.iter().filter_map(|r| Some((r.id, card(&r.sent)?))).collect();
        Ok(verdict(&decided, &cards))
    }

    fn assign(&self, clusters: &[Cluster], before: &Before, fresh: &[ResearchId]) -> Resolution {
        assign::assign(clusters, before, fresh)
    }

    fn contradictions(&self, known: &Neighbourhood, new: &[Described]) -> Contradictions {
        contradict::contradictions(known, new)
    }
}
