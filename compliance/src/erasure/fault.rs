//! Points at which a test can kill an erasure; in normal operation none is set and a point costs one comparison.

use std::str::FromStr;

/// The points in the order in which a run passes them. `file-written`: a successor lies in the lake and no catalogue
/// names it; `file-replaced`: the catalogue names it and the old file still lies there.
pub const ERASURE_POINTS: [&str; 8] = [
    "begun",
    "file-written",
    "file-replaced",
    "paths-blanked",
    "keys-destroyed",
    "rows-removed",
    "decided",
    "rewritten",
];

/// At most one point at which the process dies, as by `kill -9`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErasureFaults {
    at: Option<String>,
}

impl FromStr for ErasureFaults {
    type Err = String;

    /// `kill@POINT`.
    fn from_str(text: &str) -> Result<Self, String> {
        let point = text.strip_prefix("kill@").filter(|p| ERASURE_POINTS.contains(p));
        let point =
            point.ok_or_else(|| format!("expected kill@ and one of {}", ERASURE_POINTS.join(", ")))?;
        Ok(Self { at: Some(point.to_owned()) })
    }
}

impl ErasureFaults {
    /// Passes a point, or dies there.
    pub(super) fn pass(&self, point: &'static str) {
        if self.at.as_deref() == Some(point) {
            std::process::abort();
        }
    }
}
