//! The MPI (名寄せ): keys, candidates, decisions, clusters and the rules for stable research ids.
//!
//! * [`normalise`]: match keys from what a source wrote. Stored text is never normalised, only keys are.
//! * [`names`]: the book of names, which parts names and reads kanji.
//! * [`tokens`]: a source identity as sealed keys and a guard: what opt-outs and the desk look up.
//! * [`mpi`]: who is who, among records that are closed under shared keys.
//! * [`query`]: who is meant by a question; [`exchange`]: keyed hashes for a partner.
//! * [`assign`]: from who is who to research ids that stay.
//! * [`contradict`]: numbers that contradict birth date or sex.
//! * [`table`]: matching of any table, by a model learned from it.
//! * [`eval`]: how good a result is.
//! * [`train`]: a model learned from records.
//! * [`model_file`]: the model as a signed file.
//! * [`rules`]: the findings of matching.
//!
//! Pure: no I/O, no clock, no randomness of its own, and never clinical data.

pub mod assign;
pub mod churn;
pub mod contradict;
pub mod eval;
pub mod exchange;
pub mod model_file;
pub mod mpi;
pub mod names;
pub mod normalise;
pub mod query;
pub mod rules;
pub mod sent;
pub mod sentinel;
pub mod table;
pub mod tokens;
pub mod train;

pub use musubi_model::matching::{
    Before, Closed, Cluster, Conflict, ConflictKind, Contradictions, Decision, DecisionKind, Described,
    Doubtful, Engine, Evidence, Guard, Membership, Neighbour, Neighbourhood, Replaced, Resolution, Ruled,
    SealedRecord, Token, TokenKind, Unreadable, Verdict,
};
pub use tokens::{TokenKey, describe};
