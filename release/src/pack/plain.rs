//! Sheets as plain files (署名のない出力): CSV, Parquet, dictionary and read-me, without approval, manifest and signature.
//!
//! For what is no release, like a synthetic twin. It must never write anything that could pass for a sealed package.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::csv::Charset;
use super::error::PackError;
use super::seal::{Hidden, Writer};
use super::sheet::Sheet;
use super::{dictionary, omop};
use crate::manifest::{DICTIONARY, README};
use musubi_model::spec::{Product, RowSpec};

/// 2000-01-01: the time of files that tell of no moment.
const LONG_AGO: Duration = Duration::from_secs(946_684_800);

/// Writes `folder`, which must not be there, with the files of `sheets` and of their OMOP layout when the request has
/// it. Beside it first, then renamed: there is a whole folder or none. Returns the sheets of OMOP.
pub(crate) fn write(
    folder: &Path,
    sheets: &[Sheet],
    product: Product,
    asked: &RowSpec,
    readme: impl FnOnce(&[&Sheet]) -> String,
) -> Result<Vec<Sheet>, PackError> {
    let name = folder.file_name().and_then(|n| n.to_str());
    let name = name.ok_or_else(|| PackError::Name(folder.display().to_string()))?;
    if folder.exists() {
        return Err(PackError::Exists(folder.to_owned()));
    }
    let omop = if asked.omop { omop::sheets(sheets, product)? } else { Vec::new() };
    let all: Vec<&Sheet> = sheets.iter().chain(&omop).collect();
    all.iter().try_for_each(|sheet| sheet.check())?;
    let beside = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let hidden = Hidden::make(beside, name)?;
    let writer = Writer::plain(hidden.path(), SystemTime::UNIX_EPOCH + LONG_AGO);
    writer.bytes(README, readme(&all).replace('\n', "\r\n").as_bytes())?;
    writer.bytes(DICTIONARY, dictionary::text(all.iter().copied()).as_bytes())?;
    let charset = if asked.shift_jis { Charset::ShiftJis } else { Charset::Utf8 };
    for sheet in &all {
        writer.sheet(sheet, charset, &|_| ())?;
    }
    hidden.name(folder)?;
    Ok(omop)
}
