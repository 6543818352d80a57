//! All findings as CSV, row by row: nothing of them is kept in memory.

use std::io::{self, Write};

use musubi_model::csv::{BOM, row};
use musubi_model::finding::Finding;

use crate::report::Named;

/// The columns.
const COLUMNS: [&str; 16] = [
    "文書番号",
    "パスの形",
    "BLAKE3",
    "書式",
    "作成システム",
    "単位",
    "重大度",
    "規則",
    "内容",
    "直し方",
    "レコード",
    "項目",
    "開始バイト",
    "バイト数",
    "検出",
    "期待",
];

/// Writes findings.
pub(crate) struct Table<W: Write>(W);

impl<W: Write> Table<W> {
    /// Begins the table.
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(BOM.as_bytes())?;
        out.write_all(row(&COLUMNS).as_bytes())?;
        Ok(Self(out))
    }

    pub(crate) fn finding(
        &mut self,
        named: Option<&Named>,
        place: &str,
        unit: Option<u64>,
        f: &Finding,
    ) -> io::Result<()> {
        let range = f.position.range;
        let cells = [
            named.map(|n| n.number.to_string()).unwrap_or_default(),
            place.to_owned(),
            named.map(|n| n.hash.to_string()).unwrap_or_default(),
            named.and_then(|n| n.kind).map(|k| k.as_str().to_owned()).unwrap_or_default(),
            named.and_then(|n| n.vendor.clone()).unwrap_or_default(),
            unit.map(|u| u.to_string()).unwrap_or_default(),
            f.rule.severity.ja().to_owned(),
            f.rule.id.to_owned(),
            f.rule.ja.to_owned(),
            f.rule.mend_ja.to_owned(),
            f.position.record.clone(),
            f.position.field.clone(),
            range.map(|r| r.start.to_string()).unwrap_or_default(),
            range.map(|r| r.len.to_string()).unwrap_or_default(),
            f.found.clone(),
            f.expected.clone(),
        ];
        self.0.write_all(row(&cells).as_bytes())
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}
