//! Tables of municipalities and other senders, by the shipped interfaces.

use super::Format;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    Vec::new()
}
