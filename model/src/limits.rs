//! Limits of what is taken in. Each is a default of the parameter of the same name (see [`crate::parameter`]);
//! passing one is a finding, never a crash and never silence.

use serde::{Deserialize, Serialize};

/// The limits in force for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one document.
    pub document_bytes_max: u64,
    /// Bytes of one record (a line of a receipt, an HL7 segment).
    pub record_bytes_max: u32,
    /// Units of one document.
    pub units_per_document_max: u32,
    /// Records of one unit.
    pub records_per_unit_max: u32,
    /// Files of one submission.
    pub files_per_submission_max: u32,
    /// Bytes of a manifest.
    pub manifest_bytes_max: u64,
    /// Entries of a zip.
    pub zip_entries_max: u32,
    /// Unpacked bytes for each packed byte of a zip entry.
    pub zip_ratio_max: u64,
    /// Unpacked bytes of a whole zip.
    pub zip_bytes_max: u64,
    /// Findings kept of one unit; the rest are counted in one closing finding.
    pub findings_per_unit_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes_max: 1 << 30,
            record_bytes_max: 1 << 20,
            units_per_document_max: 2_000_000,
            records_per_unit_max: 100_000,
            files_per_submission_max: 2_000_000,
            manifest_bytes_max: 1 << 29,
            zip_entries_max: 2_000_000,
            zip_ratio_max: 200,
            zip_bytes_max: 16 << 30,
            findings_per_unit_max: 200,
        }
    }
}
