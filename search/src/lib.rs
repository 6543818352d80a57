//! Search (検索): a word index of codes, rules, applications, minutes and the like, on disk. Rebuildable at any time from
//! the books.
//!
//! It must never hold anything about a person whose records are kept: a [`Doc`] is made only by the constructors of its
//! kinds, and none of them takes a record, an identity or a research id. Who may see a document is part of every query,
//! never a filter after it, so that not even a count tells of what may not be seen.

mod doc;
mod fold;
mod id;
mod index;
mod query;
mod snippet;

pub use doc::{Doc, Kind, Readers, Unfit};
pub use fold::fold;
pub use id::{IdShape, id_shapes};
pub use index::{Found, Hit, Index, SearchError};
pub use query::Seen;
pub use snippet::Part;
