//! Everything the pages say, Japanese with English beside it, one file for each area.

pub(crate) mod api;
pub(crate) mod desk;
pub(crate) mod find;
pub(crate) mod frame;
pub(crate) mod keeping;
pub(crate) mod matching;
pub(crate) mod municipality;
pub(crate) mod operator;
pub(crate) mod output;
pub(crate) mod review;
pub(crate) mod submitter;
