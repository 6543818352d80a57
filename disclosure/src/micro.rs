//! Microdata: one row per person (個票).
//!
//! * [`hierarchy`]: how each value may be told more coarsely (一般化階層).
//! * [`dataset`]: the persons as small numbers, equal persons merged.
//! * [`model`]: what must hold of every group of persons that look alike (匿名性の基準).
//! * [`search`]: the best way to tell all persons by the same rule (大域的再符号化).
//! * [`local`]: levels chosen group by group (局所一般化).
//! * [`ladder`], [`sheet`]: a table of cells, recoded as a policy says.
//! * [`suggest`]: a policy to begin with, from the data.
//! * [`measure`]: what was lost, and what risk is left (情報損失とリスク).
//!
//! It must never show a person's value in an error, and never decide anything by the order of threads.

pub mod dataset;
pub mod hierarchy;
pub mod ladder;
pub mod local;
pub mod measure;
pub mod model;
pub mod search;
pub mod sheet;
pub mod suggest;
