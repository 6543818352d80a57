//! DPC, dental, dispensing and home-nursing receipts.

use super::Format;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    Vec::new()
}
