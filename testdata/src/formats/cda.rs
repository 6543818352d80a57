//! Check-ups and clinical documents as CDA R2.

use super::Format;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    Vec::new()
}
