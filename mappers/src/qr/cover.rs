//! What becomes of every record of the two standards.

use crate::coverage::Covered;

/// All rows.
pub(super) fn rows() -> Vec<&'static Covered> {
    Vec::new()
}
