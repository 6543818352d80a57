//! Check-ups and clinical documents as CDA R2.
//!
//! Layout after the check-up archive of the ministry (V08: ix08, su08, hc08, hg08, cc08, gc08) and HL7 CDA R2 as Japan
//! writes it. Whoever has no kana name or no insurer is left out: the archive has no other way to name them.

mod checkup;
mod claims;
mod clinical;
mod guidance;
mod results;
mod xml;

use musubi_model::manifest::FeedKind;

use super::Format;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    vec![
        Format { kind: FeedKind::CheckupCda, interface: "", sender: "clinic", write: checkup::write },
        Format { kind: FeedKind::ClinicalCda, interface: "", sender: "hospital", write: clinical::write },
    ]
}
