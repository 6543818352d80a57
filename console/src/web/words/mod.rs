//! Everything the pages say, Japanese with English beside it, one file for each area.

pub(crate) mod frame;
pub(crate) mod output;
