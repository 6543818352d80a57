//! 電子版お薬手帳 and 処方箋 QR.

use super::Format;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    Vec::new()
}
