//! The disease master (傷病名マスタ) of the region, in the column layout of the 支払基金: Shift_JIS, all fields quoted, CRLF.
//!
//! It holds only the diseases the region uses; columns that nobody here reads stay as a master leaves them when empty.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::SynthError;
use crate::clinical::DISEASES;

/// Columns of the layout.
const COLUMNS: usize = 46;

/// Writes `masters/b_20240601.csv`.
pub(crate) fn write(out: &Path) -> Result<(), SynthError> {
    let mut text = String::new();
    let mut diseases: Vec<_> = DISEASES.iter().collect();
    diseases.sort_by_key(|d| d.code);
    for d in diseases {
        let length = d.name.chars().count().to_string();
        let fields: Vec<&str> = (0..COLUMNS)
            .map(|column| match column {
                0 => "0",
                1 => "B",
                2 | 3 => d.code,
                4 | 6 => length.as_str(),
                5 | 7 => d.name,
                10 if d.icd10 == "K297" => "20054174",
                13 | 15 => d.icd10,
                21 => "20240601",
                23 => "99999999",
                _ => "",
            })
            .collect();
        let _ = write!(text, "\"{}\"\r\n", fields.join("\",\""));
    }
    let folder = out.join("masters");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("b_20240601.csv"), crate::uke::encode(&text)?)?;
    Ok(())
}
