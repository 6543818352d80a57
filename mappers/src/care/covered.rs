//! What becomes of every field of the four formats.

use crate::coverage::Covered;

pub(super) fn all() -> Vec<&'static Covered> {
    Vec::new()
}
