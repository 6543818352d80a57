//! DPC 様式1 and EF files.

use super::Format;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    Vec::new()
}
