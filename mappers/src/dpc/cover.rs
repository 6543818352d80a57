//! What becomes of every field of 様式1 and EF.

use crate::coverage::Covered;

/// All rows.
pub(super) fn rows() -> Vec<&'static Covered> {
    Vec::new()
}
