//! The MPI (名寄せ): keys, candidates, decisions, clusters and the rules for stable research ids.
//!
//! * [`normalise`]: match keys from what a source wrote. Stored text is never normalised, only keys are.
//! * [`names`]: the book of names, which parts names and reads kanji.
//! * [`train`]: a model learned from records.
//! * [`model_file`]: the model as a signed file.
//! * [`eval`]: how good a result is.
//! * [`tokens`]: a source identity as sealed keys and a guard.
//! * [`exact`]: the engine `exact/1`; another engine takes its place behind [`Engine`].
//! * [`rules`]: the findings of matching.
//!
//! Pure: no I/O, no clock, no randomness of its own, and never clinical data.

pub mod eval;
pub mod exact;
mod graph;
pub mod model_file;
pub mod mpi;
pub mod names;
pub mod normalise;
pub mod rules;
pub mod sent;
pub mod tokens;
pub mod train;

pub use exact::Exact;
pub use musubi_model::matching::{
    Conflict, ConflictKind, Decision, DecisionKind, Described, Engine, Guard, Merge, Neighbour,
    Neighbourhood, Rank, Resolution, Token, TokenKind,
};
pub use tokens::{TokenKey, describe};
