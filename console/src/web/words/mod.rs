//! Everything the pages say, Japanese with English beside it, one file for each area.

pub(crate) mod api;
pub(crate) mod find;
pub(crate) mod frame;
pub(crate) mod keeping;
pub(crate) mod municipality;
pub(crate) mod operator;
pub(crate) mod submitter;
