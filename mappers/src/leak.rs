//! The radar for identifying values in fields that are not meant for them (個人識別情報の混入検知): insurer numbers,
//! telephone numbers, My Numbers and names in codes, units, texts of results. Pure: facts and demographics in, findings
//! out.

use musubi_model::Rule;

/// The rules of the radar.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    &[]
}
