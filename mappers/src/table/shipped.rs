//! The interfaces that are shipped, as texts.

/// One text for each file in `mappers/interfaces`.
pub(super) const TEXTS: &[&str] = &[];
