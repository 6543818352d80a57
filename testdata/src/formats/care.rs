//! Long-term care (介護): claims, certification, LIFE, care plans.

use super::Format;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    Vec::new()
}
