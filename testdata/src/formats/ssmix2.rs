//! SS-MIX2 extended and transaction storage, plain HL7 messages.

use super::Format;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    Vec::new()
}
