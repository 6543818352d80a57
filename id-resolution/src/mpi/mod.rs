//! The probabilistic MPI (確率的名寄せ): a pure function from the records of some people to persons.
//!
//! [`decide`] is given a set of records that is closed under shared keys (see [`block_keys`]) and answers with the
//! persons among them. It depends on the set only: any order, any batching of the same records gives the same persons,
//! so that a night over the touched neighbourhood equals a full rebuild.

use crate::sent::Sent;

/// Days since 1970-01-01.
pub type Day = i32;

/// One record for matching.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its stable id (the identity id): the canonical order of records.
    pub id: [u8; 16],
    /// What the source wrote.
    pub sent: Sent<'a>,
    /// The first and last day on which the source was seen to write it; `None`: not known.
    pub seen: Option<(Day, Day)>,
}

/// What a person ruled on two records (人による裁定); outranks every rule and survives retraining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ruling {
    /// The smaller record id.
    pub a: [u8; 16],
    /// The larger record id.
    pub b: [u8; 16],
    /// Same person (must-link) or not (cannot-link).
    pub same: bool,
}

/// Weights are bits (log2 of odds) in this many parts.
pub const BIT: i32 = 256;

/// Why two groups of records are one person: the strongest evidence between them when they were joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// One record.
    pub a: [u8; 16],
    /// The other.
    pub b: [u8; 16],
    /// Weight of the pair in 1/[`BIT`] bits.
    pub weight: i32,
    /// Level vector: 4 bits a comparison, the first comparison lowest.
    pub levels: u64,
    /// `ruling`, `rule` (which one, [`Model::sure_rule`] tells from the levels) or `score`.
    pub rule: &'static str,
}

/// Records of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Record ids, ascending.
    pub members: Vec<[u8; 16]>,
    /// A spanning tree of the group: one link fewer than members.
    pub links: Vec<Link>,
}

/// Why a pair is put before a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// The weight lies just below the threshold.
    Below,
    /// The pair alone would link; the whole picture (names, time lines) speaks against.
    Refused,
    /// The group was joined by a hair.
    Narrow,
}

/// Two groups that a person should look at, shown by their best pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grey {
    /// The pair.
    pub link: Link,
    /// Why.
    pub doubt: Doubt,
    /// Expected harm: probability of error × records that would be misplaced, in millionths.
    pub harm: u64,
}

/// What [`decide`] says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// Persons, in the order of their smallest member. Every record is in exactly one.
    pub groups: Vec<Group>,
    /// Closed sets: index of the component of each group (groups that share any accepted evidence or doubt). A later
    /// record that shares a key with one member makes the whole component be decided again.
    pub components: Vec<u32>,
    /// For the review queue.
    pub grey: Vec<Grey>,
    /// Records that have nothing to match on: a group of their own.
    pub unlinkable: u64,
    /// Components that were too large and were cut at higher weights before they were looked at.
    pub cut: u64,
}

pub mod cut;
mod decide;
pub mod engine;
pub mod entity;
pub mod explain;
pub mod family;
pub mod keys;
pub mod model;
pub mod row;
pub mod runs;
pub mod score;
pub mod shard;
mod sum_table;
pub mod weights;
pub mod words;

pub use decide::{Deciding, block_keys, decide};
pub use model::Model;
